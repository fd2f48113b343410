// SPDX-License-Identifier: GPL-2.0
/* Reads captures that the card wrote and judges every frame's checksums: pcapcheck FILE... */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../nic.h"

struct count {
	uint64_t frames, ip_bad, l4_right, l4_bad, unjudged, large;
};

static void judge(struct count *c, const uint8_t *f, uint32_t len)
{
	struct packet p;

	c->frames++;
	c->large += len > 1518;
	packet_parse(&p, f, len, 0x8100);
	if (p.l3 == 4 && !packet_ip_csum_ok(&p, f))
		c->ip_bad++;
	switch (p.l3 ? packet_l4_csum(&p, f) : -1) {
	case 1:
		c->l4_right++;
		break;
	case 0:
		c->l4_bad++;
		break;
	default:
		c->unjudged++;
		break;
	}
}

static int check(const char *name)
{
	static uint8_t frame[MAX_FRAME];
	uint32_t head[6], rec[4];
	struct count c = { 0 };
	FILE *f = fopen(name, "rb");

	if (!f || fread(head, sizeof(head), 1, f) != 1 || head[0] != 0xa1b23c4d) {
		fprintf(stderr, "pcapcheck: %s is not a capture of the card's\n", name);
		if (f)
			fclose(f);
		return 2;
	}
	while (fread(rec, sizeof(rec), 1, f) == 1 && rec[2] <= MAX_FRAME && fread(frame, rec[2], 1, f) == 1)
		judge(&c, frame, rec[2]);
	fclose(f);
	printf("%s: %" PRIu64 " frames, %" PRIu64 " above 1518 bytes, checksums: IP %" PRIu64 " wrong, layer 4 %"
	       PRIu64 " right, %" PRIu64 " wrong, %" PRIu64 " without\n", name, c.frames, c.large, c.ip_bad,
	       c.l4_right, c.l4_bad, c.unjudged);
	return c.ip_bad || c.l4_bad || !c.l4_right;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: pcapcheck FILE...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		status |= check(argv[i]);
	return status;
}
