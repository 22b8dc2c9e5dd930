/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share. Objects made here go away with the test case, also
 * when an assertion ends it early.
 */
#ifndef _MM_DAMON_TESTS_UTIL_H
#define _MM_DAMON_TESTS_UTIL_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../internal.h"

/* A page far from both ends of the address space. */
#define TEST_BASE	BIT(30)

/* For cases about operations that are not part of this kernel. */
static inline void test_needs_vaddr(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_DAMON_VADDR))
		kunit_skip(test, "without DAMON_VADDR");
}

/* How often to do something: kernels that check everything are slow. */
static inline unsigned int test_effort(unsigned int nr)
{
	return IS_ENABLED(CONFIG_KASAN) ? DIV_ROUND_UP(nr, 10) : nr;
}

static inline unsigned long test_page(unsigned long nr)
{
	return TEST_BASE + nr * PAGE_SIZE;
}

static inline void test_destroy_ctx(void *ctx)
{
	damon_destroy_ctx(ctx);
}

static inline struct damon_ctx *test_new_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = damon_new_ctx();

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_destroy_ctx,
							ctx), 0);
	/* The same numbers in each run. */
	damon_ctx_state(ctx)->rnd = 1;
	return ctx;
}

/* A target of @ctx; it has no regions. */
static inline struct damon_target *test_new_target(struct kunit *test,
						   struct damon_ctx *ctx)
{
	struct damon_target *t = damon_new_target();

	KUNIT_ASSERT_NOT_NULL(test, t);
	damon_add_target(ctx, t);
	return t;
}

static inline struct damon_region *test_add_region(struct kunit *test,
						   struct damon_target *t,
						   unsigned long start,
						   unsigned long end)
{
	struct damon_region *r = damon_new_region(start, end);

	KUNIT_ASSERT_NOT_NULL(test, r);
	damon_add_region(r, t);
	return r;
}

/* The same, in pages from TEST_BASE on. */
static inline struct damon_region *test_add_pages(struct kunit *test,
						  struct damon_target *t,
						  unsigned long from,
						  unsigned long to)
{
	return test_add_region(test, t, test_page(from), test_page(to));
}

static inline struct damon_region *test_nth_region(struct damon_target *t,
						   unsigned int n)
{
	struct damon_region *r;

	damon_for_each_region(r, t)
		if (!n--)
			return r;
	return NULL;
}

static inline struct damon_tally test_tally_sum(const struct damon_tally *tally)
{
	struct damon_tally sum = {};
	int i;

	for (i = 0; i <= DAMON_NR_STRATA; i++) {
		sum.hits += tally[i].hits;
		sum.trials += tally[i].trials;
	}
	return sum;
}

/* A number in [0, below), the same in each run. */
static inline unsigned int test_pick(struct rnd_state *rnd, unsigned int below)
{
	return prandom_u32_state(rnd) % below;
}

#endif	/* _MM_DAMON_TESTS_UTIL_H */
