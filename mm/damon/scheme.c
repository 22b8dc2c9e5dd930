// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes: making them, and their run over the regions: match, charge, act,
 * account.
 *
 * A run is made for each scheme that is due: at the end of a window, or at its
 * own interval. All that are due see a region before the next one is looked at,
 * so one walk over the regions serves them all. What a quota allows is quota.c's
 * to say, what is an exception filter.c's, and how an action is done belongs to
 * the operations. To add an action: see Documentation/mm/damon/design.rst.
 *
 * Locks: none, this runs in the kdamond; but for damos_walk(), see
 * damon_ctx_state.walk.
 */
#include <linux/damon.h>
#include <linux/ktime.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"

#include <trace/events/damon.h>

const struct damos_action_row damos_actions[NR_DAMOS_ACTIONS] = {
	[DAMOS_WILLNEED]	= { .name = "willneed" },
	[DAMOS_COLD]		= { .name = "cold" },
	[DAMOS_PAGEOUT]		= { .name = "pageout" },
	[DAMOS_HUGEPAGE]	= { .name = "hugepage" },
	[DAMOS_NOHUGEPAGE]	= { .name = "nohugepage" },
	[DAMOS_COLLAPSE]	= { .name = "collapse" },
	[DAMOS_LRU_PRIO]	= { .name = "lru_prio" },
	[DAMOS_LRU_DEPRIO]	= { .name = "lru_deprio" },
	[DAMOS_MIGRATE_HOT]	= { .name = "migrate_hot", .migrates = true },
	[DAMOS_MIGRATE_COLD]	= { .name = "migrate_cold", .migrates = true },
	[DAMOS_STAT]		= { .name = "stat", .keeps_age = true },
};

/*
 * When schemes run.
 */

/* A scheme without an interval of its own runs at the ends of windows. */
static u64 damos_next_run(struct damon_ctx *ctx, struct damos *s)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);

	if (!s->apply_interval_us)
		return max(state->window_end, state->tick + 1);
	return state->tick + kdamond_nr_ticks(ctx, s->apply_interval_us);
}

/**
 * damos_schedule() - The interval of a scheme is new.
 * @ctx:	context
 * @s:		scheme of it; due one of its intervals from now
 */
void damos_schedule(struct damon_ctx *ctx, struct damos *s)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);

	damos_state(s)->next_apply = damos_next_run(ctx, s);
	state->next_apply = min(state->next_apply, damos_state(s)->next_apply);
}

/**
 * damos_reschedule() - Intervals have changed, or the thread begins.
 * @ctx:	context
 *
 * Each scheme is due one of its intervals from now.
 */
void damos_reschedule(struct damon_ctx *ctx)
{
	struct damos *s;

	damon_ctx_state(ctx)->next_apply = U64_MAX;
	damon_for_each_scheme(s, ctx)
		damos_schedule(ctx, s);
}

/* The next run of each scheme that was due. */
static void damos_schedule_next(struct damon_ctx *ctx)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);
	struct damos_state *ss;
	struct damos *s;

	state->next_apply = U64_MAX;
	damon_for_each_scheme(s, ctx) {
		ss = damos_state(s);
		if (ss->due)
			ss->next_apply = damos_next_run(ctx, s);
		ss->due = false;
		state->next_apply = min(state->next_apply, ss->next_apply);
	}
}

/*
 * Making them.
 */

/**
 * damos_new_filter() - Make a filter.
 * @type:	what memory it is about
 * @matching:	about that memory, or about all else
 * @allow:	whether the action is applied to it
 *
 * Further values are to be set by the caller. May sleep.
 *
 * Return: the filter, or NULL for a lack of memory.
 */
struct damos_filter *damos_new_filter(enum damos_filter_type type,
				      bool matching, bool allow)
{
	struct damos_filter *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->type = type;
	f->matching = matching;
	f->allow = allow;
	INIT_LIST_HEAD(&f->list);
	return f;
}

