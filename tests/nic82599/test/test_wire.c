// SPDX-License-Identifier: GPL-2.0
/* Between two ports: the cable, pause frames, link, loopback, faults by command. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"

static const struct want plain;

static void across(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up_pair(&r, 8);
	rig_tx_queue(&r.port[0], 3);
	len = make_frame(f, &(struct shape){ .payload = 100 });
	rig_send(&r.port[0], 3, f, len, &plain);
	rig_go(&r);
	CHECK(rig_recv(&r.port[1], 0, &in));
	CHECK(!memcmp(in.data, f, len));
	link_set_cable(r.port[1].nic, false);
	rig_send(&r.port[0], 3, f, len, &plain);
	rig_go(&r);
	CHECK(!rig_recv(&r.port[1], 0, &in));
	rig_down(&r);
}

static void pause_frames(void)
{
	struct rig r;
	struct received in;
	uint8_t f[1600];
	uint32_t len;
	unsigned int n = 0, given = 4, heard, sent;

	rig_up_pair(&r, given);
	reg_write(r.port[1].nic, FCCFG, FCCFG_TFCE);
	reg_write(r.port[1].nic, FCRTH, FCRTH_FCEN | 0x4000);
	reg_write(r.port[1].nic, FCRTL, FCRTL_XONE | 0x1000);
	reg_write(r.port[0].nic, MFLCN, MFLCN_RFCE);
	len = make_frame(f, &(struct shape){ .payload = 1400 });
	for (unsigned int i = 0; i < 200; i++)
		rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK(r.port[0].nic->tx.paused);
	heard = reg_read(r.port[0].nic, LXOFFRXCNT);
	CHECK(heard >= 1);
	CHECK(REG(r.port[1].nic, LXOFFTXC) >= 1);
	CHECK(r.taps < 30);
	/* nothing is lost, however slowly the other side gives buffers */
	while (n < 200) {
		while (rig_recv(&r.port[1], 0, &in))
			n++;
		if (given == 4 + 200)
			break;
		reg_write(r.port[1].nic, RDT, ++given % RIG_RING);
		rig_go(&r);
	}
	while (rig_recv(&r.port[1], 0, &in))
		n++;
	CHECK_EQ(n, 200);
	CHECK(!r.port[0].nic->tx.paused);
	CHECK_EQ(reg_read(r.port[1].nic, MPC), 0);
	/* what it sent were pause frames, and they count */
	sent = reg_read(r.port[1].nic, LXOFFTXC);
	CHECK_EQ(reg_read(r.port[0].nic, LXOFFRXCNT) + heard, sent);
	sent += reg_read(r.port[1].nic, LXONTXC);
	CHECK(sent >= 2);
	CHECK_EQ(reg_read(r.port[1].nic, GPTC), sent);
	CHECK_EQ(reg_read(r.port[1].nic, MPTC), sent);
	CHECK_EQ(reg_read(r.port[1].nic, PTC64), sent);
	CHECK_EQ(reg_read(r.port[1].nic, GOTCL), sent * 64);
	rig_down(&r);
}

/* port 1 has no more room, so that it has port 0 wait */
static void up_paused(struct rig *r)
{
	uint8_t f[1600];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 1400 });

	rig_up_pair(r, 2);
	reg_write(r->port[1].nic, FCCFG, FCCFG_TFCE);
	reg_write(r->port[1].nic, FCRTH, FCRTH_FCEN | 0x4000);
	reg_write(r->port[1].nic, FCRTL, FCRTL_XONE | 0x1000);
	reg_write(r->port[0].nic, MFLCN, MFLCN_RFCE);
	for (unsigned int i = 0; i < 60; i++)
		rig_send(&r->port[0], 0, f, len, &plain);
	rig_go(r);
	CHECK(r->port[0].nic->tx.paused);
}

static void pause_ends(void)
{
	struct rig r;
	struct nic *a, *b;
	unsigned int sent;

	/* a partner that has gone repeats its pause frame no more */
	up_paused(&r);
	a = r.port[0].nic;
	b = r.port[1].nic;
	control_command(&r.card, (char []){ "gone 1 on" }, (char [100]){ 0 }, 100);
	CHECK(!a->tx.paused);
	sent = r.taps;
	rig_go(&r);
	CHECK(r.taps > sent);
	control_command(&r.card, (char []){ "gone 1 off" }, (char [100]){ 0 }, 100);
	CHECK(a->tx.paused);
	/* one that wants no pause is not kept by it, and hears the next frame when it does */
	reg_write(a, MFLCN, 0);
	CHECK(!a->tx.paused);
	reg_write(a, MFLCN, MFLCN_RFCE);
	CHECK(a->tx.paused);
	nic_reset(a);
	CHECK(!a->tx.paused);
	sent = REG(b, LXOFFTXC);
	reg_write(a, MFLCN, MFLCN_RFCE);
	CHECK(a->tx.paused);
	CHECK_EQ(reg_read(a, LXOFFRXCNT), 1);
	CHECK_EQ(REG(b, LXOFFTXC), sent + 1);
	nic_reset(b);
	CHECK(!a->tx.paused);
	rig_down(&r);
}

