// SPDX-License-Identifier: GPL-2.0
/* damonctl schemes: shows, adds and removes what a kdamond does about memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "file.h"
#include "signals.h"
#include "tree.h"
#include "unit.h"

struct schemes_cfg {
	const char *add, *load, *size, *accesses, *age, *quota;
	u64 interval_us;
	bool clear, json;
};

static const struct opt_row rows[] = {
	{ "add", 0, OPT_TEXT, offsetof(struct schemes_cfg, add), "ACTION",
	  "add a scheme: stat, pageout, cold, willneed, hugepage, ..." },
	{ "size", 0, OPT_TEXT, offsetof(struct schemes_cfg, size), "MIN-MAX",
	  "add: regions of that size (4K-max)" },
	{ "accesses", 0, OPT_TEXT, offsetof(struct schemes_cfg, accesses), "MIN-MAX",
	  "add: accessed in so many percent of the checks (0-100)" },
	{ "age", 0, OPT_TEXT, offsetof(struct schemes_cfg, age), "MIN-MAX",
	  "add: for so long already, such as 30s-max (0s-max)" },
	{ "quota", 0, OPT_TEXT, offsetof(struct schemes_cfg, quota), "SIZE/TIME",
	  "add: no more than that, such as 64M/1s (no limit)" },
	{ "interval", 0, OPT_TIME, offsetof(struct schemes_cfg, interval_us), "TIME",
	  "add: between two times that it acts (each window)" },
	{ "load", 0, OPT_TEXT, offsetof(struct schemes_cfg, load), "FILE",
	  "replace the schemes by those of a JSON file, or - for standard input" },
	{ "clear", 0, OPT_FLAG, offsetof(struct schemes_cfg, clear), NULL, "remove them" },
	{ "json", 0, OPT_FLAG, offsetof(struct schemes_cfg, json), NULL, "show them as JSON" },
	{ }
};

static bool parse_percent(const char *text, u64 *value)
{
	char digits[16];
	size_t len = strcspn(text, "%");

	if (len >= sizeof(digits) || (text[len] && text[len + 1]))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	return unit_parse_number(digits, value) && *value <= 100;
}

/* "A-B" with both of one kind; B may be "max", which becomes @most */
static bool parse_range(const char *text, bool (*parse)(const char *text, u64 *value), u64 most,
			u64 *min, u64 *max)
{
	char first[32];
	const char *dash = strchr(text, '-');

	if (!dash || (size_t)(dash - text) >= sizeof(first))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	if (!parse(first, min))
		return false;
	if (!strcmp(dash + 1, "max"))
		*max = most;
	else if (!parse(dash + 1, max))
		return false;
	return *min <= *max;
}

static json_t *json_range(u64 min, u64 max)
{
	return max > INT64_MAX ? json_pack("{s:I, s:s}", "min", (json_int_t)min, "max", "max") :
				 json_pack("{s:I, s:I}", "min", (json_int_t)min, "max",
					   (json_int_t)max);
}

static bool add_quota(json_t *scheme, const char *text)
{
	const char *slash = strchr(text, '/');
	u64 bytes, us;
	char size[32];

	if (!slash || (size_t)(slash - text) >= sizeof(size))
		return false;
	memcpy(size, text, (size_t)(slash - text));
	size[slash - text] = '\0';
	if (!unit_parse_size(size, &bytes) || !unit_parse_time_us(slash + 1, &us) || us < 1000)
		return false;
	return !json_object_set_new(scheme, "quotas",
				    json_pack("{s:I, s:I}", "bytes", (json_int_t)bytes,
					      "reset_interval_ms", (json_int_t)(us / 1000)));
}

