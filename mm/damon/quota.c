// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas: how much a scheme may do in a charge window, and which regions come
 * first when that is not enough for all.
 *
 * The effective quota of a window is the least of what the size limit, the time
 * limit and the goals come to. The time limit becomes bytes by the speed that was
 * measured in earlier windows; time itself is charged too, so that a window in
 * which the action is slower than before ends in time.
 *
 * Time is handed in, in ns that never go back. No state of its own and no locks.
 */
#include "pure.h"

/* Speed of an action before it was measured: bytes in a ms. */
#define DAMOS_FIRST_SPEED	(PAGE_SIZE * 1024UL)
/* Windows after which what was measured counts half. */
#define DAMOS_SPEED_WINDOWS	16
/* Limits and goals are counted in this part of a byte and of a target. */
#define DAMOS_BP		10000UL

static bool damos_quota_has_goal(const struct damos *s)
{
	return !list_empty(&s->quota.goals);
}

/**
 * damos_quota_is_set() - Is there a limit?
 * @s:	scheme
 *
 * Return: true if so.
 */
bool damos_quota_is_set(const struct damos *s)
{
	return s->quota.sz || s->quota.ms || damos_quota_has_goal(s);
}

static u64 damos_quota_ns(const struct damos *s)
{
	return min_t(u64, s->quota.ms, U64_MAX / NSEC_PER_MSEC) * NSEC_PER_MSEC;
}

static u64 damos_quota_window_ns(const struct damos *s)
{
	return min_t(u64, s->quota.reset_interval, U64_MAX / NSEC_PER_MSEC) *
	       NSEC_PER_MSEC;
}

/*
 * Windows follow one another without gaps: a run that comes late begins the one in
 * which it is, and the next one is not later for that. Else each would be longer by
 * up to the time from one run to the next, and less would be done than is allowed.
 */
static u64 damos_quota_window_at(struct damos *s, u64 now)
{
	const struct damos_quota_state *q = &damos_state(s)->quota;
	u64 window = damos_quota_window_ns(s), into;

	if (!q->began || !window)
		return now;
	div64_u64_rem(now - q->window_start, window, &into);
	return now - into;
}

/* How near are the goals? 10000: reached. The one that is nearest counts. */
static unsigned long damos_quota_goal_score(const struct damos *s)
{
	struct damos_quota_goal *g;
	unsigned long score, highest = 0;

	damos_for_each_quota_goal(g, &s->quota) {
		if (!g->target_value)
			continue;
		if (g->current_value / g->target_value >= ULONG_MAX / DAMOS_BP)
			return ULONG_MAX;
		score = mul_u64_u64_div_u64(g->current_value, DAMOS_BP,
					    g->target_value);
		highest = max(highest, score);
	}
	return highest;
}

/*
 * What the goals call for, in bytes. What other limits do not let it do is not asked
 * for: else that would grow without any effect, and take as long to come down again.
 */
static u64 damos_quota_tuned(struct damos *s, u64 most)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	unsigned long score = damos_quota_goal_score(s);

	if (s->quota.goal_tuner == DAMOS_QUOTA_GOAL_TUNER_TEMPORAL) {
		if (score >= DAMOS_BP)
			return 0;
		return most;
	}
	q->tuned = damon_feedback(max(q->tuned, (u64)DAMOS_BP), score);
	if (most <= U64_MAX / DAMOS_BP)
		q->tuned = min(q->tuned, most * DAMOS_BP);
	return q->tuned / DAMOS_BP;
}

/* What can be done in the time, in bytes: never so little that nothing would. */
static u64 damos_quota_timed(struct damon_ctx *ctx, struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	u64 bytes;

	if (q->total && q->total_ns) {
		u64 ns = damos_quota_ns(s);

		/* The division below traps when its result exceeds 64 bits. */
		if (mul_u64_u64_shr(q->total, ns, 64) >= q->total_ns)
			return U64_MAX;
		bytes = mul_u64_u64_div_u64(q->total, ns, q->total_ns);
	} else {
		bytes = min_t(u64, s->quota.ms, U64_MAX / DAMOS_FIRST_SPEED) *
			DAMOS_FIRST_SPEED;
	}
	return max_t(u64, bytes, ctx->min_region_sz);
}

static unsigned long damos_quota_effective(struct damon_ctx *ctx,
					   struct damos *s)
{
	u64 esz = s->quota.sz ?: ULONG_MAX;

	if (s->quota.ms)
		esz = min(esz, damos_quota_timed(ctx, s));
	if (damos_quota_has_goal(s))
		esz = damos_quota_tuned(s, esz);
	return esz;
}

/* What was measured long ago fades, and sums do not wrap. */
static void damos_quota_remember_speed(struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;

	q->total += q->charged;
	q->total_ns += q->charged_ns;
	while (q->total >> 62 || q->total_ns >> 62 ||
	       (s->quota.ms && q->total_ns / DAMOS_SPEED_WINDOWS >=
			       damos_quota_ns(s))) {
		/* Something so slow is not the same as something not measured. */
		q->total = max(q->total / 2, 1ULL);
		q->total_ns /= 2;
		if (!q->total_ns)
			break;
	}
}

/**
 * damos_quota_begin() - A run of a scheme begins.
 * @ctx:	context
 * @s:		scheme of it, with a quota
 * @now:	time in ns
 *
 * If the charge window is over, begins a new one and finds its effective quota.
 *
 * Return: true if a window has begun.
 */
