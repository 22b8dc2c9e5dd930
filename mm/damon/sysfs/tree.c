// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's files, /sys/kernel/mm/damon/admin: one row each.
 *
 * Owns which files there are, what they are called, which value each stands for
 * and what it is at first. It must not know what directories are made of (dir.c)
 * nor what becomes of the values (command.c). To add a value: a member of its
 * struct in sysfs.h, a row here, an entry in
 * Documentation/ABI/testing/sysfs-kernel-mm-damon.
 *
 * Locks: none are taken here.
 */
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/printk.h>

#include "sysfs.h"

/* targets/<T>/regions/<R> */

static const struct damon_dir_desc damon_region_desc = {
	.obj_size = sizeof(struct damon_addr_range),
	.files = (const struct damon_file[]) {
		DAMON_RW("start", struct damon_addr_range, start),
		DAMON_RW("end", struct damon_addr_range, end),
		{ }
	},
};

/* targets/<T> */

static int damon_cgroup_path_show(const struct damon_file *file, void *field,
				  char *buf)
{
	return damon_file_string.show(file, field, buf);
}

static int damon_cgroup_path_store(const struct damon_file *file, void *field,
				   const char *text)
{
	if (!IS_ENABLED(CONFIG_MEMCG))
		return -EOPNOTSUPP;
	return damon_file_string.store(file, field, text);
}

static void damon_cgroup_path_free(void *field)
{
	damon_file_string.free(field);
}

static const struct damon_file_kind damon_file_cgroup_path = {
	.show = damon_cgroup_path_show,
	.store = damon_cgroup_path_store,
	.free = damon_cgroup_path_free,
};

static const struct damon_dir_desc damon_target_desc = {
	.obj_size = sizeof(struct damon_target_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_NO_ERANGE("pid_target", struct damon_target_cfg, pid),
		DAMON_RW_KIND("cgroup_path", damon_file_cgroup_path,
			      struct damon_target_cfg, cgroup_path),
		DAMON_RW("follow_children", struct damon_target_cfg,
			 follow_children),
		DAMON_RW("obsolete_target", struct damon_target_cfg, obsolete),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("regions", "nr_regions", damon_region_desc,
			     struct damon_target_cfg, regions),
		{ }
	},
};

/* contexts/<C>/monitoring_attrs */

static const struct damon_dir_desc damon_intervals_goal_desc = {
	.obj_size = sizeof(struct damon_intervals_goal),
	.files = (const struct damon_file[]) {
		DAMON_RW("access_bp", struct damon_intervals_goal, access_bp),
		DAMON_RW("aggrs", struct damon_intervals_goal, aggrs),
		DAMON_RW("min_sample_us", struct damon_intervals_goal,
			 min_sample_us),
		DAMON_RW("max_sample_us", struct damon_intervals_goal,
			 max_sample_us),
		{ }
	},
};

static const struct damon_dir_desc damon_intervals_desc = {
	.obj_size = sizeof(struct damon_attrs),
	.files = (const struct damon_file[]) {
		DAMON_RW("sample_us", struct damon_attrs, sample_interval),
		DAMON_RW("aggr_us", struct damon_attrs, aggr_interval),
		DAMON_RW("update_us", struct damon_attrs, ops_update_interval),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("intervals_goal", damon_intervals_goal_desc,
				struct damon_attrs, intervals_goal),
		{ }
	},
};

static const struct damon_dir_desc damon_nr_regions_desc = {
	.obj_size = sizeof(struct damon_attrs),
	.files = (const struct damon_file[]) {
		DAMON_RW("min", struct damon_attrs, min_nr_regions),
		DAMON_RW("max", struct damon_attrs, max_nr_regions),
		{ }
	},
};

static const struct damon_dir_desc damon_attrs_desc = {
	.obj_size = sizeof(struct damon_ctx_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW("tlb_honesty", struct damon_ctx_cfg, tlb_honesty),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("intervals", damon_intervals_desc,
				struct damon_ctx_cfg, attrs),
		DAMON_SUBDIR_OF("nr_regions", damon_nr_regions_desc,
				struct damon_ctx_cfg, attrs),
		DAMON_VECTOR("probes", "nr_probes", damon_probe_desc,
			     struct damon_ctx_cfg, probes,
			     .max_elems = DAMON_MAX_PROBES),
		{ }
	},
};

/* contexts/<C> */

