// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts and targets, the registry of operations, start and stop.
 *
 * Owns what contexts share: the list of running ones and the operations that
 * exist. It must not know how monitoring is done (kdamond.c), nor who asks for
 * it.
 *
 * damon_ctx.kdamond is set from the moment that damon_start() cannot fail any more
 * until the thread has run damon_ctx_ended(). Each such run has a number; whoever
 * waits for the end of one is not held up by the next.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/damon.h>
#include <linux/idr.h>
#include <linux/kcov.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "internal.h"

static DEFINE_MUTEX(damon_running_lock);	/* R in internal.h */
static LIST_HEAD(damon_running);
static DEFINE_IDA(damon_ids);

static DEFINE_MUTEX(damon_ops_lock);
static struct damon_operations damon_registered_ops[NR_DAMON_OPS];
static bool damon_ops_known[NR_DAMON_OPS];	/* under damon_ops_lock */

/**
 * damon_is_registered_ops() - Can these operations be selected?
 * @id:	any value
 *
 * Return: true if so. May sleep.
 */
bool damon_is_registered_ops(enum damon_ops_id id)
{
	guard(mutex)(&damon_ops_lock);
	return (unsigned int)id < NR_DAMON_OPS && damon_ops_known[id];
}

/**
 * damon_register_ops() - Offer a set of operations.
 * @ops:	operations; copied
 *
 * Return: 0, or -EINVAL for an unknown or known &damon_operations.id: the first
 * to register an id keeps it. May sleep.
 */
int damon_register_ops(struct damon_operations *ops)
{
	if ((unsigned int)ops->id >= NR_DAMON_OPS)
		return -EINVAL;
	guard(mutex)(&damon_ops_lock);
	if (damon_ops_known[ops->id])
		return -EINVAL;
	damon_registered_ops[ops->id] = *ops;
	damon_ops_known[ops->id] = true;
	return 0;
}

/**
 * damon_select_ops() - Let a context use registered operations.
 * @ctx:	context that does not run
 * @id:		which
 *
 * Return: 0, or -EINVAL if they are not registered. May sleep.
 */
int damon_select_ops(struct damon_ctx *ctx, enum damon_ops_id id)
{
	if ((unsigned int)id >= NR_DAMON_OPS)
		return -EINVAL;
	guard(mutex)(&damon_ops_lock);
	if (!damon_ops_known[id])
		return -EINVAL;
	ctx->ops = damon_registered_ops[id];
	return 0;
}

/**
 * damon_new_target() - Make a target.
 *
 * It has no process, no region and is in no context yet: see damon_add_target().
 * May sleep.
 *
 * Return: the target, or NULL for a lack of memory.
 */
struct damon_target *damon_new_target(void)
{
	struct damon_target_state *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->target.regions_list);
	INIT_LIST_HEAD(&s->target.list);
	return &s->target;
}

/**
 * damon_add_target() - Put a target behind the others of a context.
 * @ctx:	context; not running, or running and called from its kdamond
 * @t:		target in no context. The context owns it and its reference to
 *		&damon_target.pid from now on
 */
void damon_add_target(struct damon_ctx *ctx, struct damon_target *t)
{
	list_add_tail(&t->list, &ctx->adaptive_targets);
}

/**
 * damon_free_target() - Free a target that is in no context.
 * @t:	target; its regions and its reference to &damon_target.pid go with it
 */
void damon_free_target(struct damon_target *t)
{
	damon_target_free_regions(t);
	put_pid(t->pid);
	kvfree(damon_target_state(t)->group.ranges);
	kfree(damon_target_state(t));
}

/**
 * damon_destroy_target() - Take a target out of its context and free it.
 * @t:		target; if it stands for several address spaces, the targets of these go
 *		with it, all of which are before it
 * @ctx:	its context; not running, or running and called from its kdamond
 */
