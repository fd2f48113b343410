// SPDX-License-Identifier: GPL-2.0
/* For each line on its input a mark that tests/bench/cost-plugin.c sees: "begin" or "end". Answers with a line. */
#include <stdio.h>
#include <string.h>

#include "../kmod/mark.h"

int main(void)
{
	char line[16];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "begin\n"))
			mark(MARK_BEGIN);
		else if (!strcmp(line, "end\n"))
			mark(MARK_END);
		else
			return 2;
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
