// SPDX-License-Identifier: GPL-2.0
/*
 * Region sets: the regions of a target, ordered by address, never overlapping.
 *
 * Owns how regions are made, cut, joined and fitted to ranges. It must not know
 * when that is right (adapt.c does) nor what an address space is (operations).
 *
 * No locks: a region set belongs to the kdamond of its context, or, while there
 * is none, to whoever owns the context.
 */
#include "pure.h"

struct kmem_cache *damon_region_cache;

static struct damon_region *damon_alloc_region(unsigned long start,
					       unsigned long end, gfp_t gfp)
{
	struct damon_region_state *s;

	s = kmem_cache_zalloc(damon_region_cache, gfp);
	if (!s)
		return NULL;
	s->region.ar.start = start;
	s->region.ar.end = end;
	s->stratum = DAMON_NO_STRATUM;
	INIT_LIST_HEAD(&s->region.list);
	return &s->region;
}

/**
 * damon_new_region() - Make a region.
 * @start:	first address
 * @end:	first address behind it, above @start
 *
 * The region is in no target yet: see damon_add_region(). May sleep.
 *
 * Return: the region, or NULL for a lack of memory.
 */
struct damon_region *damon_new_region(unsigned long start, unsigned long end)
{
	return damon_alloc_region(start, end, DAMON_GFP_REGION);
}

/**
 * damon_add_region() - Put a region behind the last one of a target.
 * @r:	region in no target, above all regions of @t
 * @t:	target
 *
 * Only while the context does not run, or from its kdamond.
 */
void damon_add_region(struct damon_region *r, struct damon_target *t)
{
	list_add_tail(&r->list, &t->regions_list);
	t->nr_regions++;
}

/**
 * damon_insert_region() - Put a region between two neighbours.
 * @r:		region in no target
 * @prev:	region before it
 * @next:	region behind it
 * @t:		target of @prev and @next
 *
 * Only while the context does not run, or from its kdamond.
 */
void damon_insert_region(struct damon_region *r, struct damon_region *prev,
			 struct damon_region *next, struct damon_target *t)
{
	__list_add(&r->list, &prev->list, &next->list);
	t->nr_regions++;
}

static void damon_free_region(struct damon_region *r)
{
	kmem_cache_free(damon_region_cache, damon_region_state(r));
}

/**
 * damon_destroy_region() - Take a region out of its target and free it.
 * @r:	region
 * @t:	its target
 *
 * Only while the context does not run, or from its kdamond.
 */
void damon_destroy_region(struct damon_region *r, struct damon_target *t)
{
	list_del(&r->list);
	t->nr_regions--;
	damon_free_region(r);
}

/**
 * damon_target_free_regions() - Free all regions of a target.
 * @t:	target; has no region afterwards
 */
void damon_target_free_regions(struct damon_target *t)
{
	struct damon_region *r, *next;

	damon_for_each_region_safe(r, next, t)
		damon_destroy_region(r, t);
}

/*
 * The parts of a region are counted from its borders. When those move, what is
 * known stays true of the region, but no longer of any part.
 */
static void damon_tally_merge(struct damon_tally tally[])
{
	tally[DAMON_NO_STRATUM] = damon_tally_all(tally);
	memset(tally, 0, DAMON_NR_STRATA * sizeof(*tally));
}

static void damon_region_forget_parts(struct damon_region_state *s)
{
	damon_tally_merge(s->window);
	damon_tally_merge(s->past);
	s->stratum = DAMON_NO_STRATUM;
	/* Of all that was watched, the address of the first part is kept. */
	if (s->spread && !(s->spread & BIT(0)))
		s->pending = false;
	s->spread = 0;
	if (s->region.sampling_addr < s->region.ar.start ||
	    s->region.sampling_addr >= s->region.ar.end)
		s->pending = false;
	if (s->probe_addr < s->region.ar.start ||
	    s->probe_addr >= s->region.ar.end)
		s->probe_pending = false;
}

/**
 * damon_region_set_core() - Say what of a region is known not to be accessed.
 * @r:		region
 * @core:	span; what lies outside the region is left out
 */
