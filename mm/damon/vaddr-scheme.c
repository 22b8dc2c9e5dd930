// SPDX-License-Identifier: GPL-2.0
/*
 * Actions of schemes on virtual address spaces: one row each.
 *
 * A region may span many mappings and the holes between them, so it is acted on
 * mapping by mapping, and what was done is the sum of those for which it worked.
 * Most actions are advice that a process could give itself. Advice is for whole
 * mappings and cannot leave out pages: it is refused together with filters about
 * pages.
 *
 * Locks: mmap_lock for reading to find mappings; never while advice is given,
 * which takes it itself. Mappings may change in between: then the advice is for
 * what is there, as it would be for the process.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/pagewalk.h>
#include <linux/sched/mm.h>

#include "internal.h"

/**
 * struct damon_va_action - how an action is done
 * @advice:	by madvise() with that; 0: by counting pages
 * @score:	priority of regions under a quota; NULL: all are equal
 * @filters:	it can leave out single pages
 */
struct damon_va_action {
	int advice;
	int (*score)(struct damon_ctx *ctx, struct damon_region *r,
		     struct damos *s);
	bool filters;
};

static const struct damon_va_action damon_va_actions[NR_DAMOS_ACTIONS] = {
#ifdef CONFIG_ADVISE_SYSCALLS
	[DAMOS_WILLNEED]	= { .advice = MADV_WILLNEED },
	[DAMOS_COLD]		= { .advice = MADV_COLD },
	[DAMOS_PAGEOUT]		= { .advice = MADV_PAGEOUT,
				    .score = damos_cold_score },
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	[DAMOS_HUGEPAGE]	= { .advice = MADV_HUGEPAGE },
	[DAMOS_NOHUGEPAGE]	= { .advice = MADV_NOHUGEPAGE },
	[DAMOS_COLLAPSE]	= { .advice = MADV_COLLAPSE },
#endif
#endif
	[DAMOS_STAT]		= { .filters = true },
};

/**
 * damon_va_supports_action() - Can the operations do that?
 * @action:	action
 *
 * Return: true if so.
 */
bool damon_va_supports_action(enum damos_action action)
{
	return action == DAMOS_STAT || damon_va_actions[action].advice;
}

/**
 * damon_va_supports_filter() - Can an action leave out single pages?
 * @action:	action
 * @type:	what pages
 *
 * Return: true if so.
 */
bool damon_va_supports_filter(enum damos_action action,
			      enum damos_filter_type type)
{
	return damon_va_actions[action].filters;
}

/**
 * damon_va_score() - Priority of a region for a scheme.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * Return: 0 to DAMOS_MAX_SCORE.
 */
int damon_va_score(struct damon_ctx *ctx, struct damon_target *t,
		   struct damon_region *r, struct damos *s)
{
	const struct damon_va_action *action = &damon_va_actions[s->action];

	return action->score ? action->score(ctx, r, s) : DAMOS_MAX_SCORE;
}

/* The part of the next mapping that lies in [*@at, @end). False: there is none. */
static bool damon_va_next_piece(struct mm_struct *mm, unsigned long at,
				unsigned long end,
				struct damon_addr_range *piece)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	/* What cannot be advised on would only fail. */
	for (vma = find_vma(mm, at); vma && vma->vm_start < end &&
	     vma->vm_flags & (VM_PFNMAP | VM_IO | VM_HUGETLB);
	     vma = find_vma(mm, vma->vm_end))
		;
	if (vma && vma->vm_start < end)
		*piece = (struct damon_addr_range){
			max(at, vma->vm_start), min(end, vma->vm_end) };
	else
		vma = NULL;
	mmap_read_unlock(mm);
	return vma;
}

/* Returns the bytes for which the advice was taken. */
static unsigned long damon_va_advise(struct mm_struct *mm,
				     struct damon_addr_range range, int advice)
{
	unsigned long end = PAGE_ALIGN(range.end), done = 0;
	struct damon_addr_range piece = { .end = range.start & PAGE_MASK };

	while (piece.end < end && atomic_read(&mm->mm_users) > 1 &&
	       damon_va_next_piece(mm, piece.end, end, &piece)) {
		if (!do_madvise(mm, piece.start, piece.end - piece.start,
				advice))
			done += piece.end - piece.start;
		cond_resched();
	}
	return done;
}

/*
 * Counting what filters let pass.
 */

struct damon_va_count {
	struct damos *s;
	bool wants_young;
};