void damon_destroy_target(struct damon_target *t, struct damon_ctx *ctx)
{
	struct damon_target *other, *next;

	if (damon_target_is_group(t))
		damon_for_each_target_safe(other, next, ctx)
			if (damon_target_group(other) == t)
				damon_destroy_target(other, ctx);
	if (ctx->ops.cleanup_target)
		ctx->ops.cleanup_target(t);
	list_del(&t->list);
	damon_free_target(t);
}

/**
 * damon_nr_regions() - How many regions does a target have?
 * @t:	target
 *
 * Return: the number.
 */
unsigned int damon_nr_regions(struct damon_target *t)
{
	return t->nr_regions;
}

/**
 * damon_targets_empty() - Is there nothing to monitor?
 * @ctx:	context
 *
 * Return: true if it has no target.
 */
bool damon_targets_empty(struct damon_ctx *ctx)
{
	return list_empty(&ctx->adaptive_targets);
}

/**
 * damon_rand() - A random number, not for secrets.
 * @ctx:	context whose generator is used; from its kdamond
 * @l:		lowest value
 * @r:		first value above the range; above @l
 *
 * Return: a number in [@l, @r).
 */
unsigned long damon_rand(struct damon_ctx *ctx, unsigned long l,
			 unsigned long r)
{
	return l + damon_rand_below(damon_ctx_state(ctx), r - l);
}

/**
 * damon_new_ctx() - Make a context.
 *
 * It samples every 5 ms, aggregates every 100 ms and updates every 60 s, with 10
 * to 1000 regions. Operations and targets are still to be given. May sleep.
 *
 * Return: the context, or NULL for a lack of memory, or too early in the boot:
 * see damon_initialized().
 */
struct damon_ctx *damon_new_ctx(void)
{
	struct damon_ctx_state *s;
	struct damon_ctx *ctx;

	if (!damon_initialized())
		return NULL;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->running);
	INIT_LIST_HEAD(&s->calls);
	init_waitqueue_head(&s->over_wait);
	mutex_init(&s->walk_lock);
	s->next_apply = U64_MAX;
	s->rnd = get_random_u64() | 1;

	ctx = &s->ctx;
	ctx->sample_interval = 5 * USEC_PER_MSEC;
	ctx->aggr_interval = 100 * USEC_PER_MSEC;
	ctx->ops_update_interval = 60 * USEC_PER_SEC;
	ctx->min_nr_regions = 10;
	ctx->max_nr_regions = 1000;
	ctx->addr_unit = 1;
	ctx->min_region_sz = DAMON_MIN_REGION_SZ;
	mutex_init(&ctx->kdamond_lock);
	INIT_LIST_HEAD(&ctx->adaptive_targets);
	INIT_LIST_HEAD(&ctx->schemes);
	INIT_LIST_HEAD(&ctx->probes);
	return ctx;
}

/**
 * damon_destroy_ctx() - Free a context with its targets, schemes and probes.
 * @ctx:	context. It should not run; if it does, it is stopped. One that is
 *		ending is waited for
 *
 * May sleep.
 */
void damon_destroy_ctx(struct damon_ctx *ctx)
{
	struct damon_target *t, *next;

	damon_stop(&ctx, 1);
	/* The last thing that an ended thread does is to let go of this lock. */
	mutex_lock(&damon_running_lock);
	mutex_unlock(&damon_running_lock);
	damon_for_each_target_safe(t, next, ctx)
		damon_destroy_target(t, ctx);
	damos_free_all(&ctx->schemes);
	damon_probes_free(&ctx->probes);
	mutex_destroy(&damon_ctx_state(ctx)->walk_lock);
	mutex_destroy(&ctx->kdamond_lock);
	kfree(damon_ctx_state(ctx));
}

/**
 * damon_initialized() - Can contexts be made already?
 *
 * Return: true from subsys_initcall time on.
 */
bool damon_initialized(void)
{
	return damon_region_cache;
}

/**
 * damon_nr_running_ctxs() - How many contexts run?
 *
 * Return: the number, which may have changed by then. May sleep.
 */
