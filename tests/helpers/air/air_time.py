"""A test's own event loop on the virtual air's time: a busy computer does not run its limits out."""

from __future__ import annotations

import asyncio

from pumpbench.air.laptop_clock import LaptopClock

_ON_AIR = "on_air"  # a mark on a loop that keeps it


def keep_air_time(air: str) -> None:
    """Has the running loop's time pass as on the air from now on."""
    loop = asyncio.get_running_loop()
    if not hasattr(loop, _ON_AIR):
        clock = LaptopClock(air)
        began_s, joined_s = loop.time(), clock.now_s()
        loop.time = lambda: began_s + clock.now_s() - joined_s  # type: ignore[method-assign]
        setattr(loop, _ON_AIR, clock)
