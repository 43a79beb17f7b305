"""Encodes the reference day one way: MODE, being frames, verbose, made or terse.

frames: as the log does; verbose: json.dumps of each event's dict as a plain logger would have it, made
before; made: with the making of the dict; terse: json.dumps of dicts of nothing but ints.
Prints a line for each append: how many events it holds, what it cost, its kind; first three of no
event: what measuring itself costs. Runs under tests/helpers/micropython32.py --counting (fuel.counted).
"""

import json
import sys
from time import ticks_diff, ticks_us

from helpers.on_board import reference_day, verbose_events
from helpers.on_board.places import VECTORS
from pumpwire import frames, page, records
from pumpwire.deltas import Deltas

DAYS = VECTORS + "/reference_day/days.txt"
_LOG_ID, _FIRST_SEQ, _BOOT = 12345, 1, 1


def _frames(steps):
    frame = bytearray(records.MAX_FRAME)
    header = bytearray(page.HEADER_BYTES)
    page.put_header(header, _LOG_ID, _FIRST_SEQ, _BOOT, 0, 0)
    seed = page.read_header(header).seed
    deltas = Deltas()
    encode, encode_minute = frames.encode, frames.encode_minute
    base = 0
    for (ticks, kind, values), reservoir in steps:
        events = 1
        n = 0
        begin = ticks_us()
        dt = ticks - base
        if kind == records.MINUTE:
            ride = reservoir if reservoir is not None and deltas.rides(reservoir) else None
            n = encode_minute(frame, dt, values, ride, seed, deltas)
        if n == 0:
            ride = None
            n = encode(frame, kind, dt, values, None, seed, deltas)
        end = ticks_us()
        cost = ticks_diff(end, begin)
        base = ticks
        if reservoir is not None:
            events = 2
            if ride is None:
                begin = ticks_us()
                encode(frame, records.RESERVOIR, 0, reservoir, None, seed, deltas)
                end = ticks_us()
                cost += ticks_diff(end, begin)
        print(events, cost, kind)


def _json(events, make, made_before):
    made = [make(event) for event in events] if made_before else events
    dumps = json.dumps
    for k, event in enumerate(events):
        what = made[k]
        begin = ticks_us()
        if made_before:
            dumps(what)
        else:
            dumps(make(what))
        end = ticks_us()
        print(1, ticks_diff(end, begin), event[1])


def _nothing():
    for _ in range(3):
        begin = ticks_us()
        end = ticks_us()
        print(0, ticks_diff(end, begin), 0)


with open(DAYS) as file:
    _, day = next(reference_day.read(file))
_nothing()
mode = sys.argv[1]
if mode == "frames":
    _frames(reference_day.steps(day))
elif mode == "terse":
    _json(day, verbose_events.terse, True)
else:
    _json(day, verbose_events.verbose, mode == "verbose")
