// SPDX-License-Identifier: GPL-2.0
/* A small test harness: runs all suites, prints KTAP, captures what damonctl prints. */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define MAX_WORDS 40

static const struct suite {
	const char *name;
	const struct test_case *cases;
} suites[] = {
	{ "unit", unit_cases },
	{ "opt", opt_cases },
	{ "snapshot", snapshot_cases },
	{ "record", record_cases },
	{ "heat", heat_cases },
	{ "trace", trace_cases },
	{ "admin", admin_cases },
	{ "change", change_cases },
	{ "device", device_cases },
	{ "session", session_cases },
	{ "view", view_cases },
};

/* fontconfig keeps what it read for ever. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

static bool failed;
static char scratch[64];
static u64 random_state = 1;

void check_failed(const char *file, int line, const char *what)
{
	printf("# %s:%d: %s\n", file, line, what);
	failed = true;
}

/* splitmix64 */
u64 random_below(u64 limit)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % limit;
}

const char *scratch_dir(void)
{
	if (!*scratch) {
		snprintf(scratch, sizeof(scratch), "/tmp/damonctl-test.XXXXXX");
		if (!mkdtemp(scratch)) {
			perror("mkdtemp");
			exit(EXIT_FAILED);
		}
	}
	return scratch;
}

void scratch_path(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", scratch_dir(), name);
}

static void make_parents(const char *path)
{
	char dir[PATH_MAX], *at;

	snprintf(dir, sizeof(dir), "%s", path);
	for (at = dir + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(dir, 0700);
		*at = '/';
	}
}

void scratch_write(const char *name, const void *data, size_t len)
{
	char path[PATH_MAX];
	FILE *file;

	scratch_path(path, name);
	make_parents(path);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		check_failed(__FILE__, __LINE__, path);
}

void scratch_text(const char *name, const char *text)
{
	scratch_write(name, text, strlen(text));
}

void scratch_read(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	size_t len = 0;
	FILE *file;

	scratch_path(path, name);
	file = fopen(path, "r");
	if (file) {
		len = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[len] = '\0';
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void remove_scratch(void)
{
	if (*scratch)
		nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*scratch = '\0';
}

static int redirect(int fd, const char *path)
{
	int saved = dup(fd), to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(to, fd);
	close(to);
	return saved;
}

static void restore(int fd, int saved)
{
	dup2(saved, fd);
	close(saved);
}

const struct captured *damonctl(const char *line)
{
	static struct captured captured;
	char words[1024], out[PATH_MAX], err[PATH_MAX], *argv[MAX_WORDS] = { "damonctl" };
	int argc = 1, saved_out, saved_err;
	char *word, *save;

	snprintf(words, sizeof(words), "%s", line);
	for (word = strtok_r(words, " ", &save); word && argc < MAX_WORDS - 1;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;

	scratch_path(out, "stdout");
	scratch_path(err, "stderr");
	fflush(NULL);
	saved_out = redirect(STDOUT_FILENO, out);
	saved_err = redirect(STDERR_FILENO, err);
	captured.status = damonctl_main(argc, argv);
	fflush(NULL);
	restore(STDOUT_FILENO, saved_out);
	restore(STDERR_FILENO, saved_err);
	scratch_read("stdout", captured.out, sizeof(captured.out));
	scratch_read("stderr", captured.err, sizeof(captured.err));
	return &captured;
}

int quietly(int (*call)(void *arg), void *arg)
{
	int saved_out, saved_err, ret;

	fflush(NULL);
	saved_out = redirect(STDOUT_FILENO, "/dev/null");
	saved_err = redirect(STDERR_FILENO, "/dev/null");
	ret = call(arg);
	fflush(NULL);
	restore(STDOUT_FILENO, saved_out);
	restore(STDERR_FILENO, saved_err);
	return ret;
}

static int run_all(void)
{
	const struct test_case *test;
	int nr = 0, nr_failed = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i].cases; test->name; test++)
			nr++;
	printf("KTAP version 1\n1..%d\n", nr);
	nr = 0;
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i].cases; test->name; test++) {
			failed = false;
			test->run();
			nr_failed += failed;
			printf("%s %d %s.%s\n", failed ? "not ok" : "ok", ++nr, suites[i].name,
			       test->name);
			fflush(stdout);
		}
	printf("# %d passed, %d failed\n", nr - nr_failed, nr_failed);
	return nr_failed ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	int status;

	/* Never the real kernel, whatever a case forgets */
	setenv("DAMONCTL_SYSFS", "/nonexistent", 1);
	setenv("DAMONCTL_TRACEFS", "/nonexistent", 1);
	setenv("DAMONCTL_DEV", "/nonexistent", 1);
	if (argc == 3 && !strcmp(argv[1], "--fuzz"))
		status = fuzz_records(atoi(argv[2]));
	else
		status = run_all();
	remove_scratch();
	return status;
}
