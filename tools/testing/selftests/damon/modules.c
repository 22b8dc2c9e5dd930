// SPDX-License-Identifier: GPL-2.0
/*
 * The modules as an administrator meets them: every parameter with its default and
 * what it refuses, being switched on and off, commits, who excludes whom, and two
 * tasks that do all of this at once.
 *
 * Environment: DAMON_TEST_SECONDS, how long the race goes on (10).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_param.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"

#define TOO_LARGE	"18446744073709551616"

static const struct module {
	const char *name;
	const char *title;
	bool exclusive;
	bool commits;
} modules[] = {
	{ "damon_reclaim", "DAMON_RECLAIM", true, true },
	{ "damon_lru_sort", "DAMON_LRU_SORT", true, true },
	{ "damon_stat", "DAMON_STAT", false, false },
	{ NULL }
};

enum kind { SWITCH, BOOL, ULONG, RESULT };

/* A parameter, and its value as long as nobody has changed it. */
struct param {
	const char *module;
	const char *name;
	enum kind kind;
	const char *value;
};

static const struct param of_all[] = {
	{ NULL, "enabled", SWITCH, "N" },
	{ NULL, "kdamond_pid", RESULT, "-1" },
};

/* Of those that can be changed. */
static const struct param of_some[] = {
	{ NULL, "commit_inputs", SWITCH, "N" },
	{ NULL, "sample_interval", ULONG, "5000" },
	{ NULL, "aggr_interval", ULONG, "100000" },
	{ NULL, "min_nr_regions", ULONG, "10" },
	{ NULL, "max_nr_regions", ULONG, "1000" },
	{ NULL, "monitor_region_start", ULONG, "0" },
	{ NULL, "monitor_region_end", ULONG, "0" },
	{ NULL, "addr_unit", ULONG, "1" },
	{ NULL, "autotune_monitoring_intervals", BOOL, "N" },
	{ NULL, "quota_ms", ULONG, "10" },
	{ NULL, "quota_reset_interval_ms", ULONG, "1000" },
	{ NULL, "wmarks_interval", ULONG, "5000000" },
};

static const struct param of_one[] = {
	{ "damon_reclaim", "min_age", ULONG, "120000000" },
	{ "damon_reclaim", "quota_sz", ULONG, "134217728" },
	{ "damon_reclaim", "quota_mem_pressure_us", ULONG, "0" },
	{ "damon_reclaim", "quota_autotune_feedback", ULONG, "0" },
	{ "damon_reclaim", "wmarks_high", ULONG, "500" },
	{ "damon_reclaim", "wmarks_mid", ULONG, "400" },
	{ "damon_reclaim", "wmarks_low", ULONG, "200" },
	{ "damon_reclaim", "skip_anon", BOOL, "N" },
	{ "damon_reclaim", "nr_reclaim_tried_regions", RESULT, "0" },
	{ "damon_reclaim", "bytes_reclaim_tried_regions", RESULT, "0" },
	{ "damon_reclaim", "nr_reclaimed_regions", RESULT, "0" },
	{ "damon_reclaim", "bytes_reclaimed_regions", RESULT, "0" },
	{ "damon_reclaim", "nr_quota_exceeds", RESULT, "0" },
	{ "damon_lru_sort", "hot_thres_access_freq", ULONG, "500" },
	{ "damon_lru_sort", "cold_min_age", ULONG, "120000000" },
	{ "damon_lru_sort", "active_mem_bp", ULONG, "0" },
	{ "damon_lru_sort", "filter_young_pages", BOOL, "N" },
	{ "damon_lru_sort", "wmarks_high", ULONG, "200" },
	{ "damon_lru_sort", "wmarks_mid", ULONG, "150" },
	{ "damon_lru_sort", "wmarks_low", ULONG, "50" },
	{ "damon_lru_sort", "nr_lru_sort_tried_hot_regions", RESULT, "0" },
	{ "damon_lru_sort", "bytes_lru_sort_tried_hot_regions", RESULT, "0" },
	{ "damon_lru_sort", "nr_lru_sorted_hot_regions", RESULT, "0" },
	{ "damon_lru_sort", "bytes_lru_sorted_hot_regions", RESULT, "0" },
	{ "damon_lru_sort", "nr_hot_quota_exceeds", RESULT, "0" },
	{ "damon_lru_sort", "nr_lru_sort_tried_cold_regions", RESULT, "0" },
	{ "damon_lru_sort", "bytes_lru_sort_tried_cold_regions", RESULT, "0" },
	{ "damon_lru_sort", "nr_lru_sorted_cold_regions", RESULT, "0" },
	{ "damon_lru_sort", "bytes_lru_sorted_cold_regions", RESULT, "0" },
	{ "damon_lru_sort", "nr_cold_quota_exceeds", RESULT, "0" },
	{ "damon_stat", "estimated_memory_bandwidth", RESULT, "0" },
	{ "damon_stat", "aggr_interval_us", RESULT, "0" },
	{ "damon_stat", "memory_idle_ms_percentiles", RESULT, NULL },
};

