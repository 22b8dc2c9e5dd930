// SPDX-License-Identifier: GPL-2.0
/*
 * What quotas are tuned for: a metric is a row and a function.
 *
 * Shares are in 1/10000. A node or a cgroup that is gone has nothing in use.
 *
 * No locks: runs in the kdamond.
 */
#include <linux/memcontrol.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/psi.h>
#include <linux/vmstat.h>

#include "internal.h"

#define DAMOS_ALL_BP	10000UL

/* @part of @whole, which may be stale to each other. */
static unsigned long damos_share_bp(unsigned long part, unsigned long whole)
{
	if (!whole)
		return 0;
	return mult_frac(DAMOS_ALL_BP, min(part, whole), whole);
}

/* The first look only tells where to count from. */
static unsigned long damos_measure_psi(struct damon_ctx *ctx, struct damos *s,
				       struct damos_quota_goal *g)
{
#ifdef CONFIG_PSI
	struct damos_goal_state *state = damos_goal_state(g);
	u64 now, last = state->last_psi_us;
	bool first = !state->has_psi;

	if (static_branch_likely(&psi_disabled))
		return 0;
	now = div_u64(READ_ONCE(psi_system.total[PSI_AVGS][PSI_MEM_SOME]),
		      NSEC_PER_USEC);
	state->last_psi_us = now;
	state->has_psi = true;
	return first ? 0 : min_t(u64, now - last, ULONG_MAX);
#else
	return 0;
#endif
}

static bool damos_node_is_valid(int nid)
{
	return nid >= 0 && nid < MAX_NUMNODES && node_state(nid, N_MEMORY);
}

static unsigned long damos_measure_node_used(struct damon_ctx *ctx,
					     struct damos *s,
					     struct damos_quota_goal *g)
{
	struct sysinfo i;

	if (!damos_node_is_valid(g->nid))
		return 0;
	si_meminfo_node(&i, g->nid);
	return damos_share_bp(i.totalram - min(i.totalram, i.freeram),
			      i.totalram);
}

static unsigned long damos_measure_node_free(struct damon_ctx *ctx,
					     struct damos *s,
					     struct damos_quota_goal *g)
{
	return DAMOS_ALL_BP - damos_measure_node_used(ctx, s, g);
}

#ifdef CONFIG_MEMCG
static unsigned long damos_memcg_pages(struct mem_cgroup *memcg, int nid)
{
	struct lruvec *lruvec = mem_cgroup_lruvec(memcg, NODE_DATA(nid));

	return lruvec_page_state(lruvec, NR_ACTIVE_ANON) +
	       lruvec_page_state(lruvec, NR_INACTIVE_ANON) +
	       lruvec_page_state(lruvec, NR_ACTIVE_FILE) +
	       lruvec_page_state(lruvec, NR_INACTIVE_FILE);
}
#else
static unsigned long damos_memcg_pages(struct mem_cgroup *memcg, int nid)
{
	return 0;
}
#endif

static unsigned long damos_measure_memcg_used(struct damon_ctx *ctx,
					      struct damos *s,
					      struct damos_quota_goal *g)
{
	struct mem_cgroup *memcg;
	unsigned long pages;
	struct sysinfo i;

	if (!damos_node_is_valid(g->nid))
		return 0;
	memcg = damon_memcg_get(g->memcg_id);
	if (!memcg)
		return 0;
	mem_cgroup_flush_stats(memcg);
	pages = damos_memcg_pages(memcg, g->nid);
	mem_cgroup_put(memcg);
	si_meminfo_node(&i, g->nid);
	return damos_share_bp(pages, i.totalram);
}

static unsigned long damos_measure_memcg_free(struct damon_ctx *ctx,
					      struct damos *s,
					      struct damos_quota_goal *g)
{
	return DAMOS_ALL_BP - damos_measure_memcg_used(ctx, s, g);
}

static unsigned long damos_measure_active(struct damon_ctx *ctx,
					  struct damos *s,
					  struct damos_quota_goal *g)
{
	unsigned long active = global_node_page_state(NR_ACTIVE_ANON) +
			       global_node_page_state(NR_ACTIVE_FILE);

