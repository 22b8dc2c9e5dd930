// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence: samples, counts, results, ages, and the places where regions are cut
 * and joined. How many regions there may be is in bounds_kunit.c.
 */
#include "util.h"

/* A context with one target, whose regions no limit cuts or joins. */
static struct damon_target *adapt_target(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	ctx->min_nr_regions = 1;
	test->priv = ctx;
	return test_new_target(test, ctx);
}

static void adapt_count(struct kunit *test)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 8, 16);
	struct damon_region_state *s = damon_region_state(r);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		r->sampling_addr = test_page(8 + i) + 123;
		damon_update_region_access_rate(r, i % 2);
		KUNIT_EXPECT_EQ(test, s->window[i].trials, 1);
		KUNIT_EXPECT_EQ(test, s->window[i].hits, i % 2);
	}
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 4);
	/* A sample whose region has moved away is of no part. */
	r->sampling_addr = test_page(16);
	damon_update_region_access_rate(r, true);
	r->sampling_addr = test_page(8) - 1;
	damon_update_region_access_rate(r, true);
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].trials, 2);
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].hits, 2);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 6);
}

/* Every part has its turn, and no address lies outside. */
static void adapt_strata(struct kunit *test)
{
	static const unsigned long sizes[] = {
		1, 7, 8, 9, PAGE_SIZE, 3 * PAGE_SIZE, PAGE_SIZE << 10,
		ULONG_MAX / 2,
	};
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 1);
	struct damon_region_state *s = damon_region_state(r);
	struct damon_ctx *ctx = test->priv;
	unsigned int i, j, seen;

	for (i = 0; i < 100 * ARRAY_SIZE(sizes); i++) {
		r->ar.end = TEST_BASE + sizes[i % ARRAY_SIZE(sizes)];
		seen = 0;
		for (j = 0; j < DAMON_NR_STRATA; j++) {
			unsigned long addr, part = damon_stratum_sz(r);

			addr = damon_region_next_sample(damon_ctx_state(ctx),
							r);
			KUNIT_EXPECT_EQ(test, addr, r->sampling_addr);
			KUNIT_ASSERT_GE(test, addr, r->ar.start);
			KUNIT_ASSERT_LT(test, addr, r->ar.end);
			if (part)
				KUNIT_EXPECT_EQ(test, s->stratum,
						(addr - r->ar.start) / part);
			seen |= BIT(s->stratum);
		}
		KUNIT_EXPECT_TRUE(test, s->pending);
		KUNIT_EXPECT_EQ(test, seen, damon_stratum_sz(r) ?
				GENMASK(DAMON_NR_STRATA - 1, 0) :
				BIT(DAMON_NO_STRATUM));
	}
}

static const struct result_row {
	unsigned int hits, trials, nr, result;
} result_rows[] = {
	{ 0, 20, 20, 0 },
	{ 1, 20, 20, 1 },
	{ 20, 20, 20, 20 },
	/* looks that were missed */
	{ 5, 10, 20, 10 },
	{ 10, 10, 20, 20 },
	{ 1, 3, 20, 7 },
	{ 1, 8, 20, 3 },
	{ 1, 1, 20, 20 },
	/* more looks than ticks */
	{ 60, 160, 20, 8 },
	{ 999, 1000, 20, 20 },
	/* a hit is a hit */
	{ 1, 1000, 20, 1 },
	{ 1, 4, 1, 1 },
	{ 1, 2, UINT_MAX, 2147483648U },
	{ 7, 7, UINT_MAX, UINT_MAX },
	{ UINT_MAX, UINT_MAX, 20, 20 },
	{ UINT_MAX - 1, UINT_MAX, UINT_MAX, UINT_MAX - 1 },
};

static void result_row_desc(const struct result_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u of %u as %u", row->hits,
		 row->trials, row->nr);
}

KUNIT_ARRAY_PARAM(result_row, result_rows, result_row_desc);

