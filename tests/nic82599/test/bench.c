// SPDX-License-Identifier: GPL-2.0
/* How fast the card is alone: frames from one port's ring to the other's, on one CPU, no guest. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rig.h"

#define BATCH	128		/* frames a doorbell */

struct load {
	const char *name;
	struct shape shape;
	struct want want;
	unsigned int frames;	/* on the wire for each packet sent */
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* the descriptors stay in the ring: only the tail moves, and DD is taken back */
static void again(struct rig *r, unsigned int descs, unsigned int frames, const struct tx_desc *d,
		  unsigned int n_descs)
{
	struct rig_port *tx = &r->port[0], *rx = &r->port[1];

	for (unsigned int i = 0; i < descs; i++)
		*rig_tx_desc(tx, 0, tx->tx_tail[0] + i) = d[i % n_descs];
	tx->tx_tail[0] = (tx->tx_tail[0] + descs) % RIG_RING;
	reg_write(tx->nic, TDT, tx->tx_tail[0]);
	while (card_run(&r->card, 64))
		;
	for (unsigned int i = 0; i < frames; i++) {
		struct rx_desc *e = rig_ptr(rx, rx->rx_ring[0] + rx->rx_next[0] * sizeof(*e));

		e->pkt_addr = rx->rx_ring[0] + RIG_RING * sizeof(*e) + (uint64_t)rx->rx_next[0] * rx->rx_buf;
		e->hdr_addr = 0;
		rx->rx_next[0] = (rx->rx_next[0] + 1) % RIG_RING;
	}
	reg_write(rx->nic, RDT, (rx->rx_next[0] + RIG_RING - 1) % RIG_RING);
}

static void measure(const struct load *l, double seconds)
{
	static uint8_t f[64 * 1024];
	struct rig r;
	struct tx_desc d[8];
	uint32_t len, n_descs, per_round;
	uint64_t frames = 0;
	double t0, t;

	rig_up(&r, 2);
	r.port[0].nic->wire.tap = NULL;
	rig_tx_queue(&r.port[0], 0);
	rig_rx_queue(&r.port[1], 0, RIG_RING - 1);
	reg_write(r.port[1].nic, MRQC, MRQC_RSS | 0xffff0000);
	len = make_frame(f, &l->shape);
	rig_send(&r.port[0], 0, f, len, &l->want);
	n_descs = r.port[0].tx_tail[0];
	for (uint32_t i = 0; i < n_descs; i++)
		d[i] = *rig_tx_desc(&r.port[0], 0, i);
	per_round = BATCH / l->frames ? BATCH / l->frames : 1;
	while (per_round * n_descs >= RIG_RING)
		per_round /= 2;
	reg_write(r.port[0].nic, TDT, 0);
	reg_write(r.port[0].nic, TDH, 0);
	r.port[0].tx_tail[0] = 0;
	t0 = cpu_seconds();
	do {
		for (unsigned int i = 0; i < 200; i++)
			again(&r, per_round * n_descs, per_round * l->frames, d, n_descs);
		frames += 200ull * per_round * l->frames;
		t = cpu_seconds() - t0;
	} while (t < seconds);
	if (r.port[1].nic->wire.received < frames || REG(r.port[1].nic, MPC))
		printf("# %s: frames were lost\n", l->name);
	printf("%-28s Per elem: %.1f ns, %.2f Mpps, %.2f Gbit/s\n", l->name, t / (double)frames * 1e9,
	       (double)frames / t / 1e6, (double)frames * len / l->frames * 8 / t / 1e9);
	rig_down(&r);
}

int main(int argc, char **argv)
{
	static const struct load loads[] = {
		{ "udp 60 bytes", { .payload = 18, .udp = true }, { 0 }, 1 },
		{ "udp 60 bytes, checksum", { .payload = 18, .udp = true },
		  { .ctx = true, .mac_len = 14, .ip_len = 20, .tucmd = TUCMD_IPV4 | TUCMD_L4T_UDP,
		    .popts = TXD_TXSM | TXD_IXSM }, 1 },
		{ "tcp 1514 bytes", { .payload = 1460 }, { 0 }, 1 },
		{ "tcp segments of 1448", { .payload = 1448 * 40 },
		  { .tso = true, .mac_len = 14, .ip_len = 20, .l4_len = 20, .mss = 1448,
		    .tucmd = TUCMD_IPV4 | TUCMD_L4T_TCP, .popts = TXD_TXSM | TXD_IXSM }, 40 },
	};
	double seconds = argc > 1 ? atof(argv[1]) : 1;

	if (seconds <= 0) {
		fprintf(stderr, "usage: bench [SECONDS]\n");
		return 2;
	}
	regs_init();
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		measure(&loads[i], seconds);
	return 0;
}
