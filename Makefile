# The front door. Everything works in a fresh clone; each target does what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build test quickstart accept lint fuzz bench bench-store bench-profile bench-train bench-evaluate bench-serving clean

PYTHON := .deps/python/bin/python
BUILD := build/dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## Debian packages, and all that lies under .deps/
	@tools/setup/setup

build: setup ## build/dev/bin/roost and the unit tests
	@[[ -f $(BUILD)/build.ninja ]] || cmake --preset dev
	@cmake --build --preset dev

test: build ## every test: unit tests, then command-line and end-to-end tests
	@ctest --preset dev
	@$(PYTHON) -m pytest tests

quickstart: build ## from raw flights to served predictions, in examples/flights
	@examples/flights/quickstart

accept: build ## rewrite the expected texts of tests/cli and docs with what the program prints now
	@ACCEPT=1 $(PYTHON) -m pytest tests/cli tests/docs

lint: setup ## style, layers, sizes, headers, symbols; 'tools/lint --fix' formats
	@tools/lint

fuzz: setup ## random bytes for every reader of foreign bytes, 20 seconds each
	@fuzz/run

bench: setup ## the quickstart's steps beside pandas and scikit-learn
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target roost
	@$(PYTHON) benchmarks/quickstart/run.py --roost build/release/bin/roost

bench-store: setup ## what versions cost, beside restic, git, DVC, Lance and others (benchmarks/store)
	@benchmarks/store/setup
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target roost
	@$(PYTHON) benchmarks/store/run.py --write

bench-profile: setup ## what statistics cost, beside DuckDB, polars, pandas, TFDV and others (benchmarks/profile)
	@benchmarks/profile/setup
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target roost profile_benchmark
	@$(PYTHON) benchmarks/profile/run.py --write

bench-train: setup ## what training costs, beside scikit-learn, LIBLINEAR, XGBoost, polars and others (benchmarks/train)
	@benchmarks/train/setup
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target train_driver train_single_row
	@$(PYTHON) benchmarks/train/run.py --write

bench-evaluate: setup ## what errors of metrics on slices cost, beside NumPy, scikit-learn and TFMA (benchmarks/evaluate)
	@benchmarks/evaluate/setup
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target evaluate_driver
	@$(PYTHON) benchmarks/evaluate/run.py --write

bench-serving: setup ## what served predictions cost, beside nginx, axum, FastAPI, MLServer, Triton and others (benchmarks/serving)
	@benchmarks/serving/setup
	@[[ -f build/release/build.ninja ]] || cmake --preset release
	@cmake --build --preset release --target roost rest_benchmark train_single_row serving_fixed_server serving_open_loop
	@$(PYTHON) benchmarks/serving/run.py --write

clean: ## remove build/; .deps/ stays
	@rm -rf build
