// SPDX-License-Identifier: GPL-2.0
/* The register file: one table says what each register is, how it resets and how it is accessed. */
#include <stdlib.h>
#include <string.h>

#include "nic.h"

/* hooks: what memory alone does not do */

static uint32_t r_intr(struct nic *nic, uint32_t off, unsigned int i)
{
	return intr_reg_read(nic, off - i * 4, i);
}

static void w_intr(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	intr_reg_write(nic, off - i * 4, i, val);
}

/* a new throttle interval, among others, can free a vector that is being held back */
static void w_intr_conf(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	nic->intr.dirty = true;
}

/* the automatic masks of the first sixteen causes are in two registers */
static void w_eiam(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	uint32_t twin = off == EIAM ? EIAM_EX : EIAM;

	w_intr_conf(nic, off, i, val);
	if (!i)
		REG(nic, twin) = (REG(nic, twin) & ~EICR_QUEUES) | (val & EICR_QUEUES);
}

static void w_ctrl(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	if (val & (CTRL_RST | CTRL_LNK_RST))
		nic_reset(nic);
	REG(nic, off) = val;	/* the rest of the write stays */
}

static uint32_t r_status(struct nic *nic, uint32_t off, unsigned int i)
{
	uint32_t v = nic->index << STATUS_LAN_ID & 0xc;

	(void)off;
	(void)i;
	if (!(REG(nic, CTRL) & CTRL_GIO_DIS))
		v |= STATUS_GIO;
	return nic->link.up ? v | STATUS_LINKUP : v;
}

static uint32_t r_swsm(struct nic *nic, uint32_t off, unsigned int i)
{
	uint32_t v = REG(nic, off);

	/* reading takes the semaphore, whoever reads it as zero has it */
	(void)i;
	REG(nic, off) |= SWSM_SMBI;
	return v;
}

static uint32_t r_eec(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)off;
	(void)i;
	return eeprom_eec_read(nic);
}

static void w_eec(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)off;
	(void)i;
	eeprom_eec_write(nic, val);
}

static void w_eerd(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = eeprom_eerd(nic, val);
}

static void w_eewr(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = eeprom_eewr(nic, val);
}

static uint32_t r_i2c(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)i;
	return sfp_i2c_read(nic, REG(nic, off));
}

static void w_i2c(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	sfp_i2c_write(nic, val);
}

/* no PHY answers: the command is done at once, and reads give all ones */
static void w_msca(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	REG(nic, MSRWD) |= 0xffff0000u;
}

static uint32_t r_link(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)i;
	return link_reg_read(nic, off);
}

static void w_autoc(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	link_update(nic, val & AUTOC_RESTART);
}

static void w_link(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	link_update(nic, false);
}

static void w_mflcn(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	wire_pause_listen(nic);
}

static void w_tdt(struct nic *nic, uint32_t off, unsigned int q, uint32_t val)
{
	REG(nic, off) = val;
	tx_doorbell(nic, q);
}

static void w_txdctl(struct nic *nic, uint32_t off, unsigned int q, uint32_t val)
{
	REG(nic, off) = val;
	if (!(val & TXDCTL_ENABLE))
		late_flush(nic);
	tx_doorbell(nic, q);
}

static void w_dmatxctl(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	for (unsigned int q = 0; q < N_QUEUES; q++)
		tx_doorbell(nic, q);
}

static void w_rdt(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	if (fifo_fill(&nic->fifo))
		rx_kick(nic);
}

static void w_rxdctl(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	if (!(val & RXDCTL_ENABLE))
		late_flush(nic);
	if (fifo_fill(&nic->fifo))
		rx_kick(nic);
}

static void w_rxctrl(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	if (!(val & RXCTRL_RXEN))
		rx_reset(nic);
}

static void w_rssrk(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	REG(nic, off) = val;
	nic->rss.valid = false;
}

static void w_fdirctrl(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)off;
	(void)i;
	fdir_ctrl(nic, val);
}

static void w_fdircmd(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)off;
	(void)i;
	fdir_cmd(nic, val);
}

/* one entry of the wanted queue is behind the select register: nothing reads it back */
static uint32_t r_zero(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)nic;
	(void)off;
	(void)i;
	return 0;
}

static uint32_t r_systim(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)i;
	return clock_read(nic, off);
}

static void w_systim(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)i;
	clock_set(nic, off, val);
}

static void w_timinca(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	(void)off;
	(void)i;
	clock_pace(nic, val);
}

static uint32_t r_txstmph(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)off;
	(void)i;
	return clock_take_tx_stamp(nic);
}

