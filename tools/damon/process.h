/* SPDX-License-Identifier: GPL-2.0 */
/* Starting a command so that it can be monitored from its first instruction. */
#ifndef DAMONCTL_PROCESS_H
#define DAMONCTL_PROCESS_H

#include <signal.h>
#include <sys/resource.h>

#include "opt.h"

/**
 * struct process - a command that was started
 * @pid: its number
 * @released_ns: when it was let run, CLOCK_MONOTONIC; for the caller
 * @forked: it was seen to have children
 * @status: of waitpid(), when it was reaped
 * @usage: what it used, when it was reaped
 */
struct process {
	int pid;
	u64 released_ns;
	bool forked;
	int status;
	struct rusage usage;
};

/* Exit statuses of shells for commands that could not be started */
enum {
	EXIT_CANNOT_EXEC = 126,
	EXIT_NO_COMMAND = 127,
};

/*
 * Starts @argv and stops it after exec, before its first instruction. Returns
 * 0, or the exit status for a fault that was said.
 */
int process_start(struct process *p, char *const argv[], const sigset_t *mask);
/* Lets it run. */
int process_release(const struct process *p);
/* Kills and reaps one that shall not run. */
void process_kill(struct process *p);
/* Whether it has ended; it stays a zombie until process_reap(). */
bool process_ended(const struct process *p);
/* Looks for children; best called now and then, and once before reaping. */
void process_look_for_children(struct process *p);
void process_reap(struct process *p);
/* The status for our own exit, as shells tell it */
int process_exit_status(const struct process *p);

/* Any process: exists and is no zombie */
bool process_alive(int pid);
/* Its command line with blanks between words; empty if there is none */
void process_command(int pid, char *text, size_t size);
/*
 * Adds all processes that are called @name, or if there is none, those with
 * @name in their command line. Whether there was one.
 */
bool process_find(const char *name, struct opt_pids *pids);

#endif /* DAMONCTL_PROCESS_H */
