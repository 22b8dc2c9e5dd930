// SPDX-License-Identifier: GPL-2.0
/* Contexts come and go: operations, start, stop, groups, exclusiveness. */
#include "thread.h"

static int core_init(struct kunit *test)
{
	/* Each case counts from none. */
	KUNIT_ASSERT_EQ(test, damon_nr_running_ctxs(), 0);
	return 0;
}

static void core_operations(struct kunit *test)
{
	struct damon_operations ops = { .id = NR_DAMON_OPS };
	struct damon_ctx *ctx = test_new_ctx(test);

	test_needs_vaddr(test);
	KUNIT_EXPECT_TRUE(test, damon_initialized());
	KUNIT_EXPECT_TRUE(test, damon_is_registered_ops(DAMON_OPS_VADDR));
	KUNIT_EXPECT_TRUE(test, damon_is_registered_ops(DAMON_OPS_FVADDR));
	KUNIT_EXPECT_FALSE(test, damon_is_registered_ops(NR_DAMON_OPS));
	KUNIT_EXPECT_FALSE(test, damon_is_registered_ops(-1));

	KUNIT_EXPECT_EQ(test, damon_register_ops(&ops), -EINVAL);
	ops.id = -1;
	KUNIT_EXPECT_EQ(test, damon_register_ops(&ops), -EINVAL);
	/* The first keeps it. */
	ops.id = DAMON_OPS_VADDR;
	KUNIT_EXPECT_EQ(test, damon_register_ops(&ops), -EINVAL);

	KUNIT_EXPECT_EQ(test, damon_select_ops(ctx, NR_DAMON_OPS), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_select_ops(ctx, -1), -EINVAL);
	KUNIT_EXPECT_NULL(test, ctx->ops.check_accesses);
	KUNIT_EXPECT_EQ(test, damon_select_ops(ctx, DAMON_OPS_VADDR), 0);
	KUNIT_EXPECT_EQ(test, ctx->ops.id, DAMON_OPS_VADDR);
	KUNIT_EXPECT_NOT_NULL(test, ctx->ops.check_accesses);
	KUNIT_EXPECT_NOT_NULL(test, ctx->ops.update);
	KUNIT_EXPECT_TRUE(test, damon_target_has_pid(ctx));
	/* Its ranges are the user's. */
	KUNIT_EXPECT_EQ(test, damon_select_ops(ctx, DAMON_OPS_FVADDR), 0);
	KUNIT_EXPECT_NULL(test, ctx->ops.update);
	KUNIT_EXPECT_TRUE(test, damon_target_has_pid(ctx));
	ctx->ops.id = DAMON_OPS_PADDR;
	KUNIT_EXPECT_FALSE(test, damon_target_has_pid(ctx));
}

static void core_start_and_stop(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_ctx *ctx = trace->ctx;

	KUNIT_EXPECT_FALSE(test, damon_is_running(ctx));
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), -EPERM);
	trace->want = 3;
	test_start(test, ctx);
	KUNIT_EXPECT_TRUE(test, damon_is_running(ctx));
	KUNIT_EXPECT_GT(test, damon_kdamond_pid(ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 1);
	test_wait_reached(test, trace);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
	KUNIT_EXPECT_TRUE(test, test_has_ended(ctx));
	KUNIT_EXPECT_FALSE(test, damon_is_running(ctx));
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), -EPERM);
}

/* A context can run again; it goes on with its regions. */
static void core_restart(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_target *t;
	int i;

	t = list_first_entry(&trace->ctx->adaptive_targets, struct damon_target,
			     list);
	for (i = 0; i < 3; i++) {
		reinit_completion(&trace->reached);
		trace->want = trace->windows + 2;
		test_start(test, trace->ctx);
		test_wait_reached(test, trace);
		KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
		KUNIT_EXPECT_GE(test, damon_nr_regions(t), 3);
		KUNIT_EXPECT_EQ(test, damon_first_region(t)->ar.start,
				test_page(0));
		KUNIT_EXPECT_EQ(test, damon_last_region(t)->ar.end,
				test_page(100));
	}
	/* And be stopped by its destruction: see the action of the test. */
	test_start(test, trace->ctx);
}

