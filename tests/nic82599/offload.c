// SPDX-License-Identifier: GPL-2.0
/* What the card does to a packet on its way out: segmentation, checksums, VLAN tag, padding. */
#include <string.h>

#include "nic.h"

#define TCP_HDR		20
#define UDP_HDR		8
#define MIN_FRAME	60
#define PAYLEN_MAX	0x3ffffu

/* reads a packet piece by piece */
struct cursor {
	const struct tx_packet *pkt;
	unsigned int seg;
	uint32_t off;
};

static void take(struct cursor *c, uint8_t *to, uint32_t len)
{
	while (len) {
		const struct tx_seg *s = &c->pkt->seg[c->seg];
		uint32_t n = s->len - c->off < len ? s->len - c->off : len;

		memcpy(to, s->p + c->off, n);
		to += n;
		len -= n;
		c->off += n;
		if (c->off == s->len) {
			c->seg++;
			c->off = 0;
		}
	}
}

static void ip_checksum(uint8_t *ip, uint32_t len)
{
	put16(ip + 10, 0);
	put16(ip + 10, csum_fold(csum_add(0, ip, len)));
}

/*
 * The driver leaves the pseudo header's sum in the checksum field. For a segment it leaves
 * the length out, which only we know.
 */
static void l4_checksum(uint8_t *l4, uint32_t len, uint32_t field, bool add_len)
{
	uint8_t pseudo[2];
	uint32_t sum = csum_add(0, l4, len);
	uint16_t c;

	if (add_len) {
		put16(pseudo, len);
		sum = csum_add(sum, pseudo, 2);
	}
	c = csum_fold(sum);
	if (field == 6 && !c)		/* UDP: zero would mean none */
		c = 0xffff;
	put16(l4 + field, c);
}

/* field of the checksum in the header, 0 if there is none that we know */
static uint32_t l4_field(uint32_t tucmd)
{
	switch (tucmd & TUCMD_L4T) {
	case TUCMD_L4T_TCP:
		return 16;
	case TUCMD_L4T_UDP:
		return 6;
	case TUCMD_L4T_SCTP:
		return 8;
	default:
		return 0;
	}
}

static void checksum_packet(const struct tx_packet *pkt, uint8_t *f, uint32_t len)
{
	const struct tx_ctx *x = &pkt->ctx;
	uint32_t l4 = x->mac_len + x->ip_len, field = l4_field(x->tucmd);

	if (!pkt->advanced) {
		/* css to the end of the packet, into cso */
		if ((pkt->cmd & TXD_IC) && pkt->css < len && pkt->cso + 2u <= len)
			put16(f + pkt->cso, csum_fold(csum_add(0, f + pkt->css, len - pkt->css)));
		return;
	}
	if ((pkt->olinfo & TXD_IXSM) && (x->tucmd & TUCMD_IPV4) && x->ip_len >= 20 && l4 <= len)
		ip_checksum(f + x->mac_len, x->ip_len);
	if (!(pkt->olinfo & TXD_TXSM) || !field || l4 + field + 2 > len)
		return;
	if (field != 8) {
		l4_checksum(f + l4, len - l4, field, false);
	} else if (l4 + 12 <= len) {
		uint32_t c;

		memset(f + l4 + 8, 0, 4);
		c = crc32c(f + l4, len - l4);
		for (unsigned int i = 0; i < 4; i++)
			f[l4 + 8 + i] = (uint8_t)(c >> 8 * i);
	}
}

static uint32_t insert_vlan(struct nic *nic, uint8_t *f, uint32_t len, uint16_t tci)
{
	memmove(f + 16, f + 12, len - 12);
	put16(f + 12, REG(nic, DMATXCTL) >> DMATXCTL_VT);
	put16(f + 14, tci);
	return len + 4;
}

static void emit(struct nic *nic, unsigned int q, const struct tx_packet *pkt, uint32_t len)
{
	uint8_t *f = nic->frame;

	if ((pkt->cmd & TXD_VLE) && len >= ETH_HDR)
		len = insert_vlan(nic, f, len, pkt->advanced ? pkt->ctx.vlan : pkt->vlan);
	if (len < MIN_FRAME && (REG(nic, HLREG0) & HLREG0_TXPADEN)) {
		memset(f + len, 0, MIN_FRAME - len);
		len = MIN_FRAME;
	}
	stats_tx(nic, q, f, len);
	wire_send(nic, f, len);
}

