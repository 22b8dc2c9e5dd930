// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on virtual address spaces: which address space a target stands
 * for, and which ranges of it are monitored.
 *
 * With "vaddr" the ranges are those between the two widest gaps of the address
 * space; on most, that is what lies around the heap, the mappings and the
 * stack. They are found through the gaps that the tree of mappings knows about,
 * and are followed when mappings come and go, and when the process executes
 * another program. With "fvaddr" they are what the user says.
 *
 * The samples are taken by vaddr-walk.c. Locks: mmap_lock for reading while
 * mappings are looked at.
 */
#include <linux/init.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "internal.h"

/**
 * damon_va_get_mm() - The address space of a target.
 * @t:	target
 *
 * Return: with a reference, see damon_va_put_mm(); NULL if it is gone, or for a
 * group.
 */
struct mm_struct *damon_va_get_mm(struct damon_target *t)
{
	struct mm_struct *mm = NULL;
	struct task_struct *leader, *task;

	if (damon_target_is_group(t))
		return NULL;
	leader = get_pid_task(t->pid, PIDTYPE_PID);
	if (!leader)
		return NULL;
	/* The first thread may have ended while others go on. */
	task = leader->flags & PF_KTHREAD ? NULL : find_lock_task_mm(leader);
	if (task) {
		/* find_lock_task_mm() does not tell sparse. */
		__acquire(&task->alloc_lock);
		mm = task->mm;
		mmget(mm);
		task_unlock(task);
	}
	put_task_struct(leader);
	return mm;
}

/**
 * damon_va_put_mm() - Give an address space back.
 * @mm:	from damon_va_get_mm()
 */
void damon_va_put_mm(struct mm_struct *mm)
{
	/* The last reference tears the address space down: not our work. */
	mmput_async(mm);
}

/*
 * Find the lowest of the widest gaps between mappings in [lo, hi), where the
 * first page from @lo and the last before @hi are mapped. The tree answers
 * "where is a gap of at least this size", so bisect the size, helped by what
 * each gap that is found leaves for others.
 */
static bool damon_va_widest_gap(struct mm_struct *mm, unsigned long lo,
				unsigned long hi, struct damon_addr_range *gap)
{
	unsigned long least = PAGE_SIZE, most = hi - lo;
	bool found = false;

	while (lo < hi && least <= most) {
		MA_STATE(mas, &mm->mm_mt, 0, 0);
		unsigned long size = least;

		/* The first gap may be any, the next shall be much wider. */
		if (found)
			size += ALIGN_DOWN((most - least) / 2, PAGE_SIZE);
		if (mas_empty_area(&mas, lo, hi - 1, size)) {
			if (!found)
				break;
			most = size - PAGE_SIZE;
			continue;
		}
		gap->start = mas.index;
		gap->end = find_vma(mm, gap->start)->vm_start;
		found = true;
		least = gap->end - gap->start + PAGE_SIZE;
		most = min(most, max(gap->start - lo, hi - gap->end));
	}
	return found;
}

/**
 * damon_va_three_regions() - Find what lies around the two widest gaps.
 * @mm:		address space; mmap_lock is held for reading
 * @regions:	three ranges, ordered
 *
 * Of gaps equally wide the lower one counts. An address space with fewer than
 * two gaps has fewer ranges.
 *
 * Return: the number of ranges, or -EINVAL if nothing is mapped.
 */
int damon_va_three_regions(struct mm_struct *mm,
			   struct damon_addr_range regions[3])
{
	MA_STATE(mas, &mm->mm_mt, ULONG_MAX, ULONG_MAX);
	struct damon_addr_range first, second, right;
	struct vm_area_struct *vma = find_vma(mm, 0);
	unsigned long start, end;
	bool has_second;

	mmap_assert_locked(mm);
	if (!vma)
		return -EINVAL;
	start = vma->vm_start;
	vma = mas_find_rev(&mas, 0);
	end = vma->vm_end;

	regions[0] = (struct damon_addr_range){ start, end };
	if (!damon_va_widest_gap(mm, start, end, &first))
		return 1;
	has_second = damon_va_widest_gap(mm, start, first.start, &second);
	if (damon_va_widest_gap(mm, first.end, end, &right) &&
	    (!has_second ||
	     right.end - right.start > second.end - second.start)) {
		second = right;
		has_second = true;
	}
	if (has_second && second.start < first.start)
		swap(first, second);

