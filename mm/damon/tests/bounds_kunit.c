// SPDX-License-Identifier: GPL-2.0
/*
 * How many regions there are when limits collide: the ranges of the user win,
 * then min_nr_regions, then max_nr_regions, then the size that a region may
 * have. And what new intervals make of results.
 */
#include "util.h"

#define MAX_RANGES	8

static const struct bounds_row {
	const char *name;
	unsigned int pages[MAX_RANGES];	/* of each range */
	unsigned long min, max;
	unsigned int nr;
} bounds_rows[] = {
	{ "one range", { 100 }, 10, 1000, 10 },
	{ "min is max", { 100 }, 10, 10, 10 },
	{ "does not divide", { 101 }, 10, 10, 10 },
	/* hazard D40 */
	{ "few large ranges", { 1000, 1000, 1 }, 100, 1000, 100 },
	{ "unlike ranges, min is max", { 1, 1000 }, 10, 10, 10 },
	{ "unlike ranges, two of three", { 10, 90 }, 3, 3, 3 },
	{ "fewer pages than min", { 5 }, 10, 1000, 5 },
	{ "fewer pages in ranges", { 1, 1, 3 }, 10, 1000, 5 },
	{ "as many pages as min", { 4, 6 }, 10, 10, 10 },
	/* hazard D25 */
	{ "more ranges than max", { 9, 9, 9, 9, 9, 9, 9, 9 }, 3, 4, 8 },
	{ "single pages, more than max", { 1, 1, 1, 1, 1, 1 }, 3, 3, 6 },
	{ "large range, no room", { 1, 1, 1, 1, 1, 1, 900 }, 3, 7, 7 },
	/* hazard D33 */
	{ "three pages twice in four", { 3, 3 }, 4, 4, 4 },
	{ "seven pages in three", { 7 }, 3, 3, 3 },
};

static void bounds_row_desc(const struct bounds_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bounds_row, bounds_rows, bounds_row_desc);

static unsigned int nr_all(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += damon_nr_regions(t);
	return nr;
}

/* Evidence in which all parts differ, another one each time. */
static void draw_evidence(struct damon_ctx *ctx, struct rnd_state *rnd)
{
	struct damon_region_state *s;
	struct damon_target *t;
	struct damon_region *r;
	int part;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			for (part = 0; part < DAMON_NR_STRATA; part++) {
				s->past[part].trials = 40;
				s->past[part].hits =
					test_pick(rnd, 3) * 20;
			}
		}
	}
}

static bool covers(struct damon_target *t, unsigned long start,
		   unsigned long end)
{
	struct damon_region *r;

	damon_for_each_region(r, t)
		if (r->ar.start == start)
			start = r->ar.end;
	return start == end;
}

static void bounds_table(struct kunit *test)
{
	const struct bounds_row *row = test->param_value;
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	unsigned int nr_ranges = 0, pages = 0, i;
	unsigned long at = 0;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 2);
	for (i = 0; i < MAX_RANGES && row->pages[i]; i++) {
		test_add_pages(test, t, at, at + row->pages[i]);
		at += row->pages[i] + 1;
		pages += row->pages[i];
		nr_ranges++;
	}
	ctx->min_nr_regions = row->min;
	ctx->max_nr_regions = row->max;
	damon_bounds_enforce(ctx);
	KUNIT_EXPECT_EQ(test, nr_all(ctx), row->nr);
	damon_bounds_enforce(ctx);
	KUNIT_EXPECT_EQ(test, nr_all(ctx), row->nr);

	/* It stays so, whatever is found. */
	for (i = 0; i < 20; i++) {
		draw_evidence(ctx, &rnd);
		damon_adapt(ctx);
		KUNIT_EXPECT_GE(test, nr_all(ctx), min_t(unsigned int, row->min,
							 pages));
		KUNIT_EXPECT_LE(test, nr_all(ctx), max_t(unsigned int, row->max,
							 nr_ranges));
		damon_adapt_next_window(ctx);
	}
	at = 0;
	for (i = 0; i < nr_ranges; i++) {
		KUNIT_EXPECT_TRUE(test, covers(t, test_page(at),
					       test_page(at + row->pages[i])));
		at += row->pages[i] + 1;
	}
}

/* hazard D33: even pieces, the rounding does not make one more */
static void bounds_even(struct kunit *test)
{
	static const unsigned int pages[] = { 1, 2, 1, 2 };
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_region *r;
	unsigned int i = 0;

	test_add_pages(test, t, 0, 3);
	test_add_pages(test, t, 10, 13);
	ctx->min_nr_regions = 4;
	damon_bounds_enforce(ctx);
	KUNIT_ASSERT_EQ(test, nr_all(ctx), ARRAY_SIZE(pages));
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, damon_sz_region(r),
				pages[i++] * PAGE_SIZE);
}

/* Two targets share one budget. */
static void bounds_two_targets(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *a = test_new_target(test, ctx);
	struct damon_target *b = test_new_target(test, ctx);
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 3);
	test_add_pages(test, a, 0, 300);
	test_add_pages(test, b, 0, 100);
	ctx->min_nr_regions = 8;
	ctx->max_nr_regions = 20;
	damon_bounds_enforce(ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(a), 6);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(b), 2);
	for (i = 0; i < 50; i++) {
		draw_evidence(ctx, &rnd);
		damon_adapt(ctx);
		KUNIT_EXPECT_GE(test, nr_all(ctx), 8);
		KUNIT_EXPECT_LE(test, nr_all(ctx), 20);
	}
}

