// SPDX-License-Identifier: GPL-2.0
/* The protocol, as a client sees it: over a socket pair, with descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

struct bench {
	struct rig rig;
	struct vfio *v;
	int fd;
	uint16_t id;
};

struct msg {
	uint16_t id, cmd;
	uint32_t size, flags, error;
	uint8_t body[4096];
};

static void up(struct bench *b)
{
	int pair[2];

	rig_up(&b->rig, 1);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	b->v = vfio_adopt(b->rig.port[0].nic, pair[0]);
	b->fd = pair[1];
	b->id = 1;
}

static void down(struct bench *b)
{
	vfio_close(b->v);
	close(b->fd);
	rig_down(&b->rig);
}

static void post(struct bench *b, uint16_t cmd, uint32_t flags, const void *body, uint32_t len,
		 const int *fds, unsigned int n)
{
	struct msg m = { .id = b->id++, .cmd = cmd, .size = 16 + len, .flags = flags };
	struct iovec iov = { &m, 16 + len };
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} ctl = { 0 };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (len)
		memcpy(m.body, body, len);
	if (n) {
		h.msg_control = &ctl;
		h.msg_controllen = CMSG_SPACE(n * sizeof(int));
		ctl.h.cmsg_level = SOL_SOCKET;
		ctl.h.cmsg_type = SCM_RIGHTS;
		ctl.h.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&ctl.h), fds, n * sizeof(int));
	}
	CHECK_EQ(sendmsg(b->fd, &h, 0), 16 + len);
}

/* the answer, or size 0 if there is none */
static struct msg answer(struct bench *b)
{
	struct msg m = { 0 };

	if (recv(b->fd, &m, 16, MSG_DONTWAIT) != 16)
		return (struct msg){ 0 };
	if (m.size > 16)
		CHECK_EQ(recv(b->fd, m.body, m.size - 16, MSG_DONTWAIT), m.size - 16);
	return m;
}

static struct msg ask(struct bench *b, uint16_t cmd, const void *body, uint32_t len)
{
	post(b, cmd, 0, body, len, NULL, 0);
	vfio_input(b->v);
	return answer(b);
}

static uint32_t rd(struct bench *b, uint32_t region, uint64_t off)
{
	struct { uint64_t off; uint32_t region, count; } a = { off, region, 4 };
	struct msg m = ask(b, 9, &a, sizeof(a));
	uint32_t v;

	CHECK_EQ(m.flags, 1);
	CHECK_EQ(m.size, 16 + 16 + 4);
	memcpy(&v, m.body + 16, 4);
	return v;
}

static void wr(struct bench *b, uint32_t region, uint64_t off, uint32_t val, uint32_t flags)
{
	struct { uint64_t off; uint32_t region, count, val, pad; } a = { off, region, 4, val, 0 };

	post(b, 10, flags, &a, 20, NULL, 0);
}

