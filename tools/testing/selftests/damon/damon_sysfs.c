// SPDX-License-Identifier: GPL-2.0
/* See damon_sysfs.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../kselftest.h"
#include "damon_sysfs.h"

#define PAGE		((unsigned long)DAMON_SYSFS_PAGE)
#define VICTIM_SZ	(4UL << 20)
#define PATIENCE_MS	60000

int damon_sysfs_open(const char *path, int flags)
{
	char full[512];
	int fd;

	snprintf(full, sizeof(full), DAMON_SYSFS_ROOT "/%s", path);
	fd = open(full, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What a write to a file gave, which is closed afterwards. */
static int write_once(int fd, const void *bytes, size_t len)
{
	int err = write(fd, bytes, len) < 0 ? -errno : 0;

	close(fd);
	return err;
}

int damon_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_once(fd, text, strlen(text));
}

int damon_sysfs_write_bytes(const char *path, const void *bytes, size_t len)
{
	int fd = damon_sysfs_open(path, O_WRONLY);

	return fd < 0 ? fd : write_once(fd, bytes, len);
}

int damon_sysfs_write(const char *path, const char *text)
{
	return damon_sysfs_write_bytes(path, text, strlen(text));
}

int damon_sysfs_write_long(const char *path, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return damon_sysfs_write(path, text);
}

int damon_sysfs_read(const char *path, char buf[DAMON_SYSFS_PAGE + 1])
{
	int fd = damon_sysfs_open(path, O_RDONLY);
	int len;

	if (fd < 0)
		return fd;
	len = read(fd, buf, DAMON_SYSFS_PAGE);
	if (len < 0)
		len = -errno;
	else
		buf[len] = '\0';
	close(fd);
	return len;
}

const char *damon_sysfs_text(const char *path)
{
	static char buf[DAMON_SYSFS_PAGE + 1];

	return damon_sysfs_read(path, buf) < 0 ? "?" : buf;
}

long damon_sysfs_read_long(const char *path)
{
	const char *text = damon_sysfs_text(path);
	char *end;
	long value;

	value = strtol(text, &end, 0);
	return end == text || *end != '\n' ? LONG_MIN : value;
}

static int stage(const char *path, long value)
{
	int err = damon_sysfs_write_long(path, value);

	if (err)
		printf("# " DAMON_SYSFS_ROOT "/%s: writing %ld: %s\n", path,
		       value, strerror(-err));
	return err;
}

int damon_sysfs_stage_many(int nr, pid_t pid)
{
	const struct {
		const char *file;
		long value;
	} rows[] = {
		{ "contexts/nr_contexts", 1 },
		{ "contexts/0/targets/nr_targets", 1 },
		{ "contexts/0/targets/0/pid_target", pid },
	};
	int err = stage("nr_kdamonds", nr), i;
	char path[64];
	unsigned int j;

	for (i = 0; i < nr; i++) {
		for (j = 0; !err && j < ARRAY_SIZE(rows); j++) {
			snprintf(path, sizeof(path), "%d/%s", i, rows[j].file);
			err = stage(path, rows[j].value);
		}
	}
	return err;
}

int damon_sysfs_stage(pid_t pid)
{
	return damon_sysfs_stage_many(1, pid);
}

/* Stage a region for each range of memory. Returns their number or an errno. */
static int stage_ram_ranges(FILE *iomem, bool count)
{
	const char *regions = "0/contexts/0/targets/0/regions";
	unsigned long start, end;
	char line[256], path[96];
	int nr = 0, err = 0;

	while (!err && fgets(line, sizeof(line), iomem)) {
		/* What is indented is a part of something. */
		if (!isxdigit(line[0]) || !strstr(line, " : System RAM") ||
		    sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if (!count) {
			snprintf(path, sizeof(path), "%s/%d/start", regions, nr);
			err = stage(path, start & -PAGE);
			snprintf(path, sizeof(path), "%s/%d/end", regions, nr);
			err = err ?: stage(path, (end + PAGE) & -PAGE);
		}
		nr++;
	}
	rewind(iomem);
	return err ?: nr;
}

int damon_sysfs_stage_ram(void)
{
	FILE *iomem = fopen("/proc/iomem", "r");
	int err, nr;

	if (!iomem)
		return -errno;
	nr = stage_ram_ranges(iomem, true);
	err = damon_sysfs_stage(0) ?:
	      damon_sysfs_write("0/contexts/0/operations", "paddr") ?:
	      stage("0/contexts/0/targets/0/regions/nr_regions", nr);
	if (!err)
		err = stage_ram_ranges(iomem, false);
	fclose(iomem);
	return err < 0 ? err : 0;
}

bool damon_sysfs_is_on(int kdamond)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/state", kdamond);
	return !strcmp(damon_sysfs_text(path), "on\n");
}

bool damon_sysfs_wait_off(int kdamond, int timeout_ms)
{
	long long end = damon_sysfs_now_ms() + timeout_ms;

	while (damon_sysfs_is_on(kdamond)) {
		if (damon_sysfs_now_ms() >= end)
			return false;
		damon_sysfs_sleep_ms(10);
	}
	return true;
}

long long damon_sysfs_cost(int kdamond, const char *key)
{
	char path[32], word[32];
	const char *text, *at;

	snprintf(path, sizeof(path), "%d/cost", kdamond);
	snprintf(word, sizeof(word), "%s ", key);
	text = damon_sysfs_text(path);
	/* At the beginning of a line. */
	for (at = strstr(text, word); at && at > text && at[-1] != '\n';)
		at = strstr(at + 1, word);
	return at ? atoll(at + strlen(word)) : -1;
}

bool damon_sysfs_goes_on(int kdamond)
{
	long long end = damon_sysfs_now_ms() + PATIENCE_MS;
	long long before = damon_sysfs_cost(kdamond, "ticks");

	while (damon_sysfs_cost(kdamond, "ticks") < before + 10) {
		if (damon_sysfs_now_ms() > end)
			return false;
		damon_sysfs_sleep_ms(20);
	}
	return before >= 0;
}

int damon_sysfs_reset(void)
{
	long nr = damon_sysfs_read_long("nr_kdamonds");
	char path[32];
	long i;
	int err;

	if (nr == LONG_MIN)
		return -ENOENT;
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%ld/state", i);
		err = damon_sysfs_write(path, "off");
		/* Most have never been on. */
		if (err && err != -EINVAL)
			return err;
	}
	return damon_sysfs_write("nr_kdamonds", "0");
}

pid_t damon_sysfs_victim(void)
{
	char *memory;
	pid_t child = fork();
	unsigned long i;

	if (child)
		return child;
	/* Not to outlive a test that fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memory = mmap(NULL, VICTIM_SZ, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		_exit(1);
	for (;;) {
		for (i = 0; i < VICTIM_SZ; i += DAMON_SYSFS_PAGE)
			memory[i]++;
		asm volatile("" : : : "memory");
		damon_sysfs_sleep_ms(2);
	}
}

void damon_sysfs_kill(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

long long damon_sysfs_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void damon_sysfs_sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

long damon_sysfs_option(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}
