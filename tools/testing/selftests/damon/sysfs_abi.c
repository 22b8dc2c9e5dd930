// SPDX-License-Identifier: GPL-2.0
/*
 * The whole tree by its document, Documentation/ABI/testing/sysfs-kernel-mm-damon:
 * no file without an entry, no entry without a file; each has the mode, takes the
 * values, refuses all others with the errno, and reads what its entry says. What
 * is refused changes nothing.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_abi.h"
#include "damon_sysfs.h"

FIXTURE(abi) {
};

FIXTURE_SETUP(abi)
{
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_abi_stage());
}

FIXTURE_TEARDOWN(abi)
{
	EXPECT_EQ(0, damon_sysfs_reset());
}

static void check_mode(struct __test_metadata *_metadata, const struct damon_abi *e)
{
	char path[DAMON_ABI_PATH], full[DAMON_ABI_PATH + sizeof(DAMON_SYSFS_ROOT)];
	struct stat st;
	int fd;

	snprintf(full, sizeof(full), DAMON_SYSFS_ROOT "/%s", damon_abi_first(e, path));
	ASSERT_EQ(0, stat(full, &st)) TH_LOG("%s: %s", path, strerror(errno));
	EXPECT_EQ(e->read_only ? 0400 : 0600, st.st_mode & 07777)
		TH_LOG("%s", path);
	/* The superuser, too. */
	fd = damon_sysfs_open(path, O_WRONLY);
	EXPECT_EQ(e->read_only ? -EACCES : 0, fd < 0 ? fd : 0)
		TH_LOG("%s", path);
	if (fd >= 0)
		close(fd);
}

/* hazard C32: what is documented is there. */
TEST_F(abi, modes)
{
	const struct damon_abi *e;

	for (e = damon_abi; e->path; e++)
		if (!damon_abi_is_result_dir(e))
			check_mode(_metadata, e);
}

/* What a file reads that has this value. */
static const char *as_read(const struct damon_abi *e, const char *value)
{
	static char text[DAMON_SYSFS_PAGE];

	/* A string ends its line, a text need not have one. */
	snprintf(text, sizeof(text), "%s%s", value,
		 damon_abi_is(e, "text") && !*value ? "" : "\n");
	return text;
}

TEST_F(abi, initial_values)
{
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];

	for (e = damon_abi; e->path; e++) {
		if (!e->initial || damon_abi_is_nr(e) || damon_abi_is_result_dir(e))
			continue;
		EXPECT_STREQ(as_read(e, e->initial),
			     damon_sysfs_text(damon_abi_first(e, path)))
			TH_LOG("%s", path);
	}
	/* Before one of them makes directories. */
	ASSERT_EQ(0, damon_sysfs_reset());
	for (e = damon_abi; e->path; e++) {
		if (!damon_abi_is_nr(e))
			continue;
		EXPECT_STREQ(as_read(e, e->initial),
			     damon_sysfs_text(damon_abi_first(e, path)))
			TH_LOG("%s", path);
		ASSERT_EQ(0, damon_sysfs_write(path, "1"));
	}
}

/* Complain of files below a directory that no entry is for; count all. */
static int walk(struct __test_metadata *_metadata, const char *dir)
{
	char full[DAMON_ABI_PATH + sizeof(DAMON_SYSFS_ROOT)], path[DAMON_ABI_PATH];
	const struct damon_abi *e;
	struct dirent *found;
	int nr = 0;
	DIR *d;

	snprintf(full, sizeof(full), DAMON_SYSFS_ROOT "/%s", dir);
	d = opendir(full);
	ASSERT_NE(NULL, d);
	while ((found = readdir(d))) {
		if (found->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s%s%.64s", dir, *dir ? "/" : "",
			 found->d_name);
		if (found->d_type == DT_DIR) {
			nr += walk(_metadata, path);
			continue;
		}
		nr++;
		for (e = damon_abi; e->path; e++)
			if (damon_abi_matches(e, path))
				break;
		EXPECT_NE(NULL, e->path)
			TH_LOG("%s is not documented", path);
	}
	closedir(d);
	return nr;
}

TEST_F(abi, no_other_files)
{
	const struct damon_abi *e;
	int nr = 0;

	for (e = damon_abi; e->path; e++)
		nr += !damon_abi_is_result_dir(e);
	EXPECT_EQ(nr, walk(_metadata, ""));
}

