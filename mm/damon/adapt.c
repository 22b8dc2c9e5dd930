// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence: when and where regions are cut and joined.
 *
 * Every look at a region is kept as a trial, with or without a hit, in one of
 * DAMON_NR_STRATA equal parts of the region. Samples visit the parts in turn, so
 * that a window says something about each. At its end
 *
 * - a region whose rate of hits is no longer that of earlier windows starts its
 *   evidence anew: it has changed;
 * - neighbours that no test can tell apart become one region;
 * - a region that hides a part unlike the rest is cut at the borders of that
 *   part, and next time its pieces are looked at as closely as the whole was
 *   before. The border of a hot spot is found to the page in
 *   log(size / page) / log(DAMON_NR_STRATA) windows;
 * - where a region is accessed here and there, parts of it that cannot be looked at
 *   are cut out, so that the others are looked at closer.
 *
 * "Unlike" is Pearson's chi-squared test on two proportions: for h1 hits of t1
 * trials against h2 of t2, with h = h1 + h2 and t = t1 + t2,
 *
 *	X2 = t (h1 t2 - h2 t1)^2 / (t1 t2 h (t - h))
 *
 * is above 3.84, 10.8 with a chance of 5 %, 0.1 % if both are the same.
 *
 * How many regions there may be is bounds.c's to say.
 *
 * This file must not know how samples are taken. It has no state of its own and
 * no locks: it runs in the kdamond, at the end of a window.
 */
#include "pure.h"

/* X2 from which on two rates differ enough to cut, or to call it a change. */
#define DAMON_X2_CUT		10
/* X2 up to which neighbours are taken for the same. */
#define DAMON_X2_JOIN		4
/* No X2 is higher: it is the number of trials at most, see damon_tally_scale(). */
#define DAMON_X2_MAX		(2 << 12)
/* Joins that max_nr_regions enforces give up this factor at a time. */
#define DAMON_X2_STEP		4
/* Fewer trials than that say nothing at all. */
#define DAMON_MIN_TRIALS	4
/* This part of the looks to spare goes to large regions that are quiet. */
#define DAMON_EXPLORE_SHARE	8
/* So many looks, three rounds of all parts, say enough if they say the same. */
#define DAMON_CLEAR_TRIALS	(3 * DAMON_NR_STRATA)
/* So many looks, none of which found an access, are not soon followed by one that does. */
#define DAMON_QUIET_TRIALS	240
#define DAMON_QUIET_WINDOWS	2
/* More trials than that say nothing new: older ones are faded out. */
#define DAMON_MAX_TRIALS	512
/* Parts below that of a region may seem older than they are. */
#define DAMON_JOIN_SMALL	8
/* Windows without a miss after which earlier misses do not tell neighbours apart. */
#define DAMON_MAX_FLAWLESS	8

/**
 * damon_update_region_access_rate() - Tell the result of one sample.
 * @r:		region
 * @accessed:	was &damon_region.sampling_addr accessed since it was prepared?
 *
 * For &damon_operations.check_accesses, in the kdamond.
 */
void damon_update_region_access_rate(struct damon_region *r, bool accessed)
{
	damon_region_count(r, damon_region_stratum(r, r->sampling_addr), accessed);
}

static struct damon_tally damon_tally_sum(const struct damon_tally tally[],
					  unsigned int from, unsigned int to)
{
	struct damon_tally sum = {};
	unsigned int i;

	for (i = from; i < to; i++)
		sum = damon_tally_plus(sum, tally[i]);
	return sum;
}

/* Few enough trials that the products of damon_tally_x2() fit 64 bits. */
static struct damon_tally damon_tally_scale(struct damon_tally tally)
{
	unsigned int shift = max(fls(tally.trials), 12) - 12;

	return (struct damon_tally){
		.hits = tally.hits >> shift,
		.trials = tally.trials >> shift,
	};
}

/**
 * damon_tally_x2() - How surely do two rates differ?
 * @a:	hits and trials of the one
 * @b:	of the other
 *
 * Return: Pearson's X2, see the head of this file, rounded down; zero if one of
 * them has no trials.
 */
