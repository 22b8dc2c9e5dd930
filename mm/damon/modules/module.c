// SPDX-License-Identifier: GPL-2.0
/*
 * What the modules share, see module.h: a context is made of parameters when a module
 * is switched on, and a running one is made like a new one by commit_inputs. So what
 * runs never reads a parameter, and what is refused has changed nothing.
 *
 * Locks: that of parameters, which all built-in code shares. The kernel holds it while
 * it calls the functions of a parameter.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/align.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "module.h"

static LIST_HEAD(damon_modules);	/* under the lock of parameters */

static bool damon_module_is_on(struct damon_module *module)
{
	return module->ctx && damon_is_running(module->ctx);
}

/* Who is in the way of a module? */
static const char *damon_module_holder(struct damon_module *module)
{
	struct damon_module *other;

	list_for_each_entry(other, &damon_modules, list)
		if (other != module && damon_module_is_on(other))
			return other->name;
	return "another kdamond";
}

/* A context as the parameters want it now. */
static struct damon_ctx *damon_module_new_ctx(struct damon_module *module)
{
	struct damon_ctx *ctx = damon_new_ctx();
	int err;

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	err = module->make(ctx);
	if (!err)
		return ctx;
	damon_destroy_ctx(ctx);
	return ERR_PTR(err);
}

static int damon_module_start(struct damon_module *module)
{
	struct damon_ctx *ctx = damon_module_new_ctx(module);
	int err;

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	err = damon_start(&ctx, 1, module->exclusive);
	if (err == -EBUSY)
		pr_info_ratelimited("%s cannot start: %s is monitoring\n",
				    module->name, damon_module_holder(module));
	if (err) {
		damon_destroy_ctx(ctx);
		return err;
	}
	if (module->ctx)
		damon_destroy_ctx(module->ctx);
	module->ctx = ctx;
	return 0;
}

static int damon_module_set_enabled(const char *val,
				    const struct kernel_param *kp)
{
	struct damon_module *module = kp->arg;
	bool on;
	int err;

	/* A mere name on the command line switches on. */
	err = kstrtobool(val ?: "Y", &on);
	if (err)
		return err;
	/* So early there is not even memory to be had. */
	if (!damon_initialized()) {
		module->wanted = on;
		return 0;
	}
	if (on == damon_module_is_on(module))
		return 0;
	if (on)
		return damon_module_start(module);
	/* If it ends by itself meanwhile, that is as well. */
	damon_stop(&module->ctx, 1);
	return 0;
}

static int damon_module_get_enabled(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%c\n", damon_module_is_on(kp->arg) ? 'Y' : 'N');
}

/* Whether a module is on: as seen from outside, not as was once asked for. */
const struct kernel_param_ops damon_module_enabled = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = damon_module_set_enabled,
	.get = damon_module_get_enabled,
};

/**
 * struct damon_module_commit - a commit, for the kdamond
 * @ctx:	its context
 * @wanted:	what is wanted
 */
struct damon_module_commit {
	struct damon_ctx *ctx;
	struct damon_ctx *wanted;
};

static int damon_module_commit_fn(void *data)
{
	struct damon_module_commit *commit = data;
	int err = damon_commit_ctx(commit->ctx, commit->wanted);

	if (!err)
		commit->ctx->callback.private = commit->wanted->callback.private;
	return err;
}

static int damon_module_commit(struct damon_module *module)
{
	struct damon_module_commit commit = { .ctx = module->ctx };
	struct damon_call_control call = {
		.fn = damon_module_commit_fn,
		.data = &commit,
	};
	int err;

	if (!module->ctx)
		return -EINVAL;
	if (!damon_is_running(module->ctx))
		return -ECANCELED;
	commit.wanted = damon_module_new_ctx(module);
	if (IS_ERR(commit.wanted))
		return PTR_ERR(commit.wanted);
	err = damon_call(module->ctx, &call) ?: call.return_code;
	damon_destroy_ctx(commit.wanted);
	return err;
}

static int damon_module_set_commit_inputs(const char *val,
					  const struct kernel_param *kp)
{
	bool yes = true;
	int err;

	if (val && *skip_spaces(val)) {
		err = kstrtobool(val, &yes);
		if (err)
			return err;
	}
	return yes ? damon_module_commit(kp->arg) : 0;
}

static int damon_module_get_commit_inputs(char *buf,
					  const struct kernel_param *kp)
{
	/* A write returns when it is done. */
	return scnprintf(buf, PAGE_SIZE, "N\n");
}

/* Let the running context be as the parameters are now. */
const struct kernel_param_ops damon_module_commit_inputs = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = damon_module_set_commit_inputs,
	.get = damon_module_get_commit_inputs,
};

static int damon_module_get_pid(char *buf, const struct kernel_param *kp)
{
	struct damon_module *module = kp->arg;
	int pid = module->ctx ? damon_kdamond_pid(module->ctx) : -1;

	return scnprintf(buf, PAGE_SIZE, "%d\n", max(pid, -1));
}

