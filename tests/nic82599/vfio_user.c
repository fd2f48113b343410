// SPDX-License-Identifier: GPL-2.0
/* The server side of the vfio-user protocol: one client, one port. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "nic.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP = 2,
	CMD_DMA_UNMAP = 3,
	CMD_GET_INFO = 4,
	CMD_GET_REGION_INFO = 5,
	CMD_GET_IRQ_INFO = 7,
	CMD_SET_IRQS = 8,
	CMD_REGION_READ = 9,
	CMD_REGION_WRITE = 10,
	CMD_RESET = 13,
	CMD_REGION_WRITE_MULTI = 15,
};

#define F_TYPE		0x0fu
#define F_REPLY		0x01u
#define F_NO_REPLY	0x10u
#define F_ERROR		0x20u

enum { REGION_BAR0 = 0, REGION_BAR4 = 4, REGION_CONFIG = 7, N_REGIONS = 9 };
enum { IRQ_INTX, IRQ_MSI, IRQ_MSIX, IRQ_ERR, IRQ_REQ, N_IRQS };

#define IRQ_EVENTFD	0x1u
#define IRQ_MASKABLE	0x2u
#define IRQ_AUTOMASKED	0x4u
#define IRQ_NORESIZE	0x8u

#define SET_DATA_NONE	0x01u
#define SET_DATA_EVENTFD 0x04u
#define SET_MASK	0x08u
#define SET_UNMASK	0x10u
#define SET_TRIGGER	0x20u

#define DMA_UNMAP_ALL	0x2u

#define MAX_FDS		16
#define MAX_XFER	4096u
#define MAX_MSG		(64u * 1024)

struct header {
	uint16_t id, cmd;
	uint32_t size, flags, error;
};

struct dma_map_msg {
	uint32_t argsz, flags;
	uint64_t offset, iova, size;
};

struct dma_unmap_msg {
	uint32_t argsz, flags;
	uint64_t iova, size;
};

struct info_msg {
	uint32_t argsz, flags, regions, irqs;
};

struct region_msg {
	uint32_t argsz, flags, index, cap;
	uint64_t size, offset;
};

struct irq_msg {
	uint32_t argsz, flags, index, count;
};

struct set_irqs_msg {
	uint32_t argsz, flags, index, start, count;
};

struct access_msg {
	uint64_t offset;
	uint32_t region, count;
};

struct multi_msg {
	struct access_msg at;
	uint8_t data[8];
};

struct vfio {
	struct nic *nic;
	char *path;
	int listen_fd, fd;
	bool was_connected;
	uint8_t in[2 * MAX_MSG];
	size_t used;
	uint64_t stream;		/* offset in the stream of in[0] */
	int fds[MAX_FDS];		/* came with the message that holds byte fds_at */
	unsigned int n_fds;
	uint64_t fds_at;
	uint8_t out[MAX_MSG];		/* one answer */
	size_t sent, to_send;
};

/* sending */

