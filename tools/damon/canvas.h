/* SPDX-License-Identifier: GPL-2.0 */
/* A sheet of paper for pictures: size, text, axes, and writing it as PNG or SVG. */
#ifndef DAMONCTL_CANVAS_H
#define DAMONCTL_CANVAS_H

#include <cairo.h>

#include "draw.h"

#define WIDTH		1300
#define PLOT_X		165
#define PLOT_Y		64
#define PLOT_W		880
#define MARGIN_BOTTOM	62
#define LEGEND_X	(PLOT_X + PLOT_W + 136)
/* To the right of the plot, left of the legend */
#define NOTE_W		124
#define LEGEND_W	18
#define FONT		"sans-serif"
#define FONT_MONO	"monospace"

enum align {
	ALIGN_LEFT,
	ALIGN_CENTRE,
	ALIGN_RIGHT,
};

struct canvas {
	const char *path;
	enum picture_type type;
	cairo_surface_t *surface;
	cairo_t *cr;
};

/* A white sheet, titled @what of the target */
void canvas_begin(struct canvas *canvas, const char *path, enum picture_type type, int height,
		  const char *what, const struct record_info *info,
		  const struct record_target *target);
/* Writes it; 0 or a negative errno, which was said. */
int canvas_end(struct canvas *canvas);

/* @y is the middle of the line */
void put_text(cairo_t *cr, double x, double y, enum align align, const char *text);
/* The same, cut to @width */
void put_fitting(cairo_t *cr, double x, double y, enum align align, const char *text,
		 double width);
void set_font(cairo_t *cr, const char *name, double size, bool bold);
void set_grey(cairo_t *cr, double grey);
void set_colour(cairo_t *cr, struct colour colour);
/* Seconds from @begin on, below the plot, which ends at @y */
void draw_seconds(cairo_t *cr, double y, double begin, double length);
/* What colours mean, from @y on, @height high */
void draw_heat_legend(cairo_t *cr, double y, double height, enum colour_scale scale);
/* The step of 1, 2 or 5 times a power of ten that gives about eight ticks */
double tick_step(double length);

#endif /* DAMONCTL_CANVAS_H */
