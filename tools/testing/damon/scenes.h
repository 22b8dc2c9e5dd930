/* SPDX-License-Identifier: GPL-2.0 */
/* What is touched in a space, and what results a survey of it has to have. */
#ifndef _DAMON_SCENES_H
#define _DAMON_SCENES_H

#include "walk.h"

/* The ways in which bits may be less than dependable. */
enum trait {
	PLAIN,		/* as in an emulator */
	CACHED,		/* the processor caches upper entries for up to 50 ms */
	KEPT,		/* bits of PMDs are reclaim's, which clears none */
	AGED,		/* and which clears them every second, with a cache */
	NO_UPPER,	/* upper bits are not used */
	BLIND,		/* nor are any others */
	NR_TRAITS,
};

struct scene_trait {
	const char *name;
	struct space_traits traits;
};

extern const struct scene_trait scene_traits[NR_TRAITS];

/**
 * struct scene - a pattern, and what is asked of the results
 * @name:	for people
 * @size:	bytes of the space
 * @leaf:	level of its leaves
 * @sparse:	only what is touched is present
 * @draw:	makes the spots
 * @nr_spots:	how many
 * @spot_sz:	bytes of each, or of the largest
 * @phase:	microseconds until they change; zero: never
 * @any:	one hit makes a region accessed; else a quarter of the looks
 * @rate:	chance of a page to be touched in a millisecond; zero: it is
 * @run_ms:	how long it is watched
 * @settle_ms:	after the start and each change; from then on every window has
 *		the F1 asked for
 * @f1:		where accessed bits can be relied on
 * @f1_unsure:	from AGED on, where they can not
 * @credit:	what surveys may cost a tick, on average
 * @samples:	looks a tick there may be, on average; zero: so many as it takes
 */
struct scene {
	const char *name;
	unsigned long size;
	unsigned int leaf;
	bool sparse;
	void (*draw)(struct space *space, const struct scene *scene);
	unsigned int nr_spots;
	unsigned long spot_sz;
	u64 phase;
	bool any;
	double rate;
	unsigned int run_ms;
	unsigned int settle_ms;
	double f1;
	double f1_unsure;
	double credit;
	double samples;
};

/* Each group ends with one without a name; of the first only two traits matter. */
extern const struct scene scenes_huge[];
extern const struct scene scenes_random[];
extern const struct scene scenes_sparse[];
extern const struct scene scenes_64_gib[];
extern const struct scene scenes_dense[];
extern const struct scene scenes_all_sizes[];
extern const struct scene scenes_huge_all_sizes[];
extern const struct scene scenes_every_gib[];

/* When the first window begins. What is touched is mapped by then. */
#define SCENE_START	(10 * MSEC)

struct space *scene_space(const struct scene *scene, enum trait trait, u64 seed);
struct damon_ctx *scene_ctx(const struct scene *scene, u64 seed);

#endif	/* _DAMON_SCENES_H */
