// SPDX-License-Identifier: GPL-2.0
/* The emulated 82599 as a process: command line, and the loop that serves every port. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "nic.h"

#define TX_BUDGET	64	/* frames a port sends before the sockets get a turn */
#define MAX_POLL	32

static const char usage[] =
	"usage: nic82599 --port sock=PATH[,KEY=VALUE]... [--port ...] [--all KEY=VALUE,...] [--cable A,B]...\n"
	"                [--pcap PORT[:in|:out]=FILE]... [--control SOCK] [--script FILE] [--stats FILE]\n"
	"       nic82599 --tell SOCK COMMAND...\n"
	"\n"
	"Serves each port as a vfio-user device on its socket. Two ports are cabled to each other unless\n"
	"--cable says otherwise; a port without a cable has a link partner that swallows every frame.\n"
	"Prints 'ready' when the sockets listen, ends when the last client has gone.\n"
	"  mac=       XX:XX:XX:XX:XX:XX; link=down starts with the cable out\n"
	"  id=        10f7, a backplane port that needs no module (default), or 10fb with an SFP+ module\n"
	"  msix=off   a port without MSI-X, so that its driver takes MSI\n"
	"  tester=1   the link partner makes and checks traffic, see README\n"
	"  sync=1     transmit before a register write returns, and never throttle interrupts\n"
	"  --all      options that every port gets\n"
	"  --pcap     frames in and out of a port, or only those of one direction\n"
	"  --control  commands by a socket, one a line: link 0 down, tx-stall 0 on, gone 0 on, ...\n"
	"  --script   the same from a file at the start, with at-frame 0 1000 COMMAND to wait for a frame\n"
	"  --stats    at the end, what each port did\n";

struct program {
	struct card card;
	struct config config[MAX_PORTS];
	unsigned int n_config;
	struct vfio *vfio[MAX_PORTS];
	struct control *control;
	const char *stats;
	int signals;
};

static _Noreturn void die(const char *what, const char *arg)
{
	fprintf(stderr, "nic82599: %s%s%s\n", what, arg ? ": " : "", arg ? arg : "");
	exit(2);
}

/* command line */

static void parse_mac(const char *text, uint8_t *mac)
{
	unsigned int b[6];
	char rest;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &rest) != 6)
		die("not a MAC address", text);
	for (unsigned int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	if (mac[0] & 1)
		die("a port cannot have a multicast address", text);
}

/* one list of options, for a port or for all of them */
static void port_options(struct config *cfg, char *arg)
{
	enum { SOCK, MAC, ID, SYNC, LINK, TESTER, MSIX };
	static char *const keys[] = {
		[SOCK] = "sock", [MAC] = "mac", [ID] = "id", [SYNC] = "sync", [LINK] = "link",
		[TESTER] = "tester", [MSIX] = "msix", NULL
	};
	char *value;

	while (*arg) {
		int key = getsubopt(&arg, keys, &value);

		if (key < 0 || !value)
			die("no such option of a port", value);
		switch (key) {
		case SOCK:
			cfg->sock = value;
			break;
		case MAC:
			parse_mac(value, cfg->mac);
			break;
		case ID:
			cfg->device_id = (uint16_t)strtoul(value, NULL, 16);
			if (cfg->device_id != 0x10f7 && cfg->device_id != 0x10fb)
				die("id is 10f7 (backplane) or 10fb (SFP+)", value);
			break;
		case SYNC:
			cfg->sync = strcmp(value, "0");
			break;
		case LINK:
			cfg->link_down = !strcmp(value, "down");
			break;
		case TESTER:
			cfg->tester = strcmp(value, "0");
			break;
		case MSIX:
			cfg->no_msix = !strcmp(value, "off");
			break;
		}
	}
}

