// SPDX-License-Identifier: GPL-2.0
/* Commits: a context becomes like a description, or stays as it is. */
#include <linux/pid.h>

#include "util.h"

#define MAX_STATES	32

/* All that can be seen and remembered of a context, as far as commits go. */
struct commit_snap {
	struct damon_attrs attrs;
	struct damon_operations ops;
	unsigned long min_region_sz;
	unsigned int nr_targets;
	unsigned int nr;
	struct damon_target *of[MAX_STATES];
	struct damon_region_state states[MAX_STATES];
};

struct commit_test {
	struct damon_ctx *ctx, *src;
	struct pid *pid, *other;
	unsigned int nr_pid, nr_other;	/* references at the start */
	struct commit_snap before, after;
};

/* Of no process: nobody but this test counts on it. */
static struct pid *commit_pid(struct kunit *test)
{
	/* put_pid() looks into its innermost namespace. */
	struct pid *pid = kunit_kzalloc(test, struct_size(pid, numbers, 1),
					GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pid);
	refcount_set(&pid->count, 1);
	return pid;
}

static int commit_init(struct kunit *test)
{
	struct commit_test *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	c->pid = commit_pid(test);
	c->other = commit_pid(test);
	c->nr_pid = refcount_read(&c->pid->count);
	c->nr_other = refcount_read(&c->other->count);
	c->ctx = test_new_ctx(test);
	c->src = test_new_ctx(test);
	return 0;
}

/* A wanted target of @pages pages in two regions, or of none. */
static struct damon_target *want(struct kunit *test, struct pid *pid,
				 unsigned long pages)
{
	struct commit_test *c = test->priv;
	struct damon_target *t = test_new_target(test, c->src);

	t->pid = get_pid(pid);
	if (pages) {
		test_add_pages(test, t, 0, pages / 2);
		test_add_pages(test, t, pages / 2, pages);
	}
	return t;
}

static void forget_wanted(struct commit_test *c)
{
	struct damon_target *t, *next;

	damon_for_each_target_safe(t, next, c->src)
		damon_destroy_target(t, c->src);
}

static struct damon_target *nth_target(struct damon_ctx *ctx, unsigned int n)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		if (!n--)
			return t;
	return NULL;
}

static unsigned int nr_targets(struct damon_ctx *ctx)
{
	return list_count_nodes(&ctx->adaptive_targets);
}

/* Give every region something to lose. */
static void fill(struct damon_ctx *ctx)
{
	struct damon_region_state *s;
	struct damon_target *t;
	struct damon_region *r;
	unsigned int n = 0;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			n++;
			r->nr_accesses = n;
			r->age = 100 + n;
			s->last_nr_accesses = 2 * n;
			s->window[n % 8] = (struct damon_tally){ n, 3 * n };
			s->past[n % 8] = (struct damon_tally){ n, 30 * n };
			damon_region_next_sample(damon_ctx_state(ctx), r);
		}
	}
}

static void take(struct kunit *test, struct damon_ctx *ctx,
		 struct commit_snap *snap)
{
	struct damon_target *t;
	struct damon_region *r;

	memset(snap, 0, sizeof(*snap));
	snap->attrs = ctx->attrs;
	snap->ops = ctx->ops;
	snap->min_region_sz = ctx->min_region_sz;
	damon_for_each_target(t, ctx) {
		snap->nr_targets++;
		damon_for_each_region(r, t) {
			KUNIT_ASSERT_LT(test, snap->nr, MAX_STATES);
			snap->of[snap->nr] = t;
			snap->states[snap->nr++] = *damon_region_state(r);
		}
	}
}

static void expect_unchanged(struct kunit *test)
{
	struct commit_test *c = test->priv;

	take(test, c->ctx, &c->after);
	KUNIT_EXPECT_MEMEQ(test, &c->before, &c->after, sizeof(c->before));
}

static void start_with_two(struct kunit *test)
{
	struct commit_test *c = test->priv;

	want(test, c->pid, 64);
	want(test, c->other, 32);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_ASSERT_EQ(test, nr_targets(c->ctx), 2);
	fill(c->ctx);
}

/*
 * What is there already changes nothing: where regions lie and what is known
 * about them. hazards B1, B3, B7
 */
