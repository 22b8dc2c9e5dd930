// SPDX-License-Identifier: GPL-2.0
/*
 * The survey: what the upper levels of page tables say about regions.
 *
 * An entry of a page table that is absent, or whose accessed bit stayed zero,
 * proves in one read that nothing in its whole span was accessed since the bit
 * was cleared. So a few passes a window go over the entries, clear what is set,
 * and conclude, region by region:
 *
 * - what is certified not to be accessed becomes the core of its region, and
 *   needs no samples;
 * - what lies under entries that were set is cut out, and sampled. A set bit
 *   above the leaves is a hint where to look, never a count of accesses; one
 *   that is set for the first time may tell of times long past. A region that
 *   was just cut is therefore surveyed again, and so the survey descends from
 *   large entries to small ones;
 * - what was accessed in the last window is not called cold by one zero above
 *   it: processors cache upper entries. Its samples decide.
 *
 * Entries whose bits are set at random must not tear a region to pieces. They
 * are taken for one run unless the gaps between them are wide in proportion to
 * the region; what is narrower has its chance when the region has become
 * smaller.
 *
 * The work is bounded: so many entries a tick. What is left waits for the next.
 *
 * This file must not know how page tables are read. It has no locks: it runs in
 * the kdamond.
 */
#include "pure.h"

/*
 * Entries a tick, and how many may be saved up for a large pass. The first one
 * begins with twice that.
 */
#define DAMON_SURVEY_CREDIT	512
#define DAMON_SURVEY_SAVINGS	(64 * DAMON_SURVEY_CREDIT)
/*
 * Passes a window. There are two as long as nothing new is found, and one if it
 * costs more than so many entries.
 */
#define DAMON_SURVEY_PASSES	4
#define DAMON_SURVEY_CHEAP	4096
/* What it costs to begin with a region, by the entries that could be read. */
#define DAMON_COST_LOOK		32
/* A region whose borders are new is surveyed this often, hot or not... */
#define DAMON_SURVEY_FRESH	3
/* ...but not that often once each look at it finds an access... */
#define DAMON_SURVEY_RESTING	1
/* ...and any other in one of so many passes. */
#define DAMON_SURVEY_SELDOM	16
/* What was cut out is not joined again at the end of this window, and the next. */
#define DAMON_SURVEY_FRESH_WINDOWS	2
/* Gaps below this part of a region stay in it; so do those at its ends. */
#define DAMON_SURVEY_GAP	16
#define DAMON_SURVEY_END_GAP	128
/* Fewer looks than that say nothing about how dense the accesses are. */
#define DAMON_SURVEY_MIN_TRIALS	4

/**
 * damon_survey_restart() - Forget what was seen: it was of another space.
 * @sv:	survey
 */
void damon_survey_restart(struct damon_survey *sv)
{
	*sv = (struct damon_survey){
		.look.credit = 2 * DAMON_SURVEY_SAVINGS,
		.young_pud = ULONG_MAX,
		.young_pmd = ULONG_MAX,
	};
}

/**
 * damon_survey_begin() - A tick begins: is there a pass to be made?
 * @ctx:	context
 * @sv:		survey of one of its targets
 *
 * Return: true if so, now or since an earlier tick.
 */
bool damon_survey_begin(struct damon_ctx *ctx, struct damon_survey *sv)
{
	struct damon_look *look = &sv->look;

	if (look->credit < DAMON_SURVEY_SAVINGS)
		look->credit += DAMON_SURVEY_CREDIT;
	return damon_ctx_state(ctx)->tick >= sv->next_tick;
}

/**
 * damon_survey_next() - When has a survey something to do?
 * @sv:	survey
 *
 * Return: the tick; one that has passed while a pass is being made.
 */
u64 damon_survey_next(struct damon_survey *sv)
{
	return sv->next_tick;
}

/**
 * damon_survey_end_pass() - All regions of a target had their turn.
 * @ctx:	context
 * @t:		target
 */
void damon_survey_end_pass(struct damon_ctx *ctx, struct damon_target *t)
{
	struct damon_survey *sv = &damon_target_state(t)->va.survey;
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	unsigned int gap = max(nr / DAMON_SURVEY_PASSES, 1U), longest;

	/* What finds nothing new, and costs much, is not worth the haste. */
	longest = sv->look.spent > DAMON_SURVEY_CHEAP ? nr : nr / 2;
	if (sv->cuts)
		sv->calm = 0;
	else if (gap << (sv->calm + 1) <= longest)
		sv->calm++;
	else if (gap << sv->calm > longest)
		sv->calm = 0;
	sv->cuts = false;
	sv->look.spent = 0;
	sv->look.from = 0;
	sv->look.reached = 0;
	sv->look.nr = 0;
	sv->young_pud = ULONG_MAX;
	sv->young_pmd = ULONG_MAX;
	/* Where the next passes will not tell much, samples begin with all they have. */
	if (!sv->passes++ && sv->blunt)
		damon_adapt_explore(ctx, t);
	sv->next_tick = damon_next_rest_check(damon_ctx_state(ctx),
					      damon_ctx_state(ctx)->tick +
					      (gap << sv->calm));
}

