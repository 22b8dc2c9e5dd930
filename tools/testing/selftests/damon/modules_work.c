// SPDX-License-Identifier: GPL-2.0
/*
 * What the modules do to memory, and what they say of it, against programs and a cache
 * of which the use is known. Needs a clock that counts instructions (kernel argument
 * "icount"), so that memory is used when it is said to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_param.h"
#include "damon_program.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define PAGE		DAMON_SYSFS_PAGE
#define PATIENCE	3600
#define TIMEOUT_MS	300000

FIXTURE(work) {
	struct damon_program program;
};

FIXTURE_SETUP(work)
{
	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, damon_sysfs_reset());
}

FIXTURE_TEARDOWN(work)
{
	damon_param_set("damon_reclaim", "enabled", "N");
	damon_param_set("damon_lru_sort", "enabled", "N");
	damon_param_set("damon_stat", "enabled", "N");
	if (self->program.pid)
		damon_program_end(&self->program);
}

#define SORTED_SZ	(64 * DAMON_MIB)
#define HOT_SZ		(SORTED_SZ / 4)

/* Shares of the hot and of the cold part that are active, in percent. */
static void active_percent(struct damon_program *p, long *hot, long *cold)
{
	char *middle = p->memory + HOT_SZ, *end = p->memory + SORTED_SZ;

	*hot = damon_count_flags(p->pid, p->memory, middle, DAMON_KPF_ACTIVE) *
	       100 / (HOT_SZ / PAGE);
	*cold = damon_count_flags(p->pid, middle, end, DAMON_KPF_ACTIVE) *
		100 / ((SORTED_SZ - HOT_SZ) / PAGE);
}

/* What is used becomes active; when it is not used any more, inactive again. */
TEST_F_TIMEOUT(work, lru_sort, PATIENCE)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	long hot, cold;

	self->program = (struct damon_program){
		.sz = SORTED_SZ, .hot = HOT_SZ, .period_ms = 1,
	};
	ASSERT_EQ(0, damon_program_start(&self->program));
	ASSERT_EQ(0, damon_param_set("damon_lru_sort", "wmarks_high", "1000"));
	ASSERT_EQ(0, damon_param_set("damon_lru_sort", "wmarks_mid", "1000"));
	ASSERT_EQ(0, damon_param_set("damon_lru_sort", "wmarks_low", "0"));
	ASSERT_EQ(0, damon_param_set("damon_lru_sort", "cold_min_age", "2000000"));
	active_percent(&self->program, &hot, &cold);
	TH_LOG("active before: %ld %% of the hot part, %ld %% of the cold", hot, cold);
	ASSERT_GT(20, hot);
	ASSERT_EQ(0, damon_param_set("damon_lru_sort", "enabled", "Y"));
	do {
		damon_sysfs_sleep_ms(1000);
		active_percent(&self->program, &hot, &cold);
		/* At first, regions are coarse; what they wrongly took is cold later. */
	} while ((hot < 90 || cold > 10) && damon_sysfs_now_ms() < end);
	TH_LOG("active: %ld %% of the hot part, %ld %% of the cold; %ld bytes", hot,
	       cold, damon_param_get_long("damon_lru_sort",
					  "bytes_lru_sorted_hot_regions"));
	EXPECT_LE(90, hot);
	EXPECT_GE(10, cold);
	EXPECT_LE((long)HOT_SZ / 10 * 9,
		  damon_param_get_long("damon_lru_sort",
				       "bytes_lru_sorted_hot_regions"));

	kill(self->program.pid, SIGSTOP);
	end = damon_sysfs_now_ms() + TIMEOUT_MS;
	do {
		damon_sysfs_sleep_ms(1000);
		active_percent(&self->program, &hot, &cold);
	} while (hot > 10 && damon_sysfs_now_ms() < end);
	TH_LOG("active when not used any more: %ld %%", hot);
	EXPECT_GE(10, hot);
}

#define USED_SZ		(512UL << 20)
#define HUGE_SZ		(2UL << 20)
#define NR_PERCENTILES	101
/* How often to look whether there are new figures. */
#define LOOK_MS		50

/* A program that uses its memory, of huge pages, all the time. */
static pid_t start_user(void)
{
	unsigned long i, begin;
	pid_t child = fork();
	char *memory;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, USED_SZ + HUGE_SZ, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	begin = ((uintptr_t)memory + HUGE_SZ - 1) & -HUGE_SZ;
	madvise((void *)begin, USED_SZ, MADV_HUGEPAGE);
	/* What is read first is a page of zeros that all share. */
	memset((void *)begin, 1, USED_SZ);
	for (;;) {
		for (i = 0; i < USED_SZ; i += HUGE_SZ)
			((volatile char *)begin)[i]++;
		damon_sysfs_sleep_ms(1);
	}
}

