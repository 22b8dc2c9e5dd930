// SPDX-License-Identifier: GPL-2.0
/*
 * How well do the results say what is hot? 512 MiB of which a part is touched in
 * every tick, 5 ms and 100 ms, 10 to 1000 regions, 20 seeds. The thresholds
 * leave room for chance, not for a worse algorithm: raise them with a better.
 */
#include "ktap.h"
#include "sim.h"

#define MIB		(1UL << 20)
#define BASE		0x7f0000000000UL
#define TOTAL		(512 * MIB)
#define LOOKS		20	/* in a window */
#define WARM_UP		10	/* windows */
#define WINDOWS		60
#define SEEDS		20

typedef bool accuracy_hot(u64 tick, unsigned long offset);

struct accuracy {
	accuracy_hot *hot;
};

/* An eighth that moves every second. */
static bool stairs(u64 tick, unsigned long offset)
{
	unsigned long start = tick / 200 * 3 % 8 * 64 * MIB;

	return offset - start < 64 * MIB;
}

/* Sixteen times 2 MiB, all over. */
static bool scattered(u64 tick, unsigned long offset)
{
	return offset / (2 * MIB) % 16 == 3;
}

/* 2 MiB, aligned to nothing but pages. */
static bool small_spot(u64 tick, unsigned long offset)
{
	return offset - (300 * MIB + 77 * PAGE_SIZE) < 2 * MIB;
}

static bool accuracy_pattern(void *data, u64 tick, unsigned long addr)
{
	struct accuracy *a = data;

	return a->hot(tick, addr - BASE);
}

/* F1 of "hot" by page, if a quarter of all looks makes hot. */
static double f1(struct damon_ctx *ctx, accuracy_hot *hot, u64 tick)
{
	unsigned long both = 0, only_said = 0, only_true = 0, offset;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			bool said = r->nr_accesses * 4 >= LOOKS;

			for (offset = r->ar.start - BASE;
			     offset < r->ar.end - BASE; offset += PAGE_SIZE) {
				bool is = hot(tick, offset);

				both += said && is;
				only_said += said && !is;
				only_true += !said && is;
			}
		}
	}
	return both ? 2.0 * both / (2 * both + only_said + only_true) : 0;
}

/* Mean F1 after the warm-up. */
static double accuracy(accuracy_hot *hot, unsigned int seed)
{
	struct damon_addr_range range = { BASE, BASE + TOTAL };
	struct damon_ctx *ctx = sim_new_ctx(seed);
	struct accuracy a = { .hot = hot };
	unsigned int window, look;
	double sum = 0;
	u64 tick = 0;

	sim_new_target(ctx, &range, 1);
	damon_bounds_enforce(ctx);
	for (window = 0; window < WARM_UP + WINDOWS; window++) {
		for (look = 0; look < LOOKS; look++)
			sim_sample(ctx, ++tick, accuracy_pattern, &a);
		damon_adapt(ctx);
		EXPECT_OP(sim_nr_regions(ctx), <=, ctx->max_nr_regions);
		if (window >= WARM_UP)
			sum += f1(ctx, hot, tick - 1);
		damon_adapt_next_window(ctx);
	}
	sim_destroy_ctx(ctx);
	return sum / WINDOWS;
}

static void all_seeds(accuracy_hot *hot, double at_least)
{
	double worst = 1, sum = 0, f;
	unsigned int seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		f = accuracy(hot, seed);
		sum += f;
		worst = min(worst, f);
		ktap_expect(f >= at_least, __FILE__, __LINE__,
			    "F1 of seed %u (%.3f) >= %.3f", seed, f, at_least);
	}
	printf("# mean F1 %.3f, worst seed %.3f, threshold %.3f\n",
	       sum / SEEDS, worst, at_least);
}

static void test_stairs(void)
{
	all_seeds(stairs, 0.9);
}

static void test_scattered(void)
{
	all_seeds(scattered, 0.9);
}

static void test_small_spot(void)
{
	all_seeds(small_spot, 0.9);
}

#define NR_CROWD	800	/* ranges of a page each, apart from one another */
#define CROWD_CHANGES	(WARM_UP * LOOKS)	/* ticks */

/* What lies behind the crowd is hot, until 64 MiB of it are not. */
static bool crowd(u64 tick, unsigned long offset)
{
	if (offset < TOTAL / 2)
		return false;
	return tick < CROWD_CHANGES || offset - 320 * MIB >= 64 * MIB;
}

/* hazard E23: more than half of the regions are in use when something changes */
static void test_crowd(void)
{
	static struct damon_addr_range ranges[NR_CROWD + 1];
	struct damon_ctx *ctx = sim_new_ctx(1);
	struct accuracy a = { .hot = crowd };
	double last = 0;
	unsigned int i;
	u64 tick;

	for (i = 0; i < NR_CROWD; i++) {
		ranges[i].start = BASE + 2 * i * PAGE_SIZE;
		ranges[i].end = ranges[i].start + PAGE_SIZE;
	}
	ranges[i] = (struct damon_addr_range){ BASE + TOTAL / 2, BASE + TOTAL };
	ctx->max_nr_regions = 1500;
	sim_new_target(ctx, ranges, NR_CROWD + 1);
	damon_bounds_enforce(ctx);
	for (tick = 1; tick <= CROWD_CHANGES + WARM_UP * LOOKS; tick++) {
		sim_sample(ctx, tick, accuracy_pattern, &a);
		if (tick % LOOKS)
			continue;
		damon_adapt(ctx);
		EXPECT_OP(sim_nr_regions(ctx), >, ctx->max_nr_regions / 2);
		last = f1(ctx, crowd, tick - 1);
		damon_adapt_next_window(ctx);
	}
	ktap_expect(last >= 0.99, __FILE__, __LINE__, "F1 (%.3f) >= 0.99", last);
	sim_destroy_ctx(ctx);
}

const struct ktap_test accuracy_tests[] = {
	{ "accuracy: stairs", test_stairs },
	{ "accuracy: scattered spots", test_scattered },
	{ "accuracy: one small spot", test_small_spot },
	{ "accuracy: a change among many regions", test_crowd },
	{}
};
