/* SPDX-License-Identifier: GPL-2.0 */
/* The snapshot device of DAMON, for tests. */
#ifndef _DAMON_SNAPSHOT_H
#define _DAMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/damon.h>

/* Larger than any snapshot that tests take. */
#define DAMON_SNAPSHOT_MAX	(256 << 10)

union damon_snapshot {
	struct {
		struct damon_snapshot_header header;
		struct damon_snapshot_region regions[];
	};
	char bytes[DAMON_SNAPSHOT_MAX];
};

/* Path of the device of a kdamond, "" if it has none; valid until the next call. */
const char *damon_snapshot_path(int kdamond);

/* Open the device of a kdamond. Returns a descriptor or a negative errno. */
int damon_snapshot_open(int kdamond, int flags);

/*
 * Is this a whole snapshot of @len bytes, in order? Prints a message if it is
 * not.
 */
bool damon_snapshot_good(const union damon_snapshot *snap, ssize_t len);

/* Read one from the beginning. Returns whether it is good. */
bool damon_snapshot_read(int fd, union damon_snapshot *snap);

/*
 * Read one whose window has begun after the call. Returns whether it is good; false as
 * well if it took too long.
 */
bool damon_snapshot_next(int fd, union damon_snapshot *snap);

/*
 * Wait for events of poll(), also for those that are always reported. Returns
 * them; none: it took too long.
 */
short damon_snapshot_wait(int fd, short events);

#endif	/* _DAMON_SNAPSHOT_H */
