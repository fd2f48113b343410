#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card under the stock driver: each feature of ethtool switched, with data compared each time.
# tests/run: kernels=6.1 ports=2 layer=no timeout=1500
# tests/run: kernels=5.10,6.12,7.3 ports=2 layer=no timeout=1500 when=named
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

both() {
	"$1" left "$left_if" "${@:2}" && "$1" right "$right_if" "${@:2}"
}
feature() { ip netns exec "$1" ethtool -K "$2" "$3" "$4"; }
ring() { ip netns exec "$1" ethtool -G "$2" rx "$3" tx "$3"; }
channels() { ip netns exec "$1" ethtool -L "$2" combined "$3"; }
coalesce() { ip netns exec "$1" ethtool -C "$2" rx-usecs "$3"; }
mtu() { ip -n "$1" link set "$2" mtu "$3"; }

# works: both links are up and data arrives as it was sent
works() {
	wait_link 30 && tcp_transfer "${1:-4}" 60
}
# with SETTING... : both ports set, data compared
with() { both "$@" && works; }

tcp6() {
	local limit=60 sent got
	head -c 8M /dev/urandom >/tmp/sent6
	in_right timeout $limit socat -u TCP6-LISTEN:5202,reuseaddr OPEN:/tmp/got6,creat,trunc &
	wait_for 10 tcp_listens 5202
	in_left timeout $limit socat -u OPEN:/tmp/sent6 "TCP6:[$right_ip6]:5202" && wait $! || return
	sent=$(sha256sum </tmp/sent6) got=$(sha256sum </tmp/got6)
	[ "$sent" = "$got" ]
}

vlan_up() {
	ip -n "$1" link add link "$2" name vlan7 type vlan id 7 && ip -n "$1" link set vlan7 up &&
		ip -n "$1" addr add "10.83.0.$3/24" dev vlan7
}
vlans() {
	vlan_up left "$left_if" 1 && vlan_up right "$right_if" 2 &&
		wait_for 20 in_left ping -q -c 5 -i 0.1 -W 5 10.83.0.2 &&
		right_ip=10.83.0.2 tcp_transfer 4 60
}
# a VLAN that the other side has not joined is not let in: the card does not count its frames as received
vlan_filtered() {
	local before after
	ip -n left link add link "$left_if" name vlan9 type vlan id 9 && ip -n left link set vlan9 up &&
		ip -n left addr add 10.84.0.1/24 dev vlan9 &&
		in_left ip neigh replace 10.84.0.2 lladdr "$(in_right cat "/sys/class/net/$right_if/address")" dev vlan9 || return
	before=$(port_stat right "$right_if" rx_pkts_nic)
	in_left ping -q -c 50 -i 0.02 -W 1 10.84.0.2
	# what comes later has found everything before it done
	ping_right || return
	after=$(port_stat right "$right_if" rx_pkts_nic)
	ip -n left link del vlan9
	[ $((after - before)) -lt 40 ] || { echo "$((after - before)) frames came through"; return 1; }
}

seen=0
# frames for an address that nobody has are seen in promiscuous mode only
foreign() {
	local before
	in_left ip neigh replace 10.82.0.99 lladdr 02:de:ad:be:ef:00 dev "$left_if" || return
	before=$(port_stat right "$right_if" rx_packets)
	in_left ping -q -c 50 -i 0.02 -W 1 10.82.0.99
	ping_right || return
	seen=$(($(port_stat right "$right_if" rx_packets) - before))
	echo "$seen frames came"
}
promisc_on() { ip -n right link set "$right_if" promisc on && foreign && [ "$seen" -ge 50 ]; }
promisc_off() { ip -n right link set "$right_if" promisc off && foreign && [ "$seen" -lt 40 ]; }

multicast() {
	ip -n right addr add 239.1.2.3/32 dev "$right_if" autojoin || return
	in_left ip route replace 239.0.0.0/8 dev "$left_if"
	in_right sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts'
	in_left ping -q -c 5 -i 0.1 -W 5 239.1.2.3
}

