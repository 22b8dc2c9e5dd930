// SPDX-License-Identifier: GPL-2.0
/*
 * The walk: one ordered pass over the samples of an address space a tick.
 *
 * In one visit of a region the accessed bit at its old sample is read, and the
 * one at its new sample is cleared. Regions are ordered by address, so the next
 * entry is most often in the page table at hand: the cursor keeps the mapping,
 * the table of PMDs and the table of PTEs (with its lock), and looks up only
 * what the address has left. What it holds stays valid for one hold of
 * mmap_lock: tables are freed under the read lock only where no mapping in the
 * tree touches their span, and the cursor goes below an entry only where one
 * does. After the lock is dropped it begins again from the top.
 *
 * A region remembers the mapping of its sample for the next visit, which is worth
 * most where it reaches over many of them. That is good as long as nobody has held
 * mmap_lock for writing since, which mm->mm_lock_seq tells.
 *
 * Entries are read without a lock: a table at hand cannot be freed, at worst it
 * is no longer in use. Only where a bit is set is the page table lock taken, and
 * the entry looked at again; that serializes with migration, swap-out and
 * collapse, and keeps the folio alive. Nothing is retried: an entry that cannot
 * be judged gives no result for this tick.
 *
 * A survey of page tables (survey.c) takes its turn between the two visits, when
 * no sample of the region is on its way.
 *
 * Locks: mmap_lock (read) over the walk, dropped when somebody waits for it, and
 * after a while anyway;
 * below it RCU for the table of PTEs at hand, or the lock of a hugetlb mapping;
 * below these the lock of one page table, for one entry.
 */
#include <linux/hugetlb.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include <asm/tlbflush.h>

#include "internal.h"

/* What a leaf costs whose bit is cleared, by the reads that could be made. */
#define DAMON_VA_LEAF_COST	8

/* Leaves are gone past in spans of this size at most, in bytes. */
#define DAMON_VA_LEAVES_SZ	(128 * PAGE_SIZE)

/*
 * Mappings are not remembered for longer than mm_lock_seq takes to count a full turn,
 * by a wide margin.
 */
#define DAMON_VA_VMA_TIME	(4 * HZ)

/* What the cursor is on: how entries of its span are read. */
enum damon_va_leaf {
	DAMON_VA_UNKNOWN,	/* cannot be judged now */
	DAMON_VA_ABSENT,	/* nothing is mapped: not accessed */
	DAMON_VA_PTES,		/* a table of PTEs */
	DAMON_VA_PMD,		/* one huge page */
	DAMON_VA_HUGETLB,	/* one page of hugetlb */
};

enum damon_va_result {
	DAMON_VA_OLD,
	DAMON_VA_YOUNG,
	DAMON_VA_NO_RESULT,
};

/**
 * struct damon_va_cursor - where the walk is
 * @mm:		address space, with mmap_lock held for reading
 * @since:	when that was taken, by local_clock()
 * @has_notifiers: secondary MMUs may have seen accesses that we do not
 * @hints:	mappings that regions remember are still there
 * @hint:	one that may have what is looked for next; or NULL
 * @vma:	mapping at @map, or NULL for a hole
 * @map:	span of the mapping or hole; empty: none known
 * @pmds:	table of PMDs of the PUD at @pmds_start, or NULL
 * @pmds_start:	first address of its span
 * @leaf:	how the entries of the span at hand are read
 * @start:	first address of the span at hand
 * @sz:		bytes in it; zero: no span is at hand, nothing is held
 * @pmd:	the PMD of the span, for DAMON_VA_PTES and DAMON_VA_PMD
 * @pmdval:	what it was when the table of PTEs was found
 * @ptl:	lock of the table of PTEs, not held; NULL: not known yet
 * @pte:	the first entry of the table of PTEs, or the entry of hugetlb
 * @shares:	the latter is below the lock of its mapping, which is held
 * @huge_sz:	bytes in the page of the latter
 * @samples:	that were checked
 * @young:	span of the huge page whose accessed bit this walk has cleared last:
 *		other regions that lie in it have been accessed as well
 */