/* what real time counts is not the same twice, so that sync leaves it out */
static void pause_by_instructions(void)
{
	struct rig r;
	uint64_t began;

	up_paused(&r);
	r.port[0].nic->cfg.sync = r.port[1].nic->cfg.sync = true;
	reg_read(r.port[0].nic, LXOFFRXCNT);
	for (began = now_ns(); now_ns() - began < 5000000;)
		;
	CHECK_EQ(reg_read(r.port[0].nic, LXOFFRXCNT), 0);
	rig_down(&r);
}

static void one_cable(void)
{
	struct card card = { 0 };
	struct config cfg = { .device_id = 0x10fb, .link_down = true };
	struct nic *a = card_add(&card, &cfg), *b;

	cfg.link_down = false;
	b = card_add(&card, &cfg);
	card_cable(&card, 0, 1);
	/* one that is pulled is pulled at both ends */
	CHECK(!(reg_read(a, LINKS) & LINKS_UP));
	CHECK(!(reg_read(b, LINKS) & LINKS_UP));
	link_set_cable(a, true);
	CHECK(reg_read(a, LINKS) & LINKS_UP);
	CHECK(reg_read(b, LINKS) & LINKS_UP);
	/* the laser, which a reset switches on */
	reg_write(a, ESDP, ESDP_TX_OFF);
	CHECK(!(reg_read(b, LINKS) & LINKS_UP));
	reg_read(b, EICR);
	nic_reset(a);
	CHECK(reg_read(b, LINKS) & LINKS_UP);
	CHECK(reg_read(b, EICR) & EICR_LSC);
	card_free(&card);
}

static uint32_t speed(struct nic *nic)
{
	return reg_read(nic, LINKS) & (LINKS_UP | 0x30000000);
}

static void speeds(void)
{
	struct rig r;
	struct nic *a, *b;
	uint32_t autoc;

	rig_up(&r, 2);
	a = r.port[0].nic;
	b = r.port[1].nic;
	autoc = reg_read(a, AUTOC);
	CHECK_EQ(speed(a), LINKS_UP | LINKS_10G);
	/* one end offers 1G only: both have it, and the other end is told */
	reg_read(b, EICR);
	reg_write(a, AUTOC, (autoc & 0x7ffeffff) | AUTOC_RESTART);
	CHECK_EQ(speed(a), LINKS_UP | LINKS_1G);
	CHECK_EQ(speed(b), LINKS_UP | LINKS_1G);
	CHECK(reg_read(b, EICR) & EICR_LSC);
	/* one end does not negotiate, as a driver has it that begins anew: no link, and not 1G until it is done */
	reg_write(a, AUTOC, (autoc & ~AUTOC_LMS) | 0u << AUTOC_LMS_SHIFT);
	CHECK_EQ(speed(a), 0);
	CHECK_EQ(speed(b), 0);
	/* neither does */
	reg_write(b, AUTOC, (autoc & ~AUTOC_LMS) | 0u << AUTOC_LMS_SHIFT);
	CHECK_EQ(speed(b), LINKS_UP | LINKS_1G);
	/* nothing in common: no link */
	reg_write(b, AUTOC, (autoc & ~AUTOC_LMS) | 1u << AUTOC_LMS_SHIFT);
	CHECK_EQ(speed(a), 0);
	CHECK_EQ(speed(b), 0);
	reg_write(a, AUTOC, autoc);
	CHECK_EQ(speed(a), LINKS_UP | LINKS_10G);
	CHECK_EQ(speed(b), LINKS_UP | LINKS_10G);
	rig_down(&r);
}