void damon_region_set_core(struct damon_region *r, struct damon_addr_range core)
{
	struct damon_region_state *s = damon_region_state(r);

	core.start = max(core.start, r->ar.start);
	core.end = min(core.end, r->ar.end);
	if (core.start >= core.end)
		core = (struct damon_addr_range){};
	s->core = core;
}

/**
 * damon_region_set_bounds() - Move the borders of a region.
 * @r:		region
 * @start:	new first address
 * @end:	new first address behind it
 *
 * Results stay. A sample that is now outside is given up.
 */
void damon_region_set_bounds(struct damon_region *r, unsigned long start,
			     unsigned long end)
{
	if (r->ar.start == start && r->ar.end == end)
		return;
	r->ar.start = start;
	r->ar.end = end;
	damon_region_forget_parts(damon_region_state(r));
	damon_region_set_core(r, damon_region_state(r)->core);
	/* What is small is worth a closer look. */
	if (damon_sz_region(r) <= DAMON_SMALL_SZ)
		damon_region_state(r)->passes = 0;
}

/* A copy with other borders, in no list. */
static void damon_region_copy(struct damon_region *to,
			      struct damon_region *from, unsigned long start,
			      unsigned long end)
{
	struct damon_region_state *s = damon_region_state(to);

	*s = *damon_region_state(from);
	INIT_LIST_HEAD(&to->list);
	damon_region_set_bounds(to, start, end);
}

/**
 * damon_region_split() - Cut a region in two.
 * @t:		target of @r
 * @r:		region; becomes the left piece
 * @at:		where the right piece starts, inside @r
 * @gfp:	what the allocation may do: DAMON_GFP_REGION, if it may sleep
 *
 * Both pieces have the results, the age and the evidence of the whole.
 *
 * Return: the right piece, or NULL for a lack of memory: nothing has changed.
 */
struct damon_region *damon_region_split(struct damon_target *t,
					struct damon_region *r,
					unsigned long at, gfp_t gfp)
{
	struct damon_region *right;

	right = damon_alloc_region(at, r->ar.end, gfp);
	if (!right)
		return NULL;
	damon_region_copy(right, r, at, r->ar.end);
	damon_region_set_bounds(r, r->ar.start, at);
	list_add(&right->list, &r->list);
	t->nr_regions++;
	return right;
}

static unsigned int damon_weighted_mean(unsigned int a, unsigned long weight_a,
					unsigned int b, unsigned long weight_b)
{
	/* With weights of 32 bits together the sum of products fits 64. */
	unsigned int shift = max(fls64(weight_a + weight_b), 32) - 32;
	u64 wa = weight_a >> shift, wb = weight_b >> shift;

	return div64_u64(wa * a + wb * b, wa + wb);
}

/* What is known about a region that is made of two neighbours. */
static struct damon_addr_range damon_core_join(struct damon_addr_range left,
					       struct damon_addr_range right)
{
	if (left.end == right.start && left.end)
		return (struct damon_addr_range){ left.start, right.end };
	/* There is place for one; the next survey knows the whole. */
	return left.end - left.start > right.end - right.start ? left : right;
}

static void damon_tally_add(struct damon_tally to[], struct damon_tally from[])
{
	to[DAMON_NO_STRATUM] = damon_tally_plus(to[DAMON_NO_STRATUM],
						from[DAMON_NO_STRATUM]);
}

/**
 * damon_region_join() - Make one region of two neighbours.
 * @t:		target
 * @left:	region that ends where the next one starts; becomes the whole
 *
 * nr_accesses, age and hits of probes of the whole are means, weighted by size.
 */
