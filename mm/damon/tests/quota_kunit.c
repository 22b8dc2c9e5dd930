// SPDX-License-Identifier: GPL-2.0
/* Quotas, goals, the feedback between them, and watermarks. */
#include "util.h"

#define SEC	((u64)NSEC_PER_SEC)

struct quota_test {
	struct damon_ctx *ctx;
	struct damos *s;
	struct damos_quota_state *q;
};

static int quota_init(struct kunit *test)
{
	struct quota_test *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct damos_access_pattern pattern = {};

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	c->ctx = test_new_ctx(test);
	c->s = damon_new_scheme(&pattern, DAMOS_STAT, 0, NULL, NULL, -1);
	KUNIT_ASSERT_NOT_NULL(test, c->s);
	damon_add_scheme(c->ctx, c->s);
	c->q = &damos_state(c->s)->quota;
	c->s->quota.reset_interval = 1000;
	return 0;
}

static struct damos_quota_goal *quota_goal(struct kunit *test,
					   unsigned long target,
					   unsigned long current_value)
{
	struct quota_test *c = test->priv;
	struct damos_quota_goal *g;

	g = damos_new_quota_goal(DAMOS_QUOTA_USER_INPUT, target);
	KUNIT_ASSERT_NOT_NULL(test, g);
	g->current_value = current_value;
	damos_add_quota_goal(&c->s->quota, g);
	return g;
}

/* hazard D11: no score makes it jump */
static void quota_feedback(struct kunit *test)
{
	static const struct {
		u64 last;
		unsigned long score;
		u64 next;
	} rows[] = {
		{ 10000, 10000, 10000 },	{ 10000, 0, 20000 },
		{ 10000, 1, 19999 },		{ 10000, 5000, 15000 },
		{ 10000, 9999, 10001 },		{ 10000, 15000, 10000 },
		{ 100000, 10001, 99990 },	{ 100000, 12500, 75000 },
		{ 100000, 19999, 10000 },	{ 100000, 20000, 10000 },
		{ 100000, ULONG_MAX, 10000 },	{ U64_MAX, 0, U64_MAX },
		{ U64_MAX, 10000, U64_MAX },	{ 1ULL << 63, 0, U64_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, damon_feedback(rows[i].last,
							 rows[i].score),
				    rows[i].next, "row %u", i);
}

/* hazard D18: the first window has a limit, too */
static void quota_window(struct kunit *test)
{
	struct quota_test *c = test->priv;
	u64 now = 5;

	KUNIT_EXPECT_FALSE(test, damos_quota_is_set(c->s));
	KUNIT_EXPECT_FALSE(test, damos_quota_is_full(c->ctx, c->s));
	c->s->quota.sz = 10 * PAGE_SIZE;
	KUNIT_EXPECT_TRUE(test, damos_quota_is_set(c->s));
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now));
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 10 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, damos_quota_room(c->s), 10 * PAGE_SIZE);
	damos_quota_charge(c->s, 9 * PAGE_SIZE, 0, 1);
	KUNIT_EXPECT_FALSE(test, damos_quota_is_full(c->ctx, c->s));
	/* No region fits into the rest. */
	damos_quota_charge(c->s, 1, 1, 1);
	KUNIT_EXPECT_TRUE(test, damos_quota_is_full(c->ctx, c->s));
	KUNIT_EXPECT_FALSE(test, damos_quota_begin(c->ctx, c->s, now + SEC - 1));
	KUNIT_EXPECT_EQ(test, c->s->stat.qt_exceeds, 0);
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now + SEC));
	KUNIT_EXPECT_EQ(test, c->s->stat.qt_exceeds, 1);
	KUNIT_EXPECT_FALSE(test, damos_quota_is_full(c->ctx, c->s));
	/* A run that is late does not make the windows behind it late. */
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now + 5 * SEC / 2));
	KUNIT_EXPECT_FALSE(test, damos_quota_begin(c->ctx, c->s, now + 3 * SEC - 1));
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now += 3 * SEC));
	/* Nor does one that comes after several windows without any. */
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now + 9 * SEC + 7));
	KUNIT_EXPECT_FALSE(test, damos_quota_begin(c->ctx, c->s, now + 10 * SEC - 1));
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now += 10 * SEC));
	/* Sums saturate. */
	damos_quota_charge(c->s, ULONG_MAX, 0, 1);
	damos_quota_charge(c->s, ULONG_MAX, 0, 1);
	KUNIT_EXPECT_EQ(test, damos_quota_room(c->s), 0);
	/* Without a length each run has a window of its own. */
	c->s->quota.reset_interval = 0;
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now + SEC));
	KUNIT_EXPECT_TRUE(test, damos_quota_begin(c->ctx, c->s, now + SEC));
	/* hazard D13: as long as can be asked for */
	c->s->quota.reset_interval = ULONG_MAX;
	KUNIT_EXPECT_FALSE(test, damos_quota_begin(c->ctx, c->s, U64_MAX / 2));
}

