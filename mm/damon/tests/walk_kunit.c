// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over real page tables: the test thread has an address space of its
 * own, whose memory it touches as a process would.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "util.h"

#define WALK_PAGES	64

struct walk_test {
	struct damon_ctx *ctx;
	struct damon_target *t;
	unsigned long addr;
};

/* Map @pages pages, and make each a region of @per_region pages. */
static struct walk_test *walk_new(struct kunit *test, unsigned long pages,
				  unsigned long per_region, unsigned long prot)
{
	struct walk_test *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->ctx = test_new_ctx(test);
	w->t = test_new_target(test, w->ctx);
	w->addr = kunit_vm_mmap(test, NULL, 0, pages * PAGE_SIZE, prot,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, w->addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(w->addr));
	/* Samples only: no survey shall tell that they are not needed. */
	damon_target_state(w->t)->va.survey.next_tick = U64_MAX;
	for (i = 0; i < pages; i += per_region)
		test_add_region(test, w->t, w->addr + i * PAGE_SIZE,
				w->addr + (i + per_region) * PAGE_SIZE);
	return w;
}

static unsigned long walk_page(struct walk_test *w, unsigned long nr)
{
	return w->addr + nr * PAGE_SIZE;
}

static void touch(struct kunit *test, unsigned long addr)
{
	/* A stale translation would keep the accessed bit from being set. */
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
}

static unsigned int walk(struct walk_test *w, bool check)
{
	return damon_va_walk(w->ctx, w->t, current->mm, check);
}

static struct damon_tally found(struct damon_region *r)
{
	return test_tally_sum(damon_region_state(r)->window);
}

static pmd_t *find_pmd(unsigned long addr)
{
	pgd_t *pgd = pgd_offset(current->mm, addr);

	return pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
}

/* The entry of @addr, zero without a page table. */
static pte_t read_pte(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	pte_t *ptep, pte = __pte(0);

	mmap_read_lock(mm);
	ptep = pte_offset_map(find_pmd(addr), addr);
	if (ptep) {
		/* It does not tell sparse of RCU. */
		__acquire(RCU);
		pte = ptep_get(ptep);
		pte_unmap(ptep);
	}
	mmap_read_unlock(mm);
	return pte;
}

static void write_pte(struct kunit *test, unsigned long addr, pte_t pte)
{
	struct mm_struct *mm = current->mm;
	spinlock_t *ptl;	/* of the page table */
	pte_t *ptep;

	mmap_read_lock(mm);
	ptep = pte_offset_map_lock(mm, find_pmd(addr), addr, &ptl);
	if (ptep) {
		/* As above. */
		__acquire(RCU);
		ptep_get_and_clear(mm, addr, ptep);
		set_pte_at(mm, addr, ptep, pte);
		pte_unmap_unlock(ptep, ptl);
	}
	mmap_read_unlock(mm);
	KUNIT_ASSERT_NOT_NULL(test, ptep);
	flush_tlb_mm(mm);
}

/* Each look tells what was touched since the one before, and nothing else. */
static void walk_pages(struct kunit *test)
{
	struct walk_test *w = walk_new(test, WALK_PAGES, 1,
				       PROT_READ | PROT_WRITE);
	unsigned int i, round, max, expected_max = 0;
	unsigned int hits[WALK_PAGES] = {};
	struct damon_region *r;

	for (i = 0; i < WALK_PAGES; i += 2)
		touch(test, walk_page(w, i));
	/* Prepares only. */
	KUNIT_EXPECT_EQ(test, walk(w, false), 0);
	damon_for_each_region(r, w->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, 0);
		KUNIT_EXPECT_TRUE(test, damon_region_state(r)->pending);
	}
	for (round = 1; round <= 6; round++) {
		for (i = 0; i < WALK_PAGES; i++) {
			if ((i + round) % 5 && i != 7)
				continue;
			touch(test, walk_page(w, i));
			expected_max = max(expected_max, ++hits[i]);
		}
		max = walk(w, true);
		KUNIT_EXPECT_EQ(test, max, expected_max);
		i = 0;
		damon_for_each_region(r, w->t) {
			KUNIT_EXPECT_EQ(test, found(r).trials, round);
			KUNIT_EXPECT_EQ(test, found(r).hits, hits[i]);
			KUNIT_EXPECT_EQ(test, r->nr_accesses, hits[i++]);
		}
	}
	/* A sample on its way is not prepared again: its access is not lost. */
	touch(test, walk_page(w, 7));
	walk(w, false);
	walk(w, true);
	r = test_nth_region(w->t, 7);
	KUNIT_EXPECT_EQ(test, found(r).hits, hits[7] + 1);
}

