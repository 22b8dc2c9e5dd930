// SPDX-License-Identifier: GPL-2.0
/*
 * Regions: for people, those of one moment with the names of what is mapped
 * there; for programs, all of every snapshot.
 */
#include <errno.h>

#include "unit.h"
#include "view.h"

static const struct sheet_col cols[] = {
	{ "seconds", SHEET_REAL }, { "target", SHEET_NUMBER }, { "pid", SHEET_NUMBER },
	{ "start", SHEET_ADDRESS }, { "end", SHEET_ADDRESS }, { "bytes", SHEET_NUMBER },
	{ "nr_accesses", SHEET_NUMBER }, { "age", SHEET_NUMBER }, { "area", SHEET_TEXT },
	{ }
};

/* The area that begins first in a region, as regions are larger than areas at times */
static const char *name_of(const struct areas *areas, const struct region *region)
{
	const char *name = areas_name(areas, region->start);
	u32 i;

	for (i = 0; i < areas->nr && !name; i++)
		if (areas->area[i].start >= region->start)
			name = areas->area[i].start < region->end ? areas->area[i].name : "";
	return name ? name : "";
}

static void add_snapshot(struct sheet *sheet, const struct record_reader *r,
			 const struct areas *areas)
{
	const struct snapshot *snap = r->now;
	u32 i;

	for (i = 0; i < snap->nr; i++) {
		const struct region *region = &snap->regions[i];

		sheet_row(sheet, (union sheet_value[]){
			  { .real = view_seconds(r, snap->time_ns) },
			  { .number = snap->target },
			  { .number = r->targets.target[snap->target].pid },
			  { .number = region->start },
			  { .number = region->end },
			  { .number = region->end - region->start },
			  { .number = region->nr_accesses },
			  { .number = region->age },
			  { .text = name_of(areas, region) } });
	}
}

static void print_snapshot(const struct record_reader *r, const struct view_cfg *cfg,
			   const struct survey *survey, const struct areas *areas,
			   const struct snapshot *snap)
{
	const struct record_target *target = &r->targets.target[snap->target];
	u32 max = survey->max_accesses ? survey->max_accesses : 1;
	u64 aggr_us = r->info.cfg.aggr_us;
	char size[UNIT_LEN], age[UNIT_LEN];
	u32 i;

	fprintf(cfg->out, "%s (pid %llu), %u regions at %.2f s\n"
		"%16s %16s %10s %9s %10s  %s\n", target->comm, target->pid, snap->nr,
		view_seconds(r, snap->time_ns), "start", "end", "size", "accessed", "for", "area");
	for (i = 0; i < snap->nr; i++) {
		const struct region *region = &snap->regions[i];

		fprintf(cfg->out, "%16llx %16llx %10s %7u %% %10s  %s\n", region->start,
			region->end, unit_size(size, region->end - region->start),
			100 * region->nr_accesses / max,
			unit_time_us(age, region->age * aggr_us), name_of(areas, region));
	}
}

/* @arg is the sheet if values are wanted. */
static int show(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		void *arg)
{
	u64 at_ns = UINT64_MAX;
	struct areas areas = { 0 };
	bool shown = false;
	int ret;

	if (cfg->at_us != VIEW_AT_END)
		at_ns = r->info.start_ns + cfg->at_us * NSEC_PER_USEC;
	if (at_ns > survey->last_ns)
		at_ns = survey->last_ns;
	if (!areas_flatten(&r->targets.target[survey->target].areas, survey->first_ns, &areas))
		return -ENOMEM;
	ret = record_rewind(r);
	while (!ret && (ret = record_next(r)) > 0) {
		ret = 0;
		if (!survey_has(survey, r->now))
			continue;
		if (arg) {
			add_snapshot(arg, r, &areas);
		} else if (!shown && r->now->time_ns >= at_ns) {
			print_snapshot(r, cfg, survey, &areas, r->now);
			shown = true;
		}
	}
	areas_free(&areas);
	return ret;
}

int view_regions(struct record_reader *r, const struct view_cfg *cfg)
{
	struct sheet sheet;
	int err;

	if (!view_values(cfg))
		return view_each(r, cfg, show, NULL);
	view_sheet(&sheet, cfg, "regions", cols, r);
	err = view_each(r, cfg, show, &sheet);
	sheet_end(&sheet);
	return err;
}
