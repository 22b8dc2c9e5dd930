// SPDX-License-Identifier: GPL-2.0
/*
 * What may happen to a machine while a process on it is monitored: the clock on the wall
 * jumps, a CPU goes and comes, blocks of memory do, the process is frozen. The monitor
 * goes on, takes commands, and sees what is accessed afterwards.
 *
 * Needs two CPUs. Environment: DAMON_TEST_SECONDS, how long each disturbance lasts (1).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"

#define ATTRS		"0/contexts/0/monitoring_attrs/"
#define CPU		"/sys/devices/system/cpu/cpu1/online"
#define BLOCKS		"/sys/devices/system/memory"
#define CGROUP		"/sys/fs/cgroup/damon_disturb"
#define TIMEOUT_MS	60000

FIXTURE(disturb) {
	pid_t victim;
	int device;
	union damon_snapshot *snap;
	long long end;
};

FIXTURE_SETUP(disturb)
{
	self->snap = malloc(sizeof(*self->snap));
	ASSERT_NE(NULL, self->snap);
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "2000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "40000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/update_us", "80000"));
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	self->device = damon_snapshot_open(0, O_RDONLY);
	ASSERT_LE(0, self->device);
	self->end = damon_sysfs_now_ms() +
		    1000 * damon_sysfs_option("DAMON_TEST_SECONDS", 1);
}

/* As if nothing had been: what the process uses is seen. */
FIXTURE_TEARDOWN(disturb)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long long i;
	bool seen = false;

	EXPECT_TRUE(damon_sysfs_goes_on(0));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	while (!seen && damon_sysfs_now_ms() < end &&
	       damon_snapshot_next(self->device, self->snap))
		for (i = 0; i < self->snap->header.count; i++)
			seen |= self->snap->regions[i].nr_accesses > 0;
	EXPECT_TRUE(seen);
	close(self->device);
	EXPECT_EQ(0, damon_sysfs_write("0/state", "off"));
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
	free(self->snap);
}

static void jump(long seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	clock_settime(CLOCK_REALTIME, &ts);
}

/* hazards D14, D15: time is what passes, not what a clock on the wall says. */
TEST_F_TIMEOUT(disturb, clock_jumps, 600)
{
	static const long jumps[] = { 86400, -86400, 3600, -3600, 30, -30 };
	unsigned int i = 0;
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) || clock_settime(CLOCK_REALTIME, &ts))
		SKIP(return, "may not set the clock");
	do {
		long long elapsed = damon_sysfs_cost(0, "elapsed_ns"), begin = damon_sysfs_now_ms();

		jump(jumps[i++ % ARRAY_SIZE(jumps)]);
		EXPECT_TRUE(damon_sysfs_goes_on(0));
		/* What is shown may be a second old. */
		EXPECT_LE(elapsed, damon_sysfs_cost(0, "elapsed_ns"));
		EXPECT_GT((damon_sysfs_now_ms() - begin + 2000) * 1000000LL,
			  damon_sysfs_cost(0, "elapsed_ns") - elapsed);
	} while (damon_sysfs_now_ms() < self->end || i % ARRAY_SIZE(jumps));
}

/* hazard E1 and its kin: entries are under migration, the kdamond is moved. */
TEST_F_TIMEOUT(disturb, cpu_goes, 600)
{
	if (access(CPU, W_OK))
		SKIP(return, "no CPU that can go");
	do {
		EXPECT_EQ(0, damon_write_file(CPU, "0"));
		EXPECT_TRUE(damon_sysfs_goes_on(0));
		EXPECT_EQ(0, damon_write_file(CPU, "1"));
		EXPECT_TRUE(damon_sysfs_goes_on(0));
	} while (damon_sysfs_now_ms() < self->end);
}

/* Offline and online again. Returns whether it went at all. */
static bool cycle_block(const char *name)
{
	char path[512];
	int i;

	snprintf(path, sizeof(path), BLOCKS "/%.200s/state", name);
	if (strncmp(name, "memory", 6) || damon_write_file(path, "offline"))
		return false;
	for (i = 0; i < 100 && damon_write_file(path, "online"); i++)
		damon_sysfs_sleep_ms(20);
	return true;
}

/* The pages of the process move from one block to another. */
TEST_F_TIMEOUT(disturb, memory_goes, 600)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned int gone = 0;
	struct dirent *e;
	DIR *dir = opendir(BLOCKS);

	if (!dir)
		SKIP(return, "no memory that can go");
	do {
		rewinddir(dir);
		while ((!gone || damon_sysfs_now_ms() < self->end) && (e = readdir(dir))) {
			if (!cycle_block(e->d_name))
				continue;
			gone++;
			EXPECT_TRUE(damon_sysfs_goes_on(0));
		}
	} while (damon_sysfs_now_ms() < (gone ? self->end : end));
	closedir(dir);
	EXPECT_LT(0, gone);
}

/* A frozen process is one that does nothing, not one that has gone. */
TEST_F_TIMEOUT(disturb, frozen, 600)
{
	char pid[16];
	bool frozen = false;

	snprintf(pid, sizeof(pid), "%d", self->victim);
	mkdir(CGROUP, 0700);
	ASSERT_EQ(0, damon_write_file(CGROUP "/cgroup.procs", pid));
	do {
		frozen = !frozen;
		EXPECT_EQ(0, damon_write_file(CGROUP "/cgroup.freeze",
					      frozen ? "1" : "0"));
		EXPECT_TRUE(damon_sysfs_goes_on(0));
		EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	} while (damon_sysfs_now_ms() < self->end || frozen);
	EXPECT_EQ(0, damon_write_file("/sys/fs/cgroup/cgroup.procs", pid));
	EXPECT_EQ(0, rmdir(CGROUP));
}

TEST_HARNESS_MAIN
