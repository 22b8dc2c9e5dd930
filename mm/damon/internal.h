/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of mm/damon share, and nothing more.
 *
 * The structs of <linux/damon.h> hold what users say and the results they
 * read. What a kdamond has to remember beyond that stands behind them: each
 * public object is the first member of a larger one, made by its damon_new_*()
 * function. Who may touch a field is told by the letter behind it:
 *
 * I: set when the object is made, or before its kdamond starts, then constant.
 * K: the kdamond only, while there is one; else whoever owns the context.
 * L: protected by damon_ctx.kdamond_lock, which is the mailbox's lock as well.
 * R: protected by damon_running_lock (core.c).
 *
 * Order of locks: damon_running_lock, then kdamond_lock. Neither is held while
 * an operation, a callback or a request runs.
 */
#ifndef _MM_DAMON_INTERNAL_H
#define _MM_DAMON_INTERNAL_H

#include <linux/bits.h>
#include <linux/damon.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/wait.h>

/*
 * A region is looked at in this many equal parts, so that differences inside
 * it show. A power of two: the borders are found by shifting.
 */
#define DAMON_NR_STRATA_SHIFT	3
#define DAMON_NR_STRATA		BIT(DAMON_NR_STRATA_SHIFT)
/* The sample lies in no known part, because the borders have moved since. */
#define DAMON_NO_STRATUM	DAMON_NR_STRATA

/**
 * struct damon_tally - looks, and how many of them found an access
 * @hits:	looks that found an access
 * @trials:	all looks
 */
struct damon_tally {
	u32 hits;
	u32 trials;
};

/**
 * struct damon_region_state - a region, and the evidence collected about it
 * @region:	what the user sees
 * @last_nr_accesses: result of the last window (K)
 * @pending:	@region.sampling_addr is being watched (K)
 * @tried:	there was an attempt to watch it in this window (K)
 * @stratum:	the part in which it lies, or DAMON_NO_STRATUM (K)
 * @turn:	number of samples chosen so far, picks the next part (K)
 * @order:	in which order the parts have their turn (K)
 * @window:	looks of the current window, by part; the last element takes
 *		those whose part is not known (K)
 * @past:	the same of earlier windows, since the last significant change;
 *		the last element also holds what was known when the borders of
 *		the region were drawn (K)
 */
struct damon_region_state {
	struct damon_region region;
	unsigned int last_nr_accesses;
	bool pending;
	bool tried;
	u8 stratum;
	u8 turn;
	u8 order;
	struct damon_tally window[DAMON_NR_STRATA + 1];
	struct damon_tally past[DAMON_NR_STRATA + 1];
};

/**
 * struct damon_va_target - what vaddr.c remembers about a target
 * @mm:		address space that the regions were fitted to; holds mm_count
 * @fitted:	the ranges came from the mappings, not from the user
 * @armed:	every region has a sample on its way
 * @map_count:	number of mappings when they were looked at last
 * @total_vm:	pages in them
 */
struct damon_va_target {
	struct mm_struct *mm;
	bool fitted;
	bool armed;
	int map_count;
	unsigned long total_vm;
};

/**
 * struct damon_target_state - a target, and what is remembered about it
 * @target:	what the user sees
 * @va:		for virtual address spaces (K)
 */
struct damon_target_state {
	struct damon_target target;
	struct damon_va_target va;
};

/**
 * struct damon_ctx_state - a context, and what its kdamond remembers
 * @ctx:	what the user sees
 * @id:		number in the thread's name, never in use twice (R)
 * @exclusive:	no other context may run beside those it started with (R)
 * @task:	thread of a start that may still fail, known to nobody else (R)
 * @running:	place in the list of running contexts (R)
 * @runs_begun:	threads that were let run (L)
 * @runs_over:	those that do not touch the context any more, but for the
 *		locks; written under R and L, read without
 * @over_wait:	for @runs_over
 * @accepting:	requests are taken (L)
 * @calls:	struct damon_call_control, waiting or repeating (L)
 * @call_waiting: @calls has a new one; written under L, read without
 * @reporting:	the results of a window are complete, the next has not begun (K)
 * @rnd:	state of the random number generator, never zero (K)
 * @deadline:	when the current tick ends (K)
 * @tick:	sampling intervals since the start, missed ones too (K)
 * @window_end:	value of @tick that ends the window (K)
 * @next_update: value of @tick from which on the operations update (K)
 */
struct damon_ctx_state {
	struct damon_ctx ctx;

	int id;
	bool exclusive;
	struct task_struct *task;
	struct list_head running;

	unsigned int runs_begun;
	unsigned int runs_over;
	struct wait_queue_head over_wait;

	bool accepting;
	struct list_head calls;
	bool call_waiting;

	bool reporting;
	u64 rnd;
	ktime_t deadline;
	u64 tick;
	u64 window_end;
	u64 next_update;
};

/**
 * struct damon_reason - why something was refused, for people
 * @text:	one line without a line end; empty when nothing was refused
 */
struct damon_reason {
	char text[160];
};

static inline struct damon_region_state *
damon_region_state(struct damon_region *r)
{
	return container_of(r, struct damon_region_state, region);
}