static void commit_identical(struct kunit *test)
{
	struct commit_test *c = test->priv;
	int i;

	start_with_two(test);
	take(test, c->ctx, &c->before);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	take(test, c->ctx, &c->after);
	KUNIT_EXPECT_EQ(test, c->after.nr_targets, 2);
	KUNIT_ASSERT_EQ(test, c->after.nr, c->before.nr);
	for (i = 0; i < c->before.nr; i++) {
		INIT_LIST_HEAD(&c->before.states[i].region.list);
		c->after.states[i].region.list =
			c->before.states[i].region.list;
		KUNIT_EXPECT_MEMEQ(test, &c->before.states[i],
				   &c->after.states[i],
				   sizeof(c->before.states[i]));
	}
	KUNIT_EXPECT_MEMEQ(test, &c->before.attrs, &c->after.attrs,
			   sizeof(c->before.attrs));

	/* Targets without regions leave all as it is, down to the bytes. */
	forget_wanted(c);
	want(test, c->pid, 0);
	want(test, c->other, 0);
	fill(c->ctx);
	take(test, c->ctx, &c->before);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	expect_unchanged(test);
}

/* hazard D19: what was given arrives */
static void commit_values(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t;

	test_needs_vaddr(test);
	KUNIT_ASSERT_EQ(test, damon_set_attrs(c->src, 7, 77, 777, 4, 44), 0);
	KUNIT_ASSERT_EQ(test, damon_select_ops(c->src, DAMON_OPS_VADDR), 0);
	c->src->min_region_sz = 4 * PAGE_SIZE;
	c->src->tlb_honesty = true;
	c->src->callback.private = test;
	t = want(test, c->pid, 0);
	/* Widened to 4 pages. */
	test_add_pages(test, t, 2, 41);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_MEMEQ(test, &c->ctx->attrs, &c->src->attrs,
			   sizeof(c->src->attrs));
	KUNIT_EXPECT_EQ(test, c->ctx->ops.id, DAMON_OPS_VADDR);
	KUNIT_EXPECT_PTR_EQ(test, c->ctx->ops.init, c->src->ops.init);
	KUNIT_EXPECT_EQ(test, c->ctx->min_region_sz, 4 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, c->ctx->tlb_honesty);
	/* Callbacks stay those of the running context. */
	KUNIT_EXPECT_NULL(test, c->ctx->callback.private);
	t = nth_target(c->ctx, 0);
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_EXPECT_PTR_EQ(test, t->pid, c->pid);
	KUNIT_EXPECT_EQ(test, damon_first_region(t)->ar.start, test_page(0));
	KUNIT_EXPECT_EQ(test, damon_last_region(t)->ar.end, test_page(44));
	KUNIT_EXPECT_GE(test, damon_nr_regions(t), 4);
	/* The description is not changed and not shared. */
	KUNIT_EXPECT_EQ(test, damon_nr_regions(nth_target(c->src, 0)), 1);
	KUNIT_EXPECT_PTR_NE(test, t, nth_target(c->src, 0));
}

/* It says how to look, not at what: nothing else is touched, no window begins. */
static void commit_tlb_honesty(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_ctx_state *s = damon_ctx_state(c->ctx), before;
	int i;

	KUNIT_EXPECT_FALSE(test, c->ctx->tlb_honesty);
	start_with_two(test);
	forget_wanted(c);
	want(test, c->pid, 0);
	want(test, c->other, 0);
	s->tick = 1000;
	s->window_end = 1010;
	take(test, c->ctx, &c->before);
	before = *s;
	for (i = 0; i < 4; i++) {
		c->src->tlb_honesty = i % 2 == 0;
		KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
		KUNIT_EXPECT_EQ(test, c->ctx->tlb_honesty, i % 2 == 0);
		expect_unchanged(test);
		KUNIT_EXPECT_EQ(test, s->window_end, before.window_end);
		KUNIT_EXPECT_EQ(test, s->deadline, before.deadline);
		KUNIT_EXPECT_EQ(test, s->next_update, before.next_update);
	}
	/* Refused with the rest. */
	c->src->tlb_honesty = true;
	c->src->min_region_sz = 5;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), -EINVAL);
	KUNIT_EXPECT_FALSE(test, c->ctx->tlb_honesty);
}

