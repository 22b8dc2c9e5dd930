// SPDX-License-Identifier: GPL-2.0
/* Regions one by one: making, cutting, joining. Ranges are in fit_kunit.c. */
#include "util.h"

static void region_count(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *a, *b, *middle;

	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 0);
	a = test_add_pages(test, t, 0, 1);
	b = test_add_pages(test, t, 2, 3);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 2);
	KUNIT_EXPECT_PTR_EQ(test, damon_first_region(t), a);
	KUNIT_EXPECT_PTR_EQ(test, damon_last_region(t), b);

	middle = damon_new_region(test_page(1), test_page(2));
	KUNIT_ASSERT_NOT_NULL(test, middle);
	damon_insert_region(middle, a, b, t);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 3);
	KUNIT_EXPECT_PTR_EQ(test, damon_next_region(a), middle);
	KUNIT_EXPECT_PTR_EQ(test, damon_prev_region(b), middle);
	KUNIT_EXPECT_EQ(test, damon_sz_region(middle), PAGE_SIZE);

	damon_destroy_region(a, t);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 2);
	KUNIT_EXPECT_PTR_EQ(test, damon_first_region(t), middle);

	damon_target_free_regions(t);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->regions_list));
}

/* hazard D19: a constructor forgets no field */
static void region_is_blank(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = test_add_pages(test, t, 5, 9);
	struct damon_region_state *s = damon_region_state(r);

	KUNIT_EXPECT_EQ(test, r->ar.start, test_page(5));
	KUNIT_EXPECT_EQ(test, r->ar.end, test_page(9));
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	KUNIT_EXPECT_EQ(test, r->age, 0);
	KUNIT_EXPECT_EQ(test, s->last_nr_accesses, 0);
	KUNIT_EXPECT_FALSE(test, s->pending);
	KUNIT_EXPECT_EQ(test, s->stratum, DAMON_NO_STRATUM);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).trials, 0);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->past).trials, 0);
}

/* A region with something in every field. */
static struct damon_region *full_region(struct kunit *test,
					struct damon_target *t)
{
	struct damon_region *r = test_add_pages(test, t, 16, 24);
	struct damon_region_state *s = damon_region_state(r);
	int i;

	r->nr_accesses = 7;
	r->age = 11;
	s->last_nr_accesses = 9;
	s->pending = true;
	s->stratum = 6;
	r->sampling_addr = test_page(22);
	for (i = 0; i <= DAMON_NR_STRATA; i++) {
		s->window[i] = (struct damon_tally){ i, 10 + i };
		s->past[i] = (struct damon_tally){ 2 * i, 100 + i };
	}
	return r;
}

/* Both pieces have the evidence of the whole, but do not know where in them. */
static void check_piece(struct kunit *test, struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	KUNIT_EXPECT_EQ(test, r->nr_accesses, 7);
	KUNIT_EXPECT_EQ(test, r->age, 11);
	KUNIT_EXPECT_EQ(test, s->last_nr_accesses, 9);
	KUNIT_EXPECT_EQ(test, s->stratum, DAMON_NO_STRATUM);
	/* 0 + ... + 8 hits of 10 + ... + 18; 0 + ... + 16 of 100 + ... + 108 */
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].hits, 36);
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].trials, 126);
	KUNIT_EXPECT_EQ(test, s->past[DAMON_NO_STRATUM].hits, 72);
	KUNIT_EXPECT_EQ(test, s->past[DAMON_NO_STRATUM].trials, 936);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->window).trials, 126);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->past).trials, 936);
}

static void region_split(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = full_region(test, t), *right;

	test_add_pages(test, t, 30, 31);
	right = damon_region_split(t, r, test_page(19), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, right);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 3);
	KUNIT_EXPECT_PTR_EQ(test, test_nth_region(t, 0), r);
	KUNIT_EXPECT_PTR_EQ(test, test_nth_region(t, 1), right);
	KUNIT_EXPECT_EQ(test, r->ar.start, test_page(16));
	KUNIT_EXPECT_EQ(test, r->ar.end, test_page(19));
	KUNIT_EXPECT_EQ(test, right->ar.start, test_page(19));
	KUNIT_EXPECT_EQ(test, right->ar.end, test_page(24));
	check_piece(test, r);
	check_piece(test, right);
	/* The sample on its way goes on where it lies. */
	KUNIT_EXPECT_FALSE(test, damon_region_state(r)->pending);
	KUNIT_EXPECT_TRUE(test, damon_region_state(right)->pending);
	KUNIT_EXPECT_EQ(test, right->sampling_addr, test_page(22));
}

static void region_join(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *left = test_add_pages(test, t, 10, 16);
	struct damon_region_state *s = damon_region_state(left);

	full_region(test, t);
	left->nr_accesses = 0;
	left->age = 4;
	s->last_nr_accesses = 2;
	s->window[3] = (struct damon_tally){ 1, 4 };
	s->past[0] = (struct damon_tally){ 5, 64 };
	damon_region_join(t, left);

	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), 1);
	KUNIT_EXPECT_PTR_EQ(test, damon_first_region(t), left);
	KUNIT_EXPECT_EQ(test, left->ar.start, test_page(10));
	KUNIT_EXPECT_EQ(test, left->ar.end, test_page(24));
	/* Means over 6 and 8 pages. */
	KUNIT_EXPECT_EQ(test, left->nr_accesses, 4);
	KUNIT_EXPECT_EQ(test, left->age, 8);
	KUNIT_EXPECT_EQ(test, s->last_nr_accesses, 6);
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].hits, 37);
	KUNIT_EXPECT_EQ(test, s->window[DAMON_NO_STRATUM].trials, 130);
	KUNIT_EXPECT_EQ(test, s->past[DAMON_NO_STRATUM].hits, 77);
	KUNIT_EXPECT_EQ(test, s->past[DAMON_NO_STRATUM].trials, 1000);
	KUNIT_EXPECT_EQ(test, test_tally_sum(s->past).trials, 1000);
	KUNIT_EXPECT_TRUE(test, s->pending);
	KUNIT_EXPECT_EQ(test, left->sampling_addr, test_page(22));
	KUNIT_EXPECT_EQ(test, s->stratum, DAMON_NO_STRATUM);
}

