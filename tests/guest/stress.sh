#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The fork under traffic while everything about it changes: modes, depth, CPUs, links, the modules; nothing leaks.
# tests/run: kernels=7.3 ports=2 timeout=900 args=100 args=4 args=6
# tests/run: kernels=6.12 ports=2 timeout=900 args=40 args=2 args=3 when=named
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 timeout=3000 when=named
# tests/run: kernels=6.1 ports=2 timeout=900 args=100 args=4 args=6 when=debug
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: stress.sh [SWITCHES [RELOADS [RESETS]]]
	1000 mode switches, 50 reloads of both modules and 50 link resets unless told otherwise.
	END
}
case ${1-} in -*) usage; exit 2 ;; esac
switches=${1:-1000} reloads=${2:-50} resets=${3:-50}
depths=100 cpu_rounds=10
# a transfer takes that many times as long
slow=1
! kasan || slow=3
dir=/tmp/stress

# traffic of all kinds, both ways, that outlives links and ports; niced, so that what changes things gets its turn
again() { # NAME COMMAND...: again and again until the traffic ends
	local name=$1
	shift
	while [ ! -e $dir/stop ]; do
		if "$@"; then echo once >>"$dir/$name.went"; else sleep 0.5; fi
	done >/dev/null 2>&1
}
udp() { # small packets for a port where nobody listens, answered by ICMP
	in_left timeout 30 socat -u -b 40 "OPEN:$dir/burst" "UDP4-SENDTO:$right_ip:9999"
}
tcp() { in_left timeout $((10 * slow)) socat -u "OPEN:$dir/file" "TCP4:$right_ip:5400,connect-timeout=3"; }
# what arrives whole is compared; a transfer that a reload cut off is not
tcp_sink() {
	in_right timeout $((12 * slow)) socat -u TCP4-LISTEN:5400,reuseaddr "OPEN:$dir/got,creat,trunc" &&
		[ "$(stat -c %s $dir/got)" = "$(stat -c %s $dir/file)" ] &&
		{ cmp -s $dir/got $dir/file || echo different >>$dir/different; }
}
traffic=()
start_again() {
	again "$@" &
	traffic+=($!)
	renice -n 15 -p $! >/dev/null
}
traffic_on() {
	rm -f $dir/stop $dir/*.went
	traffic=()
	start_again udp udp
	start_again ping in_right ping -q -f -s 900 -w 3 "$left_ip"
	start_again sink tcp_sink
	start_again tcp tcp
}
all_went() {
	local kind
	for kind in udp ping sink tcp; do
		[ -s $dir/$kind.went ] || { echo "$kind never got through"; return 1; }
	done
}
# what the last change cut off may take a while to get through again
traffic_off() {
	wait_for $((60 * slow)) all_went >/dev/null
	touch $dir/stop
	wait "${traffic[@]}"
}
traffic_went() { # all kinds got through, no TCP payload was changed
	wc -l $dir/*.went
	all_went || return
	[ ! -e $dir/different ] || { echo "$(wc -l <$dir/different) transfers arrived changed"; return 1; }
}

sound() { # balanced, and no CPU holds more than depth allows
	balanced && awk -v depth="$(cat /sys/module/skb_bulk/parameters/depth)" '
		{ v[$1] = $2 }
		END {
			for (i = 0; i < 8; i++)
				if (v["cpu" i ".head_resident"] > depth + 16 || v["cpu" i ".data_resident"] > depth) {
					print "CPU " i " holds more than depth allows: " v["cpu" i ".head_resident"] " " v["cpu" i ".data_resident"]
					exit 1
				}
		}' < <(cat "$skb_bulk_debug/counters")
}
moved() { [ "$(counter head_taken)" -gt "${1:-0}" ]; }

# objects of a cache in use, to the object: shrink empties what SLUB keeps for each CPU, which slabinfo counts as in use
caches=skbuff_head_cache
for c in skbuff_small_head kmalloc-512 kmalloc-1k kmalloc-2k; do
	[ ! -e /sys/kernel/slab/$c ] || caches+=" $c"
done
objects() {
	local c
	for c in $caches; do
		echo 1 >"/sys/kernel/slab/$c/shrink"
		echo "$c $(slab_active "$(slab_name "$c")")"
	done
}
# two names may stand for one cache, and slabinfo has one of them
slab_name() {
	local n
	awk -v n="$1" '$1 == n { found = 1 } END { exit !found }' /proc/slabinfo && { echo "$1"; return; }
	for n in /sys/kernel/slab/*; do
		[ "$n" -ef "/sys/kernel/slab/$1" ] && awk -v n="${n##*/}" '$1 == n { found = 1 } END { exit !found }' /proc/slabinfo &&
			{ echo "${n##*/}"; return; }
	done
}
quiet() { # nobody sends, nothing is on its way, our stacks are empty
	sleep 3
	[ ! -e "$skb_bulk_debug/reset" ] || reset_counters
	sleep 1
	objects
}
# The kernel's own cache of heads holds up to 64 (128 in newer kernels, those with sheaves) on each CPU and is not emptied
# by anything.
# The other caches have many users, some of which let go late: reloads of the stock driver raise kmalloc-1k by as much, for
# half a minute. Ours gave them hundreds of thousands of objects to lose.
cpus=$(nproc) kept=64
! have_sheaves || kept=128
declare -A tolerance=([skbuff_head_cache]=$((kept * cpus)) [skbuff_small_head]=$((32 * cpus)) [kmalloc-512]=96 [kmalloc-1k]=96 [kmalloc-2k]=64)
no_leak() { # BEFORE AFTER
	local name was is bad=0
	while read -r name was; do
		is=$(awk -v n="$name" '$1 == n { print $2 }' <<<"$2")
		echo "$name: $was before, $is after, ${tolerance[$name]} allowed"
		[ $((is - was)) -le "${tolerance[$name]}" ] || bad=1
	done <<<"$1"
	return $bad
}

