// SPDX-License-Identifier: GPL-2.0
/* Unit tests of DAMON_STAT (modules/stat.c): figures from regions. */
#include "../modules/stat.h"
#include "util.h"

/* Percentiles that are given in runs: up to @last they are @idle_ms. */
struct stat_run {
	int last;
	long idle_ms;
};

static void expect_percentiles(struct kunit *test, struct damon_stat_piece *pieces,
			       size_t nr, const struct stat_run *run)
{
	long percentiles[DAMON_STAT_NR_PERCENTILES];
	int i;

	memset(percentiles, 0xff, sizeof(percentiles));
	damon_stat_percentiles(pieces, nr, percentiles);
	for (i = 0; i < DAMON_STAT_NR_PERCENTILES; i++) {
		if (i > run->last)
			run++;
		KUNIT_EXPECT_EQ_MSG(test, percentiles[i], run->idle_ms,
				    "%dth percentile", i);
	}
}

static void stat_percentiles(struct kunit *test)
{
	/* By bytes, not by pieces, whatever their order. */
	struct damon_stat_piece pieces[] = {
		{ 10 * SZ_4K, 500 }, { 20 * SZ_4K, -300 }, { 70 * SZ_4K, 7000 },
	};
	const struct stat_run runs[] = { { 20, -300 }, { 30, 500 }, { 100, 7000 } };

	expect_percentiles(test, pieces, ARRAY_SIZE(pieces), runs);
}

static void stat_percentiles_none(struct kunit *test)
{
	const struct stat_run runs[] = { { 100, 0 } };

	expect_percentiles(test, NULL, 0, runs);
}

static void stat_percentiles_one(struct kunit *test)
{
	struct damon_stat_piece pieces[] = { { 1, 42 } };
	const struct stat_run runs[] = { { 100, 42 } };

	expect_percentiles(test, pieces, 1, runs);
}

/* More percentiles than bytes, a share that is no whole percent. */
static void stat_percentiles_uneven(struct kunit *test)
{
	struct damon_stat_piece pieces[] = { { 1, 3 }, { 1, 1 }, { 1, 2 } };
	const struct stat_run runs[] = { { 33, 1 }, { 66, 2 }, { 100, 3 } };

	expect_percentiles(test, pieces, ARRAY_SIZE(pieces), runs);
}

/* As much as 64 bits can say. */
static void stat_percentiles_large(struct kunit *test)
{
	struct damon_stat_piece pieces[] = {
		{ U64_MAX / 2, LONG_MAX }, { U64_MAX / 2, -LONG_MAX },
	};
	const struct stat_run runs[] = { { 50, -LONG_MAX }, { 100, LONG_MAX } };

	expect_percentiles(test, pieces, ARRAY_SIZE(pieces), runs);
}

static void stat_idle_ms(struct kunit *test)
{
	static const struct {
		unsigned int nr_accesses, age;
		unsigned long aggr_us;
		s64 idle_ms;
	} rows[] = {
		{ 0, 0, 100000, 100 }, { 0, 9, 100000, 1000 },
		{ 1, 0, 100000, -100 }, { 20, 9, 100000, -1000 },
		{ 0, 0, 0, 0 }, { 0, 0, 999, 0 },
		{ 0, UINT_MAX, 1000, 1LL << 32 },
		{ 0, UINT_MAX, ULONG_MAX, U64_MAX / 1000 },
		{ 1, UINT_MAX, ULONG_MAX, -(s64)(U64_MAX / 1000) },
	};
	struct damon_attrs attrs = {};
	struct damon_region r = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		r.nr_accesses = rows[i].nr_accesses;
		r.age = rows[i].age;
		attrs.aggr_interval = rows[i].aggr_us;
		/* The longest time is what a long can tell. */
		KUNIT_EXPECT_EQ_MSG(test, damon_stat_idle_ms(&r, &attrs),
				    clamp_t(s64, rows[i].idle_ms, -LONG_MAX,
					    LONG_MAX), "row %u", i);
	}
}

static void stat_bandwidth(struct kunit *test)
{
	static const struct {
		u64 bytes;
		unsigned int nr_accesses;
		unsigned long aggr_us;
		u64 bytes_s;
	} rows[] = {
		{ SZ_1G, 20, 100000, 200ULL * SZ_1G }, { SZ_1G, 0, 100000, 0 },
		{ SZ_4K, 1, 200000000, 20 }, { SZ_4K, 1, 0, SZ_4K * 1000000ULL },
		/* 64 bits are not enough in between. */
		{ 1ULL << 52, 20, 200000000, (1ULL << 52) / 10 },
		{ 1ULL << 56, 20, 100000, 200ULL << 56 },
		{ U64_MAX, UINT_MAX, 1, U64_MAX }, { U64_MAX, 1, ULONG_MAX, 1000000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, damon_stat_bandwidth(rows[i].bytes,
							       rows[i].nr_accesses,
							       rows[i].aggr_us),
				    rows[i].bytes_s, "row %u", i);
}

static struct kunit_case stat_cases[] = {
	KUNIT_CASE(stat_percentiles),
	KUNIT_CASE(stat_percentiles_none),
	KUNIT_CASE(stat_percentiles_one),
	KUNIT_CASE(stat_percentiles_uneven),
	KUNIT_CASE(stat_percentiles_large),
	KUNIT_CASE(stat_idle_ms),
	KUNIT_CASE(stat_bandwidth),
	{}
};

static struct kunit_suite stat_suite = {
	.name = "damon-stat",
	.test_cases = stat_cases,
};

kunit_test_suite(stat_suite);
