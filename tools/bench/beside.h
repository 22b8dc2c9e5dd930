/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs have in common that look at the monitor beside others: at blind
 * TLBs, at writers of the address space, at reclaim.
 *
 * Each is told by the kernel's command line what to do, as in
 *
 *   bench=TLB,seed=1,honest=1
 *
 * and prints lines as main.c does.
 */
#ifndef _BESIDE_H
#define _BESIDE_H

#include <stdint.h>
#include <sys/types.h>

#define KIB		(1UL << 10)
#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define MSEC		1000000ULL
#define SEC		1000000000ULL

/* A number that the command line may give, and its default. */
struct beside_option {
	const char *name;
	long value;
};

/*
 * Read options, a list that ends with a NULL, from the first word of the command line
 * that begins with @key. Words that are no option of @list are refused, but for the
 * first and for "seed". Returns 0 or -1, with a message printed.
 */
int beside_options(const char *key, struct beside_option *list);
long beside_option(const struct beside_option *list, const char *name);

void __attribute__((noreturn, format(printf, 1, 2))) beside_fail(const char *fmt, ...);

uint64_t beside_now(void);
void beside_sleep_until(uint64_t ns);
/* Nanoseconds that a thread has run, which are its instructions where time is counted. */
uint64_t beside_cpu_time(long pid);
/* A number of kdamonds/N/cost. */
uint64_t beside_cost(int kdamond, const char *key);
void beside_pin(pid_t pid, int cpu);
void beside_write(const char *path, const char *text);

/* Stage one kdamond, with these attributes, on all of a process. */
void beside_stage(pid_t pid, long sample_us, long aggr_us, long min, long max);

/* The result was printed: end the guest. */
void __attribute__((noreturn)) beside_end(int status);

#endif	/* _BESIDE_H */
