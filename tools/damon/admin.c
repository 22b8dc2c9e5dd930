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
#include "signals.h"
#include "tree.h"
#include "unit.h"

/* More would be a mistake of ours in reading the file */
#define NR_SLOTS_MAX	4096

static void slot_path(char *path, int index, const char *name)
{
	snprintf(path, NAME_MAX, "%d/%s", index, name);
}

int admin_open(struct admin *admin)
{
	char sysfs[ADMIN_DIR_LEN - 64], value[FILE_VALUE_LEN];
	int err;

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
	err = file_read(admin->dir, "nr_kdamonds", value, sizeof(value));
	if (err)
		file_complain("read", admin->dir, "nr_kdamonds", err);
	return err;
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

int admin_pid(const struct admin *admin, int index)
{
	char name[NAME_MAX];
	u64 pid;

	slot_path(name, index, "pid");
	if (file_read_u64(admin->dir, name, &pid) || pid > INT_MAX)
		return -1;
	return (int)pid;
}

bool admin_is_configured(const struct admin *admin, int index)
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
	info->pid = admin_pid(admin, index);
	info->configured = admin_is_configured(admin, index);
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
	/* Not on every kernel */
	if (file_read(dir, "targets/0/cgroup_path", info->cgroup, sizeof(info->cgroup)))
		info->cgroup[0] = '\0';
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
	signals_hold();
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
		return file_set(admin->dir, "nr_kdamonds", "%d", ADMIN_NR_SLOTS);
	}
	for (i = 0; i < nr; i++) {
		err = read_state(admin, i, &on);
		if (err)
			return err;
		slot->index = i;
		if (on)
			running = i;
		else if (!admin_is_configured(admin, i))
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

/* A file that not every kernel has */
static int set_newer(const char *dir, const char *name, const char *value, const char *what)
{
	if (file_exists(dir, name))
		return file_set(dir, name, "%s", value);
	say("this kernel cannot %s: no %s/%s", what, dir, name);
	return -EOPNOTSUPP;
}

/* Groups are named from the root of their tree, but people see a directory. */
static const char *cgroup_of(const char *path)
{
	char mount[PATH_MAX];
	size_t len;

	if (!file_find_mount("cgroup2", "DAMONCTL_CGROUP", mount, sizeof(mount)))
		return path;
	len = strlen(mount);
	if (strncmp(path, mount, len) || (path[len] && path[len] != '/'))
		return path;
	return path[len] ? path + len : "/";
}

static int set_targets(const char *dir, const struct monitor_cfg *cfg)
{
	char name[NAME_MAX];
	unsigned int i;
	int err;

	if (cfg->cgroup) {
		err = file_set(dir, "targets/nr_targets", "1");
		return err ? err : set_newer(dir, "targets/0/cgroup_path",
					     cgroup_of(cfg->cgroup), "monitor a cgroup");
	}
	err = file_set(dir, "targets/nr_targets", "%u", cfg->pids.nr);
	for (i = 0; i < cfg->pids.nr && !err; i++) {
		snprintf(name, sizeof(name), "targets/%u/pid_target", i);
		err = file_set(dir, name, "%d", cfg->pids.pid[i]);
		snprintf(name, sizeof(name), "targets/%u/follow_children", i);
		if (!err && cfg->children)
			err = set_newer(dir, name, "Y", "follow children");
		if (!err && cfg->spans.nr)
			err = set_spans(dir, i, &cfg->spans);
	}
	return err;
}

int admin_set_values(const struct admin *admin, int index, const struct monitor_cfg *cfg)
{
	char dir[PATH_MAX];
	size_t i;
	int err = 0;

	context_dir(admin, index, dir);
	for (i = 0; i < ARRAY_SIZE(values) && !err; i++)
		err = file_set(dir, values[i].name, "%llu",
			       *(const u64 *)((const char *)cfg + values[i].field));
	return err;
}

/* Every kernel takes any of them here, and refuses at "on" with a bare EINVAL. */
static int set_operations(const char *dir, const char *ops)
{
	char text[FILE_VALUE_LEN], *rest = text, *word;

	if (file_read(dir, "avail_operations", text, sizeof(text)))
		return file_set(dir, "operations", "%s", ops);
	while ((word = strsep(&rest, "\n")))
		if (!strcmp(word, ops))
			return file_set(dir, "operations", "%s", ops);
	say("this kernel cannot monitor %s: no '%s' in %s/avail_operations; it needs %s",
	    strcmp(ops, "paddr") ? "virtual addresses" : "physical addresses", ops, dir,
	    strcmp(ops, "paddr") ? "CONFIG_DAMON_VADDR" : "CONFIG_DAMON_PADDR");
	return -EOPNOTSUPP;
}

int admin_configure(const struct admin *admin, const struct admin_slot *slot,
		    const struct monitor_cfg *cfg)
{
	char dir[PATH_MAX], name[NAME_MAX];
	int err;

	slot_path(name, slot->index, "contexts/nr_contexts");
	err = file_set(admin->dir, name, "1");
	if (err)
		return err;
	context_dir(admin, slot->index, dir);
	err = set_operations(dir, cfg->ops);
	if (!err)
		err = admin_set_values(admin, slot->index, cfg);
	return err ? err : set_targets(dir, cfg);
}

/* What a context's part of a file is, however much is around it */
static json_t *find_context(json_t *wanted)
{
	json_t *inner = json_object_get(wanted, "kdamonds");

	if (inner)
		wanted = json_array_get(inner, 0);
	inner = json_object_get(wanted, "contexts");
	if (inner)
		wanted = json_array_get(inner, 0);
	return json_is_object(wanted) ? wanted : NULL;
}

int admin_configure_json(const struct admin *admin, const struct admin_slot *slot, json_t *wanted,
			 const struct monitor_cfg *cfg)
{
	json_t *context = find_context(wanted);
	char dir[PATH_MAX], name[NAME_MAX];
	int err;

	if (!context) {
		say("the file holds neither a kdamond nor a context; see 'damonctl status --json'");
		return -EINVAL;
	}
	slot_path(name, slot->index, "contexts/nr_contexts");
	err = file_set(admin->dir, name, "1");
	if (err)
		return err;
	context_dir(admin, slot->index, dir);
	/* With targets of the command line, those of the file are of no use. */
	if (cfg->pids.nr || cfg->cgroup)
		json_object_del(context, "targets");
	err = tree_write(dir, context);
	return err || !(cfg->pids.nr || cfg->cgroup) ? err : set_targets(dir, cfg);
}