/* Percentiles, and the share of memory that is in use, in percent. */
static int read_percentiles(long idle_ms[NR_PERCENTILES])
{
	char text[DAMON_PARAM_MAX], *at = text;
	int i, used = 0;

	snprintf(text, sizeof(text), "%s",
		 damon_param_get("damon_stat", "memory_idle_ms_percentiles"));
	for (i = 0; i < NR_PERCENTILES; i++) {
		idle_ms[i] = strtol(at, &at, 10);
		if (*at != (i < NR_PERCENTILES - 1 ? ',' : '\0'))
			return -1;
		at++;
		used += idle_ms[i] < 0;
	}
	return used;
}

/* Wait for figures other than those. Returns how many percent are in use. */
static int next_percentiles(long idle_ms[NR_PERCENTILES])
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	long last[NR_PERCENTILES];
	int used;

	memcpy(last, idle_ms, sizeof(last));
	do {
		damon_sysfs_sleep_ms(LOOK_MS);
		used = read_percentiles(idle_ms);
	} while (!memcmp(last, idle_ms, sizeof(last)) &&
		 damon_sysfs_now_ms() < end);
	return used;
}

static int cmp_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * The kernel uses small pieces of memory now and then. A region that has one, until
 * its borders are found, is in use in some windows: some hundredths of memory are
 * that region's, which is why medians are compared.
 */
#define NR_FIGURES	9

/* Idle times to one window, bandwidth to 20 %. */
TEST_F_TIMEOUT(work, stat, PATIENCE)
{
	long idle_ms[NR_PERCENTILES] = {}, ram_mib, share, bytes_s, expected, aggr_ms;
	int used, all_used[NR_FIGURES], i;
	long long begun, stopped, now;
	pid_t user = start_user();

	ram_mib = damon_number_of("/proc/meminfo", "MemTotal") / 1024;
	share = (USED_SZ >> 20) * 100 / ram_mib;
	begun = damon_sysfs_now_ms();
	ASSERT_EQ(0, damon_param_set("damon_stat", "enabled", "Y"));
	/* Until it has found out. */
	for (i = 0; i < 5; i++)
		next_percentiles(idle_ms);
	for (i = 0; i < NR_FIGURES; i++)
		all_used[i] = next_percentiles(idle_ms);
	qsort(all_used, NR_FIGURES, sizeof(*all_used), cmp_int);
	used = all_used[NR_FIGURES / 2];
	bytes_s = damon_param_get_long("damon_stat", "estimated_memory_bandwidth");
	aggr_ms = damon_param_get_long("damon_stat", "aggr_interval_us") / 1000;
	ASSERT_LT(0, aggr_ms);
	/* Once a look. */
	expected = USED_SZ * 20 * 1000 / aggr_ms;
	TH_LOG("%d %% of memory are in use, in truth %ld %%; window of %ld ms", used,
	       share, aggr_ms);
	TH_LOG("%ld MiB a second, in truth %ld: %ld %%", bytes_s >> 20,
	       expected >> 20, bytes_s * 100 / expected);
	EXPECT_LE(share - 2, used);
	EXPECT_GE(share + 2, used);
	EXPECT_LE(expected * 80 / 100, bytes_s);
	EXPECT_GE(expected * 120 / 100, bytes_s);

	kill(user, SIGSTOP);
	stopped = damon_sysfs_now_ms();
	do {
		used = next_percentiles(idle_ms);
		now = damon_sysfs_now_ms();
	} while (now - stopped < 2000);
	aggr_ms = damon_param_get_long("damon_stat", "aggr_interval_us") / 1000;
	TH_LOG("%d %% of memory are in use %lld ms after the end; window of %ld ms",
	       used, now - stopped, aggr_ms);
	TH_LOG("idle for %ld ms: 0th, %ld: a quarter of its part, %ld: half, %ld: all",
	       idle_ms[0], idle_ms[share / 4], idle_ms[share / 2], idle_ms[share]);
	TH_LOG("idle for %ld ms: twice as much, in truth %lld", idle_ms[2 * share],
	       now - begun);
	/* What borders on memory that the kernel uses is joined with it, or with the idle. */
	EXPECT_GE(share / 2, used);
	EXPECT_LE(now - stopped - aggr_ms - LOOK_MS, idle_ms[share / 2]);
	EXPECT_GE(now - stopped + aggr_ms, idle_ms[share / 2]);
	/* The rest, away from that border, was never in use. */
	for (i = 2 * share; i < NR_PERCENTILES - 2; i++) {
		EXPECT_LE(now - begun - 2 * aggr_ms, idle_ms[i])
			TH_LOG("%dth percentile", i);
		EXPECT_GE(now - begun + aggr_ms, idle_ms[i])
			TH_LOG("%dth percentile", i);
	}
	ASSERT_EQ(0, damon_param_set("damon_stat", "enabled", "N"));
	/* What was found out stays. */
	EXPECT_EQ(used, read_percentiles(idle_ms));
	damon_sysfs_kill(user);
}

