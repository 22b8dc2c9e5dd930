/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the suites about physical memory: the test thread has an address space of its
 * own, and its pages are watched where they lie.
 */
#ifndef _MM_DAMON_TESTS_PADDR_H
#define _MM_DAMON_TESTS_PADDR_H

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pfn.h>
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

static inline int paddr_cmp(const void *a, const void *b)
{
	const struct paddr_page *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static inline void paddr_touch(struct kunit *test, unsigned long addr)
{
	/* A stale translation would keep the accessed bit from being set. */
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
}

/* The frame at an address that was touched. */
static inline unsigned long paddr_frame_of(struct kunit *test, unsigned long addr)
{
	struct page *page = NULL;
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, get_user_pages_fast(addr, 1, 0, &page), 1);
	pfn = page_to_pfn(page);
	put_page(page);
	return pfn;
}

static inline unsigned long paddr_map(struct kunit *test, unsigned long sz)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, sz,
					   PROT_READ | PROT_WRITE,
					   MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

static inline struct paddr_test *paddr_new(struct kunit *test,
					   unsigned long unit)
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

/* Make a region of some pages. */
static inline struct damon_region *paddr_add_frames(struct kunit *test,
						    struct paddr_test *p,
						    unsigned long pfn,
						    unsigned long nr)
{
	unsigned long unit = p->ctx->addr_unit;

	return test_add_region(test, p->t,
			       div_u64((u64)pfn << PAGE_SHIFT, unit),
			       div_u64((u64)(pfn + nr) << PAGE_SHIFT, unit));
}

/* Anonymous pages, touched and on an LRU list. */
static inline struct paddr_test *paddr_new_pages(struct kunit *test,
						 unsigned long unit)
{
	struct paddr_test *p = paddr_new(test, unit);
	int i;

	p->addr = paddr_map(test, PADDR_PAGES * PAGE_SIZE);
	for (i = 0; i < PADDR_PAGES; i++) {
		p->pages[i].addr = p->addr + i * PAGE_SIZE;
		paddr_touch(test, p->pages[i].addr);
		p->pages[i].pfn = paddr_frame_of(test, p->pages[i].addr);
	}
	lru_add_drain_all();
	sort(p->pages, PADDR_PAGES, sizeof(p->pages[0]), paddr_cmp, NULL);
	for (i = 0; i < PADDR_PAGES; i++)
		paddr_add_frames(test, p, p->pages[i].pfn, 1);
	return p;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* An address at which a huge page is mapped that was touched. */
static inline unsigned long paddr_map_huge(struct kunit *test)
{
	unsigned long addr = paddr_map(test, 2 * HPAGE_PMD_SIZE);
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, do_madvise(current->mm, addr, 2 * HPAGE_PMD_SIZE,
					 MADV_HUGEPAGE), 0);
	addr = ALIGN(addr, HPAGE_PMD_SIZE);
	paddr_touch(test, addr);
	pfn = paddr_frame_of(test, addr);
	if (folio_order(page_folio(pfn_to_page(pfn))) != HPAGE_PMD_ORDER)
		kunit_skip(test, "no huge page to be had");
	lru_add_drain_all();
	return addr;
}
#endif

#endif	/* _MM_DAMON_TESTS_PADDR_H */
