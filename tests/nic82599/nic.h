/* SPDX-License-Identifier: GPL-2.0 */
/* One port of the emulated card, and what each part of it offers to the others. */
#ifndef NIC82599_NIC_H
#define NIC82599_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hw.h"

#define MAX_PORTS	8
#define MAX_FRAME	(16 * 1024)	/* the wire's limit; the card's own is MAXFRS */
#define CACHE_LINE	64
#define FRAME_ROOM	(MAX_FRAME + 64)
#define ETH_HDR		14
#define ETH_CRC		4
#define EEPROM_WORDS	2048
#define FDIR_FILTERS	2048

struct nic;

/* dma.c: the guest's memory, nothing outside it */

#define DMA_READ	1u
#define DMA_WRITE	2u
#define DMA_REGIONS	512

struct dma_region {
	uint64_t iova, size;
	uint8_t *host;			/* NULL: known, but not mapped here */
	size_t map_len;			/* 0: not ours to unmap */
	uint32_t prot;
};

struct dma {
	struct dma_region region[DMA_REGIONS];	/* sorted by iova, disjoint */
	unsigned int n, last;
	struct dma *next;		/* of those that may lose memory under their feet */
	bool guarded;
	uint64_t refused, lost;		/* accesses; regions whose file has shrunk */
};

int dma_map_fd(struct nic *nic, uint64_t iova, uint64_t size, uint64_t offset, uint32_t prot, int fd);
int dma_map_host(struct nic *nic, uint64_t iova, uint64_t size, uint32_t prot, void *host);
int dma_unmap(struct nic *nic, uint64_t iova, uint64_t size);
void dma_unmap_all(struct nic *nic);
void dma_free(struct nic *nic);
/* NULL unless the whole range lies in one mapped region with these rights */
void *dma_at(struct nic *nic, uint64_t iova, uint64_t len, uint32_t prot);
/* like dma_at(), but counts and reports what it refuses */
void *dma_get(struct nic *nic, uint64_t iova, uint64_t len, uint32_t prot, const char *why);
bool dma_write(struct nic *nic, uint64_t iova, const void *from, size_t len, const char *why);

/* pci.c: configuration space */

#define PCI_CFG_SIZE	4096
#define PCI_COMMAND	0x04
#define PCI_COMMAND_MASTER 0x04u
#define PCI_COMMAND_NO_INTX 0x04u	/* in the second byte */
#define PCI_STATUS	0x06
#define PCI_STATUS_INTX	0x08u

void pci_init(struct nic *nic);
void pci_read(struct nic *nic, uint32_t off, void *to, uint32_t len);
void pci_write(struct nic *nic, uint32_t off, const void *from, uint32_t len);
void pci_reset(struct nic *nic);	/* the function's own reset, and the port's with it */

/* regs.c: the register file */

enum access {
	RW,			/* memory, but for the bits named below */
	RO,			/* writes have no effect */
	WO,			/* reads as zero */
	RC,			/* a counter: reading it clears it, writes have no effect */
	W1C,			/* writing a one clears that bit */
};

struct reg {
	const char *name;
	uint32_t off, stride, n;
	uint32_t reset;
	enum access access;
	uint32_t zero;			/* bits that read zero whatever is written */
	uint32_t keep;			/* bits that a write leaves as they are */
	uint32_t once;			/* bits that do something and clear themselves */
	uint32_t alias;			/* kept where this register is kept */
	uint32_t alias_stride;
	uint32_t (*read)(struct nic *nic, uint32_t off, unsigned int i);
	void (*write)(struct nic *nic, uint32_t off, unsigned int i, uint32_t val);
};

const struct reg *reg_table(unsigned int *n);

int regs_init(void);
void regs_reset(struct nic *nic);
uint32_t reg_read(struct nic *nic, uint32_t off);
void reg_write(struct nic *nic, uint32_t off, uint32_t val);
/* an access that no register answers: said once for each offset, or of its kind */
void reg_unknown(struct nic *nic, uint32_t off, const char *how);

