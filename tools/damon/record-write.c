// SPDX-License-Identifier: GPL-2.0
/*
 * Writes record files; record.h tells the format.
 *
 * Most regions do not change from one window to the next, so a snapshot is
 * written as its differences from the one before it; zlib does the rest.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "record.h"
#include "record-delta.h"

static void put_bytes(struct record_buf *buf, const void *data, size_t len)
{
	if (buf->len + len > buf->room) {
		size_t room = 2 * (buf->len + len);
		u8 *grown = realloc(buf->data, room);

		if (!grown) {
			buf->failed = true;
			return;
		}
		buf->data = grown;
		buf->room = room;
	}
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

static size_t encode(u8 *to, u64 value)
{
	size_t len = 0;

	while (value >= 0x80) {
		to[len++] = (u8)(value | 0x80);
		value >>= 7;
	}
	to[len++] = (u8)value;
	return len;
}

static void put(struct record_buf *buf, u64 value)
{
	u8 bytes[10];

	put_bytes(buf, bytes, encode(bytes, value));
}

static u64 as_unsigned(int64_t value)
{
	return ((u64)value << 1) ^ (u64)(value >> 63);
}

static void put_signed(struct record_buf *buf, int64_t value)
{
	put(buf, as_unsigned(value));
}

static void put_text(struct record_buf *buf, const char *text)
{
	size_t len = strlen(text);

	put(buf, len);
	put_bytes(buf, text, len);
}

static int complain(struct record_writer *w)
{
	int code, err;

	gzerror(w->file, &code);
	err = code == Z_ERRNO && errno ? -errno : -EIO;
	say("cannot write %s: %s", w->name, strerror(-err));
	return err;
}

/* Writes w->buf as one block and empties it. */
static int write_block(struct record_writer *w, char type)
{
	u8 head[11];
	size_t len;

	if (w->buf.failed) {
		say("cannot write %s: out of memory", w->name);
		return -ENOMEM;
	}
	head[0] = (u8)type;
	len = 1 + encode(head + 1, w->buf.len);
	errno = 0;
	if (gzwrite(w->file, head, (unsigned int)len) != (int)len)
		return complain(w);
	if (w->buf.len && !gzwrite(w->file, w->buf.data, (unsigned int)w->buf.len))
		return complain(w);
	w->buf.len = 0;
	return 0;
}

static int write_header(struct record_writer *w, const struct record_info *info)
{
	static const u8 head[] = RECORD_MAGIC "\x02";
	const struct monitor_cfg *cfg = &info->cfg;

	static_assert(RECORD_VERSION == 2, "the byte after the magic");
	w->start_ns = info->start_ns;
	w->time_ns = info->start_ns;
	if (gzwrite(w->file, head, sizeof(head) - 1) != sizeof(head) - 1)
		return complain(w);
	put(&w->buf, cfg->sample_us);
	put(&w->buf, cfg->aggr_us);
	put(&w->buf, cfg->update_us);
	put(&w->buf, cfg->nr_regions.min);
	put(&w->buf, cfg->nr_regions.max);
	put(&w->buf, info->start_ns);
	put(&w->buf, info->wall_sec);
	put_text(&w->buf, cfg->ops);
	put_text(&w->buf, info->command);
	put_text(&w->buf, info->kernel);
	return write_block(w, RECORD_HEADER);
}

int record_create_fd(struct record_writer *w, int fd, const struct record_info *info)
{
	int own;

	if (!*w->name)
		snprintf(w->name, sizeof(w->name), "the temporary record");
	w->fd = dup(fd);
	own = dup(fd);
	w->file = own < 0 ? NULL : gzdopen(own, "wb6");
	if (!w->file) {
		if (own >= 0)
			close(own);
		say("cannot write %s: %s", w->name, strerror(errno));
		return -ENOMEM;
	}
	return write_header(w, info);
}

int record_create(struct record_writer *w, const char *path, const struct record_info *info)
{
	int fd, err;

	snprintf(w->name, sizeof(w->name), "%s", path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
		say("cannot create %s: %s", path, strerror(-err));
		return err;
	}
	err = record_create_fd(w, fd, info);
	close(fd);
	return err;
}

