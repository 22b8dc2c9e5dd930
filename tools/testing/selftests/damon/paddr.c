// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes on physical memory: all of it is monitored, and a process uses one half of
 * its own and leaves the other half alone. What was done is read from page tables
 * and page flags, not from what the schemes say. Needs two nodes.
 */
#include <errno.h>
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
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define PAGE		DAMON_SYSFS_PAGE
#define HUGE_PAGE	(2UL << 20)
#define AREA_SZ		(32UL << 20)
#define AREA_PAGES	(AREA_SZ / PAGE)
#define HUGETLB_SZ	(4 * HUGE_PAGE)
/* Below that of the harness, so that it can be said what is missing. */
#define TIMEOUT_MS	150000
#define PATIENCE	900
#define NODE_HUGETLB	"/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages"

/* What the process has. */
enum area {
	HOT,		/* small anonymous pages in use all the time, of node 1 */
	COLD,		/* others that are not in use, of node 0 */
	HUGETLB,	/* of node 0, not in use; only if there are such pages */
	NR_AREAS,
};

struct shared {
	char *area[NR_AREAS];
	volatile bool ready;
};

static void touch(char *area, unsigned long sz)
{
	unsigned long i;

	for (i = 0; i < sz; i += PAGE)
		((volatile char *)area)[i]++;
}

static char *map_on(int nid, unsigned long sz, int flags)
{
	unsigned long nodes = 1UL << nid;
	char *p = mmap(NULL, sz, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, sz, MADV_NOHUGEPAGE);
	syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 64UL);
	touch(p, sz);
	/* Where it goes later is not for this process to say. */
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
	return p;
}

static void victim(struct shared *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->area[HOT] = map_on(1, AREA_SZ, 0);
	shared->area[COLD] = map_on(0, AREA_SZ, 0);
	shared->area[HUGETLB] = map_on(0, HUGETLB_SZ, MAP_HUGETLB);
	shared->ready = true;
	for (;;) {
		touch(shared->area[HOT], AREA_SZ);
		damon_sysfs_sleep_ms(5);
	}
}

static int set_nr_hugetlb(int nid, const char *nr)
{
	char path[128];

	snprintf(path, sizeof(path), NODE_HUGETLB, nid);
	return damon_write_file(path, nr);
}

FIXTURE(paddr) {
	struct shared *shared;
	pid_t victim;
	char *area[NR_AREAS];
};

FIXTURE_SETUP(paddr)
{
	long long until;
	int err, i;

	err = damon_make_swap();
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	/* The flag "active" is one of the two lists, which this one has not. */
	damon_write_file("/sys/kernel/mm/lru_gen/enabled", "n");
	/* Nobody else moves pages between nodes. */
	damon_write_file("/proc/sys/kernel/numa_balancing", "0");
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, set_nr_hugetlb(i, "4"));

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
	for (i = 0; i < NR_AREAS; i++)
		self->area[i] = self->shared->area[i];
	ASSERT_EQ(0, damon_sysfs_stage_ram());
}

FIXTURE_TEARDOWN(paddr)
{
	damon_sysfs_kill(self->victim);
	munmap(self->shared, sizeof(*self->shared));
	EXPECT_EQ(0, damon_sysfs_reset());
	set_nr_hugetlb(0, "0");
	set_nr_hugetlb(1, "0");
}

static unsigned long nr_present(FIXTURE_DATA(paddr) * self, enum area area)
{
	return damon_count_pages(self->victim, self->area[area],
				 self->area[area] + AREA_SZ, DAMON_PAGE_PRESENT);
}

static unsigned long nr_on_node(FIXTURE_DATA(paddr) * self, enum area area,
				int nid)
{
	return damon_count_on_node(self->victim, self->area[area],
				   self->area[area] + AREA_SZ, nid);
}

static unsigned long nr_active(FIXTURE_DATA(paddr) * self, enum area area)
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
		damon_sysfs_sleep_ms(200);				\
	_true;								\
})

/* Write some files of the first scheme. */
static int set_rows(const char * const (*rows)[2], int nr)
{
	int err = 0, i;

	for (i = 0; !err && i < nr; i++)
		err = damon_scheme_set(rows[i][0], rows[i][1]);
	return err;
}

/* Only pages of one size. */
static int only_size(long sz)
{
	return damon_scheme_set("ops_filters/nr_filters", "1") ?:
	       damon_scheme_set("ops_filters/0/type", "hugepage_size") ?:
	       damon_scheme_set("ops_filters/0/matching", "Y") ?:
	       damon_scheme_set("ops_filters/0/allow", "Y") ?:
	       damon_scheme_set_long("ops_filters/0/min", sz) ?:
	       damon_scheme_set_long("ops_filters/0/max", sz);
}

