/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint damon:damon_aggregated, read through a trace instance of our own. */
#ifndef DAMONCTL_TRACE_H
#define DAMONCTL_TRACE_H

#include <limits.h>

#include "snapshot.h"

struct kbuffer;
struct tep_event;
struct tep_format_field;
struct tep_handle;

#define TRACE_DIR_LEN (PATH_MAX - 256)

enum trace_field {
	FIELD_TARGET_ID,
	FIELD_NR_REGIONS,
	FIELD_START,
	FIELD_END,
	FIELD_NR_ACCESSES,
	FIELD_AGE,
	NR_TRACE_FIELDS,
};

/**
 * struct trace - one trace instance
 * @dir: its directory, or empty
 * @made: the directory is ours to remove
 * @cpu_fd: raw buffers of the CPUs
 * @nr_cpus: how many of them
 * @page: one sub-buffer
 * @page_size: its size
 * @tep: knows the layout of events
 * @format: the event's layout
 * @fields: where its fields are
 * @kbuf: walks a sub-buffer
 * @events: read, but not yet given out
 * @nr_events: how many
 * @room: how many fit
 * @lost: events that the kernel had no room for
 */
struct trace {
	char dir[TRACE_DIR_LEN];
	bool made;
	int *cpu_fd;
	int nr_cpus;
	void *page;
	size_t page_size;
	struct tep_handle *tep;
	struct tep_event *format;
	struct tep_format_field *fields[NR_TRACE_FIELDS];
	struct kbuffer *kbuf;
	struct trace_event *events;
	size_t nr_events, room;
	u64 lost;
};

/* Does this kernel have the event, and can we use it? */
bool trace_known(void);
/*
 * Makes the instance, with @buffer_kib for each CPU; @name tells those of one
 * process apart. Says what is wrong; 0 or -errno.
 */
int trace_open(struct trace *trace, u64 buffer_kib, int name);
/* Begins to collect the events of thread @pid. */
int trace_follow(struct trace *trace, int pid);
/*
 * Gives out the events so far, in order of time. Without @final the newest few
 * milliseconds stay for the next call, as other CPUs may still have older ones.
 */
int trace_drain(struct trace *trace, struct assembler *as, bool final);
/* Stops collecting, counts the lost events. */
void trace_stop(struct trace *trace);
/* Removes the instance and frees all. */
void trace_close(struct trace *trace);

#endif /* DAMONCTL_TRACE_H */
