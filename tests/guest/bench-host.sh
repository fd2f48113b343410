#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/bench-host runs on one port and on two, refuses what is no port for it, and leaves all as it was, also when it is interrupted.
# tests/run: kernels=6.1 ports=2 timeout=900
# shellcheck disable=SC2317,SC2154,SC2016
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

# what it may not leave changed; of the addresses those that were not the kernel's idea, which may still be to come
place=()
state() {
	local p
	get_mode
	"${place[@]}" ip netns
	lsmod | grep -c pktgen
	for p in "${ports[@]}"; do
		"${place[@]}" sh -c 'cd "/sys/class/net/$1" && echo "$1 $(($(cat flags) & 1)) $(cat mtu) $(cat address)"
			ip -o addr show dev "$1" | grep -oE "(fe80::7|169.254.7).* scope [a-z]+"
			grep -s . /proc/sys/net/ipv[46]/*/"$1"/*' _ "$p"
	done
}
same_state() { local now; now=$(state); [ "$now" = "$before" ] || { diff <(echo "$before") <(echo "$now"); return 1; }; }
# in a namespace that is not that of process 1, with addresses and settings that a move makes a port lose
settle() {
	local p
	ip netns add here || return
	for p in "${ports[@]}"; do
		ip link set "$p" netns here || return
	done
	place=(ip netns exec here)
	"${place[@]}" sh -c '
		ip link set "$2" up && ip addr add 169.254.7.2/16 scope link dev "$2" && ip addr add fe80::7:2/64 dev "$2" &&
		ip addr add fe80::7:1/64 dev "$1" && cd /proc/sys/net && echo 2 >"ipv4/conf/$2/arp_announce" &&
		echo 77 >"ipv6/conf/$2/hop_limit" && echo 1 >"ipv6/conf/$2/addr_gen_mode" && echo 77 >"ipv4/neigh/$2/gc_stale_time"' _ "${ports[@]}"
}
unsettle() { ip netns del here && wait_for 20 have_ports; }
refuses() { # MESSAGE ARGUMENT...
	local message=$1 out
	shift
	! out=$("${place[@]}" scripts/bench-host --rounds 2 --seconds 1 "$@" 2>&1) || return
	grep -q "$message" <<<"$out" || { echo "$out"; return 1; }
}
# synthetic ROUNDS SETS GAIN: what --csv would write of so many runs of pure noise that drifts, with bulk that much faster;
# the same numbers each time
synthetic() {
	awk -v rounds="$1" -v sets="$2" -v gain="$3" '
		function noise(    i, sum) {
			for (i = 0; i < 12; i++) {
				x = x * 16807 % 2147483647
				sum += x / 2147483647
			}
			return sum - 6
		}
		function line(mode, less) {
			printf "k%d,sent,%d,%s,1000,%.2f,%.2f\n", set, round, mode, 100 + 5 * round + noise() - less, 400 + noise() - less
		}
		BEGIN {
			x = 1
			for (set = 1; set <= sets; set++)
				for (round = 1; round <= rounds; round++) {
					line("any", 0)
					line("stock", 0)
					line("bulk", gain)
				}
		}'
}
line_rate=-
# verdicts ROUNDS SETS GAIN: how many comparisons with bulk, and how many without, are called what
verdicts() {
	synthetic "$@" | sed "s/\$/,$line_rate/" >/tmp/synthetic.csv
	scripts/bench-host --from /tmp/synthetic.csv >/tmp/synthetic.out || return
	sed -n 's/^bulk instead.*: \([a-z ]*\).*/bulk \1/p; s/^stock instead.*: \([a-z ]*\).*/stock \1/p' /tmp/synthetic.out | sort | uniq -c |
		awk '{ print $2, $3 " " $4 ": " $1 }'
}
# what bulk and what stock was called, and nothing else, in all of 100 runs
all_called() { # ROUNDS GAIN BULK STOCK
	local said
	said=$(verdicts "$1" 100 "$2")
	[ "$said" = "bulk $3: 400"$'\n'"stock $4: 200" ] || { echo "$said"; return 1; }
}
# noise_is_noise: 0.6 % of 5 rounds' comparisons are called a difference; more than one in a hundred is not the rule that is told
noise_is_noise() {
	local said
	said=$(verdicts 5 500 0)
	awk '{ n += $4; if ($2 " " $3 == "no difference:") none += $4 } END { print n - none " of " n " called"; exit !(n == 3000 && n - none <= 30) }' <<<"$said"
}
few_rounds_are_not_judged() {
	local rounds
	for rounds in 1 2 4; do
		all_called $rounds 20 "too few" "too few" || return
	done
}
real_differences_are_called() {
	all_called 10 20 "a gain" "no difference" && all_called 10 -20 "a loss" "no difference"
}
# the synthetic rate is 1000: where it is the line's, time tells nothing, and cycles do
a_full_line_hides_time() {
	local line_rate=1009 said
	said=$(verdicts 10 100 20; grep -c 'is at the line rate' /tmp/synthetic.out)
	if [ "$said" != "bulk a gain: 200"$'\n'"bulk both fill: 200"$'\n'"stock both fill: 100"$'\n'"stock no difference: 100"$'\n'300 ]; then
		echo "$said"
		return 1
	fi
	line_rate=1011
	all_called 10 20 "a gain" "no difference" && ! grep 'is at the line rate' /tmp/synthetic.out
}
broken_files_are_refused() {
	local edit f=/tmp/broken.csv
	for edit in '$d' '2d' 's/stock/other/' 's/,1000,/,,/' '1!d'; do
		synthetic 5 1 0 | sed "$edit" >$f
		refuses 'is not what --csv writes' --from $f || { echo "$edit"; return 1; }
	done
}
# runs PORT...: to its end, with a row for each mode, and no verdict of two rounds
runs() {
	local m
	"${place[@]}" scripts/bench-host --rounds 2 --seconds 1 --csv /tmp/bench-host.csv --json /tmp/bench-host.json "$@" >/tmp/bench-host.out 2>&1 || { cat /tmp/bench-host.out; return 1; }
	for m in any stock bulk; do
		if ! grep -qE "^$m +[1-9]" /tmp/bench-host.out || [ "$(grep -c ",$m,[1-9]" /tmp/bench-host.csv)" != 2 ]; then
			cat /tmp/bench-host.out
			return 1
		fi
	done
	grep -q 'its times mean nothing' /tmp/bench-host.out && ! grep -E ': a (gain|loss)$' /tmp/bench-host.out &&
		[ "$(grep -c 'instead of .*: too few rounds to tell$' /tmp/bench-host.out)" -ge 3 ] &&
		scripts/bench-host --from /tmp/bench-host.csv >/tmp/bench-host.again && tail -n "$(wc -l </tmp/bench-host.again)" /tmp/bench-host.out |
		diff - /tmp/bench-host.again
}
# fake_perf: as it counts on a machine with two kinds of cores, and of a third that did not count
fake_perf() {
	mkdir -p /tmp/fake && cat >/tmp/fake/perf <<-'END' && chmod +x /tmp/fake/perf
		#!/bin/bash
		[ "$1 $2 $3 $4 $5 $6" = "stat -a -e cycles -x, -o" ] && [ "$8" = -- ] || exit
		cat >"$7" <<-COUNTS
			# started on Sat Jan  3 12:34:56 2026

			3000000000,,cpu_core/cycles/,6002345678,100.00,,
			1000000000,,cpu_atom/cycles/,6002345678,100.00,,
			<not counted>,,cpu_lowpower/cycles/,0,0.00,,
		COUNTS
		exec "${@:9}"
	END
}
# counted: runs with it; all its cycles are shared among the packets of two seconds, for it counts one more than is measured
counted() {
	PATH=/tmp/fake:$PATH runs "$@" && grep -q 'of all CPUs' /tmp/bench-host.out && awk -F, '
		NR > 1 { n++; c = $7 * $5 * 2; if (c < 3.99e9 || c > 4.01e9) { print; bad = 1 } }
		END { exit bad || n != 6 }' /tmp/bench-host.csv
}
# tells EXPRESSION: of the file of --json, in Python
tells() { python3 -c "import json; j = json.load(open('/tmp/bench-host.json')); exit(not ($1))" || { cat /tmp/bench-host.json; return 1; }; }
# the 82599 has 10G, and this the size of the least packet
json_tells_all() { # PORTS
	tells "j['kernel'] == '$(uname -r)' and j['modules']['skb_bulk'] == '$(cat /sys/module/skb_bulk/version)' and j['modules']['ixgbe_bulk'] and j['line_rate'] == 14880952
		and j['parameters'] == {'depth': $(cat /sys/module/skb_bulk/parameters/depth), 'remote': 'stack', 'refill': 'kernel', 'idle_ms': 100}
		and j['settings'] == {'rounds': 2, 'seconds': 1, 'size': 60, 'cpu': $2} and j['virtual'] and j['cpu'] and len(j['verdicts']) >= 3
		and len(j['measurements']) == 6 and j['measurements'][5]['mode'] == 'bulk' and j['measurements'][5]['packets_per_second'] > 0
		and len(j['ports']) == $1 and all(p['queue'] is not None and p['interrupt_cpu'] and p['made_on_cpu'] for p in j['ports'])"
}
# the driver puts the first queue's interrupt on CPU 0; a governor is what this guest has none of
cpus_are_told() {
	local words
	for words in 'the governor is not performance' 'powersave governor' 'made on CPU 1; .* interrupt is on CPU 0' 'remote=stack decides'; do
		grep -q "$words" /tmp/bench-host.out || { cat /tmp/bench-host.out; return 1; }
	done
	tells "j['governor'] == 'powersave' and j['ports'][0]['made_on_cpu'] == '1' and j['ports'][0]['interrupt_cpu'] == '0'"
}
# ends on the signal of ctrl-C; a job that has a process group of its own does not ignore it
interrupted() {
	local status=0 job
	set -m
	scripts/bench-host --rounds 500 --seconds 1 "${ports[@]}" >/tmp/bench-host.out 2>&1 &
	job=$!
	set +m
	wait_for 90 grep -q 'round 1 of' /tmp/bench-host.out || { cat /tmp/bench-host.out; return 1; }
	kill -INT -- -$job
	wait $job || status=$?
	[ $status != 0 ] && wait_for 20 gone
}
gone() { ! pgrep -f scripts/bench-host; }

