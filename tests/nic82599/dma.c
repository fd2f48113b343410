// SPDX-License-Identifier: GPL-2.0
/* The guest's memory as the card may see it: every address and length goes through here. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nic.h"

#define REPORT_MAX	20		/* a broken guest must not fill the log */

/* first region that ends behind iova */
static unsigned int find(const struct dma *d, uint64_t iova)
{
	unsigned int lo = 0, hi = d->n;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (d->region[mid].iova + (d->region[mid].size - 1) < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int insert(struct nic *nic, const struct dma_region *r)
{
	struct dma *d = &nic->dma;
	unsigned int i;

	if (!r->size || r->iova + (r->size - 1) < r->iova)
		return -EINVAL;
	if (d->n == DMA_REGIONS)
		return -ENOSPC;
	i = find(d, r->iova);
	if (i < d->n && d->region[i].iova <= r->iova + (r->size - 1))
		return -EEXIST;
	memmove(&d->region[i + 1], &d->region[i], (d->n - i) * sizeof(*r));
	d->region[i] = *r;
	d->n++;
	return 0;
}

/*
 * A client can cut its file short after it was mapped, and the next access is a bus error. Then zeros of our own
 * take the place of what the region showed, so that the access ends, and the region takes no more of them.
 */

static struct dma *guarded;
static struct sigaction before;

static struct dma_region *region_at(const void *addr, struct dma **of)
{
	uintptr_t at = (uintptr_t)addr;

	for (*of = guarded; *of; *of = (*of)->next)
		for (unsigned int i = 0; i < (*of)->n; i++) {
			struct dma_region *r = &(*of)->region[i];

			if (r->map_len && at - (uintptr_t)r->host < r->map_len)
				return r;
		}
	return NULL;
}

static void bus_error(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "nic82599: a client's memory has become smaller: no more dma to that region\n";
	struct dma *d;
	struct dma_region *r = region_at(info->si_addr, &d);

	(void)context;
	if (!r || mmap(r->host, r->map_len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
		/* none of ours: the access comes again and ends as it would have ended */
		sigaction(sig, &before, NULL);
		return;
	}
	r->prot = 0;
	if (d->lost++ < REPORT_MAX && write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return;
}

static void guard(struct dma *d)
{
	struct sigaction sa = { .sa_sigaction = bus_error, .sa_flags = SA_SIGINFO };

	if (d->guarded)
		return;
	if (!guarded)
		sigaction(SIGBUS, &sa, &before);
	d->guarded = true;
	d->next = guarded;
	guarded = d;
}

void dma_free(struct nic *nic)
{
	struct dma **at = &guarded;

	dma_unmap_all(nic);
	if (!nic->dma.guarded)
		return;
	while (*at != &nic->dma)
		at = &(*at)->next;
	*at = nic->dma.next;
	if (!guarded)
		sigaction(SIGBUS, &before, NULL);
}

int dma_map_fd(struct nic *nic, uint64_t iova, uint64_t size, uint64_t offset, uint32_t prot, int fd)
{
	struct dma_region r = { .iova = iova, .size = size, .prot = prot };
	struct stat st;
	void *host;
	int err;

	if (fd < 0)
		return insert(nic, &r);

	if (fstat(fd, &st))
		return -errno;
	if (offset % (uint64_t)sysconf(_SC_PAGESIZE) || iova % 4096 || size > SIZE_MAX ||
	    offset + size < offset || offset + size > (uint64_t)st.st_size)
		return -EINVAL;
	host = mmap(NULL, size, (prot & DMA_WRITE) ? PROT_READ | PROT_WRITE : PROT_READ,
		    MAP_SHARED, fd, (off_t)offset);
	if (host == MAP_FAILED && errno == EACCES && (prot & DMA_WRITE)) {
		/* a file that the client has open for reading: a disk image as memory */
		r.prot &= ~DMA_WRITE;
		host = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	}
	if (host == MAP_FAILED)
		return -errno;
	r.host = host;
	r.map_len = size;
	err = insert(nic, &r);
	if (err)
		munmap(host, size);
	else
		guard(&nic->dma);
	return err;
}

int dma_map_host(struct nic *nic, uint64_t iova, uint64_t size, uint32_t prot, void *host)
{
	struct dma_region r = { .iova = iova, .size = size, .prot = prot, .host = host };

	return insert(nic, &r);
}

static void drop(struct dma *d, unsigned int i)
{
	if (d->region[i].map_len)
		munmap(d->region[i].host, d->region[i].map_len);
	d->n--;
	memmove(&d->region[i], &d->region[i + 1], (d->n - i) * sizeof(d->region[0]));
	d->last = 0;
}

int dma_unmap(struct nic *nic, uint64_t iova, uint64_t size)
{
	struct dma *d = &nic->dma;
	unsigned int i = find(d, iova);
	int found = 0;

	if (!size || iova + (size - 1) < iova)
		return -EINVAL;
	while (i < d->n && d->region[i].iova >= iova &&
	       d->region[i].iova + (d->region[i].size - 1) <= iova + (size - 1)) {
		drop(d, i);
		found = 1;
	}
	return found ? 0 : -ENOENT;
}

void dma_unmap_all(struct nic *nic)
{
	while (nic->dma.n)
		drop(&nic->dma, nic->dma.n - 1);
}

void *dma_at(struct nic *nic, uint64_t iova, uint64_t len, uint32_t prot)
{
	struct dma *d = &nic->dma;
	const struct dma_region *r;
	unsigned int i = d->last;

	if (!nic_is_master(nic))
		return NULL;
	/* nearly every access is in the region of the one before */
	if (i >= d->n || iova < d->region[i].iova || iova - d->region[i].iova >= d->region[i].size)
		i = find(d, iova);
	if (i >= d->n)
		return NULL;
	r = &d->region[i];
	if (iova < r->iova || len > r->size || iova - r->iova > r->size - len)
		return NULL;
	if (!r->host || (r->prot & prot) != prot)
		return NULL;
	d->last = i;
	return r->host + (iova - r->iova);
}

void *dma_get(struct nic *nic, uint64_t iova, uint64_t len, uint32_t prot, const char *why)
{
	void *p = dma_at(nic, iova, len, prot);

	if (!p && nic->dma.refused++ < REPORT_MAX)
		nic_msg(nic, "refused dma %s of %" PRIu64 " bytes at 0x%" PRIx64 " (%s%s)",
			(prot & DMA_WRITE) ? "write" : "read", len, iova, why,
			nic_is_master(nic) ? "" : ", not bus master");
	return p;
}

bool dma_write(struct nic *nic, uint64_t iova, const void *from, size_t len, const char *why)
{
	void *p = dma_get(nic, iova, len, DMA_WRITE, why);

	if (p)
		memcpy(p, from, len);
	return p;
}
