// SPDX-License-Identifier: GPL-2.0
/*
 * What does a program that changes its address space feel of the monitor?
 *
 * A child maps a page, writes to it and unmaps it again, in a loop, beside 512 MiB of
 * memory that the monitor watches in 1,000 regions. All of these take mmap_lock.
 *
 * Result: instructions of the child an operation with and without the monitor, in turn,
 * and how many times the latter are the former (ratio); the time that an operation
 * waits for mmap_lock, on the mean and at worst; how long the kdamond has held it at
 * most, and at most while somebody waited for it (traced in a phase of its own,
 * since writing events takes time). With one processor (smp=1) the run times are
 * exact; with two, the kdamond holds the lock while the child runs, and there is a
 * wait to be seen.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "damon_sysfs.h"

#define TRACE		"/sys/kernel/tracing/instances/writer"
#define MAX_NS		(100 * MSEC)
#define TOUCH_NS	(4 * MSEC)

static struct beside_option options[] = {
	{ "smp", 1 },
	{ "min", 1000 },
	{ "max", 2000 },
	{ "sample_us", 5000 },
	{ "aggr_us", 100000 },
	{ "mib", 512 },
	{ "run_ms", 2000 },
	{ "rounds", 2 },
	{ NULL, 0 },
};

/* Written by the child, read by the parent. */
struct shared {
	volatile bool ready;
	volatile uint64_t ops;
	volatile uint64_t worst;	/* time of the longest operation */
};

struct phase {
	uint64_t ops, ns;
};

/* One operation: map, fault, unmap. */
static void change(void)
{
	char *page = mmap(NULL, 4 * KIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED)
		_exit(1);
	*(volatile char *)page = 1;
	munmap(page, 4 * KIB);
}

/* Memory for the monitor: half of it is touched from time to time, by a child's child. */
static pid_t start_child(struct shared *shared, unsigned long size)
{
	pid_t child = fork();
	char *memory;
	uint64_t next;
	unsigned long at;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE) ||
	    madvise(memory, size, MADV_POPULATE_WRITE))
		_exit(1);
	shared->ready = true;
	for (next = beside_now();;) {
		uint64_t begin = beside_now(), took;

		/* Spots of 2 MiB, each 16 MiB: these regions are sampled all the time. */
		for (at = 0; begin >= next && at < size; at += 4 * KIB)
			if (!(at & (14 * MIB)))
				(void)*(volatile char *)(memory + at);
		while (begin >= next)
			next += TOUCH_NS;
		begin = beside_now();
		change();
		took = beside_now() - begin;
		shared->worst = took > shared->worst ? took : shared->worst;
		shared->ops++;
	}
}

static void run_phase(struct shared *shared, pid_t child, struct phase *phase)
{
	uint64_t ops = shared->ops, ns = beside_cpu_time(child);

	shared->worst = 0;
	beside_sleep_until(beside_now() + beside_option(options, "run_ms") * MSEC);
	phase->ns += beside_cpu_time(child) - ns;
	phase->ops += shared->ops - ops;
}

/* What traces of mmap_lock tell. */
struct holds {
	uint64_t waits, waited, worst_wait;
	uint64_t holds, held, worst, worst_contended;
	uint64_t kdamond_since, wait_since;
	bool contended;
};

static bool stamp(const char *line, const char *event, uint64_t *ns)
{
	unsigned long sec, usec;
	const char *at = strstr(line, event);

	if (!at)
		return false;
	for (at--; at > line && at[-1] != ' '; at--)
		;
	if (sscanf(at, "%lu.%lu", &sec, &usec) != 2)
		return false;
	*ns = sec * SEC + usec * 1000;
	return true;
}

/* A line begins with the name of the thread, a minus and its id. */
static long thread_of(const char *line)
{
	const char *end = strchr(line, '['), *at;

	for (at = end; at && at > line && at[-1] != '-'; at--)
		;
	return at ? atol(at) : 0;
}

