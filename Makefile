# Every target sets itself up: Python 3.11 or newer is all that must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCALE ?= ci
READY := $(VENV)/ready
SIDE_BY_SIDE = -n 3 -rs --dist loadfile -m "not alone"
ELSEWHERE = --ignore=tests/soak --ignore=tests/bluez --ignore=tests/hil --ignore=tests/lean
QUICK = tests/host tests/firmware/both --ignore=tests/firmware/both/test_power_cuts.py \
	--ignore=tests/host/sync/test_fuzzed_writes.py --ignore=tests/host/test_fuzz_corpus.py
STOCK = --image "$(IMAGE)" --sha256 "$(IMAGE_SHA256)"
PORT_GIVEN = @test -n "$(PORT)" || { echo "make $@: name the board's serial port with PORT=" >&2; exit 2; }

.PHONY: help demo test test-quick soak test-bluez test-lean fuzz hil bench accuracy lint firmware flash deploy doctor sbom clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(READY)  ## twelve patients from pump to printed table, about three minutes
	$(BIN)/pumpbench demo

test: $(READY)  ## the whole test suite, under ten minutes
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) tests $(ELSEWHERE)
	$(BIN)/python -m pytest -q -m alone tests $(ELSEWHERE)

test-quick: $(READY)  ## for the loop, a minute: the host tool and the firmware's logic, the dearest tests left out
	$(BIN)/python -m pytest -q -n 3 $(QUICK)

soak: $(READY)  ## the large counts; all of them with SCALE=full
	SCALE=$(SCALE) $(BIN)/python -m pytest -q $(SIDE_BY_SIDE) tests/soak
	SCALE=$(SCALE) $(BIN)/python -m pytest -q -m alone tests/soak

test-bluez: $(READY)  ## pair and pull through Debian's kernel and bluetoothd in a virtual machine, a minute
	$(BIN)/python -m pytest -q -s -x -rs tests/bluez

test-lean: $(READY)  ## what a nurse's laptop gets: its size, its wheels for three systems; wants the registry
	$(BIN)/python -m pytest -q -s tests/lean

fuzz: $(READY)  ## a coverage-guided fuzzer for FUZZ_SECONDS (60; 900 with SCALE=full), findings in build/fuzz
	SCALE=$(SCALE) FUZZ_SECONDS=$(FUZZ_SECONDS) $(BIN)/python tests/fuzz/fuzz_run.py

accuracy: $(READY)  ## nearly 800 simulated patient-days against the truth, into build/accuracy, about 20 minutes
	$(BIN)/python -m pumpbench.accuracy --scale full --out build/accuracy

bench: $(READY)  ## what the log, encoding, a tick and a pull take, against the goals; fails if one is missed
	$(BIN)/python tests/benchmarks/bench.py

lint: $(READY)  ## ruff; mypy on the host side, and on the drivers against the ESP32's stubs
	$(BIN)/ruff check .
	$(BIN)/mypy -p pumplog -p pumpbench
	$(BIN)/python tests/helpers/firmware_types.py

firmware: $(READY)  ## compile what goes to an ESP32, and what it costs a board; IMAGE=stock.bin: its image too
	$(BIN)/python -m pumplog.cli.board build --build build/firmware
	$(BIN)/python tests/benchmarks/budget.py build/firmware
	$(if $(IMAGE),$(BIN)/python -m pumplog.cli.board image $(STOCK))

flash: $(READY)  ## MicroPython with the board's partitions onto PORT=, from IMAGE= with IMAGE_SHA256=
	$(PORT_GIVEN)
	@test -n "$(IMAGE)" || { echo "make flash: name MicroPython's stock image with IMAGE=" >&2; exit 2; }
	$(BIN)/python -m pumplog.cli.board flash --port $(PORT) $(STOCK)

deploy: $(READY)  ## the firmware onto PORT=, beside the one that runs; every byte checked, then switched
	$(PORT_GIVEN)
	$(BIN)/python -m pumplog.cli.board deploy --port $(PORT)

doctor: $(READY)  ## what is on the board on PORT=, and what to do about it
	$(PORT_GIVEN)
	$(BIN)/pumplog doctor --port $(PORT)

sbom: $(READY)  ## the software bill of materials, CycloneDX, into build/sbom.json
	$(BIN)/python -m pumplog.release.sbom requirements.lock build/sbom.json

hil: $(READY)  ## the board's acceptance into build/hil: a virtual one, or PORT=DEV RIG=DEV DB=STORE [HOURS=24]
	mkdir -p build/hil
	$(BIN)/python -m pytest -q tests/hil --junitxml=build/hil/acceptance.xml --acceptance=build/hil/acceptance.html \
		$(if $(PORT),--port $(PORT)) $(if $(RIG),--rig $(RIG)) $(if $(DB),--db $(DB)) \
		$(if $(HOURS),--soak-hours $(HOURS))

-include hardware/hardware.mk

clean:  ## remove what was built
	rm -rf build $(VENV)