	regions[0].end = first.start;
	regions[1] = (struct damon_addr_range){ first.end, end };
	if (!has_second)
		return 2;
	regions[1].end = second.start;
	regions[2] = (struct damon_addr_range){ second.end, end };
	return 3;
}

/* Fit the regions of a target to the mappings. */
static void damon_va_fit(struct damon_ctx *ctx, struct damon_target *t,
			 struct mm_struct *mm)
{
	struct damon_va_target *va = &damon_target_state(t)->va;
	struct damon_addr_range ranges[3];
	int nr;

	mmap_read_lock(mm);
	va->map_count = mm->map_count;
	va->total_vm = mm->total_vm;
	nr = damon_va_three_regions(mm, ranges);
	mmap_read_unlock(mm);

	va->fitted = true;
	va->armed = false;
	/* Otherwise the regions stay as they are, and the next window tries. */
	if (nr < 0 || damon_set_regions(t, ranges, nr, ctx->min_region_sz))
		va->map_count = -1;
	damon_bounds_enforce(ctx);
}

static void damon_va_remember_mm(struct damon_va_target *va,
				 struct mm_struct *mm)
{
	if (va->mm == mm)
		return;
	if (va->mm) {
		damon_hearsay_leave(&va->hearsay);
		mmdrop(va->mm);
	}
	va->mm = mm;
	va->vma_known = false;
	if (mm) {
		mmgrab(mm);
		damon_hearsay_join(&va->hearsay, mm);
	}
}

/*
 * The address space has become another one: the target was just made, or its
 * process executed another program. What is known of the old one says nothing
 * about the new one, but ranges that the user gave are kept.
 */
static void damon_va_switch_mm(struct damon_ctx *ctx, struct damon_target *t,
			       struct mm_struct *mm)
{
	struct damon_va_target *va = &damon_target_state(t)->va;

	if (va->fitted && va->mm)
		damon_target_free_regions(t);
	damon_va_remember_mm(va, mm);
	damon_target_forget_samples(t);
	damon_survey_restart(&va->survey);
	va->armed = false;
	if (ctx->ops.id == DAMON_OPS_VADDR && !t->nr_regions)
		damon_va_fit(ctx, t, mm);
}

static void damon_va_attach(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct mm_struct *mm;

	damon_va_renew_groups(ctx);
	damon_for_each_target(t, ctx) {
		damon_target_state(t)->va.armed = false;
		/* The ranges that there are become the user's. */
		if (ctx->ops.id != DAMON_OPS_VADDR)
			damon_target_state(t)->va.fitted = false;
		mm = damon_va_get_mm(t);
		if (!mm)
			continue;
		if (mm != damon_target_state(t)->va.mm)
			damon_va_switch_mm(ctx, t, mm);
		damon_va_put_mm(mm);
	}
}

static void damon_va_refit(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		mm = damon_va_get_mm(t);
		if (!mm)
			continue;
		damon_va_fit(ctx, t, mm);
		damon_va_put_mm(mm);
	}
}

static void damon_va_arm(struct damon_ctx *ctx)
{
	struct damon_va_target *va;
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		va = &damon_target_state(t)->va;
		/* The check has prepared the next samples as well. */
		if (va->armed)
			continue;
		mm = damon_va_get_mm(t);
		if (!mm)
			continue;
		if (mm != va->mm)
			damon_va_switch_mm(ctx, t, mm);
		damon_va_walk(ctx, t, mm, false);
		va->armed = true;
		damon_va_put_mm(mm);
	}
}

/*
 * As damon_va_get_mm(). Of one that is gone nothing will be accessed any more, but
 * that of a member may be in use by another process, which is found out later.
 */
static struct mm_struct *damon_va_get_mm_or_forget(struct damon_target *t)
{
	struct mm_struct *mm = damon_va_get_mm(t);

	if (!mm) {
		if (!damon_target_is_member(t))
			damon_va_remember_mm(&damon_target_state(t)->va, NULL);
		damon_target_forget_samples(t);
	}
	return mm;
}

