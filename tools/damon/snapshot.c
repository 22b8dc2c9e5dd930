// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, and how they are put together from single events.
 *
 * The kernel reports a window as one event a region, target after target, in
 * rising order of addresses; each event tells how many regions its target has.
 * A snapshot is whole when that many have come. It is torn, and dropped, when
 * another target or a lower address comes first: events were lost.
 */
#include <errno.h>
#include <stdlib.h>

#include "snapshot.h"

bool snapshot_add(struct snapshot *snap, const struct region *region)
{
	if (snap->nr == snap->room) {
		u32 room = snap->room ? 2 * snap->room : 64;
		struct region *regions;

		regions = reallocarray(snap->regions, room, sizeof(*regions));
		if (!regions)
			return false;
		snap->regions = regions;
		snap->room = room;
	}
	snap->regions[snap->nr++] = *region;
	return true;
}

void snapshot_free(struct snapshot *snap)
{
	free(snap->regions);
	*snap = (struct snapshot){ 0 };
}

static bool continues(const struct assembler *as, const struct trace_event *event)
{
	const struct snapshot *snap = &as->snap;

	return snap->nr && snap->target == (u32)event->target &&
	       snap->pid == event->target >> 32 && as->expected == event->nr_regions &&
	       snap->regions[snap->nr - 1].end <= event->region.start;
}

int assembler_feed(struct assembler *as, const struct trace_event *event)
{
	int ret = 0;

	if (!continues(as, event)) {
		assembler_finish(as);
		as->snap.time_ns = event->time_ns;
		/* Of a target that is several address spaces, the pid is above. */
		as->snap.target = (u32)event->target;
		as->snap.pid = (u32)(event->target >> 32);
		as->expected = event->nr_regions;
	}
	if (event->region.start >= event->region.end)
		return 0;
	if (!snapshot_add(&as->snap, &event->region))
		return -ENOMEM;
	if (as->snap.nr == as->expected) {
		ret = as->emit(as->arg, &as->snap);
		as->nr_whole++;
		as->snap.nr = 0;
	}
	return ret;
}

void assembler_finish(struct assembler *as)
{
	if (as->snap.nr)
		as->nr_torn++;
	as->snap.nr = 0;
}
