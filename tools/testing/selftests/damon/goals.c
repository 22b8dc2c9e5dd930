// SPDX-License-Identifier: GPL-2.0
/*
 * Goals of quotas: what is measured moves what a window may do the right way, and
 * it settles. Needs a clock that counts instructions (kernel argument "icount"):
 * pressure is a share of the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_program.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define INTERVALS	"0/contexts/0/monitoring_attrs/intervals/"
#define GOAL		"quotas/goals/0/"
#define BP		10000
/* Most seconds of a case, which take less time than on the wall. */
#define PATIENCE	3600

static long effective_bytes(void)
{
	if (damon_state("update_schemes_effective_quotas"))
		return -1;
	return damon_sysfs_read_long(DAMON_SCHEME "quotas/effective_bytes");
}

/* Do all that the memory of a program takes, for a goal. */
static int stage(const struct damon_program *p, const char *action,
		 const char *metric, long target)
{
	return damon_scheme_stage(action, DAMON_MAX_UINT, "0") ?:
	       damon_scheme_set("core_filters/nr_filters", "1") ?:
	       damon_scheme_set("core_filters/0/type", "addr") ?:
	       damon_scheme_set("core_filters/0/matching", "Y") ?:
	       damon_scheme_set("core_filters/0/allow", "Y") ?:
	       damon_scheme_set_long("core_filters/0/addr_start",
				     (long)p->memory) ?:
	       damon_scheme_set_long("core_filters/0/addr_end",
				     (long)p->memory + p->sz) ?:
	       damon_scheme_set("quotas/goals/nr_goals", "1") ?:
	       damon_scheme_set(GOAL "target_metric", metric) ?:
	       damon_scheme_set_long(GOAL "target_value", target);
}

FIXTURE(goals) {
	struct damon_program program;
};

FIXTURE_SETUP(goals)
{
	int err = damon_make_swap();

	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	/* It would have pages of other kinds. */
	damon_write_file("/sys/kernel/mm/lru_gen/enabled", "n");
	ASSERT_EQ(0, damon_sysfs_reset());
	self->program = (struct damon_program){};
}

FIXTURE_TEARDOWN(goals)
{
	damon_program_end(&self->program);
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* How long some task has waited for memory until now, in us. */
static long pressure_us(void)
{
	char line[256];
	long us = -1;
	FILE *f = fopen("/proc/pressure/memory", "r");

	if (f && fgets(line, sizeof(line), f) && strstr(line, "total="))
		us = atol(strstr(line, "total=") + strlen("total="));
	if (f)
		fclose(f);
	return us;
}

/* Pressure is averaged every other second: windows are to be longer than that. */
#define PSI_WINDOW_MS	10000
/* From a byte to what is wanted, doubling, and then until it settles. */
#define PSI_GROWTH	30
#define PSI_WINDOWS	9

/*
 * Waiting for a page counts as pressure if it was in use before it was paged out:
 * its second reference says so.
 */
static int activate(const struct damon_program *p)
{
	char path[64], *buf = malloc(DAMON_MIB);
	size_t at, i;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/mem", p->pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || !buf)
		return -1;
	for (i = 0; i < 3; i++)
		for (at = 0; at < p->sz && !err; at += DAMON_MIB)
			err = pread(fd, buf, DAMON_MIB, (off_t)p->memory + at) !=
			      DAMON_MIB;
	close(fd);
	free(buf);
	return err;
}

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

/* Of some windows: the median, and those that are a quarter off. */
static long median(const long *values, int *off)
{
	long sorted[PSI_WINDOWS], mid;
	int i;

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, PSI_WINDOWS, sizeof(*sorted), by_value);
	mid = sorted[PSI_WINDOWS / 2];
	for (i = 0, *off = 0; i < PSI_WINDOWS; i++)
		*off += labs(values[i] - mid) > mid / 4;
	return mid;
}

