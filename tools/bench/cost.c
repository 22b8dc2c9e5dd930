// SPDX-License-Identifier: GPL-2.0
/*
 * What one look at one region costs: a child with 512 MiB of 4 KiB pages, and a
 * kdamond with a fixed number of regions on them. Run in a guest whose clock
 * counts instructions, where the run time of the thread is their number.
 *
 * For each case prints "cost: CASE ASKED REGIONS PER-TICK PER-SAMPLE": the number
 * of regions asked for, the number that there were, instructions of the thread a
 * tick that was asked for, and these divided by the number of regions.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KDAMONDS	"/sys/kernel/mm/damon/admin/kdamonds/"
#define ARENA_SZ	(512UL << 20)
#define TRACING		"/sys/kernel/tracing/"
#define SAMPLE_US	5000
#define AGGR_MS		100
#define WARM_MS		500
#define RUN_MS		1000

static void put_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != len) {
		printf("cost: writing '%s' to %s: %s\n", text, path,
		       strerror(errno));
		exit(1);
	}
	close(fd);
}

static void put(const char *file, const char *fmt, ...)
{
	char path[256], text[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), KDAMONDS "%s", file);
	put_to(path, text);
}

static unsigned long long get(const char *path)
{
	unsigned long long value = 0;
	FILE *f = fopen(path, "r");

	if (!f || fscanf(f, "%llu", &value) != 1) {
		printf("cost: cannot read %s\n", path);
		exit(1);
	}
	fclose(f);
	return value;
}

static void nap(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* Idle means that no accessed bit is left from before, either. */
static void forget(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	put_to(path, "1");
}

/* How many regions are there? Looks at two windows. */
static unsigned int count_regions(void)
{
	unsigned int nr = 0;
	char line[512], *at;
	FILE *f;

	put_to(TRACING "trace", "");
	put_to(TRACING "events/damon/damon_aggregated/enable", "1");
	nap(2 * AGGR_MS + 50);
	put_to(TRACING "events/damon/damon_aggregated/enable", "0");
	f = fopen(TRACING "trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, "nr_regions=");
		if (at)
			nr = strtoul(at + strlen("nr_regions="), NULL, 10);
	}
	if (f)
		fclose(f);
	return nr;
}

static void measure(const char *name, unsigned int regions, int busy)
{
	unsigned long long before, ns;
	char *arena, schedstat[64];
	unsigned long at;
	unsigned int nr;
	pid_t child;

	arena = mmap(NULL, ARENA_SZ, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		exit(1);
	madvise(arena, ARENA_SZ, MADV_NOHUGEPAGE);
	child = fork();
	if (!child) {
		memset(arena, 1, ARENA_SZ);
		for (;; nap(busy ? 1 : 1000))
			for (at = 0; busy && at < ARENA_SZ; at += 4096)
				*(volatile char *)(arena + at);
	}
	nap(1000);
	if (!busy)
		forget(child);
	put("nr_kdamonds", "1");
	put("0/contexts/nr_contexts", "1");
	put("0/contexts/0/operations", "fvaddr");
	put("0/contexts/0/monitoring_attrs/intervals/sample_us", "%d",
	    SAMPLE_US);
	put("0/contexts/0/monitoring_attrs/nr_regions/max", "%u", regions);
	put("0/contexts/0/monitoring_attrs/nr_regions/min", "%u", regions);
	put("0/contexts/0/targets/nr_targets", "1");
	put("0/contexts/0/targets/0/pid_target", "%d", child);
	put("0/contexts/0/targets/0/regions/nr_regions", "1");
	put("0/contexts/0/targets/0/regions/0/start", "%lu",
	    (unsigned long)arena);
	put("0/contexts/0/targets/0/regions/0/end", "%lu",
	    (unsigned long)arena + ARENA_SZ);
	put("0/state", "on");
	snprintf(schedstat, sizeof(schedstat), "/proc/%llu/schedstat",
		 get(KDAMONDS "0/pid"));
	nap(WARM_MS);
	nr = count_regions();
	before = get(schedstat);
	nap(RUN_MS);
	ns = get(schedstat) - before;
	ns /= RUN_MS * 1000 / SAMPLE_US;
	printf("cost: %-5s %4u %4u %7llu %6.0f\n", name, regions, nr, ns,
	       nr ? (double)ns / nr : 0);
	put("0/state", "off");
	put("nr_kdamonds", "0");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(arena, ARENA_SZ);
}

int main(void)
{
	static const unsigned int regions[] = { 3, 10, 100, 1000 };
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		measure("idle", regions[i], 0);
		measure("young", regions[i], 1);
	}
	return 0;
}
