// SPDX-License-Identifier: GPL-2.0
/*
 * Each file of the administrator against everything else: one task reads and writes
 * it all the time, another lets the kdamond start, work, answer commands and end,
 * and makes and removes directories under it. Which files there are, and what they
 * take, is what their document says. Reads bring a value or tell that the file is
 * gone; writes end with an errno that makes sense. What else may go wrong shows in
 * the kernel's log.
 *
 * Environment: DAMON_TEST_MINUTES, for how long altogether (a few seconds).
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
#include "damon_abi.h"
#include "damon_sysfs.h"

#define CONTEXT		"0/contexts/0/"
#define SHORT_MS	40
#define PATIENCE_MS	10000
#define TIMEOUT_MS	20000

/* What came of it, in all tasks. */
static struct shared {
	pid_t victim;
	unsigned long reads, writes, refused;	/* of the files */
	unsigned long starts, commands;		/* that succeeded */
	unsigned long killed;			/* while they waited */
	bool over;				/* the present pair */
} *shared;

static void count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool one_of(int err, const int *errnos)
{
	for (; *errnos; errnos++)
		if (err == -*errnos)
			return true;
	return false;
}

/* The directory is gone, or just goes. */
static const int gone[] = { ENOENT, ENODEV, 0 };
static const int refusals[] = {
	ENOENT, ENODEV, EBUSY, EINVAL, ERANGE, ECANCELED, EOPNOTSUPP, ENOMEM, 0,
};

static const char *pick(const char * const *words)
{
	int nr = 0;

	while (words[nr])
		nr++;
	return words[rand() % nr];
}

/* Something that a file may be given: good, bad, anything. */
static const char *some_value(const struct damon_abi *e)
{
	static const char * const numbers[] = {
		"0", "1", "2", "100", "4096", "1000000", "4294967295",
		"18446744073709551615", "-1", "x", NULL,
	};
	static const char * const few[] = { "0", "1", "2", "3", NULL };
	static const char * const bools[] = { "Y", "N", "2", NULL };
	static const char * const strings[] = {
		"", "/", "/no/such", "a much longer string, for a change of size",
		NULL,
	};

	if (e->keywords[0])
		return rand() % 16 ? pick(e->keywords) : "none";
	if (damon_abi_is_nr(e))
		return pick(few);
	if (damon_abi_is(e, "bool"))
		return pick(bools);
	if (damon_abi_is(e, "string"))
		return pick(strings);
	return pick(numbers);
}

static bool read_it(int fd)
{
	char buf[DAMON_SYSFS_PAGE];
	int len = pread(fd, buf, sizeof(buf), 0);

	if (len < 0)
		len = -errno;
	else if (len && buf[len - 1] != '\n')
		return false;
	count(&shared->reads);
	return len >= 0 || one_of(len, gone);
}

static bool write_it(int fd, const char *text)
{
	if (pwrite(fd, text, strlen(text), 0) >= 0) {
		count(&shared->writes);
		return true;
	}
	count(&shared->refused);
	return one_of(-errno, refusals);
}

/* The one task: opens the file, and keeps it open for a while. */
static bool use(const struct damon_abi *e)
{
	char path[DAMON_ABI_PATH];
	int fd, i;
	bool ok = true;

	fd = damon_sysfs_open(damon_abi_first(e, path),
			      e->read_only ? O_RDONLY : O_RDWR);
	if (fd < 0)
		return one_of(fd, gone);
	for (i = rand() % 20; i >= 0 && ok; i--) {
		ok = e->read_only || rand() % 2 ? read_it(fd) :
						  write_it(fd, some_value(e));
		if (!ok)
			printf("# %s: %s\n", path, strerror(errno));
	}
	close(fd);
	return ok;
}

static bool command(const char *keyword, unsigned long *counter)
{
	int err = damon_sysfs_write("0/state", keyword);

	if (!err)
		count(counter);
	if (!err || one_of(err, refusals))
		return true;
	printf("# state: %s: %s\n", keyword, strerror(-err));
	return false;
}

/* What can be started, unless the other task is in the way. */
static void stage(void)
{
	damon_sysfs_write("0/contexts/nr_contexts", "1");
	damon_abi_stage();
	damon_sysfs_write(CONTEXT "targets/0/regions/nr_regions", "0");
	damon_sysfs_write_long(CONTEXT "targets/0/pid_target", shared->victim);
	damon_sysfs_write(CONTEXT "monitoring_attrs/intervals/sample_us", "1000");
	damon_sysfs_write(CONTEXT "monitoring_attrs/intervals/aggr_us", "3000");
	damon_sysfs_write(CONTEXT "schemes/0/access_pattern/sz/max",
			  "18446744073709551615");
	damon_sysfs_write(CONTEXT "schemes/0/access_pattern/nr_accesses/max",
			  "1000");
	damon_sysfs_write(CONTEXT "schemes/0/access_pattern/age/max", "1000");
	damon_sysfs_write("0/refresh_ms", rand() % 2 ? "0" : "1");
}

