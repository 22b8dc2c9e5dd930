/* SPDX-License-Identifier: GPL-2.0 */
/* Rows of values for other programs, as CSV or JSON. */
#ifndef DAMONCTL_SHEET_H
#define DAMONCTL_SHEET_H

#include "record.h"

enum sheet_kind {
	SHEET_NUMBER,
	SHEET_REAL,
	SHEET_ADDRESS,	/* hexadecimal where a number can be */
	SHEET_TEXT,
};

struct sheet_col {
	const char *name;
	enum sheet_kind kind;
};

union sheet_value {
	u64 number;
	double real;
	const char *text;
};

/**
 * struct sheet - a table being written
 * @out: where to
 * @json: JSON, else CSV
 * @cols: its columns; ended by a row without a name
 * @nr_rows: written so far
 */
struct sheet {
	FILE *out;
	bool json;
	const struct sheet_col *cols;
	u64 nr_rows;
};

/* @name and @info tell in JSON what the rows are of. */
void sheet_begin(struct sheet *sheet, const char *name, const struct record_info *info);
/* One value a column */
void sheet_row(struct sheet *sheet, const union sheet_value *values);
void sheet_end(struct sheet *sheet);

/* A JSON string, with its quotes */
void sheet_text(FILE *out, const char *text);

#endif /* DAMONCTL_SHEET_H */
