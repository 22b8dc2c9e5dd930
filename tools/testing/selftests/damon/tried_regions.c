// SPDX-License-Identifier: GPL-2.0
/*
 * schemes/<S>/tried_regions: what the commands show, when they refuse, how long
 * directories live, and that none of it costs memory in the long run.
 *
 * Environment: DAMON_TEST_ROUNDS, how often many regions are shown in a row (1,000,
 * or what 30 s allow).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"
#define SCHEMES		CONTEXT "schemes/"
#define TRIED		SCHEMES "0/tried_regions/"
#define MANY		"18446744073709551615"
#define BASE		(1UL << 32)
#define PAGE		4096UL

static int state(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

static int put(const char *dir, int nr, const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%d/%s", dir, nr, file);
	return damon_sysfs_write(path, value);
}

/* A scheme that is tried on every region. */
static int stage_all(int nr)
{
	return put(SCHEMES, nr, "access_pattern/sz/max", MANY) ?:
	       put(SCHEMES, nr, "access_pattern/nr_accesses/max", MANY) ?:
	       put(SCHEMES, nr, "access_pattern/age/max", MANY);
}

/* @nr regions of two pages each, with gaps, which nothing joins. */
static int stage_regions(int nr)
{
	char path[128];
	int i, err;

	err = damon_sysfs_write(CONTEXT "operations", "fvaddr") ?:
	      damon_sysfs_write_long(TARGET "regions/nr_regions", nr);
	for (i = 0; i < nr && !err; i++) {
		snprintf(path, sizeof(path), TARGET "regions/%d/start", i);
		err = damon_sysfs_write_long(path, BASE + i * 3 * PAGE);
		snprintf(path, sizeof(path), TARGET "regions/%d/end", i);
		err = err ?: damon_sysfs_write_long(path,
						    BASE + (i * 3 + 2) * PAGE);
	}
	return err;
}

/* The number of directories of a scheme, -1 unless numbered from 0 on. */
static int nr_shown(int scheme)
{
	int nr = 0, highest = -1;
	struct dirent *entry;
	char path[256];
	DIR *d;

	snprintf(path, sizeof(path), DAMON_SYSFS_ROOT "/" SCHEMES
		 "%d/tried_regions", scheme);
	d = opendir(path);
	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		nr++;
		if (atoi(entry->d_name) > highest)
			highest = atoi(entry->d_name);
	}
	closedir(d);
	return nr == highest + 1 ? nr : -1;
}

static long shown(int region, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), TRIED "%d/%s", region, file);
	return damon_sysfs_read_long(path);
}

FIXTURE(tried) {
	pid_t victim;
};

FIXTURE_SETUP(tried)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "10000"));
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "2"));
	ASSERT_EQ(0, stage_all(0));
}

FIXTURE_TEARDOWN(tried)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

/*
 * hazards C12, C31: all regions, in order, once each, numbered from 0 on, at the
 * first try.
 */
TEST_F(tried, what_is_shown)
{
	int i, nr;
	long sum;

	ASSERT_EQ(0, stage_regions(20));
	ASSERT_EQ(0, put(SCHEMES, 1, "apply_interval_us", "50000"));
	ASSERT_EQ(0, stage_all(1));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/max", "50"));
	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	nr = nr_shown(0);
	ASSERT_LE(20, nr);
	for (i = 0, sum = 0; i < nr; i++) {
		long start = shown(i, "start"), end = shown(i, "end");

		EXPECT_LT(start, end);
		EXPECT_LE(i ? shown(i - 1, "end") : (long)BASE, start);
		EXPECT_LE(0, shown(i, "nr_accesses"));
		EXPECT_GE(10, shown(i, "nr_accesses"));
		EXPECT_LE(0, shown(i, "age"));
		EXPECT_EQ(0, shown(i, "sz_filter_passed"));
		sum += end - start;
	}
	EXPECT_EQ(20 * 2 * PAGE, sum);
	EXPECT_EQ(sum, damon_sysfs_read_long(TRIED "total_bytes"));
	/* The other scheme has its own numbers. */
	EXPECT_LE(20, nr_shown(1));
	/* The same by its other name, then only the sum. */
	ASSERT_EQ(0, state("update_schemes_regions"));
	EXPECT_LE(20, nr_shown(0));
	ASSERT_EQ(0, state("update_schemes_tried_bytes"));
	EXPECT_EQ(0, nr_shown(0));
	EXPECT_EQ(sum, damon_sysfs_read_long(TRIED "total_bytes"));
}

