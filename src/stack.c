// SPDX-License-Identifier: GPL-2.0
/* The stack of freed objects, out of line: claiming a run, handing runs to SLUB, taking an object back. */
#include <linux/log2.h>
#include <linux/minmax.h>

#include "compat/compat.h"
#include "cpu.h"
#include "stack.h"
#include "trace.h"

/*
 * A run moves between places of the table with its slots, so where those are follows from its top: a live run has an
 * object at least, its top is past its first slot; a place without a run has its top at its first slot.
 */
static bool live(const struct skb_bulk_stack *s, unsigned long i)
{
	return s->slab[i] != SKB_BULK_NO_SLAB;
}

static void **slots(const struct skb_bulk_stack *s, unsigned long i)
{
	return (void **)(((unsigned long)s->top[i] - live(s, i)) & ~s->full);
}

static unsigned int run_nr(const struct skb_bulk_stack *s, unsigned long i)
{
	return live(s, i) ? s->top[i] - slots(s, i) - (s->len - s->limit[i]) : 0;
}

/* what a run is charged for while it is live: its objects, were it full */
static unsigned int charge(const struct skb_bulk_stack *s, unsigned long i)
{
	return s->size[i] * s->limit[i];
}

/* Return: how many objects the runs hold, counted one run after the other; *@bytes grows by what they weigh. */
u64 skb_bulk_stack_look(const struct skb_bulk_stack *s, u64 *bytes)
{
	u64 nr = s->fresh;
	unsigned long i;

	*bytes += nr * sizeof(struct sk_buff);
	for (i = 0; i <= s->mask; i++) {
		nr += run_nr(s, i);
		*bytes += run_nr(s, i) * s->size[i];
	}
	return nr;
}

/* @slab: of the cache that most objects come from */
void skb_bulk_stack_init(struct skb_bulk_stack *s, bool head, struct kmem_cache *cache, const struct skb_bulk_slab *slab,
			 unsigned int bytes_max, const u64 *consumed)
{
	s->head = head;
	s->cache = cache;
	s->bytes_max = bytes_max;
	s->consumed = consumed;
	s->len = clamp_t(unsigned int, roundup_pow_of_two(slab->objects), SKB_BULK_RUN_MIN, SKB_BULK_RUN_MAX);
	s->full = s->len * sizeof(void *) - 1;
}

/* At most @depth objects: as many whole runs as fit, their number a power of two, or a set of shorter ones. */
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth)
{
	unsigned long i, runs;

	runs = clamp_t(unsigned long, depth / s->len, SKB_BULK_WAYS, SKB_BULK_OBJECTS / s->len);
	s->mask = rounddown_pow_of_two(runs) - 1;
	s->limit_max = clamp_t(unsigned int, depth / SKB_BULK_WAYS, 1, s->len);
	for (i = 0; i <= s->mask; i++) {
		s->slab[i] = SKB_BULK_NO_SLAB;
		s->top[i] = &s->obj[i * s->len];
	}
}

static void count_resident(struct skb_bulk_stack *s)
{
	s->resident_max = max(s->resident_max, skb_bulk_stack_resident(s));
}

static noinline void trace_give_back(const struct skb_bulk_stack *s, unsigned long slab, unsigned int nr)
{
	trace_flush(s->head, slab, nr);
}

/* gives a live run back: its place is free then */
void skb_bulk_stack_flush_run(struct skb_bulk_stack *s, unsigned long i)
{
	void **block = (void **)((unsigned long)(s->top[i] - 1) & ~s->full);
	void **first = block + s->len - s->limit[i];
	unsigned int nr = s->top[i] - first;

	if (trace_flush_enabled())
		trace_give_back(s, s->slab[i], nr);
	count_resident(s);
	s->bytes -= charge(s, i);
	s->slab[i] = SKB_BULK_NO_SLAB;
	s->top[i] = block;
	s->flushed += nr;
	s->flushes++;
	kmem_cache_free_bulk(s->cache, nr, first);
}

void skb_bulk_stack_drain(struct skb_bulk_stack *s)
{
	unsigned long i;

	for (i = 0; i <= s->mask; i++)
		if (live(s, i))
			skb_bulk_stack_flush_run(s, i);
	if (s->fresh) {
		s->flushed += s->fresh;
		s->flushes++;
		kmem_cache_free_bulk(s->cache, s->fresh, s->fresh_obj);
		s->fresh = 0;
	}
}

/*
 * Makes the place free in which a slab page is at home: its run moves within the set. The fullest run of a set without
 * a free place goes back, since that costs least per object.
 */
