// SPDX-License-Identifier: GPL-2.0
/*
 * Makes sequences of operations, and changes them. What files there are and what they
 * take is said by the document of the files (damon_abi.h); values that lead somewhere
 * stand in hints[]. Must not know what came of any operation.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damon_abi.h"
#include "damon_param.h"
#include "damon_sysfs.h"
#include "fuzz.h"

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define CONTEXT		"contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"
#define SCHEME		CONTEXT "schemes/0/"
#define ULONG_MAX_TEXT	"18446744073709551615"
#define MAX_PARAMS	128

static const char * const modules[] = {
	"damon_reclaim", "damon_lru_sort", "damon_stat",
};

static struct param {
	const char *module;
	char name[60];
	char before[32];	/* its first value */
} params[MAX_PARAMS];

static unsigned int nr_params;

/* xorshift64* */
uint32_t fuzz_random(void)
{
	uint64_t *x = &fuzz_me->random;

	*x ^= *x >> 12;
	*x ^= *x << 25;
	*x ^= *x >> 27;
	return *x * 0x2545f4914f6cdd1dULL >> 32;
}

unsigned int fuzz_below(unsigned int nr)
{
	return (uint64_t)fuzz_random() * nr >> 32;
}

bool fuzz_once_in(unsigned int nr)
{
	return !fuzz_below(nr);
}

static const char *pick(const char * const *words)
{
	unsigned int nr = 0;

	while (words[nr])
		nr++;
	return words[fuzz_below(nr)];
}

