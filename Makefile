# make demo    build, start the embedded broker, write and read 1,000 records, print the DataFrame (needs Rust, Python 3.11, make)
# make test    all tests, those against a real Apache Kafka included (also Java 17, Maven, kcat)
# make conformance  every read of the conformance suite with every combination of splits, connections, threads and memory (about an hour)
# make lint    rustfmt, clippy, ruff, pyright, stubtest
# make bench   kaframe beside every other reader on a real Kafka, kept in bench/runs/; FULL=1 for the larger sizes (bench/README.md)
# make micro   micro-benchmarks of the hot loops (criterion)
# make instructions  counts the instructions of the hot loops, beside bench/instructions.json (needs valgrind)
# make arm     the tests of wire and codec for 64-bit ARM, under an emulator (needs qemu-user and a cross compiler)
# make sanitize  wire, codec, client, broker and kaframe under AddressSanitizer and LeakSanitizer (needs a nightly Rust), the kernels under valgrind
# make fuzz    each fuzz target for a minute, FUZZ_SECONDS=... for longer (needs a nightly Rust and cargo-fuzz)
# make wheel   the wheel in dist/
#
# One cargo profile for all of it: dependencies are compiled once.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 60
# Python's tests wait for brokers most of their time: more at once than there are cores, whatever the machine.
TESTS_AT_ONCE ?= 4
ARM := aarch64-unknown-linux-gnu
X86 := x86_64-unknown-linux-gnu
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test conformance lint style bench micro instructions arm sanitize fuzz wheel build tools clean
.DEFAULT_GOAL := demo

demo: build
	@echo
	$(BIN)/python examples/demo.py

test: tools build $(VENV)/test
	$(BIN)/python -m tests.kafka fetch
	cargo test --release --locked
	$(BIN)/python -m tests.kafka 4.1 -- cargo test --release --locked -p kaframe-client --test kafka -- --ignored
	KAFRAME_BROKER_BIN="target/release/kaframe broker" $(BIN)/python -m pytest -n $(TESTS_AT_ONCE)

conformance: tools build $(VENV)/test
	$(BIN)/python -m tests.kafka fetch
	$(BIN)/python -m pytest -n $(TESTS_AT_ONCE) tests/conformance --tunings whole

lint: style build
	cargo clippy --release --locked --workspace --all-targets -- -D warnings
	cd python && ../$(BIN)/pyright --pythonpath ../$(BIN)/python
	$(BIN)/python -m mypy.stubtest kaframe._native

# What needs no build comes first: it fails in seconds.
style: $(VENV)/test
	cargo fmt --all --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: build $(VENV)/test
	$(BIN)/python -m bench.suite $(if $(FULL),--full)

micro:
	cargo bench --locked --bench batches --bench json

instructions: $(VENV)/demo
	@command -v valgrind >/dev/null || { echo "needs valgrind: apt-get install valgrind" >&2; exit 1; }
	$(BIN)/python bench/instructions.py

arm:
	@command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null || \
	  { echo "needs qemu-aarch64 and aarch64-linux-gnu-gcc: apt-get install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross" >&2; exit 1; }
	@test -d "$$(rustc --print sysroot)/lib/rustlib/$(ARM)/lib" || { echo "needs: rustup target add $(ARM)" >&2; exit 1; }
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
	  cargo test --release --locked --target $(ARM) --lib --tests -p kaframe-wire -p kaframe-codec

# Little quarantine, since memory is measured and limited here: what is freed stays in it.
sanitize fuzz: export ASAN_OPTIONS := quarantine_size_mb=16

# The dev profile, since it also asserts what unsafe functions of the standard library ask for. C libraries are not instrumented; doc tests are left out.
# How much a read takes at its peak (memory::) is for `make test` to say: here the sanitizer's shadow and what its allocator keeps would count as well.
sanitize:
	@rustc +nightly --version >/dev/null || { echo "needs: rustup toolchain install nightly" >&2; exit 1; }
	@command -v valgrind >/dev/null || { echo "needs valgrind: apt-get install valgrind" >&2; exit 1; }
	RUSTFLAGS=-Zsanitizer=address CARGO_PROFILE_DEV_OPT_LEVEL=1 cargo +nightly test --locked --target $(X86) --lib --tests \
	  -p kaframe-wire -p kaframe-codec -p kaframe-client -p kaframe-broker -p kaframe -- --skip memory::
	CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite" \
	  cargo test --release --locked --test json_kernels --test json_differential

fuzz:
	@cargo +nightly fuzz --version >/dev/null || { echo "needs: rustup toolchain install nightly; cargo install cargo-fuzz" >&2; exit 1; }
	$(PYTHON) fuzz/seeds.py
	for target in $$(cargo +nightly fuzz list); do cargo +nightly fuzz run $$target -- \
	  -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=512 -malloc_limit_mb=300 -timeout=10; done

# The command goes into the wheel as a script: native, so that it starts in milliseconds.
wheel: $(VENV)/demo
	cargo build --release --locked -p kaframe-cli
	install -D -s -m 755 target/release/kaframe python/kaframe.data/scripts/kaframe
	rm -rf dist
	$(BIN)/maturin build --release --locked --manifest-path python/Cargo.toml --out dist

build: wheel
	$(BIN)/pip install --quiet --no-deps --force-reinstall dist/kaframe-*.whl

tools:
	@command -v cargo >/dev/null || { echo "Rust is missing: see https://rustup.rs" >&2; exit 1; }
	@tests/tools.sh

$(VENV)/demo: requirements/demo.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing; another one can be named: make PYTHON=python3.12" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "Rust is missing: see https://rustup.rs" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/demo.txt
	touch $@

$(VENV)/test: requirements/test.txt $(VENV)/demo
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements/test.txt
	touch $@

clean:
	rm -rf $(VENV) dist python/kaframe.data target
