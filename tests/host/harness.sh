#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the harness says when something goes wrong: exit statuses of tests/vm/run, of the other commands, and the time limit of a case.
# tests/run: timeout=1200
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: harness.sh [KERNEL]
	Boots guests of KERNEL (6.1) that end in each way there is.
	END
}
case ${1:-} in -h | --help) usage; exit ;; -*) usage >&2; exit 2 ;; esac
kernel=${1:-6.1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ends NAME STATUS SENTENCE SCRIPT-TEXT [OPTION]...: a guest whose script is SCRIPT-TEXT
ends() {
	local name=$1 want=$2 sentence=$3 status=0
	printf '%s\n' "$4" >"$work/script.sh"
	shift 4
	tests/vm/run --kernel "$kernel" --no-layer --log "$work/console" "$@" -- "$work/script.sh" >"$work/out" 2>"$work/said" </dev/null || status=$?
	if [ "$status" != "$want" ]; then
		ktap_not_ok "$name: expected status $want, found $status"
	elif ! grep -qF -- "$sentence" "$work/out" "$work/said"; then
		ktap_not_ok "$name: it does not say '$sentence'"
	else
		ktap_ok "$name"
		return
	fi
	sed 's/^/# /' "$work/out" "$work/said"
}

commands=(tests/run tests/try/run tests/vm/{run,build-kmod,check-log,clean,fetch-qemu,make-debug-tree,make-image,make-layer,make-tree,tree-exec}
	scripts/{bench-host,bind,boot-default,build,install,stats,uninstall} ixgbe-bulk/make-source)
helps() {
	local c bad=0
	for c in "${commands[@]}"; do
		"$c" --help </dev/null >"$work/help" 2>"$work/help.err" || { echo "$c --help ends with $?"; bad=1; }
		grep -qi "^usage: ${c##*/}" "$work/help" || { echo "$c --help does not begin with its usage"; bad=1; }
		[ ! -s "$work/help.err" ] || { echo "$c --help complains:"; cat "$work/help.err"; bad=1; }
	done
	return $bad
}
refuses_options() {
	local c status bad=0
	for c in "${commands[@]}"; do
		status=0
		"$c" --no-such-option </dev/null >"$work/help" 2>&1 || status=$?
		[ $status = 2 ] || { echo "$c --no-such-option ends with $status"; bad=1; }
		[ -s "$work/help" ] || { echo "$c --no-such-option says nothing"; bad=1; }
	done
	return $bad
}
# an option without its value is a sentence, not silence
wants_values() {
	local c said status bad=0
	for c in "tests/run --kernel" "tests/try/run --kernel" "tests/vm/run --kernel" "scripts/install --kernel" "ixgbe-bulk/make-source --kernel" \
		"make try SHELL=bash" "make try KERNEL=4.19"; do
		status=0
		# shellcheck disable=SC2086 # words
		said=$($c </dev/null 2>&1) || status=$?
		if [ $status != 0 ] && [ -n "$said" ]; then continue; fi
		echo "$c ends with $status and says '$said'"
		bad=1
	done
	return $bad
}

ktap_plan 9
check "--help tells the usage" helps || true
check "an unknown option is told" refuses_options || true
check "so is a value that is missing" wants_values || true

ends "a script's status is that of the run" 7 "it was here" 'echo it was here; exit 7' || true
ends "a bug in the kernel's log is a failure" 99 "BUG: made up" 'echo "BUG: made up" >/dev/kmsg; exit 0' || true
ends "but not one that is allowed" 0 "" 'echo "BUG: made up" >/dev/kmsg; exit 0' --allow 'BUG: made up' || true
ends "a guest that dies" 98 "ended before its script did" 'echo b >/proc/sysrq-trigger; sleep 60' || true
ends "a guest that takes too long" 124 "time is up after 25 s" 'sleep 600' --timeout 25 || true

# the case's own shell is gone at once; what it runs, in a group of its own as guests are, has to go as well
mkdir -p "$work/copy/tests"/{host,guest}
cp tests/run "$work/copy/tests/"
cp "$(command -v sleep)" "$work/copy/sleeper"
cat >"$work/copy/tests/host/slow.sh" <<-'END'
	#!/bin/bash
	# tests/run: timeout=2
	echo 1..1
	timeout 300 ./sleeper 300
END
chmod +x "$work/copy/tests/host/slow.sh"
said=$("$work/copy/tests/run" slow 2>/dev/null </dev/null) || true
check_equal "a case that takes too long is ended, and all below it" "not ok 1 slow: time is up, 0 left" \
	"$(grep '^not ok 1' <<<"$said"), $(pgrep -cf "^./sleeper 300") left" || true
ktap_end
