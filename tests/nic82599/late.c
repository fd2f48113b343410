// SPDX-License-Identifier: GPL-2.0
/* Trouble on demand: descriptors written back late, and one queue's before another's that were done earlier. */
#include <stdatomic.h>
#include <string.h>

#include "nic.h"

bool late_wanted(const struct nic *nic)
{
	return nic->fault.wb_delay | nic->fault.wb_spread;
}

/* a queue keeps its own order, whatever the others do */
void late_add(struct nic *nic, const struct late_write *w)
{
	struct late *l = &nic->late;
	uint64_t *last = &l->last[w->tx][w->q], due = now_ns() + nic->fault.wb_delay * 1000ull;
	unsigned int at;

	if (nic->fault.wb_spread)
		due += fault_random(&nic->fault) % (nic->fault.wb_spread * 1000ull);
	if (due > *last)
		*last = due;
	if (l->n == LATE_MAX)
		late_flush(nic);
	at = l->n;
	while (at && l->write[at - 1].due > *last)
		at--;
	memmove(&l->write[at + 1], &l->write[at], (l->n - at) * sizeof(*w));
	l->write[at] = *w;
	l->write[at].due = *last;
	nic->fault.held++;
	nic->fault.overtook += at < l->n++;
}

static void release(struct nic *nic, const struct late_write *w)
{
	void *at = dma_get(nic, w->iova, w->descriptor ? 16 : 4, DMA_WRITE, "late write-back");

	if (at && w->descriptor) {
		/* the driver polls the second half */
		memcpy(at, &w->value[0], 8);
		atomic_store_explicit((_Atomic uint64_t *)at + 1, w->value[1], memory_order_release);
	} else if (at) {
		atomic_store_explicit((_Atomic uint32_t *)at, (uint32_t)w->value[1], memory_order_release);
	}
	if (w->event && w->tx)
		intr_tx(nic, w->q);
	else if (w->event)
		intr_rx(nic, w->q);
}

static void release_until(struct nic *nic, uint64_t now)
{
	struct late *l = &nic->late;
	unsigned int i = 0;

	while (i < l->n && l->write[i].due <= now)
		release(nic, &l->write[i++]);
	l->n -= i;
	memmove(l->write, &l->write[i], l->n * sizeof(l->write[0]));
}

void late_run(struct nic *nic)
{
	if (nic->late.n && nic_is_master(nic))
		release_until(nic, now_ns());
}

/* before the driver may take the memory back */
void late_flush(struct nic *nic)
{
	if (nic_is_master(nic))
		release_until(nic, UINT64_MAX);
	late_drop(nic);
}

void late_drop(struct nic *nic)
{
	nic->late.n = 0;
	memset(nic->late.last, 0, sizeof(nic->late.last));
}

uint64_t late_deadline(const struct nic *nic)
{
	return nic->late.n && nic_is_master(nic) ? nic->late.write[0].due : 0;
}
