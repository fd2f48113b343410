// SPDX-License-Identifier: GPL-2.0
/* Configuration space: the header, the capabilities, and which bits a driver may change. */
#include <string.h>

#include "nic.h"

#define CAP_PM		0x40
#define CAP_MSI		0x50
#define CAP_MSIX	0x70
#define CAP_PCIE	0xa0
#define ECAP_AER	0x100
#define ECAP_DSN	0x140

static void put_le(struct nic *nic, unsigned int off, uint64_t v, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		nic->pci[off + i] = (uint8_t)(v >> 8 * i);
}

static void set16(struct nic *nic, unsigned int off, uint32_t v) { put_le(nic, off, v, 2); }
static void set32(struct nic *nic, unsigned int off, uint32_t v) { put_le(nic, off, v, 4); }

static void header(struct nic *nic)
{
	set16(nic, 0x00, 0x8086);
	set16(nic, 0x02, nic->cfg.device_id);
	set16(nic, 0x06, 0x0010);		/* has capabilities */
	set32(nic, 0x08, 0x02000001);		/* ethernet, revision 1 */
	set32(nic, 0x10, 0x0000000c);		/* BAR0: 64 bits, prefetchable */
	set32(nic, 0x20, 0x0000000c);		/* BAR4: the same */
	set16(nic, 0x2c, 0x8086);
	set16(nic, 0x2e, 0x000c);
	nic->pci[0x34] = CAP_PM;
	nic->pci[0x3d] = 1;			/* INTA */
}

static void capabilities(struct nic *nic)
{
	set16(nic, CAP_PM, CAP_MSI << 8 | 0x01);
	set16(nic, CAP_PM + 2, 0x0003);		/* version 3 */
	set16(nic, CAP_PM + 4, 0x0008);		/* keeps its state in D3hot */

	set16(nic, CAP_MSI, (nic->cfg.no_msix ? CAP_PCIE : CAP_MSIX) << 8 | 0x05);
	set16(nic, CAP_MSI + 2, 0x0080);	/* one message, 64-bit address */

	set16(nic, CAP_MSIX, CAP_PCIE << 8 | 0x11);
	set16(nic, CAP_MSIX + 2, N_VECTORS - 1);
	set32(nic, CAP_MSIX + 4, MSIX_TABLE | 4);
	set32(nic, CAP_MSIX + 8, MSIX_PBA | 4);

	set16(nic, CAP_PCIE, 0x10);
	set16(nic, CAP_PCIE + 2, 0x0002);	/* endpoint */
	set32(nic, CAP_PCIE + 4, 0x10008cc2);	/* 512 byte payload, function reset */
	set16(nic, CAP_PCIE + 8, 0x2810);
	set32(nic, CAP_PCIE + 12, 0x00014c82);	/* 5 GT/s, 8 lanes */
	set16(nic, CAP_PCIE + 18, 0x1082);
	set32(nic, CAP_PCIE + 36, 0x0000001f);
	set16(nic, CAP_PCIE + 48, 0x0002);

	set32(nic, ECAP_AER, ECAP_DSN << 20 | 1 << 16 | 0x0001);
	set32(nic, ECAP_DSN, 1 << 16 | 0x0003);
	for (unsigned int i = 0; i < 3; i++) {
		nic->pci[ECAP_DSN + 4 + i] = nic->cfg.mac[5 - i];
		nic->pci[ECAP_DSN + 9 + i] = nic->cfg.mac[2 - i];
	}
	set16(nic, ECAP_DSN + 7, 0xffff);
}

/* bits that a write changes; everything else is fixed */
static const struct {
	uint16_t off;
	uint32_t mask;
} writable[] = {
	{ PCI_COMMAND, 0x00000547 },
	{ 0x0c, 0x000000ff },
	{ 0x10, 0xfff80000 }, { 0x14, 0xffffffff },
	{ 0x20, 0xffffc000 }, { 0x24, 0xffffffff },
	{ 0x3c, 0x000000ff },
	{ CAP_PM + 4, 0x00000103 },
	{ CAP_MSI, 0x00010000 }, { CAP_MSI + 4, 0xfffffffc }, { CAP_MSI + 8, 0xffffffff },
	{ CAP_MSI + 12, 0x0000ffff },
	{ CAP_MSIX, 0xc0000000 },
	{ CAP_PCIE + 8, 0x00007fff },
	{ CAP_PCIE + 16, 0x000001fb },
	{ CAP_PCIE + 40, 0x0000001f },
	{ ECAP_AER + 8, 0xffffffff }, { ECAP_AER + 12, 0xffffffff },
	{ ECAP_AER + 20, 0xffffffff },
};

void pci_init(struct nic *nic)
{
	memset(nic->pci, 0, sizeof(nic->pci));
	header(nic);
	capabilities(nic);
}

void pci_read(struct nic *nic, uint32_t off, void *to, uint32_t len)
{
	if (nic->fault.gone) {
		memset(to, 0xff, len);
		return;
	}
	if (intr_line(nic))
		nic->pci[PCI_STATUS] |= PCI_STATUS_INTX;
	else
		nic->pci[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTX;
	memcpy(to, nic->pci + off, len);
}

static uint8_t mask_of(uint32_t off)
{
	for (unsigned int i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		if (off - writable[i].off < 4)
			return (uint8_t)(writable[i].mask >> (off - writable[i].off) * 8);
	return 0;
}

void pci_write(struct nic *nic, uint32_t off, const void *from, uint32_t len)
{
	const uint8_t *v = from;
	bool was_master = nic_is_master(nic);

	if (nic->fault.gone)
		return;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t m = mask_of(off + i), *b = &nic->pci[off + i];

		*b = (uint8_t)((*b & ~m) | (v[i] & m));
		/* function level reset is a bit that does not stay */
		if (off + i == CAP_PCIE + 9 && (v[i] & 0x80))
			pci_reset(nic);
	}
	nic->intr.dirty = true;		/* INTx may have been switched on */
	/* what has waited for the master goes on; the transmitter and late write-backs look for themselves */
	if (nic_is_master(nic) && !was_master)
		rx_kick(nic);
}

/* bus master, decoding, addresses and messages are off; what the error reporting masks outlives it */
void pci_reset(struct nic *nic)
{
	uint8_t aer[ECAP_DSN - ECAP_AER];

	memcpy(aer, nic->pci + ECAP_AER, sizeof(aer));
	pci_init(nic);
	memcpy(nic->pci + ECAP_AER, aer, sizeof(aer));
	nic_reset(nic);
}
