// SPDX-License-Identifier: GPL-2.0
/*
 * Targets that stand for several address spaces: the processes of a memory
 * cgroup, or a process and its descendants.
 *
 * Such a group is a target without regions. Its members, one a space, are targets
 * too, made and destroyed by the operations (vaddr-group.c), and stand right before
 * it in the list of the context. To users they have the group's number: what tells
 * them apart is the process. Here is what a group is, not how its members are found.
 *
 * No locks: as for all of a target, the kdamond or whoever owns the context.
 */
#include <linux/pid.h>

#include "internal.h"

/**
 * damon_target_set_cgroup() - Let a target stand for the processes of a cgroup.
 * @t:		target in no context, or in one that does not run; without a process
 * @path:	path of a memory cgroup from the root of the cgroups; may end with a
 *		line end
 *
 * Those of the cgroups below are included. Each address space is watched as a
 * target of its own, once, however many processes share it; from the window after
 * the one in which it appeared, until it is gone or its processes have left the
 * cgroup. The monitoring goes on while the cgroup has no process, and ends for this
 * target when the cgroup is removed. For %DAMON_OPS_VADDR and %DAMON_OPS_FVADDR, where
 * each address space gets the regions of @t. May sleep.
 *
 * Return: 0; -ENOENT if there is no such cgroup; -ENOMEM; -EOPNOTSUPP if the kernel
 * has no memory cgroups.
 */
int damon_target_set_cgroup(struct damon_target *t, const char *path)
{
	struct damon_group *g = &damon_target_state(t)->group;
	int err = damon_memcg_id(path, &g->cgroup_id);

	if (!err)
		g->kind = DAMON_GROUP_CGROUP;
	return err;
}

/**
 * damon_target_follow_children() - Let a target stand for a process and its
 * descendants.
 * @t:	target in no context, or in one that does not run; &damon_target.pid is the
 *	process
 *
 * As damon_target_set_cgroup(). A descendant whose parent exits stays one if it was
 * found before, that is, at the end of a window. The monitoring goes on until the
 * last of them is gone. Any context.
 */
void damon_target_follow_children(struct damon_target *t)
{
	damon_target_state(t)->group.kind = DAMON_GROUP_TREE;
}

/**
 * damon_target_group() - Which group is a target a member of?
 * @t:	target; from the kdamond of its context, or while that does not run
 *
 * Return: the target that was asked to stand for several address spaces, or NULL
 * for one that is no member.
 */
struct damon_target *damon_target_group(struct damon_target *t)
{
	return damon_target_state(t)->member_of;
}

/**
 * damon_target_idx() - Which number has a target for users?
 * @ctx:	context
 * @t:		one of its targets
 *
 * Return: its place among those that are no members; of a member, that of its group.
 */
unsigned int damon_target_idx(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_target *other;
	unsigned int idx = 0;

	damon_for_each_target(other, ctx) {
		if (other == t)
			break;
		idx += !damon_target_is_member(other);
	}
	return idx;
}

/**
 * damon_target_trace_id() - Which number has a target in tracepoints?
 * @t:		target
 * @idx:	its damon_target_idx()
 *
 * Return: @idx. Tracepoints have no room for a process, so of a member the upper half
 * of the bits is its pid.
 */
unsigned long damon_target_trace_id(struct damon_target *t, unsigned int idx)
{
	unsigned long pid = 0;

	if (damon_target_is_member(t))
		pid = pid_nr(t->pid);
	return idx | pid << BITS_PER_LONG / 2;
}