static uint32_t r_xoff(struct nic *nic, uint32_t off, unsigned int i)
{
	uint32_t v;

	(void)i;
	wire_pause_repeat(nic);
	v = REG(nic, off);
	REG(nic, off) = 0;
	return v;
}

static uint32_t r_frtimer(struct nic *nic, uint32_t off, unsigned int i)
{
	(void)nic;
	(void)off;
	(void)i;
	return (uint32_t)(now_ns() / 1000);
}

/* the table */

#define ONE(name_, off_, ...)	{ .name = name_, .off = off_, .stride = 4, .n = 1, __VA_ARGS__ }
#define ARRAY(name_, off_, stride_, n_, ...) \
	{ .name = name_, .off = off_, .stride = stride_, .n = n_, __VA_ARGS__ }
#define STAT(name_, off_)	ONE(name_, off_, .access = RC)
#define STATS(name_, off_, stride_, n_)	ARRAY(name_, off_, stride_, n_, .access = RC)
#define RXQ(name_, off_, ...) \
	ARRAY(name_, off_, RXQ_STRIDE, 64, __VA_ARGS__), \
	ARRAY(name_, (off_) - 0x1000 + RXQ_HIGH, RXQ_STRIDE, 64, __VA_ARGS__)
#define TXQ(name_, off_, ...)	ARRAY(name_, off_, TXQ_STRIDE, N_QUEUES, __VA_ARGS__)

