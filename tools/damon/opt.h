/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options as rows: name, type, where the value goes, help. Parsing and the
 * text of --help both come from the rows.
 */
#ifndef DAMONCTL_OPT_H
#define DAMONCTL_OPT_H

#include "damonctl.h"

#define OPT_MAX_PIDS	64
#define OPT_MAX_NAMES	16
#define OPT_NAME_LEN	128
#define OPT_MAX_SPANS	64
#define OPT_MAX_ROWS	40

enum opt_type {
	OPT_FLAG,	/* bool */
	OPT_NUMBER,	/* u64 */
	OPT_TIME,	/* u64, microseconds */
	OPT_SIZE,	/* u64, bytes */
	OPT_TEXT,	/* const char * */
	OPT_CHOICE,	/* const char *, one of choices */
	OPT_MINMAX,	/* struct opt_minmax */
	OPT_PIDS,	/* struct opt_pids; repeated options add */
	OPT_SPANS,	/* struct opt_spans; repeated options add */
	OPT_GROUP,	/* not an option, but rows that several commands share */
	NR_OPT_TYPES,
};

struct opt_minmax {
	u64 min, max;
};

/* Processes by number; names wait for process_find() to look them up */
struct opt_pids {
	unsigned int nr, nr_names;
	int pid[OPT_MAX_PIDS];
	char name[OPT_MAX_NAMES][OPT_NAME_LEN];
};

struct opt_spans {
	unsigned int nr;
	struct {
		u64 start, end;
	} span[OPT_MAX_SPANS];
};

/**
 * struct opt_row - one option
 * @name: long name, without dashes
 * @letter: short name, or 0
 * @type: what it takes
 * @target: offset of its value in the command's configuration
 * @arg: name of the argument in --help
 * @help: one line for --help
 * @choices: for OPT_CHOICE, ended by NULL
 * @group: for OPT_GROUP, rows whose targets count from @target
 */
struct opt_row {
	const char *name;
	char letter;
	enum opt_type type;
	size_t target;
	const char *arg;
	const char *help;
	const char *const *choices;
	const struct opt_row *group;
};

/* The rows of a command with its groups laid open */
struct opt_rows {
	size_t nr;
	struct opt_row row[OPT_MAX_ROWS];
};

void opt_rows_of(const struct command *cmd, struct opt_rows *rows);
bool opt_takes_value(const struct opt_row *row);

/*
 * Fills @config from @argv. Returns the index of the first argument that is no
 * option, or -1 when there is nothing left to do, with the exit status in
 * @status: --help was answered, or the usage was wrong and the fault named.
 */
int opt_parse(const struct command *cmd, int argc, char **argv, void *config, int *status);

/* Says what is wrong and where to read more; returns EXIT_USAGE. */
int opt_fault(const struct command *cmd, const char *fmt, ...) __printf(2, 3);

#endif /* DAMONCTL_OPT_H */
