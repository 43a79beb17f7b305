"""`pumplog status`: what each patient's board last told, and how old that is."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from pumpwire import commands

from .. import world
from ..episodes import Episode, episode, episodes
from ..errors import NotFound
from ..quantities import show, show_age
from ..store import Pull
from .common import heading, open_store, print_json, utc_text

STALE_S = 15 * 60


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints every patient, or one."""
    with open_store(options) as store:
        chosen = ([episode(store, options.name)] if options.name
                  else [one for one in episodes(store).values() if not one.ended])
        if not chosen:
            raise NotFound("nobody is started in this store: `pumplog patient start` first.")
        for one in chosen:
            line = status_of(one, store.last_pull(one.board), len(store.waiting(one.board)))
            print_json(line) if options.json else print(_text(one, line))
    return 0


def status_of(one: Episode, pull: Pull | None, waiting: int) -> dict[str, Any]:
    """Returns a patient's status; what is not known is null, never 0."""
    line: dict[str, Any] = {"patient": one.patient, "board": one.board, "bed": one.bed,
                            "as_of_utc": None, "age_s": None, "stale": True,
                            "entries_not_on_board": waiting}
    if pull is None:
        return line
    age_s = max(0, world.utc_now_ms() - pull.at_ms) // 1000
    told = pull.status
    line.update(as_of_utc=utc_text(pull.at_ms), age_s=age_s, stale=age_s > STALE_S)
    for key in ("rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s"):
        line[key] = None if told[key] == commands.NEVER else str(told[key])
    line["reservoir_ul"] = None if told["reservoir_ul"] < 0 else str(told["reservoir_ul"])
    line["pump_running"] = bool(told["flags"] & commands.FLAG_RUNNING)
    line["logging"] = bool(told["flags"] & commands.FLAG_LOGGING)
    return line


def _text(one: Episode, line: dict[str, Any]) -> str:
    if line["as_of_utc"] is None:
        return f"{heading(one)}: never pulled, nothing known"
    word = "last seen" if line["stale"] else "as pulled"
    head = f"{heading(one)}: {word} {line['as_of_utc']}, {show_age(line['age_s'] * 1000)} ago"
    rate = "rate not known"
    if line["rate_ul_h"] is not None:
        rate = (f"rate {_ml(line['rate_ul_h'])} mL/h ({_ml(line['rate_low_ul_h'])} to"
                f" {_ml(line['rate_high_ul_h'])})")
    bag = "reservoir not known"
    if line["reservoir_ul"] is not None:
        bag = f"reservoir {show(Fraction(int(line['reservoir_ul']), 1000), 1)} mL by counts"
    bolus = "no bolus recorded since its start"
    if line["last_bolus_age_s"] is not None:
        bolus = f"last bolus {show_age(int(line['last_bolus_age_s']) * 1000)} before that"
    waiting = line["entries_not_on_board"]
    note = f"\n    {waiting} entries not yet on board" if waiting else ""
    return f"{head}\n    then: {rate}; {bag}; {bolus}{note}"


def _ml(ul: str) -> str:
    return show(Fraction(int(ul), 1000))