u32 damon_tally_x2(struct damon_tally a, struct damon_tally b)
{
	u64 trials, hits, cross, divisor;
	s64 diff;

	a = damon_tally_scale(a);
	b = damon_tally_scale(b);
	trials = a.trials + b.trials;
	hits = a.hits + b.hits;
	if (!a.trials || !b.trials || !hits || hits == trials)
		return 0;
	diff = (s64)a.hits * b.trials - (s64)b.hits * a.trials;
	cross = diff * diff;
	/* 13 + 2 * 24 bits over 12 + 12 + 13 + 13 bits */
	divisor = (u64)a.trials * b.trials * (hits * (trials - hits));
	return min_t(u64, div64_u64(trials * cross, divisor), U32_MAX);
}

/*
 * @hits of @trials as a number of @nr; not zero if there was a hit, but if @nr is: hits
 * are no accesses then.
 */
static unsigned int damon_tally_scaled(struct damon_tally tally, unsigned int nr)
{
	u64 scaled;

	if (!tally.hits || !tally.trials || !nr)
		return 0;
	if (tally.trials == nr)
		return tally.hits;
	scaled = div_u64((u64)tally.hits * nr + tally.trials / 2, tally.trials);
	return clamp_t(u64, scaled, 1, nr);
}

/* Is one look a tick too little to tell how often there is an access? */
static bool damon_tally_is_mixed(struct damon_tally all)
{
	return all.hits && all.hits < all.trials - all.trials / 8;
}

/* Has a window of so many looks some to spare? */
static bool damon_window_may_rest(unsigned int nr)
{
	return nr >= DAMON_REST_TICKS * DAMON_REST_MIN_LOOKS;
}

/*
 * Would one more look hardly say anything new? That is so where many have all found an
 * access, or nearly all for some windows, where most is known without looks and the
 * rest was idle, and where a region is always quiet: one of few bytes, or one of which
 * a great many looks say so.
 */
static bool damon_region_is_settled(struct damon_region_state *s,
				    unsigned int nr, unsigned long small_sz)
{
	struct damon_tally all = damon_tally_all(s->past);

	if (!damon_window_may_rest(nr))
		return false;
	if (s->core.end)
		return !s->last_nr_accesses;
	if (!all.hits && (damon_sz_region(&s->region) <= small_sz ||
			  (all.trials >= DAMON_QUIET_TRIALS &&
			   s->region.age >= DAMON_QUIET_WINDOWS)))
		return true;
	if (all.hits == all.trials && all.trials >= DAMON_CLEAR_TRIALS)
		return true;
	return s->region.age && all.trials >= DAMON_REST_MIN_LOOKS &&
	       all.hits >= all.trials - all.trials / 8;
}

static void damon_tally_fade(struct damon_tally tally[])
{
	int i;

	while (damon_tally_all(tally).trials > DAMON_MAX_TRIALS) {
		for (i = 0; i <= DAMON_NR_STRATA; i++) {
			tally[i].hits /= 2;
			tally[i].trials /= 2;
		}
	}
}

/* The highest number of accesses that a window may have. */
static unsigned int damon_adapt_max(struct damon_ctx *ctx)
{
	return damon_probes_only(ctx) ? 0 :
	       damon_nr_samples_per_aggr(&ctx->attrs);
}

/* The window of a region is over: its result, its age, its evidence. */
static void damon_region_end_window(struct damon_region *r, unsigned int nr)
{
	struct damon_region_state *s = damon_region_state(r);
	struct damon_tally window = damon_tally_all(s->window);
	bool changed;
	int i;

	if (damon_region_certified(s)) {
		/* As good as that many looks. */
		s->window[DAMON_NO_STRATUM].trials += nr;
		window.trials += nr;
	}
	if (window.trials)
		r->nr_accesses = damon_tally_scaled(window, nr);
	else if (s->tried)
		/* No look was possible: nothing new is known. */
		r->nr_accesses = s->last_nr_accesses;
	s->unchecked = s->tried && !window.trials;
	if (!window.hits || window.hits < window.trials)
		s->flawless = 0;
	else if (s->flawless < DAMON_MAX_FLAWLESS)
		s->flawless++;

	changed = damon_tally_x2(window, damon_tally_all(s->past)) >=
		  DAMON_X2_CUT;
	if (changed || !r->nr_accesses != !s->last_nr_accesses)
		r->age = 0;
	else if (r->age < UINT_MAX)
		r->age++;

	if (changed)
		memset(s->past, 0, sizeof(s->past));
	for (i = 0; i <= DAMON_NR_STRATA; i++)
		s->past[i] = damon_tally_plus(s->past[i], s->window[i]);
	damon_tally_fade(s->past);
}

