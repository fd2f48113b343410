#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Forwarding by the fork on one processor: boots a guest whose ports are cabled to the emulated card's test set.
# tests/run: kernels=6.1,7.3 timeout=1500
# tests/run: kernels=5.10,6.12 timeout=1500 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: module-forward.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
exec tests/vm/run --kernel "${1:-6.1}" --ports 2 --cpus 1 --timeout 700 --card-arg --all --card-arg tester=1 -- tests/guest/card-forward.sh fork
