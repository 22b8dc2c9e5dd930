// SPDX-License-Identifier: GPL-2.0
/*
 * What is written to the file state, one after the other: sequences, refusals
 * with their errno and last_error, the end of a target. A context that runs goes
 * on undisturbed, whatever is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"
#define ULONG_MAX_TEXT	"18446744073709551615"

/* Generous: the guest may be slow. What hangs takes for ever. */
#define TIMEOUT_MS	10000

/* No process has it: above the highest possible pid. */
#define NO_PID		"4194305"

static int command(const char *keyword)
{
	return damon_sysfs_write("0/state", keyword);
}

/* How often the kdamond has gone to sleep. */
static long nr_switches(long pid)
{
	char path[64], line[128];
	long nr = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &nr) == 1)
			break;
	fclose(f);
	return nr;
}

/* Is it on, still as the thread @pid, and at work? */
static bool works_on(long pid)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;
	long nr = nr_switches(pid);

	if (!damon_sysfs_is_on(0) || damon_sysfs_read_long("0/pid") != pid ||
	    nr < 0)
		return false;
	while (nr_switches(pid) < nr + 2) {
		if (damon_sysfs_now_ms() > end)
			return false;
		damon_sysfs_sleep_ms(10);
	}
	return true;
}

/* One line that begins like this? */
static bool last_error_begins(const char *how)
{
	const char *text = damon_sysfs_text("0/last_error");

	if (!strncmp(text, how, strlen(how)) &&
	    strchr(text, '\n') == text + strlen(text) - 1)
		return true;
	printf("# last_error: '%s' instead of '%s'\n", text, how);
	return false;
}

/* What has ended takes a moment to go. */
static bool vanishes(const char *path)
{
	long long end = damon_sysfs_now_ms() + TIMEOUT_MS;

	while (!access(path, F_OK)) {
		if (damon_sysfs_now_ms() > end)
			return false;
		damon_sysfs_sleep_ms(10);
	}
	return true;
}

FIXTURE(state) {
	pid_t victim;
};

FIXTURE_SETUP(state)
{
	self->victim = damon_sysfs_victim();
	ASSERT_LT(0, self->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_stage(self->victim));
}

FIXTURE_TEARDOWN(state)
{
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(self->victim);
}

TEST_F(state, on_off)
{
	char path[64], comm[32] = "";
	FILE *f;
	int i;

	EXPECT_STREQ("off\n", damon_sysfs_text("0/state"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, command("on"));
		EXPECT_STREQ("on\n", damon_sysfs_text("0/state"));
		EXPECT_LT(1, damon_sysfs_read_long("0/pid"));
		ASSERT_TRUE(works_on(damon_sysfs_read_long("0/pid")));
		snprintf(path, sizeof(path), "/proc/%ld/comm",
			 damon_sysfs_read_long("0/pid"));
		f = fopen(path, "r");
		ASSERT_NE(NULL, f);
		EXPECT_NE(NULL, fgets(comm, sizeof(comm), f));
		fclose(f);
		EXPECT_EQ(0, strncmp(comm, "kdamond.", 8));

		ASSERT_EQ(0, command("off\n"));
		EXPECT_STREQ("off\n", damon_sysfs_text("0/state"));
		EXPECT_STREQ("-1\n", damon_sysfs_text("0/pid"));
		EXPECT_TRUE(vanishes(path));
	}
}

