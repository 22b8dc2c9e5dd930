// SPDX-License-Identifier: GPL-2.0
/*
 * What must always be true of regions, schemes and quotas, looked at once a window if
 * CONFIG_DAMON_DEBUG_SANITY is set.
 *
 * A row of a table is an invariant: two values, and how they must compare. This file
 * finds what is broken and changes nothing. Elsewhere a fault shows in results at some
 * later time, if at all: here it shows in the window in which it happens.
 */
#include "pure.h"

/**
 * struct damon_sanity - what is looked at
 * @ctx:	context
 * @t:		target
 * @r:		region
 * @s:		scheme
 * @fault:	the values of the invariant that was looked at last
 */
struct damon_sanity {
	struct damon_ctx *ctx;
	struct damon_target *t;
	struct damon_region *r;
	struct damos *s;
	struct damon_fault fault;
};

/**
 * struct damon_invariant - something that must always be true
 * @what:	what
 * @holds:	is it
 */
struct damon_invariant {
	const char *what;
	bool (*holds)(struct damon_sanity *c);
};

static bool at_most(struct damon_sanity *c, u64 value, u64 limit)
{
	c->fault.value = value;
	c->fault.limit = limit;
	return value <= limit;
}

static bool region_is_not_empty(struct damon_sanity *c)
{
	return !at_most(c, c->r->ar.end, c->r->ar.start);
}

static bool region_is_in_order(struct damon_sanity *c)
{
	return c->r == damon_first_region(c->t) ||
	       at_most(c, damon_prev_region(c->r)->ar.end, c->r->ar.start);
}

static bool region_core_is_inside(struct damon_sanity *c)
{
	const struct damon_addr_range *core = &damon_region_state(c->r)->core;

	return !core->end ||
	       (at_most(c, c->r->ar.start, core->start) &&
		at_most(c, core->start, core->end) &&
		at_most(c, core->end, c->r->ar.end));
}

static bool region_result_is_possible(struct damon_sanity *c)
{
	return at_most(c, c->r->nr_accesses,
		       damon_nr_samples_per_aggr(&c->ctx->attrs));
}

static bool region_last_result_is_possible(struct damon_sanity *c)
{
	return at_most(c, damon_region_state(c->r)->last_nr_accesses,
		       damon_nr_samples_per_aggr(&c->ctx->attrs));
}

static bool tally_is_possible(struct damon_sanity *c, const struct damon_tally *tally)
{
	int i;

	for (i = 0; i <= DAMON_NR_STRATA; i++)
		if (!at_most(c, tally[i].hits, tally[i].trials))
			return false;
	return true;
}

static bool region_window_is_possible(struct damon_sanity *c)
{
	return tally_is_possible(c, damon_region_state(c->r)->window);
}

static bool region_past_is_possible(struct damon_sanity *c)
{
	return tally_is_possible(c, damon_region_state(c->r)->past);
}

static bool region_part_is_known(struct damon_sanity *c)
{
	return at_most(c, damon_region_state(c->r)->stratum, DAMON_NO_STRATUM);
}

static bool region_sample_is_inside(struct damon_sanity *c)
{
	return !damon_region_state(c->r)->pending ||
	       (at_most(c, c->r->ar.start, c->r->sampling_addr) &&
		!at_most(c, c->r->ar.end, c->r->sampling_addr));
}

static const struct damon_invariant of_regions[] = {
	{ "a region has an end above its start", region_is_not_empty },
	{ "a region ends where the next one starts, or before", region_is_in_order },
	{ "what is certified of a region lies inside of it", region_core_is_inside },
	{ "nr_accesses are no more than the looks of a window", region_result_is_possible },
	{ "neither were those of the last window", region_last_result_is_possible },
	{ "hits of a window are no more than its looks", region_window_is_possible },
	{ "hits of earlier windows are no more than their looks", region_past_is_possible },
	{ "a sample lies in one of the parts, or in none", region_part_is_known },
	{ "a sample on its way lies inside of its region", region_sample_is_inside },
};

