// SPDX-License-Identifier: GPL-2.0
/* Evidence: results, the test of two rates, limits, new intervals. */
#include "ktap.h"
#include "model.h"

#define ROUNDS	20000

/* Pearson's X2 without shortcuts, for up to 4095 trials. */
static u64 exact_x2(struct damon_tally a, struct damon_tally b)
{
	__int128 hits = a.hits + b.hits, trials = a.trials + b.trials;
	__int128 diff = (__int128)a.hits * b.trials -
			(__int128)b.hits * a.trials;

	if (!a.trials || !b.trials || !hits || hits == trials)
		return 0;
	return trials * diff * diff /
	       ((__int128)a.trials * b.trials * hits * (trials - hits));
}

static struct damon_tally draw_tally(struct model_source *src, unsigned int max)
{
	struct damon_tally tally;

	tally.trials = model_pick(src, 1 + model_pick(src, max));
	tally.hits = model_pick(src, tally.trials + 1);
	return tally;
}

static void test_x2(void)
{
	struct model_source src = { .state = 4 };
	struct damon_tally a, b;
	int i;

	for (i = 0; i < 10 * ROUNDS; i++) {
		a = draw_tally(&src, 4096);
		b = draw_tally(&src, 4096);
		EXPECT_EQ(damon_tally_x2(a, b), exact_x2(a, b));
		EXPECT_EQ(damon_tally_x2(b, a), damon_tally_x2(a, b));
		/* Any numbers: no trap, and a clear case stays clear. */
		a = draw_tally(&src, U32_MAX);
		b = draw_tally(&src, U32_MAX);
		damon_tally_x2(a, b);
		a.hits = a.trials;
		b.hits = 0;
		if (a.trials && b.trials)
			EXPECT_OP(damon_tally_x2(a, b), >=,
				  min(a.trials, 2048));
	}
}

/* A context with one target of one range of @pages pages, not cut yet. */
static struct damon_ctx *one_range(unsigned long pages)
{
	struct damon_addr_range range = { 0x10000, 0x10000 + pages * PAGE_SIZE };
	struct damon_ctx *ctx = sim_new_ctx(1);

	sim_new_target(ctx, &range, 1);
	return ctx;
}

static struct damon_region_state *first_region(struct damon_ctx *ctx)
{
	struct damon_target *t = list_first_entry(&ctx->adaptive_targets,
						  struct damon_target, list);

	return damon_region_state(damon_first_region(t));
}

/* The result of a window is round(N * hits / trials), 1 at least for a hit. */
static void test_results(void)
{
	struct model_source src = { .state = 5 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct damon_tally tally = draw_tally(&src, i % 2 ? 64 : 4000);
		struct damon_ctx *ctx = one_range(100);
		struct damon_region_state *s;
		double expected;
		unsigned int nr;

		ctx->sample_interval = 1 + model_pick(&src, 5000);
		ctx->aggr_interval = ctx->sample_interval +
				     model_pick(&src, 10000000);
		nr = damon_nr_samples_per_aggr(&ctx->attrs);
		s = first_region(ctx);
		s->window[DAMON_NO_STRATUM] = tally;
		s->region.nr_accesses = tally.hits;
		damon_adapt(ctx);
		expected = tally.trials ?
			   (double)nr * tally.hits / tally.trials : 0;
		EXPECT(s->region.nr_accesses >= expected - 0.5);
		EXPECT(s->region.nr_accesses <= expected + 0.5 ||
		       s->region.nr_accesses == 1);
		EXPECT_EQ(!s->region.nr_accesses, !tally.hits);
		EXPECT(s->region.nr_accesses <= nr);
		sim_destroy_ctx(ctx);
	}
}

static void draw_evidence(struct damon_region *r, struct model_source *src)
{
	struct damon_region_state *s = damon_region_state(r);
	int i;

	for (i = 0; i < DAMON_NR_STRATA; i++) {
		s->window[i].trials = model_pick(src, 5);
		s->window[i].hits = model_pick(src, s->window[i].trials + 1);
		s->past[i].trials = model_pick(src, 60);
		s->past[i].hits = model_pick(src, 2) ? 0 : s->past[i].trials;
	}
}

/*
 * Whatever is known and however limits and ranges meet: the ranges are covered,
 * then there are min_nr_regions as far as pages reach, then no more than
 * max_nr_regions as far as the two let. hazards D25, D26, D40
 */
