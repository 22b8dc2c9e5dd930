/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vaddr-walk.c and vaddr-survey.c do, to a simulated address space: the
 * same functions of the pure files are called in the same order.
 */
#ifndef _DAMON_WALK_H
#define _DAMON_WALK_H

#include "space.h"

/* What entries cost, as in vaddr-survey.c and vaddr-walk.c. */
#define WALK_COST_CLEAR		3
#define WALK_COST_DESCENT	24
#define WALK_COST_LEAF		16
#define WALK_COST_PTE		8

/**
 * struct walk_work - what was done
 * @reads:	entries that surveys read
 * @clears:	bits that they cleared
 * @credit:	what that cost them
 * @samples:	addresses that were watched
 * @cuts:	regions that they made
 * @passes:	passes over all regions
 * @max_credit:	the most that a tick cost
 */
struct walk_work {
	u64 reads;
	u64 clears;
	u64 credit;
	u64 samples;
	u64 cuts;
	u64 passes;
	u64 max_credit;
};

#define WALK_MAX_HEARD		4096

/* What another survey found: more than that is forgotten. */
struct walk_heard {
	unsigned int nr;
	struct damon_addr_range spans[WALK_MAX_HEARD];
};

/**
 * struct walk - a context with one target at work on a space
 * @space:	address space; its clock is advanced by whoever owns it
 * @ctx:	context, with one target
 * @t:		the target
 * @armed:	each region has a sample on its way
 * @survey:	upper levels are surveyed
 * @peer:	another that works on the same space, half a tick later or earlier;
 *		then @heard is what it found, in this pass and the one before
 * @now:	which of @heard is added to
 * @window_end:	tick that ends the window
 * @began:	when it began, by the clock of @space
 * @work:	what was done since the start
 */
struct walk {
	struct space *space;
	struct damon_ctx *ctx;
	struct damon_target *t;
	bool armed;
	bool survey;
	struct walk *peer;
	unsigned int now;
	struct walk_heard *heard[2];
	u64 window_end;
	u64 began;
	struct walk_work work;
};

/* All areas of @space, as three ranges if there are that many gaps, are watched. */
void walk_begin(struct walk *w, struct space *space, struct damon_ctx *ctx);
/* Make @second another one, on the same space. */
void walk_begin_second(struct walk *first, struct walk *second,
		       struct damon_ctx *ctx);
void walk_end(struct walk *w);
/* One tick, to its deadline. Returns true when a window has ended: results. */
bool walk_tick(struct walk *w);
/* After the results were read. */
void walk_next_window(struct walk *w);

/* How much of what was touched in the window is called accessed, in bytes. */
struct walk_score {
	double f1;
	double precision;
	double recall;
};

/* Accessed is what has @least at least. */
struct walk_score walk_score(struct walk *w, unsigned int least);

#endif	/* _DAMON_WALK_H */
