#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real traffic captured on the emulated cable: every frame that the card segmented and summed has right checksums.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

case ${1-} in
-*)
	echo "Usage: card-pcap.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make -s -C tests/nic82599 O="$dir/build" "$dir/build/pcapcheck"
cat >"$dir/traffic.sh" <<'END'
. tests/vm/guest-lib.sh
load_stock && two_netns && tcp_transfer 8 && udp_flood 1 || exit
in_right iperf3 -s -D && wait_for 10 tcp_listens 5201
in_left iperf3 -6 -c "$right_ip6" -n 8M >/dev/null && in_left iperf3 -c "$right_ip" -R -n 8M >/dev/null || exit
for ns in left right; do ip -n $ns link set "$([ $ns = left ] && echo "$left_if" || echo "$right_if")" mtu 9000; done
wait_link && in_left iperf3 -c "$right_ip" -n 16M >/dev/null
END

ktap_plan 2
check "tcp over both families, udp, jumbo frames" tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 300 \
	--card-arg --pcap --card-arg "0=$dir/cap" -- "$dir/traffic.sh" || true
check "every checksum on the wire is right" "$dir/build/pcapcheck" "$dir/cap" || true
"$dir/build/pcapcheck" "$dir/cap" 2>/dev/null | sed "s|^$dir/|# |" || true
ktap_end
