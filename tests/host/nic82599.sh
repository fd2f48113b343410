#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card without a guest: its unit tests, built with the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
. tests/vm/lib.sh

case ${1-} in
'') ;;
*) echo "usage: nic82599.sh (no arguments; KTAP on stdout)" >&2; exit 2 ;;
esac

need_compiler
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
if ! make -s -C tests/nic82599 O="$build" "$build/check" >"$build/log" 2>&1; then
	cat "$build/log" >&2
	die "the card's tests do not build: see above"
fi
# what the card reports on stderr is expected from tests that provoke it
timeout 120 "$build/check" 2>"$build/log" || { cat "$build/log" >&2; exit 1; }
