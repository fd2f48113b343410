#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tables and the results page are made from the figures that are kept, and not from broken ones. No guest.
# tests/run: timeout=300
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

case ${1-} in
-*)
	echo "Usage: bench-report.sh (KTAP on stdout)"
	exit 2
	;;
esac
benches="free-cost cache-cost remote-cost whole-path growth"
# copy_figures DIR [SOURCE]: what the benches would have left there
copy_figures() {
	local b
	mkdir "$1"
	for b in $benches; do
		grep -v '^#' "tests/bench/results/$b.csv" >"$1/$b.csv"
		cat >"$1/$b.json" <<-END
			{
			"what": "a copy",
			"source": "${2:-0123abc}",
			"emulator": "0.0",
			"settings": "none; one processor; a model",
			"kernels": [{"kernel": "6.1", "release": "6.1.0", "version": "Linux 6.1", "depth": 1024, "idle_ms": 100, "config": "none"}],
			"cells": [
			]}
		END
	done
}
# shellcheck disable=SC2317 # check calls these
table() { # BENCH ROWS: it has at least so many lines with figures and the kernels' names, and no field that awk could not fill
	local said kernel
	said=$("tests/bench/$1-table" "$work/figures/$1.csv") || return
	for kernel in 5.10 6.1 6.12 7.3; do
		[ "$(grep -c "^$kernel .*[0-9]" <<<"$said")" -ge "$2" ] || { echo "$kernel has fewer than $2 lines"; return 1; }
	done
	! grep -nE '(^|[ |-])(nan|inf)( |$)' <<<"$said"
}
# shellcheck disable=SC2317
report() { tests/bench/report --from "$work/$1" --to "$work/$2"; }
# shellcheck disable=SC2317
has_sections() {
	local s
	for s in Summary 'Freeing an skb' 'Locked operations and caches' "Another processor's skbs" 'A packet from end to end' Growth 'What got worse'; do
		grep -qx "## $s" "$work/page/RESULTS.md" || { echo "no chapter '$s'"; return 1; }
	done
	# each chapter's table is whole: as many begin as end
	[ $(($(grep -c '^```' "$work/page/RESULTS.md") % 2)) = 0 ]
}
# shellcheck disable=SC2317
has_plots() {
	local p
	while read -r p; do
		if [ "$(head -c 5 "$work/page/$p")" != '<?xml' ] || [ "$(grep -c '</svg>' "$work/page/$p")" != 1 ]; then
			echo "$p is no plot"
			return 1
		fi
	done < <(sed -n 's/^!\[.*](\(.*\.svg\))$/\1/p' "$work/page/RESULTS.md")
	[ "$(grep -c '^!\[' "$work/page/RESULTS.md")" = 5 ]
}
# shellcheck disable=SC2317
warns() { # WORDS: the page, made anew, has them in a warning
	report "$1" warned && grep -E '^- \*\*' "$work/warned/RESULTS.md" | grep -F "$2"
}
# shellcheck disable=SC2317
refuses() { # NAME SED-COMMAND: nothing is written when the bench's table was broken so
	rm -rf "$work/broken" "$work/none"
	copy_figures "$work/broken"
	sed -i "$2" "$work/broken/$1.csv"
	! "tests/bench/$1-table" "$work/broken/$1.csv" || { echo "its table is printed all the same"; return 1; }
	! report broken none || { echo "a page is made of it"; return 1; }
	[ ! -e "$work/none" ]
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
copy_figures "$work/figures"
ktap_plan 17
(
	# shellcheck source=/dev/null
	. tests/vm/lib.sh
	need_tools gnuplot=gnuplot-nox
) || exit 1
check "the table of free cost" table free-cost 40 || true
check "the table of caches" table cache-cost 20 || true
check "the table of another processor's skbs" table remote-cost 4 || true
check "the table of whole paths" table whole-path 6 || true
check "the table of growth" table growth 9 || true
check "the page is made" report figures page || true
check "it has all chapters" has_sections || true
check "it has all plots" has_plots || true
copy_figures "$work/mixed"
sed -i 's/"source": ".*"/"source": "4567def"/' "$work/mixed/growth.json"
check "it warns of parts of different sources" warns mixed 'different sources' || true
sed -i '/^7\.3,/d' "$work/mixed/growth.csv"
check "it warns of a kernel that is missing" warns mixed 'growth has no figures of 7.3' || true
sed -i 's/^6\.1,[^,]*,/6.1,6.1.0-0,/' "$work/mixed/growth.csv"
check "it warns of different releases" warns mixed 'different releases of 6.1' || true
check "refused: a line that is cut" refuses free-cost '$ s/,[^,]*$//' || true
check "refused: a cost that is no number" refuses growth '3 s/,[0-9.]*\(,[0-9.]*,[0-9.]*\)$/,many\1/' || true
check "refused: a field without a value" refuses cache-cost '$ s/,[^,]*$/,/' || true
check "refused: no such column" refuses whole-path '1 s/,instructions,/,costs,/' || true
check "refused: nothing but a header" refuses whole-path '2,$ d' || true
check "refused: an empty file" refuses growth d || true
ktap_end