/* where a register is kept: aliases share the place of the first */
uint32_t rxq_reg(unsigned int q, uint32_t reg);
uint32_t txq_reg(unsigned int q, uint32_t reg);

/* clock.c: the time of the port, and stamps of frames with it */
uint32_t clock_read(struct nic *nic, uint32_t off);
void clock_set(struct nic *nic, uint32_t off, uint32_t val);
void clock_pace(struct nic *nic, uint32_t timinca);
void clock_stamp_tx(struct nic *nic);		/* a frame that wants a stamp goes out */
uint32_t clock_take_tx_stamp(struct nic *nic);

/* intr.c */

struct intr {
	uint64_t cause;			/* by MSI-X vector; 15:0 are EICR's */
	uint64_t enable;		/* EIMS_EX; 15:0 are EIMS's */
	uint32_t other, other_enable;	/* EICR and EIMS, bits 31:16 */
	uint64_t sent;			/* causes that have had their interrupt */
	uint32_t other_sent;
	uint64_t fire_at[N_VECTORS];	/* throttled until then, in ns */
	uint64_t waiting;		/* vectors held back by their throttle */
	uint64_t pending;		/* PBA: fired with nobody listening */
	uint64_t fired;
	int eventfd[N_VECTORS];
	int intx_fd, msi_fd, err_fd;
	bool intx_masked, intx_level;
	bool dirty;			/* evaluate before going to sleep */
};

void intr_init(struct nic *nic);
void intr_reset(struct nic *nic);
void intr_rx(struct nic *nic, unsigned int q);
void intr_tx(struct nic *nic, unsigned int q);
void intr_other(struct nic *nic, uint32_t cause);
void intr_flush(struct nic *nic);	/* deliver what is due */
bool intr_line(struct nic *nic);	/* INTx wants to be up */
uint64_t intr_deadline(struct nic *nic);	/* ns; 0: none */
bool intr_takes(int fd);		/* an eventfd, and made not to block */
void intr_set_eventfd(struct nic *nic, int *slot, int fd);
void intr_connect(struct nic *nic, unsigned int vector, int fd);
uint32_t intr_reg_read(struct nic *nic, uint32_t off, unsigned int i);
void intr_reg_write(struct nic *nic, uint32_t off, unsigned int i, uint32_t val);

/* eeprom.c */

struct eeprom {
	uint16_t word[EEPROM_WORDS];
	uint64_t spi_in;		/* bits clocked in since chip select */
	unsigned int spi_bits;
	uint32_t eec;
};

void eeprom_init(struct nic *nic);
void eeprom_seal(struct nic *nic);	/* make the checksum right */
uint32_t eeprom_eec_read(struct nic *nic);
void eeprom_eec_write(struct nic *nic, uint32_t val);
uint32_t eeprom_eerd(struct nic *nic, uint32_t val);
uint32_t eeprom_eewr(struct nic *nic, uint32_t val);

/* sfp.c: the module's I2C bus (device 10fb) */

enum sfp_state { SFP_IDLE, SFP_ADDRESS, SFP_POINTER, SFP_WRITE, SFP_READ };

struct sfp {
	bool present;
	uint8_t page[2][256];		/* A0h identity, A2h diagnostics */
	enum sfp_state state;
	uint8_t pointer;
	unsigned int bits, shift, dev;
	bool scl, sda;			/* as the driver drives them */
	bool out;			/* as we drive the data wire; true: let go */
	bool sending, ninth, acked;
};

void sfp_init(struct nic *nic);
uint32_t sfp_i2c_read(struct nic *nic, uint32_t last);
void sfp_i2c_write(struct nic *nic, uint32_t val);

/* packet.c: headers, checksums */

struct packet {
	uint16_t ethertype;		/* after any VLAN tag */
	uint16_t tci;
	bool vlan;
	uint8_t l3;			/* 0, 4 or 6 */
	bool l3_options, fragment;
	uint8_t l4;			/* IP protocol, 0 if not reachable */
	uint16_t l3_off, l4_off;
	uint32_t end;			/* of the IP packet: padding lies behind it */
};

