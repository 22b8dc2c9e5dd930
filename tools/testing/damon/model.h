/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small address space in which every unit (the smallest region) is an element
 * of an array: what region sets should be, found the naive way.
 */
#ifndef _DAMON_MODEL_H
#define _DAMON_MODEL_H

#include "sim.h"

#define MODEL_UNITS	256
#define MODEL_BASE	0x7f0000000000UL

/* Where choices come from: a generator, or a fuzzer's bytes while they last. */
struct model_source {
	u64 state;
	const unsigned char *bytes;
	size_t nr_bytes;
};

/* A number in [0, below). */
unsigned int model_pick(struct model_source *src, unsigned int below);

struct model {
	unsigned long unit;	/* bytes */
	bool in[MODEL_UNITS];	/* the unit lies in a range */
};

static inline unsigned long model_addr(const struct model *m, unsigned int unit)
{
	return MODEL_BASE + unit * m->unit;
}

/*
 * Draw up to @max ordered ranges, some with borders inside of units, some
 * touching. Returns how many.
 */
unsigned int model_draw(struct model *m, struct model_source *src,
			struct damon_addr_range *ranges, unsigned int max);

/* Runs of units that lie in a range: fewer regions cannot cover them. */
unsigned int model_nr_runs(const struct model *m);
unsigned int model_nr_units(const struct model *m);

/* NULL, or which rule of region sets is broken. */
const char *model_target_broken(const struct model *m, struct damon_target *t);
const char *model_region_broken(struct damon_region *r);

#endif	/* _DAMON_MODEL_H */
