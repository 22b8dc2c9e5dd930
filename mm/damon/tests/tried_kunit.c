// SPDX-License-Identifier: GPL-2.0
/* Walks over the regions that schemes are tried on, with a thread that runs. */
#include "thread.h"

#define MAX_SCHEMES	3

/* What a walk has shown of one scheme. */
struct tried_seen {
	struct damos *s;
	unsigned long start, end;	/* of all that was seen */
	unsigned int nr, torn;
};

struct tried_test {
	struct test_trace *trace;
	struct damon_ctx *ctx;
	struct damos_walk_control control;
	struct tried_seen seen[MAX_SCHEMES];
	unsigned int nr_schemes;
	int inner;	/* result of a walk from the thread itself */
};

static void tried_see(void *data, struct damon_ctx *ctx, struct damon_target *t,
		      struct damon_region *r, struct damos *s,
		      unsigned long sz_filter_passed)
{
	struct damos_walk_control again = { .walk_fn = tried_see };
	struct tried_test *c = data;
	struct tried_seen *seen = c->seen;

	while (seen->s && seen->s != s)
		seen++;
	if (!seen->nr++)
		seen->start = r->ar.start;
	else if (r->ar.start != seen->end)
		seen->torn++;
	seen->s = s;
	seen->end = r->ar.end;
	c->inner = damos_walk(ctx, &again);
}

static struct tried_test *tried_new(struct kunit *test)
{
	struct tried_test *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->trace = test_new_trace(test);
	c->ctx = c->trace->ctx;
	c->control.walk_fn = tried_see;
	c->control.data = c;
	return c;
}

static struct damos *tried_scheme(struct kunit *test, struct tried_test *c,
				  unsigned long apply_interval_us)
{
	struct damos_access_pattern any = {
		.max_sz_region = ULONG_MAX,
		.max_nr_accesses = UINT_MAX,
		.max_age_region = UINT_MAX,
	};
	struct damos *s = damon_new_scheme(&any, DAMOS_STAT, apply_interval_us,
					   NULL, NULL, -1);

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(c->ctx, s);
	c->nr_schemes++;
	return s;
}

/*
 * Each scheme at its own interval, each region once, without gaps, at the first
 * try and again and again while regions are cut and joined.
 */
static void tried_each_once(struct kunit *test)
{
	struct tried_test *c = tried_new(test);
	unsigned int i, j;

	/* So that they are cut and joined. */
	c->trace->hot = true;
	tried_scheme(test, c, 0);
	tried_scheme(test, c, 1000);
	tried_scheme(test, c, 9000);
	test_start(test, c->ctx);
	for (i = 0; i < 20; i++) {
		memset(c->seen, 0, sizeof(c->seen));
		KUNIT_ASSERT_EQ(test, damos_walk(c->ctx, &c->control), 0);
		for (j = 0; j < c->nr_schemes; j++) {
			struct tried_seen *seen = &c->seen[j];

			KUNIT_EXPECT_NOT_NULL(test, seen->s);
			KUNIT_EXPECT_EQ(test, seen->start, test_page(0));
			KUNIT_EXPECT_EQ(test, seen->end, test_page(100));
			KUNIT_EXPECT_EQ(test, seen->torn, 0);
			KUNIT_EXPECT_LE(test, seen->nr, 10);
		}
		KUNIT_EXPECT_EQ(test, c->inner, -EDEADLK);
	}
	KUNIT_EXPECT_EQ(test, damon_stop(&c->ctx, 1), 0);
}

/* hazard C30: what a scheme is not meant for is not shown, and is not waited for. */
static void tried_pattern(struct kunit *test)
{
	struct tried_test *c = tried_new(test);
	struct damos *s = tried_scheme(test, c, 0), *other;

	s->min_sz_region = ULONG_MAX;
	other = tried_scheme(test, c, 1000);
	test_start(test, c->ctx);
	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, &c->control), 0);
	KUNIT_EXPECT_PTR_EQ(test, c->seen[0].s, other);
	KUNIT_EXPECT_NULL(test, c->seen[1].s);
	KUNIT_EXPECT_EQ(test, c->seen[0].end, test_page(100));
	KUNIT_EXPECT_EQ(test, damon_stop(&c->ctx, 1), 0);
}

/* hazards A4, A7: nobody who could answer */
static void tried_refused(struct kunit *test)
{
	struct tried_test *c = tried_new(test);
	struct damos_walk_control none = {};

	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, &none), -EINVAL);
	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, &c->control), -ECANCELED);
	/* It runs, without any scheme. */
	test_start(test, c->ctx);
	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, &c->control), -ECANCELED);
	KUNIT_EXPECT_EQ(test, damon_stop(&c->ctx, 1), 0);
	/* It has run. */
	tried_scheme(test, c, 0);
	KUNIT_EXPECT_EQ(test, damos_walk(c->ctx, &c->control), -ECANCELED);
	KUNIT_EXPECT_NULL(test, c->seen[0].s);
}

static struct kunit_case tried_cases[] = {
	KUNIT_CASE(tried_each_once),
	KUNIT_CASE(tried_pattern),
	KUNIT_CASE(tried_refused),
	{}
};

static struct kunit_suite tried_suite = {
	.name = "damon-tried",
	.test_cases = tried_cases,
};

kunit_test_suite(tried_suite);
