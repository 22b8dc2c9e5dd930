/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of mm/damon share, and nothing more.
 *
 * The structs of <linux/damon.h> hold what users say and the results they
 * read. What a kdamond has to remember beyond that stands behind them: each
 * public object is the first member of a larger one, made by its damon_new_*()
 * function. Who may touch a field is told by the letter behind it:
 *
 * I: set when the object is made, or before its kdamond starts, then constant.
 * K: the kdamond only, while there is one; else whoever owns the context.
 * L: protected by damon_ctx.kdamond_lock, which is the mailbox's lock as well.
 * R: protected by damon_running_lock (core.c).
 *
 * Order of locks: damon_running_lock, then kdamond_lock. Neither is held while
 * an operation, a callback or a request runs.
 */
#ifndef _MM_DAMON_INTERNAL_H
#define _MM_DAMON_INTERNAL_H

#include <linux/bits.h>
#include <linux/damon.h>
#include <linux/ktime.h>
#include <linux/maple_tree.h>
#include <linux/math64.h>
#include <linux/wait.h>

struct folio;
struct mem_cgroup;

/*
 * A region is looked at in this many equal parts, so that differences inside
 * it show. A power of two: the borders are found by shifting.
 */
#define DAMON_NR_STRATA_SHIFT	3
#define DAMON_NR_STRATA		BIT(DAMON_NR_STRATA_SHIFT)
#define DAMON_ALL_STRATA	(BIT(DAMON_NR_STRATA) - 1)
/* The sample lies in no known part, because the borders have moved since. */
#define DAMON_NO_STRATUM	DAMON_NR_STRATA

/* Looks or regions between two looks whether somebody waits for a lock or the CPU. */
#define DAMON_BREATH		32
/* Nanoseconds after which mmap_lock is given back in any case. */
#define DAMON_HOLD_NS		30000

/*
 * A region of which the next look has hardly anything new to say is looked at
 * once in so many ticks, a power of two that depends on the length of a window:
 * never less often than so many times in it. Looks come in runs, since the check of
 * one and the preparation of the next then need no more than one visit.
 */
#define DAMON_REST_TICKS	4
#define DAMON_REST_RUN		2U
#define DAMON_REST_MAX_TICKS	16U
#define DAMON_REST_MIN_LOOKS	4
/*
 * Regions of this size or less, in bytes, need not be looked at in each tick as
 * long as they are quiet, but more closely once they are not.
 */
#define DAMON_SMALL_SZ		(4UL << 20)

/* The same in the unit of a context's addresses. */
static inline unsigned long damon_small_sz(const struct damon_ctx *ctx)
{
	return max(DAMON_SMALL_SZ / ctx->addr_unit, 1UL);
}

/**
 * struct damon_tally - looks, and how many of them found an access
 * @hits:	looks that found an access
 * @trials:	all looks
 */
struct damon_tally {
	u32 hits;
	u32 trials;
};

/**
 * struct damon_region_state - a region, and the evidence collected about it
 * @region:	what the user sees
 * @last_nr_accesses: result of the last window (K)
 * @last_probe_hits: those of the probes (K)
 * @probe_pending: the probes have prepared @probe_addr, and look at it next (K)
 * @probe_addr:	where the probes look (K)
 * @core:	span known not to be accessed: the page tables said so when they
 *		were surveyed last. It needs no samples; empty when all do (K)
 * @passes:	surveys since one of them cut it out, or it became small; no more
 *		counted than matter (K)
 * @fresh:	ends of windows for which what the survey cut out stays as it is,
 *		so that samples can tell about it (K)
 * @pending:	@region.sampling_addr is being watched, or what @spread says (K)
 * @spread:	parts, as bits, in each of which an address is watched; none: only
 *		@region.sampling_addr is, which else is that of the first part (K)
 * @salt:	where in their parts these lie (K)
 * @wants_spread: one look a tick says too little (K)
 * @flawless:	windows in a row in each of which all looks found an access, up to
 *		a maximum (K)
 * @rests:	one look in DAMON_REST_TICKS or more says enough; all that rest have
 *		it in the same tick, so that the thread can sleep longer (K)
 * @leaf_sz:	bytes in the page of the last sample; zero: not known (K)
 * @vma:	mapping that the sample was in, as of &damon_va_target.vma_seq; NULL:
 *		not known. Not to be touched but by the walk (K)
 * @doubted:	translations were flushed when the sample was prepared (K)
 * @unchecked:	no look was possible in the last window (K)
 * @proven:	the rest of the window has nothing to add to the result (K)
 * @tried:	there was an attempt to watch it in this window (K)
 * @stratum:	the part in which it lies, or DAMON_NO_STRATUM (K)
 * @turn:	number of samples chosen so far, picks the next part (K)
 * @order:	in which order the parts have their turn (K)
 * @window:	looks of the current window, by part; the last element takes
 *		those whose part is not known (K)
 * @past:	the same of earlier windows, since the last significant change;
 *		the last element also holds what was known when the borders of
 *		the region were drawn (K)
 */
