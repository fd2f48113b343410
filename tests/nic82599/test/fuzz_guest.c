// SPDX-License-Identifier: GPL-2.0
/* Fuzzing as a hostile guest: register accesses, descriptors in memory, frames from the wire. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../nic.h"

#define IOVA	0x10000u
#define MEM	(64u * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *guest[2];
static int event = -1;

struct input {
	const uint8_t *p;
	size_t left;
};

static uint32_t take(struct input *in, unsigned int bytes)
{
	uint32_t v = 0;

	while (bytes-- && in->left) {
		v = v << 8 | *in->p++;
		in->left--;
	}
	return v;
}

/* half the time a register that matters, of a queue that is in use */
static uint32_t some_register(struct input *in)
{
	static const uint32_t likely[] = {
		TDBAL, TDLEN, TDH, TDT, TXDCTL, TDWBAL, TDWBAH, RDBAL, RDLEN, RDH, RDT, RXDCTL,
		SRRCTL, DMATXCTL, RXCTRL, FCTRL, MRQC, HLREG0, MAXFRS, VLNCTRL, GPIE, EIMS, EIMS_EX,
		EICS, EICR, IVAR, IVAR_MISC, EITR_LO, FCRTH, FCRTL, FCCFG, MFLCN, FDIRCTRL, FDIRCMD,
		FDIRHASH, CTRL, AUTOC, I2CCTL, EEC, EERD, RAL, RAH, ETQF, ETQS, RQSMR, TQSM, RSSRK,
	};
	uint32_t pick = take(in, 1), at;

	if (pick & 0x80)
		return take(in, 3) % REG_SPACE;
	at = likely[pick % (sizeof(likely) / sizeof(likely[0]))];
	return pick & 0x40 ? at + 0x40 : at;
}

static void enable(struct nic *nic, uint8_t *mem)
{
	pci_write(nic, PCI_COMMAND, "\6", 1);
	dma_map_host(nic, IOVA, MEM, DMA_READ | DMA_WRITE, mem);
	reg_write(nic, DMATXCTL, DMATXCTL_TE);
	reg_write(nic, RXCTRL, RXCTRL_RXEN);
	reg_write(nic, FCTRL, FCTRL_UPE | FCTRL_MPE | FCTRL_BAM);
	reg_write(nic, TDBAL, IOVA);
	reg_write(nic, TDLEN, 1024);
	reg_write(nic, TXDCTL, TXDCTL_ENABLE);
	reg_write(nic, RDBAL, IOVA + 0x1000);
	reg_write(nic, RDLEN, 1024);
	reg_write(nic, RXDCTL, RXDCTL_ENABLE);
	reg_write(nic, SRRCTL, 2 | 1u << 25);
	reg_write(nic, RDT, 63);
	for (uint32_t i = 0; i < 64; i++) {
		uint64_t at = IOVA + 0x2000 + i * 0x200;

		memcpy(mem + 0x1000 + i * 16, &at, 8);
	}
}

/* what comes to a port from elsewhere than its guest's driver: the first bits say what */
static void outside(struct card *card, struct nic *nic, struct input *in, uint32_t op)
{
	static const char *const words[] = {
		"link %u down", "link %u up", "gone %u on", "gone %u off", "tx-stall %u on", "tx-stall %u off",
		"irq-hold %u on", "irq-hold %u off", "corrupt %u 2", "corrupt-data %u 2", "lose %u 3", "module %u out",
		"module %u in", "flap %u 2 1", "eeprom-bad %u on", "irq-lose %u 2",
	};
	char line[100], answer[200];
	uint32_t n = take(in, 1);

	switch (op >> 3 & 7) {
	case 0:
	case 1:
		snprintf(line, sizeof(line), words[n % 16], nic->index);
		control_command(card, line, answer, sizeof(answer));
		break;
	case 2:
		snprintf(line, sizeof(line), "at-frame %u %u ", nic->index, (unsigned int)nic->wire.sent + n / 16);
		snprintf(line + strlen(line), sizeof(line) - strlen(line), words[n % 16], nic->index);
		control_command(card, line, answer, sizeof(answer));
		break;
	case 3:
		dma_unmap(nic, IOVA, MEM);
		break;
	case 4:
		dma_map_host(nic, IOVA, MEM, n & 3, nic->index ? guest[1] : guest[0]);
		break;
	case 5:
		intr_connect(nic, n % N_VECTORS, n & 0x80 ? dup(event) : -1);
		break;
	case 6:
		intr_set_eventfd(nic, n & 1 ? &nic->intr.msi_fd : &nic->intr.intx_fd, n & 2 ? dup(event) : -1);
		nic->intr.intx_masked = n & 4;
		break;
	default:
		nic->cfg.sync = n & 1;
		pci_reset(nic);
		break;
	}
}

