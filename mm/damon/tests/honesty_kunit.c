// SPDX-License-Identifier: GPL-2.0
/*
 * When regions are doubted, and what a flush of translations proves.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "util.h"

/* Once a window, in its second half, and only if asked for. */
static void honesty_due(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_honesty h = {};

	ctx->tlb_honesty = true;
	s->window_end = 10 * nr;
	KUNIT_EXPECT_EQ(test, damon_honesty_next(ctx, &h), 10 * nr - nr / 2);
	s->tick = 10 * nr - nr / 2 - 1;
	KUNIT_EXPECT_FALSE(test, damon_honesty_due(ctx, &h));
	s->tick++;
	KUNIT_EXPECT_TRUE(test, damon_honesty_due(ctx, &h));
	ctx->tlb_honesty = false;
	KUNIT_EXPECT_FALSE(test, damon_honesty_due(ctx, &h));
	ctx->tlb_honesty = true;

	KUNIT_EXPECT_TRUE(test, damon_honesty_begin(ctx, &h, NSEC_PER_SEC));
	KUNIT_EXPECT_FALSE(test, damon_honesty_due(ctx, &h));
	/* The next window is due, but too soon. */
	s->window_end += nr;
	s->tick += nr;
	KUNIT_EXPECT_TRUE(test, damon_honesty_due(ctx, &h));
	KUNIT_EXPECT_FALSE(test, damon_honesty_begin(ctx, &h,
						     NSEC_PER_SEC + 1));
	KUNIT_EXPECT_FALSE(test, damon_honesty_due(ctx, &h));
	s->window_end += nr;
	KUNIT_EXPECT_TRUE(test, damon_honesty_begin(ctx, &h,
						    2 * NSEC_PER_SEC));
	/* A window that is shorter than what lies before it. */
	h.window_end = 0;
	s->window_end = 1;
	KUNIT_EXPECT_LE(test, damon_honesty_next(ctx, &h), 1);
}

static void honesty_doubts(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = test_add_pages(test, t, 0, 10);
	struct damon_region_state *s = damon_region_state(r);

	s->last_nr_accesses = 1;
	KUNIT_EXPECT_FALSE(test, damon_honesty_doubts(r));
	s->leaf_sz = PMD_SIZE;
	KUNIT_EXPECT_TRUE(test, damon_honesty_doubts(r));
	KUNIT_EXPECT_TRUE(test, s->doubted);
	r->nr_accesses = 1;
	KUNIT_EXPECT_FALSE(test, damon_honesty_doubts(r));
	KUNIT_EXPECT_FALSE(test, s->doubted);
	r->nr_accesses = 0;
	s->last_nr_accesses = 0;
	KUNIT_EXPECT_FALSE(test, damon_honesty_doubts(r));
	s->fresh = 1;
	KUNIT_EXPECT_TRUE(test, damon_honesty_doubts(r));
}

/* A hit proves that the looks before it were blind; none proves nothing. */
static void honesty_conclude(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = test_add_pages(test, t, 0, 10);
	struct damon_region_state *s = damon_region_state(r);

	s->doubted = true;
	s->window[1].trials = 10;
	damon_honesty_conclude(r);
	KUNIT_EXPECT_FALSE(test, s->doubted);
	KUNIT_EXPECT_FALSE(test, s->proven);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).trials, 10);

	s->doubted = true;
	damon_region_count(r, 2, true);
	damon_honesty_conclude(r);
	KUNIT_EXPECT_TRUE(test, s->proven);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).trials, 1);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).hits, 1);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 1);
}

/* One flush for all regions in doubt, and none without one. */
static void honesty_walk(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_region *hot, *cold;
	unsigned long addr;

	addr = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE,
			     PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	hot = test_add_region(test, t, addr, addr + PAGE_SIZE);
	cold = test_add_region(test, t, addr + PAGE_SIZE, addr + 2 * PAGE_SIZE);
	damon_target_state(t)->va.survey.next_tick = U64_MAX;
	ctx->tlb_honesty = true;
	s->window_end = 100;
	s->tick = 100;
	damon_va_walk(ctx, t, current->mm, true);
	KUNIT_EXPECT_EQ(test, s->cost.tlb_flushes, 0);

	s->window_end = 200;
	s->tick = 200;
	/* As if it had been long ago: the flush before this one, and huge pages. */
	damon_target_state(t)->va.honesty.flushed = 0;
	damon_target_forget_samples(t);
	damon_region_state(hot)->leaf_sz = PMD_SIZE;
	damon_region_state(hot)->last_nr_accesses = 1;
	damon_region_state(cold)->leaf_sz = PMD_SIZE;
	damon_region_state(cold)->last_nr_accesses = 1;
	damon_va_walk(ctx, t, current->mm, true);
	KUNIT_EXPECT_EQ(test, s->cost.tlb_flushes, 1);
	KUNIT_EXPECT_TRUE(test, damon_region_state(hot)->doubted);
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
	damon_va_walk(ctx, t, current->mm, true);
	KUNIT_EXPECT_EQ(test, s->cost.tlb_flushes, 1);
	KUNIT_EXPECT_TRUE(test, damon_region_state(hot)->proven);
	KUNIT_EXPECT_FALSE(test, damon_region_state(cold)->proven);
	KUNIT_EXPECT_FALSE(test, damon_region_state(cold)->doubted);
}

static struct kunit_case honesty_cases[] = {
	KUNIT_CASE(honesty_due),
	KUNIT_CASE(honesty_doubts),
	KUNIT_CASE(honesty_conclude),
	KUNIT_CASE(honesty_walk),
	{}
};

static struct kunit_suite honesty_suite = {
	.name = "damon-honesty",
	.test_cases = honesty_cases,
};

kunit_test_suite(honesty_suite);
