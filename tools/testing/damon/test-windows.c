// SPDX-License-Identifier: GPL-2.0
/*
 * Many windows in which everything happens, and after which everything is found.
 * WINDOWS in the environment says how many.
 */
#include "ktap.h"
#include "world.h"

#define STEPS		150
/* Passes of a survey until what is touched all the time is known. */
#define MOST_WRONG	100
/* Windows before something is to be found, and until it is. */
#define HISTORY		30
#define PATIENCE	40
/* Single pages beside others that are hot wait for a lucky sample: some may. */
#define UNLUCKY		30
#define FOUND		0.9

static unsigned long nr_windows(void)
{
	const char *wanted = getenv("WINDOWS");

	return wanted ? strtoul(wanted, NULL, 0) : 50000;
}

static void test_anything(void)
{
	struct model_source src = { .state = 21 };
	unsigned long i, runs = nr_windows() / (STEPS * 2 / 3) + 1;
	u64 worst = 0;

	for (i = 0; i < runs; i++)
		worst = max(worst, world_run(&src, STEPS));
	printf("# %lu runs; wrong about what is accessed for %llu passes at most\n",
	       runs, (unsigned long long)worst);
	EXPECT_OP(worst, <=, MOST_WRONG);
}

/*
 * After any history, with as many regions as there may be, all that is touched
 * often is found. Returns the number of windows it took.
 */
static unsigned int find_again(struct model_source *src, double *found)
{
	struct damon_attrs attrs;
	struct damon_ctx *ctx;
	unsigned int i, nr;
	struct world w;

	world_begin(&w, src);
	/* Spots are of whole pages. */
	w.walk.ctx->min_region_sz = PAGE_SIZE;
	w.space->traits = (struct space_traits){
		.cached = model_pick(src, 2) * 50 * MSEC,
	};
	ctx = w.walk.ctx;
	for (i = 0; i < HISTORY; i++) {
		user_alloc_countdown = model_pick(src, 6) ? -1 : 0;
		world_event(&w);
		user_alloc_countdown = -1;
		world_window(&w);
	}
	EXPECT_EQ(world_watch_all(&w), 0);
	attrs = ctx->attrs;
	attrs.sample_interval = 5 * MSEC;
	attrs.aggr_interval = 100 * MSEC;
	attrs.min_nr_regions = 10;
	attrs.max_nr_regions = max(w.walk.t->nr_regions, 30U);
	EXPECT_EQ(damon_set_attrs(ctx, &attrs), 0);
	nr = damon_nr_samples_per_aggr(&ctx->attrs);
	w.walk.window_end = damon_ctx_state(ctx)->tick + nr;
	world_draw_spots(&w, 5, true);
	*found = 0;
	for (i = 1; i <= PATIENCE; i++) {
		world_window(&w);
		*found = w.f1;
		if (*found >= FOUND)
			break;
	}
	if (i > PATIENCE && getenv("VERBOSE"))
		world_dump(&w);
	world_end(&w);
	return i;
}

static void test_nothing_freezes(void)
{
	struct model_source src = { .state = 22 };
	unsigned int runs = nr_windows() / 500 + 1, run, took, worst = 0;
	unsigned int unlucky = 0;
	unsigned long sum = 0;
	double found;

	for (run = 0; run < runs; run++) {
		took = find_again(&src, &found);
		sum += took;
		worst = max(worst, took);
		unlucky += took > PATIENCE;
	}
	printf("# %u runs; found after %.1f windows, %u at most; %u not within %u\n",
	       runs, (double)sum / runs, worst, unlucky, PATIENCE);
	EXPECT_OP(unlucky, <=, runs / UNLUCKY);
}

const struct ktap_test windows_tests[] = {
	{ "windows: anything may happen", test_anything },
	{ "windows: nothing freezes", test_nothing_freezes },
	{}
};
