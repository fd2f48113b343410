// SPDX-License-Identifier: GPL-2.0
/* Sends discard-port UDP frames back by AF_XDP, on queue 0: xsk IFACE copy|zerocopy COUNT */
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "xdp.h"

#define FRAMES	4096u
#define CHUNK	4096u
#define RING	2048u

#ifndef AF_XDP
#define AF_XDP	44
#endif
#ifndef SOL_XDP
#define SOL_XDP	283
#endif

struct ring {
	uint32_t *producer, *consumer;
	void *desc;
};

static void die(const char *what)
{
	fprintf(stderr, "xsk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int make_map(void)
{
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_XSKMAP;
	a.key_size = a.value_size = 4;
	a.max_entries = 1;
	fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a));
	if (fd < 0)
		die("no map");
	return fd;
}

static void put_socket(int map, int sock)
{
	union bpf_attr a;
	uint32_t key = 0, value = (uint32_t)sock;

	memset(&a, 0, sizeof(a));
	a.map_fd = (uint32_t)map;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)&value;
	if (syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &a, sizeof(a)))
		die("the map takes no socket");
}

/* what goes to UDP port 9 is for the socket, everything else for the kernel */
static int redirect_program(int map)
{
	const struct bpf_insn p[] = {
		LOAD(BPF_W, 2, 1, 0),
		LOAD(BPF_W, 3, 1, 4),
		MOV_REG(4, 2),
		ADD_IMM(4, 42),
		IF_GREATER(4, 3, 8),
		LOAD(BPF_H, 5, 2, 36),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 6, 9 << 8),
		LOAD(BPF_W, 2, 1, 16),			/* rx_queue_index */
		INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		MOV_IMM(3, XDP_PASS),
		CALL(BPF_FUNC_redirect_map),
		EXIT(),
		MOV_IMM(0, XDP_PASS),
		EXIT(),
	};

	return xdp_load(p, sizeof(p) / sizeof(p[0]));
}

static struct ring map_ring(int fd, uint64_t page, const struct xdp_ring_offset *o, size_t entry)
{
	struct ring r;
	uint8_t *at;

	at = mmap(NULL, o->desc + RING * entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)page);
	if (at == MAP_FAILED)
		die("a ring cannot be mapped");
	r.producer = (uint32_t *)(at + o->producer);
	r.consumer = (uint32_t *)(at + o->consumer);
	r.desc = at + o->desc;
	return r;
}

static uint32_t get(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void set(uint32_t *p, uint32_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static void swap_mac(uint8_t *f)
{
	uint8_t t[6];

	memcpy(t, f, 6);
	memcpy(f, f + 6, 6);
	memcpy(f + 6, t, 6);
}

struct xsk {
	int fd;
	uint8_t *umem;
	struct ring rx, tx, fill, done;
};

static void give(struct xsk *x, uint64_t addr)
{
	uint32_t p = *x->fill.producer;

	((uint64_t *)x->fill.desc)[p % RING] = addr & ~(uint64_t)(CHUNK - 1);
	set(x->fill.producer, p + 1);
}

static void open_socket(struct xsk *x, int ifindex, uint16_t flags)
{
	static const int options[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING };
	struct sockaddr_xdp a = { .sxdp_family = AF_XDP, .sxdp_ifindex = (uint32_t)ifindex, .sxdp_flags = flags };
	struct xdp_umem_reg reg = { .len = (uint64_t)FRAMES * CHUNK, .chunk_size = CHUNK };
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	uint32_t n = RING;

	x->fd = socket(AF_XDP, SOCK_RAW, 0);
	x->umem = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (x->fd < 0 || x->umem == MAP_FAILED)
		die("no socket, or no memory");
	reg.addr = (uintptr_t)x->umem;
	if (setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		die("the kernel does not take the memory");
	for (int i = 0; i < 4; i++)
		if (setsockopt(x->fd, SOL_XDP, options[i], &n, sizeof(n)))
			die("no ring");
	if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		die("no offsets");
	x->rx = map_ring(x->fd, XDP_PGOFF_RX_RING, &off.rx, sizeof(struct xdp_desc));
	x->tx = map_ring(x->fd, XDP_PGOFF_TX_RING, &off.tx, sizeof(struct xdp_desc));
	x->fill = map_ring(x->fd, XDP_UMEM_PGOFF_FILL_RING, &off.fr, 8);
	x->done = map_ring(x->fd, XDP_UMEM_PGOFF_COMPLETION_RING, &off.cr, 8);
	for (uint32_t i = 0; i < RING; i++)
		give(x, (uint64_t)i * CHUNK);
	if (bind(x->fd, (struct sockaddr *)&a, sizeof(a)))
		die("the interface does not take the socket");
}

static unsigned int turn_round(struct xsk *x)
{
	const struct xdp_desc *in = x->rx.desc;
	struct xdp_desc *out = x->tx.desc;
	uint32_t c = *x->rx.consumer, end = get(x->rx.producer), p = *x->tx.producer;
	unsigned int n = 0;

	while (c != end && p - get(x->tx.consumer) < RING) {
		swap_mac(x->umem + in[c % RING].addr);
		out[p++ % RING] = in[c++ % RING];
		n++;
	}
	set(x->rx.consumer, c);
	set(x->tx.producer, p);
	return n;
}

static void take_back(struct xsk *x)
{
	uint32_t c = *x->done.consumer, end = get(x->done.producer);

	while (c != end)
		give(x, ((uint64_t *)x->done.desc)[c++ % RING]);
	set(x->done.consumer, c);
}

int main(int argc, char **argv)
{
	struct xsk x = { .fd = -1 };
	struct pollfd pfd = { .events = POLLIN };
	int ifindex, map, prog, err;
	unsigned long count, n = 0;
	bool zero;

	if (argc != 4) {
		fprintf(stderr, "usage: xsk IFACE copy|zerocopy COUNT\n");
		return 2;
	}
	ifindex = (int)if_nametoindex(argv[1]);
	zero = !strcmp(argv[2], "zerocopy");
	count = strtoul(argv[3], NULL, 0);
	map = make_map();
	prog = redirect_program(map);
	if (!ifindex || prog < 0)
		die("no interface, or no program");
	err = xdp_attach(ifindex, prog);
	if (err) {
		errno = err;
		die("the program cannot be attached");
	}
	open_socket(&x, ifindex, zero ? XDP_ZEROCOPY : XDP_COPY);
	put_socket(map, x.fd);
	puts("ready");
	fflush(stdout);
	pfd.fd = x.fd;
	while (n < count || *x.tx.producer != get(x.tx.consumer)) {
		if (n < count && poll(&pfd, 1, 20000) <= 0)
			break;
		n += turn_round(&x);
		sendto(x.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		take_back(&x);
	}
	/* what has been handed over is sent before the socket goes */
	for (int i = 0; i < 100; i++) {
		sendto(x.fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
		usleep(5000);
		take_back(&x);
	}
	xdp_attach(ifindex, -1);
	printf("%lu frames\n", n);
	return n != count;
}
