/* SPDX-License-Identifier: GPL-2.0 */
/* All kdamonds that are on, each with its latest snapshots: what top and export show. */
#ifndef DAMONCTL_LATEST_H
#define DAMONCTL_LATEST_H

#include "areas.h"
#include "source.h"

/**
 * struct latest_target - a target's last window
 * @snap: its regions
 * @areas: what it has mapped, flattened; empty if nobody asked
 */
struct latest_target {
	struct snapshot snap;
	struct areas areas;
};

/**
 * struct latest - one kdamond
 * @index: its number
 * @info: its configuration
 * @has_cost: the kernel tells @cost
 * @source: where its snapshots come from
 * @as: puts them together
 * @nr: targets
 * @target: the targets
 * @failed: there will be no snapshots, which was said
 */
struct latest {
	int index;
	struct admin_info info;
	bool has_cost;
	struct admin_cost cost;
	struct source source;
	struct assembler as;
	u32 nr;
	struct latest_target *target;
	bool failed;
};

struct latest_all {
	u32 nr;
	struct latest **kdamond;
};

/*
 * Looks which kdamonds are on, and takes what is new of them. 0 or a negative
 * errno, which was said.
 */
int latest_look(struct latest_all *all, const struct admin *admin);
/* The same until each has a snapshot, but no longer than two windows and a bit */
int latest_wait(struct latest_all *all, const struct admin *admin);
/* Bytes of a kdamond's targets: monitored, touched, hot; the number of regions */
void latest_sum(const struct latest *kdamond, u64 *watched, u64 *touched, u64 *hot, u32 *regions);
void latest_free(struct latest_all *all);

#endif /* DAMONCTL_LATEST_H */
