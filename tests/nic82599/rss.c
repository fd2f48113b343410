// SPDX-License-Identifier: GPL-2.0
/* Receive side scaling: the Toeplitz hash, and the queue it picks. */
#include <string.h>

#include "nic.h"

/* the key is kept least significant byte first in each register */
static uint8_t key_byte(struct nic *nic, unsigned int i)
{
	return (uint8_t)(REG(nic, RSSRK + (i & ~3u)) >> i % 4 * 8);
}

/* what each half byte at each place of the input adds to the hash */
static void make_table(struct nic *nic)
{
	for (unsigned int i = 0; i < RSS_INPUT * 2; i++) {
		uint64_t window = 0;

		for (unsigned int k = 0; k < 8; k++)
			window = window << 8 | (i / 2 + k < 40 ? key_byte(nic, i / 2 + k) : 0);
		window <<= i % 2 * 4;
		for (unsigned int v = 0; v < 16; v++) {
			uint32_t h = 0;

			for (unsigned int bit = 0; bit < 4; bit++)
				if (v & 8u >> bit)
					h ^= (uint32_t)(window >> (32 - bit));
			nic->rss.table[i][v] = h;
		}
	}
	nic->rss.valid = true;
}

static uint32_t toeplitz(struct nic *nic, const uint8_t *in, unsigned int len)
{
	uint32_t hash = 0;

	if (!nic->rss.valid)
		make_table(nic);
	for (unsigned int i = 0; i < len; i++)
		hash ^= nic->rss.table[i * 2][in[i] >> 4] ^ nic->rss.table[i * 2 + 1][in[i] & 0xf];
	return hash;
}

unsigned int rss_hash(struct nic *nic, const struct packet *p, const uint8_t *frame, uint32_t *hash)
{
	uint32_t mrqc = REG(nic, MRQC);
	const uint8_t *ip = frame + p->l3_off;
	uint8_t in[RSS_INPUT];
	unsigned int n, type = RSS_T_NONE;
	bool ports = !p->fragment && p->l4_off && p->end >= p->l4_off + 4u;

	*hash = 0;
	if (!(mrqc & MRQC_MODE) || !p->l3)
		return RSS_T_NONE;
	if (p->l3 == 4) {
		memcpy(in, ip + 12, 8);
		n = 8;
		if (ports && p->l4 == 6 && (mrqc & MRQC_TCPV4))
			type = RSS_T_TCPV4;
		else if (ports && p->l4 == 17 && (mrqc & MRQC_UDPV4))
			type = RSS_T_UDPV4;
		else if (mrqc & MRQC_IPV4)
			type = RSS_T_IPV4;
	} else {
		memcpy(in, ip + 8, 32);
		n = 32;
		if (ports && p->l4 == 6 && (mrqc & MRQC_TCPV6))
			type = RSS_T_TCPV6;
		else if (ports && p->l4 == 17 && (mrqc & MRQC_UDPV6))
			type = RSS_T_UDPV6;
		else if (mrqc & MRQC_IPV6)
			type = RSS_T_IPV6;
	}
	if (type == RSS_T_NONE)
		return type;
	if (type != RSS_T_IPV4 && type != RSS_T_IPV6) {
		memcpy(in + n, frame + p->l4_off, 4);
		n += 4;
	}
	*hash = toeplitz(nic, in, n);
	return type;
}

unsigned int rss_queue(struct nic *nic, const struct packet *p, unsigned int type, uint32_t hash)
{
	unsigned int mode = REG(nic, MRQC) & MRQC_MODE;
	unsigned int entry = hash & 0x7f, rss = 0, prio, tc;

	if (type != RSS_T_NONE)
		rss = REG(nic, RETA + (entry & ~3u)) >> entry % 4 * 8 & 0xf;
	prio = p->vlan ? p->tci >> 13 : 0;
	tc = REG(nic, 0x03020) >> prio * 3 & 7;		/* RTRUP2TC */
	switch (mode) {
	case MRQC_RSS:
		return rss;
	case 2:			/* eight traffic classes of 16 queues, no hash */
		return tc * 16;
	case 3:			/* four of 32 */
		return (tc & 3) * 32;
	case 4:
		return tc * 16 + rss;
	case 5:
		return (tc & 3) * 32 + rss;
	default:
		return 0;
	}
}
