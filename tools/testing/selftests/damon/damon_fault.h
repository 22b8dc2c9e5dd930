/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail, for tests. Needs a kernel with CONFIG_FAILSLAB and
 * CONFIG_FAULT_INJECTION_DEBUG_FS.
 */
#ifndef _DAMON_FAULT_H
#define _DAMON_FAULT_H

#include <stdbool.h>

/* More allocations than any write makes. */
#define DAMON_MAX_FAULTS	2000

/* Can allocations fail in this kernel? Lets those that could wait fail as well. */
bool damon_fault_begin(void);
void damon_fault_end(void);

/* Let the @nth allocation of a task from now on fail; 0: none any more. */
int damon_fault_nth(long pid, int nth);

/* Let all allocations of a task fail from now on, or no more. */
int damon_fault_all(long pid, bool on);

/*
 * Write while the @nth allocation fails; @failed tells whether there were as many.
 * Returns 0 or a negative errno.
 */
int damon_fault_write(int fd, const char *text, int nth, bool *failed);

#endif	/* _DAMON_FAULT_H */