static void link_registers(void)
{
	struct rig r;
	struct nic *a, *b;

	rig_up(&r, 2);
	a = r.port[0].nic;
	b = r.port[1].nic;
	CHECK_EQ(reg_read(a, LINKS) & 0xf0000000, 0xf0000000);
	CHECK(reg_read(a, LINKS2) & LINKS2_AN_SUPP);
	CHECK(reg_read(a, ANLP1) >> 16 & 0xf);
	/* what the partner offers, it offers in AUTOC */
	reg_write(b, AUTOC, (REG(b, AUTOC) & 0xcfffffff) | 1u << 28);
	CHECK_EQ(reg_read(a, ANLP1) >> 10 & 3, 1);
	reg_write(a, AUTOC, REG(a, AUTOC) | AUTOC_RESTART);
	CHECK(!(reg_read(a, AUTOC) & AUTOC_RESTART));
	CHECK(a->intr.other & EICR_LSC);
	link_set_cable(a, false);
	CHECK_EQ(reg_read(a, LINKS), 0);
	reg_write(a, AUTOC, REG(a, AUTOC) | AUTOC_FLU);
	CHECK(reg_read(a, LINKS) & LINKS_UP);
	rig_down(&r);
}

static void loopback(void)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;

	rig_up(&r, 2);
	rig_tx_queue(&r.port[0], 0);
	rig_tx_queue(&r.port[1], 0);
	rig_rx_queue(&r.port[0], 0, 8);
	rig_rx_queue(&r.port[1], 0, 8);
	reg_write(r.port[0].nic, HLREG0, HLREG0_LPBK);
	reg_write(r.port[0].nic, FCTRL, FCTRL_UPE);
	len = make_frame(f, &(struct shape){ .payload = 100 });
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_send(&r.port[1], 0, f, len, &plain);
	rig_go(&r);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK(!rig_recv(&r.port[0], 0, &in));
	CHECK(!rig_recv(&r.port[1], 0, &in));
	rig_down(&r);
}

static void say(struct rig *r, const char *line, const char *expect)
{
	char in[100], out[200];

	snprintf(in, sizeof(in), "%s", line);
	control_command(&r->card, in, out, sizeof(out));
	if (strncmp(out, expect, strlen(expect)))
		printf("# %s: %s\n", line, out);
	CHECK(!strncmp(out, expect, strlen(expect)));
}

static void commands(void)
{
	struct rig r;

	rig_up(&r, 2);
	say(&r, "link 0 down", "ok");
	CHECK_EQ(reg_read(r.port[0].nic, LINKS), 0);
	CHECK_EQ(reg_read(r.port[1].nic, LINKS), 0);
	say(&r, "link 1 up", "ok");
	CHECK(reg_read(r.port[0].nic, LINKS));
	say(&r, "tx-stall 1 on", "ok");
	CHECK(r.port[1].nic->fault.tx_stall);
	say(&r, "tx-stall 1 off", "ok");
	say(&r, "lose 0 10", "ok");
	say(&r, "irq-lose 0 10", "ok");
	say(&r, "wb-delay 0 100", "ok");
	say(&r, "wb-spread 0 often", "error: wb-spread takes microseconds");
	say(&r, "wb-spread 0 5", "ok");
	CHECK(late_wanted(r.port[0].nic) && !late_wanted(r.port[1].nic));
	say(&r, "eeprom-bad 0 on", "ok");
	say(&r, "frames 0", "ok 0 sent");
	say(&r, "gone 1 on", "ok");
	CHECK_EQ(reg_read(r.port[1].nic, STATUS), ~0u);
	say(&r, "link 0 sideways", "error: link takes up|down");
	say(&r, "link 2 up", "error");
	say(&r, "link", "error");
	say(&r, "", "error");
	say(&r, "explode 0 now", "error: no command explode");
	say(&r, "lose 0 many", "error");
	say(&r, "lose 0 99999999999", "error");
	rig_down(&r);
}

static unsigned int count_lost(uint32_t seed)
{
	struct rig r;
	struct received in;
	uint8_t f[300];
	uint32_t len;
	unsigned int n = 0, order = 0;

	rig_up_pair(&r, 250);
	r.port[0].nic->fault.drop_1_in = 5;
	r.port[0].nic->fault.rng = seed;
	len = make_frame(f, &(struct shape){ .payload = 100 });
	for (unsigned int i = 0; i < 200; i++) {
		f[60] = (uint8_t)i;
		rig_send(&r.port[0], 0, f, len, &plain);
	}
	rig_go(&r);
	while (rig_recv(&r.port[1], 0, &in)) {
		n++;
		order = order * 31 + in.data[60];
	}
	CHECK_EQ(n + r.port[0].nic->fault.dropped, 200);
	CHECK(n < 190 && n > 120);
	rig_down(&r);
	return order;
}

