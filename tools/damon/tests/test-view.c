// SPDX-License-Identifier: GPL-2.0
/* The views of a record whose figures are known, in each format. */
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../draw.h"
#include "../record.h"
#include "harness.h"

#define MIB		(1ULL << 20)
#define BASE		0x7f0000000000ULL
#define START_NS	5000000000ULL
#define WINDOW_NS	100000000ULL
#define WINDOWS		40

/*
 * 16 MiB in four regions: the first is hot throughout, the second every other
 * window, the third is hit by one check of twenty, the last never.
 */
static void write_known(const char *path)
{
	struct record_info info = {
		.cfg = { MONITOR_DEFAULTS(1000000) },
		.start_ns = START_NS,
		.wall_sec = 7,
		.command = "known </script>",
		.kernel = "6.12",
	};
	struct snapshot snap = { .time_ns = START_NS };
	struct record_writer w = { 0 };
	u32 i, k;

	CHECK(!record_create(&w, path, &info));
	CHECK(!record_add_target(&w, getpid(), "known"));
	CHECK(!record_add_areas(&w, 0, START_NS));
	for (i = 0; i < WINDOWS; i++) {
		const u32 nr_accesses[] = { 20, i % 2 ? 10 : 0, 1, 0 };

		snap.nr = 0;
		snap.time_ns += WINDOW_NS;
		for (k = 0; k < ARRAY_SIZE(nr_accesses); k++) {
			struct region region = {
				BASE + 4 * MIB * k, BASE + 4 * MIB * (k + 1), nr_accesses[k],
				k == 3 ? i : 0,
			};

			CHECK(snapshot_add(&snap, &region));
		}
		CHECK(!record_add(&w, &snap));
	}
	CHECK(!record_finish(&w, snap.time_ns, 0));
	record_writer_free(&w);
	snapshot_free(&snap);
}

static const struct captured *report(const char *options)
{
	char path[PATH_MAX], line[2 * PATH_MAX];

	scratch_path(path, "known");
	write_known(path);
	snprintf(line, sizeof(line), "report %s -i %s", options, path);
	return damonctl(line);
}

static void wss(void)
{
	const struct captured *c = report("wss --csv");

	CHECK(c->status == EXIT_OK);
	CHECK(!strncmp(c->out, "target,seconds,monitored,touched,hot\n"
		       "0,0.1000,16777216,8388608,4194304\n"
		       "0,0.2000,16777216,12582912,8388608\n", 100));
	c = report("wss --color never --width 60");
	CHECK(c->status == EXIT_OK && strstr(c->out, "known (pid "));
	/* Half of the windows each */
	CHECK(strstr(c->out, "25     8.0 MiB") || strstr(c->out, "25       8 MiB"));
	CHECK(strstr(c->out, "75      12 MiB"));
}

static void hist(void)
{
	const struct captured *c = report("hist --csv");

	CHECK(c->status == EXIT_OK);
	/* The second region is in two bins, half of the time each */
	CHECK(strstr(c->out, "0,accesses,never,6291456\n"));
	CHECK(strstr(c->out, "0,accesses,to 10 %,4194304\n"));
	CHECK(strstr(c->out, "0,accesses,to 50 %,2097152\n"));
	CHECK(strstr(c->out, "0,accesses,to 100 %,4194304\n"));
	/* Ten windows of forty before the first second, and the second region */
	CHECK(strstr(c->out, "0,idle,less than 1 s,3145728\n"));
	CHECK(strstr(c->out, "0,idle,1 s and more,3145728\n"));
	c = report("hist");
	CHECK(c->status == EXIT_OK && strstr(c->out, "to 100 %      4 MiB "));
}

static void regions(void)
{
	const struct captured *c = report("regions");

	CHECK(c->status == EXIT_OK && strstr(c->out, "4 regions at 4.00 s"));
	CHECK(strstr(c->out, "    7f0000000000     7f0000400000      4 MiB     100 %"));
	c = report("regions --at 950ms");
	CHECK(c->status == EXIT_OK && strstr(c->out, "4 regions at 1.00 s"));
	c = report("regions --at 1h");
	CHECK(c->status == EXIT_OK && strstr(c->out, "4 regions at 4.00 s"));
	c = report("regions --csv");
	CHECK(strstr(c->out, "0x7f0000400000,0x7f0000800000,4194304,10,0,"));
}

static void timeline(void)
{
	const struct captured *c = report("timeline --csv");

	/* Where this test is mapped does not overlap what was monitored. */
	CHECK(c->status == EXIT_OK && strstr(c->out, "target,area,from_s,to_s,heat\n"));
	c = report("timeline --color always");
	CHECK(c->status == EXIT_OK && strstr(c->out, "area"));
}

