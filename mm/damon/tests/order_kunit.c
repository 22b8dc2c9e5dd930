// SPDX-License-Identifier: GPL-2.0
/*
 * What a kdamond calls and in which order, taken down by operations of our own.
 * A tick may take longer than it should on a slow machine, so the order is
 * checked, never the number of ticks in a window.
 */
#include "thread.h"

/* Where in the order a thread can be. */
enum order_at { INIT, BEFORE, VALID, PREPARE, SAMPLED, CHECK, WINDOW, RESET,
		UPDATE, TERMINATE, CLEANUP, NR_ORDER_AT };

static const char letters[NR_ORDER_AT] = {
	[INIT] = 'I',		[BEFORE] = 'b',		[VALID] = 'v',
	[PREPARE] = 'p',	[SAMPLED] = 's',	[CHECK] = 'c',
	[WINDOW] = 'a',		[RESET] = 'r',		[UPDATE] = 'u',
	[TERMINATE] = 't',	[CLEANUP] = 'x',
};

/* What may follow. The end may come after each of the last four of a tick. */
static const char *const next[NR_ORDER_AT] = {
	[INIT] = "b",		[BEFORE] = "vt",	[VALID] = "pt",
	[PREPARE] = "s",	[SAMPLED] = "ct",	[CHECK] = "avt",
	[WINDOW] = "r",		[RESET] = "uvt",	[UPDATE] = "vt",
	[TERMINATE] = "x",	[CLEANUP] = "",
};

static void expect_order(struct kunit *test, const struct test_trace *trace)
{
	const char *call, *follow;
	unsigned int at;

	KUNIT_ASSERT_LT(test, trace->nr, TRACE_LEN);
	KUNIT_ASSERT_EQ(test, trace->log[0], 'I');
	for (call = trace->log; *call; call++) {
		for (at = 0; at < NR_ORDER_AT; at++)
			if (letters[at] == *call)
				break;
		KUNIT_ASSERT_LT(test, at, NR_ORDER_AT);
		follow = next[at];
		if (!call[1])
			KUNIT_EXPECT_EQ(test, *call, 'x');
		else if (!strchr(follow, call[1]))
			KUNIT_FAIL(test, "%c after %c at %zu of %s", call[1],
				   *call, call - trace->log, trace->log);
	}
}

static unsigned int nr_of(const struct test_trace *trace, char call)
{
	unsigned int i, nr = 0;

	for (i = 0; trace->log[i]; i++)
		nr += trace->log[i] == call;
	return nr;
}

static void expect_ended(struct kunit *test, struct damon_ctx *ctx)
{
	test_wait_ended(test, ctx);
	KUNIT_EXPECT_FALSE(test, damon_is_running(ctx));
	KUNIT_EXPECT_NULL(test, ctx->kdamond);
	KUNIT_EXPECT_EQ(test, damon_kdamond_pid(ctx), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), -EPERM);
}

/* Eight windows, then a callback ends it. */
static void order_of_calls(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	unsigned int i, updates = 0, windows = 0;

	trace->fail = 'a';
	trace->fail_at = 8;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'I'), 1);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'b'), 1);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'a'), 8);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'r'), 8);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 't'), 1);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'x'), 1);
	KUNIT_EXPECT_LE(test, nr_of(trace, 'c'), 8 * 4);
	/* The end of a window is preceded by all of a tick. */
	KUNIT_EXPECT_NOT_NULL(test, strstr(trace->log, "vpscar"));
	/*
	 * Updates come with the end of a window: of every other one, or the
	 * one after if a tick was late.
	 */
	for (i = 0; trace->log[i]; i++) {
		windows += trace->log[i] == 'r';
		if (trace->log[i] == 'u') {
			updates++;
			windows = 0;
		}
		KUNIT_EXPECT_LE(test, windows, 3);
	}
	KUNIT_EXPECT_GE(test, updates, 2);
	if (test->status == KUNIT_FAILURE)
		kunit_info(test, "%s\n", trace->log);
}

