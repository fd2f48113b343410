/* SPDX-License-Identifier: GPL-2.0 */
/* Where kernels differ for the test module, by what its probes found. */
#ifndef SKB_BULK_TEST_COMPAT_H
#define SKB_BULK_TEST_COMPAT_H

#include <linux/irq_work.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/dst.h>

#include "probed.h"

#ifdef HAVE_PAGE_POOL_HELPERS
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

static inline struct sk_buff *test_napi_build_skb(void *data, unsigned int size)
{
#ifdef HAVE_NAPI_BUILD_SKB
	return napi_build_skb(data, size);
#else
	return build_skb(data, size);
#endif
}

static inline int test_dst_refs(const struct dst_entry *dst)
{
#ifdef HAVE_DST_RCUREF
	return rcuref_read((rcuref_t *)&dst->__rcuref);
#else
	return atomic_read(&dst->__refcnt);
#endif
}

static inline void test_irq_work_init(struct irq_work *work, void (*fn)(struct irq_work *work))
{
#ifdef HAVE_IRQ_WORK_HARD
	*work = IRQ_WORK_INIT_HARD(fn);
#else
	init_irq_work(work, fn);
#endif
}

/* a zero-copy buffer whose owner counts its completions */
struct test_ubuf {
	struct ubuf_info ubuf;
	unsigned int completed;
};

static inline void test_ubuf_complete(struct ubuf_info *ubuf)
{
	container_of(ubuf, struct test_ubuf, ubuf)->completed++;
}

#ifdef HAVE_UBUF_OPS
static inline void test_ubuf_callback(struct sk_buff *skb, struct ubuf_info *ubuf, bool ok)
{
	test_ubuf_complete(ubuf);
}

static const struct ubuf_info_ops __maybe_unused test_ubuf_ops = { .complete = test_ubuf_callback };
#elif defined(HAVE_UBUF_CALLBACK_SKB)
static inline void test_ubuf_callback(struct sk_buff *skb, struct ubuf_info *ubuf, bool ok)
{
	test_ubuf_complete(ubuf);
}
#else
static inline void test_ubuf_callback(struct ubuf_info *ubuf, bool ok)
{
	test_ubuf_complete(ubuf);
}
#endif

/* @skb takes the one reference to @t */
static inline void test_ubuf_attach(struct sk_buff *skb, struct test_ubuf *t)
{
	bool have_ref = true;

	memset(t, 0, sizeof(*t));
	refcount_set(&t->ubuf.refcnt, 1);
#ifdef HAVE_UBUF_OPS
	t->ubuf.ops = &test_ubuf_ops;
#else
	t->ubuf.callback = test_ubuf_callback;
#endif
#ifdef HAVE_SKBFL
	t->ubuf.flags = SKBFL_ZEROCOPY_FRAG;
#endif
	skb_zcopy_set(skb, &t->ubuf, &have_ref);
}

#endif
