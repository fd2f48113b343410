// SPDX-License-Identifier: GPL-2.0
/* The bench around the card: memory, rings, frames. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

const uint8_t mac_left[6] = { 0x02, 0, 0, 0, 0, 0x01 };
const uint8_t mac_right[6] = { 0x02, 0, 0, 0, 0, 0x02 };

static void tap(void *arg, const uint8_t *frame, size_t len)
{
	struct rig *r = arg;

	if (r->taps == RIG_TAP)
		return;
	r->tap[r->taps].len = (uint32_t)len;
	memcpy(r->tap[r->taps].data, frame, len);
	r->taps++;
}

void rig_up(struct rig *r, unsigned int ports)
{
	memset(r, 0, sizeof(*r));
	r->tap = malloc(RIG_TAP * sizeof(*r->tap));
	for (unsigned int i = 0; i < ports; i++) {
		struct config cfg = { .device_id = 0x10f7 };
		struct rig_port *p = &r->port[i];

		memcpy(cfg.mac, i ? mac_right : mac_left, 6);
		p->nic = card_add(&r->card, &cfg);
		p->mem = aligned_alloc(4096, RIG_MEM);
		memset(p->mem, 0, RIG_MEM);
		p->heap = RIG_IOVA;
		p->rx_buf = 2048;
		dma_map_host(p->nic, RIG_IOVA, RIG_MEM, DMA_READ | DMA_WRITE, p->mem);
		rig_master(p->nic, true);
		reg_write(p->nic, DMATXCTL, REG(p->nic, DMATXCTL) | DMATXCTL_TE);
		reg_write(p->nic, FCTRL, FCTRL_BAM);
		reg_write(p->nic, RXCTRL, RXCTRL_RXEN);
	}
	if (ports == 2)
		card_cable(&r->card, 0, 1);
	r->port[0].nic->wire.tap = tap;
	r->port[0].nic->wire.tap_arg = r;
}

void rig_down(struct rig *r)
{
	card_free(&r->card);
	for (unsigned int i = 0; i < 2; i++)
		free(r->port[i].mem);
	free(r->tap);
}

uint64_t rig_alloc(struct rig_port *p, uint32_t len)
{
	uint64_t at = p->heap;

	p->heap += (len + 127u) & ~127u;
	if (p->heap > RIG_IOVA + RIG_MEM)
		abort();
	return at;
}

void *rig_ptr(struct rig_port *p, uint64_t iova)
{
	return p->mem + (iova - RIG_IOVA);
}

void rig_master(struct nic *nic, bool on)
{
	uint16_t command = on ? 0x0006 : 0x0002;

	pci_write(nic, PCI_COMMAND, &command, 2);
}

void rig_tx_queue(struct rig_port *p, unsigned int q)
{
	p->tx_ring[q] = rig_alloc(p, RIG_RING * sizeof(struct tx_desc));
	p->tx_tail[q] = 0;
	reg_write(p->nic, txq_reg(q, TDBAL), (uint32_t)p->tx_ring[q]);
	reg_write(p->nic, txq_reg(q, TDBAH), (uint32_t)(p->tx_ring[q] >> 32));
	reg_write(p->nic, txq_reg(q, TDLEN), RIG_RING * sizeof(struct tx_desc));
	reg_write(p->nic, txq_reg(q, TDH), 0);
	reg_write(p->nic, txq_reg(q, TDT), 0);
	reg_write(p->nic, txq_reg(q, TXDCTL), TXDCTL_ENABLE);
}

void rig_rx_queue(struct rig_port *p, unsigned int q, unsigned int buffers)
{
	p->rx_ring[q] = rig_alloc(p, RIG_RING * sizeof(struct rx_desc));
	p->rx_next[q] = 0;
	for (unsigned int i = 0; i < RIG_RING; i++) {
		struct rx_desc *d = rig_ptr(p, p->rx_ring[q] + i * sizeof(*d));

		d->pkt_addr = rig_alloc(p, p->rx_buf);
		d->hdr_addr = 0;
	}
	reg_write(p->nic, rxq_reg(q, RDBAL), (uint32_t)p->rx_ring[q]);
	reg_write(p->nic, rxq_reg(q, RDBAH), (uint32_t)(p->rx_ring[q] >> 32));
	reg_write(p->nic, rxq_reg(q, RDLEN), RIG_RING * sizeof(struct rx_desc));
	reg_write(p->nic, rxq_reg(q, RDH), 0);
	reg_write(p->nic, rxq_reg(q, SRRCTL), p->rx_buf / 1024 | 1u << 25);
	reg_write(p->nic, rxq_reg(q, RXDCTL), RXDCTL_ENABLE);
	reg_write(p->nic, rxq_reg(q, RDT), buffers);
}

void rig_up_tx(struct rig *r)
{
	rig_up(r, 1);
	rig_tx_queue(&r->port[0], 0);
}

void rig_up_pair(struct rig *r, unsigned int buffers)
{
	rig_up(r, 2);
	rig_tx_queue(&r->port[0], 0);
	rig_rx_queue(&r->port[1], 0, buffers);
}

void rig_up_rx(struct rig *r, unsigned int queues, unsigned int buffers)
{
	static const uint8_t key[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	struct nic *nic;

	rig_up(r, 1);
	nic = r->port[0].nic;
	/* the port under test is addressed as the frames of make_frame() are */
	reg_write(nic, RAL, 0x00000002);
	reg_write(nic, RAH, RAH_AV | 0x0200);
	for (unsigned int q = 0; q < queues; q++)
		rig_rx_queue(&r->port[0], q, buffers);
	for (unsigned int i = 0; i < 10; i++) {
		uint32_t w;

		memcpy(&w, key + i * 4, 4);
		reg_write(nic, RSSRK + i * 4, w);
	}
	for (unsigned int i = 0; i < 128; i++)
		REG(nic, RETA + i / 4 * 4) |= i % queues << i % 4 * 8;
}