/* No target, or only ones without regions: nothing to do, nothing divided. */
static void bounds_nothing(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	damon_adapt(ctx);
	damon_bounds_enforce(ctx);
	test_new_target(test, ctx);
	damon_adapt(ctx);
	damon_bounds_enforce(ctx);
	damon_adapt_next_window(ctx);
	KUNIT_EXPECT_EQ(test, nr_all(ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_region_sz_limit(ctx), PAGE_SIZE);
}

/*
 * hazards D26, D27: a lower maximum is kept at once, however little alike the
 * regions are, and they grow older by one window, not by one for each join.
 */
static void bounds_lower_max(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_region_state *s;
	struct damon_region *r;
	unsigned int i;

	for (i = 0; i < 400; i++) {
		s = damon_region_state(test_add_pages(test, t, i, i + 1));
		s->past[0].trials = 500;
		s->past[0].hits = i % 2 ? 500 : 0;
		s->window[0] = (struct damon_tally){ i % 2 ? 20 : 0, 20 };
		s->last_nr_accesses = i % 2 ? 20 : 0;
		s->region.age = 70;
	}
	ctx->min_nr_regions = 3;
	ctx->max_nr_regions = 20;
	damon_adapt(ctx);
	KUNIT_EXPECT_LE(test, damon_nr_regions(t), 20);
	KUNIT_EXPECT_GE(test, damon_nr_regions(t), 3);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_EQ(test, r->age, 71);
}

static void bounds_sz_limit(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);

	test_add_pages(test, t, 0, 95);
	test_add_pages(test, t, 100, 105);
	KUNIT_EXPECT_EQ(test, damon_region_sz_limit(ctx), 10 * PAGE_SIZE);
	ctx->min_nr_regions = 7;
	KUNIT_EXPECT_EQ(test, damon_region_sz_limit(ctx), 15 * PAGE_SIZE);
	ctx->min_nr_regions = ULONG_MAX;
	KUNIT_EXPECT_EQ(test, damon_region_sz_limit(ctx), PAGE_SIZE);
	/* As large as an address space can be: nothing wraps. */
	test_add_region(test, t, test_page(200), ULONG_MAX & PAGE_MASK);
	ctx->min_nr_regions = 3;
	KUNIT_EXPECT_GE(test, damon_region_sz_limit(ctx), ULONG_MAX / 4);
}

static const struct rescale_row {
	const char *name;
	unsigned long old_sample, old_aggr, sample, aggr;
	unsigned int age, new_age, last, new_last;
} rescale_rows[] = {
	{ "same", 5, 100, 5, 100, 7, 7, 3, 3 },
	{ "window twice as long", 5, 100, 5, 200, 7, 3, 3, 6 },
	{ "window half as long", 5, 100, 5, 50, 7, 14, 20, 10 },
	{ "more samples", 5, 100, 1, 100, 7, 7, 20, 100 },
	/* hazards D1, D2, D6 */
	{ "old zero", 0, 0, 5, 100, 7, 0, 1, 20 },
	{ "new zero", 5, 100, 0, 0, 7, 7, 20, 1 },
	{ "both zero", 0, 0, 0, 0, 7, 7, 1, 1 },
	{ "to the longest", 1, 1, 1, ULONG_MAX, UINT_MAX, 0, 1, UINT_MAX },
	{ "from the longest", 1, ULONG_MAX, 1, 1, 1, UINT_MAX, UINT_MAX, 1 },
	{ "nothing from the longest", 1, ULONG_MAX, 1, 1, 0, 0, 0, 0 },
	{ "longest samples", ULONG_MAX, ULONG_MAX, 1, 1, UINT_MAX, UINT_MAX, 1,
	  1 },
};

static void rescale_row_desc(const struct rescale_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rescale_row, rescale_rows, rescale_row_desc);

static void bounds_rescale(struct kunit *test)
{
	const struct rescale_row *row = test->param_value;
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_region_state *s = damon_region_state(r);
	struct damon_attrs old = ctx->attrs;

	old.sample_interval = row->old_sample;
	old.aggr_interval = row->old_aggr;
	ctx->sample_interval = row->sample;
	ctx->aggr_interval = row->aggr;
	r->age = row->age;
	r->nr_accesses = 5;
	s->last_nr_accesses = row->last;
	s->window[1] = (struct damon_tally){ 5, 6 };
	s->past[1] = (struct damon_tally){ 50, 60 };
	damon_adapt_rescale(ctx, &old);
	KUNIT_EXPECT_EQ(test, r->age, row->new_age);
	KUNIT_EXPECT_EQ(test, s->last_nr_accesses, row->new_last);
	/* The unfinished window is given up, what is known stays. */
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).trials, 0);
	KUNIT_EXPECT_EQ(test, s->past[1].trials, 60);
}

static struct kunit_case bounds_cases[] = {
	KUNIT_CASE_PARAM(bounds_table, bounds_row_gen_params),
	KUNIT_CASE(bounds_even),
	KUNIT_CASE(bounds_two_targets),
	KUNIT_CASE(bounds_nothing),
	KUNIT_CASE(bounds_lower_max),
	KUNIT_CASE(bounds_sz_limit),
	KUNIT_CASE_PARAM(bounds_rescale, rescale_row_gen_params),
	{}
};

static struct kunit_suite bounds_suite = {
	.name = "damon-bounds",
	.test_cases = bounds_cases,
};

kunit_test_suite(bounds_suite);