void packet_parse(struct packet *p, const uint8_t *frame, size_t len, uint16_t vlan_type);
uint32_t csum_add(uint32_t sum, const void *data, size_t len);
uint16_t csum_fold(uint32_t sum);
uint32_t crc32c(const void *data, size_t len);
bool packet_ip_csum_ok(const struct packet *p, const uint8_t *frame);
/* -1: nothing to check, 0: wrong, 1: right */
int packet_l4_csum(const struct packet *p, const uint8_t *frame);

static inline uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }
static inline void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static inline void put32(uint8_t *p, uint32_t v) { put16(p, v >> 16); put16(p + 2, v); }

/* rss.c */

#define RSS_INPUT	36		/* two IPv6 addresses and two ports */

struct rss {
	bool valid;			/* the table is that of the key in the registers */
	uint32_t table[RSS_INPUT * 2][16];
};

/* returns the RSS type of the descriptor, 0 if the frame has no hash */
unsigned int rss_hash(struct nic *nic, const struct packet *p, const uint8_t *frame, uint32_t *hash);
unsigned int rss_queue(struct nic *nic, const struct packet *p, unsigned int type, uint32_t hash);

/* fdir.c: flow director */

struct fdir_filter {
	bool used, drop, ipv6;
	uint8_t l4type, queue;
	uint16_t vlan, flex;
	uint32_t hash;			/* as the driver names the filter: hash and software id */
	uint32_t ports, src, dst;
};

struct fdir {
	struct fdir_filter filter[FDIR_FILTERS];
	unsigned int n, used;		/* looked at; in use */
};

void fdir_clear(struct nic *nic);
void fdir_ctrl(struct nic *nic, uint32_t val);
void fdir_cmd(struct nic *nic, uint32_t val);
/* true if a perfect filter matches */
bool fdir_match(struct nic *nic, const struct packet *p, const uint8_t *frame,
		const struct fdir_filter **hit);

/* tx.c, offload.c */

struct tx_ctx {
	uint16_t vlan, mac_len, ip_len, l4_len, mss;
	uint32_t tucmd;
};

struct tx {
	uint64_t active[2];		/* queues with a doorbell not yet worked off */
	unsigned int next;		/* round robin */
	struct tx_ctx ctx[N_QUEUES][2];
	bool paused;			/* by the link partner's pause frame */
	uint64_t paused_since;
	uint64_t senseless;		/* packets that could not be sent */
};

#define TX_SEGS		128		/* pieces of guest memory in one packet */

struct tx_seg {
	const uint8_t *p;
	uint32_t len;
};

struct tx_packet {
	struct tx_seg seg[TX_SEGS];
	unsigned int n;
	uint32_t len;
	uint32_t cmd, olinfo;		/* of the first descriptor */
	bool advanced, bad;
	uint16_t vlan;			/* legacy */
	uint8_t cso, css;		/* legacy */
	struct tx_ctx ctx;
};

void tx_doorbell(struct nic *nic, unsigned int q);
void tx_reset(struct nic *nic);
bool tx_pending(struct nic *nic);
unsigned int tx_run(struct nic *nic, unsigned int budget);	/* packets done */
/* frames on the wire, 0 if the packet makes no sense */
unsigned int offload_send(struct nic *nic, unsigned int q, const struct tx_packet *pkt);

/* rx.c, filter.c, fifo.c */

struct rx_meta {
	uint32_t len;
	uint8_t queue;
	uint8_t rss_type;
	uint16_t ptype, vlan;
	uint32_t hash, status;		/* status and errors, less DD and EOP */
};

struct fifo {				/* the packet buffer */
	uint8_t *mem;
	uint32_t size, head, used;
};

#define RX_BAD_CRC	1u

void rx_reset(struct nic *nic);
void rx_frame(struct nic *nic, const uint8_t *frame, size_t len, unsigned int flags);
void rx_kick(struct nic *nic);		/* descriptors were added, or a queue changed */
bool filter_mac(struct nic *nic, const uint8_t *frame, uint32_t *status);
bool filter_vlan(struct nic *nic, const struct packet *p);