/* Are some windows alike, and their pressure the one wanted? */
static bool is_settled(struct __test_metadata *_metadata, long target,
		       long *bytes)
{
	long pressure[PSI_WINDOWS], esz[PSI_WINDOWS], before, mid;
	int i, off, esz_off;

	for (i = 0; i < PSI_WINDOWS; i++) {
		before = pressure_us();
		damon_sysfs_sleep_ms(PSI_WINDOW_MS);
		pressure[i] = pressure_us() - before;
		esz[i] = effective_bytes();
	}
	mid = median(pressure, &off);
	*bytes = median(esz, &esz_off);
	TH_LOG("target %ld us: %ld us a window, by %ld KiB", target, mid,
	       *bytes / 1024);
	TH_LOG("more than a quarter off: %d and %d of %d windows", off, esz_off,
	       PSI_WINDOWS);
	return labs(mid - target) <= target / 4 && off <= 2 && esz_off <= 2;
}

/*
 * Does it settle? Who is about to bring a page back while others are paged out
 * waits for those as well: twice the pressure, after which it begins with a byte
 * again. Returns what a window may do, -1 if it does not.
 */
static long settled(struct __test_metadata *_metadata, long target)
{
	long bytes;
	int i;

	for (i = 0; i < 4; i++) {
		if (is_settled(_metadata, target, &bytes))
			return bytes;
		damon_sysfs_sleep_ms(PSI_GROWTH * PSI_WINDOW_MS);
	}
	return -1;
}

/*
 * What is paged out comes back, for which the program waits: more pages, more
 * pressure.
 */
TEST_F_TIMEOUT(goals, pressure, PATIENCE)
{
	long target = 5000, esz, last;
	int i;

	self->program = (struct damon_program){
		.sz = 32 * DAMON_MIB, .hot = 32 * DAMON_MIB, .period_ms = 3000,
	};
	ASSERT_EQ(0, damon_program_start(&self->program));
	ASSERT_EQ(0, activate(&self->program));
	ASSERT_EQ(0, damon_sysfs_stage(self->program.pid));
	ASSERT_EQ(0, stage(&self->program, "pageout", "some_mem_psi_us", target));
	ASSERT_EQ(0, damon_scheme_set_long("quotas/reset_interval_ms",
					   PSI_WINDOW_MS));
	/* Nothing depends on what is seen, so there is no haste. */
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "sample_us", "20000"));
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "aggr_us", "200000"));
	ASSERT_EQ(0, damon_state("on"));
	/* Nobody waits: more and more. */
	for (i = 0, last = 0; i < PSI_GROWTH; i++, last = esz) {
		damon_sysfs_sleep_ms(PSI_WINDOW_MS);
		esz = effective_bytes();
		ASSERT_LE(0, esz);
		if (i < 10)
			EXPECT_LT(last, esz);
	}
	last = settled(_metadata, target);
	EXPECT_LT(0, last);

	/* With a lower one, less. */
	target = target * 2 / 3;
	ASSERT_EQ(0, damon_scheme_set_long(GOAL "target_value", target));
	ASSERT_EQ(0, damon_state("commit_schemes_quota_goals"));
	damon_sysfs_sleep_ms(3 * PSI_WINDOW_MS);
	esz = settled(_metadata, target);
	EXPECT_LT(0, esz);
	EXPECT_GT(last * 5 / 6, esz);
}

/* How much of a node is used, in 1/10000. */
static long node_used_bp(int nid)
{
	char path[64];
	long total, free;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo",
		 nid);
	total = damon_number_of(path, "MemTotal");
	free = damon_number_of(path, "MemFree");
	return total > 0 && free >= 0 ? BP * (total - free) / total : -1;
}

FIXTURE(node_goals) {
	struct damon_program program;
};

FIXTURE_SETUP(node_goals)
{
	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, damon_sysfs_reset());
	/* What is free shall count as free, not wait with a CPU until it is many. */
	ASSERT_EQ(0, damon_write_file("/proc/sys/vm/percpu_pagelist_high_fraction",
				      "1000000"));
	/* Enough of it, on the first node. */
	self->program = (struct damon_program){ .sz = 192 * DAMON_MIB };
	ASSERT_EQ(0, damon_program_start(&self->program));
	ASSERT_EQ(0, damon_sysfs_stage(self->program.pid));
}

