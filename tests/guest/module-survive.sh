#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What skb_bulk must survive while the fork's ports carry traffic: unloading, storms of writers, CPUs that go and come, little
# memory, namespaces that end, resets; and who must not wait for a flush: zero-copy senders, netconsole, dying namespaces.
# tests/run: kernels=6.1 ports=2 timeout=900 args=short
# tests/run: kernels=6.1 ports=2 timeout=1500 when=named
# tests/run: when=named kernels=5.10,6.12,7.3,6.12-rt ports=2 timeout=900
# tests/run: kernels=6.1 ports=2 timeout=900 when=debug
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

params=/sys/module/skb_bulk/parameters
counters=${skb_bulk_debug:?}/counters

# traffic both ways until traffic_off, with small packets and large ones
traffic=()
traffic_on() {
	local ns ip
	for ns in left right; do
		ip=$right_ip
		[ $ns = left ] || ip=$left_ip
		ip netns exec $ns socat -u UDP-RECV:7000 /dev/null >/dev/null 2>&1 &
		traffic+=($!)
		ip netns exec $ns socat -u -b 300 /dev/zero "UDP-SENDTO:$ip:7000" >/dev/null 2>&1 &
		traffic+=($!)
	done
	# not by in_left and in_right: what a function runs outlives the shell that is killed
	ip netns exec right timeout 300 socat -u TCP-LISTEN:7001,fork /dev/null >/dev/null 2>&1 &
	traffic+=($!)
	sleep 0.5
	ip netns exec left socat -u /dev/zero "TCP:$right_ip:7001" >/dev/null 2>&1 &
	traffic+=($!)
	sleep 0.5
}
traffic_off() {
	local p
	for p in ${traffic[@]+"${traffic[@]}"}; do
		kill "$p" 2>/dev/null
	done
	for p in ${traffic[@]+"${traffic[@]}"}; do
		wait "$p" 2>/dev/null
	done
	traffic=()
	return 0
}

start() { load_fork && two_netns; }
# flows: packets pass through skb_bulk
flows() {
	local before
	before=$(counter consumed)
	sleep 0.3
	[ "$(counter consumed)" -gt "$before" ]
}
# hold_long: what is stacked stays there, unless traffic or somebody pushes it out
hold_long() { echo 60000 >$params/idle_ms; }

# zero copy and timestamps
zerocopy() {
	hold_long && in_left python3 tests/guest/sender.py zerocopy "$right_ip" 20 5
}
# the driver keeps a reference until it has read the stamp, which is before the completion or after it
timestamps() {
	local before stamps
	before=$(counter to_kernel_shared)
	stamps=$(in_left python3 tests/guest/sender.py timestamp "$right_ip" 20 "$left_if") || return
	echo "$stamps of 20 stamps came, each later than the one before"
	echo "shared: $before before, $(counter to_kernel_shared) after"
	[ "$stamps" = 20 ] && [ "$(counter to_kernel_shared)" -gt "$before" ]
}

