// SPDX-License-Identifier: GPL-2.0
/*
 * The survey of an address space: reading the upper levels of its page tables.
 *
 * What is done with the answers is survey.c's to say. Rules:
 *
 * - Tables are freed under the mmap read lock, but only where no mapping in the
 *   tree touches their span. So before going below an entry, a mapping that
 *   touches its span is looked up; after that the table stays until the lock is
 *   dropped.
 * - Tables of hugetlb's PMDs may be shared with others: below its own lock.
 * - Bits of PUDs have no other user. Those of PMDs that lead to tables are left
 *   alone where reclaim uses them to skip tables: what is not accessed since
 *   reclaim looked, still is not accessed.
 * - Bits of leaves are handed on to the folio. That of a leaf of a PUD's size is
 *   not: such pages are of hugetlb or of a device, which reclaim leaves alone,
 *   and as little is that of hugetlb's leaves.
 * - Secondary MMUs, if there are any, know accesses that these tables do not:
 *   then only what is absent tells something.
 * - Contexts that watch the same address space take each other's bits. So what
 *   one finds, it tells all others, who take it for found by themselves.
 *
 * Locks: mmap_lock for reading, taken by the caller.
 */
#include <linux/cleanup.h>
#include <linux/hashtable.h>
#include <linux/hugetlb.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mmu_notifier.h>
#include <linux/moduleparam.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include "internal.h"
#include "upper.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "damon."

static bool damon_upper_bits __read_mostly = true;
module_param_named(upper_bits, damon_upper_bits, bool, 0400);
MODULE_PARM_DESC(upper_bits,
		 "Use accessed bits above the leaves of page tables (default Y)");

/* What entries cost, by the reads that could be made instead. */
#define DAMON_COST_CLEAR	3
#define DAMON_COST_DESCENT	24
#define DAMON_COST_LEAF		16

/* What may be spent between two looks whether it is time to stop. */
#define DAMON_SURVEY_BREATH	128

/* Protects the table, not what was heard. */
static DECLARE_RWSEM(damon_hearsay_lock);
static DEFINE_HASHTABLE(damon_hearsay_table, 6);

/**
 * damon_hearsay_join() - From now on hear what others find.
 * @h:		in no list
 * @mm:		address space
 *
 * May sleep.
 */
void damon_hearsay_join(struct damon_hearsay *h, struct mm_struct *mm)
{
	struct damon_hearsay *other;
	int i;

	for (i = 0; i < 4; i++)
		mt_init(&h->heard[i / 2][i % 2]);
	h->shared = false;
	h->mm = mm;
	guard(rwsem_write)(&damon_hearsay_lock);
	hash_add(damon_hearsay_table, &h->node, (unsigned long)mm);
	/* The others shall tell from now on, not from their next pass. */
	hash_for_each_possible(damon_hearsay_table, other, node,
			       (unsigned long)mm) {
		if (other == h || other->mm != mm)
			continue;
		WRITE_ONCE(other->shared, true);
		h->shared = true;
	}
}

/**
 * damon_hearsay_leave() - Do not listen any more.
 * @h:	after damon_hearsay_join()
 *
 * May sleep.
 */
void damon_hearsay_leave(struct damon_hearsay *h)
{
	int i;

	scoped_guard(rwsem_write, &damon_hearsay_lock)
		hash_del(&h->node);
	for (i = 0; i < 4; i++)
		mtree_destroy(&h->heard[i / 2][i % 2]);
	h->mm = NULL;
}

/* Does anybody else survey this address space? */
static bool damon_hearsay_shared(struct damon_hearsay *self)
{
	struct damon_hearsay *h;

	guard(rwsem_read)(&damon_hearsay_lock);
	hash_for_each_possible(damon_hearsay_table, h, node,
			       (unsigned long)self->mm)
		if (h != self && h->mm == self->mm)
			return true;
	return false;
}

