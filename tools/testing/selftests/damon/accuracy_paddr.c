// SPDX-License-Identifier: GPL-2.0
/*
 * Does the monitor of physical memory see what a program really does? A child uses
 * one half of its memory all the time and leaves the other half alone. Where its
 * pages lie its page table tells; what the tracepoint reports about these frames is
 * held against that: precision, recall and F1 in pages, of "a page is called hot when
 * the count of its region is at least a quarter of the samples of a window".
 *
 * For guests whose clock counts instructions (kernel argument "icount"), where the
 * figures repeat exactly. Environment: DAMON_TEST_MIB, of the child (256).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define PAGE		DAMON_SYSFS_PAGE
#define SAMPLE_US	100000
#define AGGR_US		2000000
#define NR_SAMPLES	(AGGR_US / SAMPLE_US)
#define SEC		1000000000ULL
#define DEADLINE_NS	(5 * SEC)
#define RUN_NS		(11 * SEC)
#define BOUND		0.9
/* Frames of 16 GiB, more than any guest has. */
#define MAX_FRAMES	(4UL << 20)

enum use { OTHERS, HOT, COLD };

/* What each frame is used for. */
static unsigned char use[MAX_FRAMES];

struct run {
	uint64_t on;		/* when the monitoring began */
	uint64_t window;	/* time stamp of the window being read */
	unsigned int regions;
	unsigned long hit, wrong, missed;
	uint64_t first_good;	/* ns from on to the first F1 >= BOUND */
	double last;		/* F1 of the last window */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static double ratio(double part, double rest)
{
	return part + rest ? part / (part + rest) : 0;
}

static void work(char *memory, size_t sz, volatile bool *ready)
{
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < sz; i += PAGE)
		memory[i] = 1;
	for (*ready = true;; damon_sysfs_sleep_ms(20))
		for (i = 0; i < sz / 2; i += PAGE)
			((volatile char *)memory)[i]++;
}

/* Returns how many frames of the child have another use than before. */
static unsigned long find_frames(pid_t child, char *memory, size_t sz)
{
	unsigned long moved = 0;
	size_t i;

	for (i = 0; i < sz; i += PAGE) {
		uint64_t entry = damon_pagemap(child, memory + i);
		uint64_t pfn = entry & ((1ULL << 55) - 1);
		enum use is = i < sz / 2 ? HOT : COLD;

		if (!(entry & DAMON_PAGE_PRESENT) || pfn >= MAX_FRAMES)
			ksft_exit_fail_msg("page %zu is in no frame\n", i / PAGE);
		moved += use[pfn] != is;
		use[pfn] = is;
	}
	return moved;
}

static void end_window(struct run *run)
{
	unsigned long long ms = (run->window - run->on) / 1000000;

	run->last = ratio(2.0 * run->hit, run->wrong + run->missed);
	if (run->last >= BOUND && !run->first_good)
		run->first_good = run->window - run->on;
	printf("# after %llu ms: precision %.3f, recall %.3f, F1 %.3f, %u regions\n",
	       ms, ratio(run->hit, run->wrong), ratio(run->hit, run->missed),
	       run->last, run->regions);
	run->hit = 0;
	run->wrong = 0;
	run->missed = 0;
}

static void judge_region(const struct damon_event *e, void *data)
{
	unsigned long pfn, end = e->end / PAGE;
	bool hot = e->nr_accesses * 4 >= NR_SAMPLES;
	struct run *run = data;

	/* All events of a window come within a sampling interval. */
	if (e->ns - run->window > SAMPLE_US * 1000ULL) {
		if (run->window)
			end_window(run);
		run->window = e->ns;
	}
	run->regions = e->nr_regions;
	for (pfn = e->start / PAGE; pfn < end && pfn < MAX_FRAMES; pfn++) {
		run->hit += hot && use[pfn] == HOT;
		run->wrong += hot && use[pfn] == COLD;
		run->missed += !hot && use[pfn] == HOT;
	}
}

static unsigned long long cpu_ns(int pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

/* Returns the kdamond's run time, or 0 on failure. */
static unsigned long long monitor(struct run *run)
{
	static struct damon_trace trace;
	unsigned long long ns = 0;
	int kdamond;

	if (damon_trace_open(&trace))
		return 0;
	if (damon_sysfs_stage_ram() ||
	    damon_sysfs_write_long("0/contexts/0/monitoring_attrs/intervals/sample_us",
				   SAMPLE_US) ||
	    damon_sysfs_write_long("0/contexts/0/monitoring_attrs/intervals/aggr_us",
				   AGGR_US) ||
	    damon_sysfs_write("0/state", "on"))
		goto close;
	run->on = now();
	kdamond = damon_sysfs_read_long("0/pid");
	if (damon_trace_filter(&trace, kdamond))
		goto close;
	while (now() - run->on < RUN_NS) {
		damon_sysfs_sleep_ms(500);
		if (damon_trace_read(&trace, judge_region, run) < 0)
			goto close;
	}
	if (run->window)
		end_window(run);
	ns = cpu_ns(kdamond);
close:
	damon_sysfs_reset();
	damon_trace_close(&trace);
	return ns;
}

int main(void)
{
	size_t sz = damon_sysfs_option("DAMON_TEST_MIB", 256) << 20;
	struct run run = {};
	unsigned long long ns;
	volatile bool *ready;
	char *memory;
	pid_t child;

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(2);
	ready = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, sz, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ready == MAP_FAILED || memory == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	madvise(memory, sz, MADV_NOHUGEPAGE);
	damon_write_file("/proc/sys/kernel/numa_balancing", "0");
	child = fork();
	if (!child)
		work(memory, sz, ready);
	while (!*ready)
		damon_sysfs_sleep_ms(20);
	find_frames(child, memory, sz);
	ns = monitor(&run);
	ksft_test_result(!find_frames(child, memory, sz),
			 "all pages stayed in their frames\n");
	damon_sysfs_kill(child);
	printf("# F1 >= %.1f after %llu ms; kdamond %.2f M instructions/s\n",
	       BOUND, (unsigned long long)run.first_good / 1000000,
	       ns / 1e6 / (RUN_NS / SEC));
	ksft_test_result(ns && run.first_good && run.first_good <= DEADLINE_NS &&
			 run.last >= BOUND,
			 "F1 of the hot pages is %.1f within 5 s, and stays\n",
			 BOUND);
	ksft_finished();
}