/**
 * damos_add_filter() - Put a filter behind the others of its kind.
 * @s:	scheme; its context does not run, or is the caller's as its kdamond
 * @f:	filter of no scheme; belongs to @s from now on
 */
void damos_add_filter(struct damos *s, struct damos_filter *f)
{
	list_add_tail(&f->list, damos_filter_for_ops(f->type) ?
		      &s->ops_filters : &s->core_filters);
}

/**
 * damos_destroy_filter() - Take a filter out of its scheme and free it.
 * @f:	filter; see damos_add_filter() for when
 */
void damos_destroy_filter(struct damos_filter *f)
{
	list_del(&f->list);
	kfree(f);
}

/**
 * damos_new_quota_goal() - Make a goal.
 * @metric:		figure that counts
 * @target_value:	value wanted, in the unit of the metric; not zero
 *
 * Further values are to be set by the caller. May sleep.
 *
 * Return: the goal, or NULL for a lack of memory.
 */
struct damos_quota_goal *
damos_new_quota_goal(enum damos_quota_goal_metric metric,
		     unsigned long target_value)
{
	struct damos_goal_state *g = kzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return NULL;
	g->goal.metric = metric;
	g->goal.target_value = target_value;
	INIT_LIST_HEAD(&g->goal.list);
	return &g->goal;
}

/**
 * damos_add_quota_goal() - Put a goal behind the others of a quota.
 * @q:	quota of a scheme; see damos_add_filter() for when
 * @g:	goal of no quota; belongs to the scheme from now on
 */
void damos_add_quota_goal(struct damos_quota *q, struct damos_quota_goal *g)
{
	list_add_tail(&g->list, &q->goals);
}

/**
 * damos_destroy_quota_goal() - Take a goal out of its quota and free it.
 * @g:	goal; see damos_add_filter() for when
 */
void damos_destroy_quota_goal(struct damos_quota_goal *g)
{
	list_del(&g->list);
	kfree(damos_goal_state(g));
}

/**
 * damon_new_scheme() - Make a scheme.
 * @pattern:		which regions are meant; copied
 * @action:		what is done with them
 * @apply_interval_us:	time between two runs in us; zero: a window
 * @quota:		how much at most: its numbers are copied, its goals are not;
 *			NULL: any amount
 * @wmarks:		when; copied. NULL: always
 * @target_nid:		node for the actions that migrate
 *
 * It has no filter, no goal and no &damos.migrate_dests, and is in no context
 * yet. May sleep.
 *
 * Return: the scheme, or NULL for a lack of memory.
 */
struct damos *damon_new_scheme(struct damos_access_pattern *pattern,
			       enum damos_action action,
			       unsigned long apply_interval_us,
			       struct damos_quota *quota,
			       struct damos_watermarks *wmarks,
			       int target_nid)
{
	struct damos_state *state = kzalloc(sizeof(*state), GFP_KERNEL);
	struct damos *s;

	if (!state)
		return NULL;
	state->active = true;
	s = &state->scheme;
	s->pattern = *pattern;
	s->action = action;
	s->apply_interval_us = apply_interval_us;
	if (quota)
		s->quota = *quota;
	s->quota.esz = 0;
	INIT_LIST_HEAD(&s->quota.goals);
	if (wmarks)
		s->wmarks = *wmarks;
	s->target_nid = target_nid;
	INIT_LIST_HEAD(&s->core_filters);
	INIT_LIST_HEAD(&s->ops_filters);
	INIT_LIST_HEAD(&s->list);
	return s;
}

/**
 * damon_add_scheme() - Put a scheme behind the others of a context.
 * @ctx:	context; not running, or running and called from its kdamond
 * @s:		scheme of no context; belongs to @ctx from now on
 *
 * A running context runs it for the first time one of its intervals later.
 */
