/* SPDX-License-Identifier: GPL-2.0 */
/* Times and sizes as people write and read them. */
#ifndef DAMONCTL_UNIT_H
#define DAMONCTL_UNIT_H

#include "damonctl.h"

/* Long enough for any text of unit_size() and unit_time() */
#define UNIT_LEN 24

/* Parsers take the whole string; false when it is not such a value. */
bool unit_parse_number(const char *text, u64 *value);
bool unit_parse_time_us(const char *text, u64 *us);
/* Bytes: a number, or with K, M, G, T or P, and B or iB after it if you like */
bool unit_parse_size(const char *text, u64 *bytes);

/* Formatters fill buf[UNIT_LEN] and return it. */
const char *unit_size(char *buf, u64 bytes);
const char *unit_time_us(char *buf, u64 us);

#endif /* DAMONCTL_UNIT_H */
