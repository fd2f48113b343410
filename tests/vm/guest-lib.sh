# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For scripts that run in a guest: KTAP results, modules, and two ports cabled together in namespaces of their own.
# Use: . tests/vm/guest-lib.sh

# results
ktap_count=0 ktap_failed=0 ktap_planned=0

# ktap_plan N: begins the output; N results must follow
ktap_plan() {
	ktap_planned=$1
	printf 'TAP version 13\n1..%s\n' "$1"
}
ktap_ok() { ktap_count=$((ktap_count + 1)); echo "ok $ktap_count $*"; }
ktap_not_ok() { ktap_count=$((ktap_count + 1)); ktap_failed=$((ktap_failed + 1)); echo "not ok $ktap_count $*"; }
# ktap_skip NAME REASON
ktap_skip() { ktap_count=$((ktap_count + 1)); echo "ok $ktap_count $1 # SKIP $2"; }
ktap_note() { echo "# $*"; }
# check NAME COMMAND...: ok when COMMAND succeeds; what it prints becomes notes when it does not.
# COMMAND runs in this shell, so that a function may set variables.
check() {
	local name=$1 out=/tmp/check.$$
	shift
	if "$@" >$out 2>&1; then
		ktap_ok "$name"
	else
		ktap_not_ok "$name"
		awk '{ print "# " $0 }' $out
		return 1
	fi
}
# check_equal NAME EXPECTED FOUND
check_equal() {
	if [ "$2" = "$3" ]; then
		ktap_ok "$1"
	else
		ktap_not_ok "$1: expected '$2', found '$3'"
		return 1
	fi
}
# ktap_skip_rest REASON: what was planned and has no result yet is skipped, the script ends
ktap_skip_rest() {
	while [ "$ktap_count" -lt "$ktap_planned" ]; do
		ktap_skip "result $((ktap_count + 1))" "$1"
	done
	ktap_end
}
# ktap_end: ends the script; fails when a result was bad or missing
ktap_end() {
	if [ "$ktap_planned" != 0 ] && [ "$ktap_count" != "$ktap_planned" ]; then
		echo "# $ktap_planned results planned, $ktap_count given"
		exit 1
	fi
	[ "$ktap_failed" = 0 ] || exit 1
	exit 0
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "gave up waiting for: $*" >&2; return 1; }
		sleep 0.1
	done
}

# settles COMMAND...: waits until what it prints is the same for two seconds
settles() {
	local before='' now
	local end=$((SECONDS + 60))
	while now=$("$@") || return; [ "$now" != "$before" ]; do
		[ $SECONDS -lt $end ] || { echo "gave up waiting for an end of: $*" >&2; return 1; }
		before=$now
		sleep 2
	done
}

# where SLUB has sheaves the module leaves data to kfree()
have_sheaves() { [ -e /sys/kernel/slab/skbuff_head_cache/sheaf_capacity ]; }

# modules and ports
# port_pci: the PCI addresses of the 82599 ports, in order
port_pci() {
	local d
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/vendor")" = 0x8086 ] && [[ $(cat "$d/class") = 0x0200* ]] && echo "${d##*/}"
	done
	return 0
}
# port_driver PCI: ixgbe, ixgbe_bulk or nothing
port_driver() {
	local l
	l=$(readlink "/sys/bus/pci/devices/$1/driver") && echo "${l##*/}"
}
# port_names: the interfaces of the ports in this network namespace, in the order of their PCI addresses
port_names() {
	local p
	for p in $(port_pci); do
		ls "/sys/bus/pci/devices/$p/net" 2>/dev/null
	done
	return 0
}
unload_drivers() {
	local m
	for m in ixgbe_bulk ixgbe skb_bulk; do
		[ ! -e "/sys/module/$m" ] || modprobe -r "$m" || return
	done
}
have_ports() { [ "$(port_names | wc -l)" = "$(port_pci | wc -l)" ]; }
# load_stock, load_fork: hand all ports to one driver
load_stock() {
	unload_drivers && modprobe ixgbe "$@" && wait_for 20 have_ports
}
load_fork() {
	unload_drivers && modprobe ixgbe_bulk "$@" && wait_for 20 have_ports
}

# two namespaces, a port in each
left_ip=10.82.0.1 right_ip=10.82.0.2
left_ip6=fd82::1 right_ip6=fd82::2
left_if='' right_if=''

