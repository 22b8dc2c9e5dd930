// SPDX-License-Identifier: GPL-2.0
/*
 * What a record holds of one target, and which addresses are worth seeing.
 *
 * A process can map terabytes and use kilobytes of them. The zoom divides the
 * addresses in view into bins, finds the bins with accesses, and if those are
 * a third or less, takes them with some context as the next view; a few rounds
 * get from 128 TiB to pages. A single hit of a huge region says little about
 * any of its addresses, so a bin counts as accessed after two hits in a window
 * or hits in one window of twenty.
 */
#include <errno.h>
#include <stdlib.h>

#include "survey.h"

#define ZOOM_ROUNDS	5
#define ZOOM_BINS	4096U
/* Worth another round: at most a third is accessed */
#define ZOOM_SHARE	3
/* Share of windows that makes single hits count */
#define ZOOM_WINDOWS	20
#define ZOOM_PAGE	4096ULL

struct bin {
	u32 max, hits;
};

struct bins {
	u64 size;
	u32 nr;
	struct bin *bin;
};

static void series_add(struct series *series, u64 nr, u64 value)
{
	if (!nr || value < series->min)
		series->min = value;
	if (value > series->max)
		series->max = value;
	series->sum += (double)value;
}

double series_mean(const struct series *series, u64 nr)
{
	return nr ? series->sum / (double)nr : 0;
}

static int add_snapshot(struct survey *survey, const struct snapshot *snap)
{
	u64 watched = 0, touched = 0, hot = 0;
	u32 i, first = 0;

	for (i = 0; i < snap->nr; i++) {
		const struct region *region = &snap->regions[i];
		u64 size = region->end - region->start;

		watched += size;
		if (region->nr_accesses)
			touched += size;
		if (2 * (u64)region->nr_accesses >= survey->max_accesses)
			hot += size;
		if (i + 1 < snap->nr && region->end == region[1].start)
			continue;
		if (!ranges_add(&survey->mapped, snap->regions[first].start, region->end))
			return -ENOMEM;
		first = i + 1;
	}
	series_add(&survey->regions, survey->nr, snap->nr);
	series_add(&survey->watched, survey->nr, watched);
	series_add(&survey->touched, survey->nr, touched);
	series_add(&survey->hot, survey->nr, hot);
	survey->last_ns = snap->time_ns;
	survey->nr++;
	return 0;
}

/* After exec, nothing is where it was. */
static bool is_new_space(const struct survey *survey, const struct ranges *prev,
			 const struct snapshot *snap)
{
	u32 i, k;

	for (i = 0; i < prev->nr; i++)
		for (k = 0; k < snap->nr; k++)
			if (snap->regions[k].start < prev->range[i].end &&
			    prev->range[i].start < snap->regions[k].end)
				return false;
	return survey->nr && prev->nr && snap->nr;
}

/* What a snapshot covers, for comparing it with the next one */
static bool remember_cover(struct ranges *cover, const struct snapshot *snap)
{
	u32 i;

	cover->nr = 0;
	for (i = 0; i < snap->nr; i++)
		if (!ranges_add(cover, snap->regions[i].start, snap->regions[i].end))
			return false;
	return true;
}

static void begin_space(struct survey *survey, const struct record_reader *r, u32 target)
{
	const struct monitor_cfg *cfg = &r->info.cfg;

	*survey = (struct survey){ .target = target };
	survey->max_accesses = (u32)(cfg->aggr_us / cfg->sample_us);
}

/* Keeps the one with more accesses of two address spaces in @best. */
static void keep_busier(struct survey *best, struct survey *other)
{
	struct survey swap = *best;

	if (!best->nr || other->touched.sum >= best->touched.sum) {
		*best = *other;
		*other = swap;
	}
	survey_free(other);
}

/* Reads on, with one address space at a time in @now */
static int read_spaces(struct record_reader *r, bool all, struct survey *best,
		       struct survey *now, struct ranges *cover)
{
	u64 window_ns = r->info.cfg.aggr_us * NSEC_PER_USEC;
	u32 target = now->target, nr_spaces = 1;
	int ret;

	while ((ret = record_next(r)) > 0) {
		if (r->now->target != target)
			continue;
		if (!all && is_new_space(now, cover, r->now)) {
			keep_busier(best, now);
			begin_space(now, r, target);
			nr_spaces++;
		}
		if (!now->nr)
			now->first_ns = r->now->time_ns < window_ns ? 0 :
					r->now->time_ns - window_ns;
		if (add_snapshot(now, r->now) || !remember_cover(cover, r->now)) {
			ret = -ENOMEM;
			break;
		}
	}
	keep_busier(best, now);
	best->nr_spaces = nr_spaces;
	return ret;
}