/* Values with which the monitor does something, by the end of the path. */
static const struct {
	const char *end;
	const char *values[8];
} hints[] = {
	{ "/sample_us", { "200", "1000", "2000", "5000" } },
	{ "/aggr_us", { "1000", "4000", "10000", "20000" } },
	{ "/update_us", { "1000", "20000", "100000" } },
	{ "/intervals_goal/access_bp", { "0", "400", "5000" } },
	{ "/intervals_goal/aggrs", { "1", "3" } },
	{ "/intervals_goal/min_sample_us", { "100", "1000" } },
	{ "/intervals_goal/max_sample_us", { "2000", "10000" } },
	/* Others could take all of memory, as they should. */
	{ "monitoring_attrs/nr_regions/min", { "3", "10", "100", "0", "1" } },
	{ "monitoring_attrs/nr_regions/max", { "3", "10", "100", "1000", "20000" } },
	{ "/pid_target", { "@0", "@1", "@2", "@3", "@4", "@5" } },
	{ "/start", { "0x10000000", "0x10200000", "0x10001000", "0x100000" } },
	{ "/end", { "0x11000000", "0x10400000", "0x10800000", "0x200000" } },
	{ "/min", { "0", "1", "4096" } },
	{ "/max", { ULONG_MAX_TEXT, "4294967295", "10", "1000" } },
	{ "/target_nid", { "0", "1", "-1", "2" } },
	{ "/nid", { "0", "1", "2" } },
	{ "/id", { "0", "1", "2" } },
	{ "/apply_interval_us", { "0", "1000", "10000" } },
	{ "/reset_interval_ms", { "1", "10", "100" } },
	{ "/interval_us", { "1000", "10000" } },
	{ "/high", { "1000", "900" } },
	{ "/mid", { "900", "500" } },
	{ "/low", { "0", "100" } },
	{ "/refresh_ms", { "0", "1", "10" } },
	{ "/addr_unit", { "1", "2", "4096", "3" } },
	{ "/nr_kdamonds", { "3", "3", "3", "2" } },
	{ "/nr_contexts", { "1", "1", "1", "0" } },
	{ "/nr_targets", { "1", "2", "3", "1" } },
	{ "/nr_schemes", { "1", "2", "3", "1" } },
	{ "/sample_interval", { "1000", "5000" } },
	{ "/aggr_interval", { "5000", "20000" } },
	{ "/min_nr_regions", { "3", "10", "100" } },
	{ "/max_nr_regions", { "10", "100", "1000" } },
	{ "/monitor_region_start", { "0", "0x10000000" } },
	{ "/monitor_region_end", { "0", "0x18000000" } },
	{ "/wmarks_interval", { "1000", "100000" } },
	{ "/wmarks_high", { "1000", "500" } },
	{ "/wmarks_mid", { "1000", "400" } },
	{ "/wmarks_low", { "0", "200" } },
	{ "/min_age", { "0", "10000", "1000000" } },
	{ "/cold_min_age", { "0", "10000", "1000000" } },
	{ "/quota_ms", { "0", "1", "10" } },
	{ "/quota_sz", { "0", "4096", "16777216" } },
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

static const char *hint(const char *path)
{
	char slashed[FUZZ_OP_LEN];
	unsigned int i;

	snprintf(slashed, sizeof(slashed), "/%s", path);
	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (ends_with(slashed, hints[i].end))
			return pick(hints[i].values);
	return NULL;
}

static const char *number(void)
{
	static const char * const small[] = {
		"0", "1", "2", "3", "4", "5", "7", "10", "100", "1000", "10000", NULL,
	};
	static const char * const odd[] = {
		"", "x", "-1", "0x10", "010", "1 2", "1x", "-2147483648", " 5",
		"99999999999999999999", "%4095", "Y", NULL,
	};
	static char text[32];
	uint64_t value;

	switch (fuzz_below(4)) {
	case 0:
		return pick(odd);
	case 1:
		/* A power of two, or one beside it. */
		value = (1ULL << fuzz_below(64)) + fuzz_below(3) - 1;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		return text;
	}
	return pick(small);
}

static const char *count_of_dirs(void)
{
	static const char * const usual[] = { "0", "1", "2", "3", NULL };
	static const char * const rare[] = { "-1", "5", "40", "300", "x", NULL };

	if (fuzz_once_in(200))
		return "2147483647";
	return fuzz_once_in(16) ? pick(rare) : pick(usual);
}

static const char *string(void)
{
	static const char * const paths[] = {
		"/" FUZZ_CGROUP "0", "/" FUZZ_CGROUP "1", "/" FUZZ_CGROUP "2",
		"/", "/no/such", "", "%40", "%4095", NULL,
	};

	return pick(paths);
}

static const char *some_bool(void)
{
	static const char * const words[] = { "Y", "N", "1", "0", "on", "x", NULL };

	return pick(words);
}

static const struct damon_abi *find(const char *path)
{
	const struct damon_abi *e;

	for (e = damon_abi; e->path; e++)
		if (damon_abi_matches(e, path))
			return e;
	return NULL;
}

/* Something for a file; @e may be NULL. */
static const char *value_for(const struct damon_abi *e, const char *path)
{
	const char *good = hint(path);

	if (good && (strstr(path, "nr_regions/") || !fuzz_once_in(8)))
		return good;
	if (!e)
		return number();
	if (e->keywords[0])
		return fuzz_once_in(32) ? "none" : pick(e->keywords);
	if (damon_abi_is_nr(e))
		return count_of_dirs();
	if (damon_abi_is(e, "bool"))
		return some_bool();
	if (damon_abi_is(e, "string"))
		return string();
	return number();
}

/* The path of one of its kind, with numbers that mostly exist. */
static void some_path(const struct damon_abi *e, int kdamond, char *path, size_t len)
{
	const char *from = e->path;
	size_t n = 0;

	while (*from && n + 2 < len) {
		if (*from != '<') {
			path[n++] = *from++;
			continue;
		}
		if (!n && !fuzz_once_in(10))
			path[n++] = '0' + kdamond;
		else
			path[n++] = '0' + (fuzz_once_in(4) ? fuzz_below(3) : 0);
		from = strchr(from, '>') + 1;
	}
	path[n] = '\0';
}

static void op(struct fuzz_seq *seq, const char *word, const char *path, const char *value)
{
	if (seq->nr < FUZZ_OPS)
		snprintf(seq->ops[seq->nr++], FUZZ_OP_LEN, "%s %.130s%s%.40s", word, path,
			 value ? " " : "", value ?: "");
}

/* About any file. */
static void any_file(struct fuzz_seq *seq, int kdamond, bool write)
{
	const struct damon_abi *e;
	char path[DAMON_ABI_PATH];
	int nr = 0;

	for (e = damon_abi; e->path; e++)
		nr++;
	e = &damon_abi[fuzz_below(nr)];
	/* This one ends all that others do. */
	if (!strchr(e->path, '/') && !fuzz_once_in(8))
		e = find("0/state");
	some_path(e, kdamond, path, sizeof(path));
	if (fuzz_once_in(8))
		op(seq, "hold", path, NULL);
	else if (write && (!e->read_only || fuzz_once_in(20)))
		op(seq, "write", path, value_for(e, path));
	else
		op(seq, fuzz_once_in(4) ? "list" : "read", path, NULL);
}

/* About one that is known by its path below a kdamond. */
static void write_file(struct fuzz_seq *seq, int kdamond, const char *file,
		       const char *value)
{
	char path[DAMON_ABI_PATH];

	snprintf(path, sizeof(path), "%d/%s", kdamond, file);
	op(seq, "write", path, value ?: value_for(find(path), path));
}

static void command(struct fuzz_seq *seq, int kdamond, const char *keyword)
{
	write_file(seq, kdamond, "state", keyword);
}

static void stage_scheme(struct fuzz_seq *seq, int kdamond)
{
	static const char * const files[] = {
		"quotas/bytes", "quotas/ms", "quotas/reset_interval_ms",
		"apply_interval_us", "target_nid", "dests/nr_dests",
		"quotas/goals/nr_goals", "quotas/goals/0/target_metric",
		"quotas/goals/0/target_value", "quotas/goal_tuner",
		"filters/nr_filters", "filters/0/type", "core_filters/nr_filters",
		"core_filters/0/type", "ops_filters/nr_filters", "ops_filters/0/type",
		"ops_filters/0/allow", "watermarks/metric", "watermarks/high",
		"max_nr_snapshots",
	};
	char path[DAMON_ABI_PATH];
	unsigned int i;

	write_file(seq, kdamond, CONTEXT "schemes/nr_schemes", NULL);
	write_file(seq, kdamond, SCHEME "action", NULL);
	write_file(seq, kdamond, SCHEME "access_pattern/sz/max", ULONG_MAX_TEXT);
	write_file(seq, kdamond, SCHEME "access_pattern/nr_accesses/max", NULL);
	write_file(seq, kdamond, SCHEME "access_pattern/age/max", "4294967295");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (!fuzz_once_in(4))
			continue;
		snprintf(path, sizeof(path), SCHEME "%s", files[i]);
		write_file(seq, kdamond, path, NULL);
	}
}