/* The other task: a life, with all that may happen in it. */
static bool live(const struct damon_abi *state)
{
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];
	int i;

	if (rand() % 4 == 0)
		damon_sysfs_write("nr_kdamonds", "1");
	stage();
	if (!command("on", &shared->starts))
		return false;
	for (i = rand() % 6; i >= 0; i--)
		if (!command(pick(state->keywords), &shared->commands))
			return false;
	for (e = damon_abi; e->path; e++)
		if (damon_abi_is_nr(e) && rand() % 8 == 0)
			damon_sysfs_write(damon_abi_first(e, path),
					  some_value(e));
	return command("commit", &shared->commands) &&
	       command("off", &shared->commands);
}

static const struct damon_abi *find(const char *path)
{
	const struct damon_abi *e;

	for (e = damon_abi; e->path; e++)
		if (!strcmp(e->path, path))
			return e;
	return NULL;
}

/* Use @e as long as the other lives; without one live until the time is over. */
static pid_t start(const struct damon_abi *e, long long end, int seed)
{
	const struct damon_abi *state = find("<N>/state");
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand(seed);
	do {
		if (!(e ? use(e) : live(state)))
			_exit(1);
	} while (e ? !__atomic_load_n(&shared->over, __ATOMIC_RELAXED) :
		     damon_sysfs_now_ms() < end);
	_exit(0);
}

/*
 * A command may wait for the end of a window that the other task has made endless.
 * It must not outlive its writer: then this never comes back.
 */
static bool ended_well(pid_t child, long long end)
{
	int status;

	while (waitpid(child, &status, WNOHANG) != child) {
		if (damon_sysfs_now_ms() > end + PATIENCE_MS) {
			kill(child, SIGKILL);
			count(&shared->killed);
			return waitpid(child, NULL, 0) == child;
		}
		damon_sysfs_sleep_ms(5);
	}
	return !status;
}

FIXTURE(pairs) {
};

FIXTURE_SETUP(pairs)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->victim = damon_sysfs_victim();
	ASSERT_LT(0, shared->victim);
	ASSERT_EQ(0, damon_sysfs_reset());
	ASSERT_EQ(0, damon_sysfs_write("nr_kdamonds", "1"));
}

FIXTURE_TEARDOWN(pairs)
{
	damon_sysfs_write("0/refresh_ms", "0");
	damon_sysfs_write("0/state", "off");
	EXPECT_TRUE(damon_sysfs_wait_off(0, TIMEOUT_MS));
	EXPECT_EQ(0, damon_sysfs_reset());
	/* All of it still works. */
	EXPECT_EQ(0, damon_sysfs_stage(shared->victim));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "on"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "commit"));
	EXPECT_EQ(0, damon_sysfs_write("0/state", "off"));
	EXPECT_EQ(0, damon_sysfs_reset());
	damon_sysfs_kill(shared->victim);
	munmap(shared, sizeof(*shared));
}

/* hazards A3, A6, A7, C2, C3, C4, C5, C8, C9, C24 */
TEST_F_TIMEOUT(pairs, each_file, 86400)
{
	long minutes = damon_sysfs_option("DAMON_TEST_MINUTES", 0);
	/* All files if there is time for them. */
	long step = minutes ? 1 : damon_sysfs_option("DAMON_TEST_STEP", 1);
	const struct damon_abi *e;
	int all = 0, nr = 0, ms;

	ASSERT_NE(NULL, find("<N>/state"));
	for (e = damon_abi; e->path; e++)
		all++;
	ms = minutes ? minutes * 60000 / all : SHORT_MS;
	for (e = damon_abi; e->path; e++) {
		long long end = damon_sysfs_now_ms() + ms;
		pid_t user, other;

		if ((e - damon_abi) % step)
			continue;
		nr++;
		shared->over = false;
		user = start(e, end, nr);
		other = start(NULL, end, -nr);
		EXPECT_TRUE(ended_well(other, end)) TH_LOG("%s", e->path);
		__atomic_store_n(&shared->over, true, __ATOMIC_RELAXED);
		EXPECT_TRUE(ended_well(user, damon_sysfs_now_ms()))
			TH_LOG("%s", e->path);
		/* With a window without an end, the next would wait as well. */
		damon_sysfs_write("0/state", "off");
	}
	printf("# %d files, %d ms each: %lu reads, %lu writes, %lu refused\n",
	       nr, ms, shared->reads, shared->writes, shared->refused);
	printf("# %lu starts, %lu commands, %lu killed\n", shared->starts,
	       shared->commands, shared->killed);
	/* Else it was no race. */
	EXPECT_LT(nr, shared->reads);
	EXPECT_LT(nr, shared->writes);
	EXPECT_LT(nr / 4, shared->starts);
	EXPECT_LT(nr, shared->commands);
}

TEST_HARNESS_MAIN
