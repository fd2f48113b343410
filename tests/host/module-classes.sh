#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds the test module for a kernel and runs tests/guest/module-classes.sh with it: every class of skb.
# tests/run: kernels=5.10,6.1,6.12,7.3,6.12-rt timeout=900
# tests/run: kernels=6.1 timeout=900 when=debug
set -eu
cd "$(dirname "$0")/../.."

usage() {
	cat <<-END
	Usage: module-classes.sh [--src DIR] [--few] [KERNEL]
	Boots KERNEL (6.1) and pushes skbs of every class through skb_bulk, built from src or from DIR. With --few,
	only as much as tells whether the promises are kept.
	END
}
from=src args=()
while [ $# -gt 0 ]; do
	case $1 in
	--src) from=${2:?}; shift ;;
	--few) args=(/root/kmod few) ;;
	-*) usage; exit 2 ;;
	*) break ;;
	esac
	shift
done
kernel=${1:-6.1}

dir=$(tests/vm/build-kmod --src "$from" "$kernel")
tests/vm/run --kernel "$kernel" --no-layer --timeout 700 --add "$dir:/root/kmod" -- \
	tests/guest/module-classes.sh ${args[@]+"${args[@]}"}
