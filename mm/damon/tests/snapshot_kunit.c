// SPDX-License-Identifier: GPL-2.0
/* Takes and their readers: what is read, when it is new, what is kept. */
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/uio.h>

#include "../snapshot.h"
#include "thread.h"

/* Far above the numbers of threads. */
#define TEST_ID		(DAMON_MAX_CTXS - 1)

/* More than can be allocated, so that publishing fails. */
#define TOO_MANY	(UINT_MAX / 2)

#define SNAP_SZ		(sizeof(struct damon_snapshot_header) + \
			 8 * sizeof(struct damon_snapshot_region))

/* What was read. */
union test_snap {
	struct {
		struct damon_snapshot_header header;
		struct damon_snapshot_region regions[8];
	};
	u8 bytes[SNAP_SZ];
};

static void remove_snapshot(void *ctx)
{
	damon_snapshot_remove(ctx);
}

/*
 * A context with a device and no thread: the test stands in for its kdamond. Two
 * targets, with three and two regions; a result of theirs tells which it is.
 */
static struct damon_ctx *new_ctx(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_target *t;
	struct damon_region *r;
	unsigned int i, nr = 0;

	ctx->ops.id = DAMON_OPS_FVADDR;
	KUNIT_ASSERT_EQ(test, damon_set_attrs(ctx, 1000, 20000, 300000, 3, 10),
			0);
	for (i = 0; i < 2; i++) {
		t = test_new_target(test, ctx);
		test_add_pages(test, t, 0, 2);
		test_add_pages(test, t, 4, 5);
		if (!i)
			test_add_pages(test, t, 5, 9);
		damon_for_each_region(r, t) {
			damon_region_state(r)->last_nr_accesses = nr;
			/* Of the window that goes on. */
			r->nr_accesses = 77;
			r->age = 100 + nr++;
		}
	}
	KUNIT_ASSERT_EQ(test, damon_snapshot_add(ctx, TEST_ID), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_snapshot,
							ctx), 0);
	return ctx;
}

static struct damon_target *first_target(struct damon_ctx *ctx)
{
	return list_first_entry(&ctx->adaptive_targets, struct damon_target,
				list);
}

static struct damon_snapshot *snap_of(struct damon_ctx *ctx)
{
	return damon_ctx_state(ctx)->snapshot;
}

static void close_reader(void *reader)
{
	damon_reader_close(reader);
}

static struct damon_reader *open_reader(struct kunit *test,
					struct damon_snapshot *snap)
{
	struct damon_reader *reader = damon_reader_open(snap, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_reader,
							reader), 0);
	return reader;
}

/* As numbers, which can be compared. */
#define NEW	((__force unsigned int)(EPOLLIN | EPOLLRDNORM))
#define ENDED	((__force unsigned int)EPOLLHUP)

static unsigned int events_of(struct damon_reader *reader)
{
	return (__force unsigned int)damon_reader_events(reader);
}

