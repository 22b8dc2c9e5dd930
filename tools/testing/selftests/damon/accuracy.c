// SPDX-License-Identifier: GPL-2.0
/*
 * Does the monitor see what a program really does? A child touches parts of 512
 * MiB once a millisecond, by a schedule that it writes down. What the tracepoint
 * reports is held against the schedule: precision, recall and F1 in bytes, of "a
 * region is called accessed when its count is at least a quarter of the samples
 * of a window". Windows in which the schedule changes are left out.
 *
 * Where the guest's clock counts instructions (kernel argument "icount") the
 * figures repeat exactly and the bounds are those that we promise. Elsewhere the
 * host decides how much the child gets done, and they are wider.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "damon_sysfs.h"
#include "damon_trace.h"

#define MIB		(1UL << 20)
#define ARENA_SZ	(512 * MIB)
#define SAMPLE_US	5000
#define AGGR_US		100000
#define NR_SAMPLES	(AGGR_US / SAMPLE_US)
#define SEC		1000000000ULL
#define MAX_PHASES	64
#define PHASE_NS	(2 * SEC)
#define RUN_NS		(6 * SEC)

struct range {
	unsigned long start;
	unsigned long end;
};

/* What is hot in a phase: one of up to 16 ranges, or nothing from nr on. */
struct pattern {
	const char *name;
	unsigned int nr;
	struct range (*hot)(unsigned int phase, unsigned int i);
	double bound;		/* of precision and recall, in counted time */
	bool twice;		/* another context watches the same process */
};

static struct range stairs(unsigned int phase, unsigned int i)
{
	unsigned long at = phase * 3 % 8 * 64 * MIB;

	return (struct range){ at, at + 64 * MIB };
}

static struct range scattered(unsigned int phase, unsigned int i)
{
	unsigned long at = i * 32 * MIB + i * i % 7 * 4 * MIB + 0x53000;

	return (struct range){ at, at + 4 * MIB };
}

static struct range spot(unsigned int phase, unsigned int i)
{
	return (struct range){ 300 * MIB + 0x4d000, 302 * MIB + 0x4d000 };
}

static const struct pattern patterns[] = {
	{ "a moving eighth", 1, stairs, 0.98 },
	/* hazard G3: contexts that clear the same bits */
	{ "a moving eighth, watched twice", 1, stairs, 0.97, true },
	{ "16 scattered spots", 16, scattered, 0.96 },
	{ "one spot of 2 MiB", 1, spot, 0.96 },
};

/* Written by the child, read by the parent. */
struct schedule {
	volatile unsigned int nr;
	uint64_t since[MAX_PHASES];
};

/* Bytes, summed over windows. */
struct score {
	double hit, wrong, missed;
};

struct run {
	const struct pattern *pattern;
	struct schedule *schedule;
	unsigned long arena;
	uint64_t on;		/* when the monitoring began */
	uint64_t window;	/* time stamp of the window being read */
	unsigned int windows;
	unsigned long regions;
	struct score score, sum;
	double f1_sum;
	uint64_t first_good;	/* ns from on to the first F1 >= 0.9 */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static void nap(uint64_t ns)
{
	struct timespec ts = { ns / SEC, ns % SEC };

	nanosleep(&ts, NULL);
}

static void work(const struct pattern *pattern, char *arena,
		 struct schedule *schedule)
{
	unsigned int phase = 0, i;
	uint64_t begin = now();

