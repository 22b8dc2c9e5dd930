// SPDX-License-Identifier: GPL-2.0
#include "../snapshot.h"
#include "harness.h"

struct seen {
	u32 nr, regions, target;
	u64 time_ns;
};

static int see(void *arg, const struct snapshot *snap)
{
	struct seen *seen = arg;

	seen->nr++;
	seen->regions = snap->nr;
	seen->target = snap->target;
	seen->time_ns = snap->time_ns;
	return 0;
}

/* Feeds events of one page each: target, announced number, page number */
static void feed(struct assembler *as, const u32 (*rows)[3], size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		struct trace_event event = {
			.time_ns = 100 + i,
			.target = rows[i][0],
			.nr_regions = rows[i][1],
			.region = { rows[i][2] << 12, (rows[i][2] + 1) << 12, 1, 1 },
		};

		CHECK(!assembler_feed(as, &event));
	}
}

/* hazard G6: events of two address spaces of one target */
static void spaces(void)
{
	struct trace_event event = { .nr_regions = 2, .region = { 0x1000, 0x2000, 1, 1 } };
	struct seen seen = { 0 };
	struct assembler as = { .emit = see, .arg = &seen };

	event.target = 1 | 77ULL << 32;
	CHECK(!assembler_feed(&as, &event));
	event.target = 1 | 78ULL << 32;
	event.region.start = 0x2000;
	event.region.end = 0x3000;
	CHECK(!assembler_feed(&as, &event) && !seen.nr && as.nr_torn == 1);
	event.region.start = 0x4000;
	event.region.end = 0x5000;
	CHECK(!assembler_feed(&as, &event) && seen.nr == 1 && seen.target == 1);
	CHECK(as.snap.pid == 78);
	snapshot_free(&as.snap);
}

static void whole(void)
{
	static const u32 rows[][3] = {
		{ 0, 2, 1 }, { 0, 2, 2 }, { 1, 1, 1 },
		{ 0, 3, 1 }, { 0, 3, 2 }, { 0, 3, 9 }, { 1, 1, 1 },
	};
	struct seen seen = { 0 };
	struct assembler as = { .emit = see, .arg = &seen };

	feed(&as, rows, 2);
	CHECK(seen.nr == 1 && seen.regions == 2 && seen.target == 0 && seen.time_ns == 100);
	feed(&as, rows + 2, 1);
	CHECK(seen.nr == 2 && seen.regions == 1 && seen.target == 1);
	feed(&as, rows + 3, 4);
	CHECK(seen.nr == 4 && as.nr_whole == 4);
	assembler_finish(&as);
	CHECK(!as.nr_torn);
	snapshot_free(&as.snap);
}

static void torn(void)
{
	/* A lost tail, a lost head, another target in between, an unfinished end */
	static const u32 rows[][3] = {
		{ 0, 3, 1 }, { 0, 3, 2 },
		{ 0, 3, 1 }, { 0, 3, 2 }, { 0, 3, 3 },
		{ 0, 3, 2 }, { 0, 3, 3 },
		{ 1, 2, 1 },
		{ 0, 1, 5 },
		{ 0, 2, 5 },
	};
	struct seen seen = { 0 };
	struct assembler as = { .emit = see, .arg = &seen };

	feed(&as, rows, ARRAY_SIZE(rows));
	assembler_finish(&as);
	CHECK(seen.nr == 2 && as.nr_whole == 2);
	CHECK(as.nr_torn == 4);
	snapshot_free(&as.snap);
}

static int refuse(void *arg, const struct snapshot *snap)
{
	return -5;
}

static void errors(void)
{
	struct trace_event event = { .nr_regions = 1, .region = { 0, 4096, 0, 0 } };
	struct assembler as = { .emit = refuse };

	CHECK(assembler_feed(&as, &event) == -5);
	event.region.start = 4096;
	CHECK(assembler_feed(&as, &event) == 0);
	snapshot_free(&as.snap);
}

const struct test_case snapshot_cases[] = {
	{ "whole", whole },
	{ "spaces", spaces },
	{ "torn", torn },
	{ "errors", errors },
	{ }
};