int damon_nr_running_ctxs(void)
{
	guard(mutex)(&damon_running_lock);
	return list_count_nodes(&damon_running);
}

/* May a group start beside those that run? */
static bool damon_start_conflicts(bool exclusive)
{
	struct damon_ctx_state *s;

	lockdep_assert_held(&damon_running_lock);
	if (exclusive && !list_empty(&damon_running))
		return true;
	list_for_each_entry(s, &damon_running, running)
		if (s->exclusive)
			return true;
	return false;
}

/* With KCOV, who starts a thread sees what it reaches. */
static void damon_share_kcov(struct task_struct *task)
{
#ifdef CONFIG_KCOV
	task->kcov_handle = kcov_common_handle();
#endif
}

/* Make the thread of a context, without letting it run, or others know of it. */
static int damon_create_kdamond(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct task_struct *task;
	int err;

	lockdep_assert_held(&damon_running_lock);
	/* The values of one that runs belong to its kdamond. */
	if (!list_empty(&s->running))
		return -EBUSY;
	err = damon_ctx_check(ctx, NULL);
	if (err)
		return err;
	s->id = ida_alloc_max(&damon_ids, DAMON_MAX_CTXS - 1, GFP_KERNEL);
	if (s->id < 0)
		return s->id;
	err = damon_snapshot_add(ctx, s->id);
	if (err)
		goto free_id;
	task = kthread_create(kdamond_fn, ctx, "kdamond.%d", s->id);
	if (IS_ERR(task)) {
		err = PTR_ERR(task);
		goto remove_snapshot;
	}
	s->task = task;
	damon_share_kcov(task);
	list_add_tail(&s->running, &damon_running);
	return 0;

remove_snapshot:
	damon_snapshot_remove(ctx);
free_id:
	ida_free(&damon_ids, s->id);
	return err;
}

/* Undo damon_create_kdamond(). */
static void damon_discard_kdamond(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	lockdep_assert_held(&damon_running_lock);
	/* A thread that is stopped before it first ran never calls kdamond_fn(). */
	kthread_stop(s->task);
	list_del_init(&s->running);
	damon_snapshot_remove(ctx);
	ida_free(&damon_ids, s->id);
}

/* Let the thread run. It may end at once. */
static void damon_release_kdamond(struct damon_ctx *ctx, bool exclusive)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	lockdep_assert_held(&damon_running_lock);
	s->exclusive = exclusive;
	guard(mutex)(&ctx->kdamond_lock);
	s->runs_begun++;
	s->accepting = true;
	s->cost_shown = (struct damon_cost){};
	WRITE_ONCE(ctx->kdamond_stop, false);
	WRITE_ONCE(ctx->kdamond, s->task);
	wake_up_process(s->task);
}

/**
 * damon_start() - Start to monitor.
 * @ctxs:	contexts that do not run
 * @nr_ctxs:	how many, at least one
 * @exclusive:	nothing else may run beside this group
 *
 * Each context gets a thread, kdamond.<number>. A context can be started again
 * after its end; its targets and regions are kept. May sleep.
 *
 * Return: 0; -EINVAL if a context makes no sense; -EBUSY if one of them runs, or
 * because of exclusiveness, asked for here or by those that run; -ENOMEM,
 * -EINTR; -ENOSPC: too many run; what else prevents a device. On an error nothing
 * of the group runs.
 */
int damon_start(struct damon_ctx **ctxs, int nr_ctxs, bool exclusive)
{
	int i, err = 0;

	if (nr_ctxs < 1)
		return -EINVAL;
	guard(mutex)(&damon_running_lock);
	if (damon_start_conflicts(exclusive))
		return -EBUSY;
	for (i = 0; i < nr_ctxs && !err; i++)
		err = ctxs[i] ? damon_create_kdamond(ctxs[i]) : -EINVAL;
	if (err) {
		/* The last one tried has no thread. */
		for (i -= 2; i >= 0; i--)
			damon_discard_kdamond(ctxs[i]);
		return err;
	}
	for (i = 0; i < nr_ctxs; i++)
		damon_release_kdamond(ctxs[i], exclusive);
	return 0;
}

