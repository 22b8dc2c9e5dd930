// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's files of DAMON. Owns every path below
 * kernel/mm/damon/admin in sysfs and the rules of sharing it:
 *
 * Writing nr_kdamonds removes all kdamonds, so it is written only when there is
 * none, or to remove them when none is in use. As slots cannot be added to
 * running ones, a few are made at once; an unused slot costs nothing.
 *
 * The last one out removes them again: whoever made them, or, as that one may
 * have ended earlier, anyone who finds as many as we make.
 *
 * A slot is free when it is off and has no context. One that is off but has a
 * context belongs to whoever configured it; it is taken when no other is left,
 * and that is said.
 *
 * Only files that every kernel with DAMON in sysfs has are written; last_error
 * and cost are read if they are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "admin.h"
#include "file.h"
#include "unit.h"

/* Made at once when there are none, so that later ones fit beside the first */
#define NR_SLOTS	4
/* More would be a mistake of ours in reading the file */
#define NR_SLOTS_MAX	4096

static void slot_path(char *path, int index, const char *name)
{
	snprintf(path, NAME_MAX, "%d/%s", index, name);
}

int admin_open(struct admin *admin)
{
	char sysfs[ADMIN_DIR_LEN - 64];

	admin->lock_fd = -1;
	if (!file_find_mount("sysfs", "DAMONCTL_SYSFS", sysfs, sizeof(sysfs))) {
		say("no sysfs in /proc/mounts; mount it at /sys");
		return -ENOENT;
	}
	snprintf(admin->dir, sizeof(admin->dir), "%s/kernel/mm/damon/admin/kdamonds", sysfs);
	if (!file_exists(admin->dir, "nr_kdamonds")) {
		say("this kernel has no DAMON: no %s/nr_kdamonds; it needs CONFIG_DAMON_SYSFS=y",
		    admin->dir);
		return -ENOENT;
	}
	return 0;
}

int admin_count(const struct admin *admin, int *nr)
{
	u64 value;
	int err;

	err = file_read_u64(admin->dir, "nr_kdamonds", &value);
	if (!err && value > NR_SLOTS_MAX)
		err = -ERANGE;
	if (err)
		file_complain("read", admin->dir, "nr_kdamonds", err);
	else
		*nr = (int)value;
	return err;
}

static int read_state(const struct admin *admin, int index, bool *on)
{
	char name[NAME_MAX], state[FILE_VALUE_LEN];
	int err;

	slot_path(name, index, "state");
	err = file_read(admin->dir, name, state, sizeof(state));
	if (err)
		file_complain("read", admin->dir, name, err);
	else
		*on = !strcmp(state, "on");
	return err;
}

bool admin_is_on(const struct admin *admin, int index)
{
	char name[NAME_MAX], state[FILE_VALUE_LEN];

	slot_path(name, index, "state");
	return !file_read(admin->dir, name, state, sizeof(state)) && !strcmp(state, "on");
}

static int read_pid(const struct admin *admin, int index)
{
	char name[NAME_MAX];
	u64 pid;

	slot_path(name, index, "pid");
	if (file_read_u64(admin->dir, name, &pid) || pid > INT_MAX)
		return -1;
	return (int)pid;
}

static bool is_configured(const struct admin *admin, int index)
{
	char name[NAME_MAX];
	u64 nr;

	slot_path(name, index, "contexts/nr_contexts");
	return !file_read_u64(admin->dir, name, &nr) && nr;
}

/* The files of a context that both configure and info walk, relative to the context */
static const struct {
	const char *name;
	size_t field;
} values[] = {
	{ "monitoring_attrs/intervals/sample_us", offsetof(struct monitor_cfg, sample_us) },
	{ "monitoring_attrs/intervals/aggr_us", offsetof(struct monitor_cfg, aggr_us) },
	{ "monitoring_attrs/intervals/update_us", offsetof(struct monitor_cfg, update_us) },
	{ "monitoring_attrs/nr_regions/min", offsetof(struct monitor_cfg, nr_regions.min) },
	{ "monitoring_attrs/nr_regions/max", offsetof(struct monitor_cfg, nr_regions.max) },
};

static void context_dir(const struct admin *admin, int index, char *dir)
{
	snprintf(dir, PATH_MAX, "%s/%d/contexts/0", admin->dir, index);
}

