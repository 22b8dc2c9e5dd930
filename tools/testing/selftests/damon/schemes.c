// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes on a real process: a quarter of its memory is in use, the rest is not.
 * What is done to it is read from its page tables, not from what the schemes say.
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
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define ATTRS		"0/contexts/0/monitoring_attrs/"
#define SCHEMES		"0/contexts/0/schemes/"
#define SCHEME		SCHEMES "0/"
#define MANY		"18446744073709551615"

#define PAGE		DAMON_SYSFS_PAGE
#define TOTAL		(32UL << 20)
#define HOT		(8UL << 20)
#define TIMEOUT_MS	60000

/* Is the swap space there that the first test has made? Each is a process. */
static bool has_swap(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[256];
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= !!strstr(line, "zram0");
	if (f)
		fclose(f);
	return found;
}

static int make_swap(void)
{
	static const char signature[] = "SWAPSPACE2";
	static char page[PAGE];
	uint32_t *info = (uint32_t *)(page + 1024);
	int fd;

	if (has_swap())
		return 0;
	fd = open("/sys/block/zram0/disksize", O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, "64M", 3) != 3) {
		close(fd);
		return -errno;
	}
	close(fd);
	mknod("/dev/zram0", S_IFBLK | 0600, makedev(254, 0));
	info[0] = 1;				/* version */
	info[1] = (64UL << 20) / PAGE - 1;	/* last page */
	memcpy(page + PAGE - sizeof(signature) + 1, signature,
	       sizeof(signature) - 1);
	fd = open("/dev/zram0", O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, page, PAGE) != PAGE) {
		close(fd);
		return -errno;
	}
	fsync(fd);
	close(fd);
	return swapon("/dev/zram0", 0) ? -errno : 0;
}

/* Pages of another process between two addresses that are swapped out. */
static unsigned long nr_swapped(pid_t pid, char *start, char *end)
{
	unsigned long nr = 0;
	uint64_t entry;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	for (; start < end; start += PAGE)
		if (pread(fd, &entry, sizeof(entry),
			  (uintptr_t)start / PAGE * sizeof(entry)) ==
		    sizeof(entry))
			nr += entry >> 62 & 1;
	close(fd);
	return nr;
}

/* Uses the first part of its memory, and has written all of it once. */
static pid_t start_victim(char *memory)
{
	pid_t child = fork();
	size_t i;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < TOTAL; i += PAGE)
		memset(memory + i, i / PAGE % 251 + 1, 64);
	for (;;) {
		for (i = 0; i < HOT; i += PAGE)
			((volatile char *)memory)[i]++;
		damon_sysfs_sleep_ms(2);
	}
}

static int set(const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), SCHEME "%s", file);
	return damon_sysfs_write(path, value);
}

static int state(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

static long stat_of(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), SCHEME "stats/%s", name);
	if (state("update_schemes_stats"))
		return -1;
	return damon_sysfs_read_long(path);
}

/* What was not accessed in two windows. */
static int stage_cold(const char *action)
{
	return damon_sysfs_write(SCHEMES "nr_schemes", "1") ?:
	       set("action", action) ?:
	       set("access_pattern/sz/max", MANY) ?:
	       set("access_pattern/age/min", "2") ?:
	       set("access_pattern/age/max", "4294967295");
}

FIXTURE(schemes) {
	char *memory;
	pid_t victim;
};

FIXTURE_SETUP(schemes)
{
	int err = make_swap();

	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	ASSERT_EQ(0, damon_sysfs_reset());
	self->memory = mmap(NULL, TOTAL, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	madvise(self->memory, TOTAL, MADV_NOHUGEPAGE);
	self->victim = start_victim(self->memory);
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	/* Until all of it is there, nothing of it is cold. */
	damon_sysfs_sleep_ms(500);
}

FIXTURE_TEARDOWN(schemes)
{
	damon_sysfs_kill(self->victim);
	munmap(self->memory, TOTAL);
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* Wait until the cold part is gone. Returns the share of it that is, in %. */
static unsigned long wait_paged_out(char *memory, pid_t victim)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long share;

	do {
		damon_sysfs_sleep_ms(200);
		share = nr_swapped(victim, memory + HOT, memory + TOTAL) * 100 /
			((TOTAL - HOT) / PAGE);
	} while (share < 90 && damon_sysfs_now_ms() < end);
	return share;
}

TEST_F(schemes, pageout_takes_the_cold)
{
	unsigned long hot;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, state("on"));
	EXPECT_LE(90, wait_paged_out(self->memory, self->victim));
	hot = nr_swapped(self->victim, self->memory, self->memory + HOT);
	EXPECT_GE(HOT / PAGE / 50, hot)
		TH_LOG("%lu pages in use are swapped out", hot);
	EXPECT_LT(0, stat_of("nr_tried"));
	EXPECT_LE((long)(TOTAL - HOT) * 9 / 10, stat_of("sz_applied"));
	EXPECT_LE(stat_of("sz_applied"), stat_of("sz_tried"));

	/* And back. */
	ASSERT_EQ(0, set("action", "willneed"));
	ASSERT_EQ(0, set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, state("commit"));
	EXPECT_EQ(0, kill(self->victim, 0));
}

