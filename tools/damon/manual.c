// SPDX-License-Identifier: GPL-2.0
/*
 * The manual page and the completion of words for bash, from the tables that also
 * parse the options and make --help. So none of the three can lag behind.
 */
#include <ctype.h>
#include <string.h>

#include "opt.h"

/* Text with what is special to roff made harmless */
static void put(FILE *out, const char *text, size_t len)
{
	size_t i;

	if (len && (*text == '.' || *text == '\''))
		fputs("\\&", out);
	for (i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
	}
}

static void put_text(FILE *out, const char *text)
{
	put(out, text, strlen(text));
}

/* Lines as they are, where they are indented; the rest is filled. */
static void put_lines(FILE *out, const char *text, bool as_is)
{
	bool inside = as_is;
	size_t len;

	if (as_is)
		fputs(".nf\n", out);
	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!as_is && inside != (*text == ' ')) {
			inside = !inside;
			fputs(inside ? ".RS\n.nf\n" : ".fi\n.RE\n", out);
		}
		if (!len)
			fputs(as_is ? "" : ".PP", out);
		else if (inside)
			put(out, text + strspn(text, " "), len - strspn(text, " "));
		else
			put(out, text, len);
		fputc('\n', out);
	}
	if (inside)
		fputs(as_is ? ".fi\n" : ".fi\n.RE\n", out);
}

