#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sends for ten seconds frame by frame, for ten in bursts, receives for ten, and says on lines "@begin WAY" and
# "@end WAY RATE IDLE SOFTIRQ" when, with the per cent of that time in which the guest's CPU had nothing to do, or served interrupts.
set -eu
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

load_stock
port=$(port_names)
ip addr add 198.18.0.1/24 dev "$port"
ip link set "$port" up
wait_for 20 grep -q 1 "/sys/class/net/$port/carrier"
wait_for 20 tester_say 198.18.0.2 clear

# spent: by the CPU so far, in ticks: all, idle, in interrupts and what they put off
spent() { awk '$1 == "cpu" { for (i = 2; i <= 9; i++) n += $i; print n, $5 + $6, $7 + $8 }' /proc/stat; }
# measure WAY NAME: ten seconds, by the driver's counter of that way
measure() {
	local before began all idle soft all0 idle0 soft0 rate
	before=$(cat "/sys/class/net/$port/statistics/$1_packets") began=${EPOCHREALTIME/./}
	read -r all0 idle0 soft0 < <(spent)
	echo "@begin $2"
	sleep 10
	rate=$((($(cat "/sys/class/net/$port/statistics/$1_packets") - before) * 1000000 / (${EPOCHREALTIME/./} - began)))
	read -r all idle soft < <(spent)
	echo "@end $2 $rate $(((idle - idle0) * 100 / (all - all0))) $(((soft - soft0) * 100 / (all - all0)))"
}

modprobe pktgen
echo "add_device $port" >/proc/net/pktgen/kpktgend_0
for c in "count 0" "pkt_size 60" "delay 0" "dst 198.18.0.3" "dst_mac 02:00:00:54:53:54" "clone_skb 0"; do
	echo "$c" >"/proc/net/pktgen/$port"
done
# send NAME BURST: with so many frames a doorbell, all of them one buffer
send() {
	echo "burst $2" >"/proc/net/pktgen/$port"
	echo start >/proc/net/pktgen/pgctrl &
	sleep 2
	measure tx "$1"
	echo stop >/proc/net/pktgen/pgctrl
	wait
}
send tx 1
send tx32 32

# to an address that is nobody's: received, and dropped where it would be forwarded
tester_say 198.18.0.2 start count=100000000 size=60 dst=$((0xc6120003)) >/dev/null
sleep 2
measure rx rx
