"""The pin map: sound for both modules, and the firmware's pins are those of the map."""

from __future__ import annotations

import copy
import importlib.util
import re
import sys
from types import ModuleType

import pytest
from helpers.paths import ROOT

BOARD_PY = ROOT / "firmware" / "boards" / "esp32" / "board.py"


def load_pinmap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pinmap", ROOT / "hardware" / "pinmap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["pinmap"] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


pinmap = load_pinmap()


@pytest.fixture
def signals() -> dict:
    return copy.deepcopy(pinmap.read())


@pytest.mark.parametrize("board", ["esp32", "s3"])
def test_the_map_breaks_no_rule(signals: dict, board: str) -> None:
    assert pinmap.lint(signals, board) == []


def test_the_firmware_has_the_pins_of_the_map(signals: dict) -> None:
    assert pinmap.PINS_PY.read_text(encoding="utf-8") == pinmap.render(signals)


def test_every_pin_the_board_uses_is_on_the_map(signals: dict) -> None:
    assert set(re.findall(r"\bpins\.([A-Z_]+)", BOARD_PY.read_text())) == set(signals)


def test_the_board_pulls_and_drives_as_the_map_says(signals: dict) -> None:
    text = BOARD_PY.read_text()
    ups = set(re.findall(r"Pin\(pins\.(\w+), Pin\.IN, Pin\.PULL_UP\)", text))
    outs = set(re.findall(r"Pin\(pins\.(\w+), Pin\.OUT, value=0\)", text))
    assert ups == {name for name, signal in signals.items() if signal["pull"] == "up"}
    assert outs == {name for name, signal in signals.items()
                    if signal["direction"] == "out" and signal["kind"] != "bus"}


@pytest.mark.parametrize(("name", "changes", "said"), [
    ("SERVICE", {"gpio": {"esp32": 12}}, "strapping pin"),
    ("SERVICE", {"gpio": {"esp32": 7}}, "the module's flash"),
    ("SERVICE", {"gpio": {"esp32": 3}}, "the console"),
    ("SERVICE", {"gpio": {"esp32": 24}}, "does not exist"),
    ("SERVICE", {"gpio": {"esp32": 16}}, "the module's PSRAM"),
    ("LIGHT", {"gpio": {"esp32": 17}}, "the module's PSRAM"),
    ("LIGHT", {"gpio": {"esp32": 35}}, "can only be an input"),
    ("HANDSET", {"gpio": {"esp32": 35}}, "no pull of its own"),
    ("MOTOR", {"gpio": {"esp32": 36}}, "ghost edges"),
    ("SUPPLY", {"kind": "adc"}, "ADC2"),
    ("HANDSET", {"gpio": {"esp32": 23}}, "cannot wake"),
    ("SERVICE", {"gpio": {"esp32": 33}}, "both have gpio 33"),
    ("SERVICE", {"gpio": {"s3": 7}}, "has no pin on the ESP32-WROVER-E"),
    ("SUPPLY", {"pull": "none"}, "floats"),
    ("SUPPLY", {"active": "maybe"}, "none of high, low, rising"),
    ("SUPPLY", {"colour": "red"}, "a field nobody knows"),
])
def test_a_broken_rule_is_told(signals: dict, name: str, changes: dict, said: str) -> None:
    signals[name].update(changes)
    faults = pinmap.lint(signals, "esp32")
    assert any(name in fault and said in fault for fault in faults), faults


def test_more_counters_than_the_module_has_are_told(signals: dict) -> None:
    for gpio in range(8):
        signals[f"MORE{gpio}"] = {**signals["MOTOR"], "net": f"MORE{gpio}"}
    assert any("8 pulse counters, 11 are wanted" in fault for fault in pinmap.lint(signals, "esp32"))


def test_the_self_test_has_the_pins_of_the_map(signals: dict) -> None:
    text = (ROOT / "hardware" / "self_test.py").read_text(encoding="utf-8")
    found: dict[str, int] = {}
    for names, numbers in re.findall(r"^([A-Z][A-Z_, ]+) = ([0-9, ]+)$", text, re.M):
        found |= dict(zip(names.split(", "), map(int, numbers.split(", ")), strict=True))
    assert found == {name: signal["gpio"]["esp32"] for name, signal in signals.items()}


def test_the_readme_has_the_pins_of_the_map(signals: dict) -> None:
    text = (ROOT / "hardware" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z_]+) \| (\d+) \| (\d+) \| (in|out|both) \|", text, re.M)
    assert rows == [
        (name, str(signal["gpio"]["esp32"]), str(signal["gpio"]["s3"]), signal["direction"])
        for name, signal in signals.items()
    ]
