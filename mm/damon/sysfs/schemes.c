// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's files about schemes, contexts/<C>/schemes: one row each, and
 * how a scheme is made of their values.
 *
 * A part of tree.c, with the same rules. What is right or wrong in a scheme is
 * decided in scheme-config.c; here only what has to be found by its name.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "sysfs.h"

/* access_pattern/{sz,nr_accesses,age} */

static const struct damon_dir_desc damon_bounds_desc = {
	.obj_size = sizeof(struct damon_size_range),
	.files = (const struct damon_file[]) {
		DAMON_RW_ULONG("min", struct damon_size_range, min),
		DAMON_RW_ULONG("max", struct damon_size_range, max),
		{ }
	},
};

static const struct damon_dir_desc damon_pattern_desc = {
	.obj_size = sizeof(struct damon_pattern_cfg),
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("sz", damon_bounds_desc, struct damon_size_range,
				struct damon_pattern_cfg, sz),
		DAMON_SUBDIR_OF("nr_accesses", damon_bounds_desc,
				struct damon_size_range,
				struct damon_pattern_cfg, nr_accesses),
		DAMON_SUBDIR_OF("age", damon_bounds_desc,
				struct damon_size_range,
				struct damon_pattern_cfg, age),
		{ }
	},
};

/* dests */

static const struct damon_dir_desc damon_dest_desc = {
	.obj_size = sizeof(struct damon_dest_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_UINT("id", struct damon_dest_cfg, id),
		DAMON_RW_UINT("weight", struct damon_dest_cfg, weight),
		{ }
	},
};

static const struct damon_dir_desc damon_dests_desc = {
	.obj_size = sizeof(struct damon_vec),
	.files = (const struct damon_file[]) {
		DAMON_RW_NR("nr_dests"),
		{ }
	},
	.elem = &damon_dest_desc,
};

/* quotas */

static const struct damon_keywords damon_goal_keywords =
	DAMON_KEYWORDS(damos_goals);
static const struct damon_keywords damon_tuner_keywords =
	DAMON_KEYWORDS(damos_goal_tuners);

static const struct damon_dir_desc damon_goal_desc = {
	.obj_size = sizeof(struct damon_goal_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("target_metric", enum damos_quota_goal_metric,
				 struct damon_goal_cfg, metric,
				 damon_goal_keywords),
		DAMON_RW_ULONG("target_value", struct damon_goal_cfg,
			       target_value),
		DAMON_RW_ULONG("current_value", struct damon_goal_cfg,
			       current_value),
		DAMON_RW_INT("nid", struct damon_goal_cfg, nid),
		DAMON_RW_STRING("path", struct damon_goal_cfg, path),
		{ }
	},
};

static const struct damon_dir_desc damon_goals_desc = {
	.obj_size = sizeof(struct damon_vec),
	.files = (const struct damon_file[]) {
		DAMON_RW_NR("nr_goals"),
		{ }
	},
	.elem = &damon_goal_desc,
};

static const struct damon_dir_desc damon_weights_desc = {
	.obj_size = sizeof(struct damon_quota_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_UINT("sz_permil", struct damon_quota_cfg, weight_sz),
		DAMON_RW_UINT("nr_accesses_permil", struct damon_quota_cfg,
			      weight_nr_accesses),
		DAMON_RW_UINT("age_permil", struct damon_quota_cfg, weight_age),
		{ }
	},
};

static const struct damon_dir_desc damon_quotas_desc = {
	.obj_size = sizeof(struct damon_quota_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_ULONG_NO_ERANGE("ms", struct damon_quota_cfg, ms),
		DAMON_RW_ULONG_NO_ERANGE("bytes", struct damon_quota_cfg, sz),
		DAMON_RW_ULONG_NO_ERANGE("reset_interval_ms",
					 struct damon_quota_cfg,
					 reset_interval),
		DAMON_RO_ULONG("effective_bytes", struct damon_quota_cfg, esz),
		DAMON_RW_KEYWORD("goal_tuner", enum damos_quota_goal_tuner,
				 struct damon_quota_cfg, goal_tuner,
				 damon_tuner_keywords),
		DAMON_RW_UINT_NO_ERANGE("fail_charge_num",
					struct damon_quota_cfg,
					fail_charge_num),
		DAMON_RW_UINT_NO_ERANGE("fail_charge_denom",
					struct damon_quota_cfg,
					fail_charge_denom),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR("weights", damon_weights_desc,
			     struct damon_quota_cfg),
		DAMON_VECTOR("goals", damon_goals_desc, struct damon_quota_cfg,
			     goals),
		{ }
	},
};

/* watermarks */

static const struct damon_keywords damon_wmark_keywords =
	DAMON_KEYWORDS(damos_wmarks);

static const struct damon_dir_desc damon_wmarks_desc = {
	.obj_size = sizeof(struct damos_watermarks),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("metric", enum damos_wmark_metric,
				 struct damos_watermarks, metric,
				 damon_wmark_keywords),
		DAMON_RW_ULONG("interval_us", struct damos_watermarks, interval),
		DAMON_RW_ULONG("high", struct damos_watermarks, high),
		DAMON_RW_ULONG("mid", struct damos_watermarks, mid),
		DAMON_RW_ULONG("low", struct damos_watermarks, low),
		{ }
	},
};