struct damon_region_state {
	struct damon_region region;
	unsigned char last_probe_hits[DAMON_MAX_PROBES];
	unsigned int last_nr_accesses;
	struct damon_addr_range core;
	u8 passes;
	u8 fresh;
	u8 flawless;
	bool pending;
	u8 spread;
	bool wants_spread;
	bool rests;
	bool doubted;
	bool proven;
	bool unchecked;
	bool tried;
	bool probe_pending;
	u8 stratum;
	u8 turn;
	u8 order;
	u64 salt;
	unsigned long probe_addr;
	unsigned long leaf_sz;
	struct vm_area_struct *vma;
	struct damon_tally window[DAMON_NR_STRATA + 1];
	struct damon_tally past[DAMON_NR_STRATA + 1];
};

/* Runs of accessed entries that a look keeps apart. */
#define DAMON_LOOK_RUNS		32

/**
 * struct damon_look - what a survey saw between two addresses
 * @from:	first address looked at
 * @reached:	first address not looked at yet
 * @end:	where the region ends
 * @head:	end of an accessed entry that begins before the region; zero: none
 * @tail:	start of one that ends behind it; zero: none
 * @gap:	accessed entries that are closer than that make one run
 * @coarse:	tell of the largest entries only
 * @credit:	entries that may still be read now; others cost more than one
 * @spent:	what was, in this pass
 * @nr:		number of runs
 * @runs:	what may have been accessed, ordered. All else was not accessed
 *		since it was looked at before
 */
struct damon_look {
	unsigned long from;
	unsigned long reached;
	unsigned long end;
	unsigned long head;
	unsigned long tail;
	unsigned long gap;
	bool coarse;
	long credit;
	unsigned long spent;
	unsigned int nr;
	struct damon_addr_range runs[DAMON_LOOK_RUNS];
};

/**
 * struct damon_survey - how far the survey of a target has come
 * @look:	what was seen, and is not concluded from yet
 * @next_tick:	when the next pass may begin
 * @passes:	number of the present pass
 * @cuts:	it has cut a region
 * @blunt:	bits of tables of leaves do not tell what was accessed lately
 * @calm:	passes in a row that cost much and cut nothing
 * @young_pud:	the entry whose accessed bit this pass has cleared last, by its
 *		first address: another region may share it
 * @young_pmd:	the same one level below
 */
struct damon_survey {
	struct damon_look look;
	u64 next_tick;
	unsigned int passes;
	bool cuts;
	bool blunt;
	u8 calm;
	unsigned long young_pud;
	unsigned long young_pmd;
};

/**
 * struct damon_hearsay - what other surveys of an address space found
 * @mm:		address space; NULL: in no list
 * @node:	place among those of other targets (damon_hearsay_lock)
 * @shared:	there are others, or were when the present pass began; written by
 *		any of them
 * @now:	which of @heard is added to (damon_hearsay_lock)
 * @heard:	spans that others found accessed, and whose bits they may have
 *		cleared, in leaves and above: during this pass, and during the
 *		one before; they lock themselves
 */
struct damon_hearsay {
	struct mm_struct *mm;
	struct hlist_node node;
	bool shared;
	unsigned int now;
	struct maple_tree heard[2][2];
};

/**
 * struct damon_honesty - when regions were doubted
 * @window_end:	in the window that ends with this tick
 * @flushed:	when translations were flushed for them last; zero: never
 */
struct damon_honesty {
	u64 window_end;
	ktime_t flushed;
};

/**
 * struct damon_va_target - what vaddr.c remembers about a target
 * @mm:		address space that the regions were fitted to; holds mm_count
 * @fitted:	the ranges came from the mappings, not from the user
 * @armed:	every region has a sample on its way
 * @due:	value of damon_ctx_state.tick of the next walk that has something to
 *		do
 * @map_count:	number of mappings when they were looked at last
 * @total_vm:	pages in them
 * @vma_seq:	what counted changes of mappings when regions remembered theirs
 * @vma_time:	when it was looked at last, in jiffies
 * @vma_known:	whether regions remember any
 * @survey:	of its page tables
 * @hearsay:	of other surveys
 * @honesty:	about what TLBs hide
 */
struct damon_va_target {
	struct mm_struct *mm;
	bool fitted;
	bool armed;
	u64 due;
	int map_count;
	unsigned long total_vm;
	unsigned int vma_seq;
	unsigned long vma_time;
	bool vma_known;
	struct damon_survey survey;
	struct damon_hearsay hearsay;
	struct damon_honesty honesty;
};

/**
 * struct damon_pa_target - what paddr.c remembers about a target
 * @armed:	every region has a sample on its way
 * @due:	value of damon_ctx_state.tick of the next pass that has something to
 *		do
 */
struct damon_pa_target {
	bool armed;
	u64 due;
};

/**
 * struct damos_goal_state - a goal, and what was measured for it
 * @goal:	what the user sees
 * @last_psi_us: total of the pressure when it was looked at last (K)
 * @has_psi:	it was looked at (K)
 */
struct damos_goal_state {
	struct damos_quota_goal goal;
	u64 last_psi_us;
	bool has_psi;
};

/**
 * struct damos_quota_state - what was used of the quota of a scheme
 * @began:	there was a window, the present one has begun at @window_start (K)
 * @window_start: in ns (K)
 * @charged:	bytes charged in this window (K)
 * @charged_ns:	time spent in it (K)
 * @total:	bytes charged in earlier windows; the older, the less they count (K)
 * @total_ns:	time spent on them, likewise (K)
 * @tuned:	limit that the goals call for, in 1/10000 bytes; zero: not known (K)
 * @from_target: the next window continues with this target; NULL: with any. Only
 *		compared, never followed: it may be gone (K)
 * @from_addr:	and at this address of it (K)
 * @min_score:	regions of lower priority have to wait (K)
 * @bytes:	bytes of the regions that the scheme is meant for, by priority (K)
 */