nothing_leaked() {
	local end=$((SECONDS + 90))
	until no_leak "$before" "$(quiet)"; do
		[ $SECONDS -lt $end ] || return
	done
}

switch_modes() {
	local i m words=(any bulk stock bulk)
	for ((i = 0; i < switches; i++)); do
		m=${words[i % 4]}
		set_mode "$m" && [ "$(</sys/module/skb_bulk/parameters/mode)" = "$m" ] || return
		[ $((i % 50)) != 3 ] || sound || return
	done
	moved
}
change_depth() {
	local i d words=(1 1024 2 37 64 1023 4 512 16 100)
	for ((i = 0; i < depths; i++)); do
		d=${words[i % 10]}
		echo "$d" >/sys/module/skb_bulk/parameters/depth || return
		[ $((i % 7)) != 0 ] || sound || return
	done
	echo 1024 >/sys/module/skb_bulk/parameters/depth
}
offline_cpu() {
	local i before
	for ((i = 0; i < cpu_rounds; i++)); do
		sleep 0.3
		echo 0 >/sys/devices/system/cpu/cpu1/online || return
		sound || return
		if grep -E '^cpu1\.(head|data)_resident ' "$skb_bulk_debug/counters"; then
			echo "the CPU that is gone still holds them"
			return 1
		fi
		before=$(counter head_taken)
		sleep 0.3
		echo 1 >/sys/devices/system/cpu/cpu1/online || return
		sound || return
	done
	wait_for 10 moved "$before"
}
reset_links() {
	local i
	for ((i = 0; i < resets; i++)); do
		case $((i % 3)) in
		0) in_left ethtool -r "$left_if" ;;
		1) ip -n right link set "$right_if" down && sleep 0.1 && ip -n right link set "$right_if" up ;;
		2) in_left ethtool -K "$left_if" lro on && in_left ethtool -K "$left_if" lro off ;; # each resets the port
		esac || return
		wait_link 20 || return
		sound || return
	done
}
reload() {
	local i
	for ((i = 0; i < reloads; i++)); do
		sleep 0.3
		sound || return
		rmmod ixgbe_bulk || return
		sound || return
		# while the ports are away there is nobody to use skb_bulk
		rmmod skb_bulk || return
		[ ! -e "$skb_bulk_debug" ] || { echo "debugfs has a trace of the module"; return 1; }
		modprobe ixgbe_bulk && wait_for 20 have_ports && two_netns || return
	done
}
reload_refused() { ! rmmod skb_bulk && [ -e /sys/module/skb_bulk ]; }
# A receiver this slow, with a packet buffer full of small packets, has the sender wait for longer than the watchdog of its
# queues does.
no_pause() {
	[ $slow = 1 ] || { in_left ethtool -A "$left_if" autoneg off rx off && wait_link 20; }
}
# the generator sends one skb many times, and many skbs once
generate() {
	no_pause && sound && pktgen 30000 && pktgen 30000 "clone_skb 100" && sound && moved 20000
}
works() { ping_right 5 && tcp_transfer 8 && sound; }

ktap_plan 15
mkdir -p $dir
head -c 60000 /dev/urandom >$dir/burst
head -c 3M /dev/urandom >$dir/file
check "the fork takes both ports" load_fork
check "both links come up" two_netns
# what is made once is there before the first look
traffic_on
sleep 6
traffic_off
before=$(quiet)
traffic_on
check "skb_bulk does not go while the fork needs it" reload_refused
check "$switches mode switches" switch_modes
set_mode bulk
check "$depths changes of depth" change_depth
check "a CPU goes and comes $cpu_rounds times" offline_cpu
check "$resets link resets" reset_links
check "balance under traffic" sound
traffic_off
check "traffic of all kinds went on, no payload changed" traffic_went
check "pktgen over the fork" generate
check "no leak so far" nothing_leaked
traffic_on
check "$reloads times rmmod and modprobe of both modules" reload
traffic_off
check "traffic of all kinds went on again" traffic_went
check "ping, TCP with equal hashes, balance" works
check "no leak" nothing_leaked
no_leak "$before" "$(quiet)" | sed 's/^/# /'
ktap_end
