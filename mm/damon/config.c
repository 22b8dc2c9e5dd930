// SPDX-License-Identifier: GPL-2.0
/*
 * From wanted to running: check, copy, commit.
 *
 * A description is checked whole, in one place, before anything of it is used.
 * What passed is never checked again. A commit then prepares all that could
 * fail beside the running context, and swaps it in at the end: it is done, or
 * it has not happened.
 *
 * No locks: runs in the kdamond, or while there is none.
 */
#include "pure.h"

/**
 * damon_reason_set() - Say why something is refused.
 * @why:	where to say it; may be NULL
 * @err:	negative errno
 * @fmt:	text without a line end, cut if too long
 *
 * Return: @err, so that it can stand in a return statement.
 */
int damon_reason_set(struct damon_reason *why, int err, const char *fmt, ...)
{
	va_list args;

	if (why) {
		va_start(args, fmt);
		vscnprintf(why->text, sizeof(why->text), fmt, args);
		va_end(args);
	}
	return err;
}

/**
 * damon_interval_ktime() - Turn an interval of an administrator into a ktime_t.
 * @interval_us:	microseconds; zero counts as one
 *
 * Return: the interval, cut to 146 years so that sums with a time of day do not
 * wrap.
 */
ktime_t damon_interval_ktime(unsigned long interval_us)
{
	u64 us = min_t(u64, interval_us ?: 1, KTIME_MAX / 2 / NSEC_PER_USEC);

	return ns_to_ktime(us * NSEC_PER_USEC);
}

static int damon_intervals_goal_check(const struct damon_attrs *attrs,
				      struct damon_reason *why)
{
	const struct damon_intervals_goal *goal = &attrs->intervals_goal;

	if (!goal->aggrs)
		return 0;
	if (goal->min_sample_us > goal->max_sample_us)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/intervals/intervals_goal: min_sample_us %lu is above max_sample_us %lu",
				goal->min_sample_us, goal->max_sample_us);
	if (attrs->sample_interval < goal->min_sample_us ||
	    attrs->sample_interval > goal->max_sample_us)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/intervals: sample_us %lu is not between those of intervals_goal, %lu and %lu",
				attrs->sample_interval, goal->min_sample_us,
				goal->max_sample_us);
	return 0;
}

/**
 * damon_addr_unit_check() - Can addresses be in that unit?
 * @addr_unit:	bytes
 * @why:	says why not; may be NULL
 *
 * Return: 0 or -EINVAL.
 */
int damon_addr_unit_check(unsigned long addr_unit, struct damon_reason *why)
{
	if (is_power_of_2(addr_unit))
		return 0;
	return damon_reason_set(why, -EINVAL,
				"addr_unit: %lu is not a power of two",
				addr_unit);
}

/**
 * damon_attrs_check() - Do attributes make sense?
 * @attrs:	attributes
 * @why:	says what does not; may be NULL
 *
 * Return: 0 or -EINVAL.
 */
int damon_attrs_check(const struct damon_attrs *attrs,
		      struct damon_reason *why)
{
	if (attrs->min_nr_regions < 3)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/nr_regions: min %lu is below 3",
				attrs->min_nr_regions);
	if (attrs->min_nr_regions > attrs->max_nr_regions)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/nr_regions: min %lu is above max %lu",
				attrs->min_nr_regions, attrs->max_nr_regions);
	if (attrs->sample_interval > attrs->aggr_interval)
		return damon_reason_set(why, -EINVAL,
				"monitoring_attrs/intervals: sample_us %lu is above aggr_us %lu",
				attrs->sample_interval, attrs->aggr_interval);
	return damon_intervals_goal_check(attrs, why);
}

static int damon_target_check(struct damon_target *t, unsigned int idx,
			      struct damon_reason *why)
{
	enum damon_group_kind kind = damon_target_state(t)->group.kind;
	unsigned long end = 0;
	struct damon_region *r;
	unsigned int nr = 0;

	if (kind == DAMON_GROUP_CGROUP && t->pid)
		return damon_reason_set(why, -EINVAL,
				"targets/%u: both a process and a cgroup", idx);
	if (kind == DAMON_GROUP_TREE && !t->pid)
		return damon_reason_set(why, -EINVAL,
				"targets/%u/follow_children: no process to follow",
				idx);
	damon_for_each_region(r, t) {
		if (r->ar.start >= r->ar.end)
			return damon_reason_set(why, -EINVAL,
					"targets/%u/regions/%u: start %lu is not below end %lu",
					idx, nr, r->ar.start, r->ar.end);
		if (r->ar.start < end)
			return damon_reason_set(why, -EINVAL,
					"targets/%u/regions/%u: start %lu is below the end of the region before",
					idx, nr, r->ar.start);
		end = r->ar.end;
		nr++;
	}
	return 0;
}

