/* SPDX-License-Identifier: GPL-2.0 */
/* The 82599 as its data sheet has it: register offsets, bits, descriptor formats. */
#ifndef NIC82599_HW_H
#define NIC82599_HW_H

#include <stdint.h>

#define BIT(n)		(1u << (n))
#define BAR0_SIZE	0x80000u	/* registers, then the flash window */
#define REG_SPACE	0x20000u	/* bytes of BAR0 that hold registers */
#define BAR4_SIZE	0x4000u		/* MSI-X table and pending bits */
#define MSIX_TABLE	0x0000u
#define MSIX_PBA	0x2000u
#define N_VECTORS	64
#define N_QUEUES	128
#define N_RAR		128
#define N_STATQ		16

/* general */
#define CTRL		0x00000
#define CTRL_GIO_DIS	BIT(2)
#define CTRL_LNK_RST	BIT(3)
#define CTRL_RST	BIT(26)
#define STATUS		0x00008
#define STATUS_LAN_ID	2		/* shift */
#define STATUS_LINKUP	BIT(7)
#define STATUS_GIO	BIT(19)
#define CTRL_EXT	0x00018
#define ESDP		0x00020
#define ESDP_TX_OFF	BIT(3)		/* on a fibre port: the laser is off */
#define I2CCTL		0x00028
#define I2C_CLK_IN	BIT(0)
#define I2C_CLK_OUT	BIT(1)
#define I2C_DATA_IN	BIT(2)
#define I2C_DATA_OUT	BIT(3)
#define FRTIMER		0x00048
#define LEDCTL		0x00200

/* non-volatile memory, firmware, semaphores */
#define EEC		0x10010
#define EEC_SK		BIT(0)
#define EEC_CS		BIT(1)
#define EEC_DI		BIT(2)
#define EEC_DO		BIT(3)
#define EEC_REQ		BIT(6)
#define EEC_GNT		BIT(7)
#define EEC_PRES	BIT(8)
#define EEC_ARD		BIT(9)
#define EEC_ADDR_SIZE	BIT(10)
#define EEC_SIZE	11		/* shift */
#define EERD		0x10014
#define EEWR		0x10018
#define EERW_START	BIT(0)
#define EERW_DONE	BIT(1)
#define SWSM		0x10140
#define SWSM_SMBI	BIT(0)
#define FWSM		0x10148
#define FWSM_MODE_PT	0x4u
#define FWSM_FW_VAL	BIT(15)
#define FACTPS		0x10150
#define GSSR		0x10160

/* interrupts */
#define EICR		0x00800
#define EICS		0x00808
#define EIAC		0x00810
#define EITR_LO		0x00820		/* vectors 0-23 */
#define EITR_HI		0x12300		/* vectors 24-127 */
#define EITR_INTERVAL	0x00000ff8u	/* units of 2 us, in bits 11:3 */
#define EITR_CNT_WDIS	BIT(31)
#define EIMS		0x00880
#define EIMC		0x00888
#define EIAM		0x00890
#define GPIE		0x00898
#define GPIE_MSIX_MODE	BIT(4)
#define GPIE_OCD	BIT(5)
#define GPIE_EIAME	BIT(30)
#define IVAR		0x00900
#define IVAR_MISC	0x00a00
#define IVAR_VALID	0x80u
#define IVAR_VECTOR	0x3fu
#define EICS_EX		0x00a90
#define EIMS_EX		0x00aa0
#define EIMC_EX		0x00ab0
#define EIAM_EX		0x00ad0
#define EICR_QUEUES	0x0000ffffu
#define EICR_FLOW_DIR	BIT(16)
#define EICR_RX_MISS	BIT(17)
#define EICR_PCI	BIT(18)
#define EICR_LSC	BIT(20)
#define EICR_GPI_SDP1	BIT(25)
#define EICR_GPI_SDP2	BIT(26)
#define EICR_ECC	BIT(28)
#define EICR_OTHER	BIT(31)

