// SPDX-License-Identifier: GPL-2.0
/* Registers: reset values, access kinds, aliases, the EEPROM. */
#include <string.h>

#include "rig.h"

static void table_is_sound(void)
{
	CHECK_EQ(regs_init(), 0);
}

static void kind(struct nic *nic, const struct reg *r, unsigned int i)
{
	uint32_t off = r->off + i * r->stride, home = r->alias ? r->alias + i * r->alias_stride : off;
	uint32_t fixed = r->zero | r->keep | r->once;

	switch (r->access) {
	case RO:
		REG(nic, home) = 0x5a5a5a5a;
		reg_write(nic, off, ~0u);
		CHECK_EQ(REG(nic, home), 0x5a5a5a5a);
		if (!r->read)
			CHECK_EQ(reg_read(nic, off), 0x5a5a5a5a);
		break;
	case WO:
		reg_write(nic, off, 0x5a5a5a5a);
		CHECK_EQ(reg_read(nic, off), 0);
		break;
	case RC:
		REG(nic, home) = 0x5a5a5a5a;
		reg_write(nic, off, ~0u);
		CHECK_EQ(reg_read(nic, off), 0x5a5a5a5a);
		CHECK_EQ(reg_read(nic, off), 0);
		break;
	case W1C:
		if (r->write)
			break;
		REG(nic, home) = 0x5a5a5a5a;
		reg_write(nic, off, 0x00ff00ff);
		CHECK_EQ(reg_read(nic, off), 0x5a005a00);
		break;
	case RW:
		REG(nic, home) = 0x5a5a5a5a & r->keep;
		reg_write(nic, off, ~0u);
		if (r->read || off == EERD || off == EEWR || off == FDIRCMD || off == FDIRCTRL)
			break;		/* these answer in their own way */
		CHECK_EQ(reg_read(nic, off), ~fixed | (0x5a5a5a5a & r->keep));
		reg_write(nic, off, 0);
		if (off != MSCA)
			CHECK_EQ(reg_read(nic, off), 0x5a5a5a5a & r->keep);
		break;
	}
}

/* each register of the table: what it is after a reset, what stays of a write, what reading does */
static void every_register(void)
{
	struct rig r;
	struct nic *nic;
	unsigned int n, seen = 0;
	const struct reg *t = reg_table(&n);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic_reset(nic);
	for (unsigned int k = 0; k < n; k++)
		for (unsigned int i = 0; i < t[k].n; i++) {
			uint32_t off = t[k].off + i * t[k].stride;

			/* the link's, and the first address, are those of the port */
			if (!t[k].alias && off != AUTOC && off != AUTOC2 && off != RAL && off != RAH)
				CHECK_EQ(REG(nic, off), t[k].reset);
			CHECK(!(t[k].reset & (t[k].zero | t[k].once)));
		}
	for (unsigned int k = 0; k < n; k++)
		for (unsigned int i = 0; i < t[k].n; i++, seen++)
			kind(nic, &t[k], i);
	CHECK(seen > 5000);
	CHECK_EQ(nic->n_unknown, 0);
	rig_down(&r);
}

static void reset_values(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic_reset(nic);
	CHECK_EQ(reg_read(nic, RXPBSIZE), 0x80000);
	CHECK_EQ(reg_read(nic, RXPBSIZE + 4), 0);
	CHECK_EQ(reg_read(nic, FWSM), 0x8004);
	CHECK_EQ(reg_read(nic, RAL), 0x00000002);
	CHECK_EQ(reg_read(nic, RAH), 0x80000100);
	CHECK_EQ(reg_read(nic, 0x05400), 0x00000002);
	CHECK_EQ(reg_read(nic, SECTXSTAT), 3);
	CHECK_EQ(reg_read(nic, AUTOC) >> 13 & 7, 4);
	CHECK(reg_read(nic, STATUS) & STATUS_GIO);
	reg_write(nic, CTRL, CTRL_GIO_DIS);
	CHECK(!(reg_read(nic, STATUS) & STATUS_GIO));
	rig_down(&r);
}

static void reset_bits_clear(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	reg_write(nic, MRQC, 0x1234);
	reg_write(nic, CTRL, CTRL_RST | CTRL_GIO_DIS);
	CHECK_EQ(reg_read(nic, CTRL), CTRL_GIO_DIS);
	CHECK_EQ(reg_read(nic, MRQC), 0);
	CHECK_EQ(reg_read(nic, RXCTRL), 0);
	reg_write(nic, CTRL, CTRL_LNK_RST);
	CHECK_EQ(reg_read(nic, CTRL), 0);
	rig_down(&r);
}

