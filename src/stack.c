// SPDX-License-Identifier: GPL-2.0
/* The stack of freed objects, out of line: claiming a run, handing runs to SLUB, taking an object back. */
#include <linux/log2.h>
#include <linux/minmax.h>

#include "compat/compat.h"
#include "cpu.h"
#include "stack.h"
#include "trace.h"

/*
 * What a stack may hold is bounded by its runs, each counted as if it were full: @depth objects at most, rounded down
 * to a number of runs that is a power of two, or to one shorter run.
 */
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth)
{
	unsigned int runs = clamp_t(unsigned int, depth / SKB_BULK_RUN_LEN, 1, SKB_BULK_RUNS);

	s->mask = rounddown_pow_of_two(runs) - 1;
	s->limit = min_t(unsigned int, depth, SKB_BULK_RUN_LEN);
}

void skb_bulk_stack_init(struct skb_bulk_stack *s, const char *name, struct kmem_cache *cache, unsigned int bytes_max)
{
	unsigned int i;

	s->name = name;
	s->cache = cache;
	s->bytes_max = bytes_max;
	for (i = 0; i < SKB_BULK_RUNS; i++)
		s->run[i].slab = SKB_BULK_NO_SLAB;
}

void skb_bulk_stack_flush_run(struct skb_bulk_stack *s, struct skb_bulk_run *run)
{
	unsigned int nr = run->nr;
	u64 resident = skb_bulk_stack_resident(s);

	if (resident > s->resident_max)
		s->resident_max = resident;
	run->nr = 0;
	s->flushed += nr;
	s->flushes++;
	trace_flush(s->name, run->slab, nr, run->size);
	kmem_cache_free_bulk(s->cache, nr, run->obj);
}

/* gives every run back and forgets its slab page, so that the next push claims (and rearms the idle work) again */
void skb_bulk_stack_drain(struct skb_bulk_stack *s)
{
	unsigned int i;

	for (i = 0; i < SKB_BULK_RUNS; i++) {
		struct skb_bulk_run *run = &s->run[i];

		if (run->nr)
			skb_bulk_stack_flush_run(s, run);
		run->slab = SKB_BULK_NO_SLAB;
		run->size = 0;
	}
	if (s->fresh.nr)
		skb_bulk_stack_flush_run(s, &s->fresh);
	s->bytes = 0;
}

void skb_bulk_stack_claim(struct skb_bulk_stack *s, struct skb_bulk_run *run, unsigned long slab, unsigned int size)
{
	struct skb_bulk_cpu *c = this_cpu_ptr(skb_bulk_cpu);

	if (run->nr)
		skb_bulk_stack_flush_run(s, run);
	if (unlikely(!c->idle_armed))
		skb_bulk_idle_start(c);

	if (unlikely(run->size != size)) {
		s->bytes += (size - run->size) * s->limit;
		if (s->bytes > s->bytes_max) {
			skb_bulk_stack_drain(s);
			s->bytes = size * s->limit;
		}
		run->size = size;
	}
	run->slab = slab;
}

static void *pop(struct skb_bulk_stack *s, struct skb_bulk_run *run)
{
	s->reused++;
	return run->obj[--run->nr];
}

/* Return: an object, or NULL if there is none. The run that gives one gives the next ones too, until it is empty. */
void *skb_bulk_stack_pop(struct skb_bulk_stack *s)
{
	unsigned int left = s->mask + 1;
	u64 resident = skb_bulk_stack_resident(s);

	if (resident > s->resident_max)
		s->resident_max = resident;
	if (resident <= s->fresh.nr)
		return resident ? pop(s, &s->fresh) : NULL;

	for (; left--; s->cursor++) {
		struct skb_bulk_run *run = &s->run[s->cursor & s->mask];

		if (run->nr)
			return pop(s, run);
	}
	return NULL;
}

/* Return: an object, after as many as a run holds were allocated together; NULL if there is no memory. */
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache)
{
	struct skb_bulk_run *fresh = &s->fresh;

	/* all or nothing; what failure returns is false or 0 */
	if (!kmem_cache_alloc_bulk(cache, GFP_ATOMIC | __GFP_NOWARN, SKB_BULK_RUN_LEN, fresh->obj))
		return NULL;
	trace_refill(SKB_BULK_RUN_LEN);
	fresh->nr = SKB_BULK_RUN_LEN;
	s->refilled += SKB_BULK_RUN_LEN;
	return pop(s, fresh);
}
