// SPDX-License-Identifier: GPL-2.0
/*
 * What is written to the file state of a kdamond, and what came of it: a keyword
 * is a row in damon_commands[] and a function.
 *
 * Owns the context that a kdamond directory stands for, and makes contexts of
 * staged values. It must not know where values come from (tree.c) nor how
 * monitoring is done; what is right or wrong in a context is decided in
 * config.c.
 *
 * Locks: legend in sysfs.h. A command that waits for a kdamond holds C only:
 * reading any file, writing values, and commands to other kdamonds go on. The
 * old context is kept until a new one runs, so that a refused command changes
 * nothing.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sysfs.h"

/**
 * struct damon_command - a keyword of the file state
 * @name:	the keyword
 * @no_context:	also without a staged context
 * @run:	does it, under C; says why it does not in the reason
 */
struct damon_command {
	const char *name;
	bool no_context;
	int (*run)(struct damon_kdamond_dir *kdamond,
		   struct damon_reason *why);
};

/**
 * struct damon_staging - a context in the making
 * @make:	makes it of what is staged, as far as that matters; under T
 * @ctx:	the context
 * @commit:	it is to be committed, so targets may be marked obsolete
 * @target_idx:	number of the target that is being made
 * @why:	why it is refused; names files as from the context's directory, as
 *		damon_ctx_check() does
 */
struct damon_staging {
	int (*make)(struct damon_staging *s, struct damon_ctx_cfg *cfg);
	struct damon_ctx *ctx;
	bool commit;
	int target_idx;
	struct damon_reason why;
};

/* Say of the ranges that damon_set_regions() refused which one is at fault. */
static void damon_ranges_refused(struct damon_staging *s,
				 const struct damon_addr_range *ranges, int nr)
{
	unsigned long min_region_sz = s->ctx->min_region_sz;
	int i;

	for (i = 0; i < nr; i++) {
		if (!damon_ranges_check(&ranges[i], 1, min_region_sz)) {
			damon_reason_set(&s->why, -EINVAL,
					 "targets/%d/regions/%d: start %lu is not below end %lu",
					 s->target_idx, i, ranges[i].start,
					 ranges[i].end);
			return;
		}
		if (i && !damon_ranges_check(&ranges[i - 1], 2, min_region_sz)) {
			damon_reason_set(&s->why, -EINVAL,
					 "targets/%d/regions/%d: start %lu is below the end of the region before",
					 s->target_idx, i, ranges[i].start);
			return;
		}
	}
}

static int damon_stage_regions(struct damon_staging *s, struct damon_target *t,
			       struct damon_target_cfg *cfg)
{
	struct damon_addr_range *ranges, *range;
	struct damon_dir *dir;
	int nr = 0, err;

	if (!cfg->regions.nr)
		return 0;
	ranges = kvmalloc_array(cfg->regions.nr, sizeof(*ranges),
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!ranges)
		return -ENOMEM;
	damon_vec_for_each(dir, &cfg->regions) {
		range = dir->obj;
		ranges[nr].start = READ_ONCE(range->start);
		ranges[nr++].end = READ_ONCE(range->end);
	}
	err = damon_set_regions(t, ranges, nr, s->ctx->min_region_sz);
	if (err == -EINVAL)
		damon_ranges_refused(s, ranges, nr);
	kvfree(ranges);
	return err;
}

/*
 * An obsolete target only marks the place of the one to drop: its process may be
 * gone long since.
 */
static int damon_stage_target(struct damon_staging *s,
			      struct damon_target_cfg *cfg)
{
	struct damon_target *t = damon_new_target();
	int pid = READ_ONCE(cfg->pid);

	if (!t)
		return -ENOMEM;
	damon_add_target(s->ctx, t);
	t->obsolete = s->commit && READ_ONCE(cfg->obsolete);
	if (t->obsolete)
		return 0;
	if (damon_target_has_pid(s->ctx)) {
		t->pid = find_get_pid(pid);
		if (!t->pid)
			return damon_reason_set(&s->why, -EINVAL,
						"targets/%d: no process with pid %d",
						s->target_idx, pid);
	}
	return damon_stage_regions(s, t, cfg);
}

