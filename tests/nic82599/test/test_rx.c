// SPDX-License-Identifier: GPL-2.0
/* Receive: frames in, descriptors out, for each filter and offload. */
#include <string.h>

#include "rig.h"

static void receives(void)
{
	struct rig r;
	struct received in;
	uint8_t f[2000];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, &(struct shape){ .payload = 700 });
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.len, len);
	CHECK(!memcmp(in.data, f, len));
	CHECK_EQ(in.status, RXD_DD | RXD_EOP | RXD_IPCS | RXD_L4CS);
	CHECK_EQ(in.ptype, RXD_PT_IPV4 | RXD_PT_TCP);
	CHECK_EQ(reg_read(r.port[0].nic, RDH), 1);
	CHECK_EQ(reg_read(r.port[0].nic, GPRC), 1);
	CHECK_EQ(reg_read(r.port[0].nic, GORCL), len + 4);
	CHECK_EQ(reg_read(r.port[0].nic, QPRC), 1);
	CHECK_EQ(reg_read(r.port[0].nic, 0x0406c), 1);	/* 512 to 1023 bytes */
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

static void status_case(const struct shape *s, uint32_t status, uint16_t ptype)
{
	struct rig r;
	struct received in;
	uint8_t f[2000];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, s);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.status, status | RXD_DD | RXD_EOP);
	CHECK_EQ(in.ptype, ptype);
	rig_down(&r);
}

static void checksum_status(void)
{
	for (uint32_t n = 30; n < 60; n += 7) {
		status_case(&(struct shape){ .payload = n }, RXD_IPCS | RXD_L4CS, RXD_PT_IPV4 | RXD_PT_TCP);
		status_case(&(struct shape){ .payload = n, .bad_ip = true }, RXD_IPCS | RXD_ERR_IP,
			    RXD_PT_IPV4 | RXD_PT_TCP);
		status_case(&(struct shape){ .payload = n, .bad_l4 = true }, RXD_IPCS | RXD_L4CS | RXD_ERR_L4,
			    RXD_PT_IPV4 | RXD_PT_TCP);
		status_case(&(struct shape){ .payload = n, .udp = true }, RXD_IPCS | RXD_L4CS | RXD_UDPCS,
			    RXD_PT_IPV4 | RXD_PT_UDP);
		status_case(&(struct shape){ .payload = n, .udp = true, .bad_l4 = true },
			    RXD_IPCS | RXD_L4CS | RXD_UDPCS | RXD_ERR_L4, RXD_PT_IPV4 | RXD_PT_UDP);
		status_case(&(struct shape){ .payload = n, .sctp = true }, RXD_IPCS | RXD_L4CS,
			    RXD_PT_IPV4 | RXD_PT_SCTP);
		status_case(&(struct shape){ .payload = n, .sctp = true, .bad_l4 = true },
			    RXD_IPCS | RXD_L4CS | RXD_ERR_L4, RXD_PT_IPV4 | RXD_PT_SCTP);
		status_case(&(struct shape){ .payload = n, .v6 = true }, RXD_L4CS, RXD_PT_IPV6 | RXD_PT_TCP);
		status_case(&(struct shape){ .payload = n, .v6 = true, .bad_l4 = true }, RXD_L4CS | RXD_ERR_L4,
			    RXD_PT_IPV6 | RXD_PT_TCP);
		status_case(&(struct shape){ .payload = n, .v6 = true, .udp = true }, RXD_L4CS | RXD_UDPCS,
			    RXD_PT_IPV6 | RXD_PT_UDP);
	}
}

static void udp_without_checksum(void)
{
	struct rig r;
	struct received in;
	uint8_t f[200];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, &(struct shape){ .payload = 50, .udp = true });
	put16(f + 40, 0);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.status, RXD_IPCS | RXD_DD | RXD_EOP);
	rig_down(&r);
}