/* Without those that were made for groups. */
static unsigned int damon_nr_targets(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += !damon_target_is_member(t);
	return nr;
}

/**
 * damon_ctx_check() - Is a description complete and free of contradictions?
 * @ctx:	what is wanted
 * @why:	names what is wrong, as the administrator's files do; may be NULL
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP for what the operations cannot do.
 */
int damon_ctx_check(struct damon_ctx *ctx, struct damon_reason *why)
{
	struct damon_target *t;
	unsigned int idx = 0;
	struct damos *s;
	int err;

	err = damon_attrs_check(&ctx->attrs, why) ?:
	      damon_probes_check(ctx, &ctx->attrs, why) ?:
	      damon_addr_unit_check(ctx->addr_unit, why);
	if (err)
		return err;
	if (!is_power_of_2(ctx->min_region_sz))
		return damon_reason_set(why, -EINVAL,
				"smallest region of %lu is not a power of two",
				ctx->min_region_sz);
	/* There is but one physical memory. */
	if (ctx->ops.id == DAMON_OPS_PADDR && damon_nr_targets(ctx) > 1)
		return damon_reason_set(why, -EINVAL,
				"targets/1: physical memory is a single target");
	damon_for_each_target(t, ctx) {
		if (damon_target_is_member(t))
			continue;
		if (damon_target_is_group(t) && !damon_target_has_pid(ctx))
			return damon_reason_set(why, -EOPNOTSUPP,
				"targets/%u: physical memory belongs to no process",
				idx);
		err = damon_target_check(t, idx++, why);
		if (err)
			return err;
	}
	idx = 0;
	damon_for_each_scheme(s, ctx) {
		err = damos_check(ctx, s, idx++, why);
		if (err)
			return err;
	}
	return 0;
}

/* @attrs has passed damon_attrs_check(). */
static void damon_attrs_apply(struct damon_ctx *ctx,
			      const struct damon_attrs *attrs)
{
	struct damon_attrs old = ctx->attrs;

	ctx->attrs = *attrs;
	damon_ctx_state(ctx)->asked = *attrs;
	/* Without new intervals, results and windows stay as they are. */
	if (old.sample_interval == attrs->sample_interval &&
	    old.aggr_interval == attrs->aggr_interval &&
	    old.ops_update_interval == attrs->ops_update_interval)
		return;
	damon_adapt_rescale(ctx, &old);
	kdamond_reschedule(ctx);
}

/* Documented with damon_set_attrs(), the name that callers use. */
int damon_set_attrs_struct(struct damon_ctx *ctx,
			   const struct damon_attrs *attrs)
{
	int err = damon_attrs_check(attrs, NULL) ?:
		  damon_probes_check(ctx, attrs, NULL);

	if (!err)
		damon_attrs_apply(ctx, attrs);
	return err;
}

/* Do two targets stand for the same processes? */
static bool damon_targets_equal(struct damon_target *a, struct damon_target *b)
{
	struct damon_group *g = &damon_target_state(a)->group;
	struct damon_group *h = &damon_target_state(b)->group;

	return a->pid == b->pid && g->kind == h->kind &&
	       g->cgroup_id == h->cgroup_id;
}

/* Has a group that runs the ranges that are wanted, if any are? */
static bool damon_group_has_ranges(struct damon_target *group,
				   struct damon_target *wanted)
{
	struct damon_group *g = &damon_target_state(group)->group;
	struct damon_region *r;
	unsigned int i = 0;

	if (!damon_target_is_group(group) || wanted->nr_regions != g->nr_ranges)
		return false;
	damon_for_each_region(r, wanted) {
		if (r->ar.start != g->ranges[i].start ||
		    r->ar.end != g->ranges[i].end)
			return false;
		i++;
	}
	return true;
}

/*
 * The target that takes the place of @old (NULL: none) when @wanted is
 * committed. Returns NULL if @old can stay as it is.
 */