static void semaphore(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	CHECK_EQ(reg_read(nic, SWSM), 0);
	CHECK_EQ(reg_read(nic, SWSM), 1);
	reg_write(nic, SWSM, 3);
	CHECK_EQ(reg_read(nic, SWSM), 3);
	reg_write(nic, SWSM, 0);
	CHECK_EQ(reg_read(nic, SWSM), 0);
	rig_down(&r);
}

static void counters_clear_on_read(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	REG(nic, GPRC) = 7;
	reg_write(nic, GPRC, 9);
	CHECK_EQ(reg_read(nic, GPRC), 7);
	CHECK_EQ(reg_read(nic, GPRC), 0);
	rig_down(&r);
}

static void queue_registers_mask(void)
{
	static const uint32_t pattern[] = { 0x5a5a5a5a, 0xa5a5a5a5, 0, 0xffffffff };
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (unsigned int q = 0; q < N_QUEUES; q += 13)
		for (unsigned int i = 0; i < 4; i++) {
			reg_write(nic, rxq_reg(q, RDBAL), pattern[i]);
			CHECK_EQ(reg_read(nic, rxq_reg(q, RDBAL)), pattern[i] & 0xffffff80);
			reg_write(nic, rxq_reg(q, RDLEN), pattern[i]);
			CHECK_EQ(reg_read(nic, rxq_reg(q, RDLEN)), pattern[i] & 0x000fff80);
			reg_write(nic, rxq_reg(q, RDT), pattern[i]);
			CHECK_EQ(reg_read(nic, rxq_reg(q, RDT)), pattern[i] & 0xffff);
			reg_write(nic, txq_reg(q, TDLEN), pattern[i]);
			CHECK_EQ(reg_read(nic, txq_reg(q, TDLEN)), pattern[i] & 0x000fff80);
		}
	rig_down(&r);
}

static void enable_reads_back(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (unsigned int q = 0; q < N_QUEUES; q++) {
		reg_write(nic, rxq_reg(q, RXDCTL), RXDCTL_ENABLE | RXDCTL_SWFLSH);
		CHECK_EQ(reg_read(nic, rxq_reg(q, RXDCTL)), RXDCTL_ENABLE);
		reg_write(nic, txq_reg(q, TXDCTL), TXDCTL_ENABLE);
		CHECK_EQ(reg_read(nic, txq_reg(q, TXDCTL)), TXDCTL_ENABLE);
	}
	rig_down(&r);
}

static void aliases(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (unsigned int i = 0; i < 16; i++) {
		reg_write(nic, 0x02100 + i * 4, 0x100 + i);
		CHECK_EQ(reg_read(nic, rxq_reg(i, SRRCTL)), 0x100 + i);
		reg_write(nic, 0x05400 + i * 8, i);
		CHECK_EQ(reg_read(nic, RAL + i * 8), i);
	}
	/* queues 63 and 64 lie far apart */
	reg_write(nic, 0x0100c + 63 * 0x40, 63);
	reg_write(nic, 0x0d00c, 64);
	CHECK_EQ(REG(nic, rxq_reg(63, 0x0100c)), 63);
	CHECK_EQ(REG(nic, rxq_reg(64, 0x0100c)), 64);
	rig_down(&r);
}

static void eeprom_by_register(void)
{
	struct rig r;
	struct nic *nic;
	uint16_t sum = 0;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (unsigned int i = 0; i <= 0x3f; i++) {
		reg_write(nic, EERD, i << 2 | EERW_START);
		CHECK(reg_read(nic, EERD) & EERW_DONE);
		sum = (uint16_t)(sum + (reg_read(nic, EERD) >> 16));
	}
	CHECK_EQ(sum, 0xbaba);
	reg_write(nic, EEWR, 0xcafeu << 16 | 0x20 << 2 | EERW_START);
	CHECK(reg_read(nic, EEWR) & EERW_DONE);
	reg_write(nic, EERD, 0x20 << 2 | EERW_START);
	CHECK_EQ(reg_read(nic, EERD) >> 16, 0xcafe);
	reg_write(nic, EERD, 0x3fffu << 2 | EERW_START);
	CHECK_EQ(reg_read(nic, EERD) >> 16, 0xffff);
	rig_down(&r);
}

