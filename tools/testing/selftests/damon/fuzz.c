// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations by several tasks on everything that DAMON offers: directories made
 * and removed, values, commands, parameters of the modules, the snapshot device, while
 * processes and cgroups that are monitored come and go. Each answer must make sense, no
 * task may be stuck so that it cannot be killed, the kernel must not complain, and
 * afterwards all is as usable as before.
 *
 * Numbers are drawn from a seed: the same seed and number of tasks give each task the
 * same operations, as long as the kernel does not steer (KCOV, see fuzz_corpus.c), and
 * none had to be killed.
 *
 * Environment: DAMON_TEST_MINUTES (3 s); DAMON_TEST_SEED (1); DAMON_TEST_TASKS (4);
 * DAMON_TEST_CORPUS, a file of sequences to begin with.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_param.h"
#include "damon_sysfs.h"
#include "fuzz.h"

#define SHORT_MS	3000
#define PATIENCE_MS	2000	/* with a task that waits */
#define KILLED_MS	120000	/* until it must be gone */
#define PROGRESS_MS	30000
#define TIMEOUT_MS	60000

struct fuzz_shared *fuzz;
struct fuzz_task *fuzz_me;

/* What the supervisor knows of a task. */
struct watch {
	pid_t pid;
	unsigned long ops;	/* when it was looked at last */
	long long since;	/* when that changed, or when it was killed */
	bool killed;
};

static struct watch watches[FUZZ_TASKS];
static int nr_tasks, kmsg;
static const char *trouble;

/* One sequence; the kernel must not be surprised by who comes when. */
static void do_seq(const struct fuzz_seq *seq)
{
	unsigned int i;

	for (i = 0; i < seq->nr && !__atomic_load_n(&fuzz->over, __ATOMIC_RELAXED); i++) {
		errno = 0;
		if (fuzz_do(seq->ops[i]))
			continue;
		snprintf(fuzz->wrong, sizeof(fuzz->wrong), "%s: %s", seq->ops[i],
			 strerror(errno));
		_exit(1);
	}
	__atomic_fetch_add(&fuzz->sequences, 1, __ATOMIC_RELAXED);
}

/* What was given is done by one task each, as it is. */
static void do_given(int task)
{
	for (; fuzz_me->given < fuzz->nr_given; fuzz_me->given++) {
		if (fuzz_me->given % nr_tasks != task)
			continue;
		fuzz_cover_forget();
		do_seq(&fuzz->corpus[fuzz_me->given]);
		fuzz_cover_take(NULL);
	}
}

static void __attribute__((noreturn)) run_task(int task)
{
	static struct fuzz_seq seq;
	int kdamond;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	fuzz_me = &fuzz->tasks[task];
	/* Every other one sees what its kdamonds do, the others what they do themselves. */
	if (fuzz_cover_begin(task, task % 2))
		fuzz->steered = true;
	do_given(task);
	while (!__atomic_load_n(&fuzz->over, __ATOMIC_RELAXED)) {
		kdamond = fuzz_once_in(4) ? fuzz_below(FUZZ_KDAMONDS) :
					    task % FUZZ_KDAMONDS;
		if (fuzz_once_in(2) && fuzz_corpus_pick(&seq))
			fuzz_mutate(&seq, kdamond);
		else
			fuzz_make(&seq, kdamond);
		fuzz_cover_forget();
		do_seq(&seq);
		fuzz_cover_take(&seq);
	}
	_exit(0);
}

static bool start_task(int task)
{
	struct watch *w = &watches[task];

	w->pid = fork();
	if (!w->pid)
		run_task(task);
	w->since = damon_sysfs_now_ms();
	w->killed = false;
	return w->pid > 0;
}

/* The last operations of each task, for those who look for what went wrong. */
static void report(long seed)
{
	const struct fuzz_task *t;
	unsigned long ops, i;
	int task;

	printf("# fuzz: %s; seed %ld, %d tasks\n", trouble, seed, nr_tasks);
	for (task = 0; task < nr_tasks; task++) {
		t = &fuzz->tasks[task];
		ops = __atomic_load_n(&t->ops, __ATOMIC_ACQUIRE);
		printf("# fuzz: task %d, the last of %lu operations:\n", task, ops);
		for (i = ops > FUZZ_LAST ? ops - FUZZ_LAST : 0; i < ops; i++)
			printf("# fuzz: %s\n", t->last[i % FUZZ_LAST]);
	}
	fflush(stdout);
}

/* One that ended: by itself, because it was wrong, or because it was killed. */
static void ended(struct watch *w, int status)
{
	bool was_killed = w->killed;

	w->pid = 0;
	if (!was_killed && status)
		trouble = fuzz->wrong[0] ? fuzz->wrong : "a task has died";
	else if (!fuzz->over && !start_task(w - watches))
		trouble = "no new task";
}

/* Tasks, and targets whose task was killed. */
static void reap(void)
{
	int status, task;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (task = 0; task < nr_tasks; task++)
			if (watches[task].pid == pid)
				ended(&watches[task], status);
}

/* A command may wait for the end of a window that does not come; whoever waits can go. */
static void watch(struct watch *w, const struct fuzz_task *t)
{
	unsigned long ops = __atomic_load_n(&t->ops, __ATOMIC_RELAXED);
	long long now = damon_sysfs_now_ms();

	if (!w->pid)
		return;
	if (w->killed) {
		if (now - w->since > KILLED_MS)
			trouble = "a task cannot be killed";
		return;
	}
	if (ops != w->ops) {
		w->ops = ops;
		w->since = now;
	} else if (now - w->since > PATIENCE_MS) {
		kill(w->pid, SIGKILL);
		fuzz->kills++;
		w->since = now;
		w->killed = true;
	}
}

