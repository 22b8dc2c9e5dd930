// SPDX-License-Identifier: GPL-2.0
/* Samples of physical memory, see paddr.h. */
#include <linux/memblock.h>
#include <linux/mmap_lock.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sizes.h>

#include "../../internal.h"
#include "paddr.h"

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
				paddr_touch(test, p->pages[i].addr);
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
	paddr_touch(test, p->pages[0].addr);
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
	/* Behind all memory, and behind what is kept in readiness for it. */
	unsigned long hole = round_up(max_pfn, SZ_1G / PAGE_SIZE) +
			     SZ_1G / PAGE_SIZE;
	struct damon_region *r, *of_hole;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	paddr_add_frames(test, p, page_to_pfn(page), 1);
	paddr_add_frames(test, p, hole, 1);
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

	addr = paddr_map_huge(test);
	pfn = paddr_frame_of(test, addr);
	for (i = 0; i < nr; i++)
		paddr_add_frames(test, p, pfn + i * part, part);
	prepare(p);
	for (round = 1; round <= 3; round++) {
		paddr_touch(test, addr + 12345);
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

/* A part that cannot be checked keeps nobody from checking the others. */
static void paddr_spread(struct kunit *test)
{
	unsigned long addr = paddr_map_huge(test), part = HPAGE_PMD_NR / DAMON_NR_STRATA;
	unsigned long pfn = paddr_frame_of(test, addr), i;
	struct paddr_test *p = paddr_new(test, 1);
	struct folio *folio = pfn_folio(pfn);
	struct damon_region_state *s;
	LIST_HEAD(isolated);
	int err;

	/* What is zero does not outlive that its page is split. */
	for (i = 0; i < HPAGE_PMD_NR; i++)
		paddr_touch(test, addr + i * PAGE_SIZE);
	folio_get(folio);
	folio_lock(folio);
	err = split_folio(folio);
	folio_unlock(folio);
	folio_put(folio);
	KUNIT_ASSERT_EQ(test, err, 0);
	lru_add_drain_all();
	for (i = 0; i < HPAGE_PMD_NR; i++) {
		if (i / part != 0 && i / part != 5)
			continue;
		folio = pfn_folio(pfn + i);
		KUNIT_ASSERT_TRUE(test, folio_isolate_lru(folio));
		list_add(&folio->lru, &isolated);
	}
	s = damon_region_state(paddr_add_frames(test, p, pfn, HPAGE_PMD_NR));
	s->wants_spread = true;
	prepare(p);
	KUNIT_EXPECT_TRUE(test, s->pending);
	for (i = 0; i < HPAGE_PMD_NR; i++)
		paddr_touch(test, addr + i * PAGE_SIZE);
	check(p);
	for (i = 0; i < DAMON_NR_STRATA; i++) {
		KUNIT_EXPECT_EQ(test, s->window[i].trials, i != 0 && i != 5);
		KUNIT_EXPECT_EQ(test, s->window[i].hits, i != 0 && i != 5);
	}
	while (!list_empty(&isolated)) {
		folio = list_first_entry(&isolated, struct folio, lru);
		list_del(&folio->lru);
		folio_putback_lru(folio);
	}
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
	KUNIT_CASE(paddr_spread),
#endif
	{}
};

static struct kunit_suite paddr_suite = {
	.name = "damon-paddr",
	.test_cases = paddr_cases,
};

kunit_test_suite(paddr_suite);
