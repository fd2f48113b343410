#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card as an SFP+ port: boots a guest with 10fb ports and runs tests/guest/card-module.sh.
# tests/run: kernels=5.10 timeout=1500
# tests/run: kernels=6.1,6.12,7.3 timeout=1500 when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: card-module.sh [KERNEL] (6.1; KTAP on stdout)"
	exit 2
	;;
esac
# shellcheck source=/dev/null
. tests/vm/lib.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
run_with_card "$dir" --kernel "${1:-6.1}" --no-layer --ports 2 --timeout 700 --card-arg --all --card-arg id=10fb -- tests/guest/card-module.sh
