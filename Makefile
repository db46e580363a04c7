# Freehold: one word for each thing one does here. `make help` lists them.
#
#   MODULE=store     test, format, bench: only that module
#   BUILD_DIR=path   build somewhere else, so that several people can share one tree
#   SEED=n SEEDS=n   sim: one seed, or the first n
SHELL := /bin/bash
.DELETE_ON_ERROR:

MODULE ?=
SEED ?=
SEEDS ?= 200
FUZZ_SECONDS ?= 30
SOAK_HOURS ?= 24
OUT = $(or $(BUILD_DIR),build/release)

all: ## the program: build/release/freehold
	@tools/deps/install build
	@tools/build release

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: all ## a first look: a control plane, machines and workloads on this one computer
	@tools/deps/install demo
	@BUILD_DIR=$(OUT) demo/run

test: ## every test on the release build; MODULE=x: the unit tests of one module
	@tools/deps/install test
	@tools/test release $(MODULE)

check: ## format, house rules, headers that stand alone, lint, generated files
	@tools/deps/install check
	@tools/check

sim: ## the simulated world: SEEDS=n runs, or SEED=n to replay one
	@tools/deps/install build
	@if [ ! -f src/sim/main.cc ]; then echo 'sim: src/sim/main.cc is not here yet' >&2; exit 1; fi
	@tools/build release freehold-sim
	@$(OUT)/freehold-sim $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

fuzz: ## every fuzzer for FUZZ_SECONDS=30 each; MODULE=x: those of one module
	@tools/deps/install check
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz $(MODULE)

bench: ## every benchmark; MODULE=x: those of one module
	@tools/deps/install test
	@tools/bench $(MODULE)

portal: ## the web portal
	@if [ -d portal ]; then $(MAKE) -C portal; \
	else echo 'portal: there is no portal/ in this release; it comes with a later one'; fi

package: all ## a .deb and a .tar.gz in build/release/packages
	@cd $(OUT) && cpack -B packages >package.log || { tail -n 20 package.log >&2; exit 1; }
	@rm -rf $(OUT)/packages/_CPack_Packages; ls -lh $(OUT)/packages

soak: all ## kills, limits in a guest, every fuzzer, again and again for SOAK_HOURS=24; fills docs/benchmarks/soak.md
	@tools/deps/install soak
	@tools/deps/guest-kernel
	@SOAK_HOURS=$(SOAK_HOURS) BUILD_DIR=$(OUT) exec tests/soak/run

format: ## rewrite sources in the house's layout; MODULE=x: those of one module
	@tools/deps/install check
	@git ls-files -co --exclude-standard -- '$(if $(MODULE),src/$(MODULE)/,)*.h' '$(if $(MODULE),src/$(MODULE)/,)*.cc' \
	  | while read -r f; do [ -f "$$f" ] && echo "$$f"; done | xargs -r clang-format-19 -i

clean: ## remove everything that was built
	@rm -rf build

.PHONY: all help demo test check sim fuzz bench portal package soak format clean
