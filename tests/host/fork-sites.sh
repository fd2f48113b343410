#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The semantic patch on the ixgbe of every kernel: what it changes, and that a site missing or there twice stops it by name.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: fork-sites.sh [KERNEL]...
	Makes the fork in the Debian tree of each KERNEL (5.10 6.1 6.12 7.3), with that tree's own source, headers and spatch.
	END
}

# the mistakes are tried on the first and the last kernel only
results=6 mistakes=20
driver=drivers/net/ethernet/intel/ixgbe

# what the patched file has (build_skb is napi_build_skb from 5.15 on) that the stock one has not, and the other way round
added='#include "skb_bulk.h"
MODULE_DESCRIPTION("ixgbe with sk_buffs freed and reused in bulk by skb_bulk");
char ixgbe_driver_name[] = "ixgbe_bulk";
skb = skb_bulk_napi_alloc(&rx_ring->q_vector->napi, IXGBE_RX_HDR_SIZE);
skb = skb_bulk_napi_build(xdp->data_hard_start, truesize);
skb_bulk_napi_consume(tx_buffer->skb, napi_budget);'
removed='EXPORT_SYMBOL(ixgbe_xdp_locking_key);
MODULE_DESCRIPTION("Intel(R) 10 Gigabit PCI Express Network Driver");
MODULE_DEVICE_TABLE(pci, ixgbe_pci_tbl);
char ixgbe_driver_name[] = "ixgbe";
napi_consume_skb(tx_buffer->skb, napi_budget);
skb = build_skb(xdp->data_hard_start, truesize);
skb = napi_alloc_skb(&rx_ring->q_vector->napi, IXGBE_RX_HDR_SIZE);'

make_source() { ixgbe-bulk/make-source --kernel "$kver" --out "$work/out" "$@"; }

made_from() {
	make_source && grep "^$1 " "$work/out/SOURCE"
}

# changed_lines SIDE
changed_lines() {
	(diff "$work/k/$driver/ixgbe_main.c" "$work/out/ixgbe_main.c" || true) | sed -n "s/^$1[[:space:]]*//p" |
		sed 's/napi_build_skb(xdp/build_skb(xdp/' | LC_ALL=C sort
}

only_main_differs() {
	local other
	[ -e "$work/out/SOURCE" ] || { echo "nothing was made"; return 1; }
	other=$(diff -qr "$work/k/$driver" "$work/out" | grep -vE 'ixgbe_main\.c|: (SOURCE|ixgbe_main\.c\.stock)$' || true)
	[ -z "$other" ] || { echo "$other"; return 1; }
}

# stops NAME SENTENCE ARGUMENT...: make-source fails, says SENTENCE, and leaves nothing to build
stops() {
	local name=$1 sentence=$2 said
	shift 2
	rm -rf "$work/out"
	if said=$(make_source "$@" 2>&1); then
		ktap_not_ok "$name: make-source went on"
	elif ! grep -qF -- "$sentence" <<<"$said"; then
		ktap_not_ok "$name: it does not say '$sentence'"
		ktap_note "${said//$'\n'/$'\n'# }"
	elif [ -e "$work/out/SOURCE" ]; then
		ktap_not_ok "$name: it left a source to build"
	else
		ktap_ok "$name"
	fi
}

# broken NAME SENTENCE SED-SCRIPT: the same with ixgbe_main.c changed, which the script must do
broken() {
	rm -rf "$work/b"
	cp -r "$work/k" "$work/b"
	sed -i "$3" "$work/b/$driver/ixgbe_main.c"
	if cmp -s "$work/k/$driver/ixgbe_main.c" "$work/b/$driver/ixgbe_main.c"; then
		ktap_not_ok "$1: the test does not find the place to break"
		return
	fi
	stops "$1" "$2" --ksrc "$work/b"
}

