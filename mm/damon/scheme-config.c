// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes, from wanted to running: check, copy, commit. A part of config.c, and
 * with the same rules: checked whole, prepared whole, then swapped in.
 *
 * A running scheme takes over the values of the wanted one, so that what its
 * kdamond remembers, that is its charge, its statistics and its place, stays.
 */
#include "pure.h"

static int damos_nid_check(int nid, const char *file, unsigned int idx,
			   struct damon_reason *why)
{
	if (damon_nid_has_memory(nid))
		return 0;
	return damon_reason_set(why, -EINVAL,
				"schemes/%u/%s: node %d has no memory", idx,
				file, nid);
}

static int damos_check_action(struct damon_ctx *ctx, struct damos *s,
			      unsigned int idx, struct damon_reason *why)
{
	const struct damos_action_row *row;
	size_t i;
	int err = 0;

	if ((unsigned int)s->action >= NR_DAMOS_ACTIONS)
		return damon_reason_set(why, -EINVAL,
					"schemes/%u/action: %d is none", idx,
					s->action);
	row = &damos_actions[s->action];
	if (ctx->ops.supports_action && !ctx->ops.supports_action(s->action))
		return damon_reason_set(why, -EOPNOTSUPP,
				"schemes/%u/action: the operations cannot do %s",
				idx, row->name);
	if (!row->migrates)
		return 0;
	if (!s->migrate_dests.nr_dests)
		return damos_nid_check(s->target_nid, "target_nid", idx, why);
	for (i = 0; i < s->migrate_dests.nr_dests && !err; i++)
		err = damos_nid_check(s->migrate_dests.node_id_arr[i], "dests",
				      idx, why);
	return err;
}

static int damos_check_filter(struct damon_ctx *ctx, struct damos *s,
			      struct damos_filter *f, unsigned int idx,
			      unsigned int nr, struct damon_reason *why)
{
	bool for_ops;

	if ((unsigned int)f->type >= NR_DAMOS_FILTER_TYPES)
		return damon_reason_set(why, -EINVAL,
					"schemes/%u: type %d of a filter is none",
					idx, f->type);
	for_ops = damos_filter_for_ops(f->type);
	if (for_ops && ctx->ops.supports_filter &&
	    !ctx->ops.supports_filter(s->action, f->type))
		return damon_reason_set(why, -EOPNOTSUPP,
				"schemes/%u/ops_filters/%u: %s cannot leave out pages by %s",
				idx, nr, damos_actions[s->action].name,
				damos_filters[f->type].name);
	if (f->type == DAMOS_FILTER_TYPE_ADDR &&
	    f->addr_range.start > f->addr_range.end)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/core_filters/%u: addr_start %lu is above addr_end %lu",
				idx, nr, f->addr_range.start,
				f->addr_range.end);
	if (f->type == DAMOS_FILTER_TYPE_HUGEPAGE_SIZE &&
	    f->sz_range.min > f->sz_range.max)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/ops_filters/%u: min %lu is above max %lu",
				idx, nr, f->sz_range.min, f->sz_range.max);
	return 0;
}

static int damos_check_goal(struct damon_ctx *ctx, struct damos_quota_goal *g,
			    unsigned int idx, unsigned int nr,
			    struct damon_reason *why)
{
	const struct damos_goal_row *row;

	if ((unsigned int)g->metric >= NR_DAMOS_QUOTA_GOAL_METRICS)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/quotas/goals/%u: metric %d is none",
				idx, nr, g->metric);
	row = &damos_goals[g->metric];
	if (!g->target_value)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/quotas/goals/%u: target_value is 0",
				idx, nr);
	if (row->physical && damon_target_has_pid(ctx))
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/quotas/goals/%u: %s is for physical memory",
				idx, nr, row->name);
	if (row->has_nid && !damon_nid_has_memory(g->nid))
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/quotas/goals/%u: node %d has no memory",
				idx, nr, g->nid);
	return 0;
}

static int damos_check_goals(struct damon_ctx *ctx, struct damos_quota *quota,
			     unsigned int idx, struct damon_reason *why)
{
	struct damos_quota_goal *g;
	unsigned int nr = 0;
	int err;

	damos_for_each_quota_goal(g, quota) {
		err = damos_check_goal(ctx, g, idx, nr++, why);
		if (err)
			return err;
	}
	return 0;
}

/**
 * damos_check() - Does a scheme make sense?
 * @ctx:	its context
 * @s:		scheme
 * @idx:	its place in the context
 * @why:	names what does not, as the administrator's files do; may be NULL
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP for what the operations of @ctx cannot do.
 */
int damos_check(struct damon_ctx *ctx, struct damos *s, unsigned int idx,
		struct damon_reason *why)
{
	struct damos_filter *f;
	unsigned int nr = 0;
	int err;

