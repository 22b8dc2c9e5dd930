// SPDX-License-Identifier: GPL-2.0
/* See walk.h. */
#include "ktap.h"
#include "walk.h"

#define PMD_SZ	(1UL << SPACE_PMD)
#define PUD_SZ	(1UL << SPACE_PUD)

static struct damon_survey *walk_survey(struct walk *w)
{
	return &damon_target_state(w->t)->va.survey;
}

static void walk_spend(struct walk *w, unsigned long nr)
{
	damon_look_spend(&walk_survey(w)->look, nr);
}

static void walk_clear(struct walk *w, unsigned long addr, unsigned int level,
		       unsigned long cost)
{
	space_clear(w->space, addr, level);
	walk_spend(w, cost);
	w->work.clears++;
}

/* vaddr-survey.c */

/* An entry was found accessed: the other survey hears of it. */
static void walk_found(struct walk *w, unsigned long start, unsigned long sz)
{
	struct damon_addr_range *last;
	struct walk_heard *heard;

	damon_look_found(&walk_survey(w)->look, start, start + sz);
	if (!w->peer)
		return;
	heard = w->peer->heard[w->peer->now];
	last = &heard->spans[heard->nr - 1];
	if (heard->nr && last->end == start)
		last->end = start + sz;
	else if (heard->nr < WALK_MAX_HEARD)
		heard->spans[heard->nr++] =
			(struct damon_addr_range){ start, start + sz };
}

static bool walk_heard(struct walk *w, unsigned long start, unsigned long sz)
{
	unsigned int i, j;

	for (i = 0; i < 2 && w->peer; i++) {
		struct damon_addr_range *spans = w->heard[i]->spans;

		for (j = 0; j < w->heard[i]->nr; j++)
			if (spans[j].start < start + sz && spans[j].end > start)
				return true;
	}
	return false;
}

/* Does only a part of the entry of @sz bytes at @addr lie before @end? */
static bool walk_is_partial(unsigned long addr, unsigned long end,
			    unsigned long sz)
{
	return addr & (sz - 1) || end - addr < sz;
}

/* Is the entry to be taken for one that was accessed? */
static bool walk_entry_tells(struct walk *w, enum space_kind kind,
			     unsigned long addr, unsigned long end,
			     unsigned int level)
{
	struct space_traits *traits = &w->space->traits;
	struct damon_survey *sv = walk_survey(w);
	unsigned long sz = 1UL << level, young;

	w->work.reads++;
	if (kind == SPACE_NONE)
		return false;
	if (traits->blind || space_young(w->space, addr, level))
		return true;
	if (kind == SPACE_LEAF ? walk_is_partial(addr, end, sz) :
				 traits->no_upper)
		return true;
	young = level == SPACE_PMD ? sv->young_pmd : sv->young_pud;
	addr &= ~(sz - 1);
	return addr == young || walk_heard(w, addr, sz);
}

static void walk_young_pmd(struct walk *w, enum space_kind kind,
			   unsigned long addr)
{
	unsigned long start = addr & ~(PMD_SZ - 1);
	struct damon_survey *sv = walk_survey(w);

	walk_found(w, start, PMD_SZ);
	sv->young_pmd = start;
	if (w->space->traits.blind || !space_young(w->space, addr, SPACE_PMD))
		return;
	if (kind == SPACE_LEAF)
		walk_clear(w, addr, SPACE_PMD, WALK_COST_LEAF);
	else if (!w->space->traits.keep_pmds)
		walk_clear(w, addr, SPACE_PMD, WALK_COST_CLEAR);
}

static unsigned long walk_survey_pmds(struct walk *w, unsigned long addr,
				      unsigned long end)
{
	struct damon_survey *sv = walk_survey(w);
	unsigned long from = addr;
	bool stop = false;

	while (addr < end && !stop) {
		enum space_kind kind = space_kind(w->space, addr, SPACE_PMD);

		if (walk_entry_tells(w, kind, addr, end, SPACE_PMD)) {
			walk_young_pmd(w, kind, addr);
			stop = sv->look.credit <= 0;
		}
		addr = min((addr | (PMD_SZ - 1)) + 1, end);
	}
	walk_spend(w, WALK_COST_DESCENT + ((addr - from) >> SPACE_PMD));
	return addr;
}

static unsigned long walk_young_pud(struct walk *w, enum space_kind kind,
				    unsigned long addr, unsigned long end)
{
	unsigned long next = min((addr | (PUD_SZ - 1)) + 1, end);
	struct space_traits *traits = &w->space->traits;
	unsigned long start = addr & ~(PUD_SZ - 1);
	struct damon_survey *sv = walk_survey(w);
	bool leaf = kind == SPACE_LEAF;

	if (start != sv->young_pud &&
	    !traits->blind && (leaf || !traits->no_upper) &&
	    space_young(w->space, addr, SPACE_PUD))
		walk_clear(w, addr, SPACE_PUD, WALK_COST_CLEAR);
	sv->young_pud = start;
	if (!leaf && (!sv->look.coarse || walk_is_partial(addr, end, PUD_SZ)))
		return walk_survey_pmds(w, addr, next);
	walk_found(w, start, PUD_SZ);
	return next;
}

