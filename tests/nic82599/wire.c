// SPDX-License-Identifier: GPL-2.0
/* Between the ports: the cable, its faults, and packet captures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nic.h"

struct pcap {
	FILE *f;
	char *path;
	bool failed;
};

static void arrive(struct nic *nic, const uint8_t *frame, size_t len, unsigned int flags)
{
	/* a port that hears itself is deaf to the cable */
	if (REG(nic, HLREG0) & HLREG0_LPBK)
		return;
	pcap_frame(nic->wire.in, frame, len);
	rx_frame(nic, frame, len, flags);
}

void wire_arrive(struct nic *nic, const uint8_t *frame, size_t len)
{
	if (nic->link.up)
		arrive(nic, frame, len, 0);
}

/* the payload of a frame whose checksum tells of every single bit; false if it has none */
static bool payload(const uint8_t *frame, size_t len, uint32_t *from, uint32_t *to)
{
	struct packet p;

	packet_parse(&p, frame, len, 0x8100);
	if (!p.l3 || packet_l4_csum(&p, frame) != 1)
		return false;
	*from = p.l4_off + (p.l4 == 6 ? (frame[p.l4_off + 12] >> 4) * 4u : p.l4 == 17 ? 8 : 12);
	*to = p.l4 == 17 ? p.l4_off + get16(frame + p.l4_off + 4) : p.end;
	return *from < *to;
}

static void flip(struct nic *nic, uint8_t *frame, uint32_t from, uint32_t to)
{
	uint64_t r = fault_random(&nic->fault);

	frame[from + (r >> 3) % (to - from)] ^= (uint8_t)(1 << (r & 7));
}

/* bit errors: where the CRC tells, or where somebody made them who made the CRC afterwards */
static unsigned int damage(struct nic *nic, uint8_t *frame, size_t len)
{
	uint32_t from, to;

	if (fault_one_in(&nic->fault, nic->fault.corrupt_1_in)) {
		nic->fault.corrupted++;
		flip(nic, frame, 0, (uint32_t)len);
		return RX_BAD_CRC;
	}
	if (nic->fault.corrupt_data_1_in && payload(frame, len, &from, &to) &&
	    fault_one_in(&nic->fault, nic->fault.corrupt_data_1_in)) {
		nic->fault.corrupted_data++;
		flip(nic, frame, from, to);
	}
	return 0;
}

/* apart, so that frames that nothing happens to do without the room for the copy */
static __attribute__((noinline)) void arrive_damaged(struct nic *nic, const uint8_t *frame, size_t len)
{
	uint8_t copy[FRAME_ROOM];
	unsigned int flags;

	memcpy(copy, frame, len);
	flags = damage(nic, copy, len);
	arrive(nic->wire.peer, copy, len, flags);
}

void wire_send(struct nic *nic, const uint8_t *frame, size_t len)
{
	struct nic *peer = nic->wire.peer;

	if (++nic->wire.sent == nic->wire.script_at)
		script_frame(nic);
	pcap_frame(nic->wire.out, frame, len);
	if (nic->wire.tap)
		nic->wire.tap(nic->wire.tap_arg, frame, len);
	if (REG(nic, HLREG0) & HLREG0_LPBK) {
		rx_frame(nic, frame, len, 0);
		return;
	}
	if (nic->wire.tester && nic->link.up)
		tester_input(nic, frame, len);
	if (!peer || !nic->link.up || !peer->link.up)
		return;
	if (fault_one_in(&nic->fault, nic->fault.drop_1_in)) {
		nic->fault.dropped++;
		return;
	}
	if (nic->fault.corrupt_1_in | nic->fault.corrupt_data_1_in)
		arrive_damaged(nic, frame, len);
	else
		arrive(peer, frame, len, 0);
}

#define PAUSE_REPEAT_NS	1600000u

static struct nic *other_end(struct nic *nic)
{
	return (REG(nic, HLREG0) & HLREG0_LPBK) ? nic : nic->wire.peer;
}

/* a partner that keeps us waiting repeats its pause frame before the first runs out: both ends count what is due */
void wire_pause_repeat(struct nic *nic)
{
	struct nic *from = other_end(nic);
	uint32_t n;

	/* not by the clock where each run is to be the same */
	if (!nic->tx.paused || !from || nic->cfg.sync)
		return;
	n = (uint32_t)((now_ns() - nic->tx.paused_since) / PAUSE_REPEAT_NS);
	nic->tx.paused_since += (uint64_t)n * PAUSE_REPEAT_NS;
	REG(nic, LXOFFRXCNT) += n;
	REG(from, LXOFFTXC) += n;
	stats_tx_pause(from, n);
}

/* a pause frame to the partner, which the partner's driver may have told it to ignore */
void wire_pause(struct nic *nic, bool xoff)
{
	struct nic *to = other_end(nic);

	if (!to || (xoff && !(REG(to, MFLCN) & MFLCN_RFCE)) || (!xoff && !to->tx.paused))
		return;
	wire_pause_repeat(to);
	if (xoff)
		REG(to, LXOFFRXCNT)++;
	else
		REG(to, LXONRXCNT)++;
	to->tx.paused = xoff;
	to->tx.paused_since = now_ns();
}

/* a partner that goes on wanting a pause says so again in no time; one that has gone never */
void wire_pause_listen(struct nic *nic)
{
	struct nic *from = other_end(nic);
	bool wanted = from && from->pausing && !from->fault.gone && (REG(nic, MFLCN) & MFLCN_RFCE);

	if (wanted && !nic->tx.paused) {
		REG(from, LXOFFTXC)++;
		stats_tx_pause(from, 1);
		wire_pause(from, true);
	} else if (!wanted) {
		nic->tx.paused = false;
	}
}

/* captures: the classic format with nanoseconds */

#define PCAP_MAGIC_NS	0xa1b23c4du
#define PCAP_ETHERNET	1

struct pcap *pcap_open(const char *path)
{
	const uint32_t head[6] = { PCAP_MAGIC_NS, 2 | 4 << 16, 0, 0, MAX_FRAME, PCAP_ETHERNET };
	struct pcap *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->path = strdup(path);
	p->f = fopen(path, "wb");
	if (!p->path || !p->f || setvbuf(p->f, NULL, _IOFBF, 1 << 20) ||
	    fwrite(head, sizeof(head), 1, p->f) != 1) {
		if (p->f)
			fclose(p->f);
		free(p->path);
		free(p);
		return NULL;
	}
	return p;
}

/* once: a full disk stays full */
static void check(struct pcap *p, bool ok)
{
	if (ok || p->failed)
		return;
	p->failed = true;
	fprintf(stderr, "nic82599: capture %s: %s\n", p->path, strerror(errno));
}

void pcap_frame(struct pcap *p, const uint8_t *frame, size_t len)
{
	struct timespec t;
	uint32_t head[4];

	if (!p || p->failed)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	head[0] = (uint32_t)t.tv_sec;
	head[1] = (uint32_t)t.tv_nsec;
	head[2] = head[3] = (uint32_t)len;
	check(p, fwrite(head, sizeof(head), 1, p->f) == 1 && fwrite(frame, len, 1, p->f) == 1);
}

bool pcap_close(struct pcap *p)
{
	bool ok;

	if (!p)
		return true;
	check(p, !fclose(p->f));
	ok = !p->failed;
	free(p->path);
	free(p);
	return ok;
}
