// SPDX-License-Identifier: GPL-2.0
/* The hot path: an skb whose packet was sent is taken apart, its head and its data are stacked. */
#include <linux/export.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "cpu.h"
#include "skb_bulk.h"
#include "trace.h"

static __always_inline const union skb_bulk_slab *data_slab(unsigned int end)
{
	return &skb_bulk_data_slab[end / 128];
}

/* references that a stacked head must not hold */
static __always_inline bool skb_has_state(const struct sk_buff *skb)
{
	unsigned long state = skb->_skb_refdst | (unsigned long)skb->destructor;

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	state |= skb->_nfct;
#endif
	return state;
}

static __always_inline void skb_release_state(struct sk_buff *skb)
{
	skb_dst_drop(skb);
	if (likely(skb->destructor)) {
		skb->destructor(skb);
		skb->destructor = NULL;
		skb->sk = NULL;
	}
	nf_reset_ct(skb);
	skb_ext_reset(skb);
}

/*
 * @share: what @skb counts for among those that use its data. Return: whether other clones keep the data; if none does it is
 * @skb's alone, as if there had never been any.
 */
static __always_inline bool skb_leave_data(struct sk_buff *skb, int share)
{
	atomic_t *dataref = &skb_shinfo(skb)->dataref;

	/* pairs with the barrier in another clone's atomic_sub_and_test() */
	if (atomic_read_acquire(dataref) != share && !atomic_sub_and_test(share, dataref))
		return true;
	skb->cloned = 0;
	return false;
}

static noinline void skb_release_frags(struct sk_buff *skb)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	skb_frag_t *frag = shinfo->frags;
	skb_frag_t *end = frag + shinfo->nr_frags;

	do
		compat_frag_unref(frag);
	while (++frag < end);
}

static noinline void hand_over_traced(struct sk_buff *skb, enum skb_bulk_reason reason)
{
	trace_hand_over(skb, reason);
	napi_consume_skb(skb, 1);
}

/* counts why, then the kernel's own function; @skb is still whole, with the caller's reference */
static __always_inline void hand_over(struct sk_buff *skb, enum skb_bulk_reason reason)
{
	this_cpu_inc(skb_bulk_cpu->handed[reason]);
	if (trace_hand_over_enabled())
		hand_over_traced(skb, reason);
	else
		napi_consume_skb(skb, 1);
}

/* Return: whether @skb's data is left to be stacked */
static bool skb_release_data(struct sk_buff *skb)
{
	if (skb_shinfo(skb)->nr_frags)
		skb_release_frags(skb);
	if (skb->head_frag)
		skb_free_frag(skb->head);
	else if (COMPAT_SHEAVES || skb_end_offset(skb) > SKB_BULK_END_MAX)
		kfree(skb->head);
	else
		return true;
	return false;
}

/* of an skb whose head is not stacked */
static noinline void stack_data_alone(struct sk_buff *skb)
{
	const union skb_bulk_slab *slab = data_slab(skb_end_offset(skb));
	struct skb_bulk_cpu *c = skb_bulk_cpu_get();

	c->consumed++;
	c->head.elsewhere++;
	c->data.room -= slab->size;
	skb_bulk_stack_push(&c->data, skb->head, slab);
	if (unlikely(c->data.room < 0))
		skb_bulk_stack_shed(&c->data);
	skb_bulk_cpu_put();
}

static noinline void hand_over_shared(struct sk_buff *skb)
{
	hand_over(skb, SKB_BULK_SHARED);
}

static noinline void hand_over_remote(struct sk_buff *skb)
{
	hand_over(skb, SKB_BULK_REMOTE);
}

static noinline void hand_over_odd(struct sk_buff *skb)
{
	if (compat_skb_pp_recycle(skb))
		hand_over(skb, SKB_BULK_PAGE_POOL);
	else if (skb_zcopy(skb))
		hand_over(skb, SKB_BULK_ZEROCOPY);
	else
		hand_over(skb, SKB_BULK_FRAG_LIST);
}

/* TCP's skbs are in pairs: the head goes back to its pair, and that to SLUB when the other one is there */
static void skb_release_fclone(struct sk_buff *skb)
{
	struct sk_buff_fclones *pair;

	if (skb->fclone == SKB_FCLONE_ORIG)
		pair = container_of(skb, struct sk_buff_fclones, skb1);
	else
		pair = container_of(skb, struct sk_buff_fclones, skb2);
	if (refcount_dec_and_test(&pair->fclone_ref))
		kfree(pair);
}

