#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Breaks a promise of skb_bulk at a time, in a copy of src, and wants tests/guest/module-classes.sh to see it.
# tests/run: timeout=900 args=some when=named
# tests/run: when=named timeout=7200
set -eu
cd "$(dirname "$0")/../.."

usage() {
	cat <<-END
	Usage: mutations.sh [--kernel KERNEL] [--src DIR] [--apply] [some | MUTATION...]
	Runs every MUTATION or those named, on KERNEL (6.1): each must make the suite fail, for its own reason. "some" are two of
	different kinds. With --apply it only looks whether src, or DIR, still has the lines that they break.
	END
}
kernel=6.1 from=src apply='' names=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=${2:?}; shift ;;
	--src) from=${2:?}; shift ;;
	--apply) apply=1 ;;
	-*) usage; exit 2 ;;
	some) names+=(double-push unmoved-idle) ;;
	*) names+=("$1") ;;
	esac
	shift
done

# NAME%FILE%sed script%what the report or the kernel's log must say
mutations=$(
	cat <<'END'
held-dst%consume.c%/^static .* void skb_release_state(/,/^}/ s/^\tskb_dst_drop(skb);$//%the dst has 2 references
held-conntrack%consume.c%/^static .* void skb_release_state(/,/^}/ s/^\tnf_reset_ct(skb);$//%the connection has 2 references
held-extension%consume.c%/^static .* void skb_release_state(/,/^}/ s/^\tskb_ext_reset(skb);$//%the xfrm state has 2 references
held-socket%consume.c%/^static .* void skb_release_state(/,/^}/ s/^\t\tskb->destructor(skb);$//%bytes are charged to the socket
held-frags%consume.c%s/^\t\tskb_release_frags(skb);$/\t\t;/%page 0 has 2 references
zerocopy-delayed%consume.c%s/skb_zcopy(skb) ||/false ||/%completed 0 times
clone-owns-data%consume.c%s/atomic_read_acquire(dataref) != share \&\& .*)$/false)/%clone-last|BUG|bad page
headers-counted%consume.c%s/leave_or_consume(skb, (1 << SKB_DATAREF_SHIFT) + 1)/leave_or_consume(skb, 1)/%tcp-(last|first)|objects before
pair-kept%consume.c%s/if (refcount_dec_and_test(&pair->fclone_ref))/if (refcount_dec_and_test(\&pair->fclone_ref) \&\& false)/%fclone.*objects before
one-leaks%stack.c%/^void skb_bulk_stack_give_back_one/,/^}/ s/^\t\tkfree(obj);$/\t\t;/%objects before
budget-ignored%consume.c%s/likely(budget && skb)/likely(skb)/%was not deferred|BUG|WARNING
dirty-head%alloc.c%s/memset(skb, 0, offsetof(struct sk_buff, tail));/skb->next = NULL;/%the kernel has
remote-ignored%consume.c%s/static_branch_unlikely(&skb_bulk_remote_to_kernel) \&\& compat/false \&\& compat/%not ok [0-9]* remote=kernel
memory-kept%shrinker.c%s/^\t\tskb_bulk_idle_drain_soon(c);$/\t\t;/%not ok [0-9]* memory pressure
double-push%consume.c%/^static __always_inline void stack_head/,/^}/ s/^\tskb_bulk_cpu_put();$/\tskb_bulk_stack_push(\&c->head, skb, \&skb_bulk_head_slab);\n&/%do not add up|BUG|same head
claimed-leaks%consume.c%/^static noinline void claim_head/,/^}/ s/^\tskb_bulk_stack_push_slow(&c->head/\tif (page \& 1)\n\t&/%do not add up|objects before
full-forgotten%consume.c%/^static noinline void full_head/,/^}/ s/^\tskb_bulk_stack_full(.*$/\tskb_bulk_stack_configure(\&c->head, skb_bulk_depth);/%do not add up|objects before
slab-data-of-pages%consume.c%s/skb->head_frag/false/%(page|netdev)-frag|BUG|Bad page
pool-ignored%consume.c%s/compat_skb_pp_recycle(skb)/false/%page-pool|BUG|Bad page
parts-ignored%consume.c%s/skb_shinfo(skb)->frag_list/NULL/; s/shinfo->frag_list/NULL/%frag-list
users-ignored%consume.c%s/refcount_read(&skb->users) != 1/false/%shared: |users are left|BUG
queue-loses%irq_queue.c%/^static void consume_list/,/^}/ s/^\t\tskb->next = NULL;$/&\n\t\tif (!next)\n\t\t\tbreak;/%consumed moved by|nothing ran|the (dst|socket|xfrm|connection)|references
displaced-leaks%stack.c%/^static noinline void claim_instead/,/^}/ s/^\tgive_back_slots(.*$/\ts->free[s->free_nr++] = run;/%do not add up|objects before
unmoved-idle%stack.c%/^bool skb_bulk_stack_age/,/^}/ s/live(s, i) \&\& !s->used\[i\]/false/%not ok [0-9]* stacks left alone
dead-cpu-keeps%main.c%/^static int cpu_dead/,/^}/ s/^\tskb_bulk_drain_cpu(c);$/\t;/%not ok [0-9]* a processor that goes
depth-ignored%params.c%/^static void configure/,/^}/ s/skb_bulk_depth);$/DEPTH_MAX);/%not ok [0-9]* depth is a bound
uncharged%consume.c%s/^\t\(c->data\.room -= slab->size\|skb_bulk_stack_charge(.*)\);$/\t;/%not ok [0-9]* bytes are a bound
reset-forgets%counters.c%/^static void reset(/,/^}/ s/i < ARRAY_SIZE(counter)/i < ARRAY_SIZE(counter) - 3/%after a reset
late-check%params.c%/^static int uint_set/,/^}/ s/kstrtouint(val, 0, &new) ||/kstrtouint(val, 0, \&new) || ((*to = new) \& 0) ||/%refused, and is stored
leaking-drain%run.h%s/kmem_cache_free_bulk(s->cache, nr, obj);/kmem_cache_free_bulk(s->cache, nr > 1 ? nr - 1 : nr, obj);/%objects before
END
)
for n in ${names[@]+"${names[@]}"}; do
	grep -q "^$n%" <<<"$mutations" || { echo "mutations.sh: there is no mutation '$n'" >&2; exit 2; }
done
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
	cp -r "$from" "$work/src"
	sed -i "$script" "$work/src/$file"
	if cmp -s "$from/$file" "$work/src/$file"; then
		report not_ok "$name: $from/$file no longer has the line that this breaks"
		continue
	elif [ -n "$apply" ]; then
		report ok "$name applies"
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