/* hazards A4, A16, A26: nothing hangs that never started. */
TEST_F(state, never_on)
{
	EXPECT_EQ(-EINVAL, command("off"));
	EXPECT_STREQ("state: never on\n", damon_sysfs_text("0/last_error"));
	EXPECT_EQ(-EINVAL, command("commit"));
	EXPECT_STREQ("state: never on\n", damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, command("on"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
}

TEST_F(state, unknown_keywords)
{
	static const char * const keywords[] = {
		"", "\n", "o", "onn", "On", " on", "on ", "on\n\n", "commits",
		"update_tuned_interval", "-1", "0",
	};
	unsigned int i;
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	for (i = 1; i < ARRAY_SIZE(keywords); i++) {
		EXPECT_EQ(-EINVAL, command(keywords[i]));
		EXPECT_STREQ("state: unknown keyword\n",
			     damon_sysfs_text("0/last_error"));
	}
	EXPECT_TRUE(works_on(pid));
	/* One line end is nothing wrong; a success clears the error. */
	EXPECT_EQ(0, command("commit\n"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
}

TEST_F(state, twice)
{
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	EXPECT_EQ(-EBUSY, command("on"));
	EXPECT_STREQ("state: already on\n", damon_sysfs_text("0/last_error"));
	EXPECT_TRUE(works_on(pid));
	EXPECT_EQ(0, command("off"));
	EXPECT_EQ(0, command("off"));
	EXPECT_EQ(-ECANCELED, command("commit"));
	EXPECT_STREQ("state: the kdamond has ended\n",
		     damon_sysfs_text("0/last_error"));
	EXPECT_EQ(0, command("on"));
	EXPECT_STREQ("", damon_sysfs_text("0/last_error"));
}

/* hazards C2, C4: directories go while it runs. */
TEST_F(state, without_directories)
{
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "0"));
	EXPECT_EQ(-EINVAL, command("commit"));
	EXPECT_STREQ("contexts/nr_contexts: 0 is not 1\n",
		     damon_sysfs_text("0/last_error"));
	EXPECT_EQ(-EINVAL, command("on"));
	EXPECT_TRUE(works_on(pid));
	EXPECT_EQ(-EBUSY, damon_sysfs_write("nr_kdamonds", "0"));
	EXPECT_EQ(-EBUSY, damon_sysfs_write("nr_kdamonds", "1"));
	EXPECT_TRUE(works_on(pid));
	EXPECT_EQ(0, command("off"));
	EXPECT_EQ(-EINVAL, command("on"));
	EXPECT_EQ(0, damon_sysfs_write("nr_kdamonds", "1"));
	/* hazard A3: what was on is forgotten with its directory. */
	EXPECT_EQ(-EINVAL, command("off"));
}

/* A staged value that is refused; what is staged apart from the defaults. */
struct refusal {
	const char *path[3];
	const char *text[3];
	const char *reason;	/* how it begins: the file, the value at fault */
	bool unless_paddr, with_paddr;
};

#define REGION(n, member) TARGET "regions/" #n "/" member

static const struct refusal refusals[] = {
	{ { ATTRS "nr_regions/min" }, { "2" },
	  "contexts/0/monitoring_attrs/nr_regions: min 2 " },
	{ { ATTRS "nr_regions/min" }, { "0" },
	  "contexts/0/monitoring_attrs/nr_regions: min 0 " },
	{ { ATTRS "nr_regions/max" }, { "9" },
	  "contexts/0/monitoring_attrs/nr_regions: min 10 " },
	{ { ATTRS "nr_regions/min" }, { ULONG_MAX_TEXT },
	  "contexts/0/monitoring_attrs/nr_regions: min " ULONG_MAX_TEXT },
	{ { ATTRS "intervals/sample_us" }, { "100001" },
	  "contexts/0/monitoring_attrs/intervals: sample_us 100001 " },
	/* hazards D1, D4, D21 */
	{ { ATTRS "intervals/aggr_us" }, { "0" },
	  "contexts/0/monitoring_attrs/intervals: sample_us 5000 " },
	/* hazard C1 */
	{ { TARGET "pid_target" }, { NO_PID },
	  "contexts/0/targets/0: no process with pid " NO_PID "\n" },
	{ { TARGET "pid_target" }, { "0" },
	  "contexts/0/targets/0: no process with pid 0\n" },
	{ { TARGET "pid_target" }, { "-1" },
	  "contexts/0/targets/0: no process with pid -1\n" },
	{ { CONTEXT "operations" }, { "paddr" },
	  "contexts/0/operations: paddr is not available\n", true, false },
	/* hazard B21 */
	{ { CONTEXT "operations", CONTEXT "addr_unit" }, { "paddr", "3" },
	  "contexts/0/addr_unit: 3 is not a power of two\n", false, true },
	/* hazard D7 */
	{ { TARGET "regions/nr_regions" }, { "1" },
	  "contexts/0/targets/0/regions/0: start 0 " },
	{ { TARGET "regions/nr_regions", REGION(0, "start"), REGION(0, "end") },
	  { "1", "8192", "4096" },
	  "contexts/0/targets/0/regions/0: start 8192 " },
	/* too high to be widened to whole pages */
	{ { TARGET "regions/nr_regions", REGION(0, "start"), REGION(0, "end") },
	  { "1", "4096", ULONG_MAX_TEXT },
	  "contexts/0/targets/0/regions/0: start 4096 " },
	/* A second target: the first one is as it should be. */
	{ { CONTEXT "targets/nr_targets", TARGET "pid_target" }, { "2", "1" },
	  "contexts/0/targets/1: no process with pid 0\n" },
};

static int stage_refusal(const struct refusal *r)
{
	int i, err = 0;

	for (i = 0; i < 3 && r->path[i] && !err; i++)
		err = damon_sysfs_write(r->path[i], r->text[i]);
	return err;
}

static bool refusal_applies(const struct refusal *r)
{
	if (strstr(damon_sysfs_text(CONTEXT "avail_operations"), "paddr"))
		return !r->unless_paddr;
	return !r->with_paddr;
}

TEST_F(state, refused_on)
{
	const struct refusal *r;

	for (r = refusals; r < refusals + ARRAY_SIZE(refusals); r++) {
		ASSERT_EQ(0, damon_sysfs_stage(self->victim));
		if (!refusal_applies(r))
			continue;
		ASSERT_EQ(0, stage_refusal(r));
		EXPECT_EQ(-EINVAL, command("on")) TH_LOG("%s", r->path[0]);
		EXPECT_TRUE(last_error_begins(r->reason));
		EXPECT_STREQ("off\n", damon_sysfs_text("0/state"));
		EXPECT_STREQ("-1\n", damon_sysfs_text("0/pid"));
		/* It has not counted as a start. */
		EXPECT_EQ(-EINVAL, command("off"));
	}
}

/* hazards B13, B15: a refused commit has not happened. */
TEST_F(state, refused_commit)
{
	const struct refusal *r;
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	for (r = refusals; r < refusals + ARRAY_SIZE(refusals); r++) {
		ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "1"));
		ASSERT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "1"));
		ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target",
						    self->victim));
		if (!refusal_applies(r))
			continue;
		ASSERT_EQ(0, stage_refusal(r));
		EXPECT_EQ(-EINVAL, command("commit")) TH_LOG("%s", r->path[0]);
		EXPECT_TRUE(last_error_begins(r->reason));
		EXPECT_EQ(-EBUSY, command("on"));
		EXPECT_TRUE(works_on(pid)) TH_LOG("%s", r->path[0]);
	}
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "1"));
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	EXPECT_EQ(0, command("commit"));
	EXPECT_TRUE(works_on(pid));
}

