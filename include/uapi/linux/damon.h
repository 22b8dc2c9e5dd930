/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a read of /dev/damon<N> gives: a header, then one record a region.
 *
 * To read what this or any later kernel writes: check the magic and the version,
 * find the first record header_size bytes from the beginning and each further
 * one region_size bytes later, and use no more of either than is known here.
 * Later kernels add at the ends only; anything else would be another version.
 */
#ifndef _UAPI_LINUX_DAMON_H
#define _UAPI_LINUX_DAMON_H

#include <linux/types.h>

/* "damo", as bytes on little-endian machines. */
#define DAMON_SNAPSHOT_MAGIC	0x6f6d6164
#define DAMON_SNAPSHOT_VERSION	1

/* Values of damon_snapshot_header.ops_id. */
#define DAMON_SNAPSHOT_OPS_VADDR	0
#define DAMON_SNAPSHOT_OPS_FVADDR	1
#define DAMON_SNAPSHOT_OPS_PADDR	2

/*
 * Bits of damon_snapshot_region.flags. Unchecked: no look at the region was
 * possible in the window, so nr_accesses is of an earlier one.
 */
#define DAMON_SNAPSHOT_UNCHECKED	(1 << 0)

/**
 * struct damon_snapshot_header - of which moment and of what a snapshot is
 * @magic:	%DAMON_SNAPSHOT_MAGIC
 * @version:	%DAMON_SNAPSHOT_VERSION
 * @header_size: bytes from here to the first region
 * @region_size: bytes from one region to the next
 * @count:	number of regions that follow
 * @generation:	number of the window whose results these are, from 1 on for each
 *		run; zero: none has ended yet, and no region follows. Windows
 *		that were not published are counted
 * @published_ns: when it was published, as CLOCK_MONOTONIC tells, in ns
 * @sample_us:	sampling interval in force, in us
 * @aggr_us:	aggregation interval in force, that is the length of a window, in us
 * @update_us:	update interval in force, in us
 * @ops_id:	operations in use, DAMON_SNAPSHOT_OPS_*
 * @nr_targets:	number of targets, also of those without regions
 */
struct damon_snapshot_header {
	__u32 magic;
	__u32 version;
	__u32 header_size;
	__u32 region_size;
	__u64 count;
	__u64 generation;
	__u64 published_ns;
	__u64 sample_us;
	__u64 aggr_us;
	__u64 update_us;
	__u32 ops_id;
	__u32 nr_targets;
};

/**
 * struct damon_snapshot_region - a region and its results
 * @start:	first address
 * @end:	first address behind it
 * @target:	number of its target, from zero on. One for a cgroup, or for a process
 *		and its descendants, has several address spaces: @pid tells them apart
 * @pid:	process of the address space, as the PID namespace of the task that
 *		opened the device numbers it; zero: not visible there, or no process
 * @nr_accesses: how many looks in the window found it accessed
 * @nr_samples:	out of so many
 * @age:	windows since @nr_accesses changed significantly
 * @flags:	DAMON_SNAPSHOT_*
 *
 * Regions are ordered by @target; those of an address space stand together, ordered by
 * @start, and do not overlap.
 */
struct damon_snapshot_region {
	__u64 start;
	__u64 end;
	__u32 target;
	__s32 pid;
	__u32 nr_accesses;
	__u32 nr_samples;
	__u32 age;
	__u32 flags;
};

#endif	/* _UAPI_LINUX_DAMON_H */
