// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of virtual address spaces: which page is mapped where they look.
 *
 * Locks: mmap_lock for reading over the regions of a target, given back when
 * somebody waits for it, and after a while; the lock of one page table while a page is
 * looked at.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pagewalk.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "internal.h"

/*
 * Hand an accessed bit on to the folio, so that its idle flag is true. The bit stays
 * where a sample waits for it, and with hugetlb. Returns the number of bytes for
 * which it was cleared.
 */
static unsigned long damon_va_probe_harvest(struct damon_region *r,
					    struct vm_area_struct *vma,
					    struct folio_walk *fw,
					    struct folio *folio,
					    unsigned long addr)
{
	unsigned long sz = fw->level == FW_LEVEL_PTE ? PAGE_SIZE : PMD_SIZE;
	bool young;

	if (is_vm_hugetlb_page(vma) || fw->level == FW_LEVEL_PUD)
		return 0;
	addr = ALIGN_DOWN(addr, sz);
	young = fw->level == FW_LEVEL_PTE ? pte_young(fw->pte) :
					    pmd_young(fw->pmd);
	if (young && damon_region_watches(r, addr, addr + sz)) {
		folio_clear_idle(folio);
		return 0;
	}
	if (fw->level == FW_LEVEL_PTE)
		young = ptep_clear_young_notify(vma, addr, fw->ptep);
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	else
		young = pmdp_clear_young_notify(vma, addr, fw->pmdp);
#endif
	if (!young)
		return 0;
	damon_folio_harvested(folio);
	return sz;
}

/* What is done at an address of a region. */
struct damon_va_probe {
	struct damon_ctx *ctx;
	struct damon_target *t;
	struct mm_struct *mm;
	bool prepares;
};

static void damon_va_probe_leave(struct folio_walk *fw,
				 struct vm_area_struct *vma)
{
/* Sparse can follow neither what folio_walk_start() takes nor what this returns. */
#ifndef __CHECKER__
	folio_walk_end(fw, vma);
#endif
}

/* Count the pending page of a region (@count), or prepare it. */
static void damon_va_probe_visit(struct damon_va_probe *p,
				 struct damon_region *r, bool count)
{
	struct damon_hearsay *hearsay = &damon_target_state(p->t)->va.hearsay;
	unsigned long addr = damon_region_state(r)->probe_addr, sz = 0;
	struct vm_area_struct *vma = vma_lookup(p->mm, addr);
	struct folio *folio = NULL;
	struct folio_walk fw;

	if (vma)
		folio = folio_walk_start(&fw, vma, addr, 0);
	if (folio && p->prepares)
		sz = damon_va_probe_harvest(r, vma, &fw, folio, addr);
	if (count)
		damon_probe_count(p->ctx, r, folio);
	else if (folio)
		damon_probe_prepare(p->ctx, folio);
	if (folio)
		damon_va_probe_leave(&fw, vma);
	/* Other contexts may wait for the bit that was cleared. */
	if (sz && READ_ONCE(hearsay->shared))
		damon_hearsay_tell(hearsay, true, ALIGN_DOWN(addr, sz),
				   ALIGN_DOWN(addr, sz) + sz);
}

static void damon_va_probe_region(struct damon_va_probe *p,
				  struct damon_region *r)
{
	if (damon_region_state(r)->probe_pending)
		damon_va_probe_visit(p, r, true);
	damon_probe_aim(p->ctx, r);
	/* What needs no preparation can be told at once. */
	damon_va_probe_visit(p, r, !p->prepares);
}

/**
 * damon_va_probe() - Let the probes look at all regions of a target.
 * @ctx:	context; called from its kdamond
 * @t:		target
 * @mm:		its address space, with a reference
 *
 * May sleep.
 */
void damon_va_probe(struct damon_ctx *ctx, struct damon_target *t,
		    struct mm_struct *mm)
{
	struct damon_va_probe p = {
		.ctx = ctx,
		.t = t,
		.mm = mm,
		.prepares = damon_probes_prepare(ctx),
	};
	struct damon_region *r;
	unsigned int nr = 0;
	u64 since;

	mmap_read_lock(mm);
	since = local_clock();
	damon_for_each_region(r, t) {
		if (!(++nr % DAMON_BREATH) && damon_va_hold_is_over(mm, since)) {
			mmap_read_unlock(mm);
			cond_resched();
			mmap_read_lock(mm);
			since = local_clock();
		}
		damon_va_probe_region(&p, r);
	}
	mmap_read_unlock(mm);
}
