// SPDX-License-Identifier: GPL-2.0
/* damonctl stop: switches kdamonds off. */
#include <string.h>

#include "admin.h"
#include "unit.h"

struct stop_cfg {
	bool keep;
};

static const struct opt_row rows[] = {
	{ "keep", 'k', OPT_FLAG, offsetof(struct stop_cfg, keep), NULL,
	  "leave the configuration and statistics in place" },
	{ }
};

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

static bool stop_one(const struct admin *admin, int index, bool keep)
{
	bool was_on = admin_is_on(admin, index);

	if (admin_off(admin, index))
		return false;
	if (!keep)
		admin_release(admin, index, true);
	printf("kdamond %d %s off\n", index, was_on ? "is" : "was");
	return true;
}

static bool stop_all(const struct admin *admin, int nr, bool keep)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!admin_is_on(admin, i))
			continue;
		if (admin_off(admin, i))
			return false;
		printf("kdamond %d is off\n", i);
	}
	return keep || !nr || !admin_remove_all(admin);
}

static int stop(const struct admin *admin, const struct stop_cfg *cfg, const char *which)
{
	int nr, index;
	u64 value;

	if (admin_count(admin, &nr))
		return EXIT_FAILED;
	if (which && !strcmp(which, "all"))
		return stop_all(admin, nr, cfg->keep) ? EXIT_OK : EXIT_FAILED;
	if (which) {
		if (!unit_parse_number(which, &value))
			return opt_fault(&cmd_stop, "'%s' is neither a number nor 'all'", which);
		index = value < (u64)nr ? (int)value : -1;
		if (index < 0)
			say("no kdamond %s, there are %d; see 'damonctl status'", which, nr);
	} else {
		index = find_only(admin, nr);
		if (index == -1)
			say("no kdamond is on");
		if (index == -2)
			say("several kdamonds are on: say which, or 'all'; see 'damonctl status'");
	}
	return index >= 0 && stop_one(admin, index, cfg->keep) ? EXIT_OK : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
	struct stop_cfg cfg = { 0 };
	struct admin admin;
	int at, status;

	at = opt_parse(&cmd_stop, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at + 1 < argc)
		return opt_fault(&cmd_stop, "one kdamond or 'all', not '%s' as well", argv[at + 1]);
	if (admin_open(&admin) || admin_lock(&admin))
		return EXIT_FAILED;
	status = stop(&admin, &cfg, at < argc ? argv[at] : NULL);
	admin_unlock(&admin);
	return status;
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "[N|all] [OPTIONS]",
	.summary = "switch kdamonds off",
	.about =
	"Switches kdamond N off, or all of them, or without an argument the only one that\n"
	"is on. Its configuration is removed, unless --keep is given; when none is\n"
	"configured any more, all kdamonds are removed. So 'damonctl stop all' leaves\n"
	"nothing, also of other programs.",
	.examples =
	"  damonctl stop\n"
	"  damonctl stop 1 --keep\n"
	"  damonctl stop all\n",
	.rows = rows,
	.run = run,
};