const char * const damon_ops_names[] = {
	[DAMON_OPS_VADDR] = "vaddr",
	[DAMON_OPS_FVADDR] = "fvaddr",
	[DAMON_OPS_PADDR] = "paddr",
};

static_assert(ARRAY_SIZE(damon_ops_names) == NR_DAMON_OPS);

static int damon_avail_operations_show(const struct damon_file *file,
				       void *field, char *buf)
{
	enum damon_ops_id id;
	int len = 0;

	for (id = 0; id < NR_DAMON_OPS; id++)
		if (damon_is_registered_ops(id))
			len += sysfs_emit_at(buf, len, "%s\n",
					     damon_ops_names[id]);
	return len;
}

static const struct damon_file_kind damon_file_avail_operations = {
	.show = damon_avail_operations_show,
};

static void damon_ctx_cfg_init(void *obj)
{
	struct damon_ctx_cfg *cfg = obj;

	cfg->ops_id = DAMON_OPS_VADDR;
	cfg->addr_unit = 1;
	cfg->attrs = (struct damon_attrs) {
		.sample_interval = 5 * USEC_PER_MSEC,
		.aggr_interval = 100 * USEC_PER_MSEC,
		.ops_update_interval = 60 * USEC_PER_SEC,
		.min_nr_regions = 10,
		.max_nr_regions = 1000,
	};
}

static const struct damon_dir_desc damon_ctx_desc = {
	.obj_size = sizeof(struct damon_ctx_cfg),
	.init = damon_ctx_cfg_init,
	.files = (const struct damon_file[]) {
		DAMON_FILE("avail_operations", 0400,
			   damon_file_avail_operations, struct damon_ctx_cfg),
		DAMON_FILE("device", 0400, damon_file_device,
			   struct damon_ctx_cfg),
		DAMON_RW_KEYWORD("operations", struct damon_ctx_cfg, ops_id,
				 damon_ops_names),
		DAMON_RW_KIND("addr_unit", damon_file_ulong_not_zero,
			      struct damon_ctx_cfg, addr_unit),
		DAMON_RW("pause", struct damon_ctx_cfg, pause),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR("monitoring_attrs", damon_attrs_desc,
			     struct damon_ctx_cfg),
		DAMON_VECTOR("targets", "nr_targets", damon_target_desc,
			     struct damon_ctx_cfg, targets),
		DAMON_VECTOR("schemes", "nr_schemes", damon_scheme_desc,
			     struct damon_ctx_cfg, schemes),
		{ }
	},
};

/* kdamonds/<N> */

static const struct damon_dir_desc damon_kdamond_desc = {
	.obj_size = sizeof(struct damon_kdamond_dir),
	.init = damon_kdamond_dir_init,
	.exit = damon_kdamond_dir_exit,
	.files = (const struct damon_file[]) {
		DAMON_FILE("state", 0600, damon_file_state,
			   struct damon_kdamond_dir),
		DAMON_FILE("pid", 0400, damon_file_pid,
			   struct damon_kdamond_dir),
		DAMON_FILE("last_error", 0400, damon_file_last_error,
			   struct damon_kdamond_dir),
		DAMON_FILE("cost", 0400, damon_file_cost,
			   struct damon_kdamond_dir),
		DAMON_FILE("refresh_ms", 0600, damon_file_refresh_ms,
			   struct damon_kdamond_dir),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("contexts", "nr_contexts", damon_ctx_desc,
			     struct damon_kdamond_dir, contexts,
			     .max_elems = 1),
		{ }
	},
};

/* The top */

static const struct damon_dir_desc damon_admin_desc = {
	.obj_size = sizeof(struct damon_admin_dir),
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("kdamonds", "nr_kdamonds", damon_kdamond_desc,
			     struct damon_admin_dir, kdamonds,
			     .may_resize = damon_kdamonds_may_resize),
		{ }
	},
};

const struct damon_dir_desc damon_top_desc = {
	.obj_size = sizeof(struct damon_admin_dir),
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR("admin", damon_admin_desc,
			     struct damon_admin_dir),
		{ }
	},
};

static struct damon_tree damon_admin_tree;

static int __init damon_sysfs_init(void)
{
	int err = damon_tree_add(&damon_admin_tree, &damon_top_desc, mm_kobj,
				 "damon");

	if (err)
		pr_err("damon: no files for the administrator: error %d\n",
		       err);
	return err;
}
subsys_initcall(damon_sysfs_init);
