// SPDX-License-Identifier: GPL-2.0
/* See damon_scheme.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "damon_scheme.h"
#include "damon_sysfs.h"

#define PAGE	DAMON_SYSFS_PAGE

int damon_scheme_set(const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), DAMON_SCHEME "%s", file);
	return damon_sysfs_write(path, value);
}

int damon_scheme_set_long(const char *file, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return damon_scheme_set(file, text);
}

int damon_state(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

long damon_scheme_stat(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), DAMON_SCHEME "stats/%s", name);
	if (damon_state("update_schemes_stats"))
		return -1;
	return damon_sysfs_read_long(path);
}

int damon_scheme_stage(const char *action, const char *max_nr_accesses,
		       const char *min_age)
{
	return damon_sysfs_write(DAMON_SCHEMES "nr_schemes", "1") ?:
	       damon_scheme_set("action", action) ?:
	       damon_scheme_set("access_pattern/sz/max", DAMON_MAX_ULONG) ?:
	       damon_scheme_set("access_pattern/nr_accesses/max",
				max_nr_accesses) ?:
	       damon_scheme_set("access_pattern/age/min", min_age) ?:
	       damon_scheme_set("access_pattern/age/max", DAMON_MAX_UINT);
}

/* Is the swap space there that another test has made? Each is a process. */
static bool has_swap(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[256];
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		found |= !!strstr(line, "zram0");
	if (f)
		fclose(f);
	return found;
}

int damon_make_swap(void)
{
	static const char signature[] = "SWAPSPACE2";
	static char page[PAGE];
	uint32_t *info = (uint32_t *)(page + 1024);
	int fd;

	if (has_swap())
		return 0;
	fd = open("/sys/block/zram0/disksize", O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, "64M", 3) != 3) {
		close(fd);
		return -errno;
	}
	close(fd);
	mknod("/dev/zram0", S_IFBLK | 0600, makedev(254, 0));
	info[0] = 1;				/* version */
	info[1] = (64UL << 20) / PAGE - 1;	/* last page */
	memcpy(page + PAGE - sizeof(signature) + 1, signature,
	       sizeof(signature) - 1);
	fd = open("/dev/zram0", O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, page, PAGE) != PAGE) {
		close(fd);
		return -errno;
	}
	fsync(fd);
	close(fd);
	return swapon("/dev/zram0", 0) ? -errno : 0;
}

/* How many pages are looked at by one call. */
#define CHUNK	512

/* Open the page map of a process. */
static int open_pagemap(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return open(path, O_RDONLY);
}

/* Read up to CHUNK numbers of 64 bits from the @nth on. Returns how many. */
static size_t read_words(int fd, uint64_t *words, size_t want, uint64_t nth)
{
	ssize_t got = pread(fd, words, (want < CHUNK ? want : CHUNK) * sizeof(*words),
			    nth * sizeof(*words));

	return got < 0 ? 0 : got / sizeof(*words);
}

/* One of them, or zero, from a file that is then closed. */
static uint64_t read_word(int fd, uint64_t nth)
{
	uint64_t word;
	size_t got = read_words(fd, &word, 1, nth);

	close(fd);
	return got ? word : 0;
}

uint64_t damon_pagemap(pid_t pid, const void *page)
{
	return read_word(open_pagemap(pid), (uintptr_t)page / PAGE);
}

unsigned long damon_count_pages(pid_t pid, char *start, char *end,
				uint64_t bits)
{
	uint64_t entries[CHUNK];
	unsigned long nr = 0;
	int fd = open_pagemap(pid);
	size_t got, i;

	for (; start < end; start += got * PAGE) {
		got = read_words(fd, entries, (end - start) / PAGE,
				 (uintptr_t)start / PAGE);
		if (!got)
			break;
		for (i = 0; i < got; i++)
			nr += !!(entries[i] & bits);
	}
	close(fd);
	return nr;
}

#define PFN_MASK	((1ULL << 55) - 1)

uint64_t damon_page_flags(pid_t pid, const void *page)
{
	uint64_t entry = damon_pagemap(pid, page);

	if (!(entry & DAMON_PAGE_PRESENT))
		return 0;
	return read_word(open("/proc/kpageflags", O_RDONLY), entry & PFN_MASK);
}

/* How many of the first entries are of pages that follow one another in memory? */
static size_t run_length(const uint64_t *entries, size_t nr)
{
	size_t i = 1;

	while (i < nr && entries[i] & DAMON_PAGE_PRESENT &&
	       (entries[i] & PFN_MASK) == (entries[0] & PFN_MASK) + i)
		i++;
	return i;
}

unsigned long damon_count_flags(pid_t pid, char *start, char *end,
				uint64_t flags)
{
	int map = open_pagemap(pid), words = open("/proc/kpageflags", O_RDONLY);
	uint64_t entries[CHUNK], found[CHUNK];
	size_t got, run, read, i, k;
	unsigned long nr = 0;

	for (; start < end; start += got * PAGE) {
		got = read_words(map, entries, (end - start) / PAGE,
				 (uintptr_t)start / PAGE);
		if (!got)
			break;
		for (i = 0; i < got; i += run) {
			run = 1;
			if (!(entries[i] & DAMON_PAGE_PRESENT))
				continue;
			run = run_length(entries + i, got - i);
			read = read_words(words, found, run, entries[i] & PFN_MASK);
			for (k = 0; k < read; k++)
				nr += !!(found[k] & flags);
		}
	}
	close(map);
	close(words);
	return nr;
}

int damon_page_node(pid_t pid, void *page)
{
	int status = -ENOENT;

	/* Without nodes to move it to, it says where the page is. */
	if (syscall(SYS_move_pages, pid, 1UL, &page, NULL, &status, 0))
		return -errno;
	return status;
}

unsigned long damon_count_on_node(pid_t pid, char *start, char *end, int nid)
{
	unsigned long nr = 0, i, got;
	void *pages[CHUNK];
	int status[CHUNK];

	for (; start < end; start += got * PAGE) {
		got = (end - start) / PAGE < CHUNK ? (end - start) / PAGE : CHUNK;
		for (i = 0; i < got; i++)
			pages[i] = start + i * PAGE;
		if (syscall(SYS_move_pages, pid, got, pages, NULL, status, 0))
			break;
		for (i = 0; i < got; i++)
			nr += status[i] == nid;
	}
	return nr;
}

long damon_vmstat(const char *name)
{
	char line[128], counter[64];
	long value = -1, nr;
	FILE *f;

	damon_write_file("/proc/sys/vm/stat_refresh", "1");
	f = fopen("/proc/vmstat", "r");
	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", counter, &nr) == 2 &&
		    !strcmp(counter, name))
			value = nr;
	if (f)
		fclose(f);
	return value;
}

long damon_nr_isolated(void)
{
	return damon_vmstat("nr_isolated_anon") + damon_vmstat("nr_isolated_file");
}