/* The folio remembers what was cleared; a dirty page stays dirty. hazard E6 */
static void walk_hands_on(struct kunit *test)
{
	struct walk_test *w = walk_new(test, 1, 1, PROT_READ | PROT_WRITE);
	struct folio *folio;
	pte_t pte;

	touch(test, w->addr);
	pte = read_pte(w->addr);
	KUNIT_ASSERT_TRUE(test, pte_present(pte));
	KUNIT_ASSERT_TRUE(test, pte_young(pte));
	KUNIT_ASSERT_TRUE(test, pte_dirty(pte));
	folio = page_folio(pte_page(pte));
	folio_test_clear_young(folio);
	folio_set_idle(folio);

	walk(w, false);
	pte = read_pte(w->addr);
	KUNIT_EXPECT_TRUE(test, pte_present(pte));
	KUNIT_EXPECT_FALSE(test, pte_young(pte));
	KUNIT_EXPECT_TRUE(test, pte_dirty(pte));
	KUNIT_EXPECT_TRUE(test, folio_test_young(folio));
	KUNIT_EXPECT_FALSE(test, folio_test_idle(folio));

	/* Nothing to hand on: nothing is. */
	folio_test_clear_young(folio);
	folio_set_idle(folio);
	walk(w, true);
	KUNIT_EXPECT_FALSE(test, folio_test_young(folio));
	KUNIT_EXPECT_TRUE(test, folio_test_idle(folio));
	KUNIT_EXPECT_TRUE(test, pte_dirty(read_pte(w->addr)));
}

/* Never touched, not to be touched, not mapped: looked at, not accessed. */
static void walk_absent(struct kunit *test)
{
	struct walk_test *w = walk_new(test, WALK_PAGES, 1, PROT_NONE);
	struct damon_region *r;
	int i;

	/* Below and above all mappings, too. */
	r = damon_new_region(0, PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, r);
	list_add(&r->list, &w->t->regions_list);
	w->t->nr_regions++;
	test_add_region(test, w->t, TASK_SIZE - PAGE_SIZE, TASK_SIZE);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, walk(w, true), 0);
	damon_for_each_region(r, w->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, 2);
		KUNIT_EXPECT_EQ(test, found(r).hits, 0);
	}
}

static void walk_unmapped(struct kunit *test)
{
	struct walk_test *w = walk_new(test, WALK_PAGES, 1,
				       PROT_READ | PROT_WRITE);
	struct damon_region *r;
	int i;

	for (i = 0; i < WALK_PAGES; i++)
		touch(test, walk_page(w, i));
	walk(w, false);
	for (i = 0; i < WALK_PAGES; i++)
		touch(test, walk_page(w, i));
	/* A hole in the middle. */
	KUNIT_ASSERT_EQ(test, vm_munmap(walk_page(w, 16), 32 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, walk(w, true), 1);
	i = 0;
	damon_for_each_region(r, w->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, 1);
		KUNIT_EXPECT_EQ(test, found(r).hits, i < 16 || i >= 48);
		i++;
	}
	/* All of it, with the page tables. */
	KUNIT_ASSERT_EQ(test, vm_munmap(w->addr, WALK_PAGES * PAGE_SIZE), 0);
	walk(w, true);
	damon_for_each_region(r, w->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, 2);
		KUNIT_EXPECT_LE(test, found(r).hits, 1);
	}
}

