// SPDX-License-Identifier: GPL-2.0
/* What is refused and why; intervals. Commits are in commit_kunit.c. */
#include "util.h"

static const struct attrs_row {
	const char *name;
	struct damon_attrs attrs;
	const char *why;	/* a word of it; NULL: accepted */
} attrs_rows[] = {
	{ "defaults", { 5000, 100000, 60000000, 10, 1000 }, NULL },
	{ "all equal", { 5000, 5000, 5000, 10, 10 }, NULL },
	{ "smallest", { 0, 0, 0, 3, 3 }, NULL },
	{ "largest", { ULONG_MAX, ULONG_MAX, ULONG_MAX, ULONG_MAX, ULONG_MAX },
	  NULL },
	{ "update before aggregation", { 10, 100, 1, 3, 9 }, NULL },
	{ "no minimum", { 5000, 100000, 0, 0, 1000 }, "nr_regions" },
	{ "minimum of two", { 5000, 100000, 0, 2, 1000 }, "nr_regions" },
	{ "minimum above maximum", { 5000, 100000, 0, 11, 10 }, "nr_regions" },
	{ "no maximum", { 5000, 100000, 0, 10, 0 }, "nr_regions" },
	/* hazard D1 */
	{ "aggregation below sampling", { 5001, 5000, 0, 10, 1000 },
	  "intervals" },
	{ "no aggregation", { 1, 0, 0, 10, 1000 }, "intervals" },
};

static void attrs_row_desc(const struct attrs_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(attrs_row, attrs_rows, attrs_row_desc);

static void config_attrs(struct kunit *test)
{
	const struct attrs_row *row = test->param_value;
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_attrs before = ctx->attrs;
	int err = row->why ? -EINVAL : 0;
	struct damon_reason why = {};

	KUNIT_EXPECT_EQ(test, damon_attrs_check(&row->attrs, &why), err);
	KUNIT_EXPECT_EQ(test, damon_attrs_check(&row->attrs, NULL), err);
	if (row->why)
		KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, row->why));
	else
		KUNIT_EXPECT_STREQ(test, why.text, "");

	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, &row->attrs), err);
	KUNIT_EXPECT_MEMEQ(test, &ctx->attrs, err ? &before : &row->attrs,
			   sizeof(before));
}

/* Both forms of damon_set_attrs(); hazard D35: arguments are used once */
static void config_set_attrs(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_attrs attrs[2] = {
		{ 1, 20, 300, 40, 5000 },
		{ 2, 30, 400, 50, 6000 },
	};
	const struct damon_attrs *next = attrs;
	unsigned long n = 10;

	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, next++), 0);
	KUNIT_EXPECT_PTR_EQ(test, next, &attrs[1]);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 20);
	KUNIT_EXPECT_EQ(test, ctx->attrs.max_nr_regions, 5000);

	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, n++, 100, 200, 10, 20), 0);
	KUNIT_EXPECT_EQ(test, n, 11);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 10);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 100);
	KUNIT_EXPECT_EQ(test, ctx->ops_update_interval, 200);
	KUNIT_EXPECT_EQ(test, ctx->min_nr_regions, 10);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_regions, 20);
}

static void config_defaults(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 5000);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 100000);
	KUNIT_EXPECT_EQ(test, ctx->ops_update_interval, 60000000);
	KUNIT_EXPECT_EQ(test, ctx->min_nr_regions, 10);
	KUNIT_EXPECT_EQ(test, ctx->max_nr_regions, 1000);
	KUNIT_EXPECT_EQ(test, ctx->addr_unit, 1);
	KUNIT_EXPECT_EQ(test, ctx->min_region_sz, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, ctx->tlb_honesty);
	KUNIT_EXPECT_EQ(test, damon_nr_samples_per_aggr(&ctx->attrs), 20);
	KUNIT_EXPECT_TRUE(test, damon_targets_empty(ctx));
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
}

static void config_check_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t;
	struct damon_reason why = {};
	struct damon_region *r;

	t = test_new_target(test, ctx);
	test_add_pages(test, t, 0, 4);
	t = test_new_target(test, ctx);
	test_add_pages(test, t, 0, 4);
	test_add_pages(test, t, 4, 8);
	r = test_add_pages(test, t, 10, 12);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), 0);
	KUNIT_EXPECT_STREQ(test, why.text, "");

	/* hazard D7 */
	r->ar.end = r->ar.start;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "targets/1/regions/2"));
	/* hazard D8 */
	r->ar.start = test_page(7);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "targets/1/regions/2"));
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
	damon_destroy_region(r, t);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);

	ctx->min_region_sz = 3 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "power of two"));
	ctx->min_region_sz = 0;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
	ctx->min_region_sz = PAGE_SIZE;
	ctx->max_nr_regions = 1;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "max 1"));
}

