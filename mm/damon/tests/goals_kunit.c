// SPDX-License-Identifier: GPL-2.0
/*
 * Goals of quotas, taken over alone: all of them, or none.
 */
#include "util.h"

static struct damos *goals_new_scheme(struct kunit *test, struct damon_ctx *ctx)
{
	struct damos_access_pattern any = {};
	struct damos *s = damon_new_scheme(&any, DAMOS_STAT, 0, NULL, NULL, -1);

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(ctx, s);
	return s;
}

static struct damos_quota_goal *goals_add(struct kunit *test, struct damos *s,
					  unsigned long current_value)
{
	struct damos_quota_goal *g;

	g = damos_new_quota_goal(DAMOS_QUOTA_USER_INPUT, 100);
	KUNIT_ASSERT_NOT_NULL(test, g);
	g->current_value = current_value;
	damos_add_quota_goal(&s->quota, g);
	return g;
}

/* The sum of what the goals of a scheme have come to. */
static unsigned long goals_sum(struct damos *s)
{
	struct damos_quota_goal *g;
	unsigned long sum = 0;

	damos_for_each_quota_goal(g, &s->quota)
		sum += g->current_value;
	return sum;
}

static void goals_all_or_none(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test), *wanted = test_new_ctx(test);
	struct damos *a = goals_new_scheme(test, ctx);
	struct damos *b = goals_new_scheme(test, ctx);
	struct damos *to_a = goals_new_scheme(test, wanted);
	struct damos *to_b = goals_new_scheme(test, wanted);
	struct damon_reason why = {};
	struct damos_quota_goal *bad;

	goals_add(test, a, 1);
	goals_add(test, b, 2);
	goals_add(test, to_a, 10);
	goals_add(test, to_a, 20);
	/* The last one of all. */
	bad = goals_add(test, to_b, 40);
	bad->metric = DAMOS_QUOTA_NODE_MEM_USED_BP;
	bad->nid = -1;
	KUNIT_EXPECT_EQ(test, damos_take_all_goals(ctx, wanted, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "schemes/1/quotas/goals/0"));
	KUNIT_EXPECT_EQ(test, goals_sum(a), 1);
	KUNIT_EXPECT_EQ(test, goals_sum(b), 2);

	bad->nid = first_node(node_states[N_MEMORY]);
	KUNIT_EXPECT_EQ(test, damos_take_all_goals(ctx, wanted, NULL), 0);
	KUNIT_EXPECT_EQ(test, goals_sum(a), 30);
	KUNIT_EXPECT_EQ(test, goals_sum(b), 40);
	/* hazard B9: it has all that was said of it. */
	bad = list_first_entry(&b->quota.goals, struct damos_quota_goal, list);
	KUNIT_EXPECT_EQ(test, bad->metric, DAMOS_QUOTA_NODE_MEM_USED_BP);
	KUNIT_EXPECT_EQ(test, bad->nid, first_node(node_states[N_MEMORY]));
	KUNIT_EXPECT_EQ(test, bad->target_value, 100);
}

/* hazards C2, C3: more schemes here, or there */
static void goals_other_number(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test), *wanted = test_new_ctx(test);
	struct damos *a = goals_new_scheme(test, ctx);
	struct damos *b = goals_new_scheme(test, ctx);
	struct damos *to_a;

	goals_add(test, a, 1);
	goals_add(test, b, 2);
	KUNIT_EXPECT_EQ(test, damos_take_all_goals(ctx, wanted, NULL), 0);
	KUNIT_EXPECT_EQ(test, goals_sum(a), 1);
	to_a = goals_new_scheme(test, wanted);
	goals_add(test, to_a, 10);
	KUNIT_EXPECT_EQ(test, damos_take_all_goals(ctx, wanted, NULL), 0);
	KUNIT_EXPECT_EQ(test, goals_sum(a), 10);
	KUNIT_EXPECT_EQ(test, goals_sum(b), 2);
	/* What was taken is gone there: so now the goal goes. */
	goals_new_scheme(test, wanted);
	goals_new_scheme(test, wanted);
	KUNIT_EXPECT_EQ(test, damos_take_all_goals(ctx, wanted, NULL), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&a->quota.goals));
	KUNIT_EXPECT_TRUE(test, list_empty(&b->quota.goals));
}

/* A pressure that is measured goes on being measured from where it was. */
static void goals_remember(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test), *wanted = test_new_ctx(test);
	struct damos *s = goals_new_scheme(test, ctx);
	struct damos *to = goals_new_scheme(test, wanted);
	struct damos_quota_goal *g = goals_add(test, s, 0);
	struct damos_goal_state *state = damos_goal_state(g);

	g->metric = DAMOS_QUOTA_SOME_MEM_PSI_US;
	state->last_psi_us = 123;
	state->has_psi = true;
	g = goals_add(test, to, 0);
	g->metric = DAMOS_QUOTA_SOME_MEM_PSI_US;
	KUNIT_ASSERT_EQ(test, damos_take_all_goals(ctx, wanted, NULL), 0);
	KUNIT_EXPECT_EQ(test, damos_goal_state(g)->last_psi_us, 123);
	KUNIT_EXPECT_TRUE(test, damos_goal_state(g)->has_psi);
}

static struct kunit_case goals_cases[] = {
	KUNIT_CASE(goals_all_or_none),
	KUNIT_CASE(goals_other_number),
	KUNIT_CASE(goals_remember),
	{}
};

static struct kunit_suite goals_suite = {
	.name = "damon-goals",
	.test_cases = goals_cases,
};

kunit_test_suite(goals_suite);
