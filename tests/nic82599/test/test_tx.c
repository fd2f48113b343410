// SPDX-License-Identifier: GPL-2.0
/* Transmit: descriptors in, frames out, for each offload. */
#include <string.h>

#include "rig.h"

static const struct want plain;

/* what the driver would hand down: the pseudo header's sum in the checksum field */
static void prime(uint8_t *f, const struct shape *s, bool with_len)
{
	uint32_t ip = s->vlan ? 18 : 14, l4 = ip + (s->v6 ? 40 : 20), sum;
	uint32_t len = (s->udp ? 8 : 20) + s->payload;
	uint8_t pseudo[4];

	put16(pseudo, s->udp ? 17 : 6);
	put16(pseudo + 2, with_len ? len : 0);
	sum = csum_add(0, pseudo, 4);
	sum = s->v6 ? csum_add(sum, f + ip + 8, 32) : csum_add(sum, f + ip + 12, 8);
	put16(f + l4 + (s->udp ? 6 : 16), (uint16_t)~csum_fold(sum));
}

static bool good(const uint8_t *f, uint32_t len)
{
	struct packet p;

	packet_parse(&p, f, len, 0x8100);
	if (p.l3 == 4 && !packet_ip_csum_ok(&p, f))
		return false;
	return packet_l4_csum(&p, f) == 1;
}

static void sends_as_is(void)
{
	struct rig r;
	uint8_t f[2000];
	uint32_t len;

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 500 });
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK_EQ(r.tap[0].len, len);
	CHECK(!memcmp(r.tap[0].data, f, len));
	CHECK(rig_tx_desc(&r.port[0], 0, 0)->olinfo & TXD_DD);
	CHECK_EQ(reg_read(r.port[0].nic, TDH), 1);
	CHECK_EQ(reg_read(r.port[0].nic, GPTC), 1);
	CHECK_EQ(reg_read(r.port[0].nic, GOTCL), len + 4);
	rig_down(&r);
}

static void every_queue(void)
{
	struct rig r;
	uint8_t f[200];
	uint32_t len;

	rig_up(&r, 1);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	for (unsigned int q = 0; q < N_QUEUES; q++)
		rig_tx_queue(&r.port[0], q);
	for (unsigned int q = 0; q < N_QUEUES; q++)
		rig_send(&r.port[0], q, f, len, &plain);
	rig_go(&r);
	CHECK_EQ(r.taps, N_QUEUES);
	rig_down(&r);
}

static void many_pieces_and_wrap(void)
{
	struct rig r;
	uint8_t f[2000];
	uint32_t len;

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 1400 });
	for (unsigned int i = 0; i < 200; i++) {
		rig_send(&r.port[0], 0, f, len, &(struct want){ .pieces = 1 + i % 9 });
		rig_go(&r);
		CHECK_EQ(r.taps, i + 1);
		CHECK(!memcmp(r.tap[i].data, f, len));
	}
	rig_down(&r);
}

static void pads_short_frames(void)
{
	struct rig r;
	uint8_t f[60];

	rig_up_tx(&r);
	memset(f, 0xee, sizeof(f));
	rig_send(&r.port[0], 0, f, 20, &plain);
	rig_send(&r.port[0], 0, f, 13, &plain);		/* no header: not a frame */
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK_EQ(r.tap[0].len, 60);
	CHECK_EQ(r.tap[0].data[20], 0);
	CHECK_EQ(reg_read(r.port[0].nic, PTC64), 1);
	rig_down(&r);
}

