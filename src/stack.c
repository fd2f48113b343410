// SPDX-License-Identifier: GPL-2.0
/* The stack of freed objects, out of line: claiming runs, handing them to SLUB, taking objects back. */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>

#include "compat/compat.h"
#include "cpu.h"
#include "stack.h"
#include "trace.h"

/* the tables of both stacks together */
static_assert(2 * sizeof(struct skb_bulk_stack) <= 24 << 10);

static bool live(const struct skb_bulk_stack *s, unsigned long i)
{
	return s->slab[i] != SKB_BULK_NO_SLAB;
}

/* where a live run's slots begin: it has an object at least, so its top is past the first of them */
static void **slots(const struct skb_bulk_stack *s, unsigned long i)
{
	return (void **)((unsigned long)(s->top[i] - 1) & ~s->full);
}

static void **bottom(const struct skb_bulk_stack *s, unsigned long i)
{
	return slots(s, i) + s->len - s->limit[i];
}

static unsigned int run_nr(const struct skb_bulk_stack *s, unsigned long i)
{
	return live(s, i) ? s->top[i] - bottom(s, i) : 0;
}

/* Return: how many objects there are, counted one run after the other; *@bytes grows by what they weigh. */
u64 skb_bulk_stack_look(const struct skb_bulk_stack *s, u64 *bytes)
{
	u64 nr = s->kept_nr * s->kept_limit + s->open_nr;
	unsigned long i;

	for (i = 0; i <= s->mask; i++) {
		nr += run_nr(s, i);
		*bytes += run_nr(s, i) * s->size[i];
	}
	if (s->head)
		*bytes += nr * ALIGN(sizeof(struct sk_buff), SMP_CACHE_BYTES);
	return nr;
}

/* @len: slots of a run, a power of two */
void skb_bulk_stack_init(struct skb_bulk_stack *s, bool head, struct kmem_cache *cache, unsigned int len,
			 unsigned int bytes_max, const u64 *consumed)
{
	s->head = head;
	s->cache = cache;
	s->len = len;
	s->full = len * sizeof(void *) - 1;
	s->room_max = bytes_max;
	s->consumed = consumed;
}

static void judge_anew(struct skb_bulk_stack *s)
{
	s->evictions = 0;
	s->gone_before = s->gone;
	s->flushes_before = s->flushes;
}

/* the counters start again from nothing; the stack is empty */
void skb_bulk_stack_forget(struct skb_bulk_stack *s)
{
	s->gone = 0;
	judge_anew(s);
}

/* there are no runs; none is started before @until objects have gone one at a time */
static void start_single(struct skb_bulk_stack *s, u64 until)
{
	s->single = true;
	s->single_until = until;
	s->room -= SKB_BULK_NO_ROOM;
}

static noinline void end_single(struct skb_bulk_stack *s)
{
	s->single = false;
	s->room += SKB_BULK_NO_ROOM;
	judge_anew(s);
}

/*
 * At most @depth objects: as many whole runs as that allows, or up to four shorter ones, which keep nothing back. The
 * stack is empty.
 */
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth)
{
	unsigned long i;

	s->runs = max(depth / s->len, s->len == SKB_BULK_RUN_PLAIN ? 1 : clamp_t(unsigned int, depth / 4, 1, SKB_BULK_WAYS));
	s->limit_max = clamp_t(unsigned int, depth / s->runs, 1, s->len);
	s->keep_free = s->limit_max == s->len ? s->runs / 8 : s->runs + 1;
	s->kept_limit = min_t(unsigned int, skb_bulk_head_slab.objects, s->limit_max);
	s->kept_max = s->head && s->limit_max == s->len ? s->runs / 2 : 0;
	s->mask = clamp_t(unsigned long, roundup_pow_of_two(2 * s->runs), SKB_BULK_WAYS, SKB_BULK_PLACES) - 1;
	s->room = s->room_max;
	s->single = false;
	s->single_next = SKB_BULK_SINGLE_MIN;
	if (s->limit_max == 1)
		start_single(s, U64_MAX);
	judge_anew(s);
	for (i = 0; i < SKB_BULK_PLACES; i++)
		s->slab[i] = SKB_BULK_NO_SLAB;
	s->free_nr = s->runs;
	for (i = 0; i < s->runs; i++)
		s->free[i] = i;
}

