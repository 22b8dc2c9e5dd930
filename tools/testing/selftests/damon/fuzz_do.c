// SPDX-License-Identifier: GPL-2.0
/*
 * Does operations, each a row of words[] and a function, and judges what the kernel
 * answers. Whatever is open belongs to the task, and goes with it.
 *
 *	write PATH VALUE, read PATH	a file below the kdamonds
 *	list PATH			read all files that are beside it
 *	hold PATH, again VALUE		open it; write and read all that are open
 *	set PARAM VALUE, get PARAM	a parameter, "damon_reclaim/enabled"
 *	open N, peek N			the device damon<N>, waiting for a window or not
 *	take 0, poll 0, close 0		all devices that are open
 *	born N, kill N			a process to monitor; "@N" in a value is its pid
 *	cgroup N, uncgroup N, enter N M	a cgroup; the process M into it
 *	events 0				whether the tracepoints are on
 *	sleep N				milliseconds
 *
 * A value is all the rest of the line; "%N" is a text of N letters.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damon_abi.h"
#include "damon_param.h"
#include "damon_snapshot.h"
#include "damon_sysfs.h"
#include "fuzz.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define MAX_OPEN	4
#define MAX_LIST	64
#define EVENTS		"/sys/kernel/tracing/events/damon/enable"

static int held[MAX_OPEN], devices[MAX_OPEN];
static unsigned int nr_held, nr_devices;

/* The directory is gone, or just goes. */
static const int gone[] = { ENOENT, ENODEV, 0 };
static const int refusals[] = {
	ENOENT, ENODEV, EBUSY, EINVAL, ERANGE, ECANCELED, EOPNOTSUPP, ENOMEM, EACCES, 0,
};

static const int no_device[] = { ENOENT, ENODEV, ENXIO, ENOMEM, 0 };

static bool makes_sense(int err, const int *errnos)
{
	if (err >= 0)
		return true;
	fuzz_me->refused++;
	for (; *errnos; errnos++)
		if (err == -*errnos)
			return true;
	return false;
}

/* Keep it until there are too many. */
static void keep(int *fds, unsigned int *nr, int fd)
{
	unsigned int at = (*nr)++ % MAX_OPEN;

	if (*nr > MAX_OPEN)
		close(fds[at]);
	fds[at] = fd;
}

static unsigned int kept(unsigned int nr)
{
	return nr < MAX_OPEN ? nr : MAX_OPEN;
}

static void close_all(int *fds, unsigned int *nr)
{
	unsigned int i;

	for (i = 0; i < kept(*nr); i++)
		close(fds[i]);
	*nr = 0;
}

void fuzz_let_go(void)
{
	close_all(held, &nr_held);
	close_all(devices, &nr_devices);
}

/* What a value stands for. At most a page. */
static const char *meant(const char *value)
{
	static char text[DAMON_SYSFS_PAGE + 1];
	int nr;

	if (sscanf(value, "@%d", &nr) == 1 && nr >= 0 && nr < FUZZ_TARGETS) {
		snprintf(text, sizeof(text), "%d",
			 __atomic_load_n(&fuzz->targets[nr], __ATOMIC_RELAXED));
		return text;
	}
	if (sscanf(value, "%%%d", &nr) == 1 && nr > 0 && nr < DAMON_SYSFS_PAGE) {
		memset(text, 'a', nr);
		text[nr] = '\0';
		return text;
	}
	/* Nothing at all would not reach the file. */
	return *value ? value : "\n";
}

static bool read_fd(int fd)
{
	char buf[DAMON_SYSFS_PAGE];
	int len = pread(fd, buf, sizeof(buf), 0);

	/* A line, or several; a string that takes all of the page has no room for its end. */
	if (len > 0 && len < DAMON_SYSFS_PAGE - 1 && buf[len - 1] != '\n')
		return false;
	return makes_sense(len < 0 ? -errno : len, gone);
}

static bool read_and_close(int fd)
{
	bool ok;

	if (fd < 0)
		return makes_sense(fd, gone);
	ok = read_fd(fd);
	close(fd);
	return ok;
}

static bool do_write(const char *path, const char *value)
{
	return makes_sense(damon_sysfs_write(path, meant(value)), refusals);
}

