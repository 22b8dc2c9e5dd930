// SPDX-License-Identifier: GPL-2.0
/*
 * TLB honesty: is a region cold, or does a TLB hide its accesses?
 *
 * A processor sets the accessed bit when it loads a translation. Clearing the
 * bit does not make it forget the translation, so that what is accessed all the
 * time, by few translations that stay where they are, looks cold. With small
 * pages that hardly happens; some huge pages may do all the work of a program
 * and never leave the TLB.
 *
 * A region of huge pages that was hot, or new, and has not been seen accessed in
 * the first half of a window, is doubted: its next sample is prepared, and then
 * the translations of the address space are flushed, once for all regions in
 * doubt. A hit of that sample proves that the others were blind, and it alone
 * counts. There is one flush a window, and a limit on how many there are a
 * second.
 *
 * This file must not know how TLBs are flushed. No locks: it runs in the
 * kdamond.
 */
#include "pure.h"

/* No two flushes of an address space within this time. */
#define DAMON_FLUSH_GAP_NS	(10 * NSEC_PER_MSEC)

/**
 * damon_honesty_next() - When will it be the time to doubt?
 * @ctx:	context
 * @h:		of one of its targets
 *
 * Return: the tick, U64_MAX for not in this window.
 */
u64 damon_honesty_next(struct damon_ctx *ctx, struct damon_honesty *h)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);

	if (!ctx->tlb_honesty || h->window_end == s->window_end)
		return U64_MAX;
	return s->window_end - min_t(u64, nr / 2, s->window_end);
}

/**
 * damon_honesty_due() - Is it the time to doubt?
 * @ctx:	context
 * @h:		of one of its targets
 *
 * Return: true if half of the window has passed, and nothing was doubted in it.
 */
bool damon_honesty_due(struct damon_ctx *ctx, struct damon_honesty *h)
{
	return damon_ctx_state(ctx)->tick >= damon_honesty_next(ctx, h);
}

/**
 * damon_honesty_begin() - A walk in which to doubt begins.
 * @ctx:	context
 * @h:		of one of its targets
 * @now:	time
 *
 * Return: false if the last flush was too short a time ago.
 */
bool damon_honesty_begin(struct damon_ctx *ctx, struct damon_honesty *h,
			 ktime_t now)
{
	h->window_end = damon_ctx_state(ctx)->window_end;
	if (h->flushed && now - h->flushed < DAMON_FLUSH_GAP_NS)
		return false;
	h->flushed = now;
	return true;
}

/**
 * damon_honesty_doubts() - Shall a region be doubted?
 * @r:	region
 *
 * Return: true if its next sample is to be prepared now, whatever else says that
 * it needs none, and translations are to be flushed afterwards.
 */
bool damon_honesty_doubts(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	s->doubted = s->leaf_sz > PAGE_SIZE && !r->nr_accesses &&
		     (s->last_nr_accesses || s->fresh);
	/* A certificate is as doubtful. */
	if (s->doubted)
		damon_region_set_core(r, (struct damon_addr_range){});
	return s->doubted;
}

/**
 * damon_honesty_conclude() - The sample of a region in doubt was checked.
 * @r:	region
 */
void damon_honesty_conclude(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	s->doubted = false;
	if (!r->nr_accesses)
		return;
	memset(s->window, 0, sizeof(s->window));
	s->window[DAMON_NO_STRATUM] = (struct damon_tally){ 1, 1 };
	r->nr_accesses = 1;
	s->proven = true;
}