static void handshake(void)
{
	static const char hello[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
	struct bench b;
	struct msg m;
	uint32_t w[8];

	up(&b);
	m = ask(&b, 1, hello, sizeof(hello));
	CHECK_EQ(m.flags, 1);
	CHECK_EQ(m.id, 1);
	CHECK(strstr((char *)m.body + 4, "\"max_msg_fds\":16"));
	CHECK_EQ(m.body[m.size - 17], 0);
	m = ask(&b, 1, "\1\0\0\0", 4);
	CHECK_EQ(m.flags, 0x21);
	m = ask(&b, 4, (uint32_t[4]){ 16 }, 16);
	memcpy(w, m.body, 16);
	CHECK_EQ(w[1], 3);
	CHECK_EQ(w[2], 9);
	CHECK_EQ(w[3], 5);
	m = ask(&b, 5, (uint32_t[8]){ 32, 0, 0 }, 32);
	memcpy(w, m.body, 32);
	CHECK_EQ(w[4], 512 * 1024);
	m = ask(&b, 5, (uint32_t[8]){ 32, 0, 4 }, 32);
	memcpy(w, m.body, 32);
	CHECK_EQ(w[4], 16 * 1024);
	m = ask(&b, 5, (uint32_t[8]){ 32, 0, 99 }, 32);
	CHECK_EQ(m.error, EINVAL);
	m = ask(&b, 7, (uint32_t[4]){ 16, 0, 2 }, 16);
	memcpy(w, m.body, 16);
	CHECK_EQ(w[3], 64);
	m = ask(&b, 99, NULL, 0);
	CHECK_EQ(m.error, ENOTSUP);
	down(&b);
}

static void access_regions(void)
{
	struct bench b;
	struct { uint64_t off; uint32_t region, count; } a;
	struct msg m;

	up(&b);
	CHECK_EQ(rd(&b, 0, FWSM), 0x8004);
	CHECK_EQ(rd(&b, 7, 0), 0x10f78086);
	wr(&b, 0, MRQC, 0x77, 0);
	vfio_input(b.v);
	m = answer(&b);
	CHECK_EQ(m.size, 32);
	/* a posted write has no answer */
	wr(&b, 0, MRQC, 0x88, 0x10);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).size, 0);
	CHECK_EQ(rd(&b, 0, MRQC), 0x88);
	CHECK_EQ(b.rig.port[0].nic->n_unknown, 0);
	CHECK_EQ(rd(&b, 0, 0x7fffc), ~0u);
	CHECK_EQ(rd(&b, 0, 0x20000), ~0u);
	CHECK_EQ(b.rig.port[0].nic->n_unknown, 1);	/* there is no flash: said once */
	a.off = MRQC; a.region = 0; a.count = 2;
	for (unsigned int i = 0; i < 2; i++) {
		struct { uint64_t off; uint32_t region, count, val, pad; } w = { MRQC, 0, 2, 0x99, 0 };

		CHECK_EQ(ask(&b, 10, &w, 18).size, 32);
	}
	CHECK_EQ(ask(&b, 9, &a, 16).size, 34);		/* reading a part is well */
	CHECK_EQ(rd(&b, 0, MRQC), 0x88);
	CHECK_EQ(b.rig.port[0].nic->n_unknown, 2);	/* half a register is not written */
	wr(&b, 4, 0x10, 0x1234, 0x10);
	wr(&b, 4, MSIX_PBA, ~0u, 0x10);
	vfio_input(b.v);
	CHECK_EQ(rd(&b, 4, 0x10), 0x1234);
	CHECK_EQ(rd(&b, 4, MSIX_PBA), 0);
	a.off = 0x7fffe; a.region = 0; a.count = 4;
	CHECK_EQ(ask(&b, 9, &a, 16).error, EINVAL);
	a.off = ~0ull; a.count = 1;
	CHECK_EQ(ask(&b, 9, &a, 16).error, EINVAL);
	a.off = 0; a.count = 0;
	CHECK_EQ(ask(&b, 9, &a, 16).error, EINVAL);
	a.count = ~0u;
	CHECK_EQ(ask(&b, 9, &a, 16).error, EINVAL);
	a.count = 100;
	CHECK_EQ(ask(&b, 10, &a, 16).error, EINVAL);	/* claims data that is not there */
	a.region = 1; a.count = 4;
	CHECK_EQ(ask(&b, 9, &a, 16).error, EINVAL);
	down(&b);
}

static void many_writes_in_one(void)
{
	struct bench b;
	struct {
		uint64_t n;
		struct { uint64_t off; uint32_t region, count, val, pad; } w[3];
	} m = { 3, { { MRQC, 0, 4, 5, 0 }, { MAXFRS, 0, 4, 6, 0 }, { ~0ull, 0, 4, 7, 0 } } };

	up(&b);
	post(&b, 15, 0x10, &m, sizeof(m), NULL, 0);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).size, 0);
	CHECK_EQ(rd(&b, 0, MRQC), 5);
	CHECK_EQ(rd(&b, 0, MAXFRS), 6);
	m.n = 1ull << 60;
	CHECK_EQ(ask(&b, 15, &m, sizeof(m)).error, EINVAL);
	down(&b);
}

static void in_pieces_and_heaps(void)
{
	struct bench b;
	struct msg m = { .id = 1, .cmd = 9, .size = 32 };
	struct { uint64_t off; uint32_t region, count; } a = { FWSM, 0, 4 };

	up(&b);
	memcpy(m.body, &a, 16);
	for (unsigned int i = 0; i < 32; i++) {
		CHECK_EQ(send(b.fd, (uint8_t *)&m + i, 1, 0), 1);
		vfio_input(b.v);
	}
	CHECK_EQ(answer(&b).size, 36);
	for (unsigned int i = 0; i < 50; i++)
		CHECK_EQ(send(b.fd, &m, 32, 0), 32);
	vfio_input(b.v);
	for (unsigned int i = 0; i < 50; i++)
		CHECK_EQ(answer(&b).size, 36);
	down(&b);
}

