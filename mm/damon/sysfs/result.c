// SPDX-License-Identifier: GPL-2.0
/*
 * Where results are to be found.
 *
 * Locks: status_lock, so that the context stays; see sysfs.h.
 */
#include "sysfs.h"

static struct damon_kdamond_dir *damon_kdamond_of(struct damon_ctx_cfg *cfg)
{
	struct damon_dir *contexts = container_of(damon_elem_dir(cfg)->kobj.parent,
						  struct damon_dir, kobj);

	/* A directory stays as long as one below it. */
	return container_of(contexts->obj, struct damon_kdamond_dir, contexts);
}

static int damon_device_show(const struct damon_file *file, void *field,
			     char *buf)
{
	struct damon_kdamond_dir *kdamond = damon_kdamond_of(field);
	int id = -1;

	scoped_guard(mutex, &kdamond->status_lock)
		if (kdamond->ctx)
			id = damon_ctx_id(kdamond->ctx);
	if (id < 0)
		return 0;
	return sysfs_emit(buf, DAMON_DEVICE_NAME "\n", id);
}

const struct damon_file_kind damon_file_device = {
	.show = damon_device_show,
};
