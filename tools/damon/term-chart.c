// SPDX-License-Identifier: GPL-2.0
/* Charts on a terminal: a curve, bars, and strips of named areas. */
#include <math.h>
#include <stdlib.h>

#include "chart.h"
#include "unit.h"

#define LABEL_WIDTH	15
#define STRIP_LABEL	26

/* A column of bars, as high as @part of eight; without UTF-8, whole ones only */
static const char *block(const struct terminal *term, int part)
{
	static const char *const blocks[] = {
		" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
	};

	if (!term->unicode)
		return part >= 4 ? "#" : " ";
	return blocks[part];
}

/* The highest point of each column, so that no peak is lost; an empty one goes on. */
static void fill_columns(const struct curves *c, u32 nr, double *top, u32 width)
{
	double begin = c->seconds[0], length = c->seconds[c->nr - 1] - begin;
	u32 i, col, at = 0;

	for (col = 0; col < width; col++)
		top[col] = -1;
	for (i = 0; i < c->nr; i++) {
		if (length > 0)
			at = (u32)((c->seconds[i] - begin) / length * (width - 1));
		top[at] = fmax(top[at], c->bytes[nr][i]);
	}
	for (col = 1; col < width; col++)
		if (top[col] < 0)
			top[col] = top[col - 1];
}

void terminal_curve(const struct terminal *term, const struct curves *c, u32 nr, u32 lines)
{
	u32 col, width = (u32)term->width - LABEL_WIDTH - 3, line;
	double *top = calloc(width, sizeof(*top));
	char text[UNIT_LEN];

	if (!top)
		return;
	fill_columns(c, nr, top, width);
	for (line = lines; line-- > 0;) {
		unit_size(text, (u64)(c->most * (line + 1) / lines));
		fprintf(term->out, "%*s |", LABEL_WIDTH,
			line + 1 == lines || line + 1 == lines / 2 ? text : "");
		for (col = 0; col < width; col++) {
			double level = top[col] / c->most * lines - line;
			int part = level >= 1 ? 8 : level <= 0 ? 0 : (int)(level * 8 + 0.5);

			/* What is there at all shall be seen. */
			if (!part && !line && level > 0)
				part = 1;
			fputs(block(term, part), term->out);
		}
		fputs("|\n", term->out);
	}
	snprintf(text, sizeof(text), "%.3g s", c->seconds[c->nr - 1]);
	fprintf(term->out, "%*s +%.3g%*s+\n", LABEL_WIDTH, "", c->seconds[0],
		(int)width - snprintf(NULL, 0, "%.3g", c->seconds[0]), text);
	free(top);
}

static void print_bars(const struct terminal *term, const char *title, const struct hist_bin *bin,
		       u32 nr)
{
	int width = term->width - LABEL_WIDTH - 14, k;
	double most = 1;
	char size[UNIT_LEN];
	u32 i;

	fprintf(term->out, "%s\n", title);
	for (i = 0; i < nr; i++)
		most = fmax(most, bin[i].bytes);
	for (i = 0; i < nr; i++) {
		double level = bin[i].bytes / most * width;

		fprintf(term->out, "%*s %10s ", LABEL_WIDTH, bin[i].label,
			unit_size(size, (u64)bin[i].bytes));
		for (k = 0; k < (int)level || (!k && bin[i].bytes >= 1); k++)
			fputs(term->unicode ? "\u2588" : "#", term->out);
		fputc('\n', term->out);
	}
}

void terminal_hist(const struct terminal *term, const struct hist_drawing *d)
{
	fprintf(term->out, "%s (pid %llu)\n", d->target->comm, d->target->pid);
	print_bars(term, "memory by the share of checks that found it accessed:", d->hist->access,
		   d->hist->nr_access);
	print_bars(term, "memory not accessed in a window, by how long that lasted:",
		   d->hist->idle, d->hist->nr_idle);
}

u32 terminal_timeline_cols(const struct terminal *term)
{
	return (u32)(term->width > STRIP_LABEL + 34 ? term->width - STRIP_LABEL - 24 : 10);
}

static void print_cell(const struct terminal *term, enum colour_scale scale, double value)
{
	double level = value < 0 ? 0 : colour_level(scale, value);
	struct colour colour = colour_of(level);

	if (value < 0)
		fputs(term->colour ? "\033[0m " : " ", term->out);
	else if (term->colour > 256)
		fprintf(term->out, "\033[48;2;%d;%d;%dm ", colour.r, colour.g, colour.b);
	else if (term->colour)
		fprintf(term->out, "\033[48;5;%dm ", colour_to_256(colour));
	else
		fputc(".123456789"[level >= 1 ? 9 : (int)(level * 10)], term->out);
}

void terminal_timeline(const struct terminal *term, const struct timeline_drawing *d)
{
	const struct timeline *t = d->timeline;
	u32 i, col, width = terminal_timeline_cols(term);
	double begin = ((double)t->t0 - (double)d->info->start_ns) / 1e9;
	char size[UNIT_LEN], touched[UNIT_LEN], right[32];

	fprintf(term->out, "%-*s %10s %10s  %s (pid %llu)\n", STRIP_LABEL - 4, "area", "size",
		"touched", d->target->comm, d->target->pid);
	for (i = 0; i < t->nr; i++) {
		const struct strip *strip = &t->strips[i];

		fprintf(term->out, "%-*.*s %10s %10s |", STRIP_LABEL - 4, STRIP_LABEL - 4,
			strip->name,
			unit_size(size, strip->bytes), unit_size(touched, (u64)strip->touched));
		for (col = 0; col < width; col++)
			print_cell(term, d->scale,
				   figures_strip_value(strip, (u32)((u64)col * t->cols / width)));
		fprintf(term->out, "%s|\n", term->colour ? "\033[0m" : "");
	}
	snprintf(right, sizeof(right), "%.3g s", begin + (double)(t->t1 - t->t0) / 1e9);
	fprintf(term->out, "%*s %.3g%*s\n", STRIP_LABEL + 18, "", fabs(begin) < 0.001 ? 0 : begin,
		(int)width - 1, right);
}
