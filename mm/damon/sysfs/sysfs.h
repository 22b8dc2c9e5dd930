/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the administrator's files share: the objects behind the directories.
 *
 * They hold what the administrator wants (_cfg), and, for each kdamond, what was
 * made of it. Who may touch a field is told by the letter behind it:
 *
 * W: a single word, staged: written by its file and read when a context is
 *    made, without a lock, by WRITE_ONCE() and READ_ONCE().
 * T: protected by the lock of the tree, see dir.h.
 * C: protected by damon_kdamond_dir.command_lock, which a command holds from its
 *    beginning to its end, however long it waits for the kdamond.
 * S: protected by damon_kdamond_dir.status_lock, held for moments only.
 * CS: changed under both, read under either.
 *
 * A command begins with T and C, by trylock, then lets T go: so whoever holds T
 * and finds C free knows that no command is under way, and that none begins.
 * Order: T, C, S, then the locks of the core.
 */
#ifndef _MM_DAMON_SYSFS_SYSFS_H
#define _MM_DAMON_SYSFS_SYSFS_H

#include <linux/damon.h>
#include <linux/mutex.h>

#include "../internal.h"
#include "dir.h"

/**
 * struct damon_target_cfg - targets/<T>
 * @pid:	pid_target, as the writer of the command knows it (W)
 * @follow_children: follow_children (W)
 * @cgroup_path: cgroup_path (RCU)
 * @obsolete:	obsolete_target (W)
 * @regions:	of struct damon_addr_range, each word W (T)
 */
struct damon_target_cfg {
	int pid;
	bool follow_children;
	char __rcu *cgroup_path;
	bool obsolete;
	struct damon_vec regions;
};

/**
 * struct damon_pattern_cfg - schemes/<S>/access_pattern
 * @sz:		bounds of the size in bytes (W)
 * @nr_accesses: of the number of looks that found an access (W)
 * @age:	of the age in windows (W)
 */
struct damon_pattern_cfg {
	struct damon_size_range sz;
	struct damon_size_range nr_accesses;
	struct damon_size_range age;
};

/**
 * struct damon_dest_cfg - schemes/<S>/dests/<D>
 * @id:		node (W)
 * @weight:	its share (W)
 */
struct damon_dest_cfg {
	unsigned int id;
	unsigned int weight;
};

/**
 * struct damon_goal_cfg - schemes/<S>/quotas/goals/<G>
 * @metric:		target_metric (W)
 * @target_value:	target_value (W)
 * @current_value:	current_value (W)
 * @nid:		nid (W)
 * @path:		path of a cgroup (RCU)
 */
struct damon_goal_cfg {
	enum damos_quota_goal_metric metric;
	unsigned long target_value;
	unsigned long current_value;
	int nid;
	char __rcu *path;
};

/**
 * struct damon_quota_cfg - schemes/<S>/quotas
 * @numbers:	all but goals, which it has none of (W); esz is a result
 * @goals:	of struct damon_goal_cfg (T)
 */
struct damon_quota_cfg {
	struct damos_quota numbers;
	struct damon_vec goals;
};

/**
 * struct damon_filter_cfg - a directory below filters, core_filters, ops_filters
 * @type:	type (W)
 * @matching:	matching (W)
 * @allow:	allow (W)
 * @memcg_path:	memcg_path (RCU)
 * @addr:	addr_start and addr_end (W)
 * @sz:		min and max (W)
 * @target_idx:	damon_target_idx (W)
 */
struct damon_filter_cfg {
	enum damos_filter_type type;
	bool matching;
	bool allow;
	char __rcu *memcg_path;
	struct damon_addr_range addr;
	struct damon_size_range sz;
	int target_idx;
};

/**
 * struct damon_tried_probe - .../tried_regions/<R>/probes/<P>; constant
 * @hits:	how many looks the probe hit
 */
struct damon_tried_probe {
	unsigned int hits;
};

