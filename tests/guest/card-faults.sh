#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card in trouble: each line "@card ..." asks the host's tests/host/card-faults.sh to make some.
# Nothing says when the card has heard it, so each case waits for what it does.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

exec 3>&1
tell() { echo "@card $*" >&3; }
carrier_is() {
	[ "$(in_left cat "/sys/class/net/$left_if/carrier")" = "$1" ] && [ "$(in_right cat "/sys/class/net/$right_if/carrier")" = "$1" ]
}
pings() { in_left ping -q -c 5 -i 0.1 -W 5 "$right_ip"; }
no_ping() { ! in_left ping -q -c 2 -i 0.1 -W 1 "$right_ip"; }
log_says() { dmesg | grep -q "$1"; }
right_stat() { port_stat right "$right_if" "$1"; }

changes() { in_right cat "/sys/class/net/$right_if/carrier_changes"; }
changed_since() { [ "$(changes)" -gt "$1" ]; }
flap() {
	local i before
	before=$(changes)
	for i in 1 2 3 4 5 6 7 8; do
		tell link 0 down
		[ "$((i % 2))" = 0 ] || sleep 0.3
		tell link 0 up
		sleep 0.2
	done
	wait_for 30 changed_since "$before" && wait_for 40 pings
}
down_and_up() {
	tell link 1 down
	wait_for 20 carrier_is 0 || return
	tell link 1 up
	wait_for 30 carrier_is 1 && wait_for 20 pings
}
stalled() {
	local flood status
	tell tx-stall 0 on
	in_left timeout 40 ping -q -f "$right_ip" >/dev/null 2>&1 &
	flood=$!
	wait_for 35 log_says 'Reset adapter'
	status=$?
	tell tx-stall 0 off
	kill $flood
	wait $flood
	[ $status = 0 ] && wait_link 30 && wait_for 30 pings
}
loses() { ! in_left ping -q -c 100 -i 0.01 -W 1 "$right_ip" | grep -q ' 0% packet loss'; }
lossy() {
	local status
	tell lose 0 30
	wait_for 30 loses && tcp_transfer 2 100
	status=$?
	tell lose 0 0
	return $status
}
crc_errors_since() { in_left ping -q -c 50 -i 0.01 -W 1 "$right_ip"; [ "$(right_stat rx_crc_errors)" -gt "$1" ]; }
corrupting() {
	local before status
	before=$(right_stat rx_crc_errors)
	tell corrupt 0 30
	wait_for 40 crc_errors_since "$before" && tcp_transfer 2 100
	status=$?
	tell corrupt 0 0
	return $status
}
interrupts_late() {
	tell irq-hold 0 on
	wait_for 20 no_ping || return
	tell irq-hold 0 off
	wait_for 30 pings
}
# the host looks whether there were any
interrupts_lost() {
	local status
	tell irq-lose 0 20
	tcp_transfer 4 100 && wait_for 30 pings
	status=$?
	tell irq-lose 0 0
	return $status
}
# rtt TEST: an awk expression of the shortest and the longest round trip in ms is true of 20 pings
rtt() {
	in_left ping -q -c 20 -i 0.1 -W 5 "$right_ip" |
		awk -F'[=/ ]+' -v OFS=' ' "/^rtt/ { min = \$6; max = \$8; seen = 1; print min, max } END { exit !(seen && ($1)) }"
}
reset_count() { port_stat left "$left_if" tx_timeout_count; }
# late COMMAND TEST: both ports are told, data arrives, no driver takes it for a hang
late() {
	local before status
	before=$(reset_count)
	tell "${1/ / 0 }"
	tell "${1/ / 1 }"
	wait_for 30 rtt "$2" && tcp_transfer 2 100 && udp_flood 1 && two_streams && [ "$(reset_count)" = "$before" ]
	status=$?
	tell "${1% *} 0 0"
	tell "${1% *} 1 0"
	wait_for 30 rtt 'min < 10' && return $status
}
# both ways at once, so that every queue has something to do
two_streams() {
	local back
	tcp_stream right left "$left_ip" -P 4 -n 1M &
	back=$!
	tcp_transfer 2 100 && wait $back
}
reload() { unload_drivers && modprobe ixgbe && wait_for 5 have_ports; }
not_two() { unload_drivers && modprobe ixgbe && ! wait_for 3 have_ports; }
eeprom_bad() {
	tell eeprom-bad 0 on
	wait_for 60 not_two && log_says 'EEPROM [Cc]hecksum [Ii]s [Nn]ot [Vv]alid' || return
	tell eeprom-bad 0 off
	wait_for 60 reload && two_netns && pings
}
# poke PCI OFFSET[=VALUE]...: writes registers of a port that has no driver, prints those without a value
poke() {
	setpci -s "$1" COMMAND=6 && python3 -c '
import ctypes, mmap, os, sys
fd = os.open(f"/sys/bus/pci/devices/{sys.argv[1]}/resource0", os.O_RDWR | os.O_SYNC)
bar = mmap.mmap(fd, os.fstat(fd).st_size)
for word in sys.argv[2:]:
    at, *value = (int(n, 0) for n in word.split("="))
    register = ctypes.c_uint32.from_buffer(bar, at)
    if value:
        register.value = value[0]
    else:
        print(hex(register.value))
' "$@"
}
# transmit queue 100 gets a ring where there is no memory: the card refuses, and says so where the host looks
wild_ring() {
	local queue=$((0x6000 + 100 * 0x40))
	unload_drivers && poke "$(port_pci | head -n 1)" 0x4a80=1 $queue=0 $((queue + 4))=0x7fff $((queue + 8))=4096 \
		$((queue + 0x28))=$((1 << 25)) $((queue + 0x18))=1 && load_stock && two_netns && pings
}
noticed_gone() { in_right ethtool "$right_if"; log_says 'Adapter removed'; }
taken_away() {
	tell gone 1 on
	wait_for 30 noticed_gone
}

