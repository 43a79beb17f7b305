"""Prints what importing the firmware costs, in instructions: the clock counts them
(micropython32.py)."""

import time

before = time.ticks_us()
import gateway.gateway  # noqa: E402, F401

after = time.ticks_us()
import pumpwire.sealing  # noqa: E402, F401 (loaded by now: this costs what measuring costs)

print(after - before - (time.ticks_us() - after))