static ssize_t read_at(struct damon_reader *reader, loff_t pos, void *to,
		       size_t len)
{
	struct kvec vec = { .iov_base = to, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	return damon_reader_read(reader, pos, &iter);
}

static size_t snap_sz(unsigned int nr_regions)
{
	return sizeof(struct damon_snapshot_header) +
	       nr_regions * sizeof(struct damon_snapshot_region);
}

static void snapshot_before_the_first_window(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_reader *reader = open_reader(test, snap_of(ctx));
	u64 before = ktime_get_ns();
	union test_snap snap;

	KUNIT_EXPECT_EQ(test, events_of(reader), 0);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_EQ(test, snap.header.magic, DAMON_SNAPSHOT_MAGIC);
	KUNIT_EXPECT_EQ(test, snap.header.version, DAMON_SNAPSHOT_VERSION);
	KUNIT_EXPECT_EQ(test, snap.header.header_size, sizeof(snap.header));
	KUNIT_EXPECT_EQ(test, snap.header.region_size, sizeof(snap.regions[0]));
	KUNIT_EXPECT_EQ(test, snap.header.count, 0);
	KUNIT_EXPECT_EQ(test, snap.header.generation, 0);
	KUNIT_EXPECT_GT(test, snap.header.published_ns, 0);
	KUNIT_EXPECT_LE(test, snap.header.published_ns, before);
	KUNIT_EXPECT_EQ(test, snap.header.sample_us, 1000);
	KUNIT_EXPECT_EQ(test, snap.header.aggr_us, 20000);
	KUNIT_EXPECT_EQ(test, snap.header.update_us, 300000);
	KUNIT_EXPECT_EQ(test, snap.header.ops_id, DAMON_SNAPSHOT_OPS_FVADDR);
	KUNIT_EXPECT_EQ(test, snap.header.nr_targets, 0);
	KUNIT_EXPECT_EQ(test, read_at(reader, snap_sz(0), &snap, sizeof(snap)),
			0);
}

static void snapshot_of_regions(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_reader *reader = open_reader(test, snap_of(ctx));
	unsigned int i = 0, target = 0;
	union test_snap snap;
	struct damon_region *r;
	struct damon_target *t;

	first_target(ctx)->pid = get_pid(task_pid(current));
	damon_region_state(test_nth_region(first_target(ctx), 1))->unchecked =
		true;
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, events_of(reader), NEW);
	KUNIT_ASSERT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(5));
	KUNIT_EXPECT_EQ(test, events_of(reader), 0);
	KUNIT_EXPECT_EQ(test, snap.header.count, 5);
	KUNIT_EXPECT_EQ(test, snap.header.generation, 1);
	KUNIT_EXPECT_EQ(test, snap.header.nr_targets, 2);
	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			struct damon_snapshot_region *got = &snap.regions[i];

			KUNIT_EXPECT_EQ(test, got->start, r->ar.start);
			KUNIT_EXPECT_EQ(test, got->end, r->ar.end);
			KUNIT_EXPECT_EQ(test, got->target, target);
			KUNIT_EXPECT_EQ(test, got->pid,
					target ? 0 : task_pid_nr(current));
			KUNIT_EXPECT_EQ(test, got->nr_accesses, i);
			KUNIT_EXPECT_EQ(test, got->nr_samples, 20);
			KUNIT_EXPECT_EQ(test, got->age, 100 + i);
			KUNIT_EXPECT_EQ(test, got->flags,
					i == 1 ? DAMON_SNAPSHOT_UNCHECKED : 0);
			i++;
		}
		target++;
	}
	KUNIT_EXPECT_EQ(test, i, 5);
}

/* Pids for a reader of another namespace, and bytes as for any. */
static void snapshot_in_a_pid_namespace(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_reader *reader = open_reader(test, snap_of(ctx));
	struct pid_namespace *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	union test_snap *whole, *seen, *again;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ns);
	/* Too much for a stack. */
	whole = kunit_kcalloc(test, 3, sizeof(*whole), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, whole);
	seen = whole + 1;
	again = whole + 2;
	/* Nobody lives in there, and nobody counts its users. */
	ns->level = 1;
	refcount_set(&ns->ns.count, REFCOUNT_MAX / 2);
	first_target(ctx)->pid = get_pid(task_pid(current));
	damon_snapshot_end_window(ctx);
	KUNIT_ASSERT_EQ(test, read_at(reader, 0, whole, sizeof(*whole)),
			snap_sz(5));
	KUNIT_EXPECT_EQ(test, whole->regions[0].pid, task_pid_nr(current));

	swap(reader->ns, ns);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, seen, sizeof(*seen)),
			snap_sz(5));
	for (i = 0; i < snap_sz(5); i++)
		KUNIT_EXPECT_EQ(test, read_at(reader, i, &again->bytes[i], 1),
				1);
	swap(reader->ns, ns);
	KUNIT_EXPECT_MEMEQ(test, seen, again, snap_sz(5));
	for (i = 0; i < 3; i++)
		whole->regions[i].pid = 0;
	KUNIT_EXPECT_MEMEQ(test, seen, whole, snap_sz(5));
}

