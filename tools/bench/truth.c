// SPDX-License-Identifier: GPL-2.0
/*
 * What is hot, and when: drawn from the seed before the child exists, so that child
 * and parent know the same without a word.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"

#define MAX_TRIES	100000

/* Small hot parts may hold this much in total: the guest's memory is finite. */
#define SIZES_BUDGET	(1200 * MIB)

static uint64_t state;

void truth_seed(unsigned long seed)
{
	/* Neighbouring seeds give unrelated numbers: splitmix64. */
	state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
}

uint64_t truth_random(uint64_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return (__uint128_t)z * below >> 64;
}

unsigned long truth_below(const struct phase *phase, unsigned long addr)
{
	unsigned int from = 0, to = phase->nr, mid;
	const struct range *r;

	/* The last range that begins below the address. */
	while (from < to) {
		mid = (from + to) / 2;
		if (phase->hot[mid].start < addr)
			from = mid + 1;
		else
			to = mid;
	}
	if (!from)
		return 0;
	r = &phase->hot[from - 1];
	return phase->before[from - 1] + (addr < r->end ? addr : r->end) - r->start;
}

static int by_address(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* One more range of @size at a free place. Returns false if there is none. */
static bool add_range(const struct workload *w, struct phase *phase,
		      unsigned long size)
{
	unsigned long leaf = workload_leaf(w);
	unsigned int tries, i;
	struct range r;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		r.start = truth_random((w->size - size) / leaf + 1) * leaf;
		r.end = r.start + size;
		for (i = 0; i < phase->nr; i++)
			if (r.start < phase->hot[i].end && r.end > phase->hot[i].start)
				break;
		if (i == phase->nr) {
			phase->hot[phase->nr++] = r;
			return true;
		}
	}
	return false;
}

/* Ranges of one size at places of their own. */
void truth_scattered(const struct workload *w, struct truth *truth)
{
	struct phase *phase = &truth->phase[0];
	unsigned int i;

	for (i = 0; i < w->nr_hot; i++)
		add_range(w, phase, w->hot_size);
}

/*
 * A range that moves on by three tenths of the arena, phase by phase: neighbours in
 * time never overlap.
 */
void truth_moving(const struct workload *w, struct truth *truth)
{
	unsigned long leaf = workload_leaf(w), room = w->size - w->hot_size;
	unsigned long at = truth_random(room / leaf + 1) * leaf, step;
	unsigned int i;

	step = (w->size / 10 * 3 + leaf - 1) / leaf * leaf;
	truth->nr_phases = w->run_ms / w->phase_ms + 1;
	if (truth->nr_phases > MAX_PHASES)
		truth->nr_phases = MAX_PHASES;
	for (i = 0; i < truth->nr_phases; i++) {
		truth->phase[i].nr = 1;
		truth->phase[i].hot[0] = (struct range){ at, at + w->hot_size };
		at = at + step <= room ? at + step : (at + step - room) / leaf * leaf;
	}
}

/* From 4 KiB to 10 GiB, each order of magnitude as likely as the next. */
void truth_all_sizes(const struct workload *w, struct truth *truth)
{
	unsigned long leaf = workload_leaf(w), left = SIZES_BUDGET, size;
	unsigned int i;

	for (i = 0; i < w->nr_hot; i++) {
		size = 4 * KIB * exp2(truth_random(1 << 20) * log2(10 * GIB / (4 * KIB)) /
				      (1 << 20));
		size = (size + leaf - 1) / leaf * leaf;
		if (w->mapping == MAP_SPARSE) {
			if (size > left)
				size = left / 2 / leaf * leaf;
			left -= size;
		}
		if (size)
			add_range(w, &truth->phase[0], size);
	}
}

/* The worst case of a survey: one leaf in every GiB. */
void truth_every_gib(const struct workload *w, struct truth *truth)
{
	unsigned long leaf = workload_leaf(w), at;
	struct phase *phase = &truth->phase[0];

	for (at = 0; at < w->size; at += GIB) {
		unsigned long start = at + truth_random(GIB / leaf) * leaf;

		phase->hot[phase->nr++] = (struct range){ start, start + leaf };
	}
}

static void put_in_order(struct phase *phase)
{
	unsigned long sum = 0;
	unsigned int i;

	qsort(phase->hot, phase->nr, sizeof(phase->hot[0]), by_address);
	for (i = 0; i < phase->nr; i++) {
		phase->before[i] = sum;
		sum += phase->hot[i].end - phase->hot[i].start;
	}
}

struct truth *truth_new(const struct workload *w)
{
	struct truth *truth;
	unsigned int i;

	truth = mmap(NULL, sizeof(*truth), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (truth == MAP_FAILED)
		return NULL;
	truth->nr_phases = 1;
	truth->phase_ns = w->phase_ms * MSEC;
	w->draw(w, truth);
	for (i = 0; i < truth->nr_phases; i++)
		put_in_order(&truth->phase[i]);
	return truth;
}
