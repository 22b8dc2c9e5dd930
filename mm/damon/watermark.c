// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: a metric is a row and a function.
 *
 * No locks: runs in the kdamond.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "internal.h"

static unsigned long damos_free_mem_rate(void)
{
	unsigned long total = max(totalram_pages(), 1UL);

	return mult_frac(1000, global_zone_page_state(NR_FREE_PAGES), total);
}

const struct damos_wmark_row damos_wmarks[NR_DAMOS_WMARK_METRICS] = {
	[DAMOS_WMARK_NONE]		= { .name = "none" },
	[DAMOS_WMARK_FREE_MEM_RATE]	= { .name = "free_mem_rate",
					    .measure = damos_free_mem_rate },
};

/* Nobody wants to look more often than at the memory itself, unless he says so. */
static unsigned long damos_wmark_interval(struct damon_ctx *ctx, struct damos *s)
{
	return s->wmarks.interval ?: max(ctx->attrs.sample_interval, 1UL);
}

static bool damos_wmark_active(const struct damos_watermarks *wmarks,
			       unsigned long value, bool was_active)
{
	if (value > wmarks->high || value < wmarks->low)
		return false;
	return was_active || value < wmarks->mid;
}

/**
 * damos_wmarks_check() - Compare watermarks, and say whether any scheme is active.
 * @ctx:	context
 *
 * Return: zero if one is, or if there is none; else after how many us to check
 * again.
 */
unsigned long damos_wmarks_check(struct damon_ctx *ctx)
{
	unsigned long wait = 0;
	bool any = false;
	struct damos *s;

	damon_for_each_scheme(s, ctx) {
		const struct damos_wmark_row *row = &damos_wmarks[s->wmarks.metric];
		struct damos_state *ss = damos_state(s);

		ss->active = !row->measure ||
			     damos_wmark_active(&s->wmarks, row->measure(),
						ss->active);
		any |= ss->active;
		if (!ss->active)
			wait = min_not_zero(wait, damos_wmark_interval(ctx, s));
	}
	return any ? 0 : wait;
}