struct damon_va_cursor {
	struct mm_struct *mm;
	u64 since;
	bool has_notifiers;

	bool hints;
	struct vm_area_struct *hint;
	struct vm_area_struct *vma;
	struct damon_addr_range map;

	pmd_t *pmds;
	unsigned long pmds_start;

	enum damon_va_leaf leaf;
	unsigned long start;
	unsigned long sz;
	pmd_t *pmd;
	pmd_t pmdval;
	spinlock_t *ptl;	/* of an entry: see above */
	pte_t *pte;
	bool shares;
	unsigned long huge_sz;

	u64 samples;
	struct damon_addr_range young;
};

/*
 * Tables of PMDs are all that mappings of hugetlb share, and that somebody else may
 * take away from under the mmap_lock.
 */
static bool damon_va_shares_tables(struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_HUGETLB_PMD_PAGE_TABLE_SHARING) &&
	       (vma->vm_flags & VM_MAYSHARE) &&
	       huge_page_size(hstate_vma(vma)) < PUD_SIZE;
}

/* Let go of the span at hand. */
static void damon_va_release(struct damon_va_cursor *c)
{
	if (!c->sz)
		return;
	c->sz = 0;
	if (likely(c->leaf == DAMON_VA_PTES)) {
		/* Taken in an earlier call, which sparse cannot follow. */
		__acquire(RCU);
		pte_unmap(c->pte);
	} else if (c->leaf == DAMON_VA_HUGETLB && c->shares) {
		hugetlb_vma_unlock_read(c->vma);
	}
}

/*
 * Take the aligned span of @sz bytes around @addr, as far as it lies in the
 * mapping or hole, as the span at hand. With @sz zero, take all of that.
 */
static void damon_va_hold(struct damon_va_cursor *c, enum damon_va_leaf leaf,
			  unsigned long addr, unsigned long sz)
{
	unsigned long start = max(addr & ~(sz - 1), c->map.start);
	unsigned long last = min(addr | (sz - 1), c->map.end - 1);

	c->leaf = leaf;
	c->start = start;
	c->sz = last - start + 1;
}

/* Not a part of its caller, which mostly finds a mapping: the state is large. */
static noinline void damon_va_find_hole(struct damon_va_cursor *c, unsigned long addr)
{
	MA_STATE(mas, &c->mm->mm_mt, addr, addr);

	mas_walk(&mas);
	c->map.start = mas.index;
	/* The hole behind the last mapping ends with the address space. */
	c->map.end = mas.last == ULONG_MAX ? ULONG_MAX : mas.last + 1;
}

/* A mapping knows where it ends; how far a hole reaches takes a longer walk. */
static void damon_va_find_map(struct damon_va_cursor *c, unsigned long addr)
{
	struct vm_area_struct *hint = c->hint;

	if (hint && hint->vm_start <= addr && addr < hint->vm_end)
		c->vma = hint;
	else
		c->vma = vma_lookup(c->mm, addr);
	if (likely(c->vma)) {
		c->map.start = c->vma->vm_start;
		c->map.end = c->vma->vm_end;
	} else {
		damon_va_find_hole(c, addr);
	}
}

static void damon_va_hold_hugetlb(struct damon_va_cursor *c, unsigned long addr)
{
	unsigned long sz = huge_page_size(hstate_vma(c->vma));

	c->huge_sz = sz;
	c->shares = damon_va_shares_tables(c->vma);
	if (c->shares) {
		hugetlb_vma_lock_read(c->vma);
		c->pte = hugetlb_walk(c->vma, addr & -sz, sz);
	} else {
		c->pte = huge_pte_offset(c->mm, addr & -sz, sz);
	}
	if (!c->pte && c->shares)
		hugetlb_vma_unlock_read(c->vma);
	damon_va_hold(c, c->pte ? DAMON_VA_HUGETLB : DAMON_VA_ABSENT, addr, sz);
}

/*
 * Find the table of PMDs for @addr, which lies in a mapping. Returns NULL, with
 * the span at hand set, if there is none. Not a part of its caller: it is needed
 * once a table.
 */
