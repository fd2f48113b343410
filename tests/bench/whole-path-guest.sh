#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Counts instructions a packet on two emulated ports that end at the card's test set, for each driver and mode.
# Usage: whole-path-guest.sh
# Each job is run short and long: the difference has no set-up in it. Prints "path JOB DRIVER MODE PACKETS INSTRUCTIONS".
# shellcheck disable=SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

short=1000 long=16000
fail() { echo "whole-path: $*"; dmesg | tail -n 3; exit 1; }

# a pause that starts no process
exec {never}<> <(:)
pause() { read -r -t 0.02 -u "$never" _ || true; }

# clock NAME: keeps what the kernel says of the time and of how much of it was idle, to be read later
clock() { mapfile -t "$1" </proc/timer_list; }
# busy NAME: nanoseconds, which are instructions, that were not idle
busy() {
	printf '%s\n' "${@}" | awk '
		/^now at/ { now = $3 }
		$1 == ".idle_sleeptime" { idle = $3; found = 1 }
		END { if (!found) exit 1; printf "%.0f\n", now - idle }'
}

# a port's test set: what is said to it by way of a shell's own socket starts no process, but such a socket is no use for reading
test_set=()
tell() { echo -n "$2" >&"${test_set[$1]}"; }
reported() { # PORT FIELD: sets value
	local report
	report=$(tester_say "198.$((18 + $1)).0.2" report)
	value=${report#*"$2 "}
	value=${value%% *}
	[[ $value =~ ^[0-9]+$ ]] || fail "the test set of port $1 answers '$report'"
}

ports_up() {
	mapfile -t port < <(port_names)
	ip addr add 198.18.0.1/24 dev "${port[0]}" && ip addr add 198.19.0.1/24 dev "${port[1]}" || return
	ip link set "${port[0]}" up && ip link set "${port[1]}" up || return
	echo 1 >/proc/sys/net/ipv4/ip_forward
	wait_for 30 grep -q 1 "/sys/class/net/${port[0]}/carrier" && wait_for 30 grep -q 1 "/sys/class/net/${port[1]}/carrier" || return
	# the neighbours are asked for now, and stay
	ip neigh replace 198.18.0.2 lladdr 02:00:00:54:53:54 dev "${port[0]}" nud permanent &&
		ip neigh replace 198.19.0.2 lladdr 02:00:00:54:53:54 dev "${port[1]}" nud permanent || return
	exec {set0}<>/dev/udp/198.18.0.2/7777 {set1}<>/dev/udp/198.19.0.2/7777
	test_set=("$set0" "$set1")
}

# the jobs: each does COUNT packets; "wire_before" and "wire_after" are what went over the wire
pktgen_setup() {
	modprobe pktgen
	echo "rem_device_all" >/proc/net/pktgen/kpktgend_0
	echo "add_device ${port[0]}" >/proc/net/pktgen/kpktgend_0
	local c
	for c in "pkt_size 60" "delay 0" "dst 198.18.0.2" "dst_mac 02:00:00:54:53:54"; do
		echo "$c" >"/proc/net/pktgen/${port[0]}" || return
	done
}
do_pktgen() {
	local lines
	echo "count $1" >"/proc/net/pktgen/${port[0]}"
	clock before
	echo start >/proc/net/pktgen/pgctrl
	while :; do
		mapfile -t lines <"/proc/net/pktgen/${port[0]}"
		[[ ${lines[*]} != *"Result: OK"* ]] || break
		pause
	done
	clock after
}
do_udp() {
	clock before
	/root/udp-send 198.18.0.2 9 "$1" "$udp_size" || fail "udp-send failed"
	clock after
}
do_forward() {
	local target now
	read -r target <"/sys/class/net/${port[1]}/statistics/tx_packets"
	target=$((target + $1))
	clock before
	tell 0 "start count=$1 $forward_options"
	for ((tries = 0; tries < 6000; tries++)); do
		read -r now <"/sys/class/net/${port[1]}/statistics/tx_packets"
		[ "$now" -lt "$target" ] || break
		pause
	done
	clock after
	[ "$now" -ge "$target" ] || fail "only $((now + $1 - target)) of $1 packets were forwarded"
}
on_wire() { # what the other end got
	case $job in
	forward*) reported 1 received ;;
	*) reported 0 other ;;
	esac
}

run_job() { # JOB DRIVER MODE
	local job=$1 n value first busy_before busy_after packets=() instructions=()
	for n in $short $short $long; do
		on_wire
		first=$value
		case $job in
		pktgen) do_pktgen "$n" ;;
		udp*) udp_size=${job#udp-} do_udp "$n" ;;
		forward-1) forward_options="flows=1" do_forward "$n" ;;
		forward-*) forward_options="flows=${job#*-} seed=7" do_forward "$n" ;;
		esac
		on_wire
		if ! busy_before=$(busy "${before[@]}") || ! busy_after=$(busy "${after[@]}"); then
			fail "/proc/timer_list does not tell what was idle"
		fi
		packets+=($((value - first)))
		instructions+=($((busy_after - busy_before)))
	done
	# the first one warmed up
	echo "path $job $2 $3 $((packets[2] - packets[1])) $((instructions[2] - instructions[1]))"
}

all_jobs() { # DRIVER MODE
	local j
	for j in pktgen udp-18 forward-1 forward-64; do run_job $j "$1" "$2"; done
}
begin_ports() { ports_up && pktgen_setup; }
end_ports() {
	echo "rem_device_all" >/proc/net/pktgen/kpktgend_0
	exec {set0}>&- {set1}>&-
}

echo "env release $(uname -r)"
load_stock || fail "ixgbe did not take the ports"
begin_ports || fail "the ports did not come up under ixgbe"
for _ in 1 2; do all_jobs ixgbe -; done
end_ports
load_fork || fail "ixgbe_bulk did not take the ports"
begin_ports || fail "the ports did not come up under ixgbe_bulk"
# in turns, so that what comes with time meets each mode
for _ in 1 2; do
	for mode in any stock bulk; do
		set_mode $mode || fail "there is no mode $mode"
		all_jobs ixgbe_bulk $mode
	done
done
end_ports
echo end