/* what the client does not take now waits, and its next requests with it; nobody else does */
static bool flush(struct vfio *v)
{
	while (v->sent < v->to_send) {
		ssize_t n = send(v->fd, v->out + v->sent, v->to_send - v->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		v->sent += (size_t)n;
	}
	v->sent = v->to_send = 0;
	return true;
}

/* the body of the reply lies behind the header in v->out */
static bool reply(struct vfio *v, const struct header *req, int err, size_t body)
{
	struct header h = { .id = req->id, .cmd = req->cmd, .flags = F_REPLY };

	if (req->flags & F_NO_REPLY)
		return true;
	if (err) {
		h.flags |= F_ERROR;
		h.error = (uint32_t)-err;
		body = 0;
	}
	h.size = (uint32_t)(sizeof(h) + body);
	memcpy(v->out, &h, sizeof(h));
	v->to_send = h.size;
	return flush(v);
}

static void *body_of(struct vfio *v)
{
	return v->out + sizeof(struct header);
}

/* the device's regions */

static uint64_t region_size(uint32_t region)
{
	switch (region) {
	case REGION_BAR0:
		return BAR0_SIZE;
	case REGION_BAR4:
		return BAR4_SIZE;
	case REGION_CONFIG:
		return PCI_CFG_SIZE;
	default:
		return 0;
	}
}

static bool access_ok(const struct access_msg *a)
{
	uint64_t size = region_size(a->region);

	return a->count && a->count <= MAX_XFER && a->offset < size && a->count <= size - a->offset;
}

/* registers are words; narrower reads get their part of one */
static void bar0_read(struct nic *nic, uint32_t off, uint8_t *to, uint32_t len)
{
	while (len) {
		uint32_t skip = off & 3, n = 4 - skip < len ? 4 - skip : len;
		uint32_t word = ~0u;

		if (off < REG_SPACE)
			word = reg_read(nic, off & ~3u);
		else
			reg_unknown(nic, off, "read behind the registers");
		memcpy(to, (uint8_t *)&word + skip, n);
		off += n;
		to += n;
		len -= n;
	}
}

static void bar0_write(struct nic *nic, uint32_t off, const uint8_t *from, uint32_t len)
{
	if ((off & 3) || len < 4) {
		reg_unknown(nic, off, "narrow write");
		return;
	}
	for (; len >= 4; off += 4, from += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, from, 4);
		if (off < REG_SPACE)
			reg_write(nic, off, word);
		else
			reg_unknown(nic, off, "write behind the registers");
	}
}

static void region_read(struct nic *nic, const struct access_msg *a, uint8_t *to)
{
	uint32_t off = (uint32_t)a->offset;

	switch (a->region) {
	case REGION_BAR0:
		bar0_read(nic, off, to, a->count);
		break;
	case REGION_BAR4:
		if (nic->fault.gone)
			memset(to, 0xff, a->count);
		else
			memcpy(to, nic->bar4 + off, a->count);
		break;
	default:
		pci_read(nic, off, to, a->count);
		break;
	}
}

static void region_write(struct nic *nic, const struct access_msg *a, const uint8_t *from)
{
	uint32_t off = (uint32_t)a->offset;

	switch (a->region) {
	case REGION_BAR0:
		bar0_write(nic, off, from, a->count);
		break;
	case REGION_BAR4:
		/* the pending bits are ours */
		if (off + a->count <= MSIX_PBA)
			memcpy(nic->bar4 + off, from, a->count);
		break;
	default:
		pci_write(nic, off, from, a->count);
		break;
	}
}

/* the commands: each returns the body's length or a negative errno */

static int do_version(struct vfio *v, const uint8_t *msg, size_t len)
{
	static const char caps[] = "{\"capabilities\":{\"max_msg_fds\":16,"
		"\"max_data_xfer_size\":4096,\"write_multiple\":true}}";
	uint16_t major;
	uint8_t *out = body_of(v);

	if (len < 4)
		return -EINVAL;
	memcpy(&major, msg, 2);
	if (major != 0)
		return -ENOTSUP;
	memset(out, 0, 4);			/* version 0.0 */
	memcpy(out + 4, caps, sizeof(caps));
	return 4 + sizeof(caps);
}

static int do_dma_map(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct dma_map_msg m;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, msg, sizeof(m));
	return dma_map_fd(v->nic, m.iova, m.size, m.offset, m.flags & (DMA_READ | DMA_WRITE),
			  v->n_fds ? v->fds[0] : -1);
}

static int do_dma_unmap(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct dma_unmap_msg m;
	int err = 0;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, msg, sizeof(m));
	if (m.flags & DMA_UNMAP_ALL)
		dma_unmap_all(v->nic);
	else
		err = dma_unmap(v->nic, m.iova, m.size);
	memcpy(body_of(v), &m, sizeof(m));
	return err ? err : (int)sizeof(m);
}

