// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoint damon:damon_aggregated, read through a trace instance of our
 * own, so that other users of tracing neither see it nor disturb it.
 *
 * Owns the instance instances/damonctl.<pid> and its removal; instances of
 * damonctl processes that were killed are removed by the next one. The binary
 * buffers are read, as text would cost the kernel ten times more; libtraceevent
 * knows their layout. Must not know what the events are used for.
 */
#include <dirent.h>
#include <errno.h>
#include <event-parse.h>
#include <fcntl.h>
#include <kbuffer.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "trace.h"

#define INSTANCE_PREFIX	"damonctl."
#define EVENT_DIR	"events/damon/damon_aggregated"
/* Far above the time from stamping an event to publishing it */
#define SETTLE_NS	20000000ULL

static const char *const field_names[NR_TRACE_FIELDS] = {
	[FIELD_TARGET_ID] = "target_id",
	[FIELD_NR_REGIONS] = "nr_regions",
	[FIELD_START] = "start",
	[FIELD_END] = "end",
	[FIELD_NR_ACCESSES] = "nr_accesses",
	[FIELD_AGE] = "age",
};

static int find_tracefs(char *dir, size_t size)
{
	static const char *const usual = "/sys/kernel/tracing";

	if (!file_find_mount("tracefs", "DAMONCTL_TRACEFS", dir, size)) {
		snprintf(dir, size, "%s", usual);
		if (mount("nodev", usual, "tracefs", 0, NULL)) {
			file_complain("mount tracefs at", usual, "", -errno);
			return -ENOENT;
		}
	}
	if (!file_exists(dir, EVENT_DIR "/format")) {
		say("no %s/" EVENT_DIR "; %s", dir, access(dir, X_OK) ?
		    "this needs root" : "the kernel needs CONFIG_DAMON and CONFIG_FTRACE");
		return -ENOENT;
	}
	return 0;
}

bool trace_known(void)
{
	char dir[TRACE_DIR_LEN - 128];

	if (!file_find_mount("tracefs", "DAMONCTL_TRACEFS", dir, sizeof(dir)))
		/* Not mounted: trace_open() will see to that. */
		return !access("/sys/kernel/tracing", X_OK);
	return file_exists(dir, EVENT_DIR "/format");
}

/* Instances of damonctl processes that were killed */
static void remove_stale(const char *instances)
{
	char path[PATH_MAX];
	struct dirent *ent;
	DIR *dir;
	int pid;

	dir = opendir(instances);
	while (dir && (ent = readdir(dir))) {
		if (strncmp(ent->d_name, INSTANCE_PREFIX, strlen(INSTANCE_PREFIX)))
			continue;
		pid = atoi(ent->d_name + strlen(INSTANCE_PREFIX));
		if (pid <= 0 || (kill(pid, 0) != -1 || errno != ESRCH))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", instances, ent->d_name) <
		    (int)sizeof(path))
			rmdir(path);
	}
	if (dir)
		closedir(dir);
}

static int make_instance(struct trace *trace, const char *tracefs, int name)
{
	char instances[TRACE_DIR_LEN];

	if (snprintf(instances, sizeof(instances) - 64, "%s/instances", tracefs) >=
	    (int)sizeof(instances) - 64)
		return -ENAMETOOLONG;
	remove_stale(instances);
	snprintf(trace->dir, sizeof(trace->dir), "%.*s/" INSTANCE_PREFIX "%d",
		 (int)sizeof(instances) - 64, instances, getpid());
	if (name)
		snprintf(trace->dir + strlen(trace->dir), 16, ".%d", name);
	if (mkdir(trace->dir, 0750) && errno != EEXIST) {
		int err = -errno;

		file_complain("make", trace->dir, "", err);
		return err;
	}
	trace->made = true;
	return 0;
}

static int read_formats(struct trace *trace, const char *tracefs)
{
	char text[FILE_VALUE_LEN];
	int i, err;

	trace->tep = tep_alloc();
	trace->kbuf = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
	if (!trace->tep || !trace->kbuf)
		return -ENOMEM;
	err = file_read(tracefs, "events/header_page", text, sizeof(text));
	if (err) {
		file_complain("read", tracefs, "events/header_page", err);
		return err;
	}
	tep_parse_header_page(trace->tep, text, strlen(text), sizeof(long));
	err = file_read(tracefs, EVENT_DIR "/format", text, sizeof(text));
	if (err || tep_parse_format(trace->tep, &trace->format, text, strlen(text), "damon")) {
		file_complain("understand", tracefs, EVENT_DIR "/format", err ? err : -EPROTO);
		return -EPROTO;
	}
	for (i = 0; i < NR_TRACE_FIELDS; i++) {
		trace->fields[i] = tep_find_field(trace->format, field_names[i]);
		if (trace->fields[i])
			continue;
		say("no field %s in %s/" EVENT_DIR "/format", field_names[i], tracefs);
		return -EPROTO;
	}
	trace->page_size = (size_t)tep_get_sub_buffer_size(trace->tep);
	trace->page = malloc(trace->page_size);
	return trace->page ? 0 : -ENOMEM;
}

static int open_cpus(struct trace *trace)
{
	long cpu, nr = sysconf(_SC_NPROCESSORS_CONF);
	char path[PATH_MAX];

	trace->cpu_fd = calloc((size_t)nr, sizeof(int));
	if (!trace->cpu_fd)
		return -ENOMEM;
	for (cpu = 0; cpu < nr; cpu++) {
		int fd;

		snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld/trace_pipe_raw", trace->dir, cpu);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		/* A CPU that could exist, but does not */
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0) {
			int err = -errno;

			file_complain("open", path, "", err);
			return err;
		}
		trace->cpu_fd[trace->nr_cpus++] = fd;
	}
	return 0;
}