static unsigned int damon_va_collect(struct damon_ctx *ctx)
{
	unsigned int max_nr_accesses = 0;
	struct damon_va_target *va;
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		va = &damon_target_state(t)->va;
		mm = damon_va_get_mm_or_forget(t);
		if (!mm)
			continue;
		if (mm == va->mm)
			max_nr_accesses = max(max_nr_accesses,
					      damon_va_walk(ctx, t, mm, true));
		else
			/* It was not prepared. */
			va->armed = false;
		damon_va_put_mm(mm);
	}
	return max_nr_accesses;
}

static void damon_va_probe_all(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		mm = damon_va_get_mm_or_forget(t);
		if (!mm)
			continue;
		/* With weights nobody else looks whether it is another one. */
		if (mm != damon_target_state(t)->va.mm)
			damon_va_switch_mm(ctx, t, mm);
		damon_va_probe(ctx, t, mm);
		damon_va_put_mm(mm);
	}
}

static unsigned int damon_va_idle_ticks(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_va_target *va;
	struct damon_target *t;
	u64 due = U64_MAX;

	damon_for_each_target(t, ctx) {
		va = &damon_target_state(t)->va;
		if (va->mm)
			due = min(due, va->armed ? va->due : s->tick + 1);
	}
	return damon_ticks_until(s, due);
}

/*
 * Have mappings come or gone? Changes that leave both numbers as they were wait
 * for the next update.
 */
static bool damon_va_mappings_changed(struct damon_va_target *va)
{
	/* A stale look does no harm: the next window looks again. */
	return data_race(va->mm->map_count) != va->map_count ||
	       /* likewise */
	       data_race(va->mm->total_vm) != va->total_vm;
}

/*
 * A window has ended: cut regions want samples, new mappings want regions, new
 * processes of groups want to be members.
 */
static void damon_va_follow(struct damon_ctx *ctx)
{
	struct damon_va_target *va;
	struct damon_target *t;
	struct mm_struct *mm;

	damon_for_each_target(t, ctx) {
		va = &damon_target_state(t)->va;
		va->armed = false;
		if (!va->fitted || !va->mm || !damon_va_mappings_changed(va))
			continue;
		mm = damon_va_get_mm(t);
		if (!mm)
			continue;
		if (mm == va->mm)
			damon_va_fit(ctx, t, mm);
		damon_va_put_mm(mm);
	}
	damon_va_renew_groups(ctx);
}

static bool damon_va_alive(void *target)
{
	struct damon_target *t = target;
	struct mm_struct *mm = damon_target_state(t)->va.mm;

	if (damon_target_is_group(t))
		return damon_va_group_is_alive(t);
	/*
	 * While its address space is in use, the process most likely is, and if
	 * only others still use it, the next check will find that out.
	 */
	if (mm && atomic_read(&mm->mm_users))
		return true;
	mm = damon_va_get_mm(t);
	if (mm)
		damon_va_put_mm(mm);
	return mm;
}

static void damon_va_detach(struct damon_target *t)
{
	damon_va_remember_mm(&damon_target_state(t)->va, NULL);
	damon_va_leave_group(t);
}

static void damon_va_detach_all(struct damon_ctx *ctx)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		damon_va_detach(t);
}

static int __init damon_va_initcall(void)
{
	struct damon_operations ops = {
		.id = DAMON_OPS_VADDR,
		.init = damon_va_attach,
		.update = damon_va_refit,
		.prepare_access_checks = damon_va_arm,
		.check_accesses = damon_va_collect,
		.apply_probes = damon_va_probe_all,
		.idle_ticks = damon_va_idle_ticks,
		.reset_aggregated = damon_va_follow,
		.supports_action = damon_va_supports_action,
		.supports_filter = damon_va_supports_filter,
		.get_scheme_score = damon_va_score,
		.apply_scheme = damon_va_apply,
		.target_valid = damon_va_alive,
		.cleanup_target = damon_va_detach,
		.cleanup = damon_va_detach_all,
	};
	int err;

	err = damon_register_ops(&ops);
	if (err)
		return err;
	/* The same, but the ranges are the user's. */
	ops.id = DAMON_OPS_FVADDR;
	ops.update = NULL;
	return damon_register_ops(&ops);
}
subsys_initcall(damon_va_initcall);
