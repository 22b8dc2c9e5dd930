// SPDX-License-Identifier: GPL-2.0
/* Whole commands against the fake kernel: run and record. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../session.h"
#include "fake.h"
#include "harness.h"

static bool holds(int index, const char *name, const char *wanted)
{
	char text[256];

	scratch_read(fake_file(index, name), text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, wanted);
}

/*
 * Snapshots that will have been taken within the next seconds; not at once, for they
 * must not be older than the command that is yet to start, however slow the machine.
 */
static void fake_windows(u32 nr)
{
	struct fake_page page;
	u64 now = session_now_ns();
	u32 i, k;

	fake_page_begin(&page, now);
	for (i = 0; i < nr; i++)
		for (k = 0; k < 4; k++) {
			struct trace_event event = {
				.time_ns = now + (i + 100) * 100000000ULL + k,
				.nr_regions = 4,
				.region = { (16 + k) << 20, (17 + k) << 20, 5 * k, i },
			};

			fake_page_add(&page, &event, FAKE_EVENT_ID);
		}
	fake_page_commit(&page, 0);
}

static bool left_clean(void)
{
	return holds(-1, "nr_kdamonds", "0") && holds(0, "contexts/nr_contexts", "0") &&
	       holds(0, "state", "off");
}

static void run_command(void)
{
	const struct captured *c;
	char line[PATH_MAX + 64], path[PATH_MAX];
	struct stat st;

	fake_kernel(0);
	fake_windows(10);
	scratch_path(path, "run.data");
	snprintf(line, sizeof(line), "run -o %s -- false", path);
	c = damonctl(line);
	CHECK(c->status == 1 && strstr(c->err, "Memory access of 'false'"));
	CHECK(strstr(c->err, "10 snapshots of 4 to 4 regions"));
	CHECK(!*c->out && !stat(path, &st) && left_clean());
	CHECK(holds(0, "contexts/0/monitoring_attrs/intervals/update_us", "100000"));

	snprintf(line, sizeof(line), "report wss --csv -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, ",4194304,3145728,2097152\n"));

	fake_kernel(0);
	fake_windows(3);
	c = damonctl("run -- echo hello");
	CHECK(c->status == EXIT_OK && !strcmp(c->out, "hello\n") && left_clean());
	CHECK(strstr(c->err, "Memory access of 'echo hello'"));
}

static void run_statuses(void)
{
	const struct captured *c;

	fake_kernel(0);
	c = damonctl("run -- /nonexistent/command");
	CHECK(c->status == 127 && strstr(c->err, "/nonexistent/command"));
	CHECK(holds(-1, "nr_kdamonds", "0"));
	c = damonctl("run -- /etc");
	CHECK(c->status == 126 && strstr(c->err, "/etc"));
	/* Too short for a snapshot: said, but no failure */
	c = damonctl("run -- true");
	CHECK(c->status == EXIT_OK && strstr(c->err, "before the first aggregation"));
	CHECK(left_clean());
	c = damonctl("run -- sleep 0.5");
	CHECK(c->status == EXIT_OK && strstr(c->err, "no snapshot"));
}

/* Monitoring cannot begin: the command must not run at all */
static void run_refused(void)
{
	const struct captured *c;
	char line[PATH_MAX + 32], path[PATH_MAX];

	fake_kernel(0);
	fake_failure(fake_file(0, "state"));
	scratch_path(path, "touched");
	snprintf(line, sizeof(line), "run -- touch %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "state"));
	CHECK(access(path, F_OK) && holds(-1, "nr_kdamonds", "0"));
	fake_kernel(0);
	c = damonctl("run -o /nonexistent/dir/file -- true");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "/nonexistent/dir/file"));
	CHECK(holds(-1, "nr_kdamonds", "0"));
}

static void disk_full(void)
{
	const struct captured *c;

	fake_kernel(0);
	fake_windows(10);
	c = damonctl("run -o /dev/full -- true");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "No space left"));
	CHECK(left_clean());
}

static void record_self(void)
{
	const struct captured *c;
	char line[PATH_MAX + 64], path[PATH_MAX];

	fake_kernel(0);
	fake_windows(5);
	scratch_path(path, "record.data");
	snprintf(line, sizeof(line), "record -p %d -d 300ms -o %s", getpid(), path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->err, "5 snapshots") && left_clean());
	snprintf(line, sizeof(line), "report regions --csv -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, ",0x1000000,0x1100000,1048576,0,0,"));
	c = damonctl("record -p 4194305");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no process 4194305"));
}

const struct test_case session_cases[] = {
	{ "run", run_command },
	{ "run_statuses", run_statuses },
	{ "run_refused", run_refused },
	{ "disk_full", disk_full },
	{ "record", record_self },
	{ }
};
