// SPDX-License-Identifier: GPL-2.0
/* Requests to a kdamond: run, repeated, refused, given up at its end. */
#include <linux/kthread.h>

#include "thread.h"

/* A request that counts. */
struct call_count {
	struct damon_call_control control;
	struct damon_ctx *ctx;
	unsigned int times;
	unsigned int want;
	struct completion reached;
	struct task_struct *ran_in;
	int ret;
};

static int count_fn(void *data)
{
	struct call_count *count = data;

	count->ran_in = current;
	if (++count->times == count->want)
		complete_all(&count->reached);
	return count->ret;
}

static void count_init(struct call_count *count, bool repeat)
{
	*count = (struct call_count){
		.control = {
			.fn = count_fn,
			.data = count,
			.repeat = repeat,
		},
	};
	init_completion(&count->reached);
}

static void wait_count(struct kunit *test, struct call_count *count)
{
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&count->reached,
							  TEST_PATIENCE), 0);
}

static struct call_count *new_count(struct kunit *test, bool repeat)
{
	struct call_count *count = kunit_kzalloc(test, sizeof(*count),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, count);
	count_init(count, repeat);
	return count;
}

static void call_result(struct kunit *test)
{
	struct call_count *count = new_count(test, false);
	struct damon_ctx *ctx = test_new_trace(test)->ctx;
	int i;

	test_start(test, ctx);
	for (i = 0; i < 10; i++) {
		count->ret = i % 2 ? -EINVAL : i;
		KUNIT_ASSERT_EQ(test, damon_call(ctx, &count->control), 0);
		KUNIT_EXPECT_EQ(test, count->times, i + 1);
		/* hazard B15: what the function says is not lost */
		KUNIT_EXPECT_EQ(test, count->control.return_code, count->ret);
	}
	KUNIT_EXPECT_PTR_EQ(test, count->ran_in, ctx->kdamond);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
}

static void call_nonsense(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_trace(test)->ctx;
	struct damon_call_control control = {};

	KUNIT_EXPECT_EQ(test, damon_call(ctx, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &control), -EINVAL);
}

/* hazards A4, A26: nobody will answer, and nothing is left behind */
static void call_not_running(struct kunit *test)
{
	struct call_count *count = new_count(test, false);
	struct call_count *repeat = new_count(test, true);
	struct test_trace *trace = test_new_trace(test);
	struct damon_ctx *ctx = trace->ctx;

	/* Never started. */
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &count->control), -ECANCELED);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &repeat->control), -ECANCELED);
	KUNIT_EXPECT_TRUE(test, list_empty(&damon_ctx_state(ctx)->calls));
	/* Stopped. */
	test_start(test, ctx);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &count->control), -ECANCELED);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &repeat->control), -ECANCELED);
	/* Ended by itself. */
	trace->fail = 'b';
	trace->fail_at = 2;
	test_start(test, ctx);
	test_wait_ended(test, ctx);
	KUNIT_EXPECT_EQ(test, damon_call(ctx, &count->control), -ECANCELED);
	KUNIT_EXPECT_TRUE(test, list_empty(&damon_ctx_state(ctx)->calls));
	KUNIT_EXPECT_EQ(test, count->times, 0);
	KUNIT_EXPECT_EQ(test, repeat->times, 0);
}

/* Each tick until the end, several of them. hazards A12, A14 */
static void call_repeat(struct kunit *test)
{
	struct call_count *counts[3];
	unsigned int times[3];
	struct damon_ctx *ctx;
	int i;

	for (i = 0; i < 3; i++)
		counts[i] = new_count(test, true);
	ctx = test_new_trace(test)->ctx;
	test_start(test, ctx);
	for (i = 0; i < 3; i++) {
		counts[i]->want = 10;
		KUNIT_ASSERT_EQ(test, damon_call(ctx, &counts[i]->control), 0);
	}
	for (i = 0; i < 3; i++)
		wait_count(test, counts[i]);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	for (i = 0; i < 3; i++) {
		times[i] = counts[i]->times;
		KUNIT_EXPECT_GE(test, times[i], 10);
		KUNIT_EXPECT_EQ(test, counts[i]->control.return_code,
				-ECANCELED);
	}
	/* The next run knows nothing of them. */
	test_start(test, ctx);
	msleep(20);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, counts[i]->times, times[i]);
}

/* The thread frees them; KASAN and kmemleak would tell if not, or twice. */
static void call_dealloc(struct kunit *test)
{
	struct call_count *count = new_count(test, true);
	struct damon_ctx *ctx = test_new_trace(test)->ctx;
	struct damon_call_control *control;
	int i;

	count->want = 20;
	test_start(test, ctx);
	for (i = 0; i < 4; i++) {
		control = kmemdup(&count->control, sizeof(*control),
				  GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, control);
		control->dealloc_on_cancel = true;
		KUNIT_ASSERT_EQ(test, damon_call(ctx, control), 0);
	}
	wait_count(test, count);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&damon_ctx_state(ctx)->calls));
}

/* From the thread itself, and from another's. */
static int nested_fn(void *data)
{
	struct call_count *inner = data;

	return damon_call(inner->ctx, &inner->control);
}

static void nested_callback(struct damon_ctx *ctx, struct test_trace *trace)
{
	struct call_count inner;

	count_init(&inner, false);
	trace->want = damon_call(ctx, &inner.control) == -EDEADLK &&
		      !inner.times ? 1 : UINT_MAX;
}

