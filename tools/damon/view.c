// SPDX-License-Identifier: GPL-2.0
/*
 * The views of a record. A view reads the record as often as it needs and
 * leaves it to others to draw. A record with several targets is shown target
 * by target; a picture holds one.
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
	  "draw the heat map as a PNG picture" },
	{ "svg", 0, OPT_TEXT, offsetof(struct view_cfg, svg), "FILE",
	  "draw the heat map as an SVG picture" },
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
	if ((cfg->png || cfg->svg) && !picture_available)
		return opt_fault(cmd, "--%s: this damonctl was built without pictures (PNG=0)",
				 cfg->png ? "png" : "svg");
	if (cfg->width > WIDTH_MAX)
		return opt_fault(cmd, "--width: expected at most %d", WIDTH_MAX);
	return EXIT_OK;
}

static bool wanted(const struct view_cfg *cfg, u32 target)
{
	return cfg->target == VIEW_ALL_TARGETS || cfg->target == target;
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

static double seconds(const struct record_reader *r, u64 time_ns)
{
	return ((double)time_ns - (double)r->info.start_ns) / 1e9;
}

static void print_csv(const struct record_reader *r, const struct heat *heat,
		      const struct view_cfg *cfg, u32 target)
{
	double col = (double)(heat->t1 - heat->t0) / heat->cols / 1e9;
	u32 i, row, c;

	for (i = 0; i < heat->nr_bands; i++) {
		const struct heat_band *band = &heat->bands[i];

		for (row = 0; row < band->nr_rows; row++)
			for (c = 0; c < heat->cols; c++) {
				double value = heat_value(heat, band->row + row, c);

				if (value < 0)
					continue;
				fprintf(cfg->out, "%u,%.3f,%.3f,0x%llx,0x%llx,%.4f\n", target,
					seconds(r, heat->t0) + c * col,
					seconds(r, heat->t0) + (c + 1) * col,
					heat_row_start(band, row),
					heat_row_start(band, row + 1), value);
			}
	}
}

/* A map of the given size, drawn by the caller */
static int make(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
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

static int draw_pictures(struct record_reader *r, const struct view_cfg *cfg,
			 struct survey *survey)
{
	struct heat_size size = picture_heat_size();
	struct heat heat = { 0 };
	struct drawing d;
	int err;

	err = make(r, cfg, survey, &size, &d, &heat);
	if (!err && cfg->png)
		err = picture_draw(cfg->png, PICTURE_PNG, &d);
	if (!err && cfg->svg)
		err = picture_draw(cfg->svg, PICTURE_SVG, &d);
	heat_free(&heat);
	return err;
}

static int print_map(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey)
{
	struct terminal term;
	struct heat_size size;
	struct heat heat = { 0 };
	struct drawing d;
	int err;

	terminal_probe(&term, cfg->out, cfg->colour, (int)cfg->width);
	size = terminal_heat_size(&term, (u32)cfg->height);
	err = make(r, cfg, survey, &size, &d, &heat);
	if (!err && cfg->csv)
		print_csv(r, &heat, cfg, survey->target);
	else if (!err)
		terminal_draw(&term, &d);
	heat_free(&heat);
	return err;
}

int view_heatmap(struct record_reader *r, const struct view_cfg *cfg)
{
	bool pictures = cfg->png || cfg->svg, drawn = false;
	int err, ret = -ENODATA;
	u32 target, nr;

	err = count_targets(r, &nr);
	if (err)
		return err;
	if (cfg->csv)
		fputs("target,from_s,to_s,start,end,heat\n", cfg->out);
	for (target = 0; target < nr; target++) {
		struct survey survey;

		if (!wanted(cfg, target))
			continue;
		survey_target(r, target, cfg->all, &survey);
		err = survey.nr ? 0 : -ENODATA;
		if (survey.nr_spaces > 1 && !pictures)
			say("note: exec gave it %u address spaces; the busiest is shown",
			    survey.nr_spaces);
		if (!err && pictures && drawn)
			say("note: the picture shows the first target; --target %u is another",
			    target);
		else if (!err && pictures)
			err = draw_pictures(r, cfg, &survey);
		if (!err)
			drawn = true;
		if (!err && (!pictures || cfg->csv))
			err = print_map(r, cfg, &survey);
		survey_free(&survey);
		if (err != -ENODATA)
			ret = ret == -ENODATA || err ? err : ret;
	}
	return r->damaged && !ret ? -EBADMSG : ret;
}

int view_regions(struct record_reader *r, const struct view_cfg *cfg)
{
	int ret, err = -ENODATA;
	u32 i;

	ret = record_rewind(r);
	if (ret)
		return ret;
	fputs("# seconds target start end size nr_accesses age\n", cfg->out);
	while ((ret = record_next(r)) > 0) {
		const struct snapshot *snap = r->now;

		if (!wanted(cfg, snap->target))
			continue;
		err = 0;
		for (i = 0; i < snap->nr; i++) {
			const struct region *region = &snap->regions[i];

			fprintf(cfg->out, "%.3f %u %llx %llx %llu %u %u\n",
				seconds(r, snap->time_ns), snap->target,
				region->start,
				region->end,
				(region->end - region->start),
				region->nr_accesses, region->age);
		}
	}
	return ret < 0 ? ret : err;
}

int view_wss(struct record_reader *r, const struct view_cfg *cfg)
{
	int ret, err = -ENODATA;
	u32 i;

	ret = record_rewind(r);
	if (ret)
		return ret;
	fputs("# seconds target watched_bytes touched_bytes regions\n", cfg->out);
	while ((ret = record_next(r)) > 0) {
		const struct snapshot *snap = r->now;
		u64 watched = 0, touched = 0;

		if (!wanted(cfg, snap->target))
			continue;
		err = 0;
		for (i = 0; i < snap->nr; i++) {
			u64 size = snap->regions[i].end - snap->regions[i].start;

			watched += size;
			if (snap->regions[i].nr_accesses)
				touched += size;
		}
		fprintf(cfg->out, "%.3f %u %llu %llu %u\n", seconds(r, snap->time_ns),
			snap->target, watched, touched,
			snap->nr);
	}
	return ret < 0 ? ret : err;
}

static void print_series(const struct view_cfg *cfg, const struct series *series, u64 nr,
			 const char *what)
{
	char mean[UNIT_LEN], min[UNIT_LEN], max[UNIT_LEN];

	fprintf(cfg->out, "  %12s  %s (%s to %s)\n",
		unit_size(mean, (u64)series_mean(series, nr)), what,
		unit_size(min, series->min), unit_size(max, series->max));
}

int view_summary(struct record_reader *r, const struct view_cfg *cfg)
{
	u32 target, nr;
	int err;

	err = count_targets(r, &nr);
	for (target = 0; target < nr && !err; target++) {
		struct survey survey;

		if (!wanted(cfg, target))
			continue;
		err = survey_target(r, target, cfg->all, &survey);
		if (survey.nr) {
			fprintf(cfg->out, "  %10.2f s  in %llu snapshots of %llu to %llu regions\n",
				(double)(survey.last_ns - survey.first_ns) / 1e9,
				survey.nr,
				survey.regions.min,
				survey.regions.max);
			print_series(cfg, &survey.watched, survey.nr, "monitored");
			print_series(cfg, &survey.touched, survey.nr,
				     "touched within a window: the working set");
			print_series(cfg, &survey.hot, survey.nr,
				     "hot: accessed at half of the checks or more");
		}
		survey_free(&survey);
	}
	return err;
}