in_left() { ip netns exec left "$@"; }
in_right() { ip netns exec right "$@"; }
# link_up NETNS INTERFACE
link_up() { [ "$(ip netns exec "$1" cat "/sys/class/net/$2/carrier" 2>/dev/null)" = 1 ]; }
# shellcheck disable=SC2120
# wait_link [SECONDS]: until both ports see each other
wait_link() {
	wait_for "${1:-30}" link_up left "$left_if" && wait_for "${1:-30}" link_up right "$right_if"
}
# move_port NETNS INTERFACE IPV4 IPV6
move_port() {
	ip link set "$2" netns "$1" &&
		ip -n "$1" link set lo up &&
		ip -n "$1" addr add "$3/24" dev "$2" &&
		ip -n "$1" addr add "$4/64" dev "$2" nodad &&
		ip -n "$1" link set "$2" up
}
# two_netns: puts the first two ports into the namespaces left and right, with addresses, and waits for the link
two_netns() {
	local names ns
	mapfile -t names < <(port_names)
	[ ${#names[@]} -ge 2 ] || { echo "two ports are needed, found: ${names[*]-none}" >&2; return 1; }
	left_if=${names[0]} right_if=${names[1]}
	for ns in left right; do
		[ -e "/run/netns/$ns" ] || ip netns add "$ns" || return
	done
	move_port left "$left_if" "$left_ip" "$left_ip6" && move_port right "$right_if" "$right_ip" "$right_ip6" &&
		wait_link 30
}
# calm: no frames but those that a test sends: nobody asks for routers or for neighbours
calm() {
	local left_mac right_mac
	left_mac=$(in_left cat "/sys/class/net/$left_if/address") right_mac=$(in_right cat "/sys/class/net/$right_if/address")
	in_left sysctl -qw "net.ipv6.conf.$left_if.accept_ra=0" && in_right sysctl -qw "net.ipv6.conf.$right_if.accept_ra=0" &&
		in_left ip neigh replace "$right_ip" lladdr "$right_mac" dev "$left_if" nud permanent &&
		in_right ip neigh replace "$left_ip" lladdr "$left_mac" dev "$right_if" nud permanent &&
		in_left ip neigh replace "$right_ip6" lladdr "$right_mac" dev "$left_if" nud permanent &&
		in_right ip neigh replace "$left_ip6" lladdr "$left_mac" dev "$right_if" nud permanent
}
# end_netns: the namespaces go, the ports come back
end_netns() {
	local ns
	for ns in left right; do
		[ ! -e "/run/netns/$ns" ] || ip netns del "$ns" || return
	done
	wait_for 20 have_ports
}

# traffic, from left to right
ping_right() { in_left ping -q -c "${1:-3}" -i 0.2 -W 5 "$right_ip"; }

# tcp_listens PORT [NETNS]
tcp_listens() { ip netns exec "${2:-right}" ss -Hltn "sport = :$1" | grep -q .; }
# tcp_stream FROM TO ADDRESS OPTION...: iperf3 from one namespace to the other; its own -R never ends with -n in version 3.9
tcp_stream() {
	local server status=0
	ip netns exec "$2" timeout 240 iperf3 -s -1 >/dev/null &
	server=$!
	if ! wait_for 30 tcp_listens 5201 "$2"; then
		status=1
		echo "no iperf3 listens" >&2
	else
		ip netns exec "$1" timeout 200 iperf3 -c "$3" "${@:4}" >/dev/null || status=$?
		[ $status = 0 ] || echo "iperf3 ended with $status (124: it took longer than 200 s)" >&2
	fi
	[ $status = 0 ] || kill $server 2>/dev/null
	wait $server && return $status
}
# tcp_transfer MIB [SECONDS]: sends a file by TCP and compares the hashes; on a port other than iperf3's
tcp_transfer() {
	local port=5211 limit=${2:-120} dir listener sent got
	dir=$(mktemp -d /tmp/tcp.XXXXXX)
	head -c "$1M" /dev/urandom >"$dir/sent"
	in_right timeout "$limit" socat -u "TCP-LISTEN:$port,reuseaddr" "OPEN:$dir/got,creat,trunc" &
	listener=$!
	if ! wait_for 10 tcp_listens $port || ! in_left timeout "$limit" socat -u "OPEN:$dir/sent" "TCP:$right_ip:$port" ||
		! wait "$listener"; then
		kill "$listener" 2>/dev/null
		rm -rf "$dir"
		echo "the transfer failed or took longer than $limit s" >&2
		return 1
	fi
	sent=$(sha256sum <"$dir/sent") got=$(sha256sum <"$dir/got")
	rm -rf "$dir"
	[ "$sent" = "$got" ] || { echo "the hashes differ" >&2; return 1; }
}
# udp_flood SECONDS [LENGTH]: as fast as it goes, losses allowed
udp_flood() {
	local server status=0
	in_right timeout $(($1 + 30)) iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	wait_for 10 tcp_listens 5201 &&
		in_left timeout $(($1 + 20)) iperf3 -c "$right_ip" -u -b 0 -t "$1" -l "${2:-64}" >/dev/null || status=1
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	return $status
}
# pktgen COUNT [COMMAND]...: the kernel's packet generator on the left port; prints its result line
pktgen() {
	local count=$1
	shift
	modprobe pktgen || return
	# shellcheck disable=SC2016
	in_left bash -c '
		dev=/proc/net/pktgen/$1 mac=$2 ip=$3 count=$4
		# the thread lets go of the port in its own time, and until then it is taken
		[ ! -e "$dev" ] || echo rem_device_all >/proc/net/pktgen/kpktgend_0
		for ((i = 0; i < 100; i++)); do
			[ -e "$dev" ] || ! echo "add_device $1" >/proc/net/pktgen/kpktgend_0 || break
			sleep 0.2
		done
		shift 4
		for c in "count $count" "pkt_size 60" "delay 0" "dst $ip" "dst_mac $mac" "$@"; do
			echo "$c" >"$dev" || exit
		done
		echo start >/proc/net/pktgen/pgctrl
		# start returns before the end when the thread took longer than 125 ms to begin; until the end the result is that of
		# the last setting
		ended="^Result: OK: [0-9]*(c"
		for ((i = 0; i < 600; i++)); do
			grep -q "$ended" "$dev" && break
			sleep 0.2
		done
		grep -A2 "^Result:" "$dev" | tr "\n" " "
		grep -q "$ended" "$dev"' \
		_ "$left_if" "$(in_right cat "/sys/class/net/$right_if/address")" "$right_ip" "$count" "$@"
}

# pin_port INTERFACE CPU: all its interrupts
pin_port() {
	local irq
	for irq in "/sys/class/net/$1/device/msi_irqs"/*; do
		echo "$2" >"/proc/irq/${irq##*/}/smp_affinity_list" || return
	done
}

# tester_say ADDRESS COMMAND...: says something to the test set behind a port (card option tester=1), prints its report
tester_say() {
	local report
	# socat lingers after the answer, nobody waits for that
	IFS= read -r report < <(echo -n "${*:2}" | socat -t 2 - "UDP:$1:7777") && echo "$report"
}
# port_stat NETNS INTERFACE NAME: one counter of the driver
port_stat() { ip netns exec "$1" ethtool -S "$2" | awk -v n="$3:" '$1 == n { print $2 }'; }
# queue_counts: the frames of each of the right port's receive queues, a line each
queue_counts() { in_right ethtool -S "$right_if" | sed -nE 's/^ *rx_queue_[0-9]+_packets: //p'; }
# as_predicted KIND: each flow from the left goes to the queue that the right's key and table say (KIND as in tests/guest/frames.py)
as_predicted() {
	local a b expected queue count bad=0
	mapfile -t a < <(queue_counts)
	expected=$(in_right ethtool -x "$right_if" |
		in_left python3 tests/guest/frames.py rss "$1" "$left_if" "$(in_right cat "/sys/class/net/$right_if/address")") && ping_right 3 || return
	mapfile -t b < <(queue_counts)
	while read -r queue count; do
		count=$((b[queue] - a[queue] - count))
		# the ping, and who asks for neighbours
		if [ $count -lt 0 ] || [ $count -gt 12 ]; then
			echo "$1, queue $queue: $count frames more than there should be"
			bad=1
		fi
	done <<<"$expected"
	return $bad
}

# skb_bulk
skb_bulk_debug=/sys/kernel/debug/skb_bulk
set_mode() { echo "$1" >/sys/module/skb_bulk/parameters/mode; }
get_mode() { cat /sys/module/skb_bulk/parameters/mode; }
# kasan: whether the kernel keeps what is freed for a while, so that what is allocated meanwhile has the leftovers of many slab
# pages, in no order
kasan() { grep -q ' kasan_quarantine_reduce$' /proc/kallsyms; }
# counter NAME: 0 when the module has none of that name
counter() { awk -v n="$1" '$1 == n { v = $2 } END { print v + 0 }' "$skb_bulk_debug/counters"; }
reset_counters() { echo 1 >"$skb_bulk_debug/reset"; }
# balanced: what skb_bulk took it gave back, or it is still stacked; and it never held more than it held at most
balanced() {
	awk '
		{ v[$1] = $2 }
		END {
			if (!NR) { print "no counters"; exit 1 }
			heads = v["head_taken"] + v["head_refilled"] - v["head_reused"] - v["head_flushed"] - v["head_resident"]
			data = v["data_taken"] - v["data_flushed"] - v["data_resident"]
			for (n in v)
				if (n ~ /(head|data)_resident$/ && v[n] > v[n "_max"] + 0) {
					print n " is " v[n] ", but was " v[n "_max"] + 0 " at most"
					more = 1
				}
			if (!heads && !data && !more) exit
			print "heads do not add up by " heads ", data by " data
			for (n in v) print n, v[n]
			exit 1
		}' < <(cat "$skb_bulk_debug/counters")
}
# slab_active CACHE: objects in use, by /proc/slabinfo
slab_active() { awk -v n="$1" '$1 == n { print $2 }' /proc/slabinfo; }
