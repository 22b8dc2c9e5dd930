/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the administrator's files share: the objects behind the directories.
 *
 * They hold what the administrator wants (_cfg), and, for each kdamond, what was
 * made of it. Who may touch a field is told by the letter behind it:
 *
 * W: a single word, staged: written by its file and read when a context is
 *    made, without a lock, by WRITE_ONCE() and READ_ONCE().
 * T: protected by the lock of the tree, see dir.h.
 * C: protected by damon_kdamond_dir.command_lock, which a command holds from its
 *    beginning to its end, however long it waits for the kdamond.
 * S: protected by damon_kdamond_dir.status_lock, held for moments only.
 * CS: changed under both, read under either.
 *
 * A command begins with T and C, by trylock, then lets T go: so whoever holds T
 * and finds C free knows that no command is under way, and that none begins.
 * Order: T, C, S, then the locks of the core.
 */
#ifndef _MM_DAMON_SYSFS_SYSFS_H
#define _MM_DAMON_SYSFS_SYSFS_H

#include <linux/damon.h>
#include <linux/mutex.h>

#include "../internal.h"
#include "dir.h"

/**
 * struct damon_target_cfg - targets/<T>
 * @pid:	pid_target, as the writer of the command knows it (W)
 * @obsolete:	obsolete_target (W)
 * @regions:	of struct damon_addr_range, each word W (T)
 */
struct damon_target_cfg {
	int pid;
	bool obsolete;
	struct damon_vec regions;
};

/**
 * struct damon_ctx_cfg - contexts/<C>
 * @ops_id:	operations (W)
 * @attrs:	monitoring_attrs/intervals and nr_regions (W)
 * @tlb_honesty: monitoring_attrs/tlb_honesty (W)
 * @targets:	of struct damon_target_cfg (T)
 */
struct damon_ctx_cfg {
	enum damon_ops_id ops_id;
	struct damon_attrs attrs;
	bool tlb_honesty;
	struct damon_vec targets;
};

/**
 * struct damon_kdamond_dir - kdamonds/<N>
 * @contexts:		of struct damon_ctx_cfg, at most one (T)
 * @command_lock:	C
 * @status_lock:	S
 * @ctx:		the context of the last start, running or not; NULL
 *			before (CS)
 * @last_error:		why the last command was refused; empty if it was not
 *			(S)
 */
struct damon_kdamond_dir {
	struct damon_vec contexts;

	struct mutex command_lock;	/* C */
	struct mutex status_lock;	/* S */
	struct damon_ctx *ctx;
	struct damon_reason last_error;
};

/**
 * struct damon_admin_dir - admin
 * @kdamonds:	of struct damon_kdamond_dir (T)
 */
struct damon_admin_dir {
	struct damon_vec kdamonds;
};

/* tree.c */
extern const char * const damon_ops_names[NR_DAMON_OPS];
extern const struct damon_dir_desc damon_top_desc;

/* command.c */
extern const struct damon_file_kind damon_file_state;
extern const struct damon_file_kind damon_file_pid;
extern const struct damon_file_kind damon_file_last_error;

void damon_kdamond_dir_init(void *obj);
void damon_kdamond_dir_exit(void *obj);
int damon_kdamonds_may_resize(struct damon_vec *kdamonds);

/* cost.c */
extern const struct damon_file_kind damon_file_cost;

/* result.c */
extern const struct damon_file_kind damon_file_device;

#endif	/* _MM_DAMON_SYSFS_SYSFS_H */
