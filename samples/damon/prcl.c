// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive reclaim: take memory away from a process that it has not used for some
 * time, before anybody has to wait for memory.
 *
 *	# cd /sys/module/damon_sample_prcl/parameters
 *	# echo 1234 > target_pid
 *	# echo 30000 > min_age_ms
 *	# echo Y > enabled
 *	# cat reclaimed_bytes
 *
 * What wsse.c does, with a scheme instead of a callback that looks at regions.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/moduleparam.h>

#include "sample.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_sample_prcl."

static int target_pid;
module_param(target_pid, int, 0600);
MODULE_PARM_DESC(target_pid, "process to take from, from the next start on");

static unsigned int min_age_ms = 10000;
module_param(min_age_ms, uint, 0600);
MODULE_PARM_DESC(min_age_ms, "time without an access after which memory is taken");

static unsigned long quota_bytes = 128 << 20;
module_param(quota_bytes, ulong, 0600);
MODULE_PARM_DESC(quota_bytes, "most to take in a second, the coldest first");

static unsigned long reclaimed_bytes;
module_param(reclaimed_bytes, ulong, 0400);
MODULE_PARM_DESC(reclaimed_bytes, "bytes that were taken since the last start");

/* The scheme counts by itself. */
static int prcl_report(struct damon_ctx *ctx)
{
	struct damos *s;

	damon_for_each_scheme(s, ctx)
		WRITE_ONCE(reclaimed_bytes, s->stat.sz_applied);
	return 0;
}

static int prcl_make(struct damon_sample *sample)
{
	struct damon_ctx *ctx = damon_sample_new_ctx(sample);
	int err;

	if (!ctx)
		return -ENOMEM;
	ctx->callback.after_aggregation = prcl_report;
	/* Follow what it maps and unmaps. */
	ctx->ops_update_interval = USEC_PER_SEC;
	err = damon_sample_watch_process(ctx, target_pid);
	if (err)
		return err;
	return damon_sample_add_reclaim(ctx, min_age_ms, quota_bytes) ? 0 : -ENOMEM;
}

static struct damon_sample prcl = { .make = prcl_make };
module_param_cb(enabled, &damon_sample_switch, &prcl, 0600);

static int __init prcl_init(void)
{
	return damon_sample_init(&prcl);
}
late_initcall(prcl_init);
