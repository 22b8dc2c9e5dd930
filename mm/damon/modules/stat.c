// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON_STAT: how long memory is idle, and how much of it is used in a second, as
 * figures for whoever watches machines.
 *
 * It acts on nothing, so it lets others monitor beside it. What the figures mean stands
 * in Documentation/admin-guide/mm/damon/stat.rst.
 *
 * Locks: see module.c; and damon_stat_lock, for figures that belong together.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "module.h"
#include "params.h"
#include "stat.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_stat."

/* Figures are not made more often. */
#define DAMON_STAT_REFRESH	(5 * HZ)

static DEFINE_MUTEX(damon_stat_lock);
/* Under damon_stat_lock. */
static long damon_stat_idle[DAMON_STAT_NR_PERCENTILES];

static int damon_stat_get_idle(char *buf, const struct kernel_param *kp)
{
	int i, len = 0;

	guard(mutex)(&damon_stat_lock);
	for (i = 0; i < DAMON_STAT_NR_PERCENTILES; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s%ld",
				 i ? "," : "", damon_stat_idle[i]);
	return len + scnprintf(buf + len, PAGE_SIZE - len, "\n");
}

static const struct kernel_param_ops damon_stat_idle_ops = {
	.get = damon_stat_get_idle,
};
module_param_cb(memory_idle_ms_percentiles, &damon_stat_idle_ops, NULL, 0400);

static unsigned long estimated_memory_bandwidth;
DAMON_MODULE_RESULT_PARAM(estimated_memory_bandwidth, estimated_memory_bandwidth);

static unsigned long aggr_interval_us;
DAMON_MODULE_RESULT_PARAM(aggr_interval_us, aggr_interval_us);

static int damon_stat_cmp(const void *a, const void *b)
{
	const struct damon_stat_piece *x = a, *y = b;

	return x->idle_ms < y->idle_ms ? -1 : x->idle_ms > y->idle_ms;
}

/**
 * damon_stat_percentiles() - How idle is each hundredth of memory?
 * @pieces:		all memory; sorted afterwards
 * @nr:			number of pieces
 * @percentiles:	the n-th is set to the smallest idle time that at least n
 *			percent of the bytes do not exceed; zeros without pieces
 *
 * May sleep.
 */
void damon_stat_percentiles(struct damon_stat_piece *pieces, size_t nr,
			    long percentiles[DAMON_STAT_NR_PERCENTILES])
{
	u64 total = 0, below = 0, wanted;
	size_t i, at = 0;

	memset(percentiles, 0, DAMON_STAT_NR_PERCENTILES * sizeof(*percentiles));
	if (!nr)
		return;
	sort(pieces, nr, sizeof(*pieces), damon_stat_cmp, NULL);
	for (i = 0; i < nr; i++)
		total += pieces[i].bytes;
	for (i = 0; i < DAMON_STAT_NR_PERCENTILES; i++) {
		/* Rounded up: a part of a byte is not enough. */
		wanted = total - mul_u64_u64_div_u64(total, 100 - i, 100);
		while (at < nr - 1 && below + pieces[at].bytes < wanted)
			below += pieces[at++].bytes;
		percentiles[i] = pieces[at].idle_ms;
	}
}

/**
 * damon_stat_idle_ms() - How long was a region idle?
 * @r:		region, at the end of a window
 * @attrs:	attributes of its context
 *
 * Return: that time in ms; of one that is in use, for how long it was as much in use,
 * as a negative number.
 */
long damon_stat_idle_ms(const struct damon_region *r,
			const struct damon_attrs *attrs)
{
	long idle;
	u64 us;

	if (check_mul_overflow((u64)attrs->aggr_interval, (u64)r->age + 1, &us))
		us = U64_MAX;
	idle = min_t(u64, div_u64(us, USEC_PER_MSEC), LONG_MAX);
	return r->nr_accesses ? -idle : idle;
}

/**
 * damon_stat_bandwidth() - How much of a region is used in a second?
 * @bytes:		size of the region
 * @nr_accesses:	looks of a window that found it accessed
 * @aggr_us:		length of the window in us
 *
 * Return: bytes, if each look stands for one use of the whole region. Saturates.
 */
u64 damon_stat_bandwidth(u64 bytes, unsigned int nr_accesses,
			 unsigned long aggr_us)
{
	u64 per_s = (u64)nr_accesses * USEC_PER_SEC, div = max(aggr_us, 1UL), most;

	/* The division below must not overflow. */
	if (check_mul_overflow(bytes, DIV64_U64_ROUND_UP(per_s, div), &most))
		return U64_MAX;
	return mul_u64_u64_div_u64(bytes, per_s, div);
}

/* Show what a window has found. Returns false for a lack of memory. */
static bool damon_stat_show(struct damon_ctx *ctx)
{
	struct damon_stat_piece *pieces;
	struct damon_target *t;
	struct damon_region *r;
	u64 bandwidth = 0;
	size_t nr = 0;

	damon_for_each_target(t, ctx)
		nr += damon_nr_regions(t);
	pieces = kvmalloc_array(nr, sizeof(*pieces), GFP_KERNEL);
	if (!pieces)
		return false;
	nr = 0;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			u64 bytes = damon_sz_region(r), more;

			pieces[nr].bytes = bytes;
			pieces[nr++].idle_ms = damon_stat_idle_ms(r, &ctx->attrs);
			more = damon_stat_bandwidth(bytes, r->nr_accesses,
						    ctx->aggr_interval);
			if (check_add_overflow(bandwidth, more, &bandwidth))
				bandwidth = U64_MAX;
		}
	}
	scoped_guard(mutex, &damon_stat_lock) {
		damon_stat_percentiles(pieces, nr, damon_stat_idle);
		WRITE_ONCE(estimated_memory_bandwidth,
			   min_t(u64, bandwidth, ULONG_MAX));
		WRITE_ONCE(aggr_interval_us, ctx->aggr_interval);
	}
	kvfree(pieces);
	return true;
}

static int damon_stat_report(struct damon_ctx *ctx)
{
	unsigned long *due = ctx->callback.private;

	if (time_before(jiffies, *due))
		return 0;
	if (damon_stat_show(ctx))
		*due = jiffies + DAMON_STAT_REFRESH;
	return 0;
}

static int damon_stat_make(struct damon_ctx *ctx)
{
	static unsigned long due;	/* of the only context that runs */
	struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;

	due = jiffies;
	ctx->callback.private = &due;
	ctx->callback.after_aggregation = damon_stat_report;
	/* Looks are cheap here, nothing else has to be paid for. */
	monitor.autotune = true;
	monitor.access_bp = 400;
	return damon_module_watch(ctx, &monitor);
}

static struct damon_module damon_stat = {
	.name = "DAMON_STAT",
	.make = damon_stat_make,
	.wanted = IS_ENABLED(CONFIG_DAMON_STAT_ENABLED_DEFAULT),
};

DAMON_MODULE_PARAMS(damon_stat);

static int __init damon_stat_init(void)
{
	return damon_module_init(&damon_stat);
}
late_initcall(damon_stat_init);
