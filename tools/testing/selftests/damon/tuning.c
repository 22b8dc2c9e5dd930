// SPDX-License-Identifier: GPL-2.0
/*
 * Tuned intervals: where they settle, for three programs. Needs a clock that counts
 * instructions (kernel argument "icount"), so that a program is as fast as it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest_harness.h"
#include "damon_program.h"
#include "damon_sysfs.h"

#define INTERVALS	"0/contexts/0/monitoring_attrs/intervals/"
#define REGIONS		"0/contexts/0/targets/0/regions/"
#define GOAL		INTERVALS "intervals_goal/"
#define MIN_US		1000
#define MAX_US		100000
#define SAMPLES		10
#define TOTAL		(32 * DAMON_MIB)
#define PATIENCE	3600

FIXTURE(tuning) {
	struct damon_program program;
};

/* Where the sampling interval ends up, in us. */
FIXTURE_VARIANT(tuning) {
	size_t hot;
	int period_ms;
	long at_least;
	long at_most;
};

/* Nothing to be seen: as long as may be. */
FIXTURE_VARIANT_ADD(tuning, idle) {
	.at_least = MAX_US, .at_most = MAX_US,
};

/* All there is, all the time: as short as may be. */
FIXTURE_VARIANT_ADD(tuning, all_hot) {
	.hot = TOTAL, .period_ms = 1, .at_least = MIN_US, .at_most = MIN_US,
};

/*
 * An eighth of it, every 20 ms: 4 in 100 looks meet an access if the interval is
 * 0.32 of that.
 */
FIXTURE_VARIANT_ADD(tuning, small_hot) {
	.hot = TOTAL / 8, .period_ms = 20, .at_least = 4000, .at_most = 12000,
};

FIXTURE_SETUP(tuning)
{
	ASSERT_TRUE(damon_clock_counts())
		TH_LOG("the clock does not count instructions");
	ASSERT_EQ(0, damon_sysfs_reset());
	self->program = (struct damon_program){
		.sz = TOTAL, .hot = variant->hot,
		.period_ms = variant->period_ms,
	};
	ASSERT_EQ(0, damon_program_start(&self->program));
	/* The memory, and nothing of what lies around it. */
	ASSERT_EQ(0, damon_sysfs_stage(self->program.pid));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/0/operations", "fvaddr"));
	ASSERT_EQ(0, damon_sysfs_write(REGIONS "nr_regions", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long(REGIONS "0/start",
					    (long)self->program.memory));
	ASSERT_EQ(0, damon_sysfs_write_long(REGIONS "0/end",
					    (long)self->program.memory + TOTAL));
	ASSERT_EQ(0, damon_sysfs_write(GOAL "access_bp", "400"));
	ASSERT_EQ(0, damon_sysfs_write(GOAL "aggrs", "2"));
	ASSERT_EQ(0, damon_sysfs_write_long(GOAL "min_sample_us", MIN_US));
	ASSERT_EQ(0, damon_sysfs_write_long(GOAL "max_sample_us", MAX_US));
}

FIXTURE_TEARDOWN(tuning)
{
	damon_program_end(&self->program);
	EXPECT_EQ(0, damon_sysfs_reset());
}

TEST_F_TIMEOUT(tuning, settles, PATIENCE)
{
	long settled = damon_sysfs_option("DAMON_TEST_SECONDS", 5) * 1000;
	/* From both ends. */
	static const long begins[] = { MIN_US, 5000, MAX_US };
	long sample, aggr, least, most;
	long long begin, now;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		ASSERT_EQ(0, damon_sysfs_write_long(INTERVALS "sample_us",
						    begins[i]));
		ASSERT_EQ(0, damon_sysfs_write_long(INTERVALS "aggr_us",
						    SAMPLES * begins[i]));
		ASSERT_EQ(0, damon_sysfs_write("0/state", "on"));
		least = MAX_US;
		most = 0;
		begin = damon_sysfs_now_ms();
		do {
			damon_sysfs_sleep_ms(50);
			now = damon_sysfs_now_ms();
			ASSERT_EQ(0, damon_sysfs_write("0/state",
						       "update_tuned_intervals"));
			sample = damon_sysfs_read_long(INTERVALS "sample_us");
			aggr = damon_sysfs_read_long(INTERVALS "aggr_us");
			ASSERT_LE(MIN_US, sample);
			ASSERT_GE(MAX_US, sample);
			ASSERT_EQ(SAMPLES * sample, aggr);
			/* Five tunings at the longest window. */
			if (now < begin + 10000)
				continue;
			if (sample < least)
				least = sample;
			if (sample > most)
				most = sample;
		} while (now < begin + 10000 + settled);
		TH_LOG("from %ld us: between %ld and %ld us", begins[i], least,
		       most);
		EXPECT_LE(variant->at_least, least);
		EXPECT_GE(variant->at_most, most);
		EXPECT_GE(2 * least, most);
		ASSERT_EQ(0, damon_sysfs_write("0/state", "off"));
	}
}

TEST_HARNESS_MAIN
