// SPDX-License-Identifier: GPL-2.0
/*
 * refresh_ms: results that show up without a command.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define INTERVALS	"/contexts/0/monitoring_attrs/intervals/"
#define TRIED		"/contexts/0/schemes/0/stats/nr_tried"
#define TIMEOUT_MS	20000

static int put(int kdamond, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%d%s", kdamond, file);
	return damon_sysfs_write(path, value);
}

/* A write that may have to wait until a refresh is over. */
static int put_patiently(const char *path, const char *value)
{
	int err, i;

	for (i = 0; i < 1000; i++) {
		err = damon_sysfs_write(path, value);
		if (err != -EBUSY)
			break;
		damon_sysfs_sleep_ms(1);
	}
	return err;
}

static long get(int kdamond, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "%d%s", kdamond, file);
	return damon_sysfs_read_long(path);
}

/* Short windows, and a scheme that is tried on everything. */
static int stage(int nr, pid_t victim)
{
	int i, err = damon_sysfs_stage_many(nr, victim);

	for (i = 0; i < nr && !err; i++)
		err = put(i, INTERVALS "sample_us", "1000") ?:
		      put(i, INTERVALS "aggr_us", "5000") ?:
		      put(i, "/contexts/0/schemes/nr_schemes", "1") ?:
		      put(i, "/contexts/0/schemes/0/access_pattern/sz/max",
			  DAMON_MAX_ULONG) ?:
		      put(i, "/contexts/0/schemes/0/access_pattern/age/max",
			  DAMON_MAX_UINT) ?:
		      put(i, "/contexts/0/schemes/0/access_pattern/nr_accesses/max",
			  DAMON_MAX_UINT);
	return err;
}

/* Does a figure change by itself within the time? */
static bool changes(int kdamond, const char *file, int timeout_ms)
{
	long long end = damon_sysfs_now_ms() + timeout_ms;
	long before = get(kdamond, file);

	while (get(kdamond, file) == before) {
		if (damon_sysfs_now_ms() > end)
			return false;
		damon_sysfs_sleep_ms(5);
	}
	return true;
}

static bool refreshes(int kdamond)
{
	return changes(kdamond, TRIED, TIMEOUT_MS) &&
	       changes(kdamond, TRIED, TIMEOUT_MS);
}

FIXTURE(refresh) {
	pid_t victim;
};

FIXTURE_SETUP(refresh)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, stage(2, self->victim));
}

