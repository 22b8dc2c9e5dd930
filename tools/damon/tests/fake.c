// SPDX-License-Identifier: GPL-2.0
/*
 * A fake kernel: the files of sysfs and tracefs that damonctl uses, as ordinary
 * files in a scratch directory. Nothing reacts to writes, so both ends of a
 * sequence are prepared: directories exist before nr_* files ask for them.
 */
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "harness.h"

#define KDAMONDS "sys/kernel/mm/damon/admin/kdamonds"

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";

static const char event_format[] =
	"name: damon_aggregated\nID: 555\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:unsigned long target_id;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int nr_regions;\toffset:16;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned long start;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned long end;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int nr_accesses;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:unsigned int age;\toffset:44;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"%lu %lu\", REC->start, REC->end\n";

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void remove_tree(const char *name)
{
	char path[PATH_MAX];

	scratch_path(path, name);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fake_file(int index, const char *name)
{
	static char path[PATH_MAX];

	if (index < 0)
		snprintf(path, sizeof(path), KDAMONDS "/%s", name);
	else
		snprintf(path, sizeof(path), KDAMONDS "/%d/%s", index, name);
	return path;
}

const char *fake_instance(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "tracing/instances/damonctl.%d/%s", getpid(), name);
	return path;
}

/* Statistics are only read, which tells them from counts that make directories. */
static void protect(int index, const char *name)
{
	char path[PATH_MAX];

	scratch_path(path, fake_file(index, name));
	chmod(path, 0400);
}

static void make_kdamond(int index)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "state", "off\n" }, { "pid", "4242\n" }, { "contexts/nr_contexts", "0\n" },
		{ "contexts/0/operations", "vaddr\n" },
		{ "contexts/0/monitoring_attrs/intervals/sample_us", "5000\n" },
		{ "contexts/0/monitoring_attrs/intervals/aggr_us", "100000\n" },
		{ "contexts/0/monitoring_attrs/intervals/update_us", "60000000\n" },
		{ "contexts/0/monitoring_attrs/nr_regions/min", "10\n" },
		{ "contexts/0/monitoring_attrs/nr_regions/max", "1000\n" },
		{ "contexts/0/targets/nr_targets", "0\n" },
		{ "contexts/0/targets/0/pid_target", "0\n" },
		{ "contexts/0/targets/0/regions/nr_regions", "0\n" },
		{ "contexts/0/targets/0/regions/0/start", "0\n" },
		{ "contexts/0/targets/0/regions/0/end", "0\n" },
		{ "contexts/0/avail_operations", "vaddr\nfvaddr\npaddr\n" },
		{ "contexts/0/schemes/nr_schemes", "0\n" },
		{ "contexts/0/schemes/0/action", "stat\n" },
		{ "contexts/0/schemes/0/apply_interval_us", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/sz/min", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/sz/max", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/nr_accesses/min", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/nr_accesses/max", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/age/min", "0\n" },
		{ "contexts/0/schemes/0/access_pattern/age/max", "0\n" },
		{ "contexts/0/schemes/0/quotas/bytes", "0\n" },
		{ "contexts/0/schemes/0/quotas/reset_interval_ms", "0\n" },
		{ "contexts/0/schemes/0/watermarks/metric", "none\n" },
		{ "contexts/0/schemes/0/filters/nr_filters", "0\n" },
		{ "contexts/0/schemes/0/stats/nr_tried", "21\n" },
		{ "contexts/0/schemes/0/stats/sz_tried", "4096\n" },
		{ "contexts/0/schemes/0/stats/nr_applied", "7\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		scratch_text(fake_file(index, files[i].name), files[i].text);
	protect(index, "contexts/0/schemes/0/stats/nr_tried");
	protect(index, "contexts/0/schemes/0/stats/sz_tried");
	protect(index, "contexts/0/schemes/0/stats/nr_applied");
}

static void make_tracefs(void)
{
	char path[PATH_MAX];

	scratch_text("tracing/events/header_page", header_page);
	scratch_text("tracing/events/damon/damon_aggregated/format", event_format);
	scratch_text(fake_instance("trace_clock"), "local\n");
	scratch_text(fake_instance("buffer_size_kb"), "7\n");
	scratch_text(fake_instance("tracing_on"), "1\n");
	scratch_text(fake_instance("events/damon/damon_aggregated/enable"), "0\n");
	scratch_text(fake_instance("events/damon/damon_aggregated/filter"), "none\n");
	scratch_text(fake_instance("per_cpu/cpu0/trace_pipe_raw"), "");
	scratch_text(fake_instance("per_cpu/cpu0/stats"), "entries: 0\noverrun: 0\n");
	scratch_path(path, "tracing");
	setenv("DAMONCTL_TRACEFS", path, 1);
}

void fake_kernel(int nr_kdamonds)
{
	char path[PATH_MAX], text[16];
	int i;

	remove_tree("sys");
	remove_tree("tracing");
	snprintf(text, sizeof(text), "%d\n", nr_kdamonds);
	scratch_text(fake_file(-1, "nr_kdamonds"), text);
	for (i = 0; i < 4; i++)
		make_kdamond(i);
	make_tracefs();
	scratch_path(path, "sys");
	setenv("DAMONCTL_SYSFS", path, 1);
}

void fake_failure(const char *name)
{
	char path[PATH_MAX];

	scratch_path(path, name);
	remove(path);
	if (symlink("/dev/full", path))
		check_failed(__FILE__, __LINE__, path);
}

static void put(struct fake_page *page, const void *data, size_t len)
{
	if (page->len + len > FAKE_PAGE) {
		check_failed(__FILE__, __LINE__, "the page is full");
		return;
	}
	memcpy(page->data + page->len, data, len);
	page->len += len;
}

void fake_page_begin(struct fake_page *page, u64 time_ns)
{
	memset(page, 0, sizeof(*page));
	page->time_ns = time_ns;
	memcpy(page->data, &time_ns, sizeof(time_ns));
	page->len = 16;
}

void fake_page_add(struct fake_page *page, const struct trace_event *event, int id)
{
	struct {
		unsigned short type;
		u8 flags, preempt;
		int pid;
		u64 target;
		u32 nr_regions, pad;
		u64 start, end;
		u32 nr_accesses, age;
	} body = {
		.type = (unsigned short)id,
		.pid = 4242,
		.target = event->target,
		.nr_regions = event->nr_regions,
		.start = event->region.start,
		.end = event->region.end,
		.nr_accesses = event->region.nr_accesses,
		.age = event->region.age,
	};
	/* Five bits of length in words, 27 bits of time since the event before */
	u32 head = (u32)(sizeof(body) / 4) | (u32)(event->time_ns - page->time_ns) << 5;

	page->time_ns = event->time_ns;
	put(page, &head, sizeof(head));
	put(page, &body, sizeof(body));
}

void fake_page_commit(const struct fake_page *page, int cpu)
{
	u8 data[FAKE_PAGE];
	u64 commit = page->len - 16;
	char name[64];

	memcpy(data, page->data, sizeof(data));
	memcpy(data + 8, &commit, sizeof(commit));
	snprintf(name, sizeof(name), "per_cpu/cpu%d/trace_pipe_raw", cpu);
	scratch_write(fake_instance(name), data, sizeof(data));
}
