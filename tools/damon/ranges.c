// SPDX-License-Identifier: GPL-2.0
/* A set of addresses as sorted ranges that do not touch each other. */
#include <stdlib.h>
#include <string.h>

#include "ranges.h"

/* The first range that ends at or after @addr */
static u32 find(const struct ranges *set, u64 addr)
{
	u32 low = 0, high = set->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (set->range[mid].end < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool ranges_add(struct ranges *set, u64 start, u64 end)
{
	u32 at = find(set, start), last = at;

	for (; last < set->nr && set->range[last].start <= end; last++) {
		if (set->range[last].start < start)
			start = set->range[last].start;
		if (set->range[last].end > end)
			end = set->range[last].end;
	}
	if (last == at && set->nr == set->room) {
		u32 room = set->room ? 2 * set->room : 16;
		struct range *range = reallocarray(set->range, room, sizeof(*range));

		if (!range)
			return false;
		set->range = range;
		set->room = room;
	}
	/* Those in [at, last) become one */
	if (last != at + 1)
		memmove(&set->range[at + 1], &set->range[last],
			(set->nr - last) * sizeof(*set->range));
	set->nr = set->nr + 1 - (last - at);
	set->range[at] = (struct range){ start, end };
	return true;
}

void ranges_join(struct ranges *set, u64 gap)
{
	u32 i, to = 0;

	for (i = 1; i < set->nr; i++) {
		if (set->range[i].start - set->range[to].end < gap)
			set->range[to].end = set->range[i].end;
		else
			set->range[++to] = set->range[i];
	}
	if (set->nr)
		set->nr = to + 1;
}

u64 ranges_total(const struct ranges *set)
{
	u64 total = 0;
	u32 i;

	for (i = 0; i < set->nr; i++)
		total += set->range[i].end - set->range[i].start;
	return total;
}

void ranges_free(struct ranges *set)
{
	free(set->range);
	*set = (struct ranges){ 0 };
}
