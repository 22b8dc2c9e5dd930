// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on the physical address space: one ordered pass over the samples a
 * tick.
 *
 * In one visit of a region its old sample is read, and the next one prepared.
 * What a page is decides how. Free memory, and holes, nobody accesses. A folio
 * on an LRU list, or of hugetlb, is marked idle, which whoever accesses it
 * through the kernel undoes; where processes map it, the accessed bits of their
 * entries are found through the reverse map, and cleared. Of all other memory
 * (the kernel's own, devices', what is offline, isolated, or locked right now)
 * nobody can tell: a look at it has no result, and a region without any result
 * in a window is shown as not checked, which is not the same as not accessed.
 *
 * A page that large entries map, and one that none maps, is accessed as a whole,
 * so regions that share it share what is found. If a large folio is mapped page
 * by page, each page counts for itself.
 *
 * Nothing is waited for: locks are tried, and a folio is held for one look only,
 * so that it can be freed, migrated or offlined between two.
 */
#include <linux/hugetlb.h>
#include <linux/init.h>
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

enum damon_pa_result {
	DAMON_PA_OLD,
	DAMON_PA_YOUNG,
	DAMON_PA_NO_RESULT,
};

/**
 * struct damon_pa_pass - a pass over the samples of a target
 * @unit_shift:	log2 of the bytes that an address stands for
 * @samples:	that were checked
 * @young:	page frames of the folio that was accessed as a whole and that this
 *		pass has marked idle last: other samples in it were accessed, too
 */
struct damon_pa_pass {
	unsigned int unit_shift;
	u64 samples;
	struct damon_addr_range young;
};

/**
 * struct damon_pa_visit - a look at the entries that map a page
 * @pfn:	page
 * @clear:	clear the accessed bits; else only find out whether one is set
 * @young:	one was
 * @whole:	an entry maps more than the page
 */
struct damon_pa_visit {
	unsigned long pfn;
	bool clear;
	bool young;
	bool whole;
};

/*
 * Which folio has the page? Returns DAMON_PA_YOUNG with a reference to it if it
 * can be watched; else what is known without.
 */
