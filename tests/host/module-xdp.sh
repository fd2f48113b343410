#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP and AF_XDP under the fork: builds the helpers that the guest has no compiler for, and runs tests/guest/module-xdp.sh.
# tests/run: kernels=6.1,7.3 timeout=900
# tests/run: kernels=5.10,6.12 timeout=900 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: module-xdp.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
${CC:-cc} -O2 -Wall -static -o "$dir/xdp-load" tests/guest/xdp.c
${CC:-cc} -O2 -Wall -static -o "$dir/xsk-bounce" tests/guest/xsk.c
tests/vm/run --kernel "${1:-6.1}" --ports 2 --timeout 800 --card-arg --all --card-arg tester=1 \
	--add "$dir/xdp-load:/usr/local/bin/xdp-load" --add "$dir/xsk-bounce:/usr/local/bin/xsk-bounce" -- tests/guest/module-xdp.sh
