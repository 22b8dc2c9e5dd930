// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's files about schemes, contexts/<C>/schemes: one row each. A
 * part of tree.c, with the same rules.
 */
#include "sysfs.h"

/* access_pattern/{sz,nr_accesses,age} */

static const struct damon_dir_desc damon_bounds_desc = {
	.obj_size = sizeof(struct damon_size_range),
	.files = (const struct damon_file[]) {
		DAMON_RW("min", struct damon_size_range, min),
		DAMON_RW("max", struct damon_size_range, max),
		{ }
	},
};

static const struct damon_dir_desc damon_pattern_desc = {
	.obj_size = sizeof(struct damon_pattern_cfg),
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("sz", damon_bounds_desc,
				struct damon_pattern_cfg, sz),
		DAMON_SUBDIR_OF("nr_accesses", damon_bounds_desc,
				struct damon_pattern_cfg, nr_accesses),
		DAMON_SUBDIR_OF("age", damon_bounds_desc,
				struct damon_pattern_cfg, age),
		{ }
	},
};

/* dests */

static const struct damon_dir_desc damon_dest_desc = {
	.obj_size = sizeof(struct damon_dest_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW("id", struct damon_dest_cfg, id),
		DAMON_RW("weight", struct damon_dest_cfg, weight),
		{ }
	},
};

/* quotas */

static const struct damon_dir_desc damon_goal_desc = {
	.obj_size = sizeof(struct damon_goal_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("target_metric", struct damon_goal_cfg, metric,
				 damos_goals),
		DAMON_RW("target_value", struct damon_goal_cfg, target_value),
		DAMON_RW("current_value", struct damon_goal_cfg, current_value),
		DAMON_RW("nid", struct damon_goal_cfg, nid),
		DAMON_RW("path", struct damon_goal_cfg, path),
		{ }
	},
};

static const struct damon_dir_desc damon_weights_desc = {
	.obj_size = sizeof(struct damon_quota_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW("sz_permil", struct damon_quota_cfg, numbers.weight_sz),
		DAMON_RW("nr_accesses_permil", struct damon_quota_cfg,
			 numbers.weight_nr_accesses),
		DAMON_RW("age_permil", struct damon_quota_cfg, numbers.weight_age),
		{ }
	},
};

static const struct damon_dir_desc damon_quotas_desc = {
	.obj_size = sizeof(struct damon_quota_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_NO_ERANGE("ms", struct damon_quota_cfg, numbers.ms),
		DAMON_RW_NO_ERANGE("bytes", struct damon_quota_cfg, numbers.sz),
		DAMON_RW_NO_ERANGE("reset_interval_ms", struct damon_quota_cfg,
				   numbers.reset_interval),
		DAMON_RO("effective_bytes", struct damon_quota_cfg, numbers.esz),
		DAMON_RW_KEYWORD("goal_tuner", struct damon_quota_cfg,
				 numbers.goal_tuner, damos_goal_tuners),
		DAMON_RW_NO_ERANGE("fail_charge_num", struct damon_quota_cfg,
				   numbers.fail_charge_num),
		DAMON_RW_NO_ERANGE("fail_charge_denom", struct damon_quota_cfg,
				   numbers.fail_charge_denom),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR("weights", damon_weights_desc,
			     struct damon_quota_cfg),
		DAMON_VECTOR("goals", "nr_goals", damon_goal_desc,
			     struct damon_quota_cfg, goals),
		{ }
	},
};

/* watermarks */

static const struct damon_dir_desc damon_wmarks_desc = {
	.obj_size = sizeof(struct damos_watermarks),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("metric", struct damos_watermarks, metric,
				 damos_wmarks),
		DAMON_RW("interval_us", struct damos_watermarks, interval),
		DAMON_RW("high", struct damos_watermarks, high),
		DAMON_RW("mid", struct damos_watermarks, mid),
		DAMON_RW("low", struct damos_watermarks, low),
		{ }
	},
};

/* filters, core_filters and ops_filters: they differ in the types they take */

static bool damon_takes_core_filter(unsigned int type)
{
	return !damos_filter_for_ops(type);
}

static bool damon_takes_ops_filter(unsigned int type)
{
	return damos_filter_for_ops(type);
}

