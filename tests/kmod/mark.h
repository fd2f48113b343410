/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the guest's instructions that tests/bench/cost-plugin.c looks for: a no-op with a displacement that nobody else has
 * use for. A processor that is not watched does nothing at one.
 */
#ifndef SKB_BULK_MARK_H
#define SKB_BULK_MARK_H

/* nopl with a displacement of four bytes, the lowest of which is the kind */
#define MARK_NOP	0x0f, 0x1f, 0x80
#define MARK_MAGIC	0x6b627300
#define MARK_BEGIN	1
#define MARK_END	2

#define MARK_STRING_(...)	#__VA_ARGS__
#define MARK_STRING(...)	MARK_STRING_(__VA_ARGS__)
#define mark(kind)	asm volatile(".byte " MARK_STRING(MARK_NOP) "; .long " MARK_STRING(MARK_MAGIC + (kind)) : : : "memory")

#endif
