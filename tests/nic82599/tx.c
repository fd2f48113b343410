// SPDX-License-Identifier: GPL-2.0
/* Transmit: descriptors from the guest's rings, gathered into packets, written back when done. */
#include <stdatomic.h>
#include <string.h>

#include "nic.h"

struct txq {
	unsigned int q;
	uint64_t base;
	uint8_t *ring;
	uint32_t count, head, tail;
};

void tx_reset(struct nic *nic)
{
	memset(nic->tx.active, 0, sizeof(nic->tx.active));
	memset(nic->tx.ctx, 0, sizeof(nic->tx.ctx));
	nic->tx.paused = false;
}

void tx_doorbell(struct nic *nic, unsigned int q)
{
	nic->tx.active[q / 64] |= 1ull << q % 64;
}

/* a command that waited for a frame can change it between two */
static bool may_send(const struct nic *nic)
{
	return !nic->tx.paused && !nic->fault.tx_stall && nic_is_master(nic) && nic->link.up;
}

bool tx_pending(struct nic *nic)
{
	return may_send(nic) && (nic->tx.active[0] | nic->tx.active[1]);
}

static bool txq_load(struct nic *nic, struct txq *t)
{
	if (!(REG(nic, DMATXCTL) & DMATXCTL_TE) ||
	    !(REG(nic, txq_reg(t->q, TXDCTL)) & TXDCTL_ENABLE))
		return false;
	t->count = REG(nic, txq_reg(t->q, TDLEN)) / sizeof(struct tx_desc);
	t->head = REG(nic, txq_reg(t->q, TDH));
	t->tail = REG(nic, txq_reg(t->q, TDT));
	if (!t->count || t->head >= t->count || t->tail >= t->count || t->head == t->tail)
		return false;
	t->base = (uint64_t)REG(nic, txq_reg(t->q, TDBAH)) << 32 | REG(nic, txq_reg(t->q, TDBAL));
	t->ring = dma_get(nic, t->base, (uint64_t)t->count * sizeof(struct tx_desc),
			  DMA_READ | DMA_WRITE, "transmit ring");
	return t->ring;
}

static void load_context(struct nic *nic, unsigned int q, const struct tx_desc *d)
{
	struct tx_ctx_desc c;
	struct tx_ctx *x;

	memcpy(&c, d, sizeof(c));
	x = &nic->tx.ctx[q][c.mss_l4len_idx >> 4 & 1];
	x->vlan = (uint16_t)(c.vlan_macip_lens >> 16);
	x->mac_len = c.vlan_macip_lens >> 9 & 0x7f;
	x->ip_len = c.vlan_macip_lens & 0x1ff;
	x->l4_len = c.mss_l4len_idx >> 8 & 0xff;
	x->mss = (uint16_t)(c.mss_l4len_idx >> 16);
	x->tucmd = c.type_tucmd;
}

static void first_desc(struct tx_packet *pkt, const struct tx_desc *d)
{
	pkt->cmd = d->cmd;
	pkt->olinfo = d->olinfo;
	pkt->advanced = d->cmd & TXD_DEXT;
	pkt->cso = (uint8_t)(d->cmd >> 16);
	pkt->css = (uint8_t)(d->olinfo >> 8);
	pkt->vlan = (uint16_t)(d->olinfo >> 16);
}

static void add_data(struct nic *nic, struct tx_packet *pkt, const struct tx_desc *d)
{
	uint32_t len = d->cmd & TXD_LEN;
	const uint8_t *p;

	if (!len || pkt->bad)
		return;
	p = dma_get(nic, d->addr, len, DMA_READ, "transmit buffer");
	if (!p || pkt->n == TX_SEGS) {
		pkt->bad = true;
		return;
	}
	pkt->seg[pkt->n++] = (struct tx_seg){ p, len };
	pkt->len += len;
}

static struct tx_desc fetch(const struct txq *t, uint32_t i)
{
	struct tx_desc d;

	/* one copy, so that a guest that rewrites it meanwhile fools nobody */
	memcpy(&d, t->ring + i * sizeof(d), sizeof(d));
	return d;
}

/*
 * Gathers the packet that starts at the head. Returns how many descriptors it takes,
 * 0 while its end has not been given to us. Contexts on the way take effect.
 */