int admin_info(const struct admin *admin, int index, struct admin_info *info)
{
	char dir[PATH_MAX], name[NAME_MAX];
	u64 nr, pid;
	size_t i;
	int err;

	memset(info, 0, sizeof(*info));
	err = read_state(admin, index, &info->on);
	if (err)
		return err;
	info->pid = read_pid(admin, index);
	info->configured = is_configured(admin, index);
	if (!info->configured)
		return 0;

	context_dir(admin, index, dir);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		err = file_read_u64(dir, values[i].name,
				    (u64 *)((char *)&info->cfg + values[i].field));
		if (err) {
			file_complain("read", dir, values[i].name, err);
			return err;
		}
	}
	info->cfg.ops = info->ops;
	file_read(dir, "operations", info->ops, sizeof(info->ops));
	if (file_read_u64(dir, "targets/nr_targets", &nr))
		nr = 0;
	for (i = 0; i < nr && i < OPT_MAX_PIDS; i++) {
		snprintf(name, sizeof(name), "targets/%zu/pid_target", i);
		if (file_read_u64(dir, name, &pid) || pid > INT_MAX)
			pid = 0;
		info->cfg.pids.pid[info->cfg.pids.nr++] = (int)pid;
	}
	return 0;
}

static const struct {
	const char *key;
	size_t field;
} costs[] = {
	{ "elapsed_ns", offsetof(struct admin_cost, elapsed_ns) },
	{ "runtime_ns", offsetof(struct admin_cost, runtime_ns) },
	{ "ticks", offsetof(struct admin_cost, ticks) },
	{ "ticks_missed", offsetof(struct admin_cost, ticks_missed) },
	{ "samples", offsetof(struct admin_cost, samples) },
	{ "surveyed", offsetof(struct admin_cost, surveyed) },
	{ "tlb_flushes", offsetof(struct admin_cost, tlb_flushes) },
};

/* Unknown keys may come with any kernel, known ones may go. */
static void set_cost(struct admin_cost *cost, const char *key, const char *value)
{
	u64 number;
	size_t i;

	if (!unit_parse_number(value, &number))
		return;
	for (i = 0; i < ARRAY_SIZE(costs); i++)
		if (!strcmp(key, costs[i].key))
			*(u64 *)((char *)cost + costs[i].field) = number;
}

