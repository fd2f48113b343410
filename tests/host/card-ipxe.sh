#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A driver that the card was not written for: iPXE's own, from Debian's package, fetches a file over the emulated port.
# tests/run: timeout=600
# shellcheck disable=SC2154 # lib.sh says where the cache is
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh
# shellcheck source=/dev/null
. tests/vm/lib.sh

case ${1-} in
'') ;;
*)
	echo "Usage: card-ipxe.sh (no arguments; KTAP on stdout)"
	exit 2
	;;
esac
dir=$(mktemp -d)
card=
trap '[ -z "$card" ] || kill "$card" 2>/dev/null; rm -rf "$dir"' EXIT

tests/vm/fetch-qemu
if [ ! -e "$cache/ipxe/ipxe.lkrn" ]; then
	(
		cd "$dir"
		download=(apt-get -q -o APT::Sandbox::User=root download ipxe)
		# a fresh machine's apt has no lists yet
		"${download[@]}" >&2 || { apt-get update -q >&2 && "${download[@]}" >&2; }
		dpkg-deb -x ipxe_*.deb x
	) || die "apt could not fetch the package ipxe: see above"
	mkdir -p "$cache/ipxe"
	cp "$dir/x/boot/ipxe.lkrn" "$cache/ipxe/"
fi
need_compiler
make -s -C tests/nic82599 O="$dir/build"

# QEMU comes with its own loader and libraries, unpacked and not installed
q=$cache/qemu lib=$cache/qemu/usr/lib/x86_64-linux-gnu
# boot NAME DEVICE-ID: runs the script once, what it says goes to $dir/NAME
boot() {
	local i
	"$dir/build/nic82599" --port "sock=$dir/port,tester=1,id=$2" >"$dir/ready" 2>"$dir/$1.card" &
	card=$!
	for ((i = 0; i < 50; i++)); do
		grep -q ready "$dir/ready" && break
		sleep 0.1
	done
	QEMU_MODULE_DIR=$lib/qemu timeout 60 "$q/usr/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$q/usr/bin/qemu-system-x86_64" \
		-L "$q/usr/share/qemu" -L "$q/usr/share/seabios" -M q35,graphics=off -accel tcg -m 256 \
		-object memory-backend-memfd,id=m0,size=256M,share=on -machine memory-backend=m0 -nodefaults -no-user-config \
		-nographic -serial "file:$dir/$1" -no-reboot -kernel "$cache/ipxe/ipxe.lkrn" -initrd "$dir/script" \
		-device pcie-root-port,id=rp0,chassis=1,slot=1 \
		-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$dir/port\"},\"bus\":\"rp0\"}" \
		</dev/null >"$dir/qemu.log" 2>&1 &
	for ((i = 0; i < 500; i++)); do
		grep -q 'script done' "$dir/$1" 2>/dev/null && break
		sleep 0.1
	done
	kill $! 2>/dev/null || true
	wait $! 2>/dev/null || true
	wait "$card" || true
	card=
}
cat >"$dir/script" <<'END'
#!ipxe
ifopen net0
set net0/ip 198.18.0.1
set net0/netmask 255.255.255.0
chain --timeout 5000 tftp://198.18.0.2/first || echo no file
ifclose net0
ifopen net0
chain --timeout 5000 tftp://198.18.0.77/second || echo no file
ifstat net0
echo script done
END
says() { grep -aq "$2" "$dir/$1" || { cat "$dir/$1"; return 1; }; }
fetched() { [ "$(grep -ac 'fetched from the test set' "$dir/$1")" = 2 ] || { cat "$dir/$1"; return 1; }; }
silent() { [ ! -s "$dir/$1" ] || { cat "$dir/$1"; return 1; }; }

ktap_plan 6
cd "$here"
for id in 10f7 10fb; do
	boot "$id" "$id"
	check "$id: iPXE finds its driver" says "$id" 'using 82599' || true
	check "$id: a file over TFTP, twice, with the port closed between" fetched "$id" || true
	check "$id: no unknown register, no refused DMA" silent "$id.card" || true
done
ktap_end
