// SPDX-License-Identifier: GPL-2.0
/* The ports together: adding them, joining them by cables, doing their pending work. */
#include "nic.h"

#define SETTLE_ROUNDS	64

struct nic *card_add(struct card *card, const struct config *cfg)
{
	struct nic *nic;

	if (card->n == MAX_PORTS)
		return NULL;
	nic = nic_new(card->n, cfg);
	if (!nic)
		return NULL;
	nic->card = card;
	card->port[card->n++] = nic;
	return nic;
}

void card_cable(struct card *card, unsigned int a, unsigned int b)
{
	card->port[a]->wire.peer = card->port[b];
	card->port[b]->wire.peer = card->port[a];
	link_reset(card->port[a]);
	link_reset(card->port[b]);
}

bool card_run(struct card *card, unsigned int budget)
{
	bool more = false;

	for (unsigned int i = 0; i < card->n; i++) {
		tx_run(card->port[i], budget);
		if (card->port[i]->wire.tester)
			more |= tester_run(card->port[i], budget);
		late_run(card->port[i]);
		script_run(card->port[i]);
	}
	/* interrupts go out once for all that happened, not once a packet */
	for (unsigned int i = 0; i < card->n; i++) {
		intr_flush(card->port[i]);
		more |= tx_pending(card->port[i]);
	}
	return more;
}

/* as many rounds as full rings can need; what has no end goes on when the clients have had a turn */
void card_settle(struct card *card)
{
	for (unsigned int i = 0; i < SETTLE_ROUNDS && card_run(card, 4096); i++)
		;
}

void card_free(struct card *card)
{
	/* frames are never sent from here on: a peer may be gone already */
	for (unsigned int i = 0; i < card->n; i++)
		nic_free(card->port[i]);
	card->n = 0;
}
