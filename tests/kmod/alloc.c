// SPDX-License-Identifier: GPL-2.0
/* What skb_bulk allocates, beside what the kernel's own functions do; heads that go round; heads that come back. */
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/sched.h>
#include <net/net_namespace.h>

#include "skb_bulk.h"
#include "test.h"

#define BURST_MAX	1024

/* leaves a head on this CPU's stack in which nothing is as a new skb has it */
static int leave_dirty_head(void)
{
	struct sk_buff *skb = alloc_skb(500, GFP_ATOMIC);

	if (!skb)
		return -ENOMEM;
	skb_put(skb, 100);
	memset(skb->cb, 0xff, sizeof(skb->cb));
	skb->mark = 1;
	skb->priority = 2;
	skb->hash = 3;
	skb->l4_hash = 1;
	skb->queue_mapping = 4;
	skb->vlan_tci = 5;
	skb->vlan_proto = htons(ETH_P_8021Q);
	skb->ip_summed = CHECKSUM_COMPLETE;
	skb->csum = 6;
	skb->csum_level = 3;
	skb->tstamp = 7;
	skb->pkt_type = PACKET_OTHERHOST;
	skb->ignore_df = 1;
	skb->pfmemalloc = 1;
	skb->encapsulation = 1;
	skb->protocol = htons(ETH_P_IP);
	skb->skb_iif = 8;
	skb->dev = init_net.loopback_dev;
	skb_set_mac_header(skb, 1);
	skb_set_network_header(skb, 2);
	skb_set_transport_header(skb, 3);
	skb_shinfo(skb)->gso_size = 9;
	skb_bulk_napi_consume(skb, 64);
	return 0;
}

/* are @ours and @theirs alike in all but where they are? */
static int alike(const struct sk_buff *ours, const struct sk_buff *theirs)
{
	const struct skb_shared_info *a = skb_shinfo(ours), *b = skb_shinfo(theirs);
	const u8 *x = (const u8 *)ours, *y = (const u8 *)theirs;
	unsigned int i;

	for (i = 0; i < offsetof(struct sk_buff, tail); i++)
		if (x[i] != y[i])
			return wrong("byte %u of the sk_buff is %02x, the kernel has %02x", i, x[i], y[i]);
	if (refcount_read(&ours->users) != 1)
		return wrong("%u users", refcount_read(&ours->users));
	if (skb_headroom(ours) != skb_headroom(theirs))
		return wrong("headroom %u, the kernel has %u", skb_headroom(ours), skb_headroom(theirs));
	if (ours->tail - (ours->data - ours->head) != theirs->tail - (theirs->data - theirs->head))
		return wrong("tail %u, the kernel has %u", ours->tail, theirs->tail);
	x = (const u8 *)a;
	y = (const u8 *)b;
	for (i = 0; i < offsetof(struct skb_shared_info, dataref); i++)
		if (x[i] != y[i])
			return wrong("byte %u of the shared info is %02x, the kernel has %02x", i, x[i], y[i]);
	if (atomic_read(&a->dataref) != 1)
		return wrong("dataref is %d", atomic_read(&a->dataref));
	return 0;
}

static int same_size(const struct sk_buff *ours, const struct sk_buff *theirs)
{
	if (skb_end_offset(ours) != skb_end_offset(theirs))
		return wrong("end %u, the kernel has %u", skb_end_offset(ours), skb_end_offset(theirs));
	if (ours->truesize != theirs->truesize)
		return wrong("truesize %u, the kernel has %u", ours->truesize, theirs->truesize);
	return 0;
}

