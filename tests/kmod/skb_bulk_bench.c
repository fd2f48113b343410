// SPDX-License-Identifier: GPL-2.0
/* Measures what freeing an skb costs: makes a ring full of one class, puts it in an order, times its free in BH context. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timex.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "mark.h"
#include "skb_bulk.h"

#define NR_MAX		4096
#define ROUNDS_MAX	1000
#define WARM_UP		3
#define FLOWS		8
#define FRAGS		4
/* slab pages are at most that large; so many of each size are kept from the allocator, so many are put on top of its lists */
#define BLOCK_ORDERS	4
#define BLOCKS		2048
#define BLOCKS_FREE	512
/* the low bits of a page's number: bulk finds slab pages by them */
#define HOMES		128
#define BLOCKS_HOME	(BLOCKS / HOMES)
/* so many skbs at least fill what is free in slab pages that others have */
#define PLUGS		1024
/* so many make the slab pages of which others hold a quarter */
#define SCATTERED	2048
/* what a driver's fragment holds besides a packet of 1,000 bytes */
#define FRAG_SIZE	(SKB_DATA_ALIGN(NET_SKB_PAD + 1000) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))

static unsigned int prime = 3;
module_param(prime, uint, 0644);
MODULE_PARM_DESC(prime, "rounds freed one at a time before a measurement, as others on a host do; 0 leaves the slabs as they are");

static unsigned int first_seed = 1;
module_param_named(seed, first_seed, uint, 0644);
MODULE_PARM_DESC(seed, "which places the slab pages come from, and which shuffle it is");

static bool scatter;
module_param(scatter, bool, 0644);
MODULE_PARM_DESC(scatter, "meanwhile others hold a quarter of each slab page, at random places, of many more pages than a ring needs");

static bool remote;
module_param(remote, bool, 0644);
MODULE_PARM_DESC(remote, "skbs are made on the last CPU and freed on this one; a plugin sees both then, made and freed");

/* what is measured, and who keeps the data when it is a clone that is freed */
static struct sk_buff **skbs, **originals, **scratch, **held;
static struct page *shared_page, *block[BLOCK_ORDERS][BLOCKS], *surplus[BLOCKS];
static unsigned int held_nr;
static u32 seed;

/* the same order in each run */
static u32 next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static void in_order(unsigned int nr)
{
}

/* completions of several queues, each in order */
static void by_flows(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		scratch[i] = skbs[i % FLOWS * (nr / FLOWS) + i / FLOWS];
	memcpy(skbs, scratch, nr * sizeof(*skbs));
}

static void shuffle(struct sk_buff **skb, unsigned int nr)
{
	unsigned int i;

	for (i = nr - 1; i; i--) {
		unsigned int j = next_random() % (i + 1);

		swap(skb[i], skb[j]);
	}
}

static void shuffled(unsigned int nr)
{
	shuffle(skbs, nr);
}

static const struct {
	const char *name;
	void (*apply)(unsigned int nr);
} order[] = { { "in-order", in_order }, { "flows", by_flows }, { "shuffled", shuffled } };

static void free_nothing(struct sk_buff *skb, int budget)
{
}

static void free_any(struct sk_buff *skb, int budget)
{
	dev_consume_skb_any(skb);
}

static struct sk_buff *build_any(void *data, unsigned int size)
{
	return build_skb(data, size);
}

enum { NOTHING, ANY, STOCK, BULK };

/* how a mode frees, and how it builds where a driver receives */
static const struct method {
	const char *name;
	void (*free)(struct sk_buff *skb, int budget);
	struct sk_buff *(*build)(void *data, unsigned int size);
} methods[] = {
	[NOTHING] = { "nothing", free_nothing, build_any },
	[ANY] = { "any", free_any, build_any },
	[STOCK] = { "stock", napi_consume_skb, test_napi_build_skb },
	[BULK] = { "bulk", skb_bulk_napi_consume, skb_bulk_napi_build },
};

/* small heads are of no size that kmalloc() has */
static bool has_small_head(const struct sk_buff *skb)
{
	return !is_power_of_2(skb_end_offset(skb) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)));
}

static struct sk_buff *make_small_head(const struct method *m, unsigned int i)
{
	return alloc_skb(64, GFP_KERNEL);
}

static struct sk_buff *make_kmalloc_64(const struct method *m, unsigned int i)
{
#ifdef HAVE_SLAB_BUILD_SKB
	/* alloc_skb() may take a small head */
	void *data = kmalloc(roundup_pow_of_two(64 + sizeof(struct skb_shared_info)), GFP_KERNEL);
	struct sk_buff *skb = data ? slab_build_skb(data) : NULL;

