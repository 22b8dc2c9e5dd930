// SPDX-License-Identifier: GPL-2.0
/* See world.h. */
#include "ktap.h"
#include "world.h"

/* What survey.c promises, see test-survey.c. */
#define CREDIT		512
#define SAVINGS		(2 * 64 * CREDIT)
#define OVERSHOOT	(512 * (1 + WALK_COST_LEAF) + 1024)

/* A span is drawn from so many places. */
#define PLACES		64

static u64 pick_wide(struct model_source *src, u64 below)
{
	u64 x = 0;
	int i;

	for (i = 0; i < 6; i++)
		x = x << 8 | model_pick(src, 256);
	return x % below;
}

static unsigned long world_size(struct world *w)
{
	struct space *s = w->space;

	return s->areas[s->nr_areas - 1].span.end - SPACE_BASE;
}

/* Areas of one to four sizes of leaves, over 2 MiB to 10 TiB. */
static void world_draw_areas(struct world *w)
{
	static const unsigned int leaves[] = {
		SPACE_PTE, SPACE_PTE, SPACE_PMD, SPACE_PUD,
	};
	unsigned int nr = 1 + model_pick(w->src, 4), i;
	unsigned long at = 0;

	for (i = 0; i < nr; i++) {
		unsigned int leaf = leaves[model_pick(w->src, 4)];
		unsigned long sz = 1UL << (21 + model_pick(w->src, 1 +
						model_pick(w->src, 20)));

		sz = ALIGN(sz + pick_wide(w->src, sz), 1UL << leaf);
		at = ALIGN(at, 1UL << leaf);
		space_map(w->space, at, sz, leaf, model_pick(w->src, 2));
		at += sz + (model_pick(w->src, 2) ? 0 :
			    PAGE_SIZE * pick_wide(w->src, sz / PAGE_SIZE));
	}
}

/* A place for @sz bytes in @share bytes at @at, in whole leaves of one area. */
static struct space_spot *world_place(struct world *w, unsigned long at,
				      unsigned long share, unsigned long sz,
				      u64 period)
{
	const struct space_area *area;
	unsigned long leaf, end;

	at += PAGE_SIZE * pick_wide(w->src, (share - sz) / PAGE_SIZE + 1);
	area = space_find_area(w->space, SPACE_BASE + at);
	if (!area || area->span.start > SPACE_BASE + at)
		return NULL;
	leaf = 1UL << area->leaf;
	/* Base and areas are aligned to leaves, or have small ones. */
	end = ALIGN(at + sz, leaf);
	at = ALIGN_DOWN(at, leaf);
	if (end > area->span.end - SPACE_BASE)
		return NULL;
	if (w->space->nr_spots &&
	    at < w->space->spots[w->space->nr_spots - 1].span.end - SPACE_BASE)
		return NULL;
	return space_touch(w->space, at, end - at, period);
}

void world_draw_spots(struct world *w, unsigned int max, bool busy)
{
	unsigned int nr = model_pick(w->src, max + 1), i;
	struct space *s = w->space;
	unsigned long share;

	s->nr_spots = 0;
	memset(w->claims, 0, sizeof(w->claims));
	share = nr ? ALIGN_DOWN(world_size(w) / nr, PAGE_SIZE) : 0;
	for (i = 0; i < nr; i++) {
		unsigned long sz = share >> model_pick(w->src, 30);
		struct space_spot *spot;

		sz = max(ALIGN_DOWN(sz, PAGE_SIZE), PAGE_SIZE);
		if (share < sz)
			return;
		spot = world_place(w, i * share, share, sz, busy ? MSEC :
				   1 + MSEC * model_pick(w->src, 40));
		if (!spot)
			continue;
		spot->from = s->now;
		if (!busy && !model_pick(w->src, 6))
			spot->rate = 0.0001 * model_pick(w->src, 200);
	}
}