static void checksum_case(const struct shape *s, uint32_t tucmd)
{
	struct rig r;
	uint8_t f[2000], ref[2000];
	uint32_t len;
	struct want w = { .ctx = true, .mac_len = 14, .ip_len = s->v6 ? 40 : 20, .tucmd = tucmd,
			  .popts = TXD_TXSM | (s->v6 ? 0 : TXD_IXSM) };

	rig_up_tx(&r);
	len = make_frame(ref, s);
	memcpy(f, ref, len);
	if (s->sctp)
		memset(f + 34 + 8, 0xaa, 4);
	else
		prime(f, s, true);
	if (!s->v6)
		put16(f + 24, 0);
	rig_send(&r.port[0], 0, f, len, &w);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK(!memcmp(r.tap[0].data, ref, len));
	CHECK(good(r.tap[0].data, len));
	rig_down(&r);
}

static void checksums(void)
{
	for (uint32_t n = 1; n < 100; n += 9) {
		checksum_case(&(struct shape){ .payload = n }, TUCMD_IPV4 | TUCMD_L4T_TCP);
		checksum_case(&(struct shape){ .payload = n, .udp = true }, TUCMD_IPV4 | TUCMD_L4T_UDP);
		checksum_case(&(struct shape){ .payload = n, .v6 = true }, TUCMD_L4T_TCP);
		checksum_case(&(struct shape){ .payload = n, .v6 = true, .udp = true }, TUCMD_L4T_UDP);
		checksum_case(&(struct shape){ .payload = n, .sctp = true }, TUCMD_IPV4 | TUCMD_L4T_SCTP);
	}
}

static void legacy_checksum_and_tag(void)
{
	struct rig r;
	struct rig_port *p;
	uint8_t f[200], ref[200];
	uint32_t len;
	uint64_t at;

	rig_up_tx(&r);
	p = &r.port[0];
	len = make_frame(ref, &(struct shape){ .payload = 80 });
	memcpy(f, ref, len);
	prime(f, &(struct shape){ .payload = 80 }, true);
	at = rig_alloc(p, len);
	memcpy(rig_ptr(p, at), f, len);
	*rig_tx_desc(p, 0, 0) = (struct tx_desc){
		at, len | 50u << 16 | TXD_EOP | TXD_RS | TXD_IC | TXD_VLE, 34u << 8 | 0x0123u << 16 };
	reg_write(p->nic, TDT, 1);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK_EQ(r.tap[0].len, len + 4);
	CHECK_EQ(get16(r.tap[0].data + 12), 0x8100);
	CHECK_EQ(get16(r.tap[0].data + 14), 0x0123);
	CHECK(!memcmp(r.tap[0].data + 16, ref + 12, len - 12));
	CHECK(rig_tx_desc(p, 0, 0)->olinfo & TXD_DD);
	rig_down(&r);
}

static void vlan_insert(void)
{
	struct rig r;
	uint8_t f[200];
	uint32_t len;

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 80 });
	rig_send(&r.port[0], 0, f, len, &(struct want){ .tag = true, .vlan = 0xe00a, .mac_len = 14 });
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK_EQ(get32(r.tap[0].data + 12), 0x8100e00a);
	CHECK(good(r.tap[0].data, r.tap[0].len));
	rig_down(&r);
}