static void loss_repeats(void)
{
	CHECK_EQ(count_lost(7), count_lost(7));
	CHECK(count_lost(7) != count_lost(8));
}

static void capture_directions(void)
{
	char in[] = "/tmp/nic82599-in-XXXXXX", out[] = "/tmp/nic82599-out-XXXXXX";
	int fd[2] = { mkstemp(in), mkstemp(out) };
	struct rig r;
	uint8_t f[300], got[1000];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 });

	rig_up_pair(&r, 8);
	rig_tx_queue(&r.port[1], 0);
	r.port[0].nic->wire.in = pcap_open(in);
	r.port[0].nic->wire.out = pcap_open(out);
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_send(&r.port[1], 0, f, 70, &plain);
	rig_go(&r);
	rig_down(&r);
	CHECK_EQ(read(fd[0], got, sizeof(got)), 24 + 16 + 70);
	CHECK_EQ(read(fd[1], got, sizeof(got)), 24 + 2 * (16 + len));
	for (unsigned int i = 0; i < 2; i++)
		close(fd[i]);
	unlink(in);
	unlink(out);
}

static void capture_disk_full(void)
{
	struct pcap *p = pcap_open("/dev/full");
	uint8_t f[1500] = { 0 };

	CHECK(p);
	pcap_frame(p, f, sizeof(f));
	CHECK(!pcap_close(p));
	p = pcap_open("/dev/full");
	for (unsigned int i = 0; p && i < 2000; i++)
		pcap_frame(p, f, sizeof(f));
	CHECK(!pcap_close(p));
	p = pcap_open("/dev/null");
	CHECK(p);
	pcap_frame(p, f, sizeof(f));
	CHECK(pcap_close(p));
}

/* the same frames meet the same trouble each time */
static void by_frame(void)
{
	static const char text[] = "# lost, then stopped\n\nat-frame 0 5 lose 0 0\nat-frame 0 3 lose 0 1\n"
				   "at-frame 0 8 tx-stall 0 on\nat-frame 0 9 link 0 sideways\n";
	char name[] = "/tmp/nic82599-script-XXXXXX";
	int fd = mkstemp(name);
	struct rig r;
	struct received in;
	uint8_t f[300], order[20];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 });
	unsigned int n = 0;

	CHECK_EQ(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	rig_up_pair(&r, 200);
	CHECK(script_file(&r.card, name));
	for (uint8_t i = 1; i <= 10; i++) {
		f[60] = i;
		rig_send(&r.port[0], 0, f, len, &plain);
	}
	rig_go(&r);
	while (n < 20 && rig_recv(&r.port[1], 0, &in))
		order[n++] = in.data[60];
	CHECK_EQ(n, 6);
	CHECK(!memcmp(order, "\1\2\5\6\7\10", 6));
	CHECK_EQ(r.port[0].nic->fault.dropped, 2);
	say(&r, "tx-stall 0 off", "ok");
	rig_go(&r);
	CHECK(rig_recv(&r.port[1], 0, &in));
	say(&r, "at-frame 0 10 lose 0 1", "error: at-frame takes");	/* it has gone already */
	say(&r, "at-frame 0 11", "error: at-frame takes");
	say(&r, "at-frame 0 100 lose 0 1", "ok");			/* never comes to it */
	rig_down(&r);

	/* one that makes no sense says where */
	CHECK_EQ(pwrite(fd, "explode 0 now\n", 14, sizeof(text) - 1), 14);
	rig_up(&r, 2);
	CHECK(!script_file(&r.card, name));
	CHECK(!script_file(&r.card, "/nonexistent"));
	rig_down(&r);
	close(fd);
	unlink(name);
}

static void flaps(void)
{
	struct rig r;
	uint64_t began = now_ns();
	unsigned int changes = 0;
	bool up = true;

	rig_up(&r, 2);
	say(&r, "flap 0 3", "error: flap takes");
	say(&r, "flap 0 3 0", "error: flap takes");
	say(&r, "flap 0 3 2000", "ok");
	while (script_deadline(r.port[0].nic) && now_ns() - began < 2000000000ull) {
		card_run(&r.card, 64);
		CHECK_EQ(r.port[0].nic->link.up, r.port[1].nic->link.up);
		changes += up != r.port[1].nic->link.up;
		up = r.port[1].nic->link.up;
	}
	CHECK_EQ(changes, 6);
	CHECK(up);
	CHECK(now_ns() - began >= 10000000);
	rig_down(&r);
}

