// SPDX-License-Identifier: GPL-2.0
/* Directories of the administrator's files as JSON, and back. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "tree.h"
#include "unit.h"

#define NR_PREFIX	"nr_"
/* What "all" is in files of bytes, as a number too large for JSON */
#define TEXT_MAX	"18446744073709551615"
#define TEXT_MAX32	"4294967295"
/* Deeper is no tree of ours. */
#define MAX_DEPTH	12

/* Its type and permissions, or 0 if there is none */
static mode_t mode_of(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
	    stat(path, &st))
		return 0;
	return st.st_mode;
}

static bool is_dir(const char *dir, const char *name)
{
	return S_ISDIR(mode_of(dir, name));
}

static bool is_writable(const char *dir, const char *name)
{
	mode_t mode = mode_of(dir, name);

	return S_ISREG(mode) && mode & 0200;
}

/*
 * The file that makes a directory an array, or false. Statistics have names that
 * begin like that as well, but only what says how many there shall be is written.
 */
static bool find_nr(const char *dir, char *name)
{
	struct dirent *ent;
	bool found = false;
	DIR *d = opendir(dir);

	while (d && !found && (ent = readdir(d))) {
		if (strncmp(ent->d_name, NR_PREFIX, strlen(NR_PREFIX)) ||
		    !is_writable(dir, ent->d_name))
			continue;
		snprintf(name, NAME_MAX + 1, "%s", ent->d_name);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

static json_t *to_json(const char *text)
{
	u64 number;

	if (!strcmp(text, TEXT_MAX))
		return json_string("max");
	if (unit_parse_number(text, &number) && number <= INT64_MAX)
		return json_integer((json_int_t)number);
	if (!strcmp(text, "-1"))
		return json_integer(-1);
	if (!strcmp(text, "Y") || !strcmp(text, "N"))
		return json_boolean(*text == 'Y');
	return json_string(text);
}

/* Lines "key value", as in the file cost */
static json_t *pairs_to_json(char *text)
{
	json_t *object = json_object();
	char *line, *value;

	while (object && (line = strsep(&text, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		json_object_set_new(object, line, to_json(value));
	}
	return object;
}

static json_t *read_file(const char *dir, const char *name)
{
	char text[FILE_VALUE_LEN];

	if (!S_ISREG(mode_of(dir, name)) || file_read(dir, name, text, sizeof(text)))
		return NULL;
	return strchr(text, '\n') && strchr(text, ' ') ? pairs_to_json(text) : to_json(text);
}

static json_t *read_dir(const char *dir, unsigned int depth);

static json_t *read_array(const char *dir, const char *nr_name, unsigned int depth)
{
	json_t *array = json_array(), *item;
	char path[PATH_MAX];
	u64 i, nr;

	if (file_read_u64(dir, nr_name, &nr))
		nr = 0;
	for (i = 0; i < nr && array; i++) {
		if (snprintf(path, sizeof(path), "%s/%llu", dir, i) >= (int)sizeof(path))
			break;
		item = read_dir(path, depth + 1);
		if (item)
			json_array_append_new(array, item);
	}
	return array;
}

static json_t *read_dir(const char *dir, unsigned int depth)
{
	char nr_name[NAME_MAX + 1], path[PATH_MAX];
	struct dirent *ent;
	json_t *object, *item;
	DIR *d;

	if (depth > MAX_DEPTH)
		return NULL;
	if (find_nr(dir, nr_name))
		return read_array(dir, nr_name, depth);
	d = opendir(dir);
	object = d ? json_object() : NULL;
	while (object && (ent = readdir(d))) {
		/* Results of a command, not part of what is configured */
		if (*ent->d_name == '.' || !strcmp(ent->d_name, "tried_regions"))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, ent->d_name) >= (int)sizeof(path))
			continue;
		item = is_dir(dir, ent->d_name) ? read_dir(path, depth + 1) :
						  read_file(dir, ent->d_name);
		if (item)
			json_object_set_new(object, ent->d_name, item);
	}
	if (d)
		closedir(d);
	return object;
}

json_t *tree_read(const char *dir)
{
	return read_dir(dir, 0);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len >= tail && !strcmp(name + len - tail, end);
}

/* "5ms" in a file of microseconds, "64M" in one of bytes; else as it is */
static void without_unit(const char *name, const char *text, char *to)
{
	u64 value;

	snprintf(to, FILE_VALUE_LEN, "%s", text);
	if (!strcmp(text, "max"))
		snprintf(to, FILE_VALUE_LEN, TEXT_MAX);
	else if (ends_with(name, "_us") && unit_parse_time_us(text, &value))
		snprintf(to, FILE_VALUE_LEN, "%llu", value);
	else if (ends_with(name, "ms") && unit_parse_time_us(text, &value))
		snprintf(to, FILE_VALUE_LEN, "%llu", value / 1000);
	else if (unit_parse_size(text, &value))
		snprintf(to, FILE_VALUE_LEN, "%llu", value);
}

static int write_value(const char *dir, const char *name, const json_t *value)
{
	char text[FILE_VALUE_LEN];
	int err;

	if (!mode_of(dir, name)) {
		say("this kernel has no file %s/%s", dir, name);
		return -ENOENT;
	}
	if (is_dir(dir, name)) {
		say("%s/%s is a directory, and takes no value", dir, name);
		return -EISDIR;
	}
	/* Results, and commands */
	if (!is_writable(dir, name) || !strcmp(name, "state"))
		return 0;
	if (json_is_boolean(value))
		return file_set(dir, name, "%s", json_is_true(value) ? "Y" : "N");
	if (json_is_integer(value))
		return file_set(dir, name, "%lld", (long long)json_integer_value(value));
	if (!json_is_string(value)) {
		say("%s/%s: expected a number, true, false or a text", dir, name);
		return -EINVAL;
	}
	/* Nothing was set, and some files take no empty text. */
	if (!json_string_length(value))
		return 0;
	without_unit(name, json_string_value(value), text);
	/* Some counts have fewer bits. */
	if (!strcmp(text, TEXT_MAX)) {
		err = file_write(dir, name, text);
		return err == -EINVAL || err == -ERANGE ? file_set(dir, name, TEXT_MAX32) : err;
	}
	return file_set(dir, name, "%s", text);
}

static int write_array(const char *dir, json_t *array)
{
	char nr_name[NAME_MAX + 1], path[PATH_MAX];
	json_t *item;
	size_t i;
	int err;

	if (!find_nr(dir, nr_name)) {
		say("%s is no list on this kernel", dir);
		return -EINVAL;
	}
	err = file_set(dir, nr_name, "%zu", json_array_size(array));
	json_array_foreach(array, i, item) {
		if (err)
			break;
		snprintf(path, sizeof(path), "%s/%zu", dir, i);
		err = tree_write(path, item);
	}
	return err;
}

int tree_write(const char *dir, json_t *value)
{
	char path[PATH_MAX];
	const char *name;
	json_t *item;
	int err = 0;

	if (json_is_array(value))
		return write_array(dir, value);
	json_object_foreach(value, name, item) {
		if (err)
			break;
		if (*name == '.' || strchr(name, '/') ||
		    snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
			say("'%s' cannot be the name of a file", name);
			return -EINVAL;
		}
		if (!json_is_object(item) && !json_is_array(item)) {
			err = write_value(dir, name, item);
		} else if (is_dir(dir, name)) {
			err = tree_write(path, item);
		} else if (!file_exists(dir, name)) {
			say("this kernel has no directory %s", path);
			err = -ENOENT;
		}
	}
	return err;
}

json_t *tree_load(const char *path)
{
	bool input = !strcmp(path, "-");
	json_error_t error;
	json_t *root;
	FILE *file;

	file = input ? stdin : fopen(path, "re");
	if (!file) {
		say("cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		say("%s: line %d, column %d: %s", input ? "standard input" : path, error.line,
		    error.column, error.text);
	if (!input)
		fclose(file);
	return root;
}
