// SPDX-License-Identifier: GPL-2.0
/*
 * The snapshot device: results in one read, consistent whoever else reads, and
 * whatever becomes of the context.
 *
 * DAMON_TEST_SECONDS in the environment says how long readers race.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"

#define ATTRS		"0/contexts/0/monitoring_attrs/"
#define TIMEOUT_MS	20000
#define NOBODY		65534

static union damon_snapshot snap, other;

static int command(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

/* Wait for a snapshot with regions. Returns whether it is good. */
static bool read_regions(int fd, union damon_snapshot *to)
{
	do {
		if (!(damon_snapshot_wait(fd, POLLIN) & POLLIN)) {
			printf("# no new generation\n");
			return false;
		}
		if (!damon_snapshot_read(fd, to))
			return false;
	} while (!to->header.count);
	return true;
}

/* What a function that runs in a child of its own returns, or -1. */
static int in_child(int (*fn)(void))
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(fn());
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

FIXTURE(snapshot) {
	pid_t victim;
	int fd;
};

FIXTURE_SETUP(snapshot)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "20000"));
	EXPECT_STREQ("", damon_snapshot_path(0));
	ASSERT_EQ(0, command("on"));
	self->fd = damon_snapshot_open(0, O_RDONLY);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(snapshot)
{
	close(self->fd);
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

TEST_F(snapshot, content)
{
	struct damon_snapshot_header *h = &snap.header;
	unsigned long long i, hot = 0, last;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	EXPECT_EQ(1000, h->sample_us);
	EXPECT_EQ(20000, h->aggr_us);
	EXPECT_EQ(60000000, h->update_us);
	EXPECT_EQ(DAMON_SNAPSHOT_OPS_VADDR, h->ops_id);
	EXPECT_EQ(1, h->nr_targets);
	EXPECT_LT(0, h->generation);
	for (i = 0; i < h->count; i++)
		EXPECT_EQ(self->victim, snap.regions[i].pid);

	/* Each generation once, and soon one in which the memory is hot. */
	for (i = 0; i < 500 && !hot; i++) {
		last = h->generation;
		ASSERT_EQ(POLLIN, damon_snapshot_wait(self->fd, POLLIN));
		ASSERT_TRUE(damon_snapshot_read(self->fd, &snap));
		ASSERT_LT(last, h->generation);
		hot = 0;
		for (last = 0; last < h->count; last++)
			hot += snap.regions[last].nr_accesses;
	}
	EXPECT_LT(0, hot);
}

/* It is read at once, whenever the first reader comes. */
TEST_F(snapshot, first_reader)
{
	unsigned int i;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	for (i = 0; i < 5; i++) {
		close(self->fd);
		damon_sysfs_sleep_ms(70);
		self->fd = damon_snapshot_open(0, O_RDONLY);
		ASSERT_LE(0, self->fd);
		ASSERT_TRUE(damon_snapshot_read(self->fd, &other));
		EXPECT_LT(0, other.header.count);
		EXPECT_LT(snap.header.generation, other.header.generation);
		EXPECT_LT(snap.header.published_ns, other.header.published_ns);
		snap.header = other.header;
	}
}

TEST_F(snapshot, nonblocking)
{
	ASSERT_TRUE(read_regions(self->fd, &snap));
	close(self->fd);
	damon_sysfs_sleep_ms(70);
	self->fd = damon_snapshot_open(0, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(damon_snapshot_read(self->fd, &other));
	ASSERT_TRUE(read_regions(self->fd, &other));
	EXPECT_LT(snap.header.generation, other.header.generation);
	/* Never EAGAIN: the same again. */
	EXPECT_TRUE(damon_snapshot_read(self->fd, &other));
	EXPECT_LT(0, other.header.count);
}

TEST_F(snapshot, offsets)
{
	static const int sizes[] = { 1, 7, 72, 4096 };
	ssize_t got, len, pos;
	unsigned int i;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	len = snap.header.header_size + snap.header.count *
	      snap.header.region_size;
	/* The same take, however late. */
	damon_sysfs_sleep_ms(100);
	ASSERT_EQ(len - 1, pread(self->fd, other.bytes + 1, sizeof(other) - 1, 1));
	other.bytes[0] = snap.bytes[0];
	EXPECT_EQ(0, memcmp(&snap, &other, len));

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
		for (pos = 0; (got = read(self->fd, other.bytes + pos,
					  sizes[i])) > 0; pos += got)
			;
		ASSERT_EQ(0, got);
		EXPECT_TRUE(damon_snapshot_good(&other, pos));
		EXPECT_EQ(pos, lseek(self->fd, 0, SEEK_CUR));
	}

	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, 99));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->fd, other.bytes, 1, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1LL << 40, lseek(self->fd, 1LL << 40, SEEK_SET));
	EXPECT_EQ(0, read(self->fd, other.bytes, 1));
	EXPECT_EQ(0, pread(self->fd, other.bytes, 0, 0));
}

