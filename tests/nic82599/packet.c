// SPDX-License-Identifier: GPL-2.0
/* Finding the headers of a frame, and the checksums over them. */
#include <string.h>

#include "nic.h"

#define IPPROTO_HOPOPTS_	0
#define IPPROTO_TCP_		6
#define IPPROTO_UDP_		17
#define IPPROTO_ROUTING_	43
#define IPPROTO_FRAGMENT_	44
#define IPPROTO_DSTOPTS_	60
#define IPPROTO_SCTP_		132

static void parse_ipv4(struct packet *p, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + p->l3_off;
	unsigned int ihl, total;

	if (len < p->l3_off + 20u || ip[0] >> 4 != 4)
		return;
	ihl = (ip[0] & 0xf) * 4u;
	total = get16(ip + 2);
	if (ihl < 20 || total < ihl || len < p->l3_off + total)
		return;
	p->l3 = 4;
	p->l3_options = ihl > 20;
	p->end = p->l3_off + total;
	p->fragment = get16(ip + 6) & 0x3fff;	/* more fragments, or an offset */
	p->l4_off = (uint16_t)(p->l3_off + ihl);
	p->l4 = ip[9];
}

static void parse_ipv6(struct packet *p, const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + p->l3_off;
	uint32_t off = p->l3_off + 40u;
	uint8_t next;

	if (len < off || ip[0] >> 4 != 6 || len < off + get16(ip + 4))
		return;
	p->l3 = 6;
	p->end = off + get16(ip + 4);
	next = ip[6];
	while (next == IPPROTO_HOPOPTS_ || next == IPPROTO_ROUTING_ ||
	       next == IPPROTO_DSTOPTS_ || next == IPPROTO_FRAGMENT_) {
		if (off + 8 > p->end)
			return;
		p->l3_options = true;
		if (next == IPPROTO_FRAGMENT_)
			p->fragment = true;
		next = f[off];
		off += p->fragment ? 8 : (f[off + 1] + 1u) * 8;
		if (p->fragment)
			break;
	}
	if (off > p->end)
		return;
	p->l4_off = (uint16_t)off;
	p->l4 = next;
}

void packet_parse(struct packet *p, const uint8_t *frame, size_t len, uint16_t vlan_type)
{
	memset(p, 0, sizeof(*p));
	if (len < ETH_HDR || len > MAX_FRAME)
		return;
	p->end = (uint32_t)len;
	p->l3_off = ETH_HDR;
	p->ethertype = get16(frame + 12);
	if (p->ethertype == vlan_type && len >= ETH_HDR + 4) {
		p->vlan = true;
		p->tci = get16(frame + 14);
		p->ethertype = get16(frame + 16);
		p->l3_off += 4;
	}
	if (p->ethertype == 0x0800)
		parse_ipv4(p, frame, len);
	else if (p->ethertype == 0x86dd)
		parse_ipv6(p, frame, len);
}

/* one's complement sum of 16-bit words, in the machine's own byte order until folded */
uint32_t csum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t acc = sum;

	while (len >= 4) {
		uint32_t w;

		memcpy(&w, p, 4);
		acc += w;
		p += 4;
		len -= 4;
	}
	if (len >= 2) {
		uint16_t w;

		memcpy(&w, p, 2);
		acc += w;
		p += 2;
		len -= 2;
	}
	if (len) {
		uint16_t w = 0;

		memcpy(&w, p, 1);
		acc += w;
	}
	acc = (acc & 0xffffffff) + (acc >> 32);
	acc = (acc & 0xffffffff) + (acc >> 32);
	return (uint32_t)acc;
}

/* the checksum as a number, most significant byte first on the wire */
uint16_t csum_fold(uint32_t sum)
{
	uint16_t s;
	uint8_t b[2];

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	s = (uint16_t)~sum;
	memcpy(b, &s, 2);
	return get16(b);
}

static uint32_t crc_table[256];

uint32_t crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c;

	if (!crc_table[1])
		for (uint32_t i = 0; i < 256; i++) {
			c = i;
			for (int k = 0; k < 8; k++)
				c = (c & 1) ? c >> 1 ^ 0x82f63b78 : c >> 1;
			crc_table[i] = c;
		}
	c = ~0u;
	while (len--)
		c = crc_table[(c ^ *p++) & 0xff] ^ c >> 8;
	return ~c;
}

bool packet_ip_csum_ok(const struct packet *p, const uint8_t *frame)
{
	return !csum_fold(csum_add(0, frame + p->l3_off, p->l4_off - p->l3_off));
}

int packet_l4_csum(const struct packet *p, const uint8_t *frame)
{
	const uint8_t *l4 = frame + p->l4_off, *ip = frame + p->l3_off;
	uint32_t len, sum;
	uint8_t pseudo[4];

	if (!p->l4_off || p->fragment || p->end < p->l4_off)
		return -1;
	len = p->end - p->l4_off;
	switch (p->l4) {
	case IPPROTO_TCP_:
		if (len < 20)
			return -1;
		break;
	case IPPROTO_UDP_:
		if (len < 8 || !get16(l4 + 6))	/* the sender did not compute one */
			return -1;
		if (get16(l4 + 4) < 8 || get16(l4 + 4) > len)
			return -1;
		len = get16(l4 + 4);
		break;
	case IPPROTO_SCTP_: {
		uint8_t tmp[MAX_FRAME];
		uint32_t c;

		if (len < 12)
			return -1;
		memcpy(tmp, l4, len);
		memset(tmp + 8, 0, 4);
		c = crc32c(tmp, len);
		return l4[8] == (c & 0xff) && l4[9] == (c >> 8 & 0xff) &&
		       l4[10] == (c >> 16 & 0xff) && l4[11] == c >> 24;
	}
	default:
		return -1;
	}
	put16(pseudo, p->l4);
	put16(pseudo + 2, len);
	sum = csum_add(0, pseudo, 4);
	if (p->l3 == 4)
		sum = csum_add(sum, ip + 12, 8);
	else
		sum = csum_add(sum, ip + 8, 32);
	return !csum_fold(csum_add(sum, l4, len));
}
