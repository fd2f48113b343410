// SPDX-License-Identifier: GPL-2.0
/* Interrupts: routing, masks, clearing, throttling, each by what arrives at an eventfd. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "rig.h"

static unsigned int take(int fd)
{
	uint64_t n = 0;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return (unsigned int)n;
}

static struct nic *up(struct rig *r, int *fd, unsigned int vectors)
{
	struct nic *nic;

	rig_up(r, 1);
	nic = r->port[0].nic;
	reg_write(nic, GPIE, GPIE_MSIX_MODE | GPIE_OCD | GPIE_EIAME | BIT(31));
	reg_write(nic, EIAC, 0xffff);
	reg_write(nic, EIAM_EX, ~0u);
	reg_write(nic, EIAM_EX + 4, ~0u);
	for (unsigned int v = 0; v < vectors; v++) {
		fd[v] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		intr_connect(nic, v, fd[v]);
	}
	return nic;
}

/* the eventfds belong to the port's client side, which is us */
static void down(struct rig *r)
{
	for (unsigned int v = 0; v < N_VECTORS; v++)
		intr_set_eventfd(r->port[0].nic, &r->port[0].nic->intr.eventfd[v], -1);
	rig_down(r);
}

static void routes(void)
{
	struct rig r;
	int fd[N_VECTORS];
	struct nic *nic = up(&r, fd, N_VECTORS);

	for (unsigned int q = 0; q < N_QUEUES; q++) {
		unsigned int rx = q * 7 % N_VECTORS, tx = q * 5 % N_VECTORS;
		uint32_t shift = q % 2 * 16;

		REG(nic, IVAR + q / 2 * 4) &= ~(0xffffu << shift);
		REG(nic, IVAR + q / 2 * 4) |= (0x80 | rx | (0x80 | tx) << 8) << shift;
		reg_write(nic, EIMS_EX, ~0u);
		reg_write(nic, EIMS_EX + 4, ~0u);
		intr_rx(nic, q);
		intr_flush(nic);
		CHECK_EQ(take(fd[rx]), 1);
		CHECK_EQ(take(fd[rx]), 0);
		reg_write(nic, EIMS_EX, ~0u);
		reg_write(nic, EIMS_EX + 4, ~0u);
		intr_tx(nic, q);
		intr_flush(nic);
		CHECK_EQ(take(fd[tx]), 1);
	}
	REG(nic, IVAR) = 0;
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(nic->intr.cause, 0);
	down(&r);
}

static void masks(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);

	REG(nic, IVAR) = 0x80 | 1;
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	CHECK_EQ(reg_read(nic, EICS), 2);
	/* a cause that waits fires when it is unmasked, once */
	reg_write(nic, EIMS_EX, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);
	CHECK_EQ(reg_read(nic, EIMS), 0);	/* EIAM masked it again */
	CHECK_EQ(reg_read(nic, EICS), 0);	/* EIAC cleared it */
	reg_write(nic, EIMS, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	reg_write(nic, EICS_EX, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);
	reg_write(nic, EIMS_EX, 2);
	reg_write(nic, EIMC_EX, 2);
	reg_write(nic, EICS, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	down(&r);
}

static void lost_ones(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);

	REG(nic, IVAR) = 0x80 | 1;
	reg_write(nic, EIMS_EX, 2);
	nic->fault.irq_lose_1_in = 1;
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	CHECK_EQ(nic->fault.irqs_lost, 1);
	/* it is not made up for, but what the driver asks for comes */
	nic->fault.irq_lose_1_in = 0;
	nic->intr.dirty = true;
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	CHECK_EQ(reg_read(nic, EIMS), 2);
	reg_write(nic, EICS_EX, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);
	down(&r);
}

