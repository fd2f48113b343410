#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Parameters that are written while skb_bulk goes: in a copy of src what is freed last is made unfit for use, and the module takes its
# time from there to the end of its files. Whoever still touches it is an oops then.
# tests/run: kernels=5.10,6.1,6.12,7.3 timeout=400 when=named
# tests/run: kernels=6.1 timeout=400 when=debug
# shellcheck disable=SC2154 # copy_src sets them
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/altered-src.sh

copy_src "$@"
sed -i '/^static void __exit skb_bulk_exit/,/^}/ s/^\tfree_percpu(skb_bulk_cpu);$/\tfor_each_possible_cpu(cpu)\n\t\tmemset(per_cpu_ptr(skb_bulk_cpu, cpu), 0x6b, sizeof(*skb_bulk_cpu));\n&\n\tmsleep(50);/
	s/^#include <linux\/cpu.h>$/&\n#include <linux\/delay.h>/' "$work/src/main.c"
grep -q 0x6b "$work/src/main.c" || { echo "late-writers.sh: skb_bulk_exit() in $from/main.c does not free what the CPUs own" >&2; exit 2; }
dir=$(tests/vm/build-kmod --src "$work/src" "$kernel")
tests/vm/run --kernel "$kernel" --no-layer --timeout 300 --add "$dir/skb_bulk.ko" -- tests/guest/params.sh writers /root/skb_bulk.ko
