/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of parameters that several modules have. Whoever includes this must have said
 * what MODULE_PARAM_PREFIX is.
 */
#ifndef _MM_DAMON_MODULES_PARAMS_H
#define _MM_DAMON_MODULES_PARAMS_H

#include <linux/moduleparam.h>

/* Parameters that all modules have; @module is a struct damon_module. */
#define DAMON_MODULE_PARAMS(module)						\
	module_param_cb(enabled, &damon_module_enabled, &(module), 0600);	\
	module_param_cb(kdamond_pid, &damon_module_kdamond_pid, &(module), 0400)

/* Those of modules whose values can be changed while they run. */
#define DAMON_MODULE_COMMIT_PARAM(module)					\
	module_param_cb(commit_inputs, &damon_module_commit_inputs, &(module), 0600)

/* Those about what is monitored; @monitor is a struct damon_module_monitor. */
#define DAMON_MODULE_MONITOR_PARAMS(monitor)					\
	module_param_named(sample_interval, (monitor).sample_interval, ulong, 0600);	\
	module_param_named(aggr_interval, (monitor).aggr_interval, ulong, 0600);	\
	module_param_named(min_nr_regions, (monitor).min_nr_regions, ulong, 0600);	\
	module_param_named(max_nr_regions, (monitor).max_nr_regions, ulong, 0600);	\
	module_param_named(monitor_region_start, (monitor).start, ulong, 0600);	\
	module_param_named(monitor_region_end, (monitor).end, ulong, 0600);	\
	module_param_named(addr_unit, (monitor).addr_unit, ulong, 0600);	\
	module_param_named(autotune_monitoring_intervals, (monitor).autotune, bool, 0600)

/* Those about when schemes are active; @wmarks is a struct damos_watermarks. */
#define DAMON_MODULE_WMARKS_PARAMS(wmarks)					\
	module_param_named(wmarks_interval, (wmarks).interval, ulong, 0600);	\
	module_param_named(wmarks_high, (wmarks).high, ulong, 0600);		\
	module_param_named(wmarks_mid, (wmarks).mid, ulong, 0600);		\
	module_param_named(wmarks_low, (wmarks).low, ulong, 0600)

/* A result: an unsigned long that the kdamond writes. */
#define DAMON_MODULE_RESULT_PARAM(name, value)					\
	module_param_cb(name, &damon_module_result, &(value), 0400)

/*
 * What a scheme has done, as damon_module_report() writes it. @tried and @done are
 * the words for regions that it was meant for, and for those where it was applied.
 */
#define DAMON_MODULE_SCHEME_PARAMS(stat, tried, done, exceeds)			\
	DAMON_MODULE_RESULT_PARAM(nr_##tried##_regions, (stat).nr_tried);	\
	DAMON_MODULE_RESULT_PARAM(bytes_##tried##_regions, (stat).sz_tried);	\
	DAMON_MODULE_RESULT_PARAM(nr_##done##_regions, (stat).nr_applied);	\
	DAMON_MODULE_RESULT_PARAM(bytes_##done##_regions, (stat).sz_applied);	\
	DAMON_MODULE_RESULT_PARAM(exceeds, (stat).qt_exceeds)

#endif	/* _MM_DAMON_MODULES_PARAMS_H */
