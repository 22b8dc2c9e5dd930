/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Documentation/ABI/testing/sysfs-kernel-mm-damon says of each file, for tests.
 */
#ifndef _DAMON_ABI_H
#define _DAMON_ABI_H

#include <stdbool.h>

#define DAMON_ABI_MAX_KEYWORDS	48
#define DAMON_ABI_PATH		256

/* An entry of the document, see abi-table.awk. */
struct damon_abi {
	const char *path;	/* with <X> for a number */
	const char *type;
	const char *initial;	/* NULL: not said */
	bool read_only;
	bool not_zero;
	int at_most;		/* 0: any */
	bool too_large_is_einval;
	const char *keywords[DAMON_ABI_MAX_KEYWORDS];
};

/* The last one has no path. Parents stand before their children. */
extern const struct damon_abi damon_abi[];

bool damon_abi_is(const struct damon_abi *e, const char *type);

/* Is it a file that makes directories? */
bool damon_abi_is_nr(const struct damon_abi *e);

/* Is it only there after the command that makes its directory? */
bool damon_abi_is_result_dir(const struct damon_abi *e);

/* The path of the first of its kind. Returns @path. */
const char *damon_abi_first(const struct damon_abi *e,
			    char path[DAMON_ABI_PATH]);

/* Is it the path of one of its kind? */
bool damon_abi_matches(const struct damon_abi *e, const char *path);

/* Make one of each directory. Returns 0 or a negative errno. */
int damon_abi_stage(void);

#endif	/* _DAMON_ABI_H */
