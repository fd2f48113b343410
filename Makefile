# SPDX-License-Identifier: GPL-2.0
# What a person types; the modules themselves are built by Kbuild.

KVER ?= $(shell uname -r)
OUT ?= build/$(KVER)
export KSRC FORCE

.PHONY: help modules install uninstall clean

help:
	@echo 'make install    build both modules with DKMS and install them (as root)'
	@echo 'make uninstall  take everything back (as root)'
	@echo 'make modules    build both in $(OUT), installing nothing'
	@echo 'make clean      remove what modules built'
	@echo
	@echo 'KVER=release    another kernel than the running one'
	@echo 'KSRC=place      a kernel source, unpacked or a tarball, to take ixgbe from'

modules:
	@scripts/build --kernel '$(KVER)' --out '$(OUT)'

install:
	@scripts/install --kernel '$(KVER)'

uninstall:
	@scripts/uninstall

clean:
	rm -rf build