FIXTURE_TEARDOWN(refresh)
{
	/* Where nothing refreshes, nothing is busy. */
	damon_sysfs_write("0/refresh_ms", "0");
	damon_sysfs_write("1/refresh_ms", "0");
	damon_sysfs_sleep_ms(50);
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

TEST_F(refresh, at_the_start)
{
	ASSERT_EQ(0, put(0, "/refresh_ms", "10"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(refreshes(0));
	ASSERT_EQ(0, put_patiently("0/state", "off"));
	EXPECT_FALSE(changes(0, TRIED, 200));
	/* The next run has it as well. */
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(refreshes(0));
}

TEST_F(refresh, while_it_runs)
{
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_FALSE(changes(0, TRIED, 200));
	ASSERT_EQ(0, put(0, "/refresh_ms", "10"));
	EXPECT_TRUE(refreshes(0));
	ASSERT_EQ(0, put(0, "/refresh_ms", "0"));
	damon_sysfs_sleep_ms(50);
	EXPECT_FALSE(changes(0, TRIED, 200));
	ASSERT_EQ(0, put(0, "/refresh_ms", "1"));
	EXPECT_TRUE(refreshes(0));
}

/* hazard A11 */
TEST_F(refresh, commit)
{
	int i;

	ASSERT_EQ(0, put(0, "/refresh_ms", "10"));
	ASSERT_EQ(0, damon_state("on"));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, put_patiently("0/state", "commit"));
	EXPECT_TRUE(refreshes(0));
}

/* hazards A14, A15: two at once, each at its own rate */
TEST_F(refresh, two)
{
	ASSERT_EQ(0, put(0, "/refresh_ms", "10"));
	ASSERT_EQ(0, put(1, "/refresh_ms", "3600000"));
	ASSERT_EQ(0, damon_state("on"));
	ASSERT_EQ(0, put_patiently("1/state", "on"));
	EXPECT_TRUE(refreshes(0));
	EXPECT_EQ(0, get(1, TRIED));
	ASSERT_EQ(0, put(1, "/refresh_ms", "10"));
	EXPECT_TRUE(refreshes(1));
	ASSERT_EQ(0, put_patiently("0/state", "off"));
	EXPECT_TRUE(refreshes(1));
}

/* hazards C2, C5: what it writes to goes, and comes back. */
TEST_F(refresh, directories_go)
{
	long pid;
	int i;

	ASSERT_EQ(0, put(0, "/refresh_ms", "1"));
	ASSERT_EQ(0, damon_state("on"));
	pid = get(0, "/pid");
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, put_patiently(DAMON_SCHEMES "nr_schemes", "0"));
		damon_sysfs_sleep_ms(10);
		ASSERT_EQ(0, put_patiently(DAMON_SCHEMES "nr_schemes", "2"));
		damon_sysfs_sleep_ms(10);
		ASSERT_EQ(0, put_patiently("0/contexts/nr_contexts", "0"));
		damon_sysfs_sleep_ms(10);
		ASSERT_EQ(0, put_patiently("0/contexts/nr_contexts", "1"));
		ASSERT_EQ(0, put_patiently(DAMON_SCHEMES "nr_schemes", "1"));
		EXPECT_TRUE(changes(0, TRIED, TIMEOUT_MS));
	}
	EXPECT_EQ(pid, get(0, "/pid"));
}

/* hazard A8: its target is gone at once, and nothing is lost (kmemleak) */
TEST_F(refresh, short_runs)
{
	int i;

	ASSERT_EQ(0, put(0, "/refresh_ms", "1"));
	for (i = 0; i < 50; i++) {
		pid_t child = fork();

		if (!child) {
			usleep(i * 100);
			_exit(0);
		}
		ASSERT_EQ(0, damon_sysfs_write_long("0/contexts/0/targets/0/pid_target",
						    child));
		ASSERT_EQ(0, put_patiently("0/state", "on"));
		/* While it ends: it counts or it is too late. */
		ASSERT_EQ(0, put(0, "/refresh_ms", i % 2 ? "1" : "2"));
		ASSERT_EQ(child, waitpid(child, NULL, 0));
		ASSERT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	}
}

/* Intervals are shown if they are tuned; else what is staged stays. */
TEST_F(refresh, intervals)
{
	ASSERT_EQ(0, put(0, "/refresh_ms", "1"));
	ASSERT_EQ(0, damon_state("on"));
	ASSERT_EQ(0, put(0, INTERVALS "sample_us", "1234"));
	EXPECT_TRUE(refreshes(0));
	EXPECT_EQ(1234, get(0, INTERVALS "sample_us"));
	ASSERT_EQ(0, put(0, INTERVALS "sample_us", "1000"));
	ASSERT_EQ(0, put(0, INTERVALS "intervals_goal/access_bp", "9999"));
	ASSERT_EQ(0, put(0, INTERVALS "intervals_goal/aggrs", "1"));
	ASSERT_EQ(0, put(0, INTERVALS "intervals_goal/min_sample_us", "1000"));
	ASSERT_EQ(0, put(0, INTERVALS "intervals_goal/max_sample_us", "20000"));
	ASSERT_EQ(0, put_patiently("0/state", "commit"));
	EXPECT_TRUE(changes(0, INTERVALS "sample_us", TIMEOUT_MS));
}

TEST_HARNESS_MAIN
