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

	if (!nic->link.cable || (fibre(nic) && !nic->sfp.present))
		return false;
	return !peer || !fibre(peer) || (peer->sfp.present && !(REG(peer, ESDP) & ESDP_TX_OFF));
}

void link_init(struct nic *nic)
{
	nic->link.cable = !nic->cfg.link_down;
}

void link_reset(struct nic *nic)
{
	REG(nic, AUTOC) = fibre(nic) ? AUTOC_SERIAL : AUTOC_BACKPLANE;
	REG(nic, AUTOC2) = fibre(nic) ? AUTOC2_SFI : 0;
	nic->link.up = sees_partner(nic);
}

void link_update(struct nic *nic, bool restarted)
{
	bool up = sees_partner(nic) || (REG(nic, HLREG0) & HLREG0_LPBK) || (REG(nic, AUTOC) & AUTOC_FLU);

	if (REG(nic, AUTOC2) & AUTOC2_DISABLE)	/* the driver has switched the link off */
		up = false;
	if (up != nic->link.up || restarted)
		intr_other(nic, EICR_LSC);
	nic->link.up = up;
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
	if (nic->wire.peer)
		link_update(nic->wire.peer, false);
}

static bool at_1g(struct nic *nic)
{
	unsigned int lms = REG(nic, AUTOC) >> AUTOC_LMS_SHIFT & 7;

	return lms == 0 || lms == 2;
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
		return LINKS_AN_COMP | LINKS_UP | LINKS_SIGNAL | (at_1g(nic) ? LINKS_1G : LINKS_10G);
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