static noinline pmd_t *damon_va_find_pmds(struct damon_va_cursor *c,
					  unsigned long addr)
{
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	c->pmds = NULL;
	/*
	 * Processors set accessed bits meanwhile: what is judged is read once. Where
	 * there are fewer levels, an entry lies where the one above it does.
	 */
	pgdp = pgd_offset(c->mm, addr);
	pgd = pgdp_get(pgdp);
	if (pgd_none_or_clear_bad(&pgd)) {
		damon_va_hold(c, DAMON_VA_ABSENT, addr, PGDIR_SIZE);
		return NULL;
	}
	p4dp = p4d_offset(pgdp, addr);
	p4d = p4dp_get(p4dp);
	if (p4d_none_or_clear_bad(&p4d)) {
		damon_va_hold(c, DAMON_VA_ABSENT, addr, P4D_SIZE);
		return NULL;
	}
	pudp = pud_offset(p4dp, addr);
	/* A huge page may go away meanwhile, a table does not. */
	pud = pudp_get(pudp);
	if (pud_none(pud)) {
		damon_va_hold(c, DAMON_VA_ABSENT, addr, PUD_SIZE);
		return NULL;
	}
	/* Pages of that size outside hugetlb are device memory. */
	if (!pud_present(pud) || pud_leaf(pud)) {
		damon_va_hold(c, DAMON_VA_UNKNOWN, addr, PUD_SIZE);
		return NULL;
	}
	c->pmds_start = addr & PUD_MASK;
	if (mm_pmd_folded(c->mm))
		c->pmds = pmd_offset(pudp, c->pmds_start);
	else
		c->pmds = pmd_offset_lockless(pudp, pud, c->pmds_start);
	return c->pmds;
}

static void damon_va_hold_pmd(struct damon_va_cursor *c, pmd_t *pmd,
			      unsigned long addr)
{
	pte_t *pte = __pte_offset_map(pmd, addr, &c->pmdval);

	c->pmd = pmd;
	if (likely(pte)) {
		c->pte = pte - pte_index(addr);
		c->ptl = NULL;
		damon_va_hold(c, DAMON_VA_PTES, addr, PMD_SIZE);
	} else if (pmd_none(c->pmdval)) {
		damon_va_hold(c, DAMON_VA_ABSENT, addr, PMD_SIZE);
	} else {
		damon_va_hold(c, DAMON_VA_PMD, addr, PMD_SIZE);
	}
}

/* Move to @addr, which the span at hand does not have. */
static noinline void damon_va_seek(struct damon_va_cursor *c,
				   unsigned long addr)
{
	pmd_t *pmds;

	damon_va_release(c);
	if (addr < c->map.start || addr >= c->map.end)
		damon_va_find_map(c, addr);
	if (!c->vma) {
		damon_va_hold(c, DAMON_VA_ABSENT, addr, 0);
		return;
	}
	if (is_vm_hugetlb_page(c->vma)) {
		damon_va_hold_hugetlb(c, addr);
		return;
	}
	pmds = c->pmds;
	if (!pmds || addr - c->pmds_start >= PUD_SIZE)
		pmds = damon_va_find_pmds(c, addr);
	if (pmds)
		damon_va_hold_pmd(c, pmds + pmd_index(addr), addr);
}

static __always_inline void damon_va_move(struct damon_va_cursor *c,
					  unsigned long addr)
{
	if (addr - c->start >= c->sz)
		damon_va_seek(c, addr);
}

static noinline enum damon_va_result damon_va_absent_result(pte_t pte)
{
	if (pte_none(pte) || !is_migration_entry(pte_to_swp_entry(pte)))
		return DAMON_VA_OLD;
	/* On its way: how it was accessed is known where it arrives. */
	return DAMON_VA_NO_RESULT;
}

static __always_inline enum damon_va_result damon_va_pte_result(pte_t pte)
{
	if (unlikely(!pte_present(pte)))
		return damon_va_absent_result(pte);
	return pte_young(pte) ? DAMON_VA_YOUNG : DAMON_VA_OLD;
}