static bool do_read(const char *path, const char *rest)
{
	return read_and_close(damon_sysfs_open(path, O_RDONLY));
}

static bool do_list(const char *path, const char *rest)
{
	char dir[512], file[FUZZ_OP_LEN + 64];
	int nr = 0, len = strrchr(path, '/') ? strrchr(path, '/') - path : 0;
	struct dirent *e;
	bool ok = true;
	DIR *d;

	snprintf(dir, sizeof(dir), DAMON_SYSFS_ROOT "/%.*s", len, path);
	d = opendir(dir);
	if (!d)
		return makes_sense(-errno, gone);
	while (ok && nr++ < MAX_LIST && (e = readdir(d))) {
		if (e->d_type != DT_REG)
			continue;
		snprintf(file, sizeof(file), "%.*s/%.60s", len, path, e->d_name);
		ok = read_and_close(damon_sysfs_open(file, O_RDONLY));
	}
	closedir(d);
	return ok;
}

static bool do_hold(const char *path, const char *rest)
{
	int fd = damon_sysfs_open(path, O_RDWR);

	if (fd == -EACCES)
		fd = damon_sysfs_open(path, O_RDONLY);
	if (fd >= 0)
		keep(held, &nr_held, fd);
	return makes_sense(fd, gone);
}

static bool do_again(const char *first, const char *rest)
{
	const char *text = meant(first);
	unsigned int i;
	bool ok = true;

	for (i = 0; i < kept(nr_held) && ok; i++) {
		ok = read_fd(held[i]);
		if (!ok || (fcntl(held[i], F_GETFL) & O_ACCMODE) != O_RDWR)
			continue;
		ok = makes_sense(pwrite(held[i], text, strlen(text), 0) < 0 ? -errno : 0,
				 refusals);
	}
	return ok;
}

