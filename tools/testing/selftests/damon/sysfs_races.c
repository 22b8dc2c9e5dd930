// SPDX-License-Identifier: GPL-2.0
/*
 * Two tasks at once on the administrator's files. Each does its part over and
 * over for a while; every write ends, with success or an errno that makes sense
 * then, and afterwards all is as usable as before. What else may go wrong shows
 * in the kernel's log.
 *
 * Environment: DAMON_TEST_MS, how long each race lasts (600); DAMON_TEST_STARTS,
 * how often it is started and stopped in a row (1,000, or what 20 s allow).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGETS		CONTEXT "targets/"
#define TARGET		TARGETS "0/"
#define SCHEMES		CONTEXT "schemes/"
#define TIMEOUT_MS	20000

/* How often a part wrote, with and without success. */
struct tally {
	unsigned long done;
	unsigned long refused;
};

/* Shared by all tasks of a test. */
static struct shared {
	pid_t victim;		/* whom to monitor */
	struct tally tally[2];
} *shared;

static struct tally *tally;	/* of this task */

/*
 * Errors that a race may bring: busy; a directory is gone; too few of them; it
 * has ended. Any other is a fault.
 */
static bool harmless(int err)
{
	switch (err) {
	case 0:
	case -EBUSY:
	case -ENOENT:
	case -ENODEV:
	case -EINVAL:
	case -ECANCELED:
		return true;
	}
	printf("# unexpected errno %d\n", -err);
	return false;
}

static bool try(const char *path, const char *text)
{
	int err = damon_sysfs_write(path, text);

	if (err)
		tally->refused++;
	else
		tally->done++;
	return harmless(err);
}

static bool stage(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d",
		 __atomic_load_n(&shared->victim, __ATOMIC_RELAXED));
	return try("0/contexts/nr_contexts", "1") &&
	       try(TARGETS "nr_targets", "1") &&
	       try(TARGET "pid_target", pid) &&
	       try(ATTRS "intervals/sample_us", "1000") &&
	       try(ATTRS "intervals/aggr_us", "5000");
}

/* Parts. Each returns whether all was well. */

static bool on_off(void)
{
	return try("0/state", "on") && try("0/state", "off");
}

static bool stage_on_commit_off(void)
{
	return stage() && try("0/state", "on") && try("0/state", "commit") &&
	       try("0/state", "off");
}

static bool commit(void)
{
	return try("0/state", "commit");
}

/* Plain values are never busy (interface: reads do not see commands). */
static bool read_status(void)
{
	static const char * const paths[] = {
		"0/state", "0/pid", "0/last_error", "0/cost", "nr_kdamonds",
		"0/contexts/nr_contexts", TARGETS "nr_targets",
		ATTRS "intervals/sample_us", CONTEXT "avail_operations",
	};
	char buf[DAMON_SYSFS_PAGE + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		int len = damon_sysfs_read(paths[i], buf);

		if (len == -EBUSY || (len < 0 && !harmless(len)))
			return false;
		if (len > 0 && buf[len - 1] != '\n')
			return false;
		if (i == 0 && len > 0 && strcmp(buf, "on\n") &&
		    strcmp(buf, "off\n"))
			return false;
		/* A line, never two halves. */
		if (i == 2 && len > 0 && strchr(buf, '\n') != buf + len - 1)
			return false;
	}
	tally->done++;
	return true;
}

static bool resize_kdamonds(void)
{
	return try("nr_kdamonds", "2") && try("nr_kdamonds", "1") && stage();
}

static bool resize_kdamonds_on(void)
{
	return try("0/state", "off") && try("nr_kdamonds", "1") && stage() &&
	       try("0/state", "on");
}

static bool resize_contexts(void)
{
	return try("0/contexts/nr_contexts", "0") && stage();
}

static bool resize_targets(void)
{
	return try(TARGETS "nr_targets", "0") && try(TARGETS "nr_targets", "3") &&
	       stage();
}

static bool resize_regions(void)
{
	return try(TARGET "regions/nr_regions", "2") &&
	       try(TARGET "regions/1/end", "4096") &&
	       try(TARGET "regions/nr_regions", "0");
}

