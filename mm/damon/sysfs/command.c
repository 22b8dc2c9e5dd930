// SPDX-License-Identifier: GPL-2.0
/*
 * What is written to the file state of a kdamond, and what came of it: a keyword
 * is a row in damon_commands[] and a function.
 *
 * Owns the context that a kdamond directory stands for. It must not know where
 * values come from (tree.c), how a context is made of them (stage.c), nor how
 * monitoring is done.
 *
 * Locks: legend in sysfs.h. A command that waits for a kdamond holds C only:
 * reading any file, writing values, and commands to other kdamonds go on. The
 * old context is kept until a new one runs, so that a refused command changes
 * nothing.
 */
#include <linux/err.h>
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

static int damon_command_on(struct damon_kdamond_dir *kdamond,
			    struct damon_reason *why)
{
	struct damon_ctx *ctx;
	int err;

	lockdep_assert_held(&kdamond->command_lock);
	if (kdamond->ctx && damon_is_running(kdamond->ctx))
		return damon_reason_set(why, -EBUSY, "state: already on");
	ctx = damon_staged_ctx(kdamond, damon_stage_start, why);
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
			   damon_stage_fn *stage, int (*fn)(void *data),
			   struct damon_reason *why)
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
	request.wanted = damon_staged_ctx(kdamond, stage, why);
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
	return damon_commit_by(kdamond, damon_stage_commit, damon_commit_fn,
			       why);
}

static int damon_command_goals(struct damon_kdamond_dir *kdamond,
			       struct damon_reason *why)
{
	return damon_commit_by(kdamond, damon_stage_goals,
			       damon_commit_goals_fn, why);
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
