"""`pumplog scan`: the boards in radio range."""

from __future__ import annotations

import argparse

from pumpwire import gatt

from ..episodes import Episode, episodes
from ..errors import NotFound
from .common import heading, open_store, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--seconds", type=_seconds, default=4.0, metavar="S",
                        help="how long, 1 to 60 (default 4)")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 60:
        raise ValueError
    return seconds


def run(options: argparse.Namespace) -> int:
    """Lists boards with patient, bed, signal and whether they have news."""
    from ..links import ble_radio

    serving: dict[str, Episode] = {}
    if options.db.exists():  # boards can be looked for before there is any store
        with open_store(options) as store:
            serving = {one.board: one for one in episodes(store).values() if not one.ended}
    found = sorted(ble_radio.scan(gatt.SERVICE, timeout_s=options.seconds),
                   key=lambda seen: seen.name)
    if not found:
        raise NotFound("no board in range: go nearer, and check that its light says logging.")
    for seen in found:
        one = serving.get(seen.name)
        if options.json:
            print_json({"board": seen.name, "patient": one.patient if one else None,
                        "bed": one.bed if one else None, "rssi_dbm": seen.rssi_dbm,
                        "has_news": seen.has_news})
        else:
            print(f"{heading(one) if one else f'board {seen.name}, no patient'}:"
                  f" signal {seen.rssi_dbm} dBm,"
                  f" {'something new to pull' if seen.has_news else 'nothing new'}")
    return 0