static enum damon_pa_result damon_pa_get_folio(unsigned long pfn,
					       struct folio **foliop)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio;

	if (!page)
		return pfn_valid(pfn) ? DAMON_PA_NO_RESULT : DAMON_PA_OLD;
	folio = page_folio(page);
	if (!folio_try_get(folio))
		return DAMON_PA_OLD;
	/* hazard E11: only now it is sure to stay the head of its page. */
	if (unlikely(page_folio(page) != folio) ||
	    (!folio_test_lru(folio) && !folio_test_hugetlb(folio))) {
		folio_put(folio);
		return DAMON_PA_NO_RESULT;
	}
	*foliop = folio;
	return DAMON_PA_YOUNG;
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
		.nr_pages = 1,
		.vma = vma,
		.address = addr,
	};

	if (unlikely(folio_test_large(folio)) && !folio_test_hugetlb(folio)) {
		walk.address = vma_address(vma, folio_pgoff(folio) +
					   visit->pfn - folio_pfn(folio), 1);
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

/* Returns false if a lock was not to be had. */
static bool damon_pa_visit_mappings(struct folio *folio,
				    struct damon_pa_visit *visit)
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

/* Does a sample stand for all of its folio? */
static bool damon_pa_is_whole(struct folio *folio,
			      const struct damon_pa_visit *visit)
{
	return folio_test_large(folio) &&
	       (visit->whole || !folio_mapped(folio));
}

/*
 * Forget that a page was accessed. Returns false if that cannot be done now. Sets
 * *@leaf_sz to the bytes that are accessed as one.
 */
static bool damon_pa_clear(struct damon_pa_pass *pass, unsigned long pfn,
			   unsigned long *leaf_sz)
{
	struct damon_pa_visit visit = { .pfn = pfn, .clear = true };
	enum damon_pa_result result;
	struct folio *folio;
	bool cleared = true;

	*leaf_sz = PAGE_SIZE;
	result = damon_pa_get_folio(pfn, &folio);
	/* What is free now and allocated later will not be marked idle. */
	if (result != DAMON_PA_YOUNG)
		return result == DAMON_PA_OLD;
	if (folio_test_hugetlb(folio))
		visit.pfn = folio_pfn(folio);
	if (folio_mapped(folio))
		cleared = damon_pa_visit_mappings(folio, &visit);
	if (damon_pa_is_whole(folio, &visit)) {
		*leaf_sz = folio_size(folio);
		if (visit.young || !folio_test_idle(folio)) {
			pass->young.start = folio_pfn(folio);
			pass->young.end = folio_pfn(folio) +
					  folio_nr_pages(folio);
		}
	}
	if (visit.young)
		damon_folio_harvested(folio);
	folio_set_idle(folio);
	folio_put(folio);
	return cleared;
}

/* Was a page accessed since damon_pa_clear()? */
static enum damon_pa_result damon_pa_check(struct damon_pa_pass *pass,
					   unsigned long pfn)
{
	struct damon_pa_visit visit = { .pfn = pfn };
	enum damon_pa_result result;
	struct folio *folio;

	if (pfn - pass->young.start < pass->young.end - pass->young.start)
		return DAMON_PA_YOUNG;
	result = damon_pa_get_folio(pfn, &folio);
	if (result != DAMON_PA_YOUNG)
		return result;
	if (folio_test_hugetlb(folio))
		visit.pfn = folio_pfn(folio);
	if (folio_test_idle(folio)) {
		result = DAMON_PA_OLD;
		if (folio_mapped(folio) &&
		    !damon_pa_visit_mappings(folio, &visit))
			result = DAMON_PA_NO_RESULT;
		if (visit.young)
			result = DAMON_PA_YOUNG;
	}
	folio_put(folio);
	return result;
}

/* The page frame at an address; ULONG_MAX, which is none, if that is too high. */
static unsigned long damon_pa_pfn(unsigned int unit_shift, unsigned long addr)
{
	unsigned int shift;

	if (unit_shift <= PAGE_SHIFT)
		return addr >> (PAGE_SHIFT - unit_shift);
	shift = unit_shift - PAGE_SHIFT;
	return addr <= ULONG_MAX >> shift ? addr << shift : ULONG_MAX;
}

static void damon_pa_check_sample(struct damon_pa_pass *pass,
				  struct damon_region *r, unsigned long addr,
				  unsigned int stratum)
{
	enum damon_pa_result result;

	result = damon_pa_check(pass, damon_pa_pfn(pass->unit_shift, addr));
	if (result != DAMON_PA_NO_RESULT)
		damon_region_count(r, stratum, result == DAMON_PA_YOUNG);
	pass->samples++;
}

/* Was the region accessed where it is watched? */
static void damon_pa_check_region(struct damon_pa_pass *pass,
				  struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned int i;

	rs->pending = false;
	damon_pa_check_sample(pass, r, r->sampling_addr, rs->stratum);
	for (i = 1; rs->spread && i < DAMON_NR_STRATA; i++)
		damon_pa_check_sample(pass, r, damon_region_spread_addr(r, i),
				      i);
}

static void damon_pa_prepare_region(struct damon_pa_pass *pass,
				    struct damon_ctx_state *s,
				    struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long addr, leaf_sz;
	unsigned int i;

	rs->spread = false;
	addr = damon_region_next_sample(s, r);
	if (!damon_pa_clear(pass, damon_pa_pfn(pass->unit_shift, addr),
			    &leaf_sz))
		rs->pending = false;
	rs->leaf_sz = leaf_sz >> pass->unit_shift;
	/* One that cannot be prepared most likely cannot be checked: rare. */
	for (i = 1; rs->spread && i < DAMON_NR_STRATA; i++) {
		addr = damon_region_spread_addr(r, i);
		damon_pa_clear(pass, damon_pa_pfn(pass->unit_shift, addr),
			       &leaf_sz);
	}
}

/* When does the next pass have something to do? */
static u64 damon_pa_next_due(struct damon_ctx_state *s, bool busy, bool resting)
{
	if (busy)
		return s->tick + 1;
	return resting ? damon_next_rest(s) : U64_MAX;
}

/*
 * Visit the samples of a target. With @check, count what was accessed, and choose
 * a new sample everywhere; else only where none is on its way. Returns the highest
 * nr_accesses.
 */
static unsigned int damon_pa_walk(struct damon_ctx *ctx, struct damon_target *t,
				  bool check)
{
	unsigned int breath = DAMON_BREATH, max_nr_accesses = 0;
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_pa_pass pass = { .unit_shift = ilog2(ctx->addr_unit) };
	bool busy = false, resting = false;
	struct damon_region *r;

	damon_for_each_region(r, t) {
		struct damon_region_state *rs = damon_region_state(r);

		if (rs->pending) {
			if (!check) {
				busy = true;
				continue;
			}
			damon_pa_check_region(&pass, r);
			max_nr_accesses = max(max_nr_accesses, r->nr_accesses);
		}
		if (!damon_region_sleeps(s, rs))
			damon_pa_prepare_region(&pass, s, r);
		busy |= rs->pending || !rs->rests;
		resting |= rs->rests;
		if (!--breath) {
			cond_resched();
			breath = DAMON_BREATH;
		}
	}
	s->cost.samples += pass.samples;
	damon_target_state(t)->pa.due = damon_pa_next_due(s, busy, resting);
	return max_nr_accesses;
}

static void damon_pa_arm(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		struct damon_pa_target *pa = &damon_target_state(t)->pa;

		/* The check has prepared the next samples as well. */
		if (pa->armed)
			continue;
		damon_pa_walk(ctx, t, false);
		pa->armed = true;
	}
}

