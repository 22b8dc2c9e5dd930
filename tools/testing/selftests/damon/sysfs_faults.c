// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: every allocation in making directories, on, commit and showing
 * regions fails once, one after the other. The write fails with ENOMEM or does
 * without; what it has left behind can be used, and nothing is lost (kmemleak).
 * Schemes do what they can without any memory.
 *
 * Needs a kernel with CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_abi.h"
#include "damon_fault.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define TARGETS		CONTEXT "targets/"
#define SCHEMES		CONTEXT "schemes/"

FIXTURE(faults) {
	pid_t victims[2];
};

FIXTURE_SETUP(faults)
{
	if (!damon_fault_begin())
		SKIP(return, "this kernel cannot let allocations fail");
	self->victims[0] = damon_sysfs_victim();
	self->victims[1] = damon_sysfs_victim();
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victims[0]));
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->victims[0])
		return;
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victims[0]);
	damon_sysfs_kill(self->victims[1]);
	damon_fault_end();
}

/* hazards C6, C13, C14, C19: every file that makes directories */
TEST_F_TIMEOUT(faults, directories, 600)
{
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];
	int fd, nth, err;
	bool failed;
	long nr;

	for (e = damon_abi; e->path; e++) {
		const char *text = e->at_most == 1 ? "1" : "2";

		if (!damon_abi_is_nr(e))
			continue;
		fd = damon_sysfs_open(damon_abi_first(e, path), O_WRONLY);
		ASSERT_LE(0, fd) TH_LOG("%s", path);
		failed = true;
		for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
			nr = damon_sysfs_read_long(path);
			err = damon_fault_write(fd, text, nth, &failed);
			ASSERT_TRUE(!err || err == -ENOMEM)
				TH_LOG("%s: %d: %d", path, nth, err);
			ASSERT_TRUE(failed || !err);
			/* The first one is needed to take the text. */
			ASSERT_EQ(!err ? atoi(text) : nth > 1 ? 0 : nr,
				  damon_sysfs_read_long(path));
		}
		EXPECT_FALSE(failed);
		TH_LOG("%s: %d allocations failed", path, nth - 2);
		EXPECT_EQ(0, damon_sysfs_write(path, text));
		close(fd);
	}
}

/* A scheme with one of everything. */
static int stage_scheme(void)
{
	static const struct {
		const char *file, *value;
	} rows[] = {
		{ "nr_schemes", "1" },
		{ "0/access_pattern/sz/max", "18446744073709551615" },
		{ "0/access_pattern/nr_accesses/max", "1000" },
		{ "0/access_pattern/age/max", "4294967295" },
		{ "0/dests/nr_dests", "2" },
		{ "0/quotas/goals/nr_goals", "2" },
		{ "0/quotas/goals/0/target_value", "1" },
		{ "0/quotas/goals/1/target_metric", "node_memcg_used_bp" },
		{ "0/quotas/goals/1/target_value", "1" },
		{ "0/quotas/goals/1/path", "/" },
		{ "0/core_filters/nr_filters", "2" },
		{ "0/core_filters/0/type", "addr" },
		{ "0/core_filters/0/addr_end", "4096" },
		{ "0/core_filters/0/matching", "Y" },
		{ "0/core_filters/1/type", "target" },
		{ "0/core_filters/1/matching", "Y" },
		{ "0/core_filters/1/damon_target_idx", "7" },
		{ "0/ops_filters/nr_filters", "1" },
		{ "0/ops_filters/0/type", "memcg" },
		{ "0/ops_filters/0/memcg_path", "/" },
		{ "0/ops_filters/0/allow", "Y" },
		{ "0/filters/nr_filters", "1" },
	};
	char path[128];
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(rows) && !err; i++) {
		snprintf(path, sizeof(path), SCHEMES "%s", rows[i].file);
		err = damon_sysfs_write(path, rows[i].value);
	}
	return err;
}

static int stage_two(pid_t first, pid_t second)
{
	return damon_sysfs_write(TARGETS "nr_targets", "2") ?:
	       damon_sysfs_write_long(TARGETS "0/pid_target", first) ?:
	       damon_sysfs_write_long(TARGETS "1/pid_target", second) ?:
	       damon_sysfs_write(TARGETS "0/regions/nr_regions", "2") ?:
	       damon_sysfs_write(TARGETS "0/regions/0/end", "8192") ?:
	       damon_sysfs_write(TARGETS "0/regions/1/start", "8192") ?:
	       damon_sysfs_write(TARGETS "0/regions/1/end", "40960");
}