struct tx_desc *rig_tx_desc(struct rig_port *p, unsigned int q, uint32_t i)
{
	return rig_ptr(p, p->tx_ring[q] + i % RIG_RING * sizeof(struct tx_desc));
}

static void push(struct rig_port *p, unsigned int q, uint64_t addr, uint32_t cmd, uint32_t olinfo)
{
	*rig_tx_desc(p, q, p->tx_tail[q]) = (struct tx_desc){ addr, cmd, olinfo };
	p->tx_tail[q] = (p->tx_tail[q] + 1) % RIG_RING;
}

void rig_send(struct rig_port *p, unsigned int q, const uint8_t *frame, uint32_t len,
	      const struct want *w)
{
	uint64_t at = rig_alloc(p, len);
	unsigned int pieces = w->pieces ? w->pieces : 1;
	uint32_t cmd = TXD_DEXT | TXD_DTYP_DATA | TXD_IFCS, done = 0, pay = len;

	memcpy(rig_ptr(p, at), frame, len);
	if (w->ctx || w->tucmd || w->tso || w->tag) {
		struct tx_ctx_desc c = {
			.vlan_macip_lens = w->ip_len | (uint32_t)w->mac_len << 9 | (uint32_t)w->vlan << 16,
			.type_tucmd = w->tucmd | TXD_DEXT | TXD_DTYP_CTX,
			.mss_l4len_idx = (uint32_t)w->mss << 16 | (uint32_t)w->l4_len << 8,
		};
		struct tx_desc d;

		memcpy(&d, &c, sizeof(d));
		push(p, q, d.addr, d.cmd, d.olinfo);
	}
	if (w->tso) {
		cmd |= TXD_TSE;
		pay = len - w->mac_len - w->ip_len - w->l4_len;
	}
	if (w->tag)
		cmd |= TXD_VLE;
	if (w->stamp)
		cmd |= TXD_STAMP;
	for (unsigned int i = 0; i < pieces; i++) {
		uint32_t n = i + 1 == pieces ? len - done : len / pieces;

		push(p, q, at + done, cmd | n | (i + 1 == pieces ? TXD_EOP | TXD_RS : 0),
		     pay << TXD_PAYLEN | w->popts);
		done += n;
	}
	reg_write(p->nic, txq_reg(q, TDT), p->tx_tail[q]);
}

void rig_go(struct rig *r)
{
	card_settle(&r->card);
}

