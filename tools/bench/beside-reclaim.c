// SPDX-License-Identifier: GPL-2.0
/*
 * Does reclaim still tell hot pages from cold ones, when the monitor takes accessed bits
 * before it can see them?
 *
 * A child has memory in 4 KiB pages of which every eighth 2 MiB are touched all the time.
 * A new generation of pages is begun every second. The generations' sizes are compared
 * at the end, as seen without and with the monitor (monitor=0 and 1) by one run each:
 * what is the share of the pages that are in another generation?
 *
 * Result: pages of each generation, the youngest first (g0 to g3), as the guest's child
 * alone is responsible for most of them; run time of the agings.
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

#define LRU_GEN_ENABLED	"/sys/kernel/mm/lru_gen/enabled"
#define LRU_GEN		"/sys/kernel/debug/lru_gen"
#define NR_GENS		4
#define SPOT		(2 * MIB)
#define TOUCH_NS	(4 * MSEC)
#define MAX_ROUNDS	16

static struct beside_option options[] = {
	{ "monitor", 1 },
	{ "lru_gen", 7 },
	{ "mib", 256 },
	{ "rounds", 5 },
	{ "min", 10 },
	{ "max", 1000 },
	{ "sample_us", 5000 },
	{ "aggr_us", 100000 },
	{ NULL, 0 },
};

/* The generations of the root group, which is that of all of the guest's processes. */
struct gens {
	unsigned int nr;
	unsigned long seq[NR_GENS];
	unsigned long pages[NR_GENS];
};

static void read_gens(struct gens *g)
{
	unsigned long seq, ms, anon, file;
	FILE *f = fopen(LRU_GEN, "r");
	char line[256];

	memset(g, 0, sizeof(*g));
	if (!f)
		beside_fail(LRU_GEN);
	while (fgets(line, sizeof(line), f) && g->nr < NR_GENS) {
		if (sscanf(line, " %lu %lu %lu %lu", &seq, &ms, &anon, &file) == 4) {
			g->seq[g->nr] = seq;
			g->pages[g->nr++] = anon;
		}
	}
	fclose(f);
	if (!g->nr)
		beside_fail("no generations");
}

static pid_t start_child(unsigned long size, volatile bool *ready)
{
	pid_t child = fork();
	unsigned long at;
	uint64_t next;
	char *memory;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, size + SPOT, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	memory = (char *)(((unsigned long)memory + SPOT - 1) & ~(SPOT - 1));
	if (madvise(memory, size, MADV_NOHUGEPAGE) || madvise(memory, size, MADV_POPULATE_WRITE))
		_exit(1);
	for (next = beside_now();; beside_sleep_until(next)) {
		for (at = 0; at < size; at += 4 * KIB)
			if (!(at & (7 * SPOT)))
				(void)*(volatile char *)(memory + at);
		next += TOUCH_NS;
		*ready = true;
	}
}

static uint64_t age(void)
{
	uint64_t before = beside_cpu_time(getpid());
	struct gens g;
	char order[64];

	read_gens(&g);
	/* The root group has the number 0 where groups are off, else 1. */
	for (int memcg = 0; memcg < 2; memcg++) {
		FILE *f = fopen(LRU_GEN, "w");

		snprintf(order, sizeof(order), "+ %d 0 %lu 1 1", memcg, g.seq[g.nr - 1]);
		if (f && fputs(order, f) >= 0 && !fclose(f))
			return beside_cpu_time(getpid()) - before;
	}
	beside_fail("aging");
}

static void run(void)
{
	volatile bool *ready = mmap(NULL, 4 * KIB, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long size = beside_option(options, "mib") * MIB, all = 0;
	bool monitor = beside_option(options, "monitor");
	long round, kdamond = 0;
	uint64_t aging = 0, on;
	struct gens g;
	unsigned int i;
	char text[32];
	pid_t child;

	if (ready == MAP_FAILED)
		beside_fail("mmap");
	snprintf(text, sizeof(text), "%ld", beside_option(options, "lru_gen"));
	beside_write(LRU_GEN_ENABLED, text);
	child = start_child(size, ready);
	while (!*ready)
		beside_sleep_until(beside_now() + 10 * MSEC);
	if (monitor) {
		beside_stage(child, beside_option(options, "sample_us"),
			     beside_option(options, "aggr_us"), beside_option(options, "min"),
			     beside_option(options, "max"));
		if (damon_sysfs_write("0/state", "on"))
			beside_fail("starting the monitor");
		kdamond = damon_sysfs_read_long("0/pid");
	}
	on = beside_now();
	for (round = 1; round <= beside_option(options, "rounds"); round++) {
		beside_sleep_until(on + round * SEC);
		aging += age();
		read_gens(&g);
		printf("bench: window %ld", round);
		for (i = g.nr; i--;)
			printf(" %lu", g.pages[i]);
		printf("\n");
	}
	printf("bench: result");
	for (i = 0; i < g.nr; i++) {
		printf(" g%u=%lu", i, g.pages[g.nr - 1 - i]);
		all += g.pages[i];
	}
	printf(" pages=%lu aging_minstr=%.4f minstr_s=%.4f\n", all,
	       aging / 1e6 / beside_option(options, "rounds"),
	       kdamond ? beside_cpu_time(kdamond) * 1e3 / (beside_now() - on) : 0.0);
	damon_sysfs_kill(child);
}

int main(void)
{
	if (beside_options(" bench=", options))
		beside_end(-1);
	run();
	beside_end(0);
}
