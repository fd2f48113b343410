// SPDX-License-Identifier: GPL-2.0
/* Heads that are kept for received packets, in whatever order they came, and how those take them. */
#include <linux/gfp.h>
#include <linux/minmax.h>

#include "cpu.h"
#include "run.h"

/* of a kept run, or the open one */
static void flush_slots(struct skb_bulk_stack *s, unsigned int run, unsigned int nr, enum skb_bulk_flush_reason reason)
{
	give_back_slots(s, run, slots(s, run, s->kept_limit), nr, 0, reason);
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
bool skb_bulk_kept_take_run(struct skb_bulk_stack *s, unsigned long i)
{
	if (!may_keep(s))
		return false;
	s->kept[s->kept_nr++] = s->run[i];
	leave(s, i);
	return true;
}

/* a run to put kept objects into one by one. Return: whether there may be another. */
static bool open_another(struct skb_bulk_stack *s)
{
	if (!may_keep(s) || s->free_nr < 2)
		return false;
	if (!s->watched)
		skb_bulk_idle_start();
	if (s->open_nr)
		s->kept[s->kept_nr++] = s->open;
	s->open = s->free[--s->free_nr];
	s->open_nr = 0;
	return true;
}

/* the open run takes no more, or there is none */
static noinline void keep_in_another(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	if (!open_another(s))
		return skb_bulk_stack_push_unkept(s, page, obj, slab);
	slots(s, s->open, s->kept_limit)[s->open_nr++] = obj;
}

/* a pop has waited: @obj is kept for the next one, whatever slab page it is of */
void skb_bulk_kept_push(struct skb_bulk_stack *s, u64 page, void *obj, const union skb_bulk_slab *slab)
{
	if (unlikely(!s->open_nr || s->open_nr == s->kept_limit))
		return keep_in_another(s, page, obj, slab);
	slots(s, s->open, s->kept_limit)[s->open_nr++] = obj;
}

/* all goes back, and nothing is kept until a pop finds nothing again */
void skb_bulk_kept_drain(struct skb_bulk_stack *s, enum skb_bulk_flush_reason reason)
{
	s->wanted = false;
	flush_kept(s, s->kept_nr, reason);
	flush_open(s, reason);
}

/* gives back what no pop needed since the last call. Return: whether anything is left. */
bool skb_bulk_kept_age(struct skb_bulk_stack *s)
{
	if (s->popped)
		flush_kept(s, s->kept_low, SKB_BULK_FLUSH_IDLE);
	else
		skb_bulk_kept_drain(s, SKB_BULK_FLUSH_IDLE);
	s->popped = false;
	s->kept_low = s->kept_nr;
	return s->kept_nr || s->open_nr;
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
	void *obj = slots(s, s->open, s->kept_limit)[--s->open_nr];

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
		if (run_nr(s, i) == 1) {
			s->free[s->free_nr++] = s->run[i];
			leave(s, i);
		} else {
			s->top[i]--;
		}
		return take(s, obj);
	}
}

/* Return: an object, after a run was allocated; NULL if there is no memory. The stack is empty, and may be refilled. */
void *skb_bulk_stack_refill(struct skb_bulk_stack *s, struct kmem_cache *cache)
{
	unsigned int run = s->free[s->free_nr - 1];
	/* all or nothing; what failure returns is false or 0 */
	bool got = kmem_cache_alloc_bulk(cache, GFP_ATOMIC | __GFP_NOWARN, s->kept_limit, slots(s, run, s->kept_limit));

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
