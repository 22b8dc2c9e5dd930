// SPDX-License-Identifier: GPL-2.0
/* Probes: what they find, count and forget, and regions made of it. */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/page_idle.h>
#include <linux/uaccess.h>

#include <asm/tlbflush.h>

#include "util.h"

#define PROBE_PAGES	64

static void probe_apply_nothing(struct damon_ctx *ctx)
{
}

static struct damon_ctx *probe_new_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);

	ctx->ops.apply_probes = probe_apply_nothing;
	return ctx;
}

static struct damon_probe *probe_add(struct kunit *test, struct damon_ctx *ctx,
				     unsigned int weight)
{
	struct damon_probe *p = damon_new_probe();

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->weight = weight;
	damon_add_probe(ctx, p);
	return p;
}

static struct damon_filter *probe_filter(struct kunit *test,
					 struct damon_probe *p,
					 enum damon_filter_type type,
					 bool matching, bool allow)
{
	struct damon_filter *f = damon_new_filter(type, matching, allow);

	KUNIT_ASSERT_NOT_NULL(test, f);
	damon_add_filter(p, f);
	return f;
}

static void probe_prep(struct kunit *test, struct damon_probe *p)
{
	struct damon_prep *prep = damon_new_prep(DAMON_PREP_SET_PGIDLE);

	KUNIT_ASSERT_NOT_NULL(test, prep);
	damon_add_prep(p, prep);
}

static void probe_put_folio(void *folio)
{
	folio_put(folio);
}

static struct folio *probe_folio(struct kunit *test, bool idle)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, probe_put_folio,
							folio), 0);
	if (idle)
		folio_set_idle(folio);
	return folio;
}

/* Two filters of types that a page meets, or not: what becomes of it? */
static void probe_filter_rules(struct kunit *test)
{
	static const struct {
		unsigned int nr;
		struct {
			enum damon_filter_type type;
			bool matching;
			bool allow;
		} filters[2];
		bool busy;	/* a page that is not idle, nor anonymous */
		bool idle;	/* one that is */
		bool none;	/* no page */
	} cases[] = {
		{ 0, {}, true, true, true },
		{ 1, {{ DAMON_FILTER_TYPE_PGIDLE_UNSET, true, true }},
		  true, false, false },
		{ 1, {{ DAMON_FILTER_TYPE_PGIDLE_UNSET, true, false }},
		  false, true, true },
		{ 1, {{ DAMON_FILTER_TYPE_PGIDLE_UNSET, false, true }},
		  false, true, true },
		{ 1, {{ DAMON_FILTER_TYPE_PGIDLE_UNSET, false, false }},
		  true, false, false },
		{ 1, {{ DAMON_FILTER_TYPE_ANON, true, true }},
		  false, false, false },
		{ 1, {{ DAMON_FILTER_TYPE_MEMCG, true, true }},
		  false, false, false },
		/* The first that decides has the say. */
		{ 2, {{ DAMON_FILTER_TYPE_PGIDLE_UNSET, true, false },
		      { DAMON_FILTER_TYPE_ANON, false, true }},
		  false, true, true },
		/* None decides: the opposite of the last. */
		{ 2, {{ DAMON_FILTER_TYPE_ANON, true, true },
		      { DAMON_FILTER_TYPE_MEMCG, true, false }},
		  true, true, true },
		{ 2, {{ DAMON_FILTER_TYPE_ANON, true, false },
		      { DAMON_FILTER_TYPE_MEMCG, true, true }},
		  false, false, false },
	};
	struct folio *busy = probe_folio(test, false);
	struct folio *idle = probe_folio(test, true);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct damon_ctx *ctx = probe_new_ctx(test);
		struct damon_target *t = test_new_target(test, ctx);
		struct damon_region *r = test_add_pages(test, t, 0, 8);
		struct damon_probe *p = probe_add(test, ctx, 0);

		for (j = 0; j < cases[i].nr; j++)
			probe_filter(test, p, cases[i].filters[j].type,
				     cases[i].filters[j].matching,
				     cases[i].filters[j].allow);
		damon_probe_count(ctx, r, busy);
		KUNIT_EXPECT_EQ_MSG(test, r->probe_hits[0], cases[i].busy,
				    "case %u, busy", i);
		r->probe_hits[0] = 0;
		damon_probe_count(ctx, r, idle);
		KUNIT_EXPECT_EQ_MSG(test, r->probe_hits[0], cases[i].idle,
				    "case %u, idle", i);
		r->probe_hits[0] = 0;
		damon_probe_count(ctx, r, NULL);
		KUNIT_EXPECT_EQ_MSG(test, r->probe_hits[0], cases[i].none,
				    "case %u, none", i);
		KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
	}
}

