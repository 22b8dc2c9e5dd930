// SPDX-License-Identifier: GPL-2.0
/*
 * Members of groups: which address spaces are there now?
 *
 * At the end of each window the processes of a group are gathered and sorted by
 * their address space. A space that has a member keeps it, with all its regions, as
 * long as any of the processes uses the space; one without gets a member; members of
 * others go. What cannot be done for a lack of memory waits for the next window.
 *
 * The descendants of a process are those from which the chain of parents leads to
 * it, or to one that was a descendant at the last renewal: who had to be adopted by
 * another one since then stays.
 *
 * Locks: a task's, for its mm; RCU, for the list of tasks; the cgroup core's own.
 * No task is kept: a process is remembered by its struct pid, an address space by
 * its struct mm_struct with mm_count, so neither can be taken for a later one.
 */
#include <linux/bsearch.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sort.h>

#include "internal.h"

/* A group has no more processes than that; the others are counted. */
#define DAMON_MAX_MEMBERS	16384U
#define DAMON_CROWD_ROOM	64U

/**
 * struct damon_process - a process that belongs to a group now
 * @mm:		its address space; holds mm_count
 * @pid:	with a reference
 * @order:	how many were found before
 * @taken:	the first one with this @mm only: there is a member for it
 */
struct damon_process {
	struct mm_struct *mm;
	struct pid *pid;
	unsigned int order;
	bool taken;
};

/**
 * struct damon_crowd - the processes of a group
 * @all:	what was found
 * @nr:		how many
 * @room:	for how many there is room
 * @missed:	how many more there were
 */
struct damon_crowd {
	struct damon_process *all;
	unsigned int nr;
	unsigned int room;
	unsigned int missed;
};

static void damon_crowd_clear(struct damon_crowd *crowd)
{
	while (crowd->nr) {
		struct damon_process *p = &crowd->all[--crowd->nr];

		mmdrop(p->mm);
		put_pid(p->pid);
	}
	kvfree(crowd->all);
	*crowd = (struct damon_crowd){};
}

/* May be called under RCU. The leader may have ended while others go on. */
static void damon_crowd_add(struct damon_crowd *crowd, struct task_struct *leader)
{
	struct damon_process *p = &crowd->all[crowd->nr];
	struct task_struct *task;

	task = leader->flags & PF_KTHREAD ? NULL : find_lock_task_mm(leader);
	if (!task)
		return;
	/* find_lock_task_mm() does not tell sparse. */
	__acquire(&task->alloc_lock);
	if (crowd->nr < crowd->room) {
		p->mm = task->mm;
		mmgrab(p->mm);
		p->pid = get_pid(task_tgid(task));
		p->order = crowd->nr++;
		p->taken = false;
	} else {
		crowd->missed++;
	}
	task_unlock(task);
}

/* Any order will do, as long as it is one. */
static int damon_ptr_cmp(const void *p, const void *q)
{
	return (p > q) - (p < q);
}

static int damon_pid_cmp(const void *a, const void *b)
{
	return damon_ptr_cmp(*(struct pid **)a, *(struct pid **)b);
}

/* Under RCU. */
static bool damon_group_has(struct damon_target *group, struct task_struct *task)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct pid *pid;

	/* The last of all parents is its own. */
	for (; task != &init_task; task = rcu_dereference(task->real_parent)) {
		pid = task_tgid(task);
		if (pid == group->pid ||
		    (g->nr_known && bsearch(&pid, g->known, g->nr_known,
					    sizeof(pid), damon_pid_cmp)))
			return true;
	}
	return false;
}

static void damon_crowd_gather_tree(struct damon_crowd *crowd,
				    struct damon_target *group)
{
	struct task_struct *task;

	guard(rcu)();
	for_each_process(task)
		if (damon_group_has(group, task))
			damon_crowd_add(crowd, task);
}

#ifdef CONFIG_MEMCG

static void damon_crowd_gather_cgroup(struct damon_crowd *crowd,
				      struct mem_cgroup *root)
{
	struct css_task_iter it;
	struct mem_cgroup *memcg;
	struct task_struct *task;