static int damon_stage_ctx(struct damon_staging *s, struct damon_ctx_cfg *cfg)
{
	enum damon_ops_id ops_id = READ_ONCE(cfg->ops_id);
	const struct damon_intervals_goal *goal = &cfg->attrs.intervals_goal;
	struct damon_dir *dir;
	int idx = 0, err;

	s->ctx = damon_new_ctx();
	if (!s->ctx)
		return -ENOMEM;
	if (damon_select_ops(s->ctx, ops_id))
		return damon_reason_set(&s->why, -EINVAL,
					"operations: %s is not available",
					damon_ops_names[ops_id]);
	s->ctx->attrs = (struct damon_attrs) {
		.sample_interval = READ_ONCE(cfg->attrs.sample_interval),
		.aggr_interval = READ_ONCE(cfg->attrs.aggr_interval),
		.ops_update_interval = READ_ONCE(cfg->attrs.ops_update_interval),
		.min_nr_regions = READ_ONCE(cfg->attrs.min_nr_regions),
		.max_nr_regions = READ_ONCE(cfg->attrs.max_nr_regions),
		.intervals_goal = {
			.access_bp = READ_ONCE(goal->access_bp),
			.aggrs = READ_ONCE(goal->aggrs),
			.min_sample_us = READ_ONCE(goal->min_sample_us),
			.max_sample_us = READ_ONCE(goal->max_sample_us),
		},
	};
	/* Of virtual memory there is none that is out of reach. */
	if (ops_id == DAMON_OPS_PADDR)
		s->ctx->addr_unit = READ_ONCE(cfg->addr_unit);
	err = damon_addr_unit_check(s->ctx->addr_unit, &s->why);
	if (err)
		return err;
	s->ctx->min_region_sz = damon_smallest_region(ops_id, s->ctx->addr_unit);
	s->ctx->pause = READ_ONCE(cfg->pause);
	s->ctx->tlb_honesty = READ_ONCE(cfg->tlb_honesty);
	damon_vec_for_each(dir, &cfg->probes) {
		err = damon_stage_probe(s->ctx, dir->obj, idx++, &s->why);
		if (err)
			return err;
	}
	idx = 0;
	damon_vec_for_each(dir, &cfg->targets) {
		err = damon_stage_target(s, dir->obj);
		if (err)
			return err;
		s->target_idx++;
	}
	damon_vec_for_each(dir, &cfg->schemes) {
		err = damon_stage_scheme(s->ctx, dir->obj, idx++, &s->why);
		if (err)
			return err;
	}
	return damon_ctx_check(s->ctx, &s->why);
}

/* Only the goals: whatever else is staged may be half done. */
static int damon_stage_ctx_goals(struct damon_staging *s,
				 struct damon_ctx_cfg *cfg)
{
	struct damon_dir *dir;
	int idx = 0, err;

	s->ctx = damon_new_ctx();
	if (!s->ctx)
		return -ENOMEM;
	damon_vec_for_each(dir, &cfg->schemes) {
		err = damon_stage_quota_goals(s->ctx, dir->obj, idx++, &s->why);
		if (err)
			return err;
	}
	return 0;
}

/* Put what is said of a context into a reason for the whole kdamond. */
static void damon_ctx_refused(struct damon_reason *why,
			      const struct damon_reason *detail)
{
	if (detail->text[0])
		damon_reason_set(why, 0, "contexts/0/%s", detail->text);
}

/* A context of what is staged now, or an ERR_PTR(). */
static struct damon_ctx *damon_staged_ctx(struct damon_kdamond_dir *kdamond,
					  struct damon_staging *staging,
					  struct damon_reason *why)
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	struct damon_ctx_cfg *cfg;
	int err = -EINVAL;

	if (!damon_tree_trylock(tree))
		return ERR_PTR(-EBUSY);
	cfg = damon_vec_first(&kdamond->contexts);
	if (cfg)
		err = staging->make(staging, cfg);
	damon_tree_unlock(tree);
	if (!err)
		return staging->ctx;
	damon_ctx_refused(why, &staging->why);
	if (staging->ctx)
		damon_destroy_ctx(staging->ctx);
	return ERR_PTR(err);
}

static int damon_command_on(struct damon_kdamond_dir *kdamond,
			    struct damon_reason *why)
{
	struct damon_staging staging = { .make = damon_stage_ctx };
	struct damon_ctx *ctx;
	int err;

	lockdep_assert_held(&kdamond->command_lock);
	if (kdamond->ctx && damon_is_running(kdamond->ctx))
		return damon_reason_set(why, -EBUSY, "state: already on");
	ctx = damon_staged_ctx(kdamond, &staging, why);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	err = damon_start(&ctx, 1, false);
	if (err) {
		damon_destroy_ctx(ctx);
		if (err == -EBUSY)
			damon_reason_set(why, err,
					 "state: the monitor is in exclusive use");
		return err;
	}
	scoped_guard(mutex, &kdamond->status_lock) {
		swap(kdamond->ctx, ctx);
		kdamond->refreshing = false;
		damon_refresh_begin(kdamond);
	}
	if (ctx)
		damon_destroy_ctx(ctx);
	return 0;
}

