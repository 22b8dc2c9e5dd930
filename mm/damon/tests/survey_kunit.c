// SPDX-License-Identifier: GPL-2.0
/*
 * The survey, over real page tables: those of the test thread's own address
 * space. What the processor does not tell, the tests do not ask: entries are
 * flushed from TLBs before memory is touched.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "../upper.h"
#include "util.h"

#define SURVEY_PMDS	64

struct survey_test {
	struct damon_ctx *ctx;
	struct damon_target *t;
	unsigned long addr;
};

static struct damon_va_target *survey_va(struct damon_target *t)
{
	return &damon_target_state(t)->va;
}

static void survey_leave(void *hearsay)
{
	damon_hearsay_leave(hearsay);
}

/* A target whose surveys start anew, and hear what others find. */
static struct damon_target *survey_new_target(struct kunit *test,
					      struct damon_ctx *ctx)
{
	struct damon_target *t = test_new_target(test, ctx);

	damon_survey_restart(&survey_va(t)->survey);
	damon_hearsay_join(&survey_va(t)->hearsay, current->mm);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, survey_leave,
							&survey_va(t)->hearsay),
			0);
	return t;
}

/* One region over @pmds aligned entries, in a mapping of that many and one. */
static struct survey_test *survey_new(struct kunit *test, unsigned long pmds,
				      unsigned long prot)
{
	struct survey_test *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->ctx = test_new_ctx(test);
	s->addr = kunit_vm_mmap(test, NULL, 0, (pmds + 1) * PMD_SIZE, prot,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, s->addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(s->addr));
	s->addr = ALIGN(s->addr, PMD_SIZE);
	s->t = survey_new_target(test, s->ctx);
	test_add_region(test, s->t, s->addr, s->addr + pmds * PMD_SIZE);
	return s;
}

static void touch(struct kunit *test, unsigned long addr)
{
	/* A stale translation would keep the accessed bits from being set. */
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr), 0);
}

/* A walk in which a pass begins, whenever it were to. */
static void survey_pass(struct survey_test *s, struct damon_target *t)
{
	survey_va(t)->survey.next_tick = 0;
	damon_va_walk(s->ctx, t, current->mm, true);
}

static bool is_certified(struct damon_region *r)
{
	return damon_region_certified(damon_region_state(r));
}

static pud_t *find_pud(unsigned long addr)
{
	return pud_offset(p4d_offset(pgd_offset(current->mm, addr), addr), addr);
}

static pmd_t read_pmd(unsigned long addr)
{
	return pmdp_get(pmd_offset(find_pud(addr), addr));
}

/* Do accessed bits above the leaves count here? */
static void need_upper_bits(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_X86_64) || !arch_has_hw_nonleaf_pmd_young())
		kunit_skip(test, "no accessed bits above the leaves");
}

/* Where nothing is, one look says so. */
static void survey_absent(struct kunit *test)
{
	struct survey_test *s = survey_new(test, SURVEY_PMDS, PROT_NONE);

	survey_pass(s, s->t);
	KUNIT_EXPECT_EQ(test, s->t->nr_regions, 1);
	KUNIT_EXPECT_TRUE(test, is_certified(damon_first_region(s->t)));
	KUNIT_EXPECT_EQ(test, survey_va(s->t)->survey.passes, 1);
	KUNIT_EXPECT_GT(test, damon_ctx_state(s->ctx)->cost.surveyed, 0);
}

/* Samples of the last window found something: they know better than a zero. */
static void survey_hot_is_not_certified(struct kunit *test)
{
	struct survey_test *s = survey_new(test, SURVEY_PMDS, PROT_NONE);
	struct damon_region *r = damon_first_region(s->t);

	damon_region_state(r)->last_nr_accesses = 1;
	survey_pass(s, s->t);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->core.end, 0);
	damon_region_state(r)->last_nr_accesses = 0;
	survey_pass(s, s->t);
	KUNIT_EXPECT_TRUE(test, is_certified(r));
}

