// SPDX-License-Identifier: GPL-2.0
/* A port as a whole: making one, resetting it, what it has to say. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nic.h"

#define PACKET_BUFFER	(512 * 1024)

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void nic_msg(struct nic *nic, const char *fmt, ...)
{
	va_list ap;

	/* one line each, whole, whatever else writes to the same log */
	flockfile(stderr);
	fputs("nic82599: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " [port %u]\n", nic->index);
	funlockfile(stderr);
}

struct nic *nic_new(unsigned int index, const struct config *cfg)
{
	struct nic *nic = aligned_alloc(CACHE_LINE, sizeof(*nic));

	if (!nic)
		return NULL;
	memset(nic, 0, sizeof(*nic));
	nic->index = index;
	nic->cfg = *cfg;
	nic->fault.rng = 0x9e3779b97f4a7c15u;
	if (!fifo_init(&nic->fifo, PACKET_BUFFER)) {
		free(nic);
		return NULL;
	}
	if (cfg->tester) {
		nic->wire.tester = tester_new();
		if (!nic->wire.tester) {
			nic_free(nic);
			return NULL;
		}
	}
	intr_init(nic);
	eeprom_init(nic);
	sfp_init(nic);
	pci_init(nic);
	link_init(nic);
	nic_reset(nic);
	return nic;
}

void nic_reset(struct nic *nic)
{
	late_drop(nic);
	rx_reset(nic);
	tx_reset(nic);
	regs_reset(nic);
	intr_reset(nic);
	fdir_clear(nic);
	link_reset(nic);
}

void nic_free(struct nic *nic)
{
	if (!nic)
		return;
	dma_free(nic);
	script_free(nic);
	if (nic->wire.out != nic->wire.in)
		pcap_close(nic->wire.out);
	pcap_close(nic->wire.in);
	free(nic->wire.tester);
	free(nic->fifo.mem);
	free(nic);
}
