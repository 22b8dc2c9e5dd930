// SPDX-License-Identifier: GPL-2.0
/*
 * What monitoring costs, as the administrator reads it: a key is a row.
 *
 * Locks: status_lock, so that the context stays; see sysfs.h.
 */
#include "sysfs.h"

static const struct damon_cost_key {
	const char *name;
	size_t offset;		/* of a u64 in struct damon_cost */
} damon_cost_keys[] = {
	{ .name = "elapsed_ns",
	  .offset = offsetof(struct damon_cost, elapsed_ns) },
	{ .name = "runtime_ns",
	  .offset = offsetof(struct damon_cost, runtime_ns) },
	{ .name = "sampling_ns",
	  .offset = offsetof(struct damon_cost, sampling_ns) },
	{ .name = "adapting_ns",
	  .offset = offsetof(struct damon_cost, adapting_ns) },
	{ .name = "callbacks_ns",
	  .offset = offsetof(struct damon_cost, callbacks_ns) },
	{ .name = "schemes_ns",
	  .offset = offsetof(struct damon_cost, schemes_ns) },
	{ .name = "commands_ns",
	  .offset = offsetof(struct damon_cost, commands_ns) },
	{ .name = "flush_ns",
	  .offset = offsetof(struct damon_cost, flush_ns) },
	{ .name = "tlb_flushes",
	  .offset = offsetof(struct damon_cost, tlb_flushes) },
	{ .name = "samples",
	  .offset = offsetof(struct damon_cost, samples) },
	{ .name = "surveyed",
	  .offset = offsetof(struct damon_cost, surveyed) },
	{ .name = "ticks",
	  .offset = offsetof(struct damon_cost, ticks) },
	{ .name = "ticks_missed",
	  .offset = offsetof(struct damon_cost, ticks_missed) },
	{ .name = "processes_missed",
	  .offset = offsetof(struct damon_cost, processes_missed) },
};

static_assert(ARRAY_SIZE(damon_cost_keys) * sizeof(u64) ==
	      sizeof(struct damon_cost));

static int damon_cost_show(const struct damon_file *file, void *field,
			   char *buf)
{
	struct damon_kdamond_dir *kdamond = field;
	struct damon_cost cost = {};
	int i, len = 0;

	scoped_guard(mutex, &kdamond->status_lock)
		if (kdamond->ctx)
			damon_ctx_cost(kdamond->ctx, &cost);
	for (i = 0; i < ARRAY_SIZE(damon_cost_keys); i++) {
		const struct damon_cost_key *key = &damon_cost_keys[i];

		len += sysfs_emit_at(buf, len, "%s %llu\n", key->name,
				     *(u64 *)((void *)&cost + key->offset));
	}
	return len;
}

const struct damon_file_kind damon_file_cost = {
	.show = damon_cost_show,
};