	if (!skb)
		kfree(data);
	return skb;
#else
	return alloc_skb(64, GFP_KERNEL);
#endif
}

static struct sk_buff *make_kmalloc_1000(const struct method *m, unsigned int i)
{
	return alloc_skb(1000, GFP_KERNEL);
}

static struct sk_buff *build_frag(void *data, struct sk_buff *(*build)(void *data, unsigned int size))
{
	struct sk_buff *skb = data ? build(data, FRAG_SIZE) : NULL;

	if (data && !skb)
		skb_free_frag(data);
	return skb;
}

static struct sk_buff *make_page_frag(const struct method *m, unsigned int i)
{
	return build_frag(netdev_alloc_frag(FRAG_SIZE), build_any);
}

/* a page fragment, too, in a head that the mode provides: what a forwarding driver does in NAPI context */
static struct sk_buff *make_forward(const struct method *m, unsigned int i)
{
	struct sk_buff *skb;

	local_bh_disable();
	skb = build_frag(napi_alloc_frag(FRAG_SIZE), m->build);
	local_bh_enable();
	return skb;
}

static struct sk_buff *clone_of(struct sk_buff *skb, unsigned int i)
{
	struct sk_buff *clone = skb ? skb_clone(skb, GFP_KERNEL) : NULL;

	if (clone)
		originals[i] = skb;
	else
		consume_skb(skb);
	return clone;
}

/* what a socket's destructor does costs each mode the same */
static void disown(struct sk_buff *skb)
{
}

static struct sk_buff *owned(struct sk_buff *skb)
{
	if (skb)
		skb->destructor = disown;
	return skb;
}

/* what a socket sends in one piece: a small datagram, an ACK */
static struct sk_buff *make_owned(const struct method *m, unsigned int i)
{
	return owned(alloc_skb(64, GFP_KERNEL));
}

/* what TCP sends: headers in the linear part, head and clone in one object; the original stays until it is acknowledged */
static struct sk_buff *make_fclone(const struct method *m, unsigned int i)
{
	return owned(clone_of(alloc_skb_fclone(256, GFP_KERNEL), i));
}

static struct sk_buff *make_clone(const struct method *m, unsigned int i)
{
	return clone_of(alloc_skb(1000, GFP_KERNEL), i);
}

/* the pages have other owners, so that what is measured is the skb and not the page allocator */
static struct sk_buff *make_frags(const struct method *m, unsigned int i)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	unsigned int f;

	for (f = 0; skb && f < FRAGS; f++) {
		get_page(shared_page);
		skb_add_rx_frag(skb, f, shared_page, 0, 100, PAGE_SIZE);
	}
	return skb;
}

static const struct skb_class {
	const char *name;
	struct sk_buff *(*make)(const struct method *m, unsigned int i);
} classes[] = {
	{ "kmalloc-64", make_kmalloc_64 },
	{ "small-head", make_small_head },
	{ "kmalloc-1000", make_kmalloc_1000 },
	{ "page-frag", make_page_frag },
	{ "owned", make_owned },
	{ "fclone", make_fclone },
	{ "clone", make_clone },
	{ "frags-4", make_frags },
	{ "forward", make_forward },
};

/* nanoseconds of all rounds, of the cheapest and of the dearest */
struct cost {
	u64 sum;
	u64 min;
	u64 max;
};

static void add_cost(struct cost *cost, u64 ns)
{
	cost->min = cost->sum ? min(cost->min, ns) : ns;
	cost->max = max(cost->max, ns);
	cost->sum += ns;
}

/* the last measurement; parameters are written and read under a lock of the kernel's */
static struct {
	const struct skb_class *class;
	const struct method *method;
	unsigned int order;
	unsigned int nr;
	unsigned int rounds;
	struct cost alloc;
	struct cost free;
	u64 cycles;
} cell;

static void consume_all(struct sk_buff **skb, unsigned int nr)
{
	while (nr--) {
		consume_skb(skb[nr]);
		skb[nr] = NULL;
	}
}

static long make_ring(void *method)
{
	unsigned int i;

	for (i = 0; i < cell.nr; i++) {
		skbs[i] = cell.class->make(method, i);
		if (!skbs[i]) {
			consume_all(skbs, i);
			consume_all(originals, i);
			return -ENOMEM;
		}
	}
	return 0;
}

