# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The steps of the main job, for demo.sh, which shows them, and tests/guest/main-job.sh, which tests them.
# Sourced after tests/vm/guest-lib.sh.
# shellcheck disable=SC2034,SC2154 # what is set here the sourcing script reads, and the other way round

modes="any stock bulk"
traffic_dir=/tmp/traffic

# TCP in rounds, each compared by its hash, and a UDP flood, until traffic_stop
traffic_start() {
	rm -rf $traffic_dir
	mkdir $traffic_dir
	in_right iperf3 -s -p 5300 >/dev/null 2>&1 &
	echo $! >$traffic_dir/server
	wait_for 10 tcp_listens 5300 || return
	(
		while [ ! -e $traffic_dir/stop ]; do
			if tcp_transfer 4 60; then echo equal; else echo different; fi
		done >$traffic_dir/rounds 2>$traffic_dir/tcp.err
	) &
	echo $! >$traffic_dir/tcp
	(
		while [ ! -e $traffic_dir/stop ]; do
			timeout 60 ip netns exec left iperf3 -p 5300 -c "$right_ip" -u -b 0 -t 2 -l 64 || echo failed
		done >$traffic_dir/udp.log 2>&1
	) &
	echo $! >$traffic_dir/udp
}

# traffic_stop: rounds_equal and rounds_different tell how the TCP rounds went
rounds_equal=0 rounds_different=0
traffic_stop() {
	touch $traffic_dir/stop
	wait "$(cat $traffic_dir/tcp)" "$(cat $traffic_dir/udp)"
	kill "$(cat $traffic_dir/server)"
	wait "$(cat $traffic_dir/server)" 2>/dev/null
	rounds_equal=$(grep -c '^equal' $traffic_dir/rounds)
	rounds_different=$(grep -c '^different' $traffic_dir/rounds)
	[ "$rounds_equal" -gt 0 ]
}

# port_packets: what both ports have sent so far
port_packets() {
	echo $(($(in_left cat "/sys/class/net/$left_if/statistics/tx_packets") +
		$(in_right cat "/sys/class/net/$right_if/statistics/tx_packets")))
}

# the last mode's row, as name=value; its counters are one snapshot
declare -A row
take_row() { # MODE SECONDS
	local before name value
	set_mode "$1" || return
	reset_counters
	before=$(port_packets)
	sleep "$2"
	row=()
	# by way of cat: read would seek in the file, and each seek is another snapshot
	while read -r name value; do
		case $name in cpu*) ;; *) row[$name]=$value ;; esac
	done < <(cat "$skb_bulk_debug/counters")
	row[mode]=$(get_mode)
	row[sent]=$(($(port_packets) - before))
	row[head_bulk]=$((row[head_flushed] - row[head_one_by_one])) row[data_bulk]=$((row[data_flushed] - row[data_one_by_one]))
	row[flushes]=$((row[head_flushes] + row[data_flushes]))
	row[handed]=0
	row[why]=''
	for name in "${!row[@]}"; do
		case $name in to_kernel_*) ;; *) continue ;; esac
		[ "${row[$name]}" != 0 ] || continue
		row[handed]=$((row[handed] + row[$name]))
		row[why]+="${row[why]:+, }${name#to_kernel_} ${row[$name]}"
	done
}

row_format='%-6s %10s %11s %11s %11s %9s %8s  %s\n'
table_head() {
	# shellcheck disable=SC2059
	printf "$row_format" mode packets heads heads data flushes objects "skbs handed to" \
		"" sent "freed bulk" reused "freed bulk" "" a\ flush "the kernel: why"
}
table_row() {
	local per=-
	[ "${row[flushes]}" = 0 ] ||
		per=$(awk -v o=$((row[head_bulk] + row[data_bulk])) -v f="${row[flushes]}" 'BEGIN { printf "%.1f", o / f }')
	# shellcheck disable=SC2059
	printf "$row_format" "${row[mode]}" "${row[sent]}" "${row[head_bulk]}" "${row[head_reused]}" "${row[data_bulk]}" \
		"${row[flushes]}" "$per" "${row[handed]}${row[why]:+: ${row[why]}}"
}
