// SPDX-License-Identifier: GPL-2.0
/* Interrupts: causes, masks, vectors, throttling. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"

#define ITR_UNIT_NS	2000u

void intr_init(struct nic *nic)
{
	for (unsigned int v = 0; v < N_VECTORS; v++)
		nic->intr.eventfd[v] = -1;
	nic->intr.intx_fd = nic->intr.msi_fd = nic->intr.err_fd = -1;
}

void intr_reset(struct nic *nic)
{
	struct intr *in = &nic->intr;

	in->cause = in->enable = in->waiting = in->pending = 0;
	in->other = in->other_enable = 0;
	in->sent = in->other_sent = 0;
	in->intx_level = false;
	memset(in->fire_at, 0, sizeof(in->fire_at));
	memset(nic->bar4 + MSIX_PBA, 0, N_VECTORS / 8);
}

static bool msix_mode(struct nic *nic)
{
	return REG(nic, GPIE) & GPIE_MSIX_MODE;
}

/* which vector a queue's event goes to: four bytes a register, rx and tx of two queues */
static void queue_event(struct nic *nic, unsigned int q, unsigned int tx)
{
	uint8_t ivar = (uint8_t)(REG(nic, IVAR + q / 2 * 4) >> (q % 2 * 16 + tx * 8));

	if (!(ivar & IVAR_VALID))
		return;
	nic->intr.cause |= 1ull << (ivar & IVAR_VECTOR);
	nic->intr.sent &= ~(1ull << (ivar & IVAR_VECTOR));
	nic->intr.dirty = true;
}

void intr_rx(struct nic *nic, unsigned int q)
{
	queue_event(nic, q, 0);
}

void intr_tx(struct nic *nic, unsigned int q)
{
	queue_event(nic, q, 1);
}

void intr_other(struct nic *nic, uint32_t cause)
{
	nic->intr.other |= cause & ~EICR_QUEUES;
	nic->intr.other_sent &= ~cause;
	nic->intr.dirty = true;
}

/*
 * A pipe may be full and a file may lie on a dead server: writing to them could wait for ever.
 * So may an eventfd with a full count, unless it is told not to.
 */