void damon_add_scheme(struct damon_ctx *ctx, struct damos *s)
{
	list_add_tail(&s->list, &ctx->schemes);
	damos_schedule(ctx, s);
}

/**
 * damos_free() - Free a scheme that is in no context.
 * @s:	scheme; filters, goals and destinations go with it
 */
void damos_free(struct damos *s)
{
	struct damos_quota_goal *g, *next_goal;
	struct damos_filter *f, *next;

	damos_for_each_core_filter_safe(f, next, s)
		damos_destroy_filter(f);
	damos_for_each_ops_filter_safe(f, next, s)
		damos_destroy_filter(f);
	damos_for_each_quota_goal_safe(g, next_goal, &s->quota)
		damos_destroy_quota_goal(g);
	kfree(s->migrate_dests.node_id_arr);
	kfree(s->migrate_dests.weight_arr);
	kfree(damos_state(s));
}

/**
 * damon_destroy_scheme() - Take a scheme out of its context and free it.
 * @s:	scheme; its context does not run, or is the caller's as its kdamond
 */
void damon_destroy_scheme(struct damos *s)
{
	list_del(&s->list);
	damos_free(s);
}

/**
 * damon_set_schemes() - Replace the schemes of a context.
 * @ctx:	context; not running, or running and called from its kdamond
 * @schemes:	schemes of no context
 * @nr_schemes:	how many
 *
 * Return: 0.
 */
int damon_set_schemes(struct damon_ctx *ctx, struct damos **schemes,
		      ssize_t nr_schemes)
{
	ssize_t i;

	damos_free_all(&ctx->schemes);
	for (i = 0; i < nr_schemes; i++)
		damon_add_scheme(ctx, schemes[i]);
	return 0;
}

/**
 * damos_add_filter_passed() - Tell what the filters of a scheme let pass.
 * @s:	scheme
 * @sz:	bytes, in addition to what was told before
 *
 * For &damon_operations.apply_scheme.
 */
void damos_add_filter_passed(struct damos *s, unsigned long sz)
{
	damos_state(s)->sz_passed += sz;
}

/*
 * Walks.
 */

static struct damos_walk_control *damos_walk_of(struct damon_ctx_state *state)
{
	/* May be taken away at any time, but not under the lock. */
	return READ_ONCE(state->walk);
}

static void damos_end_walk(struct damon_ctx *ctx, bool canceled)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);
	struct damos_walk_control *control;

	state->walking = false;
	if (!damos_walk_of(state))
		return;
	guard(mutex)(&state->walk_lock);
	guard(mutex)(&ctx->kdamond_lock);
	control = state->walk;
	if (!control)
		return;
	WRITE_ONCE(state->walk, NULL);
	control->canceled = canceled;
	complete(&control->done);
}

/**
 * damos_cancel_walk() - Schemes do not run for now: who waits for them shall not.
 * @ctx:	context
 */
void damos_cancel_walk(struct damon_ctx *ctx)
{
	damos_end_walk(ctx, true);
}

static void damos_begin_walk(struct damon_ctx *ctx)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);
	struct damos *s;

	if (state->walking || !damos_walk_of(state))
		return;
	state->walking = true;
	damon_for_each_scheme(s, ctx)
		damos_state(s)->walked = false;
}

static void damos_walk_region(struct damon_ctx *ctx, struct damon_target *t,
			      struct damon_region *r, struct damos *s)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);

	if (!state->walking || damos_state(s)->walked)
		return;
	guard(mutex)(&state->walk_lock);
	if (state->walk)
		state->walk->walk_fn(state->walk->data, ctx, t, r, s,
				     damos_state(s)->sz_passed);
	else
		state->walking = false;
}

/* Every scheme that was due has seen all regions. */
static void damos_advance_walk(struct damon_ctx *ctx)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);
	bool over = true;
	struct damos *s;

	if (!state->walking)
		return;
	damon_for_each_scheme(s, ctx) {
		damos_state(s)->walked |= damos_state(s)->due;
		over &= damos_state(s)->walked;
	}
	if (over)
		damos_end_walk(ctx, false);
}

