// SPDX-License-Identifier: GPL-2.0
/*
 * What the operations on virtual and physical memory share about folios.
 *
 * Rule of the house: whoever clears an accessed bit hands the fact on to the
 * folio, so that reclaim and idle page tracking lose nothing.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
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

#ifdef CONFIG_HUGETLB_PAGE
/**
 * damon_clear_hugetlb() - Clear the accessed bit of a page of hugetlb.
 * @vma:	its mapping
 * @addr:	its first address
 * @ptep:	its entry, which is present, with its lock held
 *
 * The bit is cleared with the entry taken out for a moment: no architecture has
 * a helper that clears it in place for every kind of hugetlb page, and a dirty
 * bit that is set meanwhile must not get lost. Those of secondary MMUs are cleared
 * as well. It is the caller's to hand the fact on.
 *
 * Return: true if one was set.
 */
bool damon_clear_hugetlb(struct vm_area_struct *vma, unsigned long addr,
			 pte_t *ptep)
{
	pte_t pte = huge_ptep_get(vma->vm_mm, addr, ptep);
	bool young = pte_young(pte);

	if (young) {
		pte = huge_ptep_modify_prot_start(vma, addr, ptep);
		huge_ptep_modify_prot_commit(vma, addr, ptep, pte,
					     pte_mkold(pte));
	}
#ifdef CONFIG_MMU_NOTIFIER
	young |= mmu_notifier_clear_young(vma->vm_mm, addr,
					  addr + huge_page_size(hstate_vma(vma)));
#endif
	return young;
}
#else
bool damon_clear_hugetlb(struct vm_area_struct *vma, unsigned long addr,
			 pte_t *ptep)
{
	return false;
}
#endif
