/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the pure files of mm/damon use, for user space. The
 * headers below linux/ that they name all lead here.
 */
#ifndef _USER_KERNEL_H
#define _USER_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef s64 ktime_t;
typedef unsigned int gfp_t;

#define CONFIG_DAMON		1
#define CONFIG_DAMON_DEBUG_SANITY 1
#define U8_MAX			UINT8_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX
#define PAGE_SIZE		4096UL
#define NSEC_PER_USEC		1000L
#define KTIME_MAX		INT64_MAX
#define GFP_KERNEL		0
#define GFP_NOWAIT		0
#define __GFP_NOWARN		0
#define __GFP_RETRY_MAYFAIL	0

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define BIT(n)			(1UL << (n))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __must_check		__attribute__((warn_unused_result))

#define user_choose(a, op, b) ({ \
	__auto_type __a = (a); \
	__auto_type __b = (b); \
	__a op __b ? __a : __b; \
})
#define min(a, b)		user_choose(a, <, b)
#define max(a, b)		user_choose(a, >, b)
#define swap(a, b) ({ __auto_type __t = (a); (a) = (b); (b) = __t; })
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define ALIGN(x, a)		ALIGN_DOWN((x) + ((typeof(x))(a) - 1), a)

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define struct_group_tagged(tag, name, ...) \
	union { struct { __VA_ARGS__ }; struct tag { __VA_ARGS__ } name; }

#define __COUNT_ARGS(_0, _1, _2, _3, _4, _5, _6, n, ...)	n
#define COUNT_ARGS(...)		__COUNT_ARGS(0, __VA_ARGS__, 6, 5, 4, 3, 2, 1)
#define __CONCAT2(a, b)		a##b
#define CONCATENATE(a, b)	__CONCAT2(a, b)

#define WARN_ONCE(condition, ...)	assert(!(condition))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned long rounddown_pow_of_two(unsigned long x)
{
	return 1UL << (fls64(x) - 1);
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	assert(b);
	return a / b;
}

static inline u64 div_u64(u64 a, u32 b)
{
	return div64_u64(a, b);
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (__uint128_t)a * b >> shift;
}

static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	__uint128_t q;

	assert(c);
	q = (__uint128_t)a * b / c;
	/* The processor traps. */
	assert(q <= UINT64_MAX);
	return q;
}

static inline ktime_t ns_to_ktime(u64 ns)
{
	return ns;
}

/* Error pointers */
#define ERR_PTR(err)		((void *)(long)(err))
#define PTR_ERR(ptr)		((long)(ptr))
#define IS_ERR(ptr)		((unsigned long)(ptr) >= (unsigned long)-4095L)

/* Lists */
struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)	struct list_head name = { &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void __list_add(struct list_head *l, struct list_head *prev,
			      struct list_head *next)
{
	assert(prev->next == next && next->prev == prev);
	l->prev = prev;
	l->next = next;
	prev->next = l;
	next->prev = l;
}

static inline void list_add(struct list_head *l, struct list_head *head)
{
	__list_add(l, head, head->next);
}

static inline void list_add_tail(struct list_head *l, struct list_head *head)
{
	__list_add(l, head->prev, head);
}

static inline void list_del(struct list_head *l)
{
	assert(l->prev->next == l && l->next->prev == l);
	l->prev->next = l->next;
	l->next->prev = l->prev;
	l->next = NULL;
	l->prev = NULL;
}

static inline void list_del_init(struct list_head *l)
{
	list_del(l);
	INIT_LIST_HEAD(l);
}

static inline bool list_empty(const struct list_head *l)
{
	return l->next == l;
}

static inline bool list_is_last(const struct list_head *l,
				const struct list_head *head)
{
	return l->next == head;
}

static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *l;
	size_t nr = 0;

	for (l = head->next; l != head; l = l->next)
		nr++;
	return nr;
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) \
	list_entry((head)->prev, type, member)
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_prev_entry(pos, member) \
	list_entry((pos)->member.prev, typeof(*(pos)), member)
#define list_for_each_entry(pos, head, member) \
	for (pos = list_first_entry(head, typeof(*pos), member); \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry_from(pos, head, member) \
	for (; &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_first_entry(head, typeof(*pos), member), \
	     n = list_next_entry(pos, member); &pos->member != (head); \
	     pos = n, n = list_next_entry(n, member))

struct hlist_node {
	struct hlist_node *next, **pprev;
};

/* Memory: every allocation can be made to fail. */
struct kmem_cache {
	size_t sz;
};

/* Allocations until one fails; negative: none does. */
extern long user_alloc_countdown;
/* Allocations that are not freed yet. */
extern long user_alloc_live;

static inline void *user_alloc(size_t sz)
{
	if (user_alloc_countdown >= 0 && !user_alloc_countdown--)
		return NULL;
	user_alloc_live++;
	return calloc(1, sz);
}

static inline void user_free(const void *p)
{
	user_alloc_live -= !!p;
	free((void *)p);
}

#define kmem_cache_zalloc(cache, gfp)	user_alloc((cache)->sz)
#define kmem_cache_free(cache, p)	user_free(p)
#define kvmalloc_array(n, sz, gfp)	user_alloc((n) * (sz))
#define kvcalloc(n, sz, gfp)		user_alloc((n) * (sz))
#define kzalloc(sz, gfp)		user_alloc(sz)
#define kvfree(p)			user_free(p)
#define kfree(p)			user_free(p)
#define vscnprintf			vsnprintf

/* Types that are only passed on. */
struct mutex {
	int unused;
};

struct completion {
	int unused;
};

struct wait_queue_head {
	int unused;
};

struct maple_tree {
	int unused;
};

struct mm_struct;
struct vm_area_struct;

typedef struct {
	unsigned long pmd;
} pmd_t;

typedef struct {
	unsigned long pte;
} pte_t;

static inline void cond_resched(void)
{
}

struct pid {
	int count;
};

static inline struct pid *get_pid(struct pid *pid)
{
	if (pid)
		pid->count++;
	return pid;
}

static inline void put_pid(struct pid *pid)
{
	if (pid)
		pid->count--;
}

#endif	/* _USER_KERNEL_H */
