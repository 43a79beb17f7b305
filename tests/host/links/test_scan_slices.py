"""A scan is made of short slices, and a slice that fails ends it only if no other does better.

BlueZ says `InProgress` while another program begins or ends a scan, and bleak raises that even as a
slice ends whose devices were heard.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import _bleio
import pytest
from bleak.exc import BleakDBusError, BleakError
from helpers.host.advertised import BOARD, Told
from pumplog import host
from pumplog.errors import UnreachableError
from pumplog.links import ble_fixes, ble_radio
from pumpwire import gatt

BUSY = BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"])
OFF = BleakError("No powered Bluetooth adapters found.")


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the slices of a scan give these, one after the other, the last again and again; an error is
    raised."""
    passed = itertools.count()

    def play(*given: list[Told] | Exception) -> list[float]:
        each = iter(given)
        last: list[Any] = [[]]
        waited: list[float] = []

        async def interval(self: Any, _: float) -> list[Told]:
            waited.append(0.25 * next(passed))
            last[0] = next(each, last[0])
            if isinstance(last[0], Exception):
                raise last[0]
            return list(last[0])

        ble_radio._radio.cache_clear()
        monkeypatch.delenv("PUMPLOG_AIR", raising=False)
        monkeypatch.setattr(_bleio.adapter, "ble_backend", "bleak")
        monkeypatch.setattr(_bleio.common.Adapter, "_scan_for_interval", interval)
        monkeypatch.setattr(host, "waited_s", lambda: 0.25 * next(passed))
        monkeypatch.setattr(ble_fixes.time, "sleep", lambda s: None)
        return waited

    return play


def names(until: str | None = None) -> list[str]:
    return [each.name for each in ble_radio.scan(gatt.SERVICE, 8.0, until)]


def test_slices_that_fail_leave_what_the_others_heard(slices: Any) -> None:
    for seed in range(30):
        dice = random.Random(seed)
        failing = [dice.choice((BUSY, BUSY, [])) for _ in range(3)]
        slices(*failing, [BOARD], *([BUSY] if seed % 2 else []))
        assert names() == ["B01"]
        slices(*failing, [BOARD])
        assert names("B01") == ["B01"]


def test_an_adapter_that_is_off_or_taken_is_told_of_soon(slices: Any) -> None:
    for error, do in ((OFF, "switch it on"), (BUSY, "another program")):
        tried = slices(error)
        with pytest.raises(UnreachableError, match="cannot scan") as told:
            names()
        assert do in told.value.do and len(tried) < 6


def test_a_scanner_whose_end_failed_is_not_used_again(slices: Any) -> None:
    _bleio.adapter._scanner = "the one that failed"
    slices(BUSY, [BOARD])
    assert names("B01") == ["B01"] and _bleio.adapter._scanner is None