/* flow control */
#define FCRTL		0x03220
#define FCRTL_XONE	BIT(31)
#define FCRTH		0x03260
#define FCRTH_FCEN	BIT(31)
#define FCRT_BYTES	0x0007ffe0u
#define FCCFG		0x03d00
#define FCCFG_TFCE	BIT(3)
#define MFLCN		0x04294
#define MFLCN_RFCE	BIT(3)

/* receive */
#define RXCTRL		0x03000
#define RXCTRL_RXEN	BIT(0)
#define RXPBSIZE	0x03c00
#define RDRXCTL		0x02f00
#define RDRXCTL_CRCSTRIP BIT(1)
#define RDRXCTL_DMAIDONE BIT(3)
#define RDBAL		0x01000
#define RDBAH		0x01004
#define RDLEN		0x01008
#define RDH		0x01010
#define SRRCTL		0x01014
#define RDT		0x01018
#define RXDCTL		0x01028
#define RXQ_STRIDE	0x40
#define RXQ_HIGH	0x0d000		/* queues 64-127 */
#define RXDCTL_ENABLE	BIT(25)
#define RXDCTL_SWFLSH	BIT(26)
#define RXDCTL_VME	BIT(30)
#define SRRCTL_BSIZEPKT	0x0000001fu	/* KiB */
#define SRRCTL_DROP_EN	BIT(28)
#define SRRCTL_DESCTYPE	0x0e000000u
#define RXCSUM		0x05000
#define RFCTL		0x05008
#define FCTRL		0x05080
#define FCTRL_SBP	BIT(1)
#define FCTRL_MPE	BIT(8)
#define FCTRL_UPE	BIT(9)
#define FCTRL_BAM	BIT(10)
#define VLNCTRL		0x05088
#define VLNCTRL_VFE	BIT(30)
#define MCSTCTRL	0x05090
#define MCSTCTRL_MO	0x3u
#define MCSTCTRL_MFE	BIT(2)
#define ETQF		0x05128
#define ETQF_EN		BIT(31)
#define ETQS		0x0ec00
#define ETQS_QUEUE_EN	BIT(31)
#define MTA		0x05200
#define RAL		0x0a200
#define RAH		0x0a204
#define RAH_AV		BIT(31)
#define VFTA		0x0a000
#define UTA		0x0f400
#define MRQC		0x05818
#define MRQC_MODE	0xfu
#define MRQC_RSS	1
#define MRQC_TCPV4	BIT(16)
#define MRQC_IPV4	BIT(17)
#define MRQC_IPV6	BIT(20)
#define MRQC_TCPV6	BIT(21)
#define MRQC_UDPV4	BIT(22)
#define MRQC_UDPV6	BIT(23)
#define RETA		0x05c00
#define RSSRK		0x05c80
#define RQSMR		0x02300
#define SECRXCTRL	0x08d00
#define SECRXSTAT	0x08d04

/* flow director */
#define FDIRCTRL	0x0ee00
#define FDIRCTRL_INIT_DONE BIT(3)
#define FDIRCTRL_PERFECT BIT(4)
#define FDIRCTRL_DROPQ	8		/* shift */
#define FDIRSIPV6	0x0ee0c
#define FDIRIPSA	0x0ee18
#define FDIRIPDA	0x0ee1c
#define FDIRPORT	0x0ee20
#define FDIRVLAN	0x0ee24
#define FDIRHASH	0x0ee28
#define FDIRCMD		0x0ee2c
#define FDIRFREE	0x0ee38
#define FDIRDIP4M	0x0ee3c
#define FDIRSIP4M	0x0ee40
#define FDIRTCPM	0x0ee44
#define FDIRUDPM	0x0ee48
#define FDIRLEN		0x0ee4c
#define FDIRUSTAT	0x0ee50
#define FDIRFSTAT	0x0ee54
#define FDIRFSTAT_ADD	0		/* shifts */
#define FDIRFSTAT_REMOVE 8
#define FDIRMATCH	0x0ee58
#define FDIRMISS	0x0ee5c
#define FDIRHKEY	0x0ee68
#define FDIRSKEY	0x0ee6c
#define FDIRM		0x0ee70
#define FDIRIP6M	0x0ee74
#define FDIRSCTPM	0x0ee78
#define FDIRCMD_CMD	0x3u
#define FDIRCMD_ADD	1u
#define FDIRCMD_REMOVE	2u
#define FDIRCMD_QUERY	3u
#define FDIRCMD_FILTER_VALID BIT(2)
#define FDIRCMD_FILTER_UPDATE BIT(3)
#define FDIRCMD_CLEARHT	BIT(8)
#define FDIRCMD_DROP	BIT(9)
#define FDIRCMD_LAST	BIT(11)
#define FDIRCMD_QUEUE_EN BIT(15)
#define FDIRCMD_L4TYPE	5		/* shift: 0 any, 1 udp, 2 tcp, 3 sctp */
#define FDIRCMD_IPV6	BIT(7)
#define FDIRCMD_QUEUE	16		/* shift */
#define FDIRM_VLANID	BIT(0)
#define FDIRM_VLANP	BIT(1)
#define FDIRM_POOL	BIT(2)
#define FDIRM_L4P	BIT(3)
#define FDIRM_FLEX	BIT(4)
#define FDIRM_DIPV6	BIT(5)