static void other_causes(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);

	reg_write(nic, IVAR_MISC, (0x80 | 2) << 8);
	link_set_cable(nic, false);
	intr_flush(nic);
	CHECK_EQ(take(fd[2]), 0);
	reg_write(nic, EIMS, EICR_LSC);
	intr_flush(nic);
	CHECK_EQ(take(fd[2]), 1);
	/* told once, until the driver clears it or asks again */
	intr_rx(nic, 0);
	nic->intr.dirty = true;
	intr_flush(nic);
	CHECK_EQ(take(fd[2]), 0);
	CHECK_EQ(reg_read(nic, EICS), EICR_LSC);
	reg_write(nic, EICR, EICR_LSC);
	CHECK_EQ(reg_read(nic, EICS), 0);
	link_set_cable(nic, true);
	intr_flush(nic);
	CHECK_EQ(take(fd[2]), 1);
	CHECK_EQ(reg_read(nic, EICR), EICR_LSC);	/* reading clears too */
	CHECK_EQ(reg_read(nic, EICR), 0);
	down(&r);
}

static void throttles(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);
	uint64_t t0, t1;

	REG(nic, IVAR) = 0x80 | 1;
	reg_write(nic, EITR_LO + 4, 100 * 8);		/* 200 us */
	reg_write(nic, EIMS_EX, 2);
	t0 = now_ns();
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);
	reg_write(nic, EIMS_EX, 2);
	intr_rx(nic, 0);
	intr_flush(nic);
	if (now_ns() - t0 < 200000) {
		CHECK_EQ(take(fd[1]), 0);
		CHECK(intr_deadline(nic));
	}
	while (!take(fd[1]))
		intr_flush(nic);
	t1 = now_ns();
	CHECK(t1 - t0 >= 200000);
	CHECK_EQ(intr_deadline(nic), 0);
	down(&r);
}

static void unthrottled_when_sync(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);

	nic->cfg.sync = true;
	REG(nic, IVAR) = 0x80 | 1;
	reg_write(nic, EITR_LO + 4, 0xff8);
	for (int i = 0; i < 5; i++) {
		reg_write(nic, EIMS_EX, 2);
		intr_rx(nic, 0);
		intr_flush(nic);
		CHECK_EQ(take(fd[1]), 1);
	}
	down(&r);
}

static void pending_bits(void)
{
	struct rig r;
	int fd[4], late;
	struct nic *nic = up(&r, fd, 1);

	REG(nic, IVAR) = 0x80 | 9;
	reg_write(nic, EIMS_EX, 1 << 9);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(nic->bar4[MSIX_PBA + 1], 2);
	late = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	intr_connect(nic, 9, late);
	intr_flush(nic);
	CHECK_EQ(take(late), 1);
	CHECK_EQ(nic->bar4[MSIX_PBA + 1], 0);
	down(&r);
}

/* a message is a write to memory, a line is not */
static void no_messages_without_master(void)
{
	struct rig r;
	int fd[4], line = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct nic *nic = up(&r, fd, 4);

	REG(nic, IVAR) = 0x80 | 1;
	reg_write(nic, EITR_LO + 4, 8);
	reg_write(nic, EIMS_EX, 2);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);
	reg_write(nic, EIMS_EX, 2);
	intr_rx(nic, 0);
	intr_flush(nic);			/* held back by its throttle, or gone out already */
	take(fd[1]);
	rig_master(nic, false);
	reg_write(nic, EIMS_EX, 2);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd[1]), 0);
	CHECK_EQ(intr_deadline(nic), 0);	/* nobody wakes up for nothing */
	rig_master(nic, true);
	for (uint64_t t = now_ns(); now_ns() - t < 1000000;)
		intr_flush(nic);
	CHECK_EQ(take(fd[1]), 1);

	rig_master(nic, false);
	reg_write(nic, GPIE, 0);
	intr_set_eventfd(nic, &nic->intr.intx_fd, line);
	reg_write(nic, EIMS, 2);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(line), 1);
	intr_set_eventfd(nic, &nic->intr.intx_fd, -1);
	down(&r);
}

static void legacy_line(void)
{
	struct rig r;
	struct nic *nic;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->intr.intx_fd = fd;
	REG(nic, IVAR) = 0x80 | 0x8100;
	reg_write(nic, EIAM, 0xffff);
	reg_write(nic, EIMS, 3);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	intr_tx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 0);			/* masked until the client says so */
	CHECK_EQ(reg_read(nic, EICR), 3);
	CHECK_EQ(reg_read(nic, EIMS), 0);
	nic->intr.intx_masked = false;
	intr_flush(nic);
	CHECK_EQ(take(fd), 0);
	reg_write(nic, EIMS, 3);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	intr_set_eventfd(nic, &nic->intr.intx_fd, -1);
	rig_down(&r);
}