static struct damon_target *damon_target_successor(struct damon_target *old,
						   struct damon_target *wanted,
						   bool same_unit,
						   unsigned long min_region_sz)
{
	bool same = old && damon_targets_equal(old, wanted) && same_unit;
	struct damon_addr_range *ranges = NULL;
	unsigned int nr_ranges = 0;
	struct damon_target *t;
	struct damon_region *r;
	int err = 0;

	if (same && (!wanted->nr_regions || damon_group_has_ranges(old, wanted)))
		return NULL;
	t = damon_new_target();
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->pid = get_pid(wanted->pid);
	damon_target_state(t)->group.kind = damon_target_state(wanted)->group.kind;
	damon_target_state(t)->group.cgroup_id =
		damon_target_state(wanted)->group.cgroup_id;
	if (!wanted->nr_regions)
		return t;

	ranges = kvmalloc_array(wanted->nr_regions, sizeof(*ranges),
				GFP_KERNEL);
	if (!ranges)
		err = -ENOMEM;
	if (!err && same)
		err = damon_target_copy_regions(t, old);
	if (err)
		goto free_target;
	damon_for_each_region(r, wanted) {
		/* Neighbours make one range: their border is not the user's. */
		if (nr_ranges &&
		    ALIGN(ranges[nr_ranges - 1].end, min_region_sz) ==
		    ALIGN_DOWN(r->ar.start, min_region_sz))
			ranges[nr_ranges - 1].end = r->ar.end;
		else
			ranges[nr_ranges++] = r->ar;
	}
	err = damon_set_regions(t, ranges, nr_ranges, min_region_sz);
	if (err)
		goto free_target;
	kvfree(ranges);
	return t;

free_target:
	kvfree(ranges);
	damon_free_target(t);
	return ERR_PTR(err);
}

/* What becomes of the target at one place of the running context. */
struct damon_target_plan {
	struct damon_target *old;
	struct damon_target *new;
	bool drop;
};

static void damon_plans_free(struct damon_target_plan *plans, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (plans[i].new)
			damon_free_target(plans[i].new);
	kvfree(plans);
}

/* Plan what @wanted asks of the target at place @idx. */
static int damon_plan_fill(struct damon_target_plan *plan,
			   struct damon_target *wanted, bool same_unit,
			   unsigned long min_region_sz, unsigned int idx,
			   struct damon_reason *why)
{
	struct damon_target *new;

	if (wanted->obsolete) {
		plan->drop = true;
		return plan->old ? 0 : damon_reason_set(why, -EINVAL,
			"targets/%u/obsolete_target: no such target runs", idx);
	}
	new = damon_target_successor(plan->old, wanted, same_unit,
				     min_region_sz);
	if (PTR_ERR(new) == -ENOMEM)
		return damon_reason_set(why, -ENOMEM,
					"targets/%u: out of memory", idx);
	if (IS_ERR(new))
		return damon_reason_set(why, PTR_ERR(new),
			"targets/%u/regions: overlapping, once their borders are widened to whole pages",
			idx);
	plan->new = new;
	return 0;
}

/* Plan the commit of the targets of @src. All that can fail is done here. */
static struct damon_target_plan *damon_plans_make(struct damon_ctx *dst,
						  struct damon_ctx *src,
						  unsigned int nr,
						  struct damon_reason *why)
{
	struct damon_target_plan *plans, *plan;
	struct damon_target *t;

	plans = kvcalloc(max(nr, 1U), sizeof(*plans), GFP_KERNEL);
	if (!plans)
		return ERR_PTR(damon_reason_set(why, -ENOMEM, "out of memory"));
	plan = plans;
	damon_for_each_target(t, dst)
		if (!damon_target_is_member(t))
			plan++->old = t;
	/* Those beyond the last wanted one go. */
	for (plan = plans + damon_nr_targets(src); plan < plans + nr; plan++)
		plan->drop = true;

	plan = plans;
	damon_for_each_target(t, src) {
		int err = damon_plan_fill(plan, t,
					  dst->addr_unit == src->addr_unit,
					  src->min_region_sz, plan - plans, why);

		if (err) {
			damon_plans_free(plans, nr);
			return ERR_PTR(err);
		}
		plan++;
	}
	return plans;
}

/* Returns whether there are new targets. */
static bool damon_plans_apply(struct damon_ctx *ctx,
			      struct damon_target_plan *plans, unsigned int nr)
{
	bool new_targets = false;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct damon_target_plan *plan = &plans[i];

