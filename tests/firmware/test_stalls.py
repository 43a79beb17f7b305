"""The real firmware counts exactly through stalls, wraps and resets; what a reset hides is bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pumpbench.bedside import Pins
from pumpbench.board import RunningBoard, VirtualBoard, compiled_firmware
from pumpbench.board.virtual_board import LOG_PAGES, PAGE_BYTES
from pumpwire import decoding, records
from pumpwire.errors import WireError

COUNTS_A_TICK = 200  # 2 kHz
PRESS_EVERY_S = 7
WRAP = 1 << 30
MINUTES = 12


def pins(seconds: int) -> Pins:
    """A motor at 2 kHz, a press of 200 ms every seven seconds, always within a stall."""
    tick = np.arange(seconds * 10, dtype=np.int64)
    second = np.arange(seconds, dtype=np.int64)
    counts = (tick + 1) * COUNTS_A_TICK
    presses = (tick - 7) // (10 * PRESS_EVERY_S) + 1
    weights = 42_000 + second * 7 % 5
    arrays = [a.astype(np.int32) for a in (counts, presses, weights, second * 0, second * 0)]
    return Pins(*arrays)


def pass_with_stalls(running: RunningBoard, seconds: int) -> None:
    for _ in range(seconds):
        running.pass_ticks(6)
        running.skip_ticks(4)


def log_of(board: VirtualBoard) -> list[Any]:
    image = board.flash.read_bytes()
    found: list[Any] = []
    for slot in range(LOG_PAGES):
        try:
            _, here, _, error = decoding.decode_page(image[slot * PAGE_BYTES : (slot + 1) * PAGE_BYTES])
        except WireError:
            continue  # an erased page
        assert error is None
        found += here
    return sorted(found, key=lambda record: record.seq)


def of(found: list[Any], kind: int) -> list[dict[str, Any]]:
    return [record.fields for record in found if record.kind == kind]


def total(found: list[Any], kind: int, field: str) -> int:
    return sum(fields[field] for fields in of(found, kind))


def test_counts_and_presses_are_exact_through_a_stall_every_second_and_a_counter_that_wraps(
    tmp_path: Path,
) -> None:
    board = VirtualBoard(tmp_path, "stalls", compiled_firmware())
    seconds = MINUTES * 60
    shown = pins(seconds)
    # the counts wrap in a minute
    running = RunningBoard(board, "boot", shown, counters_from=WRAP - 100_000)
    pass_with_stalls(running, seconds - 1)
    running.pass_ticks(10)
    running.supply_fails()
    running.power_off()
    found = log_of(board)
    assert total(found, records.MINUTE, "counts") == shown.counts[-1] == seconds * 10 * COUNTS_A_TICK
    assert total(found, records.MINUTE, "presses") == shown.presses[-1] > 100
    assert len(of(found, records.DEMAND)) == shown.presses[-1]
    gaps = of(found, records.GAP)
    assert sum(gap["count"] for gap in gaps) == 4 * (seconds - 1)
    assert {gap["cause"] for gap in gaps} == {records.TICKS_SKIPPED}


def test_a_watchdog_reset_keeps_what_no_minute_held_and_bounds_what_it_hid(tmp_path: Path) -> None:
    board = VirtualBoard(tmp_path, "reset", compiled_firmware())
    off_s, on_s, end_s = 200, 208, 400
    shown = pins(end_s)
    running = RunningBoard(board, "boot", shown)
    pass_with_stalls(running, off_s - 1)
    running.pass_ticks(10)
    running.power_off()
    running = RunningBoard(board, "again", shown, on_s * 10, reason="watchdog", counters_from=WRAP - 10)
    pass_with_stalls(running, end_s - on_s - 1)
    running.pass_ticks(10)
    running.supply_fails()
    running.power_off()
    found = log_of(board)
    (resumed,) = of(found, records.RESUMED)
    assert resumed["boot_before"] == 1
    kept_s = resumed["uptime_s"] + resumed["uptime_ms"] / 1000
    assert off_s - 1.1 <= kept_s <= off_s  # kept each second while something happens
    assert (on_s - kept_s) * 1000 <= resumed["lost_ms"] <= 25_000
    seen = int(round(kept_s * 10)) + 1  # ticks by then: the first is at uptime 0
    booked = [total(found, records.MINUTE, field) + resumed[field] for field in ("counts", "presses")]
    hidden_counts = (on_s * 10 - seen) * COUNTS_A_TICK
    assert booked[0] == shown.counts[-1] - hidden_counts
    hidden = slice(seen - 1, on_s * 10 - 1)
    assert booked[1] == shown.presses[-1] - (shown.presses[hidden.stop] - shown.presses[hidden.start])


def test_what_comes_while_the_supply_holds_up_is_kept_until_the_end(tmp_path: Path) -> None:
    board = VirtualBoard(tmp_path, "holds", compiled_firmware())
    seconds, held_ticks = 30, 7
    shown = pins(seconds)
    running = RunningBoard(board, "boot", shown)
    running.pass_ticks(seconds * 10 - held_ticks)
    running.supply_fails()
    for _ in range(held_ticks):
        running.pass_ticks(1)  # dark between any two of them
    running.power_off()
    found = log_of(board)
    assert total(found, records.MINUTE, "counts") == shown.counts[-1] == seconds * 10 * COUNTS_A_TICK
    assert total(found, records.MINUTE, "presses") == shown.presses[-1] > 0


def test_a_supply_that_fails_for_long_fills_no_log(tmp_path: Path) -> None:
    board = VirtualBoard(tmp_path, "fails", compiled_firmware())
    seconds = 180
    shown = pins(seconds)
    running = RunningBoard(board, "boot", shown)
    running.pass_ticks(100)
    running.supply_fails()
    running.pass_ticks((seconds - 10) * 10)
    running.power_off()
    minutes = of(log_of(board), records.MINUTE)
    assert len(minutes) < 260
    assert sum(minute["span_ms"] for minute in minutes) >= 120_000


def test_a_press_of_the_relief_button_just_before_the_supply_fails_is_kept(tmp_path: Path) -> None:
    board = VirtualBoard(tmp_path, "relief", compiled_firmware())
    shown = pins(30)
    shown.reliefs[9:] = 1  # read once a second, so it would be at the next one
    running = RunningBoard(board, "boot", shown)
    running.pass_ticks(95)
    running.supply_fails()
    running.power_off()
    assert len(of(log_of(board), records.RELIEF)) == 1