static void adapt_result(struct kunit *test)
{
	const struct result_row *row = test->param_value;
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_ctx *ctx = test->priv;

	ctx->sample_interval = 1;
	ctx->aggr_interval = row->nr;
	damon_region_state(r)->window[DAMON_NO_STRATUM] =
		(struct damon_tally){ row->hits, row->trials };
	r->nr_accesses = row->hits;
	damon_adapt(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, row->result);
	damon_adapt_next_window(ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->last_nr_accesses,
			row->result);
	KUNIT_EXPECT_EQ(test,
			test_tally_sum(damon_region_state(r)->window).trials,
			0);
}

/* A window without any look tells nothing new. */
static void adapt_no_look(struct kunit *test)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_region_state *s = damon_region_state(r);

	s->last_nr_accesses = 7;
	s->past[2] = (struct damon_tally){ 7, 20 };
	s->tried = true;
	r->age = 3;
	damon_adapt(test->priv);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 7);
	KUNIT_EXPECT_EQ(test, r->age, 4);
	KUNIT_EXPECT_EQ(test, s->past[2].trials, 20);
}

static const struct age_row {
	const char *name;
	struct damon_tally past, window;
	unsigned int last, age, new_age;
} age_rows[] = {
	{ "quiet", { 0, 100 }, { 0, 20 }, 0, 5, 6 },
	{ "busy", { 100, 100 }, { 20, 20 }, 20, 5, 6 },
	{ "about the same", { 50, 100 }, { 12, 20 }, 10, 5, 6 },
	/* X2 of 6 and of 10.9 */
	{ "perhaps more", { 50, 100 }, { 16, 20 }, 10, 5, 6 },
	{ "surely more", { 50, 100 }, { 18, 20 }, 10, 5, 0 },
	{ "becomes hot", { 0, 100 }, { 20, 20 }, 0, 5, 0 },
	{ "becomes cold", { 100, 100 }, { 0, 20 }, 20, 5, 0 },
	{ "clearly more", { 100, 400 }, { 18, 20 }, 5, 5, 0 },
	/* hazard E19 */
	{ "first touch", { 0, 400 }, { 1, 20 }, 0, 5, 0 },
	{ "last touch gone", { 20, 400 }, { 0, 20 }, 1, 5, 0 },
	/* hazard D43 */
	{ "oldest", { 0, 100 }, { 0, 20 }, 0, UINT_MAX, UINT_MAX },
	{ "new", {}, { 0, 20 }, 0, 0, 1 },
};

static void age_row_desc(const struct age_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(age_row, age_rows, age_row_desc);

static void adapt_age(struct kunit *test)
{
	const struct age_row *row = test->param_value;
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_region_state *s = damon_region_state(r);

	s->past[DAMON_NO_STRATUM] = row->past;
	s->window[DAMON_NO_STRATUM] = row->window;
	s->last_nr_accesses = row->last;
	r->age = row->age;
	damon_adapt(test->priv);
	KUNIT_EXPECT_EQ(test, r->age, row->new_age);
}

/* What is known from before a significant change is forgotten, old is faded. */
static void adapt_memory(struct kunit *test)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_region_state *s = damon_region_state(r);

	s->past[0] = (struct damon_tally){ 0, 100 };
	s->window[5] = (struct damon_tally){ 20, 20 };
	damon_adapt(test->priv);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->past).trials, 20);
	KUNIT_EXPECT_EQ(test, s->past[5].hits, 20);
	damon_adapt_next_window(test->priv);

	s->past[5] = (struct damon_tally){ 1000, 1000 };
	s->window[5] = (struct damon_tally){ 20, 20 };
	damon_adapt(test->priv);
	KUNIT_EXPECT_EQ(test, s->past[5].trials, 510);
	KUNIT_EXPECT_EQ(test, s->past[5].hits, 510);
}