TEST_F(snapshot, bad_memory)
{
	long page = sysconf(_SC_PAGESIZE);
	char *memory;

	memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, memory);
	ASSERT_EQ(0, mprotect(memory + page, page, PROT_NONE));
	ASSERT_TRUE(read_regions(self->fd, &snap));
	EXPECT_EQ(-1, pread(self->fd, memory + page, 1000, 0));
	EXPECT_EQ(EFAULT, errno);
	/* As much as fits is there. */
	EXPECT_EQ(100, pread(self->fd, memory + page - 100, 1000, 0));
	EXPECT_TRUE(damon_snapshot_read(self->fd, &snap));
	EXPECT_EQ(0, munmap(memory, 2 * page));
}

TEST_F(snapshot, splice)
{
	int pipes[2];
	ssize_t len;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	ASSERT_EQ(0, pipe(pipes));
	len = splice(self->fd, NULL, pipes[1], NULL, 65536, 0);
	ASSERT_LT(0, len);
	ASSERT_EQ(len, read(pipes[0], other.bytes, sizeof(other)));
	EXPECT_TRUE(damon_snapshot_good(&other, len));
	close(pipes[0]);
	close(pipes[1]);
}

static char device[64];

static int open_as_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 99;
	return open(device, O_RDONLY) < 0 ? errno : 0;
}

TEST_F(snapshot, permission)
{
	struct stat st;
	int fd;

	strcpy(device, damon_snapshot_path(0));
	ASSERT_EQ(0, stat(device, &st));
	EXPECT_EQ(S_IFCHR | 0400, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(EACCES, in_child(open_as_nobody));
	/* As the administrator may hand it on. */
	ASSERT_EQ(0, chmod(device, 0444));
	EXPECT_EQ(0, in_child(open_as_nobody));
	fd = open(device, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
}

/* In the namespace, where the victim is not, nor the one who opened before. */
static int pid_from_inside(void)
{
	int fd = damon_snapshot_open(0, O_RDONLY);

	if (fd < 0 || getpid() != 1 || !read_regions(fd, &snap))
		return 2;
	return snap.regions[0].pid ? 1 : 0;
}

static int pid_in_namespace(void)
{
	if (unshare(CLONE_NEWPID))
		return 3;
	return in_child(pid_from_inside);
}

TEST_F(snapshot, pid_namespace)
{
	EXPECT_EQ(0, in_child(pid_in_namespace));
	ASSERT_TRUE(read_regions(self->fd, &snap));
	EXPECT_EQ(self->victim, snap.regions[0].pid);
}

TEST_F(snapshot, commit)
{
	int i;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "50000"));
	ASSERT_EQ(0, command("commit"));
	for (i = 0; i < 5 && snap.header.aggr_us != 50000; i++)
		ASSERT_TRUE(read_regions(self->fd, &snap));
	EXPECT_EQ(50000, snap.header.aggr_us);
}

/* The process ends, and with it the thread: what was open stays readable. */
TEST_F(snapshot, end)
{
	char path[64];
	ssize_t len;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	strcpy(path, damon_snapshot_path(0));
	damon_sysfs_kill(self->victim);
	ASSERT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	EXPECT_STREQ("", damon_snapshot_path(0));
	EXPECT_EQ(-1, open(path, O_RDONLY));
	EXPECT_EQ(ENOENT, errno);

	EXPECT_TRUE(damon_snapshot_wait(self->fd, POLLIN) & POLLHUP);
	len = pread(self->fd, &other, sizeof(other), 0);
	/* There may have been nothing new after the first. */
	if (len) {
		EXPECT_TRUE(damon_snapshot_good(&other, len));
		EXPECT_LT(snap.header.generation, other.header.generation);
	}
	EXPECT_EQ(POLLHUP, damon_snapshot_wait(self->fd, POLLIN));
	EXPECT_EQ(0, pread(self->fd, &other, sizeof(other), 0));
	EXPECT_EQ(0, pread(self->fd, &other, sizeof(other), 0));
	self->victim = damon_sysfs_victim();
}

/* The directory is gone, another run has begun: an old file is no new one. */
TEST_F(snapshot, outlives_all)
{
	struct stat old, new;
	int fd;

	ASSERT_TRUE(read_regions(self->fd, &snap));
	ASSERT_EQ(0, fstat(self->fd, &old));
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	ASSERT_EQ(0, command("on"));
	fd = damon_snapshot_open(0, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &new));
	EXPECT_EQ(old.st_rdev, new.st_rdev);
	ASSERT_TRUE(read_regions(fd, &other));
	EXPECT_TRUE(damon_snapshot_wait(self->fd, 0) & POLLHUP);
	while (pread(self->fd, &snap, sizeof(snap), 0) > 0)
		;
	EXPECT_EQ(0, pread(self->fd, &snap, sizeof(snap), 0));
	EXPECT_TRUE(damon_snapshot_read(fd, &other));
	close(fd);
}

