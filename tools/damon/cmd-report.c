// SPDX-License-Identifier: GPL-2.0
/* damonctl report: shows a record. A view is one row of views[]. */
#include <errno.h>
#include <string.h>

#include "damo.h"
#include "view.h"

struct report_cfg {
	const char *input, *format;
	struct view_cfg view;
};

/* What a view can be shown as, besides text */
enum {
	AS_PICTURE = 1,
	AS_PAGE = 2,
	AS_VALUES = 4,
};

static const struct view_row {
	const char *name;
	int (*show)(struct record_reader *r, const struct view_cfg *cfg);
	unsigned int as;
} views[] = {
	{ "heatmap", view_heatmap, AS_PICTURE | AS_PAGE | AS_VALUES },
	{ "wss", view_wss, AS_PICTURE | AS_PAGE | AS_VALUES },
	{ "hist", view_hist, AS_PICTURE | AS_VALUES },
	{ "regions", view_regions, AS_VALUES },
	{ "timeline", view_timeline, AS_PICTURE | AS_VALUES },
	{ "summary", view_summary },
};

static const char *const formats[] = { "text", "csv", "json", "damo", NULL };

static const struct opt_row rows[] = {
	{ "input", 'i', OPT_TEXT, offsetof(struct report_cfg, input), "FILE",
	  "the record (damon.data)" },
	{ "target", 't', OPT_NUMBER, offsetof(struct report_cfg, view.target), "N",
	  "only this target, counted from 0 (all)" },
	{ "at", 0, OPT_TIME, offsetof(struct report_cfg, view.at_us), "TIME",
	  "regions: which moment, since the start (the end)" },
	{ "csv", 0, OPT_FLAG, offsetof(struct report_cfg, view.csv), NULL,
	  "the values, comma separated, instead of a drawing" },
	{ "json", 0, OPT_FLAG, offsetof(struct report_cfg, view.json), NULL,
	  "the same as JSON" },
	{ "format", 0, OPT_CHOICE, offsetof(struct report_cfg, format), "FORMAT",
	  "text, csv, json, or damo: the record for the stock tool (text)", formats },
	{ "", 0, OPT_GROUP, offsetof(struct report_cfg, view), .group = view_rows },
	{ }
};

static const struct view_row *find_view(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++)
		if (!strcmp(views[i].name, name))
			return &views[i];
	return NULL;
}

static int check_view(const struct view_row *view, const struct view_cfg *cfg)
{
	static const struct {
		unsigned int as;
		const char *options, *views;
	} rules[] = {
		{ AS_PICTURE, "--png and --svg", "heatmap, wss, hist and timeline" },
		{ AS_PAGE, "--html", "heatmap and wss" },
		{ AS_VALUES, "--csv and --json", "all views but summary" },
	};
	unsigned int wanted = 0;
	size_t i;

	if (view_pictures(cfg))
		wanted |= AS_PICTURE;
	if (cfg->html)
		wanted |= AS_PAGE;
	if (view_values(cfg))
		wanted |= AS_VALUES;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (wanted & ~view->as & rules[i].as)
			return opt_fault(&cmd_report, "%s are for %s, not for %s",
					 rules[i].options, rules[i].views, view->name);
	return view_check(&cmd_report, cfg);
}

/* A page, pictures and values can all be made by one call. */
static int show(struct record_reader *r, const struct report_cfg *cfg, const struct view_row *view)
{
	struct view_cfg only = cfg->view;
	int err = 0;

	if (!strcmp(cfg->format, "damo"))
		return damo_write(r, stdout);
	if (only.html)
		err = view_page(r, &only);
	if (!err && view_pictures(&only)) {
		only.csv = false;
		only.json = false;
		err = view->show(r, &only);
	}
	only = cfg->view;
	if (err || ((only.html || view_pictures(&only)) && !view_values(&only)))
		return err;
	only.png = NULL;
	only.svg = NULL;
	return view->show(r, &only);
}

static int read_options(int argc, char **argv, struct report_cfg *cfg, const struct view_row **view)
{
	int at, status;

	at = opt_parse(&cmd_report, argc, argv, cfg, &status);
	if (at < 0)
		return status ? status : -1;
	if (at < argc) {
		*view = find_view(argv[at]);
		if (!*view)
			return opt_fault(&cmd_report, "no view '%s'", argv[at]);
		if (at + 1 < argc)
			return opt_fault(&cmd_report, "one view at a time, not '%s' as well",
					 argv[at + 1]);
	}
	cfg->view.csv |= !strcmp(cfg->format, "csv");
	cfg->view.json |= !strcmp(cfg->format, "json");
	return check_view(*view, &cfg->view);
}

static int run(int argc, char **argv)
{
	struct report_cfg cfg = {
		.input = "damon.data",
		.format = "text",
		.view = { VIEW_DEFAULTS, .out = stdout },
	};
	const struct view_row *view = &views[0];
	struct record_reader r = { 0 };
	int err, status;

	status = read_options(argc, argv, &cfg, &view);
	if (status)
		return status < 0 ? EXIT_OK : status;
	err = record_open(&r, cfg.input);
	if (!err)
		err = show(&r, &cfg, view);
	if (err == -ENODATA)
		say("%s holds no snapshots%s", cfg.input,
		    cfg.view.target == VIEW_ALL_TARGETS ? "" : " of that target");
	record_reader_free(&r);
	return err ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_report = {
	.name = "report",
	.args = "[heatmap|wss|hist|regions|timeline|summary] [OPTIONS]",
	.summary = "show a record: heat map, working set, regions and more",
	.about =
	"Shows what 'damonctl record' or 'damonctl run -o' wrote.\n"
	"\n"
	"  heatmap   time to the right, addresses upwards, bright where memory is accessed\n"
	"            most (the default view)\n"
	"  wss       the working set: bytes touched within each window\n"
	"  hist      how much memory is accessed how often, and idle for how long\n"
	"  regions   the regions of one moment; with --csv or --json, of all\n"
	"  timeline  when which mapped area (heap, stack, file) was accessed\n"
	"  summary   some figures\n"
	"\n"
	"Addresses that were never mapped are cut out. When two thirds and more of the\n"
	"rest were idle all the time, they are cut out too, unless --all is given. How\n"
	"bright a cell is, is half the mean and half the maximum of what falls into it,\n"
	"so that small hot spots stay visible. --format=damo writes what 'perf script'\n"
	"prints, which the stock tool takes.",
	.examples =
	"  damonctl report                       heat map of damon.data on the terminal\n"
	"  damonctl report -i db.data --png db.png\n"
	"  damonctl report --html db.html        one page: zoom with the wheel, names on hover\n"
	"  damonctl report wss                   the working set over time\n"
	"  damonctl report regions --at 2.5s     what was hot then, with the areas' names\n"
	"  damonctl report timeline --svg areas.svg\n"
	"  damonctl report hist --json | jq .rows\n",
	.rows = rows,
	.run = run,
};
