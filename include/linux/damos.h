/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DAMON: schemes, which act on what was found. Part of <linux/damon.h>.
 *
 * A scheme says which regions are meant (struct damos_access_pattern), what is
 * to be done with them (enum damos_action), how much of it at most (struct
 * damos_quota), when (struct damos_watermarks), and with what exceptions (struct
 * damos_filter). Schemes belong to a context, and to its kdamond while that runs.
 */
#ifndef _LINUX_DAMOS_H
#define _LINUX_DAMOS_H

#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct damon_ctx;
struct damon_region;
struct damon_target;

/**
 * struct damon_addr_range - a span of addresses
 * @start:	first address of the span
 * @end:	first address behind the span
 */
struct damon_addr_range {
	unsigned long start;
	unsigned long end;
};

/**
 * struct damon_size_range - sizes, both bounds included
 * @min:	smallest
 * @max:	largest
 */
struct damon_size_range {
	unsigned long min;
	unsigned long max;
};

/* Highest priority that a region can have under a quota. */
#define DAMOS_MAX_SCORE		(99)

/**
 * enum damos_action - what is done with a region
 * @DAMOS_WILLNEED:	bring it into memory, as madvise(MADV_WILLNEED) does
 * @DAMOS_COLD:		let reclaim take it early, as MADV_COLD does
 * @DAMOS_PAGEOUT:	reclaim it now
 * @DAMOS_HUGEPAGE:	allow huge pages, as MADV_HUGEPAGE does
 * @DAMOS_NOHUGEPAGE:	forbid them, as MADV_NOHUGEPAGE does
 * @DAMOS_COLLAPSE:	make huge pages of it now, as MADV_COLLAPSE does
 * @DAMOS_LRU_PRIO:	let reclaim take it late
 * @DAMOS_LRU_DEPRIO:	let reclaim take it early
 * @DAMOS_MIGRATE_HOT:	move it to another node, hottest first
 * @DAMOS_MIGRATE_COLD:	move it to another node, coldest first
 * @DAMOS_STAT:		do nothing but count
 * @NR_DAMOS_ACTIONS:	number of actions
 *
 * Not every set of operations supports every action: see
 * &damon_operations.supports_action.
 */
enum damos_action {
	DAMOS_WILLNEED,
	DAMOS_COLD,
	DAMOS_PAGEOUT,
	DAMOS_HUGEPAGE,
	DAMOS_NOHUGEPAGE,
	DAMOS_COLLAPSE,
	DAMOS_LRU_PRIO,
	DAMOS_LRU_DEPRIO,
	DAMOS_MIGRATE_HOT,
	DAMOS_MIGRATE_COLD,
	DAMOS_STAT,
	NR_DAMOS_ACTIONS,
};

/**
 * enum damos_quota_goal_metric - what a quota is tuned for
 * @DAMOS_QUOTA_USER_INPUT:	a number that the user updates
 * @DAMOS_QUOTA_SOME_MEM_PSI_US: time in us in which some task of the system
 *				waited for memory, since the last look
 * @DAMOS_QUOTA_NODE_MEM_USED_BP: used share of the memory of a node, in 1/10000
 * @DAMOS_QUOTA_NODE_MEM_FREE_BP: free share of it
 * @DAMOS_QUOTA_NODE_MEMCG_USED_BP: share of the memory of a node that a memory
 *				cgroup uses
 * @DAMOS_QUOTA_NODE_MEMCG_FREE_BP: share of it that the cgroup does not use
 * @DAMOS_QUOTA_ACTIVE_MEM_BP:	active share of the LRU pages of the system
 * @DAMOS_QUOTA_INACTIVE_MEM_BP: inactive share of them
 * @DAMOS_QUOTA_NODE_ELIGIBLE_MEM_BP: share that lies on a node of the memory that
 *				the scheme is meant for; physical memory only
 * @DAMOS_QUOTA_HUGEPAGE_MEM_BP: share of the used memory of the system that is in
 *				huge pages
 * @NR_DAMOS_QUOTA_GOAL_METRICS: number of metrics
 */
enum damos_quota_goal_metric {
	DAMOS_QUOTA_USER_INPUT,
	DAMOS_QUOTA_SOME_MEM_PSI_US,
	DAMOS_QUOTA_NODE_MEM_USED_BP,
	DAMOS_QUOTA_NODE_MEM_FREE_BP,
	DAMOS_QUOTA_NODE_MEMCG_USED_BP,
	DAMOS_QUOTA_NODE_MEMCG_FREE_BP,
	DAMOS_QUOTA_ACTIVE_MEM_BP,
	DAMOS_QUOTA_INACTIVE_MEM_BP,
	DAMOS_QUOTA_NODE_ELIGIBLE_MEM_BP,
	DAMOS_QUOTA_HUGEPAGE_MEM_BP,
	NR_DAMOS_QUOTA_GOAL_METRICS,
};

