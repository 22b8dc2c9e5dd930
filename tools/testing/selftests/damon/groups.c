// SPDX-License-Identifier: GPL-2.0
/*
 * Targets that stand for several processes: those of a memory cgroup, and a process
 * with its descendants.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_program.h"
#include "damon_scheme.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"

#define CGROUPS		"/sys/fs/cgroup"
#define NAME		"/damon_groups"
#define TARGET		"0/contexts/0/targets/0/"
#define INTERVALS	"0/contexts/0/monitoring_attrs/intervals/"
#define TIMEOUT_MS	60000
#define STACK_SZ	(64 << 10)

/* Uses some memory until killed. */
static void live_on(void)
{
	static char memory[1 << 20];

	for (;;) {
		memset(memory, 1, sizeof(memory));
		usleep(500);
	}
}

/* The same, but not longer than its parent. */
static void live(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	live_on();
}

static void rest(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int live_shared(void *unused)
{
	while (getppid() != 1)
		pause();
	return 0;
}

/* A child that joins the cgroup, for which this waits, and then runs @fn. */
static pid_t start_in(const char *cgroup, void (*fn)(void))
{
	int joined[2];
	char byte = 0;
	pid_t pid;

	if (pipe(joined))
		return -1;
	pid = fork();
	if (pid) {
		close(joined[1]);
		/* At the end of the child, too. */
		if (read(joined[0], &byte, 1) < 0)
			perror("read");
		close(joined[0]);
		return pid;
	}
	if (*cgroup && damon_write_file(cgroup, "0"))
		_exit(1);
	if (write(joined[1], &byte, 1) != 1)
		_exit(1);
	close(joined[0]);
	close(joined[1]);
	if (fn)
		fn();
	_exit(0);
}

/* One that shares its memory with another process. */
static void live_as_two(void)
{
	char *stack = malloc(STACK_SZ);

	if (stack)
		clone(live_shared, stack + STACK_SZ, CLONE_VM | SIGCHLD, NULL);
	live();
}

/* Starts a process that starts another one; the one in between exits when told. */
static void live_as_three(void)
{
	if (!fork()) {
		if (!fork())
			live_on();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	live();
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Processes of a target in a snapshot; each once, or it would not be good. */
static int pids_in(const union damon_snapshot *snap, pid_t *pids, int max)
{
	unsigned long long i;
	int nr = 0;

	for (i = 0; i < snap->header.count && nr < max; i++)
		if (!nr || pids[nr - 1] != snap->regions[i].pid)
			pids[nr++] = snap->regions[i].pid;
	return nr;
}

static bool has(const union damon_snapshot *snap, pid_t pid)
{
	unsigned long long i;

	for (i = 0; i < snap->header.count; i++)
		if (snap->regions[i].pid == pid)
			return true;
	return false;
}

static int by_number(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

FIXTURE(groups) {
	char procs[128];
	int fd;
	union damon_snapshot *snap;
};

FIXTURE_SETUP(groups)
{
	mount("none", CGROUPS, "cgroup2", 0, NULL);
	ASSERT_EQ(0, damon_write_file(CGROUPS "/cgroup.subtree_control", "+memory"));
	rmdir(CGROUPS NAME);
	ASSERT_EQ(0, mkdir(CGROUPS NAME, 0755));
	snprintf(self->procs, sizeof(self->procs), CGROUPS NAME "/cgroup.procs");
	self->fd = -1;
	self->snap = malloc(sizeof(*self->snap));
	ASSERT_NE(NULL, self->snap);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(0));
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "sample_us", "5000"));
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "aggr_us", "100000"));
}

FIXTURE_TEARDOWN(groups)
{
	if (self->fd >= 0)
		close(self->fd);
	free(self->snap);
	EXPECT_EQ(0, damon_sysfs_reset());
	rmdir(CGROUPS NAME);
}

static bool begin(struct __test_metadata *_metadata,
		  FIXTURE_DATA(groups) * self)
{
	EXPECT_EQ(0, damon_state("on"))
		TH_LOG("%s", damon_sysfs_text("0/last_error"));
	self->fd = damon_snapshot_open(0, O_RDONLY);
	EXPECT_LE(0, self->fd);
	return self->fd >= 0;
}

/* The results of the window that is @nr windows later than the present one. */
static bool read_later(FIXTURE_DATA(groups) * self, int nr)
{
	long long until = damon_sysfs_now_ms() + TIMEOUT_MS;
	unsigned long long first;

	if (!damon_snapshot_read(self->fd, self->snap))
		return false;
	first = self->snap->header.generation;
	while (self->snap->header.generation < first + nr)
		if (damon_sysfs_now_ms() > until ||
		    !damon_snapshot_wait(self->fd, POLLIN) ||
		    !damon_snapshot_read(self->fd, self->snap))
			return false;
	return true;
}