static uint32_t gather(struct nic *nic, const struct txq *t, struct tx_packet *pkt)
{
	uint32_t i = t->head, n = 0;
	bool first = true;

	pkt->n = 0;
	pkt->len = 0;
	pkt->bad = false;
	pkt->cmd = 0;
	while (i != t->tail) {
		struct tx_desc d = fetch(t, i);

		n++;
		i = i + 1 == t->count ? 0 : i + 1;
		if ((d.cmd & TXD_DEXT) && (d.cmd & TXD_DTYP) == TXD_DTYP_CTX) {
			load_context(nic, t->q, &d);
			if (first)
				return n;	/* a context alone is done at once */
			continue;
		}
		if (first) {
			first_desc(pkt, &d);
			first = false;
		}
		add_data(nic, pkt, &d);
		if (d.cmd & TXD_EOP) {
			pkt->ctx = nic->tx.ctx[t->q][pkt->olinfo >> TXD_IDX & 1];
			return n;
		}
	}
	/* a full ring without an end can never become a packet */
	if (n == t->count - 1) {
		pkt->bad = true;
		return n;
	}
	return 0;
}

/* the last word of a descriptor says that it is done */
static void report_done(struct nic *nic, const struct txq *t, uint32_t status, bool late)
{
	uint32_t at = t->head * (uint32_t)sizeof(struct tx_desc) + 12;

	if (late)
		late_add(nic, &(struct late_write){ .iova = t->base + at, .value[1] = status,
						    .tx = true, .q = (uint8_t)t->q, .event = true });
	else
		atomic_store_explicit((_Atomic uint32_t *)(t->ring + at), status, memory_order_release);
}

static void complete(struct nic *nic, struct txq *t, uint32_t n)
{
	bool report = false, late = late_wanted(nic);
	uint32_t wbal = REG(nic, txq_reg(t->q, TDWBAL));
	uint64_t head_at;

	while (n--) {
		struct tx_desc d = fetch(t, t->head);

		if (d.cmd & TXD_RS) {
			report = true;
			/* the head is written back instead of the descriptors */
			if (!(wbal & TDWBAL_EN))
				report_done(nic, t, d.olinfo | TXD_DD, late);
		}
		t->head = t->head + 1 == t->count ? 0 : t->head + 1;
	}
	REG(nic, txq_reg(t->q, TDH)) = t->head;
	if (!report)
		return;
	head_at = (uint64_t)REG(nic, txq_reg(t->q, TDWBAH)) << 32 | (wbal & ~3u);
	if ((wbal & TDWBAL_EN) && late)
		late_add(nic, &(struct late_write){ .iova = head_at, .value[1] = t->head,
						    .tx = true, .q = (uint8_t)t->q, .event = true });
	else if (wbal & TDWBAL_EN)
		dma_write(nic, head_at, &t->head, sizeof(t->head), "head write-back");
	if (!late)
		intr_tx(nic, t->q);
}

/* returns false when the queue has nothing more to send now */
static bool run_queue(struct nic *nic, struct txq *t, unsigned int *budget)
{
	struct tx_packet pkt;

	if (!txq_load(nic, t))
		return false;
	while (t->head != t->tail) {
		uint32_t n;

		if (!*budget || !may_send(nic))
			return true;
		n = gather(nic, t, &pkt);
		if (!n)
			return false;
		if (pkt.cmd || pkt.n) {
			unsigned int sent = pkt.bad ? 0 : offload_send(nic, t->q, &pkt);

			if (sent && pkt.advanced && (pkt.cmd & TXD_STAMP))
				clock_stamp_tx(nic);
			if (!sent && !nic->tx.senseless++)
				nic_msg(nic, "a packet of %u bytes that cannot be sent: offloads, length or memory make no sense",
					pkt.len);
			*budget -= sent > *budget ? *budget : sent ? sent : 1;
		}
		complete(nic, t, n);
	}
	return false;
}

/* round robin over the queues; frames sent plus packets dropped count against the budget */
unsigned int tx_run(struct nic *nic, unsigned int budget)
{
	unsigned int left = budget;

	while (left && tx_pending(nic)) {
		struct txq t = { .q = nic->tx.next };
		unsigned int share = left < 32 ? left : 32, before = share;

		nic->tx.next = (nic->tx.next + 1) % N_QUEUES;
		if (!(nic->tx.active[t.q / 64] >> t.q % 64 & 1))
			continue;
		if (!run_queue(nic, &t, &share))
			nic->tx.active[t.q / 64] &= ~(1ull << t.q % 64);
		left -= before - share;
	}
	return budget - left;
}
