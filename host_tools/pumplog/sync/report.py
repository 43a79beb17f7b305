"""What a round says in the end, as data: whose boards were not pulled, and what the others brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AbsentError, IntegrityError, PumplogError, UnreachableError
from ..moments import age_s, utc_text
from ..patients import Conflict, Episode, Noticed, conflicts, episodes, noticed_of, reached_ms
from ..store import Pull, Store
from .gaps import Gap, gaps_of
from .notes import Note, notes_of
from .round import Outcome
from .targets import Target
from .visit import Visit


@dataclass(frozen=True)
class NotPulled:
    """A board that was not pulled in this round."""

    target: Target  #: the board, and whom it serves
    error: PumplogError  #: that its last try ended with
    earlier_errors: tuple[UnreachableError, ...]  #: that the tries before ended with
    last_heard_ms: int | None  #: when it last proved who it is, Unix ms UTC; None: never
    last_pull_ms: int | None  #: when it was last pulled to the end, Unix ms UTC; None: never
    next_seq: int | None  #: where the next pull goes on; None: nothing of it is known

    @property
    def absent(self) -> bool:
        """Whether it was not heard at all in its last try."""
        return isinstance(self.error, AbsentError)

    @property
    def lost(self) -> tuple[UnreachableError, ...]:
        """Why the link broke in earlier tries, in which it was heard."""
        return tuple(error for error in self.earlier_errors if not isinstance(error, AbsentError))

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        heard_ms, pull_ms = self.last_heard_ms, self.last_pull_ms
        return {**_who(self.target),
                "outcome": "failed", "absent": self.absent, "reason": str(self.error),
                "earlier_reasons": [str(error) for error in self.earlier_errors],
                "last_heard_utc": None if heard_ms is None else utc_text(heard_ms),
                "last_pull_utc": None if pull_ms is None else utc_text(pull_ms),
                "last_pull_age_s": None if pull_ms is None else age_s(pull_ms),
                "next_seq": self.next_seq}


@dataclass(frozen=True)
class Pulled:
    """A board that was pulled to its end."""

    target: Target  #: the board, and whom it serves
    visit: Visit  #: what it brought
    earlier_errors: tuple[UnreachableError, ...]  #: that the tries before ended with
    gaps: tuple[Gap, ...]  #: what came no more
    conflicts: tuple[Conflict, ...]  #: the patient's entries that contradict each other
    noticed: tuple[Noticed, ...]  #: what was noticed since the pull before, the worst first

    @property
    def notes(self) -> list[Note]:
        """What there is to say beside what it brought, in the order in which it is said."""
        return notes_of(self.visit, self.gaps, self.conflicts, self.noticed)

    @property
    def rank(self) -> int:
        """How soon somebody has to look, the smallest first: by the worst that was noticed."""
        return min((each.rank for each in self.noticed), default=1000)

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        pulled = self.visit.pulled
        return {**_who(self.target),
                "outcome": "complete", "records": pulled.records, "pages": pulled.pages,
                "bytes": pulled.bytes, "next_seq": pulled.next_seq,
                "repaired": pulled.repaired, "bad_pages": pulled.bad_pages,
                "unverified_pages": pulled.unverified,
                "unread_pages": {str(version): count
                                 for version, count in sorted(pulled.unread.items())},
                "gaps": [gap.to_json() for gap in self.gaps],
                "attested": pulled.attested, "timed": pulled.timed,
                "unproven": [each.to_json() for each in pulled.unproven],
                "cut_bytes": pulled.cut_bytes,
                "earlier_reasons": [str(error) for error in self.earlier_errors],
                "clocks_off": [clock.to_json() for clock in self.visit.clocks],
                "put_on_board": max(self.visit.taken, 0),
                "not_yet_on_board": [waiting.to_text() for waiting in self.visit.waiting],
                "conflicts": [_conflict_json(conflict) for conflict in self.conflicts],
                "noticed": [each.to_json() for each in self.noticed]}


@dataclass(frozen=True)
class RoundReport:
    """What came of a round."""

    not_pulled: tuple[NotPulled, ...]  #: in the order in which they need somebody
    pulled: tuple[Pulled, ...]  #: in the order of the round

    @property
    def boards(self) -> int:
        """How many boards there were."""
        return len(self.not_pulled) + len(self.pulled)

    @property
    def exit_code(self) -> int:
        """The command's: 0 all done, 1 partly; with no board pulled that of what went wrong."""
        if not self.not_pulled:
            return int(any(note.partly for board in self.pulled for note in board.notes))
        if self.pulled:
            return 1
        errors = [board.error for board in self.not_pulled]
        distrusted = any(isinstance(error, IntegrityError) for error in errors)
        return IntegrityError.exit_code if distrusted else errors[0].exit_code

    def to_json(self) -> list[dict[str, Any]]:
        """Returns a line for each board: first those that were not pulled."""
        return ([board.to_json() for board in self.not_pulled]
                + [board.to_json() for board in self.pulled])


def round_report(
    store: Store, outcomes: Sequence[Outcome[Target, Visit]],
    pulls_before: Mapping[str, Pull | None],
) -> RoundReport:
    """Returns what to say of a round, with what the store knows of each board.

    pulls_before: the last complete pull of each board before the round; what was noticed since then is
    told.
    """
    known = episodes(store)
    not_pulled = [_not_pulled(store, outcome, outcome.error)
                  for outcome in outcomes if outcome.error]
    not_pulled.sort(key=lambda board: (not board.absent, board.last_heard_ms or 0))
    return RoundReport(
        tuple(not_pulled),
        tuple(_pulled(store, outcome, outcome.result, known, pulls_before)
              for outcome in outcomes if outcome.result))


def _not_pulled(
    store: Store, outcome: Outcome[Target, Visit], error: PumplogError
) -> NotPulled:
    board = outcome.target.board
    last = store.pulls.last(board)
    return NotPulled(
        outcome.target, error, outcome.earlier_errors, store.pulls.last_heard_ms(board),
        last.at_ms if last else None,
        max((store.holes.next_seq_reached(log_id) for log_id, _ in store.logs.of(board)), default=None))


def _pulled(
    store: Store, outcome: Outcome[Target, Visit], visit: Visit, known: dict[str, Episode],
    pulls_before: Mapping[str, Pull | None],
) -> Pulled:
    patient = known.get(outcome.target.patient or "")
    noticed: list[Noticed] = []
    if patient:
        before_ms = reached_ms(store, pulls_before.get(outcome.target.board))
        noticed = noticed_of(store, patient, patient.start_ms if before_ms is None else before_ms)
    return Pulled(outcome.target, visit, outcome.earlier_errors, gaps_of(store, visit.pulled),
                  tuple(conflicts(patient)) if patient else (), tuple(noticed))


def _who(target: Target) -> dict[str, Any]:
    return {"patient": target.patient, "board": target.board, "bed": target.bed}


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    return {"what": conflict.what,
            "entries": [{"uuid": str(entry.uuid), "author": entry.author,
                         "effective_utc": utc_text(entry.effective_at_ms)}
                        for entry in (conflict.first, conflict.second)]}
