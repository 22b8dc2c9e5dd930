// SPDX-License-Identifier: GPL-2.0
/* Region sets and ranges: which are taken, and how regions are fitted to them. */
#include "util.h"

#define MAX_SPANS	6

/* Pages; the top of the address space is page TOP. */
#define TOP		(ULONG_MAX / PAGE_SIZE)

struct span {
	unsigned long from, to;
};

static const struct ranges_row {
	const char *name;
	bool valid;
	unsigned int nr;
	struct damon_addr_range ranges[MAX_SPANS];
} ranges_rows[] = {
	{ "none", true, 0, {} },
	{ "one", true, 1, { { 0x1000, 0x2000 } } },
	{ "from zero", true, 1, { { 0, 0x1000 } } },
	{ "touching", true, 2, { { 0x1000, 0x2000 }, { 0x2000, 0x3000 } } },
	{ "not aligned", true, 2, { { 0x1001, 0x1fff }, { 0x2001, 0x2002 } } },
	/* hazards D7, D8 */
	{ "empty", false, 1, { { 0x1000, 0x1000 } } },
	{ "empty at zero", false, 1, { { 0, 0 } } },
	{ "backwards", false, 1, { { 0x2000, 0x1000 } } },
	{ "second empty", false, 2, { { 0x1000, 0x2000 }, { 0x3000, 0x3000 } } },
	{ "not ordered", false, 2, { { 0x3000, 0x4000 }, { 0x1000, 0x2000 } } },
	{ "overlapping", false, 2, { { 0x1000, 0x3000 }, { 0x2000, 0x4000 } } },
	{ "the same twice", false, 2,
	  { { 0x1000, 0x2000 }, { 0x1000, 0x2000 } } },
	{ "overlapping once widened", false, 2,
	  { { 0x1000, 0x2001 }, { 0x2fff, 0x4000 } } },
	{ "third overlaps", false, 3,
	  { { 0x1000, 0x2000 }, { 0x2000, 0x4000 }, { 0x3000, 0x5000 } } },
	{ "top page but one", true, 1, { { (TOP - 1) * PAGE_SIZE,
					   TOP * PAGE_SIZE } } },
	{ "top, not to be widened", false, 1,
	  { { (TOP - 1) * PAGE_SIZE, ULONG_MAX } } },
	{ "all", false, 1, { { 0, ULONG_MAX } } },
	{ "all that can be", true, 1, { { 0, TOP * PAGE_SIZE } } },
};

static void ranges_row_desc(const struct ranges_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ranges_row, ranges_rows, ranges_row_desc);