/* filters, core_filters and ops_filters: they differ in the types they take */

static const struct damon_keywords damon_filter_keywords =
	DAMON_KEYWORDS(damos_filters);

static int damon_filter_type_show(const struct damon_file *file, void *field,
				  char *buf)
{
	return damon_file_keyword.show(file, field, buf);
}

static int damon_filter_type_store(const struct damon_file *file, void *field,
				   const char *text, bool for_ops)
{
	enum damos_filter_type type;
	int err = damon_file_keyword.store(file, &type, text);

	if (err)
		return err;
	if (damos_filter_for_ops(type) != for_ops)
		return -EINVAL;
	WRITE_ONCE(*(enum damos_filter_type *)field, type);
	return 0;
}

static int damon_core_type_store(const struct damon_file *file, void *field,
				 const char *text)
{
	return damon_filter_type_store(file, field, text, false);
}

static int damon_ops_type_store(const struct damon_file *file, void *field,
				const char *text)
{
	return damon_filter_type_store(file, field, text, true);
}

static const struct damon_file_kind damon_file_core_type = {
	.show = damon_filter_type_show,
	.store = damon_core_type_store,
};

static const struct damon_file_kind damon_file_ops_type = {
	.show = damon_filter_type_show,
	.store = damon_ops_type_store,
};

#define DAMON_FILTER_DESC(_kind) {					\
	.obj_size = sizeof(struct damon_filter_cfg),			\
	.files = (const struct damon_file[]) {				\
		{ __DAMON_RW("type", _kind, enum damos_filter_type,	\
			     struct damon_filter_cfg, type),		\
		  .keywords = &damon_filter_keywords },			\
		DAMON_RW_BOOL("matching", struct damon_filter_cfg,	\
			      matching),				\
		DAMON_RW_BOOL("allow", struct damon_filter_cfg, allow),	\
		DAMON_RW_STRING("memcg_path", struct damon_filter_cfg,	\
				memcg_path),				\
		DAMON_RW_ULONG("addr_start", struct damon_filter_cfg,	\
			       addr.start),				\
		DAMON_RW_ULONG("addr_end", struct damon_filter_cfg,	\
			       addr.end),				\
		DAMON_RW_ULONG("min", struct damon_filter_cfg, sz.min),	\
		DAMON_RW_ULONG("max", struct damon_filter_cfg, sz.max),	\
		DAMON_RW_INT("damon_target_idx", struct damon_filter_cfg, \
			     target_idx),				\
		{ }							\
	},								\
}

static const struct damon_dir_desc damon_any_filter_desc =
	DAMON_FILTER_DESC(damon_file_keyword);
static const struct damon_dir_desc damon_core_filter_desc =
	DAMON_FILTER_DESC(damon_file_core_type);
static const struct damon_dir_desc damon_ops_filter_desc =
	DAMON_FILTER_DESC(damon_file_ops_type);

#define DAMON_FILTERS_DESC(_elem) {					\
	.obj_size = sizeof(struct damon_vec),				\
	.files = (const struct damon_file[]) {				\
		DAMON_RW_NR("nr_filters"),				\
		{ }							\
	},								\
	.elem = &(_elem),						\
}

static const struct damon_dir_desc damon_any_filters_desc =
	DAMON_FILTERS_DESC(damon_any_filter_desc);
static const struct damon_dir_desc damon_core_filters_desc =
	DAMON_FILTERS_DESC(damon_core_filter_desc);
static const struct damon_dir_desc damon_ops_filters_desc =
	DAMON_FILTERS_DESC(damon_ops_filter_desc);

/* stats */

static const struct damon_dir_desc damon_stats_desc = {
	.obj_size = sizeof(struct damon_scheme_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RO_ULONG("nr_tried", struct damon_scheme_cfg,
			       stat.nr_tried),
		DAMON_RO_ULONG("sz_tried", struct damon_scheme_cfg,
			       stat.sz_tried),
		DAMON_RO_ULONG("nr_applied", struct damon_scheme_cfg,
			       stat.nr_applied),
		DAMON_RO_ULONG("sz_applied", struct damon_scheme_cfg,
			       stat.sz_applied),
		DAMON_RO_ULONG("qt_exceeds", struct damon_scheme_cfg,
			       stat.qt_exceeds),
		DAMON_RO_ULONG("sz_ops_filter_passed", struct damon_scheme_cfg,
			       stat.sz_ops_filter_passed),
		DAMON_RO_ULONG("nr_snapshots", struct damon_scheme_cfg,
			       stat.nr_snapshots),
		DAMON_RW_ULONG("max_nr_snapshots", struct damon_scheme_cfg,
			       max_nr_snapshots),
		{ }
	},
};

/* schemes/<S> */

static const struct damon_keywords damon_action_keywords =
	DAMON_KEYWORDS(damos_actions);

static void damon_scheme_cfg_init(void *obj)
{
	struct damon_scheme_cfg *cfg = obj;

	cfg->action = DAMOS_STAT;
	cfg->target_nid = NUMA_NO_NODE;
}

