"""What the doctor says of a board, for each way in which one can be wrong."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from helpers.paths import ROOT
from pumplog.deploy import diagnosis, image
from pumplog.deploy.diagnosis import Wiring
from pumplog.deploy.firmware_build import sources
from pumplog.deploy.on_board import Survey

STILL = Wiring(clock=True, clock_s=1000, raws=(140_000,) * 10, supply=True, handset=False,
               relief=False, service=False)
OURS = {"main.mpy": "11", "gateway/clock.mpy": "22"}


def manifest(sums: dict[str, str]) -> str:
    return json.dumps(sums, indent=1, sort_keys=True) + "\n"


def survey(slot: str = "a ok", a: dict[str, str] | None = None, b: dict[str, str] | None = None,
           lacks: str = "", micropython: str = image.pin().version,
           partitions: tuple[tuple[int, int, str], ...] = ((0x200000, 0x100000, "vfs"),
                                                           (0x300000, 0x100000, "log"))) -> Survey:
    """Returns what a board would tell that has these manifests, and every file but each."""
    lines: list[list[Any]] = [["micropython", micropython, 6], ["text", "slot", slot]]
    lines += [["partition", *row] for row in partitions]
    for letter, sums in (("a", a), ("b", b)):
        if sums is not None:
            lines.append(["text", f"{letter}/manifest.json", manifest(sums)])
            lines += [["file", f"/{letter}/{name}", digest] for name, digest in sums.items()
                      if f"/{letter}/{name}" != lacks]
    return Survey("\n".join(map(json.dumps, lines)) + "\nsomething else\n")


def ours_id() -> str:
    return hashlib.sha256(manifest(OURS).encode()).hexdigest()[:12]


@pytest.mark.parametrize("found, good, says", [
    (survey(a=OURS), [True], "whole, and the same"),
    (survey("b ok", a=OURS, b=OURS), [True], "in /b is whole"),
    (survey(a=OURS, lacks="/a/main.mpy"), [False], "in /a, which is to start, is not whole"),
    (survey(a={"gateway/clock.mpy": "22"}), [False], "is not whole"),  # nothing to start
    (survey(), [False], "is not whole"),
    (survey("a 2", a=OURS), [False], "on trial"),
    (survey(a={"main.mpy": "33"}), [False], "whole but not " + ours_id()),
    (survey("b ok", a=OURS, b=OURS, lacks="/a/main.mpy"), [True, False], "to fall back on"),
])
def test_firmware(found: Survey, good: list[bool], says: str) -> None:
    told = diagnosis.of_firmware(found, OURS, ours_id())
    assert [each.good for each in told] == good and any(says in each.sentence for each in told)


def test_micropython_and_partitions() -> None:
    wanted = replace(image.pin(), version="1.26.1", also=("1.25.0",))
    assert [diagnosis.of_micropython(survey(micropython=version), wanted).good
            for version in ("1.26.0", "1.26.1", "1.9.4", "1.100.0", "1.25.0")] == [False, True, False,
                                                                                   None, True]
    pinned = image.pin()
    for version in (pinned.version, *pinned.also):
        assert diagnosis.of_micropython(survey(micropython=version), pinned).good, version
    assert diagnosis.of_partitions(survey()).good
    found = diagnosis.of_partitions(survey(partitions=((0x200000, 0x200000, "vfs"),)))
    assert found.good is False and "vfs and log" in found.sentence


@pytest.mark.parametrize("clock, clock_s, good, says", [
    (False, None, False, "No DS3231 answers"), (True, None, False, "CR2032"),
    (True, 1061, False, "61 s ahead"), (True, 939, False, "61 s behind"),
    (True, 1060, True, "+60 s"), (True, 940, True, "-60 s"),
])
def test_clock(clock: bool, clock_s: int | None, good: bool, says: str) -> None:
    found = diagnosis.of_clock(replace(STILL, clock=clock, clock_s=clock_s), 1000)
    assert found.good is good and says in found.sentence


@pytest.mark.parametrize("clock_s", [0, 189_388_799, 820_540_800, 1_070_000_000])
def test_a_clock_that_says_what_no_right_clock_can_say_has_lost_its_time(clock_s: int) -> None:
    found = diagnosis.of_clock(replace(STILL, clock_s=clock_s), 210_000_000)
    assert found.good is False and "has lost its time" in found.sentence


@pytest.mark.parametrize("raws, good, says", [
    ([], False, "does not answer"), ([0] * 10, False, "which no cell does"),
    ([-8_388_000] * 10, False, "which no cell does"), ([100_000, 130_000], False, "hang still"),
    ([140_000, 140_900], True, "reads 140450, within 900"),
    ([140_000] * 5 + [-4_194_304] + [140_010] * 4, True, "reads 140003, within 10"),
    ([140_000, 155_000] + [140_000] * 8, True, "reads 140000, within 0"),
    ([100_000, 130_000] * 5, False, "hang still"),
])
def test_load_cell(raws: list[int], good: bool, says: str) -> None:
    found = diagnosis.of_cell(replace(STILL, raws=tuple(raws)))
    assert found.good is good and says in found.sentence


def test_contacts() -> None:
    assert [each.good for each in diagnosis.of_contacts(STILL)] == [True, True, True, True, None]
    stuck = replace(STILL, supply=False, handset=True, relief=True, service=True)
    assert [each.good for each in diagnosis.of_contacts(stuck)] == [False] * 4 + [None]


def test_what_the_console_prints_at_each_start_is_named_where_it_is_printed() -> None:
    """Counting asks for a pull-up (pcnt_legacy.c of ESP-IDF 5.5); pads from 34 on have none."""
    motor = re.search(r"MOTOR = const\((\d+)\)", (sources() / "boards/esp32/pins.py").read_text())
    assert motor and int(motor[1]) >= 34
    says = diagnosis.of_contacts(STILL)[-1].sentence
    assert "gpio_pullup_en ... GPIO number error" in says and "harmless" in says
    page = (ROOT / "docs" / "biomed.md").read_text()
    assert "GPIO number error" in page and "A brown-out reads as `power_on`" in page


@pytest.mark.parametrize("status, good, says", [
    ({"flags": 1}, None, "does not say"),  # a firmware from before it did
    ({"flags": 1, "memory_free": 80_000, "memory_largest": 50_000, "memory_lowest": 61_500}, True,
     "The radio takes links: 80 kB of memory are left for the radio, and at least 61.5 kB were"),
    ({"flags": 17, "memory_free": 12_000, "memory_largest": 4000, "memory_lowest": 9000}, False,
     "takes no new link: 12 kB"),
    ({"flags": 17, "memory_free": 80_000, "memory_largest": 50_000, "memory_lowest": 61_500}, False,
     "is off until the board starts again"),
])
def test_memory(status: dict[str, int], good: bool | None, says: str) -> None:
    told = diagnosis.of_memory(status)
    assert told.good == good and says in told.sentence
    assert good is not False or "cable" in told.sentence
    assert ("it needs 16.4 kB" in told.sentence) == (status.get("memory_free", 80_000) < 16_384)


@pytest.mark.parametrize("status, good, says", [
    ({}, None, "does not say"),
    ({"uptime_s": 60, "ticks_skipped": 0, "late_ms": 30}, True,
     "missed none of 600 looks since the board started; the latest came 30 ms late"),
    ({"uptime_s": 20, "ticks_skipped": 50, "late_ms": 640}, True, "missed 50 of 200 looks"),
    ({"uptime_s": 20, "ticks_skipped": 51, "late_ms": 640}, None, "something stops it"),
    ({"uptime_s": 3600, "ticks_skipped": 360, "late_ms": 640}, True, "missed 360 of 36000 looks"),
    ({"uptime_s": 3600, "ticks_skipped": 361, "late_ms": 640}, None, "something stops it"),
])
def test_loop(status: dict[str, int], good: bool | None, says: str) -> None:
    told = diagnosis.of_loop(status)
    assert told.good == good and says in told.sentence
