#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Loads the benchmark, which does its work while it is loaded, and shows what it said. Usage: free-cost-guest.sh NR
set -eu
insmod /root/kmod/skb_bulk.ko
insmod /root/kmod/skb_bulk_bench.ko nr="$1"
dmesg | grep 'skb_bulk_bench: result'
