// SPDX-License-Identifier: GPL-2.0
/*
 * The heat map of one target as numbers. Lays out the addresses in view as
 * bands of rows, large ones with more rows, none with too few to be seen, and
 * adds up regions in cells. Must not know how the map is drawn.
 */
#include <errno.h>
#include <stdlib.h>

#include "heat.h"

/* A pause between snapshots of more than this many windows is shown as one. */
#define MAX_WINDOW_FACTOR 4
#define PAGE		4096

u64 heat_row_start(const struct heat_band *band, u32 row)
{
	return band->start + (u64)((__uint128_t)(band->end - band->start) * row / band->nr_rows);
}

/* Gives each band its share of rows, but at least min_rows. */
static int lay_out(struct heat *heat, const struct ranges *view, const struct heat_size *size)
{
	u64 total = ranges_total(view);
	struct heat_band *band;
	u32 i;

	heat->bands = calloc(view->nr, sizeof(*heat->bands));
	if (!heat->bands)
		return -ENOMEM;
	heat->nr_bands = view->nr;
	for (i = 0; i < view->nr; i++) {
		band = &heat->bands[i];
		band->start = view->range[i].start;
		band->end = view->range[i].end;
		band->nr_rows = (u32)((double)(band->end - band->start) / (double)total *
				      size->rows + 0.5);
		if (band->nr_rows < size->min_rows)
			band->nr_rows = size->min_rows;
		/* No row below a page */
		if (band->nr_rows > (band->end - band->start - 1) / PAGE + 1)
			band->nr_rows = (u32)((band->end - band->start - 1) / PAGE) + 1;
		band->row = heat->rows;
		heat->rows += band->nr_rows;
	}
	return 0;
}

/* A region's bytes in one row, over the columns that its window reaches */
static void add_row(struct heat *heat, u32 row, double bytes, double rate,
		    u64 from, u64 to)
{
	double col_ns = (double)(heat->t1 - heat->t0) / heat->cols;
	u32 col = (u32)((double)(from - heat->t0) / col_ns);

	for (; col < heat->cols && heat->t0 + col * col_ns < (double)to; col++) {
		double begin = (double)heat->t0 + col * col_ns, end = begin + col_ns;
		struct heat_cell *cell = &heat->cells[(size_t)row * heat->cols + col];
		double weight;

		if (begin < (double)from)
			begin = (double)from;
		if (end > (double)to)
			end = (double)to;
		weight = (end - begin) / col_ns * bytes;
		if (weight <= 0)
			continue;
		cell->cover += (float)weight;
		cell->sum += (float)(weight * rate);
		if (cell->max < rate)
			cell->max = (float)rate;
	}
}

static void add_region(struct heat *heat, const struct region *region, u64 from, u64 to)
{
	double rate = (double)region->nr_accesses / heat->max_accesses;
	u32 i, row;

	if (rate > 1)
		rate = 1;
	for (i = 0; i < heat->nr_bands; i++) {
		const struct heat_band *band = &heat->bands[i];
		u64 start = region->start > band->start ? region->start : band->start;
		u64 end = region->end < band->end ? region->end : band->end;

		if (start >= end)
			continue;
		row = (u32)((double)(start - band->start) / (double)(band->end - band->start) *
			    band->nr_rows);
		/* Rounding */
		while (row && heat_row_start(band, row) > start)
			row--;
		for (; row < band->nr_rows; row++) {
			u64 low = heat_row_start(band, row), high = heat_row_start(band, row + 1);

			if (low >= end)
				break;
			if (low < start)
				low = start;
			if (high > end)
				high = end;
			if (low < high)
				add_row(heat, band->row + row, (double)(high - low), rate,
					from, to);
		}
	}
}

static int fill(struct heat *heat, struct record_reader *r, const struct survey *survey)
{
	u64 window_ns = r->info.cfg.aggr_us * NSEC_PER_USEC;
	u64 prev = heat->t0;
	int err;
	u32 i;

	err = record_rewind(r);
	if (err)
		return err;
	while (record_next(r) > 0) {
		u64 to = r->now->time_ns, from = prev;

		if (!survey_has(survey, r->now) || to <= prev)
			continue;
		if (to - from > MAX_WINDOW_FACTOR * window_ns)
			from = to - window_ns;
		for (i = 0; i < r->now->nr; i++)
			add_region(heat, &r->now->regions[i], from, to);
		prev = to;
	}
	return 0;
}

int heat_make(struct heat *heat, struct record_reader *r, const struct survey *survey,
	      const struct ranges *view, const struct heat_size *size)
{
	int err;

	*heat = (struct heat){ 0 };
	heat->t0 = survey->first_ns;
	heat->t1 = survey->last_ns;
	heat->max_accesses = survey->max_accesses ? survey->max_accesses : 1;
	heat->cols = survey->nr < size->cols ? (u32)survey->nr : size->cols;
	if (!view->nr || heat->t1 <= heat->t0 || !heat->cols)
		return -ENODATA;
	err = lay_out(heat, view, size);
	if (err)
		return err;
	heat->cells = calloc((size_t)heat->rows * heat->cols, sizeof(*heat->cells));
	if (!heat->cells)
		return -ENOMEM;
	return fill(heat, r, survey);
}

void heat_free(struct heat *heat)
{
	free(heat->bands);
	free(heat->cells);
	*heat = (struct heat){ 0 };
}

double heat_value(const struct heat *heat, u32 row, u32 col)
{
	const struct heat_cell *cell = &heat->cells[(size_t)row * heat->cols + col];

	if (cell->cover <= 0)
		return -1;
	return (cell->sum / cell->cover + cell->max) / 2;
}
