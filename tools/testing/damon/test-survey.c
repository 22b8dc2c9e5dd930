// SPDX-License-Identifier: GPL-2.0
/*
 * The survey of page tables at work: spaces of up to 10 TiB, with processors
 * that cache upper entries, with reclaim that clears bits, and without any use
 * of upper bits. What is told is the worst of all seeds. VERBOSE in the
 * environment tells of every window.
 */
#include "ktap.h"
#include "scenes.h"

/* So many are independent trials; SEEDS in the environment asks for more. */
#define SEEDS		6
/* What survey.c promises: entries a tick, and what it may begin with. */
#define CREDIT		512
#define SAVINGS		(2 * 64 * CREDIT)
/* A step that has begun is brought to its end: every huge page below a PUD. */
#define OVERSHOOT	(512 * (1 + WALK_COST_LEAF) + 1024)

/* What came of a scene, over all seeds the worst. */
struct result {
	double mean;		/* F1 */
	double worst;		/* F1 of one window, when it has settled */
	unsigned int first_ms;	/* when it is at least 0.95; zero: never */
	unsigned int again_ms;	/* the same, after a change */
	unsigned int regions;
	double credit;		/* per tick */
	double samples;
	u64 max_credit;
};

static unsigned int nr_seeds(void)
{
	const char *wanted = getenv("SEEDS");

	return wanted ? atoi(wanted) : SEEDS;
}

static double window_f1(struct walk *w, const struct scene *scene)
{
	unsigned int nr = damon_nr_samples_per_aggr(&w->ctx->attrs);

	return walk_score(w, scene->any ? 1 : nr / 4).f1;
}

static void add_window(struct walk *w, const struct scene *scene,
		       struct result *res)
{
	unsigned int ms = (w->space->now - SCENE_START) / MSEC, since = ms;
	double f1 = window_f1(w, scene);

	if (scene->phase)
		since = ms % (scene->phase / MSEC);
	res->regions = max(res->regions, w->t->nr_regions);
	if (f1 >= 0.95 && !res->first_ms)
		res->first_ms = ms;
	if (f1 < 0.95 && scene->phase && ms > 1000)
		res->again_ms = max(res->again_ms, since);
	if (since >= scene->settle_ms && ms > scene->settle_ms)
		res->worst = min(res->worst, f1);
	res->mean += f1;
	if (getenv("VERBOSE"))
		printf("#   %u ms: F1 %.3f, %u regions\n", ms, f1,
		       w->t->nr_regions);
}

static struct result run_seed(const struct scene *scene, enum trait trait,
			      u64 seed)
{
	struct space *space = scene_space(scene, trait, seed);
	struct result res = { .worst = 1 };
	unsigned int windows = 0;
	u64 ticks = 0;
	struct walk w;

	walk_begin(&w, space, scene_ctx(scene, seed));
	while (space->now < SCENE_START + scene->run_ms * MSEC) {
		bool over = walk_tick(&w);

		/* The budget holds at any time. */
		EXPECT_OP(w.work.credit, <=,
			  SAVINGS + ++ticks * CREDIT + OVERSHOOT);
		if (!over)
			continue;
		EXPECT_OP(w.t->nr_regions, <=, w.ctx->max_nr_regions);
		add_window(&w, scene, &res);
		windows++;
		walk_next_window(&w);
	}
	res.mean /= windows;
	res.credit = (double)w.work.credit / ticks;
	res.samples = (double)w.work.samples / ticks;
	res.max_credit = w.work.max_credit;
	walk_end(&w);
	space_free(space);
	return res;
}

static void add_result(struct result *all, const struct result *res, bool *never)
{
	all->mean = min(all->mean, res->mean);
	all->worst = min(all->worst, res->worst);
	*never |= !res->first_ms;
	all->first_ms = max(all->first_ms, res->first_ms);
	all->again_ms = max(all->again_ms, res->again_ms);
	all->regions = max(all->regions, res->regions);
	all->credit = max(all->credit, res->credit);
	all->samples = max(all->samples, res->samples);
	all->max_credit = max(all->max_credit, res->max_credit);
}

static void tell(const struct scene *scene, enum trait trait,
		 const struct result *all, bool never)
{
	printf("# %s, %s: F1 mean %.3f, from %u ms on %.3f; 0.95 after %u ms%s",
	       scene->name, scene_traits[trait].name, all->mean,
	       scene->settle_ms, all->worst, all->first_ms,
	       never ? " or never" : "");
	if (scene->phase)
		printf(", again after %u ms", all->again_ms);
	printf("; %u regions, %.1f samples and %.0f (at most %llu) entries a tick\n",
	       all->regions, all->samples, all->credit,
	       (unsigned long long)all->max_credit);
}

