// SPDX-License-Identifier: GPL-2.0
/* Every class of skb, made on purpose, and whether what it held is free again. */
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <net/dst_metadata.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/sock.h>
#include <net/xfrm.h>

#include "test.h"

/* counters of an skb that is stacked, with data from a slab or not */
#define STACKED		"consumed=1 head_taken=1 "
#ifdef HAVE_SHEAVES
#define SLAB_DATA	STACKED "data_single=1"
#else
#define SLAB_DATA	STACKED "data_taken=1"
#endif
#define OTHER_DATA	STACKED "data_single=1"
/* two that share their data: the second has it alone; heads of a pair are not stacked */
#ifdef HAVE_SHEAVES
#define SHARED_DATA	"consumed=2 data_single=2"
#define PAIRED_ALONE	"consumed=1 head_fclone=1 data_single=1"
#else
#define SHARED_DATA	"consumed=2 data_single=1 data_taken=1"
#define PAIRED_ALONE	"consumed=1 head_fclone=1 data_taken=1"
#endif
#define CLONES		SHARED_DATA " head_taken=2"
#define PAIRED		SHARED_DATA " head_fclone=2"
/* the first is a head alone, the second the kernel's */
#define ODD_CLONES	OTHER_DATA " to_kernel_frag_list=1"

#define PATTERN		0x5a

static int give(struct made *m, struct sk_buff *skb)
{
	if (!skb)
		return -ENOMEM;
	m->skb[m->nr++] = skb;
	return 0;
}

static struct sk_buff *linear(unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);

	if (skb)
		memset(skb_put(skb, len), PATTERN, len);
	return skb;
}

static int make_one(struct made *m)
{
	return give(m, linear(1000));
}

/* linear data of several sizes */
#define LINEAR(len) \
static int make_linear_##len(struct made *m) \
{ \
	return give(m, linear(len)); \
}

LINEAR(1)
LINEAR(64)
LINEAR(1000)
LINEAR(4000)
LINEAR(7000)
LINEAR(16000)

static int make_pfmemalloc(struct made *m)
{
	int err = make_one(m);

	if (!err)
		m->skb[0]->pfmemalloc = 1;
	return err;
}

/* pages that the test holds a reference to as well */
static struct page *make_page(struct made *m, unsigned int i)
{
	m->page[i] = alloc_page(GFP_KERNEL);
	if (m->page[i])
		get_page(m->page[i]);
	return m->page[i];
}

static int look_pages(struct made *m)
{
	unsigned int i;

	for (i = 0; i < MADE_PAGES && m->page[i]; i++)
		if (page_ref_count(m->page[i]) != 1)
			return wrong("page %u has %d references", i, page_ref_count(m->page[i]));
	return 0;
}

static void end_pages(struct made *m)
{
	unsigned int i;

	for (i = 0; i < MADE_PAGES && m->page[i]; i++)
		put_page(m->page[i]);
}

static int make_page_frag(struct made *m)
{
	if (!make_page(m, 0))
		return -ENOMEM;
	return give(m, build_skb(page_address(m->page[0]), PAGE_SIZE));
}

/* as a driver has it: several buffers of one page */
static int make_netdev_frag(struct made *m)
{
	unsigned int size = SKB_DATA_ALIGN(1000) + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	void *data = netdev_alloc_frag(size);

	return data ? give(m, build_skb(data, size)) : -ENOMEM;
}

static int add_frags(struct made *m, struct sk_buff *skb)
{
	unsigned int i;

	for (i = 0; i < MADE_PAGES; i++) {
		if (!make_page(m, i))
			return -ENOMEM;
		skb_add_rx_frag(skb, i, m->page[i], 0, 100, PAGE_SIZE);
	}
	return 0;
}

static int make_frags(struct made *m)
{
	return make_one(m) ?: add_frags(m, m->skb[0]);
}

/* of user space or of a file: the flag asks for care when data is changed, not when it is freed */
static int make_frags_shared(struct made *m)
{
	int err = make_frags(m);

#ifdef HAVE_SKBFL
	if (!err)
		skb_shinfo(m->skb[0])->flags |= SKBFL_SHARED_FRAG;
#else
	if (!err)
		skb_shinfo(m->skb[0])->tx_flags |= SKBTX_SHARED_FRAG;
#endif
	return err;
}

static int make_timestamp_flag(struct made *m)
{
	int err = make_one(m);

	if (!err)
		skb_shinfo(m->skb[0])->tx_flags |= SKBTX_HW_TSTAMP | SKBTX_IN_PROGRESS;
	return err;
}

/* one test at a time; the control buffer of the skb is the kernel's, who writes into it when it defers a free */
static struct made *destructor_of;

