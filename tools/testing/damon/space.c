// SPDX-License-Identifier: GPL-2.0
/* See space.h. */
#include <math.h>

#include "space.h"

struct space *space_new(u64 seed, const struct space_traits *traits)
{
	struct space *s = calloc(1, sizeof(*s));

	s->rnd = seed * 0x9e3779b97f4a7c15ULL | 1;
	if (traits)
		s->traits = *traits;
	s->size = 1024;
	s->entries = calloc(s->size, sizeof(*s->entries));
	s->spots = calloc(1, sizeof(*s->spots));
	return s;
}

void space_free(struct space *s)
{
	free(s->entries);
	free(s->spots);
	free(s);
}

u64 space_random(struct space *s, u64 below)
{
	u64 x = s->rnd;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	s->rnd = x;
	return mul_u64_u64_shr(x * 0x2545f4914f6cdd1dULL, below, 64);
}

void space_map(struct space *s, unsigned long offset, unsigned long sz,
	       unsigned int leaf, bool populated)
{
	struct space_area *area = &s->areas[s->nr_areas++];

	assert(s->nr_areas <= SPACE_MAX_AREAS);
	area->span.start = SPACE_BASE + offset;
	area->span.end = area->span.start + sz;
	area->leaf = leaf;
	area->populated = populated;
	assert(s->nr_areas < 2 || area[-1].span.end <= area->span.start);
}

struct space_spot *space_touch(struct space *s, unsigned long offset,
			       unsigned long sz, u64 period)
{
	struct space_spot *spot;

	s->spots = realloc(s->spots, (s->nr_spots + 1) * sizeof(*spot));
	spot = &s->spots[s->nr_spots++];
	*spot = (struct space_spot){};
	spot->span.start = SPACE_BASE + offset;
	spot->span.end = spot->span.start + sz;
	spot->period = period;
	assert(s->nr_spots < 2 || spot[-1].span.end <= spot->span.start);
	return spot;
}

