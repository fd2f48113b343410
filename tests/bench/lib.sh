# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the benches share: guests with a counting clock, one for each kernel, and what they measured as numbers.

bench_kernels="5.10 6.1 6.12 7.3"
bench_work=''
me=$(basename "$0")

say() { echo "$me: $*" >&2; }
die() { say "$*"; exit 1; }

# bench_begin: a place for what is not done yet; guests end when this script does
bench_begin() {
	[ "$(id -u)" = 0 ] || die "guests are made by root: type sudo make bench"
	# below the repository, so that what is done is moved and not copied
	mkdir -p build
	bench_work=$(mktemp -d build/bench.XXXXXX)
	trap bench_end EXIT
	trap 'exit 130' INT HUP
	trap 'exit 143' TERM
}
# shellcheck disable=SC2317 # the trap calls it
bench_end() {
	local p
	for p in ${bench_groups[@]+"${bench_groups[@]}"}; do
		kill -- "-$p" 2>/dev/null || true
	done
	wait
	rm -rf "$bench_work"
	rmdir build 2>/dev/null || true
}
# background COMMAND...: in a process group of its own, so that all of it can be ended
bench_groups=()
background() {
	set -m
	"$@" </dev/null &
	bench_groups+=($!)
	set +m
}

known_kernels() { # KERNEL...
	local k
	for k; do
		[[ " $bench_kernels " = *" $k "* ]] || die "there is no kernel '$k': say 5.10, 6.1, 6.12 or 7.3"
	done
}
wants_number() { # OPTION VALUE
	[[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || die "$1 wants a number, not '${2:-}'"
}

# default_jobs: guests at a time; what they count does not depend on how many there are
default_jobs() {
	if [ "$(nproc)" -ge 2 ]; then echo 2; else echo 1; fi
}

# bench_options ARGUMENT...: the options that all benches have; sets out, jobs and kernels
out=build/bench jobs='' kernels=()
# shellcheck disable=SC2034 # who says trial_is reads trial
bench_options() {
	jobs=$(default_jobs) trial=()
	while [ $# -gt 0 ]; do
		case $1 in
		--out) out=${2:?--out wants a directory}; shift ;;
		--jobs) wants_number "$@"; jobs=$2; shift ;;
		--trial) [ -n "${trial_is:-}" ] || { usage >&2; exit 2; }; trial=(--trial) ;;
		-h | --help) usage; exit ;;
		-*) usage >&2; exit 2 ;;
		*) break ;;
		esac
		shift
	done
	kernels=("$@")
	# shellcheck disable=SC2206 # words
	[ $# -gt 0 ] || kernels=($bench_kernels)
	known_kernels "${kernels[@]}"
}
# side_by_side FUNCTION WORDS...: FUNCTION with the words of each argument, --jobs of them at a time; fails with the first that does
side_by_side() {
	local function=$1 words running=0
	shift
	for words; do
		if [ $running -ge "$jobs" ]; then
			wait -n || return
			running=$((running - 1))
		fi
		# shellcheck disable=SC2086 # words
		background "$function" $words
		running=$((running + 1))
	done
	while [ $running -gt 0 ]; do
		wait -n || return
		running=$((running - 1))
	done
}

