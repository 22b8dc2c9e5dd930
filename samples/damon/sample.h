/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the samples share: the parameter "enabled", which makes contexts and starts
 * them, or stops and frees them.
 */
#ifndef _DAMON_SAMPLE_H
#define _DAMON_SAMPLE_H

#include <linux/damon.h>
#include <linux/moduleparam.h>

#define DAMON_SAMPLE_MAX_CTXS	2

/**
 * struct damon_sample - something that can be switched on
 * @make:	makes contexts by damon_sample_new_ctx(), ready to start; returns zero or
 *		a negative errno. What it has made so far is freed then
 * @ctxs:	contexts while it is on
 * @nr_ctxs:	how many
 * @wanted:	switched on before contexts could be made, by the kernel's command line
 */
struct damon_sample {
	int (*make)(struct damon_sample *sample);
	struct damon_ctx *ctxs[DAMON_SAMPLE_MAX_CTXS];
	int nr_ctxs;
	bool wanted;
};

/* Of a parameter whose argument is a struct damon_sample. */
extern const struct kernel_param_ops damon_sample_switch;

int damon_sample_init(struct damon_sample *sample);
struct damon_ctx *damon_sample_new_ctx(struct damon_sample *sample);
struct damon_target *damon_sample_new_target(struct damon_ctx *ctx);
int damon_sample_watch_process(struct damon_ctx *ctx, int pid);
struct damos *damon_sample_add_scheme(struct damon_ctx *ctx,
				      enum damos_action action,
				      struct damos_access_pattern *pattern,
				      unsigned long bytes_s, int target_nid);
struct damos *damon_sample_add_reclaim(struct damon_ctx *ctx,
				       unsigned int min_age_ms,
				       unsigned long bytes_s);

#endif	/* _DAMON_SAMPLE_H */