static void expect_cut_out(struct kunit *test, struct damon_target *t,
			   unsigned long start)
{
	struct damon_region *r;

	KUNIT_ASSERT_EQ(test, t->nr_regions, 3);
	r = test_nth_region(t, 1);
	KUNIT_EXPECT_EQ(test, r->ar.start, start);
	KUNIT_EXPECT_EQ(test, r->ar.end, start + PMD_SIZE);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->core.end, 0);
	KUNIT_EXPECT_TRUE(test, is_certified(test_nth_region(t, 0)));
	KUNIT_EXPECT_TRUE(test, is_certified(test_nth_region(t, 2)));
}

/*
 * hazard E19: what was certified and then accessed as a whole, too seldom for
 * samples, was not idle all the time.
 */
static void survey_resets_age(struct kunit *test)
{
	struct survey_test *s = survey_new(test, 2, PROT_READ | PROT_WRITE);
	struct damon_region *r = damon_first_region(s->t);

	need_upper_bits(test);
	touch(test, s->addr);
	touch(test, s->addr + PMD_SIZE);
	r->age = 5;
	survey_pass(s, s->t);
	KUNIT_ASSERT_EQ(test, s->t->nr_regions, 1);
	KUNIT_EXPECT_FALSE(test, is_certified(r));
	/* Set for the first time: nobody knows when. */
	KUNIT_EXPECT_EQ(test, r->age, 5);
	survey_pass(s, s->t);
	KUNIT_ASSERT_TRUE(test, is_certified(r));
	KUNIT_EXPECT_EQ(test, r->age, 5);
	touch(test, s->addr);
	touch(test, s->addr + PMD_SIZE);
	survey_pass(s, s->t);
	KUNIT_ASSERT_EQ(test, s->t->nr_regions, 1);
	KUNIT_EXPECT_FALSE(test, is_certified(r));
	KUNIT_EXPECT_EQ(test, r->age, 0);
}

/* A page is found in a large mapping, and what lies around it is certified. */
static void survey_finds_page(struct kunit *test)
{
	struct survey_test *s = survey_new(test, SURVEY_PMDS,
					   PROT_READ | PROT_WRITE);
	unsigned long hot = s->addr + 40 * PMD_SIZE;
	unsigned long page = hot + 7 * PAGE_SIZE;
	struct damon_region *r, *found = NULL;

	need_upper_bits(test);
	touch(test, page);
	KUNIT_ASSERT_TRUE(test, pmd_young(read_pmd(hot)));
	survey_pass(s, s->t);
	damon_for_each_region(r, s->t)
		if (r->ar.start <= page && r->ar.end > page)
			found = r;
	KUNIT_ASSERT_NOT_NULL(test, found);
	/* At least as closely as its table; perhaps to the page at once. */
	KUNIT_EXPECT_GE(test, found->ar.start, hot);
	KUNIT_EXPECT_LE(test, found->ar.end, hot + PMD_SIZE);
	KUNIT_EXPECT_EQ(test, damon_region_state(found)->core.end, 0);
	KUNIT_EXPECT_TRUE(test, is_certified(damon_first_region(s->t)));
	KUNIT_EXPECT_TRUE(test, is_certified(damon_last_region(s->t)));
	KUNIT_EXPECT_FALSE(test, pmd_young(read_pmd(hot)));
	KUNIT_EXPECT_TRUE(test, pmd_present(read_pmd(hot)));
	KUNIT_EXPECT_TRUE(test, damon_upper_pud_old(pudp_get(find_pud(hot))));
}

/* No entry is looked at on credit that is not there. */
static void survey_budget(struct kunit *test)
{
	struct survey_test *s = survey_new(test, SURVEY_PMDS, PROT_NONE);
	struct damon_survey *sv = &survey_va(s->t)->survey;

	sv->look.credit = -700;
	survey_pass(s, s->t);
	KUNIT_EXPECT_LE(test, sv->look.credit, 0);
	KUNIT_EXPECT_EQ(test, sv->passes, 0);
	KUNIT_EXPECT_EQ(test, sv->look.spent, 0);
	KUNIT_EXPECT_FALSE(test, is_certified(damon_first_region(s->t)));
	survey_pass(s, s->t);
	KUNIT_EXPECT_EQ(test, sv->passes, 1);
	KUNIT_EXPECT_TRUE(test, is_certified(damon_first_region(s->t)));

	damon_survey_restart(sv);
	KUNIT_EXPECT_EQ(test, sv->passes, 0);
	KUNIT_EXPECT_GT(test, sv->look.credit, 0);
}

