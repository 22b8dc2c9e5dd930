// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer chooses what happens: FUZZ_RUN is sequence_run, of test-sequence.c, or
 * world_run, of world.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ktap.h"
#include "sequence.h"
#include "world.h"

bool ktap_expect(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	if (ok)
		return true;
	fprintf(stderr, "%s:%d: expected ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t nr_bytes)
{
	struct model_source src = { .bytes = bytes, .nr_bytes = nr_bytes };

	user_alloc_live = 0;
	FUZZ_RUN(&src, 4 + nr_bytes / 8);
	EXPECT_EQ(user_alloc_live, 0);
	return 0;
}