/* All of them, and one without a name. */
static struct param params[128];

static void list_params(const char *module, const struct param *rows, int nr)
{
	static int at;

	for (; nr; nr--, rows++, at++) {
		params[at] = *rows;
		if (module)
			params[at].module = module;
	}
}

static void __attribute__((constructor)) list_all_params(void)
{
	const struct module *m;

	for (m = modules; m->name; m++) {
		list_params(m->name, of_all, ARRAY_SIZE(of_all));
		if (m->commits)
			list_params(m->name, of_some, ARRAY_SIZE(of_some));
	}
	list_params(NULL, of_one, ARRAY_SIZE(of_one));
}

static int nr_params(void)
{
	int nr = 0;

	while (params[nr].name)
		nr++;
	return nr;
}

/* Everything off, and every value as it was at the beginning. */
static void reset(void)
{
	const struct module *m;
	const struct param *p;

	for (m = modules; m->name; m++)
		damon_param_set(m->name, "enabled", "N");
	for (p = params; p->name; p++)
		if (p->kind == BOOL || p->kind == ULONG)
			damon_param_set(p->module, p->name, p->value);
	damon_sysfs_reset();
}

/* Let the schemes of a module act, whatever memory is free, on nothing much. */
static int make_harmless(const char *module)
{
	return damon_param_set(module, "wmarks_high", "1000") ?:
	       damon_param_set(module, "wmarks_mid", "1000") ?:
	       damon_param_set(module, "wmarks_low", "0") ?:
	       damon_param_set(module, "quota_ms", "1");
}

FIXTURE(modules) {
	pid_t victim;
};

FIXTURE_SETUP(modules)
{
	self->victim = damon_sysfs_victim();
	ASSERT_EQ(0, damon_sysfs_reset());
}

FIXTURE_TEARDOWN(modules)
{
	reset();
	damon_sysfs_kill(self->victim);
}

/* hazard A16: before the first start, so this comes first. */
TEST_F(modules, commit_before_start)
{
	const struct module *m;

	for (m = modules; m->name; m++) {
		if (!m->commits)
			continue;
		EXPECT_EQ(-EINVAL, damon_param_set(m->name, "commit_inputs", "Y"));
		EXPECT_EQ(-EINVAL, damon_param_set(m->name, "commit_inputs", "\n"));
		EXPECT_EQ(0, damon_param_set(m->name, "commit_inputs", "N"));
	}
}

TEST_F(modules, defaults)
{
	const struct param *p;
	char path[128];
	struct stat st;

	for (p = params; p->name; p++) {
		if (p->value)
			EXPECT_STREQ(p->value, damon_param_get(p->module, p->name))
				TH_LOG("%s.%s", p->module, p->name);
		snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s",
			 p->module, p->name);
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(p->kind == RESULT ? 0400 : 0600, st.st_mode & 0777)
			TH_LOG("%s", path);
	}
}

/* What is no value of its type at all. */
TEST_F(modules, wrong_input)
{
	static const char * const wrong[] = { "", "x", "-", "12x", "1 2", "0x" };
	const struct param *p;
	const char *text;
	unsigned int i;

	for (p = params; p->name; p++) {
		if (p->kind == RESULT) {
			EXPECT_GT(0, damon_param_set(p->module, p->name, "0"))
				TH_LOG("%s.%s", p->module, p->name);
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(wrong); i++) {
			/* Some take the first letter of a word. */
			text = p->kind == ULONG ? wrong[i] : "perhaps";
			EXPECT_EQ(*text ? -EINVAL : 0,
				  damon_param_set(p->module, p->name, text))
				TH_LOG("%s.%s: '%s'", p->module, p->name, text);
		}
		if (p->kind == ULONG) {
			EXPECT_EQ(-EINVAL, damon_param_set(p->module, p->name, "-1"));
			EXPECT_EQ(-ERANGE, damon_param_set(p->module, p->name,
							   TOO_LARGE));
		}
		EXPECT_STREQ(p->value, damon_param_get(p->module, p->name));
	}
}

