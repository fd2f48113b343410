// SPDX-License-Identifier: GPL-2.0
/* A link partner that is a test set: makes traffic on request, and checks what comes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"

#define FLOWS		4096
#define COUNT_MAX	1000000000u
#define SEEN		1024		/* a frame may come so late and still be known from one that comes twice */
#define PORT_COMMAND	7777
#define PORT_TRAFFIC	9	/* discard */
#define PORT_TFTP	69
#define MAGIC		0x534b4221u
#define STAMP		12	/* magic, flow, sequence number */
#define L2		14
#define L3		(L2 + 20)
#define L4		(L3 + 8)
#define MIN_SIZE	60
#define ETH_IPV4	0x0800
#define ETH_ARP		0x0806

static const uint8_t own_mac[6] = { 0x02, 0x00, 0x00, 0x54, 0x53, 0x54 };

struct plan {
	uint64_t count;
	uint32_t size_min, size_max, flows, seed, src, dst;
	uint64_t rate;			/* frames a second, 0: as the port takes them */
	uint32_t window;		/* frames on their way at most, 0: any number */
	bool lossy;			/* whether the port takes them or not */
};

struct tester {
	struct plan plan;
	uint8_t guest_mac[6];
	uint64_t made, started;
	uint64_t rng;
	uint32_t out_seq[FLOWS];
	uint32_t in_seq[FLOWS];		/* the one expected next */
	uint64_t seen[FLOWS][SEEN / 64];	/* which of the last ones have come, by number */
	uint64_t received, lost, reordered, damaged, duplicate, other;
	uint64_t back;			/* traffic of any tester's, right or wrong, never cleared */
	uint64_t returned_before;	/* by all ports, when this plan began */
	uint8_t frame[FRAME_ROOM];
};

struct tester *tester_new(void)
{
	return calloc(1, sizeof(struct tester));
}

static uint32_t next_random(struct tester *t)
{
	t->rng ^= t->rng << 13;
	t->rng ^= t->rng >> 7;
	t->rng ^= t->rng << 17;
	return (uint32_t)(t->rng >> 16);
}

static uint8_t pattern(uint32_t seq, uint32_t i)
{
	return (uint8_t)(seq * 31 + i);
}

/* frames */

/* the headers of a UDP datagram; the payload lies in f from L4 on */
static uint32_t finish_udp(uint8_t *f, const uint8_t *dst_mac, uint32_t src, uint32_t dst,
			   uint16_t sport, uint16_t dport, uint32_t payload)
{
	uint8_t pseudo[4] = { 0, 17 };
	uint32_t sum;
	uint16_t c;

	memcpy(f, dst_mac, 6);
	memcpy(f + 6, own_mac, 6);
	put16(f + 12, ETH_IPV4);
	memset(f + L2, 0, 28);
	f[L2] = 0x45;
	put16(f + L2 + 2, 28 + payload);
	put16(f + L2 + 6, 0x4000);
	f[L2 + 8] = 64;
	f[L2 + 9] = 17;
	put32(f + L2 + 12, src);
	put32(f + L2 + 16, dst);
	put16(f + L2 + 10, csum_fold(csum_add(0, f + L2, 20)));
	put16(f + L3, sport);
	put16(f + L3 + 2, dport);
	put16(f + L3 + 4, 8 + payload);
	put16(pseudo + 2, 8 + payload);
	sum = csum_add(csum_add(0, pseudo, 4), f + L2 + 12, 8);
	c = csum_fold(csum_add(sum, f + L3, 8 + payload));
	put16(f + L3 + 6, c ? c : 0xffff);
	return L4 + payload;
}

static uint32_t make_traffic(struct tester *t)
{
	const struct plan *p = &t->plan;
	uint32_t flow = p->seed ? next_random(t) % p->flows : (uint32_t)(t->made % p->flows);
	uint32_t size = p->size_min, seq = t->out_seq[flow]++, payload;
	uint8_t *f = t->frame;

	if (p->size_max > p->size_min)
		size += next_random(t) % (p->size_max - p->size_min + 1);
	payload = size - L4;
	put32(f + L4, MAGIC);
	put32(f + L4 + 4, flow);
	put32(f + L4 + 8, seq);
	for (uint32_t i = STAMP; i < payload; i++)
		f[L4 + i] = pattern(seq, i);
	return finish_udp(f, t->guest_mac, p->src, p->dst, (uint16_t)(1024 + flow), PORT_TRAFFIC, payload);
}

/* frames that came back, to this port's partner or another's */
static uint64_t returned(const struct nic *nic)
{
	uint64_t n = 0;

	for (unsigned int i = 0; nic->card && i < nic->card->n; i++) {
		const struct tester *t = nic->card->port[i]->wire.tester;

		if (t)
			n += t->back;
	}
	return n;
}