/* Other regions for the same process: what is known stays where they overlap. */
static void commit_regions(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_region_state *s;

	start_with_two(test);
	KUNIT_ASSERT_GE(test, damon_nr_regions(nth_target(c->ctx, 0)), 2);
	forget_wanted(c);
	test_add_pages(test, want(test, c->pid, 0), 1, 60);
	want(test, c->other, 0);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	s = damon_region_state(damon_first_region(nth_target(c->ctx, 0)));
	KUNIT_EXPECT_EQ(test, s->region.ar.start, test_page(1));
	KUNIT_EXPECT_EQ(test, s->region.nr_accesses, 1);
	KUNIT_EXPECT_EQ(test, s->region.age, 101);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->past).trials, 30);
	KUNIT_EXPECT_EQ(test, damon_last_region(nth_target(c->ctx, 0))->ar.end,
			test_page(60));
}

/* A place that is wanted for another process starts anew. hazard B17 */
static void commit_other_pid(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t, *second;
	struct damon_region *r;
	struct damon_tally past;

	start_with_two(test);
	second = nth_target(c->ctx, 1);
	forget_wanted(c);
	want(test, c->other, 64);
	want(test, c->other, 0);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	t = nth_target(c->ctx, 0);
	KUNIT_EXPECT_PTR_EQ(test, t->pid, c->other);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(c->ctx, 1), second);
	damon_for_each_region(r, t) {
		past = test_tally_sum(damon_region_state(r)->past);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
		KUNIT_EXPECT_EQ(test, r->age, 0);
		KUNIT_EXPECT_EQ(test, past.trials, 0);
	}
	KUNIT_EXPECT_EQ(test, damon_first_region(second)->age,
			damon_last_region(second)->age -
			damon_nr_regions(second) + 1);
}

/* Targets that are more than wanted go; more than there are come. hazards B2, B5 */
static void commit_surplus(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *first;

	start_with_two(test);
	first = nth_target(c->ctx, 0);
	forget_wanted(c);
	want(test, c->pid, 0);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_EQ(test, nr_targets(c->ctx), 1);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(c->ctx, 0), first);

	want(test, c->other, 8);
	want(test, c->pid, 0);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_ASSERT_EQ(test, nr_targets(c->ctx), 3);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(c->ctx, 0), first);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(c->ctx, 1)->pid, c->other);
	KUNIT_EXPECT_NE(test, damon_nr_regions(nth_target(c->ctx, 1)), 0);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(nth_target(c->ctx, 2)), 0);

	forget_wanted(c);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_TRUE(test, damon_targets_empty(c->ctx));
}

/* The first is dropped, the second is not taken for it. hazard B17 */
static void commit_obsolete(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *second;
	struct damon_reason why = {};

	start_with_two(test);
	second = nth_target(c->ctx, 1);
	forget_wanted(c);
	want(test, c->pid, 0)->obsolete = true;
	want(test, c->other, 0);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_ASSERT_EQ(test, nr_targets(c->ctx), 1);
	KUNIT_EXPECT_PTR_EQ(test, nth_target(c->ctx, 0), second);

	/* None runs at that place now. */
	nth_target(c->src, 0)->obsolete = false;
	nth_target(c->src, 1)->obsolete = true;
	fill(c->ctx);
	take(test, c->ctx, &c->before);
	KUNIT_EXPECT_EQ(test, damon_ctx_commit(c->ctx, c->src, &why), -EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, strstr(why.text, "targets/1/"));
	expect_unchanged(test);
}

static void refuse(struct kunit *test, const char *word)
{
	struct commit_test *c = test->priv;
	struct damon_reason why = {};

	take(test, c->ctx, &c->before);
	KUNIT_EXPECT_EQ(test, damon_ctx_commit(c->ctx, c->src, &why), -EINVAL);
	if (!strstr(why.text, word))
		KUNIT_FAIL(test, "no \"%s\" in \"%s\"", word, why.text);
	expect_unchanged(test);
}

