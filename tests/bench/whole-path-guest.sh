#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the jobs whose cost a packet is counted, for one driver and each of its modes.
# Usage: whole-path-guest.sh ixgbe|ixgbe_bulk sent|tcp
# sent: the two ports end at the card's test set. tcp: they are cabled together, and both ends are in the guest.
# Prints "path JOB DRIVER MODE SHORT LONG": see run_job.
# shellcheck disable=SC2154,SC2034
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/bench/path-lib.sh

driver=$1 what=$2
short=1000 long=33000 tcp_short=1024 tcp_long=17408 times=3
fail() { echo "whole-path: $*"; dmesg | tail -n 3; exit 1; }

all_jobs() { # MODE
	local j
	if [ "$what" = tcp ]; then
		in_left ethtool -K "$left_if" tso on >/dev/null
		run_job tcp-tso "$driver" "$1"
		in_left ethtool -K "$left_if" tso off >/dev/null
		run_job tcp-no-tso "$driver" "$1"
	else
		for j in pktgen udp-18 forward-1 forward-64; do run_job $j "$driver" "$1"; done
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
