#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card under the stock driver: self test, traffic both ways, counters to the packet, link up and down.
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 layer=no timeout=600
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

ktap_plan 14

# snapshot NETNS INTERFACE: the driver's counters as they are at one moment, into now[NETNS NAME]
declare -A now
snapshot() {
	local name value
	while read -r name value; do
		now["$1 ${name%:}"]=$value
	done < <(ip netns exec "$1" ethtool -S "$2" | grep ': ')
}

# same_counters: what the card counted is what the driver counted, and what one sent the other received
same_counters() {
	local ns other way packets frames bytes lost bad=0
	snapshot left "$left_if"
	snapshot right "$right_if"
	for ns in left right; do
		other=right
		[ $ns = left ] || other=left
		for way in rx tx; do
			packets=${now["$ns ${way}_packets"]} frames=${now["$ns ${way}_pkts_nic"]} bytes=${now["$ns ${way}_bytes_nic"]}
			if [ "$packets" != "$frames" ]; then
				echo "$ns: ${way}_packets $packets, the card says $frames"
				bad=1
			fi
			# the card counts four bytes of checksum with each frame
			if [ $((bytes - 4 * frames)) -lt "${now["$ns ${way}_bytes"]}" ]; then
				echo "$ns: the card counted $bytes bytes ($way), the driver ${now["$ns ${way}_bytes"]}"
				bad=1
			fi
		done
		# multicast that the other side did not ask for, and what was sent before it was up, is not received
		lost=$((${now["$ns tx_pkts_nic"]} - ${now["$other rx_pkts_nic"]}))
		if [ $lost -lt 0 ] || [ $lost -gt 25 ]; then
			echo "$ns sent ${now["$ns tx_pkts_nic"]} frames, $other received ${now["$other rx_pkts_nic"]}"
			bad=1
		fi
	done
	return $bad
}
# the card and the driver are read a moment apart, and a stray frame of IPv6 may come between
counters_agree() { wait_for 20 same_counters || same_counters; }

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
	grep -q PASS <<<"$out"
}

up_down() {
	local i
	for ((i = 0; i < $1; i++)); do
		printf 'link set %s down\nlink set %s up\n' "$left_if" "$left_if"
	done | ip -n left -batch - && wait_link 30 && ip -n left -6 addr replace "$left_ip6/64" dev "$left_if" nodad
}

check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "ping" in_left ping -q -c 20 -i 0.05 -W 5 "$right_ip"
check "ping over IPv6" in_left ping -q -c 20 -i 0.05 -W 5 "$right_ip6"
check "tcp, equal hashes" tcp_transfer 24
check "tcp the other way" tcp_stream right left "$left_ip" -n 20M
check "udp of small packets" udp_flood 2 18
check "counters agree to the packet" counters_agree
check "nothing lost or damaged" no_loss
check "register dump" in_left ethtool -d "$left_if" raw on
check "online self test" self_test online
check "offline self test: registers, EEPROM, interrupts, loopback, link" self_test offline
check "a hundred times down and up" up_down 100
check "tcp afterwards, equal hashes" tcp_transfer 8
ktap_end
