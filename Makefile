# A menu: meson does the building. `make run` and `make check` set everything up by themselves.
BUILD ?= build
ASAN ?= build-asan
PREFIX ?= /usr/local
MINUTES ?= 60

.PHONY: help setup build run check check-quick asan tsan soak faults fuzz coverage lint format bench bench-quick docs \
	install uninstall deb check-deb clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 22

setup: ## install what is missing on this machine
	@scripts/setup

$(BUILD)/build.ninja: | setup
	@scripts/configure $(BUILD)

build: $(BUILD)/build.ninja ## build hob and hobd into build/
	@ninja -C $(BUILD)

run: $(BUILD)/build.ninja ## read the example CV through hob and hobd, and show what it took
	@ninja -C $(BUILD) --quiet
	@exec python3 examples/tour.py $(BUILD)/src

check: setup ## build and run every test, also under the sanitizers
	@exec python3 scripts/check.py

check-quick: $(BUILD)/build.ninja ## the tests of the plain build alone
	@exec python3 scripts/check.py --quick

asan: setup ## build with address and undefined-behaviour sanitizers into build-asan/
	@scripts/configure $(ASAN) -Db_sanitize=address,undefined
	@ninja -C $(ASAN)

tsan: setup ## build with the thread sanitizer and run the server's tests
	@scripts/configure build-tsan -Db_sanitize=thread
	@ninja -C build-tsan && meson test -C build-tsan --timeout-multiplier 10

soak: build ## everything at once for MINUTES (60), while things go wrong; SEED=N repeats a run's choices
	@HOB=$(abspath $(BUILD)/src/hob) HOBD=$(abspath $(BUILD)/src/hobd) HOB_SOAK_SEED=$(SEED) \
		python3 tests/soak/soak.py --seconds $$(( $(MINUTES) * 60 ))

faults: build ## let each allocation and each system call of the golden cases fail, one at a time (long)
	@HOB_FULL=$(abspath $(BUILD)/src/$(if $(wildcard $(BUILD)/src/hob-full),hob-full,hob)) HOBD=$(abspath $(BUILD)/src/hobd) \
		INJECT=$(abspath $(BUILD)/tests/fault/libinject.so) python3 tests/fault/inject.py --all

fuzz: ## run every fuzzer for a minute (needs clang)
	@scripts/fuzz

coverage: setup ## build with gcc's counters, run the tests, and say which lines they run, by layer
	@scripts/coverage

lint: setup ## layers, formatting, static analysis (scripts/setup lint installs the tools)
	@scripts/lint

format: ## clang-format on everything
	@git ls-files '*.c' '*.h' | xargs clang-format -i

bench: build ## the scoreboard: every promise beside its floor or peer (scripts/setup bench installs peers)
	@exec python3 bench/run.py --build $(BUILD)

bench-quick: build ## the same in two minutes: fewer repetitions, smaller data
	@exec python3 bench/run.py --build $(BUILD) --quick

docs: build ## write the reference pages that are generated from the programs
	@$(BUILD)/src/hob help --markdown > docs/commands.md
	@$(BUILD)/src/hobd --routes-markdown > docs/http-api.md
	@$(BUILD)/src/hobd --settings-markdown > docs/settings.md

install: build ## install into PREFIX (default /usr/local), below DESTDIR if that is given
	@meson configure $(BUILD) --prefix $(PREFIX) && meson install -C $(BUILD)
	@[ -n "$(DESTDIR)" ] || scripts/say-where-libhob-is $(PREFIX)

uninstall: ## remove what the last install put there
	@ninja -C $(BUILD) uninstall

deb: ## Debian packages, in build-deb/
	@packaging/make-deb build-deb

check-deb: deb ## install them in a fresh Debian, run the README's example, remove them
	@packaging/test-deb build-deb

clean: ## remove what was built
	rm -rf $(BUILD) $(ASAN) build-tsan build-fuzz build-coverage build-deb