static void quota_failed_charge(struct kunit *test)
{
	static const struct {
		unsigned int num, denom;
		unsigned long applied, charged;
	} rows[] = {
		{ 0, 0, 0, 100 },	{ 1, 0, 40, 100 },
		{ 0, 1, 40, 40 },	{ 1, 1, 40, 100 },
		{ 1, 2, 40, 70 },	{ 1, 1000, 0, 0 },
		{ 3, 2, 40, 130 },	{ 1, UINT_MAX, 100, 100 },
		{ UINT_MAX, 1, 40, 40 + 60UL * UINT_MAX },
	};
	struct quota_test *c = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c->q->charged = 0;
		c->s->quota.fail_charge_num = rows[i].num;
		c->s->quota.fail_charge_denom = rows[i].denom;
		damos_quota_charge(c->s, 100, rows[i].applied, 1);
		KUNIT_EXPECT_EQ_MSG(test, c->q->charged, rows[i].charged,
				    "row %u", i);
	}
	/* As dear as can be: no more than that. */
	c->s->quota.fail_charge_num = UINT_MAX;
	c->s->quota.fail_charge_denom = 1;
	damos_quota_charge(c->s, ULONG_MAX, 0, 1);
	KUNIT_EXPECT_EQ(test, c->q->charged, ULONG_MAX);
}

/* hazards D12, D13, D17: a time quota follows the speed and never comes to rest */
static void quota_time(struct kunit *test)
{
	struct quota_test *c = test->priv;
	u64 now = SEC;
	unsigned int i;

	c->s->quota.ms = 10;
	damos_quota_begin(c->ctx, c->s, now);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 10 * PAGE_SIZE * 1024);
	/* A page a ms, then ten windows later a thousand times that. */
	damos_quota_charge(c->s, 5 * PAGE_SIZE, 0, 5 * NSEC_PER_MSEC);
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 10 * PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, damos_quota_is_full(c->ctx, c->s));
	/* Time is charged as well. */
	damos_quota_charge(c->s, PAGE_SIZE, 0, 10 * NSEC_PER_MSEC);
	KUNIT_EXPECT_TRUE(test, damos_quota_is_full(c->ctx, c->s));
	for (i = 0; i < 100; i++) {
		damos_quota_begin(c->ctx, c->s, now += SEC);
		damos_quota_charge(c->s, 1000 * PAGE_SIZE, 0, NSEC_PER_MSEC);
	}
	KUNIT_EXPECT_GT(test, c->s->quota.esz, 5000 * PAGE_SIZE);
	KUNIT_EXPECT_LE(test, c->s->quota.esz, 10000 * PAGE_SIZE);
	/* So slow that the smallest region takes longer than there is. */
	for (i = 0; i < 10; i++) {
		damos_quota_charge(c->s, PAGE_SIZE, 0, 1000 * SEC);
		damos_quota_begin(c->ctx, c->s, now += SEC);
	}
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, PAGE_SIZE);
	/* Faster than can be measured, and most that can be asked for. */
	damos_quota_charge(c->s, ULONG_MAX, 0, 0);
	c->s->quota.ms = ULONG_MAX;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	damos_quota_charge(c->s, ULONG_MAX, 0, U64_MAX);
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_GE(test, c->s->quota.esz, PAGE_SIZE);
}

