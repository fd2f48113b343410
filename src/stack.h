/* SPDX-License-Identifier: GPL-2.0 */
/* The stack of freed objects, grouped by slab page; inline what every free does. */
#ifndef SKB_BULK_STACK_H
#define SKB_BULK_STACK_H

#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/types.h>

struct kmem_cache;

/*
 * A bulk free is cheap for objects of one slab page that stand next to each other, and dear for anything else: SLUB
 * looks ahead three objects only. So an object goes into the run of its slab page, and a run is handed to SLUB when it
 * is full or when another slab page wants its place. Runs are as long as a slab page has objects, so that objects that
 * come back in the order they were allocated leave as whole slab pages.
 *
 * Runs sit in a table in sets of four. A slab page is at home in one place of its set, where a free looks for it
 * inline; when two share a home, the older one moves to another place of the set, where it is found out of line. Two
 * that took turns in one place would be flushed an object or two at a time.
 *
 * Nothing on the way in counts what the stack holds: depth and bytes are kept by how many runs there are, how long
 * they get, and how many may be live with objects of their size, all settled when a run is claimed.
 */
#define SKB_BULK_OBJECTS	1024	/* room for */
#define SKB_BULK_RUN_MIN	8	/* objects in a run, unless depth is less; a power of two */
#define SKB_BULK_RUN_MAX	16
#define SKB_BULK_RUNS		(SKB_BULK_OBJECTS / SKB_BULK_RUN_MIN)
#define SKB_BULK_WAYS		4
#define SKB_BULK_NO_SLAB	(~0UL)

/* the slab pages of a cache */
struct skb_bulk_slab {
	u8 shift;		/* log2 of a page's bytes */
	u8 objects;		/* on a page, SKB_BULK_RUN_MAX if there are more */
	u16 size;		/* of an object */
};

struct skb_bulk_stack {
	/* read by every push; written while the stack is empty */
	unsigned long mask;		/* places in the table - 1 */
	unsigned long full;		/* a run is full when its top has none of these bits */
	unsigned int len;		/* slots of a run; one that holds fewer objects starts late, so that all end alike */
	unsigned int limit_max;		/* objects that depth allows in a run */
	unsigned int bytes_max;		/* of the live runs' objects, were the runs full */
	bool head;			/* which of the two stacks it is */
	struct kmem_cache *cache;	/* named in the bulk free, or NULL */

	/* what came in: an object of each consumed skb, but those that went elsewhere */
	const u64 *consumed;
	u64 elsewhere;

	/* written by the owning CPU in BH context only */
	u64 refilled;
	u64 reused;
	u64 flushed;
	u64 flushes;
	u64 resident_max;
	unsigned int bytes;
	bool watched;			/* the idle work will come by */
	unsigned int cursor;		/* the run that a pop looks at first */
	unsigned int victim;		/* the run that goes first when there are too many bytes */
	unsigned int fresh;		/* new objects from a refill, kept apart: their slab pages are not looked at */
	void *fresh_obj[SKB_BULK_RUN_MAX];

	/* the table: address >> shift of a slab page or SKB_BULK_NO_SLAB, and where its next object goes */
	unsigned long slab[SKB_BULK_RUNS];
	void **top[SKB_BULK_RUNS];
	u16 size[SKB_BULK_RUNS];	/* of one object */
	u8 limit[SKB_BULK_RUNS];	/* objects the run holds: those of a slab page, if there is room */
	void *obj[SKB_BULK_OBJECTS] __aligned(SKB_BULK_RUN_MAX * sizeof(void *));
};

void skb_bulk_stack_init(struct skb_bulk_stack *s, bool head, struct kmem_cache *cache, const struct skb_bulk_slab *slab,
			 unsigned int bytes_max, const u64 *consumed);
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth);
void skb_bulk_stack_push_slow(struct skb_bulk_stack *s, unsigned long home, void *obj, const struct skb_bulk_slab *slab);
void skb_bulk_stack_flush_run(struct skb_bulk_stack *s, unsigned long i);
void skb_bulk_stack_drain(struct skb_bulk_stack *s);
void *skb_bulk_stack_pop(struct skb_bulk_stack *s);
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache);
u64 skb_bulk_stack_look(const struct skb_bulk_stack *s, u64 *bytes);

static inline u64 skb_bulk_stack_taken(const struct skb_bulk_stack *s)
{
	return *s->consumed - s->elsewhere;
}

static inline u64 skb_bulk_stack_resident(const struct skb_bulk_stack *s)
{
	return skb_bulk_stack_taken(s) + s->refilled - s->reused - s->flushed;
}

enum skb_bulk_pushed { SKB_BULK_PUSHED, SKB_BULK_NOT_PUSHED, SKB_BULK_FULL };

/*
 * Stacks @obj if its slab page has a run at home. Return: SKB_BULK_NOT_PUSHED if it has none, and place *@i is its home;
 * SKB_BULK_FULL if @obj filled run *@i, which the caller then flushes.
 */
static __always_inline enum skb_bulk_pushed
skb_bulk_stack_try_push(struct skb_bulk_stack *s, void *obj, const struct skb_bulk_slab *slab, unsigned long *i)
{
	unsigned long key = (unsigned long)obj >> slab->shift;
	void **top;

	*i = key & s->mask;
	if (unlikely(s->slab[*i] != key))
		return SKB_BULK_NOT_PUSHED;
	top = s->top[*i];
	*top++ = obj;
	s->top[*i] = top;
	return unlikely(!((unsigned long)top & s->full)) ? SKB_BULK_FULL : SKB_BULK_PUSHED;
}

/* Context: BH disabled, the CPU's lock held */
static __always_inline void skb_bulk_stack_push(struct skb_bulk_stack *s, void *obj, const struct skb_bulk_slab *slab)
{
	unsigned long i;
	enum skb_bulk_pushed pushed = skb_bulk_stack_try_push(s, obj, slab, &i);

	if (pushed == SKB_BULK_NOT_PUSHED)
		skb_bulk_stack_push_slow(s, i, obj, slab);
	else if (pushed == SKB_BULK_FULL)
		skb_bulk_stack_flush_run(s, i);
}

#endif
