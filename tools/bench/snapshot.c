// SPDX-License-Identifier: GPL-2.0
/*
 * What a reader pays to learn what the monitor knows, of about a thousand regions: CPU
 * time of this process (one instruction is one nanosecond) a region, and the time it
 * waits for. Prints a result for each way that this kernel offers.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "damon_sysfs.h"
#include "snapshot-device.h"

#define ROUNDS		3
#define WARM_NS		(500 * MSEC)
#define SCHEMES		"0/contexts/0/schemes"
#define TRIED		SCHEMES "/0/tried_regions"

struct bill {
	uint64_t cpu_ns, wait_ns;
	unsigned int regions;
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* A scheme that does nothing but keep what it was tried on. */
static int stage_stat_scheme(void)
{
	static const char *const pattern[] = { "sz", "nr_accesses", "age" };
	char path[128];
	unsigned int i;
	int err;

	err = damon_sysfs_write(SCHEMES "/nr_schemes", "1");
	if (!err)
		err = damon_sysfs_write(SCHEMES "/0/action", "stat");
	for (i = 0; !err && i < 3; i++) {
		snprintf(path, sizeof(path), SCHEMES "/0/access_pattern/%s/max", pattern[i]);
		err = damon_sysfs_write(path, i ? "4294967295" : "18446744073709551615");
	}
	return err;
}

static int read_number(int dir, const char *region, const char *file, char *buf)
{
	char path[300];
	int fd, len;

	snprintf(path, sizeof(path), "%s/%s", region, file);
	fd = openat(dir, path, O_RDONLY);
	if (fd < 0)
		return -1;
	len = read(fd, buf, 31);
	close(fd);
	return len > 0 ? 0 : -1;
}

/* One command, then four files a region. */
static int by_tried_regions(struct bill *bill)
{
	static const char *const files[] = { "start", "end", "nr_accesses", "age" };
	DIR *dir = opendir(DAMON_SYSFS_ROOT "/" TRIED);
	struct dirent *entry;
	char value[32];
	unsigned int i;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		for (i = 0; i < 4; i++)
			if (read_number(dirfd(dir), entry->d_name, files[i], value))
				break;
		bill->regions += i == 4;
	}
	closedir(dir);
	return 0;
}

static int tried_regions(void)
{
	struct bill bill = { 0 };
	uint64_t cpu = cpu_ns(), begin;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = now_ns();
		if (damon_sysfs_write("0/state", "update_schemes_tried_regions")) {
			printf("bench: update_schemes_tried_regions fails\n");
			return -1;
		}
		bill.wait_ns += now_ns() - begin;
		if (by_tried_regions(&bill))
			return -1;
	}
	bill.cpu_ns = cpu_ns() - cpu;
	if (!bill.regions) {
		printf("bench: no tried regions\n");
		return -1;
	}
	printf("bench: result per_region=%.1f wait_ms=%.1f regions=%u\n",
	       (double)bill.cpu_ns / bill.regions, bill.wait_ns / 1e6 / ROUNDS,
	       bill.regions / ROUNDS);
	return 0;
}

/*
 * The snapshot device: 1 if this kernel has none, else 0 with the result printed, or -1.
 * To be filled in when the device exists: open what "0/contexts/0/device" names, read()
 * from offset 0 ROUNDS times, and print per_region, wait_ms and regions as above.
 */
static int device(void)
{
	return snapshot_device(ROUNDS);
}

int snapshot_run(const struct workload *w, pid_t child)
{
	bool schemes;
	int ret;

	if (meter_stage(w, child))
		return -1;
	/* A kernel that has no schemes yet has no result either: "-" in the table. */
	schemes = !stage_stat_scheme();
	if (damon_sysfs_write("0/state", "on")) {
		printf("bench: the monitor does not start\n");
		return -1;
	}
	sleep_until(now_ns() + WARM_NS);
	ret = device();
	if (ret == 1 && schemes)
		return tried_regions();
	if (ret == 1)
		printf("bench: result regions=0\n");
	return ret < 0 ? ret : 0;
}