/* One that has ended by itself is off as it should be. */
static int damon_command_off(struct damon_kdamond_dir *kdamond,
			     struct damon_reason *why)
{
	int err;

	lockdep_assert_held(&kdamond->command_lock);
	if (!kdamond->ctx)
		return damon_reason_set(why, -EINVAL, "state: never on");
	err = damon_stop_killable(kdamond->ctx);
	return err == -EPERM ? 0 : err;
}

struct damon_commit_request {
	struct damon_ctx *running;
	struct damon_ctx *wanted;
	struct damon_reason why;
};

/* In the kdamond. */
static int damon_commit_fn(void *data)
{
	struct damon_commit_request *request = data;

	return damon_ctx_commit(request->running, request->wanted,
				&request->why);
}

/* Likewise. */
static int damon_commit_goals_fn(void *data)
{
	struct damon_commit_request *request = data;

	return damos_take_all_goals(request->running, request->wanted,
				    &request->why);
}

static int damon_commit_by(struct damon_kdamond_dir *kdamond,
			   struct damon_staging *staging,
			   int (*fn)(void *data), struct damon_reason *why)
{
	struct damon_commit_request request = { .running = kdamond->ctx };
	struct damon_call_control control = {
		.fn = fn,
		.data = &request,
	};
	int err;

	lockdep_assert_held(&kdamond->command_lock);
	if (!kdamond->ctx)
		return damon_reason_set(why, -EINVAL, "state: never on");
	if (!damon_is_running(kdamond->ctx))
		return -ECANCELED;
	request.wanted = damon_staged_ctx(kdamond, staging, why);
	if (IS_ERR(request.wanted))
		return PTR_ERR(request.wanted);
	err = damon_call(kdamond->ctx, &control) ?: control.return_code;
	damon_ctx_refused(why, &request.why);
	damon_destroy_ctx(request.wanted);
	return err;
}

static int damon_command_commit(struct damon_kdamond_dir *kdamond,
				struct damon_reason *why)
{
	struct damon_staging staging = {
		.make = damon_stage_ctx,
		.commit = true,
	};

	return damon_commit_by(kdamond, &staging, damon_commit_fn, why);
}

static int damon_command_goals(struct damon_kdamond_dir *kdamond,
			       struct damon_reason *why)
{
	struct damon_staging staging = { .make = damon_stage_ctx_goals };

	return damon_commit_by(kdamond, &staging, damon_commit_goals_fn, why);
}

static const struct damon_command damon_commands[] = {
	{ .name = "on", .run = damon_command_on },
	{ .name = "off", .run = damon_command_off, .no_context = true },
	{ .name = "commit", .run = damon_command_commit },
	{ .name = "commit_schemes_quota_goals", .run = damon_command_goals },
	{ .name = "update_schemes_stats", .run = damon_command_stats },
	{ .name = "update_schemes_effective_quotas",
	  .run = damon_command_quotas },
	{ .name = "update_schemes_tried_bytes",
	  .run = damon_command_tried_bytes },
	{ .name = "update_schemes_tried_regions",
	  .run = damon_command_tried_regions },
	{ .name = "update_schemes_regions",
	  .run = damon_command_tried_regions },
	{ .name = "clear_schemes_tried_regions",
	  .run = damon_command_clear_tried },
	{ .name = "update_tuned_intervals", .run = damon_command_intervals },
};

static const struct damon_command *damon_command_find(const char *text)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(damon_commands); i++)
		if (sysfs_streq(text, damon_commands[i].name))
			return &damon_commands[i];
	return NULL;
}

/* Take C; see sysfs.h for why under T. */
static int damon_command_begin(struct damon_kdamond_dir *kdamond,
			       const struct damon_command *command,
			       struct damon_reason *why)
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	int err = -EBUSY;

	if (!damon_tree_trylock(tree))
		return -EBUSY;
	if (!command->no_context && kdamond->contexts.nr != 1)
		err = damon_reason_set(why, -EINVAL,
				       "contexts/nr_contexts: %d is not 1",
				       kdamond->contexts.nr);
	else if (mutex_trylock(&kdamond->command_lock))
		err = 0;
	damon_tree_unlock(tree);
	return err;
}

