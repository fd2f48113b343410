// SPDX-License-Identifier: GPL-2.0
/* The stack of freed objects, out of line: runs are found, claimed, evicted and handed to SLUB. */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>

#include "compat/compat.h"
#include "cpu.h"
#include "run.h"
#include "trace.h"

/* the tables of both stacks together */
static_assert(2 * sizeof(struct skb_bulk_stack) <= 24 << 10);

/* Return: how many objects there are, counted one run after the other; *@bytes grows by what they weigh. */
u64 skb_bulk_stack_look(const struct skb_bulk_stack *s, u64 *bytes)
{
	u64 nr = s->kept_nr * s->kept_limit + s->open_nr;
	unsigned long i;

	for (i = 0; i <= s->mask; i++) {
		if (!live(s, i))
			continue;
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
	s->single_until = 0;
	s->room += SKB_BULK_NO_ROOM;
	judge_anew(s);
}

/*
 * At most @depth objects: as many whole runs as that allows, or up to four shorter ones, which keep nothing back. The
 * stack is empty.
 */
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth)
{
	unsigned int short_runs = s->len == SKB_BULK_RUN_PLAIN ? 1 : clamp_t(unsigned int, depth / 4, 1, SKB_BULK_WAYS);
	unsigned int runs = max(depth / s->len, short_runs);
	unsigned long i;

	s->runs = runs + 1;
	s->limit_max = clamp_t(unsigned int, depth / runs, 1, s->len);
	s->keep_free = s->limit_max == s->len ? runs / 8 + 1 : s->runs + 1;
	s->kept_limit = min_t(unsigned int, skb_bulk_head_slab.objects, s->limit_max);
	s->kept_max = s->head && s->limit_max == s->len ? runs / 2 : 0;
	s->mask = clamp_t(unsigned long, roundup_pow_of_two(2 * runs), SKB_BULK_WAYS, SKB_BULK_PLACES) - 1;
	s->room = s->room_max;
	s->single = false;
	s->single_until = 0;
	s->single_next = SKB_BULK_SINGLE_MIN;
	if (s->limit_max == 1)
		start_single(s, U64_MAX);
	judge_anew(s);
	for (i = 0; i < SKB_BULK_PLACES; i++)
		leave(s, i);
	s->free_nr = s->runs;
	for (i = 0; i < s->runs; i++)
		s->free[i] = i;
}

void skb_bulk_trace_flush(const struct skb_bulk_stack *s, void **obj, unsigned int nr, enum skb_bulk_flush_reason reason)
{
	trace_flush(s->head, *obj, nr, reason);
}

static void flush_run(struct skb_bulk_stack *s, unsigned long i, enum skb_bulk_flush_reason reason)
{
	unsigned int nr = run_nr(s, i);

	leave(s, i);
	give_back_slots(s, s->run[i], slots(s, s->run[i], s->limit[i]), nr, s->size[i], reason);
}

/* a full run goes back, all but its first object */
static __always_inline void give_back_rest(struct skb_bulk_stack *s, unsigned long i)
{
	unsigned int nr = s->limit[i] - 1;
	void **second = s->top[i] - nr;

	s->top[i] = second;
	s->used[i] = true;
	if (COMPAT_SHEAVES && s->head) {
		nr = skb_bulk_fill_napi_cache(s, second, nr);
		if (!nr) {
			s->flushes++;
			return;
		}
	}
	give_back(s, second, nr, s->size[i]);
}

static noinline void full_slow(struct skb_bulk_stack *s, unsigned long i)
{
	void **first = slots(s, s->run[i], s->limit[i]);

	if (s->wanted && skb_bulk_kept_take_run(s, i)) {
		return;
	} else if (s->free_nr < s->keep_free) {
		flush_run(s, i, SKB_BULK_FLUSH_FULL);
	} else {
		if (trace_flush_enabled())
			skb_bulk_trace_flush(s, first + 1, s->limit[i] - 1, SKB_BULK_FLUSH_FULL);
		give_back_rest(s, i);
	}
}

/* a run is full: most of it goes back, all if runs are scarce */
void skb_bulk_stack_full(struct skb_bulk_stack *s, unsigned long i)
{
	if (unlikely(s->wanted || s->free_nr < s->keep_free || trace_flush_enabled()))
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
	skb_bulk_kept_drain(s, SKB_BULK_FLUSH_ALL);
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
	left |= skb_bulk_kept_age(s);
	/* what goes back here was not evicted */
	judge_anew(s);
	return left;
}

/* the run that lacks least, or a place with none if the set has none */
static __always_inline unsigned long fullest_of_set(const struct skb_bulk_stack *s, unsigned long i)
{
	unsigned long least = missing(s, i);
	unsigned long fullest = i;
	unsigned long way;

#pragma GCC unroll 4
	for (way = 1; way < SKB_BULK_WAYS; way++) {
		if (missing(s, i ^ way) < least) {
			least = missing(s, i ^ way);
			fullest = i ^ way;
		}
	}
	return fullest;
}

/* Return: the fullest run of the next set that has one; some set has */
static __always_inline unsigned long next_victim(struct skb_bulk_stack *s)
{
	unsigned long i;

	do {
		i = fullest_of_set(s, s->victim & s->mask);
		s->victim += SKB_BULK_WAYS;
	} while (!live(s, i));
	return i;
}

/* Context: BH disabled, the CPU's lock held. Called when a push has overdrawn the bytes that the stack may hold. */
void skb_bulk_stack_shed(struct skb_bulk_stack *s)
{
	while (s->room < 0 && !s->single && s->free_nr < s->runs) {
		s->evictions++;
		flush_run(s, next_victim(s), SKB_BULK_FLUSH_ROOM);
	}
}

