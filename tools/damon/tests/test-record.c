// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#include "../record.h"
#include "../view.h"
#include "harness.h"

#define START_NS	1000000000ULL
#define WINDOW_NS	100000000ULL
#define BASE		0x555500000000ULL

static struct record_info test_info(void)
{
	static const struct monitor_cfg cfg = { MONITOR_DEFAULTS(1000000) };
	const struct record_info info = {
		.cfg = cfg,
		.start_ns = START_NS,
		.wall_sec = 7,
		.command = "sort \033[31m big.txt",
		.kernel = "6.12.0-test",
	};

	return info;
}

static void add_region(struct snapshot *snap, u64 start, u64 length)
{
	const struct region region = { .start = start, .end = start + length };

	CHECK(snapshot_add(snap, &region));
}

/* The kernel does it like this, but for the numbers. */
static void split(struct snapshot *snap, u32 i)
{
	struct region *region = &snap->regions[i], second = *region;
	u64 pages = (region->end - region->start) >> 12;

	if (pages < 2)
		return;
	region->end = region->start + ((1 + random_below(pages - 1)) << 12);
	second.start = region->end;
	CHECK(snapshot_add(snap, &second));
	memmove(&snap->regions[i + 2], &snap->regions[i + 1],
		(snap->nr - i - 2) * sizeof(second));
	snap->regions[i + 1] = second;
}

static void merge(struct snapshot *snap, u32 i)
{
	snap->regions[i].end = snap->regions[i + 1].end;
	snap->regions[i].age /= 2;
	memmove(&snap->regions[i + 1], &snap->regions[i + 2],
		(snap->nr - i - 2) * sizeof(*snap->regions));
	snap->nr--;
}

/*
 * The next window of a program with about @nr regions: a tenth of them are split,
 * as many are merged, and the numbers of three in ten change.
 */
static void evolve(struct snapshot *snap, u32 nr)
{
	u32 i;

	if (!snap->nr) {
		for (i = 0; i < nr; i++)
			add_region(snap, BASE + ((u64)i << 24), 1 << 24);
	}
	for (i = 0; i < snap->nr; i++) {
		struct region *region = &snap->regions[i];

		region->age++;
		if (random_below(10) < 3) {
			region->nr_accesses += 19 + (u32)random_below(5);
			region->nr_accesses %= 21;
			region->age = 0;
		}
		if (!random_below(10))
			split(snap, i);
	}
	while (nr && snap->nr > nr)
		merge(snap, (u32)random_below(snap->nr - 1));
	snap->time_ns += WINDOW_NS + random_below(100000);
}

static bool same(const struct snapshot *a, const struct snapshot *b)
{
	return a->time_ns == b->time_ns && a->target == b->target && a->nr == b->nr &&
	       (!a->nr || !memcmp(a->regions, b->regions, a->nr * sizeof(*a->regions)));
}

/* Writes @windows windows of two targets. */
static void write_record(const char *path, u32 windows, u32 regions, bool finish)
{
	struct snapshot snaps[2] = { { .time_ns = START_NS }, { .target = 1 } };
	struct record_info info = test_info();
	struct record_writer w = { 0 };
	u32 i;

	CHECK(!record_create(&w, path, &info));
	CHECK(!record_add_target(&w, 123, "sort"));
	CHECK(!record_add_target(&w, 124, "other"));
	for (i = 0; i < windows; i++) {
		evolve(&snaps[0], regions);
		CHECK(!record_add(&w, &snaps[0]));
		snaps[1].time_ns = snaps[0].time_ns;
		evolve(&snaps[1], regions);
		CHECK(!record_add(&w, &snaps[1]));
		snaps[0].time_ns = snaps[1].time_ns;
		if (i % 10 == 0)
			CHECK(!record_flush(&w));
	}
	if (finish)
		CHECK(!record_finish(&w, START_NS * 100, 3));
	record_writer_free(&w);
	snapshot_free(&snaps[0]);
	snapshot_free(&snaps[1]);
}