static void new_port(struct program *p, char *arg)
{
	struct config *cfg = &p->config[p->n_config];

	if (p->n_config == MAX_PORTS)
		die("too many ports", arg);
	*cfg = (struct config){ .device_id = 0x10f7 };
	memcpy(cfg->mac, "\x02\x00\x00\x82\x59\x00", 6);
	cfg->mac[5] = (uint8_t)p->n_config++;
	port_options(cfg, arg);
	if (!cfg->sock)
		die("--port needs sock=PATH", NULL);
}

static void join(struct program *p, const char *arg)
{
	unsigned int a, b;
	char rest;

	if (sscanf(arg, "%u,%u%c", &a, &b, &rest) != 2 || a == b || a >= p->card.n || b >= p->card.n)
		die("--cable needs two ports that there are, as A,B", arg);
	card_cable(&p->card, a, b);
}

static void capture(struct program *p, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);
	bool in = strncmp(end, ":out=", 5), out = strncmp(end, ":in=", 4);
	const char *path = strchr(end, '=');
	struct wire *w;
	struct pcap *to;

	if (end == arg || !path || n >= p->card.n || (in && out && path != end))
		die("--pcap needs a port that there is, as N=FILE, N:in=FILE or N:out=FILE", arg);
	w = &p->card.port[n]->wire;
	if ((in && w->in) || (out && w->out))
		die("that is captured already", arg);
	to = pcap_open(path + 1);
	if (!to)
		die("cannot write", path + 1);
	if (in)
		w->in = to;
	if (out)
		w->out = to;
}

/* what names ports waits until all of them are known */
struct later {
	const char *cable[MAX_PORTS], *pcap[2 * MAX_PORTS];
	char *all;
	const char *control, *script;
	unsigned int cables, pcaps;
};

static void build(struct program *p, const struct later *l)
{
	for (unsigned int i = 0; i < p->n_config; i++) {
		if (l->all)
			port_options(&p->config[i], strdup(l->all));
		if (!card_add(&p->card, &p->config[i]))
			die("no memory", NULL);
	}
	for (unsigned int i = 0; i < l->cables; i++)
		join(p, l->cable[i]);
	if (!l->cables && p->card.n == 2 && !p->config[0].tester && !p->config[1].tester)
		card_cable(&p->card, 0, 1);
	for (unsigned int i = 0; i < l->pcaps; i++)
		capture(p, l->pcap[i]);
	if (l->control) {
		p->control = control_listen(&p->card, l->control);
		if (!p->control)
			die("cannot listen", l->control);
	}
	if (l->script && !script_file(&p->card, l->script))
		die("a script that makes no sense", l->script);
}

static int tell(const char *sock, int words, char **word)
{
	char line[256] = "";

	for (int i = 0; i < words; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? " " : "", word[i]);
	return control_tell(sock, line);
}

static void parse(struct program *p, int argc, char **argv)
{
	enum { PORT = 256, ALL, CABLE, PCAP, CONTROL, SCRIPT, STATS, TELL, HELP };
	static const struct option opts[] = {
		{ "port", required_argument, NULL, PORT },
		{ "all", required_argument, NULL, ALL },
		{ "cable", required_argument, NULL, CABLE },
		{ "pcap", required_argument, NULL, PCAP },
		{ "control", required_argument, NULL, CONTROL },
		{ "script", required_argument, NULL, SCRIPT },
		{ "stats", required_argument, NULL, STATS },
		{ "tell", required_argument, NULL, TELL },
		{ "help", no_argument, NULL, HELP },
		{ 0 }
	};
	struct later l = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		switch (c) {
		case PORT:
			new_port(p, optarg);
			break;
		case ALL:
			l.all = optarg;
			break;
		case CABLE:
			if (l.cables < MAX_PORTS)
				l.cable[l.cables++] = optarg;
			break;
		case PCAP:
			if (l.pcaps < 2 * MAX_PORTS)
				l.pcap[l.pcaps++] = optarg;
			break;
		case CONTROL:
			l.control = optarg;
			break;
		case SCRIPT:
			l.script = optarg;
			break;
		case STATS:
			p->stats = optarg;
			break;
		case TELL:
			exit(tell(optarg, argc - optind, argv + optind));
		case HELP:
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind != argc || !p->n_config) {
		fputs(usage, stderr);
		exit(2);
	}
	build(p, &l);
}