static int damon_command_do(struct damon_kdamond_dir *kdamond, const char *text,
			    struct damon_reason *why)
{
	const struct damon_command *command = damon_command_find(text);
	int err;

	if (!command)
		return damon_reason_set(why, -EINVAL, "state: unknown keyword");
	err = damon_command_begin(kdamond, command, why);
	if (err)
		return err;
	err = command->run(kdamond, why);
	mutex_unlock(&kdamond->command_lock);
	return err;
}

/* For errors that no better reason was given for. */
static const char *damon_errno_reason(int err)
{
	switch (err) {
	case -EBUSY:
		return "state: busy with another command or a change of directories";
	case -ECANCELED:
		return "state: the kdamond has ended";
	case -EINTR:
		return "state: interrupted";
	case -ENOMEM:
		return "out of memory";
	}
	return "state: refused";
}

static int damon_state_store(const struct damon_file *file, void *field,
			     const char *text)
{
	struct damon_kdamond_dir *kdamond = field;
	struct damon_reason why = {};
	int err = damon_command_do(kdamond, text, &why);

	if (!err)
		why.text[0] = '\0';
	else if (!why.text[0])
		damon_reason_set(&why, err, "%s", damon_errno_reason(err));
	scoped_guard(mutex, &kdamond->status_lock)
		kdamond->last_error = why;
	return err;
}

static int damon_state_show(const struct damon_file *file, void *field,
			    char *buf)
{
	struct damon_kdamond_dir *kdamond = field;
	bool on;

	scoped_guard(mutex, &kdamond->status_lock)
		on = kdamond->ctx && damon_is_running(kdamond->ctx);
	return sysfs_emit(buf, "%s\n", on ? "on" : "off");
}

const struct damon_file_kind damon_file_state = {
	.show = damon_state_show,
	.store = damon_state_store,
};

static int damon_pid_show(const struct damon_file *file, void *field, char *buf)
{
	struct damon_kdamond_dir *kdamond = field;
	int pid = -1;

	scoped_guard(mutex, &kdamond->status_lock)
		if (kdamond->ctx)
			pid = damon_kdamond_pid(kdamond->ctx);
	return sysfs_emit(buf, "%d\n", max(pid, -1));
}

const struct damon_file_kind damon_file_pid = {
	.show = damon_pid_show,
};

static int damon_last_error_show(const struct damon_file *file, void *field,
				 char *buf)
{
	struct damon_kdamond_dir *kdamond = field;

	guard(mutex)(&kdamond->status_lock);
	if (!kdamond->last_error.text[0])
		return 0;
	return sysfs_emit(buf, "%s\n", kdamond->last_error.text);
}

const struct damon_file_kind damon_file_last_error = {
	.show = damon_last_error_show,
};

/**
 * damon_kdamond_dir_init() - Prepare the object of kdamonds/<N>.
 * @obj:	zeroed struct damon_kdamond_dir
 */
void damon_kdamond_dir_init(void *obj)
{
	struct damon_kdamond_dir *kdamond = obj;

	mutex_init(&kdamond->command_lock);
	mutex_init(&kdamond->status_lock);
}

/**
 * damon_kdamond_dir_exit() - Free what the object of kdamonds/<N> has.
 * @obj:	struct damon_kdamond_dir that nobody uses any more; its kdamond
 *		does not run
 */
void damon_kdamond_dir_exit(void *obj)
{
	struct damon_kdamond_dir *kdamond = obj;

	if (kdamond->ctx)
		damon_destroy_ctx(kdamond->ctx);
	mutex_destroy(&kdamond->command_lock);
	mutex_destroy(&kdamond->status_lock);
}

/**
 * damon_kdamonds_may_resize() - Can all kdamond directories go now?
 * @kdamonds:	of struct damon_kdamond_dir; T is held
 *
 * Return: 0, or -EBUSY if a kdamond runs or a command is under way.
 */
int damon_kdamonds_may_resize(struct damon_vec *kdamonds)
{
	struct damon_kdamond_dir *kdamond;
	struct damon_dir *dir;
	bool busy;

	lockdep_assert_held(&kdamonds->dir->tree->lock);
	damon_vec_for_each(dir, kdamonds) {
		kdamond = dir->obj;
		if (!mutex_trylock(&kdamond->command_lock))
			return -EBUSY;
		busy = kdamond->ctx && damon_is_running(kdamond->ctx);
		mutex_unlock(&kdamond->command_lock);
		if (busy)
			return -EBUSY;
	}
	return 0;
}
