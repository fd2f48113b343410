#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the owner of a real host types, on two emulated ports: bind there and back, boot default, uninstall, install.
# With the word "build" it ends with make install in the guest, which takes minutes there and is done on one kernel only.
# tests/run: kernels=5.10,6.1,6.12,7.3 ports=2 timeout=900
# tests/run: kernels=6.1 ports=2 mem=2048 timeout=4500 ccache=yes args=build when=named
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

build=${1:-}
kver=$(uname -r)
file=/etc/modprobe.d/skb-bulk.conf
mapfile -t ports < <(port_pci)
a=${ports[0]} b=${ports[1]}

# drivers: of both ports, "ixgbe ixgbe_bulk"
drivers() { echo "$(port_driver "$a") $(port_driver "$b")"; }
# coldplug: what udev does for each card at boot
coldplug() {
	local p
	for p in "${ports[@]}"; do
		modprobe -b "$(cat "/sys/bus/pci/devices/$p/modalias")" || return
	done
	wait_for 20 have_ports
}
settings() { # INTERFACE: what has to outlive a move
	local dir=/sys/class/net/$1
	echo "$1 mtu $(cat "$dir/mtu") up $(($(cat "$dir/flags") & 1))"
	ip -o addr show dev "$1" scope global | awk '{ print $3, $4 }'
	ip route show dev "$1" | grep -v 'proto kernel'
}
# moves NAME DRIVERS BIND-ARGUMENT...
moves() {
	local name=$1 want=$2 said
	shift 2
	said=$(timeout 60 scripts/bind "$@" 2>&1) || { ktap_not_ok "$name: bind failed: $said"; return; }
	check_equal "$name" "$want" "$(drivers)"
}
# refuses NAME SENTENCE BIND-ARGUMENT...: and everything stays as it was
refuses() {
	local name=$1 sentence=$2 before said
	shift 2
	before=$(drivers; settings "$if_a")
	if said=$(timeout 60 scripts/bind "$@" 2>&1); then
		ktap_not_ok "$name: bind did it: $said"
	elif ! grep -qF -- "$sentence" <<<"$said"; then
		ktap_not_ok "$name: it does not say '$sentence' but: $said"
	else
		check_equal "$name" "$before" "$(drivers; settings "$if_a")"
	fi
}
traces() {
	find /usr/src /var/lib/dkms /etc/modprobe.d /etc/initramfs-tools "/lib/modules/$kver" \
		\( -name 'skb-bulk*' -o -name '*ixgbe_bulk*' -o -name 'skb_bulk*' \) 2>/dev/null
	grep -E 'skb_bulk|ixgbe_bulk' "/lib/modules/$kver/modules.dep" "/lib/modules/$kver/modules.softdep" /proc/modules
	[ ! -d /sys/bus/pci/drivers/ixgbe_bulk ] || echo "driver ixgbe_bulk"
	dkms status 2>/dev/null | grep skb-bulk
}
mixed_link() {
	two_netns && ping_right 3 && tcp_transfer 4
}

if [ "$build" = build ]; then ktap_plan 45; else ktap_plan 40; fi

dkms status | grep -q "skb-bulk.*$kver.*installed"
check_equal "dkms has installed both modules for this kernel" 0 $?

# boot of a host that only ran make install
unload_drivers
check_equal "the card's alias names the stock driver alone" ixgbe "$(modprobe -R "$(cat "/sys/bus/pci/devices/$a/modalias")" 2>/dev/null | paste -sd ' ')"
coldplug
check_equal "at boot both ports go to the stock driver" "ixgbe ixgbe" "$(drivers)"
check "modprobe ixgbe_bulk" modprobe ixgbe_bulk
check_equal "loading the fork takes no port" "ixgbe ixgbe" "$(drivers)"

# there and back
mapfile -t names < <(port_names)
if_a=${names[0]} if_b=${names[1]}
ip link set "$if_a" mtu 1400 up
ip addr add 10.83.0.1/24 dev "$if_a"
ip -6 addr add fd83::1/64 dev "$if_a" nodad
ip route add 10.84.0.0/16 via 10.83.0.9 dev "$if_a"
ip link set "$if_b" up
ip addr add 10.85.0.1/24 dev "$if_b"
before=$(settings "$if_a")
moves "bind by interface: to the fork" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
check_equal "name, mtu, addresses, route and being up are kept" "$before" "$(settings "$if_a")"
check_equal "ethtool names the driver" "driver: ixgbe_bulk" "$(ethtool -i "$if_a" | head -n 1)"
check_equal "bind lists the ports" "$b ixgbe $if_b"$'\n'"$a ixgbe_bulk $if_a" "$(scripts/bind)"
moves "bind by PCI address: back" "ixgbe ixgbe" "$a" ixgbe
check_equal "everything is kept on the way back" "$before" "$(settings "$if_a")"
moves "bind by short PCI address" "ixgbe_bulk ixgbe" "${a#0000:}" ixgbe_bulk
moves "bind where it is already" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
# one port each: the best comparison there is
ip addr flush dev "$if_a"
ip link set "$if_a" mtu 1500
ip addr flush dev "$if_b"
check "stock and fork talk to each other" mixed_link
if have_sheaves; then data=none; else data=some; fi
check_equal "stats counts what the fork stacked" "some $data" \
	"$(scripts/stats | awk '$1 == "stacked" && NF == 3 { print ($2 > 0) ? "some" : "none", ($3 > 0) ? "some" : "none" }')"
end_netns
moves "and back to stock" "ixgbe ixgbe" "$a" ixgbe

