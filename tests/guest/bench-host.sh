#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/bench-host runs on one port and on two, refuses what is no port for it, and leaves all as it was, also when it is interrupted.
# tests/run: kernels=6.1 ports=2 timeout=600
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# what it may not leave changed
state() {
	local p
	get_mode
	ip netns
	lsmod | grep -c pktgen
	for p in "${ports[@]}"; do
		echo "$p $(($(cat "/sys/class/net/$p/flags") & 1)) $(cat "/sys/class/net/$p/mtu") $(cat "/sys/class/net/$p/address")"
	done
}
same_state() { [ "$(state)" = "$before" ] || { state; return 1; }; }
refuses() { # MESSAGE ARGUMENT...
	local message=$1 out
	shift
	! out=$(scripts/bench-host "$@" 2>&1) || return
	grep -q "$message" <<<"$out" || { echo "$out"; return 1; }
}
# runs PORT...: to its end, with a row for each mode, and never calls noise a gain
runs() {
	local m
	scripts/bench-host --rounds 2 --seconds 1 --csv /tmp/bench-host.csv "$@" >/tmp/bench-host.out 2>&1 || { cat /tmp/bench-host.out; return 1; }
	for m in any stock bulk; do
		if ! grep -qE "^$m +[1-9]" /tmp/bench-host.out || [ "$(grep -c ",$m,[1-9]" /tmp/bench-host.csv)" != 2 ]; then
			cat /tmp/bench-host.out
			return 1
		fi
	done
	grep -q 'its times mean nothing' /tmp/bench-host.out
}
# ends on the signal of ctrl-C; a job that has a process group of its own does not ignore it
interrupted() {
	local status=0 job
	set -m
	scripts/bench-host --rounds 500 --seconds 1 "${ports[@]}" >/tmp/bench-host.out 2>&1 &
	job=$!
	set +m
	wait_for 90 grep -q 'round 1 of' /tmp/bench-host.out || { cat /tmp/bench-host.out; return 1; }
	kill -INT -- -$job
	wait $job || status=$?
	[ $status != 0 ] && wait_for 20 gone
}
gone() { ! pgrep -f scripts/bench-host; }

ktap_plan 9
check "the fork has both ports" load_fork
mapfile -t ports < <(port_names)
ip link set "${ports[1]}" up
set_mode stock
before=$(state)
check "which of two ports is not guessed" refuses 'name the one to use'
check "no port" refuses 'there is no port' lo0
ip addr add 10.82.1.1/24 dev "${ports[0]}"
check "a port with an address" refuses 'carries an address' "${ports[0]}"
ip addr del 10.82.1.1/24 dev "${ports[0]}"
check "one port sends" runs "${ports[0]}"
check "two ports forward" runs "${ports[@]}"
check "all is as it was" same_state
check "interrupted" interrupted
check "all is as it was" same_state
ktap_end
