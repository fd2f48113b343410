// SPDX-License-Identifier: GPL-2.0
/* Trouble by plan: commands that wait for a frame, links that flap, and files of commands. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"

#define LINE	256

struct at_frame {
	struct at_frame *next;		/* by their frames, those of one frame as they came */
	uint64_t frame;
	char line[LINE];
};

static void next_one(struct nic *nic)
{
	nic->wire.script_at = nic->wire.script ? nic->wire.script->frame : 0;
}

/* false: that frame has been sent already, or the line is too long */
bool script_at_frame(struct nic *nic, uint64_t frame, const char *line)
{
	struct at_frame **at = &nic->wire.script, *a;

	if (frame <= nic->wire.sent || strlen(line) >= LINE)
		return false;
	a = calloc(1, sizeof(*a));
	if (!a)
		return false;
	a->frame = frame;
	strcpy(a->line, line);
	while (*at && (*at)->frame <= frame)
		at = &(*at)->next;
	a->next = *at;
	*at = a;
	next_one(nic);
	return true;
}

/* the frame that they have waited for is about to leave */
void script_frame(struct nic *nic)
{
	while (nic->wire.script && nic->wire.script->frame <= nic->wire.sent) {
		struct at_frame *a = nic->wire.script;
		char answer[LINE];

		/* the command may add others */
		nic->wire.script = a->next;
		control_command(nic->card, a->line, answer, sizeof(answer));
		if (strncmp(answer, "ok", 2))
			nic_msg(nic, "at frame %" PRIu64 ": %s", a->frame, answer);
		free(a);
	}
	next_one(nic);
}

static void both_ends(struct nic *nic, bool in)
{
	if (nic->wire.peer)
		link_set_cable(nic->wire.peer, in);
	link_set_cable(nic, in);
}

void script_flap(struct nic *nic, uint32_t count, uint32_t us)
{
	nic->flap = (struct flap){ .left = 2 * (uint64_t)count, .ns = us * 1000ull, .due = now_ns() };
}

/* down, up, down, up: the last is up */
void script_run(struct nic *nic)
{
	if (!nic->flap.left || now_ns() < nic->flap.due)
		return;
	nic->flap.left--;
	both_ends(nic, !(nic->flap.left & 1));
	nic->flap.due += nic->flap.ns;
}

uint64_t script_deadline(const struct nic *nic)
{
	return nic->flap.left ? nic->flap.due : 0;
}

/* each line is a command; false: one of them is none, and stderr says which */
bool script_file(struct card *card, const char *path)
{
	char line[LINE], answer[LINE];
	FILE *f = fopen(path, "r");
	unsigned int n = 0;

	if (!f) {
		fprintf(stderr, "nic82599: %s: %s\n", path, strerror(errno));
		return false;
	}
	strcpy(answer, "ok");
	while (!strncmp(answer, "ok", 2) && fgets(line, sizeof(line), f)) {
		n++;
		if (line[strspn(line, " \t\r\n")] && line[0] != '#')
			control_command(card, line, answer, sizeof(answer));
	}
	fclose(f);
	if (!strncmp(answer, "ok", 2))
		return true;
	fprintf(stderr, "nic82599: %s:%u: %s\n", path, n, answer);
	return false;
}

void script_free(struct nic *nic)
{
	while (nic->wire.script) {
		struct at_frame *a = nic->wire.script;

		nic->wire.script = a->next;
		free(a);
	}
}