/* Was it found accessed in the last window, or in this one? */
static bool damon_region_is_quiet(struct damon_region *r)
{
	return !r->nr_accesses && !damon_region_state(r)->last_nr_accesses;
}

/* All looks since the borders were drawn, or the evidence began anew. */
static struct damon_tally damon_region_looks(struct damon_region_state *s)
{
	return damon_tally_plus(damon_tally_all(s->past),
				damon_tally_all(s->window));
}

/* Hardly larger than the smallest entry above the leaves? */
static bool damon_region_is_small(struct damon_region *r,
				  unsigned long table_sz)
{
	return damon_sz_region(r) <= 2 * table_sz;
}

/**
 * damon_survey_wants() - Is it the turn of a region, and worth while?
 * @ctx:	context
 * @sv:		survey of its target
 * @r:		region
 * @table_sz:	bytes under a table of leaves
 *
 * Return: true if the page tables of @r are to be looked at now.
 */
bool damon_survey_wants(struct damon_ctx *ctx, struct damon_survey *sv,
			struct damon_region *r, unsigned long table_sz)
{
	if (sv->look.credit <= 0 || r->ar.end <= sv->look.reached)
		return false;
	/* A look that has begun is brought to its end. */
	if (sv->look.reached > r->ar.start && sv->look.from < sv->look.reached)
		return true;
	/* What is accessed at each look hardly needs another witness. */
	if (!damon_region_is_quiet(r) && damon_region_state(r)->rests)
		return damon_region_state(r)->passes < DAMON_SURVEY_RESTING;
	if (damon_region_state(r)->passes < DAMON_SURVEY_FRESH)
		return true;
	if (!(sv->passes % DAMON_SURVEY_SELDOM))
		return true;
	return damon_region_is_quiet(r) &&
	       (!damon_region_is_small(r, table_sz) ||
		damon_region_certified(damon_region_state(r)));
}

/**
 * damon_survey_wants_leaves() - Shall a survey look at every leaf of a region?
 * @r:		region
 * @table_sz:	bytes under a table of leaves
 *
 * Return: true if @r lies in few such tables, and only a part of it is accessed.
 */
bool damon_survey_wants_leaves(struct damon_region *r, unsigned long table_sz)
{
	struct damon_region_state *s = damon_region_state(r);
	struct damon_tally all;

	if (!damon_region_is_small(r, table_sz) || s->leaf_sz > PAGE_SIZE)
		return false;
	if (s->passes >= DAMON_SURVEY_FRESH)
		return false;
	/* An end that shares its entry with others is left to samples. */
	if (s->core.end)
		return false;
	all = damon_region_looks(s);
	return all.trials >= DAMON_SURVEY_MIN_TRIALS &&
	       all.hits < all.trials - all.trials / 8;
}

/**
 * damon_survey_aim() - Begin to look at a region, or go on with it.
 * @sv:	survey
 * @r:	region; the first that has not been looked at yet
 * @entry_sz: bytes under the largest entries
 *
 * A large region, and a new one of some size, is looked at by its largest
 * entries only: it will be cut, and its pieces be looked at more closely.
 */
void damon_survey_aim(struct damon_survey *sv, struct damon_region *r,
		      unsigned long entry_sz)
{
	struct damon_look *look = &sv->look;

	if (look->reached <= r->ar.start) {
		look->from = r->ar.start;
		look->reached = r->ar.start;
		look->nr = 0;
		look->head = 0;
		look->tail = 0;
		damon_look_spend(look, DAMON_COST_LOOK);
	}
	look->end = r->ar.end;
	look->gap = damon_sz_region(r) / DAMON_SURVEY_GAP;
	/* What is finer than gaps are is of no use. */
	look->coarse = look->gap >= entry_sz ||
		       (!damon_region_state(r)->passes &&
			damon_sz_region(r) / 2 > entry_sz);
}

/**
 * damon_look_found() - An entry is set: add it to the runs.
 * @look:	look
 * @start:	first address of the entry
 * @end:	first address behind it
 *
 * Entries come in order; the same one may come again.
 */