	err = damos_check_action(ctx, s, idx, why);
	if (err)
		return err;
	if ((unsigned int)s->wmarks.metric >= NR_DAMOS_WMARK_METRICS)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/watermarks: metric %d is none", idx,
				s->wmarks.metric);
	if ((unsigned int)s->quota.goal_tuner >= NR_DAMOS_QUOTA_GOAL_TUNERS)
		return damon_reason_set(why, -EINVAL,
				"schemes/%u/quotas: goal tuner %d is none", idx,
				s->quota.goal_tuner);
	damos_for_each_core_filter(f, s) {
		err = damos_check_filter(ctx, s, f, idx, nr++, why);
		if (err)
			return err;
	}
	nr = 0;
	damos_for_each_ops_filter(f, s) {
		err = damos_check_filter(ctx, s, f, idx, nr++, why);
		if (err)
			return err;
	}
	return damos_check_goals(ctx, &s->quota, idx, why);
}

static int damos_copy_filters(struct damos *to, struct list_head *filters)
{
	struct damos_filter *f, *copy;

	list_for_each_entry(f, filters, list) {
		copy = damos_new_filter(f->type, f->matching, f->allow);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, f, offsetof(struct damos_filter, list));
		damos_add_filter(to, copy);
	}
	return 0;
}

static int damos_copy_goals(struct damos_quota *to, struct damos_quota *from)
{
	struct damos_quota_goal *g, *copy;

	damos_for_each_quota_goal(g, from) {
		copy = damos_new_quota_goal(g->metric, g->target_value);
		if (!copy)
			return -ENOMEM;
		copy->current_value = g->current_value;
		copy->nid = g->nid;
		copy->memcg_id = g->memcg_id;
		damos_add_quota_goal(to, copy);
	}
	return 0;
}

static int damos_copy_dests(struct damos_migrate_dests *to,
			    const struct damos_migrate_dests *from)
{
	const size_t sz = sizeof(*from->node_id_arr);

	if (!from->nr_dests)
		return 0;
	to->node_id_arr = kmemdup_array(from->node_id_arr, from->nr_dests, sz,
					GFP_KERNEL);
	to->weight_arr = kmemdup_array(from->weight_arr, from->nr_dests, sz,
				       GFP_KERNEL);
	to->nr_dests = from->nr_dests;
	return to->node_id_arr && to->weight_arr ? 0 : -ENOMEM;
}

static struct damos *damos_copy(struct damos *s)
{
	struct damos *copy;

	copy = damon_new_scheme(&s->pattern, s->action, s->apply_interval_us,
				&s->quota, &s->wmarks, s->target_nid);
	if (!copy)
		return NULL;
	copy->max_nr_snapshots = s->max_nr_snapshots;
	if (damos_copy_dests(&copy->migrate_dests, &s->migrate_dests) ||
	    damos_copy_filters(copy, &s->core_filters) ||
	    damos_copy_filters(copy, &s->ops_filters) ||
	    damos_copy_goals(&copy->quota, &s->quota)) {
		damos_free(copy);
		return NULL;
	}
	return copy;
}

/**
 * damos_free_all() - Free the schemes of a list.
 * @schemes:	struct damos; empty afterwards
 */
void damos_free_all(struct list_head *schemes)
{
	struct damos *s, *next;

	list_for_each_entry_safe(s, next, schemes, list)
		damon_destroy_scheme(s);
}

/**
 * damos_copy_all() - Copy the schemes of a context.
 * @src:	context
 * @copies:	empty; where they go
 *
 * Return: 0 or -ENOMEM, then @copies is empty.
 */
int damos_copy_all(struct damon_ctx *src, struct list_head *copies)
{
	struct damos *s, *copy;

	damon_for_each_scheme(s, src) {
		copy = damos_copy(s);
		if (!copy) {
			damos_free_all(copies);
			return -ENOMEM;
		}
		list_add_tail(&copy->list, copies);
	}
	return 0;
}

/* Goals at the same place with the same metric go on with their measurement. */
static void damos_take_goals(struct damos_quota *to, struct damos_quota *from)
{
	struct damos_quota_goal *old, *new, *next;
	LIST_HEAD(olds);

	list_splice_init(&to->goals, &olds);
	list_splice_init(&from->goals, &to->goals);
	new = list_first_entry(&to->goals, struct damos_quota_goal, list);
	list_for_each_entry_safe(old, next, &olds, list) {
		if (!list_entry_is_head(new, &to->goals, list)) {
			struct damos_goal_state *state = damos_goal_state(new);

			if (new->metric == old->metric) {
				state->last_psi_us =
					damos_goal_state(old)->last_psi_us;
				state->has_psi = damos_goal_state(old)->has_psi;
			}
			new = list_next_entry(new, list);
		}
		damos_destroy_quota_goal(old);
	}
}

