"""`pumplog pull`: copies what is new on boards into the store, and delivers waiting entries."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from .. import host
from ..errors import Integrity, NotFound, Usage
from ..log import Known, clocks_off, known_anchors
from ..patients.episodes import Episode, episode, episodes
from ..patients.roster import named_or_current
from ..store import Pull, Store
from ..sync.client import Client
from ..sync.delivery import catch_up, deliver, identify, link_to, unconfirmed
from ..sync.round import AT_ONCE, TRIES, visit_all
from .common import open_store, say
from .pull_notes import left_behind
from .pull_progress import Progress
from .pull_report import Pulled, Target, report


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="patients, boards or beds")
    parser.add_argument("--all", action="store_true",
                        help=f"every started patient, {AT_ONCE} boards at a time, each tried up to"
                        f" {TRIES} times")


def run(options: argparse.Namespace) -> int:
    """Pulls; exit 1 if some boards did not answer, and those come first.

    A round of everybody tries a board again later; who names one board stands beside it, and is told
    at once what to do.
    """
    if bool(options.names) == options.all:
        raise Usage("say whom to pull: NAME... or --all.")
    with open_store(options) as store:
        if options.all:
            for line in left_behind(store):
                say(line)
            chosen = _once_each(_of_patient(one) for one in named_or_current(store, None))
        else:
            chosen = _once_each(_target(store, name) for name in options.names)
        if options.check and (options.all or len(chosen) > 1):
            raise Usage("--check is the code of one board: pull that board by its name.")
        before = {one.board: known_anchors(store, one.board) for one in chosen}
        with Progress(sys.stderr, {one.board: one.heading for one in chosen}) as progress:
            visits = visit_all(
                chosen, partial(_visit, options, progress, before),
                lambda one, why: progress.again(one.board, why.what),
                at_once=AT_ONCE if _radio(options) else 1, tries=TRIES if options.all else 1,
                stop=progress.stop)
        return report(options, store, visits)


def _radio(options: argparse.Namespace) -> bool:
    return (options.link or "ble") == "ble"


def _of_patient(one: Episode) -> Target:
    return Target(one.board, one.patient, one.bed, one.heading)


def _target(store: Store, name: str) -> Target:
    """Returns what a name means: a patient, a bed, or a board, even one that serves nobody now."""
    try:
        return _of_patient(episode(store, name))
    except (NotFound, Usage):
        if store.boards.named(name) is None:
            raise
        many = any(not one.ended and one.board == name for one in episodes(store).values())
        return Target(name, None, None,
                      f"board {name}, {'of more than one patient' if many else 'no patient'}")


def _once_each(chosen: Iterable[Target]) -> list[Target]:
    """Returns every board once, even one that two patients are said to be on."""
    found: dict[str, Target] = {}
    for one in chosen:
        other = found.setdefault(one.board, one)
        if other.patient != one.patient:
            found[one.board] = replace(other, heading=f"{other.heading}; also {one.heading}")
    return list(found.values())


def _visit(
    options: argparse.Namespace, progress: Progress, before: Mapping[str, Known], one: Target
) -> Pulled:
    """Pulls one board, in a thread and over a connection to the store of its own.

    before: the clock readings that the store held as the round began.
    """
    spec = options.link or "ble"
    with progress.visit(one.board), open_store(options) as store:
        try:
            if spec.startswith("file:"):
                from ..sync.image import pull_image

                pulled = Pulled(pull_image(store, spec.removeprefix("file:"), one.board), [])
            else:
                pulled = _pull(options, store, one.board, spec, partial(progress.so_far, one.board))
        finally:
            store.commit()
        pulled.clocks.extend(clocks_off(store, one.board, before[one.board]))
    progress.done(one.board, pulled.result.records)
    return pulled


def _pull(
    options: argparse.Namespace, store: Store, board: str, spec: str, so_far: Callable[[int], None]
) -> Pulled:
    link = link_to(store, spec, board)
    proof = pulled = None
    status: dict[str, int] = {}
    try:
        so_far(0)
        client = Client(link)
        proof = identify(client, store, board)
        store.commit()
        timed = client.anchor()
        first, wrong = None, None
        try:
            first = catch_up(client, store, proof.log_id, board)
        except Integrity as error:
            wrong = error  # all that can be read came
        left = deliver(client, store, proof.log_id, board, options.check)
        status = client.status()
        result = client.pull(store, proof.log_id, so_far)
        if wrong:
            raise wrong
        if first:
            result = first.and_then(result)
        pulled = Pulled(replace(result, timed=timed), left + unconfirmed(store, board, left))
        return pulled
    finally:
        link.close()
        if proof:
            store.pulls.add(Pull(
                board, proof.log_id, host.utc_now_ms(), link.description,
                pulled.result.records if pulled else 0,
                pulled.result.next_seq if pulled else store.holes.next_seq_wanted(proof.log_id),
                "complete" if pulled else "broken off", status if pulled else {}))
            store.commit()