/* hazard E1: a page on its way gives no result, and is not waited for */
static void walk_migrating(struct kunit *test)
{
	struct walk_test *w = walk_new(test, 4, 1, PROT_READ | PROT_WRITE);
	struct damon_region *r;
	swp_entry_t entry;
	pte_t pte;
	int i;

	if (!IS_ENABLED(CONFIG_MIGRATION))
		kunit_skip(test, "no migration");
	for (i = 0; i < 4; i++)
		touch(test, walk_page(w, i));
	walk(w, false);
	touch(test, walk_page(w, 2));
	pte = read_pte(walk_page(w, 2));
	entry = make_readable_migration_entry(pte_pfn(pte));
	write_pte(test, walk_page(w, 2), swp_entry_to_pte(entry));
	walk(w, true);
	walk(w, true);
	KUNIT_EXPECT_TRUE(test, pte_same(read_pte(walk_page(w, 2)),
					 swp_entry_to_pte(entry)));
	write_pte(test, walk_page(w, 2), pte);
	i = 0;
	damon_for_each_region(r, w->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, i++ == 2 ? 0 : 2);
		KUNIT_EXPECT_EQ(test, found(r).hits, 0);
	}
	/* It has arrived. What was before the next sample says nothing. */
	walk(w, true);
	KUNIT_EXPECT_EQ(test, found(test_nth_region(w->t, 2)).trials, 0);
	touch(test, walk_page(w, 2));
	walk(w, true);
	KUNIT_EXPECT_EQ(test, found(test_nth_region(w->t, 2)).hits, 1);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

/* The entry of a huge page that was touched at @addr; no page: skip. */
static pmd_t *touch_huge(struct kunit *test, unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	pmd_t *pmd;

	touch(test, addr);
	mmap_read_lock(mm);
	pmd = find_pmd(addr);
	mmap_read_unlock(mm);
	if (!pmd_trans_huge(pmdp_get(pmd)))
		kunit_skip(test, "no huge page to be had");
	return pmd;
}

/* Two huge pages, in regions of @per_region pages. */
static struct walk_test *walk_new_huge(struct kunit *test,
				       unsigned long per_region)
{
	struct walk_test *w = walk_new(test, 3 * HPAGE_PMD_NR, per_region,
				       PROT_READ | PROT_WRITE);
	unsigned long start = ALIGN(w->addr, HPAGE_PMD_SIZE);
	struct damon_addr_range range = {
		start, start + 2 * HPAGE_PMD_SIZE,
	};

	KUNIT_ASSERT_EQ(test, do_madvise(current->mm, w->addr,
					 3 * HPAGE_PMD_SIZE, MADV_HUGEPAGE), 0);
	w->addr = start;
	KUNIT_ASSERT_EQ(test, damon_set_regions(w->t, &range, 1, PAGE_SIZE), 0);
	return w;
}

/* All regions that lie in a huge page see that it was touched. */
static void walk_huge(struct kunit *test)
{
	struct walk_test *w = walk_new_huge(test, HPAGE_PMD_NR / 16);
	unsigned int round;
	struct damon_region *r;
	pmd_t *pmd;

	pmd = touch_huge(test, w->addr);
	touch_huge(test, w->addr + HPAGE_PMD_SIZE);
	walk(w, false);
	KUNIT_EXPECT_FALSE(test, pmd_young(pmdp_get(pmd)));
	KUNIT_EXPECT_TRUE(test, pmd_dirty(pmdp_get(pmd)));
	for (round = 1; round <= 4; round++) {
		touch(test, w->addr + 12345);
		KUNIT_EXPECT_EQ(test, walk(w, true), round);
		damon_for_each_region(r, w->t) {
			bool hot = r->ar.end <= w->addr + HPAGE_PMD_SIZE;

			/* One that lies in both may look at either. */
			if (!hot && r->ar.start < w->addr + HPAGE_PMD_SIZE)
				continue;
			KUNIT_EXPECT_EQ(test, found(r).trials, round);
			KUNIT_EXPECT_EQ(test, found(r).hits, hot ? round : 0);
		}
	}
	KUNIT_EXPECT_TRUE(test, pmd_trans_huge(pmdp_get(pmd)));
	KUNIT_EXPECT_TRUE(test, pmd_dirty(pmdp_get(pmd)));
}

