// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: every allocation of a start and of a commit fails once, one after
 * the other. The write fails with ENOMEM or does without, the module is off or goes on,
 * and nothing is lost (kmemleak). See damon_fault.h for the kernel that this needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_fault.h"
#include "damon_param.h"
#include "damon_sysfs.h"

FIXTURE(faults) {
	int enabled;
	int commit;
};

FIXTURE_VARIANT(faults) {
	const char *module;
	bool commits;
};

FIXTURE_VARIANT_ADD(faults, reclaim) { "damon_reclaim", true };
FIXTURE_VARIANT_ADD(faults, lru_sort) { "damon_lru_sort", true };
FIXTURE_VARIANT_ADD(faults, stat) { "damon_stat", false };

static int open_param(const char *module, const char *param)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, param);
	return open(path, O_WRONLY | O_CLOEXEC);
}

FIXTURE_SETUP(faults)
{
	if (!damon_fault_begin())
		SKIP(return, "this kernel cannot let allocations fail");
	ASSERT_EQ(0, damon_sysfs_reset());
	self->enabled = open_param(variant->module, "enabled");
	ASSERT_LE(0, self->enabled);
	self->commit = open_param(variant->module, "commit_inputs");
	ASSERT_EQ(variant->commits, self->commit >= 0);
	/* With everything that can be had. */
	damon_param_set(variant->module, "skip_anon", "Y");
	damon_param_set(variant->module, "quota_mem_pressure_us", "1000");
	damon_param_set(variant->module, "quota_autotune_feedback", "1000");
	damon_param_set(variant->module, "active_mem_bp", "5000");
	damon_param_set(variant->module, "filter_young_pages", "Y");
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->enabled)
		return;
	damon_param_set(variant->module, "enabled", "N");
	damon_param_set(variant->module, "skip_anon", "N");
	damon_param_set(variant->module, "quota_mem_pressure_us", "0");
	damon_param_set(variant->module, "quota_autotune_feedback", "0");
	damon_param_set(variant->module, "active_mem_bp", "0");
	damon_param_set(variant->module, "filter_young_pages", "N");
	damon_fault_end();
	close(self->enabled);
	close(self->commit);
}

/* hazards A9, A10, A19: what could not start is gone, and can start later. */
TEST_F_TIMEOUT(faults, start, TEST_TIMEOUT_DEFAULT)
{
	bool failed = true;
	int nth, err;

	for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
		err = damon_fault_write(self->enabled, "Y", nth, &failed);
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		ASSERT_EQ(!err, damon_param_is_on(variant->module));
		ASSERT_EQ(!err, damon_param_get_long(variant->module,
						     "kdamond_pid") > 0);
		ASSERT_EQ(0, damon_param_set(variant->module, "enabled", "N"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_param_set(variant->module, "enabled", "Y"));
}

/* hazards A9, A18 */
TEST_F_TIMEOUT(faults, commit, TEST_TIMEOUT_DEFAULT)
{
	bool failed = true;
	int nth, err;
	long pid;

	if (!variant->commits)
		return;
	ASSERT_EQ(0, damon_param_set(variant->module, "enabled", "Y"));
	pid = damon_param_get_long(variant->module, "kdamond_pid");
	for (nth = 1; failed && nth < DAMON_MAX_FAULTS; nth++) {
		err = damon_fault_write(self->commit, "Y", nth, &failed);
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		ASSERT_EQ(pid, damon_param_get_long(variant->module, "kdamond_pid"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_param_set(variant->module, "commit_inputs", "Y"));
	/* The same in the kdamond. */
	for (nth = 1; nth < 40; nth++) {
		ASSERT_EQ(0, damon_fault_nth(pid, nth));
		err = damon_param_set(variant->module, "commit_inputs", "Y");
		ASSERT_EQ(0, damon_fault_nth(pid, 0));
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		ASSERT_EQ(pid, damon_param_get_long(variant->module, "kdamond_pid"));
	}
	EXPECT_EQ(0, damon_param_set(variant->module, "commit_inputs", "Y"));
}

TEST_HARNESS_MAIN
