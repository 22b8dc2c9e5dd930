// SPDX-License-Identifier: GPL-2.0
/* Each invariant of sanity.c is broken once, and noticed. */
#include "util.h"

struct sanity_test {
	struct damon_ctx *ctx;
	struct damon_target *t;
	struct damon_region *r;		/* its second region of three */
	struct damos *s;
};

/* Two ranges and three regions, as at the end of a window; a scheme with a quota. */
static int sanity_init(struct kunit *test)
{
	struct sanity_test *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct damos_access_pattern all = {
		.max_sz_region = ULONG_MAX,
		.max_nr_accesses = UINT_MAX,
		.max_age_region = UINT_MAX,
	};
	struct damos_quota quota = { .sz = 4 * PAGE_SIZE, .reset_interval = 1000 };
	struct damos_watermarks none = {};

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	c->ctx = test_new_ctx(test);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(c->ctx, 5000, 100000, 1000000, 3, 10), 0);
	c->t = test_new_target(test, c->ctx);
	test_add_pages(test, c->t, 0, 4);
	c->r = test_add_pages(test, c->t, 4, 8);
	test_add_pages(test, c->t, 10, 14);
	damon_region_state(c->r)->window[0] = (struct damon_tally){ 20, 20 };
	damon_region_state(c->r)->past[0] = (struct damon_tally){ 40, 40 };
	damon_region_state(c->r)->last_nr_accesses = 20;
	c->r->nr_accesses = 20;
	c->s = damon_new_scheme(&all, DAMOS_STAT, 0, &quota, &none, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_NULL(test, c->s);
	damon_add_scheme(c->ctx, c->s);
	c->s->quota.esz = 4 * PAGE_SIZE;
	return 0;
}

static void break_size(struct sanity_test *c)
{
	c->r->ar.start = c->r->ar.end;
}

static void break_order(struct sanity_test *c)
{
	c->r->ar.start -= PAGE_SIZE;
}

static void break_core(struct sanity_test *c)
{
	damon_region_state(c->r)->core = (struct damon_addr_range){
		c->r->ar.start, c->r->ar.end + 1,
	};
}

static void break_result(struct sanity_test *c)
{
	c->r->nr_accesses++;
}

static void break_last_result(struct sanity_test *c)
{
	damon_region_state(c->r)->last_nr_accesses++;
}

static void break_window(struct sanity_test *c)
{
	damon_region_state(c->r)->window[DAMON_NO_STRATUM].hits++;
}

static void break_past(struct sanity_test *c)
{
	damon_region_state(c->r)->past[0].hits++;
}

static void break_part(struct sanity_test *c)
{
	damon_region_state(c->r)->stratum = DAMON_NO_STRATUM + 1;
}

static void break_sample(struct sanity_test *c)
{
	damon_region_state(c->r)->pending = true;
	c->r->sampling_addr = c->r->ar.end;
}

static void break_number(struct sanity_test *c)
{
	c->t->nr_regions--;
}

static void break_maximum(struct sanity_test *c)
{
	c->ctx->max_nr_regions = 2;
}

static void break_statistics(struct sanity_test *c)
{
	c->s->stat.nr_applied++;
}

static void break_priority(struct sanity_test *c)
{
	damos_state(c->s)->quota.min_score = DAMOS_MAX_SCORE + 1;
}

static const struct sanity_row {
	const char *what;
	void (*break_it)(struct sanity_test *c);
	u64 value, limit;
} sanity_rows[] = {
	{ "a region has an end above its start", break_size,
	  TEST_BASE + 8 * PAGE_SIZE, TEST_BASE + 8 * PAGE_SIZE },
	{ "a region ends where the next one starts, or before", break_order,
	  TEST_BASE + 4 * PAGE_SIZE, TEST_BASE + 3 * PAGE_SIZE },
	{ "what is certified of a region lies inside of it", break_core,
	  TEST_BASE + 8 * PAGE_SIZE + 1, TEST_BASE + 8 * PAGE_SIZE },
	{ "nr_accesses are no more than the looks of a window", break_result, 21, 20 },
	{ "neither were those of the last window", break_last_result, 21, 20 },
	{ "hits of a window are no more than its looks", break_window, 1, 0 },
	{ "hits of earlier windows are no more than their looks", break_past, 41, 40 },
	{ "a sample lies in one of the parts, or in none", break_part,
	  DAMON_NO_STRATUM + 1, DAMON_NO_STRATUM },
	{ "a sample on its way lies inside of its region", break_sample,
	  TEST_BASE + 8 * PAGE_SIZE, TEST_BASE + 8 * PAGE_SIZE },
	{ "nr_regions is the number of regions", break_number, 3, 2 },
	{ "there are max_nr_regions regions, or a region for each range", break_maximum,
	  3, 2 },
	{ "a scheme is applied no more often than tried", break_statistics, 1, 0 },
	{ "the lowest priority that has a turn is one", break_priority,
	  DAMOS_MAX_SCORE + 1, DAMOS_MAX_SCORE },
};

static void sanity_row_desc(const struct sanity_row *row, char *desc)
{
	strscpy(desc, row->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sanity_rows, sanity_rows, sanity_row_desc);

static void sanity_broken(struct kunit *test)
{
	const struct sanity_row *row = test->param_value;
	struct sanity_test *c = test->priv;
	struct damon_fault fault = damon_sanity_check(c->ctx);

	KUNIT_ASSERT_NULL(test, fault.what);
	row->break_it(c);
	fault = damon_sanity_check(c->ctx);
	KUNIT_ASSERT_NOT_NULL(test, fault.what);
	KUNIT_EXPECT_STREQ(test, fault.what, row->what);
	KUNIT_EXPECT_EQ(test, fault.value, row->value);
	KUNIT_EXPECT_EQ(test, fault.limit, row->limit);
}

/* Two ranges make two regions, whatever the maximum is. */
static void sanity_ranges_win(struct kunit *test)
{
	struct sanity_test *c = test->priv;

	damon_region_join(c->t, damon_first_region(c->t));
	c->ctx->max_nr_regions = 1;
	KUNIT_EXPECT_NULL(test, damon_sanity_check(c->ctx).what);
}

static void sanity_charge(struct kunit *test)
{
	struct sanity_test *c = test->priv;
	struct damon_fault fault;

	KUNIT_EXPECT_NULL(test, damos_sanity_check(c->ctx, c->r, c->s).what);
	damos_state(c->s)->quota.charged = 1;
	fault = damos_sanity_check(c->ctx, c->r, c->s);
	KUNIT_ASSERT_NOT_NULL(test, fault.what);
	KUNIT_EXPECT_STREQ(test, fault.what, "no more is charged than is left of a quota");
	KUNIT_EXPECT_EQ(test, fault.value, 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fault.limit, 4 * PAGE_SIZE - 1);
	c->s->quota.sz = 0;
	KUNIT_EXPECT_NULL(test, damos_sanity_check(c->ctx, c->r, c->s).what);
}

static struct kunit_case sanity_cases[] = {
	KUNIT_CASE_PARAM(sanity_broken, sanity_rows_gen_params),
	KUNIT_CASE(sanity_ranges_win),
	KUNIT_CASE(sanity_charge),
	{}
};

static struct kunit_suite sanity_suite = {
	.name = "damon-sanity",
	.init = sanity_init,
	.test_cases = sanity_cases,
};

kunit_test_suite(sanity_suite);