/**
 * struct damon_tried_region - schemes/<S>/tried_regions/<R>; constant
 * @start:	first address
 * @end:	first address behind it
 * @nr_accesses: how many looks found an access
 * @age:	windows without a significant change of @nr_accesses
 * @sz_filter_passed: bytes that filters about pages let pass
 * @target_idx:	number of its target
 * @pid:	process, as the kernel's first PID namespace has it; zero: none
 * @probes:	of struct damon_tried_probe (T)
 * @hits:	what they are copies of
 * @nr_probes:	how many there are
 */
struct damon_tried_region {
	unsigned long start;
	unsigned long end;
	unsigned int nr_accesses;
	unsigned int age;
	unsigned long sz_filter_passed;
	unsigned int target_idx;
	int pid;
	struct damon_vec probes;
	struct damon_tried_probe hits[DAMON_MAX_PROBES];
	int nr_probes;
};

/**
 * struct damon_tried_regions - schemes/<S>/tried_regions, results
 * @regions:	of struct damon_tried_region (T)
 * @total_bytes: what is in them, also while they are not shown (W)
 */
struct damon_tried_regions {
	struct damon_vec regions;	/* first: dir.c takes it for the whole */
	unsigned long total_bytes;
};

/**
 * struct damon_scheme_cfg - schemes/<S>
 * @action:		action (W)
 * @target_nid:		target_nid (W)
 * @apply_interval_us:	apply_interval_us (W)
 * @pattern:		access_pattern (W)
 * @dests:		of struct damon_dest_cfg (T)
 * @quota:		quotas
 * @wmarks:		watermarks (W)
 * @filters:		of struct damon_filter_cfg, of any type (T)
 * @core_filters:	those about regions (T)
 * @ops_filters:	those about pages (T)
 * @stat:		stats, results (W)
 * @max_nr_snapshots:	stats/max_nr_snapshots (W)
 * @tried:		tried_regions
 */
struct damon_scheme_cfg {
	enum damos_action action;
	int target_nid;
	unsigned long apply_interval_us;
	struct damon_pattern_cfg pattern;
	struct damon_vec dests;
	struct damon_quota_cfg quota;
	struct damos_watermarks wmarks;
	struct damon_vec filters;
	struct damon_vec core_filters;
	struct damon_vec ops_filters;
	struct damos_stat stat;
	unsigned long max_nr_snapshots;
	struct damon_tried_regions tried;
};

/**
 * struct damon_probe_filter_cfg - monitoring_attrs/probes/<P>/filters/<F>
 * @type:	type (W)
 * @matching:	matching (W)
 * @allow:	allow (W)
 * @path:	path of a cgroup (RCU)
 */
struct damon_probe_filter_cfg {
	enum damon_filter_type type;
	bool matching;
	bool allow;
	char __rcu *path;
};

/**
 * struct damon_probe_prep_cfg - monitoring_attrs/probes/<P>/preps/<A>
 * @action:	prep_action (W)
 */
struct damon_probe_prep_cfg {
	enum damon_prep_action action;
};

/**
 * struct damon_probe_cfg - monitoring_attrs/probes/<P>
 * @weight:	weight (W)
 * @filters:	of struct damon_probe_filter_cfg (T)
 * @preps:	of struct damon_probe_prep_cfg (T)
 */
struct damon_probe_cfg {
	unsigned int weight;
	struct damon_vec filters;
	struct damon_vec preps;
};

/**
 * struct damon_ctx_cfg - contexts/<C>
 * @ops_id:	operations (W)
 * @addr_unit:	addr_unit (W)
 * @attrs:	monitoring_attrs/intervals and nr_regions (W)
 * @tlb_honesty: monitoring_attrs/tlb_honesty (W)
 * @pause:	pause (W)
 * @probes:	monitoring_attrs/probes, of struct damon_probe_cfg (T)
 * @targets:	of struct damon_target_cfg (T)
 * @schemes:	of struct damon_scheme_cfg (T)
 */
struct damon_ctx_cfg {
	enum damon_ops_id ops_id;
	unsigned long addr_unit;
	struct damon_attrs attrs;
	bool tlb_honesty;
	bool pause;
	struct damon_vec probes;
	struct damon_vec targets;
	struct damon_vec schemes;
};

