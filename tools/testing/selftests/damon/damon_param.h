/* SPDX-License-Identifier: GPL-2.0 */
/* Parameters of DAMON's modules and samples, and what the log says of them. */
#ifndef _DAMON_PARAM_H
#define _DAMON_PARAM_H

#include <stdbool.h>

/* Longer than any parameter. */
#define DAMON_PARAM_MAX		4096

/* Write a parameter of a module, such as "damon_reclaim". Returns 0 or -errno. */
int damon_param_set(const char *module, const char *param, const char *value);
int damon_param_set_long(const char *module, const char *param, long value);

/* Its text without the line end, "?" if there is none; valid until the next call. */
const char *damon_param_get(const char *module, const char *param);

/* The number in it, -1 if there is none. */
long damon_param_get_long(const char *module, const char *param);

/* Is a module on? */
bool damon_param_is_on(const char *module);

/* Its snapshot device. Returns a descriptor or -errno. */
int damon_param_snapshot(const char *module);

/*
 * Read on in the kernel's log, a descriptor of /dev/kmsg that does not block, until a line
 * has a text. Returns whether one has.
 */
bool damon_log_says(int log, const char *text);

#endif	/* _DAMON_PARAM_H */
