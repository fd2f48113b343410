#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP and AF_XDP on the emulated card: builds the helpers that the guest has no compiler for, and runs tests/guest/card-xdp.sh and card-xsk.sh.
# tests/run: kernels=6.12 timeout=1500
# tests/run: kernels=5.10,6.1,7.3 timeout=1500 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: card-xdp.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${CC:-cc} -O2 -Wall -static -o "$dir/xdp-load" tests/guest/xdp.c
${CC:-cc} -O2 -Wall -static -o "$dir/xsk-bounce" tests/guest/xsk.c

# each guest's results are a subtest
status=0
nested() {
	local name=$1
	shift
	echo "# Subtest: $name"
	if "$@" | sed 's/^/    /'; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		status=1
	fi
}
set -o pipefail
echo "TAP version 13"
echo "1..2"
number=1
nested card-xdp tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 700 \
	--add "$dir/xdp-load:/usr/local/bin/xdp-load" -- tests/guest/card-xdp.sh
number=2
nested card-xsk tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 700 --card-arg --all --card-arg tester=1 \
	--add "$dir/xdp-load:/usr/local/bin/xdp-load" --add "$dir/xsk-bounce:/usr/local/bin/xsk-bounce" -- tests/guest/card-xsk.sh
exit $status
