#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card under XDP in the stock driver: pass and drop, with data compared.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

helper=/usr/local/bin/xdp-load

xdp() { in_right $helper "$right_if" "$1" && wait_link 30; }
pings() { in_left ping -q -c 5 -i 0.1 -W "${1:-5}" "$right_ip"; }

passes() { xdp pass && pings && tcp_transfer 8; }
drops() { xdp drop && ! pings 1; }
off_again() { xdp off && wait_for 20 pings && tcp_transfer 8; }

ktap_plan 5
if [ ! -x "$helper" ]; then
	ktap_skip_rest "run it by tests/host/card-xdp.sh, which builds the helper"
fi
check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "pass" passes
check "drop" drops
check "off again" off_again
ktap_end
