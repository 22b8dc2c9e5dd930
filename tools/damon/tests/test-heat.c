// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>

#include "../heat.h"
#include "harness.h"

#define WINDOW_NS	100000000ULL
#define GIB		(1024ULL * 1024 * 1024)
#define TIB		(1024 * GIB)

static void range_set(void)
{
	struct ranges set = { 0 };

	CHECK(ranges_add(&set, 100, 200) && ranges_add(&set, 300, 400));
	CHECK(ranges_add(&set, 10, 20) && set.nr == 3 && ranges_total(&set) == 210);
	/* Touching, within, across */
	CHECK(ranges_add(&set, 200, 250) && set.nr == 3 && set.range[1].end == 250);
	CHECK(ranges_add(&set, 110, 120) && ranges_total(&set) == 260);
	CHECK(ranges_add(&set, 15, 350) && set.nr == 1);
	CHECK(set.range[0].start == 10 && set.range[0].end == 400);
	CHECK(ranges_add(&set, 410, 420) && ranges_add(&set, 900, 910));
	ranges_join(&set, 11);
	CHECK(set.nr == 2 && set.range[0].end == 420);
	ranges_free(&set);
}

/* Random ranges against a plain bitmap */
static void range_random(void)
{
	struct ranges set = { 0 };
	bool map[500] = { 0 };
	u32 i, k, runs = 0, total = 0;

	for (i = 0; i < 200; i++) {
		u64 start = random_below(490), len = 1 + random_below(9);

		CHECK(ranges_add(&set, start, start + len));
		memset(map + start, 1, len);
	}
	for (k = 0; k < ARRAY_SIZE(map); k++) {
		total += map[k];
		runs += map[k] && (!k || !map[k - 1]);
	}
	CHECK(set.nr == runs && ranges_total(&set) == total);
	ranges_free(&set);
}

struct maker {
	struct record_writer w;
	struct snapshot snap;
	char path[PATH_MAX];
};

static void begin(struct maker *m)
{
	struct record_info info = { .cfg = { MONITOR_DEFAULTS(1000000) } };

	memset(m, 0, sizeof(*m));
	scratch_path(m->path, "heat");
	CHECK(!record_create(&m->w, m->path, &info));
	CHECK(!record_add_target(&m->w, 1, "x"));
}

static void add(struct maker *m, u64 start, u64 end, u32 nr_accesses)
{
	snapshot_add(&m->snap, &(struct region){ start, end, nr_accesses, 0 });
}

static void window(struct maker *m)
{
	m->snap.time_ns += WINDOW_NS;
	CHECK(!record_add(&m->w, &m->snap));
	m->snap.nr = 0;
}

static void finish(struct maker *m, struct record_reader *r, struct survey *survey)
{
	CHECK(!record_finish(&m->w, m->snap.time_ns, 0));
	record_writer_free(&m->w);
	snapshot_free(&m->snap);
	memset(r, 0, sizeof(*r));
	CHECK(!record_open(r, m->path));
	CHECK(!survey_target(r, 0, false, survey));
}

/* Three far areas, one of 5 TiB with a hot page: all of them shown, holes cut out */
static void make_sparse(struct maker *m)
{
	int i;

	begin(m);
	for (i = 0; i < 10; i++) {
		add(m, 0x1000, 0x5000, 20);
		add(m, TIB, 3 * TIB, 0);
		add(m, 3 * TIB, 3 * TIB + 4096, 20);
		/* One hit of a huge region says nothing */
		add(m, 3 * TIB + 4096, 6 * TIB, i == 5);
		add(m, 100 * TIB, 100 * TIB + GIB, 0);
		window(m);
	}
}

static void zoom(void)
{
	struct ranges view = { 0 };
	struct record_reader r;
	struct survey survey;
	struct maker m;

	make_sparse(&m);
	finish(&m, &r, &survey);
	CHECK(survey.nr == 10 && survey.mapped.nr == 3);
	CHECK(survey.max_accesses == 20 && survey.regions.min == 5);
	CHECK(survey.touched.min == 0x4000 + 4096 && survey.hot.max == survey.touched.min);
	CHECK(!survey_zoom(&r, &survey, &view));
	CHECK(view.nr == 2 && view.range[0].start == 0x1000 && view.range[0].end == 0x5000);
	CHECK(view.range[1].start <= 3 * TIB && view.range[1].end >= 3 * TIB + 4096);
	CHECK(ranges_total(&view) < 1 << 20);
	ranges_free(&view);
	survey_free(&survey);
	record_reader_free(&r);
}

/* Where more than a third is in use, nothing is cut away */
static void no_zoom(void)
{
	struct ranges view = { 0 };
	struct record_reader r;
	struct survey survey;
	struct maker m;
	int i;

	begin(&m);
	for (i = 0; i < 3; i++) {
		add(&m, 0, GIB, 0);
		add(&m, GIB, 3 * GIB, 5);
		add(&m, 3 * GIB, 5 * GIB, 0);
		window(&m);
	}
	finish(&m, &r, &survey);
	CHECK(!survey_zoom(&r, &survey, &view));
	CHECK(view.nr == 1 && ranges_total(&view) == 5 * GIB);
	ranges_free(&view);
	survey_free(&survey);
	record_reader_free(&r);
}

