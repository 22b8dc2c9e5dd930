// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that comes and goes, and memory of every kind, under the monitor of physical
 * memory and its schemes: blocks of memory go offline and online, as a CPU does, while
 * processes map and unmap what is locked, shared, merged, huge, or nothing but zeros.
 * Afterwards all of it has the content that it had, nothing is lost to its lists, and
 * the monitor still works. What else may go wrong shows in the kernel's log.
 *
 * Needs two CPUs and two nodes. Environment: DAMON_TEST_MS, how long it lasts (6,000).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

#define PAGE		DAMON_SYSFS_PAGE
#define AREA_SZ		(4UL << 20)
#define TIMEOUT_MS	60000
#define BLOCKS		"/sys/devices/system/memory"
#define CPU		"/sys/devices/system/cpu/cpu1/online"
#define HUGETLB		"/proc/sys/vm/nr_hugepages"
#define KSM		"/sys/kernel/mm/ksm/"

struct shared {
	volatile bool stop;
	volatile unsigned int offline;	/* blocks that went */
	volatile unsigned int failed;	/* that came not back */
	volatile unsigned int cpu;	/* how often the CPU went */
	volatile unsigned int rounds;	/* of all kinds of memory */
	volatile int trouble;		/* line at which a child gave up */
};

static struct shared *shared;

static void give_up(int line)
{
	shared->trouble = line;
	_exit(1);
}

/* One block of memory, "memory7": away and back. */
static void cycle_block(const char *name)
{
	char path[512];
	int i;

	snprintf(path, sizeof(path), BLOCKS "/%s/state", name);
	/* What cannot be moved stays, and so does its block. */
	if (damon_write_file(path, "offline"))
		return;
	shared->offline++;
	for (i = 0; i < 100 && damon_write_file(path, "online"); i++)
		damon_sysfs_sleep_ms(20);
	shared->failed += i == 100;
}

static void cycle_blocks(void)
{
	struct dirent *e;
	DIR *dir;

	while (!shared->stop) {
		dir = opendir(BLOCKS);
		if (!dir)
			give_up(__LINE__);
		while (!shared->stop && (e = readdir(dir)))
			if (!strncmp(e->d_name, "memory", 6))
				cycle_block(e->d_name);
		closedir(dir);
	}
}

static void cycle_cpu(void)
{
	while (!shared->stop) {
		if (damon_write_file(CPU, "0"))
			give_up(__LINE__);
		shared->cpu++;
		damon_sysfs_sleep_ms(50);
		if (damon_write_file(CPU, "1"))
			give_up(__LINE__);
		damon_sysfs_sleep_ms(50);
	}
}

static char *map(int flags, int fd, char fill)
{
	char *p = mmap(NULL, AREA_SZ, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		give_up(__LINE__);
	if (fill)
		memset(p, fill, AREA_SZ);
	return p;
}

/* All bytes are what they were. */
static void verify(const char *p, char fill, int line)
{
	unsigned long i;

	for (i = 0; i < AREA_SZ; i += 64)
		if (p[i] != fill)
			give_up(line);
}

/* Every kind of memory, until told to stop. */
static void use_memory(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	int hugetlb = memfd_create("damon", MFD_HUGETLB);
	char *locked, *merged, *zero, *huge, *huge2, *plain, *thp;
	pid_t child;

	if (hugetlb < 0 || ftruncate(hugetlb, AREA_SZ))
		give_up(__LINE__);
	while (!shared->stop) {
		locked = map(flags, -1, 1);
		if (mlock(locked, AREA_SZ))
			give_up(__LINE__);
		merged = map(flags, -1, 2);
		madvise(merged, AREA_SZ, MADV_MERGEABLE);
		zero = map(flags, -1, 0);
		huge = map(MAP_SHARED, hugetlb, 3);
		huge2 = map(MAP_SHARED, hugetlb, 0);
		plain = map(flags, -1, 4);
		thp = map(flags, -1, 0);
		madvise(thp, AREA_SZ, MADV_HUGEPAGE);
		memset(thp, 5, AREA_SZ);
		child = fork();
		if (!child)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Both, the child shares all of it. */
		damon_sysfs_sleep_ms(150);
		verify(locked, 1, __LINE__);
		verify(merged, 2, __LINE__);
		verify(zero, 0, __LINE__);
		verify(huge, 3, __LINE__);
		verify(huge2, 3, __LINE__);
		verify(plain, 4, __LINE__);
		verify(thp, 5, __LINE__);
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		munmap(locked, AREA_SZ);
		munmap(merged, AREA_SZ);
		munmap(zero, AREA_SZ);
		munmap(huge, AREA_SZ);
		munmap(huge2, AREA_SZ);
		munmap(plain, AREA_SZ);
		munmap(thp, AREA_SZ);
		shared->rounds++;
	}
}

static pid_t start(void (*fn)(void))
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fn();
	_exit(0);
}

