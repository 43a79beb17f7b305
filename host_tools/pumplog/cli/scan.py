"""`pumplog scan`: the boards in radio range."""

from __future__ import annotations

import argparse

from pumpwire import uuids

from ..episodes import episodes
from ..errors import NotFound
from .common import open_store, print_json


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--seconds", type=float, default=4.0, help="how long (default 4)")


def run(options: argparse.Namespace) -> int:
    """Lists boards with patient, bed, signal and whether they have news."""
    from ..links import ble_radio

    with open_store(options) as store:
        serving = {one.board: one for one in episodes(store).values() if not one.ended}
        found = sorted(ble_radio.scan(uuids.SERVICE, timeout_s=options.seconds),
                       key=lambda seen: seen.name)
        if not found:
            raise NotFound("no board in range: go nearer, and check that its light says logging.")
        for seen in found:
            one = serving.get(seen.name)
            line = {"board": seen.name, "patient": one.patient if one else None,
                    "bed": one.bed if one else None, "rssi_dbm": seen.rssi_dbm,
                    "has_news": seen.has_news}
            if options.json:
                print_json(line)
            else:
                whom = f"patient {one.patient}, bed {one.bed or '-'}" if one else "no patient"
                print(f"{seen.name:<10} {whom:<28} {seen.rssi_dbm:>4} dBm"
                      f"  {'has news' if seen.has_news else 'nothing new'}")
    return 0
