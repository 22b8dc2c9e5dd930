// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: every allocation in making directories, on and commit fails
 * once, one after the other. The write fails with ENOMEM or does without; what
 * it has left behind can be used, and nothing is lost (kmemleak).
 *
 * Needs a kernel with CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define CONTEXT		"0/contexts/0/"
#define TARGETS		CONTEXT "targets/"
/* More allocations than any of the writes makes. */
#define MAX_FAULTS	2000

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Let the @nth allocation of a task from now on fail; 0: none any more. */
static int fail_nth(long pid, int nth)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%ld/fail-nth", pid);
	snprintf(text, sizeof(text), "%d", nth);
	return put(path, text);
}

/* Has it failed already? */
static bool has_failed(long pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/fail-nth", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return !strcmp(text, "0\n");
}

/* Write while the @nth allocation fails. Returns 0 or a negative errno. */
static int faulty_write(int fd, const char *text, int nth, bool *failed)
{
	int err = fail_nth(getpid(), nth);

	if (err)
		return err;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	*failed = has_failed(getpid());
	fail_nth(getpid(), 0);
	return err;
}

FIXTURE(faults) {
	pid_t victims[2];
};

FIXTURE_SETUP(faults)
{
	if (access("/proc/self/fail-nth", W_OK) || access(FAILSLAB, X_OK))
		SKIP(return, "this kernel cannot let allocations fail");
	/* Quietly, and also those that could wait for memory. */
	ASSERT_EQ(0, put(FAILSLAB "verbose", "0"));
	ASSERT_EQ(0, put(FAILSLAB "ignore-gfp-wait", "N"));
	self->victims[0] = damon_sysfs_victim();
	self->victims[1] = damon_sysfs_victim();
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victims[0]));
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->victims[0])
		return;
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victims[0]);
	damon_sysfs_kill(self->victims[1]);
	put(FAILSLAB "ignore-gfp-wait", "Y");
	put(FAILSLAB "verbose", "2");
}

/* hazards C6, C13, C14, C19 */
TEST_F_TIMEOUT(faults, directories, 240)
{
	static const char * const paths[] = {
		TARGETS "0/regions/nr_regions", TARGETS "nr_targets",
		"0/contexts/nr_contexts", "nr_kdamonds",
	};
	unsigned int i;
	int fd, nth, err;
	bool failed;
	long nr;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *text = i == 2 ? "1" : "2";

		fd = damon_sysfs_open(paths[i], O_WRONLY);
		ASSERT_LE(0, fd);
		failed = true;
		for (nth = 1; failed && nth < MAX_FAULTS; nth++) {
			nr = damon_sysfs_read_long(paths[i]);
			err = faulty_write(fd, text, nth, &failed);
			ASSERT_TRUE(!err || err == -ENOMEM)
				TH_LOG("%s: %d: %d", paths[i], nth, err);
			ASSERT_TRUE(failed || !err);
			/* The first one is needed to take the text. */
			ASSERT_EQ(!err ? atoi(text) : nth > 1 ? 0 : nr,
				  damon_sysfs_read_long(paths[i]));
		}
		EXPECT_FALSE(failed);
		TH_LOG("%s: %d allocations failed", paths[i], nth - 2);
		EXPECT_EQ(0, damon_sysfs_write(paths[i], text));
		close(fd);
	}
}

static int stage_two(pid_t first, pid_t second)
{
	return damon_sysfs_write(TARGETS "nr_targets", "2") ?:
	       damon_sysfs_write_long(TARGETS "0/pid_target", first) ?:
	       damon_sysfs_write_long(TARGETS "1/pid_target", second) ?:
	       damon_sysfs_write(TARGETS "0/regions/nr_regions", "2") ?:
	       damon_sysfs_write(TARGETS "0/regions/0/end", "8192") ?:
	       damon_sysfs_write(TARGETS "0/regions/1/start", "8192") ?:
	       damon_sysfs_write(TARGETS "0/regions/1/end", "40960");
}

/* hazards A8, A10, A20, B22, C1 */
TEST_F_TIMEOUT(faults, on, 240)
{
	int fd = damon_sysfs_open("0/state", O_WRONLY);
	bool failed = true;
	int nth, err;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, stage_two(self->victims[0], self->victims[1]));
	for (nth = 1; failed && nth < MAX_FAULTS; nth++) {
		err = faulty_write(fd, "on", nth, &failed);
		ASSERT_EQ(!err, damon_sysfs_is_on(0));
		if (!err) {
			ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
			continue;
		}
		ASSERT_EQ(-ENOMEM, err) TH_LOG("allocation %d", nth);
		/* The first one is needed to take the text. */
		ASSERT_STREQ(nth > 1 ? "out of memory\n" : "",
			     damon_sysfs_text("0/last_error"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
	close(fd);
}

/* hazards B4, B12, B13, B14: in the task that writes. */
TEST_F_TIMEOUT(faults, commit, 240)
{
	int fd = damon_sysfs_open("0/state", O_WRONLY);
	bool failed = true;
	int nth, err;
	long pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (nth = 1; failed && nth < MAX_FAULTS; nth++) {
		ASSERT_EQ(0, stage_two(self->victims[nth % 2],
				       self->victims[!(nth % 2)]));
		err = faulty_write(fd, "commit", nth, &failed);
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		ASSERT_EQ(pid, damon_sysfs_read_long("0/pid"));
	}
	EXPECT_FALSE(failed);
	TH_LOG("%d allocations failed", nth - 2);
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	close(fd);
}

/* The same in the kdamond, which may need memory for itself meanwhile. */
TEST_F_TIMEOUT(faults, commit_in_kdamond, 240)
{
	int nth, err, nr_refused = 0;
	long pid;

	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (nth = 1; nth < 40; nth++) {
		ASSERT_EQ(0, stage_two(self->victims[nth % 2],
				       self->victims[!(nth % 2)]));
		ASSERT_EQ(0, fail_nth(pid, nth));
		err = damon_sysfs_write("0/state", "commit");
		ASSERT_EQ(0, fail_nth(pid, 0));
		ASSERT_TRUE(!err || err == -ENOMEM)
			TH_LOG("allocation %d: %d", nth, err);
		nr_refused += !!err;
		ASSERT_EQ(pid, damon_sysfs_read_long("0/pid"));
		ASSERT_EQ(0, damon_sysfs_write("0/state", "commit"));
	}
	EXPECT_LT(0, nr_refused);
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
}

TEST_HARNESS_MAIN
