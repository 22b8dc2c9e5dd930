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

/* One of the files of the event. */
static int put_event(const struct damon_trace *trace, const char *file,
		     const char *text)
{
	char name[128];

	snprintf(name, sizeof(name), "events/damon/%s/%s", trace->event, file);
	return put(trace->dir, name, text);
}

int damon_trace_open_event(struct damon_trace *trace, const char *event)
{
	char path[256];

	snprintf(trace->dir, sizeof(trace->dir), TRACEFS "/instances/damon.%d",
		 getpid());
	snprintf(trace->event, sizeof(trace->event), "%s", event);
	trace->len = 0;
	if (mkdir(trace->dir, 0700)) {
		printf("# %s: %s\n", trace->dir, strerror(errno));
		return -1;
	}
	if (put(trace->dir, "buffer_size_kb", "4096") ||
	    put(trace->dir, "trace_clock", "mono") ||
	    put_event(trace, "enable", "1"))
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

int damon_trace_open(struct damon_trace *trace)
{
	return damon_trace_open_event(trace, "damon_aggregated");
}

int damon_trace_filter(struct damon_trace *trace, int tid)
{
	char filter[32];

	snprintf(filter, sizeof(filter), "common_pid == %d", tid);
	return put_event(trace, "filter", filter);
}

void damon_trace_close(struct damon_trace *trace)
{
	close(trace->fd);
	put_event(trace, "enable", "0");
	rmdir(trace->dir);
}

/*
 * A line like "kdamond.0-70 [000] ..... 1.250000: damon_aggregated: ...". Returns
 * what follows the name of the event, or NULL.
 */
static const char *parse(const struct damon_trace *trace, char *line,
			 uint64_t *ns)
{
	unsigned long sec, usec;
	char *event, *stamp;
	char name[80];

	snprintf(name, sizeof(name), ": %s: ", trace->event);
	event = strstr(line, name);
	if (!event)
		return NULL;
	*event = '\0';
	stamp = strrchr(line, ' ');
	if (!stamp || sscanf(stamp, " %lu.%lu", &sec, &usec) != 2)
		return NULL;
	*ns = sec * 1000000000ULL + usec * 1000ULL;
	return event + strlen(name);
}

int damon_trace_lines(struct damon_trace *trace,
		      bool (*fn)(uint64_t ns, const char *text, void *data),
		      void *data)
{
	char *line, *end;
	const char *text;
	uint64_t ns;
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
			text = parse(trace, line, &ns);
			if (!text || !fn(ns, text, data)) {
				printf("# not an event: %s: %s\n", line,
				       text ?: "");
				return -1;
			}
			nr++;
		}
		trace->len -= line - trace->buf;
		memmove(trace->buf, line, trace->len);
	}
}

/* Who wants regions. */
struct listener {
	void (*fn)(const struct damon_event *event, void *data);
	void *data;
};

static bool hand_on(uint64_t ns, const char *text, void *data)
{
	struct listener *listener = data;
	struct damon_event e = { .ns = ns };

	if (sscanf(text, "target_id=%u nr_regions=%u %lu-%lu: %u %u",
		   &e.target, &e.nr_regions, &e.start, &e.end,
		   &e.nr_accesses, &e.age) != 6)
		return false;
	listener->fn(&e, listener->data);
	return true;
}

int damon_trace_read(struct damon_trace *trace,
		     void (*fn)(const struct damon_event *event, void *data),
		     void *data)
{
	struct listener listener = { fn, data };

	return damon_trace_lines(trace, hand_on, &listener);
}
