#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card without MSI-X: boots a guest whose ports have one message each and runs tests/guest/card-intx.sh.
# tests/run: kernels=7.3 timeout=900
# tests/run: kernels=5.10,6.1,6.12 timeout=900 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: card-msi.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
exec tests/vm/run --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 700 --card-arg --all --card-arg msix=off -- tests/guest/card-intx.sh msi
