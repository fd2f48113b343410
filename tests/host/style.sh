#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How the code is written: shellcheck on all shell, and on the kernel code checkpatch --strict and sparse out of a Debian tree.
# tests/run: kernels=6.1,7.3
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/guest-lib.sh

usage() {
	cat <<-END
	Usage: style.sh [KERNEL]
	Takes checkpatch.pl, sparse and the headers from the Debian tree of KERNEL (6.1).
	END
}

shell_files() {
	git -c safe.directory='*' ls-files -z | while IFS= read -r -d '' f; do
		[ -f "$f" ] || continue
		case $(head -n 1 "$f" | tr -d '\0') in
		'#!'*sh | '# shellcheck shell='*) printf '%s\0' "$f" ;;
		esac
	done
}
# shellcheck disable=SC2317
shell_is_clean() { shell_files | xargs -0 shellcheck -x; }
# shellcheck disable=SC2317
each_has_its_lines() { # a licence and, in a script, a usage
	local f bad=0
	while IFS= read -r -d '' f; do
		case $f in
		LICENSE | *.md | .gitignore | */.shellcheckrc | */corpus/* | */probes) continue ;;
		esac
		[ -f "$f" ] || continue
		head -n 3 "$f" | grep -qa 'SPDX-License-Identifier: GPL-2.0' || { echo "$f: no SPDX line on top"; bad=1; }
	done < <(git -c safe.directory='*' ls-files -z)
	return $bad
}

# these run in the tree, on a copy of the source
checkpatch() {
	local tarball top
	tarball=$(echo /usr/src/linux-source-*.tar.xz)
	top=${tarball##*/}
	top=${top%.tar.xz}
	tar -xf "$tarball" -C /tmp --occurrence=1 "$top/scripts/checkpatch.pl" "$top/scripts/spelling.txt" "$top/scripts/const_structs.checkpatch"
	# it leaves a file where it is run
	mkdir /tmp/checkpatch
	cp -R src tests/kmod /tmp/checkpatch/
	cd /tmp/checkpatch || return
	local status=0
	says "$top" '' ! -path '*/kmod/*' ! -name trace.h || status=1
	# a trace header is laid out as define_trace.h wants it
	says "$top" ,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE -name trace.h || status=1
	# marks are lists of bytes, a table's length is asked for where the table is named, and newer ways to allocate are newer
	says "$top" ,COMPLEX_MACRO,MACRO_ARG_REUSE,ALLOC_WITH_SIZEOF -path '*/kmod/*' || status=1
	return $status
}
# says TOP MORE-IGNORED FIND-WORD...: these are modules that serve many versions; lines are 130 long
says() {
	local top=$1 more=$2
	shift 2
	find . -name '*.[ch]' "$@" -print0 |
		xargs -0 perl "/tmp/$top/scripts/checkpatch.pl" --no-tree --strict --terse --no-summary --show-types --max-line-length=130 \
			--ignore "LINUX_VERSION_CODE$more" -f
}
sparse_says() {
	local log=/tmp/sparse.log
	cp -R src /tmp/sparse
	make -s -C "/lib/modules/$1/build" M=/tmp/sparse C=2 CHECK="sparse" CF=-D__CHECK_ENDIAN__ modules >$log 2>&1 || { cat $log; return 1; }
	# the kernel's own headers are not ours to mend
	! grep -E '^/tmp/sparse/.*(warning|error):' $log
}

case ${1:-} in
-h | --help) usage; exit ;;
--inside) "$2" "$3"; exit ;;
-*) usage >&2; exit 2 ;;
esac
kernel=${1:-6.1}
in_tree() {
	timeout 300 tests/vm/tree-exec --kernel "$kernel" --bind "$PWD:/root/skb-bulk" --cd /root/skb-bulk -- \
		tests/host/style.sh --inside "$1" "$(cat "${SKB_BULK_CACHE:-/var/cache/skb-bulk}/tree/$kernel.kver")"
}

ktap_plan 4
tests/vm/make-tree "$kernel" >&2
# in a shell of its own, for it has other names and a cache
# shellcheck source=/dev/null
(. tests/vm/lib.sh; need_tools shellcheck=shellcheck git=git) >&2
check "shellcheck" shell_is_clean || true
check "a licence line on top of each file" each_has_its_lines || true
check "checkpatch --strict of $kernel" in_tree checkpatch || true
check "sparse with the headers of $kernel" in_tree sparse_says || true
ktap_end
