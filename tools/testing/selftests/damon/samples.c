// SPDX-License-Identifier: GPL-2.0
/*
 * The samples of samples/damon/, each switched on by its parameters as its user would,
 * against a program of which it is known what it uses. Needs two nodes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_param.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define PAGE		DAMON_SYSFS_PAGE
#define HOT_SZ		(4UL << 20)
#define IDLE_SZ		(12UL << 20)
/* Below that of the harness, so that it can be said what is missing. */
#define TIMEOUT_MS	300000
#define CACHE		"/dev/damon_sample_cache"

/* What the kernel calls a sample. */
#define NAME(sample)		"damon_sample_" sample
#define set(sample, param, value) damon_param_set(NAME(sample), param, value)
#define set_long(sample, param, value) \
	damon_param_set_long(NAME(sample), param, value)
#define get_long(sample, param)	damon_param_get_long(NAME(sample), param)
#define is_on(sample)		damon_param_is_on(NAME(sample))

static bool wait_off(const char *name)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;

	while (damon_param_is_on(name) && damon_sysfs_now_ms() < end)
		damon_sysfs_sleep_ms(20);
	return !damon_param_is_on(name);
}

/*
 * A program that has HOT_SZ + IDLE_SZ at @area, on one node, and keeps using the first.
 * The area is mapped here, too, so that its address is known, but not touched.
 */
static pid_t start_program(char **area, int nid)
{
	unsigned long nodes = 1UL << nid, i;
	pid_t child;

	*area = mmap(NULL, HOT_SZ + IDLE_SZ, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	child = fork();
	if (child)
		return child;
	/* Not to outlive a test that fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Preferred only: it may be moved. */
	if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &nodes, 64))
		_exit(1);
	memset(*area, 1, HOT_SZ + IDLE_SZ);
	for (;;) {
		for (i = 0; i < HOT_SZ; i += PAGE)
			((volatile char *)*area)[i]++;
		damon_sysfs_sleep_ms(2);
	}
}

FIXTURE(samples) {
	char *area;
	pid_t child;
};

FIXTURE_SETUP(samples)
{
	ASSERT_EQ(0, damon_make_swap());
	self->child = start_program(&self->area, 0);
}

FIXTURE_TEARDOWN(samples)
{
	set("wsse", "enabled", "N");
	set("prcl", "enabled", "N");
	set("mtier", "enabled", "N");
	set("cache", "enabled", "N");
	damon_sysfs_kill(self->child);
	munmap(self->area, HOT_SZ + IDLE_SZ);
}

static bool wait_wss(long least, long most)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	long wss;

	do {
		damon_sysfs_sleep_ms(50);
		wss = get_long("wsse", "wss_bytes");
	} while ((wss < least || wss > most) && damon_sysfs_now_ms() < end);
	printf("# working set of %ld bytes\n", wss);
	return wss >= least && wss <= most;
}

TEST_F_TIMEOUT(samples, wsse, TEST_TIMEOUT_DEFAULT)
{
	/* Some stack, some of the C library. */
	ASSERT_EQ(0, set_long("wsse", "target_pid", self->child));
	ASSERT_EQ(0, set("wsse", "enabled", "Y"));
	ASSERT_TRUE(is_on("wsse"));
	EXPECT_TRUE(wait_wss(HOT_SZ, HOT_SZ + HOT_SZ / 2));
	/* Again is no error, and changes nothing. */
	EXPECT_EQ(0, set("wsse", "enabled", "Y"));
	EXPECT_EQ(0, set("wsse", "enabled", "N"));
	EXPECT_FALSE(is_on("wsse"));
	EXPECT_EQ(0, set("wsse", "enabled", "N"));
}

/* It ends with its process, says so, and can be switched on for another. */
TEST_F_TIMEOUT(samples, ends_with_process, TEST_TIMEOUT_DEFAULT)
{
	pid_t gone = self->child;

	ASSERT_EQ(0, set_long("wsse", "target_pid", gone));
	ASSERT_EQ(0, set("wsse", "enabled", "Y"));
	damon_sysfs_kill(gone);
	EXPECT_TRUE(wait_off(NAME("wsse")));
	EXPECT_EQ(-ESRCH, set("wsse", "enabled", "Y"));
	EXPECT_EQ(-EINVAL, set("wsse", "enabled", "perhaps"));
	self->child = start_program(&self->area, 0);
	ASSERT_EQ(0, set_long("wsse", "target_pid", self->child));
	EXPECT_EQ(0, set("wsse", "enabled", "Y"));
	EXPECT_TRUE(is_on("wsse"));
}

