/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files about physical memory share: folios by their page frames, and how
 * to tell whether they were accessed.
 */
#ifndef _MM_DAMON_PADDR_H
#define _MM_DAMON_PADDR_H

#include <linux/damon.h>
#include <linux/pfn.h>

struct folio;

/**
 * enum damon_pa_result - result of a look
 * @DAMON_PA_OLD:	not accessed
 * @DAMON_PA_YOUNG:	accessed
 * @DAMON_PA_NO_RESULT:	nobody can tell, or not now
 */
enum damon_pa_result {
	DAMON_PA_OLD,
	DAMON_PA_YOUNG,
	DAMON_PA_NO_RESULT,
};

/**
 * struct damon_pa_visit - a look at the entries that map some pages of a folio
 * @pfn:	first page
 * @nr:		number of pages
 * @clear:	clear the accessed bits; else only find out whether one is set
 * @young:	one was
 * @whole:	an entry maps more than a page
 */
struct damon_pa_visit {
	unsigned long pfn;
	unsigned long nr;
	bool clear;
	bool young;
	bool whole;
};

/* The page frame at an address; ULONG_MAX, which is none, if that is too high. */
static inline unsigned long damon_pa_pfn(unsigned int unit_shift,
					 unsigned long addr)
{
	unsigned int shift;

	if (unit_shift <= PAGE_SHIFT)
		return addr >> (PAGE_SHIFT - unit_shift);
	shift = unit_shift - PAGE_SHIFT;
	return addr <= ULONG_MAX >> shift ? addr << shift : ULONG_MAX;
}

/* paddr-folio.c */
struct folio *damon_pa_get_folio(unsigned long pfn);
unsigned long damon_pa_end_pfn(void);
struct folio *damon_pa_next_folio(unsigned long *pfn, unsigned long end);
bool damon_pa_visit_mappings(struct folio *folio, struct damon_pa_visit *visit);
enum damon_pa_result damon_pa_look(struct folio *folio, bool forget);
bool damon_pa_watches(struct damon_ctx *ctx, struct damon_target *t,
		      struct damon_region *r, struct folio *folio);

/* paddr-scheme.c */
bool damon_pa_supports_action(enum damos_action action);
bool damon_pa_supports_filter(enum damos_action action,
			      enum damos_filter_type type);
int damon_pa_score(struct damon_ctx *ctx, struct damon_target *t,
		   struct damon_region *r, struct damos *s);
unsigned long damon_pa_apply(struct damon_ctx *ctx, struct damon_target *t,
			     struct damon_region *r, struct damos *s);
void damon_pa_count_on_node(struct damon_ctx *ctx, struct damon_region *r,
			    int nid, u64 *on_node, u64 *all);

/* paddr-probe.c */
void damon_pa_probe_finish(struct damon_ctx *ctx);
void damon_pa_probe(struct damon_ctx *ctx);

#endif	/* _MM_DAMON_PADDR_H */
