// SPDX-License-Identifier: GPL-2.0
/*
 * Modules that the kernel's command line wants, see tools/testing/qemu/guest-test: all
 * three, of which only the first may run, with values of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_param.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"

static union damon_snapshot snap;

/* hazard A21: parameters come long before there is memory to be had. */
TEST(starts_at_boot)
{
	int fd;

	EXPECT_TRUE(damon_param_is_on("damon_reclaim"));
	EXPECT_LT(0, damon_param_get_long("damon_reclaim", "kdamond_pid"));
	EXPECT_EQ(7000000, damon_param_get_long("damon_reclaim", "min_age"));
	fd = damon_param_snapshot("damon_reclaim");
	ASSERT_LE(0, fd);
	ASSERT_TRUE(damon_snapshot_next(fd, &snap));
	EXPECT_EQ(10000, snap.header.sample_us);
	EXPECT_EQ(200000, snap.header.aggr_us);
	close(fd);
	EXPECT_EQ(0, damon_param_set("damon_reclaim", "commit_inputs", "Y"));
}

/* hazards A10, A17: what could not start is off, and can be switched on later. */
TEST(others_are_off)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	ASSERT_LE(0, log);
	EXPECT_FALSE(damon_param_is_on("damon_lru_sort"));
	EXPECT_FALSE(damon_param_is_on("damon_stat"));
	EXPECT_EQ(-1, damon_param_get_long("damon_lru_sort", "kdamond_pid"));
	EXPECT_TRUE(damon_log_says(log, "DAMON_LRU_SORT cannot start: DAMON_RECLAIM is"));
	EXPECT_TRUE(damon_log_says(log, "DAMON_STAT does not start: error -16"));
	close(log);
	EXPECT_EQ(-EBUSY, damon_param_set("damon_lru_sort", "enabled", "Y"));
	EXPECT_EQ(-EINVAL, damon_param_set("damon_lru_sort", "commit_inputs", "Y"));
	EXPECT_EQ(0, damon_param_set("damon_reclaim", "enabled", "N"));
	EXPECT_EQ(0, damon_param_set("damon_lru_sort", "enabled", "Y"));
	EXPECT_TRUE(damon_param_is_on("damon_lru_sort"));
	EXPECT_EQ(0, damon_param_set("damon_lru_sort", "enabled", "N"));
	EXPECT_EQ(0, damon_param_set("damon_stat", "enabled", "Y"));
	EXPECT_TRUE(damon_param_is_on("damon_stat"));
	EXPECT_EQ(0, damon_param_set("damon_stat", "enabled", "N"));
}

TEST_HARNESS_MAIN
