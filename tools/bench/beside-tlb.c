// SPDX-License-Identifier: GPL-2.0
/*
 * Does the monitor see what never leaves the TLB?
 *
 * A child touches some huge pages in a loop without system calls, on a processor of its
 * own, so that nothing but the monitor makes that forget its translations. With page
 * table isolation off, interrupts do not either. Pages that are touched all the time
 * lie between others that are not.
 *
 * Result: the share of the windows times touched pages in which the monitor calls a
 * page idle, after the first 300 ms (false_cold: no access found; false_cold_quarter:
 * in fewer than a quarter of the samples) and in all (false_cold_all); of those that
 * are not touched the share that it calls accessed (false_hot); flushes a second; run
 * time of the kdamond.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "beside.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define HUGE_SZ		(2 * MIB)
#define MAX_PAGES	128
#define SETTLE_NS	(300 * MSEC)
#define HOT_CPU		1
/*
 * The emulated TLB has a place for each 4 KiB page that depends on its address: the
 * same part of each huge page would drive that of the others out.
 */
#define TOUCH_STEP	(20 * KIB)

static struct beside_option options[] = {
	{ "honest", 1 },
	{ "thp", 0 },
	{ "pages", 16 },
	{ "gap", 3 },		/* huge pages between two that are touched */
	{ "small_mib", 64 },	/* of 4 KiB pages that are not touched */
	{ "sample_us", 5000 },
	{ "aggr_us", 100000 },
	{ "min", 10 },
	{ "max", 1000 },
	{ "run_ms", 5000 },
	{ "verbose", 0 },	/* 1: say where touched pages are called idle */
	{ NULL, 0 },
};

/* Bytes of one kind of page, and those of them that are called this or that. */
struct tally {
	double all, idle, weak;
};

struct judge {
	unsigned long arena;
	unsigned int pages, step, quarter;
	uint64_t on;
	unsigned int nr, windows, blind_windows;
	struct tally window, hot, all, cold;
};

