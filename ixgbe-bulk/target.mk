# SPDX-License-Identifier: GPL-2.0
# What lets the source of a series fit headers of the same series that differ; the unpatched test build has it, too.

# Debian's 6.1 for real time lacks these two names, and its source is that of the plain 6.1, which uses them
ifeq ($(shell grep -l u64_stats_fetch_begin_irq $(srctree)/include/linux/u64_stats_sync.h),)
ccflags-y += -Du64_stats_fetch_begin_irq=u64_stats_fetch_begin -Du64_stats_fetch_retry_irq=u64_stats_fetch_retry
endif
