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
	# not by way of in_left: what is killed has to be the ping, not a shell that waits for it
	ip netns exec left timeout 40 ping -q -f "$right_ip" >/dev/null 2>&1 &
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
# settled COUNTER: so many pings without one more
settled() {
	local before
	before=$(right_stat "$1")
	in_left ping -q -c 300 -i 0.004 -W 1 "$right_ip" >/dev/null
	[ "$(right_stat "$1")" = "$before" ]
}
crc_errors_since() { in_left ping -q -c 50 -i 0.01 -W 1 "$right_ip"; [ "$(right_stat rx_crc_errors)" -gt "$1" ]; }
corrupting() {
	local before status
	before=$(right_stat rx_crc_errors)
	tell corrupt 0 30
	wait_for 40 crc_errors_since "$before" && tcp_transfer 2 100
	status=$?
	tell corrupt 0 0
	# the host compares it with what the card has damaged
	wait_for 60 settled rx_crc_errors || return
	echo "# rx_crc_errors: $(right_stat rx_crc_errors)" >&3
	return $status
}

# pause on|off, whatever the partner says
set_pause() {
	in_left ethtool -A "$left_if" autoneg off rx "$1" tx "$1" && in_right ethtool -A "$right_if" autoneg off rx "$1" tx "$1" && wait_link 30 &&
		wait_for 20 pings
}
flood() { pktgen 3000 "pkt_size 1500"; }
# arrived FRAMES: as many since before, with those that were missed, and a few of other kinds
arrived() {
	local n
	n=$(($(right_stat rx_packets) + $(right_stat rx_missed_errors) - before))
	[ $n -ge "$1" ] && [ $n -le $(($1 + 30)) ]
}
where_from() { in_right ethtool -S "$right_if" | grep -vE ': 0$' | xargs; }
more_than() { [ "$(port_stat "$1" "$2" "$3")" -gt "$4" ]; }
# while nobody empties the right's rings, 4.5 MB come, and it has room for one and a third
overrun_unpaused() {
	local before missed xoff status
	# a driver with more queues than one has them drop what finds no room, and that counts elsewhere
	in_right ethtool -L "$right_if" combined 1 && set_pause off || return
	missed=$(right_stat rx_missed_errors) xoff=$(right_stat tx_flow_control_xoff)
	tell irq-hold 1 on
	wait_for 20 no_ping || return
	before=$(($(right_stat rx_packets) + missed))
	where_from
	flood
	wait_for 20 more_than right "$right_if" rx_missed_errors $((missed + 100))
	tell irq-hold 1 off
	wait_for 30 pings || return
	wait_for 10 arrived 3000
	where_from
	echo "missed $(($(right_stat rx_missed_errors) - missed)), all that came $(($(right_stat rx_packets) + $(right_stat rx_missed_errors) - before))"
	arrived 3000 && more_than right "$right_if" rx_missed_errors $((missed + 100)) && [ "$(right_stat tx_flow_control_xoff)" = "$xoff" ]
	status=$?
	in_right ethtool -L "$right_if" combined 2 && wait_link 30 && return $status
}
overrun_paused() {
	local before missed xoff held resets flood
	set_pause on || return
	missed=$(right_stat rx_missed_errors) xoff=$(right_stat tx_flow_control_xoff) held=$(port_stat left "$left_if" rx_flow_control_xoff)
	resets=$(reset_count)
	tell irq-hold 1 on
	wait_for 20 no_ping || return
	before=$(($(right_stat rx_packets) + missed))
	flood &
	flood=$!
	wait_for 30 more_than right "$right_if" tx_flow_control_xoff "$xoff"
	wait_for 5 more_than left "$left_if" rx_flow_control_xoff "$held"
	tell irq-hold 1 off
	wait $flood && wait_for 30 pings || return
	wait_for 10 arrived 3000
	echo "missed $(($(right_stat rx_missed_errors) - missed)), xoff sent $(($(right_stat tx_flow_control_xoff) - xoff))"
	arrived 3000 && [ "$(right_stat rx_missed_errors) $(reset_count)" = "$missed $resets" ] &&
		more_than right "$right_if" tx_flow_control_xoff "$xoff" && more_than left "$left_if" rx_flow_control_xoff "$held"
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
# all_frames: what the left has sent and received, and the right, as their drivers have it from the card
all_frames() {
	local n
	for n in tx rx; do port_stat left "$left_if" ${n}_pkts_nic; done
	for n in tx rx; do right_stat ${n}_pkts_nic; done
}
# nothing_comes: as long as the host needs to hear of it
nothing_comes() {
	local before
	before=$(all_frames)
	sleep 1.5
	[ "$before" = "$(all_frames)" ]
}
# both ports take all in, so that what comes is what counts; the host asks the card before and after
counted() {
	local from to n
	wait_link 30 && calm && ip -n left link set "$left_if" promisc on && ip -n right link set "$right_if" promisc on &&
		wait_for 60 nothing_comes || return
	mapfile -t from < <(all_frames)
	echo "@frames from 0 0 0 0" >&3
	sleep 2
	tcp_transfer 4 && two_streams && in_left ping -q -c 50 -i 0.02 -W 1 "$right_ip" && wait_for 60 nothing_comes || return
	mapfile -t to < <(all_frames)
	for n in 0 1 2 3; do to[n]=$((to[n] - from[n])); done
	echo "@frames to ${to[*]}" >&3
	sleep 2
	ip -n left link set "$left_if" promisc off && ip -n right link set "$right_if" promisc off
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

ktap_plan 20
[ "${1-}" = driven ] || ktap_skip_rest "run it by tests/host/card-faults.sh, which makes the faults"
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "the cable is pulled and put back" down_and_up
check "a storm of link changes" flap
check "a stalled transmitter is noticed and reset" stalled
check "one frame in 30 lost: tcp still delivers" lossy
check "one frame in 30 damaged: counted, and tcp still delivers" corrupting
check "overrun without pause: what is missed is counted, to the frame" overrun_unpaused
check "overrun with pause: the sender waits, nothing is missed" overrun_paused
check "frames are so many as the card says" counted
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
