#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the owner of a real host types, on two emulated ports: bind there and back, boot default, uninstall, install.
# With the word "build" it ends with make install in the guest, which takes minutes there and is done on one kernel only.
# tests/run: kernels=5.10,6.1,7.3 ports=2 timeout=1500
# tests/run: kernels=6.12 ports=2 timeout=1500 when=named
# tests/run: kernels=6.1 ports=2 mem=2048 timeout=4500 ccache=yes args=build when=named
set -u
cd "$(dirname "$0")/../.." || exit
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

build=${1:-}
kver=$(uname -r)
file=/etc/modprobe.d/skb-bulk-boot-default.conf
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
	# the kernel makes one link-local address by itself
	ip -o addr show dev "$1" | awk '$4 !~ /^fe80::[^\/]*ff:fe/ { sub(/\\.*/, ""); sub(/ nodad| tentative/, ""); $1 = ""; print }' | sort
	{ ip -4 route show table all dev "$1"; ip -6 route show table all dev "$1"; } |
		grep -vE 'proto (kernel|ra)|table local|^multicast ' | sed 's/ linkdown//' | sort
}
# moves NAME DRIVERS BIND-ARGUMENT...; what bind warned of is in warned
moves() {
	local name=$1 want=$2 said
	shift 2
	said=$(timeout 60 scripts/bind "$@" 2>&1) || { ktap_not_ok "$name: bind failed: $said"; return; }
	warned=$(grep warning <<<"$said")
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
	find /usr/src /var/lib -maxdepth 1 -name 'skb-bulk*'
	find /usr/src /var/lib/dkms /etc/modprobe.d /etc/initramfs-tools "/lib/modules/$kver" \
		\( -name 'skb-bulk*' -o -name '*ixgbe_bulk*' -o -name 'skb_bulk*' \) 2>/dev/null
	grep -E 'skb_bulk|ixgbe_bulk' "/lib/modules/$kver/modules.dep" "/lib/modules/$kver/modules.softdep" /proc/modules
	[ ! -d /sys/bus/pci/drivers/ixgbe_bulk ] || echo "driver ixgbe_bulk"
	dkms status 2>/dev/null | grep skb-bulk
}
mixed_link() {
	two_netns && ping_right 3 && tcp_transfer 4
}

if [ "$build" = build ]; then ktap_plan 69; else ktap_plan 64; fi

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
ip addr add 10.86.0.1/32 dev "$if_a" label "$if_a:1"
ip addr add 169.254.7.7/16 dev "$if_a" scope link
ip -6 addr add fe80::7/64 dev "$if_a" nodad
ip route add 10.84.0.0/16 via 10.83.0.9 dev "$if_a"
# whose gateway is reached by a route that is listed after it
ip route add 10.86.9.1 dev "$if_a" scope link
ip route add 10.80.0.0/16 via 10.86.9.1 dev "$if_a" src 10.86.0.1
ip route add 10.88.0.0/16 via 10.83.0.9 dev "$if_a" table 100 metric 7
ip -6 route add fd84::/64 via fd83::9 dev "$if_a" src fd83::1
ip -6 route add fd85::/64 via fe80::9 dev "$if_a" table 100
ip link set "$if_b" up
ip addr add 10.85.0.1/24 dev "$if_b"
before=$(settings "$if_a")
moves "bind by interface: to the fork" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
check_equal "name, mtu, addresses, routes of all tables and being up are kept" "$before" "$(settings "$if_a")"
check_equal "and bind misses nothing" "" "$warned"
check_equal "ethtool names the driver" "driver: ixgbe_bulk" "$(ethtool -i "$if_a" | head -n 1)"
check_equal "bind lists the ports" "$b ixgbe $if_b"$'\n'"$a ixgbe_bulk $if_a" "$(scripts/bind)"
moves "bind by PCI address: back" "ixgbe ixgbe" "$a" ixgbe
check_equal "everything is kept on the way back" "$before" "$(settings "$if_a")"
# a route whose source another port has is one that cannot come back while that port is without it
ip addr add 10.89.0.1/32 dev "$if_b"
ip route add 10.89.9.0/24 via 10.83.0.9 dev "$if_a" src 10.89.0.1
sed 's,^detach || die,ip addr del 10.89.0.1/32 dev '"$if_b"'\n&,' scripts/bind >scripts/bind-and-break
chmod +x scripts/bind-and-break
check_equal "what does not come back is named" 1 \
	"$(scripts/bind-and-break "$if_a" ixgbe_bulk 2>&1 | grep -c "warning: $if_a is without its route 10.89.9.0/24 via 10.83.0.9 .*by hand")"
