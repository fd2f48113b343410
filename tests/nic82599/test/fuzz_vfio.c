// SPDX-License-Identifier: GPL-2.0
/* Fuzzing as a hostile client: whatever bytes come over the socket, with or without descriptors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../nic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FDS_MAX		3

/* the first byte of each piece says how long it is and whether descriptors go with it */
static void send_piece(int sock, const uint8_t *p, size_t len, const int *fd, unsigned int n)
{
	struct iovec iov = { (void *)(uintptr_t)p, len };
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} ctl = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		m.msg_control = &ctl;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		ctl.h.cmsg_level = SOL_SOCKET;
		ctl.h.cmsg_type = SCM_RIGHTS;
		ctl.h.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&ctl.h), fd, n * sizeof(int));
	}
	if (len)
		sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* memory, an eventfd, one with a full count, a pipe that takes no more */
	static int kind[4] = { -1 };
	struct card card = { 0 };
	struct config cfg = { .device_id = 0x10f7, .mac = { 2 } };
	struct nic *nic;
	struct vfio *v;
	uint8_t sink[4096];
	int pair[2];

	if (kind[0] < 0) {
		uint64_t full = ~1ull;
		int ends[2];

		regs_init();
		kind[0] = memfd_create("guest", MFD_CLOEXEC);
		kind[1] = eventfd(0, EFD_CLOEXEC);
		kind[2] = eventfd(0, EFD_CLOEXEC);
		if (ftruncate(kind[0], 64 * 1024) || write(kind[2], &full, 8) != 8 ||
		    pipe2(ends, O_CLOEXEC | O_NONBLOCK))
			abort();
		while (write(ends[1], &full, 8) > 0)
			;
		fcntl(ends[1], F_SETFL, 0);
		kind[3] = ends[1];
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return 0;
	nic = card_add(&card, &cfg);
	v = vfio_adopt(nic, pair[0]);
	while (size > 1 && vfio_connected(v)) {
		size_t len = data[0] & 0x7f;
		unsigned int n = 0;
		int fd[FDS_MAX];

		if (len > size - 1)
			len = size - 1;
		/* the piece's last byte says how many, and which */
		if ((data[0] & 0x80) && len) {
			n = 1 + (data[len] >> 6) % FDS_MAX;
			for (unsigned int i = 0; i < n; i++)
				fd[i] = kind[data[len] >> 2 * i & 3];
		}
		send_piece(pair[1], data + 1, len, fd, n);
		data += 1 + len;
		size -= 1 + len;
		vfio_input(v);
		card_run(&card, 64);
		while (recv(pair[1], sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
	vfio_close(v);
	close(pair[1]);
	card_free(&card);
	return 0;
}
