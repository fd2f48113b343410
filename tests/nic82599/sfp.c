// SPDX-License-Identifier: GPL-2.0
/* The SFP+ module of device 10fb: a serial EEPROM with two pages, behind two wires in I2CCTL. */
#include <string.h>

#include "nic.h"

#define ADDR_ID		0xa0	/* SFF-8472: identity */
#define ADDR_DIAG	0xa2	/* and live values */

static uint8_t sum(const uint8_t *p, unsigned int from, unsigned int to)
{
	uint8_t s = 0;

	while (from <= to)
		s = (uint8_t)(s + p[from++]);
	return s;
}

static void text(uint8_t *to, const char *s, size_t len)
{
	memset(to, ' ', len);
	memcpy(to, s, strlen(s));
}

static void identity(struct nic *nic)
{
	uint8_t *p = nic->sfp.page[0];

	p[0] = 0x03;			/* SFP */
	p[1] = 0x04;
	p[2] = 0x07;			/* LC connector */
	p[3] = 0x10;			/* 10GBASE-SR */
	p[6] = 0x01;			/* and 1000BASE-SX */
	p[11] = 0x06;
	p[12] = 103;			/* 10.3 Gbit/s */
	p[16] = 8;			/* reach in 10 m: OM2, OM1, OM3 */
	p[17] = 3;
	p[19] = 30;
	text(p + 20, "SKB-BULK", 16);
	p[37] = 0x02;			/* a locally administered OUI */
	text(p + 40, "EMULATED-SR", 16);
	text(p + 56, "1", 4);
	put16(p + 60, 850);		/* nm */
	p[63] = sum(p, 0, 62);
	p[65] = 0x1a;
	text(p + 68, nic->index ? "PORT1" : "PORT0", 16);
	text(p + 84, "260101", 8);
	p[92] = 0x68;			/* diagnostics, calibrated inside */
	p[93] = 0xf0;
	p[94] = 0x05;
	p[95] = sum(p, 64, 94);
}

static void diagnostics(struct nic *nic)
{
	/* alarm and warning limits, high and low of each: temperature, voltage, bias, powers */
	static const uint16_t limit[] = {
		75 * 256, (uint16_t)(-5 * 256), 70 * 256, 0,
		36300, 29700, 34650, 31350,
		6000, 1000, 5500, 1250,
		10000, 1000, 7943, 1259,
		10000, 200, 7943, 316,
	};
	static const uint16_t now[] = { 35 * 256, 33000, 3000, 5000, 4000 };
	uint8_t *p = nic->sfp.page[1];

	for (unsigned int i = 0; i < sizeof(limit) / sizeof(limit[0]); i++)
		put16(p + i * 2, limit[i]);
	p[95] = sum(p, 0, 94);
	for (unsigned int i = 0; i < sizeof(now) / sizeof(now[0]); i++)
		put16(p + 96 + i * 2, now[i]);
}

void sfp_init(struct nic *nic)
{
	memset(&nic->sfp, 0, sizeof(nic->sfp));
	nic->sfp.scl = nic->sfp.sda = nic->sfp.out = true;
	nic->sfp.present = nic->cfg.device_id == 0x10fb;
	identity(nic);
	diagnostics(nic);
}

/* the two wires: a byte and its acknowledge are nine clocks */

static uint8_t next_byte(struct sfp *s)
{
	return s->page[s->dev == ADDR_DIAG][s->pointer++];
}

/* a whole byte has come in: is it for us? */
static bool accept_byte(struct sfp *s)
{
	switch (s->state) {
	case SFP_ADDRESS:
		if ((s->shift & 0xfe) != ADDR_ID && (s->shift & 0xfe) != ADDR_DIAG)
			return false;
		s->dev = s->shift & 0xfe;
		s->state = (s->shift & 1) ? SFP_READ : SFP_POINTER;
		return true;
	case SFP_POINTER:
		s->pointer = (uint8_t)s->shift;
		s->state = SFP_WRITE;
		return true;
	case SFP_WRITE:
		/* the rate select bit and its neighbours; identity is read-only */
		if (s->dev == ADDR_DIAG && s->pointer >= 110)
			s->page[1][s->pointer] = (uint8_t)s->shift;
		s->pointer++;
		return true;
	default:
		return false;
	}
}

static void clock_rises(struct sfp *s, bool sda)
{
	if (s->bits == 8) {
		s->acked = !sda;	/* of interest only when we are the one who sent */
		return;
	}
	if (!s->sending)
		s->shift = (s->shift << 1 | sda) & 0xff;
	s->bits++;
}

/* what we put on the data wire changes while the clock is low */
static void clock_falls(struct sfp *s)
{
	if (s->state == SFP_IDLE)
		return;
	if (s->bits < 8) {
		if (s->sending)
			s->out = s->shift >> (7 - s->bits) & 1;
		return;
	}
	if (!s->ninth) {		/* the byte is through, the acknowledge comes */
		s->ninth = true;
		if (s->sending) {
			s->out = true;
		} else if (accept_byte(s)) {
			s->out = false;
		} else {
			s->state = SFP_IDLE;
			s->out = true;
		}
		return;
	}
	s->ninth = false;
	s->bits = 0;
	s->out = true;
	if (s->sending && !s->acked) {
		s->state = SFP_IDLE;
		return;
	}
	s->sending = s->state == SFP_READ;
	s->shift = 0;
	if (s->sending) {
		s->shift = next_byte(s);
		s->out = s->shift >> 7;
	}
}

void sfp_i2c_write(struct nic *nic, uint32_t val)
{
	struct sfp *s = &nic->sfp;
	bool scl = val & I2C_CLK_OUT, sda = val & I2C_DATA_OUT;

	if (s->present) {
		if (scl && s->scl && s->sda && !sda) {		/* start */
			s->state = SFP_ADDRESS;
			s->bits = s->shift = 0;
			s->sending = s->ninth = false;
			s->out = true;
		} else if (scl && s->scl && !s->sda && sda) {	/* stop */
			s->state = SFP_IDLE;
			s->out = true;
		} else if (scl && !s->scl) {
			if (s->state != SFP_IDLE)
				clock_rises(s, sda);
		} else if (!scl && s->scl) {
			/* the first fall after a start ends no bit */
			if (s->state != SFP_ADDRESS || s->bits)
				clock_falls(s);
		}
	}
	s->scl = scl;
	s->sda = sda;
}

uint32_t sfp_i2c_read(struct nic *nic, uint32_t last)
{
	const struct sfp *s = &nic->sfp;
	uint32_t v = last & (I2C_CLK_OUT | I2C_DATA_OUT);

	if (s->scl)
		v |= I2C_CLK_IN;
	/* either side can pull the wire down */
	if (s->present ? s->out && (s->sda || s->sending || s->ninth) : s->sda)
		v |= I2C_DATA_IN;
	return v;
}