/* Stage a scheme whose quota is tuned until a share of its memory is on a node. */
static int stage_goal(int nth, const char *action, const char * const pattern[3],
		      const char *nid, const char *takes_young)
{
	const char * const rows[][2] = {
		{ "action", action },
		{ "target_nid", nid },
		{ "access_pattern/sz/max", DAMON_MAX_ULONG },
		{ "access_pattern/nr_accesses/min", pattern[0] },
		{ "access_pattern/nr_accesses/max", pattern[1] },
		{ "access_pattern/age/min", pattern[2] },
		{ "access_pattern/age/max", DAMON_MAX_UINT },
		{ "quotas/bytes", "33554432" },
		{ "quotas/reset_interval_ms", "200" },
		{ "quotas/goals/nr_goals", "1" },
		{ "quotas/goals/0/target_metric", "node_eligible_mem_bp" },
		{ "quotas/goals/0/nid", nid },
		{ "quotas/goals/0/target_value", "9800" },
		/* Most memory is free, or where it belongs: pay little for that. */
		{ "quotas/fail_charge_num", "1" },
		{ "quotas/fail_charge_denom", "100" },
		/* Pages that have just come may be unlike their region. */
		{ "ops_filters/nr_filters", "1" },
		{ "ops_filters/0/type", "young" },
		{ "ops_filters/0/matching", "Y" },
		{ "ops_filters/0/allow", takes_young },
	};
	char path[128];
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path), DAMON_SCHEMES "%d/%s", nth,
			 rows[i][0]);
		err = damon_sysfs_write(path, rows[i][1]);
	}
	return err;
}

/*
 * Hot memory to node 0 and cold memory to node 1, at once: hot pages come to lie where
 * cold ones have just left, among those still there.
 */
TEST_F_TIMEOUT(paddr, tiers_by_goals, PATIENCE)
{
	static const char * const hot[] = { "1", DAMON_MAX_UINT, "0" };
	/* Also what lies among hot pages, in regions that are in use in part. */
	static const char * const cold[] = { "0", "15", "3" };
	long moved;

	ASSERT_EQ(AREA_PAGES, nr_on_node(self, HOT, 1));
	ASSERT_EQ(AREA_PAGES, nr_on_node(self, COLD, 0));
	ASSERT_EQ(0, damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "2"));
	ASSERT_EQ(0, stage_goal(0, "migrate_hot", hot, "0", "Y"));
	ASSERT_EQ(0, stage_goal(1, "migrate_cold", cold, "1", "N"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_on_node(self, HOT, 0) > AREA_PAGES * 9 / 10))
		TH_LOG("%lu hot pages are there", nr_on_node(self, HOT, 0));
	EXPECT_TRUE(WAIT(nr_on_node(self, COLD, 1) > AREA_PAGES * 9 / 10))
		TH_LOG("%lu cold pages are there", nr_on_node(self, COLD, 1));

	/* It settles: hardly anything is moved any more. */
	EXPECT_TRUE(WAIT(({
		moved = damon_vmstat("pgmigrate_success");
		damon_sysfs_sleep_ms(2000);
		moved = damon_vmstat("pgmigrate_success") - moved;
		moved < (long)AREA_PAGES / 50;
	})))
		TH_LOG("%ld pages were moved in 2 s", moved);
	EXPECT_LT(AREA_PAGES * 9 / 10, nr_on_node(self, HOT, 0));
	EXPECT_LT(AREA_PAGES * 9 / 10, nr_on_node(self, COLD, 1));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

TEST_F_TIMEOUT(paddr, pages_out_the_cold, PATIENCE)
{
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "2"));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_present(self, COLD) < AREA_PAGES / 50))
		TH_LOG("%lu pages are still there", nr_present(self, COLD));
	EXPECT_LE(AREA_PAGES * 49 / 50, nr_present(self, HOT));
	EXPECT_LE((long)AREA_SZ * 49 / 50, damon_scheme_stat("sz_applied"));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