# who would cut himself off
ip link set "$if_a" up
ip link set "$if_b" up
ip addr add 10.83.0.1/24 dev "$if_a"
refuses "the only address stays" "the only address" "$if_a" ixgbe_bulk
ip addr add 10.85.0.1/24 dev "$if_b"
ip route add default via 10.83.0.9 dev "$if_a"
refuses "the default route stays" "carries the default route" "$if_a" ixgbe_bulk
refuses "by PCI address, too" "carries the default route" "$a" ixgbe_bulk
ip route del default
ip -6 addr add fd83::1/64 dev "$if_a" nodad
ip -6 route add default via fd83::9 dev "$if_a"
refuses "the IPv6 default route stays" "carries the default route" "$if_a" ixgbe_bulk
ip -6 route del default
# as sudo has it: the variable is known to a process further up only
export SSH_CONNECTION="10.83.0.7 50000 10.83.0.1 22"
# the script is not the first command, or bash would become it
bash -c 'env -u SSH_CONNECTION scripts/bind "$@"; exit $?' bash "$if_a" ixgbe_bulk >/tmp/said 2>&1
check_equal "the ssh session's port stays" "1 1 ixgbe ixgbe" "$? $(grep -c 'your ssh session' /tmp/said) $(drivers)"
moves "another port than the ssh session's is moved" "ixgbe ixgbe_bulk" "$if_b" ixgbe_bulk
moves "and back" "ixgbe ixgbe" "$if_b" ixgbe
unset SSH_CONNECTION
ip link add br0 type bridge
ip link set "$if_a" master br0
refuses "the port of a bridge stays" "br0 is built on it" "$if_a" ixgbe_bulk
ip link del br0
ip netns add other
ip link set "$if_a" netns other
check_equal "a port in another namespace stays" "1 ixgbe ixgbe" \
	"$(scripts/bind "$a" ixgbe_bulk 2>&1 | grep -c 'another network namespace') $(drivers)"
ip netns del other
wait_for 20 have_ports
ip link set "$if_a" up
ip addr add 10.83.0.1/24 dev "$if_a"
ip route add default via 10.83.0.9 dev "$if_a"
before=$(settings "$if_a")
moves "--force moves it" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk --force
check_equal "and the default route is there again" "$before" "$(settings "$if_a")"
moves "--force, back" "ixgbe ixgbe" "$if_a" ixgbe --force
ip route del default

# a fork that does not take the port
mount --bind /dev/full /sys/bus/pci/drivers/ixgbe_bulk/bind
refuses "when the fork fails the stock driver is back" "it is back with ixgbe" "$if_a" ixgbe_bulk
umount /sys/bus/pci/drivers/ixgbe_bulk/bind
refuses "no such interface" "there is no interface" nosuch0 ixgbe_bulk
refuses "not a PCI card" "not a PCI network card" lo ixgbe_bulk
refuses "another driver" "is not a driver of these ports" "$if_a" e1000e

# boot default
scripts/boot-default ixgbe_bulk >/dev/null && unload_drivers && coldplug
check_equal "boot default: both ports go to the fork" "ixgbe_bulk ixgbe_bulk" "$(drivers)"
rmmod ixgbe
check_equal "rmmod ixgbe leaves the fork's ports" "ixgbe_bulk ixgbe_bulk" "$(drivers)"
unload_drivers
mkdir /tmp/away
mv "/lib/modules/$kver"/updates/dkms/* /tmp/away/
depmod
coldplug
check_equal "on a kernel without the fork the stock driver has them" "ixgbe ixgbe" "$(drivers)"
mv /tmp/away/* "/lib/modules/$kver/updates/dkms/"
depmod
unload_drivers
scripts/boot-default ixgbe >/dev/null
coldplug
check_equal "boot default taken back" "ixgbe ixgbe ixgbe" "$(scripts/boot-default show) $(drivers)"

# plain insmod
unload_drivers
for m in $(modinfo -F depends ixgbe_bulk | tr , ' '); do
	[ "$m" = skb_bulk ] || modprobe "$m"
done
insmod "$(modinfo -F filename skb_bulk)" && insmod "$(modinfo -F filename ixgbe_bulk)" && wait_for 20 have_ports
check_equal "insmod skb_bulk.ko, insmod ixgbe_bulk.ko" "ixgbe_bulk ixgbe_bulk" "$(drivers)"

# away with it all, the boot default still set and a port that must not be cut off
scripts/boot-default ixgbe_bulk >/dev/null
ip link set "$if_a" up
ip addr add 10.83.0.1/24 dev "$if_a"
make uninstall >/tmp/said 2>&1
check_equal "uninstall stops at a port that must not be cut off" "2 1 ixgbe_bulk" \
	"$? $(grep -c 'FORCE=1' /tmp/said) $(port_driver "$a")"
make uninstall FORCE=1 >/tmp/said 2>&1
check_equal "uninstall hands the ports back" "0 ixgbe ixgbe" "$? $(drivers)"
check_equal "uninstall leaves no trace" "" "$(traces)"

if [ "$build" = build ]; then
	# the cache of the layer's compiler, where the caller gave it with --add; without it this takes a quarter of an hour
	[ ! -d /var/cache/ccache ] || export PATH=/usr/lib/ccache:$PATH CCACHE_DIR=/var/cache/ccache CCACHE_COMPILERCHECK=content
	make install >/tmp/said 2>&1
	check_equal "make install builds in the guest" 0 $? || sed 's/^/# /' /tmp/said
	check_equal "it says what to type next" 1 "$(grep -c "scripts/bind $if_a ixgbe_bulk" /tmp/said)"
	check_equal "it leaves the ports alone" "ixgbe ixgbe" "$(drivers)"
	moves "its fork takes a port" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk --force
	make uninstall FORCE=1 >/tmp/said 2>&1
	check_equal "uninstall leaves no trace of it" "" "$(traces)"
fi
[ ! -e "$file" ] || ktap_note "$file is left"
ktap_end
