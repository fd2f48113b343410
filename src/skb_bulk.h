/* SPDX-License-Identifier: GPL-2.0 */
/* The interface of skb_bulk.ko: what a NAPI driver calls to free and reuse sk_buffs in bulk. */
#ifndef SKB_BULK_H
#define SKB_BULK_H

struct sk_buff;
struct napi_struct;

void skb_bulk_napi_consume(struct sk_buff *skb, int budget);
void skb_bulk_consume_any(struct sk_buff *skb);
void skb_bulk_consume_irq(struct sk_buff *skb);

struct sk_buff *skb_bulk_napi_build(void *data, unsigned int frag_size);
struct sk_buff *skb_bulk_napi_alloc(struct napi_struct *napi, unsigned int len);

void skb_bulk_flush(void);

#endif
