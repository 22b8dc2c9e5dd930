// SPDX-License-Identifier: GPL-2.0
/* Unit tests of DAMON_LRU_SORT (modules/lru_sort.c): the schemes that parameters mean. */
#include "../modules/inputs.h"
#include "util.h"

struct lru_sort_test {
	struct damon_lru_sort_inputs inputs;
	struct damos *hot;
	struct damos *cold;
};

static struct lru_sort_test lru_sort_new(void)
{
	return (struct lru_sort_test){ .inputs = {
		.monitor = DAMON_MODULE_MONITOR,
		.wmarks = { DAMOS_WMARK_FREE_MEM_RATE, 7, 200, 150, 50 },
		.quota = { .ms = 10, .reset_interval = 1000,
			   .weight_nr_accesses = 1, .weight_age = 1 },
		.hot_thres_access_freq = 500,
		.cold_min_age = 120 * USEC_PER_SEC,
	} };
}

static void fill(struct kunit *test, struct lru_sort_test *t)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	KUNIT_ASSERT_EQ(test, damon_lru_sort_fill(ctx, &t->inputs), 0);
	KUNIT_ASSERT_EQ(test, damon_ctx_check(ctx, NULL), 0);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&ctx->schemes), 2);
	t->hot = list_first_entry(&ctx->schemes, struct damos, list);
	t->cold = list_next_entry(t->hot, list);
}

static void lru_sort_schemes(struct kunit *test)
{
	struct lru_sort_test t = lru_sort_new();
	struct damos *s;

	fill(test, &t);
	KUNIT_EXPECT_EQ(test, t.hot->action, DAMOS_LRU_PRIO);
	KUNIT_EXPECT_EQ(test, t.hot->min_nr_accesses, 10);
	KUNIT_EXPECT_EQ(test, t.hot->max_nr_accesses, UINT_MAX);
	KUNIT_EXPECT_EQ(test, t.hot->min_age_region, 0);
	KUNIT_EXPECT_EQ(test, t.cold->action, DAMOS_LRU_DEPRIO);
	KUNIT_EXPECT_EQ(test, t.cold->max_nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, t.cold->min_age_region, 1200);
	for (s = t.hot; ; s = t.cold) {
		KUNIT_EXPECT_EQ(test, s->min_sz_region, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, s->max_sz_region, ULONG_MAX);
		KUNIT_EXPECT_EQ(test, s->max_age_region, UINT_MAX);
		KUNIT_EXPECT_EQ(test, s->quota.ms, 5);
		KUNIT_EXPECT_EQ(test, s->quota.sz, 0);
		KUNIT_EXPECT_EQ(test, s->quota.weight_nr_accesses, 1);
		KUNIT_EXPECT_EQ(test, s->quota.weight_age, 1);
		KUNIT_EXPECT_EQ(test, s->wmarks.metric, DAMOS_WMARK_FREE_MEM_RATE);
		KUNIT_EXPECT_EQ(test, s->wmarks.high, 200);
		KUNIT_EXPECT_EQ(test, s->wmarks.low, 50);
		KUNIT_EXPECT_TRUE(test, list_empty(&s->quota.goals));
		KUNIT_EXPECT_TRUE(test, list_empty(&s->ops_filters));
		if (s == t.cold)
			break;
	}
}

/* Half of what is not zero is not zero. */
static void lru_sort_quota(struct kunit *test)
{
	static const unsigned long rows[][2] = {
		{ 0, 0 }, { 1, 1 }, { 2, 1 }, { 3, 2 },
		{ ULONG_MAX, ULONG_MAX / 2 + 1 },
	};
	struct lru_sort_test t = lru_sort_new();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t.inputs.quota.ms = rows[i][0];
		fill(test, &t);
		KUNIT_EXPECT_EQ(test, t.hot->quota.ms, rows[i][1]);
		KUNIT_EXPECT_EQ(test, t.cold->quota.ms, rows[i][1]);
	}
}

