#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card as an SFP+ port (card option id=10fb): the module is found, its pages read, the link carries data.
# Each line "@card ..." asks the host's tests/host/card-module.sh to pull a module or to put it back.
# shellcheck disable=SC2317,SC2154
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

exec 3>&1
tell() { echo "@card $*" >&3; }
carrier_is() { [ "$(in_left cat "/sys/class/net/$left_if/carrier")" = "$1" ]; }
pulled() {
	tell module 0 out
	wait_for 30 carrier_is 0 && ! in_left ethtool -m "$left_if"
}
put_back() {
	tell module 0 in
	# the driver answers "busy" until it has looked at the module, and sets the link up anew then
	wait_for 30 module_says "SKB-BULK" && wait_link 30 && tcp_transfer 4
}

# speed MASK MBIT: both ports offer no other, and agree
speed_is() { ports_say "Speed: $1Mb/s" && says "Speed: $1Mb/s" in_right ethtool "$right_if"; }
speed() {
	in_left ethtool -s "$left_if" advertise "$1" && in_right ethtool -s "$right_if" advertise "$1" && wait_for 30 speed_is "$2" && wait_link 30 && tcp_transfer 4 &&
		ports_say "$3"
}

ktap_plan 11
is_sfp() { lspci -n -d 8086:10fb | grep -q .; }
if ! is_sfp; then
	ktap_skip_rest "the ports are not 10fb: run with --card-arg --all --card-arg id=10fb"
fi
# says PATTERN COMMAND...: what it prints is there to be seen if the pattern is not
says() {
	local pattern=$1 out
	shift
	out=$("$@" 2>&1)
	echo "$out"
	grep -q "$pattern" <<<"$out"
}
module_says() { says "$1" in_left ethtool -m "$left_if"; }
ports_say() { says "$1" in_left ethtool "$left_if"; }

check "the stock driver finds both ports" load_stock
check "both links come up" two_netns
check "the module's identity" module_says "SKB-BULK"
check "and its temperature" module_says "Module temperature *: 35"
check "fibre at 10 Gbit/s" ports_say "Speed: 10000Mb/s"
check "tcp, equal hashes" tcp_transfer 16
check "the module is 10GBASE-SR" module_says "Transceiver codes *: 0x10"
check "at 1 Gbit/s, which both modules can do, tcp with equal hashes" speed 0x20 1000 'Advertised link modes: *1000baseT/Full'
check "at 10 Gbit/s again" speed 0x1000 10000 'Advertised link modes: *10000baseT/Full'
check "the module is pulled: no link, no pages" pulled
check "and put back: both, and tcp with equal hashes" put_back
ktap_end
