// SPDX-License-Identifier: GPL-2.0
/* See damon_trace.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damon_trace.h"

#define TRACEFS	"/sys/kernel/tracing"

static int put(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0) {
		printf("# %s: %s\n", path, strerror(errno));
		return -1;
	}
	ret = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	if (ret)
		printf("# %s: writing '%s': %s\n", path, text, strerror(errno));
	close(fd);
	return ret;
}

int damon_trace_open(struct damon_trace *trace)
{
	char path[256];

	snprintf(trace->dir, sizeof(trace->dir), TRACEFS "/instances/damon.%d",
		 getpid());
	trace->len = 0;
	if (mkdir(trace->dir, 0700)) {
		printf("# %s: %s\n", trace->dir, strerror(errno));
		return -1;
	}
	if (put(trace->dir, "buffer_size_kb", "4096") ||
	    put(trace->dir, "trace_clock", "mono") ||
	    put(trace->dir, "events/damon/damon_aggregated/enable", "1"))
		goto remove;
	snprintf(path, sizeof(path), "%s/trace_pipe", trace->dir);
	trace->fd = open(path, O_RDONLY | O_NONBLOCK);
	if (trace->fd >= 0)
		return 0;
	printf("# %s: %s\n", path, strerror(errno));
remove:
	rmdir(trace->dir);
	return -1;
}

int damon_trace_filter(struct damon_trace *trace, int tid)
{
	char filter[32];

	snprintf(filter, sizeof(filter), "common_pid == %d", tid);
	return put(trace->dir, "events/damon/damon_aggregated/filter", filter);
}

void damon_trace_close(struct damon_trace *trace)
{
	close(trace->fd);
	put(trace->dir, "events/damon/damon_aggregated/enable", "0");
	rmdir(trace->dir);
}

/* A line like "kdamond.0-70 [000] ..... 1.250000: damon_aggregated: ..." */
static int parse(char *line, struct damon_event *e)
{
	unsigned long sec, usec;
	char *event, *stamp;

	event = strstr(line, ": damon_aggregated: ");
	if (!event)
		return -1;
	*event = '\0';
	stamp = strrchr(line, ' ');
	if (!stamp || sscanf(stamp, " %lu.%lu", &sec, &usec) != 2)
		return -1;
	e->ns = sec * 1000000000ULL + usec * 1000ULL;
	event += strlen(": damon_aggregated: ");
	return sscanf(event, "target_id=%u nr_regions=%u %lu-%lu: %u %u",
		      &e->target, &e->nr_regions, &e->start, &e->end,
		      &e->nr_accesses, &e->age) == 6 ? 0 : -1;
}

int damon_trace_read(struct damon_trace *trace,
		     void (*fn)(const struct damon_event *event, void *data),
		     void *data)
{
	struct damon_event event;
	char *line, *end;
	int nr = 0;
	ssize_t got;

	for (;;) {
		got = read(trace->fd, trace->buf + trace->len,
			   sizeof(trace->buf) - 1 - trace->len);
		if (got <= 0)
			return nr;
		trace->len += got;
		trace->buf[trace->len] = '\0';
		for (line = trace->buf; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (parse(line, &event)) {
				printf("# not an event: %s\n", line);
				return -1;
			}
			fn(&event, data);
			nr++;
		}
		trace->len -= line - trace->buf;
		memmove(trace->buf, line, trace->len);
	}
}