static void check_limits(struct model_source *src)
{
	struct model m[2] = { { .unit = PAGE_SIZE }, { .unit = PAGE_SIZE } };
	struct damon_ctx *ctx = sim_new_ctx(model_pick(src, 1000));
	unsigned int nr_targets = 1 + model_pick(src, 2), i, nr;
	unsigned int units = 0, runs = 0;
	struct damon_addr_range ranges[20];
	struct damon_target *t;
	struct damon_region *r;

	for (i = 0; i < nr_targets; i++) {
		nr = model_draw(&m[i], src, ranges, model_pick(src, 20));
		sim_new_target(ctx, ranges, nr);
		units += model_nr_units(&m[i]);
		runs += nr;
	}
	ctx->min_nr_regions = 3 + model_pick(src, 40);
	ctx->max_nr_regions = ctx->min_nr_regions + model_pick(src, 100);
	for (i = 0; i < 6; i++) {
		if (i == 3) {
			ctx->min_nr_regions = 3 + model_pick(src, 10);
			ctx->max_nr_regions = ctx->min_nr_regions +
					      model_pick(src, 10);
		}
		damon_for_each_target(t, ctx)
			damon_for_each_region(r, t)
				draw_evidence(r, src);
		damon_adapt(ctx);
		nr = 0;
		damon_for_each_target(t, ctx)
			EXPECT_NULL(model_target_broken(&m[nr++], t));
		nr = sim_nr_regions(ctx);
		EXPECT_OP(nr, >=, min(ctx->min_nr_regions, units));
		EXPECT_OP(nr, <=, max(ctx->max_nr_regions, runs));
		damon_adapt_next_window(ctx);
	}
	sim_destroy_ctx(ctx);
}

static void test_limits(void)
{
	struct model_source src = { .state = 6 };
	int i;

	for (i = 0; i < ROUNDS / 4; i++)
		check_limits(&src);
}

/* Times and shares stay what they are; nothing traps or wraps. */
static void test_rescale(void)
{
	static const unsigned long extremes[] = {
		0, 1, 2, 1000, 5000, 100000, U32_MAX, 1UL << 32, 1UL << 33,
		ULONG_MAX / 2, ULONG_MAX - 1, ULONG_MAX,
	};
	const unsigned int nr = sizeof(extremes) / sizeof(extremes[0]);
	struct damon_ctx *ctx = one_range(100);
	struct damon_region_state *s = first_region(ctx);
	struct model_source src = { .state = 7 };
	unsigned int i, last;
	__int128 age;

	for (i = 0; i < 10 * ROUNDS; i++) {
		struct damon_attrs old = ctx->attrs;

		old.sample_interval = extremes[model_pick(&src, nr)];
		old.aggr_interval = extremes[model_pick(&src, nr)];
		ctx->sample_interval = extremes[model_pick(&src, nr)];
		ctx->aggr_interval = extremes[model_pick(&src, nr)];
		s->region.age = ~0ULL >> 32 >> model_pick(&src, 33);
		s->last_nr_accesses = model_pick(&src, 2) ?
				      damon_nr_samples_per_aggr(&old) : 0;
		age = s->region.age;
		last = s->last_nr_accesses ?
		       damon_nr_samples_per_aggr(&ctx->attrs) : 0;
		if (ctx->aggr_interval)
			age = min(age * old.aggr_interval / ctx->aggr_interval,
				  (__int128)UINT_MAX);
		damon_adapt_rescale(ctx, &old);
		EXPECT_EQ(s->region.age, age);
		EXPECT_EQ(s->last_nr_accesses, last);
		EXPECT_EQ(s->region.nr_accesses, 0);
	}
	sim_destroy_ctx(ctx);
}

/* Eight samples in a row see eight parts; all of a region can be sampled. */
static void test_strata(void)
{
	struct model_source src = { .state = 8 };
	struct damon_ctx *ctx = sim_new_ctx(8);
	int i, j, round;

	for (i = 0; i < ROUNDS; i++) {
		unsigned long sz = 1 + model_pick(&src, 1 << model_pick(&src, 30));
		struct damon_region *r = damon_new_region(77, 77 + sz);
		struct damon_region_state *s = damon_region_state(r);

		for (round = 0; round < 40; round++) {
			unsigned int seen = 0;

			for (j = 0; j < DAMON_NR_STRATA; j++) {
				damon_region_next_sample(damon_ctx_state(ctx),
							 r);
				EXPECT_NULL(model_region_broken(r));
				seen |= 1 << s->stratum;
			}
			EXPECT_EQ(seen, sz < DAMON_NR_STRATA ?
				  1 << DAMON_NO_STRATUM : 0xff);
		}
		kmem_cache_free(damon_region_cache, s);
	}
	sim_destroy_ctx(ctx);
}

