// SPDX-License-Identifier: GPL-2.0
/*
 * The bench with others beside the monitor, who take accessed bits as it does: a second
 * context on the same process, or reclaim by generations. The word "beside=on,..." of
 * the command line says which:
 *
 *   twice=N     two contexts with the same attributes; the N-th, 1 or 2, is judged
 *   lru_gen=N   what /sys/kernel/mm/lru_gen/enabled is set to
 *   aging_ms=N  a new generation is begun every N ms
 *
 * All of main.c, workload.c and meter.c stays as it is, so that figures with and without
 * others are of the same program: what these call is wrapped by the linker.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "beside.h"
#include "damon_sysfs.h"

#define LRU_GEN_ENABLED	"/sys/kernel/mm/lru_gen/enabled"
#define LRU_GEN		"/sys/kernel/debug/lru_gen"

struct workload;
struct truth;

int __real_meter_run(const struct workload *w, struct truth *truth, pid_t child);
int __real_damon_sysfs_stage(pid_t pid);
int __real_damon_sysfs_write(const char *path, const char *text);
int __real_damon_sysfs_write_long(const char *path, long value);
long __real_damon_sysfs_read_long(const char *path);

int __wrap_meter_run(const struct workload *w, struct truth *truth, pid_t child);
int __wrap_damon_sysfs_stage(pid_t pid);
int __wrap_damon_sysfs_write(const char *path, const char *text);
int __wrap_damon_sysfs_write_long(const char *path, long value);
long __wrap_damon_sysfs_read_long(const char *path);

static struct beside_option options[] = {
	{ "twice", 0 },
	{ "lru_gen", -1 },
	{ "aging_ms", 0 },
	{ NULL, 0 },
};

static bool twice;

/* A path of the first kdamond as one of the second, or NULL if it is none. */
static const char *second(const char *path)
{
	static char other[256];

	if (!twice || strncmp(path, "0/", 2))
		return NULL;
	snprintf(other, sizeof(other), "1%s", path + 1);
	return other;
}

int __wrap_damon_sysfs_stage(pid_t pid)
{
	return twice ? damon_sysfs_stage_many(2, pid) : __real_damon_sysfs_stage(pid);
}

int __wrap_damon_sysfs_write(const char *path, const char *text)
{
	int err = __real_damon_sysfs_write(path, text);

	return err || !second(path) ? err : __real_damon_sysfs_write(second(path), text);
}

int __wrap_damon_sysfs_write_long(const char *path, long value)
{
	int err = __real_damon_sysfs_write_long(path, value);

	return err || !second(path) ? err : __real_damon_sysfs_write_long(second(path), value);
}

/* The meter asks for nothing but the thread's id, once it runs: judge only that one. */
long __wrap_damon_sysfs_read_long(const char *path)
{
	char file[128], filter[64];
	long value;

	if (beside_option(options, "twice") == 2)
		path = second(path) ?: path;
	value = __real_damon_sysfs_read_long(path);
	if (twice) {
		snprintf(file, sizeof(file), "/sys/kernel/tracing/instances/damon.%d/events/"
			 "damon/damon_aggregated/filter", getpid());
		snprintf(filter, sizeof(filter), "common_pid == %ld", value);
		beside_write(file, filter);
	}
	return value;
}

/* One process after the other, if need be: each line is "memcg ID", "node ID", "GEN ...". */
static void age_all(void)
{
	unsigned long memcg = 0, node = 0, gen, max = 0;
	char line[256], order[128];
	FILE *f = fopen(LRU_GEN, "r");
	bool any = false;

	if (!f)
		beside_fail(LRU_GEN);
	for (;;) {
		bool more = fgets(line, sizeof(line), f);
		unsigned long id;

		if (more && sscanf(line, " %lu", &gen) == 1) {
			max = gen;
			any = true;
			continue;
		}
		/* Generations come in order; what follows the last ends the list. */
		if (any) {
			snprintf(order, sizeof(order), "+ %lu %lu %lu 1 1", memcg, node, max);
			beside_write(LRU_GEN, order);
			any = false;
		}
		if (!more)
			break;
		if (sscanf(line, " memcg %lu", &id) == 1)
			memcg = id;
		else if (sscanf(line, " node %lu", &id) == 1)
			node = id;
	}
	fclose(f);
}

static pid_t start_aging(uint64_t period_ns)
{
	uint64_t next = beside_now();
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;; beside_sleep_until(next)) {
		age_all();
		next += period_ns;
	}
}

int __wrap_meter_run(const struct workload *w, struct truth *truth, pid_t child)
{
	char text[32];
	pid_t ager = 0;
	long ms;
	int ret;

	if (beside_options(" beside=", options))
		return -1;
	twice = beside_option(options, "twice");
	if (beside_option(options, "lru_gen") >= 0) {
		snprintf(text, sizeof(text), "%ld", beside_option(options, "lru_gen"));
		beside_write(LRU_GEN_ENABLED, text);
	}
	ms = beside_option(options, "aging_ms");
	if (ms)
		ager = start_aging(ms * MSEC);
	ret = __real_meter_run(w, truth, child);
	if (ager)
		printf("bench: aging took %.4f M instructions\n", beside_cpu_time(ager) / 1e6);
	return ret;
}