/* A process that is there, as often as not. */
static void stage_process(struct fuzz_seq *seq, int kdamond)
{
	unsigned int slot = fuzz_below(FUZZ_TARGETS);
	char text[16];

	if (fuzz_once_in(2)) {
		write_file(seq, kdamond, TARGET "pid_target", NULL);
		return;
	}
	snprintf(text, sizeof(text), "%u", slot);
	op(seq, "born", text, NULL);
	snprintf(text, sizeof(text), "@%u", slot);
	write_file(seq, kdamond, TARGET "pid_target", text);
}

/* What mostly can be started, and start it. */
static void stage(struct fuzz_seq *seq, int kdamond)
{
	static const char * const operations[] = { "vaddr", "vaddr", "fvaddr", "paddr", NULL };
	const char *ops = pick(operations);

	write_file(seq, kdamond, "contexts/nr_contexts", "1");
	write_file(seq, kdamond, CONTEXT "operations", ops);
	write_file(seq, kdamond, CONTEXT "targets/nr_targets",
		   *ops == 'p' ? "1" : NULL);
	stage_process(seq, kdamond);
	if (fuzz_once_in(4))
		write_file(seq, kdamond, TARGET "cgroup_path", NULL);
	if (fuzz_once_in(4))
		write_file(seq, kdamond, TARGET "follow_children", NULL);
	if (*ops != 'v' || fuzz_once_in(4)) {
		write_file(seq, kdamond, TARGET "regions/nr_regions", "1");
		write_file(seq, kdamond, TARGET "regions/0/start", NULL);
		write_file(seq, kdamond, TARGET "regions/0/end", NULL);
	}
	write_file(seq, kdamond, ATTRS "intervals/sample_us", "1000");
	write_file(seq, kdamond, ATTRS "intervals/aggr_us", NULL);
	if (fuzz_once_in(3))
		write_file(seq, kdamond, ATTRS "probes/nr_probes", NULL);
	if (!fuzz_once_in(3))
		stage_scheme(seq, kdamond);
	command(seq, kdamond, "on");
}

