// SPDX-License-Identifier: GPL-2.0
/*
 * Checks between options of a monitor's configuration. The kernel refuses the
 * same combinations, but with a bare EINVAL; here the option is named.
 */
#include <errno.h>
#include <string.h>

#include "areas.h"
#include "file.h"
#include "monitor.h"
#include "process.h"
#include "unit.h"

/* Three areas are tracked, so fewer regions make no sense to the kernel. */
#define NR_REGIONS_MIN 3

static const char *const ops[] = { "vaddr", "fvaddr", "paddr", NULL };

const struct opt_row monitor_rows[] = {
	{ "sample", 's', OPT_TIME, offsetof(struct monitor_cfg, sample_us), "TIME",
	  "between two checks of a region (5ms)" },
	{ "aggr", 'A', OPT_TIME, offsetof(struct monitor_cfg, aggr_us), "TIME",
	  "between two snapshots (100ms)" },
	{ "update", 'u', OPT_TIME, offsetof(struct monitor_cfg, update_us), "TIME",
	  "between two looks at the mappings (run: 100ms, else 1s)" },
	{ "regions", 'n', OPT_MINMAX, offsetof(struct monitor_cfg, nr_regions), "MIN,MAX",
	  "how many regions to tell apart (10,1000)" },
	{ "ops", 0, OPT_CHOICE, offsetof(struct monitor_cfg, ops), "OPS",
	  "vaddr: all mappings; fvaddr: only the spans given; paddr: -a", ops },
	{ "span", 0, OPT_SPANS, offsetof(struct monitor_cfg, spans), "START+SIZE",
	  "addresses to monitor first; can be repeated" },
	{ }
};

const struct opt_row target_rows[] = {
	{ "pid", 'p', OPT_PIDS, offsetof(struct monitor_cfg, pids), "PID|NAME",
	  "process by number (1,2,3), name or part of its command; can be repeated" },
	{ "all-memory", 'a', OPT_FLAG, offsetof(struct monitor_cfg, system), NULL,
	  "all memory of the machine, by physical address" },
	{ "cgroup", 0, OPT_TEXT, offsetof(struct monitor_cfg, cgroup), "PATH",
	  "all processes of a memory cgroup, as they come and go" },
	{ "children", 0, OPT_FLAG, offsetof(struct monitor_cfg, children), NULL,
	  "also the processes that those start" },
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

int target_check(const struct command *cmd, struct monitor_cfg *cfg)
{
	bool pids = cfg->pids.nr || cfg->pids.nr_names;

	if (pids + cfg->system + !!cfg->cgroup > 1)
		return opt_fault(cmd, "one of -p, -a and --cgroup");
	if (!strcmp(cfg->ops, "paddr"))
		cfg->system = true;
	if (!pids && !cfg->system && !cfg->cgroup)
		return opt_fault(cmd, "which memory? -p PID, -a or --cgroup PATH");
	if (pids && cfg->system)
		return opt_fault(cmd, "--ops paddr is for -a, not for processes");
	if (cfg->children && !pids)
		return opt_fault(cmd, "--children goes with -p");
	if (cfg->system)
		cfg->ops = "paddr";
	return EXIT_OK;
}

/* Memory that there is; asking for more than that would be asking for devices. */
static int find_memory(struct monitor_cfg *cfg)
{
	struct opt_spans *spans = &cfg->spans;
	struct areas areas = { 0 };
	u32 i;
	int err;

	/* Physical memory is one target, of no process. */
	cfg->pids.pid[0] = 0;
	cfg->pids.nr = 1;
	if (spans->nr)
		return EXIT_OK;
	err = areas_look(&areas, 0, 0);
	for (i = 0; i < areas.nr && spans->nr < OPT_MAX_SPANS; i++) {
		if (strcmp(areas.area[i].name, "System RAM"))
			continue;
		spans->span[spans->nr].start = areas.area[i].start;
		spans->span[spans->nr++].end = areas.area[i].end;
	}
	areas_free(&areas);
	if (err)
		file_complain("read", "/proc", "iomem", err);
	else if (!spans->nr)
		say("no System RAM in /proc/iomem; it takes root to see it");
	return spans->nr ? EXIT_OK : EXIT_FAILED;
}

int target_find(struct monitor_cfg *cfg)
{
	struct opt_pids *pids = &cfg->pids;
	unsigned int i;

	if (cfg->system)
		return find_memory(cfg);
	for (i = 0; i < pids->nr_names; i++) {
		if (process_find(pids->name[i], pids))
			continue;
		say("no process is named '%s' or has that in its command", pids->name[i]);
		return EXIT_FAILED;
	}
	pids->nr_names = 0;
	for (i = 0; i < pids->nr; i++) {
		if (process_alive(pids->pid[i]))
			continue;
		say("no process %d", pids->pid[i]);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}