/* What makes no sense for a module, and what is right again. */
static const struct {
	const char *name;
	const char *wrong;
	const char *right;
	const char *only;	/* the module that has it */
} senseless[] = {
	{ "addr_unit", "3", "1" },
	{ "addr_unit", "0", "1" },
	{ "sample_interval", "0", "5000" },
	{ "sample_interval", "100001", "5000" },
	{ "aggr_interval", "0", "100000" },
	{ "min_nr_regions", "2", "10" },
	{ "max_nr_regions", "9", "1000" },
	{ "monitor_region_start", "4096", "0" },
	{ "active_mem_bp", "10001", "0", "damon_lru_sort" },
	{ "active_mem_bp", "10002", "0", "damon_lru_sort" },
};

/* hazards A17, D3, D4: what makes no sense is refused, and nothing runs then. */
TEST_F(modules, senseless_start)
{
	const struct module *m;
	unsigned int i;

	for (m = modules; m->name; m++) {
		if (!m->commits)
			continue;
		for (i = 0; i < ARRAY_SIZE(senseless); i++) {
			if (senseless[i].only && strcmp(senseless[i].only, m->name))
				continue;
			ASSERT_EQ(0, damon_param_set(m->name, senseless[i].name,
						     senseless[i].wrong));
			EXPECT_EQ(-EINVAL, damon_param_set(m->name, "enabled", "Y"))
				TH_LOG("%s", senseless[i].name);
			EXPECT_FALSE(damon_param_is_on(m->name));
			EXPECT_EQ(-1, damon_param_get_long(m->name, "kdamond_pid"));
			damon_param_set(m->name, senseless[i].name,
					senseless[i].right);
		}
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		EXPECT_TRUE(damon_param_is_on(m->name));
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "N"));
	}
}

/* hazards A18, D3, D4: neither ends what runs. */
TEST_F(modules, senseless_commit)
{
	const struct module *m;
	unsigned int i;
	long pid;

	for (m = modules; m->name; m++) {
		if (!m->commits)
			continue;
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		pid = damon_param_get_long(m->name, "kdamond_pid");
		for (i = 0; i < ARRAY_SIZE(senseless); i++) {
			if (senseless[i].only && strcmp(senseless[i].only, m->name))
				continue;
			ASSERT_EQ(0, damon_param_set(m->name, senseless[i].name,
						     senseless[i].wrong));
			EXPECT_EQ(-EINVAL,
				  damon_param_set(m->name, "commit_inputs", "Y"))
				TH_LOG("%s", senseless[i].name);
			damon_param_set(m->name, senseless[i].name,
					senseless[i].right);
		}
		EXPECT_EQ(0, damon_param_set(m->name, "commit_inputs", "Y"));
		EXPECT_STREQ("N", damon_param_get(m->name, "commit_inputs"));
		EXPECT_EQ(pid, damon_param_get_long(m->name, "kdamond_pid"));
		EXPECT_TRUE(damon_param_is_on(m->name));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "N"));
		EXPECT_EQ(-ECANCELED, damon_param_set(m->name, "commit_inputs", "Y"));
	}
}

/* hazard A23: what is off has no thread, and so nothing that wakes up. */
TEST_F(modules, on_and_off)
{
	const struct module *m;
	long pid;

	for (m = modules; m->name; m++) {
		EXPECT_NE(0, access("/dev/damon0", F_OK));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		EXPECT_TRUE(damon_param_is_on(m->name));
		pid = damon_param_get_long(m->name, "kdamond_pid");
		EXPECT_LT(0, pid);
		EXPECT_EQ(0, access("/dev/damon0", F_OK));
		/* Again changes nothing. */
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "1"));
		EXPECT_EQ(pid, damon_param_get_long(m->name, "kdamond_pid"));
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "N"));
		EXPECT_FALSE(damon_param_is_on(m->name));
		EXPECT_EQ(-1, damon_param_get_long(m->name, "kdamond_pid"));
		EXPECT_NE(0, access("/dev/damon0", F_OK));
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "N"));
	}
}