/* X2 summed up as (found - expected)^2 / expected, and rounded down. */
static const struct x2_row {
	struct damon_tally a, b;
	u32 x2;
} x2_rows[] = {
	{ { 0, 0 }, { 5, 10 }, 0 },
	{ { 0, 10 }, { 0, 10 }, 0 },
	{ { 10, 10 }, { 10, 10 }, 0 },
	{ { 5, 10 }, { 5, 10 }, 0 },
	{ { 0, 1 }, { 1, 1 }, 2 },
	{ { 0, 10 }, { 1, 10 }, 1 },
	{ { 0, 20 }, { 20, 20 }, 40 },
	{ { 0, 20 }, { 10, 20 }, 13 },
	{ { 2, 20 }, { 10, 20 }, 7 },
	{ { 3, 8 }, { 7, 8 }, 4 },
	{ { 3, 7 }, { 11, 13 }, 3 },
	{ { 0, 100 }, { 3, 20 }, 15 },
	{ { 1, 20 }, { 18, 20 }, 28 },
	{ { 7, 20 }, { 13, 20 }, 3 },
	{ { 100, 1000 }, { 150, 1000 }, 11 },
	{ { 250, 500 }, { 270, 500 }, 1 },
	{ { 0, 4095 }, { 4095, 4095 }, 8190 },
	{ { 1, 4095 }, { 2048, 4095 }, 2727 },
	/* Counts are halved until 12 bits hold them. */
	{ { 0, UINT_MAX }, { UINT_MAX, UINT_MAX }, 8190 },
	{ { UINT_MAX, UINT_MAX }, { UINT_MAX, UINT_MAX }, 0 },
};

static void adapt_x2(struct kunit *test)
{
	const struct x2_row *row;

	for (row = x2_rows; row < x2_rows + ARRAY_SIZE(x2_rows); row++) {
		KUNIT_EXPECT_EQ(test, damon_tally_x2(row->a, row->b), row->x2);
		KUNIT_EXPECT_EQ(test, damon_tally_x2(row->b, row->a), row->x2);
	}
}

/* Which of 8 parts are hot, and where the borders are found. */
static const struct cut_row {
	const char *name;
	unsigned int hot;	/* bit i: part i */
	unsigned long pages;
	unsigned int nr;
	unsigned long borders[4];
} cut_rows[] = {
	{ "two in the middle", 0x18, 64, 3, { 0, 24, 40, 64 } },
	{ "first half", 0x0f, 64, 2, { 0, 32, 64 } },
	{ "last part", 0x80, 64, 2, { 0, 56, 64 } },
	{ "all but one", 0xbf, 64, 3, { 0, 48, 56, 64 } },
	{ "both ends", 0x81, 64, 3, { 0, 8, 56, 64 } },
	{ "all", 0xff, 64, 1, { 0, 64 } },
	{ "none", 0x00, 64, 1, { 0, 64 } },
	{ "one page", 0x0f, 1, 1, { 0, 1 } },
	{ "two pages", 0x0f, 2, 2, { 0, 1, 2 } },
	/* Borders are borders of pages: 3.75 and 7.5 of 10 pages. */
	{ "between pages", 0x38, 10, 3, { 0, 3, 7, 10 } },
};

static void cut_row_desc(const struct cut_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cut_row, cut_rows, cut_row_desc);