static const struct reg table[] = {
	/* general */
	ONE("CTRL", CTRL, .once = CTRL_RST | CTRL_LNK_RST, .write = w_ctrl),
	ONE("STATUS", STATUS, .access = RO, .read = r_status),
	ONE("CTRL_EXT", CTRL_EXT),
	ONE("ESDP", ESDP, .write = w_link),
	ONE("I2CCTL", I2CCTL, .reset = 0xf, .read = r_i2c, .write = w_i2c),
	ONE("FRTIMER", FRTIMER, .access = RO, .read = r_frtimer),
	ONE("TCPTIMER", 0x0004c),
	ONE("LEDCTL", LEDCTL),
	ONE("CORESPARE", 0x00600),
	ONE("CORECTL", 0x14f00),

	/* non-volatile memory */
	ONE("EEC", EEC, .read = r_eec, .write = w_eec),
	ONE("EERD", EERD, .write = w_eerd),
	ONE("EEWR", EEWR, .write = w_eewr),
	ONE("FLA", 0x1001c),
	ONE("EEMNGCTL", 0x10110),
	ONE("EEMNGDATA", 0x10114),
	ONE("FLMNGCTL", 0x10118),
	ONE("FLMNGDATA", 0x1011c),
	ONE("FLMNGCNT", 0x10120),
	ONE("FLOP", 0x1013c),
	ONE("GRC", 0x10200),
	ONE("VPDDIAG0", 0x10204),
	ONE("VPDDIAG1", 0x10208),
	ONE("SRAMREL", 0x10210),

	/* semaphores and firmware; the firmware's host interface is not there */
	ONE("SWSM", 0x10140, .zero = ~3u, .read = r_swsm),
	ONE("FWSM", FWSM, .reset = FWSM_FW_VAL | FWSM_MODE_PT, .access = RO),
	ONE("FACTPS", FACTPS, .reset = 0x20, .access = RO),
	ONE("SW_FW_SYNC", GSSR, .zero = 0x3e0),
	ONE("HICR", 0x15f00, .access = RO),
	ONE("FWSTS", 0x15f0c, .zero = 0x200),
	ARRAY("FLEX_MNG", 0x15800, 4, 448),

	/* PCIe */
	ONE("GCR", 0x11000),
	ONE("GTV", 0x11004),
	ONE("FUNCTAG", 0x11008),
	ARRAY("GSCL_1", 0x11010, 4, 4),
	ARRAY("GSCN", 0x11020, 4, 4),
	ARRAY("GSCL_5", 0x11030, 4, 4),
	ARRAY("PHYADR", 0x11040, 4, 3),
	ONE("GCR_EXT", 0x11050),
	ONE("MREVID", 0x11064, .reset = 1, .access = RO),
	ONE("PBACL", 0x11068),
	ONE("PCIEECCCTL", 0x1106c),
	ONE("DCA_ID", 0x11070, .access = RO),
	ONE("DCA_CTRL", 0x11074),
	ONE("CIAA", 0x11088),
	ONE("CIAD", 0x1108c),
	ARRAY("PCIE_DIAG", 0x11090, 4, 8, .access = RO),
	ONE("PICAUSE", 0x110b0, .access = W1C),
	ONE("PIENA", 0x110b8),
	ARRAY("PBACLR", 0x110c4, 4, 7),
	ONE("ECC_STATUS", 0x110e0),

	/* interrupts */
	ONE("EICR", EICR, .access = W1C, .read = r_intr, .write = w_intr),
	ONE("EICS", EICS, .read = r_intr, .write = w_intr),
	ONE("EIAC", EIAC, .write = w_intr_conf),
	ARRAY("EITR", EITR_LO, 4, 24, .once = EITR_CNT_WDIS, .write = w_intr_conf),
	ARRAY("EITR", EITR_HI, 4, 104, .once = EITR_CNT_WDIS, .write = w_intr_conf),
	ONE("EIMS", EIMS, .read = r_intr, .write = w_intr),
	ONE("EIMC", EIMC, .access = WO, .write = w_intr),
	ONE("EIAM", EIAM, .write = w_eiam),
	ONE("EITRSEL", 0x00894),
	ONE("GPIE", GPIE, .write = w_intr_conf),
	ARRAY("IVAR", IVAR, 4, 64, .write = w_intr_conf),
	ONE("IVAR_MISC", IVAR_MISC, .write = w_intr_conf),
	ARRAY("EICS_EX", EICS_EX, 4, 2, .read = r_intr, .write = w_intr),
	ARRAY("EIMS_EX", EIMS_EX, 4, 2, .read = r_intr, .write = w_intr),
	ARRAY("EIMC_EX", EIMC_EX, 4, 2, .access = WO, .write = w_intr),
	ARRAY("EIAM_EX", EIAM_EX, 4, 2, .write = w_eiam),
	ARRAY("PFMBICR", 0x00710, 4, 4, .access = W1C),
	ARRAY("PFMBIMR", 0x00720, 4, 4),

	/* receive queues */
	RXQ("RDBAL", RDBAL, .zero = 0x7f),
	RXQ("RDBAH", RDBAH),
	RXQ("RDLEN", RDLEN, .zero = 0xfff0007f),
	RXQ("DCA_RXCTRL", 0x0100c),
	RXQ("RDH", RDH, .zero = 0xffff0000),
	RXQ("SRRCTL", SRRCTL, .reset = 0x0402),
	RXQ("RDT", RDT, .zero = 0xffff0000, .write = w_rdt),
	RXQ("RXDCTL", RXDCTL, .once = RXDCTL_SWFLSH, .write = w_rxdctl),
	RXQ("RSCCTL", 0x0102c),
	ARRAY("SRRCTL", 0x02100, 4, 16, .alias = SRRCTL, .alias_stride = RXQ_STRIDE),
	ARRAY("DCA_RXCTRL", 0x02200, 4, 16, .alias = 0x0100c, .alias_stride = RXQ_STRIDE),

	/* receive; the driver's register dump looks for the MSI-X pending bits at 2000h */
	ONE("RX_RESERVED", 0x02000, .access = RO),
	ARRAY("RTRPT4C", 0x02140, 4, 8),
	ARRAY("RTRPT4S", 0x02160, 4, 8),
	ARRAY("RQSMR", RQSMR, 4, 32),
	ONE("FCPTRL", 0x02410),
	ONE("FCPTRH", 0x02414),
	ONE("FCBUFF", 0x02418),
	ONE("FCDMARW", 0x02420),
	ONE("RTRPCS", 0x02430),
	ARRAY("RDSTAT", 0x02c00, 4, 8),
	ONE("RDSTATCTL", 0x02c20),
	ONE("RDRXCTL", RDRXCTL, .reset = RDRXCTL_DMAIDONE, .keep = RDRXCTL_DMAIDONE),
	ONE("QDE", 0x02f04),
	ONE("RDHMPN", 0x02f08),
	ARRAY("RIC_DW", 0x02f10, 4, 4),
	ONE("RDPROBE", 0x02f20),
	ONE("RDMAM", 0x02f30),
	ONE("RDMAD", 0x02f34),
	ARRAY("WQBR_RX", 0x02fb0, 4, 4),
	ONE("RXCTRL", RXCTRL, .write = w_rxctrl),
	ONE("PFCTOP", 0x03008),
	ONE("RTRUP2TC", 0x03020),
	ONE("STARCTRL", 0x03024),
	ONE("RSCDBU", 0x03028),
	ONE("RXMEMWRAP", 0x03190),
	ONE("PBRXECC", 0x03300),
	ONE("RXBUFCTRL", 0x03600),
	ARRAY("RXBUFDATA", 0x03610, 4, 4),
	ARRAY("RXPBSIZE", RXPBSIZE, 4, 1, .reset = 0x80000),
	ARRAY("RXPBSIZE", RXPBSIZE + 4, 4, 7),
	ONE("DROPEN", 0x03d04),
	ONE("RXCSUM", RXCSUM),
	ONE("RFCTL", RFCTL),
	ARRAY("MAVTV", 0x05010, 4, 8),
	ARRAY("MFUTP", 0x05030, 4, 8),
	ONE("EXVET", 0x05078),
	ONE("FCTRL", FCTRL),
	ONE("VLNCTRL", VLNCTRL, .reset = 0x8100),
	ONE("MCSTCTRL", MCSTCTRL),
	ONE("RUPPBMR", 0x050a0),
	ONE("RFVAL", 0x050a4),
	ARRAY("PFFLP", 0x050b0, 4, 2),
	ONE("FCRXCTRL", 0x05100),
	ONE("FCFLT", 0x05108),
	ONE("FCFLTRW", 0x05110),
	ONE("RXMTRL", 0x05120),
	ARRAY("ETQF", ETQF, 4, 8),
	ONE("REOFF", 0x05158),
	ARRAY("MDEF_EXT", 0x05160, 4, 8),
	ARRAY("VMTXSW", 0x05180, 4, 2),
	ONE("TSYNCRXCTL", 0x05188),
	ARRAY("METF", 0x05190, 4, 4),
	ONE("RXSATRL", 0x051a0),
	ONE("RXSTMPH", 0x051a4),
	ONE("RXSATRH", 0x051a8),
	ONE("VT_CTL", 0x051b0),
	ONE("RXFECCERR0", 0x051b8),
	ONE("FCPARAM", 0x051d8),
	ARRAY("VFRE", 0x051e0, 4, 2),
	ONE("RXSTMPL", 0x051e8),
	ONE("RSOFF", 0x051f8),
	ARRAY("MTA", MTA, 4, 128),
	ARRAY("RAL", 0x05400, 8, 16, .alias = RAL, .alias_stride = 8),
	ARRAY("RAH", 0x05404, 8, 16, .zero = 0x7fff0000, .alias = RAH, .alias_stride = 8),
	ARRAY("PSRTYPE", 0x05480, 4, 16, .alias = 0x0ea00, .alias_stride = 4),
	ARRAY("VMRVLAN", 0x0f610, 4, 8),
	ARRAY("IMIR", 0x05a80, 4, 8),
	ARRAY("IMIREXT", 0x05aa0, 4, 8),
	ONE("IMIRVP", 0x05ac0),
	ARRAY("RETA", RETA, 4, 32),
	ARRAY("RSSRK", RSSRK, 4, 10, .write = w_rssrk),
	ONE("MRQC", MRQC),
	ONE("VMD_CTL", 0x0581c),
	ARRAY("VFTA", VFTA, 4, 128),
	ARRAY("RAL", RAL, 8, N_RAR),
	ARRAY("RAH", RAH, 8, N_RAR, .zero = 0x7fff0000),
	ARRAY("MPSAR_LO", 0x0a600, 8, 128),
	ARRAY("MPSAR_HI", 0x0a604, 8, 128),
	ARRAY("SAQF", 0x0e000, 4, 128),
	ARRAY("DAQF", 0x0e200, 4, 128),
	ARRAY("SDPQF", 0x0e400, 4, 128),
	ARRAY("FTQF", 0x0e600, 4, 128),
	ARRAY("L34T_IMIR", 0x0e800, 4, 128),
	ARRAY("PSRTYPE", 0x0ea00, 4, 64),
	ARRAY("ETQS", ETQS, 4, 8),
	ONE("SYNQF", 0x0ec30),
	ARRAY("RTFRTIMER", 0x0ec60, 4, 1),
	ONE("RQTC", 0x0ec70),
	ONE("LLITHRESH", 0x0ec90),
	ONE("FCRECTL", 0x0ed00),
	ARRAY("FCRETA", 0x0ed10, 4, 8),
	ARRAY("VMOLR", 0x0f000, 4, 64),
	ARRAY("VLVF", 0x0f100, 4, 64),
	ARRAY("VLVFB", 0x0f200, 4, 128),
	ARRAY("UTA", UTA, 4, 128),
	ARRAY("MRCTL", 0x0f600, 4, 4),
	ARRAY("VMRVM", 0x0f630, 4, 8),

	/* flow director */
	ONE("FDIRCTRL", FDIRCTRL, .write = w_fdirctrl),
	ARRAY("FDIRSIPV6", FDIRSIPV6, 4, 3),
	ONE("FDIRIPSA", FDIRIPSA),
	ONE("FDIRIPDA", FDIRIPDA),
	ONE("FDIRPORT", FDIRPORT),
	ONE("FDIRVLAN", FDIRVLAN),
	ONE("FDIRHASH", FDIRHASH),
	ONE("FDIRCMD", FDIRCMD, .write = w_fdircmd),
	ONE("FDIRFREE", FDIRFREE, .reset = FDIR_FILTERS, .access = RO),
	ONE("FDIRDIP4M", FDIRDIP4M),
	ONE("FDIRSIP4M", FDIRSIP4M),
	ONE("FDIRTCPM", FDIRTCPM),
	ONE("FDIRUDPM", FDIRUDPM),
	ONE("FDIRSCTPM", FDIRSCTPM),
	ONE("FDIRIP6M", FDIRIP6M),
	ONE("FDIRM", FDIRM),
	ONE("FDIRHKEY", FDIRHKEY),
	ONE("FDIRSKEY", FDIRSKEY),
	STAT("FDIRLEN", FDIRLEN),
	STAT("FDIRUSTAT", FDIRUSTAT),
	STAT("FDIRFSTAT", FDIRFSTAT),
	STAT("FDIRMATCH", FDIRMATCH),
	STAT("FDIRMISS", FDIRMISS),

	/* transmit queues */
	TXQ("TDBAL", TDBAL, .zero = 0x7f),
	TXQ("TDBAH", TDBAH),
	TXQ("TDLEN", TDLEN, .zero = 0xfff0007f),
	TXQ("DCA_TXCTRL", 0x0600c),
	TXQ("TDH", TDH, .zero = 0xffff0000),
	TXQ("TDT", TDT, .zero = 0xffff0000, .write = w_tdt),
	TXQ("TXDCTL", TXDCTL, .once = TXDCTL_SWFLSH, .write = w_txdctl),
	TXQ("TDWBAL", TDWBAL),
	TXQ("TDWBAH", TDWBAH),
	/* the driver's register dump reads here what was the 82598's */
	TXQ("TXQ_RESERVED", 0x06014, .access = RO),
	TXQ("TXQ_RESERVED", 0x0601c, .access = RO),
	TXQ("TXQ_RESERVED", 0x06020, .access = RO),
	TXQ("TXQ_RESERVED", 0x06024, .access = RO),
	TXQ("TXQ_RESERVED", 0x0602c, .access = RO),
	ARRAY("TXQ_RESERVED", 0x06430, TXQ_STRIDE, 112, .access = RO),
	TXQ("TXQ_RESERVED", 0x06034, .access = RO),

	/* transmit */
	ONE("RTTDCS", 0x04900),
	ONE("RTTDQSEL", 0x04904),
	ONE("RTTDT1C", 0x04908, .read = r_zero),
	ONE("RTTDT1S", 0x0490c, .read = r_zero),
	ARRAY("RTTDT2C", 0x04910, 4, 8),
	ARRAY("RTTDT2S", 0x04930, 4, 8),
	ARRAY("TXPBTHRESH", 0x04950, 4, 8),
	ONE("RTTBCNRM", 0x04980),
	ONE("RTTBCNRC", 0x04984, .read = r_zero),
	ONE("RTTBCNRS", 0x04988),
	ONE("RTTBCNRD", 0x0498c),
	ONE("RTTDTECC", 0x04990),
	ONE("DMATXCTL", DMATXCTL, .reset = 0x8100u << DMATXCTL_VT, .write = w_dmatxctl),
	ONE("DTXTCPFLGL", DTXTCPFLGL, .reset = 0x0f760ff6),
	ONE("DTXTCPFLGH", DTXTCPFLGH, .reset = 0x0f7f),
	ONE("RTTQCNTG", 0x04a90),
	ONE("TEOFF", 0x04a94),
	ONE("TSOFF", 0x04a98),
	ARRAY("PFMAILBOX", 0x04b00, 4, 64),
	ARRAY("VMVIR", 0x08000, 4, 64),
	ONE("DTXMXSZRQ", 0x08100, .reset = 0x10),
	ONE("DTXMXSZRQ_82599", 0x08118),
	ARRAY("VFTE", 0x08110, 4, 2),
	ONE("MTQC", 0x08120),
	ARRAY("WQBR_TX", 0x08130, 4, 4),
	ARRAY("PFVFSPOOF", 0x08200, 4, 8),
	ONE("PFDTXGSWC", 0x08220),
	ARRAY("TIC_DW2", 0x082b0, 4, 4),
	ONE("TXDESCIC", 0x082cc),
	ARRAY("TXLLQ", 0x082e0, 4, 4),
	ONE("TDHMPN2", 0x082fc),
	ARRAY("TQSM", TQSM, 4, 32),
	ARRAY("VMECM", 0x08790, 4, 2),
	ONE("TXBUFCTRL", 0x0c600),
	ARRAY("TXBUFDATA", 0x0c610, 4, 4),
	ONE("PBTXECC", 0x0c300),
	ONE("RTTUP2TC", 0x0c800),
	ONE("LBDRPEN", 0x0ca00),
	ONE("TIPG", 0x0cb00),
	ARRAY("TXPBSIZE", 0x0cc00, 4, 8),
	ONE("RTTPCS", 0x0cd00),
	ONE("MNGTXMAP", 0x0cd10),
	ARRAY("RTTPT2C", 0x0cd20, 4, 8),
	ARRAY("RTTPT2S", 0x0cd40, 4, 8),
	ONE("TFCS", 0x0ce00, .reset = 1, .access = RO),
	ARRAY("PFMBMEM", 0x13000, 4, 1024),

	/* flow control */
	ARRAY("FCTTV", 0x03200, 4, 4),
	ARRAY("FCRTL", FCRTL, 4, 8),
	ARRAY("FCRTH", FCRTH, 4, 8),
	ONE("FCRTV", 0x032a0),
	ONE("FCCFG", FCCFG),
	ARRAY("RT2CR", 0x03c20, 4, 8),
	ARRAY("RT2SR", 0x03c40, 4, 8),

	/* security: not fitted */
	ONE("SECTXCTRL", 0x08800),
	ONE("SECTXSTAT", SECTXSTAT, .reset = SEC_RDY | SEC_OFF_DIS, .access = RO),
	ONE("SECTXBUFFAF", 0x08808),
	ONE("SECTXMINIFG", 0x08810),
	ONE("SECRXCTRL", SECRXCTRL),
	ONE("SECRXSTAT", SECRXSTAT, .reset = SEC_RDY | SEC_OFF_DIS, .access = RO),

	/* time */
	ONE("TSYNCTXCTL", TSYNCTXCTL, .keep = TSYNCTXCTL_VALID),
	ONE("TXSTMPL", TXSTMPL, .access = RO),
	ONE("TXSTMPH", TXSTMPH, .read = r_txstmph, .access = RO),
	ONE("SYSTIML", SYSTIML, .read = r_systim, .write = w_systim),
	ONE("SYSTIMH", SYSTIMH, .read = r_systim, .write = w_systim),
	ONE("TIMINCA", TIMINCA, .write = w_timinca),
	ARRAY("TIMADJ", 0x08c18, 4, 2),
	ONE("TSAUXC", 0x08c20),
	ARRAY("TRGTTIM", 0x08c24, 4, 4),
	ARRAY("CLKTIM", 0x08c34, 4, 2),
	ARRAY("AUXSTMP", 0x08c3c, 4, 4),
	ONE("TSIM", 0x08c68),
	ONE("RTTQCNCR", 0x08b00),

	/* mac and link */
	ONE("PCS1GCFIG", 0x04200),
	ONE("PCS1GLCTL", 0x04208),
	ONE("PCS1GLSTA", PCS1GLSTA, .access = RO, .read = r_link),
	ARRAY("PCS1GDBG", 0x04210, 4, 2),
	ONE("PCS1GANA", 0x04218),
	ONE("PCS1GANLP", PCS1GANLP, .access = RO),
	ONE("PCS1GANNP", 0x04220),
	ONE("PCS1GANLPNP", 0x04224, .access = RO),
	ONE("HLREG0", HLREG0, .reset = HLREG0_TXCRCEN | HLREG0_RXCRCSTRP | HLREG0_TXPADEN,
	    .write = w_link),
	ONE("HLREG1", 0x04244),
	ONE("PAP", 0x04248),
	ONE("MACA", 0x0424c),
	ARRAY("APAE", 0x04250, 4, 3),
	ONE("MSCA", MSCA, .once = MSCA_MDI_CMD, .write = w_msca),
	ONE("MSRWD", MSRWD, .reset = 0xffff0000, .keep = 0xffff0000),
	ONE("MLADD", 0x04264),
	ONE("MAXFRS", MAXFRS, .reset = 0x05ee0000),
	ONE("TREG", 0x0426c),
	ARRAY("PCSS", 0x04288, 4, 2),
	ONE("XPCSS", 0x04290),
	ONE("MFLCN", MFLCN, .write = w_mflcn),
	ONE("SERDESC", 0x04298),
	ONE("MACS", 0x0429c),
	ONE("AUTOC", AUTOC, .once = AUTOC_RESTART, .write = w_autoc),
	ONE("LINKS", LINKS, .access = RO, .read = r_link),
	ONE("AUTOC2", AUTOC2, .write = w_link),
	ONE("AUTOC3", 0x042ac),
	ONE("ANLP1", ANLP1, .access = RO, .read = r_link),
	ONE("ANLP2", 0x042b4, .access = RO),
	ONE("MDFTC1", 0x042b8),
	ARRAY("MDFTC2", 0x042c0, 4, 4),
	ONE("MMNGC", 0x042d0),
	ONE("LINKS2", LINKS2, .access = RO, .read = r_link),
	ARRAY("FCAMAC", 0x04328, 4, 2),
	ONE("MACC", 0x04330),
	ONE("ATLASCTL", 0x04800),

	/* wake up and management */
	ONE("WUC", 0x05800),
	ONE("WUFC", 0x05808),
	ONE("WUS", 0x05810, .access = W1C),
	ONE("MANC", 0x05820),
	ONE("MFVAL", 0x05824),
	ONE("IPAV", 0x05838),
	ARRAY("IP4AT", 0x05840, 4, 8),
	ONE("MANC2H", 0x05860),
	ARRAY("IP6AT", 0x05880, 4, 4),
	ARRAY("MDEF", 0x05890, 4, 8),
	ARRAY("MIPAF", 0x058b0, 4, 16),
	ONE("WUPL", 0x05900),
	ARRAY("MMA", 0x05910, 4, 8),
	ARRAY("WUPM", 0x05a00, 4, 32),
	ARRAY("FHFT", 0x09000, 4, 256),
	ARRAY("FTFT", 0x09400, 4, 256),
	ARRAY("FHFT_EXT", 0x09800, 4, 128),

	/* statistics */
	STAT("CRCERRS", CRCERRS),
	STAT("ILLERRC", ILLERRC),
	STAT("ERRBC", ERRBC),
	STAT("MSPDC", 0x04010),
	STATS("MPC", MPC, 4, 8),
	STATS("RNBC", 0x03fc0, 4, 8),
	STAT("MLFC", 0x04034),
	STAT("MRFC", 0x04038),
	STAT("RLEC", RLEC),
	STAT("LXONTXC", LXONTXC),
	STAT("LXONRXC", 0x0cf60),
	STAT("LXOFFTXC", LXOFFTXC),
	STAT("LXOFFRXC", 0x0cf68),
	STAT("LXONRXCNT", LXONRXCNT),
	ONE("LXOFFRXCNT", LXOFFRXCNT, .access = RO, .read = r_xoff),
	STATS("PXON2OFFCNT", 0x03240, 4, 8),
	STATS("PXONRXCNT", 0x04140, 4, 8),
	STATS("PXOFFRXCNT", 0x04160, 4, 8),
	STATS("PXONTXC", 0x03f00, 4, 8),
	STATS("PXOFFTXC", 0x03f20, 4, 8),
	STATS("PXONRXC", 0x0cf00, 4, 8),
	STATS("PXOFFRXC", 0x0cf20, 4, 8),
	STATS("PRC", PRC64, 4, 6),
	STAT("GPRC", GPRC),
	STAT("BPRC", BPRC),
	STAT("MPRC", MPRC),
	STAT("GPTC", GPTC),
	STATS("GORC", GORCL, 4, 2),
	STATS("GOTC", GOTCL, 4, 2),
	STAT("RUC", RUC),
	STAT("RFC", RFC),
	STAT("ROC", ROC),
	STAT("RJC", RJC),
	STAT("MNGPRC", 0x040b4),
	STAT("MNGPDC", 0x040b8),
	STAT("MNGPTC", 0x0cf90),
	STATS("TOR", TORL, 4, 2),
	STAT("TPR", TPR),
	STAT("TPT", TPT),
	STATS("PTC", PTC64, 4, 6),
	STAT("MPTC", MPTC),
	STAT("BPTC", BPTC),
	STAT("XEC", XEC),
	STATS("RXNFG", 0x041b0, 4, 3),
	STAT("B2OSPC", 0x041c0),
	STAT("O2BGPTC", 0x041c4),
	STATS("QPRC", QPRC, 0x40, N_STATQ),
	STATS("QBRC_L", QBRC_L, 0x40, N_STATQ),
	STATS("QBRC_H", QBRC_L + 4, 0x40, N_STATQ),
	STATS("QPRDC", QPRDC, 0x40, N_STATQ),
	STATS("QPTC", QPTC, 0x40, N_STATQ),
	STATS("QBTC_L", QBTC_L, 8, N_STATQ),
	STATS("QBTC_H", QBTC_L + 4, 8, N_STATQ),
	STAT("SSVPC", SSVPC),
	STAT("FCOEPTC", 0x08784),
	STAT("FCOEDWTC", 0x08788),
	STATS("TXDG", 0x087a0, 4, 3),
	STAT("O2BSPC", 0x087b0),
	STATS("RXDG", 0x02f50, 4, 3),
	STATS("RXLPBKG", 0x02f68, 4, 3),
	STAT("B2OGPRC", 0x02f90),
	STAT("FCCRC", 0x05118),
	STAT("FCOERPDC", 0x0241c),
	STAT("FCLAST", 0x02424),
	STAT("FCOEPRC", 0x02428),
	STAT("FCOEDWRC", 0x0242c),
};

