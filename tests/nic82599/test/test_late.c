// SPDX-License-Identifier: GPL-2.0
/* Write-backs that come late: nothing is lost, a queue keeps its order, nothing is written where the driver has left. */
#include <string.h>

#include "rig.h"

#define DELAY_US	20000

static const struct want plain;

static void wait_until_due(struct rig *r)
{
	uint64_t end = now_ns() + 2000000000ull;

	while (r->card.port[0]->late.n && now_ns() < end)
		card_run(&r->card, 64);
}

static void transmit(void)
{
	struct rig r;
	uint8_t f[300];
	uint64_t began = now_ns();

	rig_up_tx(&r);
	r.port[0].nic->fault.wb_delay = DELAY_US;
	rig_send(&r.port[0], 0, f, make_frame(f, &(struct shape){ .payload = 100 }), &plain);
	rig_go(&r);
	/* the frame is on the wire at once, the descriptor is not done */
	CHECK_EQ(r.taps, 1);
	CHECK(!(rig_tx_desc(&r.port[0], 0, 0)->olinfo & TXD_DD));
	CHECK(late_deadline(r.port[0].nic) > began);
	wait_until_due(&r);
	CHECK(rig_tx_desc(&r.port[0], 0, 0)->olinfo & TXD_DD);
	CHECK(now_ns() - began >= DELAY_US * 1000ull);
	CHECK_EQ(late_deadline(r.port[0].nic), 0);
	rig_down(&r);
}

static void head(void)
{
	struct rig r;
	uint8_t f[300];
	uint64_t at;

	rig_up_tx(&r);
	at = rig_alloc(&r.port[0], 64);
	reg_write(r.port[0].nic, TDWBAH, 0);
	reg_write(r.port[0].nic, TDWBAL, (uint32_t)at | TDWBAL_EN);
	r.port[0].nic->fault.wb_delay = DELAY_US;
	rig_send(&r.port[0], 0, f, make_frame(f, &(struct shape){ .payload = 100 }), &plain);
	rig_go(&r);
	CHECK_EQ(*(uint32_t *)rig_ptr(&r.port[0], at), 0);
	wait_until_due(&r);
	CHECK_EQ(*(uint32_t *)rig_ptr(&r.port[0], at), 1);
	rig_down(&r);
}

/* the port with its receive queues, and one frame for each of so many UDP ports */
static void flood(struct rig *r, unsigned int queues, unsigned int frames)
{
	struct nic *nic;
	uint8_t f[300];

	rig_up_rx(r, queues, 250);
	nic = r->port[0].nic;
	reg_write(nic, MRQC, MRQC_RSS | MRQC_UDPV4);
	nic->fault.wb_delay = 1000;
	nic->fault.wb_spread = DELAY_US;
	for (unsigned int i = 0; i < frames; i++)
		rx_frame(nic, f, make_frame(f, &(struct shape){ .payload = 100, .udp = true, .sport = (uint16_t)i }), 0);
}

static void receive(void)
{
	struct rig r;
	struct received in;
	uint64_t before[4] = { 0 }, due = 0;
	unsigned int n = 0;

	flood(&r, 4, 200);
	for (unsigned int q = 0; q < 4; q++)
		CHECK(!rig_recv(&r.port[0], q, &in));
	CHECK_EQ(r.port[0].nic->fault.held, 200);
	for (unsigned int i = 0; i < r.port[0].nic->late.n; i++) {
		const struct late_write *w = &r.port[0].nic->late.write[i];

		CHECK(w->iova > before[w->q]);
		CHECK(w->due >= due);
		before[w->q] = w->iova;
		due = w->due;
	}
	wait_until_due(&r);
	for (unsigned int q = 0; q < 4; q++)
		for (; rig_recv(&r.port[0], q, &in); n++) {
			CHECK_EQ(in.hash % 4, q);
			CHECK_EQ(in.len, 142);
		}
	CHECK_EQ(n, 200);
	CHECK(r.port[0].nic->fault.overtook > 10);
	rig_down(&r);
}

/* when the driver stops a queue, what waits is written first; when it resets the card, never */
static void stopped(void)
{
	struct rig r;
	struct received in;

	flood(&r, 1, 3);
	reg_write(r.port[0].nic, RXDCTL, 0);
	CHECK(rig_recv(&r.port[0], 0, &in));
	CHECK_EQ(r.port[0].nic->late.n, 0);
	rig_down(&r);

	flood(&r, 1, 3);
	nic_reset(r.port[0].nic);
	CHECK_EQ(r.port[0].nic->late.n, 0);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);

	flood(&r, 1, 3);
	dma_unmap_all(r.port[0].nic);
	wait_until_due(&r);
	CHECK_EQ(r.port[0].nic->dma.refused, 3);
	CHECK(!rig_recv(&r.port[0], 0, &in));
	rig_down(&r);
}

/* what was due later than the times now say has gone: it keeps nothing back */
static void shorter(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->fault.wb_delay = 3000000;
	late_add(nic, &(struct late_write){ .iova = RIG_IOVA, .value[1] = 7 });
	late_flush(nic);
	nic->fault.wb_delay = 1000;
	late_add(nic, &(struct late_write){ .iova = RIG_IOVA, .value[1] = 8 });
	CHECK(late_deadline(nic) < now_ns() + 1000000000ull);
	rig_down(&r);
}

static void no_master(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->fault.wb_delay = 1;
	for (uint32_t i = 0; i < 2; i++) {
		late_add(nic, &(struct late_write){ .iova = RIG_IOVA + i * 4, .value[1] = 7 });
		rig_master(nic, false);
		CHECK_EQ(late_deadline(nic), 0);
		for (uint64_t t = now_ns(); now_ns() - t < 2000000;)
			card_run(&r.card, 64);
		CHECK_EQ(((uint32_t *)r.port[0].mem)[i], 0);
		if (i)
			late_flush(nic);	/* the queue ends: never */
		rig_master(nic, true);
		wait_until_due(&r);
		CHECK_EQ(((uint32_t *)r.port[0].mem)[i], i ? 0 : 7);
	}
	CHECK_EQ(nic->dma.refused, 0);
	rig_down(&r);
}

static void no_room(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->fault.wb_delay = 1000000;
	for (unsigned int i = 0; i < LATE_MAX + 1; i++)
		late_add(nic, &(struct late_write){ .iova = RIG_IOVA + i * 4, .value[1] = i + 1 });
	/* the oldest do not wait for the end of their time */
	CHECK_EQ(nic->late.n, 1);
	CHECK_EQ(((uint32_t *)r.port[0].mem)[LATE_MAX - 1], LATE_MAX);
	CHECK_EQ(((uint32_t *)r.port[0].mem)[LATE_MAX], 0);
	nic->fault.gone = true;
	late_flush(nic);
	CHECK_EQ(((uint32_t *)r.port[0].mem)[LATE_MAX], 0);
	rig_down(&r);
}

const struct test tests_late[] = {
	{ "late: a sent frame's descriptor", transmit },
	{ "late: the head that is written back", head },
	{ "late: received frames, in order in a queue and past those of others", receive },
	{ "late: never into a queue that has ended", stopped },
	{ "late: a shorter delay is not held up by a longer one before", shorter },
	{ "late: only while the card is bus master", no_master },
	{ "late: as many as there is room for", no_room },
	{ 0 }
};
