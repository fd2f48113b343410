// SPDX-License-Identifier: GPL-2.0
/* skb_bulk: frees and reuses sk_buffs in bulk. Start, stop, and what is done on each CPU. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/skbuff.h>

#include "cpu.h"

struct skb_bulk_cpu __percpu *skb_bulk_cpu;
union skb_bulk_slab skb_bulk_head_slab __read_mostly;
union skb_bulk_slab skb_bulk_data_slab[SKB_BULK_END_MAX / 128 + 1] __read_mostly;

static int cpuhp_state;

/* Context: BH disabled on @c's CPU and the lock held, or the CPU is offline */
void skb_bulk_drain_cpu(struct skb_bulk_cpu *c)
{
	skb_bulk_stack_drain(&c->head);
	skb_bulk_stack_drain(&c->data);
}

struct each_cpu {
	void (*fn)(struct skb_bulk_cpu *c, void *arg);
	void *arg;
};

static long on_this_cpu(void *arg)
{
	struct each_cpu *call = arg;

	local_bh_disable();
	call->fn(skb_bulk_cpu_get(), call->arg);
	skb_bulk_cpu_put();
	local_bh_enable();
	return 0;
}

/*
 * Calls @fn for every CPU's stacks: on that CPU with BH disabled, so that no softirq is halfway through a push; from
 * here for a CPU that is offline, whose stacks nobody touches.
 *
 * Context: process, may sleep.
 */
void skb_bulk_each_cpu(void (*fn)(struct skb_bulk_cpu *c, void *arg), void *arg)
{
	struct each_cpu call = { .fn = fn, .arg = arg };
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		if (cpu_online(cpu))
			work_on_cpu(cpu, on_this_cpu, &call);
		else
			fn(per_cpu_ptr(skb_bulk_cpu, cpu), arg);
	}
	cpus_read_unlock();
}

static int cpu_dead(unsigned int cpu)
{
	struct skb_bulk_cpu *c = per_cpu_ptr(skb_bulk_cpu, cpu);

	skb_bulk_idle_cancel_cpu(c);
	local_bh_disable();
	skb_bulk_drain_cpu(c);
	local_bh_enable();
	return 0;
}

static union skb_bulk_slab slab_of(const void *obj, unsigned int size, unsigned int class)
{
	unsigned int shift = PAGE_SHIFT + compound_order(virt_to_head_page(obj));

	return (union skb_bulk_slab) {
		.class = class,
		.shift = shift,
		.objects = clamp_t(unsigned int, (1U << shift) / size, 1, SKB_BULK_RUN_MAX),
		.size = size,
	};
}

static unsigned int run_len(const union skb_bulk_slab *slab)
{
	return clamp_t(unsigned int, roundup_pow_of_two(slab->objects), SKB_BULK_RUN_MIN, SKB_BULK_RUN_MAX);
}

/*
 * How large slab pages are depends on the kernel, the number of CPUs and the command line, so it is looked up from an
 * object of each cache that heads and data come from. A wrong answer costs speed, no more: SLUB may have smaller pages, too.
 * Return: 0 and the slots that a run of heads, and one of data, should have; or -ENOMEM.
 */
static int learn_slabs(unsigned int *heads, unsigned int *data)
{
	unsigned int size, class = 0, i = 0;
	union skb_bulk_slab small;
	struct sk_buff *skb;
	void *obj;

	for (size = 512; size <= SKB_BULK_DATA_MAX; size *= 2) {
		obj = kmalloc(size, GFP_KERNEL);
		if (!obj)
			return -ENOMEM;
		class++;
		while (i * 128 + SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) <= size)
			skb_bulk_data_slab[i++] = slab_of(obj, size, class);
		kfree(obj);
	}

	/* the smallest skb has its data from a cache of its own on newer kernels */
	skb = alloc_skb(1, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	small = slab_of(skb->head, skb_bulk_data_size(skb), class + 1);
	skb_bulk_data_slab[skb_end_offset(skb) / 128] = small;
	*data = run_len(&small);

	skb_bulk_head_slab = slab_of(skb, ALIGN(sizeof(*skb), cache_line_size()), 0);
	*heads = run_len(&skb_bulk_head_slab);
	skb_bulk_head_slab.size = 0;
	if (COMPAT_SHEAVES) {
		/* one slab page with half of all addresses */
		skb_bulk_head_slab.shift = BITS_PER_LONG - 1;
		skb_bulk_head_slab.objects = SKB_BULK_RUN_PLAIN;
		*heads = SKB_BULK_RUN_PLAIN;
	}
	kfree_skb(skb);
	return 0;
}

static int __init skb_bulk_init(void)
{
	unsigned int heads, data;
	int cpu, err;

	err = learn_slabs(&heads, &data);
	if (err)
		return err;
	skb_bulk_cpu = alloc_percpu(struct skb_bulk_cpu);
	if (!skb_bulk_cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct skb_bulk_cpu *c = per_cpu_ptr(skb_bulk_cpu, cpu);

		c->cpu = cpu;
		compat_bh_lock_init(&c->lock);
		skb_bulk_stack_init(&c->head, true, compat_head_cache_to_free(), heads, 0, &c->consumed);
		skb_bulk_stack_init(&c->data, false, NULL, data, SKB_BULK_DATA_BYTES, &c->consumed);
		/* empty and whole from here on; the depth that holds is settled when all else is ready */
		skb_bulk_stack_configure(&c->head, SKB_BULK_OBJECTS);
		skb_bulk_stack_configure(&c->data, SKB_BULK_OBJECTS);
		skb_bulk_irq_queue_init(c);
		skb_bulk_idle_init_cpu(c);
	}

	err = skb_bulk_idle_init();
	if (err)
		goto free_percpu;
	err = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "net/skb_bulk:dead", NULL, cpu_dead);
	if (err < 0)
		goto idle_exit;
	cpuhp_state = err;
	err = skb_bulk_shrinker_init();
	if (err)
		goto cpuhp_remove;

	skb_bulk_params_ready();
	skb_bulk_counters_init();
	return 0;

cpuhp_remove:
	cpuhp_remove_state_nocalls(cpuhp_state);
idle_exit:
	skb_bulk_idle_exit();
free_percpu:
	free_percpu(skb_bulk_cpu);
	return err;
}

/* no other module calls in any more: what is queued and stacked goes back */
static void __exit skb_bulk_exit(void)
{
	int cpu;

	skb_bulk_params_exit();
	skb_bulk_counters_exit();
	skb_bulk_shrinker_exit();
	cpuhp_remove_state_nocalls(cpuhp_state);
	/* a queue first, since it is consumed into the stacks */
	for_each_possible_cpu(cpu)
		skb_bulk_irq_queue_exit(per_cpu_ptr(skb_bulk_cpu, cpu));
	for_each_possible_cpu(cpu)
		cpu_dead(cpu);
	/* the idle work could have been armed again by a claim before its CPU was drained, not after */
	skb_bulk_idle_exit();
	free_percpu(skb_bulk_cpu);
}

module_init(skb_bulk_init);
module_exit(skb_bulk_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("the skb-bulk authors");
MODULE_DESCRIPTION("Frees and reuses sk_buffs in bulk, for NAPI drivers");
MODULE_VERSION("0.1.0");
