/* SPDX-License-Identifier: GPL-2.0 */
/* Where snapshots of a kdamond come from: whatever the kernel at hand has. */
#ifndef DAMONCTL_SOURCE_H
#define DAMONCTL_SOURCE_H

#include "device.h"
#include "trace.h"
#include "tried.h"

enum source_kind {
	SOURCE_DEVICE,	/* whole windows, from /dev/damon<N> */
	SOURCE_TRACE,	/* events, on kernels without that */
	SOURCE_TRIED,	/* regions that a scheme tried, without events either */
};

/**
 * struct source - one kdamond's snapshots
 * @kind: which of the following is in use
 * @lost: what did not get here: windows of a device, else events
 */
struct source {
	enum source_kind kind;
	struct device device;
	struct trace trace;
	struct tried tried;
	u64 lost;
};

/* The best that this kernel has */
enum source_kind source_choose(void);
/* Says once what that is, when it is not the device. */
void source_tell(enum source_kind kind);
/*
 * Before the kdamond is switched on: makes room for @buffer_kib of events a CPU;
 * @name tells several sources of this process apart. 0 or a negative errno, said.
 */
int source_prepare(struct source *source, enum source_kind kind, u64 buffer_kib, int name);
/* Of a kdamond that runs. With @own, it was configured by this process. */
int source_begin(struct source *source, const struct admin *admin, int index, int pid, bool own);
/* To poll for, or -1 */
int source_fd(const struct source *source);
/* Gives out what is new; @final: nothing comes any more. */
int source_drain(struct source *source, struct assembler *as, bool final);
void source_end(struct source *source);

#endif /* DAMONCTL_SOURCE_H */
