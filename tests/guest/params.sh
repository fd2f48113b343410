#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The parameters of skb_bulk: what is wrong is refused with one line that names what is right, at load and at run time.
# tests/run: kernels=5.10,6.1,6.12,7.3,6.12-rt timeout=400
# tests/run: kernels=6.1 timeout=400 when=debug
# shellcheck disable=SC2034,SC2317
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

dir=/sys/module/skb_bulk/parameters
# what the line in the log has to name, for each parameter
declare -A names=([mode]="any, stock or bulk" [remote]="stack or kernel" [refill]="kernel or bulk" [depth]="1 to 1024" [idle_ms]="1 to 60000")

bad_mode=(fast "" BULK "bulk " bulkk "any stock" 0 "$(printf 'x%.0s' {1..3000})")
bad_depth=(0 -1 1000000000 1025 text "" 1e3 1.5 "1 2" 99999999999999999999 "$(printf '1%.0s' {1..3000})")
bad_idle_ms=(0 -1 1000000000 60001 text "" 1e3)
bad_remote=(local "" STACK 1)
bad_refill=(slab "" BULK 0)
good_mode=(any stock bulk)
good_remote=(kernel stack)
good_refill=(kernel)
# where modules may name the kernel's cache of heads
nameable() { case $(uname -r) in 5.10.* | 6.1.*) return 1 ;; esac; }
unnameable=2
if nameable; then good_refill+=(bulk kernel) unnameable=0; fi
good_depth=(1 2 3 64 1023 0x40 1024)
good_idle_ms=(1 60000 100)

# log_lines SINCE: what the module has said since line SINCE of the kernel's log; at load the kernel adds a line of its own
log_length() {
	# the kernel shows a line that was too long for it when the next one comes
	echo "<6>params.sh: next" >/dev/kmsg
	dmesg | wc -l
}
log_lines() { dmesg | tail -n +$(($1 + 1)) | grep 'skb_bulk: ' | grep -v 'invalid for parameter'; }

# one_line PARAMETER SINCE: exactly one line, and it names the valid values
one_line() {
	local said
	said=$(log_lines "$2")
	[ "$(wc -l <<<"$said")" = 1 ] && [[ $said == *"$1: "*"${names[$1]}"* ]] && return
	echo "the log says: $said"
	return 1
}

