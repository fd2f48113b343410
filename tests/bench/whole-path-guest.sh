#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the jobs whose cost a packet is counted, for stock ixgbe and the fork in each of its modes, all in one boot.
# Usage: whole-path-guest.sh [--trial] sent|tcp DRIVER...
# DRIVER is ixgbe or ixgbe_bulk; the ports go to each in the order given.
# sent: the two ports end at the card's test set. tcp: they are cabled together, and both ends are in the guest.
# Prints "path JOB DRIVER MODE SHORT LONG": see run_job. The mode "tuned" is the fork's stock mode with all that one can tune without
# a module.
# shellcheck disable=SC2154,SC2034
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/bench/tune-lib.sh
# shellcheck source=/dev/null
. tests/bench/path-lib.sh

short=1000 long=25000 tcp_short=1024 tcp_long=13312 times=1
if [ "$1" = --trial ]; then
	short=100 long=1000 tcp_short=64 tcp_long=512
	shift
fi
what=$1
shift
fail() { echo "whole-path: $*"; dmesg | tail -n 3; exit 1; }

all_jobs() { # DRIVER MODE
	local j
	if [ "$what" = tcp ]; then
		in_left ethtool -K "$left_if" tso on >/dev/null
		run_job tcp-tso "$@"
		in_left ethtool -K "$left_if" tso off >/dev/null
		run_job tcp-no-tso "$@"
	else
		for j in pktgen udp-18 forward-1 forward-64; do run_job $j "$@"; done
	fi
}
mode_is() { # MODE
	case $1 in
	-) ;;
	tuned) set_mode stock && tune all ;;
	*) set_mode "$1" ;;
	esac
}
take_ports() { # DRIVER
	local p
	# nobody asks for neighbours of the other kind meanwhile
	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	if [ "$1" = ixgbe ]; then load_stock; else load_fork; fi || return
	if [ "$what" = tcp ]; then
		echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		for p in $(port_names); do polled "$p" || return; done
		two_netns
	else
		ports_up && pktgen_setup
	fi
}
give_ports_back() {
	if [ "$what" = tcp ]; then end_netns; else ports_down; fi
}

tell_env
for driver; do
	take_ports "$driver" || fail "the ports did not come up under $driver"
	modes=(-)
	if [ "$driver" = ixgbe_bulk ]; then
		modes=(any stock bulk tuned)
		tell_module
	fi
	# in turns, so that what comes with time meets each mode
	for ((t = 0; t < times; t++)); do
		for mode in "${modes[@]}"; do
			mode_is "$mode" || fail "there is no mode $mode"
			all_jobs "$driver" "$mode"
			tune none || fail "what was tuned cannot be taken back"
		done
	done
	give_ports_back || fail "$driver does not give the ports back"
done
echo end
