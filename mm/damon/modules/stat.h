/* SPDX-License-Identifier: GPL-2.0 */
/* What DAMON_STAT makes of regions. */
#ifndef _MM_DAMON_MODULES_STAT_H
#define _MM_DAMON_MODULES_STAT_H

#include <linux/damon.h>

/* From the 0th to the 100th. */
#define DAMON_STAT_NR_PERCENTILES	101

/**
 * struct damon_stat_piece - some memory that was idle, or in use, equally long
 * @bytes:	how much
 * @idle_ms:	how long it was idle, in ms; negative: how long it was in use
 */
struct damon_stat_piece {
	u64 bytes;
	long idle_ms;
};

void damon_stat_percentiles(struct damon_stat_piece *pieces, size_t nr,
			    long percentiles[DAMON_STAT_NR_PERCENTILES]);
long damon_stat_idle_ms(const struct damon_region *r,
			const struct damon_attrs *attrs);
u64 damon_stat_bandwidth(u64 bytes, unsigned int nr_accesses,
			 unsigned long aggr_us);

#endif	/* _MM_DAMON_MODULES_STAT_H */
