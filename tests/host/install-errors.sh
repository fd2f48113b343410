#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install where it cannot work: one sentence that says what to do, a failing status, nothing left, the stock driver untouched.
# tests/run: timeout=1200 args=6.1
# tests/run: timeout=1200 args=7.3 when=named
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: install-errors.sh [KERNEL]...
	Tries the mistakes in the Debian tree of each KERNEL (6.1 and 7.3: two generations of DKMS).
	END
}

results=17

left_behind() {
	find /usr/src /var/lib/dkms /etc/modprobe.d /lib/modules/ \( -name 'skb-bulk*' -o -name '*ixgbe_bulk*' -o -name 'skb_bulk*' \) 2>/dev/null
}

# fails NAME SENTENCE COMMAND...
fails() {
	local name=$1 sentence=$2 said left

	shift 2
	if said=$("$@" 2>&1 </dev/null); then
		ktap_not_ok "$name: it succeeded"
		return
	fi
	left=$(left_behind)
	if ! grep -qF -- "$sentence" <<<"$said"; then
		ktap_not_ok "$name: it does not say '$sentence'"
		ktap_note "${said//$'\n'/$'\n'# }"
	elif [ -n "$left" ]; then
		ktap_not_ok "$name: it left ${left//$'\n'/ }"
	elif [ "$(sha256sum <"$stock")" != "$stock_sum" ]; then
		ktap_not_ok "$name: it changed $stock"
	else
		ktap_ok "$name"
	fi
}

# without FILE COMMAND...: as if FILE were not installed
without() {
	local file=$1 status=0

	shift
	mv "$file" "$file.away"
	"$@" || status=$?
	mv "$file.away" "$file"
	return $status
}

install() { make install KVER="$kver" "$@"; }

# interrupted: ctrl-C reaches the whole group of processes while the compiler is at work
interrupted() {
	local status=0
	timeout -s INT 15 make install KVER="$kver" || status=$?
	[ "$status" != 124 ] || status=130
	return $status
}

inside() {
	local headers tarball top work
	kver=$1
	stock=$(modinfo -k "$kver" -F filename ixgbe)
	stock_sum=$(sha256sum <"$stock")
	headers=$(readlink -f "/lib/modules/$kver/build")
	tarball=$(echo /usr/src/linux-source-*.tar.xz)
	top=${tarball##*/}
	top=${top%.tar.xz}
	work=$(mktemp -d)
	cp -R . "$work/tree"
	cd "$work/tree"
	chmod 755 "$work"

	fails "another user than root" "only root can do this" setpriv --reuid 65534 --regid 65534 --clear-groups make install KVER="$kver"
	fails "another user than root, uninstall" "only root can do this" setpriv --reuid 65534 --regid 65534 --clear-groups make uninstall
	fails "another user than root, boot default" "only root can do this" setpriv --reuid 65534 --regid 65534 --clear-groups scripts/boot-default ixgbe_bulk
	fails "no dkms" "apt install dkms" without "$(command -v dkms)" install
	fails "no spatch" "apt install coccinelle" without "$(command -v spatch)" install
	fails "no kernel source" "apt install linux-source-" without "$tarball" install
	fails "no headers" "apt install linux-headers-6.1.0-0-none" make install KVER=6.1.0-0-none
	fails "a kernel before the range" "outside the range" make install KVER=4.19.0-1-amd64
	fails "a kernel after the range" "outside the range" make install KVER=8.0.1-amd64
	fails "no such KVER" "outside the range" make install KVER=yesterday
	fails "KSRC that is not there" "does not exist" make install KVER="$kver" KSRC=/none
	echo not a tarball >"$work/text"
	fails "KSRC that is no source" "not a tarball" make install KVER="$kver" KSRC="$work/text"
	fails "boot default without the fork" "run make install first" scripts/boot-default ixgbe_bulk
	cp "$headers/.config" "$work/config"
	sed -i '/^CONFIG_IXGBE=/d' "$headers/.config"
	fails "a flavour without ixgbe" "built without ixgbe" install
	cp "$work/config" "$headers/.config"

	tar -xf "$tarball" -C "$work" --occurrence=1 "$top/Makefile" "$top/drivers/net/ethernet/intel/ixgbe"
	echo '#error this source is broken' >>"$work/$top/drivers/net/ethernet/intel/ixgbe/ixgbe_lib.c"
	fails "a source that does not build is blamed itself" "compiler, headers and source do not fit together" install KSRC="$work/$top"

	fails "ctrl-C" "" interrupted

	cp -R src "$work/src"
	echo '#error this module is broken' >>src/skb_bulk.h
	fails "our own fault is called ours" "so the fault is in skb-bulk" install
	rm -rf src
	mv "$work/src" src
}

case ${1:-} in
-h | --help) usage; exit ;;
--inside) inside "$2"; exit ;;
esac
[ $# -gt 0 ] || set -- 6.1 7.3
ktap_plan $((results * $#))
for kernel; do
	tests/vm/make-tree "$kernel" >&2
	kver=$(cat "${SKB_BULK_CACHE:-/var/cache/skb-bulk}/tree/$kernel.kver")
	# results come unnumbered from inside, and are missed by the plan when they do not come
	while IFS= read -r line; do
		case $line in
		"ok "*) ktap_ok "$kernel: ${line#ok * }" ;;
		"not ok "*) ktap_not_ok "$kernel: ${line#not ok * }" ;;
		*) ktap_note "${line#\# }" ;;
		esac
	done < <(timeout 900 tests/vm/tree-exec --kernel "$kernel" --bind "$PWD:/root/skb-bulk" --cd /root/skb-bulk -- \
		tests/host/install-errors.sh --inside "$kver" 2>&1)
done
ktap_end
