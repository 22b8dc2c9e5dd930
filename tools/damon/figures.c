// SPDX-License-Identifier: GPL-2.0
/*
 * What views tell of one target besides the heat map. Reads records and adds
 * up; must not know how the results are shown.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

/* More areas are told as one */
#define MAX_STRIPS 24U

/* Calls @add for each snapshot of the surveyed address space. */
static int each_snapshot(struct record_reader *r, const struct survey *survey,
			 int (*add)(struct record_reader *r, const struct survey *survey,
				    void *arg), void *arg)
{
	int ret, err = 0;

	ret = record_rewind(r);
	while (!ret && !err && (ret = record_next(r)) > 0) {
		ret = 0;
		if (survey_has(survey, r->now))
			err = add(r, survey, arg);
	}
	/* What is readable of a damaged record is shown; the fault was said. */
	return err;
}

static int add_wss(struct record_reader *r, const struct survey *survey, void *arg)
{
	struct wss *wss = arg;
	struct wss_point *p;
	u32 i;

	if (wss->nr == wss->room) {
		u32 room = wss->room ? 2 * wss->room : 256;

		p = reallocarray(wss->point, room, sizeof(*p));
		if (!p)
			return -ENOMEM;
		wss->point = p;
		wss->room = room;
	}
	p = &wss->point[wss->nr++];
	*p = (struct wss_point){
		.seconds = ((double)r->now->time_ns - (double)r->info.start_ns) / 1e9,
	};
	for (i = 0; i < r->now->nr; i++) {
		const struct region *region = &r->now->regions[i];
		u64 bytes = region->end - region->start;

		p->watched += bytes;
		if (region->nr_accesses)
			p->touched += bytes;
		if (region->nr_accesses && 2 * (u64)region->nr_accesses >= survey->max_accesses)
			p->hot += bytes;
	}
	return 0;
}

int figures_wss(struct record_reader *r, const struct survey *survey, struct wss *wss)
{
	*wss = (struct wss){ 0 };
	return each_snapshot(r, survey, add_wss, wss);
}

void figures_wss_free(struct wss *wss)
{
	free(wss->point);
	*wss = (struct wss){ 0 };
}

/* Bins of idle time, from so many us on */
static const struct {
	u64 from;
	const char *label;
} idles[] = {
	{ 0, "less than 1 s" },
	{ USEC_PER_SEC, "1 s and more" },
	{ 10 * USEC_PER_SEC, "10 s and more" },
	{ 60 * USEC_PER_SEC, "1 min and more" },
	{ 600 * USEC_PER_SEC, "10 min and more" },
	{ 3600 * USEC_PER_SEC, "1 h and more" },
};

#define NR_ACCESS_BINS	11U

static int add_hist(struct record_reader *r, const struct survey *survey, void *arg)
{
	u32 i, bin, max = survey->max_accesses ? survey->max_accesses : 1;
	struct hist *hist = arg;

	for (i = 0; i < r->now->nr; i++) {
		const struct region *region = &r->now->regions[i];
		double bytes = (double)(region->end - region->start);
		u64 idle = region->age * r->info.cfg.aggr_us;

		/* Bin 0 is "never", the others a tenth each, upper end inclusive. */
		bin = region->nr_accesses >= max ? NR_ACCESS_BINS - 1 :
		      (u32)((region->nr_accesses * 10ULL + max - 1) / max);
		hist->access[bin].bytes += bytes;
		if (region->nr_accesses)
			continue;
		for (bin = ARRAY_SIZE(idles) - 1; idles[bin].from > idle;)
			bin--;
		hist->idle[bin].bytes += bytes;
	}
	return 0;
}

int figures_hist(struct record_reader *r, const struct survey *survey, struct hist *hist)
{
	u32 i;
	int err;

	*hist = (struct hist){ .nr_access = NR_ACCESS_BINS, .nr_idle = ARRAY_SIZE(idles) };
	for (i = 0; i < hist->nr_access; i++)
		snprintf(hist->access[i].label, sizeof(hist->access[i].label),
			 i ? "to %u %%" : "never", 10 * i);
	for (i = 0; i < hist->nr_idle; i++)
		snprintf(hist->idle[i].label, sizeof(hist->idle[i].label), "%s",
			 idles[i].label);
	err = each_snapshot(r, survey, add_hist, hist);
	for (i = 0; i < HIST_MAX_BINS && survey->nr; i++) {
		hist->access[i].bytes /= (double)survey->nr;
		hist->idle[i].bytes /= (double)survey->nr;
	}
	return err;
}

/* While a timeline is added up */
struct weaving {
	struct timeline *t;
	struct areas flat;
	u32 *strip_of;	/* number of its strip for each area */
};

static void add_cell(struct strip *strip, u32 col, double bytes, double rate)
{
	struct strip_cell *cell = &strip->cells[col];

	cell->cover += (float)bytes;
	cell->sum += (float)(bytes * rate);
	if (cell->max < rate)
		cell->max = (float)rate;
}

