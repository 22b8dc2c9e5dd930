/* SPDX-License-Identifier: GPL-2.0 */
/* What to monitor and how: the configuration that run, record and start share. */
#ifndef DAMONCTL_MONITOR_H
#define DAMONCTL_MONITOR_H

#include "opt.h"

/**
 * struct monitor_cfg - what the user wants monitored
 * @sample_us: between two checks of a region
 * @aggr_us: between two results; one result is one snapshot
 * @update_us: between two looks at the mappings
 * @nr_regions: bounds of the number of regions
 * @ops: keyword of the operations
 * @spans: initial regions; needed by fvaddr only
 * @pids: targets
 * @system: the machine's memory instead
 * @cgroup: all processes of this cgroup instead, or NULL
 * @children: also what the processes start
 */
struct monitor_cfg {
	u64 sample_us, aggr_us, update_us;
	struct opt_minmax nr_regions;
	const char *ops;
	struct opt_spans spans;
	struct opt_pids pids;
	bool system, children;
	const char *cgroup;
};

#define MONITOR_DEFAULTS(_update_us)			\
	.sample_us = 5000,				\
	.aggr_us = 100000,				\
	.update_us = (_update_us),			\
	.nr_regions = { .min = 10, .max = 1000 },	\
	.ops = "vaddr"

/* Rows for a struct monitor_cfg, for use as a group */
extern const struct opt_row monitor_rows[];

/* Which memory: processes, the machine or a cgroup; for use as a group */
extern const struct opt_row target_rows[];

/* Checks what no single option can know. EXIT_OK, or EXIT_USAGE after naming the fault. */
int monitor_check(const struct command *cmd, const struct monitor_cfg *cfg);

/* What target_rows cannot; the same results */
int target_check(const struct command *cmd, struct monitor_cfg *cfg);
/*
 * Looks up named processes, and the machine's memory. EXIT_OK, or EXIT_FAILED
 * after saying what does not exist.
 */
int target_find(struct monitor_cfg *cfg);

#endif /* DAMONCTL_MONITOR_H */