# netconsole: the only ring, and a small one, is kept full by a generator, so that it has to poll the card itself, with budget 0
netconsole() {
	local before deferred got=/tmp/netconsole.got receiver i round arrived queues status=0
	modprobe netconsole && modprobe configfs || return
	mkdir -p /tmp/config
	mountpoint -q /tmp/config || mount -t configfs configfs /tmp/config || return
	queues=$(in_left ethtool -l "$left_if" | awk '$1 == "Combined:" { n = $2 } END { print n }')
	in_left ethtool -L "$left_if" combined 1 && in_left ethtool -G "$left_if" tx 64 && wait_link 30 || return
	# not by in_right: the shell of a function would be killed and its socat live on, in a namespace that could not end then
	ip netns exec right socat -u UDP-RECV:6666,rcvbuf=4000000 OPEN:$got,creat,trunc &
	receiver=$!
	sleep 0.5
	mkdir /tmp/config/netconsole/fork || return
	(
		cd /tmp/config/netconsole/fork && echo "$left_if" >dev_name && echo "$left_ip" >local_ip && echo 6666 >remote_port &&
			echo "$right_ip" >remote_ip && in_right cat "/sys/class/net/$right_if/address" >remote_mac
	)
	# shellcheck disable=SC2016
	nsenter --net=/run/netns/left bash -c 'echo 1 >/tmp/config/netconsole/fork/enabled' || status=1
	before=$(counter consumed) deferred=$(counter deferred)
	# whether a line finds the ring full is chance
	for ((round = 0; round < 5; round++)); do
		pktgen 60000 "clone_skb 0" >/dev/null 2>&1 &
		# it takes its time to begin
		wait_for 10 flows || status=1
		for ((i = 0; i < 300; i++)); do
			echo "<3>survive line $i" >/dev/kmsg
		done
		wait $!
		[ "$(counter deferred)" = "$deferred" ] || break
	done
	for ((; i < 320; i++)); do
		echo "<3>survive line $i" >/dev/kmsg
	done
	sleep 2
	echo 0 >/tmp/config/netconsole/fork/enabled
	rmdir /tmp/config/netconsole/fork
	kill $receiver
	wait $receiver 2>/dev/null
	arrived=$(grep -c 'survive line' $got)
	deferred=$(($(counter deferred) - deferred))
	echo "$arrived lines arrived, $deferred skbs deferred, $(($(counter consumed) - before)) consumed"
	grep -q 'survive line 319' $got || { echo "the last line is missing"; status=1; }
	[ "$arrived" -ge 20 ] && [ "$deferred" -gt 0 ] || status=1
	in_left ethtool -G "$left_if" tx 512 && in_left ethtool -L "$left_if" combined "$queues" && wait_link 30 || status=1
	return $status
}

# A namespace whose sockets, routes and connections are those of skbs just sent. Its port comes back when nobody holds the
# namespace any more; that of the other one only when all of the first is gone, since the kernel ends one after the other.
have_port_back() { [ "$(port_names | wc -l)" = "$1" ]; }
end_of_netns() {
	hold_long || return
	in_left nft -f - <<-END || return
		table inet watch {
			chain sent {
				type filter hook output priority 0;
				ct state new counter
			}
		}
	END
	in_left timeout 3 socat -u -b 100 /dev/zero "UDP-SENDTO:$right_ip:7000"
	in_left ping -q -c 3 -i 0.2 "$right_ip" >/dev/null
	echo "resident: $(counter head_resident) heads, $(counter data_resident) data"
	ip netns del left && wait_for 20 have_port_back 1 || return
	ip netns del right && wait_for 20 have_port_back 2 && two_netns
}

# many writers, each with its own order of values; half of the values are wrong
storm() {
	local w pids=() end=$((SECONDS + $1))
	for w in 1 2 3 4; do
		(
			RANDOM=$w
			while [ $SECONDS -lt $end ]; do
				case $((RANDOM % 6)) in
				0) echo bulk ;; 1) echo stock ;; 2) echo any ;; *) echo bulk$RANDOM ;;
				esac >$params/mode
				case $((RANDOM % 5)) in
				0) echo 1 ;; 1) echo 1024 ;; 2) echo $((RANDOM % 1024 + 1)) ;; 3) echo 0 ;; *) echo $((RANDOM + 1025)) ;;
				esac >$params/depth
				[ $w != 1 ] || echo $((RANDOM % 60)) >$params/idle_ms
				[ $w != 2 ] || cat "$counters" >/dev/null
				[ $w != 3 ] || echo 1 >"$skb_bulk_debug/reset"
			done
		) 2>/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	set_mode bulk && echo 1024 >$params/depth && echo 100 >$params/idle_ms && wait_for 20 flows && balanced
}

