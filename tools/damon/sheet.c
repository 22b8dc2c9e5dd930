// SPDX-License-Identifier: GPL-2.0
/*
 * Rows of values for other programs. Rows are written as they come, because a
 * record can have millions of them.
 */
#include <jansson.h>
#include <string.h>

#include "sheet.h"

void sheet_text(FILE *out, const char *text)
{
	json_t *string = json_string(text);

	/* Not UTF-8: say that there was something */
	if (!string || json_dumpf(string, out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII))
		fputs("\"?\"", out);
	json_decref(string);
}

/* With quotes only where a comma or quote asks for them */
static void csv_text(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++)
		fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
	fputc('"', out);
}

void sheet_begin(struct sheet *sheet, const char *name, const struct record_info *info)
{
	const struct sheet_col *col;

	sheet->nr_rows = 0;
	if (!sheet->json) {
		for (col = sheet->cols; col->name; col++)
			fprintf(sheet->out, "%s%s", col == sheet->cols ? "" : ",", col->name);
		fputc('\n', sheet->out);
		return;
	}
	fprintf(sheet->out, "{\"report\": \"%s\", \"command\": ", name);
	sheet_text(sheet->out, info->command);
	fputs(", \"kernel\": ", sheet->out);
	sheet_text(sheet->out, info->kernel);
	fprintf(sheet->out,
		", \"start\": %llu, \"sample_us\": %llu, \"aggr_us\": %llu, \"rows\": [",
		info->wall_sec, info->cfg.sample_us, info->cfg.aggr_us);
}

static void csv_value(FILE *out, enum sheet_kind kind, union sheet_value value)
{
	switch (kind) {
	case SHEET_NUMBER:
		fprintf(out, "%llu", value.number);
		break;
	case SHEET_REAL:
		fprintf(out, "%.4f", value.real);
		break;
	case SHEET_ADDRESS:
		fprintf(out, "0x%llx", value.number);
		break;
	case SHEET_TEXT:
		csv_text(out, value.text);
		break;
	}
}

static void json_value(FILE *out, enum sheet_kind kind, union sheet_value value)
{
	if (kind == SHEET_TEXT)
		sheet_text(out, value.text);
	else if (kind == SHEET_REAL)
		fprintf(out, "%.4f", value.real);
	else
		fprintf(out, "%llu", value.number);
}

void sheet_row(struct sheet *sheet, const union sheet_value *values)
{
	FILE *out = sheet->out;
	size_t i;

	if (sheet->json)
		fputs(sheet->nr_rows ? ",\n{" : "\n{", out);
	for (i = 0; sheet->cols[i].name; i++) {
		if (i)
			fputs(sheet->json ? ", " : ",", out);
		if (sheet->json) {
			fprintf(out, "\"%s\": ", sheet->cols[i].name);
			json_value(out, sheet->cols[i].kind, values[i]);
		} else {
			csv_value(out, sheet->cols[i].kind, values[i]);
		}
	}
	fputs(sheet->json ? "}" : "\n", out);
	sheet->nr_rows++;
}

void sheet_end(struct sheet *sheet)
{
	if (sheet->json)
		fputs("\n]}\n", sheet->out);
}