static noinline void vacate(struct skb_bulk_stack *s, unsigned long home)
{
	unsigned long fullest = home;
	unsigned long way;

	for (way = 1; way < SKB_BULK_WAYS; way++) {
		unsigned long i = home ^ way;

		if (!live(s, i)) {
			fullest = i;
			break;
		}
		if (run_nr(s, i) > run_nr(s, fullest))
			fullest = i;
	}
	if (live(s, fullest))
		skb_bulk_stack_flush_run(s, fullest);
	swap(s->slab[home], s->slab[fullest]);
	swap(s->top[home], s->top[fullest]);
	swap(s->size[home], s->size[fullest]);
	swap(s->limit[home], s->limit[fullest]);
}

/* the fullest run of one set after the other goes back until the bytes are within bounds */
static noinline void make_room(struct skb_bulk_stack *s)
{
	while (s->bytes > s->bytes_max) {
		unsigned long set = s->victim & s->mask & ~(SKB_BULK_WAYS - 1UL);
		unsigned long fullest = set;
		unsigned long way;

		s->victim += SKB_BULK_WAYS;
		for (way = 1; way < SKB_BULK_WAYS; way++)
			if (run_nr(s, set + way) > run_nr(s, fullest))
				fullest = set + way;
		if (live(s, fullest))
			skb_bulk_stack_flush_run(s, fullest);
	}
}

static __always_inline void append(struct skb_bulk_stack *s, unsigned long i, void *obj)
{
	*s->top[i]++ = obj;
	if (!((unsigned long)s->top[i] & s->full))
		skb_bulk_stack_flush_run(s, i);
}

static __always_inline void start_run(struct skb_bulk_stack *s, unsigned long home, void *obj,
				      const struct skb_bulk_slab *slab)
{
	unsigned int limit = min_t(unsigned int, slab->objects, s->limit_max);

	s->slab[home] = (unsigned long)obj >> slab->shift;
	s->size[home] = slab->size;
	s->limit[home] = limit;
	s->bytes += slab->size * limit;
	s->top[home] += s->len - limit;
	append(s, home, obj);
}

static noinline void claim_slow(struct skb_bulk_stack *s, unsigned long home, void *obj, const struct skb_bulk_slab *slab)
{
	if (!s->watched)
		skb_bulk_idle_start();
	make_room(s);
	if (live(s, home))
		vacate(s, home);
	start_run(s, home, obj, slab);
}

/*
 * Stacks @obj, whose slab page has no run at home in place @home: the run is found elsewhere in the set, or claimed.
 *
 * Context: BH disabled, the CPU's lock held
 */
void skb_bulk_stack_push_slow(struct skb_bulk_stack *s, unsigned long home, void *obj, const struct skb_bulk_slab *slab)
{
	unsigned long key = (unsigned long)obj >> slab->shift;

	BUILD_BUG_ON(SKB_BULK_WAYS != 4);
	if (s->slab[home ^ 1] == key)
		append(s, home ^ 1, obj);
	else if (s->slab[home ^ 2] == key)
		append(s, home ^ 2, obj);
	else if (s->slab[home ^ 3] == key)
		append(s, home ^ 3, obj);
	else if (likely(s->watched && s->bytes <= s->bytes_max && !live(s, home)))
		start_run(s, home, obj, slab);
	else
		claim_slow(s, home, obj, slab);
}

static void *take(struct skb_bulk_stack *s, unsigned long i)
{
	void **block = slots(s, i);
	void *obj = *--s->top[i];

	s->reused++;
	if (s->top[i] == block + s->len - s->limit[i]) {
		s->bytes -= charge(s, i);
		s->slab[i] = SKB_BULK_NO_SLAB;
		s->top[i] = block;
	}
	return obj;
}

/* Return: an object, or NULL if there is none. The run that gives one gives the next ones too, until it is empty. */
void *skb_bulk_stack_pop(struct skb_bulk_stack *s)
{
	count_resident(s);
	if (skb_bulk_stack_resident(s) == s->fresh) {
		if (!s->fresh)
			return NULL;
		s->reused++;
		return s->fresh_obj[--s->fresh];
	}
	for (;; s->cursor++)
		if (live(s, s->cursor & s->mask))
			return take(s, s->cursor & s->mask);
}

/* Return: an object, after as many as a run holds were allocated together; NULL if there is no memory. */
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache)
{
	/* all or nothing; what failure returns is false or 0 */
	if (!kmem_cache_alloc_bulk(cache, GFP_ATOMIC | __GFP_NOWARN, SKB_BULK_RUN_MAX, s->fresh_obj))
		return NULL;
	trace_refill(SKB_BULK_RUN_MAX);
	s->refilled += SKB_BULK_RUN_MAX;
	s->fresh = SKB_BULK_RUN_MAX - 1;
	s->reused++;
	return s->fresh_obj[s->fresh];
}
