#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card in trouble: each line "@card ..." asks the host's tests/host/card-faults.sh to make some.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

tell() { echo "@card $*"; }
carrier_is() {
	[ "$(in_left cat "/sys/class/net/$left_if/carrier")" = "$1" ] && [ "$(in_right cat "/sys/class/net/$right_if/carrier")" = "$1" ]
}
pings() { in_left ping -q -c 5 -i 0.1 -W 5 "$right_ip"; }
log_says() { dmesg | grep -q "$1"; }
stat() { ip netns exec "$1" ethtool -S "$2" | awk -v n="$3:" '$1 == n { print $2 }'; }

flap() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		tell link 0 down
		[ "$((i % 2))" = 0 ] || sleep 0.3
		tell link 0 up
		sleep 0.2
	done >&3
	wait_link 30 && pings
}
down_and_up() {
	tell link 1 down >&3
	wait_for 10 carrier_is 0 || return
	tell link 1 up >&3
	wait_for 20 carrier_is 1 && pings
}
stalled() {
	tell tx-stall 0 on >&3
	sleep 0.5
	in_left timeout 20 ping -q -f -c 2000 "$right_ip" >/dev/null 2>&1 &
	wait_for 25 log_says 'Reset adapter'
	local status=$?
	tell tx-stall 0 off >&3
	wait $!
	[ $status = 0 ] && wait_link 30 && wait_for 20 pings
}
lossy() {
	tell lose 0 30 >&3
	tcp_transfer 2 100
	local status=$?
	tell lose 0 0 >&3
	return $status
}
corrupting() {
	local before
	before=$(stat right "$right_if" rx_crc_errors)
	tell corrupt 0 30 >&3
	tcp_transfer 2 100
	local status=$?
	tell corrupt 0 0 >&3
	sleep 3
	[ $status = 0 ] && [ "$(stat right "$right_if" rx_crc_errors)" -gt "$before" ]
}
interrupts_late() {
	tell irq-hold 0 on >&3
	sleep 1
	in_left ping -q -c 3 -i 0.1 -W 1 "$right_ip" >/dev/null 2>&1 && return 1
	tell irq-hold 0 off >&3
	wait_for 15 pings
}
taken_away() {
	tell gone 1 on >&3
	sleep 0.5
	in_right ethtool "$right_if" >/dev/null 2>&1
	wait_for 20 log_says 'Adapter removed'
}

exec 3>&1
ktap_plan 10
if [ "${1-}" != driven ]; then
	for n in 1 2 3 4 5 6 7 8 9 10; do ktap_skip "fault result $n" "run it by tests/host/card-faults.sh, which makes the faults"; done
	ktap_end
fi
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "the cable is pulled and put back" down_and_up
check "a storm of link changes" flap
check "a stalled transmitter is noticed and reset" stalled
check "one frame in 30 lost: tcp still delivers" lossy
check "one frame in 30 damaged: counted, and tcp still delivers" corrupting
check "interrupts seconds late" interrupts_late
check "tcp after all that, equal hashes" tcp_transfer 8
check "a port that is gone is noticed" taken_away
ktap_end