static void call_nested(struct kunit *test)
{
	struct call_count *inner = new_count(test, false);
	struct damon_ctx *a = test_new_trace(test)->ctx;
	struct test_trace *trace = test_new_trace(test);
	struct damon_call_control outer = { .fn = nested_fn, .data = inner };

	test_start(test, a);
	inner->ctx = a;
	KUNIT_EXPECT_EQ(test, damon_call(a, &outer), 0);
	KUNIT_EXPECT_EQ(test, outer.return_code, -EDEADLK);
	KUNIT_EXPECT_EQ(test, inner->times, 0);

	trace->fn = nested_callback;
	test_start(test, trace->ctx);
	test_wait_reached(test, trace);

	inner->ctx = trace->ctx;
	KUNIT_EXPECT_EQ(test, damon_call(a, &outer), 0);
	KUNIT_EXPECT_EQ(test, outer.return_code, 0);
	KUNIT_EXPECT_EQ(test, inner->times, 1);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&a, 1), 0);
}

/* A thread that sleeps for years answers at once, and takes new intervals. */
static int hurry_fn(void *data)
{
	return damon_set_attrs(data, 1000, 4000, 8000, 3, 10);
}

static void call_sleeper(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_call_control hurry = {
		.fn = hurry_fn, .data = trace->ctx,
	};

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, ULONG_MAX, ULONG_MAX,
					      ULONG_MAX, 3, 10), 0);
	trace->want = 2;
	test_start(test, trace->ctx);
	msleep(20);
	KUNIT_EXPECT_EQ(test, trace->ticks, 0);
	KUNIT_EXPECT_EQ(test, damon_call(trace->ctx, &hurry), 0);
	KUNIT_EXPECT_EQ(test, hurry.return_code, 0);
	test_wait_reached(test, trace);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
}

#define NR_CALLERS	4

/* One of many that call until they are refused. */
struct call_caller {
	struct damon_ctx *ctx;
	struct task_struct *task;
	struct completion started;
	struct completion answered;
	struct completion ended;
	struct call_count count;
	unsigned int answers;
	int err;
};

static int caller_fn(void *data)
{
	struct call_caller *caller = data;

	complete(&caller->started);
	do {
		caller->err = damon_call(caller->ctx, &caller->count.control);
		if (!caller->err && !caller->answers++)
			complete(&caller->answered);
	} while (!caller->err);
	complete(&caller->ended);
	return 0;
}

static void caller_start(struct kunit *test, struct call_caller *caller,
			 struct damon_ctx *ctx)
{
	count_init(&caller->count, false);
	init_completion(&caller->started);
	init_completion(&caller->answered);
	init_completion(&caller->ended);
	caller->ctx = ctx;
	caller->answers = 0;
	caller->task = kthread_run(caller_fn, caller, "damon-caller");
	KUNIT_ASSERT_FALSE(test, IS_ERR(caller->task));
}

/*
 * hazard A6: requests at the moment the thread ends, by a stop or by itself: all
 * callers come back, and each answer that they had was given
 */
static void call_ending(struct kunit *test)
{
	struct call_caller *callers = kunit_kcalloc(test, NR_CALLERS,
						    sizeof(*callers),
						    GFP_KERNEL);
	struct test_trace *trace = test_new_trace(test);
	struct damon_ctx *ctx = trace->ctx;
	int i, round;

	KUNIT_ASSERT_NOT_NULL(test, callers);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 500, 1000, 5000, 3, 10), 0);
	trace->fail = 'a';
	for (round = 0; round < 60; round++) {
		test_clear_trace(trace);
		trace->fail_at = round % 2 ? 1 + round % 5 : 0;
		test_start(test, ctx);
		for (i = 0; i < NR_CALLERS; i++)
			caller_start(test, &callers[i], ctx);
		for (i = 0; i < NR_CALLERS; i++)
			wait_for_completion(&callers[i].started);
		if (round % 2)
			test_wait_ended(test, ctx);
		else
			KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
		for (i = 0; i < NR_CALLERS; i++) {
			struct call_caller *caller = &callers[i];

			/* No end to this wait: the case has a time limit. */
			wait_for_completion(&caller->ended);
			KUNIT_EXPECT_EQ(test, caller->err, -ECANCELED);
			KUNIT_EXPECT_EQ(test, caller->count.times,
					caller->answers);
		}
		KUNIT_EXPECT_TRUE(test, list_empty(&damon_ctx_state(ctx)->calls));
	}
}

static void call_many(struct kunit *test)
{
	struct call_caller *callers = kunit_kcalloc(test, NR_CALLERS,
						    sizeof(*callers),
						    GFP_KERNEL);
	struct test_trace *trace = test_new_trace(test);
	struct damon_ctx *ctx = trace->ctx;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, callers);
	trace->want = 10;
	test_start(test, ctx);
	for (i = 0; i < NR_CALLERS; i++)
		caller_start(test, &callers[i], ctx);
	/* Requests do not keep windows from ending. */
	test_wait_reached(test, trace);
	for (i = 0; i < NR_CALLERS; i++)
		wait_for_completion_timeout(&callers[i].answered, TEST_PATIENCE);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	for (i = 0; i < NR_CALLERS; i++) {
		wait_for_completion(&callers[i].ended);
		KUNIT_EXPECT_GE(test, callers[i].answers, 1);
		KUNIT_EXPECT_EQ(test, callers[i].count.times,
				callers[i].answers);
	}
}

static struct kunit_case call_cases[] = {
	KUNIT_CASE(call_result),
	KUNIT_CASE(call_nonsense),
	KUNIT_CASE(call_not_running),
	KUNIT_CASE(call_repeat),
	KUNIT_CASE(call_dealloc),
	KUNIT_CASE(call_nested),
	KUNIT_CASE(call_sleeper),
	KUNIT_CASE(call_ending),
	KUNIT_CASE(call_many),
	{}
};

static struct kunit_suite call_suite = {
	.name = "damon-call",
	.test_cases = call_cases,
};

kunit_test_suite(call_suite);