static unsigned int damon_pa_collect(struct damon_ctx *ctx)
{
	unsigned int max_nr_accesses = 0;
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		max_nr_accesses = max(max_nr_accesses,
				      damon_pa_walk(ctx, t, true));
	return max_nr_accesses;
}

static unsigned int damon_pa_idle_ticks(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_target *t;
	u64 due = U64_MAX;

	damon_for_each_target(t, ctx) {
		struct damon_pa_target *pa = &damon_target_state(t)->pa;

		due = min(due, pa->armed ? pa->due : s->tick + 1);
	}
	return damon_ticks_until(s, due);
}

/* The regions are others than before: they want samples. */
static void damon_pa_disarm(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		damon_target_state(t)->pa.armed = false;
}

static void damon_pa_attach(struct damon_ctx *ctx)
{
	struct damon_target *t;

	/* If others were in charge, what is on its way is not ours. */
	damon_for_each_target(t, ctx)
		damon_target_forget_samples(t);
	damon_pa_disarm(ctx);
}

/* Schemes can count regions, but do nothing to memory. */
static bool damon_pa_supports_action(enum damos_action action)
{
	return action == DAMOS_STAT;
}

static bool damon_pa_supports_filter(enum damos_action action,
				     enum damos_filter_type type)
{
	return false;
}

static int __init damon_pa_initcall(void)
{
	struct damon_operations ops = {
		.id = DAMON_OPS_PADDR,
		.init = damon_pa_attach,
		.prepare_access_checks = damon_pa_arm,
		.check_accesses = damon_pa_collect,
		.idle_ticks = damon_pa_idle_ticks,
		.reset_aggregated = damon_pa_disarm,
		.supports_action = damon_pa_supports_action,
		.supports_filter = damon_pa_supports_filter,
	};

	return damon_register_ops(&ops);
}
subsys_initcall(damon_pa_initcall);