/* hazards A8, A10, A20, B22, C1 */
TEST_F_TIMEOUT(faults, on, 600)
{
	int fd = damon_sysfs_open("0/state", O_WRONLY);
	bool failed = true;
	int nth, err;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_two(self->victims[0], self->victims[1]));
	ASSERT_EQ(0, stage_scheme());
	for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
		err = damon_fault_write(fd, "on", nth, &failed);
		ASSERT_EQ(!err, damon_sysfs_is_on(0));
		if (!err) {
			ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
			continue;
		}
		ASSERT_EQ(-ENOMEM, err) TH_LOG("allocation %d", nth);
		/* The first one is needed to take the text. */
		ASSERT_STREQ(nth > 1 ? "out of memory\n" : "",
			     damon_sysfs_text("0/last_error"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
	close(fd);
}

/* hazards B4, B12, B13, B14: in the task that writes. */
TEST_F_TIMEOUT(faults, commit, 600)
{
	int fd = damon_sysfs_open("0/state", O_WRONLY);
	bool failed = true;
	int nth, err;
	long pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_scheme());
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
		ASSERT_EQ(0, stage_two(self->victims[nth % 2],
				       self->victims[!(nth % 2)]));
		err = damon_fault_write(fd, "commit", nth, &failed);
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		ASSERT_EQ(pid, damon_sysfs_read_long("0/pid"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	close(fd);
}

/* The same in the kdamond, which may need memory for itself meanwhile. */
TEST_F_TIMEOUT(faults, commit_in_kdamond, 600)
{
	int nth, err, nr_refused = 0;
	long pid;

	ASSERT_EQ(0, stage_scheme());
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (nth = 1; nth < 40; nth++) {
		ASSERT_EQ(0, stage_two(self->victims[nth % 2],
				       self->victims[!(nth % 2)]));
		ASSERT_EQ(0, damon_fault_nth(pid, nth));
		err = damon_sysfs_write("0/state", "commit");
		ASSERT_EQ(0, damon_fault_nth(pid, 0));
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		nr_refused += !!err;
		ASSERT_EQ(pid, damon_sysfs_read_long("0/pid"));
		ASSERT_EQ(0, damon_sysfs_write("0/state", "commit"));
	}
	EXPECT_LT(0, nr_refused);
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
}

/*
 * A scheme with regions to show: few of them, as each makes some dozen allocations and
 * all are made anew for every one that fails. Goals would let it begin with nothing.
 */
static int stage_shown(void)
{
	return stage_scheme() ?:
	       damon_sysfs_write(SCHEMES "0/quotas/goals/nr_goals", "0") ?:
	       damon_sysfs_write(CONTEXT "monitoring_attrs/nr_regions/min", "3") ?:
	       damon_sysfs_write(CONTEXT "monitoring_attrs/nr_regions/max", "5");
}

static const char total[] = SCHEMES "0/tried_regions/total_bytes";

/* hazards C6, C13: while regions are shown */
TEST_F_TIMEOUT(faults, regions, 600)
{
	static const char * const keywords[] = {
		"update_schemes_tried_regions", "update_schemes_tried_bytes",
		"update_schemes_stats", "update_schemes_effective_quotas",
		"update_tuned_intervals", "commit_schemes_quota_goals",
	};
	int fd = damon_sysfs_open("0/state", O_WRONLY);
	unsigned int i;
	int nth, err;
	bool failed;
	long pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_shown());
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (i = 0; i < ARRAY_SIZE(keywords); i++) {
		failed = true;
		for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
			err = damon_fault_write(fd, keywords[i], nth, &failed);
			ASSERT_TRUE(!err || err == -ENOMEM)
				TH_LOG("%s: allocation %d: %d", keywords[i],
				       nth, err);
		}
		EXPECT_FALSE(failed);
		TH_LOG("%s: %d allocations failed", keywords[i], nth - 2);
		ASSERT_EQ(0, damon_sysfs_write("0/state", keywords[i]));
	}
	ASSERT_EQ(0, damon_sysfs_write("0/state", keywords[0]));
	EXPECT_LT(0, damon_sysfs_read_long(total));
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
	close(fd);
}

