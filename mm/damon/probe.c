// SPDX-License-Identifier: GPL-2.0
/*
 * Probes: how much of a region has an attribute. A filter or a preparation is a
 * row, and a function.
 *
 * In each tick the operations look at one page of each region and hand it to
 * damon_probe_count(); all probes share that look. The looks of a window visit the
 * parts of a region in turn. If probes have weights, the regions are made of what
 * they find: a look counts as a hit, for adapt.c, with the chance of the weights
 * that hit among all weights, so that rates of hits are weighted means, and tests
 * for proportions stay true.
 *
 * No locks: what is found belongs to the kdamond, and probes to whoever owns the
 * context.
 */
#include <linux/mm.h>
#include <linux/page_idle.h>

#include "pure.h"

static bool damon_match_anon(const struct damon_filter *f, struct folio *folio)
{
	return folio && folio_test_anon(folio);
}

static bool damon_match_memcg(const struct damon_filter *f, struct folio *folio)
{
	return folio && damon_memcg_owns(f->memcg_id, folio);
}

static bool damon_match_pgidle_unset(const struct damon_filter *f,
				     struct folio *folio)
{
	return folio && !folio_test_idle(folio);
}

const struct damon_filter_row damon_filters[NR_DAMON_FILTER_TYPES] = {
	[DAMON_FILTER_TYPE_ANON]	= { .name = "anon",
					    .match = damon_match_anon },
	[DAMON_FILTER_TYPE_MEMCG]	= { .name = "memcg",
					    .match = damon_match_memcg },
	[DAMON_FILTER_TYPE_PGIDLE_UNSET] = { .name = "pgidle_unset",
					    .match = damon_match_pgidle_unset },
};

static void damon_prep_set_pgidle(struct folio *folio)
{
	if (!folio_test_idle(folio))
		folio_set_idle(folio);
}

const struct damon_prep_row damon_preps[NR_DAMON_PREP_ACTIONS] = {
	[DAMON_PREP_SET_PGIDLE]	= { .name = "set_pgidle",
				    .prepare = damon_prep_set_pgidle },
};

/**
 * damon_new_filter() - Make a filter of a probe.
 * @type:	what is asked
 * @matching:	the answer for which it decides
 * @allow:	its decision
 *
 * May sleep.
 *
 * Return: the filter, in no probe yet; NULL for a lack of memory.
 */
struct damon_filter *damon_new_filter(enum damon_filter_type type,
				      bool matching, bool allow)
{
	struct damon_filter *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->type = type;
	f->matching = matching;
	f->allow = allow;
	INIT_LIST_HEAD(&f->list);
	return f;
}

/**
 * damon_add_filter() - Put a filter behind the others of a probe.
 * @probe:	probe of a context that does not run, or is the caller's as its
 *		kdamond
 * @filter:	filter in no probe; belongs to the probe from now on
 */
void damon_add_filter(struct damon_probe *probe, struct damon_filter *filter)
{
	list_add_tail(&filter->list, &probe->filters);
}

/**
 * damon_destroy_filter() - Take a filter out of its probe, if any, and free it.
 * @filter:	filter
 */
void damon_destroy_filter(struct damon_filter *filter)
{
	list_del(&filter->list);
	kfree(filter);
}

/**
 * damon_new_prep() - Make a preparation.
 * @action:	what is done
 *
 * May sleep.
 *
 * Return: the preparation, in no probe yet; NULL for a lack of memory.
 */
struct damon_prep *damon_new_prep(enum damon_prep_action action)
{
	struct damon_prep *prep = kzalloc(sizeof(*prep), GFP_KERNEL);

	if (!prep)
		return NULL;
	prep->action = action;
	INIT_LIST_HEAD(&prep->list);
	return prep;
}

/**
 * damon_add_prep() - Put a preparation behind the others of a probe.
 * @probe:	probe, as for damon_add_filter()
 * @prep:	preparation in no probe; belongs to the probe from now on
 */
void damon_add_prep(struct damon_probe *probe, struct damon_prep *prep)
{
	list_add_tail(&prep->list, &probe->preps);
}

/**
 * damon_new_probe() - Make a probe.
 *
 * It has no weight, filter or preparation. May sleep.
 *
 * Return: the probe, in no context yet; NULL for a lack of memory.
 */
