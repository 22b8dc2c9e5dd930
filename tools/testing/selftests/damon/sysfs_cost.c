// SPDX-License-Identifier: GPL-2.0
/*
 * What monitoring costs, read from the file cost: before, during and after a run,
 * by one reader and by many. How much it is depends on the machine; that it fits
 * together, and never decreases, does not.
 */
#include <errno.h>
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

#define ATTRS		"0/contexts/0/monitoring_attrs/"

/* Generous: the guest may be slow. What hangs takes for ever. */
#define TIMEOUT_MS	20000

#define NR_READERS	8

/* Keys in the order in which they stand in the file. */
enum key {
	ELAPSED, RUNTIME, SAMPLING, ADAPTING, CALLBACKS, SCHEMES, COMMANDS,
	FLUSH, TLB_FLUSHES, SAMPLES, SURVEYED, TICKS, TICKS_MISSED,
	PROCESSES_MISSED, NR_KEYS,
};

static const char * const names[NR_KEYS] = {
	[ELAPSED] = "elapsed_ns",	[RUNTIME] = "runtime_ns",
	[SAMPLING] = "sampling_ns",	[ADAPTING] = "adapting_ns",
	[CALLBACKS] = "callbacks_ns",	[SCHEMES] = "schemes_ns",
	[COMMANDS] = "commands_ns",	[FLUSH] = "flush_ns",
	[TLB_FLUSHES] = "tlb_flushes",	[SAMPLES] = "samples",
	[SURVEYED] = "surveyed",	[TICKS] = "ticks",
	[TICKS_MISSED] = "ticks_missed",
	[PROCESSES_MISSED] = "processes_missed",
};

struct cost {
	unsigned long long value[NR_KEYS];
};

static int command(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

/* Returns whether it reads as it should: every key, a number, nothing else. */
static bool read_cost(struct cost *cost)
{
	char text[DAMON_SYSFS_PAGE + 1], *at = text;
	int len = damon_sysfs_read("0/cost", text), used, i;
	char name[32];

	if (len < 0) {
		printf("# cost: %s\n", strerror(-len));
		return false;
	}
	for (i = 0; i < NR_KEYS; i++) {
		if (sscanf(at, "%31s %llu%n", name, &cost->value[i], &used) != 2 ||
		    strcmp(name, names[i]) || at[used] != '\n') {
			printf("# no %s at '%s'\n", names[i], at);
			return false;
		}
		at += used + 1;
	}
	return !*at;
}

/* It is as of one moment: the parts add up. */
static bool adds_up(const struct cost *cost)
{
	unsigned long long sum = 0;
	int i;

	for (i = SAMPLING; i <= COMMANDS; i++)
		sum += cost->value[i];
	if (sum != cost->value[RUNTIME])
		printf("# parts %llu, runtime_ns %llu\n", sum,
		       cost->value[RUNTIME]);
	return sum == cost->value[RUNTIME];
}

static bool has_grown(const struct cost *early, const struct cost *late)
{
	int i;

	for (i = 0; i < NR_KEYS; i++) {
		if (late->value[i] >= early->value[i])
			continue;
		printf("# %s: %llu, then %llu\n", names[i], early->value[i],
		       late->value[i]);
		return false;
	}
	return true;
}

/* Read until a value is above @above. Returns false if it does not get there. */
static bool wait_above(struct cost *cost, enum key key, unsigned long long above)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	struct cost last = {};

	do {
		if (!read_cost(cost) || !adds_up(cost) ||
		    !has_grown(&last, cost))
			return false;
		last = *cost;
		if (cost->value[key] > above)
			return true;
		damon_sysfs_sleep_ms(5);
	} while (damon_sysfs_now_ms() < end);
	printf("# %s stays at %llu\n", names[key], cost->value[key]);
	return false;
}

FIXTURE(cost) {
	pid_t victim;
};

FIXTURE_SETUP(cost)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
}

FIXTURE_TEARDOWN(cost)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

