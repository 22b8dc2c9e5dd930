// SPDX-License-Identifier: GPL-2.0
/*
 * Every kind of page table entry that a walk meets: pages of each size seen
 * hot while they are used and cold after, with nothing lost on the way; tables
 * that come and go under the walk; processes that become other programs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define MIB		(1UL << 20)
#define ATTRS		"0/contexts/0/monitoring_attrs/"
#define NR_SAMPLES	20
/* Nothing is expected within a time, but a test must end. */
#define TIMEOUT_MS	60000

/* Written by the parent, read by the child. */
struct orders {
	volatile bool ready;
	volatile bool touch;
};

/* The last complete window: how much of a range was found accessed. */
struct window {
	unsigned long start, end;
	uint64_t ns;
	double accessed, bytes;	/* of the window that is being read */
	double share;		/* of the last complete one, or -1 */
	unsigned int nr;	/* complete windows */
};

static struct orders *orders;

static void watch(const struct damon_event *e, void *data)
{
	struct window *w = data;
	unsigned long a = e->start > w->start ? e->start : w->start;
	unsigned long b = e->end < w->end ? e->end : w->end;

	if (e->ns - w->ns > 3000000) {
		if (w->bytes) {
			w->share = w->accessed / w->bytes;
			w->nr++;
		}
		w->ns = e->ns;
		w->accessed = 0;
		w->bytes = 0;
	}
	if (a < b) {
		w->bytes += b - a;
		w->accessed += (double)(b - a) * e->nr_accesses / NR_SAMPLES;
	}
}

/* Wait for a window that found a share of the range in [lo, hi]. */
static bool wait_share(struct damon_trace *trace, struct window *w, double lo,
		       double hi)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;

	w->share = -1;
	w->nr = 0;
	while (damon_sysfs_now_ms() < end) {
		if (damon_trace_read(trace, watch, w) < 0)
			return false;
		if (w->share >= lo && w->share <= hi) {
			printf("# share %.3f after %u windows\n", w->share,
			       w->nr);
			return true;
		}
		damon_sysfs_sleep_ms(50);
	}
	printf("# share %.3f of %u windows, not in [%.2f, %.2f]\n", w->share,
	       w->nr, lo, hi);
	return false;
}

static pid_t spawn_toucher(char *at, unsigned long size, unsigned long step)
{
	unsigned long i;
	pid_t child;

	orders->ready = false;
	orders->touch = true;
	child = fork();
	if (child)
		return child;
	/* Only written: a huge page that is read first is split when written. */
	for (;; damon_sysfs_sleep_ms(1)) {
		for (i = 0; orders->touch && i < size; i += step)
			*(volatile char *)(at + i) = 1;
		orders->ready = true;
	}
}

/* Monitor just [at, at + size) of a process. */
static bool start(pid_t pid, void *at, unsigned long size)
{
	if (damon_sysfs_stage(pid) ||
	    damon_sysfs_write("0/contexts/0/operations", "fvaddr") ||
	    damon_sysfs_write("0/contexts/0/targets/0/regions/nr_regions", "1") ||
	    damon_sysfs_write_long("0/contexts/0/targets/0/regions/0/start",
				   (long)at) ||
	    damon_sysfs_write_long("0/contexts/0/targets/0/regions/0/end",
				   (long)at + size))
		return false;
	return !damon_sysfs_write("0/state", "on");
}

/* Hot while touched, cold after, hot again. */
static bool sees_use(char *at, unsigned long size, unsigned long step)
{
	struct damon_trace *trace = malloc(sizeof(*trace));
	struct window w = { (unsigned long)at, (unsigned long)at + size };
	bool ok = false;
	pid_t child;

	if (!trace || damon_trace_open(trace)) {
		free(trace);
		return false;
	}
	child = spawn_toucher(at, size, step);
	while (!orders->ready)
		damon_sysfs_sleep_ms(1);
	if (start(child, at, size) && wait_share(trace, &w, 0.9, 1)) {
		orders->touch = false;
		ok = wait_share(trace, &w, 0, 0.05);	/* hazard E5 */
		orders->touch = true;
		ok = ok && wait_share(trace, &w, 0.9, 1);
	}
	damon_sysfs_reset();
	damon_sysfs_kill(child);
	damon_trace_close(trace);
	free(trace);
	return ok;
}