struct damos_quota_state {
	bool began;
	u64 window_start;
	unsigned long charged;
	u64 charged_ns;
	u64 total;
	u64 total_ns;
	u64 tuned;
	const struct damon_target *from_target;
	unsigned long from_addr;
	unsigned int min_score;
	u64 bytes[DAMOS_MAX_SCORE + 1];
};

/**
 * struct damos_state - a scheme, and what its kdamond remembers
 * @scheme:	what the user sees
 * @active:	as the watermarks say (K)
 * @due:	it runs in the present step (K)
 * @walked:	the present damos_walk() has seen all that it tried (K)
 * @core_allowed: a filter of the core allows the present region, so those of the
 *		operations have no say (K)
 * @sz_passed:	bytes of the present region that these let pass (K)
 * @next_apply:	value of damon_ctx_state.tick from which on it is due (K)
 * @span:	the present region, and those before it without a gap to which the
 *		scheme was applied in this run: a folio that lies in it as a whole is
 *		the scheme's to handle. For the operations (K)
 * @quota:	what was used of its quota (K)
 */
struct damos_state {
	struct damos scheme;
	bool active;
	bool due;
	bool walked;
	bool core_allowed;
	unsigned long sz_passed;
	u64 next_apply;
	struct damon_addr_range span;
	struct damos_quota_state quota;
};

/**
 * enum damon_group_kind - what a target stands for
 * @DAMON_GROUP_NONE:	itself
 * @DAMON_GROUP_CGROUP:	the processes of a memory cgroup
 * @DAMON_GROUP_TREE:	a process and its descendants
 */
enum damon_group_kind {
	DAMON_GROUP_NONE,
	DAMON_GROUP_CGROUP,
	DAMON_GROUP_TREE,
};

/**
 * struct damon_group - which address spaces a target stands for
 * @kind:	how they are found (I)
 * @cgroup_id:	cgroup_id() of the cgroup (I)
 * @memcg:	the cgroup, with a reference, while it exists and the context runs (K)
 * @gone:	it does not exist any more (K)
 * @ranges:	of the user, for each member (K)
 * @nr_ranges:	how many (K)
 * @known:	processes that belonged to the tree at the last renewal, ordered, with
 *		references (K)
 * @nr_known:	how many (K)
 */
struct damon_group {
	enum damon_group_kind kind;
	u64 cgroup_id;
	struct mem_cgroup *memcg;
	bool gone;
	struct damon_addr_range *ranges;
	unsigned int nr_ranges;
	struct pid **known;
	unsigned int nr_known;
};

/**
 * struct damon_target_state - a target, and what is remembered about it
 * @target:	what the user sees
 * @group:	whether it stands for several address spaces
 * @member_of:	the target that it was made for; NULL: the user's own (I)
 * @va:		for virtual address spaces (K)
 * @pa:		for physical memory (K)
 */
struct damon_target_state {
	struct damon_target target;
	struct damon_group group;
	struct damon_target *member_of;
	struct damon_va_target va;
	struct damon_pa_target pa;
};

/**
 * struct damon_cost - what a run of a kdamond has cost so far
 * @elapsed_ns:		time since its start
 * @runtime_ns:		CPU time of the thread: the sum of the next five
 * @sampling_ns:	of that, for looking at regions and all that belongs to
 *			it: waking up, finding the page tables, going to sleep
 * @adapting_ns:	for results, and for making regions, also those of a
 *			changed address space
 * @callbacks_ns:	for reporting: callbacks, tracepoints and snapshots
 * @schemes_ns:		for schemes
 * @commands_ns:	for requests
 * @flush_ns:		time in which TLBs were flushed; contained in one of
 *			the above
 * @tlb_flushes:	how often they were
 * @samples:		entries of last-level page tables looked at
 * @surveyed:		entries of upper levels looked at
 * @ticks:		ticks made
 * @ticks_missed:	ticks left out, because an earlier one took that long
 * @processes_missed:	how often a process of a group could not be monitored in a
 *			window, for a lack of memory, or because there were too many
 *
 * Nothing in here ever decreases during a run. Operations count what they do.
 */
struct damon_cost {
	u64 elapsed_ns;
	u64 runtime_ns;
	u64 sampling_ns;
	u64 adapting_ns;
	u64 callbacks_ns;
	u64 schemes_ns;
	u64 commands_ns;
	u64 flush_ns;
	u64 tlb_flushes;
	u64 samples;
	u64 surveyed;
	u64 ticks;
	u64 ticks_missed;
	u64 processes_missed;
};

