// SPDX-License-Identifier: GPL-2.0
/*
 * Records for the stock tool, damo. It takes what 'perf script' prints of the
 * tracepoint damon:damon_aggregated, one line a region:
 *
 *   comm pid [cpu] seconds: event: the event's own text
 *
 * That text is laid down by the kernel, so this form is the same for every
 * release of the tool.
 */
#include <errno.h>

#include "damo.h"

/* What perf would have seen; nobody reads them. */
#define KDAMOND_NAME	"kdamond.0"
#define KDAMOND_PID	1
#define KDAMOND_CPU	0

static void put_snapshot(FILE *out, const struct snapshot *snap)
{
	u32 i;

	for (i = 0; i < snap->nr; i++) {
		const struct region *region = &snap->regions[i];

		fprintf(out, "%s %6d [%03d] %llu.%09llu: damon:damon_aggregated: ",
			KDAMOND_NAME, KDAMOND_PID, KDAMOND_CPU, snap->time_ns / NSEC_PER_SEC,
			snap->time_ns % NSEC_PER_SEC);
		fprintf(out, "target_id=%u nr_regions=%u %llu-%llu: %u %u\n", snap->target,
			snap->nr, region->start, region->end, region->nr_accesses, region->age);
	}
}

int damo_write(struct record_reader *r, FILE *out)
{
	int ret, err = -ENODATA;

	while ((ret = record_next(r)) > 0) {
		put_snapshot(out, r->now);
		err = 0;
	}
	return ret < 0 ? ret : err;
}
