#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Builds the test module for a kernel and runs tests/guest/module-trace.sh with it: the tracepoints.
# tests/run: kernels=6.12 timeout=600
# tests/run: kernels=5.10,6.1,6.12,7.3 timeout=1200 args=bpftrace when=named
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
-*)
	echo "Usage: module-trace.sh [KERNEL [bpftrace]] (6.1; KTAP on stdout; with the README's lines for bpftrace, or without)"
	exit 2
	;;
esac
dir=$(tests/vm/build-kmod "${1:-6.1}")
tests/vm/run --kernel "${1:-6.1}" --no-layer --timeout 1000 --add "$dir:/root/kmod" -- tests/guest/module-trace.sh /root/kmod "${@:2}"
