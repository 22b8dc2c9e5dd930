// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes: which regions they are applied to, in which order, how often, and what
 * a commit makes of them. The action is one that only takes down its calls.
 */
#include "util.h"

#define PAGES		10	/* in a region */
#define NR_REGIONS	4
#define MAX_CALLS	16

struct scheme_test {
	struct damon_ctx *ctx;
	struct damon_target *t;
	struct damos *s;
	struct {
		unsigned long from, to;	/* pages from TEST_BASE on */
	} calls[MAX_CALLS];
	unsigned int nr;
	bool fail;
	int score[NR_REGIONS];
};

static struct scheme_test *scheme_of(struct damon_ctx *ctx)
{
	return ctx->callback.private;
}

static unsigned long scheme_apply(struct damon_ctx *ctx, struct damon_target *t,
				  struct damon_region *r, struct damos *s)
{
	struct scheme_test *c = scheme_of(ctx);

	if (c->nr < MAX_CALLS) {
		c->calls[c->nr].from = (r->ar.start - TEST_BASE) / PAGE_SIZE;
		c->calls[c->nr].to = (r->ar.end - TEST_BASE) / PAGE_SIZE;
	}
	c->nr++;
	return c->fail ? 0 : damon_sz_region(r);
}

static int scheme_score(struct damon_ctx *ctx, struct damon_target *t,
			struct damon_region *r, struct damos *s)
{
	unsigned long page = (r->ar.start - TEST_BASE) / PAGE_SIZE;

	return scheme_of(ctx)->score[page / PAGES % NR_REGIONS];
}

static struct damos *scheme_new(struct kunit *test, struct damon_ctx *ctx,
				enum damos_action action)
{
	struct damos_access_pattern any = {
		.max_sz_region = ULONG_MAX,
		.max_nr_accesses = UINT_MAX,
		.max_age_region = UINT_MAX,
	};
	struct damos *s = damon_new_scheme(&any, action, 0, NULL, NULL, -1);

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(ctx, s);
	return s;
}

static int scheme_init(struct kunit *test)
{
	struct scheme_test *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	c->ctx = test_new_ctx(test);
	c->ctx->callback.private = c;
	c->ctx->ops.apply_scheme = scheme_apply;
	/* As at the end of a window. */
	damon_ctx_state(c->ctx)->reporting = true;
	c->t = test_new_target(test, c->ctx);
	for (i = 0; i < NR_REGIONS; i++) {
		struct damon_region *r = test_add_pages(test, c->t, i * PAGES,
							(i + 1) * PAGES);

		r->nr_accesses = i * 5;
		r->age = i + 10;
	}
	c->s = scheme_new(test, c->ctx, DAMOS_PAGEOUT);
	return 0;
}

/* One run, in which all schemes are due. */
static void scheme_run(struct scheme_test *c)
{
	struct damon_ctx_state *state = damon_ctx_state(c->ctx);

	c->nr = 0;
	state->tick = state->next_apply;
	state->window_end = state->tick + 20;
	damos_apply(c->ctx);
}

static void scheme_expect(struct kunit *test, unsigned int n,
			  unsigned long from, unsigned long to)
{
	struct scheme_test *c = test->priv;

	KUNIT_ASSERT_LT(test, n, min(c->nr, MAX_CALLS));
	KUNIT_EXPECT_EQ(test, c->calls[n].from, from);
	KUNIT_EXPECT_EQ(test, c->calls[n].to, to);
}

/* Where no look was possible nothing is done, but it is counted. */
static void scheme_unchecked(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	damon_region_state(damon_first_region(c->t))->unchecked = true;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, NR_REGIONS - 1);
	scheme_expect(test, 0, PAGES, 2 * PAGES);
	c->s->action = DAMOS_STAT;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, NR_REGIONS);
}

