/* SPDX-License-Identifier: GPL-2.0 */
/* The views of a record that report offers and run ends with. */
#ifndef DAMONCTL_VIEW_H
#define DAMONCTL_VIEW_H

#include "draw.h"
#include "opt.h"
#include "sheet.h"

/**
 * struct view_cfg - how a record shall be shown
 * @png: picture to write, or NULL
 * @svg: picture to write, or NULL
 * @html: page to write, or NULL
 * @csv: values instead of a drawing
 * @json: the same in JSON
 * @all: no zoom
 * @target: index of the target, or VIEW_ALL_TARGETS
 * @at_us: the moment of regions since the start, or VIEW_AT_END
 * @scale: sqrt or linear
 * @colour: auto, always or never
 * @width: of the terminal, or 0
 * @height: lines of the heat map
 * @out: where texts go
 */
struct view_cfg {
	const char *png, *svg, *html;
	bool csv, json, all;
	u64 target, at_us;
	const char *scale, *colour;
	u64 width, height;
	FILE *out;
};

#define VIEW_ALL_TARGETS UINT64_MAX
#define VIEW_AT_END	 UINT64_MAX

#define VIEW_DEFAULTS				\
	.target = VIEW_ALL_TARGETS,		\
	.at_us = VIEW_AT_END,			\
	.scale = "sqrt",			\
	.colour = "auto",			\
	.height = 24

/* Rows for a struct view_cfg, for use as a group */
extern const struct opt_row view_rows[];

/* Checks what the rows cannot. EXIT_OK, or EXIT_USAGE after naming the fault. */
int view_check(const struct command *cmd, const struct view_cfg *cfg);

/*
 * One view each. They return 0 or a negative errno, which was said; of a
 * damaged record, what is readable is shown nevertheless. No snapshots at all
 * is -ENODATA, unsaid.
 */
int view_heatmap(struct record_reader *r, const struct view_cfg *cfg);
int view_wss(struct record_reader *r, const struct view_cfg *cfg);
int view_hist(struct record_reader *r, const struct view_cfg *cfg);
int view_regions(struct record_reader *r, const struct view_cfg *cfg);
int view_timeline(struct record_reader *r, const struct view_cfg *cfg);
/* What the survey tells, as some lines of text */
int view_summary(struct record_reader *r, const struct view_cfg *cfg);
/* One page with all of it, to @cfg's html */
int view_page(struct record_reader *r, const struct view_cfg *cfg);

/* What the views share */

/* Values for other programs are wanted, not a drawing */
static inline bool view_values(const struct view_cfg *cfg)
{
	return cfg->csv || cfg->json;
}

static inline bool view_pictures(const struct view_cfg *cfg)
{
	return cfg->png || cfg->svg;
}

bool view_wanted(const struct view_cfg *cfg, u32 target);
/* Seconds since the start of the record */
double view_seconds(const struct record_reader *r, u64 time_ns);
/* Begins a sheet as @cfg says, with columns of which the first is the target's number. */
void view_sheet(struct sheet *sheet, const struct view_cfg *cfg, const char *name,
		const struct sheet_col *cols, const struct record_reader *r);
/*
 * Calls @show for each wanted target that has snapshots, with its survey; for
 * the first one only if the view makes a picture.
 */
int view_each(struct record_reader *r, const struct view_cfg *cfg,
	      int (*show)(struct record_reader *r, const struct view_cfg *cfg,
			  struct survey *survey, void *arg), void *arg);
/* Draws the same picture in each format that was asked for. */
int view_draw(const struct view_cfg *cfg,
	      int (*draw)(const char *path, enum picture_type type, const void *what),
	      const void *what);
/* The heat map of a surveyed target; the drawing refers to @heat and @survey. */
int view_make_heat(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		   const struct heat_size *size, struct drawing *d, struct heat *heat);

#endif /* DAMONCTL_VIEW_H */