static int do_info(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct info_msg m = {
		.argsz = sizeof(m),
		.flags = 0x1 | 0x2,		/* can be reset, is PCI */
		.regions = N_REGIONS,
		.irqs = N_IRQS,
	};

	(void)msg;
	(void)len;
	memcpy(body_of(v), &m, sizeof(m));
	return sizeof(m);
}

static int do_region_info(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct region_msg m;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, msg, sizeof(m));
	if (m.index >= N_REGIONS)
		return -EINVAL;
	m.argsz = sizeof(m);
	m.size = region_size(m.index);
	m.flags = m.size ? 0x1 | 0x2 : 0;	/* read and write */
	m.cap = 0;
	m.offset = 0;
	memcpy(body_of(v), &m, sizeof(m));
	return sizeof(m);
}

static const struct {
	uint32_t flags, count;
} irq_info[N_IRQS] = {
	[IRQ_INTX] = { IRQ_EVENTFD | IRQ_MASKABLE | IRQ_AUTOMASKED, 1 },
	[IRQ_MSI] = { IRQ_EVENTFD | IRQ_NORESIZE, 1 },
	[IRQ_MSIX] = { IRQ_EVENTFD | IRQ_NORESIZE, N_VECTORS },
	[IRQ_ERR] = { IRQ_EVENTFD, 1 },		/* never used, but the client asks for it */
};

static int do_irq_info(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct irq_msg m;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, msg, sizeof(m));
	if (m.index >= N_IRQS)
		return -EINVAL;
	m.argsz = sizeof(m);
	m.flags = irq_info[m.index].flags;
	m.count = irq_info[m.index].count;
	memcpy(body_of(v), &m, sizeof(m));
	return sizeof(m);
}

static void connect_irq(struct vfio *v, uint32_t index, uint32_t vector, int fd)
{
	struct intr *in = &v->nic->intr;

	switch (index) {
	case IRQ_MSIX:
		intr_connect(v->nic, vector, fd);
		break;
	case IRQ_MSI:
		intr_set_eventfd(v->nic, &in->msi_fd, fd);
		break;
	case IRQ_INTX:
		intr_set_eventfd(v->nic, &in->intx_fd, fd);
		break;
	default:
		intr_set_eventfd(v->nic, &in->err_fd, fd);
		break;
	}
}

static void mask_intx(struct nic *nic, bool masked)
{
	nic->intr.intx_masked = masked;
	nic->intr.dirty = true;
}

static int do_set_irqs(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct set_irqs_msg m;
	uint32_t total;

	if (len < sizeof(m))
		return -EINVAL;
	memcpy(&m, msg, sizeof(m));
	if (m.index >= N_IRQS)
		return -EINVAL;
	total = irq_info[m.index].count;
	if (m.start > total || m.count > total - m.start)
		return -EINVAL;
	if (m.flags & (SET_MASK | SET_UNMASK)) {
		if (m.index == IRQ_INTX)
			mask_intx(v->nic, m.flags & SET_MASK);
		return 0;
	}
	if (!(m.flags & SET_TRIGGER))
		return -EINVAL;
	if ((m.flags & SET_DATA_NONE) && !m.count) {	/* switch the whole kind off */
		for (uint32_t i = 0; i < total; i++)
			connect_irq(v, m.index, i, -1);
		return 0;
	}
	if (!(m.flags & SET_DATA_EVENTFD))
		return 0;
	if (v->n_fds && v->n_fds != m.count)
		return -EINVAL;
	for (uint32_t i = 0; i < v->n_fds; i++)
		if (!intr_takes(v->fds[i]))
			return -EINVAL;
	for (uint32_t i = 0; i < m.count; i++) {
		connect_irq(v, m.index, m.start + i, v->n_fds ? v->fds[i] : -1);
		if (v->n_fds)
			v->fds[i] = -1;		/* it has an owner now */
	}
	if (m.index == IRQ_INTX)
		mask_intx(v->nic, false);
	return 0;
}