static void module_param(struct fuzz_seq *seq)
{
	static const char * const switches[] = {
		"damon_reclaim/enabled", "damon_lru_sort/enabled", "damon_stat/enabled",
		"damon_reclaim/commit_inputs", "damon_lru_sort/commit_inputs", NULL,
	};
	const struct param *p = &params[fuzz_below(nr_params)];
	char path[FUZZ_OP_LEN];

	snprintf(path, sizeof(path), "%s/%s", p->module, p->name);
	if (fuzz_once_in(4))
		op(seq, "get", path, NULL);
	else if (fuzz_once_in(3))
		op(seq, "set", pick(switches), some_bool());
	else
		op(seq, "set", path, p->before[0] == 'Y' || p->before[0] == 'N' ?
		   some_bool() : value_for(NULL, path));
}

static void numbered(struct fuzz_seq *seq, const char *word, unsigned int nr)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", fuzz_below(nr));
	op(seq, word, text, NULL);
}

static void world(struct fuzz_seq *seq)
{
	static const char * const events[] = { "0", "1", NULL };
	char text[32];

	switch (fuzz_below(8)) {
	case 0:
	case 1:
		numbered(seq, "born", FUZZ_TARGETS);
		break;
	case 2:
		numbered(seq, "kill", FUZZ_TARGETS);
		break;
	case 3:
		numbered(seq, "cgroup", FUZZ_CGROUPS);
		break;
	case 4:
		numbered(seq, "uncgroup", FUZZ_CGROUPS);
		break;
	case 5:
		snprintf(text, sizeof(text), "%u %u", fuzz_below(FUZZ_CGROUPS),
			 fuzz_below(FUZZ_TARGETS));
		op(seq, "enter", text, NULL);
		break;
	case 6:
		op(seq, "events", pick(events), NULL);
		break;
	case 7:
		numbered(seq, "sleep", 20);
		break;
	}
}

static void device(struct fuzz_seq *seq)
{
	static const char * const words[] = { "take", "take", "poll", "close", NULL };

	if (fuzz_once_in(3))
		numbered(seq, fuzz_once_in(2) ? "open" : "peek", FUZZ_KDAMONDS + 2);
	else
		op(seq, pick(words), "0", NULL);
}

static void any_op(struct fuzz_seq *seq, int kdamond)
{
	switch (fuzz_below(16)) {
	case 0 ... 4:
		any_file(seq, kdamond, true);
		break;
	case 5:
		any_file(seq, kdamond, false);
		break;
	case 6 ... 8:
		command(seq, kdamond, NULL);
		break;
	case 9:
		command(seq, kdamond, "commit");
		break;
	case 10:
		op(seq, "again", number(), NULL);
		break;
	case 11:
		module_param(seq);
		break;
	case 12 ... 13:
		device(seq);
		break;
	case 14:
		world(seq);
		break;
	case 15:
		numbered(seq, "sleep", 8);
		break;
	}
}

