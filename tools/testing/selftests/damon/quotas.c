// SPDX-License-Identifier: GPL-2.0
/*
 * Limits of quotas on a real process: that no window gets more than its bytes, and
 * that an action takes the share of the time that it may. Needs a clock that counts
 * instructions (kernel argument "icount"): a share of a host's time says nothing.
 *
 * Environment: DAMON_TEST_SECONDS, how long limits are watched (6).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest_harness.h"
#include "damon_program.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define PAGE		DAMON_SYSFS_PAGE
#define TOTAL		(48 * DAMON_MIB)
#define NS_PER_MS	1000000ULL
#define WINDOW_MS	100
/* Most seconds of a case, which take less time than on the wall. */
#define PATIENCE	3600

FIXTURE(quotas) {
	struct damon_program program;
};

FIXTURE_SETUP(quotas)
{
	int err = damon_make_swap();

	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	ASSERT_EQ(0, damon_sysfs_reset());
	/* Brings back what is gone. */
	self->program = (struct damon_program){
		.sz = TOTAL, .hot = TOTAL, .period_ms = 1000,
	};
	ASSERT_EQ(0, damon_program_start(&self->program));
	ASSERT_EQ(0, damon_sysfs_stage(self->program.pid));
}

FIXTURE_TEARDOWN(quotas)
{
	damon_program_end(&self->program);
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* What was done in one window after the other. */
struct windows {
	uint64_t on;
	unsigned long nr, full, early;
	unsigned long last_tried, last_applied;
	unsigned long tried, applied;		/* in the present window */
	unsigned long max_tried, max_applied;
};

/* The number behind a name in what an event tells; all are there. */
static unsigned long field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/*
 * After each run. That the window before was used up is counted when the next one
 * begins, by the run that is the first to act in it.
 */
static bool add_run(uint64_t ns, const char *text, void *data)
{
	unsigned long tried = field(text, " sz_tried=");
	unsigned long applied = field(text, " sz_applied=");
	unsigned long full = field(text, " qt_exceeds=");
	struct windows *w = data;

	if (!strstr(text, " nr_snapshots="))
		return false;
	if (!w->nr || full != w->full) {
		/* As many have begun as time has passed for. */
		w->early += ns < w->on + w->nr * WINDOW_MS * NS_PER_MS;
		w->nr++;
		w->tried = 0;
		w->applied = 0;
	}
	w->full = full;
	w->tried += tried - w->last_tried;
	w->applied += applied - w->last_applied;
	w->last_tried = tried;
	w->last_applied = applied;
	if (w->tried > w->max_tried)
		w->max_tried = w->tried;
	if (w->applied > w->max_applied)
		w->max_applied = w->applied;
	return true;
}

/* All of the memory, and nothing of what lies around it; ten times in a window. */
static int stage(const char *action, char *memory)
{
	return damon_scheme_stage(action, DAMON_MAX_UINT, "0") ?:
	       damon_scheme_set("core_filters/nr_filters", "1") ?:
	       damon_scheme_set("core_filters/0/type", "addr") ?:
	       damon_scheme_set("core_filters/0/matching", "Y") ?:
	       damon_scheme_set("core_filters/0/allow", "Y") ?:
	       damon_scheme_set_long("core_filters/0/addr_start", (long)memory) ?:
	       damon_scheme_set_long("core_filters/0/addr_end",
				     (long)memory + TOTAL) ?:
	       damon_scheme_set("apply_interval_us", "10000") ?:
	       damon_scheme_set("quotas/reset_interval_ms", "100");
}

/* 1 MiB in 100 ms: in no window more, and no less either. */
TEST_F_TIMEOUT(quotas, size, PATIENCE)
{
	long seconds = damon_sysfs_option("DAMON_TEST_SECONDS", 6), swapped;
	struct damon_trace *trace = calloc(1, sizeof(*trace));
	struct windows w = {};
	long long end;

	ASSERT_NE(NULL, trace);
	ASSERT_EQ(0, stage("pageout", self->program.memory));
	ASSERT_EQ(0, damon_scheme_set("quotas/bytes", "1048576"));
	ASSERT_EQ(0, damon_trace_open_event(trace,
					    "damos_stat_after_apply_interval"));
	swapped = damon_number_of("/proc/vmstat", "pswpout");
	w.on = damon_sysfs_now_ms() * NS_PER_MS;
	end = damon_sysfs_now_ms() + seconds * 1000;
	ASSERT_EQ(0, damon_state("on"));
	while (damon_sysfs_now_ms() < end) {
		damon_sysfs_sleep_ms(500);
		ASSERT_LE(0, damon_trace_lines(trace, add_run, &w));
	}
	ASSERT_EQ(0, damon_state("off"));
	damon_trace_close(trace);
	free(trace);
	swapped = damon_number_of("/proc/vmstat", "pswpout") - swapped;
	TH_LOG("%lu windows: at most %lu bytes tried, %lu applied", w.nr,
	       w.max_tried, w.max_applied);
	TH_LOG("%lu KiB applied in all, %ld KiB written", w.last_applied / 1024,
	       swapped * (PAGE / 1024));
	EXPECT_GE(DAMON_MIB, w.max_tried);
	EXPECT_GE(DAMON_MIB, w.max_applied);
	EXPECT_EQ(0, w.early);
	/* What may be done is done, and the pages are really written. */
	EXPECT_LE(seconds * (1000 / WINDOW_MS) * 9 / 10, (long)w.nr);
	EXPECT_GE((long)(w.nr * DAMON_MIB / PAGE), swapped);
	EXPECT_LE((long)(w.nr * DAMON_MIB / PAGE) * 9 / 10, swapped);
}

/* Which share of the time does the kdamond run, in 1/10000? */
static long cpu_share(int ms)
{
	long tid = damon_sysfs_read_long("0/pid");
	unsigned long long before = damon_cpu_time(tid);
	long long begin = damon_sysfs_now_ms();

	damon_sysfs_sleep_ms(ms);
	return (damon_cpu_time(tid) - before) / 100 / (damon_sysfs_now_ms() - begin);
}

/* 10 ms in 100 ms. */
TEST_F_TIMEOUT(quotas, time, PATIENCE)
{
	int ms = damon_sysfs_option("DAMON_TEST_SECONDS", 6) * 1000;
	static const char * const actions[] = { "cold", "pageout" };
	long monitoring, share;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		ASSERT_EQ(0, damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "0"));
		ASSERT_EQ(0, damon_state("on"));
		damon_sysfs_sleep_ms(1000);
		monitoring = cpu_share(2000);
		ASSERT_EQ(0, stage(actions[i], self->program.memory));
		ASSERT_EQ(0, damon_scheme_set("quotas/ms", "10"));
		ASSERT_EQ(0, damon_state("commit"));
		damon_sysfs_sleep_ms(2000);
		share = cpu_share(ms);
		TH_LOG("%s: %ld.%02ld %% of the time, %ld.%02ld %% for monitoring; %ld MiB",
		       actions[i], share / 100, share % 100, monitoring / 100,
		       monitoring % 100, damon_scheme_stat("sz_applied") >> 20);
		ASSERT_EQ(0, damon_state("off"));
		EXPECT_LE(900, share - monitoring);
		EXPECT_GE(1100, share - monitoring);
	}
}

TEST_HARNESS_MAIN