static int add_strips(struct record_reader *r, const struct survey *survey, void *arg)
{
	struct weaving *w = arg;
	double max = survey->max_accesses ? survey->max_accesses : 1;
	u64 window_ns = r->info.cfg.aggr_us * NSEC_PER_USEC;
	u64 span = w->t->t1 - w->t->t0, at;
	u32 i, k = 0, m, col;

	/* The middle of the window, as its end is the next one's begin */
	at = r->now->time_ns - w->t->t0;
	at = at > window_ns / 2 ? at - window_ns / 2 : 0;
	col = (u32)((double)at / (double)span * w->t->cols);
	if (col >= w->t->cols)
		col = w->t->cols - 1;
	for (i = 0; i < r->now->nr; i++) {
		const struct region *region = &r->now->regions[i];
		double rate = region->nr_accesses > max ? 1 : region->nr_accesses / max;

		while (k < w->flat.nr && w->flat.area[k].end <= region->start)
			k++;
		for (m = k; m < w->flat.nr && w->flat.area[m].start < region->end; m++) {
			const struct area *area = &w->flat.area[m];
			u64 from = area->start > region->start ? area->start : region->start;
			u64 to = area->end < region->end ? area->end : region->end;
			struct strip *strip = &w->t->strips[w->strip_of[m]];

			add_cell(strip, col, (double)(to - from), rate);
			if (region->nr_accesses)
				strip->touched += (double)(to - from);
		}
	}
	return 0;
}

/* One strip a name; areas without a name have one each. */
static int name_strips(struct weaving *w)
{
	struct timeline *t = w->t;
	u32 i, k;

	t->strips = calloc((size_t)w->flat.nr, sizeof(*t->strips));
	w->strip_of = calloc((size_t)w->flat.nr, sizeof(*w->strip_of));
	if (!t->strips || !w->strip_of)
		return -ENOMEM;
	for (i = 0; i < w->flat.nr; i++) {
		const struct area *area = &w->flat.area[i];
		char name[AREA_NAME_LEN];

		snprintf(name, sizeof(name), "%s", area->name);
		if (!strcmp(name, "anon"))
			snprintf(name, sizeof(name), "anon %llx", area->start);
		for (k = 0; k < t->nr && strcmp(t->strips[k].name, name); k++)
			;
		if (k == t->nr) {
			t->strips[t->nr].cells = calloc(t->cols, sizeof(*t->strips->cells));
			if (!t->strips[t->nr].cells)
				return -ENOMEM;
			memcpy(t->strips[t->nr++].name, name, sizeof(name));
		}
		w->strip_of[i] = k;
		t->strips[k].bytes += area->end - area->start;
	}
	return 0;
}

static int by_touched(const void *a, const void *b)
{
	const struct strip *x = a, *y = b;

	return (x->touched < y->touched) - (x->touched > y->touched);
}

/* Most touched first; those of little use become one. */
static void order_strips(struct timeline *t, u64 nr_windows)
{
	struct strip *rest;
	u32 i, c, nr;

	qsort(t->strips, t->nr, sizeof(*t->strips), by_touched);
	/* What was never monitored is no news. */
	for (; t->nr && t->strips[t->nr - 1].touched < 1; t->nr--)
		free(t->strips[t->nr - 1].cells);
	for (i = 0; i < t->nr; i++)
		t->strips[i].touched /= (double)(nr_windows ? nr_windows : 1);
	if (t->nr <= MAX_STRIPS)
		return;
	nr = t->nr - MAX_STRIPS + 1;
	rest = &t->strips[MAX_STRIPS - 1];
	for (i = MAX_STRIPS; i < t->nr; i++) {
		struct strip *other = &t->strips[i];

		rest->bytes += other->bytes;
		rest->touched += other->touched;
		for (c = 0; c < t->cols; c++) {
			rest->cells[c].sum += other->cells[c].sum;
			rest->cells[c].cover += other->cells[c].cover;
			if (rest->cells[c].max < other->cells[c].max)
				rest->cells[c].max = other->cells[c].max;
		}
		free(other->cells);
	}
	snprintf(rest->name, sizeof(rest->name), "%u others", nr);
	t->nr = MAX_STRIPS;
}

/* Nobody told what is mapped: what was monitored */
static int name_monitored(const struct survey *survey, struct areas *flat)
{
	struct areas all = { 0 };
	bool good = true;
	u32 i;

	for (i = 0; i < survey->mapped.nr && good; i++) {
		struct area area = { survey->mapped.range[i].start, survey->mapped.range[i].end,
				     survey->last_ns, "monitored" };

		good = areas_add(&all, &area);
	}
	good = good && areas_flatten(&all, 0, flat);
	areas_free(&all);
	return good ? 0 : -ENOMEM;
}

int figures_timeline(struct record_reader *r, const struct survey *survey, u32 cols,
		     struct timeline *timeline)
{
	struct weaving w = { .t = timeline };
	int err = 0;

	*timeline = (struct timeline){
		.cols = survey->nr < cols ? (u32)survey->nr : cols,
		.t0 = survey->first_ns,
		.t1 = survey->last_ns,
	};
	if (!timeline->cols || timeline->t1 <= timeline->t0)
		return -ENODATA;
	if (!areas_flatten(&r->targets.target[survey->target].areas, survey->first_ns, &w.flat))
		err = -ENOMEM;
	if (!err && !w.flat.nr)
		err = name_monitored(survey, &w.flat);
	if (!err)
		err = name_strips(&w);
	if (!err)
		err = each_snapshot(r, survey, add_strips, &w);
	if (!err)
		order_strips(timeline, survey->nr);
	areas_free(&w.flat);
	free(w.strip_of);
	return err;
}

double figures_strip_value(const struct strip *strip, u32 col)
{
	const struct strip_cell *cell = &strip->cells[col];

	return cell->cover <= 0 ? -1 : (cell->sum / cell->cover + cell->max) / 2;
}

void figures_timeline_free(struct timeline *timeline)
{
	u32 i;

	for (i = 0; i < timeline->nr; i++)
		free(timeline->strips[i].cells);
	free(timeline->strips);
	*timeline = (struct timeline){ 0 };
}