/* the end of the common way, and what it leaves to do once for many skbs: claim a run, give a full one back */
static noinline void claim_head(struct skb_bulk_cpu *c, u64 page, struct sk_buff *skb, void *data)
{
	skb_bulk_stack_push_slow(&c->head, page, skb, &skb_bulk_head_slab);
	skb_bulk_cpu_put();
	if (COMPAT_SHEAVES && data)
		kfree(data);
}

static noinline void full_head(struct skb_bulk_cpu *c, unsigned long run, void *data)
{
	skb_bulk_stack_full(&c->head, run);
	skb_bulk_cpu_put();
	if (COMPAT_SHEAVES && data)
		kfree(data);
}

static __always_inline void stack_head(struct skb_bulk_cpu *c, struct sk_buff *skb, void *data)
{
	/* heads are all of one class, which needs not be told */
	u64 page = (unsigned long)skb >> skb_bulk_head_slab.shift;
	unsigned long run;
	enum skb_bulk_pushed pushed = skb_bulk_stack_try_push(&c->head, page, skb, &run);

	if (unlikely(pushed == SKB_BULK_NOT_PUSHED))
		return claim_head(c, page, skb, data);
	if (unlikely(pushed == SKB_BULK_FULL))
		return full_head(c, run, data);
	skb_bulk_cpu_put();
	if (COMPAT_SHEAVES && data)
		kfree(data);
}

static __always_inline bool skb_is_odd(struct sk_buff *skb)
{
	return compat_skb_pp_recycle(skb) || skb_zcopy(skb) || skb_shinfo(skb)->frag_list;
}

/* nothing is left of @skb but its head */
static __always_inline void stack_bare_head(struct sk_buff *skb)
{
	struct skb_bulk_cpu *c = skb_bulk_cpu_get();

	c->consumed++;
	c->data.elsewhere++;
	if (!skb->fclone)
		return stack_head(c, skb, NULL);
	c->head.elsewhere++;
	skb_bulk_cpu_put();
	skb_release_fclone(skb);
}

static noinline void claim_data_stack_head(struct skb_bulk_cpu *c, u64 page, struct sk_buff *skb, void *data)
{
	skb_bulk_stack_push_slow(&c->data, page, data, data_slab(skb_end_offset(skb)));
	stack_head(c, skb, data);
}

static noinline void full_data_stack_head(struct skb_bulk_cpu *c, unsigned long run, struct sk_buff *skb, void *data)
{
	skb_bulk_stack_full(&c->data, run);
	stack_head(c, skb, data);
}

/* @skb's data, charged already, overdrew what the stack may hold, or data goes back one at a time */
static noinline void overdrawn(struct skb_bulk_cpu *c, struct sk_buff *skb, void *data)
{
	const union skb_bulk_slab *slab = data_slab(skb_end_offset(skb));

	if (!c->data.single) {
		skb_bulk_stack_push(&c->data, data, slab);
		skb_bulk_stack_shed(&c->data);
		return stack_head(c, skb, data);
	}
	skb_bulk_stack_give_back_one(&c->data, data, slab);
	stack_head(c, skb, NULL);
}

/* linear data and nothing else: each call in here is the last thing done, so that no stack frame is needed */
static __always_inline void stack_both(struct sk_buff *skb)
{
	struct skb_bulk_cpu *c = skb_bulk_cpu_get();
	unsigned int end = skb_end_offset(skb);
	const union skb_bulk_slab *slab;
	enum skb_bulk_pushed pushed;
	void *data = skb->head;
	unsigned long run;
	u64 page;

	c->consumed++;
	if (COMPAT_SHEAVES) {
		c->data.elsewhere++;
		return stack_head(c, skb, data);
	}

	slab = data_slab(end);
	c->data.room -= slab->size;
	if (unlikely(c->data.room < 0))
		return overdrawn(c, skb, data);
	page = skb_bulk_slab_page(data, slab);
	pushed = skb_bulk_stack_try_push(&c->data, page, data, &run);
	if (unlikely(pushed == SKB_BULK_NOT_PUSHED))
		return claim_data_stack_head(c, page, skb, data);
	if (unlikely(pushed == SKB_BULK_FULL))
		return full_data_stack_head(c, run, skb, data);
	stack_head(c, skb, data);
}

/* what a driver received and a router sent on: the data is part of a page */
static noinline void consume_page_frag(struct sk_buff *skb)
{
	skb_free_frag(skb->head);
	stack_bare_head(skb);
}