#define N_REGS	(sizeof(table) / sizeof(table[0]))

const struct reg *reg_table(unsigned int *n)
{
	*n = N_REGS;
	return table;
}

/* which table entry an offset belongs to, plus one */
static uint16_t owner[REG_SPACE / 4];
static uint16_t element[REG_SPACE / 4];

uint32_t rxq_reg(unsigned int q, uint32_t reg)
{
	return q < 64 ? reg + q * RXQ_STRIDE : reg - 0x1000 + RXQ_HIGH + (q - 64) * RXQ_STRIDE;
}

uint32_t txq_reg(unsigned int q, uint32_t reg)
{
	return reg + q * TXQ_STRIDE;
}

/* returns how many registers the table claims twice; the later entry wins */
int regs_init(void)
{
	int twice = 0;

	memset(owner, 0, sizeof(owner));
	for (unsigned int r = 0; r < N_REGS; r++)
		for (unsigned int i = 0; i < table[r].n; i++) {
			uint32_t at = (table[r].off + i * table[r].stride) / 4;

			if (owner[at])
				twice++;
			owner[at] = (uint16_t)(r + 1);
			element[at] = (uint16_t)i;
		}
	return twice;
}

static const struct reg *lookup(uint32_t *off, unsigned int *i)
{
	const struct reg *r;

	if (*off >= REG_SPACE || !owner[*off / 4])
		return NULL;
	r = &table[owner[*off / 4] - 1];
	*i = element[*off / 4];
	if (r->alias)
		*off = r->alias + *i * r->alias_stride;
	return r;
}

