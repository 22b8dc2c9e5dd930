// SPDX-License-Identifier: GPL-2.0
/* See damon_snapshot.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damon_snapshot.h"
#include "damon_sysfs.h"

/* Generous: the guest may be slow. What hangs takes for ever. */
#define TIMEOUT_MS	20000

const char *damon_snapshot_path(int kdamond)
{
	static char path[64];
	const char *name;
	char file[64];

	snprintf(file, sizeof(file), "%d/contexts/0/device", kdamond);
	name = damon_sysfs_text(file);
	snprintf(path, sizeof(path), "/dev/%s", name);
	path[strcspn(path, "\n")] = '\0';
	return *name ? path : "";
}

int damon_snapshot_open(int kdamond, int flags)
{
	int fd = open(damon_snapshot_path(kdamond), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool complain(const char *what, unsigned long long at)
{
	printf("# snapshot: %s (%llu)\n", what, at);
	return false;
}

static bool header_good(const struct damon_snapshot_header *h, ssize_t len)
{
	if (len < (ssize_t)sizeof(*h))
		return complain("shorter than its header", len);
	if (h->magic != DAMON_SNAPSHOT_MAGIC ||
	    h->version != DAMON_SNAPSHOT_VERSION)
		return complain("magic or version", h->version);
	if (h->header_size != sizeof(*h) ||
	    h->region_size != sizeof(struct damon_snapshot_region))
		return complain("sizes", h->region_size);
	if ((size_t)len != h->header_size + h->count * h->region_size)
		return complain("length does not fit the count", len);
	if (!h->generation && h->count)
		return complain("results before the first window", h->count);
	return true;
}

/*
 * Do the regions of an address space, of which one may not be the first of its
 * target, stand together? That is, has the process none before @at?
 */
static bool begins_space(const union damon_snapshot *snap,
			 unsigned long long at)
{
	const struct damon_snapshot_region *r = &snap->regions[at];
	unsigned long long i;

	for (i = 0; i < at; i++)
		if (snap->regions[i].target == r->target &&
		    snap->regions[i].pid == r->pid)
			return false;
	return true;
}

bool damon_snapshot_good(const union damon_snapshot *snap, ssize_t len)
{
	const struct damon_snapshot_header *h = &snap->header;
	const struct damon_snapshot_region *r, *last = NULL;
	unsigned long long i;

	if (!header_good(h, len))
		return false;
	for (i = 0; i < h->count; i++, last = r) {
		r = &snap->regions[i];
		if (r->start >= r->end)
			return complain("empty region", i);
		if (r->target >= h->nr_targets)
			return complain("target", i);
		if (last && (r->target < last->target ||
			     (r->target == last->target &&
			      r->pid == last->pid && r->start < last->end)))
			return complain("order", i);
		if (last && r->pid != last->pid && !begins_space(snap, i))
			return complain("address spaces are mixed", i);
		if (r->nr_accesses > r->nr_samples)
			return complain("more accesses than samples", i);
		if (r->nr_samples != h->aggr_us / h->sample_us)
			return complain("samples", i);
		if (r->flags & ~DAMON_SNAPSHOT_UNCHECKED)
			return complain("unknown flags", i);
	}
	return true;
}

bool damon_snapshot_read(int fd, union damon_snapshot *snap)
{
	ssize_t len = pread(fd, snap, sizeof(*snap), 0);

	if (len < 0)
		return complain(strerror(errno), 0);
	return damon_snapshot_good(snap, len);
}

bool damon_snapshot_next(int fd, union damon_snapshot *snap)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long long generation;

	if (!damon_snapshot_read(fd, snap))
		return false;
	generation = snap->header.generation;
	while (snap->header.generation < generation + 2) {
		if (damon_sysfs_now_ms() >= end)
			return complain("no next one", generation);
		damon_sysfs_sleep_ms(20);
		if (!damon_snapshot_read(fd, snap))
			return false;
	}
	return true;
}

short damon_snapshot_wait(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, TIMEOUT_MS) == 1 ? pfd.revents : 0;
}
