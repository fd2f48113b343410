#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP and AF_XDP under the fork: every frame that the card's test set sends is passed, dropped or sent back, and counted; of those
# that come back by AF_XDP in copy mode each was an skb that skb_bulk took apart, of all others none was.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

xdp=/usr/local/bin/xdp-load
helper=/usr/local/bin/xsk-bounce
frames=6000
# nobody here holds the sender back, what finds no room is dropped: so few frames are on their way at a time, and the processor
# that receives them clears away, too, what it has sent
window=32
self=198.18.0.1 self_number=$(((198 << 24) + (18 << 16) + 1)) partner=198.18.0.2

tester() { tester_say $partner "$@"; }
tester_there() { tester report | grep -q made; }
has_carrier() { grep -q 1 "/sys/class/net/${port[0]}/carrier"; }
set_up() {
	mapfile -t port < <(port_names)
	ip addr add $self/24 dev "${port[0]}" && ip link set "${port[0]}" up && ethtool -L "${port[0]}" combined 1 &&
		wait_for 20 has_carrier && wait_for 20 tester_there
}
program() { $xdp "${port[0]}" "$1" && pin_port "${port[0]}" 0 && wait_for 20 has_carrier; }
off() { program off && ip neigh flush dev "${port[0]}" && wait_for 20 tester_there; }

# as the card counts: what a program drops or sends back is no packet of the driver's
nic() { ethtool -S "${port[0]}" | awk -v n="$1_pkts_nic:" '$1 == n { print $2 }'; }
nic_has() { [ "$(nic "$1")" -ge "$2" ]; }
# datagrams for a port where nobody listens
unwanted() { awk '$1 == "Udp:" { n = $3 } END { print n }' /proc/net/snmp; }
unwanted_has() { [ "$(unwanted)" -ge "$1" ]; }
took() { echo "$(counter consumed) skbs taken apart, $(counter head_taken) heads taken, $(counter head_flushed) flushed"; }

# to_us RATE: frames for this host, no more at a time than it takes
to_us() {
	tester start count=$frames rate=4000 size=60 size_max=1400 flows=8 seed=3 dst=$self_number
}
passes() {
	local before
	program pass || return
	before=$(unwanted)
	to_us >/dev/null
	wait_for 60 unwanted_has $((before + frames))
	echo "$(($(unwanted) - before)) of $frames arrived"
	[ $(($(unwanted) - before)) = $frames ] && balanced
}
drops() {
	local before received
	tester clear >/dev/null
	program drop || return
	before=$(unwanted) received=$(nic rx)
	ip neigh replace $partner lladdr 02:00:00:54:53:54 dev "${port[0]}"
	to_us
	wait_for 60 nic_has rx $((received + frames))
	echo "$(($(nic rx) - received)) frames came, $(($(unwanted) - before)) arrived"
	[ $(($(nic rx) - received)) -ge $frames ] && [ "$(unwanted)" = "$before" ] && off && balanced
}

all_back() {
	local end
	end=$(tester report)
	echo "$end"
	took
	[[ $end = *"received $frames lost 0 reordered 0 damaged 0"* ]] && balanced
}
# send_back PROGRAM: it takes everything, the test set's answers too
send_back() {
	local sent
	tester clear >/dev/null
	program "$1" || return
	sent=$(nic tx)
	reset_counters
	ip neigh replace $partner lladdr 02:00:00:54:53:54 dev "${port[0]}"
	# its answer is sent back like everything else
	tester start count=$frames window=$window size=60 size_max=1400 flows=8 seed=3
	# the order itself, the answer to it, and the frames; what else this host sends is counted with them
	wait_for 150 nic_has tx $((sent + 2 + frames)) && settles nic tx
	# no skb was made of any
	took
	[ "$(counter consumed)" -lt 100 ] || return
	off && all_back
}

started() { grep -q ready /tmp/bounce; }
# bounce MODE: the helper sends them back from user space
bounce() {
	local pid
	: >/tmp/bounce
	$helper "${port[0]}" "$1" $frames >/tmp/bounce 2>&1 &
	pid=$!
	if ! wait_for 20 started || ! wait_for 20 has_carrier || ! wait_for 20 tester_there; then
		cat /tmp/bounce
		return 1
	fi
	tester clear >/dev/null
	reset_counters
	tester start count=$frames window=$window size=60 size_max=1400 flows=8 seed=3 >/dev/null
	wait $pid || { cat /tmp/bounce; tester report; return 1; }
	consumed=$(counter consumed) taken=$(counter head_taken)
	wait_for 20 tester_there && all_back
}
# the socket's memory is charged to each skb, and its completion told by the destructor
copied() {
	bounce copy || return
	echo "$consumed skbs taken apart, $taken heads taken"
	[ "$consumed" -ge $frames ] && [ "$taken" -ge $frames ]
}
not_copied() {
	bounce zerocopy || return
	echo "$consumed skbs taken apart"
	[ "$consumed" -lt 100 ]
}
unloads() { unload_drivers && [ ! -e "$skb_bulk_debug" ]; }

ktap_plan 9
if [ ! -x "$helper" ] || [ ! -x "$xdp" ]; then
	ktap_skip_rest "run it by tests/host/module-xdp.sh, which builds the helpers"
fi
check "the fork finds both ports" load_fork || ktap_skip_rest "no ports"
check "link up, the test set answers" set_up || ktap_skip_rest "no link"
check "pass: all $frames arrive" passes
check "drop: none of $frames arrives" drops
check "XDP_TX: all come back, without an skb" send_back tx
check "XDP_REDIRECT: all come back, without an skb" send_back redirect
check "AF_XDP, copied: all come back, each an skb taken apart" copied
check "AF_XDP, zero-copy: all come back, without an skb" not_copied
check "unload" unloads
ktap_end