static void count_destructor(struct sk_buff *skb)
{
	destructor_of->destructed++;
}

static void set_destructor(struct made *m, struct sk_buff *skb, void (*destructor)(struct sk_buff *skb))
{
	destructor_of = m;
	skb->destructor = destructor;
}

static int look_destructed(struct made *m)
{
	return m->destructed == 1 ? 0 : wrong("the destructor was called %u times", m->destructed);
}

static int make_destructor(struct made *m)
{
	int err = make_one(m);

	if (!err)
		set_destructor(m, m->skb[0], count_destructor);
	return err;
}

static int make_page_frag_destructor(struct made *m)
{
	int err = make_page_frag(m);

	if (!err)
		set_destructor(m, m->skb[0], count_destructor);
	return err;
}

static int look_page_frag_destructor(struct made *m)
{
	return look_pages(m) ?: look_destructed(m);
}

/* what netlink does with data from vmalloc() */
static void take_head_destructor(struct sk_buff *skb)
{
	count_destructor(skb);
	kfree(skb->head);
	skb->head = NULL;
}

static int make_head_taken(struct made *m)
{
	int err = make_one(m);

	if (!err)
		set_destructor(m, m->skb[0], take_head_destructor);
	return err;
}

static int make_frag_list(struct made *m)
{
	struct sk_buff *part;
	int err = make_one(m);

	if (err)
		return err;
	part = linear(500);
	if (!part)
		return -ENOMEM;
	set_destructor(m, part, count_destructor);
	skb_shinfo(m->skb[0])->frag_list = part;
	m->skb[0]->len += part->len;
	m->skb[0]->data_len += part->len;
	m->skb[0]->truesize += part->truesize;
	return 0;
}

/* two heads with the same data */
static int make_clone(struct made *m)
{
	return make_one(m) ?: give(m, skb_clone(m->skb[0], GFP_KERNEL));
}

static int make_frag_list_clone(struct made *m)
{
	return make_frag_list(m) ?: give(m, skb_clone(m->skb[0], GFP_KERNEL));
}

static int make_fclone_alone(struct made *m)
{
	struct sk_buff *skb = alloc_skb_fclone(1000, GFP_KERNEL);

	if (skb)
		memset(skb_put(skb, 1000), PATTERN, 1000);
	return give(m, skb);
}

static int make_fclone(struct made *m)
{
	return make_fclone_alone(m) ?: give(m, skb_clone(m->skb[0], GFP_KERNEL));
}

/* as TCP does: the one that stays for retransmission has no claim on the headers */
static int make_tcp(struct made *m)
{
	int err = make_fclone_alone(m);

	if (err)
		return err;
	__skb_header_release(m->skb[0]);
	return give(m, skb_clone(m->skb[0], GFP_KERNEL));
}

static int make_reversed(struct made *m, int (*make)(struct made *m))
{
	int err = make(m);

	if (!err)
		swap(m->skb[0], m->skb[1]);
	return err;
}

static int make_clone_first(struct made *m)
{
	return make_reversed(m, make_clone);
}

static int make_fclone_first(struct made *m)
{
	return make_reversed(m, make_fclone);
}

static int make_tcp_first(struct made *m)
{
	return make_reversed(m, make_tcp);
}

/* the data is still the other head's */
static int between_clones(struct made *m)
{
	const struct sk_buff *left = m->skb[1];
	int refs = atomic_read(&skb_shinfo(left)->dataref);
	unsigned int i;

	if (refs != (left->nohdr ? (1 << SKB_DATAREF_SHIFT) + 1 : 1))
		return wrong("the data has %#x references", refs);
	for (i = 0; i < left->len; i++)
		if (left->data[i] != PATTERN)
			return wrong("byte %u of the data changed", i);
	return 0;
}

/* a second reference to the same head, as for a hardware timestamp */
static int make_shared(struct made *m)
{
	int err = make_one(m);

	if (err)
		return err;
	set_destructor(m, m->skb[0], count_destructor);
	return give(m, skb_get(m->skb[0]));
}

static int between_shared(struct made *m)
{
	if (refcount_read(&m->skb[1]->users) != 1)
		return wrong("%u users are left", refcount_read(&m->skb[1]->users));
	return m->destructed ? wrong("a shared skb was taken apart") : 0;
}

static int make_zerocopy(struct made *m)
{
	int err = make_frags(m);

	if (!err)
		test_ubuf_attach(m->skb[0], &m->ubuf);
	return err;
}

static int make_zerocopy_linear(struct made *m)
{
	int err = make_one(m);

	if (!err)
		test_ubuf_attach(m->skb[0], &m->ubuf);
	return err;
}

static int look_zerocopy(struct made *m)
{
	if (m->ubuf.completed != 1)
		return wrong("completed %u times", m->ubuf.completed);
	return look_pages(m);
}