/* Never accessed at all: everything is shown, dark */
static void all_idle(void)
{
	const struct heat_size size = { .rows = 10, .cols = 10, .min_rows = 2 };
	struct ranges view = { 0 };
	struct record_reader r;
	struct survey survey;
	struct heat heat;
	struct maker m;

	begin(&m);
	add(&m, 0, GIB, 0);
	window(&m);
	finish(&m, &r, &survey);
	CHECK(!survey_zoom(&r, &survey, &view) && ranges_total(&view) == GIB);
	CHECK(!heat_make(&heat, &r, &survey, &view, &size));
	CHECK(heat.rows == 10 && heat.cols == 1 && heat_value(&heat, 3, 0) == 0);
	heat_free(&heat);
	ranges_free(&view);
	survey_free(&survey);
	record_reader_free(&r);
}

/* Bands get their share of rows, but never too few; hot pages stay visible */
static void bands(void)
{
	const struct heat_size size = { .rows = 100, .cols = 50, .min_rows = 4 };
	struct record_reader r;
	struct survey survey;
	struct heat heat;
	struct maker m;
	double value;
	u32 i, row;

	make_sparse(&m);
	finish(&m, &r, &survey);
	CHECK(!heat_make(&heat, &r, &survey, &survey.mapped, &size));
	CHECK(heat.nr_bands == 3 && heat.cols == 10);
	CHECK(heat.bands[0].nr_rows == 4 && heat.bands[2].nr_rows == 4);
	CHECK(heat.bands[1].nr_rows >= 99);
	for (i = 0, row = 0; i < 3; i++) {
		CHECK(heat.bands[i].row == row);
		row += heat.bands[i].nr_rows;
		CHECK(heat_row_start(&heat.bands[i], 0) == heat.bands[i].start);
		CHECK(heat_row_start(&heat.bands[i], heat.bands[i].nr_rows) == heat.bands[i].end);
	}
	CHECK(heat.rows == row);
	/* All of a cell hot; one page of 50 GiB hot; nothing; a window with one hit */
	CHECK(heat_value(&heat, 0, 0) == 1);
	value = heat_value(&heat, heat.bands[1].row + heat.bands[1].nr_rows * 2 / 5, 2);
	CHECK(value > 0.49 && value < 0.51);
	CHECK(heat_value(&heat, heat.bands[1].row, 2) == 0);
	value = heat_value(&heat, heat.bands[1].row + 90, 5);
	CHECK(value > 0.049 && value < 0.051);
	heat_free(&heat);
	survey_free(&survey);
	record_reader_free(&r);
}

/* Mean and maximum over time, and memory that came later */
static void cells(void)
{
	const struct heat_size size = { .rows = 2, .cols = 2, .min_rows = 1 };
	struct record_reader r;
	struct survey survey;
	struct heat heat;
	struct maker m;

	begin(&m);
	add(&m, 0, 0x10000, 20);
	window(&m);
	add(&m, 0, 0x10000, 0);
	window(&m);
	add(&m, 0, 0x10000, 10);
	add(&m, 0x10000, 0x20000, 0);
	window(&m);
	add(&m, 0, 0x10000, 10);
	window(&m);
	finish(&m, &r, &survey);
	CHECK(!heat_make(&heat, &r, &survey, &survey.mapped, &size));
	CHECK(heat.rows == 2 && heat.cols == 2);
	CHECK(heat_value(&heat, 0, 0) == 0.75);
	CHECK(heat_value(&heat, 0, 1) == 0.5);
	CHECK(heat_value(&heat, 1, 0) == -1);
	CHECK(heat_value(&heat, 1, 1) == 0);
	heat_free(&heat);
	survey_free(&survey);
	record_reader_free(&r);
}

/* Each exec begins a new address space; the one with most accesses counts */
static void spaces(void)
{
	struct record_reader r;
	struct survey survey;
	struct maker m;
	int i;

	begin(&m);
	for (i = 0; i < 10; i++) {
		u64 start = i < 3 ? 0 : i < 8 ? GIB : 3 * GIB;

		add(&m, start, start + GIB / 2, 1);
		window(&m);
	}
	finish(&m, &r, &survey);
	CHECK(survey.nr_spaces == 3 && survey.nr == 5);
	CHECK(survey.first_ns == 3 * WINDOW_NS && survey.last_ns == 8 * WINDOW_NS);
	CHECK(survey.mapped.nr == 1 && survey.mapped.range[0].start == GIB);
	survey_free(&survey);
	CHECK(!survey_target(&r, 0, true, &survey));
	CHECK(survey.nr_spaces == 1 && survey.nr == 10 && survey.mapped.nr == 3);
	survey_free(&survey);
	record_reader_free(&r);
}

/* The largest region that a record can hold: no sum may overflow */
static void largest(void)
{
	const struct heat_size size = { .rows = 20, .cols = 5, .min_rows = 1 };
	struct ranges view = { 0 };
	struct record_reader r;
	struct survey survey;
	struct heat heat;
	struct maker m;

	begin(&m);
	add(&m, 0, 4096, 20);
	add(&m, 4096, UINT64_MAX - 1, 0);
	add(&m, UINT64_MAX - 1, UINT64_MAX, 20);
	window(&m);
	add(&m, 0, UINT64_MAX, 20);
	window(&m);
	finish(&m, &r, &survey);
	CHECK(!survey_zoom(&r, &survey, &view));
	CHECK(!heat_make(&heat, &r, &survey, &view, &size));
	CHECK(heat_value(&heat, heat.rows - 1, 1) == 1);
	heat_free(&heat);
	ranges_free(&view);
	survey_free(&survey);
	record_reader_free(&r);
}

const struct test_case heat_cases[] = {
	{ "range_set", range_set },
	{ "range_random", range_random },
	{ "zoom", zoom },
	{ "no_zoom", no_zoom },
	{ "all_idle", all_idle },
	{ "bands", bands },
	{ "cells", cells },
	{ "spaces", spaces },
	{ "largest", largest },
	{ }
};