/* Sets @run as damon_call_post() does. */
static int damos_walk_post(struct damon_ctx *ctx,
			   struct damos_walk_control *control)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);

	guard(mutex)(&ctx->kdamond_lock);
	if (ctx->kdamond == current)
		return -EDEADLK;
	if (!state->accepting)
		return -ECANCELED;
	if (state->walk)
		return -EBUSY;
	WRITE_ONCE(state->walk, control);
	/* Nobody may sleep through the time at which it can begin. */
	wake_up_process(ctx->kdamond);
	return 0;
}

/* The caller of damos_walk() was killed. Returns false if it is done already. */
static bool damos_walk_withdraw(struct damon_ctx *ctx,
				struct damos_walk_control *control)
{
	struct damon_ctx_state *state = damon_ctx_state(ctx);

	guard(mutex)(&state->walk_lock);
	guard(mutex)(&ctx->kdamond_lock);
	if (state->walk != control)
		return false;
	WRITE_ONCE(state->walk, NULL);
	return true;
}

/**
 * damos_walk() - See each region that the schemes of a context are tried on.
 * @ctx:	context
 * @control:	function that sees them, in the kdamond
 *
 * Each scheme shows one run, from its beginning to its end. Returns when all
 * have. May sleep, until killed.
 *
 * Return: 0; -EINVAL without a function; -EDEADLK from the kdamond itself; -EBUSY
 * if another walk is under way; -ECANCELED if the context does not run or ends,
 * is paused, has no scheme, or watermarks keep all of them inactive; -EINTR if the
 * caller was killed: the function is not called any more.
 */
int damos_walk(struct damon_ctx *ctx, struct damos_walk_control *control)
{
	int err;

	if (!control || !control->walk_fn)
		return -EINVAL;
	init_completion(&control->done);
	control->canceled = false;
	err = damos_walk_post(ctx, control);
	if (err)
		return err;
	if (wait_for_completion_killable(&control->done) &&
	    damos_walk_withdraw(ctx, control))
		return -EINTR;
	return control->canceled ? -ECANCELED : 0;
}

/*
 * A run.
 */

/**
 * damon_nr_accesses_mvsum() - How often was a region accessed lately?
 * @r:		region
 * @ctx:	its context; called from its kdamond
 *
 * A window that is not over counts for the part of it that has passed, the one
 * before it for the rest.
 *
 * Return: 0 to damon_nr_samples_per_aggr().
 */
unsigned int damon_nr_accesses_mvsum(struct damon_region *r,
				     struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_region_state *rs = damon_region_state(r);
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_tally sum;
	u64 left, sampled;

	if (s->reporting)
		return r->nr_accesses;
	left = s->window_end - min(s->window_end, s->tick);
	left = min_t(u64, left, nr);
	sum = damon_tally_all(rs->window);
	/* A certified region has no looks, and no accesses. */
	if (!sum.trials && !damon_region_certified(rs))
		return rs->last_nr_accesses;
	sampled = sum.hits ? max_t(u64, (nr - left) * sum.hits / sum.trials, 1) : 0;
	return min_t(u64, sampled + rs->last_nr_accesses * left / nr, nr);
}

/**
 * damos_pattern_fits() - Is a scheme meant for a region?
 * @ctx:	context; called from its kdamond
 * @r:		region
 * @s:		scheme
 *
 * Filters and quotas are not asked.
 *
 * Return: true if so.
 */
