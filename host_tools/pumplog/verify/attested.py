"""Holds what is held against the board's word on where its log ended at each pull."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from typing import Any, NamedTuple

from pumpwire import decoding, page
from pumpwire.errors import WireError

from ..quantities import hex_id
from ..store import BAD, UNREAD, Attestation
from .evidence import Evidence, HeldLog, HeldPage
from .findings import Found


class Attested(NamedTuple):
    """An attestation that holds, and what it says."""

    attestation: Attestation  #: as it came
    told: dict[str, Any]  #: its fields, as in pumpwire.decoding


def check_attestations(log: HeldLog, found: Found) -> list[Attested]:
    """Returns the attestations that hold, in the order they came; finds those that do not, and pages
    that are not as they were attested."""
    holding: list[Attested] = []
    next_seqs: dict[int, int] = {}  # page that is held shorter than attested: the next_seq then
    for attestation in log.evidence.attestations:
        told = _told(log.evidence, attestation, found)
        if told is None:
            continue
        holding.append(Attested(attestation, told))
        held = log.by_first.get(told["first_seq"])
        if held is None or found.broken(held.first) or held.reading.state in (UNREAD, BAD):
            continue  # a hole, or found already
        if len(held.page.data) < told["used"]:
            next_seqs[held.first] = max(told["next_seq"], next_seqs.get(held.first, 0))
        else:
            _check_open_page(held, told, found)
        _check_link(log.before.get(held.first), held, told, found)
    for first_seq, next_seq in next_seqs.items():
        begin = first_seq + len(log.by_first[first_seq].reading.records)
        found.add("cut", begin, next_seq - 1, "the board attested more", first_seq)
    return holding


def held_as_attested(log: HeldLog, attested: Iterable[Attested]) -> set[int]:
    """Returns the pages (first_seq) whose bytes are just those that some attestation covers."""
    covered = {(told["first_seq"], told["used"]) for _, told in attested}
    return {held.first for held in log.pages if (held.first, len(held.page.data)) in covered}


def _told(evidence: Evidence, attestation: Attestation, found: Found) -> dict[str, Any] | None:
    """Returns what an attestation says, None if it does not hold or is under no key of the board."""
    try:
        told: dict[str, Any] = decoding.read_attestation(attestation.said)
    except WireError as error:
        found.add("denied", 0, None, str(error))
        return None
    known = evidence.keys.named(told["key_id"])
    if told["key_id"] == 0 or not known:
        return None
    if told["log_id"] != evidence.log_id:
        found.add("denied", 0, None, f"it is of log {hex_id(told['log_id'])}")
        return None
    if not any(decoding.attested(attestation.said, key, attestation.nonce) for key in known):
        found.add("denied", told["next_seq"], None, "it is not made under the board's key")
        return None
    return told


def _check_open_page(held: HeldPage, told: dict[str, Any], found: Found) -> None:
    """Holds the page that was open then against what the board said of its bytes."""
    covered, next_seq = held.page.data[: told["used"]], told["next_seq"]
    if binascii.crc32(covered) != told["crc"]:
        found.add("altered", held.first, held.last, "not what the board attested", held.first)
    elif held.first + decoding.count_records(covered, page.read_header(held.page.data))[0] != next_seq:
        found.add("altered", held.first, held.last, f"the board attested what comes before {next_seq}",
                  held.first)


def _check_link(before: HeldPage | None, held: HeldPage, told: dict[str, Any], found: Found) -> None:
    """Holds the page before the open page against the seal that the board named as the last."""
    if before and before.reading.closed and before.end == held.first and not (
            found.broken(before.first)) and told["previous"] != before.link:
        found.add("unchained", held.first, held.last, "by the board's word another page comes before it",
                  held.first)
