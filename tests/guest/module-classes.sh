#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# skbs of every class through every function of skb_bulk, from every context: released before the call returns, counted once,
# and all memory back after a flush. Then allocation: like the kernel's own, and from the stack.
# shellcheck disable=SC2317
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# usage: module-classes.sh [DIRECTORY [few]]
kmod=${1:-/root/kmod}
run=/sys/kernel/debug/skb_bulk_test/run
classes_file=/sys/kernel/debug/skb_bulk_test/classes
counters=${skb_bulk_debug:?}/counters
slabs=/sys/kernel/slab
if [ ! -e "$kmod/skb_bulk_test.ko" ]; then
	ktap_plan 1
	ktap_skip "every class of skb" "no test module in $kmod: run tests/host/module-classes.sh"
	ktap_end
fi

# stacks are flushed by nobody but the test
load() {
	unload_drivers && modprobe -a nf_conntrack &&
		insmod "$kmod/skb_bulk.ko" idle_ms=60000 "$@" && insmod "$kmod/skb_bulk_test.ko"
}
unload() { rmmod skb_bulk_test && rmmod skb_bulk; }

# ask WORD...: runs a test in the module; what is wrong goes to stdout
ask() {
	echo "$*" >$run 2>/dev/null && return
	echo "$*: $(cat $run)"
	return 1
}

# judge LATER: reads all counters, a line "class NAME COUNTER=DELTA...", the counters then, and so on; a class moves the
# counters that it says and no other. What the flushes moved is not looked at. LATER is 1 where skbs are queued first.
judge() {
	awk -v later="$1" '
		function compare(  n) {
			for (n in now) {
				if (n !~ /^to_kernel_/ && n !~ /^(consumed|head_taken|head_reused|head_refilled|head_fclone|data_taken|data_single)$/) continue
				if (now[n] - old[n] != want[n] + 0) { print class ": " n " moved by " now[n] - old[n] ", not " want[n] + 0; bad = 1 }
			}
			if (later && now["deferred"] - old["deferred"] < 1) { print class ": was not deferred"; bad = 1 }
			if (!later && now["deferred"] != old["deferred"]) { print class ": was deferred without need"; bad = 1 }
			compared++
		}
		/^class / {
			if (class) compare()
			for (n in now) old[n] = now[n]
			delete want
			class = $2
			for (i = 3; i <= NF; i++) { split($i, part, "="); want[part[1]] = part[2] }
			next
		}
		/^cpu/ { next }
		{ now[$1] = $2 }
		END { compare(); if (compared < 20) { print "only " compared " classes"; bad = 1 }; exit bad }' /tmp/moves
}
# context CONTEXT: all classes in it. No process is started in between, since that takes longer than all else.
context() {
	local class bad=0 later=0 lines classes
	case $1 in *-hardirq|*-irqs-off) later=1 ;; esac
	mapfile -t classes <"$classes_file"
	{
		mapfile -t lines <"$counters"
		printf '%s\n' "${lines[@]}"
		for class in "${classes[@]}"; do
			echo "class $class"
			ask class "${class%% *}" "$1" >&3 || bad=1
			mapfile -t lines <"$counters"
			printf '%s\n' "${lines[@]}"
		done
	} 3>&1 >/tmp/moves
	judge $later || bad=1
	balanced || bad=1
	return $bad
}

# the kernel's own caches, without what CPUs hold ready: objects of every cache that heads and data come from
objects() {
	local c d seen=''
	for c in skbuff_head_cache skbuff_fclone_cache skbuff_small_head kmalloc-512 kmalloc-1k kmalloc-2k kmalloc-4k kmalloc-8k; do
		[ -e $slabs/$c ] || continue
		d=$(readlink -f $slabs/$c)
		case $seen in *" $d "*) continue ;; esac
		seen+=" $d "
		echo 1 >"$d/shrink"
		echo "$c $(cut -d' ' -f1 "$d/objects")"
	done
}
# churn ROUNDS: no object is lost. The kernel's own NAPI cache holds up to 64 heads of each CPU, more or fewer each time; one
# object of one class that was lost each round is more than that.
churn() {
	local bad=0 c before after tolerated=$((64 * $(nproc) + 16))
	[ "$1" -gt $tolerated ] || { echo "$1 rounds are too few"; return 1; }
	ask churn 3 || return
	sleep 1
	objects >/tmp/objects.before
	ask churn "$1" || return
	sleep 2
	objects >/tmp/objects.after
	while read -r c before after; do
		echo "$c: $before objects before, $after after"
		[ $((after - before)) -le $tolerated ] && [ $((before - after)) -le $tolerated ] || bad=1
	done < <(join /tmp/objects.before /tmp/objects.after)
	return $bad
}