		if (plan->new && plan->old)
			list_add_tail(&plan->new->list, &plan->old->list);
		else if (plan->new)
			damon_add_target(ctx, plan->new);
		if (plan->old && (plan->new || plan->drop))
			damon_destroy_target(plan->old, ctx);
		new_targets |= !!plan->new;
	}
	kvfree(plans);
	return new_targets;
}

static bool damon_ops_equal(const struct damon_operations *a,
			    const struct damon_operations *b)
{
	const size_t offset = offsetof(struct damon_operations, init);

	/* Behind the id there are but pointers; before them may be a gap. */
	return a->id == b->id && !memcmp(&a->init, &b->init,
					 sizeof(*a) - offset);
}

/**
 * damon_ctx_commit() - Make a context like a description.
 * @dst:	context; not running, or running and called from its kdamond
 * @src:	what is wanted; not changed, not kept
 * @why:	says why it is refused; may be NULL
 *
 * Targets are matched by their place. One that is wanted for another process, or in
 * another &damon_ctx.addr_unit, starts anew, one for which regions are given is fitted
 * to them, any other stays as it is. Schemes and probes are matched likewise, and keep
 * what they remember. What equals the present changes nothing. May sleep.
 *
 * Return: 0, -EINVAL, -EOPNOTSUPP, -ENOMEM. On an error @dst is as it was.
 */
int damon_ctx_commit(struct damon_ctx *dst, struct damon_ctx *src,
		     struct damon_reason *why)
{
	bool running = kdamond_is_current(dst), new_ops, new_targets;
	struct damon_target_plan *plans;
	LIST_HEAD(schemes);
	LIST_HEAD(probes);
	unsigned int nr;
	int err;

	err = damon_ctx_check(src, why);
	if (err)
		return err;
	nr = max(damon_nr_targets(dst), damon_nr_targets(src));
	err = damos_copy_all(src, &schemes);
	if (err)
		return damon_reason_set(why, err, "schemes: out of memory");
	err = damon_probes_copy(src, &probes);
	if (err) {
		damon_reason_set(why, err,
				 "monitoring_attrs/probes: out of memory");
		goto free_schemes;
	}
	plans = damon_plans_make(dst, src, nr, why);
	if (IS_ERR(plans)) {
		err = PTR_ERR(plans);
		goto free_probes;
	}

	/* From here on nothing fails. */
	new_targets = damon_plans_apply(dst, plans, nr);
	/* Tuned intervals stay in force until others are asked for. */
	if (!running || memcmp(&src->attrs, &damon_ctx_state(dst)->asked,
			       sizeof(src->attrs)))
		damon_attrs_apply(dst, &src->attrs);
	damos_take_all(dst, &schemes);
	damon_probes_take(dst, &probes);
	dst->pause = src->pause;
	dst->addr_unit = src->addr_unit;
	dst->min_region_sz = src->min_region_sz;
	dst->tlb_honesty = src->tlb_honesty;
	new_ops = !damon_ops_equal(&dst->ops, &src->ops);
	if (new_ops && running && dst->ops.cleanup)
		dst->ops.cleanup(dst);
	dst->ops = src->ops;
	/* New targets want regions, new regions want samples. */
	if (running && dst->ops.init && (new_ops || new_targets))
		dst->ops.init(dst);
	damon_bounds_enforce(dst);
	return 0;

free_probes:
	damon_probes_free(&probes);
free_schemes:
	damos_free_all(&schemes);
	return err;
}

/**
 * damon_commit_ctx() - Make a context like another.
 * @dst:	context; not running, or running and called from its kdamond: from
 *		a callback, or a function given to damon_call()
 * @src:	what is wanted; not changed, not kept, not running
 *
 * Attributes, &damon_ctx.tlb_honesty, &damon_ctx.pause, operations, schemes, probes,
 * targets and their regions are taken over; callbacks stay. Targets, schemes and
 * probes are matched by their place; see &damon_target.obsolete. What equals the
 * present changes nothing. May sleep.
 *
 * Return: 0, -EINVAL if @src makes no sense, -EOPNOTSUPP if its operations cannot
 * do what its schemes want, -ENOMEM. On an error @dst is as it
 * was.
 */
int damon_commit_ctx(struct damon_ctx *dst, struct damon_ctx *src)
{
	return damon_ctx_commit(dst, src, NULL);
}
