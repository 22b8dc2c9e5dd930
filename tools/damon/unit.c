// SPDX-License-Identifier: GPL-2.0
/*
 * Times and sizes as people write and read them. Knows nothing of options or
 * files, so that every front end can use it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct unit {
	const char *name;
	u64 factor;
};

static const struct unit time_units[] = {
	{ "us", 1 },
	{ "ms", 1000 },
	{ "s", USEC_PER_SEC },
	{ "m", 60 * USEC_PER_SEC },
	{ "min", 60 * USEC_PER_SEC },
	{ "h", 3600 * USEC_PER_SEC },
};

bool unit_parse_number(const char *text, u64 *value)
{
	char *end;

	/* strtoull() would take blanks and a minus sign */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && end != text && !*end;
}

static const struct unit size_units[] = {
	{ "", 1 }, { "B", 1 },
	{ "K", 1ULL << 10 }, { "KB", 1ULL << 10 }, { "KiB", 1ULL << 10 },
	{ "M", 1ULL << 20 }, { "MB", 1ULL << 20 }, { "MiB", 1ULL << 20 },
	{ "G", 1ULL << 30 }, { "GB", 1ULL << 30 }, { "GiB", 1ULL << 30 },
	{ "T", 1ULL << 40 }, { "TB", 1ULL << 40 }, { "TiB", 1ULL << 40 },
	{ "P", 1ULL << 50 }, { "PB", 1ULL << 50 }, { "PiB", 1ULL << 50 },
};

/* Digits with an optional fraction of up to six digits, then one of @units. */
static bool parse_united(const char *text, const struct unit *units, size_t nr_units, u64 *value)
{
	u64 whole, part = 0, scale = 1;
	const char *p;
	char *end;
	size_t i;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno)
		return false;
	p = end;
	if (*p == '.') {
		if (!isdigit((unsigned char)p[1]))
			return false;
		for (p++; isdigit((unsigned char)*p); p++) {
			if (scale == USEC_PER_SEC)
				return false;
			part = part * 10 + (u64)(*p - '0');
			scale *= 10;
		}
	}
	for (i = 0; i < nr_units; i++) {
		if (strcasecmp(p, units[i].name))
			continue;
		if (__builtin_mul_overflow(whole, units[i].factor, value) ||
		    (part && units[i].factor > UINT64_MAX / part))
			return false;
		return !__builtin_add_overflow(*value, part * units[i].factor / scale, value);
	}
	return false;
}

bool unit_parse_time_us(const char *text, u64 *us)
{
	return parse_united(text, time_units, ARRAY_SIZE(time_units), us);
}

bool unit_parse_size(const char *text, u64 *bytes)
{
	return unit_parse_number(text, bytes) ||
	       parse_united(text, size_units, ARRAY_SIZE(size_units), bytes);
}

const char *unit_size(char *buf, u64 bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i < ARRAY_SIZE(names) - 1) {
		value /= 1024;
		i++;
	}
	if (i == 0 || value >= 100 || value == (double)(u64)value)
		snprintf(buf, UNIT_LEN, "%.0f %s", value, names[i]);
	else
		snprintf(buf, UNIT_LEN, "%.1f %s", value, names[i]);
	return buf;
}

const char *unit_time_us(char *buf, u64 us)
{
	if (us < 1000)
		snprintf(buf, UNIT_LEN, "%llu us", us);
	else if (us < USEC_PER_SEC)
		snprintf(buf, UNIT_LEN, "%.4g ms", (double)us / 1e3);
	else
		snprintf(buf, UNIT_LEN, "%.4g s", (double)us / 1e6);
	return buf;
}