/* hazard D42: more looks than can be counted */
static void probe_counters(struct kunit *test)
{
	struct damon_ctx *ctx = probe_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct damon_region *r = test_add_pages(test, t, 0, 8), *right;
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int i;

	probe_add(test, ctx, 0);
	probe_add(test, ctx, 3);
	for (i = 0; i < 300; i++)
		damon_probe_count(ctx, r, NULL);
	KUNIT_EXPECT_EQ(test, r->probe_hits[0], 255);
	KUNIT_EXPECT_EQ(test, r->probe_hits[1], 255);
	KUNIT_EXPECT_EQ(test, r->probe_hits[2], 0);
	KUNIT_EXPECT_EQ(test, damon_probe_hits_wsum(r, false, ctx), 3 * 255);
	KUNIT_EXPECT_EQ(test, damon_probe_hits_wsum(r, true, ctx), 0);

	/* A window of 20 samples: half of it is over. */
	damon_adapt_next_window(ctx);
	s->tick = 10;
	s->window_end = 20;
	KUNIT_EXPECT_EQ(test, damon_probe_hits_wsum(r, false, ctx), 0);
	KUNIT_EXPECT_EQ(test, damon_probe_hits_wsum(r, true, ctx), 3 * 255);
	r->probe_hits[0] = 9;
	KUNIT_EXPECT_EQ(test, damon_probe_hits_mvsum(0, r, ctx), 9 + 127);
	r->probe_hits[0] = 200;
	KUNIT_EXPECT_EQ(test, damon_probe_hits_mvsum(0, r, ctx), 255);
	s->reporting = true;
	KUNIT_EXPECT_EQ(test, damon_probe_hits_mvsum(0, r, ctx), 200);

	right = damon_region_split(t, r, test_page(2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, right);
	KUNIT_EXPECT_EQ(test, right->probe_hits[0], 200);
	KUNIT_EXPECT_EQ(test, damon_region_state(right)->last_probe_hits[0],
			255);
	/* Weighted by size: 2 pages of 200, 6 of 40 */
	right->probe_hits[0] = 40;
	damon_region_join(t, r);
	KUNIT_EXPECT_EQ(test, r->probe_hits[0], 80);
	KUNIT_EXPECT_EQ(test, damon_region_state(r)->last_probe_hits[0], 255);
}

static void probe_checks(struct kunit *test)
{
	struct damon_ctx *ctx = probe_new_ctx(test);
	struct damon_attrs attrs = ctx->attrs;
	struct damon_probe *p = probe_add(test, ctx, 0);
	struct damon_filter *f;

	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
	ctx->ops.apply_probes = NULL;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EOPNOTSUPP);
	ctx->ops.apply_probes = probe_apply_nothing;

	/* 255 samples can be counted, 256 only without weights. */
	attrs.sample_interval = 1;
	attrs.aggr_interval = 256;
	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, &attrs), 0);
	p->weight = 1;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
	attrs.aggr_interval = 255;
	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, &attrs), 0);
	attrs.aggr_interval = 256;
	KUNIT_EXPECT_EQ(test, damon_set_attrs(ctx, &attrs), -EINVAL);
	KUNIT_EXPECT_EQ(test, ctx->aggr_interval, 255);

	p->weight = UINT_MAX / 255;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
	probe_add(test, ctx, 1);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
	p->weight = UINT_MAX / 255 - 1;
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);

	f = probe_filter(test, p, NR_DAMON_FILTER_TYPES, true, true);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
	damon_destroy_filter(f);
	probe_add(test, ctx, 0);
	probe_add(test, ctx, 0);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), 0);
	probe_add(test, ctx, 0);
	KUNIT_EXPECT_EQ(test, damon_ctx_check(ctx, NULL), -EINVAL);
}

