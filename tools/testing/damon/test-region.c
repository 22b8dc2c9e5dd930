// SPDX-License-Identifier: GPL-2.0
/* Region sets: fitting, cutting and joining, against the model. */
#include "ktap.h"
#include "model.h"

#define ROUNDS		20000
#define MAX_RANGES	12

/* Random regions whose nr_accesses, from 1 on, tell them apart. */
static struct damon_target *draw_regions(struct model *m,
					 struct model_source *src,
					 unsigned int *id_at)
{
	struct damon_target *t = damon_new_target();
	unsigned int pos = model_pick(src, 30), id = 0, end, i;
	struct damon_region *r;

	memset(id_at, 0, MODEL_UNITS * sizeof(*id_at));
	while (pos < MODEL_UNITS && model_pick(src, 40)) {
		end = min(pos + 1 + model_pick(src, 15), MODEL_UNITS);
		r = damon_new_region(model_addr(m, pos), model_addr(m, end));
		r->nr_accesses = ++id;
		damon_region_state(r)->past[id % DAMON_NR_STRATA].trials = id;
		damon_region_next_sample(damon_ctx_state(sim_ctx()), r);
		damon_add_region(r, t);
		for (i = pos; i < end; i++)
			id_at[i] = id;
		pos = end + (model_pick(src, 2) ? 0 : model_pick(src, 10));
	}
	return t;
}

/* What is known about a region came along when it was moved, cut or copied. */
static bool evidence_kept(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);
	unsigned int trials = 0, i;

	for (i = 0; i <= DAMON_NR_STRATA; i++)
		trials += s->past[i].trials;
	return trials == r->nr_accesses;
}

/* Is the unit a hole with old regions of the same range on both sides? */
static bool inner_hole(const struct damon_addr_range *range,
		       const struct model *m, const unsigned int *id_at,
		       unsigned int unit)
{
	unsigned int from = (range->start - MODEL_BASE) / m->unit, i;
	unsigned int to = (range->end - 1 - MODEL_BASE) / m->unit;
	bool before = false, behind = false;

	for (i = from; i < unit; i++)
		before |= id_at[i];
	for (i = unit + 1; i <= to; i++)
		behind |= id_at[i];
	return before && behind;
}

static const struct damon_addr_range *
range_of(const struct model *m, const struct damon_addr_range *ranges,
	 unsigned int unit)
{
	while (model_addr(m, unit) >= ranges->end)
		ranges++;
	return ranges;
}

static void check_ids(const struct model *m, struct damon_target *t,
		      const struct damon_addr_range *ranges,
		      const unsigned int *id_at)
{
	struct damon_region *r;
	unsigned int i;

	damon_for_each_region(r, t) {
		unsigned int from = (r->ar.start - MODEL_BASE) / m->unit;
		unsigned int to = (r->ar.end - MODEL_BASE) / m->unit;

		EXPECT(evidence_kept(r));
		EXPECT_NULL(model_region_broken(r));
		for (i = from; i < to; i++) {
			if (id_at[i])
				EXPECT_EQ(r->nr_accesses, id_at[i]);
			/* hazard D34 */
			else if (inner_hole(range_of(m, ranges, i), m, id_at,
					    i))
				EXPECT_EQ(r->nr_accesses, 0);
		}
	}
}

static void test_set_regions(void)
{
	struct model_source src = { .state = 1 };
	struct damon_addr_range ranges[MAX_RANGES];
	unsigned int id_at[MODEL_UNITS], nr, i;

	for (i = 0; i < ROUNDS; i++) {
		struct model m = { .unit = PAGE_SIZE << model_pick(&src, 3) };
		struct damon_target *t = draw_regions(&m, &src, id_at);

		nr = model_draw(&m, &src, ranges, MAX_RANGES);
		EXPECT_EQ(damon_set_regions(t, ranges, nr, m.unit), 0);
		EXPECT_NULL(model_target_broken(&m, t));
		check_ids(&m, t, ranges, id_at);
		damon_free_target(t);
	}
}

/* Ranges that are refused leave everything as it was. */
static void test_set_regions_refused(void)
{
	static const struct damon_addr_range bad[][2] = {
		{ { 0x1000, 0x3000 }, { 0x2000, 0x4000 } },
		{ { 0x4000, 0x5000 }, { 0x1000, 0x2000 } },
		{ { 0x1000, 0x2000 }, { 0x3000, 0x3000 } },
		{ { 0x1000, 0x2001 }, { 0x2fff, 0x4000 } },
		{ { 0x1000, 0x2000 }, { 0x3000, ULONG_MAX } },
	};
	struct damon_addr_range good = { 0x1000, 0x9000 };
	struct damon_target *t = damon_new_target();
	struct damon_region_state before;
	unsigned int i;

	EXPECT_EQ(damon_set_regions(t, &good, 1, PAGE_SIZE), 0);
	before = *damon_region_state(damon_first_region(t));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(damon_set_regions(t, bad[i], 2, PAGE_SIZE), -EINVAL);
		EXPECT_EQ(t->nr_regions, 1);
		EXPECT(!memcmp(&before,
			       damon_region_state(damon_first_region(t)),
			       sizeof(before)));
	}
	EXPECT_EQ(damon_set_regions(t, &good, 1, 3 * PAGE_SIZE), -EINVAL);
	EXPECT_EQ(damon_set_regions(t, &good, 1, 0), -EINVAL);
	damon_free_target(t);
}

