// SPDX-License-Identifier: GPL-2.0
/*
 * Actions of schemes on the pages of virtual address spaces, page by page: asks
 * the filters, and hands what they let pass to folio-action.c.
 *
 * A page is an atom, of whatever size it is: a folio that reaches beyond the memory to
 * which the scheme is applied is left alone, so nothing that a quota or a filter
 * excludes is ever touched. One across the border of two regions to which it is
 * applied is handled with the second.
 *
 * Locks: mmap_lock for reading while page tables are read, given back when somebody
 * waits for it, and before a batch of folios is finished; the lock of a page table
 * while one of its pages is looked at.
 */
#include <linux/bitmap.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/pagewalk.h>
#include <linux/sched.h>

#include "internal.h"

/**
 * struct damon_va_pages - the pages of a region, as they are visited
 * @r:		region
 * @start:	of the memory to which the scheme is applied: of the region, or of one
 *		before it
 * @hearsay:	of its target: who else watches the address space
 * @batch:	of folios
 * @wants_young: a filter asks whether pages were accessed
 * @alone:	leave folios alone that other address spaces map as well
 * @cleared:	entries of the table of PTEs at hand whose accessed bit was cleared
 * @last:	folio that was taken last
 * @reached:	first address not visited yet
 */
struct damon_va_pages {
	struct damon_region *r;
	unsigned long start;
	struct damon_hearsay *hearsay;
	struct damos_batch batch;
	bool wants_young;
	bool alone;
	DECLARE_BITMAP(cleared, PTRS_PER_PTE);
	struct folio *last;
	unsigned long reached;
};

/*
 * Does the folio lie in the memory to which the scheme is applied, as far as this
 * mapping has it? @idx is the place of the page at @addr in it.
 */
static bool damon_va_contains(struct damon_va_pages *p,
			      struct vm_area_struct *vma, struct folio *folio,
			      unsigned long idx, unsigned long addr)
{
	unsigned long start = addr - min(addr, idx << PAGE_SHIFT);
	unsigned long end = start + folio_size(folio);

	return max(start, vma->vm_start) >= p->start &&
	       min(end, vma->vm_end) <= p->r->ar.end;
}

/* One entry of a page table, whose lock is held. @young: it was accessed. */
static void damon_va_visit(struct damon_va_pages *p, struct vm_area_struct *vma,
			   struct page *page, unsigned long addr,
			   unsigned long sz, bool young)
{
	struct folio *folio = page_folio(page);
	struct damos_page seen = { .folio = folio, .young = young };
	struct damos *s = p->batch.s;

	if (!damos_filter_page(s, &seen))
		return;
	damos_add_filter_passed(s, sz);
	if (folio == p->last ||
	    !damon_va_contains(p, vma, folio, folio_page_idx(folio, page), addr))
		return;
	p->last = folio;
	if (!p->alone || !folio_likely_mapped_shared(folio))
		damos_batch_take(&p->batch, folio);
}

/*
 * May the accessed bit of the page be cleared? Not where a sample of the region
 * waits for it.
 */
static bool damon_va_may_clear(struct damon_va_pages *p, unsigned long addr,
			       unsigned long sz)
{
	return p->wants_young && !damon_region_watches(p->r, addr, addr + sz);
}

/* Other contexts may wait for the bits that were cleared in a table of PTEs. */
static void damon_va_tell_cleared(struct damon_va_pages *p, unsigned long addr)
{
	unsigned long start = addr & PMD_MASK;
	unsigned int from, to;

	if (!READ_ONCE(p->hearsay->shared))
		return;
	for_each_set_bitrange(from, to, p->cleared, PTRS_PER_PTE)
		damon_hearsay_tell(p->hearsay, true, start + from * PAGE_SIZE,
				   start + to * PAGE_SIZE);
}