static int build_size(unsigned int size, bool emergency)
{
	struct page *p = alloc_page(GFP_KERNEL), *q = alloc_page(GFP_KERNEL);
	struct sk_buff *ours, *theirs;
	int err = -ENOMEM;

	if (!p || !q)
		return err;
	memset(page_address(p), 0xa5, PAGE_SIZE);
	memset(page_address(q), 0xa5, PAGE_SIZE);
	if (emergency) {
		set_page_pfmemalloc(p);
		set_page_pfmemalloc(q);
	}
	local_bh_disable();
	err = leave_dirty_head();
	if (err)
		goto out;
	ours = skb_bulk_napi_build(page_address(p), size);
	theirs = test_napi_build_skb(page_address(q), size);
	if (!ours || !theirs) {
		err = -ENOMEM;
	} else {
		err = alike(ours, theirs) ?: same_size(ours, theirs);
		if (!err && ours->head != page_address(p))
			err = wrong("head is not what it was built around");
		if (!err && !ours->head_frag)
			err = wrong("head_frag is not set");
		if (!err && ours->pfmemalloc != emergency)
			err = wrong("pfmemalloc is %u", ours->pfmemalloc);
	}
	skb_bulk_napi_consume(ours, 64);
	skb_bulk_napi_consume(theirs, 64);
out:
	local_bh_enable();
	return err;
}

int test_build(void)
{
	/* the last is around a page that was handed out because of an emergency */
	return build_size(PAGE_SIZE, false) ?: build_size(PAGE_SIZE / 2, false) ?: build_size(PAGE_SIZE, true);
}

int test_alloc(unsigned int len)
{
	static struct napi_struct napi;
	struct sk_buff *ours, *theirs;
	struct sk_buff a, b;
	int err;

	napi.dev = init_net.loopback_dev;
	local_bh_disable();
	err = leave_dirty_head();
	if (err)
		goto out;
	ours = skb_bulk_napi_alloc(&napi, len);
	theirs = napi_alloc_skb(&napi, len);
	if (!ours || !theirs) {
		err = -ENOMEM;
		goto free;
	}
	if (skb_tailroom(ours) < len) {
		err = wrong("room for %d bytes only", skb_tailroom(ours));
		goto free;
	}
	if (ours->truesize != SKB_TRUESIZE(skb_end_offset(ours))) {
		err = wrong("truesize %u does not fit end %u", ours->truesize, skb_end_offset(ours));
		goto free;
	}
	if (ours->dev != napi.dev) {
		err = wrong("the device is not that of the napi instance");
		goto free;
	}
	memcpy(&a, ours, sizeof(a));
	memcpy(&b, theirs, sizeof(b));
	if (len > SKB_WITH_OVERHEAD(1024)) {
		err = same_size(ours, theirs);
	} else {
		/* kernels have taken the data of a small one from a slab, from a page, and from a slab again */
		a.head_frag = 0;
		b.head_frag = 0;
	}
	err = err ?: alike(&a, &b);
	/* all of the room is its own */
	memset(ours->head, 0xa5, skb_end_offset(ours));
free:
	skb_bulk_napi_consume(ours, 64);
	skb_bulk_napi_consume(theirs, 64);
out:
	local_bh_enable();
	return err;
}

struct burst {
	unsigned int nr;
	struct sk_buff *skb[BURST_MAX];
	struct page *page[BURST_MAX];
};

static void burst_free(struct burst *b)
{
	unsigned int i;

	for (i = 0; b && i < b->nr; i++)
		put_page(b->page[i]);
	kvfree(b);
}

static struct burst *burst_alloc(unsigned int nr)
{
	struct burst *b;

	if (!nr || nr > BURST_MAX)
		return NULL;
	b = kvzalloc(sizeof(*b), GFP_KERNEL);
	for (; b && b->nr < nr; b->nr++) {
		b->page[b->nr] = alloc_page(GFP_KERNEL);
		if (!b->page[b->nr]) {
			burst_free(b);
			return NULL;
		}
	}
	return b;
}

/* packets are received */
static int burst_build(struct burst *b)
{
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		get_page(b->page[i]);
		b->skb[i] = skb_bulk_napi_build(page_address(b->page[i]), PAGE_SIZE);
		if (!b->skb[i])
			goto err;
		skb_reserve(b->skb[i], NET_SKB_PAD);
		skb_put(b->skb[i], 60);
	}
	return 0;
