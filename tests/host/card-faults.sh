#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Makes trouble on the emulated card while a guest with the stock driver runs tests/guest/card-faults.sh.
# tests/run: kernels=6.1 timeout=900
# tests/run: kernels=5.10,6.12,7.3 timeout=900 when=named
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
# the driver's and the kernel's words for what is done to them on purpose
status=0
run_with_card "$dir" --kernel "$kernel" --no-layer --ports 2 --timeout 800 \
	--allow 'Adapter removed' --allow 'Tx Unit Hang' --allow 'tx hang' --allow 'NETDEV WATCHDOG' --allow 'WARNING: .*dev_watchdog' \
	-- tests/guest/card-faults.sh driven || status=$?

# what only the card knows
made() { awk -v n="port0.$1" '$1 == n { print; n = $2 > 0 } END { exit !(n == 1) }' "$dir/stats"; }
ktap_plan 4
check "there were interrupts lost" made interrupts_lost || true
check "there were descriptors written back late" made write_backs_held || true
check "and some before those of another queue that were done earlier" made write_backs_overtook || true
check "the ring outside the memory was refused" grep 'refused dma .* (transmit ring)' "$dir/said" || true
[ $status = 0 ] || exit $status
ktap_end