/**
 * struct damos_quota_goal - a figure that the quota shall bring to a value
 * @metric:		which figure
 * @target_value:	the value wanted, in the unit of @metric; not zero
 * @current_value:	the value now: of the user for DAMOS_QUOTA_USER_INPUT, else
 *			as measured last
 * @nid:		node, for metrics of a node
 * @memcg_id:		cgroup_id() of the memory cgroup, for metrics of one
 * @list:		its place in &damos_quota.goals
 *
 * Made by damos_new_quota_goal() only: more is kept behind it.
 */
struct damos_quota_goal {
	enum damos_quota_goal_metric metric;
	unsigned long target_value;
	unsigned long current_value;
	int nid;
	u64 memcg_id;
	struct list_head list;
};

/**
 * enum damos_quota_goal_tuner - how the effective quota follows the goals
 * @DAMOS_QUOTA_GOAL_TUNER_CONSIST: little by little, to a quota that keeps the goal
 * @DAMOS_QUOTA_GOAL_TUNER_TEMPORAL: all or nothing: the whole quota until the goal
 *				is reached, then none
 * @NR_DAMOS_QUOTA_GOAL_TUNERS:	number of tuners
 */
enum damos_quota_goal_tuner {
	DAMOS_QUOTA_GOAL_TUNER_CONSIST,
	DAMOS_QUOTA_GOAL_TUNER_TEMPORAL,
	NR_DAMOS_QUOTA_GOAL_TUNERS,
};

/**
 * struct damos_quota - how much a scheme may do in a time
 * @reset_interval:	length of that time, the charge window, in ms. Zero: each
 *			run of the scheme has a window of its own
 * @ms:			most time to spend on the action in a window, in ms; zero:
 *			no limit
 * @sz:			most bytes to act on in a window; zero: no limit
 * @goals:		struct damos_quota_goal: the quota is tuned for the one
 *			that is nearest to being reached
 * @goal_tuner:		how
 * @esz:		effective limit of the window in bytes: what @ms, @sz and
 *			@goals come to. Result
 * @weight_sz:		unused
 * @weight_nr_accesses:	weight of the access frequency in the priority of regions
 *			when there are more than the quota allows
 * @weight_age:		weight of the age in it
 * @fail_charge_num:	bytes for which the action failed are charged at this
 * @fail_charge_denom:	fraction; a denominator of zero: in full
 */
struct damos_quota {
	unsigned long reset_interval;
	unsigned long ms;
	unsigned long sz;
	struct list_head goals;
	enum damos_quota_goal_tuner goal_tuner;
	unsigned long esz;

	unsigned int weight_sz;
	unsigned int weight_nr_accesses;
	unsigned int weight_age;

	unsigned int fail_charge_num;
	unsigned int fail_charge_denom;
};

/**
 * enum damos_wmark_metric - what watermarks are compared with
 * @DAMOS_WMARK_NONE:		nothing: always active
 * @DAMOS_WMARK_FREE_MEM_RATE:	free memory of the system, in 1/1000
 * @NR_DAMOS_WMARK_METRICS:	number of metrics
 */
enum damos_wmark_metric {
	DAMOS_WMARK_NONE,
	DAMOS_WMARK_FREE_MEM_RATE,
	NR_DAMOS_WMARK_METRICS,
};

/**
 * struct damos_watermarks - when a scheme is active
 * @metric:	what is compared
 * @interval:	time between two checks while no scheme is active, in us; zero: the
 *		sampling interval
 * @high:	inactive above it
 * @mid:	active below it, between it and @high as before
 * @low:	inactive below it
 */
struct damos_watermarks {
	enum damos_wmark_metric metric;
	unsigned long interval;
	unsigned long high;
	unsigned long mid;
	unsigned long low;
};

/**
 * struct damos_stat - what a scheme has done
 * @nr_tried:		regions that it was meant for
 * @sz_tried:		bytes in them
 * @nr_applied:		regions to which the action was applied, in part at least
 * @sz_applied:		bytes to which it was
 * @qt_exceeds:		windows in which the quota was used up
 * @sz_ops_filter_passed: bytes that the filters of the operations let pass
 * @nr_snapshots:	runs of the scheme over all regions of a target
 */
struct damos_stat {
	unsigned long nr_tried;
	unsigned long sz_tried;
	unsigned long nr_applied;
	unsigned long sz_applied;
	unsigned long qt_exceeds;
	unsigned long sz_ops_filter_passed;
	unsigned long nr_snapshots;
};

