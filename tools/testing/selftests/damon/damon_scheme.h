/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Schemes, for tests: the first scheme of the first context, and what becomes of
 * the pages of its target.
 */
#ifndef _DAMON_SCHEME_H
#define _DAMON_SCHEME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DAMON_SCHEMES	"0/contexts/0/schemes/"
#define DAMON_SCHEME	DAMON_SCHEMES "0/"

/* The largest value of a file that takes an unsigned long. */
#define DAMON_MAX_ULONG	"18446744073709551615"
#define DAMON_MAX_UINT	"4294967295"

/* Write a file of the scheme. Returns 0 or a negative errno. */
int damon_scheme_set(const char *file, const char *value);
int damon_scheme_set_long(const char *file, long value);

/* Write a keyword to the file state. Returns 0 or a negative errno. */
int damon_state(const char *keyword);

/* One of the scheme's statistics, as of now; -1 on an error. */
long damon_scheme_stat(const char *name);

/*
 * Stage one scheme with an action, for regions of any size, of up to so many
 * accesses, and of at least that age.
 */
int damon_scheme_stage(const char *action, const char *max_nr_accesses,
		       const char *min_age);

/* Swap space of 64 MiB in memory. Returns 0 or a negative errno. */
int damon_make_swap(void);

/* The state of one page of a process, see pagemap.rst. */
uint64_t damon_pagemap(pid_t pid, const void *page);

#define DAMON_PAGE_PRESENT	(1ULL << 63)
#define DAMON_PAGE_SWAPPED	(1ULL << 62)

/* How many pages between two addresses have one of these bits. */
unsigned long damon_count_pages(pid_t pid, char *start, char *end,
				uint64_t bits);

/* The flags of a page that is present, see pagemap.rst; else 0. */
uint64_t damon_page_flags(pid_t pid, const void *page);

#define DAMON_KPF_ACTIVE	(1ULL << 6)
#define DAMON_KPF_THP		(1ULL << 22)

/* How many pages between two addresses have one of these flags. */
unsigned long damon_count_flags(pid_t pid, char *start, char *end,
				uint64_t flags);

/* The node of a page that is present, else a negative errno. */
int damon_page_node(pid_t pid, void *page);

/* How many pages between two addresses are on a node. */
unsigned long damon_count_on_node(pid_t pid, char *start, char *end, int nid);

/* A counter of /proc/vmstat, as of now; -1 if there is none. */
long damon_vmstat(const char *name);

/* How many pages are on no list, because somebody works on them. */
long damon_nr_isolated(void);

#endif	/* _DAMON_SCHEME_H */
