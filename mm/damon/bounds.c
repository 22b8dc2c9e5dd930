// SPDX-License-Identifier: GPL-2.0
/*
 * Bounds: how many regions a context has, and how large they may be.
 *
 * What wins, strongest first: the ranges of the user, min_nr_regions,
 * max_nr_regions. min_nr_regions also limits the size of a region to the share
 * that it would have if all were equal, as far as max_nr_regions leaves room.
 *
 * This file must not know what is accessed. No state of its own and no locks, as
 * in adapt.c.
 */
#include "pure.h"

/**
 * damon_ctx_nr_regions() - How many regions does a context have?
 * @ctx:	context
 *
 * Return: the number, over all targets.
 */
unsigned int damon_ctx_nr_regions(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += t->nr_regions;
	return nr;
}

/**
 * damon_member_share() - How many regions may a member of a group have?
 * @ctx:	context
 *
 * Return: its share of max_nr_regions if all members had the same, at least three:
 * a large process does not leave the others without. No limit for other targets.
 */
unsigned int damon_member_share(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += damon_target_is_member(t);
	if (!nr)
		return UINT_MAX;
	return clamp_t(u64, ctx->max_nr_regions / nr, 3, UINT_MAX);
}

/**
 * damon_region_sz_limit() - How large may a region be?
 * @ctx:	context
 *
 * Return: the share of a region if all min_nr_regions were equal, in bytes.
 */
unsigned long damon_region_sz_limit(struct damon_ctx *ctx)
{
	unsigned long total = 0, share;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			total = size_add(total, damon_sz_region(r));
	share = total / max(ctx->min_nr_regions, 1UL);
	share += total % max(ctx->min_nr_regions, 1UL) ? 1 : 0;
	return max(ALIGN(share, ctx->min_region_sz), ctx->min_region_sz);
}

/*
 * Cut @r into equal pieces, none larger than @sz_limit, by up to @room cuts.
 * Returns the number of cuts.
 */
static unsigned int damon_region_cut_evenly(struct damon_ctx *ctx,
					    struct damon_target *t,
					    struct damon_region *r,
					    unsigned long sz_limit,
					    unsigned long room)
{
	unsigned int cuts = 0;

	while (damon_sz_region(r) > sz_limit && cuts < room) {
		unsigned long sz = damon_sz_region(r);
		unsigned long pieces = sz / sz_limit + !!(sz % sz_limit);

		r = damon_region_split(t, r, r->ar.start +
				       max(ALIGN_DOWN(sz / pieces,
						      ctx->min_region_sz),
					   ctx->min_region_sz),
				       DAMON_GFP_REGION);
		/* For a lack of memory; the next window tries again. */
		if (!r)
			break;
		cuts++;
		cond_resched();
	}
	return cuts;
}

/**
 * damon_bounds_enforce() - See to it that there are min_nr_regions regions.
 * @ctx:	context
 *
 * Cuts regions that are larger than their share, as far as max_nr_regions lets
 * it, and then the largest until the number is reached or all are of the
 * smallest size. If memory is short, less is done. May sleep.
 */
void damon_bounds_enforce(struct damon_ctx *ctx)
{
	unsigned long sz_limit = damon_region_sz_limit(ctx);
	struct damon_region *r, *next;
	struct damon_target *t;
	unsigned int nr = damon_ctx_nr_regions(ctx);
	unsigned long share = damon_member_share(ctx), room;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			room = max(ctx->max_nr_regions, nr) - nr;
			if (damon_target_is_member(t))
				room = min(room, max_t(unsigned long, share,
						       t->nr_regions) -
						 t->nr_regions);
			nr += damon_region_cut_evenly(ctx, t, r, sz_limit, room);
			cond_resched();
		}
	}

	for (; nr < ctx->min_nr_regions && sz_limit / 2 >= ctx->min_region_sz;
	     sz_limit /= 2) {
		damon_for_each_target(t, ctx) {
			damon_for_each_region_safe(r, next, t) {
				unsigned long half;

				if (nr >= ctx->min_nr_regions)
					return;
				half = ALIGN_DOWN(damon_sz_region(r) / 2,
						  ctx->min_region_sz);
				if (!half || damon_sz_region(r) <= sz_limit / 2)
					continue;
				if (damon_region_split(t, r,
						       r->ar.start + half,
						       DAMON_GFP_REGION))
					nr++;
			}
		}
	}
}
