// SPDX-License-Identifier: GPL-2.0
/* damonctl report: shows a record. A view is one row of views[]. */
#include <errno.h>
#include <string.h>

#include "view.h"

struct report_cfg {
	const char *input;
	struct view_cfg view;
};

static const struct view_row {
	const char *name;
	int (*show)(struct record_reader *r, const struct view_cfg *cfg);
} views[] = {
	{ "heatmap", view_heatmap },
	{ "regions", view_regions },
	{ "wss", view_wss },
	{ "summary", view_summary },
};

static const struct opt_row rows[] = {
	{ "input", 'i', OPT_TEXT, offsetof(struct report_cfg, input), "FILE",
	  "the record (damon.data)" },
	{ "target", 't', OPT_NUMBER, offsetof(struct report_cfg, view.target), "N",
	  "only this target, counted from 0 (all)" },
	{ "csv", 0, OPT_FLAG, offsetof(struct report_cfg, view.csv), NULL,
	  "the heat map's values instead of a drawing" },
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

static int run(int argc, char **argv)
{
	struct report_cfg cfg = {
		.input = "damon.data",
		.view = { VIEW_DEFAULTS, .out = stdout },
	};
	const struct view_row *view = &views[0];
	struct record_reader r = { 0 };
	int at, err, status;

	at = opt_parse(&cmd_report, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc) {
		view = find_view(argv[at]);
		if (!view)
			return opt_fault(&cmd_report, "no view '%s'", argv[at]);
		if (at + 1 < argc)
			return opt_fault(&cmd_report, "one view at a time, not '%s' as well",
					 argv[at + 1]);
	}
	if ((cfg.view.csv || cfg.view.png || cfg.view.svg) && view->show != view_heatmap)
		return opt_fault(&cmd_report, "--png, --svg and --csv are for heatmap, not %s",
				 view->name);
	status = view_check(&cmd_report, &cfg.view);
	if (status)
		return status;

	err = record_open(&r, cfg.input);
	if (!err)
		err = view->show(&r, &cfg.view);
	if (err == -ENODATA)
		say("%s holds no snapshots%s", cfg.input,
		    cfg.view.target == VIEW_ALL_TARGETS ? "" : " of that target");
	record_reader_free(&r);
	if (fflush(stdout)) {
		say("cannot write to the standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return err ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_report = {
	.name = "report",
	.args = "[heatmap|regions|wss|summary] [OPTIONS]",
	.summary = "show a record: heat map, regions, working set",
	.about =
	"Shows what 'damonctl record' or 'damonctl run -o' wrote.\n"
	"\n"
	"  heatmap  time to the right, addresses upwards, bright where memory is accessed\n"
	"           most (the default view)\n"
	"  regions  every region of every snapshot, one a line\n"
	"  wss      the working set of every snapshot, one a line\n"
	"  summary  some figures\n"
	"\n"
	"Addresses that were never mapped are cut out. When two thirds and more of the\n"
	"rest were idle all the time, they are cut out too, unless --all is given. How\n"
	"bright a cell is, is half the mean and half the maximum of what falls into it,\n"
	"so that small hot spots stay visible.",
	.examples =
	"  damonctl report                       heat map of damon.data on the terminal\n"
	"  damonctl report -i db.data --png db.png\n"
	"  damonctl report wss -i db.data        working set over time\n"
	"  damonctl report heatmap --csv > heat.csv\n",
	.rows = rows,
	.run = run,
};
