// SPDX-License-Identifier: GPL-2.0
/* What the stacks hold and nobody uses is given back after a while, or at once when memory is short. */
#include <linux/cpu.h>
#include <linux/jiffies.h>

#include "cpu.h"

unsigned int skb_bulk_idle_ms = 100;

static struct workqueue_struct *idle_wq;

static unsigned long delay(void)
{
	return msecs_to_jiffies(READ_ONCE(skb_bulk_idle_ms)) + 1;
}

static void idle_queue(struct skb_bulk_cpu *c)
{
	queue_delayed_work_on(c->cpu, idle_wq, &c->idle_work, delay());
}

static void watch(struct skb_bulk_cpu *c, bool on)
{
	c->head.watched = on;
	c->data.watched = on;
}

/* Context: BH disabled. Called when a run is claimed and the work is not armed. */
void skb_bulk_idle_start(void)
{
	struct skb_bulk_cpu *c = this_cpu_ptr(skb_bulk_cpu);

	watch(c, true);
	idle_queue(c);
}

static void idle_look(struct work_struct *work)
{
	struct skb_bulk_cpu *c = container_of(to_delayed_work(work), struct skb_bulk_cpu, idle_work);
	bool left;

	local_bh_disable();
	/* a CPU going offline has its work run elsewhere; cpu_dead() drains its stacks, unless it is kept online after all */
	if (smp_processor_id() != c->cpu) {
		if (cpu_online(c->cpu))
			idle_queue(c);
		else
			WRITE_ONCE(c->shrink, false);
		goto out;
	}

	skb_bulk_cpu_get();
	if (READ_ONCE(c->shrink)) {
		WRITE_ONCE(c->shrink, false);
		skb_bulk_drain_cpu(c);
	}
	left = skb_bulk_stack_age(&c->head);
	left |= skb_bulk_stack_age(&c->data);
	if (left)
		idle_queue(c);
	else
		watch(c, false);
	skb_bulk_cpu_put();
out:
	local_bh_enable();
}

/* Context: any but NMI. @c's CPU gives back all that it holds, a moment later. */
void skb_bulk_idle_drain_soon(struct skb_bulk_cpu *c)
{
	WRITE_ONCE(c->shrink, true);
	mod_delayed_work_on(c->cpu, idle_wq, &c->idle_work, 0);
}

/* Context: process. skb_bulk_idle_ms is another: CPUs that wait do so for that long from now on. */
void skb_bulk_idle_settle(void)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct skb_bulk_cpu *c = per_cpu_ptr(skb_bulk_cpu, cpu);

		/* one that runs now has its next delay yet to look up; one that shall give back all waits for nothing */
		if (delayed_work_pending(&c->idle_work) && !READ_ONCE(c->shrink))
			mod_delayed_work_on(cpu, idle_wq, &c->idle_work, delay());
	}
	cpus_read_unlock();
}

void skb_bulk_idle_init_cpu(struct skb_bulk_cpu *c)
{
	INIT_DELAYED_WORK(&c->idle_work, idle_look);
}

/* Context: process. The CPU is offline or no user of the module is left. */
void skb_bulk_idle_cancel_cpu(struct skb_bulk_cpu *c)
{
	cancel_delayed_work_sync(&c->idle_work);
	WRITE_ONCE(c->shrink, false);
	watch(c, false);
}

int skb_bulk_idle_init(void)
{
	idle_wq = alloc_workqueue("skb_bulk", WQ_MEM_RECLAIM | COMPAT_WQ_PERCPU, 0);
	return idle_wq ? 0 : -ENOMEM;
}

void skb_bulk_idle_exit(void)
{
	destroy_workqueue(idle_wq);
}