TEST_F_TIMEOUT(samples, prcl, TEST_TIMEOUT_DEFAULT)
{
	char *idle = self->area + HOT_SZ, *area_end = idle + IDLE_SZ;
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long out = 0, hot;

	ASSERT_EQ(0, set_long("prcl", "target_pid", self->child));
	ASSERT_EQ(0, set_long("prcl", "min_age_ms", 500));
	ASSERT_EQ(0, set("prcl", "enabled", "Y"));
	while (out < IDLE_SZ / PAGE / 10 * 9 && damon_sysfs_now_ms() < end) {
		damon_sysfs_sleep_ms(100);
		out = damon_count_pages(self->child, idle, area_end,
					DAMON_PAGE_SWAPPED);
	}
	hot = damon_count_pages(self->child, self->area, idle,
				DAMON_PAGE_SWAPPED);
	printf("# %lu idle pages and %lu hot ones were taken\n", out, hot);
	EXPECT_GE(out, IDLE_SZ / PAGE / 10 * 9);
	EXPECT_LE(hot, HOT_SZ / PAGE / 10);
	/* It is reported a window later. */
	end = damon_sysfs_now_ms() + TIMEOUT_MS;
	while (get_long("prcl", "reclaimed_bytes") < (long)(out * PAGE) &&
	       damon_sysfs_now_ms() < end)
		damon_sysfs_sleep_ms(20);
	EXPECT_GE(get_long("prcl", "reclaimed_bytes"), (long)(out * PAGE));
}

/* Half of it will do: where physical memory is mixed, so is what is said of it. */
static bool wait_on_node(pid_t pid, char *start, char *end, int nid)
{
	unsigned long all = (end - start) / PAGE, there;
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;

	do {
		damon_sysfs_sleep_ms(100);
		there = damon_count_on_node(pid, start, end, nid);
	} while (there < all / 2 && damon_sysfs_now_ms() < until);
	printf("# %lu of %lu pages are on node %d\n", there, all, nid);
	/* Until that is reported. */
	damon_sysfs_sleep_ms(1000);
	return there >= all / 2;
}

/* What is hot goes to the fast node, what is cold to the slow one. */
TEST_F_TIMEOUT(samples, mtier, 900)
{
	char *idle = self->area + HOT_SZ, *end = idle + IDLE_SZ;

	EXPECT_EQ(0, set("mtier", "fast_nid", "-1"));
	EXPECT_EQ(-EINVAL, set("mtier", "enabled", "Y"));
	EXPECT_EQ(0, set("mtier", "fast_nid", "0"));
	EXPECT_EQ(0, set("mtier", "slow_nid", "1"));
	/* The program is on the fast node, which has to be free: the cold part goes. */
	EXPECT_EQ(0, set("mtier", "free_bp", "10000"));
	ASSERT_EQ(0, set("mtier", "enabled", "Y"));
	EXPECT_TRUE(wait_on_node(self->child, idle, end, 1));
	EXPECT_GT(get_long("mtier", "demoted_bytes"), 0);
	ASSERT_EQ(0, set("mtier", "enabled", "N"));

	/* Another is on the slow one, and there is room on the other: the hot part goes. */
	damon_sysfs_kill(self->child);
	munmap(self->area, HOT_SZ + IDLE_SZ);
	self->child = start_program(&self->area, 1);
	EXPECT_EQ(0, set("mtier", "free_bp", "1"));
	ASSERT_EQ(0, set("mtier", "enabled", "Y"));
	EXPECT_TRUE(wait_on_node(self->child, self->area, self->area + HOT_SZ, 0));
	EXPECT_GT(get_long("mtier", "promoted_bytes"), 0);
}

/* The blocks in use stay, the others go. */
TEST_F_TIMEOUT(samples, cache, TEST_TIMEOUT_DEFAULT)
{
	const long hot = 256, all = 4096;
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	static char block[PAGE];
	long i, cached = 0;
	int fd = open(CACHE, O_RDONLY);

	ASSERT_GE(fd, 0);
	for (i = 0; i < all; i++)
		ASSERT_EQ(PAGE, pread(fd, block, PAGE, i * PAGE));
	EXPECT_EQ(all * PAGE, get_long("cache", "cached_bytes"));
	ASSERT_EQ(0, set_long("cache", "min_age_ms", 500));
	ASSERT_EQ(0, set("cache", "enabled", "Y"));
	do {
		for (i = 0; i < hot; i++)
			ASSERT_EQ(PAGE, pread(fd, block, PAGE, i * PAGE));
		damon_sysfs_sleep_ms(1);
		cached = get_long("cache", "cached_bytes");
	} while (cached > 2 * hot * PAGE && damon_sysfs_now_ms() < end);
	printf("# %ld of %ld blocks are left, %ld are in use\n", cached / PAGE,
	       all, hot);
	EXPECT_LE(cached, 2 * hot * PAGE);
	/* Some at the border may have been taken for idle, until they are read again. */
	EXPECT_GE(cached, hot / 2 * PAGE);
	/* The end of a block, and of the device. */
	EXPECT_EQ(1, pread(fd, block, PAGE, PAGE - 1));
	EXPECT_EQ(0, pread(fd, block, PAGE, 64L << 20));
	EXPECT_EQ(-1, pread(fd, (void *)1, PAGE, 0));
	close(fd);
}

TEST_HARNESS_MAIN