/* Any offset and length gives those bytes of one take, whatever comes after. */
static void snapshot_in_pieces(struct kunit *test)
{
	static const size_t lens[] = { 1, 7, 39, 40, 41, 72, 73, SNAP_SZ };
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_reader *reader = open_reader(test, snap_of(ctx));
	union test_snap whole, pieces;
	unsigned int i;
	ssize_t got;
	size_t pos;

	damon_snapshot_end_window(ctx);
	KUNIT_ASSERT_EQ(test, read_at(reader, 0, &whole, sizeof(whole)),
			snap_sz(5));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(&pieces, 0, sizeof(pieces));
		KUNIT_ASSERT_EQ(test, read_at(reader, 0, &pieces, 0), 0);
		pos = 0;
		do {
			got = read_at(reader, pos, &pieces.bytes[pos],
				      min(lens[i], sizeof(pieces) - pos));
			KUNIT_ASSERT_GE(test, got, 0);
			KUNIT_EXPECT_LE(test, got, lens[i]);
			pos += got;
			/* Only what begins anew sees this. */
			if (pos == got) {
				KUNIT_EXPECT_EQ(test, pieces.bytes[0],
						whole.bytes[0]);
				damon_snapshot_end_window(ctx);
			}
		} while (got);
		KUNIT_EXPECT_EQ(test, pos, snap_sz(5));
		KUNIT_EXPECT_MEMEQ(test, pieces.regions, whole.regions,
				   5 * sizeof(whole.regions[0]));
		if (lens[i] > offsetofend(struct damon_snapshot_header,
					  generation))
			KUNIT_EXPECT_EQ(test, pieces.header.generation, i + 1);
	}
	KUNIT_EXPECT_EQ(test, read_at(reader, snap_sz(5), &pieces, 1), 0);
	KUNIT_EXPECT_EQ(test, read_at(reader, LLONG_MAX, &pieces, 1), 0);
}

/* Each has what it began with; one that reads on keeps nobody else from it. */
static void snapshot_for_two_readers(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_reader *a = open_reader(test, snap_of(ctx));
	struct damon_reader *b = open_reader(test, snap_of(ctx));
	union test_snap first, snap;

	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, read_at(a, 0, &first, sizeof(first)), snap_sz(5));
	damon_region_join(first_target(ctx),
			  test_nth_region(first_target(ctx), 1));
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, read_at(b, 0, &snap, sizeof(snap)), snap_sz(4));
	KUNIT_EXPECT_EQ(test, snap.header.generation, 2);
	KUNIT_EXPECT_EQ(test, events_of(b), 0);
	KUNIT_EXPECT_EQ(test, events_of(a), NEW);
	KUNIT_EXPECT_EQ(test, read_at(a, 1, &snap.bytes[1], sizeof(snap) - 1),
			snap_sz(5) - 1);
	KUNIT_EXPECT_MEMEQ(test, &snap, &first, snap_sz(5));
	KUNIT_EXPECT_EQ(test, read_at(a, 0, &snap, sizeof(snap)), snap_sz(4));
	KUNIT_EXPECT_EQ(test, snap.header.generation, 2);
}

/* Nobody reads: nothing is published or kept. Somebody comes: he asks. */
static void snapshot_for_nobody(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_snapshot *dev = snap_of(ctx);
	struct damon_reader *reader;
	union test_snap snap;

	damon_snapshot_end_window(ctx);
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(dev->latest));
	damon_snapshot_answer(ctx);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(dev->latest));

	reader = open_reader(test, dev);
	KUNIT_EXPECT_EQ(test, events_of(reader), 0);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_EQ(test, snap.header.generation, 0);
	damon_snapshot_answer(ctx);
	KUNIT_EXPECT_EQ(test, events_of(reader), NEW);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(5));
	/* The results of the last window, not of the one that goes on. */
	KUNIT_EXPECT_EQ(test, snap.header.generation, 2);
	KUNIT_EXPECT_EQ(test, snap.regions[4].nr_accesses, 4);

	kunit_release_action(test, close_reader, reader);
	KUNIT_EXPECT_NOT_NULL(test, rcu_access_pointer(dev->latest));
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(dev->latest));
}

