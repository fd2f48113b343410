#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install, a kernel upgrade, the boot default and make uninstall in Debian trees, down to what the initramfs holds.
# tests/run: timeout=2400 when=named
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
cache=${SKB_BULK_CACHE:-/var/cache/skb-bulk}

usage() {
	cat <<-END
	Usage: install.sh [KERNEL]...
	Does it all in the Debian tree of each KERNEL (5.10 6.1 6.12 7.3), with that tree's dkms, spatch and initramfs-tools.
	END
}

results=18

everything() {
	# what a directory's size is says nothing, and the initramfs in /boot is looked into by itself
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /root/skb-bulk -o -path /var/cache \
		-o -path /boot -o -path /var/lib/initramfs-tools \) -prune -o -type d -printf '%p\n' -o -printf '%p %y %s %l\n' |
		LC_ALL=C sort
}
# text of a module, unpacked
unpacked() { # KERNEL MODULE
	local file
	file=$(modinfo -k "$1" -F filename "$2")
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -dc "$file" ;;
	*) cat "$file" ;;
	esac
}
# the functions that its files share, which tells when an object is missing
functions() {
	unpacked "$1" "$2" >/tmp/module
	nm --defined-only /tmp/module | awk '$2 == "T" { print $3 }' | grep -vE '^(init|cleanup)_module$|^__(pfx|SC[KT])_' | sort
}
depends() { modinfo -k "$1" -F depends "$2" | tr , '\n' | sort; }
in_initramfs() { lsinitramfs "/boot/initrd.img-$kver" | grep -oE '(skb_bulk|ixgbe_bulk)\.ko|skb-bulk\.conf' | LC_ALL=C sort | paste -sd ' '; }

inside() {
	local new old

	kver=$1
	# the compiler's cache is that of the layers
	export PATH=/usr/lib/ccache:$PATH CCACHE_DIR=/var/cache/ccache
	check "an initramfs to begin with" update-initramfs -c -k "$kver" || true
	everything >/tmp/before

	check "make install" make install KVER="$kver" || true
	check "dkms has both" test -e "$(modinfo -k "$kver" -F filename skb_bulk)" -a -e "$(modinfo -k "$kver" -F filename ixgbe_bulk)" || true
	check_equal "the fork has no alias by which udev would load it" "" "$(modinfo -k "$kver" -F alias ixgbe_bulk)" || true
	check_equal "it has the parameters of ixgbe" "$(modinfo -k "$kver" -F parm ixgbe)" "$(modinfo -k "$kver" -F parm ixgbe_bulk)" || true
	check_equal "it needs what ixgbe needs, and skb_bulk" "$( (depends "$kver" ixgbe; echo skb_bulk) | sort)" \
		"$(depends "$kver" ixgbe_bulk)" || true
	check_equal "it is made of the same objects" "$(functions "$kver" ixgbe)" "$(functions "$kver" ixgbe_bulk)" || true
	check_equal "the initramfs is as it was" "" "$(in_initramfs)" || true

	# the hook that the package of a kernel runs, on a kernel that differs by name
	new=$(sed -E 's/^([0-9]+\.[0-9]+)[^a-z]*/\1.0-999-/' <<<"$kver")
	mkdir "/lib/modules/$new"
	cp "/lib/modules/$kver"/modules.{order,builtin,builtin.modinfo} "/lib/modules/$new/"
	ln -s "$(readlink -f "/lib/modules/$kver/build")" "/lib/modules/$new/build"
	check "a kernel upgrade builds for the new kernel" /etc/kernel/postinst.d/dkms "$new" || true
	# newer dkms leaves this kernel without a modules.dep to look in
	check "and puts the fork there" test -n "$(find "/lib/modules/$new/" -name 'ixgbe_bulk.ko*')" || true
	old=4.19.0-99-amd64
	cp -a "/lib/modules/$new" "/lib/modules/$old"
	rm -rf "/lib/modules/$old/updates"
	check "a kernel outside the range does not disturb the upgrade" /etc/kernel/postinst.d/dkms "$old" || true
	check_equal "and is skipped" "" "$(find "/lib/modules/$old/" -name '*bulk*')" || true

	check "boot default" scripts/boot-default ixgbe_bulk || true
	check_equal "the initramfs has the fork and the choice" "ixgbe_bulk.ko skb-bulk.conf skb_bulk.ko" "$(in_initramfs)" || true
	check_equal "the fork is loaded before ixgbe" ixgbe_bulk \
		"$(modprobe -S "$kver" --show-depends ixgbe | grep -oE 'ixgbe(_bulk)?\.ko' | head -n 1 | sed 's/\.ko//')" || true

	check "make uninstall" make uninstall || true
	check_equal "the initramfs has nothing of it" "" "$(in_initramfs)" || true
	rm -rf "/lib/modules/$new" "/lib/modules/$old"
	everything >/tmp/after
	check "nothing else is left" diff /tmp/before /tmp/after || true
}

case ${1:-} in
-h | --help) usage; exit ;;
--inside) inside "$2"; exit ;;
esac
[ $# -gt 0 ] || set -- 5.10 6.1 6.12 7.3
ktap_plan $((results * $#))
for kernel; do
	tests/vm/make-tree "$kernel" >&2
	kver=$(cat "$cache/tree/$kernel.kver")
	mkdir -p "$cache/ccache/$kernel"
	# results come unnumbered from inside, and are missed by the plan when they do not come
	while IFS= read -r line; do
		case $line in
		"ok "*) ktap_ok "$kernel: ${line#ok * }" ;;
		"not ok "*) ktap_not_ok "$kernel: ${line#not ok * }" ;;
		*) ktap_note "${line#\# }" ;;
		esac
	done < <(timeout 900 tests/vm/tree-exec --kernel "$kernel" --bind "$PWD:/root/skb-bulk" --bind "$cache/ccache/$kernel:/var/cache/ccache" \
		--cd /root/skb-bulk -- tests/host/install.sh --inside "$kver" 2>&1)
done
ktap_end
