// SPDX-License-Identifier: GPL-2.0
/* The test set at the other end of the cable: what it makes, and what it notices. */
#include <string.h>

#include "rig.h"

static const struct want plain;

static void up(struct rig *r)
{
	rig_up(r, 1);
	r->port[0].nic->wire.tester = tester_new();
	rig_tx_queue(&r->port[0], 0);
	rig_rx_queue(&r->port[0], 0, 200);
	reg_write(r->port[0].nic, FCTRL, FCTRL_UPE | FCTRL_BAM);
}

/* says something to it, returns its answer */
static const char *say(struct rig *r, const char *text)
{
	static struct received in;
	struct shape s = { .udp = true, .sport = 5000, .dport = 7777, .payload = (uint32_t)strlen(text) };
	uint8_t f[400];
	uint32_t len = make_frame(f, &s);

	memcpy(f + 42, text, s.payload);
	rig_send(&r->port[0], 0, f, len, &plain);
	rig_go(r);
	do {
		if (!rig_recv(&r->port[0], 0, &in))
			return "";
	} while (get16(in.data + 36) != 5000);
	in.data[in.len] = 0;
	return (char *)in.data + 42;
}

static void forward(struct rig *r, const struct received *in)
{
	rig_send(&r->port[0], 0, in->data, in->len, &plain);
	rig_go(r);
}

static void makes_and_checks(void)
{
	struct rig r;
	struct received in;
	uint32_t seq[3] = { 0 };
	unsigned int n = 0;

	up(&r);
	CHECK(!strncmp(say(&r, "start count=90 size=100 flows=3"), "made 0", 6));
	while (rig_recv(&r.port[0], 0, &in)) {
		uint32_t flow = get32(in.data + 46);

		CHECK_EQ(in.len, 100);
		CHECK((in.status & (RXD_L4CS | RXD_ERR_L4 | RXD_ERR_IP)) == RXD_L4CS);
		CHECK_EQ(get16(in.data + 34), 1024 + flow);
		CHECK_EQ(get32(in.data + 50), seq[flow]++);
		forward(&r, &in);
		n++;
	}
	CHECK_EQ(n, 90);
	CHECK(!strcmp(say(&r, "report"), "made 90 received 90 lost 0 reordered 0 damaged 0 other 0 duplicate 0\n"));
	CHECK(!strncmp(say(&r, "clear"), "made 90 received 0", 18));
	rig_down(&r);
}

static void notices(void)
{
	struct rig r;
	struct received in[10];

	up(&r);
	say(&r, "start count=10 size=80");
	for (unsigned int i = 0; i < 10; i++)
		CHECK(rig_recv(&r.port[0], 0, &in[i]));
	forward(&r, &in[0]);
	forward(&r, &in[2]);		/* 1 comes late */
	forward(&r, &in[1]);
	forward(&r, &in[5]);		/* 3 and 4 never come */
	in[6].data[70] ^= 1;
	forward(&r, &in[6]);		/* damaged, and so lost when 7 comes */
	forward(&r, &in[7]);
	in[8].data[9] ^= 1;		/* not the test's frame: the mac is nobody's business */
	forward(&r, &in[8]);
	CHECK(!strcmp(say(&r, "report"), "made 10 received 6 lost 3 reordered 1 damaged 1 other 0 duplicate 0\n"));
	rig_down(&r);
}

/* what comes twice is no compensation for what never came; a checksum taken off is damage */
static void counts_twice(void)
{
	struct rig r;
	struct received in[10];

	up(&r);
	say(&r, "start count=10 size=80");
	for (unsigned int i = 0; i < 10; i++)
		CHECK(rig_recv(&r.port[0], 0, &in[i]));
	forward(&r, &in[0]);
	forward(&r, &in[3]);		/* 1 and 2 come late or never */
	forward(&r, &in[3]);
	forward(&r, &in[0]);
	forward(&r, &in[1]);
	forward(&r, &in[1]);
	put16(in[4].data + 40, 0);
	forward(&r, &in[4]);
	CHECK(!strcmp(say(&r, "report"), "made 10 received 3 lost 1 reordered 1 damaged 1 other 0 duplicate 3\n"));
	rig_down(&r);
}

