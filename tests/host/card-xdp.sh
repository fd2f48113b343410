#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP on the emulated card: builds the helper that the guest has no compiler for, and runs tests/guest/card-xdp.sh.
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
tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 300 \
	--add "$dir/xdp-load:/usr/local/bin/xdp-load" -- tests/guest/card-xdp.sh