static void damos_take_quota(struct damos_quota *to, struct damos_quota *from)
{
	to->reset_interval = from->reset_interval;
	to->ms = from->ms;
	to->sz = from->sz;
	to->goal_tuner = from->goal_tuner;
	to->weight_sz = from->weight_sz;
	to->weight_nr_accesses = from->weight_nr_accesses;
	to->weight_age = from->weight_age;
	to->fail_charge_num = from->fail_charge_num;
	to->fail_charge_denom = from->fail_charge_denom;
	damos_take_goals(to, from);
}

static void damos_swap_lists(struct list_head *a, struct list_head *b)
{
	LIST_HEAD(tmp);

	list_splice_init(a, &tmp);
	list_splice_init(b, a);
	list_splice_init(&tmp, b);
}

/* Give @to the values of @from. What belongs to lists changes its owner. */
static void damos_take(struct damon_ctx *ctx, struct damos *to,
		       struct damos *from)
{
	bool reschedule = to->apply_interval_us != from->apply_interval_us;

	to->pattern = from->pattern;
	to->action = from->action;
	to->apply_interval_us = from->apply_interval_us;
	to->wmarks = from->wmarks;
	to->target_nid = from->target_nid;
	to->max_nr_snapshots = from->max_nr_snapshots;
	damos_take_quota(&to->quota, &from->quota);
	swap(to->migrate_dests, from->migrate_dests);
	/* The old ones are freed with @from. */
	damos_swap_lists(&to->core_filters, &from->core_filters);
	damos_swap_lists(&to->ops_filters, &from->ops_filters);
	if (reschedule)
		damos_schedule(ctx, to);
}

/**
 * damos_take_all() - Make the schemes of a context like others.
 * @dst:	context; not running, or called from its kdamond
 * @copies:	what is wanted, see damos_copy_all(); empty afterwards
 *
 * Schemes are matched by their place; those beyond the last wanted one go.
 */
void damos_take_all(struct damon_ctx *dst, struct list_head *copies)
{
	struct damos *s, *next, *wanted;

	damon_for_each_scheme_safe(s, next, dst) {
		wanted = list_first_entry_or_null(copies, struct damos, list);
		if (!wanted) {
			damon_destroy_scheme(s);
			continue;
		}
		damos_take(dst, s, wanted);
		damon_destroy_scheme(wanted);
	}
	list_for_each_entry_safe(s, next, copies, list) {
		list_del(&s->list);
		damon_add_scheme(dst, s);
	}
}

/**
 * damos_commit_quota_goals() - Make the goals of a quota like those of another.
 * @dst:	quota of a scheme; its context does not run, or is the caller's as
 *		its kdamond
 * @src:	what is wanted; not changed, not kept
 *
 * May sleep.
 *
 * Return: 0; -EINVAL for a goal with the target value zero; -ENOMEM. On an error
 * @dst is as it was.
 */
int damos_commit_quota_goals(struct damos_quota *dst, struct damos_quota *src)
{
	struct damos_quota copy = { .goals = LIST_HEAD_INIT(copy.goals) };
	struct damos_quota_goal *g, *next;
	int err;

	damos_for_each_quota_goal(g, src)
		if (!g->target_value)
			return -EINVAL;
	err = damos_copy_goals(&copy, src);
	if (!err)
		damos_take_goals(dst, &copy);
	damos_for_each_quota_goal_safe(g, next, &copy)
		damos_destroy_quota_goal(g);
	return err;
}

/**
 * damos_take_all_goals() - Give the quotas of a context the goals of others.
 * @dst:	context; not running, or called from its kdamond
 * @src:	whose schemes have what is wanted; of those that @dst has the goals
 *		are taken away
 * @why:	says why it is refused; may be NULL
 *
 * Schemes are matched by their place; those beyond the last of either side stay
 * as they are. May sleep.
 *
 * Return: 0; -EINVAL for goals that make no sense: nothing has changed then.
 */
int damos_take_all_goals(struct damon_ctx *dst, struct damon_ctx *src,
			 struct damon_reason *why)
{
	struct damos *s, *wanted;
	unsigned int idx = 0;
	int err;

	damon_for_each_scheme(wanted, src) {
		err = damos_check_goals(dst, &wanted->quota, idx++, why);
		if (err)
			return err;
	}
	wanted = list_first_entry(&src->schemes, struct damos, list);
	damon_for_each_scheme(s, dst) {
		if (list_entry_is_head(wanted, &src->schemes, list))
			break;
		damos_take_goals(&s->quota, &wanted->quota);
		wanted = list_next_entry(wanted, list);
	}
	return 0;
}