/* sends what is due; true if there is more to send at once */
bool tester_run(struct nic *nic, unsigned int budget)
{
	struct tester *t = nic->wire.tester;
	uint64_t due = t->plan.count;

	if (t->made >= t->plan.count || !nic->link.up)
		return false;
	if (t->plan.rate) {
		uint64_t ns = now_ns() - t->started;

		/* in two parts, or three minutes at the highest rate would be more than there are bits */
		due = ns / 1000000000u * t->plan.rate + ns % 1000000000u * t->plan.rate / 1000000000u;
		if (due > t->plan.count)
			due = t->plan.count;
	}
	while (t->made < due && budget--) {
		/* a patient partner waits until the port has room in its rings */
		if (!t->plan.lossy && fifo_fill(&nic->fifo))
			return false;
		if (t->plan.window && t->made - (returned(nic) - t->returned_before) >= t->plan.window)
			return false;
		wire_arrive(nic, t->frame, make_traffic(t));
		t->made++;
	}
	return t->made < due;
}

/* when the next frame is due at the planned rate, 0 for none */
uint64_t tester_deadline(const struct nic *nic)
{
	const struct tester *t = nic->wire.tester;

	if (!t || !t->plan.rate || t->made >= t->plan.count)
		return 0;
	return t->started + (t->made + 1) * 1000000000u / t->plan.rate;
}

/* what the port sends */

static void count(struct tester *t, uint32_t flow, uint32_t seq)
{
	uint64_t *word = &t->seen[flow][seq / 64 % (SEEN / 64)], bit = 1ull << seq % 64;
	uint32_t next = t->in_seq[flow];

	if (seq >= next) {
		t->lost += seq - next;
		/* the places of those that did not come, as far back as there are any */
		if (seq - next >= SEEN)
			memset(t->seen[flow], 0, sizeof(t->seen[flow]));
		else
			for (; next != seq; next++)
				t->seen[flow][next / 64 % (SEEN / 64)] &= ~(1ull << next % 64);
		t->in_seq[flow] = seq + 1;
	} else if (next - seq > SEEN || (*word & bit)) {
		t->duplicate++;
		return;
	} else {
		t->reordered++;
		if (t->lost)
			t->lost--;	/* it was taken for lost when a later one came */
	}
	*word |= bit;
	t->received++;
}

static void check_traffic(struct tester *t, const uint8_t *f, const struct packet *p)
{
	const uint8_t *data = f + p->l4_off + 8;
	uint32_t len = p->end - p->l4_off - 8, flow = get32(data + 4), seq = get32(data + 8);

	t->back++;
	/* it sends none without a checksum */
	if (!packet_ip_csum_ok(p, f) || packet_l4_csum(p, f) != 1 || flow >= FLOWS) {
		t->damaged++;
		return;
	}
	for (uint32_t i = STAMP; i < len; i++)
		if (data[i] != pattern(seq, i)) {
			t->damaged++;
			return;
		}
	count(t, flow, seq);
}

/* it has every address that anyone asks for */
static void answer_arp(struct nic *nic, const uint8_t *f, size_t len)
{
	uint8_t r[MIN_SIZE] = { 0 };

	if (len < 42 || get16(f + 20) != 1 || !memcmp(f + 28, f + 38, 4))
		return;
	memcpy(r, f + 6, 6);
	memcpy(r + 6, own_mac, 6);
	memcpy(r + 12, f + 12, 8);
	put16(r + 20, 2);
	memcpy(r + 22, own_mac, 6);
	memcpy(r + 28, f + 38, 4);
	memcpy(r + 32, f + 22, 10);
	wire_arrive(nic, r, sizeof(r));
}

/* a ping gets its answer, whatever address it is for */
static void answer_ping(struct nic *nic, const uint8_t *f, size_t len, const struct packet *p)
{
	uint8_t *r = nic->wire.tester->frame;
	uint32_t icmp_len = p->end - p->l4_off;

	if (icmp_len < 8 || f[p->l4_off] != 8 || p->vlan)
		return;
	memcpy(r, f, len);
	memcpy(r, f + 6, 6);
	memcpy(r + 6, own_mac, 6);
	memcpy(r + p->l3_off + 12, f + p->l3_off + 16, 4);
	memcpy(r + p->l3_off + 16, f + p->l3_off + 12, 4);
	r[p->l4_off] = 0;
	put16(r + p->l4_off + 2, 0);
	put16(r + p->l4_off + 2, csum_fold(csum_add(0, r + p->l4_off, icmp_len)));
	wire_arrive(nic, r, len);
}

static bool number(const char *text, const char *key, uint64_t *to)
{
	const char *at = strstr(text, key);

	if (!at || (at != text && at[-1] != ' '))
		return false;
	*to = strtoull(at + strlen(key), NULL, 0);
	return true;
}

