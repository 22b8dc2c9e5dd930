// SPDX-License-Identifier: GPL-2.0
/* See scenes.h. The bounds leave room for chance: raise them with a better core. */
#include "scenes.h"

const struct scene_trait scene_traits[NR_TRAITS] = {
	[PLAIN] = { "plain" },
	[CACHED] = { "cached", { .cached = 50 * MSEC } },
	[KEPT] = { "kept PMDs", { .keep_pmds = true } },
	[AGED] = { "aged PMDs", { .keep_pmds = true, .aging = SEC,
				  .cached = 50 * MSEC } },
	[NO_UPPER] = { "no upper", { .no_upper = true } },
	[BLIND] = { "blind", { .blind = true } },
};

static u64 period(const struct scene *scene)
{
	return scene->sparse ? 4 * MSEC : MSEC;
}

static unsigned long draw_place(struct space *space, const struct scene *scene,
				unsigned long room)
{
	return space_random(space, room + 1) >> scene->leaf << scene->leaf;
}

/* Each at a random place in its share of the space. */
static void draw_spots(struct space *space, const struct scene *scene)
{
	unsigned long share = scene->size / scene->nr_spots;
	unsigned int i;

	share = share >> scene->leaf << scene->leaf;
	for (i = 0; i < scene->nr_spots; i++) {
		u64 at = i * share +
			 draw_place(space, scene, share - scene->spot_sz);

		space_touch(space, at, scene->spot_sz,
			    period(scene))->rate = scene->rate;
	}
}

/* It goes to another place in each phase, and comes back to the first. */
static void draw_moving(struct space *space, const struct scene *scene)
{
	unsigned int nr = scene->nr_spots, i;
	unsigned long share = scene->size / nr;

	for (i = 0; i < nr; i++) {
		struct space_spot *spot;

		spot = space_touch(space, i * share +
				   draw_place(space, scene,
					      share - scene->spot_sz),
				   scene->spot_sz, period(scene));
		/* 3 has no common divisor with 8 or 10. */
		spot->from = 1 + i * 3 % nr * scene->phase;
		spot->cycle = nr * scene->phase;
		spot->duty = scene->phase;
	}
}

/* From a page to @spot_sz, small ones as often as large ones. */
static void draw_all_sizes(struct space *space, const struct scene *scene)
{
	unsigned long share = scene->size / scene->nr_spots, sz;
	unsigned int i;

	for (i = 0; i < scene->nr_spots; i++) {
		sz = scene->spot_sz >> space_random(space, 22);
		sz = max(sz - space_random(space, sz / 2 + 1),
			 1UL << scene->leaf) >> scene->leaf << scene->leaf;
		space_touch(space, i * share +
			    draw_place(space, scene, share - sz), sz,
			    period(scene));
	}
}

static void draw_every_gib(struct space *space, const struct scene *scene)
{
	unsigned long at;

	for (at = 0; at < scene->size; at += GIB)
		space_touch(space, at + draw_place(space, scene,
						   GIB - (1UL << scene->leaf)),
			    1UL << scene->leaf, period(scene));
}

#define HUGE_LEAVES(bits) \
	.size = 5 * TIB, .leaf = (bits), .any = true, .run_ms = 3000, \
	.settle_ms = 500
#define SPARSE(bytes) \
	.size = (bytes), .leaf = SPACE_PTE, .sparse = true, .run_ms = 4000, \
	.settle_ms = 300
#define DENSE(bytes) \
	.size = (bytes), .leaf = SPACE_PTE, .run_ms = 4000, .settle_ms = 300
#define SPOTS(number, bytes) \
	.draw = draw_spots, .nr_spots = (number), .spot_sz = (bytes)
#define MOVING(number, bytes, time) \
	.draw = draw_moving, .nr_spots = (number), .spot_sz = (bytes), \
	.phase = (time)
#define EXPECTED(dependable, unsure, cost) \
	.f1 = (dependable), .f1_unsure = (unsure), .credit = (cost)
/* All of the budget: 512 a tick, and what is there to begin with. */
#define BUDGET		650

const struct scene scenes_huge[] = {
	{ "5 TiB, 1 GiB leaves, 10 GiB hot", HUGE_LEAVES(SPACE_PUD),
	  SPOTS(1, 10 * GIB), EXPECTED(0.99, 0, 300) },
	{ "5 TiB, 2 MiB leaves, 10 GiB hot", HUGE_LEAVES(SPACE_PMD),
	  SPOTS(1, 10 * GIB), EXPECTED(0.93, 0, BUDGET) },
	{ "5 TiB, 1 GiB leaves, 10 GiB jumping", HUGE_LEAVES(SPACE_PUD),
	  MOVING(10, 10 * GIB, 2 * SEC), EXPECTED(0.99, 0, 300) },
	{ "5 TiB, 2 MiB leaves, 10 GiB jumping", HUGE_LEAVES(SPACE_PMD),
	  /* Clearing all that was hot takes the credit of 100 ticks and more. */
	  MOVING(10, 10 * GIB, 2 * SEC), EXPECTED(0, 0, BUDGET) },
	{}
};