static void read_line(const char *line, long kdamond, pid_t child, struct holds *h)
{
	long thread = thread_of(line);
	uint64_t ns, took;

	if (stamp(line, ": mmap_lock_start_locking:", &ns)) {
		if (thread == child) {
			h->wait_since = ns;
			h->contended |= h->kdamond_since;
		}
	} else if (stamp(line, ": mmap_lock_acquire_returned:", &ns)) {
		if (thread == kdamond) {
			h->kdamond_since = ns;
			h->contended = h->wait_since;
		} else if (thread == child && h->wait_since) {
			took = ns - h->wait_since;
			h->waits++;
			h->waited += took;
			h->worst_wait = took > h->worst_wait ? took : h->worst_wait;
			h->wait_since = 0;
		}
	} else if (stamp(line, ": mmap_lock_released:", &ns) && thread == kdamond &&
		   h->kdamond_since) {
		took = ns - h->kdamond_since;
		h->holds++;
		h->held += took;
		h->worst = took > h->worst ? took : h->worst;
		if (h->contended && took > h->worst_contended)
			h->worst_contended = took;
		h->kdamond_since = 0;
		h->contended = false;
	}
}

static void trace(long kdamond, pid_t child, struct holds *h)
{
	char filter[64], line[512];
	FILE *f;

	if (mkdir(TRACE, 0700))
		beside_fail(TRACE);
	snprintf(filter, sizeof(filter), "common_pid == %ld || common_pid == %d", kdamond, child);
	beside_write(TRACE "/buffer_size_kb", "16384");
	beside_write(TRACE "/trace_clock", "mono");
	beside_write(TRACE "/events/mmap_lock/filter", filter);
	beside_write(TRACE "/events/mmap_lock/enable", "1");
	beside_sleep_until(beside_now() + 400 * MSEC);
	beside_write(TRACE "/events/mmap_lock/enable", "0");
	f = fopen(TRACE "/trace", "r");
	if (!f)
		beside_fail(TRACE);
	while (fgets(line, sizeof(line), f))
		if (*line != '#')
			read_line(line, kdamond, child, h);
	fclose(f);
}

static void run(void)
{
	struct shared *shared = mmap(NULL, 4 * KIB, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool two = beside_option(options, "smp") == 2;
	struct phase without = { 0 }, with = { 0 };
	uint64_t worst = 0, worst_with = 0, samples;
	struct holds h = { 0 };
	double alone, beside;
	long kdamond, i;
	pid_t child;

	if (shared == MAP_FAILED)
		beside_fail("mmap");
	child = start_child(shared, beside_option(options, "mib") * MIB);
	if (two) {
		beside_pin(child, 1);
		beside_pin(0, 0);
	}
	while (!shared->ready)
		beside_sleep_until(beside_now() + 10 * MSEC);
	for (i = beside_option(options, "rounds"); ; i--) {
		run_phase(shared, child, &without);
		worst = shared->worst > worst ? shared->worst : worst;
		beside_stage(child, beside_option(options, "sample_us"),
			     beside_option(options, "aggr_us"), beside_option(options, "min"),
			     beside_option(options, "max"));
		if (damon_sysfs_write("0/state", "on"))
			beside_fail("starting the monitor");
		kdamond = damon_sysfs_read_long("0/pid");
		if (two)
			beside_pin(kdamond, 0);
		/* For the regions to be as many as asked for. */
		beside_sleep_until(beside_now() + 500 * MSEC);
		run_phase(shared, child, &with);
		worst_with = shared->worst > worst_with ? shared->worst : worst_with;
		if (i <= 1)
			break;
		damon_sysfs_reset();
	}
	trace(kdamond, child, &h);
	samples = beside_cost(0, "samples") / beside_cost(0, "ticks");
	alone = (double)without.ns / without.ops;
	beside = (double)with.ns / with.ops;
	printf("bench: result per_op=%.1f per_op_alone=%.1f ratio=%.4f op_max=%lu op_max_alone=%lu",
	       beside, alone, beside / alone, worst_with, worst);
	printf(" wait_per_op=%.1f wait_max=%lu waits=%lu",
	       h.waits ? (double)h.waited / h.waits : 0, h.worst_wait, h.waits);
	printf(" hold=%lu hold_contended=%lu hold_mean=%.0f", h.worst,
	       h.worst_contended, h.holds ? (double)h.held / h.holds : 0);
	printf(" holds=%lu samples=%lu\n", h.holds, samples);
	damon_sysfs_kill(child);
}

int main(void)
{
	if (beside_options(" bench=", options))
		beside_end(-1);
	run();
	beside_end(0);
}
