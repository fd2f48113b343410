#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes trouble on the emulated card while a guest with the stock driver runs tests/guest/card-faults.sh.
# tests/run: kernels=6.1 timeout=1800
# tests/run: kernels=5.10,6.12,7.3 timeout=1800 when=named
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/vm/lib.sh

usage() {
	cat <<-END
	Usage: card-faults.sh [KERNEL]
	Boots a guest with KERNEL (6.1) and two emulated ports; the guest says what fault it wants, this script makes it.
	END
}
case ${1-} in
-*) usage; exit 2 ;;
esac
kernel=${1:-6.1}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# a line "@frames from|to LEFT-SENT LEFT-RECEIVED RIGHT-SENT RIGHT-RECEIVED" is what the guest has counted so far: the card is asked for the same
ask() {
	local port
	for port in 0 1; do
		"$dir/build/nic82599" --tell "$dir/control" frames $port | sed -n 's/^ok \([0-9]*\) sent, \([0-9]*\) received.*/\1 \2/p'
	done | xargs
}
listen() {
	local line
	while IFS= read -r line; do
		case $line in
		'@frames '*) echo "${line#@frames } $(ask)" >>"$dir/frames" ;;
		*) echo "$line" | tee -a "$dir/report" ;;
		esac
	done
}
# the driver's and the kernel's words for what is done to them on purpose
status=0
set -o pipefail
run_with_card "$dir" --kernel "$kernel" --no-layer --ports 2 --timeout 1700 \
	--allow 'Adapter removed' --allow 'Tx Unit Hang' --allow 'tx hang' --allow 'NETDEV WATCHDOG' --allow 'WARNING: .*dev_watchdog' \
	-- tests/guest/card-faults.sh driven | listen || status=$?

# what only the card knows
made() { awk -v n="port0.$1" '$1 == n { print; n = $2 > 0 } END { exit !(n == 1) }' "$dir/stats"; }
same_frames() {
	cat "$dir/frames"
	awk '
		{ for (i = 0; i < 4; i++) { counted[$1, i] = $(2 + i); card[$1, i] = $(6 + i) } }
		END {
			for (i = 0; i < 4; i++)
				bad += !(card["to", i] - card["from", i] == counted["to", i] && counted["to", i] > 500)
			exit bad || NR != 2
		}' "$dir/frames"
}
same_crc() {
	local said
	said=$(sed -n 's/^# rx_crc_errors: //p' "$dir/report")
	echo "the driver has $said, the card $(awk '$1 == "port0.frames_corrupted" { print $2 }' "$dir/stats")"
	[ "${said:-0}" -gt 0 ] && [ "$said" = "$(awk '$1 == "port0.frames_corrupted" { print $2 }' "$dir/stats")" ]
}
ktap_plan 6
check "each damaged frame was counted as one" same_crc || true
check "the card's own count of frames was the driver's" same_frames || true
check "there were interrupts lost" made interrupts_lost || true
check "there were descriptors written back late" made write_backs_held || true
check "and some before those of another queue that were done earlier" made write_backs_overtook || true
check "the ring outside the memory was refused" grep 'refused dma .* (transmit ring)' "$dir/said" || true
[ $status = 0 ] || exit $status
ktap_end