static enum damon_va_result damon_va_pmd_result(pmd_t pmd)
{
	/* Of what is not present, any bit may look like that of a device. */
	if (pmd_present(pmd) && (pmd_trans_huge(pmd) || pmd_devmap(pmd)))
		return pmd_young(pmd) ? DAMON_VA_YOUNG : DAMON_VA_OLD;
	/* On its way, or a table by now. */
	return pmd_none(pmd) ? DAMON_VA_OLD : DAMON_VA_NO_RESULT;
}

static __always_inline enum damon_va_result
damon_va_entry_result(struct damon_va_cursor *c, unsigned long addr)
{
	if (likely(c->leaf == DAMON_VA_PTES))
		return damon_va_pte_result(ptep_get_lockless(c->pte +
							     pte_index(addr)));
	switch (c->leaf) {
	case DAMON_VA_PMD:
		return damon_va_pmd_result(pmdp_get_lockless(c->pmd));
	case DAMON_VA_HUGETLB:
		/* Without hugetlb there is no such function. */
		if (!IS_ENABLED(CONFIG_HUGETLB_PAGE))
			return DAMON_VA_NO_RESULT;
		return damon_va_pte_result(huge_ptep_get(c->mm, addr, c->pte));
	case DAMON_VA_ABSENT:
		return DAMON_VA_OLD;
	default:
		return DAMON_VA_NO_RESULT;
	}
}

/* Was @addr accessed since damon_va_clear()? */
static __always_inline enum damon_va_result
damon_va_check(struct damon_va_cursor *c, unsigned long addr)
{
	enum damon_va_result result;

	damon_va_move(c, addr);
	result = damon_va_entry_result(c, addr);
	if (unlikely(c->leaf != DAMON_VA_PTES) && result == DAMON_VA_OLD &&
	    addr - c->young.start < c->young.end - c->young.start)
		return DAMON_VA_YOUNG;
	if (unlikely(c->has_notifiers) && result == DAMON_VA_OLD &&
	    c->leaf != DAMON_VA_ABSENT &&
	    mmu_notifier_test_young(c->mm, addr & PAGE_MASK))
		result = DAMON_VA_YOUNG;
	return result;
}

/* Clear the bits of secondary MMUs too; under the lock of the page table. */
static bool damon_va_clear_notifiers(struct mm_struct *mm,
				     unsigned long addr, unsigned long sz)
{
#ifdef CONFIG_MMU_NOTIFIER
	if (unlikely(mm_has_notifiers(mm)))
		return mmu_notifier_clear_young(mm, addr, addr + sz);
#endif
	return false;
}

#ifdef CONFIG_HUGETLB_PAGE
static bool damon_va_clear_hugetlb(struct damon_va_cursor *c,
				   unsigned long addr)
{
	struct hstate *h = hstate_vma(c->vma);
	spinlock_t *ptl = huge_pte_lock(h, c->mm, c->pte);
	bool young = false;
	pte_t pte;

	addr &= huge_page_mask(h);
	pte = huge_ptep_get(c->mm, addr, c->pte);
	if (pte_present(pte)) {
		young = damon_clear_hugetlb(c->vma, addr, c->pte);
		if (young)
			damon_folio_harvested(page_folio(pte_page(pte)));
	}
	spin_unlock(ptl);
	return young;
}
#else
static bool damon_va_clear_hugetlb(struct damon_va_cursor *c,
				   unsigned long addr)
{
	return false;
}
#endif

/* Does the PMD still lead to the table of PTEs at hand? */
static bool damon_va_table_in_use(struct damon_va_cursor *c)
{
	pmd_t pmd = pmdp_get_lockless(c->pmd);

	if (likely(pmd_same(pmd, c->pmdval)))
		return true;
	/* The bits that the processor sets may differ. */
	return pmd_present(pmd) && !pmd_leaf(pmd) &&
	       pmd_pfn(pmd) == pmd_pfn(c->pmdval);
}

/*
 * Clear the accessed bits from that of the page at @addr on, in the table of PTEs at
 * hand, up to the first that is not set, or @end. Returns the address of that one.
 */