static int nr_probes_shown(void)
{
	int nr = 0;

	char file[32];

	do
		snprintf(file, sizeof(file), "probes/%d/hits", nr++);
	while (nr < 100 && shown(0, file) >= 0);
	return nr - 1;
}

/* What probes hit, a directory each, as of the probes that ran at that time. */
TEST_F(tried, probes)
{
	char *memory = mmap((void *)BASE, 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);

	ASSERT_EQ(memory, (char *)BASE);
	memset(memory, 1, 2 * PAGE);
	damon_sysfs_kill(self->victim);
	self->victim = damon_sysfs_victim();
	munmap(memory, 2 * PAGE);
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	ASSERT_EQ(0, stage_regions(1));
	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	ASSERT_LE(1, nr_shown(0));
	EXPECT_EQ(0, nr_probes_shown());

	/* All of the pages are anonymous, and none is of a file. */
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/nr_probes", "2"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/0/filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/0/filters/0/allow", "Y"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/0/filters/0/matching", "Y"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/1/filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/1/filters/0/allow", "Y"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "probes/1/filters/0/matching", "N"));
	ASSERT_EQ(0, state("commit"));
	damon_sysfs_sleep_ms(200);
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	EXPECT_EQ(2, nr_probes_shown());
	EXPECT_LE(1, shown(0, "probes/0/hits"));
	EXPECT_GE(10, shown(0, "probes/0/hits"));
	EXPECT_EQ(0, shown(0, "probes/1/hits"));
}

/* hazard C30: a scheme that is tried on nothing does not keep anybody waiting. */
TEST_F(tried, nothing_fits)
{
	ASSERT_EQ(0, put(SCHEMES, 0, "access_pattern/sz/max", "0"));
	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	EXPECT_EQ(0, nr_shown(0));
	EXPECT_EQ(0, damon_sysfs_read_long(TRIED "total_bytes"));
}

/* hazards A4, A5, A7: refused, and nothing is left behind. */
TEST_F(tried, refused)
{
	static const char * const keywords[] = {
		"update_schemes_tried_regions", "update_schemes_regions",
		"update_schemes_tried_bytes",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		EXPECT_EQ(-EINVAL, state(keywords[i]));
	EXPECT_EQ(0, state("clear_schemes_tried_regions"));

	/* Watermarks keep all of them asleep. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, put(SCHEMES, i, "watermarks/metric",
				 "free_mem_rate"));
		ASSERT_EQ(0, put(SCHEMES, i, "watermarks/interval_us",
				 "3600000000"));
	}
	ASSERT_EQ(0, state("on"));
	for (i = 0; i < ARRAY_SIZE(keywords); i++) {
		EXPECT_EQ(-ECANCELED, state(keywords[i]));
		EXPECT_STREQ("state: no scheme is active\n",
			     damon_sysfs_text("0/last_error"));
	}
	/* Paused. */
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "1"));
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "pause", "Y"));
	ASSERT_EQ(0, state("commit"));
	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		EXPECT_EQ(-ECANCELED, state(keywords[i]));
	/* No scheme, and a window that never ends. */
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "pause", "N"));
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "0"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", MANY));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us",
				       "3600000000"));
	ASSERT_EQ(0, state("commit"));
	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		EXPECT_EQ(-ECANCELED, state(keywords[i]));

	/* It has ended. */
	ASSERT_EQ(0, state("off"));
	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		EXPECT_EQ(-ECANCELED, state(keywords[i]));
	EXPECT_STREQ("state: the kdamond has ended\n",
		     damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, state("clear_schemes_tried_regions"));

	/* Without a context. */
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "0"));
	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		EXPECT_EQ(-EINVAL, state(keywords[i]));
	EXPECT_EQ(-EINVAL, state("clear_schemes_tried_regions"));
}

/*
 * hazards A5, A7: one that nobody will answer, again and again, at any point of the
 * way of the kdamond into its sleep, which would be an hour long.
 */
