"""What a round says in the end, for people: first what has to be done first.

One sentence is above all others, for it is read at 3 a.m. Then come the boards that were not pulled, in
the order in which they need somebody, then those with something to do, then the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UnreachableError
from ..moments import since_text
from .notes import NOTICED, WAITING
from .report import NotPulled, Pulled, RoundReport

_NAMED_FIRST = 4  # places that the first sentence names; the lines below have all
_GO = "look at the pump itself first, then at the board's power"
_HOLD = "pull there with the service button held, or with --check CODE from the label"
_INDENT = " " * 12


def round_text(report: RoundReport) -> list[str]:
    """Returns the lines for the screen."""
    to_do = [board for board in report.pulled if any(note.to_do for note in board.notes)]
    to_do.sort(key=lambda board: board.rank)  # what happened to a patient before what a page lacks
    lines = _first_of_all(report, to_do) if report.boards > 1 else []
    for failed in report.not_pulled:
        lines += _of_failed(failed)
    for board in to_do + [board for board in report.pulled if board not in to_do]:
        lines += _of_pulled(board, say_how=report.boards == 1 or bool(report.not_pulled))
    return lines


def _first_of_all(report: RoundReport, to_do: Sequence[Pulled]) -> list[str]:
    """Returns the one thing that is to be done first, in a sentence; then where to read what was
    noticed."""
    noticed = [board for board in to_do if any(note.kind == NOTICED for note in board.notes)]
    read = f"read what was noticed at {_places(noticed)}; some of it may be over." if noticed else ""
    n = report.boards
    failed = _first_of_failed(report)
    if failed:
        return [failed, f"Then {read}"] if read else [failed]
    waiting = [board for board in to_do if board.visit.waiting]
    if waiting:
        first = (f"pulled {n} of {n}, but not all that was entered is on board: go to"
                 f" {_places(waiting)}, and {_HOLD}.")
        return [first, f"Then {read}"] if read else [first]
    if read:
        return [f"pulled {n} of {n}; first {read}"]
    if to_do:
        return [f"pulled {n} of {n}; see first what is said below of {_places(to_do[:1])}."]
    return [f"pulled {n} of {n}."]


def _first_of_failed(report: RoundReport) -> str | None:
    """Returns what to do first of the boards that were not pulled; None: all were."""
    failed, n = report.not_pulled, report.boards
    absent = [board for board in failed if board.absent]
    if len(absent) == n:
        return (f"NOT PULLED, none of {n} boards was heard: on the ward, {_GO}; elsewhere, go there"
                " and pull again.")
    if absent:
        return f"NOT PULLED, {len(failed)} of {n}: go to {_places(absent)}, and {_GO}."
    if failed:
        return f"NOT PULLED, {len(failed)} of {n}: begin with {_places(failed[:1])}: {failed[0].error}"
    return None


def _places(boards: Sequence[NotPulled | Pulled]) -> str:
    """Returns where to go, in order."""
    places = [board.target.place for board in boards[:_NAMED_FIRST]]
    if len(boards) > _NAMED_FIRST:
        places.append(f"{len(boards) - _NAMED_FIRST} more")
    return " and ".join(filter(None, [", ".join(places[:-1]), places[-1]]))


def _of_failed(failed: NotPulled) -> list[str]:
    if failed.absent:
        since = "never heard by this computer"
        if failed.lost:
            since = "heard in this round, then no longer"
        if failed.last_heard_ms is not None:
            since = f"not heard since {since_text(failed.last_heard_ms)}"
        lines = [f"NOT PULLED  {failed.target.heading}: {since}: check the pump itself, then the board's"
                 " power"]
    else:
        pulled = "never pulled"
        if failed.last_pull_ms is not None:
            pulled = f"last pulled {since_text(failed.last_pull_ms)}"
        lines = [f"NOT PULLED  {failed.target.heading}; {pulled}: {failed.error}"]
    if isinstance(failed.error, UnreachableError):
        lines += [f"{_INDENT}earlier in this round: {what}; what came is kept, the next pull goes on"
                  " from there" for what in dict.fromkeys(error.what for error in failed.lost)
                  if what != failed.error.what]
    return lines


def _of_pulled(board: Pulled, say_how: bool) -> list[str]:
    """say_how: how entries get on board stands here, for the first sentence is about something else."""
    records = board.visit.pulled.records
    lines = [f"pulled      {board.target.heading}:"
             f" {f'new records: {records}' if records else 'nothing new'}"]
    lines += [f"{_INDENT}{note.text}" for note in board.notes]
    if say_how and any(note.kind == WAITING for note in board.notes):
        lines.append(f"{_INDENT}all of it is kept, do not enter it again: {_HOLD}")
    return lines