const struct scene scenes_random[] = {
	{ "100 GiB, 10 GiB at random", .size = 100 * GIB, .leaf = SPACE_PTE,
	  SPOTS(1, 10 * GIB), .rate = 0.006, .any = true, .run_ms = 3000,
	  .settle_ms = 1000, EXPECTED(0.9, 0, BUDGET) },
	{}
};

const struct scene scenes_sparse[] = {
	{ "1 TiB sparse, 16 spots of 64 MiB", SPARSE(TIB), SPOTS(16, 64 * MIB),
	  EXPECTED(0.98, 0.8, BUDGET) },
	{ "1 TiB sparse, one spot of 1 GiB", SPARSE(TIB), SPOTS(1, GIB),
	  EXPECTED(0.92, 0.9, 250) },
	{ "5 TiB sparse, 10 spots of 128 MiB", SPARSE(5 * TIB),
	  SPOTS(10, 128 * MIB), EXPECTED(0.98, 0.8, BUDGET) },
	{}
};

const struct scene scenes_64_gib[] = {
	{ "64 GiB sparse, 16 spots of 16 MiB", SPARSE(64 * GIB),
	  SPOTS(16, 16 * MIB), EXPECTED(0.97, 0.5, BUDGET) },
	{ "64 GiB sparse, one spot of 64 MiB", SPARSE(64 * GIB),
	  SPOTS(1, 64 * MIB), EXPECTED(0.97, 0.9, 300) },
	{}
};

const struct scene scenes_dense[] = {
	{ "512 MiB dense, a moving eighth", DENSE(512 * MIB),
	  MOVING(8, 64 * MIB, SEC), EXPECTED(0.9, 0.9, 400) },
	{ "512 MiB dense, 16 spots of 4 MiB", DENSE(512 * MIB),
	  SPOTS(16, 4 * MIB), EXPECTED(0.93, 0.8, 420) },
	{ "512 MiB dense, one spot of 2 MiB", DENSE(512 * MIB),
	  SPOTS(1, 2 * MIB), EXPECTED(0.85, 0.85, 250) },
	{}
};

const struct scene scenes_all_sizes[] = {
	{ "10 TiB sparse, 16 spots up to 10 GiB", SPARSE(10 * TIB),
	  .draw = draw_all_sizes, .nr_spots = 16, .spot_sz = 10 * GIB,
	  EXPECTED(0.97, 0.9, BUDGET) },
	{}
};

/* Without upper entries, only the largest are ever found here. */
const struct scene scenes_huge_all_sizes[] = {
	{ "5 TiB, 2 MiB leaves, 16 spots up to 10 GiB", HUGE_LEAVES(SPACE_PMD),
	  .draw = draw_all_sizes, .nr_spots = 16, .spot_sz = 10 * GIB,
	  EXPECTED(0.7, 0, BUDGET) },
	{}
};

/* Nothing can be told apart here: what counts is the work. */
const struct scene scenes_every_gib[] = {
	{ "10 TiB sparse, a page in every GiB", SPARSE(10 * TIB),
	  .draw = draw_every_gib, EXPECTED(0, 0, BUDGET), .samples = 60 },
	{ "1 TiB dense, a page in every GiB", DENSE(TIB),
	  .draw = draw_every_gib, EXPECTED(0, 0, BUDGET), .samples = 60 },
	{ "5 TiB, 2 MiB leaves, one in every GiB", HUGE_LEAVES(SPACE_PMD),
	  .draw = draw_every_gib, EXPECTED(0, 0, BUDGET), .samples = 60 },
	{}
};

struct space *scene_space(const struct scene *scene, enum trait trait, u64 seed)
{
	struct space *space = space_new(seed, &scene_traits[trait].traits);

	space_map(space, 0, scene->size, scene->leaf, !scene->sparse);
	scene->draw(space, scene);
	space->now = SCENE_START;
	return space;
}

struct damon_ctx *scene_ctx(const struct scene *scene, u64 seed)
{
	struct damon_ctx *ctx = sim_new_ctx(seed);

	ctx->aggr_interval = scene->any ? 200 * MSEC : 100 * MSEC;
	return ctx;
}
