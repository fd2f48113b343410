#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card with one interrupt a port, a line as the kernel's pci=nomsi leaves it, or a message where a port has no MSI-X: only
# then does the driver's self test raise any.
# Usage: card-intx.sh [msi]
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

kind=IO-APIC
if [ "${1-}" = msi ]; then kind=PCI-MSI; fi
interrupts() { awk -v d="$1" -v k="$kind" '$0 ~ k && $0 ~ d { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i; print n; exit }' /proc/interrupts; }
one_each() { [ -n "$(interrupts "$left_if")" ] && [ -n "$(interrupts "$right_if")" ] && ! grep 'eth.*TxRx' /proc/interrupts; }
# with the message level that tells of it
self_test() {
	local out
	in_left ethtool -s "$left_if" msglvl hw on && out=$(in_left ethtool -t "$left_if" offline 2>&1)
	echo "$out"
	[ "$(grep -cE '\((on/)?offline\)\s+0$' <<<"$out")" = 5 ] && grep -q PASS <<<"$out" && dmesg | grep -q 'testing .*shared interrupt'
}
# the driver waits 10 ms for each interrupt, and on a busy machine the card may not get to run in that time
self_test_passes() { wait_for 60 self_test || self_test; }
# transfer MIB: data arrives, and not because somebody polls now and then
transfer() {
	local before
	wait_link 30 && before=$(interrupts "$right_if") && tcp_transfer "$1" || return
	echo "$(($(interrupts "$right_if") - before)) interrupts"
	[ $(($(interrupts "$right_if") - before)) -gt 20 ]
}

ktap_plan 7
[ "${1-}" = msi ] || grep -q pci=nomsi /proc/cmdline || ktap_skip_rest "run it by tests/host/card-intx.sh, which switches messages off"
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "each port has one, of kind $kind" one_each
check "tcp, equal hashes" transfer 8
check "offline self test: registers, EEPROM, interrupts, loopback, link" self_test_passes
check "tcp afterwards, equal hashes" transfer 8
check "a hundred pings" in_left ping -q -c 100 -i 0.02 -W 5 "$right_ip"
ktap_end
