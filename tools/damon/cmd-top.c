// SPDX-License-Identifier: GPL-2.0
/* damonctl top: a live view of all kdamonds, with their hottest and coldest regions. */
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "latest.h"
#include "session.h"
#include "signals.h"
#include "unit.h"

#define SCREEN_WIDTH	80

struct top_cfg {
	u64 delay_us, rounds, lines;
	bool batch;
};

static const struct opt_row rows[] = {
	{ "delay", 'd', OPT_TIME, offsetof(struct top_cfg, delay_us), "TIME",
	  "between two looks (1s)" },
	{ "rounds", 'n', OPT_NUMBER, offsetof(struct top_cfg, rounds), "N",
	  "looks until it ends (no end on a terminal, else 1)" },
	{ "lines", 'l', OPT_NUMBER, offsetof(struct top_cfg, lines), "N",
	  "hottest and coldest regions of a kdamond (8)" },
	{ "batch", 'b', OPT_FLAG, offsetof(struct top_cfg, batch), NULL,
	  "plain text, also on a terminal" },
	{ }
};

/* A region on its way to the list */
struct ranked {
	const struct latest_target *target;
	const struct region *region;
};

static int by_heat(const void *a, const void *b)
{
	const struct region *x = ((const struct ranked *)a)->region;
	const struct region *y = ((const struct ranked *)b)->region;

	if (x->nr_accesses != y->nr_accesses)
		return x->nr_accesses < y->nr_accesses ? 1 : -1;
	/* Idle for long is colder, hot for long is hotter. */
	if (x->age != y->age)
		return (x->age < y->age) == !!x->nr_accesses ? 1 : -1;
	return (x->start > y->start) - (x->start < y->start);
}

static void print_region(FILE *out, const struct latest *k, const struct ranked *ranked)
{
	const struct region *region = ranked->region;
	u64 max = k->info.cfg.aggr_us / (k->info.cfg.sample_us ? k->info.cfg.sample_us : 1);
	const char *name = areas_name(&ranked->target->areas, region->start);
	char size[UNIT_LEN], age[UNIT_LEN];

	fprintf(out, "  %7u %16llx %10s %6llu %% %9s  %s\n", ranked->target->snap.pid,
		region->start, unit_size(size, region->end - region->start),
		100 * region->nr_accesses / (max ? max : 1),
		unit_time_us(age, region->age * k->info.cfg.aggr_us), name ? name : "");
}

static int print_regions(FILE *out, const struct latest *k, u32 nr, u64 lines)
{
	struct ranked *ranked = calloc(nr ? nr : 1, sizeof(*ranked));
	u32 i, m, at = 0;

	if (!ranked)
		return -ENOMEM;
	for (i = 0; i < k->nr; i++)
		for (m = 0; m < k->target[i].snap.nr; m++)
			ranked[at++] = (struct ranked){ &k->target[i],
							&k->target[i].snap.regions[m] };
	qsort(ranked, at, sizeof(*ranked), by_heat);
	fprintf(out, "  %7s %16s %10s %8s %9s  %s\n", "PID", "START", "SIZE", "ACCESSED",
		"FOR", "AREA");
	for (i = 0; i < at && i < lines; i++)
		print_region(out, k, &ranked[i]);
	if (at > 2 * lines)
		fputs("      ...\n", out);
	for (i = at > 2 * lines ? at - (u32)lines : i; i < at; i++)
		print_region(out, k, &ranked[i]);
	free(ranked);
	return 0;
}

static void name_areas(struct latest *k)
{
	struct areas now = { 0 };
	u32 i;

	for (i = 0; i < k->nr; i++) {
		struct latest_target *target = &k->target[i];

		areas_free(&target->areas);
		if (!areas_look(&now, (int)target->snap.pid, 1))
			areas_flatten(&now, 0, &target->areas);
		areas_free(&now);
	}
}

static int print_kdamond(FILE *out, struct latest *k, u64 lines)
{
	char size[3][UNIT_LEN], sample[UNIT_LEN], aggr[UNIT_LEN];
	u64 watched, touched, hot;
	u32 regions;

	latest_sum(k, &watched, &touched, &hot, &regions);
	fprintf(out, "kdamond %d, pid %d: %s, sample %s, aggregation %s", k->index, k->info.pid,
		k->info.ops, unit_time_us(sample, k->info.cfg.sample_us),
		unit_time_us(aggr, k->info.cfg.aggr_us));
	if (k->has_cost)
		fprintf(out, ", %.2g %% of a CPU",
			100.0 * (double)k->cost.runtime_ns / (double)k->cost.elapsed_ns);
	if (k->source.kind == SOURCE_TRIED) {
		fputs("\n  on this kernel, regions are seen only by changing schemes\n\n", out);
		return 0;
	}
	fprintf(out, "\n  %u target%s, %u regions, %s monitored, %s touched, %s hot\n", k->nr,
		PLURAL(k->nr), regions, unit_size(size[0], watched), unit_size(size[1], touched),
		unit_size(size[2], hot));
	if (!k->nr) {
		fputs("  no window has ended yet\n\n", out);
		return 0;
	}
	name_areas(k);
	if (print_regions(out, k, regions, lines))
		return -ENOMEM;
	fputc('\n', out);
	return 0;
}

