#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card with 1 to 16 queues, the most that its driver spreads flows over by RSS, which takes as many processors.
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 layer=no cpus=16 mem=2048 timeout=1500 when=named
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

most=16
rings() { ip netns exec "$1" ethtool -x "$2" | sed -n 's/.* with \([0-9]*\) RX ring.*/\1/p'; }
# queues N: both ports have so many, and data arrives
queues() {
	in_left ethtool -L "$left_if" combined "$1" && in_right ethtool -L "$right_if" combined "$1" && wait_link 60 && tcp_transfer 1 &&
		[ "$(rings left "$left_if") $(rings right "$right_if")" = "$1 $1" ]
}
used() {
	local n
	n=$(in_right ethtool -S "$right_if" | grep -cE "$1_queue_([0-9]|1[0-5])_packets: [1-9]")
	echo "$n queues used ($1)"
	[ "$n" -ge 8 ]
}
# thirty-two flows, and the chance that they hash to fewer than eight of sixteen queues is nil
spread() { tcp_stream left right "$right_ip" -P 32 -n 32M && used rx; }
only_the_last() {
	local a b name=rx_queue_$((most - 1))_packets
	in_right ethtool -X "$right_if" weight 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 || return
	a=$(port_stat right "$right_if" $name)
	tcp_transfer 4 || return
	b=$(port_stat right "$right_if" $name)
	[ $((b - a)) -gt 1000 ] || { echo "the last queue had only $((b - a)) frames"; return 1; }
}

ktap_plan $((most + 5))
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
for ((n = 1; n <= most; n++)); do
	check "$n queues, equal hashes" queues $n
done
check "flows spread over sixteen" spread
check "and the sender uses its own" used tx
check "the indirection table can name the last alone" only_the_last
ktap_end
