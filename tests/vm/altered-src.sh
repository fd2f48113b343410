# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests that build skb_bulk from sources which are altered on purpose.
# shellcheck disable=SC2034 # the scripts that source this read what it sets

# copy_src ARGUMENT...: takes [--src DIR] [KERNEL]; sets from, kernel and work, in which src is a copy until the script ends
copy_src() {
	from=src kernel=6.1
	while [ $# -gt 0 ]; do
		case $1 in
		--src) from=${2:?--src wants a directory}; shift ;;
		-*)
			echo "Usage: ${0##*/} [--src DIR] [KERNEL] (src, 6.1; KTAP on stdout)"
			exit 2
			;;
		*) kernel=$1 ;;
		esac
		shift
	done
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cp -r "$from" "$work/src"
}
