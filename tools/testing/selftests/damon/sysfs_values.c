// SPDX-License-Identifier: GPL-2.0
/*
 * Every file of the administrator, taken by itself: mode, default, what it
 * accepts and what it refuses with which errno. A refused write changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"
#define SCHEME		CONTEXT "schemes/0/"

#if __SIZEOF_LONG__ == 8
#define ULONG_MAX_TEXT	"18446744073709551615"
#define ULONG_OVER_TEXT	"18446744073709551616"
#else
#define ULONG_MAX_TEXT	"4294967295"
#define ULONG_OVER_TEXT	"4294967296"
#endif

/* A write; what is read then, or the errno. */
struct input {
	const char *text;
	const char *then;
	int err;
};

static const struct input ulong_inputs[] = {
	{ "0", "0\n" },
	{ "1\n", "1\n" },
	{ "0x1F", "31\n" },
	{ "017", "15\n" },
	{ "+3", "3\n" },
	{ ULONG_MAX_TEXT, ULONG_MAX_TEXT "\n" },
	{ ULONG_OVER_TEXT, NULL, ERANGE },
	{ "0x10000000000000000", NULL, ERANGE },
	{ "-1", NULL, EINVAL },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ " 1", NULL, EINVAL },
	{ "1 ", NULL, EINVAL },
	{ "1 2", NULL, EINVAL },
	{ "1.5", NULL, EINVAL },
	{ "1\n\n", NULL, EINVAL },
	{ "0x", NULL, EINVAL },
	{ "08", NULL, EINVAL },
	{ }
};

/* A pid: whatever is none is EINVAL. */
static const struct input pid_inputs[] = {
	{ "0", "0\n" },
	{ "1\n", "1\n" },
	{ "-1", "-1\n" },
	{ "0x10", "16\n" },
	{ "2147483647", "2147483647\n" },
	{ "2147483648", NULL, EINVAL },
	{ "99999999999999999999", NULL, EINVAL },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ "1 2", NULL, EINVAL },
	{ }
};

static const struct input bool_inputs[] = {
	{ "Y", "Y\n" }, { "n", "N\n" }, { "1\n", "Y\n" }, { "0", "N\n" },
	{ "on", "Y\n" }, { "off\n", "N\n" }, { "y\n", "Y\n" },
	{ "2", NULL, EINVAL },
	{ "-1", NULL, EINVAL },
	{ "text\n", "Y\n" },	/* as kstrtobool() has it: t for true */
	{ "maybe", NULL, EINVAL },
	{ "o", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ }
};

static const struct input ops_inputs[] = {
	{ "fvaddr", "fvaddr\n" },
	{ "paddr\n", "paddr\n" },
	{ "vaddr", "vaddr\n" },
	{ "vadd", NULL, EINVAL },
	{ "vaddrr", NULL, EINVAL },
	{ "Vaddr", NULL, EINVAL },
	{ " vaddr", NULL, EINVAL },
	{ "vaddr ", NULL, EINVAL },
	{ "vaddr\n\n", NULL, EINVAL },
	{ "0", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ }
};

/* What makes directories; how many is left as it was. */
static const struct input nr_inputs[] = {
	{ "1\n", "1\n" },
	{ "-1", NULL, EINVAL },
	{ "-2147483648", NULL, EINVAL },
	{ "2147483648", NULL, ERANGE },
	{ "-2147483649", NULL, ERANGE },
	{ "99999999999999999999", NULL, ERANGE },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ "1x", NULL, EINVAL },
	{ }
};

static const struct input nr_contexts_inputs[] = {
	{ "1", "1\n" },
	{ "2", NULL, EINVAL },
	{ "2147483647", NULL, EINVAL },
	{ "-1", NULL, EINVAL },
	{ "2147483648", NULL, ERANGE },
	{ "text", NULL, EINVAL },
	{ }
};

static const struct input action_inputs[] = {
	{ "willneed", "willneed\n" },
	{ "cold", "cold\n" },
	{ "pageout", "pageout\n" },
	{ "hugepage", "hugepage\n" },
	{ "nohugepage", "nohugepage\n" },
	{ "collapse", "collapse\n" },
	{ "lru_prio", "lru_prio\n" },
	{ "lru_deprio", "lru_deprio\n" },
	{ "migrate_hot", "migrate_hot\n" },
	{ "migrate_cold", "migrate_cold\n" },
	{ "stat", "stat\n" },
	{ "Stat", NULL, EINVAL },
	{ " stat", NULL, EINVAL },
	{ "statt", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ "10", NULL, EINVAL },
	{ }
};

