// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map on a terminal. High addresses are at the top, time runs to the
 * right. With colours and UTF-8, a character shows two rows as a half block;
 * without colours, a digit tells how hot a cell is.
 */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "draw.h"
#include "unit.h"

#define LABEL_WIDTH	15
#define WIDTH_DEFAULT	80
#define WIDTH_MIN	40
#define RESET		"\033[0m"

void terminal_probe(struct terminal *term, FILE *out, const char *colour, int width)
{
	const char *truecolour = getenv("COLORTERM"), *name = getenv("TERM");
	bool tty = isatty(fileno(out));
	struct winsize ws = { 0 };

	*term = (struct terminal){ .out = out, .width = width };
	if (!strcmp(colour, "always") ||
	    (!strcmp(colour, "auto") && tty && name && strcmp(name, "dumb") && !getenv("NO_COLOR")))
		term->colour = truecolour && (!strcmp(truecolour, "truecolor") ||
					      !strcmp(truecolour, "24bit")) ? 1 << 24 : 256;
	setlocale(LC_CTYPE, "");
	term->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (!term->width && tty && !ioctl(fileno(out), TIOCGWINSZ, &ws))
		term->width = ws.ws_col;
	if (!term->width)
		term->width = WIDTH_DEFAULT;
	if (term->width < WIDTH_MIN)
		term->width = WIDTH_MIN;
}

/* Rows of the map in one line of text */
static u32 rows_per_line(const struct terminal *term)
{
	return term->colour && term->unicode ? 2 : 1;
}

struct heat_size terminal_heat_size(const struct terminal *term, u32 lines)
{
	u32 per_line = rows_per_line(term);

	return (struct heat_size){
		.rows = lines * per_line,
		.cols = (u32)(term->width - LABEL_WIDTH - 3),
		.min_rows = per_line,
	};
}

void draw_gap_text(const struct drawing *drawing, u32 band, char *text, size_t size)
{
	u64 start = drawing->heat->bands[band - 1].end, end = drawing->heat->bands[band].start;
	u64 idle = 0;
	char gap[UNIT_LEN], part[UNIT_LEN];
	u32 i;

	for (i = 0; i < drawing->mapped->nr; i++) {
		const struct range *range = &drawing->mapped->range[i];
		u64 from = range->start > start ? range->start : start;
		u64 to = range->end < end ? range->end : end;

		if (from < to)
			idle += to - from;
	}
	unit_size(gap, end - start);
	unit_size(part, idle);
	if (!idle)
		snprintf(text, size, "%s not monitored", gap);
	else if (idle == end - start)
		snprintf(text, size, "%s idle", gap);
	else
		snprintf(text, size, "%s, of it %s idle", gap, part);
}

static double level_at(const struct drawing *d, u32 row, u32 col)
{
	double value = heat_value(d->heat, row, col);

	return value < 0 ? value : colour_level(d->scale, value);
}

static void set_colour(const struct terminal *term, bool background, double level)
{
	struct colour c = colour_of(level);
	int kind = background ? 48 : 38;

	if (level < 0)
		fprintf(term->out, "\033[%dm", background ? 49 : 39);
	else if (term->colour > 256)
		fprintf(term->out, "\033[%d;2;%d;%d;%dm", kind, c.r, c.g, c.b);
	else
		fprintf(term->out, "\033[%d;5;%dm", kind, colour_to_256(c));
}

/* A cell of text for one or two rows; @low is negative when there is none */
static void draw_cell(const struct terminal *term, double high, double low)
{
	if (!term->colour) {
		if (high < 0)
			fputc(' ', term->out);
		else
			fputc(".123456789"[high >= 1 ? 9 : (int)(high * 10)], term->out);
	} else if (rows_per_line(term) == 1) {
		set_colour(term, true, high);
		fputc(' ', term->out);
	} else if (high < 0 && low >= 0) {
		set_colour(term, true, high);
		set_colour(term, false, low);
		fputs("\xe2\x96\x84", term->out);	/* lower half block */
	} else if (high < 0) {
		fputs(RESET " ", term->out);
	} else {
		set_colour(term, false, high);
		set_colour(term, true, low);
		fputs("\xe2\x96\x80", term->out);	/* upper half block */
	}
}