static void fragments(void)
{
	struct rig r;
	struct received in;
	uint8_t f[200];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	reg_write(r.port[0].nic, MRQC, MRQC_RSS | MRQC_TCPV4 | MRQC_IPV4);
	len = make_frame(f, &(struct shape){ .payload = 50, .bad_l4 = true });
	put16(f + 20, 0x2000);			/* more fragments */
	put16(f + 24, 0);
	put16(f + 24, csum_fold(csum_add(0, f + 14, 20)));
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.status, RXD_IPCS | RXD_DD | RXD_EOP);
	CHECK_EQ(in.ptype, RXD_PT_IPV4);
	CHECK_EQ(in.rss_type, RSS_T_IPV4);
	rig_down(&r);
}

static void truncated_headers(void)
{
	struct rig r;
	struct received in;
	uint8_t f[400], cut[400];
	uint32_t len, n = 0;

	rig_up_rx(&r, 1, 250);
	reg_write(r.port[0].nic, MRQC, MRQC_RSS | 0xffff0000);
	reg_write(r.port[0].nic, FCTRL, FCTRL_SBP);	/* runts too */
	len = make_frame(f, &(struct shape){ .payload = 100, .vlan = true, .tci = 5 });
	for (uint32_t k = 14; k < len; k++) {
		/* lengths in the headers that lie, at every place */
		memcpy(cut, f, k);
		rx_frame(r.port[0].nic, cut, k, 0);
		CHECK(rig_recv(&r.port[0], 0, &in));
		CHECK_EQ(in.len, k);
		n += k >= 60;
	}
	CHECK_EQ(reg_read(r.port[0].nic, GPRC), n);
	rig_down(&r);
}

static void jumbo(void)
{
	static uint8_t f[16000];
	struct rig r;
	struct received in;
	uint32_t len;

	rig_up_rx(&r, 1, 20);
	len = make_frame(f, &(struct shape){ .payload = 9400 });
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(reg_read(r.port[0].nic, ROC), 1);
	reg_write(r.port[0].nic, HLREG0, HLREG0_JUMBOEN);
	reg_write(r.port[0].nic, MAXFRS, (len + 4) << 16);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.descs, 5);
	CHECK_EQ(in.first_len, 2048);
	CHECK_EQ(in.len, len);
	CHECK(!memcmp(in.data, f, len));
	reg_write(r.port[0].nic, MAXFRS, (len + 3) << 16);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

static void vlan_strip(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300], ref[300];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, &(struct shape){ .payload = 60, .vlan = true, .tci = 0x6123 });
	make_frame(ref, &(struct shape){ .payload = 60 });
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.len, len);
	CHECK(!(in.status & RXD_VP));
	reg_write(r.port[0].nic, RXDCTL, RXDCTL_ENABLE | RXDCTL_VME);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.len, len - 4);
	CHECK(in.status & RXD_VP);
	CHECK(in.status & RXD_L4CS);
	CHECK_EQ(in.vlan, 0x6123);
	CHECK(!memcmp(in.data, ref, len - 4));
	rig_down(&r);
}

static void vlan_filter(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, &(struct shape){ .payload = 60, .vlan = true, .tci = 0x2123 });
	reg_write(r.port[0].nic, VLNCTRL, VLNCTRL_VFE | 0x8100);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	reg_write(r.port[0].nic, VFTA + 0x123 / 32 * 4, 1u << 0x123 % 32);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

static bool passes(struct rig *r, const char *mac)
{
	struct received in;
	uint8_t f[300];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 60 });

	memcpy(f, mac, 6);
	rx_frame(r->port[0].nic, f, len, 0);
	return rig_recv(&r->port[0], 0, &in);
}