/* hazards D8, D9: two regions, in order, apart; borders are whole pages. */
TEST_F(state, two_regions)
{
	static const struct {
		const char *text[4];
		int err;
	} cases[] = {
		{ { "4096", "8192", "8192", "12288" }, 0 },
		{ { "4096", "8192", "16384", "20480" }, 0 },
		{ { "16384", "20480", "4096", "8192" }, EINVAL },
		{ { "4096", "12288", "8192", "16384" }, EINVAL },
		{ { "4096", "8192", "4096", "8192" }, EINVAL },
		{ { "4096", "8192", "8192", "8192" }, EINVAL },
		{ { "4096", "4100", "4200", "8192" }, EINVAL },
	};
	static const char * const paths[] = {
		REGION(0, "start"), REGION(0, "end"),
		REGION(1, "start"), REGION(1, "end"),
	};
	unsigned int i, k;

	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "operations", "fvaddr"));
	ASSERT_EQ(0, damon_sysfs_write(TARGET "regions/nr_regions", "2"));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (k = 0; k < 4; k++)
			ASSERT_EQ(0, damon_sysfs_write(paths[k],
						       cases[i].text[k]));
		EXPECT_EQ(-cases[i].err, command("on")) TH_LOG("case %u", i);
		if (!cases[i].err) {
			EXPECT_EQ(0, command("off"));
			continue;
		}
		EXPECT_TRUE(last_error_begins("contexts/0/targets/0/regions/1: "));
	}
}

/* hazards A6, A8, E25: it ends by itself, and everybody notices. */
TEST_F(state, target_ends)
{
	ASSERT_EQ(0, command("on"));
	damon_sysfs_kill(self->victim);
	ASSERT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	EXPECT_STREQ("-1\n", damon_sysfs_text("0/pid"));
	EXPECT_EQ(-ECANCELED, command("commit"));
	EXPECT_EQ(0, command("off"));
	EXPECT_EQ(-EINVAL, command("on"));
	EXPECT_TRUE(last_error_begins("contexts/0/targets/0: no process"));

	self->victim = damon_sysfs_victim();
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	EXPECT_EQ(0, command("on"));
	EXPECT_TRUE(works_on(damon_sysfs_read_long("0/pid")));
}

