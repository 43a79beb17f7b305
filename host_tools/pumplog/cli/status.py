"""`pumplog status`: what each patient's board last told, and how old that is."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from pumpwire import commands, names

from ..log import FOUND, Signature, read_log, signature_name
from ..moments import age_s, local_text, since_text, utc_text
from ..patients.episodes import Episode
from ..patients.roster import named_or_current
from ..quantities import show, show_span
from ..store import Pull, Store
from .common import open_store, print_json, say
from .pull_notes import left_behind

STALE_S = 15 * 60
_TOLD = ("board_uptime_s", "rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s",
         "reservoir_ul", "reservoir_se_ul", "signatures", "pump_running", "logging")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Prints every patient, or one."""
    with open_store(options) as store:
        for line in [] if options.name else left_behind(store):
            say(line)
        for one in named_or_current(store, options.name):
            pull = store.pulls.last(one.board)
            told = status_of(one, pull, len(store.entries.waiting(one.board)), _noticed(store, pull))
            recorded = any(store.holes.next_seq_wanted(log_id) for log_id, _ in store.logs.of(one.board))
            print_json(told) if options.json else print(_text(one, told, pull, recorded))
    return 0


def _noticed(store: Store, pull: Pull | None) -> dict[str, Signature]:
    """Returns {kind: the latest signature of that kind that has not been seen to be over}."""
    if pull is None or not pull.status.get("signatures"):
        return {}
    found = read_log(store, pull.log_id, pull.board).signatures
    return {one.kind: one for one in found if one.over_ms is None and not one.restarted}


def status_of(
    one: Episode, pull: Pull | None, waiting: int, noticed: dict[str, Signature]
) -> dict[str, Any]:
    """Returns a patient's status; what is not known is null, never 0. noticed: what the log tells of
    the possibilities that the board holds open."""
    line: dict[str, Any] = {"patient": one.patient, "board": one.board, "bed": one.bed,
                            "as_of_utc": None, "age_s": None, "stale": True,
                            "entries_not_on_board": waiting, **dict.fromkeys(_TOLD)}
    if pull is None:
        return line
    told = pull.status
    old_s = age_s(pull.at_ms)
    line.update(as_of_utc=utc_text(pull.at_ms), age_s=old_s, stale=abs(old_s) > STALE_S,
                board_uptime_s=str(told["uptime_s"]))
    for key in ("rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s"):
        line[key] = None if told[key] == commands.NEVER else str(told[key])
    line["reservoir_ul"] = None if told["reservoir_ul"] < 0 else str(told["reservoir_ul"])
    se_ul = told.get("reservoir_se_ul")  # none in stores from before it was told
    line["reservoir_se_ul"] = None if line["reservoir_ul"] is None or se_ul is None else str(se_ul)
    line["signatures"] = [_signature(kind, noticed.get(kind))
                          for n, kind in sorted(names.SIGNATURES.items())
                          if told.get("signatures", 0) >> n & 1]
    running = bool(told["flags"] & commands.FLAG_RUNNING)
    line["pump_running"] = running if running or line["rate_ul_h"] is not None else None
    line["logging"] = bool(told["flags"] & commands.FLAG_LOGGING)
    return line


def _signature(kind: str, seen: Signature | None) -> dict[str, Any]:
    """Returns an open possibility with what it was decided on, null where its record is not here."""
    words = seen.to_text(local_text) if seen else (
        f"{signature_name(kind)}: its record is not here; {FOUND}")
    return {
        "signature": kind, "words": words,
        "since_utc": utc_text(seen.since_ms) if seen else None,
        "noticed_utc": utc_text(seen.noticed_ms) if seen else None,
        **{name: str(getattr(seen, name)) if seen else None
           for name in ("span_s", "by_counts_ul", "by_weight_ul")},
    }


def _text(one: Episode, line: dict[str, Any], pull: Pull | None, recorded: bool) -> str:
    waiting = line["entries_not_on_board"]
    note = f"\n    not yet on board: {waiting} of what was entered" if waiting else ""
    if pull is None:
        return f"{one.heading}: never pulled over a link, nothing known of now" + (
            f"; its records: `pumplog events {one.patient}`" if recorded else "") + note
    word = "last seen" if line["stale"] else "as pulled"
    head = f"{one.heading}: {word} {since_text(pull.at_ms)}"
    pump = {True: "pump running", False: "pump stopped", None: "pump not known"}[line["pump_running"]]
    rate = "rate not known"
    if line["rate_ul_h"] is not None:
        rate = (f"rate {_ml(line['rate_ul_h'])} mL/h ({_ml(line['rate_low_ul_h'])} to"
                f" {_ml(line['rate_high_ul_h'])})")
    bag = "reservoir not known"
    if line["reservoir_ul"] is not None:
        bag = f"reservoir about {show(Fraction(int(line['reservoir_ul']), 1000), 1)} mL"
        if line["reservoir_se_ul"] is not None:
            bag += f", give or take {show(Fraction(int(line['reservoir_se_ul']), 1000), 1)}"
    bolus = f"no bolus since the board started {_span(line['board_uptime_s'])} earlier"
    if line["last_bolus_age_s"] is not None:
        bolus = f"last bolus {_span(line['last_bolus_age_s'])} earlier"
    logging = "logging" if line["logging"] else "NOT LOGGING, have the board looked at"
    open_ones = "".join(f"\n    {each['words']}" for each in line["signatures"])
    return f"{head}\n    at that time: {pump}; {rate}; {bag}; {bolus}; {logging}{open_ones}{note}"


def _span(seconds: str) -> str:
    return show_span(int(seconds) * 1000)


def _ml(ul: str) -> str:
    return show(Fraction(int(ul), 1000))
