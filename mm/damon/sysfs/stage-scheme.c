// SPDX-License-Identifier: GPL-2.0
/*
 * How a scheme is made of staged values. A part of stage.c, with the same rules; what
 * is right or wrong in a scheme is decided in scheme-config.c.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sprintf.h>

#include "sysfs.h"

/**
 * damon_stage_memcg() - Find the memory cgroup of a staged path.
 * @path:	path
 * @id:		set to its cgroup_id()
 * @file:	where the path is staged, for @why
 * @why:	says what is wrong
 *
 * Return: 0; -ENOENT if there is none; -ENOMEM; -EOPNOTSUPP if the kernel has no
 * memory cgroups.
 */
int damon_stage_memcg(char __rcu **path, u64 *id, const char *file,
		      struct damon_reason *why)
{
	char *copy;
	int err;

	scoped_guard(rcu)
		copy = kstrdup(rcu_dereference(*path) ?: "", GFP_ATOMIC);
	if (!copy)
		return -ENOMEM;
	err = damon_memcg_id(copy, id);
	if (err == -ENOENT)
		damon_reason_set(why, err, "%s: no memory cgroup \"%s\"", file,
				 copy);
	else if (err == -EOPNOTSUPP)
		damon_reason_set(why, err,
				 "%s: the kernel has no memory cgroups", file);
	kfree(copy);
	return err;
}

static int damon_stage_filter(struct damos *s, struct damon_filter_cfg *cfg,
			      const char *file, struct damon_reason *why)
{
	enum damos_filter_type type = READ_ONCE(cfg->type);
	struct damos_filter *f;
	int err = 0;

	f = damos_new_filter(type, READ_ONCE(cfg->matching),
			     READ_ONCE(cfg->allow));
	if (!f)
		return -ENOMEM;
	switch (type) {
	case DAMOS_FILTER_TYPE_MEMCG:
		err = damon_stage_memcg(&cfg->memcg_path, &f->memcg_id, file,
					why);
		break;
	case DAMOS_FILTER_TYPE_ADDR:
		damon_values_copy(&f->addr_range, &cfg->addr,
				  sizeof(f->addr_range));
		break;
	case DAMOS_FILTER_TYPE_TARGET:
		f->target_idx = READ_ONCE(cfg->target_idx);
		break;
	case DAMOS_FILTER_TYPE_HUGEPAGE_SIZE:
		damon_values_copy(&f->sz_range, &cfg->sz,
				  sizeof(f->sz_range));
		break;
	default:
		break;
	}
	damos_add_filter(s, f);
	return err;
}

static int damon_stage_filters(struct damos *s, struct damon_vec *filters,
			       const char *name, int idx,
			       struct damon_reason *why)
{
	struct damon_dir *dir;
	char file[64];
	int nr = 0, err;

	damon_vec_for_each(dir, filters) {
		snprintf(file, sizeof(file), "schemes/%d/%s/%d", idx, name,
			 nr++);
		/* In core_filters, the default is a type that cannot be there. */
		err = damon_stage_filter(s, dir->obj, file, why);
		if (err)
			return err;
	}
	return 0;
}

static int damon_stage_scheme_goals(struct damos *s, struct damon_vec *goals,
				    int idx, struct damon_reason *why)
{
	struct damos_quota_goal *g;
	struct damon_goal_cfg *cfg;
	struct damon_dir *dir;
	int nr = 0, err = 0;
	char file[64];

	damon_vec_for_each(dir, goals) {
		cfg = dir->obj;
		snprintf(file, sizeof(file), "schemes/%d/quotas/goals/%d", idx,
			 nr++);
		/* One without a target is none. */
		if (!READ_ONCE(cfg->target_value))
			continue;
		g = damos_new_quota_goal(READ_ONCE(cfg->metric),
					 READ_ONCE(cfg->target_value));
		if (!g)
			return -ENOMEM;
		damos_add_quota_goal(&s->quota, g);
		g->current_value = READ_ONCE(cfg->current_value);
		g->nid = READ_ONCE(cfg->nid);
		if (damos_goals[g->metric].has_memcg)
			err = damon_stage_memcg(&cfg->path, &g->memcg_id, file,
						why);
		if (err)
			return err;
	}
	return 0;
}

