// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables that come and go under the survey. Threads of one process map and
 * unmap, move, protect, collapse and split, truncate and fork, while two
 * kdamonds survey and sample it. Afterwards both find again what is touched all the
 * time. What else may go wrong shows in the kernel's log.
 *
 * Each thread has slots of its own, as large as what one entry of the top level
 * spans: with the last mapping in a slot its tables go, of every level.
 *
 * Environment: DAMON_TEST_MS, how long each storm lasts (3,000).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define SLOT_SZ		(512 * GIB)
#define ARENA		0x100000000000UL
#define MAX_THREADS	8
#define ARENA_SZ	((1 + MAX_THREADS) * SLOT_SZ)
#define HOT_SZ		(8 * MIB)
#define HUGE_SZ		(2 * MIB)
#define NR_KDAMONDS	2
#define NR_SAMPLES	20	/* a window, once all is calm */
#define TIMEOUT_MS	60000

/* Shared with the process that is watched. */
struct shared {
	volatile bool storm;
	volatile unsigned int hot_passes;
	volatile unsigned int rounds[MAX_THREADS];
	volatile unsigned int collapsed;
	volatile int trouble;		/* line at which a thread gave up */
	unsigned int threads[MAX_THREADS];	/* what they do, from 1 on */
};

static struct shared *shared;
static int hugetlb_fd, shmem_fd;

static bool trouble(int line)
{
	shared->trouble = line;
	return false;
}

static char *map_at(char *at, unsigned long size, int flags, int fd)
{
	return mmap(at, size, PROT_READ | PROT_WRITE,
		    MAP_FIXED_NOREPLACE | MAP_NORESERVE | flags, fd, 0);
}

/* What threads do. Each returns false if something failed that must not. */