# refused PARAMETER VALUE: EINVAL, the value stays, one line
refused() {
	local before since out
	before=$(cat "$dir/$1") since=$(log_length)
	if out=$(LC_ALL=C bash -c 'echo "$1" >"$2"' _ "$2" "$dir/$1" 2>&1); then
		echo "it was taken"
		return 1
	fi
	[[ $out == *"Invalid argument"* ]] || { echo "not EINVAL but: $out"; return 1; }
	[ "$(cat "$dir/$1")" = "$before" ] || { echo "it is $(cat "$dir/$1") now"; return 1; }
	one_line "$1" "$since"
}
# taken PARAMETER VALUE: it is the value then, in decimal
taken() {
	local want=$2
	[[ $2 == [a-z]* ]] || want=$(($2))
	echo "$2" >"$dir/$1" && [ "$(cat "$dir/$1")" = "$want" ]
}
# refused_at_load PARAMETER VALUE: modprobe fails, nothing is left loaded
refused_at_load() {
	local since
	since=$(log_length)
	if insmod "$ko" "$1=$2"; then
		echo "it was loaded"
		rmmod skb_bulk
		return 1
	fi
	[ ! -e /sys/module/skb_bulk ] || { echo "something is loaded"; return 1; }
	[ ! -e /sys/kernel/debug/skb_bulk ] || { echo "debugfs has a trace of it"; return 1; }
	one_line "$1" "$since"
}
taken_at_load() {
	local want=$2
	[[ $2 == [a-z]* ]] || want=$(($2))
	insmod "$ko" "$1=$2" || return
	[ "$(cat "$dir/$1")" = "$want" ]
	local status=$?
	rmmod skb_bulk && [ $status = 0 ]
}
# a kernel that keeps its cache of heads to itself
refill_refused() {
	local since out
	since=$(log_length)
	out=$(LC_ALL=C bash -c "echo bulk >$dir/refill" 2>&1)
	[ "$(cat $dir/refill)" = kernel ] || return
	[[ "$out, $(log_lines "$since")" == *"not supported, "*"refill: "*"(use kernel)"* ]]
}
refill_refused_at_load() {
	local since
	since=$(log_length)
	if insmod "$ko" refill=bulk; then
		echo "it was loaded"
		rmmod skb_bulk
		return 1
	fi
	[ ! -e /sys/module/skb_bulk ] && [[ $(log_lines "$since") == *"refill: "*"(use kernel)"* ]]
}
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
only_root_writes() {
	local before
	before=$(cat "$dir/$1")
	[ "$(stat -c %a "$dir/$1")" = 644 ] || { echo "the file's mode is $(stat -c %a "$dir/$1")"; return 1; }
	# shellcheck disable=SC2016
	! as_nobody bash -c 'echo "$1" >"$2"' _ "$2" "$dir/$1" && [ "$(as_nobody cat "$dir/$1")" = "$before" ]
}
described() { modinfo -F parm skb_bulk | grep "^$1:..........*"; }
# writers of every parameter, two of depth, that never stop while the module is loaded and unloaded
write_again() { # PARAMETER VALUE...
	local p=$1 v
	shift
	while [ ! -e /tmp/params.stop ]; do
		for v; do echo "$v" >"$dir/$p"; done
	done 2>/dev/null
}
# loads_while_written SECONDS: as often as that allows, ten times at least
loads_while_written() {
	local i w writers=() status=0 end=$((SECONDS + $1))
	rm -f /tmp/params.stop
	for w in "mode stock bulk any bulk" "depth 1 1024 7" "depth 64 2 1023" "idle_ms 1 60000 2" "remote kernel stack" "refill bulk kernel"; do
		# shellcheck disable=SC2086
		write_again $w &
		writers+=($!)
	done
	for ((i = 0; i < 10 || SECONDS < end; i++)); do
		insmod "$ko" || status=1
		# each time at another moment
		[ $((i % 3)) = 0 ] || sleep "0.0$((i % 10))"
		rmmod skb_bulk || status=1
	done
	touch /tmp/params.stop
	wait "${writers[@]}"
	echo "$i times"
	return $status
}
# short VALUE: a name for it in a line of results
short() { if [ ${#1} -gt 30 ]; then echo "${#1} characters"; else echo "'$1'"; fi; }

# usage: params.sh [writers FILE]: only the writers, and with another module than the installed one
if [ "${1-}" = writers ]; then
	ko=$2
	ktap_plan 1
	check "loads and unloads while all of it is written" loads_while_written 15
	ktap_end
fi

count=0
for p in mode depth idle_ms remote refill; do
	declare -n bad=bad_$p good=good_$p
	count=$((count + 2 * (${#bad[@]} + ${#good[@]}) + 2))
	# what stands behind a blank is another parameter when the module is loaded
	for v in "${bad[@]}"; do [[ $v != *' '* ]] || count=$((count - 1)); done
done
ktap_plan $((count + 6 + unnameable))

ko=$(modinfo -F filename skb_bulk)
depends=$(modinfo -F depends skb_bulk)
check_equal "the module needs no other" "" "$depends"
check "it loads" insmod "$ko"
check_equal "what it begins with" "bulk 1024 100 stack kernel" "$(paste -d " " $dir/mode $dir/depth $dir/idle_ms $dir/remote $dir/refill)"
for p in mode depth idle_ms remote refill; do
	declare -n bad=bad_$p good=good_$p
	for v in "${good[@]}"; do check "$p $(short "$v") is taken" taken $p "$v"; done
	for v in "${bad[@]}"; do check "$p $(short "$v") is refused" refused $p "$v"; done
	check "only root writes $p" only_root_writes $p "${good[0]}"
	check "modinfo tells of $p" described $p
done
nameable || check "refill bulk is refused" refill_refused
check "it unloads" rmmod skb_bulk
for p in mode depth idle_ms remote refill; do
	declare -n bad=bad_$p good=good_$p
	for v in "${good[@]}"; do check "load with $p $(short "$v")" taken_at_load $p "$v"; done
	for v in "${bad[@]}"; do [[ $v = *' '* ]] || check "no load with $p $(short "$v")" refused_at_load $p "$v"; done
done
nameable || check "no load with refill bulk" refill_refused_at_load
check "loads and unloads while all of it is written" loads_while_written 15
check_equal "nothing is left loaded" "" "$(grep skb_bulk /proc/modules)"
ktap_end
