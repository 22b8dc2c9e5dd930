// SPDX-License-Identifier: GPL-2.0
/*
 * One self-contained page about a record: page.html with the data put in, as
 * JSON. The heat map is packed with zlib, which browsers unpack.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "chart.h"
#include "page.h"
#include "unit.h"
#include "view.h"

#define PAGE_ROWS	700
#define PAGE_COLS	1600
/* Cells hold 0 to 250, or this where nothing was monitored. */
#define CELL_STEPS	250
#define CELL_NOTHING	255
#define PLACE		"@DATA@"

static void put_base64(FILE *out, const u8 *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < len; i += 3) {
		u32 left = len - i < 3 ? (u32)(len - i) : 3;
		u32 bits = (u32)data[i] << 16 | (left > 1 ? (u32)data[i + 1] << 8 : 0) |
			   (left > 2 ? data[i + 2] : 0);

		fputc(digits[bits >> 18], out);
		fputc(digits[bits >> 12 & 63], out);
		fputc(left > 1 ? digits[bits >> 6 & 63] : '=', out);
		fputc(left > 2 ? digits[bits & 63] : '=', out);
	}
}

static int put_cells(FILE *out, const struct heat *heat)
{
	size_t nr = (size_t)heat->rows * heat->cols, i;
	unsigned long len = nr + nr / 16 + 64;
	u8 *cells = malloc(nr), *packed = malloc(len);
	int err = -ENOMEM;

	for (i = 0; i < nr && cells; i++) {
		double value = heat_value(heat, (u32)(i / heat->cols), (u32)(i % heat->cols));

		cells[i] = value < 0 ? CELL_NOTHING : (u8)(value * CELL_STEPS + 0.5);
		/* A single hit shall not look like none. */
		if (value > 0 && !cells[i])
			cells[i] = 1;
	}
	if (cells && packed && compress2(packed, &len, cells, nr, Z_BEST_COMPRESSION) == Z_OK) {
		fputs("\"cells\": \"", out);
		put_base64(out, packed, len);
		fputs("\",\n", out);
		err = 0;
	}
	free(cells);
	free(packed);
	return err;
}

static void put_bands(FILE *out, const struct drawing *d)
{
	char text[2 * UNIT_LEN + 32];
	u32 i;

	fputs("\"bands\": [", out);
	for (i = 0; i < d->heat->nr_bands; i++) {
		const struct heat_band *band = &d->heat->bands[i];

		text[0] = '\0';
		if (i + 1 < d->heat->nr_bands)
			draw_gap_text(d, i + 1, text, sizeof(text));
		fprintf(out, "%s{\"start\": %llu, \"end\": %llu, \"row\": %u, ", i ? ", " : "",
			band->start, band->end, band->row);
		fprintf(out, "\"rows\": %u, \"gap\": \"%s\"}", band->nr_rows, text);
	}
	fputs("],\n", out);
}

static void put_areas(FILE *out, const struct areas *areas)
{
	u32 i;

	fputs("\"areas\": [", out);
	for (i = 0; i < areas->nr; i++) {
		fprintf(out, "%s{\"start\": %llu, \"end\": %llu, \"name\": ", i ? ", " : "",
			areas->area[i].start, areas->area[i].end);
		sheet_text(out, areas->area[i].name);
		fputc('}', out);
	}
	fputs("],\n", out);
}

static void put_wss(FILE *out, const struct wss *wss)
{
	u32 i;

	fputs("\"wss\": {\"s\": [", out);
	for (i = 0; i < wss->nr; i++)
		fprintf(out, "%s%.4f", i ? "," : "", wss->point[i].seconds);
	fputs("], \"touched\": [", out);
	for (i = 0; i < wss->nr; i++)
		fprintf(out, "%s%llu", i ? "," : "", wss->point[i].touched);
	fputs("], \"hot\": [", out);
	for (i = 0; i < wss->nr; i++)
		fprintf(out, "%s%llu", i ? "," : "", wss->point[i].hot);
	fputs("]},\n", out);
}

static void put_figures(FILE *out, const struct survey *survey)
{
	char size[UNIT_LEN];

	fprintf(out, "\"figures\": [[\"%.2f s\", \"in %llu windows of %llu to %llu regions\"], ",
		(double)(survey->last_ns - survey->first_ns) / 1e9, survey->nr,
		survey->regions.min, survey->regions.max);
	fprintf(out, "[\"%s\", \"monitored\"], ",
		unit_size(size, (u64)series_mean(&survey->watched, survey->nr)));
	fprintf(out, "[\"%s\", \"touched within a window\"], ",
		unit_size(size, (u64)series_mean(&survey->touched, survey->nr)));
	fprintf(out, "[\"%s\", \"hot\"]]\n",
		unit_size(size, (u64)series_mean(&survey->hot, survey->nr)));
}

