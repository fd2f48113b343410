/* SPDX-License-Identifier: GPL-2.0 */
/* The interface of skb_bulk.ko: what a NAPI driver calls to free and reuse sk_buffs in bulk. */
#ifndef SKB_BULK_H
#define SKB_BULK_H

#include <linux/types.h>

struct sk_buff;
struct napi_struct;

/* what a driver's poll had of skb_bulk: skbs that were taken apart, heads that went out again */
struct skb_bulk_share {
	u64 consumed;
	u64 reused;
};

void skb_bulk_napi_consume(struct sk_buff *skb, int budget);
void skb_bulk_consume_any(struct sk_buff *skb);
void skb_bulk_consume_irq(struct sk_buff *skb);

struct sk_buff *skb_bulk_napi_build(void *data, unsigned int frag_size);
struct sk_buff *skb_bulk_napi_alloc(struct napi_struct *napi, unsigned int len);

struct skb_bulk_share skb_bulk_share_mark(void);
void skb_bulk_share_add(struct skb_bulk_share *to, const struct skb_bulk_share *mark);

void skb_bulk_flush(void);

#endif