static char *map(unsigned long size, int flags)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %m\n");
	return at;
}

static void test_small_pages(void)
{
	char *at = map(64 * MIB, MAP_PRIVATE);

	madvise(at, 64 * MIB, MADV_NOHUGEPAGE);
	ksft_test_result(sees_use(at, 64 * MIB, 4096), "pages of 4 KiB\n");
	munmap(at, 64 * MIB);
}

static void test_huge_pages(void)
{
	char *all = map(66 * MIB, MAP_PRIVATE);
	/* Small pages at the edges would not be touched. */
	char *at = (char *)(((uintptr_t)all + 2 * MIB - 1) & -(2 * MIB));
	bool ok;

	ok = !madvise(at, 64 * MIB, MADV_HUGEPAGE);
	ok = ok && sees_use(at, 64 * MIB, 2 * MIB);
	ksft_test_result(ok, "transparent huge pages\n");
	munmap(all, 66 * MIB);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (!ok)
		printf("# cannot write '%s' to %s\n", text, path);
	close(fd);
	return ok;
}

static void test_hugetlb(void)
{
	bool ok = write_text("/proc/sys/vm/nr_hugepages", "32");
	char *at = map(32 * MIB, MAP_SHARED | MAP_HUGETLB);

	ok = ok && sees_use(at, 32 * MIB, 2 * MIB);
	ksft_test_result(ok, "hugetlb\n");
	munmap(at, 32 * MIB);
	write_text("/proc/sys/vm/nr_hugepages", "0");
}

/* Bytes that smaps calls dirty in the mapping at @at. */
static long dirty_kib(pid_t pid, char *at)
{
	char path[64], line[256];
	unsigned long start, kib;
	bool found = false;
	long sum = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-", &start) == 1 && strchr(line, '-') &&
		    strchr(line, ' ') > strchr(line, '-'))
			found = start == (unsigned long)at;
		if (found && (sscanf(line, "Private_Dirty: %lu", &kib) == 1 ||
			      sscanf(line, "Shared_Dirty: %lu", &kib) == 1))
			sum += kib;
	}
	fclose(f);
	return sum;
}

/*
 * hazard E6: a page that is written while its accessed bit is cleared must stay
 * dirty. A page of a file, so that the dirty bit is that of the entry.
 */
static void test_dirty(void)
{
	const unsigned long size = 16 * MIB;
	int fd = memfd_create("dirty", 0);
	bool ok = fd >= 0 && !ftruncate(fd, size);
	pid_t child;
	char *at;
	int i;

	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	child = spawn_toucher(at, size, 4096);
	while (!orders->ready)
		damon_sysfs_sleep_ms(1);
	ok = ok && start(child, at, size) &&
	     !damon_sysfs_write(ATTRS "intervals/sample_us", "1000") &&
	     !damon_sysfs_write(ATTRS "intervals/aggr_us", "20000") &&
	     !damon_sysfs_write(ATTRS "nr_regions/min", "500") &&
	     !damon_sysfs_write("0/state", "commit");
	for (i = 0; ok && i < 10; i++) {
		damon_sysfs_sleep_ms(100);
		ok = dirty_kib(child, at) == (long)size / 1024;
	}
	if (!ok)
		printf("# %ld KiB are dirty\n", dirty_kib(child, at));
	ksft_test_result(ok, "no dirty bit gets lost\n");
	damon_sysfs_reset();
	damon_sysfs_kill(child);
	munmap(at, size);
	close(fd);
}