/* EXIT_OK with @scheme to be freed, or EXIT_USAGE after naming the fault */
static int make_scheme(const struct schemes_cfg *cfg, const struct monitor_cfg *monitor,
		       json_t **scheme)
{
	u64 checks = monitor->sample_us ? monitor->aggr_us / monitor->sample_us : 1;
	u64 window = monitor->aggr_us ? monitor->aggr_us : 1;
	u64 size[2], accesses[2], age[2];

	if (!parse_range(cfg->size ? cfg->size : "4K-max", unit_parse_size, UINT64_MAX, &size[0],
			 &size[1]))
		return opt_fault(&cmd_schemes, "--size '%s': expected MIN-MAX, such as 4K-64M",
				 cfg->size);
	if (!parse_range(cfg->accesses ? cfg->accesses : "0-100", parse_percent, 100, &accesses[0],
			 &accesses[1]))
		return opt_fault(&cmd_schemes, "--accesses '%s': expected percent, such as 0-5",
				 cfg->accesses);
	if (!parse_range(cfg->age ? cfg->age : "0s-max", unit_parse_time_us, UINT32_MAX * window,
			 &age[0], &age[1]))
		return opt_fault(&cmd_schemes, "--age '%s': expected MIN-MAX, such as 30s-max",
				 cfg->age);
	*scheme = json_pack("{s:s, s:I, s:{s:o, s:o, s:o}}", "action", cfg->add,
			    "apply_interval_us", (json_int_t)cfg->interval_us, "access_pattern",
			    "sz", json_range(size[0], size[1]),
			    "nr_accesses", json_range((accesses[0] * checks + 99) / 100,
						      accesses[1] * checks / 100),
			    "age", json_range((age[0] + window - 1) / window, age[1] / window));
	if (cfg->quota && !add_quota(*scheme, cfg->quota)) {
		json_decref(*scheme);
		return opt_fault(&cmd_schemes, "--quota '%s': expected SIZE/TIME, such as 64M/1s",
				 cfg->quota);
	}
	return *scheme ? EXIT_OK : EXIT_FAILED;
}

static u64 number(const json_t *object, const char *dir, const char *name)
{
	const json_t *value = dir ? json_object_get(json_object_get(object, dir), name) :
				    json_object_get(object, name);

	/* What does not fit into JSON's numbers reads "max". */
	return json_is_string(value) ? UINT64_MAX : (u64)json_integer_value(value);
}

static void print_scheme(const json_t *scheme, size_t nr, const struct monitor_cfg *monitor)
{
	const json_t *pattern = json_object_get(scheme, "access_pattern");
	u64 checks = monitor->sample_us ? monitor->aggr_us / monitor->sample_us : 1;
	u64 quota = number(scheme, "quotas", "bytes"), max_age = number(pattern, "age", "max");
	u64 max_size = number(pattern, "sz", "max");
	char a[UNIT_LEN], b[UNIT_LEN];

	printf("  scheme %zu: %s\n", nr, json_string_value(json_object_get(scheme, "action")));
	printf("    regions of  %s to %s, accessed in %llu to %llu of %llu checks\n",
	       unit_size(a, number(pattern, "sz", "min")),
	       max_size > INT64_MAX ? "any size" : unit_size(b, max_size),
	       number(pattern, "nr_accesses", "min"), number(pattern, "nr_accesses", "max"),
	       checks);
	printf("    for         %s to %s\n",
	       unit_time_us(a, number(pattern, "age", "min") * monitor->aggr_us),
	       max_age >= UINT32_MAX ? "any time" : unit_time_us(b, max_age * monitor->aggr_us));
	if (quota)
		printf("    quota       %s each %s\n", unit_size(a, quota),
		       unit_time_us(b, number(scheme, "quotas", "reset_interval_ms") * 1000));
	printf("    tried       %llu regions, %s\n", number(scheme, "stats", "nr_tried"),
	       unit_size(a, number(scheme, "stats", "sz_tried")));
	printf("    applied to  %llu regions, %s; %llu times the quota was used up\n",
	       number(scheme, "stats", "nr_applied"),
	       unit_size(a, number(scheme, "stats", "sz_applied")),
	       number(scheme, "stats", "qt_exceeds"));
}

static int show(const struct admin *admin, int index, const struct admin_info *info, bool json)
{
	char dir[PATH_MAX];
	json_t *schemes, *scheme;
	size_t i;

	if (info->on)
		admin_command(admin, index, "update_schemes_stats");
	schemes = admin_tree(admin, index, "contexts/0/schemes", dir);
	if (!schemes) {
		say("cannot read %s", dir);
		return EXIT_FAILED;
	}
	if (json) {
		json_dumpf(schemes, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("kdamond %d: %s, %zu scheme%s\n", index, info->on ? "on" : "off",
		       json_array_size(schemes), PLURAL(json_array_size(schemes)));
		json_array_foreach(schemes, i, scheme)
			print_scheme(scheme, i, &info->cfg);
	}
	json_decref(schemes);
	return EXIT_OK;
}

/* A file may hold the array alone, one scheme, or a tree with them somewhere inside. */
static json_t *find_schemes(json_t *root)
{
	json_t *inner;
	const char *const outer[] = { "kdamonds", "contexts" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outer); i++) {
		inner = json_object_get(root, outer[i]);
		if (json_array_size(inner))
			root = json_array_get(inner, 0);
	}
	inner = json_object_get(root, "schemes");
	return inner ? inner : root;
}

