// SPDX-License-Identifier: GPL-2.0
/* What changes a kdamond that there is, and files that describe one. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define INTERVALS	"contexts/0/monitoring_attrs/intervals/"
#define SCHEME		"contexts/0/schemes/0/"

static bool holds(const char *name, const char *wanted)
{
	char text[256];

	scratch_read(fake_file(0, name), text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, wanted))
		return true;
	printf("# %s: '%s', not '%s'\n", name, text, wanted);
	return false;
}

static void start_one(void)
{
	char line[64];

	fake_kernel(0);
	snprintf(line, sizeof(line), "start -p %d -s 5ms -A 100ms", getpid());
	CHECK(damonctl(line)->status == EXIT_OK);
}

static void tune(void)
{
	const struct captured *c;

	fake_kernel(0);
	c = damonctl("tune -s 1ms");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no kdamond is on"));
	start_one();
	c = damonctl("tune -s 10ms -n 20,2000");
	CHECK(c->status == EXIT_OK && strstr(c->out, "sample 10 ms, aggregation 100 ms"));
	CHECK(holds(INTERVALS "sample_us", "10000") && holds(INTERVALS "aggr_us", "100000"));
	CHECK(holds("contexts/0/monitoring_attrs/nr_regions/max", "2000"));
	CHECK(holds("state", "commit"));
	c = damonctl("tune 0 -A 1ms");
	CHECK(c->status == EXIT_USAGE && strstr(c->err, "--aggr 1 ms is shorter"));
	c = damonctl("tune 3 -A 1s");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "not configured"));
	c = damonctl("tune nonsense -A 1s");
	CHECK(c->status == EXIT_USAGE && strstr(c->err, "nonsense"));

	/* Refused: what was staged goes back. */
	start_one();
	scratch_text(fake_file(0, "last_error"), "too fast\n");
	fake_failure(fake_file(0, "contexts/0/monitoring_attrs/nr_regions/max"));
	c = damonctl("tune 0 -s 50ms -n 20,2000");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "nr_regions/max"));
	CHECK(holds(INTERVALS "sample_us", "5000"));
}

static void schemes(void)
{
	const struct captured *c;

	fake_kernel(0);
	c = damonctl("schemes");
	CHECK(c->status == EXIT_OK && strstr(c->out, "no kdamond is configured"));
	start_one();
	c = damonctl("schemes --add pageout --size 64K-1G --accesses 10-50% --age 1s-max --quota "
		     "64M/2s --interval 500ms");
	CHECK(c->status == EXIT_OK && strstr(c->out, "kdamond 0 has 1 scheme\n"));
	CHECK(holds("contexts/0/schemes/nr_schemes", "1") && holds(SCHEME "action", "pageout"));
	CHECK(holds(SCHEME "access_pattern/sz/min", "65536"));
	CHECK(holds(SCHEME "access_pattern/sz/max", "1073741824"));
	/* Percent of 20 checks, and seconds in windows of 100 ms */
	CHECK(holds(SCHEME "access_pattern/nr_accesses/min", "2"));
	CHECK(holds(SCHEME "access_pattern/nr_accesses/max", "10"));
	CHECK(holds(SCHEME "access_pattern/age/min", "10"));
	CHECK(holds(SCHEME "access_pattern/age/max", "4294967295"));
	CHECK(holds(SCHEME "quotas/bytes", "67108864"));
	CHECK(holds(SCHEME "quotas/reset_interval_ms", "2000"));
	CHECK(holds(SCHEME "apply_interval_us", "500000") && holds("state", "commit"));

	scratch_text(fake_file(0, "state"), "on\n");
	c = damonctl("schemes");
	CHECK(strstr(c->out, "scheme 0: pageout") && strstr(c->out, "64 KiB to 1 GiB"));
	CHECK(strstr(c->out, "accessed in 2 to 10 of 20 checks"));
	CHECK(strstr(c->out, "64 MiB each 2 s") && strstr(c->out, "tried       21 regions, 4 KiB"));
	scratch_text(fake_file(0, "state"), "on\n");
	c = damonctl("schemes --clear");
	CHECK(c->status == EXIT_OK && holds("contexts/0/schemes/nr_schemes", "0"));
}

