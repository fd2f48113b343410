// SPDX-License-Identifier: GPL-2.0
/* Trouble on demand: one command a line by a socket, one line of answer. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "nic.h"

#define MAX_CLIENTS	4
#define LINE		256
#define BLANK		" \t\r\n"

struct client {
	int fd;
	char line[LINE];
	size_t used;
};

struct control {
	struct card *card;
	char *path;
	int fd;
	struct client client[MAX_CLIENTS];
};

/* chance */

uint64_t fault_random(struct fault *f)
{
	f->rng ^= f->rng << 13;
	f->rng ^= f->rng >> 7;
	f->rng ^= f->rng << 17;
	return f->rng;
}

bool fault_one_in(struct fault *f, uint32_t n)
{
	return n && fault_random(f) % n == 0;
}

/* the commands */

static bool on_off(const char *arg, bool *to)
{
	if (!arg || (strcmp(arg, "on") && strcmp(arg, "off")))
		return false;
	*to = !strcmp(arg, "on");
	return true;
}

static bool number(const char *arg, uint32_t *to)
{
	char *end;
	unsigned long n;

	if (!arg)
		return false;
	errno = 0;
	n = strtoul(arg, &end, 0);
	if (errno || *end || end == arg || n > UINT32_MAX)
		return false;
	*to = (uint32_t)n;
	return true;
}

static bool cmd_link(struct nic *nic, const char *arg)
{
	if (!arg || (strcmp(arg, "up") && strcmp(arg, "down")))
		return false;
	/* a cable has two ends */
	if (nic->wire.peer)
		link_set_cable(nic->wire.peer, !strcmp(arg, "up"));
	link_set_cable(nic, !strcmp(arg, "up"));
	return true;
}

static bool cmd_module(struct nic *nic, const char *arg)
{
	if (!arg || (strcmp(arg, "in") && strcmp(arg, "out")))
		return false;
	link_set_module(nic, !strcmp(arg, "in"));
	return true;
}

static bool cmd_tx_stall(struct nic *nic, const char *arg)
{
	return on_off(arg, &nic->fault.tx_stall);
}

static bool cmd_irq_hold(struct nic *nic, const char *arg)
{
	return on_off(arg, &nic->fault.irq_hold);
}

static bool cmd_irq_lose(struct nic *nic, const char *arg)
{
	return number(arg, &nic->fault.irq_lose_1_in);
}

/* what waits goes before the times change: a queue would overtake itself */
static bool cmd_wb_delay(struct nic *nic, const char *arg)
{
	late_flush(nic);
	return number(arg, &nic->fault.wb_delay);
}

static bool cmd_wb_spread(struct nic *nic, const char *arg)
{
	late_flush(nic);
	return number(arg, &nic->fault.wb_spread);
}

static bool cmd_gone(struct nic *nic, const char *arg)
{
	if (!on_off(arg, &nic->fault.gone))
		return false;
	if (nic->wire.peer)
		wire_pause_listen(nic->wire.peer);
	return true;
}

static bool cmd_lose(struct nic *nic, const char *arg)
{
	return number(arg, &nic->fault.drop_1_in);
}

static bool cmd_corrupt(struct nic *nic, const char *arg)
{
	return number(arg, &nic->fault.corrupt_1_in);
}

static bool cmd_corrupt_data(struct nic *nic, const char *arg)
{
	return number(arg, &nic->fault.corrupt_data_1_in);
}

static bool cmd_seed(struct nic *nic, const char *arg)
{
	uint32_t n;

	if (!number(arg, &n) || !n)
		return false;
	nic->fault.rng = n;
	return true;
}

static bool cmd_eeprom_bad(struct nic *nic, const char *arg)
{
	bool bad;

	if (!on_off(arg, &bad))
		return false;
	eeprom_seal(nic);
	if (bad)
		nic->eeprom.word[0x3f] ^= 1;
	return true;
}

static const struct {
	const char *name, *arg;
	bool (*run)(struct nic *nic, const char *arg);
} commands[] = {
	{ "link", "up|down", cmd_link },
	{ "module", "in|out", cmd_module },
	{ "tx-stall", "on|off", cmd_tx_stall },
	{ "irq-hold", "on|off", cmd_irq_hold },
	{ "irq-lose", "one-in-N, 0 for none", cmd_irq_lose },
	{ "wb-delay", "microseconds", cmd_wb_delay },
	{ "wb-spread", "microseconds", cmd_wb_spread },
	{ "gone", "on|off", cmd_gone },
	{ "lose", "one-in-N, 0 for none", cmd_lose },
	{ "corrupt", "one-in-N, 0 for none", cmd_corrupt },
	{ "corrupt-data", "one-in-N, 0 for none", cmd_corrupt_data },
	{ "seed", "N", cmd_seed },
	{ "eeprom-bad", "on|off", cmd_eeprom_bad },
};

/* those with more to say than one word */

static bool cmd_flap(struct nic *nic, const char *arg, char *rest)
{
	uint32_t count, us;

	if (!number(arg, &count) || !number(strtok_r(NULL, BLANK, &rest), &us) || !us)
		return false;
	script_flap(nic, count, us);
	return true;
}

static bool cmd_at_frame(struct nic *nic, const char *arg, char *rest)
{
	uint32_t frame;

	return number(arg, &frame) && rest && rest[strspn(rest, BLANK)] && script_at_frame(nic, frame, rest);
}

