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
 * How a look is made is in paddr-folio.c, what schemes do in paddr-scheme.c. Locks:
 * see there; the folio of one sample is held at a time.
 */
#include <linux/err.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/page_idle.h>
#include <linux/rmap.h>
#include <linux/sched.h>

#include "internal.h"
#include "paddr.h"

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

/* Does a sample stand for all of its folio? */
static bool damon_pa_is_whole(struct folio *folio,
			      const struct damon_pa_visit *visit)
{
	return folio_test_large(folio) &&
	       (visit->whole || !folio_mapped(folio));
}

/*
 * Forget that a page of a folio was accessed. Returns the bytes that are accessed as
 * one, or zero if it cannot be watched now. Takes the reference of the folio.
 */
static noinline unsigned long damon_pa_clear(struct damon_pa_pass *pass,
					     struct folio *folio, unsigned long pfn)
{
	struct damon_pa_visit visit = { .pfn = pfn, .nr = 1, .clear = true };
	unsigned long leaf_sz = PAGE_SIZE;

	if (folio_test_hugetlb(folio))
		visit.pfn = folio_pfn(folio);
	if (folio_mapped(folio) && !damon_pa_visit_mappings(folio, &visit))
		leaf_sz = 0;
	else if (damon_pa_is_whole(folio, &visit))
		leaf_sz = folio_size(folio);
	if (leaf_sz > PAGE_SIZE && (visit.young || !folio_test_idle(folio))) {
		pass->young.start = folio_pfn(folio);
		pass->young.end = folio_pfn(folio) + folio_nr_pages(folio);
	}
	if (visit.young)
		damon_folio_harvested(folio);
	folio_set_idle(folio);
	folio_put(folio);
	return leaf_sz;
}

/*
 * Was a page of a folio accessed since damon_pa_clear()? Takes the reference of the
 * folio.
 */
static noinline enum damon_pa_result damon_pa_check(struct folio *folio,
						    unsigned long pfn)
{
	struct damon_pa_visit visit = { .pfn = pfn, .nr = 1 };
	enum damon_pa_result result = DAMON_PA_YOUNG;

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

/* Most pages of a large region are free: for these, calls are what costs. */
static __always_inline void damon_pa_check_sample(struct damon_pa_pass *pass,
						  struct damon_region *r,
						  unsigned long addr,
						  unsigned int stratum)
{
	unsigned long pfn = damon_pa_pfn(pass->unit_shift, addr);
	enum damon_pa_result result = DAMON_PA_YOUNG;
	struct folio *folio;

	pass->samples++;
	if (pfn - pass->young.start >= pass->young.end - pass->young.start) {
		folio = damon_pa_get_folio(pfn);
		if (!IS_ERR(folio))
			result = damon_pa_check(folio, pfn);
		else if (folio == ERR_PTR(-ENOENT))
			result = DAMON_PA_OLD;
		else
			return;
	}
	if (result != DAMON_PA_NO_RESULT)
		damon_region_count(r, stratum, result == DAMON_PA_YOUNG);
}

/* Was the region accessed where it is watched? */
static void damon_pa_check_region(struct damon_pa_pass *pass,
				  struct damon_ctx *ctx, struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned int i;

	rs->pending = false;
	if (!rs->spread) {
		damon_pa_check_sample(pass, r, r->sampling_addr, rs->stratum);
		return;
	}
	for (i = 0; i < DAMON_NR_STRATA; i++)
		if (rs->spread & BIT(i))
			damon_pa_check_sample(pass, r,
					      damon_region_spread_addr(r, i), i);
	damon_adapt_spread_checked(ctx, r);
}

/*
 * Begin to watch what was chosen in part @i. Returns the bytes that are accessed as
 * one, zero if it cannot be watched.
 */
static __always_inline unsigned long
damon_pa_prepare_sample(struct damon_pa_pass *pass, struct damon_region *r,
			unsigned long addr, unsigned int i)
{
	unsigned long pfn = damon_pa_pfn(pass->unit_shift, addr), leaf_sz = 0;
	struct folio *folio = damon_pa_get_folio(pfn);

	if (!IS_ERR(folio))
		leaf_sz = damon_pa_clear(pass, folio, pfn);
	else if (folio == ERR_PTR(-ENOENT))
		/* What is free now and allocated later will not be marked idle. */
		leaf_sz = PAGE_SIZE;
	if (!leaf_sz)
		damon_region_unwatch(damon_region_state(r), i);
	return leaf_sz;
}

static void damon_pa_prepare_region(struct damon_pa_pass *pass,
				    struct damon_ctx_state *s,
				    struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long leaf_sz;
	unsigned int i;

	rs->spread = 0;
	leaf_sz = damon_pa_prepare_sample(pass, r,
					  damon_region_next_sample(s, r), 0);
	rs->leaf_sz = leaf_sz >> pass->unit_shift;
	for (i = 1; rs->spread && i < DAMON_NR_STRATA; i++)
		damon_pa_prepare_sample(pass, r, damon_region_spread_addr(r, i), i);
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
			damon_pa_check_region(&pass, ctx, r);
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

	damon_pa_probe_finish(ctx);
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

static int __init damon_pa_initcall(void)
{
	struct damon_operations ops = {
		.id = DAMON_OPS_PADDR,
		.init = damon_pa_attach,
		.prepare_access_checks = damon_pa_arm,
		.check_accesses = damon_pa_collect,
		.apply_probes = damon_pa_probe,
		.idle_ticks = damon_pa_idle_ticks,
		.reset_aggregated = damon_pa_disarm,
		.supports_action = damon_pa_supports_action,
		.supports_filter = damon_pa_supports_filter,
		.get_scheme_score = damon_pa_score,
		.apply_scheme = damon_pa_apply,
		.count_on_node = damon_pa_count_on_node,
	};

	return damon_register_ops(&ops);
}
subsys_initcall(damon_pa_initcall);
