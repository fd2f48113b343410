// SPDX-License-Identifier: GPL-2.0
/* Module parameters: each is checked whole before anything changes, then settled on every CPU. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "cpu.h"
#include "skb_bulk.h"

enum mode { MODE_ANY, MODE_STOCK, MODE_BULK };

static const char * const mode_word[] = { "any", "stock", "bulk" };

#define DEPTH_MAX	SKB_BULK_OBJECTS
#define IDLE_MS_MAX	60000

DEFINE_STATIC_KEY_TRUE(skb_bulk_mode_bulk);
DEFINE_STATIC_KEY_FALSE(skb_bulk_mode_any);
DEFINE_STATIC_KEY_FALSE(skb_bulk_remote_to_kernel);
DEFINE_STATIC_KEY_FALSE(skb_bulk_refill_in_bulk);

static enum mode mode = MODE_BULK;
unsigned int skb_bulk_depth = DEPTH_MAX;

/* values given at load are stored, and settled when the CPUs' stacks exist */
static bool ready;
static DEFINE_MUTEX(settle_lock);

/* of a wrong value no more is said than makes it known: a line of the log ends somewhere */
static int quoted(const char *val)
{
	return min_t(size_t, strcspn(val, "\n"), 40);
}

static void drain(struct skb_bulk_cpu *c, void *unused)
{
	skb_bulk_drain_cpu(c);
}

static void configure(struct skb_bulk_cpu *c, void *unused)
{
	skb_bulk_drain_cpu(c);
	skb_bulk_stack_configure(&c->head, skb_bulk_depth);
	skb_bulk_stack_configure(&c->data, skb_bulk_depth);
}

static void key_set(struct static_key *key, bool on)
{
	if (on)
		static_key_enable(key);
	else
		static_key_disable(key);
}

static void settle_mode(void)
{
	key_set(&skb_bulk_mode_any.key, mode == MODE_ANY);
	key_set(&skb_bulk_mode_bulk.key, mode == MODE_BULK);
	/* whoever saw the old keys is in softirq: what it stacks is there before the CPU comes to the drain */
	if (mode != MODE_BULK)
		skb_bulk_each_cpu(drain, NULL);
}

/* Return: which of the @nr words @val is, or -EINVAL and one line in the log. */
static int word_index(const char *val, const char *name, const char * const *word, size_t nr, const char *use)
{
	int i = __sysfs_match_string(word, nr, val);

	if (i < 0)
		pr_err("%s: unknown value '%.*s' (use %s)\n", name, quoted(val), val, use);
	return i;
}

static int mode_set(const char *val, const struct kernel_param *kp)
{
	int i = word_index(val, "mode", mode_word, ARRAY_SIZE(mode_word), "any, stock or bulk");

	if (i < 0)
		return i;
	mutex_lock(&settle_lock);
	mode = i;
	if (ready)
		settle_mode();
	mutex_unlock(&settle_lock);
	return 0;
}

static int mode_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", mode_word[mode]);
}