static void damon_va_count_page(struct damon_va_count *count,
				struct folio *folio, bool young,
				unsigned long sz)
{
	struct damos_page page = { .folio = folio, .young = young };

	if (damos_filter_page(count->s, &page))
		damos_add_filter_passed(count->s, sz);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Returns false if there is no huge page. */
static bool damon_va_count_pmd(struct damon_va_count *count,
			       struct vm_area_struct *vma, pmd_t *pmd,
			       unsigned long addr, unsigned long end)
{
	bool young = count->wants_young && damon_va_clear_pmd(vma, addr, pmd);
	spinlock_t *ptl = pmd_trans_huge_lock(pmd, vma);
	struct folio *folio = NULL;

	if (!ptl)
		return false;
	/* pmd_trans_huge_lock() does not tell sparse. */
	__acquire(ptl);
	if (pmd_present(*pmd))
		folio = vm_normal_folio_pmd(vma, addr, *pmd);
	if (folio)
		damon_va_count_page(count, folio, young, end - addr);
	spin_unlock(ptl);
	return true;
}
#else
static bool damon_va_count_pmd(struct damon_va_count *count,
			       struct vm_area_struct *vma, pmd_t *pmd,
			       unsigned long addr, unsigned long end)
{
	return false;
}
#endif

static int damon_va_count_pmd_entry(pmd_t *pmd, unsigned long addr,
				    unsigned long end, struct mm_walk *walk)
{
	struct damon_va_count *count = walk->private;
	struct vm_area_struct *vma = walk->vma;
	struct folio *folio;
	pte_t *pte, *first;
	spinlock_t *ptl;	/* of the page table */
	bool young;

	if (damon_va_count_pmd(count, vma, pmd, addr, end))
		return 0;
	first = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	if (!first)
		return 0;
	/* pte_offset_map_lock() does not tell sparse. */
	__acquire(ptl);
	for (pte = first; addr < end; pte++, addr += PAGE_SIZE) {
		pte_t entry = ptep_get(pte);

		if (!pte_present(entry))
			continue;
		folio = vm_normal_folio(vma, addr, entry);
		if (!folio)
			continue;
		young = count->wants_young &&
			ptep_clear_young_notify(vma, addr, pte);
		if (young)
			damon_folio_harvested(folio);
		damon_va_count_page(count, folio, young, PAGE_SIZE);
	}
	pte_unmap_unlock(first, ptl);
	cond_resched();
	return 0;
}

/* Only those who own them may clear their accessed bits: these stay. */
static int damon_va_count_hugetlb(pte_t *pte, unsigned long hmask,
				  unsigned long addr, unsigned long end,
				  struct mm_walk *walk)
{
#ifdef CONFIG_HUGETLB_PAGE
	struct hstate *h = hstate_vma(walk->vma);
	spinlock_t *ptl = huge_pte_lock(h, walk->mm, pte);
	pte_t entry = huge_ptep_get(walk->mm, addr & hmask, pte);

	if (pte_present(entry))
		damon_va_count_page(walk->private, pfn_folio(pte_pfn(entry)),
				    pte_young(entry), end - addr);
	spin_unlock(ptl);
#endif
	return 0;
}

static const struct mm_walk_ops damon_va_count_ops = {
	.pmd_entry = damon_va_count_pmd_entry,
	.hugetlb_entry = damon_va_count_hugetlb,
	.walk_lock = PGWALK_RDLOCK,
};

/* Without filters there is nothing to ask the pages. */
static void damon_va_count(struct mm_struct *mm, struct damon_addr_range range,
			   struct damos *s)
{
	struct damon_va_count count = {
		.s = s,
		.wants_young = damos_has_ops_filter(s, DAMOS_FILTER_TYPE_YOUNG),
	};

	if (list_empty(&s->ops_filters))
		return;
	mmap_read_lock(mm);
	walk_page_range(mm, range.start, range.end, &damon_va_count_ops,
			&count);
	mmap_read_unlock(mm);
}

/**
 * damon_va_apply() - Apply the action of a scheme to a region.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * May sleep.
 *
 * Return: the number of bytes to which it was applied.
 */
unsigned long damon_va_apply(struct damon_ctx *ctx, struct damon_target *t,
			     struct damon_region *r, struct damos *s)
{
	int advice = damon_va_actions[s->action].advice;
	unsigned long done = 0;
	struct mm_struct *mm;

	mm = damon_va_get_mm(t);
	if (!mm)
		return 0;
	if (advice)
		done = damon_va_advise(mm, r->ar, advice);
	else
		damon_va_count(mm, r->ar, s);
	damon_va_put_mm(mm);
	return done;
}