#ifdef HAVE_SKB_MARK_FOR_RECYCLE
static struct page *make_pool_page(struct made *m)
{
	struct page_pool_params params = { .pool_size = 16, .nid = NUMA_NO_NODE };
	struct page_pool *pool = page_pool_create(&params);
	struct page *page;

	if (IS_ERR(pool))
		return NULL;
	m->pool = pool;
	local_bh_disable();
	page = page_pool_alloc_pages(pool, GFP_ATOMIC);
	local_bh_enable();
	return page;
}

static int make_pool_head(struct made *m)
{
	struct page *page = make_pool_page(m);
	int err;

	if (!page)
		return -ENOMEM;
	err = give(m, build_skb(page_address(page), PAGE_SIZE));
	if (!err)
		skb_mark_for_recycle(m->skb[0]);
	return err;
}

static int make_pool_frag(struct made *m)
{
	struct page *page = make_pool_page(m);
	int err;

	if (!page)
		return -ENOMEM;
	err = make_one(m);
	if (!err) {
		skb_add_rx_frag(m->skb[0], 0, page, 0, 100, PAGE_SIZE);
		skb_mark_for_recycle(m->skb[0]);
	}
	return err;
}

/* the page is back in its pool */
static int look_pool(struct made *m)
{
	return ptr_ring_empty_bh(&m->pool->ring) ? wrong("the pool did not get its page back") : 0;
}

static void end_pool(struct made *m)
{
	page_pool_destroy(m->pool);
}
#endif

static int make_dst(struct made *m)
{
	struct metadata_dst *md = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
	int err;

	if (!md)
		return -ENOMEM;
	m->dst = &md->dst;
	err = make_one(m);
	if (err)
		return err;
	dst_hold(m->dst);
	skb_dst_set(m->skb[0], m->dst);
	return 0;
}

static int look_dst(struct made *m)
{
	int refs = test_dst_refs(m->dst);

	/* one is left; the kernel counts from zero or from one */
	return refs == 1 ? 0 : wrong("the dst has %d references", refs);
}

static void end_dst(struct made *m)
{
	dst_release(m->dst);
}

static int make_sock(struct made *m)
{
	int err = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &m->sock);

	if (err)
		return err;
	err = make_one(m);
	if (!err)
		skb_set_owner_w(m->skb[0], m->sock->sk);
	return err;
}

static int look_sock(struct made *m)
{
	int left = sk_wmem_alloc_get(m->sock->sk);

	return left ? wrong("%d bytes are charged to the socket", left) : 0;
}

static void end_sock(struct made *m)
{
	sock_release(m->sock);
}

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
static int make_conntrack(struct made *m)
{
	int err;

	m->ct = nf_ct_tmpl_alloc(&init_net, &nf_ct_zone_dflt, GFP_KERNEL);
	if (!m->ct)
		return -ENOMEM;
	err = make_one(m);
	if (err)
		return err;
	nf_conntrack_get(&m->ct->ct_general);
	nf_ct_set(m->skb[0], m->ct, IP_CT_NEW);
	return 0;
}

static int look_conntrack(struct made *m)
{
	unsigned int refs = refcount_read(&m->ct->ct_general.use);

	return refs == 1 ? 0 : wrong("the connection has %u references", refs);
}

static void end_conntrack(struct made *m)
{
	nf_ct_put(m->ct);
}
#endif

#if IS_ENABLED(CONFIG_XFRM)
/* an skb extension, and in it what holds a namespace: an xfrm state */
static int make_extension(struct made *m)
{
	struct sec_path *sp;
	int err;

	m->xfrm = xfrm_state_alloc(&init_net);
	if (!m->xfrm)
		return -ENOMEM;
	err = make_one(m);
	if (err)
		return err;
	sp = secpath_set(m->skb[0]);
	if (!sp)
		return -ENOMEM;
	xfrm_state_hold(m->xfrm);
	sp->xvec[sp->len++] = m->xfrm;
	return 0;
}

static int look_extension(struct made *m)
{
	unsigned int refs = refcount_read(&m->xfrm->refcnt);

	return refs == 1 ? 0 : wrong("the xfrm state has %u references", refs);
}

static void end_extension(struct made *m)
{
	m->xfrm->km.state = XFRM_STATE_DEAD;
	xfrm_state_put(m->xfrm);
}

/* an extension that another skb has too */
static int make_extension_shared(struct made *m)
{
	int err = make_extension(m);

	if (err)
		return err;
	m->ext = m->skb[0]->extensions;
	refcount_inc(&m->ext->refcnt);
	return 0;
}

