/* SPDX-License-Identifier: GPL-2.0 */
/* What views tell of one target besides the heat map, as numbers. */
#ifndef DAMONCTL_FIGURES_H
#define DAMONCTL_FIGURES_H

#include "survey.h"

/**
 * struct wss_point - the working set in one window
 * @seconds: end of the window, since the start of the record
 * @watched: bytes monitored
 * @touched: bytes of regions with any access
 * @hot: bytes of regions that half of the checks or more found accessed
 */
struct wss_point {
	double seconds;
	u64 watched, touched, hot;
};

struct wss {
	u32 nr, room;
	struct wss_point *point;
};

/* All of these return 0 or a negative errno, which was said if it is about the record. */
int figures_wss(struct record_reader *r, const struct survey *survey, struct wss *wss);
void figures_wss_free(struct wss *wss);

/* How much memory, by how often it was accessed or for how long it was idle */
#define HIST_MAX_BINS 12

struct hist_bin {
	char label[24];
	double bytes;	/* mean of all windows */
};

struct hist {
	u32 nr_access, nr_idle;
	struct hist_bin access[HIST_MAX_BINS], idle[HIST_MAX_BINS];
};

int figures_hist(struct record_reader *r, const struct survey *survey, struct hist *hist);

/* Sums over what falls into a cell; see heat_value() */
struct strip_cell {
	float sum, cover, max;
};

/**
 * struct strip - one named area over time
 * @name: of the area, or of how many
 * @bytes: how large it was at most
 * @touched: bytes accessed in a window, mean
 * @cells: one a column
 */
struct strip {
	char name[AREA_NAME_LEN];
	u64 bytes;
	double touched;
	struct strip_cell *cells;
};

/**
 * struct timeline - the areas of a target that were accessed most
 * @nr: how many
 * @cols: columns
 * @t0: begin of the first
 * @t1: end of the last
 * @strips: the areas, most touched bytes first
 */
struct timeline {
	u32 nr, cols;
	u64 t0, t1;
	struct strip *strips;
};

int figures_timeline(struct record_reader *r, const struct survey *survey, u32 cols,
		     struct timeline *timeline);
/* From 0 to 1, or -1 where the area was not there */
double figures_strip_value(const struct strip *strip, u32 col);
void figures_timeline_free(struct timeline *timeline);

#endif /* DAMONCTL_FIGURES_H */
