// SPDX-License-Identifier: GPL-2.0
/*
 * Schemes on physical memory, see paddr.h: which folios they find, which of them
 * filters keep, and what becomes of those with which nothing can be done.
 */
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmap_lock.h>
#include <linux/nodemask.h>
#include <linux/page_idle.h>
#include <linux/rmap.h>
#include <linux/swap.h>

#include "../../internal.h"
#include "paddr.h"

static struct damos *scheme_new(struct kunit *test, struct paddr_test *p,
				enum damos_action action)
{
	struct damos_access_pattern any = {
		.max_sz_region = ULONG_MAX,
		.max_nr_accesses = UINT_MAX,
		.max_age_region = UINT_MAX,
	};
	struct damos *s = damon_new_scheme(&any, action, 0, NULL, NULL, -1);

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(p->ctx, s);
	return s;
}

static struct damos_filter *filter_new(struct kunit *test, struct damos *s,
				       enum damos_filter_type type,
				       bool matching, bool allow)
{
	struct damos_filter *f = damos_new_filter(type, matching, allow);

	KUNIT_ASSERT_NOT_NULL(test, f);
	damos_add_filter(s, f);
	return f;
}

/* One run of all schemes, as at the end of a window, with statistics of its own. */
static void run(struct paddr_test *p)
{
	struct damon_ctx_state *state = damon_ctx_state(p->ctx);
	struct damos *s;

	damon_for_each_scheme(s, p->ctx)
		s->stat = (struct damos_stat){};
	state->reporting = true;
	state->tick = state->next_apply;
	state->window_end = state->tick + 20;
	damos_apply(p->ctx);
	/* What was only put into a queue of this CPU. */
	lru_add_drain_all();
}

/* Bytes of the pages that a filter lets a scheme see. */
static unsigned long passed(struct paddr_test *p)
{
	struct damos *s = list_first_entry(&p->ctx->schemes, struct damos, list);

	run(p);
	return s->stat.sz_ops_filter_passed;
}

static unsigned int nr_active(struct paddr_test *p)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PADDR_PAGES; i++)
		nr += folio_test_active(pfn_folio(p->pages[i].pfn));
	return nr;
}

static unsigned int nr_on_lru(struct paddr_test *p)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PADDR_PAGES; i++)
		nr += folio_test_lru(pfn_folio(p->pages[i].pfn));
	return nr;
}

/* What is supported is in the table; all filters about pages are. */
static void scheme_rows(struct kunit *test)
{
	static const enum damos_action can[] = {
		DAMOS_PAGEOUT, DAMOS_LRU_PRIO, DAMOS_LRU_DEPRIO, DAMOS_STAT,
		DAMOS_MIGRATE_HOT, DAMOS_MIGRATE_COLD,
	};
	const enum damos_filter_type anon = DAMOS_FILTER_TYPE_ANON;
	struct paddr_test *p = paddr_new(test, 1);
	struct damon_operations *ops = &p->ctx->ops;
	unsigned int i, action, nr = 0;

	for (i = 0; i < ARRAY_SIZE(can); i++) {
		if (!IS_ENABLED(CONFIG_MIGRATION) && i >= 4)
			continue;
		nr++;
		KUNIT_EXPECT_TRUE(test, ops->supports_action(can[i]));
		KUNIT_EXPECT_TRUE(test, ops->supports_filter(can[i], anon));
	}
	for (action = 0; action < NR_DAMOS_ACTIONS; action++)
		nr -= ops->supports_action(action);
	KUNIT_EXPECT_EQ(test, nr, 0);
}

/* Hot and cold regions come first where that is asked for. */
static void scheme_scores(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damon_region *hot = damon_first_region(p->t);
	struct damon_region *cold = damon_last_region(p->t);
	struct damos *s = scheme_new(test, p, DAMOS_PAGEOUT);
	struct damon_operations *ops = &p->ctx->ops;

	damon_ctx_state(p->ctx)->reporting = true;
	s->quota.weight_nr_accesses = 1;
	hot->nr_accesses = 20;
	KUNIT_EXPECT_LT(test, ops->get_scheme_score(p->ctx, p->t, hot, s),
			ops->get_scheme_score(p->ctx, p->t, cold, s));
	s->action = DAMOS_LRU_PRIO;
	KUNIT_EXPECT_GT(test, ops->get_scheme_score(p->ctx, p->t, hot, s),
			ops->get_scheme_score(p->ctx, p->t, cold, s));
	s->action = DAMOS_STAT;
	KUNIT_EXPECT_EQ(test, ops->get_scheme_score(p->ctx, p->t, hot, s),
			DAMOS_MAX_SCORE);
}

