// SPDX-License-Identifier: GPL-2.0
/*
 * Regions that schemes were tried on, schemes/<S>/tried_regions: the files, and
 * the commands that fill and clear them.
 *
 * A walk collects them in the kdamond, which neither waits for the tree nor makes
 * directories. The writer of the command makes these afterwards, when nothing can
 * be held up by it but other changes of directories.
 *
 * Locks: C throughout, so no commit changes the schemes under a walk; T, by
 * trylock, before and after it. See sysfs.h.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "sysfs.h"

static const struct damon_dir_desc damon_tried_probe_desc = {
	.obj_size = sizeof(struct damon_tried_probe),
	.files = (const struct damon_file[]) {
		DAMON_RO("hits", struct damon_tried_probe, hits),
		{ }
	},
};

static const struct damon_dir_desc damon_tried_probes_desc = {
	.obj_size = sizeof(struct damon_vec),
	.elem = &damon_tried_probe_desc,
};

static const struct damon_dir_desc damon_tried_region_desc = {
	.obj_size = sizeof(struct damon_tried_region),
	.files = (const struct damon_file[]) {
		DAMON_RO("start", struct damon_tried_region, start),
		DAMON_RO("end", struct damon_tried_region, end),
		DAMON_RO("nr_accesses", struct damon_tried_region, nr_accesses),
		DAMON_RO("age", struct damon_tried_region, age),
		DAMON_RO("sz_filter_passed", struct damon_tried_region,
			 sz_filter_passed),
		DAMON_RO("target_idx", struct damon_tried_region, target_idx),
		DAMON_RO("pid", struct damon_tried_region, pid),
		{ }
	},
	.subdirs = (const struct damon_subdir[]) {
		DAMON_SUBDIR_OF("probes", damon_tried_probes_desc,
				struct damon_tried_region, probes),
		{ }
	},
};

static_assert(offsetof(struct damon_tried_regions, regions) == 0);

const struct damon_dir_desc damon_tried_regions_desc = {
	.obj_size = sizeof(struct damon_tried_regions),
	.files = (const struct damon_file[]) {
		DAMON_RO("total_bytes", struct damon_tried_regions,
			 total_bytes),
		{ }
	},
	.elem = &damon_tried_region_desc,
};

/**
 * struct damon_tried - what a walk has seen of one scheme
 * @bytes:	sum of the sizes of the regions
 * @regions:	the regions, if they are wanted; by kvrealloc()
 * @nr:		how many
 * @room:	for how many there is room
 */
struct damon_tried {
	unsigned long bytes;
	struct damon_tried_region *regions;
	int nr;
	int room;
};

/**
 * struct damon_tried_walk - a walk
 * @regions:	collect regions, not only their bytes
 * @err:	-ENOMEM if there was no room for a region
 * @nr:		number of staged schemes
 * @schemes:	what was seen of each
 */
struct damon_tried_walk {
	bool regions;
	int err;
	int nr;
	struct damon_tried schemes[] __counted_by(nr);
};

static int damon_tried_grow(struct damon_tried *tried)
{
	int room = max(2 * tried->room, 64);
	void *regions;

	/* More could not be numbered. */
	if (room > INT_MAX / 2)
		return -ENOMEM;
	regions = kvrealloc(tried->regions,
			    array_size(room, sizeof(*tried->regions)),
			    GFP_KERNEL | __GFP_NOWARN);
	if (!regions)
		return -ENOMEM;
	tried->regions = regions;
	tried->room = room;
	return 0;
}

/* In the kdamond. */
static void damon_tried_walk_fn(void *data, struct damon_ctx *ctx,
				struct damon_target *t, struct damon_region *r,
				struct damos *s, unsigned long sz_filter_passed)
{
	struct damon_tried_walk *walk = data;
	struct damon_tried_region *shown;
	struct damon_tried *tried;
	struct damon_probe *probe;
	struct damos *scheme;
	int idx = 0;

	damon_for_each_scheme(scheme, ctx) {
		/* Those beyond are not staged any more. */
		if (idx >= walk->nr || walk->err)
			return;
		if (scheme == s)
			break;
		idx++;
	}
	tried = &walk->schemes[idx];
	tried->bytes = size_add(tried->bytes, damon_sz_region(r));
	if (!walk->regions)
		return;
	if (tried->nr == tried->room)
		walk->err = damon_tried_grow(tried);
	if (walk->err)
		return;
	shown = &tried->regions[tried->nr++];
	*shown = (struct damon_tried_region) {
		.start = r->ar.start,
		.end = r->ar.end,
		.nr_accesses = damon_nr_accesses_mvsum(r, ctx),
		.age = r->age,
		.sz_filter_passed = sz_filter_passed,
		.target_idx = damon_target_idx(ctx, t),
		.pid = pid_nr(t->pid),
	};
	damon_for_each_probe(probe, ctx) {
		shown->hits[shown->nr_probes].hits =
			damon_probe_hits_mvsum(shown->nr_probes, r, ctx);
		shown->nr_probes++;
	}
}

