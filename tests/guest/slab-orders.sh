#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# skb_bulk where slab pages are smaller than those that it learned from, so that caches share what it takes for one slab page:
# what is held is still charged to the byte, the bytes it may hold do not dwindle, nothing is lost, and it ends.
# shellcheck disable=SC2317
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# usage: slab-orders.sh [ROUNDS [DIRECTORY]]: a module of tests/host/slab-orders.sh
rounds=${1:-100} kmod=${2:-/root/kmod}
run=/sys/kernel/debug/skb_bulk_test/run
# skbs at a time, and one of the sizes that they have
nr=1024 large=7000

load() { unload_drivers && modprobe -a nf_conntrack && insmod "$kmod/skb_bulk.ko" idle_ms=60000 && insmod "$kmod/skb_bulk_test.ko"; }
# all of it on one CPU, so that its stacks are the ones that are full
ask() {
	taskset -c 0 bash -c "echo $* >$run" 2>/dev/null && return
	echo "$*: $(cat $run)"
	return 1
}
flush() { echo 1 >"${skb_bulk_debug:?}/reset"; }
holds_nothing() {
	local n
	for n in head_resident data_resident resident_bytes; do
		[ "$(counter $n)" = 0 ] || { echo "$n is $(counter $n)"; return 1; }
	done
}
# most: sets what the stack of data held at most, of objects that its bytes are the bound for: 96, and the one too many
most() {
	flush && ask mix 4 $nr $large || return
	most=$(counter data_resident_max)
	[ "$most" -le 97 ] || { echo "$most were held"; return 1; }
	flush && holds_nothing
}
# so few of each size that no run is full: all of them are held, and weigh what kmalloc() gave
weighs() {
	local head want
	flush && ask class page-frag napi-bh || return
	head=$(counter resident_bytes)
	[ "$(counter head_resident)" = 1 ] && flush && ask mix 1 12 0 || return
	want=$((12 * head + 3 * (1024 + 2048 + 4096 + 8192)))
	echo "$(counter head_resident) heads of $head bytes, $(counter data_resident) data, $(counter resident_bytes) bytes, not $want"
	[ "$(counter data_resident)" = 12 ] && [ "$(counter resident_bytes)" = $want ] && flush && holds_nothing
}
# mixed ROUNDS: as much can be held after it as at first, or more, since where the slab pages lie has its part in it; with KASAN
# they lie anywhere, and two fills in a row differ by a quarter
mixed() {
	ask mix "$1" $nr 0 && balanced || return
	[ "$(counter resident_bytes)" -le 1048576 ] || { echo "$(counter resident_bytes) bytes are held"; return 1; }
	flush && holds_nothing && most || return
	echo "at most $at_first were held at first, $most now"
	if kasan; then [ $((3 * most)) -ge $((2 * at_first)) ]; else [ "$most" -ge "$at_first" ]; fi
}
unload() { ask mix 1 $nr 0 && rmmod skb_bulk_test && rmmod skb_bulk; }

ktap_plan 6
check "the modules load" load || ktap_end
check "what is held weighs what was allocated" weighs
check "as many bytes as the stack may hold" most
at_first=$most
check "those of another size are as many afterwards" mixed 1
check "and after $((rounds * nr)) more" mixed "$rounds"
check "unload with stacks full" unload
ktap_end
