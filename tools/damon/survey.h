/* SPDX-License-Identifier: GPL-2.0 */
/* What a record holds of one target, in numbers, and which addresses are worth seeing. */
#ifndef DAMONCTL_SURVEY_H
#define DAMONCTL_SURVEY_H

#include "ranges.h"
#include "record.h"

/* Least, greatest and mean of a series */
struct series {
	u64 min, max;
	double sum;
};

/**
 * struct survey - one target of a record
 * A process gets a new address space with each exec. Unless asked for all, the
 * survey is about the one in which most memory was accessed for longest.
 *
 * @target: its index
 * @nr_spaces: address spaces seen
 * @nr: its snapshots
 * @first_ns: begin of the first window
 * @last_ns: end of the last
 * @max_accesses: samples in a window
 * @regions: number of regions
 * @watched: bytes monitored
 * @touched: bytes of regions with any access
 * @hot: bytes of regions that half of the samples or more found accessed
 * @mapped: addresses that were monitored at any time
 */
struct survey {
	u32 target;
	u32 nr_spaces;
	u64 nr, first_ns, last_ns;
	u32 max_accesses;
	struct series regions, watched, touched, hot;
	struct ranges mapped;
};

/*
 * Reads the whole record. Returns 0 or a negative errno, which was said; what
 * came before a damaged place is surveyed nevertheless.
 */
int survey_target(struct record_reader *r, u32 target, bool all, struct survey *survey);

/* Whether a snapshot is of the surveyed address space */
bool survey_has(const struct survey *survey, const struct snapshot *snap);

/*
 * Chooses the addresses worth seeing: all, or, when two thirds and more were
 * never accessed, what was, with some of what is around it.
 */
int survey_zoom(struct record_reader *r, const struct survey *survey, struct ranges *view);

double series_mean(const struct series *series, u64 nr);
void survey_free(struct survey *survey);

#endif /* DAMONCTL_SURVEY_H */
