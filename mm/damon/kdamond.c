// SPDX-License-Identifier: GPL-2.0
/*
 * The thread of a context: deadlines, ticks, windows, requests, its end.
 *
 * A tick: prepare samples where none is on its way, sleep until the deadline,
 * check the samples. At the end of a window: find the results and adapt the
 * regions, report, let the operations follow the address space. Deadlines are
 * absolute: work done in a tick does not shift the next one. One that is missed
 * altogether counts as passed; results are scaled to the looks that were made.
 *
 * The thread is the only one that touches targets and regions. Whoever wants to
 * read or change them posts a request (damon_call()), which wakes the thread if
 * it sleeps. Locks: kdamond_lock for the mailbox, never held while a request
 * runs.
 *
 * What all that costs is charged whenever the thread turns to something else
 * than sampling, and shown to readers at the end of a window: a tick reads no
 * clock for it.
 */
#include <linux/damon.h>
#include <linux/hrtimer.h>
#include <linux/kcov.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/slab.h>

#include "internal.h"

/* No more ticks in a row are slept through: the target may have gone. */
#define KDAMOND_MAX_SKIP	16

#define CREATE_TRACE_POINTS
#include <trace/events/damon.h>

/**
 * kdamond_is_current() - Is the caller the thread of a context?
 * @ctx:	context
 *
 * Return: true if so. Any context.
 */
bool kdamond_is_current(struct damon_ctx *ctx)
{
	/* Only the thread itself takes its pointer away. */
	return READ_ONCE(ctx->kdamond) == current;
}

static bool kdamond_stop_requested(struct damon_ctx *ctx)
{
	return READ_ONCE(ctx->kdamond_stop);
}

/* All the time that was used since the last charge went to one account. */
static void kdamond_charge(struct damon_ctx_state *s, u64 *account)
{
	u64 now = task_sched_runtime(current);

	*account += now - s->cost.runtime_ns;
	s->cost.runtime_ns = now;
}

/*
 * Let readers see the cost. While one of them looks they see the old, unless
 * there may be no other time soon (@wait).
 */
static void kdamond_show_cost(struct damon_ctx *ctx, bool wait)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	ktime_t now = ktime_get();

	s->cost.elapsed_ns = ktime_to_ns(ktime_sub(now, s->started));
	s->next_show = ktime_add_ns(now, NSEC_PER_SEC);
	if (wait)
		mutex_lock(&ctx->kdamond_lock);
	else if (!mutex_trylock(&ctx->kdamond_lock))
		return;
	s->cost_shown = s->cost;
	mutex_unlock(&ctx->kdamond_lock);
}

static void kdamond_call(struct damon_call_control *control)
{
	control->return_code = control->fn(control->data);
	if (!control->repeat)
		complete(&control->done);
}

static void kdamond_cancel_call(struct damon_call_control *control)
{
	control->return_code = -ECANCELED;
	control->canceled = true;
	if (!control->repeat)
		complete(&control->done);
	else if (control->dealloc_on_cancel)
		kfree(control);
}

static struct damon_call_control *kdamond_next_call(struct damon_ctx *ctx,
						    struct list_head *calls)
{
	struct damon_call_control *control;

	guard(mutex)(&ctx->kdamond_lock);
	control = list_first_entry_or_null(calls, struct damon_call_control,
					   list);
	if (control)
		list_del_init(&control->list);
	return control;
}

/*
 * Run the requests that wait; those that repeat only once a tick. One that is
 * posted meanwhile has its turn next time.
 */
static void kdamond_run_calls(struct damon_ctx *ctx, bool tick)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_call_control *control;
	bool answered = false;
	LIST_HEAD(todo);

	kdamond_charge(s, &s->cost.sampling_ns);
	scoped_guard(mutex, &ctx->kdamond_lock) {
		WRITE_ONCE(s->call_waiting, false);
		list_splice_init(&s->calls, &todo);
	}
	while ((control = kdamond_next_call(ctx, &todo))) {
		bool repeat = control->repeat;

		if (!repeat || tick)
			kdamond_call(control);
		answered |= !repeat;
		if (repeat) {
			guard(mutex)(&ctx->kdamond_lock);
			list_add_tail(&control->list, &s->calls);
		}
	}
	damon_snapshot_answer(ctx);
	kdamond_charge(s, &s->cost.commands_ns);
	/* Who reads after a command wants to see it, however long the tick. */
	if (answered)
		kdamond_show_cost(ctx, true);
}

