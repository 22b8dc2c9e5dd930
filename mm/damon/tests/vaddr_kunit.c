// SPDX-License-Identifier: GPL-2.0
/*
 * The three ranges around the two widest gaps of an address space: the search by
 * the tree of mappings against a visit of every mapping.
 */
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>

#include "util.h"

struct vaddr_test {
	struct mm_struct *mm;
	/* Never used but for their addresses. */
	struct vm_area_struct *vmas;
	unsigned int nr, max;
};

static void vaddr_put_mm(void *data)
{
	mmput(data);
}

static void vaddr_free_vmas(void *data)
{
	kvfree(data);
}

/* Takes the mappings away without unmapping: nothing was ever mapped. */
static void vaddr_clear(void *data)
{
	struct mm_struct *mm = data;

	mmap_write_lock(mm);
	__mt_destroy(&mm->mm_mt);
	mmap_write_unlock(mm);
}

static struct vaddr_test *vaddr_new(struct kunit *test, unsigned int max)
{
	struct vaddr_test *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	v->max = max;
	v->vmas = kvcalloc(max, sizeof(*v->vmas), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v->vmas);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vaddr_free_vmas,
							v->vmas), 0);
	v->mm = mm_alloc();
	KUNIT_ASSERT_NOT_NULL(test, v->mm);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vaddr_put_mm,
							v->mm), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, vaddr_clear,
							v->mm), 0);
	return v;
}

static void vaddr_empty(struct vaddr_test *v)
{
	vaddr_clear(v->mm);
	v->nr = 0;
}

/* Map a span of pages. */
static void vaddr_map(struct kunit *test, struct vaddr_test *v,
		      unsigned long from, unsigned long to)
{
	MA_STATE(mas, &v->mm->mm_mt, from * PAGE_SIZE, to * PAGE_SIZE - 1);
	struct vm_area_struct *vma = &v->vmas[v->nr++];
	int err;

	KUNIT_ASSERT_LE(test, v->nr, v->max);
	vma->vm_mm = v->mm;
	vma->vm_start = from * PAGE_SIZE;
	vma->vm_end = to * PAGE_SIZE;
	mmap_write_lock(v->mm);
	err = mas_store_gfp(&mas, vma, GFP_KERNEL);
	mmap_write_unlock(v->mm);
	KUNIT_ASSERT_EQ(test, err, 0);
}

/* Visit all, and remember the two widest gaps, the lower of equals. */
static int visit_all(struct mm_struct *mm, struct damon_addr_range regions[3])
{
	VMA_ITERATOR(vmi, mm, 0);
	struct damon_addr_range widest = {}, second = {};
	unsigned long start = 0, end = 0;
	struct vm_area_struct *vma;
	int nr = 1;

	for_each_vma(vmi, vma) {
		if (!end) {
			start = vma->vm_start;
		} else if (vma->vm_start - end > widest.end - widest.start) {
			second = widest;
			widest = (struct damon_addr_range){ end, vma->vm_start };
		} else if (vma->vm_start - end > second.end - second.start) {
			second = (struct damon_addr_range){ end, vma->vm_start };
		}
		end = vma->vm_end;
	}
	if (!end)
		return -EINVAL;
	if (second.end && second.start < widest.start)
		swap(widest, second);
	regions[0].start = start;
	if (widest.end) {
		regions[0].end = widest.start;
		regions[nr++].start = widest.end;
	}
	if (second.end) {
		regions[1].end = second.start;
		regions[nr++].start = second.end;
	}
	regions[nr - 1].end = end;
	return nr;
}

static void expect_same(struct kunit *test, struct vaddr_test *v)
{
	struct damon_addr_range found[3] = {}, truth[3] = {};
	int nr, nr_truth;

	mmap_read_lock(v->mm);
	nr = damon_va_three_regions(v->mm, found);
	nr_truth = visit_all(v->mm, truth);
	mmap_read_unlock(v->mm);
	KUNIT_ASSERT_EQ(test, nr, nr_truth);
	if (nr > 0)
		KUNIT_EXPECT_MEMEQ(test, found, truth, nr * sizeof(found[0]));
}