static void sizes_repeat(void)
{
	uint32_t sum[3] = { 0 };

	for (unsigned int k = 0; k < 3; k++) {
		struct rig r;
		struct received in;
		char text[100];

		up(&r);
		snprintf(text, sizeof(text), "start count=50 size=60 size_max=1514 flows=16 seed=%u", k ? 7 : 8);
		say(&r, text);
		while (rig_recv(&r.port[0], 0, &in))
			sum[k] = sum[k] * 31 + in.len + get32(in.data + 46);
		rig_down(&r);
	}
	CHECK(sum[0] != sum[1]);
	CHECK_EQ(sum[1], sum[2]);
}

static void waits_for_room(void)
{
	struct rig r;
	struct received in;
	unsigned int n = 0;
	uint32_t tail = 200;

	up(&r);
	say(&r, "start count=1000");
	CHECK(fifo_fill(&r.port[0].nic->fifo) < 1000);
	while (n < 1000 && rig_recv(&r.port[0], 0, &in)) {
		struct rx_desc *d = rig_ptr(&r.port[0], r.port[0].rx_ring[0] + tail * sizeof(*d));

		n++;
		d->pkt_addr = r.port[0].rx_ring[0] + RIG_RING * sizeof(*d) + (uint64_t)tail * r.port[0].rx_buf;
		tail = (tail + 1) % RIG_RING;
		reg_write(r.port[0].nic, RDT, tail);
		rig_go(&r);
	}
	CHECK_EQ(n, 1000);
	CHECK_EQ(reg_read(r.port[0].nic, MPC), 0);
	rig_down(&r);
}

static void keeps_its_window(void)
{
	struct rig r;
	struct received in;
	unsigned int n = 0;

	up(&r);
	say(&r, "start count=100 window=4");
	while (n < 4 && rig_recv(&r.port[0], 0, &in))
		n++;
	CHECK_EQ(n, 4);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);

	up(&r);
	say(&r, "start count=100 window=4");
	for (n = 0; n < 100 && rig_recv(&r.port[0], 0, &in); n++)
		forward(&r, &in);
	CHECK_EQ(n, 100);
	rig_down(&r);
}

static void answers_arp(void)
{
	struct rig r;
	struct received in;
	uint8_t f[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	up(&r);
	memcpy(f + 22, mac_left, 6);
	put32(f + 28, 0x0a000001);
	put32(f + 38, 0x0a000063);
	rig_send(&r.port[0], 0, f, 60, &plain);
	rig_go(&r);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(get16(in.data + 20), 2);
	CHECK_EQ(get32(in.data + 28), 0x0a000063);
	CHECK_EQ(get32(in.data + 38), 0x0a000001);
	put32(f + 38, 0x0a000001);	/* asks for its own address: is it taken? */
	rig_send(&r.port[0], 0, f, 60, &plain);
	rig_go(&r);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

static void nonsense(void)
{
	static const char *const bad[] = {
		"start", "start count=", "start count=99999999999999999999 size=1 flows=0",
		"start size=9999999 flows=99999999", "stop", "start count=5 size=1500 size_max=60", "", "\n",
	};
	struct rig r;
	struct received in;

	up(&r);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		say(&r, bad[i]);
		say(&r, "stop");
		while (rig_recv(&r.port[0], 0, &in))
			;
	}
	rig_down(&r);
}

/* whom nobody hears is not heard out: with sync a register write has its answer all the same */
static void no_end(void)
{
	static const char text[] = "start count=1000000000000 lossy=1";
	struct rig r;
	struct shape s = { .udp = true, .sport = 5000, .dport = 7777, .payload = sizeof(text) - 1 };
	uint8_t f[400];
	uint32_t len = make_frame(f, &s);
	uint64_t began = now_ns();

	up(&r);
	reg_write(r.port[0].nic, FCTRL, FCTRL_BAM);
	r.port[0].nic->cfg.sync = true;
	memcpy(f + 42, text, s.payload);
	f[11] = 0x77;			/* what comes back is for another address */
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK(now_ns() - began < 5000000000ull);
	rig_down(&r);
}

const struct test tests_tester[] = {
	{ "tester: traffic out, checked when it comes back", makes_and_checks },
	{ "tester: loss, disorder and damage are noticed", notices },
	{ "tester: frames that come twice, or without a checksum", counts_twice },
	{ "tester: a seed repeats sizes and flows", sizes_repeat },
	{ "tester: waits for room in the rings", waits_for_room },
	{ "tester: no more on the way than its window", keeps_its_window },
	{ "tester: answers ARP", answers_arp },
	{ "tester: traffic without an end does not keep a register write", no_end },
	{ "tester: commands that make no sense", nonsense },
	{ 0 }
};
