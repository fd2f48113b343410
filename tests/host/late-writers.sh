#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Parameters that are written while skb_bulk goes: in a copy of src what is freed last is made unfit for use, and the module takes its
# time from there to the end of its files. Whoever still touches it is an oops then.
# tests/run: kernels=5.10,6.1,6.12,7.3 timeout=400 when=named
# tests/run: kernels=6.1 timeout=400 when=debug
set -eu
cd "$(dirname "$0")/../.."

usage() { echo "Usage: late-writers.sh [--src DIR] [KERNEL] (src, 6.1; KTAP on stdout)"; }
from=src
while [ $# -gt 0 ]; do
	case $1 in
	--src) from=${2:?}; shift ;;
	-*) usage; exit 2 ;;
	*) break ;;
	esac
	shift
done
kernel=${1:-6.1}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$from" "$work/src"
sed -i '/^static void __exit skb_bulk_exit/,/^}/ s/^\tfree_percpu(skb_bulk_cpu);$/\tfor_each_possible_cpu(cpu)\n\t\tmemset(per_cpu_ptr(skb_bulk_cpu, cpu), 0x6b, sizeof(*skb_bulk_cpu));\n&\n\tmsleep(50);/
	s/^#include <linux\/cpu.h>$/&\n#include <linux\/delay.h>/' "$work/src/main.c"
grep -q 0x6b "$work/src/main.c" || { echo "late-writers.sh: skb_bulk_exit() in $from/main.c does not free what the CPUs own" >&2; exit 2; }
dir=$(tests/vm/build-kmod --src "$work/src" "$kernel")
tests/vm/run --kernel "$kernel" --no-layer --timeout 300 --add "$dir/skb_bulk.ko" -- tests/guest/params.sh writers /root/skb_bulk.ko
