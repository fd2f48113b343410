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
 * looks ahead three objects only. So an object goes into the run of its slab page. A run holds as many as the page
 * has, and when it is full it is handed to SLUB, all but one: that one keeps the page from going back to the page
 * allocator, which would cost as much as freeing half of its objects, only to be fetched again for the next packets.
 * It keeps the run too, so that the page's next object finds it. What was not filled for a while goes back whole, kept
 * object and all (skb_bulk_stack_age).
 *
 * Where pops have found nothing, heads are kept for the next ones instead, in whatever order they come, in up to half of
 * the runs: a port that forwards on one CPU then goes round with the heads it has.
 *
 * Where completions are so mixed that runs go before they have gathered anything, objects are given back one at a time
 * until runs get another chance.
 *
 * Where SLUB has sheaves nothing is gained by grouping: all objects share one long run, as if of one slab page.
 *
 * Runs are found in a table in sets of four. A slab page is at home in one place of its set, where a free looks for it
 * inline; when two share a home, the older one moves to another place of the set, where it is found out of line. Two
 * that took turns in one place would be flushed an object or two at a time.
 */
#define SKB_BULK_OBJECTS	1024	/* room for */
#define SKB_BULK_PLACES		128
#define SKB_BULK_WAYS		4
#define SKB_BULK_RUN_MIN	8	/* slots of a run; powers of two */
#define SKB_BULK_RUN_MAX	16
#define SKB_BULK_RUN_PLAIN	64	/* of the only run, where objects are not grouped */
#define SKB_BULK_NAPI_ROOM	(2 * (SKB_BULK_RUN_PLAIN - 1))	/* heads in the kernel's NAPI cache */
#define SKB_BULK_NAPI_PATIENCE_MIN	3	/* runs without room there, after which it is taken to be empty */
#define SKB_BULK_NAPI_PATIENCE_MAX	63
#define SKB_BULK_NO_SLAB	(~0ULL)
#define SKB_BULK_NO_TOP		((void **)1UL)	/* of a run that is not there: no run has as many slots left */
#define SKB_BULK_NO_ROOM	0x40000000	/* more bytes than any stack takes in: a push of data finds none left */
#define SKB_BULK_EVICTIONS	64	/* after so many it is judged whether runs are worth their cost */
#define SKB_BULK_WORTH		2	/* objects a flush, measured: fewer are cheaper one at a time */
#define SKB_BULK_SINGLE_MIN	1024	/* objects given back one at a time before runs get another chance */
#define SKB_BULK_SINGLE_MAX	65536

/* why objects are given back in bulk */
enum skb_bulk_flush_reason {
	SKB_BULK_FLUSH_FULL,	/* their run is full */
	SKB_BULK_FLUSH_ROOM,	/* others want their place, or the stack holds too much */
	SKB_BULK_FLUSH_IDLE,	/* nobody used them for a while */
	SKB_BULK_FLUSH_ALL,	/* mode, depth, memory pressure, a CPU goes offline, the module goes */
};

/* the slab pages of a cache */
union skb_bulk_slab {
	u64 word;			/* all of it: see skb_bulk_slab_page() */
	struct {
#ifdef __LITTLE_ENDIAN
		u8 shift;		/* log2 of a page's bytes */
		u8 objects;		/* on a page, or what a run can hold if that is less */
		u16 size;		/* what an object is charged; 0 for heads, which their number bounds */
		u8 unused[3];
		u8 class;		/* of its own for each cache, in the bits that no page's number has */
#else
		u8 class;
		u8 unused[3];
		u16 size;
		u8 objects;
		u8 shift;
#endif
	};
};

struct skb_bulk_stack {
	/* read by every push; written while the stack is empty */
	unsigned long mask;		/* places in the table - 1 */
	unsigned long full;		/* a run is full when its top has none of these bits */
	unsigned int len;		/* slots of a run; one that holds fewer objects starts late, so that all end alike */
	unsigned int limit_max;		/* objects that depth allows in a run */
	unsigned int runs;		/* with slots to live in; those of one are always free */
	unsigned int kept_limit;	/* objects of a kept run */
	unsigned int kept_max;		/* runs kept for the next pops; none of data, which nobody pops */
	unsigned int keep_free;		/* no object is kept back when fewer runs than this are free */
	struct kmem_cache *cache;	/* named in the bulk free, or NULL */
	bool head;			/* which of the two stacks it is */
	bool watched;			/* the idle work will come by */

	/* written by the owning CPU in BH context only */
	int room;			/* bytes that the stack may take in yet, less SKB_BULK_NO_ROOM if single */
	int room_max;
	const u64 *consumed;		/* skbs: each brings an object, or it went elsewhere */
	u64 elsewhere;
	u64 gone;			/* left the stack: flushed and reused, less what was refilled */
	u64 reused;
	u64 refilled;
	u64 flushes;
	u64 napi_cached;		/* of those gone: to the cache of heads that the kernel's NAPI functions keep */
	const void *napi_first;		/* of these, the one that went there first since it was empty; not to be looked into */
	unsigned int napi_room;		/* how many may follow */
	unsigned int napi_missed;	/* runs that found no room since then, */
	unsigned int napi_patience;	/* and how many it takes to give the first one up */
	u64 resident_max;
	u64 singles;			/* left the stack one at a time, beside those gone */
	u64 single_until;		/* singles at which runs get another chance */
	unsigned int single_next;	/* how many it will be when runs fail again */
	bool single;			/* objects go back one at a time, there are no runs */
	unsigned int evictions;		/* runs that went before they were full, since judging began */
	u64 gone_before;		/* when it began */
	u64 flushes_before;
	unsigned int victim;		/* set that goes first when room is needed */
	unsigned int cursor;		/* place that a pop looks at first */
	bool wanted;			/* a pop found nothing lately: objects are kept for the next */
	bool popped;			/* since the idle work came by */
	unsigned int open;		/* the kept run that is popped from, */
	unsigned int open_nr;		/* and how many it has; none: there is no such run */
	unsigned int kept_nr;		/* the others, which are full */
	unsigned int kept_low;		/* fewest of them since the idle work came by */
	unsigned int free_nr;

