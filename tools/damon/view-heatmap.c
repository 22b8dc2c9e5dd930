// SPDX-License-Identifier: GPL-2.0
/* The heat map: which addresses were accessed when, and how often. */
#include "view.h"

static const struct sheet_col cols[] = {
	{ "target", SHEET_NUMBER }, { "from_s", SHEET_REAL }, { "to_s", SHEET_REAL },
	{ "start", SHEET_ADDRESS }, { "end", SHEET_ADDRESS }, { "heat", SHEET_REAL },
	{ }
};

static void add_band(struct sheet *sheet, const struct record_reader *r, const struct heat *heat,
		     const struct heat_band *band, u32 target)
{
	double col = (double)(heat->t1 - heat->t0) / heat->cols / 1e9;
	double begin = view_seconds(r, heat->t0);
	u32 row, c;

	for (row = 0; row < band->nr_rows; row++)
		for (c = 0; c < heat->cols; c++) {
			double value = heat_value(heat, band->row + row, c);

			if (value < 0)
				continue;
			sheet_row(sheet, (union sheet_value[]){
				  { .number = target },
				  { .real = begin + c * col },
				  { .real = begin + (c + 1) * col },
				  { .number = heat_row_start(band, row) },
				  { .number = heat_row_start(band, row + 1) },
				  { .real = value } });
		}
}

static int draw(const char *path, enum picture_type type, const void *what)
{
	return picture_draw(path, type, what);
}

/* @arg is the sheet if values are wanted. */
static int show(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		void *arg)
{
	struct terminal term;
	struct heat_size size;
	struct heat heat = { 0 };
	struct drawing d;
	int err;
	u32 i;

	terminal_probe(&term, cfg->out, cfg->colour, (int)cfg->width);
	size = view_pictures(cfg) ? picture_heat_size() :
				    terminal_heat_size(&term, (u32)cfg->height);
	err = view_make_heat(r, cfg, survey, &size, &d, &heat);
	if (!err && view_pictures(cfg))
		err = view_draw(cfg, draw, &d);
	else if (!err && !arg)
		terminal_draw(&term, &d);
	for (i = 0; i < heat.nr_bands && !err && arg; i++)
		add_band(arg, r, &heat, &heat.bands[i], survey->target);
	heat_free(&heat);
	return err;
}

int view_heatmap(struct record_reader *r, const struct view_cfg *cfg)
{
	struct sheet sheet;
	int err;

	if (!view_values(cfg))
		return view_each(r, cfg, show, NULL);
	view_sheet(&sheet, cfg, "heatmap", cols, r);
	err = view_each(r, cfg, show, &sheet);
	sheet_end(&sheet);
	return err;
}