static void tso_case(const struct shape *s, uint32_t mss, bool tag)
{
	static uint8_t f[64 * 1024];
	struct rig r;
	uint32_t len, got = 0, hdr, l4 = s->v6 ? 54 : 34, extra = tag ? 4 : 0;
	struct want w = { .mac_len = 14, .ip_len = s->v6 ? 40 : 20, .l4_len = s->udp ? 8 : 20,
			  .mss = (uint16_t)mss, .tso = true, .tag = tag, .vlan = 7, .pieces = 5,
			  .tucmd = (s->v6 ? 0 : TUCMD_IPV4) | (s->udp ? TUCMD_L4T_UDP : TUCMD_L4T_TCP),
			  .popts = TXD_TXSM | (s->v6 ? 0 : TXD_IXSM) };

	rig_up_tx(&r);
	len = make_frame(f, s);
	hdr = len - s->payload;
	prime(f, s, false);
	if (!s->v6) {
		put16(f + 16, 0);
		put16(f + 24, 0);
	}
	rig_send(&r.port[0], 0, f, len, &w);
	rig_go(&r);
	CHECK_EQ(r.taps, (s->payload + mss - 1) / mss);
	for (unsigned int i = 0; i < r.taps; i++) {
		uint8_t *o = r.tap[i].data;
		uint32_t n = r.tap[i].len - hdr - extra;
		bool last = i + 1 == r.taps;

		CHECK(good(o, r.tap[i].len));
		CHECK(n == mss || last);
		CHECK(!memcmp(o + hdr + extra, f + hdr + got, n));
		if (!s->udp) {
			CHECK_EQ(get32(o + l4 + extra + 4), 0x01020304 + got);
			/* FIN and PSH belong to the last segment, CWR to the first */
			CHECK_EQ(!!(o[l4 + extra + 13] & 0x09), last && (s->flags & 0x09));
			CHECK_EQ(!!(o[l4 + extra + 13] & 0x80), !i && (s->flags & 0x80));
			CHECK(o[l4 + extra + 13] & 0x10);
		}
		if (!s->v6)
			CHECK_EQ(get16(o + 18 + extra), 0x1234 + i);
		got += n;
	}
	CHECK_EQ(got, s->payload);
	CHECK(rig_tx_desc(&r.port[0], 0, 5)->olinfo & TXD_DD);
	rig_down(&r);
}

static void tso(void)
{
	tso_case(&(struct shape){ .payload = 14480, .flags = 0x99 }, 1448, false);
	tso_case(&(struct shape){ .payload = 60000, .flags = 0x18 }, 1448, false);
	tso_case(&(struct shape){ .payload = 5000, .flags = 0x99 }, 536, true);
	tso_case(&(struct shape){ .payload = 50001, .v6 = true, .flags = 0x99 }, 1428, false);
	tso_case(&(struct shape){ .payload = 30000, .v6 = true, .flags = 0x11 }, 8948, true);
}

static void uso(void)
{
	tso_case(&(struct shape){ .payload = 9000, .udp = true }, 1472, false);
	tso_case(&(struct shape){ .payload = 9000, .udp = true, .v6 = true }, 1452, true);
}

static void tso_nonsense(void)
{
	static const struct want bad[] = {
		{ .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 20, .mss = 0,
		  .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP },
		{ .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 255, .mss = 1,
		  .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP },
		{ .tso = true, .mac_len = 127, .ip_len = 511, .l4_len = 255, .mss = 1,
		  .tucmd = TUCMD_L4T_TCP },
		{ .tso = true, .mac_len = 0, .ip_len = 0, .l4_len = 0, .mss = 100,
		  .tucmd = TUCMD_L4T_TCP },
		{ .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 20, .mss = 65535,
		  .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP },
		{ .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 20, .mss = 100,
		  .tucmd = TUCMD_IPV4 | TUCMD_L4T_SCTP },
		{ .ctx = true, .mac_len = 127, .ip_len = 511, .popts = TXD_TXSM | TXD_IXSM,
		  .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP },
	};
	struct rig r;
	uint8_t f[300];
	uint32_t len;
	unsigned int n = sizeof(bad) / sizeof(bad[0]);

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 200 });
	for (unsigned int i = 0; i < n; i++)
		rig_send(&r.port[0], 0, f, len, &bad[i]);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);		/* only the one without segmentation */
	/* and the ring goes on */
	CHECK_EQ(reg_read(r.port[0].nic, TDH), 2 * n);
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK_EQ(r.taps, 2);
	rig_down(&r);
}

