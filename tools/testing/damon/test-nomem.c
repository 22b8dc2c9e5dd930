// SPDX-License-Identifier: GPL-2.0
/*
 * Each operation, once for every allocation it makes, with that one failing:
 * what must be all or nothing is nothing, the rest stays consistent.
 */
#include "ktap.h"
#include "model.h"

#define MAX_RANGES	12

/* A context with one target in some state, always the same for one @seed. */
static struct damon_ctx *make_ctx(unsigned int seed, struct model *m)
{
	struct model_source src = { .state = seed };
	struct damon_addr_range ranges[MAX_RANGES];
	struct damon_ctx *ctx = sim_new_ctx(seed);
	struct damon_region *r;
	struct damon_target *t;
	unsigned int nr;

	m->unit = PAGE_SIZE;
	nr = model_draw(m, &src, ranges, MAX_RANGES);
	t = sim_new_target(ctx, ranges, nr);
	ctx->min_nr_regions = 3 + model_pick(&src, 60);
	ctx->max_nr_regions = ctx->min_nr_regions + model_pick(&src, 100);
	damon_for_each_region(r, t) {
		struct damon_region_state *s = damon_region_state(r);
		int i;

		for (i = 0; i < DAMON_NR_STRATA; i++) {
			s->past[i].trials = 50;
			s->past[i].hits = i == 3 || i == 4 ? 50 : 0;
		}
	}
	return ctx;
}

static struct damon_target *only_target(struct damon_ctx *ctx)
{
	return list_first_entry(&ctx->adaptive_targets, struct damon_target,
				list);
}

static struct damon_region_state *save(struct damon_target *t)
{
	struct damon_region_state *states = malloc((t->nr_regions + 1) *
						   sizeof(*states));
	struct damon_region *r;
	unsigned int i = 0;

	damon_for_each_region(r, t)
		states[i++] = *damon_region_state(r);
	return states;
}

/* The very same regions at the same places in memory, byte by byte. */
static bool unchanged(struct damon_target *t, struct damon_region_state *states)
{
	struct damon_region *r;
	unsigned int i = 0;

	damon_for_each_region(r, t)
		if (memcmp(&states[i++], damon_region_state(r),
			   sizeof(*states)))
			return false;
	return i == t->nr_regions;
}

/* Returns true when the operation did not reach the allocation that fails. */
static bool set_regions_once(unsigned int seed, long fail_at)
{
	struct model_source src = { .state = seed + 1000 };
	struct damon_addr_range ranges[MAX_RANGES];
	struct model m, wanted = { .unit = PAGE_SIZE };
	struct damon_ctx *ctx = make_ctx(seed, &m);
	struct damon_target *t = only_target(ctx);
	struct damon_region_state *states = save(t);
	unsigned int nr = model_draw(&wanted, &src, ranges, MAX_RANGES);
	int err;

	user_alloc_countdown = fail_at;
	err = damon_set_regions(t, ranges, nr, PAGE_SIZE);
	EXPECT_EQ(err, user_alloc_countdown < 0 ? -ENOMEM : 0);
	user_alloc_countdown = -1;
	if (err)
		EXPECT(unchanged(t, states));
	EXPECT_NULL(model_target_broken(err ? &m : &wanted, t));
	free(states);
	sim_destroy_ctx(ctx);
	return !err;
}

/* hazard D28 */
static bool bounds_once(unsigned int seed, long fail_at)
{
	struct model m;
	struct damon_ctx *ctx = make_ctx(seed, &m);
	bool done;

	user_alloc_countdown = fail_at;
	damon_bounds_enforce(ctx);
	done = user_alloc_countdown >= 0;
	user_alloc_countdown = -1;
	EXPECT_NULL(damon_sanity_check(ctx).what);
	EXPECT_NULL(model_target_broken(&m, only_target(ctx)));
	/* With memory again the next window makes up for it. */
	damon_bounds_enforce(ctx);
	EXPECT_OP(sim_nr_regions(ctx), >=,
		  min(ctx->min_nr_regions, model_nr_units(&m)));
	sim_destroy_ctx(ctx);
	return done;
}