/* 1 MiB in 200 ms, in no window more. */
TEST_F(schemes, size_quota)
{
	long long start;
	long bytes = 0, now;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, set("quotas/bytes", "1048576"));
	ASSERT_EQ(0, set("quotas/reset_interval_ms", "200"));
	ASSERT_EQ(0, set("quotas/weights/age_permil", "1000"));
	start = damon_sysfs_now_ms();
	ASSERT_EQ(0, state("on"));
	while (damon_sysfs_now_ms() - start < 4000) {
		long windows;

		damon_sysfs_sleep_ms(100);
		now = stat_of("sz_applied");
		ASSERT_LE(bytes, now);
		bytes = now;
		windows = (damon_sysfs_now_ms() - start) / 200 + 1;
		ASSERT_GE(windows << 20, bytes);
	}
	EXPECT_LT(0, bytes);
	EXPECT_LT(0, stat_of("qt_exceeds"));
	ASSERT_EQ(0, state("update_schemes_effective_quotas"));
	EXPECT_EQ(1 << 20, damon_sysfs_read_long(SCHEME "quotas/effective_bytes"));
}

/* What is not in the range is left alone, to the page. */
TEST_F(schemes, addr_filter)
{
	char *start = self->memory + HOT + (1UL << 20);
	char *end = start + (4UL << 20), text[32];
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long inside;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, set("core_filters/nr_filters", "1"));
	ASSERT_EQ(0, set("core_filters/0/type", "addr"));
	ASSERT_EQ(0, set("core_filters/0/matching", "Y"));
	ASSERT_EQ(0, set("core_filters/0/allow", "Y"));
	snprintf(text, sizeof(text), "%lu", (unsigned long)start);
	ASSERT_EQ(0, set("core_filters/0/addr_start", text));
	snprintf(text, sizeof(text), "%lu", (unsigned long)end);
	ASSERT_EQ(0, set("core_filters/0/addr_end", text));
	ASSERT_EQ(0, state("on"));
	do {
		damon_sysfs_sleep_ms(200);
		inside = nr_swapped(self->victim, start, end);
	} while (inside < (4UL << 20) / PAGE * 9 / 10 &&
		 damon_sysfs_now_ms() < until);
	EXPECT_LE((4UL << 20) / PAGE * 9 / 10, inside);
	EXPECT_EQ(0, nr_swapped(self->victim, self->memory, start));
	EXPECT_EQ(0, nr_swapped(self->victim, end, self->memory + TOTAL));
}

/* A filter about pages decides for each: all of it is anonymous memory. */
TEST_F(schemes, page_filter)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, set("ops_filters/nr_filters", "1"));
	ASSERT_EQ(0, set("ops_filters/0/matching", "Y"));
	ASSERT_EQ(0, set("ops_filters/0/allow", "Y"));
	ASSERT_EQ(0, state("on"));
	while (stat_of("sz_ops_filter_passed") <= 0 &&
	       damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(100);
	EXPECT_LT(0, stat_of("sz_ops_filter_passed"));
	EXPECT_EQ(0, stat_of("sz_applied"));
	EXPECT_LE(stat_of("sz_ops_filter_passed"), stat_of("sz_tried"));
}

