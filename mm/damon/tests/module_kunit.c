// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of what the modules share (modules/module.c): which memory they monitor,
 * and what they refuse.
 */
#include <linux/slab.h>

#include "../modules/module.h"
#include "util.h"

static void ranges_free(void *ranges)
{
	kfree(((struct damon_module_ranges *)ranges)->ranges);
}

static struct damon_module_ranges *ranges_new(struct kunit *test,
					      unsigned long addr_unit, u64 align)
{
	struct damon_module_ranges *ranges = kunit_kzalloc(test, sizeof(*ranges),
							   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ranges);
	ranges->addr_unit = addr_unit;
	ranges->align = align;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ranges_free, ranges),
			0);
	return ranges;
}

static void expect_range(struct kunit *test, struct damon_module_ranges *ranges,
			 unsigned int idx, unsigned long start, unsigned long end)
{
	KUNIT_ASSERT_LT(test, idx, ranges->nr);
	KUNIT_EXPECT_EQ(test, ranges->ranges[idx].start, start);
	KUNIT_EXPECT_EQ(test, ranges->ranges[idx].end, end);
}

/* hazards D31, E17: several blocks of memory, each up to its last byte. */
static void module_ranges(struct kunit *test)
{
	struct damon_module_ranges *ranges = ranges_new(test, 1, SZ_4K);

	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0x1000, 0x1fff), 0);
	/* No gap. */
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0x2000, 0x4fff), 0);
	/* A gap, and borders within pages. */
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0x6800, 0x97ff), 0);
	/* Not even a page. */
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0xa800, 0xb7ff), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0xd000, 0xdfff), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges->nr, 3);
	expect_range(test, ranges, 0, 0x1000, 0x5000);
	expect_range(test, ranges, 1, 0x7000, 0x9000);
	expect_range(test, ranges, 2, 0xd000, 0xe000);
}

/* Two blocks that meet within a page are one. */
static void module_ranges_meet(struct kunit *test)
{
	struct damon_module_ranges *ranges = ranges_new(test, 1, SZ_4K);

	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0, 0x17ff), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 0x1800, 0x2fff), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges->nr, 1);
	expect_range(test, ranges, 0, 0, 0x3000);
}

static void module_ranges_none(struct kunit *test)
{
	struct damon_module_ranges *ranges = ranges_new(test, 1, SZ_4K);

	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, 1, 0xffe), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), -EINVAL);
	KUNIT_EXPECT_EQ(test, ranges->nr, 0);
}

/* hazard E18: units larger and smaller than pages. */
static void module_ranges_unit(struct kunit *test)
{
	struct damon_module_ranges *ranges = ranges_new(test, SZ_1M, SZ_1M);

	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, SZ_4K, SZ_8M - 1), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges->nr, 1);
	expect_range(test, ranges, 0, 1, 8);

	ranges = ranges_new(test, SZ_1K, SZ_4K);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, SZ_1K, SZ_1M + SZ_2K - 1),
			0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges->nr, 1);
	expect_range(test, ranges, 0, 4, SZ_1K);
}

/* The end of what 64 bits can say. */
static void module_ranges_last(struct kunit *test)
{
	struct damon_module_ranges *ranges = ranges_new(test, 1, SZ_4K);

	KUNIT_EXPECT_EQ(test, damon_module_ranges_add(ranges, U64_MAX - SZ_8K + 1,
						      U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, damon_module_ranges_end(ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges->nr, 1);
	expect_range(test, ranges, 0, ALIGN_DOWN(ULONG_MAX, SZ_8K),
		     ALIGN_DOWN(ULONG_MAX, SZ_4K));
}

/* hazards E17, E18: a context without ranges of the user's. */
static void module_watch_all(struct kunit *test)
{
	static const unsigned long units[] = { 1, SZ_1K, PAGE_SIZE, SZ_64K };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;
		struct damon_ctx *ctx = test_new_ctx(test);
		struct damon_target *t;
		struct damon_region *r;
		u64 bytes = 0;

		monitor.addr_unit = units[i];
		KUNIT_ASSERT_EQ(test, damon_module_watch(ctx, &monitor), 0);
		KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
		t = list_first_entry(&ctx->adaptive_targets, struct damon_target,
				     list);
		damon_for_each_region(r, t) {
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED(r->ar.start,
							   ctx->min_region_sz));
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED(r->ar.end,
							   ctx->min_region_sz));
			bytes += damon_sz_region(r) * units[i];
		}
		/* There is a little more that the kernel has kept for itself. */
		KUNIT_EXPECT_GE(test, bytes, PFN_PHYS(totalram_pages()));
		KUNIT_EXPECT_LE(test, bytes, PFN_PHYS(get_num_physpages()) +
				SZ_1M);
	}
}

