// SPDX-License-Identifier: GPL-2.0
/* Many skbs at once: of several sizes or of one, freed in no order at all; or each with something that it holds. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/skbuff.h>

#include "skb_bulk.h"
#include "test.h"

#define MIX_MAX		4096
#define MIX_BATCH	64

/* each from another of kmalloc()'s caches, on all kernels and however large struct skb_shared_info is */
static const unsigned int lens[] = { 500, 1000, 3000, 7000 };

/* the same order in each run */
static u32 next_random(void)
{
	static u32 seed = 1;

	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void shuffle(struct sk_buff **skb, unsigned int nr)
{
	unsigned int i;

	for (i = nr - 1; i; i--) {
		unsigned int j = next_random() % (i + 1);

		swap(skb[i], skb[j]);
	}
}

/* as many polls as it takes */
static void consume_all(struct sk_buff **skb, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (i % MIX_BATCH == 0)
			local_bh_disable();
		skb_bulk_napi_consume(skb[i], 64);
		if (i % MIX_BATCH == MIX_BATCH - 1 || i == nr - 1) {
			local_bh_enable();
			cond_resched();
		}
	}
}

/* @nr skbs of @len bytes, or of all sizes if that is 0, @rounds times; on one CPU, if the caller sees to it */
int test_mix(unsigned int rounds, unsigned int nr, unsigned int len)
{
	struct sk_buff **skb;
	int err = 0;

	if (!nr || nr > MIX_MAX)
		return wrong("from 1 to %u skbs", MIX_MAX);
	skb = kvcalloc(nr, sizeof(*skb), GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	while (rounds-- && !err) {
		unsigned int i;

		for (i = 0; i < nr; i++) {
			skb[i] = alloc_skb(len ?: lens[i % ARRAY_SIZE(lens)], GFP_KERNEL);
			if (!skb[i]) {
				err = -ENOMEM;
				break;
			}
		}
		if (i)
			shuffle(skb, i);
		consume_all(skb, i);
	}
	kvfree(skb);
	return err;
}

static const struct skb_class *class_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_classes; i++)
		if (!strcmp(classes[i].name, name))
			return &classes[i];
	return NULL;
}

/*
 * Stacks full of heads each of which had a socket, a route, a connection or an xfrm state: the test's reference is the last
 * then, and dropping it is the end of each.
 */
int test_full(unsigned int nr)
{
	static const char * const name[] = { "socket", "dst", "conntrack", "extension" };
	unsigned int i, made = 0, skbs = 0;
	struct sk_buff **skb = NULL;
	struct made *m = NULL;
	int err = -ENOMEM;

	if (!nr || nr > MIX_MAX)
		return wrong("from 1 to %u skbs", MIX_MAX);
	m = kvcalloc(nr, sizeof(*m), GFP_KERNEL);
	skb = kvcalloc(nr, sizeof(*skb), GFP_KERNEL);
	if (!m || !skb)
		goto free;
	for (i = 0; i < nr; i++) {
		const struct skb_class *class = class_named(name[i % ARRAY_SIZE(name)]);

		/* a kernel without what it takes has no such class */
		if (!class)
			continue;
		err = class->make(&m[made]);
		if (err)
			break;
		m[made].class = class;
		skb[skbs++] = m[made++].skb[0];
	}
	if (skbs)
		shuffle(skb, skbs);
	consume_all(skb, skbs);
	for (i = 0; i < made && !err; i++)
		err = m[i].class->look(&m[i]);
	for (i = 0; i < made; i++)
		m[i].class->end(&m[i]);
free:
	kvfree(skb);
	kvfree(m);
	return err;
}
