#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measures cells of free cost in a guest. Usage: free-cost-guest.sh FILE
# Each line of FILE is AXIS CLASS ORDER METHOD RING DEPTH SLABS TUNING ROUNDS TRIALS; a depth of 0 is the module's default.
# Each trial has slab pages and shuffles of its own.
# SLABS is used (single frees come first, as on a host that has been up for a while), fresh (they do not) or scattered
# (used, and others hold a quarter of the objects of many slab pages).
# TUNING is none, or what one can have without a module: see tune-lib.sh.
set -eu
here=$(dirname "$0")
# shellcheck source=/dev/null
. "$here/tune-lib.sh"
cell=/sys/module/skb_bulk_bench/parameters/cell
seed=/sys/module/skb_bulk_bench/parameters/seed
scatter=/sys/module/skb_bulk_bench/parameters/scatter
prime=/sys/module/skb_bulk_bench/parameters/prime
depth=/sys/module/skb_bulk/parameters/depth

insmod /root/kmod/skb_bulk.ko
insmod /root/kmod/skb_bulk_bench.ko
read -r default_prime <$prime
read -r default_depth <$depth
tell_env
tell_module

# read whole before the first is measured: what a shell allocates meanwhile is not to move the slabs
mapfile -t cells <"$1"
for c in "${cells[@]}"; do
	read -r axis class order method ring d slabs tuning rounds trials <<<"$c"
	[ "$d" != 0 ] || d=$default_depth
	echo "$d" >$depth
	if [ "$slabs" = fresh ]; then echo 0 >$prime; else echo "$default_prime" >$prime; fi
	if [ "$slabs" = scattered ]; then echo 1 >$scatter; else echo 0 >$scatter; fi
	if ! tune "$tuning"; then
		echo "missing $axis $class $order $method $tuning"
		trials=0
	fi
	for ((t = 1; t <= trials; t++)); do
		forget_slabs
		echo $t >$seed
		if echo "$class $order $method $ring $rounds" >$cell 2>/dev/null; then
			read -r _ _ _ _ _ costs <$cell
			echo "result $axis $class $order $method $ring $d $slabs $tuning $rounds $costs"
		else
			echo "missing $axis $class $order $method"
			# a class that this kernel does not have is no error, all else is
			[ "$class" = small-head ] || { dmesg | tail -n 3; exit 1; }
			break
		fi
	done
	echo "done"
done
echo end