/* Mappings of all kinds made, used, moved, and removed all the time. */
static void churn(void)
{
	unsigned int i, huge;
	char *at;

	for (i = 0;; i++) {
		huge = i % 3 == 1;
		at = map(8 * MIB, MAP_PRIVATE);
		madvise(at, 8 * MIB, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		memset(at, i, 4 * MIB);
		if (huge)	/* splits a huge page */
			madvise(at + MIB, 4096, MADV_DONTNEED);
		at = mremap(at, 8 * MIB, 16 * MIB, MREMAP_MAYMOVE);
		if (at == MAP_FAILED)
			_exit(1);
		mprotect(at, 4 * MIB, PROT_NONE);
		/* In pieces: tables are freed while others stay. */
		munmap(at + 4 * MIB, 8 * MIB);
		munmap(at, 16 * MIB);
	}
}

/* hazards E1, E4, G1: the walk meets entries in every state. */
static void test_churn(void)
{
	long long end = damon_sysfs_now_ms() +
			damon_sysfs_option("DAMON_TEST_MS", 5000);
	bool ok;
	pid_t child = fork();

	if (!child)
		churn();
	ok = !damon_sysfs_stage(child) &&
	     !damon_sysfs_write(ATTRS "intervals/sample_us", "1000") &&
	     !damon_sysfs_write(ATTRS "intervals/aggr_us", "10000") &&
	     !damon_sysfs_write(ATTRS "intervals/update_us", "10000") &&
	     !damon_sysfs_write(ATTRS "nr_regions/min", "500") &&
	     !damon_sysfs_write("0/state", "on");
	while (ok && damon_sysfs_now_ms() < end) {
		/* Pages migrate meanwhile. */
		write_text("/proc/sys/vm/compact_memory", "1");
		damon_sysfs_sleep_ms(100);
		ok = damon_sysfs_is_on(0) && !waitpid(child, NULL, WNOHANG);
	}
	ok = ok && !damon_sysfs_write("0/state", "off");
	damon_sysfs_kill(child);
	damon_sysfs_reset();
	ksft_test_result(ok, "mappings that come and go\n");
}

#define EXEC_AT		((char *)0x600000000000UL)

/* What this program does as the one that is executed. */
static int executed(void)
{
	char *at = mmap(EXEC_AT, 64 * MIB, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	unsigned long i;

	if (at == MAP_FAILED)
		return 1;
	for (;; damon_sysfs_sleep_ms(1))
		for (i = 0; i < 64 * MIB; i += 4096)
			at[i]++;
}

/* A process that executes another program is followed there. */
static void test_exec(void)
{
	struct window w = { (unsigned long)EXEC_AT,
			    (unsigned long)EXEC_AT + 64 * MIB };
	struct damon_trace *trace = malloc(sizeof(*trace));
	bool ok = trace && !damon_trace_open(trace);
	int go[2];
	pid_t child;
	char c = 0;

	if (pipe(go))
		ok = false;
	child = fork();
	if (!child) {
		close(go[1]);
		if (read(go[0], &c, 1) == 1)
			execl("/proc/self/exe", "walk", "executed", NULL);
		_exit(1);
	}
	ok = ok && !damon_sysfs_stage(child) &&
	     !damon_sysfs_write("0/state", "on");
	damon_sysfs_sleep_ms(200);
	ok = ok && write(go[1], &c, 1) == 1 && wait_share(trace, &w, 0.9, 1);
	damon_sysfs_kill(child);
	ok = ok && damon_sysfs_wait_off(0, TIMEOUT_MS);
	damon_sysfs_reset();
	ksft_test_result(ok, "another program is followed, its end noticed\n");
	damon_trace_close(trace);
	free(trace);
	close(go[0]);
	close(go[1]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "executed"))
		return executed();
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(6);
	orders = (struct orders *)map(4096, MAP_SHARED);
	test_small_pages();
	test_huge_pages();
	test_hugetlb();
	test_dirty();
	test_churn();
	test_exec();
	ksft_finished();
}