/* The schemes that shall be; NULL after saying what is wrong, with the exit status. */
static json_t *wanted(const struct admin *admin, int index, const struct schemes_cfg *cfg,
		      const struct admin_info *info, int *status)
{
	json_t *root, *schemes, *scheme = NULL;
	char dir[PATH_MAX];

	*status = EXIT_FAILED;
	if (cfg->load) {
		root = tree_load(cfg->load);
		if (!root)
			return NULL;
		schemes = json_incref(find_schemes(root));
		json_decref(root);
		if (json_is_object(schemes))
			schemes = json_pack("[o]", schemes);
		if (!json_is_array(schemes)) {
			say("%s holds no schemes", cfg->load);
			json_decref(schemes);
			return NULL;
		}
		return schemes;
	}
	if (cfg->add) {
		*status = make_scheme(cfg, &info->cfg, &scheme);
		if (*status)
			return NULL;
	}
	schemes = cfg->clear ? json_array() : admin_tree(admin, index, "contexts/0/schemes", dir);
	if (scheme)
		json_array_append_new(schemes, scheme);
	*status = EXIT_FAILED;
	return schemes;
}

static int change(const struct admin *admin, int index, const struct schemes_cfg *cfg,
		  const struct admin_info *info)
{
	char dir[PATH_MAX];
	json_t *old, *new;
	int err, status;

	new = wanted(admin, index, cfg, info, &status);
	if (!new)
		return status;
	old = admin_tree(admin, index, "contexts/0/schemes", dir);
	err = old ? tree_write(dir, new) : -ENOENT;
	if (!err && signals_pending())
		err = -EINTR;
	if (!err && info->on)
		err = admin_commit(admin, index);
	if (!err)
		printf("kdamond %d has %zu scheme%s%s\n", index, json_array_size(new),
		       PLURAL(json_array_size(new)), info->on ? "" : "; it is off");
	else if (old)
		tree_write(dir, old);
	json_decref(old);
	json_decref(new);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int schemes(const struct admin *admin, const struct schemes_cfg *cfg, const char *which)
{
	struct admin_info info;
	int i, nr, status, nr_shown = 0;

	if (cfg->add || cfg->load || cfg->clear || which) {
		status = admin_pick(admin, &cmd_schemes, which, &i);
		if (status)
			return status;
		if (admin_info(admin, i, &info))
			return EXIT_FAILED;
		if (!info.configured) {
			say("kdamond %d is not configured; 'damonctl start' does that", i);
			return EXIT_FAILED;
		}
		return cfg->add || cfg->load || cfg->clear ? change(admin, i, cfg, &info) :
							     show(admin, i, &info, cfg->json);
	}
	if (admin_count(admin, &nr))
		return EXIT_FAILED;
	for (i = 0; i < nr; i++) {
		if (admin_info(admin, i, &info))
			return EXIT_FAILED;
		if (!info.configured)
			continue;
		if (show(admin, i, &info, cfg->json))
			return EXIT_FAILED;
		nr_shown++;
	}
	if (!nr_shown)
		puts(cfg->json ? "[]" : "no kdamond is configured");
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct schemes_cfg cfg = { 0 };
	struct admin admin;
	int at, status;

	at = opt_parse(&cmd_schemes, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at + 1 < argc)
		return opt_fault(&cmd_schemes, "one kdamond, not '%s' as well", argv[at + 1]);
	if (cfg.load && (cfg.add || cfg.clear))
		return opt_fault(&cmd_schemes, "--load replaces all, so neither --add nor --clear");
	if (!cfg.add && (cfg.size || cfg.accesses || cfg.age || cfg.quota || cfg.interval_us))
		return opt_fault(&cmd_schemes, "a pattern or quota goes with --add ACTION");
	if (admin_open(&admin) || admin_lock(&admin))
		return EXIT_FAILED;
	status = schemes(&admin, &cfg, at < argc ? argv[at] : NULL);
	admin_unlock(&admin);
	return status;
}

const struct command cmd_schemes = {
	.name = "schemes",
	.args = "[N] [OPTIONS]",
	.summary = "show or change what a kdamond does about memory",
	.about =
	"Shows the schemes of all kdamonds, or of kdamond N: which regions they are for,\n"
	"what they do, and how much they did. With --add, --load or --clear, changes those\n"
	"of N, or of the only one that is on; when the kernel refuses, they stay.",
	.examples =
	"  damonctl schemes\n"
	"  damonctl schemes --add pageout --accesses 0-0 --age 30s-max --quota 64M/1s\n"
	"  damonctl schemes 0 --json > schemes.json\n"
	"  damonctl schemes 0 --load schemes.json\n",
	.rows = rows,
	.run = run,
};