/* the loop */

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* every client that there was has gone */
static bool deserted(const struct program *p)
{
	bool was = false;

	for (unsigned int i = 0; i < p->card.n; i++) {
		if (vfio_connected(p->vfio[i]))
			return false;
		was |= vfio_was_connected(p->vfio[i]);
	}
	return was;
}

static void earlier(uint64_t *first, uint64_t deadline)
{
	if (deadline && (!*first || deadline < *first))
		*first = deadline;
}

/* how long to sleep: not at all, until something is due, or for good */
static const struct timespec *timeout(struct program *p, bool busy, struct timespec *t)
{
	uint64_t first = 0, now;

	memset(t, 0, sizeof(*t));
	if (busy)
		return t;
	for (unsigned int i = 0; i < p->card.n; i++) {
		earlier(&first, intr_deadline(p->card.port[i]));
		earlier(&first, tester_deadline(p->card.port[i]));
		earlier(&first, late_deadline(p->card.port[i]));
		earlier(&first, script_deadline(p->card.port[i]));
	}
	if (!first)
		return NULL;
	now = now_ns();
	if (first > now) {
		t->tv_sec = (time_t)((first - now) / 1000000000u);
		t->tv_nsec = (long)((first - now) % 1000000000u);
	}
	return t;
}

static void serve(struct program *p)
{
	bool busy = false;

	while (!deserted(p)) {
		struct pollfd pfd[MAX_POLL];
		struct timespec t;
		int ctl[8], n = 0, n_ctl;

		pfd[n++] = (struct pollfd){ .fd = p->signals, .events = POLLIN };
		for (unsigned int i = 0; i < p->card.n; i++)
			pfd[n++] = (struct pollfd){ .fd = vfio_pollfd(p->vfio[i]),
						    .events = vfio_pollevents(p->vfio[i]) };
		n_ctl = control_pollfds(p->control, ctl, 8);
		for (int i = 0; i < n_ctl; i++)
			pfd[n++] = (struct pollfd){ .fd = ctl[i], .events = POLLIN };

		if (ppoll(pfd, (nfds_t)n, timeout(p, busy, &t), NULL) < 0 && errno != EINTR)
			die("poll", strerror(errno));
		if (pfd[0].revents)
			return;
		for (unsigned int i = 0; i < p->card.n; i++)
			if (pfd[1 + i].revents)
				vfio_input(p->vfio[i]);
		for (int i = 0; i < n_ctl; i++)
			if (pfd[1 + p->card.n + (unsigned int)i].revents) {
				control_input(p->control);
				break;
			}
		busy = card_run(&p->card, TX_BUDGET);
	}
}

static void finish(struct program *p)
{
	FILE *f;

	if (p->stats) {
		f = fopen(p->stats, "w");
		if (!f)
			die("cannot write", p->stats);
		for (unsigned int i = 0; i < p->card.n; i++)
			stats_dump(p->card.port[i], f);
		fprintf(f, "card.cpu_ms %ld\n", (long)(clock() / (CLOCKS_PER_SEC / 1000)));
		fclose(f);
	}
	for (unsigned int i = 0; i < p->card.n; i++)
		vfio_close(p->vfio[i]);
	control_close(p->control);
	card_free(&p->card);
}

int main(int argc, char **argv)
{
	struct program p = { 0 };

	regs_init();
	parse(&p, argc, argv);
	p.signals = watch_signals();
	for (unsigned int i = 0; i < p.card.n; i++) {
		p.vfio[i] = vfio_listen(p.card.port[i], p.card.port[i]->cfg.sock);
		if (!p.vfio[i])
			die("cannot listen", p.card.port[i]->cfg.sock);
	}
	puts("ready");
	fflush(stdout);
	serve(&p);
	finish(&p);
	return 0;
}