/* How many tasks have a name "kdamond.N" that another has, too? */
static int doubled_names(void)
{
	char names[32][32], path[300], *name;
	DIR *proc = opendir("/proc");
	int nr = 0, doubled = 0, i;
	struct dirent *entry;
	FILE *f;

	while (proc && nr < 32 && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		name = names[nr];
		if (fgets(name, sizeof(names[0]), f) &&
		    !strncmp(name, "kdamond.", 8)) {
			for (i = 0; i < nr; i++)
				doubled += !strcmp(name, names[i]);
			nr++;
		}
		fclose(f);
	}
	if (proc)
		closedir(proc);
	return doubled;
}

/* Stop one, start another: a number is free when its thread has lost it. */
TEST_F(snapshot, numbers)
{
	char first[64];
	int i;

	close(self->fd);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage_many(2, self->victim));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
		ASSERT_EQ(0, damon_sysfs_write("1/state", "on"));
		strcpy(first, damon_snapshot_path(0));
		EXPECT_STRNE(first, damon_snapshot_path(1));
		EXPECT_EQ(0, access(first, F_OK));
		EXPECT_EQ(0, doubled_names());
		ASSERT_EQ(0, damon_sysfs_write(i % 2 ? "0/state" : "1/state",
					       "off"));
		ASSERT_EQ(0, damon_sysfs_write(i % 2 ? "0/state" : "1/state",
					       "on"));
		EXPECT_EQ(0, doubled_names());
		ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
		EXPECT_EQ(-1, access(first, F_OK));
		ASSERT_EQ(0, damon_sysfs_write("1/state", "off"));
	}
	self->fd = -1;
}

/* A process with more memory than there are regions. */
static pid_t large_victim(void)
{
	size_t sz = 64UL << 20, i;
	pid_t child = fork();
	char *memory;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, sz, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	for (;;) {
		for (i = 0; i < sz; i += 1 << 16)
			((volatile char *)memory)[i]++;
		damon_sysfs_sleep_ms(5);
	}
}

/* Reads until told to end, @step bytes at a time. Returns its exit status. */
static int reader(const bool *stop, size_t step)
{
	unsigned long long last = 0, nr = 0;
	int fd = damon_snapshot_open(0, O_RDONLY);
	ssize_t got, pos;

	if (fd < 0)
		return 1;
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (pos = 0; (got = pread(fd, snap.bytes + pos, step, pos)) > 0;
		     pos += got)
			if (sizeof(snap) - pos < step)
				break;
		if (got < 0 || !damon_snapshot_good(&snap, pos))
			return 2;
		if (snap.header.generation < last)
			return 3;
		nr += snap.header.generation != last;
		last = snap.header.generation;
		if (snap.header.generation && snap.header.count < 900) {
			printf("# %llu regions\n", snap.header.count);
			return 4;
		}
	}
	printf("# %llu takes read %zu bytes at a time, last generation %llu\n",
	       nr, step, last);
	return nr ? 0 : 5;
}

/* Three readers beside a monitor that is always busy. */
TEST_F_TIMEOUT(snapshot, race, 3600)
{
	static const size_t steps[] = { DAMON_SNAPSHOT_MAX, DAMON_SNAPSHOT_MAX,
					3001 };
	pid_t readers[ARRAY_SIZE(steps)], victim = large_victim();
	unsigned int i;
	bool *stop;
	int status;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(victim));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "20000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/min", "1000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/max", "1200"));
	ASSERT_EQ(0, command("on"));
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stop);
	fflush(stdout);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		readers[i] = fork();
		if (!readers[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			status = reader(stop, steps[i]);
			fflush(stdout);
			_exit(status);
		}
	}
	damon_sysfs_sleep_ms(damon_sysfs_option("DAMON_TEST_SECONDS", 5) * 1000);
	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_EQ(readers[i], waitpid(readers[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	munmap(stop, sizeof(*stop));
	damon_sysfs_kill(victim);
}

/* Opens and reads while contexts come and go. Returns its exit status. */
static int opener(const bool *stop)
{
	char path[32];
	int fd, i = 0;
	ssize_t len;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		snprintf(path, sizeof(path), "/dev/damon%d", i++ % 3);
		fd = open(path, O_RDONLY | (i % 2 ? O_NONBLOCK : 0));
		if (fd < 0) {
			if (errno != ENOENT && errno != ENXIO && errno != ENODEV)
				return errno;
			continue;
		}
		len = read(fd, &snap, sizeof(snap));
		if (len < 0 || (len && !damon_snapshot_good(&snap, len)))
			return 101;
		close(fd);
	}
	return 0;
}

TEST_F(snapshot, come_and_go)
{
	pid_t children[2];
	bool *stop;
	int i, status;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage_many(3, self->victim));
	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stop);
	for (i = 0; i < 2; i++) {
		children[i] = fork();
		if (!children[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(opener(stop));
		}
	}
	for (i = 0; i < 60; i++) {
		char path[16];

		snprintf(path, sizeof(path), "%d/state", i % 3);
		EXPECT_EQ(0, damon_sysfs_write(path, "on"));
		snprintf(path, sizeof(path), "%d/state", (i + 1) % 3);
		if (i > 1)
			EXPECT_EQ(0, damon_sysfs_write(path, "off"));
	}
	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	munmap(stop, sizeof(*stop));
}

TEST_HARNESS_MAIN
