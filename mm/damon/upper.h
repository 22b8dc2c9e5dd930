/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessed bits above the leaves of page tables.
 *
 * Linux has no helper that clears one in an entry that leads to a table, but for
 * PMDs under their lock. Here it is a compare-and-exchange of the value that was
 * read: an entry that has become something else meanwhile, a migration entry for
 * one, stays as it is. It takes no lock. No TLB is flushed: what processors keep
 * in their caches of upper entries is not seen, as with the leaves.
 *
 * x86-64 sets the bit in every entry on the way to a leaf (Intel SDM 3A 4.8, AMD
 * APM 2 5.4.2), except under Xen PV. With page table isolation user code has a
 * PGD of its own and shares what is below, so no PGD is asked, nor a P4D, which
 * may be a folded PGD. Other architectures do not promise as much, and fall back
 * to what is present and what is not.
 */
#ifndef _MM_DAMON_UPPER_H
#define _MM_DAMON_UPPER_H

#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>

#ifdef CONFIG_X86_64

static inline bool damon_upper_dependable(void)
{
	return arch_has_hw_nonleaf_pmd_young();
}

static inline void damon_upper_clear_pud(pud_t *pudp, pud_t pud)
{
	cmpxchg(&pudp->pud, pud.pud, pud.pud & ~(pudval_t)_PAGE_ACCESSED);
}

static inline void damon_upper_clear_pmd(pmd_t *pmdp, pmd_t pmd)
{
	cmpxchg(&pmdp->pmd, pmd.pmd, pmd.pmd & ~(pmdval_t)_PAGE_ACCESSED);
}

/* Present, and not accessed. */
static inline bool damon_upper_pud_old(pud_t pud)
{
	return (pud_val(pud) & (_PAGE_PRESENT | _PAGE_ACCESSED)) ==
	       _PAGE_PRESENT;
}

static inline bool damon_upper_pmd_old(pmd_t pmd)
{
	return (pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_ACCESSED)) ==
	       _PAGE_PRESENT;
}

#else	/* CONFIG_X86_64 */

static inline bool damon_upper_dependable(void)
{
	return false;
}

static inline void damon_upper_clear_pud(pud_t *pudp, pud_t pud)
{
}

static inline void damon_upper_clear_pmd(pmd_t *pmdp, pmd_t pmd)
{
}

static inline bool damon_upper_pud_old(pud_t pud)
{
	return false;
}

static inline bool damon_upper_pmd_old(pmd_t pmd)
{
	return pmd_present(pmd) && pmd_leaf(pmd) && !pmd_young(pmd);
}

#endif	/* CONFIG_X86_64 */

/*
 * Does reclaim skip tables of PTEs whose PMD is not accessed? Then it must find
 * these bits as it would without us. It does not look above PMDs.
 */
static inline bool damon_upper_pmds_are_reclaims(void)
{
#if defined(CONFIG_LRU_GEN_ENABLED)
	DECLARE_STATIC_KEY_TRUE(lru_gen_caps[NR_LRU_GEN_CAPS]);
#elif defined(CONFIG_LRU_GEN)
	DECLARE_STATIC_KEY_FALSE(lru_gen_caps[NR_LRU_GEN_CAPS]);
#endif

#ifdef CONFIG_LRU_GEN
	return static_key_enabled(&lru_gen_caps[LRU_GEN_CORE]) &&
	       static_key_enabled(&lru_gen_caps[LRU_GEN_NONLEAF_YOUNG]);
#else
	return false;
#endif
}

#endif	/* _MM_DAMON_UPPER_H */