/*
 * Does a survey tell what samples do not? It has just cut out one of the two, and
 * samples have not had the time to tell. Or it speaks for every byte of the one
 * and not of the other, where accesses may be too rare for samples.
 */
static bool damon_survey_differs(struct damon_region *a, struct damon_region *b)
{
	struct damon_region_state *sa = damon_region_state(a);
	struct damon_region_state *sb = damon_region_state(b);

	if (sa->fresh || sb->fresh)
		return true;
	return !sa->core.end != !sb->core.end &&
	       damon_sz_region(sa->core.end ? b : a) > DAMON_SMALL_SZ;
}

static bool damon_are_idle(struct damon_region *a, struct damon_region *b)
{
	return !a->nr_accesses && !b->nr_accesses;
}

/*
 * Are both idle, as a survey found of one, but one for much longer than the other? What
 * is used now and then and what never is differ in nothing else between two accesses
 * that no sample sees, and no one age would be true of both. That is no reason to keep
 * them apart where room for regions is scarce: places to look at come first.
 */
static bool damon_ages_differ(struct damon_region *a, struct damon_region *b)
{
	return damon_are_idle(a, b) &&
	       (damon_region_state(a)->core.end || damon_region_state(b)->core.end) &&
	       max(a->age, b->age) / 2 > min(a->age, b->age);
}

/*
 * Join neighbours that are alike. Both were idle for the shorter of two times: a mean
 * would be too long for one of them, which matters if that is not just a small part.
 */
static void damon_join_regions(struct damon_target *t, struct damon_region *left)
{
	struct damon_region *right = damon_next_region(left);
	struct damon_region *younger = left->age < right->age ? left : right;
	unsigned long sz = damon_sz_region(left) + damon_sz_region(right);
	bool shorter = damon_are_idle(left, right) &&
		       damon_sz_region(younger) >= sz / DAMON_JOIN_SMALL;
	unsigned int age = younger->age;

	damon_region_join(t, left);
	if (shorter)
		left->age = age;
}

/*
 * Are neighbours the same? What of two has been in use all the time for long is,
 * whatever was seen before their borders were found.
 */
static bool damon_are_alike(struct damon_region *a, struct damon_region *b,
			    struct damon_tally past_a, struct damon_tally past_b)
{
	if (damon_survey_differs(a, b))
		return false;
	return damon_tally_x2(past_a, past_b) < DAMON_X2_JOIN ||
	       min(damon_region_state(a)->flawless,
		   damon_region_state(b)->flawless) == DAMON_MAX_FLAWLESS;
}

/*
 * Is enough known of neighbours to tell whether they are the same? Of what has hardly
 * been looked at, nobody can tell yet; of what cannot be looked at, nobody ever will.
 */
static bool damon_are_known(struct damon_region *a, struct damon_region *b,
			    struct damon_tally past_a, struct damon_tally past_b)
{
	if (!past_a.trials && !past_b.trials)
		return damon_region_state(a)->unchecked &&
		       damon_region_state(b)->unchecked;
	return min(past_a.trials, past_b.trials) >= DAMON_MIN_TRIALS;
}

/*
 * Join neighbours whose rates differ by less than @x2, until no more than @nr
 * regions are left. Returns how many there are.
 */
