// SPDX-License-Identifier: GPL-2.0
/* The statistics registers, counted as the data sheet counts: lengths include the CRC. */
#include <inttypes.h>

#include "nic.h"

static void add64(struct nic *nic, uint32_t low, uint64_t n)
{
	uint64_t v = (uint64_t)REG(nic, low + 4) << 32 | REG(nic, low);

	v += n;
	REG(nic, low) = (uint32_t)v;
	REG(nic, low + 4) = (uint32_t)(v >> 32) & 0xf;	/* 36 bits */
}

/* the six counters by size lie side by side: 64, 127, 255, 511, 1023, more */
static void by_size(struct nic *nic, uint32_t first, size_t len)
{
	static const uint16_t top[] = { 64, 127, 255, 511, 1023 };
	unsigned int i = 0;

	while (i < 5 && len > top[i])
		i++;
	REG(nic, first + i * 4)++;
}

static bool is_broadcast(const uint8_t *f)
{
	return (f[0] & f[1] & f[2] & f[3] & f[4] & f[5]) == 0xff;
}

void stats_rx_total(struct nic *nic, size_t len)
{
	REG(nic, TPR)++;
	add64(nic, TORL, len + ETH_CRC);
}

void stats_rx(struct nic *nic, const uint8_t *frame, size_t len)
{
	REG(nic, GPRC)++;
	add64(nic, GORCL, len + ETH_CRC);
	by_size(nic, PRC64, len + ETH_CRC);
	if (is_broadcast(frame))
		REG(nic, BPRC)++;
	else if (frame[0] & 1)
		REG(nic, MPRC)++;
}

/* four queues' choices of a counter in one register, a byte each */
static unsigned int mapped(struct nic *nic, uint32_t map, unsigned int q)
{
	return REG(nic, map + q / 4 * 4) >> q % 4 * 8 & 0xf;
}

void stats_rx_queue(struct nic *nic, unsigned int q, size_t len)
{
	unsigned int s = mapped(nic, RQSMR, q);

	REG(nic, QPRC + s * 0x40)++;
	add64(nic, QBRC_L + s * 0x40, len);
}

void stats_rx_queue_drop(struct nic *nic, unsigned int q)
{
	REG(nic, QPRDC + mapped(nic, RQSMR, q) * 0x40)++;
}

void stats_tx(struct nic *nic, unsigned int q, const uint8_t *frame, size_t len)
{
	unsigned int s = mapped(nic, TQSM, q);

	REG(nic, GPTC)++;
	REG(nic, TPT)++;
	add64(nic, GOTCL, len + ETH_CRC);
	by_size(nic, PTC64, len + ETH_CRC);
	if (is_broadcast(frame))
		REG(nic, BPTC)++;
	else if (frame[0] & 1)
		REG(nic, MPTC)++;
	REG(nic, QPTC + s * 0x40)++;
	add64(nic, QBTC_L + s * 8, len);
}

/* pause frames count as any others that are sent: drivers take them off again */
void stats_tx_pause(struct nic *nic, uint32_t n)
{
	REG(nic, GPTC) += n;
	REG(nic, TPT) += n;
	REG(nic, MPTC) += n;
	REG(nic, PTC64) += n;
	add64(nic, GOTCL, 64ull * n);
}

void stats_dump(struct nic *nic, FILE *to)
{
	unsigned int i = nic->index;

	fprintf(to, "port%u.frames_sent %" PRIu64 "\n", i, nic->wire.sent);
	fprintf(to, "port%u.frames_received %" PRIu64 "\n", i, nic->wire.received);
	fprintf(to, "port%u.register_reads %" PRIu64 "\n", i, nic->reads);
	fprintf(to, "port%u.register_writes %" PRIu64 "\n", i, nic->writes);
	fprintf(to, "port%u.interrupts %" PRIu64 "\n", i, nic->intr.fired);
	fprintf(to, "port%u.dma_refused %" PRIu64 "\n", i, nic->dma.refused);
	fprintf(to, "port%u.memory_lost %" PRIu64 "\n", i, nic->dma.lost);
	fprintf(to, "port%u.packets_senseless %" PRIu64 "\n", i, nic->tx.senseless);
	fprintf(to, "port%u.unknown_registers %u\n", i, nic->n_unknown);
	fprintf(to, "port%u.frames_lost_by_fault %" PRIu64 "\n", i, nic->fault.dropped);
	fprintf(to, "port%u.frames_corrupted %" PRIu64 "\n", i, nic->fault.corrupted);
	fprintf(to, "port%u.payloads_corrupted %" PRIu64 "\n", i, nic->fault.corrupted_data);
	fprintf(to, "port%u.interrupts_lost %" PRIu64 "\n", i, nic->fault.irqs_lost);
	fprintf(to, "port%u.write_backs_held %" PRIu64 "\n", i, nic->fault.held);
	fprintf(to, "port%u.write_backs_overtook %" PRIu64 "\n", i, nic->fault.overtook);
}
