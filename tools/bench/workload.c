// SPDX-License-Identifier: GPL-2.0
/* The tests, a row each, and the child that touches memory as a row says. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define FAULT_AROUND	"/sys/kernel/debug/fault_around_bytes"

#define HUGE_GIB \
	.mapping = MAP_GIB_PAGES, .size = 5 * TIB, .any = true, .run_ms = 3000, \
	.settle_ms = 500
#define HUGE_2MIB \
	.mapping = MAP_2MIB_PAGES, .size = 5 * TIB, .any = true, .run_ms = 3000, \
	.settle_ms = 500
/* A page still is touched in every sampling interval; 1 ms takes four times as long. */
#define SPARSE(bytes) \
	.mapping = MAP_SPARSE, .size = (bytes), .aggr_us = 100000, .run_ms = 4000, \
	.settle_ms = 300, .period_us = 4000
#define DENSE(bytes) \
	.mapping = MAP_DENSE, .size = (bytes), .aggr_us = 100000, .run_ms = 4000, \
	.settle_ms = 300
#define SPOTS(number, bytes) \
	.draw = truth_scattered, .nr_hot = (number), .hot_size = (bytes)

static const struct workload workloads[] = {
	{ "T1", HUGE_GIB, SPOTS(1, 10 * GIB) },
	{ "T2", HUGE_GIB, SPOTS(1, 10 * GIB), .min_regions = 100 },
	{ "T3", HUGE_GIB, SPOTS(1, 10 * GIB), .min_regions = 500 },
	{ "T4", HUGE_2MIB, SPOTS(1, 10 * GIB) },
	/* Once, by three tenths of 5 TiB. */
	{ "T5", .mapping = MAP_GIB_PAGES, .size = 5 * TIB, .any = true,
	  .run_ms = 4000, .settle_ms = 500, .draw = truth_moving,
	  .hot_size = 10 * GIB, .phase_ms = 2000 },
	/* A fifth of 3 % in each of the milliseconds of a sampling interval. */
	{ "T6", .mapping = MAP_SHARED_PAGES, .size = 100 * GIB, .run_ms = 3000,
	  .settle_ms = 1000, SPOTS(1, 10 * GIB), .permille = 6, .any = true },
	{ "T7a", SPARSE(TIB), SPOTS(16, 64 * MIB) },
	{ "T7b", SPARSE(TIB), SPOTS(1, GIB) },
	{ "T7c", SPARSE(5 * TIB), SPOTS(10, 128 * MIB) },
	{ "T8a", SPARSE(64 * GIB), SPOTS(16, 16 * MIB) },
	{ "T8b", SPARSE(64 * GIB), SPOTS(1, 64 * MIB) },
	{ "T9a", DENSE(512 * MIB), .draw = truth_moving, .hot_size = 64 * MIB,
	  .phase_ms = 1000 },
	{ "T9b", DENSE(512 * MIB), SPOTS(16, 4 * MIB) },
	{ "T9c", DENSE(512 * MIB), SPOTS(1, 2 * MIB) },
	{ "T10", DENSE(512 * MIB), SPOTS(16, 4 * MIB), .snapshot = true,
	  .min_regions = 1000, .max_regions = 2000 },
	/* Sizes that a survey does not like, and its worst case. */
	{ "T1r", HUGE_GIB, .draw = truth_all_sizes, .nr_hot = 16 },
	{ "T4r", HUGE_2MIB, .draw = truth_all_sizes, .nr_hot = 16 },
	{ "T7r", SPARSE(TIB), .draw = truth_all_sizes, .nr_hot = 16 },
	{ "T1w", HUGE_GIB, .draw = truth_every_gib },
	{ "T4w", HUGE_2MIB, .draw = truth_every_gib },
	{ "T7w", SPARSE(TIB), .draw = truth_every_gib },
	/* The same hot bytes in more and more space. */
	{ "S1", SPARSE(GIB), SPOTS(4, 64 * MIB) },
	{ "S64", SPARSE(64 * GIB), SPOTS(4, 64 * MIB) },
	{ "S5T", SPARSE(5 * TIB), SPOTS(4, 64 * MIB) },
};

bool workload_find(const char *name, struct workload *w)
{
	unsigned int i;

	for (i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
		if (strcmp(workloads[i].name, name))
			continue;
		*w = workloads[i];
		w->period_us = w->period_us ?: 1000;
		w->sample_us = w->sample_us ?: 5000;
		w->aggr_us = w->aggr_us ?: 200000;
		w->min_regions = w->min_regions ?: 10;
		w->max_regions = w->max_regions ?: 1000;
		return true;
	}
	return false;
}

unsigned long workload_leaf(const struct workload *w)
{
	switch (w->mapping) {
	case MAP_GIB_PAGES:
		return GIB;
	case MAP_2MIB_PAGES:
		return 2 * MIB;
	default:
		return 4 * KIB;
	}
}

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	_exit(1);
}

