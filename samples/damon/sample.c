// SPDX-License-Identifier: GPL-2.0
/*
 * What the samples share, see sample.h. Writes to parameters exclude each other, so
 * there are no locks here.
 */
#include <linux/err.h>
#include <linux/kstrtox.h>

#include "sample.h"

static void damon_sample_stop(struct damon_sample *sample)
{
	/* Also stops it, and waits for its thread. */
	while (sample->nr_ctxs)
		damon_destroy_ctx(sample->ctxs[--sample->nr_ctxs]);
}

static int damon_sample_start(struct damon_sample *sample)
{
	int err = sample->make(sample);

	if (!err)
		err = damon_start(sample->ctxs, sample->nr_ctxs, false);
	if (err)
		damon_sample_stop(sample);
	return err;
}

/* A thread ends by itself when its process is gone. */
static bool damon_sample_is_on(struct damon_sample *sample)
{
	int i;

	for (i = 0; i < sample->nr_ctxs; i++)
		if (damon_is_running(sample->ctxs[i]))
			return true;
	return false;
}

static int damon_sample_set(const char *val, const struct kernel_param *kp)
{
	struct damon_sample *sample = kp->arg;
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	if (!damon_initialized()) {
		sample->wanted = on;
		return 0;
	}
	if (on && damon_sample_is_on(sample))
		return 0;
	damon_sample_stop(sample);
	return on ? damon_sample_start(sample) : 0;
}

static int damon_sample_get(char *buf, const struct kernel_param *kp)
{
	bool on = damon_sample_is_on(kp->arg);

	return param_get_bool(buf, &(struct kernel_param){ .arg = &on });
}

const struct kernel_param_ops damon_sample_switch = {
	.set = damon_sample_set,
	.get = damon_sample_get,
};

/**
 * damon_sample_init() - Start a sample that the kernel's command line wants.
 * @sample:	sample
 *
 * Return: 0, or what damon_start() or &damon_sample.make returned.
 */
int damon_sample_init(struct damon_sample *sample)
{
	return sample->wanted ? damon_sample_start(sample) : 0;
}

/**
 * damon_sample_new_ctx() - Make one more context of a sample.
 * @sample:	sample, with less than DAMON_SAMPLE_MAX_CTXS of them
 *
 * Return: the context, which is the sample's, or NULL for a lack of memory.
 */
struct damon_ctx *damon_sample_new_ctx(struct damon_sample *sample)
{
	struct damon_ctx *ctx = damon_new_ctx();

	if (ctx)
		sample->ctxs[sample->nr_ctxs++] = ctx;
	return ctx;
}

/**
 * damon_sample_new_target() - Give a context a target.
 * @ctx:	context
 *
 * Return: the target, which is the context's, or NULL for a lack of memory.
 */
struct damon_target *damon_sample_new_target(struct damon_ctx *ctx)
{
	struct damon_target *t = damon_new_target();

	if (t)
		damon_add_target(ctx, t);
	return t;
}

/**
 * damon_sample_watch_process() - Let a context monitor a process.
 * @ctx:	context
 * @pid:	number of the process, in the namespace of the caller
 *
 * Return: 0; -ESRCH if there is no such process; -ENOMEM; -EINVAL if the kernel lacks
 * the operations.
 */
int damon_sample_watch_process(struct damon_ctx *ctx, int pid)
{
	struct damon_target *t = damon_sample_new_target(ctx);

	if (!t)
		return -ENOMEM;
	/* The target owns the reference. */
	t->pid = find_get_pid(pid);
	if (!t->pid)
		return -ESRCH;
	return damon_select_ops(ctx, DAMON_OPS_VADDR);
}

/**
 * damon_sample_add_scheme() - Give a context a scheme that is always active.
 * @ctx:	context
 * @action:	what it does
 * @pattern:	with which regions
 * @bytes_s:	most bytes a second; zero: no limit
 * @target_nid:	node, for actions that migrate
 *
 * Return: the scheme, which is the context's, or NULL for a lack of memory.
 */
struct damos *damon_sample_add_scheme(struct damon_ctx *ctx,
				      enum damos_action action,
				      struct damos_access_pattern *pattern,
				      unsigned long bytes_s, int target_nid)
{
	struct damos_watermarks always = { .metric = DAMOS_WMARK_NONE };
	struct damos_quota quota = {
		.reset_interval = MSEC_PER_SEC,
		.sz = bytes_s,
		.weight_nr_accesses = 1,
		.weight_age = 1,
	};
	struct damos *s = damon_new_scheme(pattern, action, 0, &quota, &always,
					   target_nid);

	if (s)
		damon_add_scheme(ctx, s);
	return s;
}

/**
 * damon_sample_add_reclaim() - Let a context reclaim what is not used.
 * @ctx:	context; its intervals are set already
 * @min_age_ms:	since when it must not have been used
 * @bytes_s:	most bytes a second, the coldest first; zero: no limit
 *
 * Return: the scheme, or NULL for a lack of memory.
 */
struct damos *damon_sample_add_reclaim(struct damon_ctx *ctx,
				       unsigned int min_age_ms,
				       unsigned long bytes_s)
{
	struct damos_access_pattern cold = {
		.min_sz_region = PAGE_SIZE,
		.max_sz_region = ULONG_MAX,
		.max_nr_accesses = 0,
		.max_age_region = UINT_MAX,
	};

	/* Ages are counted in windows. */
	cold.min_age_region = clamp(min_age_ms * (u64)USEC_PER_MSEC /
				    ctx->aggr_interval, 1, UINT_MAX);
	return damon_sample_add_scheme(ctx, DAMOS_PAGEOUT, &cold, bytes_s,
				       NUMA_NO_NODE);
}