rm scripts/bind-and-break
moves "and back" "ixgbe ixgbe" "$if_a" ixgbe
moves "bind by short PCI address" "ixgbe_bulk ixgbe" "${a#0000:}" ixgbe_bulk
moves "bind where it is already" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
check_equal "everything is kept" "$before" "$(settings "$if_a")"
ip link set "$if_a" address 02:00:00:00:83:01
moves "a port with a MAC address that was set by hand" "ixgbe ixgbe" "$if_a" ixgbe
check_equal "has it still" 02:00:00:00:83:01 "$(cat "/sys/class/net/$if_a/address")"
ip link set "$if_a" address "$(ethtool -P "$if_a" | sed 's/.*: //')"
moves "and to the fork again" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
# one port each: the best comparison there is
ip addr flush dev "$if_a"
ip route flush table 100
ip -6 route flush table 100
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
ip link add docker0 type dummy
ip link set docker0 up
ip addr add 10.90.0.1/24 dev docker0
refuses "an address of no card is no way in" "the only address" "$if_a" ixgbe_bulk
export FORCE=1
refuses "nor does FORCE in the environment force" "the only address" "$if_a" ixgbe_bulk
unset FORCE
# a bridge is one when a card is in it
ip link add br0 type bridge
ip link set "$if_b" master br0
ip link set br0 up
ip addr add 10.85.0.1/24 dev br0
moves "the address of another port's bridge is one" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk
moves "and back" "ixgbe ixgbe" "$if_a" ixgbe
ip link del br0
ip link del docker0
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
export SSH_CONNECTION="fe80::7%$if_a 50000 fe80::1%$if_a 22"
refuses "so does that of one over link-local IPv6" "your ssh session" "$if_a" ixgbe_bulk
moves "where another port is moved" "ixgbe ixgbe_bulk" "$if_b" ixgbe_bulk
moves "and back" "ixgbe ixgbe" "$if_b" ixgbe
unset SSH_CONNECTION
ip link add br0 type bridge
ip link set "$if_a" master br0
refuses "the port of a bridge stays" "br0 is built on it" "$if_a" ixgbe_bulk
moves "--force moves it" "ixgbe_bulk ixgbe" "$if_a" ixgbe_bulk --force
check_equal "into the bridge" br0 "$(basename "$(readlink "/sys/class/net/$if_a/master")")"
moves "--force, back" "ixgbe ixgbe" "$if_a" ixgbe --force
ip link del br0
ip link add link "$if_a" name vlan5 type vlan id 5
refuses "the port of a VLAN stays, which would be lost" "vlan5 is built on it and would be lost" "$if_a" ixgbe_bulk
ip link del vlan5
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
# what keeps the initramfs from being made must not hide that it has to be
cp "$(command -v update-initramfs)" /tmp/update-initramfs
printf '#!/bin/sh\nexit 1\n' >"$(command -v update-initramfs)"
scripts/boot-default ixgbe >/dev/null 2>&1
check_equal "a boot default whose initramfs is not made fails" 1 $?
cp /tmp/update-initramfs "$(command -v update-initramfs)"
check_equal "and is done by the second try" "from the next boot on" "$(scripts/boot-default ixgbe 2>/tmp/said | grep -o '^from the next boot on')" || sed 's/^/# /' /tmp/said
check_equal "the third has nothing to do" "ixgbe is the boot default already" "$(scripts/boot-default ixgbe)"
coldplug
check_equal "boot default taken back" "ixgbe ixgbe ixgbe" "$(scripts/boot-default show) $(drivers)"

# plain insmod
unload_drivers
for m in $(modinfo -F depends ixgbe_bulk | tr , ' '); do
	[ "$m" = skb_bulk ] || modprobe "$m"
done
insmod "$(modinfo -F filename skb_bulk)" && insmod "$(modinfo -F filename ixgbe_bulk)" && wait_for 20 have_ports
check_equal "insmod skb_bulk.ko, insmod ixgbe_bulk.ko" "ixgbe_bulk ixgbe_bulk" "$(drivers)"

# a file of that name that somebody else wrote
echo "options skb_bulk depth=64" >"$file"
scripts/boot-default ixgbe >/tmp/said 2>&1
check_equal "what somebody else wrote stays" "1 1 options skb_bulk depth=64" "$? $(grep -c 'move it away' /tmp/said) $(cat "$file")"
rm -f "$file"

# away with it all, the boot default still set and a port that must not be cut off
scripts/boot-default ixgbe_bulk >/dev/null
ip link set "$if_a" up
ip addr add 10.83.0.1/24 dev "$if_a"
make uninstall >/tmp/said 2>&1
check_equal "uninstall stops at a port that must not be cut off" "2 1 ixgbe_bulk" \
	"$? $(grep -c 'FORCE=1' /tmp/said) $(port_driver "$a")"
FORCE=1 make uninstall >/tmp/said 2>&1
check_equal "nor is it cut off by FORCE in the environment" "2 ixgbe_bulk" "$? $(port_driver "$a")"
make uninstall FORCE=1 >/tmp/said 2>&1
check_equal "uninstall hands the ports back" "0 ixgbe ixgbe" "$? $(drivers)"
check_equal "uninstall leaves no trace" "" "$(traces)"
refuses "bind without the modules" "run make install first" "$if_a" ixgbe_bulk

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
