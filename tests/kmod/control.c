// SPDX-License-Identifier: GPL-2.0
/* skb_bulk_test: a script writes a test's name to debugfs and reads how it went. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "test.h"

static DEFINE_MUTEX(run_lock);
static char result[256] = "nothing was run\n";
static struct dentry *dir;

int wrong(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(result, sizeof(result), fmt, args);
	va_end(args);
	return -EINVAL;
}

static int run_class_by_name(const char *name, const char *context)
{
	unsigned int i;

	for (i = 0; i < nr_classes; i++)
		if (!strcmp(classes[i].name, name))
			return run_class(&classes[i], context);
	return wrong("no class %s", name);
}

static int run(char *line)
{
	char name[32], context[32];
	unsigned int a, b, c;

	if (sscanf(line, "class %31s %31s", name, context) == 2)
		return run_class_by_name(name, context);
	if (!strcmp(line, "null"))
		return test_null();
	if (!strcmp(line, "build"))
		return test_build();
	if (!strcmp(line, "remote"))
		return test_remote();
	if (sscanf(line, "alloc %u", &a) == 1)
		return test_alloc(a);
	if (sscanf(line, "reuse %u", &a) == 1)
		return test_reuse(a);
	if (sscanf(line, "hold %u", &a) == 1)
		return test_hold(a);
	if (sscanf(line, "steady %u %u", &a, &b) == 2)
		return test_steady(a, b);
	if (sscanf(line, "full %u", &a) == 1)
		return test_full(a);
	if (sscanf(line, "mix %u %u %u", &a, &b, &c) == 3)
		return test_mix(a, b, c);
	if (sscanf(line, "churn %u", &a) == 1)
		return test_churn(a);
	return wrong("no test '%s'", line);
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char line[80];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';

	mutex_lock(&run_lock);
	snprintf(result, sizeof(result), "no reason given");
	err = run(strim(line));
	if (!err)
		snprintf(result, sizeof(result), "ok");
	else if (err == -ENOMEM)
		snprintf(result, sizeof(result), "no memory");
	else if (err != -EINVAL)
		snprintf(result, sizeof(result), "error %d", err);
	mutex_unlock(&run_lock);
	return err ? err : len;
}

static int run_show(struct seq_file *m, void *unused)
{
	mutex_lock(&run_lock);
	seq_printf(m, "%s\n", result);
	mutex_unlock(&run_lock);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* a line a class: its name, and the counters that it moves */
static int classes_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < nr_classes; i++)
		seq_printf(m, "%s %s\n", classes[i].name, classes[i].expect);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(classes);

static int contexts_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; context_name(i); i++)
		seq_printf(m, "%s\n", context_name(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(contexts);

static int __init test_init(void)
{
	dir = debugfs_create_dir("skb_bulk_test", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	debugfs_create_file("classes", 0400, dir, NULL, &classes_fops);
	debugfs_create_file("contexts", 0400, dir, NULL, &contexts_fops);
	return 0;
}

static void __exit test_exit(void)
{
	debugfs_remove_recursive(dir);
}

module_init(test_init);
module_exit(test_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Pushes skbs of every class through skb_bulk, for its tests");
