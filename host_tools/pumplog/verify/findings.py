"""What `pumplog verify` can find wrong with a stored log: a table of kinds, their words and weight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

PROVEN, PARTLY, BROKEN = 0, 1, 4  # the exit codes of the contract
_ANEW = ("do not use them. Pull the board into a new store (--db). Have this computer looked at, and"
         " keep this store for that")
_PULL = "pull the board again"
_BACK = f"{_PULL}. If they do not come back, that time is unknown: have this computer looked at"


@dataclass(frozen=True)
class Kind:
    """A kind of finding."""

    weight: int  #: the exit code that it gives
    says: str  #: a sentence; {records} and {why} are filled in
    do: str  #: what to do about it


KINDS = {
    "altered": Kind(BROKEN, "{records}: their page is not as the board wrote it ({why})", _ANEW),
    "foreign": Kind(BROKEN, "{records}: in their place stands a page of another log ({why})", _ANEW),
    "swapped": Kind(BROKEN, "{records}: in their place stands another page of this log ({why})", _ANEW),
    "wrong_key": Kind(BROKEN, "{records}: their page has a wrong seal ({why})", _ANEW),
    "unchained": Kind(BROKEN, "{records}: their page does not follow the page before it ({why})", _ANEW),
    "seal_gone": Kind(BROKEN, "{records}: the seal of their page is gone, though later pages are here"
                              " ({why})", _ANEW),
    "missing": Kind(BROKEN, "{records} are missing ({why})", _BACK),
    "cut": Kind(BROKEN, "{records} are missing: what is held ends too early, cut off or put back from an"
                        " older copy ({why})",
                _BACK),
    "rows": Kind(BROKEN, "{records}: what commands show of them is not what their pages say ({why})",
                 _ANEW),
    "entry": Kind(BROKEN, "{records}: an entry here is not what the board has of it ({why})",
                  "do not rely on its figures. Ask who entered it, and have this computer"
                  " looked at"),
    "quarantine": Kind(BROKEN, "{records}: other bytes than those held came for their page and are in"
                               " quarantine ({why})", "have the board and this computer looked at"),
    "denied": Kind(BROKEN, "the board's word on where its log ends does not hold ({why})",
                   "have the board looked at. It may be another board"),
    "given_up": Kind(PARTLY, "{records} were given up by the board's ring before they were pulled"
                             " ({why})", "that time is unknown; pull this board more often"),
    "decayed": Kind(PARTLY, "{records}: the board's memory failed there, and some may be lost ({why})",
                    "that time is unknown. Have the board looked at, and pull it more often"),
    "unsealed": Kind(PARTLY, "{records} are not sealed ({why})",
                     f"{_PULL}: the seal comes with the next pull, unless the ring has given it up"),
    "unattested": Kind(PARTLY, "nothing proves yet that {records} are all and as the board has them"
                               " ({why})", f"{_PULL}, over a link"),
    "unkeyed": Kind(PARTLY, "{records} were written before the board had a key: nothing proves them"
                            " ({why})", "nothing to do; what follows them is proven by itself"),
    "unverified": Kind(PARTLY, "{records} are sealed under a key that this store lacks, and are not used"
                               " ({why})", "verify on the computer that provisioned the board"),
    "unread": Kind(PARTLY, "{records} are kept as they came, not read ({why})",
                   "update pumplog, then pull the board again"),
}


@dataclass(frozen=True)
class Finding:
    """One thing found."""

    kind: str  #: one of KINDS
    first: int  #: the first record concerned
    last: int | None  #: the last one; None: all from `first` on
    why: str  #: in words for a person
    pages: tuple[int, ...] = ()  #: first_seq of the pages concerned

    @property
    def weight(self) -> int:
        """The exit code that it gives."""
        return KINDS[self.kind].weight

    @property
    def records(self) -> str:
        """Which records, in words."""
        if self.last is None:
            return f"the records from {self.first} on"
        if self.first == self.last:
            return f"record {self.first}"
        return f"records {self.first} to {self.last}"

    def sentence(self, when: str = "") -> str:
        """Returns what was found and what to do; when: its time in words."""
        kind = KINDS[self.kind]
        said = kind.says.format(records=self.records + when, why=self.why)
        return f"{said}: {kind.do}."


class Found:
    """What was found so far. Each check reads it, so that what one fault explains is not told twice."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._broken: set[int] = set()

    def add(self, kind: str, first: int, last: int | None, why: str, *pages: int) -> None:
        """Adds a finding on the records first..last; the fields are those of Finding."""
        self.extend((Finding(kind, first, last, why, pages),))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Adds findings."""
        for finding in findings:
            self.findings.append(finding)
            if finding.weight == BROKEN:
                self._broken.update(finding.pages)

    def broken(self, first_seq: int) -> bool:
        """Returns whether the page from record first_seq is known not to be as the board wrote it."""
        return first_seq in self._broken


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Returns findings in order of their records; those that only weigh partly, of one kind and reason
    and next to each other, as a single finding."""
    out: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.first, f.weight, f.kind)):
        if out and _continues(out[-1], finding):
            out[-1] = replace(out[-1], last=finding.last, pages=out[-1].pages + finding.pages)
        elif finding not in out:
            out.append(finding)
    return out


def _continues(before: Finding, after: Finding) -> bool:
    return (after.weight == PARTLY and (before.kind, before.why) == (after.kind, after.why)
            and before.last is not None and after.first <= before.last + 1)
