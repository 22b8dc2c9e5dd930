/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every file of damonctl shares: the basic types, exit statuses, messages
 * and the table of sub-commands.
 *
 * A sub-command is one file (cmd-NAME.c) that defines one struct command, and
 * one row of commands[] in main.c.
 */
#ifndef DAMONCTL_H
#define DAMONCTL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __u8 u8;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(f, a)	__attribute((format(printf, f, a)))

#define PLURAL(n)	((n) == 1 ? "" : "s")

#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_SEC	1000000000ULL
#define USEC_PER_SEC	1000000ULL

/* Exit statuses, the same for all sub-commands */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct opt_row;

/**
 * struct command - one sub-command
 * @name: the word after "damonctl"
 * @args: what follows the name in the usage line
 * @summary: one line for the list of commands
 * @about: paragraphs for --help
 * @examples: lines for --help
 * @rows: its options; ended by a row without a name
 * @stop_at_arg: options end at the first argument, which begins a command line
 * @run: does it and returns an exit status
 */
struct command {
	const char *name;
	const char *args;
	const char *summary;
	const char *about;
	const char *examples;
	const struct opt_row *rows;
	bool stop_at_arg;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_run, cmd_record, cmd_report;
extern const struct command cmd_status, cmd_start, cmd_stop;
extern const struct command cmd_top, cmd_tune, cmd_schemes, cmd_export;

/* All sub-commands, ended by NULL */
extern const struct command *const commands[];

/* The manual page and bash's completion, made from the same tables as --help */
void manual_print(FILE *out);
void manual_print_completion(FILE *out);

#define DAMONCTL_VERSION "0.1"

/* The program without its main(), so that tests can call it */
int damonctl_main(int argc, char **argv);

/* Pushes out what was printed; 0 or a negative errno, and says why not. */
int flush_output(void);

/* Prints "damonctl: <text>" to stderr. The text says what is at fault and what to do. */
void say(const char *fmt, ...) __printf(1, 2);

#endif /* DAMONCTL_H */
