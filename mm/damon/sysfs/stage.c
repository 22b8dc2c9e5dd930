// SPDX-License-Identifier: GPL-2.0
/*
 * From staged values to a context that can be started or committed.
 *
 * Owns nothing. It must not know where values come from (tree.c) nor what becomes of
 * the context (command.c); what is right or wrong in one is decided in config.c, here
 * only what has to be found by its name. To stage a value that tree.c has is a line
 * here.
 *
 * Reasons name files as from the context's directory, as damon_ctx_check() does.
 *
 * Locks: all under T, by trylock; see sysfs.h.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "sysfs.h"

/* Say of the ranges that damon_set_regions() refused which one is at fault. */
static void damon_ranges_refused(const struct damon_addr_range *ranges, int nr,
				 unsigned long min_region_sz, int target_idx,
				 struct damon_reason *why)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!damon_ranges_check(&ranges[i], 1, min_region_sz)) {
			damon_reason_set(why, -EINVAL,
					 "targets/%d/regions/%d: start %lu is not below end %lu",
					 target_idx, i, ranges[i].start,
					 ranges[i].end);
			return;
		}
		if (i && !damon_ranges_check(&ranges[i - 1], 2, min_region_sz)) {
			damon_reason_set(why, -EINVAL,
					 "targets/%d/regions/%d: start %lu is below the end of the region before",
					 target_idx, i, ranges[i].start);
			return;
		}
	}
}

static int damon_stage_regions(struct damon_ctx *ctx, struct damon_target *t,
			       struct damon_target_cfg *cfg, int idx,
			       struct damon_reason *why)
{
	struct damon_addr_range *ranges;
	struct damon_dir *dir;
	int nr = 0, err;

	if (!cfg->regions.nr)
		return 0;
	ranges = kvmalloc_array(cfg->regions.nr, sizeof(*ranges),
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ranges)
		return -ENOMEM;
	damon_vec_for_each(dir, &cfg->regions)
		damon_values_copy(&ranges[nr++], dir->obj, sizeof(*ranges));
	err = damon_set_regions(t, ranges, nr, ctx->min_region_sz);
	if (err == -EINVAL)
		damon_ranges_refused(ranges, nr, ctx->min_region_sz, idx, why);
	kvfree(ranges);
	return err;
}

/* Find out whom a target stands for. */
static int damon_stage_processes(struct damon_ctx *ctx, struct damon_target *t,
				 struct damon_target_cfg *cfg, int idx,
				 struct damon_reason *why)
{
	struct damon_group *g = &damon_target_state(t)->group;
	bool follow = READ_ONCE(cfg->follow_children);
	int pid = READ_ONCE(cfg->pid);
	bool has_path;
	char file[40];

	scoped_guard(rcu)
		has_path = *(rcu_dereference(cfg->cgroup_path) ?: "");
	if (has_path && (pid || follow))
		return damon_reason_set(why, -EINVAL,
			"targets/%d/cgroup_path: beside pid_target or follow_children",
			idx);
	if (has_path) {
		g->kind = DAMON_GROUP_CGROUP;
		snprintf(file, sizeof(file), "targets/%d/cgroup_path", idx);
		return damon_stage_memcg(&cfg->cgroup_path, &g->cgroup_id, file,
					 why);
	}
	if (follow)
		damon_target_follow_children(t);
	if (!damon_target_has_pid(ctx))
		return 0;
	t->pid = find_get_pid(pid);
	if (!t->pid)
		return damon_reason_set(why, -EINVAL,
					"targets/%d: no process with pid %d",
					idx, pid);
	return 0;
}

static int damon_stage_target(struct damon_ctx *ctx,
			      struct damon_target_cfg *cfg, int idx,
			      bool commit, struct damon_reason *why)
{
	struct damon_target *t = damon_new_target();
	int err;

	if (!t)
		return -ENOMEM;
	damon_add_target(ctx, t);
	/*
	 * One that is obsolete only marks the place of the one to drop: its
	 * process may be gone long since.
	 */
	t->obsolete = commit && READ_ONCE(cfg->obsolete);
	if (t->obsolete)
		return 0;
	err = damon_stage_processes(ctx, t, cfg, idx, why);
	return err ?: damon_stage_regions(ctx, t, cfg, idx, why);
}

static int damon_stage_numbers(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
			       struct damon_reason *why)
{
	enum damon_ops_id ops_id = READ_ONCE(cfg->ops_id);
	int err;