/* hazard A2: the stop may win before the thread first ran */
static void core_stop_at_once(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	int i;

	for (i = 0; i < test_effort(500); i++) {
		KUNIT_ASSERT_EQ(test, damon_start(&trace->ctx, 1, false), 0);
		KUNIT_ASSERT_EQ(test, damon_stop(&trace->ctx, 1), 0);
		KUNIT_ASSERT_EQ(test, damon_nr_running_ctxs(), 0);
		KUNIT_ASSERT_FALSE(test, damon_is_running(trace->ctx));
	}
	KUNIT_EXPECT_EQ(test, damon_ctx_state(trace->ctx)->id, 0);
}

/* A context whose thread does nothing, without operations and targets. */
static void core_empty(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	test_start(test, ctx);
	KUNIT_EXPECT_TRUE(test, damon_is_running(ctx));
	KUNIT_EXPECT_EQ(test, damon_stop(&ctx, 1), 0);
}

static void core_refused(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_ctx *group[3] = {
		trace->ctx, NULL, test_new_trace(test)->ctx,
	};

	KUNIT_EXPECT_EQ(test, damon_start(group, 0, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_start(group, -1, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_start(group, 3, false), -EINVAL);
	group[1] = test_new_trace(test)->ctx;
	group[1]->max_nr_regions = 2;
	KUNIT_EXPECT_EQ(test, damon_start(group, 3, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
	KUNIT_EXPECT_EQ(test, trace->nr, 0);
}

/*
 * hazards A22, A25: a later one of a group cannot start, so none runs, and all
 * can be started afterwards
 */
static void core_roll_back(struct kunit *test)
{
	struct test_trace *first = test_new_trace(test);
	struct test_trace *third = test_new_trace(test);
	struct damon_ctx *group[3] = { first->ctx, first->ctx, third->ctx };
	int i;

	for (i = 0; i < 20; i++) {
		/* The same one twice: known only when the first has a thread. */
		KUNIT_ASSERT_EQ(test, damon_start(group, 3, false), -EBUSY);
		KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
		KUNIT_EXPECT_FALSE(test, damon_is_running(first->ctx));
		KUNIT_EXPECT_TRUE(test, test_has_ended(first->ctx));
		KUNIT_EXPECT_TRUE(test, test_has_ended(third->ctx));
	}
	/* Nothing ever ran. */
	KUNIT_EXPECT_EQ(test, first->nr, 0);
	KUNIT_EXPECT_EQ(test, third->nr, 0);

	group[1] = test_new_trace(test)->ctx;
	KUNIT_ASSERT_EQ(test, damon_start(group, 3, false), 0);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 3);
	/* The numbers of the threads that never ran were given back. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, damon_ctx_state(group[i])->id, i);
	KUNIT_EXPECT_EQ(test, damon_stop(group, 3), 0);
}

/* One of a group runs already: nothing of it is touched. */
static void core_busy(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct test_trace *other = test_new_trace(test);
	struct damon_ctx *group[2] = { other->ctx, trace->ctx };
	int pid;

	test_start(test, trace->ctx);
	pid = damon_kdamond_pid(trace->ctx);
	KUNIT_EXPECT_EQ(test, damon_start(&trace->ctx, 1, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_start(group, 2, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_kdamond_pid(trace->ctx), pid);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 1);
	KUNIT_EXPECT_EQ(test, other->nr, 0);
	/* One of them does not run; the other is stopped all the same. */
	KUNIT_EXPECT_EQ(test, damon_stop(group, 2), -EPERM);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
}

static void core_exclusive(struct kunit *test)
{
	struct damon_ctx *a = test_new_trace(test)->ctx;
	struct damon_ctx *b = test_new_trace(test)->ctx;
	struct damon_ctx *c = test_new_trace(test)->ctx;
	struct damon_ctx *group[2] = { b, c };

	/* Nothing beside an exclusive one. */
	KUNIT_ASSERT_EQ(test, damon_start(&a, 1, true), 0);
	KUNIT_EXPECT_EQ(test, damon_start(&b, 1, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_start(&b, 1, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_stop(&a, 1), 0);

	/* No exclusive one beside others, but others. */
	KUNIT_ASSERT_EQ(test, damon_start(&a, 1, false), 0);
	KUNIT_EXPECT_EQ(test, damon_start(group, 2, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_start(group, 2, false), 0);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 3);
	KUNIT_EXPECT_EQ(test, damon_stop(group, 2), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&a, 1), 0);

	/* A group is exclusive as a whole, until its last one has ended. */
	KUNIT_ASSERT_EQ(test, damon_start(group, 2, true), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&b, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_start(&a, 1, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, damon_stop(&c, 1), 0);
	KUNIT_EXPECT_EQ(test, damon_start(&a, 1, true), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&a, 1), 0);
}

static void get_name(struct damon_ctx *ctx, char *name)
{
	guard(mutex)(&ctx->kdamond_lock);
	strscpy(name, ctx->kdamond ? ctx->kdamond->comm : "none",
		TASK_COMM_LEN);
}

/* hazard G5: no number is in use twice, those given back are used again */
static void core_names(struct kunit *test)
{
	struct damon_ctx *ctxs[3];
	char names[3][TASK_COMM_LEN];
	int i;

	for (i = 0; i < 3; i++)
		ctxs[i] = test_new_trace(test)->ctx;
	KUNIT_ASSERT_EQ(test, damon_start(ctxs, 2, false), 0);
	KUNIT_EXPECT_EQ(test, damon_stop(&ctxs[0], 1), 0);
	KUNIT_ASSERT_EQ(test, damon_start(&ctxs[2], 1, false), 0);
	KUNIT_ASSERT_EQ(test, damon_start(&ctxs[0], 1, false), 0);
	for (i = 0; i < 3; i++)
		get_name(ctxs[i], names[i]);
	KUNIT_EXPECT_STREQ(test, names[1], "kdamond.1");
	KUNIT_EXPECT_STREQ(test, names[2], "kdamond.0");
	KUNIT_EXPECT_STREQ(test, names[0], "kdamond.2");
	KUNIT_EXPECT_EQ(test, damon_stop(ctxs, 3), 0);
}

/* The older way to stop, which is promised to callers. */
static void core_stop_by_hand(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	test_start(test, trace->ctx);
	scoped_guard(mutex, &trace->ctx->kdamond_lock)
		trace->ctx->kdamond_stop = true;
	test_wait_ended(test, trace->ctx);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
	/* It does not keep the next run from starting. */
	trace->want = trace->windows + 1;
	test_start(test, trace->ctx);
	test_wait_reached(test, trace);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
}

/* A thread that sleeps for years is stopped at once. */
static void core_stop_sleeper(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, ULONG_MAX, ULONG_MAX,
					      ULONG_MAX, 3, 10), 0);
	test_start(test, trace->ctx);
	msleep(20);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	KUNIT_EXPECT_EQ(test, trace->ticks, 0);
}

static void core_stop_killable(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);

	KUNIT_EXPECT_EQ(test, damon_stop_killable(trace->ctx), -EPERM);
	test_start(test, trace->ctx);
	KUNIT_EXPECT_EQ(test, damon_stop_killable(trace->ctx), 0);
	KUNIT_EXPECT_TRUE(test, test_has_ended(trace->ctx));
}

/* Runs that end by themselves leave nothing behind. */
static void core_end_by_itself(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	int i;

	trace->fail = 'b';
	trace->fail_at = 1;
	for (i = 0; i < 100; i++) {
		test_clear_trace(trace);
		/* It may be over before the start returns. */
		test_start(test, trace->ctx);
		test_wait_ended(test, trace->ctx);
		KUNIT_ASSERT_STREQ(test, trace->log, "Ibtx");
	}
	KUNIT_EXPECT_EQ(test, damon_nr_running_ctxs(), 0);
	KUNIT_EXPECT_EQ(test, damon_ctx_state(trace->ctx)->id, 0);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_operations),
	KUNIT_CASE(core_start_and_stop),
	KUNIT_CASE(core_restart),
	KUNIT_CASE_SLOW(core_stop_at_once),
	KUNIT_CASE(core_empty),
	KUNIT_CASE(core_refused),
	KUNIT_CASE(core_roll_back),
	KUNIT_CASE(core_busy),
	KUNIT_CASE(core_exclusive),
	KUNIT_CASE(core_names),
	KUNIT_CASE(core_stop_by_hand),
	KUNIT_CASE(core_stop_sleeper),
	KUNIT_CASE(core_stop_killable),
	KUNIT_CASE(core_end_by_itself),
	{}
};

static struct kunit_suite core_suite = {
	.name = "damon-core",
	.init = core_init,
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);
