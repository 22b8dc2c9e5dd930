/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A context with a survey in a world where everything happens: memory is touched
 * here and there, ranges and attributes change, memory is short.
 */
#ifndef _DAMON_WORLD_H
#define _DAMON_WORLD_H

#include "model.h"
#include "walk.h"

#define WORLD_MAX_RANGES	8
#define WORLD_MAX_SPOTS		24

/* How long a spot that is touched is said not to be, in passes of the survey. */
struct world_claim {
	bool wrong;
	u64 since;
};

struct world {
	struct model_source *src;
	struct space *space;
	struct walk walk;
	struct damon_addr_range ranges[WORLD_MAX_RANGES];
	unsigned int nr_ranges;
	struct world_claim claims[WORLD_MAX_SPOTS];
	u64 budget;		/* what all surveys together may cost by now */
	u64 windows;
	u64 worst_claim;
	double f1;		/* of the last window */
};

void world_begin(struct world *w, struct model_source *src);
void world_end(struct world *w);
/* Run to the end of a window, and look whether all is in order. */
void world_window(struct world *w);
/* Do something else, chosen by the source. */
void world_event(struct world *w);
/* Something else is touched from now on: up to @max spots, often if @busy. */
void world_draw_spots(struct world *w, unsigned int max, bool busy);
/* The rules of region sets hold. */
void world_check(struct world *w);

/* One range, from the first area to the last. */
int world_watch_all(struct world *w);
/* Print all of it, for whoever looks for what went wrong. */
void world_dump(struct world *w);

/* Up to @steps of these, from beginning to end. Returns the worst claim. */
u64 world_run(struct model_source *src, unsigned int steps);

#endif	/* _DAMON_WORLD_H */
