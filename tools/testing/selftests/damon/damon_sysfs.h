/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The administrator's files of DAMON, for tests. Paths are those below
 * /sys/kernel/mm/damon/admin/kdamonds/, such as "0/state".
 */
#ifndef _DAMON_SYSFS_H
#define _DAMON_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Kernels that check everything are slow: more seconds for each case. */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	180
#endif

#define DAMON_SYSFS_ROOT	"/sys/kernel/mm/damon/admin/kdamonds"
#define DAMON_SYSFS_PAGE	4096

/* Open a file. Returns a descriptor or a negative errno. */
int damon_sysfs_open(const char *path, int flags);

/* Write a text by one write(), to any file. Returns 0 or a negative errno. */
int damon_write_file(const char *path, const char *text);

/* The same to a file below the kdamonds. */
int damon_sysfs_write(const char *path, const char *text);
int damon_sysfs_write_bytes(const char *path, const void *bytes, size_t len);
int damon_sysfs_write_long(const char *path, long value);

/* Read a file of at most a page. Returns the length or a negative errno. */
int damon_sysfs_read(const char *path, char buf[DAMON_SYSFS_PAGE + 1]);

/* The content of a file, "?" if it cannot be read; valid until the next call. */
const char *damon_sysfs_text(const char *path);

/* The number in a file, or LONG_MIN. */
long damon_sysfs_read_long(const char *path);

/*
 * Stage one kdamond with one context that monitors the virtual addresses of one
 * process; all else has its default. Returns 0, or a negative errno with a
 * message printed.
 */
int damon_sysfs_stage(pid_t pid);

/* The same for several kdamonds, all of which monitor that process. */
int damon_sysfs_stage_many(int nr, pid_t pid);

/* The same for one that monitors all memory that there is. */
int damon_sysfs_stage_ram(void);

bool damon_sysfs_is_on(int kdamond);

/* Wait until a kdamond has ended by itself. Returns whether it has. */
bool damon_sysfs_wait_off(int kdamond, int timeout_ms);

/* A number of the file cost, -1 if it cannot be read. */
long long damon_sysfs_cost(int kdamond, const char *key);

/* Wait until it has made ten more ticks. Returns whether it has. */
bool damon_sysfs_goes_on(int kdamond);

/* All kdamonds off, all directories gone. Returns 0 or a negative errno. */
int damon_sysfs_reset(void);

/* A child that touches some memory all the time, until killed. */
pid_t damon_sysfs_victim(void);
void damon_sysfs_kill(pid_t child);

/* Milliseconds since some point in the past. */
long long damon_sysfs_now_ms(void);
void damon_sysfs_sleep_ms(int ms);

/* A number from the environment of the test. */
long damon_sysfs_option(const char *name, long otherwise);

#endif	/* _DAMON_SYSFS_H */