/* transmit */
#define DMATXCTL	0x04a80
#define DMATXCTL_TE	BIT(0)
#define DMATXCTL_VT	16		/* shift */
#define DTXTCPFLGL	0x04a88
#define DTXTCPFLGH	0x04a8c
#define TDBAL		0x06000
#define TDBAH		0x06004
#define TDLEN		0x06008
#define TDH		0x06010
#define TDT		0x06018
#define TXDCTL		0x06028
#define TDWBAL		0x06038
#define TDWBAH		0x0603c
#define TXQ_STRIDE	0x40
#define TXDCTL_ENABLE	BIT(25)
#define TXDCTL_SWFLSH	BIT(26)
#define TDWBAL_EN	BIT(0)
#define TQSM		0x08600
#define SECTXSTAT	0x08804
#define SEC_RDY		BIT(0)
#define SEC_OFF_DIS	BIT(1)

/* mac and link */
#define PCS1GLSTA	0x0420c
#define PCS1GANLP	0x0421c
#define HLREG0		0x04240
#define HLREG0_TXCRCEN	BIT(0)
#define HLREG0_RXCRCSTRP BIT(1)
#define HLREG0_JUMBOEN	BIT(2)
#define HLREG0_TXPADEN	BIT(10)
#define HLREG0_LPBK	BIT(15)
#define MSCA		0x0425c
#define MSCA_MDI_CMD	BIT(30)
#define MSRWD		0x04260
#define MAXFRS		0x04268
#define AUTOC		0x042a0
#define AUTOC_FLU	BIT(0)
#define AUTOC_RESTART	BIT(12)
#define AUTOC_LMS	0x0000e000u
#define AUTOC_LMS_SHIFT	13
#define AUTOC_KX4	BIT(31)
#define AUTOC_KX	BIT(30)
#define AUTOC_KR	BIT(16)
#define AUTOC_PAUSE	28		/* shift: symmetric, then asymmetric */
#define LINKS		0x042a4
#define LINKS_AN_COMP	BIT(31)
#define LINKS_UP	BIT(30)
#define LINKS_10G	0x30000000u
#define LINKS_1G	0x20000000u
#define LINKS_SIGNAL	0x00000080u
#define AUTOC2		0x042a8
#define ANLP1		0x042b0
#define ANLP1_AN_STATE	0x00010000u
#define ANLP1_PAUSE	10		/* shift */
#define LINKS2		0x04324
#define LINKS2_AN_SUPP	BIT(6)

/* time */
#define TSYNCTXCTL	0x08c00
#define TSYNCTXCTL_VALID	BIT(0)
#define TSYNCTXCTL_EN	BIT(4)
#define TXSTMPL		0x08c04
#define TXSTMPH		0x08c08
#define SYSTIML		0x08c0c
#define SYSTIMH		0x08c10
#define TIMINCA		0x08c14

