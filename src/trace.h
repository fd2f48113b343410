/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of skb_bulk: what was stacked, flushed, refilled, queued from IRQ context, handed to the kernel. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM skb_bulk

#if !defined(SKB_BULK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SKB_BULK_TRACE_H

#include <linux/skbuff.h>
#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(skb_bulk_skb,
	TP_PROTO(const struct sk_buff *skb),
	TP_ARGS(skb),
	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(const void *, head)
		__field(unsigned int, len)
		__field(unsigned int, truesize)
	),
	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->head = skb->head;
		__entry->len = skb->len;
		__entry->truesize = skb->truesize;
	),
	TP_printk("skbaddr=%p head=%p len=%u truesize=%u",
		  __entry->skbaddr, __entry->head, __entry->len, __entry->truesize)
);

DEFINE_EVENT(skb_bulk_skb, consume, TP_PROTO(const struct sk_buff *skb), TP_ARGS(skb));
DEFINE_EVENT(skb_bulk_skb, defer, TP_PROTO(const struct sk_buff *skb), TP_ARGS(skb));

TRACE_EVENT(hand_over,
	TP_PROTO(const struct sk_buff *skb, unsigned int reason),
	TP_ARGS(skb, reason),
	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(unsigned int, reason)
	),
	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->reason = reason;
	),
	TP_printk("skbaddr=%p reason=%u", __entry->skbaddr, __entry->reason)
);

TRACE_EVENT(flush,
	TP_PROTO(bool heads, unsigned long slab, unsigned int nr),
	TP_ARGS(heads, slab, nr),
	TP_STRUCT__entry(
		__field(bool, heads)
		__field(unsigned long, slab)
		__field(unsigned int, nr)
	),
	TP_fast_assign(
		__entry->heads = heads;
		__entry->slab = slab;
		__entry->nr = nr;
	),
	TP_printk("stack=%s slab=%lx nr=%u", __entry->heads ? "head" : "data", __entry->slab, __entry->nr)
);

TRACE_EVENT(refill,
	TP_PROTO(unsigned int nr),
	TP_ARGS(nr),
	TP_STRUCT__entry(__field(unsigned int, nr)),
	TP_fast_assign(__entry->nr = nr;),
	TP_printk("nr=%u", __entry->nr)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
