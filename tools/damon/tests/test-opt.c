// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../monitor.h"
#include "harness.h"

static const struct opt_row rows[] = {
	{ "pid", 'p', OPT_PIDS, offsetof(struct monitor_cfg, pids), "PID", "which" },
	{ "", 0, OPT_GROUP, 0, .group = monitor_rows },
	{ }
};

static const struct command cmd = {
	.name = "test",
	.args = "",
	.about = "",
	.examples = "",
	.rows = rows,
};

static int parse(const char *line, struct monitor_cfg *cfg, int *status)
{
	static char words[256];
	char *argv[20] = { "test" }, *word;
	int argc = 1;

	*cfg = (struct monitor_cfg){ MONITOR_DEFAULTS(1) };
	snprintf(words, sizeof(words), "%s", line);
	for (word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return opt_parse(&cmd, argc, argv, cfg, status);
}

static void good(void)
{
	struct monitor_cfg cfg;
	int status;

	CHECK(parse("-s 1ms --aggr=20ms --update 1s -n5,50 -p 1,2 -p 3 rest", &cfg, &status) == 11);
	CHECK(status == EXIT_OK);
	CHECK(cfg.sample_us == 1000 && cfg.aggr_us == 20000 && cfg.update_us == 1000000);
	CHECK(cfg.nr_regions.min == 5 && cfg.nr_regions.max == 50);
	CHECK(cfg.pids.nr == 3 && cfg.pids.pid[2] == 3);
	CHECK(parse("--ops fvaddr --span 0x1000-0x2000 --span 12288-16384", &cfg, &status) > 0);
	CHECK(!strcmp(cfg.ops, "fvaddr") && cfg.spans.nr == 2 && cfg.spans.span[1].start == 12288);
	/* Long options can be cut short, as with any getopt program */
	CHECK(parse("--samp 7ms", &cfg, &status) > 0 && cfg.sample_us == 7000);
}

/* Each wrong line, and a word that the message must have */
static void bad(void)
{
	static const struct {
		const char *line, *word;
	} lines[] = {
		{ "record", "-p PID" },
		{ "record -p 0", "--pid '0'" },
		{ "record -p -1", "--pid '-1'" },
		{ "record -p 1,,2", "--pid '1,,2'" },
		{ "record -p 99999999999", "--pid" },
		{ "record -p 1 extra", "'extra'" },
		{ "record -p 1 --nonsense", "--nonsense" },
		{ "record -p 1 -Z", "-Z" },
		{ "record -p", "-p needs a value" },
		{ "record -p 1 -s 5", "--sample '5'" },
		{ "record -p 1 -s 0ms", "--sample '0ms'" },
		{ "record -p 1 -A 1ms", "--aggr 1 ms is shorter than --sample 5 ms" },
		{ "record -p 1 -n 2,10", "--regions" },
		{ "record -p 1 -n 20,10", "--regions" },
		{ "record -p 1 -n 10", "--regions '10'" },
		{ "record -p 1 --ops nonsense", "vaddr fvaddr paddr" },
		{ "record -p 1 --ops paddr", "--ops paddr is for -a" },
		{ "record -p 1 -a", "one of -p, -a and --cgroup" },
		{ "record -a --children", "--children goes with -p" },
		{ "record -p 1 --ops fvaddr", "--span" },
		{ "record -p 1 --span 5-5", "--span '5-5'" },
		{ "record -p 1 --span 8-9 --span 5-6", "--span '5-6'" },
		{ "run", "no command" },
		{ "run -s", "needs a value" },
		{ "run --ops paddr -- true", "--ops paddr" },
		{ "run --height 1 -- true", "--height" },
		{ "report nonsense", "no view 'nonsense'" },
		{ "report regions --png x", "--png" },
		{ "report hist --html x", "--html" },
		{ "report summary --json", "--json" },
		{ "report --csv --json", "not both" },
		{ "report --format xml", "text csv json damo" },
		{ "report --color sometimes", "auto always never" },
		{ "status now", "'now'" },
		{ "stop 1 2", "'2'" },
		{ "start", "-p PID" },
		{ "tune", "what shall change" },
		{ "tune 1 2 -s 1ms", "'2'" },
		{ "tune -n 5", "--regions '5'" },
		{ "schemes --load x --clear", "--load" },
		{ "schemes --size 1-2", "goes with --add" },
		{ "export now", "'now'" },
		{ "top --lines 0", "--lines" },
		{ "top now", "'now'" },
		{ "nonsense", "no command 'nonsense'" },
		{ "", "usage" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct captured *c = damonctl(lines[i].line);

		if (c->status == EXIT_USAGE && strstr(c->err, lines[i].word) && !*c->out)
			continue;
		printf("# '%s': status %d, %s\n", lines[i].line, c->status, c->err);
		check_failed(__FILE__, __LINE__, "a usage error that names the fault");
	}
}

static void help_texts(void)
{
	static const char *const names[] = {
		"run", "record", "report", "top", "start", "stop", "status", "tune", "schemes",
		"export",
	};
	const struct captured *c;
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), "%s --help", names[i]);
		c = damonctl(line);
		CHECK(c->status == EXIT_OK && !*c->err);
		CHECK(strstr(c->out, "usage: damonctl ") && strstr(c->out, "examples:"));
		c = damonctl("--help");
		CHECK(c->status == EXIT_OK && strstr(c->out, names[i]));
	}
	/* Options end at the command of run */
	c = damonctl("run -h -- ls -Z");
	CHECK(c->status == EXIT_OK);
}

/* All that --help knows is in the manual page and can be completed. */
static void manual(void)
{
	const struct command *const *one;
	char name[64], man[32768];
	const struct captured *c;
	struct opt_rows all;
	size_t i;

	c = damonctl("--man");
	CHECK(c->status == EXIT_OK && !*c->err && !strncmp(c->out, ".TH DAMONCTL 1", 14));
	strcpy(man, c->out);
	c = damonctl("--completion");
	CHECK(c->status == EXIT_OK && !*c->err);
	for (one = commands; *one; one++) {
		snprintf(name, sizeof(name), ".SS damonctl %s ", (*one)->name);
		CHECK(strstr(man, name));
		opt_rows_of(*one, &all);
		CHECK(all.nr && all.nr < OPT_MAX_ROWS);
		for (i = 0; i < all.nr; i++) {
			snprintf(name, sizeof(name), "--%s ", all.row[i].name);
			CHECK(strstr(c->out, name));
		}
	}
	CHECK(strstr(man, "all\\-memory") && strstr(man, ".SH EXIT STATUS"));
	CHECK(strstr(c->out, "report:--format) words='text csv json damo '"));
	CHECK(strstr(c->out, "stop) words='all "));
}

const struct test_case opt_cases[] = {
	{ "good", good },
	{ "bad", bad },
	{ "help", help_texts },
	{ "manual", manual },
	{ }
};
