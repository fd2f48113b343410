#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPv4 forwarding from one port to the other, both cabled to the card's test set (card option tester=1): every frame, in order, undamaged.
# Usage: card-forward.sh [fork]; by the stock driver, or by ixgbe_bulk, whose heads then have to go round
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# tester N COMMAND...: to the test set behind port N
tester() { tester_say "198.$((18 + $1)).0.2" "${@:2}"; }
field() { tester "$1" report | sed "s/.*$2 \([0-9]*\).*/\1/"; }
tester_there() { tester 0 report | grep -q made; }

set_up() {
	# fq_codel, the default of some of these kernels, drops what a busy host makes wait: tc counted each frame that was missing
	echo pfifo_fast >/proc/sys/net/core/default_qdisc
	mapfile -t port < <(port_names)
	ip addr add 198.18.0.1/24 dev "${port[0]}" && ip addr add 198.19.0.1/24 dev "${port[1]}" || return
	ip link set "${port[0]}" up && ip link set "${port[1]}" up || return
	echo 1 >/proc/sys/net/ipv4/ip_forward
	wait_for 20 grep -q 1 "/sys/class/net/${port[0]}/carrier" && wait_for 20 grep -q 1 "/sys/class/net/${port[1]}/carrier"
}
made_all() { [ "$(field 0 made)" = "$1" ]; }
arrived() { [ "$(field 1 received)" = "$1" ]; }
# where_lost: every place on the way that counts what it drops
where_lost() {
	local p
	for p in "${port[@]}"; do
		ethtool -S "$p" | grep -E '(miss|err|drop|no_dma|no_buf|busy|restart).*: [1-9]' | sed "s/^/$p/"
		tc -s qdisc show dev "$p" | grep -B 1 'dropped [1-9]'
		ip -s -s link show "$p"
	done
	cat /proc/net/softnet_stat
}
# forward COUNT OPTION...: all of it arrives
forward() {
	local count=$1 end
	shift
	tester 1 clear >/dev/null
	tester 0 start "count=$count" "$@" >/dev/null
	wait_for 120 made_all "$count"
	wait_for 10 arrived "$count"
	end=$(tester 1 report)
	echo "$end"
	[[ $end = *"received $count lost 0 reordered 0 damaged 0"* ]] || { where_lost; return 1; }
}
quiet() {
	local before
	before=$(field 1 received)
	sleep 0.5
	[ "$before" = "$(field 1 received)" ]
}
# more than the port can take: what is not lost is right
flood() {
	local end
	tester 1 clear >/dev/null
	tester 0 start count=50000 lossy=1 flows=4 >/dev/null
	wait_for 120 made_all 50000 && wait_for 60 quiet || return
	end=$(tester 1 report)
	echo "$end"
	[[ $end = *"reordered 0 damaged 0"* ]] && ethtool -S "${port[0]}" | grep -q 'rx_missed_errors: [1-9]'
}

counted() { awk -v name="$1" '$1 == name { print $2 }' /sys/kernel/debug/skb_bulk/counters; }
# heads that came from SLUB or went there
slab_calls() { echo $(($(counted build_kernel) + $(counted head_refilled) + $(counted head_flushed))); }
# what is in the stacks is enough once as many frames as ever were on their way, which on a busy host takes several rounds
heads_go_round() {
	local calls reused round
	echo 60000 >/sys/module/skb_bulk/parameters/idle_ms
	for ((round = 1; round <= 6; round++)); do
		calls=$(slab_calls) reused=$(counted head_reused)
		forward 8000 flows=64 seed=7 window=200 || return
		calls=$(($(slab_calls) - calls)) reused=$(($(counted head_reused) - reused))
		echo "8000 frames: $reused heads used again, $calls from SLUB or to it"
		[ $calls -gt 80 ] || [ $reused -lt 7920 ] || return 0
	done
	return 1
}

if [ "${1-}" = fork ]; then
	ktap_plan 9
	check "the fork finds both ports" load_fork
else
	ktap_plan 8
	check "the stock driver finds both ports" load_stock
fi
check "addresses, links up" set_up
if ! tester_there; then
	ktap_skip_rest "no test set: run with --card-arg --all --card-arg tester=1"
fi
check "the test set answers" tester_there
# no more frames are on their way than the guest's queue holds: it would drop what comes while a CPU does not get to clean its ring
check "20000 small frames of one flow" forward 20000 window=400
check "8000 frames of 64 flows and all sizes" forward 8000 size=60 size_max=1514 flows=64 seed=5 window=100
check "2000 large frames at 2000 a second" forward 2000 size=1514 rate=2000 window=400
check "overrun: loss is counted, nothing is damaged" flood
check "and it goes on" forward 5000 flows=8 window=400
[ "${1-}" != fork ] || check "heads go round, SLUB is not asked" heads_go_round
ktap_end