static int do_read(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct access_msg a;
	uint8_t *out = body_of(v);

	if (len < sizeof(a))
		return -EINVAL;
	memcpy(&a, msg, sizeof(a));
	if (!access_ok(&a))
		return -EINVAL;
	memcpy(out, &a, sizeof(a));
	region_read(v->nic, &a, out + sizeof(a));
	return (int)(sizeof(a) + a.count);
}

static int do_write(struct vfio *v, const uint8_t *msg, size_t len)
{
	struct access_msg a;

	if (len < sizeof(a))
		return -EINVAL;
	memcpy(&a, msg, sizeof(a));
	if (!access_ok(&a) || a.count > len - sizeof(a))
		return -EINVAL;
	region_write(v->nic, &a, msg + sizeof(a));
	if (v->nic->cfg.sync)
		card_settle(v->nic->card);
	memcpy(body_of(v), &a, sizeof(a));
	return sizeof(a);
}

static int do_write_multi(struct vfio *v, const uint8_t *msg, size_t len)
{
	uint64_t n;

	if (len < sizeof(n))
		return -EINVAL;
	memcpy(&n, msg, sizeof(n));
	msg += sizeof(n);
	len -= sizeof(n);
	if (n > len / sizeof(struct multi_msg))
		return -EINVAL;
	while (n--) {
		struct multi_msg m;

		memcpy(&m, msg, sizeof(m));
		msg += sizeof(m);
		if (access_ok(&m.at) && m.at.count <= sizeof(m.data))
			region_write(v->nic, &m.at, m.data);
	}
	if (v->nic->cfg.sync)
		card_settle(v->nic->card);
	return 0;
}

static int do_reset(struct vfio *v, const uint8_t *msg, size_t len)
{
	(void)msg;
	(void)len;
	pci_reset(v->nic);
	return 0;
}

static int (*const command[])(struct vfio *v, const uint8_t *msg, size_t len) = {
	[CMD_VERSION] = do_version,
	[CMD_DMA_MAP] = do_dma_map,
	[CMD_DMA_UNMAP] = do_dma_unmap,
	[CMD_GET_INFO] = do_info,
	[CMD_GET_REGION_INFO] = do_region_info,
	[CMD_GET_IRQ_INFO] = do_irq_info,
	[CMD_SET_IRQS] = do_set_irqs,
	[CMD_REGION_READ] = do_read,
	[CMD_REGION_WRITE] = do_write,
	[CMD_RESET] = do_reset,
	[CMD_REGION_WRITE_MULTI] = do_write_multi,
};

/* receiving */

static void drop_fds(struct vfio *v)
{
	for (unsigned int i = 0; i < v->n_fds; i++)
		if (v->fds[i] >= 0)
			close(v->fds[i]);
	v->n_fds = 0;
}

static void disconnect(struct vfio *v)
{
	struct nic *nic = v->nic;

	close(v->fd);
	v->fd = -1;
	v->used = v->sent = v->to_send = 0;
	drop_fds(v);
	for (unsigned int i = 0; i < N_VECTORS; i++)
		intr_set_eventfd(nic, &nic->intr.eventfd[i], -1);
	intr_set_eventfd(nic, &nic->intr.msi_fd, -1);
	intr_set_eventfd(nic, &nic->intr.intx_fd, -1);
	intr_set_eventfd(nic, &nic->intr.err_fd, -1);
	dma_unmap_all(nic);
	pci_reset(nic);
}

/* false: the client does not speak the protocol */
static bool dispatch(struct vfio *v, const struct header *h, const uint8_t *msg, size_t len,
		     bool has_fds)
{
	unsigned int held = v->n_fds;
	int ret = -ENOTSUP;

	if ((h->flags & F_TYPE) != 0)
		return true;			/* a reply to nothing */
	if (!has_fds)
		v->n_fds = 0;
	if (h->cmd < sizeof(command) / sizeof(command[0]) && command[h->cmd])
		ret = command[h->cmd](v, msg, len);
	if (has_fds)
		drop_fds(v);
	else
		v->n_fds = held;
	return reply(v, h, ret < 0 ? ret : 0, ret > 0 ? (size_t)ret : 0);
}

