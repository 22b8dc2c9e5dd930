// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that may happen to a context, in random order, also when memory is
 * short: the rules of region sets hold at any time. fuzz.c shares this with
 * libFuzzer.
 */
#include "ktap.h"
#include "sequence.h"

#define MAX_TARGETS	4
#define MAX_RANGES	10

struct sequence {
	struct model_source *src;
	struct damon_ctx *ctx;
	struct model model[MAX_TARGETS];
	unsigned int nr_targets;
	struct pid pids[2];
	unsigned long unit;
	u64 tick;
};

static struct damon_target *nth_target(struct damon_ctx *ctx, unsigned int n)
{
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		if (!n--)
			return t;
	return NULL;
}

static void check(struct sequence *q, bool limits)
{
	unsigned int i = 0, units = 0, nr = sim_nr_regions(q->ctx);
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, q->ctx) {
		EXPECT_NULL(model_target_broken(&q->model[i], t));
		units += model_nr_units(&q->model[i++]);
		damon_for_each_region(r, t)
			EXPECT_NULL(model_region_broken(r));
	}
	EXPECT_EQ(i, q->nr_targets);
	if (limits)
		EXPECT_OP(nr, >=, min(q->ctx->min_nr_regions, units));
}

/* Some pages of a target are hot for a while. */
static bool pattern(void *data, u64 tick, unsigned long addr)
{
	struct sequence *q = data;
	unsigned int unit = (addr - MODEL_BASE) / q->unit;

	return unit / 8 % 5 == tick / 256 % 5;
}

static void do_window(struct sequence *q)
{
	unsigned int nr = damon_nr_samples_per_aggr(&q->ctx->attrs), i;
	struct damon_target *t;
	struct damon_region *r;
	bool short_of_memory = user_alloc_countdown >= 0;

	for (i = 0; i < min(nr, 20); i++)
		sim_sample(q->ctx, q->tick++, pattern, q);
	damon_adapt(q->ctx);
	EXPECT_NULL(damon_sanity_check(q->ctx).what);
	check(q, !short_of_memory);
	damon_for_each_target(t, q->ctx)
		damon_for_each_region(r, t)
			EXPECT_OP(r->nr_accesses, <=, nr);
	damon_adapt_next_window(q->ctx);
}

static void do_set_regions(struct sequence *q)
{
	struct damon_addr_range ranges[MAX_RANGES];
	unsigned int n = model_pick(q->src, MAX_TARGETS), nr;
	struct damon_target *t = nth_target(q->ctx, n);
	struct model model = { .unit = q->unit };
	int err;

	if (!t)
		return;
	nr = model_draw(&model, q->src, ranges, MAX_RANGES);
	err = damon_set_regions(t, ranges, nr, q->unit);
	EXPECT(!err || err == -ENOMEM);
	if (!err)
		q->model[n] = model;
}

static void do_cut(struct sequence *q)
{
	struct damon_target *t = nth_target(q->ctx,
					    model_pick(q->src, MAX_TARGETS));
	unsigned int n = model_pick(q->src, 16);
	struct damon_region *r;

	if (!t)
		return;
	damon_for_each_region(r, t) {
		if (n-- || damon_sz_region(r) < 2 * q->unit)
			continue;
		damon_region_split(t, r, r->ar.start + q->unit,
				   DAMON_GFP_REGION);
		return;
	}
}

static void do_join(struct sequence *q)
{
	struct damon_target *t = nth_target(q->ctx,
					    model_pick(q->src, MAX_TARGETS));
	struct damon_region *r;

	if (!t)
		return;
	damon_for_each_region(r, t) {
		if (list_is_last(&r->list, &t->regions_list) ||
		    damon_next_region(r)->ar.start != r->ar.end)
			continue;
		damon_region_join(t, r);
		return;
	}
}

static void draw_attrs(struct sequence *q, struct damon_attrs *attrs)
{
	*attrs = (struct damon_attrs){};
	attrs->sample_interval = model_pick(q->src, 100);
	attrs->aggr_interval = model_pick(q->src, 8) ?
		attrs->sample_interval * model_pick(q->src, 200) :
		ULONG_MAX - model_pick(q->src, 2);
	attrs->ops_update_interval = model_pick(q->src, 1000);
	attrs->min_nr_regions = 2 + model_pick(q->src, 20);
	attrs->max_nr_regions = attrs->min_nr_regions +
				model_pick(q->src, 60);
	if (!model_pick(q->src, 10))
		attrs->max_nr_regions = 1;
}

static void do_set_attrs(struct sequence *q)
{
	struct damon_attrs attrs, before = q->ctx->attrs;
	int err;

	draw_attrs(q, &attrs);
	err = damon_set_attrs(q->ctx, &attrs);
	EXPECT_EQ(err, attrs.min_nr_regions < 3 ||
		  attrs.min_nr_regions > attrs.max_nr_regions ||
		  attrs.sample_interval > attrs.aggr_interval ? -EINVAL : 0);
	EXPECT(!memcmp(&q->ctx->attrs, err ? &before : &attrs, sizeof(attrs)));
}

