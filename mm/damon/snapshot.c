// SPDX-License-Identifier: GPL-2.0
/*
 * Results in one read: the device of a running context.
 *
 * A take is a buffer with the results of one window, laid out as readers get it
 * (<uapi/linux/damon.h>), which never changes once it is published. It has
 * users: the device, for the latest; each open file, for the one that it reads.
 * Nothing else is kept: there are never more takes than open files and two.
 *
 * The kdamond publishes by exchanging a pointer. Readers find the latest under
 * RCU. Neither ever waits for the other, with one exception: nothing is
 * published, and nothing kept for longer than a window, while no file is open.
 * So who opens the device first asks the kdamond for the results of the last
 * window, as damon_call() would, and waits for its answer. Reads never wait.
 * Publishing in each window instead would let nobody wait, but all who never
 * look pay for it.
 *
 * When there is no memory for a take, the one before stays, which readers can
 * tell by its generation; it is tried again in the next window.
 *
 * Files outlive the device, and the device its context: the context is only
 * known until damon_snapshot_remove(), under the lock of the device.
 *
 * Locks: damon_snapshot.lock, then kdamond_lock; damon_reader.lock by itself.
 */
#include <kunit/visibility.h>
#include <linux/cdev.h>
#include <linux/damon.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "snapshot.h"

/* Bytes that are copied, and regions written, before others may have the CPU. */
#define DAMON_COPY_SZ		SZ_64K
#define DAMON_FILL_REGIONS	4096

static_assert((int)DAMON_SNAPSHOT_OPS_VADDR == (int)DAMON_OPS_VADDR);
static_assert((int)DAMON_SNAPSHOT_OPS_FVADDR == (int)DAMON_OPS_FVADDR);
static_assert((int)DAMON_SNAPSHOT_OPS_PADDR == (int)DAMON_OPS_PADDR);
/* No padding: all that users get has been written. */
static_assert(sizeof(struct damon_snapshot_header) == 72);
static_assert(sizeof(struct damon_snapshot_region) == 40);

static dev_t damon_devt;

static char *damon_devnode(const struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0400;
	return NULL;
}

static const struct class damon_class = {
	.name = "damon",
	.devnode = damon_devnode,
};

/*
 * Takes
 */

static struct damon_snapshot_region *damon_take_regions(struct damon_take *take)
{
	return (void *)(take->header + 1);
}

static struct damon_take *damon_take_new(unsigned long nr_regions,
					 unsigned int nr_targets)
{
	size_t size = size_add(sizeof(struct damon_snapshot_header),
			       size_mul(nr_regions,
					sizeof(struct damon_snapshot_region)));
	struct damon_take *take = kzalloc(sizeof(*take), DAMON_GFP_REGION);
	size_t own;

	if (!take)
		return NULL;
	own = size_mul(nr_targets, sizeof(*take->processes));
	take->header = kvmalloc(size_add(size, own), DAMON_GFP_REGION);
	if (!take->header) {
		kfree(take);
		return NULL;
	}
	refcount_set(&take->users, 1);
	take->size = size;
	take->processes = (void *)take->header + size;
	return take;
}

static void damon_take_put(struct damon_take *take)
{
	unsigned int i;

	if (!take || !refcount_dec_and_test(&take->users))
		return;
	/* Who finds it under RCU does not get at these any more. */
	for (i = 0; i < take->nr_processes; i++)
		put_pid(take->processes[i].pid);
	kvfree(take->header);
	kfree_rcu(take, rcu);
}

static void damon_take_fill_header(struct damon_take *take,
				   struct damon_ctx *ctx, u64 count,
				   u64 generation)
{
	*take->header = (struct damon_snapshot_header) {
		.magic = DAMON_SNAPSHOT_MAGIC,
		.version = DAMON_SNAPSHOT_VERSION,
		.header_size = sizeof(struct damon_snapshot_header),
		.region_size = sizeof(struct damon_snapshot_region),
		.count = count,
		.generation = generation,
		.published_ns = ktime_get_ns(),
		.sample_us = ctx->sample_interval,
		.aggr_us = ctx->aggr_interval,
		.update_us = ctx->ops_update_interval,
		.ops_id = ctx->ops.id,
	};
}

