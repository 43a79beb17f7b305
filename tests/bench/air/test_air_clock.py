"""The air's clock goes on whatever happens around it, and a laptop may say who it is in pieces."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import pytest
from pumpbench.air import Air, clock
from pumpbench.air.laptop_clock import BEGAN_BODY, HELLO, HELLO_BODY, PASSED_BODY

ANSWER = struct.Struct(BEGAN_BODY + PASSED_BODY[1:])
ENOUGH_S = 30.0  # of the computer's time: it only ends a test that would hang


async def told_times(times: int) -> tuple[int, float]:
    """Returns how often an air's clock told the time, and its last time, s."""
    told: list[float] = []
    air = clock.AirClock(lambda: told.append(air.now_s()))
    end_s = time.monotonic() + ENOUGH_S
    while len(told) < times and time.monotonic() < end_s:
        time.sleep(0.01)
        await asyncio.sleep(0)
    return len(told), told[-1] if told else 0.0


@pytest.mark.parametrize("fails", ["_entries", "_children", "Path"])
def test_a_clock_that_cannot_count_goes_on_by_the_computers_time(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: Any) -> Any:
        raise ValueError("as no kernel says it")

    monkeypatch.setattr(clock, fails, unreadable)
    monkeypatch.setattr(clock, "LEAST", 0.0)  # no time passes but what is held unhindered
    monkeypatch.setattr(clock, "_FAMILY_LOOKS", 1)
    began_s = time.monotonic()
    times, last_s = asyncio.run(told_times(5))
    assert times >= 5 and 5 * clock.STEP_S <= last_s <= time.monotonic() - began_s


@pytest.mark.parametrize("cuts", [(), (1,), (3,), (1, 2, 3, 4)])
def test_a_laptop_is_told_the_time_however_its_hello_comes(cuts: tuple[int, ...]) -> None:
    async def answer() -> bytes:
        _, port = await Air().start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        hello = HELLO + struct.pack(HELLO_BODY, 1)
        for start, end in zip((0, *cuts), (*cuts, len(hello)), strict=True):
            writer.write(hello[start:end])
            await writer.drain()
            await asyncio.sleep(0.05)
        data = await asyncio.wait_for(reader.readexactly(ANSWER.size), ENOUGH_S)
        writer.close()
        return data

    began_ns, passed_us = ANSWER.unpack(asyncio.run(answer()))
    assert abs(began_ns - time.time_ns()) < ENOUGH_S * 1e9 and passed_us < ENOUGH_S * 1e6


def test_a_laptop_that_dies_in_its_hello_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def die() -> None:
        _, port = await Air().start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + b"\0")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), ENOUGH_S) == b""
        writer.close()

    asyncio.run(die())
    assert not caplog.records
