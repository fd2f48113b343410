#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ctrl-C while a guest runs and while something runs in a root tree: no process, no mount and no file is left.
# tests/run: timeout=900
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
cache=${SKB_BULK_CACHE:-/var/cache/skb-bulk}

usage() {
	cat <<-END
	Usage: interrupt.sh [KERNEL]
	Interrupts a guest of KERNEL (6.1) and a command in its tree.
	END
}
case ${1:-} in -h | --help) usage; exit ;; -*) usage >&2; exit 2 ;; esac
kernel=${1:-6.1}
work=$(mktemp -d)
pid=''
trap '[ -z "$pid" ] || kill -KILL -- "-$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start COMMAND...: in a session of its own, and pid is its number. What bash has in the background ignores ctrl-C.
start() {
	env --default-signal=INT,QUIT setsid "$@" </dev/null >"$work/out" 2>"$work/said" &
	pid=$!
}
says_here() { grep -q "^here" "$work/out"; }
# ends_by SIGNAL PROCESS: outcome is its status, and what is left of it. Others may use the same cache meanwhile.
ends_by() {
	local status=0
	kill -"$1" -- "$2"
	if ! wait_for 60 ended; then
		pkill -KILL -s "$pid"
		outcome="it goes on for a minute"
		pid=''
		return
	fi
	wait "$pid" || status=$?
	# a namespace takes its processes along when its first one is gone
	wait_for 5 no_process || true
	outcome="$status $(pgrep -s "$pid" -a || true) $(grep -F " $cache/" /proc/mounts || true) $(cd "$cache/tmp" && find . -maxdepth 1 -name "*.pid$pid.*")"
	pid=''
}
ended() {
	case $(ps -o stat= -p "$pid") in '' | Z*) ;; *) return 1 ;; esac
}
no_process() { ! pgrep -s "$pid"; }

ktap_plan 6
# what is to be made is made before
tests/vm/make-image "$kernel" >&2

for to in process group; do
	printf 'echo here\nsleep 600\n' >"$work/script.sh"
	start tests/vm/run --kernel "$kernel" --no-layer --ports 2 --log "$work/console" -- "$work/script.sh"
	check "a guest runs, with its card" wait_for 240 says_here || sed 's/^/# /' "$work/said"
	number=$pid
	[ $to = process ] || number=-$pid
	ends_by INT "$number"
	check_equal "INT to its $to leaves nothing" "130   " "$outcome" || true
done
start tests/vm/tree-exec --kernel "$kernel" -- bash -c 'echo here; sleep 600'
check "a command runs in a tree" wait_for 120 says_here || sed 's/^/# /' "$work/said"
ends_by INT "-$pid"
check_equal "INT to its group leaves nothing" "130   " "$outcome" || true
ktap_end