bool damos_pattern_fits(struct damon_ctx *ctx, struct damon_region *r,
			const struct damos *s)
{
	unsigned int nr_accesses = damon_nr_accesses_mvsum(r, ctx);
	unsigned long sz = damon_sz_region(r);

	/* Not checked is not the same as not accessed: only look at it. */
	if (damon_region_state(r)->unchecked &&
	    !damos_actions[s->action].keeps_age)
		return false;
	return s->min_sz_region <= sz && sz <= s->max_sz_region &&
	       s->min_nr_accesses <= nr_accesses &&
	       nr_accesses <= s->max_nr_accesses &&
	       s->min_age_region <= r->age && r->age <= s->max_age_region;
}

static int damos_score(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r, struct damos *s)
{
	if (!ctx->ops.get_scheme_score)
		return DAMOS_MAX_SCORE;
	return clamp(ctx->ops.get_scheme_score(ctx, t, r, s), 0,
		     DAMOS_MAX_SCORE);
}

static bool damon_target_is_valid(struct damon_ctx *ctx, struct damon_target *t)
{
	return !ctx->ops.target_valid || ctx->ops.target_valid(t);
}

static bool damos_is_exhausted(const struct damos *s)
{
	return s->max_nr_snapshots && s->stat.nr_snapshots >= s->max_nr_snapshots;
}

/*
 * When the quota does not suffice for all, which regions come first? Regions that
 * a filter keeps the scheme from do not count: the filter may cut some of them
 * already here.
 */
static void damos_set_priorities(struct damon_ctx *ctx, struct damos *s)
{
	struct damon_region *r;
	struct damon_target *t;

	damos_quota_forget_scores(s);
	if (!ctx->ops.get_scheme_score)
		return;
	damon_for_each_target(t, ctx) {
		if (!damon_target_is_valid(ctx, t))
			continue;
		damon_for_each_region(r, t) {
			if (!damos_pattern_fits(ctx, r, s) ||
			    damos_filter_region(ctx, t, r, s) <= 0)
				continue;
			damos_quota_add_score(s, damos_score(ctx, t, r, s),
					      damon_sz_region(r));
		}
		cond_resched();
	}
	damos_quota_set_min_score(s);
}

static bool damos_acts(struct damos *s)
{
	return damos_state(s)->due && damos_state(s)->active &&
	       !damos_is_exhausted(s);
}

/* The target to go on with may be gone. */
static void damos_check_from(struct damon_ctx *ctx, struct damos_quota_state *q)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		if (t == q->from_target && t->nr_regions &&
		    damon_target_is_valid(ctx, t))
			return;
	q->from_target = NULL;
}

static void damos_begin_quota(struct damon_ctx *ctx, struct damos *s,
			      unsigned int idx, u64 now)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	unsigned long esz = s->quota.esz;
	bool first = !q->began;

	damos_check_from(ctx, q);
	if (!damos_quota_is_set(s))
		return;
	if (damos_quota_begin(ctx, s, now) && (first || esz != s->quota.esz))
		trace_damos_esz(0, idx, s->quota.esz);
	damos_set_priorities(ctx, s);
}

/* Which schemes run now? Returns whether any does. */
static bool damos_begin(struct damon_ctx *ctx)
{
	u64 tick = damon_ctx_state(ctx)->tick, now = ktime_get_ns();
	unsigned int idx = 0;
	bool any = false;
	struct damos *s;

	damon_for_each_scheme(s, ctx) {
		damos_state(s)->due = tick >= damos_state(s)->next_apply;
		if (damos_acts(s)) {
			damos_begin_quota(ctx, s, idx, now);
			any = true;
		}
		idx++;
	}
	return any;
}

/*
 * The last window ended in the midst of the regions: go on from there. Returns
 * whether @r is to be skipped; if the place lies inside of it, it is cut.
 */
static bool damos_already_charged(struct damon_ctx *ctx, struct damon_target *t,
				  struct damon_region *r, struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	unsigned long at = ALIGN_DOWN(q->from_addr, ctx->min_region_sz);

	if (!q->from_target)
		return false;
	if (t != q->from_target)
		return true;
	if (r->ar.end <= q->from_addr) {
		/* The address is behind all regions: begin anew. */
		if (r == damon_last_region(t))
			q->from_target = NULL;
		return true;
	}
	q->from_target = NULL;
	if (r->ar.start >= at)
		return false;
	/* Without memory for a cut the whole has its turn again. */
	return damon_region_split(t, r, at, DAMON_GFP_REGION);
}