static int look_extension_shared(struct made *m)
{
	unsigned int refs = refcount_read(&m->ext->refcnt);

	return refs == 1 ? 0 : wrong("the extension has %u references", refs);
}

static void end_extension_shared(struct made *m)
{
	__skb_ext_put(m->ext);
	end_extension(m);
}
#endif

/* all at once: what one skb of a busy router may carry */
static int make_everything(struct made *m)
{
	int err = make_dst(m) ?: add_frags(m, m->skb[0]);

	if (err)
		return err;
	set_destructor(m, m->skb[0], count_destructor);
	m->skb[0]->pfmemalloc = 1;
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	m->ct = nf_ct_tmpl_alloc(&init_net, &nf_ct_zone_dflt, GFP_KERNEL);
	if (!m->ct)
		return -ENOMEM;
	nf_conntrack_get(&m->ct->ct_general);
	nf_ct_set(m->skb[0], m->ct, IP_CT_NEW);
#endif
	return 0;
}

static int look_everything(struct made *m)
{
	int err = look_dst(m) ?: look_pages(m) ?: look_destructed(m);

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	err = err ?: look_conntrack(m);
#endif
	return err;
}

static void end_everything(struct made *m)
{
	end_dst(m);
	end_pages(m);
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	end_conntrack(m);
#endif
}

const struct skb_class classes[] = {
	{ "linear-1", SLAB_DATA, make_linear_1 },
	{ "linear-64", SLAB_DATA, make_linear_64 },
	{ "linear-1000", SLAB_DATA, make_linear_1000 },
	{ "linear-4000", SLAB_DATA, make_linear_4000 },
	{ "linear-7000", SLAB_DATA, make_linear_7000 },
	{ "linear-16000", OTHER_DATA, make_linear_16000 },
	{ "pfmemalloc", SLAB_DATA, make_pfmemalloc },
	{ "timestamp-flag", SLAB_DATA, make_timestamp_flag },
	{ "page-frag", OTHER_DATA, make_page_frag, NULL, look_pages, end_pages },
	{ "netdev-frag", OTHER_DATA, make_netdev_frag },
	{ "frags", SLAB_DATA, make_frags, NULL, look_pages, end_pages },
	{ "frags-shared", SLAB_DATA, make_frags_shared, NULL, look_pages, end_pages },
	{ "frag-list", "to_kernel_frag_list=1", make_frag_list, NULL, look_destructed },
	{ "frag-list-clone", ODD_CLONES, make_frag_list_clone, NULL, look_destructed },
	{ "clone-last", CLONES, make_clone, between_clones },
	{ "clone-first", CLONES, make_clone_first, between_clones },
	{ "fclone-alone", PAIRED_ALONE, make_fclone_alone },
	{ "fclone-last", PAIRED, make_fclone, between_clones },
	{ "fclone-first", PAIRED, make_fclone_first, between_clones },
	{ "tcp-last", PAIRED, make_tcp, between_clones },
	{ "tcp-first", PAIRED, make_tcp_first, between_clones },
	{ "shared", "to_kernel_shared=1 " SLAB_DATA, make_shared, between_shared, look_destructed },
	{ "zerocopy", "to_kernel_zerocopy=1", make_zerocopy, NULL, look_zerocopy, end_pages },
	{ "zerocopy-linear", "to_kernel_zerocopy=1", make_zerocopy_linear, NULL, look_zerocopy },
	{ "destructor", SLAB_DATA, make_destructor, NULL, look_destructed },
	{ "page-frag-destructor", OTHER_DATA, make_page_frag_destructor, NULL, look_page_frag_destructor, end_pages },
	{ "head-taken", OTHER_DATA, make_head_taken, NULL, look_destructed },
	{ "socket", SLAB_DATA, make_sock, NULL, look_sock, end_sock },
	{ "dst", SLAB_DATA, make_dst, NULL, look_dst, end_dst },
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	{ "conntrack", SLAB_DATA, make_conntrack, NULL, look_conntrack, end_conntrack },
#endif
#if IS_ENABLED(CONFIG_XFRM)
	{ "extension", SLAB_DATA, make_extension, NULL, look_extension, end_extension },
	{ "extension-shared", SLAB_DATA, make_extension_shared, NULL, look_extension_shared, end_extension_shared },
#endif
#ifdef HAVE_SKB_MARK_FOR_RECYCLE
	{ "page-pool-head", "to_kernel_page_pool=1", make_pool_head, NULL, look_pool, end_pool },
	{ "page-pool-frag", "to_kernel_page_pool=1", make_pool_frag, NULL, look_pool, end_pool },
#endif
	{ "everything", SLAB_DATA, make_everything, NULL, look_everything, end_everything },
};

const unsigned int nr_classes = ARRAY_SIZE(classes);