struct damon_probe *damon_new_probe(void)
{
	struct damon_probe *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	INIT_LIST_HEAD(&p->filters);
	INIT_LIST_HEAD(&p->preps);
	INIT_LIST_HEAD(&p->list);
	return p;
}

/**
 * damon_add_probe() - Put a probe behind the others of a context.
 * @ctx:	context that does not run. With more than DAMON_MAX_PROBES it will
 *		not start
 * @probe:	probe in no context; belongs to the context from now on
 */
void damon_add_probe(struct damon_ctx *ctx, struct damon_probe *probe)
{
	list_add_tail(&probe->list, &ctx->probes);
}

/**
 * damon_destroy_probe() - Take a probe out of its context, if any, and free it.
 * @probe:	probe of a context that does not run; its filters and preparations
 *		go with it
 */
void damon_destroy_probe(struct damon_probe *probe)
{
	struct damon_filter *f, *next_filter;
	struct damon_prep *prep, *next;

	damon_for_each_filter_safe(f, next_filter, probe)
		damon_destroy_filter(f);
	damon_for_each_prep_safe(prep, next, probe) {
		list_del(&prep->list);
		kfree(prep);
	}
	list_del(&probe->list);
	kfree(probe);
}

/**
 * damon_probes_free() - Free the probes of a list.
 * @probes:	struct damon_probe; empty afterwards
 */
void damon_probes_free(struct list_head *probes)
{
	struct damon_probe *p, *next;

	list_for_each_entry_safe(p, next, probes, list)
		damon_destroy_probe(p);
}

static u64 damon_probes_weight(struct damon_ctx *ctx)
{
	struct damon_probe *p;
	u64 sum = 0;

	damon_for_each_probe(p, ctx)
		sum += p->weight;
	return sum;
}

/**
 * damon_probes_only() - Are regions made of attributes, not of accesses?
 * @ctx:	context; called from its kdamond
 *
 * Return: true if a probe has a weight.
 */
bool damon_probes_only(struct damon_ctx *ctx)
{
	return !list_empty(&ctx->probes) && damon_probes_weight(ctx);
}

static int damon_probe_check(struct damon_probe *p, unsigned int idx,
			     struct damon_reason *why)
{
	struct damon_filter *f;
	struct damon_prep *prep;

	damon_for_each_filter(f, p)
		if ((unsigned int)f->type >= NR_DAMON_FILTER_TYPES)
			return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/probes/%u: type %d of a filter is none",
				idx, f->type);
	damon_for_each_prep(prep, p)
		if ((unsigned int)prep->action >= NR_DAMON_PREP_ACTIONS)
			return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/probes/%u: preparation %d is none",
				idx, prep->action);
	return 0;
}

/**
 * damon_probes_check() - Do the probes of a context make sense?
 * @ctx:	context
 * @attrs:	attributes that it shall have
 * @why:	says what does not; may be NULL
 *
 * Hits are counted up to 255, so with weights a window may have no more looks, and
 * the weighted sum of all of them must fit 32 bits.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP if the operations have no probes.
 */
int damon_probes_check(struct damon_ctx *ctx, const struct damon_attrs *attrs,
		       struct damon_reason *why)
{
	unsigned int nr = damon_nr_samples_per_aggr(attrs), idx = 0;
	u64 weight = damon_probes_weight(ctx);
	struct damon_probe *p;

	damon_for_each_probe(p, ctx) {
		int err = damon_probe_check(p, idx++, why);

		if (err)
			return err;
	}
	if (idx > DAMON_MAX_PROBES)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/probes: %u are more than %d",
				idx, DAMON_MAX_PROBES);
	if (idx && !ctx->ops.apply_probes)
		return damon_reason_set(why, -EOPNOTSUPP,
				"monitoring_attrs/probes: the operations have none");
	if (weight && nr > U8_MAX)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs: probes with weights cannot count the %u samples of a window, only %d",
				nr, U8_MAX);
	if (weight * min(nr, U8_MAX) > UINT_MAX)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/probes: the sum of all weights, %llu, is too large for %u samples",
				weight, nr);
	return 0;
}

static struct damon_probe *damon_probe_copy(struct damon_probe *p)
{
	struct damon_probe *copy = damon_new_probe();
	struct damon_filter *f, *filter;
	struct damon_prep *a, *prep;