/**
 * struct damon_ctx_state - a context, and what its kdamond remembers
 * @ctx:	what the user sees
 * @id:		number in the thread's name, never in use twice (R)
 * @exclusive:	no other context may run beside those it started with (R)
 * @task:	thread of a start that may still fail, known to nobody else (R)
 * @running:	place in the list of running contexts (R)
 * @runs_begun:	threads that were let run (L)
 * @runs_over:	those that do not touch the context any more, but for the
 *		locks; written under R and L, read without
 * @over_wait:	for @runs_over
 * @accepting:	requests are taken (L)
 * @calls:	struct damon_call_control, waiting or repeating (L)
 * @call_waiting: @calls has a new one; written under L, read without
 * @reporting:	the results of a window are complete, the next has not begun (K)
 * @snapshot:	device that results are read from; NULL when not running (I)
 * @rnd:	state of the random number generator, never zero (K)
 * @deadline:	when the current tick ends (K)
 * @tick:	sampling intervals since the start, missed ones too (K)
 * @rest_mask:	regions that rest have their turn in ticks of which these bits are
 *		less than DAMON_REST_RUN (K)
 * @window_end:	value of @tick that ends the window (K)
 * @next_update: value of @tick from which on the operations update (K)
 * @next_apply:	value of @tick from which on a scheme is due; U64_MAX: none is (K)
 * @next_tune:	value of @tick from which on intervals are tuned (K)
 * @asked:	attributes as the user has set them; those in force may be tuned (K)
 * @held:	there is nothing to sample for now: paused, or all schemes are
 *		inactive (K)
 * @walk:	the damos_walk() that waits; NULL: none. Taken away under L and
 *		@walk_lock, read under either
 * @walking:	it has begun (K)
 * @walk_lock:	held while a function of damos_walk() runs; outside of L
 * @started:	when the run began (K)
 * @cost:	of the run (K)
 * @cost_shown:	what readers see of @cost (L)
 * @next_show:	when to show it at the latest, in the midst of a window (K)
 */
struct damon_ctx_state {
	struct damon_ctx ctx;

	int id;
	bool exclusive;
	struct task_struct *task;
	struct list_head running;

	unsigned int runs_begun;
	unsigned int runs_over;
	struct wait_queue_head over_wait;

	bool accepting;
	struct list_head calls;
	bool call_waiting;

	struct damon_snapshot *snapshot;
	bool reporting;
	u64 rnd;
	ktime_t deadline;
	u64 tick;
	unsigned int rest_mask;
	u64 window_end;
	u64 next_update;
	u64 next_apply;
	u64 next_tune;
	struct damon_attrs asked;
	bool held;

	struct damos_walk_control *walk;
	bool walking;
	struct mutex walk_lock;		/* a function of damos_walk() */

	ktime_t started;
	struct damon_cost cost;
	struct damon_cost cost_shown;
	ktime_t next_show;
};

/**
 * struct damon_reason - why something was refused, for people
 * @text:	one line without a line end; empty when nothing was refused
 */
struct damon_reason {
	char text[160];
};

static inline struct damon_region_state *
damon_region_state(struct damon_region *r)
{
	return container_of(r, struct damon_region_state, region);
}

static inline struct damon_target_state *
damon_target_state(struct damon_target *t)
{
	return container_of(t, struct damon_target_state, target);
}

/* Does a target have members instead of regions? */
static inline bool damon_target_is_group(struct damon_target *t)
{
	return damon_target_state(t)->group.kind != DAMON_GROUP_NONE;
}

static inline bool damon_target_is_member(struct damon_target *t)
{
	return damon_target_state(t)->member_of;
}

static inline struct damos_state *damos_state(struct damos *s)
{
	return container_of(s, struct damos_state, scheme);
}

static inline struct damos_goal_state *
damos_goal_state(struct damos_quota_goal *g)
{
	return container_of(g, struct damos_goal_state, goal);
}

static inline struct damon_ctx_state *damon_ctx_state(struct damon_ctx *ctx)
{
	return container_of(ctx, struct damon_ctx_state, ctx);
}

/* A number in [0, span): Marsaglia's xorshift64, then a multiply-high. */
static inline unsigned long damon_rand_below(struct damon_ctx_state *s,
					     unsigned long span)
{
	u64 x = s->rnd;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	s->rnd = x;
	return mul_u64_u64_shr(x, span, 64);
}

/* Width of one of the equal parts of a region, in bytes. */
static inline unsigned long damon_stratum_sz(struct damon_region *r)
{
	return damon_sz_region(r) >> DAMON_NR_STRATA_SHIFT;
}

/* Both numbers in one addition: tallies are added up some times a region and window. */
static inline struct damon_tally damon_tally_plus(struct damon_tally a,
						  struct damon_tally b)
{
	u64 sum = ((u64)a.trials << 32 | a.hits) + ((u64)b.trials << 32 | b.hits);

	return (struct damon_tally){ .hits = sum, .trials = sum >> 32 };
}

/* All looks at a region, at whatever part. */
static inline struct damon_tally damon_tally_all(const struct damon_tally tally[])
{
	struct damon_tally sum = {};
	unsigned int i;

#pragma GCC unroll 16
	for (i = 0; i <= DAMON_NR_STRATA; i++)
		sum = damon_tally_plus(sum, tally[i]);
	return sum;
}

/*
 * Sampling, here because it is done for every region in every tick.
 */

static inline void damon_tally_count(struct damon_tally *tally, bool hit)
{
	tally->trials++;
	tally->hits += hit;
}

/* The part of a region in which an address lies, or DAMON_NO_STRATUM. */
static inline u8 damon_region_stratum(struct damon_region *r, unsigned long addr)
{
	unsigned long offset = addr - r->ar.start, part = damon_stratum_sz(r);

	if (offset >= damon_sz_region(r) || !part)
		return DAMON_NO_STRATUM;
	return min(offset / part, DAMON_NR_STRATA - 1UL);
}