# More words for the guests' kernels. Clearing what is allocated is Debian's default and has no part in what is compared: it
# is a string instruction, which counts here once for each byte and takes most of the time.
bench_append=init_on_alloc=0
bench_tag='' # of a second guest with the same kernel
bench_ballast=0 # KiB of no use in the guest: one more boot that finds its memory otherwise
bench_plugin='' # that watches the guest and leaves a line for each measured round in $bench_work/KERNEL$bench_tag.rounds
# measure_cells KERNEL LIMIT: runs $bench_work/KERNEL.cells in a guest of KERNEL; results in $bench_work/KERNEL$bench_tag.raw
measure_cells() {
	local kernel=$1 limit=$2 cells=$bench_work/$1.cells modules total line done=0 shown=0
	local out=$bench_work/$kernel$bench_tag
	modules=$(tests/vm/build-kmod "$kernel") || return
	total=$(wc -l <"$cells")
	say "$kernel: $total cells in a guest"
	head -c "${bench_ballast}K" /dev/zero >"$out.ballast"
	{
		tests/vm/run --kernel "$kernel" --icount --no-layer --no-copy --timeout "$limit" --append "$bench_append" \
			${bench_plugin:+--plugin "$bench_plugin,out=$out.rounds"} --add "$modules:/root/kmod" \
			--add "tests/bench/tune-lib.sh:/root/skb-bulk/tests/bench/tune-lib.sh" \
			--add "$cells:/root/cells" --add "$out.ballast:/root/ballast" -- tests/bench/free-cost-guest.sh /root/cells 2>"$out.err" || echo "failed $?"
	} | while IFS= read -r line; do
		echo "$line"
		case $line in done) done=$((done + 1)) ;; esac
		if [ $((done * 5 / total)) -gt $shown ]; then
			shown=$((done * 5 / total))
			say "$kernel: $done of $total measured"
		fi
	done >"$out.raw"
	if grep -q '^failed ' "$out.raw" || ! grep -q '^end$' "$out.raw"; then
		cat "$out.err" >&2
		grep -v '^result ' "$out.raw" | tail -n 5 >&2
		say "the guest with $kernel failed: see above"
		return 1
	fi
}

# measure_kernels LIST LIMIT KERNEL...: LIST is a function that prints the cells for a kernel
measure_kernels() {
	local list=$1 limit=$2 kernel
	shift 2
	for kernel; do "$list" "$kernel" >"$bench_work/$kernel.cells"; done
	side_by_side measure_cells "${@/%/ $limit}"
}

# shellcheck disable=SC2034 # the scripts that source this write it
free_cost_columns=kernel,release,axis,class,order,method,ring,depth,slabs,tuning,rounds,trials,free,free_min,free_max,free_error,alloc,alloc_min,alloc_max,both,cycles
# cells_csv KERNEL [TAG]: what the guest measured, per skb, the empty loop taken off: the mean, the cheapest and the dearest round,
# the standard error of the mean by what the trials say
cells_csv() {
	awk -v kernel="$1" '
		$1 == "env" && $2 == "release" { release = $3 }
		$1 == "result" {
			ring = $6; per = ring * $10
			if ($2 == "empty") { empty[ring] = $11 / per; empty_cycles[ring] = $17 / per; next }
			if (!(ring in empty)) { print "no empty loop for a ring of " ring >"/dev/stderr"; bad = 1; exit 1 }
			k = $2 "," $3 "," $4 "," $5 "," $6 "," $7 "," $8 "," $9 "," $10
			f = $11 / per - empty[ring]
			if (!(k in n)) { row[++rows] = k; ring_of[k] = ring; min[k] = $12; alloc_min[k] = $15 }
			n[k]++; sum[k] += f; squares[k] += f * f; alloc[k] += $14 / per; cycles[k] += $17 / per - empty_cycles[ring]
			if ($12 < min[k]) min[k] = $12
			if ($13 > max[k]) max[k] = $13
			if ($15 < alloc_min[k]) alloc_min[k] = $15
			if ($16 > alloc_max[k]) alloc_max[k] = $16
		}
		END {
			if (bad) exit 1
			for (i = 1; i <= rows; i++) {
				k = row[i]; t = n[k]; r = ring_of[k]; mean = sum[k] / t
				variance = t > 1 ? (squares[k] - t * mean * mean) / (t - 1) : 0
				printf "%s,%s,%s,%d,%.1f,%.1f,%.1f,%.2f,%.1f,%.1f,%.1f,%.1f,%.1f\n", kernel, release, k, t, mean,
					min[k] / r - empty[r], max[k] / r - empty[r], sqrt((variance > 0 ? variance : 0) / t),
					alloc[k] / t, alloc_min[k] / r, alloc_max[k] / r, mean + alloc[k] / t, cycles[k] / t
			}
		}' "$bench_work/$1${2:-}.raw"
}

# time_bench_lines KERNEL [TAG]: each trial in the form that tools for other microbenchmarks read, with what was set in the label.
# The guest's time stamp counter goes by its clock: a cycle there is an instruction, and so is a nanosecond.
time_bench_lines() {
	awk '$1 == "result" {
		printf "Type:%s_%s_%s_depth%s_%s_%s Per elem: %d cycles(tsc) %.3f ns (step:%d)\n", $3, $4, $5, $7, $8, $9, $17 / ($6 * $10), $11 / ($6 * $10), $6
	}' "$bench_work/$1${2:-}.raw"
}

