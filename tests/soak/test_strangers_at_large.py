"""Random advertisements and reports at large: none ends a scan, and the board behind them is heard."""

from __future__ import annotations

import random

import pytest
from helpers.host.advertised import BOARD, any_advertisement, any_report, on_the_air, scan
from helpers.scale import scaled

AT_ONCE = 500  # devices in a scan


def test_no_random_report_ends_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(scaled(20, 400)):
        dice = random.Random(seed)
        heard = scan(monkeypatch, [any_report(dice) for _ in range(AT_ONCE)])
        assert ("B01", BOARD[0].address) in heard, seed


def test_no_random_advertisement_ends_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(scaled(2, 20)):
        dice = random.Random(seed)
        heard = scan(monkeypatch, on_the_air(any_advertisement(dice) for _ in range(AT_ONCE)))
        assert ("B01", BOARD[0].address) in heard, seed
