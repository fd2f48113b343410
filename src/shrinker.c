// SPDX-License-Identifier: GPL-2.0
/* When memory is short every CPU gives back what it holds. */
#include <linux/cpumask.h>
#include <linux/minmax.h>

#include "cpu.h"

static struct shrinker *shrinker;

/* objects that @c holds; its counters move while they are read, so that what they say may be less than nothing */
static unsigned long holds(const struct skb_bulk_cpu *c)
{
	s64 nr = skb_bulk_stack_resident(&c->head) + skb_bulk_stack_resident(&c->data);

	return clamp_t(s64, nr, 0, 2 * SKB_BULK_OBJECTS);
}

static unsigned long count(struct shrinker *unused, struct shrink_control *sc)
{
	unsigned long nr = 0;
	int cpu;

	for_each_online_cpu(cpu)
		nr += holds(per_cpu_ptr(skb_bulk_cpu, cpu));
	return nr;
}

/* only a CPU itself may touch its stacks, and reclaim must not wait for another: they are asked, not emptied here */
static unsigned long scan(struct shrinker *unused, struct shrink_control *sc)
{
	unsigned long nr = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		struct skb_bulk_cpu *c = per_cpu_ptr(skb_bulk_cpu, cpu);
		unsigned long held = READ_ONCE(c->shrink) ? 0 : holds(c);

		if (!held)
			continue;
		nr += held;
		skb_bulk_idle_drain_soon(c);
	}
	return nr ? nr : SHRINK_STOP;
}

int skb_bulk_shrinker_init(void)
{
	shrinker = compat_shrinker_register("skb_bulk", count, scan);
	return shrinker ? 0 : -ENOMEM;
}

void skb_bulk_shrinker_exit(void)
{
	compat_shrinker_unregister(shrinker);
}