static void quota_goals(struct kunit *test)
{
	struct quota_test *c = test->priv;
	struct damos_quota_goal *g = quota_goal(test, 100, 0), *other;
	u64 now = SEC;
	unsigned int i;

	/* Far from the goal: twice as much each time. */
	damos_quota_begin(c->ctx, c->s, now);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 2);
	for (i = 0; i < 20; i++)
		damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 2 << 20);
	/* Reached: it stays. */
	g->current_value = 100;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 2 << 20);
	/* The goal that is nearest counts: here, one that is passed by a half. */
	other = quota_goal(test, 10, 15);
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 1 << 20);
	other->current_value = ULONG_MAX;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 1);
	/* The size limit holds. */
	other->current_value = 0;
	g->current_value = 0;
	c->s->quota.sz = 1000;
	for (i = 0; i < 100; i++)
		damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 1000);
	/* What it did not let the goals do has not added up. */
	g->current_value = 150;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 500);
	g->current_value = 0;
	/* All or nothing. */
	c->s->quota.goal_tuner = DAMOS_QUOTA_GOAL_TUNER_TEMPORAL;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 1000);
	g->current_value = 100;
	c->s->quota.ms = 10;
	damos_quota_begin(c->ctx, c->s, now += SEC);
	KUNIT_EXPECT_EQ(test, c->s->quota.esz, 0);
	KUNIT_EXPECT_TRUE(test, damos_quota_is_full(c->ctx, c->s));
}

/* The lowest priority that has a turn. */
static void quota_scores(struct kunit *test)
{
	static const struct {
		unsigned long esz;
		unsigned int min_score;
	} rows[] = {
		{ 1, 99 }, { 10, 99 }, { 11, 50 }, { 30, 50 }, { 31, 0 },
		{ 60, 0 }, { ULONG_MAX, 0 },
	};
	struct quota_test *c = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		damos_quota_forget_scores(c->s);
		damos_quota_add_score(c->s, DAMOS_MAX_SCORE, 10);
		damos_quota_add_score(c->s, 50, 10);
		damos_quota_add_score(c->s, 50, 10);
		damos_quota_add_score(c->s, 0, 30);
		c->s->quota.esz = rows[i].esz;
		damos_quota_set_min_score(c->s);
		KUNIT_EXPECT_EQ_MSG(test, c->q->min_score, rows[i].min_score,
				    "row %u", i);
	}
}

/* hazards D2, D3, D6: any intervals, any age, any weights */
static void quota_hot_cold(struct kunit *test)
{
	static const unsigned long intervals[] = { 0, 1, 100000, ULONG_MAX };
	static const unsigned int numbers[] = { 0, 1, 10, 20, UINT_MAX };
	struct quota_test *c = test->priv;
	struct damon_target *t = test_new_target(test, c->ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 1);
	unsigned int i, j, k, w;
	int hot;

	damon_ctx_state(c->ctx)->reporting = true;
	KUNIT_EXPECT_EQ(test, damos_cold_score(c->ctx, r, c->s),
			DAMOS_MAX_SCORE);
	c->s->quota.weight_nr_accesses = 1;
	r->nr_accesses = 10;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 49);
	r->nr_accesses = 20;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 99);
	c->s->quota.weight_nr_accesses = 0;
	c->s->quota.weight_age = 1;
	/* Hot for as long as cold is as far from the middle. */
	r->age = 10 * 1024;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 66);
	r->nr_accesses = 0;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 31);

	for (i = 0; i < ARRAY_SIZE(intervals); i++)
		for (j = 0; j < ARRAY_SIZE(numbers); j++)
			for (k = 0; k < ARRAY_SIZE(numbers); k++)
				for (w = 0; w < ARRAY_SIZE(numbers); w++) {
					c->ctx->sample_interval = intervals[i];
					c->ctx->aggr_interval =
						intervals[ARRAY_SIZE(intervals) -
							  1 - i];
					r->nr_accesses = numbers[j];
					r->age = numbers[k];
					c->s->quota.weight_age = numbers[w];
					c->s->quota.weight_nr_accesses =
						numbers[j];
					hot = damos_hot_score(c->ctx, r, c->s);
					KUNIT_ASSERT_GE(test, hot, 0);
					KUNIT_ASSERT_LE(test, hot,
							DAMOS_MAX_SCORE);
				}
}

/* hazard E20: a quarter of the window has passed, the last one counts for the rest */
static void quota_score_midway(struct kunit *test)
{
	struct quota_test *c = test->priv;
	struct damon_target *t = test_new_target(test, c->ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 1);
	struct damon_region_state *rs = damon_region_state(r);
	struct damon_ctx_state *state = damon_ctx_state(c->ctx);

	c->s->quota.weight_nr_accesses = 1;
	state->tick = 100;
	state->window_end = 115;
	rs->last_nr_accesses = 20;
	rs->window[0] = (struct damon_tally){ .hits = 5, .trials = 5 };
	r->nr_accesses = 5;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 99);
	KUNIT_EXPECT_EQ(test, damos_cold_score(c->ctx, r, c->s), 0);
	rs->window[0].hits = 0;
	r->nr_accesses = 0;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 74);
	state->window_end = 100;
	KUNIT_EXPECT_EQ(test, damos_hot_score(c->ctx, r, c->s), 0);
}

