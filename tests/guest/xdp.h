/* SPDX-License-Identifier: GPL-2.0 */
/* Loading XDP programs and putting them on interfaces, with nothing but the kernel's own calls. */
#ifndef TESTS_XDP_H
#define TESTS_XDP_H

#include <errno.h>
#include <stdbool.h>
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

static inline int xdp_load(const struct bpf_insn *insns, unsigned int n)
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

/* fd -1 takes the program off; returns an errno */
static inline int xdp_attach(int ifindex, int fd)
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

#endif
