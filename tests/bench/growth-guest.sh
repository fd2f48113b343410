#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs forwarding of 64 flows, whose cost a packet is counted, with the ports set up in several ways, in each mode.
# Usage: growth-guest.sh [--trial] AXIS VALUE [AXIS VALUE]...
# AXIS is queues (of each port, on one processor; the guest has as many), ring (descriptors of each queue) or cpus, whose VALUE is
# what the guest has: a queue for each.
# Prints "path JOB AXIS VALUE MODE SHORT LONG": see run_job.
# shellcheck disable=SC2154,SC2034
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/bench/tune-lib.sh
# shellcheck source=/dev/null
. tests/bench/path-lib.sh

default_ring=512
short=1000 long=17000 times=2
if [ "$1" = --trial ]; then
	short=100 long=1000 times=1
	shift
fi
# a small ring sends less in the time between two polls than arrives; the queue before it has room for a thousand and drops the rest
forward_window=900
fail() { echo "growth: $*"; dmesg | tail -n 3; exit 1; }

# each queue's interrupts go to a processor of its own, as far as there are some
spread_interrupts() {
	local p cpus irq name queue
	cpus=$(nproc)
	for p in "${port[@]}"; do
		while read -r irq name; do
			queue=${name##*-}
			printf '%x' $((1 << queue % cpus)) >"/proc/irq/${irq%:}/smp_affinity" || return
		done < <(awk -v p="$p-TxRx-" 'index($NF, p) == 1 { print $1, $NF }' /proc/interrupts)
	done
}
# on_processors N: the others go away
on_processors() {
	local c
	for c in /sys/devices/system/cpu/cpu[1-9]*; do
		echo $((${c##*cpu} < $1 ? 1 : 0)) >"$c/online" || return
	done
}
set_ports() { # QUEUES RING
	local p
	for p in "${port[@]}"; do
		# what is so already is an error to some ethtools
		[ "$(ethtool -l "$p" | awk '$1 == "Combined:" { n = $2 } END { print n }')" = "$1" ] || ethtool -L "$p" combined "$1" || return
		[ "$(ethtool -g "$p" | awk '$1 == "TX:" { n = $2 } END { print n }')" = "$2" ] || ethtool -G "$p" rx "$2" tx "$2" || return
		wait_for 30 grep -q 1 "/sys/class/net/$p/carrier" || return
	done
	spread_interrupts
	# what is still polled from before ends
	pause
}

echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
load_fork || fail "the fork did not take the ports"
tell_env
tell_module
ports_up || fail "the ports did not come up"
while [ $# -ge 2 ]; do
	case $1 in
	# the driver gives no port more queues than there are processors, but takes none away
	queues) on_processors "$2" && set_ports "$2" $default_ring && on_processors 1 ;;
	ring) set_ports 1 "$2" ;;
	cpus) [ "$2" = "$(nproc)" ] && set_ports "$2" $default_ring ;;
	*) fail "there is no axis $1" ;;
	esac || fail "the ports cannot be set to $1 $2"
	for ((t = 0; t < times; t++)); do
		for mode in any stock bulk; do
			set_mode $mode || fail "there is no mode $mode"
			run_job forward-64 "$1" "$2" $mode
		done
	done
	shift 2
done
echo end