/* What rests is looked at in few ticks, but four times a window, one in 16 ticks. */
static void test_rest(void)
{
	struct damon_ctx *ctx = one_range(100);
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_region_state *rs = first_region(ctx);
	unsigned int nr, looks;

	ctx->sample_interval = 10;
	for (nr = 1; nr < 3000; nr++) {
		ctx->aggr_interval = 10 * nr;
		damon_adapt_next_window(ctx);
		rs->rests = true;
		looks = 0;
		for (s->tick = 0; s->tick < nr; s->tick++)
			looks += !damon_region_sleeps(s, rs);
		EXPECT_OP(looks, >=, min(nr, max(4U, nr / 16)));
		EXPECT_OP(looks, <=, max(8U, 2 * ((nr + 31) / 32)));
		s->tick = 0;
		rs->rests = false;
		EXPECT(!damon_region_sleeps(s, rs));
	}
	sim_destroy_ctx(ctx);
}

/* Three looks at each part; @hits of the last part's, and all of the others'. */
static void three_rounds(struct damon_region_state *s, bool all, u32 hits)
{
	unsigned int i;

	for (i = 0; i < DAMON_NR_STRATA; i++)
		s->window[i] = (struct damon_tally){ all ? 3 : 0, 3 };
	s->window[DAMON_NR_STRATA - 1].hits = hits;
	s->wants_spread = true;
	s->rests = false;
}

/* Looks at all parts end when they agree, unless much may be hidden. */
static void test_spread(void)
{
	static const struct {
		unsigned long pages;
		bool all;
		u32 hits;
		bool spread, rests;
		u32 past;	/* hits of 100 looks */
	} rows[] = {
		{ 100, true, 3, false, true, 0 },
		{ 100, true, 2, false, false, 0 },	/* an exception */
		{ 100, false, 0, false, true, 0 },
		{ 100, false, 1, true, false, 0 },	/* mixed */
		{ 100000, true, 3, false, true, 0 },
		{ 100000, false, 0, true, false, 0 },	/* large and quiet */
		/* That may be chance, or nothing new, but for the last two. */
		{ 100, false, 0, true, false, 25 },
		{ 100, false, 0, true, false, 1 },
		{ 100, true, 3, false, true, 75 },
		{ 100, false, 0, false, true, 75 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damon_ctx *ctx = one_range(rows[i].pages);
		struct damon_region_state *s = first_region(ctx);

		ctx->sample_interval = 10;
		ctx->aggr_interval = 200;
		s->past[DAMON_NO_STRATUM] = (struct damon_tally){ rows[i].past, 100 };
		three_rounds(s, rows[i].all, rows[i].hits);
		damon_adapt_spread_checked(ctx, &s->region);
		EXPECT_EQ(s->wants_spread, rows[i].spread);
		EXPECT_EQ(s->rests, rows[i].rests);
		/* In windows of so few looks nothing rests. */
		ctx->aggr_interval = 150;
		three_rounds(s, rows[i].all, rows[i].hits);
		damon_adapt_spread_checked(ctx, &s->region);
		EXPECT(!s->rests);
		/* Two rounds say nothing yet. */
		three_rounds(s, rows[i].all, rows[i].hits);
		s->window[0].trials = 0;
		s->window[0].hits = 0;
		damon_adapt_spread_checked(ctx, &s->region);
		EXPECT(s->wants_spread);
		sim_destroy_ctx(ctx);
	}
}

/*
 * Parts that cannot be looked at are cut out where the others are accessed here and
 * there. Borders within them do not last.
 */
static void test_dark(void)
{
	static const struct {
		unsigned int from, to;	/* parts that can be looked at */
		unsigned int hits;	/* of 8 looks at each */
		bool cut;
	} rows[] = {
		{ 7, 8, 2, true }, { 0, 1, 2, true }, { 3, 5, 2, true },
		{ 4, 8, 7, true },
		/* All the same, or all in sight. */
		{ 7, 8, 0, false }, { 7, 8, 8, false }, { 0, 8, 2, false },
	};
	unsigned int i, j, window;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damon_ctx *ctx = one_range(800);
		struct damon_region_state *s = first_region(ctx);
		struct damon_region *dark, *r;
		struct damon_target *t;

		t = list_first_entry(&ctx->adaptive_targets, struct damon_target,
				     list);
		ctx->min_nr_regions = 1;
		for (window = 0; window < 4 && t->nr_regions == 1; window++) {
			damon_adapt_next_window(ctx);
			for (j = rows[i].from; j < rows[i].to; j++)
				s->window[j] = (struct damon_tally){
					rows[i].hits, 8 };
			damon_adapt(ctx);
		}
		EXPECT_EQ(t->nr_regions, 1 + rows[i].cut);
		if (rows[i].cut) {
			dark = rows[i].from ? damon_first_region(t) :
					      damon_last_region(t);
			s = damon_region_state(dark);
			EXPECT_EQ(s->past[DAMON_NO_STRATUM].trials, 0);
			damon_adapt_next_window(ctx);
			EXPECT(damon_region_split(t, dark,
						  dark->ar.start + PAGE_SIZE,
						  DAMON_GFP_REGION));
			damon_for_each_region(r, t)
				damon_region_state(r)->tried = true;
			damon_adapt(ctx);
			EXPECT_EQ(t->nr_regions, 2);
		}
		sim_destroy_ctx(ctx);
	}
}