static void clock_bit(struct nic *nic, bool bit)
{
	uint32_t di = bit ? EEC_DI : 0;

	reg_write(nic, EEC, EEC_REQ | di);
	reg_write(nic, EEC, EEC_REQ | EEC_SK | di);
	reg_write(nic, EEC, EEC_REQ | di);
}

static void eeprom_by_lines(void)
{
	struct rig r;
	struct nic *nic;
	uint32_t out = 0;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	reg_write(nic, EEC, EEC_REQ | EEC_CS);
	CHECK(reg_read(nic, EEC) & EEC_GNT);
	CHECK(reg_read(nic, EEC) & EEC_PRES);
	reg_write(nic, EEC, EEC_REQ);
	for (int i = 7; i >= 0; i--)
		clock_bit(nic, 0x03 >> i & 1);
	for (int i = 15; i >= 0; i--)
		clock_bit(nic, 0 >> i & 1);
	for (int i = 0; i < 16; i++) {
		reg_write(nic, EEC, EEC_REQ | EEC_SK);
		out = out << 1 | !!(reg_read(nic, EEC) & EEC_DO);
		reg_write(nic, EEC, EEC_REQ);
	}
	/* the low byte comes first */
	CHECK_EQ((out >> 8 | out << 8) & 0xffff, nic->eeprom.word[0]);
	rig_down(&r);
}

/* the module's bus as a driver bangs it */
static void i2c(struct nic *nic, bool scl, bool sda)
{
	reg_write(nic, I2CCTL, (scl ? I2C_CLK_OUT : 0) | (sda ? I2C_DATA_OUT : 0));
}

static bool i2c_out(struct nic *nic, uint8_t byte)
{
	bool ack;

	for (int i = 7; i >= 0; i--) {
		i2c(nic, 0, byte >> i & 1);
		i2c(nic, 1, byte >> i & 1);
		i2c(nic, 0, byte >> i & 1);
	}
	i2c(nic, 1, 1);
	ack = !(reg_read(nic, I2CCTL) & I2C_DATA_IN);
	i2c(nic, 0, 1);
	return ack;
}

static uint8_t i2c_in(struct nic *nic, bool more)
{
	uint8_t v = 0;

	for (int i = 0; i < 8; i++) {
		i2c(nic, 1, 1);
		v = (uint8_t)(v << 1 | !!(reg_read(nic, I2CCTL) & I2C_DATA_IN));
		i2c(nic, 0, 1);
	}
	i2c(nic, 0, !more);
	i2c(nic, 1, !more);
	i2c(nic, 0, !more);
	return v;
}

static void i2c_start(struct nic *nic)
{
	i2c(nic, 0, 1);
	i2c(nic, 1, 1);
	i2c(nic, 1, 0);
	i2c(nic, 0, 0);
}

static void module(void)
{
	struct config cfg = { .device_id = 0x10fb };
	struct nic *nic = nic_new(0, &cfg);
	char name[9] = "";

	i2c_start(nic);
	CHECK(i2c_out(nic, 0xa0));
	CHECK(i2c_out(nic, 20));
	i2c_start(nic);
	CHECK(i2c_out(nic, 0xa1));
	for (int i = 0; i < 8; i++)
		name[i] = (char)i2c_in(nic, i < 7);
	i2c(nic, 0, 0);
	i2c(nic, 1, 0);
	i2c(nic, 1, 1);
	CHECK(!strcmp(name, "SKB-BULK"));
	i2c_start(nic);
	CHECK(!i2c_out(nic, 0xf8));		/* nobody there */
	i2c_start(nic);
	CHECK(i2c_out(nic, 0xa2));
	CHECK(i2c_out(nic, 96));
	i2c_start(nic);
	CHECK(i2c_out(nic, 0xa3));
	CHECK_EQ(i2c_in(nic, false), 35);	/* degrees */
	CHECK(reg_read(nic, LINKS) & LINKS_UP);
	link_set_module(nic, false);
	i2c_start(nic);
	CHECK(!i2c_out(nic, 0xa0));
	CHECK(!(reg_read(nic, LINKS) & LINKS_UP));
	CHECK(nic->intr.other & EICR_GPI_SDP2);
	nic_free(nic);
}

