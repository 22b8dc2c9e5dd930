// SPDX-License-Identifier: GPL-2.0
/*
 * What a reader pays to learn what the monitor knows, of about a thousand regions: CPU
 * time of this process (one instruction is one nanosecond) a region, its system calls,
 * and the time it waits for. Prints a result for the best way that this kernel offers.
 */
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
	unsigned int regions, calls;
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

static bool read_number(struct bill *bill, int dir, unsigned int nr, const char *file)
{
	char path[64], value[32];
	int fd, len;

	snprintf(path, sizeof(path), "%u/%s", nr, file);
	fd = openat(dir, path, O_RDONLY);
	bill->calls++;
	if (fd < 0)
		return false;
	len = read(fd, value, sizeof(value) - 1);
	close(fd);
	bill->calls += 2;
	return len > 0;
}

/* One command, then four files of each region: they are numbered from 0. */
static int by_tried_regions(struct bill *bill)
{
	int dir = open(DAMON_SYSFS_ROOT "/" TRIED, O_RDONLY | O_DIRECTORY);
	unsigned int nr = 0;

	if (dir < 0)
		return -1;
	while (read_number(bill, dir, nr, "start") && read_number(bill, dir, nr, "end") &&
	       read_number(bill, dir, nr, "nr_accesses") && read_number(bill, dir, nr, "age"))
		nr++;
	close(dir);
	bill->regions += nr;
	bill->calls += 2;
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
		/* To open, write and close the file of commands */
		bill.calls += 3;
		if (by_tried_regions(&bill))
			return -1;
	}
	bill.cpu_ns = cpu_ns() - cpu;
	if (!bill.regions) {
		printf("bench: no tried regions\n");
		return -1;
	}
	printf("bench: result per_region=%.1f calls=%u wait_ms=%.1f regions=%u\n",
	       (double)bill.cpu_ns / bill.regions, bill.calls / ROUNDS,
	       bill.wait_ns / 1e6 / ROUNDS, bill.regions / ROUNDS);
	return 0;
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
	ret = snapshot_device(ROUNDS);
	if (ret == 1 && schemes)
		return tried_regions();
	if (ret == 1)
		printf("bench: result regions=0\n");
	return ret < 0 ? ret : 0;
}
