// SPDX-License-Identifier: GPL-2.0
/* What a run has cost: what is counted, and when readers see it. */
#include <linux/ktime.h>

#include "thread.h"

static const struct damon_cost no_cost;

static u64 parts(const struct damon_cost *cost)
{
	return cost->sampling_ns + cost->adapting_ns + cost->callbacks_ns +
	       cost->schemes_ns + cost->commands_ns;
}

/* Each value of @late is at least what it is in @early. */
static bool has_grown(const struct damon_cost *early,
		      const struct damon_cost *late)
{
	const u64 *a = (const u64 *)early, *b = (const u64 *)late;
	unsigned int i;

	for (i = 0; i < sizeof(*early) / sizeof(u64); i++)
		if (b[i] < a[i])
			return false;
	return true;
}

/* Use the CPU, so that each charge has something to charge. */
static void burn(void)
{
	u64 end = ktime_get_ns() + 50 * NSEC_PER_USEC;

	while (ktime_get_ns() < end)
		cpu_relax();
}

static void cost_never_started(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_cost cost;

	memset(&cost, 0xff, sizeof(cost));
	damon_ctx_cost(ctx, &cost);
	KUNIT_EXPECT_MEMEQ(test, &cost, &no_cost, sizeof(cost));
}

/* All of a run that has ended: each tick, and the time of each part. */
static void cost_of_a_run(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_cost cost;

	trace->fail = 'a';
	trace->fail_at = 8;
	test_start(test, trace->ctx);
	test_wait_ended(test, trace->ctx);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_EQ(test, cost.ticks, trace->ticks);
	KUNIT_EXPECT_EQ(test, cost.ticks + cost.ticks_missed,
			damon_ctx_state(trace->ctx)->tick);
	KUNIT_EXPECT_GT(test, cost.sampling_ns, 0);
	KUNIT_EXPECT_GT(test, cost.adapting_ns, 0);
	KUNIT_EXPECT_GT(test, cost.callbacks_ns, 0);
	KUNIT_EXPECT_EQ(test, cost.commands_ns, 0);
	KUNIT_EXPECT_EQ(test, cost.schemes_ns, 0);
	KUNIT_EXPECT_EQ(test, cost.runtime_ns, parts(&cost));
	/* 8 windows of 4 ms; each began after the one before had ended. */
	KUNIT_EXPECT_GE(test, cost.elapsed_ns, 8 * 4 * NSEC_PER_MSEC);
	/* These are counted by operations, and those here do not. */
	KUNIT_EXPECT_EQ(test, cost.samples, 0);
	KUNIT_EXPECT_EQ(test, cost.surveyed, 0);
	KUNIT_EXPECT_EQ(test, cost.tlb_flushes, 0);
	KUNIT_EXPECT_EQ(test, cost.flush_ns, 0);
}

/* A check that takes as long as several ticks. */
static void cost_of_missed_ticks(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_cost cost;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 50000, 1000000,
					      3, 10), 0);
	trace->check_ms = 10;
	trace->fail = 'a';
	trace->fail_at = 3;
	test_start(test, trace->ctx);
	test_wait_ended(test, trace->ctx);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_EQ(test, cost.ticks, trace->ticks);
	KUNIT_EXPECT_GE(test, cost.ticks_missed, 50);
	KUNIT_EXPECT_EQ(test, cost.ticks + cost.ticks_missed,
			damon_ctx_state(trace->ctx)->tick);
	/* Sleeping is no cost. */
	KUNIT_EXPECT_LT(test, cost.sampling_ns, cost.elapsed_ns);
}

/* The operations count what they do; each run anew. */
static unsigned int count_check(struct damon_ctx *ctx)
{
	struct test_trace *trace = ctx->callback.private;
	struct damon_cost *cost = &damon_ctx_state(ctx)->cost;

	trace->ticks++;
	cost->samples += 3;
	cost->surveyed += 5;
	cost->tlb_flushes++;
	cost->flush_ns += 1000;
	return 0;
}

static void cost_counted_by_operations(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_cost cost;
	int i;

	trace->ctx->ops.check_accesses = count_check;
	for (i = 0; i < 3; i++) {
		reinit_completion(&trace->reached);
		trace->ticks = 0;
		trace->want = trace->windows + 2;
		test_start(test, trace->ctx);
		test_wait_reached(test, trace);
		KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
		damon_ctx_cost(trace->ctx, &cost);
		KUNIT_EXPECT_GE(test, trace->ticks, 2);
		KUNIT_EXPECT_EQ(test, cost.ticks, trace->ticks);
		KUNIT_EXPECT_EQ(test, cost.samples, 3 * trace->ticks);
		KUNIT_EXPECT_EQ(test, cost.surveyed, 5 * trace->ticks);
		KUNIT_EXPECT_EQ(test, cost.tlb_flushes, trace->ticks);
		KUNIT_EXPECT_EQ(test, cost.flush_ns, 1000 * trace->ticks);
	}
}

