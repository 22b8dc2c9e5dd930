// SPDX-License-Identifier: GPL-2.0
/*
 * Where snapshots of a kdamond come from. The device is best: whole windows, at
 * the cost of a read. Kernels without it have a tracepoint, and those without
 * tracing show the regions of a scheme that does nothing but count.
 */
#include "source.h"

enum source_kind source_choose(void)
{
	if (device_known())
		return SOURCE_DEVICE;
	return trace_known() ? SOURCE_TRACE : SOURCE_TRIED;
}

void source_tell(enum source_kind kind)
{
	static bool told;

	if (told || kind == SOURCE_DEVICE)
		return;
	told = true;
	if (kind == SOURCE_TRACE)
		say("note: this kernel has no snapshot device; using %s",
		    "the tracepoint damon:damon_aggregated");
	else
		say("note: this kernel has neither snapshot device nor tracepoint; using %s",
		    "tried_regions, a few times a second");
}

int source_prepare(struct source *source, enum source_kind kind, u64 buffer_kib, int name)
{
	*source = (struct source){ .kind = kind, .device = { .fd = -1 } };
	return kind == SOURCE_TRACE ? trace_open(&source->trace, buffer_kib, name) : 0;
}

int source_begin(struct source *source, const struct admin *admin, int index, int pid, bool own)
{
	switch (source->kind) {
	case SOURCE_DEVICE:
		return device_open(&source->device, admin, index);
	case SOURCE_TRACE:
		return trace_follow(&source->trace, pid);
	case SOURCE_TRIED:
		return tried_begin(&source->tried, admin, index, own);
	}
	return 0;
}

int source_fd(const struct source *source)
{
	return source->kind == SOURCE_DEVICE ? source->device.fd : -1;
}

int source_drain(struct source *source, struct assembler *as, bool final)
{
	int err = 0;

	switch (source->kind) {
	case SOURCE_DEVICE:
		err = source->device.buf ? device_drain(&source->device, as) : 0;
		source->lost = source->device.nr_missed;
		break;
	case SOURCE_TRACE:
		if (final)
			trace_stop(&source->trace);
		err = trace_drain(&source->trace, as, final);
		if (final)
			assembler_finish(as);
		source->lost = source->trace.lost;
		break;
	case SOURCE_TRIED:
		/* A kdamond that is off has no more to tell. */
		err = final ? 0 : tried_drain(&source->tried, as);
		break;
	}
	return err;
}

void source_end(struct source *source)
{
	device_close(&source->device);
	trace_close(&source->trace);
}
