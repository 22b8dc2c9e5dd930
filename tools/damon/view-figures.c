// SPDX-License-Identifier: GPL-2.0
/* The views of figures: working set, histogram, timeline of named areas. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "unit.h"
#include "view.h"

#define CURVE_LINES	12
#define PICTURE_COLS	440

static enum colour_scale scale_of(const struct view_cfg *cfg)
{
	return strcmp(cfg->scale, "linear") ? SCALE_SQRT : SCALE_LINEAR;
}

/* A view of figures: with @show, and as a sheet of these columns */
static int view(struct record_reader *r, const struct view_cfg *cfg, const char *name,
		const struct sheet_col *cols,
		int (*show)(struct record_reader *r, const struct view_cfg *cfg,
			    struct survey *survey, void *sheet))
{
	struct sheet sheet;
	int err;

	if (!view_values(cfg))
		return view_each(r, cfg, show, NULL);
	view_sheet(&sheet, cfg, name, cols, r);
	err = view_each(r, cfg, show, &sheet);
	sheet_end(&sheet);
	return err;
}

static const struct sheet_col wss_cols[] = {
	{ "target", SHEET_NUMBER }, { "seconds", SHEET_REAL }, { "monitored", SHEET_NUMBER },
	{ "touched", SHEET_NUMBER }, { "hot", SHEET_NUMBER },
	{ }
};

static void wss_values(struct sheet *sheet, const struct wss *wss, u32 target)
{
	u32 i;

	for (i = 0; i < wss->nr; i++)
		sheet_row(sheet, (union sheet_value[]){
			  { .number = target },
			  { .real = wss->point[i].seconds },
			  { .number = wss->point[i].watched },
			  { .number = wss->point[i].touched },
			  { .number = wss->point[i].hot } });
}