static int make_ring_remote(const struct method *method)
{
	unsigned int cpu;
	int err;

	cpus_read_lock();
	cpu = cpumask_last(cpu_online_mask);
	err = cpu == raw_smp_processor_id() ? -ENODEV : work_on_cpu(cpu, make_ring, (void *)method);
	cpus_read_unlock();
	return err;
}

static int one_round(const struct method *method, bool counts)
{
	u64 start, alloc, ns, cycles;
	unsigned int i;
	int err;

	if (counts && remote)
		mark(MARK_BEGIN);
	start = ktime_get_ns();
	err = remote ? make_ring_remote(method) : make_ring((void *)method);
	if (err)
		return err;
	alloc = ktime_get_ns() - start;

	order[cell.order].apply(cell.nr);
	local_bh_disable();
	if (counts && !remote)
		mark(MARK_BEGIN);
	cycles = get_cycles();
	start = ktime_get_ns();
	for (i = 0; i < cell.nr; i++)
		method->free(skbs[i], 64);
	ns = ktime_get_ns() - start;
	cycles = get_cycles() - cycles;
	if (counts)
		mark(MARK_END);
	local_bh_enable();

	if (method->free == free_nothing)
		consume_all(skbs, cell.nr);
	consume_all(originals, cell.nr);
	if (counts) {
		add_cost(&cell.alloc, alloc);
		add_cost(&cell.free, ns);
		cell.cycles += cycles;
	}
	return 0;
}

static struct page **block_slot(struct page *page, unsigned int order)
{
	struct page **slot = &block[order][(page_to_pfn(page) >> order) % HOMES * BLOCKS_HOME];
	unsigned int i;

	for (i = 0; i < BLOCKS_HOME; i++)
		if (!slot[i])
			return &slot[i];
	return NULL;
}

/* as many for each home as there are, wherever this boot has them */
static int fill_blocks(unsigned int order)
{
	unsigned int i, missing = 0, extra = 0;

	for (i = 0; i < BLOCKS; i++)
		missing += !block[order][i];
	while (missing && extra < BLOCKS) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		struct page **slot = page ? block_slot(page, order) : NULL;

		if (!page)
			break;
		if (slot) {
			*slot = page;
			missing--;
		} else {
			surplus[extra++] = page;
		}
	}
	while (extra)
		__free_pages(surplus[--extra], order);
	return missing > BLOCKS / 8 ? -ENOMEM : 0;
}

/*
 * New slab pages come from random places, as they do when a host has been up for a while. What bulk costs depends on
 * where they are, which would else be a matter of how this boot went; hence several seeds for each cell, and the same
 * places for the same seed. Those on top of the allocator's lists go back into the lot, others are drawn; the larger
 * ones first, so that what is left of them is not on top of the lists of smaller ones. All have been filled.
 */
static void stir(void)
{
	unsigned int i, o;

	for (o = BLOCK_ORDERS; o--;)
		for (i = 0; i < BLOCKS_FREE; i++) {
			unsigned int j = next_random() % BLOCKS;

			if (block[o][j])
				__free_pages(block[o][j], o);
			block[o][j] = NULL;
		}
}

static int hold(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		held[held_nr] = cell.class->make(&methods[ANY], i);
		if (!held[held_nr])
			break;
		held_nr++;
	}
	consume_all(originals, i);
	return i < nr ? -ENOMEM : 0;
}

/*
 * Others keep so many skbs meanwhile that no slab page from before the measurement has room left: how many had is a
 * matter of how this boot went. With scatter they also hold a quarter of each of many more pages than a ring needs,
 * at random places: pages as a long life leaves them, none of them ever empty.
 */
static int prepare_pages(void)
{
	unsigned int o;
	int err;

	for (o = 0; o < BLOCK_ORDERS; o++) {
		err = fill_blocks(o);
		if (err)
			return err;
	}
	err = hold(PLUGS);
	stir();
	if (err || !scatter)
		return err;
	err = hold(SCATTERED);
	if (!err) {
		shuffle(held + PLUGS, SCATTERED);
		held_nr -= SCATTERED - SCATTERED / 4;
		consume_all(held + held_nr, SCATTERED - SCATTERED / 4);
	}
	return err;
}

/*
 * What a free costs depends on what happened before: a kernel with sheaves frees in bulk into empty sheaves that only
 * single frees have made. Hence the rounds that come first, and the same ones before each measurement.
 */