/* TCP flags that a segment may carry depend on its place */
static uint32_t flag_mask(struct nic *nic, bool first, bool last)
{
	if (first && last)
		return 0xfff;
	if (first)
		return REG(nic, DTXTCPFLGL) & 0xfff;
	if (last)
		return REG(nic, DTXTCPFLGH) & 0xfff;
	return REG(nic, DTXTCPFLGL) >> 16 & 0xfff;
}

static void fix_headers(struct nic *nic, const struct tx_packet *pkt, uint32_t done, uint32_t n,
			bool first, bool last, uint32_t index)
{
	const struct tx_ctx *x = &pkt->ctx;
	uint8_t *ip = nic->frame + x->mac_len, *l4 = ip + x->ip_len;
	bool tcp = (x->tucmd & TUCMD_L4T) == TUCMD_L4T_TCP;

	if (x->tucmd & TUCMD_IPV4) {
		put16(ip + 2, x->ip_len + x->l4_len + n);
		put16(ip + 4, get16(ip + 4) + index);
		if (pkt->olinfo & TXD_IXSM)
			ip_checksum(ip, x->ip_len);
	} else {
		put16(ip + 4, x->ip_len - 40u + x->l4_len + n);
	}
	if (tcp) {
		uint32_t flags = get16(l4 + 12);

		put32(l4 + 4, get32(l4 + 4) + done);
		put16(l4 + 12, (flags & 0xf000) | (flags & 0xfff & flag_mask(nic, first, last)));
	} else {
		put16(l4 + 4, x->l4_len + n);
	}
	if (pkt->olinfo & TXD_TXSM)
		l4_checksum(l4, x->l4_len + n, tcp ? 16 : 6, true);
}

static unsigned int segment(struct nic *nic, unsigned int q, const struct tx_packet *pkt)
{
	const struct tx_ctx *x = &pkt->ctx;
	uint32_t hdr_len = x->mac_len + x->ip_len + x->l4_len, done = 0, total, index = 0;
	uint32_t l4t = x->tucmd & TUCMD_L4T;
	uint8_t hdr[1024];
	struct cursor c = { .pkt = pkt };

	if (l4t != TUCMD_L4T_TCP && l4t != TUCMD_L4T_UDP)
		return 0;
	if (x->mac_len < ETH_HDR || x->ip_len < ((x->tucmd & TUCMD_IPV4) ? 20 : 40) ||
	    x->l4_len < (l4t == TUCMD_L4T_TCP ? TCP_HDR : UDP_HDR))
		return 0;
	if (!x->mss || pkt->len <= hdr_len || hdr_len > sizeof(hdr) || hdr_len + x->mss > MAX_FRAME)
		return 0;
	/* the descriptors may hold more than is to be sent, but not less, and no more than PAYLEN could say */
	total = pkt->olinfo >> TXD_PAYLEN;
	if (!total || total > pkt->len - hdr_len || pkt->len - hdr_len > PAYLEN_MAX)
		return 0;
	take(&c, hdr, hdr_len);
	while (done < total) {
		uint32_t n = total - done < x->mss ? total - done : x->mss;

		memcpy(nic->frame, hdr, hdr_len);
		take(&c, nic->frame + hdr_len, n);
		fix_headers(nic, pkt, done, n, !done, done + n == total, index);
		emit(nic, q, pkt, hdr_len + n);
		done += n;
		index++;
	}
	return index;
}

unsigned int offload_send(struct nic *nic, unsigned int q, const struct tx_packet *pkt)
{
	struct cursor c = { .pkt = pkt };

	if (pkt->advanced && (pkt->cmd & TXD_TSE))
		return segment(nic, q, pkt);
	if (pkt->len < ETH_HDR || pkt->len > MAX_FRAME)
		return 0;
	take(&c, nic->frame, pkt->len);
	checksum_packet(pkt, nic->frame, pkt->len);
	emit(nic, q, pkt, pkt->len);
	return 1;
}
