/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operations and callbacks that only take down what was called, and waits with
 * an end: nothing here depends on how fast the machine is.
 */
#ifndef _MM_DAMON_TESTS_THREAD_H
#define _MM_DAMON_TESTS_THREAD_H

#include <linux/delay.h>

#include "util.h"

/* Longer than any machine needs; a test that waits for that has failed. */
#define TEST_PATIENCE	(60 * HZ)

#define TRACE_LEN	256

/**
 * struct test_trace - what the kdamond of one context has called
 * @ctx:	the context
 * @log:	one letter a call, in order; cut at the end
 * @nr:		calls, those that did not fit too
 * @times:	the same by letter
 * @fail:	the callback of that letter returns an error
 * @fail_at:	... when it is called that often; zero: never
 * @invalid_at:	the targets become invalid at that look; zero: never
 * @check_ms:	how long a check of accesses takes
 * @hot:	checks find each sample accessed
 * @ticks:	checks
 * @windows:	windows that have ended
 * @nr_accesses: of the first region, at the end of the last window
 * @want:	complete @reached at that window; zero: never
 * @reached:	see above
 * @fn:		called at the end of each window
 *
 * Written by the kdamond; to be read by others once it has ended, or as hints.
 */
struct test_trace {
	struct damon_ctx *ctx;
	char log[TRACE_LEN];
	unsigned int nr;
	unsigned int times['z' + 1];
	char fail;
	unsigned int fail_at;
	unsigned int invalid_at;
	unsigned int check_ms;
	bool hot;
	unsigned int ticks;
	unsigned int windows;
	unsigned int nr_accesses;
	unsigned int want;
	struct completion reached;
	void (*fn)(struct damon_ctx *ctx, struct test_trace *trace);
};

/*
 * Make a context that takes down its calls. It has one target of 100 pages, and
 * windows of 4 ms, updates every other one.
 */
struct test_trace *test_new_trace(struct kunit *test);

/* Take down calls from the first on, as if none was made before. */
void test_clear_trace(struct test_trace *trace);

/* Wait until a context has ended by itself. */
void test_wait_ended(struct kunit *test, struct damon_ctx *ctx);
/* Wait for the window &test_trace.want. */
void test_wait_reached(struct kunit *test, struct test_trace *trace);

static inline void test_start(struct kunit *test, struct damon_ctx *ctx)
{
	KUNIT_ASSERT_EQ(test, damon_start(&ctx, 1, false), 0);
}

static inline bool test_has_ended(struct damon_ctx *ctx)
{
	return !damon_is_running(ctx);
}

#endif	/* _MM_DAMON_TESTS_THREAD_H */
