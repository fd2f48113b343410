#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tracepoints of skb_bulk: each event as often as the counters say, with the fields of the skbs that the test module made; and
# the README's lines for bpftrace, as they stand there, which take minutes.
# shellcheck disable=SC2317
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# usage: module-trace.sh [DIRECTORY [bpftrace]]
kmod=${1:-/root/kmod}
run=/sys/kernel/debug/skb_bulk_test/run
tracing=/sys/kernel/tracing
events=$tracing/events/skb_bulk
trace=/tmp/trace

load() {
	unload_drivers && modprobe -a nf_conntrack &&
		insmod "$kmod/skb_bulk.ko" idle_ms=60000 && insmod "$kmod/skb_bulk_test.ko"
}
unload() { rmmod skb_bulk_test && rmmod skb_bulk; }
# ask WORD...: on one CPU, so that its stacks alone say how often something happens
ask() {
	taskset -c 0 bash -c "echo $* >$run" 2>/dev/null && return
	echo "$*: $(cat $run)"
	return 1
}
# watch EVENT COMMAND...: what EVENT said meanwhile is in $trace then
watch() {
	local event=$1 status=0
	shift
	echo >$tracing/trace
	echo 1 >"$events/$event/enable" || return
	"$@" || status=1
	echo 0 >"$events/$event/enable"
	grep " $event: " $tracing/trace >$trace
	return $status
}
# said COUNT REGEX: so many lines, all of which match
said() {
	[ "$(wc -l <$trace)" = "$1" ] && [ "$(grep -cE "$2" $trace)" = "$1" ] && return
	echo "wanted $1 times $2, found:"
	head -n 20 $trace
	return 1
}
# sum STACK: what nr= adds up to
sum() { awk -v s="stack=$1 " 'index($0, s) { sub(/.* nr=/, ""); n += $0 } END { print n + 0 }' $trace; }
lines() { grep -c "stack=$1 " $trace; }

consumed() {
	watch consume ask class linear-1000 napi-bh && said 1 'skbaddr=[0-9a-f]+ head=[0-9a-f]+ len=1000 truesize=[1-9][0-9]{3}( |$)' &&
		watch consume ask class frags napi-bh && said 1 'len=1300 '
}
as_often_as_counted() {
	local before
	before=$(counter consumed)
	watch consume ask hold 500 && said $(($(counter consumed) - before)) 'len=0 '
}
deferred() {
	watch defer ask class linear-64 irq-hardirq && said 1 'len=64 ' &&
		watch consume ask class linear-64 irq-hardirq && said 1 'len=64 '
}
# the first of two is a head alone, the last takes the data along
odd_clones() {
	watch consume ask class frag-list-clone napi-bh && said 1 ' cloned=1 ' && watch hand_over ask class frag-list-clone napi-bh && said 1 'reason=(4|frag_list)$'
}
# handed CLASS REASON: a number, or the word for it
handed() { watch hand_over ask class "$1" napi-bh && said 1 "skbaddr=[0-9a-f]+ reason=($2)$"; }
handed_over() {
	local bad=0 name names
	handed shared '0|shared' || bad=1
	handed zerocopy '3|zero-?_?copy' || bad=1
	handed frag-list '4|frag[-_ ]list' || bad=1
	mapfile -t names < <(grep -oE '^page-pool-[a-z]*' /sys/kernel/debug/skb_bulk_test/classes)
	for name in ${names[@]+"${names[@]}"}; do
		handed "$name" '2|page[-_ ]pool' || bad=1
	done
	return $bad
}
# the kernel records where an skb was allocated from 6.1 on; in a guest no memory is on another node
remote() {
	local want=1
	case $(uname -r) in 5.10.*) want=0 ;; esac
	echo kernel >/sys/module/skb_bulk/parameters/remote
	watch hand_over ask remote && said $want 'reason=(1|remote)$'
	local status=$?
	echo stack >/sys/module/skb_bulk/parameters/remote
	return $status
}
# all that goes back is said, and what each bulk call had
flush_all() { ask mix 2 1024 0 && ask hold 3000 && echo 1024 >/sys/module/skb_bulk/parameters/depth; }
flushed() {
	local stack bad=0
	reset_counters
	watch flush flush_all || return
	for stack in head data; do
		echo "$stack: $(counter ${stack}_flushed) in $(counter ${stack}_flushes), $(counter ${stack}_one_by_one) alone; traced $(sum $stack) in $(lines $stack)"
		[ "$(sum $stack)" = $(($(counter ${stack}_flushed) - $(counter ${stack}_one_by_one))) ] &&
			[ "$(lines $stack)" = "$(counter ${stack}_flushes)" ] || bad=1
	done
	[ "$(counter head_flushed)" -gt 3000 ] || bad=1
	return $bad
}
# where the kernel lets its cache of heads be named, and one asks for it
refilled() {
	local nr=0
	case $(uname -r) in
	6.12.*) nr=16 ;;
	7.*) nr=64 ;;
	esac
	[ $nr = 0 ] || echo bulk >/sys/module/skb_bulk/parameters/refill || return
	reset_counters
	watch refill ask steady 10 64 || return
	echo "$(counter refills) refills of $(counter head_refilled)"
	echo kernel >/sys/module/skb_bulk/parameters/refill || return
	said "$(counter refills)" "nr=$nr\$" && [ "$(counter head_refilled)" = $((nr * $(counter refills))) ] || return
	[ $nr = 0 ] || [ "$(counter refills)" -gt 0 ] || return
	echo "by default:"
	reset_counters
	watch refill ask steady 10 64 && said 0 . && [ "$(counter refills)" = 0 ] && [ "$(counter build_kernel)" -gt 0 ]
}

# one_line COMMAND: a line of the README; what it gathered is printed when it is interrupted
attached() { grep -q Attach /tmp/bpftrace; }
one_line() {
	local pid i
	eval "exec timeout -s INT 200 $1" >/tmp/bpftrace 2>&1 &
	pid=$!
	# the first takes a minute to find its libraries
	wait_for 180 attached || { cat /tmp/bpftrace; return 1; }
	# it says so before it has done it
	for ((i = 0; i < 10; i++)); do
		ask hold 500 && ask class shared napi-bh && sleep 0.5 || return
	done
	pkill -INT -x bpftrace
	wait $pid
	cat /tmp/bpftrace
	grep -q '^@\[' /tmp/bpftrace
}

one_lines=()
[ "${2-}" != bpftrace ] || mapfile -t one_lines < <(sed -n 's/^    \(bpftrace -e .*\)/\1/p' README.md)
ktap_plan $((11 + ${#one_lines[@]}))
check "the modules load" load || ktap_end
check_equal "the events" "consume defer flush hand_over refill" "$(find $events -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | paste -sd ' ')"
check "consume: the skb's length and weight" consumed
check "consume: each skb that is counted" as_often_as_counted
check "defer: from interrupts" deferred
check "hand_over: by reason" handed_over
check "consume or hand_over: never both of an skb" odd_clones
check "hand_over: another CPU's" remote
check "flush: all that goes back in bulk" flushed
check "refill: when the stack is empty" refilled
for l in ${one_lines[@]+"${one_lines[@]}"}; do
	if command -v bpftrace >/dev/null; then
		check "${l//#/}" one_line "$l"
	else
		ktap_skip "${l//#/}" "there is no bpftrace here"
	fi
done
check "unload" unload
ktap_end