/* hazard A24: one that is active keeps the thread awake */
static void quota_watermarks(struct kunit *test)
{
	struct quota_test *c = test->priv;
	struct damos_access_pattern pattern = {};
	struct damos *other;
	struct damos_watermarks never = {
		.metric = DAMOS_WMARK_FREE_MEM_RATE, .interval = 7,
		.high = 2000, .mid = 2000, .low = 2000,
	}, always = never;

	always.low = 0;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 0);
	c->s->wmarks = never;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 7);
	KUNIT_EXPECT_FALSE(test, damos_state(c->s)->active);
	other = damon_new_scheme(&pattern, DAMOS_STAT, 0, NULL, &never, -1);
	KUNIT_ASSERT_NOT_NULL(test, other);
	damon_add_scheme(c->ctx, other);
	other->wmarks.interval = 3;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 3);
	/* As often as samples would be taken, but never without a pause. */
	other->wmarks.interval = 0;
	c->ctx->attrs.sample_interval = 5;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 5);
	c->ctx->attrs.sample_interval = 0;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 1);
	other->wmarks = always;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 0);
	KUNIT_EXPECT_TRUE(test, damos_state(other)->active);
	/* Between mid and high: as before. */
	other->wmarks.mid = 0;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 0);
	damos_state(other)->active = false;
	KUNIT_EXPECT_EQ(test, damos_wmarks_check(c->ctx), 7);
}

/*
 * What becomes of a scheme, from each side of each mark. The rate itself is that of
 * the machine, so the marks are put around it: no rate is 0, 1000 or more.
 */
static void quota_watermark_table(struct kunit *test)
{
	static const struct {
		const char *where;
		unsigned long high, mid, low;
		bool was_active, active;
	} rows[] = {
		{ "above high", 0, 0, 0, true, false },
		{ "above high", 0, 0, 0, false, false },
		{ "mid to high", 1000, 0, 0, true, true },
		{ "mid to high", 1000, 0, 0, false, false },
		{ "low to mid", 1000, 1000, 0, true, true },
		{ "low to mid", 1000, 1000, 0, false, true },
		{ "below low", 1000, 1000, 1000, true, false },
		{ "below low", 1000, 1000, 1000, false, false },
	};
	struct quota_test *c = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c->s->wmarks = (struct damos_watermarks){
			.metric = DAMOS_WMARK_FREE_MEM_RATE, .interval = 7,
			.high = rows[i].high, .mid = rows[i].mid,
			.low = rows[i].low,
		};
		damos_state(c->s)->active = rows[i].was_active;
		KUNIT_EXPECT_EQ_MSG(test, damos_wmarks_check(c->ctx),
				    rows[i].active ? 0 : 7, "row %u, %s", i,
				    rows[i].where);
		KUNIT_EXPECT_EQ_MSG(test, damos_state(c->s)->active,
				    rows[i].active, "row %u, %s", i,
				    rows[i].where);
	}
}

/* hazards D5, D44: intervals stay in their bounds, whatever was found */
static void quota_tune_intervals(struct kunit *test)
{
	struct quota_test *c = test->priv;
	struct damon_target *t = test_new_target(test, c->ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 100);
	struct damon_intervals_goal *goal = &c->ctx->intervals_goal;
	struct damon_attrs attrs;

	damon_ctx_state(c->ctx)->asked = c->ctx->attrs;
	*goal = (struct damon_intervals_goal){
		.access_bp = 400, .aggrs = 3,
		.min_sample_us = 1000, .max_sample_us = 100000,
	};
	attrs = c->ctx->attrs;
	/* Nothing accessed: twice as long. */
	KUNIT_EXPECT_TRUE(test, damon_tune_intervals(c->ctx, &attrs));
	KUNIT_EXPECT_EQ(test, attrs.sample_interval, 10000);
	KUNIT_EXPECT_EQ(test, attrs.aggr_interval, 200000);
	/* All of it: half as long. */
	r->nr_accesses = 20;
	attrs = c->ctx->attrs;
	KUNIT_EXPECT_TRUE(test, damon_tune_intervals(c->ctx, &attrs));
	KUNIT_EXPECT_EQ(test, attrs.sample_interval, 2500);
	/* Not beyond the bounds. */
	goal->min_sample_us = 5000;
	attrs = c->ctx->attrs;
	KUNIT_EXPECT_FALSE(test, damon_tune_intervals(c->ctx, &attrs));
	r->nr_accesses = 0;
	goal->max_sample_us = 6000;
	attrs = c->ctx->attrs;
	KUNIT_EXPECT_TRUE(test, damon_tune_intervals(c->ctx, &attrs));
	KUNIT_EXPECT_EQ(test, attrs.sample_interval, 6000);
	/* The goal is met. */
	goal->access_bp = 10000;
	r->nr_accesses = 20;
	attrs = c->ctx->attrs;
	KUNIT_EXPECT_FALSE(test, damon_tune_intervals(c->ctx, &attrs));
	/* hazard D5: a goal of zero */
	goal->access_bp = 0;
	goal->min_sample_us = 0;
	attrs = c->ctx->attrs;
	KUNIT_EXPECT_TRUE(test, damon_tune_intervals(c->ctx, &attrs));
	goal->access_bp = ULONG_MAX;
	c->ctx->sample_interval = 0;
	attrs = c->ctx->attrs;
	damon_tune_intervals(c->ctx, &attrs);
	KUNIT_EXPECT_LE(test, attrs.sample_interval, goal->max_sample_us);
}

