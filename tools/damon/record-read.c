// SPDX-License-Identifier: GPL-2.0
/*
 * Reads record files; record.h tells the format.
 *
 * A record may be cut short, damaged or hostile. So every number is checked
 * before it is used, memory grows only with bytes really read, texts lose
 * characters that a terminal would act on, and a fault is told with the offset
 * in the uncompressed bytes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "record.h"
#include "record-delta.h"

/* A cursor in one block */
struct cursor {
	const u8 *at, *end;
	bool bad;
};

static int damaged(struct record_reader *r, const char *fmt, ...) __printf(2, 3);

/* Said once, though a record is read several times. */
static int damaged(struct record_reader *r, const char *fmt, ...)
{
	char text[RECORD_TEXT_LEN];
	va_list ap;

	if (r->damaged)
		return -EBADMSG;
	r->damaged = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("%s: byte %llu of the unpacked data: %s", r->name,
	    r->offset, text);
	return -EBADMSG;
}

static u64 get(struct cursor *c)
{
	unsigned int shift;
	u64 value = 0;

	for (shift = 0; shift < 64 && c->at < c->end; shift += 7) {
		u8 byte = *c->at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	c->bad = true;
	return 0;
}

static int64_t as_signed(u64 value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static int64_t get_signed(struct cursor *c)
{
	return as_signed(get(c));
}

static u32 get_u32(struct cursor *c)
{
	u64 value = get(c);

	if (value > UINT32_MAX)
		c->bad = true;
	return (u32)value;
}

/* Keeps what fits, and only what can be printed; lines of a script become one. */
static void get_text(struct cursor *c, char *text, size_t size)
{
	u64 i, len = get(c);

	if (c->bad || len > (u64)(c->end - c->at)) {
		c->bad = true;
		len = 0;
	}
	for (i = 0; i < len && i < size - 1; i++)
		text[i] = (char)(isprint(c->at[i]) ? c->at[i] : isspace(c->at[i]) ? ' ' : '?');
	text[i] = '\0';
	c->at += len;
}

/* Exactly @len bytes: 1; none, at the end of the file: 0; else a negative errno, said. */
static int read_exact(struct record_reader *r, void *to, size_t len)
{
	const char *text;
	int code, ret;

	ret = gzread(r->file, to, (unsigned int)len);
	if (ret > 0)
		r->offset += (u64)ret;
	if (ret == (int)len)
		return 1;
	text = gzerror(r->file, &code);
	if (ret < 0 && code != Z_BUF_ERROR)
		return damaged(r, "%s", code == Z_ERRNO ? strerror(errno) : text);
	return ret ? damaged(r, "cut short") : 0;
}

/* The next block in @c: its type; end of the file: 0; else a negative errno, said. */
static int read_block(struct record_reader *r, struct cursor *c)
{
	unsigned int shift;
	u8 type, byte;
	u64 len = 0;
	int ret;

	ret = read_exact(r, &type, 1);
	if (ret <= 0)
		return ret;
	for (shift = 0; shift < 35; shift += 7) {
		ret = read_exact(r, &byte, 1);
		if (ret <= 0)
			return ret ? ret : damaged(r, "cut short");
		len |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (len > RECORD_MAX_BLOCK)
		return damaged(r, "block of %llu bytes", len);
	if (!isalpha(type))
		return damaged(r, "block type %d", type);
	ret = len ? read_exact(r, r->block, len) : 1;
	if (ret <= 0)
		return ret ? ret : damaged(r, "cut short");
	*c = (struct cursor){ .at = r->block, .end = r->block + len };
	return type;
}

static int read_header(struct record_reader *r)
{
	struct record_info *info = &r->info;
	struct monitor_cfg *cfg = &info->cfg;
	u8 head[sizeof(RECORD_MAGIC)];
	struct cursor c;
	int ret;

	ret = read_exact(r, head, sizeof(head));
	if (ret < 0)
		return ret;
	if (!ret || memcmp(head, RECORD_MAGIC, sizeof(head) - 1))
		return damaged(r, "no record of damonctl");
	if (head[sizeof(head) - 1] != RECORD_VERSION)
		return damaged(r, "version %d, but this damonctl reads version %d",
			       head[sizeof(head) - 1], RECORD_VERSION);
	ret = read_block(r, &c);
	if (ret != RECORD_HEADER)
		return ret < 0 ? ret : damaged(r, "no header block");
	cfg->sample_us = get(&c);
	cfg->aggr_us = get(&c);
	cfg->update_us = get(&c);
	cfg->nr_regions.min = get(&c);
	cfg->nr_regions.max = get(&c);
	info->start_ns = get(&c);
	info->wall_sec = get(&c);
	get_text(&c, info->ops, sizeof(info->ops));
	get_text(&c, info->command, sizeof(info->command));
	get_text(&c, info->kernel, sizeof(info->kernel));
	cfg->ops = info->ops;
	if (c.bad || !cfg->sample_us || cfg->aggr_us < cfg->sample_us ||
	    cfg->aggr_us > UINT64_MAX / NSEC_PER_SEC)
		return damaged(r, "impossible header");
	r->time_ns = info->start_ns;
	return 0;
}

static int read_target(struct record_reader *r, struct cursor *c)
{
	struct record_target *target;
	u64 index = get(c);

	if (c->bad || index != r->targets.nr || index >= RECORD_MAX_TARGETS)
		return damaged(r, "target %llu out of order", index);
	target = reallocarray(r->targets.target, index + 1, sizeof(*target));
	if (!target)
		return -ENOMEM;
	r->targets.target = target;
	target += r->targets.nr++;
	memset(target, 0, sizeof(*target));
	target->pid = get(c);
	get_text(c, target->comm, sizeof(target->comm));
	return c->bad ? damaged(r, "impossible target") : 0;
}

static bool read_new(struct cursor *c, u64 gap, u64 at, struct region *region)
{
	*region = (struct region){ 0 };
	return !__builtin_add_overflow(at, gap, &region->start) &&
	       !__builtin_add_overflow(region->start, get(c), &region->end) &&
	       region->start < region->end;
}

/* Reads one token about borders into r->snap; false when it makes no sense. */
static bool read_token(struct record_reader *r, struct cursor *c, struct delta *old)
{
	struct snapshot *snap = &r->snap;
	u64 token = get(c), n = token >> TOKEN_BITS;
	u64 at = snap->nr ? snap->regions[snap->nr - 1].end : 0;
	unsigned int kind = token % (1 << TOKEN_BITS);
	struct region region;

	if (c->bad || (kind != TOKEN_NEW && (!n || !old->some)))
		return false;
	switch (kind) {
	case TOKEN_NEW:
		return read_new(c, n, at, &region) && !c->bad && snapshot_add(snap, &region);
	case TOKEN_SPLIT:
		if (old->head.start < at ||
		    n > (old->head.end - old->head.start - 1) >> TOKEN_PAGE_SHIFT)
			return false;
		region = delta_split(old, n << TOKEN_PAGE_SHIFT);
		return snapshot_add(snap, &region);
	case TOKEN_MERGE:
		for (; n && delta_can_merge(old); n--)
			delta_merge(old);
		return !n;
	case TOKEN_DROP:
		for (; n && old->some; n--)
			delta_next(old);
		return !n;
	case TOKEN_SAME:
		for (; n && old->some && old->head.start >= at; n--) {
			if (!snapshot_add(snap, &old->head))
				return false;
			at = old->head.end;
			delta_next(old);
		}
		return !n;
	}
	return false;
}

/* What is in @region is from the window before. */
static bool read_numbers(struct cursor *c, struct region *region)
{
	u64 value = get(c);

	region->nr_accesses += (u32)as_signed(value / AGE_KINDS);
	region->age++;
	if (value % AGE_KINDS == AGE_ZERO)
		region->age = 0;
	else if (value % AGE_KINDS == AGE_OTHER)
		region->age += (u32)get_signed(c);
	return !c->bad;
}

static bool read_regions(struct record_reader *r, struct cursor *c, const struct snapshot *prev,
			 u32 nr)
{
	struct delta old = delta_begin(prev);
	u32 i;

	r->snap.nr = 0;
	while (r->snap.nr < nr)
		if (!read_token(r, c, &old))
			return false;
	if (r->snap.nr != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (!read_numbers(c, &r->snap.regions[i]))
			return false;
	return true;
}

static int read_snapshot(struct record_reader *r, struct cursor *c)
{
	struct record_target *target;
	struct snapshot swap;
	u32 nr;

	r->snap.target = get_u32(c);
	r->time_ns += (u64)get_signed(c);
	nr = get_u32(c);
	if (c->bad || r->snap.target >= r->targets.nr)
		return damaged(r, "snapshot of unknown target %u", r->snap.target);
	if (r->time_ns < r->info.start_ns)
		return damaged(r, "snapshot before the start");
	target = &r->targets.target[r->snap.target];
	r->snap.time_ns = r->time_ns;
	if (!read_regions(r, c, &target->prev, nr))
		return damaged(r, "impossible regions");

	/* What the caller sees is also what the next snapshot is told by. */
	swap = target->prev;
	target->prev = r->snap;
	r->snap = swap;
	r->now = &target->prev;
	return 1;
}

/* What is told holds until something else is told. */
static void end_areas(struct areas *areas, u64 now_ns)
{
	u32 i;

	for (i = 0; i < areas->nr; i++)
		if (areas->area[i].seen_ns == UINT64_MAX)
			areas->area[i].seen_ns = now_ns;
}

static int read_areas(struct record_reader *r, struct cursor *c)
{
	u64 target = get(c), now_ns = r->info.start_ns + get(c), nr = get(c), at = 0;
	struct area area = { .seen_ns = UINT64_MAX };

	if (c->bad || target >= r->targets.nr || nr > AREAS_MAX)
		return damaged(r, "areas of unknown target %llu", target);
	end_areas(&r->targets.target[target].areas, now_ns);
	for (; nr; nr--) {
		area.start = at + (u64)get_signed(c);
		area.end = area.start + get(c);
		get_text(c, area.name, sizeof(area.name));
		if (c->bad || area.start >= area.end)
			return damaged(r, "impossible areas");
		if (!areas_add(&r->targets.target[target].areas, &area))
			return -ENOMEM;
		at = area.end;
	}
	return 0;
}

int record_next(struct record_reader *r)
{
	struct cursor c;
	int type, ret = 0;

	if (r->ended)
		return 0;
	for (;;) {
		type = read_block(r, &c);
		if (type <= 0)
			return type ? type : damaged(r, "cut short");
		switch (type) {
		case RECORD_TARGET:
			ret = read_target(r, &c);
			if (ret)
				return ret;
			break;
		case RECORD_AREAS:
			ret = read_areas(r, &c);
			if (ret)
				return ret;
			break;
		case RECORD_SNAPSHOT:
			return read_snapshot(r, &c);
		case RECORD_END:
			r->end_ns = get(&c);
			r->lost = get(&c);
			r->ended = true;
			return c.bad ? damaged(r, "impossible end") : 0;
		default:
			if (isupper(type))
				return damaged(r, "block '%c' needs a newer damonctl", type);
		}
	}
}

int record_open_fd(struct record_reader *r, int fd, const char *name)
{
	int own = dup(fd);

	snprintf(r->name, sizeof(r->name), "%s", name);
	/* It may have been written just now. */
	r->file = own < 0 || lseek(own, 0, SEEK_SET) < 0 ? NULL : gzdopen(own, "rb");
	r->block = malloc(RECORD_MAX_BLOCK);
	if (!r->file || !r->block) {
		if (!r->file && own >= 0)
			close(own);
		say("cannot read %s: %s", name, strerror(errno));
		return -ENOMEM;
	}
	return read_header(r);
}

int record_open(struct record_reader *r, const char *path)
{
	int err;

	snprintf(r->name, sizeof(r->name), "%s", path);
	r->file = gzopen(path, "rb");
	if (!r->file) {
		err = errno ? -errno : -ENOMEM;
		say("cannot open %s: %s", path, strerror(-err));
		return err;
	}
	r->block = malloc(RECORD_MAX_BLOCK);
	return r->block ? read_header(r) : -ENOMEM;
}

int record_rewind(struct record_reader *r)
{
	record_targets_free(&r->targets);
	r->offset = 0;
	r->ended = false;
	if (gzrewind(r->file))
		return damaged(r, "cannot be read twice; is it a pipe?");
	return read_header(r);
}

void record_reader_free(struct record_reader *r)
{
	if (r->file)
		gzclose(r->file);
	free(r->block);
	snapshot_free(&r->snap);
	record_targets_free(&r->targets);
	*r = (struct record_reader){ 0 };
}