/* a packet to segment of so many descriptors of 64 KiB less one, and so much of it said to be payload */
static unsigned int huge(unsigned int descs, uint32_t paylen)
{
	struct rig r;
	struct rig_port *p;
	static uint8_t f[300];
	unsigned int taps;
	uint64_t at;

	rig_up_tx(&r);
	p = &r.port[0];
	make_frame(f, &(struct shape){ .payload = 200 });
	at = rig_alloc(p, 65535);
	memcpy(rig_ptr(p, at), f, 254);
	rig_send(p, 0, f, 254, &(struct want){ .ctx = true, .mac_len = 14, .ip_len = 20, .l4_len = 20, .mss = 8960,
					       .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP });
	for (unsigned int i = 0; i < descs; i++)
		*rig_tx_desc(p, 0, 2 + i) = (struct tx_desc){
			at, 65535 | TXD_DEXT | TXD_DTYP_DATA | TXD_TSE | (i + 1 == descs ? TXD_EOP | TXD_RS : 0),
			paylen << TXD_PAYLEN };
	reg_write(p->nic, TDT, 2 + descs);
	rig_go(&r);
	CHECK_EQ(reg_read(p->nic, TDH), 2 + descs);
	CHECK(rig_tx_desc(p, 0, 1 + descs)->olinfo & TXD_DD);
	taps = r.taps - 1;
	CHECK_EQ(p->nic->tx.senseless, !taps);
	rig_down(&r);
	return taps;
}

static void payload_length(void)
{
	struct rig r;
	uint8_t f[3000];
	uint32_t len;

	/* as much as PAYLEN can say, and no more */
	CHECK_EQ(huge(4, 4 * 65535 - 54), (4 * 65535 - 54 + 8959) / 8960);
	CHECK_EQ(huge(5, (5 * 65535 - 54) & 0x3ffff), 0);
	CHECK_EQ(huge(120, 0x3ffff), 0);
	/* more than there is */
	CHECK_EQ(huge(1, 65535), 0);
	/* less: only so much is sent */
	CHECK_EQ(huge(1, 10000), 2);

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 2000 });
	rig_send(&r.port[0], 0, f, len, &(struct want){ .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 20,
							.mss = 1000, .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP });
	reg_write(r.port[0].nic, TDT, 0);
	rig_tx_desc(&r.port[0], 0, 1)->olinfo = 1500u << TXD_PAYLEN;
	reg_write(r.port[0].nic, TDT, 2);
	rig_go(&r);
	CHECK_EQ(r.taps, 2);
	CHECK_EQ(r.tap[1].len, 54 + 500);
	rig_down(&r);
}

static void hostile_rings(void)
{
	static const struct {
		uint32_t reg, val;
	} bad[] = {
		{ TDBAL, 0 }, { TDBAH, 0xffffffff }, { TDLEN, 0 }, { TDLEN, 0x000fff80 },
		{ TDH, 0xffff }, { TDT, 0xffff },
	};
	uint8_t f[200];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 });

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rig r;

		rig_up_tx(&r);
		reg_write(r.port[0].nic, bad[i].reg, bad[i].val);
		rig_send(&r.port[0], 0, f, len, &plain);
		if (bad[i].reg == TDT)
			reg_write(r.port[0].nic, TDT, bad[i].val);
		rig_go(&r);
		CHECK(r.taps <= 1);
		rig_down(&r);
	}
}

static void hostile_buffers(void)
{
	static const uint64_t bad[] = { 0, ~0ull, RIG_IOVA - 1, RIG_IOVA + RIG_MEM - 10 };
	struct rig r;
	struct rig_port *p;

	rig_up_tx(&r);
	p = &r.port[0];
	for (unsigned int i = 0; i < 4; i++)
		*rig_tx_desc(p, 0, i) = (struct tx_desc){
			bad[i], 100 | TXD_DEXT | TXD_DTYP_DATA | TXD_EOP | TXD_RS, 0 };
	reg_write(p->nic, TDT, 4);
	rig_go(&r);
	CHECK_EQ(r.taps, 0);
	CHECK_EQ(p->nic->dma.refused, 4);
	CHECK_EQ(reg_read(p->nic, TDH), 4);
	rig_down(&r);
}

