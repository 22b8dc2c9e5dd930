// SPDX-License-Identifier: GPL-2.0
/*
 * What one look at one region costs: a child with 512 MiB of 4 KiB pages, or 5 TiB of
 * 1 GiB pages in 5,120 mappings, and a kdamond with a fixed number of regions on them;
 * or on the physical memory from the first to the last of the 4 KiB pages.
 * Run in a guest whose clock counts instructions, where the run time of the thread is
 * their number.
 *
 * For each case prints "cost: CASE ASKED REGIONS PER-TICK PER-SAMPLE PERIOD": the
 * number of regions asked for, the number that there were (the mean of what is counted
 * just before and just after), instructions of the thread a tick that was asked for,
 * these divided by the number of regions, and the sampling period as a multiple of the
 * one asked for. Nothing is traced while cost is taken.
 */
#define _GNU_SOURCE
#include <linux/memfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "damon_scheme.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define SAMPLE_US	5000
#define AGGR_US		100000
#define WARM_MS		1000
#define RUN_MS		1000
#define COUNT_MS	250
#define TOUCH_MS	4	/* less than a sampling interval */
#define PFN_MASK	((1UL << 55) - 1)
#define ATTRS		"0/contexts/0/monitoring_attrs/"
#define TARGET		"0/contexts/0/targets/0/"

struct kind {
	const char *name;
	unsigned long size;
	unsigned long leaf;
	int busy;		/* every page is touched in each sampling interval */
	int physical;		/* monitored as such */
};

static const struct kind kinds[] = {
	{ "idle", 512 * MIB, 4096, 0, 0 },
	{ "young", 512 * MIB, 4096, 1, 0 },
	{ "vmas", 5120 * GIB, GIB, 1, 0 },
	{ "pidle", 512 * MIB, 4096, 0, 1 },
	{ "pyoung", 512 * MIB, 4096, 1, 1 },
};

/* Stamps of the windows seen, from their first regions. */
struct windows {
	unsigned int nr;
	unsigned long regions;
	uint64_t first, last;
};

static void __attribute__((noreturn)) fail(const char *what)
{
	printf("cost: %s failed\n", what);
	exit(1);
}

static void put(const char *file, unsigned long value)
{
	if (damon_sysfs_write_long(file, value)) {
		printf("cost: writing %lu to %s failed\n", value, file);
		exit(1);
	}
}

