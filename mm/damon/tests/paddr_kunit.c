// SPDX-License-Identifier: GPL-2.0
/*
 * Samples of physical memory: the test thread has an address space of its own,
 * and its pages are watched where they lie.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sort.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "util.h"

#define PADDR_PAGES	16

/**
 * struct paddr_test - pages, each of which is a region
 * @ctx:	context
 * @t:		its target
 * @addr:	where the pages are mapped
 * @pages:	them in the order of their frames, with their addresses
 */
struct paddr_test {
	struct damon_ctx *ctx;
	struct damon_target *t;
	unsigned long addr;
	struct paddr_page {
		unsigned long pfn;
		unsigned long addr;
	} pages[PADDR_PAGES];
};

static int paddr_cmp(const void *a, const void *b)
{
	const struct paddr_page *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static void touch(struct kunit *test, unsigned long addr)
{
	/* A stale translation would keep the accessed bit from being set. */
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
}

/* The frame at an address that was touched. */
static unsigned long frame_of(struct kunit *test, unsigned long addr)
{
	struct page *page = NULL;
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, get_user_pages_fast(addr, 1, 0, &page), 1);
	pfn = page_to_pfn(page);
	put_page(page);
	return pfn;
}

static unsigned long map_memory(struct kunit *test, unsigned long sz)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, sz,
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

static struct paddr_test *paddr_new(struct kunit *test, unsigned long unit)
{
	struct paddr_test *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->ctx = test_new_ctx(test);
	KUNIT_ASSERT_EQ(test, damon_select_ops(p->ctx, DAMON_OPS_PADDR), 0);
	p->ctx->addr_unit = unit;
	p->ctx->min_region_sz = damon_smallest_region(DAMON_OPS_PADDR, unit);
	p->t = test_new_target(test, p->ctx);
	return p;
}

static void add_frame(struct kunit *test, struct paddr_test *p,
		      unsigned long pfn)
{
	unsigned long unit = p->ctx->addr_unit;

	test_add_region(test, p->t, div_u64((u64)pfn << PAGE_SHIFT, unit),
			div_u64((u64)(pfn + 1) << PAGE_SHIFT, unit));
}

/* Anonymous pages, touched and on an LRU list. */
static struct paddr_test *paddr_new_pages(struct kunit *test, unsigned long unit)
{
	struct paddr_test *p = paddr_new(test, unit);
	int i;

	p->addr = map_memory(test, PADDR_PAGES * PAGE_SIZE);
	for (i = 0; i < PADDR_PAGES; i++) {
		p->pages[i].addr = p->addr + i * PAGE_SIZE;
		touch(test, p->pages[i].addr);
		p->pages[i].pfn = frame_of(test, p->pages[i].addr);
	}
	lru_add_drain_all();
	sort(p->pages, PADDR_PAGES, sizeof(p->pages[0]), paddr_cmp, NULL);
	for (i = 0; i < PADDR_PAGES; i++)
		add_frame(test, p, p->pages[i].pfn);
	return p;
}

static unsigned int check(struct paddr_test *p)
{
	return p->ctx->ops.check_accesses(p->ctx);
}

static void prepare(struct paddr_test *p)
{
	p->ctx->ops.prepare_access_checks(p->ctx);
}

static struct damon_tally found(struct damon_region *r)
{
	return test_tally_sum(damon_region_state(r)->window);
}

/* Each look tells what was touched since the one before, in every unit. */
static void paddr_pages(struct kunit *test)
{
	static const unsigned long units[] = { 1, 16, PAGE_SIZE };
	unsigned int i, j, round, hits[PADDR_PAGES];
	struct damon_region *r;
	struct paddr_test *p;

	for (j = 0; j < ARRAY_SIZE(units); j++) {
		p = paddr_new_pages(test, units[j]);
		memset(hits, 0, sizeof(hits));
		prepare(p);
		damon_for_each_region(r, p->t) {
			KUNIT_EXPECT_TRUE(test, damon_region_state(r)->pending);
			KUNIT_EXPECT_EQ(test, found(r).trials, 0);
		}
		for (round = 1; round <= 5; round++) {
			for (i = 0; i < PADDR_PAGES; i++) {
				if ((i + round) % 3)
					continue;
				touch(test, p->pages[i].addr);
				hits[i]++;
			}
			check(p);
			i = 0;
			damon_for_each_region(r, p->t) {
				KUNIT_EXPECT_EQ(test, found(r).trials, round);
				KUNIT_EXPECT_EQ(test, found(r).hits, hits[i++]);
			}
		}
	}
}

