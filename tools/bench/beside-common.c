// SPDX-License-Identifier: GPL-2.0
/* See beside.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "damon_sysfs.h"

void beside_fail(const char *fmt, ...)
{
	va_list args;

	printf("bench: ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (%s)\n", strerror(errno));
	beside_end(-1);
}

void beside_end(int status)
{
	printf("bench: end %d\n", status);
	fflush(stdout);
	/* What is printed passes through init; then nothing is left to be tidied up. */
	beside_sleep_until(beside_now() + 200 * MSEC);
	reboot(RB_AUTOBOOT);
	exit(1);
}

static int set(struct beside_option *list, const char *word)
{
	const char *value = strchr(word, '=');

	for (; value && list->name; list++) {
		if (strlen(list->name) != (size_t)(value - word) ||
		    strncmp(list->name, word, value - word))
			continue;
		list->value = atol(value + 1);
		return 0;
	}
	return value && !strncmp(word, "seed=", 5) ? 0 : -1;
}

int beside_options(const char *key, struct beside_option *list)
{
	static char line[2048];
	FILE *f = fopen("/proc/cmdline", "r");
	char *at, *word, *rest;

	setvbuf(stdout, NULL, _IOLBF, 0);
	at = f && fgets(line, sizeof(line), f) ? strstr(line, key) : NULL;
	if (f)
		fclose(f);
	if (!at)
		return 0;
	at += strlen(key);
	at[strcspn(at, "\n ")] = '\0';
	strtok_r(at, ",", &rest);
	while ((word = strtok_r(NULL, ",", &rest))) {
		if (set(list, word)) {
			printf("bench: what is '%s'?\n", word);
			return -1;
		}
	}
	return 0;
}

long beside_option(const struct beside_option *list, const char *name)
{
	while (strcmp(list->name, name))
		list++;
	return list->value;
}

uint64_t beside_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

void beside_sleep_until(uint64_t ns)
{
	struct timespec ts = { ns / SEC, ns % SEC };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

uint64_t beside_cpu_time(long pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		beside_fail("%s cannot be read", path);
	fclose(f);
	return ns;
}

uint64_t beside_cost(int kdamond, const char *key)
{
	char path[32], *line, *rest;
	static char text[DAMON_SYSFS_PAGE + 1];
	size_t len = strlen(key);

	snprintf(path, sizeof(path), "%d/cost", kdamond);
	snprintf(text, sizeof(text), "%s", damon_sysfs_text(path));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!strncmp(line, key, len) && (line[len] == ' ' || line[len] == ':'))
			return strtoull(line + len + 1, NULL, 0);
	beside_fail("no %s in %s", key, path);
}

void beside_pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set))
		beside_fail("processor %d for %d", cpu, pid);
}

void beside_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		beside_fail("writing '%s' to %s", text, path);
	close(fd);
}

void beside_stage(pid_t pid, long sample_us, long aggr_us, long min, long max)
{
	static const char attrs[] = "0/contexts/0/monitoring_attrs/";
	const struct {
		const char *file;
		long value;
	} rows[] = {
		{ "intervals/sample_us", sample_us },
		{ "intervals/aggr_us", aggr_us },
		{ "nr_regions/max", max },
		{ "nr_regions/min", min },
	};
	char path[128];
	unsigned int i;

	if (damon_sysfs_stage(pid) ||
	    damon_sysfs_write("0/contexts/0/operations", "vaddr"))
		beside_fail("staging");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", attrs, rows[i].file);
		if (damon_sysfs_write_long(path, rows[i].value))
			beside_fail("%s", path);
	}
}
