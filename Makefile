# SPDX-License-Identifier: GPL-2.0
# What a person types; the modules themselves are built by Kbuild.

KVER ?= $(shell uname -r)
OUT ?= build/$(KVER)
export KSRC
# only who types it means it: what the environment holds may be another program's
FORCED := $(if $(filter command,$(origin FORCE)),$(if $(FORCE),--force))

# "make try SHELL=1" means a prompt; what runs the recipes is another matter, and so is what their makes are told
TRY_SHELL := $(if $(filter 1 y yes true,$(SHELL)),--shell)
ifneq ($(TRY_SHELL),)
override SHELL := /bin/sh
MAKEOVERRIDES :=
else ifeq ($(origin SHELL)$(findstring /,$(SHELL))$(filter try,$(MAKECMDGOALS)),command linetry)
$(error for a prompt in the guest say SHELL=1, not SHELL=$(SHELL))
endif
KERNEL ?= 6.1
# said NAME,WORD: the word unless the variable is empty or says no
said = $(if $(filter-out 0 n no,$($(1))),$(2))

.PHONY: help modules install uninstall clean try bench test test-debug clean-cache

help:
	@echo 'make install    build both modules with DKMS and install them (as root)'
	@echo 'make uninstall  take everything back (as root)'
	@echo 'make modules    build both in $(OUT), installing nothing'
	@echo 'make clean      remove what modules built'
	@echo 'make try        see it work in a guest with two emulated ports (as root); SHELL=1 for a prompt there'
	@echo 'make bench      what skbs and packets cost, in instructions, by mode and kernel (as root); QUICK=1 compares some'
	@echo '                cells with the figures kept, PUBLISH=1 writes tests/bench/RESULTS.md as well, FULL=1 measures every'
	@echo '                combination of class, order, depth and ring'
	@echo 'make test       run all tests (as root)'
	@echo 'make test-debug run those that find most on a 6.1 built with KASAN, lockdep and the like (as root; half an hour to build)'
	@echo 'make clean-cache  remove what try and test downloaded and made'
	@echo
	@echo 'KVER=release    another kernel than the running one'
	@echo 'FORCE=1         make uninstall takes back ports that carry your own connection, too'
	@echo 'KSRC=place      a kernel source, unpacked or a tarball, to take ixgbe from'
	@echo 'KERNEL=6.1      the guest of make try: 5.10, 6.1, 6.12 or 7.3'

modules:
	@scripts/build --kernel '$(KVER)' --out '$(OUT)'

install:
	@scripts/install --kernel '$(KVER)'

uninstall:
	@scripts/uninstall $(FORCED)

clean:
	rm -rf build

try:
	@tests/try/run --kernel '$(KERNEL)' $(TRY_SHELL)

bench:
	@tests/bench/run $(call said,QUICK,--quick) $(call said,FULL,--full) $(call said,PUBLISH,--publish)

test:
	@tests/run

test-debug:
	@tests/run --kernel 6.1-debug

clean-cache:
	@tests/vm/clean