/* A write; what is read then, or the errno. */
struct input {
	const char *text;
	const char *then;
	int err;
};

#if __SIZEOF_LONG__ == 8
#define ULONG_MAX_TEXT	"18446744073709551615"
#define ULONG_OVER_TEXT	"18446744073709551616"
#else
#define ULONG_MAX_TEXT	"4294967295"
#define ULONG_OVER_TEXT	"4294967296"
#endif

/* What no file takes that takes numbers. */
static const struct input no_numbers[] = {
	{ "text", NULL, EINVAL }, { "\n", NULL, EINVAL },
	{ " 1", NULL, EINVAL }, { "1 ", NULL, EINVAL },
	{ "1 2", NULL, EINVAL }, { "1.5", NULL, EINVAL },
	{ "1\n\n", NULL, EINVAL }, { "0x", NULL, EINVAL },
	{ "08", NULL, EINVAL }, { "--1", NULL, EINVAL },
	{ "0x10000000000000000", NULL, ERANGE },
	{ "99999999999999999999", NULL, ERANGE },
	{ }
};

static const struct input ulong_inputs[] = {
	{ "0", "0" }, { "1\n", "1" }, { "0x1F", "31" }, { "017", "15" },
	{ "+3", "3" }, { ULONG_MAX_TEXT, ULONG_MAX_TEXT },
	{ ULONG_OVER_TEXT, NULL, ERANGE }, { "-1", NULL, EINVAL },
	{ }
};

static const struct input uint_inputs[] = {
	{ "0", "0" }, { "1\n", "1" }, { "0x10", "16" }, { "017", "15" },
	{ "4294967295", "4294967295" }, { "4294967296", NULL, ERANGE },
	{ "-1", NULL, EINVAL },
	{ }
};

static const struct input int_inputs[] = {
	{ "0", "0" }, { "-1\n", "-1" }, { "0x10", "16" },
	{ "2147483647", "2147483647" }, { "-2147483648", "-2147483648" },
	{ "2147483648", NULL, ERANGE }, { "-2147483649", NULL, ERANGE },
	{ }
};

/* What makes directories; how many is left as it was. */
static const struct input nr_inputs[] = {
	{ "1\n", "1" }, { "0x1", "1" },
	{ "-1", NULL, EINVAL }, { "-2147483648", NULL, EINVAL },
	{ "2147483648", NULL, ERANGE }, { "-2147483649", NULL, ERANGE },
	{ }
};

static const struct input bool_inputs[] = {
	{ "Y", "Y" }, { "n", "N" }, { "1\n", "Y" }, { "0", "N" },
	{ "on", "Y" }, { "off\n", "N" }, { "y\n", "Y" },
	{ "text\n", "Y" },	/* as kstrtobool() has it: t for true */
	{ "2", NULL, EINVAL }, { "-1", NULL, EINVAL },
	{ "maybe", NULL, EINVAL }, { "o", NULL, EINVAL },
	{ "\n", NULL, EINVAL }, { }
};

static const struct input string_inputs[] = {
	{ "/some/group", "/some/group" }, { "/\n", "/" },
	{ "with a space", "with a space" }, { "a\n\n", "a\n" }, { "\n", "" },
	{ }
};

static const struct input no_inputs[] = { { } };

static const struct type {
	const char *name;
	const struct input *inputs;
	bool is_number;
} types[] = {
	{ "unsigned long", ulong_inputs, true },
	{ "unsigned int", uint_inputs, true },
	{ "int", int_inputs, true },
	{ "bool", bool_inputs },
	{ "string", string_inputs },
	{ "keyword", no_inputs },	/* see keywords */
	{ "command", no_inputs },	/* see sysfs_state */
};

static const struct type *type_of(const struct damon_abi *e)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (damon_abi_is(e, types[i].name))
			return &types[i];
	return NULL;
}

/* The errno that the entry says for an input of its type. */
static int refusal(const struct damon_abi *e, const struct input *input)
{
	if (input->err == ERANGE && e->too_large_is_einval)
		return -EINVAL;
	if (e->not_zero && input->then && !strcmp(input->then, "0"))
		return -EINVAL;
	return -input->err;
}

