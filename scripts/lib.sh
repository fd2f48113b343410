# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What several scripts need: messages, and facts about a kernel release. Sourced, not run.
# shellcheck disable=SC2034
PACKAGE=skb-bulk
STOCK=ixgbe
FORK=ixgbe_bulk
# it is there while an initramfs may still hold a boot default that was taken back
STALE=/var/lib/$PACKAGE-stale-initramfs

# what was said to the make that runs a script is not for the make that the script runs, nor for those of dkms
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

say() { printf '%s\n' "$*"; }
warn() { printf '%s: warning: %s\n' "${0##*/}" "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

need_root() {
	[ "$(id -u)" -eq 0 ] || die "only root can do this (run it with sudo)"
}

# the value of an option, or a sentence instead of an unbound variable
value() {
	[ -n "${2:-}" ] || die "$1 needs a value (--help tells)"
	printf '%s\n' "$2"
}

package_version() { # TREE
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$1/dkms.conf"
}

# "6.1.176" of the kernel that a directory of headers is for; a release such as 6.1.0-50 does not tell the point
# release, nor does LINUX_VERSION_CODE past 255
headers_version() { # DIR
	make -s --no-print-directory -C "$1" kernelversion 2>/dev/null | grep -oE '^[0-9]+\.[0-9]+\.[0-9]+'
}

source_version() { # MAKEFILE
	awk '$2 == "=" && $1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ { v[$1] = $3 }
	     END {
		if (v["VERSION"] == "")
			exit 1
		print v["VERSION"] "." v["PATCHLEVEL"] "." v["SUBLEVEL"]
	     }' "$1" 2>/dev/null
}

# the sources that KSRC= named for make install, a line each, newest first
remembered_ksrc() {
	cat "/usr/src/$PACKAGE"-[0-9]*/ksrc 2>/dev/null || true
}

# the range is written once, in dkms.conf, as a regular expression over the release
served_kernel() { # TREE RELEASE
	local range
	range=$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' "$1/dkms.conf")
	[[ $2 =~ $range ]]
}

# in a chroot the modules and devices in /sys are another system's
in_chroot() {
	[ "$(stat -Lc %d:%i / 2>/dev/null)" != "$(stat -Lc %d:%i /proc/1/root 2>/dev/null)" ]
}