/**
 * damon_ctx_ended() - The kdamond has done its last work.
 * @ctx:	its context, which is not touched any more when this returns
 */
void damon_ctx_ended(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	damon_snapshot_remove(ctx);
	/* The task lives on for a moment; the number may be another's by then. */
	set_task_comm(current, "kdamond");
	guard(mutex)(&damon_running_lock);
	list_del_init(&s->running);
	ida_free(&damon_ids, s->id);
	guard(mutex)(&ctx->kdamond_lock);
	s->cost_shown = s->cost;
	WRITE_ONCE(ctx->kdamond, NULL);
	WRITE_ONCE(s->runs_over, s->runs_begun);
	wake_up_all(&s->over_wait);
}

static bool damon_run_is_over(struct damon_ctx_state *s, unsigned int run)
{
	/* Numbers may wrap. */
	return (int)(READ_ONCE(s->runs_over) - run) >= 0;
}

/* Ask the thread to end. Sets @run to the number of the run to wait for. */
static int damon_request_stop(struct damon_ctx *ctx, unsigned int *run)
{
	guard(mutex)(&ctx->kdamond_lock);
	*run = damon_ctx_state(ctx)->runs_begun;
	if (!ctx->kdamond)
		return -EPERM;
	WRITE_ONCE(ctx->kdamond_stop, true);
	wake_up_process(ctx->kdamond);
	return 0;
}

/**
 * damon_stop() - End the monitoring.
 * @ctxs:	contexts
 * @nr_ctxs:	how many
 *
 * Returns when the threads have ended. May sleep. Not from a kdamond of the
 * group.
 *
 * Return: 0, or -EPERM if one of them did not run; the others are stopped.
 */
int damon_stop(struct damon_ctx **ctxs, int nr_ctxs)
{
	struct damon_ctx_state *s;
	unsigned int run;
	int i, err = 0;

	for (i = 0; i < nr_ctxs; i++) {
		s = damon_ctx_state(ctxs[i]);
		if (damon_request_stop(ctxs[i], &run))
			err = -EPERM;
		else
			wait_event(s->over_wait, damon_run_is_over(s, run));
	}
	return err;
}

/**
 * damon_stop_killable() - End the monitoring of one context.
 * @ctx:	context
 *
 * Return: 0; -EPERM if it did not run; -EINTR if the caller was killed before
 * the thread had ended, which it will.
 */
int damon_stop_killable(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int run;
	int err = damon_request_stop(ctx, &run);

	if (err)
		return err;
	return wait_event_killable(s->over_wait, damon_run_is_over(s, run)) ?
	       -EINTR : 0;
}

/**
 * damon_is_running() - Does a context have a thread?
 * @ctx:	context
 *
 * Return: true if so, which may have changed by then. May sleep.
 */
bool damon_is_running(struct damon_ctx *ctx)
{
	guard(mutex)(&ctx->kdamond_lock);
	return ctx->kdamond;
}

/**
 * damon_kdamond_pid() - Who is the thread of a context?
 * @ctx:	context
 *
 * Return: its pid, or -EINVAL if the context does not run. May sleep.
 */
int damon_kdamond_pid(struct damon_ctx *ctx)
{
	guard(mutex)(&ctx->kdamond_lock);
	return ctx->kdamond ? task_pid_nr(ctx->kdamond) : -EINVAL;
}

/**
 * damon_ctx_id() - Which number have the thread and the device of a context?
 * @ctx:	context
 *
 * Return: the number, or -EINVAL if the context does not run. May sleep.
 */
int damon_ctx_id(struct damon_ctx *ctx)
{
	guard(mutex)(&ctx->kdamond_lock);
	return ctx->kdamond ? damon_ctx_state(ctx)->id : -EINVAL;
}