/* Address space for the arena, at a multiple of GIB that depends on nothing else. */
static char *reserve(unsigned long size)
{
	char *space, *arena;

	space = mmap(NULL, size + GIB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		fail("bench: no address space");
	arena = (char *)(((unsigned long)space + GIB - 1) & ~(GIB - 1));
	if (arena > space)
		munmap(space, arena - space);
	if (arena < space + GIB)
		munmap(arena + size, space + GIB - arena);
	if (madvise(arena, size, MADV_NOHUGEPAGE))
		fail("bench: MADV_NOHUGEPAGE");
	return arena;
}

/* The same file again and again, all over the arena. */
static void map_file(char *arena, unsigned long size, unsigned long file_size,
		     unsigned int flags)
{
	int fd = memfd_create("bench", flags);
	unsigned long at;

	if (fd < 0 || ftruncate(fd, file_size))
		fail("bench: memfd");
	for (at = 0; at < size; at += file_size)
		if (mmap(arena + at, file_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			fail("bench: mapping the file; does the guest have the huge pages?");
	close(fd);
}

/* One read a leaf: what the processor notes is all that matters. */
static void touch(const char *arena, struct range r, unsigned long leaf)
{
	const volatile char *at = arena + r.start, *end = arena + r.end;

	for (; end - at >= (long)(16 * leaf); at += 16 * leaf) {
#pragma GCC unroll 16
		for (unsigned int i = 0; i < 16; i++)
			(void)at[i * leaf];
	}
	for (; at < end; at += leaf)
		(void)*at;
}

/* By one call: a fault a page would cost minutes on the wall. */
static void populate(char *arena, struct range r)
{
	if (madvise(arena + r.start, r.end - r.start, MADV_POPULATE_WRITE))
		fail("bench: MADV_POPULATE_WRITE");
}

/* A fault that maps a whole table is what makes 25 million pages bearable. */
static void fault_around(void)
{
	int fd = open(FAULT_AROUND, O_WRONLY);

	if (fd < 0 || write(fd, "2097152", 7) != 7)
		fail("bench: " FAULT_AROUND);
	close(fd);
}

static char *map_arena(const struct workload *w, const struct truth *truth)
{
	struct range all = { 0, w->size };
	char *arena = reserve(w->size);
	unsigned int p, i;

	switch (w->mapping) {
	case MAP_GIB_PAGES:
		map_file(arena, w->size, GIB, MFD_HUGETLB | MFD_HUGE_1GB);
		populate(arena, all);
		break;
	case MAP_2MIB_PAGES:
		map_file(arena, w->size, 512 * MIB, MFD_HUGETLB | MFD_HUGE_2MB);
		populate(arena, all);
		break;
	case MAP_SHARED_PAGES:
		map_file(arena, w->size, 64 * MIB, 0);
		populate(arena, (struct range){ 0, 64 * MIB });
		fault_around();
		touch(arena, all, 64 * KIB);
		break;
	case MAP_SPARSE:
		for (p = 0; p < truth->nr_phases; p++)
			for (i = 0; i < truth->phase[p].nr; i++)
				populate(arena, truth->phase[p].hot[i]);
		break;
	case MAP_DENSE:
		populate(arena, all);
		break;
	}
	return arena;
}

/* Some pages of the phase's first range. */
static void touch_random(const char *arena, struct range r, unsigned int permille)
{
	static uint64_t x = 0x2545f4914f6cdd1dULL;
	unsigned int pages = (r.end - r.start) / (4 * KIB), n;

	for (n = (unsigned long)pages * permille / 1000; n; n--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		(void)*(const volatile char *)(arena + r.start +
			((x >> 32) * pages >> 32) * 4 * KIB);
	}
}

static void pass(const struct workload *w, const struct phase *phase,
		 const char *arena)
{
	unsigned long leaf = workload_leaf(w);
	unsigned int i;

	for (i = 0; i < phase->nr; i++) {
		if (w->permille)
			touch_random(arena, phase->hot[i], w->permille);
		else
			touch(arena, phase->hot[i], leaf);
	}
}

/*
 * Pass after pass, each beginning a period after the one before or, if that took
 * longer, at once. Sleeping enters the kernel even when it is already late: only that
 * makes the emulated processor forget which accessed bits it has set.
 */
static void work(const struct workload *w, struct truth *truth, const char *arena)
{
	uint64_t next = now_ns();
	unsigned int p = 0;

	truth->since[0] = next;
	truth->begun = 1;
	for (;; sleep_until(next)) {
		uint64_t now = now_ns();

		if (truth->go && truth->phase_ns && p + 1 < truth->nr_phases &&
		    now - truth->go >= (p + 1) * truth->phase_ns) {
			truth->since[++p] = now;
			truth->begun = p + 1;
		}
		pass(w, &truth->phase[p], arena);
		next += w->period_us * 1000ULL;
		if (truth->go)
			truth->passes++;
		now = now_ns();
		if (next < now) {
			next = now;
			if (truth->go)
				truth->late++;
		}
		truth->ready = true;
	}
}

pid_t workload_start(const struct workload *w, struct truth *truth)
{
	pid_t child = fork();
	char *arena;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	arena = map_arena(w, truth);
	truth->arena = (unsigned long)arena;
	work(w, truth, arena);
	_exit(0);
}