static bool adapt_once(unsigned int seed, long fail_at)
{
	struct damon_region *r;
	struct model m;
	struct damon_ctx *ctx = make_ctx(seed, &m);
	bool done;

	user_alloc_countdown = fail_at;
	damon_adapt(ctx);
	done = user_alloc_countdown >= 0;
	user_alloc_countdown = -1;
	EXPECT_NULL(model_target_broken(&m, only_target(ctx)));
	damon_for_each_region(r, only_target(ctx))
		EXPECT_NULL(model_region_broken(r));
	sim_destroy_ctx(ctx);
	return done;
}

/* hazards B4, B12, B13, B14 */
static bool commit_once(unsigned int seed, long fail_at)
{
	struct model m, wanted;
	struct damon_ctx *ctx = make_ctx(seed, &m);
	struct damon_ctx *src = make_ctx(seed + 500, &wanted);
	struct damon_target *t = only_target(ctx), *added = damon_new_target();
	struct damon_region_state *states = save(t);
	struct damon_attrs attrs = ctx->attrs;
	struct pid pid = {};
	int err;

	/* The first target is fitted, the second is new. */
	added->pid = get_pid(&pid);
	damon_add_region(damon_new_region(0x1000, 0x9000), added);
	damon_add_target(src, added);
	src->aggr_interval *= 2;

	user_alloc_countdown = fail_at;
	err = damon_commit_ctx(ctx, src);
	/* The cuts at the end may do without. */
	EXPECT(!err || (err == -ENOMEM && user_alloc_countdown < 0));
	user_alloc_countdown = -1;
	EXPECT_EQ(pid.count, err ? 1 : 2);
	if (err) {
		EXPECT(only_target(ctx) == t);
		EXPECT(list_is_last(&t->list, &ctx->adaptive_targets));
		EXPECT(unchanged(t, states));
		EXPECT(!memcmp(&ctx->attrs, &attrs, sizeof(attrs)));
	} else {
		EXPECT_NULL(model_target_broken(&wanted, only_target(ctx)));
		EXPECT_EQ(ctx->aggr_interval, 2 * attrs.aggr_interval);
	}
	free(states);
	sim_destroy_ctx(ctx);
	sim_destroy_ctx(src);
	EXPECT_EQ(pid.count, 0);
	return !err && fail_at > 400;
}

static bool copy_once(unsigned int seed, long fail_at)
{
	struct model m;
	struct damon_ctx *ctx = make_ctx(seed, &m);
	struct damon_target *copy = damon_new_target();
	int err;

	user_alloc_countdown = fail_at;
	err = damon_target_copy_regions(copy, only_target(ctx));
	EXPECT_EQ(err, user_alloc_countdown < 0 ? -ENOMEM : 0);
	user_alloc_countdown = -1;
	EXPECT_EQ(copy->nr_regions, err ? 0 : only_target(ctx)->nr_regions);
	EXPECT_EQ(list_empty(&copy->regions_list), !copy->nr_regions);
	damon_free_target(copy);
	sim_destroy_ctx(ctx);
	return !err;
}

static void each_allocation(bool (*once)(unsigned int seed, long fail_at))
{
	unsigned int seed;
	long fail_at;

	for (seed = 1; seed <= 40; seed++)
		for (fail_at = 0; !once(seed, fail_at); fail_at++)
			if (!ktap_expect(fail_at < 100000, __FILE__, __LINE__,
					 "an end"))
				return;
}

static void test_set_regions(void)
{
	each_allocation(set_regions_once);
}

static void test_bounds(void)
{
	each_allocation(bounds_once);
}

static void test_adapt(void)
{
	each_allocation(adapt_once);
}

static void test_commit(void)
{
	each_allocation(commit_once);
}

static void test_copy(void)
{
	each_allocation(copy_once);
}

const struct ktap_test nomem_tests[] = {
	{ "nomem: set_regions", test_set_regions },
	{ "nomem: minimum number of regions", test_bounds },
	{ "nomem: end of a window", test_adapt },
	{ "nomem: commit", test_commit },
	{ "nomem: copy of a target", test_copy },
	{}
};
