/* SPDX-License-Identifier: GPL-2.0 */
/* The snapshot device of a kdamond: whole windows, in one read each. */
#ifndef DAMONCTL_DEVICE_H
#define DAMONCTL_DEVICE_H

#include "admin.h"
#include "snapshot.h"

/**
 * struct device - an open snapshot device
 * @fd: its descriptor, or -1
 * @buf: one take
 * @size: room in @buf
 * @generation: of the take that was read last
 * @nr_missed: windows that were not read, or that the kernel had no memory for
 */
struct device {
	int fd;
	void *buf;
	size_t size;
	u64 generation;
	u64 nr_missed;
};

/* Does this kernel have such devices? */
bool device_known(void);
/* Opens that of a kdamond that runs. Says what is wrong; 0 or -errno. */
int device_open(struct device *dev, const struct admin *admin, int index);
/* Gives out what is new since the last call. Says what is wrong; 0 or -errno. */
int device_drain(struct device *dev, struct assembler *as);
void device_close(struct device *dev);

#endif /* DAMONCTL_DEVICE_H */
