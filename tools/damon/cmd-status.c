// SPDX-License-Identifier: GPL-2.0
/* damonctl status: what all kdamonds do. */
#include <string.h>

#include "admin.h"
#include "file.h"
#include "tree.h"
#include "unit.h"

struct status_cfg {
	bool json;
};

static const struct opt_row rows[] = {
	{ "json", 0, OPT_FLAG, offsetof(struct status_cfg, json), NULL,
	  "all files of all kdamonds, as 'damonctl start --config' takes them" },
	{ }
};

static void print_targets(const struct opt_pids *pids)
{
	char dir[32], comm[64];
	unsigned int i;

	for (i = 0; i < pids->nr; i++) {
		snprintf(dir, sizeof(dir), "/proc/%d", pids->pid[i]);
		if (file_read(dir, "comm", comm, sizeof(comm)))
			snprintf(comm, sizeof(comm), "gone");
		printf("%s%d (%s)", i ? ", " : "", pids->pid[i], comm);
	}
	printf("%s\n", pids->nr ? "" : "none");
}

static void print_cost(const struct admin_cost *cost)
{
	u64 seconds = cost->elapsed_ns / NSEC_PER_SEC;
	char elapsed[UNIT_LEN];

	if (seconds < 3600)
		unit_time_us(elapsed, cost->elapsed_ns / NSEC_PER_USEC);
	else
		snprintf(elapsed, sizeof(elapsed), "%llu h %llu min", seconds / 3600,
			 seconds / 60 % 60);
	printf("  cost        %.2g %% of a CPU in %s: %llu ticks, %llu missed, %llu samples",
	       100.0 * (double)cost->runtime_ns / (double)cost->elapsed_ns, elapsed,
	       cost->ticks, cost->ticks_missed, cost->samples);
	if (cost->surveyed)
		printf(", %llu surveyed", cost->surveyed);
	if (cost->tlb_flushes)
		printf(", %llu TLB flushes", cost->tlb_flushes);
	putchar('\n');
}

static void print_info(const struct admin *admin, int index, const struct admin_info *info)
{
	const struct monitor_cfg *cfg = &info->cfg;
	char sample[UNIT_LEN], aggr[UNIT_LEN], update[UNIT_LEN];
	struct admin_cost cost;

	printf("kdamond %d: %s", index, info->on ? "on" : "off");
	if (info->on && info->pid > 0)
		printf(", pid %d", info->pid);
	printf("\n  operations  %s\n  targets     ", info->ops);
	if (!strcmp(info->ops, "paddr"))
		puts("physical memory");
	else if (*info->cgroup)
		printf("cgroup %s\n", info->cgroup);
	else
		print_targets(&cfg->pids);
	printf("  intervals   sample %s, aggregation %s, update %s\n",
	       unit_time_us(sample, cfg->sample_us), unit_time_us(aggr, cfg->aggr_us),
	       unit_time_us(update, cfg->update_us));
	printf("  regions     %llu to %llu\n", cfg->nr_regions.min,
	       cfg->nr_regions.max);
	if (admin_cost(admin, index, &cost))
		print_cost(&cost);
}

static int print_json(const struct admin *admin)
{
	json_t *kdamonds = tree_read(admin->dir);
	int err;

	if (!kdamonds) {
		say("cannot read %s", admin->dir);
		return EXIT_FAILED;
	}
	kdamonds = json_pack("{s:o}", "kdamonds", kdamonds);
	err = json_dumpf(kdamonds, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(kdamonds);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct status_cfg cfg = { 0 };
	struct admin_info info;
	struct admin admin;
	int at, i, status, nr = 0, nr_free = 0;

	at = opt_parse(&cmd_status, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_status, "it takes no argument, such as '%s'", argv[at]);
	if (admin_open(&admin))
		return EXIT_FAILED;
	if (cfg.json)
		return print_json(&admin);
	if (admin_count(&admin, &nr))
		return EXIT_FAILED;
	for (i = 0; i < nr; i++) {
		if (admin_info(&admin, i, &info))
			return EXIT_FAILED;
		if (info.configured || info.on)
			print_info(&admin, i, &info);
		else
			nr_free++;
	}
	if (!nr)
		puts("no kdamond: nothing is monitored");
	else if (nr_free)
		printf("%d of %d kdamonds are off and not configured\n", nr_free, nr);
	return EXIT_OK;
}

const struct command cmd_status = {
	.name = "status",
	.args = "[--json]",
	.summary = "tell what all kdamonds do",
	.about =
	"Tells for every kdamond, the kernel's monitoring threads, whether it is on, its\n"
	"process number, what it monitors, its intervals and bounds, and, where the kernel\n"
	"says so, what the present or last run has cost.",
	.examples =
	"  damonctl status\n"
	"  damonctl status --json | jq '.kdamonds[0].cost'\n",
	.rows = rows,
	.run = run,
};
