// SPDX-License-Identifier: GPL-2.0
/* The EEPROM: its image, the read and write registers, and the serial lines behind EEC. */
#include <string.h>

#include "nic.h"

#define WORD_CHECKSUM	0x3f
#define CHECKSUM	0xbaba
#define NO_POINTER	0xffff

/* sections that the driver looks for on a port with a module */
#define PTR_FIRMWARE	0x0f
#define PTR_PHY_INIT	0x2b
#define FIRMWARE	0x100
#define FW_PATCH	0x110
#define PHY_INIT	0x120
#define PHY_INIT_DATA	0x130

#define SPI_READ	0x03
#define SPI_RDSR	0x05

/* the checksum covers words 0 to 3Eh, and the sections that the pointers name: there are none */
void eeprom_seal(struct nic *nic)
{
	uint16_t sum = 0;

	for (unsigned int i = 0; i < WORD_CHECKSUM; i++)
		sum = (uint16_t)(sum + nic->eeprom.word[i]);
	nic->eeprom.word[WORD_CHECKSUM] = (uint16_t)(CHECKSUM - sum);
}

void eeprom_init(struct nic *nic)
{
	uint16_t *w = nic->eeprom.word;

	memset(&nic->eeprom, 0, sizeof(nic->eeprom));
	for (unsigned int i = 0; i < EEPROM_WORDS; i++)
		w[i] = NO_POINTER;
	w[0x00] = 0x2009;			/* control: valid signature */
	w[0x29] = 0x0a01;			/* image version */
	w[0x2d] = 0x0001;			/* its tracking id */
	w[0x2e] = 0x8000;
	w[PTR_FIRMWARE] = FIRMWARE;
	w[FIRMWARE + 7] = FW_PATCH;		/* pass-through patch, and its version */
	w[FW_PATCH + 7] = 0x0009;
	w[PTR_PHY_INIT] = PHY_INIT;
	w[PHY_INIT + 1] = 5;			/* short and long reach, on port 0 and 1: nothing to set up */
	w[PHY_INIT + 2] = PHY_INIT_DATA;
	w[PHY_INIT + 3] = 6;
	w[PHY_INIT + 4] = PHY_INIT_DATA;
	eeprom_seal(nic);
}

uint32_t eeprom_eerd(struct nic *nic, uint32_t val)
{
	uint32_t addr = val >> 2 & 0x3fff;
	uint16_t data = addr < EEPROM_WORDS ? nic->eeprom.word[addr] : NO_POINTER;

	if (!(val & EERW_START))
		return val;
	return (uint32_t)data << 16 | addr << 2 | EERW_DONE;
}

uint32_t eeprom_eewr(struct nic *nic, uint32_t val)
{
	uint32_t addr = val >> 2 & 0x3fff;

	if (!(val & EERW_START))
		return val;
	if (addr < EEPROM_WORDS)
		nic->eeprom.word[addr] = (uint16_t)(val >> 16);
	return (val & ~EERW_START) | EERW_DONE;
}

/* the serial lines: the chip shifts on the rising clock */

/* the bit the chip shows after n bits have been clocked in */
static bool spi_out(const struct eeprom *e)
{
	unsigned int op, addr, n;
	uint16_t word;

	if (e->spi_bits < 8)
		return false;
	op = (unsigned int)(e->spi_in >> (e->spi_bits < 24 ? e->spi_bits - 8 : 16)) & 0xff;
	if (op != SPI_READ || e->spi_bits < 24)
		return false;		/* the status register reads zero: ready */
	/* the first bit stands ready before the clock that fetches it rises */
	n = e->spi_bits > 24 ? e->spi_bits - 25 : 0;
	addr = (e->spi_in & 0xffff) / 2 + n / 16;
	word = addr < EEPROM_WORDS ? e->word[addr] : NO_POINTER;
	/* low byte first, most significant bit of each first */
	word = (uint16_t)(word << 8 | word >> 8);
	return word >> (15 - n % 16) & 1;
}

uint32_t eeprom_eec_read(struct nic *nic)
{
	struct eeprom *e = &nic->eeprom;
	/* 16-bit addresses, 4 KiB: 64 words times 2 to the size */
	uint32_t v = (e->eec & (EEC_SK | EEC_CS | EEC_DI | EEC_REQ | 0x30)) |
		     EEC_PRES | EEC_ARD | EEC_ADDR_SIZE | 5u << EEC_SIZE;

	if (e->eec & EEC_REQ)
		v |= EEC_GNT;
	if ((e->eec & EEC_CS) == 0 && spi_out(e))
		v |= EEC_DO;
	return v;
}

void eeprom_eec_write(struct nic *nic, uint32_t val)
{
	struct eeprom *e = &nic->eeprom;
	bool rising = (val & EEC_SK) && !(e->eec & EEC_SK);

	if (val & EEC_CS) {		/* chip select is active low */
		e->spi_bits = 0;
		e->spi_in = 0;
	} else if (rising) {
		if (e->spi_bits < 24)
			e->spi_in = e->spi_in << 1 | !!(val & EEC_DI);
		if (e->spi_bits < 24 + EEPROM_WORDS * 16)
			e->spi_bits++;
	}
	e->eec = val;
}
