# SPDX-License-Identifier: GPL-2.0
#
# The entry for people; everything is done by tools/testing/qemu/.  Never linked
# into a kernel tree.

qemu := tools/testing/qemu

# What follows CMD= reaches the guest's shell as it was typed, $ and all.
override CMD := $(value CMD)
export CMD

help:
	@echo 'make demo                  show what memory a real program touches (build/demo/)'
	@echo "make run CMD='...'         run any installed program in a guest with our kernel"
	@echo '                           (files of this machine, read-only; results in build/run/)'
	@echo "make test [TESTS='...']    run all tests, or those named; ends with the totals"
	@echo 'make kunit                 run the KUnit suites only'
	@echo 'make fuzz [MINUTES=5]      random operations on all files of the administrator'
	@echo '                           (SEED=n FLAVOUR=base; results in build/fuzz/)'
	@echo 'make test-hard [STEPS=...] tests of hours: other kernels, races, fuzzers (MINUTES=10;'
	@echo '                           resumes where it stopped)'
	@echo 'make coverage              which lines and branches of mm/damon the tests reach'
	@echo 'make check                 style, sparse, warnings, documentation: must be clean'
	@echo 'make bench [BENCH=T1]      measure our kernel and the stock one, print the table'
	@echo '                           (SEEDS=2 KERNELS="stock bench"; resumes where it stopped)'
	@echo 'make kernel [FLAVOUR=base] build a kernel: base debug kcov kcsan kunit bench stock'
	@echo 'make portability           build our objects for other machines and configurations'
	@echo "                           (ROWS='arm* no-*'; resumes where it stopped)"
	@echo 'make docs                  the documents as HTML, in build/docs/html/'
	@echo 'make deb [CONFIG=file]     packages for Debian, of the kernel and damonctl (build/deb/)'
	@echo 'make install-tree TREE=dir lay DAMON into your own Linux 6.12 tree'
	@echo 'make uninstall-tree TREE=dir leave that tree as it was before'
	@echo 'make -s print-kernel       print the path of the base kernel, built if need be'
	@echo 'make -s print-stock-kernel the same for the kernel to compare with'
	@echo 'make clean                 remove build/, where everything is'

packages:
	@$(qemu)/install-packages

demo: packages
	@$(qemu)/demo

run: packages
	@$(qemu)/run -- "$$CMD"

test: packages
	@$(qemu)/test $(TESTS)

kunit: packages
	@$(qemu)/test kunit

check: packages
	@$(qemu)/check

coverage: packages
	@$(qemu)/coverage

fuzz: packages
	@$(qemu)/fuzz --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED)) \
		--flavour $(or $(FLAVOUR),kcov)

test-hard: packages
	@MINUTES=$(or $(MINUTES),10) $(qemu)/test-hard $(STEPS)

BENCH ?= all
SEEDS ?= 2
KERNELS ?= stock bench
bench: packages
	@tools/bench/run --seeds $(SEEDS) --kernels '$(KERNELS)' $(BENCH)

kernel: packages
	@$(qemu)/build $(or $(FLAVOUR),base)

print-kernel: packages
	@$(qemu)/build base

print-stock-kernel: packages
	@$(qemu)/build stock

portability: packages
	@$(qemu)/portability $(ROWS)

docs: packages
	@$(qemu)/docs

deb: packages
	@$(qemu)/deb $(CONFIG)

install-tree:
	@$(qemu)/install-tree $(TREE)

uninstall-tree:
	@$(qemu)/install-tree --undo $(TREE)

clean:
	rm -rf build

.PHONY: help packages demo run test kunit fuzz test-hard check bench kernel print-kernel
.PHONY: print-stock-kernel portability docs deb install-tree uninstall-tree clean