static struct damon_tally all_of(const struct damon_tally *tally)
{
	struct damon_tally sum = {};
	int i;

	for (i = 0; i <= DAMON_NR_STRATA; i++) {
		sum.hits += tally[i].hits;
		sum.trials += tally[i].trials;
	}
	return sum;
}

static bool same(struct damon_tally a, struct damon_tally b)
{
	return a.hits == b.hits && a.trials == b.trials;
}

static void draw_evidence(struct damon_region *r, struct model_source *src)
{
	struct damon_region_state *s = damon_region_state(r);
	int i;

	for (i = 0; i <= DAMON_NR_STRATA; i++) {
		s->window[i].trials = model_pick(src, 50);
		s->window[i].hits = model_pick(src, s->window[i].trials + 1);
		s->past[i].trials = model_pick(src, 500);
		s->past[i].hits = model_pick(src, s->past[i].trials + 1);
	}
	r->nr_accesses = model_pick(src, ~0U);
	s->last_nr_accesses = model_pick(src, ~0U);
	r->age = model_pick(src, ~0U);
}

/* Both pieces know what the whole knew; joined they know the sum. */
static void split_and_join(struct model_source *src)
{
	unsigned long sz = 2 + model_pick(src, 1000000);
	unsigned long at = 0x1000 + 1 + model_pick(src, sz - 1);
	struct damon_target *t = damon_new_target();
	struct damon_tally window, past, sum;
	struct damon_region_state whole, *s;
	struct damon_region *r, *right;
	bool again;

	r = damon_new_region(0x1000, 0x1000 + sz);
	s = damon_region_state(r);
	draw_evidence(r, src);
	if (model_pick(src, 2))
		damon_region_next_sample(damon_ctx_state(sim_ctx()), r);
	damon_add_region(r, t);
	whole = *s;
	window = all_of(s->window);
	past = all_of(s->past);

	right = damon_region_split(t, r, at, DAMON_GFP_REGION);
	EXPECT_EQ(t->nr_regions, 2);
	EXPECT(damon_next_region(r) == right);
	EXPECT(r->ar.start == 0x1000 && r->ar.end == at &&
	       right->ar.start == at && right->ar.end == 0x1000 + sz);
	EXPECT(same(all_of(s->window), window));
	EXPECT(same(all_of(damon_region_state(right)->past), past));
	EXPECT_EQ(right->age, whole.region.age);
	EXPECT_EQ(s->pending + damon_region_state(right)->pending,
		  whole.pending);
	EXPECT_NULL(model_region_broken(r));
	EXPECT_NULL(model_region_broken(right));

	/* Each goes its own way for a while. */
	again = model_pick(src, 2);
	if (again)
		draw_evidence(right, src);
	sum = all_of(damon_region_state(right)->past);
	damon_region_join(t, r);
	EXPECT_EQ(t->nr_regions, 1);
	EXPECT(r->ar.start == 0x1000 && r->ar.end == 0x1000 + sz);
	sum.hits += past.hits;
	sum.trials += past.trials;
	EXPECT(same(all_of(s->past), sum));
	EXPECT_EQ(s->pending, whole.pending);
	if (!again) {
		/* Means of equals. */
		EXPECT_EQ(r->nr_accesses, whole.region.nr_accesses);
		EXPECT_EQ(r->age, whole.region.age);
		EXPECT_EQ(s->last_nr_accesses, whole.last_nr_accesses);
	}
	EXPECT_NULL(model_region_broken(r));
	damon_free_target(t);
}

static void test_split_and_join(void)
{
	struct model_source src = { .state = 2 };
	int i;

	for (i = 0; i < ROUNDS; i++)
		split_and_join(&src);
}

/* Weighted means of values and sizes of all magnitudes. */
static void test_join_means(void)
{
	struct model_source src = { .state = 3 };
	int i;

	for (i = 0; i < ROUNDS; i++) {
		unsigned long a = 1UL << model_pick(&src, 62);
		unsigned long b = 1UL << model_pick(&src, 62);
		u32 value_a = ~0U >> model_pick(&src, 32);
		u32 value_b = ~0U >> model_pick(&src, 32);
		struct damon_target *t = damon_new_target();
		struct damon_region *l = damon_new_region(0, a);
		struct damon_region *r = damon_new_region(a, a + b);
		double mean;

		l->nr_accesses = value_a;
		r->nr_accesses = value_b;
		l->age = value_b;
		r->age = value_a;
		damon_add_region(l, t);
		damon_add_region(r, t);
		damon_region_join(t, l);
		mean = ((double)value_a * a + (double)value_b * b) /
		       ((double)a + b);
		/* hazard D41: sizes are cut to 32 bits, values never wrap */
		EXPECT(l->nr_accesses >= mean - 3 &&
		       l->nr_accesses <= mean + 3);
		EXPECT(l->nr_accesses >= min(value_a, value_b) &&
		       l->nr_accesses <= max(value_a, value_b));
		mean = ((double)value_b * a + (double)value_a * b) /
		       ((double)a + b);
		EXPECT(l->age >= mean - 3 && l->age <= mean + 3);
		damon_free_target(t);
	}
}

const struct ktap_test region_tests[] = {
	{ "region: set_regions against a model", test_set_regions },
	{ "region: refused ranges change nothing", test_set_regions_refused },
	{ "region: split and join keep what is known", test_split_and_join },
	{ "region: means of a join", test_join_means },
	{}
};