/* A snapshot of all that a module has seen in a window from now on. */
static bool next_snapshot(const char *module, union damon_snapshot *snap)
{
	int fd = damon_param_snapshot(module);
	bool good = fd >= 0 && damon_snapshot_next(fd, snap);

	if (fd >= 0)
		close(fd);
	return good;
}

static union damon_snapshot snap;

/* hazard B10: what is committed is in force. */
TEST_F_TIMEOUT(modules, commit, TEST_TIMEOUT_DEFAULT)
{
	const struct module *m;

	for (m = modules; m->name; m++) {
		if (!m->commits)
			continue;
		ASSERT_EQ(0, make_harmless(m->name));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(5000, snap.header.sample_us);
		EXPECT_EQ(100000, snap.header.aggr_us);
		ASSERT_EQ(0, damon_param_set(m->name, "sample_interval", "10000"));
		ASSERT_EQ(0, damon_param_set(m->name, "aggr_interval", "50000"));
		ASSERT_EQ(0, damon_param_set(m->name, "min_nr_regions", "20"));
		ASSERT_EQ(0, damon_param_set(m->name, "max_nr_regions", "30"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(5000, snap.header.sample_us);
		ASSERT_EQ(0, damon_param_set(m->name, "commit_inputs", "\n"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(10000, snap.header.sample_us);
		EXPECT_EQ(50000, snap.header.aggr_us);
		EXPECT_LE(20, snap.header.count);
		EXPECT_GE(30, snap.header.count);
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "N"));
		reset();
	}
}

/* All blocks of memory as the kernel's list of resources has them. */
static unsigned long all_ram(unsigned long *first, unsigned long *end)
{
	unsigned long from, last, sum = 0;
	FILE *f = fopen("/proc/iomem", "r");
	char line[256];

	*first = 0;
	while (f && fgets(line, sizeof(line), f)) {
		/* What is indented is a part of something. */
		if (line[0] == ' ' || !strstr(line, " : System RAM") ||
		    sscanf(line, "%lx-%lx", &from, &last) != 2)
			continue;
		from = (from + DAMON_SYSFS_PAGE - 1) & -DAMON_SYSFS_PAGE;
		*end = (last + 1) & -DAMON_SYSFS_PAGE;
		if (!*first)
			*first = from;
		sum += *end - from;
	}
	if (f)
		fclose(f);
	return sum;
}

/* hazards D31, E17: all of memory, to its last byte. */
TEST_F_TIMEOUT(modules, default_range, TEST_TIMEOUT_DEFAULT)
{
	unsigned long long sum, i;
	unsigned long first, end, ram;
	const struct module *m;

	ram = all_ram(&first, &end);
	ASSERT_LT(0, ram);
	for (m = modules; m->name; m++) {
		if (m->commits)
			ASSERT_EQ(0, make_harmless(m->name));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		for (i = 0, sum = 0; i < snap.header.count; i++)
			sum += snap.regions[i].end - snap.regions[i].start;
		EXPECT_EQ(ram, sum);
		EXPECT_EQ(first, snap.regions[0].start);
		EXPECT_EQ(end, snap.regions[snap.header.count - 1].end);
		if (m->commits)
			/* Found, but not written back. */
			EXPECT_EQ(0, damon_param_get_long(m->name,
							  "monitor_region_end"));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "N"));
	}
}