static unsigned long damon_va_clear_ptes(struct damon_va_cursor *c,
					 unsigned long addr, unsigned long end)
{
	pte_t *ptep = c->pte + pte_index(addr);
	struct folio *folio;
	bool young;
	pte_t pte;

	if (!c->ptl)
		c->ptl = pte_lockptr(c->mm, &c->pmdval);
	addr &= PAGE_MASK;
	spin_lock(c->ptl);
	if (unlikely(!damon_va_table_in_use(c)))
		end = addr;
	for (; addr < end; addr += PAGE_SIZE, ptep++) {
		pte = ptep_get(ptep);
		if (!pte_present(pte))
			break;
		young = pte_young(pte) &&
			ptep_test_and_clear_young(c->vma, addr, ptep);
		young |= damon_va_clear_notifiers(c->mm, addr, PAGE_SIZE);
		if (!young)
			break;
		folio = vm_normal_folio(c->vma, addr, pte);
		if (folio)
			damon_folio_harvested(folio);
	}
	spin_unlock(c->ptl);
	return addr;
}

/**
 * damon_va_clear_pmd() - Clear the accessed bit of a huge page; hand it on.
 * @vma:	its mapping
 * @addr:	its address
 * @pmdp:	its entry, if it is one still
 *
 * With mmap_lock held for reading. Takes the lock of the page table.
 *
 * Return: true if the bit was set.
 */
bool damon_va_clear_pmd(struct vm_area_struct *vma, unsigned long addr,
			pmd_t *pmdp)
{
	spinlock_t *ptl = pmd_trans_huge_lock(pmdp, vma);
	struct folio *folio;
	bool young = false;
	pmd_t pmd;

	if (!ptl)
		return false;
	/* pmd_trans_huge_lock() does not tell sparse. */
	__acquire(ptl);
	addr &= PMD_MASK;
	pmd = pmdp_get(pmdp);
	if (pmd_present(pmd)) {
		young = pmdp_test_and_clear_young(vma, addr, pmdp);
		young |= damon_va_clear_notifiers(vma->vm_mm, addr, PMD_SIZE);
		folio = young ? vm_normal_folio_pmd(vma, addr, pmd) : NULL;
		if (folio)
			damon_folio_harvested(folio);
	}
	spin_unlock(ptl);
	return young;
}

/*
 * Forget that @addr was accessed; the folio remembers. Returns false if that
 * cannot be done now.
 */
static __always_inline bool damon_va_clear(struct damon_va_cursor *c,
					   unsigned long addr)
{
	enum damon_va_result result;
	bool young;

	damon_va_move(c, addr);
	result = damon_va_entry_result(c, addr);
	if (likely(result == DAMON_VA_OLD) && likely(!c->has_notifiers))
		return true;
	if (result == DAMON_VA_NO_RESULT)
		return false;
	if (likely(c->leaf == DAMON_VA_PTES)) {
		damon_va_clear_ptes(c, addr, addr + 1);
		return true;
	}
	if (c->leaf == DAMON_VA_ABSENT)
		return true;
	young = c->leaf == DAMON_VA_PMD ? damon_va_clear_pmd(c->vma, addr, c->pmd) :
					  damon_va_clear_hugetlb(c, addr);
	if (young) {
		c->young.start = c->start;
		c->young.end = c->start + c->sz;
	}
	return true;
}

/*
 * With mmap_lock held for reading, once more: are the mappings those that regions
 * remember? Otherwise they forget them.
 */
static bool damon_va_maps_unchanged(struct mm_struct *mm,
				    struct damon_va_target *va)
{
	bool known = va->vma_known &&
		     time_before(jiffies, va->vma_time + DAMON_VA_VMA_TIME);

#ifdef CONFIG_PER_VMA_LOCK
	unsigned int seq = raw_read_seqcount(&mm->mm_lock_seq);

	known &= seq == va->vma_seq;
	va->vma_seq = seq;
	va->vma_time = jiffies;
#endif
	return known;
}

/**
 * damon_va_hold_is_over() - Shall mmap_lock be given back for a moment?
 * @mm:		address space, with mmap_lock held for reading
 * @since:	since when, by local_clock()
 *
 * Return: true if somebody waits for it or for the CPU, or it was held for long.
 */