static void round_trip(void)
{
	struct snapshot snap = { .time_ns = START_NS };
	struct record_info info = test_info();
	struct record_reader r = { 0 };
	struct record_writer w = { 0 };
	struct snapshot kept[200] = { { 0 } };
	char path[PATH_MAX];
	u32 i, k, pass;

	scratch_path(path, "round");
	CHECK(!record_create(&w, path, &info));
	CHECK(!record_add_target(&w, 123, "sort"));
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		/* New borders altogether now and then, and none at all */
		if (i % 50 == 49)
			snap.nr = 0;
		evolve(&snap, i % 50 == 49 ? 0 : 37);
		CHECK(!record_add(&w, &snap));
		kept[i] = (struct snapshot){ snap.time_ns, snap.target };
		for (k = 0; k < snap.nr; k++)
			snapshot_add(&kept[i], &snap.regions[k]);
	}
	CHECK(!record_finish(&w, 99, 3));
	record_writer_free(&w);

	CHECK(!record_open(&r, path));
	CHECK(r.info.cfg.sample_us == 5000 && r.info.cfg.nr_regions.max == 1000);
	CHECK(!strcmp(r.info.cfg.ops, "vaddr") && r.info.wall_sec == 7);
	CHECK(!strcmp(r.info.command, "sort ?[31m big.txt"));
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < ARRAY_SIZE(kept); i++)
			CHECK(record_next(&r) == 1 && same(r.now, &kept[i]));
		CHECK(record_next(&r) == 0 && r.ended && r.end_ns == 99 && r.lost == 3);
		CHECK(record_next(&r) == 0);
		CHECK(r.targets.nr == 1 && r.targets.target[0].pid == 123);
		CHECK(!record_rewind(&r));
	}
	record_reader_free(&r);
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		snapshot_free(&kept[i]);
	snapshot_free(&snap);
}

/* Ten minutes of 300 regions; an hour must stay below 10 MB */
static void size(void)
{
	char path[PATH_MAX];
	struct stat st;

	scratch_path(path, "size");
	/* Two targets of 150 */
	write_record(path, 6000, 150, true);
	CHECK(!stat(path, &st));
	printf("# ten minutes of 300 regions: %lld bytes\n", (long long)st.st_size);
	CHECK(st.st_size * 6 < 10000000);
}

/* The bytes inside of a record's gzip stream */
static size_t unpack(const char *path, u8 *to, size_t size)
{
	void *file = gzopen(path, "rb");
	int len = gzread(file, to, (unsigned int)size);

	gzclose(file);
	return len > 0 ? (size_t)len : 0;
}

static int read_all(const char *path)
{
	struct record_reader r = { 0 };
	int ret;

	ret = record_open(&r, path);
	while (!ret && (ret = record_next(&r)) > 0)
		ret = 0;
	record_reader_free(&r);
	return ret;
}

struct damage {
	char path[PATH_MAX];
	u8 *data;
	size_t len;
};

static int read_damaged(void *arg)
{
	struct damage *d = arg;

	scratch_write("damaged", d->data, d->len);
	return read_all(d->path);
}

/* Cut anywhere, and every bit of the first bytes flipped: an error, or nothing wrong */
static void damaged(void)
{
	char path[PATH_MAX];
	struct damage d = { .data = malloc(1 << 20) };
	size_t len, i;

	scratch_path(path, "good");
	scratch_path(d.path, "damaged");
	write_record(path, 4, 6, true);
	len = unpack(path, d.data, 1 << 20);
	CHECK(len > 100);
	d.len = len;
	CHECK(!quietly(read_damaged, &d));
	for (d.len = 0; d.len < len; d.len++)
		CHECK(quietly(read_damaged, &d) < 0);
	for (i = 0; i < 8 * len && i < 4000; i++) {
		d.data[i / 8] ^= (u8)(1 << i % 8);
		quietly(read_damaged, &d);
		d.data[i / 8] ^= (u8)(1 << i % 8);
	}
	free(d.data);
}