static const struct kernel_param_ops mode_ops = { .set = mode_set, .get = mode_get };
module_param_cb(mode, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(mode, "how skbs are freed and built: any (dev_consume_skb_any), stock (the kernel's NAPI functions), bulk (default)");

/* a parameter with two words: the second switches the key on */
struct choice {
	const char *word[2];
	const char *use;
	struct static_key *key;
};

static int choice_set(const char *val, const struct kernel_param *kp)
{
	const struct choice *choice = kp->arg;
	int i = word_index(val, kp->name, choice->word, ARRAY_SIZE(choice->word), choice->use);

	if (i < 0)
		return i;
	mutex_lock(&settle_lock);
	key_set(choice->key, i);
	mutex_unlock(&settle_lock);
	return 0;
}

static int choice_get(char *buf, const struct kernel_param *kp)
{
	const struct choice *choice = kp->arg;

	return sysfs_emit(buf, "%s\n", choice->word[static_key_enabled(choice->key)]);
}

/* what becomes of an skb that another CPU allocated */
static struct choice remote = {
	.word = { "stack", "kernel" },
	.use = "stack or kernel",
	.key = &skb_bulk_remote_to_kernel.key,
};

static const struct kernel_param_ops choice_ops = { .set = choice_set, .get = choice_get };
module_param_cb(remote, &choice_ops, &remote, 0644);
MODULE_PARM_DESC(remote, "skbs that another CPU allocated (on kernels that do not record it: of another NUMA node): stack (default) or kernel");

/*
 * Who provides heads when none are stacked. The kernel's function has a cache in which GRO leaves the heads of what it
 * merged: a port that receives TCP gets those back, where SLUB would have to give new ones.
 */
static struct choice refill = {
	.word = { "kernel", "bulk" },
	.use = "kernel or bulk",
	.key = &skb_bulk_refill_in_bulk.key,
};

static int refill_set(const char *val, const struct kernel_param *kp)
{
	if (!compat_head_cache() && sysfs_streq(val, "bulk")) {
		pr_err("refill: this kernel does not let modules allocate from its cache of heads (use kernel)\n");
		return -EOPNOTSUPP;
	}
	return choice_set(val, kp);
}

static const struct kernel_param_ops refill_ops = { .set = refill_set, .get = choice_get };
module_param_cb(refill, &refill_ops, &refill, 0644);
MODULE_PARM_DESC(refill, "who provides heads for received packets when none are stacked: kernel (default), or bulk: SLUB, a run at a time, on kernels that let modules name the cache");

/* Return: 0 and *@to changed, or -EINVAL, one line in the log, and *@to as it was. */
static int uint_set(const char *val, const char *name, unsigned int *to, unsigned int min, unsigned int max)
{
	unsigned int new;

	if (kstrtouint(val, 0, &new) || new < min || new > max) {
		pr_err("%s: not a number from %u to %u: '%.*s'\n", name, min, max, quoted(val), val);
		return -EINVAL;
	}
	WRITE_ONCE(*to, new);
	return 0;
}

static int depth_set(const char *val, const struct kernel_param *kp)
{
	int err;

	mutex_lock(&settle_lock);
	err = uint_set(val, "depth", &skb_bulk_depth, 1, DEPTH_MAX);
	if (!err && ready)
		skb_bulk_each_cpu(configure, NULL);
	mutex_unlock(&settle_lock);
	return err;
}

static int depth_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", skb_bulk_depth);
}

static const struct kernel_param_ops depth_ops = { .set = depth_set, .get = depth_get };
module_param_cb(depth, &depth_ops, NULL, 0644);
MODULE_PARM_DESC(depth, "most objects that a CPU's stack of heads, and its stack of data, holds before it gives some back: 1 (hold none) to 1024 (default)");

static int idle_ms_set(const char *val, const struct kernel_param *kp)
{
	int err;

	mutex_lock(&settle_lock);
	err = uint_set(val, "idle_ms", &skb_bulk_idle_ms, 1, IDLE_MS_MAX);
	if (!err && ready)
		skb_bulk_idle_settle();
	mutex_unlock(&settle_lock);
	return err;
}

static int idle_ms_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", skb_bulk_idle_ms);
}

static const struct kernel_param_ops idle_ms_ops = { .set = idle_ms_set, .get = idle_ms_get };
module_param_cb(idle_ms, &idle_ms_ops, NULL, 0644);
MODULE_PARM_DESC(idle_ms, "milliseconds after which a CPU's idle stacks are given back: 1 to 60000 (default 100)");

/* Context: process, once, when the CPUs' stacks exist; a parameter may have been written since they were set up */
void skb_bulk_params_ready(void)
{
	mutex_lock(&settle_lock);
	settle_mode();
	skb_bulk_each_cpu(configure, NULL);
	ready = true;
	mutex_unlock(&settle_lock);
}

/* Context: process, before the CPUs' stacks go: the parameters' files stay for a while, and are writable */
void skb_bulk_params_exit(void)
{
	mutex_lock(&settle_lock);
	ready = false;
	mutex_unlock(&settle_lock);
}

/**
 * skb_bulk_flush() - give back all that the stacks of every CPU hold
 *
 * For a driver that goes down, or anyone who wants the memory back at once.
 *
 * Context: process, may sleep.
 */
void skb_bulk_flush(void)
{
	skb_bulk_each_cpu(drain, NULL);
}
EXPORT_SYMBOL_GPL(skb_bulk_flush);