/* the most is noted before there are less, and when somebody asks */
void skb_bulk_stack_count_resident(struct skb_bulk_stack *s)
{
	s->resident_max = max(s->resident_max, skb_bulk_stack_resident(s));
}

static noinline void trace_give_back(const struct skb_bulk_stack *s, void **obj, unsigned int nr,
				     enum skb_bulk_flush_reason reason)
{
	trace_flush(s->head, *obj, nr, reason);
}

static __always_inline void give_back(struct skb_bulk_stack *s, void **obj, unsigned int nr, unsigned int size)
{
	skb_bulk_stack_count_resident(s);
	s->room += nr * size;
	s->gone += nr;
	s->flushes++;
	kmem_cache_free_bulk(s->cache, nr, obj);
}

/* the place and the slots of a live run are free then, what was in them is the caller's */
static void release(struct skb_bulk_stack *s, unsigned long i)
{
	s->free[s->free_nr++] = (slots(s, i) - s->obj) / s->len;
	s->slab[i] = SKB_BULK_NO_SLAB;
}

static void flush_run(struct skb_bulk_stack *s, unsigned long i, enum skb_bulk_flush_reason reason)
{
	unsigned int nr = run_nr(s, i);
	void **first = bottom(s, i);

	release(s, i);
	if (trace_flush_enabled())
		trace_give_back(s, first, nr, reason);
	give_back(s, first, nr, s->size[i]);
}

/* where the objects of a kept run, or the open one, begin */
static void **kept_bottom(struct skb_bulk_stack *s, unsigned int run)
{
	return &s->obj[(run + 1) * s->len - s->kept_limit];
}

static void flush_slots(struct skb_bulk_stack *s, unsigned int run, unsigned int nr, enum skb_bulk_flush_reason reason)
{
	s->free[s->free_nr++] = run;
	if (trace_flush_enabled())
		trace_give_back(s, kept_bottom(s, run), nr, reason);
	give_back(s, kept_bottom(s, run), nr, 0);
}

static void flush_kept(struct skb_bulk_stack *s, unsigned int runs, enum skb_bulk_flush_reason reason)
{
	while (runs--)
		flush_slots(s, s->kept[--s->kept_nr], s->kept_limit, reason);
	s->kept_low = min(s->kept_low, s->kept_nr);
}

static void flush_open(struct skb_bulk_stack *s, enum skb_bulk_flush_reason reason)
{
	unsigned int nr = s->open_nr;

	s->open_nr = 0;
	if (nr)
		flush_slots(s, s->open, nr, reason);
}

/* the open run counts, so that half of the runs are always there to gather in */
static bool may_keep(const struct skb_bulk_stack *s)
{
	return s->kept_nr + !!s->open_nr < s->kept_max;
}

/* a full run leaves the table for the next pops. Return: whether there is room for it. */
static bool keep(struct skb_bulk_stack *s, unsigned long i)
{
	if (!may_keep(s))
		return false;
	s->kept[s->kept_nr++] = (slots(s, i) - s->obj) / s->len;
	s->slab[i] = SKB_BULK_NO_SLAB;
	return true;
}

/* a run to put kept objects into one by one. Return: whether there may be another. */
static noinline bool open_another(struct skb_bulk_stack *s)
{
	if (!may_keep(s) || !s->free_nr)
		return false;
	if (!s->watched)
		skb_bulk_idle_start();
	if (s->open_nr)
		s->kept[s->kept_nr++] = s->open;
	s->open = s->free[--s->free_nr];
	s->open_nr = 0;
	return true;
}

/* Return: whether @obj, of whatever slab page, is kept for the next pops */
static __always_inline bool keep_one(struct skb_bulk_stack *s, void *obj)
{
	if ((!s->open_nr || s->open_nr == s->kept_limit) && !open_another(s))
		return false;
	kept_bottom(s, s->open)[s->open_nr++] = obj;
	return true;
}

