// SPDX-License-Identifier: GPL-2.0
/* damonctl run: starts a command, monitors it until it ends, shows what it touched. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "process.h"
#include "session.h"
#include "unit.h"
#include "view.h"

/* Ticks of the session between two looks at the kdamond */
#define TICKS_PER_CHECK 5

struct run_cfg {
	struct monitor_cfg monitor;
	struct view_cfg view;
	const char *output;
	bool quiet;
};

static const struct opt_row rows[] = {
	{ "", 0, OPT_GROUP, offsetof(struct run_cfg, monitor), .group = monitor_rows },
	{ "children", 0, OPT_FLAG, offsetof(struct run_cfg, monitor.children), NULL,
	  "also monitor the processes that it starts" },
	{ "output", 'o', OPT_TEXT, offsetof(struct run_cfg, output), "FILE",
	  "keep the record for 'damonctl report' (none)" },
	{ "", 0, OPT_GROUP, offsetof(struct run_cfg, view), .group = view_rows },
	{ "quiet", 'q', OPT_FLAG, offsetof(struct run_cfg, quiet), NULL,
	  "no heat map and summary on the terminal" },
	{ }
};

static void join_words(char *text, size_t size, char *const *words)
{
	size_t len = 0;

	for (*text = '\0'; *words && len < size - 1; words++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", len ? " " : "", *words);
}

/* Until the command ends. False when monitoring failed, which was said. */
static bool watch(struct session *s, struct process *p)
{
	struct signalfd_siginfo info;
	unsigned int ticks = 0, nr_off = 0;
	bool good = true;

	while (!process_ended(p)) {
		enum session_event event = session_wait(s, &info);

		if (event == SESSION_SIGNAL && info.ssi_signo != SIGCHLD) {
			/* What comes from the terminal, the command gets as well. */
			if (info.ssi_code != SI_KERNEL)
				kill(p->pid, (int)info.ssi_signo);
			continue;
		}
		if (event == SESSION_TICK && good) {
			process_look_for_children(p);
			if (++ticks % TICKS_PER_CHECK)
				continue;
			nr_off = admin_is_on(&s->admin, s->slot.index) ? 0 : nr_off + 1;
			/* The kernel knows earlier than we that a process ends. */
			if (nr_off < 2)
				continue;
			say("kdamond %d was switched off by someone else; the command goes on",
			    s->slot.index);
			event = SESSION_FAILED;
		}
		if (event == SESSION_FAILED && good) {
			session_mute(s);
			good = false;
		}
	}
	return good;
}

static void explain_nothing(const struct session *s, const char *command, u64 released_ns)
{
	char took[UNIT_LEN], window[UNIT_LEN];
	u64 us = (s->end_ns - released_ns) / NSEC_PER_USEC;

	unit_time_us(window, s->cfg->aggr_us);
	if (us < 2 * s->cfg->aggr_us)
		say("'%s' ended after %s, before the first aggregation (%s); try -s 1ms -A 10ms",
		    command, unit_time_us(took, us), window);
	else
		say("no snapshot of '%s' within %s, though one was due each %s",
		    command, unit_time_us(took, us), window);
}

static int show(const struct run_cfg *cfg, const struct session *s, const struct process *p,
		struct record_reader *r)
{
	double user = (double)p->usage.ru_utime.tv_sec + (double)p->usage.ru_utime.tv_usec / 1e6;
	double sys = (double)p->usage.ru_stime.tv_sec + (double)p->usage.ru_stime.tv_usec / 1e6;
	struct view_cfg text = cfg->view;
	char rss[UNIT_LEN];
	int err = 0;

	text.png = NULL;
	text.svg = NULL;
	if (!cfg->quiet) {
		fprintf(stderr, "\nMemory access of '%s':\n\n", s->command);
		err = view_heatmap(r, &text);
		fputc('\n', stderr);
		if (!err)
			err = view_summary(r, &text);
		fprintf(stderr, "  %12s  resident at most; %.2f s user, %.2f s system\n",
			unit_size(rss, (u64)p->usage.ru_maxrss * 1024), user, sys);
	}
	if (!err && view_pictures(&cfg->view))
		err = view_heatmap(r, &cfg->view);
	if (!err && cfg->view.html)
		err = view_page(r, &cfg->view);
	return err;
}

static int open_record(const struct session *s, struct record_reader *r)
{
	return s->record_path ? record_open(r, s->record_path) :
	       record_open_fd(r, s->record_fd, "the temporary record");
}

static bool report(const struct run_cfg *cfg, const struct session *s, const struct process *p)
{
	struct record_reader r = { 0 };
	int err = 0;

	if (!s->as.nr_whole) {
		explain_nothing(s, s->command, p->released_ns);
	} else {
		err = open_record(s, &r);
		if (!err)
			err = show(cfg, s, p, &r);
		record_reader_free(&r);
	}
	if (p->forked && !cfg->monitor.children)
		say("note: it started other processes; only the first was monitored");
	if (s->source.lost || s->as.nr_torn)
		say("note: %llu %s lost, %llu snapshots incomplete and left out",
		    s->source.lost, s->source.kind == SOURCE_DEVICE ? "windows" : "events",
		    s->as.nr_torn);
	return !err;
}

/* Monitors the command, which waits at its first instruction. */
static int monitor(struct run_cfg *cfg, struct session *s, struct process *p)
{
	bool good;

	if (session_begin(s)) {
		process_kill(p);
		return EXIT_FAILED;
	}
	if (process_release(p)) {
		process_kill(p);
		return EXIT_FAILED;
	}
	p->released_ns = session_now_ns();
	good = watch(s, p);
	process_look_for_children(p);
	if (session_finish(s))
		good = false;
	process_reap(p);
	if (good)
		good = report(cfg, s, p);
	return good ? process_exit_status(p) : EXIT_FAILED;
}

static int run_command(int argc, char **argv)
{
	struct run_cfg cfg = {
		.monitor = { MONITOR_DEFAULTS(100000) },
		.view = { VIEW_DEFAULTS, .out = stderr },
	};
	struct session s = { .cfg = &cfg.monitor, .signal_fd = -1, .tick_fd = -1, .record_fd = -1 };
	struct process p = { 0 };
	char command[RECORD_TEXT_LEN];
	int at, status;

	at = opt_parse(&cmd_run, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at == argc)
		return opt_fault(&cmd_run, "no command to run");
	if (!strcmp(cfg.monitor.ops, "paddr"))
		return opt_fault(&cmd_run, "--ops paddr is for 'damonctl record -a'");
	status = monitor_check(&cmd_run, &cfg.monitor);
	if (!status)
		status = view_check(&cmd_run, &cfg.view);
	if (status)
		return status;

	join_words(command, sizeof(command), argv + at);
	s.command = command;
	s.record_path = cfg.output;
	if (session_signals(&s)) {
		status = EXIT_FAILED;
	} else {
		status = process_start(&p, argv + at, &s.old_mask);
		cfg.monitor.pids.pid[cfg.monitor.pids.nr++] = p.pid;
		if (!status)
			status = monitor(&cfg, &s, &p);
	}
	session_end(&s);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.args = "[OPTIONS] -- COMMAND [ARGS]",
	.summary = "start a command and show which memory it touches",
	.about =
	"Starts COMMAND, monitors it from its first instruction until it ends, and shows\n"
	"a heat map and a summary to the standard error output. As a program maps most of\n"
	"its memory after it has started, mappings are looked at every 100 ms by default.\n"
	"Ctrl-C goes to COMMAND; what was seen until then is shown. Only the process that\n"
	"was started is monitored, unless --children is given.\n"
	"\n"
	"Exit status: that of COMMAND (128 + N when signal N ended it); 127 when it does\n"
	"not exist, 126 when it cannot be started; 1 when monitoring failed; 2 for wrong\n"
	"options.",
	.examples =
	"  damonctl run -- ls -lR /usr\n"
	"  damonctl run --png sort.png -- sort big.txt -o sorted.txt\n"
	"  damonctl run -s 1ms -A 20ms -o short.data -- ./short-program\n",
	.rows = rows,
	.stop_at_arg = true,
	.run = run_command,
};
