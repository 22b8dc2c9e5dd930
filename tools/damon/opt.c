// SPDX-License-Identifier: GPL-2.0
/*
 * Options as rows, parsed with getopt_long(). A type of value is one row of
 * types[]; must not know any particular option.
 */
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "unit.h"

/* Values of getopt_long() for rows: above any letter */
#define OPT_FIRST_ROW	256

struct opt_type_desc {
	bool has_arg;
	const char *expects;
	bool (*parse)(const struct opt_row *row, const char *text, void *value);
};

static bool parse_flag(const struct opt_row *row, const char *text, void *value)
{
	*(bool *)value = true;
	return true;
}

static bool parse_number(const struct opt_row *row, const char *text, void *value)
{
	return unit_parse_number(text, value);
}

static bool parse_time(const struct opt_row *row, const char *text, void *value)
{
	u64 us;

	if (!unit_parse_time_us(text, &us) || !us)
		return false;
	*(u64 *)value = us;
	return true;
}

static bool parse_size(const struct opt_row *row, const char *text, void *value)
{
	return unit_parse_size(text, value);
}

static bool parse_text(const struct opt_row *row, const char *text, void *value)
{
	*(const char **)value = text;
	return *text;
}

static bool parse_choice(const struct opt_row *row, const char *text, void *value)
{
	const char *const *choice;

	for (choice = row->choices; *choice; choice++) {
		if (strcmp(*choice, text))
			continue;
		*(const char **)value = *choice;
		return true;
	}
	return false;
}

/* Splits "A<sep>B" into two numbers. */
static bool parse_pair(const char *text, char sep, u64 *a, u64 *b)
{
	char first[32];
	const char *at = strchr(text, sep);

	if (!at || (size_t)(at - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(at - text));
	first[at - text] = '\0';
	return unit_parse_number(first, a) && unit_parse_size(at + 1, b);
}

static bool parse_minmax(const struct opt_row *row, const char *text, void *value)
{
	struct opt_minmax *mm = value;

	return parse_pair(text, ',', &mm->min, &mm->max);
}

static bool parse_pids(const struct opt_row *row, const char *text, void *value)
{
	struct opt_pids *pids = value;
	char word[32];
	size_t len;
	u64 pid;

	if (text[strspn(text, "0123456789,")]) {
		if (*text == '-' || strlen(text) >= OPT_NAME_LEN || pids->nr_names == OPT_MAX_NAMES)
			return false;
		strcpy(pids->name[pids->nr_names++], text);
		return true;
	}
	for (;;) {
		len = strcspn(text, ",");
		if (!len || len >= sizeof(word) || pids->nr == OPT_MAX_PIDS)
			return false;
		memcpy(word, text, len);
		word[len] = '\0';
		if (!unit_parse_number(word, &pid) || !pid || pid > INT_MAX)
			return false;
		pids->pid[pids->nr++] = (int)pid;
		if (!text[len])
			return true;
		text += len + 1;
	}
}

static bool parse_spans(const struct opt_row *row, const char *text, void *value)
{
	struct opt_spans *spans = value;
	u64 start, end;

	if (spans->nr == OPT_MAX_SPANS)
		return false;
	if (parse_pair(text, '+', &start, &end)) {
		if (__builtin_add_overflow(start, end, &end))
			return false;
	} else if (!parse_pair(text, '-', &start, &end)) {
		return false;
	}
	if (start >= end)
		return false;
	if (spans->nr && spans->span[spans->nr - 1].end > start)
		return false;
	spans->span[spans->nr].start = start;
	spans->span[spans->nr++].end = end;
	return true;
}

static const struct opt_type_desc types[NR_OPT_TYPES] = {
	[OPT_FLAG] = { false, "", parse_flag },
	[OPT_NUMBER] = { true, "a number", parse_number },
	[OPT_TIME] = { true, "a time with its unit, such as 500us, 5ms, 1s or 2m", parse_time },
	[OPT_SIZE] = { true, "a size, such as 4096, 64K or 2M", parse_size },
	[OPT_TEXT] = { true, "a name", parse_text },
	[OPT_CHOICE] = { true, "one of", parse_choice },
	[OPT_MINMAX] = { true, "two numbers, such as 10,1000", parse_minmax },
	[OPT_PIDS] = { true, "process numbers, such as 1234 or 1234,5678, or a name", parse_pids },
	[OPT_SPANS] = { true, "START-END or START+SIZE in rising order, such as 0x7f0000000000+64M",
			parse_spans },
};

int opt_fault(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "damonctl %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see 'damonctl %s --help'\n", cmd->name);
	return EXIT_USAGE;
}