static const struct input tuner_inputs[] = {
	{ "temporal", "temporal\n" },
	{ "consist", "consist\n" },
	{ "con", NULL, EINVAL },
	{ "0", NULL, EINVAL },
	{ }
};

static const struct input metric_inputs[] = {
	{ "some_mem_psi_us", "some_mem_psi_us\n" },
	{ "node_mem_used_bp", "node_mem_used_bp\n" },
	{ "node_mem_free_bp", "node_mem_free_bp\n" },
	{ "node_memcg_used_bp", "node_memcg_used_bp\n" },
	{ "node_memcg_free_bp", "node_memcg_free_bp\n" },
	{ "active_mem_bp", "active_mem_bp\n" },
	{ "inactive_mem_bp", "inactive_mem_bp\n" },
	{ "node_eligible_mem_bp", "node_eligible_mem_bp\n" },
	{ "hugepage_mem_bp", "hugepage_mem_bp\n" },
	{ "user_input", "user_input\n" },
	{ "user", NULL, EINVAL },
	{ "0", NULL, EINVAL },
	{ }
};

static const struct input wmark_inputs[] = {
	{ "free_mem_rate", "free_mem_rate\n" },
	{ "none", "none\n" },
	{ "free", NULL, EINVAL },
	{ "0", NULL, EINVAL },
	{ }
};

static const struct input any_type_inputs[] = {
	{ "addr", "addr\n" },
	{ "target", "target\n" },
	{ "anon", "anon\n" },
	{ "active", "active\n" },
	{ "memcg", "memcg\n" },
	{ "young", "young\n" },
	{ "hugepage_size", "hugepage_size\n" },
	{ "unmapped", "unmapped\n" },
	{ "x", NULL, EINVAL },
	{ "0", NULL, EINVAL },
	{ }
};

static const struct input core_type_inputs[] = {
	{ "addr", "addr\n" },
	{ "target", "target\n" },
	{ "anon", NULL, EINVAL },
	{ "active", NULL, EINVAL },
	{ "memcg", NULL, EINVAL },
	{ "young", NULL, EINVAL },
	{ "hugepage_size", NULL, EINVAL },
	{ "unmapped", NULL, EINVAL },
	{ "x", NULL, EINVAL },
	{ }
};

static const struct input ops_type_inputs[] = {
	{ "anon", "anon\n" },
	{ "active", "active\n" },
	{ "memcg", "memcg\n" },
	{ "young", "young\n" },
	{ "hugepage_size", "hugepage_size\n" },
	{ "unmapped", "unmapped\n" },
	{ "addr", NULL, EINVAL },
	{ "target", NULL, EINVAL },
	{ "x", NULL, EINVAL },
	{ }
};

static const struct input int_inputs[] = {
	{ "0", "0\n" },
	{ "-1\n", "-1\n" },
	{ "2147483647", "2147483647\n" },
	{ "2147483648", NULL, ERANGE },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ }
};

static const struct input uint_inputs[] = {
	{ "0", "0\n" },
	{ "0x10\n", "16\n" },
	{ "4294967295", "4294967295\n" },
	{ "4294967296", NULL, ERANGE },
	{ "-1", NULL, EINVAL },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ }
};

/* A number, and whatever is none is EINVAL. */
static const struct input no_erange_inputs[] = {
	{ "0", "0\n" },
	{ "7\n", "7\n" },
	{ ULONG_OVER_TEXT, NULL, EINVAL },
	{ "99999999999999999999", NULL, EINVAL },
	{ "-1", NULL, EINVAL },
	{ "text", NULL, EINVAL },
	{ "\n", NULL, EINVAL },
	{ }
};

static const struct input string_inputs[] = {
	{ "/some/group", "/some/group\n" },
	{ "/\n", "/\n" },
	{ "with a space", "with a space\n" },
	{ "\n", "\n" },
	{ }
};

/* Nothing has run. */
static const char cost_at_first[] =
	"elapsed_ns 0\n"
	"runtime_ns 0\n"
	"sampling_ns 0\n"
	"adapting_ns 0\n"
	"callbacks_ns 0\n"
	"schemes_ns 0\n"
	"commands_ns 0\n"
	"flush_ns 0\n"
	"tlb_flushes 0\n"
	"samples 0\n"
	"surveyed 0\n"
	"ticks 0\n"
	"ticks_missed 0\n";

