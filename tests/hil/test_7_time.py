"""The board's time: its rate against the host's clock, and the watchdog that ends a hang."""

from __future__ import annotations

import time
from struct import unpack_from

from helpers.hil.bed import Bed, after, of_kind
from pumplog.sync.client import Client
from pumpwire import commands, names

CRYSTAL_PPM = 100
HANG_MS = 3000
WATCHDOG = next(number for number, word in names.BOOT_REASONS.items() if word == "watchdog")
HANG = f"import machine\nmachine.WDT(timeout={HANG_MS})\nwhile True:\n    pass\n"
SERVED_S = 30  # of the board's time in service, longer than a reset takes


def reading(client: Client) -> tuple[float, float, float]:
    """Returns the board's uptime, and our clock before and after it was read, in s: the best of ten."""
    found = []
    for _ in range(10):
        began_s = time.monotonic()
        _, answer = client.command(commands.TIME)
        ended_s = time.monotonic()
        _, s, ms = unpack_from(commands.TIME_BODY, answer)
        found.append((s + ms / 1000, began_s, ended_s))
    return min(found, key=lambda one: one[2] - one[1])


def test_its_clock_runs_at_the_nominal_rate(bed: Bed) -> None:
    """The rate lies between the two that the round trips allow, whatever they took."""
    with bed.client() as client:
        first_s, first_began_s, first_ended_s = reading(client)
        time.sleep(5 if bed.virtual else 120)
        last_s, last_began_s, last_ended_s = reading(client)
    step_s = bed.speed / 1000  # of the board's clock
    slowest = (last_s - first_s - step_s) / (last_ended_s - first_began_s)
    fastest = (last_s - first_s + step_s) / (last_began_s - first_ended_s)
    allowed = bed.speed * CRYSTAL_PPM / 1e6
    assert slowest - allowed <= bed.speed <= fastest + allowed, (slowest, fastest)


def test_a_hang_is_ended_by_the_watchdog_and_nothing_else_is_changed(bed: Bed) -> None:
    before = bed.pull()
    bed.to_service()
    began_s = time.monotonic()
    bed.pass_s(SERVED_S)
    bed.console.send(HANG)
    bed.pass_s(HANG_MS / 1000)
    bed.await_running()
    away_ms = (time.monotonic() - began_s) * 1000 * bed.speed
    found = after(bed.pull(), before[-1]["seq"])  # which had the board prove its key
    assert [one["reason"] for one in of_kind(found, "boot")] == [WATCHDOG]
    for resumed in of_kind(found, "resumed"):  # it may say for how long at most nobody looked, or not
        assert not resumed["lost_ms"] or resumed["lost_ms"] >= away_ms - bed.speed * 1000
