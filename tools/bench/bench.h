/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The benchmark's guest program. main.c runs one test, workload.c holds the rows of
 * the tests and the child that is monitored, truth.c knows what was touched when,
 * meter.c holds the monitor's results against that.
 *
 * Addresses are offsets in the arena, the part of the child's memory that counts.
 */
#ifndef _BENCH_H
#define _BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define KIB		(1UL << 10)
#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define TIB		(1UL << 40)
#define MSEC		1000000ULL
#define SEC		1000000000ULL

#define MAX_PHASES	32
#define MAX_RANGES	5120
#define NEVER		(~0ULL)

struct range {
	unsigned long start;
	unsigned long end;
};

/* Hot ranges that follow one another in time, each sorted by address. */
struct phase {
	unsigned int nr;
	struct range hot[MAX_RANGES];
	unsigned long before[MAX_RANGES];	/* hot bytes before each of them */
};

/* Shared by the child that touches and the parent that judges. */
struct truth {
	volatile bool ready;		/* the arena is mapped and populated */
	volatile uint64_t go;		/* phases begin to follow one another */
	uint64_t phase_ns;
	unsigned long arena;
	unsigned int nr_phases;
	volatile unsigned int begun;	/* phases that have begun */
	uint64_t since[MAX_PHASES];	/* CLOCK_MONOTONIC of the first touch */
	uint64_t passes;		/* over the hot ranges, after go */
	uint64_t late;			/* those that took longer than a period */
	struct phase phase[MAX_PHASES];
};

/* How the arena is mapped. */
enum mapping {
	MAP_GIB_PAGES,		/* one 1 GiB hugetlb page again and again */
	MAP_2MIB_PAGES,		/* 512 MiB of 2 MiB hugetlb pages again and again */
	MAP_SHARED_PAGES,	/* 64 MiB of 4 KiB pages again and again */
	MAP_SPARSE,		/* 4 KiB pages, only hot ranges are populated */
	MAP_DENSE,		/* 4 KiB pages, all of them populated */
};

/* One row a test. Zero stands for the defaults of workload_find(). */
struct workload {
	const char *name;
	enum mapping mapping;
	unsigned long size;
	void (*draw)(const struct workload *w, struct truth *truth);
	unsigned int nr_hot;
	unsigned long hot_size;
	unsigned int phase_ms;		/* 0: nothing ever changes */
	unsigned int permille;		/* of the hot pages a period, at random; 0: all */
	unsigned int period_us;		/* from pass to pass over the hot ranges */
	unsigned int run_ms;
	unsigned int settle_ms;		/* from here on the worst F1 counts */
	unsigned int sample_us;
	unsigned int aggr_us;
	unsigned int min_regions;
	unsigned int max_regions;
	bool any;			/* one sample is enough to be called accessed */
	bool snapshot;			/* the reader's cost is measured, not the monitor's */
};

/* workload.c */
bool workload_find(const char *name, struct workload *w);
unsigned long workload_leaf(const struct workload *w);
pid_t workload_start(const struct workload *w, struct truth *truth);

/* truth.c */
void truth_seed(unsigned long seed);
uint64_t truth_random(uint64_t below);
struct truth *truth_new(const struct workload *w);
/* Bytes of a phase's hot ranges below an address. */
unsigned long truth_below(const struct phase *phase, unsigned long addr);
void truth_scattered(const struct workload *w, struct truth *truth);
void truth_moving(const struct workload *w, struct truth *truth);
void truth_all_sizes(const struct workload *w, struct truth *truth);
void truth_every_gib(const struct workload *w, struct truth *truth);

/* meter.c */
uint64_t now_ns(void);
void sleep_until(uint64_t ns);
int meter_stage(const struct workload *w, pid_t child);
int meter_run(const struct workload *w, struct truth *truth, pid_t child);

/* snapshot.c, a program of its own: changes there leave the other results valid */
int __attribute__((weak)) snapshot_run(const struct workload *w, pid_t child);

#endif	/* _BENCH_H */