/* All bounds are included. */
static void scheme_pattern_edges(struct kunit *test)
{
	static const struct {
		struct damos_access_pattern pattern;
		unsigned int nr;
	} rows[] = {
		{ { 0, ULONG_MAX, 0, UINT_MAX, 0, UINT_MAX }, 4 },
		{ { PAGES * PAGE_SIZE, PAGES * PAGE_SIZE,
		    0, 20, 0, 20 }, 4 },
		{ { PAGES * PAGE_SIZE + 1, ULONG_MAX, 0, 20, 0, 20 }, 0 },
		{ { 0, PAGES * PAGE_SIZE - 1, 0, 20, 0, 20 }, 0 },
		{ { 0, ULONG_MAX, 0, 0, 0, 20 }, 1 },
		{ { 0, ULONG_MAX, 1, 5, 0, 20 }, 1 },
		{ { 0, ULONG_MAX, 5, 10, 0, 20 }, 2 },
		{ { 0, ULONG_MAX, 16, 20, 0, 20 }, 0 },
		{ { 0, ULONG_MAX, 20, 0, 0, 20 }, 0 },
		{ { 0, ULONG_MAX, 0, 20, 13, 13 }, 1 },
		{ { 0, ULONG_MAX, 0, 20, 14, UINT_MAX }, 0 },
		{ { 0, ULONG_MAX, 0, 20, 0, 9 }, 0 },
		{ { }, 0 },
	};
	struct scheme_test *c = test->priv;
	unsigned int i;

	/* Other actions would make the regions young. */
	c->s->action = DAMOS_STAT;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		c->s->pattern = rows[i].pattern;
		scheme_run(c);
		KUNIT_EXPECT_EQ_MSG(test, c->nr, rows[i].nr, "row %u", i);
	}
}

static void scheme_makes_young(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->s->action = DAMOS_STAT;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, test_nth_region(c->t, 3)->age, 13);
	c->s->action = DAMOS_PAGEOUT;
	c->s->min_nr_accesses = 5;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, test_nth_region(c->t, 0)->age, 10);
	KUNIT_EXPECT_EQ(test, test_nth_region(c->t, 3)->age, 0);
}

/* hazards D23: each scheme at its own interval */
static void scheme_intervals(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_ctx_state *state = damon_ctx_state(c->ctx);
	struct damos *often = scheme_new(test, c->ctx, DAMOS_STAT);
	unsigned int i;

	often->apply_interval_us = 2 * c->ctx->sample_interval;
	state->tick = 0;
	state->window_end = 20;
	damos_reschedule(c->ctx);
	for (i = 1; i <= 40; i++) {
		state->tick = i;
		if (i == 20)
			state->window_end = 40;
		if (i == 40)
			state->window_end = 60;
		if (state->tick >= state->next_apply)
			damos_apply(c->ctx);
	}
	KUNIT_EXPECT_EQ(test, c->s->stat.nr_snapshots, 2);
	KUNIT_EXPECT_EQ(test, often->stat.nr_snapshots, 20);
}

static void scheme_next_quota_window(struct scheme_test *c)
{
	damos_state(c->s)->quota.window_start -= 2 * NSEC_PER_SEC;
	scheme_run(c);
}

/* hazards D24, D30: what a quota cuts off goes on in the next window, all of it */
static void scheme_quota_goes_on(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->s->quota.sz = 15 * PAGE_SIZE;
	c->s->quota.reset_interval = 1000;
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 2);
	scheme_expect(test, 0, 0, 10);
	scheme_expect(test, 1, 10, 15);
	/* Nothing more in this window. */
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	scheme_next_quota_window(c);
	KUNIT_ASSERT_EQ(test, c->nr, 2);
	scheme_expect(test, 0, 15, 20);
	scheme_expect(test, 1, 20, 30);
	scheme_next_quota_window(c);
	KUNIT_ASSERT_EQ(test, c->nr, 1);
	scheme_expect(test, 0, 30, 40);
	KUNIT_EXPECT_EQ(test, c->s->stat.qt_exceeds, 2);
	KUNIT_EXPECT_EQ(test, c->s->stat.sz_applied, 40 * PAGE_SIZE);
	/* Pieces that nothing tells apart do not stay. */
	KUNIT_EXPECT_LE(test, c->t->nr_regions, NR_REGIONS + 1);
	KUNIT_EXPECT_EQ(test, test_nth_region(c->t, 1)->nr_accesses, 5);
}

/* The target to go on with is gone. */
static void scheme_quota_target_gone(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_target *other = test_new_target(test, c->ctx);

	test_add_pages(test, other, 100, 110);
	c->s->quota.sz = 15 * PAGE_SIZE;
	c->s->quota.reset_interval = 1000;
	scheme_run(c);
	KUNIT_EXPECT_PTR_EQ(test, damos_state(c->s)->quota.from_target,
			    (const struct damon_target *)c->t);
	damon_destroy_target(c->t, c->ctx);
	scheme_next_quota_window(c);
	KUNIT_ASSERT_EQ(test, c->nr, 1);
	scheme_expect(test, 0, 100, 110);
}