static void snapshot_without_memory(struct kunit *test)
{
	struct damon_ctx *ctx = new_ctx(test);
	struct damon_target *t = first_target(ctx);
	struct damon_reader *reader = open_reader(test, snap_of(ctx));
	unsigned int nr = t->nr_regions;
	union test_snap snap, again;

	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(5));
	t->nr_regions = TOO_MANY;
	damon_snapshot_end_window(ctx);
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, events_of(reader), 0);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &again, sizeof(again)),
			snap_sz(5));
	KUNIT_EXPECT_MEMEQ(test, &again, &snap, snap_sz(5));
	t->nr_regions = nr;
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, events_of(reader), NEW);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &again, sizeof(again)),
			snap_sz(5));
	KUNIT_EXPECT_EQ(test, again.header.generation, 4);

	/* The one who asks learns of it as well; nothing is kept waiting. */
	kunit_release_action(test, close_reader, reader);
	damon_snapshot_end_window(ctx);
	reader = open_reader(test, snap_of(ctx));
	t->nr_regions = TOO_MANY;
	damon_snapshot_answer(ctx);
	KUNIT_EXPECT_EQ(test, snap_of(ctx)->answered, snap_of(ctx)->asked);
	KUNIT_EXPECT_EQ(test, events_of(reader), 0);
	t->nr_regions = nr;
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, events_of(reader), NEW);
}

static void snapshot_without_targets(struct kunit *test)
{
	struct damon_ctx *ctx = test_new_ctx(test);
	struct damon_reader *reader;
	union test_snap snap;

	KUNIT_ASSERT_EQ(test, damon_snapshot_add(ctx, TEST_ID), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_snapshot,
							ctx), 0);
	reader = open_reader(test, snap_of(ctx));
	damon_snapshot_end_window(ctx);
	KUNIT_EXPECT_EQ(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_EQ(test, snap.header.generation, 1);
	KUNIT_EXPECT_EQ(test, snap.header.count, 0);
}

static void put_dev(void *snap)
{
	put_device(&((struct damon_snapshot *)snap)->dev);
}

/* Wait for the next window of a running context. */
static void wait_window(struct kunit *test, struct test_trace *trace)
{
	reinit_completion(&trace->reached);
	WRITE_ONCE(trace->want, READ_ONCE(trace->windows) + 3);
	test_wait_reached(test, trace);
}

