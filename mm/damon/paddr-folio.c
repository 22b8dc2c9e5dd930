// SPDX-License-Identifier: GPL-2.0
/*
 * Folios of physical memory: found by their page frames, and looked at through the
 * reverse map.
 *
 * Nothing is waited for: locks are tried, and a folio is held for one look only,
 * so that it can be freed, migrated or offlined between two. What needs no walk of
 * the reverse map gets none.
 */
#include <linux/err.h>
#include <linux/hugetlb.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched.h>

#include "../internal.h"
#include "internal.h"
#include "paddr.h"

/* Memory comes and goes in blocks of at least that many pages. */
#ifdef CONFIG_SPARSEMEM
#define DAMON_PA_BLOCK	min(PAGES_PER_SUBSECTION, pageblock_nr_pages)
#else
#define DAMON_PA_BLOCK	pageblock_nr_pages
#endif

/**
 * damon_pa_get_folio() - Find the folio that has a page.
 * @pfn:	page frame; any number
 *
 * Any context but interrupts.
 *
 * Return: the folio, with a reference, if it can be watched. -ENOENT: there is none,
 * nobody accesses free memory and holes. -EBUSY: it is memory of which nobody can
 * tell.
 */
struct folio *damon_pa_get_folio(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio;

	if (!page)
		return ERR_PTR(pfn_valid(pfn) ? -EBUSY : -ENOENT);
	folio = page_folio(page);
	if (!folio_try_get(folio))
		return ERR_PTR(-ENOENT);
	/* hazard E11: only now it is sure to stay the head of its page. */
	if (unlikely(page_folio(page) != folio) ||
	    (!folio_test_lru(folio) && !folio_test_hugetlb(folio))) {
		folio_put(folio);
		return ERR_PTR(-EBUSY);
	}
	return folio;
}

/**
 * damon_pa_end_pfn() - Where does memory end?
 *
 * Return: a page frame behind all memory that there is now.
 */
unsigned long damon_pa_end_pfn(void)
{
	unsigned long end = 0;
	int nid;

	for_each_online_node(nid)
		end = max(end, node_end_pfn(nid));
	return end;
}

/* The next frame behind one that has no folio, which is skipped as a whole. */
static unsigned long damon_pa_skip(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	unsigned long order;

	if (!page)
		return ALIGN(pfn + 1, DAMON_PA_BLOCK);
	if (!PageBuddy(page))
		return pfn + 1;
	/* It may be in use by now: then this is any number. */
	order = buddy_order_unsafe(page);
	return pfn + (order <= MAX_PAGE_ORDER ? 1UL << order : 1);
}

/**
 * damon_pa_next_folio() - Find the next folio that can be watched.
 * @pfn:	page frame to begin with; set to that behind the folio
 * @end:	where to end; at most damon_pa_end_pfn(), or it takes long
 *
 * The first folio may begin before, and the last may end behind. May sleep.
 *
 * Return: the folio, with a reference; NULL if there is none.
 */
struct folio *damon_pa_next_folio(unsigned long *pfn, unsigned long end)
{
	struct folio *folio;

	while (*pfn < end) {
		unsigned long at = *pfn, next;

		cond_resched();
		folio = damon_pa_get_folio(at);
		if (!IS_ERR(folio)) {
			/* hazard E9: not as many pages from here as it has. */
			*pfn = folio_pfn(folio) + folio_nr_pages(folio);
			return folio;
		}
		next = damon_pa_skip(at);
		*pfn = next > at ? next : end;
	}
	return NULL;
}

#ifdef CONFIG_HUGETLB_PAGE
static bool damon_pa_test_hugetlb(struct vm_area_struct *vma,
				  unsigned long addr, pte_t *ptep)
{
	return pte_young(huge_ptep_get(vma->vm_mm, addr, ptep));
}
#else
static bool damon_pa_test_hugetlb(struct vm_area_struct *vma,
				  unsigned long addr, pte_t *ptep)
{
	return false;
}
#endif

/* The entry that @walk has found, under its lock. */
static bool damon_pa_clear_entry(struct page_vma_mapped_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;

	if (is_vm_hugetlb_page(vma))
		return damon_clear_hugetlb(vma, walk->address, walk->pte);
	if (walk->pte)
		return ptep_clear_young_notify(vma, walk->address, walk->pte);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	return pmdp_clear_young_notify(vma, walk->address & PMD_MASK, walk->pmd);
#else
	return false;
#endif
}

