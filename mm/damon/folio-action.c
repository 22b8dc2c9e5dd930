// SPDX-License-Identifier: GPL-2.0
/*
 * Actions of schemes on folios, whatever address space they were found in: one
 * row each.
 *
 * Some are done at once. Others only isolate the folio, and are done with a batch
 * of them, when no lock is held any more. Whoever finds the folios asks the filters,
 * and sees to it that they do not go away until they are isolated.
 *
 * Locks: those of the LRU lists, one folio at a time.
 */
#include <linux/gfp.h>
#include <linux/hugetlb.h>
#include <linux/math64.h>
#include <linux/migrate.h>
#include <linux/mm_inline.h>
#include <linux/nodemask.h>
#include <linux/page_idle.h>
#include <linux/swap.h>

#include "../internal.h"
#include "internal.h"

/* Once isolated, a folio waits for its batch. */
static void damos_batch_add(struct damos_batch *b, struct folio *folio)
{
	list_add(&folio->lru, &b->folios);
	b->sz += folio_size(folio);
}

/* What says that it was in use shall not keep it from being reclaimed. */
static void damos_forget_use(struct folio *folio)
{
	folio_clear_referenced(folio);
	folio_test_clear_young(folio);
	/* Should it be needed again soon, reclaim will know that it was. */
	if (folio_test_active(folio))
		folio_set_workingset(folio);
}

static void damos_take_pageout(struct damos_batch *b, struct folio *folio)
{
	if (!folio_test_lru(folio) || folio_test_unevictable(folio))
		return;
	damos_forget_use(folio);
	if (!folio_isolate_lru(folio))
		return;
	/* Locked into memory in the meantime. */
	if (folio_test_unevictable(folio))
		folio_putback_lru(folio);
	else
		damos_batch_add(b, folio);
}

static void damos_finish_pageout(struct damos_batch *b)
{
	b->done += reclaim_pages(&b->folios) * PAGE_SIZE;
}

static void damos_take_cold(struct damos_batch *b, struct folio *folio)
{
	if (!folio_test_lru(folio) || folio_test_unevictable(folio))
		return;
	damos_forget_use(folio);
	folio_deactivate(folio);
	b->done += folio_size(folio);
}

static void damos_take_prio(struct damos_batch *b, struct folio *folio)
{
	if (!folio_test_lru(folio) || folio_test_unevictable(folio))
		return;
	folio_activate(folio);
	b->done += folio_size(folio);
}

#ifdef CONFIG_MIGRATION
/**
 * damos_destination() - Where does a folio belong?
 * @s:		scheme that migrates
 * @folio:	folio that is a part of some object
 *
 * The destinations take turns, by their weights, along the object, so each has its
 * share of any run of folios, and a folio that was moved stays where it is.
 *
 * Return: the node; NUMA_NO_NODE if no destination has a weight.
 */
int damos_destination(const struct damos *s, struct folio *folio)
{
	const struct damos_migrate_dests *d = &s->migrate_dests;
	u64 sum = 0, turn;
	size_t i;

	if (!d->nr_dests)
		return s->target_nid;
	for (i = 0; i < d->nr_dests; i++)
		sum += d->weight_arr[i];
	if (!sum)
		return NUMA_NO_NODE;
	div64_u64_rem(folio->index >> folio_order(folio), sum, &turn);
	for (i = 0; turn >= d->weight_arr[i]; i++)
		turn -= d->weight_arr[i];
	return d->node_id_arr[i];
}

static void damos_take_migrate(struct damos_batch *b, struct folio *folio)
{
	int nid = damos_destination(b->s, folio);

	if (nid == NUMA_NO_NODE || folio_nid(folio) == nid)
		return;
	if (folio_test_hugetlb(folio)) {
		if (isolate_hugetlb(folio, &b->folios))
			b->sz += folio_size(folio);
	} else if (folio_test_lru(folio) && folio_isolate_lru(folio)) {
		node_stat_mod_folio(folio, NR_ISOLATED_ANON +
				    folio_is_file_lru(folio),
				    folio_nr_pages(folio));
		damos_batch_add(b, folio);
	}
}

/* There, or nowhere: neither reclaim nor waiting for it. */
static struct folio *damos_alloc_there(struct folio *src, unsigned long private)
{
	struct migration_target_control *mtc = (void *)private;