static void json(void)
{
	static const char *const views[] = { "heatmap", "wss", "hist", "regions", "timeline" };
	json_error_t error;
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++) {
		json_t *root, *rows;
		const char *command;

		snprintf(line, sizeof(line), "%s --width 40 --height 4 --json", views[i]);
		/* More than is captured of the larger ones */
		if (!strcmp(views[i], "regions") || !strcmp(views[i], "heatmap"))
			continue;
		root = json_loads(report(line)->out, 0, &error);
		CHECK(root);
		rows = json_object_get(root, "rows");
		CHECK(json_is_array(rows));
		command = json_string_value(json_object_get(root, "command"));
		CHECK(!strcmp(command, "known </script>"));
		CHECK(json_integer_value(json_object_get(root, "aggr_us")) == 100000);
		if (!strcmp(views[i], "wss"))
			CHECK(json_array_size(rows) == WINDOWS);
		json_decref(root);
	}
}

static void damo(void)
{
	const struct captured *c = report("--format=damo");

	CHECK(c->status == EXIT_OK);
	CHECK(!strncmp(c->out, "kdamond.0      1 [000] 5.100000000: damon:damon_aggregated: "
		       "target_id=0 nr_regions=4 139637976727552-139637980921856: 20 0\n", 118));
}

/* The page is whole, and nothing from the record can end its script. */
static void page(void)
{
	char path[PATH_MAX], line[2 * PATH_MAX], *text = malloc(1 << 20), *data, *end;
	json_error_t error;
	json_t *root, *target, *band;
	const char *command;

	scratch_path(path, "page.html");
	snprintf(line, sizeof(line), "--html %s", path);
	CHECK(report(line)->status == EXIT_OK);
	scratch_read("page.html", text, 1 << 20);
	CHECK(strstr(text, "</html>") && !strstr(text, "@DATA@"));
	data = strstr(text, "type=\"application/json\">");
	end = data ? strstr(data, "</script>") : NULL;
	CHECK(end);
	if (end) {
		data = strchr(data, '>') + 1;
		root = json_loadb(data, (size_t)(end - data), 0, &error);
		target = json_array_get(json_object_get(root, "targets"), 0);
		band = json_array_get(json_object_get(target, "bands"), 0);
		command = json_string_value(json_object_get(root, "command"));
		CHECK(!strcmp(command, "known </script>"));
		CHECK((u64)json_integer_value(json_object_get(band, "start")) == BASE);
		CHECK(json_array_size(json_object_get(json_object_get(target, "wss"), "hot")) ==
		      WINDOWS);
		CHECK(json_array_size(json_object_get(target, "areas")) > 3);
		json_decref(root);
	}
	free(text);
	CHECK(report("--html /nonexistent/x.html")->status == EXIT_FAILED);
	CHECK(report("--html /dev/full")->status == EXIT_FAILED);
}

static void pictures(void)
{
	static const char *const views[] = { "heatmap", "wss", "hist", "timeline" };
	char path[PATH_MAX], line[2 * PATH_MAX], head[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views) && picture_available; i++) {
		scratch_path(path, "picture");
		snprintf(line, sizeof(line), "%s --png %s", views[i], path);
		CHECK(report(line)->status == EXIT_OK);
		scratch_read("picture", head, sizeof(head));
		CHECK(!memcmp(head, "\x89PNG", 4));
		snprintf(line, sizeof(line), "%s --svg %s", views[i], path);
		CHECK(report(line)->status == EXIT_OK);
		scratch_read("picture", head, sizeof(head));
		CHECK(strstr(head, "<svg"));
	}
}

static void areas(void)
{
	struct areas set = { 0 }, flat = { 0 }, own = { 0 };
	const struct area rows[] = {
		{ 0x1000, 0x9000, 5, "old" }, { 0x4000, 0x6000, 7, "new" },
		{ 0x9000, 0xa000, 5, "old" }, { 0x20000, 0x21000, 1, "gone" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(areas_add(&set, &rows[i]));
	/* Neighbours of one name are one */
	CHECK(set.nr == 3 && areas_flatten(&set, 2, &flat));
	CHECK(flat.nr == 3 && flat.area[1].start == 0x4000 && flat.area[2].end == 0xa000);
	CHECK(!strcmp(areas_name(&flat, 0x4000), "new"));
	CHECK(!strcmp(areas_name(&flat, 0x6000), "old"));
	CHECK(!areas_name(&flat, 0xfff) && !areas_name(&flat, 0xa000));
	CHECK(!areas_name(&flat, 0x20000));
	CHECK(!areas_look(&own, getpid(), 1) && own.nr > 3);
	CHECK(areas_look(&own, 4194305, 1) < 0);
	areas_free(&set);
	areas_free(&flat);
	areas_free(&own);
}

const struct test_case view_cases[] = {
	{ "wss", wss },
	{ "hist", hist },
	{ "regions", regions },
	{ "timeline", timeline },
	{ "json", json },
	{ "damo", damo },
	{ "page", page },
	{ "pictures", pictures },
	{ "areas", areas },
	{ }
};