TEST_F(cost, life)
{
	static const struct cost none;
	struct cost a, b;

	ASSERT_TRUE(read_cost(&a));
	EXPECT_EQ(0, memcmp(&none, &a, sizeof(a)));

	ASSERT_EQ(0, command("on"));
	ASSERT_TRUE(wait_above(&a, TICKS, 40));
	EXPECT_LT(0, a.value[SAMPLING]);
	EXPECT_LT(0, a.value[ADAPTING]);
	EXPECT_LT(a.value[RUNTIME], a.value[ELAPSED]);
	EXPECT_LT(40 * 5000000ULL, a.value[ELAPSED]);

	/* What it was in all stays, and is from after the last read. */
	ASSERT_EQ(0, command("off"));
	ASSERT_TRUE(read_cost(&b));
	EXPECT_TRUE(adds_up(&b));
	EXPECT_TRUE(has_grown(&a, &b));
	EXPECT_LT(a.value[RUNTIME], b.value[RUNTIME]);
	damon_sysfs_sleep_ms(50);
	ASSERT_TRUE(read_cost(&a));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));

	/* Each run by itself. A refused start is none. */
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/min", "2"));
	EXPECT_EQ(-EINVAL, command("on"));
	ASSERT_TRUE(read_cost(&a));
	EXPECT_EQ(0, memcmp(&a, &b, sizeof(a)));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/min", "10"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "30000000"));
	ASSERT_EQ(0, command("on"));
	ASSERT_TRUE(read_cost(&a));
	EXPECT_GT(b.value[ELAPSED], a.value[ELAPSED]);
	EXPECT_GT(b.value[TICKS], a.value[TICKS]);
}

TEST_F(cost, target_ends)
{
	struct cost cost, again;

	ASSERT_EQ(0, command("on"));
	ASSERT_TRUE(wait_above(&cost, TICKS, 0));
	damon_sysfs_kill(self->victim);
	ASSERT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	ASSERT_TRUE(read_cost(&again));
	EXPECT_TRUE(has_grown(&cost, &again));
	EXPECT_TRUE(adds_up(&again));
	self->victim = damon_sysfs_victim();
}

/* A window of hours, a tick of hours: what is known is told all the same. */
TEST_F(cost, long_intervals)
{
	struct cost cost;

	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", "36000000000"));
	ASSERT_EQ(0, command("on"));
	ASSERT_TRUE(wait_above(&cost, TICKS, 0));
	EXPECT_LT(0, cost.value[SAMPLING]);
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "36000000000"));
	ASSERT_EQ(0, command("commit"));
	ASSERT_TRUE(wait_above(&cost, COMMANDS, 0));
}

/* Applied by a commit; neither the thread nor what it has counted changes. */
TEST_F(cost, tlb_honesty)
{
	static const char * const values[] = { "Y", "Y", "N", "Y" };
	struct cost cost, last = {};
	unsigned int i;
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		ASSERT_EQ(0, damon_sysfs_write(ATTRS "tlb_honesty", values[i]));
		ASSERT_EQ(0, command("commit"));
		ASSERT_TRUE(wait_above(&cost, TICKS, last.value[TICKS]));
		EXPECT_TRUE(has_grown(&last, &cost));
		EXPECT_EQ(pid, damon_sysfs_read_long("0/pid"));
		last = cost;
	}
	EXPECT_LT(0, cost.value[COMMANDS]);
	ASSERT_EQ(0, command("off"));
	/* It is there from the start as well. */
	EXPECT_STREQ("Y\n", damon_sysfs_text(ATTRS "tlb_honesty"));
	EXPECT_EQ(0, command("on"));
	EXPECT_TRUE(wait_above(&cost, TICKS, 0));
}

/* Reads until told to end. Returns its exit status. */
static int reader(const bool *stop)
{
	struct cost cost, last = {};
	unsigned long nr = 0;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		if (!read_cost(&cost) || !adds_up(&cost))
			return 1;
		/* Commands go on meanwhile, but only one start. */
		if (!has_grown(&last, &cost))
			return 2;
		last = cost;
		nr++;
	}
	return nr ? 0 : 3;
}

TEST_F(cost, many_readers)
{
	pid_t readers[NR_READERS];
	struct cost cost, last = {};
	int i, status;
	bool *stop;

	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stop);
	for (i = 0; i < NR_READERS; i++) {
		readers[i] = fork();
		if (!readers[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(reader(stop));
		}
	}
	EXPECT_EQ(0, command("on"));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, command("commit"));
		EXPECT_TRUE(wait_above(&cost, TICKS, last.value[TICKS]));
		last = cost;
	}
	EXPECT_EQ(0, command("off"));
	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < NR_READERS; i++) {
		EXPECT_EQ(readers[i], waitpid(readers[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	munmap(stop, sizeof(*stop));
}

TEST_HARNESS_MAIN