void world_begin(struct world *w, struct model_source *src)
{
	struct space_traits traits = {
		.blind = !model_pick(src, 8),
		.no_upper = !model_pick(src, 8),
		.keep_pmds = !model_pick(src, 3),
		.cached = model_pick(src, 2) ? 0 : 50 * MSEC,
		.tlb = model_pick(src, 6) ? 0 : 20 * MSEC,
	};
	struct damon_ctx *ctx = sim_new_ctx(1 + model_pick(src, 256));

	*w = (struct world){ .src = src };
	w->space = space_new(1 + model_pick(src, 256), &traits);
	w->space->now = 1;
	world_draw_areas(w);
	ctx->addr_unit = 1;
	ctx->min_region_sz = PAGE_SIZE << model_pick(src, 3);
	ctx->max_nr_regions = 10 + model_pick(src, 100);
	walk_begin(&w->walk, w->space, ctx);
	w->ranges[0] = w->space->areas[0].span;
	w->ranges[0].end = ALIGN(SPACE_BASE + world_size(w), ctx->min_region_sz);
	w->nr_ranges = 1;
	w->budget = SAVINGS + OVERSHOOT;
	world_draw_spots(w, WORLD_MAX_SPOTS, false);
}

void world_end(struct world *w)
{
	walk_end(&w->walk);
	space_free(w->space);
}

static const char *region_broken(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	if (s->core.end && (s->core.start >= s->core.end ||
			    s->core.start < r->ar.start ||
			    s->core.end > r->ar.end))
		return "the core lies outside";
	if (!s->core.end && s->core.start)
		return "an empty core begins somewhere";
	if (s->pending && r->sampling_addr >= s->core.start &&
	    r->sampling_addr < s->core.end)
		return "the pending sample lies in the core";
	return model_region_broken(r);
}

/* NULL, or in what the regions do not equal the ranges. */
static const char *regions_broken(struct world *w)
{
	unsigned long unit = w->walk.ctx->min_region_sz, at = 0;
	unsigned int i = 0, nr = 0;
	struct damon_region *r;

	damon_for_each_region(r, w->walk.t) {
		const char *why = region_broken(r);

		nr++;
		if (why)
			return why;
		if (r->ar.start >= r->ar.end || r->ar.start < at)
			return "regions are empty or overlap";
		if (r->ar.start % unit || r->ar.end % unit)
			return "a border is not aligned";
		if (i < w->nr_ranges && at == w->ranges[i].end)
			i++;
		if (i == w->nr_ranges ||
		    r->ar.start != max(at, w->ranges[i].start) ||
		    r->ar.end > w->ranges[i].end)
			return "regions do not cover the ranges";
		at = r->ar.end;
	}
	if (nr != w->walk.t->nr_regions)
		return "nr_regions is wrong";
	if (i + 1 != w->nr_ranges || at != w->ranges[i].end)
		return "the last ranges are not covered";
	return NULL;
}

void world_check(struct world *w)
{
	EXPECT_NULL(regions_broken(w));
	EXPECT_OP(w->walk.work.credit, <=, w->budget);
}

/* Is most of @spot said not to be accessed? */
static bool world_claimed_cold(struct world *w, const struct space_spot *spot)
{
	struct damon_addr_range span = spot->span;
	unsigned long cold = 0;
	struct damon_region *r;

	damon_for_each_region(r, w->walk.t) {
		struct damon_addr_range core = damon_region_state(r)->core;

		core.start = max(core.start, span.start);
		core.end = min(core.end, span.end);
		if (core.start < core.end)
			cold += core.end - core.start;
	}
	return cold > (span.end - span.start) / 2;
}

/* Nothing that is touched all the time may be called cold for long. */
static void world_check_claims(struct world *w)
{
	unsigned int nr = damon_nr_samples_per_aggr(&w->walk.ctx->attrs), i;
	u64 pass = max(nr / 4, 1U) * w->walk.ctx->sample_interval;
	/* Where there is no room, or leaves hide, nobody can know better. */
	bool room = w->walk.t->nr_regions + 2 <= w->walk.ctx->max_nr_regions &&
		    !w->space->traits.tlb;
	struct space *s = w->space;

	for (i = 0; i < s->nr_spots; i++) {
		const struct space_spot *spot = &s->spots[i];
		struct world_claim *claim = &w->claims[i];
		bool wrong = room && !spot->rate && spot->period <= pass &&
			     space_spot_touched(spot, w->walk.began, s->now) &&
			     world_claimed_cold(w, spot);

		if (wrong && claim->wrong)
			w->worst_claim = max(w->worst_claim,
					     w->walk.work.passes - claim->since);
		else
			claim->since = w->walk.work.passes;
		claim->wrong = wrong;
	}
}

