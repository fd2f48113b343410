// SPDX-License-Identifier: GPL-2.0
/* Counters in debugfs: a table for people, name and value for programs, a file to reset them. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "cpu.h"

static struct dentry *dir;

static const struct counter {
	const char *name;
	size_t offset;
} counter[] = {
#define C(_name, _member) { _name, offsetof(struct skb_bulk_cpu, _member) }
	C("consumed", consumed),
	C("head_refilled", head.refilled),
	C("head_reused", head.reused),
	C("head_flushes", head.flushes),
	C("head_fclone", head.elsewhere),
	C("head_napi_cached", head.napi_cached),
	C("head_one_by_one", head.singles),
	C("head_resident_max", head.resident_max),
	C("data_flushes", data.flushes),
	C("data_one_by_one", data.singles),
	C("data_resident_max", data.resident_max),
	C("data_single", data.elsewhere),
	C("budget_zero", budget_zero),
	C("deferred", deferred),
	C("refills", refills),
	C("refill_failed", refill_failed),
	C("build_kernel", build_kernel),
	C("to_kernel_shared", handed[SKB_BULK_SHARED]),
	C("to_kernel_remote", handed[SKB_BULK_REMOTE]),
	C("to_kernel_page_pool", handed[SKB_BULK_PAGE_POOL]),
	C("to_kernel_zerocopy", handed[SKB_BULK_ZEROCOPY]),
	C("to_kernel_frag_list", handed[SKB_BULK_FRAG_LIST]),
#undef C
};

/* what is worked out: objects taken, objects found by looking into the runs, and what those weigh */
enum { HEAD_TAKEN, DATA_TAKEN, HEAD_FLUSHED, DATA_FLUSHED, HEAD_RESIDENT, DATA_RESIDENT, RESIDENT_BYTES, WORKED_OUT };

static const char * const worked_out_name[WORKED_OUT] = {
	"head_taken", "data_taken", "head_flushed", "data_flushed", "head_resident", "data_resident", "resident_bytes"
};

struct snapshot {
	u64 counted[ARRAY_SIZE(counter)];
	u64 worked_out[WORKED_OUT];
};

/* runs on @c's CPU between two softirqs, so that the numbers of a CPU agree with each other */
static void take(struct skb_bulk_cpu *c, void *arg)
{
	struct snapshot *snap = (struct snapshot *)arg + c->cpu;
	unsigned int i;

	skb_bulk_stack_count_resident(&c->head);
	skb_bulk_stack_count_resident(&c->data);
	for (i = 0; i < ARRAY_SIZE(counter); i++)
		snap->counted[i] = *(u64 *)((void *)c + counter[i].offset);
	snap->worked_out[HEAD_TAKEN] = skb_bulk_stack_taken(&c->head);
	snap->worked_out[DATA_TAKEN] = skb_bulk_stack_taken(&c->data);
	snap->worked_out[HEAD_FLUSHED] = skb_bulk_stack_flushed(&c->head);
	snap->worked_out[DATA_FLUSHED] = skb_bulk_stack_flushed(&c->data);
	snap->worked_out[HEAD_RESIDENT] = skb_bulk_stack_look(&c->head, &snap->worked_out[RESIDENT_BYTES]);
	snap->worked_out[DATA_RESIDENT] = skb_bulk_stack_look(&c->data, &snap->worked_out[RESIDENT_BYTES]);
}

static struct snapshot *snapshot(void)
{
	struct snapshot *snap = kvcalloc(nr_cpu_ids, sizeof(*snap), GFP_KERNEL);

	if (snap)
		skb_bulk_each_cpu(take, snap);
	return snap;
}

/* what both stacks of a CPU take themselves, full or empty */
#define TABLE_BYTES	(2 * sizeof(struct skb_bulk_stack))
static const char table_bytes_name[] = "table_bytes_per_cpu";

#define VALUES	(sizeof(struct snapshot) / sizeof(u64))

static const char *value_name(unsigned int i)
{
	return i < ARRAY_SIZE(counter) ? counter[i].name : worked_out_name[i - ARRAY_SIZE(counter)];
}

static u64 value(const struct snapshot *snap, unsigned int i)
{
	return i < ARRAY_SIZE(counter) ? snap->counted[i] : snap->worked_out[i - ARRAY_SIZE(counter)];
}

/* the stable form: totals, then each CPU that has anything to say, one name and value a line */
static int counters_show(struct seq_file *m, void *unused)
{
	struct snapshot *snap = snapshot();
	unsigned int i;
	int cpu;

	if (!snap)
		return -ENOMEM;
	for (i = 0; i < VALUES; i++) {
		u64 sum = 0;

		for_each_possible_cpu(cpu)
			sum += value(&snap[cpu], i);
		seq_printf(m, "%s %llu\n", value_name(i), sum);
	}
	seq_printf(m, "%s %zu\n", table_bytes_name, TABLE_BYTES);
	for_each_possible_cpu(cpu)
		for (i = 0; i < VALUES; i++)
			if (value(&snap[cpu], i))
				seq_printf(m, "cpu%d.%s %llu\n", cpu, value_name(i), value(&snap[cpu], i));
	kvfree(snap);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/* for people: a line a counter, a column a CPU, those without anything left out */
static int stats_show(struct seq_file *m, void *unused)
{
	struct snapshot *snap = snapshot();
	unsigned int i;
	int cpu;

	if (!snap)
		return -ENOMEM;
	seq_printf(m, "%-20s %14s", "", "all CPUs");
	for_each_online_cpu(cpu)
		seq_printf(m, "     CPU %-5d", cpu);
	seq_putc(m, '\n');
	for (i = 0; i < VALUES; i++) {
		u64 sum = 0;

		for_each_possible_cpu(cpu)
			sum += value(&snap[cpu], i);
		if (!sum)
			continue;
		seq_printf(m, "%-20s %14llu", value_name(i), sum);
		for_each_online_cpu(cpu)
			seq_printf(m, " %13llu", value(&snap[cpu], i));
		seq_putc(m, '\n');
	}
	seq_printf(m, "%-20s %14zu\n", table_bytes_name, TABLE_BYTES);
	kvfree(snap);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* stacks are emptied first, so that what was taken is what was given back from the first object on */
static void reset(struct skb_bulk_cpu *c, void *unused)
{
	unsigned int i;

	skb_bulk_drain_cpu(c);
	for (i = 0; i < ARRAY_SIZE(counter); i++)
		*(u64 *)((void *)c + counter[i].offset) = 0;
	skb_bulk_stack_forget(&c->head);
	skb_bulk_stack_forget(&c->data);
}

static ssize_t reset_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	skb_bulk_each_cpu(reset, NULL);
	return len;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.write = reset_write,
};

void skb_bulk_counters_init(void)
{
	dir = debugfs_create_dir("skb_bulk", NULL);
	debugfs_create_file("counters", 0444, dir, NULL, &counters_fops);
	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("reset", 0200, dir, NULL, &reset_fops);
}

void skb_bulk_counters_exit(void)
{
	debugfs_remove_recursive(dir);
}
