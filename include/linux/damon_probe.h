/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Data attributes: besides whether memory is accessed, DAMON can tell how much of
 * each region has an attribute, for example belongs to a memory cgroup. A probe
 * looks at one page of each region in each tick. If probes have weights, regions are
 * made of what they find, and accesses are not looked at.
 *
 * Part of <linux/damon.h>.
 */
#ifndef _LINUX_DAMON_PROBE_H
#define _LINUX_DAMON_PROBE_H

#include <linux/list.h>
#include <linux/types.h>

struct damon_ctx;
struct damon_region;

/* No context has more probes. */
#define DAMON_MAX_PROBES	4

/**
 * enum damon_filter_type - what filters of probes ask about a page
 * @DAMON_FILTER_TYPE_ANON:		is it anonymous
 * @DAMON_FILTER_TYPE_MEMCG:		is it charged to a memory cgroup
 * @DAMON_FILTER_TYPE_PGIDLE_UNSET:	is it not marked as idle. Of use behind a
 *					preparation that marks it
 * @NR_DAMON_FILTER_TYPES:		number of types
 */
enum damon_filter_type {
	DAMON_FILTER_TYPE_ANON,
	DAMON_FILTER_TYPE_MEMCG,
	DAMON_FILTER_TYPE_PGIDLE_UNSET,
	NR_DAMON_FILTER_TYPES,
};

/**
 * struct damon_filter - a condition of a probe
 * @type:	what is asked
 * @matching:	the answer for which the filter decides
 * @allow:	its decision: the page has the attribute, or has not
 * @memcg_id:	cgroup_id() of the memory cgroup, for DAMON_FILTER_TYPE_MEMCG
 * @list:	its place in &damon_probe.filters
 */
struct damon_filter {
	enum damon_filter_type type;
	bool matching;
	bool allow;
	union {
		u64 memcg_id;
	};
	struct list_head list;
};

/**
 * enum damon_prep_action - what is done to a page before probes look at it
 * @DAMON_PREP_SET_PGIDLE:	mark it as idle, one sampling interval before
 * @NR_DAMON_PREP_ACTIONS:	number of actions
 */
enum damon_prep_action {
	DAMON_PREP_SET_PGIDLE,
	NR_DAMON_PREP_ACTIONS,
};

/**
 * struct damon_prep - a preparation
 * @action:	what is done
 * @list:	its place in &damon_probe.preps
 */
struct damon_prep {
	enum damon_prep_action action;
	struct list_head list;
};

/**
 * struct damon_probe - a look at one attribute
 * @weight:	how much it counts for the regions. If all are zero, regions are
 *		made of accesses, and probes only count
 * @filters:	the first that decides has the say. If none does: the opposite of
 *		what the last one would have decided. Without filters each page has
 *		the attribute
 * @preps:	preparations
 * @list:	its place in &damon_ctx.probes
 */
struct damon_probe {
	unsigned int weight;
	struct list_head filters;
	struct list_head preps;
	struct list_head list;
};

#define damon_for_each_probe(p, ctx) \
	list_for_each_entry(p, &(ctx)->probes, list)

#define damon_for_each_probe_safe(p, next, ctx) \
	list_for_each_entry_safe(p, next, &(ctx)->probes, list)

#define damon_for_each_filter(f, p) \
	list_for_each_entry(f, &(p)->filters, list)

#define damon_for_each_filter_safe(f, next, p) \
	list_for_each_entry_safe(f, next, &(p)->filters, list)

#define damon_for_each_prep(a, p) \
	list_for_each_entry(a, &(p)->preps, list)

#define damon_for_each_prep_safe(a, next, p) \
	list_for_each_entry_safe(a, next, &(p)->preps, list)

#ifdef CONFIG_DAMON

struct damon_probe *damon_new_probe(void);
void damon_add_probe(struct damon_ctx *ctx, struct damon_probe *probe);
void damon_destroy_probe(struct damon_probe *probe);
struct damon_filter *damon_new_filter(enum damon_filter_type type,
				      bool matching, bool allow);
void damon_add_filter(struct damon_probe *probe, struct damon_filter *filter);
void damon_destroy_filter(struct damon_filter *filter);
struct damon_prep *damon_new_prep(enum damon_prep_action action);
void damon_add_prep(struct damon_probe *probe, struct damon_prep *prep);

unsigned char damon_probe_hits_mvsum(int probe_idx, struct damon_region *r,
				     struct damon_ctx *ctx);
unsigned int damon_probe_hits_wsum(struct damon_region *r, bool last,
				   struct damon_ctx *ctx);

#endif	/* CONFIG_DAMON */
#endif	/* _LINUX_DAMON_PROBE_H */
