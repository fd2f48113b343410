/* SPDX-License-Identifier: GPL-2.0 */
/* The one place where kernels differ: each facility under one name, by what compat/probe found. */
#ifndef SKB_BULK_COMPAT_H
#define SKB_BULK_COMPAT_H

#include <linux/spinlock.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/probed.h"

#ifndef CONFIG_SLUB
#error "skb_bulk works with the slab pages of SLUB: build it for a kernel with CONFIG_SLUB=y"
#endif

#ifdef HAVE_SKBUFF_REF_H
#include <linux/skbuff_ref.h>
#endif

#ifdef HAVE_NET_HOTDATA
#include <net/hotdata.h>
#endif

/* the cache that sk_buff heads come from, NULL where the kernel keeps it to itself */
static inline struct kmem_cache *compat_head_cache(void)
{
#ifdef HAVE_NET_HOTDATA
	return net_hotdata.skbuff_cache;
#else
	return NULL;
#endif
}

/*
 * Sheaves are SLUB's own arrays of free objects. With them objects need not come page by page, a bulk free has to name
 * the cache, or the next allocation pays, and kfree() serves data, whose cache is not known. Such kernels let
 * alloc_skb() take heads from the cache that napi_consume_skb() fills.
 */
#ifdef HAVE_SHEAVES
#define COMPAT_SHEAVES 1
#else
#define COMPAT_SHEAVES 0
#endif

/* the cache to name in a bulk free: none where SLUB looks it up from the object for the same price */
static inline struct kmem_cache *compat_head_cache_to_free(void)
{
	return COMPAT_SHEAVES ? compat_head_cache() : NULL;
}

/* @skb's head was taken apart on this CPU: napi_consume_skb() shall not send it to the one that allocated it */
static inline void compat_skb_allocated_here(struct sk_buff *skb)
{
#ifdef HAVE_SKB_ALLOC_CPU
	skb->alloc_cpu = raw_smp_processor_id();
#endif
}

/* somebody else's cache has @skb's head, or its memory is far away where no more than that is known */
static inline bool compat_skb_remote(const struct sk_buff *skb)
{
#ifdef HAVE_SKB_ALLOC_CPU
	return skb->alloc_cpu != raw_smp_processor_id();
#else
	return page_to_nid(virt_to_head_page(skb)) != numa_mem_id();
#endif
}

/* macros, since the compiler tests neighbouring bits at once only where it sees them as such */
#ifdef HAVE_SKB_PP_RECYCLE
#define compat_skb_pp_recycle(skb)	((skb)->pp_recycle)
#else
#define compat_skb_pp_recycle(skb)	0
#endif
#ifdef CONFIG_SKB_EXTENSIONS
#define compat_skb_extensions(skb)	((skb)->active_extensions)
#else
#define compat_skb_extensions(skb)	0
#endif

/* set if the fragments, or some of them, may be somebody else's */
#ifdef HAVE_SKBFL
#define compat_shinfo_flags(shinfo)	((shinfo)->flags)
#else
#define compat_shinfo_flags(shinfo)	((shinfo)->tx_flags & SKBTX_DEV_ZEROCOPY)
#endif

/* of an skb whose fragments are no page pool's and nobody else's */
static inline void compat_frag_unref(skb_frag_t *frag)
{
#if defined(HAVE_FRAG_UNREF_RECYCLE) || defined(HAVE_FRAG_UNREF_RECYCLE_REF_H)
	__skb_frag_unref(frag, false);
#else
	__skb_frag_unref(frag);
#endif
}

static inline struct sk_buff *compat_napi_build_skb(void *data, unsigned int frag_size)
{
#ifdef HAVE_NAPI_BUILD_SKB
	return napi_build_skb(data, frag_size);
#else
	return build_skb(data, frag_size);
#endif
}

/*
 * Per-CPU data of softirq: on a kernel whose BH-disabled sections can be preempted (RT) newer kernels want a lock that
 * nests in them; older ones serialise them per CPU by themselves.
 */
#ifdef HAVE_LOCAL_LOCK_NESTED_BH
struct compat_bh_lock {
	local_lock_t nested;
};

#define compat_bh_lock_init(lock)	local_lock_init(&(lock)->nested)
#define compat_bh_lock(lock)		local_lock_nested_bh(&(lock)->nested)
#define compat_bh_unlock(lock)		local_unlock_nested_bh(&(lock)->nested)
#else
struct compat_bh_lock {
};

static inline void compat_bh_lock_init(struct compat_bh_lock *lock) { }
static inline void compat_bh_lock(struct compat_bh_lock __percpu *lock) { }
static inline void compat_bh_unlock(struct compat_bh_lock __percpu *lock) { }
#endif

#ifdef HAVE_WQ_PERCPU
#define COMPAT_WQ_PERCPU WQ_PERCPU
#else
#define COMPAT_WQ_PERCPU 0
#endif

typedef unsigned long compat_shrinker_fn(struct shrinker *shrinker, struct shrink_control *sc);

static inline struct shrinker *compat_shrinker_register(const char *name, compat_shrinker_fn *count, compat_shrinker_fn *scan)
{
#ifdef HAVE_SHRINKER_ALLOC
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);
#else
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
	int err;
#endif

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_register(shrinker);
#else
#ifdef HAVE_SHRINKER_NAME
	err = register_shrinker(shrinker, "%s", name);
#else
	err = register_shrinker(shrinker);
#endif
	if (err) {
		kfree(shrinker);
		return NULL;
	}
#endif
	return shrinker;
}

static inline void compat_shrinker_unregister(struct shrinker *shrinker)
{
#ifdef HAVE_SHRINKER_ALLOC
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

#endif
