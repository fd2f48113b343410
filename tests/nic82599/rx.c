// SPDX-License-Identifier: GPL-2.0
/* Receive: from the wire through filters and packet buffer into the guest's rings. */
#include <stdatomic.h>
#include <string.h>

#include "nic.h"

#define MIN_LENGTH	64		/* with the CRC */

struct rxq {
	uint64_t base;
	uint32_t count, head, tail, buf, srrctl;
};

void rx_reset(struct nic *nic)
{
	fifo_clear(&nic->fifo);
	if (nic->pausing) {
		nic->pausing = false;
		wire_pause(nic, false);
	}
}

static bool rxq_load(struct nic *nic, unsigned int q, struct rxq *r)
{
	if (!(REG(nic, rxq_reg(q, RXDCTL)) & RXDCTL_ENABLE))
		return false;
	r->base = (uint64_t)REG(nic, rxq_reg(q, RDBAH)) << 32 | REG(nic, rxq_reg(q, RDBAL));
	r->count = REG(nic, rxq_reg(q, RDLEN)) / sizeof(struct rx_desc);
	r->head = REG(nic, rxq_reg(q, RDH));
	r->tail = REG(nic, rxq_reg(q, RDT));
	r->srrctl = REG(nic, rxq_reg(q, SRRCTL));
	r->buf = (r->srrctl & SRRCTL_BSIZEPKT) * 1024;
	if (!r->buf)
		r->buf = 2048;
	return r->count && r->head < r->count && r->tail < r->count;
}

static uint32_t rxq_free(const struct rxq *r)
{
	return r->tail >= r->head ? r->tail - r->head : r->count - r->head + r->tail;
}

/* the half with length and DD goes last: the driver polls it */
static void write_back(uint64_t *desc, uint64_t lower, uint64_t upper)
{
	desc[0] = lower;
	atomic_store_explicit((_Atomic uint64_t *)&desc[1], upper, memory_order_release);
}

static uint64_t legacy_upper(const struct rx_meta *m, uint32_t len, uint32_t status)
{
	/* the legacy layout has eight status and eight error bits, in the same order */
	uint64_t st = (status & 0x0b) | (status & (RXD_L4CS | RXD_IPCS | RXD_PIF | RXD_UDPCS));
	uint64_t err = (m->status >> 24) & 0xff;

	return len | st << 32 | err << 40 | (uint64_t)m->vlan << 48;
}

enum rx_result { RX_DONE, RX_NO_DESC, RX_NO_QUEUE, RX_NEVER };

static enum rx_result deliver(struct nic *nic, const struct rx_meta *m, const uint8_t *frame)
{
	struct rxq r;
	uint8_t *ring;
	uint32_t need, done = 0;
	bool late = late_wanted(nic);

	if (!rxq_load(nic, m->queue, &r))
		return RX_NO_QUEUE;
	need = (m->len + r.buf - 1) / r.buf;
	if (need >= r.count)		/* a full ring has one descriptor fewer than it is long */
		return RX_NEVER;
	if (rxq_free(&r) < need)
		return RX_NO_DESC;
	ring = dma_get(nic, r.base, (uint64_t)r.count * sizeof(struct rx_desc),
		       DMA_READ | DMA_WRITE, "receive ring");
	if (!ring)
		return RX_NO_QUEUE;

	while (done < m->len) {
		uint64_t at = r.head * sizeof(struct rx_desc), *desc = (uint64_t *)(ring + at);
		uint32_t n = m->len - done < r.buf ? m->len - done : r.buf;
		uint32_t status = RXD_DD;
		uint64_t addr = desc[0], lower, upper;

		/* a buffer outside the guest's memory loses its data, not the ring */
		dma_write(nic, addr, frame + done, n, "receive buffer");
		done += n;
		if (done == m->len)
			status |= RXD_EOP | m->status;
		r.head = r.head + 1 == r.count ? 0 : r.head + 1;
		if (r.srrctl & SRRCTL_DESCTYPE) {
			lower = (uint64_t)m->hash << 32 | (uint32_t)m->ptype << 4 | m->rss_type;
			upper = (uint64_t)(n | (uint32_t)m->vlan << 16) << 32 | status;
		} else {
			lower = addr;
			upper = legacy_upper(m, n, status);
		}
		if (late)
			late_add(nic, &(struct late_write){ .iova = r.base + at, .value = { lower, upper },
							    .q = m->queue, .descriptor = true, .event = true });
		else
			write_back(desc, lower, upper);
	}
	REG(nic, rxq_reg(m->queue, RDH)) = r.head;
	stats_rx_queue(nic, m->queue, m->len);
	if (!late)
		intr_rx(nic, m->queue);
	return RX_DONE;
}

