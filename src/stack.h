/* SPDX-License-Identifier: GPL-2.0 */
/* The stack of freed objects, grouped by slab page, and the inline half of it: push and pop. */
#ifndef SKB_BULK_STACK_H
#define SKB_BULK_STACK_H

#include <linux/cache.h>
#include <linux/types.h>

struct kmem_cache;

/*
 * A bulk free is cheap for objects of one slab page that stand next to each other, and dear for anything else: SLUB
 * looks ahead three objects only. So an object goes into the run of its slab page. Runs sit in a direct-mapped table;
 * one is handed to SLUB when it is full or when another slab page wants its place. A run is as long as the usual slab
 * page has objects, so that objects that come back in the order they were allocated leave as whole slab pages.
 *
 * Nothing on the way in counts what the stack holds: depth and bytes are kept by how many runs there may be (mask) and
 * how long they get (limit), settled when a run changes its slab page.
 */
#define SKB_BULK_RUNS		64
#define SKB_BULK_RUN_LEN	16
#define SKB_BULK_NO_SLAB	(~0UL)

struct skb_bulk_run {
	unsigned long slab;	/* address >> shift of the slab page's objects */
	unsigned int nr;
	unsigned int size;	/* what one object is charged for, 0 if the run never held any */
	void *obj[SKB_BULK_RUN_LEN];
};

struct skb_bulk_stack {
	/* read by every push, written by configure while the stack is empty */
	unsigned int mask;
	unsigned int limit;
	struct kmem_cache *cache;	/* named in the bulk free, or NULL */
	const char *name;

	/* written by the owning CPU in BH context only; read from anywhere */
	u64 taken;
	u64 refilled;
	u64 reused;
	u64 flushed;
	u64 flushes;
	u64 resident_max;
	unsigned int bytes;		/* most that the runs could hold now */
	unsigned int bytes_max;
	unsigned int cursor;		/* run that the next pop looks at first */

	struct skb_bulk_run fresh;	/* new objects, from a refill; their slab pages are not looked at */
	struct skb_bulk_run run[SKB_BULK_RUNS];
};

void skb_bulk_stack_init(struct skb_bulk_stack *s, const char *name, struct kmem_cache *cache, unsigned int bytes_max);
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth);
void skb_bulk_stack_claim(struct skb_bulk_stack *s, struct skb_bulk_run *run, unsigned long slab, unsigned int size);
void skb_bulk_stack_flush_run(struct skb_bulk_stack *s, struct skb_bulk_run *run);
void skb_bulk_stack_drain(struct skb_bulk_stack *s);
void *skb_bulk_stack_pop(struct skb_bulk_stack *s);
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache);

static inline u64 skb_bulk_stack_resident(const struct skb_bulk_stack *s)
{
	return READ_ONCE(s->taken) + READ_ONCE(s->refilled) - READ_ONCE(s->reused) - READ_ONCE(s->flushed);
}

static __always_inline void skb_bulk_stack_push(struct skb_bulk_stack *s, void *obj, unsigned int shift,
						unsigned int size)
{
	unsigned long slab = (unsigned long)obj >> shift;
	struct skb_bulk_run *run = &s->run[slab & s->mask];
	unsigned int nr;

	s->taken++;
	if (unlikely(run->slab != slab))
		skb_bulk_stack_claim(s, run, slab, size);

	nr = run->nr;
	run->obj[nr] = obj;
	run->nr = ++nr;
	if (unlikely(nr >= s->limit))
		skb_bulk_stack_flush_run(s, run);
}

#endif
