// SPDX-License-Identifier: GPL-2.0
/* The guest's memory: nothing outside a mapping is ever touched. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

static void bounds(void)
{
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	CHECK(dma_at(nic, RIG_IOVA, 1, DMA_READ) == r.port[0].mem);
	CHECK(dma_at(nic, RIG_IOVA, RIG_MEM, DMA_READ | DMA_WRITE));
	CHECK(!dma_at(nic, RIG_IOVA - 1, 1, DMA_READ));
	CHECK(!dma_at(nic, RIG_IOVA - 1, 2, DMA_READ));
	CHECK(!dma_at(nic, RIG_IOVA, RIG_MEM + 1ull, DMA_READ));
	CHECK(!dma_at(nic, RIG_IOVA + RIG_MEM, 1, DMA_READ));
	CHECK(!dma_at(nic, RIG_IOVA + RIG_MEM - 1, 2, DMA_READ));
	CHECK(!dma_at(nic, RIG_IOVA + 5, ~0ull, DMA_READ));
	CHECK(!dma_at(nic, ~0ull, 1, DMA_READ));
	CHECK(!dma_at(nic, 0, 1, DMA_READ));
	rig_down(&r);
}

static void regions(void)
{
	static uint8_t mem[64 * 1024];
	struct rig r;
	struct nic *nic;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	dma_unmap_all(nic);
	CHECK_EQ(dma_map_host(nic, 0x3000, 0x1000, DMA_READ, mem + 0x3000), 0);
	CHECK_EQ(dma_map_host(nic, 0x1000, 0x1000, DMA_READ | DMA_WRITE, mem + 0x1000), 0);
	CHECK_EQ(dma_map_host(nic, 0x2000, 0x1000, DMA_READ, NULL), 0);
	CHECK_EQ(dma_map_host(nic, 0x2fff, 0x2, DMA_READ, mem), -EEXIST);
	CHECK_EQ(dma_map_host(nic, 0x0, 0x10000, DMA_READ, mem), -EEXIST);
	CHECK_EQ(dma_map_host(nic, ~0ull - 1, 0x10, DMA_READ, mem), -EINVAL);
	CHECK_EQ(dma_map_host(nic, 0x9000, 0, DMA_READ, mem), -EINVAL);
	CHECK(dma_at(nic, 0x3fff, 1, DMA_READ) == mem + 0x3fff);
	CHECK(!dma_at(nic, 0x3fff, 1, DMA_WRITE));
	CHECK(!dma_at(nic, 0x2000, 1, DMA_READ));	/* known, not mapped */
	CHECK(!dma_at(nic, 0x1fff, 2, DMA_READ));	/* no reach across regions */
	CHECK_EQ(dma_unmap(nic, 0x1000, 0x2000), 0);
	CHECK(!dma_at(nic, 0x1000, 1, DMA_READ));
	CHECK(dma_at(nic, 0x3000, 1, DMA_READ));
	CHECK_EQ(dma_unmap(nic, 0x1000, 0x2000), -ENOENT);
	CHECK_EQ(dma_unmap(nic, 0x3000, 0), -EINVAL);
	rig_down(&r);
}

static void files(void)
{
	struct rig r;
	struct nic *nic;
	int fd = memfd_create("guest", MFD_CLOEXEC);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	CHECK_EQ(ftruncate(fd, 0x4000), 0);
	CHECK_EQ(pwrite(fd, "here", 4, 0x2000), 4);
	CHECK_EQ(dma_map_fd(nic, 0x1000, 0x2000, 0x2000, DMA_READ, fd), 0);
	CHECK(!memcmp(dma_at(nic, 0x1000, 4, DMA_READ), "here", 4));
	/* what lies behind the end of the file would be a bus error */
	CHECK_EQ(dma_map_fd(nic, 0x100000, 0x5000, 0, DMA_READ, fd), -EINVAL);
	CHECK_EQ(dma_map_fd(nic, 0x100000, 0x1000, 0x4000, DMA_READ, fd), -EINVAL);
	CHECK_EQ(dma_map_fd(nic, 0x100000, ~0ull, 0x1000, DMA_READ, fd), -EINVAL);
	CHECK_EQ(dma_map_fd(nic, 0x100000, 0x1000, 0x10, DMA_READ, fd), -EINVAL);
	close(fd);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(dma_map_fd(nic, 0x200000, 0x1000, 0, DMA_READ | DMA_WRITE, fd), 0);
	CHECK(dma_at(nic, 0x200000, 4, DMA_READ));
	CHECK(!dma_at(nic, 0x200000, 4, DMA_WRITE));
	CHECK_EQ(nic->dma.refused, 0);
	CHECK(!dma_write(nic, 0x200000, "no", 2, "file open for reading"));
	CHECK_EQ(nic->dma.refused, 1);
	close(fd);
	rig_down(&r);
}

