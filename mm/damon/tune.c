// SPDX-License-Identifier: GPL-2.0
/*
 * Feedback: bring what is measured to what is wanted, a step at a time.
 *
 * A score says how near the goal is: 10000 when it is reached, less below, more
 * above. What is tuned grows by the share that is missing, at most doubling, and
 * shrinks by the share that is too much.
 *
 * No state of its own and no locks.
 */
#include "pure.h"

/* The score of a goal that is reached, and the least that is tuned. */
#define DAMON_GOAL_SCORE	10000UL

const char * const damos_goal_tuners[NR_DAMOS_QUOTA_GOAL_TUNERS] = {
	[DAMOS_QUOTA_GOAL_TUNER_CONSIST] = "consist",
	[DAMOS_QUOTA_GOAL_TUNER_TEMPORAL] = "temporal",
};

/**
 * damon_feedback() - The next value of what is tuned.
 * @last:	its present value
 * @score:	how near the goal is, 10000 is reached
 *
 * Return: a value from 10000 up, at most twice @last; @last if the goal is reached.
 */
u64 damon_feedback(u64 last, unsigned long score)
{
	u64 step;

	if (score == DAMON_GOAL_SCORE)
		return last;
	if (score >= 2 * DAMON_GOAL_SCORE)
		return DAMON_GOAL_SCORE;
	if (score < DAMON_GOAL_SCORE) {
		step = mul_u64_u64_div_u64(last, DAMON_GOAL_SCORE - score,
					   DAMON_GOAL_SCORE);
		return last + step < last ? U64_MAX : last + step;
	}
	step = mul_u64_u64_div_u64(last, score - DAMON_GOAL_SCORE,
				   DAMON_GOAL_SCORE);
	return max(last - step, (u64)DAMON_GOAL_SCORE);
}

/*
 * Which share of the looks found an access, as a score for the share that is
 * wanted? Weighted by size, as if every page were looked at.
 */
static unsigned long damon_access_score(struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	u64 found = 0, total = 0, wanted;
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			/* In pages, so that sums of all regions fit 64 bits. */
			u64 sz = max(damon_sz_region(r) / PAGE_SIZE, 1UL);

			found += mul_u64_u64_div_u64(sz,
					(u64)min(r->nr_accesses, nr) *
					DAMON_GOAL_SCORE, nr);
			total += sz;
		}
	}
	wanted = total * min(ctx->intervals_goal.access_bp, DAMON_GOAL_SCORE);
	wanted = max(wanted, 1ULL);
	if (found / wanted >= ULONG_MAX / DAMON_GOAL_SCORE)
		return ULONG_MAX;
	return mul_u64_u64_div_u64(found, DAMON_GOAL_SCORE, wanted);
}

/**
 * damon_tune_intervals() - Find intervals with which the looks tell more.
 * @ctx:	context with the results of a window and an intervals goal
 * @attrs:	its attributes; set to the new ones
 *
 * Too few looks find an access: longer intervals, up to twice as long. Too many:
 * shorter ones, down to half. A window keeps its number of looks.
 *
 * Return: true if there is something to change.
 */
bool damon_tune_intervals(struct damon_ctx *ctx, struct damon_attrs *attrs)
{
	const struct damon_intervals_goal *goal = &attrs->intervals_goal;
	const u64 one = DAMON_GOAL_SCORE;
	unsigned int nr =
		damon_nr_samples_per_aggr(&damon_ctx_state(ctx)->asked);
	u64 factor, sample;

	/* In 1/10000; precise enough a hundredth of a hundredth of that. */
	factor = div_u64(damon_feedback(one * one, damon_access_score(ctx)), one);
	if (factor < one)
		factor = one / 2 + factor / 2;
	if (factor == one)
		return false;
	sample = min_t(u64, max(attrs->sample_interval, 1UL), U64_MAX / (2 * one));
	sample = div_u64(sample * factor, one);
	sample = clamp_t(u64, sample, goal->min_sample_us, goal->max_sample_us);
	if (sample == attrs->sample_interval || sample > ULONG_MAX / nr)
		return false;
	attrs->sample_interval = sample;
	attrs->aggr_interval = max(sample, 1) * nr;
	return true;
}
