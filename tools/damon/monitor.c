// SPDX-License-Identifier: GPL-2.0
/*
 * Checks between options of a monitor's configuration. The kernel refuses the
 * same combinations, but with a bare EINVAL; here the option is named.
 */
#include <string.h>

#include "monitor.h"
#include "unit.h"

/* Three areas are tracked, so fewer regions make no sense to the kernel. */
#define NR_REGIONS_MIN 3

static const char *const ops[] = { "vaddr", "fvaddr", NULL };

const struct opt_row monitor_rows[] = {
	{ "sample", 's', OPT_TIME, offsetof(struct monitor_cfg, sample_us), "TIME",
	  "between two checks of a region (5ms)" },
	{ "aggr", 'a', OPT_TIME, offsetof(struct monitor_cfg, aggr_us), "TIME",
	  "between two snapshots (100ms)" },
	{ "update", 'u', OPT_TIME, offsetof(struct monitor_cfg, update_us), "TIME",
	  "between two looks at the mappings (run: 100ms, else 1s)" },
	{ "regions", 'n', OPT_MINMAX, offsetof(struct monitor_cfg, nr_regions), "MIN,MAX",
	  "how many regions to tell apart (10,1000)" },
	{ "ops", 0, OPT_CHOICE, offsetof(struct monitor_cfg, ops), "OPS",
	  "vaddr: all mappings; fvaddr: only the spans given (vaddr)", ops },
	{ "span", 0, OPT_SPANS, offsetof(struct monitor_cfg, spans), "START-END",
	  "addresses to monitor first; can be repeated" },
	{ }
};

int monitor_check(const struct command *cmd, const struct monitor_cfg *cfg)
{
	char a[UNIT_LEN], b[UNIT_LEN];

	if (cfg->aggr_us < cfg->sample_us)
		return opt_fault(cmd, "--aggr %s is shorter than --sample %s",
				 unit_time_us(a, cfg->aggr_us), unit_time_us(b, cfg->sample_us));
	if (cfg->nr_regions.min < NR_REGIONS_MIN)
		return opt_fault(cmd, "--regions: the minimum must be at least %d", NR_REGIONS_MIN);
	if (cfg->nr_regions.max < cfg->nr_regions.min)
		return opt_fault(cmd, "--regions: the maximum is below the minimum");
	if (!strcmp(cfg->ops, "fvaddr") && !cfg->spans.nr)
		return opt_fault(cmd, "--ops fvaddr needs the addresses: --span START-END");
	return EXIT_OK;
}