/* hazards E1, E4: a huge page on its way is no page */
static void walk_huge_migrating(struct kunit *test)
{
	struct walk_test *w = walk_new_huge(test, HPAGE_PMD_NR / 16);
	pmd_t *pmd = touch_huge(test, w->addr), val, moving;
	struct mm_struct *mm = current->mm;
	struct damon_region *r;
	spinlock_t *ptl;	/* of the page table */

	if (!IS_ENABLED(CONFIG_ARCH_ENABLE_THP_MIGRATION))
		kunit_skip(test, "huge pages do not migrate");
	walk(w, false);
	mmap_read_lock(mm);
	ptl = pmd_lock(mm, pmd);
	val = pmdp_huge_get_and_clear(mm, w->addr, pmd);
	moving = swp_entry_to_pmd(make_readable_migration_entry(pmd_pfn(val)));
	set_pmd_at(mm, w->addr, pmd, moving);
	spin_unlock(ptl);
	mmap_read_unlock(mm);
	flush_tlb_mm(mm);

	walk(w, true);
	walk(w, true);
	damon_for_each_region(r, w->t)
		if (r->ar.end <= w->addr + HPAGE_PMD_SIZE)
			KUNIT_EXPECT_EQ(test, found(r).trials, 0);

	mmap_read_lock(mm);
	ptl = pmd_lock(mm, pmd);
	KUNIT_EXPECT_TRUE(test, pmd_same(pmdp_get(pmd), moving));
	pmdp_huge_get_and_clear(mm, w->addr, pmd);
	set_pmd_at(mm, w->addr, pmd, val);
	spin_unlock(ptl);
	mmap_read_unlock(mm);
	flush_tlb_mm(mm);
}

#endif	/* CONFIG_TRANSPARENT_HUGEPAGE */

/* Someone who maps, touches and unmaps what is being walked. */
struct walk_mapper {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long sz;
	unsigned int rounds;
	int err;
	struct completion ended;
};

static void mapper_round(struct walk_mapper *m, unsigned int round)
{
	unsigned long addr, step = m->sz / 8, at = m->addr + round % 8 * step;

	if (vm_munmap(at, step))
		m->err = -EFAULT;
	addr = vm_mmap(NULL, at, step, PROT_READ | PROT_WRITE,
		       MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, 0);
	if (addr != at) {
		m->err = -ENOMEM;
		return;
	}
	for (; addr < at + step; addr += PMD_SIZE / 2)
		if (put_user(1, (char __user *)addr))
			m->err = -EFAULT;
}

static int mapper_fn(void *data)
{
	struct walk_mapper *m = data;
	unsigned int i;

	kthread_use_mm(m->mm);
	for (i = 0; i < m->rounds && !m->err; i++)
		mapper_round(m, i);
	kthread_unuse_mm(m->mm);
	mmput(m->mm);
	complete(&m->ended);
	return 0;
}

/* hazard G1: page tables are freed while others are walked */
static void walk_races_with_munmap(struct kunit *test)
{
	struct walk_mapper *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned long pages = 64 * PMD_SIZE / PAGE_SIZE;
	struct task_struct *task;
	struct damon_region *r;
	unsigned int walks = 0;
	struct walk_test *w;

	KUNIT_ASSERT_NOT_NULL(test, m);
	w = walk_new(test, pages, pages / 256, PROT_READ | PROT_WRITE);
	m->mm = current->mm;
	m->addr = w->addr;
	m->sz = pages * PAGE_SIZE;
	m->rounds = test_effort(400);
	init_completion(&m->ended);
	mmget(m->mm);
	task = kthread_run(mapper_fn, m, "damon-mapper");
	if (IS_ERR(task))
		mmput(m->mm);
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	do {
		walk(w, true);
		walks++;
		cond_resched();
	} while (!completion_done(&m->ended));
	wait_for_completion(&m->ended);
	KUNIT_EXPECT_EQ(test, m->err, 0);
	damon_for_each_region(r, w->t) {
		/* The first walk prepares. Nothing here is ever on its way. */
		KUNIT_EXPECT_LE(test, found(r).trials, walks - 1);
		KUNIT_EXPECT_LE(test, found(r).hits, found(r).trials);
	}
	kunit_info(test, "%u walks\n", walks);
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE(walk_pages),
	KUNIT_CASE(walk_hands_on),
	KUNIT_CASE(walk_absent),
	KUNIT_CASE(walk_unmapped),
	KUNIT_CASE(walk_migrating),
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	KUNIT_CASE(walk_huge),
	KUNIT_CASE(walk_huge_migrating),
#endif
	KUNIT_CASE_SLOW(walk_races_with_munmap),
	{}
};

static struct kunit_suite walk_suite = {
	.name = "damon-walk",
	.test_cases = walk_cases,
};

kunit_test_suite(walk_suite);
