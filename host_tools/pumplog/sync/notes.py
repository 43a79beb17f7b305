"""What a pull has to say beside what it brought: a note for each thing, with its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pumpwire import page

from .. import host
from ..moments import is_possible, utc_text
from ..patients import Conflict, Noticed
from ..patients.noticed import DENIED
from .gaps import Gap
from .visit import Visit

QUARANTINE = "quarantine"
CLOCK = "clock"
GAP = "gap"
UNTIMED = "untimed"
UNVERIFIED = "unverified"
UNREAD = "unread"
CUT = "cut"
UNPROVEN = "unproven"
UNSEALED = "unsealed"
WAITING = "waiting"
CONFLICT = "conflict"
NOTICED = "noticed"
PRESSES = "presses"
TAKEN = "taken"
_PARTLY = (GAP, UNTIMED, UNVERIFIED, UNREAD, CUT, UNPROVEN, WAITING)


@dataclass(frozen=True)
class Note:
    """A thing that somebody has to know of a board that was pulled."""

    kind: str  #: what it is about: a constant of this module
    text: str  #: the sentence for the screen

    @property
    def to_do(self) -> bool:
        """Whether somebody has to act on it; what presses gave and what a board took is only told."""
        return self.kind not in (PRESSES, TAKEN)

    @property
    def partly(self) -> bool:
        """Whether the pull is only partly done because of it."""
        return self.kind in _PARTLY


def notes_of(visit: Visit, gaps: Sequence[Gap], conflicts: Sequence[Conflict],
             noticed: Sequence[Noticed]) -> list[Note]:
    """Returns what there is to say of a board that was pulled, in the order in which it is said: first
    what happened to the patient."""
    return [
        *(Note(PRESSES if each.kind == DENIED else NOTICED, each.to_text()) for each in noticed),
        *_quarantine(visit), *(Note(CLOCK, clock.to_text()) for clock in visit.clocks),
        *(Note(GAP, gap.to_text()) for gap in gaps), *_of_the_pull(visit),
        *(Note(CONFLICT, conflict.words) for conflict in conflicts),
        *([Note(TAKEN, f"on board now: {visit.taken} of what was entered")] if visit.taken > 0 else ()),
        *(Note(WAITING, text) for text in _alike([waiting.to_text() for waiting in visit.waiting]))]


def _quarantine(visit: Visit) -> list[Note]:
    pages = visit.pulled.bad_pages
    if not pages:
        return []
    return [Note(QUARANTINE, f"pages in quarantine: {pages}; what they held is missing")]


def _of_the_pull(visit: Visit) -> list[Note]:
    pulled = visit.pulled
    notes = []
    if not pulled.timed and not is_possible(host.utc_now_ms()):
        notes.append(Note(UNTIMED, f"this computer's clock says {utc_text(host.utc_now_ms())}, which"
                                   " cannot be, so the board was not told the time; set the clock right"
                                   " and pull again"))
    elif not pulled.timed:
        notes.append(Note(UNTIMED, "the board did not take this laptop's time: the link was slow, or"
                                   " this laptop's clock was set meanwhile. So when its latest records"
                                   " were made is less certain; pull once more, nearer to it"))
    if pulled.unverified:
        notes.append(Note(UNVERIFIED, f"pages under a key that this store lacks: {pulled.unverified},"
                                      " kept and not used; pull with the store that provisioned the"
                                      " board"))
    for version, count in sorted(pulled.unread.items()):
        newer = version > page.VERSION
        do = "update pumplog, then pull again" if newer else "an earlier pumplog reads them"
        notes.append(Note(UNREAD, f"pages of format version {version}: {count}, kept and not read, this"
                                  f" pumplog reads version {page.VERSION}; {do}"))
    if pulled.cut_bytes:
        notes.append(Note(CUT, f"the file is cut: it ends {pulled.cut_bytes} bytes into a page. What"
                               " came before is kept; make the file again, and pull it again"))
    notes += [Note(UNPROVEN if each.all_of_it else UNSEALED, each.to_text())
              for each in pulled.unproven]
    return notes


def _alike(lines: Sequence[str]) -> list[str]:
    """Returns lines that are the same only once, with how many there were."""
    return [text if n == 1 else f"{text} ({n} of them)" for text, n in Counter(lines).items()]