/* Write, and expect that errno, and either the value or what was there. */
static void expect_write(struct __test_metadata *_metadata,
			 const struct damon_abi *e, const char *text, int err,
			 const char *then)
{
	char before[DAMON_SYSFS_PAGE + 1], path[DAMON_ABI_PATH];

	ASSERT_LT(0, damon_sysfs_read(damon_abi_first(e, path), before));
	EXPECT_EQ(err, damon_sysfs_write(path, text))
		TH_LOG("%s: '%s'", path, text);
	EXPECT_STREQ(err ? before : as_read(e, then), damon_sysfs_text(path))
		TH_LOG("%s: '%s'", path, text);
}

static void check_inputs(struct __test_metadata *_metadata,
			 const struct damon_abi *e, const struct input *input)
{
	for (; input->text; input++)
		expect_write(_metadata, e, input->text, refusal(e, input),
			     input->then);
}

TEST_F(abi, inputs)
{
	const struct damon_abi *e;
	const struct type *type;

	for (e = damon_abi; e->path; e++) {
		if (e->read_only)
			continue;
		type = type_of(e);
		ASSERT_NE(NULL, type)
			TH_LOG("%s: unknown type %s", e->path, e->type);
		check_inputs(_metadata, e,
			     damon_abi_is_nr(e) ? nr_inputs : type->inputs);
		if (type->is_number)
			check_inputs(_metadata, e, no_numbers);
		if (e->at_most) {
			char text[16];

			snprintf(text, sizeof(text), "%d", e->at_most + 1);
			expect_write(_metadata, e, text, -EINVAL, NULL);
			expect_write(_metadata, e, "2147483647", -EINVAL, NULL);
			snprintf(text, sizeof(text), "%d", e->at_most);
			expect_write(_metadata, e, text, 0, text);
		}
		/* What an nr_ file has done away with. */
		if (damon_abi_is_nr(e))
			ASSERT_EQ(0, damon_abi_stage());
	}
}

static bool takes(const struct damon_abi *e, const char *word)
{
	const char * const *k;

	for (k = e->keywords; *k; k++)
		if (!strcmp(*k, word))
			return true;
	return false;
}

/* Each keyword as it is, with a line end, and spoilt in several ways. */
static void check_keyword(struct __test_metadata *_metadata,
			  const struct damon_abi *e, const char *word)
{
	static const char * const spoilt[] = {
		" %s", "%s ", "%sx", "%s\n\n", "\n%s", "x%s",
	};
	char text[64];
	unsigned int i;

	expect_write(_metadata, e, word, 0, word);
	snprintf(text, sizeof(text), "%s\n", word);
	expect_write(_metadata, e, text, 0, word);
	for (i = 0; i < ARRAY_SIZE(spoilt); i++) {
		snprintf(text, sizeof(text), spoilt[i], word);
		expect_write(_metadata, e, text, -EINVAL, NULL);
	}
	snprintf(text, sizeof(text), "%s", word);
	text[strlen(text) - 1] = '\0';
	expect_write(_metadata, e, text, -EINVAL, NULL);
	snprintf(text, sizeof(text), "%s", word);
	text[0] = toupper(text[0]);
	expect_write(_metadata, e, text, -EINVAL, NULL);
}

TEST_F(abi, keywords)
{
	const struct damon_abi *e, *other;
	const char * const *k;

	for (e = damon_abi; e->path; e++) {
		if (!damon_abi_is(e, "keyword"))
			continue;
		ASSERT_NE(NULL, e->keywords[0]) TH_LOG("%s", e->path);
		for (k = e->keywords; *k; k++)
			check_keyword(_metadata, e, *k);
		expect_write(_metadata, e, "0", -EINVAL, NULL);
		expect_write(_metadata, e, "\n", -EINVAL, NULL);
		/* Those of other files. */
		for (other = damon_abi; other->path; other++)
			for (k = other->keywords; *k; k++)
				if (!takes(e, *k))
					expect_write(_metadata, e, *k, -EINVAL,
						     NULL);
	}
}