/* hazard G3: what one takes away, it tells the other */
static void survey_hearsay(struct kunit *test)
{
	struct survey_test *s = survey_new(test, SURVEY_PMDS,
					   PROT_READ | PROT_WRITE);
	unsigned long hot = s->addr + 40 * PMD_SIZE;
	struct damon_target *other;

	need_upper_bits(test);
	other = survey_new_target(test, s->ctx);
	test_add_region(test, other, s->addr, s->addr + SURVEY_PMDS * PMD_SIZE);
	damon_hearsay_end_pass(&survey_va(s->t)->hearsay);
	damon_hearsay_end_pass(&survey_va(other)->hearsay);
	touch(test, hot);
	survey_pass(s, s->t);
	KUNIT_ASSERT_FALSE(test, pmd_young(read_pmd(hot)));
	survey_pass(s, other);
	expect_cut_out(test, s->t, hot);
	expect_cut_out(test, other, hot);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

/* Two huge pages that were touched; none to be had: skip. */
static struct survey_test *survey_new_huge(struct kunit *test)
{
	struct survey_test *s = survey_new(test, 2, PROT_READ | PROT_WRITE);
	int i;

	need_upper_bits(test);
	KUNIT_ASSERT_EQ(test, do_madvise(current->mm, s->addr, 2 * PMD_SIZE,
					 MADV_HUGEPAGE), 0);
	for (i = 0; i < 2; i++) {
		touch(test, s->addr + i * PMD_SIZE);
		if (!pmd_trans_huge(read_pmd(s->addr + i * PMD_SIZE)))
			kunit_skip(test, "no huge page to be had");
	}
	return s;
}

static void survey_huge(struct kunit *test)
{
	struct survey_test *s = survey_new_huge(test);
	struct damon_region *r = damon_first_region(s->t);

	survey_pass(s, s->t);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->core.end, 0);
	KUNIT_EXPECT_FALSE(test, pmd_young(read_pmd(s->addr)));
	KUNIT_EXPECT_FALSE(test, pmd_young(read_pmd(s->addr + PMD_SIZE)));
	KUNIT_EXPECT_TRUE(test, pmd_dirty(read_pmd(s->addr)));
	survey_pass(s, s->t);
	KUNIT_EXPECT_EQ(test, s->t->nr_regions, 1);
	KUNIT_EXPECT_TRUE(test, is_certified(r));
	KUNIT_EXPECT_TRUE(test, pmd_trans_huge(read_pmd(s->addr)));
}

/* The bit of a page that two regions share is the bit of neither. */
static void survey_huge_shared(struct kunit *test)
{
	struct survey_test *s = survey_new_huge(test);
	struct damon_region *left = damon_first_region(s->t), *right;
	int i;

	right = damon_region_split(s->t, left, s->addr + PMD_SIZE / 2,
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, right);
	for (i = 0; i < 3; i++) {
		/* The entry above would tell of all that it is not accessed. */
		touch(test, s->addr + PMD_SIZE);
		survey_pass(s, s->t);
		KUNIT_EXPECT_EQ(test, damon_region_state(left)->core.end, 0);
	}
}

#endif	/* CONFIG_TRANSPARENT_HUGEPAGE */