bool admin_cost(const struct admin *admin, int index, struct admin_cost *cost)
{
	char name[NAME_MAX], text[FILE_VALUE_LEN], *rest = text, *line, *value;

	memset(cost, 0, sizeof(*cost));
	slot_path(name, index, "cost");
	if (file_read(admin->dir, name, text, sizeof(text)))
		return false;
	while ((line = strsep(&rest, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		set_cost(cost, line, value);
	}
	return cost->elapsed_ns;
}

int admin_lock(struct admin *admin)
{
	admin->lock_fd = open(admin->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (admin->lock_fd < 0 || flock(admin->lock_fd, LOCK_EX)) {
		int err = -errno;

		file_complain("lock", admin->dir, "", err);
		admin_unlock(admin);
		return err;
	}
	return 0;
}

void admin_unlock(struct admin *admin)
{
	if (admin->lock_fd >= 0)
		close(admin->lock_fd);
	admin->lock_fd = -1;
}

int admin_claim(const struct admin *admin, struct admin_slot *slot)
{
	int i, nr, err, taken = -1, running = -1;
	bool on;

	slot->raised = false;
	err = admin_count(admin, &nr);
	if (err)
		return err;
	if (!nr) {
		slot->index = 0;
		slot->raised = true;
		return file_set(admin->dir, "nr_kdamonds", "%d", NR_SLOTS);
	}
	for (i = 0; i < nr; i++) {
		err = read_state(admin, i, &on);
		if (err)
			return err;
		slot->index = i;
		if (on)
			running = i;
		else if (!is_configured(admin, i))
			return 0;
		else if (taken < 0)
			taken = i;
	}
	if (taken < 0) {
		say("all %d kdamonds are on and none can be added; 'damonctl stop %d' frees one",
		    nr, running);
		return -EBUSY;
	}
	slot->index = taken;
	say("note: kdamond %d was configured, but off; its settings are replaced", taken);
	return 0;
}

static int set_spans(const char *dir, unsigned int target, const struct opt_spans *spans)
{
	char name[NAME_MAX];
	unsigned int i;
	int err;

	snprintf(name, sizeof(name), "targets/%u/regions/nr_regions", target);
	err = file_set(dir, name, "%u", spans->nr);
	for (i = 0; i < spans->nr && !err; i++) {
		snprintf(name, sizeof(name), "targets/%u/regions/%u/start", target, i);
		err = file_set(dir, name, "%llu", spans->span[i].start);
		if (err)
			break;
		snprintf(name, sizeof(name), "targets/%u/regions/%u/end", target, i);
		err = file_set(dir, name, "%llu", spans->span[i].end);
	}
	return err;
}

static int set_targets(const char *dir, const struct monitor_cfg *cfg)
{
	char name[NAME_MAX];
	unsigned int i;
	int err;

	err = file_set(dir, "targets/nr_targets", "%u", cfg->pids.nr);
	for (i = 0; i < cfg->pids.nr && !err; i++) {
		snprintf(name, sizeof(name), "targets/%u/pid_target", i);
		err = file_set(dir, name, "%d", cfg->pids.pid[i]);
		if (!err && cfg->spans.nr)
			err = set_spans(dir, i, &cfg->spans);
	}
	return err;
}

int admin_configure(const struct admin *admin, const struct admin_slot *slot,
		    const struct monitor_cfg *cfg)
{
	char dir[PATH_MAX], name[NAME_MAX];
	size_t i;
	int err;

	slot_path(name, slot->index, "contexts/nr_contexts");
	err = file_set(admin->dir, name, "1");
	if (err)
		return err;
	context_dir(admin, slot->index, dir);
	err = file_set(dir, "operations", "%s", cfg->ops);
	for (i = 0; i < ARRAY_SIZE(values) && !err; i++) {
		const u64 *value = (const u64 *)((const char *)cfg + values[i].field);

		err = file_set(dir, values[i].name, "%llu", *value);
	}
	return err ? err : set_targets(dir, cfg);
}

/* The likely causes of a refused "on", for kernels without last_error */
static const char *on_hint(int err)
{
	switch (err) {
	case -EINVAL:
		return "; the process may be gone, or this kernel lacks CONFIG_DAMON_VADDR";
	case -EBUSY:
		return "; another user of DAMON (a module?) wants to be alone";
	case -EACCES:
	case -EPERM:
		return "; this needs root";
	}
	return "";
}

int admin_on(const struct admin *admin, const struct admin_slot *slot, int *pid)
{
	char name[NAME_MAX], last_error[NAME_MAX], why[FILE_VALUE_LEN];
	int err;

	slot_path(name, slot->index, "state");
	err = file_write(admin->dir, name, "on");
	if (!err) {
		*pid = read_pid(admin, slot->index);
		return 0;
	}
	slot_path(last_error, slot->index, "last_error");
	if (!file_read(admin->dir, last_error, why, sizeof(why)) && *why)
		say("cannot switch on %s/%s: %s: %s", admin->dir, name, strerror(-err), why);
	else
		say("cannot switch on %s/%s: %s%s", admin->dir, name, strerror(-err), on_hint(err));
	return err;
}

int admin_off(const struct admin *admin, int index)
{
	char name[NAME_MAX];
	int err;

	if (!admin_is_on(admin, index))
		return 0;
	slot_path(name, index, "state");
	err = file_write(admin->dir, name, "off");
	/* Ended by itself in between */
	if (err == -EPERM || err == -EINVAL)
		err = admin_is_on(admin, index) ? err : 0;
	if (err)
		file_complain("write 'off' to", admin->dir, name, err);
	return err;
}

void admin_release(const struct admin *admin, int index, bool all)
{
	char name[NAME_MAX];
	int i, nr;

	slot_path(name, index, "contexts/nr_contexts");
	file_set(admin->dir, name, "0");
	if (admin_count(admin, &nr) || (!all && nr != NR_SLOTS))
		return;
	for (i = 0; i < nr; i++)
		if (admin_is_on(admin, i) || is_configured(admin, i))
			return;
	admin_remove_all(admin);
}

int admin_remove_all(const struct admin *admin)
{
	return file_set(admin->dir, "nr_kdamonds", "0");
}