/* Nothing, a page and more, bytes that are no text. */
TEST_F(abi, odd_writes)
{
	static char huge[3 * DAMON_SYSFS_PAGE];
	char before[DAMON_SYSFS_PAGE + 1], path[DAMON_ABI_PATH];
	const struct damon_abi *e;

	memset(huge, '1', sizeof(huge));
	for (e = damon_abi; e->path; e++) {
		int err;

		/* Any text is a string. */
		if (e->read_only || damon_abi_is(e, "string"))
			continue;
		ASSERT_LT(0, damon_sysfs_read(damon_abi_first(e, path), before));
		EXPECT_EQ(0, damon_sysfs_write_bytes(path, "", 0));
		err = damon_sysfs_write_bytes(path, huge, sizeof(huge));
		/* kstrtobool() looks at the first character only. */
		if (damon_abi_is(e, "bool"))
			err = damon_sysfs_write(path, before) ?: -EINVAL;
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE)
			TH_LOG("%s: %d", path, err);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(path, "\0", 1))
			TH_LOG("%s", path);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(path, "\0001", 2))
			TH_LOG("%s", path);
		EXPECT_EQ(-EINVAL, damon_sysfs_write_bytes(path, "\377\1", 2))
			TH_LOG("%s", path);
		EXPECT_STREQ(before, damon_sysfs_text(path)) TH_LOG("%s", path);
	}
	/* C programs write the end of their strings as well. */
	EXPECT_EQ(0, damon_sysfs_write_bytes("0/contexts/0/monitoring_attrs/nr_regions/min",
					     "7", 2));
	EXPECT_EQ(7, damon_sysfs_read_long("0/contexts/0/monitoring_attrs/nr_regions/min"));
}

/* A string takes what fits into a page, and gives it back. */
TEST_F(abi, long_strings)
{
	static char text[2 * DAMON_SYSFS_PAGE + 1];
	char back[DAMON_SYSFS_PAGE + 1], path[DAMON_ABI_PATH];
	const struct damon_abi *e;
	int i;

	memset(text, 'a', sizeof(text) - 1);
	for (e = damon_abi; e->path; e++) {
		if (e->read_only || !damon_abi_is(e, "string"))
			continue;
		damon_abi_first(e, path);
		/* hazard C7: again and again */
		for (i = 0; i < 200; i++)
			ASSERT_LE(0, damon_sysfs_write(path, text));
		ASSERT_LT(0, damon_sysfs_read(path, back));
		EXPECT_EQ('a', back[0]);
		EXPECT_LE(strspn(back, "a"), DAMON_SYSFS_PAGE);
		EXPECT_EQ(0, damon_sysfs_write(path, "\n"));
	}
}

/* What appears when a command asks for it. */
TEST_F(abi, results)
{
	static const char scheme[] = "0/contexts/0/schemes/0/access_pattern/";
	pid_t victim = damon_sysfs_victim();
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];
	int nr = 0;

	ASSERT_EQ(0, damon_sysfs_stage(victim));
	for (e = damon_abi; e->path; e++)
		if (damon_abi_is_nr(e) && (strstr(e->path, "/nr_schemes") ||
					   strstr(e->path, "/nr_probes")))
			ASSERT_EQ(0, damon_sysfs_write(damon_abi_first(e, path), "1"));
	snprintf(path, sizeof(path), "%ssz/max", scheme);
	ASSERT_EQ(0, damon_sysfs_write(path, ULONG_MAX_TEXT));
	snprintf(path, sizeof(path), "%snr_accesses/max", scheme);
	ASSERT_EQ(0, damon_sysfs_write(path, ULONG_MAX_TEXT));
	snprintf(path, sizeof(path), "%sage/max", scheme);
	ASSERT_EQ(0, damon_sysfs_write(path, ULONG_MAX_TEXT));
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	ASSERT_EQ(0, damon_sysfs_write("0/state",
				       "update_schemes_tried_regions"));
	for (e = damon_abi; e->path; e++) {
		if (!damon_abi_is_result_dir(e))
			continue;
		nr++;
		EXPECT_TRUE(e->read_only) TH_LOG("%s", e->path);
		check_mode(_metadata, e);
		EXPECT_LE(0, damon_sysfs_read_long(damon_abi_first(e, path)))
			TH_LOG("%s", path);
	}
	EXPECT_LT(0, nr);
	/* And nothing else does. */
	EXPECT_LT(nr, walk(_metadata, ""));
	damon_sysfs_kill(victim);
}

TEST_HARNESS_MAIN