/**
 * enum damos_filter_type - what memory a filter is about
 * @DAMOS_FILTER_TYPE_ANON:	anonymous pages
 * @DAMOS_FILTER_TYPE_ACTIVE:	pages on an active LRU list
 * @DAMOS_FILTER_TYPE_MEMCG:	pages charged to a memory cgroup
 * @DAMOS_FILTER_TYPE_YOUNG:	pages accessed since the filter looked last
 * @DAMOS_FILTER_TYPE_HUGEPAGE_SIZE: pages in folios of given sizes
 * @DAMOS_FILTER_TYPE_UNMAPPED:	pages that no process maps
 * @DAMOS_FILTER_TYPE_ADDR:	an address range
 * @DAMOS_FILTER_TYPE_TARGET:	one of the targets
 * @NR_DAMOS_FILTER_TYPES:	number of types
 *
 * The last two are decided by the core, for regions, the others by the
 * operations, for pages.
 */
enum damos_filter_type {
	DAMOS_FILTER_TYPE_ANON,
	DAMOS_FILTER_TYPE_ACTIVE,
	DAMOS_FILTER_TYPE_MEMCG,
	DAMOS_FILTER_TYPE_YOUNG,
	DAMOS_FILTER_TYPE_HUGEPAGE_SIZE,
	DAMOS_FILTER_TYPE_UNMAPPED,
	DAMOS_FILTER_TYPE_ADDR,
	DAMOS_FILTER_TYPE_TARGET,
	NR_DAMOS_FILTER_TYPES,
};

/**
 * struct damos_filter - an exception
 * @type:	what memory it is about
 * @matching:	it is about that memory (true), or about all else (false)
 * @allow:	the action is applied to it (true), or is not (false)
 * @memcg_id:	cgroup_id() of the memory cgroup, for DAMOS_FILTER_TYPE_MEMCG
 * @addr_range:	for DAMOS_FILTER_TYPE_ADDR
 * @target_idx:	place among the targets, for DAMOS_FILTER_TYPE_TARGET
 * @sz_range:	in bytes, for DAMOS_FILTER_TYPE_HUGEPAGE_SIZE
 * @list:	its place in the list of its scheme
 *
 * The first filter that is about a piece of memory decides. What no filter is
 * about is allowed; but where the last one of its list allows, it is not.
 */
struct damos_filter {
	enum damos_filter_type type;
	bool matching;
	bool allow;
	union {
		u64 memcg_id;
		struct damon_addr_range addr_range;
		int target_idx;
		struct damon_size_range sz_range;
	};
	struct list_head list;
};

/**
 * struct damos_migrate_dests - nodes to which pages are moved
 * @node_id_arr:	nodes
 * @weight_arr:		share of the pages that each gets, relative to the others
 * @nr_dests:		number of nodes; zero: &damos.target_nid is the only one
 *
 * The arrays are the scheme's: made by kmalloc_array(), freed with it.
 */
struct damos_migrate_dests {
	unsigned int *node_id_arr;
	unsigned int *weight_arr;
	size_t nr_dests;
};

/**
 * struct damos - a scheme
 * @min_sz_region:	smallest size of a region that is meant, in bytes
 * @max_sz_region:	largest
 * @min_nr_accesses:	smallest number of looks that found it accessed
 * @max_nr_accesses:	largest
 * @min_age_region:	smallest age, in windows
 * @max_age_region:	largest; all bounds are included
 * @pattern:		the six numbers above as one value
 * @action:		what is done
 * @apply_interval_us:	time between two runs, in us; zero: a window
 * @quota:		how much at most
 * @wmarks:		when
 * @target_nid:		node for the actions that migrate, without @migrate_dests
 * @migrate_dests:	nodes for them
 * @core_filters:	struct damos_filter, exceptions decided for regions
 * @ops_filters:	exceptions decided for pages
 * @stat:		what was done. Result
 * @max_nr_snapshots:	do nothing more after so many &damos_stat.nr_snapshots;
 *			zero: no limit
 * @list:		its place in &damon_ctx.schemes
 *
 * Made by damon_new_scheme() only: more is kept behind it.
 */
struct damos {
	struct_group_tagged(damos_access_pattern, pattern,
		unsigned long min_sz_region;
		unsigned long max_sz_region;
		unsigned int min_nr_accesses;
		unsigned int max_nr_accesses;
		unsigned int min_age_region;
		unsigned int max_age_region;
	);

	enum damos_action action;
	unsigned long apply_interval_us;
	struct damos_quota quota;
	struct damos_watermarks wmarks;
	int target_nid;
	struct damos_migrate_dests migrate_dests;
	struct list_head core_filters;
	struct list_head ops_filters;
	struct damos_stat stat;
	unsigned long max_nr_snapshots;
	struct list_head list;
};

/**
 * struct damos_walk_control - a function that shall see what schemes try
 * @walk_fn:	called in the kdamond after each region that a scheme was tried
 *		on, with the bytes of it that the filters of the operations let
 *		pass; must not wait for the kdamond
 * @data:	its first argument
 */