cpus() {
	local i bad=0
	[ -e /sys/devices/system/cpu/cpu1/online ] || { echo "there is one processor only"; return 1; }
	hold_long
	for ((i = 0; i < $1; i++)); do
		echo 0 >/sys/devices/system/cpu/cpu1/online || return
		awk '/^cpu1\.(head_resident|data_resident|resident_bytes) / { print "off line, yet " $0; bad = 1 } END { exit bad }' "$counters" || bad=1
		balanced || bad=1
		wait_for 20 flows || bad=1
		echo 1 >/sys/devices/system/cpu/cpu1/online || return
		sleep 0.5
	done
	echo 100 >$params/idle_ms
	balanced || bad=1
	return $bad
}

# most of the memory taken away, given back, taken again
little_memory() {
	local i free
	for ((i = 0; i < (times + 2) / 2; i++)); do
		free=$(awk '/^MemAvailable/ { print int($2 / 1024) - 80 }' /proc/meminfo)
		[ "$free" -le 0 ] || head -c "${free}M" /dev/zero >/dev/shm/pressure
		echo 1 >/proc/sys/vm/compact_memory
		sleep 1
		rm -f /dev/shm/pressure
	done
	echo 3 >/proc/sys/vm/drop_caches
	wait_for 20 flows && balanced
}

resets() {
	local i
	for i in 1 2 3; do
		ip -n left link set "$left_if" mtu $((1500 + i * 500)) || return
		ip -n right link set "$right_if" down && ip -n right link set "$right_if" up || return
		in_left ethtool -G "$left_if" tx $((128 * i)) rx $((128 * i)) || return
	done
	ip -n left link set "$left_if" mtu 1500
	wait_link 30 && wait_for 20 flows && balanced
}

# idle_back: stacks left alone are empty after idle_ms
empty() { [ "$(counter head_resident) $(counter data_resident)" = "0 0" ]; }
idle_back() {
	echo 100 >$params/idle_ms
	traffic_off
	# what was armed with a longer time before comes when that is over: a drain through reset is not what is looked at
	echo 1 >"$skb_bulk_debug/reset"
	in_left ping -q -c 5 -i 0.1 "$right_ip" >/dev/null
	wait_for 70 empty && return
	grep -E 'resident|idle' "$counters"
	balanced
	return 1
}

unload_under_traffic() {
	local i
	for ((i = 0; i < (times + 1) / 2; i++)); do
		hold_long
		traffic_on
		wait_for 20 flows || { traffic_off; return 1; }
		# the stacks are full of what was just sent
		if ! rmmod ixgbe_bulk || ! rmmod skb_bulk; then
			traffic_off
			return 1
		fi
		traffic_off
		start || return
	done
	ping_right
}

under_traffic() {
	local status=0
	[ ${#traffic[@]} != 0 ] || traffic_on
	"$@" || status=1
	return $status
}

# usage: module-survive.sh [short | COMMAND...]: less of each, or those results only
seconds=8 times=4
[ "${1-}" != short ] || { seconds=3 times=1; shift; }
results=(
	"zero-copy senders are told at once|zerocopy"
	"a timestamp's second reference|timestamps"
	"a namespace ends with stacks full of its packets|end_of_netns"
	"a storm of writers under traffic|under_traffic storm $seconds"
	"a processor goes and comes under traffic|under_traffic cpus $times"
	"little memory under traffic|under_traffic little_memory"
	"resets, down and up under traffic|under_traffic resets"
	"stacks left alone are given back|idle_back"
	"netconsole over the fork|netconsole"
	"unload under traffic, stacks full|unload_under_traffic"
	"tcp afterwards, equal hashes|tcp_transfer 4"
)
chosen=("${results[@]}")
if [ $# -gt 0 ]; then
	chosen=()
	for c; do chosen+=("$c|$c"); done
fi
ktap_plan $((${#chosen[@]} + 2))
check "the fork's ports are up" start || ktap_end
for r in "${chosen[@]}"; do
	# shellcheck disable=SC2086
	check "${r%%|*}" ${r#*|}
done
traffic_off
check "unload" unload_drivers
ktap_end