/* statistics */
#define CRCERRS		0x04000
#define ILLERRC		0x04004
#define ERRBC		0x04008
#define MPC		0x03fa0
#define RLEC		0x04040
#define LXONTXC		0x03f60
#define LXOFFTXC	0x03f68
#define LXONRXCNT	0x041a4
#define LXOFFRXCNT	0x041a8
#define PRC64		0x0405c
#define GPRC		0x04074
#define BPRC		0x04078
#define MPRC		0x0407c
#define GPTC		0x04080
#define GORCL		0x04088
#define GOTCL		0x04090
#define RUC		0x040a4
#define RFC		0x040a8
#define ROC		0x040ac
#define RJC		0x040b0
#define TORL		0x040c0
#define TPR		0x040d0
#define TPT		0x040d4
#define PTC64		0x040d8
#define MPTC		0x040f0
#define BPTC		0x040f4
#define XEC		0x04120
#define QPRC		0x01030
#define QBRC_L		0x01034
#define QPRDC		0x01430
#define QPTC		0x06030
#define QBTC_L		0x08700
#define SSVPC		0x08780

/* advanced and legacy transmit descriptors share the command byte */
struct tx_desc {
	uint64_t addr;
	uint32_t cmd;
	uint32_t olinfo;
};
#define TXD_LEN		0x0000ffffu
#define TXD_STAMP	BIT(19)
#define TXD_DTYP	0x00f00000u
#define TXD_DTYP_CTX	0x00200000u
#define TXD_DTYP_DATA	0x00300000u
#define TXD_EOP		BIT(24)
#define TXD_IFCS	BIT(25)
#define TXD_IC		BIT(26)		/* legacy: insert checksum */
#define TXD_RS		BIT(27)
#define TXD_DEXT	BIT(29)
#define TXD_VLE		BIT(30)
#define TXD_TSE		BIT(31)
#define TXD_DD		BIT(0)
#define TXD_IDX		4		/* shift, in olinfo */
#define TXD_CC		BIT(7)
#define TXD_IXSM	BIT(8)
#define TXD_TXSM	BIT(9)
#define TXD_PAYLEN	14		/* shift */

struct tx_ctx_desc {
	uint32_t vlan_macip_lens;
	uint32_t fcoe_sa;
	uint32_t type_tucmd;
	uint32_t mss_l4len_idx;
};
#define TUCMD_IPV4	BIT(10)
#define TUCMD_L4T	0x1800u
#define TUCMD_L4T_UDP	0x0000u
#define TUCMD_L4T_TCP	0x0800u
#define TUCMD_L4T_SCTP	0x1000u

struct rx_desc {			/* as the driver writes it */
	uint64_t pkt_addr;
	uint64_t hdr_addr;
};
#define RXD_DD		BIT(0)		/* status word, advanced */
#define RXD_EOP		BIT(1)
#define RXD_FLM		BIT(2)
#define RXD_VP		BIT(3)
#define RXD_UDPCS	BIT(4)
#define RXD_L4CS	BIT(5)
#define RXD_IPCS	BIT(6)
#define RXD_PIF		BIT(7)
#define RXD_CRCV	BIT(8)
#define RXD_ERR_CE	BIT(24)
#define RXD_ERR_USE	BIT(29)		/* undersize */
#define RXD_ERR_L4	BIT(30)
#define RXD_ERR_IP	BIT(31)
#define RXD_PT_IPV4	0x0010u
#define RXD_PT_IPV4_EX	0x0020u
#define RXD_PT_IPV6	0x0040u
#define RXD_PT_IPV6_EX	0x0080u
#define RXD_PT_TCP	0x0100u
#define RXD_PT_UDP	0x0200u
#define RXD_PT_SCTP	0x0400u
#define RXD_PT_ETQF	0x8000u
#define RSS_T_NONE	0
#define RSS_T_TCPV4	1
#define RSS_T_IPV4	2
#define RSS_T_TCPV6	3
#define RSS_T_IPV6	5
#define RSS_T_UDPV4	7
#define RSS_T_UDPV6	8

#endif
