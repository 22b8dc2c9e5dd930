// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes on the pages of a real process: which of them filters keep, where
 * migration puts them, what becomes huge. What was done is read from page tables
 * and page flags, not from what the schemes say. Needs two nodes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

/* Newer than the C library. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define PAGE		DAMON_SYSFS_PAGE
#define HUGE_PAGE	(2UL << 20)
#define AREA_SZ		(4UL << 20)
#define AREA_PAGES	(AREA_SZ / PAGE)
/* Below that of the harness, so that it can be said what is missing. */
#define TIMEOUT_MS	150000
#define THP_FILES	"/sys/kernel/mm/transparent_hugepage"
#define CGROUPS		"/sys/fs/cgroup"
#define CGROUP		"damon_pages"

/* What the victim has. */
enum area {
	ANON,		/* small anonymous pages */
	FILE_INACTIVE,	/* of a file in memory */
	FILE_ACTIVE,	/* likewise, read several times */
	THP,		/* huge pages */
	CHARGED,	/* small anonymous pages of another cgroup */
	HOT,		/* small anonymous pages in use all the time */
	NR_AREAS,
};

/* Shared with the victim. */
struct shared {
	char *area[NR_AREAS];
	volatile bool ready;
	volatile long resident;		/* pages of ANON, as mincore() says */
};

/* Run on each area's pages by the victim. */
static void touch(char *area)
{
	unsigned long i;

	for (i = 0; i < AREA_SZ; i += PAGE)
		((volatile char *)area)[i]++;
}

static char *map_anon(int advice)
{
	/* Room to align it. */
	char *p = mmap(NULL, 2 * AREA_SZ, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	p = (char *)(((uintptr_t)p + AREA_SZ - 1) & ~(AREA_SZ - 1));
	madvise(p, AREA_SZ, advice);
	touch(p);
	return p;
}

static char *map_file(bool active)
{
	int fd = memfd_create("damon", MFD_CLOEXEC);
	static char buf[AREA_SZ];
	int i;
	char *p;

	if (ftruncate(fd, AREA_SZ))
		_exit(1);
	p = mmap(NULL, AREA_SZ, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	madvise(p, AREA_SZ, MADV_NOHUGEPAGE);
	touch(p);
	/* Each read is a reference; the second makes a page active. */
	for (i = 0; active && i < 3; i++)
		if (pread(fd, buf, AREA_SZ, 0) != AREA_SZ)
			_exit(1);
	return p;
}

static void victim(struct shared *shared)
{
	static unsigned char vec[AREA_PAGES];
	unsigned long nodes = 1;
	unsigned long i, nr;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* All of it begins on the first node. */
	syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 64UL);
	shared->area[ANON] = map_anon(MADV_NOHUGEPAGE);
	shared->area[FILE_INACTIVE] = map_file(false);
	shared->area[FILE_ACTIVE] = map_file(true);
	shared->area[THP] = map_anon(MADV_HUGEPAGE);
	/* Memory may have been in too small pieces. */
	madvise(shared->area[THP], AREA_SZ, MADV_COLLAPSE);
	shared->area[HOT] = map_anon(MADV_NORMAL);
	if (!damon_write_file(CGROUPS "/" CGROUP "/cgroup.procs", "0"))
		shared->area[CHARGED] = map_anon(MADV_NOHUGEPAGE);
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
	shared->ready = true;
	for (;;) {
		touch(shared->area[HOT]);
		damon_sysfs_sleep_ms(2);
		mincore(shared->area[ANON], AREA_SZ, vec);
		for (i = 0, nr = 0; i < AREA_PAGES; i++)
			nr += vec[i] & 1;
		shared->resident = nr;
	}
}

FIXTURE(pages) {
	struct shared *shared;
	pid_t victim;
	char *area[NR_AREAS];
};

/* For each test a process of its own runs this. */
FIXTURE_SETUP(pages)
{
	long long until;
	int err, i;

	err = damon_make_swap();
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	/* The flag "active" is one of the two lists, which this one has not. */
	damon_write_file("/sys/kernel/mm/lru_gen/enabled", "n");
	ASSERT_EQ(0, damon_write_file(THP_FILES "/enabled", "madvise"));
	mkdir(CGROUPS, 0755);
	mount("none", CGROUPS, "cgroup2", 0, NULL);
	ASSERT_EQ(0, damon_write_file(CGROUPS "/cgroup.subtree_control", "+memory"));
	mkdir(CGROUPS "/" CGROUP, 0755);

	ASSERT_EQ(0, damon_sysfs_reset());
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	self->victim = fork();
	if (!self->victim)
		victim(self->shared);
	ASSERT_LT(0, self->victim);
	until = damon_sysfs_now_ms() + TIMEOUT_MS;
	while (!self->shared->ready && damon_sysfs_now_ms() < until)
		damon_sysfs_sleep_ms(20);
	ASSERT_TRUE(self->shared->ready);
	/* All pages on their lists, none on its way. */
	ASSERT_EQ(0, damon_write_file("/proc/sys/vm/drop_caches", "1"));
	ASSERT_NE(NULL, self->shared->area[CHARGED])
		TH_LOG("no memory cgroup " CGROUPS "/" CGROUP);
	for (i = 0; i < NR_AREAS; i++)
		self->area[i] = self->shared->area[i];
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
}

FIXTURE_TEARDOWN(pages)
{
	damon_sysfs_kill(self->victim);
	munmap(self->shared, sizeof(*self->shared));
	EXPECT_EQ(0, damon_sysfs_reset());
	rmdir(CGROUPS "/" CGROUP);
}

static unsigned long nr_present(FIXTURE_DATA(pages) * self, enum area area)
{
	return damon_count_pages(self->victim, self->area[area],
				 self->area[area] + AREA_SZ, DAMON_PAGE_PRESENT);
}

static unsigned long nr_on_node(FIXTURE_DATA(pages) * self, enum area area,
				int nid)
{
	return damon_count_on_node(self->victim, self->area[area],
				   self->area[area] + AREA_SZ, nid);
}

static unsigned long nr_active(FIXTURE_DATA(pages) * self, enum area area)
{
	return damon_count_flags(self->victim, self->area[area],
				 self->area[area] + AREA_SZ, DAMON_KPF_ACTIVE);
}

/* Wait until an expression is true. Returns whether it is. */
#define WAIT(_expr) ({							\
	long long _until = damon_sysfs_now_ms() + TIMEOUT_MS;		\
	bool _true;							\
									\
	while (!(_true = (_expr)) && damon_sysfs_now_ms() < _until)	\
		damon_sysfs_sleep_ms(100);				\
	_true;								\
})