/* false: the frame has to wait */
static bool finish(struct nic *nic, const struct rx_meta *m, const uint8_t *frame)
{
	switch (deliver(nic, m, frame)) {
	case RX_NO_DESC:
		if (!(REG(nic, rxq_reg(m->queue, SRRCTL)) & SRRCTL_DROP_EN))
			return false;
		stats_rx_queue_drop(nic, m->queue);
		return true;
	case RX_NO_QUEUE:
	case RX_NEVER:
		stats_rx_queue_drop(nic, m->queue);
		return true;
	case RX_DONE:
		break;
	}
	return true;
}

/* tell the link partner to stop when the packet buffer runs full, and to go on when it has drained */
static void flow_control(struct nic *nic)
{
	uint32_t high = REG(nic, FCRTH), low = REG(nic, FCRTL), fill = fifo_fill(&nic->fifo);

	if (!nic->pausing) {
		if ((high & FCRTH_FCEN) && (REG(nic, FCCFG) & FCCFG_TFCE) &&
		    fill > (high & FCRT_BYTES)) {
			nic->pausing = true;
			REG(nic, LXOFFTXC)++;
			stats_tx_pause(nic, 1);
			wire_pause(nic, true);
		}
	} else if (fill <= (low & FCRT_BYTES)) {
		nic->pausing = false;
		if (low & FCRTL_XONE) {
			REG(nic, LXONTXC)++;
			stats_tx_pause(nic, 1);
		}
		wire_pause(nic, false);
	}
}

void rx_kick(struct nic *nic)
{
	struct rx_meta m;

	while (nic_is_master(nic) && fifo_peek(&nic->fifo, &m, nic->rxbuf)) {
		if (!finish(nic, &m, nic->rxbuf))
			break;
		fifo_pop(&nic->fifo, &m);
	}
	if (nic->pausing)
		flow_control(nic);
}

static uint16_t packet_type(const struct packet *p)
{
	uint16_t t = 0;

	if (p->l3 == 4)
		t = p->l3_options ? RXD_PT_IPV4 | RXD_PT_IPV4_EX : RXD_PT_IPV4;
	else if (p->l3 == 6)
		t = p->l3_options ? RXD_PT_IPV6 | RXD_PT_IPV6_EX : RXD_PT_IPV6;
	if (p->l3 && !p->fragment && p->l4_off) {
		if (p->l4 == 6)
			t |= RXD_PT_TCP;
		else if (p->l4 == 17)
			t |= RXD_PT_UDP;
		else if (p->l4 == 132)
			t |= RXD_PT_SCTP;
	}
	return t >> 4;			/* as in the descriptor, from bit 4 up */
}

static uint32_t checksums(struct nic *nic, const struct packet *p, const uint8_t *frame)
{
	uint32_t status = 0;
	int l4;

	if (p->l3 == 4) {
		status |= RXD_IPCS;
		if (!packet_ip_csum_ok(p, frame)) {
			REG(nic, XEC)++;
			return status | RXD_ERR_IP;
		}
	}
	if (!p->l3)
		return status;
	l4 = packet_l4_csum(p, frame);
	if (l4 < 0)
		return status;
	status |= RXD_L4CS;
	if (p->l4 == 17)
		status |= RXD_UDPCS;
	if (!l4) {
		REG(nic, XEC)++;
		status |= RXD_ERR_L4;
	}
	return status;
}