static void fit_ranges_check(struct kunit *test)
{
	const struct ranges_row *row = test->param_value;
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *r = test_add_pages(test, t, 1, 2);
	struct damon_region_state before = *damon_region_state(r);

	KUNIT_EXPECT_EQ(test, row->valid,
			damon_ranges_check(row->ranges, row->nr, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, row->valid ? 0 : -EINVAL,
			damon_set_regions(t, row->ranges, row->nr, PAGE_SIZE));
	if (row->valid)
		return;
	/* Nothing has changed. */
	KUNIT_ASSERT_EQ(test, damon_nr_regions(t), 1);
	KUNIT_ASSERT_PTR_EQ(test, damon_first_region(t), r);
	KUNIT_EXPECT_MEMEQ(test, damon_region_state(r), &before,
			   sizeof(before));
}

/* Alignments that are not a power of two are refused. hazard B21 */
static void fit_alignment(struct kunit *test)
{
	const struct damon_addr_range range = { 0x3000, 0x5000 };
	struct damon_target *t = test_new_target(test, test_new_ctx(test));

	KUNIT_EXPECT_EQ(test, damon_set_regions(t, &range, 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_set_regions(t, &range, 1, 0x3000), -EINVAL);
	KUNIT_EXPECT_EQ(test, damon_set_regions(t, &range, 1, 0x4000), 0);
	KUNIT_ASSERT_EQ(test, damon_nr_regions(t), 1);
	KUNIT_EXPECT_EQ(test, damon_first_region(t)->ar.start, 0);
	KUNIT_EXPECT_EQ(test, damon_first_region(t)->ar.end, 0x8000);
}

/* The regions @old, known as 1, 2, ..., fitted to @ranges, become @new. */
static const struct fit_row {
	const char *name;
	struct span old[MAX_SPANS];
	struct span ranges[MAX_SPANS];
	struct span new[MAX_SPANS];
	unsigned int known[MAX_SPANS];
} fit_rows[] = {
	{ "first ranges", {}, { { 1, 5 }, { 7, 9 } }, { { 1, 5 }, { 7, 9 } },
	  { 0, 0 } },
	{ "same", { { 1, 3 }, { 3, 5 } }, { { 1, 5 } }, { { 1, 3 }, { 3, 5 } },
	  { 1, 2 } },
	{ "shrink", { { 10, 20 } }, { { 12, 18 } }, { { 12, 18 } }, { 1 } },
	{ "grow", { { 12, 18 } }, { { 10, 20 } }, { { 10, 20 } }, { 1 } },
	{ "grow and shrink", { { 10, 14 }, { 14, 20 } }, { { 8, 16 } },
	  { { 8, 14 }, { 14, 16 } }, { 1, 2 } },
	/* hazard D34 */
	{ "holes filled", { { 10, 12 }, { 14, 16 }, { 18, 20 } }, { { 8, 22 } },
	  { { 8, 12 }, { 12, 14 }, { 14, 16 }, { 16, 18 }, { 18, 22 } },
	  { 1, 0, 2, 0, 3 } },
	{ "one in two ranges", { { 10, 30 } }, { { 8, 15 }, { 20, 35 } },
	  { { 8, 15 }, { 20, 35 } }, { 1, 1 } },
	{ "one in three ranges", { { 10, 30 } },
	  { { 10, 12 }, { 15, 16 }, { 29, 31 } },
	  { { 10, 12 }, { 15, 16 }, { 29, 31 } }, { 1, 1, 1 } },
	{ "one in two that touch", { { 10, 30 } }, { { 10, 20 }, { 20, 30 } },
	  { { 10, 20 }, { 20, 30 } }, { 1, 1 } },
	{ "all gone", { { 10, 20 } }, { { 30, 40 } }, { { 30, 40 } }, { 0 } },
	{ "all gone, below", { { 30, 40 } }, { { 10, 30 } }, { { 10, 30 } },
	  { 0 } },
	{ "no ranges", { { 10, 20 }, { 20, 30 } }, {}, {}, {} },
	{ "middle gone", { { 10, 12 }, { 20, 22 }, { 30, 32 } },
	  { { 10, 12 }, { 30, 32 } }, { { 10, 12 }, { 30, 32 } }, { 1, 3 } },
	{ "new range between", { { 10, 12 }, { 30, 32 } },
	  { { 10, 12 }, { 20, 22 }, { 30, 32 } },
	  { { 10, 12 }, { 20, 22 }, { 30, 32 } }, { 1, 0, 2 } },
	{ "bottom", { { 1, 2 } }, { { 0, 3 } }, { { 0, 3 } }, { 1 } },
	{ "top", { { TOP - 4, TOP - 3 } }, { { TOP - 6, TOP } },
	  { { TOP - 6, TOP } }, { 1 } },
};

static void fit_row_desc(const struct fit_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fit_row, fit_rows, fit_row_desc);

static void fit_table(struct kunit *test)
{
	const struct fit_row *row = test->param_value;
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_addr_range ranges[MAX_SPANS];
	unsigned int i, nr = 0;
	struct damon_region *r;

	for (i = 0; i < MAX_SPANS && row->old[i].to; i++) {
		r = test_add_region(test, t, row->old[i].from * PAGE_SIZE,
				    row->old[i].to * PAGE_SIZE);
		r->nr_accesses = i + 1;
		r->age = 10 * (i + 1);
	}
	for (; nr < MAX_SPANS && row->ranges[nr].to; nr++) {
		ranges[nr].start = row->ranges[nr].from * PAGE_SIZE;
		ranges[nr].end = row->ranges[nr].to * PAGE_SIZE;
	}
	KUNIT_ASSERT_EQ(test, damon_set_regions(t, ranges, nr, PAGE_SIZE), 0);

	i = 0;
	damon_for_each_region(r, t) {
		KUNIT_ASSERT_LT(test, i, MAX_SPANS);
		KUNIT_EXPECT_EQ(test, r->ar.start,
				row->new[i].from * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, r->ar.end, row->new[i].to * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, row->known[i]);
		KUNIT_EXPECT_EQ(test, r->age, 10 * row->known[i]);
		i++;
	}
	KUNIT_EXPECT_TRUE(test, i == MAX_SPANS || !row->new[i].to);
	KUNIT_EXPECT_EQ(test, damon_nr_regions(t), i);
}

#define MODEL_PAGES	128
#define MODEL_RANGES	10

/* Which region each page belonged to (0: none), and whether a range has it. */
struct fit_model {
	u8 known[MODEL_PAGES];
	bool in[MODEL_PAGES];
	bool covered[MODEL_PAGES];
	struct damon_addr_range ranges[MODEL_RANGES];
	unsigned int nr_ranges;
	struct rnd_state rnd;
};

static void fit_draw_regions(struct kunit *test, struct fit_model *m,
			     struct damon_target *t)
{
	unsigned int pos = test_pick(&m->rnd, 20), known = 0, end;

	memset(m->known, 0, sizeof(m->known));
	while (pos < MODEL_PAGES) {
		end = min(pos + 1 + test_pick(&m->rnd, 10),
			  (unsigned int)MODEL_PAGES);
		test_add_pages(test, t, pos, end)->nr_accesses = ++known;
		memset(m->known + pos, known, end - pos);
		pos = end;
		if (test_pick(&m->rnd, 2))
			pos += test_pick(&m->rnd, 10);
	}
}

static void fit_draw_ranges(struct fit_model *m)
{
	unsigned int pos = test_pick(&m->rnd, 20), end;

	memset(m->in, 0, sizeof(m->in));
	m->nr_ranges = 0;
	while (pos < MODEL_PAGES && m->nr_ranges < MODEL_RANGES) {
		struct damon_addr_range *range = &m->ranges[m->nr_ranges++];

		end = min(pos + 1 + test_pick(&m->rnd, 20),
			  (unsigned int)MODEL_PAGES);
		/* Widened to whole pages it is the same. */
		range->start = test_page(pos) + test_pick(&m->rnd, 2);
		range->end = test_page(end) - test_pick(&m->rnd, 2);
		memset(m->in + pos, true, end - pos);
		pos = end + test_pick(&m->rnd, 10);
	}
}

static void fit_check_model(struct kunit *test, struct fit_model *m,
			    struct damon_target *t)
{
	unsigned long end = 0, page;
	struct damon_region *r;
	unsigned int nr = 0;

	memset(m->covered, 0, sizeof(m->covered));
	damon_for_each_region(r, t) {
		nr++;
		KUNIT_ASSERT_GE(test, r->ar.start, max(end, TEST_BASE));
		KUNIT_ASSERT_GT(test, r->ar.end, r->ar.start);
		KUNIT_ASSERT_LE(test, r->ar.end, test_page(MODEL_PAGES));
		end = r->ar.end;
		for (page = (r->ar.start - TEST_BASE) / PAGE_SIZE;
		     page < (r->ar.end - TEST_BASE) / PAGE_SIZE; page++) {
			m->covered[page] = true;
			if (m->known[page])
				KUNIT_EXPECT_EQ(test, r->nr_accesses,
						m->known[page]);
		}
	}
	KUNIT_EXPECT_EQ(test, nr, damon_nr_regions(t));
	KUNIT_EXPECT_MEMEQ(test, m->covered, m->in, sizeof(m->in));
}

static void fit_random(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct fit_model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->rnd, 1);
	for (i = 0; i < test_effort(1000); i++) {
		fit_draw_regions(test, m, t);
		fit_draw_ranges(m);
		KUNIT_ASSERT_EQ(test, damon_set_regions(t, m->ranges,
							m->nr_ranges,
							PAGE_SIZE), 0);
		fit_check_model(test, m, t);
		damon_target_free_regions(t);
	}
}

static struct kunit_case fit_cases[] = {
	KUNIT_CASE_PARAM(fit_ranges_check, ranges_row_gen_params),
	KUNIT_CASE(fit_alignment),
	KUNIT_CASE_PARAM(fit_table, fit_row_gen_params),
	KUNIT_CASE(fit_random),
	{}
};

static struct kunit_suite fit_suite = {
	.name = "damon-fit",
	.test_cases = fit_cases,
};

kunit_test_suite(fit_suite);
