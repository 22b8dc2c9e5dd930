// SPDX-License-Identifier: GPL-2.0
/* Actions on folios: where migration puts them. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "util.h"

#ifdef CONFIG_MIGRATION

#define MAX_DESTS	3
/* A multiple of all sums of weights below. */
#define NR_FOLIOS	(2 * 3 * 4 * 5 * 10)

struct dests_row {
	const char *name;
	size_t nr;
	unsigned int nodes[MAX_DESTS];
	unsigned int weights[MAX_DESTS];
	/* Which part of all folios goes there, and in order from the first on. */
	unsigned int share[MAX_DESTS];
	int first[8];
};

static const struct dests_row dests_rows[] = {
	{ "one", 1, { 7 }, { 5 }, { NR_FOLIOS },
	  { 7, 7, 7, 7, 7, 7, 7, 7 } },
	{ "1 to 1", 2, { 0, 1 }, { 1, 1 }, { NR_FOLIOS / 2, NR_FOLIOS / 2 },
	  { 0, 1, 0, 1, 0, 1, 0, 1 } },
	{ "1 to 3", 2, { 0, 1 }, { 1, 3 }, { NR_FOLIOS / 4, NR_FOLIOS * 3 / 4 },
	  { 0, 1, 1, 1, 0, 1, 1, 1 } },
	{ "one of no weight", 3, { 4, 5, 6 }, { 2, 0, 3 },
	  { NR_FOLIOS * 2 / 5, 0, NR_FOLIOS * 3 / 5 },
	  { 4, 4, 6, 6, 6, 4, 4, 6 } },
	{ "the first of no weight", 2, { 4, 5 }, { 0, 1 }, { 0, NR_FOLIOS },
	  { 5, 5, 5, 5, 5, 5, 5, 5 } },
	{ "2 to 3 to 5", 3, { 2, 1, 0 }, { 2, 3, 5 },
	  { NR_FOLIOS / 5, NR_FOLIOS * 3 / 10, NR_FOLIOS / 2 },
	  { 2, 2, 1, 1, 1, 0, 0, 0 } },
	/* hazard D37: nowhere, and no division by zero */
	{ "none of any weight", 2, { 4, 5 }, { 0, 0 }, { 0, 0 },
	  { -1, -1, -1, -1, -1, -1, -1, -1 } },
	/* Sums need more than 32 bits. */
	{ "as heavy as can be", 2, { 4, 5 }, { UINT_MAX, UINT_MAX },
	  { NR_FOLIOS, 0 }, { 4, 4, 4, 4, 4, 4, 4, 4 } },
};

static void dests_row_desc(const struct dests_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(dests, dests_rows, dests_row_desc);

static void dests_put_folio(void *folio)
{
	folio_put(folio);
}

static struct folio *dests_folio(struct kunit *test, unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_NOWARN, order);

	if (!folio)
		return NULL;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, dests_put_folio,
							folio), 0);
	return folio;
}

static void dests_are_weighted(struct kunit *test)
{
	const struct dests_row *row = test->param_value;
	struct damos_access_pattern none = {};
	struct damos *s = damon_new_scheme(&none, DAMOS_MIGRATE_HOT, 0, NULL,
					   NULL, -1);
	struct folio *folio = dests_folio(test, 0);
	struct damos_migrate_dests *d;
	unsigned int got[MAX_DESTS] = {}, i, j;
	int nid;

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(test_new_ctx(test), s);
	KUNIT_ASSERT_NOT_NULL(test, folio);
	d = &s->migrate_dests;
	d->node_id_arr = kmemdup(row->nodes, sizeof(row->nodes), GFP_KERNEL);
	d->weight_arr = kmemdup(row->weights, sizeof(row->weights), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d->node_id_arr);
	KUNIT_ASSERT_NOT_NULL(test, d->weight_arr);
	d->nr_dests = row->nr;
	for (i = 0; i < NR_FOLIOS; i++) {
		folio->index = i;
		nid = damos_destination(s, folio);
		if (i < ARRAY_SIZE(row->first))
			KUNIT_EXPECT_EQ_MSG(test, nid, row->first[i], "folio %u",
					    i);
		for (j = 0; j < row->nr; j++)
			got[j] += nid == (int)row->nodes[j];
	}
	for (j = 0; j < row->nr; j++)
		KUNIT_EXPECT_EQ_MSG(test, got[j], row->share[j], "node %u",
				    row->nodes[j]);
}

/* Large folios take turns as small ones do; without destinations: the node. */
static void dests_of_large_folios(struct kunit *test)
{
	struct damos_access_pattern none = {};
	struct damos *s = damon_new_scheme(&none, DAMOS_MIGRATE_COLD, 0, NULL,
					   NULL, 3);
	struct folio *folio = dests_folio(test, 2);
	static const unsigned int nodes[] = { 0, 1 }, weights[] = { 1, 1 };
	struct damos_migrate_dests *d;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	damon_add_scheme(test_new_ctx(test), s);
	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, folio_order(folio), 2);
	KUNIT_EXPECT_EQ(test, damos_destination(s, folio), 3);
	d = &s->migrate_dests;
	d->node_id_arr = kmemdup(nodes, sizeof(nodes), GFP_KERNEL);
	d->weight_arr = kmemdup(weights, sizeof(weights), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d->node_id_arr);
	KUNIT_ASSERT_NOT_NULL(test, d->weight_arr);
	d->nr_dests = 2;
	for (i = 0; i < 8; i++) {
		folio->index = i * 4;
		KUNIT_EXPECT_EQ_MSG(test, damos_destination(s, folio), i % 2,
				    "folio %u", i);
	}
}

static struct kunit_case folio_action_cases[] = {
	KUNIT_CASE_PARAM(dests_are_weighted, dests_gen_params),
	KUNIT_CASE(dests_of_large_folios),
	{}
};

static struct kunit_suite folio_action_suite = {
	.name = "damon-folio-action",
	.test_cases = folio_action_cases,
};

kunit_test_suite(folio_action_suite);

#endif	/* CONFIG_MIGRATION */