static inline struct damon_target_state *
damon_target_state(struct damon_target *t)
{
	return container_of(t, struct damon_target_state, target);
}

static inline struct damon_ctx_state *damon_ctx_state(struct damon_ctx *ctx)
{
	return container_of(ctx, struct damon_ctx_state, ctx);
}

/* A number in [0, span): Marsaglia's xorshift64, then a multiply-high. */
static inline unsigned long damon_rand_below(struct damon_ctx_state *s,
					     unsigned long span)
{
	u64 x = s->rnd;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	s->rnd = x;
	return mul_u64_u64_shr(x, span, 64);
}

/* Width of one of the equal parts of a region, in bytes. */
static inline unsigned long damon_stratum_sz(struct damon_region *r)
{
	return damon_sz_region(r) >> DAMON_NR_STRATA_SHIFT;
}

/*
 * Sampling, here because it is done for every region in every tick.
 */

/**
 * damon_region_count() - Take down one look at a region.
 * @r:		region
 * @stratum:	the part that was looked at, or DAMON_NO_STRATUM
 * @accessed:	what was found
 */
static inline void damon_region_count(struct damon_region *r, u8 stratum,
				      bool accessed)
{
	struct damon_region_state *s = damon_region_state(r);

	s->window[stratum].trials++;
	s->window[stratum].hits += accessed;
	r->nr_accesses += accessed;
}

/**
 * damon_region_next_sample() - Choose the next address to look at.
 * @s:	context
 * @r:	region; its sample is pending afterwards
 *
 * DAMON_NR_STRATA samples in a row visit each part once, in an order that is
 * drawn anew for each such round.
 *
 * Return: the address, which is &damon_region.sampling_addr too.
 */
static inline unsigned long
damon_region_next_sample(struct damon_ctx_state *s,
			 struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long part = damon_stratum_sz(r), at;

	if (unlikely(!part)) {
		/* Fewer bytes than parts. */
		rs->stratum = DAMON_NO_STRATUM;
		at = damon_rand_below(s, damon_sz_region(r));
	} else {
		if (!(rs->turn++ % DAMON_NR_STRATA))
			rs->order = damon_rand_below(s, DAMON_NR_STRATA);
		rs->stratum = (rs->turn % DAMON_NR_STRATA) ^ rs->order;
		at = part * rs->stratum + damon_rand_below(s, part);
	}
	rs->pending = true;
	rs->tried = true;
	r->sampling_addr = r->ar.start + at;
	return r->sampling_addr;
}

/* core.c */
void damon_ctx_ended(struct damon_ctx *ctx);
int damon_stop_killable(struct damon_ctx *ctx);

/* kdamond.c */
int kdamond_fn(void *data);
bool kdamond_is_current(struct damon_ctx *ctx);
void kdamond_reschedule(struct damon_ctx *ctx);

/* config.c */
int damon_reason_set(struct damon_reason *why, int err, const char *fmt, ...)
	__printf(3, 4);
int damon_attrs_check(const struct damon_attrs *attrs,
		      struct damon_reason *why);
int damon_ctx_check(struct damon_ctx *ctx, struct damon_reason *why);
int damon_ctx_commit(struct damon_ctx *dst, struct damon_ctx *src,
		     struct damon_reason *why);
ktime_t damon_interval_ktime(unsigned long interval_us);

/* region.c */
extern struct kmem_cache *damon_region_cache;

bool damon_ranges_check(const struct damon_addr_range *ranges,
			unsigned int nr_ranges, unsigned long min_region_sz);
struct damon_region *damon_region_split(struct damon_target *t,
					struct damon_region *r,
					unsigned long at);
void damon_region_join(struct damon_target *t, struct damon_region *left);
void damon_region_set_bounds(struct damon_region *r, unsigned long start,
			     unsigned long end);
void damon_target_free_regions(struct damon_target *t);
int damon_target_copy_regions(struct damon_target *dst,
			      struct damon_target *src);

/* bounds.c */
unsigned int damon_ctx_nr_regions(struct damon_ctx *ctx);
unsigned long damon_region_sz_limit(struct damon_ctx *ctx);
void damon_bounds_enforce(struct damon_ctx *ctx);

/* adapt.c */
u32 damon_tally_x2(struct damon_tally a, struct damon_tally b);
void damon_adapt(struct damon_ctx *ctx);
void damon_adapt_rescale(struct damon_ctx *ctx, const struct damon_attrs *old);
void damon_adapt_next_window(struct damon_ctx *ctx);
void damon_adapt_drop_window(struct damon_ctx *ctx);
void damon_target_forget_samples(struct damon_target *t);

/* vaddr.c */
int damon_va_three_regions(struct mm_struct *mm,
			   struct damon_addr_range regions[3]);

/* vaddr-walk.c */
unsigned int damon_va_walk(struct damon_ctx *ctx, struct damon_target *t,
			   struct mm_struct *mm, bool check);

/* folio.c */
struct folio;
void damon_folio_harvested(struct folio *folio);

#endif	/* _MM_DAMON_INTERNAL_H */