/* A packed record that stops in the middle shows what it has, and says so. */
static void cut_short(void)
{
	const struct captured *c;
	char path[PATH_MAX], line[PATH_MAX + 64];

	scratch_path(path, "cut");
	write_record(path, 50, 20, false);
	snprintf(line, sizeof(line), "report -i %s -t 0", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED);
	CHECK(strstr(c->err, path) && strstr(c->err, "byte ") && strstr(c->err, "cut short"));
	CHECK(strstr(c->out, "sort (pid 123)"));
}

static void refused(void)
{
	const struct captured *c;
	char path[PATH_MAX], line[PATH_MAX + 64];

	c = damonctl("report -i /nonexistent/file");
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "/nonexistent/file"));
	scratch_path(path, "other");
	scratch_text("other", "something else altogether");
	snprintf(line, sizeof(line), "report -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no record of damonctl"));
	scratch_text("other", RECORD_MAGIC "\x63");
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "version 99"));
	scratch_path(path, "empty");
	write_record(path, 0, 1, true);
	snprintf(line, sizeof(line), "report -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "no snapshots"));
}

static void all_views(void)
{
	const struct captured *c;
	char path[PATH_MAX], line[2 * PATH_MAX + 64], png[PATH_MAX];
	struct stat st;

	scratch_path(path, "views");
	scratch_path(png, "views.png");
	write_record(path, 30, 20, true);
	snprintf(line, sizeof(line), "report regions --csv -t 1 -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, ",1,124,0x555500000000,"));
	CHECK(!strstr(c->out, ",0,123,0x555500000000,"));
	snprintf(line, sizeof(line), "report wss -i %s", path);
	CHECK(damonctl(line)->status == EXIT_OK);
	snprintf(line, sizeof(line), "report --csv -i %s", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, "target,from_s"));
	snprintf(line, sizeof(line), "report -i %s --color always --width 70", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_OK && strstr(c->out, "\033["));
	snprintf(line, sizeof(line), "report -i %s --png %s", path, png);
	c = damonctl(line);
	if (!picture_available) {
		CHECK(c->status == EXIT_USAGE && strstr(c->err, "without pictures"));
		return;
	}
	CHECK(c->status == EXIT_OK && !stat(png, &st) && st.st_size > 1000);
	snprintf(line, sizeof(line), "report -i %s --png /nonexistent/dir/x.png", path);
	c = damonctl(line);
	CHECK(c->status == EXIT_FAILED && strstr(c->err, "/nonexistent/dir/x.png"));
}

static int view_damaged(void *arg)
{
	static const struct view_cfg cfg = { VIEW_DEFAULTS };
	struct view_cfg view = cfg;
	struct damage *d = arg;
	struct record_reader r = { 0 };

	view.out = stdout;
	scratch_write("damaged", d->data, d->len);
	if (!record_open(&r, d->path)) {
		view_heatmap(&r, &view);
		view_summary(&r, &view);
	}
	record_reader_free(&r);
	return 0;
}

int fuzz_records(int seconds)
{
	struct damage d = { .data = malloc(1 << 20) };
	u8 *good = malloc(1 << 20);
	time_t end = time(NULL) + seconds;
	unsigned long rounds = 0;
	char path[PATH_MAX];
	size_t len, i;

	scratch_path(path, "good");
	scratch_path(d.path, "damaged");
	write_record(path, 20, 12, true);
	len = unpack(path, good, 1 << 20);
	for (; time(NULL) < end; rounds++) {
		memcpy(d.data, good, len);
		d.len = random_below(10) ? len : random_below(len);
		for (i = random_below(8) + 1; i; i--) {
			size_t at = random_below(random_below(2) ? len : 200);

			if (random_below(3))
				d.data[at] = (u8)random_below(256);
			else
				d.data[at] ^= (u8)(1 << random_below(8));
		}
		quietly(view_damaged, &d);
	}
	printf("# %lu damaged records, no crash\n", rounds);
	free(d.data);
	free(good);
	return EXIT_OK;
}

const struct test_case record_cases[] = {
	{ "round_trip", round_trip },
	{ "size", size },
	{ "damaged", damaged },
	{ "cut_short", cut_short },
	{ "refused", refused },
	{ "views", all_views },
	{ }
};
