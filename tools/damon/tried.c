// SPDX-License-Identifier: GPL-2.0
/*
 * Regions from the files below a scheme. A scheme of the action "stat" that
 * fits every region tries all of them in each window, and the kernel shows
 * those as directories when it is asked to. They do not tell their target, so
 * this serves one target only.
 */
#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "session.h"
#include "tried.h"

#define SCHEME		"contexts/0/schemes/0"
#define REGIONS		SCHEME "/tried_regions"
/* More would be a mistake of ours in reading */
#define MAX_REGIONS	100000

int tried_configure(const struct admin *admin, int index)
{
	static const struct {
		const char *name, *value;
	} files[] = {
		{ "contexts/0/schemes/nr_schemes", "1" },
		{ SCHEME "/action", "stat" },
		{ SCHEME "/access_pattern/sz/max", "18446744073709551615" },
		{ SCHEME "/access_pattern/nr_accesses/max", "4294967295" },
		{ SCHEME "/access_pattern/age/max", "4294967295" },
	};
	char name[NAME_MAX];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(files) && !err; i++) {
		snprintf(name, sizeof(name), "%d/%s", index, files[i].name);
		err = file_set(admin->dir, name, "%s", files[i].value);
	}
	return err;
}

int tried_begin(struct tried *tried, const struct admin *admin, int index, bool own)
{
	*tried = (struct tried){ own ? admin : NULL, index };
	return 0;
}

static bool read_region(const char *dir, u32 nr, struct region *region)
{
	char name[64];
	u64 nr_accesses, age;

	snprintf(name, sizeof(name), "%u/start", nr);
	if (file_read_u64(dir, name, &region->start))
		return false;
	snprintf(name, sizeof(name), "%u/end", nr);
	if (file_read_u64(dir, name, &region->end))
		return false;
	snprintf(name, sizeof(name), "%u/nr_accesses", nr);
	if (file_read_u64(dir, name, &nr_accesses))
		return false;
	snprintf(name, sizeof(name), "%u/age", nr);
	if (file_read_u64(dir, name, &age))
		return false;
	region->nr_accesses = (u32)nr_accesses;
	region->age = (u32)age;
	return region->start < region->end;
}

static int by_start(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

int tried_drain(struct tried *tried, struct assembler *as)
{
	char name[NAME_MAX], dir[PATH_MAX];
	struct region region;
	int err;
	u32 i;

	if (!tried->admin)
		return 0;
	snprintf(name, sizeof(name), "%d/state", tried->index);
	/* Refused when it has just ended; others will notice that. */
	if (file_write(tried->admin->dir, name, "update_schemes_tried_regions"))
		return 0;
	as->snap.time_ns = session_now_ns();
	as->snap.target = 0;
	as->snap.nr = 0;
	snprintf(dir, sizeof(dir), "%s/%d/" REGIONS, tried->admin->dir, tried->index);
	for (i = 0; i < MAX_REGIONS && read_region(dir, i, &region); i++)
		if (!snapshot_add(&as->snap, &region))
			return -ENOMEM;
	if (!as->snap.nr)
		return 0;
	qsort(as->snap.regions, as->snap.nr, sizeof(region), by_start);
	err = as->emit(as->arg, &as->snap);
	as->nr_whole++;
	as->snap.nr = 0;
	return err;
}