/* All or nothing. hazards B4, B13, B15 */
static void commit_refused(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t;

	start_with_two(test);
	forget_wanted(c);
	/* All but the last thing is fine. */
	KUNIT_ASSERT_EQ(test, damon_set_attrs(c->src, 7, 77, 777, 4, 44), 0);
	want(test, c->other, 64);
	t = want(test, c->other, 16);
	test_add_region(test, t, test_page(16), test_page(16));
	refuse(test, "targets/1/regions/2");
	damon_last_region(t)->ar.end = test_page(17);
	c->src->max_nr_regions = 3;
	refuse(test, "nr_regions");
	c->src->max_nr_regions = 44;
	c->src->aggr_interval = 1;
	refuse(test, "intervals");
	c->src->aggr_interval = 77;
	c->src->min_region_sz = 5;
	refuse(test, "power of two");
	/* They overlap only when widened. */
	c->src->min_region_sz = 4 * PAGE_SIZE;
	test_add_pages(test, t, 18, 19);
	damon_last_region(t)->ar.start = test_page(17) + 1;
	refuse(test, "targets/1/regions");
}

static void commit_pid_references(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t;

	start_with_two(test);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->pid->count), c->nr_pid + 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->other->count),
			c->nr_other + 2);
	damon_commit_ctx(c->ctx, c->src);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->pid->count), c->nr_pid + 2);
	/* hazard B14: refused late, after targets were prepared */
	t = want(test, c->pid, 8);
	damon_last_region(t)->ar.end = test_page(7) + 1;
	test_add_region(test, t, test_page(7) + 2, test_page(8));
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), -EINVAL);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->pid->count), c->nr_pid + 3);
	forget_wanted(c);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->pid->count), c->nr_pid + 1);
	want(test, c->other, 8);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->pid->count), c->nr_pid);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->other->count),
			c->nr_other + 2);
	forget_wanted(c);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->other->count), c->nr_other);
}

/* Ranges that touch once widened are one: their border is not kept. */
static void commit_touching(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t = want(test, c->pid, 0);

	KUNIT_ASSERT_EQ(test, damon_set_attrs(c->src, 5, 100, 1000, 3, 3), 0);
	test_add_region(test, t, test_page(0), test_page(10) - 5);
	test_add_region(test, t, test_page(10) + 5, test_page(30));
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	t = nth_target(c->ctx, 0);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 3);
	/* As adapt may do. */
	while (damon_nr_regions(t) > 1)
		damon_region_join(t, damon_first_region(t));
	c->src->min_nr_regions = 3;
	fill(c->ctx);
	damon_bounds_enforce(c->ctx);
	take(test, c->ctx, &c->before);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	take(test, c->ctx, &c->after);
	KUNIT_EXPECT_EQ(test, c->after.nr, c->before.nr);
}

/* In another unit the same numbers are other memory. */
static void commit_addr_unit(struct kunit *test)
{
	struct commit_test *c = test->priv;
	struct damon_target *t;

	want(test, NULL, 64);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	fill(c->ctx);
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	t = nth_target(c->ctx, 0);
	KUNIT_EXPECT_GT(test, damon_first_region(t)->age, 0);

	c->src->addr_unit = 16;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), 0);
	KUNIT_EXPECT_EQ(test, c->ctx->addr_unit, 16);
	t = nth_target(c->ctx, 0);
	KUNIT_ASSERT_GT(test, t->nr_regions, 0);
	KUNIT_EXPECT_EQ(test, damon_first_region(t)->age, 0);

	take(test, c->ctx, &c->before);
	c->src->addr_unit = 12;
	KUNIT_EXPECT_EQ(test, damon_commit_ctx(c->ctx, c->src), -EINVAL);
	KUNIT_EXPECT_EQ(test, c->ctx->addr_unit, 16);
	expect_unchanged(test);
}

static struct kunit_case commit_cases[] = {
	KUNIT_CASE(commit_identical),
	KUNIT_CASE(commit_values),
	KUNIT_CASE(commit_tlb_honesty),
	KUNIT_CASE(commit_addr_unit),
	KUNIT_CASE(commit_regions),
	KUNIT_CASE(commit_other_pid),
	KUNIT_CASE(commit_surplus),
	KUNIT_CASE(commit_obsolete),
	KUNIT_CASE(commit_refused),
	KUNIT_CASE(commit_pid_references),
	KUNIT_CASE(commit_touching),
	{}
};

static struct kunit_suite commit_suite = {
	.name = "damon-commit",
	.init = commit_init,
	.test_cases = commit_cases,
};

kunit_test_suite(commit_suite);
