// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU's TCG that counts what a piece of the guest's code costs, from each MARK_BEGIN to the next MARK_END
 * (tests/kmod/mark.h) and on all processors: instructions, locked operations, memory accesses, and misses in a model of
 * a processor's own caches. A line for each such piece goes to a file.
 *
 *	-plugin cost-plugin.so,out=FILE[,caches=on]
 *
 * The model: for each processor an L1 data cache of 32 KiB in 8 ways and an L2 of 1 MiB in 16, lines of 64 bytes, the
 * least recently used one leaves, stores allocate, no prefetcher, indexed by virtual address. What another processor
 * wrote is not invalidated. Caches are as the guest's own code left them: they run from the first mark on, not only
 * between marks.
 *
 * For guests whose processors take turns in one thread, as they do with -icount.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kmod/mark.h"

/* QEMU's plugin interface, as far as it is used: Debian has no package with a header for it */
typedef uint64_t plugin_id;
struct plugin_tb;
struct plugin_insn;
enum { CB_NO_REGS = 0 };
enum { MEM_RW = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(struct plugin_tb *tb, void *data), void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_insn *insn, void (*cb)(unsigned int cpu, void *data), int flags,
					    void *data);
void qemu_plugin_register_vcpu_mem_cb(struct plugin_insn *insn,
				      void (*cb)(unsigned int cpu, uint32_t info, uint64_t address, void *data), int flags,
				      int rw, void *data);
size_t qemu_plugin_tb_n_insns(const struct plugin_tb *tb);
struct plugin_insn *qemu_plugin_tb_get_insn(const struct plugin_tb *tb, size_t idx);
size_t qemu_plugin_insn_data(const struct plugin_insn *insn, void *dest, size_t len);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 7;

#define CPUS_MAX	16
#define LINE_SHIFT	6
#define INSN_MAX	15

struct cache {
	unsigned int sets, ways;
	/* of a set: the most recently used first; zero is none */
	uint64_t *line;
};

/* all that is counted, of all processors, and the same at the last begin */
static struct counts {
	uint64_t instructions, locked, accesses, l1_misses, l2_misses;
} total, begin;
static struct cache l1[CPUS_MAX], l2[CPUS_MAX];
static bool with_caches, simulating;
static FILE *out;

static void make_cache(struct cache *c, unsigned int bytes, unsigned int ways)
{
	c->ways = ways;
	c->sets = (bytes >> LINE_SHIFT) / ways;
	c->line = calloc(c->sets * ways, sizeof(*c->line));
	if (!c->line)
		abort();
}

/* Return: whether the line was there; it is now */
static bool cache_touch(struct cache *c, uint64_t line)
{
	uint64_t *set = c->line + line % c->sets * c->ways;
	unsigned int way = 0;
	bool hit;

	while (way < c->ways - 1 && set[way] != line)
		way++;
	hit = set[way] == line;
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = line;
	return hit;
}

static void accessed(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	uint64_t line, last;

	if (!simulating || cpu >= CPUS_MAX)
		return;
	total.accesses++;
	last = (address + (1u << qemu_plugin_mem_size_shift(info)) - 1) >> LINE_SHIFT;
	for (line = address >> LINE_SHIFT; line <= last; line++) {
		if (cache_touch(&l1[cpu], line))
			continue;
		total.l1_misses++;
		total.l2_misses += !cache_touch(&l2[cpu], line);
	}
}

static void executed(unsigned int cpu, void *counter)
{
	++*(uint64_t *)counter;
}

static void at_begin(unsigned int cpu, void *data)
{
	simulating = with_caches;
	begin = total;
}

static void at_end(unsigned int cpu, void *data)
{
	fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", total.instructions - begin.instructions,
		total.locked - begin.locked, total.accesses - begin.accesses, total.l1_misses - begin.l1_misses,
		total.l2_misses - begin.l2_misses);
	fflush(out);
}

/* an instruction with a lock prefix, or an exchange with memory, which needs none */
static bool is_locked(const unsigned char *insn, size_t len)
{
	size_t i = 0;

	for (; i < len; i++) {
		unsigned char b = insn[i];

		if (b == 0xf0)
			return true;
		if (b != 0x66 && b != 0x67 && b != 0xf2 && b != 0xf3 && b != 0x2e && b != 0x36 && b != 0x3e && b != 0x26 &&
		    b != 0x64 && b != 0x65 && (b & 0xf0) != 0x40)
			break;
	}
	return i + 1 < len && (insn[i] == 0x86 || insn[i] == 0x87) && insn[i + 1] < 0xc0;
}

static int mark_of(const unsigned char *insn, size_t len)
{
	static const unsigned char nop[] = { MARK_NOP };
	uint32_t displacement;

	if (len != sizeof(nop) + sizeof(displacement) || memcmp(insn, nop, sizeof(nop)))
		return 0;
	memcpy(&displacement, insn + sizeof(nop), sizeof(displacement));
	return displacement >> 8 == MARK_MAGIC >> 8 ? displacement & 0xff : 0;
}

static void translated(struct plugin_tb *tb, void *unused)
{
	size_t nr = qemu_plugin_tb_n_insns(tb), i;

	for (i = 0; i < nr; i++) {
		struct plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned char data[INSN_MAX];
		size_t len = qemu_plugin_insn_data(insn, data, sizeof(data));

		switch (mark_of(data, len)) {
		case MARK_BEGIN:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_begin, CB_NO_REGS, NULL);
			break;
		case MARK_END:
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_end, CB_NO_REGS, NULL);
			break;
		}
		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, CB_NO_REGS, &total.instructions);
		if (is_locked(data, len))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, CB_NO_REGS, &total.locked);
		if (with_caches)
			qemu_plugin_register_vcpu_mem_cb(insn, accessed, CB_NO_REGS, MEM_RW, NULL);
	}
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	unsigned int i;

	for (i = 0; i < (unsigned int)argc; i++) {
		if (!strncmp(argv[i], "out=", 4)) {
			out = fopen(argv[i] + 4, "w");
			if (!out) {
				perror(argv[i] + 4);
				return -1;
			}
		} else if (!strcmp(argv[i], "caches=on")) {
			with_caches = true;
		} else {
			fprintf(stderr, "cost-plugin: there is no argument '%s'\n", argv[i]);
			return -1;
		}
	}
	if (!out) {
		fprintf(stderr, "cost-plugin: say where the counts go: out=FILE\n");
		return -1;
	}
	for (i = 0; i < CPUS_MAX; i++) {
		make_cache(&l1[i], 32 << 10, 8);
		make_cache(&l2[i], 1 << 20, 16);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);
	return 0;
}