static void module_watch_range(struct kunit *test)
{
	struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t;

	monitor.start = SZ_1M;
	monitor.end = SZ_8M;
	KUNIT_ASSERT_EQ(test, damon_module_watch(ctx, &monitor), 0);
	t = list_first_entry(&ctx->adaptive_targets, struct damon_target, list);
	KUNIT_EXPECT_EQ(test, damon_first_region(t)->ar.start, SZ_1M);
	KUNIT_EXPECT_EQ(test, damon_last_region(t)->ar.end, SZ_8M);
}

/* One parameter that makes no sense: @offset and its @value. */
struct module_bad {
	size_t offset;
	unsigned long value;
};

/* hazards A18, D3, D4 */
static void module_watch_refuses(struct kunit *test)
{
#define BAD(field, value)	{ offsetof(struct damon_module_monitor, field), value }
	static const struct module_bad rows[] = {
		BAD(sample_interval, 0), BAD(sample_interval, 100001),
		BAD(aggr_interval, 0), BAD(aggr_interval, 4999),
		BAD(min_nr_regions, 2), BAD(min_nr_regions, 1001),
		BAD(max_nr_regions, 9), BAD(start, SZ_1M),
		BAD(addr_unit, 0), BAD(addr_unit, 3), BAD(addr_unit, ULONG_MAX),
	};
#undef BAD
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;

		*(unsigned long *)((char *)&monitor + rows[i].offset) =
			rows[i].value;
		KUNIT_EXPECT_EQ_MSG(test, damon_module_watch(test_new_ctx(test),
							     &monitor),
				    -EINVAL, "row %u", i);
	}
}

/* Both intervals of zero would be in order. */
static void module_watch_no_intervals(struct kunit *test)
{
	struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;

	monitor.sample_interval = 0;
	monitor.aggr_interval = 0;
	KUNIT_EXPECT_EQ(test, damon_module_watch(test_new_ctx(test), &monitor),
			-EINVAL);
}

static void module_autotune(struct kunit *test)
{
	struct damon_module_monitor monitor = DAMON_MODULE_MONITOR;
	struct damon_ctx *ctx = test_new_ctx(test);

	/* Where it begins is not the user's to say then. */
	monitor.sample_interval = 1;
	monitor.aggr_interval = 1;
	monitor.autotune = true;
	KUNIT_ASSERT_EQ(test, damon_module_watch(ctx, &monitor), 0);
	KUNIT_EXPECT_EQ(test, ctx->sample_interval, 5000);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 100000);
	KUNIT_EXPECT_EQ(test, ctx->intervals_goal.access_bp, 40);
	KUNIT_EXPECT_EQ(test, ctx->intervals_goal.aggrs, 3);
	KUNIT_EXPECT_EQ(test, ctx->intervals_goal.min_sample_us, 5000);
	KUNIT_EXPECT_EQ(test, ctx->intervals_goal.max_sample_us, 10000000);
}

/* A scheme for what has up to so many accesses. */
static struct damos *age_scheme(struct kunit *test, struct damon_ctx *ctx,
				unsigned int max_nr_accesses)
{
	struct damos_access_pattern pattern = { .max_nr_accesses = max_nr_accesses };
	struct damos *s = damon_new_scheme(&pattern, DAMOS_STAT, 0, NULL, NULL, 0);

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(ctx, s);
	return s;
}

/* In windows as they are, also if they are tuned. */
static void module_min_age(struct kunit *test)
{
	static const struct {
		unsigned long us, aggr_us;
		unsigned int windows;
	} rows[] = {
		{ 0, 100000, 0 }, { 199999, 100000, 1 }, { 120000000, 100000, 1200 },
		{ 120000000, 200000000, 0 }, { ULONG_MAX, 1, UINT_MAX },
		{ 7, 0, 7 },
	};
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damos *hot = age_scheme(test, ctx, 1);
	struct damos *cold = age_scheme(test, ctx, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		damon_module_set_min_age(ctx, rows[i].us);
		ctx->aggr_interval = rows[i].aggr_us;
		damon_module_keep_min_age(ctx);
		KUNIT_EXPECT_EQ_MSG(test, cold->min_age_region, rows[i].windows,
				    "row %u", i);
		KUNIT_EXPECT_EQ(test, hot->min_age_region, 0);
	}
}

static struct kunit_case module_cases[] = {
	KUNIT_CASE(module_ranges),
	KUNIT_CASE(module_ranges_meet),
	KUNIT_CASE(module_ranges_none),
	KUNIT_CASE(module_ranges_unit),
	KUNIT_CASE(module_ranges_last),
	KUNIT_CASE(module_watch_all),
	KUNIT_CASE(module_watch_range),
	KUNIT_CASE(module_watch_refuses),
	KUNIT_CASE(module_watch_no_intervals),
	KUNIT_CASE(module_autotune),
	KUNIT_CASE(module_min_age),
	{}
};

static struct kunit_suite module_suite = {
	.name = "damon-module",
	.test_cases = module_cases,
};

kunit_test_suite(module_suite);
