// SPDX-License-Identifier: GPL-2.0
/* The places that skb_bulk's functions are called from: softirq, process context, hard IRQ, IRQs off. */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/preempt.h>

#include "skb_bulk.h"
#include "test.h"

/* a class on its way through a context */
struct job {
	const struct skb_class *class;
	struct made made;
	void (*push)(struct sk_buff *skb);
	bool later;		/* what is pushed is consumed after the pusher returned */
	bool bad_context;
	int err;
	struct irq_work irq_work;
	struct tasklet_struct tasklet;
	struct completion done;
};

static void push_napi(struct sk_buff *skb)
{
	skb_bulk_napi_consume(skb, 64);
}

static void push_budget0(struct sk_buff *skb)
{
	skb_bulk_napi_consume(skb, 0);
}

static void push_all(struct job *job)
{
	struct made *m = &job->made;
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		job->push(m->skb[i]);
		if (i == 0 && job->class->between && !job->later && !job->err)
			job->err = job->class->between(m);
		/* what is wrong by then may have no end if it goes on */
		if (job->err)
			return;
	}
}

/* released means: by the time that the call returns */
static void push_and_look(struct job *job)
{
	push_all(job);
	if (!job->err && job->class->look)
		job->err = job->class->look(&job->made);
}

static void in_process(struct job *job)
{
	push_and_look(job);
}

static void with_bh_off(struct job *job)
{
	local_bh_disable();
	push_and_look(job);
	local_bh_enable();
}

static void tasklet_push(struct tasklet_struct *t)
{
	struct job *job = container_of(t, struct job, tasklet);

	push_and_look(job);
	complete(&job->done);
}

static void in_softirq_(struct job *job)
{
	init_completion(&job->done);
	tasklet_setup(&job->tasklet, tasklet_push);
	tasklet_schedule(&job->tasklet);
	wait_for_completion(&job->done);
	tasklet_kill(&job->tasklet);
}

/* runs on the CPU of the push after skb_bulk's own tasklet, which was scheduled first */
static void tasklet_look(struct tasklet_struct *t)
{
	struct job *job = container_of(t, struct job, tasklet);

	if (job->class->look)
		job->err = job->class->look(&job->made);
	complete(&job->done);
}

static void later_begin(struct job *job)
{
	job->later = true;
	init_completion(&job->done);
	tasklet_setup(&job->tasklet, tasklet_look);
}

static int later_end(struct job *job)
{
	if (!wait_for_completion_timeout(&job->done, 10 * HZ))
		job->err = wrong("nothing ran in ten seconds");
	tasklet_kill(&job->tasklet);
	return job->err;
}

static void with_irqs_off(struct job *job)
{
	later_begin(job);
	local_irq_disable();
	push_all(job);
	tasklet_schedule(&job->tasklet);
	local_irq_enable();
	later_end(job);
}

static void irq_work_push(struct irq_work *work)
{
	struct job *job = container_of(work, struct job, irq_work);

	job->bad_context = !hardirq_count();
	push_all(job);
	tasklet_schedule(&job->tasklet);
}

static void in_hard_irq(struct job *job)
{
	later_begin(job);
	test_irq_work_init(&job->irq_work, irq_work_push);
	irq_work_queue(&job->irq_work);
	later_end(job);
	irq_work_sync(&job->irq_work);
	if (!job->err && job->bad_context)
		job->err = wrong("irq_work was not in hard IRQ context");
}

static const struct context {
	const char *name;
	void (*run)(struct job *job);
	void (*push)(struct sk_buff *skb);
} contexts[] = {
	{ "napi-bh", with_bh_off, push_napi },
	{ "napi-softirq", in_softirq_, push_napi },
	{ "any-process", in_process, skb_bulk_consume_any },
	{ "any-bh", with_bh_off, skb_bulk_consume_any },
	{ "budget0-process", in_process, push_budget0 },
	{ "budget0-softirq", in_softirq_, push_budget0 },
	{ "budget0-irqs-off", with_irqs_off, push_budget0 },
	{ "any-irqs-off", with_irqs_off, skb_bulk_consume_any },
	{ "irq-irqs-off", with_irqs_off, skb_bulk_consume_irq },
	{ "budget0-hardirq", in_hard_irq, push_budget0 },
	{ "any-hardirq", in_hard_irq, skb_bulk_consume_any },
	{ "irq-hardirq", in_hard_irq, skb_bulk_consume_irq },
};

const char *context_name(unsigned int i)
{
	return i < ARRAY_SIZE(contexts) ? contexts[i].name : NULL;
}

int run_class(const struct skb_class *class, const char *context)
{
	const struct context *c;
	struct job *job;
	int err = 0;

	for (c = contexts; c < contexts + ARRAY_SIZE(contexts); c++)
		if (!strcmp(c->name, context))
			break;
	if (c == contexts + ARRAY_SIZE(contexts))
		return wrong("no context %s", context);

	job = kzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		return -ENOMEM;
	job->class = class;
	job->push = c->push;
	err = class->make(&job->made);
	if (!err) {
		c->run(job);
		err = job->err;
		if (class->end)
			class->end(&job->made);
	}
	kfree(job);
	return err;
}