/**
 * damon_region_count() - Take down one look at a region.
 * @r:		region
 * @stratum:	the part that was looked at, or DAMON_NO_STRATUM
 * @accessed:	what was found
 */
static inline void damon_region_count(struct damon_region *r, u8 stratum,
				      bool accessed)
{
	damon_tally_count(&damon_region_state(r)->window[stratum], accessed);
	r->nr_accesses += accessed;
}

/* Is @addr in a part of the region that needs no samples? */
static inline bool damon_region_certified(struct damon_region_state *rs)
{
	return rs->core.start == rs->region.ar.start &&
	       rs->core.end == rs->region.ar.end;
}

/* Is it a tick in which regions that rest have their turn? */
static inline bool damon_tick_is_turn(const struct damon_ctx_state *s, u64 tick)
{
	return (tick & s->rest_mask) < DAMON_REST_RUN;
}

/* Shall the region be left alone in this tick? */
static inline bool damon_region_sleeps(struct damon_ctx_state *s,
				       struct damon_region_state *rs)
{
	return damon_region_certified(rs) || rs->proven ||
	       (rs->rests && !damon_tick_is_turn(s, s->tick));
}

/* The next tick in which regions that rest have their turn. */
static inline u64 damon_next_rest(const struct damon_ctx_state *s)
{
	u64 next = s->tick + 1;

	return damon_tick_is_turn(s, next) ? next : (next | s->rest_mask) + 1;
}

/*
 * The first tick from @tick on in which the first of a run of looks is checked. What
 * else has to be done once in a while is best done then: the thread is awake.
 */
static inline u64 damon_next_rest_check(const struct damon_ctx_state *s, u64 tick)
{
	return ((tick - 1 + s->rest_mask) & ~(u64)s->rest_mask) + 1;
}

/* Ticks until there is something to do, at tick @due; none if it is overdue. */
static inline unsigned int damon_ticks_until(const struct damon_ctx_state *s,
					     u64 due)
{
	u64 next = s->tick + 1;

	return clamp_t(u64, due, next, next + UINT_MAX) - next;
}

/* The sample in part @i of a region whose samples are spread. */
static inline unsigned long damon_region_spread_addr(struct damon_region *r,
						     unsigned int i)
{
	unsigned long part = damon_stratum_sz(r);
	/* Multiplied by an odd number, a random number is another one. */
	u64 x = damon_region_state(r)->salt * (2 * i + 1);

	return r->ar.start + part * i + mul_u64_u64_shr(x, part, 64);
}

/* Does a sample of the region that waits for its check lie in [@start, @end)? */
static inline bool damon_region_watches(struct damon_region *r,
					unsigned long start, unsigned long end)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long addr;
	unsigned int i;

	if (!rs->pending)
		return false;
	if (!rs->spread)
		return r->sampling_addr >= start && r->sampling_addr < end;
	for (i = 0; i < DAMON_NR_STRATA; i++) {
		addr = damon_region_spread_addr(r, i);
		if (rs->spread & BIT(i) && addr >= start && addr < end)
			return true;
	}
	return false;
}

/* The sample that was just chosen in part @i cannot be watched. The others can. */
static inline void damon_region_unwatch(struct damon_region_state *rs,
					unsigned int i)
{
	rs->spread &= ~BIT(i);
	rs->pending = rs->spread;
}

/**
 * damon_region_next_sample() - Choose the next address to look at.
 * @s:	context
 * @r:	region that is not certified; its sample is pending afterwards
 *
 * DAMON_NR_STRATA samples in a row visit each part once, in an order that is
 * drawn anew for each such round. What is certified not to be accessed is left
 * out.
 *
 * Return: the address, which is &damon_region.sampling_addr too.
 */
static inline unsigned long
damon_region_next_sample(struct damon_ctx_state *s,
			 struct damon_region *r)
{
	struct damon_region_state *rs = damon_region_state(r);
	unsigned long part = damon_stratum_sz(r), core, at;

	core = rs->core.end - rs->core.start;
	rs->pending = true;
	rs->tried = true;
	if (unlikely(core || !part)) {
		/* What is left beside the core, or fewer bytes than parts. */
		rs->stratum = DAMON_NO_STRATUM;
		at = r->ar.start + damon_rand_below(s, damon_sz_region(r) - core);
		if (core && at >= rs->core.start)
			at += core;
	} else if (rs->wants_spread) {
		/* The random number is the state of the generator. */
		damon_rand_below(s, 1);
		rs->salt = s->rnd;
		rs->spread = DAMON_ALL_STRATA;
		rs->stratum = 0;
		at = damon_region_spread_addr(r, 0);
	} else {
		if (!(rs->turn++ % DAMON_NR_STRATA))
			rs->order = damon_rand_below(s, DAMON_NR_STRATA);
		rs->stratum = (rs->turn % DAMON_NR_STRATA) ^ rs->order;
		at = r->ar.start + part * rs->stratum +
		     damon_rand_below(s, part);
	}
	r->sampling_addr = at;
	return at;
}

/* core.c */
void damon_ctx_ended(struct damon_ctx *ctx);
int damon_stop_killable(struct damon_ctx *ctx);
int damon_ctx_id(struct damon_ctx *ctx);
void damon_ctx_nudge(struct damon_ctx *ctx);
void damon_ctx_cost(struct damon_ctx *ctx, struct damon_cost *cost);

