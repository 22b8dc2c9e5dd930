// SPDX-License-Identifier: GPL-2.0
/*
 * Results: where they are to be found, the commands that fetch them, and how they
 * are refreshed without a command.
 *
 * Locks: status_lock or C, so that the context stays; see sysfs.h. The kdamond,
 * which refreshes, has neither, but then it is the context's own.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "sysfs.h"

static struct damon_kdamond_dir *damon_kdamond_of(struct damon_ctx_cfg *cfg)
{
	struct damon_dir *contexts = container_of(damon_elem_dir(cfg)->kobj.parent,
						  struct damon_dir, kobj);

	/* A directory stays as long as one below it. */
	return container_of(contexts->obj, struct damon_kdamond_dir, contexts);
}

static int damon_device_show(const struct damon_file *file, void *field,
			     char *buf)
{
	struct damon_kdamond_dir *kdamond = damon_kdamond_of(field);
	int id = -1;

	scoped_guard(mutex, &kdamond->status_lock)
		if (kdamond->ctx)
			id = damon_ctx_id(kdamond->ctx);
	if (id < 0)
		return 0;
	return sysfs_emit(buf, DAMON_DEVICE_NAME "\n", id);
}

const struct damon_file_kind damon_file_device = {
	.show = damon_device_show,
};

/*
 * A function in the kdamond collects results, then they are put where the files
 * are, as far as these still exist.
 */

/**
 * struct damon_results - what is collected
 * @ctx:	where
 * @attrs:	attributes in force
 * @nr:		number of schemes: at first, for how many there is room
 * @schemes:	results of each
 */
struct damon_results {
	struct damon_ctx *ctx;
	struct damon_attrs attrs;
	int nr;
	struct {
		struct damos_stat stat;
		unsigned long esz;
	} schemes[] __counted_by(nr);
};

/* In the kdamond. */
static int damon_collect_fn(void *data)
{
	struct damon_results *results = data;
	struct damos *s;
	int i = 0;

	results->attrs = results->ctx->attrs;
	damon_for_each_scheme(s, results->ctx) {
		if (i >= results->nr)
			break;
		results->schemes[i].stat = s->stat;
		results->schemes[i++].esz = s->quota.esz;
	}
	results->nr = i;
	return 0;
}

/**
 * damon_nr_staged_schemes() - How many schemes are there to show the results of?
 * @kdamond:	which
 *
 * Return: the number; -EINVAL without a context; -EBUSY.
 */
int damon_nr_staged_schemes(struct damon_kdamond_dir *kdamond)
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	struct damon_ctx_cfg *cfg;
	int nr = -EINVAL;

	if (!damon_tree_trylock(tree))
		return -EBUSY;
	cfg = damon_vec_first(&kdamond->contexts);
	if (cfg)
		nr = cfg->schemes.nr;
	damon_tree_unlock(tree);
	return nr;
}

/* The results of now, to be freed by kvfree(), or an ERR_PTR(). */
static struct damon_results *damon_collect(struct damon_kdamond_dir *kdamond,
					   struct damon_reason *why)
{
	struct damon_call_control control = { .fn = damon_collect_fn };
	struct damon_results *results;
	int nr, err;

	lockdep_assert_held(&kdamond->command_lock);
	if (!kdamond->ctx)
		return ERR_PTR(damon_reason_set(why, -EINVAL,
						"state: never on"));
	nr = damon_nr_staged_schemes(kdamond);
	if (nr < 0)
		return ERR_PTR(nr);
	results = kvzalloc(struct_size(results, schemes, nr),
			   GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!results)
		return ERR_PTR(-ENOMEM);
	results->ctx = kdamond->ctx;
	results->nr = nr;
	control.data = results;
	err = damon_call(kdamond->ctx, &control);
	if (!err)
		return results;
	kvfree(results);
	return ERR_PTR(err);
}

/* Collect, then let @put have the results and what is staged, under T. */
static int damon_show_results(struct damon_kdamond_dir *kdamond,
			      struct damon_reason *why,
			      void (*put)(struct damon_ctx_cfg *cfg,
					  const struct damon_results *results))
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	struct damon_results *results = damon_collect(kdamond, why);
	struct damon_ctx_cfg *cfg;
	int err = -EBUSY;

	if (IS_ERR(results))
		return PTR_ERR(results);
	if (damon_tree_trylock(tree)) {
		cfg = damon_vec_first(&kdamond->contexts);
		if (cfg)
			put(cfg, results);
		damon_tree_unlock(tree);
		err = 0;
	}
	kvfree(results);
	return err;
}

static void damon_put_stats(struct damon_ctx_cfg *cfg,
			    const struct damon_results *results)
{
	struct damon_scheme_cfg *scheme;
	struct damon_dir *dir;
	int i = 0;

	damon_vec_for_each(dir, &cfg->schemes) {
		if (i >= results->nr)
			break;
		scheme = dir->obj;
		damon_values_copy(&scheme->stat, &results->schemes[i++].stat,
				  sizeof(scheme->stat));
	}
}

static void damon_put_quotas(struct damon_ctx_cfg *cfg,
			     const struct damon_results *results)
{
	struct damon_scheme_cfg *scheme;
	struct damon_dir *dir;
	int i = 0;

	damon_vec_for_each(dir, &cfg->schemes) {
		if (i >= results->nr)
			break;
		scheme = dir->obj;
		WRITE_ONCE(scheme->quota.numbers.esz, results->schemes[i++].esz);
	}
}