static void adapt_cut(struct kunit *test)
{
	const struct cut_row *row = test->param_value;
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, row->pages);
	struct damon_region_state *s = damon_region_state(r);
	unsigned int i = 0, part;

	for (part = 0; part < DAMON_NR_STRATA; part++)
		s->past[part] = (struct damon_tally){
			.hits = row->hot & BIT(part) ? 20 : 0,
			.trials = 20,
		};
	r->age = 8;
	damon_adapt(test->priv);
	KUNIT_ASSERT_EQ(test, damon_nr_regions(t), row->nr);
	damon_for_each_region(r, t) {
		KUNIT_EXPECT_EQ(test, r->ar.start, test_page(row->borders[i]));
		KUNIT_EXPECT_EQ(test, r->ar.end,
				test_page(row->borders[++i]));
		/* In the window all of it counted as idle. */
		KUNIT_EXPECT_EQ(test, r->age, r->nr_accesses ? 0 : 9);
	}
	if (row->nr < 3 || row->pages < 64)
		return;
	/* Each piece knows only what was found in it. */
	r = test_nth_region(t, 1);
	KUNIT_EXPECT_EQ(test, r->nr_accesses == 20,
			damon_first_region(t)->nr_accesses == 0);
	KUNIT_EXPECT_TRUE(test, r->nr_accesses == 20 || !r->nr_accesses);
	KUNIT_EXPECT_EQ(test, test_tally_sum(damon_region_state(r)->past).trials,
			20 * DAMON_NR_STRATA * damon_sz_region(r) /
			(row->pages * PAGE_SIZE));
}

/* Without room for both cuts none is made. */
static void adapt_cut_room(struct kunit *test)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r = test_add_pages(test, t, 0, 64);
	struct damon_ctx *ctx = test->priv;
	int part;

	for (part = 0; part < DAMON_NR_STRATA; part++)
		damon_region_state(r)->past[part] = (struct damon_tally){
			.hits = part == 3 ? 20 : 0,
			.trials = 20,
		};
	ctx->max_nr_regions = 2;
	damon_adapt(ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 1);
	ctx->max_nr_regions = 3;
	damon_adapt(ctx);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 3);
}

/* Two regions, from page 0 on and from page @at on, of 10 pages each. */
static unsigned int nr_joined(struct kunit *test, unsigned long at,
			      struct damon_tally left, struct damon_tally right)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r;

	r = test_add_pages(test, t, 0, 10);
	damon_region_state(r)->past[DAMON_NO_STRATUM] = left;
	r = test_add_pages(test, t, at, at + 10);
	damon_region_state(r)->past[DAMON_NO_STRATUM] = right;
	damon_adapt(test->priv);
	return damon_nr_regions(t);
}

static void adapt_join(struct kunit *test)
{
	static const struct damon_tally cold = { 0, 40 }, warm = { 20, 40 },
					hot = { 40, 40 }, warmer = { 24, 40 };

	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, cold, cold), 1);
	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, hot, hot), 1);
	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, warm, warmer), 1);
	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, cold, warm), 2);
	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, hot, warm), 2);
	KUNIT_EXPECT_EQ(test, nr_joined(test, 10, hot, cold), 2);
	/* Between them lies what is not monitored. */
	KUNIT_EXPECT_EQ(test, nr_joined(test, 11, cold, cold), 2);
}

static void adapt_forget_samples(struct kunit *test)
{
	struct damon_target *t = adapt_target(test);
	struct damon_region *r;

	test_add_pages(test, t, 0, 10);
	test_add_pages(test, t, 10, 20);
	damon_for_each_region(r, t)
		damon_region_state(r)->pending = true;
	damon_target_forget_samples(t);
	damon_for_each_region(r, t)
		KUNIT_EXPECT_FALSE(test, damon_region_state(r)->pending);
}

static struct kunit_case adapt_cases[] = {
	KUNIT_CASE(adapt_count),
	KUNIT_CASE(adapt_strata),
	KUNIT_CASE_PARAM(adapt_result, result_row_gen_params),
	KUNIT_CASE(adapt_no_look),
	KUNIT_CASE_PARAM(adapt_age, age_row_gen_params),
	KUNIT_CASE(adapt_memory),
	KUNIT_CASE(adapt_x2),
	KUNIT_CASE_PARAM(adapt_cut, cut_row_gen_params),
	KUNIT_CASE(adapt_cut_room),
	KUNIT_CASE(adapt_join),
	KUNIT_CASE(adapt_forget_samples),
	{}
};

static struct kunit_suite adapt_suite = {
	.name = "damon-adapt",
	.test_cases = adapt_cases,
};

kunit_test_suite(adapt_suite);
