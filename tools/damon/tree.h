/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories of the administrator's files as JSON, and back.
 *
 * A file is a value: a number, true or false, or a text. A directory is an
 * object, or, if it holds a file nr_<something> that can be written, an array of the
 * directories in it. Nothing is known about single files, so what a newer kernel
 * adds is there.
 */
#ifndef DAMONCTL_TREE_H
#define DAMONCTL_TREE_H

#include <jansson.h>

#include "damonctl.h"

/* NULL without memory, or if there is no such directory; says nothing. */
json_t *tree_read(const char *dir);
/*
 * Writes what @value holds. Values of time and size files may be texts with a
 * unit. 0 or a negative errno, after naming the file. Files that cannot be
 * written, such as statistics, are passed over.
 */
int tree_write(const char *dir, json_t *value);
/* From a file, or with "-" from standard input; NULL after saying what is wrong where. */
json_t *tree_load(const char *path);

#endif /* DAMONCTL_TREE_H */