	/* the table: which slab page, or SKB_BULK_NO_SLAB, and where its next object goes */
	u64 slab[SKB_BULK_PLACES];
	void **top[SKB_BULK_PLACES];
	u16 size[SKB_BULK_PLACES];	/* charged for one object */
	u8 run[SKB_BULK_PLACES];	/* which slots it has */
	u8 limit[SKB_BULK_PLACES];	/* objects the run holds when it is full */
	bool used[SKB_BULK_PLACES];	/* claimed or filled since the idle work came by */

	u8 free[SKB_BULK_OBJECTS / SKB_BULK_RUN_MIN + 1];	/* runs with nothing in them */
	u8 kept[SKB_BULK_OBJECTS / SKB_BULK_RUN_MIN / 2];
	void *obj[SKB_BULK_OBJECTS + SKB_BULK_RUN_PLAIN] __aligned(SKB_BULK_RUN_PLAIN * sizeof(void *));
};

void skb_bulk_stack_init(struct skb_bulk_stack *s, bool head, struct kmem_cache *cache, unsigned int len,
			 unsigned int bytes_max, const u64 *consumed);
void skb_bulk_stack_configure(struct skb_bulk_stack *s, unsigned int depth);
void skb_bulk_stack_push_slow(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab);
void skb_bulk_stack_give_back_one(struct skb_bulk_stack *s, void *obj, const union skb_bulk_slab *slab);
void skb_bulk_stack_full(struct skb_bulk_stack *s, unsigned long i);
void skb_bulk_stack_shed(struct skb_bulk_stack *s);
void skb_bulk_stack_drain(struct skb_bulk_stack *s);
void skb_bulk_stack_forget(struct skb_bulk_stack *s);
bool skb_bulk_stack_age(struct skb_bulk_stack *s);
void *skb_bulk_stack_pop(struct skb_bulk_stack *s);
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache);
u64 skb_bulk_stack_look(const struct skb_bulk_stack *s, u64 *bytes);

static inline u64 skb_bulk_stack_taken(const struct skb_bulk_stack *s)
{
	return *s->consumed - s->elsewhere;
}

static inline u64 skb_bulk_stack_resident(const struct skb_bulk_stack *s)
{
	return skb_bulk_stack_taken(s) - s->gone - s->singles;
}

/* the most is noted before there are less, and when somebody asks */
static inline void skb_bulk_stack_count_resident(struct skb_bulk_stack *s)
{
	s->resident_max = max(s->resident_max, skb_bulk_stack_resident(s));
}

/* whether there is nothing to pop */
static inline bool skb_bulk_stack_empty(const struct skb_bulk_stack *s)
{
	return s->free_nr == s->runs;
}

/* whether depth leaves a refill somewhere to go */
static inline bool skb_bulk_stack_refillable(const struct skb_bulk_stack *s)
{
	return s->kept_max;
}

static inline u64 skb_bulk_stack_flushed(const struct skb_bulk_stack *s)
{
	return s->gone + s->singles - s->reused + s->refilled;
}

/*
 * Which slab page @obj is on. When memory is fragmented SLUB makes do with smaller pages than it would like, so that
 * objects of several caches may lie where one page was expected: each class has runs of its own all the same, or what an
 * object is charged would not be what is credited when its run goes.
 */
static __always_inline u64 skb_bulk_slab_page(const void *obj, const union skb_bulk_slab *slab)
{
	return ((unsigned long)obj >> slab->shift) + slab->word;
}

enum skb_bulk_pushed { SKB_BULK_PUSHED, SKB_BULK_NOT_PUSHED, SKB_BULK_FULL };

/*
 * Stacks @obj if its slab page has a run at home. Return: SKB_BULK_NOT_PUSHED if it has none, for skb_bulk_stack_push_slow();
 * SKB_BULK_FULL if @obj filled the run in place *@i, for skb_bulk_stack_full().
 */
static __always_inline enum skb_bulk_pushed
skb_bulk_stack_try_push(struct skb_bulk_stack *s, u64 page, void *obj, unsigned long *i)
{
	void **top;

	*i = page & s->mask;
	if (unlikely(s->slab[*i] != page))
		return SKB_BULK_NOT_PUSHED;
	top = s->top[*i];
	*top++ = obj;
	s->top[*i] = top;
	return unlikely(!((unsigned long)top & s->full)) ? SKB_BULK_FULL : SKB_BULK_PUSHED;
}

/* Context: BH disabled, the CPU's lock held */
static __always_inline void skb_bulk_stack_push(struct skb_bulk_stack *s, void *obj, const union skb_bulk_slab *slab)
{
	u64 page = skb_bulk_slab_page(obj, slab);
	unsigned long i;
	enum skb_bulk_pushed pushed = skb_bulk_stack_try_push(s, page, obj, &i);

	if (pushed == SKB_BULK_NOT_PUSHED)
		skb_bulk_stack_push_slow(s, page, obj, slab);
	else if (pushed == SKB_BULK_FULL)
		skb_bulk_stack_full(s, i);
}

#endif
