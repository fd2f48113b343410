#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card under the stock driver: each feature of ethtool switched, with data compared each time.
# tests/run: kernels=7.3 ports=2 layer=no timeout=2400
# tests/run: kernels=5.10,6.1,6.12 ports=2 layer=no timeout=2400 when=named
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

both() {
	"$1" left "$left_if" "${@:2}" && "$1" right "$right_if" "${@:2}"
}
# has NETNS PATTERN COMMAND...: what it prints in the namespace says so
has() {
	local out
	out=$(ip netns exec "$1" "${@:3}" 2>&1)
	grep -qE "$2" <<<"$out" || { echo "$out"; return 1; }
}
# state NETNS INTERFACE FEATURE: on or off
state() { ip netns exec "$1" ethtool -k "$2" | awk -v f="$3:" '$1 == f { print $2 }'; }
declare -A long=([rx]=rx-checksumming [tx]=tx-checksum-ip-generic [sg]=scatter-gather [tso]=tcp-segmentation-offload
	[gso]=generic-segmentation-offload [gro]=generic-receive-offload [lro]=large-receive-offload [rxvlan]=rx-vlan-offload
	[txvlan]=tx-vlan-offload [rxhash]=receive-hashing [ntuple]=ntuple-filters)
feature() {
	ip netns exec "$1" ethtool -K "$2" "$3" "$4" && [ "$(state "$1" "$2" "${long[$3]-$3}")" = "$4" ]
}
ring() {
	ip netns exec "$1" ethtool -G "$2" rx "$3" tx "$3" &&
		[ "$(ip netns exec "$1" ethtool -g "$2" | awk '/^Current/ { now = 1 } now && /^[RT]X:/ { printf "%s ", $2 }')" = "$3 $3 " ]
}
channels() {
	ip netns exec "$1" ethtool -L "$2" combined "$3" &&
		[ "$(ip netns exec "$1" ethtool -l "$2" | awk '/^Current/ { now = 1 } now && /^Combined:/ { print $2 }')" = "$3" ]
}
coalesce() { ip netns exec "$1" ethtool -C "$2" rx-usecs "$3" && has "$1" "^rx-usecs:\s+$3$" ethtool -c "$2"; }
mtu() { ip -n "$1" link set "$2" mtu "$3"; }

# works: both links are up and data arrives as it was sent
works() {
	wait_link 30 && tcp_transfer "${1:-4}" 60
}
# with SETTING... : both ports set, data compared
with() { both "$@" && works; }
# so far the left's count of COUNTER, or the right's
left_count() { port_stat left "$left_if" "$1"; }
right_count() { port_stat right "$right_if" "$1"; }

tcp6() {
	local limit=60 sent got
	head -c "${1:-8}M" /dev/urandom >/tmp/sent6
	in_right timeout $limit socat -u TCP6-LISTEN:5202,reuseaddr OPEN:/tmp/got6,creat,trunc &
	wait_for 10 tcp_listens 5202
	in_left timeout $limit socat -u OPEN:/tmp/sent6 "TCP6:[$right_ip6]:5202" && wait $! || return
	sent=$(sha256sum </tmp/sent6) got=$(sha256sum </tmp/got6)
	[ "$sent" = "$got" ]
}

# long_frames left|right in|out YES|NO COMMAND...: whether the kernel hands the card longer frames than the cable has, or joins them
long_frames() {
	local ns=$1 way=$2 want=$3 dev=$left_if tap status=0 seen=no
	shift 3
	[ "$ns" = left ] || dev=$right_if
	wait_link 30 || return
	: >/tmp/tap
	ip netns exec "$ns" tcpdump -pni "$dev" -Q "$way" -c 1 greater 1700 >/dev/null 2>/tmp/tap &
	tap=$!
	wait_for 20 grep -q listening /tmp/tap || return
	"$@" || status=$?
	kill $tap 2>/dev/null
	wait $tap 2>/dev/null
	! grep -q '^1 packet captured' /tmp/tap || seen=yes
	[ "$seen" = "$want" ] || { echo "long frames on the $ns, $way: $seen"; return 1; }
	return $status
}
# given DATA... : the card is given what it has to cut; cut DATA...: what is cut already
given() { long_frames left out yes "$@"; }
cut() { long_frames left out no "$@"; }