bool damos_quota_begin(struct damon_ctx *ctx, struct damos *s, u64 now)
{
	struct damos_quota_state *q = &damos_state(s)->quota;

	if (q->began && now - q->window_start < damos_quota_window_ns(s))
		return false;
	if (q->began) {
		s->stat.qt_exceeds += damos_quota_is_full(ctx, s);
		damos_quota_remember_speed(s);
	}
	q->window_start = damos_quota_window_at(s, now);
	q->began = true;
	q->charged = 0;
	q->charged_ns = 0;
	if (damos_quota_has_goal(s))
		damos_goals_measure(ctx, s);
	s->quota.esz = damos_quota_effective(ctx, s);
	return true;
}

/**
 * damos_quota_room() - How much of the quota is left?
 * @s:	scheme with a quota
 *
 * Return: bytes that may still be charged in this window.
 */
unsigned long damos_quota_room(struct damos *s)
{
	unsigned long charged = damos_state(s)->quota.charged;

	return s->quota.esz - min(s->quota.esz, charged);
}

/**
 * damos_quota_is_full() - Is nothing left of the quota?
 * @ctx:	context
 * @s:		scheme of it
 *
 * Return: true if there is a quota, and its time is used up or no region fits
 * into what is left.
 */
bool damos_quota_is_full(struct damon_ctx *ctx, struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;

	if (!damos_quota_is_set(s))
		return false;
	if (s->quota.ms && q->charged_ns >= damos_quota_ns(s))
		return true;
	return damos_quota_room(s) < ctx->min_region_sz;
}

/* Above one, failure is dearer than success. Divided so that it cannot wrap. */
static size_t damos_failed_charge(const struct damos_quota *quota,
				  unsigned long sz)
{
	u32 num = quota->fail_charge_num, denom = quota->fail_charge_denom;

	return size_add(size_mul(sz, num / denom),
			mul_u64_u32_div(sz, num % denom, denom));
}

/**
 * damos_quota_charge() - A scheme was applied to a region.
 * @s:		scheme
 * @sz:		bytes of the region
 * @applied:	bytes to which the action was applied, at most @sz
 * @ns:		how long that took
 */
void damos_quota_charge(struct damos *s, unsigned long sz,
			unsigned long applied, u64 ns)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	const struct damos_quota *quota = &s->quota;
	size_t failed = 0;

	if (quota->fail_charge_denom && applied <= sz) {
		failed = damos_failed_charge(quota, sz - applied);
		sz = applied;
	}
	q->charged = size_add(q->charged, size_add(sz, failed));
	q->charged_ns += ns;
}

/**
 * damos_quota_forget_scores() - All regions are equal.
 * @s:	scheme
 */
void damos_quota_forget_scores(struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;

	memset(q->bytes, 0, sizeof(q->bytes));
	q->min_score = 0;
}

/**
 * damos_quota_add_score() - The scheme is meant for a region.
 * @s:		scheme
 * @score:	priority of the region, 0 to DAMOS_MAX_SCORE
 * @sz:		its size in bytes
 */
void damos_quota_add_score(struct damos *s, int score, unsigned long sz)
{
	damos_state(s)->quota.bytes[score] += sz;
}

/**
 * damos_quota_set_min_score() - All regions are known: find who has to wait.
 * @s:	scheme
 *
 * Regions of the lowest priority that fits, at least in part, still have a turn.
 */
void damos_quota_set_min_score(struct damos *s)
{
	struct damos_quota_state *q = &damos_state(s)->quota;
	int score = DAMOS_MAX_SCORE;
	u64 sum = q->bytes[score];

	while (score && sum < s->quota.esz)
		sum += q->bytes[--score];
	q->min_score = score;
}

/* Age on a scale from 0 to 100: doubling the time adds the same; 50 is none. */
static unsigned int damos_age_score(struct damon_ctx *ctx,
				    struct damon_region *r, bool hot)
{
	u64 sec = div_u64(min_t(u64, ctx->aggr_interval,
				U64_MAX / ((u64)r->age + 1)) * r->age,
			  USEC_PER_SEC);
	int steps = min(fls64(sec), 32);

	return (32 + (hot ? steps : -steps)) * 100 / 64;
}

/**
 * damos_hot_score() - Priority of a region for actions on hot memory.
 * @ctx:	context
 * @r:		region
 * @s:		scheme, the weights of its quota count
 *
 * The weighted mean of how often the region is accessed and for how long it has
 * been so.
 *
 * Return: 0 to DAMOS_MAX_SCORE.
 */
int damos_hot_score(struct damon_ctx *ctx, struct damon_region *r,
		    struct damos *s)
{
	u64 weight_freq = s->quota.weight_nr_accesses;
	u64 weight_age = s->quota.weight_age;
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs), accesses;
	u64 score;

	if (!weight_freq && !weight_age)
		return 0;
	accesses = min(damon_nr_accesses_mvsum(r, ctx), nr);
	score = weight_freq * div_u64(accesses * 100ULL, nr) +
		weight_age * damos_age_score(ctx, r, accesses);
	score = div64_u64(score, weight_freq + weight_age);
	return min_t(u64, score * DAMOS_MAX_SCORE / 100, DAMOS_MAX_SCORE);
}

/**
 * damos_cold_score() - Priority of a region for actions on cold memory.
 * @ctx:	context
 * @r:		region
 * @s:		scheme, the weights of its quota count
 *
 * Return: 0 to DAMOS_MAX_SCORE.
 */
int damos_cold_score(struct damon_ctx *ctx, struct damon_region *r,
		     struct damos *s)
{
	return DAMOS_MAX_SCORE - damos_hot_score(ctx, r, s);
}