bool fifo_init(struct fifo *f, uint32_t size);
bool fifo_push(struct fifo *f, const struct rx_meta *m, const uint8_t *frame);
bool fifo_peek(struct fifo *f, struct rx_meta *m, uint8_t *frame);
void fifo_pop(struct fifo *f, const struct rx_meta *m);
void fifo_clear(struct fifo *f);
uint32_t fifo_fill(const struct fifo *f);

/* stats.c */

void stats_rx(struct nic *nic, const uint8_t *frame, size_t len);	/* a good frame, accepted */
void stats_rx_total(struct nic *nic, size_t len);
void stats_tx(struct nic *nic, unsigned int q, const uint8_t *frame, size_t len);
void stats_tx_pause(struct nic *nic, uint32_t n);
void stats_rx_queue(struct nic *nic, unsigned int q, size_t len);
void stats_rx_queue_drop(struct nic *nic, unsigned int q);
void stats_dump(struct nic *nic, FILE *to);

/* link.c */

struct link {
	bool cable;			/* plugged in, as the control socket has it */
	bool up;
	uint32_t speed;			/* while it is up, as LINKS shows it */
};

void link_init(struct nic *nic);
void link_reset(struct nic *nic);
void link_update(struct nic *nic, bool restarted);
void link_set_cable(struct nic *nic, bool in);
void link_set_module(struct nic *nic, bool in);
uint32_t link_reg_read(struct nic *nic, uint32_t off);

/* wire.c */

struct pcap;

struct wire {
	struct nic *peer;		/* NULL: a partner that swallows everything */
	void (*tap)(void *arg, const uint8_t *frame, size_t len);
	void *tap_arg;
	struct pcap *in, *out;		/* captures, or one for both */
	struct tester *tester;		/* instead of a peer */
	uint64_t sent, received;
	struct at_frame *script;	/* commands that wait for a frame to be sent */
	uint64_t script_at;		/* the first of these frames, 0: none */
};

void wire_send(struct nic *nic, const uint8_t *frame, size_t len);
void wire_arrive(struct nic *nic, const uint8_t *frame, size_t len);
void wire_pause(struct nic *nic, bool xoff);
void wire_pause_repeat(struct nic *nic);
void wire_pause_listen(struct nic *nic);	/* whether the partner still has us wait */
struct pcap *pcap_open(const char *path);
void pcap_frame(struct pcap *p, const uint8_t *frame, size_t len);
bool pcap_close(struct pcap *p);	/* false: not everything was written */

/* tester.c: a link partner that makes and checks traffic */

struct tester *tester_new(void);
bool tester_run(struct nic *nic, unsigned int budget);
uint64_t tester_deadline(const struct nic *nic);
void tester_input(struct nic *nic, const uint8_t *frame, size_t len);
void tester_report(const struct nic *nic, char *to, size_t size);

/* trouble on demand: set by control.c, felt where it happens */

struct fault {
	bool gone;			/* every read gives all ones */
	bool tx_stall;
	bool irq_hold;
	uint32_t drop_1_in, corrupt_1_in, corrupt_data_1_in, irq_lose_1_in;
	uint32_t wb_delay, wb_spread;	/* of write-backs: microseconds, and up to so many more by chance */
	uint64_t rng;
	uint64_t dropped, corrupted, corrupted_data, irqs_lost, held, overtook;
};

struct flap {
	uint64_t left, ns, due;		/* changes of the link; time between them; of the next */
};

/* by a generator that a seed repeats */
uint64_t fault_random(struct fault *f);
bool fault_one_in(struct fault *f, uint32_t n);	/* never for 0 */

/* late.c: write-backs that wait */

#define LATE_MAX	4096

struct late_write {
	uint64_t due, iova, value[2];	/* of a word only the second value */
	uint8_t q;
	bool tx;
	bool descriptor;		/* all 16 bytes of one, or a word */
	bool event;			/* the queue's interrupt comes with it */
};

struct late {
	struct late_write write[LATE_MAX];	/* in the order of their times */
	unsigned int n;
	uint64_t last[2][N_QUEUES];	/* when a queue's latest is due: rx, tx */
};