static void damon_take_fill_regions(struct damon_take *take,
				    struct damon_ctx *ctx)
{
	unsigned int nr = damon_nr_samples_per_aggr(&ctx->attrs);
	struct damon_snapshot_region *to = damon_take_regions(take);
	unsigned int target = 0, left = DAMON_FILL_REGIONS;
	struct damon_region *r;
	struct damon_target *t;
	pid_t pid;

	damon_for_each_target(t, ctx) {
		take->processes[take->nr_processes++] =
			(struct damon_take_process) {
				.pid = get_pid(t->pid),
				.first = to - damon_take_regions(take),
			};
		pid = pid_nr(t->pid);
		damon_for_each_region(r, t) {
			struct damon_region_state *s = damon_region_state(r);

			*to++ = (struct damon_snapshot_region) {
				.start = r->ar.start,
				.end = r->ar.end,
				.target = target,
				.pid = pid,
				.nr_accesses = s->last_nr_accesses,
				.nr_samples = nr,
				.age = r->age,
				.flags = s->unchecked ?
					 DAMON_SNAPSHOT_UNCHECKED : 0,
			};
			if (!--left) {
				left = DAMON_FILL_REGIONS;
				cond_resched();
			}
		}
		target += !damon_target_is_member(t);
	}
	take->header->nr_targets = target;
}

/*
 * The results of the last window, about the regions as they are now: those that
 * were made since have the results of what they were cut out of.
 */
static struct damon_take *damon_take_make(struct damon_ctx *ctx, u64 generation)
{
	unsigned int nr_targets = 0;
	struct damon_take *take;
	struct damon_target *t;
	u64 count = 0;

	/* There are no results before the end of the first window. */
	if (generation) {
		damon_for_each_target(t, ctx) {
			count += t->nr_regions;
			nr_targets++;
		}
	}
	if (count > ULONG_MAX)
		return NULL;
	take = damon_take_new(count, nr_targets);
	if (!take)
		return NULL;
	damon_take_fill_header(take, ctx, count, generation);
	if (generation)
		damon_take_fill_regions(take, ctx);
	return take;
}

/* The process whose region that is. */
static struct pid *damon_take_pid(struct damon_take *take, u64 region)
{
	unsigned int lo = 0, hi = take->nr_processes, mid;

	/* Of those that begin there, the last: the others have none. */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (take->processes[mid].first <= region)
			lo = mid;
		else
			hi = mid;
	}
	return take->processes[lo].pid;
}

/*
 * Copy some bytes from @pos on. Pids are put down as the first PID namespace has
 * them; for a reader of another one they are found region by region. Returns
 * how many bytes, zero for a bad address.
 */
static size_t damon_take_copy(struct damon_take *take, size_t pos,
			      struct iov_iter *to, struct pid_namespace *ns)
{
	size_t end = ns == &init_pid_ns ? take->size : sizeof(*take->header);
	struct damon_snapshot_region region;
	u32 offset;
	u64 i;

	if (pos < end)
		return copy_to_iter((void *)take->header + pos,
				    min_t(size_t, end - pos, DAMON_COPY_SZ), to);
	i = div_u64_rem(pos - end, sizeof(region), &offset);
	region = damon_take_regions(take)[i];
	region.pid = pid_nr_ns(damon_take_pid(take, i), ns);
	return copy_to_iter((void *)&region + offset, sizeof(region) - offset, to);
}

/*
 * The device, as seen from the kdamond
 */

static struct damon_take *damon_snapshot_latest(struct damon_snapshot *snap)
{
	struct damon_take *take;

	guard(rcu)();
	do {
		take = rcu_dereference(snap->latest);
		/* One without users is not the latest any more. */
	} while (take && !refcount_inc_not_zero(&take->users));
	return take;
}

/* There is one publisher: the kdamond, or whoever owns a context without. */
static void damon_snapshot_set_latest(struct damon_snapshot *snap,
				      struct damon_take *take)
{
	damon_take_put(rcu_replace_pointer(snap->latest, take, true));
}