inside() {
	local tarball top said series target
	kver=$1 work=$(mktemp -d)
	tarball=$(echo /usr/src/linux-source-*.tar.xz)
	top=${tarball##*/}
	top=${top%.tar.xz}

	check "made from the installed source" make_source || true
	tar -xf "$tarball" -C "$work" --occurrence=1 "$top/Makefile" "$top/$driver"
	mv "$work/$top" "$work/k"
	check "only ixgbe_main.c is changed" only_main_differs || true
	check_equal "lines added" "$added" "$(changed_lines '>')" || true
	# 5.10 exports nothing
	grep -q '^EXPORT_SYMBOL' "$work/k/$driver/ixgbe_main.c" || removed=${removed#*$'\n'}
	check_equal "lines removed" "$removed" "$(changed_lines '<')" || true

	series=$(sed -n 's/^VERSION = //p' "$work/k/Makefile").$(sed -n 's/^PATCHLEVEL = //p' "$work/k/Makefile")
	target=$series.$(sed -n 's/^SUBLEVEL = //p' "$work/k/Makefile")
	# neither the name of the tarball nor of what is in it matters
	cp -r "$work/k" "$work/older"
	sed -i 's/^SUBLEVEL = .*/SUBLEVEL = 1/' "$work/older/Makefile"
	tar -cjf "$work/some.tar.bz2" -C "$work" older
	rm -rf "$work/out"
	if said=$(make_source --ksrc "$work/some.tar.bz2" 2>&1); then
		check "another point release, from a tarball: made, with a warning" \
			grep -F "kernel $kver is $target, the nearest source here is $series.1" <<<"$said" || ktap_note "$said"
	else
		ktap_not_ok "another point release, from a tarball: $said"
	fi
	cp "$work/some.tar.bz2" "/usr/src/linux-source-$series.tar.bz2"
	check "the source of the same point release is preferred" made_from "$target" || true
	rm "/usr/src/linux-source-$series.tar.bz2"

	[ "$2" = all ] || return 0
	broken "tx_clean missing" "site tx_clean (napi_consume_skb in ixgbe_clean_tx_irq) is there 0 times" \
		's/napi_consume_skb(tx_buffer->skb, napi_budget)/dev_kfree_skb_any(tx_buffer->skb)/'
	broken "tx_clean twice" "site tx_clean (napi_consume_skb in ixgbe_clean_tx_irq) is there 2 times" \
		's/napi_consume_skb(tx_buffer->skb, napi_budget);/{ & & }/'
	broken "tx_clean elsewhere" "site tx_clean (napi_consume_skb in ixgbe_clean_tx_irq) is also found elsewhere" \
		's/dev_kfree_skb_any(tx_buffer->skb);/napi_consume_skb(tx_buffer->skb, 0);/'
	broken "rx_alloc missing" "site rx_alloc (napi_alloc_skb in ixgbe_construct_skb) is there 0 times" \
		's/= napi_alloc_skb(&rx_ring->q_vector->napi, /= netdev_alloc_skb(rx_ring->netdev, /'
	broken "rx_alloc twice" "site rx_alloc (napi_alloc_skb in ixgbe_construct_skb) is there 2 times" \
		's/skb = napi_alloc_skb(.*;/& &/'
	broken "rx_build missing" "site rx_build (napi_build_skb or build_skb in ixgbe_build_skb) is there 0 times" \
		's/= \(napi_\)\?build_skb(xdp/= slab_build_skb(xdp/'
	broken "rx_build twice" "site rx_build (napi_build_skb or build_skb in ixgbe_build_skb) is there 2 times" \
		's/skb = \(napi_\)\?build_skb(xdp.*;/& &/'
	broken "rx_build elsewhere" "site rx_build (napi_build_skb or build_skb in ixgbe_build_skb) is also found elsewhere" \
		's/^\(\t*\)skb = napi_alloc_skb(.*;/&\n\1skb = napi_build_skb(NULL, 0);/'
	broken "driver_name missing" "site driver_name (ixgbe_driver_name) is there 0 times" \
		's/ixgbe_driver_name\[\] = "ixgbe"/ixgbe_driver_name[] = "ixgbe10"/'
	broken "driver_name twice" "site driver_name (ixgbe_driver_name) is there 2 times" \
		's/^char ixgbe_driver_name\[\] = .*/&\n&/'
	broken "device_table missing" "site device_table (MODULE_DEVICE_TABLE of ixgbe_pci_tbl) is there 0 times" \
		'/^MODULE_DEVICE_TABLE/d'
	broken "device_table twice" "site device_table (MODULE_DEVICE_TABLE of ixgbe_pci_tbl) is there 2 times" \
		's/^MODULE_DEVICE_TABLE.*/&\n&/'
	broken "an export that stays" "site export (EXPORT_SYMBOL) is left in ixgbe_main.c" \
		's/^MODULE_DEVICE_TABLE.*/&\nEXPORT_SYMBOL_GPL(ixgbe_pci_tbl);/'
	broken "description missing" "site description (MODULE_DESCRIPTION) is there 0 times" '/^MODULE_DESCRIPTION/d'
	broken "description twice" "site description (MODULE_DESCRIPTION) is there 2 times" 's/^MODULE_DESCRIPTION.*/&\n&/'
	broken "header missing" "site header (the include of ixgbe.h) is there 0 times" '/^#include "ixgbe.h"/d'
	broken "header twice" "site header (the include of ixgbe.h) is there 2 times" 's/^#include "ixgbe.h"/&\n&/'

	cp -r "$work/k" "$work/lacking"
	rm "$work/lacking/$driver/ixgbe_xsk.c"
	stops "a source that lacks a file" "lacks ixgbe_xsk.c" --ksrc "$work/lacking"
	rm -rf "$work/b"
	cp -r "$work/k" "$work/b"
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 99/' "$work/b/Makefile"
	stops "a source of another series" "give a source of" --ksrc "$work/b"
	stops "a source that is not there" "does not exist" --ksrc "$work/none"

	rm -rf "$work"
}

case ${1:-} in
-h | --help) usage; exit ;;
--inside) inside "$2" "$3"; exit ;;
esac
[ $# -gt 0 ] || set -- 5.10 6.1 6.12 7.3
first=$1 last=${*: -1}
count=$((results * $# + mistakes))
[ "$first" = "$last" ] || count=$((count + mistakes))
ktap_plan $count
for kernel; do
	tests/vm/make-tree "$kernel" >&2
	kver=$(cat "${SKB_BULK_CACHE:-/var/cache/skb-bulk}/tree/$kernel.kver")
	which=few
	case $kernel in "$first" | "$last") which=all ;; esac
	# results come unnumbered from inside, and are missed by the plan when they do not come
	while IFS= read -r line; do
		case $line in
		"ok "*) ktap_ok "$kernel: ${line#ok * }" ;;
		"not ok "*) ktap_not_ok "$kernel: ${line#not ok * }" ;;
		*) ktap_note "${line#\# }" ;;
		esac
	done < <(timeout 600 tests/vm/tree-exec --kernel "$kernel" --bind "$PWD:/root/skb-bulk" --cd /root/skb-bulk -- \
		tests/host/fork-sites.sh --inside "$kver" $which 2>&1)
done
ktap_end