static unsigned int damon_join_alike(struct damon_ctx *ctx, unsigned int nr_all,
				     unsigned int nr, unsigned long sz_limit,
				     u32 x2)
{
	struct damon_tally left, right;
	struct damon_region *r, *next;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		if (list_empty(&t->regions_list))
			continue;
		r = damon_first_region(t);
		left = damon_tally_all(damon_region_state(r)->past);
		while (!list_is_last(&r->list, &t->regions_list)) {
			if (nr_all <= nr)
				return nr_all;
			next = damon_next_region(r);
			right = damon_tally_all(damon_region_state(next)->past);
			if (r->ar.end == next->ar.start &&
			    next->ar.end - r->ar.start <= sz_limit &&
			    (x2 > DAMON_X2_JOIN ?
			     damon_tally_x2(left, right) < x2 :
			     damon_are_known(r, next, left, right) &&
			     damon_are_alike(r, next, left, right) &&
			     !(nr_all <= ctx->max_nr_regions / 2 &&
			       damon_ages_differ(r, next)))) {
				damon_join_regions(t, r);
				left = damon_tally_plus(left, right);
				nr_all--;
			} else {
				r = next;
				left = right;
			}
		}
	}
	return nr_all;
}

/* Join what is alike, and as much more as max_nr_regions demands. */
static void damon_adapt_join(struct damon_ctx *ctx, unsigned long sz_limit)
{
	unsigned int nr = damon_ctx_nr_regions(ctx);
	u32 x2 = DAMON_X2_JOIN;

	nr = damon_join_alike(ctx, nr, ctx->min_nr_regions, sz_limit, x2);
	while (nr > ctx->max_nr_regions && x2 <= DAMON_X2_MAX) {
		x2 *= DAMON_X2_STEP;
		/* The number of regions outweighs their size. */
		nr = damon_join_alike(ctx, nr, max(ctx->max_nr_regions,
						   ctx->min_nr_regions),
				      ULONG_MAX, x2);
	}
}

/* A run of parts of a region, [from, to), and how much it differs. */
struct damon_segment {
	unsigned int from;
	unsigned int to;
	u32 x2;
};

/* Which run of parts is least like the rest of its region, whose sum is @all? */
static struct damon_segment damon_odd_segment(const struct damon_tally past[],
					      struct damon_tally all)
{
	struct damon_segment seg, odd = {};

	for (seg.from = 0; seg.from < DAMON_NR_STRATA; seg.from++) {
		struct damon_tally in = {}, out;

		for (seg.to = seg.from + 1; seg.to <= DAMON_NR_STRATA;
		     seg.to++) {
			in = damon_tally_plus(in, past[seg.to - 1]);
			out.hits = all.hits - in.hits;
			out.trials = all.trials - in.trials;
			seg.x2 = damon_tally_x2(in, out);
			if (seg.x2 > odd.x2)
				odd = seg;
		}
	}
	return odd;
}

/*
 * Which run of parts that cannot be looked at is the longest? Samples have visited all
 * parts equally often.
 */
static struct damon_segment damon_dark_segment(const struct damon_tally past[],
					       struct damon_tally all)
{
	struct damon_segment seg = {}, dark = {};

	if (all.trials < DAMON_MIN_TRIALS * DAMON_NR_STRATA)
		return dark;
	for (; seg.from < DAMON_NR_STRATA; seg.from = seg.to + 1) {
		seg.to = seg.from;
		while (seg.to < DAMON_NR_STRATA && !past[seg.to].trials)
			seg.to++;
		if (seg.to - seg.from > dark.to - dark.from)
			dark = (struct damon_segment){ seg.from, seg.to,
						       DAMON_X2_CUT };
	}
	return dark;
}

/* What is to be cut out of a region? Only where it is accessed here and there. */
static struct damon_segment damon_region_odd_segment(struct damon_region *r)
{
	const struct damon_tally *past = damon_region_state(r)->past;
	struct damon_tally all = damon_tally_sum(past, 0, DAMON_NR_STRATA);
	struct damon_segment odd = {};

	if (!all.hits || all.hits == all.trials)
		return odd;
	odd = damon_odd_segment(past, all);
	return odd.x2 >= DAMON_X2_CUT ? odd : damon_dark_segment(past, all);
}

/* What is known of a run of parts: in this window, and since the last change. */
struct damon_known {
	struct damon_tally window;
	struct damon_tally past;
};

static void damon_known_add_parts(struct damon_known *known,
				  struct damon_region_state *s,
				  unsigned int from, unsigned int to)
{
	known->window = damon_tally_plus(known->window,
					 damon_tally_sum(s->window, from, to));
	known->past = damon_tally_plus(known->past,
				       damon_tally_sum(s->past, from, to));
}

