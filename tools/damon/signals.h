/* SPDX-License-Identifier: GPL-2.0 */
/* Signals that end the program wait while it has something of the kernel's. */
#ifndef DAMONCTL_SIGNALS_H
#define DAMONCTL_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * Until they are released, or the program has done its work: it is too late then to
 * say that it was interrupted. A closed pipe shows as an error of what writes to it.
 */
void signals_hold(void);
/* As it was before; if one waits, this does not return. */
void signals_release(void);
/* One waits: time to undo what was done. */
bool signals_pending(void);

#endif /* DAMONCTL_SIGNALS_H */