/* What the kernel itself says; users have another facility, a number from 8 on. */
static void read_log(void)
{
	static const char * const words[] = {
		"BUG: ", "WARNING: ", "KASAN: ", "KCSAN: ", "UBSAN: ", "INFO: ", "Oops",
		"general protection fault", "ODEBUG: ", "refcount_t: ", "oom-kill",
		"page allocation failure",
	};
	char line[8192];
	unsigned int i;
	ssize_t len;

	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (len < 0)
			continue;
		line[len] = '\0';
		for (i = 0; i < ARRAY_SIZE(words) && atoi(line) < 8; i++)
			if (strstr(line, words[i]))
				trouble = "the kernel complained";
	}
}

static unsigned long sum(size_t offset)
{
	unsigned long sum = 0;
	int task;

	for (task = 0; task < nr_tasks; task++)
		sum += *(unsigned long *)((char *)&fuzz->tasks[task] + offset);
	return sum;
}

static void progress(long long begin)
{
	printf("# fuzz: %lld s: %lu operations, %lu refused, %lu sequences, %lu killed",
	       (damon_sysfs_now_ms() - begin) / 1000, sum(offsetof(struct fuzz_task, ops)),
	       sum(offsetof(struct fuzz_task, refused)), fuzz->sequences, fuzz->kills);
	if (fuzz->steered)
		printf("; %u places, %u in the corpus", fuzz->nr_covered, fuzz->nr_corpus);
	printf("\n");
	fflush(stdout);
}

static bool any_task(void)
{
	int task;

	for (task = 0; task < nr_tasks; task++)
		if (watches[task].pid)
			return true;
	return false;
}

static void supervise(long long begin, long long end)
{
	long long next = begin + PROGRESS_MS, now;
	int task;

	while (!trouble && any_task()) {
		reap();
		for (task = 0; task < nr_tasks; task++)
			watch(&watches[task], &fuzz->tasks[task]);
		read_log();
		now = damon_sysfs_now_ms();
		if (now >= end)
			__atomic_store_n(&fuzz->over, true, __ATOMIC_RELAXED);
		if (now >= next) {
			progress(begin);
			next += PROGRESS_MS;
		}
		damon_sysfs_sleep_ms(20);
	}
	__atomic_store_n(&fuzz->over, true, __ATOMIC_RELAXED);
}

/* Also those that only a signal ends. */
static bool end_tasks(void)
{
	long long end = damon_sysfs_now_ms() + KILLED_MS;
	int task;

	for (task = 0; task < nr_tasks; task++) {
		watches[task].killed = true;
		if (watches[task].pid > 0)
			kill(watches[task].pid, SIGKILL);
	}
	while (any_task() && damon_sysfs_now_ms() < end) {
		reap();
		damon_sysfs_sleep_ms(20);
	}
	return !any_task();
}

FIXTURE(fuzz) {
	pid_t victim;
};

FIXTURE_SETUP(fuzz)
{
	fuzz = mmap(NULL, sizeof(*fuzz), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, fuzz);
	nr_tasks = damon_sysfs_option("DAMON_TEST_TASKS", FUZZ_TASKS);
	ASSERT_TRUE(nr_tasks > 0 && nr_tasks <= FUZZ_TASKS);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, kmsg);
	lseek(kmsg, 0, SEEK_END);
	ASSERT_LT(0, fuzz_params_find());
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_write_long("nr_kdamonds", FUZZ_KDAMONDS));
	damon_write_file(FUZZ_CGROUP_DIR "/cgroup.subtree_control", "+memory");
	/* Targets outlive the task that made them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

FIXTURE_TEARDOWN(fuzz)
{
	EXPECT_TRUE(end_tasks());
	fuzz_clean_up();
	EXPECT_TRUE(fuzz_params_restore());
	EXPECT_EQ(0, damon_sysfs_reset());
	/* All of it still works. */
	self->victim = damon_sysfs_victim();
	EXPECT_EQ(0, damon_sysfs_stage(self->victim));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"))
		TH_LOG("%s", damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "off"));
	EXPECT_EQ(0, damon_sysfs_reset());
	EXPECT_EQ(0, damon_sysfs_read_long("nr_kdamonds"));
	damon_sysfs_kill(self->victim);
	close(kmsg);
	munmap(fuzz, sizeof(*fuzz));
}

TEST_F_TIMEOUT(fuzz, all_files, 86400)
{
	long minutes = damon_sysfs_option("DAMON_TEST_MINUTES", 0);
	long seed = damon_sysfs_option("DAMON_TEST_SEED", 1);
	const char *corpus = getenv("DAMON_TEST_CORPUS");
	long long begin = damon_sysfs_now_ms();
	int task;

	if (corpus)
		ASSERT_LE(0, fuzz_corpus_read(corpus));
	for (task = 0; task < nr_tasks; task++) {
		/* Never zero, and unlike that of the next seed. */
		fuzz->tasks[task].random = (seed * FUZZ_TASKS + task + 1) *
					   0x9e3779b97f4a7c15ULL;
		ASSERT_TRUE(start_task(task));
	}
	supervise(begin, begin + (minutes ? minutes * 60000 : SHORT_MS));
	progress(begin);
	EXPECT_EQ(NULL, trouble) report(seed);
	/* Else nobody has looked at anything. */
	EXPECT_LT(10 * nr_tasks, sum(offsetof(struct fuzz_task, ops)));
	fuzz_corpus_print();
}

TEST_HARNESS_MAIN
