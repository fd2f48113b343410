// SPDX-License-Identifier: GPL-2.0
/* Heads for received packets, from the stack that TX completion fills. */
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "cpu.h"
#include "skb_bulk.h"

/* new heads for an empty stack, if depth leaves them somewhere to go */
static noinline void *refill(struct skb_bulk_cpu *c)
{
	void *head;

	if (!skb_bulk_stack_refillable(&c->head))
		return NULL;
	head = skb_bulk_stack_refill(&c->head, compat_head_cache());
	if (head)
		c->refills++;
	else
		c->refill_failed++;
	return head;
}

/* many a port receives and hardly sends: then nothing is ever stacked, and finding that out has to cost next to nothing */
static __always_inline struct sk_buff *get_head(void)
{
	struct skb_bulk_cpu *c = skb_bulk_cpu_get();
	struct sk_buff *skb = NULL;

	if (likely(!skb_bulk_stack_empty(&c->head))) {
		skb = skb_bulk_stack_pop(&c->head);
	} else {
		c->head.wanted = true;
		if (static_branch_unlikely(&skb_bulk_refill_in_bulk))
			skb = refill(c);
		if (!skb)
			c->build_kernel++;
	}
	skb_bulk_cpu_put();
	if (likely(skb))
		memset(skb, 0, offsetof(struct sk_buff, tail));
	return skb;
}

/**
 * skb_bulk_napi_build() - build an skb around a received page fragment
 * @data: the fragment, from the page allocator
 * @frag_size: its size, struct skb_shared_info included
 *
 * What napi_build_skb() does, with a head that TX completion on this CPU left. Without one the kernel's function serves.
 *
 * Context: NAPI poll (softirq).
 * Return: the skb, which owns @data; NULL if there is no memory, and then @data is still the caller's.
 */
struct sk_buff *skb_bulk_napi_build(void *data, unsigned int frag_size)
{
	struct sk_buff *skb;

	if (static_branch_likely(&skb_bulk_mode_bulk)) {
		skb = likely(frag_size) ? get_head() : NULL;
		if (likely(skb))
			return build_skb_around(skb, data, frag_size);
	} else if (static_branch_unlikely(&skb_bulk_mode_any)) {
		return build_skb(data, frag_size);
	}
	return compat_napi_build_skb(data, frag_size);
}
EXPORT_SYMBOL_GPL(skb_bulk_napi_build);

/*
 * Data for a small packet: a slab object, since a fragment would pin a page many times its truesize. Its size is a
 * power of two, hence exactly what kmalloc() has.
 */
static struct sk_buff *alloc_small(unsigned int size)
{
	struct sk_buff *skb = get_head();
	void *data;

	if (unlikely(!skb))
		return NULL;
	data = kmalloc(size, GFP_ATOMIC | __GFP_NOWARN | __GFP_NOMEMALLOC);
	if (unlikely(!data)) {
		kfree(skb);
		return NULL;
	}
	build_skb_around(skb, data, size);
	skb->head_frag = 0;
	return skb;
}

static struct sk_buff *alloc_frag(unsigned int size)
{
	struct sk_buff *skb = get_head();
	void *data;

	if (unlikely(!skb))
		return NULL;
	data = napi_alloc_frag(size);
	if (unlikely(!data)) {
		kfree(skb);
		return NULL;
	}
	return build_skb_around(skb, data, size);
}

/**
 * skb_bulk_napi_alloc() - allocate an skb to receive into
 * @napi: the instance that polls
 * @len: room for this many bytes of packet
 *
 * What napi_alloc_skb() does, with a head that TX completion on this CPU left.
 *
 * Context: NAPI poll (softirq).
 * Return: the skb, with headroom reserved and its device set, or NULL if there is no memory.
 */
struct sk_buff *skb_bulk_napi_alloc(struct napi_struct *napi, unsigned int len)
{
	unsigned int size = SKB_DATA_ALIGN(len + NET_SKB_PAD + NET_IP_ALIGN) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct sk_buff *skb;

	if (!static_branch_likely(&skb_bulk_mode_bulk) || unlikely(size > PAGE_SIZE || sk_memalloc_socks()))
		return napi_alloc_skb(napi, len);

	skb = size <= 1024 ? alloc_small(roundup_pow_of_two(size)) : alloc_frag(size);
	if (unlikely(!skb))
		return napi_alloc_skb(napi, len);
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb->dev = napi->dev;
	return skb;
}
EXPORT_SYMBOL_GPL(skb_bulk_napi_alloc);