churn_one_by_one() {
	echo 1 >/sys/module/skb_bulk/parameters/depth
	churn "$1"
}

# stays NAME...: none of the counters moved since the snapshot of all
stays() {
	local n bad=0 before now
	for n; do
		before=$(awk -v n="$n" '$1 == n { print $2 }' /tmp/all)
		now=$(counter "$n")
		[ "$before" = "$now" ] || { echo "$n went from $before to $now"; bad=1; }
	done
	return $bad
}
# steady ROUNDS BURST: one CPU that forwards touches no slab
steady() {
	taskset -c 0 bash -c "echo steady 20 $2 >$run" || return
	cat "$counters" >/tmp/all
	taskset -c 0 bash -c "echo steady $1 $2 >$run" || { cat $run; return 1; }
	stays head_refilled build_kernel head_flushed refills
}

# depth 1 holds nothing back, from the first push on
depth1() {
	echo 1 >/sys/module/skb_bulk/parameters/depth
	ask hold 100 || return
	[ "$(counter head_resident) $(counter data_resident)" = "0 0" ] || { echo "something is resident"; return 1; }
	balanced && context napi-bh
}
bounded() {
	local d bad=0 table
	table=$(counter table_bytes_per_cpu)
	if [ "$table" = 0 ] || [ "$table" -gt 24576 ]; then
		echo "the tables take $table bytes a CPU"
		bad=1
	fi
	# few runs and many, all of one kind and half of them kept for received packets
	for d in 2 3 5 7 8 16 33 64 100 128 256 1000 1024; do
		echo $d >/sys/module/skb_bulk/parameters/depth
		echo 1 >"$skb_bulk_debug/reset"
		ask hold 3000 && ask steady 10 512 && ask hold 100 || return
		awk -v d=$d '/^cpu[0-9]+\.(head|data)_resident(_max)? / && $2 > d { print "depth " d ": " $0; bad = 1 }
			$1 ~ /^cpu.*resident_bytes/ && $2 > 1048576 { print "depth " d ": " $0; bad = 1 } END { exit bad }' "$counters" || bad=1
		balanced || bad=1
	done
	return $bad
}
# mode MODE: nothing is stacked, all of it is released all the same
pass_on() {
	local name c bad=0
	set_mode "$1"
	reset_counters
	while read -r name _; do
		for c in napi-bh any-process budget0-irqs-off irq-hardirq; do
			ask class "$name" $c || bad=1
		done
	done <"$classes_file"
	ask build || bad=1
	[ "$(counter consumed)" = 0 ] || { echo "stacked in mode $1"; bad=1; }
	set_mode bulk
	return $bad
}
# remote WORD DELTA: of skbs that another CPU allocated so many more are handed to the kernel
remote() {
	local before
	echo "$1" >/sys/module/skb_bulk/parameters/remote && reset_counters && ask remote || return
	before=$(counter to_kernel_remote)
	echo stack >/sys/module/skb_bulk/parameters/remote
	echo "$before handed over, $(counter head_taken) taken"
	[ "$before" = "$2" ] && [ "$(counter head_taken)" = $((1 - $2)) ]
}
# the kernel records where an skb was allocated from 6.1 on; in a guest no memory is on another node
case $(uname -r) in 5.10.*) recorded=0 ;; *) recorded=1 ;; esac

