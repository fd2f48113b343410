#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What make clean-cache removes and what it refuses to, on a cache made up for it.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: cache.sh
	END
}
case ${1:-} in '') ;; -h | --help) usage; exit ;; *) usage >&2; exit 2 ;; esac

work=$(mktemp -d)
pid=''
cleanup() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	chattr -i "$work"/* "$work"/*/* 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# fill: a new cache as runs of many kinds leave it, with a directory that clean has never heard of
fill() {
	cache=$work/cache.$((++fills))
	mkdir -p "$cache"/{ccache,debug-kernel,image,ipxe,kmod,layer,lock,log,mnt,nic82599,qemu,tmp,tree}/6.1 "$cache/to come" "$cache/.hidden"
	touch "$cache/CACHEDIR.TAG" "$cache/log/a.log" "$cache/tree/6.1.kver"
}
fills=0
clean() { make -s clean-cache SKB_BULK_CACHE="$cache" 2>&1; }
content() { find "$cache" -mindepth 1 -printf '%P\n' 2>/dev/null | LC_ALL=C sort; }
# refuses NAME SENTENCE [COMMAND...]: clean says SENTENCE, fails, and removes nothing
refuses() {
	local before said
	before=$(content)
	if said=$("${@:3}" clean); then
		ktap_not_ok "$1: it succeeded"
	elif ! grep -qF -- "$2" <<<"$said"; then
		ktap_not_ok "$1: it does not say '$2' but: $said"
	else
		check_equal "$1" "$before" "$(content)"
	fi
}

ktap_plan 9

fill
check_equal "an emptied cache is gone" "0 " "$(clean >/dev/null; echo $? "$([ ! -e "$cache" ] || content)")" || true
# the next run begins as the first did
check "and can be made again" env SKB_BULK_CACHE="$cache" bash -euc '. tests/vm/lib.sh; need_cache' || true
check_equal "with nothing but its tag" CACHEDIR.TAG "$(content)" || true

fill
before=$(content)
SKB_BULK_CACHE=$cache tests/vm/clean logs
check_equal "logs alone" "$(grep -vE '^log(/|$)' <<<"$before")" "$(content)" || true

fill
rm "$cache/CACHEDIR.TAG"
refuses "what has no tag is somebody else's" "empty it by hand" || true

fill
mkdir -p "$cache/qemu/usr/bin"
cp "$(command -v sleep)" "$cache/qemu/usr/bin/qemu-system-x86_64"
"$cache/qemu/usr/bin/qemu-system-x86_64" 600 &
pid=$!
refuses "a guest that runs" "end it first" || true
kill "$pid"
wait "$pid" 2>/dev/null || true
pid=''

fill
# shellcheck disable=SC2016 # the inner shell expands it
in_mounts() { unshare --mount bash -euc 'mount -t tmpfs none "$1/mnt"; SKB_BULK_CACHE=$1 tests/vm/clean' _ "$cache" 2>&1; }
if ! unshare --mount true 2>/dev/null; then
	ktap_skip "a mount below" "mounts are for root alone"
else
	check_equal "a mount below" "2 vm: something is mounted below $cache: unmount it first 0" \
		"$(said=$(in_mounts); echo $? "$said" "$(content | diff - <(fill; content) >/dev/null; echo $?)")" || true
fi

fill
if ! chattr +i "$cache/kmod/6.1" 2>/dev/null; then
	ktap_skip "what cannot be removed" "this file system knows no immutable files"
	ktap_skip "a second try" "this file system knows no immutable files"
else
	check_equal "what cannot be removed is named, and stays ours" "2 CACHEDIR.TAG kmod kmod/6.1" \
		"$(said=$(clean) || status=$?; grep -q 'left is: kmod' <<<"$said" && echo "$status $(content | paste -sd ' ')")" || true
	chattr -i "$cache/kmod/6.1"
	check_equal "a second try removes it" "" "$(clean; [ ! -e "$cache" ] || content)" || true
fi
ktap_end
