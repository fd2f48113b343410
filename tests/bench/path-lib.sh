# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# For guests that count what a packet costs from end to end: the ports and the test sets behind them, and the jobs.
# The one who sources this sets short and long (packets), tcp_short and tcp_long (KiB), may set forward_window (frames that are on
# their way at most), and has fail MESSAGE. tune-lib.sh comes first.

coproc marker { exec /root/marker; }

# One pause that starts no process and is longer than anything takes: who looks more often whether it is done works for it. What is
# polled goes on for 0.4 s after the last packet (see polled), which has to be in the figure of a long run as in that of a short
# one; the longest take about 0.1 s themselves.
exec {never}<> <(:)
pause() { read -r -t 1 -u "$never" _ || true; }

# mark begin|end: what is executed in between, by whatever processor, is counted by the plugin that watches the guest
mark() {
	echo "$1" >&"${marker[1]}"
	read -r _ <&"${marker[0]}" || fail "the marker is gone"
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

# ports_down: for another driver to have them
ports_down() {
	exec {set0}>&- {set1}>&-
	[ ! -e /proc/net/pktgen ] || modprobe -r pktgen
}

# the jobs: each does COUNT packets between two marks
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
	mark begin
	echo start >/proc/net/pktgen/pgctrl
	pause
	mark end
	grep -q '^Result: OK: [0-9]*(c' "/proc/net/pktgen/${port[0]}" || fail "pktgen did not end"
}
do_udp() {
	poll_now
	mark begin
	/root/udp-send 198.18.0.2 9 "$1" "$udp_size" || fail "udp-send failed"
	pause
	mark end
}
do_forward() {
	poll_now
	mark begin
	tell 0 "start count=$1 $forward_options"
	pause
	mark end
}
do_tcp() { # KIB
	local listener
	in_right timeout 100 socat -u -b 65536 TCP-LISTEN:5211,reuseaddr OPEN:/dev/null &
	listener=$!
	wait_for 10 tcp_listens 5211 || fail "nobody listens"
	mark begin
	if ! in_left timeout 90 socat -u -b 65536 "OPEN:/dev/zero,readbytes=$(($1 * 1024))" "TCP:$right_ip:5211" || ! wait $listener; then
		fail "the transfer failed"
	fi
	mark end
}
on_wire() { # sets value: what the other end got
	case $job in
	forward*) reported 1 received ;;
	tcp*) value=$(port_stat right "$right_if" rx_pkts_nic) ;;
	*) reported 0 other ;;
	esac
}

# run_job JOB WORD...: short and long, so that the difference has no set-up in it, and once before to warm up: three pieces for
# the plugin. Prints "path JOB WORD... SHORT LONG": packets.
run_job() {
	local job=$1 n value first packets=() lengths=("$short" "$short" "$long")
	[[ $job != tcp* ]] || lengths=("$tcp_short" "$tcp_short" "$tcp_long")
	forget_slabs
	for n in "${lengths[@]}"; do
		# or what comes would have come before: the frames' numbers begin anew
		[[ $job != forward* ]] || tell 1 clear
		on_wire
		first=$value
		case $job in
		pktgen) do_pktgen "$n" ;;
		udp*) udp_size=${job#udp-} do_udp "$n" ;;
		forward-1) forward_options="flows=1" do_forward "$n" ;;
		forward-*) forward_options="flows=${job#*-} seed=7 ${forward_window:+window=$forward_window}" do_forward "$n" ;;
		tcp*) do_tcp "$n" ;;
		esac
		on_wire
		[[ $job = tcp* ]] || [ $((value - first)) -ge "$n" ] || fail "only $((value - first)) of $n packets of $job arrived"
		packets+=($((value - first)))
	done
	echo "path $* ${packets[1]} ${packets[2]}"
}