/* group.c */
unsigned int damon_target_idx(struct damon_ctx *ctx, struct damon_target *t);
unsigned long damon_target_trace_id(struct damon_target *t, unsigned int idx);

/* snapshot.c */
struct damon_snapshot;

/* As many minor numbers as a major number has. */
#define DAMON_MAX_CTXS		((unsigned int)BIT(20))
#define DAMON_DEVICE_NAME	"damon%d"

int damon_snapshot_init(void);
int damon_snapshot_add(struct damon_ctx *ctx, unsigned int id);
void damon_snapshot_remove(struct damon_ctx *ctx);
void damon_snapshot_end_window(struct damon_ctx *ctx);
void damon_snapshot_answer(struct damon_ctx *ctx);

/* kdamond.c */
int kdamond_fn(void *data);
bool kdamond_is_current(struct damon_ctx *ctx);
void kdamond_reschedule(struct damon_ctx *ctx);
u64 kdamond_nr_ticks(struct damon_ctx *ctx, unsigned long interval);

/* config.c */
int damon_reason_set(struct damon_reason *why, int err, const char *fmt, ...)
	__printf(3, 4);
int damon_addr_unit_check(unsigned long addr_unit, struct damon_reason *why);
int damon_attrs_check(const struct damon_attrs *attrs,
		      struct damon_reason *why);
int damon_ctx_check(struct damon_ctx *ctx, struct damon_reason *why);
int damon_ctx_commit(struct damon_ctx *dst, struct damon_ctx *src,
		     struct damon_reason *why);
ktime_t damon_interval_ktime(unsigned long interval_us);

/* scheme.c */

/**
 * struct damos_action_row - an action
 * @name:	keyword of the administrator
 * @keeps_age:	regions do not become young by it
 * @migrates:	it needs a node
 */
struct damos_action_row {
	const char *name;
	bool keeps_age;
	bool migrates;
};

extern const struct damos_action_row damos_actions[NR_DAMOS_ACTIONS];

void damos_schedule(struct damon_ctx *ctx, struct damos *s);
void damos_reschedule(struct damon_ctx *ctx);
bool damos_pattern_fits(struct damon_ctx *ctx, struct damon_region *r,
			const struct damos *s);
void damos_apply(struct damon_ctx *ctx);
void damos_cancel_walk(struct damon_ctx *ctx);
void damos_free(struct damos *s);

/* scheme-config.c */
int damos_check(struct damon_ctx *ctx, struct damos *s, unsigned int idx,
		struct damon_reason *why);
int damos_copy_all(struct damon_ctx *src, struct list_head *copies);
void damos_take_all(struct damon_ctx *dst, struct list_head *copies);
int damos_take_all_goals(struct damon_ctx *dst, struct damon_ctx *src,
			 struct damon_reason *why);
void damos_free_all(struct list_head *schemes);

/* quota.c */
bool damos_quota_is_set(const struct damos *s);
bool damos_quota_begin(struct damon_ctx *ctx, struct damos *s, u64 now);
bool damos_quota_is_full(struct damon_ctx *ctx, struct damos *s);
unsigned long damos_quota_room(struct damos *s);
void damos_quota_charge(struct damos *s, unsigned long sz,
			unsigned long applied, u64 ns);
void damos_quota_forget_scores(struct damos *s);
void damos_quota_add_score(struct damos *s, int score, unsigned long sz);
void damos_quota_set_min_score(struct damos *s);
int damos_hot_score(struct damon_ctx *ctx, struct damon_region *r,
		    struct damos *s);
int damos_cold_score(struct damon_ctx *ctx, struct damon_region *r,
		     struct damos *s);

/* tune.c */
u64 damon_feedback(u64 last, unsigned long score);
extern const char * const damos_goal_tuners[NR_DAMOS_QUOTA_GOAL_TUNERS];
bool damon_tune_intervals(struct damon_ctx *ctx, struct damon_attrs *attrs);

/* goal.c */

/**
 * struct damos_goal_row - a metric of goals
 * @name:	keyword of the administrator
 * @measure:	returns its value now; NULL: the user tells it
 * @has_nid:	it is about a node
 * @has_memcg:	it is about a memory cgroup
 * @physical:	only where regions are physical memory
 */
struct damos_goal_row {
	const char *name;
	unsigned long (*measure)(struct damon_ctx *ctx, struct damos *s,
				 struct damos_quota_goal *g);
	bool has_nid;
	bool has_memcg;
	bool physical;
};

extern const struct damos_goal_row damos_goals[NR_DAMOS_QUOTA_GOAL_METRICS];

void damos_goals_measure(struct damon_ctx *ctx, struct damos *s);

/* watermark.c */

/**
 * struct damos_wmark_row - a metric of watermarks
 * @name:	keyword of the administrator
 * @measure:	returns its value now; NULL: always active
 */
struct damos_wmark_row {
	const char *name;
	unsigned long (*measure)(void);
};

extern const struct damos_wmark_row damos_wmarks[NR_DAMOS_WMARK_METRICS];

unsigned long damos_wmarks_check(struct damon_ctx *ctx);

/* filter.c */

/**
 * struct damos_page - a page, as the filters of the operations see it
 * @folio:	its folio, which cannot go away meanwhile; NULL: there is none
 * @young:	it was accessed since it was looked at last
 */