static int filter(const char *type, const char *matching, const char *allow)
{
	return damon_scheme_set("ops_filters/nr_filters", "1") ?:
	       damon_scheme_set("ops_filters/0/type", type) ?:
	       damon_scheme_set("ops_filters/0/matching", matching) ?:
	       damon_scheme_set("ops_filters/0/allow", allow);
}

/*
 * Page out what is cold and passes the filter. @stays: bits of the areas that the
 * filter keeps. Returns bits of the areas with which that went wrong.
 */
static unsigned int page_out(struct __test_metadata *_metadata,
			     FIXTURE_DATA(pages) * self, unsigned int stays)
{
	static const char * const names[] = {
		"anon", "inactive file", "active file", "huge", "charged",
	};
	unsigned int wrong = 0;
	unsigned long nr;
	int i;

	EXPECT_EQ(0, damon_state("on"));
	for (i = 0; i < HOT; i++)
		if (!(stays & 1 << i) && !WAIT(nr_present(self, i) < AREA_PAGES / 50)) {
			wrong |= 1 << i;
			TH_LOG("%s: %lu pages are still there", names[i],
			       nr_present(self, i));
		}
	/* Time for those that have to stay, too. */
	damon_sysfs_sleep_ms(1000);
	for (i = 0; i < HOT; i++) {
		if (!(stays & 1 << i))
			continue;
		nr = nr_present(self, i);
		if (nr != AREA_PAGES) {
			wrong |= 1 << i;
			TH_LOG("%s: only %lu pages are left", names[i], nr);
		}
	}
	return wrong;
}

#define ALL_ANON	(1 << ANON | 1 << THP | 1 << CHARGED)
#define ALL_FILE	(1 << FILE_INACTIVE | 1 << FILE_ACTIVE)

TEST_F(pages, without_filter)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	EXPECT_EQ(0, page_out(_metadata, self, 0));
	EXPECT_LE(AREA_PAGES * 49 / 50, nr_present(self, HOT));
}

TEST_F(pages, rejects_anon)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("anon", "Y", "N"));
	EXPECT_EQ(0, page_out(_metadata, self, ALL_ANON));
}

/* hazard E15: all but what is of the type */
TEST_F(pages, rejects_all_but_anon)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("anon", "N", "N"));
	EXPECT_EQ(0, page_out(_metadata, self, ALL_FILE));
}

TEST_F(pages, allows_only_anon)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("anon", "Y", "Y"));
	EXPECT_EQ(0, page_out(_metadata, self, ALL_FILE));
}

TEST_F(pages, rejects_memcg)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("memcg", "Y", "N"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/memcg_path", "/" CGROUP));
	EXPECT_EQ(0, page_out(_metadata, self, 1 << CHARGED));
}

