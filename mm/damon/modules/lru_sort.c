// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON_LRU_SORT: put hot pages on the active LRU lists and cold ones on the inactive
 * ones, so that reclaim, when it comes, finds them in the right order.
 *
 * All it does is two schemes, made of parameters. What they mean stands in
 * Documentation/admin-guide/mm/damon/lru_sort.rst. Locks: see module.c.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/math.h>
#include <linux/moduleparam.h>

#include "inputs.h"
#include "params.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_lru_sort."

#define DAMON_LRU_SORT_ALL_BP	10000UL

static struct damon_lru_sort_inputs damon_lru_sort_inputs = {
	.monitor = DAMON_MODULE_MONITOR,
	.wmarks = {
		.metric = DAMOS_WMARK_FREE_MEM_RATE,
		.interval = 5 * USEC_PER_SEC,
		.high = 200,
		.mid = 150,
		.low = 50,
	},
	.quota = {
		.ms = 10,
		.reset_interval = MSEC_PER_SEC,
		/* The hottest, or the coldest, first. */
		.weight_nr_accesses = 1,
		.weight_age = 1,
	},
	.hot_thres_access_freq = 500,
	.cold_min_age = 120 * USEC_PER_SEC,
};

DAMON_MODULE_MONITOR_PARAMS(damon_lru_sort_inputs.monitor);
DAMON_MODULE_WMARKS_PARAMS(damon_lru_sort_inputs.wmarks);
module_param_named(quota_ms, damon_lru_sort_inputs.quota.ms, ulong, 0600);
module_param_named(quota_reset_interval_ms,
		   damon_lru_sort_inputs.quota.reset_interval, ulong, 0600);
module_param_named(hot_thres_access_freq,
		   damon_lru_sort_inputs.hot_thres_access_freq, ulong, 0600);
module_param_named(cold_min_age, damon_lru_sort_inputs.cold_min_age, ulong, 0600);
module_param_named(active_mem_bp, damon_lru_sort_inputs.active_mem_bp, ulong, 0600);
module_param_named(filter_young_pages, damon_lru_sort_inputs.filter_young_pages,
		   bool, 0600);

static struct damos_stat damon_lru_sort_hot_stat, damon_lru_sort_cold_stat;
DAMON_MODULE_SCHEME_PARAMS(damon_lru_sort_hot_stat, lru_sort_tried_hot,
			   lru_sorted_hot, nr_hot_quota_exceeds);
DAMON_MODULE_SCHEME_PARAMS(damon_lru_sort_cold_stat, lru_sort_tried_cold,
			   lru_sorted_cold, nr_cold_quota_exceeds);

static int damon_lru_sort_look(struct damon_ctx *ctx)
{
	struct damos *s;

	damon_module_keep_min_age(ctx);
	damon_for_each_scheme(s, ctx)
		damon_module_report(ctx, s, s->action == DAMOS_LRU_PRIO ?
				    &damon_lru_sort_hot_stat :
				    &damon_lru_sort_cold_stat);
	return 0;
}

static void damon_lru_sort_finish(struct damon_ctx *ctx)
{
	damon_lru_sort_look(ctx);
}

/**
 * struct damon_lru_sort_way - one of the two schemes
 * @action:	what is done
 * @accesses:	accesses and ages that are meant
 * @spared:	young pages (true), or all others (false), where pages are asked
 * @metric:	share of the LRU pages that is to have a value, if there is a goal
 * @value:	that value
 */
struct damon_lru_sort_way {
	enum damos_action action;
	struct damos_access_pattern accesses;
	bool spared;
	enum damos_quota_goal_metric metric;
	unsigned long value;
};

static int damon_lru_sort_add(struct damon_ctx *ctx,
			      const struct damon_lru_sort_inputs *inputs,
			      const struct damon_lru_sort_way *way)
{
	struct damos_quota half = inputs->quota;
	struct damos *s;
	int err = 0;

	/* Half of a little is still not the same as no limit. */
	half.ms = inputs->quota.ms / 2 + inputs->quota.ms % 2;
	s = damon_module_add_scheme(ctx, &way->accesses, way->action, &half,
				    &inputs->wmarks);
	if (!s)
		return -ENOMEM;
	if (inputs->active_mem_bp)
		err = damon_module_add_goal(s, way->metric, way->value, 0);
	if (!err && inputs->filter_young_pages)
		err = damon_module_add_filter(s, DAMOS_FILTER_TYPE_YOUNG,
					      way->spared);
	return err;
}

/* How many looks of a window must find memory accessed that is hot? */
static unsigned int damon_lru_sort_threshold(struct damon_ctx *ctx,
					     unsigned long permil)
{
	u64 looks = (u64)damon_nr_samples_per_aggr(&ctx->attrs) *
		    min(permil, 1000UL);

	/* What was not accessed at all is not hot. */
	return max(div_u64(looks, 1000), 1ULL);
}

/**
 * damon_lru_sort_fill() - Let a new context sort LRU pages.
 * @ctx:	context
 * @inputs:	how
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for what makes no sense; -ENOMEM.
 */
int damon_lru_sort_fill(struct damon_ctx *ctx,
			const struct damon_lru_sort_inputs *inputs)
{
	struct damon_lru_sort_way hot = {
		.action = DAMOS_LRU_PRIO,
		.accesses = {
			.max_nr_accesses = UINT_MAX,
			.max_age_region = UINT_MAX,
		},
		.spared = false,
		.metric = DAMOS_QUOTA_ACTIVE_MEM_BP,
		.value = inputs->active_mem_bp,
	};
	const struct damon_lru_sort_way cold = {
		.action = DAMOS_LRU_DEPRIO,
		.accesses = { .max_age_region = UINT_MAX },
		.spared = true,
		.metric = DAMOS_QUOTA_INACTIVE_MEM_BP,
		/* A little more than all: the goals shall not fight at the border. */
		.value = DAMON_LRU_SORT_ALL_BP + 2 - inputs->active_mem_bp,
	};
	int err;

	if (inputs->active_mem_bp > DAMON_LRU_SORT_ALL_BP)
		return -EINVAL;
	err = damon_module_watch(ctx, &inputs->monitor);
	if (err)
		return err;
	hot.accesses.min_nr_accesses =
		damon_lru_sort_threshold(ctx, inputs->hot_thres_access_freq);
	err = damon_lru_sort_add(ctx, inputs, &hot) ?:
	      damon_lru_sort_add(ctx, inputs, &cold);
	if (!err)
		damon_module_set_min_age(ctx, inputs->cold_min_age);
	return err;
}

static int damon_lru_sort_make(struct damon_ctx *ctx)
{
	/* Also while the schemes sleep, for what they did last. */
	ctx->callback.after_wmarks_check = damon_lru_sort_look;
	ctx->callback.before_terminate = damon_lru_sort_finish;
	return damon_lru_sort_fill(ctx, &damon_lru_sort_inputs);
}

static struct damon_module damon_lru_sort = {
	.name = "DAMON_LRU_SORT",
	.exclusive = true,
	.make = damon_lru_sort_make,
};

DAMON_MODULE_PARAMS(damon_lru_sort);
DAMON_MODULE_COMMIT_PARAM(damon_lru_sort);

static int __init damon_lru_sort_init(void)
{
	return damon_module_init(&damon_lru_sort);
}
late_initcall(damon_lru_sort_init);