static bool small_pages(char *slot, unsigned int i)
{
	char *at = map_at(slot, 8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *to = slot + (1 + i % 5) * GIB;

	if (at == MAP_FAILED)
		return trouble(__LINE__);
	memset(at, i, 2 * MIB);
	madvise(at + MIB, MIB, MADV_DONTNEED);
	at = mremap(at, 8 * MIB, 16 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (at != to || mprotect(at, MIB, PROT_NONE))
		return trouble(__LINE__);
	/* In pieces: tables are freed while others stay. */
	if (munmap(at + 4 * MIB, 8 * MIB) || munmap(at, 16 * MIB))
		return trouble(__LINE__);
	return true;
}

/* Tables of every level go, under the lock for reading alone. */
static bool whole_tables(char *slot, unsigned int i)
{
	unsigned long size = (1 + i % 3) * GIB, at;

	if (map_at(slot, size, MAP_PRIVATE | MAP_ANONYMOUS, -1) == MAP_FAILED)
		return trouble(__LINE__);
	for (at = 0; at < size; at += 32 * MIB)
		slot[at] = 1;
	if (i % 2 && munmap(slot + size - GIB, GIB))
		return trouble(__LINE__);
	return !munmap(slot, size) || trouble(__LINE__);
}

/* Tables of PTEs become huge pages, of others' mappings too, and the reverse. */
static bool huge_pages(char *slot, unsigned int i)
{
	bool file = i % 2;
	char *at = map_at(slot, 2 * HUGE_SZ, file ? MAP_SHARED :
			  MAP_PRIVATE | MAP_ANONYMOUS, file ? shmem_fd : -1);
	unsigned long page;

	if (at == MAP_FAILED)
		return trouble(__LINE__);
	for (page = 0; page < HUGE_SZ; page += 4096)
		at[page] = i;
	madvise(at, 2 * HUGE_SZ, MADV_HUGEPAGE);
	if (!madvise(at, HUGE_SZ, MADV_COLLAPSE))
		__atomic_add_fetch(&shared->collapsed, 1, __ATOMIC_RELAXED);
	if (file)
		fallocate(shmem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096);
	else if (i % 4)
		madvise(at + 8192, 4096, MADV_DONTNEED);
	else
		mprotect(at + MIB, 4096, PROT_READ);
	if (munmap(at + MIB, MIB) || munmap(at, 2 * HUGE_SZ))
		return trouble(__LINE__);
	return true;
}

/*
 * hazard E24: mappings of whole GiB of one file share their tables. There may be no
 * page to be had, and others truncate: only calls that can say so touch it.
 */
static bool hugetlb_pages(char *slot, unsigned int i)
{
	char *at = map_at(slot, GIB, MAP_SHARED, hugetlb_fd);

	if (at == MAP_FAILED)
		return trouble(__LINE__);
	madvise(at, (1 + i % 4) * HUGE_SZ, MADV_POPULATE_WRITE);
	switch (i % 4) {
	case 0:
		ftruncate(hugetlb_fd, HUGE_SZ);
		ftruncate(hugetlb_fd, GIB);
		break;
	case 1:
		fallocate(hugetlb_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  HUGE_SZ, HUGE_SZ);
		break;
	case 2:
		/* Unshares. */
		mprotect(at + HUGE_SZ, HUGE_SZ, PROT_READ);
		break;
	}
	return !munmap(at, GIB) || trouble(__LINE__);
}

static bool forks(char *slot, unsigned int i)
{
	pid_t child = fork();
	int status;

	if (!child) {
		*(volatile char *)(ARENA + i % HOT_SZ) = 1;
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return trouble(__LINE__);
	return true;
}

enum { NOTHING, SMALL, TABLES, HUGE, HUGETLB, FORKS, NR_WORKS };

static bool (* const works[NR_WORKS])(char *slot, unsigned int i) = {
	[SMALL] = small_pages,
	[TABLES] = whole_tables,
	[HUGE] = huge_pages,
	[HUGETLB] = hugetlb_pages,
	[FORKS] = forks,
};

static void *work(void *arg)
{
	unsigned long nr = (unsigned long)arg;
	char *slot = (char *)ARENA + (1 + nr) * SLOT_SZ;
	unsigned int i;

	for (i = 0; shared->storm && works[shared->threads[nr]](slot, i); i++)
		__atomic_add_fetch(&shared->rounds[nr], 1, __ATOMIC_RELAXED);
	return NULL;
}

/* The process that is watched: its first thread touches what is hot. */
static int __attribute__((noreturn)) target(void)
{
	char *hot = map_at((char *)ARENA, HOT_SZ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned long nr, at;
	pthread_t thread;

	hugetlb_fd = memfd_create("hugetlb", MFD_HUGETLB);
	shmem_fd = memfd_create("shmem", 0);
	if (hot == MAP_FAILED || hugetlb_fd < 0 || shmem_fd < 0 ||
	    ftruncate(hugetlb_fd, GIB) || ftruncate(shmem_fd, 2 * HUGE_SZ)) {
		trouble(__LINE__);
		_exit(1);
	}
	for (nr = 0; nr < MAX_THREADS && shared->threads[nr]; nr++) {
		if (pthread_create(&thread, NULL, work, (void *)nr)) {
			trouble(__LINE__);
			_exit(1);
		}
	}
	for (;; damon_sysfs_sleep_ms(1)) {
		for (at = 0; at < HOT_SZ; at += 4096)
			(*(volatile char *)(hot + at))++;
		shared->hot_passes++;
	}
}

static pid_t start_target(void)
{
	unsigned int passes = shared->hot_passes;
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		target();
	}
	while (shared->hot_passes == passes && damon_sysfs_now_ms() < end)
		damon_sysfs_sleep_ms(1);
	return child;
}

static int write_attrs(int kdamond, long sample_us, long aggr_us, long min, long max)
{
	const struct {
		const char *file;
		long value;
	} rows[] = {
		{ "intervals/sample_us", sample_us },
		{ "intervals/aggr_us", aggr_us },
		{ "intervals/update_us", aggr_us },
		{ "nr_regions/max", max },
		{ "nr_regions/min", min },
	};
	unsigned int i;
	char path[128];
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path), "%d/contexts/0/monitoring_attrs/%s", kdamond,
			 rows[i].file);
		err = damon_sysfs_write_long(path, rows[i].value);
	}
	return err;
}

static int command(int kdamond, const char *keyword)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/state", kdamond);
	return damon_sysfs_write(path, keyword);
}