static void check(const struct scene *scene, enum trait trait)
{
	double f1 = trait < AGED ? scene->f1 : scene->f1_unsure;
	struct result all = { .mean = 1, .worst = 1 }, res;
	unsigned int seed;
	bool never = false;

	for (seed = 1; seed <= nr_seeds(); seed++) {
		res = run_seed(scene, trait, seed * 7919 + 1);
		add_result(&all, &res, &never);
		ktap_expect(res.worst >= f1, __FILE__, __LINE__,
			    "%s, %s, seed %u: F1 %.3f >= %.3f", scene->name,
			    scene_traits[trait].name, seed, res.worst, f1);
	}
	tell(scene, trait, &all, never);
	ktap_expect(all.credit <= scene->credit, __FILE__, __LINE__,
		    "%s, %s: %.0f <= %.0f entries a tick", scene->name,
		    scene_traits[trait].name, all.credit, scene->credit);
	if (scene->samples)
		ktap_expect(all.samples <= scene->samples, __FILE__, __LINE__,
			    "%s, %s: %.1f <= %.0f samples a tick", scene->name,
			    scene_traits[trait].name, all.samples, scene->samples);
}

static void check_group(const struct scene *scene, enum trait last)
{
	enum trait trait;

	for (; scene->name; scene++)
		for (trait = PLAIN; trait <= last; trait++)
			check(scene, trait);
}

static void test_huge(void)
{
	check_group(scenes_huge, CACHED);
}

static void test_random(void)
{
	check_group(scenes_random, BLIND);
}

static void test_sparse(void)
{
	check_group(scenes_sparse, BLIND);
}

static void test_64_gib(void)
{
	check_group(scenes_64_gib, BLIND);
}

static void test_dense(void)
{
	check_group(scenes_dense, BLIND);
}

static void test_all_sizes(void)
{
	check_group(scenes_all_sizes, BLIND);
	check_group(scenes_huge_all_sizes, CACHED);
}

static void test_every_gib(void)
{
	check_group(scenes_every_gib, CACHED);
}

#define TWO_SETTLE	5
#define TWO_WINDOWS	20

/* Two contexts take each other's bits, and tell each other. */
static double run_two(const struct scene *scene, u64 seed, bool alone)
{
	struct space *space = scene_space(scene, PLAIN, seed);
	double sum[2] = {}, worst;
	struct walk w[2];
	unsigned int windows = 0;
	bool over;

	walk_begin(&w[0], space, scene_ctx(scene, seed));
	if (!alone)
		walk_begin_second(&w[0], &w[1], scene_ctx(scene, seed + 1));
	while (windows < TWO_SETTLE + TWO_WINDOWS) {
		over = walk_tick(&w[0]);
		if (!alone)
			walk_tick(&w[1]);
		if (!over)
			continue;
		/* At first each hears of all that was ever touched. */
		if (++windows > TWO_SETTLE)
			sum[0] += window_f1(&w[0], scene);
		walk_next_window(&w[0]);
		if (alone)
			continue;
		if (windows > TWO_SETTLE)
			sum[1] += window_f1(&w[1], scene);
		walk_next_window(&w[1]);
	}
	worst = alone ? sum[0] : min(sum[0], sum[1]);
	walk_end(&w[0]);
	if (!alone)
		walk_end(&w[1]);
	space_free(space);
	return worst / TWO_WINDOWS;
}

static void check_two(const struct scene *scene)
{
	unsigned int seed;
	double lost = 0;

	for (seed = 1; seed <= nr_seeds(); seed++)
		lost = max(lost, run_two(scene, seed, true) -
				 run_two(scene, seed, false));
	printf("# %s, two contexts: F1 lower by %.3f at most\n", scene->name,
	       lost);
	EXPECT(lost <= 0.02);
}

static void test_two(void)
{
	check_two(&scenes_sparse[0]);
	check_two(&scenes_64_gib[0]);
}

/* In how many windows is the region at @addr accessed, and small? */
static unsigned int windows_until(struct walk *w, unsigned long addr,
				  unsigned long sz, unsigned int most)
{
	unsigned int windows = 0;
	struct damon_region *r;
	bool found = false;

	while (!found && windows++ < most) {
		while (!walk_tick(w))
			;
		damon_for_each_region(r, w->t)
			if (r->ar.start <= addr && r->ar.end > addr)
				found = r->nr_accesses >= 5 &&
					damon_sz_region(r) <= sz;
		walk_next_window(w);
	}
	return windows;
}