/* Of two samples on their way the left one's goes on. */
static void region_join_pending(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *left = test_add_pages(test, t, 10, 16);

	full_region(test, t);
	left->sampling_addr = test_page(12);
	damon_region_state(left)->pending = true;
	damon_region_join(t, left);
	KUNIT_EXPECT_TRUE(test, damon_region_state(left)->pending);
	KUNIT_EXPECT_EQ(test, left->sampling_addr, test_page(12));
}

static const struct region_mean {
	const char *name;
	unsigned long sz_left, sz_right;
	unsigned int left, right, mean;
} region_means[] = {
	{ "equal sizes", PAGE_SIZE, PAGE_SIZE, 10, 20, 15 },
	{ "one to three", PAGE_SIZE, 3 * PAGE_SIZE, 8, 0, 2 },
	{ "rounded down", PAGE_SIZE, PAGE_SIZE, 1, 2, 1 },
	/* hazard D41 */
	{ "largest values", PAGE_SIZE, PAGE_SIZE, UINT_MAX, UINT_MAX,
	  UINT_MAX },
	{ "largest and zero", PAGE_SIZE, PAGE_SIZE, UINT_MAX, 0,
	  UINT_MAX / 2 },
#ifdef CONFIG_64BIT
	{ "halves of the address space", 1UL << 62, 1UL << 62, UINT_MAX,
	  UINT_MAX, UINT_MAX },
	{ "a quarter of it", 1UL << 61, 3UL << 61, UINT_MAX - 3, 1,
	  (UINT_MAX - 3) / 4 },
	{ "a page beside all the rest", PAGE_SIZE, 1UL << 63, UINT_MAX, 5, 5 },
	{ "all the rest beside a page", 1UL << 63, PAGE_SIZE, UINT_MAX, 5,
	  UINT_MAX },
#endif
};

static void region_mean_desc(const struct region_mean *mean, char *desc)
{
	strscpy(desc, mean->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(region_mean, region_means, region_mean_desc);

static void region_join_means(struct kunit *test)
{
	const struct region_mean *mean = test->param_value;
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *l, *r;

	l = test_add_region(test, t, 0, mean->sz_left);
	r = test_add_region(test, t, mean->sz_left,
			    mean->sz_left + mean->sz_right);
	l->nr_accesses = mean->left;
	l->age = mean->left;
	damon_region_state(l)->last_nr_accesses = mean->left;
	r->nr_accesses = mean->right;
	r->age = mean->right;
	damon_region_state(r)->last_nr_accesses = mean->right;
	damon_region_join(t, l);
	KUNIT_EXPECT_EQ(test, l->nr_accesses, mean->mean);
	KUNIT_EXPECT_EQ(test, l->age, mean->mean);
	KUNIT_EXPECT_EQ(test, damon_region_state(l)->last_nr_accesses,
			mean->mean);
}

static void region_set_bounds(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = full_region(test, t);
	struct damon_region_state before = *damon_region_state(r);

	/* Nothing moves: what is known of the parts stays. */
	damon_region_set_bounds(r, test_page(16), test_page(24));
	KUNIT_EXPECT_MEMEQ(test, damon_region_state(r), &before,
			   sizeof(before));
	damon_region_set_bounds(r, test_page(20), test_page(40));
	check_piece(test, r);
	KUNIT_EXPECT_TRUE(test, damon_region_state(r)->pending);
	/* The sample ends up outside. */
	damon_region_set_bounds(r, test_page(23), test_page(40));
	check_piece(test, r);
	KUNIT_EXPECT_FALSE(test, damon_region_state(r)->pending);
}

static void region_copy_all(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *from = test_new_target(test, ctx);
	struct damon_target *to = test_new_target(test, ctx);
	struct damon_region_state *a, *b;

	test_add_pages(test, from, 1, 2);
	full_region(test, from);
	KUNIT_ASSERT_EQ(test, damon_target_copy_regions(to, from), 0);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(to), 2);
	a = damon_region_state(damon_last_region(from));
	b = damon_region_state(damon_last_region(to));
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_MEMEQ(test, a->window, b->window, sizeof(a->window));
	KUNIT_EXPECT_MEMEQ(test, a->past, b->past, sizeof(a->past));
	KUNIT_EXPECT_EQ(test, a->region.ar.end, b->region.ar.end);
	KUNIT_EXPECT_EQ(test, b->region.age, 11);
	KUNIT_EXPECT_EQ(test, b->stratum, 6);
	KUNIT_EXPECT_TRUE(test, b->pending);
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE(region_count),
	KUNIT_CASE(region_is_blank),
	KUNIT_CASE(region_split),
	KUNIT_CASE(region_join),
	KUNIT_CASE(region_join_pending),
	KUNIT_CASE_PARAM(region_join_means, region_mean_gen_params),
	KUNIT_CASE(region_set_bounds),
	KUNIT_CASE(region_copy_all),
	{}
};

static struct kunit_suite region_suite = {
	.name = "damon-region",
	.test_cases = region_cases,
};

kunit_test_suite(region_suite);
