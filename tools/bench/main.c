// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the one test that the kernel's command line names, as in
 *
 *   bench=T1,seed=3,run_ms=3000
 *
 * where the words after the name override fields of the test's row. Prints lines
 * "bench: window MS F1 PRECISION RECALL REGIONS", one a snapshot, then one line
 * "bench: result KEY=VALUE..."; anything else after "bench: " says what went wrong.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* Time for the monitored program to settle before the monitor starts. */
#define SETTLE_NS	(100 * MSEC)

static const struct option {
	const char *name;
	size_t offset;
} options[] = {
	{ "run_ms", offsetof(struct workload, run_ms) },
	{ "sample_us", offsetof(struct workload, sample_us) },
	{ "aggr_us", offsetof(struct workload, aggr_us) },
	{ "min", offsetof(struct workload, min_regions) },
	{ "max", offsetof(struct workload, max_regions) },
	{ "period_us", offsetof(struct workload, period_us) },
	{ "permille", offsetof(struct workload, permille) },
};

static bool set_option(struct workload *w, const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = value ? value - word : 0, i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, word, len))
			continue;
		*(unsigned int *)((char *)w + options[i].offset) = atol(value + 1);
		return true;
	}
	if (strncmp(word, "seed=", 5))
		return false;
	truth_seed(atol(word + 5));
	return true;
}

static int run(char *request)
{
	char *word, *rest, *name = strtok_r(request, ",", &rest);
	struct truth *truth;
	struct workload w;
	pid_t child;

	if (!name || !workload_find(name, &w)) {
		printf("bench: no test '%s'\n", name ?: "");
		return -1;
	}
	while ((word = strtok_r(NULL, ",", &rest))) {
		if (!set_option(&w, word)) {
			printf("bench: what is '%s'?\n", word);
			return -1;
		}
	}
	truth = truth_new(&w);
	if (!truth) {
		printf("bench: no memory\n");
		return -1;
	}
	child = workload_start(&w, truth);
	while (child > 0 && !truth->ready) {
		if (waitpid(child, NULL, WNOHANG) == child)
			child = -1;
		sleep_until(now_ns() + 10 * MSEC);
	}
	if (child < 0) {
		printf("bench: the monitored program did not get ready\n");
		return -1;
	}
	sleep_until(now_ns() + SETTLE_NS);
	if (!w.snapshot)
		return meter_run(&w, truth, child);
	if (snapshot_run)
		return snapshot_run(&w, child);
	printf("bench: %s is not in this program\n", name);
	return -1;
}

int main(void)
{
	char cmdline[2048], *at;
	FILE *f = fopen("/proc/cmdline", "r");
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	at = f && fgets(cmdline, sizeof(cmdline), f) ? strstr(cmdline, " bench=") : NULL;
	if (!at) {
		printf("bench: the command line does not say what to run\n");
		return 1;
	}
	at += strlen(" bench=");
	at[strcspn(at, "\n ")] = '\0';
	ret = run(at);
	printf("bench: end %d\n", ret);
	/* What is printed passes through init; then nothing is left to be tidied up. */
	sleep_until(now_ns() + 200 * MSEC);
	reboot(RB_AUTOBOOT);
	return 1;
}
