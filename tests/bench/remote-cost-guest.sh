#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Has skbs made on one processor and freed on another, in each mode; a plugin outside counts what that costs both.
# Usage: remote-cost-guest.sh ROUNDS TRIALS; the guest has two processors
# Prints "cell CLASS ORDER MODE RING ROUNDS" for as many lines of the plugin's.
set -eu
here=$(dirname "$0")
# shellcheck source=/dev/null
. "$here/tune-lib.sh"
bench=/sys/module/skb_bulk_bench/parameters
remote=/sys/module/skb_bulk/parameters/remote
rounds=$1 trials=$2 ring=512

taskset -cp 0 $$ >/dev/null
insmod /root/kmod/skb_bulk.ko
insmod /root/kmod/skb_bulk_bench.ko
echo 1 >$bench/remote
tell_env
tell_module

# measure CLASS ORDER METHOD MODE
measure() {
	local t
	for ((t = 1; t <= trials; t++)); do
		forget_slabs
		echo $t >$bench/seed
		echo "$1 $2 $3 $ring $rounds" >$bench/cell || { dmesg | tail -n 3; exit 1; }
		echo "cell $1 $2 $4 $ring $rounds"
	done
}
for class in small-head kmalloc-1000; do
	# a kernel without small heads takes the smallest of the other kind
	[ $class != small-head ] || [ -e /sys/kernel/slab/skbuff_small_head ] || class=kmalloc-64
	for order in in-order shuffled; do
		measure $class $order any any
		measure $class $order stock stock
		if tune defer_max; then
			measure $class $order stock stock-tuned
			tune none
		fi
		for way in stack kernel; do
			echo $way >$remote
			measure $class $order bulk bulk-$way
		done
	done
done
echo end