void world_window(struct world *w)
{
	bool short_of_memory = user_alloc_countdown >= 0, over;
	struct damon_ctx *ctx = w->walk.ctx;
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_region *r;

	do {
		over = walk_tick(&w->walk);
		w->budget += CREDIT;
	} while (!over);
	world_check(w);
	damon_for_each_region(r, w->walk.t)
		EXPECT_OP(r->nr_accesses, <=, nr);
	if (!short_of_memory)
		EXPECT_OP(w->walk.t->nr_regions, >=,
			  min(ctx->min_nr_regions, 3UL));
	EXPECT_OP(w->walk.t->nr_regions, <=,
		  max(ctx->max_nr_regions, (unsigned long)w->nr_ranges));
	world_check_claims(w);
	w->f1 = walk_score(&w->walk, max(nr / 4, 1U)).f1;
	walk_next_window(&w->walk);
	w->windows++;
}

void world_dump(struct world *w)
{
	struct damon_ctx *ctx = w->walk.ctx;
	struct space *s = w->space;
	struct damon_region *r;
	unsigned int i;

	printf("# %u regions of %lu to %lu, %lu of %lu us, tick %lu, "
	       "pass %lu, credit %ld, cached %lu\n",
	       w->walk.t->nr_regions, ctx->min_nr_regions, ctx->max_nr_regions,
	       ctx->sample_interval, ctx->aggr_interval,
	       (unsigned long)damon_ctx_state(ctx)->tick,
	       (unsigned long)w->walk.work.passes,
	       damon_target_state(w->walk.t)->va.survey.look.credit,
	       (unsigned long)s->traits.cached);
	for (i = 0; i < s->nr_areas; i++)
		printf("# area %lx-%lx leaf %u%s\n", s->areas[i].span.start,
		       s->areas[i].span.end, s->areas[i].leaf,
		       s->areas[i].populated ? "" : " sparse");
	for (i = 0; i < s->nr_spots; i++)
		printf("# spot %lx-%lx every %lu us\n", s->spots[i].span.start,
		       s->spots[i].span.end, (unsigned long)s->spots[i].period);
	damon_for_each_region(r, w->walk.t) {
		struct damon_region_state *rs = damon_region_state(r);

		printf("# region %lx-%lx core %lx-%lx accesses %u passes %u\n",
		       r->ar.start, r->ar.end, rs->core.start, rs->core.end,
		       rs->last_nr_accesses, rs->passes);
	}
}

static void do_spots(struct world *w)
{
	world_draw_spots(w, WORLD_MAX_SPOTS, false);
}

/* Other ranges, with holes or without, also beyond all areas. */
static void do_ranges(struct world *w)
{
	unsigned long unit = w->walk.ctx->min_region_sz;
	struct damon_addr_range ranges[WORLD_MAX_RANGES];
	unsigned long share = world_size(w) / PLACES;
	unsigned int nr = 0, at = 0, to;

	share = max(ALIGN(share, unit), unit);
	while (nr < WORLD_MAX_RANGES && at < PLACES) {
		at += model_pick(w->src, 3) ? 0 : model_pick(w->src, 20);
		to = at + 1 + model_pick(w->src, PLACES);
		ranges[nr].start = SPACE_BASE + at * share;
		ranges[nr].end = SPACE_BASE + to * share;
		at = to;
		/* Two that touch are one, for the checks. */
		if (nr && ranges[nr].start == ranges[nr - 1].end)
			ranges[nr - 1].end = ranges[nr].end;
		else
			nr++;
	}
	if (damon_set_regions(w->walk.t, ranges, nr, unit)) {
		EXPECT(user_alloc_countdown < 0);
		return;
	}
	memcpy(w->ranges, ranges, sizeof(ranges));
	w->nr_ranges = nr;
	damon_bounds_enforce(w->walk.ctx);
	w->walk.armed = false;
}

int world_watch_all(struct world *w)
{
	unsigned long unit = w->walk.ctx->min_region_sz;

	w->ranges[0].start = SPACE_BASE;
	w->ranges[0].end = ALIGN(SPACE_BASE + world_size(w), unit);
	w->nr_ranges = 1;
	w->walk.armed = false;
	return damon_set_regions(w->walk.t, w->ranges, 1, unit);
}