/*
 * Neighbours that a survey found idle are the same, unless one has been so for much
 * longer: the other is used now and then. Together they have been idle for the shorter
 * of their times.
 */
static void test_ages(void)
{
	static const struct {
		unsigned int ages[2];
		bool surveyed;
		unsigned int max_nr_regions;
		bool joined;
	} rows[] = {
		{ { 0, 0 }, true, 10, true }, { { 5, 5 }, true, 10, true },
		{ { 20, 11 }, true, 10, true }, { { 11, 20 }, true, 10, true },
		{ { 20, 3 }, true, 10, false }, { { 3, 20 }, true, 10, false },
		{ { UINT_MAX, 1000 }, true, 10, false },
		/* Samples tell by hits, and new places to look at come first. */
		{ { 20, 3 }, false, 10, true }, { { 20, 3 }, true, 3, true },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damon_ctx *ctx = one_range(800);
		struct damon_region *r = &first_region(ctx)->region;
		struct damon_target *t;

		t = list_first_entry(&ctx->adaptive_targets, struct damon_target,
				     list);
		ctx->min_nr_regions = 1;
		ctx->max_nr_regions = rows[i].max_nr_regions;
		EXPECT(damon_region_split(t, r, r->ar.start + 400 * PAGE_SIZE,
					  DAMON_GFP_REGION));
		damon_adapt_next_window(ctx);
		j = 0;
		damon_for_each_region(r, t) {
			r->age = rows[i].ages[j++];
			if (rows[i].surveyed)
				damon_region_set_core(r, r->ar);
			else
				damon_region_state(r)->window[0].trials = 20;
		}
		damon_adapt(ctx);
		EXPECT_EQ(t->nr_regions, 2 - rows[i].joined);
		if (rows[i].joined)
			EXPECT_EQ(first_region(ctx)->region.age,
				  min(rows[i].ages[0], rows[i].ages[1]) + 1);
		sim_destroy_ctx(ctx);
	}
}

/*
 * A piece that is cut out does not get its result from a single look. It has the age of
 * the whole only if it is in use, or idle, like that.
 */
static void test_piece(void)
{
	struct damon_ctx *ctx = one_range(8000);
	struct damon_region_state *s = first_region(ctx);
	struct damon_target *t = list_first_entry(&ctx->adaptive_targets,
						  struct damon_target, list);
	unsigned int i;

	ctx->min_nr_regions = 1;
	ctx->sample_interval = 10;
	ctx->aggr_interval = 200;
	for (i = 0; i < DAMON_NR_STRATA - 1; i++) {
		s->past[i] = (struct damon_tally){ 20, 20 };
		s->window[i] = (struct damon_tally){ i < 4, i < 4 };
	}
	s->past[i] = (struct damon_tally){ 9, 11 };
	s->window[i] = (struct damon_tally){ 0, 1 };
	s->last_nr_accesses = 20;
	damon_adapt(ctx);
	EXPECT_EQ(t->nr_regions, 2);
	EXPECT_EQ(damon_first_region(t)->nr_accesses, 20);
	/* Of 9 in 12 looks. */
	EXPECT_EQ(damon_last_region(t)->nr_accesses, 15);
	sim_destroy_ctx(ctx);

	ctx = one_range(8000);
	s = first_region(ctx);
	t = list_first_entry(&ctx->adaptive_targets, struct damon_target, list);
	ctx->min_nr_regions = 1;
	for (i = 0; i < DAMON_NR_STRATA; i++) {
		s->past[i] = (struct damon_tally){ i < 4 ? 20 : 3, 20 };
		s->window[i] = (struct damon_tally){ i < 4 ? 5 : 0, 5 };
	}
	s->last_nr_accesses = 10;
	s->region.age = 71;
	damon_adapt(ctx);
	EXPECT_EQ(t->nr_regions, 2);
	EXPECT_EQ(damon_first_region(t)->age, 72);
	EXPECT_EQ(damon_last_region(t)->nr_accesses, 0);
	EXPECT_EQ(damon_last_region(t)->age, 0);
	sim_destroy_ctx(ctx);
}

const struct ktap_test adapt_tests[] = {
	{ "adapt: X2 equals the formula", test_x2 },
	{ "adapt: results of a window", test_results },
	{ "adapt: who wins when limits meet", test_limits },
	{ "adapt: new intervals", test_rescale },
	{ "adapt: samples visit all parts", test_strata },
	{ "adapt: what rests is looked at", test_rest },
	{ "adapt: looks at all parts end", test_spread },
	{ "adapt: what cannot be looked at", test_dark },
	{ "adapt: ages tell apart", test_ages },
	{ "adapt: pieces have results", test_piece },
	{}
};
