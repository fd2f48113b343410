#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card under the stock driver: self test, traffic both ways, counters to the packet, link up and down.
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 layer=no timeout=900
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

ktap_plan 19

# snapshot NETNS INTERFACE: the driver's counters as they are at one moment, into now[NETNS NAME]
declare -A now base
snapshot() {
	local name value
	while read -r name value; do
		now["$1 ${name%:}"]=$value
	done < <(ip netns exec "$1" ethtool -S "$2" | grep ': ')
}
snapshots() { snapshot left "$left_if" && snapshot right "$right_if"; }
frames() { echo "${now["left tx_pkts_nic"]} ${now["left rx_pkts_nic"]} ${now["right tx_pkts_nic"]} ${now["right rx_pkts_nic"]}"; }
nothing_comes() {
	local before
	snapshots
	before=$(frames)
	sleep 1
	snapshots
	[ "$before" = "$(frames)" ]
}
# begin: what is counted from here on; both ports take all multicast in, whoever it is for
begin() {
	local n
	calm && ip -n left link set "$left_if" allmulticast on && ip -n right link set "$right_if" allmulticast on &&
		wait_for 60 nothing_comes || return
	for n in "${!now[@]}"; do
		base[$n]=${now[$n]}
	done
}
# since NETNS NAME
since() { echo $((${now["$1 $2"]} - ${base["$1 $2"]})); }

# same_counters PADDING: what the card counted is what the driver counted, and what one sent the other received, frames and bytes
same_counters() {
	local ns other way packets frames more most n bad=0
	snapshots
	for ns in left right; do
		other=right
		[ $ns = left ] || other=left
		for way in rx tx; do
			packets=$(since $ns ${way}_packets) frames=$(since $ns ${way}_pkts_nic)
			if [ "$packets" != "$frames" ]; then
				echo "$ns: ${way}_packets $packets, the card says $frames"
				bad=1
			fi
			# the card counts four bytes of checksum with each frame, and what it appends to those of less than 60
			more=$(($(since $ns ${way}_bytes_nic) - 4 * frames - $(since $ns ${way}_bytes))) most=0
			[ $way = rx ] || most=$1
			if [ $more -lt 0 ] || [ $more -gt "$most" ]; then
				echo "$ns: the card counted $(since $ns ${way}_bytes_nic) bytes in $frames frames ($way), the driver $(since $ns ${way}_bytes)"
				bad=1
			fi
		done
		for n in pkts_nic bytes_nic; do
			if [ "$(since $ns tx_$n)" != "$(since $other rx_$n)" ]; then
				echo "$ns: tx_$n $(since $ns tx_$n), $other: rx_$n $(since $other rx_$n)"
				bad=1
			fi
		done
	done
	return $bad
}
# the card and the driver are read a moment apart, and a stray frame of IPv6 may come between
# counters_agree PADDING LEAST: of more than that many frames
counters_agree() {
	wait_for 20 same_counters "$1" || same_counters "$1" || return
	echo "$(since left tx_pkts_nic) frames from the left, $(since right tx_pkts_nic) from the right"
	[ "$(since left tx_pkts_nic)" -gt "$2" ]
}
# cast COUNTER MAC NUMBER: so many frames to it are that many more of this kind, and no more of the other
cast() {
	begin && in_left python3 tests/guest/frames.py raw "$left_if" "$2" "$3" && wait_for 20 nothing_comes || return
	snapshots
	echo "broadcast $(since right broadcast), multicast $(since right multicast), frames $(since right rx_packets)"
	[ "$(since right "$1") $(since right rx_packets) $(($(since right broadcast) + $(since right multicast)))" = "$3 $3 $3" ]
}
allmulticast_off() { ip -n left link set "$left_if" allmulticast off && ip -n right link set "$right_if" allmulticast off; }

no_loss() {
	local ns n bad=0
	for ns in left right; do
		for n in rx_missed_errors rx_crc_errors rx_length_errors rx_csum_offload_errors rx_no_dma_resources tx_timeout_count; do
			[ "${now["$ns $n"]}" = 0 ] || { echo "$ns: $n is ${now["$ns $n"]}"; bad=1; }
		done
	done
	return $bad
}

self_test() {
	local out
	out=$(in_left ethtool -t "$left_if" "$1" 2>&1)
	echo "$out"
	# five tests offline, one online, each with its own 0
	grep -q PASS <<<"$out" && [ "$(grep -cE '\((on/)?offline\)\s+0$' <<<"$out")" = 5 ]
}

up_down() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf 'link set %s down\nlink set %s up\n' "$left_if" "$left_if"
	done | ip -n left -batch - && wait_link 30 && ip -n left -6 addr replace "$left_ip6/64" dev "$left_if" nodad
}

check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "counting begins" begin
check "ping" in_left ping -q -c 20 -i 0.05 -W 5 "$right_ip"
check "ping over IPv6" in_left ping -q -c 20 -i 0.05 -W 5 "$right_ip6"
check "tcp, equal hashes" tcp_transfer 24
check "counters agree to the packet and the byte" counters_agree 0 15000
check "tcp the other way" tcp_stream right left "$left_ip" -n 20M
check "udp of small packets" udp_flood 2 18
# iperf3 also sends a few frames of less than 60 bytes
check "counters still agree" counters_agree 600 20000
check "nothing lost or damaged" no_loss
check "131 frames of broadcast are so many" cast broadcast ff:ff:ff:ff:ff:ff 131
check "173 frames of multicast are so many" cast multicast 33:33:00:00:83:01 173
check "multicast is filtered again" allmulticast_off
check "register dump" in_left ethtool -d "$left_if" raw on
check "online self test" self_test online
check "offline self test: registers, EEPROM, interrupts, loopback, link" self_test offline
check "a hundred times down and up" up_down 100
check "tcp afterwards, equal hashes" tcp_transfer 8
ktap_end
