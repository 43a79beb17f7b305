"""A fault put into the sources must fail the build, with one sentence that says what is wrong.

Each is an edit to a copy of the folder, then the whole build (without pictures) runs on the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HARDWARE = Path(__file__).parents[1]
ENDS_S = 3600  # only ends a build that hangs
PINS_PY = Path("firmware/boards/esp32/pins.py")
TAPS, BOARD, SHEETS = "circuit/taps.py", "circuit/board.py", "circuit/sheets.py"
HARNESS = "draw/harness.yml"
MODULE = "library/pumplog.pretty/ESP32-WROVER-E.kicad_mod"
# name: (file, what stands there, what is put in its place), ..., and what the sentence must say
FAULTS = {
    "shorted outputs": (
        [(BOARD, 'relief_between, nets["RELIEF"])', 'relief_between, nets["HANDSET"])')],
        ["electrical rule error", "OUTPUT", "HANDSET"]),
    "a resistor across the barrier": (
        [(TAPS, "    return filtered, between\n",
          '    if tap.name == "COUNT":\n'
          '        make("resistor", "R120", sheet, "1M", p1=filtered, p2=Net.get("COUNT_SENSE"))\n'
          "    return filtered, between\n")],
        ["only isolators may cross the barrier: R120 (1M) joins GND and GND_COUNT"]),
    "a resistor between the islands": (
        [(TAPS, "    return filtered, between\n",
          '    if tap.name == "HANDSET":\n'
          '        make("resistor", "R220", sheet, "1M", p1=Net.get("COUNT_LEAD_A"), '
          'p2=Net.get("HANDSET_LEAD_A"))\n'
          "    return filtered, between\n")],
        ["only isolators may cross the barrier: R220 (1M) joins GND_COUNT and GND_HANDSET"]),
    "a strapping pin used as input": (
        [("pins.toml", "gpio = { esp32 = 27, s3 = 7 }", "gpio = { esp32 = 12, s3 = 7 }")],
        ["SERVICE on GPIO12", "strapping pin"]),
    "chip select of the PSRAM used as input": (
        [("pins.toml", "gpio = { esp32 = 27, s3 = 7 }", "gpio = { esp32 = 16, s3 = 7 }")],
        ["SERVICE on GPIO16 of the ESP32-WROVER-E", "is taken by the module's PSRAM"]),
    "clock of the PSRAM used as output": (
        [("pins.toml", "gpio = { esp32 = 18, s3 = 18 }", "gpio = { esp32 = 17, s3 = 18 }")],
        ["LIGHT on GPIO17 of the ESP32-WROVER-E", "is taken by the module's PSRAM"]),
    "a pad that leads nowhere in a module with PSRAM": (
        [(SHEETS, '27: "12"', '27: "27"')],
        ["U1 (ESP32-WROVER-E-N4R8) pin 27 NC is on SERVICE, its data sheet wants nothing"]),
    "two pads of the module exchanged": (
        [(SHEETS, '25: "10", 26: "11"', '25: "11", 26: "10"')],
        ["CELL_SCK meets pad 11 of the module, IO26, and not GPIO25"]),
    "a module without PSRAM": (
        [("parts.toml", 'mpn = "ESP32-WROVER-E-N4R8"', 'mpn = "ESP32-WROOM-32E-N4"')],
        ["U1: ESP32-WROOM-32E-N4 does not say", "PSRAM"]),
    "an alternative without PSRAM": (
        [("parts.toml", "Espressif ESP32-WROVER-E-N8R8", "Espressif ESP32-WROOM-32E-N8")],
        ["U1: Espressif ESP32-WROOM-32E-N8 does not say", "PSRAM"]),
    "the footprint of a module without PSRAM": (
        [("parts.toml", '"pumplog:ESP32-WROVER-E"\nvalue', '"RF_Module:ESP32-WROOM-32"\nvalue')],
        ["U1", "ESP32-WROOM-32 is another module's"]),
    "a pad of the module a tenth of a millimetre away": (
        [(MODULE, '(pad "5" smd rect (at -8.75 -3.18)', '(pad "5" smd rect (at -8.75 -3.08)')],
        ["U1", "pad 5 must lie at -8.75, -3.18"]),
    "copper under the antenna": (
        [(MODULE, "(copperpour not_allowed)", "(copperpour allowed)")],
        ["U1", "copper is not kept from the antenna"]),
    "a missing transient capacitor": (
        [(TAPS, '    make(tap.filter, f"C{n + 1}",',
          '    if name == "COUNT":\n        make(tap.filter, f"C{n + 1}",')],
        ["a burst of fast transients switches the comparator of the handset tap"]),
    "a swapped HX711 pin": (
        [(SHEETS, "p11=sck, p12=dout", "p11=dout, p12=sck")],
        ["U5 (HX711) pin 11 PD_SCK is on CELL_DOUT, its data sheet wants CELL_SCK"]),
    "a tap that can press": (
        [(TAPS, 'HANDSET = Tap("HANDSET", 200, "1M"', 'HANDSET = Tap("HANDSET", 200, "10k"')],
        ["HANDSET_LINE_A must meet one resistor", "1000 kohm"]),
    "a tap that can press, its rule loosened too": (
        [(TAPS, 'HANDSET = Tap("HANDSET", 200, "1M"', 'HANDSET = Tap("HANDSET", 200, "10k"'),
         ("checks/rules.py", '"HANDSET": 1e6', '"HANDSET": 1e4'),
         (HARNESS, "R201:\n    type: head resistor 1 M", "R201:\n    type: head resistor 10 k"),
         (HARNESS, "R202:\n    type: head resistor 1 M", "R202:\n    type: head resistor 10 k")],
        ["handset tap:", "cases of single faults reach the pump", "press"]),
    "an isolator that speaks to the pump": (
        [(TAPS, "p1=anode, p2=field_ground, p3=gnd, p4=collector)",
          "p1=collector, p2=gnd, p3=field_ground, p4=anode)")],
        ["U11 sends towards the pump"]),
    "hold-up too small": (
        [("parts.toml", 'value = "10F"', 'value = "1F"')], ["once told, the board lasts"]),
    "a collector resistor so large that counts are lost": (
        [(TAPS, '"R{n + 10}", sheet, "3k9"', '"R{n + 10}", sheet, "100k"')],
        ["counts at 2000 Hz come as"]),
    "no debounce": (
        [(TAPS, '"10M", "cap_2n2", ("100k", "cap_100n")', '"10M", "cap_220p", ("1k", "cap_4n7")')],
        ["5 ms of bounce comes as"]),
    "a swapped wire of the harness": (
        [(HARNESS, "{WH1: [1]}, {R201: [1]}", "{WH1: [1]}, {R202: [1]}"),
         (HARNESS, "{WH1: [2]}, {R202: [1]}", "{WH1: [2]}, {R201: [1]}")],
        ["J3 pin 1 (HANDSET_LEAD_A) is joined to R202"]),
    "a part without an alternative": (
        [("parts.toml", 'alternatives = ["Littelfuse RUEF110"]', "alternatives = []")],
        ["F1 (MF-RHT100) has no alternatives"]),
    "a footprint without the pins": (
        [("parts.toml", "Package_DIP:DIP-14_W7.62mm", "Package_DIP:DIP-8_W7.62mm")],
        ["U4 (74HC14)", "has no pad for pin"]),
}


def build(folder: Path) -> subprocess.CompletedProcess:
    """Runs the build of the copy."""
    return subprocess.run([sys.executable, str(folder / "hardware" / "build.py"), "--no-pictures"],
                          capture_output=True, text=True, timeout=ENDS_S, check=False,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(HARDWARE, tmp_path / "hardware", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / PINS_PY).parent.mkdir(parents=True)
    shutil.copy(HARDWARE.parent / PINS_PY, tmp_path / PINS_PY)
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_fails_the_build_and_is_named(copy: Path, fault: str) -> None:
    edits, said = FAULTS[fault]
    for name, sound, broken in edits:
        path = copy / "hardware" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(sound) == 1, f"{name} no longer has what this fault breaks"
        path.write_text(text.replace(sound, broken), encoding="utf-8")
    done = build(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("FAILED: ")]
    assert any(all(part in sentence for part in said) for sentence in sentences), done.stderr