/* A process that is dead but not forgotten, and one without memory. */
TEST_F(state, dead_target)
{
	kill(self->victim, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->victim, NULL, WEXITED | WNOWAIT));
	EXPECT_EQ(0, command("on"));
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	/* kthreadd */
	ASSERT_EQ(0, damon_sysfs_write(TARGET "pid_target", "2"));
	EXPECT_EQ(0, command("on"));
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
}

/* hazards B2, B5, B17: targets come and go by commit, matched by place. */
TEST_F(state, commit_targets)
{
	pid_t second = damon_sysfs_victim();
	long pid;

	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "2"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	ASSERT_EQ(0, damon_sysfs_write_long(CONTEXT "targets/1/pid_target",
					    second));
	EXPECT_EQ(0, command("commit"));
	EXPECT_TRUE(works_on(pid));

	/* The first is dead and to be dropped: the second keeps it alive. */
	damon_sysfs_kill(self->victim);
	ASSERT_EQ(0, damon_sysfs_write(TARGET "obsolete_target", "Y"));
	EXPECT_EQ(0, command("commit"));
	EXPECT_TRUE(works_on(pid));
	/* There is one target now: none at the second place to drop. */
	ASSERT_EQ(0, damon_sysfs_write(TARGET "obsolete_target", "N"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", second));
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "targets/1/obsolete_target", "Y"));
	EXPECT_EQ(-EINVAL, command("commit"));
	EXPECT_TRUE(last_error_begins("contexts/0/targets/1/obsolete_target: "));
	EXPECT_TRUE(works_on(pid));
	damon_sysfs_kill(second);
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	self->victim = damon_sysfs_victim();
}

/* hazard A6: a kdamond that sleeps for hours answers at once. */
TEST_F(state, long_intervals)
{
	long long begin;

	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/sample_us", "36000000000"));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/aggr_us", ULONG_MAX_TEXT));
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "intervals/update_us", "0"));
	begin = damon_sysfs_now_ms();
	EXPECT_EQ(0, command("on"));
	damon_sysfs_sleep_ms(100);
	EXPECT_EQ(0, command("commit"));
	EXPECT_STREQ("on\n", damon_sysfs_text("0/state"));
	EXPECT_EQ(0, command("off"));
	EXPECT_GT(TIMEOUT_MS, damon_sysfs_now_ms() - begin);
}

TEST_F(state, two_kdamonds)
{
	long pid;

	ASSERT_EQ(0, damon_sysfs_write("nr_kdamonds", "2"));
	ASSERT_EQ(0, damon_sysfs_write("1/contexts/nr_contexts", "1"));
	ASSERT_EQ(0, damon_sysfs_write("1/contexts/0/targets/nr_targets", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long("1/contexts/0/targets/0/pid_target",
					    self->victim));
	EXPECT_EQ(0, damon_sysfs_write("1/state", "on"));
	pid = damon_sysfs_read_long("1/pid");
	EXPECT_STREQ("off\n", damon_sysfs_text("0/state"));
	EXPECT_EQ(-EINVAL, command("on"));
	EXPECT_STREQ("", damon_sysfs_text("1/last_error"));
	ASSERT_EQ(0, damon_sysfs_write("0/contexts/nr_contexts", "1"));
	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "targets/nr_targets", "1"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target", self->victim));
	EXPECT_EQ(0, command("on"));
	EXPECT_NE(pid, damon_sysfs_read_long("0/pid"));
	EXPECT_EQ(0, damon_sysfs_write("1/state", "off"));
	EXPECT_TRUE(works_on(damon_sysfs_read_long("0/pid")));
	EXPECT_EQ(-EBUSY, damon_sysfs_write("nr_kdamonds", "2"));
}

/* A pid is one of the writer's namespace, for on and for commit. */
TEST_F(state, pid_namespace)
{
	static const char * const keywords[] = { "on", "commit" };
	pid_t writer;
	int i, status;

	for (i = 0; i < 2; i++) {
		/* Before the commit, the victim is what is watched. */
		ASSERT_EQ(0, damon_sysfs_write_long(TARGET "pid_target",
						    self->victim));
		ASSERT_EQ(0, i ? command("on") : 0);
		writer = fork();
		if (!writer) {
			/* The next child is the first process of a new one. */
			if (unshare(CLONE_NEWPID))
				_exit(1);
			writer = fork();
			if (!writer)
				_exit(damon_sysfs_write(TARGET "pid_target", "1") ||
				      command(keywords[i]));
			waitpid(writer, &status, 0);
			_exit(status != 0);
		}
		ASSERT_EQ(writer, waitpid(writer, &status, 0));
		EXPECT_EQ(0, status);
		/* The real process 1 would go on. */
		EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS))
			TH_LOG("%s", keywords[i]);
	}
}