#define MAX_SPANS	7

/* Mappings and the ranges around them, in pages. */
static const struct vaddr_row {
	const char *name;
	struct {
		unsigned long from, to;
	} maps[MAX_SPANS], ranges[3];
} vaddr_rows[] = {
	{ "nothing mapped", {}, {} },
	{ "one mapping", { { 5, 9 } }, { { 5, 9 } } },
	{ "no gap", { { 5, 9 }, { 9, 12 }, { 12, 13 } }, { { 5, 13 } } },
	{ "one gap", { { 5, 9 }, { 10, 12 } }, { { 5, 9 }, { 10, 12 } } },
	{ "one gap among neighbours",
	  { { 1, 2 }, { 2, 3 }, { 30, 40 }, { 40, 41 } },
	  { { 1, 3 }, { 30, 41 } } },
	{ "two gaps", { { 1, 2 }, { 5, 6 }, { 7, 9 } },
	  { { 1, 2 }, { 5, 6 }, { 7, 9 } } },
	{ "the wider right", { { 1, 2 }, { 4, 5 }, { 20, 21 }, { 50, 60 } },
	  { { 1, 5 }, { 20, 21 }, { 50, 60 } } },
	{ "the wider left", { { 1, 2 }, { 50, 51 }, { 71, 72 }, { 74, 75 } },
	  { { 1, 2 }, { 50, 51 }, { 71, 75 } } },
	{ "all equal", { { 1, 2 }, { 4, 5 }, { 7, 8 }, { 10, 11 }, { 13, 14 } },
	  { { 1, 2 }, { 4, 5 }, { 7, 14 } } },
	{ "second equal to third",
	  { { 1, 2 }, { 4, 5 }, { 30, 31 }, { 33, 34 } },
	  { { 1, 2 }, { 4, 5 }, { 30, 34 } } },
	{ "first and third equal",
	  { { 1, 2 }, { 12, 13 }, { 15, 16 }, { 26, 27 } },
	  { { 1, 2 }, { 12, 16 }, { 26, 27 } } },
	/* What lies below the first mapping is no gap. */
	{ "from zero", { { 0, 1 }, { 3, 4 } }, { { 0, 1 }, { 3, 4 } } },
	{ "like a process",
	  { { 0x400, 0x500 }, { 0x500, 0x520 }, { 0x1000, 0x1100 },
	    { 0x70000, 0x70800 }, { 0x71000, 0x71200 },
	    { 0x7ff00, 0x7ff20 } },
	  { { 0x400, 0x1100 }, { 0x70000, 0x71200 },
	    { 0x7ff00, 0x7ff20 } } },
};

static void vaddr_row_desc(const struct vaddr_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vaddr_row, vaddr_rows, vaddr_row_desc);

static void vaddr_table(struct kunit *test)
{
	const struct vaddr_row *row = test->param_value;
	struct vaddr_test *v = vaddr_new(test, MAX_SPANS);
	struct damon_addr_range found[3] = {};
	int i, nr, expected = 0;

	for (i = 0; i < MAX_SPANS && row->maps[i].to; i++)
		vaddr_map(test, v, row->maps[i].from, row->maps[i].to);
	while (expected < 3 && row->ranges[expected].to)
		expected++;

	mmap_read_lock(v->mm);
	nr = damon_va_three_regions(v->mm, found);
	mmap_read_unlock(v->mm);
	KUNIT_ASSERT_EQ(test, nr, expected ?: -EINVAL);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, found[i].start,
				row->ranges[i].from * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, found[i].end,
				row->ranges[i].to * PAGE_SIZE);
	}
	expect_same(test, v);
}

/* @nr mappings; gaps of up to @gap pages, some of them none. */
static void vaddr_draw(struct kunit *test, struct vaddr_test *v,
		       struct rnd_state *rnd, unsigned int nr, unsigned int gap)
{
	unsigned long at = test_pick(rnd, 1000), end;

