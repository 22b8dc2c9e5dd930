// SPDX-License-Identifier: GPL-2.0
/*
 * What the files of the administrator mean to each other; each by itself is the
 * concern of sysfs_abi.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"

/* One of each directory that is needed here. */
static int stage(void)
{
	return damon_sysfs_stage(0) ?:
	       damon_sysfs_write(TARGET "regions/nr_regions", "1");
}

FIXTURE(values) {
};

FIXTURE_SETUP(values)
{
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, stage());
}

FIXTURE_TEARDOWN(values)
{
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* hazard C32: what avail_operations offers can be written to operations. */
TEST_F(values, avail_operations)
{
	char list[DAMON_SYSFS_PAGE + 1], *name, *rest = list;
	int err = 0;

	ASSERT_LT(0, damon_sysfs_read(CONTEXT "avail_operations", list));
	EXPECT_EQ(0, strncmp(list, "vaddr\nfvaddr\n", 13))
		TH_LOG("'%s'", list);
	while ((name = strsep(&rest, "\n")) && rest)
		err = err ?: damon_sysfs_write(CONTEXT "operations", name);
	EXPECT_EQ(0, err);
	EXPECT_STREQ("", name);
}

/* Writing a number, the same one too, gives that many fresh directories. */
TEST_F(values, nr_gives_fresh_directories)
{
	static const char * const numbers[] = { "2", "2", "1", "5", "3" };
	unsigned int i;
	char path[128];
	int k, nr;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		ASSERT_EQ(0, damon_sysfs_write(TARGET "regions/nr_regions",
					       numbers[i]));
		nr = atoi(numbers[i]);
		EXPECT_EQ(nr, damon_sysfs_read_long(TARGET "regions/nr_regions"));
		for (k = 0; k < nr + 1; k++) {
			snprintf(path, sizeof(path), TARGET "regions/%d/end", k);
			EXPECT_STREQ(k < nr ? "0\n" : "?", damon_sysfs_text(path));
			EXPECT_EQ(k < nr ? 0 : -ENOENT,
				  damon_sysfs_write(path, "77"));
		}
	}
	/* With all that is below. */
	EXPECT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "2"));
	EXPECT_EQ(0, damon_sysfs_read_long(TARGET "regions/nr_regions"));
	EXPECT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "0"));
	EXPECT_EQ(-ENOENT, damon_sysfs_write(CONTEXT "operations", "vaddr"));
	EXPECT_EQ(0, damon_sysfs_write("nr_kdamonds", "2"));
	EXPECT_EQ(0, damon_sysfs_read_long("1/contexts/nr_contexts"));
}

/* Directories of the same kind do not share their values. */
TEST_F(values, values_are_separate)
{
	static const char other[] =
		"1/contexts/0/monitoring_attrs/nr_regions/max";

	ASSERT_EQ(0, damon_sysfs_write("nr_kdamonds", "2"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "1"));
	ASSERT_EQ(0, damon_sysfs_write("1/contexts/nr_contexts", "1"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/max", "77"));
	EXPECT_EQ(1000, damon_sysfs_read_long(other));
	EXPECT_EQ(77, damon_sysfs_read_long(ATTRS "nr_regions/max"));
	EXPECT_EQ(10, damon_sysfs_read_long(ATTRS "nr_regions/min"));
}

/* hazard C23: no warning, nothing killed, and the box can still be used. */
TEST_F(values, huge_numbers)
{
	static const char * const paths[] = {
		TARGET "regions/nr_regions", CONTEXT "targets/nr_targets",
		"nr_kdamonds",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		EXPECT_EQ(-ENOMEM, damon_sysfs_write(paths[i], "2147483647"));
		EXPECT_EQ(0, damon_sysfs_read_long(paths[i]));
		EXPECT_EQ(-ENOMEM, damon_sysfs_write(paths[i], "0x10000000"));
		EXPECT_EQ(0, damon_sysfs_write(paths[i], "1"));
		EXPECT_EQ(1, damon_sysfs_read_long(paths[i]));
	}
}

/* Thousands of them are fine. */
TEST_F(values, many_directories)
{
	long nr = damon_sysfs_option("DAMON_TEST_DIRS", 1000);
	char path[128];

	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "regions/nr_regions", nr));
	snprintf(path, sizeof(path), TARGET "regions/%ld/end", nr - 1);
	EXPECT_EQ(0, damon_sysfs_write(path, "4096"));
	EXPECT_EQ(4096, damon_sysfs_read_long(path));
	EXPECT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "0"));
	EXPECT_EQ(-ENOENT, damon_sysfs_write(path, "4096"));
}

TEST_HARNESS_MAIN