bool late_wanted(const struct nic *nic);
void late_add(struct nic *nic, const struct late_write *w);
void late_run(struct nic *nic);
void late_flush(struct nic *nic);
void late_drop(struct nic *nic);
uint64_t late_deadline(const struct nic *nic);	/* ns; 0: none */

/* the port */

struct config {
	const char *sock;
	uint8_t mac[6];
	uint16_t device_id;
	bool sync;			/* transmit before a register write returns */
	bool link_down;
	bool tester;
	bool no_msix;			/* configuration space does not have it */
};

struct card {
	struct nic *port[MAX_PORTS];
	unsigned int n;
};

struct nic {
	unsigned int index;
	struct card *card;
	struct config cfg;
	uint32_t regs[REG_SPACE / 4];
	uint8_t unknown[REG_SPACE / 4 / 8];	/* reported once each */
	unsigned int n_unknown;
	bool narrow, beyond;		/* writes of less than a word, accesses behind the registers: said once */
	uint8_t bar4[BAR4_SIZE];
	uint8_t pci[PCI_CFG_SIZE];
	struct dma dma;
	struct intr intr;
	struct eeprom eeprom;
	struct sfp sfp;
	struct tx tx;
	struct fifo fifo;
	bool pausing;			/* we have sent XOFF */
	struct rss rss;
	struct fdir fdir;
	struct link link;
	struct wire wire;
	struct fault fault;
	struct flap flap;
	struct late late;
	uint64_t systim_base, systim_at;
	uint64_t reads, writes;
	/* short frames are one cache line each way */
	_Alignas(CACHE_LINE) uint8_t frame[FRAME_ROOM];		/* the frame being built for the wire */
	_Alignas(CACHE_LINE) uint8_t rxbuf[FRAME_ROOM];		/* the frame being taken from the packet buffer */
};

#define REG(nic, off)	((nic)->regs[(off) / 4])

/* memory and message interrupts are the card's only while the driver lets it be bus master */
static inline bool nic_is_master(const struct nic *nic)
{
	return (nic->pci[PCI_COMMAND] & PCI_COMMAND_MASTER) && !nic->fault.gone;
}

struct nic *nic_new(unsigned int index, const struct config *cfg);
void nic_reset(struct nic *nic);	/* what CTRL.RST does */
void nic_free(struct nic *nic);
void nic_msg(struct nic *nic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint64_t now_ns(void);

/* card.c: the ports together */

struct nic *card_add(struct card *card, const struct config *cfg);
void card_cable(struct card *card, unsigned int a, unsigned int b);
bool card_run(struct card *card, unsigned int budget);	/* true: there is more to send */
void card_settle(struct card *card);			/* until nothing moves any more, or for long enough */
void card_free(struct card *card);

/* control.c: faults and questions by a socket */

struct control;

struct control *control_listen(struct card *card, const char *path);
int control_pollfds(const struct control *c, int *fd, int max);
void control_input(struct control *c);
int control_tell(const char *path, const char *line);
void control_close(struct control *c);
/* one command line; the answer is one line too */
void control_command(struct card *card, char *line, char *answer, size_t size);

/* script.c: trouble by plan */

bool script_at_frame(struct nic *nic, uint64_t frame, const char *line);
void script_frame(struct nic *nic);
void script_flap(struct nic *nic, uint32_t count, uint32_t us);
void script_run(struct nic *nic);
uint64_t script_deadline(const struct nic *nic);	/* ns; 0: none */
bool script_file(struct card *card, const char *path);
void script_free(struct nic *nic);

/* vfio_user.c */

struct vfio *vfio_listen(struct nic *nic, const char *path);
struct vfio *vfio_adopt(struct nic *nic, int fd);	/* an already connected socket */
int vfio_pollfd(const struct vfio *v);
short vfio_pollevents(const struct vfio *v);
bool vfio_connected(const struct vfio *v);
bool vfio_was_connected(const struct vfio *v);
void vfio_input(struct vfio *v);
void vfio_close(struct vfio *v);

#endif