# over ADDRESS: by way of a VLAN or a tunnel, whose other end it is
over() { wait_link 30 && right_ip=$1 tcp_transfer 2 60; }
uso() { in_left python3 tests/guest/frames.py uso "$right_ip" 1; }
sctp() { wait_link 30 && in_left python3 tests/guest/frames.py sctp "$right_ip" 2; }

vlan_up() {
	ip -n "$1" link add link "$2" name vlan7 type vlan id 7 && ip -n "$1" link set vlan7 up &&
		ip -n "$1" addr add "10.83.0.$3/24" dev vlan7
}
vlans() {
	vlan_up left "$left_if" 1 && vlan_up right "$right_if" 2 &&
		wait_for 20 in_left ping -q -c 5 -i 0.1 -W 5 10.83.0.2 && over 10.83.0.2
}
# tunnel NAME N TYPE OPTION...: one that leads to 10.85.N.2
tunnel() {
	local name=$1 n=$2 from=$left_ip to=$right_ip type=("${@:3}") way=remote
	[ "$3" != ip6tnl ] || from=$left_ip6 to=$right_ip6
	[ "$3" != vxlan ] || type+=(id "$n" dstport $((4789 + n)))
	ip -n left link add "$name" type "${type[@]}" local "$from" $way "$to" && ip -n right link add "$name" type "${type[@]}" local "$to" $way "$from" &&
		ip -n left addr add "10.85.$n.1/24" dev "$name" && ip -n right addr add "10.85.$n.2/24" dev "$name" &&
		ip -n left link set "$name" up && ip -n right link set "$name" up &&
		wait_for 20 in_left ping -q -c 2 -i 0.1 -W 5 "10.85.$n.2"
}
tunnels() {
	modprobe -a ip_gre ipip ip6_tunnel vxlan || return
	tunnel gre7 1 gre && tunnel gre8 2 gre csum key 8 && tunnel ipip7 3 ipip && tunnel ip6tnl7 4 ip6tnl mode ipip6 &&
		tunnel vxlan7 5 vxlan noudpcsum && tunnel vxlan8 6 vxlan udpcsum
}
# what some functions below found
came=0 got=0 taken=0 time=0 seen=0
# vlan9_frames: how many of fifty frames with that tag are let in; the card counts what it receives
vlan9_frames() {
	local before
	before=$(right_count rx_pkts_nic)
	in_left ping -q -c 50 -i 0.02 -W 1 10.84.0.2
	# what comes later has found everything before it done
	ping_right || return
	came=$(($(right_count rx_pkts_nic) - before))
	echo "$came frames came through"
}
# a VLAN that the other side has not joined is not let in, unless it filters none
vlan_filter() {
	ip -n left link add link "$left_if" name vlan9 type vlan id 9 && ip -n left link set vlan9 up &&
		ip -n left addr add 10.84.0.1/24 dev vlan9 &&
		in_left ip neigh replace 10.84.0.2 lladdr "$(in_right cat "/sys/class/net/$right_if/address")" dev vlan9 &&
		wait_link 30 && vlan9_frames && [ "$came" -lt 40 ] || return
	feature right "$right_if" rx-vlan-filter off && wait_link 30 && vlan9_frames && [ "$came" -ge 50 ] || return
	feature right "$right_if" rx-vlan-filter on && wait_link 30 && vlan9_frames && [ "$came" -lt 40 ] || return
	ip -n left link del vlan9 && over 10.83.0.2
}

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
# group LEAST MOST: of fifty frames to a group
group() {
	local before after
	before=$(right_count multicast)
	in_left python3 tests/guest/frames.py raw "$left_if" 01:00:5e:0b:0c:0d 50 && ping_right || return
	after=$(right_count multicast)
	echo "$((after - before)) frames came"
	[ $((after - before)) -ge "$1" ] && [ $((after - before)) -le "$2" ]
}
not_joined() { group 0 9; }
joined() {
	ip -n right maddr add 01:00:5e:0b:0c:0d dev "$right_if" && group 50 59 && ip -n right maddr del 01:00:5e:0b:0c:0d dev "$right_if" && group 0 9
}
all_multicast() {
	ip -n right link set "$right_if" allmulticast on && group 50 59 && ip -n right link set "$right_if" allmulticast off && group 0 9
}