/*
 * Make @r as small as the rest of the quota is. Returns false if there is nothing
 * left of it: a page is not cut, of whatever size it is.
 */
static bool damos_fit_quota(struct damon_ctx *ctx, struct damon_target *t,
			    struct damon_region *r, struct damos *s)
{
	unsigned long leaf = max(damon_region_state(r)->leaf_sz,
				 ctx->min_region_sz);
	unsigned long room, at;

	if (!damos_quota_is_set(s))
		return true;
	room = damos_quota_room(s);
	if (damon_sz_region(r) <= room)
		return true;
	at = ALIGN_DOWN(r->ar.start + room, leaf);
	if (at <= r->ar.start || at >= r->ar.end)
		return false;
	return damon_region_split(t, r, at, DAMON_GFP_REGION);
}

static void damos_trace_apply(struct damon_ctx *ctx, struct damon_target *t,
			      struct damon_region *r, struct damos *s)
{
	unsigned int scheme_idx = 0;
	unsigned long target_id;
	struct damos *scheme;

	if (!trace_damos_before_apply_enabled())
		return;
	damon_for_each_scheme(scheme, ctx) {
		if (scheme == s)
			break;
		scheme_idx++;
	}
	target_id = damon_target_trace_id(t, damon_target_idx(ctx, t));
	trace_damos_before_apply(0, scheme_idx, target_id, r,
				 damon_nr_accesses_mvsum(r, ctx),
				 t->nr_regions);
}

static void damos_account(struct damos *s, unsigned long sz,
			  unsigned long applied)
{
	struct damos_stat *stat = &s->stat;

	stat->nr_tried++;
	stat->sz_tried = size_add(stat->sz_tried, sz);
	stat->nr_applied += !!applied;
	stat->sz_applied = size_add(stat->sz_applied, applied);
	stat->sz_ops_filter_passed =
		size_add(stat->sz_ops_filter_passed, damos_state(s)->sz_passed);
}

/* The quota is used up: the next window goes on behind @r. */
static void damos_go_on_behind(struct damon_ctx *ctx, struct damon_target *t,
			       struct damon_region *r, struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;

	q->from_target = t;
	q->from_addr = r->ar.end;
	if (r != damon_last_region(t))
		return;
	q->from_addr = 0;
	q->from_target = list_is_last(&t->list, &ctx->adaptive_targets) ?
			 NULL : list_next_entry(t, list);
}

/* The memory that a scheme is being applied to without a gap, see damos_state.span. */
static unsigned long damos_extend_span(struct damos *s, struct damon_region *r)
{
	struct damon_addr_range *span = &damos_state(s)->span;

	if (span->end != r->ar.start)
		span->start = r->ar.start;
	span->end = r->ar.end;
	return span->end - span->start;
}

/* Apply a scheme to a region that it is meant for. */
static void damos_apply_region(struct damon_ctx *ctx, struct damon_target *t,
			       struct damon_region *r, struct damos *s)
{
	unsigned long sz, span_sz, applied = 0;
	int may;
	u64 begin;

	/* A cut by the filter leaves the first part. */
	may = damos_filter_region(ctx, t, r, s);
	if (!may)
		return;
	damos_state(s)->sz_passed = 0;
	/* Without memory for a cut it waits for another run, and is counted. */
	if (may < 0 || !damos_fit_quota(ctx, t, r, s)) {
		damos_account(s, 0, 0);
		return;
	}
	if (ctx->callback.before_damos_apply &&
	    ctx->callback.before_damos_apply(ctx, t, r, s))
		return;
	damos_trace_apply(ctx, t, r, s);