static void damon_region_set_known(struct damon_region *r,
				   const struct damon_known *known,
				   unsigned int nr)
{
	struct damon_region_state *s = damon_region_state(r);
	bool idle = !r->nr_accesses;

	s->window[DAMON_NO_STRATUM] = known->window;
	s->past[DAMON_NO_STRATUM] = known->past;
	/* One look or two in this window would outweigh all those before. */
	r->nr_accesses = damon_tally_scaled(known->window.trials >=
					    DAMON_MIN_TRIALS ?
					    known->window : known->past, nr);
	/* Nobody knows for how long a piece has been what the whole was not. */
	if (idle != !r->nr_accesses)
		r->age = 0;
}

/*
 * Cut the parts @odd out of @r, and let each piece know only what was found in
 * it. Returns the number of cuts, which is zero if the borders of the parts are
 * not borders that a region may have, or for a lack of memory.
 */
static unsigned int damon_region_cut(struct damon_target *t,
				     struct damon_region *r,
				     struct damon_segment odd,
				     unsigned long min_region_sz,
				     unsigned int nr)
{
	unsigned int part[] = { 0, odd.from, odd.to, DAMON_NR_STRATA };
	struct damon_region_state whole = *damon_region_state(r);
	unsigned long part_sz = damon_stratum_sz(r);
	struct damon_known known = {};
	unsigned int cuts = 0;
	int i;

	for (i = 2; i >= 1; i--) {
		struct damon_region *right;
		unsigned long at;

		damon_known_add_parts(&known, &whole, part[i], part[i + 1]);
		/* A page is not cut, of whatever size it is. */
		at = ALIGN_DOWN(whole.region.ar.start + part[i] * part_sz,
				max(min_region_sz, whole.leaf_sz));
		if (at <= r->ar.start || at >= r->ar.end)
			continue;
		right = damon_region_split(t, r, at, DAMON_GFP_REGION);
		if (!right)
			continue;
		damon_region_set_known(right, &known, nr);
		known = (struct damon_known){};
		cuts++;
	}
	damon_known_add_parts(&known, &whole, part[0], part[1]);
	if (cuts)
		damon_region_set_known(r, &known, nr);
	return cuts;
}

/* Cut out what differs by at least @x2, while there is room for new regions. */
static unsigned int damon_cut_unlike(struct damon_ctx *ctx, unsigned int room,
				     u32 x2)
{
	unsigned int nr = damon_adapt_max(ctx), share = damon_member_share(ctx);
	struct damon_region *r, *next;
	struct damon_segment odd;
	struct damon_target *t;

	damon_for_each_target(t, ctx) {
		damon_for_each_region_safe(r, next, t) {
			/* One cut takes up to two regions. */
			if (room < 2)
				return room;
			if (damon_target_is_member(t) && t->nr_regions >= share)
				break;
			if (damon_sz_region(r) / 2 < ctx->min_region_sz)
				continue;
			odd = damon_region_odd_segment(r);
			if (odd.x2 >= x2)
				room -= damon_region_cut(t, r, odd,
							 ctx->min_region_sz,
							 nr);
		}
	}
	return room;
}

static void damon_adapt_cut(struct damon_ctx *ctx)
{
	unsigned int nr = damon_ctx_nr_regions(ctx), room;
	int step;

	if (nr >= ctx->max_nr_regions)
		return;
	room = min(ctx->max_nr_regions - nr, (unsigned long)UINT_MAX);
	/* When room is scarce, the clearest cases come first. */
	for (step = room < nr ? 3 : 0; step >= 0; step--)
		room = damon_cut_unlike(ctx, room, DAMON_X2_CUT << 2 * step);
}

/**
 * damon_adapt() - A window is over: find its results and adapt the regions.
 * @ctx:	context
 *
 * Afterwards nr_accesses and age of each region are results, to be read until
 * damon_adapt_next_window(). If memory is short, fewer cuts are made. May
 * sleep.
 */
