// SPDX-License-Identifier: GPL-2.0
/*
 * Actions of schemes on virtual address spaces: one row each.
 *
 * What is done with pages is done page by page (vaddr-pages.c), and can leave out
 * any of them. What is about mappings is advice that a process could give itself. A
 * region may span many mappings and the holes between them, so advice is given mapping
 * by mapping, and what was done is the sum of those for which it worked. It cannot
 * leave out pages: it is refused together with filters about pages.
 *
 * Locks: mmap_lock for reading to find mappings; never while advice is given,
 * which takes it itself. Mappings may change in between: then the advice is for
 * what is there, as it would be for the process.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/sched/mm.h>

#include "internal.h"

/**
 * struct damon_va_action - how an action is done
 * @advice:	by madvise() with that
 * @pages:	page by page
 * @score:	priority of regions under a quota; NULL: all are equal
 */
struct damon_va_action {
	int advice;
	bool pages;
	int (*score)(struct damon_ctx *ctx, struct damon_region *r,
		     struct damos *s);
};

static const struct damon_va_action damon_va_actions[NR_DAMOS_ACTIONS] = {
#ifdef CONFIG_ADVISE_SYSCALLS
	[DAMOS_WILLNEED]	= { .advice = MADV_WILLNEED },
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	[DAMOS_HUGEPAGE]	= { .advice = MADV_HUGEPAGE },
	[DAMOS_NOHUGEPAGE]	= { .advice = MADV_NOHUGEPAGE },
	[DAMOS_COLLAPSE]	= { .advice = MADV_COLLAPSE },
#endif
#endif
	[DAMOS_COLD]		= { .pages = true },
	[DAMOS_PAGEOUT]		= { .pages = true, .score = damos_cold_score },
#ifdef CONFIG_MIGRATION
	[DAMOS_MIGRATE_HOT]	= { .pages = true, .score = damos_hot_score },
	[DAMOS_MIGRATE_COLD]	= { .pages = true, .score = damos_cold_score },
#endif
	[DAMOS_STAT]		= { .pages = true },
};

/**
 * damon_va_supports_action() - Can the operations do that?
 * @action:	action
 *
 * Return: true if so.
 */
bool damon_va_supports_action(enum damos_action action)
{
	return damon_va_actions[action].advice || damon_va_actions[action].pages;
}

/**
 * damon_va_supports_filter() - Can an action leave out single pages?
 * @action:	action
 * @type:	what pages
 *
 * Return: true if so.
 */
bool damon_va_supports_filter(enum damos_action action,
			      enum damos_filter_type type)
{
	return damon_va_actions[action].pages;
}

/**
 * damon_va_score() - Priority of a region for a scheme.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * Return: 0 to DAMOS_MAX_SCORE.
 */
int damon_va_score(struct damon_ctx *ctx, struct damon_target *t,
		   struct damon_region *r, struct damos *s)
{
	const struct damon_va_action *action = &damon_va_actions[s->action];

	return action->score ? action->score(ctx, r, s) : DAMOS_MAX_SCORE;
}

/* The part of the next mapping that lies in [*@at, @end). False: there is none. */
static bool damon_va_next_piece(struct mm_struct *mm, unsigned long at,
				unsigned long end,
				struct damon_addr_range *piece)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	/* What cannot be advised on would only fail. */
	for (vma = find_vma(mm, at); vma && vma->vm_start < end &&
	     vma->vm_flags & (VM_PFNMAP | VM_IO | VM_HUGETLB);
	     vma = find_vma(mm, vma->vm_end))
		;
	if (vma && vma->vm_start < end)
		*piece = (struct damon_addr_range){
			max(at, vma->vm_start), min(end, vma->vm_end) };
	else
		vma = NULL;
	mmap_read_unlock(mm);
	return vma;
}

/* Returns the bytes for which the advice was taken. */
static unsigned long damon_va_advise(struct mm_struct *mm,
				     struct damon_addr_range range, int advice)
{
	unsigned long end = PAGE_ALIGN(range.end), done = 0;
	struct damon_addr_range piece = { .end = range.start & PAGE_MASK };

	while (piece.end < end && atomic_read(&mm->mm_users) > 1 &&
	       damon_va_next_piece(mm, piece.end, end, &piece)) {
		if (!do_madvise(mm, piece.start, piece.end - piece.start,
				advice))
			done += piece.end - piece.start;
		cond_resched();
	}
	return done;
}

/**
 * damon_va_apply() - Apply the action of a scheme to a region.
 * @ctx:	context
 * @t:		target
 * @r:		region of it
 * @s:		scheme
 *
 * May sleep.
 *
 * Return: the number of bytes to which it was applied.
 */
unsigned long damon_va_apply(struct damon_ctx *ctx, struct damon_target *t,
			     struct damon_region *r, struct damos *s)
{
	int advice = damon_va_actions[s->action].advice;
	unsigned long done = 0;
	struct mm_struct *mm;

	mm = damon_va_get_mm(t);
	if (!mm)
		return 0;
	if (advice)
		done = damon_va_advise(mm, r->ar, advice);
	else if (s->action != DAMOS_STAT || !list_empty(&s->ops_filters))
		done = damon_va_apply_pages(mm, t, r, s);
	damon_va_put_mm(mm);
	return done;
}