err:
	put_page(b->page[i]);
	while (i)
		skb_bulk_napi_consume(b->skb[--i], 64);
	return -ENOMEM;
}

/* and were sent */
static void burst_consume(struct burst *b)
{
	unsigned int i;

	for (i = 0; i < b->nr; i++)
		skb_bulk_napi_consume(b->skb[i], 64);
}

/* no head is given out twice */
static int distinct(const struct burst *b)
{
	unsigned int i, j;

	for (i = 0; i < b->nr; i++)
		for (j = 0; j < i; j++)
			if (b->skb[i] == b->skb[j])
				return wrong("builds %u and %u gave the same head", j, i);
	return 0;
}

/* the heads that were consumed are those that are built with next */
int test_reuse(unsigned int nr)
{
	struct burst *b = burst_alloc(nr);
	struct sk_buff **old;
	unsigned int i, j;
	int err = -ENOMEM;

	if (!b)
		return err;
	old = kmalloc_array(nr, sizeof(*old), GFP_KERNEL);
	if (!old)
		goto free;
	skb_bulk_flush();
	local_bh_disable();
	for (i = 0; i < nr; i++) {
		old[i] = alloc_skb(100, GFP_ATOMIC);
		if (!old[i])
			goto consume;
	}
	err = 0;
consume:
	for (j = 0; j < i; j++)
		skb_bulk_napi_consume(old[j], 64);
	if (!err)
		err = burst_build(b);
	if (err)
		goto enable;
	err = distinct(b);
	for (i = 0; i < nr && !err; i++) {
		for (j = 0; j < nr; j++)
			if (b->skb[i] == old[j])
				break;
		if (j == nr)
			err = wrong("head %u of %u is not one of those consumed before", i, nr);
	}
	burst_consume(b);
enable:
	local_bh_enable();
	kfree(old);
free:
	burst_free(b);
	return err;
}

/* a port that forwards: @burst packets in, the same out, @rounds times */
int test_steady(unsigned int rounds, unsigned int burst)
{
	struct burst *b = burst_alloc(burst);
	int err = b ? 0 : -ENOMEM;

	while (rounds-- && !err) {
		local_bh_disable();
		err = burst_build(b);
		if (!err) {
			if (!rounds)
				err = distinct(b);
			burst_consume(b);
		}
		local_bh_enable();
		cond_resched();
	}
	burst_free(b);
	return err;
}

/* fills this CPU's stacks with @nr heads, and data */
int test_hold(unsigned int nr)
{
	unsigned int i;
	int err = 0;

	local_bh_disable();
	for (i = 0; i < nr && !err; i++) {
		struct sk_buff *skb = alloc_skb(i % 2 ? 64 : 1000, GFP_ATOMIC);

		if (skb)
			skb_bulk_napi_consume(skb, 64);
		else
			err = -ENOMEM;
	}
	local_bh_enable();
	return err;
}

/* no skb is no error; that one came through, a fault would show */
int test_null(void)
{
	unsigned long flags;

	skb_bulk_napi_consume(NULL, 0);
	skb_bulk_consume_any(NULL);
	local_irq_save(flags);
	skb_bulk_napi_consume(NULL, 0);
	skb_bulk_consume_any(NULL);
	local_irq_restore(flags);
	local_bh_disable();
	skb_bulk_napi_consume(NULL, 64);
	local_bh_enable();
	return 0;
}

/* what is stacked comes back to its slab, to the last object: the script counts them */
int test_churn(unsigned int rounds)
{
	unsigned int i;
	int err = 0;

	while (rounds-- && !err) {
		for (i = 0; i < nr_classes && !err; i++)
			if (strstr(classes[i].expect, "consumed=") && strcmp(classes[i].name, "socket"))
				err = run_class(&classes[i], "napi-bh");
		skb_bulk_flush();
		cond_resched();
	}
	return err;
}
