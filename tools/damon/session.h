/* SPDX-License-Identifier: GPL-2.0 */
/* One monitoring: kdamond, trace and record together, from begin to end. */
#ifndef DAMONCTL_SESSION_H
#define DAMONCTL_SESSION_H

#include <signal.h>
#include <sys/signalfd.h>

#include "admin.h"
#include "record.h"
#include "source.h"

struct session_target {
	u32 target, pid;
};

/**
 * struct session - one monitoring
 * @cfg: what is monitored
 * @source: where the snapshots come from
 * @record: where the snapshots go
 * @record_path: its file, or NULL for one in memory
 * @record_fd: with @record_path NULL, that memory
 * @command: command line, for the record
 * @targets: which target of the kernel's each of the record's is; with a cgroup, they
 *           come while it is monitored
 * @nr_targets: how many
 * @kdamond_pid: the kernel thread
 * @start_ns: when it was switched on
 * @end_ns: when it was switched off
 * @nr_ticks: how often session_wait() woke up for one
 * @old_mask: signals to restore, also in children
 * @signal_fd: signals arrive here
 * @tick_fd: when to drain
 */
struct session {
	const struct monitor_cfg *cfg;
	struct admin admin;
	struct admin_slot slot;
	struct source source;
	struct assembler as;
	struct record_writer record;
	const char *record_path;
	int record_fd;
	const char *command;
	struct session_target *targets;
	u32 nr_targets;
	int kdamond_pid;
	u64 start_ns, end_ns;
	u64 nr_ticks;
	sigset_t old_mask;
	int signal_fd, tick_fd;
	bool blocked, claimed, on;
};

/* What session_wait() woke up for */
enum session_event {
	SESSION_FAILED,
	SESSION_TICK,
	SESSION_SIGNAL,
};

/* Takes over the signals that end programs, and SIGCHLD. Before forking. */
int session_signals(struct session *s);

/*
 * Begins to monitor. On an error, which was said, session_end() is still
 * needed. All return 0 or a negative errno.
 */
int session_begin(struct session *s);

/* Sleeps until the next tick, when it drains, or a signal, which is in @info. */
enum session_event session_wait(struct session *s, struct signalfd_siginfo *info);

/* Monitoring failed: drop what still comes, without further messages. */
void session_mute(struct session *s);

/* Switches off, takes the last snapshots, completes the record. */
int session_finish(struct session *s);

/* Leaves the kernel as session_begin() found it. */
void session_end(struct session *s);

u64 session_now_ns(void);

#endif /* DAMONCTL_SESSION_H */
