// SPDX-License-Identifier: GPL-2.0
/* A driver's share of what a CPU does, taken from the CPU's counters once a poll. */
#include <linux/export.h>

#include "cpu.h"
#include "skb_bulk.h"

/**
 * skb_bulk_share_mark() - begin to count for a driver
 *
 * Context: NAPI poll (softirq), before the first skb.
 * Return: where this CPU's counters stand, for skb_bulk_share_add().
 */
struct skb_bulk_share skb_bulk_share_mark(void)
{
	const struct skb_bulk_cpu *c = this_cpu_ptr(skb_bulk_cpu);

	return (struct skb_bulk_share) { .consumed = c->consumed, .reused = c->head.reused };
}
EXPORT_SYMBOL_GPL(skb_bulk_share_mark);

/**
 * skb_bulk_share_add() - count what was done since a mark
 * @to: what the driver had so far; the caller's alone
 * @mark: what skb_bulk_share_mark() returned in the same poll
 *
 * Context: the same NAPI poll, while it still owns its instance.
 */
void skb_bulk_share_add(struct skb_bulk_share *to, const struct skb_bulk_share *mark)
{
	const struct skb_bulk_cpu *c = this_cpu_ptr(skb_bulk_cpu);

	/* on an RT kernel somebody may have reset the counters in the middle of a poll */
	if (unlikely(c->consumed < mark->consumed || c->head.reused < mark->reused))
		return;
	to->consumed += c->consumed - mark->consumed;
	to->reused += c->head.reused - mark->reused;
}
EXPORT_SYMBOL_GPL(skb_bulk_share_add);