	schedule->since[0] = begin;
	for (schedule->nr = 1;; nap(SEC / 1000)) {
		if (now() - begin >= (phase + 1) * PHASE_NS &&
		    phase + 1 < MAX_PHASES) {
			schedule->since[++phase] = now();
			schedule->nr = phase + 1;
		}
		for (i = 0; i < pattern->nr; i++) {
			struct range hot = pattern->hot(phase, i);
			unsigned long at;

			for (at = hot.start; at < hot.end; at += 4096)
				*(volatile char *)(arena + at);
		}
	}
}

/* The phase that was in force all through (begin, end], or -1. */
static int phase_at(const struct schedule *schedule, uint64_t begin,
		    uint64_t end)
{
	int i;

	for (i = schedule->nr - 1; i >= 0; i--)
		if (schedule->since[i] <= end)
			return schedule->since[i] <= begin ? i : -1;
	return -1;
}

static double overlap(unsigned long a, unsigned long b, struct range r)
{
	if (a < r.start)
		a = r.start;
	if (b > r.end)
		b = r.end;
	return a < b ? b - a : 0;
}

static double ratio(double part, double rest)
{
	return part + rest ? part / (part + rest) : 0;
}

static double f1(const struct score *s)
{
	return ratio(2 * s->hit, s->wrong + s->missed);
}

static void end_window(struct run *run)
{
	double f = f1(&run->score);

	run->windows++;
	run->f1_sum += f;
	if (f >= 0.9 && !run->first_good)
		run->first_good = run->window - run->on;
	run->sum.hit += run->score.hit;
	run->sum.wrong += run->score.wrong;
	run->sum.missed += run->score.missed;
}

static void judge_region(const struct damon_event *e, void *data)
{
	const uint64_t slack = 10 * SEC / 1000;
	struct run *run = data;
	double hot = 0, sz;
	unsigned int i;
	int phase;

	phase = phase_at(run->schedule, e->ns - AGGR_US * 1000ULL - slack,
			 e->ns);
	if (phase < 0 || e->ns - AGGR_US * 1000ULL < run->on)
		return;
	/* All events of a window come within a sampling interval. */
	if (e->ns - run->window > SAMPLE_US * 1000ULL) {
		if (run->window)
			end_window(run);
		run->window = e->ns;
		run->score = (struct score){};
		run->regions += e->nr_regions;
	}
	sz = overlap(e->start, e->end,
		     (struct range){ run->arena, run->arena + ARENA_SZ });
	for (i = 0; i < run->pattern->nr; i++) {
		struct range r = run->pattern->hot(phase, i);

		r.start += run->arena;
		r.end += run->arena;
		hot += overlap(e->start, e->end, r);
	}
	if (e->nr_accesses * 4 >= NR_SAMPLES) {
		run->score.hit += hot;
		run->score.wrong += sz - hot;
	} else {
		run->score.missed += hot;
	}
}

static unsigned long long cpu_time(int pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		printf("# %s cannot be read\n", path);
	if (f)
		fclose(f);
	return ns;
}

/* Monitor @child for RUN_NS. Returns the kdamond's run time, or 0 on failure. */
static unsigned long long monitor(pid_t child, struct run *run)
{
	struct damon_trace *trace = malloc(sizeof(*trace));
	unsigned long long ns = 0;
	int kdamond;

	if (!trace || damon_trace_open(trace))
		goto free_trace;
	if (damon_sysfs_stage_many(run->pattern->twice ? 2 : 1, child))
		goto close_trace;
	/* The second to be switched on is the one that is read. */
	if ((run->pattern->twice && damon_sysfs_write("1/state", "on")) ||
	    damon_sysfs_write("0/state", "on"))
		goto off;
	run->on = now();
	kdamond = damon_sysfs_read_long("0/pid");
	if (damon_trace_filter(trace, kdamond))
		goto off;
	while (now() - run->on < RUN_NS) {
		nap(SEC / 5);
		if (damon_trace_read(trace, judge_region, run) < 0)
			goto off;
	}
	ns = cpu_time(kdamond);
off:
	damon_sysfs_reset();
close_trace:
	damon_trace_close(trace);
free_trace:
	free(trace);
	return ns;
}

static void test(const struct pattern *pattern, bool counted)
{
	struct run run = { .pattern = pattern };
	double precision, recall, bound;
	unsigned long long ns;
	struct schedule *s;
	char *arena;
	pid_t child;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	arena = mmap(NULL, ARENA_SZ, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED || arena == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	madvise(arena, ARENA_SZ, MADV_NOHUGEPAGE);
	child = fork();
	if (!child) {
		memset(arena, 1, ARENA_SZ);
		work(pattern, arena, s);
	}
	while (!s->nr)
		nap(SEC / 100);
	run.schedule = s;
	run.arena = (unsigned long)arena;
	ns = monitor(child, &run);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);

	precision = ratio(run.sum.hit, run.sum.wrong);
	recall = ratio(run.sum.hit, run.sum.missed);
	if (!run.windows)
		run.windows = 1;
	printf("# %s: precision %.3f, recall %.3f, mean F1 %.3f over %u windows\n",
	       pattern->name, precision, recall, run.f1_sum / run.windows,
	       run.windows);
	printf("# F1 >= 0.9 after %llu ms; %lu regions; kdamond %.1f M instructions/s\n",
	       (unsigned long long)run.first_good / 1000000,
	       run.regions / run.windows, ns / 1e6 / (RUN_NS / SEC));
	bound = counted ? pattern->bound : pattern->bound / 2;
	ksft_test_result(ns && precision >= bound && recall >= bound,
			 "%s: precision and recall are at least %.2f\n",
			 pattern->name, bound);
	munmap(arena, ARENA_SZ);
	munmap(s, sizeof(*s));
}

int main(void)
{
	char cmdline[1024] = "";
	FILE *f = fopen("/proc/cmdline", "r");
	unsigned int i;

	if (f) {
		if (!fgets(cmdline, sizeof(cmdline), f))
			cmdline[0] = '\0';
		fclose(f);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(patterns));
	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		test(&patterns[i], strstr(cmdline, "icount"));
	ksft_finished();
}