static bool write_values(void)
{
	return try(ATTRS "nr_regions/max", "9") &&
	       try(ATTRS "nr_regions/max", "500") &&
	       try(CONTEXT "operations", "paddr") &&
	       try(CONTEXT "operations", "vaddr") &&
	       try(TARGET "obsolete_target", "Y") &&
	       try(TARGET "obsolete_target", "N");
}

static const char * const strings[] = {
	SCHEMES "0/filters/0/memcg_path", SCHEMES "0/core_filters/0/memcg_path",
	SCHEMES "0/ops_filters/0/memcg_path", SCHEMES "0/quotas/goals/0/path",
};

static bool write_strings(void)
{
	unsigned int i;
	bool ok = true;

	for (i = 0; i < ARRAY_SIZE(strings) && ok; i++)
		ok = try(strings[i], "/a") &&
		     try(strings[i], "/a/much/longer/path/of/another/size/class/");
	return ok;
}

/* Always one of those written. */
static bool read_strings(void)
{
	char buf[DAMON_SYSFS_PAGE + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		int len = damon_sysfs_read(strings[i], buf);

		if (len < 0 && !harmless(len))
			return false;
		if (len >= 0 && strcmp(buf, "\n") && strcmp(buf, "/a\n") &&
		    strcmp(buf, "/a/much/longer/path/of/another/size/class/\n"))
			return false;
	}
	tally->done++;
	return true;
}

/* They are looked up, and found not to be there. */
static bool commit_strings(void)
{
	return try("0/state", "on") &&
	       try(SCHEMES "0/quotas/goals/0/target_metric",
		   "node_memcg_used_bp") &&
	       try(SCHEMES "0/quotas/goals/0/target_value", "1") &&
	       try("0/state", "commit") &&
	       try("0/state", "commit_schemes_quota_goals") &&
	       try(SCHEMES "0/quotas/goals/0/target_value", "0") &&
	       try(SCHEMES "0/ops_filters/0/type", "memcg") &&
	       try("0/state", "commit") &&
	       try(SCHEMES "0/ops_filters/0/type", "anon");
}

static bool resize_schemes(void)
{
	return try(SCHEMES "nr_schemes", "1") &&
	       try(SCHEMES "0/quotas/goals/nr_goals", "1") &&
	       try(SCHEMES "0/filters/nr_filters", "1") &&
	       try(SCHEMES "0/core_filters/nr_filters", "1") &&
	       try(SCHEMES "0/core_filters/0/type", "addr") &&
	       try(SCHEMES "0/ops_filters/nr_filters", "1");
}

static bool replace_victim(void)
{
	pid_t old = shared->victim;
	bool ok;

	__atomic_store_n(&shared->victim, damon_sysfs_victim(),
			 __ATOMIC_RELAXED);
	ok = stage();
	damon_sysfs_sleep_ms(rand() % 8);
	damon_sysfs_kill(old);
	return ok;
}

/* Else it was no race. */
static bool both_done(void)
{
	return __atomic_load_n(&shared->tally[0].done, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&shared->tally[1].done, __ATOMIC_RELAXED);
}

/*
 * Do @part in a child, the @nr-th of two, until @end, and until both have got
 * something done.
 */
static pid_t start_part(int nr, bool (*part)(void), long long end)
{
	pid_t child = fork();
	long long now;

	if (child)
		return child;
	tally = &shared->tally[nr];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	do {
		if (!part())
			_exit(1);
		now = damon_sysfs_now_ms();
	} while (now < end || (now < end + TIMEOUT_MS && !both_done()));
	_exit(0);
}

static bool part_ended_well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && !status;
}

FIXTURE(races) {
};

FIXTURE_SETUP(races)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->victim = damon_sysfs_victim();
	ASSERT_LT(0, shared->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(shared->victim));
	tally = &shared->tally[0];
	ASSERT_TRUE(resize_schemes());
	ASSERT_EQ(0, shared->tally[0].refused);
	shared->tally[0].done = 0;
}

