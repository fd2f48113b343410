// SPDX-License-Identifier: GPL-2.0
/* Fuzzing as a hostile client: whatever bytes come over the socket, with or without descriptors. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../nic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* the first byte of each piece says how long it is and whether a descriptor goes with it */
static void send_piece(int sock, const uint8_t *p, size_t len, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)p, len };
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} ctl = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &ctl;
		m.msg_controllen = sizeof(ctl);
		ctl.h.cmsg_level = SOL_SOCKET;
		ctl.h.cmsg_type = SCM_RIGHTS;
		ctl.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ctl.h), &fd, sizeof(int));
	}
	if (len)
		sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int mem = -1;
	struct card card = { 0 };
	struct config cfg = { .device_id = 0x10f7, .mac = { 2 } };
	struct nic *nic;
	struct vfio *v;
	uint8_t sink[4096];
	int pair[2];

	if (mem < 0) {
		regs_init();
		mem = memfd_create("guest", MFD_CLOEXEC);
		if (ftruncate(mem, 64 * 1024))
			return 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return 0;
	nic = card_add(&card, &cfg);
	v = vfio_adopt(nic, pair[0]);
	while (size > 1 && vfio_connected(v)) {
		size_t len = data[0] & 0x7f;

		if (len > size - 1)
			len = size - 1;
		send_piece(pair[1], data + 1, len, data[0] & 0x80 ? mem : -1);
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
