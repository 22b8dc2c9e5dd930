// SPDX-License-Identifier: GPL-2.0
/*
 * Filters: what schemes leave alone. A type is a row, and a function if it is
 * about pages.
 *
 * The first filter that is about something decides whether the action is applied
 * to it. What none is about is left alone if the last filter of the list would
 * have allowed, because then only what is named is meant; else it is not. Filters
 * of the core come first and see whole regions; what one of them allows, those of
 * the operations do not ask about, and while there are any of the operations, the
 * core leaves to them what none of its own is about.
 *
 * No function here changes what it looks at, but for cutting regions at the
 * borders of address ranges. No locks: runs in the kdamond.
 */
#include <linux/mm.h>

#include "internal.h"

static bool damos_match_anon(const struct damos_filter *f,
			     const struct damos_page *p)
{
	return p->folio && folio_test_anon(p->folio);
}

static bool damos_match_active(const struct damos_filter *f,
			       const struct damos_page *p)
{
	return p->folio && folio_test_active(p->folio);
}

static bool damos_match_memcg(const struct damos_filter *f,
			      const struct damos_page *p)
{
	return p->folio && damon_memcg_owns(f->memcg_id, p->folio);
}

static bool damos_match_young(const struct damos_filter *f,
			      const struct damos_page *p)
{
	return p->young;
}

static bool damos_match_hugepage_size(const struct damos_filter *f,
				      const struct damos_page *p)
{
	unsigned long sz = p->folio ? folio_size(p->folio) : 0;

	return sz && f->sz_range.min <= sz && sz <= f->sz_range.max;
}

static bool damos_match_unmapped(const struct damos_filter *f,
				 const struct damos_page *p)
{
	return p->folio && !folio_mapped(p->folio);
}

const struct damos_filter_row damos_filters[NR_DAMOS_FILTER_TYPES] = {
	[DAMOS_FILTER_TYPE_ANON]	= { .name = "anon",
					    .match = damos_match_anon },
	[DAMOS_FILTER_TYPE_ACTIVE]	= { .name = "active",
					    .match = damos_match_active },
	[DAMOS_FILTER_TYPE_MEMCG]	= { .name = "memcg",
					    .match = damos_match_memcg },
	[DAMOS_FILTER_TYPE_YOUNG]	= { .name = "young",
					    .match = damos_match_young },
	[DAMOS_FILTER_TYPE_HUGEPAGE_SIZE] = { .name = "hugepage_size",
					    .match = damos_match_hugepage_size },
	[DAMOS_FILTER_TYPE_UNMAPPED]	= { .name = "unmapped",
					    .match = damos_match_unmapped },
	[DAMOS_FILTER_TYPE_ADDR]	= { .name = "addr" },
	[DAMOS_FILTER_TYPE_TARGET]	= { .name = "target" },
};

/* What becomes of that which no filter of a list is about. */
static bool damos_default_allows(struct list_head *filters)
{
	return list_empty(filters) ||
	       !list_last_entry(filters, struct damos_filter, list)->allow;
}

/**
 * damos_has_ops_filter() - Does a scheme have a filter of a type?
 * @s:		scheme
 * @type:	type of filters about pages
 *
 * Return: true if so.
 */
bool damos_has_ops_filter(struct damos *s, enum damos_filter_type type)
{
	struct damos_filter *f;

	damos_for_each_ops_filter(f, s)
		if (f->type == type)
			return true;
	return false;
}

/**
 * damos_filter_page() - May a scheme touch a page?
 * @s:	scheme, whose present region contains it
 * @p:	page
 *
 * Return: true if it may.
 */
bool damos_filter_page(struct damos *s, const struct damos_page *p)
{
	struct damos_filter *f;

	if (damos_state(s)->core_allowed)
		return true;
	damos_for_each_ops_filter(f, s)
		if (damos_filters[f->type].match(f, p) == f->matching)
			return f->allow;
	return damos_default_allows(&s->ops_filters);
}

/*
 * Is the whole of @r in the range? Cuts it at a border of the range, and then
 * answers for what is left of it. Returns -ENOMEM if it could not.
 */
static int damos_match_addr(struct damon_ctx *ctx, struct damon_target *t,
			    struct damon_region *r,
			    const struct damos_filter *f)
{
	unsigned long start = ALIGN_DOWN(f->addr_range.start,
					 ctx->min_region_sz);
	unsigned long end = ALIGN_DOWN(f->addr_range.end, ctx->min_region_sz);
	bool begins_inside = start <= r->ar.start && r->ar.start < end;
	unsigned long cut = begins_inside ? end : start;

	if (r->ar.start < cut && cut < r->ar.end && start < end &&
	    !damon_region_split(t, r, cut, DAMON_GFP_REGION))
		return -ENOMEM;
	return begins_inside;
}

static bool damos_match_target(struct damon_ctx *ctx, struct damon_target *t,
			       const struct damos_filter *f)
{
	return damon_target_idx(ctx, t) == f->target_idx;
}

/**
 * damos_filter_region() - May a scheme touch a region?
 * @ctx:	context
 * @t:		target of @r
 * @r:		region; may be cut, the answer is for the part that it has become
 * @s:		scheme; remembers whether the operations still have to ask about
 *		pages
 *
 * Return: 1 if it may touch pages of it, 0 if not; -ENOMEM if there is no memory to
 * cut the region, which then waits for another run.
 */
int damos_filter_region(struct damon_ctx *ctx, struct damon_target *t,
			struct damon_region *r, struct damos *s)
{
	struct damos_filter *f;
	int match;

	damos_state(s)->core_allowed = false;
	damos_for_each_core_filter(f, s) {
		if (f->type == DAMOS_FILTER_TYPE_ADDR)
			match = damos_match_addr(ctx, t, r, f);
		else
			match = damos_match_target(ctx, t, f);
		if (match < 0)
			return match;
		if (match == f->matching) {
			damos_state(s)->core_allowed = f->allow;
			return f->allow;
		}
	}
	return !list_empty(&s->ops_filters) ||
	       damos_default_allows(&s->core_filters);
}
