// SPDX-License-Identifier: GPL-2.0
/* See model.h. */
#include "model.h"

unsigned int model_pick(struct model_source *src, unsigned int below)
{
	u64 x = src->state;

	if (src->nr_bytes) {
		src->nr_bytes--;
		return *src->bytes++ % below;
	}
	/* splitmix64 */
	src->state = x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31)) % below;
}

unsigned int model_draw(struct model *m, struct model_source *src,
			struct damon_addr_range *ranges, unsigned int max)
{
	unsigned int nr = 0, pos = model_pick(src, 40), end, i;

	memset(m->in, 0, sizeof(m->in));
	while (nr < max && pos < MODEL_UNITS) {
		end = pos + 1 + model_pick(src, model_pick(src, 4) ? 8 : 120);
		end = min(end, MODEL_UNITS);
		ranges[nr].start = model_addr(m, pos);
		ranges[nr].end = model_addr(m, end);
		if (!model_pick(src, 4))
			ranges[nr].start += m->unit / 4;
		if (!model_pick(src, 4))
			ranges[nr].end -= m->unit / 4;
		for (i = pos; i < end; i++)
			m->in[i] = true;
		nr++;
		pos = end + model_pick(src, model_pick(src, 3) ? 20 : 2);
	}
	return nr;
}

unsigned int model_nr_runs(const struct model *m)
{
	unsigned int nr = 0, i;

	for (i = 0; i < MODEL_UNITS; i++)
		nr += m->in[i] && (!i || !m->in[i - 1]);
	return nr;
}

unsigned int model_nr_units(const struct model *m)
{
	unsigned int nr = 0, i;

	for (i = 0; i < MODEL_UNITS; i++)
		nr += m->in[i];
	return nr;
}

const char *model_target_broken(const struct model *m, struct damon_target *t)
{
	bool covered[MODEL_UNITS] = {};
	unsigned long last_end = 0;
	unsigned int nr = 0, i;
	struct damon_region *r;

	damon_for_each_region(r, t) {
		unsigned long start = r->ar.start - MODEL_BASE;
		unsigned long end = r->ar.end - MODEL_BASE;

		nr++;
		if (r->ar.start >= r->ar.end)
			return "a region is empty";
		if (r->ar.start < last_end)
			return "regions overlap or are not ordered";
		last_end = r->ar.end;
		if (start % m->unit || end % m->unit)
			return "a border is not aligned";
		if (r->ar.start < MODEL_BASE || end / m->unit > MODEL_UNITS)
			return "a region lies far outside";
		for (i = start / m->unit; i < end / m->unit; i++) {
			if (!m->in[i])
				return "a region reaches out of the ranges";
			covered[i] = true;
		}
	}
	if (nr != t->nr_regions)
		return "nr_regions is wrong";
	if (memcmp(covered, m->in, sizeof(covered)))
		return "the ranges are not covered";
	return NULL;
}

const char *model_region_broken(struct damon_region *r)
{
	struct damon_region_state *s = damon_region_state(r);
	unsigned long part = damon_stratum_sz(r);
	int i;

	for (i = 0; i <= DAMON_NR_STRATA; i++)
		if (s->window[i].hits > s->window[i].trials ||
		    s->past[i].hits > s->past[i].trials)
			return "more hits than trials";
	if (s->stratum > DAMON_NO_STRATUM)
		return "no such part";
	if (!s->pending)
		return NULL;
	if (r->sampling_addr < r->ar.start || r->sampling_addr >= r->ar.end)
		return "the pending sample lies outside";
	if (s->stratum != DAMON_NO_STRATUM &&
	    (r->sampling_addr - r->ar.start) / part != s->stratum)
		return "the pending sample lies in another part";
	return NULL;
}
