// SPDX-License-Identifier: GPL-2.0
/* See damon_param.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon_param.h"
#include "damon_sysfs.h"

static const char *param_path(const char *module, const char *param)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, param);
	return path;
}

int damon_param_set(const char *module, const char *param, const char *value)
{
	return damon_write_file(param_path(module, param), value);
}

int damon_param_set_long(const char *module, const char *param, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return damon_param_set(module, param, text);
}

/* The first line of a file, which may be empty. */
static bool read_line(const char *path, char *line, size_t sz)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, line, sz - 1);

	if (fd >= 0)
		close(fd);
	line[len < 0 ? 0 : len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return len >= 0;
}

const char *damon_param_get(const char *module, const char *param)
{
	static char text[DAMON_PARAM_MAX];

	return read_line(param_path(module, param), text, sizeof(text)) ? text : "?";
}

long damon_param_get_long(const char *module, const char *param)
{
	const char *text = damon_param_get(module, param);
	char *end;
	long value = strtol(text, &end, 0);

	return end == text || *end ? -1 : value;
}

bool damon_param_is_on(const char *module)
{
	return !strcmp(damon_param_get(module, "enabled"), "Y");
}

int damon_param_snapshot(const char *module)
{
	char path[64], name[32];
	int fd, nr;

	snprintf(path, sizeof(path), "/proc/%ld/comm",
		 damon_param_get_long(module, "kdamond_pid"));
	if (!read_line(path, name, sizeof(name)) ||
	    sscanf(name, "kdamond.%d", &nr) != 1)
		return -ESRCH;
	snprintf(path, sizeof(path), "/dev/damon%d", nr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool damon_log_says(int log, const char *text)
{
	char line[1024];
	ssize_t len;

	while ((len = read(log, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[len < 0 ? 0 : len] = '\0';
		if (strstr(line, text))
			return true;
	}
	return false;
}