/* The same in the kdamond, which collects them. */
TEST_F_TIMEOUT(faults, regions_in_kdamond, 600)
{
	int nth, err;
	long pid;

	ASSERT_EQ(0, stage_shown());
	ASSERT_EQ(0, damon_sysfs_write("0/refresh_ms", "1"));
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (nth = 1; nth < 20; nth++) {
		ASSERT_EQ(0, damon_fault_nth(pid, nth));
		err = damon_sysfs_write("0/state",
					"update_schemes_tried_regions");
		ASSERT_EQ(0, damon_fault_nth(pid, 0));
		/* The refresh may be at it. */
		ASSERT_TRUE(!err || err == -ENOMEM || err == -EBUSY)
			TH_LOG("allocation %d: %d", nth, err);
	}
	ASSERT_EQ(0, damon_sysfs_write("0/refresh_ms", "0"));
	damon_sysfs_sleep_ms(100);
	EXPECT_EQ(0, damon_sysfs_write("0/state",
				       "update_schemes_tried_regions"));
	EXPECT_LT(0, damon_sysfs_read_long(total));
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
}

/* What a scheme does in some of its runs. */
struct work {
	long nr_runs, nr_tried, sz_tried;
};

static long stat_shown(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), DAMON_SCHEME "stats/%s", name);
	return damon_sysfs_read_long(path);
}

/* All of one moment. */
static struct work work_so_far(void)
{
	if (damon_state("update_schemes_stats"))
		return (struct work) {};
	return (struct work) {
		.nr_runs = stat_shown("nr_snapshots"),
		.nr_tried = stat_shown("nr_tried"),
		.sz_tried = stat_shown("sz_tried"),
	};
}

/* Let it make at least so many runs. */
static struct work work_of(int nr_runs)
{
	struct work begin = work_so_far(), end = begin;
	int i;

	for (i = 0; i < 600 && end.nr_runs < begin.nr_runs + nr_runs; i++) {
		damon_sysfs_sleep_ms(100);
		end = work_so_far();
	}
	end.nr_runs -= begin.nr_runs;
	end.nr_tried -= begin.nr_tried;
	end.sz_tried -= begin.sz_tried;
	printf("# %ld runs: %ld regions, %ld bytes tried\n", end.nr_runs,
	       end.nr_tried, end.sz_tried);
	return end;
}

/*
 * hazard D29, and more: schemes without any memory. What cannot be cut at the
 * border of a filter is counted as tried and not acted on; nothing else is lost.
 */
TEST_F_TIMEOUT(faults, apply, 600)
{
	const long sz = 64 << 20, kept = 4 << 20;
	struct work well, starved, again;
	long pid;

	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "operations", "fvaddr"));
	ASSERT_EQ(0, damon_sysfs_write(TARGETS "0/regions/nr_regions", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGETS "0/regions/0/end", sz));
	ASSERT_EQ(0, damon_scheme_stage("stat", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/type", "addr"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/matching", "Y"));
	ASSERT_EQ(0, damon_scheme_set_long("core_filters/0/addr_start", kept));
	ASSERT_EQ(0, damon_scheme_set_long("core_filters/0/addr_end", 2 * kept));
	ASSERT_EQ(0, damon_state("on"));
	pid = damon_sysfs_read_long("0/pid");

	well = work_of(20);
	ASSERT_EQ(0, damon_fault_all(pid, true));
	starved = work_of(20);
	ASSERT_EQ(0, damon_fault_all(pid, false));
	/* One run to cut what could not be cut. */
	work_of(1);
	again = work_of(20);

	EXPECT_EQ(well.nr_runs * (sz - kept), well.sz_tried);
	/* Not all that the filter allows, but the most of it. */
	EXPECT_LE(20, starved.nr_runs);
	EXPECT_LT(starved.sz_tried, starved.nr_runs * (sz - kept));
	EXPECT_LT(starved.nr_runs * sz / 2, starved.sz_tried);
	EXPECT_LE(well.nr_tried / well.nr_runs,
		  starved.nr_tried / starved.nr_runs);
	EXPECT_EQ(again.nr_runs * (sz - kept), again.sz_tried);
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
}

TEST_HARNESS_MAIN
