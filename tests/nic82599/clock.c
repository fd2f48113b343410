// SPDX-License-Identifier: GPL-2.0
/* The clock of IEEE 1588, and stamps of frames with it. */
#include "nic.h"

/* advances by TIMINCA's value each period of 6.4 ns */
static uint64_t systim(struct nic *nic)
{
	uint32_t inc = REG(nic, TIMINCA) & 0xffffff, period = REG(nic, TIMINCA) >> 24;

	if (!period)
		return nic->systim_base;
	return nic->systim_base +
	       (uint64_t)((double)(now_ns() - nic->systim_at) / (6.4 * period) * inc);
}

uint32_t clock_read(struct nic *nic, uint32_t off)
{
	uint64_t t;

	if (off == SYSTIMH)
		return REG(nic, SYSTIMH);
	/* the low word latches the high one */
	t = systim(nic);
	REG(nic, SYSTIMH) = (uint32_t)(t >> 32);
	return (uint32_t)t;
}

void clock_set(struct nic *nic, uint32_t off, uint32_t val)
{
	uint64_t t = systim(nic);

	if (off == SYSTIML)
		t = (t & ~0xffffffffull) | val;
	else
		t = (t & 0xffffffffull) | (uint64_t)val << 32;
	nic->systim_base = t;
	nic->systim_at = now_ns();
	if (off == SYSTIMH)
		REG(nic, SYSTIMH) = val;
}

void clock_pace(struct nic *nic, uint32_t timinca)
{
	nic->systim_base = systim(nic);
	nic->systim_at = now_ns();
	REG(nic, TIMINCA) = timinca;
}

/* one stamp at a time: the next has to wait until this one was read, and is lost if it does not */
void clock_stamp_tx(struct nic *nic)
{
	uint64_t t;

	if ((REG(nic, TSYNCTXCTL) & (TSYNCTXCTL_EN | TSYNCTXCTL_VALID)) != TSYNCTXCTL_EN)
		return;
	t = systim(nic);
	REG(nic, TXSTMPL) = (uint32_t)t;
	REG(nic, TXSTMPH) = (uint32_t)(t >> 32);
	REG(nic, TSYNCTXCTL) |= TSYNCTXCTL_VALID;
}

/* the high word, which is read last and makes room for the next stamp */
uint32_t clock_take_tx_stamp(struct nic *nic)
{
	REG(nic, TSYNCTXCTL) &= ~TSYNCTXCTL_VALID;
	return REG(nic, TXSTMPH);
}
