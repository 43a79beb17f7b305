"""`pumplog pull`: copies what is new on boards into the store, and delivers waiting entries."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from .. import world
from ..episodes import Episode, episode
from ..errors import Integrity, NotFound, PumplogError, Usage
from ..store import Pull, Store
from ..sync_client import Client, PullResult
from .clock_notes import OffClock, known_anchors, off_clocks
from .common import (
    age_s,
    deliver,
    heading,
    identify,
    link_to,
    named_or_all,
    open_store,
    print_json,
    since_text,
    unconfirmed,
    utc_text,
)
from .pull_notes import gaps_json, notes


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="patients, boards or beds")
    parser.add_argument("--all", action="store_true", help="every started patient")


def run(options: argparse.Namespace) -> int:
    """Pulls; exit 1 if some boards did not answer, and those come first."""
    if bool(options.names) == options.all:
        raise Usage("say whom to pull: NAME... or --all.")
    with open_store(options) as store:
        if options.all:
            chosen = [_of_patient(one) for one in named_or_all(store, None)]
        else:
            chosen = list(dict.fromkeys(_target(store, name) for name in options.names))
        done: list[tuple[Target, PullResult, list[str], list[OffClock]]] = []
        failed: list[tuple[Target, PumplogError]] = []
        for one in chosen:
            try:
                before = known_anchors(store, one.board)
                result, left = _pull(options, store, one)
                done.append((one, result, left, off_clocks(store, one.board, before)))
            except PumplogError as error:
                store.commit()
                failed.append((one, error))
        return _report(options, store, done, failed)


@dataclass(frozen=True)
class Target:
    """A board to pull, and whom it serves."""

    board: str
    patient: str | None
    bed: str | None
    heading: str


def _of_patient(one: Episode) -> Target:
    return Target(one.board, one.patient, one.bed, heading(one))


def _target(store: Store, name: str) -> Target:
    """Returns what a name means: a patient, a bed, or a board, even one that serves nobody now."""
    try:
        return _of_patient(episode(store, name))
    except NotFound:
        if store.board(name) is None:
            raise
        return Target(name, None, None, f"board {name}, no patient")


def _pull(
    options: argparse.Namespace, store: Store, one: Target
) -> tuple[PullResult, list[str]]:
    spec = options.link or "ble"
    if spec.startswith("file:"):
        from ..links.file_link import pull_image

        return pull_image(store, spec.removeprefix("file:"), one.board), []
    link = link_to(store, spec, one.board)
    outcome = "broken off"
    try:
        client = Client(link)
        proof = identify(client, store, one.board)
        store.commit()
        client.anchor()
        left = deliver(client, store, proof.log_id, one.board, options.check)
        status = client.status()
        result = client.pull(store, proof.log_id, _progress(one.board))
        left += unconfirmed(store, one.board, left)
        outcome = "complete"
    finally:
        link.close()
        if outcome != "complete":
            _note_break(store, one.board, spec)
    store.add_pull(Pull(one.board, proof.log_id, world.utc_now_ms(), link.description,
                        result.records, result.next_seq, outcome, status))
    store.commit()
    return result, left


def _note_break(store: Store, board: str, spec: str) -> None:
    for log_id, _ in store.logs(board):
        store.add_pull(Pull(board, log_id, world.utc_now_ms(), spec, 0,
                            store.next_seq_wanted(log_id), "broken off", {}))
    store.commit()


def _progress(board: str) -> Callable[[int], None]:
    if not sys.stderr.isatty():
        return lambda _: None

    def show(so_far: int) -> None:
        print(f"\r{board}: {so_far} bytes", end="", file=sys.stderr, flush=True)

    return show


def _report(
    options: argparse.Namespace, store: Store,
    done: list[tuple[Target, PullResult, list[str], list[OffClock]]],
    failed: list[tuple[Target, PumplogError]],
) -> int:
    for one, error in failed:
        last = store.last_pull(one.board)
        heard = f"last pulled {since_text(last.at_ms)}" if last else "never pulled"
        if options.json:
            print_json({"patient": one.patient, "board": one.board, "bed": one.bed,
                        "outcome": "failed", "reason": str(error),
                        "last_pull_utc": utc_text(last.at_ms) if last else None,
                        "last_pull_age_s": age_s(last.at_ms) if last else None})
        else:
            print(f"NOT PULLED  {one.heading}; {heard}: {error}")
    for one, result, left, clocks in done:
        if options.json:
            print_json({"patient": one.patient, "board": one.board, "bed": one.bed,
                        "outcome": "complete", "records": result.records, "pages": result.pages,
                        "bytes": result.bytes, "next_seq": result.next_seq,
                        "repaired": result.repaired, "bad_pages": result.bad_pages,
                        "unverified_pages": result.unverified,
                        "unread_pages": {str(version): count
                                         for version, count in sorted(result.unread.items())},
                        "gaps": gaps_json(store, result), "attested": result.attested,
                        "clocks_off": [clock.json() for clock in clocks], "not_yet_on_board": left})
        else:
            news = f"new records: {result.records}" if result.records else "nothing new"
            print(f"pulled      {one.heading}: {news}")
            if result.bad_pages:
                print(f"            pages in quarantine: {result.bad_pages}; what they held is missing")
            for line in [*(clock.sentence() for clock in clocks), *notes(store, result), *left]:
                print(f"            {line}")
    if not failed:
        return 1 if any(left or notes(store, result) for _, result, left, _ in done) else 0
    if done:
        return 1
    return 4 if any(isinstance(error, Integrity) for _, error in failed) else (
        failed[0][1].exit_code if not options.all else 1)