	if (folio_test_large(src) && !folio_test_hugetlb(src))
		return __folio_alloc_node(GFP_TRANSHUGE_LIGHT | __GFP_THISNODE,
					  folio_order(src), mtc->nid);
	return alloc_migration_target(src, private);
}

/* Move folios to a node, or put them back. Returns the bytes that were moved. */
static unsigned long damos_move(struct list_head *folios, int nid)
{
	struct migration_target_control mtc = {
		.nid = nid,
		.gfp_mask = (GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) |
			    __GFP_THISNODE | __GFP_NOMEMALLOC | __GFP_NOWARN,
		.reason = MR_DAMON,
	};
	unsigned int nr_moved = 0;

	/* The node may have gone since the scheme was checked. */
	if (node_state(nid, N_MEMORY))
		migrate_pages(folios, damos_alloc_there, NULL,
			      (unsigned long)&mtc, MIGRATE_ASYNC, MR_DAMON,
			      &nr_moved);
	putback_movable_pages(folios);
	return nr_moved * PAGE_SIZE;
}

static void damos_finish_migrate(struct damos_batch *b)
{
	struct folio *folio, *next;
	LIST_HEAD(same);
	int nid;

	while (!list_empty(&b->folios)) {
		folio = list_first_entry(&b->folios, struct folio, lru);
		nid = damos_destination(b->s, folio);
		list_move(&folio->lru, &same);
		list_for_each_entry_safe(folio, next, &b->folios, lru)
			if (damos_destination(b->s, folio) == nid)
				list_move(&folio->lru, &same);
		b->done += damos_move(&same, nid);
	}
}
#endif	/* CONFIG_MIGRATION */

const struct damos_folio_action damos_folio_actions[NR_DAMOS_ACTIONS] = {
	[DAMOS_COLD]		= { .take = damos_take_cold },
	[DAMOS_PAGEOUT]		= { .take = damos_take_pageout,
				    .finish = damos_finish_pageout },
	[DAMOS_LRU_PRIO]	= { .take = damos_take_prio },
	[DAMOS_LRU_DEPRIO]	= { .take = damos_take_cold },
#ifdef CONFIG_MIGRATION
	[DAMOS_MIGRATE_HOT]	= { .take = damos_take_migrate,
				    .finish = damos_finish_migrate },
	[DAMOS_MIGRATE_COLD]	= { .take = damos_take_migrate,
				    .finish = damos_finish_migrate },
#endif
};

/**
 * damos_batch_begin() - The action of a scheme will be applied to folios.
 * @b:	batch, empty afterwards
 * @s:	scheme
 *
 * May sleep.
 */
void damos_batch_begin(struct damos_batch *b, struct damos *s)
{
	*b = (struct damos_batch){
		.s = s,
		.folios = LIST_HEAD_INIT(b->folios),
	};
	/* What waits for its place in an LRU list cannot be isolated. */
	if (damos_folio_actions[s->action].take)
		lru_add_drain();
}

/**
 * damos_batch_take() - Apply the action to a folio, now or with its batch.
 * @b:		batch
 * @folio:	folio that the filters of the scheme let pass, and that cannot go away
 *		meanwhile: referenced, or mapped by a page table whose lock is held
 *
 * A folio that was taken before is not taken again until its batch is finished.
 * Any context but interrupts.
 *
 * Return: true if the batch is large enough to be finished.
 */
bool damos_batch_take(struct damos_batch *b, struct folio *folio)
{
	const struct damos_folio_action *how = &damos_folio_actions[b->s->action];

	if (how->take && !folio_is_zone_device(folio))
		how->take(b, folio);
	return b->sz >= DAMOS_BATCH_SZ;
}

/**
 * damos_batch_finish() - Do with the folios of a batch what is to be done.
 * @b:	batch, empty afterwards
 *
 * Folios with which it could not be done go back to their lists. May sleep. No lock
 * that reclaim or migration take may be held.
 */
void damos_batch_finish(struct damos_batch *b)
{
	const struct damos_folio_action *how = &damos_folio_actions[b->s->action];

	if (!list_empty(&b->folios))
		how->finish(b);
	b->sz = 0;
}