/* hazard B20: regions by the ten thousand. */
TEST_F_TIMEOUT(state, many_regions, 600)
{
	const long nr = damon_sysfs_option("DAMON_TEST_REGIONS", 10000), page = 4096;
	char path[128];
	long i, pid;

	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "operations", "fvaddr"));
	ASSERT_EQ(0, damon_sysfs_write_long(TARGET "regions/nr_regions", nr));
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), TARGET "regions/%ld/start", i);
		ASSERT_EQ(0, damon_sysfs_write_long(path, (2 * i + 1) * page));
		snprintf(path, sizeof(path), TARGET "regions/%ld/end", i);
		ASSERT_EQ(0, damon_sysfs_write_long(path, (2 * i + 2) * page));
	}
	ASSERT_EQ(0, damon_sysfs_write(ATTRS "nr_regions/max", "30000"));
	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	EXPECT_EQ(0, command("commit"));
	EXPECT_TRUE(works_on(pid));
}

/* hazard C18: filters come and go by commit. */
TEST_F(state, commit_filters)
{
	static const char * const lists[] = {
		"schemes/0/core_filters/", "schemes/0/ops_filters/",
		"schemes/0/filters/",
	};
	static const char * const numbers[] = { "0", "1", "2", "1", "3", "0" };
	char path[128];
	unsigned int i, k;
	long pid;

	ASSERT_EQ(0, damon_sysfs_write(CONTEXT "schemes/nr_schemes", "1"));
	ASSERT_EQ(0, command("on"));
	pid = damon_sysfs_read_long("0/pid");
	for (i = 0; i < ARRAY_SIZE(lists) * ARRAY_SIZE(numbers); i++) {
		const char *list = lists[i / ARRAY_SIZE(numbers)];
		const char *nr = numbers[i % ARRAY_SIZE(numbers)];

		snprintf(path, sizeof(path), CONTEXT "%snr_filters", list);
		ASSERT_EQ(0, damon_sysfs_write(path, nr));
		for (k = 0; k < (unsigned int)atoi(nr) && list == lists[0]; k++) {
			snprintf(path, sizeof(path), CONTEXT "%s%u/type", list, k);
			ASSERT_EQ(0, damon_sysfs_write(path, "target"));
		}
		EXPECT_EQ(0, command("commit")) TH_LOG("%s: %s", list, nr);
		EXPECT_TRUE(works_on(pid));
	}
}

/*
 * How many lines of the kernel's log are about us? Kernels that release objects late
 * say that they do, at any time.
 */
static int nr_log_lines(void)
{
	static char log[1 << 20];
	int len = klogctl(3, log, sizeof(log) - 1), nr = 0;
	char *line, *rest = log;

	if (len < 0)
		return -1;
	log[len] = '\0';
	while ((line = strsep(&rest, "\n")))
		nr += strstr(line, "damon") && !strstr(line, "kobject: ");
	return nr;
}

/* hazard C28: whatever users do wrong, the log is not told. */
TEST_F(state, no_log)
{
	const struct refusal *r;
	int before = nr_log_lines();

	ASSERT_LE(0, before);
	for (r = refusals; r < refusals + ARRAY_SIZE(refusals); r++) {
		ASSERT_EQ(0, damon_sysfs_stage(self->victim));
		if (!refusal_applies(r))
			continue;
		ASSERT_EQ(0, stage_refusal(r));
		EXPECT_NE(0, command("on"));
	}
	EXPECT_EQ(before, nr_log_lines());
}

TEST_HARNESS_MAIN
