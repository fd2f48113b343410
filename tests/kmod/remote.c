// SPDX-License-Identifier: GPL-2.0
/* An skb that another CPU allocated. */
#include <linux/cpu.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include "skb_bulk.h"
#include "test.h"

static long allocate(void *arg)
{
	struct sk_buff **skb = arg;

	*skb = alloc_skb(64, GFP_KERNEL);
	return *skb ? 0 : -ENOMEM;
}

static long consume(void *skb)
{
	local_bh_disable();
	skb_bulk_napi_consume(skb, 64);
	local_bh_enable();
	return 0;
}

/* allocated on the first CPU, consumed on the last */
int test_remote(void)
{
	struct sk_buff *skb;
	int err;

	cpus_read_lock();
	err = work_on_cpu(cpumask_first(cpu_online_mask), allocate, &skb);
	if (!err)
		work_on_cpu(cpumask_last(cpu_online_mask), consume, skb);
	cpus_read_unlock();
	return err;
}
