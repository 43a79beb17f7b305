"""Records days.txt anew: `python record_days.py`, three minutes. Read the diff.

Runs pumpbench with the real firmware at ten rates, and of each day takes what the reference day is
made of: every minute, every reservoir, every bolus, every demand that was denied. Kept are thirty
of the days that hold exactly 1,748 of them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

from helpers.on_board import reference_day  # noqa: E402
from pumpwire import decoding, records  # noqa: E402
from pumpwire.errors import WireError  # noqa: E402
from pumpwire.units import TICK_MS  # noqa: E402

SEEDS = (1, 2)
RATES_ML_H = ("0.5", "0.6", "0.7", "0.8", "0.9", "1.0", "1.1", "1.2", "1.3", "1.5")
BOLUSES = 17  # a day; denied demands make up the rest
WINDOW_DAYS = 4
DAYS = 30
FIRST = "1.1 mL/h"
_CHORES_TICKS = 100  # a minute's work is spread over the seconds behind it
REMARK = """\
# Made by record_days.py from runs of pumpbench with the real firmware, 1 uL a count; all synthetic.
# The first day is the reference day. Format: tests/both/reference_day.py."""
Event = tuple[int, int, tuple[int, ...]]
WINDOWS = ("baseline", "followup")
REGIMEN = ("patient,timepoint,window_days,oral_med_pre_mg_d,morphine_mg_per_250mL,"
           "bupivacaine_mg_per_250mL,morphine_mg_mL,bupivacaine_mg_mL,rate_mL_h,bolus_mL,lockout_min,pcia_delivered_total,"
           "pcia_per_day,basal_mL_d,pcia_mL_d,total_mL_d,bag_life_d,it_morphine_mg_d,"
           "it_bupivacaine_mg_d,pcia_morphine_mg_d,pcia_bupivacaine_mg_d,bolus_eq_1h")


def run(folder: Path, seed: int) -> None:
    """Runs a patient at each rate over both windows; a bolus gives what an hour does."""
    regimens, counts = [REGIMEN], ["patient,timepoint,day,pcia_delivered"]
    for number, rate in enumerate(RATES_ML_H, 1):
        for window in WINDOWS:
            regimens.append(f"P{number:02},{window},{WINDOW_DAYS},90,110.0,55.0,0.44,0.22,{rate},{rate},15,"
                            f"{BOLUSES * WINDOW_DAYS},{BOLUSES},0,0,0,0,0,0,0,0,1")
            counts += [f"P{number:02},{window},{day + 1},{BOLUSES}" for day in range(WINDOW_DAYS)]
    (folder / "regimens.csv").write_text("\n".join(regimens) + "\n")
    (folder / "counts.csv").write_text("\n".join(counts) + "\n")
    subprocess.run(
        [sys.executable, "-m", "pumpbench", "run", "--regimens", folder / "regimens.csv",
         "--daily-counts", folder / "counts.csv", "--out", folder / "out", "--seed", str(seed),
         "--jobs", "2"], check=True)


def days_of(folder: Path, seed: int) -> Iterator[tuple[str, list[Event]]]:
    """Yields each whole day of a run: what it is, its events."""
    for number, rate in enumerate(RATES_ML_H, 1):
        found = _records((folder / "out" / f"B{number:02}" / "log.flash").read_bytes())
        for boot, window in enumerate(WINDOWS, 1):
            mine = [record for record in found if record.boot == boot]
            minutes = [k for k, record in enumerate(mine) if record.kind == records.MINUTE]
            for day in range(WINDOW_DAYS):
                # From the first whole minute after the board's start.
                first, last = 1440 * day, 1440 * (day + 1)
                if last < len(minutes):
                    yield (f"{rate} mL/h, seed {seed}, P{number:02} {window} day {day + 1}",
                           _events(mine[minutes[first] + 1 : minutes[last] + 9],
                                   mine[minutes[first]].uptime_ms))


def _records(image: bytes) -> list[Any]:
    pages = []
    for at in range(0, len(image), 4096):
        try:
            header, found, _, error = decoding.decode_page(image[at : at + 4096])
        except WireError:
            continue
        assert error is None, error
        pages.append((header.first_seq, found))
    return [record for _, found in sorted(pages, key=lambda each: each[0]) for record in found]


def _events(found: list[Any], begin_ms: int) -> list[Event]:
    """Returns what the reference day is made of, times from begin_ms on."""
    events: list[Event] = []
    minute = -1  # where the last one stands
    for record in found:
        ticks = (record.uptime_ms - begin_ms) // TICK_MS
        values = tuple(record.fields[name] for name, _ in records.fields_of(record.kind))
        if ticks > reference_day.DAY_TICKS and record.kind != records.RESERVOIR:
            continue
        if record.kind == records.MINUTE:
            minute = len(events)
            events.append((ticks, record.kind, values))
        elif record.kind == records.RESERVOIR and 0 <= ticks - events[minute][0] < _CHORES_TICKS:
            events.insert(minute + 1, (events[minute][0], record.kind, values))
        elif record.kind == records.BOLUS or (
                record.kind == records.DEMAND and record.fields["outcome"] == records.DENIED):
            events.append((ticks, record.kind, values))
    return events


def is_reference(events: list[Event]) -> bool:
    """Returns whether a day has exactly the reference day's make-up."""
    kinds = [kind for _, kind, _ in events]
    usual = all(values[0] == records.MINUTE_MS for _, kind, values in events if kind == records.MINUTE)
    return (usual and len(events) == reference_day.EVENTS
            and kinds.count(records.MINUTE) == reference_day.MINUTES
            and kinds.count(records.RESERVOIR) == reference_day.RESERVOIRS)


def main() -> None:
    """Writes days.txt."""
    found: list[tuple[str, list[Event]]] = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), seed)
            found += [day for day in days_of(Path(folder), seed) if is_reference(day[1])]
    assert len(found) >= DAYS, len(found)
    text = [REMARK, *(line for day in spread(found) for line in reference_day.lines(*day))]
    (Path(__file__).parent / "days.txt").write_text("\n".join(text) + "\n")


def spread(found: list[tuple[str, list[Event]]]) -> list[tuple[str, list[Event]]]:
    """Returns DAYS of the days found, evenly over all of them, first one of the middle rate."""
    days = [found[k * len(found) // DAYS] for k in range(DAYS)]
    days.sort(key=lambda day: not day[0].startswith(FIRST))
    return days


if __name__ == "__main__":
    main()
