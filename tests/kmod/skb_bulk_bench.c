// SPDX-License-Identifier: GPL-2.0
/* Measures what freeing an skb costs: allocates a batch, puts it in an order, times its free in BH context. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "skb_bulk.h"

#define WARM_UP		5
#define FLOWS		8

static unsigned int nr = 512;
module_param(nr, uint, 0444);
MODULE_PARM_DESC(nr, "skbs that are out at a time, as in a ring of that size");

static unsigned int rounds = 20;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "rounds that are measured and averaged");

static struct sk_buff **skbs, **scratch;
static u32 seed;

/* the same order in each run */
static u32 next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void in_order(void)
{
}

/* completions of several queues, each in order */
static void by_flows(void)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		scratch[i] = skbs[i % FLOWS * (nr / FLOWS) + i / FLOWS];
	memcpy(skbs, scratch, nr * sizeof(*skbs));
}

static void shuffled(void)
{
	unsigned int i;

	for (i = nr - 1; i; i--) {
		unsigned int j = next_random() % (i + 1);

		swap(skbs[i], skbs[j]);
	}
}

static const struct {
	const char *name;
	void (*apply)(void);
} order[] = { { "in-order", in_order }, { "flows", by_flows }, { "shuffled", shuffled } };

static void free_nothing(struct sk_buff *skb, int budget)
{
}

static void free_any(struct sk_buff *skb, int budget)
{
	dev_consume_skb_any(skb);
}

enum { NOTHING, ANY, STOCK, BULK, METHODS };

static void (* const method[METHODS])(struct sk_buff *skb, int budget) = {
	[NOTHING] = free_nothing, [ANY] = free_any, [STOCK] = napi_consume_skb, [BULK] = skb_bulk_napi_consume,
};

struct cost {
	u64 alloc;
	u64 free;
};

static int one_round(unsigned int size, unsigned int o, unsigned int m, struct cost *cost)
{
	unsigned int i;
	u64 start;

	start = ktime_get_ns();
	for (i = 0; i < nr; i++) {
		skbs[i] = alloc_skb(size, GFP_KERNEL);
		if (!skbs[i])
			goto no_memory;
	}
	cost->alloc += ktime_get_ns() - start;

	order[o].apply();
	local_bh_disable();
	start = ktime_get_ns();
	for (i = 0; i < nr; i++)
		method[m](skbs[i], 64);
	cost->free += ktime_get_ns() - start;
	local_bh_enable();

	if (m == NOTHING)
		for (i = 0; i < nr; i++)
			consume_skb(skbs[i]);
	return 0;

no_memory:
	while (i--)
		consume_skb(skbs[i]);
	return -ENOMEM;
}

static int measure(unsigned int size, unsigned int o, unsigned int m, struct cost *cost)
{
	unsigned int round;
	int err = 0;

	seed = 1;
	for (round = 0; !err && round < WARM_UP + rounds; round++) {
		if (round == WARM_UP)
			memset(cost, 0, sizeof(*cost));
		err = one_round(size, o, m, cost);
		cond_resched();
	}
	skb_bulk_flush();
	cost->alloc = div_u64(cost->alloc, rounds * nr);
	cost->free = div_u64(cost->free, rounds * nr);
	return err;
}

/* one line a size and order: free and alloc+free, the empty loop taken off, for each method */
static int __init skb_bulk_bench_init(void)
{
	static const unsigned int sizes[] = { 64, 1000 };
	unsigned int s, o, m;
	int err = -ENOMEM;

	if (nr < FLOWS || nr % FLOWS || !rounds) {
		pr_err("nr has to be a multiple of %u, and rounds more than 0\n", FLOWS);
		return -EINVAL;
	}
	skbs = kvcalloc(nr, sizeof(*skbs), GFP_KERNEL);
	scratch = kvcalloc(nr, sizeof(*scratch), GFP_KERNEL);
	if (!skbs || !scratch)
		goto out;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (o = 0; o < ARRAY_SIZE(order); o++) {
			struct cost cost[METHODS] = {};

			for (m = 0; m < METHODS; m++) {
				err = measure(sizes[s], o, m, &cost[m]);
				if (err)
					goto out;
				cost[m].free -= m == NOTHING ? 0 : cost[NOTHING].free;
			}
			pr_info("result %u %s free %llu %llu %llu both %llu %llu %llu\n", sizes[s], order[o].name,
				cost[ANY].free, cost[STOCK].free, cost[BULK].free, cost[ANY].alloc + cost[ANY].free,
				cost[STOCK].alloc + cost[STOCK].free, cost[BULK].alloc + cost[BULK].free);
		}
	}
out:
	kvfree(skbs);
	kvfree(scratch);
	return err;
}
module_init(skb_bulk_bench_init);

/* all is done when it is loaded; this lets it be unloaded */
static void __exit skb_bulk_bench_exit(void)
{
}
module_exit(skb_bulk_bench_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the skb-bulk authors");
MODULE_DESCRIPTION("Measures what freeing an skb costs, one at a time and in bulk");
