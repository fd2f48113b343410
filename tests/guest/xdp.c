// SPDX-License-Identifier: GPL-2.0
/* Puts a small XDP program on an interface in the driver, or takes it off: xdp IFACE pass|drop|tx|redirect|off */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSN(c, d, s, o, i)	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV_IMM(d, i)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV_REG(d, s)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD_IMM(d, i)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define LOAD(size, d, s, o)	INSN(BPF_LDX | (size) | BPF_MEM, d, s, o, 0)
#define STORE(size, d, s, o)	INSN(BPF_STX | (size) | BPF_MEM, d, s, o, 0)
#define IF_GREATER(d, s, o)	INSN(BPF_JMP | BPF_JGT | BPF_X, d, s, o, 0)
#define CALL(f)			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT()			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static unsigned int append(struct bpf_insn *to, const struct bpf_insn *from, unsigned int n)
{
	memcpy(to, from, n * sizeof(*from));
	return n;
}

/* sends the frame back to where it came from: source and destination change places */
static unsigned int swap_addresses(struct bpf_insn *p)
{
	const struct bpf_insn head[] = {
		LOAD(BPF_W, 2, 1, 0),		/* r2: the frame, r3: its end */
		LOAD(BPF_W, 3, 1, 4),
		MOV_REG(4, 2),
		ADD_IMM(4, 14),
		IF_GREATER(4, 3, 12),		/* too short: over the swap */
	};
	unsigned int n = append(p, head, 5);

	for (int16_t i = 0; i < 6; i += 2) {
		const struct bpf_insn pair[] = {
			LOAD(BPF_H, 4, 2, i),
			LOAD(BPF_H, 5, 2, (int16_t)(i + 6)),
			STORE(BPF_H, 2, 5, i),
			STORE(BPF_H, 2, 4, (int16_t)(i + 6)),
		};

		n += append(p + n, pair, 4);
	}
	return n;
}

static unsigned int program(const char *what, int ifindex, struct bpf_insn *p)
{
	unsigned int n = 0;

	if (!strcmp(what, "pass") || !strcmp(what, "drop")) {
		p[n++] = MOV_IMM(0, *what == 'p' ? XDP_PASS : XDP_DROP);
	} else if (!strcmp(what, "tx")) {
		n = swap_addresses(p);
		p[n++] = MOV_IMM(0, XDP_TX);
	} else if (!strcmp(what, "redirect")) {
		n = swap_addresses(p);
		p[n++] = MOV_IMM(1, ifindex);
		p[n++] = MOV_IMM(2, 0);
		p[n++] = CALL(BPF_FUNC_redirect);
	} else {
		return 0;
	}
	p[n++] = EXIT();
	return n;
}

static int load(const struct bpf_insn *insns, unsigned int n)
{
	static char log[4096];
	union bpf_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_XDP;
	a.insns = (uintptr_t)insns;
	a.insn_cnt = n;
	a.license = (uintptr_t)"GPL";
	a.log_buf = (uintptr_t)log;
	a.log_size = sizeof(log);
	a.log_level = 1;
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	if (fd < 0)
		fprintf(stderr, "xdp: the kernel refuses the program: %s\n%s", strerror(errno), log);
	return fd;
}

static int attach(int ifindex, int fd)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
		struct nlattr nest, a1;
		int32_t fd;
		struct nlattr a2;
		uint32_t flags;
	} m = {
		.h = { sizeof(m), RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		.i = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex },
		.nest = { 4 + 8 + 8, IFLA_XDP | NLA_F_NESTED },
		.a1 = { 8, IFLA_XDP_FD },
		.fd = fd,
		.a2 = { 8, IFLA_XDP_FLAGS },
		.flags = XDP_FLAGS_DRV_MODE,
	};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[1024];
	} r;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (s < 0 || send(s, &m, sizeof(m), 0) != sizeof(m) || recv(s, &r, sizeof(r), 0) < (ssize_t)sizeof(r.h))
		return errno;
	close(s);
	return r.h.nlmsg_type == NLMSG_ERROR ? -r.e.error : 0;
}

int main(int argc, char **argv)
{
	struct bpf_insn insns[64];
	int ifindex, fd = -1, err;
	unsigned int n;

	if (argc != 3) {
		fprintf(stderr, "usage: xdp IFACE pass|drop|tx|redirect|off\n");
		return 2;
	}
	ifindex = (int)if_nametoindex(argv[1]);
	n = program(argv[2], ifindex, insns);
	if (!ifindex || (!n && strcmp(argv[2], "off"))) {
		fprintf(stderr, "xdp: no interface %s, or no program %s\n", argv[1], argv[2]);
		return 2;
	}
	if (n) {
		fd = load(insns, n);
		if (fd < 0)
			return 1;
	}
	err = attach(ifindex, fd);
	if (err)
		fprintf(stderr, "xdp: %s does not take it: %s\n", argv[1], strerror(err));
	return err != 0;
}