static void never_ending_packet(void)
{
	struct rig r;
	struct rig_port *p;
	uint64_t at;

	rig_up_tx(&r);
	p = &r.port[0];
	at = rig_alloc(p, 4096);
	for (unsigned int i = 0; i < RIG_RING; i++)
		*rig_tx_desc(p, 0, i) = (struct tx_desc){ at, 100 | TXD_DEXT | TXD_DTYP_DATA, 0 };
	reg_write(p->nic, TDT, 10);
	rig_go(&r);
	CHECK_EQ(reg_read(p->nic, TDH), 0);	/* waits for the end */
	reg_write(p->nic, TDT, RIG_RING - 1);
	rig_go(&r);
	CHECK_EQ(reg_read(p->nic, TDH), RIG_RING - 1);
	CHECK_EQ(r.taps, 0);
	rig_down(&r);
}

static void disabled_queue_waits(void)
{
	struct rig r;
	uint8_t f[200];
	uint32_t len;

	rig_up_tx(&r);
	reg_write(r.port[0].nic, TXDCTL, 0);
	len = make_frame(f, &(struct shape){ .payload = 100 });
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK_EQ(r.taps, 0);
	reg_write(r.port[0].nic, TXDCTL, TXDCTL_ENABLE);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	rig_down(&r);
}

static void head_write_back(void)
{
	struct rig r;
	uint8_t f[200];
	uint32_t len;
	uint64_t at;

	rig_up_tx(&r);
	at = rig_alloc(&r.port[0], 4);
	reg_write(r.port[0].nic, TDWBAL, (uint32_t)at | TDWBAL_EN);
	reg_write(r.port[0].nic, TDWBAH, (uint32_t)(at >> 32));
	len = make_frame(f, &(struct shape){ .payload = 100 });
	rig_send(&r.port[0], 0, f, len, &(struct want){ .pieces = 3 });
	rig_go(&r);
	CHECK_EQ(*(uint32_t *)rig_ptr(&r.port[0], at), 3);
	/* instead of the descriptor */
	CHECK(!(rig_tx_desc(&r.port[0], 0, 2)->olinfo & TXD_DD));
	rig_down(&r);
}

static void counters(void)
{
	static const uint16_t len[] = { 60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514 };
	static const uint8_t expect[] = { 1, 2, 2, 2, 2, 2 };
	struct rig r;
	struct nic *nic;
	uint8_t f[1600];

	rig_up(&r, 1);
	nic = r.port[0].nic;
	rig_tx_queue(&r.port[0], 0);
	rig_tx_queue(&r.port[0], 101);
	reg_write(nic, TQSM + 100, 9u << 8);
	make_frame(f, &(struct shape){ .payload = 1400 });
	for (unsigned int i = 0; i < sizeof(len) / sizeof(len[0]); i++)
		rig_send(&r.port[0], 0, f, len[i], &plain);
	rig_go(&r);
	for (unsigned int i = 0; i < 6; i++)
		CHECK_EQ(reg_read(nic, PTC64 + i * 4), expect[i]);
	CHECK_EQ(reg_read(nic, MPTC) + reg_read(nic, BPTC), 0);
	memcpy(f, "\x01\x00\x5e\x00\x00\x01", 6);
	rig_send(&r.port[0], 101, f, 60, &plain);
	rig_send(&r.port[0], 101, f, 60, &plain);
	memset(f, 0xff, 6);
	rig_send(&r.port[0], 101, f, 61, &plain);
	rig_go(&r);
	CHECK_EQ(reg_read(nic, MPTC), 2);
	CHECK_EQ(reg_read(nic, BPTC), 1);
	CHECK_EQ(reg_read(nic, QPTC), 11);
	CHECK_EQ(reg_read(nic, QPTC + 9 * 0x40), 3);
	CHECK_EQ(reg_read(nic, QBTC_L + 9 * 8), 181);
	rig_down(&r);
}