static bool process(struct vfio *v)
{
	size_t at = 0;

	while (!v->to_send && v->used - at >= sizeof(struct header)) {
		struct header h;
		uint64_t end;
		bool has_fds;

		memcpy(&h, v->in + at, sizeof(h));
		if (h.size < sizeof(h) || h.size > MAX_MSG)
			return false;
		if (h.size > v->used - at)
			break;
		end = v->stream + at + h.size;
		has_fds = v->n_fds && v->fds_at < end;
		if (!dispatch(v, &h, v->in + at + sizeof(h), h.size - sizeof(h), has_fds))
			return false;
		at += h.size;
	}
	memmove(v->in, v->in + at, v->used - at);
	v->used -= at;
	v->stream += at;
	return true;
}

/* with descriptors held for a message that is not whole, nothing beyond it may be read */
static size_t want(const struct vfio *v)
{
	struct header h;

	if (!v->n_fds)
		return sizeof(v->in) - v->used;
	if (v->used < sizeof(h))
		return sizeof(h) - v->used;
	memcpy(&h, v->in, sizeof(h));
	return h.size > v->used ? h.size - v->used : 1;
}

static bool receive(struct vfio *v)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	} ctl;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl,
			    .msg_controllen = sizeof(ctl) };
	ssize_t n;

	if (!flush(v) || !process(v))
		return false;
	if (v->to_send)
		return true;
	/* what is there already may have had to wait for the answer before it */
	iov = (struct iovec){ v->in + v->used, want(v) };
	n = recvmsg(v->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	v->used += (size_t)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		unsigned int k;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		k = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		drop_fds(v);
		memcpy(v->fds, CMSG_DATA(c), k * sizeof(int));
		v->n_fds = k;
		/* the kernel ends a read behind the bytes that descriptors came with */
		v->fds_at = v->stream + v->used - 1;
	}
	return process(v);
}

/* connections */

static struct vfio *vfio_new(struct nic *nic)
{
	struct vfio *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->nic = nic;
	v->listen_fd = v->fd = -1;
	return v;
}

struct vfio *vfio_listen(struct nic *nic, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct vfio *v;

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(a.sun_path, path);
	v = vfio_new(nic);
	if (!v)
		return NULL;
	unlink(path);
	v->path = strdup(path);
	v->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!v->path || v->listen_fd < 0 || bind(v->listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(v->listen_fd, 1)) {
		int err = errno;

		vfio_close(v);
		errno = err;
		return NULL;
	}
	return v;
}

struct vfio *vfio_adopt(struct nic *nic, int fd)
{
	struct vfio *v = vfio_new(nic);

	if (v) {
		v->fd = fd;
		v->was_connected = true;
	}
	return v;
}

int vfio_pollfd(const struct vfio *v)
{
	return v->fd >= 0 ? v->fd : v->listen_fd;
}

short vfio_pollevents(const struct vfio *v)
{
	return v->to_send ? POLLOUT : POLLIN;
}

bool vfio_connected(const struct vfio *v)
{
	return v->fd >= 0;
}

bool vfio_was_connected(const struct vfio *v)
{
	return v->was_connected;
}

void vfio_input(struct vfio *v)
{
	if (v->fd < 0) {
		v->fd = accept4(v->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		v->was_connected |= v->fd >= 0;
		return;
	}
	if (!receive(v))
		disconnect(v);
}

void vfio_close(struct vfio *v)
{
	if (!v)
		return;
	if (v->fd >= 0)
		disconnect(v);
	if (v->listen_fd >= 0)
		close(v->listen_fd);
	if (v->path)
		unlink(v->path);
	free(v->path);
	free(v);
}