/* What was cleared is handed on. */
static void paddr_hands_on(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct folio *folio = pfn_folio(p->pages[0].pfn);

	folio_test_clear_young(folio);
	touch(test, p->pages[0].addr);
	prepare(p);
	KUNIT_EXPECT_TRUE(test, folio_test_young(folio));
	KUNIT_EXPECT_TRUE(test, folio_test_idle(folio));
	/* Whoever else finds an access, before we do, tells us so. */
	folio_clear_idle(folio);
	check(p);
	KUNIT_EXPECT_EQ(test, found(damon_first_region(p->t)).hits, 1);
}

/* Locks are tried only: no result then, and nobody waits. */
static void paddr_locked(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct vm_area_struct *vma;
	struct damon_region *r;

	prepare(p);
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, p->addr);
	anon_vma_lock_write(vma->anon_vma);
	check(p);
	anon_vma_unlock_write(vma->anon_vma);
	mmap_read_unlock(current->mm);
	damon_for_each_region(r, p->t) {
		KUNIT_EXPECT_EQ(test, found(r).trials, 0);
		KUNIT_EXPECT_FALSE(test, damon_region_state(r)->pending);
	}
	damon_adapt(p->ctx);
	damon_for_each_region(r, p->t)
		KUNIT_EXPECT_TRUE(test, damon_region_state(r)->unchecked);
}

/* The kernel's own memory cannot be checked; what is free or not there is idle. */
static void paddr_not_checked(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	struct page *page = alloc_page(GFP_KERNEL);
	/* Behind all memory. */
	unsigned long hole = round_up(max_pfn, PAGES_PER_SECTION) +
			     PAGES_PER_SECTION;
	struct damon_region *r, *of_hole;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	add_frame(test, p, page_to_pfn(page));
	add_frame(test, p, hole);
	for (i = 0; i < 3; i++) {
		prepare(p);
		check(p);
	}
	r = damon_first_region(p->t);
	of_hole = damon_last_region(p->t);
	KUNIT_EXPECT_EQ(test, found(r).trials, 0);
	if (!pfn_valid(hole)) {
		KUNIT_EXPECT_GT(test, found(of_hole).trials, 0);
		KUNIT_EXPECT_EQ(test, found(of_hole).hits, 0);
	}
	__free_page(page);
	damon_adapt(p->ctx);
	r = damon_first_region(p->t);
	KUNIT_EXPECT_TRUE(test, damon_region_state(r)->unchecked);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
}

/* hazard D32: addresses times the unit that no memory can have. */
static void paddr_out_of_reach(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, PAGE_SIZE << 8);
	struct damon_region *r;

	test_add_region(test, p->t, ULONG_MAX - 7, ULONG_MAX - 3);
	prepare(p);
	check(p);
	r = damon_first_region(p->t);
	KUNIT_EXPECT_EQ(test, found(r).hits, 0);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* All regions that lie in a huge page see that it was touched. hazards E8, E9 */
static void paddr_huge(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	unsigned long addr, pfn, i, nr = 16, part = HPAGE_PMD_NR / nr;
	unsigned int round;
	struct damon_region *r;

	addr = map_memory(test, 2 * HPAGE_PMD_SIZE);
	KUNIT_ASSERT_EQ(test, do_madvise(current->mm, addr, 2 * HPAGE_PMD_SIZE,
					 MADV_HUGEPAGE), 0);
	addr = ALIGN(addr, HPAGE_PMD_SIZE);
	touch(test, addr);
	pfn = frame_of(test, addr);
	if (folio_order(page_folio(pfn_to_page(pfn))) != HPAGE_PMD_ORDER)
		kunit_skip(test, "no huge page to be had");
	lru_add_drain_all();
	for (i = 0; i < nr; i++)
		test_add_region(test, p->t, PFN_PHYS(pfn + i * part),
				PFN_PHYS(pfn + (i + 1) * part));
	prepare(p);
	for (round = 1; round <= 3; round++) {
		touch(test, addr + 12345);
		KUNIT_EXPECT_EQ(test, check(p), round);
		damon_for_each_region(r, p->t) {
			KUNIT_EXPECT_EQ(test, found(r).trials, round);
			KUNIT_EXPECT_EQ(test, found(r).hits, round);
			KUNIT_EXPECT_EQ(test, damon_region_state(r)->leaf_sz,
					HPAGE_PMD_SIZE);
		}
	}
	check(p);
	damon_for_each_region(r, p->t)
		KUNIT_EXPECT_EQ(test, found(r).hits, 3);
}
#endif

static struct kunit_case paddr_cases[] = {
	KUNIT_CASE(paddr_pages),
	KUNIT_CASE(paddr_hands_on),
	KUNIT_CASE(paddr_locked),
	KUNIT_CASE(paddr_not_checked),
	KUNIT_CASE(paddr_out_of_reach),
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	KUNIT_CASE(paddr_huge),
#endif
	{}
};

static struct kunit_suite paddr_suite = {
	.name = "damon-paddr",
	.test_cases = paddr_cases,
};

kunit_test_suite(paddr_suite);