#define DAMON_FILTER_DESC(_takes) {					\
	.obj_size = sizeof(struct damon_filter_cfg),			\
	.files = (const struct damon_file[]) {				\
		DAMON_RW_KEYWORD("type", struct damon_filter_cfg, type,	\
				 damos_filters, .takes = _takes),	\
		DAMON_RW("matching", struct damon_filter_cfg, matching), \
		DAMON_RW("allow", struct damon_filter_cfg, allow),	\
		DAMON_RW("memcg_path", struct damon_filter_cfg, memcg_path), \
		DAMON_RW("addr_start", struct damon_filter_cfg, addr.start), \
		DAMON_RW("addr_end", struct damon_filter_cfg, addr.end), \
		DAMON_RW("min", struct damon_filter_cfg, sz.min),	\
		DAMON_RW("max", struct damon_filter_cfg, sz.max),	\
		DAMON_RW("damon_target_idx", struct damon_filter_cfg,	\
			 target_idx),					\
		{ }							\
	},								\
}

static const struct damon_dir_desc damon_filter_desc =
	DAMON_FILTER_DESC(NULL);
static const struct damon_dir_desc damon_core_filter_desc =
	DAMON_FILTER_DESC(damon_takes_core_filter);
static const struct damon_dir_desc damon_ops_filter_desc =
	DAMON_FILTER_DESC(damon_takes_ops_filter);

/* stats */

static const struct damon_dir_desc damon_stats_desc = {
	.obj_size = sizeof(struct damon_scheme_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RO("nr_tried", struct damon_scheme_cfg, stat.nr_tried),
		DAMON_RO("sz_tried", struct damon_scheme_cfg, stat.sz_tried),
		DAMON_RO("nr_applied", struct damon_scheme_cfg,
			 stat.nr_applied),
		DAMON_RO("sz_applied", struct damon_scheme_cfg,
			 stat.sz_applied),
		DAMON_RO("qt_exceeds", struct damon_scheme_cfg,
			 stat.qt_exceeds),
		DAMON_RO("sz_ops_filter_passed", struct damon_scheme_cfg,
			 stat.sz_ops_filter_passed),
		DAMON_RO("nr_snapshots", struct damon_scheme_cfg,
			 stat.nr_snapshots),
		DAMON_RW("max_nr_snapshots", struct damon_scheme_cfg,
			 max_nr_snapshots),
		{ }
	},
};

/* schemes/<S> */

static void damon_scheme_cfg_init(void *obj)
{
	struct damon_scheme_cfg *cfg = obj;

	cfg->action = DAMOS_STAT;
	cfg->target_nid = NUMA_NO_NODE;
}

const struct damon_dir_desc damon_scheme_desc = {
	.obj_size = sizeof(struct damon_scheme_cfg),
	.init = damon_scheme_cfg_init,
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("action", struct damon_scheme_cfg, action,
				 damos_actions),
		DAMON_RW("target_nid", struct damon_scheme_cfg, target_nid),
		DAMON_RW("apply_interval_us", struct damon_scheme_cfg,
			 apply_interval_us),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("access_pattern", damon_pattern_desc,
				struct damon_scheme_cfg, pattern),
		DAMON_VECTOR("dests", "nr_dests", damon_dest_desc,
			     struct damon_scheme_cfg, dests),
		DAMON_SUBDIR_OF("quotas", damon_quotas_desc,
				struct damon_scheme_cfg, quota),
		DAMON_SUBDIR_OF("watermarks", damon_wmarks_desc,
				struct damon_scheme_cfg, wmarks),
		DAMON_VECTOR("filters", "nr_filters", damon_filter_desc,
			     struct damon_scheme_cfg, filters),
		DAMON_VECTOR("core_filters", "nr_filters",
			     damon_core_filter_desc, struct damon_scheme_cfg,
			     core_filters),
		DAMON_VECTOR("ops_filters", "nr_filters", damon_ops_filter_desc,
			     struct damon_scheme_cfg, ops_filters),
		DAMON_SUBDIR("stats", damon_stats_desc,
			     struct damon_scheme_cfg),
		DAMON_SUBDIR_OF("tried_regions", damon_tried_regions_desc,
				struct damon_scheme_cfg, tried),
		{ }
	},
};