static void unknown_is_reported_once(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(reg_read(nic, 0x1fffc), 0);
		reg_write(nic, 0x1fff8, 1);
	}
	CHECK_EQ(nic->n_unknown, 2);
	rig_down(&r);
}

/* both halves of the clock are of one moment */
static void clock_halves(void)
{
	struct rig r;
	struct nic *nic;
	uint64_t before = 0, now;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	reg_write(nic, TIMINCA, 1u << 24 | 0xffffff);	/* the low one is full every 1.6 ms */
	for (unsigned int i = 0; i < 400000; i++) {
		now = reg_read(nic, SYSTIML);
		now |= (uint64_t)reg_read(nic, SYSTIMH) << 32;
		if (now < before)
			break;
		before = now;
	}
	CHECK(now >= before);
	rig_down(&r);
}

static void gone_reads_ones(void)
{
	struct rig r;
	struct nic *nic;
	uint16_t vendor = 0;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->fault.gone = true;
	CHECK_EQ(reg_read(nic, STATUS), ~0u);
	pci_read(nic, 0, &vendor, 2);
	CHECK_EQ(vendor, 0xffff);
	rig_down(&r);
}

static void pci_space(void)
{
	struct rig r;
	struct nic *nic;
	uint8_t cfg[PCI_CFG_SIZE];
	uint32_t v = ~0u;
	unsigned int cap, n = 0;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	pci_read(nic, 0, cfg, sizeof(cfg));
	CHECK_EQ(cfg[0] | cfg[1] << 8, 0x8086);
	CHECK_EQ(cfg[2] | cfg[3] << 8, 0x10f7);
	for (cap = cfg[0x34]; cap && n < 10; cap = cfg[cap + 1])
		n++;
	CHECK_EQ(n, 4);
	pci_write(nic, 0, &v, 4);		/* the ids do not change */
	pci_write(nic, 4, &v, 2);
	pci_read(nic, 0, cfg, 8);
	CHECK_EQ(cfg[0] | cfg[1] << 8, 0x8086);
	CHECK_EQ(cfg[4] | cfg[5] << 8, 0x0547);
	REG(nic, MRQC) = 1;
	v = 0xfe000000;
	pci_write(nic, 0x10, &v, 4);
	v = 0xc0000000;
	pci_write(nic, 0x70, &v, 4);		/* MSI-X on */
	v = 0x00010000;
	pci_write(nic, 0x50, &v, 4);		/* MSI on */
	v = 0x00400000;
	pci_write(nic, 0x108, &v, 4);
	v = 0x8000;
	pci_write(nic, 0xa8, &v, 2);		/* function level reset */
	CHECK_EQ(REG(nic, MRQC), 0);
	pci_read(nic, 0, cfg, sizeof(cfg));
	CHECK_EQ(cfg[4] | cfg[5], 0);
	CHECK_EQ(cfg[0x10] | cfg[0x11] << 8 | cfg[0x12] << 16, 0xc);
	CHECK_EQ(cfg[0x13], 0);
	CHECK_EQ(cfg[0x73], 0);
	CHECK_EQ(cfg[0x52] & 1, 0);
	CHECK_EQ(cfg[0xa8] | cfg[0xa9] << 8, 0x2810);
	CHECK_EQ(cfg[0x10a], 0x40);		/* what errors are masked outlives it */
	rig_down(&r);
}

const struct test tests_regs[] = {
	{ "regs: no register is claimed twice", table_is_sound },
	{ "regs: every register's reset value and kind of access", every_register },
	{ "regs: reset values", reset_values },
	{ "regs: reset bits clear themselves", reset_bits_clear },
	{ "regs: the semaphore is taken by reading", semaphore },
	{ "regs: counters clear when read, and are not written", counters_clear_on_read },
	{ "regs: queue registers keep only their bits", queue_registers_mask },
	{ "regs: ENABLE reads back for all 128 queues", enable_reads_back },
	{ "regs: aliases share one place", aliases },
	{ "regs: EEPROM by EERD and EEWR, checksum", eeprom_by_register },
	{ "regs: EEPROM by the serial lines", eeprom_by_lines },
	{ "regs: the SFP+ module's pages, and the module out", module },
	{ "regs: an unknown register is reported once", unknown_is_reported_once },
	{ "regs: the clock's halves fit", clock_halves },
	{ "regs: a port that is gone reads all ones", gone_reads_ones },
	{ "pci: identity, capabilities, writable bits, function reset", pci_space },
	{ 0 }
};
