/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules share: being switched on and off, committing, what is monitored.
 *
 * A module is a struct damon_module, rows of parameters (params.h), and a function that
 * makes a context of them.
 */
#ifndef _MM_DAMON_MODULES_MODULE_H
#define _MM_DAMON_MODULES_MODULE_H

#include <linux/damon.h>
#include <linux/list.h>
#include <linux/moduleparam.h>

/**
 * struct damon_module - something that monitors physical memory by itself
 * @name:	as messages call it
 * @exclusive:	nothing else may monitor beside it
 * @make:	give a new context what the parameters say. Returns zero or a negative
 *		errno; what it has made so far is freed then
 * @wanted:	to be switched on at the end of the boot
 * @ctx:	the context, until the next one starts; NULL: there was none yet
 * @list:	its place among the modules
 *
 * All of it is used under the lock of parameters only, which also keeps parameters
 * as they are while @make reads them.
 */
struct damon_module {
	const char *name;
	bool exclusive;
	int (*make)(struct damon_ctx *ctx);
	bool wanted;
	struct damon_ctx *ctx;
	struct list_head list;
};

/**
 * struct damon_module_monitor - what is monitored, and how
 * @sample_interval:	in us, not zero
 * @aggr_interval:	in us, not zero
 * @min_nr_regions:	smallest number of regions
 * @max_nr_regions:	largest
 * @start:		first address; with @end zero: all memory of the system
 * @end:		first address behind, both in units of @addr_unit
 * @addr_unit:		bytes that an address stands for, a power of two
 * @access_bp:		share of all looks that shall find an access, in 1/10000, where
 *			intervals are tuned
 * @autotune:		they are, from usual ones on
 */
struct damon_module_monitor {
	unsigned long sample_interval;
	unsigned long aggr_interval;
	unsigned long min_nr_regions;
	unsigned long max_nr_regions;
	unsigned long start;
	unsigned long end;
	unsigned long addr_unit;
	unsigned long access_bp;
	bool autotune;
};

#define DAMON_MODULE_MONITOR {			\
	.sample_interval = 5000,		\
	.aggr_interval = 100000,		\
	.min_nr_regions = 10,			\
	.max_nr_regions = 1000,			\
	.addr_unit = 1,				\
	.access_bp = 40,			\
}

/**
 * struct damon_module_ranges - ranges of memory, as a context wants them
 * @addr_unit:	bytes that an address stands for, a power of two
 * @align:	borders are multiples of so many bytes
 * @start:	of the memory that is not in @ranges yet, in bytes
 * @end:	first byte behind it
 * @ranges:	in units of @addr_unit, in order; of kmalloc()
 * @nr:		how many
 */
struct damon_module_ranges {
	unsigned long addr_unit;
	u64 align;
	u64 start;
	u64 end;
	struct damon_addr_range *ranges;
	unsigned int nr;
};

int damon_module_ranges_add(struct damon_module_ranges *ranges, u64 start,
			    u64 last);
int damon_module_ranges_end(struct damon_module_ranges *ranges);

extern const struct kernel_param_ops damon_module_enabled;
extern const struct kernel_param_ops damon_module_commit_inputs;
extern const struct kernel_param_ops damon_module_kdamond_pid;
extern const struct kernel_param_ops damon_module_result;

int damon_module_init(struct damon_module *module);
int damon_module_watch(struct damon_ctx *ctx,
		       const struct damon_module_monitor *monitor);
struct damos *damon_module_add_scheme(struct damon_ctx *ctx,
				      const struct damos_access_pattern *accesses,
				      enum damos_action action,
				      const struct damos_quota *quota,
				      const struct damos_watermarks *wmarks);
int damon_module_add_filter(struct damos *s, enum damos_filter_type type,
			    bool matching);
int damon_module_add_goal(struct damos *s, enum damos_quota_goal_metric metric,
			  unsigned long target_value,
			  unsigned long current_value);
void damon_module_set_min_age(struct damon_ctx *ctx, unsigned long us);
void damon_module_keep_min_age(struct damon_ctx *ctx);
void damon_module_report(struct damon_ctx *ctx, struct damos *s,
			 struct damos_stat *shown);

#endif	/* _MM_DAMON_MODULES_MODULE_H */
