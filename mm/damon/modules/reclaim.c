// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON_RECLAIM: page out what nobody has used for a long time, before memory is
 * scarce.
 *
 * All it does is one scheme, made of parameters. What they mean stands in
 * Documentation/admin-guide/mm/damon/reclaim.rst. Locks: see module.c.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/moduleparam.h>

#include "inputs.h"
#include "params.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_reclaim."

static struct damon_reclaim_inputs damon_reclaim_inputs = {
	.monitor = DAMON_MODULE_MONITOR,
	.wmarks = {
		.metric = DAMOS_WMARK_FREE_MEM_RATE,
		.interval = 5 * USEC_PER_SEC,
		.high = 500,
		.mid = 400,
		.low = 200,
	},
	.quota = {
		.ms = 10,
		.sz = 128UL << 20,
		.reset_interval = MSEC_PER_SEC,
		/*
		 * Most of the oldest memory is free. If that were paid for in full, hardly
		 * anything would be left for memory in use; the limit of time still holds.
		 */
		.fail_charge_num = 1,
		.fail_charge_denom = 64,
		/* The oldest first. */
		.weight_age = 1,
	},
	.min_age = 120 * USEC_PER_SEC,
};

DAMON_MODULE_MONITOR_PARAMS(damon_reclaim_inputs.monitor);
DAMON_MODULE_WMARKS_PARAMS(damon_reclaim_inputs.wmarks);
module_param_named(quota_ms, damon_reclaim_inputs.quota.ms, ulong, 0600);
module_param_named(quota_sz, damon_reclaim_inputs.quota.sz, ulong, 0600);
module_param_named(quota_reset_interval_ms,
		   damon_reclaim_inputs.quota.reset_interval, ulong, 0600);
module_param_named(quota_mem_pressure_us,
		   damon_reclaim_inputs.quota_mem_pressure_us, ulong, 0600);
module_param_named(quota_autotune_feedback,
		   damon_reclaim_inputs.quota_autotune_feedback, ulong, 0600);
module_param_named(min_age, damon_reclaim_inputs.min_age, ulong, 0600);
module_param_named(skip_anon, damon_reclaim_inputs.skip_anon, bool, 0600);

static struct damos_stat damon_reclaim_stat;
DAMON_MODULE_SCHEME_PARAMS(damon_reclaim_stat, reclaim_tried, reclaimed,
			   nr_quota_exceeds);

static int damon_reclaim_look(struct damon_ctx *ctx)
{
	struct damos *s;

	damon_module_keep_min_age(ctx);
	damon_for_each_scheme(s, ctx)
		damon_module_report(ctx, s, &damon_reclaim_stat);
	return 0;
}

static void damon_reclaim_finish(struct damon_ctx *ctx)
{
	damon_reclaim_look(ctx);
}

static int damon_reclaim_add_goals(struct damos *s,
				   const struct damon_reclaim_inputs *inputs)
{
	int err = 0;

	if (inputs->quota_mem_pressure_us)
		err = damon_module_add_goal(s, DAMOS_QUOTA_SOME_MEM_PSI_US,
					    inputs->quota_mem_pressure_us, 0);
	if (!err && inputs->quota_autotune_feedback)
		err = damon_module_add_goal(s, DAMOS_QUOTA_USER_INPUT, 10000,
					    inputs->quota_autotune_feedback);
	return err;
}

/**
 * damon_reclaim_fill() - Let a new context reclaim.
 * @ctx:	context
 * @inputs:	how
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for what makes no sense; -ENOMEM.
 */
int damon_reclaim_fill(struct damon_ctx *ctx,
		       const struct damon_reclaim_inputs *inputs)
{
	const struct damos_access_pattern cold = { .max_age_region = UINT_MAX };
	struct damos *s;
	int err;

	err = damon_module_watch(ctx, &inputs->monitor);
	if (err)
		return err;
	s = damon_module_add_scheme(ctx, &cold, DAMOS_PAGEOUT, &inputs->quota,
				    &inputs->wmarks);
	if (!s)
		return -ENOMEM;
	damon_module_set_min_age(ctx, inputs->min_age);
	err = damon_reclaim_add_goals(s, inputs);
	if (!err && inputs->skip_anon)
		err = damon_module_add_filter(s, DAMOS_FILTER_TYPE_ANON, true);
	return err;
}

static int damon_reclaim_make(struct damon_ctx *ctx)
{
	/* Also while the scheme sleeps, which what it did last has led to. */
	ctx->callback.after_wmarks_check = damon_reclaim_look;
	ctx->callback.before_terminate = damon_reclaim_finish;
	return damon_reclaim_fill(ctx, &damon_reclaim_inputs);
}

static struct damon_module damon_reclaim = {
	.name = "DAMON_RECLAIM",
	.exclusive = true,
	.make = damon_reclaim_make,
};

DAMON_MODULE_PARAMS(damon_reclaim);
DAMON_MODULE_COMMIT_PARAM(damon_reclaim);

static int __init damon_reclaim_init(void)
{
	return damon_module_init(&damon_reclaim);
}
late_initcall(damon_reclaim_init);