/**
 * damon_ctx_nudge() - Let the kdamond of a context look for requests.
 * @ctx:	context; nothing happens if it does not run
 *
 * May sleep.
 */
void damon_ctx_nudge(struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	guard(mutex)(&ctx->kdamond_lock);
	if (!s->accepting)
		return;
	WRITE_ONCE(s->call_waiting, true);
	wake_up_process(ctx->kdamond);
}

/**
 * damon_ctx_cost() - What has a run of a context cost?
 * @ctx:	context
 * @cost:	set to what its present or last run has cost: as of the end of
 *		the last window, in windows that are longer as of a second and a
 *		tick ago at most, or as of the last request; of a run that is
 *		over, in all. Zeros before the first
 *
 * All values are of the same moment. May sleep. Neither waits for the kdamond
 * nor makes it wait.
 */
void damon_ctx_cost(struct damon_ctx *ctx, struct damon_cost *cost)
{
	guard(mutex)(&ctx->kdamond_lock);
	*cost = damon_ctx_state(ctx)->cost_shown;
}

/* Sets @run to the number of the run that has, or would have had, the request. */
static int damon_call_post(struct damon_ctx *ctx,
			   struct damon_call_control *control,
			   unsigned int *run)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	guard(mutex)(&ctx->kdamond_lock);
	*run = s->runs_begun;
	if (ctx->kdamond == current)
		return -EDEADLK;
	if (!s->accepting)
		return -ECANCELED;
	list_add_tail(&control->list, &s->calls);
	WRITE_ONCE(s->call_waiting, true);
	wake_up_process(ctx->kdamond);
	return 0;
}

/* The caller of damon_call() was killed: nobody may use the control any more. */
static int damon_call_withdraw(struct damon_ctx *ctx,
			       struct damon_call_control *control)
{
	scoped_guard(mutex, &ctx->kdamond_lock) {
		if (!list_empty(&control->list)) {
			list_del_init(&control->list);
			return -EINTR;
		}
	}
	/* It is being run right now, or has been. */
	wait_for_completion(&control->done);
	return 0;
}

/**
 * damon_call() - Let the kdamond of a context run a function.
 * @ctx:	context
 * @control:	the function; for &damon_call_control.repeat it must live until
 *		the thread has ended
 *
 * A function that does not repeat is run at once, between two ticks. Returns
 * when it has been run, with its result in &damon_call_control.return_code. May
 * sleep, until killed, or, once the function has begun, until it returns.
 *
 * Return: 0; -EINVAL without a function; -EDEADLK from the kdamond itself;
 * -ECANCELED if the thread does not run, or ended first, and it has ended by
 * then; -EINTR if the caller was killed: the function will not be run.
 */
int damon_call(struct damon_ctx *ctx, struct damon_call_control *control)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int run;
	bool repeat;
	int err;

	if (!control || !control->fn)
		return -EINVAL;
	INIT_LIST_HEAD(&control->list);
	init_completion(&control->done);
	control->return_code = 0;
	control->canceled = false;
	repeat = control->repeat;

	err = damon_call_post(ctx, control, &run);
	/* One that repeats may be gone already. */
	if (!err && repeat)
		return 0;
	if (!err) {
		if (wait_for_completion_killable(&control->done) &&
		    damon_call_withdraw(ctx, control))
			return -EINTR;
		err = control->canceled ? -ECANCELED : 0;
	}
	if (err == -ECANCELED &&
	    wait_event_killable(s->over_wait, damon_run_is_over(s, run)))
		return -EINTR;
	return err;
}

static int __init damon_init(void)
{
	int err = damon_snapshot_init();

	if (err) {
		pr_err("no devices for snapshots: error %d\n", err);
		return err;
	}
	damon_region_cache = KMEM_CACHE(damon_region_state, 0);
	if (unlikely(!damon_region_cache)) {
		pr_err("no memory for regions\n");
		return -ENOMEM;
	}
	return 0;
}
subsys_initcall(damon_init);