static void mac_filter(void)
{
	static const char other[] = "\x02\x11\x22\x33\x44\x55", multi[] = "\x01\x00\x5e\x12\x34\x56";
	static const char all[] = "\xff\xff\xff\xff\xff\xff", own[] = "\x02\0\0\0\0\x02";
	unsigned int v = 0x56 << 4 | 0x34 >> 4;
	struct rig r;
	struct nic *nic;

	rig_up_rx(&r, 1, 200);
	nic = r.port[0].nic;
	CHECK(passes(&r, own));
	CHECK(!passes(&r, other));
	CHECK(!passes(&r, multi));
	CHECK(passes(&r, all));
	CHECK_EQ(reg_read(nic, BPRC), 1);
	reg_write(nic, FCTRL, 0);
	CHECK(!passes(&r, all));
	reg_write(nic, FCTRL, FCTRL_UPE);
	CHECK(passes(&r, other));
	CHECK(!passes(&r, multi));
	reg_write(nic, FCTRL, FCTRL_MPE);
	CHECK(passes(&r, multi));
	CHECK(!passes(&r, other));
	reg_write(nic, FCTRL, 0);
	reg_write(nic, MTA + v / 32 * 4, 1u << v % 32);
	CHECK(!passes(&r, multi));
	reg_write(nic, MCSTCTRL, MCSTCTRL_MFE);
	CHECK(passes(&r, multi));
	CHECK_EQ(reg_read(nic, MPRC), 2);
	reg_write(nic, RAL + 127 * 8, 0x33221102);
	reg_write(nic, RAH + 127 * 8, RAH_AV | 0x5544);
	CHECK(passes(&r, other));
	reg_write(nic, RXCTRL, 0);
	CHECK(!passes(&r, own));
	CHECK_EQ(reg_read(nic, TPR), 12);
	rig_down(&r);
}

/* vectors that the hash's authors publish for the key above */
static void hash_case(const struct shape *s, const void *addresses, uint32_t mrqc, uint32_t hash, unsigned int type)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len = make_frame(f, s);

	rig_up_rx(&r, 1, 8);
	memcpy(f + (s->v6 ? 22 : 26), addresses, s->v6 ? 32 : 8);
	reg_write(r.port[0].nic, MRQC, MRQC_RSS | mrqc);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.hash, hash);
	CHECK_EQ(in.rss_type, type);
	rig_down(&r);
}

/* the numbers that come with the key */
static void toeplitz(void)
{
	static const char v4[] = "\x42\x09\x95\xbb\xa1\x8e\x64\x50";
	static const char v6[] = "\x3f\xfe\x25\x01\x02\x00\x1f\xff\0\0\0\0\0\0\0\x07"
				 "\x3f\xfe\x25\x01\x02\x00\x00\x03\0\0\0\0\0\0\0\x01";
	struct shape s = { .payload = 60, .sport = 2794, .dport = 1766 };

	hash_case(&s, v4, MRQC_TCPV4 | MRQC_IPV4, 0x51ccc178, RSS_T_TCPV4);
	hash_case(&s, v4, MRQC_IPV4, 0x323e8fc2, RSS_T_IPV4);
	s.v6 = true;
	hash_case(&s, v6, MRQC_TCPV6, 0x40207d3d, RSS_T_TCPV6);
	hash_case(&s, v6, MRQC_IPV6, 0x2cc18cd5, RSS_T_IPV6);
	/* the same ports, whatever the protocol */
	s.udp = true;
	hash_case(&s, v6, MRQC_UDPV6, 0x40207d3d, RSS_T_UDPV6);
	hash_case(&s, v6, MRQC_TCPV6 | MRQC_IPV6, 0x2cc18cd5, RSS_T_IPV6);
	s.v6 = false;
	hash_case(&s, v4, MRQC_UDPV4, 0x51ccc178, RSS_T_UDPV4);
}

static void spreads(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	unsigned int seen = 0;

	rig_up_rx(&r, 16, 250);
	reg_write(r.port[0].nic, MRQC, MRQC_RSS | MRQC_UDPV4);
	for (uint16_t port = 0; port < 200; port++) {
		uint32_t len = make_frame(f, &(struct shape){ .payload = 60, .udp = true, .sport = port });

		rx_frame(r.port[0].nic, f, len, 0);
	}
	for (unsigned int q = 0; q < 16; q++) {
		unsigned int n = 0;

		while (rig_recv(&r.port[0], q, &in)) {
			CHECK_EQ(in.hash % 16, q);
			n++;
		}
		CHECK(n > 2);
		seen += n;
	}
	CHECK_EQ(seen, 200);
	rig_down(&r);
}

