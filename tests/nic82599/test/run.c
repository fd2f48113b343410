// SPDX-License-Identifier: GPL-2.0
/* Runs every test, or those whose names hold a word, results in KTAP. */
#include <string.h>

#include "rig.h"

static unsigned int failures;

void check_(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	failures++;
	printf("# %s:%d: not so: %s\n", file, line, what);
}

void check_eq_(uint64_t a, uint64_t b, const char *what, const char *file, int line)
{
	if (a == b)
		return;
	failures++;
	printf("# %s:%d: not so: %s (0x%llx, 0x%llx)\n", file, line, what,
	       (unsigned long long)a, (unsigned long long)b);
}

static const char *wanted;

static bool chosen(const struct test *t)
{
	return !wanted || strstr(t->name, wanted);
}

int main(int argc, char **argv)
{
	const struct test *const all[] = {
		tests_regs, tests_dma, tests_tx, tests_rx, tests_intr, tests_wire, tests_tester, tests_late, tests_vfio,
		tests_corpus,
	};
	unsigned int n = 0, bad = 0;

	wanted = argc > 1 ? argv[1] : NULL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct test *t = all[i]; t->name; t++)
			n += chosen(t);
	printf("TAP version 13\n1..%u\n", n);
	n = 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct test *t = all[i]; t->name; t++) {
			if (!chosen(t))
				continue;
			failures = 0;
			regs_init();
			t->run();
			printf("%sok %u %s\n", failures ? "not " : "", ++n, t->name);
			bad += failures != 0;
		}
	return bad != 0;
}