	damos_sanity(ctx, r, s);
	sz = damon_sz_region(r);
	span_sz = damos_extend_span(s, r);
	begin = ktime_get_ns();
	if (ctx->ops.apply_scheme)
		applied = min(ctx->ops.apply_scheme(ctx, t, r, s), span_sz);
	damos_quota_charge(s, sz, applied, ktime_get_ns() - begin);
	damos_walk_region(ctx, t, r, s);
	if (damos_quota_is_full(ctx, s))
		damos_go_on_behind(ctx, t, r, s);
	damos_account(s, sz, applied);
	if (!damos_actions[s->action].keeps_age)
		r->age = 0;
}

static bool damos_wants(struct damon_ctx *ctx, struct damon_target *t,
			struct damon_region *r, struct damos *s)
{
	if (!damos_acts(s) || damos_quota_is_full(ctx, s) ||
	    damos_already_charged(ctx, t, r, s))
		return false;
	if (!damos_pattern_fits(ctx, r, s))
		return false;
	return !damos_quota_is_set(s) ||
	       damos_score(ctx, t, r, s) >= damos_state(s)->quota.min_score;
}

/* Pieces that a quota or a filter has cut, and that nothing tells apart. */
static void damos_join_pieces(struct damon_ctx *ctx, struct damon_target *t,
			      struct damon_region *r, unsigned long sz_limit)
{
	struct damon_region *left = damon_prev_region(r);

	if (r == damon_first_region(t) || left->ar.end != r->ar.start ||
	    left->age != r->age || left->nr_accesses != r->nr_accesses ||
	    damon_region_state(left)->last_nr_accesses !=
	    damon_region_state(r)->last_nr_accesses ||
	    damon_sz_region(left) + damon_sz_region(r) > sz_limit)
		return;
	damon_region_join(t, left);
}

static void damos_run(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_region *r;
	unsigned int nr = t->nr_regions;
	struct damos *s;

	damon_for_each_scheme(s, ctx)
		damos_state(s)->span = (struct damon_addr_range){};
	damon_for_each_region(r, t) {
		/* What is cut off here has its turn next. */
		damon_for_each_scheme(s, ctx)
			if (damos_wants(ctx, t, r, s))
				damos_apply_region(ctx, t, r, s);
		cond_resched();
	}
	damon_for_each_scheme(s, ctx)
		if (damos_acts(s) && !damos_quota_is_full(ctx, s) &&
		    !damos_state(s)->quota.from_target)
			s->stat.nr_snapshots++;
	if (t->nr_regions != nr) {
		unsigned long sz_limit = damon_region_sz_limit(ctx);
		struct damon_region *next;

		damon_for_each_region_safe(r, next, t)
			damos_join_pieces(ctx, t, r, sz_limit);
	}
}

static void damos_trace_stats(struct damon_ctx *ctx)
{
	unsigned int idx = 0;
	struct damos *s;

	if (!trace_damos_stat_after_apply_interval_enabled())
		return;
	damon_for_each_scheme(s, ctx) {
		if (damos_state(s)->due)
			trace_damos_stat_after_apply_interval(0, idx, &s->stat);
		idx++;
	}
}

/**
 * damos_apply() - Run the schemes that are due.
 * @ctx:	context
 *
 * May sleep. Only cuts of regions allocate: without memory for one, the region
 * waits for another run.
 */
void damos_apply(struct damon_ctx *ctx)
{
	struct damon_target *t;

	if (list_empty(&ctx->schemes)) {
		damos_cancel_walk(ctx);
		return;
	}
	damos_begin_walk(ctx);
	if (damos_begin(ctx))
		damon_for_each_target(t, ctx)
			if (damon_target_is_valid(ctx, t))
				damos_run(ctx, t);
	damos_trace_stats(ctx);
	damos_advance_walk(ctx);
	damos_schedule_next(ctx);
}
