/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DAMON: data access monitor, interface for kernel code.
 *
 * A context (struct damon_ctx) says what to watch and how often. Each running
 * context has one thread of its own, its kdamond. While it runs, the targets
 * and regions of the context belong to that thread: look at them from one of
 * the callbacks or from a function handed over with damon_call(), never from
 * elsewhere. While it does not run they belong to whoever made the context.
 *
 * Documentation/mm/damon/ describes the design.
 */
#ifndef _LINUX_DAMON_H
#define _LINUX_DAMON_H

#include <linux/args.h>
#include <linux/completion.h>
#include <linux/damon_probe.h>
#include <linux/damos.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct damon_ctx;
struct damon_target;

/* No region is smaller than this, unless its context says otherwise. */
#define DAMON_MIN_REGION_SZ	PAGE_SIZE

/**
 * struct damon_region - a span of a target that is watched as one
 * @ar:			where the region lies
 * @sampling_addr:	address whose access is checked at the next tick
 * @nr_accesses:	how many of the looks at the region in the current
 *			window found it accessed. At the end of a window, that
 *			is from &damon_callback.after_aggregation on, it is
 *			the result: 0 to damon_nr_samples_per_aggr(), scaled
 *			to the full number of looks if some could not be made
 * @list:		its place in &damon_target.regions_list
 * @age:		number of windows since @nr_accesses changed
 *			significantly
 * @probe_hits:		for how many looks of the current window each probe found
 *			its attribute, as @nr_accesses, but at most 255
 *
 * Made by damon_new_region() only: more is kept behind it.
 */
struct damon_region {
	struct damon_addr_range ar;
	unsigned long sampling_addr;
	unsigned int nr_accesses;
	unsigned int age;
	struct list_head list;
	unsigned char probe_hits[DAMON_MAX_PROBES];
};

/**
 * struct damon_target - an address space that is watched
 * @pid:		process, for operations on virtual address spaces. The
 *			target owns the reference from damon_add_target() on
 * @nr_regions:		number of regions in @regions_list
 * @regions_list:	regions, ordered by address, never overlapping
 * @list:		its place in &damon_ctx.adaptive_targets
 * @obsolete:		for damon_commit_ctx() only: the target of the running
 *			context at this place is to be dropped
 *
 * Made by damon_new_target() only: more is kept behind it.
 */
struct damon_target {
	struct pid *pid;
	unsigned int nr_regions;
	struct list_head regions_list;
	struct list_head list;
	bool obsolete;
};

/**
 * enum damon_ops_id - the sets of operations that come with the kernel
 * @DAMON_OPS_VADDR:	virtual address spaces; ranges follow the mappings
 * @DAMON_OPS_FVADDR:	virtual address spaces; ranges are those of the user
 * @DAMON_OPS_PADDR:	the physical address space
 * @NR_DAMON_OPS:	number of sets
 */
enum damon_ops_id {
	DAMON_OPS_VADDR,
	DAMON_OPS_FVADDR,
	DAMON_OPS_PADDR,
	NR_DAMON_OPS,
};

/**
 * struct damon_operations - how to watch one kind of address space
 * @id:				which set this is
 * @init:			make the regions of targets that have none; again
 *				after a commit that brought new targets
 * @update:			fit the regions to the address space as it is
 *				now; once per &damon_attrs.ops_update_interval
 * @prepare_access_checks:	choose a &damon_region.sampling_addr in each
 *				region and forget earlier accesses to it
 * @check_accesses:		find out which samples were accessed, and tell
 *				each by damon_update_region_access_rate();
 *				returns the highest nr_accesses of all regions
 * @apply_probes:		hand a page of each region to damon_probe_count();
 *				called in each tick while there are probes. NULL: there
 *				can be none
 * @idle_ticks:			for how many of the coming ticks there is nothing to
 *				check or to prepare: the kdamond may sleep through them
 * @reset_aggregated:		a window has ended and was reported
 * @supports_action:		can they do that; asked when a context is checked.
 *				NULL: whatever @apply_scheme can
 * @supports_filter:		can that action leave out the pages that a filter of
 *				that type says; asked likewise for filters about
 *				pages. NULL: all actions can
 * @get_scheme_score:		priority of a region for a scheme under a quota, 0
 *				to DAMOS_MAX_SCORE. NULL: all regions are equal
 * @apply_scheme:		apply the action of a scheme to a region; returns the
 *				number of bytes to which it was applied, and tells
 *				what its filters let pass by
 *				damos_add_filter_passed(). NULL: no action does
 *				anything
 * @count_on_node:		count the pages of a region, and those on a node, for
 *				goals about them. NULL: its memory is on no node
 * @target_valid:		does the address space (a struct damon_target)
 *				still exist
 * @cleanup_target:		a target is about to be destroyed: drop what is
 *				remembered about it
 * @cleanup:			undo @init; regions and targets stay
 *
 * Any of them may be NULL. All run in the kdamond, may sleep, and hold no lock.
 * For one context the order is: @init; then for each tick @target_valid,
 * @prepare_access_checks, @check_accesses, @apply_probes; @reset_aggregated at the
 * end of each window, and before it @get_scheme_score and @apply_scheme for each region
 * that a scheme is meant for; @update when it is due; at last @cleanup. Schemes with an
 * interval of their own also run after other @check_accesses. While probes have
 * weights, accesses are neither prepared nor checked.
 */