/* The thread of a module, -1 while it is off. */
const struct kernel_param_ops damon_module_kdamond_pid = {
	.get = damon_module_get_pid,
};

static int damon_module_get_result(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%lu\n", READ_ONCE(*(unsigned long *)kp->arg));
}

/* An unsigned long that is written by WRITE_ONCE(). */
const struct kernel_param_ops damon_module_result = {
	.get = damon_module_get_result,
};

/**
 * damon_module_init() - Make a module known, and start it if that is wanted.
 * @module:	module
 *
 * From a late initcall. May sleep.
 *
 * Return: 0, or why it could not be started: it is off then, and can be switched on
 * later.
 */
int __init damon_module_init(struct damon_module *module)
{
	int err = 0;

	kernel_param_lock(NULL);
	list_add_tail(&module->list, &damon_modules);
	if (module->wanted && !damon_module_is_on(module))
		err = damon_module_start(module);
	module->wanted = false;
	kernel_param_unlock(NULL);
	if (err)
		pr_err("%s does not start: error %d\n", module->name, err);
	return err;
}

/* Put the memory that was found last behind the ranges. */
static int damon_module_ranges_flush(struct damon_module_ranges *ranges)
{
	unsigned int shift = ilog2(ranges->addr_unit);
	u64 start = ALIGN(ranges->start, ranges->align) >> shift;
	u64 end = ALIGN_DOWN(ranges->end, ranges->align) >> shift;
	struct damon_addr_range *new;

	ranges->start = 0;
	ranges->end = 0;
	/* What no address reaches cannot be monitored. */
	end = min_t(u64, end, ALIGN_DOWN(ULONG_MAX, ranges->align >> shift));
	if (start >= end)
		return 0;
	new = krealloc_array(ranges->ranges, ranges->nr + 1, sizeof(*new),
			     GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new[ranges->nr++] = (struct damon_addr_range){ start, end };
	ranges->ranges = new;
	return 0;
}

/**
 * damon_module_ranges_add() - Add memory to ranges.
 * @ranges:	ranges
 * @start:	first byte of the memory, behind all that was added before
 * @last:	last byte of it
 *
 * Memory without a gap becomes one range, aligned inwards as a whole. May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int damon_module_ranges_add(struct damon_module_ranges *ranges, u64 start,
			    u64 last)
{
	int err = 0;

	/* Aligned, it must not wrap. */
	last = min(last, U64_MAX - ranges->align);
	if (start != ranges->end) {
		err = damon_module_ranges_flush(ranges);
		ranges->start = start;
	}
	ranges->end = last + 1;
	return err;
}

/**
 * damon_module_ranges_end() - All memory has been added.
 * @ranges:	ranges; complete afterwards
 *
 * May sleep.
 *
 * Return: 0; -ENOMEM; -EINVAL if there is no memory.
 */
int damon_module_ranges_end(struct damon_module_ranges *ranges)
{
	return damon_module_ranges_flush(ranges) ?: ranges->nr ? 0 : -EINVAL;
}

static int damon_module_add_ram(struct resource *res, void *data)
{
	return damon_module_ranges_add(data, res->start, res->end);
}

/* All memory, also of other nodes, and with gaps left out. */
static int damon_module_watch_ram(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_module_ranges ranges = {
		.addr_unit = ctx->addr_unit,
		.align = (u64)ctx->min_region_sz * ctx->addr_unit,
	};
	int err;

	err = walk_system_ram_res(0, U64_MAX, &ranges, damon_module_add_ram) ?:
	      damon_module_ranges_end(&ranges) ?:
	      damon_set_regions(t, ranges.ranges, ranges.nr, ctx->min_region_sz);
	kfree(ranges.ranges);
	return err;
}

static int damon_module_set_attrs(struct damon_ctx *ctx,
				  const struct damon_module_monitor *monitor)
{
	struct damon_attrs attrs = {
		.sample_interval = monitor->sample_interval,
		.aggr_interval = monitor->aggr_interval,
		.ops_update_interval = ctx->ops_update_interval,
		.min_nr_regions = monitor->min_nr_regions,
		.max_nr_regions = monitor->max_nr_regions,
	};

	if (!monitor->sample_interval || !monitor->aggr_interval)
		return -EINVAL;
	if (monitor->autotune) {
		attrs.sample_interval = 5 * USEC_PER_MSEC;
		attrs.aggr_interval = 100 * USEC_PER_MSEC;
		attrs.intervals_goal = (struct damon_intervals_goal){
			.access_bp = monitor->access_bp,
			.aggrs = 3,
			.min_sample_us = 5 * USEC_PER_MSEC,
			.max_sample_us = 10 * USEC_PER_SEC,
		};
	}
	return damon_set_attrs(ctx, &attrs);
}

/**
 * damon_module_watch() - Let a new context monitor physical memory.
 * @ctx:	context
 * @monitor:	which memory, and how
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for what makes no sense; -ENOMEM.
 */