struct damos_page {
	struct folio *folio;
	bool young;
};

/**
 * struct damos_filter_row - a type of filters
 * @name:	keyword of the administrator
 * @match:	is the page what the filter is about; NULL: it is about regions
 */
struct damos_filter_row {
	const char *name;
	bool (*match)(const struct damos_filter *f, const struct damos_page *p);
};

extern const struct damos_filter_row damos_filters[NR_DAMOS_FILTER_TYPES];

int damos_filter_region(struct damon_ctx *ctx, struct damon_target *t,
			struct damon_region *r, struct damos *s);
bool damos_filter_page(struct damos *s, const struct damos_page *p);
bool damos_has_ops_filter(struct damos *s, enum damos_filter_type type);

/* memcg.c */
bool damon_memcg_is_alive(struct mem_cgroup *memcg);
int damon_memcg_id(const char *path, u64 *id);
struct mem_cgroup *damon_memcg_get(u64 id);
bool damon_memcg_owns(u64 id, struct folio *folio);

/* probe.c */

/**
 * struct damon_filter_row - a type of filters of probes
 * @name:	keyword of the administrator
 * @match:	is the page what the filter asks for; NULL: there is no page
 */
struct damon_filter_row {
	const char *name;
	bool (*match)(const struct damon_filter *f, struct folio *folio);
};

/**
 * struct damon_prep_row - a preparation of probes
 * @name:	keyword of the administrator
 * @prepare:	does it
 */
struct damon_prep_row {
	const char *name;
	void (*prepare)(struct folio *folio);
};

extern const struct damon_filter_row damon_filters[NR_DAMON_FILTER_TYPES];
extern const struct damon_prep_row damon_preps[NR_DAMON_PREP_ACTIONS];

int damon_probes_check(struct damon_ctx *ctx, const struct damon_attrs *attrs,
		       struct damon_reason *why);
int damon_probes_copy(struct damon_ctx *src, struct list_head *copies);
void damon_probes_take(struct damon_ctx *dst, struct list_head *copies);
void damon_probes_free(struct list_head *probes);
bool damon_probes_only(struct damon_ctx *ctx);
bool damon_probes_prepare(struct damon_ctx *ctx);
unsigned long damon_probe_aim(struct damon_ctx *ctx, struct damon_region *r);
void damon_probe_prepare(struct damon_ctx *ctx, struct folio *folio);
void damon_probe_count(struct damon_ctx *ctx, struct damon_region *r,
		       struct folio *folio);
void damon_probes_next_window(struct damon_region *r);

/* region.c */
extern struct kmem_cache *damon_region_cache;

/* How many there are is the user's choice: rather none than no memory. */
#define DAMON_GFP_REGION	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

bool damon_ranges_check(const struct damon_addr_range *ranges,
			unsigned int nr_ranges, unsigned long min_region_sz);
struct damon_region *damon_region_split(struct damon_target *t,
					struct damon_region *r,
					unsigned long at, gfp_t gfp);
void damon_region_join(struct damon_target *t, struct damon_region *left);
void damon_region_set_core(struct damon_region *r,
			   struct damon_addr_range core);
void damon_region_set_bounds(struct damon_region *r, unsigned long start,
			     unsigned long end);
void damon_target_free_regions(struct damon_target *t);
int damon_target_copy_regions(struct damon_target *dst,
			      struct damon_target *src);

static inline void damon_look_spend(struct damon_look *look, unsigned long nr)
{
	look->credit -= nr;
	look->spent += nr;
}

/* survey.c */
void damon_survey_restart(struct damon_survey *sv);
u64 damon_survey_next(struct damon_survey *sv);
bool damon_survey_begin(struct damon_ctx *ctx, struct damon_survey *sv);
bool damon_survey_wants(struct damon_ctx *ctx, struct damon_survey *sv,
			struct damon_region *r, unsigned long table_sz);
bool damon_survey_wants_leaves(struct damon_region *r, unsigned long table_sz);
void damon_survey_aim(struct damon_survey *sv, struct damon_region *r,
		      unsigned long entry_sz);
void damon_look_found(struct damon_look *look, unsigned long start,
		      unsigned long end);
void damon_survey_conclude(struct damon_ctx *ctx, struct damon_target *t,
			   struct damon_region *r, unsigned long entry_sz);
void damon_survey_wake(struct damon_ctx *ctx, struct damon_target *t,
		       struct damon_region *r);
void damon_survey_end_pass(struct damon_ctx *ctx, struct damon_target *t);

/* honesty.c */
u64 damon_honesty_next(struct damon_ctx *ctx, struct damon_honesty *h);
bool damon_honesty_due(struct damon_ctx *ctx, struct damon_honesty *h);
bool damon_honesty_begin(struct damon_ctx *ctx, struct damon_honesty *h,
			 ktime_t now);
bool damon_honesty_doubts(struct damon_region *r);
void damon_honesty_conclude(struct damon_region *r);

/* bounds.c */
unsigned int damon_ctx_nr_regions(struct damon_ctx *ctx);
unsigned int damon_member_share(struct damon_ctx *ctx);
unsigned long damon_region_sz_limit(struct damon_ctx *ctx);
void damon_bounds_enforce(struct damon_ctx *ctx);

/* sanity.c */

/**
 * struct damon_fault - an invariant that is broken
 * @what:	which; NULL: none
 * @value:	what was found
 * @limit:	what it is compared with
 */