static void damon_put_intervals(struct damon_ctx_cfg *cfg,
				const struct damon_results *results)
{
	WRITE_ONCE(cfg->attrs.sample_interval, results->attrs.sample_interval);
	WRITE_ONCE(cfg->attrs.aggr_interval, results->attrs.aggr_interval);
}

/**
 * damon_command_stats() - Show what schemes have done, in their stats.
 * @kdamond:	which; C is held
 * @why:	says why not
 *
 * Return: 0; -EINVAL before the first start; -ECANCELED when it has ended;
 * -EBUSY; -EINTR; -ENOMEM.
 */
int damon_command_stats(struct damon_kdamond_dir *kdamond,
			struct damon_reason *why)
{
	return damon_show_results(kdamond, why, damon_put_stats);
}

/**
 * damon_command_quotas() - Show effective quotas, in their effective_bytes.
 * @kdamond:	which; C is held
 * @why:	says why not
 *
 * Return: 0; -EINVAL before the first start; -ECANCELED when it has ended;
 * -EBUSY; -EINTR; -ENOMEM.
 */
int damon_command_quotas(struct damon_kdamond_dir *kdamond,
			 struct damon_reason *why)
{
	return damon_show_results(kdamond, why, damon_put_quotas);
}

/**
 * damon_command_intervals() - Show tuned intervals, in sample_us and aggr_us.
 * @kdamond:	which; C is held
 * @why:	says why not
 *
 * Return: 0; -EINVAL before the first start; -ECANCELED when it has ended;
 * -EBUSY; -EINTR; -ENOMEM.
 */
int damon_command_intervals(struct damon_kdamond_dir *kdamond,
			    struct damon_reason *why)
{
	return damon_show_results(kdamond, why, damon_put_intervals);
}

/*
 * Refreshing: from time to time the kdamond shows its results itself. It does not
 * wait for the lock of the tree, but tries again in the next tick. Who never asks
 * for it pays nothing: the request that repeats is only there from then on.
 */

static void damon_refresh(struct damon_kdamond_dir *kdamond,
			  const struct damon_results *results)
{
	struct damon_ctx_cfg *cfg = damon_vec_first(&kdamond->contexts);

	/* hazard C5: the directory may be gone. */
	if (!cfg)
		return;
	damon_put_stats(cfg, results);
	damon_put_quotas(cfg, results);
	/* Else they are as they were asked for, or are just being changed. */
	if (results->attrs.intervals_goal.aggrs)
		damon_put_intervals(cfg, results);
}

/* In the kdamond, each tick. */
static int damon_refresh_fn(void *data)
{
	struct damon_kdamond_dir *kdamond = data;
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	unsigned int ms = READ_ONCE(kdamond->refresh_ms);
	/* Its directory cannot change as long as the thread runs. */
	struct damon_ctx *ctx = kdamond->ctx;
	struct damon_results *results;
	int nr;

	if (!ms || time_before(jiffies, kdamond->refreshed + msecs_to_jiffies(ms)))
		return 0;
	nr = list_count_nodes(&ctx->schemes);
	results = kvzalloc(struct_size(results, schemes, nr),
			   GFP_KERNEL | __GFP_NOWARN);
	if (!results)
		return -ENOMEM;
	results->ctx = ctx;
	results->nr = nr;
	damon_collect_fn(results);
	if (damon_tree_trylock(tree)) {
		damon_refresh(kdamond, results);
		damon_tree_unlock(tree);
		kdamond->refreshed = jiffies;
	}
	kvfree(results);
	return 0;
}

/**
 * damon_refresh_begin() - Let the kdamond refresh results if that is wanted.
 * @kdamond:	which; S is held
 *
 * What the thread that has ended last was asked is forgotten when the context
 * changes.
 */
void damon_refresh_begin(struct damon_kdamond_dir *kdamond)
{
	lockdep_assert_held(&kdamond->status_lock);
	if (!READ_ONCE(kdamond->refresh_ms) || kdamond->refreshing ||
	    !kdamond->ctx || !damon_is_running(kdamond->ctx))
		return;
	kdamond->refresh = (struct damon_call_control) {
		.fn = damon_refresh_fn,
		.data = kdamond,
		.repeat = true,
	};
	kdamond->refreshed = jiffies;
	kdamond->refreshing = !damon_call(kdamond->ctx, &kdamond->refresh);
}

static int damon_refresh_ms_show(const struct damon_file *file, void *field,
				 char *buf)
{
	struct damon_kdamond_dir *kdamond = field;

	return damon_file_uint.show(file, &kdamond->refresh_ms, buf);
}

static int damon_refresh_ms_store(const struct damon_file *file, void *field,
				  const char *text)
{
	struct damon_kdamond_dir *kdamond = field;
	int err = damon_file_uint.store(file, &kdamond->refresh_ms, text);

	if (err)
		return err;
	guard(mutex)(&kdamond->status_lock);
	damon_refresh_begin(kdamond);
	return 0;
}

const struct damon_file_kind damon_file_refresh_ms = {
	.show = damon_refresh_ms_show,
	.store = damon_refresh_ms_store,
};