/* the client's file gets shorter after it was mapped: what it held is refused, and nobody dies */
static void shrinks(void)
{
	struct rig r;
	struct nic *nic;
	uint8_t *p;
	int fd = memfd_create("guest", MFD_CLOEXEC);

	rig_up(&r, 1);
	nic = r.port[0].nic;
	CHECK_EQ(ftruncate(fd, 0x8000), 0);
	CHECK_EQ(dma_map_fd(nic, 0x1000, 0x4000, 0, DMA_READ | DMA_WRITE, fd), 0);
	CHECK_EQ(dma_map_fd(nic, 0x8000, 0x4000, 0x4000, DMA_READ | DMA_WRITE, fd), 0);
	CHECK(dma_write(nic, 0x8000, "here", 4, "test"));
	p = dma_at(nic, 0x8000, 4, DMA_READ);
	CHECK(!memcmp(p, "here", 4));
	CHECK_EQ(ftruncate(fd, 0x4000), 0);
	dma_write(nic, 0x8000, "gone", 4, "test");	/* an access on its way ends somewhere harmless */
	CHECK_EQ(nic->dma.lost, 1);
	CHECK(!dma_at(nic, 0x8000, 4, DMA_READ));
	CHECK(!dma_write(nic, 0x8000, "gone", 4, "test"));
	/* what is still there still works, and the client may map anew */
	CHECK(dma_write(nic, 0x1000, "here", 4, "test"));
	CHECK_EQ(dma_unmap(nic, 0x8000, 0x4000), 0);
	CHECK_EQ(ftruncate(fd, 0x8000), 0);
	CHECK_EQ(dma_map_fd(nic, 0x8000, 0x4000, 0x4000, DMA_READ | DMA_WRITE, fd), 0);
	CHECK(dma_write(nic, 0x8000, "back", 4, "test"));
	close(fd);
	rig_down(&r);
}

static void too_many(void)
{
	struct rig r;
	struct nic *nic;
	int err = 0;

	rig_up(&r, 1);
	nic = r.port[0].nic;
	for (unsigned int i = 0; i < DMA_REGIONS + 5 && !err; i++)
		err = dma_map_host(nic, 0x100000000ull + i * 0x1000, 0x1000, DMA_READ, r.port[0].mem);
	CHECK_EQ(err, -ENOSPC);
	rig_down(&r);
}

/* a driver that has not made the card bus master, or not any more: everything waits, nothing is lost or refused */
static void master(void)
{
	struct rig r;
	struct received got;
	uint8_t f[200], cfg[2];
	uint32_t len = make_frame(f, &(struct shape){ .payload = 100 }), v = 0x8000;
	struct nic *a, *b;

	rig_up_pair(&r, 10);
	a = r.port[0].nic;
	b = r.port[1].nic;
	rig_master(a, false);
	CHECK(!dma_at(a, RIG_IOVA, 1, DMA_READ));
	rig_send(&r.port[0], 0, f, len, &(struct want){ 0 });
	rig_go(&r);
	CHECK_EQ(r.taps, 0);
	CHECK_EQ(reg_read(a, TDH), 0);
	rig_master(b, false);
	rig_master(a, true);
	rig_go(&r);
	CHECK_EQ(r.taps, 1);
	CHECK(rig_tx_desc(&r.port[0], 0, 0)->olinfo & TXD_DD);
	CHECK(!rig_recv(&r.port[1], 0, &got));
	CHECK_EQ(reg_read(b, rxq_reg(0, RDH)), 0);
	rig_master(b, true);
	CHECK(rig_recv(&r.port[1], 0, &got));
	CHECK_EQ(got.len, len);
	CHECK(!memcmp(got.data, f, len));
	CHECK_EQ(a->dma.refused + b->dma.refused, 0);

	/* a function level reset takes the bit */
	pci_write(a, 0xa8, &v, 2);
	pci_read(a, PCI_COMMAND, cfg, 2);
	CHECK_EQ(cfg[0] | cfg[1], 0);
	CHECK(!dma_get(a, RIG_IOVA, 1, DMA_READ, "no master"));
	CHECK_EQ(a->dma.refused, 1);
	rig_down(&r);
}

const struct test tests_dma[] = {
	{ "dma: none without the bus master bit", master },
	{ "dma: nothing outside the mapping", bounds },
	{ "dma: regions do not overlap, rights are kept", regions },
	{ "dma: a file is mapped no further than it reaches", files },
	{ "dma: a file that shrinks under its mapping", shrinks },
	{ "dma: the number of regions has an end", too_many },
	{ 0 }
};