/* Stop here, for somebody waits or there are enough folios in the batch? */
static int damon_va_rest(struct damon_va_pages *p, struct mm_struct *mm,
			 unsigned long reached)
{
	p->reached = reached;
	return p->batch.sz >= DAMOS_BATCH_SZ || need_resched() ||
	       mmap_lock_is_contended(mm);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Returns false if there is no huge page. */
static bool damon_va_visit_pmd(struct damon_va_pages *p,
			       struct vm_area_struct *vma, pmd_t *pmd,
			       unsigned long addr, unsigned long end)
{
	unsigned long start = addr & PMD_MASK;
	bool young = damon_va_may_clear(p, start, PMD_SIZE) &&
		     damon_va_clear_pmd(vma, start, pmd);
	struct page *page = NULL;
	spinlock_t *ptl;	/* of the page table */
	pmd_t entry;

	if (young && READ_ONCE(p->hearsay->shared))
		damon_hearsay_tell(p->hearsay, true, start, start + PMD_SIZE);
	/* Only whether it is huge matters; accessed bits come at any time. */
	ptl = data_race(pmd_trans_huge_lock(pmd, vma));
	if (!ptl)
		return false;
	/* pmd_trans_huge_lock() does not tell sparse. */
	__acquire(ptl);
	entry = pmdp_get(pmd);
	if (pmd_present(entry))
		page = vm_normal_page_pmd(vma, addr, entry);
	if (page)
		damon_va_visit(p, vma, page + ((addr - start) >> PAGE_SHIFT),
			       addr, end - addr, young || pmd_young(entry));
	spin_unlock(ptl);
	return true;
}
#else
static bool damon_va_visit_pmd(struct damon_va_pages *p,
			       struct vm_area_struct *vma, pmd_t *pmd,
			       unsigned long addr, unsigned long end)
{
	return false;
}
#endif

static int damon_va_pages_pmd(pmd_t *pmd, unsigned long addr,
			      unsigned long end, struct mm_walk *walk)
{
	struct damon_va_pages *p = walk->private;
	struct vm_area_struct *vma = walk->vma;
	unsigned long begin = addr;
	pte_t *pte, *first;
	struct page *page;
	spinlock_t *ptl;	/* of the page table */
	bool young;

	if (damon_va_visit_pmd(p, vma, pmd, addr, end))
		return damon_va_rest(p, walk->mm, end);
	first = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	if (!first)
		return damon_va_rest(p, walk->mm, end);
	/* pte_offset_map_lock() does not tell sparse. */
	__acquire(ptl);
	bitmap_zero(p->cleared, PTRS_PER_PTE);
	for (pte = first; addr < end; pte++, addr += PAGE_SIZE) {
		pte_t entry = ptep_get(pte);

		page = pte_present(entry) ? vm_normal_page(vma, addr, entry) :
					    NULL;
		if (!page)
			continue;
		young = pte_young(entry);
		if (damon_va_may_clear(p, addr, PAGE_SIZE) &&
		    ptep_clear_young_notify(vma, addr, pte)) {
			young = true;
			damon_folio_harvested(page_folio(page));
			__set_bit(pte_index(addr), p->cleared);
		}
		damon_va_visit(p, vma, page, addr, PAGE_SIZE, young);
	}
	pte_unmap_unlock(first, ptl);
	damon_va_tell_cleared(p, begin);
	return damon_va_rest(p, walk->mm, end);
}

/* Only those who own them may clear their accessed bits: these stay. */
static int damon_va_pages_hugetlb(pte_t *pte, unsigned long hmask,
				  unsigned long addr, unsigned long end,
				  struct mm_walk *walk)
{
#ifdef CONFIG_HUGETLB_PAGE
	struct hstate *h = hstate_vma(walk->vma);
	spinlock_t *ptl = huge_pte_lock(h, walk->mm, pte);
	pte_t entry = huge_ptep_get(walk->mm, addr & hmask, pte);

	if (pte_present(entry))
		damon_va_visit(walk->private, walk->vma,
			       pte_page(entry) + ((addr & ~hmask) >> PAGE_SHIFT),
			       addr, end - addr, pte_young(entry));
	spin_unlock(ptl);
#endif
	return damon_va_rest(walk->private, walk->mm, end);
}

static const struct mm_walk_ops damon_va_pages_ops = {
	.pmd_entry = damon_va_pages_pmd,
	.hugetlb_entry = damon_va_pages_hugetlb,
	.walk_lock = PGWALK_RDLOCK,
};

/**
 * damon_va_apply_pages() - Apply the action of a scheme page by page.
 * @mm:	address space, with a reference that keeps it alive
 * @t:	target
 * @r:	region of it
 * @s:	scheme
 *
 * Tells what the filters let pass. May sleep. Ends early when nobody else uses the
 * address space any more.
 *
 * Return: the number of bytes to which the action was applied.
 */
unsigned long damon_va_apply_pages(struct mm_struct *mm,
				   struct damon_target *t,
				   struct damon_region *r, struct damos *s)
{
	struct damon_va_pages p = {
		.r = r,
		.start = damos_state(s)->span.start,
		.hearsay = &damon_target_state(t)->va.hearsay,
		/* Reclaim must see no access that is older than the action. */
		.wants_young = s->action == DAMOS_COLD ||
			       damos_has_ops_filter(s, DAMOS_FILTER_TYPE_YOUNG),
		.alone = s->action == DAMOS_COLD || s->action == DAMOS_PAGEOUT,
		.reached = r->ar.start,
	};

	damos_batch_begin(&p.batch, s);
	while (p.reached < r->ar.end && atomic_read(&mm->mm_users) > 1) {
		unsigned long start = p.reached;
		int more;

		p.last = NULL;
		p.reached = r->ar.end;
		mmap_read_lock(mm);
		more = walk_page_range(mm, start, r->ar.end,
				       &damon_va_pages_ops, &p);
		mmap_read_unlock(mm);
		damos_batch_finish(&p.batch);
		cond_resched();
		if (more <= 0)
			break;
	}
	return p.batch.done;
}