/* Return: whether @obj has @one among its @nr; unrolled, it takes half the instructions */
static __always_inline bool among(void **obj, unsigned int nr, const void *one)
{
	unsigned int i;

#pragma GCC unroll 8
	for (i = 0; i < nr; i++)
		if (obj[i] == one)
			return true;
	return false;
}

/*
 * alloc_skb() looks into the cache that napi_consume_skb() fills before it asks SLUB: heads that go there spare it that.
 * The cache has room for two runs; what overflows it goes to SLUB the dear way, and nobody outside the kernel can see
 * how full it is. But it is a stack: when the first of the heads that went there comes by again, the others were taken out, too,
 * and as many may follow. A first one that does not come again, since somebody else freed it, is given up after a while.
 * The heads are bare, so this frees nothing else. Return: how many of @nr are left for SLUB.
 */
static unsigned int fill_napi_cache(struct skb_bulk_stack *s, void **obj, unsigned int nr)
{
	unsigned int left, i;

	/* the one that the run keeps may be it */
	if (among(obj - 1, nr + 1, s->napi_first) || (!s->napi_room && ++s->napi_missed == SKB_BULK_NAPI_MISSED)) {
		s->napi_room = SKB_BULK_NAPI_ROOM;
		s->napi_first = NULL;
		s->napi_missed = 0;
	}
	left = nr - min(nr, s->napi_room);
	if (left == nr)
		return nr;
	if (!s->napi_first)
		s->napi_first = obj[left];
	s->napi_room -= nr - left;
	for (i = left; i < nr; i++) {
		struct sk_buff *skb = obj[i];

		skb->head = NULL;
		skb->dev = NULL;
		compat_skb_allocated_here(skb);
		napi_consume_skb(skb, 1);
	}
	skb_bulk_stack_count_resident(s);
	s->gone += nr - left;
	s->napi_cached += nr - left;
	return left;
}

/* a full run goes back, all but its first object */
static __always_inline void give_back_rest(struct skb_bulk_stack *s, unsigned long i)
{
	unsigned int nr = s->limit[i] - 1;
	void **second = s->top[i] - nr;

	s->top[i] = second;
	s->used[i] = true;
	if (COMPAT_SHEAVES && s->head) {
		nr = fill_napi_cache(s, second, nr);
		if (!nr) {
			s->flushes++;
			return;
		}
	}
	give_back(s, second, nr, s->size[i]);
}

static noinline void full_slow(struct skb_bulk_stack *s, unsigned long i)
{
	void **first = bottom(s, i);

	if (s->limit[i] == 1) {
		flush_run(s, i, SKB_BULK_FLUSH_FULL);
	} else if (s->wanted && keep(s, i)) {
		return;
	} else if (s->free_nr < s->keep_free) {
		flush_run(s, i, SKB_BULK_FLUSH_FULL);
	} else {
		if (trace_flush_enabled())
			trace_give_back(s, first + 1, s->limit[i] - 1, SKB_BULK_FLUSH_FULL);
		give_back_rest(s, i);
	}
}

/* a run is full: most of it goes back, all if runs are scarce */
void skb_bulk_stack_full(struct skb_bulk_stack *s, unsigned long i)
{
	if (unlikely(s->limit[i] == 1 || s->wanted || s->free_nr < s->keep_free || trace_flush_enabled()))
		full_slow(s, i);
	else
		give_back_rest(s, i);
}

static void drain_runs(struct skb_bulk_stack *s, enum skb_bulk_flush_reason reason)
{
	unsigned long i;

	for (i = 0; i <= s->mask; i++)
		if (live(s, i))
			flush_run(s, i, reason);
}

void skb_bulk_stack_drain(struct skb_bulk_stack *s)
{
	drain_runs(s, SKB_BULK_FLUSH_ALL);
	flush_kept(s, s->kept_nr, SKB_BULK_FLUSH_ALL);
	flush_open(s, SKB_BULK_FLUSH_ALL);
	s->wanted = false;
	if (s->single && s->limit_max > 1)
		end_single(s);
	s->single_next = SKB_BULK_SINGLE_MIN;
}

