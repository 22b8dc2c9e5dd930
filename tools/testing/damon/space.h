/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated address space of any size, and its page tables: what is mapped,
 * what is touched when, and which accessed bits the processor has set.
 *
 * Nothing is done for what nobody looks at. A bit is worked out when it is read,
 * from when it was cleared and from what was touched since.
 */
#ifndef _DAMON_SPACE_H
#define _DAMON_SPACE_H

#include "sim.h"

#define KIB		(1UL << 10)
#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define TIB		(1UL << 40)
#define MSEC		1000UL
#define SEC		(1000 * MSEC)
#define SPACE_BASE	0x100000000000UL
#define SPACE_FOREVER	U64_MAX

/* Levels, by the bits of an address below an entry. */
#define SPACE_PTE	12
#define SPACE_PMD	21
#define SPACE_PUD	30

#define SPACE_MAX_AREAS	64

/**
 * struct space_area - a mapping
 * @span:	where
 * @leaf:	level of its leaves
 * @populated:	all of it is present and was accessed once, before the time;
 *		else a leaf is present when it was touched
 */
struct space_area {
	struct damon_addr_range span;
	unsigned int leaf;
	bool populated;
};

/**
 * struct space_spot - what is touched, in an area
 * @span:	where
 * @period:	every page of it once in so many microseconds
 * @rate:	or, if not zero, each page with this chance per millisecond
 * @from:	since when, in microseconds
 * @to:		until when; zero: for ever
 * @cycle:	if not zero: only in the first @duty of every @cycle
 * @duty:	see @cycle
 */
struct space_spot {
	struct damon_addr_range span;
	u64 period;
	double rate;
	u64 from;
	u64 to;
	u64 cycle;
	u64 duty;
};

/**
 * struct space_traits - what of the hardware and of others makes bits unreliable
 * @blind:	no bit says anything, only absence does
 * @no_upper:	bits above the leaves say nothing
 * @keep_pmds:	those of PMDs above tables are reclaim's, and only read
 * @aging:	reclaim clears those and all leaves once in so many microseconds
 * @cached:	an entry above the leaves that was used stays in the processor's
 *		cache for up to so many microseconds, during which its bit is not
 *		set again; at least a fiftieth of it
 * @tlb:	the same for leaves
 */
struct space_traits {
	bool blind;
	bool no_upper;
	bool keep_pmds;
	u64 aging;
	u64 cached;
	u64 tlb;
};

/* An entry whose bit was cleared. */
struct space_entry {
	u64 key;
	u64 since;	/* it is set if there was an access after that */
	bool set;
};

struct space {
	u64 now;
	u64 rnd;
	struct space_traits traits;
	unsigned int nr_areas;
	unsigned int nr_spots;
	struct space_area areas[SPACE_MAX_AREAS];
	struct space_spot *spots;
	struct space_entry *entries;
	unsigned long nr_entries;
	unsigned long size;
};

enum space_kind {
	SPACE_NONE,
	SPACE_TABLE,
	SPACE_LEAF,
};

struct space *space_new(u64 seed, const struct space_traits *traits);
void space_free(struct space *s);
/* Both in ascending order; spots do not overlap, and lie in one area each. */
void space_map(struct space *s, unsigned long offset, unsigned long sz,
	       unsigned int leaf, bool populated);
struct space_spot *space_touch(struct space *s, unsigned long offset,
			       unsigned long sz, u64 period);
u64 space_random(struct space *s, u64 below);

/* The area of @addr, or the next one above, or NULL. */
const struct space_area *space_find_area(struct space *s, unsigned long addr);
/* What is the entry of that level at @addr? */
enum space_kind space_kind(struct space *s, unsigned long addr,
			   unsigned int level);
/* Is its accessed bit set? */
bool space_young(struct space *s, unsigned long addr, unsigned int level);
/* Clear it, without a flush of any cache. */
void space_clear(struct space *s, unsigned long addr, unsigned int level);

/* Was anything of @span touched after @from, up to @to? A chance is decided. */
bool space_touched(struct space *s, struct damon_addr_range span, u64 from,
		   u64 to);
/* The same for one spot, all of it; one touched at random is, if it was active. */
bool space_spot_touched(const struct space_spot *spot, u64 from, u64 to);

#endif	/* _DAMON_SPACE_H */
