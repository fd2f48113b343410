/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of skb_bulk_test.ko and what they say to each other. */
#ifndef SKB_BULK_TEST_H
#define SKB_BULK_TEST_H

#include <linux/skbuff.h>
#include <linux/socket.h>

#include "compat.h"

struct dst_entry;
struct nf_conn;
struct page;
struct page_pool;
struct skb_ext;
struct xfrm_state;

#define MADE_SKBS	3
#define MADE_PAGES	3

struct skb_class;

/* what a class made: skbs to push, and what they hold references to */
struct made {
	const struct skb_class *class;
	unsigned int nr;
	struct sk_buff *skb[MADE_SKBS];

	struct page *page[MADE_PAGES];
	struct page_pool *pool;
	struct test_ubuf ubuf;
	struct dst_entry *dst;
	struct nf_conn *ct;
	struct skb_ext *ext;
	struct xfrm_state *xfrm;
	struct socket *sock;
	unsigned int destructed;
};

/* a kind of skb */
struct skb_class {
	const char *name;
	const char *expect;	/* counters that move when all of it is consumed */
	int (*make)(struct made *m);		/* process context; 0 or -errno */
	int (*between)(struct made *m);		/* after the first skb was consumed */
	int (*look)(struct made *m);		/* after the last: is all of it released? */
	void (*end)(struct made *m);		/* drops what the test itself holds */
};

extern const struct skb_class classes[];
extern const unsigned int nr_classes;

/* which of skb_bulk's functions is called, and where */
int run_class(const struct skb_class *class, const char *context);
const char *context_name(unsigned int i);

int test_null(void);
int test_build(void);
int test_alloc(unsigned int len);
int test_reuse(unsigned int nr);
int test_steady(unsigned int rounds, unsigned int burst);
int test_churn(unsigned int rounds);
int test_remote(void);
int test_hold(unsigned int nr);
int test_full(unsigned int nr);
int test_mix(unsigned int rounds, unsigned int nr, unsigned int len);

/* says what is wrong, for whoever reads the result; returns -EINVAL */
int __printf(1, 2) wrong(const char *fmt, ...);

#endif