static char *arena_map(unsigned long size, bool thp)
{
	unsigned int flags = MAP_PRIVATE | MAP_ANONYMOUS | (thp ? MAP_NORESERVE : MAP_HUGETLB);
	unsigned long at;
	char *space;

	space = mmap(NULL, size + HUGE_SZ, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (space == MAP_FAILED)
		beside_fail("mapping %lu bytes", size);
	space = (char *)(((unsigned long)space + HUGE_SZ - 1) & ~(HUGE_SZ - 1));
	if (thp && madvise(space, size, MADV_HUGEPAGE))
		beside_fail("MADV_HUGEPAGE");
	for (at = 0; at < size; at += HUGE_SZ)
		space[at] = 1;
	return space;
}

static pid_t start_child(const char *arena, unsigned int pages, unsigned int step,
			 unsigned long small)
{
	pid_t child = fork();
	unsigned int i;
	char *rest;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rest = mmap(NULL, small + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rest == MAP_FAILED || madvise(rest, small, MADV_NOHUGEPAGE) ||
	    madvise(rest, small, MADV_POPULATE_WRITE))
		_exit(1);
	beside_pin(0, HOT_CPU);
	for (;;)
		for (i = 0; i < pages; i++)
			(void)*(const volatile char *)(arena + i * step * HUGE_SZ +
						       i * TOUCH_STEP);
}

static void add(struct tally *to, const struct tally *more)
{
	to->all += more->all;
	to->idle += more->idle;
	to->weak += more->weak;
}

static void see(const struct damon_event *e, void *data)
{
	struct judge *j = data;
	unsigned int i, end = j->pages * j->step;

	for (i = 0; i < end; i++) {
		unsigned long a = j->arena + i * HUGE_SZ, b = a + HUGE_SZ;
		struct tally t = { 0 };

		a = a > e->start ? a : e->start;
		b = b < e->end ? b : e->end;
		if (a >= b)
			continue;
		t.all = b - a;
		t.idle = e->nr_accesses ? 0 : t.all;
		t.weak = e->nr_accesses < j->quarter ? t.all : 0;
		if (!(i % j->step) && t.idle && beside_option(options, "verbose"))
			printf("# %.0f ms: page %u, KiB %lu + %lu, region of %lu, age %u\n",
			       (e->ns - j->on) / 1e6, i / j->step,
			       (a - j->arena) / KIB % 2048, (b - a) / KIB,
			       (e->end - e->start) / KIB, e->age);
		if (!(i % j->step))
			add(&j->window, &t);
		else if (e->ns > j->on + SETTLE_NS)
			add(&j->cold, &t);
	}
	if (++j->nr < e->nr_regions)
		return;
	j->nr = 0;
	/* What no region covers is not seen either. */
	j->window.idle += j->pages * (double)HUGE_SZ - j->window.all;
	j->window.weak += j->pages * (double)HUGE_SZ - j->window.all;
	j->window.all = j->pages * (double)HUGE_SZ;
	printf("bench: window %.1f %.4f 0 %.4f %u\n", (e->ns - j->on) / 1e6,
	       1 - j->window.weak / j->window.all, 1 - j->window.idle / j->window.all,
	       e->nr_regions);
	add(&j->all, &j->window);
	if (e->ns > j->on + SETTLE_NS) {
		add(&j->hot, &j->window);
		j->windows++;
		j->blind_windows += j->window.idle * 2 > j->window.all;
	}
	memset(&j->window, 0, sizeof(j->window));
}

static void run(void)
{
	long sample_us = beside_option(options, "sample_us");
	long aggr_us = beside_option(options, "aggr_us");
	struct damon_trace *trace = calloc(1, sizeof(*trace));
	struct judge j = {
		.pages = beside_option(options, "pages"),
		.step = beside_option(options, "gap") + 1,
	};
	uint64_t ran, elapsed, flushes, flush_ns;
	long kdamond;
	pid_t child;
	char *arena;

	if (!trace || !j.pages || j.pages * j.step > MAX_PAGES)
		beside_fail("pages: at most %u", MAX_PAGES);
	j.quarter = (aggr_us / sample_us + 3) / 4;
	arena = arena_map(j.pages * j.step * HUGE_SZ, beside_option(options, "thp"));
	/* The child gets them by fork; nobody writes to them any more. */
	j.arena = (unsigned long)arena;
	child = start_child(arena, j.pages, j.step, beside_option(options, "small_mib") * MIB);
	beside_pin(0, !HOT_CPU);
	beside_sleep_until(beside_now() + 200 * MSEC);
	beside_stage(child, sample_us, aggr_us, beside_option(options, "min"),
		     beside_option(options, "max"));
	if (damon_sysfs_write("0/contexts/0/monitoring_attrs/tlb_honesty",
			      beside_option(options, "honest") ? "Y" : "N"))
		beside_fail("tlb_honesty");
	if (damon_trace_open(trace))
		beside_fail("tracing");
	j.on = beside_now();
	if (damon_sysfs_write("0/state", "on"))
		beside_fail("starting the monitor");
	kdamond = damon_sysfs_read_long("0/pid");
	beside_pin(kdamond, !HOT_CPU);
	beside_sleep_until(j.on + beside_option(options, "run_ms") * MSEC);
	ran = beside_cpu_time(kdamond);
	flushes = beside_cost(0, "tlb_flushes");
	flush_ns = beside_cost(0, "flush_ns");
	elapsed = beside_cost(0, "elapsed_ns");
	damon_sysfs_write("0/state", "off");
	if (damon_trace_read(trace, see, &j) < 0 || !j.windows)
		beside_fail("no windows");
	printf("bench: result false_cold=%.4f false_cold_quarter=%.4f false_cold_all=%.4f",
	       j.hot.idle / j.hot.all, j.hot.weak / j.hot.all, j.all.idle / j.all.all);
	printf(" false_hot=%.4f windows=%u blind_windows=%u flushes_s=%.2f flush_ns=%.0f",
	       j.cold.all ? 1 - j.cold.idle / j.cold.all : 0, j.windows, j.blind_windows,
	       flushes * 1e9 / elapsed, flushes ? (double)flush_ns / flushes : 0);
	printf(" minstr_s=%.4f\n", ran * 1e3 / elapsed);
	damon_sysfs_kill(child);
}

int main(void)
{
	if (beside_options(" bench=", options))
		beside_end(-1);
	run();
	beside_end(0);
}
