/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contexts without a kernel: the pure files of mm/damon around an address space
 * that is a function saying what is accessed when.
 */
#ifndef _DAMON_SIM_H
#define _DAMON_SIM_H

#include "../../../mm/damon/internal.h"

/* Is @addr accessed in tick @tick? */
typedef bool sim_pattern(void *data, u64 tick, unsigned long addr);

struct damon_ctx *sim_new_ctx(u64 seed);
/* One that is always there, for its random numbers. */
struct damon_ctx *sim_ctx(void);
struct damon_target *sim_new_target(struct damon_ctx *ctx,
				    const struct damon_addr_range *ranges,
				    unsigned int nr_ranges);
void sim_destroy_ctx(struct damon_ctx *ctx);

/* One tick as operations do it. */
void sim_sample(struct damon_ctx *ctx, u64 tick, sim_pattern *pattern,
		void *data);
unsigned int sim_nr_regions(struct damon_ctx *ctx);

/* Is a context to be told that it is running? Then damon_ctx_commit() asks. */
extern struct damon_ctx *sim_running;
/* How often the thread of a context would have been told of new intervals. */
extern unsigned int sim_reschedules;

#endif	/* _DAMON_SIM_H */