/* queue numbers go on across the two halves of the receive queues' space */
static unsigned int queue_of(uint32_t off, unsigned int i)
{
	return off >= RXQ_HIGH && off < RXQ_HIGH + 0x1000 ? i + 64 : i;
}

void reg_unknown(struct nic *nic, uint32_t off, const char *how)
{
	uint32_t w = off / 4;
	bool *once = off >= REG_SPACE ? &nic->beyond : (off & 3) || strstr(how, "narrow") ? &nic->narrow : NULL;

	if (once ? *once : nic->unknown[w / 8] >> w % 8 & 1)
		return;
	if (once)
		*once = true;
	else
		nic->unknown[w / 8] |= (uint8_t)(1 << w % 8);
	nic->n_unknown++;
	nic_msg(nic, "unknown register 0x%05x (%s)", off, how);
}

uint32_t reg_read(struct nic *nic, uint32_t off)
{
	const struct reg *r;
	unsigned int i;
	uint32_t v;

	nic->reads++;
	if (nic->fault.gone)
		return ~0u;
	off &= ~3u;
	r = lookup(&off, &i);
	if (!r) {
		reg_unknown(nic, off, "read");
		return 0;
	}
	if (r->read)
		return r->read(nic, off, queue_of(off, i));
	if (r->access == WO)
		return 0;
	v = REG(nic, off);
	if (r->access == RC)
		REG(nic, off) = 0;
	return v;
}

