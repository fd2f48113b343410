#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Breaks a promise of skb_bulk at a time, in a copy of src, and wants tests/guest/module-classes.sh to see it.
# tests/run: when=named timeout=3600
set -eu
cd "$(dirname "$0")/../.."

usage() {
	cat <<-END
	Usage: mutations.sh [--kernel KERNEL] [MUTATION]...
	Runs every MUTATION or those named, on KERNEL (6.1): each must make the suite fail, for its own reason.
	END
}
kernel=6.1 names=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2:?}; shift ;;
	-*) usage; exit 2 ;;
	*) names+=("$1") ;;
	esac
	shift
done

# NAME%FILE%sed script%what the report or the kernel's log must say
mutations=$(
	cat <<'END'
held-dst%consume.c%/^static noinline void skb_release_state/,/^}/ s/^\tskb_dst_drop(skb);$//%the dst has 2 references
held-conntrack%consume.c%/^static noinline void skb_release_state/,/^}/ s/^\tnf_reset_ct(skb);$//%the connection has 2 references
held-extension%consume.c%/^static noinline void skb_release_state/,/^}/ s/^\tskb_ext_reset(skb);$//%the xfrm state has 2 references
held-socket%consume.c%/^static noinline void skb_release_state/,/^}/ s/^\t\tskb->destructor(skb);$//%bytes are charged to the socket
held-frags%consume.c%s/^\t\tskb_release_frags(skb);$/\t\t;/%page 0 has 2 references
zerocopy-delayed%consume.c%s/skb_zcopy(skb) ||/false ||/%completed 0 times
clone-owns-data%consume.c%s/skb->cloned \&\& !skb_unref_data(skb)/false/%clone-last|BUG|bad page
headers-counted%consume.c%s/skb->nohdr ? .*: 1, /1, /%tcp-(last|first)|objects before
pair-kept%consume.c%s/if (refcount_dec_and_test(&pair->fclone_ref))/if (refcount_dec_and_test(\&pair->fclone_ref) \&\& false)/%fclone.*objects before
double-push%consume.c%/^static noinline void consume_uncommon/,/^}/ s/^\t\tskb_bulk_stack_push(&c->head, .*$/&\n&/%do not add up|BUG|same head
one-leaks%stack.c%/^void skb_bulk_stack_give_back_one/,/^}/ s/^\tkfree(obj);$/\t;/%objects before
budget-ignored%consume.c%s/likely(budget && skb)/likely(skb)/%was not deferred|BUG|WARNING
dirty-head%alloc.c%s/memset(skb, 0, offsetof(struct sk_buff, tail));/skb->next = NULL;/%the kernel has
remote-ignored%consume.c%s/static_branch_unlikely(&skb_bulk_remote_to_kernel) \&\& compat/false \&\& compat/%not ok [0-9]* remote=kernel
memory-kept%shrinker.c%s/^\t\tskb_bulk_idle_drain_soon(c);$/\t\t;/%not ok [0-9]* memory pressure
leaking-drain%stack.c%s/kmem_cache_free_bulk(s->cache, nr, obj);/kmem_cache_free_bulk(s->cache, nr > 1 ? nr - 1 : nr, obj);/%objects before
END
)
wanted() { [ ${#names[@]} = 0 ] || [[ " ${names[*]} " = *" $1 "* ]]; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0
report() { # ok|not_ok TEXT
	count=$((count + 1))
	if [ "$1" = ok ]; then echo "ok $count $2"; else echo "not ok $count $2"; failed=1; fi
}
echo "TAP version 13"
while IFS=% read -r name file script symptom; do
	wanted "$name" || continue
	rm -rf "$work/src"
	cp -r src "$work/src"
	sed -i "$script" "$work/src/$file"
	if cmp -s "src/$file" "$work/src/$file"; then
		report not_ok "$name: src/$file no longer has the line that this breaks"
		continue
	fi
	if tests/host/module-classes.sh --few --src "$work/src" "$kernel" >"$work/out" 2>&1; then
		report not_ok "$name: the suite passes"
	elif grep -qE "$symptom" "$work/out"; then
		report ok "$name is seen: $(grep -m1 -oE "$symptom" "$work/out")"
	else
		report not_ok "$name: the suite fails, but not for this"
		tail -n 30 "$work/out" | sed 's/^/# /'
	fi
done <<<"$mutations"
echo "1..$count"
exit $failed
