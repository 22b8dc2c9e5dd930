// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <unistd.h>

#include "harness.h"

/* What a file of a fake kdamond holds now */
static bool holds(int index, const char *name, const char *wanted)
{
	char text[256];

	scratch_read(fake_file(index, name), text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, wanted))
		return true;
	printf("# %s: '%s', not '%s'\n", fake_file(index, name), text, wanted);
	return false;
}

static const struct captured *start_self(const char *options)
{
	char line[256];

	snprintf(line, sizeof(line), "start -p %d %s", getpid(), options);
	return damonctl(line);
}

static void start_stop(void)
{
	const struct captured *c;
	char pid[16];

	fake_kernel(0);
	snprintf(pid, sizeof(pid), "%d", getpid());
	c = start_self("-s 1ms -A 20ms -u 2s -n 5,50 --span 0x1000-0x3000");
	CHECK(c->status == EXIT_OK && strstr(c->out, "kdamond 0 is on, pid 4242"));
	CHECK(holds(-1, "nr_kdamonds", "4"));
	CHECK(holds(0, "contexts/nr_contexts", "1"));
	CHECK(holds(0, "contexts/0/operations", "vaddr"));
	CHECK(holds(0, "contexts/0/monitoring_attrs/intervals/sample_us", "1000"));
	CHECK(holds(0, "contexts/0/monitoring_attrs/intervals/aggr_us", "20000"));
	CHECK(holds(0, "contexts/0/monitoring_attrs/intervals/update_us", "2000000"));
	CHECK(holds(0, "contexts/0/monitoring_attrs/nr_regions/min", "5"));
	CHECK(holds(0, "contexts/0/monitoring_attrs/nr_regions/max", "50"));
	CHECK(holds(0, "contexts/0/targets/nr_targets", "1"));
	CHECK(holds(0, "contexts/0/targets/0/pid_target", pid));
	CHECK(holds(0, "contexts/0/targets/0/regions/nr_regions", "1"));
	CHECK(holds(0, "contexts/0/targets/0/regions/0/end", "12288"));
	CHECK(holds(0, "state", "on"));

	/* The next one takes the next slot, and leaves nr_kdamonds alone. */
	c = start_self("");
	CHECK(c->status == EXIT_OK && strstr(c->out, "kdamond 1 is on"));
	CHECK(holds(0, "state", "on") && holds(-1, "nr_kdamonds", "4"));

	c = damonctl("stop");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "several"));
	c = damonctl("stop 0");
	CHECK(c->status == EXIT_OK && holds(0, "state", "off"));
	CHECK(holds(0, "contexts/nr_contexts", "0") && holds(-1, "nr_kdamonds", "4"));
	c = damonctl("stop");
	CHECK(c->status == EXIT_OK && holds(1, "state", "off"));
	CHECK(holds(-1, "nr_kdamonds", "0"));
	c = damonctl("stop");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no kdamond is on"));
}

static void stop_keeps(void)
{
	const struct captured *c;

	fake_kernel(0);
	start_self("");
	c = damonctl("stop --keep 0");
	CHECK(c->status == EXIT_OK && holds(0, "state", "off"));
	CHECK(holds(0, "contexts/nr_contexts", "1") && holds(-1, "nr_kdamonds", "4"));
	c = damonctl("stop 9");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no kdamond 9"));
	c = damonctl("stop nonsense");
	CHECK(c->status == EXIT_USAGE && strstr(c->err, "nonsense"));
	/* What someone configured is kept, until it is needed; then that is said. */
	CHECK(strstr(start_self("")->out, "kdamond 1"));
	CHECK(strstr(start_self("")->out, "kdamond 2"));
	CHECK(strstr(start_self("")->out, "kdamond 3"));
	c = start_self("");
	CHECK(strstr(c->out, "kdamond 0") && strstr(c->err, "was configured"));
	c = start_self("");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "all 4 kdamonds are on"));
	c = damonctl("stop all");
	CHECK(c->status == EXIT_OK && holds(3, "state", "off") && holds(-1, "nr_kdamonds", "0"));
}

