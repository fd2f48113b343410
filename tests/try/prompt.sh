#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Before the prompt of make try SHELL=1: both ports up under ixgbe_bulk, and what there is to type.
# shellcheck disable=SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

load_fork && two_netns || exit
cat <<END

Kernel $(uname -r), skb_bulk in mode $(get_mode). Two cabled 82599 ports, both under ixgbe_bulk:
  $left_if  in network namespace left,  $left_ip
  $right_if  in network namespace right, $right_ip
To type, for instance:
  ip netns exec left ping $right_ip
  ip netns exec right iperf3 -s -D; ip netns exec left iperf3 -u -b 0 -l 64 -c $right_ip
  cat /sys/kernel/debug/skb_bulk/stats
  echo stock >/sys/module/skb_bulk/parameters/mode
The way out: exit
END