# the driver lets go of what is not there, and takes what has come back as new
back_again() {
	unload_drivers || return
	tell gone 1 off
	wait_for 60 reload && two_netns && tcp_transfer 2
}
# a reset of the function takes what was written to a register, and the command word, which the kernel puts back
function_reset() {
	local pci queue=$((0x6000 + 100 * 0x40)) before after
	pci=$(port_pci | head -n 1)
	unload_drivers && before=$(poke "$pci" $queue=0x82599000 $queue) && echo 1 >"/sys/bus/pci/devices/$pci/reset" &&
		[ "$(setpci -s "$pci" COMMAND)" = 0006 ] && after=$(poke "$pci" $queue) || return
	echo "the ring was at $before, and is at $after"
	[ "$before $after" = "0x82599000 0x0" ] && load_stock && two_netns && pings
}

ktap_plan 17
[ "${1-}" = driven ] || ktap_skip_rest "run it by tests/host/card-faults.sh, which makes the faults"
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "the cable is pulled and put back" down_and_up
check "a storm of link changes" flap
check "a stalled transmitter is noticed and reset" stalled
check "one frame in 30 lost: tcp still delivers" lossy
check "one frame in 30 damaged: counted, and tcp still delivers" corrupting
check "interrupts seconds late" interrupts_late
check "one interrupt in 20 lost" interrupts_lost
check "descriptors written back 8 ms late: data intact, no reset" late "wb-delay 8000" 'min > 16'
check "and in another order across the queues: data intact, no reset" late "wb-spread 20000" 'max - min > 10'
check "a bad EEPROM checksum: the driver refuses the port" eeprom_bad
check "a ring outside the memory" wild_ring
check "tcp after all that, equal hashes" tcp_transfer 8
check "a function level reset" function_reset
check "a port that is gone is noticed" taken_away
check "and taken again when it is back: tcp, equal hashes" back_again
ktap_end
