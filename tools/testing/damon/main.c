// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests whose names contain the argument, or all, and prints KTAP.
 * Exits with 1 if one failed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ktap.h"
#include "sim.h"

/* More than that of one test helps nobody. */
#define KTAP_MAX_TOLD	10

static unsigned int ktap_failed;

bool ktap_expect(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	if (ok)
		return true;
	if (ktap_failed++ < KTAP_MAX_TOLD) {
		printf("# %s:%d: expected ", file, line);
		va_start(args, fmt);
		vprintf(fmt, args);
		va_end(args);
		printf("\n");
	}
	return false;
}

static const struct ktap_test *const suites[] = {
	region_tests,
	adapt_tests,
	config_tests,
	nomem_tests,
	sequence_tests,
	accuracy_tests,
	survey_tests,
	windows_tests,
};

static bool run(const struct ktap_test *test, unsigned int number)
{
	ktap_failed = 0;
	user_alloc_live = 0;
	user_alloc_countdown = -1;
	test->run();
	EXPECT_EQ(user_alloc_live, 0);
	printf("%sok %u %s\n", ktap_failed ? "not " : "", number, test->name);
	fflush(stdout);
	return !ktap_failed;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	unsigned int nr = 0, number = 0, bad = 0, i;
	const struct ktap_test *test;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		for (test = suites[i]; test->name; test++)
			nr += !!strstr(test->name, word);
	printf("KTAP version 1\n1..%u\n", nr);
	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		for (test = suites[i]; test->name; test++)
			if (strstr(test->name, word))
				bad += !run(test, ++number);
	return !nr || bad;
}
