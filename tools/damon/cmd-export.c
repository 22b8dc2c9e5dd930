// SPDX-License-Identifier: GPL-2.0
/*
 * damonctl export: figures of all kdamonds for monitoring systems. A figure is
 * one row of metrics[] or scheme_metrics[].
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latest.h"
#include "signals.h"
#include "tree.h"

struct export_cfg {
	bool openmetrics;
	const char *out;
};

static const struct opt_row rows[] = {
	{ "openmetrics", 0, OPT_FLAG, offsetof(struct export_cfg, openmetrics), NULL,
	  "in the text form of Prometheus and OpenMetrics (it is the only one)" },
	{ "out", 'o', OPT_TEXT, offsetof(struct export_cfg, out), "FILE",
	  "replace FILE at once when all is written (standard output)" },
	{ }
};

/* One kdamond's figures */
struct sample {
	const struct latest *k;
	u64 watched, touched, hot;
	u32 regions;
};

static double on(const struct sample *s)
{
	return 1;
}

static double targets(const struct sample *s)
{
	return s->k->nr;
}

static double regions(const struct sample *s)
{
	return s->regions;
}

static double watched(const struct sample *s)
{
	return (double)s->watched;
}

static double touched(const struct sample *s)
{
	return (double)s->touched;
}

static double hot(const struct sample *s)
{
	return (double)s->hot;
}

static double sample_interval(const struct sample *s)
{
	return (double)s->k->info.cfg.sample_us / 1e6;
}

static double aggr_interval(const struct sample *s)
{
	return (double)s->k->info.cfg.aggr_us / 1e6;
}

static double cpu(const struct sample *s)
{
	return s->k->has_cost ? (double)s->k->cost.runtime_ns / 1e9 : -1;
}

static double ticks(const struct sample *s)
{
	return s->k->has_cost ? (double)s->k->cost.ticks : -1;
}

static double missed(const struct sample *s)
{
	return s->k->has_cost ? (double)s->k->cost.ticks_missed : -1;
}

static double checks(const struct sample *s)
{
	return s->k->has_cost ? (double)s->k->cost.samples : -1;
}

/* A negative value: this kernel does not tell. */
static const struct metric {
	const char *name, *type, *help;
	double (*value)(const struct sample *s);
} metrics[] = {
	{ "damon_kdamond_on", "gauge", "Whether the kdamond is on.", on },
	{ "damon_targets", "gauge", "Targets with results in the last window.", targets },
	{ "damon_regions", "gauge", "Regions told apart in the last window.", regions },
	{ "damon_monitored_bytes", "gauge", "Memory monitored.", watched },
	{ "damon_touched_bytes", "gauge", "Memory accessed within the last window.", touched },
	{ "damon_hot_bytes", "gauge", "Memory that half of the checks or more saw used.", hot },
	{ "damon_sample_interval_seconds", "gauge", "Time between two checks.", sample_interval },
	{ "damon_aggregation_interval_seconds", "gauge", "Length of a window.", aggr_interval },
	{ "damon_cpu_seconds_total", "counter", "CPU time of the kdamond in this run.", cpu },
	{ "damon_ticks_total", "counter", "Times that the kdamond looked.", ticks },
	{ "damon_ticks_missed_total", "counter", "Times it was too late to look.", missed },
	{ "damon_checks_total", "counter", "Page table entries looked at.", checks },
};

static const struct {
	const char *name, *file, *help;
} scheme_metrics[] = {
	{ "damon_scheme_tried_regions_total", "nr_tried", "Regions that fit the scheme." },
	{ "damon_scheme_tried_bytes_total", "sz_tried", "Bytes that fit the scheme." },
	{ "damon_scheme_applied_regions_total", "nr_applied", "Regions it was applied to." },
	{ "damon_scheme_applied_bytes_total", "sz_applied", "Bytes the scheme was applied to." },
	{ "damon_scheme_quota_exceeded_total", "qt_exceeds", "Times the quota was used up." },
};

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The text form wants all samples of a metric in one block. */
static void put_metrics(FILE *out, const struct latest_all *all)
{
	struct sample s = { 0 };
	size_t i;
	u32 m;

	head(out, "damon_kdamonds", "gauge", "How many kdamonds are on.");
	fprintf(out, "damon_kdamonds %u\n", all->nr);
	for (i = 0; i < ARRAY_SIZE(metrics) && all->nr; i++) {
		head(out, metrics[i].name, metrics[i].type, metrics[i].help);
		for (m = 0; m < all->nr; m++) {
			s.k = all->kdamond[m];
			latest_sum(s.k, &s.watched, &s.touched, &s.hot, &s.regions);
			if (metrics[i].value(&s) >= 0)
				fprintf(out, "%s{kdamond=\"%d\"} %.15g\n", metrics[i].name,
					s.k->index, metrics[i].value(&s));
		}
	}
}

