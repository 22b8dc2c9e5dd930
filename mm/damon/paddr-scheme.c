// SPDX-License-Identifier: GPL-2.0
/*
 * Actions of schemes on physical memory: one row each. Visits the folios of a
 * region, asks the filters, and hands what they let pass to folio-action.c.
 *
 * A folio is an atom, of whatever size it is: one that reaches beyond the memory to
 * which the scheme is applied is left alone, so nothing that a quota or a filter
 * excludes is ever touched. One across the border of two regions to which it is
 * applied is handled with the second, once.
 *
 * Memory that is on no LRU list and not of hugetlb, or of which nobody can tell
 * whether it was accessed if that matters, is left alone and not counted.
 *
 * Locks: see paddr-folio.c; none is held, nor any folio that is not isolated,
 * while a batch of folios is finished.
 */
#include <linux/hugetlb.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "internal.h"
#include "paddr.h"

/**
 * struct damon_pa_action - how an action is done
 * @score:	priority of regions under a quota; NULL: not supported
 * @spares:	what was accessed since it was looked at last is left alone, unless
 *		the user has a filter that says what to do with it
 *
 * The rest is in damos_folio_actions[].
 */
struct damon_pa_action {
	int (*score)(struct damon_ctx *ctx, struct damon_region *r,
		     struct damos *s);
	bool spares;
};

static int damon_pa_equal_score(struct damon_ctx *ctx, struct damon_region *r,
				struct damos *s)
{
	return DAMOS_MAX_SCORE;
}

static const struct damon_pa_action damon_pa_actions[NR_DAMOS_ACTIONS] = {
	[DAMOS_PAGEOUT]		= { .score = damos_cold_score, .spares = true },
	[DAMOS_LRU_PRIO]	= { .score = damos_hot_score },
	[DAMOS_LRU_DEPRIO]	= { .score = damos_cold_score },
#ifdef CONFIG_MIGRATION
	[DAMOS_MIGRATE_HOT]	= { .score = damos_hot_score },
	[DAMOS_MIGRATE_COLD]	= { .score = damos_cold_score },
#endif
	[DAMOS_STAT]		= { .score = damon_pa_equal_score },
};

/**
 * damon_pa_supports_action() - Can the operations do that?
 * @action:	action
 *
 * Return: true if so.
 */
bool damon_pa_supports_action(enum damos_action action)
{
	return damon_pa_actions[action].score;
}

/**
 * damon_pa_supports_filter() - Can an action leave out single pages?
 * @action:	action
 * @type:	what pages
 *
 * Return: true if so.
 */
bool damon_pa_supports_filter(enum damos_action action,
			      enum damos_filter_type type)
{
	return damon_pa_supports_action(action);
}

/**
 * damon_pa_score() - Priority of a region for a scheme.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * Return: 0 to DAMOS_MAX_SCORE.
 */
int damon_pa_score(struct damon_ctx *ctx, struct damon_target *t,
		   struct damon_region *r, struct damos *s)
{
	return damon_pa_actions[s->action].score(ctx, r, s);
}

/**
 * struct damon_pa_pages - the pages of a region, as they are visited
 * @ctx:	context
 * @t:		target
 * @r:		region
 * @start:	first page frame of the memory to which the scheme is applied: of
 *		the region, or of one before it
 * @end:	page frame behind the region
 * @asks:	a filter asks whether pages were accessed
 * @spares:	the action does
 * @batch:	of folios
 * @passed:	pages that the filters let pass
 */
struct damon_pa_pages {
	struct damon_ctx *ctx;
	struct damon_target *t;
	struct damon_region *r;
	unsigned long start;
	unsigned long end;
	bool asks;
	bool spares;
	struct damos_batch batch;
	u64 passed;
};

/* Does the folio lie in the memory to which the scheme is applied? */
static bool damon_pa_contains(struct damon_pa_pages *p, struct folio *folio)
{
	return folio_pfn(folio) >= p->start &&
	       folio_pfn(folio) + folio_nr_pages(folio) <= p->end;
}