static int by_bytes(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts the curves, so only when they were drawn. */
static void print_percentiles(const struct view_cfg *cfg, struct curves *c)
{
	static const u32 percents[] = { 0, 25, 50, 75, 90, 100 };
	char touched[UNIT_LEN], hot[UNIT_LEN];
	u32 i, at;

	qsort(c->bytes[0], c->nr, sizeof(double), by_bytes);
	qsort(c->bytes[1], c->nr, sizeof(double), by_bytes);
	fprintf(cfg->out, "%15s  %10s %10s\n", "% of windows", "touched", "hot");
	for (i = 0; i < ARRAY_SIZE(percents); i++) {
		at = (u32)((u64)(c->nr - 1) * percents[i] / 100);
		fprintf(cfg->out, "%15u  %10s %10s\n", percents[i],
			unit_size(touched, (u64)c->bytes[0][at]),
			unit_size(hot, (u64)c->bytes[1][at]));
	}
}

/* What curves and terminals have room for: a point a window, as floating numbers */
static bool make_curves(struct curves *c, const struct wss *wss)
{
	u32 i;

	c->nr = wss->nr;
	c->most = 1;
	c->name[0] = "touched within a window";
	c->name[1] = "hot: at half of the checks";
	c->seconds = calloc(3 * (size_t)wss->nr, sizeof(double));
	if (!c->seconds)
		return false;
	c->bytes[0] = c->seconds + wss->nr;
	c->bytes[1] = c->bytes[0] + wss->nr;
	for (i = 0; i < wss->nr; i++) {
		c->seconds[i] = wss->point[i].seconds;
		c->bytes[0][i] = (double)wss->point[i].touched;
		c->bytes[1][i] = (double)wss->point[i].hot;
		if (c->bytes[0][i] > c->most)
			c->most = c->bytes[0][i];
	}
	return true;
}

static int draw_wss(const struct record_reader *r, const struct view_cfg *cfg, u32 target,
		    const struct wss *wss)
{
	struct curves c = { .info = &r->info, .target = &r->targets.target[target] };
	struct terminal term;
	int err = 0;

	if (!make_curves(&c, wss))
		return -ENOMEM;
	if (view_pictures(cfg)) {
		err = view_draw(cfg, picture_curves, &c);
	} else {
		terminal_probe(&term, cfg->out, cfg->colour, (int)cfg->width);
		fprintf(cfg->out, "%15s  %s (pid %llu)\n", "touched", c.target->comm,
			c.target->pid);
		terminal_curve(&term, &c, 0, CURVE_LINES);
		print_percentiles(cfg, &c);
	}
	free(c.seconds);
	return err;
}

static int show_wss(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		    void *sheet)
{
	struct wss wss;
	int err;

	err = figures_wss(r, survey, &wss);
	if (!err && sheet)
		wss_values(sheet, &wss, survey->target);
	else if (!err)
		err = draw_wss(r, cfg, survey->target, &wss);
	figures_wss_free(&wss);
	return err;
}

int view_wss(struct record_reader *r, const struct view_cfg *cfg)
{
	return view(r, cfg, "wss", wss_cols, show_wss);
}

static const struct sheet_col hist_cols[] = {
	{ "target", SHEET_NUMBER }, { "by", SHEET_TEXT }, { "bin", SHEET_TEXT },
	{ "bytes", SHEET_NUMBER },
	{ }
};

static void hist_values(struct sheet *sheet, const char *by, const struct hist_bin *bin, u32 nr,
			u32 target)
{
	u32 i;

	for (i = 0; i < nr; i++)
		sheet_row(sheet, (union sheet_value[]){
			  { .number = target },
			  { .text = by },
			  { .text = bin[i].label },
			  { .number = (u64)bin[i].bytes } });
}

static int show_hist(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		     void *sheet)
{
	struct hist_drawing d = { .info = &r->info };
	struct terminal term;
	struct hist hist;
	int err;

	err = figures_hist(r, survey, &hist);
	d.target = &r->targets.target[survey->target];
	d.hist = &hist;
	if (!err && sheet) {
		hist_values(sheet, "accesses", hist.access, hist.nr_access, survey->target);
		hist_values(sheet, "idle", hist.idle, hist.nr_idle, survey->target);
	} else if (!err && view_pictures(cfg)) {
		err = view_draw(cfg, picture_hist, &d);
	} else if (!err) {
		terminal_probe(&term, cfg->out, cfg->colour, (int)cfg->width);
		terminal_hist(&term, &d);
	}
	return err;
}

int view_hist(struct record_reader *r, const struct view_cfg *cfg)
{
	return view(r, cfg, "hist", hist_cols, show_hist);
}

static const struct sheet_col timeline_cols[] = {
	{ "target", SHEET_NUMBER }, { "area", SHEET_TEXT }, { "from_s", SHEET_REAL },
	{ "to_s", SHEET_REAL }, { "heat", SHEET_REAL },
	{ }
};

static void timeline_values(struct sheet *sheet, const struct record_reader *r,
			    const struct timeline *t, u32 target)
{
	double begin = view_seconds(r, t->t0), col = (double)(t->t1 - t->t0) / t->cols / 1e9;
	u32 i, c;

	for (i = 0; i < t->nr; i++)
		for (c = 0; c < t->cols; c++) {
			double value = figures_strip_value(&t->strips[i], c);

			if (value < 0)
				continue;
			sheet_row(sheet, (union sheet_value[]){
				  { .number = target },
				  { .text = t->strips[i].name },
				  { .real = begin + c * col },
				  { .real = begin + (c + 1) * col },
				  { .real = value } });
		}
}

static int show_timeline(struct record_reader *r, const struct view_cfg *cfg,
			 struct survey *survey, void *sheet)
{
	struct timeline_drawing d = { .info = &r->info, .scale = scale_of(cfg) };
	struct terminal term;
	struct timeline t;
	int err;

	terminal_probe(&term, cfg->out, cfg->colour, (int)cfg->width);
	err = figures_timeline(r, survey, view_pictures(cfg) || sheet ? PICTURE_COLS :
			       terminal_timeline_cols(&term), &t);
	d.target = &r->targets.target[survey->target];
	d.timeline = &t;
	if (!err && sheet)
		timeline_values(sheet, r, &t, survey->target);
	else if (!err && view_pictures(cfg))
		err = view_draw(cfg, picture_timeline, &d);
	else if (!err)
		terminal_timeline(&term, &d);
	figures_timeline_free(&t);
	return err;
}

int view_timeline(struct record_reader *r, const struct view_cfg *cfg)
{
	return view(r, cfg, "timeline", timeline_cols, show_timeline);
}
