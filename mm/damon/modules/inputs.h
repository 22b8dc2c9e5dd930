/* SPDX-License-Identifier: GPL-2.0 */
/* What the parameters of each module say, and the context that is made of it. */
#ifndef _MM_DAMON_MODULES_INPUTS_H
#define _MM_DAMON_MODULES_INPUTS_H

#include "module.h"

/**
 * struct damon_reclaim_inputs - the parameters of DAMON_RECLAIM
 * @monitor:			what is monitored
 * @wmarks:			when memory is taken
 * @quota:			how much
 * @quota_mem_pressure_us:	wait for memory to aim at, in us a reset interval;
 *				zero: no such goal
 * @quota_autotune_feedback:	the user's score, of 10000; zero: no such goal
 * @min_age:			time without an access, in us
 * @skip_anon:			leave anonymous memory alone
 */
struct damon_reclaim_inputs {
	struct damon_module_monitor monitor;
	struct damos_watermarks wmarks;
	struct damos_quota quota;
	unsigned long quota_mem_pressure_us;
	unsigned long quota_autotune_feedback;
	unsigned long min_age;
	bool skip_anon;
};

int damon_reclaim_fill(struct damon_ctx *ctx,
		       const struct damon_reclaim_inputs *inputs);

/**
 * struct damon_lru_sort_inputs - the parameters of DAMON_LRU_SORT
 * @monitor:			what is monitored
 * @wmarks:			when pages are moved
 * @quota:			how much in all, with equal shares for hot and cold
 * @hot_thres_access_freq:	looks that find hot memory accessed, in 1/1000
 * @cold_min_age:		time without an access of cold memory, in us
 * @active_mem_bp:		share of the LRU pages that shall be active, in
 *				1/10000; zero: no such goal
 * @filter_young_pages:		ask each page before it is moved
 */
struct damon_lru_sort_inputs {
	struct damon_module_monitor monitor;
	struct damos_watermarks wmarks;
	struct damos_quota quota;
	unsigned long hot_thres_access_freq;
	unsigned long cold_min_age;
	unsigned long active_mem_bp;
	bool filter_young_pages;
};

int damon_lru_sort_fill(struct damon_ctx *ctx,
			const struct damon_lru_sort_inputs *inputs);

#endif	/* _MM_DAMON_MODULES_INPUTS_H */
