// SPDX-License-Identifier: GPL-2.0
/* See thread.h. */
#include <linux/kthread.h>

#include "thread.h"

static struct test_trace *trace_of(struct damon_ctx *ctx)
{
	return ctx->callback.private;
}

/* Take down a call. Returns how often it was made, at least once. */
static unsigned int trace_add(struct test_trace *trace, char call)
{
	if (trace->nr < TRACE_LEN - 1)
		trace->log[trace->nr] = call;
	trace->nr++;
	/* The log may be full of other calls. */
	return ++trace->times[(unsigned char)call];
}

static int trace_callback(struct damon_ctx *ctx, char call)
{
	struct test_trace *trace = trace_of(ctx);
	unsigned int times = trace_add(trace, call);

	return trace->fail == call && times == trace->fail_at ? -EIO : 0;
}

static void trace_init(struct damon_ctx *ctx)
{
	trace_add(trace_of(ctx), 'I');
}

static void trace_update(struct damon_ctx *ctx)
{
	trace_add(trace_of(ctx), 'u');
}

static void trace_prepare(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	trace_add(trace_of(ctx), 'p');
	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			r->sampling_addr = damon_rand(ctx, r->ar.start,
						      r->ar.end);
}

static unsigned int trace_check(struct damon_ctx *ctx)
{
	struct test_trace *trace = trace_of(ctx);
	struct damon_target *t;
	struct damon_region *r;

	trace_add(trace, 'c');
	trace->ticks++;
	if (trace->check_ms)
		msleep(trace->check_ms);
	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			damon_update_region_access_rate(r, trace->hot);
	return 0;
}

static void trace_reset(struct damon_ctx *ctx)
{
	struct test_trace *trace = trace_of(ctx);

	trace_add(trace, 'r');
	WRITE_ONCE(trace->windows, trace->windows + 1);
	if (trace->windows == trace->want)
		complete_all(&trace->reached);
}

static bool trace_valid(void *target)
{
	/* It is told of no context, but runs in the thread of one. */
	struct test_trace *trace = trace_of(kthread_data(current));

	return trace_add(trace, 'v') != trace->invalid_at;
}

static void trace_cleanup(struct damon_ctx *ctx)
{
	trace_add(trace_of(ctx), 'x');
}

static int trace_before_start(struct damon_ctx *ctx)
{
	return trace_callback(ctx, 'b');
}

static int trace_after_sampling(struct damon_ctx *ctx)
{
	return trace_callback(ctx, 's');
}

static int trace_after_aggregation(struct damon_ctx *ctx)
{
	struct test_trace *trace = trace_of(ctx);
	struct damon_target *t;

	t = list_first_entry(&ctx->adaptive_targets, struct damon_target, list);
	trace->nr_accesses = damon_first_region(t)->nr_accesses;
	if (trace->fn)
		trace->fn(ctx, trace);
	return trace_callback(ctx, 'a');
}

static void trace_before_terminate(struct damon_ctx *ctx)
{
	trace_add(trace_of(ctx), 't');
}

void test_clear_trace(struct test_trace *trace)
{
	memset(trace->log, 0, sizeof(trace->log));
	memset(trace->times, 0, sizeof(trace->times));
	trace->nr = 0;
}

struct test_trace *test_new_trace(struct kunit *test)
{
	struct test_trace *trace = kunit_kzalloc(test, sizeof(*trace),
						 GFP_KERNEL);
	struct damon_ctx *ctx;

	KUNIT_ASSERT_NOT_NULL(test, trace);
	init_completion(&trace->reached);
	/* Made later, so destroyed before the trace that it writes is freed. */
	ctx = test_new_ctx(test);
	trace->ctx = ctx;
	ctx->ops = (struct damon_operations){
		/* Its targets need no process. */
		.id = DAMON_OPS_PADDR,
		.init = trace_init,
		.update = trace_update,
		.prepare_access_checks = trace_prepare,
		.check_accesses = trace_check,
		.reset_aggregated = trace_reset,
		.target_valid = trace_valid,
		.cleanup = trace_cleanup,
	};
	ctx->callback = (struct damon_callback){
		.private = trace,
		.before_start = trace_before_start,
		.after_sampling = trace_after_sampling,
		.after_aggregation = trace_after_aggregation,
		.before_terminate = trace_before_terminate,
	};
	test_add_pages(test, test_new_target(test, ctx), 0, 100);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 4000, 8000, 3, 10), 0);
	return trace;
}

void test_wait_ended(struct kunit *test, struct damon_ctx *ctx)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	KUNIT_ASSERT_NE(test,
			wait_event_timeout(s->over_wait,
					   READ_ONCE(s->runs_over) ==
					   READ_ONCE(s->runs_begun),
					   TEST_PATIENCE), 0);
}

void test_wait_reached(struct kunit *test, struct test_trace *trace)
{
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&trace->reached,
							  TEST_PATIENCE), 0);
}
