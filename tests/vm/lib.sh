# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the scripts of tests/vm share: the cache, messages, locks, kernels and Debian's mirror.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$vm_dir/../.." && pwd)
cache=${SKB_BULK_CACHE:-/var/cache/skb-bulk}
# some of the tools live where a user's PATH does not look
PATH=$PATH:/usr/sbin:/sbin
export repo PATH

say() { echo "vm: $*" >&2; }
die() { say "$*"; exit 2; }

need_root() {
	[ "$(id -u)" = 0 ] || die "root is needed to $1: run this as root or through sudo"
}

# need_cache: it is there, and is ours
need_cache() {
	[ ! -e "$cache/CACHEDIR.TAG" ] || return 0
	# what is deleted later must have been made here
	mkdir -p "$cache" || die "cannot make the cache $cache: run this as root, or name another place in SKB_BULK_CACHE"
	[ -z "$(ls -A "$cache")" ] || die "$cache holds other things: name an empty place in SKB_BULK_CACHE"
	echo "Signature: 8a477f597d28d172789f06886806bc55" >"$cache/CACHEDIR.TAG"
}

# need_tools TOOL=PACKAGE...: install the packages of the tools, or files, that are missing
need_tools() {
	local t missing=()
	for t; do
		if [[ $t = /* ]]; then [ -e "${t%%=*}" ]; else command -v "${t%%=*}" >/dev/null; fi || missing+=("${t##*=}")
	done
	[ ${#missing[@]} = 0 ] && return
	command -v apt-get >/dev/null || die "please install ${missing[*]} (there is no apt-get here to do it)"
	need_root "install ${missing[*]}"
	say "installing ${missing[*]} with apt"
	need_cache
	mkdir -p "$cache/log"
	apt-get update -q >"$cache/log/apt.log" 2>&1 || die "apt-get update failed: see $cache/log/apt.log"
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >>"$cache/log/apt.log" 2>&1 ||
		die "apt could not install ${missing[*]}: see $cache/log/apt.log"
}

# for what is built to run here
need_compiler() { need_tools make=make gcc=gcc /usr/include/stdio.h=libc6-dev; }

# lock NAME: hold a lock until this process ends, so that two runs do not make one thing twice
lock() {
	local fd
	need_cache
	mkdir -p "$cache/lock"
	exec {fd}>"$cache/lock/$1"
	flock -n "$fd" && return
	say "waiting for another run that makes $1"
	flock -w 1800 "$fd" || die "$1 has been locked for half an hour: is another run stuck?"
}

# work_dir NAME: a new directory below the cache, on the same file system. What a killed run left is swept on the way;
# an hour's grace is for runs whose process numbers cannot be seen from here.
work_dir() {
	local d pid
	mkdir -p "$cache/tmp"
	find "$cache/tmp" -mindepth 1 -maxdepth 1 -mmin +60 -name '*.pid*' | while read -r d; do
		pid=${d##*.pid}
		[ -d "/proc/${pid%%.*}" ] || rm -rf --one-file-system "$d"
	done
	mktemp -d "$cache/tmp/$1.pid$$.XXXXXX"
}

# in_namespace COMMAND...: run with mounts and processes of its own, all gone when it ends, however it ends.
# pid 1 of a namespace takes only the signals that it handles, hence the trap.
in_namespace() {
	# shellcheck disable=SC2016
	unshare --mount --pid --fork --kill-child --mount-proc bash -c \
		'trap "exit 130" INT TERM HUP; "$@" <&0 & wait $!' namespace "$@"
}

# suite_of KERNEL: the Debian suite that a kernel's name stands for
suite_of() {
	case $1 in
	5.10 | 5.10-rt) echo bullseye ;;
	6.1 | 6.1-rt | 6.1-debug) echo bookworm ;;
	6.12 | 6.12-rt) echo trixie ;;
	7.3 | 7.3-rt) echo trixie-backports ;;
	*) die "no kernel '$1': choose 5.10, 6.1, 6.12 or 7.3, each with -rt or without, or 6.1-debug" ;;
	esac
}

# mirror LABEL: the site that this machine's apt has for Debian or for Debian-Security
mirror() {
	local field=2 list
	if [ "$1" = Debian ] && [ -n "${SKB_BULK_MIRROR:-}" ]; then
		echo "${SKB_BULK_MIRROR%/}"
		return
	fi
	# shellcheck disable=SC2016
	list=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian')
	awk -v l="$1" -v f=$field '$1 == l { sub("/$", "", $f); print $f; exit }' <<<"$list"
}

keyring() {
	local k=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e $k ] || die "$k is missing: install debian-archive-keyring"
	echo $k
}

# sources SUITE...: an apt source list on stdout; updates that the mirror does not have are left out
sources() {
	local s site main security probe keys
	keys=$(keyring)
	main=$(mirror Debian)
	if [ -z "$main" ]; then
		need_root "read Debian's package lists"
		apt-get update -q >/dev/null || die "apt-get update failed: check this machine's package sources"
		main=$(mirror Debian)
	fi
	[ -n "$main" ] || die "this machine's apt knows no Debian mirror: name one in SKB_BULK_MIRROR"
	security=$(mirror Debian-Security)
	mkdir -p "$cache/tmp"
	probe=$(mktemp "$cache/tmp/probe.XXXXXX")
	for s; do
		site=$main
		case $s in *-security) site=$security ;; esac
		[ -n "$site" ] || continue
		if ! /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root \
			download-file "$site/dists/$s/InRelease" "$probe" >/dev/null 2>&1; then
			case $s in *-updates | *-security) say "the mirror has no $s, going on without it"; continue ;; esac
			rm -f "$probe"
			die "cannot read $s from the mirror $site: see to this machine's network, or name another mirror in SKB_BULK_MIRROR"
		fi
		echo "deb [signed-by=$keys] $site $s main"
	done
	rm -f "$probe"
}

# how a guest counts instructions, the same in every run: the emulator's part and the kernel's
# shellcheck disable=SC2034 # the scripts that source this read it
icount_qemu=(-accel tcg -icount 'shift=0,sleep=off' -rtc 'base=2024-01-01,clock=vm' -cpu 'max,rdrand=off,rdseed=off')
# shellcheck disable=SC2034
icount_machine=q35,nvdimm=on icount_words="nokaslr norandmaps randomize_kstack_offset=off random.trust_cpu=off"

# kver_of KERNEL: its release as uname -r tells it, once its tree exists
kver_of() { cat "$cache/tree/$1.kver"; }

# repo_files: the names of the repository's files, tracked or new but not ignored, each ended by a zero byte
repo_files() {
	if [ -e "$repo/.git" ] && command -v git >/dev/null; then
		# root may read a clone that belongs to a user
		(cd "$repo" && git -c safe.directory='*' ls-files -z --cached --others --exclude-standard) |
			(cd "$repo" && while IFS= read -r -d '' f; do [ -e "$f" ] && printf '%s\0' "$f"; done)
	else
		(cd "$repo" && find . -path ./.git -prune -o -type f -print0)
	fi
}

# run_with_card DIR ARGUMENT...: tests/vm/run whose guest commands the card: a line "@card COMMAND" of its script is told
# to the card, any other printed. In DIR are then stats, what the card counted, and said, what it and tests/vm/run said.
run_with_card() {
	local dir=$1 line pid status=0
	shift
	need_compiler
	# said: a caller that takes the status has switched errexit off
	make -s -C "$repo/tests/nic82599" O="$dir/build" || return
	: >"$dir/out"
	"$vm_dir/run" --card-arg --control --card-arg "$dir/control" --card-arg --stats --card-arg "$dir/stats" \
		"$@" >"$dir/out" 2> >(tee "$dir/said" >&2) &
	pid=$!
	while read -r line; do
		case $line in
		'@card '*)
			# shellcheck disable=SC2086 # words
			"$dir/build/nic82599" --tell "$dir/control" ${line#@card } >/dev/null || echo "# the card refused: ${line#@card }"
			;;
		*) echo "$line" ;;
		esac
	done < <(tail -n +1 -f --pid=$pid -s 0.1 "$dir/out")
	wait $pid || status=$?
	return $status
}
