// SPDX-License-Identifier: GPL-2.0
/*
 * Commands to a kdamond: on, off, commit and so on, and what is given back
 * afterwards. Where the kernel says why it refused, that is passed on.
 */
#include <errno.h>
#include <string.h>

#include "admin.h"
#include "file.h"
#include "signals.h"
#include "tree.h"
#include "unit.h"

static void slot_path(char *path, int index, const char *name)
{
	snprintf(path, NAME_MAX, "%d/%s", index, name);
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

/* The kernel's reason, else @hint */
static void explain(const struct admin *admin, int index, const char *verb, int err,
		    const char *hint)
{
	char name[NAME_MAX], why[FILE_VALUE_LEN];

	slot_path(name, index, "last_error");
	if (!file_read(admin->dir, name, why, sizeof(why)) && *why)
		say("cannot %s kdamond %d: %s: %s", verb, index, strerror(-err), why);
	else
		say("cannot %s kdamond %d (%s/%d/state): %s%s", verb, index, admin->dir, index,
		    strerror(-err), hint);
}

int admin_on(const struct admin *admin, const struct admin_slot *slot, int *pid)
{
	char name[NAME_MAX];
	int err;

	slot_path(name, slot->index, "state");
	err = file_write(admin->dir, name, "on");
	if (err)
		explain(admin, slot->index, "switch on", err, on_hint(err));
	else
		*pid = admin_pid(admin, slot->index);
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
	if (admin_count(admin, &nr) || (!all && nr != ADMIN_NR_SLOTS))
		return;
	for (i = 0; i < nr; i++)
		if (admin_is_on(admin, i) || admin_is_configured(admin, i))
			return;
	admin_remove_all(admin);
}

int admin_remove_all(const struct admin *admin)
{
	return file_set(admin->dir, "nr_kdamonds", "0");
}

/* The only one that is on, -1 if none, -2 if several */
static int find_only(const struct admin *admin, int nr)
{
	int i, found = -1;

	for (i = 0; i < nr; i++) {
		if (!admin_is_on(admin, i))
			continue;
		if (found >= 0)
			return -2;
		found = i;
	}
	return found;
}

int admin_pick(const struct admin *admin, const struct command *cmd, const char *which, int *index)
{
	u64 value;
	int nr;

	if (admin_count(admin, &nr))
		return EXIT_FAILED;
	if (which) {
		if (!unit_parse_number(which, &value))
			return opt_fault(cmd, "'%s' is not the number of a kdamond", which);
		*index = value < (u64)nr ? (int)value : -1;
		if (*index < 0)
			say("no kdamond %s, there are %d; see 'damonctl status'", which, nr);
	} else {
		*index = find_only(admin, nr);
		if (*index == -1)
			say("no kdamond is on; see 'damonctl status'");
		if (*index == -2)
			say("several kdamonds are on: give a number; see 'damonctl status'");
	}
	return *index < 0 ? EXIT_FAILED : EXIT_OK;
}

int admin_command(const struct admin *admin, int index, const char *command)
{
	char name[NAME_MAX];

	slot_path(name, index, "state");
	return file_write(admin->dir, name, command);
}

int admin_commit(const struct admin *admin, int index)
{
	int err = admin_command(admin, index, "commit");

	if (err)
		explain(admin, index, "commit to", err, "");
	return err;
}

int admin_tune(const struct admin *admin, int index, const struct monitor_cfg *cfg,
	       const struct admin_info *info)
{
	int err;

	err = admin_set_values(admin, index, cfg);
	if (!err && signals_pending())
		err = -EINTR;
	if (!err && info->on)
		err = admin_commit(admin, index);
	/* What is staged now would surprise the next one who commits. */
	if (err)
		admin_set_values(admin, index, &info->cfg);
	return err;
}

json_t *admin_tree(const struct admin *admin, int index, const char *name, char *dir)
{
	snprintf(dir, PATH_MAX, "%s/%d/%s", admin->dir, index, name);
	return tree_read(dir);
}
