// SPDX-License-Identifier: GPL-2.0
/* damonctl stop: switches kdamonds off. */
#include <string.h>

#include "admin.h"

struct stop_cfg {
	bool keep;
};

static const struct opt_row rows[] = {
	{ "keep", 'k', OPT_FLAG, offsetof(struct stop_cfg, keep), NULL,
	  "leave the configuration and statistics in place" },
	{ }
};

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
	int nr, index, status;

	if (which && !strcmp(which, "all")) {
		if (admin_count(admin, &nr))
			return EXIT_FAILED;
		return stop_all(admin, nr, cfg->keep) ? EXIT_OK : EXIT_FAILED;
	}
	status = admin_pick(admin, &cmd_stop, which, &index);
	if (status)
		return status;
	return stop_one(admin, index, cfg->keep) ? EXIT_OK : EXIT_FAILED;
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