static void scheme_lru_lists(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_LRU_PRIO);

	if (lru_gen_enabled())
		kunit_skip(test, "there are no two lists");
	run(p);
	KUNIT_EXPECT_EQ(test, nr_active(p), PADDR_PAGES);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, PADDR_PAGES * PAGE_SIZE);
	s->action = DAMOS_LRU_DEPRIO;
	run(p);
	KUNIT_EXPECT_EQ(test, nr_active(p), 0);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, PADDR_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, nr_on_lru(p), PADDR_PAGES);
}

/* Each filter lets pass what it is about. */
static void scheme_filters(struct kunit *test)
{
	const unsigned long all = PADDR_PAGES * PAGE_SIZE;
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_STAT);
	struct damos_filter *f;

	f = filter_new(test, s, DAMOS_FILTER_TYPE_ANON, true, true);
	KUNIT_EXPECT_EQ(test, passed(p), all);
	f->type = DAMOS_FILTER_TYPE_UNMAPPED;
	KUNIT_EXPECT_EQ(test, passed(p), 0);
	f->type = DAMOS_FILTER_TYPE_ACTIVE;
	KUNIT_EXPECT_EQ(test, passed(p), nr_active(p) * PAGE_SIZE);
	folio_activate(pfn_folio(p->pages[0].pfn));
	lru_add_drain_all();
	KUNIT_EXPECT_EQ(test, passed(p), nr_active(p) * PAGE_SIZE);
	f->type = DAMOS_FILTER_TYPE_HUGEPAGE_SIZE;
	f->sz_range.min = PAGE_SIZE;
	f->sz_range.max = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, passed(p), all);
	f->sz_range.min = PAGE_SIZE + 1;
	f->sz_range.max = 2 * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, passed(p), 0);
	f->type = DAMOS_FILTER_TYPE_MEMCG;
	f->memcg_id = U64_MAX;
	KUNIT_EXPECT_EQ(test, passed(p), 0);
	f->allow = false;
	KUNIT_EXPECT_EQ(test, passed(p), all);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
}

/* What was accessed is told once; a sample that waits is told as well. */
static void scheme_young(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_STAT);
	struct damon_region *r;
	unsigned int i = 0;

	filter_new(test, s, DAMOS_FILTER_TYPE_YOUNG, true, true);
	KUNIT_EXPECT_EQ(test, passed(p), PADDR_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, passed(p), 0);
	paddr_touch(test, p->pages[3].addr);
	KUNIT_EXPECT_EQ(test, passed(p), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, passed(p), 0);

	p->ctx->ops.prepare_access_checks(p->ctx);
	paddr_touch(test, p->pages[5].addr);
	KUNIT_EXPECT_EQ(test, passed(p), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, passed(p), PAGE_SIZE);
	p->ctx->ops.check_accesses(p->ctx);
	damon_for_each_region(r, p->t)
		KUNIT_EXPECT_EQ(test, r->nr_accesses, i++ == 5);
}

/* Nobody waits for a lock; what cannot be asked about is left alone. */
static void scheme_locked(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_STAT);
	struct vm_area_struct *vma;

	filter_new(test, s, DAMOS_FILTER_TYPE_YOUNG, true, false);
	passed(p);
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, p->addr);
	anon_vma_lock_write(vma->anon_vma);
	/* Not run(): draining sleeps on others. */
	p->ctx->ops.apply_scheme(p->ctx, p->t, damon_first_region(p->t), s);
	anon_vma_unlock_write(vma->anon_vma);
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, damos_state(s)->sz_passed, 0);
	KUNIT_EXPECT_EQ(test, passed(p), PADDR_PAGES * PAGE_SIZE);
}

/*
 * What was accessed since is not paged out, whatever the region looks like; what
 * cannot be goes back to its list. hazard E7
 */
static void scheme_pageout(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_PAGEOUT);
	unsigned int i, refs;

	refs = folio_ref_count(pfn_folio(p->pages[0].pfn));
	KUNIT_EXPECT_EQ(test, passed(p), 0);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
	if (total_swap_pages)
		kunit_skip(test, "there is swap space");
	KUNIT_EXPECT_EQ(test, passed(p), PADDR_PAGES * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
	KUNIT_EXPECT_EQ(test, nr_on_lru(p), PADDR_PAGES);
	for (i = 0; i < PADDR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, refs,
				folio_ref_count(pfn_folio(p->pages[i].pfn)));
}

/* The kernel's own memory, holes, and what lies behind all memory. */
static void scheme_no_folios(struct kunit *test)
{
	static const unsigned long units[] = { 1, PAGE_SIZE << 8 };
	struct page *page = alloc_page(GFP_KERNEL);
	struct damos *s;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct paddr_test *p = paddr_new(test, units[i]);

		s = scheme_new(test, p, DAMOS_PAGEOUT);
		if (units[i] == 1)
			paddr_add_frames(test, p, page_to_pfn(page), 1);
		/* hazard D32: it ends, although it is larger than any memory */
		test_add_region(test, p->t, max_pfn << PAGE_SHIFT, ULONG_MAX);
		run(p);
		KUNIT_EXPECT_GT(test, s->stat.nr_tried, 0);
		KUNIT_EXPECT_EQ(test, s->stat.sz_ops_filter_passed, 0);
		KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
	}
	__free_page(page);
}