/* One wanted target, and what the model says of it once it is committed. */
static struct damon_target *draw_wanted(struct sequence *q, struct model *model)
{
	struct damon_target *t = damon_new_target();
	struct damon_addr_range ranges[MAX_RANGES];
	unsigned int nr, i;

	t->pid = get_pid(&q->pids[model_pick(q->src, 2)]);
	t->obsolete = !model_pick(q->src, 8);
	*model = (struct model){ .unit = q->unit };
	if (model_pick(q->src, 3)) {
		nr = model_draw(model, q->src, ranges, MAX_RANGES);
		for (i = 0; i < nr; i++)
			damon_add_region(damon_new_region(ranges[i].start,
							  ranges[i].end), t);
	}
	return t;
}

/* What a commit of @src makes of the models. Returns the number of targets. */
static unsigned int expect_commit(struct sequence *q, struct damon_ctx *src,
				  const struct model *wanted,
				  struct model *result)
{
	struct damon_target *t, *old;
	unsigned int nr = 0, i = 0;

	damon_for_each_target(t, src) {
		old = nth_target(q->ctx, i);
		if (!t->obsolete) {
			result[nr] = wanted[i];
			if (old && old->pid == t->pid && !t->nr_regions)
				result[nr] = q->model[i];
			nr++;
		}
		i++;
	}
	return nr;
}

static void do_commit(struct sequence *q)
{
	struct model wanted[MAX_TARGETS], result[MAX_TARGETS];
	long countdown = user_alloc_countdown;
	struct damon_ctx *src = sim_new_ctx(1);
	unsigned int n = model_pick(q->src, MAX_TARGETS + 1), i, nr;
	bool valid;
	int err;

	user_alloc_countdown = -1;
	src->min_region_sz = q->unit;
	draw_attrs(q, &src->attrs);
	valid = !damon_attrs_check(&src->attrs, NULL);
	for (i = 0; i < n; i++) {
		damon_add_target(src, draw_wanted(q, &wanted[i]));
		if (nth_target(src, i)->obsolete && i >= q->nr_targets)
			valid = false;
	}
	nr = expect_commit(q, src, wanted, result);
	user_alloc_countdown = countdown;

	err = damon_commit_ctx(q->ctx, src);
	EXPECT(valid ? !err || err == -ENOMEM : err);
	if (!err) {
		memcpy(q->model, result, sizeof(result));
		q->nr_targets = nr;
		check(q, countdown < 0);
	}
	sim_destroy_ctx(src);
}

static void do_forget(struct sequence *q)
{
	struct damon_target *t = nth_target(q->ctx,
					    model_pick(q->src, MAX_TARGETS));

	if (t)
		damon_target_forget_samples(t);
}

void sequence_run(struct model_source *src, unsigned int steps)
{
	static void (*const what[])(struct sequence *q) = {
		do_window, do_window, do_window, do_set_regions, do_cut,
		do_join, do_set_attrs, do_commit, do_forget,
	};
	struct sequence q = { .src = src, .ctx = sim_new_ctx(1) };

	q.unit = PAGE_SIZE << model_pick(src, 4);
	q.ctx->min_region_sz = q.unit;
	while (steps--) {
		/* Some step lacks memory. */
		user_alloc_countdown = model_pick(src, 3) ? -1 :
				       model_pick(src, 8);
		what[model_pick(src, sizeof(what) / sizeof(what[0]))](&q);
		user_alloc_countdown = -1;
		check(&q, false);
	}
	sim_destroy_ctx(q.ctx);
	EXPECT_EQ(q.pids[0].count, 0);
	EXPECT_EQ(q.pids[1].count, 0);
}

static void test_sequences(void)
{
	struct model_source src = { .state = 9 };
	int i;

	for (i = 0; i < 1500; i++)
		sequence_run(&src, 60);
}

/* Years of a busy monitor: no count ever leaves its bounds. */
static void test_many_windows(void)
{
	struct damon_addr_range range = {
		MODEL_BASE, MODEL_BASE + MODEL_UNITS * PAGE_SIZE
	};
	struct model_source src = { .state = 10 };
	struct sequence q = { .src = &src, .ctx = sim_new_ctx(2) };
	struct model_source attrs = { .state = 11 };
	int i;

	q.unit = PAGE_SIZE;
	q.nr_targets = 1;
	q.model[0].unit = PAGE_SIZE;
	memset(q.model[0].in, true, sizeof(q.model[0].in));
	sim_new_target(q.ctx, &range, 1);
	q.ctx->max_nr_regions = 60;
	for (i = 0; i < 100000; i++) {
		do_window(&q);
		if (i % 1000 == 999) {
			q.ctx->min_nr_regions = 3 + model_pick(&attrs, 20);
			q.ctx->max_nr_regions = q.ctx->min_nr_regions +
						model_pick(&attrs, 60);
		}
		if (!ktap_expect(sim_nr_regions(q.ctx) <= 90, __FILE__, __LINE__,
				 "few regions in window %d", i))
			break;
	}
	sim_destroy_ctx(q.ctx);
}

const struct ktap_test sequence_tests[] = {
	{ "sequence: random operations, memory short at times", test_sequences },
	{ "sequence: 100,000 windows", test_many_windows },
	{}
};