# pause_is STATE: of both ports, both ways, once they have link
pause_is() {
	local state
	for state in "$(in_left ethtool -a "$left_if")" "$(in_right ethtool -a "$right_if")"; do
		[ "$(awk '/^[RT]X:/ { printf "%s ", $2 }' <<<"$state")" = "$1 $1 " ] || return
	done
}
set_pause() { ip netns exec "$1" ethtool -A "$2" autoneg "$3" rx "$4" tx "$4"; }
# pause AUTONEG STATE; that there are pause frames, or loss without, is for card-faults
pause() { both set_pause "$1" "$2" && wait_link 30 && wait_for 10 pause_is "$2" && works; }

# interrupts of the right port's queues
interrupts() { awk -v d="$right_if-TxRx" '$NF ~ d { for (i = 2; i < NF; i++) if ($i ~ /^[0-9]+$/) n += $i } END { print n }' /proc/interrupts; }
# throttled USECS: the interrupts that 10000 small frames of one flow take, into taken, and how many microseconds, into time;
# the frames come slowly enough that an emulated CPU is done with one before the next
throttled() {
	local before began
	both coalesce "$1" && wait_link 30 || return
	before=$(interrupts) began=${EPOCHREALTIME/./}
	pktgen 10000 "delay 300000" >/dev/null || return
	time=$((${EPOCHREALTIME/./} - began)) taken=$(($(interrupts) - before))
	echo "$1 us: $taken interrupts in $((time / 1000)) ms"
}
# without a throttle there are more than one of a millisecond lets through
unthrottled() { throttled 0 && [ $taken -gt $((time * 3 / 2000)) ]; }
# with it one queue has the flow and the other hardly anything
a_thousand() { throttled 1000 && [ $taken -gt 100 ] && [ $taken -le $((time * 21 / 20000 + 20)) ]; }

queues_used() {
	# many flows reach more than one queue
	tcp_stream left right "$right_ip" -P 8 -n 16M || return
	[ "$(in_right ethtool -S "$right_if" | awk '/rx_queue_[0-9]*_packets/ && $2 > 20' | wc -l)" -ge 2 ]
}
# only QUEUE: a transfer's frames come there, and hardly any to the other of two
only() {
	local a b
	wait_link 30 || return
	mapfile -t a < <(queue_counts)
	works 4 || return
	mapfile -t b < <(queue_counts)
	got=$((b[$1] - a[$1]))
	echo "queue $1 had $got frames, the other $((b[1 - $1] - a[1 - $1]))"
	[ $got -gt 1000 ] && [ $((b[1 - $1] - a[1 - $1])) -lt 50 ]
}
indirection() {
	in_right ethtool -X "$right_if" weight 1 0 && only 0 && in_right ethtool -X "$right_if" weight 0 1 && only 1 &&
		in_right ethtool -X "$right_if" equal 2
}
hashes() {
	local kind
	for kind in tcp4 tcp6 ip4 ip6; do
		as_predicted $kind || return
	done
	# UDP by its ports, too
	in_right ethtool -N "$right_if" rx-flow-hash udp4 sdfn && in_right ethtool -N "$right_if" rx-flow-hash udp6 sdfn &&
		wait_link 30 && as_predicted udp4 && as_predicted udp6 &&
		in_right ethtool -N "$right_if" rx-flow-hash udp4 sd && in_right ethtool -N "$right_if" rx-flow-hash udp6 sd && wait_link 30
}
key=6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa
hash_key() {
	in_right ethtool -X "$right_if" hkey $key && has right "^$key$" ethtool -x "$right_if" && hashes && works
}

rule() { in_right ethtool -N "$right_if" flow-type "$@"; }
# rule_to QUEUE: the transfer's flow is matched and goes there
rule_to() {
	local before matched
	before=$(right_count fdir_match)
	rule tcp4 dst-port 5211 action "$1" loc 10 && only "$1" || return
	matched=$(($(right_count fdir_match) - before))
	echo "fdir_match: $matched more"
	[ $((matched - got)) -ge -20 ] && [ $((matched - got)) -le 20 ]
}
no_ports() { in_right cat /proc/net/snmp | awk '/^Udp: [0-9]/ { print $3 }'; }
# datagrams PORT: of a hundred, how many come to where nobody listens
datagrams() {
	local before
	before=$(no_ports)
	# shellcheck disable=SC2016
	in_left bash -c 'for ((i = 0; i < 100; i++)); do echo x >"/dev/udp/$1/$2"; done' _ "$right_ip" "$1"
	ping_right || return
	came=$(($(no_ports) - before))
	echo "port $1: $came datagrams came"
}
drop_rule() {
	rule udp4 dst-port 7 action -1 loc 11 && has right 'Total 2 rules' ethtool -n "$right_if" &&
		datagrams 8 && [ "$came" = 100 ] && datagrams 7 && [ "$came" = 0 ] &&
		in_right ethtool -N "$right_if" delete 11 && datagrams 7 && [ "$came" = 100 ]
}
flow_rule() {
	feature right "$right_if" ntuple on && wait_link 30 && rule_to 0 && rule_to 1 && drop_rule && feature right "$right_if" ntuple off && works
}