/* linear data of a socket, or with a route or a connection, which a stacked head shall not keep */
static noinline void consume_with_state(struct sk_buff *skb)
{
	skb_release_state(skb);
	/* a destructor may have taken the data away */
	if (unlikely(!skb->head))
		return stack_bare_head(skb);
	if (skb->head_frag)
		return consume_page_frag(skb);
	stack_both(skb);
}

/* fragments are gone, and what is left is a head with its data, or one of a pair, or a head alone */
static __always_inline void stack_rest(struct sk_buff *skb, bool data)
{
	if (!data)
		return stack_bare_head(skb);
	if (!skb->fclone)
		return stack_both(skb);
	stack_data_alone(skb);
	skb_release_fclone(skb);
}

/* The last one of odd data is handed over, and that event tells of it. One that becomes the last meanwhile is told of twice. */
static noinline void trace_cloned(struct sk_buff *skb)
{
	if (skb_cloned(skb) || !skb_is_odd(skb))
		trace_consume(skb);
}

/* the data is nobody else's any more */
static noinline void consume_last_clone(struct sk_buff *skb)
{
	if (unlikely(skb_is_odd(skb)))
		return hand_over_odd(skb);
	stack_rest(skb, skb_release_data(skb));
}

static __always_inline void leave_or_consume(struct sk_buff *skb, int share)
{
	if (likely(skb_leave_data(skb, share)))
		stack_bare_head(skb);
	else
		consume_last_clone(skb);
}

/* as TCP sends, and all others with more than their data to leave */
static noinline void consume_uncommon_clone(struct sk_buff *skb)
{
	if (trace_consume_enabled())
		trace_cloned(skb);
	skb_release_state(skb);
	if (unlikely(!skb->head))
		stack_bare_head(skb);
	else if (unlikely(skb->nohdr))
		leave_or_consume(skb, (1 << SKB_DATAREF_SHIFT) + 1);
	else
		leave_or_consume(skb, 1);
}

static noinline void consume_cloned(struct sk_buff *skb)
{
	if (skb_has_state(skb) || compat_skb_extensions(skb) || skb->nohdr || trace_consume_enabled())
		return consume_uncommon_clone(skb);
	leave_or_consume(skb, 1);
}

static noinline void consume_uncommon_with_state(struct sk_buff *skb)
{
	trace_consume(skb);
	skb_release_state(skb);
	stack_rest(skb, likely(skb->head) && skb_release_data(skb));
}

/* what has more than linear data, and whatever is traced */
static noinline void consume_uncommon(struct sk_buff *skb)
{
	if (unlikely(skb_is_odd(skb)))
		return hand_over_odd(skb);

	if (trace_consume_enabled() || skb_has_state(skb) || compat_skb_extensions(skb))
		return consume_uncommon_with_state(skb);
	stack_rest(skb, skb_release_data(skb));
}

/* Context: softirq, IRQs on. Takes the caller's reference. */
static __always_inline void consume(struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo;

	if (unlikely(refcount_read(&skb->users) != 1))
		return hand_over_shared(skb);
	if (static_branch_unlikely(&skb_bulk_remote_to_kernel) && compat_skb_remote(skb))
		return hand_over_remote(skb);
	/* sees all that was written before the other references were dropped: pairs with the one in skb_unref() */
	smp_rmb();

	shinfo = skb_shinfo(skb);
	if (skb->cloned || skb->fclone || compat_skb_pp_recycle(skb) || compat_skb_extensions(skb) ||
	    (shinfo->nr_frags | compat_shinfo_flags(shinfo)) || shinfo->frag_list ||
	    skb_end_offset(skb) > SKB_BULK_END_MAX || trace_consume_enabled())
		return skb->cloned ? consume_cloned(skb) : consume_uncommon(skb);
	if (skb_has_state(skb))
		return consume_with_state(skb);
	if (skb->head_frag)
		return consume_page_frag(skb);
	stack_both(skb);
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

static noinline void consume_without_budget(struct sk_buff *skb)
{
	if (skb)
		this_cpu_inc(skb_bulk_cpu->budget_zero);
	skb_bulk_consume_any(skb);
}

/**
 * skb_bulk_napi_consume() - free an skb whose packet was sent, in bulk if it can be
 * @skb: the buffer, or NULL
 * @budget: what the core passed to the NAPI poll function; 0 if the caller is not in NAPI context (netpoll)
 *
 * What napi_consume_skb() does, with head and data gathered by slab page and given back to SLUB many at a time. An skb
 * that is shared, zero-copy or of a page pool goes to the kernel's own function.
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
		consume_without_budget(skb);
}
EXPORT_SYMBOL_GPL(skb_bulk_napi_consume);
