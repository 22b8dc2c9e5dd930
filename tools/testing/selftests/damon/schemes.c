// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes on a real process: a quarter of its memory is in use, the rest is not.
 * What is done to it is read from its page tables, not from what the schemes say.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define ATTRS		"0/contexts/0/monitoring_attrs/"

#define PAGE		DAMON_SYSFS_PAGE
#define TOTAL		(32UL << 20)
#define HOT		(8UL << 20)
#define TIMEOUT_MS	150000

/* Pages of another process between two addresses that are swapped out. */
static unsigned long nr_swapped(pid_t pid, char *start, char *end)
{
	return damon_count_pages(pid, start, end, DAMON_PAGE_SWAPPED);
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

/* What was not accessed in two windows. */
static int stage_cold(const char *action)
{
	return damon_scheme_stage(action, "0", "2");
}

FIXTURE(schemes) {
	char *memory;
	pid_t victim;
};

FIXTURE_SETUP(schemes)
{
	int err = damon_make_swap();

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

static long rss_kib(pid_t pid)
{
	char path[64], line[128];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmRSS: %ld kB", &kib);
	if (f)
		fclose(f);
	return kib;
}

TEST_F(schemes, pageout_takes_the_cold)
{
	unsigned long hot;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_LE(90, wait_paged_out(self->memory, self->victim));
	hot = nr_swapped(self->victim, self->memory, self->memory + HOT);
	EXPECT_GE(HOT / PAGE / 50, hot)
		TH_LOG("%lu pages in use are swapped out", hot);
	/* What is left of the cold, and the program itself. */
	EXPECT_GE((long)(HOT + (TOTAL - HOT) / 10) / 1024 + 1024,
		  rss_kib(self->victim));
	EXPECT_LT(0, damon_scheme_stat("nr_tried"));
	EXPECT_LE((long)(TOTAL - HOT) * 9 / 10, damon_scheme_stat("sz_applied"));
	EXPECT_LE(damon_scheme_stat("sz_applied"), damon_scheme_stat("sz_tried"));

	/* And back. */
	ASSERT_EQ(0, damon_scheme_set("action", "willneed"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, damon_state("commit"));
	EXPECT_EQ(0, kill(self->victim, 0));
}

/* 1 MiB in 200 ms, in no window more. */
TEST_F(schemes, size_quota)
{
	long long start, passed;
	long bytes = 0, now;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, damon_scheme_set("quotas/bytes", "1048576"));
	ASSERT_EQ(0, damon_scheme_set("quotas/reset_interval_ms", "200"));
	ASSERT_EQ(0, damon_scheme_set("quotas/weights/age_permil", "1000"));
	/* What was idle for longest comes first, also if it is empty: pay little for that. */
	ASSERT_EQ(0, damon_scheme_set("quotas/fail_charge_num", "1"));
	ASSERT_EQ(0, damon_scheme_set("quotas/fail_charge_denom", "1000"));
	start = damon_sysfs_now_ms();
	ASSERT_EQ(0, damon_state("on"));
	/* Slow kernels take a while until there is more than fits. */
	do {
		damon_sysfs_sleep_ms(100);
		now = damon_scheme_stat("sz_applied");
		ASSERT_LE(bytes, now);
		bytes = now;
		passed = damon_sysfs_now_ms() - start;
		ASSERT_GE((passed / 200 + 1) << 20, bytes);
	} while (passed < 4000 || (passed < TIMEOUT_MS &&
				   (!bytes || damon_scheme_stat("qt_exceeds") <= 0)));
	EXPECT_LT(0, bytes);
	EXPECT_LT(0, damon_scheme_stat("qt_exceeds"));
	ASSERT_EQ(0, damon_state("update_schemes_effective_quotas"));
	EXPECT_EQ(1 << 20, damon_sysfs_read_long(DAMON_SCHEME "quotas/effective_bytes"));
}

/* What is not in the range is left alone, to the page. */
TEST_F(schemes, addr_filter)
{
	char *start = self->memory + HOT + (1UL << 20);
	char *end = start + (4UL << 20), text[32];
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long inside;

	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/type", "addr"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/matching", "Y"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/allow", "Y"));
	snprintf(text, sizeof(text), "%lu", (unsigned long)start);
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/addr_start", text));
	snprintf(text, sizeof(text), "%lu", (unsigned long)end);
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/addr_end", text));
	ASSERT_EQ(0, damon_state("on"));
	do {
		damon_sysfs_sleep_ms(200);
		inside = nr_swapped(self->victim, start, end);
	} while (inside < (4UL << 20) / PAGE * 9 / 10 &&
		 damon_sysfs_now_ms() < until);
	EXPECT_LE((4UL << 20) / PAGE * 9 / 10, inside);
	EXPECT_EQ(0, nr_swapped(self->victim, self->memory, start));
	EXPECT_EQ(0, nr_swapped(self->victim, end, self->memory + TOTAL));
}

/* What one of two targets has is left alone. */
TEST_F(schemes, target_filter)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;
	pid_t other = start_victim(self->memory);
	unsigned long cold;

	ASSERT_LT(0, other);
	/* Until all of it is there, nothing of it is cold. */
	damon_sysfs_sleep_ms(500);
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/targets/nr_targets", "2"));
	ASSERT_EQ(0, damon_sysfs_write_long("0/contexts/0/targets/0/pid_target",
					    self->victim));
	ASSERT_EQ(0, damon_sysfs_write_long("0/contexts/0/targets/1/pid_target",
					    other));
	ASSERT_EQ(0, stage_cold("pageout"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/type", "target"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/matching", "Y"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/allow", "N"));
	ASSERT_EQ(0, damon_scheme_set("core_filters/0/damon_target_idx", "0"));
	ASSERT_EQ(0, damon_state("on"));
	do {
		damon_sysfs_sleep_ms(200);
		cold = nr_swapped(other, self->memory + HOT, self->memory + TOTAL);
	} while (cold < (TOTAL - HOT) / PAGE * 9 / 10 &&
		 damon_sysfs_now_ms() < until);
	EXPECT_LE((TOTAL - HOT) / PAGE * 9 / 10, cold);
	EXPECT_EQ(0, nr_swapped(self->victim, self->memory,
				self->memory + TOTAL));
	damon_sysfs_kill(other);
}

/* As often as was asked for, and on when more is. */
TEST_F(schemes, max_nr_snapshots)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;
	long tried;

	ASSERT_EQ(0, damon_scheme_stage("stat", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("stats/max_nr_snapshots", "3"));
	ASSERT_EQ(0, damon_state("on"));
	while (damon_scheme_stat("nr_snapshots") < 3 &&
	       damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(20);
	tried = damon_scheme_stat("nr_tried");
	EXPECT_LT(0, tried);
	/* More windows go by. */
	damon_sysfs_sleep_ms(1000);
	EXPECT_EQ(3, damon_scheme_stat("nr_snapshots"));
	EXPECT_EQ(tried, damon_scheme_stat("nr_tried"));
	ASSERT_EQ(0, damon_scheme_set("stats/max_nr_snapshots", "5"));
	ASSERT_EQ(0, damon_state("commit"));
	while (damon_scheme_stat("nr_snapshots") < 5 &&
	       damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(20);
	damon_sysfs_sleep_ms(500);
	EXPECT_EQ(5, damon_scheme_stat("nr_snapshots"));
	EXPECT_LT(tried, damon_scheme_stat("nr_tried"));
}

/* A filter about pages decides for each: all of it is anonymous memory. */
TEST_F(schemes, page_filter)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/nr_filters", "1"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/matching", "Y"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/allow", "Y"));
	ASSERT_EQ(0, damon_state("on"));
	while (damon_scheme_stat("sz_ops_filter_passed") <= 0 &&
	       damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(100);
	EXPECT_LT(0, damon_scheme_stat("sz_ops_filter_passed"));
	EXPECT_EQ(0, damon_scheme_stat("sz_applied"));
	EXPECT_LE(damon_scheme_stat("sz_ops_filter_passed"), damon_scheme_stat("sz_tried"));
}

/* What is refused, with which reason; what runs goes on. */
TEST_F(schemes, refused)
{
	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, damon_state("on"));
	ASSERT_EQ(0, damon_scheme_set("action", "lru_prio"));
	EXPECT_EQ(-EOPNOTSUPP, damon_state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/action: the operations cannot do lru_prio\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, damon_scheme_set("action", "willneed"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/nr_filters", "1"));
	EXPECT_EQ(-EOPNOTSUPP, damon_state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/ops_filters/0: "
		     "willneed cannot leave out pages by anon\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, damon_scheme_set("action", "stat"));
	/* hazard C26 */
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/type", "memcg"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/memcg_path", "/no/such"));
	EXPECT_EQ(-ENOENT, damon_state("commit"));
	EXPECT_STREQ("contexts/0/schemes/0/ops_filters/0: no memory cgroup \"/no/such\"\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/nr_filters", "0"));
	/* hazard D36 */
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/nr_goals", "1"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/target_metric", "node_mem_used_bp"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/target_value", "1"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/nid", "-1"));
	EXPECT_EQ(-EINVAL, damon_state("commit"));
	EXPECT_EQ(-EINVAL, damon_state("commit_schemes_quota_goals"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/nid", "0"));
	EXPECT_EQ(0, damon_state("commit_schemes_quota_goals"));
	EXPECT_EQ(0, damon_state("commit"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/target_metric",
				      "node_memcg_used_bp"));
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/path", "/no/such"));
	EXPECT_EQ(-ENOENT, damon_state("commit"));
	EXPECT_EQ(-ENOENT, damon_state("commit_schemes_quota_goals"));
	EXPECT_STREQ("contexts/0/schemes/0/quotas/goals/0: no memory cgroup \"/no/such\"\n",
		     damon_sysfs_text("0/last_error"));
	/* Goals alone: nothing else that is staged matters. */
	ASSERT_EQ(0, damon_scheme_set("quotas/goals/0/path", "/"));
	ASSERT_EQ(0, damon_scheme_set("action", "lru_prio"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/targets/nr_targets", "2"));
	EXPECT_EQ(0, damon_state("commit_schemes_quota_goals"));
	ASSERT_EQ(0, damon_scheme_set("action", "stat"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/targets/nr_targets", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long("0/contexts/0/targets/0/pid_target",
					    self->victim));
	EXPECT_EQ(0, damon_state("commit"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
	/* hazards C2, C3: the directories are gone, the schemes run */
	ASSERT_EQ(0, damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "0"));
	EXPECT_EQ(0, damon_state("update_schemes_stats"));
	EXPECT_EQ(0, damon_state("commit_schemes_quota_goals"));
	ASSERT_EQ(0, damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "3"));
	EXPECT_EQ(0, damon_state("update_schemes_stats"));
	EXPECT_EQ(0, damon_state("update_schemes_effective_quotas"));
}

/* Statistics stay when nothing is changed; hazards B1, B12. */
TEST_F(schemes, commit_of_the_same)
{
	long tried, i;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/max", "100"));
	ASSERT_EQ(0, damon_state("on"));
	do {
		damon_sysfs_sleep_ms(50);
		tried = damon_scheme_stat("nr_tried");
		ASSERT_LE(0, tried);
	} while (!tried);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, damon_state("commit"));
		ASSERT_LE(tried, damon_scheme_stat("nr_tried"));
		tried = damon_sysfs_read_long(DAMON_SCHEME "stats/nr_tried");
	}
}

/* hazard A13: schemes sleep, commands do not. */
TEST_F(schemes, inactive_and_paused)
{
	long ticks;

	ASSERT_EQ(0, stage_cold("stat"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/age/min", "0"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/max", "100"));
	ASSERT_EQ(0, damon_scheme_set("watermarks/metric", "free_mem_rate"));
	ASSERT_EQ(0, damon_scheme_set("watermarks/interval_us", "36000000000"));
	/* All memory is more free than that. */
	ASSERT_EQ(0, damon_state("on"));
	damon_sysfs_sleep_ms(300);
	EXPECT_EQ(0, damon_scheme_stat("nr_tried"));
	ASSERT_EQ(0, damon_scheme_set("watermarks/metric", "none"));
	ASSERT_EQ(0, damon_state("commit"));
	do
		damon_sysfs_sleep_ms(20);
	while (!damon_scheme_stat("nr_tried"));

	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/pause", "Y"));
	ASSERT_EQ(0, damon_state("commit"));
	damon_sysfs_sleep_ms(50);
	ticks = damon_scheme_stat("nr_tried");
	damon_sysfs_sleep_ms(500);
	EXPECT_EQ(ticks, damon_scheme_stat("nr_tried"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/pause", "N"));
	ASSERT_EQ(0, damon_state("commit"));
	do
		damon_sysfs_sleep_ms(20);
	while (damon_scheme_stat("nr_tried") == ticks);
	EXPECT_EQ(0, damon_state("off"));
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
	EXPECT_EQ(-EINVAL, damon_state("on"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/intervals_goal/max_sample_us",
				       "9000"));
	ASSERT_EQ(0, damon_state("on"));
	for (i = 0; i < 200 && sample != 9000; i++) {
		damon_sysfs_sleep_ms(50);
		ASSERT_EQ(0, damon_state("update_tuned_intervals"));
		sample = damon_sysfs_read_long(ATTRS "intervals/sample_us");
		aggr = damon_sysfs_read_long(ATTRS "intervals/aggr_us");
		ASSERT_LE(1000, sample);
		ASSERT_GE(9000, sample);
		ASSERT_EQ(sample * 20, aggr);
	}
	EXPECT_EQ(9000, sample);
}

TEST_HARNESS_MAIN