# switch FEATURE on|off: of both ports
switch() { both feature "$1" "$2"; }
# what this kernel's driver lets be switched and has no case of its own: the other way, data, and back
others() {
	local f was now groups='rx-checksumming|tx-checksumming|scatter-gather|(tcp-segmentation|udp-fragmentation|generic-.*|large-receive|[rt]x-vlan)-offload|ntuple-filters|receive-hashing' names n=0
	names=$(in_left ethtool -k "$left_if" | grep -v fixed | grep -oE '^\s*[a-z0-9_-]+: (on|off)' | tr -d ' \t' | grep -vE "^($groups|${own// /|}):")
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
	[ $n -ge 8 ] && works
}

# those that have
own="tx-tcp-mangleid-segmentation tx-tcp6-segmentation tx-udp-segmentation tx-gre-segmentation tx-gre-csum-segmentation tx-ipxip4-segmentation tx-ipxip6-segmentation
tx-udp_tnl-segmentation tx-udp_tnl-csum-segmentation tx-checksum-sctp rx-vlan-filter"
own=${own//$'\n'/ }
# off_and_on FEATURE DATA...: with it off the kernel cuts, with it on the card does; the data is right
off_and_on() {
	check "$1 off: cut before the card" off "$@"
	check "$1 on: cut by the card" on "$@"
}
off() { switch "$1" off && cut "${@:2}"; }
on() { switch "$1" on && given "${@:2}"; }
off_gro() { switch gro off && long_frames right in no works; }
on_gro() { switch gro on && long_frames right in yes works; }
# without_and_with FEATURE DATA...: either way the data is right
without_and_with() {
	check "$1 off" just "$1" off "${@:2}"
	check "$1 on again" just "$1" on "${@:2}"
}
just() { switch "$1" "$2" && "${@:3}"; }

ktap_plan 77
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "tcp" works 8
check "tcp over IPv6" tcp6
# a VLAN that has it off takes it from the port below
check "large receive on" with feature lro on
check "large receive off" with feature lro off
check "VLANs" vlans
check "tunnels" tunnels
for f in rx tx sg gso rxhash; do
	without_and_with $f works
done
off_and_on tso works
without_and_with tso over 10.83.0.2
check "gro off: nothing joined" off_gro
check "gro on: frames joined" on_gro
for f in rxvlan txvlan; do
	without_and_with $f over 10.83.0.2
done
off_and_on tx-tcp6-segmentation tcp6 2
off_and_on tx-udp-segmentation uso
# IPv4 in a tunnel is for the card to cut when it may number the packets in there as it likes
off_and_on tx-tcp-mangleid-segmentation over 10.85.1.2
off_and_on tx-gre-segmentation over 10.85.1.2
off_and_on tx-gre-csum-segmentation over 10.85.2.2
off_and_on tx-ipxip4-segmentation over 10.85.3.2
off_and_on tx-ipxip6-segmentation over 10.85.4.2
off_and_on tx-udp_tnl-segmentation over 10.85.5.2
off_and_on tx-udp_tnl-csum-segmentation over 10.85.6.2
without_and_with tx-checksum-sctp sctp
check "every other feature that can be switched" others
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
if wait_for 30 unthrottled; then
	check "and one in a millisecond at most" a_thousand
else
	ktap_skip "and one in a millisecond at most" "so busy a machine has no more without a throttle"
fi
check "throttle by traffic" with coalesce 1
check "pause off" pause off off
check "pause on without asking the partner" pause off on
check "pause as the partners agree" pause on on
check "flows use both queues" queues_used
check "indirection table to each queue in turn" indirection
check "flows go where the key and the table say" hashes
check "another hash key" hash_key
check "flow rules pick a queue, or drop" flow_rule
check "VLAN filter" vlan_filter
check "promiscuous" promisc_on
check "not promiscuous" promisc_off
check "multicast" multicast
check "a group that nobody joined" not_joined
check "a group that the other side joins and leaves" joined
check "all multicast, and none again" all_multicast
check "at the end, tcp" works 8
ktap_end