queues_used() {
	# many flows reach more than one queue
	tcp_stream left right "$right_ip" -P 8 -n 16M || return
	[ "$(in_right ethtool -S "$right_if" | awk '/rx_queue_[0-9]*_packets/ && $2 > 20' | wc -l)" -ge 2 ]
}
indirection() {
	in_right ethtool -X "$right_if" weight 0 1 && queue_only 1 && in_right ethtool -X "$right_if" equal 2
}
queue_only() {
	local a b
	a=$(port_stat right "$right_if" "rx_queue_$1_packets")
	works 4 || return
	b=$(port_stat right "$right_if" "rx_queue_$1_packets")
	[ $((b - a)) -gt 1000 ] || { echo "queue $1 had only $((b - a)) frames"; return 1; }
}
hash_key() {
	in_right ethtool -X "$right_if" hkey 6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa &&
		works
}
flow_rule() {
	in_right ethtool -K "$right_if" ntuple on && wait_link 30 &&
		in_right ethtool -N "$right_if" flow-type tcp4 dst-port 5211 action 1 && queue_only 1 &&
		in_right ethtool -N "$right_if" flow-type udp4 dst-port 7 action -1 &&
		in_right ethtool -n "$right_if" | grep -q 'Total 2 rules' &&
		in_right ethtool -K "$right_if" ntuple off
}

# state NETNS INTERFACE FEATURE: on or off
state() { ip netns exec "$1" ethtool -k "$2" | awk -v f="$3:" '$1 == f { print $2 }'; }
# switch FEATURE on|off: of both ports
switch() {
	both feature "$1" "$2" && [ "$(state left "$left_if" "$1") $(state right "$right_if" "$1")" = "$2 $2" ]
}
# what this kernel's driver lets be switched and has no short name of its own: the other way, data, and back
others() {
	local f was now groups='rx-checksumming|tx-checksumming|scatter-gather|(tcp-segmentation|udp-fragmentation|generic-.*|large-receive|[rt]x-vlan)-offload|ntuple-filters|receive-hashing' names n=0
	names=$(in_left ethtool -k "$left_if" | grep -v fixed | grep -oE '^\s*[a-z0-9_-]+: (on|off)' | tr -d ' \t' | grep -vE "^($groups):")
	for f in $names; do
		was=${f#*:} f=${f%:*} now=on
		[ "$was" = off ] || now=off
		if ! switch "$f" $now || ! works 1 || ! switch "$f" "$was"; then
			echo "$f did not go $now, carry data and come back"
			return 1
		fi
		n=$((n + 1))
	done
	echo "$n features"
	[ $n -ge 10 ] && works
}

features="rx tx sg tso gso gro rxvlan txvlan rxhash"
count=$(wc -w <<<"$features")
ktap_plan $((2 * count + 30))

check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "tcp" works 8
check "tcp over IPv6" tcp6
for f in $features; do
	check "$f off" with feature "$f" off
	check "$f on again" with feature "$f" on
done
check "every other feature that can be switched" others
check "large receive on" with feature lro on
check "large receive off" with feature lro off
check "mtu 9000" with mtu 9000
check "a jumbo ping" in_left ping -q -c 3 -M "do" -s 8972 -W 5 "$right_ip"
check "mtu 1500" with mtu 1500
check "rings of 64" with ring 64
check "rings of 4096" with ring 4096
check "rings of 512" with ring 512
check "one queue" with channels 1
check "two queues" with channels 2
check "interrupts without throttle" with coalesce 0
check "throttled to 100 us" with coalesce 100
check "throttle by traffic" with coalesce 1
check "pause off" in_left ethtool -A "$left_if" rx off tx off
check "pause on" in_left ethtool -A "$left_if" rx on tx on
check "flows use both queues" queues_used
check "indirection table to one queue" indirection
check "another hash key" hash_key
check "flow rules pick a queue" flow_rule
wait_link 30
check "VLANs" vlans
check "VLAN filter" vlan_filtered
check "promiscuous" promisc_on
check "not promiscuous" promisc_off
check "multicast" multicast
check "at the end, tcp" works 8
ktap_end
