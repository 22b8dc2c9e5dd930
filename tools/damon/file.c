// SPDX-License-Identifier: GPL-2.0
/*
 * Small text files of sysfs, tracefs and /proc. Owns how they are opened and
 * how a failure is worded; must not know what any file means.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "unit.h"

#define BUSY_TRIES	50
#define BUSY_WAIT_NS	20000000L

bool file_find_mount(const char *type, const char *env, char *dir, size_t size)
{
	const char *forced = getenv(env);
	struct mntent *ent;
	bool found = false;
	FILE *mounts;

	if (forced) {
		snprintf(dir, size, "%s", forced);
		return true;
	}
	mounts = setmntent("/proc/mounts", "r");
	if (!mounts)
		return false;
	while (!found && (ent = getmntent(mounts))) {
		if (strcmp(ent->mnt_type, type))
			continue;
		snprintf(dir, size, "%s", ent->mnt_dir);
		found = true;
	}
	endmntent(mounts);
	return found;
}

static int open_file(const char *dir, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool file_exists(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) &&
	       !access(path, F_OK);
}

static void wait_while_busy(void)
{
	const struct timespec ts = { .tv_nsec = BUSY_WAIT_NS };

	nanosleep(&ts, NULL);
}

static int read_once(const char *dir, const char *name, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t ret;
	int fd;

	fd = open_file(dir, name, O_RDONLY);
	if (fd < 0)
		return fd;
	do {
		ret = read(fd, buf + len, size - 1 - len);
		if (ret > 0)
			len += (size_t)ret;
	} while (ret > 0 && len < size - 1);
	ret = ret < 0 ? -errno : 0;
	close(fd);
	while (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return (int)ret;
}

int file_read(const char *dir, const char *name, char *buf, size_t size)
{
	int err, tries = 0;

	while ((err = read_once(dir, name, buf, size)) == -EBUSY && tries++ < BUSY_TRIES)
		wait_while_busy();
	return err;
}

int file_read_u64(const char *dir, const char *name, u64 *value)
{
	char buf[FILE_VALUE_LEN];
	int err;

	err = file_read(dir, name, buf, sizeof(buf));
	if (!err && !unit_parse_number(buf, value))
		err = -EINVAL;
	return err;
}

static int write_once(const char *dir, const char *name, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	ssize_t ret;
	int fd;

	fd = open_file(dir, name, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	ret = write(fd, text, (size_t)len);
	if (ret < 0)
		ret = -errno;
	else
		ret = ret == len ? 0 : -EIO;
	close(fd);
	return (int)ret;
}

int file_write(const char *dir, const char *name, const char *text)
{
	int err, tries = 0;

	while ((err = write_once(dir, name, text)) == -EBUSY && tries++ < BUSY_TRIES)
		wait_while_busy();
	return err;
}

int file_set(const char *dir, const char *name, const char *fmt, ...)
{
	char text[FILE_VALUE_LEN];
	va_list ap;
	int err;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	err = file_write(dir, name, text);
	if (err) {
		char verb[FILE_VALUE_LEN + 16];

		snprintf(verb, sizeof(verb), "write '%s' to", text);
		file_complain(verb, dir, name, err);
	}
	return err;
}

void file_complain(const char *verb, const char *dir, const char *name, int err)
{
	const char *hint = "";

	if (err == -EACCES || err == -EPERM)
		hint = "; this needs root";
	else if (err == -EBUSY)
		hint = "; another program is using it";
	say("cannot %s %s/%s: %s%s", verb, dir, name, strerror(-err), hint);
}