bool rig_recv(struct rig_port *p, unsigned int q, struct received *to)
{
	bool end = false;

	memset(to, 0, sizeof(*to));
	while (!end) {
		uint8_t *d = rig_ptr(p, p->rx_ring[q] + p->rx_next[q] * sizeof(struct rx_desc));
		uint32_t w[4];

		memcpy(w, d, sizeof(w));
		if (!(w[2] & RXD_DD))
			return false;
		to->rss_type = w[0] & 0xf;
		to->ptype = w[0] & 0xfff0;
		to->hash = w[1];
		to->status = w[2];
		to->vlan = (uint16_t)(w[3] >> 16);
		/* where the buffer was is known from the order of allocation */
		memcpy(to->data + to->len,
		       rig_ptr(p, p->rx_ring[q] + RIG_RING * sizeof(struct rx_desc) +
			       (uint64_t)p->rx_next[q] * p->rx_buf), w[3] & 0xffff);
		to->len += w[3] & 0xffff;
		if (!to->descs++)
			to->first_len = w[3] & 0xffff;
		end = w[2] & RXD_EOP;
		memset(d, 0, 16);
		p->rx_next[q] = (p->rx_next[q] + 1) % RIG_RING;
	}
	return true;
}

/* frames */

static uint32_t put_l4(uint8_t *l4, const struct shape *s)
{
	uint32_t hdr = s->sctp ? 12 : s->udp ? 8 : 20;

	memset(l4, 0, hdr);
	put16(l4, s->sport);
	put16(l4 + 2, s->dport);
	if (!s->sctp && !s->udp) {
		put32(l4 + 4, 0x01020304);
		l4[12] = 0x50;
		l4[13] = s->flags;
	} else if (s->udp) {
		put16(l4 + 4, 8 + s->payload);
	}
	for (uint32_t i = 0; i < s->payload; i++)
		l4[hdr + i] = (uint8_t)(i * 7 + (i >> 8));
	return hdr + s->payload;
}

/* a whole, right frame, unless something is to be wrong */
uint32_t make_frame(uint8_t *f, const struct shape *s)
{
	uint32_t ip = s->vlan ? 18 : 14, l4 = ip + (s->v6 ? 40 : 20), len;
	uint8_t proto = s->sctp ? 132 : s->udp ? 17 : 6, pseudo[4];
	uint32_t sum, field = s->udp ? 6 : 16;

	memcpy(f, mac_right, 6);
	memcpy(f + 6, mac_left, 6);
	if (s->vlan) {
		put16(f + 12, 0x8100);
		put16(f + 14, s->tci);
	}
	put16(f + ip - 2, s->v6 ? 0x86dd : 0x0800);
	len = put_l4(f + l4, s);
	memset(f + ip, 0, l4 - ip);
	if (s->v6) {
		f[ip] = 0x60;
		put16(f + ip + 4, len);
		f[ip + 6] = proto;
		f[ip + 7] = 64;
		f[ip + 8] = f[ip + 24] = 0xfd;
		f[ip + 23] = 1;
		f[ip + 39] = 2;
		sum = csum_add(0, f + ip + 8, 32);
	} else {
		f[ip] = 0x45;
		put16(f + ip + 2, 20 + len);
		put16(f + ip + 4, 0x1234);
		f[ip + 8] = 64;
		f[ip + 9] = proto;
		put32(f + ip + 12, 0x0a000001);
		put32(f + ip + 16, 0x0a000002);
		put16(f + ip + 10, csum_fold(csum_add(0, f + ip, 20)) ^ (s->bad_ip ? 0x55 : 0));
		sum = csum_add(0, f + ip + 12, 8);
	}
	if (s->sctp) {
		uint32_t c = crc32c(f + l4, len);

		for (unsigned int i = 0; i < 4; i++)
			f[l4 + 8 + i] = (uint8_t)(c >> 8 * i);
		field = 8;
	} else {
		put16(pseudo, proto);
		put16(pseudo + 2, len);
		sum = csum_add(sum, pseudo, 4);
		put16(f + l4 + field, csum_fold(csum_add(sum, f + l4, len)));
	}
	if (s->bad_l4)
		f[l4 + field] ^= 0x55;
	return l4 + len;
}