/* damon_va_survey() */
static void walk_survey_upper(struct walk *w, unsigned long end)
{
	struct damon_survey *sv = walk_survey(w);
	const struct space_traits *traits = &w->space->traits;
	unsigned long addr = sv->look.reached;

	sv->blunt = traits->blind || traits->no_upper || traits->keep_pmds;
	do {
		const struct space_area *area = space_find_area(w->space, addr);
		enum space_kind kind;

		if (!area || area->span.start >= end) {
			addr = end;
			break;
		}
		addr = max(addr, area->span.start);
		kind = space_kind(w->space, addr, SPACE_PUD);
		walk_spend(w, 1);
		if (walk_entry_tells(w, kind, addr, end, SPACE_PUD))
			addr = walk_young_pud(w, kind, addr, end);
		else
			addr = min((addr | (PUD_SZ - 1)) + 1, end);
	} while (addr < end && sv->look.credit > 0);
	sv->look.reached = addr;
}

/* vaddr-walk.c */

/* What leaf, or what span without any, @addr lies in. */
static enum space_kind walk_leaf(struct walk *w, unsigned long addr,
				 unsigned int *level)
{
	enum space_kind kind;

	for (*level = SPACE_PUD; *level > SPACE_PTE; *level -= 9) {
		kind = space_kind(w->space, addr, *level);
		if (kind != SPACE_TABLE)
			return kind;
	}
	return space_kind(w->space, addr, SPACE_PTE);
}

static bool walk_young(struct walk *w, unsigned long addr, unsigned int *level)
{
	return walk_leaf(w, addr, level) == SPACE_LEAF &&
	       space_young(w->space, addr, *level);
}

/* Huge pages that this walk has cleared: other regions may lie in them. */
struct walk_young {
	unsigned long start;
	unsigned long end;
};

static bool walk_check(struct walk *w, struct walk_young *young,
		       unsigned long addr)
{
	unsigned int level;
	bool was = walk_young(w, addr, &level);

	return was || (level > SPACE_PTE && addr >= young->start &&
		       addr < young->end);
}

static void walk_prepare(struct walk *w, struct walk_young *young,
			 unsigned long addr)
{
	unsigned int level;

	w->work.samples++;
	if (!walk_young(w, addr, &level))
		return;
	space_clear(w->space, addr, level);
	if (level == SPACE_PTE)
		return;
	young->start = addr >> level << level;
	young->end = young->start + (1UL << level);
}

static void walk_survey_leaves(struct walk *w, struct walk_young *young,
			       unsigned long end)
{
	struct damon_look *look = &walk_survey(w)->look;
	unsigned long addr, next;
	unsigned int level;

	for (addr = look->reached; addr < end; addr = next) {
		bool was = walk_check(w, young, addr);

		walk_leaf(w, addr, &level);
		next = ((addr >> level) + 1) << level;
		walk_spend(w, 1);
		w->work.reads++;
		if (!was)
			continue;
		damon_look_found(look, addr, min(next, end));
		walk_clear(w, addr, level, WALK_COST_PTE);
	}
	look->reached = end;
}

static void walk_survey_region(struct walk *w, struct walk_young *young,
			       struct damon_region *r)
{
	bool leaves = damon_survey_wants_leaves(r, PMD_SZ);
	struct damon_survey *sv = walk_survey(w);
	unsigned int nr = w->t->nr_regions;

	damon_survey_aim(sv, r, PUD_SZ);
	if (leaves) {
		walk_survey_leaves(w, young, r->ar.end);
	} else {
		do
			walk_survey_upper(w, r->ar.end);
		while (sv->look.reached < r->ar.end && sv->look.credit > 0);
	}
	if (sv->look.reached >= r->ar.end)
		damon_survey_conclude(w->ctx, w->t, r,
				      leaves ? PAGE_SIZE : PMD_SZ);
	w->work.cuts += w->t->nr_regions - nr;
}

static void walk_check_region(struct walk *w, struct walk_young *young,
			      struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned int i;

	rs->pending = false;
	damon_region_count(r, rs->stratum,
			   walk_check(w, young, r->sampling_addr));
	for (i = 1; i < DAMON_NR_STRATA && rs->spread; i++) {
		unsigned long addr = damon_region_spread_addr(r, i);

		damon_region_count(r, i, walk_check(w, young, addr));
	}
	if (rs->spread)
		damon_adapt_spread_checked(w->ctx, r);
	if (rs->core.end && r->nr_accesses)
		damon_survey_wake(w->ctx, w->t, r);
}