/* gives back what was not used since the last call. Return: whether anything is left. */
bool skb_bulk_stack_age(struct skb_bulk_stack *s)
{
	bool left = false;
	unsigned long i;

	for (i = 0; i <= s->mask; i++) {
		if (live(s, i) && !s->used[i])
			flush_run(s, i, SKB_BULK_FLUSH_IDLE);
		left |= live(s, i);
		s->used[i] = false;
	}
	if (s->popped) {
		flush_kept(s, s->kept_low, SKB_BULK_FLUSH_IDLE);
	} else {
		s->wanted = false;
		flush_kept(s, s->kept_nr, SKB_BULK_FLUSH_IDLE);
		flush_open(s, SKB_BULK_FLUSH_IDLE);
	}
	s->popped = false;
	s->kept_low = s->kept_nr;
	/* what goes back here was not evicted */
	judge_anew(s);
	return left || s->kept_nr || s->open_nr;
}

/* or the first run with so many that looking further costs more than a fuller one gains */
static unsigned long fullest_of_set(const struct skb_bulk_stack *s, unsigned long i)
{
	unsigned int most = run_nr(s, i);
	unsigned long fullest = i;
	unsigned long way;

	for (way = 1; way < SKB_BULK_WAYS && most < SKB_BULK_RUN_MIN; way++) {
		unsigned int nr = run_nr(s, i ^ way);

		if (nr > most) {
			most = nr;
			fullest = i ^ way;
		}
	}
	return fullest;
}

static void evict(struct skb_bulk_stack *s, unsigned long i)
{
	s->evictions++;
	flush_run(s, i, SKB_BULK_FLUSH_ROOM);
}

/* the fullest run of the next set that has any goes back: that costs least per object */
static void flush_a_run(struct skb_bulk_stack *s)
{
	unsigned long i;

	do {
		i = fullest_of_set(s, s->victim & s->mask);
		s->victim += SKB_BULK_WAYS;
	} while (!live(s, i));
	evict(s, i);
}

/* Context: BH disabled, the CPU's lock held. Called when a push has overdrawn the bytes that the stack may hold. */
void skb_bulk_stack_shed(struct skb_bulk_stack *s)
{
	while (s->room < 0 && !s->single && s->free_nr < s->runs)
		flush_a_run(s);
}

/* makes the place free in which a slab page is at home: its run moves within the set, or the set's fullest goes back */
static noinline void vacate(struct skb_bulk_stack *s, unsigned long home)
{
	unsigned long to = home ^ 1;

	if (live(s, to))
		to = home ^ 2;
	if (live(s, to))
		to = home ^ 3;
	if (live(s, to)) {
		to = fullest_of_set(s, home);
		evict(s, to);
		if (to == home)
			return;
	}
	s->slab[to] = s->slab[home];
	s->top[to] = s->top[home];
	s->size[to] = s->size[home];
	s->limit[to] = s->limit[home];
	s->used[to] = s->used[home];
	s->slab[home] = SKB_BULK_NO_SLAB;
}

static __always_inline void append(struct skb_bulk_stack *s, unsigned long i, void *obj)
{
	*s->top[i]++ = obj;
	if (!((unsigned long)s->top[i] & s->full))
		skb_bulk_stack_full(s, i);
}

static __always_inline void start_run(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned int limit = min_t(unsigned int, slab->objects, s->limit_max);
	unsigned long home = page & s->mask;

	s->slab[home] = page;
	s->size[home] = slab->size;
	s->limit[home] = limit;
	s->used[home] = true;
	s->top[home] = &s->obj[(s->free[--s->free_nr] + 1) * s->len - limit];
	append(s, home, obj);
}

/* Context: BH disabled, the CPU's lock held. Called while @s is single, instead of a push. */
void skb_bulk_stack_give_back_one(struct skb_bulk_stack *s, void *obj, const union skb_bulk_slab *slab)
{
	if (s->wanted && keep_one(s, obj))
		return;
	s->room += slab->size;
	if (++s->singles == s->single_until)
		end_single(s);
	kfree(obj);
}

/*
 * Runs that are evicted with hardly more than an object in them, because completions are mixed over more slab pages than
 * there are runs, cost more than they save. Return: whether objects go back one at a time from now on, for a while that
 * doubles each time it is found again.
 */