static void open_groups(struct opt_rows *to, const struct opt_row *row, size_t target)
{
	for (; row && row->name; row++) {
		if (row->type == OPT_GROUP) {
			open_groups(to, row->group, target + row->target);
		} else if (to->nr < OPT_MAX_ROWS) {
			to->row[to->nr] = *row;
			to->row[to->nr++].target += target;
		}
	}
}

void opt_rows_of(const struct command *cmd, struct opt_rows *rows)
{
	*rows = (struct opt_rows){ 0 };
	open_groups(rows, cmd->rows, 0);
}

bool opt_takes_value(const struct opt_row *row)
{
	return types[row->type].has_arg;
}

static void print_help(const struct command *cmd, const struct opt_rows *rows)
{
	const struct opt_row *row;
	char left[64];

	printf("usage: damonctl %s %s\n\n%s\n", cmd->name, cmd->args, cmd->about);
	printf("\noptions:\n");
	for (row = rows->row; row < rows->row + rows->nr; row++) {
		if (row->letter)
			snprintf(left, sizeof(left), "-%c, --%s%s%s", row->letter, row->name,
				 row->arg ? " " : "", row->arg ? row->arg : "");
		else
			snprintf(left, sizeof(left), "    --%s%s%s", row->name,
				 row->arg ? " " : "", row->arg ? row->arg : "");
		printf("  %-26s %s\n", left, row->help);
	}
	printf("  %-26s %s\n", "-h, --help", "this text");
	printf("\nexamples:\n%s", cmd->examples);
}

static int apply_row(const struct command *cmd, const struct opt_row *row, void *config)
{
	const struct opt_type_desc *type = &types[row->type];
	char list[128] = "";
	size_t i;

	if (type->parse(row, optarg, (char *)config + row->target))
		return EXIT_OK;
	for (i = 0; row->type == OPT_CHOICE && row->choices[i]; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s", row->choices[i]);
	return opt_fault(cmd, "--%s '%s': expected %s%s", row->name, optarg, type->expects, list);
}

static void make_tables(const struct command *cmd, const struct opt_rows *rows,
			struct option *longs, char *shorts)
{
	size_t i;

	if (cmd->stop_at_arg)
		*shorts++ = '+';
	*shorts++ = ':';
	for (i = 0; i < rows->nr; i++) {
		const struct opt_row *row = &rows->row[i];
		bool has_arg = types[row->type].has_arg;

		longs[i] = (struct option){ row->name, has_arg, NULL, OPT_FIRST_ROW + (int)i };
		if (!row->letter)
			continue;
		*shorts++ = row->letter;
		if (has_arg)
			*shorts++ = ':';
	}
	longs[i] = (struct option){ "help", no_argument, NULL, 'h' };
	*shorts++ = 'h';
	*shorts = '\0';
}

int opt_parse(const struct command *cmd, int argc, char **argv, void *config, int *status)
{
	struct option longs[OPT_MAX_ROWS + 2] = { 0 };
	char shorts[2 * OPT_MAX_ROWS + 4];
	struct opt_rows rows;
	size_t i;
	int key;

	opt_rows_of(cmd, &rows);
	make_tables(cmd, &rows, longs, shorts);
	/* 0 makes glibc start anew, also after an earlier call */
	optind = 0;
	opterr = 0;
	*status = EXIT_OK;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h') {
			print_help(cmd, &rows);
			return -1;
		}
		if (key == ':')
			*status = opt_fault(cmd, "%s needs a value", argv[optind - 1]);
		else if (key == '?' && optopt && optopt < OPT_FIRST_ROW)
			*status = opt_fault(cmd, "unknown option '-%c'", optopt);
		else if (key == '?')
			*status = opt_fault(cmd, "wrong option '%s'", argv[optind - 1]);
		for (i = 0; i < rows.nr && *status == EXIT_OK; i++)
			if (key == OPT_FIRST_ROW + (int)i || key == rows.row[i].letter)
				*status = apply_row(cmd, &rows.row[i], config);
		if (*status != EXIT_OK)
			return -1;
	}
	return optind;
}
