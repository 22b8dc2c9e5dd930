/* SPDX-License-Identifier: GPL-2.0 */
/* The heat map of one target as numbers: addresses by time. */
#ifndef DAMONCTL_HEAT_H
#define DAMONCTL_HEAT_H

#include "survey.h"

/**
 * struct heat_band - addresses that follow each other
 * @start: first address
 * @end: after the last one
 * @row: number of its first row; rows rise with addresses
 * @nr_rows: how many it has
 */
struct heat_band {
	u64 start, end;
	u32 row, nr_rows;
};

/* Sums over the pieces of regions in a cell; mean is sum / cover */
struct heat_cell {
	float sum, cover, max;
};

/**
 * struct heat - the map
 * @nr_bands: bands, with gaps between them that are not drawn
 * @rows: rows of all bands
 * @cols: columns, each as long as the others
 * @t0: begin of the first column, CLOCK_MONOTONIC
 * @t1: end of the last column
 * @max_accesses: samples in a window: what 1.0 stands for
 * @cells: rows times cols
 */
struct heat {
	u32 nr_bands, rows, cols;
	struct heat_band *bands;
	u64 t0, t1;
	u32 max_accesses;
	struct heat_cell *cells;
};

/**
 * struct heat_size - how large the map shall be
 * @rows: rows wanted
 * @cols: columns wanted; fewer windows give fewer columns
 * @min_rows: of the smallest band
 */
struct heat_size {
	u32 rows, cols, min_rows;
};

int heat_make(struct heat *heat, struct record_reader *r, const struct survey *survey,
	      const struct ranges *view, const struct heat_size *size);
void heat_free(struct heat *heat);

/*
 * How bright a cell is, from 0 to 1, or -1 where nothing was monitored: half
 * the mean and half the maximum, so that a small hot spot in a large cold cell
 * is seen, and a cell that is hot throughout still stands out.
 */
double heat_value(const struct heat *heat, u32 row, u32 col);

/* First address of a row of a band, counted within it */
u64 heat_row_start(const struct heat_band *band, u32 row);

#endif /* DAMONCTL_HEAT_H */