/**
 * struct damon_kdamond_dir - kdamonds/<N>
 * @contexts:		of struct damon_ctx_cfg, at most one (T)
 * @command_lock:	C
 * @status_lock:	S
 * @ctx:		the context of the last start, running or not; NULL
 *			before (CS)
 * @refresh_ms:		refresh_ms (W)
 * @refreshing:		@ctx has @refresh (S)
 * @refresh:		request that repeats: the kdamond's while it runs
 * @refreshed:		when results were refreshed last, in jiffies; likewise
 * @last_error:		why the last command was refused; empty if it was not
 *			(S)
 */
struct damon_kdamond_dir {
	struct damon_vec contexts;

	struct mutex command_lock;	/* C */
	struct mutex status_lock;	/* S */
	struct damon_ctx *ctx;
	unsigned int refresh_ms;
	bool refreshing;
	struct damon_call_control refresh;
	unsigned long refreshed;
	struct damon_reason last_error;
};

/**
 * struct damon_admin_dir - admin
 * @kdamonds:	of struct damon_kdamond_dir (T)
 */
struct damon_admin_dir {
	struct damon_vec kdamonds;
};

/* tree.c */
extern const char * const damon_ops_names[NR_DAMON_OPS];
extern const struct damon_dir_desc damon_top_desc;

/* schemes.c */
extern const struct damon_dir_desc damon_scheme_desc;

/* probes.c */
extern const struct damon_dir_desc damon_probe_desc;
int damon_stage_probe(struct damon_ctx *ctx, struct damon_probe_cfg *cfg,
		      int idx, struct damon_reason *why);

/* stage.c */
typedef int damon_stage_fn(struct damon_ctx *ctx, struct damon_ctx_cfg *cfg,
			   struct damon_reason *why);

damon_stage_fn damon_stage_start;
damon_stage_fn damon_stage_commit;
damon_stage_fn damon_stage_goals;

struct damon_ctx *damon_staged_ctx(struct damon_kdamond_dir *kdamond,
				   damon_stage_fn *stage,
				   struct damon_reason *why);
void damon_ctx_refused(struct damon_reason *why,
		       const struct damon_reason *detail);

/* stage-scheme.c */
int damon_stage_scheme(struct damon_ctx *ctx, struct damon_scheme_cfg *cfg,
		       int idx, struct damon_reason *why);
int damon_stage_quota_goals(struct damon_ctx *ctx, struct damon_scheme_cfg *cfg,
			    int idx, struct damon_reason *why);
int damon_stage_memcg(char __rcu **path, u64 *id, const char *file,
		      struct damon_reason *why);

/* command.c */
extern const struct damon_file_kind damon_file_state;
extern const struct damon_file_kind damon_file_pid;
extern const struct damon_file_kind damon_file_last_error;

void damon_kdamond_dir_init(void *obj);
void damon_kdamond_dir_exit(void *obj);
int damon_kdamonds_may_resize(struct damon_vec *kdamonds);

/* cost.c */
extern const struct damon_file_kind damon_file_cost;

/* result.c */
extern const struct damon_file_kind damon_file_device;
extern const struct damon_file_kind damon_file_refresh_ms;
int damon_command_stats(struct damon_kdamond_dir *kdamond,
			struct damon_reason *why);
int damon_command_quotas(struct damon_kdamond_dir *kdamond,
			 struct damon_reason *why);
int damon_command_intervals(struct damon_kdamond_dir *kdamond,
			    struct damon_reason *why);
int damon_nr_staged_schemes(struct damon_kdamond_dir *kdamond);
void damon_refresh_begin(struct damon_kdamond_dir *kdamond);

/* tried.c */
extern const struct damon_dir_desc damon_tried_regions_desc;
int damon_command_tried_regions(struct damon_kdamond_dir *kdamond,
				struct damon_reason *why);
int damon_command_tried_bytes(struct damon_kdamond_dir *kdamond,
			      struct damon_reason *why);
int damon_command_clear_tried(struct damon_kdamond_dir *kdamond,
			      struct damon_reason *why);

#endif	/* _MM_DAMON_SYSFS_SYSFS_H */
