# The daily commands; `make` alone lists them.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=

# Tests use public API only. Without testable imports they share what `swift build` has made; with them, SwiftPM would
# compile every module a second time.
TEST := $(SWIFT) test -c release --disable-testable-imports

ONEIRO := .build/release/oneiro
PLUGINS := Vector OpenBLAS OneDNN Example
PIPELINE := Models/dreamdiffusion-tiny.onnx
RECORDINGS := Models/parts/eeg_samples.safetensors
BACKENDS := onednn openblas vector reference
SOURCES := Package.swift Sources Plugins Tests

BUILD_PACKAGES := libprotobuf-c-dev protobuf-c-compiler libopenblas-dev libdnnl-dev libpng-dev pkg-config \
  libjpeg62-turbo-dev libopenjp2-7-dev libtiff-dev libwebp-dev
TEST_PACKAGES := libonnx-testdata
# ONNX's own test cases, from libonnx-testdata.
ONNX_CASES ?= /usr/share/libonnx-testdata/data
# Those of the newest onnx package, which Tests/Conformance/newest.sh writes.
NEWEST_CASES := .peers/onnx-cases

AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

# $(call install-packages,NAMES): says which Debian packages are missing and installs those; silent when all are there,
# and where there is no dpkg.
define install-packages
command -v dpkg >/dev/null || exit 0; \
missing=''; \
for package in $(1); do \
  dpkg -s $$package 2>/dev/null | grep -q '^Status: install ok installed' || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  echo "Installing Debian packages:$$missing"; \
  $(AS_ROOT) apt-get update -qq </dev/null && \
  $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing </dev/null; \
fi
endef

.DEFAULT_GOAL := help
.PHONY: help demo build test conformance trials peers peers-full peers-families full-size models install format check clean build-packages test-packages

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build $(PIPELINE) ## install what is missing, build, and turn a recorded trial into oneiro.png
	$(ONEIRO) dream $(PIPELINE) --eeg $(RECORDINGS):0 --seed 0 --out oneiro.png

build: build-packages ## build the program and the kernel plugins, optimized
	$(SWIFT) build -c release

test: build test-packages $(PIPELINE) ## install what tests need, run every test, then ONNX's own cases
	$(TEST)
	@Tests/conformance.sh $(ONEIRO) $(ONNX_CASES) onednn reference

conformance: build test-packages $(NEWEST_CASES)/VERSION ## Debian's and the newest ONNX cases on every backend, and write their table
	@Tests/Conformance/table.sh $(ONEIRO) $(ONNX_CASES) $(NEWEST_CASES) $(BACKENDS)

$(NEWEST_CASES)/VERSION: Tests/Conformance/newest.py Tests/Conformance/newest.txt
	@$(call install-packages,python3-venv)
	Tests/Conformance/newest.sh

trials: build $(PIPELINE) ## picture the 40 recorded trials on every backend, and count the recognised ones
	@mkdir -p trials
	@set -e; for backend in $(BACKENDS); do \
	  echo "== $$backend"; \
	  $(ONEIRO) dream $(PIPELINE) --eeg $(RECORDINGS):all --noise recorded --backend $$backend \
	    --sheet trials/$$backend.png 2>trials/$$backend.log || { tail -n 1 trials/$$backend.log; exit 1; }; \
	done

peers: build ## time the tiny U-Net and VAE decoder next to ONNX Runtime and OpenVINO
	Tests/Peers/run.sh compare.py

peers-full: build ## parts of the full-size pipeline in ONNX Runtime and OpenVINO: 10 GB of disk, 12 GB of memory
	Tests/Peers/run.sh extracted_parts.py

peers-families: build ## export small networks of many families with PyTorch, and compare with ONNX Runtime: 6 GB of disk
	Tests/Peers/run.sh families.py --times

full-size: build ## make DreamDiffusion at full size with made-up weights, and draw one picture of 4 steps
	@mkdir -p full-size
	$(ONEIRO) import --architecture dreamdiffusion-sd15 --random-weights --out full-size/dream.onnx
	$(ONEIRO) dream full-size/dream.onnx --eeg $(RECORDINGS):0 --steps 4 --out full-size/picture.png

# Remade by hand only: the pipeline file is committed.
models: build ## make the pipeline file in Models/ from Models/parts
	$(ONEIRO) bundle create $(PIPELINE) --from Models/parts

$(PIPELINE): | build
	$(MAKE) models

install: ## put bin/oneiro and lib/oneiro/*.so under PREFIX (/usr/local); DESTDIR is honoured
	@test -x $(ONEIRO) || $(MAKE) build
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/lib/oneiro'
	install -m 755 $(ONEIRO) '$(DESTDIR)$(PREFIX)/bin/oneiro'
	install -m 755 $(PLUGINS:%=.build/release/libOneiro%.so) '$(DESTDIR)$(PREFIX)/lib/oneiro'

format: ## lay out all Swift sources as .swift-format says
	$(SWIFT) format format --in-place --recursive --parallel $(SOURCES)

check: build-packages test-packages ## all that a change has to pass: format, build, tests, links of the documents
	Tests/check.sh

clean: ## remove what building made
	$(SWIFT) package clean
	rm -rf oneiro.png trials full-size .peers

build-packages:
	@$(call install-packages,$(BUILD_PACKAGES))

test-packages:
	@$(call install-packages,$(TEST_PACKAGES))
