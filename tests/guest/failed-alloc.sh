#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What skb_bulk and the fork do when memory is refused, on a kernel that refuses it on demand: each allocation of the module's own
# while it loads, one at a time; then some of all that interrupts and softirqs ask for, under traffic in each mode.
# tests/run: kernels=6.1 ports=2 timeout=600 when=debug
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# refuse WHO VALUE...: settings of failslab or fail_page_alloc
refuse() {
	local dir=/sys/kernel/debug/$1 v
	shift
	for v; do echo "${v#*=}" >"$dir/${v%%=*}" || return; done
}
both() { refuse failslab "$@" && refuse fail_page_alloc "$@"; }

load_refused() {
	# whoever may sleep is refused, too; a trace of each would be taken for trouble
	both verbose=0 ignore-gfp-wait=N && refuse fail_page_alloc min-order=0 &&
		python3 tests/guest/load_failing.py "$(modinfo -n skb_bulk)" skb_bulk depth=none
}

refused() { echo $((2000000 - $(cat /sys/kernel/debug/failslab/times) - $(cat /sys/kernel/debug/fail_page_alloc/times))); }
# traffic_refused MODE: a sixteenth of what cannot wait for memory
traffic_refused() {
	local consumed status=0
	set_mode "$1" || return
	consumed=$(counter consumed)
	both ignore-gfp-wait=Y interval=1 times=1000000 probability=6 || return
	in_left timeout 10 socat -u -b 300 /dev/zero "UDP-SENDTO:$right_ip:7000"
	in_right timeout 10 ping -q -f -s 900 -w 8 "$left_ip" >/dev/null
	# connect may well be refused its memory
	tcp_transfer 1 60 || tcp_transfer 1 60 || tcp_transfer 1 60 || status=1
	both probability=0
	consumed=$(($(counter consumed) - consumed))
	echo "$(refused) allocations refused, $consumed skbs stacked"
	[ "$(refused)" -ge 100 ] || status=1
	[ "$1" != bulk ] || [ $consumed -gt 0 ] || status=1
	balanced && return $status
}
works() { ping_right && tcp_transfer 4 && balanced; }

if [ ! -d /sys/kernel/debug/failslab ]; then
	ktap_plan 1
	ktap_skip "refused allocations" "this kernel refuses none on demand: tests/run --kernel 6.1-debug"
	ktap_end
fi
ktap_plan 8
check "each allocation of its own while it loads fails once" load_refused
check "the fork's ports are up" load_fork || ktap_skip_rest "no ports"
check "two namespaces" two_netns || ktap_skip_rest "no link"
for mode in any stock bulk; do
	check "$mode: traffic while memory is refused" traffic_refused $mode
done
check "all works afterwards" works
check "unload" unload_drivers
ktap_end
