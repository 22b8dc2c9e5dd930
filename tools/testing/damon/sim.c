// SPDX-License-Identifier: GPL-2.0
/* See sim.h. Stands in for core.c, kdamond.c and the operations. */
#include "sim.h"

long user_alloc_countdown = -1;
long user_alloc_live;
struct damon_ctx *sim_running;
unsigned int sim_reschedules;

static struct kmem_cache sim_region_cache = {
	.sz = sizeof(struct damon_region_state),
};

static __attribute__((constructor)) void sim_init(void)
{
	damon_region_cache = &sim_region_cache;
}

/* What the pure files want of the others. */

struct damon_target *damon_new_target(void)
{
	struct damon_target_state *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->target.regions_list);
	return &s->target;
}

void damon_add_target(struct damon_ctx *ctx, struct damon_target *t)
{
	list_add_tail(&t->list, &ctx->adaptive_targets);
}

void damon_free_target(struct damon_target *t)
{
	damon_target_free_regions(t);
	put_pid(t->pid);
	kfree(damon_target_state(t));
}

void damon_destroy_target(struct damon_target *t, struct damon_ctx *ctx)
{
	if (ctx->ops.cleanup_target)
		ctx->ops.cleanup_target(t);
	list_del(&t->list);
	damon_free_target(t);
}

bool kdamond_is_current(struct damon_ctx *ctx)
{
	return sim_running == ctx;
}

void kdamond_reschedule(struct damon_ctx *ctx)
{
	sim_reschedules++;
}

/* There are no schemes here: none to check, to copy or to take over. */
int damos_check(struct damon_ctx *ctx, struct damos *s, unsigned int idx,
		struct damon_reason *why)
{
	return 0;
}

int damos_copy_all(struct damon_ctx *src, struct list_head *copies)
{
	return 0;
}

void damos_take_all(struct damon_ctx *dst, struct list_head *copies)
{
}

void damos_free_all(struct list_head *schemes)
{
}

/* And no probes. */
int damon_probes_check(struct damon_ctx *ctx, const struct damon_attrs *attrs,
		       struct damon_reason *why)
{
	return 0;
}

int damon_probes_copy(struct damon_ctx *src, struct list_head *copies)
{
	return 0;
}

void damon_probes_take(struct damon_ctx *dst, struct list_head *copies)
{
}

void damon_probes_free(struct list_head *probes)
{
}

/* There are no schemes here. */
bool damos_quota_is_set(const struct damos *s)
{
	return false;
}

unsigned long damos_quota_room(struct damos *s)
{
	return 0;
}

bool damon_probes_only(struct damon_ctx *ctx)
{
	return false;
}

void damon_probes_next_window(struct damon_region *r)
{
}

struct damon_ctx *sim_ctx(void)
{
	static struct damon_ctx_state s = { .rnd = 1 };

	INIT_LIST_HEAD(&s.ctx.schemes);
	return &s.ctx;
}

struct damon_ctx *sim_new_ctx(u64 seed)
{
	struct damon_ctx_state *s = calloc(1, sizeof(*s));
	struct damon_ctx *ctx = &s->ctx;

	s->rnd = seed * 0x9e3779b97f4a7c15ULL | 1;
	ctx->sample_interval = 5000;
	ctx->aggr_interval = 100000;
	ctx->ops_update_interval = 60000000;
	ctx->min_nr_regions = 10;
	ctx->max_nr_regions = 1000;
	ctx->addr_unit = 1;
	ctx->min_region_sz = DAMON_MIN_REGION_SZ;
	INIT_LIST_HEAD(&ctx->adaptive_targets);
	INIT_LIST_HEAD(&ctx->schemes);
	return ctx;
}

struct damon_target *sim_new_target(struct damon_ctx *ctx,
				    const struct damon_addr_range *ranges,
				    unsigned int nr_ranges)
{
	struct damon_target *t = damon_new_target();

	assert(t && !damon_set_regions(t, ranges, nr_ranges,
				       ctx->min_region_sz));
	damon_add_target(ctx, t);
	return t;
}

void sim_destroy_ctx(struct damon_ctx *ctx)
{
	struct damon_target *t, *next;

	damon_for_each_target_safe(t, next, ctx)
		damon_destroy_target(t, ctx);
	free(damon_ctx_state(ctx));
}

static void sim_check(struct damon_region *r, u64 tick, sim_pattern *pattern,
		      void *data)
{
	struct damon_region_state *s = damon_region_state(r);
	unsigned int i;

	s->pending = false;
	damon_region_count(r, s->stratum, pattern(data, tick, r->sampling_addr));
	if (!s->spread)
		return;
	for (i = 1; i < DAMON_NR_STRATA; i++)
		damon_region_count(r, i, pattern(data, tick,
						 damon_region_spread_addr(r, i)));
}

void sim_sample(struct damon_ctx *ctx, u64 tick, sim_pattern *pattern,
		void *data)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	struct damon_target *t;
	struct damon_region *r;

	s->tick = tick;
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			struct damon_region_state *rs = damon_region_state(r);

			if (rs->pending)
				sim_check(r, tick, pattern, data);
			if (damon_region_sleeps(s, rs))
				continue;
			rs->spread = 0;
			damon_region_next_sample(s, r);
		}
	}
}

unsigned int sim_nr_regions(struct damon_ctx *ctx)
{
	struct damon_target *t;
	unsigned int nr = 0;

	damon_for_each_target(t, ctx)
		nr += t->nr_regions;
	return nr;
}