	return damos_share_bp(active, active +
			      global_node_page_state(NR_INACTIVE_ANON) +
			      global_node_page_state(NR_INACTIVE_FILE));
}

static unsigned long damos_measure_inactive(struct damon_ctx *ctx,
					    struct damos *s,
					    struct damos_quota_goal *g)
{
	unsigned long inactive = global_node_page_state(NR_INACTIVE_ANON) +
				 global_node_page_state(NR_INACTIVE_FILE);

	return damos_share_bp(inactive, inactive +
			      global_node_page_state(NR_ACTIVE_ANON) +
			      global_node_page_state(NR_ACTIVE_FILE));
}

/* Of the memory that the scheme is meant for, how much is on the node? */
static unsigned long damos_measure_eligible(struct damon_ctx *ctx,
					    struct damos *s,
					    struct damos_quota_goal *g)
{
	struct damon_target *t;
	struct damon_region *r;
	u64 on_node = 0, all = 0;

	if (!ctx->ops.count_on_node || !damos_node_is_valid(g->nid))
		return 0;
	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			if (damos_pattern_fits(ctx, r, s))
				ctx->ops.count_on_node(ctx, r, g->nid, &on_node,
						       &all);
	return damos_share_bp(on_node, all);
}

static unsigned long damos_measure_hugepage(struct damon_ctx *ctx,
					    struct damos *s,
					    struct damos_quota_goal *g)
{
	unsigned long total = totalram_pages();
	unsigned long free = global_zone_page_state(NR_FREE_PAGES);

	if (total <= free)
		return DAMOS_ALL_BP;
	/* Counted in base pages. */
	return damos_share_bp(global_node_page_state(NR_ANON_THPS) +
			      global_node_page_state(NR_SHMEM_THPS) +
			      global_node_page_state(NR_FILE_THPS),
			      total - free);
}

const struct damos_goal_row damos_goals[NR_DAMOS_QUOTA_GOAL_METRICS] = {
	[DAMOS_QUOTA_USER_INPUT]	= { .name = "user_input" },
	[DAMOS_QUOTA_SOME_MEM_PSI_US]	= { .name = "some_mem_psi_us",
					    .measure = damos_measure_psi },
	[DAMOS_QUOTA_NODE_MEM_USED_BP]	= { .name = "node_mem_used_bp",
					    .measure = damos_measure_node_used,
					    .has_nid = true },
	[DAMOS_QUOTA_NODE_MEM_FREE_BP]	= { .name = "node_mem_free_bp",
					    .measure = damos_measure_node_free,
					    .has_nid = true },
	[DAMOS_QUOTA_NODE_MEMCG_USED_BP] = { .name = "node_memcg_used_bp",
					    .measure = damos_measure_memcg_used,
					    .has_nid = true, .has_memcg = true },
	[DAMOS_QUOTA_NODE_MEMCG_FREE_BP] = { .name = "node_memcg_free_bp",
					    .measure = damos_measure_memcg_free,
					    .has_nid = true, .has_memcg = true },
	[DAMOS_QUOTA_ACTIVE_MEM_BP]	= { .name = "active_mem_bp",
					    .measure = damos_measure_active },
	[DAMOS_QUOTA_INACTIVE_MEM_BP]	= { .name = "inactive_mem_bp",
					    .measure = damos_measure_inactive },
	[DAMOS_QUOTA_NODE_ELIGIBLE_MEM_BP] = { .name = "node_eligible_mem_bp",
					    .measure = damos_measure_eligible,
					    .has_nid = true, .physical = true },
	[DAMOS_QUOTA_HUGEPAGE_MEM_BP]	= { .name = "hugepage_mem_bp",
					    .measure = damos_measure_hugepage },
};

/**
 * damos_goals_measure() - Find the present values of what a quota is tuned for.
 * @ctx:	context
 * @s:		scheme of it
 *
 * May sleep.
 */
void damos_goals_measure(struct damon_ctx *ctx, struct damos *s)
{
	struct damos_quota_goal *g;

	damos_for_each_quota_goal(g, &s->quota)
		if (damos_goals[g->metric].measure)
			g->current_value =
				damos_goals[g->metric].measure(ctx, s, g);
}