/* hazard E18: in units of bytes that an address stands for. */
TEST_F_TIMEOUT(modules, addr_unit, TEST_TIMEOUT_DEFAULT)
{
	unsigned long first, end;
	const struct module *m;

	all_ram(&first, &end);
	for (m = modules; m->name; m++) {
		if (!m->commits)
			continue;
		ASSERT_EQ(0, make_harmless(m->name));
		ASSERT_EQ(0, damon_param_set(m->name, "addr_unit", "4096"));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(first / 4096, snap.regions[0].start);
		EXPECT_EQ(end / 4096, snap.regions[snap.header.count - 1].end);
		/* The unit of what runs. */
		ASSERT_EQ(0, damon_param_set(m->name, "addr_unit", "512"));
		ASSERT_EQ(0, damon_param_set(m->name, "monitor_region_start", "2048"));
		ASSERT_EQ(0, damon_param_set(m->name, "monitor_region_end", "204800"));
		ASSERT_EQ(0, damon_param_set(m->name, "commit_inputs", "Y"));
		ASSERT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(2048, snap.regions[0].start);
		EXPECT_EQ(204800, snap.regions[snap.header.count - 1].end);
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "N"));
		reset();
	}
}

/* hazards A10, A17: another monitors; the log says who. */
TEST_F(modules, exclusive)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	const struct module *m, *other;
	char text[128];

	ASSERT_LE(0, log);
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	for (m = modules; m->name; m++) {
		lseek(log, 0, SEEK_END);
		ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
		EXPECT_EQ(m->exclusive ? -EBUSY : 0,
			  damon_param_set(m->name, "enabled", "Y"));
		EXPECT_EQ(!m->exclusive, damon_param_is_on(m->name));
		if (m->exclusive) {
			snprintf(text, sizeof(text),
				 "%s cannot start: another kdamond is monitoring",
				 m->title);
			EXPECT_TRUE(damon_log_says(log, text));
		}
		ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		EXPECT_EQ(m->exclusive ? -EBUSY : 0,
			  damon_sysfs_write("0/state", "on"));
		EXPECT_EQ(!m->exclusive, damon_sysfs_is_on(0));
		damon_sysfs_write("0/state", "off");
		for (other = modules; other->name; other++) {
			if (other == m)
				continue;
			EXPECT_EQ(-EBUSY, damon_param_set(other->name, "enabled", "Y"));
			EXPECT_FALSE(damon_param_is_on(other->name));
			snprintf(text, sizeof(text),
				 "%s cannot start: %s is monitoring", other->title,
				 m->title);
			EXPECT_TRUE(damon_log_says(log, text));
		}
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "N"));
	}
	close(log);
}

/* A task that never stops to write, and read, what may be right or wrong. */
static void __attribute__((noreturn)) disturb(unsigned int seed)
{
	static const char * const values[] = { "0", "1", "3", "1000", "100000" };
	int nr = nr_params();
	const struct param *p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(seed);
	for (;;) {
		p = &params[random() % nr];
		if (p->kind == BOOL || p->kind == SWITCH)
			damon_param_set(p->module, p->name, random() % 2 ? "Y" : "N");
		else if (p->kind == ULONG && random() % 2)
			damon_param_set(p->module, p->name,
					values[random() % ARRAY_SIZE(values)]);
		else if (p->kind == ULONG)
			damon_param_set(p->module, p->name, p->value);
		damon_param_get(p->module, p->name);
		/* Most of the others alone make nothing happen. */
		damon_param_set(p->module, random() % 2 ? "enabled" : "commit_inputs",
				random() % 4 ? "Y" : "N");
	}
}

/* hazard A28: nothing is torn, nothing is lost, and all can be used afterwards. */
TEST_F_TIMEOUT(modules, races, TEST_TIMEOUT_DEFAULT)
{
	long seconds = damon_sysfs_option("DAMON_TEST_SECONDS", 10);
	const struct module *m;
	pid_t tasks[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		tasks[i] = fork();
		if (!tasks[i])
			disturb(i);
	}
	for (; seconds > 0; seconds--) {
		damon_sysfs_sleep_ms(1000);
		for (i = 0; i < ARRAY_SIZE(tasks); i++)
			ASSERT_EQ(0, kill(tasks[i], 0));
	}
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		damon_sysfs_kill(tasks[i]);
	reset();
	for (m = modules; m->name; m++) {
		if (m->commits)
			ASSERT_EQ(0, make_harmless(m->name));
		ASSERT_EQ(0, damon_param_set(m->name, "enabled", "Y"));
		if (m->commits)
			EXPECT_EQ(0, damon_param_set(m->name, "commit_inputs", "Y"));
		EXPECT_TRUE(next_snapshot(m->name, &snap));
		EXPECT_EQ(0, damon_param_set(m->name, "enabled", "N"));
	}
}

TEST_HARNESS_MAIN