/* After each race: still usable, nothing runs that nobody stops. */
FIXTURE_TEARDOWN(races)
{
	damon_sysfs_write("0/state", "off");
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	EXPECT_EQ(0, damon_sysfs_reset());
	EXPECT_EQ(0, damon_sysfs_stage(getpid()));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "off"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, damon_sysfs_reset());
	kill(shared->victim, SIGKILL);
	munmap(shared, sizeof(*shared));
}

FIXTURE_VARIANT(races) {
	bool (*one)(void);
	bool (*other)(void);
};

/* hazard A3 */
FIXTURE_VARIANT_ADD(races, read_and_on_off)
{
	.one = read_status, .other = on_off,
};

FIXTURE_VARIANT_ADD(races, read_and_nr_kdamonds)
{
	.one = read_status, .other = resize_kdamonds,
};

FIXTURE_VARIANT_ADD(races, nr_kdamonds_and_on_off)
{
	.one = resize_kdamonds, .other = stage_on_commit_off,
};

/* hazards C4, C24 */
FIXTURE_VARIANT_ADD(races, read_and_nr_contexts)
{
	.one = read_status, .other = resize_contexts,
};

FIXTURE_VARIANT_ADD(races, nr_contexts_and_on_commit)
{
	.one = resize_contexts, .other = stage_on_commit_off,
};

FIXTURE_VARIANT_ADD(races, nr_targets_and_on_commit)
{
	.one = resize_targets, .other = stage_on_commit_off,
};

FIXTURE_VARIANT_ADD(races, nr_targets_twice)
{
	.one = resize_targets, .other = resize_targets,
};

/* hazard C8 and its kin: a value changes while it is read */
FIXTURE_VARIANT_ADD(races, nr_regions_and_commit)
{
	.one = resize_regions, .other = stage_on_commit_off,
};

/* hazards C8, C9 */
FIXTURE_VARIANT_ADD(races, strings_written_and_read)
{
	.one = write_strings, .other = read_strings,
};

FIXTURE_VARIANT_ADD(races, strings_written_twice)
{
	.one = write_strings, .other = write_strings,
};

FIXTURE_VARIANT_ADD(races, strings_written_and_looked_up)
{
	.one = write_strings, .other = commit_strings,
};

/* hazards C2, C3, C15, C17 */
FIXTURE_VARIANT_ADD(races, schemes_go_and_commit)
{
	.one = resize_schemes, .other = commit_strings,
};

FIXTURE_VARIANT_ADD(races, values_and_commit)
{
	.one = write_values, .other = stage_on_commit_off,
};

/* hazards A1, A4, A6 */
FIXTURE_VARIANT_ADD(races, on_off_twice)
{
	.one = on_off, .other = on_off,
};

FIXTURE_VARIANT_ADD(races, commit_and_on_off)
{
	.one = commit, .other = on_off,
};

FIXTURE_VARIANT_ADD(races, commit_and_nr_kdamonds)
{
	.one = commit, .other = resize_kdamonds_on,
};

/* hazards A2, A6: the target goes at every point */
FIXTURE_VARIANT_ADD(races, victim_dies_and_on_off)
{
	.one = replace_victim, .other = on_off,
};

FIXTURE_VARIANT_ADD(races, victim_dies_and_commit)
{
	.one = replace_victim, .other = stage_on_commit_off,
};

FIXTURE_VARIANT_ADD(races, victim_dies_and_read)
{
	.one = replace_victim, .other = read_status,
};

TEST_F(races, race)
{
	long long end = damon_sysfs_now_ms() +
			damon_sysfs_option("DAMON_TEST_MS", 600);
	pid_t one = start_part(0, variant->one, end);
	pid_t other = start_part(1, variant->other, end);
	struct tally *t = shared->tally;

	EXPECT_TRUE(part_ended_well(one));
	EXPECT_TRUE(part_ended_well(other));
	printf("# done %lu, refused %lu; done %lu, refused %lu\n",
	       t[0].done, t[0].refused, t[1].done, t[1].refused);
	EXPECT_TRUE(both_done());
}

FIXTURE(alone) {
	pid_t victim;
};