/* An array of arrays of schemes, one a kdamond */
static json_t *read_schemes(const struct admin *admin, const struct latest_all *all)
{
	json_t *array = json_array(), *schemes;
	char dir[PATH_MAX];
	u32 i;

	for (i = 0; i < all->nr; i++) {
		admin_command(admin, all->kdamond[i]->index, "update_schemes_stats");
		schemes = admin_tree(admin, all->kdamond[i]->index, "contexts/0/schemes", dir);
		json_array_append_new(array, schemes ? schemes : json_array());
	}
	return array;
}

/* Keywords of the kernel are letters and underscores, but a file could say anything. */
static const char *label(const json_t *scheme)
{
	const char *text = json_string_value(json_object_get(scheme, "action"));

	return text && !strpbrk(text, "\"\\\n") ? text : "unknown";
}

static long long statistic(const json_t *scheme, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(scheme, "stats"), name));
}

static void put_schemes(FILE *out, const struct admin *admin, const struct latest_all *all)
{
	json_t *array = read_schemes(admin, all), *scheme;
	bool any = false;
	size_t i, nr;
	u32 m;

	for (m = 0; m < all->nr; m++)
		any |= json_array_size(json_array_get(array, m)) > 0;
	for (i = 0; i < ARRAY_SIZE(scheme_metrics) && any; i++) {
		head(out, scheme_metrics[i].name, "counter", scheme_metrics[i].help);
		for (m = 0; m < all->nr; m++)
			json_array_foreach(json_array_get(array, m), nr, scheme) {
				fprintf(out, "%s{kdamond=\"%d\",scheme=\"%zu\",action=\"%s\"} ",
					scheme_metrics[i].name, all->kdamond[m]->index, nr,
					label(scheme));
				fprintf(out, "%lld\n", statistic(scheme, scheme_metrics[i].file));
			}
	}
	json_decref(array);
}

static int fail(const char *path)
{
	int err = errno ? -errno : -EIO;

	say("cannot write %s: %s", path, strerror(-err));
	return err;
}

/* Readers see the old file or the new one, never a part. */
static int replace(const char *path, const char *text, size_t len)
{
	char temp[PATH_MAX];
	FILE *out;
	int fd, err = 0;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp)) {
		errno = ENAMETOOLONG;
		return fail(path);
	}
	fd = mkstemp(temp);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return fail(path);
	/* The exporter that reads it is not root. */
	fchmod(fd, 0644);
	if (fwrite(text, 1, len, out) != len || fflush(out) || fsync(fd))
		err = fail(path);
	if (fclose(out) && !err)
		err = fail(path);
	if (!err && rename(temp, path))
		err = fail(path);
	if (err)
		unlink(temp);
	return err;
}

static int export(const struct admin *admin, const struct latest_all *all, const char *path)
{
	char *text = NULL;
	size_t len;
	FILE *out;
	int err = 0;

	out = open_memstream(&text, &len);
	if (!out)
		return -ENOMEM;
	put_metrics(out, all);
	put_schemes(out, admin, all);
	fputs("# EOF\n", out);
	if (fclose(out))
		err = -ENOMEM;
	if (!err && path)
		err = replace(path, text, len);
	else if (!err)
		fwrite(text, 1, len, stdout);
	free(text);
	return err;
}

static int run(int argc, char **argv)
{
	struct export_cfg cfg = { 0 };
	struct latest_all all = { 0 };
	struct admin admin;
	int at, err, status;

	at = opt_parse(&cmd_export, argc, argv, &cfg, &status);
	if (at < 0)
		return status;
	if (at < argc)
		return opt_fault(&cmd_export, "it takes no argument, such as '%s'", argv[at]);
	if (admin_open(&admin))
		return EXIT_FAILED;
	signals_hold();
	err = latest_wait(&all, &admin);
	if (!err && !signals_pending())
		err = export(&admin, &all, cfg.out);
	latest_free(&all);
	signals_release();
	return err ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_export = {
	.name = "export",
	.args = "[--openmetrics] [OPTIONS]",
	.summary = "figures of all kdamonds for Prometheus and the like",
	.about =
	"Prints how much memory each kdamond monitors, how much of it was touched and how\n"
	"much is hot, what monitoring costs and what schemes did. With --out, a file is\n"
	"replaced at once, as the textfile collector of Prometheus' node exporter needs it.",
	.examples =
	"  damonctl export --openmetrics\n"
	"  damonctl export --openmetrics --out /var/lib/prometheus/node-exporter/damon.prom\n",
	.rows = rows,
	.run = run,
};
