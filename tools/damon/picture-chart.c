// SPDX-License-Identifier: GPL-2.0
/* Charts as pictures: curves over time, bars, and strips of named areas. */
#include <math.h>

#include "canvas.h"
#include "chart.h"
#include "unit.h"

/* A record of one window has a length as well. */
#define MIN_SECONDS	0.001

#define CURVE_H		420
#define BAR_H		26
#define STRIP_H		22
/* Names of strips and bars are longer than addresses. */
#define NAME_LEN	22

static const struct colour curve_colours[] = {
	{ 0x3b, 0x6f, 0xb6 }, { 0xdd, 0x51, 0x3a },
};

static void frame(cairo_t *cr, double y, double height)
{
	set_grey(cr, 0.25);
	cairo_rectangle(cr, PLOT_X - 0.5, y - 0.5, PLOT_W + 1, height + 1);
	cairo_stroke(cr);
}

/* The step of 1, 2, 4, ... that gives at most eight lines up to @most bytes */
static double byte_step(double most)
{
	double step = 4096;

	while (most / step > 8)
		step *= 2;
	return step;
}

static void draw_byte_lines(cairo_t *cr, double most)
{
	double at, step = byte_step(most);
	char text[UNIT_LEN];

	set_font(cr, FONT, 12, false);
	for (at = 0; at <= most; at += step) {
		double y = floor(PLOT_Y + CURVE_H * (1 - at / most)) + 0.5;

		set_grey(cr, 0.9);
		cairo_move_to(cr, PLOT_X, y);
		cairo_line_to(cr, PLOT_X + PLOT_W, y);
		cairo_stroke(cr);
		set_grey(cr, 0.15);
		put_text(cr, PLOT_X - 8, y, ALIGN_RIGHT, unit_size(text, (u64)at));
	}
}

static void draw_curve(cairo_t *cr, const struct curves *c, u32 nr)
{
	double begin = c->seconds[0], length = fmax(c->seconds[c->nr - 1] - begin, MIN_SECONDS);
	u32 i;

	cairo_new_path(cr);
	set_colour(cr, curve_colours[nr]);
	cairo_set_line_width(cr, 1.6);
	for (i = 0; i < c->nr; i++)
		cairo_line_to(cr, PLOT_X + (c->seconds[i] - begin) / length * PLOT_W,
			      PLOT_Y + CURVE_H * (1 - c->bytes[nr][i] / c->most));
	cairo_stroke(cr);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, PLOT_X + PLOT_W + 26, PLOT_Y + 20 * nr, 14, 14);
	cairo_fill(cr);
	set_grey(cr, 0.15);
	put_text(cr, PLOT_X + PLOT_W + 46, PLOT_Y + 20 * nr + 7, ALIGN_LEFT, c->name[nr]);
}

int picture_curves(const char *path, enum picture_type type, const void *what)
{
	const struct curves *c = what;
	struct canvas canvas;
	u32 i;

	canvas_begin(&canvas, path, type, PLOT_Y + CURVE_H + MARGIN_BOTTOM, "working set",
		     c->info, c->target);
	draw_byte_lines(canvas.cr, c->most);
	for (i = 0; i < CURVES && c->name[i]; i++)
		draw_curve(canvas.cr, c, i);
	frame(canvas.cr, PLOT_Y, CURVE_H);
	draw_seconds(canvas.cr, PLOT_Y + CURVE_H, c->seconds[0],
		     fmax(c->seconds[c->nr - 1] - c->seconds[0], MIN_SECONDS));
	return canvas_end(&canvas);
}

static double draw_bars(cairo_t *cr, double y, const char *title, const struct hist_bin *bin,
			u32 nr)
{
	double most = 1;
	char text[UNIT_LEN];
	u32 i;

	set_font(cr, FONT, 13, true);
	set_grey(cr, 0.15);
	put_text(cr, PLOT_X, y + 12, ALIGN_LEFT, title);
	set_font(cr, FONT, 12, false);
	for (i = 0; i < nr; i++)
		most = fmax(most, bin[i].bytes);
	for (i = 0, y += 30; i < nr; i++, y += BAR_H) {
		set_grey(cr, 0.15);
		put_text(cr, PLOT_X - 8, y + BAR_H / 2.0, ALIGN_RIGHT, bin[i].label);
		put_text(cr, PLOT_X + bin[i].bytes / most * (PLOT_W - 100) + 8, y + BAR_H / 2.0,
			 ALIGN_LEFT, unit_size(text, (u64)bin[i].bytes));
		set_colour(cr, curve_colours[0]);
		cairo_rectangle(cr, PLOT_X, y + 4, bin[i].bytes / most * (PLOT_W - 100), BAR_H - 8);
		cairo_fill(cr);
	}
	return y + 16;
}

int picture_hist(const char *path, enum picture_type type, const void *what)
{
	const struct hist_drawing *d = what;
	const struct hist *h = d->hist;
	struct canvas canvas;
	double y;

	canvas_begin(&canvas, path, type,
		     PLOT_Y + (int)(h->nr_access + h->nr_idle) * BAR_H + 2 * 46 + 20,
		     "histogram", d->info, d->target);
	y = draw_bars(canvas.cr, PLOT_Y, "memory by the share of checks that found it accessed",
		      h->access, h->nr_access);
	draw_bars(canvas.cr, y, "memory not accessed in a window, by how long that lasted",
		  h->idle, h->nr_idle);
	return canvas_end(&canvas);
}

static void draw_strip(cairo_t *cr, const struct timeline_drawing *d, u32 nr)
{
	const struct strip *strip = &d->timeline->strips[nr];
	double y = PLOT_Y + nr * STRIP_H, width = (double)PLOT_W / d->timeline->cols;
	char text[UNIT_LEN], name[NAME_LEN + 1];
	u32 c;

	set_grey(cr, 0.87);
	cairo_rectangle(cr, PLOT_X, y, PLOT_W, STRIP_H - 2);
	cairo_fill(cr);
	for (c = 0; c < d->timeline->cols; c++) {
		double value = figures_strip_value(strip, c);

		if (value < 0)
			continue;
		set_colour(cr, colour_of(colour_level(d->scale, value)));
		/* A little wider, so that nothing shines through between two */
		cairo_rectangle(cr, PLOT_X + c * width, y, fmin(width + 0.5, PLOT_W - c * width),
				STRIP_H - 2);
		cairo_fill(cr);
	}
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.15);
	snprintf(name, sizeof(name), "%.*s", NAME_LEN, strip->name);
	put_text(cr, PLOT_X - 8, y + STRIP_H / 2.0, ALIGN_RIGHT, name);
	put_text(cr, PLOT_X + PLOT_W + 6, y + STRIP_H / 2.0, ALIGN_LEFT,
		 unit_size(text, strip->bytes));
}

int picture_timeline(const char *path, enum picture_type type, const void *what)
{
	const struct timeline_drawing *d = what;
	double height = d->timeline->nr * STRIP_H;
	struct canvas canvas;
	u32 i;

	canvas_begin(&canvas, path, type, PLOT_Y + (int)fmax(height, 280) + MARGIN_BOTTOM + 20,
		     "mapped areas", d->info, d->target);
	for (i = 0; i < d->timeline->nr; i++)
		draw_strip(canvas.cr, d, i);
	draw_seconds(canvas.cr, PLOT_Y + height,
		     ((double)d->timeline->t0 - (double)d->info->start_ns) / 1e9,
		     (double)(d->timeline->t1 - d->timeline->t0) / 1e9);
	draw_heat_legend(canvas.cr, PLOT_Y, 200, d->scale);
	return canvas_end(&canvas);
}