static int print_all(FILE *out, const struct latest_all *all, u64 lines)
{
	time_t now = time(NULL);
	struct tm tm;
	int err = 0;
	u32 i;

	localtime_r(&now, &tm);
	fprintf(out, "damonctl top, %02d:%02d:%02d: %u kdamond%s on\n\n", tm.tm_hour, tm.tm_min,
		tm.tm_sec, all->nr, PLURAL(all->nr));
	if (!all->nr)
		fputs("Nothing is monitored. 'damonctl start -p PID' begins to.\n", out);
	for (i = 0; i < all->nr && !err; i++)
		err = print_kdamond(out, all->kdamond[i], lines);
	return err;
}

/* False: do not go on. */
static bool wait_until(u64 then_ns)
{
	const struct timespec step = { .tv_nsec = 50000000 };

	while (session_now_ns() < then_ns && !signals_pending())
		nanosleep(&step, NULL);
	return !signals_pending();
}

static int run_batch(struct latest_all *all, const struct admin *admin, const struct top_cfg *cfg)
{
	u64 round, rounds = cfg->rounds ? cfg->rounds : 1;

	for (round = 0; round < rounds; round++) {
		if (round && !wait_until(session_now_ns() + cfg->delay_us * NSEC_PER_USEC))
			break;
		if (latest_wait(all, admin) || print_all(stdout, all, cfg->lines) ||
		    flush_output())
			return EXIT_FAILED;
	}
	return EXIT_OK;
}

/* What the last look gave, as much as fits on the screen */
static int show_screen(const struct latest_all *all, u64 lines)
{
	char *text = NULL, *line, *rest;
	FILE *out;
	size_t len;
	int err, y = 0;

	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	err = print_all(out, all, lines);
	if (fclose(out))
		err = -ENOMEM;
	erase();
	for (rest = text; !err && (line = strsep(&rest, "\n")) && y < LINES - 1; y++)
		mvaddnstr(y, 0, line, COLS);
	mvaddnstr(LINES - 1, 0, "q: quit   + -: more or fewer regions", COLS);
	refresh();
	free(text);
	return err;
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = 1;
}

static int run_screen(struct latest_all *all, const struct admin *admin, const struct top_cfg *cfg)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int wait_ms = cfg->delay_us < USEC_PER_SEC ? (int)(cfg->delay_us / 1000) + 1 : 1000;
	u64 round = 0, lines = cfg->lines, next = session_now_ns();
	int key, err = 0;

	while (!stopped && !err && (!cfg->rounds || round < cfg->rounds)) {
		if (session_now_ns() >= next) {
			err = latest_look(all, admin);
			next = session_now_ns() + cfg->delay_us * NSEC_PER_USEC;
			round++;
		}
		if (!err)
			err = show_screen(all, lines);
		/* Events must not wait for so long that their buffer is full. */
		poll(&input, 1, wait_ms);
		while ((key = getch()) != ERR) {
			if (key == 'q')
				return 0;
			if (key == '+')
				lines++;
			if (key == '-' && lines > 1)
				lines--;
		}
	}
	return err;
}

static int run_terminal(struct latest_all *all, const struct admin *admin,
			const struct top_cfg *cfg)
{
	const struct sigaction action = { .sa_handler = stop };
	SCREEN *screen;
	int err;

	/* Once, before the screen is taken, so that faults can be read. */
	if (latest_look(all, admin))
		return EXIT_FAILED;
	setlocale(LC_ALL, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		say("nothing is known about the terminal '%s'; try --batch",
		    getenv("TERM") ? getenv("TERM") : "");
		return EXIT_FAILED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	err = run_screen(all, admin, cfg);
	endwin();
	delscreen(screen);
	if (err)
		say("top ended: %s", strerror(-err));
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct top_cfg cfg = { .delay_us = USEC_PER_SEC, .lines = 8 };
	struct latest_all all = { 0 };
	struct admin admin;
	int at, status;

	at = opt_parse(&cmd_top, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_top, "it takes no argument, such as '%s'", argv[at]);
	if (!cfg.lines || cfg.lines > 1000)
		return opt_fault(&cmd_top, "--lines: expected 1 to 1000");
	if (admin_open(&admin))
		return EXIT_FAILED;
	if (cfg.batch || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		signals_hold();
		status = run_batch(&all, &admin, &cfg);
		latest_free(&all);
		signals_release();
	} else {
		status = run_terminal(&all, &admin, &cfg);
		latest_free(&all);
	}
	return status;
}

const struct command cmd_top = {
	.name = "top",
	.args = "[OPTIONS]",
	.summary = "watch all kdamonds: what they cost, hottest and coldest memory",
	.about =
	"Shows every kdamond that is on, whoever started it: how much it monitors and what\n"
	"that costs, its hottest regions and, below the dots, its coldest. It only reads.\n"
	"Ends with q or Ctrl-C.",
	.examples =
	"  damonctl top\n"
	"  damonctl top -d 5s -l 3\n"
	"  damonctl top --batch -n 10 > log\n",
	.rows = rows,
	.run = run,
};