static __always_inline void move_run(struct skb_bulk_stack *s, unsigned long to, unsigned long from)
{
	s->slab[to] = s->slab[from];
	s->top[to] = s->top[from];
	s->size[to] = s->size[from];
	s->run[to] = s->run[from];
	s->limit[to] = s->limit[from];
	s->used[to] = s->used[from];
}

static __always_inline void append(struct skb_bulk_stack *s, unsigned long i, void *obj)
{
	*s->top[i]++ = obj;
	if (!((unsigned long)s->top[i] & s->full))
		skb_bulk_stack_full(s, i);
}

/* there are slots free for it */
static __always_inline void start_run(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned int limit = min_t(unsigned int, slab->objects, s->limit_max);
	unsigned int run = s->free[--s->free_nr];
	unsigned long home = page & s->mask;
	void **first = slots(s, run, limit);

	s->slab[home] = page;
	s->size[home] = slab->size;
	s->run[home] = run;
	s->limit[home] = limit;
	s->used[home] = true;
	s->top[home] = first + 1;
	*first = obj;
}

/* runs get another chance; the last one to go without them is @obj */
static noinline void end_single_with(struct skb_bulk_stack *s, void *obj)
{
	end_single(s);
	kfree(obj);
}

/* Context: BH disabled, the CPU's lock held. Instead of a push: while @s is single, and for an object alone on its slab page. */
void skb_bulk_stack_give_back_one(struct skb_bulk_stack *s, void *obj, const union skb_bulk_slab *slab)
{
	s->room += slab->size;
	if (unlikely(++s->singles == s->single_until))
		end_single_with(s, obj);
	else
		kfree(obj);
}

/*
 * Runs that are evicted with hardly more than an object in them, because completions are mixed over more slab pages than
 * there are runs, cost more than they save. Return: whether objects go back one at a time from now on, for a while that
 * doubles each time it is found again.
 */
static bool runs_fail(struct skb_bulk_stack *s)
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

static void claim(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab);

/* what is to be done once for many claims */
static noinline void claim_rarely(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	if (s->evictions >= SKB_BULK_EVICTIONS && runs_fail(s))
		return skb_bulk_stack_give_back_one(s, obj, slab);
	if (!s->watched)
		skb_bulk_idle_start();
	claim(s, page, obj, slab);
}

/*
 * The run at @i goes back, and one is started at home; if another one is there, it moves to @i. What is called last needs no
 * stack frame, and so slots of one run are always free: it is started in those, and those of @i are the next ones.
 */
static noinline void claim_instead(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab,
				   unsigned long i)
{
	void **first = slots(s, s->run[i], s->limit[i]);
	unsigned long home = page & s->mask;
	unsigned int nr = run_nr(s, i);
	unsigned int run = s->run[i];
	unsigned int size = s->size[i];

	if (live(s, home))
		move_run(s, i, home);
	else
		leave(s, i);
	start_run(s, page, obj, slab);
	s->evictions++;
	give_back_slots(s, run, first, nr, size, SKB_BULK_FLUSH_ROOM);
}

/* a run goes back, the fuller the cheaper for each object: one of the set, or if none is half full there, of the next one */
static noinline void claim_scarce(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned long i = fullest_of_set(s, page & s->mask);

	if (missing(s, i) > s->full / 2)
		i = next_victim(s);
	claim_instead(s, page, obj, slab, i);
}

/* a run for a slab page that has none, at home: a run that is there moves within the set, or the set's fullest goes back */
static noinline void claim(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned long home = page & s->mask;

	if (unlikely(!s->watched || s->evictions >= SKB_BULK_EVICTIONS))
		return claim_rarely(s, page, obj, slab);
	if (live(s, home)) {
		unsigned long to = home ^ 1;

		if (live(s, to))
			to = home ^ 2;
		if (live(s, to))
			to = home ^ 3;
		if (live(s, to))
			return claim_instead(s, page, obj, slab, fullest_of_set(s, home));
		move_run(s, to, home);
		leave(s, home);
	}
	if (s->free_nr == 1)
		return claim_scarce(s, page, obj, slab);
	start_run(s, page, obj, slab);
}

/* the run of @page is found in another place of the set than its home, or claimed */
static __always_inline void push_grouped(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	unsigned long home = page & s->mask;

	BUILD_BUG_ON(SKB_BULK_WAYS != 4);
	if (s->slab[home ^ 1] == page)
		append(s, home ^ 1, obj);
	else if (s->slab[home ^ 2] == page)
		append(s, home ^ 2, obj);
	else if (s->slab[home ^ 3] == page)
		append(s, home ^ 3, obj);
	else if (unlikely(slab->objects == 1))
		skb_bulk_stack_give_back_one(s, obj, slab);
	else
		claim(s, page, obj, slab);
}

/* Context: BH disabled, the CPU's lock held. Called instead of a push for what cannot be kept. */
void skb_bulk_stack_push_unkept(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	if (s->single)
		skb_bulk_stack_give_back_one(s, obj, slab);
	else
		push_grouped(s, page, obj, slab);
}

/*
 * Stacks @obj, whose slab page has no run at home: it is kept if a pop waits for it, the run is found elsewhere
 * in the set, or claimed.
 *
 * Context: BH disabled, the CPU's lock held
 */
void skb_bulk_stack_push_slow(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	if (s->wanted)
		skb_bulk_kept_push(s, page, obj, slab);
	else if (s->single)
		skb_bulk_stack_give_back_one(s, obj, slab);
	else
		push_grouped(s, page, obj, slab);
}