/* What is the same goes on, what is another begins anew. */
static void probe_commit(struct kunit *test)
{
	struct damon_ctx *dst = probe_new_ctx(test), *src = probe_new_ctx(test);
	struct damon_target *t = test_new_target(test, dst);
	struct damon_region *r = test_add_pages(test, t, 0, 8);
	struct damon_region_state *rs = damon_region_state(r);
	struct damon_probe *first, *second;
	struct damon_filter *f;

	test_new_target(test, src);
	first = probe_add(test, src, 0);
	second = probe_add(test, src, 0);
	f = probe_filter(test, first, DAMON_FILTER_TYPE_MEMCG, true, true);
	f->memcg_id = 1;
	probe_prep(test, second);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&dst->probes), 2);
	KUNIT_EXPECT_TRUE(test, damon_probes_prepare(dst));

	r->probe_hits[0] = 7;
	r->probe_hits[1] = 8;
	rs->past[0].trials = 9;
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_EQ(test, r->probe_hits[0], 7);
	KUNIT_EXPECT_EQ(test, r->probe_hits[1], 8);
	f->memcg_id = 2;
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_EQ(test, r->probe_hits[0], 0);
	KUNIT_EXPECT_EQ(test, r->probe_hits[1], 8);
	KUNIT_EXPECT_EQ(test, rs->past[0].trials, 9);

	/* From accesses to attributes. */
	second->weight = 1;
	KUNIT_EXPECT_FALSE(test, damon_probes_only(dst));
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_TRUE(test, damon_probes_only(dst));
	KUNIT_EXPECT_EQ(test, rs->past[0].trials, 0);
	rs->past[0].trials = 9;
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_EQ(test, rs->past[0].trials, 9);
	damon_destroy_probe(second);
	KUNIT_ASSERT_EQ(test, damon_commit_ctx(dst, src), 0);
	KUNIT_EXPECT_FALSE(test, damon_probes_only(dst));
	KUNIT_EXPECT_EQ(test, list_count_nodes(&dst->probes), 1);
	KUNIT_EXPECT_EQ(test, rs->past[0].trials, 0);
}

/* Regions are made of what probes with weights find. */
static void probe_regions(struct kunit *test)
{
	struct damon_ctx *ctx = probe_new_ctx(test);
	struct damon_target *t = test_new_target(test, ctx);
	struct folio *busy = probe_folio(test, false);
	struct folio *idle = probe_folio(test, true);
	struct damon_region *r;
	unsigned int i, window;
	bool cut = false;

	ctx->min_nr_regions = 3;
	probe_filter(test, probe_add(test, ctx, 2),
		     DAMON_FILTER_TYPE_PGIDLE_UNSET, true, true);
	probe_filter(test, probe_add(test, ctx, 1),
		     DAMON_FILTER_TYPE_PGIDLE_UNSET, false, true);
	test_add_pages(test, t, 0, 8 * 32);
	for (window = 0; window < 20; window++) {
		for (i = 0; i < 20; i++) {
			damon_ctx_state(ctx)->tick++;
			damon_for_each_region(r, t) {
				unsigned long addr = damon_probe_aim(ctx, r);
				bool left = addr < test_page(3 * 32);

				damon_probe_count(ctx, r, left ? busy : idle);
			}
		}
		damon_adapt(ctx);
		damon_for_each_region(r, t)
			KUNIT_EXPECT_EQ(test, r->nr_accesses, 0);
		damon_adapt_next_window(ctx);
	}
	/* To the page, or nearly so: of the last one there are few looks. */
	damon_for_each_region(r, t) {
		int hits = damon_region_state(r)->last_probe_hits[0];
		unsigned long mid = (r->ar.start + r->ar.end) / 2;

		cut |= abs_diff(r->ar.end, test_page(3 * 32)) <= PAGE_SIZE;
		KUNIT_EXPECT_LE(test, abs(hits - (mid < test_page(3 * 32) ?
						  20 : 0)), 2);
	}
	KUNIT_EXPECT_TRUE(test, cut);
}

struct probe_memory {
	struct damon_ctx *ctx;
	struct damon_region *r;
};

/* Memory of the test thread with one region over all of it. */
static struct probe_memory probe_map(struct kunit *test, unsigned long flags)
{
	struct probe_memory m = { .ctx = test_new_ctx(test) };
	struct damon_target *t = test_new_target(test, m.ctx);
	unsigned long addr, i;

