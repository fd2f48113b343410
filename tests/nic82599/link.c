// SPDX-License-Identifier: GPL-2.0
/* The link: up when the cable is in, as the link registers tell it. */
#include "nic.h"

/* KX4, KX and KR with autonegotiation, or 10G serial for a module */
#define AUTOC_BACKPLANE	0xc0018280u
#define AUTOC_SERIAL	0x00006000u
#define AUTOC2_SFI	0x00020000u
#define AUTOC2_DISABLE	0x70000000u

static bool fibre(const struct nic *nic)
{
	return nic->cfg.device_id == 0x10fb;
}

/* there is a cable with light, or a signal, on it */
static bool sees_partner(struct nic *nic)
{
	struct nic *peer = nic->wire.peer;

	if (!nic->link.cable || (fibre(nic) && !nic->sfp.present) || (peer && !peer->link.cable))
		return false;
	return !peer || !fibre(peer) || (peer->sfp.present && !(REG(peer, ESDP) & ESDP_TX_OFF));
}

#define CAN_1G		1u
#define CAN_10G		2u

/* the speeds that a port is set to, or offers to agree on */
static unsigned int offers(struct nic *nic)
{
	uint32_t autoc = REG(nic, AUTOC);
	unsigned int can = 0;

	switch (autoc >> AUTOC_LMS_SHIFT & 7) {
	case 0:
	case 2:
	case 5:
		return CAN_1G;
	case 1:
	case 3:
		return CAN_10G;
	default:
		if (autoc & (AUTOC_KX4 | AUTOC_KR))
			can |= CAN_10G;
		if (autoc & AUTOC_KX)
			can |= CAN_1G;
		return can;
	}
}

static uint32_t highest(unsigned int can)
{
	return (can & CAN_10G) ? LINKS_10G : (can & CAN_1G) ? LINKS_1G : 0;
}

/* 1G and no autonegotiation, which a driver sets for some milliseconds to begin the negotiation anew */
static bool fixed_1g(struct nic *nic)
{
	return !(REG(nic, AUTOC) & AUTOC_LMS);
}

/*
 * The highest of those that both ends have, 0 if there is none. Parallel detection, by which a partner that
 * negotiates falls back to a fixed 1G, needs longer than those milliseconds and is left out: there is no link.
 */
static uint32_t agree(struct nic *nic, struct nic *peer)
{
	if (fixed_1g(nic) != (peer && fixed_1g(peer)))
		return 0;
	return highest(offers(nic) & (peer ? offers(peer) : ~0u));
}

static bool forced(struct nic *nic)
{
	return (REG(nic, HLREG0) & HLREG0_LPBK) || (REG(nic, AUTOC) & AUTOC_FLU);
}

/* the speed that the link has now, 0 if it is down */
static uint32_t negotiate(struct nic *nic)
{
	uint32_t speed = sees_partner(nic) ? agree(nic, nic->wire.peer) : 0;

	if (!speed && forced(nic))
		speed = highest(offers(nic));
	if (REG(nic, AUTOC2) & AUTOC2_DISABLE)	/* the driver has switched the link off */
		speed = 0;
	return speed;
}

void link_init(struct nic *nic)
{
	nic->link.cable = !nic->cfg.link_down;
}

static void update(struct nic *nic, bool restarted)
{
	uint32_t speed = negotiate(nic);

	if (speed != nic->link.speed || restarted)
		intr_other(nic, EICR_LSC);
	nic->link.speed = speed;
	nic->link.up = speed;
}

void link_reset(struct nic *nic)
{
	REG(nic, AUTOC) = fibre(nic) ? AUTOC_SERIAL : AUTOC_BACKPLANE;
	REG(nic, AUTOC2) = fibre(nic) ? AUTOC2_SFI : 0;
	nic->link.speed = negotiate(nic);
	nic->link.up = nic->link.speed;
	/* the laser is on again, and other speeds are offered */
	if (nic->wire.peer)
		update(nic->wire.peer, false);
}

/* what one end does the other sees: a negotiation that begins anew does so at both */
void link_update(struct nic *nic, bool restarted)
{
	update(nic, restarted);
	if (nic->wire.peer)
		update(nic->wire.peer, restarted);
}

void link_set_cable(struct nic *nic, bool in)
{
	nic->link.cable = in;
	link_update(nic, false);
}

void link_set_module(struct nic *nic, bool in)
{
	nic->sfp.present = in && fibre(nic);
	intr_other(nic, EICR_GPI_SDP2);
	link_update(nic, false);
}

/* what the partner offers in its autonegotiation page; one that swallows frames can pause */
static uint32_t partner_pause(struct nic *nic)
{
	struct nic *peer = nic->wire.peer;

	return peer ? REG(peer, AUTOC) >> AUTOC_PAUSE & 3 : 3;
}

uint32_t link_reg_read(struct nic *nic, uint32_t off)
{
	switch (off) {
	case LINKS:
		if (!nic->link.up)
			return 0;
		return LINKS_AN_COMP | LINKS_UP | LINKS_SIGNAL | nic->link.speed;
	case LINKS2:
		return nic->link.up ? LINKS2_AN_SUPP : 0;
	case ANLP1:
		return ANLP1_AN_STATE | (nic->link.up ? partner_pause(nic) << ANLP1_PAUSE : 0);
	case PCS1GLSTA:
		return nic->link.up ? 0x10011 : 0;
	default:
		return 0;
	}
}