bool damon_va_hold_is_over(struct mm_struct *mm, u64 since)
{
	return need_resched() || mmap_lock_is_contended(mm) ||
	       local_clock() - since >= DAMON_HOLD_NS;
}

/* Begin to hold mmap_lock, with what is known from the last time. */
static void damon_va_begin(struct damon_va_cursor *c, struct damon_target *t)
{
	struct damon_va_target *va = &damon_target_state(t)->va;
	struct damon_region *r;

	mmap_read_lock(c->mm);
	c->since = local_clock();
	/* Without it, nothing tells when they change. */
	c->hints = IS_ENABLED(CONFIG_PER_VMA_LOCK);
	if (damon_va_maps_unchanged(c->mm, va))
		return;
	damon_for_each_region(r, t)
		damon_region_state(r)->vma = NULL;
	va->vma_known = c->hints;
}

/* Let others have the locks and the CPU, if they want them or have had to wait long. */
static void damon_va_breathe(struct damon_va_cursor *c,
			     struct damon_va_target *va)
{
	if (!damon_va_hold_is_over(c->mm, c->since))
		return;
	damon_va_release(c);
	mmap_read_unlock(c->mm);
	cond_resched();
	mmap_read_lock(c->mm);
	*c = (struct damon_va_cursor){
		.mm = c->mm,
		.since = local_clock(),
		.has_notifiers = mm_has_notifiers(c->mm),
		.hints = damon_va_maps_unchanged(c->mm, va) && c->hints,
		.samples = c->samples,
		.young = c->young,
	};
}

/*
 * Go past leaves of the table at hand as fast as can be: those that say that they
 * were not accessed, or else those that say that they were, which are found and
 * cleared. Returns the first of [addr, end) that has to be looked at.
 */
static unsigned long damon_va_skip_leaves(struct damon_va_cursor *c,
					  struct damon_look *look,
					  unsigned long addr, unsigned long end)
{
	unsigned long from = addr;
	pte_t *ptep, pte;

	damon_va_move(c, addr);
	if (c->leaf != DAMON_VA_PTES)
		return addr;
	end = min3(end, c->start + c->sz, ALIGN(addr + 1, DAMON_VA_LEAVES_SZ));
	for (ptep = c->pte + pte_index(addr); addr < end; ptep++) {
		pte = ptep_get_lockless(ptep);
		if (!pte_none(pte) && (!pte_present(pte) || pte_young(pte)))
			break;
		addr += PAGE_SIZE;
	}
	if (addr == from) {
		addr = damon_va_clear_ptes(c, from, end);
		if (addr <= from)
			return from;
		damon_look_found(look, from, min(addr, end));
		damon_look_spend(look, (addr - from) / PAGE_SIZE * DAMON_VA_LEAF_COST);
	}
	damon_look_spend(look, (addr - from) >> PAGE_SHIFT);
	return min(addr, end);
}

/* Look at each leaf of a region that lies in few tables of them. */
static void damon_va_survey_leaves(struct damon_va_cursor *c,
				   struct damon_va_target *va,
				   unsigned long end)
{
	struct damon_look *look = &va->survey.look;
	struct damon_addr_range heard = {};
	unsigned long addr, next;
	bool shared = READ_ONCE(va->hearsay.shared);
	unsigned int i;

	for (addr = look->reached; addr < end; addr = next) {
		enum damon_va_result result;

		if (IS_ALIGNED(addr, DAMON_VA_LEAVES_SZ))
			damon_va_breathe(c, va);
		if (!shared && !c->has_notifiers) {
			next = damon_va_skip_leaves(c, look, addr, end);
			if (next > addr)
				continue;
		}
		result = damon_va_check(c, addr);
		next = c->leaf == DAMON_VA_PTES ? addr + PAGE_SIZE :
						  c->start + c->sz;
		damon_look_spend(look, 1);
		if (result == DAMON_VA_OLD && !shared)
			continue;
		if (result == DAMON_VA_OLD) {
			/* Unless somebody else has seen and cleared it. */
			if (heard.end <= addr)
				heard = damon_hearsay_next(&va->hearsay, true,
							   addr);
			if (heard.start >= next)
				continue;
		}
		damon_look_found(look, addr, min(next, end));
		if (result == DAMON_VA_YOUNG && damon_va_clear(c, addr))
			damon_look_spend(look, DAMON_VA_LEAF_COST);
	}
	damon_va_release(c);
	for (i = 0; shared && i < look->nr; i++)
		damon_hearsay_tell(&va->hearsay, true, look->runs[i].start,
				   look->runs[i].end);
	look->reached = end;
}

