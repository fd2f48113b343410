// SPDX-License-Identifier: GPL-2.0
/* The packet buffer: frames that wait for a receive descriptor, oldest first. */
#include <stdlib.h>
#include <string.h>

#include "nic.h"

bool fifo_init(struct fifo *f, uint32_t size)
{
	f->mem = malloc(size);
	f->size = size;
	f->head = f->used = 0;
	return f->mem;
}

/* copy in or out of the ring, which may wrap */
static void put(struct fifo *f, uint32_t at, const void *from, uint32_t len)
{
	uint32_t pos = at % f->size, first = f->size - pos;

	if (first > len)
		first = len;
	memcpy(f->mem + pos, from, first);
	memcpy(f->mem, (const uint8_t *)from + first, len - first);
}

static void get(const struct fifo *f, uint32_t at, void *to, uint32_t len)
{
	uint32_t pos = at % f->size, first = f->size - pos;

	if (first > len)
		first = len;
	memcpy(to, f->mem + pos, first);
	memcpy((uint8_t *)to + first, f->mem, len - first);
}

bool fifo_push(struct fifo *f, const struct rx_meta *m, const uint8_t *frame)
{
	uint32_t need = sizeof(*m) + m->len;

	if (need > f->size - f->used)
		return false;
	put(f, f->head + f->used, m, sizeof(*m));
	put(f, f->head + f->used + sizeof(*m), frame, m->len);
	f->used += need;
	return true;
}

bool fifo_peek(struct fifo *f, struct rx_meta *m, uint8_t *frame)
{
	if (!f->used)
		return false;
	get(f, f->head, m, sizeof(*m));
	get(f, f->head + sizeof(*m), frame, m->len);
	return true;
}

void fifo_pop(struct fifo *f, const struct rx_meta *m)
{
	uint32_t n = sizeof(*m) + m->len;

	f->head = (f->head + n) % f->size;
	f->used -= n;
}

void fifo_clear(struct fifo *f)
{
	f->head = f->used = 0;
}

uint32_t fifo_fill(const struct fifo *f)
{
	return f->used;
}
