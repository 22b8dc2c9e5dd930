// SPDX-License-Identifier: GPL-2.0
/* Probes of physical memory, see paddr.h. */
#include <linux/page_idle.h>

#include "paddr.h"

/* A probe with one filter, which asks for pages of a type. */
static void probe_new(struct kunit *test, struct paddr_test *p,
		      enum damon_filter_type type, bool prepares)
{
	struct damon_probe *probe = damon_new_probe();
	struct damon_filter *f = damon_new_filter(type, true, true);
	struct damon_prep *prep = NULL;

	if (prepares)
		prep = damon_new_prep(DAMON_PREP_SET_PGIDLE);
	KUNIT_ASSERT_NOT_NULL(test, probe);
	damon_add_probe(p->ctx, probe);
	KUNIT_ASSERT_NOT_NULL(test, f);
	damon_add_filter(probe, f);
	KUNIT_ASSERT_TRUE(test, prep || !prepares);
	if (prep)
		damon_add_prep(probe, prep);
}

static void probe(struct paddr_test *p)
{
	p->ctx->ops.apply_probes(p->ctx);
	damon_ctx_state(p->ctx)->tick++;
}

/* What needs no preparation is told at once, in every unit. */
static void probe_anon(struct kunit *test)
{
	static const unsigned long units[] = { 1, PAGE_SIZE };
	struct page *page = alloc_page(GFP_KERNEL);
	struct damon_region *r, *kernels;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct paddr_test *p = paddr_new_pages(test, units[i]);

		kernels = paddr_add_frames(test, p, page_to_pfn(page), 1);
		probe_new(test, p, DAMON_FILTER_TYPE_ANON, false);
		probe_new(test, p, DAMON_FILTER_TYPE_MEMCG, false);
		for (j = 1; j <= 3; j++) {
			probe(p);
			damon_for_each_region(r, p->t) {
				KUNIT_EXPECT_EQ(test, r->probe_hits[0],
						r == kernels ? 0 : j);
				/* No cgroup has the number zero. */
				KUNIT_EXPECT_EQ(test, r->probe_hits[1], 0);
			}
		}
	}
	__free_page(page);
}

/* An access between two ticks is a hit, whether or not a sample waits for it. */
static void probe_idle(struct kunit *test)
{
	struct paddr_test *p = paddr_new_pages(test, 1);
	unsigned int i, round, hits = 0;
	struct damon_region *r;

	probe_new(test, p, DAMON_FILTER_TYPE_PGIDLE_UNSET, true);
	p->ctx->ops.prepare_access_checks(p->ctx);
	probe(p);
	for (round = 0; round < 6; round++) {
		bool touched = round % 3 != 1;

		if (touched)
			paddr_touch(test, p->pages[7].addr);
		hits += touched;
		/* In the second half nobody samples. */
		if (round < 3)
			p->ctx->ops.check_accesses(p->ctx);
		else
			damon_for_each_region(r, p->t)
				damon_region_state(r)->pending = false;
		probe(p);
		i = 0;
		damon_for_each_region(r, p->t) {
			bool mine = i++ == 7;

			KUNIT_EXPECT_EQ(test, r->probe_hits[0], mine ? hits : 0);
			if (round < 3)
				KUNIT_EXPECT_EQ(test, r->nr_accesses,
						mine ? hits : 0);
		}
	}
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Regions that share a folio share what is found. */
static void probe_huge(struct kunit *test)
{
	struct paddr_test *p = paddr_new(test, 1);
	unsigned long addr = paddr_map_huge(test), i, nr = 8;
	unsigned long pfn = paddr_frame_of(test, addr);
	struct damon_region *r;

	probe_new(test, p, DAMON_FILTER_TYPE_PGIDLE_UNSET, true);
	for (i = 0; i < nr; i++)
		paddr_add_frames(test, p, pfn + i * (HPAGE_PMD_NR / nr),
				 HPAGE_PMD_NR / nr);
	probe(p);
	paddr_touch(test, addr);
	probe(p);
	damon_for_each_region(r, p->t)
		KUNIT_EXPECT_EQ(test, r->probe_hits[0], 1);
	probe(p);
	damon_for_each_region(r, p->t)
		KUNIT_EXPECT_EQ(test, r->probe_hits[0], 1);
}
#endif

static struct kunit_case probe_cases[] = {
	KUNIT_CASE(probe_anon),
	KUNIT_CASE(probe_idle),
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	KUNIT_CASE(probe_huge),
#endif
	{}
};

static struct kunit_suite probe_suite = {
	.name = "damon-paddr-probe",
	.test_cases = probe_cases,
};

kunit_test_suite(probe_suite);