/* hazard G6: each address space once, within two windows, and none is mixed. */
TEST_F(groups, cgroup)
{
	pid_t pids[64], old[4], late, two;
	int i, nr;

	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", NAME));
	for (i = 0; i < 4; i++)
		old[i] = start_in(self->procs, live);
	ASSERT_TRUE(begin(_metadata, self));
	/* Those that were there at the start, from the first result on. */
	ASSERT_TRUE(read_later(self, 1));
	two = start_in(self->procs, live_as_two);
	late = start_in(self->procs, live);
	/* In the window that is under way, and two more. */
	ASSERT_TRUE(read_later(self, 3));
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(has(self->snap, old[i]));
	EXPECT_TRUE(has(self->snap, late));
	EXPECT_TRUE(has(self->snap, two));
	/* Six spaces of seven processes, and nobody else's. */
	nr = pids_in(self->snap, pids, ARRAY_SIZE(pids));
	EXPECT_EQ(6, nr);
	EXPECT_EQ(1, self->snap->header.nr_targets);
	/* One that ends is gone from the results of the window after. */
	end(old[0]);
	ASSERT_TRUE(read_later(self, 2));
	EXPECT_FALSE(has(self->snap, old[0]));
	EXPECT_TRUE(has(self->snap, old[1]));
	/* The space is in use as long as one of two uses it. */
	end(two);
	ASSERT_TRUE(read_later(self, 3));
	EXPECT_EQ(5, pids_in(self->snap, pids, ARRAY_SIZE(pids)));
	EXPECT_FALSE(has(self->snap, two));
	ASSERT_EQ(0, damon_write_file(CGROUPS NAME "/cgroup.kill", "1"));
	for (i = 1; i < 4; i++)
		waitpid(old[i], NULL, 0);
	waitpid(late, NULL, 0);
	/* An empty cgroup can still get processes. */
	ASSERT_TRUE(read_later(self, 2));
	EXPECT_EQ(0, pids_in(self->snap, pids, ARRAY_SIZE(pids)));
	EXPECT_TRUE(damon_sysfs_is_on(0));
	late = start_in(self->procs, live);
	ASSERT_TRUE(read_later(self, 3));
	EXPECT_TRUE(has(self->snap, late));
	end(late);
}

/* A cgroup that is removed: nothing left to monitor. */
TEST_F(groups, removed_cgroup)
{
	pid_t pid;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", NAME));
		pid = start_in(self->procs, live);
		ASSERT_EQ(0, damon_state("on"));
		damon_sysfs_sleep_ms(20 * i);
		end(pid);
		while (rmdir(CGROUPS NAME))
			ASSERT_EQ(EBUSY, errno);
		EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
		EXPECT_EQ(-ENOENT, damon_state("on"));
		ASSERT_EQ(0, mkdir(CGROUPS NAME, 0755));
	}
}

/* Address spaces that there are, without those that CPUs keep at hand for new ones. */
static long nr_spaces(void)
{
	damon_write_file("/sys/kernel/slab/mm_struct/shrink", "1");
	return damon_number_of("/proc/slabinfo", "mm_struct");
}

/*
 * Processes that come and go by the hundreds beside some that stay: each that lives is
 * found, once, and the others leave nothing behind.
 */
TEST_F_TIMEOUT(groups, short_lives, 600)
{
	static void (* const lives[])(void) = { live, live, live, live, live_as_two };
	long before = nr_spaces(), after;
	int i, k, nr, rounds = damon_sysfs_option("DAMON_TEST_FORKS", 1000) / 20;
	pid_t stay[ARRAY_SIZE(lives)], brief[20], found[64];
	long long until;

	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", NAME));
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "sample_us", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(INTERVALS "aggr_us", "5000"));
	for (k = 0; k < (int)ARRAY_SIZE(lives); k++)
		stay[k] = start_in(self->procs, lives[k]);
	ASSERT_TRUE(begin(_metadata, self));
	for (i = 0; i < rounds; i++) {
		for (k = 0; k < 20; k++)
			brief[k] = start_in(self->procs, k % 2 ? rest : NULL);
		if (!(i % 8)) {
			/* In the window that is under way, and two more. */
			ASSERT_TRUE(read_later(self, 3));
			for (k = 0; k < (int)ARRAY_SIZE(lives); k++)
				EXPECT_TRUE(has(self->snap, stay[k]));
			for (k = 1; k < 20; k += 2)
				EXPECT_TRUE(has(self->snap, brief[k]));
			nr = pids_in(self->snap, found, ARRAY_SIZE(found));
			qsort(found, nr, sizeof(*found), by_number);
			for (k = 1; k < nr; k++)
				EXPECT_NE(found[k - 1], found[k]);
		}
		for (k = 0; k < 20; k++)
			end(brief[k]);
	}
	ASSERT_TRUE(read_later(self, 3));
	EXPECT_EQ((int)ARRAY_SIZE(lives),
		  pids_in(self->snap, found, ARRAY_SIZE(found)));
	/* Also the one that shares memory, which is no child of ours. */
	ASSERT_EQ(0, damon_write_file(CGROUPS NAME "/cgroup.kill", "1"));
	for (k = 0; k < (int)ARRAY_SIZE(lives); k++)
		end(stay[k]);
	/* A space lives on until its last user has put it. */
	until = damon_sysfs_now_ms() + TIMEOUT_MS;
	do {
		damon_sysfs_sleep_ms(50);
		after = nr_spaces();
	} while (after > before + 10 && damon_sysfs_now_ms() < until);
	EXPECT_LE(after, before + 10);
	TH_LOG("mm_struct: %ld before, %ld after", before, after);
}

