/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record file: all snapshots of one run of monitoring, small.
 *
 * A record is a gzip stream; README describes what is inside. All numbers in
 * it are varints: seven bits a byte, low bits first, the top bit set on all but
 * the last. A signed number n is stored as (n << 1) ^ (n >> 63).
 *
 *   "damonrec" version(1 byte) block...
 *   block: type(1 byte) length payload
 *
 * An upper-case type must be understood by a reader, a lower-case one can be
 * skipped. Fields may be added at the end of a payload.
 */
#ifndef DAMONCTL_RECORD_H
#define DAMONCTL_RECORD_H

#include "areas.h"
#include "monitor.h"
#include "snapshot.h"

#define RECORD_MAGIC		"damonrec"
#define RECORD_VERSION		2
#define RECORD_MAX_BLOCK	(16U << 20)
#define RECORD_MAX_TARGETS	4096
#define RECORD_TEXT_LEN		256

enum {
	RECORD_HEADER = 'H',	/* first: struct record_info */
	RECORD_TARGET = 'T',	/* index, pid, command: before its first snapshot */
	RECORD_SNAPSHOT = 'S',	/* target, ns since the last snapshot, regions */
	RECORD_AREAS = 'm',	/* target, ns since the start, mapped areas with names */
	RECORD_END = 'E',	/* last: nothing is missing; ns of the end, events lost */
};

/*
 * Regions of a snapshot are told by how they come from the target's previous
 * ones, in rising order. First their borders: a token is count << TOKEN_BITS | kind.
 */
enum {
	TOKEN_SAME,	/* the next <count> have the borders of the next old ones */
	TOKEN_DROP,	/* the next <count> old ones are gone */
	TOKEN_MERGE,	/* the next old one and <count> after it are one now */
	TOKEN_SPLIT,	/* the next is <count> pages of the next old one; the rest is yet to come */
	TOKEN_NEW,	/* starts <count> bytes after the last end; length */
};

#define TOKEN_BITS		3
/* Pages of TOKEN_SPLIT, whatever the kernel's are */
#define TOKEN_PAGE_SHIFT	12

/*
 * Then, for each of them, signed difference of nr_accesses * AGE_KINDS + how old
 * it is. What is new was never accessed and of age 0 before.
 */
enum {
	AGE_ONE_MORE,
	AGE_ZERO,
	AGE_OTHER,	/* signed difference to one more follows */
	AGE_KINDS,
};

/**
 * struct record_info - what the header block holds
 * @cfg: intervals and bounds; its ops points to @ops
 * @start_ns: CLOCK_MONOTONIC when monitoring began
 * @wall_sec: seconds since 1970 then
 * @ops: keyword of the operations
 * @command: command line of the first target
 * @kernel: release of the kernel
 */
struct record_info {
	struct monitor_cfg cfg;
	u64 start_ns, wall_sec;
	char ops[32];
	char command[RECORD_TEXT_LEN];
	char kernel[RECORD_TEXT_LEN];
};

/**
 * struct record_target - one target
 * @pid: its process, or 0
 * @comm: its name
 * @prev: its last snapshot
 * @areas: writer: what was mapped last; reader: all that was
 */
struct record_target {
	u64 pid;
	char comm[64];
	struct snapshot prev;
	struct areas areas;
};

struct record_targets {
	u32 nr;
	struct record_target *target;
};

/* Growing bytes, or a view of them */
struct record_buf {
	u8 *data;
	size_t len, room;
	bool failed;
};

/**
 * struct record_writer - a record being made
 * @file: the gzip stream of zlib
 * @name: for messages
 * @buf: payload of the block at hand
 * @targets: each with the last snapshot written
 * @expected: the snapshot at hand with the numbers of the regions before
 * @start_ns: of the record
 * @time_ns: of the last snapshot written
 * @fd: the file below it
 */
struct record_writer {
	void *file;
	char name[RECORD_TEXT_LEN];
	struct record_buf buf;
	struct record_targets targets;
	struct snapshot expected;
	u64 start_ns, time_ns;
	int fd;
};

/**
 * struct record_reader - a record being read
 * @file: the gzip stream of zlib
 * @name: for messages
 * @info: what the header holds
 * @targets: those told so far, each with its last snapshot
 * @snap: where the next snapshot is put together
 * @now: the last snapshot read
 * @offset: bytes consumed, unpacked
 * @time_ns: of the last snapshot read
 * @end_ns: when monitoring ended; valid with @ended
 * @lost: events lost; valid with @ended
 * @block: payload of the block at hand
 * @ended: the end block was seen
 * @damaged: a fault was found and said
 */
struct record_reader {
	void *file;
	char name[RECORD_TEXT_LEN];
	struct record_info info;
	struct record_targets targets;
	struct snapshot snap;
	const struct snapshot *now;
	u64 offset, time_ns;
	u64 end_ns, lost;
	u8 *block;
	bool ended;
	bool damaged;
};

/* Writer. All return 0, or a negative errno after saying what is wrong. */
int record_create(struct record_writer *w, const char *path, const struct record_info *info);
/* The same into an open file; @fd is duplicated */
int record_create_fd(struct record_writer *w, int fd, const struct record_info *info);
int record_add_target(struct record_writer *w, int pid, const char *comm);
int record_add(struct record_writer *w, const struct snapshot *snap);
/* Looks what is mapped now, and adds it if that has changed. */
int record_add_areas(struct record_writer *w, u32 target, u64 now_ns);
/* Pushes out what was added, so that little is lost when the machine stops. */
int record_flush(struct record_writer *w);
int record_finish(struct record_writer *w, u64 end_ns, u64 lost);
u64 record_size(const struct record_writer *w);
/* Without record_finish(): the file stays, marked as cut short */
void record_writer_free(struct record_writer *w);

/* Reader. */
int record_open(struct record_reader *r, const char *path);
int record_open_fd(struct record_reader *r, int fd, const char *name);
/*
 * The next snapshot, at r->now until the next call: 1; end of the record: 0;
 * damaged: a negative errno, which was said.
 */
int record_next(struct record_reader *r);
/* Back to the first snapshot */
int record_rewind(struct record_reader *r);
void record_reader_free(struct record_reader *r);

void record_targets_free(struct record_targets *targets);

#endif /* DAMONCTL_RECORD_H */
