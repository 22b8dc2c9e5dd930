/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that uses a part of its memory, for tests whose clock counts
 * instructions: what it does in a ms is the same in each run.
 */
#ifndef _DAMON_PROGRAM_H
#define _DAMON_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DAMON_MIB	(1UL << 20)

/**
 * struct damon_program - a program
 * @sz:		bytes of its memory, all of which it has written once
 * @hot:	bytes at its beginning that it goes on to read
 * @period_ms:	how often; zero: never
 * @scattered:	not all of it each time, but 1/16, at random
 * @memory:	where it is
 * @pid:	of the process
 */
struct damon_program {
	size_t sz;
	size_t hot;
	int period_ms;
	bool scattered;
	char *memory;
	pid_t pid;
};

/*
 * Start it, with small pages on the first node, and wait until it has written its
 * memory. Returns 0 or a negative errno.
 */
int damon_program_start(struct damon_program *p);
void damon_program_end(struct damon_program *p);

/* Faults that it has had since then: each brought a page back. */
long damon_program_faults(struct damon_program *p);

/* Is the clock one that counts instructions? */
bool damon_clock_counts(void);

/* The number behind the word @key in a file, or -1. */
long damon_number_of(const char *path, const char *key);

/* CPU time of a thread until now in ns. */
unsigned long long damon_cpu_time(long tid);

#endif	/* _DAMON_PROGRAM_H */
