"""What a host tells a board holds the truth, whatever happens to the host's clock meanwhile; at large:
soak/test_host_clocks.py."""

from __future__ import annotations

import random
import re

import pytest
from helpers.host.exchange_worlds import LAST_READ as LAST
from helpers.host.exchange_worlds import Event, Exchange, Stated, told, world
from helpers.paths import ROOT
from pumplog import host

HOUR_MS = 3_600_000
BACK = 6  # the step in which the board's answer comes


def quiet(events: dict[int, Event], **how: float) -> Exchange:
    return Exchange(random.Random(1), events, **how)  # type: ignore[arg-type]


def stated(made: Exchange, monkeypatch: pytest.MonkeyPatch) -> Stated:
    found = told(made, monkeypatch)
    assert found and found.holds, found
    return found


@pytest.mark.parametrize("part", range(3))
def test_what_is_stated_holds_the_truth_in_every_world(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [told(world(seed), monkeypatch) for seed in range(40 * part, 40 * (part + 1))]
    assert all(each.holds for each in found if each)
    assert sum(each is not None for each in found) > 20


def test_a_quiet_exchange_is_as_certain_as_its_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stated(quiet({}), monkeypatch).uncertainty_ms <= 50 + 200 + 5


@pytest.mark.parametrize("asleep_ms", [5000, 40_000, 9 * HOUR_MS])
def test_an_exchange_that_a_host_slept_in_is_made_again(
    asleep_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(LAST):
        made = quiet({step: Event(asleep_ms=asleep_ms)})
        assert stated(made, monkeypatch).uncertainty_ms <= 50 + 200 + 5


def test_what_was_told_too_late_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(LAST + 2, LAST + 5):  # until the board has the anchor
        made = quiet({step: Event(asleep_ms=HOUR_MS)})
        assert stated(made, monkeypatch).uncertainty_ms <= 50 + 200 + 5


@pytest.mark.parametrize("by_ms", [-30_000, -700, 700, 30_000])
def test_a_clock_that_was_set_in_between_is_as_uncertain_as_it_was_set(
    by_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quiet({BACK: Event(set_by_ms=by_ms)})
    assert stated(made, monkeypatch).uncertainty_ms >= abs(by_ms) / 2
    made = quiet({BACK: Event(set_by_ms=by_ms)}, off_ms=-by_ms)  # it was wrong before
    assert stated(made, monkeypatch).uncertainty_ms >= abs(by_ms) / 2


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS, 400 * 24 * HOUR_MS])
def test_no_time_is_told_where_no_anchor_can_say_how_uncertain_it_is(
    by_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(quiet({BACK: Event(set_by_ms=by_ms)}), monkeypatch) is None


def test_waits_count_sleep_and_nobody_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC_RAW"}
    for platform, name in wanted.items():
        monkeypatch.setattr(host.sys, "platform", platform)
        monkeypatch.setattr(host.time, name, name, raising=False)
        monkeypatch.setattr(host.time, "clock_gettime", {name: 7.0}.__getitem__)
        assert host.waited_s() == 7.0
    monkeypatch.setattr(host.sys, "platform", "win32")
    monkeypatch.setattr(host.time, "monotonic", lambda: 8.0)  # it counts sleep there
    assert host.waited_s() == 8.0


def test_this_computers_clocks_are_read_in_a_single_file() -> None:
    for path in (ROOT / "host_tools" / "pumplog").rglob("*.py"):
        reads = re.findall(r"\btime\.(?:time|monotonic|perf_counter|clock_gettime)(?:_ns)?\(|\bnow\(",
                           path.read_text(encoding="utf-8"))
        assert path.name == "host.py" or not reads, (path, reads)
