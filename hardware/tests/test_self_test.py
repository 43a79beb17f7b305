"""The self-test, on pins that stand in for the board's: what it says of a sound and of a bad board."""

from __future__ import annotations

import sys
import time
import types
from pathlib import Path

import pytest

HARDWARE = Path(__file__).parents[1]


class Pins:
    """Levels by GPIO; an HX711 that always has the same conversion; time that runs by itself."""

    def __init__(self, raw: int, devices: list[int]):
        self.levels = {34: 1, 32: 1, 33: 1, 27: 1, 26: 1}
        self.raw, self.devices, self.clocks, self.now_ms = raw & 0xFFFFFF, devices, 0, 0

    def read(self, gpio: int) -> int:
        self.now_ms += 1
        if gpio == 32:  # the handset is pressed for half of each second
            return 0 if 5000 < self.now_ms and self.now_ms % 1000 < 500 else 1
        if gpio != 35:
            return self.levels.get(gpio, 0)
        return 0 if not self.clocks else self.raw >> 24 - self.clocks & 1

    def clock(self) -> None:
        self.clocks = 0 if self.clocks == 24 else self.clocks + 1


def run(monkeypatch: pytest.MonkeyPatch, pins: Pins) -> None:
    class Pin:
        IN, OUT, PULL_UP = 0, 1, 2

        def __init__(self, gpio: int, *_: int, value: int = 0):
            self.gpio = gpio

        def value(self) -> int:
            return pins.read(self.gpio)

        def on(self) -> None:
            if self.gpio == 25:
                pins.clock()

        def off(self) -> None:
            pass

    class I2C:
        def __init__(self, *_: int, **__: object):
            pass

        def scan(self) -> list[int]:
            return pins.devices

    machine = types.ModuleType("machine")
    machine.Pin, machine.I2C = Pin, I2C
    monkeypatch.setitem(sys.modules, "machine", machine)
    esp32, bluetooth, radio = types.ModuleType("esp32"), types.ModuleType("bluetooth"), [False]
    esp32.HEAP_DATA = 4
    esp32.idf_heap_info = lambda kind: [
        (70000, 60000 - 32000 * radio[0], 50000, 0), (13000, 12000, 11000, 0), (4 << 20, 4000000, 1, 1)]

    class Ble:
        def active(self, on: bool) -> None:
            radio[0] = on

    bluetooth.BLE = Ble
    monkeypatch.setitem(sys.modules, "esp32", esp32)
    monkeypatch.setitem(sys.modules, "bluetooth", bluetooth)
    monkeypatch.setattr(time, "ticks_ms", lambda: pins.now_ms, raising=False)
    monkeypatch.setattr(time, "ticks_diff", lambda a, b: a - b, raising=False)
    monkeypatch.setattr(time, "sleep_ms", lambda ms: None, raising=False)
    source = (HARDWARE / "self_test.py").read_text(encoding="utf-8")
    exec(compile(source, "self_test.py", "exec"), {"__name__": "__main__"})


def test_a_sound_board_shows_its_cell_its_clock_and_its_presses(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, Pins(-123456, [0x68]))
    said = capsys.readouterr().out
    assert "ok: raw -123456, spread 0" in said and "ok: DS3231 answers" in said
    assert "bare: 72000 bytes, 50000 in one piece, PSRAM 4000000 bytes" in said
    assert "with the radio on: 40000 bytes, 50000 in one piece" in said
    assert "HANDSET 0 presses" not in said and "bad" not in said


def test_a_cell_at_the_end_of_its_range_and_a_missing_clock_are_bad(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, Pins(0x7FFFFF, []))
    said = capsys.readouterr().out
    assert "CELL     bad" in said and "CLOCK    bad: no DS3231" in said
