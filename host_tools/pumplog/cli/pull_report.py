"""What a pull says in the end: what has to be done first, who was not pulled, then the others."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Absent, Integrity, Unreachable
from ..log import OffClock
from ..moments import age_s, since_text, utc_text
from ..patients.conflicts import Conflict, conflicts
from ..patients.episodes import episodes
from ..store import Store
from ..sync.client import PullResult
from ..sync.round import Visit
from .common import print_json
from .pull_notes import gaps_json, notes

_NAMED_FIRST = 4  # places that the first sentence names; the lines below have all
_GO = "look at the pump itself first, then at the board's power"
_HOLD = "pull there with the service button held, or with --check CODE from the label"


@dataclass(frozen=True)
class Target:
    """A board to pull, and whom it serves."""

    board: str
    patient: str | None
    bed: str | None
    heading: str

    @property
    def place(self) -> str:
        """Where to go, in few words."""
        who = self.patient or "no patient"
        return f"bed {self.bed} ({who})" if self.bed else f"board {self.board} ({who})"


@dataclass(frozen=True)
class Pulled:
    """What a pull brought; left: why entries still wait; clocks: those that were minutes off."""

    result: PullResult
    left: list[str]
    clocks: list[OffClock] = field(default_factory=list)


Pull = Visit[Target, Pulled]


def report(options: argparse.Namespace, store: Store, visits: Sequence[Pull]) -> int:
    """Prints it; returns the exit code of the contract."""
    failed = sorted((one for one in visits if one.error), key=lambda one: _urgency(store, one))
    lines = [(one, pulled, _lines(store, one.target, pulled)) for one in visits
             if (pulled := one.result)]
    to_do = [(one, pulled, below) for one, pulled, below in lines if below]
    if options.json:
        for one in failed:
            print_json(_failed_json(store, one))
        for one, pulled, _ in lines:
            print_json(_pulled_json(store, one, pulled))
    else:
        if len(visits) > 1:
            print(_first_of_all(failed, to_do, len(visits)))
        for one in failed:
            _print_failed(store, one)
        for one, pulled, below in to_do + [line for line in lines if not line[2]]:
            news = f"new records: {pulled.result.records}" if pulled.result.records else "nothing new"
            print(f"pulled      {one.target.heading}: {news}")
            for line in below:
                print(f"            {line}")
            if pulled.left and len(visits) == 1:  # else the first sentence says so
                print(f"            all of it is kept, do not enter it again: {_HOLD}")
    if not failed:
        return 1 if any(pulled.left or notes(store, pulled.result) for _, pulled, _ in lines) else 0
    if lines or options.all:
        return 1
    errors = [one.error for one in failed if one.error]
    return 4 if any(isinstance(error, Integrity) for error in errors) else errors[0].exit_code


def _urgency(store: Store, one: Pull) -> tuple[bool, int]:
    """Orders who was not pulled: who was not heard at all first, the longest unheard before others."""
    return not isinstance(one.error, Absent), store.pulls.last_heard_ms(one.target.board) or 0


def _first_of_all(failed: Sequence[Pull], to_do: Sequence[tuple[Pull, Pulled, list[str]]],
                  of: int) -> str:
    """Returns the one thing that is to be done first, in a sentence."""
    absent = [one for one in failed if isinstance(one.error, Absent)]
    if len(absent) == of:
        return (f"NOT PULLED, none of {of} boards was heard: on the ward, {_GO}; elsewhere, go there"
                " and pull again.")
    if absent:
        return f"NOT PULLED, {len(failed)} of {of}: go to {_places(absent)}, and {_GO}."
    if failed:
        return f"NOT PULLED, {len(failed)} of {of}: begin with {_places(failed[:1])}: {failed[0].error}"
    waiting = [one for one, pulled, _ in to_do if pulled.left]
    if waiting:
        return (f"pulled {of} of {of}, but not all that was entered is on board: go to"
                f" {_places(waiting)}, and {_HOLD}.")
    if to_do:
        return f"pulled {of} of {of}; see first what is said below of {_places([to_do[0][0]])}."
    return f"pulled {of} of {of}."


def _places(some: Sequence[Pull]) -> str:
    """Returns where to go, in order."""
    words = [one.target.place for one in some[:_NAMED_FIRST]]
    if len(some) > _NAMED_FIRST:
        words.append(f"{len(some) - _NAMED_FIRST} more")
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _print_failed(store: Store, one: Pull) -> None:
    board = one.target.board
    heard, last = store.pulls.last_heard_ms(board), store.pulls.last(board)
    if isinstance(one.error, Absent):
        since = (f"not heard since {since_text(heard)}" if heard
                 else "heard in this round, then no more" if _lost(one)
                 else "never heard by this computer")
        print(f"NOT PULLED  {one.target.heading}: {since}: check the pump itself, then the board's"
              " power")
    else:
        pulled = f"last pulled {since_text(last.at_ms)}" if last else "never pulled"
        print(f"NOT PULLED  {one.target.heading}; {pulled}: {one.error}")
    if isinstance(one.error, Unreachable):
        for why in dict.fromkeys(error.what for error in _lost(one)):
            print(f"            earlier in this round: {why}; what came is kept, the next pull goes on"
                  " from there")


def _lost(one: Pull) -> list[Unreachable]:
    """Returns why earlier tries ended of a board that was heard in them."""
    return [why for why in one.broken if not isinstance(why, Absent)]


def _lines(store: Store, target: Target, pulled: Pulled) -> list[str]:
    """Returns what there is to say of a board beside what it brought."""
    result = pulled.result
    lines = [f"pages in quarantine: {result.bad_pages}; what they held is missing"
             ] if result.bad_pages else []
    lines += [clock.to_text() for clock in pulled.clocks] + notes(store, result) + _alike(pulled.left)
    return lines + [each.words for each in _conflicts(store, target)]


def _alike(lines: Sequence[str]) -> list[str]:
    """Returns lines that are the same as one, with how many there were."""
    return [text if n == 1 else f"{text} ({n} of them)" for text, n in Counter(lines).items()]


def _conflicts(store: Store, target: Target) -> list[Conflict]:
    one = episodes(store).get(target.patient or "")
    return conflicts(one) if one else []


def _failed_json(store: Store, one: Pull) -> dict[str, Any]:
    target, last = one.target, store.pulls.last(one.target.board)
    heard = store.pulls.last_heard_ms(target.board)
    return {"patient": target.patient, "board": target.board, "bed": target.bed,
            "outcome": "failed", "absent": isinstance(one.error, Absent), "reason": str(one.error),
            "earlier_reasons": [str(why) for why in one.broken],
            "last_heard_utc": utc_text(heard) if heard else None,
            "last_pull_utc": utc_text(last.at_ms) if last else None,
            "last_pull_age_s": age_s(last.at_ms) if last else None,
            "next_seq": max((store.holes.next_seq_reached(log_id)
                             for log_id, _ in store.logs.of(target.board)), default=None)}


def _pulled_json(store: Store, one: Pull, pulled: Pulled) -> dict[str, Any]:
    target, result = one.target, pulled.result
    return {"patient": target.patient, "board": target.board, "bed": target.bed,
            "outcome": "complete", "records": result.records, "pages": result.pages,
            "bytes": result.bytes, "next_seq": result.next_seq,
            "repaired": result.repaired, "bad_pages": result.bad_pages,
            "unverified_pages": result.unverified,
            "unread_pages": {str(version): count
                             for version, count in sorted(result.unread.items())},
            "gaps": gaps_json(store, result), "attested": result.attested, "timed": result.timed,
            "earlier_reasons": [str(why) for why in one.broken],
            "clocks_off": [clock.to_json() for clock in pulled.clocks],
            "not_yet_on_board": pulled.left,
            "conflicts": [{"what": each.what,
                           "entries": [{"uuid": str(entry.uuid), "author": entry.author,
                                        "effective_utc": utc_text(entry.effective_at_ms)}
                                       for entry in (each.first, each.second)]}
                          for each in _conflicts(store, target)]}