	addr = kunit_vm_mmap(test, NULL, 0, PROBE_PAGES * PAGE_SIZE,
			     PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, 0);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	for (i = 0; i < PROBE_PAGES; i++)
		KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)addr +
					       i * PAGE_SIZE), 0);
	m.r = test_add_region(test, t, addr, addr + PROBE_PAGES * PAGE_SIZE);
	return m;
}

static void probe_look(struct probe_memory *m, unsigned int nr)
{
	struct damon_target *t = list_first_entry(&m->ctx->adaptive_targets,
						  struct damon_target, list);

	while (nr--) {
		damon_ctx_state(m->ctx)->tick++;
		damon_va_probe(m->ctx, t, current->mm);
	}
}

/* What is mapped: private pages, pages of a file, nothing. */
static void probe_mapped(struct kunit *test)
{
	struct probe_memory private = probe_map(test, MAP_PRIVATE);
	struct probe_memory shared = probe_map(test, MAP_SHARED);

	probe_filter(test, probe_add(test, private.ctx, 0),
		     DAMON_FILTER_TYPE_ANON, true, true);
	probe_filter(test, probe_add(test, shared.ctx, 0),
		     DAMON_FILTER_TYPE_ANON, true, true);
	probe_filter(test, probe_add(test, shared.ctx, 0),
		     DAMON_FILTER_TYPE_ANON, false, true);
	probe_look(&private, 100);
	KUNIT_EXPECT_EQ(test, private.r->probe_hits[0], 100);
	probe_look(&shared, 100);
	KUNIT_EXPECT_EQ(test, shared.r->probe_hits[0], 0);
	KUNIT_EXPECT_EQ(test, shared.r->probe_hits[1], 100);

	/* Half of it is gone. */
	KUNIT_ASSERT_EQ(test, vm_munmap(private.r->ar.start,
					PROBE_PAGES / 2 * PAGE_SIZE), 0);
	private.r->probe_hits[0] = 0;
	probe_look(&private, 80);
	KUNIT_EXPECT_EQ(test, private.r->probe_hits[0], 40);
}

/* Marked as idle, and touched since, or not. */
static void probe_idle(struct kunit *test)
{
	struct probe_memory m = probe_map(test, MAP_PRIVATE);
	struct damon_probe *p = probe_add(test, m.ctx, 0);
	unsigned long i, j;

	probe_filter(test, p, DAMON_FILTER_TYPE_PGIDLE_UNSET, true, true);
	probe_prep(test, p);
	/* The first look only prepares. */
	probe_look(&m, 1);
	KUNIT_EXPECT_EQ(test, m.r->probe_hits[0], 0);
	flush_tlb_mm(current->mm);
	probe_look(&m, 20);
	KUNIT_EXPECT_EQ(test, m.r->probe_hits[0], 0);
	for (i = 0; i < 20; i++) {
		flush_tlb_mm(current->mm);
		for (j = 0; j < PROBE_PAGES; j++)
			KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)
					m.r->ar.start + j * PAGE_SIZE), 0);
		probe_look(&m, 1);
	}
	KUNIT_EXPECT_EQ(test, m.r->probe_hits[0], 20);

	/* A sample that waits for the bit loses nothing. */
	m.r->sampling_addr = damon_region_state(m.r)->probe_addr;
	damon_region_state(m.r)->pending = true;
	flush_tlb_mm(current->mm);
	KUNIT_ASSERT_EQ(test, put_user(1, (char __user *)m.r->sampling_addr), 0);
	m.r->probe_hits[0] = 0;
	probe_look(&m, 1);
	KUNIT_EXPECT_EQ(test, m.r->probe_hits[0], 1);
	damon_va_walk(m.ctx, list_first_entry(&m.ctx->adaptive_targets,
					      struct damon_target, list),
		      current->mm, true);
	KUNIT_EXPECT_EQ(test, m.r->nr_accesses, 1);
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE(probe_filter_rules),
	KUNIT_CASE(probe_counters),
	KUNIT_CASE(probe_checks),
	KUNIT_CASE(probe_commit),
	KUNIT_CASE(probe_regions),
	KUNIT_CASE(probe_mapped),
	KUNIT_CASE(probe_idle),
	{}
};

static struct kunit_suite probe_suite = {
	.name = "damon-probe",
	.test_cases = probe_cases,
};

kunit_test_suite(probe_suite);