void damon_region_join(struct damon_target *t, struct damon_region *left)
{
	struct damon_region *right = damon_next_region(left);
	struct damon_region_state *l = damon_region_state(left);
	struct damon_region_state *r = damon_region_state(right);
	unsigned long sz_l = damon_sz_region(left);
	unsigned long sz_r = damon_sz_region(right);
	struct damon_addr_range core = damon_core_join(l->core, r->core);
	unsigned int i;

	left->nr_accesses = damon_weighted_mean(left->nr_accesses, sz_l,
						right->nr_accesses, sz_r);
	left->age = damon_weighted_mean(left->age, sz_l, right->age, sz_r);
	l->last_nr_accesses = damon_weighted_mean(l->last_nr_accesses, sz_l,
						  r->last_nr_accesses, sz_r);
	for (i = 0; i < DAMON_MAX_PROBES; i++) {
		left->probe_hits[i] =
			damon_weighted_mean(left->probe_hits[i], sz_l,
					    right->probe_hits[i], sz_r);
		l->last_probe_hits[i] =
			damon_weighted_mean(l->last_probe_hits[i], sz_l,
					    r->last_probe_hits[i], sz_r);
	}
	damon_region_forget_parts(r);
	if (!l->pending && r->pending) {
		left->sampling_addr = right->sampling_addr;
		l->pending = true;
		l->spread = 0;
	}
	damon_region_set_bounds(left, left->ar.start, right->ar.end);
	damon_region_set_core(left, core);
	damon_tally_add(l->window, r->window);
	damon_tally_add(l->past, r->past);
	l->unchecked &= r->unchecked;
	l->flawless = min(l->flawless, r->flawless);
	damon_destroy_region(right, t);
}

static struct damon_addr_range
damon_range_align(const struct damon_addr_range *range,
		  unsigned long min_region_sz)
{
	return (struct damon_addr_range){
		.start = ALIGN_DOWN(range->start, min_region_sz),
		.end = ALIGN(range->end, min_region_sz),
	};
}

/**
 * damon_ranges_check() - Can these ranges be monitored?
 * @ranges:		ranges
 * @nr_ranges:		how many
 * @min_region_sz:	borders are widened to multiples of it; a power of two
 *
 * Return: true if, after widening, they are ordered, none is empty and none
 * overlaps another. Any context.
 */
bool damon_ranges_check(const struct damon_addr_range *ranges,
			unsigned int nr_ranges, unsigned long min_region_sz)
{
	struct damon_addr_range range;
	unsigned long end = 0;
	unsigned int i;

	for (i = 0; i < nr_ranges; i++) {
		/* An end too high to be widened becomes zero here. */
		range = damon_range_align(&ranges[i], min_region_sz);
		if (ranges[i].start >= ranges[i].end ||
		    range.start >= range.end || range.start < end)
			return false;
		end = range.end;
	}
	return true;
}

/*
 * One pass over ranges and regions, both ordered. With @spares, a list of
 * ready regions, it does the work and cannot fail. Without, it changes nothing
 * and finds out how many spares the work takes.
 */
struct damon_fit {
	struct damon_target *t;
	struct list_head *spares;
	unsigned int nr_spares;
};

/* A new region [start, end) before @next, empty or like @model. */
static void damon_fit_insert(struct damon_fit *fit, struct damon_region *model,
			     unsigned long start, unsigned long end,
			     struct list_head *next)
{
	struct damon_region *r;

	fit->nr_spares++;
	if (!fit->spares)
		return;
	r = list_first_entry(fit->spares, struct damon_region, list);
	list_del_init(&r->list);
	if (model)
		damon_region_copy(r, model, start, end);
	r->ar.start = start;
	r->ar.end = end;
	list_add_tail(&r->list, next);
	fit->t->nr_regions++;
}

/*
 * Fit the regions from @r on to one range. @beyond is where the next range
 * starts. Returns the first region that the next range may need.
 */