static void maps_and_interrupts(void)
{
	struct { uint32_t argsz, flags; uint64_t off, iova, size; } map = { 32, 3, 0, 0x1000, 0x2000 };
	struct { uint32_t argsz, flags; uint64_t iova, size; } unmap = { 24, 0, 0x1000, 0x2000 };
	struct { uint32_t argsz, flags, index, start, count; } irq = { 20, 0x24, 2, 5, 1 };
	struct { uint64_t off; uint32_t region, count; } a = { FWSM, 0, 4 };
	struct bench b;
	int mem = memfd_create("guest", MFD_CLOEXEC), ev = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t n = 0;

	up(&b);
	CHECK_EQ(ftruncate(mem, 0x2000), 0);
	/* several messages in one read, the descriptor belongs to the last */
	post(&b, 9, 0, &a, 16, NULL, 0);
	map.iova = 0x9000;
	post(&b, 2, 0, &map, 32, NULL, 0);
	map.iova = 0x1000;
	post(&b, 2, 0, &map, 32, &mem, 1);
	post(&b, 9, 0, &a, 16, NULL, 0);
	for (int i = 0; i < 4; i++)
		vfio_input(b.v);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(answer(&b).flags, 1);
	CHECK(dma_at(b.rig.port[0].nic, 0x1000, 0x2000, DMA_WRITE));
	CHECK(!dma_at(b.rig.port[0].nic, 0x9000, 1, DMA_READ));
	CHECK_EQ(ask(&b, 3, &unmap, 24).size, 16 + 24);
	CHECK(!dma_at(b.rig.port[0].nic, 0x1000, 1, DMA_READ));

	post(&b, 8, 0, &irq, 20, &ev, 1);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).flags, 1);
	wr(&b, 0, GPIE, GPIE_MSIX_MODE, 0x10);
	wr(&b, 0, EIMS_EX, 1 << 5, 0x10);
	wr(&b, 0, EICS_EX, 1 << 5, 0x10);
	vfio_input(b.v);
	rig_go(&b.rig);
	CHECK_EQ(read(ev, &n, 8), 8);
	irq.start = 64;
	CHECK_EQ(ask(&b, 8, &irq, 20).error, EINVAL);
	irq.start = 63;
	irq.count = 2;
	CHECK_EQ(ask(&b, 8, &irq, 20).error, EINVAL);
	irq.index = 99;
	CHECK_EQ(ask(&b, 8, &irq, 20).error, EINVAL);
	irq.flags = 0x21; irq.index = 2; irq.start = 0; irq.count = 0;
	CHECK_EQ(ask(&b, 8, &irq, 20).flags, 1);
	CHECK_EQ(b.rig.port[0].nic->intr.eventfd[5], -1);
	close(mem);
	close(ev);
	down(&b);
}

/* a descriptor that a write could wait on for ever is no interrupt */
static void interrupts_that_block(void)
{
	struct { uint32_t argsz, flags, index, start, count; } irq = { 20, 0x24, 2, 5, 1 };
	struct bench b;
	struct nic *nic;
	uint64_t most = ~1ull;
	int pipes[2], ev = eventfd(0, EFD_CLOEXEC), flags;

	up(&b);
	nic = b.rig.port[0].nic;
	CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
	post(&b, 8, 0, &irq, 20, &pipes[1], 1);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).error, EINVAL);
	CHECK_EQ(nic->intr.eventfd[5], -1);
	/* nor one whose count is full */
	CHECK_EQ(write(ev, &most, 8), 8);
	post(&b, 8, 0, &irq, 20, &ev, 1);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).flags, 1);
	flags = fcntl(ev, F_GETFL);
	CHECK(flags & O_NONBLOCK);
	reg_write(nic, GPIE, GPIE_MSIX_MODE);
	reg_write(nic, EIMS_EX, 1 << 5);
	reg_write(nic, EICS_EX, 1 << 5);
	if (flags & O_NONBLOCK)
		rig_go(&b.rig);
	CHECK_EQ(read(ev, &most, 8), 8);
	close(pipes[0]);
	close(pipes[1]);
	close(ev);
	down(&b);
}

