/* SPDX-License-Identifier: GPL-2.0 */
/* Small text files of sysfs, tracefs and /proc, with errors that name them. */
#ifndef DAMONCTL_FILE_H
#define DAMONCTL_FILE_H

#include <limits.h>

#include "damonctl.h"

/* Room for the value of a small file */
#define FILE_VALUE_LEN 4096

/* Where a file system of @type is mounted: from the variable @env, else /proc/mounts. */
bool file_find_mount(const char *type, const char *env, char *dir, size_t size);

bool file_exists(const char *dir, const char *name);

/*
 * Read or write one value. All return 0 or a negative errno and print nothing;
 * EBUSY, which the administrator's files answer while another command is in
 * flight, is retried for about a second.
 */
int file_read(const char *dir, const char *name, char *buf, size_t size);
int file_read_u64(const char *dir, const char *name, u64 *value);
int file_write(const char *dir, const char *name, const char *text);

/* As file_write(), but says what failed. */
int file_set(const char *dir, const char *name, const char *fmt, ...) __printf(3, 4);

/* Prints which file could not be read or written (@verb), why, and a remedy if known. */
void file_complain(const char *verb, const char *dir, const char *name, int err);

#endif /* DAMONCTL_FILE_H */
