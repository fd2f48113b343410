// SPDX-License-Identifier: GPL-2.0
// Turns the ixgbe_main.c of any served kernel into that of ixgbe_bulk; make-source asserts what each rule did.

@ header @
@@
#include "ixgbe.h"
+ #include "skb_bulk.h"

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