/* with sync, what a doorbell sets off has happened when the write has its answer */
static void synchronous(void)
{
	struct bench b;
	uint8_t f[200];
	uint32_t len;

	up(&b);
	b.rig.port[0].nic->cfg.sync = true;
	rig_tx_queue(&b.rig.port[0], 0);
	len = make_frame(f, &(struct shape){ .payload = 100 });
	reg_write(b.rig.port[0].nic, TXDCTL, 0);
	rig_send(&b.rig.port[0], 0, f, len, &(struct want){ 0 });
	reg_write(b.rig.port[0].nic, TXDCTL, TXDCTL_ENABLE);
	wr(&b, 0, TDT, 1, 0);
	vfio_input(b.v);
	CHECK_EQ(answer(&b).size, 32);
	CHECK_EQ(b.rig.taps, 1);
	CHECK(rig_tx_desc(&b.rig.port[0], 0, 0)->olinfo & TXD_DD);
	down(&b);
}

static void bad_clients(void)
{
	static const struct msg bad[] = {
		{ .cmd = 9, .size = 0 }, { .cmd = 9, .size = 15 }, { .cmd = 9, .size = 0xffffffff },
	};

	for (unsigned int i = 0; i < 3; i++) {
		struct bench b;

		up(&b);
		CHECK_EQ(send(b.fd, &bad[i], 16, 0), 16);
		vfio_input(b.v);
		CHECK(!vfio_connected(b.v));
		down(&b);
	}
	for (uint16_t cmd = 0; cmd < 20; cmd++)
		for (uint32_t len = 0; len < 8; len++) {
			struct bench b;

			up(&b);
			post(&b, cmd, 0, "\377\377\377\377\377\377\377\377", len, NULL, 0);
			vfio_input(b.v);
			CHECK(vfio_connected(b.v));
			CHECK(answer(&b).size >= 16);
			down(&b);
		}
}

static void resets(void)
{
	struct bench b;

	up(&b);
	wr(&b, 0, MRQC, 5, 0x10);
	vfio_input(b.v);
	CHECK_EQ(rd(&b, 0, MRQC), 5);
	CHECK_EQ(ask(&b, 13, NULL, 0).flags, 1);
	CHECK_EQ(rd(&b, 0, MRQC), 0);
	CHECK(!nic_is_master(b.rig.port[0].nic));
	down(&b);
}

/* a client that asks and does not listen waits alone, and has every answer when it does */
static void does_not_listen(void)
{
	struct { uint64_t off; uint32_t region, count; } a = { 0, 7, 4000 };
	struct bench b;
	uint64_t began = now_ns();
	uint8_t in[8192];
	size_t got = 0;
	ssize_t n;

	up(&b);
	for (unsigned int i = 0; i < 200; i++) {
		post(&b, 9, 0, &a, sizeof(a), NULL, 0);
		vfio_input(b.v);
	}
	CHECK(now_ns() - began < 2000000000ull);
	CHECK(vfio_connected(b.v));
	CHECK_EQ(vfio_pollevents(b.v), POLLOUT);
	for (unsigned int i = 0; i < 1000; i++) {
		while ((n = recv(b.fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
			got += (size_t)n;
		vfio_input(b.v);
	}
	CHECK_EQ(got, 200 * (16 + 16 + 4000));
	CHECK_EQ(vfio_pollevents(b.v), POLLIN);
	close(b.fd);
	while (vfio_connected(b.v))
		vfio_input(b.v);
	b.fd = dup(0);
	down(&b);
}

static void leaves(void)
{
	struct bench b;

	up(&b);
	CHECK(nic_is_master(b.rig.port[0].nic));
	close(b.fd);
	vfio_input(b.v);
	CHECK(!vfio_connected(b.v));
	CHECK(vfio_was_connected(b.v));
	/* the next one finds a card as new */
	CHECK(!nic_is_master(b.rig.port[0].nic));
	CHECK(!dma_at(b.rig.port[0].nic, RIG_IOVA, 1, DMA_READ));
	b.fd = dup(0);
	down(&b);
}

const struct test tests_vfio[] = {
	{ "vfio-user: version, device, regions, interrupts", handshake },
	{ "vfio-user: reads and writes, posted and not, bounds", access_regions },
	{ "vfio-user: many writes in one message", many_writes_in_one },
	{ "vfio-user: messages in pieces and in heaps", in_pieces_and_heaps },
	{ "vfio-user: memory and eventfds by descriptor", maps_and_interrupts },
	{ "vfio-user: interrupts go to eventfds that do not block", interrupts_that_block },
	{ "vfio-user: sync: sent before the doorbell is answered", synchronous },
	{ "vfio-user: nonsense", bad_clients },
	{ "vfio-user: reset", resets },
	{ "vfio-user: a client that does not listen", does_not_listen },
	{ "vfio-user: the client leaves", leaves },
	{ 0 }
};