int trace_open(struct trace *trace, u64 buffer_kib, int name)
{
	char tracefs[TRACE_DIR_LEN - 128];
	int err;

	err = find_tracefs(tracefs, sizeof(tracefs));
	if (!err)
		err = read_formats(trace, tracefs);
	if (!err)
		err = make_instance(trace, tracefs, name);
	if (!err)
		err = file_set(trace->dir, "trace_clock", "mono");
	if (!err)
		err = file_set(trace->dir, "buffer_size_kb", "%llu",
			       buffer_kib);
	if (!err)
		err = open_cpus(trace);
	return err;
}

int trace_follow(struct trace *trace, int pid)
{
	int err;

	err = file_set(trace->dir, EVENT_DIR "/filter", "common_pid == %d", pid);
	if (!err)
		err = file_set(trace->dir, EVENT_DIR "/enable", "1");
	if (!err)
		err = file_set(trace->dir, "tracing_on", "1");
	return err;
}

static u64 read_field(struct trace *trace, enum trace_field nr, const void *data)
{
	unsigned long long value;

	return tep_read_number_field(trace->fields[nr], data, &value) ? 0 : value;
}

static int keep_event(struct trace *trace, u64 time_ns, const void *data)
{
	struct trace_event *event;

	if (trace->nr_events == trace->room) {
		size_t room = trace->room ? 2 * trace->room : 1024;

		event = reallocarray(trace->events, room, sizeof(*event));
		if (!event)
			return -ENOMEM;
		trace->events = event;
		trace->room = room;
	}
	event = &trace->events[trace->nr_events++];
	event->time_ns = time_ns;
	event->target = read_field(trace, FIELD_TARGET_ID, data);
	event->nr_regions = (u32)read_field(trace, FIELD_NR_REGIONS, data);
	event->region.start = read_field(trace, FIELD_START, data);
	event->region.end = read_field(trace, FIELD_END, data);
	event->region.nr_accesses = (u32)read_field(trace, FIELD_NR_ACCESSES, data);
	event->region.age = (u32)read_field(trace, FIELD_AGE, data);
	return 0;
}

static int read_page(struct trace *trace)
{
	unsigned long long ts;
	struct tep_record record = { 0 };
	void *data;
	int err = 0;

	kbuffer_load_subbuffer(trace->kbuf, trace->page);
	for (data = kbuffer_read_event(trace->kbuf, &ts); data && !err;
	     data = kbuffer_next_event(trace->kbuf, &ts)) {
		record.data = data;
		record.size = kbuffer_event_size(trace->kbuf);
		if (record.size < trace->format->format.nr_common ||
		    tep_data_type(trace->tep, &record) != trace->format->id)
			continue;
		err = keep_event(trace, ts, data);
	}
	return err;
}

static int read_cpu(struct trace *trace, int fd)
{
	ssize_t len;
	int err = 0;

	while (!err && (len = read(fd, trace->page, trace->page_size)) > 0) {
		/* The kernel may give less than a page; the rest must not be stale. */
		memset((char *)trace->page + len, 0, trace->page_size - (size_t)len);
		err = read_page(trace);
	}
	return err;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	/* Same stamp: the order in which the kernel walks */
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return (x->region.start > y->region.start) - (x->region.start < y->region.start);
}

int trace_drain(struct trace *trace, struct assembler *as, bool final)
{
	struct timespec now;
	size_t i, done;
	u64 settled;
	int cpu, err = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	settled = (u64)now.tv_sec * NSEC_PER_SEC + (u64)now.tv_nsec - SETTLE_NS;
	for (cpu = 0; cpu < trace->nr_cpus && !err; cpu++)
		err = read_cpu(trace, trace->cpu_fd[cpu]);
	if (err)
		return err;

	if (trace->nr_events)
		qsort(trace->events, trace->nr_events, sizeof(*trace->events), by_time);
	for (done = 0; done < trace->nr_events && !err; done++) {
		if (!final && trace->events[done].time_ns > settled)
			break;
		err = assembler_feed(as, &trace->events[done]);
	}
	for (i = done; i < trace->nr_events; i++)
		trace->events[i - done] = trace->events[i];
	trace->nr_events -= done;
	return err;
}

static u64 stat_value(const char *stats, const char *name)
{
	const char *at = strstr(stats, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

void trace_stop(struct trace *trace)
{
	char name[NAME_MAX], stats[FILE_VALUE_LEN];
	long cpu, nr = sysconf(_SC_NPROCESSORS_CONF);

	if (!trace->made)
		return;
	file_write(trace->dir, EVENT_DIR "/enable", "0");
	for (cpu = 0; cpu < nr; cpu++) {
		snprintf(name, sizeof(name), "per_cpu/cpu%ld/stats", cpu);
		if (file_read(trace->dir, name, stats, sizeof(stats)))
			continue;
		trace->lost += stat_value(stats, "\noverrun: ") +
			       stat_value(stats, "\ndropped events: ");
	}
}

void trace_close(struct trace *trace)
{
	int cpu;

	for (cpu = 0; cpu < trace->nr_cpus; cpu++)
		close(trace->cpu_fd[cpu]);
	if (trace->made && rmdir(trace->dir))
		file_complain("remove", trace->dir, "", -errno);
	if (trace->kbuf)
		kbuffer_free(trace->kbuf);
	if (trace->tep)
		tep_free(trace->tep);
	free(trace->cpu_fd);
	free(trace->page);
	free(trace->events);
	*trace = (struct trace){ 0 };
}
