/* SPDX-License-Identifier: GPL-2.0 */
/* Charts: curves, histograms and timelines, on a terminal or as pictures. */
#ifndef DAMONCTL_CHART_H
#define DAMONCTL_CHART_H

#include "draw.h"
#include "figures.h"

#define CURVES	2

/**
 * struct curves - bytes over time
 * @info: of the record
 * @target: of the record
 * @nr: points
 * @seconds: where they are
 * @most: upper end of the scale, not zero
 * @name: of each curve, or NULL
 * @bytes: values of each curve
 */
struct curves {
	const struct record_info *info;
	const struct record_target *target;
	u32 nr;
	double *seconds;
	double most;
	const char *name[CURVES];
	double *bytes[CURVES];
};

struct hist_drawing {
	const struct record_info *info;
	const struct record_target *target;
	const struct hist *hist;
};

struct timeline_drawing {
	const struct record_info *info;
	const struct record_target *target;
	const struct timeline *timeline;
	enum colour_scale scale;
};

/* On a terminal; of curves, one */
void terminal_curve(const struct terminal *term, const struct curves *curves, u32 nr, u32 lines);
void terminal_hist(const struct terminal *term, const struct hist_drawing *d);
void terminal_timeline(const struct terminal *term, const struct timeline_drawing *d);
/* Columns that a timeline may have there */
u32 terminal_timeline_cols(const struct terminal *term);

/* As pictures; @what is the structure of that chart. 0 or a negative errno, said. */
int picture_curves(const char *path, enum picture_type type, const void *what);
int picture_hist(const char *path, enum picture_type type, const void *what);
int picture_timeline(const char *path, enum picture_type type, const void *what);

#endif /* DAMONCTL_CHART_H */
