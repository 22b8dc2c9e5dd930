/* SPDX-License-Identifier: GPL-2.0 */
/* A set of addresses as sorted ranges that do not touch each other. */
#ifndef DAMONCTL_RANGES_H
#define DAMONCTL_RANGES_H

#include "damonctl.h"

struct range {
	u64 start, end;
};

struct ranges {
	u32 nr, room;
	struct range *range;
};

/* Adds [start, end); false without memory. */
bool ranges_add(struct ranges *set, u64 start, u64 end);
/* Joins neighbours with less than @gap between them. */
void ranges_join(struct ranges *set, u64 gap);
u64 ranges_total(const struct ranges *set);
void ranges_free(struct ranges *set);

#endif /* DAMONCTL_RANGES_H */