struct damon_operations {
	enum damon_ops_id id;
	void (*init)(struct damon_ctx *ctx);
	void (*update)(struct damon_ctx *ctx);
	void (*prepare_access_checks)(struct damon_ctx *ctx);
	unsigned int (*check_accesses)(struct damon_ctx *ctx);
	void (*apply_probes)(struct damon_ctx *ctx);
	unsigned int (*idle_ticks)(struct damon_ctx *ctx);
	void (*reset_aggregated)(struct damon_ctx *ctx);
	bool (*supports_action)(enum damos_action action);
	bool (*supports_filter)(enum damos_action action,
				enum damos_filter_type type);
	int (*get_scheme_score)(struct damon_ctx *ctx, struct damon_target *t,
				struct damon_region *r, struct damos *s);
	unsigned long (*apply_scheme)(struct damon_ctx *ctx,
				      struct damon_target *t,
				      struct damon_region *r, struct damos *s);
	void (*count_on_node)(struct damon_ctx *ctx, struct damon_region *r,
			      int nid, u64 *on_node, u64 *all);
	bool (*target_valid)(void *target);
	void (*cleanup_target)(struct damon_target *target);
	void (*cleanup)(struct damon_ctx *ctx);
};

/**
 * struct damon_callback - what the user of a context wants to be told
 * @private:		for the user
 * @before_start:	after &damon_operations.init, before the first tick
 * @after_sampling:	after &damon_operations.prepare_access_checks
 * @after_aggregation:	the results of a window are complete
 * @after_wmarks_check:	watermarks were compared, while schemes are active as well
 *			as while none is
 * @before_damos_apply:	a scheme is about to be applied to a region; a value other
 *			than zero skips that
 * @before_terminate:	the monitoring ends; results can still be read
 *
 * Any of them may be NULL. All run in the kdamond, may sleep, may read results
 * without a lock and may change the context by damon_set_attrs() and
 * damon_commit_ctx(), but for @before_damos_apply. A return value other than zero
 * ends the monitoring where nothing else is said.
 */
struct damon_callback {
	void *private;

	int (*before_start)(struct damon_ctx *ctx);
	int (*after_sampling)(struct damon_ctx *ctx);
	int (*after_aggregation)(struct damon_ctx *ctx);
	int (*after_wmarks_check)(struct damon_ctx *ctx);
	int (*before_damos_apply)(struct damon_ctx *ctx, struct damon_target *t,
				  struct damon_region *r, struct damos *s);
	void (*before_terminate)(struct damon_ctx *ctx);
};

/**
 * struct damon_call_control - a function that a kdamond shall run
 * @fn:			the function; it may sleep, and read or change the
 *			context of the kdamond
 * @data:		its argument
 * @repeat:		run it every tick until the thread ends; damon_call()
 *			then returns at once
 * @return_code:	what @fn returned, or -ECANCELED; with @repeat what it
 *			returned last
 * @dealloc_on_cancel:	with @repeat: the kdamond frees the control by kfree()
 *			when it ends; one that is refused stays the caller's
 */
struct damon_call_control {
	int (*fn)(void *data);
	void *data;
	bool repeat;
	int return_code;
	bool dealloc_on_cancel;
/* private: */
	bool canceled;
	struct list_head list;
	struct completion done;
};

/**
 * struct damon_intervals_goal - how the intervals shall be tuned
 * @access_bp:		share of all looks that shall find an access, weighted by
 *			size, in 1/10000
 * @aggrs:		windows from one tuning to the next; zero: none
 * @min_sample_us:	smallest sampling interval, in us
 * @max_sample_us:	largest
 *
 * The ratio of the intervals stays as the user has set it.
 */
