#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The plugin that counts for the benches sees as many instructions as the guest's clock, and tells locked ones from others.
# tests/run: timeout=400
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

case ${1-} in
-*)
	echo "Usage: bench-plugin.sh (KTAP on stdout)"
	exit 2
	;;
esac
# locked CLASS METHOD: hundredths of a locked operation an skb, in order
locked() { awk -F, -v class="$1" -v mode="$2" '$3 == class && $4 == "in-order" && $5 == mode { printf "%.0f\n", $9 * 100 }' "$counted/cache-cost.csv"; }
# shellcheck disable=SC2317 # check calls it
two_of_an_fclone() {
	local m
	for m in any stock bulk; do
		[ "$(locked fclone $m)" = 200 ] || { echo "$m: $(locked fclone $m) hundredths"; return 1; }
	done
}
# shellcheck disable=SC2317
fewer_in_bulk() {
	echo "hundredths: stock $(locked kmalloc-64 stock), bulk $(locked kmalloc-64 bulk)"
	[ "$(locked kmalloc-64 bulk)" -lt "$(locked kmalloc-64 stock)" ] && [ "$(locked kmalloc-64 bulk)" -gt 0 ]
}

# shellcheck disable=SC2317
remote() {
	tests/bench/remote-cost --trial --out "$counted" 6.1 || return
	# two classes in two orders, five ways; no free takes fewer than a hundred instructions
	awk -F, 'NR > 1 && $8 > 100 && $10 > 0 { n++ } END { exit n != 20 }' "$counted/remote-cost.csv" || { cat "$counted/remote-cost.csv"; return 1; }
}

counted=$(mktemp -d)
trap 'rm -rf "$counted"' EXIT
trap 'exit 130' INT TERM HUP
ktap_plan 4
# it fails by itself when plugin and clock do not agree
check "clock and plugin agree in each cell" tests/bench/cache-cost --few --out "$counted" 6.1 || true
check "an fclone takes two locked operations, the pair's count and the data's" two_of_an_fclone || true
check "bulk takes fewer than one by one" fewer_in_bulk || true
check "skbs of another processor" remote || true
ktap_end