/* A page in 2 MiB that were idle between hot neighbours for three seconds. */
static unsigned int find_late_page(enum trait trait, u64 seed, unsigned int most)
{
	struct space *space = space_new(seed, &scene_traits[trait].traits);
	unsigned long page = 67 * MIB - 13 * PAGE_SIZE;
	unsigned int took;
	struct walk w;

	space_map(space, 0, GIB, SPACE_PTE, true);
	space_touch(space, 0, 66 * MIB, MSEC);
	space_touch(space, page, PAGE_SIZE, MSEC)->from = 3 * SEC;
	space_touch(space, 68 * MIB, 66 * MIB, MSEC);
	walk_begin(&w, space, sim_new_ctx(seed));
	while (space->now < 3 * SEC)
		if (walk_tick(&w))
			walk_next_window(&w);
	took = windows_until(&w, SPACE_BASE + page, 16 * PAGE_SIZE, most);
	walk_end(&w);
	space_free(space);
	return took;
}

static void test_late_page(void)
{
	/* Without upper bits it takes luck, and is only told. */
	static const unsigned int most[] = { 30, 60, 60, 60, 0, 60 };
	unsigned int seed, took, sum, worst;
	enum trait trait;

	for (trait = PLAIN; trait < NR_TRAITS; trait++) {
		sum = 0;
		worst = 0;
		for (seed = 1; seed <= nr_seeds(); seed++) {
			took = find_late_page(trait, seed,
					      most[trait] ? most[trait] + 1 : 300);
			sum += took;
			worst = max(worst, took);
		}
		printf("# a page among 2 MiB, %s: found after %u windows, %u at most\n",
		       scene_traits[trait].name, sum / nr_seeds(), worst);
		if (most[trait])
			EXPECT_OP(worst, <=, most[trait]);
	}
}

#define LONG_IDLE	10	/* windows */

/*
 * A quarter of 64 MiB is used. How much of it is said to be idle for long? A scheme
 * would take that away.
 */
static unsigned long most_taken_wrongly(u64 seed, u64 period, double rate)
{
	struct space *space = space_new(seed, &scene_traits[PLAIN].traits);
	/* The border lies somewhere in the page that a table is. */
	unsigned long at = space_random(space, 512) * PAGE_SIZE;
	unsigned long end = SPACE_BASE + at + 16 * MIB, wrong, most = 0;
	struct space_spot *spot;
	struct damon_region *r;
	unsigned int i;
	struct walk w;

	space_map(space, at, 64 * MIB, SPACE_PTE, true);
	spot = space_touch(space, at, 16 * MIB, period);
	spot->rate = rate;
	spot->from = space_random(space, period);
	walk_begin(&w, space, sim_new_ctx(seed));
	for (i = 0; i < 100; i++) {
		while (!walk_tick(&w))
			;
		wrong = 0;
		damon_for_each_region(r, w.t)
			if (!r->nr_accesses && r->age >= LONG_IDLE && r->ar.start < end)
				wrong += min(r->ar.end, end) - r->ar.start;
		most = max(most, wrong);
		walk_next_window(&w);
	}
	walk_end(&w);
	space_free(space);
	return most / PAGE_SIZE;
}

static void test_idle_long(void)
{
	static const struct {
		const char *name;
		u64 period;
		double rate;
	} rows[] = {
		{ "about once in 16 ms each", MSEC, 1.0 / 16 },
		{ "all in 10 ms", 10 * MSEC, 0 },
		{ "all in 250 ms", 250 * MSEC, 0 },
		{ "all in 600 ms", 600 * MSEC, 0 },
	};
	unsigned long most;
	unsigned int i;
	u64 seed;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (most = 0, seed = 1; seed <= 60; seed++)
			most = max(most, most_taken_wrongly(seed, rows[i].period,
							    rows[i].rate));
		printf("# of 4,096 pages in use, %s, %lu are said to be idle for long\n",
		       rows[i].name, most);
		EXPECT_OP(most, <=, 128);
	}
}

const struct ktap_test survey_tests[] = {
	{ "survey: huge leaves", test_huge },
	{ "survey: accesses at random", test_random },
	{ "survey: sparse terabytes", test_sparse },
	{ "survey: 64 GiB", test_64_gib },
	{ "survey: a dense space", test_dense },
	{ "survey: spots of all sizes", test_all_sizes },
	{ "survey: a page in every GiB", test_every_gib },
	{ "survey: two contexts", test_two },
	{ "survey: a page among idle ones", test_late_page },
	{ "survey: idle for long", test_idle_long },
	{}
};