FIXTURE_SETUP(alone)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
}

FIXTURE_TEARDOWN(alone)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

/*
 * hazard A2: stopped before its thread has done anything. A slow kernel does
 * what it can in 20 s, unless told how often.
 */
TEST_F_TIMEOUT(alone, start_stop, 600)
{
	long nr = damon_sysfs_option("DAMON_TEST_STARTS", 0), i;
	long long end = damon_sysfs_now_ms() + 20000;

	for (i = 0; i < (nr ?: 1000); i++) {
		if (!nr && damon_sysfs_now_ms() > end)
			break;
		ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
		ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
	}
	printf("# started and stopped %ld times\n", i);
	EXPECT_STREQ("off\n", damon_sysfs_text("0/state"));
}

/* Write again and again, in a child that is killed after @us microseconds. */
static void killed_write(const char *path, const char *text, int us)
{
	pid_t child = fork();

	if (!child)
		for (;;)
			damon_sysfs_write(path, text);
	usleep(us);
	damon_sysfs_kill(child);
}

/* A writer that is killed leaves what it wrote to as it was, or changed. */
TEST_F_TIMEOUT(alone, writer_killed, 240)
{
	static const struct {
		const char *path, *text;
	} writes[] = {
		{ "0/state", "on" },
		{ "0/state", "commit" },
		{ "0/state", "off" },
		{ TARGETS "nr_targets", "3000" },
	};
	long long end = damon_sysfs_now_ms() +
			2 * damon_sysfs_option("DAMON_TEST_MS", 600);
	unsigned int i, round;
	long nr;

	for (round = 0; damon_sysfs_now_ms() < end; round++) {
		i = round % ARRAY_SIZE(writes);
		killed_write(writes[i].path, writes[i].text,
			     round * 7919 % 20000);
	}
	/* The last one is there whole, or not at all. */
	nr = damon_sysfs_read_long(TARGETS "nr_targets");
	EXPECT_TRUE(nr == 0 || nr == 1 || nr == 3000) TH_LOG("%ld", nr);
	EXPECT_EQ(nr == 3000 ? 0 : -ENOENT,
		  damon_sysfs_write(TARGETS "2999/pid_target", "1"));
	damon_sysfs_write("0/state", "off");
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
}

/* hazards C11, C16: files that are open when their directory goes. */
TEST_F(alone, open_files)
{
	static const char * const paths[] = {
		"0/state", "0/pid", "0/last_error", "0/contexts/nr_contexts",
		ATTRS "intervals/sample_us", CONTEXT "operations",
		TARGETS "nr_targets", TARGET "pid_target",
	};
	int fds[ARRAY_SIZE(paths)];
	unsigned int i, round;
	char buf[64];

	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, damon_sysfs_stage(self->victim));
		for (i = 0; i < ARRAY_SIZE(paths); i++) {
			fds[i] = damon_sysfs_open(paths[i], O_RDONLY);
			ASSERT_LE(0, fds[i]);
		}
		ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
		ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
		/* The same names again, at once. */
		ASSERT_EQ(0, damon_sysfs_stage(self->victim));
		for (i = 0; i < ARRAY_SIZE(paths); i++) {
			EXPECT_EQ(-1, read(fds[i], buf, sizeof(buf)));
			EXPECT_EQ(ENODEV, errno);
			close(fds[i]);
			EXPECT_STRNE("?", damon_sysfs_text(paths[i]));
		}
		EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
		EXPECT_EQ(0, damon_sysfs_write("0/state", "off"));
	}
}

/* All staged directories go while it runs; it does not notice. */
TEST_F(alone, directories_go)
{
	long pid;
	int i;

	ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
	pid = damon_sysfs_read_long("0/pid");
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, damon_sysfs_write(TARGET "regions/nr_regions", "2"));
		EXPECT_EQ(0, damon_sysfs_write(TARGETS "nr_targets", "0"));
		EXPECT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "0"));
		EXPECT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "1"));
		EXPECT_EQ(0, damon_sysfs_write(TARGETS "nr_targets", "1"));
	}
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
}

TEST_HARNESS_MAIN
