/* SPDX-License-Identifier: GPL-2.0 */
/* One result of monitoring: all regions of one target at the end of one window. */
#ifndef DAMONCTL_SNAPSHOT_H
#define DAMONCTL_SNAPSHOT_H

#include "damonctl.h"

struct region {
	u64 start, end;		/* end is exclusive */
	u32 nr_accesses;	/* samples that found it accessed */
	u32 age;		/* windows without a change */
};

/**
 * struct snapshot - the regions of one target, ordered and disjoint
 * @time_ns: CLOCK_MONOTONIC at the end of the window
 * @target: index of the target
 * @pid: its process, or 0 if that was not told
 * @nr: how many regions
 * @room: how many fit
 * @regions: the regions
 */
struct snapshot {
	u64 time_ns;
	u32 target;
	u32 pid;
	u32 nr;
	u32 room;
	struct region *regions;
};

bool snapshot_add(struct snapshot *snap, const struct region *region);
void snapshot_free(struct snapshot *snap);

/* One event of the tracepoint damon:damon_aggregated */
struct trace_event {
	u64 time_ns;
	u64 target;
	u32 nr_regions;
	struct region region;
};

/**
 * struct assembler - makes snapshots of events, one region each
 * @emit: called with each whole snapshot; an error ends the work
 * @arg: for @emit
 * @expected: regions announced for the snapshot at hand
 * @nr_whole: snapshots emitted
 * @nr_torn: snapshots dropped because events of them were missing
 * @snap: the snapshot at hand
 */
struct assembler {
	int (*emit)(void *arg, const struct snapshot *snap);
	void *arg;
	u32 expected;
	u64 nr_whole, nr_torn;
	struct snapshot snap;
};

/* Returns 0, -ENOMEM, or what @emit returned. */
int assembler_feed(struct assembler *as, const struct trace_event *event);
/* No more events: what is at hand is torn. */
void assembler_finish(struct assembler *as);

#endif /* DAMONCTL_SNAPSHOT_H */