int damon_module_watch(struct damon_ctx *ctx,
		       const struct damon_module_monitor *monitor)
{
	struct damon_addr_range range = { monitor->start, monitor->end };
	struct damon_target *t;
	int err;

	if (!is_power_of_2(monitor->addr_unit))
		return -EINVAL;
	ctx->addr_unit = monitor->addr_unit;
	ctx->min_region_sz = damon_smallest_region(DAMON_OPS_PADDR,
						   monitor->addr_unit);
	err = damon_select_ops(ctx, DAMON_OPS_PADDR) ?:
	      damon_module_set_attrs(ctx, monitor);
	if (err)
		return err;
	t = damon_new_target();
	if (!t)
		return -ENOMEM;
	damon_add_target(ctx, t);
	if (!range.start && !range.end)
		return damon_module_watch_ram(ctx, t);
	return damon_set_regions(t, &range, 1, ctx->min_region_sz);
}

/**
 * damon_module_add_scheme() - Give a new context a scheme for regions of any size.
 * @ctx:	context that damon_module_watch() was called for
 * @accesses:	accesses and ages that are meant
 * @action:	what is done
 * @quota:	how much, with sizes in bytes
 * @wmarks:	when
 *
 * May sleep.
 *
 * Return: the scheme, which is the context's, or NULL for a lack of memory.
 */
struct damos *damon_module_add_scheme(struct damon_ctx *ctx,
				      const struct damos_access_pattern *accesses,
				      enum damos_action action,
				      const struct damos_quota *quota,
				      const struct damos_watermarks *wmarks)
{
	struct damos_access_pattern pattern = *accesses;
	struct damos_watermarks marks = *wmarks;
	struct damos_quota limit = *quota;
	struct damos *s;

	pattern.min_sz_region = ctx->min_region_sz;
	pattern.max_sz_region = ULONG_MAX;
	/* A little is not the same as no limit. */
	if (quota->sz)
		limit.sz = max(quota->sz / ctx->addr_unit, 1UL);
	s = damon_new_scheme(&pattern, action, 0, &limit, &marks, NUMA_NO_NODE);
	if (s)
		damon_add_scheme(ctx, s);
	return s;
}

/**
 * damon_module_add_filter() - Let a scheme leave out some pages.
 * @s:		scheme
 * @type:	by what they are known
 * @matching:	these (true), or all others (false)
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int damon_module_add_filter(struct damos *s, enum damos_filter_type type,
			    bool matching)
{
	struct damos_filter *f = damos_new_filter(type, matching, false);

	if (!f)
		return -ENOMEM;
	damos_add_filter(s, f);
	return 0;
}

/**
 * damon_module_add_goal() - Let the quota of a scheme be tuned for a goal.
 * @s:			scheme
 * @metric:		what shall have a value
 * @target_value:	that value
 * @current_value:	the value now, where the metric does not tell
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int damon_module_add_goal(struct damos *s, enum damos_quota_goal_metric metric,
			  unsigned long target_value,
			  unsigned long current_value)
{
	struct damos_quota_goal *goal = damos_new_quota_goal(metric, target_value);

	if (!goal)
		return -ENOMEM;
	goal->current_value = current_value;
	damos_add_quota_goal(&s->quota, goal);
	return 0;
}

/**
 * damon_module_set_min_age() - Let schemes act on what was not accessed for a time.
 * @ctx:	context of which no scheme is meant for less than that, unless it is
 *		meant for what is accessed
 * @us:		time in us
 *
 * See damon_module_keep_min_age().
 */
void damon_module_set_min_age(struct damon_ctx *ctx, unsigned long us)
{
	ctx->callback.private = (void *)us;
	damon_module_keep_min_age(ctx);
}

/**
 * damon_module_keep_min_age() - Let that time stay what it is.
 * @ctx:	context that damon_module_set_min_age() was called for
 *
 * Ages are counted in windows, of which the length may have been tuned. From the kdamond,
 * or while there is none.
 */
void damon_module_keep_min_age(struct damon_ctx *ctx)
{
	unsigned long us = (unsigned long)ctx->callback.private;
	unsigned long windows = us / max(ctx->aggr_interval, 1UL);
	struct damos *s;

	damon_for_each_scheme(s, ctx)
		if (!s->max_nr_accesses)
			s->min_age_region = min_t(unsigned long, windows, UINT_MAX);
}

/**
 * damon_module_report() - Show what a scheme has done.
 * @ctx:	context
 * @s:		scheme of it
 * @shown:	where DAMON_MODULE_SCHEME_PARAMS() reads
 *
 * From the kdamond.
 */
void damon_module_report(struct damon_ctx *ctx, struct damos *s,
			 struct damos_stat *shown)
{
	WRITE_ONCE(shown->nr_tried, s->stat.nr_tried);
	WRITE_ONCE(shown->sz_tried, size_mul(s->stat.sz_tried, ctx->addr_unit));
	WRITE_ONCE(shown->nr_applied, s->stat.nr_applied);
	WRITE_ONCE(shown->sz_applied, size_mul(s->stat.sz_applied, ctx->addr_unit));
	WRITE_ONCE(shown->qt_exceeds, s->stat.qt_exceeds);
}