int survey_target(struct record_reader *r, u32 target, bool all, struct survey *survey)
{
	struct ranges cover = { 0 };
	struct survey now;
	int ret;

	*survey = (struct survey){ .target = target };
	ret = record_rewind(r);
	if (ret)
		return ret;
	begin_space(&now, r, target);
	ret = read_spaces(r, all, survey, &now, &cover);
	ranges_free(&cover);
	return ret;
}

bool survey_has(const struct survey *survey, const struct snapshot *snap)
{
	return snap->target == survey->target && snap->time_ns > survey->first_ns &&
	       snap->time_ns <= survey->last_ns;
}

/* How many bins a range has, which it shares with no other */
static u32 nr_bins(const struct bins *bins, const struct range *range)
{
	return (u32)((range->end - range->start - 1) / bins->size) + 1;
}

/* Marks the bins of the view that @region covers. */
static void mark(struct bins *bins, const struct ranges *view, const struct region *region)
{
	struct bin *bin = bins->bin;
	u32 i;

	for (i = 0; i < view->nr; i++) {
		const struct range *range = &view->range[i];
		u64 from = region->start > range->start ? region->start : range->start;
		u64 to = region->end < range->end ? region->end : range->end;
		u64 k, last;

		k = (from - range->start) / bins->size;
		last = (to - 1 - range->start) / bins->size;
		for (; from < to && k <= last; k++) {
			bin[k].hits++;
			if (region->nr_accesses > bin[k].max)
				bin[k].max = region->nr_accesses;
		}
		bin += nr_bins(bins, range);
	}
}

static bool is_accessed(const struct bin *bin, u64 nr_windows)
{
	return bin->max > 1 || (bin->hits > 1 && (u64)bin->hits * ZOOM_WINDOWS > nr_windows);
}

/* Bins [first, last) of a range, with an eighth of their length on both sides */
static bool add_run(struct ranges *next, const struct range *range, const struct bins *bins,
		    u32 first, u32 last)
{
	u32 context = (last - first) / 8 + 1;
	u64 start = range->start, end = range->end;

	if (first > context)
		start += (first - context) * bins->size;
	if (last + context < nr_bins(bins, range))
		end = range->start + (last + context) * bins->size;
	return ranges_add(next, start, end);
}

/* The bins with accesses and what is around them */
static int collect(const struct bins *bins, const struct ranges *view, u64 nr_windows,
		   u32 *nr_marked, struct ranges *next)
{
	const struct bin *bin = bins->bin;
	u32 i, k, nr, run;

	*nr_marked = 0;
	for (i = 0; i < view->nr; i++) {
		nr = nr_bins(bins, &view->range[i]);
		for (k = 0, run = 0; k <= nr; k++) {
			if (k < nr && is_accessed(&bin[k], nr_windows)) {
				(*nr_marked)++;
				run++;
				continue;
			}
			if (run && !add_run(next, &view->range[i], bins, k - run, k))
				return -ENOMEM;
			run = 0;
		}
		bin += nr;
	}
	/* Cracks in the picture that are hardly wider than a line */
	ranges_join(next, ranges_total(next) / 32);
	return 0;
}

static int zoom_once(struct record_reader *r, const struct survey *survey,
		     const struct ranges *view, struct ranges *next, bool *worth)
{
	struct bins bins = { 0 };
	u32 i, nr_marked;
	int err;

	/* Whole pages, so that the borders of the picture are some */
	bins.size = (ranges_total(view) / ZOOM_BINS / ZOOM_PAGE + 1) * ZOOM_PAGE;
	for (i = 0; i < view->nr; i++)
		bins.nr += nr_bins(&bins, &view->range[i]);
	bins.bin = calloc(bins.nr, sizeof(*bins.bin));
	if (!bins.bin)
		return -ENOMEM;
	err = record_rewind(r);
	while (!err && record_next(r) > 0) {
		for (i = 0; survey_has(survey, r->now) && i < r->now->nr; i++)
			if (r->now->regions[i].nr_accesses)
				mark(&bins, view, &r->now->regions[i]);
	}
	if (!err)
		err = collect(&bins, view, survey->nr, &nr_marked, next);
	*worth = !err && nr_marked && nr_marked * ZOOM_SHARE <= bins.nr;
	free(bins.bin);
	return err;
}

int survey_zoom(struct record_reader *r, const struct survey *survey, struct ranges *view)
{
	struct ranges next = { 0 };
	bool worth = true;
	int i, err = 0;
	u32 k;

	for (k = 0; k < survey->mapped.nr && !err; k++)
		if (!ranges_add(view, survey->mapped.range[k].start, survey->mapped.range[k].end))
			err = -ENOMEM;
	for (i = 0; i < ZOOM_ROUNDS && worth && !err && view->nr; i++) {
		err = zoom_once(r, survey, view, &next, &worth);
		if (!err && worth) {
			struct ranges swap = *view;

			*view = next;
			next = swap;
		}
		ranges_free(&next);
	}
	return err;
}

void survey_free(struct survey *survey)
{
	ranges_free(&survey->mapped);
}