/* A page is not cut, of whatever size it is. */
static void scheme_quota_leaf(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_region *r;

	damon_for_each_region(r, c->t)
		damon_region_state(r)->leaf_sz = HPAGE_SIZE;
	c->s->quota.sz = 5 * PAGE_SIZE;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	KUNIT_EXPECT_EQ(test, c->s->stat.nr_tried, 4);
	KUNIT_EXPECT_EQ(test, c->s->stat.sz_tried, 0);
	KUNIT_EXPECT_EQ(test, c->t->nr_regions, NR_REGIONS);
}

/* Regions of higher priority come first; of equal ones, those in front. */
static void scheme_priorities(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->ctx->ops.get_scheme_score = scheme_score;
	c->score[0] = 10;
	c->score[1] = 90;
	c->score[2] = 50;
	c->score[3] = 90;
	c->s->quota.sz = 20 * PAGE_SIZE;
	c->s->quota.reset_interval = 1000;
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 2);
	scheme_expect(test, 0, 10, 20);
	scheme_expect(test, 1, 30, 40);
	c->s->quota.sz = ULONG_MAX;
	scheme_next_quota_window(c);
	KUNIT_EXPECT_EQ(test, c->nr, 4);
	/* hazard D6: a score out of range */
	c->score[0] = 1000;
	c->score[1] = -1;
	scheme_next_quota_window(c);
	KUNIT_EXPECT_EQ(test, c->nr, 4);
}

static void scheme_max_snapshots(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->s->max_nr_snapshots = 2;
	scheme_run(c);
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 4);
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 0);
	c->s->max_nr_snapshots = 3;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 4);
	KUNIT_EXPECT_EQ(test, c->s->stat.nr_snapshots, 3);
}

static void scheme_add_addr_filter(struct kunit *test, struct damos *s,
				   unsigned long from, unsigned long to,
				   bool matching, bool allow)
{
	struct damos_filter *f = damos_new_filter(DAMOS_FILTER_TYPE_ADDR,
						  matching, allow);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->addr_range.start = test_page(from);
	f->addr_range.end = test_page(to);
	damos_add_filter(s, f);
}

/* Regions across the border of a range are cut there. */
static void scheme_addr_filter(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	scheme_add_addr_filter(test, c->s, 15, 32, true, true);
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 3);
	scheme_expect(test, 0, 15, 20);
	scheme_expect(test, 1, 20, 30);
	scheme_expect(test, 2, 30, 32);
	/* What is left alone was not tried. */
	KUNIT_EXPECT_EQ(test, c->s->stat.nr_tried, 3);
	KUNIT_EXPECT_EQ(test, c->s->stat.sz_tried, 17 * PAGE_SIZE);
}

/* hazard E22: a quota is for what a filter leaves */
static void scheme_addr_filter_quota(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->ctx->ops.get_scheme_score = scheme_score;
	c->score[0] = 99;
	c->score[2] = 50;
	scheme_add_addr_filter(test, c->s, 0, 10, true, false);
	c->s->quota.sz = 10 * PAGE_SIZE;
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 1);
	scheme_expect(test, 0, 20, 30);
}

static void scheme_target_filter(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_target *other = test_new_target(test, c->ctx);
	struct damos_filter *f = damos_new_filter(DAMOS_FILTER_TYPE_TARGET,
						  true, false);

	KUNIT_ASSERT_NOT_NULL(test, f);
	damos_add_filter(c->s, f);
	test_add_pages(test, other, 100, 110);
	f->target_idx = 0;
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 1);
	scheme_expect(test, 0, 100, 110);
	f->target_idx = 7;
	scheme_run(c);
	KUNIT_EXPECT_EQ(test, c->nr, 5);
}

/*
 * What no filter is about: by the last filters of the core and of the operations
 * (0: none, 1: rejects, 2: allows).
 */
static void scheme_filter_defaults(struct kunit *test)
{
	static const struct {
		int core, ops;
		bool region, page;
	} rows[] = {
		{ 0, 0, true, true },	{ 0, 1, true, true },
		{ 0, 2, true, false },	{ 1, 0, true, true },
		{ 1, 1, true, true },	{ 1, 2, true, false },
		{ 2, 0, false, true },	{ 2, 1, true, true },
		{ 2, 2, true, false },
	};
	struct scheme_test *c = test->priv;
	const struct damos_page none = {};
	unsigned int i;
	bool region;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damos *s = scheme_new(test, c->ctx, DAMOS_STAT);
		struct damos_filter *f;

		if (rows[i].core)
			scheme_add_addr_filter(test, s, 1000, 1001, true,
					       rows[i].core == 2);
		if (rows[i].ops) {
			f = damos_new_filter(DAMOS_FILTER_TYPE_ANON, true,
					     rows[i].ops == 2);
			KUNIT_ASSERT_NOT_NULL(test, f);
			damos_add_filter(s, f);
		}
		region = damos_filter_region(c->ctx, c->t,
					     damon_first_region(c->t), s);
		KUNIT_EXPECT_EQ_MSG(test, region, rows[i].region, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, damos_filter_page(s, &none),
				    rows[i].page, "row %u", i);
	}
}