static noinline bool runs_fail(struct skb_bulk_stack *s)
{
	bool fail = s->gone - s->gone_before < SKB_BULK_WORTH * (s->flushes - s->flushes_before);

	if (fail) {
		drain_runs(s, SKB_BULK_FLUSH_ROOM);
		start_single(s, s->singles + s->single_next);
		s->single_next = min_t(unsigned int, 2 * s->single_next, SKB_BULK_SINGLE_MAX);
	} else {
		s->single_next = SKB_BULK_SINGLE_MIN;
	}
	judge_anew(s);
	return fail;
}

static noinline void claim_slow(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned long home = page & s->mask;

	if (s->evictions >= SKB_BULK_EVICTIONS && runs_fail(s))
		return skb_bulk_stack_give_back_one(s, obj, slab);
	if (!s->watched)
		skb_bulk_idle_start();
	if (live(s, home))
		vacate(s, home);
	if (!s->free_nr)
		flush_a_run(s);
	start_run(s, page, obj, slab);
}

/*
 * Stacks @obj, whose slab page has no run at home: it is kept if a pop waits for it, the run is found elsewhere
 * in the set, or claimed.
 *
 * Context: BH disabled, the CPU's lock held
 */
void skb_bulk_stack_push_slow(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned long home = page & s->mask;

	BUILD_BUG_ON(SKB_BULK_WAYS != 4);
	if (s->wanted && keep_one(s, obj))
		return;
	if (unlikely(s->single))
		skb_bulk_stack_give_back_one(s, obj, slab);
	else if (s->slab[home ^ 1] == page)
		append(s, home ^ 1, obj);
	else if (s->slab[home ^ 2] == page)
		append(s, home ^ 2, obj);
	else if (s->slab[home ^ 3] == page)
		append(s, home ^ 3, obj);
	else if (likely(s->watched && s->free_nr && !live(s, home)))
		start_run(s, page, obj, slab);
	else
		claim_slow(s, page, obj, slab);
}

static void *take(struct skb_bulk_stack *s, void *obj)
{
	s->reused++;
	s->gone++;
	return obj;
}

/* what is kept goes first */
static __always_inline void *pop_open(struct skb_bulk_stack *s)
{
	void *obj = kept_bottom(s, s->open)[--s->open_nr];

	if (!s->open_nr)
		s->free[s->free_nr++] = s->open;
	return take(s, obj);
}

/* Return: an object of @s, which has some. The run that gives one gives the next ones too, until it is empty. */
void *skb_bulk_stack_pop(struct skb_bulk_stack *s)
{
	skb_bulk_stack_count_resident(s);
	s->popped = true;
	if (s->open_nr)
		return pop_open(s);
	if (s->kept_nr) {
		s->open = s->kept[--s->kept_nr];
		s->open_nr = s->kept_limit;
		s->kept_low = min(s->kept_low, s->kept_nr);
		return pop_open(s);
	}
	for (;; s->cursor++) {
		unsigned long i = s->cursor & s->mask;
		void *obj;

		if (!live(s, i))
			continue;
		obj = s->top[i][-1];
		if (s->top[i] - 1 == bottom(s, i))
			release(s, i);
		else
			s->top[i]--;
		return take(s, obj);
	}
}

/* Return: an object, after a run was allocated; NULL if there is no memory. The stack is empty, and may be refilled. */
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache)
{
	unsigned int run = s->free[s->free_nr - 1];
	/* all or nothing; what failure returns is false or 0 */
	bool got = kmem_cache_alloc_bulk(cache, GFP_ATOMIC | __GFP_NOWARN, s->kept_limit, kept_bottom(s, run));

	trace_refill(s->kept_limit, got ? s->kept_limit : 0);
	if (!got)
		return NULL;
	if (!s->watched)
		skb_bulk_idle_start();
	s->refilled += s->kept_limit;
	s->gone -= s->kept_limit;
	s->popped = true;
	s->free_nr--;
	s->open = run;
	s->open_nr = s->kept_limit;
	return pop_open(s);
}