static void damon_snapshot_publish(struct damon_snapshot *snap,
				   struct damon_ctx *ctx)
{
	struct damon_take *take = damon_take_make(ctx, snap->generation);

	if (!take)
		return;
	damon_snapshot_set_latest(snap, take);
	wake_up_poll(&snap->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * damon_snapshot_end_window() - The results of a window are complete.
 * @ctx:	context; called from its kdamond, after damon_adapt_next_window()
 *
 * They are published if anybody wants them. May sleep.
 */
void damon_snapshot_end_window(struct damon_ctx *ctx)
{
	struct damon_snapshot *snap = damon_ctx_state(ctx)->snapshot;

	if (unlikely(!snap))
		return;
	snap->generation++;
	if (atomic_read(&snap->openers))
		damon_snapshot_publish(snap, ctx);
	else if (rcu_access_pointer(snap->latest))
		damon_snapshot_set_latest(snap, NULL);
}

/**
 * damon_snapshot_answer() - Publish what was asked for since the last window.
 * @ctx:	context; called from its kdamond
 *
 * May sleep.
 */
void damon_snapshot_answer(struct damon_ctx *ctx)
{
	struct damon_snapshot *snap = damon_ctx_state(ctx)->snapshot;
	unsigned int asked;

	if (unlikely(!snap))
		return;
	asked = READ_ONCE(snap->asked);
	if (asked == snap->answered)
		return;
	if (!rcu_access_pointer(snap->latest))
		damon_snapshot_publish(snap, ctx);
	/* After the take; pairs with damon_snapshot_answered(). */
	smp_store_release(&snap->answered, asked);
	wake_up_all(&snap->wait);
}

/*
 * The device, as seen from files
 */

/* Let the kdamond publish soon. Returns the number of the question. */
static unsigned int damon_snapshot_ask(struct damon_snapshot *snap)
{
	guard(mutex)(&snap->lock);
	WRITE_ONCE(snap->asked, snap->asked + 1);
	if (snap->ctx)
		damon_ctx_nudge(snap->ctx);
	return snap->asked;
}

static bool damon_snapshot_answered(struct damon_snapshot *snap,
				    unsigned int asked)
{
	/* Numbers may wrap. What was published before is seen after this. */
	if ((int)(smp_load_acquire(&snap->answered) - asked) >= 0)
		return true;
	/* Pairs with damon_snapshot_remove(). */
	return smp_load_acquire(&snap->over);
}

/*
 * The first take of a file. One that must not wait begins with a take of
 * no window.
 */
static struct damon_take *damon_snapshot_first(struct damon_snapshot *snap,
					       bool nonblock)
{
	struct damon_take *take = damon_snapshot_latest(snap);
	unsigned int asked;
	int err;

	if (take)
		return take;
	asked = damon_snapshot_ask(snap);
	if (nonblock) {
		refcount_inc(&snap->nothing->users);
		return snap->nothing;
	}
	err = wait_event_interruptible(snap->wait,
				       damon_snapshot_answered(snap, asked));
	if (err)
		return ERR_PTR(err);
	take = damon_snapshot_latest(snap);
	if (take)
		return take;
	return ERR_PTR(READ_ONCE(snap->over) ? -ENODEV : -ENOMEM);
}

/**
 * damon_reader_open() - Begin to read snapshots.
 * @snap:	device, which stays until damon_reader_close()
 * @nonblock:	do not wait for a kdamond that nobody has asked before; the first
 *		take may then be of no window
 *
 * May sleep.
 *
 * Return: the reader, or an ERR_PTR(): -ENOMEM for it or for the take; -ENODEV:
 * the context has ended, and nothing was published at last; -ERESTARTSYS for a
 * signal.
 */
VISIBLE_IF_KUNIT
struct damon_reader *damon_reader_open(struct damon_snapshot *snap,
				       bool nonblock)
{
	struct damon_reader *reader = kzalloc(sizeof(*reader),
					      GFP_KERNEL_ACCOUNT);
	struct damon_take *take;

	if (!reader)
		return ERR_PTR(-ENOMEM);
	/* Before looking for a take: from now on there is one in each window. */
	atomic_inc(&snap->openers);
	take = damon_snapshot_first(snap, nonblock);
	if (IS_ERR(take)) {
		atomic_dec(&snap->openers);
		kfree(reader);
		return ERR_CAST(take);
	}
	mutex_init(&reader->lock);
	reader->snap = snap;
	reader->ns = get_pid_ns(task_active_pid_ns(current));
	reader->take = take;
	reader->finished = U64_MAX;
	return reader;
}

/**
 * damon_reader_close() - Read no more.
 * @reader:	reader that nobody uses; freed
 */
VISIBLE_IF_KUNIT void damon_reader_close(struct damon_reader *reader)
{
	damon_take_put(reader->take);
	put_pid_ns(reader->ns);
	atomic_dec(&reader->snap->openers);
	mutex_destroy(&reader->lock);
	kfree(reader);
}

/*
 * The take to read from, with a reference: the latest, or, to go on, the one
 * before. NULL when there is nothing left to read, ever.
 */
static struct damon_take *damon_reader_take(struct damon_reader *reader,
					    bool anew)
{
	/* In this order: what is found after the end is the last. */
	bool over = smp_load_acquire(&reader->snap->over);
	struct damon_take *latest;

	guard(mutex)(&reader->lock);
	if (anew) {
		latest = damon_snapshot_latest(reader->snap);
		if (latest) {
			swap(reader->take, latest);
			damon_take_put(latest);
		}
		if (over && reader->finished == reader->take->header->generation)
			return NULL;
		WRITE_ONCE(reader->seen, reader->take->header->generation);
	}
	refcount_inc(&reader->take->users);
	return reader->take;
}

/**
 * damon_reader_read() - Read a snapshot or a part of it.
 * @reader:	reader
 * @pos:	where to begin: zero for the latest take, else in the same as before
 * @to:		where to copy to
 *
 * May sleep for memory of the user, but waits for nothing.
 *
 * Return: the number of bytes, less than asked for only at the end of the take,
 * before memory that cannot be written, or when a signal kills the caller; 0
 * behind the end, and anywhere when the context has ended and the reader has
 * read its last take to the end; -EFAULT.
 */
VISIBLE_IF_KUNIT ssize_t damon_reader_read(struct damon_reader *reader,
					   loff_t pos, struct iov_iter *to)
{
	struct damon_take *take = damon_reader_take(reader, !pos);
	ssize_t done = 0;
	size_t nr;

	if (!take)
		return 0;
	while (pos < take->size && iov_iter_count(to)) {
		nr = damon_take_copy(take, pos, to, reader->ns);
		if (!nr) {
			done = done ?: -EFAULT;
			break;
		}
		pos += nr;
		done += nr;
		cond_resched();
		if (fatal_signal_pending(current))
			break;
	}
	if (pos >= take->size)
		WRITE_ONCE(reader->finished, take->header->generation);
	damon_take_put(take);
	return done;
}

/**
 * damon_reader_events() - What would a reader find?
 * @reader:	reader
 *
 * Return: %EPOLLIN and %EPOLLRDNORM if a window has been published since it read
 * from the beginning last; %EPOLLHUP once the context has ended. Any context.
 */
VISIBLE_IF_KUNIT __poll_t damon_reader_events(struct damon_reader *reader)
{
	struct damon_snapshot *snap = reader->snap;
	struct damon_take *take;
	__poll_t events;

	/* In this order: what is found after the end is the last. */
	events = smp_load_acquire(&snap->over) ? EPOLLHUP : 0;
	take = damon_snapshot_latest(snap);
	if (take && take->header->generation != READ_ONCE(reader->seen))
		events |= EPOLLIN | EPOLLRDNORM;
	damon_take_put(take);
	return events;
}

static int damon_device_open(struct inode *inode, struct file *file)
{
	struct damon_snapshot *snap = container_of(inode->i_cdev,
						   struct damon_snapshot, cdev);
	struct damon_reader *reader;

	reader = damon_reader_open(snap, file->f_flags & O_NONBLOCK);
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	file->private_data = reader;
	return 0;
}

static int damon_device_release(struct inode *inode, struct file *file)
{
	damon_reader_close(file->private_data);
	return 0;
}

static ssize_t damon_device_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t ret = damon_reader_read(iocb->ki_filp->private_data,
					iocb->ki_pos, to);

	if (ret > 0)
		iocb->ki_pos += ret;
	return ret;
}

static __poll_t damon_device_poll(struct file *file, poll_table *table)
{
	struct damon_reader *reader = file->private_data;

	poll_wait(file, &reader->snap->wait, table);
	return damon_reader_events(reader);
}

static const struct file_operations damon_device_fops = {
	.owner = THIS_MODULE,
	.open = damon_device_open,
	.release = damon_device_release,
	.read_iter = damon_device_read_iter,
	.splice_read = copy_splice_read,
	.poll = damon_device_poll,
	/* The size changes from take to take: there is no end to count from. */
	.llseek = no_seek_end_llseek,
};

/*
 * The device comes and goes
 */

/* The last file is closed, and the device gone. */
static void damon_snapshot_release(struct device *dev)
{
	struct damon_snapshot *snap = container_of(dev, struct damon_snapshot,
						   dev);

	damon_snapshot_set_latest(snap, NULL);
	damon_take_put(snap->nothing);
	mutex_destroy(&snap->lock);
	kfree(snap);
}

/**
 * damon_snapshot_add() - Make the device of a context.
 * @ctx:	context, whose kdamond does not run yet
 * @id:		number in the name of the device; below %DAMON_MAX_CTXS
 *
 * May sleep.
 *
 * Return: 0; -ENOMEM, or what else the driver core cannot do.
 */
int damon_snapshot_add(struct damon_ctx *ctx, unsigned int id)
{
	struct damon_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);
	int err;