	for (memcg = mem_cgroup_iter(root, NULL, NULL); memcg;
	     memcg = mem_cgroup_iter(root, memcg, NULL)) {
		css_task_iter_start(&memcg->css, CSS_TASK_ITER_PROCS, &it);
		while ((task = css_task_iter_next(&it)))
			damon_crowd_add(crowd, task);
		css_task_iter_end(&it);
		cond_resched();
	}
}

#else

static void damon_crowd_gather_cgroup(struct damon_crowd *crowd,
				      struct mem_cgroup *root)
{
}

#endif

/* A group keeps hold of its cgroup only while that exists. */
static void damon_group_find_cgroup(struct damon_group *g)
{
	if (g->memcg && !damon_memcg_is_alive(g->memcg)) {
		mem_cgroup_put(g->memcg);
		g->memcg = NULL;
		g->gone = true;
	}
	if (g->memcg || g->gone)
		return;
	g->memcg = damon_memcg_get(g->cgroup_id);
	g->gone = !g->memcg;
}

/* Returns false for a lack of memory. */
static bool damon_crowd_gather(struct damon_crowd *crowd,
			       struct damon_target *group)
{
	struct damon_group *g = &damon_target_state(group)->group;
	unsigned int room = max(2 * g->nr_known, DAMON_CROWD_ROOM);

	if (g->kind == DAMON_GROUP_CGROUP)
		damon_group_find_cgroup(g);
	do {
		room = min(max(room, 2 * (crowd->nr + crowd->missed)),
			   DAMON_MAX_MEMBERS);
		damon_crowd_clear(crowd);
		crowd->all = kvmalloc_array(room, sizeof(*crowd->all),
					    GFP_KERNEL | __GFP_NOWARN);
		if (!crowd->all)
			return false;
		crowd->room = room;
		if (g->kind == DAMON_GROUP_TREE)
			damon_crowd_gather_tree(crowd, group);
		else if (g->memcg)
			damon_crowd_gather_cgroup(crowd, g->memcg);
	} while (crowd->missed && room < DAMON_MAX_MEMBERS);
	return true;
}

/* Of those that share an address space the one that was found first leads. */
static int damon_process_cmp(const void *a, const void *b)
{
	const struct damon_process *p = a, *q = b;

	return damon_ptr_cmp(p->mm, q->mm) ?: (int)p->order - (int)q->order;
}

/* The first process with an address space, in a sorted crowd; NULL: none. */
static struct damon_process *damon_crowd_find(struct damon_crowd *crowd,
					      struct mm_struct *mm)
{
	unsigned int lo = 0, hi = crowd->nr, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((unsigned long)crowd->all[mid].mm < (unsigned long)mm)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < crowd->nr && crowd->all[lo].mm == mm ? &crowd->all[lo] : NULL;
}

/*
 * Keep a member whose address space is in use. When its process has gone or
 * executed another program, another one that uses it takes over. Returns false if
 * there is none.
 */
static bool damon_member_keep(struct damon_target *t, struct damon_crowd *crowd)
{
	struct mm_struct *mm = damon_target_state(t)->va.mm;
	struct damon_process *first = mm ? damon_crowd_find(crowd, mm) : NULL, *p;
	struct damon_process *end = crowd->all + crowd->nr;

	if (!first || first->taken)
		return false;
	first->taken = true;
	for (p = first; p < end && p->mm == mm; p++)
		if (p->pid == t->pid)
			return true;
	put_pid(t->pid);
	t->pid = get_pid(first->pid);
	return true;
}

static struct damon_target *damon_member_new(struct damon_target *group,
					     struct pid *pid)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct damon_target *t = damon_new_target();

	if (!t)
		return NULL;
	t->pid = get_pid(pid);
	damon_target_state(t)->member_of = group;
	if (g->nr_ranges && damon_set_regions(t, g->ranges, g->nr_ranges,
					      DAMON_MIN_REGION_SZ)) {
		damon_free_target(t);
		return NULL;
	}
	return t;
}

static void damon_group_add_members(struct damon_ctx *ctx,
				    struct damon_target *group,
				    struct damon_crowd *crowd)
{
	u64 *missed = &damon_ctx_state(ctx)->cost.processes_missed;
	struct damon_target *t;
	unsigned int i;