static void draw_line(const struct terminal *term, const struct drawing *d, u32 row, bool two)
{
	u32 col, width = terminal_heat_size(term, 1).cols;

	/* Few windows are drawn wider, so that the map fills the line. */
	for (col = 0; col < width; col++) {
		u32 from = (u32)((u64)col * d->heat->cols / width);

		draw_cell(term, level_at(d, row, from), two ? level_at(d, row - 1, from) : -1);
	}
	fprintf(term->out, "%s|\n", term->colour ? RESET : "");
}

static void draw_band(const struct terminal *term, const struct drawing *d, u32 nr)
{
	const struct heat_band *band = &d->heat->bands[nr];
	u32 step = rows_per_line(term), left = band->nr_rows;
	char size[UNIT_LEN];
	bool first = true;

	while (left) {
		u32 use = left < step ? left : step;

		/* The upper end is told by the size */
		if (left == use)
			fprintf(term->out, "%*llx |", LABEL_WIDTH, band->start);
		else if (first)
			fprintf(term->out, "%*s |", LABEL_WIDTH,
				unit_size(size, band->end - band->start));
		else
			fprintf(term->out, "%*s |", LABEL_WIDTH, "");
		draw_line(term, d, band->row + left - 1, use > 1);
		first = false;
		left -= use;
	}
}

static void draw_time_axis(const struct terminal *term, const struct drawing *d)
{
	u32 i, width = terminal_heat_size(term, 1).cols;
	double begin = (double)(d->heat->t0 - (d->heat->t0 < d->info->start_ns ? d->heat->t0 :
					       d->info->start_ns)) / 1e9;
	double length = (double)(d->heat->t1 - d->heat->t0) / 1e9;
	double shown = begin < length / 50 ? 0 : begin;
	char left[32], mid[32], right[32];
	int pad;

	fprintf(term->out, "%*s +", LABEL_WIDTH, "");
	for (i = 0; i < width; i++)
		fputc(i == width / 2 ? '+' : '-', term->out);
	snprintf(left, sizeof(left), "%.3g", shown);
	snprintf(mid, sizeof(mid), "%.3g", begin + length / 2);
	snprintf(right, sizeof(right), "%.3g s", begin + length);
	pad = (int)(width / 2) - (int)strlen(left) - (int)strlen(mid) / 2;
	fprintf(term->out, "+\n%*s%s%*s%s%*s\n", LABEL_WIDTH + 2, "", left,
		pad > 0 ? pad : 1, "", mid,
		(int)(width - width / 2) - (int)strlen(mid) + (int)strlen(mid) / 2, right);
}

static void draw_legend(const struct terminal *term, const struct drawing *d)
{
	int i;

	fprintf(term->out, "%*s  accessed in ", LABEL_WIDTH, "");
	for (i = 0; i <= 9; i++) {
		double level = i / 9.0;

		if (i == 0)
			fputs("0% ", term->out);
		draw_cell(term, level, level);
		if (term->colour)
			fputs(RESET, term->out);
	}
	fprintf(term->out, " 100%% of %u checks a window%s\n", d->heat->max_accesses,
		d->scale == SCALE_SQRT ? " (square root scale)" : "");
}

void terminal_draw(const struct terminal *term, const struct drawing *d)
{
	char text[2 * UNIT_LEN + 32];
	u32 i;

	fprintf(term->out, "%*s  %s (pid %llu)\n", LABEL_WIDTH, "address", d->target->comm,
		d->target->pid);
	for (i = d->heat->nr_bands; i-- > 0;) {
		draw_band(term, d, i);
		if (!i)
			break;
		draw_gap_text(d, i, text, sizeof(text));
		fprintf(term->out, "%*s  ~~ %s ~~\n", LABEL_WIDTH, "", text);
	}
	draw_time_axis(term, d);
	draw_legend(term, d);
}
