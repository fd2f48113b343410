#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install, a kernel upgrade, the boot default and make uninstall in Debian trees, down to what the initramfs holds.
# tests/run: kernels=5.10,6.1,6.12,7.3 timeout=1800 when=named
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

results=35

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
in_initramfs() { lsinitramfs "/boot/initrd.img-$kver" | grep -oE '(skb_bulk|ixgbe_bulk)\.ko|skb-bulk-boot-default\.conf' | LC_ALL=C sort | paste -sd ' '; }

# upgrade NUMBER: the hook that the package of a kernel runs, on a kernel that differs by name, which is in new afterwards
upgrade_name() {
	new=$(sed -E "s/^([0-9]+\\.[0-9]+)[^a-z]*/\\1.0-99$1-/" <<<"$kver")
}
upgrade() {
	upgrade_name "$1"
	mkdir "/lib/modules/$new"
	cp "/lib/modules/$kver"/modules.{order,builtin,builtin.modinfo} "/lib/modules/$new/"
	ln -s "$(readlink -f "/lib/modules/$kver/build")" "/lib/modules/$new/build"
	/etc/kernel/postinst.d/dkms "$new"
}
# newer dkms leaves such a kernel without a modules.dep to look in
modules_of() { find "/lib/modules/$1/" -name '*bulk*.ko*' -printf '%f\n' | sed 's/\.ko.*//' | sort | paste -sd ' '; }
both='ixgbe_bulk skb_bulk'