FIXTURE_TEARDOWN(node_goals)
{
	damon_program_end(&self->program);
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* Memory goes from the first node to the second until a goal is met. */
FIXTURE_VARIANT(node_goals) {
	const char *metric;
	int nid;
	const char *tuner;
};

FIXTURE_VARIANT_ADD(node_goals, used_consist) {
	.metric = "node_mem_used_bp", .nid = 1, .tuner = "consist",
};

FIXTURE_VARIANT_ADD(node_goals, free_consist) {
	.metric = "node_mem_free_bp", .nid = 0, .tuner = "consist",
};

FIXTURE_VARIANT_ADD(node_goals, used_temporal) {
	.metric = "node_mem_used_bp", .nid = 1, .tuner = "temporal",
};

FIXTURE_VARIANT_ADD(node_goals, free_temporal) {
	.metric = "node_mem_free_bp", .nid = 0, .tuner = "temporal",
};

static long measured(const FIXTURE_VARIANT(node_goals) * variant)
{
	long used = node_used_bp(variant->nid);

	return strstr(variant->metric, "free") ? BP - used : used;
}

TEST_F_TIMEOUT(node_goals, met, PATIENCE)
{
	long esz, last_esz = 0, value, last, begun = measured(variant);
	long target = begun + 500, rises = 0, falls = 0, wrong = 0;
	bool temporal = !strcmp(variant->tuner, "temporal");
	int i;

	ASSERT_LE(0, begun);
	ASSERT_EQ(0, stage(&self->program, "migrate_cold", variant->metric,
			   target));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "1"));
	ASSERT_EQ(0, damon_scheme_set_long(GOAL "nid", variant->nid));
	ASSERT_EQ(0, damon_scheme_set("quotas/goal_tuner", variant->tuner));
	ASSERT_EQ(0, damon_scheme_set("quotas/reset_interval_ms", "20"));
	ASSERT_EQ(0, damon_scheme_set("apply_interval_us", "20000"));
	/* As fast as that at most. */
	ASSERT_EQ(0, damon_scheme_set("quotas/bytes", "1048576"));
	ASSERT_EQ(0, damon_state("on"));
	for (i = 0, last = begun; i < 1000; i++) {
		damon_sysfs_sleep_ms(20);
		value = measured(variant);
		esz = effective_bytes();
		ASSERT_LE(0, esz);
		/* Between two looks it was on one side of the goal. */
		if (value < target - 1 && last < target - 1) {
			rises += esz > last_esz;
			wrong += esz < last_esz;
		}
		if (value > target + 1 && last > target + 1) {
			falls += esz < last_esz;
			wrong += esz > last_esz;
		}
		last_esz = esz;
		last = value;
	}
	/* It is met, and nothing is moved any more. */
	value = measured(variant);
	last = damon_count_on_node(self->program.pid, self->program.memory,
				   self->program.memory + self->program.sz, 1);
	TH_LOG("%s, %s: from %ld to %ld bp, target %ld", variant->metric,
	       variant->tuner, begun, value, target);
	TH_LOG("%ld pages moved; a window may do more %ld times, less %ld times",
	       last, rises, falls);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(0, rises);
	EXPECT_LE(target - 1, value);
	EXPECT_GT((long)(self->program.sz / DAMON_SYSFS_PAGE), last);
	damon_sysfs_sleep_ms(1000);
	EXPECT_EQ(last, damon_count_on_node(self->program.pid,
					    self->program.memory,
					    self->program.memory +
					    self->program.sz, 1));
	if (temporal) {
		/* At the first look at which it was met; a window is 10 bp. */
		EXPECT_EQ(0, esz);
		EXPECT_GE(target + 30, value);
	} else {
		EXPECT_LT(0, falls);
		EXPECT_GT(DAMON_SYSFS_PAGE, esz);
		/* It begins to fall at once, however long the limit held. */
		EXPECT_GE(target + target / 4, value);
	}
}

TEST_HARNESS_MAIN