struct damon_intervals_goal {
	unsigned long access_bp;
	unsigned long aggrs;
	unsigned long min_sample_us;
	unsigned long max_sample_us;
};

/**
 * struct damon_ctx - what to monitor, and how
 * @sample_interval:		time between two looks at a region, in us; zero
 *				counts as one
 * @aggr_interval:		length of a window, in us; at least
 *				@sample_interval
 * @ops_update_interval:	time between two runs of
 *				&damon_operations.update, in us
 * @min_nr_regions:		smallest number of regions, at least 3
 * @max_nr_regions:		largest number of regions
 * @intervals_goal:		how @sample_interval and @aggr_interval are tuned
 * @attrs:			the six above as one value
 * @kdamond:			the thread; NULL when not running. Read under
 *				@kdamond_lock, or use damon_is_running() and
 *				damon_kdamond_pid()
 * @kdamond_stop:		set it to end the thread, under @kdamond_lock
 * @kdamond_lock:		protects @kdamond, @kdamond_stop and the requests
 *				of damon_call()
 * @ops:			operations in use: by damon_select_ops(), or the
 *				user's own
 * @callback:			what the user wants to be told
 * @addr_unit:			bytes that an address of a region stands for, where
 *				regions are physical memory: more than one lets
 *				32-bit kernels reach all of it. A power of two.
 *				All sizes of the context are in this unit then
 * @min_region_sz:		borders of regions are multiples of it; a power of
 *				two, see damon_smallest_region()
 * @tlb_honesty:		before a hot region of large pages is called
 *				cold, its translations are flushed once, so that
 *				a CPU that still holds them cannot hide its
 *				accesses. Set while the context does not run, or
 *				from its kdamond
 * @pause:			neither sample nor act; set like @tlb_honesty
 * @adaptive_targets:		targets, see damon_add_target()
 * @schemes:			schemes, see damon_add_scheme()
 * @probes:			probes, see damon_add_probe()
 *
 * Made by damon_new_ctx() only: more is kept behind it.
 */
struct damon_ctx {
	struct_group_tagged(damon_attrs, attrs,
		unsigned long sample_interval;
		unsigned long aggr_interval;
		unsigned long ops_update_interval;
		unsigned long min_nr_regions;
		unsigned long max_nr_regions;
		struct damon_intervals_goal intervals_goal;
	);

	struct task_struct *kdamond;
	bool kdamond_stop;
	struct mutex kdamond_lock;	/* the two above, and requests */

	struct damon_operations ops;
	struct damon_callback callback;

	unsigned long addr_unit;
	unsigned long min_region_sz;
	bool tlb_honesty;
	bool pause;
	struct list_head adaptive_targets;
	struct list_head schemes;
	struct list_head probes;
};

static inline struct damon_region *damon_next_region(struct damon_region *r)
{
	return list_next_entry(r, list);
}

static inline struct damon_region *damon_prev_region(struct damon_region *r)
{
	return list_prev_entry(r, list);
}

static inline struct damon_region *damon_first_region(struct damon_target *t)
{
	return list_first_entry(&t->regions_list, struct damon_region, list);
}

static inline struct damon_region *damon_last_region(struct damon_target *t)
{
	return list_last_entry(&t->regions_list, struct damon_region, list);
}

static inline unsigned long damon_sz_region(const struct damon_region *r)
{
	return r->ar.end - r->ar.start;
}

#define damon_for_each_region(r, t) \
	list_for_each_entry(r, &(t)->regions_list, list)

#define damon_for_each_region_from(r, t) \
	list_for_each_entry_from(r, &(t)->regions_list, list)

#define damon_for_each_region_safe(r, next, t) \
	list_for_each_entry_safe(r, next, &(t)->regions_list, list)

#define damon_for_each_target(t, ctx) \
	list_for_each_entry(t, &(ctx)->adaptive_targets, list)

#define damon_for_each_target_safe(t, next, ctx) \
	list_for_each_entry_safe(t, next, &(ctx)->adaptive_targets, list)

/**
 * damon_target_has_pid() - Do the targets of a context stand for processes?
 * @ctx:	any context
 *
 * Return: true if &damon_target.pid is used. Any context.
 */