void damon_adapt(struct damon_ctx *ctx)
{
	unsigned int nr = damon_adapt_max(ctx);
	struct damon_region *r;
	struct damon_target *t;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t)
			damon_region_end_window(r, nr);

	damon_adapt_join(ctx, damon_region_sz_limit(ctx));
	damon_adapt_cut(ctx);
	damon_bounds_enforce(ctx);
}

/*
 * Shall all parts of a region be looked at in each tick? @room is how many more
 * looks a tick there may be, and @spare how many of them may go to what was
 * always quiet so far: so nothing is given up for good.
 */
static bool damon_adapt_spread(struct damon_region_state *s,
			       unsigned long small_sz, unsigned long *room,
			       unsigned long *spare)
{
	struct damon_tally all = damon_tally_all(s->past);
	bool unclear = all.hits && (all.trials < DAMON_CLEAR_TRIALS ||
				    damon_tally_is_mixed(all));

	if (s->core.end || *room < DAMON_NR_STRATA)
		return false;
	if (!unclear) {
		if (all.hits || *spare < DAMON_NR_STRATA ||
		    damon_sz_region(&s->region) <= small_sz)
			return false;
		*spare -= DAMON_NR_STRATA - 1;
	}
	*room -= DAMON_NR_STRATA - 1;
	return true;
}

/**
 * damon_adapt_spread_checked() - All parts of a region were looked at once more.
 * @ctx:	context
 * @r:		region whose samples were spread
 *
 * If the looks of this window agree, one look a tick is enough for the rest of
 * it, and fewer are if there is no exception. A large region that is quiet goes
 * on: it takes many looks to find a small part that is not, and one that did rest has
 * its looks in each tick again as soon as there is a find.
 */
void damon_adapt_spread_checked(struct damon_ctx *ctx, struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);
	struct damon_tally all = damon_tally_all(s->window), past;

	if (damon_tally_is_mixed(all)) {
		s->rests = false;
		return;
	}
	if (all.trials < DAMON_CLEAR_TRIALS ||
	    (!all.hits && damon_sz_region(r) > damon_small_sz(ctx)))
		return;
	/* Of looks of which one in four finds an access, so many find none now and then. */
	past = damon_tally_all(s->past);
	if (!all.hits && damon_tally_is_mixed(past) &&
	    damon_tally_x2(all, past) < 2 * DAMON_X2_CUT)
		return;
	s->wants_spread = false;
	s->rests = (!all.hits || all.hits == all.trials) &&
		   damon_window_may_rest(damon_nr_samples_per_aggr(&ctx->attrs));
}

/* How often is what rests looked at in a window of so many looks? */
static void damon_adapt_set_rest(struct damon_ctx *ctx, unsigned int nr)
{
	unsigned int ticks = max(nr / DAMON_REST_MIN_LOOKS, 1U);

	ticks = min(ticks, DAMON_REST_MAX_TICKS);
	damon_ctx_state(ctx)->rest_mask =
		DAMON_REST_RUN * rounddown_pow_of_two(ticks) - 1;
}

/**
 * damon_adapt_next_window() - Make the regions ready for a new window.
 * @ctx:	context
 *
 * What max_nr_regions leaves unused goes into more looks at regions of which one
 * look a tick tells too little.
 */
void damon_adapt_next_window(struct damon_ctx *ctx)
{
	unsigned int nr = damon_ctx_nr_regions(ctx);
	unsigned long room = max(ctx->max_nr_regions, nr) - nr;
	unsigned int nr_samples = damon_adapt_max(ctx);
	unsigned long small_sz = damon_small_sz(ctx);
	struct damon_region_state *s;
	unsigned long spare = room / DAMON_EXPLORE_SHARE;
	struct damon_region *r;
	struct damon_target *t;

	damon_adapt_set_rest(ctx, nr_samples);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			s->last_nr_accesses = r->nr_accesses;
			r->nr_accesses = 0;
			damon_probes_next_window(r);
			s->tried = false;
			s->doubted = false;
			s->proven = false;
			s->fresh -= !!s->fresh;
			s->wants_spread = damon_adapt_spread(s, small_sz, &room,
							     &spare);
			s->rests = damon_region_is_settled(s, nr_samples,
							   small_sz);
			memset(s->window, 0, sizeof(s->window));
		}
	}
}

