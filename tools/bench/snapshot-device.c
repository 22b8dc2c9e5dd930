// SPDX-License-Identifier: GPL-2.0
/* What a reader of the snapshot device pays; see snapshot-device.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../include/uapi/linux/damon.h"
#include "bench.h"
#include "damon_sysfs.h"
#include "snapshot-device.h"

static union {
	struct damon_snapshot_header header;
	char bytes[1 << 20];
} snap;

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

int snapshot_device(unsigned int rounds)
{
	unsigned long long regions = 0;
	uint64_t cpu, begin, wait;
	char path[64];
	unsigned int i, calls = 0;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", damon_sysfs_text("0/contexts/0/device"));
	path[strcspn(path, "\n")] = '\0';
	begin = now_ns();
	fd = open(path, O_RDONLY);
	wait = now_ns() - begin;
	if (fd < 0)
		return 1;
	/* The buffer's pages are there before the clock runs. */
	memset(&snap, 1, sizeof(snap));
	cpu = cpu_ns();
	for (i = 0; i < rounds; i++) {
		ssize_t len = pread(fd, &snap, sizeof(snap), 0);

		calls++;
		if (len < (ssize_t)sizeof(snap.header) || !snap.header.count ||
		    len != (ssize_t)(snap.header.header_size +
				     snap.header.count * snap.header.region_size)) {
			printf("bench: the device gives no snapshot\n");
			return -1;
		}
		regions += snap.header.count;
	}
	cpu = cpu_ns() - cpu;
	close(fd);
	printf("bench: result per_region=%.1f calls=%u wait_ms=%.3f regions=%llu\n",
	       (double)cpu / regions, calls / rounds, wait / 1e6, regions / rounds);
	return 0;
}