void reg_write(struct nic *nic, uint32_t off, uint32_t val)
{
	const struct reg *r;
	unsigned int i;

	nic->writes++;
	if (nic->fault.gone)
		return;
	off &= ~3u;
	r = lookup(&off, &i);
	if (!r) {
		reg_unknown(nic, off, "write");
		return;
	}
	if (r->access == RO || r->access == RC)
		return;
	val = (val & ~r->zero & ~r->keep) | (REG(nic, off) & r->keep);
	if (r->write)
		r->write(nic, off, queue_of(off, i), val);
	else if (r->access == W1C)
		REG(nic, off) &= ~val;
	else
		REG(nic, off) = val;
	REG(nic, off) &= ~r->once;
}

void regs_reset(struct nic *nic)
{
	for (unsigned int r = 0; r < N_REGS; r++) {
		if (table[r].alias)
			continue;
		for (unsigned int i = 0; i < table[r].n; i++)
			REG(nic, table[r].off + i * table[r].stride) = table[r].reset;
	}
	nic->rss.valid = false;
	REG(nic, RAL) = (uint32_t)nic->cfg.mac[3] << 24 | (uint32_t)nic->cfg.mac[2] << 16 |
			(uint32_t)nic->cfg.mac[1] << 8 | nic->cfg.mac[0];
	REG(nic, RAH) = RAH_AV | (uint32_t)nic->cfg.mac[5] << 8 | nic->cfg.mac[4];
}
