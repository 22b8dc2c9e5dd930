// SPDX-License-Identifier: GPL-2.0
/*
 * The thread as others on the machine see it: it is no load while it sleeps,
 * two of them never have one name, and it ends with its target whatever way the
 * target goes.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest.h"
#include "damon_sysfs.h"

#define TIMEOUT_MS	60000

/* The name and the state of a thread. Returns false if there is none. */
static bool thread_stat(long tid, char name[32], char *state)
{
	char path[64];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	ok = fscanf(f, "%*d (%31[^)]) %c", name, state) == 2;
	fclose(f);
	return ok;
}

/* hazard A27: a sleeping kdamond does not count as load. */
static void test_idle(void)
{
	pid_t child = damon_sysfs_victim();
	unsigned int i, idle = 0, looks = 50;
	char name[32], state;
	bool ok;

	ok = !damon_sysfs_stage(child) && !damon_sysfs_write("0/state", "on");
	for (i = 0; ok && i < looks; i++) {
		ok = thread_stat(damon_sysfs_read_long("0/pid"), name, &state) &&
		     !strncmp(name, "kdamond.", 8) && state != 'D';
		if (!ok)
			printf("# thread '%s' in state %c\n", name, state);
		idle += state == 'I';
		damon_sysfs_sleep_ms(7);
	}
	ksft_test_result(ok && idle, "idle while it sleeps, %u of %u looks\n",
			 idle, looks);
	damon_sysfs_reset();
	damon_sysfs_kill(child);
}

/* hazard G5: start two, stop the first, start it again. */
static void test_names(void)
{
	pid_t child = damon_sysfs_victim();
	char first[32] = "", second[32] = "", state;
	bool ok;

	ok = !damon_sysfs_stage_many(2, child) &&
	     !damon_sysfs_write("0/state", "on") &&
	     !damon_sysfs_write("1/state", "on") &&
	     !damon_sysfs_write("0/state", "off") &&
	     !damon_sysfs_write("0/state", "on") &&
	     thread_stat(damon_sysfs_read_long("0/pid"), first, &state) &&
	     thread_stat(damon_sysfs_read_long("1/pid"), second, &state);
	ksft_test_result(ok && strcmp(first, second),
			 "names of two threads differ\n");
	damon_sysfs_reset();
	damon_sysfs_kill(child);
}

static void exit_at_once(void)
{
	_exit(0);
}

static void exec_and_exit(void)
{
	execl("/proc/self/exe", "kdamond", "exit", NULL);
	_exit(1);
}

static void fork_and_exit(void)
{
	int i;

	for (i = 0; i < 20; i++)
		if (!fork()) {
			damon_sysfs_sleep_ms(10);
			_exit(0);
		}
	_exit(0);
}

static void crash(void)
{
	raise(SIGSEGV);
}

/* hazards A6, E25: the end of the target is the end of the thread. */
static void test_end(const char *name, void (*end)(void))
{
	unsigned int i;
	bool ok = true;

	for (i = 0; ok && i < 5; i++) {
		/* At different points of a window. */
		unsigned int delay = i * 13;
		pid_t child = fork();

		if (!child) {
			damon_sysfs_sleep_ms(delay);
			end();
		}
		ok = !damon_sysfs_stage(child);
		/* It may be too late to start. */
		damon_sysfs_write("0/state", "on");
		/* Not reaped yet: a dead process is no target. */
		ok = ok && damon_sysfs_wait_off(0, TIMEOUT_MS);
		waitpid(child, NULL, 0);
		damon_sysfs_reset();
	}
	ksft_test_result(ok, "ends with a target that %s\n", name);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "exit"))
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	ksft_set_plan(6);
	test_idle();
	test_names();
	test_end("exits at once", exit_at_once);
	test_end("executes another program", exec_and_exit);
	test_end("forks", fork_and_exit);
	test_end("crashes", crash);
	ksft_finished();
}
