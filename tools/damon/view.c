// SPDX-License-Identifier: GPL-2.0
/*
 * What all views of a record share: their options, which targets are shown,
 * and the heat map. A view reads the record as often as it needs and leaves it
 * to others to draw. A record with several targets is shown target by target;
 * a picture holds one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "view.h"

#define HEIGHT_MIN	4
#define HEIGHT_MAX	1000
#define WIDTH_MAX	10000

static const char *const scales[] = { "sqrt", "linear", NULL };
static const char *const colours[] = { "auto", "always", "never", NULL };

const struct opt_row view_rows[] = {
	{ "png", 0, OPT_TEXT, offsetof(struct view_cfg, png), "FILE",
	  "draw it as a PNG picture" },
	{ "svg", 0, OPT_TEXT, offsetof(struct view_cfg, svg), "FILE",
	  "draw it as an SVG picture" },
	{ "html", 0, OPT_TEXT, offsetof(struct view_cfg, html), "FILE",
	  "write one page with heat map, mapped areas and working set" },
	{ "all", 0, OPT_FLAG, offsetof(struct view_cfg, all), NULL,
	  "show idle memory too, however much" },
	{ "scale", 0, OPT_CHOICE, offsetof(struct view_cfg, scale), "SCALE",
	  "sqrt or linear (sqrt, which shows weak accesses)", scales },
	{ "color", 0, OPT_CHOICE, offsetof(struct view_cfg, colour), "WHEN",
	  "auto, always or never (auto: on a terminal)", colours },
	{ "width", 0, OPT_NUMBER, offsetof(struct view_cfg, width), "COLUMNS",
	  "of the terminal (its own)" },
	{ "height", 0, OPT_NUMBER, offsetof(struct view_cfg, height), "LINES",
	  "of the heat map (24)" },
	{ }
};

int view_check(const struct command *cmd, const struct view_cfg *cfg)
{
	if (cfg->height < HEIGHT_MIN || cfg->height > HEIGHT_MAX)
		return opt_fault(cmd, "--height: expected %d to %d", HEIGHT_MIN, HEIGHT_MAX);
	if (view_pictures(cfg) && !picture_available)
		return opt_fault(cmd, "--%s: this damonctl was built without pictures (PNG=0)",
				 cfg->png ? "png" : "svg");
	if (cfg->width > WIDTH_MAX)
		return opt_fault(cmd, "--width: expected at most %d", WIDTH_MAX);
	if (cfg->csv && cfg->json)
		return opt_fault(cmd, "--csv or --json, not both");
	return EXIT_OK;
}

bool view_wanted(const struct view_cfg *cfg, u32 target)
{
	return cfg->target == VIEW_ALL_TARGETS || cfg->target == target;
}

double view_seconds(const struct record_reader *r, u64 time_ns)
{
	return ((double)time_ns - (double)r->info.start_ns) / 1e9;
}

void view_sheet(struct sheet *sheet, const struct view_cfg *cfg, const char *name,
		const struct sheet_col *cols, const struct record_reader *r)
{
	*sheet = (struct sheet){ .out = cfg->out, .json = cfg->json, .cols = cols };
	sheet_begin(sheet, name, &r->info);
}

/* Reads to the end, so that all targets are known. */
static int count_targets(struct record_reader *r, u32 *nr)
{
	int ret = record_rewind(r);

	while (!ret && record_next(r) > 0)
		;
	*nr = r->targets.nr;
	return ret;
}

int view_each(struct record_reader *r, const struct view_cfg *cfg,
	      int (*show)(struct record_reader *r, const struct view_cfg *cfg,
			  struct survey *survey, void *arg), void *arg)
{
	bool drawn = false;
	int err, ret = -ENODATA;
	u32 target, nr;

	err = count_targets(r, &nr);
	if (err)
		return err;
	for (target = 0; target < nr; target++) {
		struct survey survey;

		if (!view_wanted(cfg, target))
			continue;
		survey_target(r, target, cfg->all, &survey);
		err = survey.nr ? 0 : -ENODATA;
		if (!err && survey.nr_spaces > 1 && !drawn)
			say("note: exec gave it %u address spaces; the busiest is shown",
			    survey.nr_spaces);
		if (!err && drawn && view_pictures(cfg))
			say("note: the picture shows the first target; --target %u is another",
			    target);
		else if (!err)
			err = show(r, cfg, &survey, arg);
		if (!err)
			drawn = true;
		survey_free(&survey);
		if (err != -ENODATA)
			ret = ret == -ENODATA || err ? err : ret;
	}
	return r->damaged && !ret ? -EBADMSG : ret;
}

int view_draw(const struct view_cfg *cfg,
	      int (*draw)(const char *path, enum picture_type type, const void *what),
	      const void *what)
{
	int err = 0;

	if (cfg->png)
		err = draw(cfg->png, PICTURE_PNG, what);
	if (!err && cfg->svg)
		err = draw(cfg->svg, PICTURE_SVG, what);
	return err;
}

int view_make_heat(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		   const struct heat_size *size, struct drawing *d, struct heat *heat)
{
	struct ranges view = { 0 };
	u32 i;
	int err = 0;

	if (cfg->all)
		for (i = 0; i < survey->mapped.nr && !err; i++)
			err = ranges_add(&view, survey->mapped.range[i].start,
					 survey->mapped.range[i].end) ? 0 : -ENOMEM;
	else
		err = survey_zoom(r, survey, &view);
	if (!err)
		err = heat_make(heat, r, survey, &view, size);
	ranges_free(&view);
	*d = (struct drawing){
		.heat = heat,
		.mapped = &survey->mapped,
		.info = &r->info,
		.target = &r->targets.target[survey->target],
		.scale = strcmp(cfg->scale, "linear") ? SCALE_SQRT : SCALE_LINEAR,
	};
	return err;
}

static void print_series(const struct view_cfg *cfg, const struct series *series, u64 nr,
			 const char *what)
{
	char mean[UNIT_LEN], min[UNIT_LEN], max[UNIT_LEN];

	fprintf(cfg->out, "  %12s  %s (%s to %s)\n",
		unit_size(mean, (u64)series_mean(series, nr)), what,
		unit_size(min, series->min), unit_size(max, series->max));
}

static int show_summary(struct record_reader *r, const struct view_cfg *cfg,
			struct survey *survey, void *arg)
{
	fprintf(cfg->out, "  %10.2f s  in %llu snapshots of %llu to %llu regions\n",
		(double)(survey->last_ns - survey->first_ns) / 1e9, survey->nr,
		survey->regions.min, survey->regions.max);
	print_series(cfg, &survey->watched, survey->nr, "monitored");
	print_series(cfg, &survey->touched, survey->nr, "touched within a window: the working set");
	print_series(cfg, &survey->hot, survey->nr,
		     "hot: accessed at half of the checks or more");
	return 0;
}

int view_summary(struct record_reader *r, const struct view_cfg *cfg)
{
	struct view_cfg text = *cfg;

	text.png = NULL;
	text.svg = NULL;
	return view_each(r, &text, show_summary, NULL);
}