static void status(void)
{
	const struct captured *c;
	char text[64];

	fake_kernel(0);
	c = damonctl("status");
	CHECK(c->status == EXIT_OK && strstr(c->out, "nothing is monitored"));
	start_self("-s 1ms -A 2.5s");
	c = damonctl("status");
	CHECK(c->status == EXIT_OK && strstr(c->out, "kdamond 0: on, pid 4242"));
	CHECK(strstr(c->out, "sample 1 ms, aggregation 2.5 s, update 1 s"));
	CHECK(strstr(c->out, "10 to 1000"));
	snprintf(text, sizeof(text), "%d (damonctl-test)", getpid());
	CHECK(strstr(c->out, text));
	CHECK(strstr(c->out, "3 of 4 kdamonds are off"));
	/* Older kernels do not tell. */
	CHECK(!strstr(c->out, "cost"));
}

/* What a run has cost; the file may know more or less than we do. */
static void status_cost(void)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{ "elapsed_ns 0\nruntime_ns 0\nticks 0\n", NULL },
		{ "", NULL },
		{ "nonsense", NULL },
		{ "elapsed_ns x\nruntime_ns 5\n", NULL },
		{ "elapsed_ns 12300000000\nruntime_ns 12300000\nsampling_ns 1\n"
		  "ticks 2460\nticks_missed 3\nsamples 24600\nsurveyed 0\ntlb_flushes 0\n",
		  "  cost        0.1 % of a CPU in 12.3 s: 2460 ticks, 3 missed, 24600 samples\n" },
		{ "new_key 7\nelapsed_ns 7384000000000\nruntime_ns 92300000000\nalone\n"
		  "surveyed 512\ntlb_flushes 4\n",
		  " in 2 h 3 min: 0 ticks, 0 missed, 0 samples, 512 surveyed, 4 TLB flushes\n" },
	};
	const struct captured *c;
	size_t i;

	fake_kernel(0);
	start_self("");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		scratch_text(fake_file(0, "cost"), rows[i].text);
		c = damonctl("status");
		CHECK(c->status == EXIT_OK);
		if (rows[i].line)
			CHECK(strstr(c->out, rows[i].line));
		else
			CHECK(!strstr(c->out, "cost"));
	}
}

static void no_damon(void)
{
	static const char *const lines[] = { "status", "stop", "start -p 1", "run -- true" };
	const struct captured *c;
	char path[4096];
	size_t i;

	fake_kernel(0);
	scratch_path(path, fake_file(-1, "nr_kdamonds"));
	remove(path);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		c = damonctl(lines[i]);
		CHECK(c->status == EXIT_FAILED);
		CHECK(strstr(c->err, "no DAMON") && strstr(c->err, "CONFIG_DAMON_SYSFS"));
	}
}

static void refused(void)
{
	const struct captured *c;

	/* The kernel says why */
	fake_kernel(0);
	fake_failure(fake_file(0, "state"));
	scratch_text(fake_file(-1, "nr_kdamonds"), "0\n");
	scratch_text(fake_file(0, "last_error"), "contexts/0/targets/0: no process 77\n");
	c = start_self("");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "cannot switch on kdamond 0: "));
	CHECK(strstr(c->err, "contexts/0/targets/0: no process 77"));
	/* and all is as before */
	CHECK(holds(0, "contexts/nr_contexts", "0") && holds(-1, "nr_kdamonds", "0"));

	/* A parameter is refused: file and value are named */
	fake_kernel(0);
	fake_failure(fake_file(0, "contexts/0/monitoring_attrs/nr_regions/max"));
	c = start_self("-n 7,77");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "nr_regions/max"));
	CHECK(strstr(c->err, "'77'") && holds(0, "contexts/nr_contexts", "0"));

	fake_kernel(0);
	c = damonctl("start -p 4194305");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no process 4194305"));
	CHECK(holds(-1, "nr_kdamonds", "0"));
	scratch_text(fake_file(-1, "nr_kdamonds"), "nonsense\n");
	c = damonctl("status");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "nr_kdamonds"));
}

const struct test_case admin_cases[] = {
	{ "start_stop", start_stop },
	{ "stop_keeps", stop_keeps },
	{ "status", status },
	{ "status_cost", status_cost },
	{ "no_damon", no_damon },
	{ "refused", refused },
	{ }
};
