// SPDX-License-Identifier: GPL-2.0
/*
 * Operations of one's own: a cache of blocks, of which cold ones are thrown away.
 *
 *	# cd /sys/module/damon_sample_cache/parameters
 *	# echo 1000 > min_age_ms
 *	# echo Y > enabled
 *	# dd if=/dev/damon_sample_cache of=/dev/null bs=4096 count=1 skip=7
 *	# cat cached_bytes
 *
 * No page table maps the blocks: only the driver of the device knows which are used.
 * It tells DAMON by two functions, and does away with what is cold by a third; the core
 * does the rest. An address is an offset in the device.
 */
#include <linux/bitmap.h>
#include <linux/damon.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/uaccess.h>

#include "sample.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon_sample_cache."

#define CACHE_BLOCKS	16384UL

static void *cache_blocks[CACHE_BLOCKS];	/* under cache_lock */
static DEFINE_MUTEX(cache_lock);
static DECLARE_BITMAP(cache_used, CACHE_BLOCKS);	/* since it was cleared */

static unsigned int min_age_ms = 10000;
module_param(min_age_ms, uint, 0600);
MODULE_PARM_DESC(min_age_ms, "time without an access after which a block goes");

static unsigned long cached_bytes;			/* under cache_lock */
module_param(cached_bytes, ulong, 0400);
MODULE_PARM_DESC(cached_bytes, "size of all blocks that are there");

static ssize_t cache_read(struct file *file, char __user *buf, size_t len,
			  loff_t *pos)
{
	unsigned long i = *pos >> PAGE_SHIFT, offset = offset_in_page(*pos);

	if (*pos < 0 || i >= CACHE_BLOCKS)
		return 0;
	len = min(len, PAGE_SIZE - offset);
	set_bit(i, cache_used);
	guard(mutex)(&cache_lock);
	if (!cache_blocks[i]) {
		/* Here a real one would fetch it from where it is slow. */
		cache_blocks[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!cache_blocks[i])
			return -ENOMEM;
		cached_bytes += PAGE_SIZE;
	}
	if (copy_to_user(buf, cache_blocks[i] + offset, len))
		return -EFAULT;
	*pos += len;
	return len;
}

/* Choose a block of each region, and forget that it was used. */
static void cache_prepare(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t) {
			r->sampling_addr = damon_rand(ctx, r->ar.start, r->ar.end);
			clear_bit(r->sampling_addr >> PAGE_SHIFT, cache_used);
		}
}

/* Was it used since? */
static unsigned int cache_check(struct damon_ctx *ctx)
{
	struct damon_target *t;
	struct damon_region *r;
	unsigned int most = 0;
	bool used;

	damon_for_each_target(t, ctx)
		damon_for_each_region(r, t) {
			used = test_bit(r->sampling_addr >> PAGE_SHIFT, cache_used);
			damon_update_region_access_rate(r, used);
			most = max(most, r->nr_accesses);
		}
	return most;
}

static unsigned long cache_apply(struct damon_ctx *ctx, struct damon_target *t,
				 struct damon_region *r, struct damos *s)
{
	unsigned long i, end = r->ar.end >> PAGE_SHIFT, freed = 0;

	guard(mutex)(&cache_lock);
	for (i = r->ar.start >> PAGE_SHIFT; i < end; i++) {
		if (!cache_blocks[i])
			continue;
		free_page((unsigned long)cache_blocks[i]);
		cache_blocks[i] = NULL;
		freed += PAGE_SIZE;
	}
	cached_bytes -= freed;
	return freed;
}

static const struct damon_operations cache_ops = {
	.id = NR_DAMON_OPS,	/* none of those that others can select */
	.prepare_access_checks = cache_prepare,
	.check_accesses = cache_check,
	.apply_scheme = cache_apply,
};

static int cache_make(struct damon_sample *sample)
{
	static const struct damon_addr_range all = { 0, CACHE_BLOCKS << PAGE_SHIFT };
	struct damon_ctx *ctx = damon_sample_new_ctx(sample);
	struct damon_target *t = ctx ? damon_sample_new_target(ctx) : NULL;

	if (!t || !damon_sample_add_reclaim(ctx, min_age_ms, 0))
		return -ENOMEM;
	ctx->ops = cache_ops;
	return damon_set_regions(t, &all, 1, PAGE_SIZE);
}

static struct damon_sample cache = { .make = cache_make };
module_param_cb(enabled, &damon_sample_switch, &cache, 0600);

static const struct file_operations cache_fops = {
	.read = cache_read,
	.llseek = default_llseek,
};

static struct miscdevice cache_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "damon_sample_cache",
	.fops = &cache_fops,
};

static int __init cache_init(void)
{
	return misc_register(&cache_device) ?: damon_sample_init(&cache);
}
late_initcall(cache_init);
