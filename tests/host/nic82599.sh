#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulated card without a guest: its unit tests, built with the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/../nic82599"

case ${1-} in
'') ;;
*) echo "usage: nic82599.sh (no arguments; KTAP on stdout)" >&2; exit 2 ;;
esac

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
if ! make -s O="$build" "$build/check" >"$build/log" 2>&1; then
	cat "$build/log" >&2
	echo "nic82599.sh: the tests do not build: install gcc and its sanitizer libraries (package gcc)" >&2
	exit 1
fi
# what the card reports on stderr is expected from tests that provoke it
timeout 120 "$build/check" 2>"$build/log" || { cat "$build/log" >&2; exit 1; }