void damon_look_found(struct damon_look *look, unsigned long start,
		      unsigned long end)
{
	struct damon_addr_range *last = look->runs + look->nr - 1;

	/* One that reaches over the region may be set for what lies beyond. */
	if (start < look->from)
		look->head = end;
	else if (end > look->end)
		look->tail = start;
	else if (look->nr &&
		 (start <= last->end || start - last->end < look->gap ||
		  look->nr == DAMON_LOOK_RUNS))
		last->end = max(last->end, end);
	else
		look->runs[look->nr++] = (struct damon_addr_range){ start, end };
}

/* What is known is about the rest of the region: samples begin anew. */
static void damon_piece_forget(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	memset(s->window, 0, sizeof(s->window));
	memset(s->past, 0, sizeof(s->past));
	s->fresh = DAMON_SURVEY_FRESH_WINDOWS;
	s->rests = false;
}

/* What was certified and is no longer is news: it is looked at as if new. */
static void damon_region_uncertify(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);

	if (s->core.end)
		s->passes = 0;
	damon_region_set_core(r, (struct damon_addr_range){});
}

/*
 * All entries of a region were set. If it was certified by the last pass, accesses came
 * since then: no sample has seen them, but idle all the time it was not.
 */
static void damon_region_woke(struct damon_region *r)
{
	if (damon_region_state(r)->core.end)
		r->age = 0;
	damon_region_uncertify(r);
}

/*
 * A piece that was cut out because it may have been accessed. The looks that found
 * nothing so far were in the rest, who knows how many of them; those that found an
 * access were in here.
 */
static void damon_piece_is_young(struct damon_region *r, bool quiet)
{
	struct damon_region_state *s = damon_region_state(r);
	bool hit = r->nr_accesses;

	damon_region_uncertify(r);
	damon_piece_forget(r);
	s->passes = 0;
	s->wants_spread = true;
	s->window[DAMON_NO_STRATUM] = (struct damon_tally){ hit, hit };
	r->nr_accesses = hit;
	if (quiet)
		r->age = 0;
}

/*
 * A piece in which nothing was found. If the whole was quiet, that settles it;
 * else caches of upper entries may have hidden what goes on, and samples tell.
 */
static void damon_piece_is_cold(struct damon_region *r,
				struct damon_addr_range core, bool quiet)
{
	struct damon_region_state *s = damon_region_state(r);
	int i;

	if (!quiet)
		damon_piece_forget(r);
	for (i = 0; i <= DAMON_NR_STRATA; i++) {
		s->window[i].hits = 0;
		s->past[i].hits = 0;
	}
	r->nr_accesses = 0;
	s->last_nr_accesses = 0;
	if (quiet)
		damon_region_set_core(r, core);
}

/* Returns the right piece; NULL if there is no room or no memory for it. */
static struct damon_region *damon_survey_cut(struct damon_ctx *ctx,
					     struct damon_target *t,
					     struct damon_region *r,
					     unsigned long at)
{
	struct damon_region *right;

	if (damon_ctx_nr_regions(ctx) >= ctx->max_nr_regions)
		return NULL;
	/* There may be no sleep here: others wait for the address space. */
	right = damon_region_split(t, r, at, GFP_NOWAIT | __GFP_NOWARN);
	if (right)
		damon_target_state(t)->va.survey.cuts = true;
	return right;
}

/* Where a run begins and ends as borders of regions. */
static struct damon_addr_range damon_run_clip(struct damon_ctx *ctx,
					      struct damon_region *r,
					      struct damon_addr_range run)
{
	unsigned long gap = damon_sz_region(r) / DAMON_SURVEY_END_GAP;

	run.start = ALIGN_DOWN(max(run.start, r->ar.start), ctx->min_region_sz);
	run.end = min(run.end, r->ar.end);
	/* Aligned up, but the highest address has nothing above it. */
	run.end = r->ar.end - ALIGN_DOWN(r->ar.end - run.end,
					 ctx->min_region_sz);
	if (run.start < r->ar.start + gap || run.start < r->ar.start)
		run.start = r->ar.start;
	if (run.end > r->ar.end - gap)
		run.end = r->ar.end;
	return run;
}

/*
 * Leave out what is not about the region: it may have been cut since the look
 * began, and an entry at its end that reaches over it may be set for what lies
 * beyond. Returns what of the region the rest of the look tells about.
 */
static struct damon_addr_range damon_look_trim(struct damon_look *look,
					       struct damon_region *r)
{
	struct damon_addr_range seen = {
		max(look->from, r->ar.start), min(look->reached, r->ar.end),
	};
	struct damon_addr_range *run = look->runs;
	unsigned int before = 0;

