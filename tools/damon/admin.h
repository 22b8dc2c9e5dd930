/* SPDX-License-Identifier: GPL-2.0 */
/* The administrator's files of DAMON: find, list, configure, switch on and off. */
#ifndef DAMONCTL_ADMIN_H
#define DAMONCTL_ADMIN_H

#include <jansson.h>
#include <limits.h>

#include "file.h"
#include "monitor.h"

#define ADMIN_DIR_LEN	(PATH_MAX - 256)
/* Made at once when there are none, so that later ones fit beside the first */
#define ADMIN_NR_SLOTS	4

/**
 * struct admin - the directory of all kdamonds
 * @dir: its path
 * @lock_fd: holds off other damonctl while a slot is chosen, or -1
 */
struct admin {
	char dir[ADMIN_DIR_LEN];
	int lock_fd;
};

/**
 * struct admin_slot - a kdamond that this program configured
 * @index: its number
 * @raised: nr_kdamonds was 0 before
 */
struct admin_slot {
	int index;
	bool raised;
};

/**
 * struct admin_info - what status shows of one kdamond
 * @on: it runs
 * @pid: its thread, or -1
 * @configured: it has a context; the rest is only valid then
 * @cfg: intervals, bounds, operations (in @ops) and targets
 * @ops: text that @cfg.ops points to
 * @cgroup: that of the first target, or empty
 */
struct admin_info {
	bool on;
	int pid;
	bool configured;
	struct monitor_cfg cfg;
	char ops[32];
	char cgroup[FILE_VALUE_LEN];
};

/**
 * struct admin_cost - what a run of a kdamond has cost, see the file's ABI entry
 * @elapsed_ns: how long it runs, or ran
 * @runtime_ns: CPU time of its thread
 * @ticks: how often it looked
 * @ticks_missed: how often it should have, but was late
 * @samples: page table entries looked at
 * @surveyed: the same in upper levels
 * @tlb_flushes: how often TLBs were flushed
 */
struct admin_cost {
	u64 elapsed_ns;
	u64 runtime_ns;
	u64 ticks;
	u64 ticks_missed;
	u64 samples;
	u64 surveyed;
	u64 tlb_flushes;
};

/* Whether there is something to tell; not on kernels without that file. Says nothing. */
bool admin_cost(const struct admin *admin, int index, struct admin_cost *cost);

/* All of these return 0 or a negative errno after saying what is wrong. */
int admin_open(struct admin *admin);
int admin_count(const struct admin *admin, int *nr);
int admin_info(const struct admin *admin, int index, struct admin_info *info);

/*
 * The kdamond that a user means by @which, or with NULL the only one that is on.
 * An exit status, after saying what is wrong.
 */
int admin_pick(const struct admin *admin, const struct command *cmd, const char *which, int *index);
/* A command to one that is on; says nothing. */
int admin_command(const struct admin *admin, int index, const char *command);
/* Makes what is staged take effect. */
int admin_commit(const struct admin *admin, int index);
/* Other intervals and bounds, for @info's if the kernel refuses them. */
int admin_tune(const struct admin *admin, int index, const struct monitor_cfg *cfg,
	       const struct admin_info *info);
/* What is below a directory of a kdamond, NULL if there is none; its path in @dir[PATH_MAX] */
json_t *admin_tree(const struct admin *admin, int index, const char *name, char *dir);

/*
 * Between these two no other damonctl takes or gives back a slot; signals that would
 * leave half of something behind are held from then on.
 */
int admin_lock(struct admin *admin);
void admin_unlock(struct admin *admin);

/* Finds a slot that nobody runs, making some if there are none at all. */
int admin_claim(const struct admin *admin, struct admin_slot *slot);
int admin_configure(const struct admin *admin, const struct admin_slot *slot,
		    const struct monitor_cfg *cfg);
/* The same as a file says, which holds a kdamond or a context; targets of @cfg, if any, instead. */
int admin_configure_json(const struct admin *admin, const struct admin_slot *slot, json_t *wanted,
			 const struct monitor_cfg *cfg);
int admin_on(const struct admin *admin, const struct admin_slot *slot, int *pid);
/* Stages intervals and bounds. */
int admin_set_values(const struct admin *admin, int index, const struct monitor_cfg *cfg);
/* Pid of the slot's thread or -1, and whether it has a context; both say nothing. */
int admin_pid(const struct admin *admin, int index);
bool admin_is_configured(const struct admin *admin, int index);
/* Whether the slot's thread still runs; says nothing. */
bool admin_is_on(const struct admin *admin, int index);
/* Off; no complaint when it had ended by itself. */
int admin_off(const struct admin *admin, int index);
/* Empties the slot. With @all, also removes all slots if none is in use. */
void admin_release(const struct admin *admin, int index, bool all);
/* Removes all slots, none of which may be on. */
int admin_remove_all(const struct admin *admin);

#endif /* DAMONCTL_ADMIN_H */