TEST_F(pages, allows_only_active)
{
	ASSERT_EQ(AREA_PAGES, nr_active(self, FILE_ACTIVE));
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("active", "Y", "Y"));
	EXPECT_EQ(0, page_out(_metadata, self, ALL_ANON | 1 << FILE_INACTIVE));
}

TEST_F(pages, rejects_huge)
{
	ASSERT_TRUE(damon_page_flags(self->victim, self->area[THP]) &
		    DAMON_KPF_THP);
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("hugepage_size", "Y", "N"));
	ASSERT_EQ(0, damon_scheme_set_long("ops_filters/0/min", HUGE_PAGE));
	ASSERT_EQ(0, damon_scheme_set_long("ops_filters/0/max", HUGE_PAGE));
	EXPECT_EQ(0, page_out(_metadata, self, 1 << THP));
}

/* All of a process is mapped. */
TEST_F(pages, allows_only_unmapped)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, filter("unmapped", "Y", "Y"));
	EXPECT_EQ(0, page_out(_metadata, self, ALL_ANON | ALL_FILE));
	EXPECT_EQ(0, damon_scheme_stat("sz_ops_filter_passed"));
}

/* Whatever the monitor thinks of a region: what is in use stays. */
TEST_F(pages, rejects_young)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", DAMON_MAX_UINT, "0"));
	/* In between the victim must have been everywhere, on a slow machine too. */
	ASSERT_EQ(0, damon_scheme_set("apply_interval_us", "2000000"));
	ASSERT_EQ(0, filter("young", "Y", "N"));
	EXPECT_EQ(0, page_out(_metadata, self, 0));
	EXPECT_LE(AREA_PAGES * 9 / 10, nr_present(self, HOT));
}

/* What the filter looks at is not lost for the monitor. */
TEST_F(pages, young_filter_blinds_nobody)
{
	long seen;

	ASSERT_EQ(0, damon_scheme_stage("stat", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("apply_interval_us", "5000"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "15"));
	ASSERT_EQ(0, filter("young", "Y", "Y"));
	ASSERT_EQ(0, damon_state("on"));
	/* Found accessed in three of four looks although the filter clears. */
	EXPECT_TRUE(WAIT(damon_scheme_stat("sz_tried") > (long)AREA_SZ * 50));
	seen = damon_scheme_stat("sz_ops_filter_passed");
	EXPECT_LT(0, seen);
}

TEST_F(pages, cold_deactivates)
{
	ASSERT_EQ(0, damon_scheme_stage("cold", "0", "2"));
	ASSERT_EQ(0, filter("anon", "Y", "N"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_active(self, FILE_ACTIVE) < AREA_PAGES / 50));
	EXPECT_EQ(AREA_PAGES, nr_present(self, FILE_ACTIVE));
	EXPECT_LT(0, damon_scheme_stat("sz_applied"));
}

TEST_F(pages, willneed_brings_back)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	EXPECT_EQ(0, page_out(_metadata, self, 0));
	EXPECT_TRUE(WAIT(self->shared->resident < AREA_PAGES / 50));
	ASSERT_EQ(0, damon_state("off"));
	/* Into memory, not into the page table: that takes a fault. */
	ASSERT_EQ(0, damon_scheme_stage("willneed", "0", "0"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(self->shared->resident > AREA_PAGES * 9 / 10))
		TH_LOG("%ld pages are resident", self->shared->resident);
	EXPECT_LT(0, damon_scheme_stat("sz_applied"));
}

/* A line of smaps about the mapping that contains an address, or "". */
static const char *smaps_line(pid_t pid, char *addr, const char *name)
{
	static char line[512];
	unsigned long start, end;
	bool inside = false;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (unsigned long)addr &&
				 (unsigned long)addr < end;
		else if (inside && !strncmp(line, name, strlen(name)))
			break;
		line[0] = '\0';
	}
	if (f)
		fclose(f);
	return line;
}

/* Kilobytes of huge pages in that mapping. */
static long huge_kb(pid_t pid, char *addr)
{
	long kb = -1;

	sscanf(smaps_line(pid, addr, "AnonHugePages:"), "%*s %ld kB", &kb);
	return kb;
}

