#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sends for ten seconds, receives for ten, and says on lines "@begin WAY" and "@end WAY RATE" when.
set -eu
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

load_stock
port=$(port_names)
ip addr add 198.18.0.1/24 dev "$port"
ip link set "$port" up
wait_for 20 grep -q 1 "/sys/class/net/$port/carrier"
wait_for 20 tester_say 198.18.0.2 clear

# measure WAY: ten seconds, by the driver's counter of that way
measure() {
	local before began
	before=$(cat "/sys/class/net/$port/statistics/$1_packets") began=${EPOCHREALTIME/./}
	echo "@begin $1"
	sleep 10
	echo "@end $1 $((($(cat "/sys/class/net/$port/statistics/$1_packets") - before) * 1000000 / (${EPOCHREALTIME/./} - began)))"
}

modprobe pktgen
echo "add_device $port" >/proc/net/pktgen/kpktgend_0
for c in "count 0" "pkt_size 60" "delay 0" "dst 198.18.0.3" "dst_mac 02:00:00:54:53:54" "clone_skb 0"; do
	echo "$c" >"/proc/net/pktgen/$port"
done
echo start >/proc/net/pktgen/pgctrl &
sleep 2
measure tx
echo stop >/proc/net/pktgen/pgctrl
wait

# to an address that is nobody's: received, and dropped where it would be forwarded
tester_say 198.18.0.2 start count=100000000 size=60 dst=$((0xc6120003)) >/dev/null
sleep 2
measure rx
