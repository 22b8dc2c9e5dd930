// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of physical memory: which folio has the page where they look.
 *
 * Locks: see paddr-folio.c.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/page_idle.h>
#include <linux/sched.h>

#include "internal.h"
#include "paddr.h"

/* What the probes of a context look at, with a reference; NULL: no folio is there. */
static struct folio *damon_pa_probed(struct damon_ctx *ctx,
				     struct damon_region *r)
{
	unsigned long addr = damon_region_state(r)->probe_addr;
	struct folio *folio;

	folio = damon_pa_get_folio(damon_pa_pfn(ilog2(ctx->addr_unit), addr));
	return IS_ERR(folio) ? NULL : folio;
}

static void damon_pa_probe_count(struct damon_ctx *ctx, struct damon_region *r,
				 bool prepared)
{
	struct folio *folio = damon_pa_probed(ctx, r);

	/* What only the entries know, the idle flag has to tell. */
	if (folio && prepared && damon_pa_look(folio, false) == DAMON_PA_YOUNG &&
	    folio_test_idle(folio))
		folio_clear_idle(folio);
	damon_probe_count(ctx, r, folio);
	if (folio)
		folio_put(folio);
}

static void damon_pa_probe_prepare(struct damon_ctx *ctx, struct damon_target *t,
				   struct damon_region *r)
{
	struct folio *folio = damon_pa_probed(ctx, r);

	if (!folio)
		return;
	/* A sample that waits has just been prepared in the same way. */
	if (!damon_pa_watches(ctx, t, r, folio)) {
		damon_pa_look(folio, true);
		damon_probe_prepare(ctx, folio);
	}
	folio_put(folio);
}

/**
 * damon_pa_probe_finish() - Count what the probes have prepared.
 * @ctx:	context; called from its kdamond
 *
 * To be called before any sample is prepared: it may lie in the same folio. May
 * sleep.
 */
void damon_pa_probe_finish(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	if (!damon_probes_prepare(ctx))
		return;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			if (damon_region_state(r)->probe_pending)
				damon_pa_probe_count(ctx, r, true);
			cond_resched();
		}
	}
}

/**
 * damon_pa_probe() - Let the probes look at all regions.
 * @ctx:	context; called from its kdamond
 *
 * May sleep.
 */
void damon_pa_probe(struct damon_ctx *ctx)
{
	bool prepares = damon_probes_prepare(ctx);
	struct damon_target *t;
	struct damon_region *r;

	/* With weights nobody samples, and it was not done yet. */
	damon_pa_probe_finish(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_probe_aim(ctx, r);
			if (prepares)
				damon_pa_probe_prepare(ctx, t, r);
			else
				/* It can be told at once. */
				damon_pa_probe_count(ctx, r, false);
			cond_resched();
		}
	}
}