/* The border of a core need not be a border that a region may have. */
static void survey_wake(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 100);

	ctx->min_region_sz = PAGE_SIZE;
	damon_region_set_core(r, (struct damon_addr_range){
			      test_page(10) + 1, test_page(90) + 1 });
	r->sampling_addr = test_page(95);
	r->nr_accesses = 1;
	damon_survey_wake(ctx, t, r);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 2);
	KUNIT_EXPECT_EQ(test, r->ar.end, test_page(90));
	KUNIT_EXPECT_EQ(test, damon_next_region(r)->nr_accesses, 1);

	r->sampling_addr = test_page(3);
	r->nr_accesses = 1;
	damon_survey_wake(ctx, t, r);
	KUNIT_ASSERT_EQ(test, t->nr_regions, 3);
	KUNIT_EXPECT_EQ(test, r->ar.end, test_page(11));
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 1);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->core.end, 0);
	KUNIT_EXPECT_TRUE(test, is_certified(damon_next_region(r)));

	/* No room to cut: all of it is sampled again. */
	r = damon_next_region(r);
	ctx->max_nr_regions = 3;
	damon_region_set_core(r, (struct damon_addr_range){
			      test_page(20), test_page(80) });
	r->sampling_addr = test_page(12);
	r->nr_accesses = 1;
	damon_survey_wake(ctx, t, r);
	KUNIT_EXPECT_EQ(test, t->nr_regions, 3);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->core.end, 0);
}

/* Entries are one run but for wide gaps, and as many as there is place for. */
static void survey_runs(struct kunit *test)
{
	struct damon_look look = { .end = 1000, .gap = 10 };
	unsigned long i;

	damon_look_found(&look, 100, 110);
	damon_look_found(&look, 100, 110);
	damon_look_found(&look, 119, 120);
	KUNIT_ASSERT_EQ(test, look.nr, 1);
	KUNIT_EXPECT_EQ(test, look.runs[0].end, 120);
	damon_look_found(&look, 130, 131);
	KUNIT_ASSERT_EQ(test, look.nr, 2);
	KUNIT_EXPECT_EQ(test, look.runs[1].start, 130);
	for (i = 0; i < 2 * DAMON_LOOK_RUNS; i++)
		damon_look_found(&look, 150 + i * 12, 151 + i * 12);
	KUNIT_EXPECT_EQ(test, look.nr, DAMON_LOOK_RUNS);
	KUNIT_EXPECT_EQ(test, look.runs[look.nr - 1].end, 151 + (i - 1) * 12);
}

/* Large entries first; what has been looked at is looked at more closely. */
static void survey_aim(struct kunit *test)
{
	struct damon_target *t = test_new_target(test, test_new_ctx(test));
	struct damon_region *small = test_add_pages(test, t, 0, 8);
	struct damon_region *large = test_add_pages(test, t, 8, 72);
	struct damon_survey sv = {};

	damon_survey_aim(&sv, small, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sv.look.reached, small->ar.start);
	KUNIT_EXPECT_TRUE(test, sv.look.coarse);
	damon_region_state(small)->passes = 1;
	damon_survey_aim(&sv, small, PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, sv.look.coarse);
	damon_region_state(large)->passes = 1;
	sv.look.nr = 1;
	damon_survey_aim(&sv, large, PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, sv.look.coarse);
	KUNIT_EXPECT_EQ(test, sv.look.nr, 0);
	/* Going on with it forgets nothing. */
	sv.look.nr = 1;
	sv.look.reached += PAGE_SIZE;
	damon_survey_aim(&sv, large, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, sv.look.nr, 1);
	KUNIT_EXPECT_EQ(test, sv.look.from, large->ar.start);
}

static struct kunit_case survey_cases[] = {
	KUNIT_CASE(survey_absent),
	KUNIT_CASE(survey_hot_is_not_certified),
	KUNIT_CASE(survey_resets_age),
	KUNIT_CASE(survey_finds_page),
	KUNIT_CASE(survey_budget),
	KUNIT_CASE(survey_hearsay),
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	KUNIT_CASE(survey_huge),
	KUNIT_CASE(survey_huge_shared),
#endif
	KUNIT_CASE(survey_wake),
	KUNIT_CASE(survey_runs),
	KUNIT_CASE(survey_aim),
	{}
};

static struct kunit_suite survey_suite = {
	.name = "damon-survey",
	.test_cases = survey_cases,
};

kunit_test_suite(survey_suite);