/* ethertype filters come before every other choice of a queue */
static bool ethertype_filter(struct nic *nic, const struct packet *p, struct rx_meta *m)
{
	for (unsigned int i = 0; i < 8; i++) {
		uint32_t etqf = REG(nic, ETQF + i * 4), etqs;

		if (!(etqf & ETQF_EN) || (etqf & 0xffff) != p->ethertype)
			continue;
		m->ptype = (uint16_t)((RXD_PT_ETQF | i << 4) >> 4);
		m->rss_type = RSS_T_NONE;
		m->hash = 0;
		etqs = REG(nic, ETQS + i * 4);
		if (etqs & ETQS_QUEUE_EN) {
			m->queue = etqs >> 16 & 0x7f;
			return true;
		}
	}
	return false;
}

/* false: dropped on purpose */
static bool choose_queue(struct nic *nic, const struct packet *p, const uint8_t *frame, struct rx_meta *m)
{
	const struct fdir_filter *hit;

	m->ptype = packet_type(p);
	m->rss_type = (uint8_t)rss_hash(nic, p, frame, &m->hash);
	m->queue = (uint8_t)rss_queue(nic, p, m->rss_type, m->hash);
	if (ethertype_filter(nic, p, m))
		return true;
	if (fdir_match(nic, p, frame, &hit)) {
		m->status |= RXD_FLM;
		if (hit->drop)
			return false;
		m->queue = hit->queue & 0x7f;
		m->hash = hit->hash;
		m->rss_type = RSS_T_NONE;
	}
	return true;
}

/* of a frame that passed the filters: false if its length has it dropped */
static bool length_ok(struct nic *nic, size_t len, const struct packet *p, unsigned int flags, uint32_t *status)
{
	size_t max = (REG(nic, HLREG0) & HLREG0_JUMBOEN) ? REG(nic, MAXFRS) >> 16 : 1518;

	if (len + ETH_CRC > max + (p->vlan ? 4 : 0)) {
		REG(nic, (flags & RX_BAD_CRC) ? RJC : ROC)++;
		return false;
	}
	if (len + ETH_CRC >= MIN_LENGTH)
		return true;
	REG(nic, (flags & RX_BAD_CRC) ? RFC : RUC)++;
	*status |= RXD_ERR_USE;
	return REG(nic, FCTRL) & FCTRL_SBP;
}

void rx_frame(struct nic *nic, const uint8_t *frame, size_t len, unsigned int flags)
{
	uint8_t stripped[FRAME_ROOM];
	struct packet p;
	struct rx_meta m = { 0 };

	if (!(REG(nic, RXCTRL) & RXCTRL_RXEN) || nic->fault.gone)
		return;
	if (len < ETH_HDR || len > MAX_FRAME)
		return;
	nic->wire.received++;
	stats_rx_total(nic, len);
	if ((flags & RX_BAD_CRC) && len + ETH_CRC >= MIN_LENGTH)
		REG(nic, CRCERRS)++;
	packet_parse(&p, frame, len, (uint16_t)REG(nic, VLNCTRL));
	if (!filter_mac(nic, frame, &m.status) || !filter_vlan(nic, &p))
		return;
	if (!length_ok(nic, len, &p, flags, &m.status))
		return;
	if (flags & RX_BAD_CRC) {
		if (!(REG(nic, FCTRL) & FCTRL_SBP))
			return;
		m.status |= RXD_ERR_CE;
	}
	if (!(m.status & (RXD_ERR_CE | RXD_ERR_USE)))
		stats_rx(nic, frame, len);
	m.status |= checksums(nic, &p, frame);
	if (!choose_queue(nic, &p, frame, &m))
		return;
	if (p.vlan && (REG(nic, rxq_reg(m.queue, RXDCTL)) & RXDCTL_VME)) {
		memcpy(stripped, frame, 12);
		memcpy(stripped + 12, frame + 16, len - 16);
		frame = stripped;
		len -= 4;
		m.vlan = p.tci;
		m.status |= RXD_VP;
	}
	m.len = (uint32_t)len;

	/* frames keep their order: nothing overtakes one that waits */
	if (!fifo_fill(&nic->fifo) && nic_is_master(nic) && finish(nic, &m, frame))
		return;
	if (!fifo_push(&nic->fifo, &m, frame)) {
		REG(nic, MPC)++;
		intr_other(nic, EICR_RX_MISS);
		return;
	}
	flow_control(nic);
}