bool intr_takes(int fd)
{
	static const char kind[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(kind)];
	int flags = fcntl(fd, F_GETFL);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (flags < 0 || readlink(path, target, sizeof(target)) != sizeof(kind) - 1 ||
	    memcmp(target, kind, sizeof(kind) - 1))
		return false;
	return !fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void signal_fd(struct nic *nic, int fd)
{
	uint64_t one = 1;

	nic->intr.fired++;
	/* the counter only overflows if nobody reads it, and then one more does not matter */
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void set_pba(struct nic *nic, unsigned int v, bool on)
{
	uint8_t *b = &nic->bar4[MSIX_PBA + v / 8];

	if (on)
		*b |= (uint8_t)(1 << v % 8);
	else
		*b &= (uint8_t)~(1 << v % 8);
}

static uint32_t itr_reg(unsigned int v)
{
	return v < 24 ? EITR_LO + v * 4 : EITR_HI + (v - 24) * 4;
}

/* false: the throttle holds the vector back */
static bool throttle(struct nic *nic, unsigned int v, uint64_t *now)
{
	struct intr *in = &nic->intr;
	uint64_t gap = (uint64_t)(REG(nic, itr_reg(v)) & EITR_INTERVAL) / 8 * ITR_UNIT_NS;

	if (!gap || nic->cfg.sync)
		return true;
	if (!*now)
		*now = now_ns();
	if (in->fire_at[v] > *now) {
		/* the interval may have been shortened meanwhile */
		if (in->fire_at[v] > *now + gap)
			in->fire_at[v] = *now + gap;
		in->waiting |= 1ull << v;
		return false;
	}
	in->fire_at[v] = *now + gap;
	return true;
}

static void send_msix(struct nic *nic, unsigned int v)
{
	struct intr *in = &nic->intr;

	if (in->eventfd[v] >= 0) {
		signal_fd(nic, in->eventfd[v]);
	} else {
		in->pending |= 1ull << v;
		set_pba(nic, v, true);
	}
}

/* those that nobody listened to when they were due */
static void send_pending(struct nic *nic)
{
	struct intr *in = &nic->intr;
	uint64_t left = in->pending;

	while (left) {
		unsigned int v = (unsigned int)__builtin_ctzll(left);

		left &= left - 1;
		if (in->eventfd[v] < 0)
			continue;
		in->pending &= ~(1ull << v);
		set_pba(nic, v, false);
		signal_fd(nic, in->eventfd[v]);
	}
}

static void flush_msix(struct nic *nic)
{
	struct intr *in = &nic->intr;
	uint64_t due = in->cause & in->enable & ~in->sent, now = 0;
	uint32_t other = in->other & in->other_enable & ~in->other_sent;
	uint8_t misc = (uint8_t)(REG(nic, IVAR_MISC) >> 8);

	in->waiting = 0;
	send_pending(nic);
	if (other && (misc & IVAR_VALID) && throttle(nic, misc & IVAR_VECTOR, &now)) {
		send_msix(nic, misc & IVAR_VECTOR);
		in->other_sent |= other;
		in->other &= ~(REG(nic, EIAC) & ~EICR_QUEUES);
	}
	while (due) {
		unsigned int v = (unsigned int)__builtin_ctzll(due);
		uint64_t bit = 1ull << v;

		due &= due - 1;
		if (!throttle(nic, v, &now))
			continue;
		if (fault_one_in(&nic->fault, nic->fault.irq_lose_1_in)) {
			nic->fault.irqs_lost++;
			in->sent |= bit;	/* the next event has another chance */
			continue;
		}
		send_msix(nic, v);
		in->sent |= bit;
		if (v >= 16 || (REG(nic, EIAC) & bit))
			in->cause &= ~bit;
		if (REG(nic, GPIE) & GPIE_EIAME)
			in->enable &= ~(bit & ((uint64_t)REG(nic, EIAM_EX + 4) << 32 | REG(nic, EIAM_EX)));
	}
}

static bool legacy_level(const struct intr *in)
{
	return (in->cause & in->enable & EICR_QUEUES) || (in->other & in->other_enable);
}

/* causes were cleared or masked: the next one rises, even if it comes before anybody looks */
static void falls(struct intr *in)
{
	in->dirty = true;
	if (!legacy_level(in))
		in->intx_level = false;
}

/* one line for all causes: level for INTx, an edge each time for MSI */
static void flush_legacy(struct nic *nic)
{
	struct intr *in = &nic->intr;
	bool level = legacy_level(in), rise = level && !in->intx_level;

	in->intx_level = level;
	if (!level)
		return;
	if (in->msi_fd >= 0) {
		if (rise)
			signal_fd(nic, in->msi_fd);
	} else if (in->intx_fd >= 0 && !in->intx_masked && !(nic->pci[PCI_COMMAND + 1] & PCI_COMMAND_NO_INTX)) {
		in->intx_masked = true;		/* until the client unmasks it */
		signal_fd(nic, in->intx_fd);
	}
}

/* as configuration space shows it, whether it may go out or not */
bool intr_line(struct nic *nic)
{
	return !msix_mode(nic) && nic->intr.msi_fd < 0 && legacy_level(&nic->intr);
}

/* nothing goes out: by a fault, or because a message is a write to memory; a line is not */
static bool held_back(struct nic *nic)
{
	return nic->fault.irq_hold || (!nic_is_master(nic) && (msix_mode(nic) || nic->intr.msi_fd >= 0));
}

void intr_flush(struct nic *nic)
{
	if ((!nic->intr.dirty && !nic->intr.waiting) || held_back(nic))
		return;
	nic->intr.dirty = false;
	if (msix_mode(nic))
		flush_msix(nic);
	else
		flush_legacy(nic);
}

uint64_t intr_deadline(struct nic *nic)
{
	uint64_t w = held_back(nic) ? 0 : nic->intr.waiting, min = 0;

	while (w) {
		uint64_t t = nic->intr.fire_at[__builtin_ctzll(w)];

		w &= w - 1;
		if (!min || t < min)
			min = t;
	}
	return min;
}

void intr_set_eventfd(struct nic *nic, int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
	nic->intr.dirty = true;
}

void intr_connect(struct nic *nic, unsigned int v, int fd)
{
	intr_set_eventfd(nic, &nic->intr.eventfd[v], fd);
}

static uint32_t cause_word(const struct intr *in)
{
	return (uint32_t)(in->cause & EICR_QUEUES) | in->other;
}

/* who takes interrupts by a line or a single message has them masked by EICR, and unmasked by EICS */
static bool auto_masks(struct nic *nic)
{
	return !(REG(nic, GPIE) & GPIE_EIAME);
}

static void auto_mask(struct nic *nic, uint32_t causes)
{
	if (!auto_masks(nic))
		return;
	nic->intr.enable &= ~(uint64_t)(REG(nic, EIAM) & causes & EICR_QUEUES);
	nic->intr.other_enable &= ~(REG(nic, EIAM) & causes);
}

uint32_t intr_reg_read(struct nic *nic, uint32_t off, unsigned int i)
{
	struct intr *in = &nic->intr;
	uint32_t v = cause_word(in);

	switch (off) {
	case EICR:
		/* read to clear; with OCD only the causes that are no queue's */
		if (!(REG(nic, GPIE) & GPIE_OCD))
			in->cause &= ~(uint64_t)EICR_QUEUES;
		in->other = 0;
		auto_mask(nic, ~0u);
		falls(in);
		return v;
	case EICS:
		return v;
	case EIMS:
		return (uint32_t)(in->enable & EICR_QUEUES) | in->other_enable;
	case EICS_EX:
		return (uint32_t)(in->cause >> 32 * i);
	case EIMS_EX:
		return (uint32_t)(in->enable >> 32 * i);
	default:
		return 0;
	}
}

void intr_reg_write(struct nic *nic, uint32_t off, unsigned int i, uint32_t val)
{
	struct intr *in = &nic->intr;
	uint64_t wide = (uint64_t)val << 32 * i;

	in->dirty = true;
	switch (off) {
	case EICR:
		in->cause &= ~(uint64_t)(val & EICR_QUEUES);
		in->other &= ~val;
		auto_mask(nic, val);
		falls(in);
		break;
	case EICS:
		in->cause |= val & EICR_QUEUES;
		in->sent &= ~(uint64_t)(val & EICR_QUEUES);
		intr_other(nic, val);
		if (auto_masks(nic)) {
			in->enable |= REG(nic, EIAM) & val & EICR_QUEUES;
			in->other_enable |= REG(nic, EIAM) & val & ~EICR_QUEUES;
		}
		break;
	case EIMS:
		/* what is still pending interrupts again when it is unmasked */
		in->enable |= val & EICR_QUEUES;
		in->sent &= ~(uint64_t)(val & EICR_QUEUES);
		in->other_enable |= val & ~EICR_QUEUES;
		in->other_sent &= ~val;
		break;
	case EIMC:
		in->enable &= ~(uint64_t)(val & EICR_QUEUES);
		in->other_enable &= ~(val & ~EICR_QUEUES);
		falls(in);
		break;
	case EICS_EX:
		in->cause |= wide;
		in->sent &= ~wide;
		break;
	case EIMS_EX:
		in->enable |= wide;
		in->sent &= ~wide;
		break;
	case EIMC_EX:
		in->enable &= ~wide;
		falls(in);
		break;
	default:
		break;
	}
}
