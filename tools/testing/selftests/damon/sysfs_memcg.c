// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups that files name by their paths: looked up by the command, not
 * kept alive by what runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define CGROUPS		"/sys/fs/cgroup"
#define NAME		"/damon_sysfs_memcg"
#define TIMEOUT_MS	20000

/* A number from a file of "key value" lines; -1: it is not there. */
static long stat_of(const char *path, const char *key)
{
	char name[64];
	long value, found = -1;
	FILE *f = fopen(path, "r");

	while (f && found < 0 && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, key))
			found = value;
	if (f)
		fclose(f);
	return found;
}

/* Cgroups that are removed, and cannot be freed. */
static long nr_dying(void)
{
	return stat_of(CGROUPS "/cgroup.stat", "nr_dying_descendants");
}

static bool dying_come_down_to(long nr)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;

	while (nr_dying() > nr) {
		if (damon_sysfs_now_ms() > end)
			return false;
		damon_sysfs_sleep_ms(20);
	}
	return true;
}

FIXTURE(memcg) {
	pid_t victim;
	long dying;
};

FIXTURE_SETUP(memcg)
{
	FILE *f;

	/* Where init has not. */
	mount("none", CGROUPS, "cgroup2", 0, NULL);
	f = fopen(CGROUPS "/cgroup.subtree_control", "w");
	ASSERT_NE(NULL, f);
	ASSERT_LT(0, fputs("+memory", f));
	ASSERT_EQ(0, fclose(f));
	rmdir(CGROUPS NAME);
	self->dying = nr_dying();
	ASSERT_LE(0, self->dying);
	self->victim = damon_sysfs_victim();
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/monitoring_attrs/intervals/sample_us",
				       "1000"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/monitoring_attrs/intervals/aggr_us",
				       "5000"));
	ASSERT_EQ(0, damon_scheme_stage("stat", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/type", "memcg"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/nr_goals", "1"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/target_metric",
				      "node_memcg_used_bp"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/target_value", "1"));
}

FIXTURE_TEARDOWN(memcg)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	rmdir(CGROUPS NAME);
	damon_sysfs_kill(self->victim);
}

static int name_both(const char *path)
{
	return damon_scheme_set("ops_filters/0/memcg_path", path) ?:
	       damon_scheme_set("quotas/goals/0/path", path);
}

/* hazard C26: it is not there, and the answer says so and which. */
TEST_F(memcg, missing)
{
	ASSERT_EQ(0, name_both(NAME));
	EXPECT_EQ(-ENOENT, damon_state("on"));
	EXPECT_STREQ("contexts/0/schemes/0/quotas/goals/0: no memory cgroup \"" NAME "\"\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, mkdir(CGROUPS NAME, 0755));
	/* Only now is it looked up; a line end at the end is none of its name. */
	ASSERT_EQ(0, name_both(NAME "\n"));
	EXPECT_EQ(0, damon_state("on"));
	/* Gone again: what runs goes on, a commit is refused. */
	ASSERT_EQ(0, rmdir(CGROUPS NAME));
	EXPECT_EQ(-ENOENT, damon_state("commit"));
	EXPECT_EQ(0, damon_state("update_schemes_stats"));
	ASSERT_EQ(0, name_both("/"));
	EXPECT_EQ(0, damon_state("commit"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
}

/* hazard C10: one that was named can be removed, and freed. */
TEST_F(memcg, not_kept_alive)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, mkdir(CGROUPS NAME, 0755));
		ASSERT_EQ(0, name_both(NAME));
		ASSERT_EQ(0, damon_state(i ? "commit" : "on"));
		ASSERT_EQ(0, damon_state("update_schemes_tried_bytes"));
		ASSERT_EQ(0, rmdir(CGROUPS NAME));
		/* While the scheme still names it. */
		EXPECT_TRUE(dying_come_down_to(self->dying))
			TH_LOG("%ld dying cgroups, %ld before", nr_dying(),
			       self->dying);
		EXPECT_EQ(0, damon_state("update_schemes_tried_bytes"));
	}
}

/* A path need not be one. */
TEST_F(memcg, odd_paths)
{
	static const char * const paths[] = {
		"", "\n", "x", "//", "/.", "/..", NAME "/", "/ ", "relative/path",
	};
	unsigned int i;

	ASSERT_EQ(0, mkdir(CGROUPS NAME, 0755));
	for (i = 1; i < ARRAY_SIZE(paths); i++) {
		ASSERT_EQ(0, name_both(paths[i]));
		EXPECT_EQ(-ENOENT, damon_state("on")) TH_LOG("'%s'", paths[i]);
	}
}

TEST_HARNESS_MAIN