static int damon_tried_walk(struct damon_kdamond_dir *kdamond,
			    struct damon_tried_walk *walk,
			    struct damon_reason *why)
{
	struct damos_walk_control control = {
		.walk_fn = damon_tried_walk_fn,
		.data = walk,
	};
	int err = damos_walk(kdamond->ctx, &control);

	if (err == -ECANCELED && damon_is_running(kdamond->ctx))
		damon_reason_set(why, err, "state: no scheme is active");
	return err ?: walk->err;
}

/* Show the regions of one scheme, and the hits of probes in each. Under T. */
static int damon_tried_put_regions(struct damon_vec *vec,
				   const struct damon_tried *tried)
{
	struct damon_dir *dir;
	int err;

	err = damon_vec_set(vec, tried->nr, tried->regions);
	if (err)
		return err;
	damon_vec_for_each(dir, vec) {
		struct damon_tried_region *region = dir->obj;

		err = damon_vec_set(&region->probes, region->nr_probes,
				    region->hits);
		if (err)
			break;
		cond_resched();
	}
	return err;
}

/*
 * Show what was collected, or nothing for a @walk of NULL. Schemes that were not
 * walked over show nothing either. On an error none does. Under T.
 */
static int damon_tried_put(struct damon_ctx_cfg *cfg,
			   const struct damon_tried_walk *walk)
{
	static const struct damon_tried nothing;
	struct damon_dir *dir;
	int i = 0, err = 0;

	damon_vec_for_each(dir, &cfg->schemes) {
		const struct damon_tried *tried = &nothing;
		struct damon_scheme_cfg *scheme = dir->obj;

		if (walk && i < walk->nr)
			tried = &walk->schemes[i++];
		err = damon_tried_put_regions(&scheme->tried.regions, tried);
		if (err && walk) {
			damon_tried_put(cfg, NULL);
			break;
		}
		WRITE_ONCE(scheme->tried.total_bytes, tried->bytes);
	}
	return err;
}

static int damon_tried_show(struct damon_kdamond_dir *kdamond,
			    const struct damon_tried_walk *walk)
{
	struct damon_tree *tree = damon_elem_dir(kdamond)->tree;
	struct damon_ctx_cfg *cfg;
	int err = 0;

	if (!damon_tree_trylock(tree))
		return -EBUSY;
	cfg = damon_vec_first(&kdamond->contexts);
	if (cfg)
		err = damon_tried_put(cfg, walk);
	damon_tree_unlock(tree);
	return err;
}

static int damon_tried_update(struct damon_kdamond_dir *kdamond, bool regions,
			      struct damon_reason *why)
{
	struct damon_tried_walk *walk;
	int nr, i, err;

	lockdep_assert_held(&kdamond->command_lock);
	if (!kdamond->ctx)
		return damon_reason_set(why, -EINVAL, "state: never on");
	nr = damon_nr_staged_schemes(kdamond);
	if (nr < 0)
		return nr;
	walk = kvzalloc(struct_size(walk, schemes, nr),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!walk)
		return -ENOMEM;
	walk->regions = regions;
	walk->nr = nr;
	err = damon_tried_walk(kdamond, walk, why) ?:
	      damon_tried_show(kdamond, walk);
	for (i = 0; i < nr; i++)
		kvfree(walk->schemes[i].regions);
	kvfree(walk);
	return err;
}

/**
 * damon_command_tried_regions() - Show the regions that schemes are tried on.
 * @kdamond:	which; C is held
 * @why:	says why not
 *
 * Waits until each scheme has run once. If it is refused, what was shown before
 * stays; only a lack of memory for directories, or the death of the writer while
 * they are made, leaves none.
 *
 * Return: 0; -EINVAL before the first start; -ECANCELED if no scheme runs;
 * -EBUSY; -EINTR; -ENOMEM.
 */
int damon_command_tried_regions(struct damon_kdamond_dir *kdamond,
				struct damon_reason *why)
{
	return damon_tried_update(kdamond, true, why);
}

/**
 * damon_command_tried_bytes() - Show how large the regions are together.
 * @kdamond:	which; C is held
 * @why:	says why not
 *
 * The regions that were shown before go.
 *
 * Return: as damon_command_tried_regions().
 */
int damon_command_tried_bytes(struct damon_kdamond_dir *kdamond,
			      struct damon_reason *why)
{
	return damon_tried_update(kdamond, false, why);
}

/**
 * damon_command_clear_tried() - Show regions that schemes were tried on no more.
 * @kdamond:	which, running or not; C is held
 * @why:	says why not
 *
 * Return: 0 or -EBUSY.
 */
int damon_command_clear_tried(struct damon_kdamond_dir *kdamond,
			      struct damon_reason *why)
{
	return damon_tried_show(kdamond, NULL);
}
