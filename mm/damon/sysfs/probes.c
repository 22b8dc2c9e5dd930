// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's files about probes, monitoring_attrs/probes: one row each, and
 * how a probe is made of their values.
 *
 * A part of tree.c, with the same rules. What is right or wrong in a probe is decided
 * in probe.c; here only what has to be found by its name.
 */
#include <linux/sprintf.h>

#include "sysfs.h"

/* filters */

static const struct damon_dir_desc damon_probe_filter_desc = {
	.obj_size = sizeof(struct damon_probe_filter_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("type", struct damon_probe_filter_cfg, type,
				 damon_filters),
		DAMON_RW("matching", struct damon_probe_filter_cfg, matching),
		DAMON_RW("allow", struct damon_probe_filter_cfg, allow),
		DAMON_RW("path", struct damon_probe_filter_cfg, path),
		{ }
	},
};

/* preps */

static const struct damon_dir_desc damon_probe_prep_desc = {
	.obj_size = sizeof(struct damon_probe_prep_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW_KEYWORD("prep_action", struct damon_probe_prep_cfg,
				 action, damon_preps),
		{ }
	},
};

/* probes/<P> */

const struct damon_dir_desc damon_probe_desc = {
	.obj_size = sizeof(struct damon_probe_cfg),
	.files = (const struct damon_file[]) {
		DAMON_RW("weight", struct damon_probe_cfg, weight),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_VECTOR("filters", "nr_filters", damon_probe_filter_desc,
			     struct damon_probe_cfg, filters),
		DAMON_VECTOR("preps", "nr_preps", damon_probe_prep_desc,
			     struct damon_probe_cfg, preps),
		{ }
	},
};

/*
 * From staged values to a probe. All under T.
 */

static int damon_stage_probe_filter(struct damon_probe *p,
				    struct damon_probe_filter_cfg *cfg,
				    const char *file, struct damon_reason *why)
{
	struct damon_filter *f;

	f = damon_new_filter(READ_ONCE(cfg->type), READ_ONCE(cfg->matching),
			     READ_ONCE(cfg->allow));
	if (!f)
		return -ENOMEM;
	damon_add_filter(p, f);
	if (f->type != DAMON_FILTER_TYPE_MEMCG)
		return 0;
	return damon_stage_memcg(&cfg->path, &f->memcg_id, file, why);
}

/**
 * damon_stage_probe() - Add a probe as it is staged to a context.
 * @ctx:	context that does not run
 * @cfg:	what is staged; T is held
 * @idx:	its place
 * @why:	says what is wrong
 *
 * Return: 0; -ENOMEM; -ENOENT or -EOPNOTSUPP for a memory cgroup.
 */
int damon_stage_probe(struct damon_ctx *ctx, struct damon_probe_cfg *cfg,
		      int idx, struct damon_reason *why)
{
	struct damon_probe_prep_cfg *prep_cfg;
	struct damon_probe *p;
	struct damon_prep *prep;
	struct damon_dir *dir;
	int nr = 0, err;
	char file[64];

	p = damon_new_probe();
	if (!p)
		return -ENOMEM;
	damon_add_probe(ctx, p);
	p->weight = READ_ONCE(cfg->weight);
	damon_vec_for_each(dir, &cfg->filters) {
		snprintf(file, sizeof(file),
			 "monitoring_attrs/probes/%d/filters/%d", idx, nr++);
		err = damon_stage_probe_filter(p, dir->obj, file, why);
		if (err)
			return err;
	}
	damon_vec_for_each(dir, &cfg->preps) {
		prep_cfg = dir->obj;
		prep = damon_new_prep(READ_ONCE(prep_cfg->action));
		if (!prep)
			return -ENOMEM;
		damon_add_prep(p, prep);
	}
	return 0;
}