/* Amounts are told in units of addresses. */
static void scheme_units(struct kunit *test)
{
	static const unsigned long units[] = { 1, 16, PAGE_SIZE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct paddr_test *p = paddr_new_pages(test, units[i]);
		struct damos *s = scheme_new(test, p, DAMOS_LRU_PRIO);
		unsigned long all = PADDR_PAGES * PAGE_SIZE / units[i];

		KUNIT_EXPECT_EQ(test, passed(p), all);
		KUNIT_EXPECT_EQ(test, s->stat.sz_applied, all);
		KUNIT_EXPECT_EQ(test, s->stat.sz_tried, all);
	}
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* hazard E8: a folio across a border is handled once, or not at all */
static void scheme_border(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_LRU_PRIO);
	unsigned long pfn = paddr_frame_of(test, paddr_map_huge(test));
	struct damon_region *first;

	first = paddr_add_frames(test, p, pfn, HPAGE_PMD_NR / 4);
	paddr_add_frames(test, p, pfn + HPAGE_PMD_NR / 4, HPAGE_PMD_NR / 4);
	paddr_add_frames(test, p, pfn + HPAGE_PMD_NR / 2, HPAGE_PMD_NR / 2);
	run(p);
	KUNIT_EXPECT_EQ(test, s->stat.nr_tried, 3);
	KUNIT_EXPECT_EQ(test, s->stat.nr_applied, 1);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, HPAGE_PMD_SIZE);
	KUNIT_EXPECT_EQ(test, s->stat.sz_ops_filter_passed, HPAGE_PMD_SIZE);

	/* The scheme is not meant for a part of it. */
	s->pattern.min_age_region = 1;
	damon_for_each_region_from(first, p->t)
		first->age = first != damon_first_region(p->t);
	run(p);
	KUNIT_EXPECT_EQ(test, s->stat.nr_tried, 2);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
	KUNIT_EXPECT_EQ(test, s->stat.sz_ops_filter_passed,
			HPAGE_PMD_SIZE / 4 * 3);
}

/* hazard E9: what follows a folio that begins before the region is not skipped */
static void scheme_begins_inside(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_STAT);
	unsigned long addr = paddr_map_huge(test);
	unsigned long pfn = paddr_frame_of(test, addr);
	struct damon_region *r;
	struct damos_filter *f;

	f = filter_new(test, s, DAMOS_FILTER_TYPE_HUGEPAGE_SIZE, true, true);
	f->sz_range.min = 0;
	f->sz_range.max = ULONG_MAX;
	r = paddr_add_frames(test, p, pfn + HPAGE_PMD_NR - 1, 1);
	KUNIT_EXPECT_EQ(test, passed(p), PAGE_SIZE);
	/* With all that there is behind it. */
	damon_destroy_region(r, p->t);
	paddr_add_frames(test, p, pfn + HPAGE_PMD_NR, 2 * HPAGE_PMD_NR);
	run(p);
	addr = s->stat.sz_ops_filter_passed;
	r = damon_first_region(p->t);
	damon_destroy_region(r, p->t);
	paddr_add_frames(test, p, pfn + 1, 3 * HPAGE_PMD_NR - 1);
	run(p);
	KUNIT_EXPECT_EQ(test, s->stat.sz_ops_filter_passed,
			addr + HPAGE_PMD_SIZE - PAGE_SIZE);
}

/* No sample of any region that has a part of a folio is spoilt. */
static void scheme_watched(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_STAT);
	unsigned long addr = paddr_map_huge(test);
	unsigned long pfn = paddr_frame_of(test, addr);
	struct damon_region *r;

	filter_new(test, s, DAMOS_FILTER_TYPE_YOUNG, true, true);
	r = paddr_add_frames(test, p, pfn, HPAGE_PMD_NR / 2);
	paddr_add_frames(test, p, pfn + HPAGE_PMD_NR / 2, HPAGE_PMD_NR / 2);
	p->ctx->ops.prepare_access_checks(p->ctx);
	damon_region_state(damon_last_region(p->t))->pending = false;
	paddr_touch(test, addr);
	KUNIT_EXPECT_EQ(test, passed(p), HPAGE_PMD_SIZE);
	KUNIT_EXPECT_EQ(test, passed(p), HPAGE_PMD_SIZE);
	p->ctx->ops.check_accesses(p->ctx);
	KUNIT_EXPECT_EQ(test, r->nr_accesses, 1);
}
#endif	/* CONFIG_TRANSPARENT_HUGEPAGE */

