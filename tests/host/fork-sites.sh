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

# the mistakes are tried on the last kernel only
results=6 mistakes=27
driver=drivers/net/ethernet/intel/ixgbe

# The lines that the patched files have and the stock ones have not, and the other way round (build_skb is napi_build_skb
# from 5.15 on), without blanks and brackets, which spatch sets differently in each version.
patched='ixgbe.h ixgbe_ethtool.c ixgbe_main.c'
added='"skb_bulk_consumed"IXGBE_STATskb_bulk_sum.consumed
"skb_bulk_reused"IXGBE_STATskb_bulk_sum.reused
#include"skb_bulk.h"
MODULE_DESCRIPTION"ixgbewithsk_buffsfreedandreusedinbulkbyskb_bulk"
adapter->skb_bulk_sum=sum
charixgbe_driver_name[]="ixgbe_bulk"
fori=0i<adapter->num_q_vectorsi++
skb=skb_bulk_napi_alloc&rx_ring->q_vector->napiIXGBE_RX_HDR_SIZE
skb=skb_bulk_napi_buildxdp->data_hard_starttruesize
skb_bulk_napi_consumetx_buffer->skbnapi_budget
skb_bulk_share_add&q_vector->skb_bulk&mark
structixgbe_q_vector*vector=READ_ONCEadapter->q_vector[i]
structskb_bulk_sharemark=skb_bulk_share_mark
structskb_bulk_shareskb_bulk
structskb_bulk_shareskb_bulk_sum
structskb_bulk_sharesum=
sum.consumed+=vector?vector->skb_bulk.consumed:0
sum.reused+=vector?vector->skb_bulk.reused:0'
removed='EXPORT_SYMBOLixgbe_xdp_locking_key
MODULE_DESCRIPTION"IntelR10GigabitPCIExpressNetworkDriver"
MODULE_DEVICE_TABLEpciixgbe_pci_tbl
charixgbe_driver_name[]="ixgbe"
napi_consume_skbtx_buffer->skbnapi_budget
skb=build_skbxdp->data_hard_starttruesize
skb=napi_alloc_skb&rx_ring->q_vector->napiIXGBE_RX_HDR_SIZE'

make_source() { ixgbe-bulk/make-source --kernel "$kver" --out "$work/out" "$@"; }

made_from() {
	make_source && grep "^$1 " "$work/out/SOURCE"
}

# changed_lines SIDE
changed_lines() {
	local file
	for file in $patched; do
		diff "$work/k/$driver/$file" "$work/out/$file" || true
	done | sed -n "s/^$1//p" | tr -d ' \t{}(),;' | sed -e '/^$/d' -e 's/=napi_build_skbxdp/=build_skbxdp/' | LC_ALL=C sort
}

no_other_differs() {
	local other
	[ -e "$work/out/SOURCE" ] || { echo "nothing was made"; return 1; }
	other=$(diff -qr "$work/k/$driver" "$work/out" | grep -vE "/(${patched// /|}) |: (SOURCE|(${patched// /|})\\.stock)\$" || true)
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

# broken NAME SENTENCE SED-SCRIPT [FILE]: the same with ixgbe_main.c, or FILE, changed, which the script must do
broken() {
	local file=$driver/${4:-ixgbe_main.c}
	rm -rf "$work/b"
	cp -r "$work/k" "$work/b"
	sed -i "$3" "$work/b/$file"
	if cmp -s "$work/k/$file" "$work/b/$file"; then
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
	check "no other file is changed" no_other_differs || true
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
	broken "header missing" "site header (the include of ixgbe_type.h) is there 0 times" '/^#include "ixgbe_type.h"/d' ixgbe.h
	broken "header twice" "site header (the include of ixgbe_type.h) is there 2 times" 's/^#include "ixgbe_type.h"/&\n&/' ixgbe.h
	broken "share_of_vector missing" "site share_of_vector (struct ixgbe_q_vector) is there 0 times" \
		'/^struct ixgbe_q_vector {/,/^}/ s/^\tstruct ixgbe_adapter \*adapter;/\tvoid *adapter;/' ixgbe.h
	broken "share_of_port missing" "site share_of_port (restart_queue of struct ixgbe_adapter) is there 0 times" \
		'/^struct ixgbe_adapter {/,/^}/ s/^\tu64 restart_queue;/\tu32 restart_queue;/' ixgbe.h
	broken "share_shown missing" "site share_shown (tx_restart_queue in ixgbe_gstrings_stats) is there 0 times" \
		'/tx_restart_queue/d' ixgbe_ethtool.c
	broken "share_shown twice" "site share_shown (tx_restart_queue in ixgbe_gstrings_stats) is there 2 times" \
		's/.*"tx_restart_queue".*/&\n&/' ixgbe_ethtool.c
	broken "share_summed missing" "site share_summed (restart_queue in ixgbe_update_stats) is there 0 times" \
		's/adapter->restart_queue = restart_queue;/adapter->restart_queue += restart_queue;/'
	broken "share_marked missing" "site share_marked (adapter in ixgbe_poll) is there 0 times" \
		'/^int ixgbe_poll(/,/^}/ s/^\tstruct ixgbe_adapter \*adapter = /\tvoid *adapter = /'
	broken "share_counted missing" "site share_counted (clean_complete in ixgbe_poll) is there 0 times" \
		's/^\tif (!clean_complete)$/\tif (clean_complete == false)/'

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
last=${*: -1}
ktap_plan $((results * $# + mistakes))
for kernel; do
	tests/vm/make-tree "$kernel" >&2
	kver=$(cat "${SKB_BULK_CACHE:-/var/cache/skb-bulk}/tree/$kernel.kver")
	which=few
	[ "$kernel" != "$last" ] || which=all
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
