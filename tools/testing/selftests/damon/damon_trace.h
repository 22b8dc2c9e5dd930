/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results of DAMON from its tracepoint, in an instance of the trace buffer that
 * no other program reads.
 */
#ifndef _DAMON_TRACE_H
#define _DAMON_TRACE_H

#include <stdbool.h>
#include <stdint.h>

/* One region in one window. */
struct damon_event {
	uint64_t ns;		/* CLOCK_MONOTONIC */
	unsigned int target;
	unsigned int nr_regions;
	unsigned long start;
	unsigned long end;
	unsigned int nr_accesses;
	unsigned int age;
};

struct damon_trace {
	char dir[128];
	char event[64];
	int fd;
	char buf[65536];
	unsigned int len;
};

/* Trace an event of DAMON. Returns 0, or -1 with a message printed. */
int damon_trace_open_event(struct damon_trace *trace, const char *event);
/* The same with damon_aggregated. */
int damon_trace_open(struct damon_trace *trace);
/* Only events of one thread from now on. Returns 0, or -1 with a message. */
int damon_trace_filter(struct damon_trace *trace, int tid);
void damon_trace_close(struct damon_trace *trace);

/*
 * Take what has been traced so far. Calls @fn for each event, in order, with its
 * time (CLOCK_MONOTONIC) and what is told of it. Returns the number of events, or
 * -1 for a line that is none, also if @fn says so.
 */
int damon_trace_lines(struct damon_trace *trace,
		      bool (*fn)(uint64_t ns, const char *text, void *data),
		      void *data);

/* The same with damon_aggregated, understood. */
int damon_trace_read(struct damon_trace *trace,
		     void (*fn)(const struct damon_event *event, void *data),
		     void *data);

#endif	/* _DAMON_TRACE_H */