const struct space_area *space_find_area(struct space *s, unsigned long addr)
{
	unsigned int low = 0, high = s->nr_areas, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (s->areas[mid].span.end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->nr_areas ? &s->areas[low] : NULL;
}

static struct space_spot *space_find_spot(struct space *s, unsigned long addr)
{
	unsigned int low = 0, high = s->nr_spots, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (s->spots[mid].span.end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return &s->spots[low];
}

/* The last moment up to @now in which the spot is active; zero: none. */
static u64 space_spot_active(const struct space_spot *spot, u64 now)
{
	u64 since;

	if (now < spot->from)
		return 0;
	if (spot->to && now >= spot->to)
		now = spot->to - 1;
	since = now - spot->from;
	if (spot->cycle && since % spot->cycle >= spot->duty)
		now = spot->from + since / spot->cycle * spot->cycle +
		      spot->duty - 1;
	return now;
}

bool space_spot_touched(const struct space_spot *spot, u64 from, u64 to)
{
	u64 last = space_spot_active(spot, to);

	if (last < 1 || last <= from)
		return false;
	return spot->rate || last - last % spot->period > from;
}

static bool space_part_touched(struct space *s, const struct space_spot *spot,
			       unsigned long sz, u64 from, u64 to)
{
	double chances;

	if (!space_spot_touched(spot, from, to))
		return false;
	if (!spot->rate)
		return true;
	to = space_spot_active(spot, to);
	from = max(from, spot->from);
	chances = (double)(to - from) / MSEC * ((sz + PAGE_SIZE - 1) / PAGE_SIZE);
	return space_random(s, 1U << 30) <
	       -expm1(log1p(-spot->rate) * chances) * (1U << 30);
}

bool space_touched(struct space *s, struct damon_addr_range span, u64 from,
		   u64 to)
{
	struct space_spot *spot = space_find_spot(s, span.start);

	if (from >= to)
		return false;
	for (; spot < s->spots + s->nr_spots && spot->span.start < span.end;
	     spot++)
		if (space_part_touched(s, spot,
				       min(span.end, spot->span.end) -
				       max(span.start, spot->span.start),
				       from, to))
			return true;
	return false;
}

static struct damon_addr_range space_span(unsigned long addr, unsigned int level)
{
	unsigned long start = addr >> level << level;

	return (struct damon_addr_range){ start, start + (1UL << level) };
}

/* Was something there touched once, or all of it populated? */
static bool space_present(struct space *s, struct damon_addr_range span)
{
	const struct space_area *area = space_find_area(s, span.start);
	struct space_spot *spot = space_find_spot(s, span.start);

	for (; area && area < s->areas + s->nr_areas &&
	     area->span.start < span.end; area++)
		if (area->populated)
			return true;
	for (; spot < s->spots + s->nr_spots && spot->span.start < span.end;
	     spot++)
		if (spot->from <= s->now)
			return true;
	return false;
}

enum space_kind space_kind(struct space *s, unsigned long addr,
			   unsigned int level)
{
	struct damon_addr_range span = space_span(addr, level);
	const struct space_area *area = space_find_area(s, span.start);

	if (!area || area->span.start >= span.end || !space_present(s, span))
		return SPACE_NONE;
	return area->leaf >= level ? SPACE_LEAF : SPACE_TABLE;
}

static struct space_entry *space_slot(struct space *s, u64 key)
{
	unsigned long i = key * 0x9e3779b97f4a7c15ULL >> 20;

	for (;; i++) {
		struct space_entry *e = &s->entries[i & (s->size - 1)];

		if (!e->key || e->key == key)
			return e;
	}
}

static u64 space_key(unsigned long addr, unsigned int level)
{
	return (addr >> level << level) | level;
}

static struct space_entry *space_insert(struct space *s, u64 key)
{
	struct space_entry *old = s->entries, *e = space_slot(s, key);
	unsigned long i, size = s->size;

	if (e->key)
		return e;
	if (2 * ++s->nr_entries > s->size) {
		s->size *= 4;
		s->entries = calloc(s->size, sizeof(*s->entries));
		for (i = 0; i < size; i++)
			if (old[i].key)
				*space_slot(s, old[i].key) = old[i];
		free(old);
		e = space_slot(s, key);
	}
	e->key = key;
	return e;
}

/* For how long an entry that is used at @when stays in a cache. */
static u64 space_cached(struct space *s, u64 key, unsigned int level, u64 when)
{
	const struct space_area *area = space_find_area(s, key);
	u64 most = s->traits.cached;

	if (area && area->leaf >= level)
		most = s->traits.tlb;
	if (!most)
		return 0;
	/* The same for one entry and time, whoever asks. */
	key = (key ^ when * 0xbf58476d1ce4e5b9ULL) * 0x94d049bb133111ebULL;
	return most / 50 + (key >> 32) % most;
}

/* When somebody else cleared the bit last, or the cache let go of it then. */
static u64 space_others_cleared(struct space *s, unsigned long addr,
				unsigned int level)
{
	u64 when;

	if (!s->traits.aging || s->now < s->traits.aging || level == SPACE_PUD)
		return 0;
	when = s->now - s->now % s->traits.aging;
	return when + space_cached(s, space_key(addr, level), level, when);
}

bool space_young(struct space *s, unsigned long addr, unsigned int level)
{
	struct damon_addr_range span = space_span(addr, level);
	struct space_entry *e = space_slot(s, space_key(addr, level));
	u64 others = space_others_cleared(s, addr, level), since;

	if (!e->key) {
		const struct space_area *area = space_find_area(s, span.start);

		if (!others && area && area->span.start < span.end &&
		    area->populated)
			return true;
		return space_touched(s, span, others, s->now);
	}
	since = max(e->since, others);
	if (e->set && e->since >= others)
		return true;
	e->set = space_touched(s, span, since, s->now);
	e->since = max(since, s->now);
	return e->set;
}

void space_clear(struct space *s, unsigned long addr, unsigned int level)
{
	u64 key = space_key(addr, level), stays, random;
	struct damon_addr_range span = space_span(addr, level);
	struct space_entry *e;

	if (!space_young(s, addr, level))
		return;
	e = space_insert(s, key);
	e->set = false;
	e->since = s->now;
	stays = space_cached(s, key, level, s->now);
	random = s->rnd;
	/* It was loaded at some time before, and is dropped at some time. */
	if (stays && space_touched(s, span, max(stays, s->now) - stays, s->now))
		e->since += random % stays;
}