/* Take no more requests, and answer those that wait. */
static void kdamond_cancel_calls(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_call_control *control;

	scoped_guard(mutex, &ctx->kdamond_lock)
		s->accepting = false;
	while ((control = kdamond_next_call(ctx, &s->calls)))
		kdamond_cancel_call(control);
}

/**
 * kdamond_nr_ticks() - How many ticks does an interval have?
 * @ctx:		context
 * @interval_us:	interval in us
 *
 * Return: the number, at least one, and few enough to be added up.
 */
u64 kdamond_nr_ticks(struct damon_ctx *ctx, unsigned long interval_us)
{
	return clamp_t(u64, interval_us / max(ctx->sample_interval, 1UL), 1,
		       S64_MAX);
}

/**
 * kdamond_reschedule() - The intervals are new: begin a new window.
 * @ctx:	context; not running, or called from its kdamond
 */
void kdamond_reschedule(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	s->deadline = ktime_add_safe(ktime_get(),
				     damon_interval_ktime(ctx->sample_interval));
	s->window_end = s->tick + kdamond_nr_ticks(ctx, ctx->aggr_interval);
	s->next_update = s->tick + kdamond_nr_ticks(ctx,
						    ctx->ops_update_interval);
	s->next_tune = s->window_end;
	damos_reschedule(ctx);
}

/*
 * Set the deadline behind ticks in which there is nothing to do. They have not
 * been missed: waking up for them would be all that they cost.
 */
static void kdamond_skip_idle(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	u64 ticks;

	if (!ctx->ops.idle_ticks || ctx->callback.after_sampling ||
	    !list_empty(&ctx->probes))
		return;
	/* Only a hint: what is posted now has its turn a few ticks later. */
	if (data_race(!list_empty(&s->calls)))
		return;
	ticks = min_t(u64, ctx->ops.idle_ticks(ctx), KDAMOND_MAX_SKIP);
	ticks = min(ticks, min(s->window_end, s->next_apply) - s->tick - 1);
	s->tick += ticks;
	s->cost.ticks += ticks;
	s->deadline = ktime_add_safe(s->deadline, ticks *
				     damon_interval_ktime(ctx->sample_interval));
}

/* Does a damos_walk() wait while no scheme will run, or there is none? */
static bool kdamond_walk_is_vain(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	return READ_ONCE(s->walk) && (s->held || list_empty(&ctx->schemes));
}

/*
 * Sleep until the deadline, but not through requests. Returns false when the
 * thread shall end.
 */
static bool kdamond_sleep(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	ktime_t deadline, slack;
	int ret;

	do {
		if (kdamond_walk_is_vain(ctx))
			damos_cancel_walk(ctx);
		if (READ_ONCE(s->call_waiting)) {
			kdamond_run_calls(ctx, false);
			/* It may have been the reason to wait that was changed. */
			if (s->held)
				break;
		}
		/* Requests may change intervals. */
		deadline = s->deadline;
		/* Less than a hundredth, lets the system wake up less often. */
		slack = damon_interval_ktime(ctx->sample_interval) >> 7;
		/* Idle: a sleeping kdamond is no load. */
		set_current_state(TASK_IDLE);
		if (kdamond_stop_requested(ctx)) {
			__set_current_state(TASK_RUNNING);
			return false;
		}
		if (READ_ONCE(s->call_waiting) || kdamond_walk_is_vain(ctx)) {
			__set_current_state(TASK_RUNNING);
			ret = -EINTR;
			continue;
		}
		ret = schedule_hrtimeout_range_clock(&deadline, slack,
						     HRTIMER_MODE_ABS,
						     CLOCK_MONOTONIC);
	} while (ret);
	return !kdamond_stop_requested(ctx);
}

/* The deadline has passed: set the next one, and skip those that are missed. */
static void kdamond_advance(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	ktime_t interval = damon_interval_ktime(ctx->sample_interval);
	ktime_t late = ktime_sub(ktime_get(), s->deadline);
	s64 ticks = 1;

	if (unlikely(late >= interval)) {
		ticks += div64_s64(late, interval);
		s->cost.ticks_missed += ticks - 1;
	}
	s->cost.ticks++;
	s->tick += ticks;
	s->deadline = ktime_add_safe(s->deadline, ticks * interval);
}

/* Is there anything left to monitor? */
static bool kdamond_has_target(struct damon_ctx *ctx)
{
	struct damon_target *t;

	if (!ctx->ops.target_valid)
		return true;
	damon_for_each_target(t, ctx)
		if (ctx->ops.target_valid(t))
			return true;
	return false;
}

