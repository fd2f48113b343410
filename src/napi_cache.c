// SPDX-License-Identifier: GPL-2.0
/* Bare heads for the cache that the kernel's NAPI functions keep, as many as it has room for. */
#include <linux/minmax.h>
#include <linux/skbuff.h>

#include "compat/compat.h"
#include "run.h"

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

/* the kernel's NAPI cache is taken to be empty */
static void expect_room(struct skb_bulk_stack *s)
{
	s->napi_room = SKB_BULK_NAPI_ROOM;
	s->napi_first = NULL;
	s->napi_missed = 0;
}

/*
 * alloc_skb() looks into the cache that napi_consume_skb() fills before it asks SLUB: heads that go there spare it that.
 * The cache has room for two runs; what overflows it goes to SLUB the dear way, and nobody outside the kernel can see
 * how full it is. But it is a stack: when the first of the heads that went there comes by again, the others were taken out, too,
 * and as many may follow. A first one that does not come again, since somebody else freed it, is given up when it has taken
 * twice as long as the one before, and later each time that this happens.
 * The heads are bare, so this frees nothing else. Return: how many of @nr are left for SLUB.
 */
unsigned int skb_bulk_fill_napi_cache(struct skb_bulk_stack *s, void **obj, unsigned int nr)
{
	unsigned int left, i;

	/* the one that the run keeps may be it */
	if (among(obj - 1, nr + 1, s->napi_first)) {
		s->napi_patience = min_t(unsigned int, 2 * s->napi_missed + SKB_BULK_NAPI_PATIENCE_MIN,
					 SKB_BULK_NAPI_PATIENCE_MAX);
		expect_room(s);
	} else if (!s->napi_room && ++s->napi_missed >= s->napi_patience) {
		s->napi_patience = min_t(unsigned int, 2 * s->napi_patience + 1, SKB_BULK_NAPI_PATIENCE_MAX);
		expect_room(s);
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
