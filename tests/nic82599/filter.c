// SPDX-License-Identifier: GPL-2.0
/* Which frames the port takes in: addresses, multicast hash, VLANs. */
#include <string.h>

#include "nic.h"

/* twelve bits of the address, from one of four places, pick a bit of a 4096-bit table */
static bool hash_table(struct nic *nic, const uint8_t *mac)
{
	unsigned int hi = mac[5], lo = mac[4], v;

	switch (REG(nic, MCSTCTRL) & MCSTCTRL_MO) {
	case 0:
		v = lo >> 4 | hi << 4;
		break;
	case 1:
		v = lo >> 3 | hi << 5;
		break;
	case 2:
		v = lo >> 2 | hi << 6;
		break;
	default:
		v = lo | hi << 8;
		break;
	}
	v &= 0xfff;
	return REG(nic, MTA + v / 32 * 4) >> v % 32 & 1;
}

bool filter_mac(struct nic *nic, const uint8_t *frame, uint32_t *status)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint32_t fctrl = REG(nic, FCTRL), lo, hi;

	if (!memcmp(frame, broadcast, 6))
		return fctrl & (FCTRL_BAM | FCTRL_MPE);

	lo = (uint32_t)frame[3] << 24 | (uint32_t)frame[2] << 16 | (uint32_t)frame[1] << 8 | frame[0];
	hi = (uint32_t)frame[5] << 8 | frame[4];
	for (unsigned int i = 0; i < N_RAR; i++) {
		uint32_t rah = REG(nic, RAH + i * 8);

		if ((rah & RAH_AV) && (rah & 0xffff) == hi && REG(nic, RAL + i * 8) == lo)
			return true;
	}
	if (frame[0] & 1) {
		if ((REG(nic, MCSTCTRL) & MCSTCTRL_MFE) && hash_table(nic, frame)) {
			*status |= RXD_PIF;
			return true;
		}
		return fctrl & FCTRL_MPE;
	}
	return fctrl & FCTRL_UPE;
}

bool filter_vlan(struct nic *nic, const struct packet *p)
{
	unsigned int vid = p->tci & 0xfff;

	if (!p->vlan || !(REG(nic, VLNCTRL) & VLNCTRL_VFE))
		return true;
	return REG(nic, VFTA + vid / 32 * 4) >> vid % 32 & 1;
}