void fuzz_make(struct fuzz_seq *seq, int kdamond)
{
	unsigned int nr = 1 + fuzz_below(FUZZ_OPS / 2);

	seq->nr = 0;
	if (!fuzz_once_in(3))
		stage(seq, kdamond);
	while (nr--)
		any_op(seq, kdamond);
	if (fuzz_once_in(2))
		command(seq, kdamond, "off");
}

/* Take away the @at-th operation. */
static void drop(struct fuzz_seq *seq, unsigned int at)
{
	memmove(seq->ops[at], seq->ops[at + 1], (--seq->nr - at) * FUZZ_OP_LEN);
}

/* Put the last one to the @at-th place. */
static void bring(struct fuzz_seq *seq, unsigned int at)
{
	char last[FUZZ_OP_LEN];

	memcpy(last, seq->ops[seq->nr - 1], FUZZ_OP_LEN);
	memmove(seq->ops[at + 1], seq->ops[at], (seq->nr - 1 - at) * FUZZ_OP_LEN);
	memcpy(seq->ops[at], last, FUZZ_OP_LEN);
}

/* Another value for the same file. */
static void revalue(char *text)
{
	char path[FUZZ_OP_LEN], word[8];

	if (sscanf(text, "%7s %191s", word, path) == 2 && !strcmp(word, "write"))
		snprintf(text, FUZZ_OP_LEN, "write %.150s %.32s", path,
			 value_for(find(path), path));
}

/* As if it had been made for another kdamond. */
static void move(struct fuzz_seq *seq, int kdamond)
{
	unsigned int i;

	for (i = 0; i < seq->nr; i++) {
		char *at = strchr(seq->ops[i], ' ');

		if (at && at[1] >= '0' && at[1] <= '9' && at[2] == '/')
			at[1] = '0' + kdamond;
	}
}

void fuzz_mutate(struct fuzz_seq *seq, int kdamond)
{
	int times = 1 + fuzz_below(6);

	move(seq, kdamond);
	while (times--) {
		unsigned int at = fuzz_below(seq->nr);

		switch (fuzz_below(4)) {
		case 0:
			if (seq->nr > 1)
				drop(seq, at);
			break;
		case 1 ... 2:
			revalue(seq->ops[at]);
			break;
		case 3:
			if (seq->nr < FUZZ_OPS) {
				any_op(seq, kdamond);
				bring(seq, at);
			}
			break;
		}
	}
}

/* Those that do something when they are written have no value to go back to. */
static void add_param(const char *module, const char *name)
{
	struct param *p = &params[nr_params];

	if (name[0] == '.' || nr_params == MAX_PARAMS)
		return;
	p->module = module;
	snprintf(p->name, sizeof(p->name), "%.59s", name);
	if (strcmp(name, "enabled") && strcmp(name, "commit_inputs"))
		snprintf(p->before, sizeof(p->before), "%.30s",
			 damon_param_get(module, name));
	nr_params++;
}

int fuzz_params_find(void)
{
	struct dirent **names;
	char path[128];
	unsigned int i;
	int j, nr;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/parameters", modules[i]);
		/* In an order that is the same each time. */
		nr = scandir(path, &names, NULL, alphasort);
		for (j = 0; j < nr; j++) {
			add_param(modules[i], names[j]->d_name);
			free(names[j]);
		}
		if (nr >= 0)
			free(names);
	}
	return nr_params;
}

bool fuzz_params_restore(void)
{
	const struct param *p;
	bool ok = true;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		ok = !damon_param_set(modules[i], "enabled", "N") && ok;
	for (p = params; p < params + nr_params; p++) {
		err = p->before[0] ? damon_param_set(p->module, p->name, p->before) : 0;
		/* Not those that can only be read. */
		ok = (!err || err == -EACCES) && ok;
	}
	return ok;
}
