// SPDX-License-Identifier: GPL-2.0
/*
 * A sheet of paper for pictures, drawn with cairo. Owns how text and axes look
 * and how a picture gets into its file; must not know what is drawn.
 */
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "canvas.h"
#include "unit.h"

void put_text(cairo_t *cr, double x, double y, enum align align, const char *text)
{
	cairo_text_extents_t ext;
	cairo_font_extents_t font;

	cairo_text_extents(cr, text, &ext);
	cairo_font_extents(cr, &font);
	if (align == ALIGN_CENTRE)
		x -= ext.x_advance / 2;
	else if (align == ALIGN_RIGHT)
		x -= ext.x_advance;
	cairo_move_to(cr, x, y + (font.ascent - font.descent) / 2);
	cairo_show_text(cr, text);
}

void put_fitting(cairo_t *cr, double x, double y, enum align align, const char *text,
		 double width)
{
	static const char dots[] = "\u2026";
	char cut[2 * RECORD_TEXT_LEN];
	cairo_text_extents_t ext;
	size_t len;

	snprintf(cut, sizeof(cut) - sizeof(dots), "%s", text);
	for (len = strlen(cut); len; memcpy(cut + --len, dots, sizeof(dots))) {
		cairo_text_extents(cr, cut, &ext);
		if (ext.x_advance <= width)
			break;
	}
	put_text(cr, x, y, align, cut);
}

void set_font(cairo_t *cr, const char *name, double size, bool bold)
{
	cairo_select_font_face(cr, name, CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, size);
}

void set_grey(cairo_t *cr, double grey)
{
	cairo_set_source_rgb(cr, grey, grey, grey);
}

void set_colour(cairo_t *cr, struct colour colour)
{
	cairo_set_source_rgb(cr, colour.r / 255.0, colour.g / 255.0, colour.b / 255.0);
}

double tick_step(double length)
{
	double raw = length / 8, power = pow(10, floor(log10(raw)));
	double step = raw / power;

	return power * (step < 1.5 ? 1 : step < 3.5 ? 2 : step < 7.5 ? 5 : 10);
}

void draw_seconds(cairo_t *cr, double y, double begin, double length)
{
	double step = tick_step(length), t;
	char text[32];

	set_font(cr, FONT, 12, false);
	set_grey(cr, 0.15);
	for (t = ceil(begin / step) * step; t <= begin + length; t += step) {
		double x = PLOT_X + (t - begin) / length * PLOT_W;

		cairo_move_to(cr, floor(x) + 0.5, y);
		cairo_line_to(cr, floor(x) + 0.5, y + 6);
		cairo_stroke(cr);
		snprintf(text, sizeof(text), "%.6g", fabs(t) < step / 2 ? 0 : t);
		put_text(cr, x, y + 16, ALIGN_CENTRE, text);
	}
	put_text(cr, PLOT_X + PLOT_W / 2.0, y + 38, ALIGN_CENTRE, "time in seconds");
}

void draw_heat_legend(cairo_t *cr, double y0, double height, enum colour_scale scale)
{
	static const double ticks[] = { 0, 0.05, 0.25, 0.5, 0.75, 1 };
	char text[32];
	size_t i;
	int y;

	for (y = 0; y < (int)height; y++) {
		set_colour(cr, colour_of(1 - y / (height - 1)));
		cairo_rectangle(cr, LEGEND_X, y0 + y, LEGEND_W, 1);
		cairo_fill(cr);
	}
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.15);
	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		double level = colour_level(scale, ticks[i]);

		/* Too near to zero on the linear scale */
		if (i == 1 && level < 0.1)
			continue;
		snprintf(text, sizeof(text), "%.0f %%", 100 * ticks[i]);
		put_text(cr, LEGEND_X + LEGEND_W + 6, y0 + (1 - level) * (height - 1),
			 ALIGN_LEFT, text);
	}
	put_text(cr, LEGEND_X, y0 + height + 20, ALIGN_LEFT, "of checks found");
	put_text(cr, LEGEND_X, y0 + height + 34, ALIGN_LEFT, "it accessed");
	set_grey(cr, 0.87);
	cairo_rectangle(cr, LEGEND_X, y0 + height + 50, LEGEND_W, 12);
	cairo_fill(cr);
	set_grey(cr, 0.15);
	put_text(cr, LEGEND_X + LEGEND_W + 6, y0 + height + 56, ALIGN_LEFT, "not monitored");
}

static void draw_title(cairo_t *cr, const char *what, const struct record_info *info,
		       const struct record_target *target)
{
	const struct monitor_cfg *cfg = &info->cfg;
	char text[2 * RECORD_TEXT_LEN], sample[UNIT_LEN], aggr[UNIT_LEN];

	set_font(cr, FONT, 17, true);
	set_grey(cr, 0.1);
	put_fitting(cr, PLOT_X, 22, ALIGN_LEFT, *info->command ? info->command : target->comm,
		    WIDTH - PLOT_X - 20);
	set_font(cr, FONT, 12, false);
	set_grey(cr, 0.4);
	snprintf(text, sizeof(text),
		 "%s of %s (pid %llu); a check each %s, a window each %s; Linux %s",
		 what, target->comm, target->pid,
		 unit_time_us(sample, cfg->sample_us), unit_time_us(aggr, cfg->aggr_us),
		 info->kernel);
	put_text(cr, PLOT_X, 44, ALIGN_LEFT, text);
}

void canvas_begin(struct canvas *canvas, const char *path, enum picture_type type, int height,
		  const char *what, const struct record_info *info,
		  const struct record_target *target)
{
	*canvas = (struct canvas){ .path = path, .type = type };
	canvas->surface = type == PICTURE_SVG ?
			  cairo_svg_surface_create(path, WIDTH, height) :
			  cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, height);
	canvas->cr = cairo_create(canvas->surface);
	cairo_set_source_rgb(canvas->cr, 1, 1, 1);
	cairo_paint(canvas->cr);
	cairo_set_line_width(canvas->cr, 1);
	draw_title(canvas->cr, what, info, target);
}

int canvas_end(struct canvas *canvas)
{
	cairo_status_t status = cairo_status(canvas->cr);

	cairo_destroy(canvas->cr);
	errno = 0;
	if (status == CAIRO_STATUS_SUCCESS && canvas->type == PICTURE_PNG)
		status = cairo_surface_write_to_png(canvas->surface, canvas->path);
	cairo_surface_finish(canvas->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(canvas->surface);
	cairo_surface_destroy(canvas->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	say("cannot write %s: %s", canvas->path, errno ? strerror(errno) :
	    cairo_status_to_string(status));
	return errno ? -errno : -EIO;
}