/* A context that runs and ends: files outlive the device. */
static void snapshot_of_a_run(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_snapshot *dev;
	struct damon_reader *early, *late;
	union test_snap snap;
	u64 last;

	/* Not more regions than test_snap has. */
	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, 1000, 4000, 8000, 3, 8),
			0);
	KUNIT_EXPECT_NULL(test, snap_of(trace->ctx));
	trace->want = 3;
	test_start(test, trace->ctx);
	/* As an open file has it. */
	dev = snap_of(trace->ctx);
	get_device(&dev->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_dev, dev), 0);
	test_wait_reached(test, trace);

	/* Asks, and gets what the last window found. */
	early = damon_reader_open(dev, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(early));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, close_reader,
							early), 0);
	KUNIT_EXPECT_GT(test, read_at(early, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_GE(test, snap.header.generation, 2);
	last = snap.header.generation;
	wait_window(test, trace);
	KUNIT_EXPECT_GT(test, read_at(early, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_GT(test, snap.header.generation, last);
	late = open_reader(test, dev);

	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	KUNIT_EXPECT_NULL(test, snap_of(trace->ctx));
	KUNIT_EXPECT_TRUE(test, events_of(late) & ENDED);
	KUNIT_EXPECT_TRUE(test, events_of(late) & NEW);
	/* A look at the header alone does not use the last take up. */
	KUNIT_EXPECT_EQ(test, read_at(late, 0, &snap, 72), 72);
	last = snap.header.generation;
	KUNIT_EXPECT_EQ(test, read_at(late, 0, &snap, sizeof(snap)),
			snap_sz(snap.header.count));
	KUNIT_EXPECT_EQ(test, snap.header.generation, last);
	KUNIT_EXPECT_EQ(test, events_of(late), ENDED);
	KUNIT_EXPECT_EQ(test, read_at(late, 0, &snap, sizeof(snap)), 0);
	/* The other one has its own last take. */
	KUNIT_EXPECT_GE(test, read_at(early, 72, &snap, 40), 40);
	if (events_of(early) & NEW)
		KUNIT_EXPECT_EQ(test, read_at(early, 0, &snap, sizeof(snap)),
				snap_sz(snap.header.count));
	KUNIT_EXPECT_EQ(test, read_at(early, 0, &snap, sizeof(snap)), 0);
}

/* Nobody has read; who comes too late finds nothing, and does not wait. */
static void snapshot_too_late(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_snapshot *dev;

	trace->want = 3;
	test_start(test, trace->ctx);
	dev = snap_of(trace->ctx);
	get_device(&dev->dev);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_dev, dev), 0);
	test_wait_reached(test, trace);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(damon_reader_open(dev, false)), -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&dev->openers), 0);
}

/* In the kdamond: as if a window had ended. */
static int end_window_fn(void *ctx)
{
	damon_snapshot_end_window(ctx);
	return 0;
}

/* A thread that sleeps for years answers at once. */
static void snapshot_of_long_windows(struct kunit *test)
{
	struct test_trace *trace = test_new_trace(test);
	struct damon_call_control end_window = {
		.fn = end_window_fn,
		.data = trace->ctx,
	};
	struct damon_snapshot *dev;
	struct damon_reader *reader;
	union test_snap snap;

	KUNIT_ASSERT_EQ(test, damon_set_attrs(trace->ctx, ULONG_MAX, ULONG_MAX,
					      ULONG_MAX, 3, 10), 0);
	test_start(test, trace->ctx);
	dev = snap_of(trace->ctx);
	KUNIT_ASSERT_EQ(test, damon_call(trace->ctx, &end_window), 0);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(dev->latest));
	reader = damon_reader_open(dev, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	KUNIT_EXPECT_GT(test, read_at(reader, 0, &snap, sizeof(snap)),
			snap_sz(0));
	KUNIT_EXPECT_EQ(test, snap.header.generation, 1);
	get_device(&dev->dev);
	KUNIT_EXPECT_EQ(test, damon_stop(&trace->ctx, 1), 0);
	damon_reader_close(reader);
	put_device(&dev->dev);
}

static struct kunit_case snapshot_cases[] = {
	KUNIT_CASE(snapshot_before_the_first_window),
	KUNIT_CASE(snapshot_of_regions),
	KUNIT_CASE(snapshot_in_a_pid_namespace),
	KUNIT_CASE(snapshot_in_pieces),
	KUNIT_CASE(snapshot_for_two_readers),
	KUNIT_CASE(snapshot_for_nobody),
	KUNIT_CASE(snapshot_without_memory),
	KUNIT_CASE(snapshot_without_targets),
	KUNIT_CASE(snapshot_of_a_run),
	KUNIT_CASE(snapshot_too_late),
	KUNIT_CASE(snapshot_of_long_windows),
	{}
};

static struct kunit_suite snapshot_suite = {
	.name = "damon-snapshot",
	.test_cases = snapshot_cases,
};

kunit_test_suite(snapshot_suite);