static bool target_knows_its_number(struct damon_sanity *c)
{
	unsigned int nr = list_count_nodes(&c->t->regions_list);

	return at_most(c, nr, c->t->nr_regions) && at_most(c, c->t->nr_regions, nr);
}

static const struct damon_invariant of_targets[] = {
	{ "nr_regions is the number of regions", target_knows_its_number },
};

/* Regions that no joining gets below: one for each range without a gap. */
static unsigned int nr_gapless(struct damon_ctx *ctx)
{
	struct damon_region *r;
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			nr += r == damon_first_region(t) ||
			      damon_prev_region(r)->ar.end != r->ar.start;
	return nr;
}

static bool ctx_keeps_its_maximum(struct damon_sanity *c)
{
	return at_most(c, damon_ctx_nr_regions(c->ctx),
		       max(c->ctx->max_nr_regions,
			   (unsigned long)nr_gapless(c->ctx)));
}

static const struct damon_invariant of_contexts[] = {
	{ "there are max_nr_regions regions, or a region for each range",
	  ctx_keeps_its_maximum },
};

static bool scheme_was_tried_where_applied(struct damon_sanity *c)
{
	return at_most(c, c->s->stat.nr_applied, c->s->stat.nr_tried);
}

static bool scheme_min_score_is_a_score(struct damon_sanity *c)
{
	return at_most(c, damos_state(c->s)->quota.min_score, DAMOS_MAX_SCORE);
}

static const struct damon_invariant of_schemes[] = {
	{ "a scheme is applied no more often than tried", scheme_was_tried_where_applied },
	{ "the lowest priority that has a turn is one", scheme_min_score_is_a_score },
};

static bool charge_fits(struct damon_sanity *c)
{
	return !damos_quota_is_set(c->s) ||
	       at_most(c, damon_sz_region(c->r), damos_quota_room(c->s));
}

static const struct damon_invariant of_charges[] = {
	{ "no more is charged than is left of a quota", charge_fits },
};

static bool hold(struct damon_sanity *c, const struct damon_invariant *row, size_t nr)
{
	for (; nr--; row++) {
		if (!row->holds(c)) {
			c->fault.what = row->what;
			return false;
		}
	}
	return true;
}

static bool target_is_sane(struct damon_sanity *c)
{
	if (!hold(c, of_targets, ARRAY_SIZE(of_targets)))
		return false;
	damon_for_each_region(c->r, c->t)
		if (!hold(c, of_regions, ARRAY_SIZE(of_regions)))
			return false;
	return true;
}

/**
 * damon_sanity_check() - Is a context as it must be at the end of a window?
 * @ctx:	context; not running, or called from its kdamond, after damon_adapt()
 *
 * Return: the first invariant that is broken; &damon_fault.what is NULL if none is.
 */
struct damon_fault damon_sanity_check(struct damon_ctx *ctx)
{
	struct damon_sanity c = { .ctx = ctx };

	damon_for_each_target(c.t, ctx)
		if (!target_is_sane(&c))
			return c.fault;
	damon_for_each_scheme(c.s, ctx)
		if (!hold(&c, of_schemes, ARRAY_SIZE(of_schemes)))
			return c.fault;
	hold(&c, of_contexts, ARRAY_SIZE(of_contexts));
	return c.fault;
}

/**
 * damos_sanity_check() - May a scheme be applied to a region as it is?
 * @ctx:	context; called from its kdamond
 * @r:		region, as cut for the scheme
 * @s:		scheme
 *
 * Return: as damon_sanity_check().
 */
struct damon_fault damos_sanity_check(struct damon_ctx *ctx, struct damon_region *r,
				      struct damos *s)
{
	struct damon_sanity c = { .ctx = ctx, .r = r, .s = s };

	hold(&c, of_charges, ARRAY_SIZE(of_charges));
	return c.fault;
}

/**
 * damon_sanity_warn() - Tell, once, of an invariant that is broken.
 * @fault:	what a check has returned
 */
void damon_sanity_warn(struct damon_fault fault)
{
	WARN_ONCE(fault.what, "not true: %s (%llu, %llu)\n", fault.what, fault.value,
		  fault.limit);
}
