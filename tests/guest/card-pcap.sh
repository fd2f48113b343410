#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic to be captured on the cable: both families, both ways, with the offloads that cut and join segments on and off.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# offloads on|off: of both ports
offloads() {
	local ns dev
	for ns in left right; do
		dev=$left_if
		[ $ns = left ] || dev=$right_if
		ip netns exec $ns ethtool -K "$dev" tso "$1" gso "$1" gro "$1" || return
	done
	wait_link 30 && [ "$(in_left ethtool -k "$left_if" | grep -cE "^(tcp-segmentation|generic-segmentation|generic-receive)-offload: $1")" = 3 ]
}
# both_ways LEFT RIGHT: four megabytes to each address
both_ways() { tcp_stream left right "$2" -n 4M && tcp_stream right left "$1" -n 4M; }
jumbo() {
	ip -n left link set "$left_if" mtu 9000 && ip -n right link set "$right_if" mtu 9000 && wait_link 30 &&
		tcp_transfer 4 && tcp_stream left right "$right_ip" -n 4M
}

ktap_plan 13
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
for way in on off; do
	check "tso, gso, gro $way" offloads $way
	check "tcp, equal hashes" tcp_transfer 4
	check "tcp both ways" both_ways "$left_ip" "$right_ip"
	check "tcp over IPv6 both ways" both_ways "$left_ip6" "$right_ip6"
done
check "tso, gso, gro on again" offloads on
check "udp" udp_flood 1
check "tcp in jumbo frames" jumbo
ktap_end
