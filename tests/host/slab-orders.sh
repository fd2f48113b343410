#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# SLUB takes smaller slab pages than it likes when memory is in pieces. Builds skb_bulk so that it takes every slab page for one of
# 256 KiB, in which caches lie side by side as they do there, and runs tests/guest/slab-orders.sh with it.
# tests/run: kernels=6.1 timeout=400
# tests/run: kernels=5.10,6.12 timeout=400 when=named
# tests/run: kernels=6.1 timeout=400 when=debug
# shellcheck disable=SC2154 # copy_src sets them
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/altered-src.sh

copy_src "$@"
sed -i '/^static .* slab_of/,/^}/ s/unsigned int shift = .*;$/unsigned int shift = 18;/' "$work/src/main.c"
! cmp -s "$from/main.c" "$work/src/main.c" || { echo "slab-orders.sh: slab_of() in $from/main.c has no shift to force" >&2; exit 2; }
dir=$(tests/vm/build-kmod --src "$work/src" "$kernel")
tests/vm/run --kernel "$kernel" --no-layer --timeout 300 --add "$dir:/root/kmod" -- tests/guest/slab-orders.sh