static void do_attrs(struct world *w)
{
	struct damon_attrs attrs = w->walk.ctx->attrs;
	static const unsigned int looks[] = { 1, 2, 4, 20, 40, 16, 21 };

	attrs.sample_interval = 1000 * model_pick(w->src, 20);
	attrs.aggr_interval = max(attrs.sample_interval, 1UL) *
			      looks[model_pick(w->src, 7)];
	attrs.min_nr_regions = 3 + model_pick(w->src, 20);
	attrs.max_nr_regions = attrs.min_nr_regions + model_pick(w->src, 100);
	EXPECT_EQ(damon_set_attrs(w->walk.ctx, &attrs), 0);
	w->walk.window_end = damon_ctx_state(w->walk.ctx)->tick +
			     damon_nr_samples_per_aggr(&attrs);
}

static struct damon_region *pick_region(struct world *w)
{
	unsigned int n = model_pick(w->src, w->walk.t->nr_regions);
	struct damon_region *r;

	damon_for_each_region(r, w->walk.t)
		if (!n--)
			return r;
	return NULL;
}

static void do_cut(struct world *w)
{
	unsigned long unit = w->walk.ctx->min_region_sz, units;
	struct damon_region *r = pick_region(w);

	units = damon_sz_region(r) / unit;
	if (units > 1)
		damon_region_split(w->walk.t, r, r->ar.start + unit *
				   (1 + pick_wide(w->src, units - 1)),
				   DAMON_GFP_REGION);
}

static void do_join(struct world *w)
{
	struct damon_region *r = pick_region(w);

	if (!list_is_last(&r->list, &w->walk.t->regions_list) &&
	    damon_next_region(r)->ar.start == r->ar.end)
		damon_region_join(w->walk.t, r);
}

/* A look that saw anything, at a region of any history. */
static void do_look(struct world *w)
{
	struct damon_target_state *t = damon_target_state(w->walk.t);
	static const unsigned int levels[] = { SPACE_PTE, SPACE_PMD, SPACE_PUD };
	unsigned int level = levels[model_pick(w->src, 3)], nr;
	struct damon_survey *sv = &t->va.survey;
	struct damon_region *r = pick_region(w);
	unsigned long sz = 1UL << level, at = r->ar.start & ~(sz - 1);

	damon_survey_end_pass(w->walk.ctx, w->walk.t);
	damon_survey_aim(sv, r, GIB);
	damon_region_state(r)->pending = false;
	for (nr = model_pick(w->src, 50); nr && at < r->ar.end; nr--) {
		damon_look_found(&sv->look, at, at + sz);
		EXPECT_OP(sv->look.nr, <=, DAMON_LOOK_RUNS);
		at += sz * pick_wide(w->src, model_pick(w->src, 2) ? 3 :
				     2 + (r->ar.end - r->ar.start) / sz);
	}
	sv->look.reached = r->ar.end;
	damon_survey_conclude(w->walk.ctx, w->walk.t, r, sz);
	damon_survey_end_pass(w->walk.ctx, w->walk.t);
}

static void do_forget(struct world *w)
{
	damon_target_forget_samples(w->walk.t);
	w->walk.armed = false;
}

static void do_restart(struct world *w)
{
	damon_survey_restart(&damon_target_state(w->walk.t)->va.survey);
	w->budget += SAVINGS + OVERSHOOT;
}

static void do_drop(struct world *w)
{
	damon_adapt_drop_window(w->walk.ctx);
}

static void do_tick(struct world *w)
{
	if (walk_tick(&w->walk))
		walk_next_window(&w->walk);
	w->budget += CREDIT;
}

void world_event(struct world *w)
{
	static void (*const what[])(struct world *w) = {
		do_spots, do_ranges, do_attrs, do_cut, do_join, do_look,
		do_look, do_forget, do_restart, do_drop, do_tick,
	};

	what[model_pick(w->src, sizeof(what) / sizeof(what[0]))](w);
	world_check(w);
}

u64 world_run(struct model_source *src, unsigned int steps)
{
	struct world w;

	world_begin(&w, src);
	world_check(&w);
	while (steps--) {
		/* Some windows lack memory. */
		user_alloc_countdown = model_pick(src, 6) ? -1 :
				       model_pick(src, 8);
		if (model_pick(src, 3))
			world_window(&w);
		else
			world_event(&w);
		user_alloc_countdown = -1;
	}
	world_end(&w);
	return w.worst_claim;
}
