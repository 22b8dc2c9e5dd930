// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl: start, watch and report the kernel's data access monitor, DAMON.
 *
 * This file owns the table of sub-commands and nothing else.
 */
#include <stdarg.h>
#include <string.h>

#include "damonctl.h"

#define DAMONCTL_VERSION "0.1"

static const struct command *const commands[] = {
	&cmd_run,
	&cmd_record,
	&cmd_report,
	&cmd_top,
	&cmd_start,
	&cmd_stop,
	&cmd_status,
	&cmd_tune,
	&cmd_schemes,
	&cmd_export,
};

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("damonctl: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static void print_usage(FILE *out)
{
	size_t i;

	fputs("usage: damonctl COMMAND [OPTIONS]\n\n"
	      "Shows which memory programs touch, and how often, with the kernel's DAMON.\n\n"
	      "commands:\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'damonctl COMMAND --help' explains one command.\n"
	      "Try: damonctl run -- ls -lR /usr\n", out);
}

int damonctl_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	size_t i;

	if (!name) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		print_usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(name, "--version")) {
		puts("damonctl " DAMONCTL_VERSION);
		return EXIT_OK;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i]->run(argc - 1, argv + 1);

	say("no command '%s'; 'damonctl --help' lists the commands", name);
	return EXIT_USAGE;
}

#ifndef DAMONCTL_NO_MAIN
int main(int argc, char **argv)
{
	return damonctl_main(argc, argv);
}
#endif