/* What the end of each window shows, from the callback of the next one. */
struct cost_watch {
	struct damon_cost last;
	unsigned int faults;
};

static struct cost_watch watch;

static void watch_window(struct damon_ctx *ctx, struct test_trace *trace)
{
	struct damon_cost cost;

	burn();
	damon_ctx_cost(ctx, &cost);
	if (!has_grown(&watch.last, &cost) || cost.runtime_ns != parts(&cost))
		watch.faults++;
	/* The window before has been shown; the present one not yet. */
	if (trace->windows && cost.ticks <= watch.last.ticks)
		watch.faults++;
	if (cost.ticks >= trace->ticks)
		watch.faults++;
	watch.last = cost;
}

static void cost_shown_by_window(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_cost cost;

	watch = (struct cost_watch){};
	trace->fn = watch_window;
	trace->fail = 'a';
	trace->fail_at = 10;
	test_start(test, trace->ctx);
	test_wait_ended(test, trace->ctx);
	KUNIT_EXPECT_EQ(test, watch.faults, 0);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_TRUE(test, has_grown(&watch.last, &cost));
	/* They took that long, unless others had the CPU. */
	KUNIT_EXPECT_GT(test, cost.callbacks_ns, 0);
	KUNIT_EXPECT_LT(test, cost.callbacks_ns, cost.runtime_ns);
}

static int burn_fn(void *data)
{
	burn();
	return 0;
}

/* Wait until readers see something that was not there before. */
static void wait_shown(struct kunit *test, struct damon_ctx *ctx,
		       size_t offset, struct damon_cost *cost)
{
	unsigned long end = jiffies + TEST_PATIENCE;

	do {
		msleep(20);
		damon_ctx_cost(ctx, cost);
	} while (!*(u64 *)((void *)cost + offset) && time_before(jiffies, end));
	KUNIT_EXPECT_GT(test, *(u64 *)((void *)cost + offset), 0);
}

/* A thread that sleeps for years still shows what a request has cost. */
static void cost_of_requests(struct kunit *test)
{
	struct damon_call_control control = { .fn = burn_fn };
	struct damon_ctx *ctx = test_new_trace(test)->ctx;
	struct damon_cost before, cost;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, ULONG_MAX, ULONG_MAX,
					      ULONG_MAX, 3, 10), 0);
	test_start(test, ctx);
	damon_ctx_cost(ctx, &before);
	KUNIT_EXPECT_EQ(test, before.ticks, 0);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &control), 0);
	wait_shown(test, ctx, offsetof(struct damon_cost, commands_ns), &cost);
	KUNIT_EXPECT_TRUE(test, has_grown(&before, &cost));
	KUNIT_EXPECT_EQ(test, cost.ticks, 0);
	KUNIT_EXPECT_EQ(test, cost.runtime_ns, parts(&cost));
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
}

/* Windows of years: shown all the same. */
static void cost_in_long_windows(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_trace(test)->ctx;
	struct damon_cost cost;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 10000, ULONG_MAX, ULONG_MAX,
					      3, 10), 0);
	test_start(test, ctx);
	wait_shown(test, ctx, offsetof(struct damon_cost, ticks), &cost);
	KUNIT_EXPECT_GT(test, cost.sampling_ns, 0);
	KUNIT_EXPECT_GE(test, cost.elapsed_ns,
			cost.ticks * 10 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
}

/* The cost of the last run is gone when the next one begins. */
static void cost_of_the_next_run(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_cost cost;

	trace->fail = 'a';
	trace->fail_at = 3;
	test_start(test, trace->ctx);
	test_wait_ended(test, trace->ctx);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_GE(test, cost.ticks, 3);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, ULONG_MAX, ULONG_MAX,
					      ULONG_MAX, 3, 10), 0);
	test_start(test, trace->ctx);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_MEMEQ(test, &cost, &no_cost, sizeof(cost));
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	damon_ctx_cost(trace->ctx, &cost);
	KUNIT_EXPECT_EQ(test, cost.ticks, 0);
	KUNIT_EXPECT_GT(test, cost.runtime_ns, 0);
	KUNIT_EXPECT_EQ(test, cost.runtime_ns, parts(&cost));
}

static struct kunit_case cost_cases[] = {
	KUNIT_CASE(cost_never_started),
	KUNIT_CASE(cost_of_a_run),
	KUNIT_CASE(cost_of_missed_ticks),
	KUNIT_CASE(cost_counted_by_operations),
	KUNIT_CASE(cost_shown_by_window),
	KUNIT_CASE(cost_of_requests),
	KUNIT_CASE(cost_in_long_windows),
	KUNIT_CASE(cost_of_the_next_run),
	{}
};

static struct kunit_suite cost_suite = {
	.name = "damon-cost",
	.test_cases = cost_cases,
};

kunit_test_suite(cost_suite);
