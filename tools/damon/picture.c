// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map as a PNG or SVG picture, drawn with cairo: axes with round
 * numbers, gaps between the areas of the address space, and a legend.
 */
#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "unit.h"

#define WIDTH		1240
#define PLOT_X		165
#define PLOT_Y		64
#define PLOT_W		880
#define PLOT_H		600
#define GAP_H		22
#define MARGIN_BOTTOM	62
#define LEGEND_X	(PLOT_X + PLOT_W + 76)
#define LEGEND_W	18
#define FONT		"sans-serif"
#define FONT_MONO	"monospace"

const bool picture_available = true;

enum align {
	ALIGN_LEFT,
	ALIGN_CENTRE,
	ALIGN_RIGHT,
};

struct heat_size picture_heat_size(void)
{
	return (struct heat_size){ .rows = PLOT_H / 2, .cols = PLOT_W, .min_rows = 10 };
}

/* @y is the middle of the line */
static void put_text(cairo_t *cr, double x, double y, enum align align, const char *text)
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

static void set_font(cairo_t *cr, const char *name, double size, bool bold)
{
	cairo_select_font_face(cr, name, CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cr, size);
}

static void set_grey(cairo_t *cr, double grey)
{
	cairo_set_source_rgb(cr, grey, grey, grey);
}

/* Height of the plot: all rows, two pixels each, and the gaps */
static double plot_height(const struct heat *heat)
{
	return heat->rows * 2.0 + (heat->nr_bands - 1) * GAP_H;
}

/* Where the upper edge of a band is */
static double band_top(const struct heat *heat, u32 nr)
{
	const struct heat_band *band = &heat->bands[nr];

	return PLOT_Y + plot_height(heat) - (band->row + band->nr_rows) * 2.0 - nr * GAP_H;
}

/* The cells of a band as an image of one pixel a cell */
static cairo_surface_t *band_image(const struct drawing *d, const struct heat_band *band)
{
	cairo_surface_t *image;
	u32 row, col;
	int stride;
	u8 *data;

	image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)d->heat->cols,
					   (int)band->nr_rows);
	data = cairo_image_surface_get_data(image);
	if (!data)
		return image;
	stride = cairo_image_surface_get_stride(image);
	for (row = 0; row < band->nr_rows; row++) {
		u32 *line = (u32 *)(data + (size_t)stride * (band->nr_rows - 1 - row));

		for (col = 0; col < d->heat->cols; col++) {
			double value = heat_value(d->heat, band->row + row, col);
			struct colour c;

			if (value < 0)
				continue;
			c = colour_of(colour_level(d->scale, value));
			line[col] = 0xff000000U | (u32)c.r << 16 | (u32)c.g << 8 | c.b;
		}
	}
	cairo_surface_mark_dirty(image);
	return image;
}

static void draw_cells(cairo_t *cr, const struct drawing *d, u32 nr)
{
	const struct heat_band *band = &d->heat->bands[nr];
	double top = band_top(d->heat, nr), height = band->nr_rows * 2.0;
	cairo_surface_t *image = band_image(d, band);

	/* Where nothing was monitored the ground shows through. */
	set_grey(cr, 0.87);
	cairo_rectangle(cr, PLOT_X, top, PLOT_W, height);
	cairo_fill(cr);

	cairo_save(cr);
	cairo_translate(cr, PLOT_X, top);
	cairo_scale(cr, PLOT_W / (double)d->heat->cols, 2);
	cairo_set_source_surface(cr, image, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
	cairo_rectangle(cr, 0, 0, d->heat->cols, band->nr_rows);
	cairo_fill(cr);
	cairo_restore(cr);
	cairo_surface_destroy(image);

	set_grey(cr, 0.25);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, PLOT_X - 0.5, top - 0.5, PLOT_W + 1, height + 1);
	cairo_stroke(cr);
}

/* Addresses at both ends, in between when there is room, and the size of the band */
static void draw_address_axis(cairo_t *cr, const struct drawing *d, u32 nr)
{
	const struct heat_band *band = &d->heat->bands[nr];
	double top = band_top(d->heat, nr), height = band->nr_rows * 2.0;
	u32 i, nr_labels = (u32)(height / 90) + 1;
	char text[UNIT_LEN];

	set_font(cr, FONT_MONO, 12, false);
	set_grey(cr, 0.15);
	for (i = 0; i <= nr_labels; i++) {
		double y = top + height - height * i / nr_labels;
		u64 addr = band->start + (u64)((double)(band->end - band->start) * i / nr_labels);

		/* The upper end of a flat band would run into its lower one. */
		if (i && height < 30)
			break;
		snprintf(text, sizeof(text), "%llx", addr & ~0xfffULL);
		put_text(cr, PLOT_X - 10, y, ALIGN_RIGHT, text);
		cairo_move_to(cr, PLOT_X - 6, floor(y) + 0.5);
		cairo_line_to(cr, PLOT_X, floor(y) + 0.5);
		cairo_stroke(cr);
	}
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.4);
	cairo_save(cr);
	unit_size(text, band->end - band->start);
	if (height >= 60) {
		cairo_translate(cr, PLOT_X + PLOT_W + 12, top + height / 2);
		cairo_rotate(cr, -M_PI / 2);
		put_text(cr, 0, 0, ALIGN_CENTRE, text);
	} else {
		put_text(cr, PLOT_X + PLOT_W + 6, top + height / 2, ALIGN_LEFT, text);
	}
	cairo_restore(cr);
}