/* What is refused, with which reason; what runs goes on. */
TEST_F(schemes, refused)
{
	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, state("on"));
	ASSERT_EQ(0, set("action", "lru_prio"));
	EXPECT_EQ(-EOPNOTSUPP, state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/action: the operations cannot do lru_prio\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, set("action", "pageout"));
	ASSERT_EQ(0, set("ops_filters/nr_filters", "1"));
	EXPECT_EQ(-EOPNOTSUPP, state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/ops_filters/0: pageout cannot leave out pages by anon\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, set("action", "stat"));
	/* hazard C26 */
	ASSERT_EQ(0, set("ops_filters/0/type", "memcg"));
	ASSERT_EQ(0, set("ops_filters/0/memcg_path", "/no/such"));
	EXPECT_EQ(-ENOENT, state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/ops_filters/0: no memory cgroup \"/no/such\"\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, set("ops_filters/nr_filters", "0"));
	/* hazard D36 */
	ASSERT_EQ(0, set("quotas/goals/nr_goals", "1"));
	ASSERT_EQ(0, set("quotas/goals/0/target_metric", "node_mem_used_bp"));
	ASSERT_EQ(0, set("quotas/goals/0/target_value", "1"));
	ASSERT_EQ(0, set("quotas/goals/0/nid", "-1"));
	EXPECT_EQ(-EINVAL, state("commit"));
	EXPECT_EQ(-EINVAL, state("commit_schemes_quota_goals"));
	ASSERT_EQ(0, set("quotas/goals/0/nid", "0"));
	EXPECT_EQ(0, state("commit_schemes_quota_goals"));
	EXPECT_EQ(0, state("commit"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
	/* hazards C2, C3: the directories are gone, the schemes run */
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "0"));
	EXPECT_EQ(0, state("update_schemes_stats"));
	EXPECT_EQ(0, state("commit_schemes_quota_goals"));
	ASSERT_EQ(0, damon_sysfs_write(SCHEMES "nr_schemes", "3"));
	EXPECT_EQ(0, state("update_schemes_stats"));
	EXPECT_EQ(0, state("update_schemes_effective_quotas"));
}

/* Statistics stay when nothing is changed; hazards B1, B12. */
TEST_F(schemes, commit_of_the_same)
{
	long tried, i;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, set("access_pattern/nr_accesses/max", "100"));
	ASSERT_EQ(0, state("on"));
	do {
		damon_sysfs_sleep_ms(50);
		tried = stat_of("nr_tried");
		ASSERT_LE(0, tried);
	} while (!tried);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, state("commit"));
		ASSERT_LE(tried, stat_of("nr_tried"));
		tried = damon_sysfs_read_long(SCHEME "stats/nr_tried");
	}
}

/* hazard A13: schemes sleep, commands do not. */
TEST_F(schemes, inactive_and_paused)
{
	long ticks;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, set("access_pattern/nr_accesses/max", "100"));
	ASSERT_EQ(0, set("watermarks/metric", "free_mem_rate"));
	ASSERT_EQ(0, set("watermarks/interval_us", "36000000000"));
	/* All memory is more free than that. */
	ASSERT_EQ(0, state("on"));
	damon_sysfs_sleep_ms(300);
	EXPECT_EQ(0, stat_of("nr_tried"));
	ASSERT_EQ(0, set("watermarks/metric", "none"));
	ASSERT_EQ(0, state("commit"));
	do
		damon_sysfs_sleep_ms(20);
	while (!stat_of("nr_tried"));

	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/pause", "Y"));
	ASSERT_EQ(0, state("commit"));
	damon_sysfs_sleep_ms(50);
	ticks = stat_of("nr_tried");
	damon_sysfs_sleep_ms(500);
	EXPECT_EQ(ticks, stat_of("nr_tried"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/pause", "N"));
	ASSERT_EQ(0, state("commit"));
	do
		damon_sysfs_sleep_ms(20);
	while (stat_of("nr_tried") == ticks);
	EXPECT_EQ(0, state("off"));
}

/* Tuned intervals stay in their bounds, and are shown. */
TEST_F(schemes, tuned_intervals)
{
	long sample = 0, aggr;
	int i;

	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/intervals_goal/access_bp",
				       "9000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/intervals_goal/aggrs",
				       "2"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/intervals_goal/min_sample_us",
				       "1000"));
	EXPECT_EQ(-EINVAL, state("on"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/intervals_goal/max_sample_us",
				       "9000"));
	ASSERT_EQ(0, state("on"));
	for (i = 0; i < 200 && sample != 9000; i++) {
		damon_sysfs_sleep_ms(50);
		ASSERT_EQ(0, state("update_tuned_intervals"));
		sample = damon_sysfs_read_long(ATTRS "intervals/sample_us");
		aggr = damon_sysfs_read_long(ATTRS "intervals/aggr_us");
		ASSERT_LE(1000, sample);
		ASSERT_GE(9000, sample);
		ASSERT_EQ(sample * 20, aggr);
	}
	EXPECT_EQ(9000, sample);
}

TEST_HARNESS_MAIN