TEST_F(pages, collapse_makes_huge_pages)
{
	EXPECT_EQ(0, huge_kb(self->victim, self->area[HOT]));
	ASSERT_EQ(0, damon_scheme_stage("collapse", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "10"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(huge_kb(self->victim, self->area[HOT]) >=
			 (long)HUGE_PAGE / 1024));
	EXPECT_EQ(0, huge_kb(self->victim, self->area[ANON]));
}

/* Those are made by khugepaged, when it comes by. */
TEST_F(pages, hugepage_on_the_hot)
{
	ASSERT_EQ(0, damon_write_file(THP_FILES "/khugepaged/scan_sleep_millisecs",
				      "50"));
	ASSERT_EQ(0, damon_scheme_stage("hugepage", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "10"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(huge_kb(self->victim, self->area[HOT]) >=
			 (long)HUGE_PAGE / 1024));
	EXPECT_EQ(0, huge_kb(self->victim, self->area[ANON]));
	EXPECT_FALSE(strstr(smaps_line(self->victim, self->area[HOT],
				       "VmFlags:"), " nh "));

	/* And no more. */
	ASSERT_EQ(0, damon_scheme_set("action", "nohugepage"));
	ASSERT_EQ(0, damon_state("commit"));
	EXPECT_TRUE(WAIT(strstr(smaps_line(self->victim, self->area[HOT],
					   "VmFlags:"), " nh ")));
}

TEST_F(pages, migrates_the_hot)
{
	ASSERT_EQ(AREA_PAGES, nr_on_node(self, HOT, 0));
	ASSERT_EQ(0, damon_scheme_stage("migrate_hot", DAMON_MAX_UINT, "0"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "10"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "1"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_on_node(self, HOT, 1) > AREA_PAGES * 49 / 50));
	EXPECT_EQ(AREA_PAGES, nr_on_node(self, ANON, 0));
	EXPECT_EQ(AREA_PAGES, nr_on_node(self, THP, 0));
	EXPECT_LE((long)AREA_SZ * 49 / 50, damon_scheme_stat("sz_applied"));
}

/* hazards E2, E13: with a filter that rejects; counters as before */
TEST_F(pages, migrates_the_cold)
{
	ASSERT_EQ(0, damon_scheme_stage("migrate_cold", "0", "2"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "1"));
	ASSERT_EQ(0, filter("memcg", "Y", "N"));
	ASSERT_EQ(0, damon_scheme_set("ops_filters/0/memcg_path", "/" CGROUP));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_on_node(self, ANON, 1) == AREA_PAGES));
	EXPECT_TRUE(WAIT(nr_on_node(self, FILE_ACTIVE, 1) == AREA_PAGES));
	EXPECT_TRUE(WAIT(nr_on_node(self, THP, 1) == AREA_PAGES));
	EXPECT_TRUE(damon_page_flags(self->victim, self->area[THP]) &
		    DAMON_KPF_THP);
	EXPECT_EQ(AREA_PAGES, nr_on_node(self, CHARGED, 0));
	EXPECT_LE(AREA_PAGES * 49 / 50, nr_on_node(self, HOT, 0));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

/* Three of four pages to the other node, wherever one looks. */
TEST_F(pages, destinations_have_weights)
{
	static const char * const rows[][2] = {
		{ "dests/nr_dests", "2" },
		{ "dests/0/id", "0" }, { "dests/0/weight", "1" },
		{ "dests/1/id", "1" }, { "dests/1/weight", "3" },
	};
	char *quarter = self->area[ANON] + AREA_SZ / 4;
	unsigned long nr;
	unsigned int i;

	ASSERT_EQ(0, damon_scheme_stage("migrate_cold", "0", "2"));
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		ASSERT_EQ(0, damon_scheme_set(rows[i][0], rows[i][1]));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_on_node(self, ANON, 1) >= AREA_PAGES * 3 / 4));
	damon_sysfs_sleep_ms(500);
	nr = nr_on_node(self, ANON, 1);
	EXPECT_LE(AREA_PAGES * 3 / 4 - AREA_PAGES / 20, nr);
	EXPECT_GE(AREA_PAGES * 3 / 4 + AREA_PAGES / 20, nr);
	nr = damon_count_on_node(self->victim, self->area[ANON], quarter, 1);
	EXPECT_LE(AREA_PAGES * 3 / 16 - AREA_PAGES / 80, nr);
	EXPECT_GE(AREA_PAGES * 3 / 16 + AREA_PAGES / 80, nr);

	/* hazards D37, D38: nowhere, and nothing gets lost */
	ASSERT_EQ(0, damon_scheme_set("dests/0/weight", "0"));
	ASSERT_EQ(0, damon_scheme_set("dests/1/weight", "0"));
	ASSERT_EQ(0, damon_state("commit"));
	ASSERT_EQ(0, damon_scheme_set("dests/nr_dests", "0"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "-1"));
	EXPECT_EQ(-EINVAL, damon_state("commit"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "7"));
	EXPECT_EQ(-EINVAL, damon_state("commit"));
	EXPECT_EQ(AREA_PAGES, nr_present(self, ANON));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

TEST_HARNESS_MAIN