static inline bool damon_target_has_pid(const struct damon_ctx *ctx)
{
	return ctx->ops.id == DAMON_OPS_VADDR || ctx->ops.id == DAMON_OPS_FVADDR;
}

/**
 * damon_smallest_region() - The usual &damon_ctx.min_region_sz.
 * @id:		operations
 * @addr_unit:	&damon_ctx.addr_unit
 *
 * Return: a page; of physical memory, in units, and at least one. Any context.
 */
static inline unsigned long damon_smallest_region(enum damon_ops_id id,
						  unsigned long addr_unit)
{
	if (id != DAMON_OPS_PADDR || !addr_unit)
		return DAMON_MIN_REGION_SZ;
	return max(DAMON_MIN_REGION_SZ / addr_unit, 1UL);
}

/**
 * damon_nr_samples_per_aggr() - How many looks does a window have?
 * @attrs:	attributes of a context
 *
 * A sampling interval of zero counts as one microsecond.
 *
 * Return: aggregation over sampling interval, at least 1, at most UINT_MAX:
 * the highest possible &damon_region.nr_accesses. Any context.
 */
static inline unsigned int
damon_nr_samples_per_aggr(const struct damon_attrs *attrs)
{
	unsigned long nr = attrs->aggr_interval / (attrs->sample_interval ?: 1);

	return clamp_t(u64, nr, 1, UINT_MAX);
}

/* The older name of damon_nr_samples_per_aggr(). */
static inline unsigned int
damon_max_nr_accesses(const struct damon_attrs *attrs)
{
	return damon_nr_samples_per_aggr(attrs);
}

#ifdef CONFIG_DAMON

struct damon_region *damon_new_region(unsigned long start, unsigned long end);
void damon_add_region(struct damon_region *r, struct damon_target *t);
void damon_insert_region(struct damon_region *r, struct damon_region *prev,
			 struct damon_region *next, struct damon_target *t);
void damon_destroy_region(struct damon_region *r, struct damon_target *t);
int damon_set_regions(struct damon_target *t,
		      const struct damon_addr_range *ranges,
		      unsigned int nr_ranges, unsigned long min_region_sz);
void damon_update_region_access_rate(struct damon_region *r, bool accessed);
unsigned long damon_rand(struct damon_ctx *ctx, unsigned long l,
			 unsigned long r);

struct damon_target *damon_new_target(void);
void damon_add_target(struct damon_ctx *ctx, struct damon_target *t);
void damon_free_target(struct damon_target *t);
void damon_destroy_target(struct damon_target *t, struct damon_ctx *ctx);
int damon_target_set_cgroup(struct damon_target *t, const char *path);
void damon_target_follow_children(struct damon_target *t);
struct damon_target *damon_target_group(struct damon_target *t);
unsigned int damon_nr_regions(struct damon_target *t);
bool damon_targets_empty(struct damon_ctx *ctx);

struct damon_ctx *damon_new_ctx(void);
void damon_destroy_ctx(struct damon_ctx *ctx);
int damon_set_attrs_struct(struct damon_ctx *ctx,
			   const struct damon_attrs *attrs);
int damon_commit_ctx(struct damon_ctx *dst, struct damon_ctx *src);
unsigned int damon_nr_accesses_mvsum(struct damon_region *r,
				     struct damon_ctx *ctx);

bool damon_is_registered_ops(enum damon_ops_id id);
int damon_register_ops(struct damon_operations *ops);
int damon_select_ops(struct damon_ctx *ctx, enum damon_ops_id id);

bool damon_initialized(void);
int damon_nr_running_ctxs(void);
int damon_start(struct damon_ctx **ctxs, int nr_ctxs, bool exclusive);
int damon_stop(struct damon_ctx **ctxs, int nr_ctxs);
bool damon_is_running(struct damon_ctx *ctx);
int damon_kdamond_pid(struct damon_ctx *ctx);
int damon_call(struct damon_ctx *ctx, struct damon_call_control *control);

#else	/* CONFIG_DAMON */

static inline struct damon_region *damon_new_region(unsigned long start,
						    unsigned long end)
{
	return NULL;
}

static inline void damon_add_region(struct damon_region *r,
				    struct damon_target *t)
{
}

static inline void damon_insert_region(struct damon_region *r,
				       struct damon_region *prev,
				       struct damon_region *next,
				       struct damon_target *t)
{
}

static inline void damon_destroy_region(struct damon_region *r,
					struct damon_target *t)
{
}