/* hazard E16: what the core allows, the operations do not ask about */
static void scheme_core_allows(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	const struct damos_page none = {};
	struct damon_region *r;
	struct damos_filter *f;

	scheme_add_addr_filter(test, c->s, 0, 10, true, true);
	f = damos_new_filter(DAMOS_FILTER_TYPE_ANON, false, false);
	KUNIT_ASSERT_NOT_NULL(test, f);
	damos_add_filter(c->s, f);
	r = test_nth_region(c->t, 0);
	KUNIT_EXPECT_TRUE(test, damos_filter_region(c->ctx, c->t, r, c->s));
	KUNIT_EXPECT_TRUE(test, damos_filter_page(c->s, &none));
	r = test_nth_region(c->t, 1);
	KUNIT_EXPECT_TRUE(test, damos_filter_region(c->ctx, c->t, r, c->s));
	KUNIT_EXPECT_FALSE(test, damos_filter_page(c->s, &none));
}

static int scheme_skip_odd(struct damon_ctx *ctx, struct damon_target *t,
			   struct damon_region *r, struct damos *s)
{
	return (r->ar.start - TEST_BASE) / PAGE_SIZE / PAGES % 2;
}

static void scheme_callback_skips(struct kunit *test)
{
	struct scheme_test *c = test->priv;

	c->ctx->callback.before_damos_apply = scheme_skip_odd;
	scheme_run(c);
	KUNIT_ASSERT_EQ(test, c->nr, 2);
	scheme_expect(test, 0, 0, 10);
	scheme_expect(test, 1, 20, 30);
}

/* hazards B6, B7, B11, B12: values change, what is remembered stays */
static void scheme_commit(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_ctx *src = test_new_ctx(test);
	struct damos *wanted = scheme_new(test, src, DAMOS_COLD), *s;
	struct damos_quota_goal *g;
	struct damos_filter *f;

	c->s->quota.sz = 15 * PAGE_SIZE;
	c->s->quota.reset_interval = 1000;
	scheme_run(c);
	wanted->quota.sz = PAGE_SIZE;
	wanted->max_nr_snapshots = 9;
	scheme_add_addr_filter(test, wanted, 0, 10, true, true);
	g = damos_new_quota_goal(DAMOS_QUOTA_USER_INPUT, 7);
	KUNIT_ASSERT_NOT_NULL(test, g);
	g->current_value = 3;
	damos_add_quota_goal(&wanted->quota, g);
	scheme_new(test, src, DAMOS_WILLNEED);

	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, src), 0);
	s = list_first_entry(&c->ctx->schemes, struct damos, list);
	KUNIT_EXPECT_PTR_EQ(test, s, c->s);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&c->ctx->schemes), 2);
	KUNIT_EXPECT_EQ(test, s->action, DAMOS_COLD);
	KUNIT_EXPECT_EQ(test, s->quota.sz, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->max_nr_snapshots, 9);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 15 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, damos_state(s)->quota.charged, 15 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, list_count_nodes(&s->core_filters), 1);
	f = list_first_entry(&s->core_filters, struct damos_filter, list);
	KUNIT_EXPECT_TRUE(test, f->allow);
	KUNIT_EXPECT_EQ(test, f->addr_range.end, test_page(10));
	KUNIT_ASSERT_EQ(test, list_count_nodes(&s->quota.goals), 1);
	g = list_first_entry(&s->quota.goals, struct damos_quota_goal, list);
	KUNIT_EXPECT_EQ(test, g->current_value, 3);

	/* hazards B8, B9: what is changed again arrives, too. */
	f = list_first_entry(&wanted->core_filters, struct damos_filter, list);
	f->allow = false;
	f->matching = false;
	g = list_first_entry(&wanted->quota.goals, struct damos_quota_goal, list);
	g->current_value = 4;
	g->nid = 1;
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, src), 0);
	f = list_first_entry(&s->core_filters, struct damos_filter, list);
	KUNIT_EXPECT_FALSE(test, f->allow);
	KUNIT_EXPECT_FALSE(test, f->matching);
	g = list_first_entry(&s->quota.goals, struct damos_quota_goal, list);
	KUNIT_EXPECT_EQ(test, g->current_value, 4);
	KUNIT_EXPECT_EQ(test, g->nid, 1);

	/* The wanted ones are as they were; fewer of them: the rest goes. */
	KUNIT_EXPECT_EQ(test, list_count_nodes(&wanted->core_filters), 1);
	damon_destroy_scheme(wanted);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, src), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&c->ctx->schemes), 1);
	KUNIT_EXPECT_EQ(test, c->s->action, DAMOS_WILLNEED);
	KUNIT_EXPECT_TRUE(test, list_empty(&c->s->core_filters));
	KUNIT_EXPECT_TRUE(test, list_empty(&c->s->quota.goals));
}