static void ethertype_queue(void)
{
	struct rig r;
	struct received in;
	uint8_t f[100] = { 0 };

	rig_up_rx(&r, 1, 8);
	rig_rx_queue(&r.port[0], 9, 8);
	memcpy(f, mac_right, 6);
	put16(f + 12, 0x88f7);
	reg_write(r.port[0].nic, ETQF + 3 * 4, ETQF_EN | 0x88f7);
	reg_write(r.port[0].nic, ETQS + 3 * 4, ETQS_QUEUE_EN | 9u << 16);
	rx_frame(r.port[0].nic, f, sizeof(f), 0);
	CHECK(rig_recv(&r.port[0], 9, &in));
	CHECK_EQ(in.ptype, RXD_PT_ETQF | 3 << 4);
	rig_down(&r);
}

static void fdir_set(struct nic *nic, uint32_t hash, uint16_t dport, unsigned int queue)
{
	uint32_t src = 0x0100000a, dst = 0x0200000a;	/* as the registers hold them */

	reg_write(nic, FDIRIPSA, src);
	reg_write(nic, FDIRIPDA, dst);
	reg_write(nic, FDIRPORT, (uint32_t)dport << 16);
	reg_write(nic, FDIRVLAN, 0);
	reg_write(nic, FDIRHASH, hash);
	reg_write(nic, FDIRCMD, FDIRCMD_ADD | FDIRCMD_QUEUE_EN | 2u << FDIRCMD_L4TYPE | queue << FDIRCMD_QUEUE);
	CHECK_EQ(reg_read(nic, FDIRCMD) & FDIRCMD_CMD, 0);
}