/* An interval that never passes, and one that always has. */
static void order_of_updates(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 4000, ULONG_MAX,
					      3, 10), 0);
	trace->fail = 'a';
	trace->fail_at = 5;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'u'), 0);

	trace = test_new_trace(test);
	/* hazard D21 */
	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 4000, 0, 3, 10),
			0);
	trace->fail = 'a';
	trace->fail_at = 5;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'u'), 5);
}

/* Intervals of the largest numbers, set when ticks have passed already. */
static void set_longest(struct damon_ctx *ctx, struct test_trace *trace)
{
	if (trace->windows == 2)
		damon_set_attrs(ctx, 1, 2, ULONG_MAX, 3, 10);
}

static void order_of_long_updates(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 4000, ULONG_MAX,
					      3, 10), 0);
	trace->fn = set_longest;
	trace->fail = 'a';
	trace->fail_at = 8;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'u'), 0);
}

static const struct end_row {
	char call;
	unsigned int at;
	unsigned int checks;	/* at most */
} end_rows[] = {
	{ 'b', 1, 0 },
	{ 's', 1, 0 },
	{ 's', 3, 2 },
	{ 'a', 1, 4 },
};

static void end_row_desc(const struct end_row *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%c, call %u", row->call,
		 row->at);
}

KUNIT_ARRAY_PARAM(end_row, end_rows, end_row_desc);

/* A callback that returns an error ends the thread, in good order. */
static void order_callback_ends(struct kunit *test)
{
	const struct end_row *row = test->param_value;
	struct test_trace *trace = test_new_trace(test);

	trace->fail = row->call;
	trace->fail_at = row->at;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, row->call), row->at);
	KUNIT_EXPECT_LE(test, nr_of(trace, 'c'), row->checks);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 't'), 1);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'x'), 1);
}

static void order_target_ends(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	trace->invalid_at = 6;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'v'), 6);
	KUNIT_EXPECT_EQ(test, nr_of(trace, 'c'), 5);

	/* No target at all: nothing to do. */
	trace = test_new_trace(test);
	damon_destroy_target(list_first_entry(&trace->ctx->adaptive_targets,
					      struct damon_target, list),
			     trace->ctx);
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	KUNIT_EXPECT_STREQ(test, trace->log, "Ibtx");
}

/* The results of a window: all looks, or none, found an access. */
static void order_results(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	trace->hot = true;
	trace->fail = 'a';
	trace->fail_at = 2;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	KUNIT_EXPECT_EQ(test, trace->nr_accesses, 4);

	trace = test_new_trace(test);
	trace->fail = 'a';
	trace->fail_at = 2;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	KUNIT_EXPECT_EQ(test, trace->nr_accesses, 0);
}

/*
 * A check that takes as long as several ticks: windows end all the same, after
 * fewer looks, and the results are scaled to all of them.
 */
static void order_missed_ticks(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 50000, 1000000,
					      3, 10), 0);
	trace->check_ms = 10;
	trace->hot = true;
	trace->fail = 'a';
	trace->fail_at = 3;
	test_start(test, trace->ctx);
	expect_ended(test, trace->ctx);
	expect_order(test, trace);
	/* The first of a window is on time, each later one takes 10 ticks. */
	KUNIT_EXPECT_LE(test, trace->ticks, 3 * 6);
	KUNIT_EXPECT_GE(test, trace->ticks, 3);
	KUNIT_EXPECT_EQ(test, trace->nr_accesses, 50);
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(order_of_calls),
	KUNIT_CASE(order_of_updates),
	KUNIT_CASE(order_of_long_updates),
	KUNIT_CASE_PARAM(order_callback_ends, end_row_gen_params),
	KUNIT_CASE(order_target_ends),
	KUNIT_CASE(order_results),
	KUNIT_CASE(order_missed_ticks),
	{}
};

static struct kunit_suite order_suite = {
	.name = "damon-order",
	.test_cases = order_cases,
};

kunit_test_suite(order_suite);
