// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map as a picture: gaps between the areas of the address space, axes
 * with round numbers, and a legend.
 */
#include <math.h>

#include "canvas.h"
#include "unit.h"

#define PLOT_H		600
#define GAP_H		22

const bool picture_available = true;

struct heat_size picture_heat_size(void)
{
	return (struct heat_size){ .rows = PLOT_H / 2, .cols = PLOT_W, .min_rows = 10 };
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

/* What most of the band is, or NULL */
static const char *band_name(const struct heat_band *band, const struct areas *areas)
{
	const char *name = NULL;
	u64 most = 0;
	u32 i;

	for (i = 0; i < areas->nr; i++) {
		const struct area *area = &areas->area[i];
		u64 start = area->start > band->start ? area->start : band->start;
		u64 end = area->end < band->end ? area->end : band->end;

		if (start >= end || end - start <= most)
			continue;
		most = end - start;
		name = area->name;
	}
	return name;
}

/* To the right of a band: what it is, and its size */
static void draw_band_note(cairo_t *cr, const struct drawing *d, u32 nr, const struct areas *areas)
{
	const struct heat_band *band = &d->heat->bands[nr];
	double middle = band_top(d->heat, nr) + band->nr_rows, height = band->nr_rows * 2.0;
	const char *name = band_name(band, areas);
	char text[sizeof(areas->area->name) + UNIT_LEN + 2], size[UNIT_LEN];

	unit_size(size, band->end - band->start);
	snprintf(text, sizeof(text), "%s%s%s", size, name ? "  " : "", name ? name : "");
	set_font(cr, FONT, 11, false);
	set_grey(cr, 0.4);
	if (height < 60) {
		put_fitting(cr, PLOT_X + PLOT_W + 6, middle, ALIGN_LEFT, text, NOTE_W);
		return;
	}
	cairo_save(cr);
	cairo_translate(cr, PLOT_X + PLOT_W + 12, middle);
	cairo_rotate(cr, -M_PI / 2);
	put_fitting(cr, 0, 0, ALIGN_CENTRE, text, height);
	cairo_restore(cr);
}

/* Addresses at both ends, and in between when there is room */
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

int picture_draw(const char *path, enum picture_type type, const struct drawing *d)
{
	double begin = ((double)d->heat->t0 - (double)d->info->start_ns) / 1e9;
	int height = PLOT_Y + (int)plot_height(d->heat) + MARGIN_BOTTOM;
	struct areas areas = { 0 };
	struct canvas canvas;
	u32 i;

	/* A picture without names is better than none. */
	if (!areas_flatten(&d->target->areas, 0, &areas))
		areas_free(&areas);
	canvas_begin(&canvas, path, type, height < 480 ? 480 : height, "memory access",
		     d->info, d->target);
	for (i = 0; i < d->heat->nr_bands; i++) {
		draw_cells(canvas.cr, d, i);
		draw_address_axis(canvas.cr, d, i);
		draw_band_note(canvas.cr, d, i, &areas);
		if (i)
			draw_gap(canvas.cr, d, i);
	}
	set_font(canvas.cr, FONT, 12, false);
	set_grey(canvas.cr, 0.15);
	put_text(canvas.cr, PLOT_X - 10, PLOT_Y - 20, ALIGN_RIGHT, "address");
	draw_seconds(canvas.cr, PLOT_Y + plot_height(d->heat), begin,
		     (double)(d->heat->t1 - d->heat->t0) / 1e9);
	draw_heat_legend(canvas.cr, PLOT_Y, fmin(plot_height(d->heat), 360), d->scale);
	areas_free(&areas);
	return canvas_end(&canvas);
}