static void kdamond_trace_window(struct damon_ctx *ctx)
{
	unsigned int nr_probes = list_count_nodes(&ctx->probes);
	struct damon_target *t;
	struct damon_region *r;
	unsigned int idx = 0;
	unsigned long id;

	damon_for_each_target(t, ctx) {
		id = damon_target_trace_id(t, idx);
		damon_for_each_region(r, t) {
			trace_damon_aggregated(id, t, r);
			if (nr_probes)
				trace_damon_region_aggregated(id, t, r,
							      nr_probes);
		}
		idx += !damon_target_is_member(t);
	}
}

static void kdamond_apply_schemes(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	damos_apply(ctx);
	if (!list_empty(&ctx->schemes))
		kdamond_charge(s, &s->cost.schemes_ns);
}

/* New intervals begin with a new window. */
static void kdamond_tune(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_attrs attrs = ctx->attrs, asked = s->asked;

	if (!attrs.intervals_goal.aggrs || s->tick < s->next_tune)
		return;
	s->next_tune = s->tick + size_mul(attrs.intervals_goal.aggrs,
					  kdamond_nr_ticks(ctx, attrs.aggr_interval));
	if (!damon_tune_intervals(ctx, &attrs) || damon_set_attrs(ctx, &attrs))
		return;
	s->asked = asked;
	trace_damon_monitor_intervals_tune(attrs.sample_interval);
}

/*
 * The results of a window are complete: use them. Returns what the callback
 * returned: zero to go on.
 */
static int kdamond_report(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	int err = 0;

	kdamond_charge(s, &s->cost.adapting_ns);
	s->reporting = true;
	if (ctx->callback.after_aggregation) {
		err = ctx->callback.after_aggregation(ctx);
		kdamond_charge(s, &s->cost.callbacks_ns);
	}
	if (!err)
		kdamond_apply_schemes(ctx);
	if (trace_damon_aggregated_enabled() ||
	    trace_damon_region_aggregated_enabled()) {
		kdamond_trace_window(ctx);
		kdamond_charge(s, &s->cost.callbacks_ns);
	}
	kdamond_tune(ctx);
	s->reporting = false;
	return err;
}

/* Returns what the callback returned: zero to go on. */
static int kdamond_end_window(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	int err;

	kdamond_charge(s, &s->cost.sampling_ns);
	damon_adapt(ctx);
	damon_sanity(ctx);
	s->window_end += kdamond_nr_ticks(ctx, ctx->aggr_interval);
	/* What was missed altogether is not made up for. */
	if (s->window_end <= s->tick)
		s->window_end = s->tick +
				kdamond_nr_ticks(ctx, ctx->aggr_interval);
	err = kdamond_report(ctx);
	damon_adapt_next_window(ctx);
	kdamond_charge(s, &s->cost.adapting_ns);
	damon_snapshot_end_window(ctx);
	kdamond_charge(s, &s->cost.callbacks_ns);
	if (ctx->ops.reset_aggregated)
		ctx->ops.reset_aggregated(ctx);

	if (s->tick >= s->next_update) {
		s->next_update = s->tick +
				 kdamond_nr_ticks(ctx, ctx->ops_update_interval);
		if (ctx->ops.update)
			ctx->ops.update(ctx);
		damon_bounds_enforce(ctx);
	}
	kdamond_charge(s, &s->cost.adapting_ns);
	kdamond_show_cost(ctx, false);
	return err;
}

/* Returns what the callback returned: zero to go on. */
static int kdamond_after_sampling(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	int err;

	if (likely(!ctx->callback.after_sampling))
		return 0;
	kdamond_charge(s, &s->cost.sampling_ns);
	err = ctx->callback.after_sampling(ctx);
	kdamond_charge(s, &s->cost.callbacks_ns);
	return err;
}

/*
 * How long shall there be neither looks nor schemes, in us? Zero: not at all.
 * Sets @err to what the callback returned.
 */
static unsigned long kdamond_hold_us(struct damon_ctx *ctx, int *err)
{
	unsigned long wait;

	*err = 0;
	if (ctx->pause)
		return max(ctx->aggr_interval, 1UL);
	if (list_empty(&ctx->schemes))
		return 0;
	wait = damos_wmarks_check(ctx);
	if (ctx->callback.after_wmarks_check)
		*err = ctx->callback.after_wmarks_check(ctx);
	return wait;
}

/*
 * Wait until there is something to do: the context is not paused, and watermarks
 * let a scheme act. The window goes on afterwards where it was. Returns false
 * when the thread shall end.
 */
