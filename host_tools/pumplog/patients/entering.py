"""What every entry has: an author, a moment from which it holds, and numbers that somebody checked.

Entering takes three steps, for a command line as for a page. A function of `stays`, `bags` or
`prescriptions` checks what was asked for and returns the entry that would be made, with what a person is
to see first. Nothing is stored yet. The person confirms what changes twofold. `sync.entering` then keeps
the entry and hands it to its board.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .. import host
from ..errors import UsageError
from ..moments import age_s, is_possible, possible_now_ms, since_text, utc_text
from ..quantities import TIME_S, parse, show_span
from ..store import Entry

_LONGEST_AGO_MS = 7 * 86_400_000


@dataclass(frozen=True)
class Authorship:
    """Who enters something, and how long ago it was done."""

    initials: str | None  #: one to four letters; None: nobody was named
    ago: str | None = None  #: as typed, such as "40 min"; None: it holds from now
    check_code: int | None = None  #: of the board's label, where it was typed in


@dataclass(frozen=True)
class Change:
    """A number that changes to the double or the half, or more: a decimal may have slipped."""

    what: str  #: which number, such as "morphine" or "rate"
    before: Fraction  #: in the unit
    after: Fraction  #: in the unit
    unit: str  #: such as "mg/mL"


def changed_twofold(what: str, before: Fraction, after: Fraction, unit: str) -> list[Change]:
    """Returns the change if it is twofold or more, else nothing."""
    if after != before and (after >= 2 * before or 2 * after <= before):
        return [Change(what, before, after, unit)]
    return []


def new_entry(
    by: Authorship, kind: str, patient: str, board: str, assignment: int,
    fields: dict[str, int] | None = None, bed: str | None = None,
) -> Entry:
    """Returns a fresh entry; UsageError without an author, if it was done too long ago, or by a clock
    that cannot be right."""
    now_ms = possible_now_ms()
    effective_ms = now_ms
    if by.ago is not None:
        effective_ms -= parse(by.ago, "--ago", TIME_S) * 1000
        if now_ms - effective_ms > _LONGEST_AGO_MS or not is_possible(effective_ms):
            raise UsageError(f"--ago {by.ago!r} is more than {show_span(_LONGEST_AGO_MS)}", "check it")
    return Entry(
        host.new_uuid(), kind, patient, board, assignment, _initials(by), now_ms, effective_ms,
        fields or {}, bed, host.simulated(), check_code=by.check_code,
    )


def _initials(by: Authorship) -> str:
    initials = by.initials or ""
    if not (1 <= len(initials) <= 4 and initials.isascii() and initials.isalpha()):
        raise UsageError("say who enters this", "--initials XY, one to four letters")
    return initials


def holds_from(entry: Entry) -> list[str]:
    """Returns a line that says from when an entry holds, if that is not from when it was made."""
    if entry.effective_at_ms == entry.entered_at_ms:
        return []
    return [f"  holds from {since_text(entry.effective_at_ms)}"]


def entered_by(entry: Entry) -> str:
    """Returns who entered it, and whether the board has it."""
    return entry.author + ("" if entry.seq is not None else ", not yet on board")


def entry_json(entry: Entry) -> dict[str, Any]:
    """Returns a bag or a prescription with its age and where it came from."""
    return {
        "patient": entry.patient, "board": entry.board, "uuid": str(entry.uuid),
        "effective_utc": utc_text(entry.effective_at_ms), "age_s": age_s(entry.effective_at_ms),
        "entered_utc": utc_text(entry.entered_at_ms), "author": entry.author,
        "on_board": entry.seq is not None,
        **{name: str(value) for name, value in entry.fields.items()},
    }