FIXTURE(races) {
	pid_t children[3];
};

FIXTURE_SETUP(races)
{
	static const char * const files[][2] = {
		{ HUGETLB, "8" },
		{ KSM "run", "1" },
		{ KSM "sleep_millisecs", "10" },
		{ KSM "pages_to_scan", "1000" },
		{ KSM "use_zero_pages", "1" },
		{ "/sys/kernel/mm/transparent_hugepage/enabled", "madvise" },
	};
	unsigned int i;
	int err;

	err = damon_make_swap();
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		ASSERT_EQ(0, damon_write_file(files[i][0], files[i][1]))
			TH_LOG("%s", files[i][0]);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage_ram());
}

FIXTURE_TEARDOWN(races)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(self->children); i++)
		if (self->children[i] > 0)
			damon_sysfs_kill(self->children[i]);
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_write_file(CPU, "1");
	damon_write_file(KSM "run", "2");
	damon_write_file(HUGETLB, "0");
}

/* Four schemes that tear at the same pages all the time. */
static int stage_schemes(void)
{
	static const char * const actions[][2] = {
		{ "migrate_hot", "0" }, { "migrate_cold", "1" },
		{ "pageout", "0" }, { "lru_prio", "0" },
	};
	char path[128];
	unsigned int i;
	int err;

	err = damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "4");
	for (i = 0; !err && i < ARRAY_SIZE(actions); i++) {
		const char * const rows[][2] = {
			{ "action", actions[i][0] },
			{ "target_nid", actions[i][1] },
			{ "access_pattern/sz/max", DAMON_MAX_ULONG },
			{ "access_pattern/nr_accesses/min", i ? "0" : "1" },
			{ "access_pattern/nr_accesses/max", i ? "3" : "99" },
			{ "access_pattern/age/max", DAMON_MAX_UINT },
			{ "quotas/bytes", "67108864" },
			{ "quotas/reset_interval_ms", "100" },
		};
		unsigned int j;

		for (j = 0; !err && j < ARRAY_SIZE(rows); j++) {
			snprintf(path, sizeof(path), DAMON_SCHEMES "%u/%s", i,
				 rows[j][0]);
			err = damon_sysfs_write(path, rows[j][1]);
		}
	}
	return err;
}

static long nth_stat(int nth, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), DAMON_SCHEMES "%d/stats/%s", nth, name);
	if (damon_state("update_schemes_stats"))
		return -1;
	return damon_sysfs_read_long(path);
}

TEST_F(races, survives)
{
	static void (* const fns[])(void) = { cycle_blocks, cycle_cpu, use_memory };
	unsigned int i;
	long tried;
	int status;

	ASSERT_EQ(0, stage_schemes());
	ASSERT_EQ(0, damon_state("on"));
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		self->children[i] = start(fns[i]);
		ASSERT_LT(0, self->children[i]);
	}
	damon_sysfs_sleep_ms(damon_sysfs_option("DAMON_TEST_MS", 6000));
	/* At least one of each, however slow the machine is. */
	for (i = 0; i < TIMEOUT_MS / 100 && !shared->trouble &&
	     !(shared->offline && shared->cpu && shared->rounds); i++)
		damon_sysfs_sleep_ms(100);
	shared->stop = true;
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		EXPECT_EQ(self->children[i],
			  waitpid(self->children[i], &status, 0));
		EXPECT_EQ(0, status);
		self->children[i] = 0;
	}
	TH_LOG("%u blocks, a CPU %u times, %u rounds of memory",
	       shared->offline, shared->cpu, shared->rounds);
	EXPECT_EQ(0, shared->trouble);
	EXPECT_EQ(0, shared->failed);
	EXPECT_LT(0, shared->offline);
	EXPECT_LT(0, shared->cpu);
	EXPECT_LT(0, shared->rounds);

	/* It still works. */
	EXPECT_LT(0, nth_stat(1, "sz_applied"));
	EXPECT_LT(0, nth_stat(2, "sz_applied"));
	tried = nth_stat(1, "nr_tried");
	for (i = 0; i < 100 && nth_stat(1, "nr_tried") == tried; i++)
		damon_sysfs_sleep_ms(100);
	EXPECT_LT(tried, nth_stat(1, "nr_tried"));
	EXPECT_TRUE(damon_sysfs_is_on(0));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

TEST_HARNESS_MAIN