static struct list_head *damon_fit_range(struct damon_fit *fit,
					 struct list_head *pos,
					 const struct damon_addr_range *range,
					 unsigned long beyond)
{
	struct list_head *head = &fit->t->regions_list, *next;
	unsigned long done = range->start;

	for (; pos != head; pos = next) {
		struct damon_region *r;
		unsigned long start, end, reach;
		bool last;

		r = list_entry(pos, struct damon_region, list);
		if (r->ar.start >= range->end)
			break;
		next = pos->next;
		if (r->ar.end <= range->start) {
			if (fit->spares)
				damon_destroy_region(r, fit->t);
			continue;
		}
		reach = r->ar.end;
		last = next == head ||
		       list_entry(next, struct damon_region, list)->ar.start >=
		       range->end;
		/* The outermost regions take the borders of the range. */
		start = done == range->start ? done : r->ar.start;
		end = last ? range->end : reach;
		if (start > done)
			damon_fit_insert(fit, NULL, done, start, pos);
		done = end;
		if (reach > beyond) {
			/* It is needed by the next range as well. */
			damon_fit_insert(fit, r, start, end, pos);
			return pos;
		}
		if (fit->spares)
			damon_region_set_bounds(r, start, end);
	}
	if (done == range->start)
		damon_fit_insert(fit, NULL, range->start, range->end, pos);
	return pos;
}

static void damon_fit_ranges(struct damon_fit *fit,
			     const struct damon_addr_range *ranges,
			     unsigned int nr_ranges,
			     unsigned long min_region_sz)
{
	struct list_head *head = &fit->t->regions_list, *pos = head->next;
	struct damon_addr_range range, next;
	unsigned int i;

	for (i = 0; i < nr_ranges; i++) {
		range = damon_range_align(&ranges[i], min_region_sz);
		next.start = ULONG_MAX;
		if (i + 1 < nr_ranges)
			next = damon_range_align(&ranges[i + 1], min_region_sz);
		pos = damon_fit_range(fit, pos, &range, next.start);
	}
	while (fit->spares && pos != head) {
		struct damon_region *r;

		r = list_entry(pos, struct damon_region, list);
		pos = pos->next;
		damon_destroy_region(r, fit->t);
	}
}

/**
 * damon_set_regions() - Fit the regions of a target to ranges.
 * @t:			target
 * @ranges:		ranges to monitor, ordered, not overlapping
 * @nr_ranges:		how many
 * @min_region_sz:	borders are widened to multiples of it; a power of two
 *
 * Regions outside all ranges go. Those at the border of a range shrink or grow
 * to it, holes between regions become regions of their own. What is known about
 * a region stays. May sleep. Only while the context does not run, or from its
 * kdamond.
 *
 * Return: 0, -EINVAL for ranges that are empty, not ordered or overlapping,
 * -ENOMEM. On an error nothing has changed.
 */
int damon_set_regions(struct damon_target *t,
		      const struct damon_addr_range *ranges,
		      unsigned int nr_ranges, unsigned long min_region_sz)
{
	LIST_HEAD(spares);
	struct damon_fit fit = { .t = t };
	struct damon_region *r, *next;
	int err = 0;

	if (!is_power_of_2(min_region_sz) ||
	    !damon_ranges_check(ranges, nr_ranges, min_region_sz))
		return -EINVAL;

	damon_fit_ranges(&fit, ranges, nr_ranges, min_region_sz);
	while (fit.nr_spares) {
		r = damon_new_region(0, 0);
		if (!r) {
			err = -ENOMEM;
			break;
		}
		list_add(&r->list, &spares);
		fit.nr_spares--;
	}
	if (!err) {
		fit.spares = &spares;
		damon_fit_ranges(&fit, ranges, nr_ranges, min_region_sz);
	}
	list_for_each_entry_safe(r, next, &spares, list)
		damon_free_region(r);
	return err;
}

/**
 * damon_target_copy_regions() - Give a target copies of another's regions.
 * @dst:	target without regions
 * @src:	target whose regions are copied, with all that is known about
 *		them
 *
 * Return: 0, or -ENOMEM: @dst has no regions then.
 */
int damon_target_copy_regions(struct damon_target *dst,
			      struct damon_target *src)
{
	struct damon_region *r, *copy;

	damon_for_each_region(r, src) {
		copy = damon_new_region(r->ar.start, r->ar.end);
		if (!copy) {
			damon_target_free_regions(dst);
			return -ENOMEM;
		}
		damon_region_copy(copy, r, r->ar.start, r->ar.end);
		damon_add_region(copy, dst);
	}
	return 0;
}