static unsigned int flipped(const uint8_t *a, const uint8_t *b, uint32_t from, uint32_t to)
{
	unsigned int n = 0;

	while (from < to) {
		n += (unsigned int)__builtin_popcount(a[from] ^ b[from]);
		from++;
	}
	return n;
}

static void bit_errors(void)
{
	struct rig r;
	struct received in;
	struct nic *b;
	uint8_t f[300];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 });

	rig_up_pair(&r, 250);
	b = r.port[1].nic;
	reg_write(b, FCTRL, FCTRL_UPE | FCTRL_MPE | FCTRL_BAM | FCTRL_SBP);
	control_command(&r.card, (char []){ "corrupt 0 1" }, (char [100]){ 0 }, 100);
	for (unsigned int i = 0; i < 40; i++) {
		rig_send(&r.port[0], 0, f, len, &plain);
		rig_go(&r);
		CHECK(rig_recv(&r.port[1], 0, &in));
		CHECK_EQ(in.len, len);
		CHECK(in.status & RXD_ERR_CE);
		CHECK(flipped(in.data, f, 0, len) > 0);
	}
	CHECK_EQ(reg_read(b, CRCERRS), 40);
	CHECK(!memcmp(r.tap[39].data, f, len));		/* it left as it should */
	control_command(&r.card, (char []){ "corrupt 0 0" }, (char [100]){ 0 }, 100);
	control_command(&r.card, (char []){ "corrupt-data 0 1" }, (char [100]){ 0 }, 100);
	reg_write(b, FCTRL, FCTRL_BAM);
	for (unsigned int i = 0; i < 40; i++) {
		len = make_frame(f, &(struct shape){ .payload = 100, .udp = i & 1, .v6 = i & 2, .vlan = i & 4 });
		rig_send(&r.port[0], 0, f, len, &plain);
		rig_go(&r);
		CHECK(rig_recv(&r.port[1], 0, &in));
		CHECK((in.status & (RXD_ERR_CE | RXD_ERR_L4 | RXD_L4CS)) == (RXD_ERR_L4 | RXD_L4CS));
		CHECK_EQ(flipped(in.data, f, 0, len - 100), 0);
		CHECK_EQ(flipped(in.data, f, len - 100, len), 1);
	}
	CHECK_EQ(reg_read(b, CRCERRS), 0);
	CHECK_EQ(reg_read(b, GPRC), 40);
	/* what nobody would notice is left alone */
	len = make_frame(f, &(struct shape){ .payload = 100, .udp = true });
	put16(f + 40, 0);
	rig_send(&r.port[0], 0, f, len, &plain);
	rig_go(&r);
	CHECK(rig_recv(&r.port[1], 0, &in));
	CHECK_EQ(flipped(in.data, f, 0, len), 0);
	rig_down(&r);
}

static void capture(void)
{
	char name[] = "/tmp/nic82599-pcap-XXXXXX";
	int fd = mkstemp(name);
	struct pcap *p = pcap_open(name);
	uint8_t f[300], got[1000];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 }), word;

	CHECK(p);
	pcap_frame(p, f, len);
	pcap_close(p);
	CHECK_EQ(read(fd, got, sizeof(got)), 24 + 16 + len);
	memcpy(&word, got, 4);
	CHECK_EQ(word, 0xa1b23c4d);
	memcpy(&word, got + 20, 4);
	CHECK_EQ(word, 1);
	memcpy(&word, got + 24 + 8, 4);
	CHECK_EQ(word, len);
	CHECK(!memcmp(got + 40, f, len));
	close(fd);
	unlink(name);
}

const struct test tests_wire[] = {
	{ "wire: a frame crosses the cable, and does not when it is out", across },
	{ "wire: pause frames make it lossless", pause_frames },
	{ "wire: a pause ends with the partner, and outlives a reset", pause_ends },
	{ "wire: with sync no pause frame by the clock", pause_by_instructions },
	{ "wire: a cable has two ends, and a laser", one_cable },
	{ "wire: both ends have one speed", speeds },
	{ "wire: bit errors change bits, the CRC knows or does not", bit_errors },
	{ "wire: link registers", link_registers },
	{ "wire: loopback hears itself and nothing else", loopback },
	{ "wire: loss repeats with its seed", loss_repeats },
	{ "wire: capture file", capture },
	{ "wire: captures of one direction", capture_directions },
	{ "wire: a capture that does not fit says so", capture_disk_full },
	{ "script: commands that wait for a frame", by_frame },
	{ "script: a link that flaps", flaps },
	{ "control: commands and nonsense", commands },
	{ 0 }
};
