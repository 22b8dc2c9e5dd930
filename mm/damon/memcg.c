// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups by their paths and ids.
 *
 * What is remembered of a cgroup is the id of its directory: unlike a reference
 * it keeps nothing alive, and unlike the id that memory cgroups have themselves
 * it is never used again for another one.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/memcontrol.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

#ifdef CONFIG_MEMCG

/**
 * damon_memcg_is_alive() - Does a memory cgroup exist?
 * @memcg:	cgroup, with a reference
 *
 * Return: true if it is neither being made nor removed: the latter is known before
 * it is offline. Any context.
 */
bool damon_memcg_is_alive(struct mem_cgroup *memcg)
{
	return mem_cgroup_online(memcg) && !css_is_dying(&memcg->css);
}

static bool damon_memcg_has_path(struct mem_cgroup *memcg, const char *path,
				 char *buf)
{
	size_t len = strlen(path);

	if (len && path[len - 1] == '\n')
		len--;
	return cgroup_path(memcg->css.cgroup, buf, PATH_MAX) == len &&
	       !memcmp(path, buf, len);
}

/**
 * damon_memcg_id() - Find a memory cgroup by its path.
 * @path:	path from the root of the cgroups; may end with a line end
 * @id:		set to its cgroup_id()
 *
 * May sleep.
 *
 * Return: 0; -ENOENT if there is none; -ENOMEM; -EOPNOTSUPP if the kernel has no
 * memory cgroups.
 */
int damon_memcg_id(const char *path, u64 *id)
{
	struct mem_cgroup *memcg;
	int err = -ENOENT;
	char *buf;

	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	for (memcg = mem_cgroup_iter(NULL, NULL, NULL); memcg;
	     memcg = mem_cgroup_iter(NULL, memcg, NULL)) {
		if (!damon_memcg_is_alive(memcg) ||
		    !damon_memcg_has_path(memcg, path, buf))
			continue;
		*id = cgroup_id(memcg->css.cgroup);
		mem_cgroup_iter_break(NULL, memcg);
		err = 0;
		break;
	}
	kfree(buf);
	return err;
}

/**
 * damon_memcg_get() - Find a memory cgroup by its id.
 * @id:	its cgroup_id()
 *
 * May sleep.
 *
 * Return: the cgroup with a reference, to be given back by mem_cgroup_put(), or
 * NULL if it is gone.
 */
struct mem_cgroup *damon_memcg_get(u64 id)
{
	struct mem_cgroup *memcg;

	for (memcg = mem_cgroup_iter(NULL, NULL, NULL); memcg;
	     memcg = mem_cgroup_iter(NULL, memcg, NULL)) {
		if (!damon_memcg_is_alive(memcg) ||
		    cgroup_id(memcg->css.cgroup) != id)
			continue;
		if (!css_tryget(&memcg->css))
			continue;
		mem_cgroup_iter_break(NULL, memcg);
		return memcg;
	}
	return NULL;
}

/**
 * damon_memcg_owns() - Is a folio charged to a memory cgroup?
 * @id:		cgroup_id() of the cgroup
 * @folio:	folio that cannot go away meanwhile
 *
 * Return: true if it is. Any context.
 */
bool damon_memcg_owns(u64 id, struct folio *folio)
{
	struct mem_cgroup *memcg;

	guard(rcu)();
	memcg = folio_memcg_check(folio);
	return memcg && cgroup_id(memcg->css.cgroup) == id;
}

#else	/* CONFIG_MEMCG */

bool damon_memcg_is_alive(struct mem_cgroup *memcg)
{
	return false;
}

int damon_memcg_id(const char *path, u64 *id)
{
	return -EOPNOTSUPP;
}

struct mem_cgroup *damon_memcg_get(u64 id)
{
	return NULL;
}

bool damon_memcg_owns(u64 id, struct folio *folio)
{
	return false;
}

#endif	/* CONFIG_MEMCG */