/*
 * Was the folio accessed since it was looked at last? That is forgotten, so that
 * the next look tells what is new, unless a sample waits for it, or others have a
 * part of the folio.
 */
static enum damon_pa_result damon_pa_ask(struct damon_pa_pages *p,
					 struct folio *folio)
{
	return damon_pa_look(folio, damon_pa_contains(p, folio) &&
			     !damon_pa_watches(p->ctx, p->t, p->r, folio));
}

/* Does the scheme apply to the folio, as far as it is in the region? */
static bool damon_pa_passes(struct damon_pa_pages *p, struct folio *folio)
{
	struct damos_page seen = { .folio = folio };
	enum damon_pa_result result;

	if (p->asks) {
		result = damon_pa_ask(p, folio);
		if (result == DAMON_PA_NO_RESULT)
			return false;
		seen.young = result == DAMON_PA_YOUNG;
	}
	if (!damos_filter_page(p->batch.s, &seen))
		return false;
	return !p->spares || damon_pa_ask(p, folio) == DAMON_PA_OLD;
}

/**
 * damon_pa_apply() - Apply the action of a scheme to a region.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * Tells what the filters let pass. May sleep.
 *
 * Return: to how much it was applied, in units of addresses.
 */
unsigned long damon_pa_apply(struct damon_ctx *ctx, struct damon_target *t,
			     struct damon_region *r, struct damos *s)
{
	bool asks = damos_has_ops_filter(s, DAMOS_FILTER_TYPE_YOUNG);
	unsigned int shift = ilog2(ctx->addr_unit);
	struct damon_pa_pages p = {
		.ctx = ctx,
		.t = t,
		.r = r,
		.start = damon_pa_pfn(shift, damos_state(s)->span.start),
		.end = min(damon_pa_pfn(shift, r->ar.end), damon_pa_end_pfn()),
		.asks = asks,
		.spares = damon_pa_actions[s->action].spares && !asks,
	};
	unsigned long pfn = damon_pa_pfn(shift, r->ar.start), from;
	struct folio *folio;

	if (s->action == DAMOS_STAT && list_empty(&s->ops_filters))
		return 0;
	damos_batch_begin(&p.batch, s);
	for (from = pfn; (folio = damon_pa_next_folio(&pfn, p.end)); from = pfn) {
		if (damon_pa_passes(&p, folio)) {
			p.passed += min(pfn, p.end) -
				    max(from, folio_pfn(folio));
			if (damon_pa_contains(&p, folio))
				damos_batch_take(&p.batch, folio);
		}
		folio_put(folio);
		if (p.batch.sz >= DAMOS_BATCH_SZ)
			damos_batch_finish(&p.batch);
	}
	damos_batch_finish(&p.batch);
	damos_add_filter_passed(s, (p.passed << PAGE_SHIFT) >> shift);
	return p.batch.done >> shift;
}

/**
 * damon_pa_count_on_node() - How much memory of a region is on a node?
 * @ctx:	context
 * @r:		region
 * @nid:	node
 * @on_node:	pages on it are added to this
 * @all:	pages on any node are added to this
 *
 * Pages count that are on an LRU list, or of hugetlb. May sleep.
 */
void damon_pa_count_on_node(struct damon_ctx *ctx, struct damon_region *r,
			    int nid, u64 *on_node, u64 *all)
{
	unsigned int shift = ilog2(ctx->addr_unit);
	unsigned long pfn = damon_pa_pfn(shift, r->ar.start), from = pfn, nr;
	unsigned long end = min(damon_pa_pfn(shift, r->ar.end),
				damon_pa_end_pfn());
	struct folio *folio;

	for (; (folio = damon_pa_next_folio(&pfn, end)); from = pfn) {
		nr = min(pfn, end) - max(from, folio_pfn(folio));
		*all += nr;
		if (folio_nid(folio) == nid)
			*on_node += nr;
		folio_put(folio);
	}
}