static void start(const struct nic *nic, const char *text, uint32_t from)
{
	struct tester *t = nic->wire.tester;
	struct plan p = { .size_min = MIN_SIZE, .flows = 1, .src = from, .dst = 0xc6130002 };
	uint64_t n;

	if (number(text, "count=", &n))
		p.count = n < COUNT_MAX ? n : COUNT_MAX;
	if (number(text, "size=", &n) && n >= MIN_SIZE && n <= MAX_FRAME)
		p.size_min = (uint32_t)n;
	if (number(text, "size_max=", &n) && n <= MAX_FRAME)
		p.size_max = (uint32_t)n;
	if (number(text, "flows=", &n) && n >= 1 && n <= FLOWS)
		p.flows = (uint32_t)n;
	if (number(text, "rate=", &n) && n <= 100000000)
		p.rate = n;
	if (number(text, "seed=", &n))
		p.seed = (uint32_t)n;
	if (number(text, "dst=", &n))
		p.dst = (uint32_t)n;
	if (number(text, "lossy=", &n))
		p.lossy = n;
	if (number(text, "window=", &n))
		p.window = (uint32_t)n;
	t->plan = p;
	t->made = 0;
	t->rng = 0x9e3779b97f4a7c15u ^ p.seed;
	t->started = now_ns();
	t->returned_before = returned(nic);
	memset(t->out_seq, 0, sizeof(t->out_seq));
}

static void clear(struct tester *t)
{
	memset(t->in_seq, 0, sizeof(t->in_seq));
	memset(t->seen, 0, sizeof(t->seen));
	t->received = t->lost = t->reordered = t->damaged = t->duplicate = t->other = 0;
}

void tester_report(const struct nic *nic, char *to, size_t size)
{
	const struct tester *t = nic->wire.tester;

	snprintf(to, size, "made %" PRIu64 " received %" PRIu64 " lost %" PRIu64 " reordered %" PRIu64
		 " damaged %" PRIu64 " other %" PRIu64 " duplicate %" PRIu64, t->made, t->received, t->lost,
		 t->reordered, t->damaged, t->other, t->duplicate);
}

/* start ..., stop, clear, report: a datagram's text; each is answered by a report */
static void command(struct nic *nic, const uint8_t *f, const struct packet *p)
{
	struct tester *t = nic->wire.tester;
	uint8_t out[512];
	char text[256];
	uint32_t len = p->end - p->l4_off - 8, n;

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, f + p->l4_off + 8, len);
	text[len] = 0;
	if (!strncmp(text, "start", 5)) {
		memcpy(t->guest_mac, f + 6, 6);
		start(nic, text, get32(f + p->l3_off + 16));
	} else if (!strncmp(text, "stop", 4)) {
		t->plan.count = t->made;
	} else if (!strncmp(text, "clear", 5)) {
		clear(t);
	}
	tester_report(nic, (char *)out + L4, sizeof(out) - L4);
	n = (uint32_t)strlen((char *)out + L4);
	out[L4 + n++] = '\n';
	n = finish_udp(out, f + 6, get32(f + p->l3_off + 16), get32(f + p->l3_off + 12),
		       get16(f + p->l4_off + 2), get16(f + p->l4_off), n);
	if (n < MIN_SIZE) {
		memset(out + n, 0, MIN_SIZE - n);
		n = MIN_SIZE;
	}
	wire_arrive(nic, out, n);
}

/* every file that is asked for by TFTP is this one, short enough for one block */
static void answer_tftp(struct nic *nic, const uint8_t *f, const struct packet *p)
{
	static const char script[] = "#!ipxe\necho fetched from the test set\n";
	uint8_t out[128];
	uint32_t n = sizeof(script) - 1;

	if (p->end < p->l4_off + 10u || get16(f + p->l4_off + 8) != 1)
		return;
	put16(out + L4, 3);		/* data, block 1 */
	put16(out + L4 + 2, 1);
	memcpy(out + L4 + 4, script, n);
	n = finish_udp(out, f + 6, get32(f + p->l3_off + 16), get32(f + p->l3_off + 12),
		       PORT_TFTP, get16(f + p->l4_off), n + 4);
	wire_arrive(nic, out, n);
}

void tester_input(struct nic *nic, const uint8_t *f, size_t len)
{
	struct tester *t = nic->wire.tester;
	struct packet p;

	packet_parse(&p, f, len, 0x8100);
	if (p.ethertype == ETH_ARP) {
		answer_arp(nic, f, len);
		return;
	}
	if (p.l3 == 4 && p.l4 == 17 && !p.fragment && p.end >= p.l4_off + 8u) {
		if (get16(f + p.l4_off + 2) == PORT_COMMAND) {
			command(nic, f, &p);
			return;
		}
		if (get16(f + p.l4_off + 2) == PORT_TFTP) {
			answer_tftp(nic, f, &p);
			return;
		}
		if (p.end >= p.l4_off + 8u + STAMP && get32(f + p.l4_off + 8) == MAGIC) {
			check_traffic(t, f, &p);
			return;
		}
	}
	if (p.l3 == 4 && p.l4 == 1 && !p.fragment) {
		answer_ping(nic, f, len, &p);
		return;
	}
	t->other++;
}