/* a message for each time that a cause rises, however soon after it was cleared */
static void legacy_message(void)
{
	struct rig r;
	struct nic *nic;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->intr.msi_fd = fd;
	REG(nic, IVAR) = 0x80 | 0x8100;
	reg_write(nic, EIMS, 3);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	intr_tx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 0);			/* nobody has looked yet */
	CHECK_EQ(reg_read(nic, EICR), 3);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	reg_write(nic, EICR, 1);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	reg_write(nic, EIMC, 3);
	reg_write(nic, EIMS, 3);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	intr_set_eventfd(nic, &nic->intr.msi_fd, -1);
	rig_down(&r);
}

/* EIAM and EIAM_EX are one register as far as queues go; what it does depends on who asks */
static void auto_mask(void)
{
	struct rig r;
	int fd[4];
	struct nic *nic = up(&r, fd, 4);

	reg_write(nic, EIAM_EX, 0xabcd1234);
	CHECK_EQ(reg_read(nic, EIAM), 0x1234);
	reg_write(nic, EIAM, 0x00110002);
	CHECK_EQ(reg_read(nic, EIAM_EX), 0xabcd0002);
	CHECK_EQ(reg_read(nic, EIAM), 0x00110002);
	/* by messages: EICR and EICS leave the masks alone */
	reg_write(nic, EIMS, 2);
	reg_read(nic, EICR);
	reg_write(nic, EICR, 2);
	CHECK_EQ(reg_read(nic, EIMS), 2);
	reg_write(nic, EIMC, 2);
	reg_write(nic, EICS, 2);
	CHECK_EQ(reg_read(nic, EIMS), 0);
	/* by a line: reading and clearing masks, asking unmasks */
	reg_write(nic, GPIE, 0);
	reg_write(nic, EICR, ~0u);
	reg_write(nic, EIMS, 0x00100003);
	reg_write(nic, EICR, 0x00100003);
	CHECK_EQ(reg_read(nic, EIMS), 1);
	reg_write(nic, EICS, 0x00100002);
	CHECK_EQ(reg_read(nic, EIMS), 0x00100003);
	reg_read(nic, EICR);
	CHECK_EQ(reg_read(nic, EIMS), 1);
	down(&r);
}

/* the driver can switch the line off, and sees it whether it is off or not */
static void line_in_config_space(void)
{
	struct rig r;
	struct nic *nic;
	uint16_t command = 0x0406, status;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	nic->intr.intx_fd = fd;
	REG(nic, IVAR) = 0x80;
	reg_write(nic, EIMS, 1);
	pci_read(nic, 6, &status, 2);
	CHECK_EQ(status, 0x0010);
	pci_write(nic, PCI_COMMAND, &command, 2);
	intr_rx(nic, 0);
	intr_flush(nic);
	CHECK_EQ(take(fd), 0);
	pci_read(nic, 6, &status, 2);
	CHECK_EQ(status, 0x0018);
	command = 0x0006;
	pci_write(nic, PCI_COMMAND, &command, 2);
	intr_flush(nic);
	CHECK_EQ(take(fd), 1);
	reg_read(nic, EICR);
	pci_read(nic, 6, &status, 2);
	CHECK_EQ(status, 0x0010);
	intr_set_eventfd(nic, &nic->intr.intx_fd, -1);
	rig_down(&r);
}

const struct test tests_intr[] = {
	{ "intr: every queue reaches its vector", routes },
	{ "intr: mask, automatic mask and clear, pending on unmask", masks },
	{ "intr: a lost one is not repeated, and masks nothing", lost_ones },
	{ "intr: link change goes to the vector for other causes", other_causes },
	{ "intr: EITR holds a vector back for its interval", throttles },
	{ "intr: no throttle with sync", unthrottled_when_sync },
	{ "intr: a vector without a listener is pending", pending_bits },
	{ "intr: INTx", legacy_line },
	{ "intr: MSI, a message for each rise", legacy_message },
	{ "intr: automatic masks of EICR and EICS", auto_mask },
	{ "intr: INTx disable and status in configuration space", line_in_config_space },
	{ "intr: no message without the bus master bit, but a line", no_messages_without_master },
	{ 0 }
};
