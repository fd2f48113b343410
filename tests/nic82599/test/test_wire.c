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
	{ "wire: link registers", link_registers },
	{ "wire: loopback hears itself and nothing else", loopback },
	{ "wire: loss repeats with its seed", loss_repeats },
	{ "wire: capture file", capture },
	{ "control: commands and nonsense", commands },
	{ 0 }
};
