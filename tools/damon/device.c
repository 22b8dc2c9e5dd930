// SPDX-License-Identifier: GPL-2.0
/*
 * The snapshot device of a kdamond. Each read gives a whole window, so nothing is
 * put together or torn; a window that is missed shows by its number.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../include/uapi/linux/damon.h"
#include "device.h"
#include "file.h"

#define CLASS_DIR	"/sys/class/damon"
/* Another place for the devices */
#define DIR_VARIABLE	"DAMONCTL_DEV"
#define FIRST_SIZE	(128 << 10)

bool device_known(void)
{
	const char *dir = getenv(DIR_VARIABLE);

	return !access(dir ? dir : CLASS_DIR, F_OK);
}

int device_open(struct device *dev, const struct admin *admin, int index)
{
	char name[64], path[PATH_MAX], file[64];
	const char *dir = getenv(DIR_VARIABLE);
	int err;

	dev->fd = -1;
	snprintf(file, sizeof(file), "%d/contexts/0/device", index);
	err = file_read(admin->dir, file, name, sizeof(name));
	if (err) {
		file_complain("read", admin->dir, file, err);
		return err;
	}
	name[strcspn(name, "\n")] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "/dev", name);
	dev->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (dev->fd < 0) {
		err = -errno;
		file_complain("open", path, "", err);
		return err;
	}
	dev->size = FIRST_SIZE;
	dev->buf = malloc(dev->size);
	if (dev->buf)
		return 0;
	close(dev->fd);
	dev->fd = -1;
	return -ENOMEM;
}

/* A whole take in the buffer. Its length, 0 after the last one, or -errno. */
static ssize_t read_take(struct device *dev)
{
	size_t len = 0;
	ssize_t got;
	void *grown;

	for (;;) {
		got = pread(dev->fd, (char *)dev->buf + len, dev->size - len, (off_t)len);
		if (got < 0)
			return -errno;
		len += (size_t)got;
		if (!got || len < dev->size)
			return (ssize_t)len;
		/* Later offsets go on in the same take. */
		grown = realloc(dev->buf, 2 * dev->size);
		if (!grown)
			return -ENOMEM;
		dev->buf = grown;
		dev->size *= 2;
	}
}

static bool header_good(const struct damon_snapshot_header *h, size_t len)
{
	return len >= sizeof(*h) && h->magic == DAMON_SNAPSHOT_MAGIC &&
	       h->version == DAMON_SNAPSHOT_VERSION && h->header_size >= sizeof(*h) &&
	       h->header_size <= len &&
	       h->region_size >= sizeof(struct damon_snapshot_region) &&
	       !(h->header_size % sizeof(u64)) && !(h->region_size % sizeof(u64)) &&
	       h->count <= (len - h->header_size) / h->region_size;
}

static int emit_target(struct assembler *as)
{
	int err;

	if (!as->snap.nr)
		return 0;
	err = as->emit(as->arg, &as->snap);
	as->nr_whole++;
	as->snap.nr = 0;
	return err;
}

/* One snapshot an address space: a target may have several. */
static int emit_take(const struct device *dev, struct assembler *as)
{
	const struct damon_snapshot_header *h = dev->buf;
	const char *at = (const char *)dev->buf + h->header_size;
	int err = 0;
	u64 i;

	for (i = 0; i < h->count && !err; i++, at += h->region_size) {
		const struct damon_snapshot_region *r = (const void *)at;
		struct region region = { r->start, r->end, r->nr_accesses, r->age };

		u32 pid = r->pid < 0 ? 0 : (u32)r->pid;

		if (as->snap.target != r->target || as->snap.pid != pid)
			err = emit_target(as);
		as->snap.target = r->target;
		as->snap.pid = pid;
		as->snap.time_ns = h->published_ns;
		if (!err && !snapshot_add(&as->snap, &region))
			err = -ENOMEM;
	}
	return err ? err : emit_target(as);
}

int device_drain(struct device *dev, struct assembler *as)
{
	const struct damon_snapshot_header *h;
	ssize_t len = read_take(dev);

	if (len <= 0) {
		if (len)
			say("cannot read snapshots: %s", strerror((int)-len));
		return (int)len;
	}
	h = dev->buf;
	if (!header_good(h, (size_t)len)) {
		say("the kernel's snapshots have a layout that damonctl does not know");
		return -EPROTO;
	}
	if (h->generation == dev->generation)
		return 0;
	if (dev->generation)
		dev->nr_missed += h->generation - dev->generation - 1;
	dev->generation = h->generation;
	return emit_take(dev, as);
}

void device_close(struct device *dev)
{
	/* One that was never opened is all zero. */
	if (dev->buf && dev->fd >= 0)
		close(dev->fd);
	free(dev->buf);
	*dev = (struct device){ .fd = -1 };
}
