// SPDX-License-Identifier: GPL-2.0
/* See damon_fault.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "damon_fault.h"
#include "damon_sysfs.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"

bool damon_fault_begin(void)
{
	if (access("/proc/self/fail-nth", W_OK) || access(FAILSLAB, X_OK))
		return false;
	/* Quietly. */
	return !damon_write_file(FAILSLAB "verbose", "0") &&
	       !damon_write_file(FAILSLAB "ignore-gfp-wait", "N");
}

void damon_fault_end(void)
{
	damon_write_file(FAILSLAB "ignore-gfp-wait", "Y");
	damon_write_file(FAILSLAB "verbose", "2");
}

int damon_fault_nth(long pid, int nth)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%ld/fail-nth", pid);
	snprintf(text, sizeof(text), "%d", nth);
	return damon_write_file(path, text);
}

int damon_fault_all(long pid, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/make-it-fail", pid);
	if (on)
		return damon_write_file(FAILSLAB "task-filter", "Y") ?:
		       damon_write_file(FAILSLAB "times", "-1") ?:
		       damon_write_file(path, "1") ?:
		       damon_write_file(FAILSLAB "probability", "100");
	/* Backwards, or all tasks would see it for a moment. */
	return damon_write_file(FAILSLAB "probability", "0") ?:
	       damon_write_file(path, "0") ?:
	       damon_write_file(FAILSLAB "times", "1") ?:
	       damon_write_file(FAILSLAB "task-filter", "N");
}

/* Has it failed already? */
static bool has_failed(long pid)
{
	char path[64], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/fail-nth", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return !strcmp(text, "0\n");
}

int damon_fault_write(int fd, const char *text, int nth, bool *failed)
{
	int err = damon_fault_nth(getpid(), nth);

	if (err)
		return err;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	*failed = has_failed(getpid());
	damon_fault_nth(getpid(), 0);
	return err;
}