#ifdef CONFIG_MIGRATION
static unsigned int nr_on_node(struct kunit *test, struct paddr_test *p, int nid)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PADDR_PAGES; i++)
		nr += pfn_to_nid(paddr_frame_of(test, p->pages[i].addr)) == nid;
	return nr;
}

/* hazards D37, D38, E13: to a node that is not there; all is put back */
static void scheme_no_node(struct kunit *test)
{
	static const int nids[] = { NUMA_NO_NODE, MAX_NUMNODES - 1 };
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_MIGRATE_COLD);
	unsigned long isolated = global_node_page_state(NR_ISOLATED_ANON);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nids); i++) {
		if (nids[i] >= 0 && node_online(nids[i]))
			continue;
		s->target_nid = nids[i];
		run(p);
		KUNIT_EXPECT_EQ(test, s->stat.sz_applied, 0);
		KUNIT_EXPECT_EQ(test, nr_on_lru(p), PADDR_PAGES);
		KUNIT_EXPECT_EQ(test, isolated,
				global_node_page_state(NR_ISOLATED_ANON));
	}
}

static void scheme_migrate(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_MIGRATE_HOT);
	int from = pfn_to_nid(p->pages[0].pfn), to = !from;

	if (!node_state(to, N_MEMORY))
		kunit_skip(test, "there is one node only");
	s->target_nid = to;
	run(p);
	KUNIT_EXPECT_EQ(test, nr_on_node(test, p, to), PADDR_PAGES);
	KUNIT_EXPECT_EQ(test, s->stat.sz_applied, PADDR_PAGES * PAGE_SIZE);
}
#endif	/* CONFIG_MIGRATION */

/* Of the memory that a scheme is meant for, how much is on a node? */
static void scheme_eligible(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	struct damos *s = scheme_new(test, p, DAMOS_MIGRATE_HOT);
	int nid = pfn_to_nid(p->pages[0].pfn), other = !nid;
	struct damos_quota_goal *g;
	struct damon_region *r;
	unsigned int i, nr = 0;

	g = damos_new_quota_goal(DAMOS_QUOTA_NODE_ELIGIBLE_MEM_BP, 1);
	KUNIT_ASSERT_NOT_NULL(test, g);
	damos_add_quota_goal(&s->quota, g);
	damon_ctx_state(p->ctx)->reporting = true;
	for (i = 0; i < PADDR_PAGES; i++)
		nr += pfn_to_nid(p->pages[i].pfn) == nid;
	g->nid = nid;
	damos_goals_measure(p->ctx, s);
	KUNIT_EXPECT_EQ(test, g->current_value, 10000 * nr / PADDR_PAGES);
	g->nid = other;
	damos_goals_measure(p->ctx, s);
	if (node_state(other, N_MEMORY))
		KUNIT_EXPECT_EQ(test, g->current_value,
				10000 * (PADDR_PAGES - nr) / PADDR_PAGES);

	/* For no region; and hazards D36, D39: no node. */
	g->nid = nid;
	s->pattern.min_nr_accesses = 1;
	damos_goals_measure(p->ctx, s);
	KUNIT_EXPECT_EQ(test, g->current_value, 0);
	damon_for_each_region(r, p->t)
		r->nr_accesses = 1;
	damos_goals_measure(p->ctx, s);
	KUNIT_EXPECT_EQ(test, g->current_value, 10000 * nr / PADDR_PAGES);
	g->nid = NUMA_NO_NODE;
	damos_goals_measure(p->ctx, s);
	KUNIT_EXPECT_EQ(test, g->current_value, 0);
}

static struct kunit_case scheme_cases[] = {
	KUNIT_CASE(scheme_rows),
	KUNIT_CASE(scheme_scores),
	KUNIT_CASE(scheme_lru_lists),
	KUNIT_CASE(scheme_filters),
	KUNIT_CASE(scheme_young),
	KUNIT_CASE(scheme_locked),
	KUNIT_CASE(scheme_pageout),
	KUNIT_CASE(scheme_no_folios),
	KUNIT_CASE(scheme_units),
	KUNIT_CASE(scheme_eligible),
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	KUNIT_CASE(scheme_border),
	KUNIT_CASE(scheme_begins_inside),
	KUNIT_CASE(scheme_watched),
#endif
#ifdef CONFIG_MIGRATION
	KUNIT_CASE(scheme_no_node),
	KUNIT_CASE(scheme_migrate),
#endif
	{}
};

static struct kunit_suite scheme_suite = {
	.name = "damon-paddr-scheme",
	.test_cases = scheme_cases,
};

kunit_test_suite(scheme_suite);
