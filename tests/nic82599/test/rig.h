/* SPDX-License-Identifier: GPL-2.0 */
/* A card on the bench: ports with a guest's memory and rings around them, and results in KTAP. */
#ifndef NIC82599_RIG_H
#define NIC82599_RIG_H

#include "../nic.h"

#define RIG_IOVA	0x10000000ull	/* where the guest's memory lies for the card */
#define RIG_MEM		(16u << 20)
#define RIG_RING	256		/* descriptors */
#define RIG_TAP		4096

struct rig_frame {
	uint32_t len;
	uint8_t data[MAX_FRAME];
};

struct rig_port {
	struct nic *nic;
	uint8_t *mem;
	uint64_t heap;			/* next free byte of the memory */
	uint64_t tx_ring[N_QUEUES], rx_ring[N_QUEUES];
	uint32_t tx_tail[N_QUEUES], rx_next[N_QUEUES];
	uint32_t rx_buf;
};

struct rig {
	struct card card;
	struct rig_port port[2];
	struct rig_frame *tap;		/* what port 0 put on the wire */
	unsigned int taps;
};

struct received {
	uint32_t len, status, hash, descs;
	uint16_t vlan, ptype, first_len;
	uint8_t rss_type;
	uint8_t data[MAX_FRAME];
};

void rig_up(struct rig *r, unsigned int ports);
void rig_down(struct rig *r);
uint64_t rig_alloc(struct rig_port *p, uint32_t len);
void *rig_ptr(struct rig_port *p, uint64_t iova);
void rig_master(struct nic *nic, bool on);	/* the bit of the PCI command register */

void rig_tx_queue(struct rig_port *p, unsigned int q);
void rig_rx_queue(struct rig_port *p, unsigned int q, unsigned int buffers);
/* one port that sends from queue 0; or two, cabled, the first sending to the second */
void rig_up_tx(struct rig *r);
void rig_up_pair(struct rig *r, unsigned int buffers);
/* one port that receives: queues with buffers, chosen by RSS with the usual key, and the address of make_frame() */
void rig_up_rx(struct rig *r, unsigned int queues, unsigned int buffers);
struct tx_desc *rig_tx_desc(struct rig_port *p, unsigned int q, uint32_t i);

/* offloads wanted of one packet */
struct want {
	uint16_t mac_len, ip_len, l4_len, mss, vlan;
	uint32_t tucmd, popts;
	bool tso, tag, ctx, stamp;
	unsigned int pieces;		/* cut the buffer into so many descriptors */
};

/* one advanced packet, with a context descriptor if there is something to say in it */
void rig_send(struct rig_port *p, unsigned int q, const uint8_t *frame, uint32_t len,
	      const struct want *w);
void rig_go(struct rig *r);
/* false: nothing there */
bool rig_recv(struct rig_port *p, unsigned int q, struct received *to);

/* frames to send: returns the length */
struct shape {
	bool v6, vlan, udp, sctp;
	uint32_t payload;
	uint16_t sport, dport, tci;
	uint8_t flags;
	bool bad_ip, bad_l4;
};
uint32_t make_frame(uint8_t *to, const struct shape *s);
extern const uint8_t mac_left[6], mac_right[6];

#define CHECK(cond)	check_(cond, #cond, __FILE__, __LINE__)
#define CHECK_EQ(a, b)	check_eq_((uint64_t)(a), (uint64_t)(b), #a " == " #b, __FILE__, __LINE__)
void check_(bool ok, const char *what, const char *file, int line);
void check_eq_(uint64_t a, uint64_t b, const char *what, const char *file, int line);

struct test {
	const char *name;
	void (*run)(void);
};

extern const struct test tests_regs[], tests_tx[], tests_rx[], tests_intr[], tests_dma[],
	tests_vfio[], tests_wire[], tests_tester[], tests_late[], tests_corpus[];

#endif