static void stall_and_go_on(void)
{
	struct rig r;
	uint8_t f[200];
	uint32_t len;

	rig_up_tx(&r);
	len = make_frame(f, &(struct shape){ .payload = 100 });
	r.port[0].nic->fault.tx_stall = true;
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK_EQ(r.taps, 0);
	r.port[0].nic->fault.tx_stall = false;
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	rig_down(&r);
}

static uint64_t take_stamp(struct nic *nic)
{
	uint64_t low = reg_read(nic, TXSTMPL);

	return low | (uint64_t)reg_read(nic, TXSTMPH) << 32;
}

/* of frames that want one, while it is switched on and the last one has been read */
static void stamps(void)
{
	const struct want stamped = { .stamp = true };
	struct rig r;
	struct nic *nic;
	uint8_t f[100];
	uint64_t first, second, now;

	rig_up_tx(&r);
	nic = r.port[0].nic;
	reg_write(nic, TIMINCA, 1u << 24 | 0x1000);
	memset(f, 0xee, sizeof(f));
	rig_send(&r.port[0], 0, f, sizeof(f), &stamped);
	rig_go(&r);
	CHECK_EQ(reg_read(nic, TSYNCTXCTL), 0);
	reg_write(nic, TSYNCTXCTL, TSYNCTXCTL_EN | TSYNCTXCTL_VALID);
	rig_send(&r.port[0], 0, f, sizeof(f), &plain);
	rig_go(&r);
	CHECK_EQ(reg_read(nic, TSYNCTXCTL), TSYNCTXCTL_EN);

	rig_send(&r.port[0], 0, f, sizeof(f), &stamped);
	rig_go(&r);
	CHECK_EQ(reg_read(nic, TSYNCTXCTL), TSYNCTXCTL_EN | TSYNCTXCTL_VALID);
	reg_write(nic, TSYNCTXCTL, TSYNCTXCTL_EN);
	first = reg_read(nic, TXSTMPL);
	rig_send(&r.port[0], 0, f, sizeof(f), &stamped);
	rig_go(&r);
	CHECK_EQ(reg_read(nic, TXSTMPL), first);
	first = take_stamp(nic);
	CHECK_EQ(reg_read(nic, TSYNCTXCTL), TSYNCTXCTL_EN);

	rig_send(&r.port[0], 0, f, sizeof(f), &stamped);
	rig_go(&r);
	second = take_stamp(nic);
	now = reg_read(nic, SYSTIML);
	now |= (uint64_t)reg_read(nic, SYSTIMH) << 32;
	CHECK(first && first < second && second <= now);
	CHECK_EQ(r.taps, 5);
	rig_down(&r);
}

const struct test tests_tx[] = {
	{ "tx: a frame leaves as it came, DD and counters", sends_as_is },
	{ "tx: all 128 queues", every_queue },
	{ "tx: packets of many descriptors, round the ring", many_pieces_and_wrap },
	{ "tx: short frames are padded", pads_short_frames },
	{ "tx: checksums: IPv4, TCP, UDP, SCTP over both", checksums },
	{ "tx: legacy descriptor with checksum and tag", legacy_checksum_and_tag },
	{ "tx: VLAN tag from the context", vlan_insert },
	{ "tx: TCP segmentation, v4, v6, tagged", tso },
	{ "tx: UDP segmentation", uso },
	{ "tx: offloads that make no sense are dropped", tso_nonsense },
	{ "tx: segments no more than PAYLEN says, and it has an end", payload_length },
	{ "tx: rings outside the guest's memory", hostile_rings },
	{ "tx: buffers outside the guest's memory", hostile_buffers },
	{ "tx: a packet that never ends", never_ending_packet },
	{ "tx: a queue sends once it is enabled", disabled_queue_waits },
	{ "tx: head write-back", head_write_back },
	{ "tx: counters by size, by kind of address, by queue", counters },
	{ "tx: a stalled queue goes on", stall_and_go_on },
	{ "tx: time stamps", stamps },
	{ 0 }
};
