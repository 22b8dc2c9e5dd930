// SPDX-License-Identifier: GPL-2.0
/*
 * All kdamonds that are on, with their latest snapshots. Only reads, so that
 * whoever runs them is not disturbed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "latest.h"
#include "session.h"
#include "signals.h"

/* Events of each CPU until the next look; a kdamond has 1000 regions at most as a rule */
#define BUFFER_KIB	2048
/* Targets that tell nothing for so many windows are gone. */
#define STALE_WINDOWS	5
/* A busy machine may be so late with a window. */
#define GRACE_NS	(2 * NSEC_PER_SEC)

/* Several address spaces may have the number of one target. */
static struct latest_target *find_target(struct latest *k, u32 number, u32 pid)
{
	struct latest_target *target;
	u32 i;

	for (i = 0; i < k->nr; i++)
		if (k->target[i].snap.target == number && k->target[i].snap.pid == pid)
			return &k->target[i];
	target = reallocarray(k->target, k->nr + 1, sizeof(*target));
	if (!target)
		return NULL;
	k->target = target;
	target += k->nr++;
	*target = (struct latest_target){ .snap = { .target = number, .pid = pid } };
	return target;
}

static int emit(void *arg, const struct snapshot *snap)
{
	struct latest *k = arg;
	struct latest_target *target;
	u32 i, pid = snap->pid;

	/* An event does not tell the process; what was configured does. */
	if (!pid && snap->target < k->info.cfg.pids.nr)
		pid = (u32)k->info.cfg.pids.pid[snap->target];
	target = find_target(k, snap->target, pid);
	if (!target)
		return -ENOMEM;
	target->snap.nr = 0;
	target->snap.time_ns = snap->time_ns;
	for (i = 0; i < snap->nr; i++)
		if (!snapshot_add(&target->snap, &snap->regions[i]))
			return -ENOMEM;
	return 0;
}

static void free_kdamond(struct latest *k)
{
	u32 i;

	source_end(&k->source);
	snapshot_free(&k->as.snap);
	for (i = 0; i < k->nr; i++) {
		snapshot_free(&k->target[i].snap);
		areas_free(&k->target[i].areas);
	}
	free(k->target);
	free(k);
}

void latest_free(struct latest_all *all)
{
	u32 i;

	for (i = 0; i < all->nr; i++)
		free_kdamond(all->kdamond[i]);
	free(all->kdamond);
	*all = (struct latest_all){ 0 };
}

static int add_kdamond(struct latest_all *all, const struct admin *admin,
		       const struct admin_info *info, int index)
{
	enum source_kind kind = source_choose();
	struct latest **grown, *k = calloc(1, sizeof(*k));

	grown = reallocarray(all->kdamond, all->nr + 1, sizeof(*grown));
	if (grown)
		all->kdamond = grown;
	if (!grown || !k) {
		free(k);
		return -ENOMEM;
	}
	source_tell(kind);
	k->index = index;
	k->info = *info;
	k->as.emit = emit;
	k->as.arg = k;
	all->kdamond[all->nr++] = k;
	k->failed = source_prepare(&k->source, kind, BUFFER_KIB, index + 1) ||
		    source_begin(&k->source, admin, index, info->pid, false);
	return 0;
}

static struct latest *find_kdamond(const struct latest_all *all, int index)
{
	u32 i;

	for (i = 0; i < all->nr; i++)
		if (all->kdamond[i]->index == index)
			return all->kdamond[i];
	return NULL;
}

static void drop_kdamond(struct latest_all *all, int index)
{
	u32 i;

	for (i = 0; i < all->nr; i++) {
		if (all->kdamond[i]->index != index)
			continue;
		free_kdamond(all->kdamond[i]);
		memmove(&all->kdamond[i], &all->kdamond[i + 1],
			(all->nr - i - 1) * sizeof(*all->kdamond));
		all->nr--;
		return;
	}
}

/* Processes of a cgroup end; those that are left go on. */
static void drop_stale(struct latest *k)
{
	u64 window_ns = k->info.cfg.aggr_us * NSEC_PER_USEC, newest = 0;
	u32 i, to = 0;

	for (i = 0; i < k->nr; i++)
		if (k->target[i].snap.time_ns > newest)
			newest = k->target[i].snap.time_ns;
	for (i = 0; i < k->nr; i++) {
		struct latest_target *target = &k->target[i];

		if (newest - target->snap.time_ns <= STALE_WINDOWS * window_ns) {
			k->target[to++] = *target;
			continue;
		}
		snapshot_free(&target->snap);
		areas_free(&target->areas);
	}
	k->nr = to;
}

int latest_look(struct latest_all *all, const struct admin *admin)
{
	struct admin_info info;
	struct latest *k;
	int i, nr, err;

	err = admin_count(admin, &nr);
	for (i = 0; i < nr && !err; i++) {
		err = admin_info(admin, i, &info);
		k = find_kdamond(all, i);
		/* Another one under the same number */
		if (!err && k && (!info.on || info.pid != k->info.pid)) {
			drop_kdamond(all, i);
			k = NULL;
		}
		if (!err && !k && info.on && info.configured)
			err = add_kdamond(all, admin, &info, i);
		k = find_kdamond(all, i);
		if (err || !k)
			continue;
		k->info = info;
		k->info.cfg.ops = k->info.ops;
		k->has_cost = admin_cost(admin, i, &k->cost);
		if (!k->failed)
			err = source_drain(&k->source, &k->as, false);
		drop_stale(k);
	}
	while (!err && all->nr && all->kdamond[all->nr - 1]->index >= nr)
		drop_kdamond(all, all->kdamond[all->nr - 1]->index);
	return err;
}

static bool all_told(const struct latest_all *all)
{
	u32 i;

	for (i = 0; i < all->nr; i++)
		if (!all->kdamond[i]->nr && !all->kdamond[i]->failed &&
		    all->kdamond[i]->source.kind != SOURCE_TRIED)
			return false;
	return true;
}

int latest_wait(struct latest_all *all, const struct admin *admin)
{
	const struct timespec step = { .tv_nsec = 20000000 };
	u64 begin = session_now_ns(), longest = 0;
	u32 i;
	int err;

	err = latest_look(all, admin);
	for (i = 0; i < all->nr; i++)
		if (all->kdamond[i]->info.cfg.aggr_us > longest)
			longest = all->kdamond[i]->info.cfg.aggr_us;
	longest = 2 * longest * NSEC_PER_USEC + GRACE_NS;
	while (!err && !all_told(all) && session_now_ns() - begin < longest && !signals_pending()) {
		nanosleep(&step, NULL);
		err = latest_look(all, admin);
	}
	return err;
}

void latest_sum(const struct latest *k, u64 *watched, u64 *touched, u64 *hot, u32 *regions)
{
	u64 max = k->info.cfg.sample_us ? k->info.cfg.aggr_us / k->info.cfg.sample_us : 1;
	u32 i, m;

	*watched = 0;
	*touched = 0;
	*hot = 0;
	*regions = 0;
	for (i = 0; i < k->nr; i++) {
		const struct snapshot *snap = &k->target[i].snap;

		*regions += snap->nr;
		for (m = 0; m < snap->nr; m++) {
			const struct region *region = &snap->regions[m];
			u64 size = region->end - region->start;

			*watched += size;
			if (region->nr_accesses)
				*touched += size;
			if (region->nr_accesses && 2 * region->nr_accesses >= max)
				*hot += size;
		}
	}
}