/* Survey the region and cut it accordingly, as far as the credit reaches. */
static void damon_va_survey_region(struct damon_va_cursor *c,
				   struct damon_ctx *ctx,
				   struct damon_target *t,
				   struct damon_region *r)
{
	struct damon_va_target *va = &damon_target_state(t)->va;
	struct damon_survey *sv = &va->survey;
	bool leaves = damon_survey_wants_leaves(r, PMD_SIZE);

	damon_survey_aim(sv, r, PUD_SIZE);
	if (leaves) {
		damon_va_survey_leaves(c, va, r->ar.end);
	} else {
		do {
			damon_va_release(c);
			damon_va_survey(c->mm, c->since, va, r->ar.end);
			damon_va_breathe(c, va);
		} while (sv->look.reached < r->ar.end && sv->look.credit > 0);
	}
	if (sv->look.reached >= r->ar.end)
		damon_survey_conclude(ctx, t, r, leaves ? PAGE_SIZE : PMD_SIZE);
}

/* Was the region accessed where it is watched? */
static __always_inline void damon_va_check_region(struct damon_va_cursor *c,
						  struct damon_ctx *ctx,
						  struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	enum damon_va_result result;
	unsigned int i;

	rs->pending = false;
	c->hint = c->hints ? rs->vma : NULL;
	result = damon_va_check(c, r->sampling_addr);
	if (likely(c->leaf == DAMON_VA_PTES))
		rs->leaf_sz = PAGE_SIZE;
	else if (c->leaf == DAMON_VA_PMD)
		rs->leaf_sz = PMD_SIZE;
	else if (c->leaf == DAMON_VA_HUGETLB)
		rs->leaf_sz = c->huge_sz;
	if (result != DAMON_VA_NO_RESULT)
		damon_region_count(r, rs->stratum, result == DAMON_VA_YOUNG);
	c->samples++;
	if (likely(!rs->spread))
		return;
	c->samples += DAMON_NR_STRATA - 1;
	for (i = 1; i < DAMON_NR_STRATA; i++) {
		result = damon_va_check(c, damon_region_spread_addr(r, i));
		if (result != DAMON_VA_NO_RESULT)
			damon_region_count(r, i, result == DAMON_VA_YOUNG);
	}
	damon_adapt_spread_checked(ctx, r);
}

static __always_inline void damon_va_prepare_region(struct damon_va_cursor *c,
						    struct damon_ctx_state *s,
						    struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned int i;

	rs->spread = 0;
	if (!damon_va_clear(c, damon_region_next_sample(s, r)) && !rs->spread)
		rs->pending = false;
	rs->vma = c->vma;
	if (likely(!rs->spread))
		return;
	/* One that cannot be cleared now is not accessed either: rare. */
	for (i = 1; i < DAMON_NR_STRATA; i++)
		damon_va_clear(c, damon_region_spread_addr(r, i));
}

/* Let no processor go on with translations that it has loaded already. */
static void damon_va_flush(struct damon_ctx_state *s, struct mm_struct *mm)
{
	ktime_t begin = ktime_get();

	flush_tlb_mm(mm);
	s->cost.flush_ns += ktime_to_ns(ktime_sub(ktime_get(), begin));
	s->cost.tlb_flushes++;
}

