# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For guests of the benches: what they are, and the slabs that skbs use, forgotten or tuned as one can have it without a module.

# tell_env: what makes this guest what it is, for whoever wants the same again
tell_env() {
	local f all='' state
	for f in /sys/devices/system/cpu/vulnerabilities/*; do
		[ -e "$f" ] || continue
		read -r state <"$f"
		all+="${all:+; }${f##*/}: $state"
	done
	echo "env release $(uname -r)"
	echo "env version $(cat /proc/version)"
	echo "env cmdline $(cat /proc/cmdline)"
	echo "env mitigations $all"
}
# tell_module: the same of skb_bulk, once it is loaded
tell_module() {
	echo "env depth $(cat /sys/module/skb_bulk/parameters/depth)"
	echo "env idle_ms $(cat /sys/module/skb_bulk/parameters/idle_ms)"
}

slabs_used="skbuff_head_cache skbuff_fclone_cache skbuff_small_head kmalloc-256 kmalloc-512 kmalloc-1k kmalloc-2k kmalloc-4k"
declare -A untuned=()

# what is measured finds the slabs as in a guest of its own: what ran before and left them full costs up to a third more or less
forget_slabs() {
	local c
	for c in $slabs_used; do
		[ ! -e "/sys/kernel/slab/$c" ] || echo 1 >"/sys/kernel/slab/$c/shrink"
	done
}

# set_to FILE VALUE, remembering what was there
set_to() {
	[ -n "${untuned[$1]:-}" ] || read -r untuned["$1"] <"$1" || return
	echo "$2" >"$1"
}
# set_slabs NAME: fails when this kernel's slabs have no such thing
set_slabs() {
	local c
	for c in $slabs_used; do
		[ ! -e "/sys/kernel/slab/$c" ] || set_to "/sys/kernel/slab/$c/$1" 1024 || return
	done 2>/dev/null
}
set_defer_max() {
	[ -e /proc/sys/net/core/skb_defer_max ] && set_to /proc/sys/net/core/skb_defer_max 0
}
# tune NAME: none, cpu_partial, min_partial or defer_max (net.core.skb_defer_max=0), nomerge (on the kernel's command line), or
# all: every one that can be set and that there is. Takes back what was tuned before. Fails when this kernel has no such thing.
tune() {
	local f
	for f in "${!untuned[@]}"; do echo "${untuned[$f]}" >"$f"; done
	case $1 in
	none) ! grep -qw slab_nomerge /proc/cmdline ;;
	nomerge) grep -qw slab_nomerge /proc/cmdline ;;
	cpu_partial | min_partial) set_slabs "$1" ;;
	defer_max) set_defer_max ;;
	all)
		set_slabs cpu_partial || true
		set_defer_max || true
		set_slabs min_partial ;;
	esac
}
