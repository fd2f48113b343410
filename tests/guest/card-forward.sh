#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPv4 forwarding from one port to the other, both cabled to the card's test set (card option tester=1): every frame, in order, undamaged.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# tester N COMMAND...: says something to the test set behind port N, prints its report
tester() {
	local to=198.18.0.2
	[ "$1" = 0 ] || to=198.19.0.2
	shift
	echo -n "$*" | socat -t 2 - "UDP:$to:7777"
}
field() { tester "$1" report | sed "s/.*$2 \([0-9]*\).*/\1/"; }
tester_there() { tester 0 report | grep -q made; }

set_up() {
	mapfile -t port < <(port_names)
	ip addr add 198.18.0.1/24 dev "${port[0]}" && ip addr add 198.19.0.1/24 dev "${port[1]}" || return
	ip link set "${port[0]}" up && ip link set "${port[1]}" up || return
	echo 1 >/proc/sys/net/ipv4/ip_forward
	wait_for 20 grep -q 1 "/sys/class/net/${port[0]}/carrier" && wait_for 20 grep -q 1 "/sys/class/net/${port[1]}/carrier"
}
made_all() { [ "$(field 0 made)" = "$1" ]; }
# forward COUNT OPTION...: all of it arrives
forward() {
	local count=$1 end
	shift
	tester 1 clear >/dev/null
	tester 0 start "count=$count" "$@" >/dev/null
	wait_for 120 made_all "$count" || return
	sleep 1
	end=$(tester 1 report)
	echo "$end"
	[[ $end = *"received $count lost 0 reordered 0 damaged 0"* ]]
}
# more than the port can take: what is not lost is right
flood() {
	local end
	tester 1 clear >/dev/null
	tester 0 start count=50000 lossy=1 flows=4 >/dev/null
	wait_for 120 made_all 50000 || return
	sleep 2
	end=$(tester 1 report)
	echo "$end"
	[[ $end = *"reordered 0 damaged 0"* ]] && ethtool -S "${port[0]}" | grep -q 'rx_missed_errors: [1-9]'
}

ktap_plan 8
check "the stock driver finds both ports" load_stock
check "addresses, links up" set_up
if ! tester_there; then
	for n in 3 4 5 6 7 8; do ktap_skip "forwarding result $n" "no test set: run with --card-arg --all --card-arg tester=1"; done
	ktap_end
fi
check "the test set answers" tester_there
check "20000 small frames of one flow" forward 20000
# flows on two queues meet at one: more than the second's queue holds would be dropped
check "8000 frames of 64 flows and all sizes" forward 8000 size=60 size_max=1514 flows=64 seed=5 window=100
check "2000 large frames at 2000 a second" forward 2000 size=1514 rate=2000
check "overrun: loss is counted, nothing is damaged" flood
check "and it goes on" forward 5000 flows=8
ktap_end
