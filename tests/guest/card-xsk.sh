#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP and AF_XDP on the emulated card: what its test set sends comes back by each way there is, all of it, in order.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

xdp=/usr/local/bin/xdp-load
helper=/usr/local/bin/xsk-bounce
frames=6000
# none of these ways holds the sender back, what finds no room is dropped: so few frames are on their way at a time, and the processor
# that receives them clears away, too, what it has sent
window=32

tester() { tester_say 198.18.0.2 "$@"; }
tester_there() { tester report | grep -q made; }
set_up() {
	mapfile -t port < <(port_names)
	ip addr add 198.18.0.1/24 dev "${port[0]}" && ip link set "${port[0]}" up && ethtool -L "${port[0]}" combined 1 &&
		wait_for 20 grep -q 1 "/sys/class/net/${port[0]}/carrier" && wait_for 20 tester_there
}
started() { grep -q ready /tmp/bounce; }
bounce() {
	local end pid
	: >/tmp/bounce
	$helper "${port[0]}" "$1" $frames >/tmp/bounce 2>&1 &
	pid=$!
	wait_for 20 started || { cat /tmp/bounce; return 1; }
	wait_for 20 tester_there || return
	tester clear >/dev/null
	tester start count=$frames window=$window size=60 size_max=1400 flows=8 seed=3 >/dev/null
	wait $pid || { cat /tmp/bounce; tester report; return 1; }
	wait_for 20 tester_there || return
	end=$(tester report)
	echo "$end"
	[[ $end = *"received $frames lost 0 reordered 0 damaged 0"* ]]
}

# as the card counts: what a program sends back is no packet of the driver's
sent() { ethtool -S "${port[0]}" | awk '$1 == "tx_pkts_nic:" { print $2 }'; }
went_out() { [ "$(sent)" -ge "$1" ]; }
# send_back PROGRAM: the program takes everything, the test set's answers too
send_back() {
	local end before
	tester clear >/dev/null
	$xdp "${port[0]}" "$1" && pin_port "${port[0]}" 0 && wait_for 20 grep -q 1 "/sys/class/net/${port[0]}/carrier" || return
	before=$(sent)
	ip neigh replace 198.18.0.2 lladdr 02:00:00:54:53:54 dev "${port[0]}"
	# its answer is sent back like everything else
	tester start count=$frames window=$window size=60 size_max=1400 flows=8 seed=3
	# the order itself, the answer to it, and the frames; what else this host sends is counted with them
	wait_for 150 went_out $((before + 2 + frames)) && settles sent
	$xdp "${port[0]}" off && ip neigh del 198.18.0.2 dev "${port[0]}" && wait_for 20 tester_there || return
	end=$(tester report)
	echo "$end"
	[[ $end = *"received $frames lost 0 reordered 0 damaged 0"* ]]
}

ktap_plan 6
if [ ! -x "$helper" ] || [ ! -x "$xdp" ]; then
	ktap_skip_rest "run it by tests/host/card-xdp.sh, which builds the helper"
fi
check "the stock driver finds both ports" load_stock
check "link up, the test set answers" set_up
check "XDP_TX" send_back tx
check "XDP_REDIRECT" send_back redirect
check "AF_XDP, copied" bounce copy
check "AF_XDP, zero-copy" bounce zerocopy
ktap_end