/* One follows the mappings; the other has the whole arena, and all holes in it. */
static int start_kdamonds(pid_t child)
{
	int err = damon_sysfs_stage_many(NR_KDAMONDS, child), i;

	for (i = 0; !err && i < NR_KDAMONDS; i++)
		err = write_attrs(i, 1000, 20000, 1000, 10000);
	err = err ?: damon_sysfs_write("1/contexts/0/operations", "fvaddr");
	err = err ?: damon_sysfs_write("1/contexts/0/targets/0/regions/nr_regions", "1");
	err = err ?: damon_sysfs_write_long("1/contexts/0/targets/0/regions/0/start", ARENA);
	err = err ?: damon_sysfs_write_long("1/contexts/0/targets/0/regions/0/end",
					    ARENA + ARENA_SZ);
	for (i = 0; !err && i < NR_KDAMONDS; i++)
		err = command(i, "on");
	return err;
}

/* F1 of "is accessed" in the arena, by bytes, window by window. */
struct judge {
	unsigned long last;
	double hit, wrong;
	unsigned int windows, good;
	double f1;
};

static double overlap(const struct damon_event *e, unsigned long start, unsigned long end)
{
	unsigned long a = e->start > start ? e->start : start;
	unsigned long b = e->end < end ? e->end : end;

	return a < b ? b - a : 0;
}

static void see(const struct damon_event *e, void *data)
{
	struct judge *j = data;

	/* Regions are in order: a new window. */
	if (e->start <= j->last) {
		j->f1 = 2 * j->hit / (HOT_SZ + j->hit + j->wrong);
		j->good = j->f1 >= 0.9 ? j->good + 1 : 0;
		j->windows++;
		j->hit = 0;
		j->wrong = 0;
	}
	j->last = e->start;
	if (e->nr_accesses * 4 < NR_SAMPLES)
		return;
	j->hit += overlap(e, ARENA, ARENA + HOT_SZ);
	j->wrong += overlap(e, ARENA + HOT_SZ, ARENA + ARENA_SZ);
}

/* Does a kdamond find what is hot, and nothing else? */
static bool finds_hot(int kdamond)
{
	struct damon_trace *trace = calloc(1, sizeof(*trace));
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	struct judge j = { 0 };
	char path[16];

	snprintf(path, sizeof(path), "%d/pid", kdamond);
	if (!trace || damon_trace_open(trace))
		return false;
	if (!damon_trace_filter(trace, damon_sysfs_read_long(path))) {
		/* What was traced before is of either. */
		damon_trace_read(trace, see, &j);
		memset(&j, 0, sizeof(j));
		while (j.good < 2 && damon_sysfs_now_ms() < end &&
		       damon_trace_read(trace, see, &j) >= 0)
			damon_sysfs_sleep_ms(50);
	}
	printf("# kdamond %d: F1 %.3f after %u windows\n", kdamond, j.f1, j.windows);
	damon_trace_close(trace);
	free(trace);
	return j.good >= 2;
}

static unsigned long long cost(int kdamond, const char *key)
{
	const char *at;
	char path[16];

	snprintf(path, sizeof(path), "%d/cost", kdamond);
	at = strstr(damon_sysfs_text(path), key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);
}

FIXTURE(survey) {
	pid_t child;
};

FIXTURE_SETUP(survey)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->storm = true;
	put("/proc/sys/vm/nr_hugepages", "16");
	ASSERT_EQ(0, damon_sysfs_reset());
}

FIXTURE_TEARDOWN(survey)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	if (self->child > 0)
		damon_sysfs_kill(self->child);
	put("/proc/sys/vm/nr_hugepages", "0");
	munmap(shared, sizeof(*shared));
}

FIXTURE_VARIANT(survey) {
	unsigned int threads[MAX_THREADS];
};

FIXTURE_VARIANT_ADD(survey, small_pages)
{
	.threads = { SMALL, SMALL },
};

/* hazard G1 */
FIXTURE_VARIANT_ADD(survey, whole_tables)
{
	.threads = { TABLES, TABLES },
};

/* hazards E1, E4 */
FIXTURE_VARIANT_ADD(survey, huge_pages)
{
	.threads = { HUGE, HUGE },
};