static void flow_director(void)
{
	struct rig r;
	struct nic *nic;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up_rx(&r, 1, 20);
	nic = r.port[0].nic;
	rig_rx_queue(&r.port[0], 5, 20);
	reg_write(nic, FDIRCTRL, FDIRCTRL_PERFECT | 127u << FDIRCTRL_DROPQ);
	CHECK(reg_read(nic, FDIRCTRL) & FDIRCTRL_INIT_DONE);
	reg_write(nic, FDIRM, FDIRM_VLANID | FDIRM_VLANP | FDIRM_POOL | FDIRM_FLEX | FDIRM_DIPV6);
	/* the source port is not compared; masks are kept bit-reversed */
	reg_write(nic, FDIRTCPM, 0x0000ffff);
	fdir_set(nic, 0x00070001, 80, 5);
	fdir_set(nic, 0x00080002, 23, 127);

	len = make_frame(f, &(struct shape){ .payload = 60, .sport = 999, .dport = 80 });
	rx_frame(nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 5, &in));
	CHECK(in.status & RXD_FLM);
	CHECK_EQ(reg_read(nic, FDIRMATCH), 1);
	len = make_frame(f, &(struct shape){ .payload = 60, .dport = 81 });
	rx_frame(nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	len = make_frame(f, &(struct shape){ .payload = 60, .dport = 80, .udp = true });
	rx_frame(nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(reg_read(nic, FDIRMISS), 2);
	len = make_frame(f, &(struct shape){ .payload = 60, .dport = 23 });
	rx_frame(nic, f, len, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));

	CHECK_EQ(reg_read(nic, FDIRFREE), FDIR_FILTERS - 2);
	CHECK_EQ(reg_read(nic, FDIRUSTAT), 2);
	reg_write(nic, FDIRHASH, 0x00070001);
	reg_write(nic, FDIRCMD, FDIRCMD_QUERY);
	CHECK(reg_read(nic, FDIRCMD) & FDIRCMD_FILTER_VALID);
	reg_write(nic, FDIRCMD, FDIRCMD_REMOVE);
	CHECK_EQ(reg_read(nic, FDIRFREE), FDIR_FILTERS - 1);
	CHECK_EQ(reg_read(nic, FDIRUSTAT), 1u << 16);
	CHECK_EQ(reg_read(nic, FDIRFSTAT), 0);
	reg_write(nic, FDIRCMD, FDIRCMD_REMOVE);	/* it is not there any more */
	CHECK_EQ(reg_read(nic, FDIRFREE), FDIR_FILTERS - 1);
	CHECK_EQ(reg_read(nic, FDIRFSTAT), 1u << 8);
	len = make_frame(f, &(struct shape){ .payload = 60, .dport = 80 });
	rx_frame(nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

/* the queues of the second half have their registers elsewhere, and no counters but those they are mapped to */
static void high_queues(void)
{
	static const unsigned int queue[] = { 63, 64, 65, 100, 127 };
	struct rig r;
	struct received in;
	struct nic *nic;
	uint8_t f[100] = { 0 };

	rig_up_rx(&r, 1, 8);
	nic = r.port[0].nic;
	memcpy(f, mac_right, 6);
	put16(f + 12, 0x88f7);
	reg_write(nic, ETQF, ETQF_EN | 0x88f7);
	for (unsigned int i = 0; i < 5; i++) {
		unsigned int q = queue[i], at = RQSMR + q / 4 * 4;

		rig_rx_queue(&r.port[0], q, 8);
		reg_write(nic, ETQS, ETQS_QUEUE_EN | q << 16);
		reg_write(nic, at, (reg_read(nic, at) & ~(0xffu << q % 4 * 8)) | (i + 3) << q % 4 * 8);
		rx_frame(nic, f, 60 + i, 0);
		CHECK(rig_recv(&r.port[0], q, &in));
		CHECK_EQ(in.len, 60 + i);
		CHECK_EQ(reg_read(nic, rxq_reg(q, RDH)), 1);
		CHECK_EQ(reg_read(nic, QPRC + (i + 3) * 0x40), 1);
		CHECK_EQ(reg_read(nic, QBRC_L + (i + 3) * 0x40), 60 + i);
		/* without a descriptor it is dropped there, too */
		reg_write(nic, rxq_reg(q, RXDCTL), 0);
		rx_frame(nic, f, 60, 0);
		CHECK_EQ(reg_read(nic, QPRDC + (i + 3) * 0x40), 1);
	}
	CHECK_EQ(reg_read(nic, QPRC), 0);
	rig_down(&r);
}

static void sizes(void)
{
	static const uint16_t len[] = { 60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514 };
	static const uint8_t expect[] = { 1, 2, 2, 2, 2, 2 };
	struct rig r;
	struct nic *nic;
	uint8_t f[1600];

	rig_up_rx(&r, 1, 20);
	nic = r.port[0].nic;
	make_frame(f, &(struct shape){ .payload = 1400 });
	for (unsigned int i = 0; i < sizeof(len) / sizeof(len[0]); i++)
		rx_frame(nic, f, len[i], 0);
	for (unsigned int i = 0; i < 6; i++)
		CHECK_EQ(reg_read(nic, PRC64 + i * 4), expect[i]);
	rig_down(&r);
}

/* headers between IPv6's and TCP's: hop by hop, routing, destination; a fragment ends the search */
static void extension_headers(void)
{
	struct rig r;
	struct received in;
	uint8_t f[400], g[400];
	uint32_t len;

	rig_up_rx(&r, 1, 8);
	reg_write(r.port[0].nic, MRQC, MRQC_RSS | MRQC_TCPV6 | MRQC_IPV6);
	len = make_frame(f, &(struct shape){ .payload = 60, .v6 = true, .sport = 5, .dport = 6 });
	memset(g, 0, sizeof(g));
	memcpy(g, f, 54);
	memcpy(g + 54 + 8 + 16 + 8, f + 54, len - 54);
	put16(g + 18, len - 54 + 32);
	g[20] = 0;			/* hop by hop, then routing of 16 bytes, then destination, then TCP */
	g[54] = 43;
	g[62] = 60;
	g[63] = 1;
	g[78] = 6;
	rx_frame(r.port[0].nic, g, len + 32, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.ptype, RXD_PT_IPV6 | RXD_PT_IPV6_EX | RXD_PT_TCP);
	CHECK_EQ(in.status, RXD_DD | RXD_EOP | RXD_L4CS);
	CHECK_EQ(in.rss_type, RSS_T_TCPV6);
	g[54 + 32 + 30] ^= 1;
	rx_frame(r.port[0].nic, g, len + 32, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK(in.status & RXD_ERR_L4);
	g[62] = 44;			/* a fragment instead of the destination options: no layer 4 */
	g[63] = 1;
	rx_frame(r.port[0].nic, g, len + 32, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	g[54] = 44;
	rx_frame(r.port[0].nic, g, len + 32, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.ptype, RXD_PT_IPV6 | RXD_PT_IPV6_EX);
	CHECK_EQ(in.status, RXD_DD | RXD_EOP);
	CHECK_EQ(in.rss_type, RSS_T_IPV6);
	g[20] = 60;			/* longer than the packet */
	g[54] = 6;
	g[55] = 255;
	rx_frame(r.port[0].nic, g, len + 32, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.status, RXD_DD | RXD_EOP);
	rig_down(&r);
}

/* which twelve bits of an address pick the bit of the table */
static void multicast_hash(void)
{
	static const char multi[] = "\x01\x00\x5e\x12\x34\x56";
	static const unsigned int v[] = { 0x563, 0xac6, 0x58d, 0x634 };
	struct rig r;
	struct nic *nic;

	rig_up_rx(&r, 1, 200);
	nic = r.port[0].nic;
	reg_write(nic, FCTRL, 0);
	for (unsigned int mo = 0; mo < 4; mo++) {
		reg_write(nic, MCSTCTRL, MCSTCTRL_MFE | mo);
		CHECK(!passes(&r, multi));
		reg_write(nic, MTA + v[mo] / 32 * 4, 1u << v[mo] % 32);
		CHECK(passes(&r, multi));
		reg_write(nic, MTA + v[mo] / 32 * 4, 0);
	}
	rig_down(&r);
}

static void flow_director_full(void)
{
	struct rig r;
	struct nic *nic;

	rig_up_rx(&r, 1, 20);
	nic = r.port[0].nic;
	reg_write(nic, FDIRCTRL, FDIRCTRL_PERFECT);
	for (uint32_t i = 0; i < FDIR_FILTERS; i++)
		fdir_set(nic, i, 80, 5);
	CHECK_EQ(reg_read(nic, FDIRFREE), 0);
	fdir_set(nic, 7, 81, 6);		/* changes one that there is */
	CHECK_EQ(reg_read(nic, FDIRFSTAT), 0);
	for (uint32_t i = 0; i < 300; i++)
		fdir_set(nic, FDIR_FILTERS + i, 80, 5);
	CHECK_EQ(reg_read(nic, FDIRFSTAT), 0xff);	/* a counter of eight bits */
	CHECK(nic->intr.other & EICR_FLOW_DIR);
	reg_write(nic, FDIRCMD, FDIRCMD_CLEARHT);
	CHECK_EQ(reg_read(nic, FDIRFREE), FDIR_FILTERS);
	rig_down(&r);
}

static void waits_in_the_buffer(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up_rx(&r, 1, 4);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	for (uint8_t i = 0; i < 10; i++) {
		f[60] = i;
		rx_frame(r.port[0].nic, f, len, 0);
	}
	for (uint8_t i = 0; i < 4; i++) {
		CHECK(rig_recv(&r.port[0], 0, &in));
		CHECK_EQ(in.data[60], i);
	}
	CHECK(!rig_recv(&r.port[0], 0, &in));
	reg_write(r.port[0].nic, RDT, 20);
	for (uint8_t i = 4; i < 10; i++) {
		CHECK(rig_recv(&r.port[0], 0, &in));
		CHECK_EQ(in.data[60], i);
	}
	CHECK_EQ(reg_read(r.port[0].nic, MPC), 0);
	rig_down(&r);
}

static void overruns(void)
{
	struct rig r;
	uint8_t f[1600];
	uint32_t len;

	rig_up_rx(&r, 1, 4);
	len = make_frame(f, &(struct shape){ .payload = 1400 });
	for (unsigned int i = 0; i < 1000; i++)
		rx_frame(r.port[0].nic, f, len, 0);
	CHECK(reg_read(r.port[0].nic, MPC) > 600);
	CHECK(r.port[0].nic->intr.other & EICR_RX_MISS);
	rig_down(&r);
}

static void drop_enable(void)
{
	struct rig r;
	uint8_t f[300];
	uint32_t len;

	rig_up_rx(&r, 1, 4);
	reg_write(r.port[0].nic, SRRCTL, 2 | 1u << 25 | SRRCTL_DROP_EN);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	for (unsigned int i = 0; i < 10; i++)
		rx_frame(r.port[0].nic, f, len, 0);
	CHECK_EQ(reg_read(r.port[0].nic, QPRDC), 6);
	CHECK_EQ(fifo_fill(&r.port[0].nic->fifo), 0);
	rig_down(&r);
}

/* a frame for which the whole ring is too small keeps nobody waiting */
static void ring_too_small(void)
{
	static uint8_t f[16000];
	struct rig r;
	struct received in;
	struct nic *nic;
	uint32_t len;

	rig_up_rx(&r, 1, 7);
	nic = r.port[0].nic;
	rig_rx_queue(&r.port[0], 1, 8);
	reg_write(nic, RETA, 0x01010101);
	reg_write(nic, RDLEN, 8 * sizeof(struct rx_desc));
	reg_write(nic, SRRCTL, 1 | 1u << 25);
	reg_write(nic, HLREG0, HLREG0_JUMBOEN);
	reg_write(nic, MAXFRS, 9728u << 16);
	len = make_frame(f, &(struct shape){ .payload = 9000 });
	rx_frame(nic, f, len, 0);
	CHECK_EQ(fifo_fill(&nic->fifo), 0);
	CHECK_EQ(reg_read(nic, QPRDC), 1);
	CHECK_EQ(reg_read(nic, RDH), 0);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	rx_frame(nic, f, len, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

static void bad_crc(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up_rx(&r, 1, 4);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	rx_frame(r.port[0].nic, f, len, RX_BAD_CRC);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(reg_read(r.port[0].nic, CRCERRS), 1);
	CHECK_EQ(reg_read(r.port[0].nic, GPRC), 0);
	reg_write(r.port[0].nic, FCTRL, FCTRL_SBP);
	rx_frame(r.port[0].nic, f, len, RX_BAD_CRC);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK(in.status & RXD_ERR_CE);
	rig_down(&r);
}

/* too short or too long, with a right checksum and without: each has its counter, and none is a good frame */
static void bad_sizes(void)
{
	static uint8_t f[16000];
	struct rig r;
	struct received in;
	struct nic *nic;
	uint32_t len;

	rig_up_rx(&r, 1, 20);
	nic = r.port[0].nic;
	len = make_frame(f, &(struct shape){ .payload = 2000 });
	rx_frame(nic, f, 59, 0);
	rx_frame(nic, f, 59, RX_BAD_CRC);
	rx_frame(nic, f, len, 0);
	rx_frame(nic, f, len, RX_BAD_CRC);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	f[3] ^= 1;			/* of no interest to this port */
	rx_frame(nic, f, 59, 0);
	rx_frame(nic, f, len, 0);
	CHECK_EQ(reg_read(nic, RUC), 1);
	CHECK_EQ(reg_read(nic, RFC), 1);
	CHECK_EQ(reg_read(nic, ROC), 1);
	CHECK_EQ(reg_read(nic, RJC), 1);
	CHECK_EQ(reg_read(nic, CRCERRS), 1);	/* fragments are not in it */
	CHECK_EQ(reg_read(nic, GPRC), 0);
	CHECK_EQ(reg_read(nic, TPR), 6);
	f[3] ^= 1;
	reg_write(nic, FCTRL, FCTRL_SBP);
	rx_frame(nic, f, 59, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK(in.status & RXD_ERR_USE);
	CHECK_EQ(in.len, 59);
	rx_frame(nic, f, 60, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(in.len, 60);
	CHECK_EQ(reg_read(nic, GPRC), 1);
	rig_down(&r);
}

static void legacy_descriptor(void)
{
	struct rig r;
	uint8_t f[300];
	uint32_t len, w[4];

	rig_up_rx(&r, 1, 4);
	reg_write(r.port[0].nic, SRRCTL, 2);
	reg_write(r.port[0].nic, RXDCTL, RXDCTL_ENABLE | RXDCTL_VME);
	len = make_frame(f, &(struct shape){ .payload = 60, .vlan = true, .tci = 9 });
	rx_frame(r.port[0].nic, f, len, 0);
	memcpy(w, rig_ptr(&r.port[0], r.port[0].rx_ring[0]), 16);
	CHECK_EQ(w[2], len - 4);
	CHECK_EQ(w[3] & 0xff, RXD_DD | RXD_EOP | RXD_VP | RXD_IPCS | RXD_L4CS);
	CHECK_EQ(w[3] >> 16, 9);
	rig_down(&r);
}

static void hostile_ring(void)
{
	struct rig r;
	uint8_t f[300];
	uint32_t len;
	struct received in;

	rig_up_rx(&r, 1, 8);
	len = make_frame(f, &(struct shape){ .payload = 60 });
	for (unsigned int i = 0; i < 3; i++) {
		struct rx_desc *d = rig_ptr(&r.port[0], r.port[0].rx_ring[0] + i * 16);

		d->pkt_addr = i == 0 ? 0 : i == 1 ? ~0ull : RIG_IOVA + RIG_MEM - 5;
		rx_frame(r.port[0].nic, f, len, 0);
		CHECK(rig_recv(&r.port[0], 0, &in));
	}
	CHECK_EQ(r.port[0].nic->dma.refused, 3);
	reg_write(r.port[0].nic, RDBAH, 0xffffffff);
	rx_frame(r.port[0].nic, f, len, 0);
	reg_write(r.port[0].nic, RDH, 0xffff);
	rx_frame(r.port[0].nic, f, len, 0);
	reg_write(r.port[0].nic, RDLEN, 0);
	rx_frame(r.port[0].nic, f, len, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

const struct test tests_rx[] = {
	{ "rx: a frame arrives, DD and counters", receives },
	{ "rx: checksum status for each protocol, right and wrong", checksum_status },
	{ "rx: UDP without a checksum is not judged", udp_without_checksum },
	{ "rx: fragments have no layer 4", fragments },
	{ "rx: headers cut off at every place", truncated_headers },
	{ "rx: jumbo frames take several descriptors", jumbo },
	{ "rx: VLAN tags are stripped", vlan_strip },
	{ "rx: VLAN filter", vlan_filter },
	{ "rx: address filters and promiscuous modes", mac_filter },
	{ "rx: multicast hash, from each place of the address", multicast_hash },
	{ "rx: IPv6 extension headers", extension_headers },
	{ "rx: queues of both halves, and the counters that they are mapped to", high_queues },
	{ "rx: counters by size", sizes },
	{ "rx: Toeplitz hash", toeplitz },
	{ "rx: flows spread over the queues by RETA", spreads },
	{ "rx: ethertype filter picks a queue", ethertype_queue },
	{ "rx: flow director's perfect filters", flow_director },
	{ "rx: flow director's table has an end", flow_director_full },
	{ "rx: frames wait in order for descriptors", waits_in_the_buffer },
	{ "rx: overrun is counted", overruns },
	{ "rx: DROP_EN drops instead of waiting", drop_enable },
	{ "rx: a frame larger than the ring is dropped", ring_too_small },
	{ "rx: bad CRC", bad_crc },
	{ "rx: runts and giants, each in its counter", bad_sizes },
	{ "rx: legacy descriptors", legacy_descriptor },
	{ "rx: rings and buffers outside the guest's memory", hostile_ring },
	{ 0 }
};