struct page {
	FILE *out;
	u32 nr_targets;
};

static int put_target(struct page *page, struct record_reader *r, const struct drawing *d,
		      const struct survey *survey)
{
	struct areas areas = { 0 };
	struct wss wss = { 0 };
	FILE *out = page->out;
	int err;

	fprintf(out, "%s{\"name\": ", page->nr_targets++ ? "," : "");
	sheet_text(out, d->target->comm);
	fprintf(out, ", \"pid\": %llu, \"rows\": %u, \"cols\": %u, \"t0\": %.6f, \"t1\": %.6f,\n",
		d->target->pid, d->heat->rows, d->heat->cols, view_seconds(r, d->heat->t0),
		view_seconds(r, d->heat->t1));
	put_bands(out, d);
	err = areas_flatten(&d->target->areas, survey->first_ns, &areas) ? 0 : -ENOMEM;
	put_areas(out, &areas);
	areas_free(&areas);
	if (!err)
		err = put_cells(out, d->heat);
	if (!err)
		err = figures_wss(r, survey, &wss);
	put_wss(out, &wss);
	figures_wss_free(&wss);
	put_figures(out, survey);
	fputs("}\n", out);
	return err;
}

static int show(struct record_reader *r, const struct view_cfg *cfg, struct survey *survey,
		void *arg)
{
	static const struct heat_size size = { PAGE_ROWS, PAGE_COLS, 6 };
	struct page *page = arg;
	struct heat heat = { 0 };
	struct drawing d;
	int err;

	err = view_make_heat(r, cfg, survey, &size, &d, &heat);
	if (!err)
		err = put_target(page, r, &d, survey);
	heat_free(&heat);
	return err;
}

static void put_head(FILE *out, const struct record_reader *r, const struct view_cfg *cfg)
{
	char about[2 * RECORD_TEXT_LEN], sample[UNIT_LEN], aggr[UNIT_LEN];
	u32 i;

	fputs("{\"command\": ", out);
	sheet_text(out, *r->info.command ? r->info.command : "memory access");
	snprintf(about, sizeof(about), "Memory access. A check each %s, a window each %s; Linux %s",
		 unit_time_us(sample, r->info.cfg.sample_us),
		 unit_time_us(aggr, r->info.cfg.aggr_us), r->info.kernel);
	fputs(", \"about\": ", out);
	sheet_text(out, about);
	fprintf(out, ", \"scale\": \"%s\", \"colours\": [", cfg->scale);
	for (i = 0; i <= 10; i++) {
		struct colour c = colour_of(i / 10.0);

		fprintf(out, "%s[%d,%d,%d]", i ? "," : "", c.r, c.g, c.b);
	}
	fputs("], \"targets\": [\n", out);
}

/* JSON inside of a script element must not hold what ends that. */
static void copy_data(FILE *out, const char *text, size_t len)
{
	for (; len; len--, text++)
		if (*text == '<')
			fputs("\\u003c", out);
		else
			fputc(*text, out);
}

static int write_page(const char *path, const char *data, size_t len)
{
	const char *place = strstr(page_html, PLACE), *rest = place + strlen(PLACE);
	FILE *out = fopen(path, "we");
	int err = 0;

	if (out) {
		fwrite(page_html, 1, (size_t)(place - page_html), out);
		copy_data(out, data, len);
		fputs(rest, out);
		err = ferror(out) ? -EIO : 0;
	}
	if (!out || fclose(out) || err) {
		err = errno ? -errno : -EIO;
		say("cannot write %s: %s", path, strerror(-err));
	}
	return err;
}

int view_page(struct record_reader *r, const struct view_cfg *cfg)
{
	struct view_cfg whole = *cfg;
	struct page page = { 0 };
	char *data = NULL;
	size_t len;
	int err, failed;

	/* Several targets are no trouble here. */
	whole.png = NULL;
	whole.svg = NULL;
	page.out = open_memstream(&data, &len);
	if (!page.out)
		return -ENOMEM;
	put_head(page.out, r, cfg);
	err = view_each(r, &whole, show, &page);
	fputs("]}\n", page.out);
	failed = ferror(page.out);
	if (fclose(page.out) || failed)
		err = -ENOMEM;
	/* What is readable of a damaged record is shown. */
	if (!err || (err == -EBADMSG && page.nr_targets)) {
		int err_write = write_page(cfg->html, data, len);

		err = err ? err : err_write;
	}
	free(data);
	return err;
}
