// SPDX-License-Identifier: GPL-2.0
/*
 * Working set size: how much of its memory does a process use?
 *
 *	# cd /sys/module/damon_sample_wsse/parameters
 *	# echo 1234 > target_pid
 *	# echo Y > enabled
 *	# cat wss_bytes
 *
 * The smallest useful user of <linux/damon.h>: a context with one target, and a
 * callback that adds up what was accessed in each window of 100 ms.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/moduleparam.h>

#include "sample.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_sample_wsse."

static int target_pid;
module_param(target_pid, int, 0600);
MODULE_PARM_DESC(target_pid, "process to watch from the next start on");

static unsigned long wss_bytes;
module_param(wss_bytes, ulong, 0400);
MODULE_PARM_DESC(wss_bytes, "bytes that were accessed in the last window");

/* Runs in the kdamond, so the regions hold still. */
static int wsse_measure(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;
	unsigned long sum = 0;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			if (r->nr_accesses)
				sum += damon_sz_region(r);
	WRITE_ONCE(wss_bytes, sum);
	return 0;
}

static int wsse_make(struct damon_sample *sample)
{
	struct damon_ctx *ctx = damon_sample_new_ctx(sample);

	if (!ctx)
		return -ENOMEM;
	ctx->callback.after_aggregation = wsse_measure;
	/* Follow what it maps and unmaps. */
	ctx->ops_update_interval = USEC_PER_SEC;
	return damon_sample_watch_process(ctx, target_pid);
}

static struct damon_sample wsse = { .make = wsse_make };
module_param_cb(enabled, &damon_sample_switch, &wsse, 0600);

static int __init wsse_init(void)
{
	return damon_sample_init(&wsse);
}
late_initcall(wsse_init);