static inline int damon_set_regions(struct damon_target *t,
				    const struct damon_addr_range *ranges,
				    unsigned int nr_ranges,
				    unsigned long min_region_sz)
{
	return -EOPNOTSUPP;
}

static inline void damon_update_region_access_rate(struct damon_region *r,
						   bool accessed)
{
}

static inline unsigned long damon_rand(struct damon_ctx *ctx, unsigned long l,
				       unsigned long r)
{
	return l;
}

static inline struct damon_target *damon_new_target(void)
{
	return NULL;
}

static inline void damon_add_target(struct damon_ctx *ctx,
				    struct damon_target *t)
{
}

static inline void damon_free_target(struct damon_target *t)
{
}

static inline void damon_destroy_target(struct damon_target *t,
					struct damon_ctx *ctx)
{
}

static inline int damon_target_set_cgroup(struct damon_target *t,
					  const char *path)
{
	return -EOPNOTSUPP;
}

static inline void damon_target_follow_children(struct damon_target *t)
{
}

static inline struct damon_target *damon_target_group(struct damon_target *t)
{
	return NULL;
}

static inline unsigned int damon_nr_regions(struct damon_target *t)
{
	return 0;
}

static inline bool damon_targets_empty(struct damon_ctx *ctx)
{
	return true;
}

static inline struct damon_ctx *damon_new_ctx(void)
{
	return NULL;
}

static inline void damon_destroy_ctx(struct damon_ctx *ctx)
{
}

static inline int damon_set_attrs_struct(struct damon_ctx *ctx,
					 const struct damon_attrs *attrs)
{
	return -EOPNOTSUPP;
}

static inline int damon_commit_ctx(struct damon_ctx *dst,
				   struct damon_ctx *src)
{
	return -EOPNOTSUPP;
}

static inline unsigned int damon_nr_accesses_mvsum(struct damon_region *r,
						   struct damon_ctx *ctx)
{
	return 0;
}

static inline bool damon_is_registered_ops(enum damon_ops_id id)
{
	return false;
}

static inline int damon_register_ops(struct damon_operations *ops)
{
	return -EOPNOTSUPP;
}

static inline int damon_select_ops(struct damon_ctx *ctx, enum damon_ops_id id)
{
	return -EOPNOTSUPP;
}

static inline bool damon_initialized(void)
{
	return false;
}

static inline int damon_nr_running_ctxs(void)
{
	return 0;
}

static inline int damon_start(struct damon_ctx **ctxs, int nr_ctxs,
			      bool exclusive)
{
	return -EOPNOTSUPP;
}

static inline int damon_stop(struct damon_ctx **ctxs, int nr_ctxs)
{
	return -EPERM;
}

static inline bool damon_is_running(struct damon_ctx *ctx)
{
	return false;
}

static inline int damon_kdamond_pid(struct damon_ctx *ctx)
{
	return -EINVAL;
}

static inline int damon_call(struct damon_ctx *ctx,
			     struct damon_call_control *control)
{
	return -ECANCELED;
}

#endif	/* CONFIG_DAMON */

static inline int damon_set_attrs_values(struct damon_ctx *ctx,
					 unsigned long sample_int,
					 unsigned long aggr_int,
					 unsigned long ops_upd_int,
					 unsigned long min_nr_reg,
					 unsigned long max_nr_reg)
{
	struct damon_attrs attrs = {
		.sample_interval = sample_int,
		.aggr_interval = aggr_int,
		.ops_update_interval = ops_upd_int,
		.min_nr_regions = min_nr_reg,
		.max_nr_regions = max_nr_reg,
		.intervals_goal = ctx->intervals_goal,
	};

	return damon_set_attrs_struct(ctx, &attrs);
}

#define __damon_set_attrs_2	damon_set_attrs_struct
#define __damon_set_attrs_6	damon_set_attrs_values

/**
 * damon_set_attrs() - Set intervals and numbers of regions of a context.
 * @...: either (ctx, sample_int, aggr_int, ops_upd_int, min_nr_reg, max_nr_reg)
 *	 with the intervals in us, which leaves the rest as it is, or
 *	 (ctx, const struct damon_attrs \*)
 *
 * While the context runs, only from its kdamond: results are then rescaled to
 * the new intervals, and a new window begins.
 *
 * Return: 0, or -EINVAL for attributes that make no sense.
 */
#define damon_set_attrs(...) \
	CONCATENATE(__damon_set_attrs_, COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__)

#endif	/* _LINUX_DAMON_H */
