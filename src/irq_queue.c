// SPDX-License-Identifier: GPL-2.0
/* skbs freed where softirq work must not be done: queued per CPU, consumed by a tasklet. */
#include <linux/export.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "cpu.h"
#include "skb_bulk.h"
#include "trace.h"

/* the link is the skb's own next pointer, its first member */
static_assert(offsetof(struct sk_buff, next) == 0);
static_assert(sizeof(struct llist_node) == sizeof(struct sk_buff *));

static void consume_list(struct llist_node *list)
{
	struct llist_node *node, *next;

	/* the list is newest first */
	llist_for_each_safe(node, next, llist_reverse_order(list)) {
		struct sk_buff *skb = (struct sk_buff *)node;

		skb->next = NULL;
		skb_bulk_napi_consume(skb, 1);
	}
}

static void irq_queue_run(struct tasklet_struct *t)
{
	struct skb_bulk_cpu *c = container_of(t, struct skb_bulk_cpu, irq_tasklet);

	/* a CPU that went offline has its tasklet run elsewhere: the list is all that is touched of @c */
	consume_list(llist_del_all(&c->irq_queue));
}

void skb_bulk_irq_queue_init(struct skb_bulk_cpu *c)
{
	init_llist_head(&c->irq_queue);
	tasklet_setup(&c->irq_tasklet, irq_queue_run);
}

/* no caller is left; what is queued is consumed before this returns */
void skb_bulk_irq_queue_exit(struct skb_bulk_cpu *c)
{
	tasklet_kill(&c->irq_tasklet);
	local_bh_disable();
	consume_list(llist_del_all(&c->irq_queue));
	local_bh_enable();
}

/**
 * skb_bulk_consume_irq() - free an skb from hard IRQ context or with IRQs off
 * @skb: the buffer, not NULL
 *
 * Queues @skb on this CPU; a softirq consumes it as skb_bulk_napi_consume() would.
 *
 * Context: any but NMI.
 * Takes the caller's reference to @skb.
 */
void skb_bulk_consume_irq(struct sk_buff *skb)
{
	struct skb_bulk_cpu *c;
	unsigned long flags;

	if (!static_branch_likely(&skb_bulk_mode_bulk)) {
		dev_consume_skb_irq(skb);
		return;
	}
	/* somebody else's reference: nothing is freed here, and @skb->next is not ours to link */
	if (unlikely(refcount_read(&skb->users) != 1)) {
		this_cpu_inc(skb_bulk_cpu->handed[SKB_BULK_SHARED]);
		trace_hand_over(skb, SKB_BULK_SHARED);
		dev_consume_skb_irq(skb);
		return;
	}
	local_irq_save(flags);
	c = this_cpu_ptr(skb_bulk_cpu);
	this_cpu_inc(skb_bulk_cpu->deferred);
	trace_defer(skb);
	if (llist_add((struct llist_node *)skb, &c->irq_queue))
		tasklet_schedule(&c->irq_tasklet);
	local_irq_restore(flags);
}
EXPORT_SYMBOL_GPL(skb_bulk_consume_irq);

/**
 * skb_bulk_consume_any() - free an skb from any context
 * @skb: the buffer, or NULL
 *
 * In hard IRQ context or with IRQs off this is skb_bulk_consume_irq(), elsewhere @skb is consumed at once.
 *
 * Context: any but NMI.
 * Takes the caller's reference to @skb.
 */
void skb_bulk_consume_any(struct sk_buff *skb)
{
	if (unlikely(!skb))
		return;
	if (!static_branch_likely(&skb_bulk_mode_bulk)) {
		dev_consume_skb_any(skb);
	} else if (hardirq_count() || irqs_disabled()) {
		skb_bulk_consume_irq(skb);
	} else {
		local_bh_disable();
		skb_bulk_consume_softirq(skb);
		local_bh_enable();
	}
}
EXPORT_SYMBOL_GPL(skb_bulk_consume_any);
