#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real traffic captured on the emulated cable: every frame has right checksums, whoever cut it and summed it. tshark judges, and the card's own code.
# tests/run: kernels=6.1 timeout=900
# tests/run: kernels=5.10,6.12,7.3 timeout=900 when=named
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/vm/lib.sh

case ${1-} in
-*)
	echo "Usage: card-pcap.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
need_compiler
need_tools tshark=tshark
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make -s -C tests/nic82599 O="$dir/build" "$dir/build/pcapcheck"

status=0
tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 600 --card-arg --pcap --card-arg "0=$dir/cap" \
	-- tests/guest/card-pcap.sh || status=$?

# how many checksums of each kind and state: "tcp6 Good 1234"
tshark -n -r "$dir/cap" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields -E occurrence=f \
	-e ipv6.version -e ip.checksum.status -e tcp.checksum.status -e udp.checksum.status -e icmp.checksum.status -e icmpv6.checksum.status \
	2>"$dir/tshark.log" >"$dir/fields" || { cat "$dir/tshark.log" >&2; exit 1; }
awk -F'\t' '
	BEGIN {
		split("ip tcp udp icmp icmpv6", name, " ")
		split("Bad Good Unverified", state, " ")
	}
	{
		for (i = 2; i <= 6; i++)
			if ($i != "")
				n[name[i - 1] ($1 && name[i - 1] !~ /icmp/ ? "6" : "") " " ($i ~ /^[0-2]$/ ? state[$i + 1] : $i)]++
	}
	END { for (k in n) print k, n[k] }' "$dir/fields" | sort >"$dir/sums"
none_bad() { ! grep -v ' Good ' "$dir/sums"; }
many() { awk -v k="$1" -v least="$2" '$1 == k && $2 == "Good" { n = $3 } END { print k, n + 0; exit n + 0 < least }' "$dir/sums"; }

ktap_plan 5
sed 's/^/# /' "$dir/sums"
check "tshark finds no checksum wrong or unverified" none_bad || true
check "and 5000 right ones of tcp over IPv4" many tcp 5000 || true
check "5000 of tcp over IPv6" many tcp6 5000 || true
check "1000 of udp" many udp 1000 || true
check "the card's own code finds them right, too" "$dir/build/pcapcheck" "$dir/cap" || true
"$dir/build/pcapcheck" "$dir/cap" 2>/dev/null | sed "s|^$dir/|# |" || true
[ $status = 0 ] || exit $status
ktap_end