	if (!snap)
		return -ENOMEM;
	snap->ctx = ctx;
	mutex_init(&snap->lock);
	init_waitqueue_head(&snap->wait);
	device_initialize(&snap->dev);
	snap->dev.class = &damon_class;
	snap->dev.devt = MKDEV(MAJOR(damon_devt), id);
	snap->dev.release = damon_snapshot_release;
	cdev_init(&snap->cdev, &damon_device_fops);

	err = -ENOMEM;
	snap->nothing = damon_take_make(ctx, 0);
	if (!snap->nothing)
		goto put_device;
	refcount_inc(&snap->nothing->users);
	damon_snapshot_set_latest(snap, snap->nothing);
	err = dev_set_name(&snap->dev, DAMON_DEVICE_NAME, id);
	if (err)
		goto put_device;
	err = cdev_device_add(&snap->cdev, &snap->dev);
	if (err)
		goto put_device;
	damon_ctx_state(ctx)->snapshot = snap;
	return 0;

put_device:
	put_device(&snap->dev);
	return err;
}

/**
 * damon_snapshot_remove() - Take the device of a context away.
 * @ctx:	context; called by its kdamond as it ends, or without one
 *
 * Files that are open keep what was published last. May sleep.
 */
void damon_snapshot_remove(struct damon_ctx *ctx)
{
	struct damon_snapshot *snap = damon_ctx_state(ctx)->snapshot;

	scoped_guard(mutex, &snap->lock)
		snap->ctx = NULL;
	damon_snapshot_answer(ctx);
	/* After the last take; pairs with damon_reader_take(). */
	smp_store_release(&snap->over, true);
	wake_up_poll(&snap->wait, EPOLLHUP);
	damon_ctx_state(ctx)->snapshot = NULL;
	cdev_device_del(&snap->cdev, &snap->dev);
	put_device(&snap->dev);
}

/**
 * damon_snapshot_init() - Prepare for devices.
 *
 * Return: 0 or an error.
 */
int __init damon_snapshot_init(void)
{
	int err = alloc_chrdev_region(&damon_devt, 0, DAMON_MAX_CTXS, "damon");

	if (err)
		return err;
	err = class_register(&damon_class);
	if (err)
		unregister_chrdev_region(damon_devt, DAMON_MAX_CTXS);
	return err;
}