static void walk_prepare_region(struct walk *w, struct walk_young *young,
				struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned int i;

	rs->spread = 0;
	walk_prepare(w, young,
		     damon_region_next_sample(damon_ctx_state(w->ctx), r));
	for (i = 1; i < DAMON_NR_STRATA && rs->spread; i++)
		walk_prepare(w, young, damon_region_spread_addr(r, i));
}

/* damon_va_walk() */
static void walk_regions(struct walk *w, bool check)
{
	struct damon_ctx_state *s = damon_ctx_state(w->ctx);
	struct damon_survey *sv = walk_survey(w);
	bool survey = check && w->survey && damon_survey_begin(w->ctx, sv);
	long credit = sv->look.credit;
	struct walk_young young = {};
	struct damon_region *r;

	damon_for_each_region(r, w->t) {
		struct damon_region_state *rs = damon_region_state(r);

		if (rs->pending) {
			if (!check)
				continue;
			walk_check_region(w, &young, r);
		}
		if (survey && damon_survey_wants(w->ctx, sv, r, PMD_SZ))
			walk_survey_region(w, &young, r);
		if (!damon_region_sleeps(s, rs))
			walk_prepare_region(w, &young, r);
	}
	w->work.credit += credit - sv->look.credit;
	w->work.max_credit = max(w->work.max_credit,
				 (u64)(credit - sv->look.credit));
	if (survey && sv->look.credit > 0) {
		damon_survey_end_pass(w->ctx, w->t);
		w->work.passes++;
		w->now = !w->now;
		if (w->peer)
			w->heard[w->now]->nr = 0;
	}
}

/* vaddr.c and kdamond.c */

/* One range: the gaps between areas are watched, too, and never accessed. */
void walk_begin(struct walk *w, struct space *space, struct damon_ctx *ctx)
{
	struct damon_addr_range all = {
		space->areas[0].span.start,
		space->areas[space->nr_areas - 1].span.end,
	};

	*w = (struct walk){
		.space = space,
		.ctx = ctx,
		.t = sim_new_target(ctx, &all, 1),
		.survey = true,
		.began = space->now,
		.window_end = damon_ctx_state(ctx)->tick +
			      damon_nr_samples_per_aggr(&ctx->attrs),
	};
	damon_survey_restart(walk_survey(w));
	damon_bounds_enforce(ctx);
}

void walk_begin_second(struct walk *first, struct walk *second,
		       struct damon_ctx *ctx)
{
	int i;

	walk_begin(second, first->space, ctx);
	second->peer = first;
	first->peer = second;
	for (i = 0; i < 2; i++) {
		first->heard[i] = calloc(1, sizeof(*first->heard[i]));
		second->heard[i] = calloc(1, sizeof(*second->heard[i]));
	}
}

void walk_end(struct walk *w)
{
	free(w->heard[0]);
	free(w->heard[1]);
	sim_destroy_ctx(w->ctx);
}

bool walk_tick(struct walk *w)
{
	struct damon_ctx_state *s = damon_ctx_state(w->ctx);

	if (!w->armed)
		walk_regions(w, false);
	w->armed = true;
	s->tick++;
	/* Two take turns. */
	w->space->now += w->ctx->sample_interval / (w->peer ? 2 : 1);
	walk_regions(w, true);
	if (s->tick < w->window_end)
		return false;
	damon_adapt(w->ctx);
	EXPECT_NULL(damon_sanity_check(w->ctx).what);
	w->window_end += damon_nr_samples_per_aggr(&w->ctx->attrs);
	return true;
}

void walk_next_window(struct walk *w)
{
	damon_adapt_next_window(w->ctx);
	w->began = w->space->now;
	w->armed = false;
}

struct walk_score walk_score(struct walk *w, unsigned int least)
{
	struct space *s = w->space;
	struct space_spot *spot = s->spots, *end = spot + s->nr_spots;
	double said = 0, hot = 0, both = 0;
	struct walk_score score = {};
	struct damon_region *r;

	for (; spot < end; spot++)
		if (space_spot_touched(spot, w->began, s->now))
			hot += spot->span.end - spot->span.start;
	spot = s->spots;
	damon_for_each_region(r, w->t) {
		struct space_spot *at;

		while (spot < end && spot->span.end <= r->ar.start)
			spot++;
		if (r->nr_accesses < least)
			continue;
		said += damon_sz_region(r);
		for (at = spot; at < end && at->span.start < r->ar.end; at++)
			if (space_spot_touched(at, w->began, s->now))
				both += min(at->span.end, r->ar.end) -
					max(at->span.start, r->ar.start);
	}
	score.precision = said ? both / said : !hot;
	score.recall = hot ? both / hot : 1;
	score.f1 = said + hot ? 2 * both / (said + hot) : 1;
	return score;
}