static void step(struct card *card, uint8_t **mem, struct input *in)
{
	uint32_t op = take(in, 1);
	struct nic *nic = card->port[op >> 7];
	uint32_t off, len;
	uint8_t cfg[16];

	switch (op & 7) {
	case 0:
	case 1:
		off = some_register(in);
		reg_write(nic, off, take(in, 4));
		break;
	case 2:
		reg_read(nic, some_register(in));
		break;
	case 3:
	case 4:
		/* sixteen bytes, most often a descriptor of the ring */
		off = take(in, 1) * 16 + (op & 0x40 ? take(in, 2) % 0xf000 : 0);
		for (unsigned int i = 0; i < 16; i++)
			mem[op >> 7][off + i] = (uint8_t)take(in, 1);
		break;
	case 5:
		len = take(in, 1) * (op & 0x40 ? 64 : 1);
		if (len > in->left)
			len = (uint32_t)in->left;
		rx_frame(nic, in->p, len, op >> 6 & 1);
		in->p += len;
		in->left -= len;
		break;
	case 6:
		off = take(in, 2) % (PCI_CFG_SIZE - 16);
		for (unsigned int i = 0; i < 16; i++)
			cfg[i] = (uint8_t)take(in, 1);
		pci_write(nic, off, cfg, 1 + op / 8 % 4);
		break;
	default:
		if (op & 0x38) {
			outside(card, nic, in, op & 0x40 ? op : op & ~0x38u);
			break;
		}
		if (op & 0x40) {
			/* write-backs that come late meet rings that have changed */
			nic->fault.wb_delay = take(in, 1) & 7;
			nic->fault.wb_spread = take(in, 1);
		}
		card_run(card, 64);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct card card = { 0 };
	struct input in = { data, size };
	uint8_t **mem = guest;
	bool tester = in.left && *in.p == 0xff;

	if (!ready) {
		regs_init();
		event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ready = true;
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct config cfg = { .device_id = i ? 0x10fb : 0x10f7, .tester = tester };

		cfg.mac[0] = 2;
		cfg.mac[5] = (uint8_t)i;
		mem[i] = aligned_alloc(4096, MEM);
		memset(mem[i], 0, MEM);
		card_add(&card, &cfg);
		enable(card.port[i], mem[i]);
	}
	/* the ports are partners, or each has a test set */
	if (!tester)
		card_cable(&card, 0, 1);
	while (in.left)
		step(&card, mem, &in);
	for (unsigned int i = 0; i < 20 && card_run(&card, 64); i++)
		;
	for (unsigned int i = 0; i < 2; i++) {
		for (unsigned int v = 0; v < N_VECTORS; v++)
			intr_connect(card.port[i], v, -1);
		intr_set_eventfd(card.port[i], &card.port[i]->intr.msi_fd, -1);
		intr_set_eventfd(card.port[i], &card.port[i]->intr.intx_fd, -1);
	}
	card_free(&card);
	free(mem[0]);
	free(mem[1]);
	return 0;
}
