#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card's test set: boots a guest whose ports are cabled to it and runs tests/guest/card-forward.sh.
# tests/run: kernels=7.3 timeout=1500
# tests/run: kernels=5.10,6.1,6.12 timeout=1500 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: card-forward.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
exec tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 700 --card-arg --all --card-arg tester=1 -- tests/guest/card-forward.sh
