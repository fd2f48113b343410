#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card with 1 to 16 queues, the most that its driver spreads flows over by RSS, which takes as many processors.
# tests/run: kernels=5.10 ports=2 layer=no cpus=16 mem=2048 timeout=1500
# tests/run: kernels=6.1,6.12,7.3 ports=2 layer=no cpus=16 mem=2048 timeout=1500 when=named
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
# thirty-two flows, and the chance that they hash to fewer than eight of sixteen queues is nil; of little data, since sixteen
# emulated processors on a slow host need their time
spread() { tcp_stream left right "$right_ip" -P 32 -n 8M && used rx; }
# a flow's frames come to the queue that the table names alone, and to no other more than a few
only() {
	local a b q least limit weights=() bad=0
	for ((q = 0; q < most; q++)); do weights+=($((q == $1))); done
	in_right ethtool -X "$right_if" weight "${weights[@]}" || return
	mapfile -t a < <(queue_counts)
	tcp_transfer 4 || return
	mapfile -t b < <(queue_counts)
	for ((q = 0; q < most; q++)); do
		least=0 limit=50
		[ $q != "$1" ] || least=1000 limit=1000000
		if [ $((b[q] - a[q])) -lt $least ] || [ $((b[q] - a[q])) -gt $limit ]; then
			echo "queue $q had $((b[q] - a[q])) frames"
			bad=1
		fi
	done
	return $bad
}
predicted() {
	in_right ethtool -X "$right_if" equal $most && as_predicted tcp4 && as_predicted tcp6 && as_predicted ip4 && as_predicted ip6
}

ktap_plan $((most + 7))
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
for ((n = 1; n <= most; n++)); do
	check "$n queues, equal hashes" queues $n
done
check "flows spread over sixteen" spread
check "and the sender uses its own" used tx
check "the indirection table can name the last alone" only $((most - 1))
check "or one in the middle" only 6
check "flows go where the key and the table say" predicted
ktap_end