# build_plugin: sets bench_plugin
build_plugin() {
	(
		# shellcheck source=/dev/null
		. tests/vm/lib.sh
		need_compiler
	) || exit 1
	bench_plugin=$bench_work/cost-plugin.so
	gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -shared -fPIC -fvisibility=hidden -o "$bench_plugin" tests/bench/cost-plugin.c ||
		die "the plugin that counts does not build: see above"
}

# build_guest_tools: what the guests of whole paths run
build_guest_tools() {
	local t
	for t in udp-send marker; do
		gcc -std=gnu11 -O2 -Wall -static -o "$bench_work/$t" "tests/bench/$t.c" || die "$t.c does not build: see above"
	done
}
# shellcheck disable=SC2034 # the scripts that source this read it
path_settings="x-no-posted-writes=true, card with sync=1; the difference of long and short runs, modes in turns, slabs shrunk before each; napi_defer_hard_irqs=4000, gro_flush_timeout=100000"
# path_guest NAME KERNEL [OPTION]... -- SCRIPT [ARGUMENT]...: a guest with two ports and a clock that counts instructions, watched
# by the plugin; what it prints goes to $bench_work/NAME, what was counted to $bench_work/NAME.rounds
path_guest() {
	local name=$1 log=$bench_work/$1 kernel=$2 f copies=()
	shift 2
	head -c "${bench_ballast}K" /dev/zero >"$log.ballast"
	for f in vm/guest-lib.sh bench/tune-lib.sh bench/path-lib.sh; do copies+=(--add "tests/$f:/root/skb-bulk/tests/$f"); done
	if ! tests/vm/run --kernel "$kernel" --icount --no-copy --ports 2 --timeout 1800 --append "$bench_append" --plugin "$bench_plugin,out=$log.rounds" \
		"${copies[@]}" --add "$bench_work/udp-send:/root/udp-send" --add "$bench_work/marker:/root/marker" --add "$log.ballast:/root/ballast" \
		"$@" >"$log" 2>"$log.err" || ! grep -q '^end$' "$log"; then
		tail -n 20 "$log.err" >&2
		grep -v '^path ' "$log" | tail -n 5 >&2
		say "$name: the guest failed: see above"
		return 1
	fi
	say "$name: done"
}
# path_csv NAME KERNEL [BOOT]: KERNEL,RELEASE,WORD...[,BOOT],RUNS,PACKETS,INSTRUCTIONS,SPREAD,LOCKED of all that was run in the same way
# in one guest: per packet, the median, the dearest less the cheapest, the median. A line of the guest and three of the plugin are one run.
path_csv() {
	awk -v kernel="$2" -v boot="${3:+,$3}" -v seen="$bench_work/$1.rounds" '
		function bad(why) { print "a guest with " kernel ": " why >"/dev/stderr"; failed = 1; exit 1 }
		# in order of size
		function keep(list, k, value,    i) {
			for (i = n[k]; i > 1 && list[k, i - 1] > value; i--) list[k, i] = list[k, i - 1]
			list[k, i] = value
		}
		function median(list, k) { return (list[k, int((n[k] + 1) / 2)] + list[k, int(n[k] / 2) + 1]) / 2 }
		$1 == "env" && $2 == "release" { release = $3 }
		$1 == "path" {
			for (i = 0; i < 3; i++) {
				if ((getline line <seen) <= 0) bad("the plugin saw less than was run")
				split(line, f, " ")
				instructions[i] = f[1]; locked[i] = f[2]
			}
			more = $NF - $(NF - 1)
			if (more < 1) bad("no packet of " $2 " arrived")
			k = $2
			for (i = 3; i <= NF - 2; i++) k = k "," $i
			if (!(k in n)) row[++rows] = k
			n[k]++; packets[k] += more
			keep(each, k, (instructions[2] - instructions[1]) / more)
			keep(each_locked, k, (locked[2] - locked[1]) / more)
		}
		END {
			if (failed) exit 1
			if ((getline line <seen) > 0) bad("the plugin saw more than was run")
			for (i = 1; i <= rows; i++) {
				k = row[i]
				printf "%s,%s,%s%s,%d,%d,%.1f,%.1f,%.2f\n", kernel, release, k, boot, n[k], packets[k], median(each, k),
					each[k, n[k]] - each[k, 1], median(each_locked, k)
			}
		}' "$bench_work/$1"
}

