// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl: start, watch and report the kernel's data access monitor, DAMON.
 *
 * This file owns the table of sub-commands and nothing else.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "damonctl.h"
#include "signals.h"

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

int flush_output(void)
{
	int err;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	/* What failed before has left nothing to be written; another try tells why. */
	if (!errno) {
		clearerr(stdout);
		fputc('\n', stdout);
		fflush(stdout);
	}
	err = errno ? -errno : -EIO;
	/* Once is enough. */
	clearerr(stdout);
	/* Who closed a pipe wants no more. */
	if (err != -EPIPE)
		say("cannot write to the standard output: %s", strerror(-err));
	return err;
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

static int dispatch(int argc, char **argv)
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
		return EXIT_OK;
	}
	for (cmd = commands; *cmd; cmd++)
		if (!strcmp(name, (*cmd)->name))
			return (*cmd)->run(argc - 1, argv + 1);

	say("no command '%s'; 'damonctl --help' lists the commands", name);
	return EXIT_USAGE;
}

int damonctl_main(int argc, char **argv)
{
	int status = dispatch(argc, argv);

	/* What nobody got is no success. */
	if (flush_output() && status == EXIT_OK)
		status = EXIT_FAILED;
	/* Perhaps because of one of them */
	if (status != EXIT_OK)
		signals_release();
	return status;
}

#ifndef DAMONCTL_NO_MAIN
int main(int argc, char **argv)
{
	return damonctl_main(argc, argv);
}
#endif
