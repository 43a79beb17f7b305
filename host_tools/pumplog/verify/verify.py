"""Proves a stored log complete and untouched up to the end that its board attested, or names what not.

What holds a log together:
- each record has a check of its own, which its page's header begins: in another page it does not fit;
- each closed page has a check sum and a seal under the device key, over all of it;
- each seal covers the first bytes of the seal before it: no page can be left out, swapped or put in;
- the log notes what its ring gave up (LOST), and which numbers no record has (SKIPPED);
- at the end of each pull the board says, under its key and for a number drawn then, where the log ends;
  and what the open page holds, which has no seal yet;
- the journal of pulls says what was once here.
What a person with the key can forge, and what an older copy of the whole store hides, nothing here sees.

The checks run in the order in which one fault explains the next, and each reads what was found before
it. A page that is known to be broken proves nothing: it makes no neighbour wrong and no record missing.
Records that are found missing once are not found missing again by another road. Findings that give
exit code 4 name each page concerned; those that only weigh partly may be joined.

Invariants, held by the fuzzer and by tests that change every byte of a page:
- a log as its board wrote it gives no finding, whenever it was pulled and however its ring turned;
- each page that was changed lies in a finding that gives 4. Two cases weigh partly, for nobody can tell
  them from an honest log. They are a page cut back to what was once pulled, and the last page before the
  open page, without its seal.

Tried and left:
- trusting each LOST note for its own stretch only: the ring gives up old notes too, and what they named
  then looked missing. The ring gives up its oldest page first, so the newest note covers all before it;
- ending at a last page that is broken: a tail cut off behind a swapped page was not found;
- finding what does not chain only here: `pull` finds it as well now, and keeps both in quarantine;
- believing what the pages' table says of a page: every page is read again from its bytes.

Pure: bytes, rows and keys in, findings out.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..store import SEALED
from .attested import Attested, check_attestations, held_as_attested
from .entered import check_entries
from .evidence import Evidence, HeldLog
from .findings import PROVEN, Finding, Found, merged
from .order import check_end, check_order
from .page_checks import check_pages
from .rows import check_rows


@dataclass(frozen=True)
class Report:
    """What came of a log."""

    log_id: int  #: which log
    oldest_seq: int  #: the oldest record that is held
    end_seq: int  #: the number that would come next
    pages: int  #: how many are held
    sealed: int  #: how many of them are sealed, and the seal fits
    attested: Attested | None  #: the last attestation that holds
    findings: list[Finding]  #: in order of the records concerned

    @property
    def exit_code(self) -> int:
        """0: proven; 1: partly; 4: something is not as the board wrote it."""
        return max((finding.weight for finding in self.findings), default=PROVEN)


def verify_log(evidence: Evidence) -> Report:
    """Judges one log; a log without any page gives an empty report."""
    log, found = HeldLog.of(evidence), Found()
    found.extend(check_pages(log))
    attested = check_attestations(log, found)
    check_order(log, held_as_attested(log, attested), found)
    check_end(log, attested, found)
    found.extend(list(check_rows(log, found)))
    found.extend(list(check_entries(log, found)))
    for first_seq, reason in evidence.quarantined:
        if not found.broken(first_seq):
            held = log.by_first.get(first_seq)
            found.add("quarantine", first_seq, held.last if held else first_seq, reason, first_seq)
    return Report(
        evidence.log_id, log.pages[0].first if log.pages else 0, log.end, len(log.pages),
        sum(held.reading.state == SEALED for held in log.pages), attested[-1] if attested else None,
        merged(found.findings))