static int damon_stage_dests(struct damos *s, struct damon_vec *dests)
{
	struct damos_migrate_dests *to = &s->migrate_dests;
	struct damon_dest_cfg *cfg;
	struct damon_dir *dir;

	if (!dests->nr)
		return 0;
	to->node_id_arr = kmalloc_array(dests->nr, sizeof(*to->node_id_arr),
					GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	to->weight_arr = kmalloc_array(dests->nr, sizeof(*to->weight_arr),
				       GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!to->node_id_arr || !to->weight_arr)
		return -ENOMEM;
	damon_vec_for_each(dir, dests) {
		cfg = dir->obj;
		to->node_id_arr[to->nr_dests] = READ_ONCE(cfg->id);
		to->weight_arr[to->nr_dests++] = READ_ONCE(cfg->weight);
	}
	return 0;
}

static struct damos *damon_stage_scheme_numbers(struct damon_scheme_cfg *cfg)
{
	const struct damon_pattern_cfg *p = &cfg->pattern;
	/* Wider bounds than a number can have mean the same as the widest. */
	struct damos_access_pattern pattern = {
		.min_sz_region = READ_ONCE(p->sz.min),
		.max_sz_region = READ_ONCE(p->sz.max),
		.min_nr_accesses = min(READ_ONCE(p->nr_accesses.min), UINT_MAX),
		.max_nr_accesses = min(READ_ONCE(p->nr_accesses.max), UINT_MAX),
		.min_age_region = min(READ_ONCE(p->age.min), UINT_MAX),
		.max_age_region = min(READ_ONCE(p->age.max), UINT_MAX),
	};
	struct damos_watermarks wmarks;
	struct damos_quota quota;
	struct damos *s;

	damon_values_copy(&wmarks, &cfg->wmarks, sizeof(wmarks));
	damon_values_copy(&quota, &cfg->quota.numbers, sizeof(quota));
	s = damon_new_scheme(&pattern, READ_ONCE(cfg->action),
			     READ_ONCE(cfg->apply_interval_us), &quota, &wmarks,
			     READ_ONCE(cfg->target_nid));
	if (s)
		s->max_nr_snapshots = READ_ONCE(cfg->max_nr_snapshots);
	return s;
}

/**
 * damon_stage_scheme() - Make a scheme of what is staged for it.
 * @ctx:	context that gets it, also if it is not complete
 * @cfg:	what is staged; T is held
 * @idx:	number of the scheme
 * @why:	says what is wrong
 *
 * Return: 0; -ENOENT for a memory cgroup that does not exist; -EOPNOTSUPP;
 * -ENOMEM.
 */
int damon_stage_scheme(struct damon_ctx *ctx, struct damon_scheme_cfg *cfg,
		       int idx, struct damon_reason *why)
{
	struct damos *s = damon_stage_scheme_numbers(cfg);

	if (!s)
		return -ENOMEM;
	damon_add_scheme(ctx, s);
	return damon_stage_dests(s, &cfg->dests) ?:
	       damon_stage_scheme_goals(s, &cfg->quota.goals, idx, why) ?:
	       damon_stage_filters(s, &cfg->core_filters, "core_filters", idx,
				   why) ?:
	       damon_stage_filters(s, &cfg->ops_filters, "ops_filters", idx,
				   why) ?:
	       damon_stage_filters(s, &cfg->filters, "filters", idx, why);
}

/**
 * damon_stage_quota_goals() - Make a scheme of which only the goals matter.
 * @ctx:	context that gets it, also if it is not complete
 * @cfg:	what is staged; T is held
 * @idx:	number of the scheme
 * @why:	says what is wrong
 *
 * Return: as damon_stage_scheme().
 */
int damon_stage_quota_goals(struct damon_ctx *ctx, struct damon_scheme_cfg *cfg,
			    int idx, struct damon_reason *why)
{
	struct damos *s = damon_stage_scheme_numbers(cfg);

	if (!s)
		return -ENOMEM;
	damon_add_scheme(ctx, s);
	return damon_stage_scheme_goals(s, &cfg->quota.goals, idx, why);
}
