// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../trace.h"
#include "fake.h"
#include "harness.h"

struct seen {
	u32 nr;
	struct snapshot last;
	u64 times[16];
};

static int see(void *arg, const struct snapshot *snap)
{
	struct seen *seen = arg;
	u32 i;

	if (seen->nr < ARRAY_SIZE(seen->times))
		seen->times[seen->nr] = snap->time_ns;
	seen->nr++;
	seen->last.nr = 0;
	for (i = 0; i < snap->nr; i++)
		snapshot_add(&seen->last, &snap->regions[i]);
	return 0;
}

/* One window of @nr regions */
static void add_window(struct fake_page *page, u64 time_ns, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		struct trace_event event = {
			.time_ns = time_ns + i,
			.nr_regions = nr,
			.region = { 0x7f0000000000 + (i << 20), 0x7f0000000000 + ((i + 1) << 20),
				    i, 10 * i },
		};

		fake_page_add(page, &event, FAKE_EVENT_ID);
		/* Something else in between must not matter */
		if (i == 1)
			fake_page_add(page, &event, 77);
	}
}

/* Silences the complaint about a fake directory that cannot be removed */
static int close_trace(void *arg)
{
	trace_close(arg);
	return 0;
}

static void read_pages(void)
{
	struct seen seen = { 0 };
	struct assembler as = { .emit = see, .arg = &seen };
	struct trace trace = { 0 };
	struct fake_page page;
	char text[64];

	fake_kernel(0);
	fake_page_begin(&page, 1000000);
	add_window(&page, 1000500, 3);
	add_window(&page, 2000500, 4);
	fake_page_commit(&page, 0);
	CHECK(!trace_open(&trace, 1234, 0));
	CHECK(!trace_follow(&trace, 4242));
	CHECK(!trace_drain(&trace, &as, false));
	CHECK(seen.nr == 2 && seen.last.nr == 4 && !as.nr_torn);
	CHECK(seen.times[0] == 1000500 && seen.times[1] == 2000500);
	CHECK(seen.last.regions[3].start == 0x7f0000300000);
	CHECK(seen.last.regions[3].end == 0x7f0000400000);
	CHECK(seen.last.regions[3].nr_accesses == 3 && seen.last.regions[3].age == 30);

	scratch_read(fake_instance("trace_clock"), text, sizeof(text));
	CHECK(!strcmp(text, "mono"));
	scratch_read(fake_instance("buffer_size_kb"), text, sizeof(text));
	CHECK(!strcmp(text, "1234"));
	scratch_read(fake_instance("events/damon/damon_aggregated/filter"), text, sizeof(text));
	CHECK(!strcmp(text, "common_pid == 4242"));
	quietly(close_trace, &trace);
	snapshot_free(&seen.last);
	snapshot_free(&as.snap);
}

/* The thread moved between CPUs within a window: order is by time */
static void two_cpus(void)
{
	struct trace_event event = { .nr_regions = 4 };
	struct seen seen = { 0 };
	struct assembler as = { .emit = see, .arg = &seen };
	struct trace trace = { 0 };
	struct fake_page page[2];
	u32 i;

	if (sysconf(_SC_NPROCESSORS_CONF) < 2)
		return;
	fake_kernel(0);
	fake_page_begin(&page[0], 1000);
	fake_page_begin(&page[1], 1000);
	for (i = 0; i < 12; i++) {
		event.time_ns = 1000 + i;
		event.region = (struct region){ (i % 4) << 12, (i % 4 + 1) << 12, i, 0 };
		fake_page_add(&page[i / 3 % 2], &event, FAKE_EVENT_ID);
	}
	fake_page_commit(&page[1], 0);
	fake_page_commit(&page[0], 1);
	CHECK(!trace_open(&trace, 1, 0));
	CHECK(!trace_drain(&trace, &as, true));
	CHECK(seen.nr == 3 && !as.nr_torn);
	quietly(close_trace, &trace);
	snapshot_free(&seen.last);
	snapshot_free(&as.snap);
}

static int open_trace(void *arg)
{
	return trace_open(arg, 1, 0);
}

static void missing(void)
{
	struct trace trace = { 0 };
	char path[PATH_MAX];

	fake_kernel(0);
	scratch_path(path, "tracing/events/damon/damon_aggregated/format");
	remove(path);
	CHECK(quietly(open_trace, &trace) < 0);
	quietly(close_trace, &trace);

	fake_kernel(0);
	scratch_text("tracing/events/damon/damon_aggregated/format", "nonsense");
	CHECK(quietly(open_trace, &trace) < 0);
	quietly(close_trace, &trace);
}

static void lost(void)
{
	struct trace trace = { 0 };

	fake_kernel(0);
	scratch_text(fake_instance("per_cpu/cpu0/stats"),
		     "entries: 5\noverrun: 7\ncommit overrun: 0\nbytes: 1\ndropped events: 3\n");
	CHECK(!trace_open(&trace, 1, 0));
	trace_stop(&trace);
	CHECK(trace.lost == 10);
	quietly(close_trace, &trace);
}

const struct test_case trace_cases[] = {
	{ "read_pages", read_pages },
	{ "two_cpus", two_cpus },
	{ "missing", missing },
	{ "lost", lost },
	{ }
};
