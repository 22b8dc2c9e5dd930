// SPDX-License-Identifier: GPL-2.0
/* Commits and conversions. What is refused, and why, is tested by KUnit. */
#include "ktap.h"
#include "model.h"

#define MAX_RANGES	10

static void add_wanted(struct damon_ctx *ctx, struct pid *pid,
		       const struct damon_addr_range *ranges, unsigned int nr)
{
	struct damon_target *t = damon_new_target();
	unsigned int i;

	t->pid = get_pid(pid);
	for (i = 0; i < nr; i++)
		damon_add_region(damon_new_region(ranges[i].start,
						  ranges[i].end), t);
	damon_add_target(ctx, t);
}

static bool pattern(void *data, u64 tick, unsigned long addr)
{
	return (addr >> 14) % 3 == tick / 500 % 3;
}

static void run_windows(struct damon_ctx *ctx, u64 *tick, unsigned int nr)
{
	unsigned int i;

	while (nr--) {
		for (i = 0; i < 20; i++)
			sim_sample(ctx, (*tick)++, pattern, NULL);
		damon_adapt(ctx);
		damon_adapt_next_window(ctx);
	}
}

#define MAX_STATES	400

/* All states of all regions, to be compared byte by byte. */
static unsigned int take_states(struct damon_ctx *ctx,
				struct damon_region_state *states)
{
	struct damon_target *t;
	struct damon_region *r;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			assert(nr < MAX_STATES);
			states[nr] = *damon_region_state(r);
			/* Where it is linked is no part of what is known. */
			INIT_LIST_HEAD(&states[nr].region.list);
			states[nr].region.list.next = NULL;
			states[nr++].region.list.prev = NULL;
		}
	}
	return nr;
}

/* Committing what is there already changes nothing. hazards B1, B3, B7 */
static void test_commit_identical(void)
{
	static struct damon_region_state before[MAX_STATES], after[MAX_STATES];
	struct model_source source = { .state = 20 };
	unsigned int i, j, nr, nr_ranges;
	struct damon_addr_range ranges[MAX_RANGES];
	struct pid pids[2] = {};
	u64 tick = 0;

	for (i = 0; i < 300; i++) {
		struct damon_ctx *ctx = sim_new_ctx(i), *src = sim_new_ctx(i);
		struct model m = { .unit = PAGE_SIZE };

		ctx->max_nr_regions = 100;
		src->max_nr_regions = 100;
		for (j = 0; j < 2; j++) {
			nr_ranges = model_draw(&m, &source, ranges, MAX_RANGES);
			add_wanted(src, &pids[j], ranges, nr_ranges);
		}
		EXPECT_EQ(damon_commit_ctx(ctx, src), 0);
		run_windows(ctx, &tick, 5);
		damon_bounds_enforce(ctx);

		nr = take_states(ctx, before);
		sim_reschedules = 0;
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(damon_commit_ctx(ctx, src), 0);
			EXPECT_EQ(take_states(ctx, after), nr);
			EXPECT(!memcmp(before, after, nr * sizeof(*before)));
			EXPECT_EQ(pids[0].count, 2);
			EXPECT_EQ(pids[1].count, 2);
		}
		/* No new window began. */
		EXPECT_EQ(sim_reschedules, 0);
		sim_destroy_ctx(ctx);
		sim_destroy_ctx(src);
		EXPECT_EQ(pids[0].count + pids[1].count, 0);
	}
}

static void test_intervals(void)
{
	static const unsigned long us[] = {
		0, 1, 999, 5000, U32_MAX, 1UL << 50, LONG_MAX / 1000,
		LONG_MAX, ULONG_MAX,
	};
	struct model_source src = { .state = 21 };
	unsigned long last = 0, a, b;
	unsigned int i;

	EXPECT_EQ(damon_interval_ktime(0), 1000);
	for (i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
		ktime_t t = damon_interval_ktime(us[i]);

		/* Two of them still fit. */
		EXPECT(t > 0 && t <= KTIME_MAX / 2 && t >= (s64)last);
		last = t;
	}
	/* hazards D1, D2: never zero, never cut to 32 bits */
	for (i = 0; i < 1000000; i++) {
		struct damon_attrs attrs;
		unsigned int nr;

		a = ((u64)model_pick(&src, U32_MAX) << 32 |
		     model_pick(&src, U32_MAX)) >> model_pick(&src, 64);
		b = ((u64)model_pick(&src, U32_MAX) << 32 |
		     model_pick(&src, U32_MAX)) >> model_pick(&src, 64);
		attrs.sample_interval = a;
		attrs.aggr_interval = b;
		nr = damon_nr_samples_per_aggr(&attrs);
		b /= a ? a : 1;
		EXPECT_EQ(nr, clamp_t(u64, b, 1, UINT_MAX));
	}
}

const struct ktap_test config_tests[] = {
	{ "config: an identical commit changes nothing", test_commit_identical },
	{ "config: intervals saturate", test_intervals },
	{}
};
