// SPDX-License-Identifier: GPL-2.0
/* damonctl tune: other intervals and bounds for a kdamond that runs. */
#include <string.h>

#include "admin.h"
#include "unit.h"

struct tune_cfg {
	struct monitor_cfg monitor;
};

static const struct opt_row rows[] = {
	{ "sample", 's', OPT_TIME, offsetof(struct tune_cfg, monitor.sample_us), "TIME",
	  "between two checks of a region" },
	{ "aggr", 'A', OPT_TIME, offsetof(struct tune_cfg, monitor.aggr_us), "TIME",
	  "between two snapshots" },
	{ "update", 'u', OPT_TIME, offsetof(struct tune_cfg, monitor.update_us), "TIME",
	  "between two looks at the mappings" },
	{ "regions", 'n', OPT_MINMAX, offsetof(struct tune_cfg, monitor.nr_regions), "MIN,MAX",
	  "how many regions to tell apart" },
	{ }
};

/* What was asked for, and the rest as it is */
static void fill_in(struct monitor_cfg *cfg, const struct monitor_cfg *is)
{
	if (!cfg->sample_us)
		cfg->sample_us = is->sample_us;
	if (!cfg->aggr_us)
		cfg->aggr_us = is->aggr_us;
	if (!cfg->update_us)
		cfg->update_us = is->update_us;
	if (!cfg->nr_regions.max)
		cfg->nr_regions = is->nr_regions;
	cfg->ops = is->ops;
	/* Not ours to check again */
	cfg->spans.nr = 1;
}

static int tune(const struct admin *admin, struct monitor_cfg *cfg, int index)
{
	char sample[UNIT_LEN], aggr[UNIT_LEN], update[UNIT_LEN];
	struct admin_info info;
	int status;

	if (admin_info(admin, index, &info))
		return EXIT_FAILED;
	if (!info.configured) {
		say("kdamond %d is not configured; 'damonctl start' does that", index);
		return EXIT_FAILED;
	}
	fill_in(cfg, &info.cfg);
	status = monitor_check(&cmd_tune, cfg);
	if (status)
		return status;
	if (admin_tune(admin, index, cfg, &info))
		return EXIT_FAILED;
	printf("kdamond %d: sample %s, aggregation %s, update %s, %llu to %llu regions%s\n", index,
	       unit_time_us(sample, cfg->sample_us), unit_time_us(aggr, cfg->aggr_us),
	       unit_time_us(update, cfg->update_us), cfg->nr_regions.min, cfg->nr_regions.max,
	       info.on ? "" : "; it is off");
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct tune_cfg cfg = { 0 };
	struct admin admin;
	int at, index, status;

	at = opt_parse(&cmd_tune, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at + 1 < argc)
		return opt_fault(&cmd_tune, "one kdamond, not '%s' as well", argv[at + 1]);
	if (!cfg.monitor.sample_us && !cfg.monitor.aggr_us && !cfg.monitor.update_us &&
	    !cfg.monitor.nr_regions.max)
		return opt_fault(&cmd_tune, "what shall change? -s, -A, -u or -n");
	if (admin_open(&admin) || admin_lock(&admin))
		return EXIT_FAILED;
	status = admin_pick(&admin, &cmd_tune, at < argc ? argv[at] : NULL, &index);
	if (!status)
		status = tune(&admin, &cfg.monitor, index);
	admin_unlock(&admin);
	return status;
}

const struct command cmd_tune = {
	.name = "tune",
	.args = "[N] [OPTIONS]",
	.summary = "change intervals and bounds of a kdamond that runs",
	.about =
	"Changes kdamond N, or without a number the only one that is on. What is not given\n"
	"stays. When the kernel refuses, all stays as it was.",
	.examples =
	"  damonctl tune -s 10ms -A 200ms\n"
	"  damonctl tune 1 -n 100,2000\n",
	.rows = rows,
	.run = run,
};
