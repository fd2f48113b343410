// SPDX-License-Identifier: GPL-2.0
/* The hot path: an skb whose packet was sent is taken apart, its head and its data are stacked. */
#include <linux/export.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "cpu.h"
#include "skb_bulk.h"
#include "trace.h"

/* a bit or pointer that makes an skb more than a head with its own linear data */
static __always_inline bool skb_is_odd(const struct sk_buff *skb)
{
	return skb->cloned | (skb->fclone != SKB_FCLONE_UNAVAILABLE) | compat_skb_pp_recycle(skb);
}

static __always_inline bool skb_has_head_state(const struct sk_buff *skb)
{
	unsigned long state = skb->_skb_refdst | (unsigned long)skb->destructor;

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	state |= skb->_nfct;
#endif
#ifdef CONFIG_SKB_EXTENSIONS
	state |= skb->active_extensions;
#endif
	return state;
}

/* all that a stacked head must not hold on to: route, socket, conntrack, extensions */
static noinline void skb_release_state(struct sk_buff *skb)
{
	skb_dst_drop(skb);
	if (skb->destructor) {
		skb->destructor(skb);
		skb->destructor = NULL;
		skb->sk = NULL;
	}
	nf_reset_ct(skb);
	skb_ext_put(skb);
}

static noinline void skb_release_frags(struct sk_buff *skb)
{
	unsigned int i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		skb_frag_unref(skb, i);
}

/* counts why, then the kernel's own function; @skb is still whole, with the caller's reference */
void skb_bulk_hand_over(struct sk_buff *skb, enum skb_bulk_reason reason)
{
	this_cpu_inc(skb_bulk_cpu->handed[reason]);
	trace_hand_over(skb, reason);
	napi_consume_skb(skb, 1);
}

static noinline void hand_over_odd(struct sk_buff *skb)
{
	enum skb_bulk_reason reason = SKB_BULK_PAGE_POOL;

	if (skb->fclone != SKB_FCLONE_UNAVAILABLE)
		reason = SKB_BULK_FCLONE;
	else if (skb->cloned)
		reason = SKB_BULK_CLONE;
	skb_bulk_hand_over(skb, reason);
}

static noinline void hand_over_tail(struct sk_buff *skb)
{
	skb_bulk_hand_over(skb, skb_zcopy(skb) ? SKB_BULK_ZEROCOPY : SKB_BULK_FRAG_LIST);
}

/* data that no stack takes */
static noinline void free_data_alone(struct skb_bulk_cpu *c, struct sk_buff *skb)
{
	c->data_single++;
	if (skb->head_frag)
		skb_free_frag(skb->head);
	else
		kfree(skb->head);
}

/* Context: softirq, IRQs on. Takes the caller's reference. */
static __always_inline void consume(struct sk_buff *skb)
{
	struct skb_shared_info *shinfo;
	struct skb_bulk_cpu *c;
	unsigned int size;

	if (unlikely(refcount_read(&skb->users) != 1)) {
		skb_bulk_hand_over(skb, SKB_BULK_SHARED);
		return;
	}
	/* sees all that was written before the other references were dropped: pairs with the one in skb_unref() */
	smp_rmb();
	if (unlikely(skb_is_odd(skb))) {
		hand_over_odd(skb);
		return;
	}
	shinfo = skb_shinfo(skb);
	if (unlikely(shinfo->frag_list || skb_zcopy(skb))) {
		hand_over_tail(skb);
		return;
	}

	trace_consume(skb);
	if (skb_has_head_state(skb))
		skb_release_state(skb);
	if (shinfo->nr_frags)
		skb_release_frags(skb);

	c = skb_bulk_cpu_get();
	size = skb_end_offset(skb) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	if (unlikely(skb->head_frag || size > SKB_BULK_DATA_MAX))
		free_data_alone(c, skb);
	else
		skb_bulk_stack_push(&c->data, skb->head, skb_bulk_data_shift[(size - 1) / 128], size);
	skb_bulk_stack_push(&c->head, skb, skb_bulk_head_shift, sizeof(struct sk_buff));
	skb_bulk_cpu_put();
}

void skb_bulk_consume_softirq(struct sk_buff *skb)
{
	consume(skb);
}

/* the modes in which the module only passes on */
static noinline void consume_as_kernel(struct sk_buff *skb, int budget)
{
	if (static_branch_unlikely(&skb_bulk_mode_any))
		dev_consume_skb_any(skb);
	else
		napi_consume_skb(skb, budget);
}

/**
 * skb_bulk_napi_consume() - free an skb whose packet was sent, in bulk if it can be
 * @skb: the buffer, or NULL
 * @budget: what the core passed to the NAPI poll function; 0 if the caller is not in NAPI context (netpoll)
 *
 * What napi_consume_skb() does, with head and data gathered by slab page and given back to SLUB many at a time. An skb
 * that is shared, cloned, zero-copy or of a page pool goes to napi_consume_skb() itself.
 *
 * Context: NAPI poll (softirq, IRQs on) if @budget is not 0, else any but NMI.
 * Takes the caller's reference to @skb.
 */
void skb_bulk_napi_consume(struct sk_buff *skb, int budget)
{
	if (!static_branch_likely(&skb_bulk_mode_bulk))
		consume_as_kernel(skb, budget);
	else if (likely(budget && skb))
		consume(skb);
	else
		skb_bulk_consume_any(skb);
}
EXPORT_SYMBOL_GPL(skb_bulk_napi_consume);
