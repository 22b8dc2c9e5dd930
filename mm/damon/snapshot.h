/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is behind the device of a running context, for snapshot.c and its tests.
 * How it works is told in snapshot.c.
 */
#ifndef _MM_DAMON_SNAPSHOT_H
#define _MM_DAMON_SNAPSHOT_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/wait.h>
#include <uapi/linux/damon.h>

#include "internal.h"

struct iov_iter;
struct pid_namespace;

/**
 * struct damon_take_process - whose regions a part of a take is
 * @pid:	process, NULL if the target has none
 * @first:	number of its first region; it has those up to the next one's
 */
struct damon_take_process {
	struct pid *pid;
	u64 first;
};

/**
 * struct damon_take - the results of one window, as readers get them
 * @users:	references
 * @rcu:	readers look for the latest under RCU
 * @size:	bytes from @header on that readers get
 * @header:	header and regions, then @processes; constant, as is all else
 * @processes:	one an address space
 * @nr_processes: how many
 */
struct damon_take {
	refcount_t users;
	struct rcu_head rcu;
	size_t size;
	struct damon_snapshot_header *header;
	struct damon_take_process *processes;
	unsigned int nr_processes;
};

/**
 * struct damon_snapshot - the device of a context
 * @dev:	its place among devices; its references are those to all of this
 * @cdev:	its character device
 * @latest:	take published last; NULL: none since the last window ended.
 *		Written by the kdamond, read under RCU
 * @nothing:	take of no window; constant
 * @openers:	open files
 * @wait:	for @latest, @answered and @over
 * @generation:	number of windows that have ended (K)
 * @answered:	highest of the questions that were answered; written by the
 *		kdamond, read anywhere
 * @over:	nothing will be published or answered any more; the same
 * @lock:	held for moments
 * @ctx:	context; NULL once it is about to end (@lock)
 * @asked:	number of questions to the kdamond; written under @lock, read
 *		anywhere
 */
struct damon_snapshot {
	struct device dev;
	struct cdev cdev;

	struct damon_take __rcu *latest;
	struct damon_take *nothing;
	atomic_t openers;
	wait_queue_head_t wait;
	u64 generation;
	unsigned int answered;
	bool over;

	struct mutex lock;		/* ctx, asked */
	struct damon_ctx *ctx;
	unsigned int asked;
};

/**
 * struct damon_reader - an open file
 * @snap:	device
 * @ns:		PID namespace of the task that opened it
 * @lock:	held for moments
 * @take:	what is read (@lock)
 * @seen:	generation of the take that was last begun; written under @lock
 * @finished:	generation of the last take that was read to its end
 */
struct damon_reader {
	struct damon_snapshot *snap;
	struct pid_namespace *ns;
	struct mutex lock;		/* take */
	struct damon_take *take;
	u64 seen;
	u64 finished;
};

#if IS_ENABLED(CONFIG_KUNIT)
struct damon_reader *damon_reader_open(struct damon_snapshot *snap,
				       bool nonblock);
void damon_reader_close(struct damon_reader *reader);
ssize_t damon_reader_read(struct damon_reader *reader, loff_t pos,
			  struct iov_iter *to);
__poll_t damon_reader_events(struct damon_reader *reader);
#endif

#endif	/* _MM_DAMON_SNAPSHOT_H */
