// SPDX-License-Identifier: GPL-2.0
/* damonctl record: monitors processes that run already, into a record file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "process.h"
#include "session.h"
#include "unit.h"

/* Ticks of the session between progress lines, flushes and looks at the processes */
#define TICKS_PER_STEP 5

struct record_cfg {
	struct monitor_cfg monitor;
	const char *output;
	u64 duration_us;
};

static const struct opt_row rows[] = {
	{ "", 0, OPT_GROUP, offsetof(struct record_cfg, monitor), .group = target_rows },
	{ "output", 'o', OPT_TEXT, offsetof(struct record_cfg, output), "FILE",
	  "the record (damon.data)" },
	{ "duration", 'd', OPT_TIME, offsetof(struct record_cfg, duration_us), "TIME",
	  "stop after this time (when the processes end)" },
	{ "", 0, OPT_GROUP, offsetof(struct record_cfg, monitor), .group = monitor_rows },
	{ }
};

static void print_progress(const struct session *s, const char *end)
{
	char size[UNIT_LEN];

	fprintf(stderr, "\r%.0f s, %llu snapshots, %s in %s%s",
		(double)(session_now_ns() - s->start_ns) / 1e9,
		s->as.nr_whole, unit_size(size, record_size(&s->record)),
		s->record_path, end);
}

static bool any_alive(const struct opt_pids *pids)
{
	unsigned int i;

	for (i = 0; i < pids->nr; i++)
		if (process_alive(pids->pid[i]))
			return true;
	return false;
}

/* A cgroup is done when the kernel says so, memory never. */
static bool goes_on(const struct monitor_cfg *cfg, const struct session *s)
{
	if (cfg->cgroup)
		return admin_is_on(&s->admin, s->slot.index);
	return cfg->system || any_alive(&cfg->pids);
}

/* Until there is no reason to go on. False when monitoring failed, which was said. */
static bool watch(const struct record_cfg *cfg, struct session *s)
{
	u64 until = cfg->duration_us ? s->start_ns + cfg->duration_us * NSEC_PER_USEC : UINT64_MAX;
	bool tty = isatty(STDERR_FILENO);
	struct signalfd_siginfo info;
	unsigned int ticks = 0, nr_off = 0;

	while (session_now_ns() < until) {
		enum session_event event = session_wait(s, &info);

		if (event == SESSION_FAILED)
			return false;
		if (event == SESSION_SIGNAL && info.ssi_signo != SIGCHLD)
			break;
		if (event != SESSION_TICK || ++ticks % TICKS_PER_STEP)
			continue;
		if (record_flush(&s->record))
			return false;
		if (tty)
			print_progress(s, "");
		if (!goes_on(&cfg->monitor, s))
			break;
		nr_off = admin_is_on(&s->admin, s->slot.index) ? 0 : nr_off + 1;
		/* The kernel knows earlier than we that a process ends. */
		if (nr_off > 1) {
			say("kdamond %d was switched off by someone else", s->slot.index);
			return false;
		}
	}
	return true;
}

static int record(const struct record_cfg *cfg, struct session *s)
{
	char size[UNIT_LEN];
	bool good;
	u64 bytes;

	if (session_signals(s) || session_begin(s))
		return EXIT_FAILED;
	good = watch(cfg, s);
	if (isatty(STDERR_FILENO))
		print_progress(s, "\n");
	if (session_finish(s))
		good = false;
	bytes = record_size(&s->record);
	fprintf(stderr, "damonctl: %llu snapshots, %s in %s\n", s->as.nr_whole,
		unit_size(size, bytes), s->record_path);
	if (s->source.lost || s->as.nr_torn)
		say("note: %llu %s lost, %llu snapshots incomplete and left out",
		    s->source.lost, s->source.kind == SOURCE_DEVICE ? "windows" : "events",
		    s->as.nr_torn);
	return good ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	struct record_cfg cfg = {
		.monitor = { MONITOR_DEFAULTS(1000000) },
		.output = "damon.data",
	};
	struct session s = { .cfg = &cfg.monitor, .signal_fd = -1, .tick_fd = -1, .record_fd = -1 };
	char command[RECORD_TEXT_LEN];
	int at, status;

	at = opt_parse(&cmd_record, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_record, "'%s' is no option; processes are given with -p",
				 argv[at]);
	status = target_check(&cmd_record, &cfg.monitor);
	if (!status)
		status = monitor_check(&cmd_record, &cfg.monitor);
	if (!status)
		status = target_find(&cfg.monitor);
	if (status)
		return status;

	if (cfg.monitor.cgroup)
		snprintf(command, sizeof(command), "cgroup %s", cfg.monitor.cgroup);
	else if (cfg.monitor.system)
		snprintf(command, sizeof(command), "physical memory");
	else
		process_command(cfg.monitor.pids.pid[0], command, sizeof(command));
	s.command = command;
	s.record_path = cfg.output;
	status = record(&cfg, &s);
	session_end(&s);
	return status;
}

const struct command cmd_record = {
	.name = "record",
	.args = "-p PID|NAME | -a | --cgroup PATH [OPTIONS]",
	.summary = "monitor processes, a cgroup or all memory into a file",
	.about =
	"Monitors processes that run already, all of a cgroup, or all memory, and writes\n"
	"every snapshot to a file for 'damonctl report'. Ends when all of them have ended,\n"
	"after the duration, or with Ctrl-C; the record is complete in each case. A name\n"
	"is that of a program, or, if none is called so, any part of its command line; all\n"
	"that fit are monitored.",
	.examples =
	"  damonctl record -p 1234 -d 30s\n"
	"  damonctl record -p 1234,1235 -o db.data -s 10ms -A 200ms\n"
	"  damonctl record -p redis-server -n 100,2000\n"
	"  damonctl record -a -s 50ms -A 1s -d 10m    all memory, seldom\n"
	"  damonctl record --cgroup /sys/fs/cgroup/web.slice -o web.data\n",
	.rows = rows,
	.run = run,
};
