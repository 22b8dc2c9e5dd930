// SPDX-License-Identifier: GPL-2.0
/*
 * Two tiers: keep hot memory on a fast node and cold memory on a slow one.
 *
 *	# cd /sys/module/damon_sample_mtier/parameters
 *	# echo 0 > fast_nid
 *	# echo 1 > slow_nid
 *	# echo Y > enabled
 *
 * One context watches each node. Cold memory of the fast one leaves it until a part of
 * the node is free; hot memory of the slow one moves in until half of that part is
 * left. Each quota is used until its goal is reached: before, memory is exchanged, the
 * hottest for the coldest.
 */
#include <linux/damon.h>
#include <linux/init.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>

#include "sample.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_sample_mtier."

static int fast_nid;
module_param(fast_nid, int, 0600);
MODULE_PARM_DESC(fast_nid, "node for hot memory, from the next start on");

static int slow_nid = 1;
module_param(slow_nid, int, 0600);
MODULE_PARM_DESC(slow_nid, "node for cold memory");

static unsigned int free_bp = 500;
module_param(free_bp, uint, 0600);
MODULE_PARM_DESC(free_bp, "share of the fast node that shall be free, in 1/10000");

static unsigned long quota_bytes = 128 << 20;
module_param(quota_bytes, ulong, 0600);
MODULE_PARM_DESC(quota_bytes, "most to move in a second, in each direction");

static unsigned long demoted_bytes;
module_param(demoted_bytes, ulong, 0400);
MODULE_PARM_DESC(demoted_bytes, "moved to the slow node since the last start");

static unsigned long promoted_bytes;
module_param(promoted_bytes, ulong, 0400);
MODULE_PARM_DESC(promoted_bytes, "moved to the fast node since the last start");

static int mtier_report(struct damon_ctx *ctx)
{
	unsigned long *bytes = ctx->callback.private;
	struct damos *s;

	damon_for_each_scheme(s, ctx)
		WRITE_ONCE(*bytes, s->stat.sz_applied);
	return 0;
}

/**
 * struct mtier_way - one of the two directions
 * @from:	node whose memory is watched
 * @to:		node to which it is moved
 * @action:	how
 * @pattern:	which of it
 * @metric:	of the fast node: what shall have a value
 * @value:	that value
 * @moved:	where to count
 */
struct mtier_way {
	int from;
	int to;
	enum damos_action action;
	struct damos_access_pattern pattern;
	enum damos_quota_goal_metric metric;
	unsigned long value;
	unsigned long *moved;
};

static int mtier_make_way(struct damon_sample *sample, struct mtier_way *way)
{
	struct damon_ctx *ctx = damon_sample_new_ctx(sample);
	struct damon_addr_range node = {
		.start = PFN_PHYS(node_start_pfn(way->from)),
		.end = PFN_PHYS(node_end_pfn(way->from)),
	};
	struct damos_quota_goal *goal;
	struct damon_target *t;
	struct damos *s;

	t = ctx ? damon_sample_new_target(ctx) : NULL;
	if (!t)
		return -ENOMEM;
	ctx->callback.private = way->moved;
	ctx->callback.after_aggregation = mtier_report;
	s = damon_sample_add_scheme(ctx, way->action, &way->pattern, quota_bytes,
				    way->to);
	goal = s ? damos_new_quota_goal(way->metric, way->value) : NULL;
	if (!goal)
		return -ENOMEM;
	goal->nid = fast_nid;
	s->quota.goal_tuner = DAMOS_QUOTA_GOAL_TUNER_TEMPORAL;
	damos_add_quota_goal(&s->quota, goal);
	return damon_select_ops(ctx, DAMON_OPS_PADDR) ?:
	       damon_set_regions(t, &node, 1, PAGE_SIZE);
}

static bool mtier_is_node(int nid)
{
	return nid >= 0 && nid < MAX_NUMNODES && node_state(nid, N_MEMORY);
}

static int mtier_make(struct damon_sample *sample)
{
	struct mtier_way demote = {
		fast_nid, slow_nid, DAMOS_MIGRATE_COLD,
		{ PAGE_SIZE, ULONG_MAX, 0, 0, 10, UINT_MAX },
		DAMOS_QUOTA_NODE_MEM_FREE_BP, free_bp, &demoted_bytes,
	};
	struct mtier_way promote = {
		slow_nid, fast_nid, DAMOS_MIGRATE_HOT,
		{ PAGE_SIZE, ULONG_MAX, 1, UINT_MAX, 0, UINT_MAX },
		DAMOS_QUOTA_NODE_MEM_USED_BP, 10000 - free_bp / 2, &promoted_bytes,
	};

	if (!mtier_is_node(fast_nid) || !mtier_is_node(slow_nid) ||
	    !free_bp || free_bp > 10000)
		return -EINVAL;
	return mtier_make_way(sample, &demote) ?: mtier_make_way(sample, &promote);
}

static struct damon_sample mtier = { .make = mtier_make };
module_param_cb(enabled, &damon_sample_switch, &mtier, 0600);

static int __init mtier_init(void)
{
	return damon_sample_init(&mtier);
}
late_initcall(mtier_init);
