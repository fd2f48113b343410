/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the stack share: runs, their slots, and how objects leave them for SLUB. */
#ifndef SKB_BULK_RUN_H
#define SKB_BULK_RUN_H

#include <linux/slab.h>

#include "stack.h"
#include "trace.h"

static inline bool live(const struct skb_bulk_stack *s, unsigned long i)
{
	return s->slab[i] != SKB_BULK_NO_SLAB;
}

/* where the objects begin of a run that may have @limit of them */
static __always_inline void **slots(struct skb_bulk_stack *s, unsigned int run, unsigned int limit)
{
	return &s->obj[(run + 1) * s->len - limit];
}

/* bytes of slots that are left in the run: less than all of them, since it has an object; more than any has if there is no run */
static __always_inline unsigned long missing(const struct skb_bulk_stack *s, unsigned long i)
{
	return -(unsigned long)s->top[i] & s->full;
}

/* objects of a live run */
static __always_inline unsigned int run_nr(const struct skb_bulk_stack *s, unsigned long i)
{
	return s->limit[i] - missing(s, i) / sizeof(void *);
}

/* no run is in the place any more */
static __always_inline void leave(struct skb_bulk_stack *s, unsigned long i)
{
	s->slab[i] = SKB_BULK_NO_SLAB;
	s->top[i] = SKB_BULK_NO_TOP;
}

void skb_bulk_trace_flush(const struct skb_bulk_stack *s, void **obj, unsigned int nr, enum skb_bulk_flush_reason reason);

static __always_inline void give_back(struct skb_bulk_stack *s, void **obj, unsigned int nr, unsigned int size)
{
	skb_bulk_stack_count_resident(s);
	s->room += nr * size;
	s->gone += nr;
	s->flushes++;
	kmem_cache_free_bulk(s->cache, nr, obj);
}

/* slots that are no run's any more are free, and what is in them goes back; @first is the first of @nr */
static __always_inline void give_back_slots(struct skb_bulk_stack *s, unsigned int run, void **first, unsigned int nr,
					    unsigned int size, enum skb_bulk_flush_reason reason)
{
	s->free[s->free_nr++] = run;
	if (trace_flush_enabled())
		skb_bulk_trace_flush(s, first, nr, reason);
	give_back(s, first, nr, size);
}

/* kept.c */
bool skb_bulk_kept_take_run(struct skb_bulk_stack *s, unsigned long i);
void skb_bulk_kept_push(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab);
void skb_bulk_kept_drain(struct skb_bulk_stack *s, enum skb_bulk_flush_reason reason);
bool skb_bulk_kept_age(struct skb_bulk_stack *s);
void skb_bulk_stack_push_unkept(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab);

/* napi_cache.c */
unsigned int skb_bulk_fill_napi_cache(struct skb_bulk_stack *s, void **obj, unsigned int nr);

#endif