static const struct {
	const char *name, *args;
	bool (*run)(struct nic *nic, const char *arg, char *rest);
} plans[] = {
	{ "flap", "how often, microseconds", cmd_flap },
	{ "at-frame", "the number of a frame that is yet to be sent, command", cmd_at_frame },
};

void control_command(struct card *card, char *line, char *answer, size_t size)
{
	char *save, *name = strtok_r(line, BLANK, &save);
	char *port = strtok_r(NULL, BLANK, &save);
	char *arg = strtok_r(NULL, BLANK, &save);
	uint32_t n;

	if (!name || !number(port, &n) || n >= card->n) {
		snprintf(answer, size, "error: say COMMAND PORT ARGUMENT, with a port from 0 to %u",
			 card->n - 1);
		return;
	}
	if (!strcmp(name, "report")) {
		if (!card->port[n]->wire.tester) {
			snprintf(answer, size, "error: port %u has no tester", n);
			return;
		}
		snprintf(answer, size, "ok ");
		tester_report(card->port[n], answer + 3, size - 3);
		return;
	}
	if (!strcmp(name, "frames")) {
		struct nic *nic = card->port[n];

		snprintf(answer, size, "ok %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64 " lost",
			 nic->wire.sent, nic->wire.received, nic->fault.dropped);
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name))
			continue;
		if (commands[i].run(card->port[n], arg))
			snprintf(answer, size, "ok");
		else
			snprintf(answer, size, "error: %s takes %s", name, commands[i].arg);
		return;
	}
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		if (strcmp(name, plans[i].name))
			continue;
		if (plans[i].run(card->port[n], arg, save))
			snprintf(answer, size, "ok");
		else
			snprintf(answer, size, "error: %s takes %s", name, plans[i].args);
		return;
	}
	snprintf(answer, size, "error: no command %s", name);
}

/* the socket */

struct control *control_listen(struct card *card, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct control *c = calloc(1, sizeof(*c));

	if (!c || strlen(path) >= sizeof(a.sun_path)) {
		free(c);
		return NULL;
	}
	strcpy(a.sun_path, path);
	c->card = card;
	for (unsigned int i = 0; i < MAX_CLIENTS; i++)
		c->client[i].fd = -1;
	unlink(path);
	c->path = strdup(path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!c->path || c->fd < 0 || bind(c->fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(c->fd, MAX_CLIENTS)) {
		control_close(c);
		return NULL;
	}
	return c;
}

/* the other side of it: say one line, print the answer; 0 if it was ok */
int control_tell(const char *path, const char *line)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[LINE + 2];
	ssize_t n = -1;

	if (strlen(path) < sizeof(a.sun_path))
		strcpy(a.sun_path, path);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof(a)) &&
	    dprintf(fd, "%s\n", line) > 0)
		n = recv(fd, answer, sizeof(answer) - 1, 0);
	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		fprintf(stderr, "nic82599: nobody answers at %s\n", path);
		return 1;
	}
	answer[n] = 0;
	fputs(answer, stdout);
	return strncmp(answer, "ok", 2) != 0;
}

int control_pollfds(const struct control *c, int *fd, int max)
{
	int n = 0;

	if (!c)
		return 0;
	if (n < max)
		fd[n++] = c->fd;
	for (unsigned int i = 0; i < MAX_CLIENTS; i++)
		if (c->client[i].fd >= 0 && n < max)
			fd[n++] = c->client[i].fd;
	return n;
}

static void hang_up(struct client *k)
{
	close(k->fd);
	k->fd = -1;
	k->used = 0;
}

static void run_line(struct control *c, struct client *k, char *line)
{
	char answer[LINE + 2];
	size_t len;

	control_command(c->card, line, answer, LINE);
	len = strlen(answer);
	answer[len++] = '\n';
	if (send(k->fd, answer, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		hang_up(k);
}

static void read_client(struct control *c, struct client *k)
{
	ssize_t n = recv(k->fd, k->line + k->used, sizeof(k->line) - 1 - k->used, MSG_DONTWAIT);
	char *nl;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(k);
		return;
	}
	k->used += (size_t)n;
	k->line[k->used] = 0;
	while (k->fd >= 0 && (nl = memchr(k->line, '\n', k->used))) {
		size_t len = (size_t)(nl - k->line) + 1;
		char line[LINE];

		*nl = 0;
		memcpy(line, k->line, len);
		memmove(k->line, k->line + len, k->used - len);
		k->used -= len;
		run_line(c, k, line);
	}
	if (k->fd >= 0 && k->used == sizeof(k->line) - 1)
		hang_up(k);
}

void control_input(struct control *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (unsigned int i = 0; fd >= 0 && i < MAX_CLIENTS; i++)
		if (c->client[i].fd < 0) {
			c->client[i].fd = fd;
			fd = -1;
		}
	if (fd >= 0)
		close(fd);
	for (unsigned int i = 0; i < MAX_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			read_client(c, &c->client[i]);
}

void control_close(struct control *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < MAX_CLIENTS; i++)
		if (c->client[i].fd >= 0)
			close(c->client[i].fd);
	if (c->fd >= 0)
		close(c->fd);
	if (c->path)
		unlink(c->path);
	free(c->path);
	free(c);
}