	while (nr--) {
		end = at + 1 + test_pick(rnd, 10);
		vaddr_map(test, v, at, end);
		at = end + test_pick(rnd, gap);
	}
}

/* Few widths make many ties, many widths few. */
static void vaddr_random(struct kunit *test)
{
	static const unsigned int gaps[] = { 1, 2, 3, 8, 1000, 100000 };
	struct vaddr_test *v = vaddr_new(test, 5000);
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 300; i++) {
		vaddr_empty(v);
		vaddr_draw(test, v, &rnd, i < 200 ? 1 + test_pick(&rnd, 12) :
			   10 + test_pick(&rnd, test_effort(i < 290 ? 300 :
							    4990)),
			   gaps[i % ARRAY_SIZE(gaps)]);
		expect_same(test, v);
	}
}

static void vaddr_unmap_one(struct kunit *test, struct vaddr_test *v,
			    struct vm_area_struct *vma)
{
	MA_STATE(mas, &v->mm->mm_mt, vma->vm_start, vma->vm_end - 1);

	mmap_write_lock(v->mm);
	KUNIT_EXPECT_EQ(test, mas_store_gfp(&mas, NULL, GFP_KERNEL), 0);
	mmap_write_unlock(v->mm);
}

/* The search stays right while mappings come and go. */
static void vaddr_unmap(struct kunit *test)
{
	struct vaddr_test *v = vaddr_new(test, 400);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 6);
	vaddr_draw(test, v, &rnd, 400, 50);
	for (i = 0; i < 399; i++) {
		vaddr_unmap_one(test, v, &v->vmas[(i * 151) % 400]);
		expect_same(test, v);
	}
}

/* ns a search, and ns a visit of all; counted time repeats exactly. */
static void vaddr_time(struct kunit *test, struct vaddr_test *v,
		       const char *what)
{
	struct damon_addr_range regions[3];
	unsigned int rounds = 8, i;
	u64 search, visit;

	mmap_read_lock(v->mm);
	search = local_clock();
	for (i = 0; i < rounds; i++)
		damon_va_three_regions(v->mm, regions);
	search = local_clock() - search;
	visit = local_clock();
	for (i = 0; i < rounds; i++)
		visit_all(v->mm, regions);
	visit = local_clock() - visit;
	mmap_read_unlock(v->mm);
	kunit_info(test, "%u mappings, %s: search %llu ns, full visit %llu ns\n",
		   v->nr, what, search / rounds, visit / rounds);
}

static void vaddr_cost(struct kunit *test)
{
	const unsigned int nrs[] = { 10, 60, 1000, test_effort(60000) };
	struct vaddr_test *v = vaddr_new(test, test_effort(60000));
	struct rnd_state rnd;
	unsigned long half;
	unsigned int i, j;

	prandom_seed_state(&rnd, 7);
	for (i = 0; i < ARRAY_SIZE(nrs); i++) {
		vaddr_empty(v);
		vaddr_draw(test, v, &rnd, nrs[i], 1000);
		expect_same(test, v);
		vaddr_time(test, v, "random gaps");

		/* As processes are: two gaps far wider than the rest. */
		vaddr_empty(v);
		half = nrs[i] / 2;
		for (j = 0; j < nrs[i]; j++) {
			unsigned long at = 1024 + 8 * j;

			at += j < half ? 0 : 1UL << 30;
			at += j < nrs[i] - 1 ? 0 : 1UL << 28;
			vaddr_map(test, v, at, at + 4 + j % 4);
		}
		expect_same(test, v);
		vaddr_time(test, v, "two wide gaps");
	}
}

static struct kunit_case vaddr_cases[] = {
	KUNIT_CASE_PARAM(vaddr_table, vaddr_row_gen_params),
	KUNIT_CASE(vaddr_random),
	KUNIT_CASE(vaddr_unmap),
	KUNIT_CASE_SLOW(vaddr_cost),
	{}
};

static struct kunit_suite vaddr_suite = {
	.name = "damon-vaddr",
	.test_cases = vaddr_cases,
};

kunit_test_suite(vaddr_suite);