/* hazard E24 */
FIXTURE_VARIANT_ADD(survey, hugetlb)
{
	.threads = { HUGETLB, HUGETLB, FORKS },
};

FIXTURE_VARIANT_ADD(survey, forks)
{
	.threads = { FORKS, FORKS, SMALL },
};

FIXTURE_VARIANT_ADD(survey, all_at_once)
{
	.threads = { SMALL, TABLES, HUGE, HUGETLB, FORKS },
};

static bool all_went_on(const unsigned int *before)
{
	unsigned int i;

	for (i = 0; i < MAX_THREADS && shared->threads[i]; i++)
		if (shared->rounds[i] < before[i] + 2)
			return false;
	return true;
}

static bool both_are_on(void)
{
	return damon_sysfs_is_on(0) && damon_sysfs_is_on(1);
}

TEST_F_TIMEOUT(survey, storm, 240)
{
	unsigned int before[MAX_THREADS], i;
	long long now, end;

	memcpy(shared->threads, variant->threads, sizeof(shared->threads));
	self->child = start_target();
	ASSERT_LT(0, self->child);
	ASSERT_EQ(0, start_kdamonds(self->child));
	memcpy(before, (void *)shared->rounds, sizeof(before));
	end = damon_sysfs_now_ms() + damon_sysfs_option("DAMON_TEST_MS", 3000);
	do {
		/* Pages migrate meanwhile. */
		put("/proc/sys/vm/compact_memory", "1");
		damon_sysfs_sleep_ms(100);
		ASSERT_EQ(0, waitpid(self->child, NULL, WNOHANG));
		ASSERT_TRUE(both_are_on());
		now = damon_sysfs_now_ms();
	} while (!shared->trouble && (now < end || (now < end + TIMEOUT_MS &&
						     !all_went_on(before))));
	EXPECT_EQ(0, shared->trouble) TH_LOG("a thread gave up at this line");
	EXPECT_TRUE(all_went_on(before));
	printf("# rounds");
	for (i = 0; i < MAX_THREADS && shared->threads[i]; i++)
		printf(" %u", shared->rounds[i] - before[i]);
	printf("; collapsed %u\n", shared->collapsed);

	shared->storm = false;
	for (i = 0; i < NR_KDAMONDS; i++) {
		ASSERT_EQ(0, write_attrs(i, 5000, 5000 * NR_SAMPLES, 10, 1000));
		ASSERT_EQ(0, command(i, "commit"));
	}
	for (i = 0; i < NR_KDAMONDS; i++) {
		EXPECT_TRUE(finds_hot(i));
		EXPECT_LT(0, cost(i, "\nsurveyed "));
	}
	for (i = 0; i < NR_KDAMONDS; i++)
		EXPECT_EQ(0, command(i, "off"));
	EXPECT_EQ(0, waitpid(self->child, NULL, WNOHANG));
}

FIXTURE(victim) {
};

FIXTURE_SETUP(victim)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->storm = true;
	ASSERT_EQ(0, damon_sysfs_reset());
}

FIXTURE_TEARDOWN(victim)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	munmap(shared, sizeof(*shared));
}

/* hazard A6: the address space goes at any point of a walk; both threads end. */
TEST_F_TIMEOUT(victim, killed, 240)
{
	long long end = damon_sysfs_now_ms() + damon_sysfs_option("DAMON_TEST_MS", 3000);
	static const unsigned int threads[MAX_THREADS] = { SMALL, TABLES, HUGE };
	unsigned int round = 0;
	pid_t child;

	memcpy(shared->threads, threads, sizeof(threads));
	do {
		child = start_target();
		ASSERT_LT(0, child);
		ASSERT_EQ(0, start_kdamonds(child));
		usleep(round++ * 7919 % 60000);
		damon_sysfs_kill(child);
		ASSERT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
		ASSERT_TRUE(damon_sysfs_wait_off(1, TIMEOUT_MS));
		ASSERT_EQ(0, damon_sysfs_reset());
	} while (damon_sysfs_now_ms() < end);
	EXPECT_EQ(0, shared->trouble);
	printf("# killed %u times\n", round);
}

TEST_HARNESS_MAIN