# source_version: the commit that was measured, and whether anything was changed since
source_version() { git -c safe.directory='*' describe --always --dirty 2>/dev/null || echo unknown; }
emulator_version() {
	local root=${SKB_BULK_CACHE:-/var/cache/skb-bulk}/qemu lib
	lib=$root/usr/lib/x86_64-linux-gnu
	"$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/qemu-system-x86_64" --version | sed -n 's/^QEMU emulator version //p'
}

# csv_to_json: objects, one a line, from a table with a header; numbers as numbers but for the kernel's name
csv_to_json() {
	awk -F, '
		NR == 1 { split($0, name); next }
		{
			if (NR > 2) print ","
			printf "{"
			for (i = 1; i <= NF; i++) {
				number = name[i] != "kernel" && $i ~ /^-?[0-9]+(\.[0-9]+)?$/
				printf "%s\"%s\": %s", (i > 1 ? ", " : ""), name[i], (number ? $i : "\"" $i "\"")
			}
			printf "}"
		}
		END { print "" }'
}

# env_of FILE NAME: what the guest that printed FILE said of itself
env_of() { sed -n "s/^env $2 //p" "$1" | sed 's/["\\]//g'; }
# config_of KERNEL RELEASE: what of the kernel's configuration decides about the figures
config_of() {
	grep -E '^(# )?CONFIG_(SLUB|SLAB|INIT_ON_|PREEMPT|RANDOM_KMALLOC|MEMCG|HARDENED_USERCOPY|NUMA|HZ|KASAN|DEBUG_LIST|LIST_HARDENED)[A-Z0-9_]*[ =]' \
		"${SKB_BULK_CACHE:-/var/cache/skb-bulk}/tree/$1/boot/config-$2" | sed 's/^# \(.*\) is not set$/\1=n/' | tr -d '"' | paste -sd ' '
}
# kernels_json SUFFIX: of each kernel what the guest said that printed $bench_work/KERNELSUFFIX
kernels_json() {
	local kernel sep='' log release depth idle
	for kernel in "${kernels[@]}"; do
		log=$bench_work/$kernel$1
		release=$(env_of "$log" release) depth=$(env_of "$log" depth) idle=$(env_of "$log" idle_ms)
		printf '%s{"kernel": "%s", "release": "%s", "version": "%s", "depth": %s, "idle_ms": %s, "cmdline": "%s", "config": "%s", "mitigations": "%s"}' "$sep" \
			"$kernel" "$release" "$(env_of "$log" version)" "${depth:-null}" "${idle:-null}" "$(env_of "$log" cmdline)" \
			"$(config_of "$kernel" "$release")" "$(env_of "$log" mitigations)"
		sep=$',\n'
	done
}
# emulator_settings: as tests/vm/run has them for guests that count
emulator_settings() {
	(
		# shellcheck source=/dev/null
		. tests/vm/lib.sh
		# shellcheck disable=SC2154
		echo "-M $icount_machine ${icount_qemu[*]}"
	)
}

# json WHAT SETTINGS CSV SUFFIX: the table with what is needed to make it again; SUFFIX as for kernels_json
json() {
	echo '{'
	echo "\"what\": \"$1\","
	echo "\"source\": \"$(source_version)\","
	echo "\"emulator\": \"$(emulator_version)\","
	echo "\"settings\": \"$(emulator_settings); $bench_append; $2\","
	echo "\"kernels\": [$(kernels_json "$4")],"
	echo '"cells": ['
	csv_to_json <"$3"
	echo ']}'
}

# keep DIR FILE...: into DIR, each all at once; whoever typed sudo owns them
keep() {
	local out=$1 f
	shift
	mkdir -p "$out" || die "cannot make $out"
	for f; do
		if ! cp "$f" "$out/.${f##*/}.new" || ! mv "$out/.${f##*/}.new" "$out/${f##*/}"; then die "cannot write to $out"; fi
	done
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build "$out" 2>/dev/null || true
	say "results are in $out"
}