ktap_plan 26
check "noise is called noise" noise_is_noise
check "a few rounds are not judged" few_rounds_are_not_judged
check "what differs is called so, in spite of drift" real_differences_are_called
check "a full line hides time" a_full_line_hides_time
check "broken files are refused" broken_files_are_refused
check "the fork has both ports" load_fork
mapfile -t ports < <(port_names)
ip link set "${ports[1]}" up
set_mode stock
before=$(state)
check "which of two ports is not guessed" refuses 'name the one to use'
check "a file that cannot be written" refuses 'is no file' --csv /dev/null "${ports[0]}"
check "no port" refuses 'there is no port' lo0
ip addr add 10.82.1.1/24 dev "${ports[0]}"
check "a port with an address" refuses 'carries an address' "${ports[0]}"
ip addr del 10.82.1.1/24 dev "${ports[0]}"
ip link add link "${ports[0]}" name trunk.7 type vlan id 7
check "a port with a VLAN" refuses 'trunk.7 is built on' "${ports[0]}"
check "the second port with a VLAN" refuses 'trunk.7 is built on' "${ports[1]}" "${ports[0]}"
ip link del trunk.7
ip link add bridge type bridge
ip link set "${ports[0]}" master bridge
check "a port of a bridge" refuses 'bridge is built on' "${ports[0]}"
ip link del bridge
fake_perf
mount -t tmpfs none /sys/devices/system/cpu
mkdir -p /sys/devices/system/cpu/cpu{0,1}/cpufreq
tee /sys/devices/system/cpu/cpu{0,1}/cpufreq/scaling_governor <<<powersave >/dev/null
check "one port sends, cycles are counted" counted --cpu 1 "${ports[0]}"
umount /sys/devices/system/cpu
check "a governor and another CPU's interrupt are told" cpus_are_told
check "a file of JSON" json_tells_all 1 1
check "all is as it was" same_state
check "two ports in another namespace" settle
before=$(state)
check "two ports forward" runs "${ports[@]}"
check "a file of JSON" json_tells_all 2 0
check "all is as it was there" same_state
ip netns exec here tc qdisc replace dev "${ports[1]}" root pfifo
check "a port with a queueing discipline" refuses 'queueing discipline' "${ports[@]}"
ip netns exec here tc qdisc del dev "${ports[1]}" root
ip netns exec here ip route add 10.82.0.0/16 dev "${ports[1]}"
check "a port with a route" refuses 'carries a route' "${ports[@]}"
check "both ports back" unsettle
place=()
before=$(state)
check "interrupted" interrupted
check "all is as it was" same_state
ktap_end