/* What is never accessed is not hot, what always is, is. */
static void lru_sort_threshold(struct kunit *test)
{
	static const unsigned long rows[][2] = {
		{ 0, 1 }, { 1, 1 }, { 50, 1 }, { 99, 1 }, { 100, 2 },
		{ 1000, 20 }, { 1001, 20 }, { ULONG_MAX, 20 },
	};
	struct lru_sort_test t = lru_sort_new();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t.inputs.hot_thres_access_freq = rows[i][0];
		fill(test, &t);
		KUNIT_EXPECT_EQ(test, t.hot->min_nr_accesses, rows[i][1]);
	}
	t.inputs.hot_thres_access_freq = 500;
	t.inputs.monitor.sample_interval = 1;
	t.inputs.monitor.aggr_interval = ULONG_MAX;
	fill(test, &t);
	KUNIT_EXPECT_EQ(test, t.hot->min_nr_accesses, UINT_MAX / 2);
}

/* The one goal of a scheme. */
static void expect_goal(struct kunit *test, struct damos *s,
			enum damos_quota_goal_metric metric, unsigned long value)
{
	struct damos_quota_goal *goal;

	KUNIT_ASSERT_EQ(test, list_count_nodes(&s->quota.goals), 1);
	goal = list_first_entry(&s->quota.goals, struct damos_quota_goal, list);
	KUNIT_EXPECT_EQ(test, goal->metric, metric);
	KUNIT_EXPECT_EQ(test, goal->target_value, value);
}

/* hazards D10, E26: each goal on its scheme, and no target of zero. */
static void lru_sort_goals(struct kunit *test)
{
	static const unsigned long rows[] = { 1, 6000, 9999, 10000 };
	struct lru_sort_test t = lru_sort_new();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t.inputs.active_mem_bp = rows[i];
		fill(test, &t);
		expect_goal(test, t.hot, DAMOS_QUOTA_ACTIVE_MEM_BP, rows[i]);
		expect_goal(test, t.cold, DAMOS_QUOTA_INACTIVE_MEM_BP,
			    10002 - rows[i]);
	}
}

/* hazard D10 */
static void lru_sort_refuses(struct kunit *test)
{
	static const unsigned long rows[] = { 10001, 10002, 10003, ULONG_MAX };
	struct lru_sort_test t = lru_sort_new();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t.inputs.active_mem_bp = rows[i];
		KUNIT_EXPECT_EQ(test, damon_lru_sort_fill(test_new_ctx(test),
							  &t.inputs), -EINVAL);
	}
}

static void lru_sort_filters(struct kunit *test)
{
	struct lru_sort_test t = lru_sort_new();
	struct damos_filter *f;

	t.inputs.filter_young_pages = true;
	fill(test, &t);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&t.hot->ops_filters), 1);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&t.cold->ops_filters), 1);
	f = list_first_entry(&t.hot->ops_filters, struct damos_filter, list);
	KUNIT_EXPECT_EQ(test, f->type, DAMOS_FILTER_TYPE_YOUNG);
	KUNIT_EXPECT_FALSE(test, f->matching);
	KUNIT_EXPECT_FALSE(test, f->allow);
	f = list_first_entry(&t.cold->ops_filters, struct damos_filter, list);
	KUNIT_EXPECT_EQ(test, f->type, DAMOS_FILTER_TYPE_YOUNG);
	KUNIT_EXPECT_TRUE(test, f->matching);
	KUNIT_EXPECT_FALSE(test, f->allow);
}

static struct kunit_case lru_sort_cases[] = {
	KUNIT_CASE(lru_sort_schemes),
	KUNIT_CASE(lru_sort_quota),
	KUNIT_CASE(lru_sort_threshold),
	KUNIT_CASE(lru_sort_goals),
	KUNIT_CASE(lru_sort_refuses),
	KUNIT_CASE(lru_sort_filters),
	{}
};

static struct kunit_suite lru_sort_suite = {
	.name = "damon-lru-sort",
	.test_cases = lru_sort_cases,
};

kunit_test_suite(lru_sort_suite);
