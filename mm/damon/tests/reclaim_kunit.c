// SPDX-License-Identifier: GPL-2.0
/* Unit tests of DAMON_RECLAIM (modules/reclaim.c): the scheme that parameters mean. */
#include "../modules/inputs.h"
#include "util.h"

/* Parameters that the module could have been given. */
static struct damon_reclaim_inputs inputs_new(void)
{
	return (struct damon_reclaim_inputs){
		.monitor = DAMON_MODULE_MONITOR,
		.wmarks = { DAMOS_WMARK_FREE_MEM_RATE, 7, 500, 400, 200 },
		.quota = { .ms = 10, .sz = SZ_128M, .reset_interval = 1000,
			   .weight_age = 1 },
		.min_age = 120 * USEC_PER_SEC,
	};
}

static struct damos *fill(struct kunit *test,
			  const struct damon_reclaim_inputs *inputs)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	KUNIT_ASSERT_EQ(test, damon_reclaim_fill(ctx, inputs), 0);
	KUNIT_ASSERT_EQ(test, damon_ctx_check(ctx, NULL), 0);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&ctx->schemes), 1);
	return list_first_entry(&ctx->schemes, struct damos, list);
}

static void reclaim_scheme(struct kunit *test)
{
	struct damon_reclaim_inputs inputs = inputs_new();
	struct damos *s = fill(test, &inputs);

	KUNIT_EXPECT_EQ(test, s->action, DAMOS_PAGEOUT);
	KUNIT_EXPECT_EQ(test, s->min_sz_region, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->max_sz_region, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, s->max_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s->min_age_region, 1200);
	KUNIT_EXPECT_EQ(test, s->max_age_region, UINT_MAX);
	KUNIT_EXPECT_EQ(test, s->apply_interval_us, 0);
	KUNIT_EXPECT_EQ(test, s->quota.ms, 10);
	KUNIT_EXPECT_EQ(test, s->quota.sz, SZ_128M);
	KUNIT_EXPECT_EQ(test, s->quota.reset_interval, 1000);
	KUNIT_EXPECT_EQ(test, s->quota.weight_sz, 0);
	KUNIT_EXPECT_EQ(test, s->quota.weight_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, s->quota.weight_age, 1);
	KUNIT_EXPECT_EQ(test, s->wmarks.metric, DAMOS_WMARK_FREE_MEM_RATE);
	KUNIT_EXPECT_EQ(test, s->wmarks.interval, 7);
	KUNIT_EXPECT_EQ(test, s->wmarks.high, 500);
	KUNIT_EXPECT_EQ(test, s->wmarks.mid, 400);
	KUNIT_EXPECT_EQ(test, s->wmarks.low, 200);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->quota.goals));
	KUNIT_EXPECT_TRUE(test, list_empty(&s->ops_filters));
}

static void reclaim_goals_and_filter(struct kunit *test)
{
	struct damon_reclaim_inputs inputs = inputs_new();
	struct damos_quota_goal *goal;
	struct damos_filter *f;
	struct damos *s;

	inputs.quota_mem_pressure_us = 5000;
	inputs.quota_autotune_feedback = 4000;
	inputs.skip_anon = true;
	s = fill(test, &inputs);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&s->quota.goals), 2);
	goal = list_first_entry(&s->quota.goals, struct damos_quota_goal, list);
	KUNIT_EXPECT_EQ(test, goal->metric, DAMOS_QUOTA_SOME_MEM_PSI_US);
	KUNIT_EXPECT_EQ(test, goal->target_value, 5000);
	goal = list_next_entry(goal, list);
	KUNIT_EXPECT_EQ(test, goal->metric, DAMOS_QUOTA_USER_INPUT);
	KUNIT_EXPECT_EQ(test, goal->target_value, 10000);
	KUNIT_EXPECT_EQ(test, goal->current_value, 4000);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&s->ops_filters), 1);
	f = list_first_entry(&s->ops_filters, struct damos_filter, list);
	KUNIT_EXPECT_EQ(test, f->type, DAMOS_FILTER_TYPE_ANON);
	KUNIT_EXPECT_TRUE(test, f->matching);
	KUNIT_EXPECT_FALSE(test, f->allow);
}

/* hazard E18: sizes in units; zero alone means no limit. */
static void reclaim_units(struct kunit *test)
{
	struct damon_reclaim_inputs inputs = inputs_new();
	struct damos *s;

	inputs.monitor.addr_unit = SZ_1K;
	s = fill(test, &inputs);
	KUNIT_EXPECT_EQ(test, s->min_sz_region, PAGE_SIZE / SZ_1K);
	KUNIT_EXPECT_EQ(test, s->quota.sz, SZ_128M / SZ_1K);
	inputs.monitor.addr_unit = SZ_1M;
	inputs.quota.sz = 1;
	s = fill(test, &inputs);
	KUNIT_EXPECT_EQ(test, s->min_sz_region, 1);
	KUNIT_EXPECT_EQ(test, s->quota.sz, 1);
	inputs.quota.sz = 0;
	KUNIT_EXPECT_EQ(test, fill(test, &inputs)->quota.sz, 0);
}

static struct kunit_case reclaim_cases[] = {
	KUNIT_CASE(reclaim_scheme),
	KUNIT_CASE(reclaim_goals_and_filter),
	KUNIT_CASE(reclaim_units),
	{}
};

static struct kunit_suite reclaim_suite = {
	.name = "damon-reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