static void draw_gap(cairo_t *cr, const struct drawing *d, u32 nr)
{
	double y = band_top(d->heat, nr) + d->heat->bands[nr].nr_rows * 2.0 + GAP_H / 2.0;
	char text[2 * UNIT_LEN + 32];

	draw_gap_text(d, nr, text, sizeof(text));
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.45);
	put_text(cr, PLOT_X + PLOT_W / 2.0, y, ALIGN_CENTRE, text);
}

/* The step of 1, 2 or 5 times a power of ten that gives about eight ticks */
static double tick_step(double length)
{
	double raw = length / 8, power = pow(10, floor(log10(raw)));
	double step = raw / power;

	return power * (step < 1.5 ? 1 : step < 3.5 ? 2 : step < 7.5 ? 5 : 10);
}

static void draw_time_axis(cairo_t *cr, const struct drawing *d)
{
	double begin = ((double)d->heat->t0 - (double)d->info->start_ns) / 1e9;
	double length = (double)(d->heat->t1 - d->heat->t0) / 1e9;
	double y = PLOT_Y + plot_height(d->heat), step = tick_step(length), t;
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

static void draw_legend(cairo_t *cr, const struct drawing *d)
{
	static const double ticks[] = { 0, 0.05, 0.25, 0.5, 0.75, 1 };
	double height = fmin(plot_height(d->heat), 360);
	char text[32];
	size_t i;
	int y;

	for (y = 0; y < (int)height; y++) {
		struct colour c = colour_of(1 - y / (height - 1));

		cairo_set_source_rgb(cr, c.r / 255.0, c.g / 255.0, c.b / 255.0);
		cairo_rectangle(cr, LEGEND_X, PLOT_Y + y, LEGEND_W, 1);
		cairo_fill(cr);
	}
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.15);
	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		double level = colour_level(d->scale, ticks[i]);

		/* Too near to zero on the linear scale */
		if (i == 1 && level < 0.1)
			continue;
		snprintf(text, sizeof(text), "%.0f %%", 100 * ticks[i]);
		put_text(cr, LEGEND_X + LEGEND_W + 6, PLOT_Y + (1 - level) * (height - 1),
			 ALIGN_LEFT, text);
	}
	put_text(cr, LEGEND_X, PLOT_Y + height + 20, ALIGN_LEFT, "of checks found");
	put_text(cr, LEGEND_X, PLOT_Y + height + 34, ALIGN_LEFT, "it accessed");
	set_grey(cr, 0.87);
	cairo_rectangle(cr, LEGEND_X, PLOT_Y + height + 50, LEGEND_W, 12);
	cairo_fill(cr);
	set_grey(cr, 0.15);
	put_text(cr, LEGEND_X + LEGEND_W + 6, PLOT_Y + height + 56, ALIGN_LEFT, "not monitored");
}

static void draw_title(cairo_t *cr, const struct drawing *d)
{
	const struct monitor_cfg *cfg = &d->info->cfg;
	char text[2 * RECORD_TEXT_LEN], sample[UNIT_LEN], aggr[UNIT_LEN];

	set_font(cr, FONT, 17, true);
	set_grey(cr, 0.1);
	snprintf(text, sizeof(text), "%.110s", *d->info->command ? d->info->command :
		 d->target->comm);
	put_text(cr, PLOT_X, 22, ALIGN_LEFT, text);
	set_font(cr, FONT, 12, false);
	set_grey(cr, 0.4);
	snprintf(text, sizeof(text),
		 "memory access of %s (pid %llu); a check each %s, a window each %s; Linux %s",
		 d->target->comm, d->target->pid,
		 unit_time_us(sample, cfg->sample_us), unit_time_us(aggr, cfg->aggr_us),
		 d->info->kernel);
	put_text(cr, PLOT_X, 44, ALIGN_LEFT, text);
}

int picture_draw(const char *path, enum picture_type type, const struct drawing *d)
{
	int height = PLOT_Y + (int)plot_height(d->heat) + MARGIN_BOTTOM;
	cairo_status_t status;
	cairo_surface_t *surface;
	cairo_t *cr;
	u32 i;

	if (height < 480)
		height = 480;
	surface = type == PICTURE_SVG ?
		  cairo_svg_surface_create(path, WIDTH, height) :
		  cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, height);
	cr = cairo_create(surface);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	draw_title(cr, d);
	for (i = 0; i < d->heat->nr_bands; i++) {
		draw_cells(cr, d, i);
		draw_address_axis(cr, d, i);
		if (i)
			draw_gap(cr, d, i);
	}
	draw_time_axis(cr, d);
	draw_legend(cr, d);
	status = cairo_status(cr);
	cairo_destroy(cr);
	errno = 0;
	if (status == CAIRO_STATUS_SUCCESS && type == PICTURE_PNG)
		status = cairo_surface_write_to_png(surface, path);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	say("cannot write %s: %s", path, errno ? strerror(errno) :
	    cairo_status_to_string(status));
	return errno ? -errno : -EIO;
}