/* The children of a process, also those whose parent has gone. */
TEST_F(groups, children)
{
	pid_t pids[64], root, other = start_in("", live);
	int nr;

	root = start_in("", live_as_three);
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", root));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "follow_children", "Y"));
	ASSERT_TRUE(begin(_metadata, self));
	ASSERT_TRUE(read_later(self, 4));
	nr = pids_in(self->snap, pids, ARRAY_SIZE(pids));
	ASSERT_EQ(3, nr);
	EXPECT_TRUE(has(self->snap, root));
	EXPECT_FALSE(has(self->snap, other));
	/* Without the middle one the last stays, in the care of another. */
	qsort(pids, nr, sizeof(*pids), by_number);
	kill(pids[1], SIGKILL);
	ASSERT_TRUE(read_later(self, 3));
	EXPECT_TRUE(has(self->snap, root));
	EXPECT_FALSE(has(self->snap, pids[1]));
	EXPECT_TRUE(has(self->snap, pids[2]));
	/* It alone is reason enough to go on. */
	end(root);
	ASSERT_TRUE(read_later(self, 3));
	EXPECT_EQ(1, pids_in(self->snap, pids, ARRAY_SIZE(pids)));
	kill(pids[0], SIGKILL);
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	end(other);
}

/* hazard B17: what does not change goes on with all that is known about it. */
TEST_F(groups, commit)
{
	unsigned int age = 0, later = 0;
	pid_t pid;
	unsigned long long i;

	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", NAME));
	pid = start_in(self->procs, live);
	ASSERT_TRUE(begin(_metadata, self));
	ASSERT_TRUE(read_later(self, 12));
	for (i = 0; i < self->snap->header.count; i++)
		if (self->snap->regions[i].age > age)
			age = self->snap->regions[i].age;
	EXPECT_LE(3, age);
	EXPECT_EQ(0, damon_state("commit"));
	ASSERT_TRUE(read_later(self, 1));
	EXPECT_TRUE(has(self->snap, pid));
	for (i = 0; i < self->snap->header.count; i++)
		if (self->snap->regions[i].age > later)
			later = self->snap->regions[i].age;
	EXPECT_LT(age, later);
	/* Refused: as before. */
	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", "/no-such-group"));
	EXPECT_EQ(-ENOENT, damon_state("commit"));
	EXPECT_STREQ("contexts/0/targets/0/cgroup_path: no memory cgroup \"/no-such-group\"\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_TRUE(read_later(self, 2));
	EXPECT_TRUE(has(self->snap, pid));
	/* Another one: the process itself. */
	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", "\n"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", pid));
	EXPECT_EQ(0, damon_state("commit"));
	ASSERT_TRUE(read_later(self, 2));
	EXPECT_TRUE(has(self->snap, pid));
	end(pid);
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
}

TEST_F(groups, refused)
{
	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", NAME));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", getpid()));
	EXPECT_EQ(-EINVAL, damon_state("on"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", 0));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "follow_children", "Y"));
	EXPECT_EQ(-EINVAL, damon_state("on"));
	EXPECT_STREQ("contexts/0/targets/0/cgroup_path: beside pid_target or follow_children\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "follow_children", "N"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/operations", "paddr"));
	EXPECT_EQ(-EOPNOTSUPP, damon_state("on"));
	EXPECT_STREQ("contexts/0/targets/0: physical memory belongs to no process\n",
		     damon_sysfs_text("0/last_error"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/operations", "vaddr"));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", "/no-such-group"));
	EXPECT_EQ(-ENOENT, damon_state("on"));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "cgroup_path", "\n"));
	EXPECT_EQ(-EINVAL, damon_state("on"));
}

TEST_HARNESS_MAIN
