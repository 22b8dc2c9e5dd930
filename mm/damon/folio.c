// SPDX-License-Identifier: GPL-2.0
/*
 * What the operations on virtual and physical memory share about folios.
 *
 * Rule of the house: whoever clears an accessed bit hands the fact on to the
 * folio, so that reclaim and idle page tracking lose nothing.
 */
#include <linux/mm.h>
#include <linux/page_idle.h>

#include "internal.h"

/**
 * damon_folio_harvested() - An accessed bit of a folio was set, and is cleared.
 * @folio:	folio that cannot go away meanwhile: mapped, under its page table
 *		lock, or referenced
 *
 * Reclaim finds the access in the young flag; for idle page tracking the folio
 * is no longer idle. Any context.
 */
void damon_folio_harvested(struct folio *folio)
{
	/* Look first: most often there is nothing to write. */
	if (!folio_test_young(folio))
		folio_set_young(folio);
	if (folio_test_idle(folio))
		folio_clear_idle(folio);
}