	while (before < look->nr && run[before].end <= r->ar.start)
		before++;
	look->nr -= before;
	memmove(run, run + before, look->nr * sizeof(*run));

	/* If the next entry is set as well, it most likely is one run. */
	if (look->head > r->ar.start) {
		seen.start = min(look->head, seen.end);
		if (look->nr && run->start <= look->head)
			run->start = r->ar.start;
	}
	run += look->nr - 1;
	if (look->tail && look->tail < r->ar.end) {
		seen.end = max(look->tail, seen.start);
		if (look->nr && run->end >= look->tail)
			run->end = r->ar.end;
	}
	return seen;
}

/* Nothing was found in @seen; the region is known if that is all of it. */
static void damon_survey_certify(struct damon_region *r,
				 struct damon_addr_range seen)
{
	/* It may have been what lies beyond: better too young than too old. */
	if (seen.start >= seen.end)
		damon_region_woke(r);
	/* Caches may hide what is accessed often: samples know better. */
	else if (damon_region_is_quiet(r))
		damon_region_set_core(r, seen);
}

/*
 * A look at large entries of a small region is not counted as long as its
 * samples are too few to tell whether a look at its leaves is worth while.
 */
static void damon_survey_count_pass(struct damon_region *r, unsigned long entry_sz)
{
	struct damon_region_state *s = damon_region_state(r);

	if (s->passes == U8_MAX)
		return;
	if (s->passes + 1 < DAMON_SURVEY_FRESH ||
	    !damon_region_is_small(r, entry_sz) ||
	    damon_region_looks(s).trials >= DAMON_SURVEY_MIN_TRIALS)
		s->passes++;
}

/**
 * damon_survey_conclude() - All of a region was looked at: cut it accordingly.
 * @ctx:	context
 * @t:		target of @r
 * @r:		region; becomes the first of its pieces
 * @entry_sz: bytes under the smallest entries that were looked at
 *
 * Does not sleep. Where memory or room for regions is short, @r stays as it is,
 * and is sampled.
 */
void damon_survey_conclude(struct damon_ctx *ctx, struct damon_target *t,
			   struct damon_region *r, unsigned long entry_sz)
{
	struct damon_look *look = &damon_target_state(t)->va.survey.look;
	struct damon_addr_range seen = damon_look_trim(look, r);
	bool quiet = damon_region_is_quiet(r), cut = false;
	struct damon_addr_range run = {};
	struct damon_region *right;
	unsigned int i;

	damon_survey_count_pass(r, entry_sz);
	if (!look->nr) {
		damon_survey_certify(r, seen);
		return;
	}
	for (i = 0; i < look->nr && run.end < r->ar.end; i++) {
		run = damon_run_clip(ctx, r, look->runs[i]);
		/* Aligned borders may have taken it already. */
		if (run.end <= r->ar.start)
			continue;
		if (run.start > r->ar.start) {
			right = damon_survey_cut(ctx, t, r, run.start);
			if (!right)
				break;
			damon_piece_is_cold(r, seen, quiet);
			cut = true;
			r = right;
		}
		if (run.end < r->ar.end) {
			right = damon_survey_cut(ctx, t, r, run.end);
			if (!right)
				break;
			damon_piece_is_young(r, quiet);
			cut = true;
			r = right;
		}
	}
	/* What is left is behind the last run, or was not cut from the rest. */
	if (run.end <= r->ar.start)
		damon_piece_is_cold(r, seen, quiet);
	else if (cut)
		damon_piece_is_young(r, quiet);
	else if (run.start <= r->ar.start && run.end >= r->ar.end)
		damon_region_woke(r);
	else
		damon_region_uncertify(r);
}

/**
 * damon_survey_wake() - A sample beside the core of a region was accessed.
 * @ctx:	context
 * @t:		target of @r
 * @r:		region
 *
 * Cuts what lies on that side of the core off, so that it is looked at alone.
 */
void damon_survey_wake(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r)
{
	struct damon_addr_range core = damon_region_state(r)->core;
	struct damon_region *right = NULL, *awake = r, *asleep;
	bool before = r->sampling_addr < core.start;
	unsigned long at;

	/* The border of the core need not be one that regions may have. */
	at = before ? ALIGN(core.start, ctx->min_region_sz) :
		      ALIGN_DOWN(core.end, ctx->min_region_sz);
	if (at > r->ar.start && at < r->ar.end)
		right = damon_survey_cut(ctx, t, r, at);
	if (!right) {
		damon_region_uncertify(r);
		return;
	}
	asleep = right;
	if (!before)
		swap(awake, asleep);
	damon_piece_is_cold(asleep, core, true);
	damon_piece_is_young(awake, true);
}
