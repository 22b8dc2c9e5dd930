// SPDX-License-Identifier: GPL-2.0
/* damonctl start: switches a kdamond on and leaves it on. */
#include "admin.h"
#include "process.h"

struct start_cfg {
	struct monitor_cfg monitor;
};

static const struct opt_row rows[] = {
	{ "pid", 'p', OPT_PIDS, offsetof(struct start_cfg, monitor.pids), "PID[,PID]",
	  "process to monitor; can be repeated" },
	{ "", 0, OPT_GROUP, offsetof(struct start_cfg, monitor), .group = monitor_rows },
	{ }
};

static int start(struct admin *admin, const struct monitor_cfg *cfg)
{
	struct admin_slot slot;
	int err, pid;

	if (admin_open(admin) || admin_lock(admin))
		return EXIT_FAILED;
	err = admin_claim(admin, &slot);
	if (!err) {
		err = admin_configure(admin, &slot, cfg);
		if (!err)
			err = admin_on(admin, &slot, &pid);
		if (err)
			admin_release(admin, slot.index, slot.raised);
		else
			printf("kdamond %d is on, pid %d\n", slot.index, pid);
	}
	admin_unlock(admin);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct start_cfg cfg = { .monitor = { MONITOR_DEFAULTS(1000000) } };
	struct admin admin;
	unsigned int i;
	int at, status;

	at = opt_parse(&cmd_start, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_start, "'%s' is no option; processes are given with -p",
				 argv[at]);
	if (!cfg.monitor.pids.nr)
		return opt_fault(&cmd_start, "which process? -p PID");
	status = monitor_check(&cmd_start, &cfg.monitor);
	if (status)
		return status;
	for (i = 0; i < cfg.monitor.pids.nr; i++) {
		if (process_alive(cfg.monitor.pids.pid[i]))
			continue;
		say("no process %d", cfg.monitor.pids.pid[i]);
		return EXIT_FAILED;
	}
	return start(&admin, &cfg.monitor);
}

const struct command cmd_start = {
	.name = "start",
	.args = "-p PID[,PID...] [OPTIONS]",
	.summary = "switch a kdamond on and leave it on",
	.about =
	"Configures a kdamond for the processes, switches it on and leaves it on, for\n"
	"other programs that read its results. It ends when the processes end, or with\n"
	"'damonctl stop'.",
	.examples =
	"  damonctl start -p 1234\n"
	"  damonctl start -p 1234 -s 10ms -a 1s -n 50,500\n",
	.rows = rows,
	.run = run,
};
