/* SPDX-License-Identifier: GPL-2.0 */
/* A small test harness: suites are arrays of cases, output is KTAP. */
#ifndef DAMONCTL_HARNESS_H
#define DAMONCTL_HARNESS_H

#include "../damonctl.h"

struct test_case {
	const char *name;
	void (*run)(void);
};

/* One array a file, ended by an empty row */
extern const struct test_case unit_cases[], opt_cases[], snapshot_cases[];
extern const struct test_case record_cases[], heat_cases[], trace_cases[];
extern const struct test_case admin_cases[], session_cases[], view_cases[];
extern const struct test_case change_cases[], device_cases[];

/* Notes a failure of the case at hand and goes on. */
void check_failed(const char *file, int line, const char *what);

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			check_failed(__FILE__, __LINE__, #cond);	\
	} while (0)

/* Repeatable random numbers, below @limit */
u64 random_below(u64 limit);

/**
 * struct captured - what a call of damonctl printed
 * @status: its exit status
 * @out: standard output
 * @err: standard error output
 */
struct captured {
	int status;
	char out[32768];
	char err[16384];
};

/* Calls damonctl with @line split at blanks. */
const struct captured *damonctl(const char *line);
/* The same into nothing, for the fuzzer */
int quietly(int (*call)(void *arg), void *arg);

/* A directory for files of tests; removed at the end */
const char *scratch_dir(void);
void scratch_path(char *path, const char *name);
void scratch_write(const char *name, const void *data, size_t len);
void scratch_text(const char *name, const char *text);
void scratch_read(const char *name, char *text, size_t size);

/*
 * A copy of the files that damonctl uses of sysfs and tracefs, with
 * @nr_kdamonds in use; the environment then leads damonctl to it. They are
 * ordinary files: what is written can be read, and nothing happens.
 */
void fake_kernel(int nr_kdamonds);
/* Path of a file of a fake kdamond, for scratch_*() */
const char *fake_file(int index, const char *name);
/* Makes a write to this file fail with ENOSPC */
void fake_failure(const char *name);

/* Fuzzes the record reader for some seconds; returns an exit status. */
int fuzz_records(int seconds);

#endif /* DAMONCTL_HARNESS_H */
