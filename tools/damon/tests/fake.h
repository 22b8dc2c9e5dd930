/* SPDX-License-Identifier: GPL-2.0 */
/* Ring buffer pages as the kernel makes them, for the fake tracefs. */
#ifndef DAMONCTL_FAKE_H
#define DAMONCTL_FAKE_H

#include "../snapshot.h"

#define FAKE_PAGE	4096
#define FAKE_EVENT_ID	555

struct fake_page {
	u8 data[FAKE_PAGE];
	size_t len;
	u64 time_ns;
};

void fake_page_begin(struct fake_page *page, u64 time_ns);
void fake_page_add(struct fake_page *page, const struct trace_event *event, int id);
/* Makes it what a CPU of the fake tracefs will give */
void fake_page_commit(const struct fake_page *page, int cpu);

/* Directory of this process's trace instance in the fake tracefs, for scratch_*() */
const char *fake_instance(const char *name);

#endif /* DAMONCTL_FAKE_H */