	if (!copy)
		return NULL;
	copy->weight = p->weight;
	damon_for_each_filter(f, p) {
		filter = damon_new_filter(f->type, f->matching, f->allow);
		if (!filter)
			goto destroy;
		filter->memcg_id = f->memcg_id;
		damon_add_filter(copy, filter);
	}
	damon_for_each_prep(a, p) {
		prep = damon_new_prep(a->action);
		if (!prep)
			goto destroy;
		damon_add_prep(copy, prep);
	}
	return copy;

destroy:
	damon_destroy_probe(copy);
	return NULL;
}

/**
 * damon_probes_copy() - Copy the probes of a context.
 * @src:	context
 * @copies:	empty; where they go
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM, then @copies is empty.
 */
int damon_probes_copy(struct damon_ctx *src, struct list_head *copies)
{
	struct damon_probe *p, *copy;

	damon_for_each_probe(p, src) {
		copy = damon_probe_copy(p);
		if (!copy) {
			damon_probes_free(copies);
			return -ENOMEM;
		}
		list_add_tail(&copy->list, copies);
	}
	return 0;
}

static bool damon_filters_equal(struct list_head *a, struct list_head *b)
{
	struct damon_filter *f, *g;

	if (list_count_nodes(a) != list_count_nodes(b))
		return false;
	g = list_first_entry(b, struct damon_filter, list);
	list_for_each_entry(f, a, list) {
		if (f->type != g->type || f->matching != g->matching ||
		    f->allow != g->allow || f->memcg_id != g->memcg_id)
			return false;
		g = list_next_entry(g, list);
	}
	return true;
}

static bool damon_preps_equal(struct list_head *a, struct list_head *b)
{
	struct damon_prep *p, *q;

	if (list_count_nodes(a) != list_count_nodes(b))
		return false;
	q = list_first_entry(b, struct damon_prep, list);
	list_for_each_entry(p, a, list) {
		if (p->action != q->action)
			return false;
		q = list_next_entry(q, list);
	}
	return true;
}

/* NULL: there is none at this place. */
static bool damon_probe_equal(struct damon_probe *a, struct damon_probe *b)
{
	if (!a || !b)
		return a == b;
	return damon_filters_equal(&a->filters, &b->filters) &&
	       damon_preps_equal(&a->preps, &b->preps);
}

static struct damon_probe *damon_probe_next(struct damon_probe *p,
					    struct list_head *probes)
{
	return p && !list_is_last(&p->list, probes) ? list_next_entry(p, list) :
						      NULL;
}

/* Hits of another probe at that place say nothing about the new one. */
static void damon_probe_forget(struct damon_ctx *ctx, unsigned int idx)
{
	struct damon_region *r;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			r->probe_hits[idx] = 0;
			damon_region_state(r)->last_probe_hits[idx] = 0;
		}
	}
}

/**
 * damon_probes_take() - Make the probes of a context like others.
 * @dst:	context; not running, or called from its kdamond
 * @copies:	what is wanted, at most DAMON_MAX_PROBES, see damon_probes_copy();
 *		empty afterwards
 *
 * Probes are matched by their place. What a probe has counted stays while it is the
 * same, and what regions were made of while the weights are.
 */
void damon_probes_take(struct damon_ctx *dst, struct list_head *copies)
{
	struct damon_probe *old, *new;
	bool reweighed = false;
	LIST_HEAD(olds);
	unsigned int i;

	list_splice_init(&dst->probes, &olds);
	list_splice_init(copies, &dst->probes);
	old = list_first_entry_or_null(&olds, struct damon_probe, list);
	new = list_first_entry_or_null(&dst->probes, struct damon_probe, list);
	for (i = 0; i < DAMON_MAX_PROBES; i++) {
		bool same = damon_probe_equal(old, new);
		unsigned int was = old ? old->weight : 0;
		unsigned int is = new ? new->weight : 0;

		if (!same)
			damon_probe_forget(dst, i);
		reweighed |= was != is || (is && !same);
		old = damon_probe_next(old, &olds);
		new = damon_probe_next(new, &dst->probes);
	}
	if (reweighed)
		damon_adapt_forget(dst);
	damon_probes_free(&olds);
}

/*
 * Looking.
 */

/**
 * damon_probes_prepare() - Does one of the probes prepare pages?
 * @ctx:	context; called from its kdamond
 *
 * Return: true if pages are to be handed to damon_probe_prepare() first, and to be
 * counted at the next tick.
 */
