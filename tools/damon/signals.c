// SPDX-License-Identifier: GPL-2.0
#include "damonctl.h"
#include "signals.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static sigset_t before;
static bool held;

void signals_hold(void)
{
	sigset_t mask;
	size_t i;

	if (held)
		return;
	sigemptyset(&mask);
	sigaddset(&mask, SIGPIPE);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&mask, ending[i]);
	held = !sigprocmask(SIG_BLOCK, &mask, &before);
}

void signals_release(void)
{
	if (held)
		sigprocmask(SIG_SETMASK, &before, NULL);
	held = false;
}

bool signals_pending(void)
{
	sigset_t waiting;
	size_t i;

	if (sigpending(&waiting))
		return false;
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&waiting, ending[i]))
			return true;
	return false;
}