static bool kdamond_hold(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_target *t;
	unsigned long wait;
	int err;

	while ((wait = kdamond_hold_us(ctx, &err)) && !err) {
		s->held = true;
		s->deadline = ktime_add_safe(ktime_get(),
					     damon_interval_ktime(wait));
		if (!kdamond_sleep(ctx) || !kdamond_has_target(ctx))
			return false;
		/* Only a hint, as below. */
		if (data_race(!list_empty(&s->calls)))
			kdamond_run_calls(ctx, true);
	}
	if (err || !s->held)
		return !err;
	s->held = false;
	damon_for_each_target(t, ctx)
		damon_target_forget_samples(t);
	s->deadline = ktime_add_safe(ktime_get(),
				     damon_interval_ktime(ctx->sample_interval));
	return true;
}

/* One tick. Returns false when the thread shall end. */
static bool kdamond_tick(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	/* With deadlines that have always passed, nothing below may sleep. */
	cond_resched();
	if (kdamond_stop_requested(ctx) || !kdamond_has_target(ctx) ||
	    !kdamond_hold(ctx))
		return false;
	if (ctx->ops.prepare_access_checks && !damon_probes_only(ctx))
		ctx->ops.prepare_access_checks(ctx);
	if (kdamond_after_sampling(ctx))
		return false;

	kdamond_skip_idle(ctx);
	if (!kdamond_sleep(ctx))
		return false;
	kdamond_advance(ctx);

	if (ctx->ops.check_accesses && !damon_probes_only(ctx))
		ctx->ops.check_accesses(ctx);
	if (unlikely(!list_empty(&ctx->probes)))
		ctx->ops.apply_probes(ctx);
	if (s->tick >= s->window_end) {
		if (kdamond_end_window(ctx))
			return false;
	} else if (unlikely(s->tick >= s->next_apply)) {
		kdamond_charge(s, &s->cost.sampling_ns);
		kdamond_apply_schemes(ctx);
	} else if (unlikely(s->deadline >= s->next_show)) {
		kdamond_charge(s, &s->cost.sampling_ns);
		kdamond_show_cost(ctx, false);
	}
	/* Only a hint: one that is posted now wakes the next sleep. */
	if (data_race(!list_empty(&s->calls)))
		kdamond_run_calls(ctx, true);
	return true;
}

/* The same, where the one who started the thread sees by KCOV what it reaches. */
static bool kdamond_seen_tick(struct damon_ctx *ctx)
{
	bool go_on;

	kcov_remote_start_common(kcov_common_handle());
	go_on = kdamond_tick(ctx);
	kcov_remote_stop();
	return go_on;
}

static bool kdamond_begin(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_target *t;
	int err = 0;

	s->tick = 0;
	s->held = false;
	s->asked = ctx->attrs;
	s->cost = (struct damon_cost){};
	s->started = ktime_get();
	s->next_show = ktime_add_ns(s->started, NSEC_PER_SEC);
	kdamond_reschedule(ctx);
	/* What an earlier run left is not from this window. */
	damon_adapt_drop_window(ctx);
	damon_for_each_target(t, ctx)
		damon_target_forget_samples(t);

	if (ctx->ops.init)
		ctx->ops.init(ctx);
	damon_bounds_enforce(ctx);
	kdamond_charge(s, &s->cost.adapting_ns);
	if (ctx->callback.before_start)
		err = ctx->callback.before_start(ctx);
	kdamond_charge(s, &s->cost.callbacks_ns);
	return !err;
}

static void kdamond_end(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	kdamond_cancel_calls(ctx);
	damos_cancel_walk(ctx);
	kdamond_charge(s, &s->cost.sampling_ns);
	if (ctx->callback.before_terminate)
		ctx->callback.before_terminate(ctx);
	kdamond_charge(s, &s->cost.callbacks_ns);
	if (ctx->ops.cleanup)
		ctx->ops.cleanup(ctx);
	kdamond_charge(s, &s->cost.adapting_ns);
	s->cost.elapsed_ns = ktime_to_ns(ktime_sub(ktime_get(), s->started));
	damon_ctx_ended(ctx);
}

/**
 * kdamond_fn() - The thread of a context.
 * @data:	the context
 *
 * Return: 0.
 */
int kdamond_fn(void *data)
{
	struct damon_ctx *ctx = data;

	if (kdamond_begin(ctx))
		while (kdamond_seen_tick(ctx))
			;
	kdamond_end(ctx);
	return 0;
}
