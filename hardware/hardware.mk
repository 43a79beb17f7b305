# Included by the top Makefile. The first run installs KiCad's libraries, ngspice, graphviz (Debian),
# SKiDL, WireViz (PyPI) and netlistsvg (npm).
HARDWARE := build/hardware

.PHONY: hardware hardware-tools

$(HARDWARE)/ready: hardware/install.sh hardware/requirements.txt
	PYTHON=$(PYTHON) sh hardware/install.sh

hardware-tools: $(HARDWARE)/ready  ## install what `make hardware` needs, once: apt packages, Python and npm ones

hardware: $(HARDWARE)/ready  ## draw, check and simulate the board; its pictures; that seeded faults fail it
	$(HARDWARE)/venv/bin/python hardware/build.py
	$(HARDWARE)/venv/bin/python -m pytest -q -n 2 -c /dev/null --rootdir hardware/tests hardware/tests