static bool scheme_only_stat(enum damos_action action)
{
	return action == DAMOS_STAT;
}

static bool scheme_no_filter(enum damos_action action,
			     enum damos_filter_type type)
{
	return false;
}

/* What is refused, and that it changes nothing. */
static void scheme_refused(struct kunit *test)
{
	struct scheme_test *c = test->priv;
	struct damon_ctx *src = test_new_ctx(test);
	struct damos *s = scheme_new(test, src, DAMOS_STAT);
	struct damos_quota_goal *g;
	struct damos_filter *f;

	src->ops.supports_action = scheme_only_stat;
	src->ops.supports_filter = scheme_no_filter;
	s->action = DAMOS_COLD;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EOPNOTSUPP);
	s->action = NR_DAMOS_ACTIONS;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	/* hazards D36, D37 */
	src->ops.supports_action = NULL;
	s->action = DAMOS_MIGRATE_HOT;
	s->target_nid = -1;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	s->target_nid = MAX_NUMNODES;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	s->action = DAMOS_STAT;

	f = damos_new_filter(DAMOS_FILTER_TYPE_ANON, true, true);
	KUNIT_ASSERT_NOT_NULL(test, f);
	damos_add_filter(s, f);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EOPNOTSUPP);
	src->ops.supports_filter = NULL;
	f->type = DAMOS_FILTER_TYPE_HUGEPAGE_SIZE;
	f->sz_range.min = 2;
	f->sz_range.max = 1;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	damos_destroy_filter(f);
	scheme_add_addr_filter(test, s, 2, 1, true, true);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	damos_destroy_filter(list_first_entry(&s->core_filters,
					      struct damos_filter, list));
	/* hazard D10 */
	g = damos_new_quota_goal(DAMOS_QUOTA_USER_INPUT, 0);
	KUNIT_ASSERT_NOT_NULL(test, g);
	damos_add_quota_goal(&s->quota, g);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, src), -EINVAL);
	KUNIT_EXPECT_EQ(test, damos_commit_quota_goals(&c->s->quota, &s->quota),
			-EINVAL);
	g->target_value = 1;
	KUNIT_EXPECT_EQ(test, damos_commit_quota_goals(&c->s->quota, &s->quota),
			0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&c->s->quota.goals), 1);
	KUNIT_EXPECT_EQ(test, c->s->action, DAMOS_PAGEOUT);
}

static struct kunit_case scheme_cases[] = {
	KUNIT_CASE(scheme_unchecked),
	KUNIT_CASE(scheme_pattern_edges),
	KUNIT_CASE(scheme_makes_young),
	KUNIT_CASE(scheme_intervals),
	KUNIT_CASE(scheme_quota_goes_on),
	KUNIT_CASE(scheme_quota_target_gone),
	KUNIT_CASE(scheme_quota_leaf),
	KUNIT_CASE(scheme_priorities),
	KUNIT_CASE(scheme_max_snapshots),
	KUNIT_CASE(scheme_addr_filter),
	KUNIT_CASE(scheme_addr_filter_quota),
	KUNIT_CASE(scheme_target_filter),
	KUNIT_CASE(scheme_filter_defaults),
	KUNIT_CASE(scheme_core_allows),
	KUNIT_CASE(scheme_callback_skips),
	KUNIT_CASE(scheme_commit),
	KUNIT_CASE(scheme_refused),
	{}
};

static struct kunit_suite scheme_suite = {
	.name = "damon-scheme",
	.init = scheme_init,
	.test_cases = scheme_cases,
};

kunit_test_suite(scheme_suite);
