/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The regions of one snapshot, on their way to become those of the next: what
 * writer and reader of a record both do to them. The kernel merges regions and
 * splits them, so that is how the borders of the next ones are told; their
 * numbers are then near those of the old ones.
 */
#ifndef DAMONCTL_RECORD_DELTA_H
#define DAMONCTL_RECORD_DELTA_H

#include "snapshot.h"

/**
 * struct delta - old regions that were not used yet
 * @head: the first of them; it may be a part of an old one, or several
 * @some: there is a @head
 * @at: the one after it
 * @end: past the last one
 */
struct delta {
	struct region head;
	bool some;
	const struct region *at, *end;
};

static inline void delta_next(struct delta *d)
{
	d->some = d->at < d->end;
	if (d->some)
		d->head = *d->at++;
}

static inline struct delta delta_begin(const struct snapshot *old)
{
	struct delta d = { .at = old->regions, .end = old->regions + old->nr };

	delta_next(&d);
	return d;
}

static inline bool delta_can_merge(const struct delta *d)
{
	return d->some && d->at < d->end && d->at->start == d->head.end &&
	       d->at->end > d->at->start;
}

/* As the kernel does it, by size; kept small enough for 64 bits. */
static inline void delta_merge(struct delta *d)
{
	u64 a = d->head.end - d->head.start, b = d->at->end - d->at->start;

	while (a > UINT32_MAX / 2 || b > UINT32_MAX / 2) {
		a >>= 1;
		b >>= 1;
	}
	d->head.nr_accesses = (u32)((d->head.nr_accesses * a + d->at->nr_accesses * b) / (a + b));
	d->head.age = (u32)((d->head.age * a + d->at->age * b) / (a + b));
	d->head.end = d->at++->end;
}

/* Takes the first @len bytes of the head, which must be longer. */
static inline struct region delta_split(struct delta *d, u64 len)
{
	struct region first = d->head;

	first.end = first.start + len;
	d->head.start = first.end;
	return first;
}

#endif /* DAMONCTL_RECORD_DELTA_H */