TEST_F_TIMEOUT(paddr, sorts_the_lists, PATIENCE)
{
	EXPECT_GT(AREA_PAGES / 50, nr_active(self, COLD));
	/* Not the first results: these are of regions that have parts of both. */
	ASSERT_EQ(0, damon_scheme_stage("lru_prio", DAMON_MAX_UINT, "2"));
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "10"));
	ASSERT_EQ(0, damon_state("on"));
	/* Some of its pages may lie among others. */
	EXPECT_TRUE(WAIT(nr_active(self, HOT) > AREA_PAGES * 9 / 10));
	EXPECT_GT(AREA_PAGES / 10, nr_active(self, COLD));

	/* All of it, and then what is cold back. */
	ASSERT_EQ(0, damon_scheme_set("access_pattern/nr_accesses/min", "0"));
	ASSERT_EQ(0, damon_state("commit"));
	EXPECT_TRUE(WAIT(nr_active(self, COLD) > AREA_PAGES * 49 / 50));
	ASSERT_EQ(0, damon_scheme_stage("lru_deprio", "0", "2"));
	ASSERT_EQ(0, damon_state("commit"));
	EXPECT_TRUE(WAIT(nr_active(self, COLD) < AREA_PAGES / 10));
	EXPECT_LE(AREA_PAGES * 9 / 10, nr_active(self, HOT));
	EXPECT_LT(0, damon_scheme_stat("sz_applied"));
}

/* Three of four pages to the other node, wherever one looks. */
TEST_F_TIMEOUT(paddr, destinations_have_weights, PATIENCE)
{
	static const char * const rows[][2] = {
		{ "dests/nr_dests", "2" },
		{ "dests/0/id", "0" }, { "dests/0/weight", "1" },
		{ "dests/1/id", "1" }, { "dests/1/weight", "3" },
	};
	char *quarter = self->area[COLD] + AREA_SZ / 4;
	unsigned long nr;

	ASSERT_EQ(AREA_PAGES, nr_on_node(self, COLD, 0));
	ASSERT_EQ(0, damon_scheme_stage("migrate_cold", "0", "2"));
	ASSERT_EQ(0, set_rows(rows, ARRAY_SIZE(rows)));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_on_node(self, COLD, 1) >= AREA_PAGES * 72 / 100));
	damon_sysfs_sleep_ms(1000);
	nr = nr_on_node(self, COLD, 1);
	EXPECT_LE(AREA_PAGES * 72 / 100, nr);
	EXPECT_GE(AREA_PAGES * 78 / 100, nr);
	nr = damon_count_on_node(self->victim, self->area[COLD], quarter, 1);
	EXPECT_LE(AREA_PAGES * 18 / 100, nr);
	EXPECT_GE(AREA_PAGES * 20 / 100, nr);

	/* hazards D37, D38: nowhere, and nothing gets lost */
	ASSERT_EQ(0, damon_scheme_set("dests/nr_dests", "0"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "-1"));
	EXPECT_EQ(-EINVAL, damon_state("commit"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "7"));
	EXPECT_EQ(-EINVAL, damon_state("commit"));
	EXPECT_EQ(AREA_PAGES, nr_present(self, COLD));
	ASSERT_EQ(0, damon_state("off"));
	/* hazard E13 */
	EXPECT_EQ(0, damon_nr_isolated());
}

static unsigned long nr_hugetlb_on_node(FIXTURE_DATA(paddr) * self, int nid)
{
	unsigned long i, nr = 0;

	for (i = 0; i < HUGETLB_SZ; i += HUGE_PAGE)
		nr += damon_page_node(self->victim,
				      self->area[HUGETLB] + i) == nid;
	return nr;
}

/* Nothing but these, and all of them. */
TEST_F_TIMEOUT(paddr, migrates_hugetlb, PATIENCE)
{
	unsigned long cold;

	ASSERT_NE(NULL, self->area[HUGETLB]);
	ASSERT_EQ(4, nr_hugetlb_on_node(self, 0));
	cold = nr_on_node(self, COLD, 0);
	ASSERT_EQ(0, damon_scheme_stage("migrate_cold", "0", "2"));
	ASSERT_EQ(0, damon_scheme_set("target_nid", "1"));
	ASSERT_EQ(0, only_size(HUGE_PAGE));
	ASSERT_EQ(0, damon_state("on"));
	EXPECT_TRUE(WAIT(nr_hugetlb_on_node(self, 1) == 4))
		TH_LOG("%lu pages are there", nr_hugetlb_on_node(self, 1));
	EXPECT_EQ(cold, nr_on_node(self, COLD, 0));
	EXPECT_LE((long)HUGETLB_SZ, damon_scheme_stat("sz_applied"));
	ASSERT_EQ(0, damon_state("off"));
	EXPECT_EQ(0, damon_nr_isolated());
}

TEST_HARNESS_MAIN