struct damos_walk_control {
	void (*walk_fn)(void *data, struct damon_ctx *ctx,
			struct damon_target *t, struct damon_region *r,
			struct damos *s, unsigned long sz_filter_passed);
	void *data;
/* private: */
	bool canceled;
	struct completion done;
};

#define damon_for_each_scheme(s, ctx) \
	list_for_each_entry(s, &(ctx)->schemes, list)

#define damon_for_each_scheme_safe(s, next, ctx) \
	list_for_each_entry_safe(s, next, &(ctx)->schemes, list)

#define damos_for_each_quota_goal(goal, quota) \
	list_for_each_entry(goal, &(quota)->goals, list)

#define damos_for_each_quota_goal_safe(goal, next, quota) \
	list_for_each_entry_safe(goal, next, &(quota)->goals, list)

#define damos_for_each_core_filter(f, s) \
	list_for_each_entry(f, &(s)->core_filters, list)

#define damos_for_each_core_filter_safe(f, next, s) \
	list_for_each_entry_safe(f, next, &(s)->core_filters, list)

#define damos_for_each_ops_filter(f, s) \
	list_for_each_entry(f, &(s)->ops_filters, list)

#define damos_for_each_ops_filter_safe(f, next, s) \
	list_for_each_entry_safe(f, next, &(s)->ops_filters, list)

/**
 * damos_filter_for_ops() - Is a filter decided by the operations?
 * @type:	type of the filter
 *
 * Return: true for those about pages, false for those about regions. Any
 * context.
 */
static inline bool damos_filter_for_ops(enum damos_filter_type type)
{
	return type != DAMOS_FILTER_TYPE_ADDR &&
	       type != DAMOS_FILTER_TYPE_TARGET;
}

#ifdef CONFIG_DAMON

struct damos_filter *damos_new_filter(enum damos_filter_type type,
				      bool matching, bool allow);
void damos_add_filter(struct damos *s, struct damos_filter *f);
void damos_destroy_filter(struct damos_filter *f);

struct damos_quota_goal *
damos_new_quota_goal(enum damos_quota_goal_metric metric,
		     unsigned long target_value);
void damos_add_quota_goal(struct damos_quota *q, struct damos_quota_goal *g);
void damos_destroy_quota_goal(struct damos_quota_goal *g);
int damos_commit_quota_goals(struct damos_quota *dst, struct damos_quota *src);

struct damos *damon_new_scheme(struct damos_access_pattern *pattern,
			       enum damos_action action,
			       unsigned long apply_interval_us,
			       struct damos_quota *quota,
			       struct damos_watermarks *wmarks,
			       int target_nid);
void damon_add_scheme(struct damon_ctx *ctx, struct damos *s);
void damon_destroy_scheme(struct damos *s);
int damon_set_schemes(struct damon_ctx *ctx, struct damos **schemes,
		      ssize_t nr_schemes);
void damos_add_filter_passed(struct damos *s, unsigned long sz);
int damos_walk(struct damon_ctx *ctx, struct damos_walk_control *control);

#else	/* CONFIG_DAMON */

static inline struct damos_filter *
damos_new_filter(enum damos_filter_type type, bool matching, bool allow)
{
	return NULL;
}

static inline void damos_add_filter(struct damos *s, struct damos_filter *f)
{
}

static inline void damos_destroy_filter(struct damos_filter *f)
{
}

static inline struct damos_quota_goal *
damos_new_quota_goal(enum damos_quota_goal_metric metric,
		     unsigned long target_value)
{
	return NULL;
}

static inline void damos_add_quota_goal(struct damos_quota *q,
					struct damos_quota_goal *g)
{
}

static inline void damos_destroy_quota_goal(struct damos_quota_goal *g)
{
}

static inline int damos_commit_quota_goals(struct damos_quota *dst,
					   struct damos_quota *src)
{
	return -EOPNOTSUPP;
}

static inline struct damos *
damon_new_scheme(struct damos_access_pattern *pattern,
		 enum damos_action action, unsigned long apply_interval_us,
		 struct damos_quota *quota, struct damos_watermarks *wmarks,
		 int target_nid)
{
	return NULL;
}

static inline void damon_add_scheme(struct damon_ctx *ctx, struct damos *s)
{
}

static inline void damon_destroy_scheme(struct damos *s)
{
}

static inline int damon_set_schemes(struct damon_ctx *ctx,
				    struct damos **schemes,
				    ssize_t nr_schemes)
{
	return -EOPNOTSUPP;
}

static inline void damos_add_filter_passed(struct damos *s, unsigned long sz)
{
}

static inline int damos_walk(struct damon_ctx *ctx,
			     struct damos_walk_control *control)
{
	return -ECANCELED;
}

#endif	/* CONFIG_DAMON */

#endif	/* _LINUX_DAMOS_H */