empty() { [ "$(counter head_resident) $(counter data_resident)" = "0 0" ]; }
# dropping caches asks every shrinker for what it has; nothing is idle for as long as a minute
shrinks() {
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	ask hold 3000 || return
	! empty || { echo "nothing is held"; return 1; }
	echo 2 >/proc/sys/vm/drop_caches
	wait_for 5 empty && balanced
}
# what is freed and what was refilled for an allocation
idle_returns() {
	unload && load idle_ms=50 && ask hold 3000 && wait_for 5 empty && ask alloc 60 && wait_for 5 empty && balanced
}
nothing() {
	cat "$counters" >/tmp/before
	ask null && diff /tmp/before "$counters"
}
# mixed ORDER: more skbs than there are runs for, in an order; sets alone to the heads and data that did not go in bulk
mixed() {
	reset_counters
	echo "kmalloc-1000 $1 bulk 4096 4" >/sys/module/skb_bulk_bench/parameters/cell || return
	alone=$(($(counter head_one_by_one) + $(counter data_one_by_one)))
	echo "$alone of $(counter head_taken) heads and $(counter data_taken) data went one by one"
	[ "$(counter head_taken)" -ge 16384 ] && balanced
}
if kasan; then tolerated=28672; else tolerated=0; fi
in_runs() { mixed in-order && [ "$alone" -le $tolerated ]; }
# completions in no order at all leave the runs, those in order find them again, also when the counters begin anew
mixed_and_back() {
	local status
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	insmod "$kmod/skb_bulk_bench.ko" || return
	mixed shuffled && if have_sheaves; then [ "$alone" = 0 ]; else [ "$alone" -ge 16384 ]; fi && in_runs && in_runs
	status=$?
	rmmod skb_bulk_bench && return $status
}
# share RING: percent of the heads of so many skbs, made and freed again and again, that went to the kernel's NAPI cache
share() {
	reset_counters
	echo "kmalloc-1000 in-order bulk $1 200" >/sys/module/skb_bulk_bench/parameters/cell || return
	share=$((100 * $(counter head_napi_cached) / $(counter head_taken)))
	echo "$share % of $1"
}
# with sheaves it gets what it has room for: nearly all of a poll's, and of more no more than it holds
napi_cache_fed() {
	local status
	insmod "$kmod/skb_bulk_bench.ko" || return
	if have_sheaves; then
		share 64 && [ "$share" -gt 60 ] && share 2048 && [ "$share" -lt 15 ]
	else
		share 64 && [ "$share" = 0 ]
	fi
	status=$?
	rmmod skb_bulk_bench && return $status
}
# full NR: what each held is let go of while its head is on a stack
full() {
	reset_counters
	ask full "$1" || return
	echo "$(counter head_resident) heads held of $(counter head_taken), $(counter head_one_by_one) went one by one"
	[ "$(counter head_taken)" -ge "$1" ] && balanced
}
# with KASAN that many go one by one, and few enough to have a run each are held
full_of_state() {
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	full 1000 && { ! empty || { kasan && full 60 && ! empty; }; } && reset_counters
}
# as many large objects as there are bytes for, and no more; where data is not stacked there are none
bytes_bounded() {
	local most
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	reset_counters
	taskset -c 0 bash -c "echo mix 4 256 7000 >$run" || { cat $run; return 1; }
	most=$(counter data_resident_max)
	echo "at most $most objects of 8 KiB"
	[ "$most" -le 97 ] && balanced || return
	have_sheaves || [ "$most" -ge 60 ]
}
mixed_sizes() {
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	ask mix 20 1024 0 && balanced && reset_counters && empty && [ "$(counter resident_bytes)" = 0 ]
}
# everything counted is zero again
resets() {
	local class
	for class in shared frag-list zerocopy fclone-alone linear-16000 linear-64; do
		ask class $class napi-bh || return
	done
	ask class linear-64 irq-hardirq && ask reuse 8 && ask hold 3000 && reset_counters &&
		awk '$1 != "table_bytes_per_cpu" && $2 { print "after a reset: " $0; bad = 1 } END { exit bad }' "$counters"
}
# a value that is refused changes nothing, a right one all
checked_first() {
	local p value
	for p in mode depth idle_ms remote refill; do
		value=$(cat "/sys/module/skb_bulk/parameters/$p")
		! echo 0 2>/dev/null >"/sys/module/skb_bulk/parameters/$p" || { echo "$p takes 0"; return 1; }
		[ "$(cat "/sys/module/skb_bulk/parameters/$p")" = "$value" ] || { echo "$p was refused, and is stored"; return 1; }
	done
}
# what a processor holds comes back when it goes
cpu_goes() {
	local last=/sys/devices/system/cpu/cpu1 bad=0
	[ -e $last/online ] || { echo "there is one processor only"; return 1; }
	echo 1024 >/sys/module/skb_bulk/parameters/depth
	reset_counters
	taskset -c 1 bash -c "echo hold 3000 >$run" && grep -q '^cpu1.head_resident ' "$counters" || return
	echo 0 >$last/online || return
	! grep -E '^cpu1\.(head|data)_resident ' "$counters" || bad=1
	balanced || bad=1
	echo 1 >$last/online || return
	return $bad
}
# depth_at_load: what is written while the module loads is what the stacks have, like any other value
depth_at_load() {
	local i bad=0 p=/sys/module/skb_bulk/parameters/depth writer
	unload
	for ((i = 0; i < 20; i++)); do
		(
			until [ -e $p ]; do :; done
			for ((n = 0; n < i * 40; n++)); do :; done
			echo 7 >$p
		) 2>/dev/null &
		writer=$!
		insmod "$kmod/skb_bulk.ko" idle_ms=60000 || return
		wait $writer
		insmod "$kmod/skb_bulk_test.ko" && [ "$(cat $p)" = 7 ] && ask mix 1 1024 0 || bad=1
		awk '/^cpu[0-9]+\.(head|data)_resident_max / && $2 > 7 { print "depth is 7, but " $0; bad = 1 } END { exit bad }' "$counters" || bad=1
		unload || return
		[ $bad = 0 ] || break
	done
	load && return $bad
}
unload_full() { ask hold 3000 && ask hold 50 && unload; }