/* All files; a writable one is without inputs if it has a test of its own. */
static const struct file {
	const char *path;
	const char *start;	/* content at first; NULL: not constant */
	const struct input *inputs;
	bool read_only;
} files[] = {
	{ "nr_kdamonds", "1\n", nr_inputs },
	{ "0/state", "off\n" },
	{ "0/pid", "-1\n", .read_only = true },
	{ "0/last_error", "", .read_only = true },
	{ "0/cost", cost_at_first, .read_only = true },
	{ "0/refresh_ms", "0\n", uint_inputs },
	{ "0/contexts/nr_contexts", "1\n", nr_contexts_inputs },
	{ CONTEXT "avail_operations", NULL, .read_only = true },
	{ CONTEXT "device", NULL, .read_only = true },
	{ CONTEXT "operations", "vaddr\n", ops_inputs },
	{ ATTRS "tlb_honesty", "N\n", bool_inputs },
	{ ATTRS "intervals/sample_us", "5000\n", ulong_inputs },
	{ ATTRS "intervals/aggr_us", "100000\n", ulong_inputs },
	{ ATTRS "intervals/update_us", "60000000\n", ulong_inputs },
	{ ATTRS "nr_regions/min", "10\n", ulong_inputs },
	{ ATTRS "nr_regions/max", "1000\n", ulong_inputs },
	{ CONTEXT "targets/nr_targets", "1\n", nr_inputs },
	{ TARGET "pid_target", "0\n", pid_inputs },
	{ TARGET "obsolete_target", "N\n", bool_inputs },
	{ TARGET "regions/nr_regions", "1\n", nr_inputs },
	{ TARGET "regions/0/start", "0\n", ulong_inputs },
	{ TARGET "regions/0/end", "0\n", ulong_inputs },
	{ CONTEXT "pause", "N\n", bool_inputs },
	{ ATTRS "intervals/intervals_goal/access_bp", "0\n", ulong_inputs },
	{ ATTRS "intervals/intervals_goal/aggrs", "0\n", ulong_inputs },
	{ ATTRS "intervals/intervals_goal/min_sample_us", "0\n", ulong_inputs },
	{ ATTRS "intervals/intervals_goal/max_sample_us", "0\n", ulong_inputs },
	{ CONTEXT "schemes/nr_schemes", "1\n", nr_inputs },
	{ SCHEME "action", "stat\n", action_inputs },
	{ SCHEME "target_nid", "-1\n", int_inputs },
	{ SCHEME "apply_interval_us", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/sz/min", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/sz/max", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/nr_accesses/min", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/nr_accesses/max", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/age/min", "0\n", ulong_inputs },
	{ SCHEME "access_pattern/age/max", "0\n", ulong_inputs },
	{ SCHEME "dests/nr_dests", "1\n", nr_inputs },
	{ SCHEME "dests/0/id", "0\n", uint_inputs },
	{ SCHEME "dests/0/weight", "0\n", uint_inputs },
	{ SCHEME "quotas/ms", "0\n", no_erange_inputs },
	{ SCHEME "quotas/bytes", "0\n", no_erange_inputs },
	{ SCHEME "quotas/reset_interval_ms", "0\n", no_erange_inputs },
	{ SCHEME "quotas/effective_bytes", "0\n", .read_only = true },
	{ SCHEME "quotas/goal_tuner", "consist\n", tuner_inputs },
	{ SCHEME "quotas/fail_charge_num", "0\n", no_erange_inputs },
	{ SCHEME "quotas/fail_charge_denom", "0\n", no_erange_inputs },
	{ SCHEME "quotas/weights/sz_permil", "0\n", uint_inputs },
	{ SCHEME "quotas/weights/nr_accesses_permil", "0\n", uint_inputs },
	{ SCHEME "quotas/weights/age_permil", "0\n", uint_inputs },
	{ SCHEME "quotas/goals/nr_goals", "1\n", nr_inputs },
	{ SCHEME "quotas/goals/0/target_metric",
	  "user_input\n", metric_inputs },
	{ SCHEME "quotas/goals/0/target_value", "0\n", ulong_inputs },
	{ SCHEME "quotas/goals/0/current_value", "0\n", ulong_inputs },
	{ SCHEME "quotas/goals/0/nid", "0\n", int_inputs },
	{ SCHEME "quotas/goals/0/path", "\n", string_inputs },
	{ SCHEME "watermarks/metric", "none\n", wmark_inputs },
	{ SCHEME "watermarks/interval_us", "0\n", ulong_inputs },
	{ SCHEME "watermarks/high", "0\n", ulong_inputs },
	{ SCHEME "watermarks/mid", "0\n", ulong_inputs },
	{ SCHEME "watermarks/low", "0\n", ulong_inputs },
	{ SCHEME "filters/nr_filters", "1\n", nr_inputs },
	{ SCHEME "filters/0/type", "anon\n", any_type_inputs },
	{ SCHEME "filters/0/matching", "N\n", bool_inputs },
	{ SCHEME "filters/0/allow", "N\n", bool_inputs },
	{ SCHEME "filters/0/memcg_path", "\n", string_inputs },
	{ SCHEME "filters/0/addr_start", "0\n", ulong_inputs },
	{ SCHEME "filters/0/addr_end", "0\n", ulong_inputs },
	{ SCHEME "filters/0/min", "0\n", ulong_inputs },
	{ SCHEME "filters/0/max", "0\n", ulong_inputs },
	{ SCHEME "filters/0/damon_target_idx", "0\n", int_inputs },
	{ SCHEME "core_filters/nr_filters", "1\n", nr_inputs },
	{ SCHEME "core_filters/0/type", "anon\n", core_type_inputs },
	{ SCHEME "core_filters/0/matching", "N\n", bool_inputs },
	{ SCHEME "core_filters/0/allow", "N\n", bool_inputs },
	{ SCHEME "core_filters/0/memcg_path", "\n", string_inputs },
	{ SCHEME "core_filters/0/addr_start", "0\n", ulong_inputs },
	{ SCHEME "core_filters/0/addr_end", "0\n", ulong_inputs },
	{ SCHEME "core_filters/0/min", "0\n", ulong_inputs },
	{ SCHEME "core_filters/0/max", "0\n", ulong_inputs },
	{ SCHEME "core_filters/0/damon_target_idx", "0\n", int_inputs },
	{ SCHEME "ops_filters/nr_filters", "1\n", nr_inputs },
	{ SCHEME "ops_filters/0/type", "anon\n", ops_type_inputs },
	{ SCHEME "ops_filters/0/matching", "N\n", bool_inputs },
	{ SCHEME "ops_filters/0/allow", "N\n", bool_inputs },
	{ SCHEME "ops_filters/0/memcg_path", "\n", string_inputs },
	{ SCHEME "ops_filters/0/addr_start", "0\n", ulong_inputs },
	{ SCHEME "ops_filters/0/addr_end", "0\n", ulong_inputs },
	{ SCHEME "ops_filters/0/min", "0\n", ulong_inputs },
	{ SCHEME "ops_filters/0/max", "0\n", ulong_inputs },
	{ SCHEME "ops_filters/0/damon_target_idx", "0\n", int_inputs },
	{ SCHEME "stats/nr_tried", "0\n", .read_only = true },
	{ SCHEME "stats/sz_tried", "0\n", .read_only = true },
	{ SCHEME "stats/nr_applied", "0\n", .read_only = true },
	{ SCHEME "stats/sz_applied", "0\n", .read_only = true },
	{ SCHEME "stats/qt_exceeds", "0\n", .read_only = true },
	{ SCHEME "stats/sz_ops_filter_passed", "0\n", .read_only = true },
	{ SCHEME "stats/nr_snapshots", "0\n", .read_only = true },
	{ SCHEME "stats/max_nr_snapshots", "0\n", ulong_inputs },
	{ SCHEME "tried_regions/total_bytes", "0\n", .read_only = true },
	{ }
};

#define NR_FILES	(ARRAY_SIZE(files) - 1)

/* One of each directory there is. */
static int stage(void)
{
	return damon_sysfs_stage(0) ?:
	       damon_sysfs_write(TARGET "regions/nr_regions", "1") ?:
	       damon_sysfs_write(CONTEXT "schemes/nr_schemes", "1") ?:
	       damon_sysfs_write(SCHEME "dests/nr_dests", "1") ?:
	       damon_sysfs_write(SCHEME "quotas/goals/nr_goals", "1") ?:
	       damon_sysfs_write(SCHEME "filters/nr_filters", "1") ?:
	       damon_sysfs_write(SCHEME "core_filters/nr_filters", "1") ?:
	       damon_sysfs_write(SCHEME "ops_filters/nr_filters", "1");
}

static int open_to_write(const char *path)
{
	int fd = damon_sysfs_open(path, O_WRONLY);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
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

TEST_F(values, modes)
{
	const struct file *f;
	char path[512];
	struct stat st;

	for (f = files; f->path; f++) {
		snprintf(path, sizeof(path), DAMON_SYSFS_ROOT "/%s", f->path);
		ASSERT_EQ(0, stat(path, &st))
			TH_LOG("%s: %s", path, strerror(errno));
		EXPECT_EQ(f->read_only ? 0400 : 0600, st.st_mode & 07777)
			TH_LOG("%s", path);
		/* The superuser, too. */
		EXPECT_EQ(f->read_only ? -EACCES : 0, open_to_write(f->path))
			TH_LOG("%s", path);
	}
}

TEST_F(values, defaults)
{
	const struct file *f;

	for (f = files; f->path; f++) {
		if (!f->start)
			continue;
		EXPECT_STREQ(f->start, damon_sysfs_text(f->path))
			TH_LOG("%s", f->path);
	}
}

/* Counts the files below a directory, and complains of unknown ones. */
static int count_files(struct __test_metadata *_metadata, const char *dir)
{
	const struct file *f;
	struct dirent *entry;
	char path[600];
	int nr = 0;
	DIR *d;

	snprintf(path, sizeof(path), DAMON_SYSFS_ROOT "/%s", dir);
	d = opendir(path);
	ASSERT_NE(NULL, d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "",
			 entry->d_name);
		if (entry->d_type == DT_DIR) {
			nr += count_files(_metadata, path);
			continue;
		}
		for (f = files; f->path; f++)
			if (!strcmp(f->path, path))
				break;
		EXPECT_NE(NULL, f->path)
			TH_LOG("%s is not known here", path);
		nr++;
	}
	closedir(d);
	return nr;
}

/* No file without a test. */
TEST_F(values, no_other_files)
{
	EXPECT_EQ((int)NR_FILES, count_files(_metadata, ""));
}

TEST_F(values, inputs)
{
	const struct input *input;
	const struct file *f;

	for (f = files; f->path; f++) {
		for (input = f->inputs; input && input->text; input++) {
			char before[DAMON_SYSFS_PAGE + 1];
			const char *then = input->then ?: before;

			ASSERT_LT(0, damon_sysfs_read(f->path, before));
			EXPECT_EQ(-input->err,
				  damon_sysfs_write(f->path, input->text))
				TH_LOG("%s: '%s'", f->path, input->text);
			EXPECT_STREQ(then, damon_sysfs_text(f->path))
				TH_LOG("%s: '%s'", f->path, input->text);
		}
		/* What an nr_ file has done away with. */
		ASSERT_EQ(0, stage());
	}
}

/* Nothing, a page and more, bytes that are no text. */
TEST_F(values, odd_writes)
{
	static char huge[3 * DAMON_SYSFS_PAGE];
	const struct file *f;

	memset(huge, '1', sizeof(huge));
	for (f = files; f->path; f++) {
		char before[DAMON_SYSFS_PAGE + 1];
		int err;

		/* Any text is a string. */
		if (f->read_only || f->inputs == string_inputs)
			continue;
		ASSERT_LT(0, damon_sysfs_read(f->path, before));
		EXPECT_EQ(0, damon_sysfs_write_bytes(f->path, "", 0));
		err = damon_sysfs_write_bytes(f->path, huge, sizeof(huge));
		/* kstrtobool() looks at the first character only. */
		if (f->inputs == bool_inputs)
			err = damon_sysfs_write(f->path, before) ?: -EINVAL;
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE)
			TH_LOG("%s: %d", f->path, err);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(f->path, "\0", 1))
			TH_LOG("%s", f->path);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(f->path, "\0001", 2))
			TH_LOG("%s", f->path);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(f->path, "\377\1", 2))
			TH_LOG("%s", f->path);
		EXPECT_STREQ(before, damon_sysfs_text(f->path))
			TH_LOG("%s", f->path);
	}
	/* C programs write the end of their strings as well. */
	EXPECT_EQ(0, damon_sysfs_write_bytes(ATTRS "nr_regions/min", "7", 2));
	EXPECT_EQ(7, damon_sysfs_read_long(ATTRS "nr_regions/min"));
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
