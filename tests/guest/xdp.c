// SPDX-License-Identifier: GPL-2.0
/* Puts a small XDP program on an interface in the driver, or takes it off: xdp IFACE pass|drop|tx|redirect|off */
#include "xdp.h"

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
		fd = xdp_load(insns, n);
		if (fd < 0)
			return 1;
	}
	err = xdp_attach(ifindex, fd);
	if (err)
		fprintf(stderr, "xdp: %s does not take it: %s\n", argv[1], strerror(err));
	return err != 0;
}