static int measure(unsigned int rounds)
{
	unsigned int round;
	int err = 0;

	seed = first_seed;
	err = prepare_pages();
	for (round = 0; !err && round < prime; round++)
		err = one_round(&methods[ANY], false);
	for (round = 0; !err && round < WARM_UP + rounds; round++) {
		err = one_round(cell.method, round >= WARM_UP);
		cond_resched();
	}
	skb_bulk_flush();
	consume_all(held, held_nr);
	held_nr = 0;
	return err;
}

/* the line that tools for other microbenchmarks read */
static void log_cell(void)
{
	u32 elems = cell.rounds * cell.nr;
	u64 ps = div_u64(cell.free.sum * 1000, elems);
	u32 rest;
	u64 ns = div_u64_rem(ps, 1000, &rest);

	pr_info("Type:%s_%s_%s Per elem: %llu cycles(tsc) %llu.%03u ns (step:%u)\n", cell.class->name,
		order[cell.order].name, cell.method->name, div_u64(cell.cycles, elems), ns, rest, cell.nr);
}

#define FIND(table, word, found) ({						\
	for (found = 0; found < ARRAY_SIZE(table); found++)			\
		if (!strcmp(table[found].name, word))				\
			break;							\
	found < ARRAY_SIZE(table);						\
})

/* Return: whether this kernel has skbs of that class */
static bool class_exists(const struct skb_class *wanted)
{
	struct sk_buff *skb;
	bool exists;

	if (wanted->make != make_small_head)
		return true;
	skb = alloc_skb(64, GFP_KERNEL);
	exists = skb && has_small_head(skb);
	consume_skb(skb);
	return exists;
}

static int cell_set(const char *val, const struct kernel_param *kp)
{
	unsigned int c, o, m, nr, rounds;
	char word[3][16];
	int err;

	/* there is no result until there is a new one */
	cell.rounds = 0;
	if (sscanf(val, "%15s %15s %15s %u %u", word[0], word[1], word[2], &nr, &rounds) != 5 ||
	    nr < FLOWS || nr > NR_MAX || nr % FLOWS || !rounds || rounds > ROUNDS_MAX ||
	    !FIND(classes, word[0], c) || !FIND(order, word[1], o) || !FIND(methods, word[2], m))
		return -EINVAL;
	if (!class_exists(&classes[c]))
		return -EOPNOTSUPP;

	memset(&cell, 0, sizeof(cell));
	cell.class = &classes[c];
	cell.order = o;
	cell.method = &methods[m];
	cell.nr = nr;
	err = measure(rounds);
	if (err)
		return err;
	cell.rounds = rounds;
	log_cell();
	return 0;
}

static int cell_get(char *buffer, const struct kernel_param *kp)
{
	if (!cell.rounds)
		return -ENODATA;
	return sysfs_emit(buffer, "%s %s %s %u %u %llu %llu %llu %llu %llu %llu %llu\n", cell.class->name,
			  order[cell.order].name, cell.method->name, cell.nr, cell.rounds, cell.free.sum,
			  cell.free.min, cell.free.max, cell.alloc.sum, cell.alloc.min, cell.alloc.max, cell.cycles);
}

static const struct kernel_param_ops cell_ops = { .set = cell_set, .get = cell_get };
module_param_cb(cell, &cell_ops, NULL, 0600);
MODULE_PARM_DESC(cell, "write CLASS ORDER METHOD RING ROUNDS to measure, read what it cost: these, then sum, min, max of free and of alloc in ns, cycles");

static void release(void)
{
	unsigned int i, o;

	kvfree(skbs);
	kvfree(originals);
	kvfree(scratch);
	kvfree(held);
	for (o = 0; o < BLOCK_ORDERS; o++)
		for (i = 0; i < BLOCKS; i++)
			if (block[o][i])
				__free_pages(block[o][i], o);
	if (shared_page)
		put_page(shared_page);
}

static int __init skb_bulk_bench_init(void)
{
	skbs = kvcalloc(NR_MAX, sizeof(*skbs), GFP_KERNEL);
	originals = kvcalloc(NR_MAX, sizeof(*originals), GFP_KERNEL);
	scratch = kvcalloc(NR_MAX, sizeof(*scratch), GFP_KERNEL);
	held = kvcalloc(NR_MAX, sizeof(*held), GFP_KERNEL);
	shared_page = alloc_page(GFP_KERNEL);
	if (skbs && originals && scratch && held && shared_page)
		return 0;
	release();
	return -ENOMEM;
}
module_init(skb_bulk_bench_init);

static void __exit skb_bulk_bench_exit(void)
{
	release();
}
module_exit(skb_bulk_bench_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the skb-bulk authors");
MODULE_DESCRIPTION("Measures what freeing an skb costs, one at a time and in bulk");