struct damon_fault {
	const char *what;
	u64 value;
	u64 limit;
};

#ifdef CONFIG_DAMON_DEBUG_SANITY
struct damon_fault damon_sanity_check(struct damon_ctx *ctx);
struct damon_fault damos_sanity_check(struct damon_ctx *ctx, struct damon_region *r,
				      struct damos *s);
void damon_sanity_warn(struct damon_fault fault);

static inline void damon_sanity(struct damon_ctx *ctx)
{
	damon_sanity_warn(damon_sanity_check(ctx));
}

static inline void damos_sanity(struct damon_ctx *ctx, struct damon_region *r,
				struct damos *s)
{
	damon_sanity_warn(damos_sanity_check(ctx, r, s));
}
#else
static inline void damon_sanity(struct damon_ctx *ctx) {}
static inline void damos_sanity(struct damon_ctx *ctx, struct damon_region *r,
				struct damos *s) {}
#endif

/* adapt.c */
u32 damon_tally_x2(struct damon_tally a, struct damon_tally b);
void damon_adapt(struct damon_ctx *ctx);
void damon_adapt_rescale(struct damon_ctx *ctx, const struct damon_attrs *old);
void damon_adapt_spread_checked(struct damon_ctx *ctx, struct damon_region *r);
void damon_adapt_explore(struct damon_ctx *ctx, struct damon_target *t);
void damon_adapt_next_window(struct damon_ctx *ctx);
void damon_adapt_drop_window(struct damon_ctx *ctx);
void damon_adapt_forget(struct damon_ctx *ctx);
void damon_target_forget_samples(struct damon_target *t);

/* vaddr-scheme.c */
bool damon_va_supports_action(enum damos_action action);
bool damon_va_supports_filter(enum damos_action action,
			      enum damos_filter_type type);
int damon_va_score(struct damon_ctx *ctx, struct damon_target *t,
		   struct damon_region *r, struct damos *s);
unsigned long damon_va_apply(struct damon_ctx *ctx, struct damon_target *t,
			     struct damon_region *r, struct damos *s);

/* vaddr-pages.c */
unsigned long damon_va_apply_pages(struct mm_struct *mm,
				   struct damon_target *t,
				   struct damon_region *r, struct damos *s);

/* vaddr-probe.c */
void damon_va_probe(struct damon_ctx *ctx, struct damon_target *t,
		    struct mm_struct *mm);

/* vaddr.c */
struct mm_struct *damon_va_get_mm(struct damon_target *t);
void damon_va_put_mm(struct mm_struct *mm);
int damon_va_three_regions(struct mm_struct *mm,
			   struct damon_addr_range regions[3]);

/* vaddr-group.c */
void damon_va_renew_groups(struct damon_ctx *ctx);
bool damon_va_group_is_alive(struct damon_target *group);
void damon_va_leave_group(struct damon_target *group);

/* vaddr-survey.c */
void damon_va_survey(struct mm_struct *mm, u64 since, struct damon_va_target *va,
		     unsigned long end);
void damon_hearsay_join(struct damon_hearsay *h, struct mm_struct *mm);
void damon_hearsay_leave(struct damon_hearsay *h);
void damon_hearsay_tell(struct damon_hearsay *self, bool leaves,
			unsigned long start, unsigned long end);
struct damon_addr_range damon_hearsay_next(struct damon_hearsay *h, bool leaves,
					   unsigned long addr);
void damon_hearsay_end_pass(struct damon_hearsay *h);

/* folio.c, vaddr-walk.c */
bool damon_va_clear_pmd(struct vm_area_struct *vma, unsigned long addr,
			pmd_t *pmd);

/* vaddr-walk.c */
bool damon_va_hold_is_over(struct mm_struct *mm, u64 since);
unsigned int damon_va_walk(struct damon_ctx *ctx, struct damon_target *t,
			   struct mm_struct *mm, bool check);

/* folio.c */
void damon_folio_harvested(struct folio *folio);
bool damon_clear_hugetlb(struct vm_area_struct *vma, unsigned long addr,
			 pte_t *ptep);

/* folio-action.c */

/* Folios of so many bytes are isolated at a time. */
#define DAMOS_BATCH_SZ		(2UL << 20)

/**
 * struct damos_batch - folios to which the action of a scheme is being applied
 * @s:		scheme
 * @folios:	those that wait, isolated
 * @sz:		bytes in these
 * @done:	bytes to which it was applied
 */
struct damos_batch {
	struct damos *s;
	struct list_head folios;
	unsigned long sz;
	u64 done;
};

/**
 * struct damos_folio_action - how an action is applied to folios
 * @take:	apply it, or put the folio into the batch; NULL: nothing is done, or
 *		it cannot be
 * @finish:	apply it to those in the batch, which is empty afterwards
 */
struct damos_folio_action {
	void (*take)(struct damos_batch *b, struct folio *folio);
	void (*finish)(struct damos_batch *b);
};

extern const struct damos_folio_action damos_folio_actions[NR_DAMOS_ACTIONS];

void damos_batch_begin(struct damos_batch *b, struct damos *s);
bool damos_batch_take(struct damos_batch *b, struct folio *folio);
void damos_batch_finish(struct damos_batch *b);
int damos_destination(const struct damos *s, struct folio *folio);

#endif	/* _MM_DAMON_INTERNAL_H */
