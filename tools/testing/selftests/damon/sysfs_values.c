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
	{ }
};

#define NR_FILES	(ARRAY_SIZE(files) - 1)

/* One of each directory there is. */
static int stage(void)
{
	return damon_sysfs_stage(0) ?:
	       damon_sysfs_write(TARGET "regions/nr_regions", "1");
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

		if (f->read_only)
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
