// SPDX-License-Identifier: GPL-2.0
/* See damon_abi.h. */
#include <ctype.h>
#include <string.h>

#include "damon_abi.h"
#include "damon_sysfs.h"

const struct damon_abi damon_abi[] = {
#include "abi_table.h"
	{ }
};

bool damon_abi_is(const struct damon_abi *e, const char *type)
{
	return !strcmp(e->type, type);
}

bool damon_abi_is_nr(const struct damon_abi *e)
{
	const char *name = strrchr(e->path, '/');

	return !strncmp(name ? name + 1 : e->path, "nr_", 3) && !e->read_only &&
	       damon_abi_is(e, "int");
}

bool damon_abi_is_result_dir(const struct damon_abi *e)
{
	return strstr(e->path, "tried_regions/<");
}

const char *damon_abi_first(const struct damon_abi *e,
			    char path[DAMON_ABI_PATH])
{
	const char *from = e->path;
	char *to = path;

	while (*from && to < path + DAMON_ABI_PATH - 1) {
		if (*from == '<') {
			*to++ = '0';
			from = strchr(from, '>') + 1;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return path;
}

bool damon_abi_matches(const struct damon_abi *e, const char *path)
{
	const char *p = e->path;

	while (*p && *path) {
		if (*p == '<' && isdigit(*path)) {
			p = strchr(p, '>') + 1;
			while (isdigit(*path))
				path++;
		} else if (*p++ != *path++) {
			return false;
		}
	}
	return !*p && !*path;
}

int damon_abi_stage(void)
{
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];
	int err = 0;

	for (e = damon_abi; e->path; e++)
		if (!err && damon_abi_is_nr(e))
			err = damon_sysfs_write(damon_abi_first(e, path), "1");
	return err;
}
