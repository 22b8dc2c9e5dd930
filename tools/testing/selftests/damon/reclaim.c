// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive reclaim, end to end: a program uses a quarter of its memory, the rest
 * is cold. What becomes of both is read from page tables, from the size of the
 * process, and from the faults that it had. Needs a clock that counts instructions
 * (kernel argument "icount"), so that the program uses its memory when it says so.
 *
 * Environment: DAMON_TEST_SECONDS, how long reclaim goes on (10).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest_harness.h"
#include "damon_program.h"
#include "damon_scheme.h"
#include "damon_sysfs.h"

#define PAGE		DAMON_SYSFS_PAGE
#define TOTAL		(64 * DAMON_MIB)
#define HOT		(TOTAL / 4)
#define PATIENCE	3600

FIXTURE(reclaim) {
	struct damon_program program;
};

FIXTURE_SETUP(reclaim)
{
	int err = damon_make_swap();

	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, err)
		TH_LOG("no swap space on zram: %s", strerror(-err));
	ASSERT_EQ(0, damon_sysfs_reset());
}

FIXTURE_TEARDOWN(reclaim)
{
	damon_program_end(&self->program);
	EXPECT_EQ(0, damon_sysfs_reset());
}

/* How the hot part is used. */
FIXTURE_VARIANT(reclaim) {
	int period_ms;
	bool scattered;
};

FIXTURE_VARIANT_ADD(reclaim, often) { .period_ms = 10 };
/* More seldom than two windows are long. */
FIXTURE_VARIANT_ADD(reclaim, now_and_then) { .period_ms = 250 };
FIXTURE_VARIANT_ADD(reclaim, seldom) { .period_ms = 600 };
/* Each ms another small part of it. */
FIXTURE_VARIANT_ADD(reclaim, scattered) { .period_ms = 1, .scattered = true };

static long rss_kib(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return damon_number_of(path, "VmRSS");
}

TEST_F_TIMEOUT(reclaim, takes_the_cold_only, PATIENCE)
{
	long seconds = damon_sysfs_option("DAMON_TEST_SECONDS", 10);
	unsigned long few = HOT / PAGE / 50;
	unsigned long cold, hot, i;
	long rss;

	self->program = (struct damon_program){
		.sz = TOTAL, .hot = HOT, .period_ms = variant->period_ms,
		.scattered = variant->scattered,
	};
	ASSERT_EQ(0, damon_program_start(&self->program));
	ASSERT_EQ(0, damon_sysfs_stage(self->program.pid));
	/* What was not used for a second. */
	ASSERT_EQ(0, damon_scheme_stage("pageout", "0", "10"));
	rss = rss_kib(self->program.pid);
	ASSERT_LE((long)TOTAL / 1024, rss);
	ASSERT_EQ(0, damon_state("on"));
	for (i = 0, hot = 0; i < seconds * 10UL; i++) {
		unsigned long nr;

		damon_sysfs_sleep_ms(100);
		nr = damon_count_pages(self->program.pid, self->program.memory,
				       self->program.memory + HOT,
				       DAMON_PAGE_SWAPPED);
		if (nr > hot)
			hot = nr;
	}
	cold = damon_count_pages(self->program.pid, self->program.memory + HOT,
				 self->program.memory + TOTAL,
				 DAMON_PAGE_SWAPPED);
	TH_LOG("%lu of %lu cold pages are gone, %lu %%; from %ld to %ld KiB",
	       cold, (TOTAL - HOT) / PAGE, cold * 100 / ((TOTAL - HOT) / PAGE),
	       rss, rss_kib(self->program.pid));
	TH_LOG("of %lu hot pages %ld came back, most away at once %lu",
	       HOT / PAGE, damon_program_faults(&self->program), hot);
	EXPECT_LE((TOTAL - HOT) / PAGE * 70 / 100, cold);
	/* No part of the cold ever comes back: what did was hot. */
	EXPECT_GT((long)few, damon_program_faults(&self->program));
	EXPECT_GT(few, hot);
	EXPECT_GE(rss - (long)(TOTAL - HOT) / 1024 * 70 / 100,
		  rss_kib(self->program.pid));
}

TEST_HARNESS_MAIN