TEST_F(tried, refused_often)
{
	long long end = damon_sysfs_now_ms() + 3000;
	long nr;

	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "0"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", MANY));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us",
				       "3600000000"));
	ASSERT_EQ(0, state("on"));
	for (nr = 0; damon_sysfs_now_ms() < end; nr++) {
		/* Lets it go to sleep anew. */
		if (nr % 2)
			ASSERT_EQ(0, state("update_schemes_stats"));
		ASSERT_EQ(-ECANCELED, state("update_schemes_tried_bytes"));
	}
	TH_LOG("canceled %ld times", nr);
}

/* hazard A7: the target goes while a walk waits. */
TEST_F(tried, target_ends)
{
	pid_t child;
	int status;

	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "60000000"));
	ASSERT_EQ(0, state("on"));
	child = fork();
	if (!child)
		_exit(state("update_schemes_tried_regions") != -ECANCELED);
	damon_sysfs_sleep_ms(200);
	damon_sysfs_kill(self->victim);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(damon_sysfs_wait_off(0, 10000));
	self->victim = damon_sysfs_victim();
}

/* They survive the end of the run, not the next command or new schemes. */
TEST_F(tried, lifetime)
{
	int fd;
	char c;

	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	ASSERT_LT(0, nr_shown(0));
	ASSERT_EQ(0, state("off"));
	EXPECT_LT(0, nr_shown(0));
	EXPECT_LT(0, shown(0, "end"));
	/* What is refused takes nothing away. */
	EXPECT_EQ(-ECANCELED, state("update_schemes_tried_regions"));
	EXPECT_LT(0, nr_shown(0));
	/* hazards C11, C16: also while somebody has them open. */
	fd = damon_sysfs_open(TRIED "0/start", 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, state("clear_schemes_tried_regions"));
	EXPECT_EQ(0, nr_shown(0));
	EXPECT_EQ(0, damon_sysfs_read_long(TRIED "total_bytes"));
	EXPECT_EQ(-1, read(fd, &c, 1));
	EXPECT_EQ(ENODEV, errno);
	close(fd);

	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	ASSERT_LT(0, nr_shown(0));
	/* hazards C2, C15: schemes with regions go, also below a walk. */
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "3"));
	EXPECT_EQ(0, nr_shown(0));
	ASSERT_EQ(0, state("update_schemes_tried_regions"));
	EXPECT_LT(0, nr_shown(0));
	EXPECT_EQ(0, nr_shown(2));
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "0"));
	EXPECT_EQ(0, state("update_schemes_tried_regions"));
}

static long meminfo(const char *key)
{
	char line[128], format[64];
	long kib = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	snprintf(format, sizeof(format), "%s: %%ld kB", key);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static int wait_free_kib(void)
{
	/* What is released late has gone by then. */
	damon_sysfs_sleep_ms(6000);
	return meminfo("MemFree");
}

/* hazards C11, C12, B12: 1,000 updates and commits with 1,000 regions. */
TEST_F_TIMEOUT(tried, memory_stays, 600)
{
	long nr = damon_sysfs_option("DAMON_TEST_ROUNDS", 0), i;
	long before, after;
	long long end;

	ASSERT_EQ(0, stage_regions(1000));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/min", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/max", "1100"));
	ASSERT_EQ(0, state("on"));
	/* Until what is cached is cached. */
	end = damon_sysfs_now_ms() + 10000;
	for (i = 0; i < 20 && damon_sysfs_now_ms() < end; i++)
		ASSERT_EQ(0, state("update_schemes_tried_regions"));
	before = wait_free_kib();
	end = damon_sysfs_now_ms() + 30000;
	for (i = 0; i < (nr ?: 1000); i++) {
		if (!nr && damon_sysfs_now_ms() > end)
			break;
		ASSERT_EQ(0, state("update_schemes_tried_regions"));
		ASSERT_LE(1000, damon_sysfs_read_long(TRIED "999/end") ? 1000 : 0);
		ASSERT_EQ(0, state("commit"));
	}
	after = wait_free_kib();
	TH_LOG("%ld rounds, free memory %ld to %ld KiB", i, before, after);
	/* One directory lost a round would be 6 KiB. */
	EXPECT_GT(4096 + i, before - after);
	EXPECT_EQ(1000 * 2 * (long)PAGE,
		  damon_sysfs_read_long(TRIED "total_bytes"));
}

TEST_HARNESS_MAIN
