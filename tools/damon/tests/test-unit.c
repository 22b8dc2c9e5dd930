// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../unit.h"
#include "harness.h"

static void times(void)
{
	static const struct {
		const char *text;
		bool good;
		u64 us;
	} rows[] = {
		{ "5ms", true, 5000 }, { "100us", true, 100 }, { "1s", true, 1000000 },
		{ "0.5s", true, 500000 }, { "1.25ms", true, 1250 }, { "2m", true, 120000000 },
		{ "1h", true, 3600000000ULL }, { "0s", true, 0 },
		{ "5" }, { "" }, { "ms" }, { "-5ms" }, { " 5ms" }, { "5 ms" }, { "5msx" },
		{ "1.s" }, { ".5s" }, { "0x5ms" }, { "1e3s" }, { "18446744073709551615s" },
		{ "99999999999999999999us" }, { "0.12345678s" },
	};
	size_t i;
	u64 us;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool good = unit_parse_time_us(rows[i].text, &us);

		CHECK(good == rows[i].good);
		CHECK(!good || us == rows[i].us);
	}
}

static void numbers(void)
{
	u64 value;

	CHECK(unit_parse_number("0", &value) && value == 0);
	CHECK(unit_parse_number("0x10", &value) && value == 16);
	CHECK(unit_parse_number("18446744073709551615", &value) && value == UINT64_MAX);
	CHECK(!unit_parse_number("18446744073709551616", &value));
	CHECK(!unit_parse_number("", &value));
	CHECK(!unit_parse_number("-1", &value));
	CHECK(!unit_parse_number(" 1", &value));
	CHECK(!unit_parse_number("1x", &value));
}

static void texts(void)
{
	char buf[UNIT_LEN];

	CHECK(!strcmp(unit_size(buf, 0), "0 B"));
	CHECK(!strcmp(unit_size(buf, 1023), "1023 B"));
	CHECK(!strcmp(unit_size(buf, 1536), "1.5 KiB"));
	CHECK(!strcmp(unit_size(buf, 64 << 20), "64 MiB"));
	CHECK(!strcmp(unit_size(buf, 123456789), "118 MiB"));
	CHECK(!strcmp(unit_size(buf, UINT64_MAX), "16 EiB"));
	CHECK(!strcmp(unit_time_us(buf, 999), "999 us"));
	CHECK(!strcmp(unit_time_us(buf, 5000), "5 ms"));
	CHECK(!strcmp(unit_time_us(buf, 1500000), "1.5 s"));
}

const struct test_case unit_cases[] = {
	{ "times", times },
	{ "numbers", numbers },
	{ "texts", texts },
	{ }
};
