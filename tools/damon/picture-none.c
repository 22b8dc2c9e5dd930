// SPDX-License-Identifier: GPL-2.0
/* Stands in for picture.c in a build without cairo (PNG=0). */
#include <errno.h>

#include "chart.h"

const bool picture_available;

struct heat_size picture_heat_size(void)
{
	return (struct heat_size){ .rows = 1, .cols = 1, .min_rows = 1 };
}

int picture_draw(const char *path, enum picture_type type,
		 const struct drawing *d)
{
	say("cannot draw %s: damonctl was built without pictures (PNG=0)", path);
	return -EOPNOTSUPP;
}

int picture_curves(const char *path, enum picture_type type, const void *what)
{
	return picture_draw(path, type, NULL);
}

int picture_hist(const char *path, enum picture_type type, const void *what)
{
	return picture_draw(path, type, NULL);
}

int picture_timeline(const char *path, enum picture_type type, const void *what)
{
	return picture_draw(path, type, NULL);
}
