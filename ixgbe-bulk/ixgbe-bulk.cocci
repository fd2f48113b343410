// SPDX-License-Identifier: GPL-2.0
// Turns the ixgbe of any served kernel into ixgbe_bulk; make-source says in which files and asserts what each rule did.

@ header @
@@
#include "ixgbe_type.h"
+ #include "skb_bulk.h"

// what a NAPI instance sent through skb_bulk, and the sum of a port's instances, which ethtool shows
@ share_of_vector @
@@
struct ixgbe_q_vector {
	struct ixgbe_adapter *adapter;
+	struct skb_bulk_share skb_bulk;
	...
};

@ share_of_port @
@@
struct ixgbe_adapter {
	...
	u64 restart_queue;
+	struct skb_bulk_share skb_bulk_sum;
	...
};

@ share_shown @
symbol ixgbe_gstrings_stats, restart_queue;
@@
struct ixgbe_stats ixgbe_gstrings_stats[] = {
	...,
	{"tx_restart_queue", IXGBE_STAT(restart_queue)},
+	{"skb_bulk_consumed", IXGBE_STAT(skb_bulk_sum.consumed)},
+	{"skb_bulk_reused", IXGBE_STAT(skb_bulk_sum.reused)},
	...
};

@ share_summed @
symbol adapter, restart_queue;
@@
ixgbe_update_stats(...)
{
<...
adapter->restart_queue = restart_queue;
+ {
+	struct skb_bulk_share sum = {};
+
+	for (i = 0; i < adapter->num_q_vectors; i++) {
+		struct ixgbe_q_vector *vector = READ_ONCE(adapter->q_vector[i]);
+
+		sum.consumed += vector ? vector->skb_bulk.consumed : 0;
+		sum.reused += vector ? vector->skb_bulk.reused : 0;
+	}
+	adapter->skb_bulk_sum = sum;
+ }
...>
}

// what this CPU does during a poll it does for the port: counted once a poll, not a packet, as long as the poll owns it
@ share_marked @
symbol q_vector, adapter;
@@
ixgbe_poll(...)
{
...
struct ixgbe_adapter *adapter = q_vector->adapter;
+ struct skb_bulk_share mark = skb_bulk_share_mark();
...
}

@ share_counted @
symbol q_vector, clean_complete, budget;
@@
ixgbe_poll(...)
{
<...
+ skb_bulk_share_add(&q_vector->skb_bulk, &mark);
  if (!clean_complete)
  	return budget;
...>
}

// two pci drivers cannot share a name, nor a debugfs directory or a workqueue, which are called after it
@ driver_name @
@@
char ixgbe_driver_name[] =
- "ixgbe"
+ "ixgbe_bulk"
;

// without a table of aliases udev never loads the fork: the stock driver keeps every port until somebody asks
@ device_table @
declarer name MODULE_DEVICE_TABLE;
@@
- MODULE_DEVICE_TABLE(pci, ixgbe_pci_tbl);

// a symbol that both exported would keep the second of the two from loading; nobody but ixgbe uses it (none in 5.10)
@ export @
declarer name EXPORT_SYMBOL;
identifier symbol;
@@
- EXPORT_SYMBOL(symbol);

@ description @
declarer name MODULE_DESCRIPTION;
expression text;
@@
- MODULE_DESCRIPTION(text);
+ MODULE_DESCRIPTION("ixgbe with sk_buffs freed and reused in bulk by skb_bulk");

// the other ways out of a tx ring run outside of napi and stay with dev_kfree_skb_any
@ tx_clean @
expression skb, budget;
@@
ixgbe_clean_tx_irq(...)
{
<...
- napi_consume_skb(skb, budget)
+ skb_bulk_napi_consume(skb, budget)
...>
}

@ rx_alloc @
expression napi, len;
@@
ixgbe_construct_skb(...)
{
<...
- napi_alloc_skb(napi, len)
+ skb_bulk_napi_alloc(napi, len)
...>
}

// napi_build_skb is build_skb before 5.15
@ rx_build @
expression data, size;
@@
ixgbe_build_skb(...)
{
<...
(
- napi_build_skb(data, size)
+ skb_bulk_napi_build(data, size)
|
- build_skb(data, size)
+ skb_bulk_napi_build(data, size)
)
...>
}