int record_add_target(struct record_writer *w, int pid, const char *comm)
{
	struct record_target *target;

	target = reallocarray(w->targets.target, w->targets.nr + 1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	w->targets.target = target;
	target += w->targets.nr;
	memset(target, 0, sizeof(*target));
	target->pid = (u64)pid;
	put(&w->buf, w->targets.nr++);
	put(&w->buf, (u64)pid);
	put_text(&w->buf, comm);
	return write_block(w, RECORD_TARGET);
}

static void put_token(struct record_buf *buf, unsigned int kind, u64 count)
{
	if (count)
		put(buf, count << TOKEN_BITS | kind);
}

/* Borders, as they are told */
struct borders {
	struct record_buf *buf;
	struct delta old;
	u64 nr_same, at;
};

static void put_same(struct borders *b)
{
	put_token(b->buf, TOKEN_SAME, b->nr_same);
	b->nr_same = 0;
}

/* Old regions that begin, or end, before an address */
static void drop_until(struct borders *b, u64 start, u64 end)
{
	u64 nr = 0;

	for (; b->old.some && (b->old.head.start < start || b->old.head.end <= end); nr++)
		delta_next(&b->old);
	if (!nr)
		return;
	put_same(b);
	put_token(b->buf, TOKEN_DROP, nr);
}

/* Of the old regions from the next one on, in @from; false if @is does not fit them. */
static bool put_from_old(struct borders *b, const struct region *is, struct region *from)
{
	struct delta old = b->old;
	u64 nr = 0, len = is->end - is->start;
	bool longer;

	if (!old.some || old.head.start != is->start)
		return false;
	for (; old.head.end < is->end && delta_can_merge(&old); nr++)
		delta_merge(&old);
	longer = old.head.end > is->end;
	if (old.head.end < is->end || (longer && len % (1 << TOKEN_PAGE_SHIFT)))
		return false;
	if (nr) {
		put_same(b);
		put_token(b->buf, TOKEN_MERGE, nr);
	}
	b->old = old;
	if (longer) {
		put_same(b);
		put_token(b->buf, TOKEN_SPLIT, len >> TOKEN_PAGE_SHIFT);
		*from = delta_split(&b->old, len);
	} else {
		*from = old.head;
		b->nr_same++;
		delta_next(&b->old);
	}
	return true;
}

static struct region put_border(struct borders *b, const struct region *is)
{
	struct region from = { is->start, is->end };

	drop_until(b, 0, is->start);
	if (!put_from_old(b, is, &from)) {
		drop_until(b, is->end, 0);
		put_same(b);
		put(b->buf, (is->start - b->at) << TOKEN_BITS | TOKEN_NEW);
		put(b->buf, is->end - is->start);
	}
	b->at = is->end;
	return from;
}

static void put_numbers(struct record_buf *buf, const struct region *was, const struct region *is)
{
	u32 one_more = was->age + 1;
	unsigned int kind = AGE_OTHER;

	if (is->age == one_more)
		kind = AGE_ONE_MORE;
	else if (!is->age)
		kind = AGE_ZERO;
	put(buf, as_unsigned((int64_t)is->nr_accesses - was->nr_accesses) * AGE_KINDS + kind);
	if (kind == AGE_OTHER)
		put_signed(buf, (int64_t)is->age - one_more);
}

/* Writes how @new differs from @old. */
static int put_regions(struct record_writer *w, const struct snapshot *old,
		       const struct snapshot *new)
{
	struct borders b = { .buf = &w->buf, .old = delta_begin(old) };
	struct region from;
	u32 i;

	w->expected.nr = 0;
	for (i = 0; i < new->nr; i++) {
		from = put_border(&b, &new->regions[i]);
		if (!snapshot_add(&w->expected, &from))
			return -ENOMEM;
	}
	put_same(&b);
	for (i = 0; i < new->nr; i++)
		put_numbers(&w->buf, &w->expected.regions[i], &new->regions[i]);
	return 0;
}

static int remember(struct snapshot *prev, const struct snapshot *snap)
{
	u32 i;

	prev->nr = 0;
	for (i = 0; i < snap->nr; i++)
		if (!snapshot_add(prev, &snap->regions[i]))
			return -ENOMEM;
	return 0;
}

int record_add(struct record_writer *w, const struct snapshot *snap)
{
	struct record_target *target;
	int err;

	/* A target that nobody announced: not of this monitor */
	if (snap->target >= w->targets.nr)
		return 0;
	target = &w->targets.target[snap->target];
	put(&w->buf, snap->target);
	put_signed(&w->buf, (int64_t)(snap->time_ns - w->time_ns));
	put(&w->buf, snap->nr);
	w->time_ns = snap->time_ns;
	err = put_regions(w, &target->prev, snap);
	if (!err)
		err = write_block(w, RECORD_SNAPSHOT);
	return err ? err : remember(&target->prev, snap);
}

int record_add_areas(struct record_writer *w, u32 target, u64 now_ns)
{
	struct record_target *t = &w->targets.target[target];
	struct areas now = { 0 };
	u64 at = 0;
	u32 i;

	/* It may have ended just now. */
	if (areas_look(&now, (int)t->pid, now_ns) || !now.nr || areas_same(&now, &t->areas)) {
		areas_free(&now);
		return 0;
	}
	put(&w->buf, target);
	put(&w->buf, now_ns - w->start_ns);
	put(&w->buf, now.nr);
	for (i = 0; i < now.nr; i++) {
		put_signed(&w->buf, (int64_t)(now.area[i].start - at));
		put(&w->buf, now.area[i].end - now.area[i].start);
		put_text(&w->buf, now.area[i].name);
		at = now.area[i].end;
	}
	areas_free(&t->areas);
	t->areas = now;
	return write_block(w, RECORD_AREAS);
}

int record_flush(struct record_writer *w)
{
	errno = 0;
	return gzflush(w->file, Z_SYNC_FLUSH) == Z_OK ? 0 : complain(w);
}

int record_finish(struct record_writer *w, u64 end_ns, u64 lost)
{
	int err;

	put(&w->buf, end_ns);
	put(&w->buf, lost);
	err = write_block(w, RECORD_END);
	if (err)
		return err;
	errno = 0;
	if (gzclose(w->file) != Z_OK) {
		err = errno ? -errno : -EIO;
		say("cannot write %s: %s", w->name, strerror(-err));
	}
	w->file = NULL;
	return err;
}

u64 record_size(const struct record_writer *w)
{
	struct stat st;

	return fstat(w->fd, &st) ? 0 : (u64)st.st_size;
}

void record_targets_free(struct record_targets *targets)
{
	u32 i;

	for (i = 0; i < targets->nr; i++) {
		snapshot_free(&targets->target[i].prev);
		areas_free(&targets->target[i].areas);
	}
	free(targets->target);
	*targets = (struct record_targets){ 0 };
}

void record_writer_free(struct record_writer *w)
{
	if (w->file)
		gzclose(w->file);
	if (w->fd > 0)
		close(w->fd);
	free(w->buf.data);
	snapshot_free(&w->expected);
	record_targets_free(&w->targets);
	*w = (struct record_writer){ 0 };
}