static char *map_pages(const struct kind *kind)
{
	unsigned int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *space, *arena;
	unsigned long at;
	int fd;

	space = mmap(NULL, kind->size + GIB, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (space == MAP_FAILED)
		fail("mmap");
	arena = (char *)(((unsigned long)space + GIB - 1) & ~(GIB - 1));
	madvise(arena, kind->size, MADV_NOHUGEPAGE);
	if (kind->leaf < GIB)
		return arena;
	fd = memfd_create("cost", MFD_HUGETLB | MFD_HUGE_1GB);
	if (fd < 0 || ftruncate(fd, GIB))
		fail("memfd_create");
	for (at = 0; at < kind->size; at += GIB)
		if (mmap(arena + at, GIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 fd, 0) == MAP_FAILED)
			fail("mapping a 1 GiB page");
	close(fd);
	return arena;
}

static void __attribute__((noreturn)) work(const struct kind *kind, char *arena)
{
	volatile char *at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (madvise(arena, kind->size, MADV_POPULATE_WRITE))
		fail("MADV_POPULATE_WRITE");
	for (;; damon_sysfs_sleep_ms(kind->busy ? TOUCH_MS : 1000))
		for (at = arena; kind->busy && at < arena + kind->size; at += kind->leaf)
			(void)*at;
}

/* Idle means that no accessed bit is left from before, either. */
static void forget(pid_t pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	f = fopen(path, "w");
	if (!f || fputs("1", f) < 0 || fclose(f))
		fail("clear_refs");
}

static unsigned long long cpu_time(long pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		fail("schedstat");
	fclose(f);
	return ns;
}

static void see(const struct damon_event *e, void *data)
{
	struct windows *w = data;

	w->last = e->ns;
	w->first = w->first ?: e->ns;
	w->regions += e->nr_regions;
	w->nr++;
}

/* Only the first region of each window is traced: writing a line takes time too. */
static void watch(unsigned long first, unsigned int ms, struct windows *w)
{
	struct damon_trace *trace = calloc(1, sizeof(*trace));
	char path[256];
	FILE *f;

	if (!trace || damon_trace_open(trace))
		fail("tracing");
	snprintf(path, sizeof(path), "%s/events/damon/damon_aggregated/filter", trace->dir);
	f = fopen(path, "w");
	if (!f || fprintf(f, "start == %lu", first) < 0 || fclose(f))
		fail("the trace filter");
	snprintf(path, sizeof(path), "%s/trace", trace->dir);
	f = fopen(path, "w");
	if (!f || fclose(f))
		fail("clearing the trace");
	damon_sysfs_sleep_ms(ms);
	if (damon_trace_read(trace, see, w) < 0 || w->nr < 2)
		fail("counting regions");
	damon_trace_close(trace);
	free(trace);
}

/* Where in physical memory the pages are; one in each 2 MiB is asked for. */
static void locate(pid_t child, const struct kind *kind, unsigned long *start,
		   unsigned long *end)
{
	char *arena = (char *)*start, *at;
	unsigned long page;

	*start = ~0UL;
	*end = 0;
	for (at = arena; at < arena + kind->size; at += 2 * MIB) {
		page = (damon_pagemap(child, at) & PFN_MASK) * 4096;
		if (!page)
			fail("pagemap");
		*start = page < *start ? page : *start;
		*end = page + 4096 > *end ? page + 4096 : *end;
	}
}

static void stage(pid_t child, const struct kind *kind, unsigned long start,
		  unsigned long end, unsigned int regions)
{
	if (damon_sysfs_stage(child) ||
	    damon_sysfs_write("0/contexts/0/operations",
			      kind->physical ? "paddr" : "fvaddr"))
		fail("staging");
	put(ATTRS "intervals/sample_us", SAMPLE_US);
	put(ATTRS "intervals/aggr_us", AGGR_US);
	put(ATTRS "nr_regions/max", regions);
	put(ATTRS "nr_regions/min", regions);
	put(TARGET "regions/nr_regions", 1);
	put(TARGET "regions/0/start", start);
	put(TARGET "regions/0/end", end);
}

static void measure(const struct kind *kind, unsigned int regions)
{
	unsigned long long before, ns;
	struct windows w[2] = { 0 };
	unsigned long start, end;
	double mean;
	long kdamond;
	char *arena;
	pid_t child;

	arena = map_pages(kind);
	start = (unsigned long)arena;
	end = start + kind->size;
	child = fork();
	if (!child)
		work(kind, arena);
	damon_sysfs_sleep_ms(1000);
	if (!kind->busy)
		forget(child);
	if (kind->physical)
		locate(child, kind, &start, &end);
	stage(child, kind, start, end, regions);
	if (damon_sysfs_write("0/state", "on"))
		fail("starting the monitor");
	kdamond = damon_sysfs_read_long("0/pid");
	damon_sysfs_sleep_ms(WARM_MS);
	watch(start, COUNT_MS + AGGR_US / 1000, &w[0]);
	before = cpu_time(kdamond);
	damon_sysfs_sleep_ms(RUN_MS);
	ns = cpu_time(kdamond) - before;
	ns /= RUN_MS * 1000 / SAMPLE_US;
	watch(start, RUN_MS + COUNT_MS, &w[1]);
	mean = ((double)w[0].regions / w[0].nr + (double)w[1].regions / w[1].nr) / 2;
	printf("cost: %-6s %4u %4.0f %7llu %6.0f %.4f\n", kind->name, regions, mean, ns,
	       ns / mean, (w[1].last - w[1].first) / (w[1].nr - 1) / 1e3 / AGGR_US);
	damon_sysfs_reset();
	damon_sysfs_kill(child);
	munmap(arena, kind->size);
}

int main(void)
{
	static const unsigned int regions[] = { 3, 10, 100, 1000 };
	unsigned int i, j;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		for (j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++)
			measure(&kinds[j], regions[i]);
	return 0;
}
