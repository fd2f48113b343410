// SPDX-License-Identifier: GPL-2.0
/* The fuzzers' corpus, replayed: what once found a way in, or a way round, is tried every time, without clang. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define INPUT_MAX	65536

/* the fuzzers' entries under names of their own, see the Makefile */
int replay_guest(const uint8_t *data, size_t size);
int replay_vfio(const uint8_t *data, size_t size);

static void play(const char *path, int (*entry)(const uint8_t *data, size_t size))
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX), *exact;
	size_t size;

	CHECK(f);
	if (!f) {
		free(data);
		return;
	}
	size = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	CHECK(size > 0 && size < INPUT_MAX);
	/* no larger than it is, so that reading on is noticed */
	exact = malloc(size);
	memcpy(exact, data, size);
	free(data);
	entry(exact, size);
	free(exact);
}

static void play_all(const char *name, int (*entry)(const uint8_t *data, size_t size))
{
	char path[4096];
	struct dirent *e;
	unsigned int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
	d = opendir(path);
	CHECK(d);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", CORPUS, name, e->d_name);
		play(path, entry);
		n++;
	}
	if (d)
		closedir(d);
	CHECK(n >= 5);
}

static void guests(void)
{
	play_all("guest", replay_guest);
}

static void clients(void)
{
	play_all("vfio", replay_vfio);
}

const struct test tests_corpus[] = {
	{ "corpus: hostile guests", guests },
	{ "corpus: hostile clients", clients },
	{ 0 }
};