	*missed += crowd->missed;
	for (i = 0; i < crowd->nr; i++) {
		struct damon_process *p = &crowd->all[i];

		if (p->taken || (i && p->mm == p[-1].mm))
			continue;
		t = damon_member_new(group, p->pid);
		if (t)
			list_add_tail(&t->list, &group->list);
		else
			++*missed;
		cond_resched();
	}
}

static void damon_group_forget(struct damon_group *g)
{
	while (g->nr_known)
		put_pid(g->known[--g->nr_known]);
	kvfree(g->known);
	g->known = NULL;
}

/* Without memory, those that are known already stay so. */
static void damon_group_remember(struct damon_group *g, struct damon_crowd *crowd)
{
	struct pid **known = kvmalloc_array(max(crowd->nr, 1U), sizeof(*known),
					    GFP_KERNEL | __GFP_NOWARN);
	unsigned int i;

	if (!known)
		return;
	damon_group_forget(g);
	for (i = 0; i < crowd->nr; i++)
		known[i] = get_pid(crowd->all[i].pid);
	sort(known, crowd->nr, sizeof(*known), damon_pid_cmp, NULL);
	g->known = known;
	g->nr_known = crowd->nr;
}

/* Its regions are those of the members: a group has none itself. */
static bool damon_group_take_ranges(struct damon_target *group)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct damon_region *r;

	if (!group->nr_regions)
		return true;
	g->ranges = kvmalloc_array(group->nr_regions, sizeof(*g->ranges),
				   GFP_KERNEL | __GFP_NOWARN);
	if (!g->ranges)
		return false;
	damon_for_each_region(r, group)
		g->ranges[g->nr_ranges++] = r->ar;
	damon_target_free_regions(group);
	return true;
}

static void damon_group_renew(struct damon_ctx *ctx, struct damon_target *group)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct damon_crowd crowd = {};
	struct damon_target *t, *next;

	if (!damon_group_take_ranges(group) ||
	    !damon_crowd_gather(&crowd, group)) {
		damon_ctx_state(ctx)->cost.processes_missed++;
		return;
	}
	sort(crowd.all, crowd.nr, sizeof(*crowd.all), damon_process_cmp, NULL);
	damon_for_each_target_safe(t, next, ctx)
		if (damon_target_group(t) == group &&
		    !damon_member_keep(t, &crowd))
			damon_destroy_target(t, ctx);
	damon_group_add_members(ctx, group, &crowd);
	if (g->kind == DAMON_GROUP_TREE)
		damon_group_remember(g, &crowd);
	damon_crowd_clear(&crowd);
}

/**
 * damon_va_renew_groups() - Find the members of groups anew.
 * @ctx:	context; called from its kdamond
 *
 * Members may be destroyed; new ones have no address space and no regions of it
 * yet. May sleep.
 */
void damon_va_renew_groups(struct damon_ctx *ctx)
{
	struct damon_target *t;

	/* What is added or destroyed lies before the group. */
	damon_for_each_target(t, ctx)
		if (damon_target_is_group(t))
			damon_group_renew(ctx, t);
}

/**
 * damon_va_group_is_alive() - May a group get members?
 * @group:	group
 *
 * Return: true while its cgroup exists; while its process does. Members speak for
 * themselves.
 */
bool damon_va_group_is_alive(struct damon_target *group)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct task_struct *task;

	if (g->kind == DAMON_GROUP_CGROUP)
		return g->memcg && damon_memcg_is_alive(g->memcg);
	guard(rcu)();
	task = pid_task(group->pid, PIDTYPE_PID);
	return task && !READ_ONCE(task->exit_state);
}

/**
 * damon_va_leave_group() - Let go of what a group holds.
 * @group:	any target; its members stay
 */
void damon_va_leave_group(struct damon_target *group)
{
	struct damon_group *g = &damon_target_state(group)->group;

	damon_group_forget(g);
	if (g->memcg)
		mem_cgroup_put(g->memcg);
	g->memcg = NULL;
	g->gone = false;
}
