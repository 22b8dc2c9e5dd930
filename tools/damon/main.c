// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl: start, watch and report the kernel's data access monitor, DAMON.
 *
 * This file owns the table of sub-commands and nothing else.
 */
#include <stdarg.h>
#include <string.h>

#include "damonctl.h"

const struct command *const commands[] = {
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
	NULL,
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
	const struct command *const *cmd;

	fputs("usage: damonctl COMMAND [OPTIONS]\n\n"
	      "Shows which memory programs touch, and how often, with the kernel's DAMON.\n\n"
	      "commands:\n", out);
	for (cmd = commands; *cmd; cmd++)
		fprintf(out, "  %-8s %s\n", (*cmd)->name, (*cmd)->summary);
	fputs("\n'damonctl COMMAND --help' explains one command, 'damonctl --man' prints the\n"
	      "manual page, 'damonctl --completion' what bash needs to complete words.\n"
	      "Try: damonctl run -- ls -lR /usr\n", out);
}

int damonctl_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *const *cmd;

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
	if (!strcmp(name, "--man") || !strcmp(name, "--completion")) {
		if (!strcmp(name, "--man"))
			manual_print(stdout);
		else
			manual_print_completion(stdout);
		return ferror(stdout) ? EXIT_FAILED : EXIT_OK;
	}
	for (cmd = commands; *cmd; cmd++)
		if (!strcmp(name, (*cmd)->name))
			return (*cmd)->run(argc - 1, argv + 1);

	say("no command '%s'; 'damonctl --help' lists the commands", name);
	return EXIT_USAGE;
}

#ifndef DAMONCTL_NO_MAIN
int main(int argc, char **argv)
{
	return damonctl_main(argc, argv);
}
#endif