bool damon_probes_prepare(struct damon_ctx *ctx)
{
	struct damon_probe *p;

	damon_for_each_probe(p, ctx)
		if (!list_empty(&p->preps))
			return true;
	return false;
}

/**
 * damon_probe_aim() - Choose the next address for the probes.
 * @ctx:	context; called from its kdamond
 * @r:		region; its probe is pending afterwards
 *
 * Return: the address.
 */
unsigned long damon_probe_aim(struct damon_ctx *ctx, struct damon_region *r)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long part = damon_stratum_sz(r);
	unsigned int i = s->tick % DAMON_NR_STRATA;

	rs->probe_pending = true;
	rs->probe_addr = r->ar.start;
	if (part)
		rs->probe_addr += part * i + damon_rand_below(s, part);
	else
		rs->probe_addr += damon_rand_below(s, damon_sz_region(r));
	return rs->probe_addr;
}

/**
 * damon_probe_prepare() - Prepare a page for the probes.
 * @ctx:	context; called from its kdamond
 * @folio:	of the page; cannot go away meanwhile
 *
 * Does not sleep.
 */
void damon_probe_prepare(struct damon_ctx *ctx, struct folio *folio)
{
	struct damon_probe *p;
	struct damon_prep *prep;

	damon_for_each_probe(p, ctx)
		damon_for_each_prep(prep, p)
			damon_preps[prep->action].prepare(folio);
}

static bool damon_probe_hits(struct damon_probe *p, struct folio *folio)
{
	struct damon_filter *f;

	if (list_empty(&p->filters))
		return true;
	damon_for_each_filter(f, p)
		if (damon_filters[f->type].match(f, folio) == f->matching)
			return f->allow;
	return !list_last_entry(&p->filters, struct damon_filter, list)->allow;
}

/**
 * damon_probe_count() - Let all probes look at the pending page of a region.
 * @ctx:	context; called from its kdamond
 * @r:		region
 * @folio:	of the page; cannot go away meanwhile. NULL: there is none
 *
 * Does not sleep.
 */
void damon_probe_count(struct damon_ctx *ctx, struct damon_region *r,
		       struct folio *folio)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long weight = 0, hit = 0;
	unsigned char *hits = r->probe_hits;
	struct damon_probe *p;

	rs->probe_pending = false;
	damon_for_each_probe(p, ctx) {
		weight += p->weight;
		if (damon_probe_hits(p, folio)) {
			hit += p->weight;
			*hits += *hits < U8_MAX;
		}
		hits++;
	}
	if (weight)
		damon_tally_count(&rs->window[damon_region_stratum(r, rs->probe_addr)],
				  damon_rand_below(damon_ctx_state(ctx),
						   weight) < hit);
}

/*
 * Results.
 */

/**
 * damon_probe_hits_mvsum() - How often did a probe hit in a region lately?
 * @probe_idx:	place of the probe
 * @r:		region
 * @ctx:	its context; called from its kdamond
 *
 * As damon_nr_accesses_mvsum().
 *
 * Return: 0 to 255.
 */
unsigned char damon_probe_hits_mvsum(int probe_idx, struct damon_region *r,
				     struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int hits = r->probe_hits[probe_idx];
	u64 left;

	if (s->reporting)
		return hits;
	left = s->window_end - min(s->window_end, s->tick);
	hits += div_u64(min_t(u64, left, nr) *
			damon_region_state(r)->last_probe_hits[probe_idx], nr);
	return min(hits, U8_MAX);
}

/**
 * damon_probe_hits_wsum() - The weighted sum of the hits of all probes.
 * @r:		region
 * @last:	of the last window, not of the present one
 * @ctx:	its context; called from its kdamond
 *
 * Return: the sum; zero if no probe has a weight.
 */
unsigned int damon_probe_hits_wsum(struct damon_region *r, bool last,
				   struct damon_ctx *ctx)
{
	const unsigned char *hits = last ?
		damon_region_state(r)->last_probe_hits : r->probe_hits;
	unsigned int sum = 0, i = 0;
	struct damon_probe *p;

	damon_for_each_probe(p, ctx)
		sum += p->weight * hits[i++];
	return sum;
}

/**
 * damon_probes_next_window() - A window was reported: count anew.
 * @r:	region
 */
void damon_probes_next_window(struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);

	memcpy(rs->last_probe_hits, r->probe_hits, sizeof(rs->last_probe_hits));
	memset(r->probe_hits, 0, sizeof(r->probe_hits));
}
