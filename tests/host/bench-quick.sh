#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Freeing in bulk is still as cheap as tests/bench/baseline.csv says, on each kernel.
# tests/run: timeout=1500
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

case ${1-} in
-*)
	echo "Usage: bench-quick.sh (KTAP on stdout)"
	exit 2
	;;
esac
# shellcheck disable=SC2317 # check calls it
measure() { # a cell that is lost is no matter here
	tests/bench/quick >"$figures" || [ $? = 1 ] || return
	grep -q '^kernel ' "$figures"
}
# shellcheck disable=SC2317
nothing_lost() { # KERNEL
	local rows
	rows=$(grep "^$1 " "$figures") || { echo "no figures of $1"; return 1; }
	! grep 'lost: ' <<<"$rows" || { echo "if that is meant to be: sudo tests/bench/quick --update"; return 1; }
}

# shellcheck disable=SC2317
in_time() { # three minutes are what a processor of its own needs; a slower or a busy one is allowed more, and one that says CI still more
	local took limit=300
	[ -z "${CI:-}" ] || limit=1200
	took=$(sed -n 's/^measured in \([0-9]*\) s$/\1/p' "$figures")
	echo "it took ${took:-?} s, $limit are allowed"
	[ -n "$took" ] && [ "$took" -le $limit ]
}

figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
trap 'exit 130' INT TERM HUP
ktap_plan 6
check "measured" measure || true
for kernel in 5.10 6.1 6.12 7.3; do
	check "$kernel: what bulk wins is not lost" nothing_lost $kernel || true
done
check "measuring takes some minutes" in_time || true
sed 's/^/# /' "$figures"
ktap_end