/* hazard B21 */
static void config_addr_unit(struct kunit *test)
{
	static const struct {
		unsigned long unit;
		bool good;
		unsigned long smallest;
	} rows[] = {
		{ 1, true, PAGE_SIZE }, { 2, true, PAGE_SIZE / 2 },
		{ PAGE_SIZE, true, 1 }, { PAGE_SIZE * 4, true, 1 },
		{ 1UL << (BITS_PER_LONG - 1), true, 1 },
		{ 0, false }, { 3, false }, { ULONG_MAX, false },
		{ PAGE_SIZE + 1, false },
	};
	struct damon_ctx *ctx = test_new_ctx(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long unit = rows[i].unit;
		struct damon_reason why = {};

		ctx->addr_unit = unit;
		KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why),
				rows[i].good ? 0 : -EINVAL);
		KUNIT_EXPECT_EQ(test, !strncmp(why.text, "addr_unit: ", 11),
				!rows[i].good);
		/* Only physical memory has units. */
		KUNIT_EXPECT_EQ(test, damon_smallest_region(DAMON_OPS_VADDR, unit),
				PAGE_SIZE);
		if (rows[i].good)
			KUNIT_EXPECT_EQ(test,
					damon_smallest_region(DAMON_OPS_PADDR, unit),
					rows[i].smallest);
	}
	ctx->addr_unit = 1;
}

/* There is one physical memory. */
static void config_physical_targets(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_reason why = {};

	ctx->ops.id = DAMON_OPS_PADDR;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), 0);
	test_new_target(test, ctx);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), 0);
	test_new_target(test, ctx);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "targets/1"));
	ctx->ops.id = DAMON_OPS_FVADDR;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
}

/* What is too long is cut. */
static void config_reason(struct kunit *test)
{
	struct damon_reason *why = kunit_kzalloc(test, sizeof(*why), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, why);
	KUNIT_EXPECT_EQ(test, damon_reason_set(why, -EBUSY, "%d of %s", 7, "9"),
			-EBUSY);
	KUNIT_EXPECT_STREQ(test, why->text, "7 of 9");
	KUNIT_EXPECT_EQ(test, damon_reason_set(NULL, -ENOMEM, "%s", "x"),
			-ENOMEM);
	damon_reason_set(why, -EINVAL, "%0300d", 1);
	KUNIT_EXPECT_EQ(test, strlen(why->text), sizeof(why->text) - 1);
}

/* Intervals in us become times that can be added to others. */
static void config_intervals(struct kunit *test)
{
	static const unsigned long us[] = {
		0, 1, 5000, UINT_MAX, LONG_MAX / 1000, LONG_MAX, ULONG_MAX,
	};
	ktime_t last = 0, t;
	int i;

	KUNIT_EXPECT_EQ(test, damon_interval_ktime(0), 1000);
	KUNIT_EXPECT_EQ(test, damon_interval_ktime(1), 1000);
	KUNIT_EXPECT_EQ(test, damon_interval_ktime(5000), 5000000);
	KUNIT_EXPECT_EQ(test, damon_interval_ktime(UINT_MAX),
			4294967295000LL);
	for (i = 0; i < ARRAY_SIZE(us); i++) {
		t = damon_interval_ktime(us[i]);
		KUNIT_EXPECT_GE(test, t, last);
		KUNIT_EXPECT_LE(test, t, KTIME_MAX / 2);
		last = t;
	}
}

static void config_nr_samples(struct kunit *test)
{
	static const struct {
		unsigned long sample, aggr;
		unsigned int nr;
	} rows[] = {
		{ 5000, 100000, 20 }, { 5000, 5000, 1 }, { 5000, 9999, 1 },
		{ 3000, 10000, 3 }, { 0, 0, 1 }, { 0, 10, 10 }, { 10, 0, 1 },
		{ 1, UINT_MAX, UINT_MAX },
		{ ULONG_MAX, ULONG_MAX, 1 },
#ifdef CONFIG_64BIT
		/* hazard D2 */
		{ 1, 1UL << 32, UINT_MAX }, { 1, ULONG_MAX, UINT_MAX },
		{ 2, 1UL << 32, 1U << 31 }, { 0, ULONG_MAX, UINT_MAX },
#endif
	};
	struct damon_attrs attrs = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		attrs.sample_interval = rows[i].sample;
		attrs.aggr_interval = rows[i].aggr;
		KUNIT_EXPECT_EQ(test, damon_nr_samples_per_aggr(&attrs),
				rows[i].nr);
		KUNIT_EXPECT_EQ(test, damon_max_nr_accesses(&attrs),
				rows[i].nr);
	}
}

static void config_rand(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	unsigned long from = 7, n, seen = 0;
	int i;

	/* hazard D35 */
	n = damon_rand(ctx, from++, 8);
	KUNIT_EXPECT_EQ(test, n, 7);
	KUNIT_EXPECT_EQ(test, from, 8);
	for (i = 0; i < 10000; i++) {
		n = damon_rand(ctx, 100, 116);
		KUNIT_ASSERT_GE(test, n, 100);
		KUNIT_ASSERT_LT(test, n, 116);
		seen |= BIT(n - 100);
		n = damon_rand(ctx, 1, ULONG_MAX);
		KUNIT_ASSERT_GE(test, n, 1);
		KUNIT_ASSERT_LT(test, n, ULONG_MAX);
	}
	KUNIT_EXPECT_EQ(test, seen, 0xffff);
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE_PARAM(config_attrs, attrs_row_gen_params),
	KUNIT_CASE(config_set_attrs),
	KUNIT_CASE(config_defaults),
	KUNIT_CASE(config_check_ctx),
	KUNIT_CASE(config_addr_unit),
	KUNIT_CASE(config_physical_targets),
	KUNIT_CASE(config_reason),
	KUNIT_CASE(config_intervals),
	KUNIT_CASE(config_nr_samples),
	KUNIT_CASE(config_rand),
	{}
};

static struct kunit_suite config_suite = {
	.name = "damon-config",
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);
