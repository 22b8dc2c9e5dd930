/* SPDX-License-Identifier: GPL-2.0 */
/* Mapped areas with their names, as /proc tells them while a record is made. */
#ifndef DAMONCTL_AREAS_H
#define DAMONCTL_AREAS_H

#include "damonctl.h"

#define AREA_NAME_LEN	48
/* More are not told apart */
#define AREAS_MAX	4096

/**
 * struct area - one area
 * @start: first address
 * @end: after the last one
 * @seen_ns: until when it was seen, CLOCK_MONOTONIC, or UINT64_MAX
 * @name: file without its directory, [heap] and the like, or "anon"
 */
struct area {
	u64 start, end;
	u64 seen_ns;
	char name[AREA_NAME_LEN];
};

struct areas {
	u32 nr, room;
	struct area *area;
};

/* Adds one, joined with a neighbour or overlapping one of that name. False without memory. */
bool areas_add(struct areas *set, const struct area *area);
/* What process @pid has mapped now, or with 0 the machine's memory; a negative errno, unsaid. */
int areas_look(struct areas *set, int pid, u64 now_ns);
bool areas_same(const struct areas *a, const struct areas *b);
void areas_free(struct areas *set);

/*
 * Those seen at @since_ns or later in @flat, sorted and disjoint; where several
 * were, the one seen last. False without memory.
 */
bool areas_flatten(const struct areas *set, u64 since_ns, struct areas *flat);
/* Of flattened areas, the name at an address, or NULL */
const char *areas_name(const struct areas *flat, u64 addr);

#endif /* DAMONCTL_AREAS_H */