/**
 * damon_adapt_explore() - Look at all parts of what a first survey does not speak for.
 * @ctx:	context
 * @t:		target
 *
 * As far as there is room, and until the end of the window. Nothing is known yet: where
 * accessed bits of upper entries do not help, the parts that are accessed are found a
 * window earlier so.
 */
void damon_adapt_explore(struct damon_ctx *ctx, struct damon_target *t)
{
	unsigned long small_sz = damon_small_sz(ctx), looks = 0, room, spare;
	struct damon_region_state *s;
	struct damon_target *each;
	struct damon_region *r;

	damon_for_each_target(each, ctx)
		damon_for_each_region(r, each)
			looks += damon_region_state(r)->wants_spread ?
				 DAMON_NR_STRATA : 1;
	room = max(ctx->max_nr_regions, looks) - looks;
	spare = room;
	damon_for_each_region(r, t) {
		s = damon_region_state(r);
		if (!s->wants_spread)
			s->wants_spread = damon_adapt_spread(s, small_sz, &room,
							     &spare);
	}
}

/**
 * damon_adapt_drop_window() - Give up the looks of an unfinished window.
 * @ctx:	context
 */
void damon_adapt_drop_window(struct damon_ctx *ctx)
{
	struct damon_region_state *s;
	struct damon_region *r;
	struct damon_target *t;

	damon_adapt_set_rest(ctx, damon_nr_samples_per_aggr(&ctx->attrs));
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			r->nr_accesses = 0;
			memset(r->probe_hits, 0, sizeof(r->probe_hits));
			memset(s->window, 0, sizeof(s->window));
		}
	}
}

/**
 * damon_adapt_forget() - Give up all evidence.
 * @ctx:	context
 *
 * For when hits do not mean any more what they did.
 */
void damon_adapt_forget(struct damon_ctx *ctx)
{
	struct damon_region_state *s;
	struct damon_region *r;
	struct damon_target *t;

	damon_adapt_drop_window(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			s->last_nr_accesses = 0;
			s->core = (struct damon_addr_range){};
			s->pending = false;
			s->wants_spread = false;
			s->rests = false;
			s->proven = false;
			memset(s->past, 0, sizeof(s->past));
		}
	}
}

/**
 * damon_target_forget_samples() - Give up all samples that are on their way.
 * @t:	target
 *
 * For when what was prepared is not what would be read: after a pause, or when
 * the address space is another one.
 */
void damon_target_forget_samples(struct damon_target *t)
{
	struct damon_region *r;

	damon_for_each_region(r, t) {
		damon_region_state(r)->pending = false;
		damon_region_state(r)->probe_pending = false;
	}
}

/* @value * @to / @from, at most UINT_MAX; @from may be zero. */
static unsigned int damon_rescale(unsigned int value, u64 to, u64 from)
{
	if (!from)
		return value;
	/* The division below traps when its result exceeds 64 bits. */
	if (div64_u64(to, from) > UINT_MAX)
		return value ? UINT_MAX : 0;
	return min_t(u64, mul_u64_u64_div_u64(value, to, from), UINT_MAX);
}

/**
 * damon_adapt_rescale() - Express results in new intervals.
 * @ctx:	context, with its new attributes
 * @old:	the attributes before
 *
 * Ages keep the time that they stand for, results their share of the possible
 * maximum. An unfinished window is given up.
 */
void damon_adapt_rescale(struct damon_ctx *ctx, const struct damon_attrs *old)
{
	unsigned int nr_old = damon_nr_samples_per_aggr(old);
	unsigned int nr_new = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_region_state *s;
	struct damon_region *r;
	struct damon_target *t;

	if (!damon_ctx_state(ctx)->reporting)
		damon_adapt_drop_window(ctx);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			s = damon_region_state(r);
			r->nr_accesses = damon_rescale(r->nr_accesses,
						       nr_new, nr_old);
			s->last_nr_accesses = damon_rescale(s->last_nr_accesses,
							    nr_new, nr_old);
			r->age = damon_rescale(r->age, old->aggr_interval,
					       ctx->attrs.aggr_interval);
		}
	}
}