static const struct damon_dir_desc damon_scheme_desc = {
	.obj_size = sizeof(struct damon_scheme_cfg),
	.init = damon_scheme_cfg_init,
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("action", enum damos_action,
				 struct damon_scheme_cfg, action,
				 damon_action_keywords),
		DAMON_RW_INT("target_nid", struct damon_scheme_cfg, target_nid),
		DAMON_RW_ULONG("apply_interval_us", struct damon_scheme_cfg,
			       apply_interval_us),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("access_pattern", damon_pattern_desc,
				struct damon_pattern_cfg,
				struct damon_scheme_cfg, pattern),
		DAMON_VECTOR("dests", damon_dests_desc,
			     struct damon_scheme_cfg, dests),
		DAMON_SUBDIR_OF("quotas", damon_quotas_desc,
				struct damon_quota_cfg,
				struct damon_scheme_cfg, quota),
		DAMON_SUBDIR_OF("watermarks", damon_wmarks_desc,
				struct damos_watermarks,
				struct damon_scheme_cfg, wmarks),
		DAMON_VECTOR("filters", damon_any_filters_desc,
			     struct damon_scheme_cfg, filters),
		DAMON_VECTOR("core_filters", damon_core_filters_desc,
			     struct damon_scheme_cfg, core_filters),
		DAMON_VECTOR("ops_filters", damon_ops_filters_desc,
			     struct damon_scheme_cfg, ops_filters),
		DAMON_SUBDIR("stats", damon_stats_desc,
			     struct damon_scheme_cfg),
		DAMON_SUBDIR_OF("tried_regions", damon_tried_regions_desc,
				struct damon_tried_regions,
				struct damon_scheme_cfg, tried),
		{ }
	},
};

const struct damon_dir_desc damon_schemes_desc = {
	.obj_size = sizeof(struct damon_vec),
	.files = (const struct damon_file[]) {
		DAMON_RW_NR("nr_schemes"),
		{ }
	},
	.elem = &damon_scheme_desc,
};

/*
 * From staged values to a scheme. All under T.
 */

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
		f->addr_range.start = READ_ONCE(cfg->addr.start);
		f->addr_range.end = READ_ONCE(cfg->addr.end);
		break;
	case DAMOS_FILTER_TYPE_TARGET:
		f->target_idx = READ_ONCE(cfg->target_idx);
		break;
	case DAMOS_FILTER_TYPE_HUGEPAGE_SIZE:
		f->sz_range.min = READ_ONCE(cfg->sz.min);
		f->sz_range.max = READ_ONCE(cfg->sz.max);
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

static int damon_stage_goals(struct damos *s, struct damon_vec *goals, int idx,
			     struct damon_reason *why)
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

static struct damos *damon_stage_numbers(struct damon_scheme_cfg *cfg)
{
	const struct damon_pattern_cfg *p = &cfg->pattern;
	const struct damon_quota_cfg *q = &cfg->quota;
	/* Wider bounds than a number can have mean the same as the widest. */
	struct damos_access_pattern pattern = {
		.min_sz_region = READ_ONCE(p->sz.min),
		.max_sz_region = READ_ONCE(p->sz.max),
		.min_nr_accesses = min(READ_ONCE(p->nr_accesses.min), UINT_MAX),
		.max_nr_accesses = min(READ_ONCE(p->nr_accesses.max), UINT_MAX),
		.min_age_region = min(READ_ONCE(p->age.min), UINT_MAX),
		.max_age_region = min(READ_ONCE(p->age.max), UINT_MAX),
	};
	struct damos_quota quota = {
		.reset_interval = READ_ONCE(q->reset_interval),
		.ms = READ_ONCE(q->ms),
		.sz = READ_ONCE(q->sz),
		.goal_tuner = READ_ONCE(q->goal_tuner),
		.weight_sz = READ_ONCE(q->weight_sz),
		.weight_nr_accesses = READ_ONCE(q->weight_nr_accesses),
		.weight_age = READ_ONCE(q->weight_age),
		.fail_charge_num = READ_ONCE(q->fail_charge_num),
		.fail_charge_denom = READ_ONCE(q->fail_charge_denom),
	};
	struct damos_watermarks wmarks = {
		.metric = READ_ONCE(cfg->wmarks.metric),
		.interval = READ_ONCE(cfg->wmarks.interval),
		.high = READ_ONCE(cfg->wmarks.high),
		.mid = READ_ONCE(cfg->wmarks.mid),
		.low = READ_ONCE(cfg->wmarks.low),
	};
	struct damos *s;

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
	struct damos *s = damon_stage_numbers(cfg);

	if (!s)
		return -ENOMEM;
	damon_add_scheme(ctx, s);
	return damon_stage_dests(s, &cfg->dests) ?:
	       damon_stage_goals(s, &cfg->quota.goals, idx, why) ?:
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
	struct damos *s = damon_stage_numbers(cfg);

	if (!s)
		return -ENOMEM;
	damon_add_scheme(ctx, s);
	return damon_stage_goals(s, &cfg->quota.goals, idx, why);
}
