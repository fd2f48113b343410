#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The benches of whole paths and of their growth still run from end to end, and every job's packets arrive.
# tests/run: timeout=900
# shellcheck disable=SC2317 # check calls them
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

case ${1-} in
-*)
	echo "Usage: bench-paths.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
kernel=${1:-6.1}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

# has COUNT FILE: so many lines, each with packets that arrived and a figure, which may be below nothing: it is the
# difference of two runs, and of so few packets their noise
has() { awk -F, -v n="$1" 'NR > 1 && $8 > 0 && $9 ~ /^-?[0-9.]+$/ { rows++ } END { exit rows != n }' "$2" || { cat "$2"; return 1; }; }
whole_path() {
	tests/bench/whole-path --trial --out "$dir" "$kernel" >"$dir/log" 2>&1 || { tail -n 20 "$dir/log"; return 1; }
	# six jobs by ixgbe and the fork's four modes
	has 30 "$dir/whole-path.csv"
}
growth() {
	tests/bench/growth --trial --out "$dir" "$kernel" >"$dir/log" 2>&1 || { tail -n 20 "$dir/log"; return 1; }
	# two settings in three modes
	has 6 "$dir/growth.csv"
}
ktap_plan 2
check "whole paths" whole_path || true
check "growth" growth || true
ktap_end
