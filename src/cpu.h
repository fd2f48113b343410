/* SPDX-License-Identifier: GPL-2.0 */
/* What a CPU owns: one stack of heads, one of data, its counters, its queue from IRQ context, its idle work. */
#ifndef SKB_BULK_CPU_H
#define SKB_BULK_CPU_H

#include <linux/jump_label.h>
#include <linux/llist.h>
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "compat/compat.h"
#include "stack.h"

/* why an skb went to the kernel's own function */
enum skb_bulk_reason {
	SKB_BULK_SHARED,
	SKB_BULK_REMOTE,
	SKB_BULK_PAGE_POOL,
	SKB_BULK_ZEROCOPY,
	SKB_BULK_FRAG_LIST,
	SKB_BULK_REASONS
};

/* a data buffer larger than this goes to kfree(): no slab page holds it */
#define SKB_BULK_DATA_MAX	8192
#define SKB_BULK_END_MAX	SKB_WITH_OVERHEAD(SKB_BULK_DATA_MAX)

/* the data of one CPU's stack at most; its 1024 heads come to another 256 KiB */
#define SKB_BULK_DATA_BYTES	(768 << 10)

struct skb_bulk_cpu {
	struct compat_bh_lock lock;
	struct skb_bulk_stack head;
	struct skb_bulk_stack data;

	u64 consumed;		/* skbs taken apart */
	u64 handed[SKB_BULK_REASONS];
	u64 build_kernel;	/* heads that the kernel had to provide */
	u64 refills;
	u64 refill_failed;
	u64 budget_zero;	/* came from netpoll or the like */
	u64 deferred;		/* came through the queue below */

	/* pushed to in any context, emptied in softirq; only the list is touched by more than one CPU */
	struct llist_head irq_queue ____cacheline_aligned_in_smp;
	struct tasklet_struct irq_tasklet;

	struct delayed_work idle_work;
	bool shrink;		/* the idle work shall give back all */
	int cpu;
};

extern struct skb_bulk_cpu __percpu *skb_bulk_cpu;

/* of the head cache, and of the caches for data by skb_end_offset() / 128 */
extern union skb_bulk_slab skb_bulk_head_slab;
extern union skb_bulk_slab skb_bulk_data_slab[SKB_BULK_END_MAX / 128 + 1];

DECLARE_STATIC_KEY_TRUE(skb_bulk_mode_bulk);
DECLARE_STATIC_KEY_FALSE(skb_bulk_mode_any);
DECLARE_STATIC_KEY_FALSE(skb_bulk_remote_to_kernel);
DECLARE_STATIC_KEY_FALSE(skb_bulk_refill_in_bulk);

/* nothing but the module's own code may hold the lock, in BH context, for as long as it touches the stacks */
static __always_inline struct skb_bulk_cpu *skb_bulk_cpu_get(void)
{
	compat_bh_lock(&skb_bulk_cpu->lock);
	return this_cpu_ptr(skb_bulk_cpu);
}

static __always_inline void skb_bulk_cpu_put(void)
{
	compat_bh_unlock(&skb_bulk_cpu->lock);
}

static __always_inline unsigned int skb_bulk_data_size(const struct sk_buff *skb)
{
	return skb_end_offset(skb) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
}

void skb_bulk_drain_cpu(struct skb_bulk_cpu *c);
void skb_bulk_each_cpu(void (*fn)(struct skb_bulk_cpu *c, void *arg), void *arg);

void skb_bulk_consume_softirq(struct sk_buff *skb);

void skb_bulk_irq_queue_init(struct skb_bulk_cpu *c);
void skb_bulk_irq_queue_exit(struct skb_bulk_cpu *c);

extern unsigned int skb_bulk_idle_ms;
int skb_bulk_idle_init(void);
void skb_bulk_idle_exit(void);
void skb_bulk_idle_init_cpu(struct skb_bulk_cpu *c);
void skb_bulk_idle_cancel_cpu(struct skb_bulk_cpu *c);
void skb_bulk_idle_start(void);
void skb_bulk_idle_drain_soon(struct skb_bulk_cpu *c);
void skb_bulk_idle_settle(void);

int skb_bulk_shrinker_init(void);
void skb_bulk_shrinker_exit(void);

extern unsigned int skb_bulk_depth;
void skb_bulk_params_ready(void);
void skb_bulk_params_exit(void);

void skb_bulk_counters_init(void);
void skb_bulk_counters_exit(void);

#endif