/**
 * damon_hearsay_end_pass() - A pass has ended: forget what the next needs not.
 * @h:	after damon_hearsay_join()
 *
 * What was heard during this pass may be about entries that it had visited
 * before, and is known in the next one, too. May sleep.
 */
void damon_hearsay_end_pass(struct damon_hearsay *h)
{
	bool empty = true;
	int i;

	WRITE_ONCE(h->shared, damon_hearsay_shared(h));
	for (i = 0; i < 4; i++)
		empty &= mtree_empty(&h->heard[i / 2][i % 2]);
	if (empty)
		return;
	guard(rwsem_write)(&damon_hearsay_lock);
	h->now = !h->now;
	for (i = 0; i < 2; i++) {
		mtree_destroy(&h->heard[i][h->now]);
		mt_init(&h->heard[i][h->now]);
	}
}

/**
 * damon_hearsay_tell() - Tell all others that something was accessed.
 * @self:	after damon_hearsay_join()
 * @leaves:	by its leaves, not by entries above them
 * @start:	first address
 * @end:	first address behind it
 *
 * May sleep.
 */
void damon_hearsay_tell(struct damon_hearsay *self, bool leaves,
			unsigned long start, unsigned long end)
{
	struct damon_hearsay *h;

	guard(rwsem_read)(&damon_hearsay_lock);
	hash_for_each_possible(damon_hearsay_table, h, node,
			       (unsigned long)self->mm)
		/* Without memory for it they find it in another pass. */
		if (h != self && h->mm == self->mm)
			mtree_store_range(&h->heard[leaves][h->now], start, end - 1,
					  xa_mk_value(1),
					  GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * damon_hearsay_next() - What was heard?
 * @h:		after damon_hearsay_join()
 * @leaves:	of leaves, not of entries above them
 * @addr:	address
 *
 * Return: the first span at or behind @addr; if there is none, one that begins
 * behind all others.
 */
struct damon_addr_range damon_hearsay_next(struct damon_hearsay *h, bool leaves,
					   unsigned long addr)
{
	struct damon_addr_range next = { ULONG_MAX, ULONG_MAX };
	int i;

	for (i = 0; i < 2; i++) {
		MA_STATE(mas, &h->heard[leaves][i], addr, addr);

		mas_lock(&mas);
		if (mas_find(&mas, ULONG_MAX) && mas.index < next.start) {
			next.start = mas.index;
			next.end = mas.last + 1;
		}
		mas_unlock(&mas);
	}
	return next;
}

/**
 * struct damon_va_surveyor - a survey at work
 * @mm:		address space
 * @since:	when its mmap_lock was taken, by local_clock()
 * @sv:		survey of the target
 * @breath:	what it had spent when it was last looked whether it is time to stop
 * @hearsay:	of other surveys
 * @heard:	what they found next at or behind the place of the survey
 * @told:	what was found but not told yet
 * @vma:	a mapping, the last that was looked up, or NULL
 * @blind:	accessed bits say nothing
 * @upper:	those of entries that lead to tables are dependable
 * @plain:	all are, and nobody else clears them
 * @clear_pmds:	those of PMDs that lead to tables may be cleared
 */
struct damon_va_surveyor {
	struct mm_struct *mm;
	u64 since;
	struct damon_survey *sv;
	unsigned long breath;
	struct damon_hearsay *hearsay;
	struct damon_addr_range heard;
	struct damon_addr_range told;
	struct vm_area_struct *vma;
	bool blind;
	bool upper;
	bool plain;
	bool clear_pmds;
};

/* A mapping that touches [start, end), or NULL. */
static struct vm_area_struct *damon_va_touching(struct damon_va_surveyor *v,
						unsigned long start,
						unsigned long end)
{
	if (v->vma && v->vma->vm_start < end && v->vma->vm_end > start)
		return v->vma;
	v->vma = find_vma_intersection(v->mm, start, end);
	return v->vma;
}

static void damon_va_tell(struct damon_va_surveyor *v)
{
	if (v->told.end)
		damon_hearsay_tell(v->hearsay, false, v->told.start,
				   v->told.end);
	v->told = (struct damon_addr_range){};
}

/*
 * An entry was found accessed, by its own bit or by what others told. The latter
 * is not told again: it would be passed on for ever.
 */
static void damon_va_found(struct damon_va_surveyor *v, unsigned long start,
			   unsigned long sz, bool own)
{
	damon_look_found(&v->sv->look, start, start + sz);
	if (likely(!READ_ONCE(v->hearsay->shared)) || !own)
		return;
	if (v->told.end != start) {
		damon_va_tell(v);
		v->told.start = start;
	}
	v->told.end = start + sz;
}

/* Has another survey found something in [start, start + sz)? */
static inline bool damon_va_heard(struct damon_va_surveyor *v,
				  unsigned long start, unsigned long sz)
{
	if (likely(!READ_ONCE(v->hearsay->shared)))
		return false;
	if (v->heard.end <= start)
		v->heard = damon_hearsay_next(v->hearsay, false, start);
	return v->heard.start < start + sz;
}

/* A huge page, in an entry that was seen to be accessed. */
static void damon_va_clear_huge(struct damon_va_surveyor *v, pmd_t *pmdp,
				pmd_t pmd, unsigned long addr)
{
	struct vm_area_struct *vma = v->vma;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		vma = vma_lookup(v->mm, addr);
	if (!vma)
		return;
	v->vma = vma;
	if (is_vm_hugetlb_page(vma)) {
		damon_upper_clear_pmd(pmdp, pmd);
		damon_look_spend(&v->sv->look, DAMON_COST_CLEAR);
	} else {
		damon_va_clear_pmd(vma, addr & PMD_MASK, pmdp);
		damon_look_spend(&v->sv->look, DAMON_COST_LEAF);
	}
}

/* Does the entry of @addr reach over what is looked at? */
static bool damon_va_is_partial(unsigned long addr, unsigned long end,
				unsigned long sz)
{
	unsigned long start = addr & ~(sz - 1);

	return start < addr || end - start < sz;
}

/* An entry that may have been accessed: clear its bit, and say so. */
static noinline void damon_va_young_pmd(struct damon_va_surveyor *v,
					pmd_t *pmdp, pmd_t pmd,
					unsigned long addr,
					unsigned long end)
{
	struct damon_survey *sv = v->sv;
	unsigned long start = addr & PMD_MASK;

	damon_va_found(v, start, PMD_SIZE, !damon_upper_pmd_old(pmd));
	sv->young_pmd = start;
	/* On its way, or told by others, or useless. */
	if (!pmd_present(pmd) || !pmd_young(pmd) || v->blind)
		return;
	if (pmd_leaf(pmd)) {
		/* A part of it could not be certified anyway. */
		if (!damon_va_is_partial(addr, end, PMD_SIZE))
			damon_va_clear_huge(v, pmdp, pmd, addr);
	} else if (v->clear_pmds) {
		damon_upper_clear_pmd(pmdp, pmd);
		damon_look_spend(&sv->look, DAMON_COST_CLEAR);
	}
}

/*
 * Does the entry say that something may have been accessed? The bit of a huge
 * page that two regions share does not tell: samples of the other clear it.
 */
static bool damon_va_pmd_tells(struct damon_va_surveyor *v, pmd_t pmd,
			       unsigned long addr, unsigned long end)
{
	unsigned long start = addr & PMD_MASK;

	if (pmd_none(pmd))
		return false;
	if (v->blind || !damon_upper_pmd_old(pmd))
		return true;
	if (pmd_leaf(pmd) ? damon_va_is_partial(addr, end, PMD_SIZE) :
			    !v->upper)
		return true;
	return start == v->sv->young_pmd || damon_va_heard(v, start, PMD_SIZE);
}

/* The same answer, "no", where nobody else has to be asked. */
static __always_inline bool damon_va_is_dull_pmd(struct damon_va_surveyor *v,
						 pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	return pmd_none(pmd) || (v->plain && damon_upper_pmd_old(pmd));
}

static bool damon_va_survey_interrupted(struct damon_va_surveyor *v)
{
	struct damon_look *look = &v->sv->look;

	if (look->credit <= 0)
		return true;
	if (look->spent - v->breath < DAMON_SURVEY_BREATH)
		return false;
	if (damon_va_hold_is_over(v->mm, v->since))
		return true;
	v->breath = look->spent;
	return false;
}

/*
 * Look at the PMDs of [addr, end), which one PUD leads to. Returns how far it came: all
 * huge pages of a table may be young, and take long. What is left is looked at as part
 * of an entry that was found to be young.
 */
static unsigned long damon_va_survey_pmds(struct damon_va_surveyor *v, pud_t *pudp,
					  unsigned long addr, unsigned long end)
{
	unsigned long start = addr & PUD_MASK, from = addr;
	struct vm_area_struct *vma, *locked = NULL;
	pmd_t *pmdp, pmd;
	pud_t pud;

	vma = damon_va_touching(v, start, start + PUD_SIZE);
	if (!vma)
		return end;
	/* Only those of a mapping that has the whole table may be shared. */
	if (is_vm_hugetlb_page(vma)) {
		locked = vma;
		hugetlb_vma_lock_read(locked);
	}
	/* A shared table may have gone while we waited for that lock. */
	pud = pudp_get(pudp);
	if (pud_none(pud) || !pud_present(pud) || pud_leaf(pud)) {
		addr = end;
		goto unlock;
	}
	pmdp = pmd_offset_lockless(pudp, pud, addr);
	do {
		bool tells;

		pmd = pmdp_get_lockless(pmdp);
		tells = damon_va_pmd_tells(v, pmd, addr, end);
		if (tells)
			damon_va_young_pmd(v, pmdp, pmd, addr, end);
		addr = pmd_addr_end(addr, end);
		pmdp++;
		/* Most are of no interest: past these as fast as can be. */
		while (end - addr >= PMD_SIZE &&
		       damon_va_is_dull_pmd(v, pmdp)) {
			addr += PMD_SIZE;
			pmdp++;
		}
		if (tells && damon_va_survey_interrupted(v))
			break;
	} while (addr < end);
	damon_look_spend(&v->sv->look,
			 DAMON_COST_DESCENT + ((addr - from) >> PMD_SHIFT));
unlock:
	if (locked)
		hugetlb_vma_unlock_read(locked);
	return addr;
}

/* The same of an entry one level above; go below it. Returns how far it came. */
static noinline unsigned long
damon_va_young_pud(struct damon_va_surveyor *v, pud_t *pudp, pud_t pud,
		   unsigned long addr, unsigned long end)
{
	unsigned long start = addr & PUD_MASK, next = pud_addr_end(addr, end);
	bool leaf = !pud_present(pud) || pud_leaf(pud);
	struct damon_survey *sv = v->sv;

	/*
	 * When a look is taken up again inside of the entry, the bit may be about what
	 * was looked at before, and stays for the next pass.
	 */
	if (start != sv->young_pud &&
	    pud_present(pud) && !damon_upper_pud_old(pud) && !v->blind &&
	    (leaf ? !damon_va_is_partial(addr, end, PUD_SIZE) : v->upper)) {
		damon_upper_clear_pud(pudp, pud);
		damon_look_spend(&sv->look, DAMON_COST_CLEAR);
	}
	sv->young_pud = start;
	if (!leaf && (!sv->look.coarse || damon_va_is_partial(addr, end, PUD_SIZE)))
		return damon_va_survey_pmds(v, pudp, addr, next);
	damon_va_found(v, start, PUD_SIZE, !damon_upper_pud_old(pud));
	return next;
}

static bool damon_va_pud_tells(struct damon_va_surveyor *v, pud_t pud,
			       unsigned long addr, unsigned long end)
{
	unsigned long start = addr & PUD_MASK;

	if (pud_none(pud))
		return false;
	if (v->blind || !damon_upper_pud_old(pud))
		return true;
	if (pud_leaf(pud) ? damon_va_is_partial(addr, end, PUD_SIZE) :
			    !v->upper)
		return true;
	return start == v->sv->young_pud || damon_va_heard(v, start, PUD_SIZE);
}

static __always_inline bool damon_va_is_dull_pud(struct damon_va_surveyor *v,
						 pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	return pud_none(pud) || (v->plain && damon_upper_pud_old(pud));
}

/* Look at the PUDs of [addr, end), in one table. Returns how far it came. */
static unsigned long damon_va_survey_puds(struct damon_va_surveyor *v,
					  p4d_t *p4dp, unsigned long addr,
					  unsigned long end)
{
	pud_t *pudp = pud_offset(p4dp, addr), pud;

	do {
		unsigned long from = addr, next = pud_addr_end(addr, end);

		pud = pudp_get(pudp);
		if (damon_va_pud_tells(v, pud, addr, end)) {
			addr = damon_va_young_pud(v, pudp, pud, addr, end);
			if (addr < next)
				return addr;
		}
		addr = next;
		pudp++;
		while (end - addr >= PUD_SIZE &&
		       damon_va_is_dull_pud(v, pudp)) {
			addr += PUD_SIZE;
			pudp++;
		}
		damon_look_spend(&v->sv->look, 1 + ((addr - from) >> PUD_SHIFT));
	} while (addr < end && !damon_va_survey_interrupted(v));
	return addr;
}

/* Look at what the P4D of @addr leads to. Returns how far it came. */
static unsigned long damon_va_survey_p4d(struct damon_va_surveyor *v,
					 unsigned long addr, unsigned long end)
{
	pgd_t *pgdp = pgd_offset(v->mm, addr), pgd = pgdp_get(pgdp);
	p4d_t *p4dp, p4d;

	damon_look_spend(&v->sv->look, 1);
	if (pgd_none_or_clear_bad(&pgd))
		return pgd_addr_end(addr, end);
	p4dp = p4d_offset(pgdp, addr);
	p4d = p4dp_get(p4dp);
	end = p4d_addr_end(addr, end);
	if (p4d_none_or_clear_bad(&p4d))
		return end;
	return damon_va_survey_puds(v, p4dp, addr, end);
}

/**
 * damon_va_survey() - Go on with the look of a survey.
 * @mm:		address space, with mmap_lock held for reading
 * @since:	since when, by local_clock()
 * @va:		target; &damon_look.reached of its survey advances as far as the
 *		credit reaches, or until somebody waits for the lock or the
 *		processor, or it was held for long
 * @end:	where to stop
 *
 * Some progress is always made. May sleep, where hugetlb is mapped.
 */
void damon_va_survey(struct mm_struct *mm, u64 since, struct damon_va_target *va,
		     unsigned long end)
{
	struct damon_survey *sv = &va->survey;
	struct damon_va_surveyor v = {
		.mm = mm,
		.since = since,
		.sv = sv,
		.breath = sv->look.spent,
		.hearsay = &va->hearsay,
		.blind = mm_has_notifiers(mm),
		.upper = damon_upper_bits && damon_upper_dependable(),
		.clear_pmds = !damon_upper_pmds_are_reclaims(),
	};
	unsigned long addr = sv->look.reached;

	sv->blunt = v.blind || !v.upper || !v.clear_pmds;
	v.plain = v.upper && !v.blind && !READ_ONCE(va->hearsay.shared);
	do {
		/* Every step goes below the top only where something is. */
		v.vma = find_vma_intersection(mm, addr, end);
		if (!v.vma) {
			addr = end;
			break;
		}
		addr = max(addr, v.vma->vm_start);
		/* Where there are fewer levels, that is what ends a table. */
		addr = damon_va_survey_p4d(&v, addr, pgd_addr_end(addr, end));
	} while (addr < end && !damon_va_survey_interrupted(&v));
	sv->look.reached = addr;
	damon_va_tell(&v);
}
