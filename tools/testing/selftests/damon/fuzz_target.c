// SPDX-License-Identifier: GPL-2.0
/*
 * What is monitored: a process that uses memory, in every way in which its page tables
 * change, and has children. It ends by being killed.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "damon_sysfs.h"
#include "fuzz.h"

#define PAGE	((unsigned long)DAMON_SYSFS_PAGE)
#define PAGES	(FUZZ_MEMORY_SZ / PAGE)

#ifndef MADV_COLD
#define MADV_COLD	20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static char *some_place(void)
{
	return (char *)FUZZ_MEMORY + fuzz_below(PAGES) * PAGE;
}

/* Bytes from @at on, within its memory. */
static size_t some_size(const char *at)
{
	size_t most = (char *)FUZZ_MEMORY + FUZZ_MEMORY_SZ - at;
	size_t size = (1UL << fuzz_below(13)) * PAGE;

	return size < most ? size : most;
}

static void map(char *at, size_t size, int flags)
{
	mmap(at, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);
}

/* Write, or only read; holes have been left by others of these. */
static void touch(char *at, size_t size)
{
	unsigned char there;
	size_t i;

	for (i = 0; i < size; i += PAGE)
		if (!mincore(at + i, PAGE, &there))
			at[i]++;
}

static void advise(char *at, size_t size)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLD, MADV_PAGEOUT,
		MADV_COLLAPSE, MADV_WILLNEED, MADV_FREE, MADV_MERGEABLE,
	};

	madvise(at, size, advices[fuzz_below(sizeof(advices) / sizeof(advices[0]))]);
}

static void have_child(void)
{
	pid_t child = fork();

	if (child)
		return;
	touch((char *)FUZZ_MEMORY, FUZZ_MEMORY_SZ / 16);
	damon_sysfs_sleep_ms(fuzz_below(20));
	_exit(0);
}

static void live(void)
{
	char *at = some_place();
	size_t size = some_size(at);

	switch (fuzz_below(16)) {
	case 0 ... 8:
		touch(at, size);
		break;
	case 9 ... 11:
		advise(at, size);
		break;
	case 12:
		munmap(at, size);
		break;
	case 13:
		map(at, size, fuzz_once_in(3) ? MAP_SHARED : MAP_PRIVATE);
		break;
	case 14:
		mlock(at, PAGE);
		munlock((char *)FUZZ_MEMORY, FUZZ_MEMORY_SZ);
		break;
	case 15:
		have_child();
		break;
	}
	damon_sysfs_sleep_ms(fuzz_below(5));
}

void fuzz_be_target(int slot)
{
	static struct fuzz_task own;

	/* Numbers of its own, the same each time. */
	own.random = fuzz_me->random * (slot + 3) | 1;
	fuzz_me = &own;
	fuzz_let_go();
	signal(SIGCHLD, SIG_IGN);
	map((char *)FUZZ_MEMORY, FUZZ_MEMORY_SZ, MAP_PRIVATE);
	for (;;)
		live();
}