inside() {
	local new first old tarball top source said status

	kver=$1
	# some of it is broken on purpose, and the repository is not the place for that
	cp -R . /tmp/skb-bulk
	cd /tmp/skb-bulk
	tarball=$(echo /usr/src/linux-source-*.tar.xz)
	# the compiler's cache is that of the layers
	export PATH=/usr/lib/ccache:$PATH CCACHE_DIR=/var/cache/ccache
	check "an initramfs to begin with" update-initramfs -c -k "$kver" || true
	everything >/tmp/before

	check "make install" make install KVER="$kver" || true
	check_equal "what to type next is for when that kernel runs" 1 "$(grep -c "once $kver runs" /tmp/check.$$)" || true
	check "dkms has both" test -e "$(modinfo -k "$kver" -F filename skb_bulk)" -a -e "$(modinfo -k "$kver" -F filename ixgbe_bulk)" || true
	check_equal "the fork has no alias by which udev would load it" "" "$(modinfo -k "$kver" -F alias ixgbe_bulk)" || true
	check_equal "it has the parameters of ixgbe" "$(modinfo -k "$kver" -F parm ixgbe)" "$(modinfo -k "$kver" -F parm ixgbe_bulk)" || true
	check_equal "it needs what ixgbe needs, and skb_bulk" "$( (depends "$kver" ixgbe; echo skb_bulk) | sort)" \
		"$(depends "$kver" ixgbe_bulk)" || true
	check_equal "it is made of the same objects" "$(functions "$kver" ixgbe)" "$(functions "$kver" ixgbe_bulk)" || true
	check_equal "the initramfs is as it was" "" "$(in_initramfs)" || true

	check "a kernel upgrade builds for the new kernel" upgrade 1 || true
	check_equal "and puts the modules there" "$both" "$(modules_of "$new")" || true
	first=$new
	old=4.19.0-99-amd64
	cp -a "/lib/modules/$new" "/lib/modules/$old"
	rm -rf "/lib/modules/$old/updates"
	check "a kernel outside the range does not disturb the upgrade" /etc/kernel/postinst.d/dkms "$old" || true
	check_equal "and is skipped" "" "$(find "/lib/modules/$old/" -name '*bulk*')" || true

	check "boot default" scripts/boot-default ixgbe_bulk || true
	check_equal "the initramfs has the fork and the choice" "ixgbe_bulk.ko skb-bulk-boot-default.conf skb_bulk.ko" "$(in_initramfs)" || true
	check_equal "the fork is loaded before ixgbe" ixgbe_bulk \
		"$(modprobe -S "$kver" --show-depends ixgbe | grep -oE 'ixgbe(_bulk)?\.ko' | head -n 1 | sed 's/\.ko//')" || true

	# an update whose modules do not build takes nothing away, of no kernel
	cp src/skb_bulk.h /tmp/skb_bulk.h
	echo '#error this module is broken' >>src/skb_bulk.h
	check_equal "an update that fails says that all is as before" "2 1" "$(said=$(make install KVER="$kver" 2>&1); echo $? "$(grep -c 'what was installed before is put back' <<<"$said")")" || true
	cp /tmp/skb_bulk.h src/
	check_equal "and so it is" "$both, $both, installed installed" \
		"$(modules_of "$kver"), $(modules_of "$first"), $(dkms status | grep skb-bulk | grep -o installed | paste -sd ' ')" || true
	check "what is loaded next is found" modinfo -k "$kver" ixgbe_bulk || true

	# a source that is named, another point release's, and then the kernel's own upgrades
	mv "$tarball" /tmp/away.tar.xz
	source=/opt/kernel-source
	top=$(basename "$tarball" .tar.xz)
	tar -xf /tmp/away.tar.xz -C /tmp --occurrence=1 "$top/Makefile" "$top/drivers/net/ethernet/intel/ixgbe"
	mv "/tmp/$top" $source
	sed -i 's/^SUBLEVEL = .*/SUBLEVEL = 0/' $source/Makefile
	echo "/* another version */" >>src/skb_bulk.h
	status=0
	said=$(make install KVER="$kver" KSRC=$source 2>&1) || status=$?
	check_equal "a source of another point release is taken, and told" "0 yes" \
		"$status $(grep -q "the nearest source here is .*\.0 ($source)" <<<"$said" && echo yes || echo "$said")" || true
	check_equal "the other kernel that had the modules has them again" "$both" "$(modules_of "$first")" || true
	check "a kernel upgrade remembers the source" upgrade 2 || true
	check_equal "and has both modules" "$both" "$(modules_of "$new")" || true
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 99/' $source/Makefile
	status=0
	said=$(upgrade 3 2>&1) || status=$?
	check_equal "an upgrade without a source of its series goes through" 0 $status || true
	upgrade_name 3
	check_equal "says why it is without the fork" yes \
		"$(grep -q "left out for kernel $new.*apt install linux-source-.*dkms autoinstall -k $new" <<<"$said" && echo yes || echo "$said")" || true
	check_equal "and is without" "" "$(modules_of "$new")" || true
	mv /tmp/away.tar.xz "$tarball"
	rm -rf $source
	cp /tmp/skb_bulk.h src/

	# an initramfs that cannot be made
	cp "$(command -v update-initramfs)" /tmp/update-initramfs
	printf '#!/bin/sh\nexit 1\n' >"$(command -v update-initramfs)"
	check_equal "make uninstall says so when the initramfs is not made" "2 1" \
		"$(said=$(make uninstall 2>&1); echo $? "$(grep -c 'do this again' <<<"$said")")" || true
	cp /tmp/update-initramfs "$(command -v update-initramfs)"
	check "the second make uninstall, by the place itself" /usr/src/skb-bulk-0.1/scripts/uninstall || true
	check_equal "the initramfs has nothing of it" "" "$(in_initramfs)" || true

	# what somebody has taken away by hand
	check "make install once more" make install KVER="$kver" || true
	rm -rf /usr/src/skb-bulk-*
	check "make uninstall without the source" make uninstall || true
	check_equal "leaves no module" "" "$(modules_of "$kver")" || true
	check "and for the last time" make install KVER="$kver" || true
	mv "$(command -v dkms)" /tmp/dkms
	check "make uninstall without dkms" make uninstall || true
	mv /tmp/dkms /usr/sbin/dkms
	rm -rf "/lib/modules/${kver%%.*}".*-99[123]-* "/lib/modules/$old"
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
	done < <(timeout 1700 tests/vm/tree-exec --kernel "$kernel" --bind "$PWD:/root/skb-bulk" --bind "$cache/ccache/$kernel:/var/cache/ccache" \
		--cd /root/skb-bulk -- tests/host/install.sh --inside "$kver" 2>&1)
done
ktap_end