static int open_param(const char *param, int flags)
{
	const char *slash = strchr(param, '/');
	char path[FUZZ_OP_LEN + 64];
	int fd;

	if (!slash)
		return -ENOENT;
	snprintf(path, sizeof(path), "/sys/module/%.*s/parameters%s",
		 (int)(slash - param), param, slash);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool do_set(const char *param, const char *value)
{
	int err, fd = open_param(param, O_WRONLY);
	const char *text = meant(value);

	if (fd < 0)
		return makes_sense(fd, refusals);
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return makes_sense(err, refusals);
}

static bool do_get(const char *param, const char *rest)
{
	return read_and_close(open_param(param, O_RDONLY));
}

static bool open_device(const char *nr, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/damon%.20s", nr);
	fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	if (fd >= 0)
		keep(devices, &nr_devices, fd);
	return makes_sense(fd < 0 ? -errno : fd, no_device);
}

static bool do_open(const char *nr, const char *rest)
{
	return open_device(nr, 0);
}

static bool do_peek(const char *nr, const char *rest)
{
	return open_device(nr, O_NONBLOCK);
}

static bool do_take(const char *first, const char *rest)
{
	static union damon_snapshot snapshot;
	unsigned int i;
	bool ok = true;
	ssize_t len;

	for (i = 0; i < kept(nr_devices) && ok; i++) {
		len = pread(devices[i], &snapshot, sizeof(snapshot), 0);
		/* Nothing: it has ended. All: perhaps there is more. */
		if (len && len != sizeof(snapshot))
			ok = len > 0 && damon_snapshot_good(&snapshot, len);
	}
	return ok;
}

static bool do_poll(const char *first, const char *rest)
{
	struct pollfd p[MAX_OPEN] = {};
	unsigned int i, nr = kept(nr_devices);

	for (i = 0; i < nr; i++) {
		p[i].fd = devices[i];
		p[i].events = POLLIN;
	}
	return poll(p, nr, 5) >= 0;
}

static bool do_close(const char *first, const char *rest)
{
	close_all(devices, &nr_devices);
	return true;
}

static int slot_of(const char *text, int nr)
{
	int slot = atoi(text);

	return slot >= 0 && slot < nr ? slot : 0;
}

/* Slots that are being filled have a negative number. */
static bool do_born(const char *nr, const char *rest)
{
	int slot = slot_of(nr, FUZZ_TARGETS);
	pid_t expected = 0, child;

	if (!__atomic_compare_exchange_n(&fuzz->targets[slot], &expected, -1, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return true;
	child = fork();
	if (!child)
		fuzz_be_target(slot);
	expected = -1;
	if (!__atomic_compare_exchange_n(&fuzz->targets[slot], &expected,
					 child < 0 ? 0 : child, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) && child > 0)
		kill(child, SIGKILL);
	return true;
}

/* Only who finds it in its slot ends it: so its number is nobody else's by then. */
static bool do_kill(const char *nr, const char *rest)
{
	int slot = slot_of(nr, FUZZ_TARGETS);
	pid_t pid = __atomic_exchange_n(&fuzz->targets[slot], 0, __ATOMIC_SEQ_CST);

	if (pid > 0)
		kill(pid, SIGKILL);
	return true;
}

static const char *cgroup_path(const char *nr, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), FUZZ_CGROUP_DIR "/" FUZZ_CGROUP "%d%s",
		 slot_of(nr, FUZZ_CGROUPS), file);
	return path;
}

static bool do_cgroup(const char *nr, const char *rest)
{
	mkdir(cgroup_path(nr, ""), 0700);
	return true;
}

static bool do_uncgroup(const char *nr, const char *rest)
{
	rmdir(cgroup_path(nr, ""));
	return true;
}

static bool do_enter(const char *nr, const char *rest)
{
	int slot = slot_of(rest, FUZZ_TARGETS);
	pid_t pid = __atomic_load_n(&fuzz->targets[slot], __ATOMIC_RELAXED);
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	if (pid > 0)
		damon_write_file(cgroup_path(nr, "/cgroup.procs"), text);
	return true;
}

static bool do_events(const char *on, const char *rest)
{
	damon_write_file(EVENTS, on);
	return true;
}

static bool do_sleep(const char *ms, const char *rest)
{
	damon_sysfs_sleep_ms(atoi(ms) % 100);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(const char *first, const char *rest);
	bool whole;	/* all of it is the first */
} words[] = {
	{ "write", do_write },
	{ "read", do_read },
	{ "list", do_list },
	{ "hold", do_hold },
	{ "again", do_again, true },
	{ "set", do_set },
	{ "get", do_get },
	{ "open", do_open },
	{ "peek", do_peek },
	{ "take", do_take },
	{ "poll", do_poll },
	{ "close", do_close },
	{ "born", do_born },
	{ "kill", do_kill },
	{ "cgroup", do_cgroup },
	{ "uncgroup", do_uncgroup },
	{ "enter", do_enter },
	{ "events", do_events },
	{ "sleep", do_sleep },
};

/* Split off the first word of @text. Returns what comes behind it. */
static char *cut(char *text)
{
	char *rest = strchrnul(text, ' ');

	if (*rest)
		*rest++ = '\0';
	return rest;
}

bool fuzz_do(const char *op)
{
	char text[FUZZ_OP_LEN], *first, *rest;
	unsigned int i;

	snprintf(fuzz_me->last[fuzz_me->ops % FUZZ_LAST], FUZZ_OP_LEN, "%s", op);
	__atomic_fetch_add(&fuzz_me->ops, 1, __ATOMIC_RELEASE);
	snprintf(text, sizeof(text), "%s", op);
	first = cut(text);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i].name))
			continue;
		rest = words[i].whole ? first : cut(first);
		return words[i].fn(first, rest);
	}
	/* A word that a corpus has and we have not. */
	errno = EINVAL;
	return false;
}

void fuzz_clean_up(void)
{
	char nr[16];
	int i, patience;

	damon_write_file(EVENTS, "0");
	for (i = 0; i < FUZZ_TARGETS; i++) {
		snprintf(nr, sizeof(nr), "%d", i);
		do_kill(nr, "");
	}
	for (i = 0; i < FUZZ_CGROUPS; i++) {
		snprintf(nr, sizeof(nr), "%d", i);
		/* Until the last one has left it. */
		for (patience = 0; patience < 500; patience++) {
			if (!rmdir(cgroup_path(nr, "")) || errno != EBUSY)
				break;
			damon_sysfs_sleep_ms(20);
		}
	}
}