static bool damon_pa_test_entry(struct page_vma_mapped_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;
	bool young = false;

	if (is_vm_hugetlb_page(vma))
		young = damon_pa_test_hugetlb(vma, walk->address, walk->pte);
	else if (walk->pte)
		young = pte_young(ptep_get(walk->pte));
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	else
		young = pmd_young(pmdp_get(walk->pmd));
#endif
	return young || mmu_notifier_test_young(vma->vm_mm, walk->address);
}

/* One mapping of the folio. Returns whether to go on with the next. */
static bool damon_pa_visit_mapping(struct folio *folio,
				   struct vm_area_struct *vma,
				   unsigned long addr, void *arg)
{
	struct damon_pa_visit *visit = arg;
	struct page_vma_mapped_walk walk = {
		.pfn = visit->pfn,
		.nr_pages = visit->nr,
		.vma = vma,
		.address = addr,
	};

	if (unlikely(folio_test_large(folio)) && !folio_test_hugetlb(folio)) {
		walk.pgoff = folio_pgoff(folio) + visit->pfn - folio_pfn(folio);
		walk.address = vma_address(vma, walk.pgoff, walk.nr_pages);
		if (walk.address == -EFAULT)
			return true;
	}
	while (page_vma_mapped_walk(&walk)) {
		visit->whole |= !walk.pte || is_vm_hugetlb_page(vma);
		visit->young |= visit->clear ? damon_pa_clear_entry(&walk) :
					       damon_pa_test_entry(&walk);
	}
	/* One that was accessed answers for all. */
	return visit->clear || !visit->young;
}

/**
 * damon_pa_visit_mappings() - Look at the entries that map pages of a folio.
 * @folio:	folio, referenced
 * @visit:	which pages, and what to do; takes down what is found
 *
 * May sleep, but waits for no lock of the reverse map.
 *
 * Return: false if such a lock was not to be had.
 */
bool damon_pa_visit_mappings(struct folio *folio, struct damon_pa_visit *visit)
{
	struct rmap_walk_control control = {
		.arg = visit,
		.rmap_one = damon_pa_visit_mapping,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock = true,
	};
	/* The mappings of a file may go with the file. */
	bool lock = !folio_test_anon(folio) || folio_test_ksm(folio);

	if (!folio_raw_mapping(folio))
		return true;
	if (lock && !folio_trylock(folio))
		return false;
	rmap_walk(folio, &control);
	if (lock)
		folio_unlock(folio);
	return !control.contended;
}

/**
 * damon_pa_look() - Was any page of a folio accessed since it was marked idle?
 * @folio:	folio, referenced
 * @forget:	mark it again, and clear the accessed bits of all entries that map
 *		it; reclaim still learns of them
 *
 * May sleep, but waits for no lock of the reverse map.
 *
 * Return: the answer; DAMON_PA_NO_RESULT if such a lock was not to be had.
 */
enum damon_pa_result damon_pa_look(struct folio *folio, bool forget)
{
	struct damon_pa_visit visit = {
		.pfn = folio_pfn(folio),
		.nr = folio_nr_pages(folio),
		.clear = forget,
	};
	bool young = !folio_test_idle(folio), visited = true;

	if (folio_mapped(folio) && (forget || !young))
		visited = damon_pa_visit_mappings(folio, &visit);
	if (visit.young && forget)
		damon_folio_harvested(folio);
	if (forget && visited)
		folio_set_idle(folio);
	if (young || visit.young)
		return DAMON_PA_YOUNG;
	return visited ? DAMON_PA_OLD : DAMON_PA_NO_RESULT;
}

/**
 * damon_pa_watches() - Does a sample in a folio wait for its check?
 * @ctx:	context
 * @t:		target of it
 * @r:		region that has a part of the folio
 * @folio:	folio; its other regions are asked as well
 *
 * Return: true if so: then it must not be made to look as if it were idle.
 */
bool damon_pa_watches(struct damon_ctx *ctx, struct damon_target *t,
		      struct damon_region *r, struct folio *folio)
{
	phys_addr_t from = PFN_PHYS(folio_pfn(folio));
	unsigned int shift = ilog2(ctx->addr_unit);
	unsigned long start = from >> shift;
	unsigned long end = ((from + folio_size(folio) - 1) >> shift) + 1;

	while (r->ar.end < end && r != damon_last_region(t))
		r = damon_next_region(r);
	while (!damon_region_watches(r, start, end)) {
		if (r->ar.start <= start || r == damon_first_region(t))
			return false;
		r = damon_prev_region(r);
	}
	return true;
}