/* Free memory in 1/1000. */
static long free_permil(void)
{
	return damon_number_of("/proc/meminfo", "MemFree") * 1000 /
	       damon_number_of("/proc/meminfo", "MemTotal");
}

#define CACHE_SZ	(512UL << 20)

/* A block device whose blocks, all zeros, take no memory. Returns a descriptor. */
static int open_empty_device(void)
{
	int fd = open("/sys/class/zram-control/hot_add", O_RDONLY);
	char text[64] = "", path[64];

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	close(fd);
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", atoi(text));
	if (damon_write_file(path, "512M"))
		return -1;
	snprintf(path, sizeof(path), "/dev/zram%d", atoi(text));
	return open(path, O_RDONLY);
}

/* How many pages of a file are in memory? */
static long nr_cached(int fd)
{
	struct {
		uint64_t off, len;
	} range = { 0, CACHE_SZ };
	struct {
		uint64_t cache, dirty, writeback, evicted, recently_evicted;
	} stat = {};

	return syscall(__NR_cachestat, fd, &range, &stat, 0) ? -1 : (long)stat.cache;
}

/*
 * A cache that nobody uses any more goes, until as much memory is free as was asked
 * for, and no longer. The last test, since it leaves memory in small pieces, which no
 * longer are the regions that the others expect.
 */
TEST_F_TIMEOUT(work, reclaim, PATIENCE)
{
	long empty = free_permil(), full, goal, all, left, before, bytes;
	long long begun, took;
	int fd = open_empty_device();
	static char buf[1 << 20];

	ASSERT_LE(0, fd);
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	all = nr_cached(fd);
	ASSERT_LT((long)(CACHE_SZ / PAGE) * 9 / 10, all);
	full = free_permil();
	ASSERT_LT(full + 100, empty);
	/* As if all but a fifth of the cache were gone. */
	goal = full + (empty - full) * 80 / 100;
	ASSERT_EQ(0, damon_param_set_long("damon_reclaim", "wmarks_high", goal));
	ASSERT_EQ(0, damon_param_set_long("damon_reclaim", "wmarks_mid", goal));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "wmarks_low", "0"));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "wmarks_interval", "100000"));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "min_age", "2000000"));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "quota_ms", "0"));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "quota_sz", "16777216"));
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "quota_reset_interval_ms",
				     "100"));
	begun = damon_sysfs_now_ms();
	ASSERT_EQ(0, damon_param_set("damon_reclaim", "enabled", "Y"));
	do {
		damon_sysfs_sleep_ms(100);
		took = damon_sysfs_now_ms() - begun;
	} while (free_permil() <= goal && took < TIMEOUT_MS);
	TH_LOG("%lld s", took / 1000);
	/* Not much longer than the quota asks for, though most memory is free. */
	EXPECT_GE(2000 + 8 * (long long)CACHE_SZ / (160 << 10), took);
	/* What was begun is finished. */
	damon_sysfs_sleep_ms(1000);
	before = nr_cached(fd);
	bytes = damon_param_get_long("damon_reclaim", "bytes_reclaimed_regions");
	damon_sysfs_sleep_ms(10000);
	left = nr_cached(fd);
	TH_LOG("free: %ld, then %ld, now %ld of 1000; goal %ld", empty, full,
	       free_permil(), goal);
	TH_LOG("%ld of %ld pages are gone, %ld %%; %ld of %ld bytes were taken",
	       all - left, all, (all - left) * 100 / all,
	       damon_param_get_long("damon_reclaim", "bytes_reclaimed_regions"),
	       damon_param_get_long("damon_reclaim", "bytes_reclaim_tried_regions"));
	EXPECT_LE(all * 70 / 100, all - left);
	/* A window may go beyond the goal by its quota. */
	EXPECT_LE(all * 8 / 100, left);
	EXPECT_EQ(before, left);
	EXPECT_EQ(bytes, damon_param_get_long("damon_reclaim",
					      "bytes_reclaimed_regions"));
	/* Buffers in the cache, and little else, were taken too. */
	EXPECT_LE((all - left) * PAGE, bytes);
	EXPECT_GE((all - left) * PAGE / 10 * 12, bytes);
	EXPECT_LT(0, damon_param_get_long("damon_reclaim", "nr_quota_exceeds"));
	close(fd);
}

TEST_HARNESS_MAIN
