// SPDX-License-Identifier: GPL-2.0
/* Flow director: perfect filters that send a flow to a queue, or drop it. */
#include <string.h>

#include "nic.h"

void fdir_clear(struct nic *nic)
{
	memset(&nic->fdir, 0, sizeof(nic->fdir));
	REG(nic, FDIRFREE) = FDIR_FILTERS;
}

void fdir_ctrl(struct nic *nic, uint32_t val)
{
	/* the tables are ready at once */
	fdir_clear(nic);
	REG(nic, FDIRCTRL) = val | FDIRCTRL_INIT_DONE;
}

static struct fdir_filter *find(struct nic *nic, uint32_t hash)
{
	for (unsigned int i = 0; i < nic->fdir.n; i++)
		if (nic->fdir.filter[i].used && nic->fdir.filter[i].hash == hash)
			return &nic->fdir.filter[i];
	return NULL;
}

static struct fdir_filter *slot(struct nic *nic)
{
	for (unsigned int i = 0; i < nic->fdir.n; i++)
		if (!nic->fdir.filter[i].used)
			return &nic->fdir.filter[i];
	return nic->fdir.n < FDIR_FILTERS ? &nic->fdir.filter[nic->fdir.n++] : NULL;
}

static void count_use(struct nic *nic, int n)
{
	nic->fdir.used += (unsigned int)n;
	REG(nic, FDIRFREE) = FDIR_FILTERS - nic->fdir.used;
}

/* two counters of eight bits in one register; each stops when it is full */
static void failed(struct nic *nic, unsigned int shift)
{
	if ((REG(nic, FDIRFSTAT) >> shift & 0xff) != 0xff)
		REG(nic, FDIRFSTAT) += 1u << shift;
}

static void add(struct nic *nic, uint32_t cmd)
{
	struct fdir_filter *f = find(nic, REG(nic, FDIRHASH));

	/* signature filters only steer, and RSS does that: they are taken and not kept */
	if (!(REG(nic, FDIRCTRL) & FDIRCTRL_PERFECT))
		return;
	if (!f)
		f = slot(nic);
	if (!f) {
		failed(nic, FDIRFSTAT_ADD);
		intr_other(nic, EICR_FLOW_DIR);
		return;
	}
	if (!f->used)
		count_use(nic, 1);
	f->used = true;
	f->hash = REG(nic, FDIRHASH);
	f->queue = cmd >> FDIRCMD_QUEUE & 0x7f;
	f->drop = (cmd & FDIRCMD_DROP) ||
		  f->queue == (REG(nic, FDIRCTRL) >> FDIRCTRL_DROPQ & 0x7f);
	f->l4type = cmd >> FDIRCMD_L4TYPE & 3;
	f->ipv6 = cmd & FDIRCMD_IPV6;
	f->src = REG(nic, FDIRIPSA);
	f->dst = REG(nic, FDIRIPDA);
	f->ports = REG(nic, FDIRPORT);
	f->vlan = (uint16_t)REG(nic, FDIRVLAN);
	f->flex = (uint16_t)(REG(nic, FDIRVLAN) >> 16);
	REG(nic, FDIRUSTAT)++;
}

void fdir_cmd(struct nic *nic, uint32_t cmd)
{
	struct fdir_filter *f;

	if (cmd & FDIRCMD_CLEARHT)
		fdir_clear(nic);
	f = find(nic, REG(nic, FDIRHASH));
	/* every command is complete when it has been written: CMD reads zero */
	REG(nic, FDIRCMD) = cmd & ~(FDIRCMD_CMD | FDIRCMD_FILTER_VALID);
	switch (cmd & FDIRCMD_CMD) {
	case FDIRCMD_ADD:
		add(nic, cmd);
		break;
	case FDIRCMD_REMOVE:
		if (f) {
			f->used = false;
			count_use(nic, -1);
			REG(nic, FDIRUSTAT) += 1u << 16;
		} else {
			failed(nic, FDIRFSTAT_REMOVE);
		}
		break;
	case FDIRCMD_QUERY:
		if (f)
			REG(nic, FDIRCMD) |= FDIRCMD_FILTER_VALID;
		break;
	default:
		break;
	}
}

/* the port masks are kept with the bits of each half in reverse */
static uint32_t unreverse(uint32_t v)
{
	uint32_t r = 0;

	for (unsigned int i = 0; i < 16; i++) {
		r |= (v >> i & 1) << (15 - i);
		r |= (v >> (16 + i) & 1) << (31 - i);
	}
	return r;
}

/* what of a frame is compared, in the registers' byte order */
struct key {
	uint32_t src, dst, ports;
	uint16_t vlan, flex;
	uint8_t l4type;
};

static struct key make_key(struct nic *nic, const struct packet *p, const uint8_t *frame)
{
	unsigned int flex_at = (REG(nic, FDIRCTRL) >> 16 & 0x1f) * 2;
	struct key k = { .vlan = p->tci };

	memcpy(&k.src, frame + p->l3_off + 12, 4);
	memcpy(&k.dst, frame + p->l3_off + 16, 4);
	if (!p->fragment && p->end >= p->l4_off + 4u) {
		k.l4type = p->l4 == 17 ? 1 : p->l4 == 6 ? 2 : p->l4 == 132 ? 3 : 0;
		if (k.l4type)
			k.ports = (uint32_t)get16(frame + p->l4_off + 2) << 16 |
				  get16(frame + p->l4_off);
	}
	if (flex_at + 2 <= p->end)
		k.flex = get16(frame + flex_at);
	return k;
}

/* a set bit in a mask register means: do not compare */
static bool same(struct nic *nic, const struct fdir_filter *f, const struct key *k)
{
	uint32_t m = REG(nic, FDIRM), ports = 0;
	uint16_t vlan = 0x1000;			/* CFI is never compared */

	if (k->l4type == 2)
		ports = unreverse(REG(nic, FDIRTCPM));
	else if (k->l4type == 1)
		ports = unreverse(REG(nic, FDIRUDPM));
	else if (k->l4type == 3)
		ports = unreverse(REG(nic, FDIRSCTPM));
	if (m & FDIRM_VLANID)
		vlan |= 0x0fff;
	if (m & FDIRM_VLANP)
		vlan |= 0xe000;
	return !((f->src ^ k->src) & ~REG(nic, FDIRSIP4M)) &&
	       !((f->dst ^ k->dst) & ~REG(nic, FDIRDIP4M)) &&
	       ((m & FDIRM_L4P) || f->l4type == k->l4type) &&
	       !((f->ports ^ k->ports) & ~ports) &&
	       !((f->vlan ^ k->vlan) & (uint16_t)~vlan) &&
	       ((m & FDIRM_FLEX) || f->flex == k->flex);
}

bool fdir_match(struct nic *nic, const struct packet *p, const uint8_t *frame,
		const struct fdir_filter **hit)
{
	struct key k;

	if (!(REG(nic, FDIRCTRL) & FDIRCTRL_PERFECT) || !nic->fdir.n || p->l3 != 4)
		return false;
	k = make_key(nic, p, frame);
	for (unsigned int i = 0; i < nic->fdir.n; i++) {
		const struct fdir_filter *f = &nic->fdir.filter[i];

		if (f->used && !f->ipv6 && same(nic, f, &k)) {
			REG(nic, FDIRMATCH)++;
			*hit = f;
			return true;
		}
	}
	REG(nic, FDIRMISS)++;
	return false;
}
