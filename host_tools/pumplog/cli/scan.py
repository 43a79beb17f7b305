"""`pumplog scan`: the boards in radio range."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pumpwire import gatt

from ..errors import NotFound
from ..patients.episodes import Episode, episodes
from .common import open_store, print_json

if TYPE_CHECKING:
    from ..links.ble_radio import Seen


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--seconds", type=_seconds, default=4.0, metavar="S",
                        help="how long, 1 to 60 (default 4)")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 60")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Lists boards with patient, bed, signal and whether they have news, those to visit first; then
    who is started and was not heard."""
    from ..links import ble_radio

    serving: dict[str, Episode] = {}
    if options.db.exists():  # boards can be looked for before there is any store
        with open_store(options) as store:
            serving = {one.board: one for one in episodes(store).values() if not one.ended}
    found = sorted(ble_radio.scan(gatt.SERVICE, timeout_s=options.seconds),
                   key=lambda seen: (not seen.has_news, seen.name))
    if not found:
        raise NotFound("no board in range: go nearer, and check that its light says logging.")
    for seen in found:
        _print(options, seen.name, serving.get(seen.name), seen)
    heard = {seen.name for seen in found}
    for board in sorted(set(serving) - heard):
        _print(options, board, serving[board], None)
    return 0


def _print(
    options: argparse.Namespace, board: str, one: Episode | None, seen: Seen | None
) -> None:
    """Prints a board; seen None: it was not heard."""
    if options.json:
        print_json({"board": board, "patient": one.patient if one else None,
                    "bed": one.bed if one else None, "rssi_dbm": seen.rssi_dbm if seen else None,
                    "has_news": seen.has_news if seen else None})
        return
    told = "not heard from here"
    if seen:
        news = "something new to pull" if seen.has_news else "nothing new"
        told = f"signal {seen.rssi_dbm} dBm, {news}"
    print(f"{one.heading if one else f'board {board}, no patient'}: {told}")
