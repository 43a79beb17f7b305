"""The firmware is within its budget, and what is not is said."""

from __future__ import annotations

import dataclasses

import pytest
from benchmarks import budget
from helpers.paths import ROOT
from pumplog.deploy import firmware_build

BUILD = ROOT / "build" / "firmware"  # the 32-bit MicroPython sees files of this checkout only


def test_the_firmware_costs_no_more_than_its_budget(monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    costs = budget.measure(firmware_build.build(BUILD, "esp32"))
    assert [cost.name for cost in costs if not cost.kept()] == []
    beyond = [dataclasses.replace(costs[0], limit=costs[0].value - 1),
              dataclasses.replace(costs[3], limit=costs[3].value + 1)]
    monkeypatch.setattr(budget, "measure", lambda built: [*beyond, costs[1]])
    assert budget.main(BUILD) == 1
    out, err = capsys.readouterr()
    assert out.count("BEYOND") == 2 and "deployed files, memory left" in err
