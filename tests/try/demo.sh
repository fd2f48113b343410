#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What make try shows in the guest: two cabled ports under ixgbe_bulk, traffic, the mode changed while it runs, a table.
# shellcheck disable=SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/try/steps.sh

# step NAME COMMAND...: says what it does and how that went, stops when it went wrong
step() {
	local name=$1
	shift
	printf '%-66s ' "$name ..."
	if "$@" >/tmp/said 2>&1; then
		echo ok
	else
		echo failed
		cat /tmp/said
		exit 1
	fi
}
mode_row() { take_row "$1" 8 && table_row >>/tmp/table; }

echo
echo "stock Debian kernel $(uname -r), modules installed by make install (DKMS): $(dkms status 2>/dev/null | paste -sd ' ')"
step "modprobe ixgbe_bulk" load_fork
step "two emulated 82599 ports, a network namespace each, cable, link" two_netns
echo "  $left_if in namespace left and $right_if in namespace right, both under $(port_driver "$(port_pci | head -n 1)")"
step "ping" ping_right 5
step "TCP with segmentation by the card, 16 MiB, equal hashes" tcp_transfer 16
step "TCP rounds and a UDP flood start" traffic_start
for m in $modes; do
	step "mode $m while they run, 8 s" mode_row "$m"
done
step "traffic ends" traffic_stop
echo "  $rounds_equal TCP rounds of 4 MiB arrived with equal hashes, $rounds_different did not"
echo
table_head
cat /tmp/table
echo
echo "any: as before 2015, one free per skb. stock: the kernel's own NAPI functions. bulk: ours. In the first two the module"
echo "only passes on and has nothing to count. More: make try SHELL=1, then cat /sys/kernel/debug/skb_bulk/stats"
[ "$rounds_different" = 0 ]
