#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Counts instructions a packet from end to end, for one driver and each of its modes.
# Usage: whole-path-guest.sh ixgbe|ixgbe_bulk sent|tcp
# sent: the two ports end at the card's test set. tcp: they are cabled together, and both ends are in the guest.
# Each job is run short and long: the difference has no set-up in it. Prints "path JOB DRIVER MODE PACKETS INSTRUCTIONS".
# shellcheck disable=SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

driver=$1 what=$2
# packets; of TCP KiB
short=1000 long=5000 tcp_short=1024 tcp_long=6144 times=2
fail() { echo "whole-path: $*"; dmesg | tail -n 3; exit 1; }

# one pause that starts no process and is longer than anything takes: who looks more often whether it is done works for it
exec {never}<> <(:)
pause() { read -r -t 0.5 -u "$never" _ || true; }

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

# polled by a timer of the guest, not when an interrupt gets through to it: that takes what the host's processors leave.
# A port is polled so many times after each that it received something, sending alone does not count.
polled() { # PORT
	echo 100000 >"/sys/class/net/$1/gro_flush_timeout" && echo 4000 >"/sys/class/net/$1/napi_defer_hard_irqs"
}
poll_now() { tell 0 report; tell 1 report; }
ports_up() {
	local p
	mapfile -t port < <(port_names)
	for p in "${port[@]}"; do polled "$p" || return; done
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
	echo "count $1" >"/proc/net/pktgen/${port[0]}"
	poll_now
	clock before
	echo start >/proc/net/pktgen/pgctrl
	pause
	clock after
	grep -q '^Result: OK' "/proc/net/pktgen/${port[0]}" || fail "pktgen did not end"
}
do_udp() {
	poll_now
	clock before
	/root/udp-send 198.18.0.2 9 "$1" "$udp_size" || fail "udp-send failed"
	pause
	clock after
}
do_forward() {
	poll_now
	clock before
	tell 0 "start count=$1 $forward_options"
	pause
	clock after
}
do_tcp() { # KIB
	local listener
	in_right timeout 100 socat -u -b 65536 TCP-LISTEN:5211,reuseaddr OPEN:/dev/null &
	listener=$!
	wait_for 10 tcp_listens 5211 || fail "nobody listens"
	clock before
	if ! in_left timeout 90 socat -u -b 65536 "OPEN:/dev/zero,readbytes=$(($1 * 1024))" "TCP:$right_ip:5211" || ! wait $listener; then
		fail "the transfer failed"
	fi
	clock after
}
on_wire() { # sets value: what the other end got
	case $job in
	forward*) reported 1 received ;;
	tcp*) value=$(port_stat right "$right_if" rx_pkts_nic) ;;
	*) reported 0 other ;;
	esac
}

run_job() { # JOB MODE
	local job=$1 n value first busy_before busy_after packets=() instructions=() lengths=("$short" "$short" "$long")
	[[ $job != tcp* ]] || lengths=("$tcp_short" "$tcp_short" "$tcp_long")
	for n in "${lengths[@]}"; do
		on_wire
		first=$value
		case $job in
		pktgen) do_pktgen "$n" ;;
		udp*) udp_size=${job#udp-} do_udp "$n" ;;
		forward-1) forward_options="flows=1" do_forward "$n" ;;
		forward-*) forward_options="flows=${job#*-} seed=7" do_forward "$n" ;;
		tcp*) do_tcp "$n" ;;
		esac
		on_wire
		[[ $job = tcp* ]] || [ $((value - first)) -ge "$n" ] || fail "only $((value - first)) of $n packets of $job arrived"
		if ! busy_before=$(busy "${before[@]}") || ! busy_after=$(busy "${after[@]}"); then
			fail "/proc/timer_list does not tell what was idle"
		fi
		packets+=($((value - first)))
		instructions+=($((busy_after - busy_before)))
	done
	# the first one warmed up
	echo "path $job $driver $2 $((packets[2] - packets[1])) $((instructions[2] - instructions[1]))"
}

all_jobs() { # MODE
	local j
	if [ "$what" = tcp ]; then
		in_left ethtool -K "$left_if" tso on >/dev/null
		run_job tcp-tso "$1"
		in_left ethtool -K "$left_if" tso off >/dev/null
		run_job tcp-no-tso "$1"
	else
		for j in pktgen udp-18 forward-1 forward-64; do run_job $j "$1"; done
	fi
}

# nobody asks for neighbours of the other kind meanwhile
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
if [ "$driver" = ixgbe ]; then load_stock; else load_fork; fi || fail "$driver did not take the ports"
echo "env release $(uname -r)"
if [ "$what" = tcp ]; then
	echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	for port in $(port_names); do polled "$port" || fail "the ports cannot be polled"; done
	two_netns || fail "the ports did not come up under $driver"
else
	{ ports_up && pktgen_setup; } || fail "the ports did not come up under $driver"
fi
modes=(-)
[ "$driver" = ixgbe ] || modes=(any stock bulk)
# in turns, so that what comes with time meets each mode
for ((t = 0; t < times; t++)); do
	for mode in "${modes[@]}"; do
		[ "$mode" = - ] || set_mode "$mode" || fail "there is no mode $mode"
		all_jobs "$mode"
	done
done
echo end