static void damon_va_end_pass(struct damon_ctx *ctx, struct damon_target *t,
			      struct mm_struct *mm)
{
	struct damon_va_target *va = &damon_target_state(t)->va;
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	s->cost.surveyed += va->survey.look.spent;
	damon_survey_end_pass(ctx, t);
	damon_hearsay_end_pass(&va->hearsay);
	/* What was in use before the first pass shall show in the second. */
	if (ctx->tlb_honesty && va->survey.passes == 1)
		damon_va_flush(s, mm);
}

/*
 * When does the next walk have something to do? There are samples to be checked
 * or prepared in the next tick if @busy, and in some later one if @resting.
 */
static void damon_va_set_due(struct damon_ctx *ctx, struct damon_va_target *va,
			     bool busy, bool resting)
{
	struct damon_ctx_state *s = damon_ctx_state(ctx);

	va->due = s->tick + 1;
	if (busy)
		return;
	va->due = min(damon_survey_next(&va->survey),
		      damon_honesty_next(ctx, &va->honesty));
	if (resting)
		va->due = min(va->due, damon_next_rest(s));
}

/**
 * damon_va_walk() - Visit the samples of a target.
 * @ctx:	context
 * @t:		target
 * @mm:		its address space, with a reference that keeps it alive
 * @check:	count what was accessed, survey, and choose a new sample
 *		everywhere; else only where none is on its way
 *
 * Afterwards every region that needs one has a sample on its way. May sleep.
 * Takes mmap_lock for reading, and gives it back in between: when somebody waits for
 * it, and after a while.
 *
 * Return: with @check, the highest nr_accesses.
 */
unsigned int damon_va_walk(struct damon_ctx *ctx, struct damon_target *t,
			   struct mm_struct *mm, bool check)
{
	struct damon_va_target *va = &damon_target_state(t)->va;
	bool survey = check && damon_survey_begin(ctx, &va->survey);
	bool doubt = check && damon_honesty_due(ctx, &va->honesty) &&
		     damon_honesty_begin(ctx, &va->honesty, ktime_get());
	struct damon_ctx_state *s = damon_ctx_state(ctx);
	unsigned int max_nr_accesses = 0;
	int breath = DAMON_BREATH;
	struct damon_va_cursor c = {
		.mm = mm,
		.has_notifiers = mm_has_notifiers(mm),
	};
	bool doubts = false, busy = false, resting = false;
	bool plain = !survey && !doubt;
	struct damon_region *r;

	damon_va_begin(&c, t);
	damon_for_each_region(r, t) {
		struct damon_region_state *rs = damon_region_state(r);

		if (rs->pending) {
			if (!check) {
				busy = true;
				goto next;
			}
			damon_va_check_region(&c, ctx, r);
			if (unlikely(rs->doubted))
				damon_honesty_conclude(r);
			max_nr_accesses = max(max_nr_accesses, r->nr_accesses);
			if (unlikely(rs->core.end) && r->nr_accesses)
				damon_survey_wake(ctx, t, r);
		} else if (plain && damon_region_sleeps(s, rs)) {
			/* So it is with most, most of the time. */
			resting |= rs->rests;
			goto next;
		}
		if (survey &&
		    damon_survey_wants(ctx, &va->survey, r, PMD_SIZE))
			damon_va_survey_region(&c, ctx, t, r);
		if ((unlikely(doubt) && damon_honesty_doubts(r)) ||
		    !damon_region_sleeps(s, rs))
			damon_va_prepare_region(&c, s, r);
		if (unlikely(doubt))
			doubts |= rs->doubted;
		busy |= rs->pending || !(rs->rests || rs->proven ||
					 damon_region_certified(rs));
		resting |= rs->rests;
next:
		breath -= rs->spread ? DAMON_NR_STRATA : 1;
		if (breath <= 0) {
			damon_va_breathe(&c, va);
			breath = DAMON_BREATH;
		}
	}
	damon_va_release(&c);
	va->vma_known = c.hints;
	mmap_read_unlock(mm);
	s->cost.samples += c.samples;
	if (survey && va->survey.look.credit > 0)
		damon_va_end_pass(ctx, t, mm);
	if (doubts)
		damon_va_flush(s, mm);
	damon_va_set_due(ctx, va, busy, resting);
	return max_nr_accesses;
}
