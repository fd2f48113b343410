#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The main job under the fork: traffic in every mode with its payload compared, counters as each mode promises them.
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 timeout=700
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/try/steps.sh

frames=20000

stat() { ip netns exec "$1" ethtool -S "$2" | awk -v n="$3:" '$1 == n { print $2 }'; }

# every frame that the generator sent arrived, or the receiving card says that it had no room for it
pktgen_arrives() {
	local before after missed
	before=$(stat right "$right_if" rx_packets) missed=$(stat right "$right_if" rx_missed_errors)
	pktgen $frames || return
	sleep 3
	after=$(stat right "$right_if" rx_packets)
	missed=$(($(stat right "$right_if" rx_missed_errors) - missed))
	echo "$((after - before)) of $frames arrived, $missed missed"
	[ $((after - before + missed)) -ge $frames ] && [ $((after - before + missed)) -lt $((frames + 50)) ]
}
# a stream slow enough for the receiver: nothing may be lost or arrive out of order
udp_in_order() {
	local out
	in_right timeout 60 iperf3 -s -1 >/dev/null 2>&1 &
	wait_for 10 tcp_listens 5201 || return
	out=$(in_left timeout 40 iperf3 -J -u -b 3M -l 500 -t 3 -w 4M --get-server-output -c "$right_ip") || { echo "$out"; return 1; }
	wait $!
	grep -E '"(lost_packets|out_of_order)"' <<<"$out" | tail -n 2
	grep -qE '"lost_packets":[[:space:]]*[0-9]' <<<"$out" && ! grep -E '"(lost_packets|out_of_order)":[[:space:]]*[1-9]' <<<"$out"
}
passed_on() { # the module counts nothing in a mode in which it only passes on
	declare -p row
	[ "${row[sent]}" -gt 500 ] && [ "${row[consumed]}" = 0 ] && [ "${row[handed]}" = 0 ] && [ "${row[head_reused]}" = 0 ]
}
in_bulk() {
	declare -p row
	[ "${row[sent]}" -gt 500 ] && [ "${row[head_taken]}" -gt 500 ] && [ "${row[head_bulk]}" -gt 0 ] &&
		[ "${row[head_reused]}" -gt 0 ] && [ "${row[head_fclone]}" -gt 0 ] &&
		{ have_sheaves || [ "${row[data_bulk]}" -gt 0 ]; }
}
adds_up() {
	declare -p row
	[ $((row[head_taken] + row[head_refilled])) = $((row[head_reused] + row[head_flushed] + row[head_resident])) ] &&
		[ "${row[data_taken]}" = $((row[data_flushed] + row[data_resident])) ]
}
# shares COUNTER: of both ports together, by ethtool
shares() { echo $(($(stat left "$left_if" "skb_bulk_$1") + $(stat right "$right_if" "skb_bulk_$1"))); }
# nothing but the two ports uses the module: its counters are ahead of their shares by what they were in the beginning
ahead() { echo $(($(counter consumed) - $(shares consumed))) $(($(counter head_reused) - $(shares reused))); }
# a packet may pass between two readings, not each time
ahead_settles() {
	local first
	first=$(ahead)
	[ "$first" = "$(ahead)" ] && ahead_now=$first
}
still_ahead() { ahead_settles && [ "$ahead_now" = "$1" ]; }
ports_shares() {
	local before consumed reused
	consumed=$(shares consumed) reused=$(shares reused)
	wait_for 20 ahead_settles || return
	before=$ahead_now
	ping_right 3 && tcp_transfer 4 && udp_flood 1 18 || return
	wait_for 20 still_ahead "$before" || { echo "the counters were ahead by $before, and are by $(ahead)"; return 1; }
	echo "$consumed consumed and $reused reused before, $(shares consumed) and $(shares reused) after"
	[ "$(shares consumed)" -gt $((consumed + 500)) ] && [ "$(shares reused)" -gt "$reused" ]
}
equal_hashes() {
	traffic_stop || return
	echo "$rounds_equal equal, $rounds_different different"
	[ "$rounds_different" = 0 ]
}
drivers() { port_pci | while read -r p; do port_driver "$p"; done | paste -sd ' '; }

# on a machine that is slow for a moment a packet may wait, not be lost
big_buffers() {
	sysctl -qw net.core.rmem_max=16777216 net.core.wmem_max=16777216 && in_right ethtool -G "$right_if" rx 4096 && wait_link
}

ktap_plan 24
check "the stock driver finds both ports" load_stock
ports_up() { two_netns && big_buffers; }
check "it brings them up" ports_up
check "stock driver: UDP in order, nothing lost" udp_in_order
check "stock driver: pktgen" pktgen_arrives
check "the ports come back" end_netns
check "the fork takes both ports" load_fork
check_equal "drivers" "ixgbe_bulk ixgbe_bulk" "$(drivers)"
check "both links come up" ports_up
for m in $modes; do
	set_mode "$m"
	check "$m: TCP, equal hashes" tcp_transfer 8
	check "$m: UDP in order, nothing lost" udp_in_order
	check "$m: pktgen" pktgen_arrives
done
check "TCP rounds and a UDP flood run on while the mode changes" traffic_start
table_head >/tmp/table
for m in $modes; do
	take_row "$m" 5
	table_row >>/tmp/table
	case $m in
	bulk)
		check "$m: heads and data freed in bulk, heads reused, pairs released" in_bulk
		check "$m: taken is given back or still stacked" adds_up
		;;
	*) check "$m: the module only passes on" passed_on ;;
	esac
done
check "all TCP rounds arrived with equal hashes" equal_hashes
set_mode bulk
check "ethtool -S: the ports' shares are what the module counts" ports_shares
sed 's/^/# /' /tmp/table
ktap_end