static void wrong_schemes(void)
{
	static const struct {
		const char *line, *word;
	} lines[] = {
		{ "schemes --add stat --size 4K", "--size '4K'" },
		{ "schemes --add stat --size 2M-1M", "--size" },
		{ "schemes --add stat --accesses 0-101", "--accesses '0-101'" },
		{ "schemes --add stat --accesses 5", "--accesses '5'" },
		{ "schemes --add stat --age 5-6", "--age '5-6'" },
		{ "schemes --add stat --quota 5M", "--quota '5M'" },
		{ "schemes --add stat --quota 5M/1us", "--quota" },
		{ "schemes x --clear", "'x'" },
	};
	const struct captured *c;
	size_t i;

	start_one();
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		c = damonctl(lines[i].line);
		CHECK(c->status == EXIT_USAGE && strstr(c->err, lines[i].word));
		CHECK(holds("contexts/0/schemes/nr_schemes", "0") && holds("state", "on"));
	}
}

static const struct captured *load(const char *command, const char *text)
{
	char line[PATH_MAX + 64], path[PATH_MAX];

	scratch_text("file.json", text);
	scratch_path(path, "file.json");
	snprintf(line, sizeof(line), "%s %s", command, path);
	return damonctl(line);
}

static void load_schemes(void)
{
	const struct captured *c;

	start_one();
	c = load("schemes --load",
		 "{ \"action\": \"cold\", \"access_pattern\": { \"sz\": { \"max\": \"max\" },"
		 " \"age\": { \"min\": 7 } }, \"quotas\": { \"bytes\": \"2M\","
		 " \"reset_interval_ms\": \"1.5s\" }, \"stats\": { \"nr_tried\": 5 } }");
	CHECK(c->status == EXIT_OK && holds(SCHEME "action", "cold"));
	CHECK(holds(SCHEME "access_pattern/sz/max", "18446744073709551615"));
	CHECK(holds(SCHEME "access_pattern/age/min", "7"));
	CHECK(holds(SCHEME "quotas/bytes", "2097152"));
	CHECK(holds(SCHEME "quotas/reset_interval_ms", "1500"));
	/* Results are passed over. */
	CHECK(holds(SCHEME "stats/nr_tried", "21"));
	c = load("schemes 0 --load", "[]");
	CHECK(c->status == EXIT_OK && holds("contexts/0/schemes/nr_schemes", "0"));
	c = load("schemes 0 --load", "[ { \"action\": ");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "file.json: line 1"));
	c = load("schemes 0 --load", "7");
	CHECK(c->status == EXIT_FAILED && *c->err);
	c = load("schemes 0 --load", "[ { \"../../escape\": 1 } ]");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "'../../escape'"));
	c = load("schemes 0 --load", "[ { \"unheard_of\": 1 } ]");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no file"));
	c = load("schemes 0 --load", "[ { \"action\": null } ]");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "action: expected"));
	c = load("schemes 0 --load", "[ { \"quotas\": 5 } ]");
	CHECK(c->status == EXIT_FAILED && *c->err);
}

/* What status prints, start takes. */
static void round_trip(void)
{
	static char text[32768];
	const struct captured *c;
	char pid[16];

	start_one();
	damonctl("schemes --add cold --accesses 0-0 --quota 1M/1s");
	scratch_text(fake_file(0, "state"), "on\n");
	c = damonctl("status --json");
	CHECK(c->status == EXIT_OK && !*c->err);
	strcpy(text, c->out);
	fake_kernel(0);
	c = load("start --config", text);
	CHECK(c->status == EXIT_OK && holds("state", "on"));
	snprintf(pid, sizeof(pid), "%d", getpid());
	CHECK(holds("contexts/0/targets/0/pid_target", pid) && holds(SCHEME "action", "cold"));
	CHECK(holds(SCHEME "quotas/bytes", "1048576") && holds(INTERVALS "aggr_us", "100000"));
	fake_kernel(0);
	c = load("start --config", "{ \"targets\": 5 }");
	CHECK(c->status == EXIT_FAILED && *c->err && holds("contexts/nr_contexts", "0"));
	c = load("start --config", "[]");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "neither a kdamond nor a context"));
	c = load("start -p 4194305 --config", "{}");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no process 4194305"));
}

const struct test_case change_cases[] = {
	{ "tune", tune },
	{ "schemes", schemes },
	{ "wrong_schemes", wrong_schemes },
	{ "load_schemes", load_schemes },
	{ "round_trip", round_trip },
	{ }
};
