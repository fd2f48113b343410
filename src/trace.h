/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints of skb_bulk: what was stacked, flushed, refilled, queued from IRQ context, handed to the kernel. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM skb_bulk

#if !defined(SKB_BULK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SKB_BULK_TRACE_H

#include <linux/skbuff.h>
#include <linux/tracepoint.h>

#include "cpu.h"

TRACE_DEFINE_ENUM(SKB_BULK_SHARED);
TRACE_DEFINE_ENUM(SKB_BULK_REMOTE);
TRACE_DEFINE_ENUM(SKB_BULK_PAGE_POOL);
TRACE_DEFINE_ENUM(SKB_BULK_ZEROCOPY);
TRACE_DEFINE_ENUM(SKB_BULK_FRAG_LIST);
TRACE_DEFINE_ENUM(SKB_BULK_FLUSH_FULL);
TRACE_DEFINE_ENUM(SKB_BULK_FLUSH_ROOM);
TRACE_DEFINE_ENUM(SKB_BULK_FLUSH_IDLE);
TRACE_DEFINE_ENUM(SKB_BULK_FLUSH_ALL);

DECLARE_EVENT_CLASS(skb_bulk_skb,
	TP_PROTO(const struct sk_buff *skb),
	TP_ARGS(skb),
	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(const void *, head)
		__field(unsigned int, len)
		__field(unsigned int, truesize)
		__field(bool, cloned)
		__field(u8, fclone)
		__field(u8, nr_frags)
	),
	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->head = skb->head;
		__entry->len = skb->len;
		__entry->truesize = skb->truesize;
		__entry->cloned = skb->cloned;
		__entry->fclone = skb->fclone;
		__entry->nr_frags = skb_shinfo(skb)->nr_frags;
	),
	TP_printk("skbaddr=%p head=%p len=%u truesize=%u cloned=%d fclone=%u nr_frags=%u",
		  __entry->skbaddr, __entry->head, __entry->len, __entry->truesize, __entry->cloned, __entry->fclone,
		  __entry->nr_frags)
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
	TP_printk("skbaddr=%p reason=%s", __entry->skbaddr,
		  __print_symbolic(__entry->reason,
				   { SKB_BULK_SHARED, "shared" },
				   { SKB_BULK_REMOTE, "remote" },
				   { SKB_BULK_PAGE_POOL, "page_pool" },
				   { SKB_BULK_ZEROCOPY, "zerocopy" },
				   { SKB_BULK_FRAG_LIST, "frag_list" }))
);

/* @obj is the first of @nr that are next to each other in a run: of one slab page where SLUB has no sheaves */
TRACE_EVENT(flush,
	TP_PROTO(bool heads, const void *obj, unsigned int nr, unsigned int reason),
	TP_ARGS(heads, obj, nr, reason),
	TP_STRUCT__entry(
		__field(bool, heads)
		__field(const void *, obj)
		__field(unsigned int, nr)
		__field(unsigned int, reason)
	),
	TP_fast_assign(
		__entry->heads = heads;
		__entry->obj = obj;
		__entry->nr = nr;
		__entry->reason = reason;
	),
	TP_printk("stack=%s obj=%p nr=%u reason=%s", __entry->heads ? "head" : "data", __entry->obj, __entry->nr,
		  __print_symbolic(__entry->reason,
				   { SKB_BULK_FLUSH_FULL, "full" },
				   { SKB_BULK_FLUSH_ROOM, "room" },
				   { SKB_BULK_FLUSH_IDLE, "idle" },
				   { SKB_BULK_FLUSH_ALL, "all" }))
);

TRACE_EVENT(refill,
	TP_PROTO(unsigned int wanted, unsigned int nr),
	TP_ARGS(wanted, nr),
	TP_STRUCT__entry(
		__field(unsigned int, wanted)
		__field(unsigned int, nr)
	),
	TP_fast_assign(
		__entry->wanted = wanted;
		__entry->nr = nr;
	),
	TP_printk("wanted=%u nr=%u", __entry->wanted, __entry->nr)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
