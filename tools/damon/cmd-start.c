// SPDX-License-Identifier: GPL-2.0
/* damonctl start: switches a kdamond on and leaves it on. */
#include <errno.h>

#include "admin.h"
#include "signals.h"
#include "tree.h"

struct start_cfg {
	struct monitor_cfg monitor;
	const char *config;
};

static const struct opt_row rows[] = {
	{ "", 0, OPT_GROUP, offsetof(struct start_cfg, monitor), .group = target_rows },
	{ "config", 'c', OPT_TEXT, offsetof(struct start_cfg, config), "FILE",
	  "take all from a JSON file, or - for standard input; -p and the like go first" },
	{ "", 0, OPT_GROUP, offsetof(struct start_cfg, monitor), .group = monitor_rows },
	{ }
};

/* On, and whoever did that knows it; else off. */
static int switch_on(const struct admin *admin, const struct admin_slot *slot)
{
	int err, pid;

	err = admin_on(admin, slot, &pid);
	if (err)
		return err;
	printf("kdamond %d is on, pid %d\n", slot->index, pid);
	err = flush_output();
	if (!err && signals_pending())
		err = -EINTR;
	if (err)
		admin_off(admin, slot->index);
	return err;
}

static int start(struct admin *admin, const struct start_cfg *cfg, json_t *wanted)
{
	struct admin_slot slot;
	int err;

	if (admin_lock(admin))
		return EXIT_FAILED;
	err = admin_claim(admin, &slot);
	if (!err) {
		err = wanted ? admin_configure_json(admin, &slot, wanted, &cfg->monitor) :
			       admin_configure(admin, &slot, &cfg->monitor);
		if (!err)
			err = switch_on(admin, &slot);
		if (err)
			admin_release(admin, slot.index, slot.raised);
	}
	admin_unlock(admin);
	return err ? EXIT_FAILED : EXIT_OK;
}

static bool has_target(const struct monitor_cfg *cfg)
{
	return cfg->pids.nr || cfg->pids.nr_names || cfg->system || cfg->cgroup;
}

static int run(int argc, char **argv)
{
	struct start_cfg cfg = { .monitor = { MONITOR_DEFAULTS(1000000) } };
	json_t *wanted = NULL;
	struct admin admin;
	int at, status;

	at = opt_parse(&cmd_start, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_start, "'%s' is no option; processes are given with -p",
				 argv[at]);
	status = EXIT_OK;
	if (!cfg.config || has_target(&cfg.monitor))
		status = target_check(&cmd_start, &cfg.monitor);
	if (!status)
		status = monitor_check(&cmd_start, &cfg.monitor);
	if (!status && has_target(&cfg.monitor))
		status = target_find(&cfg.monitor);
	if (status)
		return status;
	if (admin_open(&admin))
		return EXIT_FAILED;
	if (cfg.config) {
		wanted = tree_load(cfg.config);
		if (!wanted)
			return EXIT_FAILED;
	}
	status = start(&admin, &cfg, wanted);
	json_decref(wanted);
	return status;
}

const struct command cmd_start = {
	.name = "start",
	.args = "-p PID|NAME | -a | --cgroup PATH | -c FILE [OPTIONS]",
	.summary = "switch a kdamond on and leave it on",
	.about =
	"Configures a kdamond for processes, a cgroup or all memory, switches it on and\n"
	"leaves it on, for other programs that read its results. It ends when the processes\n"
	"end, or with 'damonctl stop'.\n"
	"\n"
	"A configuration is what 'damonctl status --json' prints, or a part of that: the\n"
	"kernel's files below contexts/0 by their names, with lists where the kernel has\n"
	"numbered directories. Times and sizes can have units.",
	.examples =
	"  damonctl start -p 1234\n"
	"  damonctl start -p redis-server -s 10ms -A 1s -n 50,500\n"
	"  damonctl status --json > damon.json ; damonctl start -c damon.json\n"
	"  damonctl start -c - <<< '{ \"targets\": [ { \"pid_target\": 1234 } ] }'\n",
	.rows = rows,
	.run = run,
};