static void put_option(FILE *out, const struct opt_row *row)
{
	fputs(".TP\n.B ", out);
	if (row->letter)
		fprintf(out, "\\-%c, ", row->letter);
	fputs("\\-\\-", out);
	put_text(out, row->name);
	if (row->arg) {
		fputs(" \\fI", out);
		put_text(out, row->arg);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_text(out, row->help);
	fputc('\n', out);
}

static void put_command(FILE *out, const struct command *cmd)
{
	struct opt_rows rows;
	size_t i;

	fputs(".SS damonctl ", out);
	put_text(out, cmd->name);
	fputc(' ', out);
	put_text(out, cmd->args);
	fputc('\n', out);
	put_lines(out, cmd->about, false);
	opt_rows_of(cmd, &rows);
	for (i = 0; i < rows.nr; i++)
		put_option(out, &rows.row[i]);
	fputs(".PP\nExamples:\n.PP\n.RS\n", out);
	put_lines(out, cmd->examples, true);
	fputs(".RE\n", out);
}

void manual_print(FILE *out)
{
	const struct command *const *cmd;

	fputs(".TH DAMONCTL 1 \"\" \"damonctl " DAMONCTL_VERSION "\" \"User Commands\"\n"
	      ".SH NAME\ndamonctl \\- which memory programs touch, and how often\n"
	      ".SH SYNOPSIS\n.nf\n", out);
	for (cmd = commands; *cmd; cmd++) {
		fprintf(out, ".BI \"damonctl %s \" \"", (*cmd)->name);
		put_text(out, (*cmd)->args);
		fputs("\"\n", out);
	}
	fputs(".fi\n.SH DESCRIPTION\n", out);
	put_lines(out,
		  "damonctl starts, watches and reports DAMON, the kernel's monitor of memory access.\n"
		  "Nothing is to be prepared: each command configures a kdamond, the kernel's\n"
		  "monitoring thread, by itself, and all but start leave the kernel as they found it.\n"
		  "\n"
		  "Times have a unit (500us, 5ms, 1.5s, 2m), sizes may have one (4096, 64K, 2M, 1G).\n"
		  "Processes are given by number or by name. A value in brackets is what holds\n"
		  "without the option.\n", false);
	fputs(".SH COMMANDS\n", out);
	for (cmd = commands; *cmd; cmd++)
		put_command(out, *cmd);
	fputs(".SH EXIT STATUS\n", out);
	put_lines(out,
		  "0 good, 1 failed, 2 wrong usage. A message names the file or option at fault. run\n"
		  "passes on the status of its command.\n", false);
	fputs(".SH ENVIRONMENT\n.TP\n"
	      ".B DAMONCTL_SYSFS, DAMONCTL_TRACEFS, DAMONCTL_CGROUP, DAMONCTL_DEV\n"
	      "where sysfs, tracefs, cgroup2 and the snapshot devices are, if not where /proc/mounts\n"
	      "says\n.SH FILES\n.TP\n.I /sys/kernel/mm/damon/admin\nthe administrator's files\n.TP\n"
	      ".I /dev/damon*\nsnapshots, where the kernel has such devices\n.TP\n.I damon.data\n"
	      "the record, if no other name is given\n"
	      ".SH SEE ALSO\n.BR perf (1),\n.BR proc (5),\n"
	      "Documentation/admin\\-guide/mm/damon/ in the kernel's source\n", out);
}

/* Words that an argument can be: "[heatmap|wss] [OPTIONS]" has two. */
static void put_words(FILE *out, const char *args)
{
	size_t len, i;

	if (*args++ != '[')
		return;
	while ((len = strcspn(args, "|]"))) {
		for (i = 0; i < len && islower((unsigned char)args[i]); i++)
			;
		if (i == len)
			fprintf(out, "%.*s ", (int)len, args);
		if (args[len] != '|')
			break;
		args += len + 1;
	}
}

static void put_option_words(FILE *out, const struct command *cmd)
{
	struct opt_rows rows;
	size_t i;

	opt_rows_of(cmd, &rows);
	fprintf(out, "\t%s) words='", cmd->name);
	put_words(out, cmd->args);
	for (i = 0; i < rows.nr; i++)
		fprintf(out, "--%s ", rows.row[i].name);
	fputs("--help' ;;\n", out);
}

/* What follows an option, for those where that is neither a file nor a number */
static void put_values(FILE *out, const struct command *cmd)
{
	const char *const *choice;
	struct opt_rows rows;
	size_t i;

	opt_rows_of(cmd, &rows);
	for (i = 0; i < rows.nr; i++) {
		const struct opt_row *row = &rows.row[i];

		if (!opt_takes_value(row))
			continue;
		fprintf(out, "\t%s:--%s", cmd->name, row->name);
		if (row->letter)
			fprintf(out, "|%s:-%c", cmd->name, row->letter);
		fputs(") ", out);
		if (row->type == OPT_TEXT) {
			fputs("return ;;\n", out);
			continue;
		}
		fputs("words='", out);
		for (choice = row->choices; choice && *choice; choice++)
			fprintf(out, "%s ", *choice);
		fputs(row->type == OPT_PIDS ? "'$(ps -e -o comm= | sort -u) ;;\n" : "' ;;\n", out);
	}
}

void manual_print_completion(FILE *out)
{
	const struct command *const *cmd;

	fputs("# bash completion for damonctl; made by 'damonctl --completion'\n"
	      "_damonctl()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal cmd=${COMP_WORDS[1]} words='' i\n\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '", out);
	for (cmd = commands; *cmd; cmd++)
		fprintf(out, "%s ", (*cmd)->name);
	fputs("--help --version' -- \"$cur\")\n\t\treturn\n\tfi\n"
	      "\t# What is run has a completion of its own.\n"
	      "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	      "\t\tif [ \"${COMP_WORDS[i]}\" = -- ] && declare -F _command_offset > /dev/null; then\n"
	      "\t\t\t_command_offset $((i + 1))\n\t\t\treturn\n\t\tfi\n\tdone\n"
	      "\tcase $cmd in\n", out);
	for (cmd = commands; *cmd; cmd++)
		put_option_words(out, *cmd);
	fputs("\tesac\n\tcase $cmd:$prev in\n", out);
	for (cmd = commands; *cmd; cmd++)
		put_values(out, *cmd);
	fputs("\tesac\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
	      "complete -o bashdefault -o default -F _damonctl damonctl\n", out);
}
