/* SPDX-License-Identifier: GPL-2.0 */
/* The views of a record that report offers and run ends with. */
#ifndef DAMONCTL_VIEW_H
#define DAMONCTL_VIEW_H

#include "draw.h"
#include "opt.h"

/**
 * struct view_cfg - how a record shall be shown
 * @png: picture to write, or NULL
 * @svg: picture to write, or NULL
 * @csv: values instead of a drawing
 * @all: no zoom
 * @target: index of the target, or VIEW_ALL_TARGETS
 * @scale: sqrt or linear
 * @colour: auto, always or never
 * @width: of the terminal, or 0
 * @height: lines of the heat map
 * @out: where texts go
 */
struct view_cfg {
	const char *png, *svg;
	bool csv, all;
	u64 target;
	const char *scale, *colour;
	u64 width, height;
	FILE *out;
};

#define VIEW_ALL_TARGETS UINT64_MAX

#define VIEW_DEFAULTS				\
	.target = VIEW_ALL_TARGETS,		\
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
int view_regions(struct record_reader *r, const struct view_cfg *cfg);
int view_wss(struct record_reader *r, const struct view_cfg *cfg);
/* What the survey tells, as some lines of text */
int view_summary(struct record_reader *r, const struct view_cfg *cfg);

#endif /* DAMONCTL_VIEW_H */