	if (damon_select_ops(ctx, ops_id))
		return damon_reason_set(why, -EINVAL,
					"operations: %s is not available",
					damon_ops_names[ops_id]);
	damon_values_copy(&ctx->attrs, &cfg->attrs, sizeof(ctx->attrs));
	/* Of virtual memory there is none that is out of reach. */
	if (ops_id == DAMON_OPS_PADDR)
		ctx->addr_unit = READ_ONCE(cfg->addr_unit);
	err = damon_addr_unit_check(ctx->addr_unit, why);
	if (err)
		return err;
	ctx->min_region_sz = damon_smallest_region(ops_id, ctx->addr_unit);
	ctx->pause = READ_ONCE(cfg->pause);
	ctx->tlb_honesty = READ_ONCE(cfg->tlb_honesty);
	return 0;
}

static int damon_stage_all(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
			   bool commit, struct damon_reason *why)
{
	int err = damon_stage_numbers(ctx, cfg, why), idx;
	struct damon_dir *dir;

	idx = 0;
	damon_vec_for_each(dir, &cfg->probes)
		err = err ?: damon_stage_probe(ctx, dir->obj, idx++, why);
	idx = 0;
	damon_vec_for_each(dir, &cfg->targets)
		err = err ?: damon_stage_target(ctx, dir->obj, idx++, commit,
						why);
	idx = 0;
	damon_vec_for_each(dir, &cfg->schemes)
		err = err ?: damon_stage_scheme(ctx, dir->obj, idx++, why);
	return err ?: damon_ctx_check(ctx, why);
}

/**
 * damon_stage_start() - Stage a context that is to be started.
 * @ctx:	context that knows nothing yet
 * @cfg:	what is staged; T is held
 * @why:	says what is wrong
 *
 * Return: 0, or whatever is wrong with it: see damon_ctx_check(). Also -EINVAL for
 * a pid that nobody has, and -ENOENT for a memory cgroup that does not exist.
 */
int damon_stage_start(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
		      struct damon_reason *why)
{
	return damon_stage_all(ctx, cfg, false, why);
}

/**
 * damon_stage_commit() - Stage a context that is to be committed.
 * @ctx:	context that knows nothing yet
 * @cfg:	what is staged; T is held
 * @why:	says what is wrong
 *
 * Targets may be obsolete.
 *
 * Return: as damon_stage_start().
 */
int damon_stage_commit(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
		       struct damon_reason *why)
{
	return damon_stage_all(ctx, cfg, true, why);
}

/**
 * damon_stage_goals() - Stage a context of which the goals of quotas matter only.
 * @ctx:	context that knows nothing yet
 * @cfg:	what is staged; whatever else it is may be half done. T is held
 * @why:	says what is wrong
 *
 * Return: 0; -ENOENT for a memory cgroup that does not exist; -EOPNOTSUPP; -ENOMEM.
 */
int damon_stage_goals(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
		      struct damon_reason *why)
{
	struct damon_dir *dir;
	int idx = 0, err = 0;

	damon_vec_for_each(dir, &cfg->schemes)
		err = err ?: damon_stage_quota_goals(ctx, dir->obj, idx++, why);
	return err;
}

/**
 * damon_ctx_refused() - Take over the reason that a context was refused for.
 * @why:	reason for a whole kdamond
 * @detail:	reason that names files as from the context's directory; empty:
 *		@why stays as it is
 */
void damon_ctx_refused(struct damon_reason *why,
		       const struct damon_reason *detail)
{
	if (detail->text[0])
		damon_reason_set(why, 0, "contexts/0/%s", detail->text);
}

/**
 * damon_staged_ctx() - Make a context of what is staged now.
 * @kdamond:	whose; C is held
 * @stage:	stages as much as matters
 * @why:	says what is wrong
 *
 * Return: the context, or an ERR_PTR(): what @stage returned, -EINVAL if there is
 * no context's directory, -EBUSY while directories change, -ENOMEM.
 */
struct damon_ctx *damon_staged_ctx(struct damon_kdamond_dir *kdamond,
				   damon_stage_fn *stage,
				   struct damon_reason *why)
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	struct damon_ctx *ctx = damon_new_ctx();
	struct damon_reason detail = {};
	struct damon_ctx_cfg *cfg;
	int err = -EBUSY;

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	if (damon_tree_trylock(tree)) {
		cfg = damon_vec_first(&kdamond->contexts);
		err = cfg ? stage(ctx, cfg, &detail) : -EINVAL;
		damon_tree_unlock(tree);
	}
	if (!err)
		return ctx;
	damon_ctx_refused(why, &detail);
	damon_destroy_ctx(ctx);
	return ERR_PTR(err);
}