/* Every value of an enum has a row with a keyword. */
static void quota_tables_are_full(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_DAMOS_ACTIONS; i++)
		KUNIT_EXPECT_NOT_NULL(test, damos_actions[i].name);
	for (i = 0; i < NR_DAMOS_FILTER_TYPES; i++) {
		KUNIT_EXPECT_NOT_NULL(test, damos_filters[i].name);
		KUNIT_EXPECT_EQ(test, !!damos_filters[i].match,
				damos_filter_for_ops(i));
	}
	for (i = 0; i < NR_DAMOS_QUOTA_GOAL_METRICS; i++)
		KUNIT_EXPECT_NOT_NULL(test, damos_goals[i].name);
	for (i = 0; i < NR_DAMOS_WMARK_METRICS; i++)
		KUNIT_EXPECT_NOT_NULL(test, damos_wmarks[i].name);
	for (i = 0; i < NR_DAMOS_QUOTA_GOAL_TUNERS; i++)
		KUNIT_EXPECT_NOT_NULL(test, damos_goal_tuners[i]);
}

/* hazards D36, D39: any node, whatever it has */
static void quota_goal_metrics(struct kunit *test)
{
	static const int nids[] = { 0, -1, 1, MAX_NUMNODES, INT_MIN, INT_MAX };
	struct quota_test *c = test->priv;
	struct damos_quota_goal *g = quota_goal(test, 1, 0);
	unsigned int i, m;

	for (m = 0; m < NR_DAMOS_QUOTA_GOAL_METRICS; m++) {
		for (i = 0; i < ARRAY_SIZE(nids); i++) {
			g->metric = m;
			g->nid = nids[i];
			damos_goals_measure(c->ctx, c->s);
			if (m > DAMOS_QUOTA_SOME_MEM_PSI_US)
				KUNIT_EXPECT_LE(test, g->current_value, 10000);
		}
	}
	g->metric = DAMOS_QUOTA_NODE_MEM_USED_BP;
	g->nid = 0;
	damos_goals_measure(c->ctx, c->s);
	KUNIT_EXPECT_GT(test, g->current_value, 0);
	g->nid = -1;
	damos_goals_measure(c->ctx, c->s);
	KUNIT_EXPECT_EQ(test, g->current_value, 0);
	g->metric = DAMOS_QUOTA_NODE_MEM_FREE_BP;
	damos_goals_measure(c->ctx, c->s);
	KUNIT_EXPECT_EQ(test, g->current_value, 10000);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(quota_feedback),
	KUNIT_CASE(quota_window),
	KUNIT_CASE(quota_failed_charge),
	KUNIT_CASE(quota_time),
	KUNIT_CASE(quota_goals),
	KUNIT_CASE(quota_scores),
	KUNIT_CASE(quota_hot_cold),
	KUNIT_CASE(quota_score_midway),
	KUNIT_CASE(quota_watermarks),
	KUNIT_CASE(quota_watermark_table),
	KUNIT_CASE(quota_tune_intervals),
	KUNIT_CASE(quota_tables_are_full),
	KUNIT_CASE(quota_goal_metrics),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "damon-quota",
	.init = quota_init,
	.test_cases = quota_cases,
};

kunit_test_suite(quota_suite);