# what sees every promise that tests/host/mutations.sh breaks
if [ "${2-}" = few ]; then
	ktap_plan 18
	check "the modules load" load || ktap_end
	for c in napi-bh budget0-irqs-off; do
		check "every class, $c" context $c
	done
	check "a built skb is what the kernel builds" ask build
	check "heads are reused" ask reuse 8
	check "remote=kernel: another CPU's skb goes to the kernel" remote kernel $recorded
	check "memory pressure empties the stacks" shrinks
	check "bytes are a bound" bytes_bounded
	check "all sizes mixed" mixed_sizes
	check "a reset leaves nothing" resets
	check "a wrong value changes nothing" checked_first
	check "depth is a bound" bounded
	check "a processor that goes gives back" cpu_goes
	check "nothing is held by what is stacked" full_of_state
	check "stacks left alone are empty after idle_ms" idle_returns
	check "no object is lost" churn 200
	check "none is lost one by one" churn_one_by_one 200
	check "unload" unload
	ktap_end
fi

ktap_plan 47
check "the modules load" load || ktap_end
mapfile -t contexts </sys/kernel/debug/skb_bulk_test/contexts
for c in "${contexts[@]}"; do
	check "every class, $c" context "$c"
done
check "no skb at all" nothing
check "a built skb is what the kernel builds" ask build
for len in 0 60 128 500 1000 1500 3000 9000; do
	check "an allocated skb of $len bytes is like the kernel's" ask alloc $len
done
check "heads are reused" ask reuse 8
check "one CPU forwards packet by packet, no slab touched" steady 20000 1
check "one CPU forwards 64 at a time, no slab touched" steady 1000 64
check "mode stock" pass_on stock
check "mode any" pass_on any
check "depth and bytes are bounds" bounded
check "bytes are a bound" bytes_bounded
check "all sizes mixed" mixed_sizes
check "a reset leaves nothing" resets
check "a wrong value changes nothing" checked_first
check "depth 1 holds nothing" depth1
check "a processor that goes gives back" cpu_goes
check "stacks full of what had sockets, routes, connections, xfrm states: each ends at once" full_of_state
check "remote=stack: another CPU's skb is stacked" remote stack 0
check "remote=kernel: it goes to the kernel" remote kernel $recorded
check "what comes too mixed for runs goes one by one" mixed_and_back
check "the kernel's NAPI cache gets the heads it has room for" napi_cache_fed
check "memory pressure empties the stacks" shrinks
check "stacks left alone are empty after idle_ms" idle_returns
check "a depth written while the module loads is kept" depth_at_load
check "unload with stacks full" unload_full
check "no object is lost" eval load depth=256 '&&' churn 200
check "none is lost one by one" churn_one_by_one 200
check "unload" unload
ktap_end
